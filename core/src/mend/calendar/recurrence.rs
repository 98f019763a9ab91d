//! Recurrence rules (RFC 5545 §3.3.10).

use super::{
    Times,
    dates::{Dated, Start},
    index::Index,
    moment::{DAY, Form, Moment},
};
use crate::{
    content_line::Property,
    date_time::civil,
    mend::{Notes, draft::Draft},
};
use std::collections::HashSet;

const FREQUENCIES: [&str; 7] = ["SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"];
const DAYS: [&str; 7] = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];

/// Occurrences of a rule that ends: Radicale takes no more.
const MOST_OCCURRENCES: i64 = 10_000;

/// The lists of numbers that a rule may have, each with the largest, and whether it may be counted from the end.
const LISTS: [(&str, i64, bool); 8] = [
    ("BYSECOND", 60, false),
    ("BYMINUTE", 59, false),
    ("BYHOUR", 23, false),
    ("BYMONTHDAY", 31, true),
    ("BYYEARDAY", 366, true),
    ("BYWEEKNO", 53, true),
    ("BYMONTH", 12, false),
    ("BYSETPOS", 366, true),
];

/// The parts of a rule in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    parts: Vec<(String, String)>,
}

impl Rule {
    pub(super) fn parse(value: &str) -> Option<Self> {
        let part = |part: &str| {
            let (name, value) = part.split_once('=')?;
            Some((name.trim().to_ascii_uppercase(), value.split_whitespace().collect::<String>()))
        };
        let parts = value.split(';').filter(|part| !part.trim().is_empty()).map(part).collect::<Option<_>>()?;
        Some(Self { parts })
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.parts.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn remove(&mut self, name: &str) {
        self.parts.retain(|(known, _)| known != name);
    }

    fn set(&mut self, name: &str, value: String) {
        self.parts.iter_mut().filter(|(known, _)| known == name).for_each(|(_, old)| old.clone_from(&value));
    }

    /// Whether its occurrences are all at the time of day of the start.
    pub(super) fn keeps_time(&self) -> bool {
        let is_daily = matches!(
            self.get("FREQ").map(str::to_ascii_uppercase).as_deref(),
            Some("DAILY" | "WEEKLY" | "MONTHLY" | "YEARLY")
        );
        is_daily && ["BYHOUR", "BYMINUTE", "BYSECOND"].iter().all(|name| self.get(name).is_none())
    }

    /// Why it is invalid.
    fn fault(&self) -> Option<&'static str> {
        let frequency = self.get("FREQ").map(str::to_ascii_uppercase);
        let Some(frequency) = frequency.filter(|frequency| FREQUENCIES.contains(&&**frequency)) else {
            return Some("FREQ is missing or unknown");
        };
        for (at, (name, value)) in self.parts.iter().enumerate() {
            if self.parts.iter().take(at).any(|(before, _)| before == name) {
                return Some("a part stands there twice");
            }
            let number = |text: &str| text.trim_start_matches('+').parse::<i64>().ok();
            let is_right = match &**name {
                "FREQ" => true,
                "UNTIL" => Moment::lenient(value).is_some(),
                "COUNT" | "INTERVAL" => number(value).is_some_and(|number| number > 0),
                "WKST" => DAYS.iter().any(|day| day.eq_ignore_ascii_case(value)),
                "BYDAY" => value.split(',').all(|day| {
                    let day = day.trim();
                    let Some((nth, name)) = day.len().checked_sub(2).and_then(|at| day.split_at_checked(at)) else {
                        return false;
                    };
                    let nth_is_right = nth.is_empty()
                        || (matches!(&*frequency, "MONTHLY" | "YEARLY")
                            && number(nth).is_some_and(|nth| nth != 0 && nth.abs() <= 53));
                    nth_is_right && DAYS.iter().any(|known| known.eq_ignore_ascii_case(name))
                }),
                "RSCALE" | "SKIP" => return Some("RSCALE and SKIP are known to few"),
                name => match LISTS.iter().find(|(known, _, _)| *known == name) {
                    Some((name, most, from_end)) => value.split(',').all(|text| {
                        number(text.trim()).is_some_and(|number| {
                            let is_counted = matches!(*name, "BYSECOND" | "BYMINUTE" | "BYHOUR");
                            number.abs() <= *most
                                && (number > 0 || (*from_end && number < 0) || (is_counted && number == 0))
                        })
                    }),
                    None => false,
                },
            };
            if !is_right {
                return Some(match &**name {
                    "UNTIL" => "UNTIL is no date",
                    "COUNT" | "INTERVAL" => "COUNT or INTERVAL is not above 0",
                    "BYDAY" => "BYDAY is not right",
                    _ => "a part is unknown or out of range",
                });
            }
        }
        None
    }

