//! vCalendar 1.0 (versit, 1996) to iCalendar 2.0.

mod rule;

use super::{
    moment::{Form, Moment, duration_of, duration_text, offset_of},
    text::plain_text,
};
use crate::{
    content_line::{Component, ContentLine, Property, escape_text, split_unescaped},
    mend::{Notes, draft::Draft},
    model::ComponentKind,
    time_zone,
};

/// What a vCalendar says of the clocks that its times are of.
#[derive(Clone, Debug, Default)]
pub(super) struct Clocks {
    /// The name of the zone, where there is one.
    pub(super) id: Option<String>,
    /// Its definition; nothing for one that the IANA database has.
    pub(super) definition: Option<Component>,
    /// Seconds east of UTC in winter.
    base: i64,
    /// When other offsets hold: from, to, and the seconds.
    summers: Vec<(i64, i64, i64)>,
}

/// Summers that are read.
const SUMMERS: usize = 256;

impl Clocks {
    /// Reads the properties of a calendar, and takes away those that iCalendar has no place for.
    pub(super) fn take(draft: &mut Draft) -> Self {
        let mut clocks = Self::default();
        let (mut zone, mut names) = (None, (String::new(), String::new()));
        for number in draft.numbers() {
            let Some(line) = draft.line(number) else { continue };
            let value = line.decoded_value().trim().to_owned();
            if line.is("TZ") {
                zone = Some(value);
            } else if line.is("DAYLIGHT") {
                let fields: Vec<_> = value.split(';').map(str::trim).collect();
                if let [flag, offset, from, to, rest @ ..] = &*fields
                    && flag.eq_ignore_ascii_case("TRUE")
                    && let (Some(offset), Some(from), Some(to)) =
                        (offset_of(offset), Moment::lenient(from), Moment::lenient(to))
                    && clocks.summers.len() < SUMMERS
                {
                    clocks.summers.push((from.wall, to.wall, offset));
                    if let [standard, daylight, ..] = rest {
                        names = ((*standard).to_owned(), (*daylight).to_owned());
                    }
                }
            } else if !line.is("GEO") {
                continue;
            }
            draft.remove(number);
        }
        let Some(zone) = zone else { return clocks };
        if let Some(offset) = offset_of(&zone) {
            clocks.base = offset;
            let id = match offset {
                0 if clocks.summers.is_empty() => "Etc/UTC".to_owned(),
                _ => format!("vCalendar {zone}"),
            };
            clocks.definition = Some(clocks.define(&id, &names));
            clocks.id = Some(id);
        } else if let Some(name) = time_zone::iana_name(&zone) {
            clocks.id = Some(name.to_owned());
        }
        clocks
    }

    fn define(&self, id: &str, (standard, daylight): &(String, String)) -> Component {
        let text = |seconds: i64| {
            let sign = if seconds < 0 { '-' } else { '+' };
            format!("{sign}{:02}{:02}", seconds.abs() / 3_600, seconds.abs() / 60 % 60)
        };
        let observance = |kind: &str, name: &str, from: i64, to: i64, wall: i64| {
            let mut observance = Component::new(kind);
            if !name.is_empty() {
                observance = observance.with(Property::text("TZNAME", name));
            }
            observance
                .with(Property::new("TZOFFSETFROM", text(from)))
                .with(Property::new("TZOFFSETTO", text(to)))
                .with(Property::new("DTSTART", Moment { wall, form: Form::Local }.to_string()))
        };
        let mut zone = Component::new("VTIMEZONE").with(Property::text("TZID", id));
        zone.components.push(observance("STANDARD", standard, self.base, self.base, 0));
        for (from, to, offset) in &self.summers {
            zone.components.push(observance("DAYLIGHT", daylight, self.base, *offset, *from));
            zone.components.push(observance("STANDARD", standard, *offset, self.base, *to));
        }
        zone
    }
}

