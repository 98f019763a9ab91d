//! An item of an archive as its XML has it.

use super::long_text::LongText;
use crate::{date_time::DateTime, mapi::FileTime};

/// An element with what is in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) text: String,
    /// All of its text, where that is only the start of it.
    pub(super) long_text: Option<LongText>,
    pub(super) children: Vec<Element>,
}

impl Element {
    /// The first child of this name.
    #[inline(never)] // It is called where each field is read, and would stand there each time.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.trim().is_empty())
    }

    /// Its own text that is not empty.
    pub(super) fn own_text(&self) -> Option<&str> {
        Some(self.text.as_str()).filter(|text| !text.trim().is_empty())
    }

    /// The text of the first child of this name that is not empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.child(name)?.own_text()
    }

    /// The first child of this name whose text is not empty.
    pub(super) fn with_text(&self, name: &str) -> Option<&Self> {
        self.child(name).filter(|child| child.own_text().is_some())
    }

    /// Whether both have the same text.
    pub(super) fn has_text_of(&self, other: &Self) -> bool {
        let digest = |element: &Self| element.long_text.as_ref().map(|text| text.digest);
        self.text == other.text && digest(self) == digest(other)
    }

    /// The number of a child; Outlook writes `1`, `1E0` and `2.7E1`.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        let number: f64 = self.text(name)?.trim().parse().ok()?;
        number.is_finite().then_some(number as i64)
    }

    pub(super) fn is_true(&self, name: &str) -> bool {
        self.number(name).is_some_and(|number| number != 0)
            || self.text(name).is_some_and(|text| text.trim().eq_ignore_ascii_case("true"))
    }

    /// The time of a child, which is in UTC.
    #[inline(never)]
    pub(super) fn time(&self, name: &str) -> Option<FileTime> {
        time(self.text(name)?)
    }

    /// Gives all text in it, which tells one item from another, to `each`.
    pub(super) fn for_each_text(&self, each: &mut dyn FnMut(&str)) {
        each(&self.name);
        each(&self.text);
        if let Some(text) = &self.long_text {
            each(&text.digest.to_string());
        }
        for (name, value) in &self.attributes {
            each(name);
            each(value);
        }
        self.children.iter().for_each(|child| child.for_each_text(each));
    }

    /// The values of its attributes.
    pub(super) fn values(&self) -> impl Iterator<Item = &str> {
        self.attributes.iter().map(|(_, value)| value.as_str())
    }
}

/// `2018-06-18T16:30:00`, with or without `Z` or an offset.
pub(super) fn time(text: &str) -> Option<FileTime> {
    let text = text.trim();
    let (date, rest) = text.split_once(['T', ' '])?;
    let [year, month, day] = three(date, '-')?;
    let clock = rest.get(..8)?;
    let [hour, minute, second] = three(clock, ':')?;
    let zone = rest.get(8..)?.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let offset = match zone.as_bytes() {
        [sign @ (b'+' | b'-'), ..] => {
            let digits: String = zone.chars().filter(char::is_ascii_digit).collect();
            let minutes =
                digits.get(..2)?.parse::<i64>().ok()? * 60 + digits.get(2..4).map_or(Some(0), |m| m.parse().ok())?;
            if *sign == b'-' { -minutes } else { minutes }
        }
        _ => 0,
    };
    let at = DateTime::from_civil(year, month, day, hour, minute, second, Some(0))?;
    FileTime::of(at.plus_seconds(-offset * 60))
}

/// Three numbers, parted by a character.
fn three(text: &str, by: char) -> Option<[i64; 3]> {
    let mut numbers = [0; 3];
    let mut parts = text.splitn(3, by);
    for number in &mut numbers {
        *number = parts.next()?.parse().ok()?;
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_in_utc() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00", Some(0)),
            ("2018-06-18T16:30:00", Some(1_529_339_400)),
            ("2018-06-18T16:30:00Z", Some(1_529_339_400)),
            ("2018-06-18T16:30:00.250", Some(1_529_339_400)),
            ("2018-06-18T18:30:00+02:00", Some(1_529_339_400)),
            ("2018-06-18T09:30:00-0700", Some(1_529_339_400)),
            ("2018-06-18", None),
            ("2018-13-18T16:30:00", None),
            ("9223372036854775807-01-01T00:00:00", None),
            ("99999999999-12-31T23:59:59Z", None),
            ("2018-9223372036854775807-9223372036854775807T16:30:00", None),
            ("1600-12-31T23:59:59", None),
            ("1601-01-01T00:00:00+99:59", None),
            ("9999-12-31T23:59:59-9959", None),
            ("1970-01-01T00:00:00+9a", None),
            ("", None),
        ] {
            let found = time(text).and_then(|time| time.date_time()).map(|time| time.unix_seconds());
            assert_eq!(found, seconds, "{text}");
        }
    }
}
