//! Values of dates and times (RFC 5545 §3.3.4, §3.3.5).

use crate::{
    DateTime,
    date_time::{civil, days_from_civil},
    model::Duration,
};

/// Seconds of a day.
pub(super) const DAY: i64 = 86_400;
/// Seconds that no duration reaches: added to any date they stay a number.
const LONGEST: u64 = 1 << 50;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Form {
    /// A day.
    Date,
    /// What clocks show somewhere.
    Local,
    /// A point in time in UTC.
    Utc,
}

/// A date or a date and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// What clocks show, in Unix seconds as if it were UTC; of a day its midnight.
    pub(super) wall: i64,
    pub(super) form: Form,
}

impl Moment {
    /// Reads a value as the standard has it.
    pub(super) fn strict(text: &[u8]) -> Option<Self> {
        let form = match text.len() {
            8 => Form::Date,
            15 => Form::Local,
            16 if text.last() == Some(&b'Z') => Form::Utc,
            _ => return None,
        };
        let number = |from: usize, to: usize| {
            text.get(from..to)?
                .iter()
                .try_fold(0, |number, octet| octet.is_ascii_digit().then(|| number * 10 + i64::from(octet - b'0')))
        };
        let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
        let (hour, minute, second) = match form {
            Form::Date => (0, 0, 0),
            _ if text.get(8) == Some(&b'T') => (number(9, 11)?, number(11, 13)?, number(13, 15)?),
            _ => return None,
        };
        let wall = DateTime::from_civil(year, month, day, hour, minute, second, None)?.unix_seconds();
        Some(Self { wall, form })
    }

    /// Reads a value as programs write it too: with `-` and `:` between its parts, a space for the `T` or one more `T` behind it,
    /// without seconds or with fractions of them, with an offset, with midnight as 24:00, a day with `Z`.
    pub(super) fn lenient(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(strict) = Self::strict(text.as_bytes()) {
            return Some(strict);
        }
        let upper = text.to_ascii_uppercase();
        let upper = upper.strip_suffix('T').unwrap_or(&upper);
        // A day has no clocks that could be those of UTC.
        let upper = upper.strip_suffix('Z').filter(|day| !day.contains(['T', ' ', ':'])).unwrap_or(upper);
        let (date, time) = match upper.split_once(['T', ' ']) {
            Some((date, time)) => (date, time.trim()),
            None => (upper, ""),
        };
        let digits = |text: &str, separator: char| -> Option<String> {
            let plain: String = text.chars().filter(|c| *c != separator).collect();
            plain.bytes().all(|octet| octet.is_ascii_digit()).then_some(plain)
        };
        let parts: Vec<&str> = date.split('-').collect();
        let date = match *parts.as_slice() {
            [year, month, day] if year.len() == 4 && month.len() <= 2 && day.len() <= 2 => {
                format!("{year}{month:0>2}{day:0>2}")
            }
            [_] => digits(date, '-')?,
            _ => return None,
        };
        if date.len() != 8 || !date.bytes().all(|octet| octet.is_ascii_digit()) {
            return None;
        }
        if time.is_empty() {
            return Self::strict(date.as_bytes());
        }
        let (time, offset) = match time.find(['Z', '+', '-']) {
            Some(at) => (time.get(..at)?, Some(time.get(at..)?)),
            None => (time, None),
        };
        let time = digits(time.split(['.', ',']).next()?, ':')?;
        let time = match time.len() {
            2 | 4 | 6 => format!("{time:0<6}"),
            _ => return None,
        };
        let is_next_midnight = time == "240000";
        let time = if is_next_midnight { "000000" } else { &*time };
        let local = Self::strict(format!("{date}T{time}").as_bytes())?;
        let wall = local.wall + if is_next_midnight { DAY } else { 0 };
        match offset.map(str::trim) {
            None => Some(Self { wall, form: Form::Local }),
            Some("Z") => Some(Self { wall, form: Form::Utc }),
            Some(offset) => Some(Self { wall: wall - offset_of(offset)?, form: Form::Utc }),
        }
    }

