use super::component::{CalendarComponent, set_text};
use crate::{
    content_line::{ContentLine, ContentLines, Detail, Marker, tell},
    defect::{Defect, DefectKind},
    source::{Content, Source},
};
use std::{
    collections::{HashMap, HashSet},
    fmt, io,
    ops::Range,
    sync::{Arc, OnceLock},
};

/// The PRODID of calendars that this crate makes.
pub(crate) const PRODUCT: &str = concat!("-//mailferry//mailferry ", env!("CARGO_PKG_VERSION"), "//EN");

/// Calendar properties that are kept for objects of their own.
const PROPERTIES: usize = 4_096;

/// Time zones of one calendar that are remembered.
const ZONES: usize = 4_096;

/// A calendar (VCALENDAR, RFC 5545 §3.4) without its components: what all its components share.
#[derive(Clone)]
pub struct Calendar {
    pub(super) source: Source,
    /// From the end of what came before to the first component.
    pub(super) head: Range<u64>,
    /// From the line that ends the calendar to the next calendar that holds a component.
    pub(super) tail: Range<u64>,
    /// The lines of its own properties.
    pub(super) properties: Vec<Range<u64>>,
    /// Whether a `BEGIN:VCALENDAR` was there.
    pub(super) begun: bool,
    /// Whether it was made from properties.
    pub(super) made: bool,
    /// What is written instead of its properties, where it was mended.
    pub(super) mended: Option<Content>,
    pub(super) zones: Vec<CalendarComponent>,
    /// By TZID the places of its zones, made when it is asked for.
    pub(super) zone_index: OnceLock<HashMap<String, Vec<usize>>>,
    pub(super) facts: CalendarFacts,
}

/// What the properties of a calendar say.
#[derive(Clone, Debug, Default)]
pub(super) struct CalendarFacts {
    pub(super) wr_name: Option<String>,
    pub(super) name: Option<String>,
    pub(super) color: Option<String>,
    pub(super) method: Option<String>,
    pub(super) product: Option<String>,
    pub(super) version: Option<String>,
    pub(super) zone: Option<String>,
}

impl Calendar {
    /// The name people gave it: `X-WR-CALNAME`, or `NAME` (RFC 7986 §5.1).
    pub fn name(&self) -> Option<&str> {
        let names = [&self.facts.wr_name, &self.facts.name];
        names.into_iter().flatten().map(String::as_str).find(|name| !name.is_empty())
    }

    /// Its colour unchanged there: `COLOR` (RFC 7986 §5.9) or `X-APPLE-CALENDAR-COLOR`.
    pub fn color(&self) -> Option<&str> {
        self.facts.color.as_deref()
    }

    /// The METHOD of a scheduling message (RFC 5546 §1.4); one that has it is an invitation, not a stored event.
    pub fn method(&self) -> Option<&str> {
        self.facts.method.as_deref()
    }

    /// The program that wrote it (PRODID).
    pub fn product(&self) -> Option<&str> {
        self.facts.product.as_deref()
    }

    /// The VERSION: `2.0` is iCalendar, `1.0` vCalendar.
    pub fn version(&self) -> Option<&str> {
        self.facts.version.as_deref()
    }

    /// The TZID that `X-WR-TIMEZONE` names.
    pub fn zone(&self) -> Option<&str> {
        self.facts.zone.as_deref()
    }

    /// Its VTIMEZONEs in their order.
    pub fn zones(&self) -> &[CalendarComponent] {
        &self.zones
    }

    /// Its VTIMEZONE of this TZID.
    pub fn zone_of(&self, id: &str) -> Option<&CalendarComponent> {
        self.zones_of(id).first().and_then(|place| self.zones.get(*place))
    }

    /// The places of its VTIMEZONEs of this TZID.
    pub(super) fn zones_of(&self, id: &str) -> &[usize] {
        let index = self.zone_index.get_or_init(|| {
            let mut index: HashMap<String, Vec<usize>> = HashMap::new();
            for (place, zone) in self.zones.iter().enumerate() {
                if let Some(id) = zone.zone_id() {
                    index.entry(id.to_owned()).or_default().push(place);
                }
            }
            index
        });
        index.get(id).map_or(&[], Vec::as_slice)
    }

