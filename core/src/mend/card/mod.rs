//! Cards (RFC 6350, RFC 2426, vCard 2.1).

mod charset;
mod date;
mod kind;
mod layout;
mod media;
mod names;
mod once;
mod parameters;
mod preference;
mod required;
mod value;

pub(crate) use date::CardDate;
pub use date::YearlessDates;
pub(crate) use kind::{Kind, escape_bare, looks_like_uri, unescape_uri};
pub(crate) use media::{Media, bare, kind_of as media_kind, media_type_of};
pub(crate) use required::{full_name, structured_name};

use super::{Notes, draft::Draft};
use crate::{
    content_line::{ContentLine, Marker, Property},
    error::Result,
    model::{VCard, VCardVersion},
};
use media::is_base64_line;
use uuid::Uuid;

/// Lines of a card that is mended: each takes more memory than its octets.
const LINES: usize = 1 << 16;

/// Mends cards, one after the other.
///
/// A card stays in its version, and every line in which nothing is wrong stays octet for octet.
///
/// ```
/// use mailferry::{mend::CardMender, model::VCard};
/// use std::sync::Arc;
///
/// let octets = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann Doe\r\nURL:http\\://example.org\r\nEND:VCARD\r\n".to_vec();
/// let mut card = VCard::parse(Arc::new(octets))?;
/// let notes = CardMender::new().mend(&mut card)?;
/// assert_eq!(notes.mended, ["escapes of text removed from a URI: URL", "N added"]);
/// # Ok::<(), mailferry::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct CardMender {
    yearless: YearlessDates,
}

/// A property while the card is mended.
struct Entry {
    /// The number of its line.
    number: usize,
    property: Property,
    is_changed: bool,
    is_removed: bool,
}

/// What is said of the card as a whole.
struct Context {
    version: VCardVersion,
    yearless: YearlessDates,
}

impl Context {
    /// Whether it is of RFC 6350.
    fn is_v4(&self) -> bool {
        self.version == VCardVersion::V4
    }

    /// Whether it is of RFC 2426.
    fn is_v3(&self) -> bool {
        self.version == VCardVersion::V3
    }

    /// Whether it is of vCard 2.1.
    fn is_v2(&self) -> bool {
        self.version == VCardVersion::V2_1
    }
}

impl CardMender {
    /// One that brings cards to what the standards require.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, with dates without a year in vCard 3.0 as `yearless` says.
    #[must_use]
    pub fn with_yearless_dates(mut self, yearless: YearlessDates) -> Self {
        self.yearless = yearless;
        self
    }

    /// Mends `card` and gives what was done; its octets stay where nothing is wrong.
    ///
    /// # Errors
    /// Errors of its source; then nothing of it is changed.
    pub fn mend(&mut self, card: &mut VCard) -> Result<Notes> {
        let mut notes = Notes::default();
        match Draft::read(&card.content())?.filter(|draft| draft.numbers().len() <= LINES) {
            Some(mut draft) => {
                let version = required::version(&mut draft, &mut notes);
                let context = Context { version, yearless: self.yearless };
                let mut entries = entries(&mut draft, &context, &mut notes);
                preference::order(&mut entries, &context, &mut notes);
                once::limit(&mut entries, &context, &mut notes);
                let added = required::names(&mut entries, &context, &mut notes);
                put(&mut draft, entries, added);
                layout::markers(&mut draft, &mut notes);
                layout::close(&mut draft, &mut notes);
                layout::refold(&mut draft, &context, &mut notes);
                if draft.is_changed() {
                    *card = card.replaced(draft.finish())?;
                }
            }
            None => notes.flag("too large to be mended"),
        }
        card.set_mended();
        Ok(notes)
    }

    /// Gives the card a UID of its own, made of its octets, where the item `other` has the same one.
    pub(crate) fn replace_uid(&self, card: &mut VCard, other: &str, notes: &mut Notes) -> Result<()> {
        let Some(mut draft) = Draft::read(&card.content())? else {
            notes.flag("has the UID of an earlier card, and is too large to be given another");
            return Ok(());
        };
        let is_uid =
            |number: &usize| draft.depth(*number) == 1 && draft.line(*number).is_some_and(|line| line.is("UID"));
        let Some(number) = draft.numbers().find(is_uid) else { return Ok(()) };
        let lines = draft.numbers().flat_map(|number| [draft.text(number), b"\n"]);
        let uid = Uuid::new_v5(&Uuid::NAMESPACE_OID, &lines.collect::<Vec<_>>().concat());
        draft.replace(number, format!("UID:{}", uid.urn()).into_bytes());
        *card = card.replaced(draft.finish())?;
        card.set_mended();
        notes.mended(format!("UID replaced: item {other} has it too"));
        notes.flag("has the UID of an earlier card and another content: both are written, this one under a new UID");
        Ok(())
    }
}

/// The first value of a parameter.
fn said<'a>(property: &'a Property, name: &str) -> Option<&'a str> {
    property.parameter(name).and_then(|parameter| parameter.values.first()).map(String::as_str)
}

