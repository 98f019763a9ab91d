//! The XML of one file: elements in one root, each an item, read one at a time.

use crate::{
    date_time::DateTime,
    error::{Error, ErrorKind, Result},
    mapi::FileTime,
    source::Source,
};
use quick_xml::{
    Reader, XmlVersion,
    events::{BytesStart, Event},
};
use std::{
    io::{self, BufReader, Read},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// Elements of an item, and how deep they may stand in one another.
const ELEMENTS: usize = 1 << 18;
const DEPTH: usize = 64;

/// An element with what is in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Element {
    pub(super) name: String,
    attributes: Vec<(String, String)>,
    text: String,
    pub(super) children: Vec<Element>,
}

impl Element {
    /// The first child of this name.
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
    pub(super) fn time(&self, name: &str) -> Option<FileTime> {
        time(self.text(name)?)
    }

    /// All text in it, which tells one item from another.
    pub(super) fn write_text(&self, out: &mut String) {
        out.push_str(&self.name);
        out.push_str(&self.text);
        for (name, value) in &self.attributes {
            out.push_str(name);
            out.push_str(value);
        }
        self.children.iter().for_each(|child| child.write_text(out));
    }
}

/// `2018-06-18T16:30:00`, with or without `Z` or an offset.
pub(super) fn time(text: &str) -> Option<FileTime> {
    let text = text.trim();
    let (date, rest) = text.split_once(['T', ' '])?;
    let mut date = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let clock = rest.get(..8)?;
    let mut clock = clock.splitn(3, ':').map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
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
    let since_1601 = u64::try_from(at.unix_seconds() - offset * 60 + 11_644_473_600).ok()?;
    Some(FileTime(since_1601.checked_mul(10_000_000)?))
}

/// Reads the items of a file.
pub(super) struct Items {
    reader: Reader<BufReader<Bounded>>,
    left: Arc<AtomicU64>,
    most: u64,
    buffer: Vec<u8>,
    /// How many there are by the word of the file, and how many were read.
    pub(super) said: Option<u64>,
    pub(super) read: u64,
    in_root: bool,
}

impl Items {
    /// `most` octets of an item are read.
    pub(super) fn new(source: Source, most: usize) -> Self {
        let most = most as u64;
        let left = Arc::new(AtomicU64::new(most));
        let mut reader = Reader::from_reader(BufReader::new(Bounded { source, at: 0, left: left.clone() }));
        // What Outlook writes is well-formed; what is not quite is read as far as it goes.
        let config = reader.config_mut();
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.allow_dangling_amp = true;
        Self { reader, left, most, buffer: Vec::new(), said: None, read: 0, in_root: false }
    }

    /// Where in the file the next item is looked for.
    pub(super) fn position(&self) -> u64 {
        self.reader.buffer_position()
    }

    /// The next item; `None` at the end.
    ///
    /// # Errors
    /// Nothing more can be read from this file.
    pub(super) fn next_item(&mut self) -> Result<Option<Element>> {
        let mut open: Vec<Element> = Vec::new();
        let mut elements = 0;
        self.left.store(self.most, Ordering::Relaxed);
        loop {
            self.buffer.clear();
            let event = self.reader.read_event_into(&mut self.buffer).map_err(|e| broken(e, open.is_empty()))?;
            let closed = match &event {
                Event::Start(start) | Event::Empty(start) => {
                    let element = element(start);
                    let is_empty = matches!(event, Event::Empty(_));
                    if !self.in_root {
                        self.in_root = !is_empty;
                        self.said = element.attribute("elementCount").and_then(|count| count.trim().parse().ok());
                        continue;
                    }
                    elements += 1;
                    if elements > ELEMENTS || open.len() >= DEPTH {
                        let what = "an item has too many elements: the rest of the file is not read";
                        return Err(Error::new(ErrorKind::Limit, what).non_fatal());
                    }
                    open.push(element);
                    is_empty
                }
                Event::End(_) if open.is_empty() => {
                    self.in_root = false;
                    return Ok(None);
                }
                Event::End(_) => true,
                Event::Text(text) => {
                    add(&mut open, &text.xml10_content());
                    false
                }
                Event::CData(text) => {
                    add(&mut open, &text.xml10_content());
                    false
                }
                Event::GeneralRef(reference) => {
                    let name = reference.xml10_content();
                    let known = match &*name {
                        "lt" => Some('<'),
                        "gt" => Some('>'),
                        "amp" => Some('&'),
                        "quot" => Some('"'),
                        "apos" => Some('\''),
                        _ if reference.is_char_ref() => {
                            Some(reference.resolve_char_ref().ok().flatten().unwrap_or(char::REPLACEMENT_CHARACTER))
                        }
                        _ => None,
                    };
                    match known {
                        Some(c) => add(&mut open, c.encode_utf8(&mut [0; 4])),
                        None => add(&mut open, &format!("&{name};")),
                    }
                    false
                }
                Event::Eof if self.in_root || !open.is_empty() => {
                    let what = "the XML ends in the middle: the last item, or what should follow, is missing";
                    return Err(Error::new(ErrorKind::Malformed, what).non_fatal());
                }
                Event::Eof => return Ok(None),
                _ => false,
            };
            if closed && let Some(element) = open.pop() {
                match open.last_mut() {
                    Some(around) => around.children.push(element),
                    None => {
                        self.read += 1;
                        return Ok(Some(element));
                    }
                }
            }
        }
    }
}

