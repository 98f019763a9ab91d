use crate::{
    mime::compose::encoded_words,
    model::{Item, Keywords, Message, Role},
    word::words,
};

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

/// The bit of `X-Mozilla-Status2` of a message that is marked as deleted, as on an IMAP server, and still shown.
const MOZILLA_DELETED: u32 = 0x0020_0000;

/// The fields that tell the state of a message somewhere.
const TELLING: [&str; 4] = ["Status", "X-Status", "X-Mozilla-Status", "X-Gmail-Labels"];

/// Characters of a line that need not be folded.
const LINE: usize = 900;

impl StateFields {
    /// The fields to add before the header section of the item, with LF at their ends; none where it tells its state.
    pub(in crate::write) fn of(self, item: &Item, message: &Message) -> String {
        let has = |name: &str| message.header().is_ok_and(|header| header.first(name).is_some());
        match self {
            Self::None => String::new(),
            Self::Unix if TELLING.into_iter().any(has) => String::new(),
            Self::Unix => unix(&item.keywords),
            Self::Mozilla if has("X-Mozilla-Status") => String::new(),
            Self::Mozilla => mozilla(&item.keywords),
            Self::Gmail if has("X-Gmail-Labels") => String::new(),
            Self::Gmail => gmail(item),
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

fn mozilla(keywords: &Keywords) -> String {
    let bits = MOZILLA.iter().filter(|(_, keyword)| keywords.contains(keyword)).fold(0, |bits, (bit, _)| bits | bit);
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

fn gmail(item: &Item) -> String {
    let mut labels: Vec<String> = item.labels.iter().map(|label| label.name.clone()).collect();
    if labels.is_empty() {
        labels.extend(match item.folder.role {
            Some(Role::Inbox) => Some("Inbox".to_owned()),
            Some(Role::Sent) => Some("Sent".to_owned()),
            Some(Role::Drafts) => Some("Drafts".to_owned()),
            Some(Role::Trash) => Some("Trash".to_owned()),
            Some(Role::Junk) => Some("Spam".to_owned()),
            Some(Role::Archive | Role::All) => Some("Archived".to_owned()),
            None => Some(item.folder.path.to_string()).filter(|path| !path.is_empty()),
        });
        for (keyword, label) in [(Keywords::FLAGGED, "Starred"), (Keywords::IMPORTANT, "Important")] {
            labels.extend(item.keywords.contains(keyword).then(|| label.to_owned()));
        }
        labels.push(if item.keywords.contains(Keywords::SEEN) { "Opened" } else { "Unread" }.to_owned());
    }
    let cell = |label: &String| match label.contains([',', '"']) {
        true => format!("\"{}\"", label.replace('"', "\"\"")),
        false => label.clone(),
    };
    let value = labels.iter().map(cell).collect::<Vec<_>>().join(",");
    let value: String = value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    // Readers take the first encoded word for all of it, or none: either all of the value is encoded, or nothing.
    if value.is_ascii() && value.len() <= LINE && !value.contains("=?") {
        return format!("X-Gmail-Labels: {value}\n");
    }
    format!("X-Gmail-Labels: {}\n", encoded_words(&value, 0).join("\n "))
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
