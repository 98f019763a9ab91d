use crate::error::{Error, ErrorKind, Result};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};

/// A point in time and, where it is known, the zone it was written in.
///
/// Equality and order are those of the point in time first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime {
    unix_seconds: i64,
    offset_minutes: Option<i16>,
}

/// A date and a time of day of the proleptic Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) year: i64,
    pub(crate) month: i64,
    pub(crate) day: i64,
    pub(crate) hour: i64,
    pub(crate) minute: i64,
    pub(crate) second: i64,
}

/// The days of the week, from that of 1970-01-01 on.
const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl DateTime {
    /// A point in time in seconds since 1970-01-01T00:00:00Z, its zone unknown.
    pub fn from_unix_seconds(unix_seconds: i64) -> Self {
        Self { unix_seconds, offset_minutes: None }
    }

    /// The point in time that clocks `offset_minutes` east of UTC show as this date and time of day.
    ///
    /// `None` for a date that does not exist or lies outside the years 1 to 9999; second 60 is taken as the next minute.
    pub fn from_civil(
        year: i64,
        month: i64,
        day: i64,
        hour: i64,
        minute: i64,
        second: i64,
        offset_minutes: Option<i16>,
    ) -> Option<Self> {
        let valid = (1..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_in_month(year, month)).contains(&day)
            && (0..=23).contains(&hour)
            && (0..=59).contains(&minute)
            && (0..=60).contains(&second);
        // Nothing is computed of a date that does not exist: a hostile year would overflow.
        valid.then(|| {
            let local = days_from_civil(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
            Self { unix_seconds: local - i64::from(offset_minutes.unwrap_or(0)) * 60, offset_minutes }
        })
    }

    /// The point in time this many seconds later, in the same zone.
    pub(crate) fn plus_seconds(self, seconds: i64) -> Self {
        Self { unix_seconds: self.unix_seconds.saturating_add(seconds), ..self }
    }

    /// Seconds since 1970-01-01T00:00:00Z; negative before.
    pub fn unix_seconds(self) -> i64 {
        self.unix_seconds
    }

    /// Minutes east of UTC of the zone it was written in; `None` where none was given (RFC 5322 §3.3, `-0000`).
    pub fn offset_minutes(self) -> Option<i16> {
        self.offset_minutes
    }

    /// `YYYYMMDD-HHMMSSZ`, in UTC.
    pub fn to_compact_utc(self) -> String {
        let c = civil(self.unix_seconds);
        format!("{:04}{:02}{:02}-{:02}{:02}{:02}Z", c.year, c.month, c.day, c.hour, c.minute, c.second)
    }

    /// `Sat, 1 Jan 2000 12:00:00 +0100` (RFC 5322 §3.3), in the zone it was written in, else in UTC.
    pub fn to_rfc_5322(self) -> String {
        let offset = self.offset_minutes.unwrap_or(0);
        let local = self.unix_seconds + i64::from(offset) * 60;
        let c = civil(local);
        let name = |names: &'static [&'static str], i: i64| usize::try_from(i).ok().and_then(|i| names.get(i)).copied();
        let day = name(&DAYS, local.div_euclid(86_400).rem_euclid(7)).unwrap_or_default();
        let month = name(&MONTHS, c.month - 1).unwrap_or_default();
        let (sign, offset) = (if offset < 0 { '-' } else { '+' }, offset.unsigned_abs());
        format!(
            "{day}, {} {month} {:04} {:02}:{:02}:{:02} {sign}{:02}{:02}",
            c.day,
            c.year,
            c.hour,
            c.minute,
            c.second,
            offset / 60,
            offset % 60
        )
    }

    /// `Sat Jan  1 12:00:00 2000`, in UTC, as From_ lines have it (RFC 4155 appendix A).
    pub fn to_asctime(self) -> String {
        let c = civil(self.unix_seconds);
        let name = |names: &'static [&'static str], i: i64| usize::try_from(i).ok().and_then(|i| names.get(i)).copied();
        let day = name(&DAYS, self.unix_seconds.div_euclid(86_400).rem_euclid(7)).unwrap_or_default();
        let month = name(&MONTHS, c.month - 1).unwrap_or_default();
        format!("{day} {month} {:2} {:02}:{:02}:{:02} {:04}", c.day, c.hour, c.minute, c.second, c.year)
    }

    /// The year of the date in UTC.
    pub fn year(self) -> i64 {
        civil(self.unix_seconds).year
    }
}

/// RFC 3339, in the zone it was written in; `Z` where that is UTC or unknown.
impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offset = self.offset_minutes.unwrap_or(0);
        let c = civil(self.unix_seconds + i64::from(offset) * 60);
        write!(f, "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", c.year, c.month, c.day, c.hour, c.minute, c.second)?;
        match offset {
            0 => f.write_str("Z"),
            _ => {
                let sign = if offset < 0 { '-' } else { '+' };
                write!(f, "{sign}{:02}:{:02}", offset.unsigned_abs() / 60, offset.unsigned_abs() % 60)
            }
        }
    }
}