/// A component of vCalendar as one of iCalendar.
pub(super) fn convert(draft: &Draft, kind: ComponentKind, clocks: &Clocks, notes: &mut Notes) -> Vec<u8> {
    let mut out = Vec::new();
    let mut alarms: Vec<Component> = Vec::new();
    let start = draft.numbers().find_map(|number| {
        let line = draft.line(number).filter(|line| draft.depth(number) == 1 && line.is("DTSTART"))?;
        Moment::lenient(&line.decoded_value())
    });
    let end = draft.end();
    for number in draft.numbers() {
        if number == end {
            alarms.iter().for_each(|alarm| alarm.write_to(&mut out));
        }
        let whole = draft.line(number).filter(|_| draft.depth(number) == 1);
        let Some(line) = whole.filter(|line| !line.is("BEGIN") && !line.is("END")) else {
            crate::content_line::fold(draft.text(number), &mut out);
            continue;
        };
        match alarm_of(&line, start) {
            Some(Ok(alarm)) => alarms.push(alarm),
            Some(Err(why)) => {
                notes.flag(why);
                kept(&line).write_to(&mut out);
            }
            None => {
                property_of(&line, kind, clocks, start, notes).iter().for_each(|property| property.write_to(&mut out))
            }
        }
    }
    notes.mended("vCalendar 1.0 converted to iCalendar 2.0");
    out
}

/// What iCalendar has no place for.
fn kept(line: &ContentLine<'_>) -> Property {
    let name = String::from_utf8_lossy(line.name);
    Property::text(format!("X-VCALENDAR-{}", name.to_ascii_uppercase()), &plain_text(line))
}

/// A TEXT value: in vCalendar only `;` is escaped.
fn text_of(line: &ContentLine<'_>) -> String {
    plain_text(line).replace("\\;", ";")
}

fn property_of(
    line: &ContentLine<'_>,
    kind: ComponentKind,
    clocks: &Clocks,
    start: Option<Moment>,
    notes: &mut Notes,
) -> Vec<Property> {
    let name = String::from_utf8_lossy(line.name).to_ascii_uppercase();
    let value = plain_text(line);
    let value = value.trim();
    let parameter = |name: &str| {
        let value = line.parameter(name)?.values().next()?;
        Some(String::from_utf8_lossy(value).into_owned())
    };
    let with_language = |property: Property| match parameter("LANGUAGE") {
        Some(language) => property.with("LANGUAGE", language),
        None => property,
    };
    match &*name {
        "DTSTART" | "DTEND" | "DUE" | "RECURRENCE-ID" => vec![dated(&name, value, clocks)],
        "EXDATE" | "RDATE" => {
            let dates: Vec<_> = value.split([';', ',']).map(str::trim).filter(|date| !date.is_empty()).collect();
            if dates.is_empty() { Vec::new() } else { vec![dated(&name, &dates.join(","), clocks)] }
        }
        "DCREATED" => vec![dated("CREATED", value, clocks)],
        "LAST-MODIFIED" | "COMPLETED" | "DTSTAMP" | "CREATED" => vec![dated(&name, value, clocks)],
        "RRULE" | "EXRULE" => match rule::convert(value, start) {
            Some(rule) => vec![Property::new(name, rule)],
            None => {
                notes.flag(format!("{name} of vCalendar 1.0 that iCalendar cannot express: {value}"));
                vec![kept(line)]
            }
        },
        // How often it happens is in the rule.
        "RNUM" => Vec::new(),
        "CATEGORIES" | "RESOURCES" => {
            let items: Vec<_> = split_unescaped(value, ';').flat_map(|items| split_unescaped(items, ',')).collect();
            let items: Vec<_> =
                items.iter().map(|item| item.trim()).filter(|item| !item.is_empty()).map(escape_text).collect();
            if items.is_empty() { Vec::new() } else { vec![with_language(Property::new(name, items.join(",")))] }
        }
        "PRIORITY" => match value.parse::<i64>() {
            Ok(priority) => vec![Property::new(name, priority.clamp(0, 9).to_string())],
            Err(_) => vec![kept(line)],
        },
        "TRANSP" => {
            let is_free =
                value.parse::<i64>().map_or_else(|_| value.eq_ignore_ascii_case("TRANSPARENT"), |free| free > 0);
            vec![Property::new(name, if is_free { "TRANSPARENT" } else { "OPAQUE" })]
        }
        "STATUS" => status(value, kind).map_or_else(|| vec![kept(line)], |status| vec![Property::new(name, status)]),
        "CLASS" | "SEQUENCE" | "UID" => vec![Property::text(name, value)],
        "URL" => vec![Property::new(name, value)],
        "GEO" => vec![geo(value).map_or_else(|| kept(line), |geo| Property::new("GEO", geo))],
        "ATTENDEE" => attendee(value, &parameter).unwrap_or_else(|| vec![Property::text("CONTACT", value)]),
        "ATTACH" => vec![attachment(line, value, &parameter)],
        _ => vec![with_language(Property::text(name, &text_of(line)))],
    }
}

