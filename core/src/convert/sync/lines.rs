use crate::{
    convert::item_log::Status,
    error::{Error, ErrorKind, Result},
    model::AttachmentView,
    write::Made,
};
use serde::Deserialize;
use std::{
    borrow::Cow,
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

/// Octets of a line that are held; no log has longer ones.
const MOST_LINE: u64 = 64 << 20;

/// What a later run has to know of a line of the item log.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::convert) struct LoggedLine<'a> {
    #[serde(borrow)]
    pub(in crate::convert) id: Cow<'a, str>,
    #[serde(borrow)]
    pub(in crate::convert) folder: Cow<'a, str>,
    pub(in crate::convert) target_folder: Option<String>,
    pub(in crate::convert) subject: Option<String>,
    pub(in crate::convert) size: Option<u64>,
    pub(in crate::convert) status: Status,
    pub(in crate::convert) path: Option<String>,
    #[serde(default)]
    pub(in crate::convert) copies: Vec<String>,
    pub(in crate::convert) sha256: Option<String>,
    pub(in crate::convert) xxh3: Option<String>,
    pub(in crate::convert) uid: Option<String>,
    pub(in crate::convert) message_id: Option<String>,
    #[serde(borrow)]
    pub(in crate::convert) source: LoggedSource<'a>,
    pub(in crate::convert) attachments: Option<Vec<AttachmentView>>,
}

/// Where an item came from.
#[derive(Debug, Deserialize)]
pub(in crate::convert) struct LoggedSource<'a> {
    #[serde(borrow)]
    pub(in crate::convert) file: Cow<'a, str>,
    pub(in crate::convert) nid: Option<u32>,
}

impl LoggedLine<'_> {
    /// The digest of what was written, whichever it is.
    pub(in crate::convert) fn digest(&self) -> Option<&str> {
        self.sha256.as_deref().or(self.xxh3.as_deref())
    }

    /// The folder that it was put into.
    pub(in crate::convert) fn folder_written(&self) -> &str {
        self.target_folder.as_deref().unwrap_or(&self.folder)
    }

    /// All paths that it was written to.
    pub(in crate::convert) fn paths(&self) -> impl Iterator<Item = &str> {
        self.path.iter().chain(&self.copies).map(String::as_str)
    }

    pub(in crate::convert) fn is_migrated(&self) -> bool {
        self.status == Status::Migrated
    }
}

/// Calls `f` with every whole line of a file, if there is one.
fn for_each(path: &Path, mut f: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let cannot =
        |error: io::Error| Error::new(ErrorKind::Io, "cannot be read").because(error).in_file(path.to_string_lossy());
    let mut file = match File::open(path) {
        Ok(file) => BufReader::with_capacity(256 << 10, file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(cannot(error)),
    };
    let mut line = Vec::new();
    loop {
        line.clear();
        file.by_ref().take(MOST_LINE).read_until(b'\n', &mut line).map_err(cannot)?;
        // The last line of a run that was cut off may be cut off too.
        if line.pop() != Some(b'\n') {
            return Ok(());
        }
        f(&line).map_err(|error| error.in_file(path.to_string_lossy()))?;
    }
}

fn no_line(error: serde_json::Error) -> Error {
    Error::new(ErrorKind::Malformed, "holds a line that no conversion wrote: put back the file as it was")
        .because(error)
}

/// Calls `f` with every line of an item log, and with its octets.
pub(in crate::convert) fn for_each_line(
    path: &Path,
    mut f: impl FnMut(LoggedLine<'_>, &[u8]) -> Result<()>,
) -> Result<()> {
    for_each(path, |octets| f(serde_json::from_slice(octets).map_err(no_line)?, octets))
}

/// Calls `f` with every line of a list of files.
pub(in crate::convert) fn for_each_made(path: &Path, mut f: impl FnMut(Made) -> Result<()>) -> Result<()> {
    for_each(path, |octets| f(serde_json::from_slice(octets).map_err(no_line)?))
}
