//! XML as it is written: its tags (XML 1.0 §3.1), and the text between them.

use super::long_text::{Within, attribute_value, recode};
use crate::source::Source;
use std::io;

/// Octets that are read at once, and of what must be at hand to tell a tag from what is none: `<![CDATA[`.
const PORTION: usize = 16 << 10;
const START: usize = 9;

/// What is met next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Met {
    /// Text between tags, or a part of it.
    Text(String),
    /// A start tag with what is in it; whether the element ends in it.
    Start(Tag, bool),
    /// The name in an end tag.
    End(String),
    /// The end of the file; a tag that has no end is none.
    Nothing,
    /// More than may be read before the next call of [`Markup::allow`].
    TooMuch,
}

/// A start tag, without `<`, `>` and `/`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tag(Vec<u8>);

/// Reads a file from one tag to the next, in memory that what it may read bounds.
pub(super) struct Markup {
    source: Source,
    /// Where what was read last ends.
    at: u64,
    /// What was read, and how much of it was made use of.
    window: Vec<u8>,
    used: usize,
    left: u64,
    within: Within,
    is_end: bool,
    /// Texts and tags with octets that are no UTF-8.
    pub(super) broken: u64,
}

impl Markup {
    pub(super) fn new(source: Source) -> Self {
        Self {
            source,
            at: 0,
            window: Vec::new(),
            used: 0,
            left: 0,
            within: Within::default(),
            is_end: false,
            broken: 0,
        }
    }

    /// So many octets more may be read.
    pub(super) fn allow(&mut self, most: u64) {
        self.left = most;
    }

    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    /// Where what was not made use of begins.
    pub(super) fn position(&self) -> u64 {
        self.at.saturating_sub(self.at_hand().len() as u64)
    }

    /// What was read and not made use of.
    pub(super) fn at_hand(&self) -> &[u8] {
        self.window.get(self.used..).unwrap_or_default()
    }

    /// Goes on at another place of the file, where no text is that markup ends.
    pub(super) fn go_to(&mut self, at: u64) {
        (self.at, self.used, self.within, self.is_end) = (at, 0, Within::default(), false);
        self.window.clear();
    }

    /// # Errors
    /// Errors of the source.
    pub(super) fn next(&mut self) -> io::Result<Met> {
        // How much of a tag was looked at, and what would end a value in it.
        let (mut looked, mut quote, mut brackets) = (0, None, 0_u64);
        loop {
            let text = if looked == 0 { self.text() } else { String::new() };
            if !text.is_empty() {
                return Ok(Met::Text(text));
            }
            let rest = self.window.get(self.used..).unwrap_or_default();
            let is_tag = rest.first() == Some(&b'<') && (rest.len() >= START || self.is_end);
            let is_declaration = rest.get(1) == Some(&b'!');
            let is_end_tag = rest.get(1) == Some(&b'/');
            let tag = if is_tag { rest.get(looked.max(1)..).unwrap_or_default() } else { &[] };
            let end = tag.iter().position(|octet| match (quote, octet) {
                (Some(quoted), octet) => {
                    quote = Some(quoted).filter(|quoted| quoted != octet);
                    false
                }
                (None, b'"' | b'\'') if !is_end_tag => {
                    quote = Some(*octet);
                    false
                }
                (None, b'[') if is_declaration => {
                    brackets = brackets.saturating_add(1);
                    false
                }
                (None, b']') if is_declaration => {
                    brackets = brackets.saturating_sub(1);
                    false
                }
                (None, octet) => *octet == b'>' && brackets == 0,
            });
            let Some(end) = end else {
                if is_tag {
                    looked = rest.len();
                }
                if self.is_end {
                    return Ok(Met::Nothing);
                }
                if self.left == 0 {
                    return Ok(Met::TooMuch);
                }
                self.read()?;
                continue;
            };
            let tag = rest.get(1..looked.max(1).saturating_add(end)).unwrap_or_default();
            self.broken += u64::from(std::str::from_utf8(tag).is_err());
            let met = match (tag.strip_prefix(b"/"), tag.strip_suffix(b"/")) {
                _ if is_declaration => None,
                (Some(name), _) => Some(Met::End(String::from_utf8_lossy(name).trim_end().to_owned())),
                (None, Some(tag)) => Some(Met::Start(Tag(tag.to_vec()), true)),
                (None, None) => Some(Met::Start(Tag(tag.to_vec()), false)),
            };
            self.used = self.used.saturating_add(tag.len()).saturating_add(2);
            match met {
                Some(met) => return Ok(met),
                None => (looked, quote, brackets) = (0, None, 0),
            }
        }
    }

    /// The text at hand, as far as it can be told; nothing at a tag.
    fn text(&mut self) -> String {
        let rest = self.window.get(self.used..).unwrap_or_default();
        if rest.len() < START && !self.is_end {
            return String::new();
        }
        let mut text = Vec::new();
        let taken = recode(rest, self.is_end, &mut self.within, &mut text);
        self.broken += u64::from(std::str::from_utf8(rest.get(..taken).unwrap_or_default()).is_err());
        self.used = self.used.saturating_add(taken);
        String::from_utf8(text).unwrap_or_default()
    }

