use super::item_log::{LogLine, Status};
use crate::{defect::Defect, error::Result, read::Passed, source::Source};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Folders, and kinds of warnings, that are counted one by one; the rest is counted together.
const MOST_ROWS: usize = 10_000;
/// Passed entries and defects that are told one by one.
const MOST_TOLD: usize = 1_000;
/// What rows beyond [`MOST_ROWS`] are counted under.
const OTHER: &str = "(other)";

/// What became of all items, in memory that does not grow with their number.
#[non_exhaustive]
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The version of this crate.
    pub version: &'static str,
    /// Whether the conversion was stopped before its end.
    pub cancelled: bool,
    /// What stopped it before its end: a destination that could be written no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// All items.
    pub totals: Columns,
    /// By kind: mail, event, task, journal, contact.
    pub kinds: BTreeMap<&'static str, Columns>,
    /// By folder, under its names joined by `/`.
    pub folders: BTreeMap<String, FolderReport>,
    /// How many items were skipped or failed for each reason.
    pub reasons: BTreeMap<String, u64>,
    /// How many items carry a warning of each kind.
    pub warnings: BTreeMap<String, u64>,
    /// The sources, in order.
    pub sources: Vec<SourceReport>,
    /// What in archives is no source.
    pub passed: PassedReport,
    /// How long it took, where there is a clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// How the conversion was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub options: Option<serde_json::Value>,
}

/// Counts that add up: `available = migrated + failed + skipped`.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Columns {
    /// Items in the sources.
    pub available: u64,
    /// Items that were written.
    pub migrated: u64,
    /// Items that could not be read or written.
    pub failed: u64,
    /// Items that were left out, as was asked.
    pub skipped: u64,
    /// Octets of the items written.
    pub bytes: u64,
}

/// What became of the items of one folder.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FolderReport {
    /// What it is for (RFC 8621 §2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<&'static str>,
    /// Its items.
    #[serde(flatten)]
    pub columns: Columns,
}

/// What became of one source.
#[non_exhaustive]
#[derive(Clone, Debug, Default, Serialize)]
pub struct SourceReport {
    /// Its name, as it was given.
    pub file: String,
    /// The name of its format; empty when it could not be opened.
    pub format: &'static str,
    /// What tells it apart from another file of the same name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<Fingerprint>,
    /// Its items.
    pub items: u64,
    /// What was wrong with the source itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub defects: Vec<String>,
    /// Why it, or the rest of it, could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What tells a source apart from others without reading all of it.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Fingerprint {
    /// Its length in octets.
    pub bytes: u64,
    /// The SHA-256 of its first and last MiB, one behind the other; of all octets when there are no more than two.
    pub sha256_of_ends: String,
}

/// Entries of archives that are no sources.
#[non_exhaustive]
#[derive(Clone, Debug, Default, Serialize)]
pub struct PassedReport {
    /// How many there are.
    pub count: u64,
    /// The first of them.
    pub entries: Vec<PassedEntry>,
}

/// An entry of an archive that is no source.
#[non_exhaustive]
#[derive(Clone, Debug, Serialize)]
pub struct PassedEntry {
    /// Its name: `archive.zip!Takeout/archive_browser.html`.
    pub name: String,
    /// Its length in octets.
    pub bytes: u64,
    /// Why it was passed over.
    pub why: &'static str,
}

impl Columns {
    fn count(&mut self, line: &LogLine) {
        self.available += 1;
        match line.status {
            Status::Migrated => self.migrated += 1,
            Status::Failed => self.failed += 1,
            Status::Skipped => self.skipped += 1,
        }
        let copies = 1 + line.copies.len() as u64;
        self.bytes += line.size.filter(|_| line.status == Status::Migrated).unwrap_or(0) * copies;
    }
}

impl Report {
    pub(super) fn new() -> Self {
        Self { version: env!("CARGO_PKG_VERSION"), ..Self::default() }
    }

    pub(super) fn count(&mut self, line: &LogLine, defects: &[Defect]) {
        self.totals.count(line);
        self.kinds.entry(line.kind).or_default().count(line);
        let folder = row(&mut self.folders, &line.folder);
        folder.role = folder.role.or(line.role);
        folder.columns.count(line);
        if let Some(reason) = &line.reason {
            let reason = reason.split(':').next().unwrap_or(reason);
            *row(&mut self.reasons, reason) += 1;
        }
        let mut kinds: Vec<_> = defects.iter().map(Defect::kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        for kind in kinds {
            *row(&mut self.warnings, kind.as_str()) += 1;
        }
        if let Some(source) = self.sources.last_mut() {
            source.items += 1;
        }
    }

    pub(super) fn pass(&mut self, passed: &Passed) {
        self.passed.count += 1;
        if self.passed.entries.len() < MOST_TOLD {
            let Passed { name, size, why, .. } = passed;
            self.passed.entries.push(PassedEntry { name: name.to_string(), bytes: *size, why });
        }
    }
}

impl SourceReport {
    pub(super) fn tell(&mut self, defects: &[Defect]) {
        let room = MOST_TOLD.saturating_sub(self.defects.len());
        self.defects.extend(defects.iter().take(room).map(ToString::to_string));
    }
}

impl Fingerprint {
    /// Reads the ends of `source`.
    ///
    /// # Errors
    /// What the source says.
    pub(super) fn of(source: &Source) -> Result<Self> {
        const END: usize = 1 << 20;
        let bytes = source.len();
        let mut digest = Sha256::new();
        let mut buffer = vec![0; END.min(usize::try_from(bytes).unwrap_or(END))];
        source.read_exact_at(0, &mut buffer)?;
        digest.update(&buffer);
        let rest = bytes - buffer.len() as u64;
        buffer.truncate(usize::try_from(rest).unwrap_or(END));
        source.read_exact_at(bytes - buffer.len() as u64, &mut buffer)?;
        digest.update(&buffer);
        Ok(Self { bytes, sha256_of_ends: super::item_log::hex(&digest.finalize()) })
    }
}

/// The row of `name`, or the one for all others when there are too many.
fn row<'a, T: Default>(rows: &'a mut BTreeMap<String, T>, name: &str) -> &'a mut T {
    let name = if rows.len() < MOST_ROWS || rows.contains_key(name) { name } else { OTHER };
    rows.entry(name.to_owned()).or_default()
}
