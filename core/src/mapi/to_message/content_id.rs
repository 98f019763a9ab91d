//! What HTML refers to its pictures by (RFC 2392, RFC 2557), and identifiers that hold in a header field.

use crate::{
    divide::divide,
    mapi::{contents::BodyText, html_text},
    order,
    source::Content,
};
use std::{collections::BTreeMap, fmt::Write, ops::Range};

/// Octets of a reference that are looked at, and references.
const REFERENCE: usize = 1024;
const REFERENCES: usize = 1 << 16;
/// Octets of HTML that are looked at together, and how many before a reference tell what it stands in.
const WINDOW: usize = 256 << 10;
const BEFORE: usize = 16;

/// What a part may be referred to by.
#[derive(Debug, Default)]
pub(super) struct Identity {
    pub(super) content_id: Option<String>,
    pub(super) location: Option<String>,
    /// Whether the HTML refers to it.
    pub(super) is_shown: bool,
    /// Where the HTML has its identifier.
    places: Vec<Range<u64>>,
    /// Whether all of these spell the identifier as RFC 2392 has it.
    is_spelled: bool,
}

impl Identity {
    pub(super) fn new(content_id: Option<String>, location: Option<String>) -> Self {
        let content_id = content_id.map(|id| id.trim_matches(['<', '>', ' ']).to_owned()).filter(|id| !id.is_empty());
        Self { content_id, location, is_shown: false, places: Vec::new(), is_spelled: true }
    }

    /// The identifier that the part gets in place of one that no header field can have, or that the HTML spells in another way.
    fn replacement(&self) -> Option<String> {
        let id = self.content_id.as_deref()?;
        (!self.is_spelled || !holds_in_a_field(id)).then(|| mended(id))
    }
}

/// Finds which parts the HTML shows. Where an identifier has to change, it changes alike in the part and in the HTML; what it was and
/// what it became is handed back.
pub(super) fn tie(html: &mut Option<BodyText>, parts: &mut [Identity]) -> Vec<(String, String)> {
    if let Some(html) = html {
        find(html, parts);
    }
    let (mut changed, mut edits) = (Vec::new(), Vec::new());
    for part in parts {
        let Some(new) = part.replacement() else { continue };
        edits.extend(part.places.drain(..).map(|place| (place, new.clone())));
        if let Some(old) = part.content_id.replace(new.clone()) {
            changed.push((old, new));
        }
    }
    if let Some(html) = html {
        edit(html, edits);
    }
    changed
}

fn edit(html: &mut BodyText, mut edits: Vec<(Range<u64>, String)>) {
    if edits.is_empty() {
        return;
    }
    order::sort_by_key(&mut edits, |(place, _)| place.start);
    let (len, rest) = (html.start.len() as u64, html.rest.take().unwrap_or_else(|| Content::from(Vec::new())));
    let held = |range: Range<u64>| {
        let place = |at: u64| usize::try_from(at.min(len)).unwrap_or(usize::MAX);
        html.start.get(place(range.start)..place(range.end)).unwrap_or_default()
    };
    // Pieces of the rest; a reference may begin in what is held and end in it.
    let lying = |range: Range<u64>| rest.slice(range.start.saturating_sub(len)..range.end.saturating_sub(len));
    let (mut start, mut behind, mut at) = (String::new(), Vec::new(), 0);
    for (place, new) in edits {
        // Two parts of the same identifier are one reference.
        if place.start < at {
            continue;
        }
        start.push_str(held(at..place.start));
        behind.push(lying(at..place.start));
        match place.start < len {
            true => start.push_str(&new),
            false => behind.push(Content::from(new.into_bytes())),
        }
        at = place.end;
    }
    start.push_str(held(at..u64::MAX));
    behind.push(lying(at..u64::MAX));
    *html = BodyText { start, rest: Some(Content::join(behind)).filter(|rest| !rest.is_empty()) };
}

