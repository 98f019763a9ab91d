//! The From_ line: who says that a message begins, and when it was delivered.
//!
//! No standard fixes it (RFC 4155 appendix A describes one form); this is what programs write.

use crate::{date_time::DateTime, divide::divide};

/// What stands behind `From ` on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FromLine {
    /// The tail ends in a date.
    Dated(DateTime),
    /// `From <40 hex digits> Mon Sep 17 00:00:00 2001`, as git format-patch writes it.
    Git,
    /// Nothing, or the `-` of Thunderbird, or the `???@???` of Eudora.
    Bare,
    /// A number, or one `@xxx`, as Google's archives have it in the place of sender and date.
    Numbered,
    /// One or two words that are not a date.
    Undated,
    /// Anything else: prose, most of the time.
    Other,
}

/// A longer line is prose.
pub(super) const MAX_FROM_LINE: usize = 1024;

impl FromLine {
    /// Reads the line `line`, which starts with `From `; its line end is cut off.
    pub(super) fn parse(line: &[u8]) -> Self {
        if line.len() > MAX_FROM_LINE {
            return Self::Other;
        }
        let tail = String::from_utf8_lossy(line.get(5..).unwrap_or_default());
        let words: Vec<&str> = tail.split_ascii_whitespace().collect();
        if let [hash, "Mon", "Sep", "17", "00:00:00", "2001"] = *words
            && hash.len() == 40
            && hash.bytes().all(|b| b.is_ascii_hexdigit())
        {
            return Self::Git;
        }
        if let Some(date) = trailing_date(&words) {
            return Self::Dated(date);
        }
        match *words {
            [] | ["-"] | ["???@???"] => Self::Bare,
            [word] if is_number(word) => Self::Numbered,
            [_] | [_, _] => Self::Undated,
            _ => Self::Other,
        }
    }
}

/// `-1543534543`, `1844347792267117879@xxx`: too long for a year or an amount.
fn is_number(word: &str) -> bool {
    let digits = word.strip_suffix("@xxx").unwrap_or(word);
    let digits = digits.strip_prefix('-').unwrap_or(digits);
    (8..=20).contains(&digits.len()) && digits.bytes().all(|octet| octet.is_ascii_digit())
}

/// Words of the longest date, a zone's long name in parentheses included.
const MAX_DATE_WORDS: usize = 12;

/// The date that the words end in, whatever stands before it.
fn trailing_date(words: &[&str]) -> Option<DateTime> {
    let words = match words {
        [before @ .., "remote", "from", _host] => before,
        _ => words,
    };
    let earliest = words.len().saturating_sub(MAX_DATE_WORDS);
    (earliest..words.len()).find_map(|start| whole_date(words.get(start..)?))
}

/// What the words of a date have said so far.
#[derive(Default)]
struct Parts {
    weekday: bool,
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    time: Option<(i64, i64, i64)>,
    zone: Option<i16>,
    zone_words: u8,
    /// Whether the words in the place of the zone are no zone that is known.
    zone_unknown: bool,
    /// Whether the last of them ends the long name of a zone: `Eastern Daylight Time`.
    long_name: bool,
}

/// The date that all of `words` are, and nothing but it.
fn whole_date(words: &[&str]) -> Option<DateTime> {
    let mut parts = Parts::default();
    let mut comment = false;
    for &word in words {
        // A zone's name may follow in parentheses: `GMT+0200 (Central European Summer Time)`.
        comment |= word.starts_with('(');
        if comment {
            parts.time?;
            comment = !word.ends_with(')');
            continue;
        }
        parts.take(word.trim_end_matches(','))?;
    }
    let (hour, minute, second) = parts.time?;
    if !parts.has_plausible_zone() {
        return None;
    }
    DateTime::from_civil(parts.year?, parts.month?, parts.day?, hour, minute, second, parts.zone)
}

