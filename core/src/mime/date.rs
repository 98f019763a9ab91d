use super::{
    encoded_word::decode_words,
    header::unfold,
    month::{is_day_too, month},
};
use crate::date_time::DateTime;
use std::borrow::Cow;

/// Octets of a field value that are looked at; a date has under fifty.
const MAX_DATE: usize = 256;

/// The date in a field value (RFC 5322 §3.3), in the obsolete forms (§4.3) and those of real mail: asctime, `1-Jan-2024`,
/// ISO 8601, zones by name or in a comment, no seconds, no weekday, no zone, and the month in one of twelve languages.
///
/// A word that is a month in one language and a day of the week in another (`mar., 12 août 2003`) is what its place makes it.
///
/// Years of two digits are 2000 to 2049 and 1950 to 1999. A zone that is missing, unknown or impossible counts as UTC and is
/// [not known](DateTime::offset_minutes). `None` where there is no date, or one that does not exist.
///
/// ```
/// use mailferry::mime::parse_date;
///
/// let date = parse_date(b" Mon, 1 Jan 24 09:30 EST").unwrap();
/// assert_eq!(date.to_string(), "2024-01-01T09:30:00-05:00");
/// assert_eq!(parse_date(b"yesterday"), None);
/// ```
pub fn parse_date(value: &[u8]) -> Option<DateTime> {
    let value = unfold(value.get(..MAX_DATE).unwrap_or(value));
    let text = match std::str::from_utf8(&value) {
        Ok(text) if !text.contains('=') => Cow::Borrowed(text),
        // Names of months in raw octets or encoded words.
        _ => Cow::Owned(decode_words(&value)),
    };
    let (outside, comments) = split_comments(&text);
    let mut parts = Parts::default();
    for word in words(&outside) {
        parts.take(word);
    }
    for word in words(&comments) {
        parts.take_comment(word);
    }
    parts.date()
}

/// What stands outside of comments, without white space around colons (RFC 5322 §4.3), and what stands inside.
fn split_comments(value: &str) -> (String, String) {
    let (mut outside, mut comments) = (String::new(), String::new());
    let mut depth = 0_usize;
    for char in value.chars() {
        match char {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth > 0 => comments.push(char),
            ':' => {
                outside.truncate(outside.trim_end().len());
                outside.push(':');
            }
            _ if char.is_whitespace() && outside.ends_with(':') => {}
            _ => outside.push(char),
        }
    }
    (outside, comments)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|char: char| char.is_whitespace() || ",;\"[]<>".contains(char)).filter(|word| !word.is_empty())
}

/// The first word behind the day.
#[derive(Clone, Copy, Debug, Default)]
enum BehindDay {
    #[default]
    Nothing,
    Month(i64),
    /// A word that is not a month, where the month should be.
    Other,
}

#[derive(Debug, Default)]
struct Parts {
    year: Option<i64>,
    /// The month where it is a number.
    month: Option<i64>,
    /// The last word before the day that names a month, and whether it may be a day of the week.
    month_before: Option<(i64, bool)>,
    behind_day: BehindDay,
    day: Option<i64>,
    time: Option<(i64, i64, i64)>,
    afternoon: Option<bool>,
    zone: Option<i16>,
    zone_in_comment: Option<i16>,
}

