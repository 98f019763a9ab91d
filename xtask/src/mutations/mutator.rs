//! Breaks messages: at the level of octets, of header fields, of parts, and of the text in them.

use crate::dice::Dice;

/// Octets of a message that was broken.
const MOST: usize = 1 << 20;

/// Breaks one message after another.
pub(super) struct Mutator {
    messages: Vec<Vec<u8>>,
    dice: Dice,
}

type Mutation = fn(&mut Mutator, Vec<u8>) -> Vec<u8>;

/// Each kind as often as it stands there.
const KINDS: [Mutation; 23] = [
    Mutator::bits,
    Mutator::bits,
    Mutator::edges,
    Mutator::cut,
    Mutator::spliced,
    Mutator::spliced,
    Mutator::range_repeated,
    Mutator::range_lost,
    Mutator::field_repeated,
    Mutator::field_repeated,
    Mutator::field_of_another,
    Mutator::field_replaced,
    Mutator::field_replaced,
    Mutator::many_fields,
    Mutator::many_people,
    Mutator::nested_parts,
    Mutator::nested_messages,
    Mutator::many_parts,
    Mutator::charset,
    Mutator::charset,
    Mutator::transfer_encoding,
    Mutator::media_type,
    Mutator::line_ends,
];

const NAMES: [&str; 28] = [
    "From",
    "Sender",
    "To",
    "Cc",
    "Bcc",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "References",
    "In-Reply-To",
    "Received",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-Disposition",
    "Content-ID",
    "Thread-Index",
    "Thread-Topic",
    "Keywords",
    "Importance",
    "X-Priority",
    "Sensitivity",
    "Expires",
    "List-Unsubscribe",
    "X-Gmail-Labels",
    "Status",
    "X-Mozilla-Keys",
    "Disposition-Notification-To",
];

const CHARSETS: [&str; 24] = [
    "utf-8",
    "utf-7",
    "utf-16",
    "utf-16le",
    "utf-32",
    "us-ascii",
    "iso-8859-1",
    "iso-8859-8-i",
    "iso-2022-jp",
    "iso-2022-kr",
    "hz-gb-2312",
    "gb18030",
    "big5",
    "euc-kr",
    "shift_jis",
    "windows-1255",
    "koi8-u",
    "macintosh",
    "cp437",
    "x-user-defined",
    "unknown-8bit",
    "",
    "replacement",
    "a\u{e9}\" ;*",
];

const ENCODINGS: [&str; 9] =
    ["base64", "quoted-printable", "7bit", "8bit", "binary", "x-uuencode", "x-yenc", "", "base64 (so it says)"];

const MEDIA_TYPES: [&str; 24] = [
    "text/plain",
    "text/html",
    "text/enriched",
    "text/calendar; method=REQUEST",
    "text/x-vcard",
    "text/rfc822-headers",
    "multipart/mixed",
    "multipart/alternative; boundary=\"\"",
    "multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=x",
    "multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=x",
    "multipart/report; report-type=delivery-status; boundary=x",
    "multipart/report; report-type=disposition-notification; boundary=x",
    "multipart/digest; boundary=x",
    "multipart/related; boundary=x; start=\"<nobody>\"",
    "application/pkcs7-mime; smime-type=signed-data; name=smime.p7m",
    "application/pkcs7-mime; smime-type=enveloped-data",
    "application/ms-tnef; name=winmail.dat",
    "application/octet-stream; name=\"a\\\"b/..\\\\c\u{1f600}.exe\"",
    "message/rfc822",
    "message/global",
    "message/partial; id=1; number=1; total=2",
    "message/external-body; access-type=URL",
    "message/delivery-status",
    "/",
];

/// Texts that are odd wherever they stand.
const TEXTS: [&str; 22] = [
    "",
    " ",
    "\u{1}\u{1}Re: with the mark of a prefix",
    "Re: Re: AW: a: b",
    "a\tb\r\n\tfolded\r\n \r\n further",
    "\0with NUL\0",
    "=?utf-8?B?8J+YgPCfmIDwn5iA8J+YgA==?=",
    "=?utf-16?B?PdgA3j3YAN4=?= =?utf-8?Q?=ED=A0=BD=ED=B8=80?=",
    "=?x-unknown?Q?=FF=FE=00?=",
    "=?utf-8?B?",
    "\u{feff}\u{202e}right to left\u{200f} \u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}",
    "Fri, 99 Foo 0000 99:99:99 +9999",
    "Thu, 01 Jan 1601 00:00:00 +0000",
    "Mon, 31 Dec 9999 23:59:59 -1200",
    "<>",
    "<@@>",
    "undisclosed-recipients:;",
    "group: a@x, \"b; c\" <b@y>, <>;, d@[IPv6:::1], \"\"@z",
    "\"a\\\"b\" (comment (nested) <c@d>) <e@f> <g@h>",
    "name@=?utf-8?Q?=C3=A9?=.example; other@example, third",
    "/o=Org/ou=First/cn=Recipients/cn=a",
    "AQHXAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
];

