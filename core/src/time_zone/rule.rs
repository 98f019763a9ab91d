use crate::content_line::{Component, Property};

/// A year in which all rules held already, as far as calendars are concerned.
const YEAR: i64 = 1970;
const DAYS: [&str; 7] = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];

/// The rule of a POSIX TZ string (POSIX.1-2017 §8.3, with the wider times of RFC 9636 §3.3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    standard: Observance,
    daylight: Option<(Observance, Change, Change)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Observance {
    name: String,
    /// Seconds east of UTC.
    offset: i64,
}

/// The day of a month and the time of day at which an observance begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Change {
    month: i64,
    /// The week of the month, 5 for the last.
    week: i64,
    weekday: i64,
    /// Seconds since midnight; negative or more than a day where another day is meant.
    time: i64,
}

impl Rule {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(',');
        let (standard, rest) = observance(parts.next()?, None)?;
        if rest.is_empty() {
            return Some(Self { standard, daylight: None });
        }
        let (daylight, rest) = observance(rest, Some(standard.offset + 3_600))?;
        let changes = (Change::parse(parts.next()?)?, Change::parse(parts.next()?)?);
        rest.is_empty().then_some(Self { standard, daylight: Some((daylight, changes.0, changes.1)) })
    }

    /// The STANDARD and DAYLIGHT components of a VTIMEZONE (RFC 5545 §3.6.5).
    pub(super) fn observances(&self) -> Vec<Component> {
        let Some((daylight, to_daylight, to_standard)) = &self.daylight else {
            let standard = component("STANDARD", &self.standard, self.standard.offset);
            return vec![standard.with(Property::new("DTSTART", format!("{YEAR}0101T000000")))];
        };
        vec![
            to_daylight.begin(component("DAYLIGHT", daylight, self.standard.offset)),
            to_standard.begin(component("STANDARD", &self.standard, daylight.offset)),
        ]
    }
}

fn component(name: &str, observance: &Observance, from: i64) -> Component {
    Component::new(name)
        .with(Property::text("TZNAME", &observance.name))
        .with(Property::new("TZOFFSETFROM", utc_offset(from)))
        .with(Property::new("TZOFFSETTO", utc_offset(observance.offset)))
}

fn utc_offset(seconds: i64) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let seconds = seconds.abs();
    let whole_minutes = format!("{sign}{:02}{:02}", seconds / 3_600, seconds / 60 % 60);
    match seconds % 60 {
        0 => whole_minutes,
        rest => format!("{whole_minutes}{rest:02}"),
    }
}

/// A name and an offset, which TZ strings give west of UTC, and what follows.
fn observance(text: &str, default: Option<i64>) -> Option<(Observance, &str)> {
    let (name, rest) = match text.strip_prefix('<') {
        Some(quoted) => quoted.split_once('>')?,
        None => text.split_at(text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len())),
    };
    let end = rest.find(|c: char| !(c.is_ascii_digit() || matches!(c, ':' | '+' | '-'))).unwrap_or(rest.len());
    let (offset, rest) = rest.split_at(end);
    let offset = if offset.is_empty() { default? } else { -time(offset)? };
    Some((Observance { name: name.to_owned(), offset }, rest))
}

/// `[+-]h[h[h]][:mm[:ss]]` in seconds.
fn time(text: &str) -> Option<i64> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(text) => (-1, text),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut seconds = 0;
    let mut unit = 3_600;
    for part in text.split(':').take(3) {
        seconds += part.parse::<i64>().ok()? * unit;
        unit /= 60;
    }
    Some(sign * seconds)
}

impl Change {
    fn parse(text: &str) -> Option<Self> {
        let (day, at) = text.split_once('/').unwrap_or((text, "2"));
        let mut numbers = day.strip_prefix('M')?.split('.').map(|number| number.parse::<i64>().ok());
        let (month, week, weekday) = (numbers.next()??, numbers.next()??, numbers.next()??);
        let valid = (1..=12).contains(&month) && (1..=5).contains(&week) && (0..=6).contains(&weekday);
        valid.then_some(Self { month, week, weekday, time: time(at)? })
    }

