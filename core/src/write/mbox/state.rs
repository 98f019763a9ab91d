use crate::{
    mime::compose::encoded_words,
    model::{Folder, Item, Keywords, Message, Role, SystemLabel},
    word::words,
};
use std::collections::HashSet;

words! {
    /// The header fields in which mail programs keep the state of a message in an mbox.
    #[derive(Default)]
    pub enum StateFields: "a set of state fields" {
        /// `Status`, `X-Status` and `X-Keywords`, as mutt, Dovecot and Python's `mailbox` have them.
        Unix = "unix",
        /// `X-Mozilla-Status` and `X-Mozilla-Keys`, of Thunderbird.
        Mozilla = "mozilla",
        /// `X-Gmail-Labels`, of Google Takeout: labels, and whether it was read or starred.
        Gmail = "gmail",
        /// None: the octets stay unchanged.
        #[default]
        None = "none",
    }
}

/// Letters of `X-Status`.
const X_STATUS: [(char, &str); 4] =
    [('A', Keywords::ANSWERED), ('F', Keywords::FLAGGED), ('T', Keywords::DRAFT), ('D', Keywords::DELETED)];

/// Bits of `X-Mozilla-Status`. That of a deleted message (8) is none of them: Thunderbird would show the message no more.
const MOZILLA: [(u16, &str); 4] = [
    (0x0001, Keywords::SEEN),
    (0x0002, Keywords::ANSWERED),
    (0x0004, Keywords::FLAGGED),
    (0x1000, Keywords::FORWARDED),
];

/// The bit of a message that Thunderbird shows no more, and removes when it compacts the mailbox.
const MOZILLA_EXPUNGED: u16 = 0x0008;

/// The bit of `X-Mozilla-Status2` of a message that is marked as deleted, as on an IMAP server, and still shown.
const MOZILLA_DELETED: u32 = 0x0020_0000;

/// The fields that tell the state of a message somewhere.
const TELLING: [&str; 4] = ["Status", "X-Status", "X-Mozilla-Status", "X-Gmail-Labels"];

/// Characters of a line that need not be folded.
const LINE: usize = 900;

impl StateFields {
    /// The fields to add before the header section of the item, with LF at their ends; none where it tells its state. What programs
    /// read is the first field of a name.
    pub(in crate::write) fn of(self, item: &Item, message: &Message) -> String {
        let has = |name: &str| message.header().is_ok_and(|header| header.first(name).is_some());
        match self {
            Self::None => String::new(),
            Self::Unix if TELLING.into_iter().any(has) => String::new(),
            Self::Unix => unix(&item.keywords),
            Self::Mozilla if tells_mozilla(item, message) => String::new(),
            Self::Mozilla => mozilla(&item.keywords),
            Self::Gmail => gmail(item, message),
        }
    }
}

fn unix(keywords: &Keywords) -> String {
    let mut fields = String::new();
    if keywords.contains(Keywords::SEEN) {
        fields += "Status: RO\n";
    }
    let letters: String = X_STATUS.iter().filter(|(_, keyword)| keywords.contains(keyword)).map(|(c, _)| *c).collect();
    if !letters.is_empty() {
        fields += &format!("X-Status: {letters}\n");
    }
    let known = |keyword: &str| keyword == Keywords::SEEN || X_STATUS.iter().any(|(_, known)| *known == keyword);
    fields + &words("X-Keywords", keywords.iter().filter(|keyword| !known(keyword)))
}

fn mozilla_bits(keywords: &Keywords) -> u16 {
    MOZILLA.iter().filter(|(_, keyword)| keywords.contains(keyword)).fold(0, |bits, (bit, _)| bits | bit)
}

/// Whether the field of the message tells the state that its mailbox does: one of an earlier life of it may say another, or that it is
/// not to be shown.
fn tells_mozilla(item: &Item, message: &Message) -> bool {
    let text =
        message.header().ok().and_then(|header| Some(header.first("X-Mozilla-Status")?.text().trim().to_owned()));
    let known = MOZILLA.iter().fold(MOZILLA_EXPUNGED, |bits, (bit, _)| bits | bit);
    text.is_some_and(|text| {
        u16::from_str_radix(&text, 16).is_ok_and(|bits| bits & known == mozilla_bits(&item.keywords))
    })
}

