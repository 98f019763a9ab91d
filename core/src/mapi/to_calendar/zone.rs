use super::{blob::Blob, local::Local};
use crate::{
    Defect, DefectKind,
    content_line::{Component, Property},
    date_time::days_from_civil,
    mapi::{FileTime, Guid, values::Values},
    time_zone,
};

/// PidLidAppointmentTimeZoneDefinitionRecur, …StartDisplay, …EndDisplay ([MS-OXOCAL] 2.2.1.41 to 2.2.1.43).
const DEFINITIONS: [u32; 3] = [0x8260, 0x825E, 0x825F];
/// PidLidTimeZoneStruct and PidLidTimeZoneDescription ([MS-OXOCAL] 2.2.1.39, 2.2.1.40).
const STRUCT: u32 = 0x8233;
const DESCRIPTION: u32 = 0x8234;

const DAYS: [&str; 7] = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];

/// A time zone as an appointment carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Zone {
    /// How it is called in the calendar: by the IANA where it is known there.
    pub(super) id: String,
    iana: Option<&'static str>,
    rule: Rule,
}

/// When clocks change: minutes to add for UTC, and the two changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Rule {
    bias: i32,
    standard_bias: i32,
    daylight_bias: i32,
    standard: Change,
    daylight: Change,
}

/// A SYSTEMTIME that means a day of every year: the `nth` `weekday` of a month (5: the last); month 0 means never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Change {
    month: u16,
    weekday: u16,
    nth: u16,
    second_of_day: i64,
}

impl Zone {
    /// The zone of an appointment, its recurrence's first; `None` when it carries none.
    pub(super) fn of(values: Values<'_>, defects: &mut Vec<Defect>) -> Option<Self> {
        let set = Guid::PSETID_APPOINTMENT;
        let described = || values.text((set, DESCRIPTION));
        let defined = DEFINITIONS.iter().find_map(|lid| parse_definition(&values.binary((set, *lid))?));
        let structured = || Some((described().unwrap_or_default(), parse_struct(&values.binary((set, STRUCT))?)?));
        let (name, rule) = defined.or_else(structured)?;
        let iana = time_zone::iana_name(&name).or_else(|| time_zone::iana_name(&described()?));
        if iana.is_none() {
            let detail = format!("time zone \"{name}\" has no IANA name: it is defined by its own rule");
            defects.push(Defect::new(DefectKind::TimeZone, detail));
        }
        let id = match iana {
            Some(iana) => iana.to_owned(),
            None if name.trim().is_empty() => rule.name(),
            None => name.trim().to_owned(),
        };
        Some(Self { id, iana, rule })
    }

    /// A zone that never changes its clocks.
    pub(super) fn fixed(minutes_east: i32) -> Self {
        let rule = Rule { bias: -minutes_east, ..Rule::default() };
        Self { id: rule.name(), iana: None, rule }
    }

    /// What a clock there shows.
    pub(super) fn local(&self, time: FileTime) -> Local {
        let utc = Local::in_utc(time);
        utc.plus_minutes(self.rule.minutes_east(utc))
    }

    /// What a clock in UTC shows when one there shows `local`.
    pub(super) fn utc(&self, local: Local) -> Local {
        let standard = i64::from(-(self.rule.bias + self.rule.standard_bias));
        let guess = local.plus_minutes(-standard);
        let east = self.rule.minutes_east(guess);
        let utc = local.plus_minutes(-east);
        // An hour beside a change: the offset must be the one that holds at the result.
        if self.rule.minutes_east(utc) == east { utc } else { guess }
    }

    /// The VTIMEZONE (RFC 5545 §3.6.5).
    pub(super) fn component(&self) -> Component {
        let known = self.iana.and_then(|iana| time_zone::definition(iana, &self.id));
        known.unwrap_or_else(|| self.rule.component(&self.id))
    }
}

impl Rule {
    fn parse(blob: &mut Blob<'_>) -> Option<Self> {
        let (bias, standard_bias, daylight_bias) = (blob.i32()?, blob.i32()?, blob.i32()?);
        let is_possible = |minutes: i32| minutes.unsigned_abs() < 24 * 60;
        [bias, standard_bias, daylight_bias].into_iter().all(is_possible).then_some(Self {
            bias,
            standard_bias,
            daylight_bias,
            ..Self::default()
        })
    }

    fn changes(&self) -> bool {
        self.standard.month != 0 && self.daylight.month != 0
    }

