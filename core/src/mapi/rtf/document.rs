use super::{
    font::Fonts,
    token::{Step, Token, Tokens},
};
use crate::{Result, mapi::CodePage, source::Content};

/// Groups that are followed; deeper ones count as part of the last.
const MAX_DEPTH: usize = 4096;
/// Octets of a document that are read at a time, and how many of them must follow a token, so that it is not cut apart.
const PIECE: usize = 256 << 10;
const AHEAD: usize = 4 << 10;
/// Octets of text that wait for more of it.
const WAITING: usize = 256 << 10;

/// What a reader of RTF makes of a document: it is told groups, words and decoded text in their order.
pub(super) trait Sink {
    /// A group opens: its formatting starts as a copy of the one around it.
    fn open(&mut self);

    /// A group closes: the formatting around it is back.
    fn close(&mut self);

    /// A destination that starts the group just opened, `ignorable` when marked by `\*`; `false` leaves it out.
    fn enters(&mut self, name: &[u8], ignorable: bool) -> bool;

    /// Any other control word.
    fn word(&mut self, name: &[u8], parameter: Option<i32>);

    /// Text, decoded.
    fn text(&mut self, text: &str);

    /// How many octets it holds.
    fn held(&self) -> usize;
}

/// What a group inherits and gives back.
#[derive(Clone, Copy, Debug)]
struct Group {
    code_page: u16,
    /// Characters after `\u` that stand for it in older readers.
    fallback: i32,
    left_out: bool,
    in_font_table: bool,
}

/// Reads `rtf` to its end, keeping what every reader must: groups, destinations, fonts, code pages, `\u`. Tells how many pieces of
/// text were not of their code page.
pub(super) fn read(rtf: &[u8], sink: &mut impl Sink) -> usize {
    let mut document = Document::new(sink);
    document.piece(rtf, true, usize::MAX);
    document.flush();
    document.wrong
}

/// Reads a document a piece at a time, until `sink` holds more than `most`; whether that was so, too.
pub(super) fn read_content(rtf: &Content, most: usize, sink: &mut impl Sink) -> Result<(usize, bool)> {
    let mut document = Document::new(sink);
    let mut at = 0;
    while at < rtf.len() && document.sink.held() <= most {
        let end = rtf.len().min(at + PIECE as u64);
        let piece = rtf.slice(at..end).to_vec(PIECE)?;
        at += document.piece(&piece, end == rtf.len(), most) as u64;
    }
    document.flush();
    Ok((document.wrong, document.sink.held() > most))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum GroupStart {
    /// `{` was the last token.
    Open,
    /// `{\*` were the last two.
    Ignorable,
    Passed,
}

struct Document<'a, S> {
    sink: &'a mut S,
    fonts: Fonts,
    groups: Vec<Group>,
    depth_beyond: u64,
    group: Group,
    group_start: GroupStart,
    /// Octets of one code page not decoded yet: a character may be written as several tokens.
    octets: Vec<u8>,
    fallback_left: i32,
    high_surrogate: Option<u16>,
    /// Pieces of text that were not of their code page.
    wrong: usize,
    /// Octets of data that go on in the next piece.
    left_out: usize,
}

impl<'a, S: Sink> Document<'a, S> {
    fn new(sink: &'a mut S) -> Self {
        Self {
            sink,
            fonts: Fonts::default(),
            groups: Vec::new(),
            depth_beyond: 0,
            group: Group { code_page: 1252, fallback: 1, left_out: false, in_font_table: false },
            group_start: GroupStart::Passed,
            octets: Vec::new(),
            fallback_left: 0,
            high_surrogate: None,
            wrong: 0,
            left_out: 0,
        }
    }

    /// Reads a piece of the document as far as its tokens are whole; how many octets that took.
    fn piece(&mut self, rtf: &[u8], is_last: bool, most: usize) -> usize {
        let mut tokens = Tokens::behind(rtf, self.left_out);
        while (is_last || tokens.len() >= AHEAD) && self.sink.held() <= most {
            match tokens.step() {
                Step::Token(token) => self.token(token),
                Step::Nothing => {}
                Step::End => break,
            }
        }
        self.left_out = tokens.left_out();
        rtf.len() - tokens.len()
    }

    fn token(&mut self, token: Token<'_>) {
        let start = std::mem::replace(&mut self.group_start, GroupStart::Passed);
        match token {
            Token::Open => self.open(),
            Token::Close => self.close(),
            Token::Symbol(b'*') if start == GroupStart::Open => self.group_start = GroupStart::Ignorable,
            Token::Word(name, parameter) => self.word(name, parameter, start),
            Token::Symbol(symbol) => self.symbol(symbol),
            Token::Hex(0) => {}
            Token::Hex(octet) => self.characters(&[octet]),
            Token::Text(text) => self.characters(text),
        }
    }

    fn open(&mut self) {
        self.flush();
        self.fallback_left = 0;
        if self.groups.len() < MAX_DEPTH {
            self.groups.push(self.group);
            self.group_start = GroupStart::Open;
            if !self.group.left_out {
                self.sink.open();
            }
        } else {
            self.depth_beyond += 1;
        }
    }

    fn close(&mut self) {
        self.flush();
        self.fallback_left = 0;
        if self.depth_beyond > 0 {
            self.depth_beyond -= 1;
        } else if let Some(outer) = self.groups.pop() {
            self.group = outer;
            if !outer.left_out {
                self.sink.close();
            }
        }
    }

