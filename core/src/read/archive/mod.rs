//! Archives: the entries that are sources, in the order of the archive, never unpacked.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

mod files;
mod tar;
mod zip;

pub(crate) use files::ArchiveFiles;
pub(super) use tar::{Tar, is_tar};
#[cfg(feature = "outlook")]
pub(super) use zip::ZipIndex;
pub(super) use zip::{Zip, is_zip};

use super::{
    Found, Input, Passed,
    detect::extension,
    hints::Hints,
    input::Group,
    tree::{EmptyFolders, File, GYB, GYB_LABELS, Look, NOTED, Notes, Vault, Verdict, is_beside, look, names_beside},
};
use crate::{
    DateTime,
    defect::{Defect, DefectKind},
    error::{Error, ErrorKind, Result},
    limits::Limits,
    model::Folder,
    source::{Compression, SIGNATURE, Source, Window, expands_too_far, expansion_limit},
};
use std::{borrow::Cow, sync::Arc};

/// What may still be taken out of an archive, and under which name.
pub(super) struct Budget {
    archive: Arc<str>,
    group: Arc<Group>,
    notes: Notes,
    empty: EmptyFolders,
    limits: Limits,
    entries: u64,
    octets: u64,
    most_octets: u64,
    /// What is wrong with the archive as a whole.
    defects: Vec<Defect>,
    /// The last file that lies beside a message, which comes next in the archives of Zimbra.
    beside: Option<(String, Source)>,
}

/// An entry as its archive describes it.
struct Entry {
    name: String,
    size: u64,
    modified: Option<DateTime>,
    mode: Option<u32>,
    defects: Vec<Defect>,
}

impl Budget {
    /// What may be taken out of the octets `source`, however they are compressed.
    pub(super) fn new(archive: Arc<str>, source: Source, limits: &Limits) -> Self {
        let most_octets = expansion_limit(source.len(), limits);
        let notes = Notes::new(&archive);
        let group = Arc::new(Group { name: Arc::clone(&archive), source: Some(source) });
        let (limits, empty, defects) = (limits.clone(), EmptyFolders::default(), Vec::new());
        Self { archive, group, notes, empty, limits, entries: 0, octets: 0, most_octets, defects, beside: None }
    }

    /// Takes what the item log of the archive says.
    pub(super) fn take_log(&mut self, log: Source) -> Result<()> {
        let noted = self.notes.take(&[], "items.jsonl", || Ok(log), &self.limits);
        noted.map_err(|e| e.in_file(format!("{}.items.jsonl", self.archive)))
    }

    /// Takes what Google Vault says beside the archive.
    pub(super) fn take_vault(&mut self, vault: Option<Arc<Vault>>) {
        self.notes.take_vault(vault);
    }

    /// Notes what an entry tells of others, before they come.
    fn note(&mut self, name: &str, source: Source) -> Result<()> {
        let (directories, last) = segments(name);
        let noted = self.notes.take(&directories, last, || Ok(source), &self.limits);
        noted.map_err(|e| e.in_file(self.name_of(name)).non_fatal())
    }

    /// Whether an entry of this name tells of others.
    fn is_note(name: &str) -> bool {
        let (directories, last) = segments(name);
        Notes::are_in(&directories, last)
    }

