//! Calendar objects: appointments, meetings, tasks, journal entries and notes ([MS-OXCICAL], [MS-OXOCAL], [MS-OXOTASK]).

mod attendee;
mod blob;
mod clock;
mod common;
mod event;
mod journal;
mod local;
mod recurrence;
mod rule;
mod task;
#[cfg(test)]
mod tests;
mod zone;

pub(super) use event::{appointment, meeting};
pub(super) use journal::{journal, note};
pub(super) use task::task;

use crate::content_line::{Component, Property};
use zone::Zone;

/// The calendar around components: what it needs to stand alone (RFC 5545 §3.6).
fn calendar(method: Option<&str>, zones: Vec<Zone>, components: Vec<Component>) -> Component {
    let mut calendar = Component::new("VCALENDAR")
        .with(Property::new("VERSION", "2.0"))
        .with(Property::new("PRODID", "-//mailferry//mailferry//EN"));
    if let Some(method) = method {
        calendar = calendar.with(Property::new("METHOD", method));
    }
    for zone in zones {
        calendar = calendar.with_component(zone.component());
    }
    for component in components {
        calendar = calendar.with_component(component);
    }
    calendar
}
