use super::{local::Local, zone::Zone};
use crate::{content_line::Property, mapi::FileTime};

/// How the times of an item are written: in its zone, or in UTC where it has none; or as days.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    pub(super) zone: Option<Zone>,
    pub(super) is_all_day: bool,
}

impl Clock {
    /// What the clock shows, to the nearest midnight for a whole day: it may have been entered in another zone.
    pub(super) fn local(&self, time: FileTime) -> Local {
        let local = self.zone.as_ref().map_or_else(|| Local::in_utc(time), |zone| zone.local(time));
        if self.is_all_day { local.plus_minutes(12 * 60).midnight() } else { local }
    }

    /// A date (and time) property.
    pub(super) fn property(&self, name: &str, local: Local) -> Property {
        match &self.zone {
            _ if self.is_all_day => Property::new(name, local.date()).with("VALUE", "DATE"),
            Some(zone) => Property::new(name, local.date_time()).with("TZID", zone.id.clone()),
            None => Property::new(name, format!("{}Z", local.date_time())),
        }
    }

    /// The last moment of a series, which must be in UTC where its start names a zone (RFC 5545 §3.3.10).
    pub(super) fn until(&self, last: Local) -> String {
        match &self.zone {
            _ if self.is_all_day => last.date(),
            Some(zone) => format!("{}Z", zone.utc(last).date_time()),
            None => format!("{}Z", last.date_time()),
        }
    }
}

/// A property with a time in UTC.
pub(super) fn utc(name: &str, time: FileTime) -> Property {
    Property::new(name, format!("{}Z", Local::in_utc(time).date_time()))
}
