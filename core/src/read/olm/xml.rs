//! The XML of one file: elements in one root, each an item, read one at a time.

use super::{
    element::Element,
    long_text::LongText,
    markup::{Markup, Met, Tag},
};
use crate::{
    defect::{Defect, DefectKind},
    error::{Error, ErrorKind, Result},
    source::{Source, is_damage},
};
use std::io;

/// Elements and attributes of an item together, and how deep elements may stand in one another.
const PARTS: usize = 1 << 18;
const DEPTH: usize = 64;
/// Octets that are read at once where the end of an item is looked for, and of a tag besides its name.
const SKIPPED: usize = 1 << 16;
const TAG: usize = 16;
/// Elements whose text may be long: it takes no memory.
const LONG: [&str; 3] = ["OPFMessageCopyBody", "OPFMessageCopyHTMLBody", "OPFMessageCopySource"];
/// Items: none stands in another of its kind.
const ITEMS: [&str; 6] = ["email", "appointment", "task", "note", "contact", "group"];

/// Reads the items of a file.
pub(super) struct Items {
    markup: Markup,
    most: u64,
    /// How many there are by the word of the file, and how many were read.
    pub(super) said: Option<u64>,
    pub(super) read: u64,
    /// The name of the element that all items stand in, while it is open.
    root: Option<String>,
    /// Whether that element ended, and whether there was one.
    ended: bool,
    begun: bool,
    /// An item that began in another one of its kind, which had no end.
    next: Option<Element>,
    /// Whether the last error was about one item, and what follows can be read.
    pub(super) goes_on: bool,
    flaws: Flaws,
}

/// What was not as it should be, and how often.
#[derive(Default)]
struct Flaws {
    stray_ends: u64,
    renamed_ends: u64,
    missing_ends: u64,
    attributes: u64,
    /// Octets of text that belong to no item.
    text: u64,
}

/// What an end tag ends.
enum Ended {
    /// So many of the elements that are open.
    Elements(usize),
    Root,
    Nothing,
}

impl Items {
    /// `most` octets of an item are read.
    pub(super) fn new(source: Source, most: usize) -> Self {
        Self {
            markup: Markup::new(source),
            most: most as u64,
            said: None,
            read: 0,
            root: None,
            ended: false,
            begun: false,
            next: None,
            goes_on: false,
            flaws: Flaws::default(),
        }
    }

    /// Where in the file the next item is looked for.
    pub(super) fn position(&self) -> u64 {
        self.markup.position()
    }

    /// What was wrong with the XML since the last call, and was survived.
    pub(super) fn take_defects(&mut self) -> Vec<Defect> {
        let (flaws, broken) = (std::mem::take(&mut self.flaws), std::mem::take(&mut self.markup.broken));
        let told = [
            (flaws.stray_ends, DefectKind::StrayEnd, "end tags without a start tag were ignored"),
            (flaws.renamed_ends, DefectKind::StrayEnd, "end tags have another name than their start tags"),
            (flaws.missing_ends, DefectKind::MissingEnd, "elements have no end tag: they end with what is around them"),
            (flaws.attributes, DefectKind::Property, "attributes cannot be read and were left out"),
            (broken, DefectKind::Charset, "texts and tags have octets that are no UTF-8: U+FFFD stands for them"),
            (flaws.text, DefectKind::Structure, "octets of text belong to no item and were left out"),
        ];
        let told = told.into_iter().filter(|(count, _, _)| *count > 0);
        told.map(|(count, kind, what)| Defect::new(kind, format!("XML: {count} {what}"))).collect()
    }