impl Parts {
    /// Takes the next word of the date, or `None` where it cannot be one.
    fn take(&mut self, word: &str) -> Option<()> {
        let first = !self.weekday && self.day.is_none() && self.month.is_none() && self.year.is_none();
        if first && name_index(word, &WEEKDAYS).is_some() {
            self.weekday = true;
        } else if first && let Some((date, time)) = word.split_once('T').filter(|(_, time)| !time.is_empty()) {
            let (time, zone) = split_zone(time);
            self.iso_date(date)?;
            self.time = Some(time_of_day(time)?);
            self.zone = zone;
        } else if first && word.contains('-') {
            self.iso_date(word)?;
        } else if self.month.is_none()
            && let Some(month) = name_index(word, &MONTHS)
        {
            self.month = Some(month);
        } else if self.time.is_none()
            && let Some(time) = time_of_day(word)
        {
            self.month?;
            self.day?;
            self.time = Some(time);
        } else if word.bytes().all(|octet| octet.is_ascii_digit())
            && let Ok(number) = word.parse::<u16>()
            && let Some(()) = self.number(word.len(), i64::from(number))
        {
            return Some(());
        } else {
            self.time?;
            self.zone_word(word)?;
        }
        Some(())
    }

    /// Takes a word that stands where a zone does. What zone it means may be unknown: the date is one all the same.
    fn zone_word(&mut self, word: &str) -> Option<()> {
        self.zone_words += 1;
        match zone(word) {
            // `MET DST`
            Some(_) if word == "DST" && self.zone.is_some() => self.zone = self.zone.map(|minutes| minutes + 60),
            Some(named) => self.zone = self.zone.or(named),
            None => {
                // A word of prose stands behind a date, too; there a weekday is seldom named, and a sign or a capital is not.
                let is_name = |c: char| c.is_alphanumeric() || matches!(c, '+' | '-' | '/' | '_' | ':' | '.');
                let is_prose = word.ends_with(':') || !(self.weekday || word.contains(['/', '+', '-']));
                let is_number = word.len() != 4 && word.bytes().all(|octet| octet.is_ascii_digit());
                if word.len() > MAX_ZONE_WORD || is_prose || is_number || !word.chars().all(is_name) {
                    return None;
                }
                self.zone_unknown = true;
            }
        }
        self.long_name = word.eq_ignore_ascii_case("Time");
        // `Central Europe Standard Time` and `MET DST` are the longest.
        (self.zone_words <= 5).then_some(())
    }

    /// Whether the words where the zone stands can be one: one of any name, two that are known, or a long name.
    fn has_plausible_zone(&self) -> bool {
        match self.zone_words {
            0 | 1 => true,
            2 if !self.zone_unknown => true,
            _ => self.long_name,
        }
    }

    fn number(&mut self, digits: usize, number: i64) -> Option<()> {
        match (self.day, self.year, digits) {
            (None, _, 1 | 2) => self.day = Some(number),
            (Some(_), None, 4) => self.year = Some(number),
            // RFC 5322 §4.3: 00 to 49 are of this century.
            (Some(_), None, 2) => self.year = Some(if number < 50 { 2000 + number } else { 1900 + number }),
            (Some(_), None, 3) => self.year = Some(1900 + number),
            _ => return None,
        }
        Some(())
    }

    /// `2024-01-31`, `31-Jan-2024`.
    fn iso_date(&mut self, word: &str) -> Option<()> {
        let mut fields = word.split('-');
        let (a, b, c) = (fields.next()?, fields.next()?, fields.next()?);
        if fields.next().is_some() {
            return None;
        }
        let (year, month, day) = if a.len() == 4 { (a, b, c) } else { (c, b, a) };
        self.month = Some(name_index(month, &MONTHS).or_else(|| month.parse().ok())?);
        self.day = Some(day.parse().ok()?);
        self.number(year.len(), year.parse().ok()?)
    }
}

const WEEKDAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The number, from 1, of the name that `word` is, in full or by its first three letters.
fn name_index(word: &str, names: &[&str]) -> Option<i64> {
    let index = names.iter().position(|name| {
        word.eq_ignore_ascii_case(name)
            || (word.len() == 3 && name.get(..3).is_some_and(|n| word.eq_ignore_ascii_case(n)))
    })?;
    i64::try_from(index + 1).ok()
}

/// `HH:MM` or `HH:MM:SS`.
fn time_of_day(word: &str) -> Option<(i64, i64, i64)> {
    let mut fields = word.split(':').map(|field| match field.len() {
        1 | 2 if field.bytes().all(|b| b.is_ascii_digit()) => field.parse::<i64>().ok(),
        _ => None,
    });
    let (hour, minute) = (fields.next()??, fields.next()??);
    let second = match fields.next() {
        Some(second) => second?,
        None => 0,
    };
    (fields.next().is_none() && hour < 24 && minute < 60 && second <= 60).then_some((hour, minute, second))
}

