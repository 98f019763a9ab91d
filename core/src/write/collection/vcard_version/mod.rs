//! Cards from one version to another: vCard 2.1, RFC 2426, RFC 6350.
//!
//! A card is read to a form that belongs to no version — text decoded, types gathered, binary values as base64 — and
//! written from that. What a version has no place for becomes an `X-` property, and a defect says so.

mod dates;
mod neutral;
mod v3;
mod v4;

use crate::{
    content_line::{Property, escape_text, split_unescaped, unescape_text},
    defect::{Defect, DefectKind},
    error::Result,
    model::VCardVersion,
    source::Content,
};
use neutral::{Card, Field, Value};

/// The card in another version, its lines folded and ended with CRLF, and what could not be kept as it was.
pub(super) fn convert(card: &Content, to: VCardVersion, limit: usize) -> Result<(Vec<u8>, Vec<Defect>)> {
    let mut card = Card::read(card, limit)?;
    let mut lost = Lost::default();
    name(&mut card);
    let mut out = Vec::new();
    Property::new("BEGIN", "VCARD").write_to(&mut out);
    Property::new("VERSION", to.as_str()).write_to(&mut out);
    let properties = match to {
        VCardVersion::V4 => v4::properties(card, &mut lost),
        _ => v3::properties(card, &mut lost),
    };
    properties.iter().for_each(|property| property.write_to(&mut out));
    Property::new("END", "VCARD").write_to(&mut out);
    Ok((out, lost.defects))
}

/// What has no place in the version that is written.
#[derive(Default)]
struct Lost {
    defects: Vec<Defect>,
}

impl Lost {
    fn tell(&mut self, what: impl Into<String>) {
        crate::content_line::tell(&mut self.defects, || Defect::new(DefectKind::Conversion, what.into()));
    }
}

/// Makes FN and N where they are missing: both versions want FN, and RFC 2426 wants N.
fn name(card: &mut Card) {
    let text = |card: &Card, name: &str| {
        let field = card.fields.iter().find(|field| field.is(name))?;
        let text = field.text().trim();
        (!text.replace(';', "").trim().is_empty()).then(|| text.to_owned())
    };
    if text(card, "FN").is_none() {
        let from_name = text(card, "N").map(|value| {
            let parts: Vec<_> = split_unescaped(&value, ';').map(|part| part.trim().replace(',', " ")).collect();
            let said = [3, 1, 2, 0, 4].into_iter().filter_map(|i| parts.get(i)).filter(|part| !part.is_empty());
            said.map(String::as_str).collect::<Vec<_>>().join(" ")
        });
        let first_part = |value: String| split_unescaped(&value, ';').next().map(str::to_owned);
        let found = from_name
            .or_else(|| text(card, "ORG").and_then(first_part))
            .or_else(|| ["NICKNAME", "EMAIL", "TEL"].iter().find_map(|name| text(card, name)));
        card.fields.retain(|field| !field.is("FN"));
        card.fields.insert(0, Field::new("FN", found.unwrap_or_else(|| "Unknown".to_owned())));
    }
    if text(card, "N").is_none() {
        card.fields.retain(|field| !field.is("N"));
        let full = text(card, "FN").unwrap_or_default();
        let is_person = !card.fields.iter().any(|field| field.is("KIND") || field.is("X-ADDRESSBOOKSERVER-KIND"));
        let words: Vec<_> = full.rsplitn(2, ' ').collect();
        let value = match *words {
            [family, given] if is_person && !unescape_text(&full).contains(',') => format!("{family};{given};;;"),
            _ => format!("{full};;;;"),
        };
        card.fields.insert(1, Field::new("N", value));
    }
}

/// A property for a field, its types and preference left out.
fn property(field: &Field, name: &str, value: String) -> Property {
    Property { group: field.group.clone(), name: name.to_owned(), parameters: field.parameters.clone(), value }
}

/// The card in an AGENT, in one line of text.
fn agent_text(value: &Value) -> String {
    match value {
        Value::Text(text) | Value::Uri(text) => text.clone(),
        Value::Binary { base64, .. } => base64.clone(),
        Value::Card(text) => escape_text(text),
    }
}

#[cfg(test)]
mod tests;