fn mozilla(keywords: &Keywords) -> String {
    let bits = mozilla_bits(keywords);
    let more = if keywords.contains(Keywords::DELETED) { MOZILLA_DELETED } else { 0 };
    let known = |keyword: &str| keyword == Keywords::DELETED || MOZILLA.iter().any(|(_, known)| *known == keyword);
    format!("X-Mozilla-Status: {bits:04x}\nX-Mozilla-Status2: {more:08x}\n")
        + &words("X-Mozilla-Keys", keywords.iter().filter(|keyword| !known(keyword)))
}

/// A field of words; those that are none are left out.
fn words<'k>(name: &str, words: impl Iterator<Item = &'k str>) -> String {
    let words: Vec<_> = words.filter(|word| word.bytes().all(|octet| octet.is_ascii_graphic())).collect();
    if words.is_empty() { String::new() } else { format!("{name}: {}\n", words.join(" ")) }
}

/// What Gmail calls the folder of a message; `None` for mail that is only put away, which has no label there.
fn gmail_label(folder: &Folder) -> Option<String> {
    match folder.role {
        Some(Role::Inbox) => Some("Inbox".to_owned()),
        Some(Role::Sent) => Some("Sent".to_owned()),
        Some(Role::Drafts) => Some("Drafts".to_owned()),
        Some(Role::Trash) => Some("Trash".to_owned()),
        Some(Role::Junk) => Some("Spam".to_owned()),
        Some(Role::Archive | Role::All) => None,
        None => Some(folder.path.to_string()).filter(|path| !path.is_empty()),
    }
}

/// The labels of a message as Gmail's importers know them: what Gmail gives by itself in English, in whatever language it came,
/// without what is no label there (opened, archived, categories), which would become labels of the user's own.
fn gmail_labels(item: &Item) -> Vec<String> {
    let mut labels: Vec<String> = Vec::new();
    let mut met = HashSet::new();
    let mut add = |label: String| {
        if met.insert(label.clone()) {
            labels.push(label);
        }
    };
    let of_labels: Vec<&Folder> = item.labels.iter().filter_map(|label| label.folder.as_ref()).collect();
    let folders = if of_labels.is_empty() { vec![&item.folder] } else { of_labels };
    folders.into_iter().filter_map(gmail_label).for_each(&mut add);
    let own = item.labels.iter().filter(|label| label.folder.is_none() && SystemLabel::of(&label.name).is_none());
    own.for_each(|label| add(label.name.clone()));
    for (keyword, label) in [(Keywords::FLAGGED, "Starred"), (Keywords::IMPORTANT, "Important")] {
        if item.keywords.contains(keyword) {
            add(label.to_owned());
        }
    }
    if !item.keywords.contains(Keywords::SEEN) {
        add("Unread".to_owned());
    }
    labels
}