    fn offset(&self, is_daylight: bool) -> i64 {
        let bias = if is_daylight { self.daylight_bias } else { self.standard_bias };
        i64::from(-(self.bias + if self.changes() { bias } else { 0 }))
    }

    fn minutes_east(&self, utc: Local) -> i64 {
        if !self.changes() {
            return self.offset(false);
        }
        let year = utc.plus_minutes(self.offset(false)).year();
        let to_daylight = self.daylight.in_year(year).plus_minutes(-self.offset(false));
        let to_standard = self.standard.in_year(year).plus_minutes(-self.offset(true));
        let is_daylight = if to_daylight < to_standard {
            to_daylight <= utc && utc < to_standard
        } else {
            utc < to_standard || to_daylight <= utc
        };
        self.offset(is_daylight)
    }

    fn name(&self) -> String {
        match self.offset(false) {
            0 => "UTC".to_owned(),
            minutes => format!("UTC{}", offset(minutes)),
        }
    }

    fn component(&self, id: &str) -> Component {
        let zone = Component::new("VTIMEZONE").with(Property::text("TZID", id));
        let observance = |name: &str, from: i64, to: i64, change: Option<Change>| {
            let start = change.map_or(Local(0), |change| change.in_year(1970));
            let mut observance = Component::new(name).with(Property::new("DTSTART", start.date_time()));
            if let Some(rule) = change.and_then(Change::rule) {
                observance = observance.with(Property::new("RRULE", rule));
            }
            observance.with(Property::new("TZOFFSETFROM", offset(from))).with(Property::new("TZOFFSETTO", offset(to)))
        };
        let (standard, daylight) = (self.offset(false), self.offset(true));
        if !self.changes() {
            return zone.with_component(observance("STANDARD", standard, standard, None));
        }
        zone.with_component(observance("STANDARD", daylight, standard, Some(self.standard))).with_component(observance(
            "DAYLIGHT",
            standard,
            daylight,
            Some(self.daylight),
        ))
    }
}

impl Change {
    fn parse(blob: &mut Blob<'_>) -> Option<Self> {
        let (_year, month, weekday, nth) = (blob.u16()?, blob.u16()?, blob.u16()?, blob.u16()?);
        let (hour, minute, second, _) = (blob.u16()?, blob.u16()?, blob.u16()?, blob.u16()?);
        let second_of_day = (i64::from(hour) * 60 + i64::from(minute)) * 60 + i64::from(second);
        let is_possible = month <= 12 && weekday < 7 && (1..=5).contains(&nth) && second_of_day < 86_400;
        Some(if is_possible { Self { month, weekday, nth, second_of_day } } else { Self::default() })
    }

    /// The change in one year, on the clock before it.
    fn in_year(self, year: i64) -> Local {
        let first = days_from_civil(year, self.month.max(1).into(), 1);
        // 1970-01-01 was a Thursday.
        let weekday_of_first = (first + 4).rem_euclid(7);
        let to_first = (i64::from(self.weekday) - weekday_of_first).rem_euclid(7);
        let month_after = match self.month {
            12 => days_from_civil(year + 1, 1, 1),
            month => days_from_civil(year, i64::from(month) + 1, 1),
        };
        let mut day = first + to_first + (i64::from(self.nth.max(1)) - 1) * 7;
        if day >= month_after {
            day -= 7;
        }
        Local(day * 86_400 + self.second_of_day)
    }

    fn rule(self) -> Option<String> {
        let day = DAYS.get(usize::from(self.weekday))?;
        let nth = if self.nth == 5 { "-1".to_owned() } else { self.nth.to_string() };
        Some(format!("FREQ=YEARLY;BYMONTH={};BYDAY={nth}{day}", self.month))
    }
}

