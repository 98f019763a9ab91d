//! Comparing a destination with the logs, and the logs with the sources.

mod bag;
mod check;
mod comparison;
mod expected;
#[cfg(not(target_family = "wasm"))]
mod paths;
mod remains;
mod verification;

pub use comparison::Comparison;
#[cfg(not(target_family = "wasm"))]
pub use paths::{verify, verify_observed};
pub use verification::Verification;
#[cfg(not(target_family = "wasm"))]
pub(super) use {
    check::{check_file, go_on},
    expected::Expected,
    paths::{archives, logged_syncs, places, verification as verification_of, walk},
};

use serde::Serialize;

/// What a [`Verification`] or a [`Comparison`] found.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifyReport {
    /// Syncs whose logs were read.
    pub syncs: u64,
    /// Files that were read.
    pub files: u64,
    /// Their octets.
    pub bytes: u64,
    /// Items that the logs call migrated.
    pub items: u64,
    /// Items of the sources that were compared with the logs.
    pub source_items: u64,
    /// Items of the logs that the sources do not hold any more: no difference, as a destination keeps them.
    pub gone: u64,
    /// Whether files were compared by their size and first 64 KiB only, because no SHA-256 was requested.
    pub without_proof: bool,
    /// The number of differences.
    pub differences: u64,
}

impl VerifyReport {
    /// Adds what was found at another place.
    #[cfg(not(target_family = "wasm"))]
    fn add(&mut self, other: &Self) {
        self.syncs += other.syncs;
        self.files += other.files;
        self.bytes += other.bytes;
        self.items += other.items;
        self.source_items += other.source_items;
        self.gone += other.gone;
        self.without_proof |= other.without_proof;
        self.differences += other.differences;
    }
}

/// Something that is not as the logs say.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// The stable name of what is wrong: `missing`, `changed`, `unknown_file`, `unreadable`, `attachments`, `unfinished`,
    /// `not_migrated`.
    pub kind: &'static str,
    /// The file, relative to the folder that the destination is or is in; or the item of the source.
    pub what: String,
    /// What is wrong, for people.
    pub detail: String,
}

impl Difference {
    pub(super) fn new(kind: &'static str, what: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { kind, what: what.into(), detail: detail.into() }
    }
}

/// What takes differences.
pub(super) type Found<'f> = dyn FnMut(Difference) + 'f;
