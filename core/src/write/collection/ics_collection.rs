use super::assembly::Assembly;
use crate::{
    defect::Defect,
    error::Result,
    mend::{CalendarMender, IcsOptions},
    model::{Calendar, CalendarComponent, CalendarObject},
    source::Content,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    io,
    sync::Arc,
};

/// Components that wait for their place in the order of the source.
const PENDING: usize = 1 << 16;
/// Zones, and octets around them, that each of several files of one calendar has whether it needs them or not: the calendar's own octets.
const ALL_ZONES: usize = 64;
const WHOLE_HEAD: u64 = 64 << 10;

/// Puts calendar objects together to one iCalendar file, in bounded memory.
///
/// What comes from a file untouched is written as it stood there: the components in their order, the octets between them
/// too, so that a file whose items are all added comes out as it was.
///
/// ```
/// use mailferry::{read::{ItemReader, ReadOptions, ics::IcsReader}, write::{IcsCollection, IcsOptions}};
/// use std::sync::Arc;
///
/// let file = b"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:1\nEND:VEVENT\nEND:VCALENDAR\n".to_vec();
/// let mut options = IcsOptions::default();
/// options.strip_scheduling = true;
/// let mut collection = IcsCollection::new(options);
/// let mut reader = IcsReader::open(Arc::new(file), "x.ics", &ReadOptions::default())?;
/// while let Some(item) = reader.next_item()? {
///     collection.add(item.calendar().unwrap())?;
/// }
/// let octets = collection.finish()?.to_vec(1024)?;
/// assert_eq!(octets, b"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\nUID:1\nEND:VEVENT\nEND:VCALENDAR\n");
/// # Ok::<(), mailferry::Error>(())
/// ```
#[derive(Default)]
pub struct IcsCollection {
    /// Whether it is one file of several that a calendar is put into.
    is_part: bool,
    /// What brings objects to what is asked for, where they were not on their way.
    mender: Option<CalendarMender>,
    out: Assembly,
    objects: u64,
    open: Option<Open>,
    defects: Vec<Defect>,
}

/// The calendar that components are being added to.
struct Open {
    calendar: Arc<Calendar>,
    line_end: &'static str,
    pending: BTreeMap<u64, CalendarComponent>,
    pending_octets: u64,
    /// The TZIDs, as they are written, of the zones that are there.
    zones: HashSet<String>,
    /// Those of the zones that are named and have not been met.
    missing: BTreeSet<String>,
    /// Zones that no calendar of the source defines.
    added: BTreeMap<String, Arc<CalendarComponent>>,
}

impl IcsCollection {
    /// A collection without an object.
    pub fn new(options: IcsOptions) -> Self {
        let mender = (options != IcsOptions::default()).then(|| CalendarMender::new(options));
        Self { mender, ..Self::default() }
    }

    /// The same, of which several take the objects of one calendar: each has the zones that it needs, where the calendar has so many that
    /// all of them in each would take more than the objects.
    pub(super) fn part(options: IcsOptions) -> Self {
        Self { is_part: true, ..Self::new(options) }
    }

    /// Adds an object; its components are written in the order of their source.
    ///
    /// # Errors
    /// What the source says, or the place where octets are held meanwhile.
    pub fn add(&mut self, object: &CalendarObject) -> Result<()> {
        match &mut self.mender {
            Some(mender) if !object.is_mended() => {
                let mut object = object.clone();
                self.defects.append(&mut mender.mend(&mut object)?.flagged);
                self.add_mended(&object)
            }
            _ => self.add_mended(object),
        }
    }

    fn add_mended(&mut self, object: &CalendarObject) -> Result<()> {
        self.objects += 1;
        self.go_to(object.calendar(), object)?;
        let mut components = object.components().iter();
        let Some(first) = components.next() else { return Ok(()) };
        self.write_pending_before(first.offset())?;
        self.write_component(first)?;
        if let Some(open) = &mut self.open {
            // Calendars that were made become one, which begins with the zones of the first.
            let of_others = if object.calendar().is_made() { object.calendar().zones() } else { &[] };
            for zone in of_others {
                let Some(id) = zone.zone_id() else { continue };
                if !open.added.contains_key(id) {
                    open.added.insert(id.to_owned(), Arc::new(zone.clone()));
                }
            }
            for zone in object.added_zones() {
                let Some(id) = zone.zone_id() else { continue };
                // The longer one goes back further.
                if open.added.get(id).is_none_or(|other| other.content().len() < zone.content().len()) {
                    open.added.insert(id.to_owned(), zone.clone());
                }
            }
            for component in components {
                open.pending_octets += component.content().len();
                open.pending.insert(component.offset(), component.clone());
            }
            if open.pending.len() > PENDING {
                self.write_pending_before(u64::MAX)?;
            }
        }
        Ok(())
    }

    /// How many objects were added.
    pub fn objects(&self) -> u64 {
        self.objects
    }

    /// Octets of the file if it ended here, less zones that are yet to be defined.
    pub fn len(&self) -> u64 {
        self.out.len() + self.open.as_ref().map_or(0, |open| open.pending_octets + open.calendar.tail().len())
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.objects == 0
    }

