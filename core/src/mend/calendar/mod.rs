//! Calendar objects (RFC 5545, RFC 6638).

mod options;
mod required;
mod scheduling;
mod zones;

pub use options::IcsOptions;

use super::{Notes, draft::Draft};
use crate::{
    defect::DefectKind,
    error::Result,
    model::{Calendar, CalendarComponent, CalendarObject, ComponentKind},
};
use std::{collections::HashSet, sync::Arc};
use zones::Zones;

/// Mends calendar objects, one after the other; what their calendars share is mended once for all of them.
pub struct CalendarMender {
    options: IcsOptions,
    zones: Zones,
    frame: Option<Frame>,
}

/// The calendar that an object is in.
struct Frame {
    given: Arc<Calendar>,
    mended: Arc<Calendar>,
    /// The names of the zones that it defines.
    defined: HashSet<String>,
    notes: Notes,
}

impl CalendarMender {
    /// One that brings objects to what `options` ask for.
    pub fn new(options: IcsOptions) -> Self {
        Self { options, zones: Zones::default(), frame: None }
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
            _ => self.open(given)?,
        };
        notes.add(&frame.notes);
        let outcome = self.components(object, &frame, &mut notes);
        let calendar = frame.mended.clone();
        let defined = |id: &str| frame.defined.contains(id);
        let added = outcome.and_then(|components| {
            let added = self.missing_zones(&components, defined, &mut notes)?;
            Ok((components, added))
        });
        self.frame = Some(frame);
        let (components, added) = added?;
        *object = CalendarObject::replaced(calendar, components, added);
        Ok(notes)
    }

    /// Mends what the objects of a calendar share.
    fn open(&mut self, given: Arc<Calendar>) -> Result<Frame> {
        let mut notes = Notes::default();
        let mut changed = false;
        let properties = given.properties();
        let properties = match Draft::read(&properties)? {
            Some(mut draft) => {
                for number in draft.numbers() {
                    if self.options.strip_scheduling && draft.line(number).is_some_and(|line| line.is("METHOD")) {
                        draft.remove(number);
                        notes.mended("METHOD removed");
                    }
                }
                changed |= draft.is_changed();
                if draft.is_changed() { draft.finish() } else { properties }
            }
            None => properties,
        };
        let mut zones = Vec::new();
        for zone in given.zones() {
            let renamed = match Draft::read(&zone.content())? {
                Some(mut draft) if self.options.iana_zones => {
                    self.zones.rename(&mut draft, &mut notes);
                    draft.is_changed().then(|| zone.replaced(draft.finish())).transpose()?
                }
                _ => None,
            };
            changed |= renamed.is_some();
            zones.push(renamed.unwrap_or_else(|| zone.clone()));
        }
        let defined = zones.iter().filter_map(|zone| zone.zone_id().map(str::to_owned)).collect();
        let mended = if changed { Arc::new(given.replaced(properties, zones)?) } else { given.clone() };
        Ok(Frame { given, mended, defined, notes })
    }

    /// The components of an object, mended.
    fn components(
        &mut self,
        object: &CalendarObject,
        _frame: &Frame,
        notes: &mut Notes,
    ) -> Result<Vec<CalendarComponent>> {
        let uid = match self.options.mend && object.uid().is_none_or(|uid| uid.trim().is_empty()) {
            true => {
                let first = object.components().first().map(CalendarComponent::content);
                first
                    .and_then(|first| first.slice(0..1 << 20).to_vec(1 << 20).ok())
                    .map(|octets| required::uid_of(&octets))
            }
            false => None,
        };
        let mut components = Vec::new();
        for component in object.components() {
            let Some(mut draft) = Draft::read(&component.content())? else {
                notes.flag("too large to be mended");
                components.push(component.clone());
                continue;
            };
            if let Some(uid) = uid.as_deref().filter(|_| component.kind() != ComponentKind::Other) {
                required::require_uid(&mut draft, uid, notes);
            }
            if self.options.strip_scheduling {
                scheduling::quiet(&mut draft, notes);
            }
            if self.options.iana_zones {
                self.zones.rename(&mut draft, notes);
            }
            if self.options.refold {
                draft.numbers().for_each(|number| draft.refold(number));
            }
            components.push(match draft.is_changed() {
                true => component.replaced(draft.finish())?,
                false => component.clone(),
            });
        }
        Ok(components)
    }

    /// Definitions of the zones that are named and not defined.
    fn missing_zones(
        &mut self,
        components: &[CalendarComponent],
        defined: impl Fn(&str) -> bool,
        notes: &mut Notes,
    ) -> Result<Vec<Arc<CalendarComponent>>> {
        let mut added: Vec<Arc<CalendarComponent>> = Vec::new();
        if !self.options.complete_zones {
            return Ok(added);
        }
        for id in components.iter().flat_map(CalendarComponent::zone_ids) {
            if defined(id) || added.iter().any(|zone| zone.zone_id() == Some(id)) {
                continue;
            }
            match self.zones.definition(id)? {
                Some(zone) => {
                    added.push(zone);
                    notes.mended(format!("time zone defined: {id}"));
                }
                None => notes.flag_as(DefectKind::TimeZone, format!("{id:?} is neither defined nor a known time zone")),
            }
        }
        Ok(added)
    }
}
