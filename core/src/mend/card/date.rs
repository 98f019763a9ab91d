use crate::{divide::divide, word::words};

/// The year that stands for none in the programs of Apple and Microsoft: a leap year before which nobody was born.
const NO_YEAR: u16 = 1604;

words! {
    /// How a birthday without a year is written in vCard 3.0, which has no form for it.
    #[derive(Default)]
    pub enum YearlessDates: "a form of dates without a year" {
        /// `BDAY;X-APPLE-OMIT-YEAR=1604:1604-12-24`, as Apple's programs do.
        #[default]
        Apple = "apple",
        /// `BDAY:--12-24`, as Google's do, and RFC 6350 nearly.
        Hyphens = "hyphens",
    }
}

/// A date of a card, as far as it is known (RFC 6350 §4.3), and a time of day as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CardDate {
    year: Option<u16>,
    month: Option<u8>,
    day: Option<u8>,
    /// What follows the `T`, in the basic format.
    time: Option<String>,
}

impl CardDate {
    /// Reads the forms of all versions: `19960415`, `1996-04-15`, `--0415`, `---15`, `1996-04`, `1996`, each with a time.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (date, time) = match text.split_once(['T', 't']) {
            Some((date, time)) => (date, Some(basic_time(time)?)),
            None => (text, None),
        };
        let number = |digits: &str, len: usize| {
            (digits.len() == len && digits.bytes().all(|octet| octet.is_ascii_digit()))
                .then(|| digits.parse::<u16>().ok())?
        };
        let small = |digits: &str| number(digits, 2).and_then(|n| u8::try_from(n).ok());
        let (year, month, day) = if let Some(day) = date.strip_prefix("---") {
            (None, None, Some(small(day)?))
        } else if let Some(rest) = date.strip_prefix("--") {
            let rest = rest.replace('-', "");
            let day = rest.get(2..).filter(|day| !day.is_empty());
            (None, Some(small(rest.get(..2)?)?), day.map(small).map_or(Some(None), |day| day.map(Some))?)
        } else if date.is_empty() {
            (None, None, None)
        } else {
            let parts: Vec<&str> = date.split('-').collect();
            match *parts {
                [all] if all.len() == 8 => (number(all.get(..4)?, 4), small(all.get(4..6)?), small(all.get(6..)?)),
                [year] => (Some(number(year, 4)?), None, None),
                [year, month] => (Some(number(year, 4)?), Some(small(month)?), None),
                [year, month, day] => (Some(number(year, 4)?), Some(small(month)?), Some(small(day)?)),
                _ => return None,
            }
        };
        let known = year.is_some() || month.is_some() || day.is_some() || time.is_some();
        let valid =
            month.is_none_or(|month| (1..=12).contains(&month)) && day.is_none_or(|day| (1..=31).contains(&day));
        (known && valid && (date.len() != 8 || year.is_some())).then_some(Self { year, month, day, time })
    }

    /// Without a year that only stands for none, 1604 or the one that Apple's `X-APPLE-OMIT-YEAR` names; whether it had one.
    pub(crate) fn omit_year(&mut self, named: Option<&str>) -> bool {
        let stands_for_none = self
            .year
            .is_some_and(|known| known == NO_YEAR || named.is_some_and(|named| named.trim().parse() == Ok(known)));
        if stands_for_none {
            self.year = None;
        }
        stands_for_none
    }

    /// The basic format of RFC 6350.
    pub(crate) fn to_v4(&self) -> String {
        let date = match (self.year, self.month, self.day) {
            (Some(year), Some(month), Some(day)) => format!("{year:04}{month:02}{day:02}"),
            (Some(year), Some(month), None) => format!("{year:04}-{month:02}"),
            (Some(year), None, _) => format!("{year:04}"),
            (None, Some(month), Some(day)) => format!("--{month:02}{day:02}"),
            (None, Some(month), None) => format!("--{month:02}"),
            (None, None, Some(day)) => format!("---{day:02}"),
            (None, None, None) => String::new(),
        };
        match &self.time {
            Some(time) => format!("{date}T{time}"),
            None => date,
        }
    }

    /// Whether month and day are known and the year is not.
    pub(crate) fn is_yearless(&self) -> bool {
        self.year.is_none() && self.month.is_some() && self.day.is_some()
    }

    /// Whether all of a day is known.
    pub(crate) fn is_full(&self) -> bool {
        self.year.is_some() && self.month.is_some() && self.day.is_some()
    }

    /// Whether it has a time of day.
    pub(crate) fn has_time(&self) -> bool {
        self.time.is_some()
    }

    /// The same at midnight, where it has no time of day.
    pub(crate) fn at_midnight(mut self) -> Self {
        self.time.get_or_insert_with(|| "000000Z".to_owned());
        self
    }

    /// The same without a time of day.
    pub(crate) fn without_time(mut self) -> Self {
        self.time = None;
        self
    }

    /// The extended format of RFC 2426, with the year that stands for none where there is none; `None` where month or day are not
    /// known.
    pub(crate) fn to_v3(&self) -> Option<String> {
        let (month, day) = (self.month?, self.day?);
        let date = format!("{:04}-{month:02}-{day:02}", self.year.unwrap_or(NO_YEAR));
        let digits = |time: &str| time.bytes().take_while(u8::is_ascii_digit).count();
        Some(match self.time.as_deref().filter(|time| digits(time) >= 6) {
            Some(time) => {
                let (clock, zone) = divide(time, 6);
                let (hour, rest) = divide(clock, 2);
                let (minute, second) = divide(rest, 2);
                let zone = match (zone.get(..3), zone.get(3..)) {
                    (Some(hours), Some(minutes)) if minutes.len() == 2 => format!("{hours}:{minutes}"),
                    _ => zone.to_owned(),
                };
                format!("{date}T{hour}:{minute}:{second}{zone}")
            }
            None => date,
        })
    }

    /// `--12-24`, which some programs write in vCard 3.0 too.
    pub(crate) fn to_hyphens(&self) -> Option<String> {
        Some(format!("--{:02}-{:02}", self.month?, self.day?))
    }
}

