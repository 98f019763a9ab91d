//! Calendar objects (RFC 5545, RFC 6638).

mod alarms;
mod aside;
mod dates;
mod definition;
mod ends;
mod frame;
mod index;
mod moment;
mod options;
mod recurrence;
mod required;
mod scheduling;
mod text;
mod version1;
mod zones;

#[cfg(test)]
mod tests;

pub use options::IcsOptions;

use super::{Notes, draft::Draft};
use crate::{
    defect::DefectKind,
    error::Result,
    model::{CalendarComponent, CalendarObject, ComponentKind, stated_zone},
    order, time_zone,
};
use dates::Start;
use frame::Frame;
use index::Index;
use std::{collections::HashMap, sync::Arc};
use zones::Zones;

/// Octets of a component that a UID is made of.
const TELLING: u64 = 1 << 20;
/// Zones that are defined for one object.
const MOST_ZONES: usize = 64;
/// Zones, and years of one, of which it is remembered whether they are defined as in the IANA database.
const MOST_AGREEMENTS: usize = 4_096;
/// A year that a series without an end reaches.
const FAR: i64 = 2037;

/// Mends calendar objects, one after the other; what their calendars share is mended once for all of them.
pub struct CalendarMender {
    options: IcsOptions,
    zones: Zones,
    frame: Option<Frame>,
    /// Of the zones of that calendar that may get another name: whether they agree with that zone in the years asked for.
    agreements: HashMap<String, HashMap<(i64, i64), bool>>,
}

/// What knows the clocks of the zones that a calendar names.
struct Times<'a> {
    frame: &'a Frame,
    zones: &'a mut Zones,
}

impl Times<'_> {
    /// Seconds east of UTC where clocks of a zone show `wall`; `None` where nobody knows.
    fn offset(&mut self, id: &str, wall: i64) -> Option<i64> {
        match self.frame.definitions.get(id) {
            Some(definition) if !definition.is_empty() => definition.offset_at_wall(wall),
            _ => self.zones.offset(id, wall),
        }
    }
}

/// Seconds east of UTC where the clocks of the zone `id`, as the calendar of `object` defines it, show `wall`, which is given as if it
/// were UTC; `None` where it does not define it, or not so that it is understood.
///
/// # Errors
/// Errors of the source.
pub fn defined_offset(object: &CalendarObject, id: &str, wall: crate::DateTime) -> Result<Option<i64>> {
    let is_meant = |zone: &&CalendarComponent| zone.zone_id().is_some_and(|zone| zone.trim() == id.trim());
    let Some(zone) = object.zones().find(is_meant) else { return Ok(None) };
    let definition = Draft::read(&zone.content())?.as_ref().and_then(definition::Definition::read);
    Ok(definition.and_then(|definition| definition.offset_at_wall(wall.unix_seconds())))
}

/// The octets of a component that its UID is made of, where it has none.
///
/// # Errors
/// Errors of the source.
pub(crate) fn telling_octets(component: &CalendarComponent) -> Result<Vec<u8>> {
    component.content().slice(0..TELLING).to_vec(TELLING as usize)
}

/// What the components of one object have in common.
struct Series<'o> {
    /// The UID that is made for those that have none.
    uid: Option<&'o str>,
    /// The start of the master.
    start: Option<Start>,
    /// Whether there is but one.
    is_alone: bool,
}

impl CalendarMender {
    /// One that brings objects to what `options` ask for.
    pub fn new(options: IcsOptions) -> Self {
        Self { options, zones: Zones::default(), frame: None, agreements: HashMap::new() }
    }

    /// The same for an object that gets a UID made of its own and of its octets, because another has that too.
    ///
    /// # Errors
    /// As [`CalendarMender::mend`].
    pub(crate) fn mend_apart(&mut self, object: &mut CalendarObject, uid: &str) -> Result<Notes> {
        let mut octets = uid.as_bytes().to_vec();
        for component in object.components() {
            octets.extend(telling_octets(component)?);
        }
        // What has no UID and equal lines differs by its clocks.
        for zone in object.zones().filter(|_| uid.is_empty()) {
            octets.extend(telling_octets(zone)?);
        }
        let uid = required::uid_of(&octets);
        let mut components = Vec::new();
        for component in object.components() {
            let Some(mut draft) = Draft::read(&component.content())? else { continue };
            let index = Index::of(&draft, draft.numbers(), 1);
            let line = format!("UID:{uid}").into_bytes();
            match index.first("UID") {
                Some(number) => draft.replace(number, line),
                None => draft.insert(draft.end(), line),
            }
            components.push(component.replaced(draft.finish())?);
        }
        *object = CalendarObject::joined(object.calendar().clone(), components, object.added_zones().to_vec());
        self.mend(object)
    }

