use super::{
    CalendarObject, CalendarTime, Duration,
    said::{pieces, plain, without_scheme},
};
use crate::{
    content_line::{Component, Property},
    error::Result,
    limits::Limits,
    source::Source,
};
use serde::Serialize;
use std::sync::Arc;

/// What a calendar object says, for programs: that of its master, and of its overrides.
///
/// ```
/// use mailferry::model::{CalendarObject, EventView};
/// use std::sync::Arc;
///
/// let octets = b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20240501T090000Z\nDURATION:PT90M\nRRULE:FREQ=DAILY\nEND:VEVENT\nEND:VCALENDAR\n";
/// let event = EventView::of(&CalendarObject::parse(Arc::new(octets.to_vec()), &Default::default())?)?.unwrap();
/// assert_eq!(event.start.unwrap().to_string(), "2024-05-01T09:00:00Z");
/// assert_eq!((event.duration.unwrap().seconds, event.recurrence.as_deref()), (5_400, Some("RRULE:FREQ=DAILY")));
/// # Ok::<(), mailferry::Error>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EventView {
    /// `UID`.
    pub uid: Option<String>,
    /// `SUMMARY`.
    pub summary: Option<String>,
    /// `DESCRIPTION`.
    pub description: Option<String>,
    /// `LOCATION`.
    pub location: Option<String>,
    /// `STATUS`, in lower case.
    pub status: Option<String>,
    /// `DTSTART`.
    pub start: Option<CalendarTime>,
    /// `DTEND`; of a task `DUE`.
    pub end: Option<CalendarTime>,
    /// `DURATION`, which stands where there is no end.
    pub duration: Option<Duration>,
    /// `ORGANIZER`.
    pub organizer: Option<AttendeeView>,
    /// Each `ATTENDEE`.
    pub attendees: Vec<AttendeeView>,
    /// `CATEGORIES`.
    pub categories: Vec<String>,
    /// `URL`.
    pub url: Option<String>,
    /// The lines `RRULE`, `RDATE`, `EXRULE` and `EXDATE` as they are, separated by LF.
    pub recurrence: Option<String>,
    /// `RECURRENCE-ID`, of an override.
    pub recurrence_id: Option<CalendarTime>,
    /// The occurrences that differ from the master.
    pub overrides: Vec<EventView>,
}

/// Who takes part.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AttendeeView {
    /// `CN`.
    pub name: Option<String>,
    /// The address without `mailto:`.
    pub address: String,
    /// `ROLE`, in lower case: `req-participant`, `chair`.
    pub role: Option<String>,
    /// `PARTSTAT`, in lower case: `accepted`, `needs-action`.
    pub status: Option<String>,
    /// `CUTYPE`, in lower case: `individual`, `room`.
    pub kind: Option<String>,
}

impl EventView {
    /// The view of a calendar object; `None` where there is no component.
    ///
    /// # Errors
    /// What the source says; [`ErrorKind::Limit`](crate::ErrorKind::Limit) for an object too large to be held in memory.
    pub fn of(object: &CalendarObject) -> Result<Option<Self>> {
        if object.is_empty() {
            return Ok(None);
        }
        let limits = Limits::default();
        let octets = object.to_content()?.to_vec(limits.text)?;
        let calendar = Component::parse_held(Arc::new(octets) as Source, &limits, limits.text)?;
        let is_item = |component: &&Component| !component.name.eq_ignore_ascii_case("VTIMEZONE");
        let mut all: Vec<Self> = calendar.components.iter().filter(is_item).map(Self::of_component).collect();
        let master = all.iter().position(|event| event.recurrence_id.is_none()).unwrap_or(0);
        if all.is_empty() {
            return Ok(None);
        }
        let mut event = all.remove(master);
        event.overrides = all;
        Ok(Some(event))
    }

    fn of_component(component: &Component) -> Self {
        let text = |name: &str| component.property(name).map(plain).filter(|text| !text.is_empty());
        let time = |name: &str| time_of(component.property(name)?);
        let all = |name: &'static str| component.properties.iter().filter(move |property| property.is(name));
        let recurrence: Vec<String> =
            component.properties.iter().filter(|property| repeats(property)).map(line).collect();
        Self {
            uid: text("UID"),
            summary: text("SUMMARY"),
            description: text("DESCRIPTION"),
            location: text("LOCATION"),
            status: text("STATUS").map(|status| status.to_ascii_lowercase()),
            start: time("DTSTART"),
            end: time("DTEND").or_else(|| time("DUE")),
            duration: component.property("DURATION").and_then(|property| Duration::parse(&property.value)),
            organizer: component.property("ORGANIZER").map(AttendeeView::of),
            attendees: all("ATTENDEE").map(AttendeeView::of).collect(),
            categories: all("CATEGORIES").flat_map(|property| pieces(&property.decoded_value(), ',')).collect(),
            url: text("URL"),
            recurrence: Some(recurrence.join("\n")).filter(|lines| !lines.is_empty()),
            recurrence_id: time("RECURRENCE-ID"),
            overrides: Vec::new(),
        }
    }
}