/// The properties of the card, each mended; what is no property is put right in the draft.
fn entries(draft: &mut Draft, context: &Context, notes: &mut Notes) -> Vec<Entry> {
    let charset = charset::Charset::of(draft);
    let mut entries: Vec<Entry> = Vec::new();
    let mut inner: Vec<String> = Vec::new();
    for number in draft.numbers() {
        if draft.depth(number) > 1 {
            if !context.is_v2() {
                inner.push(charset.text(draft.text(number)).into_owned());
                draft.remove(number);
            }
            continue;
        }
        if !inner.is_empty() {
            value::join_inner_card(&mut entries, number, std::mem::take(&mut inner), notes);
        }
        let text = draft.text(number);
        if !draft.is_whole(number) || draft.is_removed(number) || Marker::of(text).is_some() {
            continue;
        }
        if text.trim_ascii().is_empty() {
            // The end of base64 in vCard 2.1.
            if !context.is_v2() {
                draft.remove(number);
                notes.mended("blank lines removed");
            }
            continue;
        }
        if let Some(property) = without_colon(text) {
            notes.mended(format!("missing colon added: {}", property.name));
            entries.push(Entry { number, property, is_changed: true, is_removed: false });
            continue;
        }
        match ContentLine::parse(text) {
            Some(line) => {
                let (property, is_changed) = read(&line, &charset, context, notes);
                entries.push(Entry { number, property, is_changed, is_removed: false });
            }
            // Base64 that was broken without the white space of a fold.
            None if is_base64_line(text) && entries.last().is_some_and(continues_base64) => {
                let more = String::from_utf8_lossy(text).trim().to_owned();
                if let Some(last) = entries.last_mut() {
                    last.property.value += &more;
                    last.is_changed = true;
                    notes.mended(format!("lines of base64 joined: {}", last.property.name));
                }
                draft.remove(number);
            }
            None => {
                let property = Property::text("X-LINE", &charset.text(text));
                notes.flag("a line without a colon is kept as X-LINE");
                entries.push(Entry { number, property, is_changed: true, is_removed: false });
            }
        }
    }
    for entry in &mut entries {
        entry.is_changed |= value::mend(&mut entry.property, context, notes);
    }
    entries
}

/// A property as its line says it, and whether that is to be written anew.
fn read(line: &ContentLine<'_>, charset: &charset::Charset, context: &Context, notes: &mut Notes) -> (Property, bool) {
    let (mut property, mut is_changed) = charset.property(line, context, notes);
    is_changed |= names::spell(&mut property, notes);
    is_changed |= parameters::mend(&mut property, context, notes);
    is_changed |= charset::decode(&mut property, line, context, notes);
    (property, is_changed)
}

/// Whether lines without a colon may go on with the value.
fn continues_base64(entry: &Entry) -> bool {
    let is_encoded = entry.property.parameters.iter().any(|parameter| {
        let word = parameter.values.first().unwrap_or(&parameter.name);
        word.eq_ignore_ascii_case("base64") || word.eq_ignore_ascii_case("b")
    });
    is_encoded || Media::of_uri(&entry.property.value).is_some()
}

/// A picture, sound or key without the colon before its base64: `PHOTO;ENCODING=b;TYPE=JPEG/9j/4AAQ…`.
fn without_colon(text: &[u8]) -> Option<Property> {
    let text = std::str::from_utf8(text).ok().filter(|text| !text.contains(':'))?;
    let (name, rest) = text.split_once(';')?;
    let bare_name = name.rsplit('.').next().unwrap_or(name);
    if Kind::of(bare_name) != Kind::Binary {
        return None;
    }
    const WORDS: [&str; 12] =
        ["ENCODING=BASE64", "BASE64", "ENCODING=B", "JPEG", "JPG", "PNG", "GIF", "WAVE", "WAV", "PGP", "X509", "BMP"];
    // What follows the last word of the parameters.
    let upper = rest.to_ascii_uppercase();
    let ends = WORDS
        .iter()
        .filter_map(|word| upper.get(..64.min(upper.len())).unwrap_or(&upper).rfind(word).map(|at| at + word.len()));
    let mut ends: Vec<usize> = ends.collect();
    ends.sort_unstable();
    let split = ends.into_iter().rev().find_map(|end| rest.split_at_checked(end))?;
    let (parameters, value) = split;
    let value = value.trim();
    let is_value = value.len() >= 8 && is_base64_line(value.as_bytes());
    let line = format!("{name};{parameters}:{value}");
    is_value.then(|| ContentLine::parse(line.as_bytes()).map(|line| Property::from_line(&line))).flatten()
}

/// Writes what was changed into the draft, and what was added before its end.
fn put(draft: &mut Draft, entries: Vec<Entry>, added: Vec<Property>) {
    for entry in entries {
        match entry {
            Entry { is_removed: true, number, .. } => draft.remove(number),
            Entry { is_changed: true, number, property, .. } => {
                draft.replace(number, property.to_string().into_bytes())
            }
            _ => {}
        }
    }
    let end = draft.end();
    added.into_iter().for_each(|property| draft.insert(end, property.to_string().into_bytes()));
}

#[cfg(test)]
mod tests;