    /// The midnight before.
    pub(super) fn midnight(self) -> i64 {
        self.wall - self.second_of_day()
    }

    /// Seconds since midnight.
    pub(super) fn second_of_day(self) -> i64 {
        self.wall.rem_euclid(DAY)
    }

    /// The day alone.
    pub(super) fn date(self) -> Self {
        Self { wall: self.midnight(), form: Form::Date }
    }

    /// The same clocks in another form.
    pub(super) fn in_form(self, form: Form) -> Self {
        match form {
            Form::Date => self.date(),
            form => Self { form, ..self },
        }
    }
}

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let c = civil(self.wall);
        write!(f, "{:04}{:02}{:02}", c.year, c.month, c.day)?;
        match self.form {
            Form::Date => Ok(()),
            Form::Local => write!(f, "T{:02}{:02}{:02}", c.hour, c.minute, c.second),
            Form::Utc => write!(f, "T{:02}{:02}{:02}Z", c.hour, c.minute, c.second),
        }
    }
}

/// `+0100`, `-05:00`, `+01`, `-1:30`, `+013000` in seconds.
pub(super) fn offset_of(text: &str) -> Option<i64> {
    let text = text.trim();
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let rest = match rest.split_once(':') {
        Some((hours, minutes)) => format!("{hours:0>2}{}", minutes.replace(':', "")),
        None if rest.len() % 2 == 1 => format!("0{rest}"),
        None => rest.to_owned(),
    };
    if !matches!(rest.len(), 2 | 4 | 6) || !rest.bytes().all(|octet| octet.is_ascii_digit()) {
        return None;
    }
    let number = |at: usize| rest.get(at..at + 2).map_or(Some(0), |digits| digits.parse::<i64>().ok());
    let (hours, minutes, seconds) = (number(0)?, number(2)?, number(4)?);
    (hours < 24 && minutes < 60 && seconds < 60).then_some(sign * (hours * 3_600 + minutes * 60 + seconds))
}

/// A duration (RFC 5545 §3.3.6) in seconds; whether it has days or weeks alone.
pub(super) fn duration_of(text: &str) -> Option<(i64, bool)> {
    let text = text.trim();
    if text.contains(|letter: char| letter.is_ascii_lowercase()) {
        return None;
    }
    let Duration { days, seconds } = Duration::parse(text)?;
    let all = days.checked_mul(DAY)?.checked_add(seconds)?;
    (all.unsigned_abs() < LONGEST).then_some((all, !text.contains('T')))
}

/// A duration as programs write it too, in seconds and as the standard has it: days or weeks behind the `T`, times without it,
/// fractions of seconds, nothing at all for none.
pub(super) fn lenient_duration(text: &str) -> Option<(i64, String)> {
    let upper = text.trim().to_ascii_uppercase();
    if let Some((seconds, _)) = duration_of(&upper) {
        return Some((seconds, upper));
    }
    let (sign, rest) = match upper.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, upper.strip_prefix('+').unwrap_or(&upper)),
    };
    let rest = rest.strip_prefix('P')?;
    let (mut seconds, mut number, mut in_time) = (0_i64, String::new(), false);
    for character in rest.chars() {
        let unit = match character {
            '0'..='9' | '.' | ',' if number.len() < 9 => {
                number.push(character);
                continue;
            }
            'T' if number.is_empty() => {
                in_time = true;
                continue;
            }
            'W' => 7 * DAY,
            'D' => DAY,
            'H' => 3_600,
            // Elsewhere it may be months.
            'M' if in_time => 60,
            'S' => 1,
            _ => return None,
        };
        let whole = match (number.split_once(['.', ',']), unit) {
            (Some((whole, _)), 1) => whole,
            (Some(_), _) => return None,
            (None, _) => number.as_str(),
        };
        seconds = seconds.saturating_add(whole.parse::<i64>().ok()? * unit);
        in_time |= character == 'H';
        number.clear();
    }
    number.is_empty().then(|| (sign * seconds, duration_text(sign * seconds)))
}

