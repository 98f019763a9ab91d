use super::{Notes, item_log::Recorded, names, sidecar::is_beside};
use crate::{
    DateTime,
    defect::{Defect, DefectKind},
    model::{DateSource, Folder, FolderPath, Keywords, Received},
    read::{
        FormatInfo,
        detect::extension,
        formats::{FORMATS, Holds, is_one_of},
        hints::{Hints, role_by_name},
        maildir::{self, FileName},
        mbox, metadata,
    },
};

/// A file in a tree, as what holds it describes it.
pub(in crate::read) struct File<'p> {
    /// The directories it lies in, from the root on.
    pub(in crate::read) directories: &'p [String],
    /// Its name.
    pub(in crate::read) name: &'p str,
    /// When it was last changed.
    pub(in crate::read) modified: Option<DateTime>,
    /// Its permissions, where there are any.
    pub(in crate::read) mode: Option<u32>,
    /// Whether the directory above `cur`, `new` or `tmp` is known to be a Maildir.
    pub(in crate::read) in_maildir: bool,
    /// Whether any format can be read, or only those that need no random access.
    pub(in crate::read) any_format: bool,
    /// Whether an index of a mail program (`.msf`) lies beside it.
    pub(in crate::read) indexed: bool,
}

/// What becomes of a file in a tree.
pub(in crate::read) enum Verdict {
    /// It is skipped.
    Pass(&'static str),
    /// It describes other files.
    Note,
    /// It is a source; `format` where its place tells it.
    Take { format: Option<&'static FormatInfo>, hints: Box<Hints> },
    /// Its octets say what it is: [`look`](super::look()), and then [`File::hints_as`].
    Look,
}

/// Why a file that tells of others is passed over.
pub(in crate::read) const NOTED: &str = "describes other files, and is read for them";
const PART: &str = "is an attachment of an Apple Mail message, and is read together with that message";
/// The database of Got Your Back, and what is said of it.
pub(in crate::read) const GYB: &str = "msg-db.sqlite";
pub(in crate::read) const GYB_LABELS: &str = "msg-db.sqlite has the labels of a Got Your Back (GYB) backup, which \
     are not read: folders are named after the directories instead. To get the labels, take them from an mbox of Google Takeout, or list them with \
    sqlite3 msg-db.sqlite \"select message_filename, label from messages join labels using (message_num)\"";
const CRYPTED: &str = "is a message that gmvault encrypted: restore it, or make another backup without encryption";
const REMOVED: &str = "is a deleted message: MH marks it by the first character of its name";

impl File<'_> {
    /// What becomes of it.
    pub(in crate::read) fn verdict(&self, notes: &Notes) -> Verdict {
        if self.directories.first().is_some_and(|first| first == "__MACOSX") || self.name.starts_with("._") {
            return Verdict::Pass("is a resource fork of macOS");
        }
        if extension(self.name).is_some_and(is_companion) || self.is_of_apple_message() {
            return Verdict::Pass(PART);
        }
        if Notes::are_in(self.directories, self.name) || is_beside(self.name) {
            return Verdict::Note;
        }
        let file_name = FileName::parse(self.name);
        let parent = self.directories.last().map(String::as_str);
        let delivered = matches!(parent, Some("cur" | "new"));
        if self.in_maildir && parent == Some("tmp") {
            return Verdict::Pass("is in tmp: its delivery was never completed");
        }
        if self.name.starts_with('.') {
            return Verdict::Pass("is hidden");
        }
        if self.name.strip_prefix([',', '#']).is_some_and(is_number) {
            return Verdict::Pass(REMOVED);
        }
        if self.name == GYB {
            return Verdict::Pass(GYB_LABELS);
        }
        if self.name.ends_with(".eml.crypt") || self.name.ends_with(".eml.crypt.gz") {
            return Verdict::Pass(CRYPTED);
        }
        let extension = extension(self.name);
        let known = extension.and_then(|extension| self.known(extension));
        if delivered && (self.in_maildir || file_name.is_certain()) || known.is_none() && file_name.has_flags() {
            return Verdict::Take {
                format: Some(&maildir::FORMAT),
                hints: Box::new(self.in_a_maildir(&file_name, notes)),
            };
        }
        match known {
            Some(format) if format.holds == Holds::Message => match notes.recorded(self) {
                Some(Recorded::Item(hints)) => Verdict::Take { format: None, hints },
                Some(Recorded::Copy) => Verdict::Pass("is a copy, for another label, of a message in another file"),
                None => Verdict::Take { format: None, hints: Box::new(self.message(format, notes)) },
            },
            Some(format) => Verdict::Take { format: None, hints: Box::new(self.within(format, notes)) },
            None if self.name == "mbox" && parent.is_some_and(is_apple_mailbox) => {
                let folder = Some(names::folder(notes.folders(self.directories)));
                let hints = Hints { folder, vault: notes.vault(self.directories, self.name), ..Hints::default() };
                Verdict::Take { format: Some(&mbox::FORMAT), hints: Box::new(hints) }
            }
            None if self.indexed => Verdict::Take { format: Some(&mbox::FORMAT), hints: Box::new(self.mailbox(notes)) },
            None => Verdict::Look,
        }
    }

    /// What its place tells of its items, if it is of this format by its octets.
    pub(in crate::read) fn hints_as(&self, format: &FormatInfo, notes: &Notes) -> Hints {
        match format.holds {
            Holds::Folder => self.mailbox(notes),
            Holds::Message => self.message(format, notes),
            Holds::Items => self.within(format, notes),
        }
    }

    /// Whether it is called as programs call messages in files of their own: by a number (MH, with a dot behind it in the Enron corpus), or
    /// `msg.` and what procmail makes up.
    pub(super) fn is_called_like_a_message(&self) -> bool {
        let name = super::super::archive::without_packing(self.name).unwrap_or(self.name);
        is_number(name.strip_suffix('.').unwrap_or(name)) || name.starts_with("msg.")
    }

    /// The format of files with this extension.
    fn known(&self, extension: &str) -> Option<&'static FormatInfo> {
        // Compression does not change what a file is.
        let extension = match super::super::archive::without_packing(self.name) {
            Some(inner) => super::super::detect::extension(inner)?,
            None => extension,
        };
        FORMATS.iter().filter(|format| format.known_by_name).find(|format| {
            let extensions = if self.any_format { format.extensions } else { format.archived };
            is_one_of(extension, extensions)
        })
    }