impl Mutator {
    pub(super) fn new(messages: Vec<Vec<u8>>, seed: u64) -> Self {
        Self { messages, dice: Dice::new(seed) }
    }

    /// A message that is broken in one to four ways.
    pub(super) fn next(&mut self) -> Vec<u8> {
        let mut message = self.any();
        for _ in 0..=self.dice.below(4) {
            let kind = KINDS.get(self.dice.below(KINDS.len())).copied().unwrap_or(Self::bits);
            message = kind(self, message);
            message.truncate(MOST);
        }
        message
    }

    fn any(&mut self) -> Vec<u8> {
        let index = self.dice.below(self.messages.len());
        self.messages.get(index).cloned().unwrap_or_default()
    }

    /// How many of something there are: few mostly, many now and then.
    fn many(&mut self, most: usize) -> usize {
        match self.dice.below(6) {
            0 => self.dice.below(most) + 1,
            1 => self.dice.below(most / 10 + 1) + 1,
            _ => self.dice.below(12) + 1,
        }
    }

    /// A text: an odd one, or one of many octets around each of the limits that programs have.
    fn text(&mut self) -> String {
        let text = self.dice.one_of(&TEXTS);
        match self.dice.below(4) {
            0 => {
                let around = self.dice.one_of(&[127, 255, 256, 1790, 3580, 4096, 8176, 16_352, 70_000]);
                let unit = self.dice.one_of(&["x", "ab ", "\u{e9}", "\u{1f600}", "=?utf-8?Q?=C3=A9?= ", "a\r\n "]);
                unit.repeat((around + self.dice.below(9)) / unit.len().max(1) + 1)
            }
            _ => text.to_owned(),
        }
    }

    fn bits(&mut self, mut message: Vec<u8>) -> Vec<u8> {
        for _ in 0..=self.dice.below(40) {
            let (at, bit) = (self.dice.below(message.len()), self.dice.below(8));
            if let Some(octet) = message.get_mut(at) {
                *octet ^= 1 << bit;
            }
        }
        message
    }

    /// Octets that mean something, where they do not belong.
    fn edges(&mut self, mut message: Vec<u8>) -> Vec<u8> {
        for _ in 0..=self.dice.below(20) {
            let (at, value) =
                (self.dice.below(message.len()), self.dice.one_of(b"\0\xFF\x80\r\n\x1B=?\"(<:;-.\xED\xC0"));
            if let Some(octet) = message.get_mut(at) {
                *octet = value;
            }
        }
        message
    }

    fn cut(&mut self, mut message: Vec<u8>) -> Vec<u8> {
        message.truncate(self.dice.below(message.len()) + 1);
        message
    }

    /// The first part of one and the last of another.
    fn spliced(&mut self, mut message: Vec<u8>) -> Vec<u8> {
        let other = self.any();
        message.truncate(self.dice.below(message.len()) + 1);
        message.extend_from_slice(other.get(self.dice.below(other.len())..).unwrap_or_default());
        message
    }

    fn range(&mut self, message: &[u8]) -> std::ops::Range<usize> {
        let start = self.dice.below(message.len());
        start..(start + self.dice.below(2_000) + 1).min(message.len())
    }

    fn range_repeated(&mut self, mut message: Vec<u8>) -> Vec<u8> {
        let range = self.range(&message);
        let octets = message.get(range.clone()).unwrap_or_default().repeat(self.many(60));
        message.splice(range.end..range.end, octets);
        message
    }

    fn range_lost(&mut self, mut message: Vec<u8>) -> Vec<u8> {
        let range = self.range(&message);
        message.drain(range);
        message
    }

    fn field_repeated(&mut self, mut message: Vec<u8>) -> Vec<u8> {
        let fields = fields(&message);
        let Some(field) = fields.get(self.dice.below(fields.len())).cloned() else { return message };
        let to = fields.get(self.dice.below(fields.len())).map_or(0, |field| field.start);
        let octets = message.get(field).unwrap_or_default().repeat(self.many(400));
        message.splice(to..to, octets);
        message
    }