/// An ISO 8601 time and the zone behind it, fractions of seconds cut off.
fn split_zone(time: &str) -> (&str, Option<i16>) {
    let end = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (clock, offset) = divide(time, end);
    (clock.split('.').next().unwrap_or(clock), zone(&offset.replace(':', "")).flatten())
}

/// A longer word is no zone: `America/Argentina/ComodRivadavia` is the longest.
const MAX_ZONE_WORD: usize = 32;

/// The zone that `word` names: `Some(None)` for a name whose offset is not known for sure, `None` when it is none that is known.
fn zone(word: &str) -> Option<Option<i16>> {
    let from_utc = word.strip_prefix("GMT").or_else(|| word.strip_prefix("UTC")).unwrap_or(word);
    if from_utc.starts_with(['+', '-']) {
        return offset(from_utc).map(Some);
    }
    if let Some(minutes) = named_zone(word) {
        return Some(Some(minutes));
    }
    // `WETDST`, `METDST`: summer time of a zone, in one word.
    if let Some(minutes) = word.strip_suffix("DST").and_then(named_zone) {
        return Some(Some(minutes + 60));
    }
    let name = (1..=5).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_uppercase());
    name.then_some(None)
}

/// `+0200`, `+02:00`, `-5`: in minutes.
fn offset(word: &str) -> Option<i16> {
    let digits = word.get(1..)?;
    let (hours, minutes) = match (digits.split_once(':'), digits.len()) {
        (Some(parts), _) => parts,
        (None, 3 | 4) => divide(digits, digits.len() - 2),
        (None, _) => (digits, "0"),
    };
    let number = |digits: &str| match digits.len() {
        1 | 2 if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse::<i16>().ok(),
        _ => None,
    };
    let minutes = number(hours)? * 60 + number(minutes)?;
    Some(if word.starts_with('-') { -minutes } else { minutes })
}

