use super::{
    base64, charset,
    evidence::{self, Evidence},
    header::unfold,
};
use memchr::memmem;
use std::borrow::Cow;

/// Octets that a charset name in an encoded word may have; the longest registered has 45.
const MAX_CHARSET: usize = 64;
/// Octets of an encoded word (RFC 2047 §2).
const MAX_WORD: usize = 75;

/// The text of an unstructured field value (RFC 5322 §2.2.1): unfolded, its encoded words decoded (RFC 2047).
///
/// A character that mailers split over two adjacent words comes out whole. What is not an encoded word stays; undeclared 8-bit
/// octets are UTF-8 (RFC 6532) where valid so, otherwise what they look like.
///
/// ```
/// use mailferry::mime::decode_text;
///
/// assert_eq!(decode_text(b" =?utf-8?Q?Gr=C3?=\r\n =?utf-8?q?=BC=C3=9Fe?= aus K=C3ln"), "Grüße aus K=C3ln");
/// ```
pub fn decode_text(value: &[u8]) -> String {
    decode_words(&unfold(value))
}

/// The text of one line with encoded words in it.
pub(super) fn decode_words(line: &[u8]) -> String {
    run(line).text
}

/// The charsets that the encoded words of a field value declare and that their octets are not in, with those they were read in.
pub(crate) fn decisions(value: &[u8]) -> Vec<(String, Cow<'static, str>)> {
    run(&unfold(value)).decided.into_iter().map(|(label, used)| (String::from_utf8_lossy(label).into(), used)).collect()
}

/// Calls `found` with the charset of each encoded word of a field value.
pub(super) fn charsets(value: &[u8], mut found: impl FnMut(&[u8])) {
    let mut rest = value;
    while let Some(at_word) = memmem::find(rest, b"=?").and_then(|start| rest.get(start..)) {
        let word = EncodedWord::parse(at_word);
        rest = at_word.get(word.as_ref().map_or(2, |(_, len)| *len)..).unwrap_or_default();
        word.iter().for_each(|(word, _)| found(word.charset));
    }
}

fn run(line: &[u8]) -> Run<'_> {
    let mut run = Run::default();
    let mut rest = line;
    while let Some(start) = memmem::find(rest, b"=?") {
        let (before, at_word) = rest.split_at_checked(start).unwrap_or_default();
        // White space between two encoded words is no part of the text (RFC 2047 §6.2).
        let between = run.after_word && before.trim_ascii().is_empty();
        match EncodedWord::parse(at_word) {
            Some((word, len)) => {
                run.plain(if between { b"" } else { before });
                run.word(&word);
                rest = at_word.get(len..).unwrap_or_default();
            }
            None => {
                run.plain(rest.get(..start + 2).unwrap_or_default());
                rest = at_word.get(2..).unwrap_or_default();
            }
        }
    }
    run.plain(rest);
    run.end_words();
    run.end_plain();
    run
}

/// An encoded word (RFC 2047 §2), its language tag (RFC 2231 §5) left out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct EncodedWord<'a> {
    charset: &'a [u8],
    base64: bool,
    encoded: &'a [u8],
}

impl<'a> EncodedWord<'a> {
    /// The encoded word that `octets` start with and its length, if its end is marked.
    pub(super) fn parse_closed(octets: &'a [u8]) -> Option<(Self, usize)> {
        Self::parse(octets).filter(|(_, len)| octets.get(..*len).is_some_and(|word| word.ends_with(b"?=")))
    }

    /// The encoded word that `octets` start with, and its length.
    pub(super) fn parse(octets: &'a [u8]) -> Option<(Self, usize)> {
        let inner = octets.strip_prefix(b"=?")?;
        let opening = Opening::parse(inner)?;
        let name = opening.charset;
        if !opening.is_known()
            || opening.len > MAX_CHARSET + 3
            || name.is_empty()
            || !name.iter().all(|&octet| octet.is_ascii_graphic() && octet != b'=')
        {
            return None;
        }
        let base64 = opening.encoding.eq_ignore_ascii_case(b"b");
        let encoded = inner.get(opening.len..)?;
        let (len, close) = if base64 { base64_extent(encoded) } else { quoted_extent(encoded) };
        let encoded = encoded.get(..len)?;
        Some((Self { charset: name, base64, encoded }, 2 + opening.len + len + close))
    }
}