    /// Reads on.
    fn read(&mut self) -> io::Result<()> {
        self.window.drain(..self.used.min(self.window.len()));
        self.used = 0;
        let held = self.window.len();
        let most = usize::try_from(self.left).unwrap_or(PORTION).min(PORTION);
        self.window.resize(held.saturating_add(most), 0);
        let portion = self.window.get_mut(held..).unwrap_or_default();
        let read = loop {
            match self.source.read_at(self.at, portion) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        let n = *read.as_ref().unwrap_or(&0);
        self.window.truncate(held.saturating_add(n));
        self.at = self.at.saturating_add(n as u64);
        self.left = self.left.saturating_sub(n as u64);
        self.is_end = read? == 0;
        Ok(())
    }
}

impl Tag {
    pub(super) fn name(&self) -> String {
        let end = self.0.iter().position(u8::is_ascii_whitespace).unwrap_or(self.0.len());
        String::from_utf8_lossy(self.0.get(..end).unwrap_or_default()).into_owned()
    }

    /// The attributes with their values (XML 1.0 §3.3.3); `None` for what is none.
    pub(super) fn attributes(&self) -> impl Iterator<Item = Option<(String, String)>> {
        let start = self.0.iter().position(u8::is_ascii_whitespace).unwrap_or(self.0.len());
        let mut rest = self.0.get(start..).unwrap_or_default();
        std::iter::from_fn(move || {
            rest = rest.trim_ascii_start();
            let end = rest.iter().position(|octet| *octet == b'=' || octet.is_ascii_whitespace()).unwrap_or(rest.len());
            let (name, behind) = rest.split_at_checked(end).filter(|_| !rest.is_empty())?;
            let Some(value) = behind.trim_ascii_start().strip_prefix(b"=") else {
                rest = behind;
                return Some(None);
            };
            let value = value.trim_ascii_start();
            let quoted = value.split_first().filter(|(quote, _)| matches!(quote, b'"' | b'\''));
            let quoted = quoted.and_then(|(quote, value)| value.split_at_checked(memchr::memchr(*quote, value)?));
            let Some((value, behind)) = quoted else {
                let end = value.iter().position(u8::is_ascii_whitespace).unwrap_or(value.len());
                rest = value.get(end..).unwrap_or_default();
                return Some(None);
            };
            rest = behind.get(1..).unwrap_or_default();
            let name = String::from_utf8_lossy(name).into_owned();
            Some((!name.is_empty()).then(|| (name, attribute_value(value))))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn read(xml: &str, most: u64) -> (String, Vec<(String, String, bool)>) {
        let mut markup = Markup::new(Arc::new(xml.as_bytes().to_vec()));
        let (mut all, mut tags) = (String::new(), Vec::new());
        markup.allow(most);
        loop {
            match markup.next().unwrap() {
                Met::Text(text) => all.push_str(&text),
                Met::Start(tag, is_empty) => {
                    all.push_str(if is_empty { "(.)" } else { "(" });
                    let attributes: Vec<_> = tag.attributes().collect();
                    tags.push((tag.name(), format!("{attributes:?}"), is_empty));
                }
                Met::End(name) => all.push_str(&format!("{name})")),
                Met::Nothing => {
                    assert_eq!(markup.position() + markup.at_hand().len() as u64, xml.len() as u64);
                    return (all, tags);
                }
                Met::TooMuch => return (all + "…", tags),
            }
        }
    }

    #[test]
    fn tags_and_the_text_between_them() {
        for (xml, all) in [
            ("<a>x<b/>y</a >", "(x(.)ya)"),
            ("<?xml version='1.0'?><!DOCTYPE a [<!ENTITY x '>]'>]><a>1</a>", "(1a)"),
            ("<a n='>' m=\"/>\">x &lt;&unknown;<!-- <b> --><![CDATA[<c>]]></a>", "(x <&unknown;<c>a)"),
            ("<a>x</a", "(x"),
            ("<a><<<</a>", "(("),
            ("a < b", "a "),
            ("</a'b'>", "a'b')"),
            ("", ""),
            ("<", ""),
        ] {
            // Whatever is before it, a portion ends everywhere in it.
            for before in [0, 1, PORTION - 30, PORTION - 20, PORTION - 12, PORTION - 5, PORTION - 1] {
                let (text, _) = read(&format!("{}{xml}", "x".repeat(before)), u64::MAX);
                assert_eq!(text, format!("{}{all}", "x".repeat(before)), "{xml} behind {before}");
            }
        }
        assert_eq!(read(&format!("<a>{}</a>", "x".repeat(100)), 50).0, format!("({}…", "x".repeat(47)));
        assert_eq!(read(&format!("<a n='{}'/>", "x".repeat(100)), 50).0, "…");
    }

    #[test]
    fn attributes_have_values_in_quotes() {
        for (tag, wanted) in [
            ("<a/>", "[]"),
            ("<a n='1' m=\"2\">", r#"[Some(("n", "1")), Some(("m", "2"))]"#),
            ("<a n = '&quot;q&quot;\r\n&#10;\t<&unknown;&'/>", r#"[Some(("n", "\"q\" \n <&unknown;&"))]"#),
            ("<a n='1' m>", r#"[Some(("n", "1")), None]"#),
            ("<a m n='1'>", r#"[None, Some(("n", "1"))]"#),
            ("<a n=1 m='2'>", r#"[None, Some(("m", "2"))]"#),
            ("<a ='1' m='2'>", r#"[None, Some(("m", "2"))]"#),
            ("<a n='é'>", r#"[Some(("n", "é"))]"#),
        ] {
            assert_eq!(read(tag, u64::MAX).1[0].1, wanted, "{tag}");
        }
    }
}