fn named_zone(word: &str) -> Option<i16> {
    let hours = match word {
        "GMT" | "UTC" | "UT" | "Z" | "WET" => 0,
        "EDT" => -4,
        "EST" | "CDT" => -5,
        "CST" | "MDT" => -6,
        "MST" | "PDT" => -7,
        "PST" => -8,
        "MET" | "CET" | "MEZ" | "WEST" => 1,
        "CEST" | "MEST" | "MESZ" | "EET" => 2,
        "EEST" => 3,
        _ => return None,
    };
    Some(hours * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dated(line: &str) -> Option<String> {
        match FromLine::parse(line.as_bytes()) {
            FromLine::Dated(date) => Some(date.to_string()),
            _ => None,
        }
    }

    #[test]
    fn reads_the_dates_that_programs_write() {
        for (line, date) in [
            ("From 1787654321098765432@xxx Mon Jan 01 00:00:00 +0000 2024", "2024-01-01T00:00:00Z"),
            ("From a@b.example Mon Jan  1 13:45:09 2024", "2024-01-01T13:45:09Z"),
            ("From a@b.example Mon Jan  1 13:45:09 2024 +0200", "2024-01-01T13:45:09+02:00"),
            ("From a@b.example Mon Jan  1 13:45:09 -0530 2024", "2024-01-01T13:45:09-05:30"),
            ("From a@b.example Mon Jan  1 13:45 PST 2024", "2024-01-01T13:45:00-08:00"),
            ("From a@b.example Mon Jul  1 13:45:09 MET DST 1996", "1996-07-01T13:45:09+02:00"),
            ("From a@b.example Thu Jan  1 13:45:09 98", "1998-01-01T13:45:09Z"),
            ("From a@b.example Mon Jan  1 13:45:09 24", "2024-01-01T13:45:09Z"),
            ("From a@b.example Mon, 1 Jan 2024 13:45:09 +0100", "2024-01-01T13:45:09+01:00"),
            ("From a@b.example 1 Jan 96 13:45 GMT", "1996-01-01T13:45:00Z"),
            ("From Monday Jan Smith Mon Jan  1 13:45:09 2024", "2024-01-01T13:45:09Z"),
            ("From uucp!a Mon Jan  1 13:45:09 1990 remote from host", "1990-01-01T13:45:09Z"),
            ("From - Mon Jan 01 13:45:09 2024", "2024-01-01T13:45:09Z"),
            ("From ???@??? Mon Jan 01 13:45:09 2024", "2024-01-01T13:45:09Z"),
            ("From Mon Jan  1 13:45:09 2024", "2024-01-01T13:45:09Z"),
            ("From a Mon Jan 01 2024 13:45:09 GMT+0200 (Central European Summer Time)", "2024-01-01T13:45:09+02:00"),
            ("From a@b.example 2024-01-01T13:45:09.123+02:00", "2024-01-01T13:45:09+02:00"),
            ("From a@b.example 2024-01-01 13:45:09", "2024-01-01T13:45:09Z"),
            ("From a@b.example 01-Jan-2024 13:45:09 +0000", "2024-01-01T13:45:09Z"),
        ] {
            assert_eq!(dated(line).as_deref(), Some(date), "{line}");
        }
    }

    #[test]
    fn octets_that_are_no_text_may_stand_where_a_zone_does() {
        for octets in [b"From a T-o:\xa0".as_slice(), b"From a T--\xef\xbb\xbf, 3 Jan 2024", b"From a 13:45-\xff\xff"] {
            assert!(!matches!(FromLine::parse(octets), FromLine::Dated(_)), "{}", octets.escape_ascii());
        }
    }

    /// Whatever the zone is called: where it is known it counts, else the time stands as it is.
    #[test]
    fn a_zone_of_any_name_ends_a_date() {
        const UNKNOWN: &str = "Z";
        for (zone, offset) in [
            ("WETDST", "+01:00"),
            ("METDST", "+02:00"),
            ("EETDST", "+03:00"),
            ("MESZ", "+02:00"),
            ("+02:00", "+02:00"),
            ("-0330", "-03:30"),
            ("+2", "+02:00"),
            ("+530", "+05:30"),
            ("GMT+2", "+02:00"),
            ("UTC-03:00", "-03:00"),
            ("Europe/Berlin", UNKNOWN),
            ("EST5EDT", UNKNOWN),
            ("CEST-2", UNKNOWN),
            ("gmt", UNKNOWN),
            ("Sommerzeit", UNKNOWN),
            ("0200", UNKNOWN),
            ("Eastern Daylight Time", UNKNOWN),
            ("W. Europe Standard Time", UNKNOWN),
        ] {
            for line in [
                format!("From a@b.example Tue Jul  7 20:33:03 1998 {zone}"),
                format!("From a@b.example Tue Jul  7 20:33:03 {zone} 1998"),
            ] {
                // Four digits before the year are a year.
                if zone != "0200" || line.ends_with(zone) {
                    assert_eq!(dated(&line), Some(format!("1998-07-07T20:33:03{offset}")), "{line}");
                }
            }
        }
    }

    #[test]
    fn prose_is_no_date() {
        for line in [
            "From a@b.example Mon Jan 1 13:45:09 2024 wrote:",
            "From a@b.example Mon Jan 1 13:45:09 2024 we met",
            "From Berlin on 1 Jan 2024 13:45 onwards",
            "From a@b.example Mon Jan 1 13:45:09 2024 it was about Time and more",
            "From the desk of Mon Jan",
            "From Russia with love",
            "From 10:30 on Monday Jan 1 2024 we met",
            "From a@b.example Mon Jan 32 13:45:09 2024",
            "From a@b.example Mon Jan 1 13:45:09 2024 and so on it went",
            "From a@b.example Mon 13:45:09 2024",
            "From a@b.example 1 1 13:45:09 2024",
        ] {
            assert_eq!(dated(line), None, "{line}");
        }
        assert_eq!(FromLine::parse(b"From Russia with love"), FromLine::Other);
    }

    #[test]
    fn tells_the_undated_forms_apart() {
        assert_eq!(FromLine::parse(b"From "), FromLine::Bare);
        assert_eq!(FromLine::parse(b"From -"), FromLine::Bare);
        assert_eq!(FromLine::parse(b"From ???@???"), FromLine::Bare);
        for line in ["From 1844347792267117879@xxx", "From -1543534543", "From 12345678"] {
            assert_eq!(FromLine::parse(line.as_bytes()), FromLine::Numbered, "{line}");
        }
        for line in
            ["From 2001", "From 12-34", "From ann@example.org", "From Anna", "From the docs:", "From 12345678 on"]
        {
            assert_eq!(FromLine::parse(line.as_bytes()), FromLine::Undated, "{line}");
        }
        assert_eq!(
            FromLine::parse(b"From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001"),
            FromLine::Git
        );
    }
}
