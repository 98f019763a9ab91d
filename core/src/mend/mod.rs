//! Mends calendar objects and cards for what a target takes, and says of each what was mended and what was not.
//!
//! It stands between the gates that decide upon an item and its rendering, and works on content lines: what nobody knows and what
//! is not wrong stays, octet for octet. What has one right answer is mended; what has not is written as it is and flagged.
//!
//! ```
//! use mailferry::{mend::{CalendarMender, IcsOptions}, model::CalendarObject};
//! use std::sync::Arc;
//!
//! let octets = b"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\nDTSTAMP:20240101T000000Z\nDTSTART:20240101\nEND:VEVENT\nEND:VCALENDAR\n";
//! let mut object = CalendarObject::parse(Arc::new(octets.to_vec()), &Default::default())?;
//! let mut needs = IcsOptions::default();
//! needs.mend = true;
//! let notes = CalendarMender::new(needs).mend(&mut object)?;
//! assert!(notes.mended.iter().any(|mended| mended == "UID added") && object.uid().is_some());
//! # Ok::<(), mailferry::Error>(())
//! ```

mod calendar;
mod card;
mod draft;

pub(crate) use calendar::telling_octets;
pub use calendar::{CalendarMender, IcsOptions, defined_offset};
pub(crate) use card::{
    CardDate, Kind, Media, bare as bare_base64, escape_bare, full_name, looks_like_uri, media_kind, media_type_of,
    structured_name, unescape_uri,
};
pub use card::{CardMender, YearlessDates};

use crate::defect::{Defect, DefectKind};
use std::borrow::Cow;

/// Notes of one item that are kept; a kind of fault that it has a thousand times is told once anyway.
const MOST: usize = 64;

/// What came of mending an item.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// What was mended, each once; of what has a colon, what follows it is the instance.
    pub mended: Vec<Cow<'static, str>>,
    /// What is not right and was left as it is.
    pub flagged: Vec<Defect>,
    /// Why the target does not take the item at all, by its stable name in the item log.
    pub refusal: Option<&'static str>,
}

impl Notes {
    /// Notes that something was mended.
    pub(crate) fn mended(&mut self, what: impl Into<Cow<'static, str>>) {
        let what = what.into();
        if self.mended.len() < MOST && !self.mended.contains(&what) {
            self.mended.push(what);
        }
    }

    /// Notes that something is not right and has no single right answer.
    pub(crate) fn flag(&mut self, what: impl Into<Cow<'static, str>>) {
        self.flag_as(DefectKind::NotMended, what);
    }

    /// The same, of another kind.
    pub(crate) fn flag_as(&mut self, kind: DefectKind, what: impl Into<Cow<'static, str>>) {
        let flag = Defect::new(kind, what);
        if self.flagged.len() < MOST && !self.flagged.contains(&flag) {
            self.flagged.push(flag);
        }
    }

    /// Adds what was noted elsewhere.
    pub(crate) fn add(&mut self, other: &Self) {
        other.mended.iter().for_each(|what| self.mended(what.clone()));
        other.flagged.iter().for_each(|flag| self.flag_as(flag.kind(), flag.detail().to_owned()));
        self.refusal = self.refusal.or(other.refusal);
    }
}
