//! Calendar objects (RFC 5545, RFC 4791 §4.1) as their octets.

mod component;
mod frame;
mod time;

pub use component::{CalendarComponent, ComponentKind};
pub use frame::Calendar;
pub(crate) use frame::{OverrideIndex, read_calendar, read_component};
pub use time::CalendarTime;

use crate::{
    content_line::{Component, ContentLines, Property},
    error::{Error, ErrorKind, Result},
    limits::Limits,
    source::{Content, Source},
};
use std::{
    io::{self, Write},
    sync::Arc,
};

/// The PRODID of calendars that this crate makes.
const PRODUCT: &str = concat!("-//mailferry//mailferry ", env!("CARGO_PKG_VERSION"), "//EN");

/// A calendar object resource: all components of one UID — a master and its overrides — and the calendar they stand in.
///
/// ```
/// use mailferry::{content_line::{Component, Property}, model::{CalendarObject, ComponentKind}};
///
/// let event = Component::new("VEVENT")
///     .with(Property::text("UID", "1@example.org"))
///     .with(Property::new("DTSTART", "20240501T090000").with("TZID", "Europe/Berlin"))
///     .with(Property::text("SUMMARY", "Breakfast"));
/// let object = CalendarObject::from_components(&[], &[], &[event])?;
/// assert_eq!(object.kind(), ComponentKind::Event);
/// assert_eq!(object.start().unwrap().to_string(), "2024-05-01T09:00:00[Europe/Berlin]");
/// let mut octets = Vec::new();
/// object.write_to(&mut octets)?;
/// assert!(octets.starts_with(b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"));
/// # Ok::<(), mailferry::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct CalendarObject {
    calendar: Arc<Calendar>,
    components: Vec<CalendarComponent>,
}

impl CalendarObject {
    /// The object that these components of `calendar` are.
    pub(crate) fn new(calendar: Arc<Calendar>, components: Vec<CalendarComponent>) -> Self {
        Self { calendar, components }
    }

    /// An object made of properties: those of the calendar, its VTIMEZONEs, and the components of one UID.
    ///
    /// VERSION and PRODID are added where `properties` has none.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`] when there is no component.
    pub fn from_components(properties: &[Property], zones: &[Component], components: &[Component]) -> Result<Self> {
        let mut octets = b"BEGIN:VCALENDAR\r\n".to_vec();
        for (name, value) in [("VERSION", "2.0"), ("PRODID", PRODUCT)] {
            if !properties.iter().any(|property| property.is(name)) {
                Property::new(name, value).write_to(&mut octets);
            }
        }
        properties.iter().for_each(|property| property.write_to(&mut octets));
        zones.iter().chain(components).for_each(|component| component.write_to(&mut octets));
        octets.extend_from_slice(b"END:VCALENDAR\r\n");
        Self::parse(Arc::new(octets), &Limits::default())
    }

    /// The first calendar of `source` with all its components, as one object.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`] when it holds no component, [`ErrorKind::Limit`] when it holds more than [`Limits::overrides`],
    /// [`ErrorKind::Io`] when it cannot be read.
    pub fn parse(source: Source, limits: &Limits) -> Result<Self> {
        let mut lines = ContentLines::new(source.clone())?;
        let none = || Error::new(ErrorKind::Malformed, "holds no calendar component");
        let (calendar, _) = read_calendar(&mut lines, &source, 0, &mut Vec::new())?.ok_or_else(none)?;
        let mut components = Vec::new();
        while let Some(component) = read_component(&mut lines, &calendar)? {
            if components.len() >= limits.overrides {
                return Err(Error::new(ErrorKind::Limit, "one calendar object of too many components"));
            }
            components.push(component);
        }
        match components.is_empty() {
            true => Err(none()),
            false => Ok(Self::new(Arc::new(calendar), components)),
        }
    }

    /// The calendar that the components stand in.
    pub fn calendar(&self) -> &Arc<Calendar> {
        &self.calendar
    }

    /// The components in the order of the source; none only for a source that has none at all.
    pub fn components(&self) -> &[CalendarComponent] {
        &self.components
    }

    /// The master; of an object that consists of overrides alone, the first.
    pub fn master(&self) -> Option<&CalendarComponent> {
        self.components.iter().find(|component| !component.is_override()).or(self.components.first())
    }

    /// What the master is.
    pub fn kind(&self) -> ComponentKind {
        self.master().map_or(ComponentKind::Other, CalendarComponent::kind)
    }

