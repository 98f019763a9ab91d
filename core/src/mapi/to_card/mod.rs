//! Contacts as vCards 3.0, distribution lists as vCards 4.0 of the kind "group" ([MS-OXVCARD], [MS-OXOCNTC]).

mod contact;
mod group;
#[cfg(test)]
mod tests;

pub(super) use contact::contact;
pub(super) use group::group;

use super::{Guid, pid, values::Values};
use crate::{
    Defect,
    content_line::{Property, escape_text},
    hex::hex,
    mapi::{MapiMessage, Translation, contents, html_text},
};

/// What both kinds of cards say in the same way: identity, last change, categories, note, class.
fn common(message: &MapiMessage, translation: &Translation, defects: &mut Vec<Defect>) -> Vec<Property> {
    let values = Values::of(message);
    let mut properties = Vec::new();
    let key = values.binary(pid::SEARCH_KEY).or_else(|| values.binary(pid::RECORD_KEY)).unwrap_or_default();
    if !key.is_empty() {
        let digits = hex(&key);
        properties.push(Property::new("UID", format!("{digits}@search-key.invalid")));
    }
    if let Some(changed) = values.time(pid::LAST_MODIFICATION_TIME).and_then(|time| time.date_time()) {
        properties.push(Property::new("REV", changed.to_compact_utc().replace('-', "T")));
    }
    let categories = values.texts((Guid::PS_PUBLIC_STRINGS, "Keywords"));
    if !categories.is_empty() {
        properties.push(Property::new("CATEGORIES", list(&categories)));
    }
    let (plain, html) = contents::bodies(message, translation, defects);
    let note = plain.or_else(|| html.as_deref().map(html_text::plain_text));
    properties.extend(note.filter(|note| !note.trim().is_empty()).map(|note| Property::text("NOTE", note.trim_end())));
    match values.integer(pid::SENSITIVITY) {
        Some(1 | 2) => properties.push(Property::new("CLASS", "PRIVATE")),
        Some(3) => properties.push(Property::new("CLASS", "CONFIDENTIAL")),
        _ => {}
    }
    properties
}

fn list(texts: &[String]) -> String {
    texts.iter().map(|text| escape_text(text)).collect::<Vec<_>>().join(",")
}

/// A structured value of escaped parts; `None` when all are empty.
fn structured(parts: &[Option<String>]) -> Option<String> {
    let escaped = parts.iter().map(|part| escape_text(part.as_deref().unwrap_or_default().trim()));
    let escaped: Vec<String> = escaped.collect();
    escaped.iter().any(|part| !part.is_empty()).then(|| escaped.join(";"))
}
