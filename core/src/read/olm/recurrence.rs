//! Recurrences, as rules of iCalendar.

use super::element::{Element, time};
use crate::{
    content_line::{Component, Property},
    date_time::DateTime,
    defect::{Defect, DefectKind},
    mapi::FileTime,
};

/// Units of a FILETIME in an hour and in a day.
const HOUR: u64 = 3600 * 10_000_000;
const DAY: u64 = 24 * HOUR;

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

/// How a series tells its occurrences.
#[derive(Clone, Debug)]
pub(super) enum Days {
    /// They have times; when the first one begins, in UTC.
    Timed(FileTime),
    /// They are days. A midnight in the zone of the series is told in UTC; so much is added to have the midnight of its date.
    Whole(i64),
}

impl Days {
    /// Of a series that is not known.
    pub(super) const AT_TIMES: Self = Self::Timed(FileTime(0));

    /// Those of an event that begins at this time and is written like this.
    pub(super) fn of(event: &Component, start: Option<FileTime>) -> Option<Self> {
        let (first, start) = (event.property("DTSTART")?, start?);
        if !first.parameter_value("VALUE").is_some_and(|value| value.eq_ignore_ascii_case("DATE")) {
            return Some(Self::Timed(start));
        }
        let number = |range: std::ops::Range<usize>| first.value.get(range)?.parse::<i64>().ok();
        let midnight = DateTime::from_civil(number(0..4)?, number(4..6)?, number(6..8)?, 0, 0, 0, Some(0))?;
        let signed = |time: FileTime| i64::try_from(time.0).ok();
        Some(Self::Whole(signed(FileTime::of(midnight)?)?.checked_sub(signed(start)?)?))
    }

    /// A property that names an occurrence by its own time.
    pub(super) fn property(&self, name: &str, time: FileTime) -> Option<Property> {
        match self {
            Self::Timed(_) => Some(Property::new(name, utc(time)?)),
            Self::Whole(_) => Some(Property::new(name, self.date(time)?).with("VALUE", "DATE")),
        }
    }

    /// The date of an occurrence (RFC 5545 §3.3.4).
    fn date(&self, time: FileTime) -> Option<String> {
        let add = match self {
            Self::Timed(_) => 0,
            Self::Whole(add) => *add,
        };
        let midnight = nearest_midnight(FileTime(time.0.checked_add_signed(add)?));
        Some(midnight.date_time()?.to_compact_utc().get(..8)?.to_owned())
    }
}

/// The rule of a recurrence; `None` where it is of no kind that is known.
pub(super) fn rule(recurrence: &Element, occurrences: &Days) -> Option<String> {
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
        (None, Some(last)) => match occurrences {
            Days::Timed(start) => format!(";UNTIL={}", utc(on_day(recurrence, *start, last)?)?),
            Days::Whole(_) => format!(";UNTIL={}", occurrences.date(last)?),
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
            for day in days.split(',') {
                if !found.contains(&day) {
                    found.push(day);
                }
            }
        }
    }
    (!found.is_empty()).then(|| found.join(","))
}

/// Occurrences that were deleted.
pub(super) fn deleted(item: &Element, recurrence: &Element, days: &Days, defects: &mut Vec<Defect>) -> Vec<Property> {
    let list = item.child("OPFCalendarEventCopyNegativeExceptions");
    let dates = list.map(|list| list.children.as_slice()).unwrap_or_default();
    let at = dates.iter().filter_map(|date| {
        let date = time(date.own_text()?)?;
        let date = if let Days::Timed(start) = days { on_day(recurrence, *start, date)? } else { date };
        days.property("EXDATE", date)
    });
    let properties: Vec<Property> = at.collect();
    if properties.len() < dates.len() {
        let what = format!("{} dates of deleted occurrences cannot be read", dates.len() - properties.len());
        defects.push(Defect::new(DefectKind::Recurrence, what));
    }
    properties
}

/// When an occurrence on this day begins, in UTC. Days are told by their midnight in the zone of the event, as the first one is.
fn on_day(recurrence: &Element, start: FileTime, day: FileTime) -> Option<FileTime> {
    let midnight =
        recurrence.time("OPFRecurrenceCopyStartDate").filter(|first| first.0 <= start.0 && start.0 - first.0 < DAY);
    // Some name the occurrence itself, by the clock of the first one and with the hour that clocks may have changed by.
    let beside = (day.0 % DAY).abs_diff(start.0 % DAY);
    let is_itself = beside.min(DAY - beside) <= HOUR;
    let at = match midnight {
        Some(midnight) if !is_itself => day.0.checked_add(start.0 - midnight.0)?,
        _ => day.0,
    };
    Some(FileTime(at))
}

/// A time in UTC (RFC 5545 §3.3.5).
fn utc(time: FileTime) -> Option<String> {
    Some(time.date_time()?.to_compact_utc().replacen('-', "T", 1))
}

/// A day that is told by its midnight in a zone which is not: the nearest midnight in UTC.
pub(super) fn nearest_midnight(time: FileTime) -> FileTime {
    FileTime(time.0.saturating_add(DAY / 2) / DAY * DAY)
}