    /// The next item; `None` at the end.
    ///
    /// # Errors
    /// Nothing more can be read from this file, unless it [goes on](Self::goes_on): then this item has too much in it.
    pub(super) fn next_item(&mut self) -> Result<Option<Element>> {
        let mut open: Vec<Element> = Vec::new();
        let mut parts = 0;
        self.goes_on = false;
        self.markup.allow(self.most);
        open.extend(self.next.take());
        while !self.ended {
            let met = self.markup.next().map_err(|error| broken(error, open.is_empty()))?;
            let (mut closed, mut may_be_long) = (0, false);
            match met {
                Met::Start(tag, is_empty) => {
                    let element = element(&tag, &mut parts, &mut self.flaws);
                    if parts > PARTS || open.len() >= DEPTH {
                        let what = format!(
                            "an item has more than {PARTS} elements and attributes, or more than {DEPTH} in one another"
                        );
                        return Err(self.skipped(open.first(), &what));
                    }
                    if self.root.is_none() {
                        self.said = element.attribute("elementCount").and_then(|count| count.trim().parse().ok());
                        self.begun = true;
                        self.ended = is_empty;
                        self.root = Some(element.name);
                        parts = 0;
                        continue;
                    }
                    let is_next = open.first().is_some_and(|item| item.name == element.name);
                    if is_next && ITEMS.contains(&&*element.name) && !is_empty {
                        self.flaws.missing_ends += open.len() as u64;
                        self.next = Some(element);
                        closed = open.len();
                    } else {
                        may_be_long = !is_empty && !open.is_empty() && LONG.contains(&&*element.name);
                        open.push(element);
                        closed = usize::from(is_empty);
                    }
                }
                Met::End(name) => match ended(&name, self.root.as_deref(), &open, &mut self.flaws) {
                    Ended::Elements(count) => closed = count,
                    Ended::Root => {
                        self.ended = true;
                        closed = open.len();
                    }
                    Ended::Nothing => {}
                },
                Met::Text(text) => add(&mut open, &text, &mut self.flaws),
                Met::TooMuch => {
                    let what = format!("an item has more than the {} octets that are read of one", self.most);
                    return Err(self.skipped(open.first(), &what));
                }
                Met::Nothing if self.begun => {
                    let what = "the XML ends in the middle: the last item, or what should follow, is missing";
                    return Err(Error::new(ErrorKind::Malformed, what).non_fatal());
                }
                Met::Nothing => {
                    let what = "contains no XML: nothing was read from it";
                    return Err(Error::new(ErrorKind::Malformed, what).non_fatal());
                }
            }
            if may_be_long && let Some(element) = open.last_mut() {
                self.long_text(element)?;
            }
            if let Some(item) = close(&mut open, closed) {
                self.read += 1;
                return Ok(Some(item));
            }
        }
        self.read_to_end()?;
        Ok(None)
    }

    /// Leaves the text of an element that just began where it is, if it is long, and goes on behind it.
    fn long_text(&mut self, element: &mut Element) -> Result<()> {
        let at_hand = self.markup.at_hand();
        if !at_hand.starts_with(b"<![CDATA[") && memchr::memmem::find(at_hand, b"</").is_some() {
            return Ok(());
        }
        let found = LongText::at(self.markup.source().clone(), self.position());
        if let Some(found) = found.map_err(|error| broken(error, false))? {
            element.text = found.start;
            element.long_text = Some(found.text);
            self.markup.go_to(found.end);
        }
        Ok(())
    }

    /// Reads what is behind the last element, so that all octets of the file are compared with their checksum.
    fn read_to_end(&mut self) -> Result<()> {
        let mut portion = [0; 4096];
        let mut at = self.position();
        loop {
            let n = match self.markup.source().read_at(at, &mut portion) {
                Ok(0) => {
                    self.markup.go_to(at);
                    return Ok(());
                }
                Ok(n) => n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if is_damage(&error) => {
                    let what = format!("the data behind the last item cannot be read: {error}");
                    return Err(Error::new(ErrorKind::Malformed, what).non_fatal());
                }
                Err(error) => return Err(Error::from(error).non_fatal()),
            };
            at = at.saturating_add(n as u64);
            let text = portion.iter().take(n).filter(|octet| !octet.is_ascii_whitespace() && **octet != 0);
            self.flaws.text += text.count() as u64;
        }
    }

    /// Goes on behind an item that has too much in it; the error says so.
    fn skipped(&mut self, item: Option<&Element>, what: &str) -> Error {
        let found = item.map_or(Ok(false), |item| self.skip(item.name.as_bytes()));
        let then = match found {
            Ok(true) => "it was skipped",
            Ok(false) => "the rest of the file is not read",
            Err(error) => return broken(error, false),
        };
        if self.goes_on {
            self.read += 1;
        }
        Error::new(ErrorKind::Limit, format!("{what}: {then}")).non_fatal()
    }

