//! Tasks and notes.

use super::{
    element::Element,
    fields::{Fields, is_html},
    recurrence::{Days, nearest_midnight, rule},
};
use crate::{
    content_line::{Component, Property},
    defect::{Defect, DefectKind},
    mapi::{Guid, MapiMessage, PropertyValue, pid},
};

const SET: Guid = Guid::PSETID_TASK;
const COMMON: Guid = Guid::PSETID_COMMON;

/// A task ([MS-OXOTASK] 2.2.2.2).
pub(super) fn task(item: &Element) -> MapiMessage {
    let mut fields = Fields::of("IPM.Task", item);
    fields.text(pid::SUBJECT, item.text("OPFTaskCopyName"));
    let (note, plain) = (item.text("OPFTaskCopyNote"), item.text("OPFTaskCopyNotePlain"));
    let html = note.filter(|note| is_html(note));
    fields.bodies(html, plain.or_else(|| note.filter(|_| html.is_none())));
    let day = |names: [&str; 2]| names.iter().find_map(|name| item.time(name)).map(nearest_midnight);
    let start = day(["OPFTaskCopyStartDateTime", "OPFTaskCopyStartDate"]);
    let due = day(["OPFTaskCopyDueDateTime", "OPFTaskCopyDueDate"]);
    let recurring = item.child("OPFTaskCopyRecurrence");
    let first = recurring.and_then(|recurrence| recurrence.time("OPFRecurrenceCopyStartDate")).map(nearest_midnight);
    fields.named(SET, 0x8104, start.or(first).map(PropertyValue::Time));
    fields.named(SET, 0x8105, due.map(PropertyValue::Time));
    if let Some(completed) = item.time("OPFTaskCopyCompletedDateTime") {
        fields.named(SET, 0x8101, Some(PropertyValue::Integer32(2)));
        fields.named(SET, 0x8102, Some(PropertyValue::Floating(1.0)));
        fields.named(SET, 0x810F, Some(PropertyValue::Time(completed)));
    }
    if let Some(at) = item.time("OPFTaskCopyReminderTime") {
        fields.named(COMMON, 0x8503, Some(PropertyValue::Boolean(true)));
        fields.named(COMMON, 0x8560, Some(PropertyValue::Time(at)));
    }
    match item.number("OPFTaskGetPriority") {
        Some(1 | 2) => fields.integer(pid::IMPORTANCE, 2),
        Some(4 | 5) => fields.integer(pid::IMPORTANCE, 0),
        _ => {}
    }
    fields.time(pid::LAST_MODIFICATION_TIME, item.time("OPFTaskCopyModDate"));
    fields.categories(item.child("OPFTaskCopyCategoryList"));
    fields.message(Vec::new(), Vec::new())
}

/// The rule by which a task recurs.
pub(super) fn add_to(calendar: &mut Component, item: &Element, defects: &mut Vec<Defect>) {
    let Some(recurrence) = item.child("OPFTaskCopyRecurrence") else { return };
    let Some(task) = calendar.components.iter_mut().find(|component| component.name == "VTODO") else { return };
    match rule(recurrence, &Days::Whole(0)) {
        Some(rule) => task.properties.push(Property::new("RRULE", rule)),
        None => defects.push(Defect::new(DefectKind::Recurrence, "the recurrence of the task cannot be read")),
    }
}

/// A note ([MS-OXONOTE] 2.2.1).
pub(super) fn note(item: &Element) -> MapiMessage {
    let mut fields = Fields::of("IPM.StickyNote", item);
    fields.text(pid::SUBJECT, item.text("OPFNoteCopyTitle"));
    let body = item.text("OPFNoteCopyText");
    let html = body.filter(|body| is_html(body));
    fields.bodies(html, body.filter(|_| html.is_none()));
    fields.time(pid::CREATION_TIME, item.time("OPFNoteCopyCreationDate"));
    fields.time(pid::LAST_MODIFICATION_TIME, item.time("OPFNoteCopyModDate"));
    fields.categories(item.child("OPFNoteCopyCategoryList"));
    fields.message(Vec::new(), Vec::new())
}
