//! Text of an element that is too long to be held: it is read out of the XML when it is wanted.

use crate::source::{Content, Recode, Recoded, Source};
use std::{io, sync::Arc};
use twox_hash::XxHash3_128;

/// Text of fewer octets is held. Of what is longer so many are: what it is, is told by its start.
const LONG: u64 = 4 << 20;
const HELD: usize = 1 << 20;
/// Octets in which the end of a reference is looked for.
const REFERENCE: usize = 256;

/// Text that is not held.
#[derive(Clone, Debug)]
pub(super) struct LongText {
    /// Its octets, in UTF-8.
    pub(super) content: Content,
    /// What tells it from other texts.
    pub(super) digest: u128,
}

/// A long text, its start, and where in the XML it ends.
pub(super) struct Found {
    pub(super) text: LongText,
    pub(super) start: String,
    pub(super) end: u64,
}

impl LongText {
    /// The text that begins at `at` of the XML, if it is long.
    ///
    /// # Errors
    /// What the source says.
    pub(super) fn at(source: Source, at: u64) -> io::Result<Option<Found>> {
        let (mut digest, mut start) = (XxHash3_128::new(), Vec::new());
        let recoded = Recoded::open(source, at, XmlText, |octets| {
            digest.write(octets);
            start.extend(octets.iter().take(HELD.saturating_sub(start.len())));
        })?;
        let end = recoded.end();
        let content = Content::from(Arc::new(recoded) as Source);
        if content.len() < LONG {
            return Ok(None);
        }
        let start = match std::str::from_utf8(&start) {
            Ok(text) => text.to_owned(),
            Err(error) => String::from_utf8_lossy(start.get(..error.valid_up_to()).unwrap_or_default()).into_owned(),
        };
        Ok(Some(Found { text: Self { content, digest: digest.finish_128() }, start, end }))
    }
}

/// Character data of XML (XML 1.0 §2.4, §2.7) up to the next tag, as the reader of short texts has it.
struct XmlText;

/// What octets are part of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Within {
    #[default]
    Text,
    CData,
    Comment,
    Instruction,
}

impl Within {
    /// What begins each, and ends it.
    const MARKUP: [(Self, &'static [u8], &'static [u8]); 3] =
        [(Self::CData, b"<![CDATA[", b"]]>"), (Self::Comment, b"<!--", b"-->"), (Self::Instruction, b"<?", b"?>")];
}

impl Recode for XmlText {
    type State = Within;

    fn recode(&self, octets: &[u8], is_last: bool, within: &mut Within, out: &mut Vec<u8>) -> usize {
        recode(octets, is_last, within, out)
    }
}

/// Adds the text at the start of `octets` to `out`, as far as it can be told without what follows them; how many of them it is in. It
/// ends at a tag.
#[inline(never)]
pub(super) fn recode(octets: &[u8], is_last: bool, within: &mut Within, out: &mut Vec<u8>) -> usize {
    let mut at = 0;
    loop {
        let rest = octets.get(at..).unwrap_or_default();
        let markup = Within::MARKUP.iter().find(|(kind, ..)| kind == within);
        let taken = match markup {
            Some((kind, _, end)) => section(rest, is_last, end, *kind == Within::CData, within, out),
            None => text(rest, is_last, within, out),
        };
        if taken == 0 {
            break;
        }
        at += taken;
    }
    valid(out);
    at
}

/// Puts U+FFFD in place of what is no UTF-8.
fn valid(text: &mut Vec<u8>) {
    if let Err(error) = std::str::from_utf8(text) {
        let valid = error.valid_up_to();
        let lossy = String::from_utf8_lossy(text.get(valid..).unwrap_or_default()).into_owned();
        text.truncate(valid);
        text.extend_from_slice(lossy.as_bytes());
    }
}

