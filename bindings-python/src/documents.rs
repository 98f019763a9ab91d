//! Calendar objects and contacts as the classes of `mailferry/documents.py`.

use mailferry::{
    DateTime, Result,
    mend::defined_offset,
    model::{
        AttendeeView, CalendarObject, CalendarTime, CardView, ComponentKind, Duration, EventView, LabelledView,
        PostalAddressView,
    },
    time_zone,
};
use pyo3::{
    intern,
    prelude::*,
    types::{PyBytes, PyDict, PyTuple},
};

/// A time, and the offset that the calendar defines where it names a zone.
struct Time {
    time: CalendarTime,
    offset: Option<i64>,
}

/// An event and all that was to be read of its source for it.
pub(crate) struct Event {
    view: EventView,
    times: [Option<Time>; 3],
    overrides: Vec<Event>,
    /// Whether it takes time: a task without an end has none.
    is_event: bool,
}

impl Event {
    /// What a calendar object says; nothing where it has no component.
    pub(crate) fn of(object: &CalendarObject) -> Result<Option<Self>> {
        let view = EventView::of(object)?;
        view.map(|view| Self::with(view, object)).transpose()
    }

    fn with(mut view: EventView, object: &CalendarObject) -> Result<Self> {
        let defined = |time: CalendarTime| -> Result<Time> {
            let offset = match &time {
                CalendarTime::Local { wall, zone: Some(zone) } => defined_offset(object, zone, *wall)?,
                _ => None,
            };
            Ok(Time { time, offset })
        };
        let overrides = std::mem::take(&mut view.overrides);
        let [start, end, occurrence] = [view.start.take(), view.end.take(), view.recurrence_id.take()];
        Ok(Self {
            times: [
                start.map(defined).transpose()?,
                end.map(defined).transpose()?,
                occurrence.map(defined).transpose()?,
            ],
            view,
            overrides: overrides.into_iter().map(|event| Self::with(event, object)).collect::<Result<_>>()?,
            is_event: object.kind() == ComponentKind::Event,
        })
    }

    pub(crate) fn into_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        let Self { view, times, overrides, is_event } = self;
        let [start, end, occurrence] = times.map(|time| time.map_or(Ok(None), |time| to_python(py, &time)));
        let (start, mut end) = (start?, end?);
        if let (None, Some(start)) = (&end, &start) {
            end = end_of(start, view.duration, is_event)?;
        }
        let overrides = overrides.into_iter().map(|event| event.into_python(py)).collect::<PyResult<Vec<_>>>()?;
        let fields = PyDict::new(py);
        fields.set_item("uid", view.uid)?;
        fields.set_item("summary", view.summary)?;
        fields.set_item("description", view.description)?;
        fields.set_item("location", view.location)?;
        fields.set_item("status", view.status)?;
        fields.set_item("start", start)?;
        fields.set_item("end", end)?;
        fields.set_item("organizer", view.organizer.map(|one| attendee(py, one)).transpose()?)?;
        fields.set_item("attendees", all(py, view.attendees, attendee)?)?;
        fields.set_item("categories", PyTuple::new(py, view.categories)?)?;
        fields.set_item("url", view.url)?;
        fields.set_item("recurrence", view.recurrence)?;
        fields.set_item("recurrence_id", occurrence?)?;
        fields.set_item("overrides", PyTuple::new(py, overrides)?)?;
        made(py, "CalendarEvent", &fields)
    }
}

