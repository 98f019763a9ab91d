//! Bodies as text: in the code page that they are said to be in, unless their octets say better, which is told then.

use crate::{
    Result,
    mapi::{
        CodePage,
        code_page::{guess, is_utf_8},
    },
    mime::decode_labelled,
    source::{Content, PIECE, Recode, Recoded, Source},
};
use encoding_rs::Encoding;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Octets at the start of HTML in which its own declaration is looked for, and by which its order of octets is told.
const HEAD: usize = 4096;

/// Octets of a long body by which its charset is told.
const SAMPLE: usize = 1 << 20;

/// Of so many characters one may be none, and the code page still be the right one.
const TOLERANCE: usize = 50;

/// Octets beyond ASCII that are too few to tell Latin scripts apart by.
const LITTLE: usize = 8;

/// A body, and what is to be told of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decoded {
    pub(super) text: String,
    /// What it was read as.
    charset: Charset,
    /// Octets of the byte-order mark before it.
    mark: usize,
    /// That it is not in what it is said to be in.
    said: Option<String>,
    /// Whether some of its octets are invalid.
    is_lossy: bool,
}

impl Decoded {
    fn new(text: String, charset: &Charset, said: Option<String>) -> Self {
        Self { text, charset: charset.clone(), mark: 0, said, is_lossy: false }
    }

    /// What is to be told of it.
    pub(super) fn remark(&self) -> Option<String> {
        let missing = self.text.matches(char::REPLACEMENT_CHARACTER).count();
        remark(self.said.as_deref(), self.is_lossy.then(|| lost(missing, &self.charset)))
    }
}

fn remark(said: Option<&str>, lost: Option<String>) -> Option<String> {
    match (said, lost) {
        (Some(said), Some(lost)) => Some(format!("{said}; {lost}")),
        (said, lost) => lost.or_else(|| said.map(str::to_owned)),
    }
}

/// What some octets may be in.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Charset {
    Page(CodePage),
    /// By the name that HTML calls it.
    Named(Vec<u8>),
}

impl Charset {
    /// By its label; as the code page of the same charset where there is one.
    fn named(label: Vec<u8>) -> Self {
        let encoding = Encoding::for_label_no_replacement(&label).and_then(codepage::from_encoding);
        encoding.map_or(Self::Named(label), |number| Self::Page(CodePage(number.into())))
    }

    fn decode(&self, octets: &[u8]) -> (String, bool) {
        match self {
            Self::Page(page) => page.decode_whole(octets),
            Self::Named(label) => decode_labelled(label, octets),
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Page(CodePage::UTF_8) => "UTF-8 (code page 65001)".to_owned(),
            Self::Page(page) => format!("code page {}", page.0),
            Self::Named(label) => format!("the charset {}", label.escape_ascii()),
        }
    }

    /// Whether it is one of those that escapes switch between: octets of ASCII mean other letters there.
    fn has_escapes(&self) -> bool {
        match self {
            Self::Page(page) => page.has_escapes(),
            Self::Named(_) => true,
        }
    }

    /// The longest start of some text that ends between two characters.
    fn whole_characters(&self, octets: &[u8]) -> usize {
        match self {
            Self::Page(page) => page.whole_characters(octets),
            Self::Named(_) => memchr::memrchr(b'\n', octets).map_or(octets.len(), |at| at + 1),
        }
    }

    fn is_single_octet(&self) -> bool {
        matches!(self, Self::Page(page) if page.is_single_octet())
    }
}