impl Parts {
    fn take(&mut self, text: &str) {
        if self.take_zone(text) || self.take_time(text) || self.take_whole_date(text) {
            return;
        }
        // `1-Jan-2024`, `Jan/1/2024`, `1Jan2024`
        for part in text.split(['-', '/', '.']) {
            for run in part.as_bytes().chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()) {
                self.take_part(std::str::from_utf8(run).unwrap_or_default());
            }
        }
    }

    fn take_comment(&mut self, text: &str) {
        self.zone_in_comment = self.zone_in_comment.or(named_zone(text)).or(numeric_zone(text));
    }

    fn take_part(&mut self, part: &str) {
        match part.parse::<i64>() {
            Ok(number) => match part.len() {
                1 | 2 if self.day.is_none() && (1..=31).contains(&number) => self.day = Some(number),
                1 | 2 if self.year.is_none() && self.day.is_some() => {
                    self.year = Some(two_digit_year(number));
                }
                3 if self.year.is_none() => self.year = Some(1900 + number),
                4 if self.year.is_none() => {
                    self.year = Some(if number < 100 { two_digit_year(number) } else { number })
                }
                4 if self.time.is_some() && self.zone.is_none() => self.zone = offset(true, part),
                _ => {}
            },
            Err(_) => self.take_word(part),
        }
    }

    fn take_word(&mut self, word: &str) {
        let number = month(word);
        if self.day.is_none() {
            self.month_before = number.map(|number| (number, is_day_too(word))).or(self.month_before);
            return;
        }
        let next = self.year.is_none() && self.time.is_none();
        self.behind_day = match (self.behind_day, number) {
            (BehindDay::Nothing, Some(number)) if next || self.month_before.is_none() => BehindDay::Month(number),
            (BehindDay::Nothing, None) if next && !is_particle(word) => BehindDay::Other,
            (known, _) => known,
        };
    }

    /// The month: a number, the word behind the day, or else the one before it.
    fn month(&self) -> Option<i64> {
        self.month.or_else(|| match (self.behind_day, self.month_before) {
            (BehindDay::Month(number), _) => Some(number),
            // The word behind the day is the month, in a language that is not known.
            (BehindDay::Other, Some((_, true))) => None,
            (_, before) => before.map(|(number, _)| number),
        })
    }

    /// `10:30`, `10:30:15.5`, `10:30:15+0100`, `10:30PM`, `T10:30:15Z`, and `10.30.15` once the day is known.
    fn take_time(&mut self, text: &str) -> bool {
        if self.time.is_some() {
            return self.take_half_of_day(text);
        }
        let text = text.strip_prefix(['T', 't']).unwrap_or(text);
        let len = text.find(|char: char| !char.is_ascii_digit() && char != ':' && char != '.').unwrap_or(text.len());
        let (time, behind) = text.split_at_checked(len).unwrap_or_default();
        let separator = match () {
            () if time.contains(':') => ':',
            () if self.year.is_some() && self.month().is_some() && time.contains('.') => '.',
            () => return false,
        };
        let mut numbers = time.split(separator).map(|number| {
            let whole = number.split('.').next().unwrap_or_default();
            if whole.len() > 2 { None } else { whole.parse().ok() }
        });
        let (Some(Some(hour)), Some(Some(minute))) = (numbers.next(), numbers.next()) else { return false };
        let second = numbers.next().flatten().unwrap_or(0);
        self.time = Some((hour, minute, second));
        if !self.take_half_of_day(behind) {
            self.take_zone(behind);
        }
        true
    }

    fn take_half_of_day(&mut self, text: &str) -> bool {
        let afternoon = match text {
            _ if text.eq_ignore_ascii_case("am") || text.eq_ignore_ascii_case("a.m.") => false,
            _ if text.eq_ignore_ascii_case("pm") || text.eq_ignore_ascii_case("p.m.") => true,
            _ => return false,
        };
        self.afternoon = self.afternoon.or(Some(afternoon));
        true
    }

    /// A zone stands behind the time (asctime has it before or behind the year).
    fn take_zone(&mut self, text: &str) -> bool {
        if self.time.is_none() || text.is_empty() {
            return false;
        }
        let zone = match text.find(['+', '-']) {
            // `GMT+0100`, and signs written twice.
            Some(at) if at == 0 || text.get(..at).and_then(named_zone) == Some(0) => {
                let signed = text.get(at..).unwrap_or_default();
                let digits = signed.trim_start_matches(['+', '-']);
                if !digits.starts_with(|char: char| char.is_ascii_digit()) {
                    return false;
                }
                numeric_zone(signed)
            }
            Some(_) => return false,
            None => match named_zone(text) {
                Some(zone) => Some(zone),
                None => return false,
            },
        };
        self.zone = self.zone.or(zone);
        true
    }

    /// `2024-01-31`, `2024-01-31T10:30:00Z`, `31.01.2024`, `1/31/2024`.
    fn take_whole_date(&mut self, text: &str) -> bool {
        if self.month.is_some() || self.day.is_some() {
            return false;
        }
        let (date, time) = match text.find(['T', 't']) {
            Some(at) if at >= 8 => (text.get(..at).unwrap_or_default(), text.get(at..).unwrap_or_default()),
            _ => (text, ""),
        };
        let separator = date.find(['-', '/', '.']).and_then(|at| date.get(at..=at)).unwrap_or("-");
        let numbers: Vec<(usize, Option<i64>)> =
            date.splitn(4, separator).map(|number| (number.len(), number.parse().ok())).collect();
        let (year, month, day) = match *numbers.as_slice() {
            [(4, year), (1..=2, month), (1..=2, day)] => (year, month, day),
            // Day first where the separator is a dot or there is no other way to read it; month first as in the USA.
            [(1..=2, day), (1..=2, month), (4, year)] if separator == "." || day > Some(12) => (year, month, day),
            [(1..=2, month), (1..=2, day), (4, year)] => (year, month, day),
            _ => return false,
        };
        if year.is_none() || month.is_none() || day.is_none() {
            return false;
        }
        (self.year, self.month, self.day) = (year, month, day);
        self.take_time(time);
        true
    }

    fn date(self) -> Option<DateTime> {
        let (mut hour, minute, second) = self.time.unwrap_or((0, 0, 0));
        match self.afternoon {
            Some(true) if hour < 12 => hour += 12,
            Some(false) if hour == 12 => hour = 0,
            _ => {}
        }
        let next_day = i64::from(hour == 24 && minute == 0 && second == 0) * 86_400;
        let hour = if next_day > 0 { 0 } else { hour };
        let zone = self.zone.or(self.zone_in_comment);
        let date = DateTime::from_civil(self.year?, self.month()?, self.day?, hour, minute, second, zone)?;
        Some(if next_day > 0 { date.plus_seconds(next_day) } else { date })
    }
}