    /// What could not be done since the last call: zones that nobody knows.
    pub fn take_defects(&mut self) -> Vec<Defect> {
        std::mem::take(&mut self.defects)
    }

    /// Ends the last calendar and gives the whole file.
    ///
    /// # Errors
    /// As [`IcsCollection::add`].
    pub fn finish(mut self) -> Result<Content> {
        self.close()?;
        self.out.finish()
    }

    /// Whether calendars made or mended here are put together, and not what stands in a source.
    fn edits(&self, calendar: &Calendar) -> bool {
        calendar.is_made() || calendar.is_mended() || self.takes_zones_needed(calendar)
    }

    /// Whether of the zones of a calendar only those are written that objects name, each before the first that does.
    fn takes_zones_needed(&self, calendar: &Calendar) -> bool {
        self.is_part && (calendar.zones().len() > ALL_ZONES || calendar.head().len() > WHOLE_HEAD)
    }

    fn go_to(&mut self, calendar: &Arc<Calendar>, object: &CalendarObject) -> Result<()> {
        if let Some(open) = &self.open
            && (Arc::ptr_eq(&open.calendar, calendar) || (open.calendar.is_made() && calendar.is_made()))
        {
            return Ok(());
        }
        self.close()?;
        let line_end = object.line_end()?;
        if !self.edits(calendar) {
            self.out.content(&calendar.head())?;
        } else {
            self.octets(&calendar.beginning(), line_end)?;
            self.out.content(&calendar.properties())?;
        }
        self.open = Some(Open {
            calendar: calendar.clone(),
            line_end,
            pending: BTreeMap::new(),
            pending_octets: 0,
            zones: HashSet::new(),
            missing: BTreeSet::new(),
            added: BTreeMap::new(),
        });
        if self.takes_zones_needed(calendar) {
            return Ok(());
        }
        if self.edits(calendar) {
            for zone in calendar.zones() {
                self.write_zone(zone)?;
            }
        } else if let Some(open) = &mut self.open {
            let there = calendar.zones().iter().filter(|zone| calendar.holds_in_head(zone));
            open.zones.extend(there.filter_map(|zone| zone.zone_id().map(str::to_owned)));
        }
        Ok(())
    }

    /// Writes a line, its line end LF.
    fn octets(&mut self, text: &str, line_end: &str) -> io::Result<()> {
        self.out.octets(text.replace('\n', line_end).as_bytes())
    }

    fn write_pending_before(&mut self, offset: u64) -> Result<()> {
        while let Some(open) = &mut self.open
            && let Some(entry) = open.pending.first_entry()
            && *entry.key() < offset
        {
            let component = entry.remove();
            open.pending_octets = open.pending_octets.saturating_sub(component.content().len());
            self.write_component(&component)?;
        }
        Ok(())
    }

    fn write_component(&mut self, component: &CalendarComponent) -> Result<()> {
        let Some(open) = &mut self.open else { return Ok(()) };
        let (calendar, line_end) = (open.calendar.clone(), open.line_end);
        if self.takes_zones_needed(&calendar) {
            for zone in component.zone_ids().iter().filter_map(|id| calendar.zone_of(id)) {
                self.write_zone(zone)?;
            }
        }
        let Some(open) = &mut self.open else { return Ok(()) };
        for id in component.zone_ids() {
            if !open.zones.contains(id) && !open.missing.contains(id) {
                open.missing.insert(id.clone());
            }
        }
        if !self.edits(&calendar) {
            let open_zones = calendar.zones().iter().filter(|zone| component.is_followed_by(zone));
            for zone in open_zones {
                if let (Some(open), Some(id)) = (&mut self.open, zone.zone_id()) {
                    open.missing.remove(id);
                    open.zones.insert(id.to_owned());
                }
            }
            self.out.content(&component.content_and_after())?;
            return Ok(());
        }
        self.out.content(&component.content())?;
        let closing = component.closing()?;
        self.octets(&closing, line_end)?;
        Ok(())
    }

    /// Writes a zone unless one of its name is there.
    fn write_zone(&mut self, zone: &CalendarComponent) -> Result<()> {
        let name = zone.zone_id().unwrap_or_default().to_owned();
        let Some(open) = &mut self.open else { return Ok(()) };
        let line_end = open.line_end;
        open.missing.remove(&name);
        if !open.zones.insert(name) {
            return Ok(());
        }
        self.out.content(&zone.content())?;
        let closing = zone.closing()?;
        self.octets(&closing, line_end)?;
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        self.write_pending_before(u64::MAX)?;
        let Some(open) = &mut self.open else { return Ok(()) };
        let (calendar, line_end) = (open.calendar.clone(), open.line_end);
        let added = std::mem::take(&mut open.added);
        for name in std::mem::take(&mut open.missing) {
            let defined = calendar.zone_of(&name);
            if let Some(zone) = defined.or(added.get(&name).map(|zone| &**zone)) {
                self.write_zone(zone)?;
            }
        }
        match self.edits(&calendar) {
            true => self.octets("END:VCALENDAR\n", line_end)?,
            false => self.out.content(&calendar.tail())?,
        }
        self.open = None;
        Ok(())
    }
}