/// HTML: by its byte-order mark, its order of octets, the code page `declared`, its own `meta`, or the one of the message's text.
pub(super) fn html(octets: &[u8], declared: Option<CodePage>, of_message: CodePage) -> Decoded {
    if let Some((text, page)) = plain_ascii(octets, declared) {
        return Decoded::new(text, &Charset::Page(page), None);
    }
    let marks: [(&[u8], CodePage); 3] =
        [(b"\xEF\xBB\xBF", CodePage::UTF_8), (b"\xFF\xFE", CodePage::UTF_16LE), (b"\xFE\xFF", CodePage::UTF_16BE)];
    for (mark, page) in marks {
        if let Some(rest) = octets.strip_prefix(mark) {
            return Decoded { mark: mark.len(), ..as_it_is(rest, page) };
        }
    }
    let declared = declared.filter(|page| page.0 != 0);
    if let Some(page @ CodePage(12_000 | 12_001)) = declared {
        return as_it_is(octets, page);
    }
    if let Some(page) = wide_by_its_zeros(octets) {
        let mut decoded = as_it_is(octets, page);
        if declared != Some(page) && !decoded.is_lossy {
            let said = declared.map(|page| format!("not in {} as declared, but ", Charset::Page(page).name()));
            decoded.said = said.map(|said| format!("it is {said}in {}", Charset::Page(page).name()));
        }
        return decoded;
    }
    // What has no zero is no UTF-16, whatever is said of it.
    let end = octets.iter().rposition(|octet| *octet != 0).map_or(0, |last| last + 1);
    let octets = octets.get(..end).unwrap_or(octets);
    let named = meta_charset(octets).map(Charset::named);
    let of_message = Charset::Page(of_message);
    let page = declared.filter(|page| !page.is_wide() && !page.says_nothing() && page.is_known()).map(Charset::Page);
    let is_said = page.is_some() || named.is_some();
    let first = page.or_else(|| named.clone()).unwrap_or_else(|| of_message.clone());
    let mut decoded = by_evidence(octets, first, is_said, named.as_ref(), Some(&of_message));
    if let Some(page) = declared.filter(|page| !page.is_known())
        && !octets.is_ascii()
    {
        let unknown = format!("it is declared to be in code page {}, which is unknown", page.0);
        decoded.said = Some(decoded.said.map_or(unknown.clone(), |more| format!("{unknown}; {more}")));
    }
    decoded
}

/// Most HTML: ASCII without zeros or escapes, declared to be in a code page that has ASCII as it is.
fn plain_ascii(octets: &[u8], declared: Option<CodePage>) -> Option<(String, CodePage)> {
    let declared = declared.filter(|page| page.is_known() && !page.is_wide() && !page.says_nothing())?;
    if Charset::Page(declared).has_escapes() || !octets.is_ascii() || memchr::memchr2(0, 0x1B, octets).is_some() {
        return None;
    }
    std::str::from_utf8(octets).ok().map(|text| (text.to_owned(), declared))
}

/// A long body, read where it lies.
pub(super) struct Lying {
    /// Its text in UTF-8.
    pub(super) text: Content,
    pub(super) remark: Option<String>,
}

/// A long body as `decode` reads it, by what stands first in it, or first is no ASCII: `None` where it can only be read as a whole.
pub(super) fn lying(octets: &Content, decode: impl FnOnce(&[u8]) -> Decoded) -> Result<Option<Lying>> {
    let decoded = decode(&sample(octets)?);
    let charset = decoded.charset;
    if charset.has_escapes() && !has_short_lines(octets)? {
        return Ok(None);
    }
    let octets = octets.slice(decoded.mark as u64..u64::MAX);
    let (mut missing, is_lossy) = (0, Arc::new(AtomicBool::new(false)));
    let pieces = Pieces { charset: charset.clone(), is_lossy: Arc::clone(&is_lossy) };
    let text = Recoded::open(Arc::new(octets), 0, pieces, |text| {
        missing += memchr::memmem::find_iter(text, "\u{fffd}").count();
    })?;
    let lost = is_lossy.load(Ordering::Relaxed).then(|| lost(missing, &charset));
    Ok(Some(Lying { text: Content::from(Arc::new(text) as Source), remark: remark(decoded.said.as_deref(), lost) }))
}

