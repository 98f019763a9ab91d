use super::line_end::{closing_of, line_end_of};
use crate::{
    content_line::{
        Component, ContentLine, ContentLines, Detail, Marker, Placement, Walked, decode_text, is_utf8, split_unescaped,
        unescape_text, walk_component,
    },
    defect::{Defect, DefectKind},
    error::{Error, ErrorKind, Result},
    source::{Content, Source},
    word::words,
};
use std::{fmt, io, ops::Range, sync::Arc};

words! {
    /// A version of vCard.
    #[derive(PartialOrd, Ord)]
    pub enum VCardVersion: "a version of vCard" {
        /// The versit vCard of 1996.
        V2_1 = "2.1",
        /// RFC 2426.
        V3 = "3.0",
        /// RFC 6350.
        V4 = "4.0",
    }
}

impl VCardVersion {
    /// The version in the VERSION property.
    pub fn of(value: &str) -> Option<Self> {
        value.trim().parse().ok()
    }
}

/// Octets around a card that are looked at.
const BLANK: usize = 4 << 10;

/// A card (RFC 6350, RFC 2426, vCard 2.1): its octets, untouched, with what is asked of it often.
///
/// ```
/// use mailferry::{content_line::{Component, Property}, model::{VCard, VCardVersion}};
///
/// let card = VCard::from_component(
///     &Component::new("VCARD")
///         .with(Property::new("VERSION", "4.0"))
///         .with(Property::text("FN", "Ann Example"))
///         .with(Property::new("TEL", "+1 555 0100").with("TYPE", "home")),
/// )?;
/// assert_eq!((card.version(), card.name()), (Some(VCardVersion::V4), Some("Ann Example")));
/// # Ok::<(), mailferry::Error>(())
/// ```
#[derive(Clone)]
pub struct VCard {
    source: Source,
    /// Where the octets start that stand before the card and belong to none.
    before: u64,
    range: Range<u64>,
    /// Where what follows the card ends.
    after: u64,
    unclosed: Vec<Vec<u8>>,
    facts: Box<Facts>,
    /// What is written instead of its octets, where it was mended.
    mended: Option<Content>,
    /// Whether it was looked through for what a target needs.
    is_mended: bool,
}

/// What the lines of a card say.
#[derive(Clone, Debug, Default)]
struct Facts {
    version: Option<String>,
    uid: Option<String>,
    formatted_name: Option<String>,
    structured_name: Option<String>,
    organization: Option<String>,
    email: Option<String>,
    is_group: bool,
    photo: u64,
    odd_telephones: u32,
    legacy_charset: bool,
    defects: Vec<Defect>,
}

impl VCard {
    /// A card made of properties.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`] when the component is not a VCARD.
    pub fn from_component(card: &Component) -> Result<Self> {
        let mut octets = Vec::new();
        card.write_to(&mut octets);
        Self::parse(Arc::new(octets))
    }

    /// The first card of `source`.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`] when it holds none, [`ErrorKind::Io`] when it cannot be read.
    pub fn parse(source: Source) -> Result<Self> {
        let mut lines = ContentLines::new(source.clone())?;
        let card = read_card(&mut lines, &source, 0)?;
        card.ok_or_else(|| Error::new(ErrorKind::Malformed, "contains no vCard"))
    }

    /// The octets as in the source, or as the card was mended, from `BEGIN` to `END`.
    pub fn content(&self) -> Content {
        self.mended.clone().unwrap_or_else(|| Content::new(self.source.clone(), Some(self.range.clone())))
    }

    /// The same card of other octets.
    pub(crate) fn replaced(&self, content: Content) -> Result<Self> {
        let Self { facts, unclosed, .. } = Self::parse(Arc::new(content.clone()))?;
        let (source, range) = (self.source.clone(), self.range.clone());
        Ok(Self {
            source,
            range,
            before: self.before,
            after: self.after,
            unclosed,
            facts,
            mended: Some(content),
            is_mended: true,
        })
    }

    /// Notes that it was looked through for what a target needs.
    pub(crate) fn set_mended(&mut self) {
        self.is_mended = true;
    }

    /// Whether it was looked through for what a target needs.
    #[allow(dead_code, reason = "who writes cards without a conversion asks for it")]
    pub(crate) fn is_mended(&self) -> bool {
        self.is_mended
    }

    /// The offset of its first octet in the source.
    pub fn offset(&self) -> u64 {
        self.range.start
    }

