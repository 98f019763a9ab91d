//! What the header section of a message tells about its place and state in the mailbox.

mod gmail;

use crate::{
    date_time::DateTime,
    defect::{Defect, DefectKind},
    error::Result,
    mime,
    model::{DateSource, Folder, FolderPath, Item, Keywords, Message, Received, Role},
};
pub(super) use gmail::Labels as GmailLabels;
pub(super) use gmail::label;
use gmail::{Labels, SystemLabel};

/// The folder that a file stands for: its name, less the path and the extension.
pub(super) fn folder_of_file(name: &str) -> Folder {
    let name = name.rsplit(['/', '\\', '!']).find(|part| !part.is_empty()).unwrap_or(name);
    let stem = match name.rsplit_once('.') {
        Some((stem, extension))
            if !stem.is_empty()
                && matches!(&*extension.to_ascii_lowercase(), "mbox" | "mbx" | "eml" | "emlx" | "mmdf") =>
        {
            stem
        }
        _ => name,
    };
    Folder { path: FolderPath::new([stem]), role: SystemLabel::of(stem).and_then(SystemLabel::role) }
}

/// What a folder of this name is for, in any language.
pub(super) fn role_of_folder(name: &str) -> Option<Role> {
    match &*name.to_lowercase() {
        "archive" | "archives" => Some(Role::Archive),
        "sent items" | "sent messages" | "sent-mail" => Some(Role::Sent),
        _ => SystemLabel::of(name).and_then(SystemLabel::role),
    }
}

/// What a folder of these names is for, where only names tell: one at the top, or one in `INBOX` or `[Gmail]`, where servers
/// put them.
pub(crate) fn role_of_path(names: &[String]) -> Option<Role> {
    let is_top = |name: &String| matches!(&*name.to_lowercase(), "inbox" | "[gmail]" | "[google mail]");
    match names {
        [name] => role_of_folder(name),
        [top, name] if is_top(top) => role_of_folder(name).filter(|role| *role != Role::Inbox),
        _ => None,
    }
}

/// Reads labels, flags and date of `message` into `item`; `delivered` is the date of its From_ line.
pub(super) fn read_into(item: &mut Item, message: &Message, delivered: Option<DateTime>) -> Result<()> {
    let header = message.header()?;
    item.defects.extend(header.defects().iter().cloned());
    if header.fields().next().is_none() {
        item.defects.push(Defect::new(DefectKind::NoHeader, "the message has no header field"));
    }
    for field in header.fields() {
        match field.name() {
            name if name.eq_ignore_ascii_case("X-Gmail-Labels") => {
                let labels = Labels::parse(&field.text());
                item.folder = labels.primary;
                item.labels = labels.labels;
                labels.keywords.iter().for_each(|keyword| item.keywords.insert(keyword.to_owned()));
            }
            name if name.eq_ignore_ascii_case("Status") => letters(field.value(), STATUS, &mut item.keywords),
            name if name.eq_ignore_ascii_case("X-Status") => letters(field.value(), X_STATUS, &mut item.keywords),
            name if name.eq_ignore_ascii_case("X-Mozilla-Status") => mozilla_status(&field.text(), &mut item.keywords),
            name if name.eq_ignore_ascii_case("X-Mozilla-Keys") || name.eq_ignore_ascii_case("X-Keywords") => {
                field.text().split_ascii_whitespace().for_each(|word| item.keywords.insert(keyword(word)));
            }
            _ => {}
        }
    }
    let received = delivered.map(|at| Received { at, source: DateSource::FromLine }).or_else(|| {
        let newest = header.all("Received").find_map(|field| {
            let date = field.value().rsplit(|octet| *octet == b';').next()?;
            mime::parse_date(date)
        });
        newest.map(|at| Received { at, source: DateSource::ReceivedField })
    });
    item.received = received.or_else(|| {
        let date = header.all("Date").find_map(|field| mime::parse_date(field.value()));
        date.map(|at| Received { at, source: DateSource::DateField })
    });
    if item.received.is_none() {
        item.defects.push(Defect::new(DefectKind::NoDate, "neither a From_ line nor a header field tells a date"));
    }
    Ok(())
}

/// `Status` of the Berkeley mail program and all after it. `O` only says that the message is old.
const STATUS: &[(u8, &str)] = &[(b'R', Keywords::SEEN)];

/// `X-Status` of Pine, mutt and Dovecot.
const X_STATUS: &[(u8, &str)] =
    &[(b'A', Keywords::ANSWERED), (b'D', Keywords::DELETED), (b'F', Keywords::FLAGGED), (b'T', Keywords::DRAFT)];

fn letters(value: &[u8], meanings: &'static [(u8, &'static str)], keywords: &mut Keywords) {
    for (letter, keyword) in meanings {
        if value.contains(letter) {
            keywords.insert(*keyword);
        }
    }
}

/// Bits of `X-Mozilla-Status`, four hexadecimal digits.
const MOZILLA_STATUS: &[(u16, &str)] = &[
    (0x0001, Keywords::SEEN),
    (0x0002, Keywords::ANSWERED),
    (0x0004, Keywords::FLAGGED),
    (0x0008, Keywords::DELETED),
    (0x1000, Keywords::FORWARDED),
];

fn mozilla_status(value: &str, keywords: &mut Keywords) {
    let Ok(bits) = u16::from_str_radix(value.trim(), 16) else { return };
    for (bit, keyword) in MOZILLA_STATUS {
        if bits & bit != 0 {
            keywords.insert(*keyword);
        }
    }
}

/// A keyword as JMAP spells it, where a mail program spells it in its own way.
pub(super) fn keyword(word: &str) -> String {
    match &*word.to_ascii_lowercase() {
        "junk" | "$junk" => Keywords::JUNK.to_owned(),
        "nonjunk" | "notjunk" | "$notjunk" | "$nonjunk" => "$notjunk".to_owned(),
        "$forwarded" | "forwarded" => Keywords::FORWARDED.to_owned(),
        "\\seen" => Keywords::SEEN.to_owned(),
        "\\answered" => Keywords::ANSWERED.to_owned(),
        "\\flagged" => Keywords::FLAGGED.to_owned(),
        "\\draft" => Keywords::DRAFT.to_owned(),
        "\\deleted" => Keywords::DELETED.to_owned(),
        _ => word.to_owned(),
    }
}