    /// The UID of all components.
    pub fn uid(&self) -> Option<&str> {
        self.master()?.uid()
    }

    /// The SUMMARY of the master.
    pub fn summary(&self) -> Option<&str> {
        self.master()?.summary()
    }

    /// When the master starts; of a task without a start, when it is due.
    pub fn start(&self) -> Option<&CalendarTime> {
        self.master()?.start()
    }

    /// Whether there is more than one occurrence, or an override of one.
    pub fn is_recurring(&self) -> bool {
        self.components.iter().any(|component| component.repeats() || component.is_override())
    }

    /// The octets of the components.
    pub fn len(&self) -> u64 {
        self.components.iter().map(|component| component.content().len()).sum()
    }

    /// Whether there is no component.
    pub fn is_empty(&self) -> bool {
        self.components.is_empty()
    }

    /// The VTIMEZONEs that the components name, as far as the calendar has them.
    pub fn zones(&self) -> impl Iterator<Item = &CalendarComponent> {
        self.calendar.zones().iter().filter(|zone| {
            let named =
                |component: &CalendarComponent| component.zone_ids().iter().any(|id| zone.zone_id() == Some(id));
            self.components.iter().any(named)
        })
    }

    /// Writes a whole calendar object: the properties of its calendar, the zones it names, and its components octet for octet.
    ///
    /// VERSION and PRODID are added where the calendar has none, and `END` lines where components are not closed.
    ///
    /// # Errors
    /// What the source or `out` says.
    pub fn write_to(&self, out: &mut (impl Write + ?Sized)) -> io::Result<()> {
        let line_end = self.line_end()?;
        let line = |out: &mut _, line: &str| write_line(out, line.as_bytes(), line_end);
        line(out, "BEGIN:VCALENDAR")?;
        if self.calendar.version().is_none() {
            line(out, "VERSION:2.0")?;
        }
        if self.calendar.product().is_none() {
            line(out, &format!("PRODID:{PRODUCT}"))?;
        }
        self.calendar.properties().write_to(out)?;
        self.zones().try_for_each(|zone| zone.write_closed(out, line_end))?;
        self.components.iter().try_for_each(|component| component.write_closed(out, line_end))?;
        line(out, "END:VCALENDAR")
    }

    /// What ends the lines of the components.
    pub(crate) fn line_end(&self) -> io::Result<&'static [u8]> {
        let Some(component) = self.components.first() else { return Ok(b"\r\n") };
        component.line_end()
    }

    /// What was wrong with the components.
    pub(crate) fn defects(&self) -> impl Iterator<Item = &crate::defect::Defect> {
        self.components.iter().flat_map(|component| component.defects())
    }
}

impl CalendarComponent {
    /// The TZID of a VTIMEZONE.
    pub fn zone_id(&self) -> Option<&str> {
        self.facts.zone_id.as_deref()
    }

    /// The octets of the component and of what follows it in its calendar: blank lines, and properties and zones of the calendar.
    pub(crate) fn content_and_after(&self) -> Content {
        Content::new(self.source.clone(), Some(self.range.start..self.after))
    }

    /// What ends its lines.
    pub(crate) fn line_end(&self) -> io::Result<&'static [u8]> {
        let mut first = Vec::new();
        self.content().slice(0..128).write_to(&mut first)?;
        Ok(match memchr::memchr2(b'\r', b'\n', &first).map(|at| first.get(at..at + 2)) {
            Some(Some(b"\r\n")) | None => b"\r\n",
            Some(Some([b'\r', _])) => b"\r",
            Some(_) => b"\n",
        })
    }

    /// Writes the octets, and an `END` line for each component that is left open.
    pub(crate) fn write_closed(&self, out: &mut (impl Write + ?Sized), line_end: &[u8]) -> io::Result<()> {
        let content = self.content();
        content.write_to(out)?;
        let mut last = Vec::new();
        content.slice(content.len().saturating_sub(1)..content.len()).write_to(&mut last)?;
        if !matches!(last.as_slice(), b"\n" | b"\r") {
            out.write_all(line_end)?;
        }
        self.unclosed.iter().try_for_each(|name| write_line(out, &[b"END:", name.as_slice()].concat(), line_end))
    }
}

impl std::fmt::Debug for CalendarComponent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CalendarComponent").field("range", &self.range).field("facts", &self.facts).finish()
    }
}

fn write_line(out: &mut (impl Write + ?Sized), line: &[u8], line_end: &[u8]) -> io::Result<()> {
    out.write_all(line)?;
    out.write_all(line_end)
}