/// Goes through `cid:…` and the values of `src=…`.
fn find(html: &BodyText, parts: &mut [Identity]) {
    // The first part of each name stands for all of it: a reference is looked up once.
    let (mut known, mut same) = (BTreeMap::new(), Vec::new());
    for (index, part) in parts.iter().enumerate() {
        for name in [&part.content_id, &part.location].into_iter().flatten() {
            for key in [name.to_lowercase(), percent_decoded(name).to_lowercase()] {
                let first = *known.entry(key).or_insert(index);
                if first != index {
                    same.push((first, index));
                }
            }
        }
    }
    if known.is_empty() {
        return;
    }
    let mut search =
        Search { known: &known, parts, window: String::new(), base: 0, searched: 0, left: [REFERENCES; 2] };
    search.all_of(html);
    for (first, other) in same {
        let Some((is_shown, is_spelled)) = parts.get(first).map(|first| (first.is_shown, first.is_spelled)) else {
            continue;
        };
        if let Some(other) = parts.get_mut(other) {
            other.is_shown |= is_shown;
            other.is_spelled &= is_spelled;
        }
    }
}

/// Looks for references in a text that comes piece by piece.
struct Search<'a> {
    known: &'a BTreeMap<String, usize>,
    parts: &'a mut [Identity],
    /// What was met last, and where it begins.
    window: String,
    base: u64,
    /// Up to where markers were looked for.
    searched: u64,
    /// References of each kind that are still looked at.
    left: [usize; 2],
}

impl Search<'_> {
    fn all_of(&mut self, html: &BodyText) {
        let mut start = html.start.as_str();
        while let Some((piece, behind)) =
            start.split_at_checked(start.floor_char_boundary(WINDOW)).filter(|_| !start.is_empty())
        {
            self.piece(piece);
            start = behind;
        }
        let mut octets = Vec::new();
        // What cannot be read is told where it is written.
        let _whole = html.rest.as_ref().map(|rest| {
            rest.for_each_chunk(|chunk| {
                octets.extend_from_slice(chunk);
                let whole = match std::str::from_utf8(&octets) {
                    Ok(text) => text.len(),
                    Err(error) if error.error_len().is_none() => error.valid_up_to(),
                    Err(_) => octets.len(),
                };
                let text: Vec<u8> = octets.drain(..whole).collect();
                self.piece(&String::from_utf8_lossy(&text));
                Ok(())
            })
        });
        self.search(true);
    }

    fn piece(&mut self, text: &str) {
        self.window.push_str(text);
        self.search(false);
        // What a reference may still need of what is before it.
        let behind = usize::try_from(self.searched.saturating_sub(self.base)).unwrap_or(usize::MAX);
        let done = self.window.floor_char_boundary(behind.saturating_sub(BEFORE));
        self.window.drain(..done);
        self.base += done as u64;
    }

    /// Looks at the markers behind which all of a reference is here.
    fn search(&mut self, is_last: bool) {
        let window = std::mem::take(&mut self.window);
        let lower = window.to_ascii_lowercase();
        let end = if is_last { window.len() } else { window.len().saturating_sub(REFERENCE + BEFORE) };
        let from = usize::try_from(self.searched.saturating_sub(self.base)).unwrap_or(usize::MAX);
        for (kind, (marker, is_cid)) in [("cid:", true), ("src=", false)].into_iter().enumerate() {
            let found = memchr::memmem::find_iter(lower.as_bytes(), marker);
            for at in found.skip_while(|at| *at < from).take_while(|at| *at < end) {
                let Some(left) = self.left.get_mut(kind).filter(|left| **left > 0) else { break };
                *left -= 1;
                let behind = at + marker.len();
                let rest = lower.get(behind..).unwrap_or_default();
                // The value of an attribute begins behind its quotation mark.
                let quoted = behind + usize::from(rest.starts_with(['"', '\'']));
                let (value, start) = if is_cid { (at, behind) } else { (quoted, quoted) };
                let Some((place, index)) = reference(&window, value, start, self.known) else { continue };
                if let Some(part) = self.parts.get_mut(index) {
                    let spelled = window.get(place.clone()).unwrap_or_default();
                    let place = self.base + place.start as u64..self.base + place.end as u64;
                    note(part, spelled, place, is_cid);
                }
            }
        }
        self.searched = self.searched.max(self.base + end as u64);
        self.window = window;
    }
}