/// What stands before the encoded text, behind `=?`: `utf-8*de?Q?`.
pub(crate) struct Opening<'a> {
    /// Without its language tag (RFC 2231 §5).
    pub(crate) charset: &'a [u8],
    encoding: &'a [u8],
    len: usize,
}

impl<'a> Opening<'a> {
    fn parse(octets: &'a [u8]) -> Option<Self> {
        let charset_len = memchr::memchr(b'?', octets)?;
        let (charset, rest) = octets.split_at_checked(charset_len)?;
        let rest = rest.get(1..)?;
        let encoding = rest.get(..memchr::memchr(b'?', rest)?)?;
        let charset = charset.split(|&octet| octet == b'*').next()?;
        Some(Self { charset, encoding, len: charset_len + encoding.len() + 2 })
    }

    /// Whether the encoding is one of the two that there are.
    pub(crate) fn is_known(&self) -> bool {
        matches!(self.encoding, b"B" | b"b" | b"Q" | b"q")
    }
}

/// How the encoded words of a value begin, those included that nobody can read.
pub(crate) fn openings(value: &[u8]) -> impl Iterator<Item = Opening<'_>> {
    let mut rest = memmem::find(value, b"=?").and_then(|start| value.get(start + 2..));
    std::iter::from_fn(move || {
        let word = rest?;
        let next = memmem::find(word, b"=?");
        rest = next.and_then(|next| word.get(next + 2..));
        Some(word.get(..next.unwrap_or(word.len())).unwrap_or_default())
    })
    .filter_map(Opening::parse)
}

/// The lengths of the encoded text and of what closes it. A word without `?=` ends before the next one, or at white space.
fn base64_extent(encoded: &[u8]) -> (usize, usize) {
    let digit = |octet: u8| octet.is_ascii_alphanumeric() || b"+/=-_".contains(&octet);
    let mut gap = None;
    for (at, &octet) in encoded.iter().enumerate() {
        match encoded.get(at..) {
            Some([b'?', b'=', ..]) => return (at, 2),
            Some([b'?', ..]) if gap.is_none() => return (at, 1),
            _ if octet.is_ascii_whitespace() => gap = gap.or(Some(at)),
            _ if digit(octet) => {}
            _ => return (gap.unwrap_or(at), 0),
        }
    }
    (gap.unwrap_or(encoded.len()), 0)
}

fn quoted_extent(encoded: &[u8]) -> (usize, usize) {
    for at in memchr::memchr2_iter(b'?', b'=', encoded) {
        match encoded.get(at..) {
            Some([b'?', b'=', behind @ ..]) if !goes_on(behind) => return (at, 2),
            Some([b'?']) => return (at, 1),
            Some([b'=', b'?', octet, ..]) if *octet != b'=' => {
                let text = encoded.get(..at).unwrap_or_default();
                return (text.trim_ascii_end().len(), 0);
            }
            _ => {}
        }
    }
    (encoded.len(), 0)
}

/// Whether `?=` was a bare question mark and the start of an encoded octet: a word that is closed later on goes on.
fn goes_on(behind: &[u8]) -> bool {
    let near = behind.get(..MAX_WORD).unwrap_or(behind);
    let word = near.split(|octet| octet.is_ascii_whitespace()).next().unwrap_or_default();
    matches!(word, [high, low, ..] if hex_octet(*high, *low).is_some())
        && memmem::find(word, b"?=").is_some()
        && memmem::find(word, b"=?").is_none()
}

/// The `Q` encoding (RFC 2047 §4.2).
fn decode_q(encoded: &[u8], octets: &mut Vec<u8>) {
    let mut rest = encoded;
    while let Some((&octet, behind)) = rest.split_first() {
        rest = behind;
        octets.push(match (octet, behind) {
            (b'_', _) => b' ',
            (b'=', [high, low, after @ ..]) => match hex_octet(*high, *low) {
                Some(decoded) => {
                    rest = after;
                    decoded
                }
                None => octet,
            },
            _ => octet,
        });
    }
}

pub(super) fn hex_octet(high: u8, low: u8) -> Option<u8> {
    let digit = |octet: u8| char::from(octet).to_digit(16);
    u8::try_from(digit(high)? << 4 | digit(low)?).ok()
}