    /// Mends `object` and gives what was done; its octets stay where nothing is wrong.
    ///
    /// # Errors
    /// Errors of its source; then nothing of it is changed.
    pub fn mend(&mut self, object: &mut CalendarObject) -> Result<Notes> {
        let mut notes = Notes::default();
        if object.is_empty() || self.options == IcsOptions::default() {
            return Ok(notes);
        }
        let given = object.calendar().clone();
        let frame = match self.frame.take() {
            Some(frame) if Arc::ptr_eq(&frame.given, &given) => frame,
            _ => {
                self.agreements.clear();
                Frame::open(given, &self.options, &mut self.zones)?
            }
        };
        notes.add(&frame.notes);
        let mut added = object.added_zones().to_vec();
        let components = self.components(object, &frame, &mut added, &mut notes);
        let calendar = frame.mended.clone();
        self.frame = Some(frame);
        *object = CalendarObject::replaced(calendar, components?, added);
        Ok(notes)
    }

    /// The components of an object, mended, and the zones that they need beside those of their calendar.
    fn components(
        &mut self,
        object: &CalendarObject,
        frame: &Frame,
        added: &mut Vec<Arc<CalendarComponent>>,
        notes: &mut Notes,
    ) -> Result<Vec<CalendarComponent>> {
        let needs_uid = self.options.mend && object.uid().is_none_or(|uid| uid.trim().is_empty());
        let first = object.components().first().filter(|_| needs_uid);
        let uid = first.and_then(|first| telling_octets(first).ok()).map(|octets| required::uid_of(&octets));
        if self.options.mend && object.components().iter().all(CalendarComponent::is_override) {
            notes.flag("a changed occurrence (RECURRENCE-ID) without its series, which servers may refuse");
        }
        // The master comes first, because its overrides have to fit to it.
        let mut order: Vec<&CalendarComponent> = object.components().iter().collect();
        order::sort_by_key(&mut order, |component| (component.is_override(), component.offset()));
        let mut series = Series { uid: uid.as_deref(), start: None, is_alone: object.components().len() == 1 };
        let mut components = Vec::new();
        for component in order {
            let mut own = Notes::default();
            let mended = self.component(component, frame, &mut series, added, &mut own)?;
            notes.add(&own);
            let mended = mended.unwrap_or_else(|| component.clone());
            let without = if self.options.mend { mended.without_strays()? } else { None };
            if without.is_some() {
                notes.mended("blank lines and lines that are none left out");
            }
            components.push(without.unwrap_or(mended));
        }
        order::sort_by_key(&mut components, CalendarComponent::offset);
        Ok(components)
    }