/// A date property; times that are not in UTC are of the clocks of the calendar.
fn dated(name: &str, value: &str, clocks: &Clocks) -> Property {
    let property = Property::new(name, value);
    let is_local = |text: &str| Moment::lenient(text).is_some_and(|moment| moment.form == Form::Local);
    match &clocks.id {
        Some(id) if value.split(',').any(is_local) => property.with("TZID", id),
        _ => property,
    }
}

fn status(value: &str, kind: ComponentKind) -> Option<&'static str> {
    let value = value.to_ascii_uppercase().replace(['-', '_'], " ");
    Some(match (kind, &*value) {
        (ComponentKind::Task, "COMPLETED") => "COMPLETED",
        (ComponentKind::Task, "DECLINED" | "CANCELLED") => "CANCELLED",
        (ComponentKind::Task, "NEEDS ACTION" | "SENT" | "TENTATIVE" | "DELEGATED") => "NEEDS-ACTION",
        (ComponentKind::Task, "ACCEPTED" | "CONFIRMED" | "IN PROCESS") => "IN-PROCESS",
        (_, "ACCEPTED" | "CONFIRMED" | "COMPLETED") => "CONFIRMED",
        (_, "TENTATIVE" | "NEEDS ACTION" | "SENT" | "DELEGATED") => "TENTATIVE",
        (_, "DECLINED" | "CANCELLED") => "CANCELLED",
        _ => return None,
    })
}

/// `longitude,latitude` as `latitude;longitude`.
fn geo(value: &str) -> Option<String> {
    let (longitude, latitude) = value.split_once([',', ';'])?;
    let (longitude, latitude) = (longitude.trim().parse::<f64>().ok()?, latitude.trim().parse::<f64>().ok()?);
    // What cannot be a latitude was written the other way round.
    let (latitude, longitude) = if latitude.abs() > 90.0 { (longitude, latitude) } else { (latitude, longitude) };
    (latitude.abs() <= 90.0 && longitude.abs() <= 180.0).then(|| format!("{latitude};{longitude}"))
}

/// ATTENDEE, and ORGANIZER of the one whose event it is; `None` of somebody who has no address.
fn attendee(value: &str, parameter: &impl Fn(&str) -> Option<String>) -> Option<Vec<Property>> {
    let (name, address) = match value.rsplit_once('<') {
        Some((name, address)) => (name.trim().trim_matches('"'), address.trim_end_matches('>').trim()),
        None => ("", value),
    };
    let address = address
        .get(..7)
        .filter(|scheme| scheme.eq_ignore_ascii_case("mailto:"))
        .and(address.get(7..))
        .unwrap_or(address);
    if !address.contains('@') || address.contains(char::is_whitespace) {
        return None;
    }
    let address = format!("mailto:{address}");
    let role = parameter("ROLE").unwrap_or_default().to_ascii_uppercase();
    let named = |property: &str| {
        let property = Property::new(property, &*address);
        if name.is_empty() { property } else { property.with("CN", name) }
    };
    let mut attendee = named("ATTENDEE");
    let expect = parameter("EXPECT").unwrap_or_default().to_ascii_uppercase();
    let is_owner = matches!(&*role, "OWNER" | "ORGANIZER");
    let written_role = match (&*role, &*expect) {
        ("OWNER" | "ORGANIZER", _) => "CHAIR",
        (_, "FYI") => "NON-PARTICIPANT",
        (_, "REQUEST") => "OPT-PARTICIPANT",
        _ => "REQ-PARTICIPANT",
    };
    attendee = attendee.with("ROLE", written_role);
    let status = match &*parameter("STATUS").unwrap_or_default().to_ascii_uppercase().replace(['-', '_'], " ") {
        "ACCEPTED" | "CONFIRMED" => Some("ACCEPTED"),
        "NEEDS ACTION" | "SENT" => Some("NEEDS-ACTION"),
        "TENTATIVE" => Some("TENTATIVE"),
        "DECLINED" => Some("DECLINED"),
        "DELEGATED" => Some("DELEGATED"),
        "COMPLETED" => Some("COMPLETED"),
        _ => None,
    };
    if let Some(status) = status {
        attendee = attendee.with("PARTSTAT", status);
    }
    match &*parameter("RSVP").unwrap_or_default().to_ascii_uppercase() {
        "YES" | "TRUE" => attendee = attendee.with("RSVP", "TRUE"),
        "NO" | "FALSE" => attendee = attendee.with("RSVP", "FALSE"),
        _ => {}
    }
    let organizer = is_owner.then(|| named("ORGANIZER"));
    Some(organizer.into_iter().chain([attendee]).collect())
}