fn two_digit_year(year: i64) -> i64 {
    if year < 50 { 2000 + year } else { 1900 + year }
}

/// `+0100`, `-05:30`, `+1`; `-0000` says that the zone is not known (RFC 5322 §3.3).
fn numeric_zone(text: &str) -> Option<i16> {
    let digits = text.trim_start_matches(['+', '-']);
    let end = digits.find(|char: char| !char.is_ascii_digit() && char != ':').unwrap_or(digits.len());
    let digits: String = digits.get(..end)?.chars().filter(|&char| char != ':').collect();
    if text == digits || (text.starts_with('-') && digits == "0000") {
        return None;
    }
    offset(text.starts_with('+'), &digits)
}

fn offset(east: bool, digits: &str) -> Option<i16> {
    let number: i16 = digits.parse().ok()?;
    let (hours, minutes) = if digits.len() <= 2 { (number, 0) } else { (number / 100, number % 100) };
    let possible = digits.len() <= 4 && hours < 24 && minutes < 60;
    possible.then_some(if east { hours * 60 + minutes } else { -(hours * 60 + minutes) })
}

/// The zones of RFC 5322 §4.3, and those of real mail whose meaning is not in doubt. The military letters but `Z` say nothing.
fn named_zone(name: &str) -> Option<i16> {
    Some(match name.to_ascii_uppercase().as_str() {
        "UT" | "UTC" | "GMT" | "Z" | "WET" => 0,
        "EDT" | "AST" => -4 * 60,
        "EST" | "CDT" => -5 * 60,
        "CST" | "MDT" => -6 * 60,
        "MST" | "PDT" => -7 * 60,
        "PST" | "AKDT" => -8 * 60,
        "AKST" => -9 * 60,
        "HST" => -10 * 60,
        "ADT" | "BRT" => -3 * 60,
        "NST" => -210,
        "NDT" => -150,
        "BST" | "CET" | "MET" | "MEZ" | "WEST" => 60,
        "CEST" | "MEST" | "MESZ" | "EET" => 2 * 60,
        "EEST" | "MSK" => 3 * 60,
        "MSD" => 4 * 60,
        "HKT" | "SGT" | "AWST" => 8 * 60,
        "JST" | "KST" => 9 * 60,
        "ACST" => 570,
        "AEST" => 10 * 60,
        "AEDT" => 11 * 60,
        "NZST" => 12 * 60,
        "NZDT" => 13 * 60,
        _ => return None,
    })
}

