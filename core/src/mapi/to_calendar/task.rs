use super::{
    calendar,
    clock::{Clock, utc},
    common,
    local::Local,
    recurrence::Recurrence,
    rule::rrule,
};
use crate::{
    Defect, DefectKind,
    content_line::{Component, Property},
    mapi::{Guid, MapiMessage, PropertyValue, Translation, values::Values},
};

const SET: Guid = Guid::PSETID_TASK;
const STATUS: u32 = 0x8101;
const PERCENT_COMPLETE: u32 = 0x8102;
const START_DATE: u32 = 0x8104;
const DUE_DATE: u32 = 0x8105;
const DATE_COMPLETED: u32 = 0x810F;
const ACTUAL_EFFORT: u32 = 0x8110;
const ESTIMATED_EFFORT: u32 = 0x8111;
const RECURRENCE: u32 = 0x8116;
const OWNER: u32 = 0x811F;

/// A task as a VTODO ([MS-OXOTASK] 2.2.2). Its dates are days, whatever zone they were entered in.
pub(in crate::mapi) fn task(message: &MapiMessage, translation: &Translation, defects: &mut Vec<Defect>) -> Component {
    let values = Values::of(message);
    let mut task = Component::new("VTODO");
    common::describe(&mut task, &common::uid(values), message, translation, defects);
    let days = Clock { zone: None, is_all_day: true };
    let start = values.time((SET, START_DATE)).map(Local::in_utc);
    let due = values.time((SET, DUE_DATE)).map(Local::in_utc);
    let recurrence = values.octets((SET, RECURRENCE)).and_then(|value| value.first(1 << 20).ok());
    let recurrence = recurrence.and_then(|value| {
        let recurrence = Recurrence::parse(&value, message.code_page);
        if recurrence.is_none() {
            defects.push(Defect::new(DefectKind::Recurrence, "the recurrence of the task cannot be read"));
        }
        recurrence
    });
    let start = start.or_else(|| recurrence.as_ref().map(|recurrence| recurrence.start_date));
    let due = due.filter(|due| start.is_none_or(|start| *due >= start));
    task.properties.extend(start.map(|start| days.property("DTSTART", start)));
    task.properties.extend(due.map(|due| days.property("DUE", due)));
    if let Some(recurrence) = &recurrence {
        task.properties.push(Property::new("RRULE", rrule(recurrence, Local::date)));
        if recurrence.is_regenerating {
            task.properties.push(Property::new("X-MICROSOFT-TASK-REGENERATES", "TRUE"));
            let detail = "the task recurs some time after it is completed, which iCalendar cannot express: it is \
                 written with the same interval, whether it is completed or not";
            defects.push(Defect::new(DefectKind::Recurrence, detail));
        }
        task.properties.extend(recurrence.deleted.iter().map(|day| days.property("EXDATE", *day)));
    }
    let percent = match values.get((SET, PERCENT_COMPLETE)) {
        Some(PropertyValue::Floating(part)) => Some((part.clamp(0.0, 1.0) * 100.0).round()),
        _ => None,
    };
    if let Some(percent) = percent.filter(|percent| *percent > 0.0) {
        task.properties.push(Property::new("PERCENT-COMPLETE", format!("{percent}")));
    }
    let status = values.integer((SET, STATUS));
    let shown = match status {
        Some(1) => "IN-PROCESS",
        Some(2) => "COMPLETED",
        _ => "NEEDS-ACTION",
    };
    task.properties.push(Property::new("STATUS", shown));
    match status {
        Some(3) => task.properties.push(Property::new("X-MICROSOFT-TASK-STATUS", "WAITING")),
        Some(4) => task.properties.push(Property::new("X-MICROSOFT-TASK-STATUS", "DEFERRED")),
        _ => {}
    }
    if status == Some(2) {
        task.properties.extend(values.time((SET, DATE_COMPLETED)).map(|at| utc("COMPLETED", at)));
    }
    for (name, lid) in [("X-ACTUAL-EFFORT", ACTUAL_EFFORT), ("X-ESTIMATED-EFFORT", ESTIMATED_EFFORT)] {
        if let Some(minutes) = values.integer((SET, lid)).filter(|minutes| *minutes > 0) {
            task.properties.push(Property::new(name, format!("PT{minutes}M")));
        }
    }
    task.properties.extend(values.text((SET, OWNER)).map(|owner| Property::text("X-OWNER", &owner)));
    common::attach(&mut task, message, translation, defects);
    task.components.extend(common::alarm(values, None, None, false));
    calendar(None, Vec::new(), vec![task])
}
