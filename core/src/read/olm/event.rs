//! Events.

use super::{
    element::Element,
    fields::{Fields, attachments, binary, first_rows, is_html, recipient},
    recurrence::{Days, deleted, rule},
    zone::Zone,
};
use crate::{
    content_line::{Component, Property},
    defect::{Defect, DefectKind},
    error::Result,
    mapi::{Guid, MapiMessage, PropertyBag, PropertyValue, pid},
    read::archive::ZipIndex,
};

const SET: Guid = Guid::PSETID_APPOINTMENT;
const COMMON: Guid = Guid::PSETID_COMMON;

/// An event as an appointment ([MS-OXOCAL] 2.2.1).
///
/// # Errors
/// When the archive cannot be read.
pub(super) fn event(item: &Element, archive: &mut ZipIndex, most: usize) -> Result<MapiMessage> {
    let mut fields = Fields::of("IPM.Appointment", item);
    let text = |name: &str| item.text(name);
    let flag = |name: &str| Some(PropertyValue::Boolean(item.is_true(name)));
    let time = |name: &str| item.time(name).map(PropertyValue::Time);
    fields.text(pid::SUBJECT, text("OPFCalendarEventCopySummary"));
    fields.named_text(SET, 0x8208, text("OPFCalendarEventCopyLocation"));
    fields.named(SET, 0x820D, time("OPFCalendarEventCopyStartTime"));
    fields.named(SET, 0x820E, time("OPFCalendarEventCopyEndTime"));
    fields.named(SET, 0x8215, flag("OPFCalendarEventGetIsAllDayEvent"));
    // 0 busy, 1 free, 2 tentative, 3 out of office; MAPI counts from free on.
    let busy = match item.number("OPFCalendarEventCopyFreeBusyStatus") {
        Some(1) => 0,
        Some(2) => 1,
        Some(n @ 3..=4) => n as i32,
        _ => 2,
    };
    fields.named(SET, 0x8205, Some(PropertyValue::Integer32(busy)));
    fields.named(COMMON, 0x8503, flag("OPFCalendarEventGetHasReminder"));
    let seconds = item.number("OPFCalendarEventCopyReminderDelta");
    let minutes = seconds.and_then(|seconds| i32::try_from(seconds / 60).ok());
    fields.named(COMMON, 0x8501, minutes.map(PropertyValue::Integer32));
    if item.is_true("OPFCalendarEventGetIsPrivate") {
        fields.integer(pid::SENSITIVITY, 2);
    }
    fields.time(pid::LAST_MODIFICATION_TIME, item.time("OPFCalendarEventCopyModDate"));
    fields.categories(item.child("OPFCalendarEventCopyCategoryList"));
    let (description, plain) = (text("OPFCalendarEventCopyDescription"), text("OPFCalendarEventCopyDescriptionPlain"));
    let html = description.filter(|text| is_html(text));
    fields.bodies(html, plain.or_else(|| description.filter(|_| html.is_none())));
    fields.named(Guid::PSETID_MEETING, 0x0023, text("OPFCalendarEventCopyUUID").map(|uid| binary(foreign_uid(uid))));
    let zone = text("OPFCalendarEventGetStartTimeZoneICSData").and_then(Zone::of);
    let shown = text("OPFCalendarEventCopyStartTimeZone").map(str::to_owned);
    let names = zone.as_ref().map(|zone| zone.names.clone()).unwrap_or_default();
    let names = shown.into_iter().chain(names);
    let names: Vec<String> = names.collect();
    let known = names.iter().find(|name| crate::time_zone::iana_name(name).is_some()).or_else(|| names.first());
    fields.named_text(SET, 0x8234, known.map(String::as_str));
    fields.named(SET, 0x8233, zone.map(|zone| binary(zone.structure)));
    let people = people(item, &mut fields);
    if !people.is_empty() {
        // The event is a meeting.
        fields.named(SET, 0x8217, Some(PropertyValue::Integer32(1)));
    }
    let attached = attachments(item.child("OPFCalendarEventCopyAttachmentList"), archive, most, &mut fields)?;
    let people = first_rows(people, most, &mut fields);
    Ok(fields.message(people, attached))
}

