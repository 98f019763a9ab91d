use super::encoded_word::encoded_words;
use crate::{
    date_time::DateTime,
    divide::divide,
    mime::{Address, Mailbox},
};
use std::borrow::Cow;

/// The length at which lines are folded where they can be (RFC 5322 §2.1.1).
const LINE: usize = 76;

/// The longest line there may be, and what an unbroken word may fill of it.
const MAX_WORD: usize = 900;

/// Octets of memory that a header section begins with; what most parts have.
const ROOM: usize = 512;

/// Octets of a parameter's value in one piece (RFC 2231 §3).
const PARAMETER_PIECE: usize = 60;

/// Writes header fields: encoded (RFC 2047, RFC 2231), folded, each ended with CRLF.
///
/// Line ends and other control characters in a value become spaces: a value cannot smuggle in a field.
///
/// ```
/// use mailferry::mime::compose::HeaderWriter;
///
/// let mut header = HeaderWriter::default();
/// header.text("Subject", "Café noir");
/// assert_eq!(header.as_octets(), b"Subject: =?UTF-8?Q?Caf=C3=A9?= noir\r\n");
/// ```
#[derive(Clone, Debug, Default)]
pub struct HeaderWriter {
    octets: Vec<u8>,
    column: usize,
}

impl HeaderWriter {
    /// The fields written so far.
    pub fn as_octets(&self) -> &[u8] {
        &self.octets
    }

    /// The same, no longer to be written to.
    pub fn into_octets(self) -> Vec<u8> {
        self.octets
    }

    /// Appends whole fields as they are; a missing line end is added.
    pub fn verbatim(&mut self, fields: &[u8]) {
        self.octets.extend_from_slice(fields);
        if !fields.is_empty() && !fields.ends_with(b"\n") {
            self.octets.extend(b"\r\n");
        }
    }

    /// A field as it stands, its lines ended with CRLF.
    pub(crate) fn as_it_stands(&mut self, name: &str, value: &[u8]) {
        if !self.begin(name) {
            return;
        }
        let start = self.octets.len();
        for line in value.split(|octet| *octet == b'\n') {
            if self.octets.len() > start {
                self.octets.extend(b"\r\n");
            }
            self.octets.extend(line.strip_suffix(b"\r").unwrap_or(line));
        }
        self.end();
    }

    /// A field of free text (RFC 5322 §2.2.1): what is not ASCII becomes encoded-words.
    pub fn text(&mut self, name: &str, value: &str) {
        if !self.begin(name) {
            return;
        }
        let value = without_controls(value);
        let value = value.trim();
        let needs_encoding = |word: &str| {
            !word.bytes().all(|octet| octet.is_ascii_graphic()) || word.contains("=?") || word.len() > MAX_WORD
        };
        let spans = || {
            value.split(' ').scan(0, |at, word| {
                let from = *at;
                *at += word.len() + 1;
                Some((from, from + word.len(), word))
            })
        };
        let encoded = spans().filter(|(.., word)| needs_encoding(word));
        let bounds = encoded.fold(None, |bounds: Option<(usize, usize)>, (from, to, _)| {
            Some((bounds.map_or(from, |(first, _)| first), to))
        });
        match bounds {
            None => self.words(value),
            Some((from, to)) => {
                let before = value.get(..from).unwrap_or_default().trim_end_matches(' ');
                let after = value.get(to..).unwrap_or_default().trim_start_matches(' ');
                // One space stands beside an encoded word; more of them belong into it.
                let from = if before.is_empty() { 0 } else { before.len() + 1 };
                let to = if after.is_empty() { value.len() } else { value.len() - after.len() - 1 };
                self.words(before);
                self.encoded(value.get(from..to).unwrap_or_default());
                self.words(after);
            }
        }
        self.end();
    }

    /// A field of addresses (RFC 5322 §3.4); none at all when there are none.
    pub fn addresses(&mut self, name: &str, addresses: &[Address]) {
        if addresses.is_empty() || !self.begin(name) {
            return;
        }
        for (i, address) in addresses.iter().enumerate() {
            let end = if i + 1 < addresses.len() { "," } else { "" };
            match address {
                Address::Mailbox(mailbox) => self.mailbox(mailbox, end),
                Address::Group { name, mailboxes } => {
                    self.phrase(name, if mailboxes.is_empty() { ":;" } else { ":" });
                    for (j, mailbox) in mailboxes.iter().enumerate() {
                        self.mailbox(mailbox, if j + 1 < mailboxes.len() { "," } else { ";" });
                    }
                    self.glue(end);
                }
            }
        }
        self.end();
    }