    /// The lines of its own properties, as in the source or as they were mended.
    pub fn properties(&self) -> Content {
        self.mended.clone().unwrap_or_else(|| Content::new(self.source.clone(), self.properties.iter().cloned()))
    }

    /// The same calendar with other properties and zones.
    pub(crate) fn replaced(&self, properties: Content, zones: Vec<CalendarComponent>) -> io::Result<Self> {
        let mut lines = ContentLines::new(Arc::new(properties.clone())).map_err(io::Error::other)?;
        let mut facts = CalendarFacts::default();
        while let Some(line) = lines.next_line()? {
            ContentLine::parse(line.head).iter().for_each(|line| facts.take(line));
        }
        Ok(Self { mended: Some(properties), zones, facts, zone_index: OnceLock::new(), ..self.clone() })
    }

    /// Octets before its first component that are neither its `BEGIN` line, nor a property, nor a zone: blank lines, or lines that are none.
    pub(crate) fn strays(&self) -> u64 {
        const BEGIN: u64 = "BEGIN:VCALENDAR\r\n".len() as u64;
        let inside = |range: &Range<u64>| self.head.start <= range.start && range.end <= self.head.end;
        let len = |range: &Range<u64>| range.end - range.start;
        let properties: u64 = self.properties.iter().filter(|range| inside(range)).map(len).sum();
        let zones: u64 = self.zones.iter().map(|zone| &zone.range).filter(|range| inside(range)).map(len).sum();
        len(&self.head).saturating_sub(properties + zones + BEGIN)
    }

    /// Whether its properties or zones are not those of its source.
    pub(crate) fn is_mended(&self) -> bool {
        self.mended.is_some()
    }

    /// What is before its first component: `BEGIN:VCALENDAR`, properties, zones.
    pub fn head(&self) -> Content {
        Content::new(self.source.clone(), [self.head.clone()])
    }

    /// What is after its last component: `END:VCALENDAR`.
    pub fn tail(&self) -> Content {
        Content::new(self.source.clone(), [self.tail.clone()])
    }

    /// Where its head starts in the source.
    pub(crate) fn start(&self) -> u64 {
        self.head.start
    }

    /// Where its tail ends in the source, and the next calendar may begin.
    pub(crate) fn end(&self) -> u64 {
        self.tail.end
    }

    /// Whether it was made from properties rather than read from a file.
    pub(crate) fn is_made(&self) -> bool {
        self.made
    }

    /// Whether the zone stands before the first component.
    pub(crate) fn holds_in_head(&self, zone: &CalendarComponent) -> bool {
        self.head.contains(&zone.offset())
    }

    /// The first lines, their ends LF: `BEGIN`, and VERSION and PRODID where the calendar has none.
    pub(crate) fn beginning(&self) -> String {
        let mut lines = String::from("BEGIN:VCALENDAR\n");
        if self.version().is_none() {
            lines += "VERSION:2.0\n";
        }
        if self.product().is_none() {
            lines += &format!("PRODID:{PRODUCT}\n");
        }
        lines
    }

    /// Whether no component stands in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.head.end >= self.tail.start
    }

    /// Whether it begins with a `BEGIN:VCALENDAR`; components without one are alone in their source.
    pub fn is_begun(&self) -> bool {
        self.begun
    }
}

impl fmt::Debug for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calendar")
            .field("head", &self.head)
            .field("tail", &self.tail)
            .field("facts", &self.facts)
            .finish()
    }
}

impl CalendarFacts {
    fn take(&mut self, line: &ContentLine<'_>) {
        match line.name.len() {
            4 if line.is("NAME") => set_text(&mut self.name, line),
            5 if line.is("COLOR") => set_text(&mut self.color, line),
            6 if line.is("METHOD") => set_text(&mut self.method, line),
            6 if line.is("PRODID") => set_text(&mut self.product, line),
            7 if line.is("VERSION") => set_text(&mut self.version, line),
            12 if line.is("X-WR-CALNAME") => set_text(&mut self.wr_name, line),
            13 if line.is("X-WR-TIMEZONE") => set_text(&mut self.zone, line),
            22 if line.is("X-APPLE-CALENDAR-COLOR") => set_text(&mut self.color, line),
            _ => {}
        }
    }
}

