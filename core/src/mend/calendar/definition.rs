//! What a VTIMEZONE says (RFC 5545 §3.6.5).

use super::moment::{DAY, Form, Moment, offset_of};
use crate::{
    date_time::{civil, days_from_civil},
    mend::draft::Draft,
    time_zone::Zone,
};

/// Observances, and dates in one, that are read; what has more is not understood.
const MOST: usize = 4_096;
const DAYS: [&str; 7] = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];

/// The observances of a VTIMEZONE.
#[derive(Clone, Debug, Default)]
pub(super) struct Definition {
    observances: Vec<Observance>,
}

#[derive(Clone, Debug, Default)]
struct Observance {
    start: Option<i64>,
    from: Option<i64>,
    to: Option<i64>,
    yearly: Option<Yearly>,
    dates: Vec<i64>,
}

/// A change that comes back every year.
#[derive(Clone, Debug)]
struct Yearly {
    month: i64,
    days: Vec<i64>,
    /// Which of the days of the week (0 for Sunday) of the month, 0 for any.
    weekday: Option<(i64, i64)>,
    /// The last, in UTC.
    until: Option<i64>,
}

impl Definition {
    /// Reads a VTIMEZONE; `None` where not all that it says is understood.
    pub(super) fn read(draft: &Draft) -> Option<Self> {
        let mut definition = Self::default();
        for number in draft.numbers().filter(|number| draft.depth(*number) == 2) {
            let Some(line) = draft.line(number) else { continue };
            let value = line.decoded_value();
            let value = value.trim();
            if line.is("BEGIN") {
                if definition.observances.len() >= MOST {
                    return None;
                }
                definition.observances.push(Observance::default());
                continue;
            }
            let Some(observance) = definition.observances.last_mut() else { continue };
            if line.is("DTSTART") {
                observance.start = Some(Moment::lenient(value)?.wall);
            } else if line.is("TZOFFSETFROM") {
                observance.from = Some(offset_of(value)?);
            } else if line.is("TZOFFSETTO") {
                observance.to = Some(offset_of(value)?);
            } else if line.is("RDATE") {
                for date in value.split(',') {
                    observance.dates.push(Moment::lenient(date.split('/').next()?)?.wall);
                }
                if observance.dates.len() > MOST {
                    return None;
                }
            } else if line.is("RRULE") {
                observance.yearly = Some(Yearly::parse(value)?);
            }
        }
        let is_whole = |observance: &Observance| observance.start.is_some() && observance.to.is_some();
        definition.observances.iter().all(is_whole).then_some(definition)
    }

    /// What is wrong with a VTIMEZONE: what each observance must have, and how (RFC 5545 §3.6.5).
    pub(super) fn fault(draft: &Draft) -> Option<&'static str> {
        const NEEDED: [&str; 3] = ["DTSTART", "TZOFFSETFROM", "TZOFFSETTO"];
        let mut found = [true; 3];
        for number in draft.numbers().filter(|number| draft.depth(*number) == 2) {
            let Some(line) = draft.line(number) else { continue };
            if line.is("BEGIN") {
                found = [false; 3];
            } else if line.is("END") && found != [true; 3] {
                return Some("an observance of a time zone lacks DTSTART, TZOFFSETFROM or TZOFFSETTO");
            }
            if line.is("RDATE") && memchr::memchr(b'/', line.value).is_some() {
                return Some("a time zone has RDATE with periods of time");
            }
            let Some(which) = NEEDED.iter().position(|name| line.is(name)) else { continue };
            let is_right = match which {
                0 => {
                    let start = Moment::strict(line.value);
                    line.parameters.is_empty() && start.is_some_and(|start| start.form == Form::Local)
                }
                _ => is_offset(line.value),
            };
            if !is_right {
                return Some("a time zone has a date or an offset that is invalid");
            }
            found.get_mut(which).into_iter().for_each(|found| *found = true);
        }
        None
    }

    /// Whether it says nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.observances.is_empty()
    }

    /// Seconds east of UTC where clocks show `wall`.
    pub(super) fn offset_at_wall(&self, wall: i64) -> Option<i64> {
        let onsets =
            self.observances.iter().filter_map(|observance| Some((observance.last_until(wall)?, observance.to?)));
        match onsets.max_by_key(|(onset, _)| *onset) {
            Some((_, offset)) => Some(offset),
            None => {
                let first = self.observances.iter().min_by_key(|observance| observance.start)?;
                first.from.or(first.to)
            }
        }
    }

    /// Whether it says the same as a zone of the IANA database in a year, but for the days on which clocks are changed.
    pub(super) fn agrees_with(&self, zone: &Zone, year: i64) -> bool {
        let fixed = (1..=12).flat_map(|month| [1, 15].map(|day| days_from_civil(year, month, day) * DAY + DAY / 2));
        let changes = zone.walls_of_changes(year).into_iter().flat_map(|wall| [wall - DAY, wall + DAY]);
        fixed.chain(changes).all(|wall| self.offset_at_wall(wall) == Some(zone.offset_at_wall(wall)))
    }
}

/// Whether an offset is as the standard has it: `+0100`, `-045602`.
fn is_offset(value: &[u8]) -> bool {
    let is_signed = matches!(value.first(), Some(b'+' | b'-')) && matches!(value.len(), 5 | 7);
    is_signed && std::str::from_utf8(value).is_ok_and(|value| !value.contains(':') && offset_of(value).is_some())
}