    /// Whether it lies in `X.mbox/…/Attachments/NUMBER/PART`.
    fn is_of_apple_message(&self) -> bool {
        let is_number = |name: &str| {
            name.split('.').all(|part| !part.is_empty() && part.bytes().all(|octet| octet.is_ascii_digit()))
        };
        match self.directories {
            [above @ .., attachments, message, part] => {
                attachments == "Attachments"
                    && is_number(message)
                    && is_number(part)
                    && above.iter().any(|name| name.ends_with(".mbox"))
            }
            _ => false,
        }
    }

    /// A message in a Maildir: flags and unique name from its name, the date from when it was last changed.
    fn in_a_maildir(&self, file_name: &FileName<'_>, notes: &Notes) -> Hints {
        let above = match self.directories.split_last() {
            Some((last, above)) if matches!(&**last, "cur" | "new") => above,
            _ => self.directories,
        };
        let folder = names::of_maildir(above, notes);
        let words = notes.words_of(above);
        let letters = file_name.unknown_letters(words);
        let mut defects = Vec::new();
        if !letters.is_empty() {
            let detail =
                format!("the letters {letters} of its name stand for keywords that are not in dovecot-keywords");
            defects.push(Defect::new(DefectKind::Property, detail));
        }
        let words: Vec<String> = words.iter().map(|word| crate::read::metadata::keyword(word)).collect();
        Hints {
            key: Some(format!("{}/{}", above.join("/"), file_name.unique).trim_start_matches('/').into()),
            keywords: file_name.keywords(&words),
            received: self.received(file_name.delivered()),
            folder: Some(folder),
            over_labels: true,
            defects,
            ..Hints::default()
        }
    }