    fn field_of_another(&mut self, mut message: Vec<u8>) -> Vec<u8> {
        let other = self.any();
        let theirs = fields(&other);
        let Some(field) = theirs.get(self.dice.below(theirs.len())).cloned() else { return message };
        let ours = fields(&message);
        let to = ours.get(self.dice.below(ours.len())).map_or(0, |field| field.start);
        message.splice(to..to, other.get(field).unwrap_or_default().to_vec());
        message
    }

    /// A field that programs read says something odd.
    fn field_replaced(&mut self, mut message: Vec<u8>) -> Vec<u8> {
        let name = self.dice.one_of(&NAMES);
        let field = format!("{name}: {}\r\n", self.text());
        let of_name = |range: &std::ops::Range<usize>| {
            message
                .get(range.start..range.start + name.len())
                .is_some_and(|it| it.eq_ignore_ascii_case(name.as_bytes()))
        };
        let range = fields(&message).into_iter().find(of_name).unwrap_or(0..0);
        message.splice(range, field.into_bytes());
        message
    }

    fn many_fields(&mut self, mut message: Vec<u8>) -> Vec<u8> {
        let mut added = String::new();
        let same = self.dice.below(2) == 0;
        for number in 0..self.many(4_000) {
            let name = self.dice.one_of(&NAMES);
            let own = format!("X-Field-{number}");
            let name = if same {
                "X-Field"
            } else if number % 3 == 0 {
                name
            } else {
                &own
            };
            added.push_str(&format!("{name}: value {number} of many\r\n"));
        }
        message.splice(0..0, added.into_bytes());
        message
    }

    fn many_people(&mut self, mut message: Vec<u8>) -> Vec<u8> {
        let mut field = format!("{}: ", self.dice.one_of(&["To", "Cc", "Bcc", "Reply-To", "From"]));
        let shown = self.text().replace(['\r', '\n'], " ");
        let shown = if shown.len() > 300 { "Many" } else { &shown };
        for number in 0..self.many(3_000) {
            field.push_str(&format!("\"{shown} {number}\" <p{number}@example.com>,\r\n "));
        }
        field.push_str("last@example.com\r\n");
        message.splice(0..0, field.into_bytes());
        message
    }

    /// The message as the innermost of multiparts, the boundaries of which may be one another's beginnings, or the same.
    fn nested_parts(&mut self, message: Vec<u8>) -> Vec<u8> {
        let (levels, kind) =
            (self.many(120), self.dice.one_of(&["mixed", "alternative", "related", "signed", "digest", "report"]));
        let same = self.dice.below(3) == 0;
        let closed = self.dice.below(3) > 0;
        let mut out = b"From: Ann <ann@example.com>\r\nSubject: nested\r\nMIME-Version: 1.0\r\n".to_vec();
        let boundary = |level: usize| if same { "same".to_owned() } else { format!("b{}", "=".repeat(level % 60)) };
        for level in 0..levels {
            let boundary = boundary(level);
            out.extend_from_slice(
                format!("Content-Type: multipart/{kind}; boundary=\"{boundary}\"\r\n\r\n--{boundary}\r\n").as_bytes(),
            );
            if level % 7 == 3 {
                out.extend_from_slice(
                    format!("Content-Type: text/html\r\n\r\n<p>level {level}\r\n--{boundary}\r\n").as_bytes(),
                );
            }
        }
        out.extend(message);
        for level in (0..levels).rev().filter(|_| closed) {
            out.extend_from_slice(format!("\r\n--{}--\r\n", boundary(level)).as_bytes());
        }
        out
    }

    fn nested_messages(&mut self, message: Vec<u8>) -> Vec<u8> {
        let levels = self.many(120);
        let mut out = Vec::new();
        for level in 0..levels {
            let text = format!("Subject: level {level}\r\nFrom: ann{level}@example.com\r\nMIME-Version: 1.0\r\n");
            out.extend_from_slice(text.as_bytes());
            if level % 5 == 1 {
                out.extend_from_slice(
                    format!("Content-Type: multipart/mixed; boundary=m{level}\r\n\r\n--m{level}\r\n").as_bytes(),
                );
            }
            out.extend_from_slice(b"Content-Type: message/rfc822\r\n\r\n");
        }
        out.extend(message);
        out
    }

