use crate::{date_time::civil, mapi::FileTime};

/// A date and time that some clock shows, in seconds from 1970-01-01T00:00:00 on that clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Local(pub(super) i64);

/// Seconds from 1601 to 1970.
const SINCE_1601: i64 = 11_644_473_600;

impl Local {
    /// From minutes since 1601-01-01T00:00:00, as recurrences count.
    pub(super) fn from_minutes(minutes: u32) -> Self {
        Self(i64::from(minutes) * 60 - SINCE_1601)
    }

    /// What a clock in UTC shows.
    pub(super) fn in_utc(time: FileTime) -> Self {
        Self(i64::try_from(time.0 / 10_000_000).unwrap_or(0) - SINCE_1601)
    }

    pub(super) fn plus_minutes(self, minutes: i64) -> Self {
        Self(self.0.saturating_add(minutes * 60))
    }

    pub(super) fn midnight(self) -> Self {
        Self(self.0.div_euclid(86_400) * 86_400)
    }

    /// `20240131` (RFC 5545 §3.3.4).
    pub(super) fn date(self) -> String {
        let c = civil(self.0);
        format!("{:04}{:02}{:02}", c.year, c.month, c.day)
    }

    /// `20240131T235959` (RFC 5545 §3.3.5).
    pub(super) fn date_time(self) -> String {
        let c = civil(self.0);
        format!("{}T{:02}{:02}{:02}", self.date(), c.hour, c.minute, c.second)
    }

    pub(super) fn year(self) -> i64 {
        civil(self.0).year
    }

    pub(super) fn month(self) -> i64 {
        civil(self.0).month
    }
}