    /// Whether it ends, but after so many occurrences that servers refuse to write them down.
    fn is_endless_work(&self, start: Moment) -> bool {
        let number = |name: &str| self.get(name).and_then(|number| number.parse::<i64>().ok());
        if let Some(count) = number("COUNT") {
            return count > MOST_OCCURRENCES;
        }
        let Some(until) = self.get("UNTIL").and_then(Moment::lenient) else { return false };
        let step = match &*self.get("FREQ").unwrap_or_default().to_ascii_uppercase() {
            "SECONDLY" => 1,
            "MINUTELY" => 60,
            "HOURLY" => 3_600,
            "DAILY" => DAY,
            "WEEKLY" => 7 * DAY,
            "MONTHLY" => 30 * DAY,
            _ => 365 * DAY,
        };
        let steps = until.wall.saturating_sub(start.wall) / step / number("INTERVAL").unwrap_or(1).max(1);
        let each_week = match self.get("BYDAY").filter(|_| step == 7 * DAY) {
            Some(days) => days.split(',').count().min(7) as i64,
            None => 1,
        };
        steps.saturating_mul(each_week) > MOST_OCCURRENCES
    }

    /// Occurrences that it has at most, its start included, as far as that is simple.
    fn most(&self, start: &Start) -> Option<i64> {
        let number = |name: &str| self.get(name).map_or(Some(1), |number| number.parse::<i64>().ok());
        if self.get("COUNT").is_some() {
            return number("COUNT");
        }
        let until = self.get("UNTIL").and_then(Moment::lenient)?;
        let (step, each) = match &*self.get("FREQ")?.to_ascii_uppercase() {
            "DAILY" => (DAY, 1),
            "WEEKLY" => (7 * DAY, self.get("BYDAY").map_or(1, |days| days.split(',').count())),
            "MONTHLY" | "YEARLY" if self.parts.iter().any(|(name, _)| name.starts_with("BY")) => return None,
            "MONTHLY" => (28 * DAY, 1),
            "YEARLY" => (365 * DAY, 1),
            _ => return None,
        };
        // UNTIL may be in UTC and the start in a zone.
        let seconds = until.wall.saturating_sub(start.moment.wall).saturating_add(DAY / 2);
        let steps = seconds.checked_div(step.saturating_mul(number("INTERVAL")?.max(1)))?.checked_add(1)?;
        steps.checked_mul(i64::try_from(each).ok()?)
    }

    /// When the last of its occurrences is, as clocks show it, as far as that is simple.
    fn last_by_count(&self, start: Moment) -> Option<i64> {
        if self.parts.iter().any(|(name, _)| name.starts_with("BY")) {
            return None;
        }
        let number = |name: &str| self.get(name).map_or(Some(1), |number| number.parse::<i64>().ok());
        let steps = (number("COUNT")? - 1).checked_mul(number("INTERVAL")?).filter(|steps| *steps < 1_000_000)?;
        let c = civil(start.wall);
        match &*self.get("FREQ")?.to_ascii_uppercase() {
            "DAILY" => Some(start.wall + steps * DAY),
            "WEEKLY" => Some(start.wall + steps * 7 * DAY),
            "MONTHLY" if c.day <= 28 => {
                let months = c.year * 12 + c.month - 1 + steps;
                Some(super::moment::wall_of(months / 12, months % 12 + 1, c.day)? + start.second_of_day())
            }
            "YEARLY" if c.month != 2 || c.day <= 28 => {
                Some(super::moment::wall_of(c.year + steps, c.month, c.day)? + start.second_of_day())
            }
            _ => None,
        }
    }
}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, (name, value)) in self.parts.iter().enumerate() {
            write!(f, "{}{name}={value}", if at == 0 { "" } else { ";" })?;
        }
        Ok(())
    }
}

