//! Time zones: Outlook for Mac writes them as VTIMEZONEs.

use crate::{content_line::Component, limits::Limits};
use std::sync::Arc;

const DAYS: [&str; 7] = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];

/// A zone as PidLidTimeZoneStruct has it ([MS-OXOCAL] 2.2.1.39), and its names.
pub(super) struct Zone {
    pub(super) structure: Vec<u8>,
    pub(super) names: Vec<String>,
}

impl Zone {
    /// The zone in a calendar; `None` where its offsets or its rules cannot be read.
    pub(super) fn of(calendar: &str) -> Option<Self> {
        let calendar = Component::parse(Arc::new(calendar.trim().as_bytes().to_vec()), &Limits::default()).ok()?;
        let zone = match calendar.name.eq_ignore_ascii_case("VTIMEZONE") {
            true => &calendar,
            false => calendar.components.iter().find(|inner| inner.name.eq_ignore_ascii_case("VTIMEZONE"))?,
        };
        let names = ["TZID", "X-ENTOURAGE-CFTIMEZONE"].iter().filter_map(|name| zone.property(name));
        let names = names.map(|name| name.to_text().into_owned()).collect();
        let part = |name: &str| zone.components.iter().find(|part| part.name.eq_ignore_ascii_case(name));
        let standard = part("STANDARD").or_else(|| part("DAYLIGHT"))?;
        let daylight = part("DAYLIGHT").filter(|_| part("STANDARD").is_some());
        let offset = |part: &Component| minutes(&part.property("TZOFFSETTO")?.to_text());
        let east = offset(standard)?;
        let changes = daylight.and_then(|daylight| Some((change(standard)?, change(daylight)?, offset(daylight)?)));
        let mut structure = Vec::new();
        let daylight_bias = changes.as_ref().map_or(0, |(_, _, daylight)| east - daylight);
        for bias in [-east, 0, daylight_bias] {
            structure.extend(bias.to_le_bytes());
        }
        let (to_standard, to_daylight) =
            changes.map_or(([0; 8], [0; 8]), |(standard, daylight, _)| (standard, daylight));
        for change in [to_standard, to_daylight] {
            structure.extend([0, 0]);
            structure.extend(change.iter().flat_map(|field: &u16| field.to_le_bytes()));
        }
        Some(Self { structure, names })
    }
}

/// `-0730` in minutes.
fn minutes(offset: &str) -> Option<i32> {
    let (sign, digits) = offset.trim().split_at_checked(1)?;
    let number = |part: Option<&str>| part.and_then(|part| part.parse::<i32>().ok());
    let minutes = number(digits.get(..2))? * 60 + number(digits.get(2..4))?;
    match sign {
        "+" => Some(minutes),
        "-" => Some(-minutes),
        _ => None,
    }
}

/// The SYSTEMTIME of a yearly change: year, month, weekday, which of the month, hour, minute, second, milliseconds.
fn change(part: &Component) -> Option<[u16; 8]> {
    let rule = part.property("RRULE")?.value.clone();
    let (mut month, mut day) = (None, None);
    for (name, value) in rule.split(';').filter_map(|part| part.split_once('=')) {
        match name {
            _ if name.eq_ignore_ascii_case("BYMONTH") => month = month.or(Some(value)),
            _ if name.eq_ignore_ascii_case("BYDAY") => day = day.or(Some(value)),
            _ => {}
        }
    }
    let (month, day) = (month?.parse::<u16>().ok()?, day?);
    let (nth, day) = day.split_at_checked(day.len().checked_sub(2)?)?;
    let weekday = DAYS.iter().position(|known| known.eq_ignore_ascii_case(day))?;
    let nth: i16 = nth.parse().ok()?;
    let nth = if nth == -1 { 5 } else { u16::try_from(nth).ok()? };
    let start = part.property("DTSTART")?.value.clone();
    let clock = start.split_once('T')?.1;
    let number = |from: usize| clock.get(from..from + 2)?.parse::<u16>().ok();
    Some([0, month, u16::try_from(weekday).ok()?, nth, number(0)?, number(2)?, number(4)?, 0])
}