    /// A field of phrases (RFC 5322 §3.6.5): what would end one, or begin a comment, is between quotation marks.
    pub fn phrases<'a>(&mut self, name: &str, phrases: impl IntoIterator<Item = &'a str>) {
        let mut phrases = phrases.into_iter().filter(|phrase| !phrase.trim().is_empty()).peekable();
        if phrases.peek().is_none() || !self.begin(name) {
            return;
        }
        while let Some(phrase) = phrases.next() {
            self.phrase(phrase, if phrases.peek().is_some() { "," } else { "" });
        }
        self.end();
    }

    /// A field of words that may be folded between them: message identifiers, key words of a protocol.
    pub fn tokens<'a>(&mut self, name: &str, tokens: impl IntoIterator<Item = &'a str>) {
        if self.begin(name) {
            for token in tokens {
                self.words(&without_controls(token));
            }
            self.end();
        }
    }

    /// The date of a message (RFC 5322 §3.3).
    pub fn date(&mut self, name: &str, date: DateTime) {
        self.tokens(name, [&*date.to_rfc_5322()]);
    }

    /// A field of a value and parameters: media type, disposition (RFC 2045 §5.1, RFC 2183, RFC 2231).
    pub fn parameters<'a>(
        &mut self,
        name: &str,
        value: &str,
        parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) {
        if !self.begin(name) {
            return;
        }
        self.words(&kept(value, |c| c.is_ascii_graphic() && c != ';'));
        for (name, value) in parameters {
            for piece in parameter(name, value) {
                self.glue(";");
                self.word(&piece);
            }
        }
        self.end();
    }

    /// Begins a field; `false` for a name that is none (RFC 5322 §2.2).
    fn begin(&mut self, name: &str) -> bool {
        let is_name = !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_graphic() && octet != b':');
        if is_name {
            if self.octets.is_empty() {
                self.octets.reserve_exact(ROOM);
            }
            self.octets.extend(name.as_bytes());
            self.octets.push(b':');
            self.column = name.len() + 1;
        }
        is_name
    }

    fn end(&mut self) {
        self.octets.extend(b"\r\n");
        self.column = 0;
    }

    fn words(&mut self, text: &str) {
        for word in text.split(' ').filter(|_| !text.is_empty()) {
            self.word(word);
        }
    }

    /// A word behind a space, on a new line when this one is full; an empty word is one more space.
    fn word(&mut self, word: &str) {
        let only_name = self.octets.last() == Some(&b':');
        if word.is_empty() {
            if self.column > 0 && !only_name && self.column < LINE {
                self.glue(" ");
            }
            return;
        }
        if self.column + 1 + word.len() > LINE && !only_name {
            self.octets.extend(b"\r\n");
            self.column = 0;
        }
        self.octets.push(b' ');
        self.octets.extend(word.as_bytes());
        self.column += 1 + word.len();
    }

    /// Text right behind what was written.
    fn glue(&mut self, text: &str) {
        self.octets.extend(text.as_bytes());
        self.column += text.len();
    }

    fn encoded(&mut self, text: &str) {
        let room = LINE.saturating_sub(self.column + 1);
        for word in encoded_words(text, if room < 30 { LINE - 1 } else { room }) {
            self.word(&word);
        }
    }

    fn mailbox(&mut self, mailbox: &Mailbox, end: &str) {
        let address = addr_spec(&mailbox.address);
        match mailbox.name.as_deref().map(str::trim).filter(|name| !name.is_empty()) {
            Some(name) if address.is_empty() => self.phrase(name, &format!(" <>{end}")),
            Some(name) => {
                self.phrase(name, "");
                self.word(&format!("<{address}>{end}"));
            }
            None => self.word(&format!("{}{end}", if address.is_empty() { "<>" } else { &address })),
        }
    }

    /// A display name (RFC 5322 §3.2.5) and what follows it without a space.
    fn phrase(&mut self, text: &str, end: &str) {
        let text = without_controls(text);
        let text = text.trim();
        if !text.is_ascii() || text.contains("=?") || text.len() > MAX_WORD {
            self.encoded(text);
        } else if text.bytes().all(|octet| is_atext(octet) || octet == b' ') && !text.contains("  ") {
            self.words(text);
        } else {
            let quoted: String =
                text.chars().flat_map(|c| matches!(c, '"' | '\\').then_some('\\').into_iter().chain([c])).collect();
            self.words(&format!("\"{quoted}\""));
        }
        self.glue(end);
    }
}

