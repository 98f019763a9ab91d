//! Calendar objects (RFC 5545, RFC 4791 §4.1) as their octets.

mod component;
mod frame;
mod time;

pub(crate) use component::stated_zone;
pub use component::{CalendarComponent, ComponentKind};
pub use frame::Calendar;
pub(crate) use frame::PRODUCT;
pub(crate) use frame::{OverrideIndex, read_calendar, read_component};
pub use time::CalendarTime;

use super::line_end::{closing_of, line_end_of};
use crate::{
    content_line::{Component, ContentLines, Detail, Property},
    error::{Error, ErrorKind, Result},
    limits::Limits,
    source::{Content, Source},
};
use std::{collections::BTreeSet, io, sync::Arc};

/// A calendar object resource: all components of one UID — a master and its overrides — and the calendar they are in.
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
/// let octets = object.to_content()?.to_vec(1024)?;
/// assert!(octets.starts_with(b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"));
/// # Ok::<(), mailferry::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct CalendarObject {
    calendar: Arc<Calendar>,
    components: Vec<CalendarComponent>,
    /// VTIMEZONEs that were added to those of the calendar.
    added_zones: Vec<Arc<CalendarComponent>>,
    /// Whether it was looked through for what a target needs.
    is_mended: bool,
}

impl CalendarObject {
    /// The object that these components of `calendar` are.
    pub(crate) fn new(calendar: Arc<Calendar>, components: Vec<CalendarComponent>) -> Self {
        Self { calendar, components, added_zones: Vec::new(), is_mended: false }
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
        let mut object = Self::parse(Arc::new(octets), &Limits::default())?;
        if let Some(calendar) = Arc::get_mut(&mut object.calendar) {
            calendar.made = true;
        }
        Ok(object)
    }

    /// The first calendar of `source` with all its components, as one object.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`] when it holds no component, [`ErrorKind::Limit`] when it holds more than [`Limits::overrides`],
    /// [`ErrorKind::Io`] when it cannot be read.
    pub fn parse(source: Source, limits: &Limits) -> Result<Self> {
        let mut lines = ContentLines::new(source.clone())?;
        let none = || Error::new(ErrorKind::Malformed, "contains no calendar component");
        let (calendar, _) = read_calendar(&mut lines, &source, 0, 0, &mut Vec::new())?.ok_or_else(none)?;
        let mut components = Vec::new();
        while let Some(component) = read_component(&mut lines, &calendar, Detail::Parsed)? {
            if components.len() >= limits.overrides {
                return Err(Error::new(ErrorKind::Limit, "a calendar object with too many components"));
            }
            components.push(component);
        }
        match components.is_empty() {
            true => Err(none()),
            false => Ok(Self::new(Arc::new(calendar), components)),
        }
    }

    /// The calendar that the components are in.
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

    /// The VTIMEZONEs that the components name, as far as the calendar has them or they were added.
    pub fn zones(&self) -> impl Iterator<Item = &CalendarComponent> {
        let ids = self.components.iter().flat_map(CalendarComponent::zone_ids);
        let places: BTreeSet<usize> = ids.flat_map(|id| self.calendar.zones_of(id)).copied().collect();
        let own = places.into_iter().filter_map(|place| self.calendar.zones().get(place));
        own.chain(self.added_zones.iter().map(|zone| &**zone))
    }

    /// Its zones that stand in no calendar of its source.
    pub(crate) fn added_zones(&self) -> &[Arc<CalendarComponent>] {
        &self.added_zones
    }

    /// Whether it was looked through for what a target needs.
    pub(crate) fn is_mended(&self) -> bool {
        self.is_mended
    }

    /// The object that these components of several calendars are; what else `calendar` does not define is in `zones`.
    pub(crate) fn joined(
        calendar: Arc<Calendar>,
        components: Vec<CalendarComponent>,
        zones: Vec<Arc<CalendarComponent>>,
    ) -> Self {
        Self { calendar, components, added_zones: zones, is_mended: false }
    }

    /// The object as it was mended, whatever of it was.
    pub(crate) fn replaced(
        calendar: Arc<Calendar>,
        components: Vec<CalendarComponent>,
        added_zones: Vec<Arc<CalendarComponent>>,
    ) -> Self {
        Self { calendar, components, added_zones, is_mended: true }
    }

    /// The octets of a whole calendar object: the properties of its calendar, the zones it names, and its components octet for octet.
    ///
    /// VERSION and PRODID are added where the calendar has none, and `END` lines where components are not closed. A calendar
    /// without a component is given as it is.
    ///
    /// # Errors
    /// Errors of the source.
    pub fn to_content(&self) -> io::Result<Content> {
        Ok(Content::join([self.frame()?, self.rest()?]))
    }

    /// What of these octets stands before the components.
    pub(crate) fn frame(&self) -> io::Result<Content> {
        if self.is_empty() {
            return Ok(self.calendar.head());
        }
        let beginning = self.lines(&self.calendar.beginning())?;
        let mut parts = vec![beginning, self.calendar.properties()];
        for zone in self.zones() {
            parts.extend([zone.content(), self.lines(&zone.closing()?)?]);
        }
        Ok(Content::join(parts))
    }

    /// The components, and the end of the calendar.
    pub(crate) fn rest(&self) -> io::Result<Content> {
        let mut parts = Vec::new();
        for component in &self.components {
            parts.extend([component.content(), self.lines(&component.closing()?)?]);
        }
        if !self.is_empty() {
            parts.push(self.lines("END:VCALENDAR\n")?);
        }
        Ok(Content::join(parts))
    }

    /// Lines with the line end of its components.
    fn lines(&self, text: &str) -> io::Result<Content> {
        Ok(Content::from(text.replace('\n', self.line_end()?).into_bytes()))
    }

    /// What ends the lines of the components.
    pub(crate) fn line_end(&self) -> io::Result<&'static str> {
        self.components.first().map_or(Ok("\r\n"), CalendarComponent::line_end)
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
    pub fn content_and_after(&self) -> Content {
        match &self.mended {
            Some(content) => {
                Content::join([content.clone(), Content::new(self.source.clone(), Some(self.range.end..self.after))])
            }
            None => Content::new(self.source.clone(), Some(self.range.start..self.after)),
        }
    }

    /// Whether `zone` stands between this component and the next.
    pub(crate) fn is_followed_by(&self, zone: &Self) -> bool {
        (self.range.end..self.after).contains(&zone.offset())
    }

    /// What ends its lines.
    fn line_end(&self) -> io::Result<&'static str> {
        line_end_of(&self.content())
    }

    /// What is missing behind the octets, its line ends LF: the end of the last line, and an `END` line for each component left open.
    pub(crate) fn closing(&self) -> io::Result<String> {
        closing_of(&self.content(), &self.unclosed)
    }
}

impl std::fmt::Debug for CalendarComponent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CalendarComponent").field("range", &self.range).field("facts", &self.facts).finish()
    }
}