    /// Looks for the end of the item of this name, or for the start of the next one; whether there is either.
    fn skip(&mut self, name: &[u8]) -> io::Result<bool> {
        let (source, mut at) = (self.markup.source().clone(), self.position());
        let mut window = Vec::new();
        let mut portion = vec![0; SKIPPED];
        loop {
            if let Some(end) = end_of_item(&window, name) {
                self.markup.go_to(at.saturating_sub(window.len().saturating_sub(end) as u64));
                self.goes_on = true;
                return Ok(true);
            }
            window.drain(..window.len().saturating_sub(name.len().saturating_add(TAG)));
            let n = match source.read_at(at, &mut portion) {
                Ok(0) => return Ok(false),
                Ok(n) => n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            at = at.saturating_add(n as u64);
            window.extend(portion.iter().take(n));
        }
    }
}

fn broken(error: io::Error, between_items: bool) -> Error {
    let place = if between_items { "between two items" } else { "in an item" };
    if !is_damage(&error) {
        return Error::from(error).non_fatal();
    }
    Error::new(ErrorKind::Malformed, format!("the XML is damaged {place}, and what follows is lost: {error}"))
        .non_fatal()
}

/// Where an end tag of this name ends, or a start tag begins: no item stands in another of its kind.
fn end_of_item(octets: &[u8], name: &[u8]) -> Option<usize> {
    memchr::memmem::find_iter(octets, name).find_map(|at| {
        let (before, tag) = octets.split_at_checked(at)?;
        let behind = tag.get(name.len()..)?;
        if before.ends_with(b"</") {
            let blanks = behind.iter().take(TAG).take_while(|octet| octet.is_ascii_whitespace()).count();
            let is_end = behind.get(blanks) == Some(&b'>');
            is_end.then(|| octets.len().saturating_sub(behind.len()).saturating_add(blanks).saturating_add(1))
        } else {
            let is_start = behind.first().is_some_and(|octet| octet.is_ascii_whitespace() || *octet == b'>');
            (before.ends_with(b"<") && is_start).then(|| at.saturating_sub(1))
        }
    })
}

/// What an end tag of this name ends.
fn ended(name: &str, root: Option<&str>, open: &[Element], flaws: &mut Flaws) -> Ended {
    if let Some(at) = open.iter().rposition(|element| element.name == name) {
        let count = open.len() - at;
        flaws.missing_ends += count as u64 - 1;
        return Ended::Elements(count);
    }
    if root == Some(name) {
        flaws.missing_ends += open.len() as u64;
        return Ended::Root;
    }
    // A name with one octet other than the one that should stand here is that one, damaged; any other ends nothing.
    let wanted = open.last().map(|element| element.name.as_str()).or(root).unwrap_or_default();
    let other = wanted.bytes().zip(name.bytes()).filter(|(wanted, octet)| wanted != octet).count();
    if wanted.len() != name.len() || other > 1 {
        flaws.stray_ends += 1;
        return Ended::Nothing;
    }
    flaws.renamed_ends += 1;
    if open.is_empty() { Ended::Root } else { Ended::Elements(1) }
}

/// Closes so many elements, each in the one around it; the outermost is an item.
fn close(open: &mut Vec<Element>, count: usize) -> Option<Element> {
    for _ in 0..count {
        let element = open.pop()?;
        match open.last_mut() {
            Some(around) => around.children.push(element),
            None => return Some(element),
        }
    }
    None
}

fn add(open: &mut [Element], text: &str, flaws: &mut Flaws) {
    match open.last_mut() {
        Some(element) if element.long_text.is_none() => element.text.push_str(text),
        Some(_) => flaws.text += text.len() as u64,
        None => flaws.text += text.trim().trim_start_matches('\u{feff}').len() as u64,
    }
}

/// An element with its attributes; `parts` counts both.
fn element(tag: &Tag, parts: &mut usize, flaws: &mut Flaws) -> Element {
    *parts += 1;
    let mut attributes = Vec::new();
    for attribute in tag.attributes() {
        *parts += 1;
        if *parts > PARTS {
            break;
        }
        match attribute {
            Some(attribute) => attributes.push(attribute),
            None => flaws.attributes += 1,
        }
    }
    Element { name: tag.name(), attributes, ..Element::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

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
            (" \n", 0),
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
        assert!(items(&deep).1.unwrap().contains("64 in one another"));
        let long = format!("<a><i/><b>{}</b></a>", "x".repeat(200_000));
        assert!(items(&long).1.unwrap().contains("an item has more than the 65536 octets"));
    }

    #[test]
    fn an_item_of_too_much_is_skipped_and_the_next_one_is_read() {
        let long = "x".repeat(200_000);
        let octets = "an item has more than the 65536 octets";
        let deep = format!("<i>{}{}</i>", "<b>".repeat(100), "</b>".repeat(100));
        for (much, what) in [
            (format!("<i><b>{long}</b></i>"), octets),
            (format!("<i><b>{long}<c/>{long}</b><i2>{}</i2></i\n>", "&amp;".repeat(100_000)), octets),
            (format!("<i><b n='{long}'/>{long}</i>"), octets),
            (format!("<i><![CDATA[{long}]]></i>"), octets),
            (format!("<i><!--{long}--></i>"), octets),
            (format!("<i><b>{long}</b>"), octets),
            (format!("<i>{}</i>", "<b/>".repeat(PARTS + 10)), "elements and attributes"),
            (deep, "in one another"),
        ] {
            let most = if what == octets { 1 << 16 } else { 1 << 24 };
            let xml = format!("<a elementCount='3'><i><t>1</t></i>{much}<i><t>3</t></i></a>");
            let third = xml.rfind("<i><t>").unwrap() as u64;
            let mut items = Items::new(Arc::new(xml.into_bytes()), most);
            assert_eq!(items.next_item().unwrap().unwrap().text("t"), Some("1"));
            let error = items.next_item().unwrap_err();
            assert!(error.to_string().contains(what) && error.to_string().contains("it was skipped"), "{error}");
            assert_eq!((error.kind(), items.goes_on, items.position()), (ErrorKind::Limit, true, third), "{what}");
            assert_eq!(items.next_item().unwrap().unwrap().text("t"), Some("3"), "{what}");
            assert!(items.next_item().unwrap().is_none());
            assert_eq!((items.read, items.take_defects().len()), (3, 0), "{what}");
        }
        // The end of the item lies anywhere, across what is read at once too.
        for len in (66_000..66_300).chain(130_000..132_000).step_by(17) {
            let xml = format!("<a><email>{}</email><email><t>2</t></email></a>", "x".repeat(len));
            let mut items = Items::new(Arc::new(xml.into_bytes()), 1 << 16);
            assert!(items.next_item().is_err() && items.goes_on, "{len}");
            assert_eq!(items.next_item().unwrap().unwrap().text("t"), Some("2"), "{len}");
        }
        for len in (65_400..65_600).chain(73_600..73_800) {
            let xml = format!("<a><email>{}</email><email><t>2</t></email></a>", "x".repeat(len));
            let mut items = Items::new(Arc::new(xml.into_bytes()), 1 << 16);
            let first = items.next_item();
            assert!(first.is_ok() || items.goes_on, "{len}");
            assert_eq!(items.next_item().unwrap().unwrap().text("t"), Some("2"), "{len}");
        }
        let mut items = Items::new(Arc::new(format!("<a><i>{long}").into_bytes()), 1 << 16);
        let error = items.next_item().unwrap_err();
        assert!(error.to_string().contains("the rest of the file is not read") && !items.goes_on, "{error}");
    }

    #[test]
    fn what_the_tags_do_wrong_is_told() {
        let rest = "<item>2</item></root>";
        for (xml, count, first, told) in [
            ("<root><item><a>x</a></item>", 2, "x", ""),
            ("<root><item><a>x</a></b></a></item>", 2, "x", "XML: 2 end tags without a start tag"),
            ("<root></stray><item><a>x</a></item>", 2, "x", "XML: 1 end tags without a start tag"),
            ("<root><item><a>x</q></item>", 2, "x", "XML: 1 end tags have another name"),
            ("<root><item><b><a>x</b></item>", 2, "", "XML: 1 elements have no end tag"),
            ("<root><item><a>x</item>", 2, "x", "XML: 1 elements have no end tag"),
            ("<root><item n='1' m><a>x</a></item>", 2, "x", "XML: 1 attributes cannot be read"),
            ("<root>text<item><a>x</a></item>", 2, "x", "XML: 4 octets of text belong to no item"),
        ] {
            let mut items = Items::new(Arc::new(format!("{xml}{rest}").into_bytes()), 1 << 16);
            let item = items.next_item().unwrap().unwrap();
            assert_eq!(item.text("a").unwrap_or_default(), first, "{xml}");
            let defects: Vec<String> = items.take_defects().iter().map(Defect::detail).map(str::to_owned).collect();
            assert_eq!(
                (defects.len(), defects.concat().contains(told)),
                (usize::from(!told.is_empty()), true),
                "{xml}: {defects:?}"
            );
            while items.next_item().unwrap().is_some() {}
            assert_eq!(items.read, count, "{xml}");
            assert_eq!(items.take_defects(), [], "{xml}");
        }
        // An item without an end ends where the next begins, and where its file does.
        let mut items = Items::new(Arc::new(b"<emails><email><a>1</a><email><a>2</a></emails>junk".to_vec()), 1 << 16);
        assert_eq!(items.next_item().unwrap().unwrap().text("a"), Some("1"));
        assert_eq!(items.take_defects().len(), 1);
        assert_eq!(items.next_item().unwrap().unwrap().text("a"), Some("2"));
        assert_eq!(items.take_defects().len(), 1);
        assert!(items.next_item().unwrap().is_none() && items.next_item().unwrap().is_none());
        assert!(items.take_defects()[0].detail().contains("4 octets of text"));
    }

    #[test]
    fn octets_that_are_no_utf_8_are_told_and_end_nothing() {
        let xml = b"<a><i><t>x\xFFy</t><u n='\xE9'/></i><i><t>2</t></i></a>";
        let mut items = Items::new(Arc::new(xml.to_vec()), 1 << 16);
        let item = items.next_item().unwrap().unwrap();
        assert_eq!((item.text("t"), item.child("u").unwrap().attribute("n")), (Some("x\u{fffd}y"), Some("\u{fffd}")));
        let defects = items.take_defects();
        assert_eq!((defects.len(), defects[0].kind()), (1, DefectKind::Charset));
        assert!(defects[0].detail().contains("2 texts and tags have octets that are no UTF-8"), "{defects:?}");
        assert_eq!(items.next_item().unwrap().unwrap().text("t"), Some("2"));
        assert!(items.next_item().unwrap().is_none() && items.take_defects().is_empty());
    }

    #[test]
    fn attributes_without_end_take_no_memory() {
        let many = |within: &str| format!("<a><i/><{within} {}/></a>", "b='' ".repeat(PARTS + 10));
        for xml in [many("i"), many("c"), many("a").split_off("<a><i/>".len())] {
            let mut items = Items::new(Arc::new(xml.into_bytes()), 1 << 24);
            let mut error = None;
            while error.is_none() {
                match items.next_item() {
                    Ok(Some(_)) => {}
                    Ok(None) => break,
                    Err(e) => error = Some(e),
                }
            }
            assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Limit));
        }
    }

    /// A source that fails at its third octet.
    struct Failing(io::ErrorKind);

    impl crate::source::ReadAt for Failing {
        fn len(&self) -> u64 {
            100
        }

        fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
            match (offset, buf.first_mut()) {
                (0..3, Some(to)) => {
                    *to = b"<a>".get(usize::try_from(offset).unwrap()).copied().unwrap();
                    Ok(1)
                }
                _ => Err(self.0.into()),
            }
        }
    }

    #[test]
    fn what_the_system_refuses_is_no_damage() {
        for (kind, told) in [
            (io::ErrorKind::PermissionDenied, ErrorKind::Io),
            (io::ErrorKind::Other, ErrorKind::Io),
            (io::ErrorKind::InvalidData, ErrorKind::Malformed),
            (io::ErrorKind::UnexpectedEof, ErrorKind::Malformed),
        ] {
            let error = Items::new(Arc::new(Failing(kind)), 1 << 16).next_item().err().unwrap();
            assert_eq!((error.kind(), error.is_fatal()), (told, false), "{kind:?}");
        }
        let mut items = Items::new(Arc::new(vec![b'<'; 100]), 10);
        assert_eq!(items.next_item().err().unwrap().kind(), ErrorKind::Limit);
    }
}
