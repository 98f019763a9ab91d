use super::names::{ITEM_LOG, REPORT, SyncPaths, is_there};
use crate::{
    convert::{log_reader::RecordedLine, report::Report},
    error::{Error, ErrorKind, Result},
};
use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

/// The complete syncs into a destination, in order.
pub(in crate::convert) struct Syncs(pub(in crate::convert) Vec<(SyncPaths, Report)>);

impl Syncs {
    /// Those that left a log and a report beside `destination`. A report that is empty or torn off tells of none: its sync
    /// counts as cut off, with what its log proves.
    ///
    /// # Errors
    /// [`ErrorKind::Destination`] when something else stands there under such a name.
    pub(in crate::convert) fn at(destination: &Path) -> Result<Self> {
        let mut syncs = Vec::new();
        for number in 1.. {
            let paths = SyncPaths::new(destination, number);
            let report = paths.beside(REPORT);
            if !is_there(&report) {
                break;
            }
            if !is_there(&paths.beside(ITEM_LOG)) {
                return Err(not_ours(&report));
            }
            let read = File::open(&report).ok().and_then(|file| {
                serde_json::from_reader::<_, Report>(BufReader::new(file)).ok().filter(|read| read.sync.is_some())
            });
            let read = match read {
                Some(read) => read,
                None if is_torn(&report, REPORT_START) && is_log(&paths.beside(ITEM_LOG)) => break,
                None => return Err(not_ours(&report)),
            };
            let form = read.sync.as_ref().and_then(|sync| sync.form.parse().ok()).unwrap_or_default();
            syncs.push((paths.in_form(form), read));
        }
        Ok(Self(syncs))
    }
}

/// What a report starts with.
const REPORT_START: &str = "{";

/// Whether a file is what a loss of power leaves of one that starts like this: nothing, zeros, or a piece that is no JSON.
pub(super) fn is_torn(path: &Path, start: &str) -> bool {
    /// Octets of a report that are looked at: whether it is one is known at its start.
    const MOST: u64 = 64 << 20;
    let mut octets = Vec::new();
    if File::open(path).and_then(|file| io::copy(&mut file.take(MOST), &mut octets)).is_err() {
        return false;
    }
    while octets.last() == Some(&0) {
        octets.pop();
    }
    let cut_off = || serde_json::from_slice::<serde_json::Value>(&octets).is_err_and(|error| error.is_eof());
    octets.is_empty() || (octets.starts_with(start.as_bytes()) && cut_off())
}

/// Whether a file is an item log, or the beginning of one.
pub(super) fn is_log(path: &Path) -> bool {
    /// Octets of a line that are looked at.
    const MOST: u64 = 64 << 20;
    let mut line = Vec::new();
    let read = File::open(path).and_then(|file| BufReader::new(file).take(MOST).read_until(b'\n', &mut line));
    match read {
        Ok(_) if line.ends_with(b"\n") => serde_json::from_slice::<RecordedLine<'_>>(&line).is_ok(),
        // Of a log that was cut off in its first line nothing is used.
        Ok(_) => line.iter().all(|octet| *octet == 0) || line.starts_with(br#"{"id":"#),
        Err(_) => false,
    }
}

pub(super) fn not_ours(path: &Path) -> Error {
    let message = "exists already, and is not from a conversion that can be continued: move it away, or choose \
         another destination";
    Error::new(ErrorKind::Destination, message).in_file(path.to_string_lossy())
}
