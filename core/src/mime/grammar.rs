//! Whether values of header fields are what their grammar has them (RFC 5322 §3), so that every reader takes them alike.

use super::encoded_word::openings;
use std::fmt::Write;

/// Whether it is a list of addresses (RFC 5322 §3.4) without anything that the grammar calls obsolete.
pub(crate) fn is_address_list(value: &[u8]) -> bool {
    let mut scan = Scan { rest: value };
    let mut in_group = false;
    loop {
        let Some(words) = scan.words() else { return false };
        match scan.next() {
            Some(b'@') if words.is_local_part => {
                if !scan.domain() || scan.spaces().is_none() {
                    return false;
                }
            }
            Some(b'<') if !words.has_dot => {
                let local = scan.words().is_some_and(|words| words.is_local_part);
                if !(local && scan.next() == Some(b'@') && scan.domain() && scan.next() == Some(b'>'))
                    || scan.spaces().is_none()
                {
                    return false;
                }
            }
            Some(b':') if words.count > 0 && !words.has_dot && !in_group => {
                in_group = true;
                // A group may be empty.
                if scan.spaces().is_none() {
                    return false;
                }
                if scan.rest.first() != Some(&b';') {
                    continue;
                }
            }
            _ => return false,
        }
        match scan.next() {
            None => return !in_group,
            Some(b',') => {}
            Some(b';') if in_group => {
                in_group = false;
                match (scan.spaces(), scan.next()) {
                    (None, _) => return false,
                    (Some(_), None) => return true,
                    (Some(_), Some(octet)) if octet != b',' => return false,
                    _ => {}
                }
            }
            Some(_) => return false,
        }
    }
}

/// Whether it is one message identifier (RFC 5322 §3.6.4) without anything that the grammar calls obsolete.
pub(crate) fn is_message_id(value: &[u8]) -> bool {
    let mut scan = Scan { rest: value };
    scan.spaces().is_some()
        && scan.next() == Some(b'<')
        && scan.dot_atom()
        && scan.next() == Some(b'@')
        && scan.domain()
        && scan.next() == Some(b'>')
        && scan.spaces().is_some()
        && scan.rest.is_empty()
}

/// Whether all that stands in angle brackets are message identifiers, as in `References` and `In-Reply-To`.
pub(crate) fn are_message_ids(value: &[u8]) -> bool {
    value.split_inclusive(|octet| *octet == b'>').all(|word| {
        let start = word.iter().position(|octet| *octet == b'<');
        start.and_then(|start| word.get(start..)).is_none_or(is_message_id)
    })
}

/// The identifier as the grammar has it, with one `@`: octets that may not stand before it are written as `=` and two digits.
///
/// The same identifier always becomes the same one, so that threads hold together.
pub(crate) fn mended_message_id(value: &str) -> Option<String> {
    let id: String =
        value.chars().filter(|c| !c.is_whitespace() && !c.is_control() && !"<>\"\\".contains(*c)).collect();
    let (left, right) = id.rsplit_once('@').unwrap_or((&id, "invalid"));
    let is_domain = |text: &str| {
        let mut scan = Scan { rest: text.as_bytes() };
        scan.domain() && scan.rest.is_empty()
    };
    let domain: String = right.chars().filter(|c| c.is_ascii_alphanumeric() || "-._[]:".contains(*c)).collect();
    let domain = if is_domain(&domain) { &*domain } else { "invalid" };
    if left.is_empty() {
        return None;
    }
    let mut mended = String::new();
    for (i, octet) in left.bytes().enumerate() {
        let parts_atoms = octet == b'.' && i > 0 && i + 1 < left.len() && !mended.ends_with('.');
        if is_atext(octet) || parts_atoms {
            mended.push(octet.into());
        } else {
            let _infallible = write!(mended, "={octet:02X}");
        }
    }
    Some(format!("<{mended}@{domain}>"))
}