/// What MAPI has no property for, or one that tells no more: the rule of a series, and which of them an occurrence is in place of.
pub(super) fn add_to(calendar: &mut Component, item: &Element, defects: &mut Vec<Defect>) {
    let Some(event) = calendar.components.iter_mut().find(|component| component.name == "VEVENT") else { return };
    let days = Days::of(event, item.time("OPFCalendarEventCopyStartTime"));
    if let Some(original) = item.time("OPFCalendarEventCopyRecurrenceId")
        && let Some(original) = days.as_ref().unwrap_or(&Days::AT_TIMES).property("RECURRENCE-ID", original)
    {
        let behind_uid = event.properties.len().min(1);
        event.properties.insert(behind_uid, original);
    }
    if attendees(item).is_empty()
        && let Some(organizer) = item.text("OPFCalendarEventCopyOrganizer")
    {
        // With ORGANIZER it would be a meeting (RFC 5545 §3.8.4.3).
        event.properties.push(Property::text("X-OLM-ORGANIZER", organizer.trim()));
    }
    let recurrence = item.child("OPFCalendarEventCopyRecurrence");
    let is_recurring = recurrence.is_some() || item.is_true("OPFCalendarEventIsRecurring");
    let rule = recurrence.zip(days.as_ref()).and_then(|(recurrence, days)| rule(recurrence, days));
    match (rule, recurrence, days) {
        (Some(rule), Some(recurrence), Some(days)) => {
            event.properties.push(Property::new("RRULE", rule));
            event.properties.extend(deleted(item, recurrence, &days, defects));
        }
        _ if is_recurring => {
            let what = "the recurrence cannot be read: only one event is written";
            defects.push(Defect::new(DefectKind::Recurrence, what));
        }
        _ => {}
    }
}

/// The attendees that have an address or a name.
fn attendees(item: &Element) -> Vec<&Element> {
    let list = item.child("OPFCalendarEventCopyAttendeeList").map(|list| list.children.as_slice()).unwrap_or_default();
    let is_known = |attendee: &&Element| {
        ["OPFCalendarAttendeeAddress", "OPFCalendarAttendeeName"].iter().any(|name| attendee.attribute(name).is_some())
    };
    list.iter().filter(is_known).collect()
}

/// The organizer and the attendees.
fn people(item: &Element, fields: &mut Fields) -> Vec<PropertyBag> {
    let known = attendees(item);
    let listed = item.child("OPFCalendarEventCopyAttendeeList").map_or(0, |list| list.children.len());
    if listed > known.len() {
        let what = format!("{} attendees have neither an address nor a name and were left out", listed - known.len());
        fields.tell(DefectKind::Recipient, what);
    }
    let attendees = known.into_iter().map(|attendee| {
        let kind = match attendee.attribute("OPFCalendarAttendeeType").and_then(|kind| kind.trim().parse::<f64>().ok())
        {
            Some(2.0) => 2,
            Some(3.0) => 3,
            _ => 1,
        };
        let address = attendee.attribute("OPFCalendarAttendeeAddress");
        let mut row = recipient(kind, address, attendee.attribute("OPFCalendarAttendeeName"));
        let status =
            attendee.attribute("OPFCalendarAttendeeStatus").and_then(|status| status.trim().parse::<f64>().ok());
        // 1 accepted, 2 tentative, 3 declined; MAPI has tentative first ([MS-OXOCAL] 2.2.4.10.2).
        row.integer(
            pid::RECIPIENT_TRACK_STATUS,
            match status {
                Some(1.0) => 3,
                Some(2.0) => 2,
                Some(3.0) => 4,
                _ => 0,
            },
        );
        row.bag()
    });
    let attendees: Vec<PropertyBag> = attendees.collect();
    let organizer = item.text("OPFCalendarEventCopyOrganizer").filter(|_| !attendees.is_empty());
    let organizer = organizer.map(|organizer| {
        let (name, address) = match organizer.trim().strip_suffix('>').and_then(|organizer| organizer.rsplit_once('<'))
        {
            Some((name, address)) => (Some(name.trim().trim_matches('"')), Some(address)),
            None if organizer.contains('@') => (None, Some(organizer)),
            None => (Some(organizer), None),
        };
        let mut row = recipient(1, address, name.filter(|name| !name.is_empty()));
        row.integer(pid::RECIPIENT_FLAGS, 2);
        row.bag()
    });
    organizer.into_iter().chain(attendees).collect()
}

/// A global object identifier that stands for an identifier of another program ([MS-OXOCAL] 2.2.1.27).
fn foreign_uid(uid: &str) -> Vec<u8> {
    const CLASS: [u8; 16] = [0x04, 0, 0, 0, 0x82, 0, 0xE0, 0, 0x74, 0xC5, 0xB7, 0x10, 0x1A, 0x82, 0xE0, 0x08];
    let data = [b"vCal-Uid\x01\0\0\0", uid.trim().as_bytes(), b"\0"].concat();
    let len = u32::try_from(data.len()).unwrap_or(u32::MAX);
    [&CLASS[..], &[0; 20], &len.to_le_bytes(), &data].concat()
}