/// A contact.
pub(crate) fn card(py: Python<'_>, view: CardView) -> PyResult<Bound<'_, PyAny>> {
    let birthday = match view.birthday.as_deref() {
        // What is no date stays text.
        Some(text) => {
            let date = py.import(intern!(py, "datetime"))?.getattr("date")?.call_method1("fromisoformat", (text,));
            let is_whole = text.len() == "1990-04-12".len();
            Some(date.ok().filter(|_| is_whole).map_or_else(|| Ok(text.into_pyobject(py)?.into_any()), PyResult::Ok)?)
        }
        None => None,
    };
    let fields = PyDict::new(py);
    fields.set_item("uid", view.uid)?;
    fields.set_item("name", view.name)?;
    fields.set_item("family_name", view.family_name)?;
    fields.set_item("given_name", view.given_name)?;
    fields.set_item("additional_names", view.additional_names)?;
    fields.set_item("prefix", view.prefix)?;
    fields.set_item("suffix", view.suffix)?;
    fields.set_item("nicknames", PyTuple::new(py, view.nicknames)?)?;
    fields.set_item("emails", all(py, view.emails, point)?)?;
    fields.set_item("phones", all(py, view.phones, point)?)?;
    fields.set_item("urls", all(py, view.urls, point)?)?;
    fields.set_item("addresses", all(py, view.addresses, address)?)?;
    fields.set_item("organization", view.organization)?;
    fields.set_item("units", PyTuple::new(py, view.units)?)?;
    fields.set_item("title", view.title)?;
    fields.set_item("birthday", birthday)?;
    fields.set_item("note", view.note)?;
    fields.set_item("categories", PyTuple::new(py, view.categories)?)?;
    fields.set_item("is_group", view.is_group)?;
    fields.set_item("members", PyTuple::new(py, view.members)?)?;
    made(py, "ContactCard", &fields)
}

fn attendee(py: Python<'_>, view: AttendeeView) -> PyResult<Bound<'_, PyAny>> {
    let fields = PyDict::new(py);
    fields.set_item("name", view.name)?;
    fields.set_item("address", view.address)?;
    fields.set_item("role", view.role)?;
    fields.set_item("status", view.status)?;
    fields.set_item("kind", view.kind)?;
    made(py, "Attendee", &fields)
}

fn point(py: Python<'_>, view: LabelledView) -> PyResult<Bound<'_, PyAny>> {
    let fields = PyDict::new(py);
    fields.set_item("value", view.value)?;
    fields.set_item("labels", PyTuple::new(py, view.labels)?)?;
    fields.set_item("preferred", view.preferred)?;
    made(py, "ContactPoint", &fields)
}

fn address(py: Python<'_>, view: PostalAddressView) -> PyResult<Bound<'_, PyAny>> {
    let fields = PyDict::new(py);
    fields.set_item("post_office_box", view.post_office_box)?;
    fields.set_item("extended", view.extended)?;
    fields.set_item("street", view.street)?;
    fields.set_item("city", view.city)?;
    fields.set_item("region", view.region)?;
    fields.set_item("postal_code", view.postal_code)?;
    fields.set_item("country", view.country)?;
    fields.set_item("labels", PyTuple::new(py, view.labels)?)?;
    fields.set_item("preferred", view.preferred)?;
    made(py, "PostalAddress", &fields)
}

fn made<'py>(py: Python<'py>, class: &str, fields: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyAny>> {
    py.import(intern!(py, "mailferry.documents"))?.getattr(class)?.call((), Some(fields))
}

fn all<'py, T>(
    py: Python<'py>,
    views: Vec<T>,
    made: fn(Python<'py>, T) -> PyResult<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyTuple>> {
    PyTuple::new(py, views.into_iter().map(|view| made(py, view)).collect::<PyResult<Vec<_>>>()?)
}

/// A `date`, or a `datetime` with or without a zone; none where Python's calendar does not reach.
fn to_python<'py>(py: Python<'py>, Time { time, offset }: &Time) -> PyResult<Option<Bound<'py, PyAny>>> {
    let module = py.import(intern!(py, "datetime"))?;
    let Some(wall) = wall_clock(&module, time.date_time())? else { return Ok(None) };
    let zone = match time {
        CalendarTime::Date(_) => return wall.call_method0(intern!(py, "date")).map(Some),
        CalendarTime::Utc(_) => module.getattr(intern!(py, "timezone"))?.getattr(intern!(py, "utc"))?,
        CalendarTime::Local { zone: Some(id), .. } => match zone(&module, id, &wall, *offset)? {
            Some(zone) => zone,
            None => return Ok(Some(wall)),
        },
        _ => return Ok(Some(wall)),
    };
    in_zone(&wall, &zone).map(Some)
}

fn in_zone<'py>(time: &Bound<'py, PyAny>, zone: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let keywords = PyDict::new(time.py());
    keywords.set_item("tzinfo", zone)?;
    time.call_method("replace", (), Some(&keywords))
}

/// A `datetime` without a zone.
fn wall_clock<'py>(module: &Bound<'py, PyModule>, at: DateTime) -> PyResult<Option<Bound<'py, PyAny>>> {
    let epoch = module.getattr("datetime")?.call1((1970, 1, 1))?;
    let (days, seconds) = (at.unix_seconds().div_euclid(86_400), at.unix_seconds().rem_euclid(86_400));
    // Both raise OverflowError beyond what they can hold.
    Ok(module.getattr("timedelta")?.call1((days, seconds)).and_then(|delta| epoch.add(delta)).ok())
}