/// Mends the rules of a component; gives whether all occurrences are at the time of day of the start.
pub(super) fn mend_rules(
    draft: &mut Draft,
    index: &mut Index,
    start: Option<&Start>,
    times: &mut Times<'_>,
    notes: &mut Notes,
) -> bool {
    let mut keeps_time = true;
    for name in ["RRULE", "EXRULE"] {
        let numbers: Vec<_> = index.all(name).collect();
        for number in numbers {
            keeps_time &= mend_rule(draft, index, number, name, start, times, notes);
        }
    }
    keeps_time
}

fn mend_rule(
    draft: &mut Draft,
    index: &mut Index,
    number: usize,
    name: &str,
    start: Option<&Start>,
    times: &mut Times<'_>,
    notes: &mut Notes,
) -> bool {
    let Some(property) = draft.property(number) else { return false };
    if property.value.trim().is_empty() {
        draft.remove(number);
        index.forget(number);
        notes.mended(format!("empty {name} removed"));
        return true;
    }
    let mut value = property.value.trim();
    // Some write the name once more.
    if let Some(rest) = value.get(..name.len() + 1).filter(|start| start.eq_ignore_ascii_case(&format!("{name}:"))) {
        value = value.get(rest.len()..).unwrap_or_default();
    }
    let Some(mut rule) = Rule::parse(value) else {
        notes.flag(format!("invalid {name}: not NAME=VALUE"));
        return false;
    };
    // Parts of programs' own went with RFC 5545.
    let is_some = |(name, value): &(String, String)| !value.is_empty() && !name.starts_with("X-");
    if !rule.parts.iter().all(is_some) {
        rule.parts.retain(is_some);
    }
    if let Some(fault) = rule.fault() {
        notes.flag(format!("invalid {name}: {fault}"));
        return false;
    }
    let before = rule.clone();
    if let Some(start) = start {
        mend_until(&mut rule, start, times, name, notes);
    }
    if rule.get("UNTIL").is_some() && rule.get("COUNT").is_some() {
        mend_count(&mut rule, start, times, name, notes);
    }
    let is_late = |day: &str| {
        day.len().checked_sub(2).and_then(|at| day.get(..at)?.parse::<i64>().ok()).is_some_and(|nth| nth.abs() > 5)
    };
    if rule.get("BYDAY").is_some_and(|days| days.split(',').any(is_late)) {
        notes.flag(format!("BYDAY of {name} counts beyond the fifth, which some servers do not take"));
    }
    if start.is_some_and(|start| rule.is_endless_work(start.moment)) {
        notes.flag(format!("{name} repeats more than {MOST_OCCURRENCES} times, which servers may refuse"));
    } else if rule
        .get("FREQ")
        .is_some_and(|often| ["MINUTELY", "SECONDLY"].iter().any(|one| one.eq_ignore_ascii_case(often)))
    {
        notes.flag(format!("{name} repeats by minutes or seconds, which servers may refuse"));
    }
    let written = rule.to_string();
    if written != property.value {
        if rule == before {
            notes.mended(format!("{name} written as the standard has it"));
        }
        draft.replace(number, Property { value: written, ..property }.to_string().into_bytes());
    }
    rule.keeps_time()
}

/// Flags a series of which EXDATE leaves out all occurrences.
pub(super) fn flag_without_occurrence(draft: &Draft, index: &Index, start: &Start, notes: &mut Notes) {
    if index.first("EXDATE").is_none() || index.first("RDATE").is_some() {
        return;
    }
    let rule = index.first("RRULE").and_then(|number| draft.property(number)).and_then(|line| Rule::parse(&line.value));
    let most = match rule {
        Some(rule) => rule.most(start),
        None => Some(1),
    };
    let Some(most) = most else { return };
    let dates = index.all("EXDATE").filter_map(|number| Dated::read(draft, number)).flat_map(|dated| dated.moments);
    let excluded: HashSet<(i64, Form)> = dates.map(|moment| (moment.wall, moment.form)).collect();
    // Those in UTC may be times of a start that is in a zone.
    let has_start =
        |moment: &(i64, Form)| *moment == (start.moment.wall, start.moment.form) || moment.1 != start.moment.form;
    if i64::try_from(excluded.len()).is_ok_and(|excluded| excluded >= most) && excluded.iter().any(has_start) {
        notes.flag("EXDATE leaves no occurrence of the series, which servers may refuse");
    }
}

