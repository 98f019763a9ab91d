//! Cards from one version to another: vCard 2.1, RFC 2426, RFC 6350.
//!
//! A card is read to a form that belongs to no version — text decoded, types gathered, binary values as base64 — and
//! written from that. What a version has no place for becomes an `X-` property or parameter, from which the way back makes what it
//! was, and a defect says so.

mod neutral;
mod v3;
mod v4;

use crate::{
    content_line::{Property, escape_text},
    defect::{Defect, DefectKind},
    error::Result,
    mend::{YearlessDates, full_name, structured_name},
    model::VCardVersion,
    source::Content,
};
use neutral::{Card, Field, Value};

/// What RFC 6350 and its extensions (RFC 6474, 6715, 8605, 9554) have and RFC 2426 has not; there it is an `X-` property.
const ONLY_V4: [&str; 22] = [
    "KIND",
    "MEMBER",
    "GENDER",
    "ANNIVERSARY",
    "LANG",
    "RELATED",
    "XML",
    "CLIENTPIDMAP",
    "BIRTHPLACE",
    "DEATHPLACE",
    "DEATHDATE",
    "EXPERTISE",
    "HOBBY",
    "INTEREST",
    "ORG-DIRECTORY",
    "CONTACT-URI",
    "CREATED",
    "GRAMGENDER",
    "LANGUAGE",
    "PRONOUNS",
    "SOCIALPROFILE",
    "JSPROP",
];
/// Those whose `X-` name was given by others.
const NAMED_BY_APPLE: [(&str, &str); 2] =
    [("KIND", "X-ADDRESSBOOKSERVER-KIND"), ("MEMBER", "X-ADDRESSBOOKSERVER-MEMBER")];

/// What RFC 2426 and vCard 2.1 have and RFC 6350 has not; there it is an `X-` property.
const ONLY_V3: [&str; 4] = ["MAILER", "CLASS", "PROFILE", "NAME"];

/// What RFC 2426 has once; of RFC 6350 there may be more, in other languages, and then they are `X-` properties.
const ONCE: [&str; 6] = ["FN", "N", "BDAY", "REV", "UID", "PRODID"];

/// Parameters of RFC 6350 and RFC 9554 that RFC 2426 has not; there they are `X-` parameters.
const PARAMETERS_V4: [&str; 20] = [
    "ALTID",
    "PID",
    "SORT-AS",
    "CALSCALE",
    "GEO",
    "TZ",
    "MEDIATYPE",
    "LEVEL",
    "INDEX",
    "CC",
    "AUTHOR",
    "AUTHOR-NAME",
    "CREATED",
    "DERIVED",
    "PHONETIC",
    "PROP-ID",
    "SCRIPT",
    "SERVICE-TYPE",
    "USERNAME",
    "JSPTR",
];

/// Parameters that keep, in RFC 6350, what a card of RFC 2426 had and would not have again after the way back: the name of the
/// property, its TYPE, its VALUE. A value of nothing is `none`.
const V3_NAME: &str = "X-V3-NAME";
const V3_TYPE: &str = "X-V3-TYPE";
const V3_VALUE: &str = "X-V3-VALUE";
const NONE: &str = "none";
/// The same the other way: the names of a property and of a parameter that RFC 6350 would not have again.
const V4_NAME: &str = "X-V4-NAME";
const V4_PARAMETER: &str = "X-V4-PARAMETER";
/// In an ADR of RFC 6350, the TYPE of the LABEL that it took in.
const LABEL_TYPE: &str = "X-LABEL-TYPE";

/// The card in another version, its lines folded and ended with CRLF, and what could not be kept as it was.
pub(super) fn convert(
    card: &Content,
    to: VCardVersion,
    yearless: YearlessDates,
    limit: usize,
) -> Result<(Vec<u8>, Vec<Defect>)> {
    let mut card = Card::read(card, limit)?;
    let mut lost = Lost::default();
    name(&mut card, to);
    let mut out = Vec::new();
    Property::new("BEGIN", "VCARD").write_to(&mut out);
    Property::new("VERSION", to.as_str()).write_to(&mut out);
    let properties = match to {
        VCardVersion::V4 => v4::properties(card, &mut lost),
        _ => v3::properties(card, yearless, &mut lost),
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
fn name(card: &mut Card, to: VCardVersion) {
    let text = |card: &Card, name: &str| {
        let field = card.fields.iter().find(|field| field.is(name))?;
        let text = field.text().trim();
        (!text.replace(';', "").trim().is_empty()).then(|| text.to_owned())
    };
    if text(card, "FN").is_none() {
        let found = full_name(|name| text(card, name));
        card.fields.retain(|field| !field.is("FN"));
        card.fields.insert(0, Field::new("FN", found.unwrap_or_else(|| "Unknown".to_owned())));
    }
    let has_name = card.fields.iter().any(|field| field.is("N") && !field.text().trim().is_empty());
    if !has_name && to == VCardVersion::V3 {
        card.fields.retain(|field| !field.is("N"));
        let full = text(card, "FN").unwrap_or_default();
        let is_kind = |field: &&Field| field.is("KIND") || field.is("X-ADDRESSBOOKSERVER-KIND");
        let is_person = card.fields.iter().filter(is_kind).all(|field| field.text().eq_ignore_ascii_case("individual"));
        let mut name = Field::new("N", structured_name(&full, is_person));
        if card.version == Some(VCardVersion::V4) {
            // RFC 9554 §4.4: it is made of another, and does not come back.
            name.add("X-DERIVED", "true");
        }
        card.fields.insert(1, name);
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
        Value::Binary(media) => media.base64.clone(),
        Value::Card(text) => escape_text(text),
    }
}

/// What the card in an AGENT is called.
fn agent_name(card: &str) -> String {
    let value_of =
        |name: &str| card.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned());
    value_of("FN:").or_else(|| value_of("N:")).unwrap_or_else(|| "agent".to_owned())
}

#[cfg(test)]
mod tests;
