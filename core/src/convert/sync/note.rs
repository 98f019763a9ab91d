use super::names::note_path;
use serde::{Deserialize, Serialize};
use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

/// What is written down when a sync is begun, so that it can be resumed or undone if it is cut off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::convert) struct RunNote {
    /// The number of the sync.
    pub(in crate::convert) sync: u32,
    /// The digest of all that decides what comes out.
    pub(in crate::convert) settings: String,
    /// Whether the destination, a folder, was made by it.
    pub(in crate::convert) folder_made: bool,
    /// How it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::convert) options: Option<serde_json::Value>,
}

impl RunNote {
    /// What was begun at `destination` and is not complete.
    pub(in crate::convert) fn at(destination: &Path) -> Option<Self> {
        read(&mut File::open(note_path(destination)).ok()?)
    }
}

/// Octets of such a file that are looked at.
const MOST: u64 = 1 << 20;

pub(super) fn read(file: &mut impl io::Read) -> Option<RunNote> {
    let mut text = String::new();
    file.take(MOST).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}
