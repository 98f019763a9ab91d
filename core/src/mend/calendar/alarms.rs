//! Alarms (RFC 5545 §3.6.6).

use super::{
    index::Index,
    moment::{Form, Moment, lenient_duration},
};
use crate::{
    content_line::{Property, decode_text},
    mend::{
        Notes,
        draft::{Draft, rebuilt},
    },
};
use std::ops::Range;

/// Gives the alarms of a component what they must have.
pub(super) fn mend_alarms(draft: &mut Draft, index: &Index, must_display: bool, mend: bool, notes: &mut Notes) {
    for (name, range) in &index.inner {
        if name != b"VALARM" {
            continue;
        }
        let mut alarm = Index::of(draft, range.clone(), 2);
        if must_display {
            display(draft, &alarm, notes);
            alarm = Index::of(draft, range.clone(), 2);
        }
        if mend {
            mend_alarm(draft, &alarm, range.clone(), index.first("SUMMARY"), notes);
        }
    }
}

/// Makes of an alarm that is sent by mail one that is shown.
fn display(draft: &mut Draft, alarm: &Index, notes: &mut Notes) {
    let is_email = |line: crate::content_line::ContentLine<'_>| line.value.trim_ascii().eq_ignore_ascii_case(b"EMAIL");
    let Some(action) = alarm.first("ACTION").filter(|action| draft.line(*action).is_some_and(is_email)) else { return };
    draft.replace(action, b"ACTION:DISPLAY".to_vec());
    for attendee in alarm.all("ATTENDEE") {
        draft.set_apart(attendee);
    }
    notes.mended("alarm that sends mail shown instead");
}

fn mend_alarm(draft: &mut Draft, alarm: &Index, range: Range<usize>, summary: Option<usize>, notes: &mut Notes) {
    let end = range.end.saturating_sub(1);
    let Some(trigger) = alarm.first("TRIGGER") else {
        range.for_each(|number| draft.remove(number));
        notes.mended("alarm without TRIGGER removed");
        return;
    };
    mend_trigger(draft, trigger, notes);
    let value = |draft: &Draft, name: &str| {
        alarm.first(name).and_then(|number| draft.line(number)).map(|line| {
            let declared = line.parameter("CHARSET").and_then(|parameter| parameter.value);
            decode_text(line.value, declared).0.trim().to_ascii_uppercase()
        })
    };
    let mut action = value(draft, "ACTION").filter(|action| !action.is_empty());
    if action.is_none() {
        match alarm.first("ACTION") {
            Some(empty) => draft.replace(empty, b"ACTION:DISPLAY".to_vec()),
            None => draft.insert(end, b"ACTION:DISPLAY".to_vec()),
        }
        notes.mended("ACTION added to an alarm");
        action = Some("DISPLAY".to_owned());
    }
    if action.as_deref() == Some("EMAIL") && alarm.first("ATTENDEE").is_none() {
        alarm.first("ACTION").into_iter().for_each(|number| draft.replace(number, b"ACTION:DISPLAY".to_vec()));
        notes.mended("alarm that sends mail to nobody shown instead");
        action = Some("DISPLAY".to_owned());
    }
    let wanted: &[&str] = match action.as_deref() {
        Some("DISPLAY") => &["DESCRIPTION"],
        Some("EMAIL") => &["DESCRIPTION", "SUMMARY"],
        _ => &[],
    };
    for name in wanted {
        let found = alarm.first(name);
        // A long one is there, and only not held.
        if found
            .is_some_and(|number| !draft.is_whole(number) || value(draft, name).is_some_and(|value| !value.is_empty()))
        {
            continue;
        }
        let summary = summary.and_then(|number| draft.property(number)).map(|summary| summary.value);
        let text = summary.filter(|summary| !summary.trim().is_empty()).unwrap_or_else(|| "Reminder".to_owned());
        let line = Property::new(*name, text).to_string().into_bytes();
        match found {
            Some(empty) => draft.replace(empty, line),
            None => draft.insert(end, line),
        }
        notes.mended(format!("{name} added to an alarm"));
    }
    // Both or neither.
    match (alarm.first("REPEAT"), alarm.first("DURATION")) {
        (Some(lonely), None) | (None, Some(lonely)) => {
            draft.remove(lonely);
            notes.mended("REPEAT or DURATION of an alarm removed, because the other is missing");
        }
        _ => {}
    }
}

fn mend_trigger(draft: &mut Draft, number: usize, notes: &mut Notes) {
    let Some(line) = draft.line(number) else { return };
    let value = line.decoded_value();
    let value = value.trim();
    let stated = line.parameter("VALUE").and_then(|stated| stated.values().next()).unwrap_or_default();
    let states_time = stated.eq_ignore_ascii_case(b"DATE-TIME");
    if let Some((_, duration)) = lenient_duration(value) {
        let is_same = duration == value;
        if states_time {
            let without = rebuilt(&line, &["VALUE"], b"");
            draft.replace(number, without);
            notes.mended("VALUE of a TRIGGER brought to its type");
        }
        if !is_same && let Some(property) = draft.property(number) {
            draft.replace(number, Property { value: duration, ..property }.to_string().into_bytes());
            notes.mended("TRIGGER written as the standard has it");
        }
        return;
    }
    match Moment::lenient(value) {
        Some(moment) if moment.form == Form::Utc => {
            if !states_time || moment.to_string() != value {
                let Some(mut property) = draft.property(number) else { return };
                property.parameters.retain(|parameter| {
                    !["VALUE", "RELATED", "TZID"].iter().any(|name| parameter.name.eq_ignore_ascii_case(name))
                });
                property.value = moment.to_string();
                draft.replace(number, property.with("VALUE", "DATE-TIME").to_string().into_bytes());
                notes.mended("VALUE of a TRIGGER brought to its type");
            }
        }
        Some(_) => notes.flag("TRIGGER of an alarm is a time that is not in UTC"),
        None => notes.flag("invalid TRIGGER of an alarm"),
    }
}