    /// The octets of the card with those around it that belong to no card: a byte-order mark, blank lines.
    pub fn content_and_around(&self) -> Content {
        let of_source = |range| Content::new(self.source.clone(), Some(range));
        if !self.is_mended {
            return of_source(self.range_and_around());
        }
        // Only blank lines may stand there where nothing else is permitted.
        let is_blank = |content: &Content| {
            content.is_empty() || content.to_vec(BLANK).is_ok_and(|octets| octets.trim_ascii().is_empty())
        };
        let around = [self.before..self.range.start, self.range.end..self.after].map(of_source);
        let [before, after] =
            around.map(|content| if is_blank(&content) { content } else { Content::from(Vec::new()) });
        if self.mended.is_none() && before.len() + after.len() == self.around() {
            return of_source(self.range_and_around());
        }
        Content::join([before, self.content(), after])
    }

    /// Octets around it.
    fn around(&self) -> u64 {
        self.range.start.saturating_sub(self.before) + self.after.saturating_sub(self.range.end)
    }

    /// Where these stand in the source.
    pub(crate) fn range_and_around(&self) -> Range<u64> {
        self.before..self.after
    }

    /// Its version; `None` where it has no VERSION, or one that is not known.
    pub fn version(&self) -> Option<VCardVersion> {
        VCardVersion::of(self.facts.version.as_deref()?)
    }

    /// Its UID.
    pub fn uid(&self) -> Option<&str> {
        self.facts.uid.as_deref()
    }

    /// What to call it: FN, or the parts of N, ORG, or an address where there is no FN.
    pub fn name(&self) -> Option<&str> {
        let Facts { formatted_name, structured_name, organization, email, .. } = &*self.facts;
        let names = [formatted_name, structured_name, organization, email];
        names.into_iter().flatten().map(String::as_str).find(|name| !name.is_empty())
    }

    /// Whether it is a list of contacts (RFC 6350 §6.1.4, `KIND:group`, and Apple's `X-ADDRESSBOOKSERVER-KIND`).
    pub fn is_group(&self) -> bool {
        self.facts.is_group
    }

    /// Octets of the largest PHOTO or LOGO as in the card.
    pub fn photo_len(&self) -> u64 {
        self.facts.photo
    }

    /// TEL values without a digit, or with so many letters that they are not numbers.
    pub fn odd_telephones(&self) -> u32 {
        self.facts.odd_telephones
    }

    /// What was wrong with it.
    pub fn defects(&self) -> &[Defect] {
        &self.facts.defects
    }

    /// The octets of the card, and an `END` line for each card that is left open.
    ///
    /// # Errors
    /// Errors of the source.
    pub fn to_content(&self) -> io::Result<Content> {
        let content = self.content();
        let closing = closing_of(&content, &self.unclosed)?.replace('\n', line_end_of(&content)?);
        Ok(if closing.is_empty() { content } else { Content::join([content, Content::from(closing.into_bytes())]) })
    }
}

impl fmt::Debug for VCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VCard").field("range", &self.range).field("facts", &self.facts).finish()
    }
}

/// Reads the card that comes next and what follows it, up to the next card; `None` at the end. `before` is where the octets
/// before the card start.
pub(crate) fn read_card(lines: &mut ContentLines, source: &Source, before: u64) -> io::Result<Option<VCard>> {
    let Some(start) = seek_card(lines)? else { return Ok(None) };
    let mut facts = Facts::default();
    let mut defects = Vec::new();
    let may_stand =
        |placement: &Placement<'_>| placement.after_agent || !placement.inner.eq_ignore_ascii_case(b"VCARD");
    let Walked { end, unclosed, .. } =
        walk_component(lines, Detail::Parsed, may_stand, &mut defects, |depth, line, content, defects| {
            if let Some(content) = content.filter(|_| depth == 1) {
                facts.take(content, line.end - line.start);
            }
            if !facts.legacy_charset && line.whole && !is_utf8(line.head) {
                facts.legacy_charset = true;
                let declared =
                    content.and_then(|content| content.parameter("CHARSET")).and_then(|charset| charset.value);
                let (_, charset) = decode_text(line.head, declared);
                if declared.is_none() {
                    defects
                        .push(Defect::new(DefectKind::Charset, format!("not UTF-8, read as {charset}")).at(line.start));
                }
            }
        })?;
    facts.defects = defects;
    let after = seek_card(lines)?.unwrap_or_else(|| lines.offset());
    let (source, facts) = (source.clone(), Box::new(facts));
    Ok(Some(VCard { source, before, range: start..end, after, unclosed, facts, mended: None, is_mended: false }))
}

