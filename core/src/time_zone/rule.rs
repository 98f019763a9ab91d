use super::{
    observances::length_of_month,
    tzif::{Change, Offset},
};
use crate::{date_time::days_from_civil, divide::divide, order};

/// The rule of a POSIX TZ string (POSIX.1-2017 §8.3, with the wider times of RFC 9636 §3.3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    standard: Offset,
    daylight: Option<(Offset, Onset, Onset)>,
}

/// The day of a month and the time of day at which an observance begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Onset {
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
        let (standard, rest) = offset(parts.next()?, None)?;
        if rest.is_empty() {
            return Some(Self { standard, daylight: None });
        }
        let (mut daylight, rest) = offset(rest, Some(standard.seconds + 3_600))?;
        daylight.is_daylight = true;
        let onsets = (Onset::parse(parts.next()?)?, Onset::parse(parts.next()?)?);
        rest.is_empty().then_some(Self { standard, daylight: Some((daylight, onsets.0, onsets.1)) })
    }

    /// The changes of a year in their order.
    pub(super) fn changes_of(&self, year: i64) -> Vec<Change> {
        let Some((daylight, to_daylight, to_standard)) = &self.daylight else { return Vec::new() };
        let (standard, summer) = (self.standard.seconds, daylight.seconds);
        let mut changes = vec![
            Change { at: to_daylight.in_year(year) - standard, from: standard, to: daylight.clone() },
            Change { at: to_standard.in_year(year) - summer, from: summer, to: self.standard.clone() },
        ];
        order::sort_by_key(&mut changes, |change| change.at);
        changes
    }
}

/// A name and an offset, which TZ strings give west of UTC, and what follows.
fn offset(text: &str, default: Option<i64>) -> Option<(Offset, &str)> {
    let (name, rest) = match text.strip_prefix('<') {
        Some(quoted) => quoted.split_once('>')?,
        None => divide(text, text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len())),
    };
    let end = rest.find(|c: char| !(c.is_ascii_digit() || matches!(c, ':' | '+' | '-'))).unwrap_or(rest.len());
    let (seconds, rest) = divide(rest, end);
    let seconds = if seconds.is_empty() { default? } else { -time(seconds)? };
    (!name.is_empty()).then(|| (Offset { name: name.to_owned(), seconds, is_daylight: false }, rest))
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
        seconds += part.parse::<i64>().ok().filter(|number| (0..1_000).contains(number))? * unit;
        unit /= 60;
    }
    Some(sign * seconds)
}

impl Onset {
    fn parse(text: &str) -> Option<Self> {
        let (day, at) = text.split_once('/').unwrap_or((text, "2"));
        let mut numbers = day.strip_prefix('M')?.split('.').map(|number| number.parse::<i64>().ok());
        let (month, week, weekday) = (numbers.next()??, numbers.next()??, numbers.next()??);
        let valid = (1..=12).contains(&month) && (1..=5).contains(&week) && (0..=6).contains(&weekday);
        valid.then_some(Self { month, week, weekday, time: time(at)? })
    }

    /// What clocks show there then in a year, as if it were UTC.
    fn in_year(self, year: i64) -> i64 {
        let length = length_of_month(year, self.month);
        let first_in_week = if self.week == 5 { length - 6 } else { (self.week - 1) * 7 + 1 };
        let first = days_from_civil(year, self.month, first_in_week);
        let weekday = (first + 4).rem_euclid(7);
        (first + (self.weekday - weekday).rem_euclid(7)) * 86_400 + self.time
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DateTime;

    #[test]
    fn rules_give_the_changes_of_a_year() {
        for (rule, year, expected) in [
            ("CET-1CEST,M3.5.0,M10.5.0/3", 2024, "2024-03-31T01:00:00Z +7200, 2024-10-27T01:00:00Z +3600"),
            ("EST5EDT,M3.2.0,M11.1.0", 2007, "2007-03-11T07:00:00Z -14400, 2007-11-04T06:00:00Z -18000"),
            ("AEST-10AEDT,M10.1.0,M4.1.0/3", 2024, "2024-04-06T16:00:00Z +36000, 2024-10-05T16:00:00Z +39600"),
            ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 2024, "2024-03-31T01:00:00Z -3600, 2024-10-27T01:00:00Z -7200"),
            ("<+0545>-5:45", 2024, ""),
        ] {
            let changes = Rule::parse(rule).unwrap().changes_of(year);
            let told: Vec<_> = changes
                .iter()
                .map(|change| format!("{} {:+}", DateTime::from_unix_seconds(change.at), change.to.seconds))
                .collect();
            assert_eq!(told.join(", "), expected, "{rule}");
        }
    }

    #[test]
    fn what_is_no_rule_is_none() {
        for text in ["", "CET", "CET-1CEST", "CET-1CEST,J60,J300", "CET-1CEST,M13.1.0,M1.1.0"] {
            assert!(Rule::parse(text).is_none(), "{text}");
        }
    }
}