fn note(part: &mut Identity, reference: &str, place: Range<u64>, is_cid: bool) {
    part.is_shown = true;
    if is_cid && let Some(id) = &part.content_id {
        let spelled = characters(reference.trim());
        let is_same = |spelled: &str| spelled.eq_ignore_ascii_case(id);
        part.is_spelled &= is_same(&spelled) || is_same(&percent_decoded(&spelled));
        part.places.push(place);
    }
}

/// The reference at `start`, in a value that begins at `value`, if it is one of `known`: where it ends depends on what it stands in,
/// which writers of HTML see differently.
fn reference(html: &str, value: usize, start: usize, known: &BTreeMap<String, usize>) -> Option<(Range<usize>, usize)> {
    let (before, rest) = (html.get(..value)?, html.get(start..)?);
    let rest = rest.get(..rest.floor_char_boundary(REFERENCE)).unwrap_or_default();
    let in_quotes = |quote: &str| before.ends_with(quote).then(|| rest.find(quote).unwrap_or(rest.len()));
    let quoted =
        ["\"", "'", "&quot;", "&#34;", "&apos;", "&#39;", "&#x27;", "&#x22;"].iter().find_map(|quote| in_quotes(quote));
    let in_parentheses = || before.ends_with('(').then(|| closing_parenthesis(rest));
    let is_end = |c: char| matches!(c, '"' | '\'' | '>' | '<') || c.is_whitespace();
    let up_to = |is_end: &dyn Fn(char) -> bool| rest.find(is_end).unwrap_or(rest.len());
    let ends = [
        quoted.or_else(in_parentheses).unwrap_or_else(|| up_to(&is_end)),
        up_to(&is_end),
        up_to(&|c| is_end(c) || matches!(c, ')' | '&')),
    ];
    ends.into_iter().find_map(|end| {
        let spelled = characters(rest.get(..end)?.trim()).to_lowercase();
        let index = known.get(&spelled).or_else(|| known.get(&percent_decoded(&spelled).to_lowercase()))?;
        Some((start..start + end, *index))
    })
}

/// Where the parenthesis closes before the first character of `rest`.
fn closing_parenthesis(rest: &str) -> usize {
    let mut depth = 0_usize;
    let closes = |(_, c): &(usize, char)| {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => return true,
            ')' => depth -= 1,
            _ => {}
        }
        false
    };
    rest.char_indices().find(closes).map_or(rest.len(), |(at, _)| at)
}