    fn many_parts(&mut self, message: Vec<u8>) -> Vec<u8> {
        let mut out = b"From: Ann <ann@example.com>\r\nSubject: parts\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=many\r\n\r\n".to_vec();
        for number in 0..self.many(600) {
            let media_type = self.dice.one_of(&MEDIA_TYPES);
            let name = self.text().replace(['\r', '\n', '"'], " ");
            let name: String = name.chars().take(400).collect();
            let disposition = self.dice.one_of(&["attachment", "inline", "", "attachment; filename=\"\""]);
            let part = format!(
                "--many\r\nContent-Type: {media_type}\r\nContent-Disposition: {disposition}; filename=\"{name}\"\r\n\
                 Content-ID: <{number}@x>\r\n\r\npart {number}\r\n"
            );
            out.extend_from_slice(part.as_bytes());
        }
        out.extend_from_slice(b"--many\r\nContent-Type: message/rfc822\r\n\r\n");
        out.extend(message);
        out.extend_from_slice(b"\r\n--many--\r\n");
        out
    }

    /// Another charset in one of the places that name one; or, where there is none, in a field of the message.
    fn charset(&mut self, mut message: Vec<u8>) -> Vec<u8> {
        let charset = self.dice.one_of(&CHARSETS);
        let mut places = Vec::new();
        for marker in [&b"charset="[..], b"=?"] {
            let starts =
                message.windows(marker.len()).enumerate().filter(|(_, window)| window.eq_ignore_ascii_case(marker));
            places.extend(starts.map(|(at, _)| at + marker.len()).take(200));
        }
        let Some(start) = places.get(self.dice.below(places.len())).copied() else {
            let field =
                format!("Content-Type: text/{}; charset=\"{charset}\"\r\n", self.dice.one_of(&["plain", "html"]));
            message.splice(0..0, field.into_bytes());
            return message;
        };
        let rest = message.get(start..).unwrap_or_default();
        let is_end = |octet: &u8| !octet.is_ascii_alphanumeric() && !b"-_\"".contains(octet);
        let end = start + rest.iter().position(is_end).unwrap_or(rest.len());
        message.splice(start..end, charset.bytes());
        message
    }

    fn transfer_encoding(&mut self, mut message: Vec<u8>) -> Vec<u8> {
        let field = format!("Content-Transfer-Encoding: {}\r\n", self.dice.one_of(&ENCODINGS));
        message.splice(0..0, field.into_bytes());
        message
    }

    fn media_type(&mut self, mut message: Vec<u8>) -> Vec<u8> {
        let field = format!("Content-Type: {}\r\n", self.dice.one_of(&MEDIA_TYPES));
        message.splice(0..0, field.into_bytes());
        message
    }

    fn line_ends(&mut self, message: Vec<u8>) -> Vec<u8> {
        let end = self.dice.one_of(&["\n", "\r\n", "\r", "\n\r", "\r\r\n", "\u{85}", ""]);
        let sparing = self.dice.below(5) + 1;
        let lines = message.split(|octet| *octet == b'\n').enumerate();
        let mut out = Vec::new();
        for (number, line) in lines {
            out.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
            out.extend_from_slice(if number % sparing == 0 { end.as_bytes() } else { b"\n" });
        }
        out
    }
}

/// Where the fields of the header section are, with the lines that continue them.
fn fields(message: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut fields: Vec<std::ops::Range<usize>> = Vec::new();
    let mut at = 0;
    for line in message.split_inclusive(|octet| *octet == b'\n') {
        let end = at + line.len();
        match (line, fields.last_mut()) {
            ([b'\r' | b'\n', ..], _) => break,
            ([b' ' | b'\t', ..], Some(last)) => last.end = end,
            _ => fields.push(at..end),
        }
        at = end;
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_breaks_alike_and_every_kind_takes_any_message() {
        let messages = vec![b"Subject: a\r\n folded\r\nTo: b@x\r\n\r\nbody\r\n".to_vec(), b"x".to_vec(), Vec::new()];
        let of = |seed| {
            let mut mutator = Mutator::new(messages.clone(), seed);
            (0..300).map(|_| mutator.next()).collect::<Vec<_>>()
        };
        assert!(of(1) == of(1) && of(1) != of(2));
        let mut mutator = Mutator::new(messages.clone(), 3);
        for kind in KINDS {
            for message in &messages {
                kind(&mut mutator, message.clone());
            }
        }
        assert_eq!(fields(&messages[0]), [0..21, 21..30]);
    }
}
