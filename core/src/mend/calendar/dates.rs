//! Properties that are dates (RFC 5545 §3.8.2, §3.8.4.4, §3.8.5).

use super::{
    Times,
    index::Index,
    moment::{DAY, Form, Moment},
};
use crate::{
    content_line::{ContentLine, Parameter, Property, decode_parameter, decode_text},
    mend::{Notes, draft::Draft},
};

/// Properties of one date, or of a list of them.
pub(super) const DATES: [&str; 6] = ["DTSTART", "DTEND", "DUE", "RECURRENCE-ID", "EXDATE", "RDATE"];
/// Properties that are points in time in UTC.
const STAMPS: [&str; 4] = ["DTSTAMP", "CREATED", "LAST-MODIFIED", "COMPLETED"];

/// A date property, decoded.
#[derive(Clone, Debug)]
pub(super) struct Dated {
    pub(super) moments: Vec<Moment>,
    pub(super) zone: Option<String>,
}

impl Dated {
    /// What a line says; `None` where it says none, or periods.
    pub(super) fn read(draft: &Draft, number: usize) -> Option<Self> {
        let line = draft.line(number)?;
        let declared = line.parameter("CHARSET").and_then(|parameter| parameter.value);
        let value = decode_text(line.value, declared).0;
        let moments: Vec<_> = value.split(',').map(Moment::lenient).collect::<Option<_>>()?;
        let zone = line.parameter("TZID").and_then(|parameter| parameter.values().next()).and_then(|zone| {
            let decoded = decode_text(zone, None).0;
            let zone = decode_parameter(&decoded);
            Some(zone.trim()).filter(|zone| !zone.is_empty()).map(str::to_owned)
        });
        (!moments.is_empty()).then_some(Self { moments, zone })
    }

    /// The first of its dates.
    pub(super) fn first(&self) -> Option<Moment> {
        self.moments.first().copied()
    }

    /// The point in time, in Unix seconds; `None` of a day, and of a time that no zone is known of.
    pub(super) fn instant(&self, times: &mut Times<'_>) -> Option<i64> {
        let moment = self.first()?;
        match moment.form {
            Form::Date => None,
            Form::Utc => Some(moment.wall),
            Form::Local => Some(moment.wall - times.offset(self.zone.as_deref()?, moment.wall)?),
        }
    }
}

/// A property with these dates instead of its own, all of one form.
pub(super) fn with_dates(mut property: Property, moments: &[Moment], zone: Option<&str>) -> Property {
    let form = moments.first().map_or(Form::Local, |moment| moment.form);
    property
        .parameters
        .retain(|parameter| !["VALUE", "TZID"].iter().any(|name| parameter.name.eq_ignore_ascii_case(name)));
    let mut add = |name: &str, value: &str| {
        property.parameters.push(Parameter { name: name.into(), values: vec![value.to_owned()] });
    };
    match (form, zone) {
        (Form::Date, _) => add("VALUE", "DATE"),
        (Form::Local, Some(zone)) => add("TZID", zone),
        _ => {}
    }
    let texts: Vec<_> = moments.iter().map(ToString::to_string).collect();
    property.value = texts.join(",");
    property
}

/// Brings the dates of a component to the types that their properties state.
pub(super) fn mend_forms(draft: &mut Draft, index: &mut Index, times: &mut Times<'_>, notes: &mut Notes) {
    for name in DATES {
        let numbers: Vec<_> = index.all(name).collect();
        for number in numbers {
            if draft.line(number).is_some_and(|line| memchr::memchr(b'/', line.value).is_some() && line.is("RDATE")) {
                notes.flag("RDATE with periods, which some servers do not take");
            }
            if !draft.line(number).is_some_and(|line| is_right(&line)) {
                mend_form(draft, number, name, notes);
            }
        }
    }
    for name in STAMPS {
        let numbers: Vec<_> = index.all(name).collect();
        for number in numbers {
            let is_utc = |line: ContentLine<'_>| {
                line.parameters.is_empty() && Moment::strict(line.value).is_some_and(|moment| moment.form == Form::Utc)
            };
            if !draft.line(number).is_some_and(is_utc) {
                mend_stamp(draft, index, number, name, times, notes);
            }
        }
    }
}

/// Whether the value of a line is as the standard has it, and of the type that the line states.
fn is_right(line: &ContentLine<'_>) -> bool {
    let (mut value, mut zone) = (None, None);
    for parameter in line.parameters() {
        if parameter.name.eq_ignore_ascii_case(b"VALUE") {
            value = Some(parameter.value.unwrap_or_default());
        } else if parameter.name.eq_ignore_ascii_case(b"TZID") {
            zone = Some(parameter.value.unwrap_or_default());
        }
    }
    line.value.split(|octet| *octet == b',').all(|text| match Moment::strict(text).map(|moment| moment.form) {
        Some(Form::Date) => value.is_some_and(|value| value.eq_ignore_ascii_case(b"DATE")) && zone.is_none(),
        Some(Form::Utc) => value.is_none_or(|value| value.eq_ignore_ascii_case(b"DATE-TIME")) && zone.is_none(),
        Some(Form::Local) => {
            value.is_none_or(|value| value.eq_ignore_ascii_case(b"DATE-TIME"))
                && zone.is_none_or(|zone| !zone.trim_ascii().is_empty())
        }
        None => value.is_some_and(|value| value.eq_ignore_ascii_case(b"PERIOD")) && is_period(text),
    })
}