/// The `tzinfo` of a TZID where clocks show `wall`: that of the IANA database, or where the calendar says otherwise, its offset.
fn zone<'py>(
    module: &Bound<'py, PyModule>,
    id: &str,
    wall: &Bound<'py, PyAny>,
    offset: Option<i64>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = module.py();
    let defined = match offset {
        Some(seconds) => Some(module.getattr("timedelta")?.call1((0, seconds))?),
        None => None,
    };
    if let Some(name) = time_zone::iana_name(id) {
        let zone = zone_info(py, name)?;
        let agrees = match &defined {
            Some(defined) => in_zone(wall, &zone)?.call_method0(intern!(py, "utcoffset"))?.eq(defined)?,
            None => true,
        };
        if agrees {
            return Ok(Some(zone));
        }
    }
    let Some(defined) = defined else { return Ok(None) };
    // Python knows no offset of a day or more.
    Ok(module.getattr("timezone")?.call1((defined, id)).ok())
}

/// The `ZoneInfo` of an IANA name, of our own data where Python has none, as on Windows.
fn zone_info<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    let class = py.import(intern!(py, "zoneinfo"))?.getattr("ZoneInfo")?;
    match (class.call1((name,)), time_zone::compiled(name)) {
        (Err(_), Some(octets)) => {
            let file = py.import("io")?.getattr("BytesIO")?.call1((PyBytes::new(py, octets),))?;
            let keywords = PyDict::new(py);
            keywords.set_item("key", name)?;
            class.getattr("from_file")?.call((file,), Some(&keywords))
        }
        (zone, _) => zone,
    }
}

/// The end of what says a duration, or nothing (RFC 5545 §3.6.1); none where Python's calendar does not reach.
fn end_of<'py>(
    start: &Bound<'py, PyAny>,
    duration: Option<Duration>,
    is_event: bool,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = start.py();
    let module = py.import(intern!(py, "datetime"))?;
    let delta = module.getattr("timedelta")?;
    let is_day = !start.is_instance(&module.getattr("datetime")?)?;
    let (days, seconds) = match duration {
        Some(duration) => (duration.days, duration.seconds),
        None if !is_event => return Ok(None),
        None if is_day => (1, 0),
        None => return Ok(Some(start.clone())),
    };
    let end = || -> PyResult<Bound<'py, PyAny>> {
        let after_days = start.add(delta.call1((days,))?)?;
        let seconds = delta.call1((0, seconds))?;
        if is_day || start.getattr("tzinfo")?.is_none() {
            return after_days.add(seconds);
        }
        // Hours are as long as they are, whatever is done to clocks meanwhile.
        let utc = module.getattr("timezone")?.getattr("utc")?;
        let end = after_days.call_method1("astimezone", (utc,))?.add(seconds)?;
        end.call_method1("astimezone", (start.getattr("tzinfo")?,))
    };
    Ok(end().ok())
}
