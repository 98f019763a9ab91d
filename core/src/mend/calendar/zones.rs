//! Names and definitions of time zones.

use super::definition::Definition;
use crate::{
    content_line::{ContentLine, Property, decode_text, unescape_text},
    error::Result,
    mend::draft::Draft,
    model::{CalendarComponent, stated_zone},
    time_zone::{self, Zone},
};
use std::{collections::HashMap, sync::Arc};

/// Names of zones that are remembered.
const REMEMBERED: usize = 1_000;
/// The years in which a definition has to agree with the IANA database to be one of it; of others each object says which it needs.
pub(super) const AGREED: std::ops::RangeInclusive<i64> = 2015..=2030;
/// Years of one object whose definitions are compared; one that takes longer has a rule without an end.
const MOST_YEARS: i64 = 200;

/// What TZIDs are called in the IANA database, and definitions that are missing.
#[derive(Default)]
pub(super) struct Zones {
    names: HashMap<String, Option<&'static str>>,
    database: HashMap<&'static str, Option<Arc<Zone>>>,
    definitions: HashMap<(String, i64), Option<Arc<CalendarComponent>>>,
}

impl Zones {
    /// The IANA name that a TZID means.
    pub(super) fn iana_name(&mut self, id: &str) -> Option<&'static str> {
        if let Some(known) = self.names.get(id) {
            return *known;
        }
        // Few zones are named in one calendar; of a file that names millions, none is remembered.
        if self.names.len() > REMEMBERED {
            self.names.clear();
        }
        let name = time_zone::iana_name(id);
        self.names.insert(id.to_owned(), name);
        name
    }

    /// The zone of an IANA name.
    pub(super) fn zone(&mut self, name: &'static str) -> Option<Arc<Zone>> {
        self.database.entry(name).or_insert_with(|| Zone::named(name).map(Arc::new)).clone()
    }

    /// Seconds east of UTC where the clocks that a TZID means show `wall`.
    pub(super) fn offset(&mut self, id: &str, wall: i64) -> Option<i64> {
        let Some(name) = self.iana_name(id) else { return time_zone::offset_in_name(id) };
        Some(self.zone(name)?.offset_at_wall(wall))
    }

    /// A VTIMEZONE that is called `id`, of the zone that `name` means, for the time from the year `first` on.
    pub(super) fn definition(&mut self, id: &str, name: &str, first: i64) -> Result<Option<Arc<CalendarComponent>>> {
        // Events of one decade share theirs.
        let first = first.clamp(1900, 2030).div_euclid(10) * 10;
        let key = (id.to_owned(), first);
        if let Some(known) = self.definitions.get(&key) {
            return Ok(known.clone());
        }
        if self.definitions.len() > REMEMBERED {
            self.definitions.clear();
        }
        let made = match self.iana_name(name).and_then(|name| time_zone::definition_since(name, id, first)) {
            Some(zone) => {
                let mut octets = Vec::new();
                zone.write_to(&mut octets);
                Some(Arc::new(CalendarComponent::of_octets(octets)?))
            }
            None => None,
        };
        self.definitions.insert(key, made.clone());
        Ok(made)
    }
}

/// A VTIMEZONE that is called `id`, whose clocks are always as many seconds ahead of UTC.
pub(super) fn fixed(id: &str, seconds: i64) -> Result<CalendarComponent> {
    let mut octets = Vec::new();
    time_zone::definition_of_offset(seconds, id).write_to(&mut octets);
    Ok(CalendarComponent::of_octets(octets)?)
}

/// Whether programs may take a TZID for something else, so that only an IANA name is safe.
pub(super) fn is_odd(id: &str) -> bool {
    id.contains([',', ';', ':', '"', '\\', '^']) || id.trim() != id
}

/// Whether `definition` says the same as `zone` in the years that an object touches.
pub(super) fn agrees(definition: &Definition, zone: &Zone, (first, last): (i64, i64)) -> bool {
    let last = last.min(first + MOST_YEARS);
    (first..=last).all(|year| AGREED.contains(&year) || definition.agrees_with(zone, year))
}

/// The TZID that a line names, decoded.
pub(super) fn named(line: &ContentLine<'_>) -> Option<String> {
    decoded(stated_zone(line)?)
}

/// What it is called.
pub(super) fn decoded(stated: &[u8]) -> Option<String> {
    let decoded = decode_text(stated, None).0;
    Some(unescape_text(decoded.trim()).into_owned()).filter(|zone| !zone.is_empty())
}

/// Names another zone in a line.
pub(super) fn rename(draft: &mut Draft, number: usize, name: &str) {
    let Some(mut property) = draft.property(number) else { return };
    for parameter in property.parameters.iter_mut().filter(|parameter| parameter.name.eq_ignore_ascii_case("TZID")) {
        parameter.values = vec![name.to_owned()];
    }
    draft.replace(number, property.to_string().into_bytes());
}

/// The text of the first property of this name in a VTIMEZONE.
pub(super) fn text_in(draft: &Draft, name: &str) -> Option<String> {
    let number = draft
        .numbers()
        .find(|number| draft.depth(*number) == 1 && draft.line(*number).is_some_and(|line| line.is(name)))?;
    draft.property(number).map(|property: Property| property.to_text().trim().to_owned())
}