/// Whether a period begins with a time and ends with one or after a while.
pub(super) fn is_period(text: &[u8]) -> bool {
    let Some(slash) = memchr::memchr(b'/', text) else { return false };
    let is_time = |text: &[u8]| Moment::strict(text).is_some_and(|moment| moment.form != Form::Date);
    let end = text.get(slash + 1..).unwrap_or_default();
    let is_while = std::str::from_utf8(end).is_ok_and(|end| super::moment::duration_of(end).is_some());
    is_time(text.get(..slash).unwrap_or_default()) && (is_time(end) || is_while)
}

fn mend_form(draft: &mut Draft, number: usize, name: &'static str, notes: &mut Notes) {
    let Some(property) = draft.property(number) else {
        notes.flag(format!("invalid date: {name}"));
        return;
    };
    let stated = property.parameter_value("VALUE").unwrap_or_default().to_ascii_uppercase();
    if name == "RDATE" && property.value.contains('/') {
        if !property.value.split(',').all(|text| is_period(text.as_bytes())) {
            notes.flag("invalid period: RDATE");
        } else if stated != "PERIOD" {
            let mut property = property;
            property.parameters.retain(|parameter| !parameter.name.eq_ignore_ascii_case("VALUE"));
            draft.replace(number, property.with("VALUE", "PERIOD").to_string().into_bytes());
            notes.mended("VALUE=PERIOD added");
        }
        return;
    }
    let texts: Vec<&str> = property.value.split([',', ';']).map(str::trim).filter(|text| !text.is_empty()).collect();
    let is_list = matches!(name, "EXDATE" | "RDATE");
    if texts.is_empty() && is_list {
        draft.remove(number);
        notes.mended(format!("empty {name} removed"));
        return;
    }
    let moments: Option<Vec<Moment>> = texts.iter().map(|text| Moment::lenient(text)).collect();
    let Some(mut moments) = moments.filter(|moments| is_list || moments.len() == 1) else {
        notes.flag(format!("invalid date: {name}"));
        return;
    };
    let zone = property.parameter_value("TZID").map(str::trim).filter(|zone| !zone.is_empty()).map(str::to_owned);
    // Midnights of what is said to be days are days.
    if stated == "DATE" && moments.iter().all(|moment| moment.form != Form::Utc && moment.second_of_day() == 0) {
        moments = moments.iter().map(|moment| moment.date()).collect();
    }
    let forms: Vec<Form> = moments.iter().map(|moment| moment.form).collect();
    if forms.contains(&Form::Date) {
        if stated != "DATE" {
            notes.mended("VALUE=DATE added to dates");
        } else if zone.is_some() {
            notes.mended("TZID removed from dates and from times in UTC");
        } else {
            notes.mended("dates written as the standard has them");
        }
    } else if stated == "DATE" {
        notes.mended("VALUE=DATE removed from dates with times");
    } else if zone.is_some() && forms.contains(&Form::Utc) {
        notes.mended("TZID removed from dates and from times in UTC");
    } else {
        notes.mended("dates written as the standard has them");
    }
    // One line has values of one type and zone.
    let mut lines = Vec::new();
    for form in [Form::Date, Form::Local, Form::Utc] {
        let alike: Vec<_> = moments.iter().copied().filter(|moment| moment.form == form).collect();
        if !alike.is_empty() {
            lines.push(with_dates(property.clone(), &alike, zone.as_deref()).to_string().into_bytes());
        }
    }
    let last = lines.pop().unwrap_or_default();
    lines.into_iter().for_each(|line| draft.insert(number, line));
    draft.replace(number, last);
}

fn mend_stamp(
    draft: &mut Draft,
    index: &mut Index,
    number: usize,
    name: &'static str,
    times: &mut Times<'_>,
    notes: &mut Notes,
) {
    let Some(mut property) = draft.property(number) else { return };
    let Some(dated) = Dated::read(draft, number) else {
        // When it was made or changed matters less than that it arrives.
        if name == "COMPLETED" {
            notes.flag(format!("invalid date: {name}"));
        } else {
            draft.remove(number);
            index.forget(number);
            notes.mended(format!("invalid {name} removed"));
        }
        return;
    };
    let Some(first) = dated.first() else { return };
    let wall = dated.instant(times).unwrap_or(first.wall);
    property
        .parameters
        .retain(|parameter| !["VALUE", "TZID"].iter().any(|name| parameter.name.eq_ignore_ascii_case(name)));
    property.value = Moment { wall, form: Form::Utc }.to_string();
    let text = property.to_string().into_bytes();
    if text != draft.text(number) {
        draft.replace(number, text);
        notes.mended(format!("{name} brought to UTC"));
    }
}