    fn word(&mut self, name: &[u8], parameter: Option<i32>, start: GroupStart) {
        if start != GroupStart::Passed && self.destination(name, start == GroupStart::Ignorable) {
            return;
        }
        if name == b"u" {
            if let Some(code) = parameter {
                self.unicode(code);
            }
            return;
        }
        let character = character(name);
        if self.fallback_left > 0 && character.is_some() {
            self.fallback_left -= 1;
            return;
        }
        self.fallback_left = 0;
        self.flush();
        if self.group.in_font_table {
            self.fonts.define(name, parameter);
            return;
        }
        match (name, parameter) {
            (b"uc", Some(count)) => self.group.fallback = count.clamp(0, 64),
            (b"f", Some(number)) => self.group.code_page = self.fonts.code_page(number),
            (b"plain", _) => self.group.code_page = self.fonts.default_code_page(),
            (b"ansicpg" | b"ansi" | b"mac" | b"pc" | b"pca" | b"deff", _) => {
                self.fonts.set_header(name, parameter);
                self.group.code_page = self.fonts.default_code_page();
            }
            _ => {}
        }
        if self.group.left_out {
            return;
        }
        match character {
            Some(text) => self.sink.text(text),
            None => self.sink.word(name, parameter),
        }
    }

    /// Whether the word is a destination that was dealt with here.
    fn destination(&mut self, name: &[u8], ignorable: bool) -> bool {
        if name == b"fonttbl" {
            self.group.in_font_table = true;
            self.group.left_out = true;
            return true;
        }
        if self.group.left_out || self.group.in_font_table {
            return false;
        }
        if (ignorable || is_destination(name)) && !self.sink.enters(name, ignorable) {
            self.group.left_out = true;
            return true;
        }
        if name.starts_with(b"html") || name.starts_with(b"mhtml") {
            self.group.code_page = self.fonts.header_code_page();
        }
        false
    }

    fn symbol(&mut self, symbol: u8) {
        match symbol {
            b'{' | b'}' | b'\\' => self.characters(&[symbol]),
            b'~' => self.text("\u{a0}"),
            b'_' => self.text("\u{2011}"),
            b'-' => self.text("\u{ad}"),
            b'\n' => self.word(b"par", None, GroupStart::Passed),
            b'\t' => self.word(b"tab", None, GroupStart::Passed),
            _ => {}
        }
    }

    fn characters(&mut self, octets: &[u8]) {
        let skipped = usize::try_from(self.fallback_left).unwrap_or(0).min(octets.len());
        self.fallback_left -= i32::try_from(skipped).unwrap_or(0);
        let octets = octets.get(skipped..).unwrap_or_default();
        if !self.group.left_out && !octets.is_empty() {
            self.end_surrogate();
            self.octets.extend_from_slice(octets);
            if self.octets.len() > WAITING {
                let page = CodePage(u32::from(self.group.code_page));
                let rest = self.octets.split_off(page.whole_characters(&self.octets));
                self.flush_octets();
                self.octets = rest;
            }
        }
    }

    /// A character of UTF-16, signed ("\\u" of the specification), half a surrogate pair perhaps.
    fn unicode(&mut self, code: i32) {
        self.flush_octets();
        self.fallback_left = self.group.fallback;
        if self.group.left_out {
            return;
        }
        let unit = u16::try_from(code.rem_euclid(0x1_0000)).unwrap_or(0xfffd);
        let units = match (self.high_surrogate.take(), unit) {
            (None, 0xd800..=0xdbff) => {
                self.high_surrogate = Some(unit);
                return;
            }
            (Some(high), _) => vec![high, unit],
            (None, _) => vec![unit],
        };
        let text: String = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
        self.sink.text(&text);
    }

    fn text(&mut self, text: &str) {
        if self.fallback_left > 0 {
            self.fallback_left -= 1;
            return;
        }
        self.flush();
        if !self.group.left_out {
            self.sink.text(text);
        }
    }

    fn flush(&mut self) {
        self.end_surrogate();
        self.flush_octets();
    }

    fn flush_octets(&mut self) {
        if !self.octets.is_empty() {
            let (text, wrong) = CodePage(u32::from(self.group.code_page)).decode(&self.octets);
            self.wrong += usize::from(wrong);
            self.octets.clear();
            self.sink.text(&text);
        }
    }

    /// A high surrogate that nothing followed.
    fn end_surrogate(&mut self) {
        if self.high_surrogate.take().is_some() && !self.group.left_out {
            self.sink.text("\u{fffd}");
        }
    }
}

/// Destinations that stand without `\*`.
fn is_destination(name: &[u8]) -> bool {
    const NAMES: [&[u8]; 22] = [
        b"colortbl",
        b"stylesheet",
        b"info",
        b"pict",
        b"nonshppict",
        b"header",
        b"headerl",
        b"headerr",
        b"headerf",
        b"footer",
        b"footerl",
        b"footerr",
        b"footerf",
        b"footnote",
        b"fldinst",
        b"fldrslt",
        b"xe",
        b"tc",
        b"private1",
        b"filetbl",
        b"objdata",
        b"htmltag",
    ];
    NAMES.contains(&name)
}

/// Control words that are characters.
fn character(name: &[u8]) -> Option<&'static str> {
    Some(match name {
        b"lquote" => "\u{2018}",
        b"rquote" => "\u{2019}",
        b"ldblquote" => "\u{201c}",
        b"rdblquote" => "\u{201d}",
        b"bullet" => "\u{2022}",
        b"endash" => "\u{2013}",
        b"emdash" => "\u{2014}",
        b"enspace" => "\u{2002}",
        b"emspace" => "\u{2003}",
        b"zwj" => "\u{200d}",
        b"zwnj" => "\u{200c}",
        b"tab" => "\t",
        _ => return None,
    })
}
