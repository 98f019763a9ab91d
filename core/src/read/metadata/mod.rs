//! What the header section of a message says about its place and state in the mailbox.

mod gmail;

use crate::{
    date_time::DateTime,
    defect::{Defect, DefectKind},
    error::Result,
    mime,
    model::{DateSource, Folder, FolderPath, Item, Keywords, Message, Received, Role, SystemLabel},
    read::formats::{FORMATS, Holds, is_one_of},
};
pub(super) use gmail::Labels as GmailLabels;
use gmail::Labels;
pub(super) use gmail::label;

/// The folder that a file stands for: its name, less the path and the extension.
pub(super) fn folder_of_file(name: &str) -> Folder {
    let name = name.rsplit(['/', '\\', '!']).find(|part| !part.is_empty()).unwrap_or(name);
    let stem = match name.rsplit_once('.') {
        Some((stem, extension))
            if !stem.is_empty()
                && FORMATS
                    .iter()
                    .any(|format| format.holds != Holds::Items && is_one_of(extension, format.extensions)) =>
        {
            stem
        }
        _ => name,
    };
    Folder { path: FolderPath::new([stem]), role: role_of_folder(stem) }
}

/// What a folder of this name is for, in any language.
pub(super) fn role_of_folder(name: &str) -> Option<Role> {
    SystemLabel::role_of_folder(name)
}

/// The names behind those that mail programs put accounts into: `ImapMail/imap.example.org/INBOX`, `Mail/Local Folders/Inbox`.
pub(crate) fn within_account(names: &[String]) -> &[String] {
    let is_account = |name: &str| {
        matches!(&*name.to_lowercase(), "mail" | "imapmail" | "local folders" | "takeout")
            || (name.contains('.') && !name.contains(' '))
    };
    let accounts = names.iter().take_while(|name| is_account(name)).count();
    names.get(accounts..).unwrap_or_default()
}

/// What a folder of these names is for, where only names tell: one at the top, or one in `INBOX` or `[Gmail]`, where servers
/// put them.
pub fn role_of_path(names: &[String]) -> Option<Role> {
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
        item.defects.push(Defect::new(DefectKind::NoHeader, "the message has no header fields"));
    }
    let (mut mozilla, mut in_gmail) = (None, false);
    for field in header.fields() {
        match field.name() {
            // Where there are several, the first was added last.
            name if name.eq_ignore_ascii_case("X-Gmail-Labels") && !in_gmail => {
                in_gmail = true;
                let labels = Labels::parse(&field.text());
                item.folder = labels.primary;
                item.labels = labels.labels;
                labels.keywords.iter().for_each(|keyword| item.keywords.insert(keyword.to_owned()));
            }
            name if name.eq_ignore_ascii_case("Status") => {
                letters(field.value(), STATUS, &mut item.keywords);
                if is_deleted(field.value()) {
                    item.keywords.insert(Keywords::DELETED);
                }
            }
            name if name.eq_ignore_ascii_case("X-Status") => letters(field.value(), X_STATUS, &mut item.keywords),
            name if name.eq_ignore_ascii_case("X-Mozilla-Status") => {
                let bits = u16::from_str_radix(field.text().trim(), 16).unwrap_or(0);
                bits_of(u32::from(bits), MOZILLA_STATUS, &mut item.keywords);
                // Thunderbird puts its own on top, and goes by that.
                mozilla = mozilla.or(Some(bits));
            }
            name if name.eq_ignore_ascii_case("X-Mozilla-Status2") => {
                let bits = u32::from_str_radix(field.text().trim(), 16).unwrap_or(0);
                bits_of(bits, MOZILLA_STATUS_2, &mut item.keywords);
            }
            name if name.eq_ignore_ascii_case("X-Mozilla-Keys") || name.eq_ignore_ascii_case("X-Keywords") => {
                field.text().split_ascii_whitespace().for_each(|word| item.keywords.insert(keyword(word)));
            }
            _ => {}
        }
    }
    // What was brought to Gmail from Thunderbird is shown there, whatever was once done with it.
    if !in_gmail && mozilla.is_some_and(|bits| bits & MOZILLA_EXPUNGED != 0) {
        item.expunged = true;
        item.keywords.insert(Keywords::DELETED);
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
        item.defects.push(Defect::new(DefectKind::NoDate, "neither a From_ line nor a header field has a date"));
    }
    Ok(())
}