/// The start of a component, to which its other dates have to fit.
#[derive(Clone, Debug)]
pub(super) struct Start {
    pub(super) moment: Moment,
    pub(super) zone: Option<String>,
}

impl Start {
    pub(super) fn read(draft: &Draft, index: &Index) -> Option<Self> {
        let dated = Dated::read(draft, index.first("DTSTART")?)?;
        Some(Self { moment: dated.first()?, zone: dated.zone })
    }

    /// `moment` in the form of the start, at its time of day where it is a day; `None` where that has more than one meaning.
    fn fit(&self, moment: Moment, zone: Option<&str>) -> Option<Moment> {
        let start = self.moment;
        match (start.form, moment.form) {
            (form, same) if form == same => Some(moment),
            (Form::Date, Form::Local) => Some(moment.date()),
            (Form::Date, Form::Utc) => (moment.second_of_day() == 0).then(|| moment.date()),
            (form, Form::Date) => Some(Moment { wall: moment.wall + start.second_of_day(), form }),
            // Of two clocks of which one is not known to be anywhere, the same time of day is the same time.
            (Form::Utc, Form::Local) if zone.is_none() => {
                (moment.second_of_day() == start.second_of_day()).then(|| moment.in_form(Form::Utc))
            }
            (Form::Local, Form::Utc) if self.zone.is_none() => {
                (moment.second_of_day() == start.second_of_day()).then(|| moment.in_form(Form::Local))
            }
            _ => Some(moment),
        }
    }

    /// Whether a date with this zone may stand beside the start as it is.
    fn takes(&self, moment: Moment, zone: Option<&str>) -> bool {
        let (start, other) = (self.moment.form, moment.form);
        match (start, other) {
            (Form::Date, Form::Date) => true,
            (Form::Date, _) | (_, Form::Date) => false,
            // Times that are nowhere are told apart from times somewhere.
            (Form::Local, Form::Local) => self.zone.is_some() == zone.is_some(),
            (Form::Local, Form::Utc) => self.zone.is_some(),
            (Form::Utc, Form::Local) => zone.is_some(),
            (Form::Utc, Form::Utc) => true,
        }
    }
}

/// Brings EXDATE, RDATE and RECURRENCE-ID to the type and zone of the start of the series.
pub(super) fn fit_to_series(draft: &mut Draft, index: &Index, start: &Start, is_simple: bool, notes: &mut Notes) {
    for name in ["EXDATE", "RDATE", "RECURRENCE-ID"] {
        let numbers: Vec<_> = index.all(name).collect();
        for number in numbers {
            let Some(dated) = Dated::read(draft, number) else { continue };
            let zone = dated.zone.as_deref();
            if dated.moments.iter().all(|moment| start.takes(*moment, zone)) {
                continue;
            }
            let fitted: Option<Vec<Moment>> = dated.moments.iter().map(|moment| start.fit(*moment, zone)).collect();
            let needs_time =
                start.moment.form != Form::Date && dated.moments.iter().any(|moment| moment.form == Form::Date);
            let Some(fitted) = fitted.filter(|_| is_simple || !needs_time) else {
                notes.flag(format!("{name} is of another type than DTSTART"));
                continue;
            };
            let Some(property) = draft.property(number) else { continue };
            // What had a zone of its own keeps it, unless it was a day.
            let zone = match fitted.first().map(|moment| moment.form) {
                Some(Form::Local) => zone.filter(|_| !needs_time).or(start.zone.as_deref()),
                _ => None,
            };
            let line = with_dates(property, &fitted, zone).to_string().into_bytes();
            draft.replace(number, line);
            notes.mended(format!("{name} brought to the type of DTSTART"));
        }
    }
}

/// When a date that is one in a zone or in UTC, or none, is before another; `None` where nobody can say.
pub(super) fn compare(one: &Dated, other: &Dated, times: &mut Times<'_>) -> Option<std::cmp::Ordering> {
    let (first, second) = (one.first()?, other.first()?);
    if first.form == second.form && (first.form != Form::Local || one.zone == other.zone) {
        return Some(first.wall.cmp(&second.wall));
    }
    if (first.form == Form::Date) != (second.form == Form::Date) {
        return None;
    }
    Some(one.instant(times)?.cmp(&other.instant(times)?))
}

/// A day later.
pub(super) fn next_day(moment: Moment) -> Moment {
    Moment { wall: moment.wall + DAY, ..moment }
}