/// The value of an attribute as it is meant (XML 1.0 §3.3.3).
pub(super) fn attribute_value(octets: &[u8]) -> String {
    let (mut value, mut rest) = (Vec::new(), octets);
    while let [octet, behind @ ..] = rest {
        let taken = match octet {
            b'\r' if behind.first() == Some(&b'\n') => 0,
            b'\r' | b'\n' | b'\t' => {
                value.push(b' ');
                0
            }
            b'&' => text(rest, true, &mut Within::Text, &mut value).saturating_sub(1),
            octet => {
                value.push(*octet);
                0
            }
        };
        rest = behind.get(taken..).unwrap_or_default();
    }
    valid(&mut value);
    String::from_utf8(value).unwrap_or_default()
}

/// One run of text, one reference, or the start of what is no text; 0 at a tag, and where more must be known.
fn text(octets: &[u8], is_last: bool, within: &mut Within, out: &mut Vec<u8>) -> usize {
    match octets {
        [] => 0,
        [b'<', ..] => match Within::MARKUP.iter().find(|(_, start, _)| octets.starts_with(start)) {
            Some((kind, start, _)) => {
                *within = *kind;
                start.len()
            }
            None => 0,
        },
        [b'\r'] if !is_last => 0,
        [b'\r', rest @ ..] => {
            out.push(b'\n');
            1 + usize::from(rest.first() == Some(&b'\n'))
        }
        [b'&', rest @ ..] => {
            let end = rest.iter().take(REFERENCE).position(|octet| matches!(octet, b';' | b'&' | b'<'));
            match end.map(|end| (end, rest.get(..end).unwrap_or_default(), rest.get(end))) {
                Some((len, name, Some(b';'))) => {
                    reference(name, out);
                    len + 2
                }
                None if !is_last && rest.len() < REFERENCE => 0,
                _ => {
                    out.push(b'&');
                    1
                }
            }
        }
        _ => {
            let end = memchr::memchr3(b'<', b'&', b'\r', octets);
            let len =
                end.unwrap_or_else(|| if is_last { octets.len() } else { whole_characters(octets, octets.len()) });
            out.extend_from_slice(octets.get(..len).unwrap_or_default());
            len
        }
    }
}

/// The rest of a section that `end` ends, or as much of it as can be told from that.
fn section(octets: &[u8], is_last: bool, end: &[u8], is_kept: bool, within: &mut Within, out: &mut Vec<u8>) -> usize {
    let found = memchr::memmem::find(octets, end);
    let len = match found {
        Some(at) => at,
        None if is_last => octets.len(),
        None => {
            let mut len = whole_characters(octets, octets.len().saturating_sub(end.len()));
            if octets.get(len.saturating_sub(1)..=len) == Some(b"\r\n") {
                len = len.saturating_sub(1);
            }
            len
        }
    };
    if is_kept {
        let mut rest = octets.get(..len).unwrap_or_default();
        while let Some((line, [_, behind @ ..])) = memchr::memchr(b'\r', rest).and_then(|at| rest.split_at_checked(at))
        {
            out.extend_from_slice(line);
            out.push(b'\n');
            rest = behind.strip_prefix(b"\n").unwrap_or(behind);
        }
        out.extend_from_slice(rest);
    }
    if found.is_none() {
        return len;
    }
    *within = Within::Text;
    len + end.len()
}

/// The longest start of at most `len` octets that does not end in a character of UTF-8.
fn whole_characters(octets: &[u8], len: usize) -> usize {
    let tail = octets.get(..len).unwrap_or(octets).iter().rev().take(3).enumerate();
    for (back, octet) in tail {
        let wanted = match octet {
            0xC0..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xF7 => 4,
            0x80..=0xBF => continue,
            _ => return len,
        };
        return if wanted > back + 1 { len - back - 1 } else { len };
    }
    len
}