/// The text of an attribute value, its character references decoded.
fn characters(value: &str) -> String {
    let mut out = String::new();
    let mut rest = value;
    while let Some(at) = rest.find('&') {
        let (text, tail) = divide(rest, at);
        let (character, length) = html_text::entity(tail).or_else(|| letter(tail)).unwrap_or(('&', 1));
        out.push_str(text);
        out.push(character);
        rest = tail.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// A letter of Latin-1 by its name in HTML, and the length of the reference.
fn letter(text: &str) -> Option<(char, usize)> {
    let end = text.bytes().take(10).position(|octet| octet == b';')?;
    let name = text.get(1..end)?;
    let place = LATIN_1.iter().position(|known| *known == name)?;
    Some((char::from_u32(0xC0 + u32::try_from(place).ok()?)?, end + 1))
}

/// The names of U+00C0 to U+00FF in HTML.
const LATIN_1: [&str; 64] = [
    "Agrave", "Aacute", "Acirc", "Atilde", "Auml", "Aring", "AElig", "Ccedil", "Egrave", "Eacute", "Ecirc", "Euml",
    "Igrave", "Iacute", "Icirc", "Iuml", "ETH", "Ntilde", "Ograve", "Oacute", "Ocirc", "Otilde", "Ouml", "times",
    "Oslash", "Ugrave", "Uacute", "Ucirc", "Uuml", "Yacute", "THORN", "szlig", "agrave", "aacute", "acirc", "atilde",
    "auml", "aring", "aelig", "ccedil", "egrave", "eacute", "ecirc", "euml", "igrave", "iacute", "icirc", "iuml",
    "eth", "ntilde", "ograve", "oacute", "ocirc", "otilde", "ouml", "divide", "oslash", "ugrave", "uacute", "ucirc",
    "uuml", "yacute", "thorn", "yuml",
];

/// Whether readers find an identifier in a header field as it is: what parts words, quotes, or begins a comment there is not found.
fn holds_in_a_field(id: &str) -> bool {
    id.bytes().all(|octet| octet.is_ascii_graphic() && !b"<>()\"\\".contains(&octet)) && !id.contains("=?")
}

/// The identifier with the octets that a field or a URL cannot have as `=` and two digits, so that it is spelled alike in both.
fn mended(id: &str) -> String {
    let (left, right) = id.rsplit_once('@').unwrap_or((id, "invalid"));
    format!("{}@{}", encoded(left), encoded(right))
}

fn encoded(part: &str) -> String {
    let mut out = String::new();
    for (i, octet) in part.bytes().enumerate() {
        let parts_atoms = octet == b'.' && i > 0 && i + 1 < part.len() && !out.ends_with('.');
        if octet.is_ascii_alphanumeric() || b"-_+".contains(&octet) || parts_atoms {
            out.push(octet.into());
        } else {
            let _infallible = write!(out, "={octet:02X}");
        }
    }
    if out.is_empty() { "invalid".to_owned() } else { out }
}

fn percent_decoded(text: &str) -> String {
    let mut octets = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = match (first, tail) {
            (b'%', [high, low, ..]) => {
                let digit = |octet: u8| char::from(octet).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                digit(*high).zip(digit(*low)).map(|(high, low)| high << 4 | low)
            }
            _ => None,
        };
        octets.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    String::from_utf8_lossy(&octets).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What becomes of the HTML and of the identifier of its only part, and whether the HTML shows it.
    fn tied(html: &str, id: &str) -> (String, String, bool) {
        let of = |mut html: Option<BodyText>| {
            let mut parts = [Identity::new(Some(id.to_owned()), None)];
            tie(&mut html, &mut parts);
            let [part] = parts;
            let BodyText { start, rest } = html.unwrap();
            let rest = rest.map(|rest| String::from_utf8(rest.to_vec(usize::MAX).unwrap()).unwrap());
            (start + rest.as_deref().unwrap_or_default(), part.content_id.unwrap(), part.is_shown)
        };
        let whole = of(Some(BodyText::from(html.to_owned())));
        // The same, wherever what is held ends.
        for at in (0..=html.len()).filter(|at| html.is_char_boundary(*at)) {
            let (start, rest) = html.split_at(at);
            let rest = Some(Content::from(rest.as_bytes().to_vec()));
            assert_eq!(of(Some(BodyText { start: start.to_owned(), rest })), whole, "{at} of {html}");
        }
        whole
    }

    #[test]
    fn references_are_found_in_any_quoting_and_stay() {
        for (html, id) in [
            ("<img src=\"CID:A@b\">", "a@B"),
            ("<img src=cid:a@b>", "<a@b>"),
            ("<td background=cid:c%3Ad width=1>", "c:d"),
            ("<td style='background:url(cid:e)'>", "e"),
            ("<td style='background:url(&quot;cid:f@x&quot;)'>", "f@x"),
            ("<img src=\"cid:a&amp;b@x\">", "a&b@x"),
            ("<img src=\"cid:a&b@x\">", "a&b@x"),
            ("<img src=\"cid:a&#38;b@x\">", "a&b@x"),
            ("<img src='image001.png'>", "image001.png"),
            ("cid:g@x&nbsp;and so on", "g@x"),
        ] {
            let (after, kept, is_shown) = tied(html, id);
            assert!(is_shown && after == html, "{html}: {after}");
            assert_eq!(kept, id.trim_matches(['<', '>']));
        }
        assert!(!tied("<img src=\"cid:other\">", "a@b").2);
    }

    #[test]
    fn an_identifier_that_no_field_can_have_changes_with_its_references() {
        for (html, id, wanted) in [
            ("<img src=\"cid:my picture 1\">", "my picture 1", "my=20picture=201@invalid"),
            ("<img src=\"cid:my%20picture%201\">", "my picture 1", "my=20picture=201@invalid"),
            ("<img src='cid:Bild_ü'>", "Bild_ü", "Bild_=C3=BC@invalid"),
            ("<img src='cid:Bild_&uuml;@x'>", "Bild_ü@x", "Bild_=C3=BC@x"),
            ("<img src='cid:Bild_%C3%BC@x'>", "Bild_ü@x", "Bild_=C3=BC@x"),
            ("<img src=\"cid:logo(1)@x\">", "logo(1)@x", "logo=281=29@x"),
            ("<p style=\"background:url(cid:logo(1)@x)\">", "logo(1)@x", "logo=281=29@x"),
            ("<img src=cid:logo(1)@x>", "logo(1)@x", "logo=281=29@x"),
            ("<img src=\"cid:a b&amp;c@x\">", "a b&c@x", "a=20b=26c@x"),
            ("<img src=\"cid:a b@x\">", "a%20b@x", "a=2520b@x"),
            ("<img src=\"cid:..@x y\">", "..@x y", "=2E=2E@x=20y"),
        ] {
            let (after, id, is_shown) = tied(html, id);
            assert!(is_shown, "{html}");
            assert_eq!(id, wanted, "{html}");
            assert!(after.contains(&format!("cid:{wanted}")), "{after}");
            assert_eq!(after.matches("cid:").count(), 1);
        }
    }

    #[test]
    fn all_references_change_and_nothing_else() {
        let html = "<img src='cid:a b'><img src=\"cid:c@x\"><img src=\"cid:A%20B\"> a b";
        let mut html = Some(BodyText::from(html.to_owned()));
        let mut parts = [("a b", None), ("c@x", None), ("a b", Some("p.png"))]
            .map(|(id, at)| Identity::new(Some(id.into()), at.map(str::to_owned)));
        let changed = tie(&mut html, &mut parts);
        assert_eq!(
            html.unwrap().start,
            "<img src='cid:a=20b@invalid'><img src=\"cid:c@x\"><img src=\"cid:a=20b@invalid\"> a b"
        );
        assert_eq!(changed.len(), 2);
        assert!(parts.iter().all(|part| part.is_shown));
    }

    #[test]
    fn a_location_is_found_whatever_signs_it_has() {
        for (html, location) in [
            ("<img src=\"my picture.png\">", "my picture.png"),
            ("<img src='http://x.example/a?b=1&amp;c=2'>", "http://x.example/a?b=1&c=2"),
            ("<img src=image.png>", "IMAGE.png"),
        ] {
            let (mut html, mut parts) =
                (Some(BodyText::from(html.to_owned())), [Identity::new(None, Some(location.to_owned()))]);
            assert_eq!(tie(&mut html, &mut parts), []);
            assert!(parts[0].is_shown, "{location}");
        }
    }

    #[test]
    fn references_are_found_wherever_a_window_ends() {
        for before in
            (WINDOW - REFERENCE - 60..WINDOW + 30).step_by(7).chain([0, 2 * WINDOW - 3, 3 * WINDOW - REFERENCE])
        {
            let padding = "ü".repeat(before / 2) + &"x".repeat(before % 2);
            let html = format!("{padding}<img src=\"cid:a b@x\"><img src=pic.png>{padding}");
            let wanted = html.replace("a b@x", "a=20b@x");
            for held in [html.len(), 0, WINDOW - 1, before + 14, before + 17] {
                let (start, rest) = html.split_at(html.floor_char_boundary(held));
                let rest = Some(Content::from(rest.as_bytes().to_vec()));
                let mut text = Some(BodyText { start: start.to_owned(), rest });
                let mut parts = [
                    Identity::new(Some("a b@x".to_owned()), None),
                    Identity::new(None, Some("pic.png".to_owned())),
                    Identity::new(Some("unknown@x".to_owned()), None),
                ];
                let changed = tie(&mut text, &mut parts);
                assert_eq!((changed.len(), parts.each_ref().map(|part| part.is_shown)), (1, [true, true, false]));
                let BodyText { start, rest } = text.unwrap();
                let rest = rest.map(|rest| rest.to_vec(usize::MAX).unwrap()).unwrap_or_default();
                assert!([start.into_bytes(), rest].concat() == wanted.as_bytes(), "{before}, {held} held");
            }
        }
    }

    proptest! {
        #[test]
        fn any_html_is_gone_through(html in "(cid:|src=|[ -~ü]){0,12}", id in "[ -~ü]{0,6}") {
            let (_, id, _) = tied(&html, &format!("x{id}"));
            prop_assert!(!id.is_empty());
        }
    }
}