    /// Adds when the observance begins: its first time and the rule of all others.
    fn begin(self, observance: Component) -> Component {
        let shift = self.time.div_euclid(86_400);
        let time = self.time.rem_euclid(86_400);
        let weekday = (self.weekday + shift).rem_euclid(7);
        let length = days_in_month(self.month);
        let first_in_week = if self.week == 5 { length - 6 } else { (self.week - 1) * 7 + 1 };
        let first = first_in_week + shift;
        let name = usize::try_from(weekday).ok().and_then(|weekday| DAYS.get(weekday)).copied().unwrap_or("SU");
        let day = (first..first + 7).find(|day| weekday_of(self.month, *day) == weekday).unwrap_or(first);
        let start = format!("{YEAR}{:02}{day:02}T{:02}{:02}{:02}", self.month, time / 3_600, time / 60 % 60, time % 60);
        let week = if self.week == 5 { -1 } else { self.week };
        let by_day = match shift {
            0 => format!("BYDAY={week}{name}"),
            _ => {
                let days: Vec<_> = (first..first + 7).map(|day| day.to_string()).collect();
                format!("BYDAY={name};BYMONTHDAY={}", days.join(","))
            }
        };
        observance
            .with(Property::new("DTSTART", start))
            .with(Property::new("RRULE", format!("FREQ=YEARLY;BYMONTH={};{by_day}", self.month)))
    }
}

/// Of a year that is no leap year.
fn days_in_month(month: i64) -> i64 {
    match month {
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The day of the week in 1970, 0 for Sunday; its first day was a Thursday.
fn weekday_of(month: i64, day: i64) -> i64 {
    let before: i64 = (1..month).map(days_in_month).sum();
    (4 + before + day - 1).rem_euclid(7)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(rule: &str) -> String {
        let components = Rule::parse(rule).unwrap().observances();
        let mut octets = Vec::new();
        components.iter().for_each(|component| component.write_to(&mut octets));
        String::from_utf8(octets).unwrap().replace("\r\n", "\n")
    }

    #[test]
    fn the_rule_of_central_europe() {
        // As RFC 5545 §3.6.5 would have it; the dates are the last Sundays of March and October 1970.
        let expected = "BEGIN:DAYLIGHT\nTZNAME:CEST\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nDTSTART:19700329T020000\n\
            RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\nEND:DAYLIGHT\n\
            BEGIN:STANDARD\nTZNAME:CET\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nDTSTART:19701025T030000\n\
            RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\nEND:STANDARD\n";
        assert_eq!(written("CET-1CEST,M3.5.0,M10.5.0/3"), expected);
    }

    #[test]
    fn a_zone_without_daylight_saving_has_one_observance() {
        let expected = "BEGIN:STANDARD\nTZNAME:+0545\nTZOFFSETFROM:+0545\nTZOFFSETTO:+0545\nDTSTART:19700101T000000\nEND:STANDARD\n";
        assert_eq!(written("<+0545>-5:45"), expected);
    }

    #[test]
    fn times_on_another_day_move_the_day() {
        // Nuuk changes an hour before the last Sunday of March begins: on a Saturday from the 24th to the 30th, at 23:00.
        let written = written("<-02>2<-01>,M3.5.0/-1,M10.5.0/0");
        assert!(written.contains("DTSTART:19700328T230000\n"), "{written}");
        assert!(written.contains("BYDAY=SA;BYMONTHDAY=24,25,26,27,28,29,30\n"), "{written}");
    }

    #[test]
    fn broken_rules_are_none() {
        for rule in ["", "CET", "CET-1CEST", "CET-1CEST,M13.1.0,M1.1.0", "CET-1CEST,J60,J300"] {
            assert_eq!(Rule::parse(rule), None, "{rule}");
        }
    }
}
