//! When a component ends: DTEND, DUE, DURATION.

use super::{
    Times,
    dates::{Dated, Start, compare, next_day, with_dates},
    index::Index,
    moment::{DAY, Form, Moment, duration_of, duration_text, lenient_duration},
};
use crate::{
    mend::{Notes, draft::Draft},
    model::ComponentKind,
};
use std::cmp::Ordering;

/// Mends the end of a component, as far as it is clear.
pub(super) fn mend_end(
    draft: &mut Draft,
    index: &mut Index,
    kind: ComponentKind,
    start: Option<&Start>,
    times: &mut Times<'_>,
    notes: &mut Notes,
) {
    let end_name = if kind == ComponentKind::Task { "DUE" } else { "DTEND" };
    mend_duration(draft, index, start, notes);
    if let (Some(duration), Some(_)) = (index.first("DURATION"), index.first(end_name)) {
        draft.set_apart(duration);
        index.forget(duration);
        notes.mended(format!("DURATION moved, because {end_name} is there"));
    }
    if kind == ComponentKind::Task
        && start.is_none()
        && let Some(duration) = index.first("DURATION")
    {
        draft.set_apart(duration);
        index.forget(duration);
        notes.mended("DURATION moved, because it needs DTSTART");
    }
    let (Some(start), Some(number)) = (start, index.first(end_name)) else { return };
    let Some(end) = Dated::read(draft, number) else { return };
    let is_other = mend_types(draft, index, (number, &end), end_name, kind, start, notes);
    let (end, start) = match is_other {
        true => {
            let read = Dated::read(draft, number).zip(Start::read(draft, index));
            let Some(read) = read else { return };
            read
        }
        false => (end, start.clone()),
    };
    let start = Dated { moments: vec![start.moment], zone: start.zone };
    let is_day = start.first().is_some_and(|moment| moment.form == Form::Date);
    match compare(&end, &start, times) {
        Some(Ordering::Less) => notes.flag(format!("{end_name} is before DTSTART")),
        Some(Ordering::Equal) if kind == ComponentKind::Task => notes.flag("DUE is not after DTSTART"),
        // A day ends with the next one, which is what many programs leave out.
        Some(Ordering::Equal) if is_day => {
            if let (Some(property), Some(moment)) = (draft.property(number), end.first()) {
                let line = with_dates(property, &[next_day(moment)], None).to_string().into_bytes();
                draft.replace(number, line);
                notes.mended("DTEND of an all-day event set to the next day");
            }
        }
        // Without an end it ends when it starts (RFC 5545 §3.6.1).
        Some(Ordering::Equal) => {
            draft.remove(number);
            index.forget(number);
            notes.mended("DTEND removed, because it says the same as DTSTART");
        }
        Some(Ordering::Greater) => {}
        None => {
            let one_is_a_day = end.first().is_some_and(|moment| moment.form == Form::Date) != is_day;
            if one_is_a_day {
                notes.flag(format!("{end_name} is of another type than DTSTART"));
            }
        }
    }
}

/// Mends the DURATION of the component itself.
fn mend_duration(draft: &mut Draft, index: &Index, start: Option<&Start>, notes: &mut Notes) {
    let Some(number) = index.first("DURATION") else { return };
    let Some(property) = draft.property(number) else { return };
    let Some((seconds, value)) = lenient_duration(&property.value) else {
        notes.flag("invalid DURATION");
        return;
    };
    let in_days = duration_of(&value).is_some_and(|(_, in_days)| in_days);
    if seconds < 0 {
        notes.flag("negative DURATION");
        return;
    }
    let is_day = start.is_some_and(|start| start.moment.form == Form::Date);
    if is_day && !in_days {
        match seconds % DAY {
            0 => {
                let days = duration_text(seconds.max(DAY));
                let line = crate::content_line::Property { value: days, ..property }.to_string().into_bytes();
                draft.replace(number, line);
                notes.mended("DURATION of an all-day event written in days");
            }
            _ => notes.flag("DURATION of an all-day event is not in days"),
        }
    } else if value != property.value {
        let line = crate::content_line::Property { value, ..property }.to_string().into_bytes();
        draft.replace(number, line);
        notes.mended("DURATION written as the standard has it");
    }
}

/// Brings the end to the type and zone of the start, where that has one meaning; whether anything was changed.
fn mend_types(
    draft: &mut Draft,
    index: &Index,
    (number, end): (usize, &Dated),
    end_name: &str,
    kind: ComponentKind,
    start: &Start,
    notes: &mut Notes,
) -> bool {
    let Some(moment) = end.first() else { return false };
    let mut is_changed = false;
    let is_floating = |form: Form, zone: Option<&String>| form == Form::Local && zone.is_none();
    let start_floats = is_floating(start.moment.form, start.zone.as_ref());
    let fitted = match (start.moment.form, moment.form) {
        // Where clocks of which nothing is said stand beside others, they are the same clocks.
        (Form::Local, Form::Local) if end.zone.is_none() && start.zone.is_some() => {
            Some((moment, start.zone.as_deref()))
        }
        (Form::Utc, Form::Local) if end.zone.is_none() => Some((moment.in_form(Form::Utc), None)),
        (Form::Local, Form::Utc) if start_floats => {
            notes.flag(format!("{end_name} is in UTC and DTSTART in no zone"));
            None
        }
        (Form::Local, Form::Local) if start_floats && end.zone.is_some() => {
            notes.flag(format!("{end_name} is in a zone and DTSTART in none"));
            None
        }
        // From a day to a midnight, or from a midnight to a day.
        (Form::Date, Form::Local) if moment.second_of_day() == 0 && kind != ComponentKind::Task => {
            Some((moment.date(), None))
        }
        (Form::Local | Form::Utc, Form::Date) if start.moment.second_of_day() == 0 || kind == ComponentKind::Task => {
            Some((Moment { wall: moment.wall, form: start.moment.form }, start.zone.as_deref()))
        }
        // A task that is due at a time starts at the midnight that its day begins with.
        (Form::Date, form) if form != Form::Date && kind == ComponentKind::Task => {
            if let Some((property, at)) = index.first("DTSTART").and_then(|at| Some((draft.property(at)?, at)))
                && index.first("RRULE").is_none()
            {
                let midnight = Moment { wall: start.moment.wall, form };
                let line = with_dates(property, &[midnight], end.zone.as_deref()).to_string().into_bytes();
                draft.replace(at, line);
                is_changed = true;
                notes.mended("DTSTART of a task brought to the type of DUE");
            }
            None
        }
        _ => None,
    };
    let Some((moment, zone)) = fitted else { return is_changed };
    if let Some(property) = draft.property(number) {
        let line = with_dates(property, &[moment], zone).to_string().into_bytes();
        draft.replace(number, line);
        is_changed = true;
        notes.mended(format!("{end_name} brought to the type of DTSTART"));
    }
    is_changed
}
