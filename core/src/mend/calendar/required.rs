//! Properties that a component must have, and those that it may have once.

use super::{
    Times,
    dates::Dated,
    index::Index,
    moment::{Form, Moment},
};
use crate::{
    content_line::ContentLine,
    mend::{
        Notes,
        draft::{Draft, rebuilt},
    },
    model::ComponentKind,
};
use uuid::Uuid;

/// The UUID of what a component holds, the same in every run.
pub(super) fn uid_of(octets: &[u8]) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, octets).to_string()
}

/// Adds a UID where there is none, or an empty one.
pub(super) fn require_uid(draft: &mut Draft, index: &Index, uid: &str, notes: &mut Notes) {
    let has_text = |number: usize| draft.line(number).is_some_and(|line| !line.value.trim_ascii().is_empty());
    let found = index.first("UID");
    if found.is_some_and(has_text) {
        return;
    }
    let uid = format!("UID:{uid}").into_bytes();
    match found {
        Some(empty) => draft.replace(empty, uid),
        None => draft.insert(draft.end(), uid),
    }
    notes.mended("UID added");
}

/// Adds a DTSTAMP where there is none: when the component was changed, made, or when it is.
pub(super) fn require_stamp(draft: &mut Draft, index: &Index, times: &mut Times<'_>, notes: &mut Notes) {
    if index.first("DTSTAMP").is_some() {
        return;
    }
    let mut wall = 0;
    for name in ["LAST-MODIFIED", "CREATED", "DTSTART", "DUE", "COMPLETED", "DTEND", "RECURRENCE-ID"] {
        if let Some(dated) = index.first(name).and_then(|number| Dated::read(draft, number))
            && let Some(moment) = dated.first()
        {
            wall = dated.instant(times).unwrap_or(moment.wall);
            break;
        }
    }
    let stamp = format!("DTSTAMP:{}", Moment { wall, form: Form::Utc }).into_bytes();
    draft.insert(draft.end(), stamp);
    notes.mended("DTSTAMP added");
}

/// Flags that the start is missing where there must be one; whether there is one, or none is needed.
pub(super) fn require_start(draft: &mut Draft, index: &Index, kind: ComponentKind, notes: &mut Notes) -> bool {
    let repeats = index.first("RRULE").is_some() || index.first("RDATE").is_some();
    let is_missing = index.first("DTSTART").is_none_or(|number| !draft.is_kept(number));
    let is_event = kind == ComponentKind::Event;
    let is_there = !is_missing || !(is_event || repeats) || is_event && take_start(draft, index, notes);
    if !is_there {
        notes.flag("DTSTART is missing");
    }
    is_there
}

/// A changed occurrence that says nothing of its start is when it was; whether it is one.
pub(super) fn take_start(draft: &mut Draft, index: &Index, notes: &mut Notes) -> bool {
    let original = index.first("RECURRENCE-ID").filter(|number| Dated::read(draft, *number).is_some());
    let Some((number, line)) = original.and_then(|number| Some((number, draft.line(number)?))) else { return false };
    let without = rebuilt(&line, &["RANGE"], b"");
    let start = [&b"DTSTART"[..], without.get(line.name.len()..).unwrap_or_default()].concat();
    draft.insert(number, start);
    notes.mended("DTSTART of a changed occurrence taken from its RECURRENCE-ID");
    true
}

/// Properties that are numbers, each with the largest.
const NUMBERS: [(&str, i64); 3] = [("PRIORITY", 9), ("PERCENT-COMPLETE", 100), ("SEQUENCE", i64::MAX)];
/// Properties that say nothing where they are empty.
const WORDS: [&str; 10] =
    ["STATUS", "CLASS", "TRANSP", "URL", "ORGANIZER", "GEO", "DTEND", "DUE", "CATEGORIES", "RESOURCES"];

/// Takes away what is empty and must not be, and flags numbers that are none.
pub(super) fn mend_values(draft: &mut Draft, index: &mut Index, notes: &mut Notes) {
    if index.all("IMAGE").any(|number| draft.line(number).is_some_and(|line| is_inline(&line))) {
        notes.flag("a picture inside the event itself (IMAGE), which servers may refuse");
    }
    for (name, most) in NUMBERS.into_iter().chain(WORDS.map(|name| (name, -1))) {
        let numbers: Vec<_> = index.all(name).collect();
        for number in numbers {
            let Some(line) = draft.line(number) else { continue };
            let value = line.decoded_value();
            let value = value.trim();
            if value.is_empty() {
                draft.remove(number);
                index.forget(number);
                notes.mended(format!("empty {name} removed"));
            } else if !is_number(value, most) {
                notes.flag(format!("invalid {name}"));
            } else if name == "GEO" {
                let value = value.to_owned();
                mend_geo(draft, number, &value, notes);
            }
        }
    }
}

/// Whether a value is a number up to `most`; of what has none, any is.
fn is_number(value: &str, most: i64) -> bool {
    most < 0 || value.parse::<i64>().is_ok_and(|number| (0..=most).contains(&number))
}

/// Whether octets stand in the line itself.
pub(super) fn is_inline(line: &ContentLine<'_>) -> bool {
    line.parameter("VALUE")
        .and_then(|stated| stated.values().next())
        .is_some_and(|stated| stated.eq_ignore_ascii_case(b"BINARY"))
}

/// The numbers of the lines whose values are no numbers and should be.
pub(super) fn invalid_values(draft: &Draft, index: &Index) -> Vec<usize> {
    let value =
        |number: usize| draft.line(number).map(|line| line.decoded_value().trim().to_owned()).unwrap_or_default();
    let numbers = NUMBERS.iter().flat_map(|(name, most)| index.all(name).map(move |number| (number, *most)));
    let wrong = numbers.filter(|(number, most)| !is_number(&value(*number), *most)).map(|(number, _)| number);
    wrong.chain(index.all("GEO").filter(|number| floats(&value(*number), ";").is_none())).collect()
}

/// Two numbers.
fn floats<'a>(value: &'a str, separator: &str) -> Option<(&'a str, &'a str)> {
    let (latitude, longitude) = value.split_once(separator)?;
    let (latitude, longitude) = (latitude.trim(), longitude.trim());
    (latitude.parse::<f64>().is_ok() && longitude.parse::<f64>().is_ok()).then_some((latitude, longitude))
}

/// Two numbers with a semicolon between.
fn mend_geo(draft: &mut Draft, number: usize, value: &str, notes: &mut Notes) {
    match (floats(value, ";"), floats(value, "\\;").or(floats(value, ","))) {
        (Some(_), _) => {}
        (None, Some((latitude, longitude))) => {
            draft.replace(number, format!("GEO:{latitude};{longitude}").into_bytes());
            notes.mended("GEO separated by a semicolon");
        }
        _ => notes.flag("invalid GEO"),
    }
}

/// Of properties that may stand once, keeps the first; others that say something else get another name.
pub(super) fn keep_first(draft: &mut Draft, index: &mut Index, kind: ComponentKind, notes: &mut Notes) {
    for name in index.repeated() {
        if name == "RRULE" {
            notes.flag("more than one RRULE");
            continue;
        }
        if name == "DESCRIPTION" && kind == ComponentKind::Journal {
            continue;
        }
        let numbers: Vec<_> = index.all(name).collect();
        let first = numbers.first().map(|number| draft.text(*number).to_vec()).unwrap_or_default();
        for number in numbers.into_iter().skip(1) {
            if draft.text(number) == first {
                draft.remove(number);
            } else {
                draft.set_apart(number);
            }
            index.forget(number);
            notes.mended(format!("{name} that stands there twice: the first kept"));
        }
    }
}