    /// When a message arrived: when its file was last changed, as delivery and IMAP servers set it; but never later than its
    /// name was given to it, for then it was copied without its time.
    fn received(&self, named: Option<DateTime>) -> Option<Received> {
        /// A file is written after it has its name.
        const DELIVERY: i64 = 24 * 60 * 60;
        let by_time = self.modified.map(|at| Received { at, source: DateSource::FileTime });
        let by_name = named.map(|at| Received { at, source: DateSource::FileName });
        match (by_time, by_name) {
            (Some(time), Some(name)) if time.at.unix_seconds() > name.at.unix_seconds() + DELIVERY => Some(name),
            (time, name) => time.or(name),
        }
    }

    /// A message in a file of its own.
    fn message(&self, format: &FormatInfo, notes: &Notes) -> Hints {
        let names = notes.folders(self.directories);
        let indexed = notes.indexed(self.directories).cloned();
        let folder = (format.folder)(self.directories).or(indexed).unwrap_or_else(|| match names.is_empty() {
            true => notes.root_folder(),
            false => names::folder(names),
        });
        let mut hints =
            Hints { folder: Some(folder), over_labels: !notes.is_takeout(self.directories), ..Hints::default() };
        hints.vault = notes.vault(self.directories, self.name);
        self.as_zimbra(&mut hints);
        hints
    }

    /// Zimbra names a file after the number and the subject of its message, and takes away the right to write from those
    /// that were not read.
    fn as_zimbra(&self, hints: &mut Hints) {
        let number = self.name.split('-').next().unwrap_or_default();
        let is_zimbra = number.len() == 10 && number.bytes().all(|octet| octet.is_ascii_digit());
        if let (true, Some(mode)) = (is_zimbra, self.mode) {
            if mode & 0o222 != 0 {
                hints.keywords.insert(Keywords::SEEN);
            }
            hints.received = self.modified.map(|at| Received { at, source: DateSource::FileTime });
        }
    }

    /// A file of many items, which names its own folder.
    fn within(&self, format: &FormatInfo, notes: &Notes) -> Hints {
        let vault = notes.vault(self.directories, self.name);
        let by_name = format.holds == Holds::Folder;
        Hints { within: notes.folders(self.directories), vault, by_name, ..Hints::default() }
    }

    /// A mailbox whose name is that of its folder, less what only says that it is a mailbox.
    fn mailbox(&self, notes: &Notes) -> Hints {
        let mut path = notes.folders(self.directories);
        let name = super::super::archive::without_packing(self.name).unwrap_or(self.name);
        let stem = name
            .rsplit_once('.')
            .filter(|(stem, extension)| !self.indexed && !stem.is_empty() && is_of_mailbox(extension));
        let name = maildir::decoded(stem.map_or(name, |(stem, _)| stem));
        let own =
            metadata::role_of_folder(&name).filter(|_| self.directories.iter().all(|name| !name.ends_with(".sbd")));
        let around = path.clone();
        path.push(name);
        let role = role_by_name(&around, &path, own);
        let vault = notes.vault(self.directories, self.name);
        Hints { folder: Some(Folder { path: FolderPath::new(path), role }), vault, ..Hints::default() }
    }

    /// Its path from the root.
    pub(in crate::read) fn path(&self) -> String {
        let mut path: String = self.directories.iter().flat_map(|name| [name, "/"]).collect();
        path.push_str(self.name);
        path
    }
}

/// Whether files with this extension are read along with others.
fn is_companion(extension: &str) -> bool {
    FORMATS.iter().any(|format| format.companions.contains(&extension))
}

/// Whether this extension says that a file is a mailbox, and is no part of its folder's name.
fn is_of_mailbox(extension: &str) -> bool {
    let mut mailboxes = FORMATS.iter().filter(|format| format.holds == Holds::Folder);
    mailboxes.any(|format| is_one_of(extension, format.extensions) || is_one_of(extension, format.doubtful_extensions))
}

fn is_number(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_digit())
}

/// Whether a directory of this name is a mailbox of Apple Mail.
pub(super) fn is_apple_mailbox(name: &str) -> bool {
    extension(name).is_some_and(|extension| extension.eq_ignore_ascii_case("mbox"))
}