/// What a reference stands for; one that is unknown stands for itself.
fn reference(name: &[u8], out: &mut Vec<u8>) {
    let known = match name {
        b"lt" => '<',
        b"gt" => '>',
        b"amp" => '&',
        b"quot" => '"',
        b"apos" => '\'',
        [b'#', number @ ..] => {
            let (digits, radix) = number.strip_prefix(b"x").map_or((number, 10), |digits| (digits, 16));
            let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'));
            let number =
                digits.and_then(|digits| u32::from_str_radix(digits, radix).ok()).filter(|number| *number != 0);
            number.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
        }
        _ => {
            out.push(b'&');
            out.extend_from_slice(name);
            out.push(b';');
            return;
        }
    };
    out.extend_from_slice(known.encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{PIECE, ReadAt};

    /// The text at the start of this XML, and where it ends.
    fn read(xml: &str) -> (String, u64) {
        let mut looked: Vec<u8> = Vec::new();
        let recoded =
            Recoded::open(Arc::new(xml.as_bytes().to_vec()), 0, XmlText, |octets| looked.extend(octets)).unwrap();
        let end = recoded.end();
        let mut octets = vec![0; usize::try_from(ReadAt::len(&recoded)).unwrap()];
        recoded.read_exact_at(0, &mut octets).unwrap();
        assert_eq!(octets, looked);
        (String::from_utf8(octets).unwrap(), end)
    }

    const FORMS: [(&str, &str); 16] = [
        ("&lt;b&gt;&amp;&quot;&apos;", "<b>&\"'"),
        ("&#xE9;&#233;&#0;&#x110000;&#+1;&#xD800;", "\u{e9}\u{e9}\u{fffd}\u{fffd}\u{fffd}\u{fffd}"),
        ("a & b &unknown; &; &&amp;", "a & b &unknown; &; &&"),
        ("<![CDATA[<b>&lt;]]>", "<b>&lt;"),
        ("<![CDATA[]]]]>", "]]"),
        ("<![CDATA[a\r\nb\rc]]>\rd", "a\nb\nc\nd"),
        ("<!-- </b> --><?x </b> ?>y", "y"),
        ("1\r\n2\r3\n4", "1\n2\n3\n4"),
        ("\r\r\n\n", "\n\n\n"),
        ("日本語😀é", "日本語😀é"),
        ("]]> --> ?>", "]]> --> ?>"),
        ("", ""),
        ("&#x1F600;", "😀"),
        ("a]]&gt;b", "a]]>b"),
        ("<![CDATA[日本\r\n]]>語", "日本\n語"),
        ("&no end", "&no end"),
    ];

    #[test]
    fn text_is_what_the_reader_of_short_texts_makes_of_it() {
        for (xml, wanted) in FORMS {
            for end in ["</b>", "<c>", ""] {
                assert_eq!(read(&format!("{xml}{end}")), (wanted.to_owned(), xml.len() as u64), "{xml}{end}");
            }
        }
    }

    #[test]
    fn pieces_end_anywhere() {
        for (xml, wanted) in FORMS {
            for before in (PIECE - xml.len() - 12).max(1)..PIECE + 1 {
                // What is before makes the piece end everywhere in it.
                let text = format!("{}{xml}{}</b>", "x".repeat(before), ".".repeat(400));
                let (read, end) = read(&text);
                let read = read.trim_start_matches('x').trim_end_matches('.');
                assert!((read, end) == (wanted, text.len() as u64 - 4), "{xml} behind {before}: {read}");
            }
        }
    }

    #[test]
    fn only_what_is_long_is_left_where_it_is() {
        let at = |text: &str| LongText::at(Arc::new(format!("<b>{text}</b>").into_bytes()), 3).unwrap();
        assert!(at("short").is_none() && at(&"&amp;".repeat(1 << 20)).is_none());
        let text = "é&amp;".repeat(2 << 20);
        let found = at(&text).unwrap();
        assert_eq!((found.end, found.text.content.len()), (3 + text.len() as u64, 6 << 20));
        assert!(found.start.starts_with("é&é&") && found.start.len() <= HELD);
        assert_ne!(found.text.digest, at(&format!("{text}.")).unwrap().text.digest);
    }

    proptest::proptest! {
        #[test]
        fn any_octets_are_some_text(octets: Vec<u8>, before in 0..200_usize) {
            let octets = [vec![b'x'; PIECE - before], octets].concat();
            let recoded = Recoded::open(Arc::new(octets), 0, XmlText, |_| {}).unwrap();
            let mut text = vec![0; usize::try_from(ReadAt::len(&recoded)).unwrap()];
            recoded.read_exact_at(0, &mut text).unwrap();
            proptest::prop_assert!(String::from_utf8(text).is_ok());
        }
    }
}