/// A field of labels, unless the first one of the message says the same. It is there even if it is empty: Got Your Back looks for it
/// in all of the message.
fn gmail(item: &Item, message: &Message) -> String {
    let labels = gmail_labels(item);
    let cell = |label: &String| match label.contains([',', '"']) {
        true => format!("\"{}\"", label.replace('"', "\"\"")),
        false => label.clone(),
    };
    let value = labels.iter().map(cell).collect::<Vec<_>>().join(",");
    let value: String = value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if message.header().is_ok_and(|header| header.first("X-Gmail-Labels").is_some_and(|field| field.text() == value)) {
        return String::new();
    }
    // Readers take the first encoded word for all of it, or none: either all of the value is encoded, or nothing.
    if value.is_ascii() && value.len() <= LINE && !value.contains("=?") {
        return format!("X-Gmail-Labels: {value}\n");
    }
    format!("X-Gmail-Labels: {}\n", encoded_words(&value, 0).join("\n "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FolderPath, ItemKind, Label, Origin};

    /// Thunderbird shows what is marked as deleted, as long as its bit for what was compacted away is not set.
    #[test]
    fn what_is_marked_as_deleted_does_not_vanish() {
        let mut keywords = Keywords::default();
        [Keywords::SEEN, Keywords::DELETED, "work"].into_iter().for_each(|keyword| keywords.insert(keyword));
        let fields = "X-Mozilla-Status: 0001\nX-Mozilla-Status2: 00200000\nX-Mozilla-Keys: work\n";
        assert_eq!(mozilla(&keywords), fields);
        assert_eq!(unix(&keywords), "Status: RO\nX-Status: D\nX-Keywords: work\n");
        assert_eq!(mozilla(&Keywords::default()), "X-Mozilla-Status: 0000\nX-Mozilla-Status2: 00000000\n");
    }

    fn fields(state: StateFields, header: &str, change: impl FnOnce(&mut Item)) -> String {
        let message = Message::new(format!("{header}Subject: a\n\nx\n").into_bytes().into());
        let folder = Folder { path: FolderPath::new(["Kunden"]), role: None };
        let mut item = Item::new(ItemKind::Message(message.clone()), folder, Origin::default());
        change(&mut item);
        state.of(&item, &message)
    }

    #[test]
    fn what_an_earlier_life_of_a_message_says_does_not_hide_it() {
        for (header, keyword, expected) in [
            ("X-Mozilla-Status: 0009\n", Keywords::SEEN, "X-Mozilla-Status: 0001\nX-Mozilla-Status2: 00000000\n"),
            ("X-Mozilla-Status: 0008\n", Keywords::DELETED, "X-Mozilla-Status: 0000\nX-Mozilla-Status2: 00200000\n"),
            ("X-Mozilla-Status: 0000\n", Keywords::SEEN, "X-Mozilla-Status: 0001\nX-Mozilla-Status2: 00000000\n"),
            ("X-Mozilla-Status: junk\n", Keywords::SEEN, "X-Mozilla-Status: 0001\nX-Mozilla-Status2: 00000000\n"),
            ("X-Mozilla-Status: 8011\n", Keywords::SEEN, ""),
        ] {
            let told = fields(StateFields::Mozilla, header, |item| item.keywords.insert(keyword));
            assert_eq!(told, expected, "{header}");
        }
    }

    #[test]
    fn gmail_is_told_its_own_labels_in_english_and_no_states_of_its_own() {
        let label = |name: &str, folder: Option<(&str, Option<Role>)>| Label {
            name: name.to_owned(),
            folder: folder.map(|(path, role)| Folder { path: FolderPath::new(path.split('/')), role }),
        };
        let inbox = || label("Boîte de réception", Some(("Inbox", Some(Role::Inbox))));
        let work = || label("Travail/A", Some(("Travail/A", None)));
        for (labels, keywords, expected) in [
            (vec![inbox(), label("Ouvert", None), work()], vec![Keywords::SEEN], "Inbox,Travail/A"),
            (vec![inbox(), label("Non lus", None)], vec![], "Inbox,Unread"),
            (
                vec![label("Catégorie : Promotions", None), inbox(), label("Suivis", None)],
                vec![Keywords::SEEN, Keywords::FLAGGED],
                "Inbox,Starred",
            ),
            (vec![label("Archivé", Some(("Archive", Some(Role::Archive))))], vec![Keywords::SEEN], ""),
            (vec![label("migrated", None)], vec![Keywords::SEEN, Keywords::IMPORTANT], "Kunden,migrated,Important"),
            (vec![], vec![], "Kunden,Unread"),
        ] {
            let told = fields(StateFields::Gmail, "X-Gmail-Labels: Ouvert\n", |item| {
                item.labels = labels;
                keywords.into_iter().for_each(|keyword| item.keywords.insert(keyword));
            });
            assert_eq!(told, format!("X-Gmail-Labels: {expected}\n"));
        }
        let same = fields(StateFields::Gmail, "X-Gmail-Labels: Kunden\n", |item| item.keywords.insert(Keywords::SEEN));
        assert_eq!(same, "");
    }
}