/// `+0130` (RFC 5545 §3.3.14).
fn offset(minutes: i64) -> String {
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{sign}{:02}{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

/// The name and the rule in force ([MS-OXOCAL] 2.2.1.41).
fn parse_definition(value: &[u8]) -> Option<(String, Rule)> {
    let mut blob = Blob::new(value);
    blob.take(6)?;
    let n = blob.u16()?;
    let name = blob.utf16(n)?;
    let mut found: Option<(u16, Rule)> = None;
    for _ in 0..blob.u16()? {
        let Some(octets) = blob.take(66) else { break };
        let mut blob = Blob::new(octets);
        blob.take(4)?;
        let flags = blob.u16()?;
        blob.take(16)?;
        let mut rule = Rule::parse(&mut blob)?;
        (rule.standard, rule.daylight) = (Change::parse(&mut blob)?, Change::parse(&mut blob)?);
        // The effective rule before the one for recurrences, before the latest.
        let rank = flags & 3;
        if found.is_none_or(|(best, _)| rank >= best) {
            found = Some((rank, rule));
        }
    }
    Some((name, found?.1))
}

/// [MS-OXOCAL] 2.2.1.39.
fn parse_struct(value: &[u8]) -> Option<Rule> {
    let mut blob = Blob::new(value);
    let mut rule = Rule::parse(&mut blob)?;
    blob.u16()?;
    rule.standard = Change::parse(&mut blob)?;
    blob.u16()?;
    rule.daylight = Change::parse(&mut blob)?;
    Some(rule)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn berlin() -> Rule {
        let change =
            |month| Change { month, weekday: 0, nth: 5, second_of_day: if month == 3 { 7200 } else { 10_800 } };
        Rule { bias: -60, standard_bias: 0, daylight_bias: -60, standard: change(10), daylight: change(3) }
    }

    fn definition(name: &str, rule: Rule) -> Vec<u8> {
        let units: Vec<u16> = name.encode_utf16().collect();
        let mut out = vec![2, 1, 0, 0, 2, 0];
        out.extend((units.len() as u16).to_le_bytes());
        out.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
        out.extend(1_u16.to_le_bytes());
        out.extend([2, 1, 0x3e, 0, 2, 0]);
        out.extend([0; 16]);
        for bias in [rule.bias, rule.standard_bias, rule.daylight_bias] {
            out.extend(bias.to_le_bytes());
        }
        for change in [rule.standard, rule.daylight] {
            let hour = (change.second_of_day / 3600) as u16;
            for field in [0, change.month, change.weekday, change.nth, hour, 0, 0, 0] {
                out.extend(u16::to_le_bytes(field));
            }
        }
        out
    }

    #[test]
    fn a_definition_has_a_name_and_a_rule() {
        let value = definition("W. Europe Standard Time", berlin());
        assert_eq!(parse_definition(&value), Some(("W. Europe Standard Time".to_owned(), berlin())));
    }

    #[test]
    fn clocks_follow_the_rule() {
        let zone = Zone { id: String::new(), iana: None, rule: berlin() };
        let at = |seconds: i64| zone.local(FileTime(((seconds + 11_644_473_600) * 10_000_000) as u64)).date_time();
        // 2024-03-31T01:00:00Z and 2024-10-27T01:00:00Z are the changes.
        assert_eq!(at(1_711_846_799), "20240331T015959");
        assert_eq!(at(1_711_846_800), "20240331T030000");
        assert_eq!(at(1_729_990_799), "20241027T025959");
        assert_eq!(at(1_729_990_800), "20241027T020000");
        assert_eq!(zone.utc(Local(1_720_000_000)).0, 1_720_000_000 - 7200);
        assert_eq!(zone.utc(Local(1_705_000_000)).0, 1_705_000_000 - 3600);
    }

    #[test]
    fn a_bias_of_no_clock_is_none() {
        for (bias, is_read) in [(1439, true), (-1439, true), (1440, false), (i32::MAX, false), (i32::MIN, false)] {
            let mut value = vec![0; 48];
            value[..4].copy_from_slice(&bias.to_le_bytes());
            assert_eq!(parse_struct(&value).is_some(), is_read, "{bias}");
        }
    }

    #[test]
    fn a_zone_of_its_own_has_its_rule() {
        let mut octets = Vec::new();
        berlin().component("Here").write_to(&mut octets);
        let text = String::from_utf8(octets).unwrap();
        assert!(text.contains("DTSTART:19701025T030000\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100"), "{text}");
        assert_eq!(Zone::fixed(330).id, "UTC+0530");
    }

    proptest! {
        #[test]
        fn arbitrary_octets_never_panic(octets: Vec<u8>, at in 0..160_usize, octet: u8, seconds in 0_u64..20_000_000_000) {
            let mut value = definition("X", berlin());
            if let Some(place) = value.get_mut(at) {
                *place = octet;
            }
            for value in [octets, value] {
                let _ = parse_struct(&value);
                if let Some((_, rule)) = parse_definition(&value) {
                    let zone = Zone { id: String::new(), iana: None, rule };
                    let _ = (zone.utc(zone.local(FileTime(seconds * 10_000_000))), zone.component());
                }
            }
        }
    }
}