/// `address` so that it stands in a field: without spaces and controls, its local part quoted where it must be.
fn addr_spec(address: &str) -> String {
    let is_allowed = |c: &char| !c.is_control() && !c.is_whitespace() && !matches!(c, '<' | '>');
    let address: String = address.chars().filter(is_allowed).collect();
    let Some((local, domain)) = address.rsplit_once('@') else { return address };
    let is_dot_atom = local
        .split('.')
        .all(|atom| !atom.is_empty() && atom.chars().all(|c| !c.is_ascii() || u8::try_from(c).is_ok_and(is_atext)));
    let is_quoted = local.len() > 1 && local.starts_with('"') && local.ends_with('"');
    if is_dot_atom || is_quoted {
        return address;
    }
    format!("\"{}\"@{domain}", local.replace('\\', "\\\\").replace('"', "\\\""))
}

/// RFC 5322 §3.2.3.
fn is_atext(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&octet)
}

/// The text with spaces for line ends and other control characters.
fn without_controls(text: &str) -> Cow<'_, str> {
    match text.bytes().all(|octet| matches!(octet, b' '..=b'~')) {
        true => Cow::Borrowed(text),
        false => text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().into(),
    }
}

/// The characters of `text` that are to stay.
fn kept(text: &str, stays: impl Fn(char) -> bool) -> Cow<'_, str> {
    if text.chars().all(&stays) { text.into() } else { text.chars().filter(|c| stays(*c)).collect::<String>().into() }
}

/// What may stand in a parameter's value without quotation marks (RFC 2045 §5.1).
fn is_token(octet: u8) -> bool {
    octet.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(&octet)
}

/// A parameter as it stands in its field, in pieces where it is long (RFC 2231 §3, §4).
fn parameter(name: &str, value: &str) -> Vec<String> {
    if (1..=PARAMETER_PIECE).contains(&value.len()) && value.bytes().all(is_token) {
        return vec![format!("{name}={value}")];
    }
    let value = kept(value, |c| !c.is_control());
    if !value.is_ascii() {
        let mut pieces = vec![String::from("UTF-8''")];
        for c in value.chars() {
            let mut buffer = [0; 4];
            let octets = c.encode_utf8(&mut buffer).bytes();
            let len: usize = octets.clone().map(|octet| if is_attribute_char(octet) { 1 } else { 3 }).sum();
            if pieces.last().is_none_or(|piece| piece.len() + len > PARAMETER_PIECE) {
                pieces.push(String::new());
            }
            if let Some(piece) = pieces.last_mut() {
                octets.for_each(|octet| push_percent_encoded(piece, octet));
            }
        }
        return match &*pieces {
            [whole] => vec![format!("{name}*={whole}")],
            pieces => pieces.iter().enumerate().map(|(i, piece)| format!("{name}*{i}*={piece}")).collect(),
        };
    }
    if value.len() <= PARAMETER_PIECE {
        return vec![format!("{name}={}", quoted(&value))];
    }
    let mut pieces = Vec::new();
    let mut rest = &*value;
    while !rest.is_empty() {
        let (piece, behind) = divide(rest, rest.len().min(PARAMETER_PIECE));
        pieces.push(format!("{name}*{}={}", pieces.len(), quoted(piece)));
        rest = behind;
    }
    pieces
}

/// ASCII text as the value of a parameter: as it is, or between quotation marks.
fn quoted(piece: &str) -> Cow<'_, str> {
    if !piece.is_empty() && piece.bytes().all(is_token) {
        return piece.into();
    }
    format!("\"{}\"", piece.replace('\\', "\\\\").replace('"', "\\\"")).into()
}

/// What stands for itself in an extended value; some more might (RFC 2231 §7).
fn is_attribute_char(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"-._~".contains(&octet)
}