/// What tells the charset of a long body: its start, and its first octets beyond ASCII.
fn sample(octets: &Content) -> Result<Vec<u8>> {
    let part = |from: u64, len: usize| octets.slice(from..from.saturating_add(len as u64)).to_vec(len);
    let mut sample = part(0, SAMPLE)?;
    if sample.is_ascii() {
        let (mut at, mut found) = (0_u64, None);
        octets.for_each_chunk(|chunk| {
            let beyond = chunk.iter().position(|octet| !octet.is_ascii());
            found = found.or(beyond.map(|beyond| at + beyond as u64));
            at += chunk.len() as u64;
            Ok(())
        })?;
        if let Some(found) = found {
            sample.truncate(HEAD);
            sample.extend(part(found, SAMPLE)?);
        }
    }
    let is_wide = wide_by_its_zeros(&sample).is_some();
    let page = if is_wide { CodePage::UTF_16LE } else { CodePage::UTF_8 };
    sample.truncate(page.whole_characters(&sample));
    Ok(sample)
}

/// Whether no line is longer than a piece of it: escapes hold to the end of their line.
fn has_short_lines(octets: &Content) -> Result<bool> {
    let (mut line, mut longest) = (0, 0);
    octets.for_each_chunk(|chunk| {
        let mut lines = chunk.split(|octet| *octet == b'\n');
        line += lines.next().map_or(0, <[u8]>::len);
        for next in lines {
            longest = longest.max(line);
            line = next.len();
        }
        Ok(())
    })?;
    Ok(longest.max(line) < PIECE)
}

/// Text that is decoded where it is read.
struct Pieces {
    charset: Charset,
    is_lossy: Arc<AtomicBool>,
}

impl Recode for Pieces {
    type State = ();

    fn recode(&self, octets: &[u8], is_last: bool, _: &mut (), out: &mut Vec<u8>) -> usize {
        let len = if is_last { octets.len() } else { self.charset.whole_characters(octets) };
        let (text, wrong) = self.charset.decode(octets.get(..len).unwrap_or_default());
        if wrong {
            self.is_lossy.store(true, Ordering::Relaxed);
        }
        out.extend_from_slice(text.as_bytes());
        len
    }
}

/// Plain text, up to its first NUL, in the code page of the message's text.
pub(super) fn plain(octets: &[u8], page: CodePage) -> Decoded {
    let octets = octets.split(|octet| *octet == 0).next().unwrap_or_default();
    by_evidence(octets, Charset::Page(page), !page.says_nothing(), None, None)
}

/// In this code page, whatever comes of it.
fn as_it_is(octets: &[u8], page: CodePage) -> Decoded {
    let (text, wrong) = page.decode_whole(octets);
    let text = match text.trim_end_matches('\0').len() {
        len if len < text.len() => text.get(..len).unwrap_or_default().to_owned(),
        _ => text,
    };
    Decoded { is_lossy: wrong, ..Decoded::new(text, &Charset::Page(page), None) }
}

/// By `first`, unless it is UTF-8 or does not fit; then by what fits of the charset that it names itself, the one of the message, and the
/// one that it looks like.
fn by_evidence(
    octets: &[u8],
    first: Charset,
    is_said: bool,
    named: Option<&Charset>,
    of_message: Option<&Charset>,
) -> Decoded {
    if octets.is_ascii() && !first.has_escapes() {
        // Nothing in ASCII but the escapes of ISO-2022 means anything else in another charset.
        let escaped = escaped_charset(octets).map(|label| (label, decode_labelled(label, octets)));
        return match escaped {
            Some((label, (text, false))) => {
                let said = format!("it is in ISO-2022, not in {}", first.name());
                Decoded::new(text, &Charset::Named(label.to_vec()), Some(said))
            }
            _ => Decoded::new(std::str::from_utf8(octets).unwrap_or_default().to_owned(), &first, None),
        };
    }
    let said = |used: &Charset| format!("it is not in {} as declared: it was read as {}", first.name(), used.name());
    let utf_8 = Charset::Page(CodePage::UTF_8);
    if first.is_single_octet() && is_utf_8(octets, CodePage::WINDOWS_1252) {
        let (text, _) = CodePage::UTF_8.decode_whole(octets);
        return Decoded::new(text, &utf_8, is_said.then(|| said(&utf_8)));
    }
    let (text, wrong) = first.decode(octets);
    if !wrong {
        return Decoded::new(text, &first, None);
    }
    let missing = text.matches(char::REPLACEMENT_CHARACTER).count();
    let beyond = text.chars().filter(|c| !c.is_ascii()).count();
    if missing * TOLERANCE <= beyond {
        return Decoded { is_lossy: true, ..Decoded::new(text, &first, None) };
    }
    // A few letters with marks may be of any Latin script: then it is the usual one.
    let is_little = octets.iter().filter(|octet| !octet.is_ascii()).count() < LITTLE;
    let guessed = Charset::Page(match guess([octets]) {
        CodePage(1250 | 1254 | 1257 | 1258) if is_little => CodePage::WINDOWS_1252,
        page => page,
    });
    // Any octets are text in a code page of single octets: that they fit the one of the message proves nothing.
    let of_message = of_message.filter(|page| !page.is_single_octet());
    let others = [Some(&utf_8), named, of_message, Some(&guessed)].into_iter().flatten();
    for other in others.filter(|other| **other != first) {
        if let (text, false) = other.decode(octets) {
            return Decoded::new(text, other, Some(said(other)));
        }
    }
    Decoded { is_lossy: true, ..Decoded::new(text, &first, None) }
}

