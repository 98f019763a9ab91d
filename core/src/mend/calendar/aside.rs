//! What servers refuse a whole object for, kept under another name, so that the rest of it arrives.
//!
//! It runs where something was flagged, behind all that mends: what has one right answer is right by then. What is set aside stays in
//! the object as `X-MAILFERRY-…`, and its flag in the log.

use super::{
    Times,
    dates::{DATES, Dated, Start, compare, is_period, with_dates},
    index::Index,
    moment::{DAY, Form, Moment, duration_of},
    recurrence, required,
};
use crate::{
    mend::{
        Notes,
        draft::{APART, Draft, rebuilt},
    },
    model::ComponentKind,
};
use std::cmp::Ordering;

/// Why an event is left out that says no time at which it is.
pub(super) const NO_START: &str = "event_without_start";

/// Sets aside what is wrong with a component; `is_alone` of one that is the only one of its object, `has_start` of one that was found to
/// have a start or to need none.
pub(super) fn set_aside(
    draft: &mut Draft,
    kind: ComponentKind,
    [is_alone, has_start]: [bool; 2],
    times: &mut Times<'_>,
    notes: &mut Notes,
) {
    let index = Index::of(draft, draft.numbers(), 1);
    let had_start = index.first("DTSTART").is_some();
    dates(draft, &index, is_alone, notes);
    let index = Index::of(draft, draft.numbers(), 1);
    let start = Start::read(draft, &index);
    if start.is_none() && kind == ComponentKind::Event {
        let is_given = match had_start {
            true => required::take_start(draft, &index, notes),
            // One that was taken from its RECURRENCE-ID has no number yet.
            false => has_start,
        };
        if !is_given {
            notes.refusal = notes.refusal.or(Some(NO_START));
            return;
        }
    }
    if let Some(start) = &start {
        ends(draft, &index, kind, start, times, notes);
        periods(draft, &index, start, times, notes);
    }
    let wrong_rules = recurrence::refused(draft, &index, start.as_ref(), times);
    let numbers = required::invalid_values(draft, &index);
    for number in wrong_rules.into_iter().chain(numbers) {
        apart(draft, number, notes);
    }
    durations(draft, &index, notes);
    pictures(draft, &index, notes);
    triggers(draft, &index, notes);
}

/// Gives a line another name.
fn apart(draft: &mut Draft, number: usize, notes: &mut Notes) {
    if !draft.is_whole(number) || !draft.is_kept(number) {
        return;
    }
    let Some(name) = draft.line(number).map(|line| String::from_utf8_lossy(line.name).to_ascii_uppercase()) else {
        return;
    };
    draft.set_apart(number);
    notes.mended(format!("kept as {APART}{name}, because servers refuse the whole item for it"));
}

/// Dates that are none.
fn dates(draft: &mut Draft, index: &Index, is_alone: bool, notes: &mut Notes) {
    for name in DATES.into_iter().chain(["COMPLETED"]) {
        for number in index.all(name) {
            let Some(property) = draft.property(number) else { continue };
            let is_list = matches!(name, "EXDATE" | "RDATE");
            // A changed occurrence that is of no date would be another series.
            if Dated::read(draft, number).is_some() || name == "RECURRENCE-ID" && !is_alone {
                continue;
            }
            let texts = property.value.split(',');
            let is_right = |text: &&str| Moment::strict(text.as_bytes()).is_some();
            let right: Vec<&str> = match name {
                "RDATE" if property.value.contains('/') => {
                    texts.filter(|text| is_right(text) || is_period(text.as_bytes())).collect()
                }
                _ if is_list => texts.filter(is_right).collect(),
                _ => Vec::new(),
            };
            if right.len() == property.value.split(',').count() {
                continue;
            }
            // Those of a list that are dates stay dates.
            if !right.is_empty() {
                let line = crate::content_line::Property { value: right.join(","), ..property.clone() };
                draft.insert(number, line.to_string().into_bytes());
            }
            apart(draft, number, notes);
        }
    }
}

/// Ends before the start, or of another type.
fn ends(
    draft: &mut Draft,
    index: &Index,
    kind: ComponentKind,
    start: &Start,
    times: &mut Times<'_>,
    notes: &mut Notes,
) {
    let name = if kind == ComponentKind::Task { "DUE" } else { "DTEND" };
    let Some(number) = index.first(name) else { return };
    let Some(end) = Dated::read(draft, number) else { return };
    let begin = Dated { moments: vec![start.moment], zone: start.zone.clone() };
    let differs = end.first().is_some_and(|moment| (moment.form == Form::Date) != (start.moment.form == Form::Date));
    let order = compare(&end, &begin, times);
    let is_late = order == Some(Ordering::Less) || kind == ComponentKind::Task && order == Some(Ordering::Equal);
    if !differs && !is_late {
        return;
    }
    // When a task is due matters more than when it may be begun, unless it repeats from there.
    let is_bound = ["RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"].iter().any(|name| index.first(name).is_some());
    match index.first("DTSTART").filter(|_| kind == ComponentKind::Task && !is_bound) {
        Some(begin) => apart(draft, begin, notes),
        None => apart(draft, number, notes),
    }
}