/// The overrides of one calendar, found before its components are read, so that each can join its master.
///
/// Held are 24 octets for an override, and for a master that comes behind one; [`Limits::overrides`](crate::Limits::overrides)
/// bounds their number.
#[derive(Debug, Default)]
pub(crate) struct OverrideIndex {
    /// Sorted by key, then offset.
    entries: Vec<Entry>,
    /// Whether some overrides were left out.
    pub(crate) is_cut: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    key: u64,
    offset: u64,
    is_override: bool,
    is_taken: bool,
    /// Of the first entry of a key: whether all that belongs together has been given away.
    is_done: bool,
}

impl OverrideIndex {
    /// Components that join one other; those beyond stay on their own. All of an object are held at a time.
    pub(crate) const COMPANIONS: usize = 1 << 14;

    /// The components that belong to this one, itself left out, in the order of the source; they are taken.
    ///
    /// For a master these are its overrides; for an override whose master comes later, all of both.
    pub(crate) fn take_companions(&mut self, component: &CalendarComponent) -> Vec<u64> {
        if self.entries.is_empty() {
            return Vec::new();
        }
        let Some(key) = key_of(component) else { return Vec::new() };
        let from = self.entries.partition_point(|entry| entry.key < key);
        let entries = self.entries.get_mut(from..).unwrap_or_default();
        match entries.first_mut() {
            Some(first) if first.key == key && !first.is_done => first.is_done = true,
            _ => return Vec::new(),
        }
        let mut master_found = !component.is_override();
        let mut offsets = Vec::new();
        for entry in entries.iter_mut().take_while(|entry| entry.key == key).filter(|entry| !entry.is_taken) {
            if offsets.len() >= Self::COMPANIONS {
                break;
            }
            if entry.offset == component.offset() {
                entry.is_taken = true;
            } else if entry.is_override || !master_found {
                master_found |= !entry.is_override;
                entry.is_taken = true;
                offsets.push(entry.offset);
            }
        }
        offsets
    }

    /// Whether the component has been given away as a companion of another.
    pub(crate) fn is_taken(&self, component: &CalendarComponent) -> bool {
        if self.entries.is_empty() {
            return false;
        }
        let Some(key) = key_of(component) else { return false };
        let found = self.entries.binary_search_by_key(&(key, component.offset()), |entry| (entry.key, entry.offset));
        found.ok().and_then(|found| self.entries.get(found)).is_some_and(|entry| entry.is_taken)
    }
}

/// What tells components that belong together from others: the UID and the kind.
fn key_of(component: &CalendarComponent) -> Option<u64> {
    component.facts.uid_hash.filter(|hash| *hash != 0).map(|hash| hash.wrapping_add(component.kind() as u64))
}