fn lost(missing: usize, charset: &Charset) -> String {
    format!("some of its octets are invalid in {} and were replaced by U+FFFD, in {missing} places", charset.name())
}

/// UTF-16 by its zeros: markup is ASCII, so that every other octet of it is one.
fn wide_by_its_zeros(octets: &[u8]) -> Option<CodePage> {
    let (pairs, _) = octets.get(..HEAD).unwrap_or(octets).as_chunks::<2>();
    let zeros = |at: fn(&[u8; 2]) -> bool| pairs.iter().filter(|pair| at(pair)).count();
    let (high, low) = (zeros(|[low, high]| *high == 0 && *low != 0), zeros(|[low, high]| *low == 0 && *high != 0));
    let is_wide = |some: usize, others: usize| some * 5 >= pairs.len() && some > 0 && others * 4 < some;
    match (is_wide(high, low), is_wide(low, high)) {
        (true, _) => Some(CodePage::UTF_16LE),
        (_, true) => Some(CodePage::UTF_16BE),
        _ => None,
    }
}

/// The charset that HTML declares itself to be in: `charset=` in a `meta` element, or `encoding=` of XML.
fn meta_charset(octets: &[u8]) -> Option<Vec<u8>> {
    let head = octets.get(..HEAD).unwrap_or(octets).to_ascii_lowercase();
    let after = |text: &'static [u8], from: usize| {
        let rest = head.get(from..)?;
        memchr::memmem::find(rest, text).map(|at| from + at + text.len())
    };
    let label = |mut at: usize| {
        let skip = |at: usize| head.iter().skip(at).position(|octet| !octet.is_ascii_whitespace()).map(|n| at + n);
        at = skip(at)?;
        if head.get(at) != Some(&b'=') {
            return None;
        }
        let rest = head.get(skip(at + 1)?..)?;
        let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
        let end = rest.iter().position(|octet| !octet.is_ascii_alphanumeric() && !b"-_.:+".contains(octet));
        let label = rest.get(..end.unwrap_or(rest.len()))?;
        (!label.is_empty()).then(|| label.to_vec())
    };
    let mut from = 0;
    while let Some(meta) = after(b"<meta", from) {
        let end = head.iter().skip(meta).position(|octet| *octet == b'>').map_or(head.len(), |n| meta + n);
        let mut at = meta;
        while let Some(charset) = after(b"charset", at).filter(|at| *at <= end) {
            if let Some(label) = label(charset) {
                return meant(label);
            }
            at = charset;
        }
        from = end;
    }
    match head.starts_with(b"<?xml") {
        true => meant(label(after(b"encoding", 0)?)?),
        false => None,
    }
}

