//! What the objects of a calendar share: its properties and its time zones.

use super::{
    IcsOptions,
    definition::Definition,
    text,
    version1::Clocks,
    zones::{self, AGREED, Zones},
};
use crate::{
    content_line::Property,
    defect::DefectKind,
    error::Result,
    mend::{Notes, draft::Draft},
    model::{Calendar, CalendarComponent},
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// A calendar as it was and as it is mended.
pub(super) struct Frame {
    pub(super) given: Arc<Calendar>,
    pub(super) mended: Arc<Calendar>,
    /// The names of the zones that it defines.
    pub(super) defined: HashSet<String>,
    /// What these definitions say, where all of it is understood.
    pub(super) definitions: HashMap<String, Definition>,
    /// The zones that get the name of the IANA database, each with what it was.
    pub(super) renamed: HashMap<String, (&'static str, Arc<CalendarComponent>)>,
    /// Those that are defined otherwise than the zone whose name they would get.
    pub(super) kept: HashMap<String, &'static str>,
    /// The clocks of a vCalendar 1.0.
    pub(super) clocks: Option<Clocks>,
    /// The zone that they are defined by.
    pub(super) clocks_zone: Option<Arc<CalendarComponent>>,
    pub(super) notes: Notes,
}

impl Frame {
    pub(super) fn open(given: Arc<Calendar>, options: &IcsOptions, zones: &mut Zones) -> Result<Self> {
        let mut frame = Self {
            mended: given.clone(),
            defined: HashSet::new(),
            definitions: HashMap::new(),
            renamed: HashMap::new(),
            kept: HashMap::new(),
            clocks: None,
            clocks_zone: None,
            notes: Notes::default(),
            given: given.clone(),
        };
        let mut is_changed = false;
        let mut properties = given.properties();
        if let Some(mut draft) = Draft::read(&properties)? {
            frame.mend_properties(&mut draft, options);
            if draft.is_changed() {
                is_changed = true;
                properties = draft.finish();
            }
        }
        if options.mend {
            is_changed |= frame.mend_extent()?;
        }
        if let Some(Clocks { definition: Some(definition), id: Some(id), .. }) = &frame.clocks {
            let mut octets = Vec::new();
            definition.write_to(&mut octets);
            let zone = CalendarComponent::of_octets(octets)?;
            if let Some(definition) = Draft::read(&zone.content())?.as_ref().and_then(Definition::read) {
                frame.definitions.insert(id.clone(), definition);
            }
            frame.clocks_zone = Some(Arc::new(zone));
        }
        let mut mended = Vec::new();
        for zone in given.zones() {
            let changed = frame.mend_zone(zone, options, zones)?;
            is_changed |= changed.is_some();
            let zone = changed.unwrap_or_else(|| zone.clone());
            frame.defined.extend(zone.zone_id().map(str::to_owned));
            mended.push(zone);
        }
        if is_changed {
            frame.mended = Arc::new(given.replaced(properties, mended)?);
        }
        Ok(frame)
    }

    fn mend_properties(&mut self, draft: &mut Draft, options: &IcsOptions) {
        let notes = &mut self.notes;
        if options.mend {
            let version = self.given.version().map(str::trim).unwrap_or_default();
            if version == "1.0" {
                self.clocks = Some(Clocks::take(draft));
            }
            let mut seen = HashSet::new();
            for number in draft.numbers() {
                let Some(line) = draft.line(number) else { continue };
                let once = ["VERSION", "PRODID", "CALSCALE", "METHOD"].into_iter().find(|name| line.is(name));
                let Some(name) = once else { continue };
                if !seen.insert(name) {
                    draft.remove(number);
                    notes.mended(format!("{name} of the calendar that stands there twice: the first kept"));
                } else if name == "VERSION" && version != "2.0" {
                    draft.replace(number, b"VERSION:2.0".to_vec());
                    notes.mended("VERSION set to 2.0");
                } else if name == "PRODID" && line.value.trim_ascii().is_empty() {
                    draft.replace(number, Property::new("PRODID", crate::model::PRODUCT).to_string().into_bytes());
                    notes.mended("PRODID added");
                }
            }
            text::mend_lines(draft, options.set_aside, notes);
        }
        for number in draft.numbers() {
            if options.strip_scheduling && draft.line(number).is_some_and(|line| line.is("METHOD")) {
                draft.remove(number);
                notes.mended("METHOD removed");
            }
        }
    }

    /// Whether something around the components has to be written anew.
    fn mend_extent(&mut self) -> Result<bool> {
        let (given, notes) = (&self.given, &mut self.notes);
        let before = notes.mended.len();
        if given.version().is_none() {
            notes.mended("VERSION added");
        }
        if given.product().is_none() {
            notes.mended("PRODID added");
        }
        if !given.is_begun() {
            notes.mended("BEGIN:VCALENDAR added");
        } else if given.tail().is_empty() {
            notes.mended("END:VCALENDAR added");
        }
        let mut start = Vec::new();
        given.head().slice(0..3).write_to(&mut start)?;
        let has_mark = start == b"\xef\xbb\xbf";
        if has_mark {
            notes.mended("byte-order mark removed");
        }
        if given.is_begun() && given.strays() > if has_mark { 3 } else { 0 } {
            notes.mended("lines that are none left out before the first component");
        }
        Ok(notes.mended.len() > before)
    }

    /// A VTIMEZONE as it is written; `None` where it stays.
    fn mend_zone(
        &mut self,
        zone: &CalendarComponent,
        options: &IcsOptions,
        zones: &mut Zones,
    ) -> Result<Option<CalendarComponent>> {
        let Some(mut draft) = Draft::read(&zone.content())? else { return Ok(None) };
        if options.mend {
            text::mend_lines(&mut draft, options.set_aside, &mut self.notes);
        }
        let Some(id) = zone.zone_id().map(str::to_owned) else {
            self.notes.flag("VTIMEZONE without TZID");
            return Ok(None);
        };
        let definition = Definition::read(&draft);
        let meant = zones.iana_name(&id);
        let fault = Definition::fault(&draft).filter(|_| options.mend);
        let is_empty = definition.as_ref().is_some_and(Definition::is_empty);
        if fault.is_some() || is_empty && (options.complete_zones || options.mend) {
            let place = zones::text_in(&draft, "X-LIC-LOCATION").and_then(|place| zones.iana_name(&place));
            let made = match (meant.or(place), crate::time_zone::offset_in_name(&id)) {
                (Some(name), _) => zones.definition(&id, name, 1970)?,
                (None, Some(seconds)) => Some(Arc::new(zones::fixed(&id, seconds)?)),
                (None, None) => None,
            };
            return match made {
                Some(made) => {
                    self.notes.mended(format!("time zone defined: {id}"));
                    Ok(Some(zone.replaced(made.content())?))
                }
                None => {
                    match fault {
                        Some(fault) => self.notes.flag(fault),
                        None => {
                            let detail = format!("{id:?} is neither defined nor a known time zone");
                            self.notes.flag_as(DefectKind::TimeZone, detail);
                        }
                    }
                    Ok(draft.is_changed().then(|| zone.replaced(draft.finish())).transpose()?)
                }
            };
        }
        if let Some(definition) = definition {
            let renamed = match meant.filter(|name| options.iana_zones && *name != id) {
                Some(name) => {
                    let database = zones.zone(name);
                    let agrees = |database: Arc<crate::time_zone::Zone>| {
                        let mut years = AGREED;
                        years.all(|year| definition.agrees_with(&database, year))
                    };
                    match database.is_some_and(agrees) {
                        true => {
                            self.renamed.insert(id.clone(), (name, Arc::new(zone.clone())));
                            zones.definition(name, name, 1970)?
                        }
                        false => {
                            self.kept.insert(id.clone(), name);
                            None
                        }
                    }
                }
                None => None,
            };
            self.definitions.insert(id, definition);
            if let Some(made) = renamed {
                return Ok(Some(zone.replaced(made.content())?));
            }
        }
        Ok(draft.is_changed().then(|| zone.replaced(draft.finish())).transpose()?)
    }
}