fn broken(error: quick_xml::Error, between_items: bool) -> Error {
    let place = if between_items { "between two items" } else { "in an item" };
    Error::new(ErrorKind::Malformed, format!("the XML is damaged {place}, and what follows is lost: {error}"))
        .non_fatal()
}

fn add(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

fn element(start: &BytesStart<'_>) -> Element {
    let mut attributes = start.attributes();
    let attributes = attributes.with_checks(false).flatten().map(|attribute| {
        let value = attribute.normalized_value(XmlVersion::Implicit1_0);
        let value = value.map_or_else(|_| attribute.value.to_string(), |value| value.into_owned());
        (attribute.key.as_ref().to_owned(), value)
    });
    Element { name: start.name().as_ref().to_owned(), attributes: attributes.collect(), ..Element::default() }
}

/// A source that gives no more octets than an item may have.
struct Bounded {
    source: Source,
    at: u64,
    left: Arc<AtomicU64>,
}

impl Read for Bounded {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = self.left.load(Ordering::Relaxed);
        if left == 0 {
            return Err(io::Error::other("an item has more octets than are held in memory"));
        }
        let n = self.source.read_at(self.at, buf)?;
        self.at += n as u64;
        self.left.store(left.saturating_sub(n as u64), Ordering::Relaxed);
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(xml: &str) -> (Vec<Element>, Option<String>) {
        let mut items = Items::new(Arc::new(xml.as_bytes().to_vec()), 1 << 16);
        let mut read = Vec::new();
        loop {
            match items.next_item() {
                Ok(Some(item)) => read.push(item),
                Ok(None) => return (read, None),
                Err(e) => return (read, Some(e.to_string())),
            }
        }
    }

    #[test]
    fn items_are_read_with_their_texts_and_attributes() {
        let xml = "<?xml version='1.0'?>\n<notes elementCount=\"2\"> <note xml:space='preserve'><a>x &lt;b&gt; &#xE9;&amp;&unknown; \
            <![CDATA[<c>]]></a><b n=\"&quot;q&quot;\"/></note>\n<note><n>2.7E1</n><t>1E0</t></note></notes>";
        let (items, error) = items(xml);
        assert_eq!(error, None);
        assert_eq!(items[0].text("a"), Some("x <b> é&&unknown; <c>"));
        assert_eq!(items[0].child("b").unwrap().attribute("n"), Some("\"q\""));
        assert_eq!((items[1].number("n"), items[1].is_true("t"), items[1].is_true("x")), (Some(27), true, false));
    }

    #[test]
    fn broken_xml_gives_what_is_before() {
        for (xml, count) in [
            ("", 0),
            ("<a/>", 0),
            ("<a><b/><c>", 1),
            ("<a><b>x</b><b>y", 1),
            ("<a><b>x</b><<<</a>", 1),
            ("<a><b>x</c></a>", 1),
            ("no xml at all", 0),
            ("<a><b>a & b</b></a>", 1),
        ] {
            assert_eq!(items(xml).0.len(), count, "{xml}");
        }
        let deep = format!("<a><i/>{}", "<b>".repeat(100_000));
        assert!(items(&deep).1.unwrap().contains("too many elements"));
        let long = format!("<a><i/><b>{}</b></a>", "x".repeat(200_000));
        assert!(items(&long).1.unwrap().contains("more octets"));
    }

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
            ("", None),
        ] {
            let found = time(text).and_then(|time| time.date_time()).map(|time| time.unix_seconds());
            assert_eq!(found, seconds, "{text}");
        }
    }
}
