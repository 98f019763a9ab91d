//! iCalendar and vCalendar files (RFC 5545, vCalendar 1.0).
//!
//! An item is a calendar object resource (RFC 4791 §4.1): all components of one UID in one VCALENDAR, wherever they stand
//! in it, with the VTIMEZONEs they name. Each calendar is walked over once before its components are read, and only the
//! places of its overrides are kept: at most [`Limits::overrides`](crate::Limits::overrides) of them, 40 octets each. Overrides
//! beyond that, and those of one UID beyond 16,384, are items of their own.
//!
//! A second component of a UID that is no override is an item of its own too: a calendar store can hold only one.
//!
//! ```
//! use mailferry::read::{ItemReader, ReadOptions, ics::IcsReader};
//! use std::sync::Arc;
//!
//! let octets = b"BEGIN:VCALENDAR\nX-WR-CALNAME:Work\nBEGIN:VEVENT\nUID:1\nSUMMARY:Lunch\nEND:VEVENT\nEND:VCALENDAR\n".to_vec();
//! let mut reader = IcsReader::open(Arc::new(octets), "work.ics", &ReadOptions::default())?;
//! let item = reader.next_item()?.unwrap();
//! assert_eq!(item.calendar().unwrap().summary(), Some("Lunch"));
//! assert_eq!(item.folder.path.to_string(), "Work");
//! assert!(reader.next_item()?.is_none());
//! # Ok::<(), mailferry::Error>(())
//! ```

mod reader;

pub use reader::IcsReader;

use super::{FormatInfo, Request, content_lines};

/// The components that a file starts with.
const COMPONENTS: &[&[u8]] = &[b"VCALENDAR", b"VEVENT", b"VTODO", b"VJOURNAL", b"VFREEBUSY", b"VTIMEZONE"];

pub(super) const FORMAT: FormatInfo = FormatInfo {
    extensions: &["ics", "ical", "ifb", "icalendar", "vcs"],
    media_types: &["text/calendar", "text/x-vcalendar"],
    archived: &["ics", "ical", "vcs"],
    ..FormatInfo::new(
        "ics",
        "iCalendar and vCalendar (ICS, VCS)",
        |head| content_lines::score(head, COMPONENTS),
        |Request { name, source, options }| Ok(Box::new(IcsReader::open(source, &name, &options)?)),
    )
};