/// `10:22:00Z` to `102200Z`; fractions of a second are left out, which RFC 6350 has no place for.
fn basic_time(time: &str) -> Option<String> {
    let zone = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = divide(time, zone);
    let clock = clock.split('.').next().unwrap_or_default().replace(':', "");
    let zone = zone.replace(':', "").to_ascii_uppercase();
    let valid =
        matches!(clock.len(), 2 | 4 | 6) && clock.bytes().all(|octet| octet.is_ascii_digit()) && zone.is_ascii();
    valid.then(|| clock + &zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_all_versions_are_read_and_written() {
        for (text, v4, v3) in [
            ("1996-04-15", "19960415", Some("1996-04-15")),
            ("19960415", "19960415", Some("1996-04-15")),
            ("--0415", "--0415", Some("1604-04-15")),
            ("--04-15", "--0415", Some("1604-04-15")),
            ("---15", "---15", None),
            ("1996-04", "1996-04", None),
            ("1996", "1996", None),
            ("1987-09-27T08:30:00-06:00", "19870927T083000-0600", Some("1987-09-27T08:30:00-06:00")),
            ("1953-10-15T23:10:00Z", "19531015T231000Z", Some("1953-10-15T23:10:00Z")),
            ("2008-04-24T19:52:43.000Z", "20080424T195243Z", Some("2008-04-24T19:52:43Z")),
        ] {
            let date = CardDate::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(date.to_v4(), v4, "{text}");
            assert_eq!(date.to_v3().as_deref(), v3, "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in ["circa 1800", "", "1996-13-01", "15/04/1996", "T", "1996-4-15"] {
            assert_eq!(CardDate::parse(text), None, "{text}");
        }
    }
}