    /// One component; `None` where it stays as it is.
    fn component(
        &mut self,
        component: &CalendarComponent,
        frame: &Frame,
        series: &mut Series<'_>,
        added: &mut Vec<Arc<CalendarComponent>>,
        notes: &mut Notes,
    ) -> Result<Option<CalendarComponent>> {
        let options = self.options.clone();
        let Some(mut draft) = Draft::read(&component.content())? else {
            notes.flag("too large to be mended");
            // It cannot be made sure of that nobody is written to.
            if options.strip_scheduling {
                notes.refusal = Some("too_large_to_mend");
            }
            return Ok(None);
        };
        let kind = component.kind();
        let mut is_new = false;
        if let Some(clocks) = &frame.clocks {
            let octets = version1::convert(&draft, kind, clocks, notes);
            let Some(converted) = Draft::read(&octets.into())? else { return Ok(None) };
            (draft, is_new) = (converted, true);
            if let (Some(zone), Some(id)) = (&frame.clocks_zone, &clocks.id)
                && draft
                    .numbers()
                    .any(|number| draft.line(number).and_then(|line| zones::named(&line)).as_ref() == Some(id))
            {
                add_zone(added, zone.clone());
            }
        }
        if options.mend {
            if draft.was_open() {
                notes.mended("END added");
            }
            text::mend_lines(&mut draft, options.set_aside, notes);
        }
        let is_scheduled = matches!(kind, ComponentKind::Event | ComponentKind::Task | ComponentKind::Journal);
        let mut index = Index::of(&draft, draft.numbers(), 1);
        let mut has_start = true;
        if options.mend && kind != ComponentKind::Other {
            let mut times = Times { frame, zones: &mut self.zones };
            required::keep_first(&mut draft, &mut index, kind, notes);
            required::mend_values(&mut draft, &mut index, notes);
            dates::mend_forms(&mut draft, &mut index, &mut times, notes);
            if let Some(uid) = series.uid {
                required::require_uid(&mut draft, &index, uid, notes);
            }
            required::require_stamp(&mut draft, &index, &mut times, notes);
            if is_scheduled {
                has_start = required::require_start(&mut draft, &index, kind, notes);
                let start = Start::read(&draft, &index);
                ends::mend_end(&mut draft, &mut index, kind, start.as_ref(), &mut times, notes);
                // A task may have got another start.
                let start = if kind == ComponentKind::Task { Start::read(&draft, &index) } else { start };
                let keeps_time = recurrence::mend_rules(&mut draft, &mut index, start.as_ref(), &mut times, notes);
                if !component.is_override() {
                    series.start.clone_from(&start);
                }
                if let Some(start) = series.start.as_ref().or(start.as_ref().filter(|_| !component.is_override())) {
                    dates::fit_to_series(&mut draft, &index, start, keeps_time, notes);
                }
                start.iter().for_each(|start| recurrence::flag_without_occurrence(&draft, &index, start, notes));
            }
        }
        if options.mend || options.display_alarms {
            alarms::mend_alarms(&mut draft, &index, options.display_alarms, options.mend, notes);
        }
        if options.set_aside && is_scheduled && !notes.flagged.is_empty() {
            let mut times = Times { frame, zones: &mut self.zones };
            aside::set_aside(&mut draft, kind, [series.is_alone, has_start], &mut times, notes);
        }
        if options.move_attendees {
            scheduling::move_to_text(&mut draft, notes);
        } else if options.strip_scheduling {
            scheduling::leave_to_client(&mut draft, notes);
        }
        if options.iana_zones || options.complete_zones {
            self.name_zones(&mut draft, component, frame, added, notes)?;
        }
        if options.refold {
            for number in draft.numbers() {
                if draft.is_kept(number) && draft.is_whole(number) {
                    draft.refold(number);
                }
            }
        }
        if !is_new && !draft.is_changed() {
            return Ok(None);
        }
        // Nearly always nothing was changed that has to be read again.
        let is_another = is_new
            || draft.was_open()
            || !component.defects().is_empty()
            || draft.changes().any(|line| line.is_none_or(|line| CalendarComponent::is_told_by(&line)));
        Ok(Some(match is_another {
            true => component.replaced(draft.finish())?,
            false => component.rewritten(draft.finish()),
        }))
    }

    /// Gives the zones that a component names their names, and definitions.
    fn name_zones(
        &mut self,
        draft: &mut Draft,
        component: &CalendarComponent,
        frame: &Frame,
        added: &mut Vec<Arc<CalendarComponent>>,
        notes: &mut Notes,
    ) -> Result<()> {
        let (first, last) = component.years().unwrap_or((2024, 2024));
        let years = (first, if component.repeats() { last.max(FAR) } else { last });
        // By what stands there; nearly all name the zone that the one before has named.
        let mut last: Option<(Vec<u8>, Option<String>)> = None;
        let mut others: HashMap<Vec<u8>, Option<String>> = HashMap::new();
        for number in draft.numbers() {
            let Some(stated) = draft.start_of(number).and_then(|line| stated_zone(&line)) else { continue };
            if let Some((_, name)) = last.as_ref().filter(|(known, _)| known == stated) {
                let name = name.clone();
                name.into_iter().for_each(|name| zones::rename(draft, number, &name));
                continue;
            }
            let name = match others.get(stated) {
                Some(name) => name.clone(),
                None => match zones::decoded(stated) {
                    Some(id) => self.name_zone(&id, years, frame, added, notes)?,
                    None => continue,
                },
            };
            others.extend(last.replace((stated.to_vec(), name.clone())));
            if let Some(name) = name {
                zones::rename(draft, number, &name);
            }
        }
        Ok(())
    }