/// RFC 3339, a date alone as its midnight; in UTC where no zone is given. Fractions of seconds are left out.
///
/// ```
/// use mailferry::DateTime;
///
/// let date: DateTime = "2024-02-29".parse()?;
/// assert_eq!(date, "2024-02-29T00:00:00Z".parse()?);
/// assert_eq!("2024-02-29T01:30:00+01:30".parse::<DateTime>()?.unix_seconds(), date.unix_seconds());
/// # Ok::<(), mailferry::Error>(())
/// ```
impl FromStr for DateTime {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let no_date = || {
            let message = format!("{text:?} is not a date; examples are 2024-02-29 and 2024-02-29T12:00:00+01:00");
            Error::new(ErrorKind::Options, message)
        };
        rfc_3339(text.trim()).ok_or_else(no_date)
    }
}

fn rfc_3339(text: &str) -> Option<DateTime> {
    let (date, time) = match text.split_once(['T', 't', ' ']) {
        Some((date, time)) => (date, time),
        None => (text, "00:00:00Z"),
    };
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let zone = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at_checked(zone)?;
    let clock = clock.split_once('.').map_or(clock, |(clock, _fraction)| clock);
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    let offset = match zone.split_at_checked(1) {
        None | Some(("Z" | "z", "")) => 0,
        Some((sign, zone)) => {
            let [hours, minutes] = numbers(zone, ':', [2, 2])?;
            if hours > 23 || minutes > 59 {
                return None;
            }
            let minutes = i16::try_from(hours * 60 + minutes).ok()?;
            if sign == "-" { -minutes } else { minutes }
        }
    };
    DateTime::from_civil(year, month, day, hour, minute, second, Some(offset))
}

/// Numbers of so many digits each, parted by `separator`.
fn numbers<const N: usize>(text: &str, separator: char, digits: [usize; N]) -> Option<[i64; N]> {
    let mut parts = text.split(separator);
    let mut numbers = [0; N];
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part =
            parts.next().filter(|part| part.len() == digits && part.bytes().all(|octet| octet.is_ascii_digit()))?;
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

/// As it is written by [`Display`](fmt::Display).
impl Serialize for DateTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// As it is read by [`FromStr`].
impl<'de> Deserialize<'de> for DateTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01, by counting years from March so that the leap day is the last of its year.
pub(crate) fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The date and time of day in UTC.
pub(crate) fn civil(unix_seconds: i64) -> Civil {
    let days = unix_seconds.div_euclid(86_400) + 719_468;
    let second_of_day = unix_seconds.rem_euclid(86_400);
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let month = (month_from_march + 2) % 12 + 1;
    Civil {
        year: era * 400 + year_of_era + i64::from(month <= 2),
        month,
        day: day_of_year - (153 * month_from_march + 2) / 5 + 1,
        hour: second_of_day / 3_600,
        minute: second_of_day / 60 % 60,
        second: second_of_day % 60,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn writes_rfc_3339_in_its_own_zone() {
        let date = DateTime::from_civil(2024, 2, 29, 23, 59, 60, Some(-150)).unwrap();
        assert_eq!(date.to_string(), "2024-03-01T00:00:00-02:30");
        assert_eq!(date.to_compact_utc(), "20240301-023000Z");
        assert_eq!(date.to_rfc_5322(), "Fri, 1 Mar 2024 00:00:00 -0230");
    }

    #[test]
    fn dates_that_do_not_exist_are_none() {
        assert_eq!(DateTime::from_civil(2023, 2, 29, 0, 0, 0, None), None);
        assert_eq!(DateTime::from_civil(1900, 2, 29, 0, 0, 0, None), None);
        assert_eq!(DateTime::from_civil(2024, 13, 1, 0, 0, 0, None), None);
        for hostile in [i64::MIN, -1, 0, 10_000, i64::MAX] {
            assert_eq!(DateTime::from_civil(hostile, 1, 1, 0, 0, 0, None), None, "{hostile}");
            assert_eq!(DateTime::from_civil(hostile, hostile, hostile, hostile, hostile, hostile, Some(1)), None);
        }
    }

    #[test]
    fn only_dates_are_dates() {
        let seconds = |text: &str| text.parse::<DateTime>().map(DateTime::unix_seconds).ok();
        assert_eq!(seconds("1970-01-02"), Some(86_400));
        assert_eq!(seconds("1970-01-01 00:00:01.5z"), Some(1));
        assert_eq!(seconds("1970-01-01T00:00:01"), Some(1));
        for text in [
            "",
            "2024",
            "2024-1-1",
            "2024-02-30",
            "2024-01-01T",
            "2024-01-01T1:00:00Z",
            "2024-01-01T00:00:00+1",
            "-024-01-01",
            "2024-01-01T00:00:00+24:00",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(seconds in -62_135_500_000_i64..253_402_200_000, offset in -840_i16..840) {
            let date = DateTime { unix_seconds: seconds, offset_minutes: Some(offset) };
            prop_assert_eq!(date.to_string().parse::<DateTime>().unwrap(), date);
        }

        #[test]
        fn civil_dates_come_back(seconds in -62_135_596_800_i64..253_402_300_800) {
            let c = civil(seconds);
            let back = DateTime::from_civil(c.year, c.month, c.day, c.hour, c.minute, c.second, Some(0)).unwrap();
            prop_assert_eq!(back.unix_seconds(), seconds);
        }
    }
}