/// What reads as ASCII is not in UTF-16, whatever it calls itself (HTML §13.2.3.2).
fn meant(label: Vec<u8>) -> Option<Vec<u8>> {
    match label.starts_with(b"utf-16") || label.starts_with(b"utf-32") || label.starts_with(b"unicode") {
        true => None,
        false => Some(label),
    }
}

/// ISO-2022 by its escapes (RFC 1468, RFC 1557).
fn escaped_charset(octets: &[u8]) -> Option<&'static [u8]> {
    let has = |escape: &[u8]| memchr::memmem::find(octets, escape).is_some();
    match () {
        () if !has(b"\x1B$") => None,
        () if has(b"\x1B$)C") => Some(b"iso-2022-kr"),
        () if has(b"\x1B$B") || has(b"\x1B$@") => Some(b"iso-2022-jp"),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What HTML with these octets reads as, and whether something is told.
    fn read(octets: &[u8], declared: u32, of_message: u32) -> (String, bool) {
        let decoded = html(octets, Some(CodePage(declared)), CodePage(of_message));
        let remark = decoded.remark();
        (decoded.text, remark.is_some())
    }

    fn units(text: &str, to_octets: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(to_octets).collect()
    }

    #[test]
    fn html_is_decoded_as_its_octets_are() {
        for (octets, declared, text, has_remark) in [
            (&b"\xe9"[..], 1252, "é", false),
            ("é".as_bytes(), 1252, "é", true),
            ("é".as_bytes(), 20_127, "é", false),
            ("é".as_bytes(), 0, "é", false),
            ("é".as_bytes(), 65_001, "é", false),
            (b"\xd6\xd0", 936, "中", false),
            (b"\xEF\xBB\xBFx", 1252, "x", false),
            (b"\xFF\xFEx\0", 1252, "x", false),
            (b"\xFE\xFF\0x", 1252, "x", false),
            (b"<p>x</p>\0\0", 1252, "<p>x</p>", false),
            (b"Gr+APwA3w-e +-", 65_000, "Grüße +", false),
            (b"\x1b$)C\x0eGQ19>n\x0f", 50_225, "한국어", false),
            (b"\x1b$)C\x0eGQ19>n\x0f", 20_127, "한국어", true),
            (b"\x1b$BF|K\\\x1b(B", 1252, "日本", true),
            (b"\x1b$BF|K\\\x1b(B", 65_001, "日本", true),
            (b"x\0\0\0\xe9\0\0\0", 12_000, "xé", false),
            (b"<b>~{<:Ky2;~}</b>", 52_936, "<b>己所不</b>", false),
            // What is declared does not fit.
            ("<p>Grüße</p>".as_bytes(), 50_220, "<p>Grüße</p>", true),
            (b"<p>Gr\xfc\xdfe aus K\xf6ln</p>", 65_001, "<p>Grüße aus Köln</p>", true),
            (b"na\xefve \x93quoted\x94 \x96 10 \x80", 65_001, "naïve “quoted” – 10 €", true),
            (
                b"<p>\xcf\xf0\xe8\xe2\xe5\xf2, \xea\xe0\xea \xe4\xe5\xeb\xe0</p>",
                65_001,
                "<p>Привет, как дела</p>",
                true,
            ),
            ("<p>Привет мир</p>".as_bytes(), 1251, "<p>Привет мир</p>", true),
            (b"<meta charset=koi8-r><p>\xf0\xd2\xc9", 65_001, "<meta charset=koi8-r><p>При", true),
            // A code page that nobody knows.
            (b"\xe9", 64_999, "é", true),
            (b"e", 64_999, "e", false),
        ] {
            assert_eq!(read(octets, declared, 1252), (text.to_owned(), has_remark), "{declared} {text}");
        }
    }

    #[test]
    fn utf_16_is_known_by_its_zeros() {
        let (short, long) = ("<p>Grüße</p>", format!("<html><body>{}</body></html>", "日本語の本文 ".repeat(20)));
        for text in [short, &long] {
            let (little, big) = (units(text, u16::to_le_bytes), units(text, u16::to_be_bytes));
            for (octets, declared, has_remark) in [
                (&little, 1200, false),
                (&big, 1201, false),
                (&big, 1200, true),
                (&little, 1201, true),
                (&little, 65_001, true),
                (&big, 1252, true),
                (&little, 0, false),
            ] {
                assert_eq!(read(octets, declared, 1252), (text.to_owned(), has_remark), "{declared}");
            }
        }
        // Called UTF-16, and is UTF-8.
        assert_eq!(read("<p>é</p>".as_bytes(), 1200, 1252).0, "<p>é</p>");
    }

    #[test]
    fn html_without_a_code_page_says_itself_what_it_is_in() {
        for (octets, text) in [
            (&b"<meta charset=\"windows-1251\">\xcf\xf0\xe8"[..], "При"),
            (b"<META HTTP-EQUIV=Content-Type CONTENT='text/html; charset = iso-8859-7'>\xca\xe1\xeb", "Καλ"),
            (b"<meta charset=iso-2022-jp>\x1b$BF|K\\\x1b(B", "日本"),
            (b"<meta name=charset content=x><meta charset='koi8-r'>\xf0\xd2\xc9", "При"),
            (b"<?xml version=\"1.0\" encoding=\"shift_jis\"?>\x93\xfa\x96\x7b", "日本"),
            (b"<meta charset=utf-8>\xc3\xa9", "é"),
            (b"<meta charset=windows-1251>\xd0\x9f\xd1\x80\xd0\xb8", "При"),
            (b"<meta charset=iso-2022-kr>\x1b$)C\x0eGQ19>n\x0f", "한국어"),
            (b"<meta charset=utf-16>\xe9", "é"),
            (b"<meta charset=no-such-thing>\xe9", "é"),
            (b"<p charset=koi8-r>\xe9", "é"),
        ] {
            for declared in [None, Some(CodePage(0)), Some(CodePage(20_127))] {
                let found = html(octets, declared, CodePage::WINDOWS_1252).text;
                assert_eq!(found.rsplit('>').next(), Some(text), "{}", octets.escape_ascii());
            }
        }
        // What the store says is so before what the document says: its declaration may be older.
        let stored = html(b"<meta charset=windows-1251>\xe9", Some(CodePage(1252)), CodePage::WINDOWS_1252);
        assert!(stored.text.ends_with('é') && stored.remark().is_none());
        let of_message = html(b"<p>\x93\xfa\x96\x7b", None, CodePage(932));
        assert_eq!((of_message.text.as_str(), of_message.remark()), ("<p>日本", None));
    }

    #[test]
    fn plain_text_may_be_utf_8_and_what_is_lost_is_told() {
        for (octets, page, text, has_remark) in [
            ("Grüße".as_bytes(), 1252, "Grüße", true),
            (b"Gr\xfc\xdfe", 1252, "Grüße", false),
            ("日本".as_bytes(), 1250, "日本", true),
            (b"ab\0cd", 1252, "ab", false),
            (b"\x93\xfa\x96\x7b", 932, "日本", false),
        ] {
            let decoded = plain(octets, CodePage(page));
            assert_eq!((decoded.text.as_str(), decoded.remark().is_some()), (text, has_remark), "{page}");
        }
        let long = [&b"\x93\xfa".repeat(200)[..], b"\xff"].concat();
        let decoded = plain(&long, CodePage(932));
        assert!(
            decoded.text.ends_with("日\u{FFFD}") && decoded.remark().is_some_and(|remark| remark.contains("U+FFFD"))
        );
    }

    proptest::proptest! {
        #[test]
        fn any_octets_are_some_text(octets: Vec<u8>, page in 0_u32..70_000, meta in "<meta charset[ =\"'a-z0-9-]{0,20}>?") {
            let _ = html(&octets, Some(CodePage(page)), CodePage::WINDOWS_1252);
            let _ = html(&[meta.as_bytes(), &octets].concat(), None, CodePage(932));
            let _ = plain(&octets, CodePage(page));
        }
    }
}