/// Reads the calendar that comes next; its head begins at `start`, before the octets that precede its `BEGIN` line; `None` when nothing is left
/// but octets that belong to no component.
///
/// Walks over all of it once and leaves `lines` at the end of its head.
pub(crate) fn read_calendar(
    lines: &mut ContentLines,
    source: &Source,
    start: u64,
    max_overrides: usize,
    defects: &mut Vec<Defect>,
) -> io::Result<Option<(Calendar, OverrideIndex)>> {
    let mut calendar = Calendar {
        source: source.clone(),
        head: start..start,
        tail: start..start,
        properties: Vec::new(),
        begun: false,
        made: false,
        mended: None,
        zones: Vec::new(),
        zone_index: OnceLock::new(),
        facts: CalendarFacts::default(),
    };
    let mut index = OverrideIndex::default();
    let mut keys = HashSet::new();
    let mut head_end = None;
    let mut ended = false;
    let mut source_ended = false;
    // Of the calendars that follow: where the one begins that is being looked through for a component.
    let mut next_begin = None;
    let tail_end = loop {
        let Some(line) = lines.next_line()? else {
            source_ended = true;
            break lines.offset();
        };
        let line_start = line.start;
        match Marker::of(line.head) {
            Some(Marker::Begin(name)) if name.eq_ignore_ascii_case(b"VCALENDAR") => {
                if head_end.is_none() {
                    // A calendar without a component is part of the head of the next one.
                    restart(&mut calendar);
                    ended = false;
                } else if calendar.begun && !ended {
                    tell(defects, || Defect::new(DefectKind::MissingEnd, "the next calendar begins").at(line_start));
                    break line_start;
                } else {
                    next_begin = Some(line_start);
                }
            }
            Some(Marker::Begin(name)) => {
                let is_zone = name.eq_ignore_ascii_case(b"VTIMEZONE");
                if !is_zone && head_end.is_some() && (ended || next_begin.is_some()) {
                    break next_begin.unwrap_or(line_start);
                }
                lines.seek(line_start);
                let component = CalendarComponent::read_identity(lines, source)?;
                if is_zone {
                    if next_begin.is_none() && calendar.zones.len() < ZONES {
                        calendar.zones.push(component);
                    }
                    continue;
                }
                head_end.get_or_insert(line_start);
                let Some(key) = key_of(&component) else { continue };
                let is_override = component.is_override();
                if is_override || keys.contains(&key) {
                    if index.entries.len() >= max_overrides {
                        index.is_cut = true;
                        continue;
                    }
                    keys.insert(key);
                    let offset = line_start;
                    index.entries.push(Entry { key, offset, is_override, is_taken: false, is_done: false });
                }
            }
            Some(Marker::End(name)) if name.eq_ignore_ascii_case(b"VCALENDAR") => match head_end {
                Some(_) if !ended && next_begin.is_none() => {
                    ended = true;
                    calendar.tail.start = line_start;
                }
                Some(_) => {}
                None => calendar.begun = false,
            },
            Some(Marker::End(_)) => {
                tell(defects, || Defect::new(DefectKind::StrayEnd, "no open component has this name").at(line_start));
            }
            None => {
                let content = ContentLine::parse(line.head);
                match content {
                    Some(content) if next_begin.is_none() && !ended => {
                        calendar.facts.take(&content);
                        if calendar.properties.len() < PROPERTIES {
                            calendar.properties.push(line.start..line.end);
                        }
                    }
                    Some(_) => {}
                    None if line.head.trim_ascii().is_empty() => {}
                    None => {
                        let what = "an invalid line: its name or colon is missing";
                        tell(defects, || Defect::new(DefectKind::ContentLine, what).at(line_start));
                    }
                }
            }
        }
    };
    if start == tail_end {
        return Ok(None);
    }
    if calendar.begun && !ended && source_ended {
        tell(defects, || Defect::new(DefectKind::MissingEnd, "the source ends inside a calendar").at(tail_end));
    }
    calendar.head.end = head_end.unwrap_or(tail_end);
    if !ended {
        calendar.tail.start = tail_end;
    }
    calendar.tail.end = tail_end;
    index.entries.sort_unstable();
    lines.seek(calendar.head.end);
    Ok(Some((calendar, index)))
}

/// Forgets what a calendar without a component said.
fn restart(calendar: &mut Calendar) {
    calendar.begun = true;
    calendar.properties.clear();
    calendar.zones.clear();
    calendar.facts = CalendarFacts::default();
}

/// Reads the component that comes next in `calendar` and what follows it, up to the next component or the end of the calendar;
/// `None` at that end. With [`Detail::Nesting`] only what tells which components belong together is known of it.
pub(crate) fn read_component(
    lines: &mut ContentLines,
    calendar: &Calendar,
    detail: Detail,
) -> io::Result<Option<CalendarComponent>> {
    if lines.offset() >= calendar.tail.start {
        return Ok(None);
    }
    let mut component = match detail {
        Detail::Parsed => CalendarComponent::read(lines, &calendar.source)?,
        Detail::Nesting => CalendarComponent::read_identity(lines, &calendar.source)?,
    };
    loop {
        let start = lines.offset();
        component.after = start;
        if start >= calendar.tail.start {
            return Ok(Some(component));
        }
        let Some(line) = lines.next_line()? else { return Ok(Some(component)) };
        match Marker::of(line.head) {
            Some(Marker::Begin(name)) if name.eq_ignore_ascii_case(b"VTIMEZONE") => {
                lines.seek(start);
                CalendarComponent::read_identity(lines, &calendar.source)?;
            }
            Some(Marker::Begin(name)) if !name.eq_ignore_ascii_case(b"VCALENDAR") => {
                lines.seek(start);
                return Ok(Some(component));
            }
            _ => {}
        }
    }
}