/// The identifiers of a list, mended where they must be: what stands in angle brackets, or without any, the words.
pub(crate) fn mended_message_ids(value: &str) -> Vec<String> {
    let mended = |id: &str| if is_message_id(id.as_bytes()) { Some(id.to_owned()) } else { mended_message_id(id) };
    if value.contains('<') {
        let ids = value.split('<').skip(1).map(|id| id.split('>').next().unwrap_or_default());
        ids.filter_map(|id| mended(&format!("<{id}>"))).collect()
    } else {
        value.split_whitespace().filter_map(mended).collect()
    }
}

/// Whether it is a date (RFC 5322 §3.3), its zone perhaps in letters.
pub(crate) fn is_date(value: &[u8]) -> bool {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let Ok(text) = std::str::from_utf8(value) else { return false };
    let text = text.trim();
    let (day_name, rest) = text.split_once(',').map_or((None, text), |(name, rest)| (Some(name), rest));
    let digits = |word: &str, least: usize, most: usize| {
        (least..=most).contains(&word.len()) && word.bytes().all(|octet| octet.is_ascii_digit())
    };
    let mut words = rest.split_ascii_whitespace();
    let mut next = || words.next().unwrap_or_default();
    let (day, month, year, clock, zone) = (next(), next(), next(), next(), next());
    let is_zone = zone.strip_prefix(['+', '-']).map_or_else(
        || !zone.is_empty() && zone.bytes().all(|octet| octet.is_ascii_uppercase()),
        |offset| digits(offset, 4, 4),
    );
    let mut parts = clock.split(':');
    let is_clock = (2..=3).contains(&clock.split(':').count()) && parts.all(|part| digits(part, 2, 2));
    let comment: Vec<&str> = words.collect();
    let comment = comment.join(" ");
    day_name.is_none_or(|name| DAYS.contains(&name.trim()))
        && digits(day, 1, 2)
        && MONTHS.contains(&month)
        && digits(year, 4, 4)
        && is_clock
        && is_zone
        && (comment.is_empty() || comment.starts_with('(') && comment.find(')') == Some(comment.len() - 1))
}

/// Whether it holds encoded words (RFC 2047).
pub(crate) fn has_encoded_words(value: &[u8]) -> bool {
    openings(value).next().is_some()
}

/// Whether it holds encoded words that not every reader decodes: in a charset that is unknown, or under the name of one that programs
/// mistake for its larger sibling (GBK for GB2312, 949 for EUC-KR).
pub(crate) fn has_unsound_words(value: &[u8]) -> bool {
    openings(value).any(|opening| {
        let charset = opening.charset.to_ascii_lowercase();
        let decodes_by_name = !matches!(&*charset, b"gb2312" | b"ks_c_5601-1987" | b"euc-kr");
        !decodes_by_name || !opening.is_known() || encoding_rs::Encoding::for_label(&charset).is_none()
    })
}

/// Words before a mark that the grammar knows.
struct Words {
    count: usize,
    has_dot: bool,
    /// Whether they could stand before an `@`: atoms parted by dots, or one quoted string.
    is_local_part: bool,
}

struct Scan<'a> {
    rest: &'a [u8],
}