/// Dates with a duration of their own: their starts stay, as dates that every server takes.
fn periods(draft: &mut Draft, index: &Index, start: &Start, times: &mut Times<'_>, notes: &mut Notes) {
    for number in index.all("RDATE") {
        let Some(property) = draft.property(number).filter(|property| property.value.contains('/')) else { continue };
        let zone = property.parameter_value("TZID").map(str::trim).filter(|zone| !zone.is_empty()).map(str::to_owned);
        let starts = property.value.split(',').map(|text| Moment::strict(text.split('/').next()?.as_bytes()));
        let Some(moments) = starts.collect::<Option<Vec<Moment>>>() else { continue };
        let lasting = length_of(draft, index, start, times);
        let is_same = lasting.is_some()
            && property.value.split(',').all(|text| period_length(text, zone.as_deref(), times) == lasting);
        let line = with_dates(property.clone(), &moments, zone.as_deref()).to_string().into_bytes();
        if is_same {
            draft.replace(number, line);
            notes.mended("RDATE with periods that last as long as the event written as dates");
        } else {
            draft.insert(number, line);
            apart(draft, number, notes);
        }
    }
}

/// Seconds that an event lasts.
fn length_of(draft: &Draft, index: &Index, start: &Start, times: &mut Times<'_>) -> Option<i64> {
    if let Some(number) = index.first("DURATION") {
        return draft
            .property(number)
            .and_then(|property| duration_of(property.value.trim()))
            .map(|(length, _)| length);
    }
    let Some(number) = index.first("DTEND") else {
        return Some(if start.moment.form == Form::Date { DAY } else { 0 });
    };
    let end = Dated::read(draft, number)?;
    let begin = Dated { moments: vec![start.moment], zone: start.zone.clone() };
    if end.zone == begin.zone {
        return Some(end.first()?.wall - start.moment.wall);
    }
    Some(end.instant(times)? - begin.instant(times)?)
}

/// Seconds of a period.
fn period_length(text: &str, zone: Option<&str>, times: &mut Times<'_>) -> Option<i64> {
    let (from, to) = text.split_once('/')?;
    if let Some((length, _)) = duration_of(to) {
        return Some(length);
    }
    let mut instant = |text: &str| {
        let moment = Moment::strict(text.as_bytes())?;
        let dated = Dated { moments: vec![moment], zone: zone.map(str::to_owned) };
        Some(dated.instant(times).unwrap_or(moment.wall))
    };
    Some(instant(to)? - instant(from)?)
}

/// Durations that are none, or negative.
fn durations(draft: &mut Draft, index: &Index, notes: &mut Notes) {
    for number in index.all("DURATION") {
        let Some(property) = draft.property(number) else { continue };
        if duration_of(property.value.trim()).is_none_or(|(seconds, _)| seconds < 0) {
            apart(draft, number, notes);
        }
    }
}

/// Pictures in the object itself (RFC 7986 §5.10), which stand in an attachment just as well.
fn pictures(draft: &mut Draft, index: &Index, notes: &mut Notes) {
    for number in index.all("IMAGE") {
        let Some(line) = draft.line(number).filter(required::is_inline) else { continue };
        let without = rebuilt(&line, &["DISPLAY"], b"");
        let attached = [&b"ATTACH"[..], without.get(line.name.len()..).unwrap_or_default()].concat();
        draft.replace(number, attached);
        notes.mended("a picture inside the event itself (IMAGE) written as ATTACH");
    }
}

/// Alarms at no time.
fn triggers(draft: &mut Draft, index: &Index, notes: &mut Notes) {
    for (name, range) in &index.inner {
        if name != b"VALARM" {
            continue;
        }
        let alarm = Index::of(draft, range.clone(), 2);
        let is_wrong = |number: usize| {
            draft.property(number).is_some_and(|trigger| {
                let value = trigger.value.trim();
                duration_of(value).is_none() && Moment::lenient(value).is_none()
            })
        };
        if alarm.first("TRIGGER").is_some_and(is_wrong) {
            range.clone().for_each(|number| draft.remove(number));
            notes.mended("alarm with an invalid TRIGGER removed");
        }
    }
}