/// What was met of a line and is not yet text.
#[derive(Default)]
struct Run<'a> {
    text: String,
    /// Octets that are no encoded word.
    plain: Vec<u8>,
    /// The charset and octets of adjacent encoded words, which are decoded together.
    charset: &'a [u8],
    octets: Vec<u8>,
    /// Base64 that breaks off inside a group of four, for the next word to go on with.
    open: Vec<u8>,
    after_word: bool,
    /// The charsets that were declared wrongly, with those taken instead.
    decided: Vec<(&'a [u8], Cow<'static, str>)>,
}

impl<'a> Run<'a> {
    fn plain(&mut self, octets: &[u8]) {
        if !octets.is_empty() {
            self.end_words();
            self.plain.extend_from_slice(octets);
        }
    }

    fn word(&mut self, word: &EncodedWord<'a>) {
        self.end_plain();
        // UTF-7 is left open at the end of a word.
        if !self.charset.eq_ignore_ascii_case(word.charset) || word.charset.to_ascii_lowercase().ends_with(b"utf-7") {
            self.end_words();
        }
        self.charset = word.charset;
        self.after_word = true;
        if word.base64 {
            self.open.extend_from_slice(word.encoded);
            if word.encoded.contains(&b'=') || self.open.len().is_multiple_of(4) {
                self.end_base64();
            }
        } else {
            self.end_base64();
            decode_q(word.encoded, &mut self.octets);
        }
    }

    fn end_base64(&mut self) {
        base64::decode(&self.open, &mut self.octets);
        self.open.clear();
    }

    fn end_words(&mut self) {
        self.end_base64();
        if !self.octets.is_empty() {
            let reading = evidence::read(self.charset, &self.octets, &Evidence::default);
            self.text.push_str(&reading.text);
            if let Some(used) = reading.used {
                self.decided.push((self.charset, used));
            }
            self.octets.clear();
        }
        self.after_word = false;
    }

    fn end_plain(&mut self) {
        if self.plain.is_ascii() {
            self.text.push_str(&charset::decode_undeclared(&self.plain));
        } else {
            self.text.push_str(&evidence::read(b"", &self.plain, &Evidence::default).text);
        }
        self.plain.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cases: &[(&str, &str)]) {
        for (value, text) in cases {
            assert_eq!(decode_text(value.as_bytes()), *text, "{value}");
        }
    }

    #[test]
    fn examples_of_rfc_2047_section_8() {
        check(&[
            ("(=?ISO-8859-1?Q?a?=)", "(a)"),
            ("(=?ISO-8859-1?Q?a?= b)", "(a b)"),
            ("(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)"),
            ("(=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=)", "(ab)"),
            ("(=?ISO-8859-1?Q?a_b?=)", "(a b)"),
            ("(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)", "(a b)"),
        ]);
    }

    #[test]
    fn characters_split_over_words_come_out_whole() {
        check(&[
            ("=?utf-8?B?4pyT4py?= =?utf-8?B?T?=", "✓✓"),
            ("=?UTF-8?Q?=E2=9C?= =?utf-8?Q?=93?=", "✓"),
            ("=?utf-8?B?SGVsb?=\n =?utf-8?B?G8=?=", "Hello"),
            ("=?utf-8?Q?=E2=9C?= =?utf-8?B?kw==?=", "✓"),
            ("=?iso-2022-jp?B?GyRCRnwbKEI=?= =?iso-2022-jp?B?GyRCS1wbKEI=?=", "日本"),
            ("=?utf-7?Q?+AOk?= =?utf-7?Q?+AOk-?=", "éé"),
        ]);
    }

    #[test]
    fn broken_words_are_read_as_far_as_they_go() {
        check(&[
            ("=?utf-8?B?SGVsbG8", "Hello"),
            ("=?utf-8?B?SGVsbG8?", "Hello"),
            ("=?utf-8?B?SGVs bG8=?= x", "Hello x"),
            ("=?utf-8?Q?Hello", "Hello"),
            ("=?utf-8?Q?what?=3F_is?=", "what?? is"),
            ("=?utf-8?Q?a b?=c", "a bc"),
            ("=?utf-8?Q?a =?utf-8?Q?b?=", "ab"),
            ("=?utf-8*en?Q?a?=", "a"),
            ("a=?utf-8?Q?b?=c", "abc"),
            ("=?utf-8?X?a?=", "=?utf-8?X?a?="),
            ("=? =?= ??=", "=? =?= ??="),
            ("1 =? 2", "1 =? 2"),
            ("=?utf-8?Q??= =?utf-8?Q?a?=", "a"),
        ]);
    }
}