/// `Status` of the Berkeley mail program and all after it. `O` only says that the message is old.
const STATUS: &[(u8, &str)] = &[(b'R', Keywords::SEEN)];

/// Whether a `Status` of letters has the `D` of a message that is marked as deleted; words of other programs have one too.
fn is_deleted(status: &[u8]) -> bool {
    let letters = status.trim_ascii();
    letters.contains(&b'D') && letters.iter().all(|letter| b"RONUDAF".contains(letter))
}

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

/// Bits of `X-Mozilla-Status`, four hexadecimal digits (Thunderbird's `nsMsgMessageFlags`).
const MOZILLA_STATUS: &[(u32, &str)] = &[
    (0x0001, Keywords::SEEN),
    (0x0002, Keywords::ANSWERED),
    (0x0004, Keywords::FLAGGED),
    (0x1000, Keywords::FORWARDED),
];

/// The bit of `X-Mozilla-Status` that a message has which is deleted and not yet compacted away: it is not shown any more.
pub(super) const MOZILLA_EXPUNGED: u16 = 0x0008;

/// Bits of `X-Mozilla-Status2`, eight hexadecimal digits: marked as deleted on the IMAP server, and still shown.
const MOZILLA_STATUS_2: &[(u32, &str)] = &[(0x0020_0000, Keywords::DELETED)];

fn bits_of(bits: u32, meanings: &'static [(u32, &'static str)], keywords: &mut Keywords) {
    for (bit, keyword) in meanings {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ItemKind, Origin};

    /// The keywords of a message with these fields, and whether it is expunged.
    fn state(fields: &str) -> (Vec<String>, bool) {
        let message = Message::new(format!("{fields}\nSubject: a\n\nx\n").into_bytes().into());
        let mut item = Item::new(ItemKind::Message(message.clone()), Folder::default(), Origin::default());
        read_into(&mut item, &message, None).unwrap();
        (item.keywords.iter().map(str::to_owned).collect(), item.expunged)
    }

    #[test]
    fn what_is_deleted_is_told_from_what_is_gone() {
        for (fields, keywords, expunged) in [
            ("X-Mozilla-Status: 0008", &["$deleted"][..], true),
            ("X-Mozilla-Status: 0009\nX-Mozilla-Status2: 00000000", &["$deleted", "$seen"], true),
            ("X-Mozilla-Status: 801b\nX-Mozilla-Status: 0001", &["$answered", "$deleted", "$seen"], true),
            ("X-Mozilla-Status: 0001\nX-Mozilla-Status: 0008", &["$seen"], false),
            ("X-Mozilla-Status: 0001\nX-Mozilla-Status2: 00200000", &["$deleted", "$seen"], false),
            ("X-Mozilla-Status: 8\nX-Gmail-Labels: Inbox", &["$seen"], false),
            ("X-Mozilla-Status: 0080", &[], false),
            ("X-Mozilla-Status: deleted", &[], false),
            ("Status: D", &["$deleted"], false),
            ("Status: ROD", &["$deleted", "$seen"], false),
            ("Status: DONE", &[], false),
            ("Status: 5.1.1 (Deleted)", &[], false),
            ("X-Status: D", &["$deleted"], false),
            ("X-Keywords: \\Deleted", &["$deleted"], false),
        ] {
            let keywords = keywords.iter().map(ToString::to_string).collect();
            assert_eq!(state(fields), (keywords, expunged), "{fields}");
        }
    }
}