    /// Counts one more entry.
    fn entry(&mut self) -> Result<()> {
        self.entries = self.entries.saturating_add(1);
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

    fn pass(&self, entry: &Entry, why: impl Into<Cow<'static, str>>) -> Found {
        Found::Passed(Passed { name: self.name_of(&entry.name).into(), size: entry.size, why: why.into() })
    }

    /// Notes a directory.
    fn directory(&mut self, name: &str) {
        self.empty.directory(segments(name).0);
    }

    /// What was wrong with the archive as a whole, since the last call.
    fn take_defects(&mut self) -> Vec<Defect> {
        std::mem::take(&mut self.defects)
    }

    /// The folders without an item, when all entries were met.
    pub(super) fn take_folders(&mut self) -> Vec<Folder> {
        self.empty.take(&self.notes)
    }

    /// What becomes of an entry, by its name.
    fn verdict(&mut self, entry: &Entry) -> Verdict {
        let (directories, name) = segments(&entry.name);
        self.empty.file(&directories, name);
        if name == GYB {
            self.defects.push(Defect::new(DefectKind::Property, GYB_LABELS));
        }
        file(entry, &directories, name).verdict(&self.notes)
    }

    /// The entry as a source, its compression taken off if it has one; or what else the verdict says.
    fn open(&mut self, entry: Entry, verdict: Verdict, source: Source) -> Result<Found> {
        let folder = is_apple_mail(&entry.name)
            .then(|| entry.name.get(..entry.name.len().saturating_sub("/mbox".len())))
            .flatten();
        let name = self.name_of(folder.unwrap_or(&entry.name));
        let (format, hints) = match verdict {
            Verdict::Pass(why) => return Ok(self.pass(&entry, why)),
            Verdict::Note => {
                let found = self.pass(&entry, NOTED);
                self.expand(source.len())?;
                if is_beside(&entry.name) {
                    self.beside = Some((entry.name, source));
                } else {
                    self.note(&entry.name, source)?;
                }
                return Ok(found);
            }
            Verdict::Take { format, mut hints } => {
                if let Some((beside, source)) =
                    self.beside.take().filter(|(name, _)| names_beside(&entry.name).contains(name))
                {
                    self.tell_beside(&beside, &source, &mut hints)?;
                }
                (format, hints)
            }
            Verdict::Look => {
                let (directories, last) = segments(&entry.name);
                let file = file(&entry, &directories, last);
                match look(&source, &file).map_err(|e| e.in_file(&*name).non_fatal())? {
                    Look::Items(format) => (Some(format), Box::new(file.hints_as(format, &self.notes))),
                    Look::Archive => return Ok(self.pass(&entry, INNER)),
                    Look::Nothing(why) => return Ok(self.pass(&entry, why)),
                }
            }
        };
        let input = self.uncompressed(&name, source).and_then(|(label, source)| Input::new(label.into(), source));
        let input = input.map_err(|e| e.in_file(name).non_fatal())?;
        self.expand(input.source().len())?;
        Ok(Found::Input(input.with_defects(entry.defects).placed(format, *hints).grouped(&self.group)))
    }

    fn tell_beside(&self, name: &str, source: &Source, hints: &mut Hints) -> Result<()> {
        self.notes.tell_beside(name, source, hints).map_err(|e| e.in_file(self.name_of(name)).non_fatal())
    }

    fn uncompressed<'n>(&self, name: &'n str, source: Source) -> Result<(&'n str, Source)> {
        match Compression::of(&Window::new(source.clone()).octets(0, SIGNATURE)?) {
            Some(compression) => Ok((without_packing(name).unwrap_or(name), compression.open(source, &self.limits)?)),
            None => Ok((name, source)),
        }
    }
}

const INNER: &str = "is an archive in an archive: unpack the outer one first";

/// An entry as its place describes it.
fn file<'e>(entry: &Entry, directories: &'e [String], name: &'e str) -> File<'e> {
    File {
        in_maildir: false,
        any_format: false,
        indexed: false,
        directories,
        name,
        modified: entry.modified,
        mode: entry.mode,
    }
}

/// The directories of an entry's name and the last part of it; what leads nowhere or upwards is left out.
fn segments(name: &str) -> (Vec<String>, &str) {
    let (above, last) = name.rsplit_once(['/', '\\']).unwrap_or(("", name));
    let directories = above.split(['/', '\\']).filter(|part| !matches!(*part, "" | "." | ".."));
    (directories.map(str::to_owned).collect(), last)
}

/// Whether this is the file `mbox` in an Apple Mail folder `X.mbox`.
fn is_apple_mail(name: &str) -> bool {
    let mut segments = name.rsplit(['/', '\\']);
    segments.next() == Some("mbox") && segments.next().and_then(extension) == Some("mbox")
}

/// The name that a compressed file has without its compression.
pub(super) fn without_packing(name: &str) -> Option<&str> {
    const PACKED: [&str; 7] = ["gz", "gzip", "bz2", "bzip2", "xz", "zst", "zstd"];
    let extension = extension(name).filter(|e| PACKED.iter().any(|packed| packed.eq_ignore_ascii_case(e)))?;
    name.get(..name.len().checked_sub(extension.len())?.checked_sub(1)?)
}

/// An entry's name as a label: UTF-8, without control characters.
fn label(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).replace(char::is_control, "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why_passed(name: &str) -> Option<&'static str> {
        let entry = Entry { name: name.to_owned(), size: 0, modified: None, mode: None, defects: Vec::new() };
        match Budget::new("a.zip".into(), Arc::new(Vec::new()), &Limits::default()).verdict(&entry) {
            Verdict::Pass(why) => Some(why),
            _ => None,
        }
    }

    #[test]
    fn a_name_decides_what_is_passed() {
        for name in ["__MACOSX/a.mbox", "x/._a.mbox", ".hidden", "inbox/,12", "inbox/#7"] {
            assert!(why_passed(name).is_some(), "{name}");
        }
        for name in ["X.mbox/mbox", "a.txt", "mbox", "a/mbox", "a.mbox/table_of_contents", "a.zip", ""] {
            assert_eq!(why_passed(name), None, "{name}: its octets decide");
        }
    }

    #[test]
    fn compression_is_taken_off_a_name() {
        assert_eq!(without_packing("a!b.mbox.GZ"), Some("a!b.mbox"));
        assert_eq!(without_packing("a.txt.zst"), Some("a.txt"));
        assert_eq!(without_packing("gz"), None);
    }

    #[test]
    fn a_label_is_text_on_one_line() {
        assert_eq!(label(b"a\x1b[2J\n\xff"), "a\u{fffd}[2J\u{fffd}\u{fffd}");
    }
}