impl Scan<'_> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn skip(&mut self, n: usize) {
        self.rest = self.rest.get(n..).unwrap_or_default();
    }

    /// Passes white space and comments, and tells whether there was any; `None` for a comment that is not closed.
    fn spaces(&mut self) -> Option<bool> {
        let before = self.rest.len();
        let mut depth = 0_usize;
        loop {
            match (self.rest.first(), depth) {
                (Some(b' ' | b'\t' | b'\r' | b'\n'), _) => self.skip(1),
                (Some(b'('), _) => {
                    depth += 1;
                    self.skip(1);
                }
                (Some(b')'), 1..) => {
                    depth -= 1;
                    self.skip(1);
                }
                (Some(b'\\'), 1..) => self.skip(2),
                (Some(_), 1..) => self.skip(1),
                (None, 1..) => return None,
                _ => return Some(self.rest.len() != before),
            }
        }
    }

    fn atom(&mut self) -> bool {
        let length = self.rest.iter().take_while(|octet| is_atext(**octet)).count();
        self.skip(length);
        length > 0
    }

    /// Words, quoted strings and dots up to a mark; `None` for what is none of these.
    fn words(&mut self) -> Option<Words> {
        let mut words = Words { count: 0, has_dot: false, is_local_part: false };
        let (mut plain, mut expects_atom) = (true, true);
        self.spaces()?;
        loop {
            let spaced = self.spaces()? && words.count > 0;
            match self.rest.first() {
                Some(b'"') => {
                    self.quoted()?;
                    words.count += 1;
                    words.is_local_part = words.count == 1;
                    (plain, expects_atom) = (false, false);
                }
                Some(b'.') => {
                    words.has_dot = true;
                    plain &= !expects_atom && !spaced;
                    words.is_local_part = false;
                    expects_atom = true;
                    self.skip(1);
                }
                Some(octet) if is_atext(*octet) => {
                    self.atom();
                    words.count += 1;
                    plain &= expects_atom && (!spaced || words.count == 1);
                    words.is_local_part = plain;
                    expects_atom = false;
                }
                Some(b'@' | b'<' | b'>' | b',' | b':' | b';') => {
                    words.is_local_part &= !spaced;
                    return Some(words);
                }
                None => return Some(words),
                Some(_) => return None,
            }
        }
    }

    /// A quoted string; `None` where it is not closed, or holds what some readers would decode.
    fn quoted(&mut self) -> Option<()> {
        self.skip(1);
        loop {
            if self.rest.starts_with(b"=?") {
                return None;
            }
            match self.next()? {
                b'"' => return Some(()),
                b'\\' => self.skip(1),
                _ => {}
            }
        }
    }

    /// Atoms parted by dots, or an address literal.
    fn domain(&mut self) -> bool {
        if self.rest.first() == Some(&b'[') {
            let Some(end) = self.rest.iter().position(|octet| *octet == b']') else { return false };
            let is_literal = self.rest.get(1..end).unwrap_or_default().iter().all(|octet| is_dtext(*octet));
            self.skip(end + 1);
            return is_literal;
        }
        self.dot_atom()
    }

    /// Atoms parted by dots (dot-atom-text, RFC 5322 §3.2.3).
    fn dot_atom(&mut self) -> bool {
        while self.atom() {
            if self.rest.first() != Some(&b'.') {
                return true;
            }
            self.skip(1);
        }
        false
    }
}

/// What may stand in an address literal (RFC 5322 §3.4.1).
fn is_dtext(octet: u8) -> bool {
    octet.is_ascii_graphic() && !matches!(octet, b'[' | b']' | b'\\')
}

