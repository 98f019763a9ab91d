//! Archives: the entries that are sources, in the order of the archive, never unpacked.

mod tar;
mod zip;

pub(super) use tar::{Tar, is_tar};
pub(super) use zip::{Zip, is_zip};

use super::{Found, Input, Passed, detect::extension, formats::FORMATS};
use crate::{
    defect::Defect,
    error::{Error, ErrorKind, Result},
    limits::Limits,
    source::{Inflated, Source, expands_too_far, expansion_limit, is_gzip},
};
use std::sync::Arc;

/// What may still be taken out of an archive, and under which name.
pub(super) struct Budget {
    archive: Arc<str>,
    limits: Limits,
    entries: u64,
    octets: u64,
    most_octets: u64,
}

/// An entry as its archive describes it.
struct Entry {
    name: String,
    size: u64,
    defects: Vec<Defect>,
}

impl Budget {
    pub(super) fn new(archive: Arc<str>, compressed: u64, limits: &Limits) -> Self {
        let most_octets = expansion_limit(compressed, limits);
        Self { archive, limits: limits.clone(), entries: 0, octets: 0, most_octets }
    }

    /// Counts one more entry.
    fn entry(&mut self) -> Result<()> {
        self.entries += 1;
        if self.entries <= self.limits.archive_entries {
            return Ok(());
        }
        let message = format!("has more than {} entries", self.limits.archive_entries);
        Err(Error::new(ErrorKind::Limit, message).in_file(&*self.archive))
    }

    /// Counts what an entry expands to: entries that share their octets multiply what an archive holds.
    fn expand(&mut self, octets: u64) -> Result<()> {
        self.octets = self.octets.saturating_add(octets);
        if self.octets <= self.most_octets {
            return Ok(());
        }
        Err(expands_too_far(self.most_octets).in_file(&*self.archive))
    }

    fn name_of(&self, entry: &str) -> String {
        format!("{}!{entry}", self.archive)
    }

    fn pass(&self, entry: &Entry, why: &'static str) -> Found {
        Found::Passed(Passed { name: self.name_of(&entry.name).into(), size: entry.size, why })
    }

    /// The entry as a source, its gzip layer taken off if it has one.
    fn open(&mut self, entry: Entry, source: Source) -> Result<Found> {
        let folder = is_apple_mail(&entry.name).then(|| entry.name.get(..entry.name.len() - "/mbox".len())).flatten();
        let name = self.name_of(folder.unwrap_or(&entry.name));
        let input = self.uncompressed(&name, source).and_then(|(label, source)| Input::new(label.into(), source));
        let input = input.map_err(|e| e.in_file(name).non_fatal())?;
        self.expand(input.source().len())?;
        Ok(Found::Input(input.with_defects(entry.defects)))
    }

    fn uncompressed<'n>(&self, name: &'n str, source: Source) -> Result<(&'n str, Source)> {
        let mut start = [0; 4];
        let n = source.read_at(0, &mut start)?;
        match without_gz(name) {
            Some(inner) if is_gzip(start.get(..n).unwrap_or_default()) => {
                Ok((inner, Arc::new(Inflated::gzip(source, &self.limits)?)))
            }
            _ => Ok((name, source)),
        }
    }
}

/// Why an entry of this name is no source; `None` for one that is.
fn why_passed(name: &str) -> Option<&'static str> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    if name.starts_with("__MACOSX/") || last.starts_with("._") {
        return Some("is a resource fork of macOS");
    }
    let name = without_gz(name).unwrap_or(name);
    let archived = |extension: &str| {
        FORMATS.iter().flat_map(|format| format.archived).any(|known| known.eq_ignore_ascii_case(extension))
    };
    match extension(name) {
        Some(extension) if archived(extension) => None,
        None if is_apple_mail(name) => None,
        _ => Some("has the name of neither mail, nor calendar, nor contacts"),
    }
}

/// Whether this is the file `mbox` in an Apple Mail folder `X.mbox`.
fn is_apple_mail(name: &str) -> bool {
    let mut segments = name.rsplit(['/', '\\']);
    segments.next() == Some("mbox") && segments.next().and_then(extension) == Some("mbox")
}

/// The name that a gzip-compressed file has without its compression.
pub(super) fn without_gz(name: &str) -> Option<&str> {
    extension(name).filter(|e| e.eq_ignore_ascii_case("gz"))?;
    name.get(..name.len() - 3)
}

/// An entry's name as a label: UTF-8, without control characters.
fn label(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).replace(char::is_control, "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_decides_what_is_passed() {
        for name in
            ["a.txt", "mbox", "a/mbox", "a.mbox/table_of_contents", "__MACOSX/a.mbox", "x/._a.mbox", "a.zip", ""]
        {
            assert!(why_passed(name).is_some(), "{name}");
        }
        assert_eq!(why_passed("X.mbox/mbox"), None);
    }

    #[test]
    fn gz_is_taken_off_a_name() {
        assert_eq!(without_gz("a!b.mbox.GZ"), Some("a!b.mbox"));
        assert_eq!(without_gz("gz"), None);
    }

    #[test]
    fn a_label_is_text_on_one_line() {
        assert_eq!(label(b"a\x1b[2J\n\xff"), "a\u{fffd}[2J\u{fffd}\u{fffd}");
    }
}