/// What stands between a day and its month, or makes the day an ordinal number.
fn is_particle(word: &str) -> bool {
    const PARTICLES: &[&str] = &[
        "st", "nd", "rd", "th", "er", "re", "e", "o", "a", "º", "ª", "°", "de", "del", "den", "di", "of", "le", "d",
        ".",
    ];
    PARTICLES.iter().any(|particle| word.eq_ignore_ascii_case(particle))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn date(value: &str) -> String {
        parse_date(value.as_bytes()).map_or_else(|| "none".into(), |date| date.to_string())
    }

    #[test]
    fn dates_of_the_standards_and_of_real_mail() {
        for (value, expected) in [
            // RFC 5322 appendix A.1.1, A.5, A.6.2
            ("Fri, 21 Nov 1997 09:55:06 -0600", "1997-11-21T09:55:06-06:00"),
            (
                "Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n               -0330 (Newfoundland Time)",
                "1969-02-13T23:32:00-03:30",
            ),
            ("21 Nov 97 09:55:06 GMT", "1997-11-21T09:55:06Z"),
            ("Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", "1997-11-21T09:55:06-06:00"),
            // RFC 5322 §4.3
            ("1 Jan 00 00:00:00 EST", "2000-01-01T00:00:00-05:00"),
            ("1 Jan 49 00:00 +0000", "2049-01-01T00:00:00Z"),
            ("1 Jan 50 00:00 +0000", "1950-01-01T00:00:00Z"),
            ("1 Jan 103 00:00 +0000", "2003-01-01T00:00:00Z"),
            ("Sun, 30 Nov 0002 00:00:00 -0800 (PST)", "2002-11-30T00:00:00-08:00"),
            ("1 Jan 2024 00:00 A", "2024-01-01T00:00:00Z"),
            // asctime(3), zone before or behind the year
            ("Mon Jan  1 09:05:03 2024", "2024-01-01T09:05:03Z"),
            ("Mon Jan 01 09:05:03 +0100 2024", "2024-01-01T09:05:03+01:00"),
            ("Mon Jan  1 09:05:03 2024 +0100", "2024-01-01T09:05:03+01:00"),
            ("Mon Jan  1 09:05:03 PST 2024", "2024-01-01T09:05:03-08:00"),
            ("Mon Jan 01 2024 09:05:03 GMT+0100 (CET)", "2024-01-01T09:05:03+01:00"),
            ("01-Jan-2024 10:00:00 +0200", "2024-01-01T10:00:00+02:00"),
            ("2024-01-31T10:30:00Z", "2024-01-31T10:30:00Z"),
            ("2024-01-31T10:30:00.123+05:30", "2024-01-31T10:30:00+05:30"),
            ("2024-01-31 10:30:00 -0800", "2024-01-31T10:30:00-08:00"),
            ("20240131T103000Z", "none"),
            ("31.01.2024 10:30", "2024-01-31T10:30:00Z"),
            ("1/31/2024 10:30:00 PM", "2024-01-31T22:30:00Z"),
            ("Mon, 1 Jan 2024 12:00:00 AM +0000", "2024-01-01T00:00:00Z"),
            ("Monday, January 1, 2024 9:05 AM", "2024-01-01T09:05:00Z"),
            ("Mon, 1 Jan 2024 09:05:03", "2024-01-01T09:05:03Z"),
            ("Mon, 1 Jan 2024 09:05:03 +9900", "2024-01-01T09:05:03Z"),
            ("Mon, 1 Jan 2024 09:05:03 (PST)", "2024-01-01T09:05:03-08:00"),
            ("Mon, 1 Jan 2024 09:05:03 +0100 (PST)", "2024-01-01T09:05:03+01:00"),
            ("Mon, 1 Jan 2024 24:00:00 +0000", "2024-01-02T00:00:00Z"),
            ("Mon, 1 Jan 2024 09.05.03 +0000", "2024-01-01T09:05:03Z"),
            ("Tue, 1 Jan 2024 09:05:03+0100", "2024-01-01T09:05:03+01:00"),
            ("1 Jan 2024", "2024-01-01T00:00:00Z"),
            ("Mon, 32 Jan 2024 09:05:03 +0000", "none"),
            ("Mon, 1 Foo 2024 09:05:03 +0000", "none"),
            // Names of other languages; a word that is a day in one and a month in another is decided by its place.
            ("mar., 12 août 2003 10:00:00 +0200", "2003-08-12T10:00:00+02:00"),
            ("mar., 12 mars 2003 10:00:00 +0200", "2003-03-12T10:00:00+02:00"),
            ("mar 12 mar 2003 10:00:00 +0200", "2003-03-12T10:00:00+02:00"),
            ("mar., 12 xyzt 2003 10:00:00 +0200", "none"),
            ("Tue Mar 12 10:00:00 2003", "2003-03-12T10:00:00Z"),
            ("Mar 12 2003 10:00", "2003-03-12T10:00:00Z"),
            ("jeu., 1er févr. 2003 10:00:00 +0100", "2003-02-01T10:00:00+01:00"),
            ("martes, 13 de enero de 2004 10:00:00 +0100", "2004-01-13T10:00:00+01:00"),
            ("martedì 4 mar 2003 10.15.00 +0100", "2003-03-04T10:15:00+01:00"),
            ("seg, 13 out 2003 10:00:00 -0300", "2003-10-13T10:00:00-03:00"),
            ("ma 10 mrt 2003 10:00:00 +0100", "2003-03-10T10:00:00+01:00"),
            ("ti 12. elokuuta 2003 kl. 10.00.00", "2003-08-12T10:00:00Z"),
            ("den 29. maj 1999 00:24:04 +0200", "1999-05-29T00:24:04+02:00"),
            ("ons, 10 des 2003 10:00:00 +0100", "2003-12-10T10:00:00+01:00"),
            ("śr, 15 paź 2003 10:00:00 +0200", "2003-10-15T10:00:00+02:00"),
            ("mar, 12.8.2003 10:00:00", "2003-08-12T10:00:00Z"),
            ("12-août-2003 10:00:00 +0200", "2003-08-12T10:00:00+02:00"),
            ("=?utf-8?Q?mar=2E=2C_12_ao=C3=BBt_2003?= 10:00:00 +0200", "2003-08-12T10:00:00+02:00"),
            ("", "none"),
            ("(((", "none"),
        ] {
            assert_eq!(date(value), expected, "{value}");
        }
    }

    #[test]
    fn names_of_months_may_stand_in_raw_octets() {
        for (value, expected) in [
            (&b"mar., 12 ao\xFBt 2003 10:00:00 +0200"[..], "2003-08-12T10:00:00+02:00"),
            (b"\xB6r, 15 pa\xBC 2003 10:00:00 +0200", "2003-10-15T10:00:00+02:00"),
            (b"l\xF6r, 29 maj 1999 00:24:04 +0200", "1999-05-29T00:24:04+02:00"),
        ] {
            assert_eq!(parse_date(value).unwrap().to_string(), expected);
        }
    }

    #[test]
    fn minus_zero_is_a_zone_not_known() {
        assert_eq!(parse_date(b"1 Jan 2024 00:00 -0000").unwrap().offset_minutes(), None);
        assert_eq!(parse_date(b"1 Jan 2024 00:00 +0000").unwrap().offset_minutes(), Some(0));
    }

    proptest! {
        #[test]
        fn no_octets_panic(value: Vec<u8>) {
            parse_date(&value);
        }

        #[test]
        fn date_times_come_back(seconds in 0_i64..4_102_444_800, zone in -720_i16..=840) {
            let at = DateTime::from_unix_seconds(seconds + i64::from(zone) * 60).to_string();
            let sign = if zone < 0 { '-' } else { '+' };
            let value = format!("{}{sign}{:02}:{:02}", at.trim_end_matches('Z'), zone.abs() / 60, zone.abs() % 60);
            prop_assert_eq!(parse_date(value.as_bytes()).unwrap().unix_seconds(), seconds);
        }
    }
}