/// The numbers of the rules that servers refuse a whole object for: invalid ones, one that is not the first, one without an occurrence.
pub(super) fn refused(draft: &Draft, index: &Index, start: Option<&Start>, times: &mut Times<'_>) -> Vec<usize> {
    let mut refused = Vec::new();
    for name in ["RRULE", "EXRULE"] {
        let mut found = 0;
        for number in index.all(name) {
            let Some(rule) = draft.property(number).map(|property| Rule::parse(&property.value)) else { continue };
            let rule = rule.filter(|rule| rule.fault().is_none());
            let until = rule.as_ref().and_then(|rule| rule.get("UNTIL")).and_then(Moment::lenient);
            let is_over = until.zip(start).is_some_and(|(until, start)| ends_before(until, start, times));
            let is_right = rule.is_some() && !is_over;
            found += usize::from(is_right);
            if !is_right || name == "RRULE" && found > 1 {
                refused.push(number);
            }
        }
    }
    refused
}

/// Brings UNTIL to the type that the start asks for: its own, and UTC where it is in a zone.
fn mend_until(rule: &mut Rule, start: &Start, times: &mut Times<'_>, name: &str, notes: &mut Notes) {
    let Some((text, until)) = rule.get("UNTIL").and_then(|text| Some((text.to_owned(), Moment::lenient(text)?))) else {
        return;
    };
    let time = if rule.keeps_time() { start.moment.second_of_day() } else { DAY - 1 };
    let utc = |wall: i64, times: &mut Times<'_>| match &start.zone {
        Some(zone) => Some(Moment { wall: wall - times.offset(zone, wall)?, form: Form::Utc }),
        None => Some(Moment { wall, form: Form::Utc }),
    };
    let fitted = match (start.moment.form, until.form) {
        (Form::Date, _) => Some(until.date()),
        (Form::Utc, Form::Utc) => Some(until),
        (Form::Utc, Form::Local) => Some(until.in_form(Form::Utc)),
        (Form::Utc, Form::Date) => Some(Moment { wall: until.wall + time, form: Form::Utc }),
        (Form::Local, Form::Utc) if start.zone.is_some() => Some(until),
        (Form::Local, Form::Local) if start.zone.is_some() => utc(until.wall, times),
        (Form::Local, Form::Date) if start.zone.is_some() => utc(until.wall + time, times),
        (Form::Local, Form::Local) => Some(until),
        (Form::Local, Form::Date) => Some(Moment { wall: until.wall + time, form: Form::Local }),
        // A time of day that is that of the start, or the end of a day, was meant on the same clocks.
        (Form::Local, Form::Utc) => {
            let second = until.second_of_day();
            let is_meant = second == time || second == 0 || second >= DAY - 60;
            is_meant.then(|| until.in_form(Form::Local))
        }
    };
    match fitted {
        Some(fitted) => {
            if fitted.to_string() != text {
                rule.set("UNTIL", fitted.to_string());
                notes.mended(format!("UNTIL of {name} brought to the type of DTSTART"));
            }
            if name == "RRULE" && ends_before(fitted, start, times) {
                notes.flag("UNTIL is before DTSTART: there is no occurrence");
            }
        }
        None => notes.flag(format!("UNTIL of {name} is of another type than DTSTART")),
    }
}

fn ends_before(until: Moment, start: &Start, times: &mut Times<'_>) -> bool {
    match (&start.zone, until.form) {
        (Some(zone), Form::Utc) => {
            times.offset(zone, start.moment.wall).is_some_and(|offset| until.wall < start.moment.wall - offset)
        }
        _ => until.wall < start.moment.wall,
    }
}

/// Of UNTIL and COUNT, which exclude each other, leaves the one that ends the series.
fn mend_count(rule: &mut Rule, start: Option<&Start>, times: &mut Times<'_>, name: &str, notes: &mut Notes) {
    let last = start.and_then(|start| Some((start, rule.last_by_count(start.moment)?)));
    let until = rule.get("UNTIL").and_then(Moment::lenient);
    let (Some((start, last)), Some(until)) = (last, until) else {
        notes.flag(format!("{name} has both UNTIL and COUNT"));
        return;
    };
    let last = match (&start.zone, until.form) {
        (Some(zone), Form::Utc) => times.offset(zone, last).map(|offset| last - offset),
        _ => Some(last),
    };
    match last {
        Some(last) => {
            rule.remove(if last <= until.wall { "UNTIL" } else { "COUNT" });
            notes.mended(format!("of UNTIL and COUNT of {name}, the one that ends the series later removed"));
        }
        None => notes.flag(format!("{name} has both UNTIL and COUNT")),
    }
}