impl Observance {
    /// When it began to hold last, up to what clocks show.
    fn last_until(&self, wall: i64) -> Option<i64> {
        let start = self.start?;
        if start > wall {
            return None;
        }
        let listed = self.dates.iter().copied().filter(|date| *date <= wall).max();
        let from = self.from.unwrap_or(0);
        let yearly = self.yearly.as_ref().and_then(|yearly| {
            let end = yearly.until.map_or(wall, |until| wall.min(until + from));
            let year = civil(end).year;
            let time = start.rem_euclid(DAY);
            let onset = |year: i64| Some(yearly.day_in(year)? + time);
            [year, year - 1].into_iter().filter_map(onset).find(|onset| *onset <= end && *onset >= start)
        });
        [Some(start), listed, yearly].into_iter().flatten().max()
    }
}

impl Yearly {
    fn parse(rule: &str) -> Option<Self> {
        let mut yearly = Self { month: 0, days: Vec::new(), weekday: None, until: None };
        for part in rule.split(';').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=')?;
            match (&*name.to_ascii_uppercase(), &*value.trim().to_ascii_uppercase()) {
                ("FREQ", "YEARLY") | ("INTERVAL", "1") | ("WKST", _) => {}
                ("BYMONTH", month) => yearly.month = month.parse().ok().filter(|month| (1..=12).contains(month))?,
                ("BYMONTHDAY", days) => {
                    yearly.days = days.split(',').map(|day| day.parse().ok()).collect::<Option<_>>()?;
                }
                ("BYDAY", day) => {
                    let (nth, name) = day.split_at_checked(day.len().checked_sub(2)?)?;
                    let weekday =
                        DAYS.iter().position(|known| *known == name).and_then(|day| i64::try_from(day).ok())?;
                    let nth = if nth.is_empty() { 0 } else { nth.trim_start_matches('+').parse().ok()? };
                    yearly.weekday = Some((nth, weekday));
                }
                ("UNTIL", until) => {
                    let until = Moment::lenient(until)?;
                    // A date is the end of that day.
                    yearly.until = Some(until.wall + if until.form == Form::Date { DAY - 1 } else { 0 });
                }
                _ => return None,
            }
        }
        (yearly.month > 0 && (yearly.weekday.is_some() || !yearly.days.is_empty())).then_some(yearly)
    }

    /// The day in a year, as if it were UTC.
    fn day_in(&self, year: i64) -> Option<i64> {
        let first = days_from_civil(year, self.month, 1);
        let next =
            if self.month == 12 { days_from_civil(year + 1, 1, 1) } else { days_from_civil(year, self.month + 1, 1) };
        let length = next - first;
        let is_day = |day: i64| {
            self.days.is_empty() || self.days.iter().any(|wanted| *wanted == day || *wanted == day - length - 1)
        };
        let is_weekday =
            |day: i64| self.weekday.is_none_or(|(_, wanted)| (first + day - 1 + 4).rem_euclid(7) == wanted);
        let mut days = (1..=length).filter(|day| is_day(*day) && is_weekday(*day));
        let nth = self.weekday.map_or(0, |(nth, _)| nth);
        let day = match nth {
            0 | 1 => days.next(),
            nth if nth > 0 => days.nth(usize::try_from(nth - 1).ok()?),
            nth => days.rev().nth(usize::try_from(-nth - 1).ok()?),
        };
        Some((first + day? - 1) * DAY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Content;

    fn definition(lines: &str) -> Definition {
        let octets = format!("BEGIN:VTIMEZONE\nTZID:x\n{lines}END:VTIMEZONE\n").into_bytes();
        Definition::read(&Draft::read(&Content::from(octets)).unwrap().unwrap()).unwrap()
    }

    /// As Outlook writes it.
    const BERLIN: &str = "BEGIN:STANDARD\nDTSTART:16011028T030000\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\n\
        TZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nEND:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:16010325T020000\n\
        RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nEND:DAYLIGHT\n";

    #[test]
    fn a_definition_agrees_only_in_the_years_that_it_is_right_for() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let outlook = definition(BERLIN);
        let agrees: Vec<bool> = [1975, 1985, 1996, 2024, 2037].map(|year| outlook.agrees_with(&berlin, year)).into();
        assert_eq!(agrees, [false, false, true, true, true]);
        let fixed =
            definition("BEGIN:STANDARD\nDTSTART:16010101T000000\nTZOFFSETFROM:-0800\nTZOFFSETTO:-0800\nEND:STANDARD\n");
        assert!(!fixed.agrees_with(&berlin, 2024));
    }

    #[test]
    fn rules_end_and_dates_are_listed() {
        let zone = definition(
            "BEGIN:DAYLIGHT\nDTSTART:20000402T020000\nRRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU;UNTIL=20060402T070000Z\n\
            TZOFFSETFROM:-0500\nTZOFFSETTO:-0400\nEND:DAYLIGHT\n\
            BEGIN:STANDARD\nDTSTART:20001029T020000\nRDATE:20011028T020000,20021027T020000\n\
            TZOFFSETFROM:-0400\nTZOFFSETTO:-0500\nEND:STANDARD\n",
        );
        for (wall, hours) in
            [("19990101T000000", -5), ("20000701T000000", -4), ("20021231T000000", -5), ("20300701T000000", -4)]
        {
            let wall = Moment::lenient(wall).unwrap().wall;
            assert_eq!(zone.offset_at_wall(wall), Some(hours * 3_600));
        }
    }
}
