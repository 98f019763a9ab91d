//! The logs of a conversion, for comparing them with something.

use super::item_log::Status;
#[cfg(not(target_family = "wasm"))]
use super::sync::{FILES, ITEM_LOG, SyncPaths};
use crate::{
    error::{Error, ErrorKind, Result},
    model::AttachmentView,
    source::Content,
    write::Product,
};
use serde::Deserialize;
use std::{
    borrow::Cow,
    io::{self, BufRead, BufReader, Read},
};
#[cfg(not(target_family = "wasm"))]
use {
    crate::source::{FileSource, Source},
    std::{fs, path::PathBuf, sync::Arc},
};

/// Octets of a line that are held; no log has longer ones.
const MOST_LINE: u64 = 64 << 20;

/// What a later run has to know of a line of the item log.
#[cfg_attr(target_family = "wasm", expect(dead_code, reason = "only syncs into a destination need all of it"))]
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RecordedLine<'a> {
    #[serde(borrow)]
    pub(super) id: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) kind: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) folder: Cow<'a, str>,
    pub(super) target_folder: Option<String>,
    pub(super) subject: Option<String>,
    pub(super) size: Option<u64>,
    pub(super) status: Status,
    pub(super) path: Option<String>,
    #[serde(default)]
    pub(super) copies: Vec<String>,
    pub(super) sha256: Option<String>,
    pub(super) xxh3: Option<String>,
    pub(super) uid: Option<String>,
    pub(super) message_id: Option<String>,
    #[serde(borrow)]
    pub(super) source: LoggedSource<'a>,
    pub(super) attachments: Option<Vec<AttachmentView>>,
}

/// Where an item came from.
#[cfg_attr(target_family = "wasm", expect(dead_code, reason = "only syncs into a destination need all of it"))]
#[derive(Debug, Deserialize)]
pub(super) struct LoggedSource<'a> {
    #[serde(borrow)]
    pub(super) file: Cow<'a, str>,
    pub(super) nid: Option<u32>,
}

impl RecordedLine<'_> {
    /// The digest of what was written, whichever it is.
    pub(super) fn digest(&self) -> Option<&str> {
        self.sha256.as_deref().or(self.xxh3.as_deref())
    }

    /// The folder that it was put into.
    pub(super) fn folder_written(&self) -> &str {
        self.target_folder.as_deref().unwrap_or(&self.folder)
    }

    /// All paths that it was written to.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.path.iter().chain(&self.copies).map(String::as_str)
    }

    pub(super) fn is_migrated(&self) -> bool {
        self.status == Status::Migrated
    }
}

/// What one run into a destination, a *sync*, tells of what it wrote: its item log, and its list of files.
///
/// ```
/// use mailferry::convert::SyncLog;
///
/// let log = br#"{"id":"1:1","kind":"mail","folder":"Inbox","source":{"file":"a.mbox"},"status":"migrated"}"#;
/// let sync = SyncLog::new(1, log.to_vec());
/// assert_eq!(sync.number(), 1);
/// ```
#[derive(Clone, Debug)]
pub struct SyncLog {
    number: u32,
    items: Lines,
    files: Option<Lines>,
}

/// Lines, and the name of the file that they are in.
#[derive(Clone, Debug)]
struct Lines {
    name: String,
    content: Content,
}

impl SyncLog {
    /// That of the sync `number`, from 1, by the octets of its item log.
    pub fn new(number: u32, items: impl Into<Content>) -> Self {
        Self { number, items: Lines { name: "items.jsonl".into(), content: items.into() }, files: None }
    }

    /// The same with its list of files ([`Conversion::with_files`](super::Conversion::with_files)). Where none is known, files
    /// of many items and those that go with the items can only be held to be there and to be readable.
    #[must_use]
    pub fn with_files(mut self, files: impl Into<Content>) -> Self {
        self.files = Some(Lines { name: "files.jsonl".into(), content: files.into() });
        self
    }

    /// What a sync left beside its destination; a file that is not there is empty.
    #[cfg(not(target_family = "wasm"))]
    pub(super) fn at(paths: &SyncPaths) -> Result<Self> {
        let lines = |path: PathBuf| -> Result<Lines> {
            let name = path.to_string_lossy().into_owned();
            match fs::symlink_metadata(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Lines { name, content: Vec::new().into() }),
                _ => Ok(Lines { name, content: Content::from(Arc::new(FileSource::open(&path)?) as Source) }),
            }
        };
        let files = Some(lines(paths.beside(FILES))?);
        Ok(Self { number: paths.number(), items: lines(paths.beside(ITEM_LOG))?, files })
    }

    /// The number of the sync, from 1.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Whether it is known which files were made beside those of one item each.
    pub(super) fn lists_files(&self) -> bool {
        self.files.is_some()
    }

    /// Calls `f` with every line of the item log, and with its octets.
    pub(super) fn for_each_line(&self, mut f: impl FnMut(RecordedLine<'_>, &[u8]) -> Result<()>) -> Result<()> {
        self.items.for_each(|octets| f(serde_json::from_slice(octets).map_err(no_line)?, octets))
    }

    /// Calls `f` with every line of the list of files.
    pub(super) fn for_each_product(&self, mut f: impl FnMut(Product) -> Result<()>) -> Result<()> {
        let Some(files) = &self.files else { return Ok(()) };
        files.for_each(|octets| f(serde_json::from_slice(octets).map_err(no_line)?))
    }
}

impl Lines {
    /// Calls `f` with every whole line.
    fn for_each(&self, mut f: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let cannot = |error: io::Error| Error::new(ErrorKind::Io, "cannot be read").because(error).in_file(&*self.name);
        let mut lines = BufReader::with_capacity(256 << 10, self.content.reader());
        let mut line = Vec::new();
        loop {
            line.clear();
            lines.by_ref().take(MOST_LINE).read_until(b'\n', &mut line).map_err(cannot)?;
            // The last line of a run that was cut off may be cut off too.
            if line.pop() != Some(b'\n') {
                return Ok(());
            }
            f(&line).map_err(|error| error.in_file(&*self.name))?;
        }
    }
}

fn no_line(error: serde_json::Error) -> Error {
    Error::new(ErrorKind::Malformed, "has a line that mailferry did not write: restore the original file")
        .because(error)
}