fn attachment(line: &ContentLine<'_>, value: &str, parameter: &impl Fn(&str) -> Option<String>) -> Property {
    let has = |word: &str| {
        line.parameters()
            .any(|parameter| parameter.value.unwrap_or(parameter.name).eq_ignore_ascii_case(word.as_bytes()))
    };
    let mut property = match has("BASE64") {
        true => {
            let octets: String = value.chars().filter(|character| !character.is_whitespace()).collect();
            Property::new("ATTACH", octets).with("ENCODING", "BASE64").with("VALUE", "BINARY")
        }
        false if has("CONTENT-ID") || has("CID") => {
            Property::new("ATTACH", format!("cid:{}", value.trim_matches(['<', '>'])))
        }
        false => Property::new("ATTACH", value),
    };
    if let Some(kind) = parameter("TYPE").filter(|kind| kind.contains('/')) {
        property = property.with("FMTTYPE", kind);
    }
    property
}

/// The alarm that AALARM, DALARM, MALARM or PALARM is; `Err` says why it is none.
fn alarm_of(line: &ContentLine<'_>, start: Option<Moment>) -> Option<Result<Component, &'static str>> {
    let action = match () {
        () if line.is("AALARM") => "AUDIO",
        () if line.is("DALARM") => "DISPLAY",
        () if line.is("MALARM") => "EMAIL",
        () if line.is("PALARM") => "PROCEDURE",
        () => return None,
    };
    let text = plain_text(line);
    let fields: Vec<String> = split_unescaped(&text, ';').map(|field| field.trim().replace("\\;", ";")).collect();
    let field = |number: usize| fields.get(number).map(String::as_str).filter(|field| !field.is_empty());
    if action == "PROCEDURE" {
        return Some(Err("an alarm that runs a program"));
    }
    let Some(run) = field(0).and_then(Moment::lenient) else { return Some(Err("an alarm without a time")) };
    let trigger = match (start, run.form) {
        (Some(start), form) if form == start.form || start.form == Form::Date && form == Form::Local => {
            Property::new("TRIGGER", duration_text(run.wall - start.wall))
        }
        (_, Form::Utc) => Property::new("TRIGGER", run.to_string()).with("VALUE", "DATE-TIME"),
        _ => return Some(Err("an alarm at a time that is on other clocks than DTSTART")),
    };
    let mut alarm = Component::new("VALARM").with(Property::new("ACTION", action)).with(trigger);
    let repeat = field(2).and_then(|repeat| repeat.parse::<u32>().ok()).filter(|repeat| *repeat > 0);
    if let (Some(snooze), Some(repeat)) = (field(1).filter(|snooze| duration_of(snooze).is_some()), repeat) {
        alarm = alarm.with(Property::new("DURATION", snooze)).with(Property::new("REPEAT", repeat.to_string()));
    }
    let content = field(3).unwrap_or_default();
    match action {
        "DISPLAY" if !content.is_empty() => alarm = alarm.with(Property::text("DESCRIPTION", content)),
        "AUDIO" if content.contains(':') => alarm = alarm.with(Property::new("ATTACH", content)),
        "EMAIL" if content.contains('@') => {
            alarm = alarm.with(Property::new("ATTENDEE", format!("mailto:{content}")));
            if let Some(note) = field(4) {
                alarm = alarm.with(Property::text("DESCRIPTION", note)).with(Property::text("SUMMARY", note));
            }
        }
        _ => {}
    }
    Some(Ok(alarm))
}