fn is_atext(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&octet)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lists_of_addresses_are_told_from_what_only_looks_like_them() {
        for good in [
            "a@b.example",
            " Ann <a@b.example>",
            "\"Lee, C.\" <c.lee@b.example>, d@[10.0.0.1]",
            "Team: a@b.example, Bob <b@c.example>;",
            "undisclosed-recipients:;",
            "undisclosed-recipients: ;, a@b.example",
            "=?utf-8?Q?J=C3=B6rg?= =?utf-8?Q?_X?=\r\n <j@x.example> (comment \\) (nested))",
            "\"a b\"@c.example",
            "<a@b.example>",
        ] {
            assert!(is_address_list(good.as_bytes()), "{good}");
        }
        for bad in [
            "",
            "a",
            "a@b@c.example",
            "a.b <a@b.example>",
            "Enron Global Technology@ENRON",
            "<>",
            "Ann <a@b.example",
            "a@b.example,",
            "a@b.example c@d.example",
            ", a@b.example",
            "a @b.example",
            "a..b@c.example",
            ".a@c.example",
            "\"=?utf-8?Q?x?=\" <a@b.example>",
            "\"open <a@b.example>",
            "(open a@b.example",
            "a: b: c@d.example;;",
            "Team: a@b.example",
        ] {
            assert!(!is_address_list(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn message_identifiers_are_mended_where_they_are_none() {
        for good in [" <a.b$c@d.example>", "<a@[1.2.3.4]>", "<a@b>\r\n (a comment)"] {
            assert!(is_message_id(good.as_bytes()), "{good}");
        }
        for (bad, mended) in [
            ("<000$@razzaq@xp.local>", "<000$=40razzaq@xp.local>"),
            ("<\"a b\"@c>", "<ab@c>"),
            ("a@b", "<a@b>"),
            ("<a>", "<a@invalid>"),
            ("<a b@c d>", "<ab@cd>"),
            ("<a.@b..c>", "<a=2E@invalid>"),
            ("<.a..b,é@[::1]>", "<=2Ea.=2Eb=2C=C3=A9@[::1]>"),
            ("<a@[b>", "<a@invalid>"),
            ("<a@b> <c@d>", "<a=40bc@d>"),
        ] {
            assert!(!is_message_id(bad.as_bytes()), "{bad}");
            let mend = mended_message_id(bad).unwrap();
            assert_eq!(mend, mended);
            assert!(is_message_id(mend.as_bytes()), "{mend}");
        }
        assert_eq!(mended_message_id("<>"), None);
    }

    #[test]
    fn lists_of_message_identifiers_are_mended_one_by_one() {
        for good in ["<a@b> <c@d>", "", "Your message of Monday <a@b>", "<a@b>\r\n\t<c@d>"] {
            assert!(are_message_ids(good.as_bytes()), "{good}");
        }
        for (bad, mended) in [
            ("<a@b>\r\n <c@d@e> <\"f\"@g>", &["<a@b>", "<c=40d@e>", "<f@g>"][..]),
            ("<a@b> <c@d", &["<a@b>", "<c@d>"]),
            ("<>", &[]),
        ] {
            assert!(!are_message_ids(bad.as_bytes()), "{bad}");
            assert_eq!(mended_message_ids(bad), mended);
        }
        assert_eq!(mended_message_ids("a@b c@d@e"), ["<a@b>", "<c=40d@e>"]);
    }

    #[test]
    fn dates_are_told_from_what_only_looks_like_them() {
        for good in ["Fri, 5 Oct 2001 17:14:18 -0700 (PDT)", "5 Oct 2001 17:14 GMT", " Fri, 05 Oct 2001 17:14:18 +0000"]
        {
            assert!(is_date(good.as_bytes()), "{good}");
        }
        for bad in [
            "",
            "Fri, 5 Oct 2001 17:14:18 -0700 (PDT),Fri, 5 Oct 2001 17:14:18 -0700",
            "5.10.2001",
            "Fri 5 Oct 2001 17:14:18 +0000",
        ] {
            assert!(!is_date(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn words_that_readers_may_not_decode_are_found() {
        assert!(has_unsound_words(b"=?GB2312?B?xe2bTtzn?= <a@b.example>") && has_unsound_words(b"=?x-none?Q?a?="));
        assert!(!has_unsound_words(b"=?utf-8?Q?a?= =?ISO-8859-1*en?q?b?=") && !has_unsound_words(b"a = b?"));
    }

    proptest! {
        #[test]
        fn any_value_has_an_answer(value: Vec<u8>) {
            let _ = (is_address_list(&value), is_message_id(&value), is_date(&value), has_unsound_words(&value));
            if let Some(mended) = mended_message_id(&String::from_utf8_lossy(&value)) {
                prop_assert!(is_message_id(mended.as_bytes()), "{}", mended);
            }
            let list = mended_message_ids(&String::from_utf8_lossy(&value));
            prop_assert!(list.iter().all(|id| is_message_id(id.as_bytes())), "{:?}", list);
        }
    }
}
