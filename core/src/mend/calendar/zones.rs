//! Names and definitions of time zones.

use crate::{
    content_line::unescape_text,
    mend::{Notes, draft::Draft},
    model::CalendarComponent,
    time_zone,
};
use std::{collections::HashMap, io, sync::Arc};

/// Names of zones that are remembered.
const REMEMBERED: usize = 1_000;

/// What TZIDs are called in the IANA database, and definitions that are missing.
#[derive(Default)]
pub(super) struct Zones {
    names: HashMap<String, Option<&'static str>>,
    definitions: HashMap<String, Option<Arc<CalendarComponent>>>,
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

    /// A VTIMEZONE that is called `id`, of the zone that this means.
    pub(super) fn definition(&mut self, id: &str) -> io::Result<Option<Arc<CalendarComponent>>> {
        if let Some(known) = self.definitions.get(id) {
            return Ok(known.clone());
        }
        if self.definitions.len() > REMEMBERED {
            self.definitions.clear();
        }
        let made = match self.iana_name(id).and_then(|name| time_zone::definition(name, id)) {
            Some(zone) => {
                let mut octets = Vec::new();
                zone.write_to(&mut octets);
                Some(Arc::new(CalendarComponent::of_octets(octets)?))
            }
            None => None,
        };
        self.definitions.insert(id.to_owned(), made.clone());
        Ok(made)
    }

    /// Gives the zones that the lines name, or define, the names of the IANA database.
    pub(super) fn rename(&mut self, draft: &mut Draft, notes: &mut Notes) {
        for number in draft.numbers() {
            let Some(line) = draft.line(number) else { continue };
            if !(line.is("TZID") || line.parameter("TZID").is_some()) {
                continue;
            }
            let Some(mut property) = draft.property(number) else { continue };
            let before = property.clone();
            if property.is("TZID")
                && let Some(name) = self.iana_name(property.to_text().trim())
            {
                name.clone_into(&mut property.value);
            }
            for parameter in
                property.parameters.iter_mut().filter(|parameter| parameter.name.eq_ignore_ascii_case("TZID"))
            {
                for value in &mut parameter.values {
                    if let Some(name) = self.iana_name(&unescape_text(value.trim())) {
                        name.clone_into(value);
                    }
                }
            }
            if property != before {
                notes.mended("time zone named as in the IANA database");
                draft.replace(number, property.to_string().into_bytes());
            }
        }
    }
}
