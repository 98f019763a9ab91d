//! Recurrences, as rules of iCalendar.

use super::xml::{Element, time};
use crate::{content_line::Property, mapi::FileTime};

const DAYS: [(&str, &str); 10] = [
    ("sunday", "SU"),
    ("monday", "MO"),
    ("tuesday", "TU"),
    ("wednesday", "WE"),
    ("thursday", "TH"),
    ("friday", "FR"),
    ("saturday", "SA"),
    ("weekdays", "MO,TU,WE,TH,FR"),
    ("weekenddays", "SU,SA"),
    ("allDays", "SU,MO,TU,WE,TH,FR,SA"),
];

/// The rule of a recurrence; `None` where it is of no kind that is known. `start` is when the first occurrence begins, and `None` for what
/// has days and no times.
pub(super) fn rule(recurrence: &Element, start: Option<FileTime>) -> Option<String> {
    let pattern = recurrence.child("OPFRecurrencePattern").unwrap_or(recurrence);
    let kind = pattern.text("OPFRecurrencePatternType")?.trim();
    let kind = kind.strip_prefix("OPFRecurrencePattern").unwrap_or(kind);
    let interval = pattern.number("OPFRecurrencePatternInterval").filter(|n| *n > 0).unwrap_or(1);
    let number =
        |name: &str, within: std::ops::RangeInclusive<i64>| pattern.number(name).filter(|n| within.contains(n));
    let days = days(pattern);
    let day_of_month = number("OPFRecurrencePatternDayOfMonth", 1..=31);
    let month = number("OPFRecurrencePatternMonth", 1..=12);
    let nth = match number("OPFRecurrencePatternWeek", -1..=5) {
        Some(5 | -1) => Some(-1),
        nth => nth.filter(|nth| *nth > 0),
    };
    let relative = || Some(format!(";BYDAY={};BYSETPOS={}", days.clone()?, nth?));
    let by = match kind {
        "Daily" => String::new(),
        "Weekly" => days.clone().map(|days| format!(";BYDAY={days}")).unwrap_or_default(),
        "AbsoluteMonthly" => format!(";BYMONTHDAY={}", day_of_month?),
        "AbsoluteYearly" => format!(";BYMONTH={};BYMONTHDAY={}", month?, day_of_month?),
        "RelativeMonthly" => relative()?,
        "RelativeYearly" => format!(";BYMONTH={}{}", month?, relative()?),
        _ => return None,
    };
    let frequency = match kind {
        "Daily" => "DAILY",
        "Weekly" => "WEEKLY",
        "AbsoluteYearly" | "RelativeYearly" => "YEARLY",
        _ => "MONTHLY",
    };
    let count = recurrence.number("OPFRecurrenceGetOccurenceCount").filter(|n| *n > 0);
    let count = count.filter(|_| recurrence.is_true("OPFRecurrenceIsNumbered"));
    let last = recurrence.time("OPFRecurrenceCopyEndDate").filter(|_| recurrence.is_true("OPFRecurrenceHasEndDate"));
    let end = match (count, last) {
        _ if recurrence.is_true("OPFRecurrenceIsNoEnd") => String::new(),
        (Some(count), _) => format!(";COUNT={count}"),
        (None, Some(last)) => match start {
            Some(start) => format!(";UNTIL={}", on_day(recurrence, start, last)?),
            None => format!(";UNTIL={}", nearest_midnight(last).date_time()?.to_compact_utc().get(..8)?),
        },
        (None, None) => String::new(),
    };
    Some(format!("FREQ={frequency};INTERVAL={interval}{by}{end}"))
}

fn days(pattern: &Element) -> Option<String> {
    let list = pattern.child("OPFRecurrencePatternDaysOfWeek")?;
    let mut found: Vec<&str> = Vec::new();
    for (name, days) in DAYS {
        if list.is_true(name) {
            found.extend(days.split(',').filter(|day| !found.contains(day)).collect::<Vec<_>>());
        }
    }
    (!found.is_empty()).then(|| found.join(","))
}

/// Occurrences that were deleted.
pub(super) fn deleted(item: &Element, recurrence: &Element, start: FileTime) -> Vec<Property> {
    let list = item.child("OPFCalendarEventCopyNegativeExceptions");
    let dates = list.into_iter().flat_map(|list| &list.children).filter_map(|date| time(date.own_text()?));
    let at = dates.filter_map(|date| on_day(recurrence, start, date));
    at.map(|at| Property::new("EXDATE", at)).collect()
}

/// When an occurrence on this day begins, in UTC. Days are told by their midnight in the zone of the event, as the first one is.
fn on_day(recurrence: &Element, start: FileTime, day: FileTime) -> Option<String> {
    const DAY: u64 = 24 * 3600 * 10_000_000;
    const HOUR: u64 = 3600 * 10_000_000;
    let midnight =
        recurrence.time("OPFRecurrenceCopyStartDate").filter(|first| first.0 <= start.0 && start.0 - first.0 < DAY);
    // Some name the occurrence itself, by the clock of the first one and with the hour that clocks may have changed by.
    let beside = (day.0 % DAY).abs_diff(start.0 % DAY);
    let is_itself = beside.min(DAY - beside) <= HOUR;
    let at = match midnight {
        Some(midnight) if !is_itself => day.0.checked_add(start.0 - midnight.0)?,
        _ => day.0,
    };
    utc(FileTime(at))
}

/// A time in UTC (RFC 5545 §3.3.5).
pub(super) fn utc(time: FileTime) -> Option<String> {
    Some(time.date_time()?.to_compact_utc().replacen('-', "T", 1))
}

/// A day that is told by its midnight in a zone which is not: the nearest midnight in UTC.
pub(super) fn nearest_midnight(time: FileTime) -> FileTime {
    const DAY: u64 = 24 * 3600 * 10_000_000;
    FileTime(time.0.saturating_add(DAY / 2) / DAY * DAY)
}