/// Goes to the next line that begins a card and gives its offset.
fn seek_card(lines: &mut ContentLines) -> io::Result<Option<u64>> {
    while let Some(line) = lines.next_line()? {
        let start = line.start;
        if let Some(Marker::Begin(name)) = Marker::of(line.head)
            && name.eq_ignore_ascii_case(b"VCARD")
        {
            lines.seek(start);
            return Ok(Some(start));
        }
    }
    Ok(None)
}

impl Facts {
    fn take(&mut self, line: &ContentLine<'_>, octets: u64) {
        match line.name.len() {
            1 if line.is("N") => {
                let name = set(&mut self.structured_name, line);
                if let Some(name) = name {
                    *name = joined_name(name);
                }
            }
            2 if line.is("FN") => {
                if let Some(name) = set(&mut self.formatted_name, line) {
                    *name = unescape_text(name).into_owned();
                }
            }
            3 if line.is("UID") => drop(set(&mut self.uid, line)),
            3 if line.is("ORG") => {
                if let Some(name) = set(&mut self.organization, line) {
                    *name = name.split(';').map(unescape_text).collect::<Vec<_>>().join(" ").trim().to_owned();
                }
            }
            3 if line.is("TEL") => self.odd_telephones += u32::from(is_odd_telephone(line.value)),
            4 if line.is("KIND") => self.is_group |= line.value.trim_ascii().eq_ignore_ascii_case(b"group"),
            4 if line.is("LOGO") => self.photo = self.photo.max(octets),
            5 if line.is("PHOTO") => self.photo = self.photo.max(octets),
            5 if line.is("EMAIL") => drop(set(&mut self.email, line)),
            7 if line.is("VERSION") => drop(set(&mut self.version, line)),
            24 if line.is("X-ADDRESSBOOKSERVER-KIND") => {
                self.is_group |= line.value.trim_ascii().eq_ignore_ascii_case(b"group");
            }
            _ => {}
        }
    }
}

/// Puts the decoded value into the slot and gives it, unless the slot is filled already.
fn set<'s>(slot: &'s mut Option<String>, line: &ContentLine<'_>) -> Option<&'s mut String> {
    if slot.is_some() {
        return None;
    }
    Some(slot.insert(line.decoded_value().trim().to_owned()))
}

/// The parts of an N value in the order they are said: prefixes, given, additional, family, suffixes.
fn joined_name(value: &str) -> String {
    let parts: Vec<_> = split_unescaped(value, ';').map(|part| unescape_text(part).trim().replace(',', " ")).collect();
    let said = [3, 1, 2, 0, 4].into_iter().filter_map(|i| parts.get(i)).filter(|part| !part.is_empty());
    said.map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// Whether a TEL value is no telephone number: fewer than two digits, or more than twice as many letters.
fn is_odd_telephone(value: &[u8]) -> bool {
    let number = value.trim_ascii();
    let number = number.strip_prefix(b"tel:").unwrap_or(number);
    let number = number.split(|octet| *octet == b';').next().unwrap_or_default();
    let digits = number.iter().filter(|octet| octet.is_ascii_digit()).count();
    let letters = number.iter().filter(|octet| octet.is_ascii_alphabetic()).count();
    digits < 2 || letters > 2 * digits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(octets: &str) -> VCard {
        VCard::parse(Arc::new(octets.as_bytes().to_vec())).unwrap()
    }

    #[test]
    fn a_name_is_found_wherever_it_stands() {
        for (lines, name) in [
            ("FN:Ann\\, Example\nN:x;y", Some("Ann, Example")),
            ("N;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=BCrgen;;Dr.;", Some("Dr. Jürgen Müller")),
            ("FN:\nORG:Example;Sales", Some("Example Sales")),
            ("EMAIL:ann@example.org", Some("ann@example.org")),
            ("TEL:1", None),
        ] {
            assert_eq!(card(&format!("BEGIN:VCARD\n{lines}\nEND:VCARD\n")).name(), name, "{lines}");
        }
    }

    #[test]
    fn the_properties_of_an_agent_are_not_those_of_the_card() {
        let card = card("BEGIN:VCARD\nAGENT:\nBEGIN:VCARD\nFN:Inner\nEND:VCARD\nFN:Outer\nEND:VCARD\n");
        assert_eq!((card.name(), card.content().len(), card.defects().len()), (Some("Outer"), 69, 0));
    }

    #[test]
    fn telephone_numbers_are_told_from_words() {
        for (value, odd) in
            [("+1 (555) 0100", false), ("1-800-FLOWERS", false), ("tel:+1;ext=5", true), ("unknown", true), ("", true)]
        {
            assert_eq!(is_odd_telephone(value.as_bytes()), odd, "{value}");
        }
    }
}