/// A duration as the standard has it.
pub(super) fn duration_text(seconds: i64) -> String {
    let sign = if seconds < 0 { "-" } else { "" };
    let (seconds, mut text) = (seconds.abs(), format!("{sign}P"));
    let (days, rest) = (seconds / DAY, seconds % DAY);
    if days > 0 {
        text += &format!("{days}D");
    }
    if rest > 0 || days == 0 {
        text.push('T');
        let parts = [(rest / 3_600, 'H'), (rest / 60 % 60, 'M'), (rest % 60, 'S')];
        let before = text.len();
        parts.iter().filter(|(number, _)| *number > 0).for_each(|(number, unit)| text += &format!("{number}{unit}"));
        if text.len() == before {
            text += "0S";
        }
    }
    text
}

/// The day of a month in a year, as if it were UTC; `None` for one that does not exist.
pub(super) fn wall_of(year: i64, month: i64, day: i64) -> Option<i64> {
    DateTime::from_civil(year, month, day, 0, 0, 0, None)?;
    Some(days_from_civil(year, month, day) * DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_the_world_writes_them() {
        for (text, expected) in [
            ("20240501", "20240501"),
            ("20240501T090000", "20240501T090000"),
            ("20240501T090000Z", "20240501T090000Z"),
            ("2024-05-01", "20240501"),
            ("2024-5-1", "20240501"),
            ("2024-05-01T09:00:00Z", "20240501T090000Z"),
            ("2024-05-01 09:00", "20240501T090000"),
            ("20240501T0900", "20240501T090000"),
            ("2024-05-01T09:00:00.000+02:00", "20240501T070000Z"),
            ("20240501t090000z", "20240501T090000Z"),
            ("20241231T240000", "20250101T000000"),
            ("20131009T170000T", "20131009T170000"),
            ("20210527Z", "20210527"),
            ("2021-05-27Z", "20210527"),
            ("20240231", "none"),
            ("20240501T250000", "none"),
            ("00001231T000000Z", "none"),
            ("TODAY", "none"),
            ("", "none"),
        ] {
            let read = Moment::lenient(text).map_or("none".to_owned(), |moment| moment.to_string());
            assert_eq!(read, expected, "{text}");
        }
    }

    #[test]
    fn durations_are_read_and_written() {
        for (text, expected) in [
            ("P1D", Some((86_400, true))),
            ("PT1H30M", Some((5_400, false))),
            ("-P1DT2H", Some((-93_600, false))),
            ("P2W", Some((1_209_600, true))),
            ("PT0S", Some((0, false))),
            ("P1H", None),
            ("PT", None),
            ("1H", None),
            ("", None),
        ] {
            assert_eq!(duration_of(text), expected, "{text}");
        }
        assert_eq!([0, -900, 93_600, 86_400].map(duration_text), ["PT0S", "-PT15M", "P1DT2H", "P1D"]);
    }

    #[test]
    fn durations_are_read_as_the_world_writes_them() {
        for (text, expected) in [
            ("-PT15M", Some("-PT15M")),
            ("-P15M", None),
            ("-P30S", Some("-PT30S")),
            ("P1H30M", Some("PT1H30M")),
            ("-PT1D", Some("-P1D")),
            ("PT1W", Some("P7D")),
            ("-PT0W0D0H10M0S", Some("-PT10M")),
            ("PT5.5S", Some("PT5S")),
            ("P", Some("PT0S")),
            ("-P", Some("PT0S")),
            ("PT", Some("PT0S")),
            ("P1Y", None),
            ("PT1.5H", None),
            ("PT5", None),
            ("15M", None),
            ("soon", None),
        ] {
            assert_eq!(lenient_duration(text).map(|(_, text)| text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn offsets_are_read_with_and_without_minutes() {
        let read = ["+0100", "-05:00", "+5:30", "-5", "+01", "+013015", "x", "+9900"].map(offset_of);
        let expected = [Some(3_600), Some(-18_000), Some(19_800), Some(-18_000), Some(3_600), Some(5_415), None, None];
        assert_eq!(read, expected);
    }
}