fn push_percent_encoded(out: &mut String, octet: u8) {
    if is_attribute_char(octet) {
        out.push(octet.into());
        return;
    }
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or('0').to_ascii_uppercase();
    out.extend(['%', digit(octet >> 4), digit(octet & 15)]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::{HeaderSection, addresses};
    use proptest::prelude::*;

    fn written(write: impl FnOnce(&mut HeaderWriter)) -> String {
        let mut header = HeaderWriter::default();
        write(&mut header);
        String::from_utf8(header.octets).unwrap()
    }

    fn mailbox(name: &str, address: &str) -> Mailbox {
        Mailbox { name: (!name.is_empty()).then(|| name.to_owned()), address: address.to_owned() }
    }

    #[test]
    fn long_text_is_folded_at_spaces() {
        let field = written(|header| header.text("Subject", &"word ".repeat(40)));
        assert!(field.split("\r\n").all(|line| line.len() <= 76));
        assert_eq!(field.replace("\r\n", ""), format!("Subject: {}", "word ".repeat(40).trim()));
    }

    #[test]
    fn what_is_not_ascii_is_encoded_with_the_spaces_between() {
        assert_eq!(written(|h| h.text("Subject", "Re: é à b")), "Subject: Re: =?UTF-8?B?w6kgw6A=?= b\r\n");
        assert_eq!(written(|h| h.text("Subject", "=?x")), "Subject: =?UTF-8?B?PT94?=\r\n");
    }

    #[test]
    fn a_value_cannot_smuggle_in_a_field() {
        assert_eq!(written(|h| h.text("Subject", "a\r\nBcc: x")), "Subject: a  Bcc: x\r\n");
        assert_eq!(written(|h| h.text("A:\r\nB", "c")), "");
        let address = Address::Mailbox(mailbox("a\r\nBcc: b", "x@y\r\nBcc: z"));
        assert_eq!(written(|h| h.addresses("To", &[address])), "To: \"a  Bcc: b\" <x@yBcc:z>\r\n");
    }

    #[test]
    fn addresses_and_groups() {
        let addresses = [
            Address::Mailbox(mailbox("Ann Lee", "ann@example.org")),
            Address::Mailbox(mailbox("Lee, \"Bob\"", "bob lee@example.org")),
            Address::Group { name: "Team".into(), mailboxes: vec![mailbox("Zoë", "z@example.org")] },
            Address::Group { name: "undisclosed-recipients".into(), mailboxes: vec![] },
        ];
        assert_eq!(
            written(|h| h.addresses("To", &addresses)),
            "To: Ann Lee <ann@example.org>, \"Lee, \\\"Bob\\\"\" <boblee@example.org>, Team: =?UTF-8?Q?Zo=C3=AB?=\r\n \
             <z@example.org>;, undisclosed-recipients:;\r\n"
        );
    }

    #[test]
    fn phrases_with_signs_are_quoted() {
        for (phrases, field) in [
            (&["Red", "Blue sky"][..], "Keywords: Red, Blue sky\r\n"),
            (&["Tax, 2023"], "Keywords: \"Tax, 2023\"\r\n"),
            (&["a (b)", "@home", "x;y"], "Keywords: \"a (b)\", \"@home\", \"x;y\"\r\n"),
            (&["say \"hi\"", "c:\\d"], "Keywords: \"say \\\"hi\\\"\", \"c:\\\\d\"\r\n"),
            (&["Köln, 2023", "b.c"], "Keywords: =?UTF-8?Q?K=C3=B6ln=2C_2023?=, \"b.c\"\r\n"),
            (&[" ", ""], ""),
        ] {
            assert_eq!(written(|h| h.phrases("Keywords", phrases.iter().copied())), field);
        }
    }

    #[test]
    fn parameters_that_are_long_or_not_ascii() {
        assert_eq!(
            written(|h| h.parameters("Content-Disposition", "attachment", [("filename", "a b\"c.txt")])),
            "Content-Disposition: attachment; filename=\"a b\\\"c.txt\"\r\n"
        );
        assert_eq!(
            written(|h| h.parameters("Content-Disposition", "attachment", [("filename", "é 1.txt")])),
            "Content-Disposition: attachment; filename*=UTF-8''%C3%A9%201.txt\r\n"
        );
        let long = written(|h| h.parameters("Content-Disposition", "attachment", [("filename", &*"x".repeat(130))]));
        assert!(long.contains("filename*0=") && long.contains("filename*2=xxxxxxxxxx\r\n"), "{long}");
        let long = written(|h| h.parameters("A", "b", [("filename", &*"é".repeat(60))]));
        assert!(
            long.contains("filename*0*=UTF-8''%C3%A9")
                && long.contains("filename*3*=")
                && long.lines().all(|l| l.len() <= 78),
            "{long}"
        );
    }

    #[test]
    fn spaces_beside_an_encoded_word_come_back() {
        for text in ["0  😀", "😀   0", "a  b  é  c  d"] {
            let field = written(|header| header.text("Subject", text));
            assert_eq!(HeaderSection::parse(field.as_bytes()).first("Subject").unwrap().text(), text, "{field}");
        }
    }

    proptest! {
        #[test]
        fn text_comes_back(text in "[ -~éЖ日😀]{0,300}") {
            let field = written(|header| header.text("Subject", &text));
            let section = HeaderSection::parse(field.as_bytes());
            prop_assert_eq!(section.first("Subject").unwrap().text(), text.trim());
            prop_assert!(field.lines().all(|line| line.len() <= 998));
        }

        #[test]
        fn addresses_come_back(names in proptest::collection::vec("[ -~éЖ]{0,80}", 1..4)) {
            let list: Vec<Address> = names
                .iter()
                .map(|name| mailbox(name.trim(), "a.b@example.org"))
                .map(Address::Mailbox)
                .collect();
            let field = written(|header| header.addresses("To", &list));
            let section = HeaderSection::parse(field.as_bytes());
            prop_assert_eq!(addresses(section.first("To").unwrap().value()), list);
        }
    }
}