/// The time that a property says, in the zone that it names.
fn time_of(property: &Property) -> Option<CalendarTime> {
    CalendarTime::parse(property.value.trim(), property.parameter_value("TZID").map(str::trim))
}

fn repeats(property: &Property) -> bool {
    ["RRULE", "RDATE", "EXRULE", "EXDATE"].iter().any(|name| property.is(name))
}

/// The property as its line, its name in upper case.
fn line(property: &Property) -> String {
    Property { name: property.name.to_ascii_uppercase(), group: None, ..property.clone() }.to_string()
}

impl AttendeeView {
    fn of(property: &Property) -> Self {
        let word =
            |name: &str| Some(property.parameter_value(name)?.to_ascii_lowercase()).filter(|word| !word.is_empty());
        Self {
            name: property.parameter_value("CN").map(str::to_owned).filter(|name| !name.is_empty()),
            address: without_scheme(&plain(property), "mailto:").to_owned(),
            role: word("ROLE"),
            status: word("PARTSTAT").or_else(|| word("STATUS")),
            kind: word("CUTYPE"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(lines: &str) -> EventView {
        let octets =
            format!("BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\n{lines}END:VEVENT\nEND:VCALENDAR\n").into_bytes();
        EventView::of(&CalendarObject::parse(Arc::new(octets), &Limits::default()).unwrap()).unwrap().unwrap()
    }

    #[test]
    fn times_are_of_a_zone_of_none_or_of_a_day() {
        for (lines, start, end) in [
            (
                "DTSTART;TZID=Europe/Berlin:20240501T090000\nDTEND;TZID=Europe/Berlin:20240501T100000\n",
                "2024-05-01T09:00:00[Europe/Berlin]",
                "2024-05-01T10:00:00[Europe/Berlin]",
            ),
            ("DTSTART;VALUE=DATE:20240501\nDTEND;VALUE=DATE:20240503\n", "2024-05-01", "2024-05-03"),
            ("DTSTART:20240501T090000\nDTEND:20240501T0930\n", "2024-05-01T09:00:00", "2024-05-01T09:30:00"),
            ("DTSTART:20240501T090000Z\nDUE:20240502T090000Z\n", "2024-05-01T09:00:00Z", "2024-05-02T09:00:00Z"),
        ] {
            let event = event(lines);
            assert_eq!(event.start.unwrap().to_string(), start, "{lines}");
            assert_eq!(event.end.unwrap().to_string(), end, "{lines}");
        }
    }

    #[test]
    fn who_takes_part_is_told_with_what_they_said() {
        let event = event(
            "ORGANIZER;CN=\"Doe, Ann\":MAILTO:ann@example.org\nATTENDEE;CN=Bob;ROLE=CHAIR;PARTSTAT=ACCEPTED;CUTYPE=INDIVIDUAL:mailto:bob@example.org\n\
             ATTENDEE:/o=x/cn=eva\nCATEGORIES:a,b\\,c\nCATEGORIES:d\nSUMMARY:Tea\\, then\\nwork\nLOCATION;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:Caf=C3=A9\n",
        );
        assert_eq!(event.organizer.unwrap().name.as_deref(), Some("Doe, Ann"));
        let [bob, eva] = event.attendees.as_slice() else { panic!("{:?}", event.attendees) };
        assert_eq!(
            (&*bob.address, bob.role.as_deref(), bob.status.as_deref()),
            ("bob@example.org", Some("chair"), Some("accepted"))
        );
        assert_eq!((&*eva.address, eva.name.as_deref()), ("/o=x/cn=eva", None));
        assert_eq!(event.categories, ["a", "b,c", "d"]);
        assert_eq!((event.summary.as_deref(), event.location.as_deref()), (Some("Tea, then\nwork"), Some("Café")));
    }

    #[test]
    fn overrides_stand_with_their_master_wherever_they_come() {
        let event = event(
            "UID:1\nRECURRENCE-ID:20240502T090000Z\nSUMMARY:later\nEND:VEVENT\nBEGIN:VEVENT\nUID:1\nDTSTART:20240501T090000Z\nrrule:FREQ=DAILY;COUNT=3\n\
             EXDATE;TZID=Europe/Berlin:20240503T110000\nSUMMARY:master\n",
        );
        assert_eq!(event.summary.as_deref(), Some("master"));
        assert_eq!(
            event.recurrence.as_deref(),
            Some("RRULE:FREQ=DAILY;COUNT=3\nEXDATE;TZID=Europe/Berlin:20240503T110000")
        );
        assert_eq!(event.overrides.len(), 1);
        assert_eq!(event.overrides[0].recurrence_id.as_ref().unwrap().to_string(), "2024-05-02T09:00:00Z");
    }
}
