use crate::date_time::DateTime;
use serde::{Serialize, Serializer};
use std::fmt;

/// A date or a date and time as iCalendar has them (RFC 5545 §3.3.4, §3.3.5).
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CalendarTime {
    /// A day, in whatever zone one looks at it: midnight of it.
    Date(DateTime),
    /// A point in time in UTC.
    Utc(DateTime),
    /// What clocks on the wall show in a zone, or anywhere when there is none (floating time).
    Local {
        /// The date and time of day, as if it were UTC.
        wall: DateTime,
        /// The TZID of the zone.
        zone: Option<String>,
    },
}

impl CalendarTime {
    /// Reads a DATE or DATE-TIME value, `-` and `:` between its parts allowed; the zone is its `TZID` parameter.
    pub fn parse(value: &str, zone: Option<&str>) -> Option<Self> {
        let mut digits = value.trim().bytes().filter(|octet| !matches!(octet, b'-' | b':'));
        let mut number = |len: usize| {
            let mut number = 0;
            for _ in 0..len {
                let digit = digits.next().filter(u8::is_ascii_digit)?;
                number = number * 10 + i64::from(digit - b'0');
            }
            Some(number)
        };
        let (year, month, day) = (number(4)?, number(2)?, number(2)?);
        let midnight = DateTime::from_civil(year, month, day, 0, 0, 0, None)?;
        match digits.next() {
            None => return Some(Self::Date(midnight)),
            Some(b'T' | b't' | b' ') => {}
            Some(_) => return None,
        }
        let rest: Vec<u8> = digits.take(8).collect();
        let pair = |at: usize| match rest.get(at..at + 2)? {
            [tens, ones] if tens.is_ascii_digit() && ones.is_ascii_digit() => {
                Some(i64::from((tens - b'0') * 10 + ones - b'0'))
            }
            _ => None,
        };
        let wall = DateTime::from_civil(year, month, day, pair(0)?, pair(2)?, pair(4).unwrap_or(0), None)?;
        match rest.last() {
            Some(b'Z' | b'z') => Some(Self::Utc(wall)),
            _ => Some(Self::Local { wall, zone: zone.filter(|zone| !zone.is_empty()).map(Into::into) }),
        }
    }

    /// The point in time in UTC, or, where the zone is not UTC, what the clocks there show as if it were.
    pub fn date_time(&self) -> DateTime {
        match self {
            Self::Date(at) | Self::Utc(at) | Self::Local { wall: at, .. } => *at,
        }
    }
}

/// RFC 3339 as far as it goes: `2024-05-01`, `2024-05-01T09:00:00Z`, `2024-05-01T09:00:00` and, with a zone, RFC 9557's
/// `2024-05-01T09:00:00[Europe/Berlin]`.
impl fmt::Display for CalendarTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.date_time().to_string();
        match self {
            Self::Utc(_) => f.write_str(&text),
            Self::Date(_) => f.write_str(text.split('T').next().unwrap_or_default()),
            Self::Local { zone, .. } => {
                f.write_str(text.trim_end_matches('Z'))?;
                zone.as_ref().map_or(Ok(()), |zone| write!(f, "[{zone}]"))
            }
        }
    }
}

/// As it is shown.
impl Serialize for CalendarTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_standard_and_the_world_write() {
        for (value, zone, expected) in [
            ("20240501", None, Some("2024-05-01")),
            ("20240501T090000Z", None, Some("2024-05-01T09:00:00Z")),
            ("20240501T090000", None, Some("2024-05-01T09:00:00")),
            ("2024-05-01T09:00", Some("Europe/Berlin"), Some("2024-05-01T09:00:00[Europe/Berlin]")),
            ("20240231", None, None),
            ("20240501T", None, None),
            ("TODAY", None, None),
        ] {
            assert_eq!(CalendarTime::parse(value, zone).map(|time| time.to_string()).as_deref(), expected, "{value}");
        }
    }
}