    /// Whether a zone is defined as `name` is in the IANA database in these years.
    fn agrees(&mut self, id: &str, name: &'static str, years: (i64, i64), frame: &Frame) -> bool {
        let known = self.agreements.get(id);
        if let Some(agrees) = known.and_then(|known| known.get(&years)) {
            return *agrees;
        }
        let agrees = match (self.zones.zone(name), frame.definitions.get(id)) {
            (Some(zone), Some(definition)) => zones::agrees(definition, &zone, years),
            _ => false,
        };
        // Of a zone there are as many as years that its events begin and end in.
        if known.map_or(self.agreements.len(), HashMap::len) >= MOST_AGREEMENTS {
            self.agreements.clear();
        }
        self.agreements.entry(id.to_owned()).or_default().insert(years, agrees);
        agrees
    }

    /// The name that a zone gets, where it is another than its own; what it needs of a definition is added.
    fn name_zone(
        &mut self,
        id: &str,
        years: (i64, i64),
        frame: &Frame,
        added: &mut Vec<Arc<CalendarComponent>>,
        notes: &mut Notes,
    ) -> Result<Option<String>> {
        if added.iter().any(|zone| zone.zone_id() == Some(id)) {
            return Ok(None);
        }
        if let Some((name, original)) = frame.renamed.get(id) {
            let agrees = self.agrees(id, name, years, frame);
            if agrees {
                notes.mended("time zone named as in the IANA database");
                return Ok(Some((*name).to_owned()));
            }
            tell_kept(id, name, notes);
            add_zone(added, original.clone());
            return Ok(None);
        }
        if frame.defined.contains(id) {
            if let Some(name) = frame.kept.get(id) {
                tell_kept(id, name, notes);
            }
            return Ok(None);
        }
        let Some(name) = self.zones.iana_name(id) else {
            if let Some(seconds) = time_zone::offset_in_name(id) {
                return self.name_offset(id, seconds, frame, added, notes);
            }
            notes.flag_as(DefectKind::TimeZone, format!("{id:?} is neither defined nor a known time zone"));
            return Ok(None);
        };
        let renames = name != id && (self.options.iana_zones || zones::is_odd(id));
        let written = if renames { name } else { id };
        if renames {
            notes.mended("time zone named as in the IANA database");
        }
        let is_defined = frame.defined.contains(written) || frame.renamed.values().any(|(known, _)| *known == written);
        if !is_defined
            && self.options.complete_zones
            && added.len() < MOST_ZONES
            && let Some(zone) = self.zones.definition(written, name, years.0)?
        {
            notes.mended(format!("time zone defined: {written}"));
            add_zone(added, zone);
        }
        Ok(renames.then(|| written.to_owned()))
    }

    /// Defines a zone that is an offset from UTC by its name; the name that it gets, where programs may misread its own.
    fn name_offset(
        &self,
        id: &str,
        seconds: i64,
        frame: &Frame,
        added: &mut Vec<Arc<CalendarComponent>>,
        notes: &mut Notes,
    ) -> Result<Option<String>> {
        let plain = time_zone::name_of_offset(seconds);
        let renames = zones::is_odd(id) && !frame.defined.contains(&plain);
        let written = if renames { &plain } else { id };
        if renames {
            notes.mended(format!("time zone named {written}"));
        }
        if self.options.complete_zones && added.len() < MOST_ZONES {
            notes.mended(format!("time zone defined: {written}"));
            add_zone(added, Arc::new(zones::fixed(written, seconds)?));
        }
        Ok(renames.then(|| written.to_owned()))
    }
}

fn tell_kept(id: &str, name: &str, notes: &mut Notes) {
    let detail = format!("{id:?} is defined otherwise than {name}: it keeps its name");
    notes.flag_as(DefectKind::TimeZone, detail);
}

/// Adds a definition; of two of one zone the longer, which goes back further.
fn add_zone(added: &mut Vec<Arc<CalendarComponent>>, zone: Arc<CalendarComponent>) {
    let is_full = added.len() >= MOST_ZONES;
    match added.iter_mut().find(|other| other.zone_id() == zone.zone_id()) {
        Some(other) if other.content().len() < zone.content().len() => *other = zone,
        Some(_) => {}
        None if is_full => {}
        None => added.push(zone),
    }
}
