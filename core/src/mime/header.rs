use super::{charset, encoded_word, field_name::field_name_len, is_field_line, is_known_field_name};
use crate::{
    defect::{Defect, DefectKind},
    error::Result,
    limits::Limits,
    source::{Content, ReadAt},
};
use memchr::memchr;
use std::{borrow::Cow, ops::Range};

/// Octets of a header section that are asked for first; most fit.
const FIRST_READ: usize = 16 << 10;
/// What the delimiters of a multipart start with (RFC 2046 §5.1.1), and no field name: it ends a header section.
const DASHES: &[u8] = b"--";

/// The header section of a message or body part (RFC 5322 §2.2, RFC 2045 §3): its fields in order, unchanged.
///
/// Fields are found while they are iterated, so that a section costs no allocation, however many it has.
#[derive(Clone, Debug)]
pub struct HeaderSection<'a> {
    octets: Cow<'a, [u8]>,
    layout: Layout,
    body_offset: u64,
    defects: Vec<Defect>,
}

/// Where the fields of a section stand and which octet ends a line.
#[derive(Clone, Copy, Debug)]
struct Layout {
    start: usize,
    end: usize,
    body: usize,
    line_end: u8,
    complete: bool,
    junk: Option<usize>,
}

impl<'a> HeaderSection<'a> {
    /// Reads the header section at the start of `content`, and no octet after it but what a first read brings along.
    ///
    /// A byte-order mark, blank lines and `From ` or `>From ` lines before the first field are skipped; lines may end
    /// in CRLF, LF or CR. Of a section longer than [`Limits::header_section`] the rest is not parsed, which is a defect.
    ///
    /// # Errors
    /// Errors of the source.
    pub fn read(content: &'a Content, limits: &Limits) -> Result<Self> {
        if let Some(octets) = content.as_slice() {
            return Self::parse(octets.get(..limits.header_section).unwrap_or(octets)).within(content);
        }
        let all = usize::try_from(content.len()).unwrap_or(usize::MAX);
        // What a first read gives is often the section as a whole, in memory, with an attachment behind it.
        let mut octets = vec![0; FIRST_READ.min(limits.header_section).min(all)];
        let at_once = content.read_at(0, &mut octets).unwrap_or_default();
        octets.truncate(at_once);
        let layout = Layout::of_message(&octets);
        if layout.complete {
            return Self::laid_out(Cow::Owned(octets), layout).within(content);
        }
        let mut wanted = FIRST_READ;
        loop {
            let have = octets.len();
            octets.resize(wanted.min(limits.header_section).min(all), 0);
            content.read_exact_at(have as u64, octets.get_mut(have..).unwrap_or_default())?;
            let layout = Layout::of_message(&octets);
            if layout.complete || octets.len() < wanted {
                return Self::laid_out(Cow::Owned(octets), layout).within(content);
            }
            wanted = wanted.saturating_mul(4);
        }
    }

    /// The header section at the start of a message that is in memory, without copying it.
    pub fn parse(message: &'a [u8]) -> Self {
        Self::laid_out(Cow::Borrowed(message), Layout::of_message(message))
    }

    /// The header section at the start of a body part: nothing may stand before its first field.
    pub(super) fn parse_part(part: &'a [u8], line_end: u8) -> Self {
        Self::laid_out(Cow::Borrowed(part), Layout::from(part, 0, line_end))
    }

    /// The octet that ends a line: LF, or CR where lines end in CR alone.
    pub(super) fn line_end(&self) -> u8 {
        self.layout.line_end
    }

    fn laid_out(octets: Cow<'a, [u8]>, layout: Layout) -> Self {
        let junk = layout
            .junk
            .map(|at| Defect::new(DefectKind::HeaderField, "an invalid line in the header section").at(at as u64));
        Self { octets, layout, body_offset: layout.body as u64, defects: junk.into_iter().collect() }
    }

    /// The section with the offset of its body looked up in `content`, when it goes on behind what was parsed.
    fn within(mut self, content: &Content) -> Result<Self> {
        let parsed = self.octets.len();
        if !self.layout.complete && self.layout.body == parsed && (parsed as u64) < content.len() {
            let from = parsed as u64;
            self.defects.push(Defect::new(DefectKind::HeaderSectionLimit, "the rest is not parsed").at(from));
            self.body_offset = from + end_of_section(&content.slice(from..u64::MAX))?;
        }
        Ok(self)
    }

    /// The same section with octets of its own, whatever it was parsed from.
    #[must_use]
    pub fn into_owned(self) -> HeaderSection<'static> {
        let octets = self.octets.get(..self.layout.end).unwrap_or(&self.octets).to_vec();
        HeaderSection {
            octets: Cow::Owned(octets),
            layout: self.layout,
            body_offset: self.body_offset,
            defects: self.defects,
        }
    }

    /// The offset of the body in the message, in octets: after the blank line, or where the header section ends too early.
    pub fn body_offset(&self) -> u64 {
        self.body_offset
    }

    /// Whether a blank line, or a line that can only belong to a body, ends the section.
    ///
    /// For an incomplete message, `false` means that it ends in the header section.
    pub fn is_complete(&self) -> bool {
        self.layout.complete
    }

    /// What was wrong with the section and survived; offsets count from the start of the message.
    pub fn defects(&self) -> &[Defect] {
        &self.defects
    }

    /// The fields in order.
    pub fn fields(&self) -> Fields<'_> {
        let Layout { start, end, line_end, .. } = self.layout;
        Fields { octets: self.octets.get(..end).unwrap_or_default(), at: start, line_end }
    }

    /// The first field with this name; letters compare without case (RFC 5322 §1.2.2).
    pub fn first(&self, name: &str) -> Option<Field<'_>> {
        self.fields().next_named(name.as_bytes())
    }

    /// All fields with this name, in order.
    pub fn all<'s>(&'s self, name: &str) -> impl Iterator<Item = Field<'s>> {
        let mut fields = self.fields();
        std::iter::from_fn(move || fields.next_named(name.as_bytes()))
    }
}

/// The fields of a [`HeaderSection`], in order.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    octets: &'a [u8],
    at: usize,
    line_end: u8,
}

impl<'a> Fields<'a> {
    /// The next field with this name, without looking closer at those before it.
    fn next_named(&mut self, name: &[u8]) -> Option<Field<'a>> {
        loop {
            let rest = self.octets.get(self.at..).filter(|rest| !rest.is_empty())?;
            if rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
                && field_name_len(rest) == Some(name.len())
            {
                return self.next();
            }
            self.at += line_len(rest, self.line_end);
        }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        loop {
            let offset = self.at;
            let rest = self.octets.get(offset..).filter(|rest| !rest.is_empty())?;
            let mut len = line_len(rest, self.line_end);
            let name_len = field_name_len(rest.get(..len)?);
            while let Some(b' ' | b'\t') = rest.get(len) {
                len += line_len(rest.get(len..)?, self.line_end);
            }
            self.at += len;
            if let Some(name_len) = name_len {
                let (name, value) = rest.get(..len)?.split_at_checked(name_len)?;
                let colon = memchr(b':', value)?;
                return Some(Field { name, value: trim_line_end(value.get(colon + 1..)?), offset, len });
            }
        }
    }
}

/// A header field: its name, and its value with the folding and encoding it has in the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    name: &'a [u8],
    value: &'a [u8],
    offset: usize,
    len: usize,
}

impl<'a> Field<'a> {
    /// The name as it is spelled.
    pub fn name(&self) -> &'a str {
        std::str::from_utf8(self.name).unwrap_or_default()
    }

    /// The octets between the colon and the line end, folding included.
    pub fn value(&self) -> &'a [u8] {
        self.value
    }

    /// The offset of the name in the message, in octets.
    pub fn offset(&self) -> u64 {
        self.offset as u64
    }

    /// Where its octets are in the message, from the name to the line end after the value.
    pub fn range(&self) -> Range<u64> {
        self.offset()..self.offset() + self.len as u64
    }

    /// The value on one line (RFC 5322 §2.2.3), without white space around it.
    pub fn unfolded(&self) -> Cow<'a, [u8]> {
        unfold(self.value)
    }

    /// The value as text: unfolded, its encoded words decoded (RFC 2047).
    pub fn text(&self) -> String {
        encoded_word::decode_text(self.value)
    }

    /// The value as text with its encoded words unchanged; undeclared 8-bit octets as UTF-8 or windows-1252.
    pub fn raw_text(&self) -> String {
        charset::decode_undeclared(&self.unfolded()).into_owned()
    }
}

/// Takes out the line ends of a folded value, and the white space around it.
pub(super) fn unfold(value: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr2(b'\r', b'\n', value).is_none() {
        return Cow::Borrowed(value.trim_ascii());
    }
    let mut unfolded = Vec::new();
    for line in value.split(|&octet| octet == b'\n' || octet == b'\r') {
        unfolded.extend_from_slice(line);
    }
    let end = unfolded.trim_ascii_end().len();
    unfolded.truncate(end);
    let start = unfolded.len() - unfolded.trim_ascii_start().len();
    unfolded.drain(..start);
    Cow::Owned(unfolded)
}

impl Layout {
    /// The layout of the section at the start of a message, after what may stand before its first field.
    fn of_message(octets: &[u8]) -> Self {
        let mut start = if octets.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        let mut field = start;
        while let Some(rest) = octets.get(field..).filter(|rest| !rest.is_empty()) {
            let quoted = rest.strip_prefix(b">").unwrap_or(rest);
            let len = line_len(rest, line_end_of(rest));
            if quoted.starts_with(b"From ") {
                field += len;
                start = field;
            } else if trim_line_end(rest.get(..len).unwrap_or_default()).is_empty() {
                field += len;
            } else {
                let known =
                    field_name_len(rest).is_some_and(|len| is_known_field_name(rest.get(..len).unwrap_or_default()));
                start = if known { field } else { start };
                break;
            }
        }
        Self::from(octets, start, line_end_of(octets.get(start..).unwrap_or_default()))
    }

    /// The layout of the section whose first field stands at `start`.
    fn from(octets: &[u8], start: usize, line_end: u8) -> Self {
        let mut layout = Self { start, end: octets.len(), body: octets.len(), line_end, complete: false, junk: None };
        let mut at = start;
        let mut ahead = None;
        while let Some(rest) = octets.get(at..).filter(|rest| !rest.is_empty()) {
            let len = line_len(rest, line_end);
            let line = rest.get(..len).unwrap_or_default();
            if !ends(line, line_end) {
                break;
            }
            if trim_line_end(line).is_empty() {
                return Self { end: at, body: at + len, complete: true, ..layout };
            }
            if line.starts_with(DASHES) {
                return Self { end: at, body: at, complete: true, ..layout };
            }
            let continues = at > start && matches!(line.first(), Some(b' ' | b'\t'));
            if !continues && !is_field_line(line) {
                // A stray line: the body begins here unless the section goes on behind it.
                let ahead = *ahead.get_or_insert_with(|| Lookahead::over(rest, line_end));
                if !(1..rest.len()).contains(&ahead.last_known) {
                    return Self { end: at, body: at, complete: ahead.complete, ..layout };
                }
                layout.junk = layout.junk.or(Some(at));
            }
            at += len;
        }
        layout
    }
}

/// What follows the first stray line of a section.
#[derive(Clone, Copy)]
struct Lookahead {
    /// How far from the end of the octets the last line with a known field name starts, of those before the next blank
    /// line; 0 where there is none.
    last_known: usize,
    /// Whether there is a blank line.
    complete: bool,
}

impl Lookahead {
    fn over(mut rest: &[u8], line_end: u8) -> Self {
        let mut ahead = Self { last_known: 0, complete: false };
        while let Some((line, behind)) = rest.split_at_checked(line_len(rest, line_end)).filter(|_| !rest.is_empty()) {
            if trim_line_end(line).is_empty() || line.starts_with(DASHES) {
                ahead.complete = true;
                break;
            }
            if field_name_len(line).is_some_and(|len| is_known_field_name(line.get(..len).unwrap_or_default())) {
                ahead.last_known = rest.len();
            }
            rest = behind;
        }
        ahead
    }
}

/// LF, or CR where the first line ends in CR alone and a header section goes on behind it.
fn line_end_of(octets: &[u8]) -> u8 {
    let first = octets.get(..line_len(octets, b'\n')).unwrap_or_default();
    let lone = memchr(b'\r', trim_line_end(first)).and_then(|cr| first.get(cr + 1..));
    match lone {
        Some(next) if is_field_line(next) || matches!(next.first(), Some(b'\r' | b' ' | b'\t')) => b'\r',
        _ => b'\n',
    }
}

/// The length of the first line, its end included.
pub(super) fn line_len(octets: &[u8], line_end: u8) -> usize {
    memchr(line_end, octets).map_or(octets.len(), |at| at + 1)
}

/// The line without the CR and LF it ends in.
pub(super) fn trim_line_end(mut line: &[u8]) -> &[u8] {
    while let [rest @ .., b'\r' | b'\n'] = line {
        line = rest;
    }
    line
}

fn ends(line: &[u8], line_end: u8) -> bool {
    line.last() == Some(&line_end)
}

/// The offset behind the next blank line, or the length where there is none.
fn end_of_section(rest: &Content) -> Result<u64> {
    let mut at = 0;
    let mut in_line = true;
    let mut found = None;
    rest.for_each_chunk(|chunk| {
        let mut from = 0;
        while found.is_none() {
            let Some(line_end) = memchr(b'\n', chunk.get(from..).unwrap_or_default()) else { break };
            let line = chunk.get(from..from + line_end).unwrap_or_default();
            let blank = !in_line && trim_line_end(line).is_empty();
            from += line_end + 1;
            in_line = false;
            found = blank.then_some(at + from as u64);
        }
        in_line |= !trim_line_end(chunk.get(from..).unwrap_or_default()).is_empty();
        at += chunk.len() as u64;
        match found {
            Some(_) => Err(std::io::ErrorKind::Interrupted.into()),
            None => Ok(()),
        }
    })
    .or_else(|error| if found.is_some() { Ok(()) } else { Err(error) })?;
    Ok(found.unwrap_or(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::{io, sync::Arc};

    /// Octets that are not in memory as far as anyone can see.
    struct Unseen(Vec<u8>);

    impl ReadAt for Unseen {
        fn len(&self) -> u64 {
            self.0.len() as u64
        }

        fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
            self.0.read_at(offset, buf)
        }
    }

    fn fields(message: &[u8]) -> Vec<(String, String)> {
        let section = HeaderSection::parse(message);
        section.fields().map(|field| (field.name().to_owned(), field.raw_text())).collect()
    }

    fn names(message: &[u8]) -> String {
        fields(message).into_iter().map(|(name, _)| name).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn fields_and_body_are_found_whatever_ends_a_line() {
        for end in ["\r\n", "\n", "\r", "\r\r\n"] {
            let message = ["A: 1", "B : 2", " 3", "\t4 ", "C:", "", "X: body", "", ""].join(end);
            let section = HeaderSection::parse(message.as_bytes());
            assert_eq!(
                fields(message.as_bytes()),
                [("A", "1"), ("B", "2 3\t4"), ("C", "")].map(|(n, v)| (n.to_owned(), v.to_owned())),
                "{end:?}"
            );
            assert_eq!(&message[section.body_offset() as usize..], ["X: body", "", ""].join(end), "{end:?}");
            assert!(section.is_complete() && section.defects().is_empty(), "{end:?}");
        }
    }

    #[test]
    fn what_stands_before_the_first_field_is_passed_over() {
        for before in
            ["\u{FEFF}", "\n", "\r\n\r\n", "From a@b Mon Jan 1 00:00:00 2024\n", ">From a\r\n", "\u{FEFF}\nFrom x\n"]
        {
            assert_eq!(names(format!("{before}Subject: a\n\nb").as_bytes()), "Subject", "{before:?}");
        }
    }

    #[test]
    fn a_body_without_header_section_is_not_searched_for_fields() {
        let section = HeaderSection::parse(b"\nNote: this is text\n\nmore");
        assert_eq!(section.fields().count(), 0);
        assert_eq!(section.body_offset(), 1);
        assert_eq!(HeaderSection::parse(b"").fields().count(), 0);
    }

    #[test]
    fn stray_lines_are_passed_over_or_begin_the_body() {
        assert_eq!(names(b"From: a\n>From b\nstray\nTo: c\n\nbody"), "From To");
        let section = HeaderSection::parse(b"From: a\nDear Sir\nNote: x\n\nbody");
        assert_eq!(section.body_offset(), 8);
        assert_eq!(section.fields().count(), 1);
        assert_eq!(HeaderSection::parse(b"From: a\nstray\nTo: c\n\nbody").defects()[0].offset(), Some(8));
    }

    #[test]
    fn a_section_that_is_cut_off_is_not_complete() {
        for cut in ["A: 1", "A: 1\n", "A: 1\r", "A: 1\r\n\r", ""] {
            let section = HeaderSection::parse(cut.as_bytes());
            assert!(!section.is_complete(), "{cut:?}");
            assert_eq!(section.body_offset(), cut.len() as u64, "{cut:?}");
        }
    }

    #[test]
    fn of_a_section_over_the_limit_the_start_is_parsed_and_the_body_found() {
        let message = format!("A: 1\nB: {}\nC: 2\n\nbody", "x".repeat(100_000)).into_bytes();
        let limits = Limits { header_section: 20_000, ..Limits::default() };
        let body = message.len() as u64 - 4;
        for content in
            [Content::from(message.clone()), Content::new(Arc::new(Unseen(message.clone())), Some(0..body + 4))]
        {
            let section = HeaderSection::read(&content, &limits).unwrap();
            assert_eq!(section.fields().map(|field| field.name().to_owned()).collect::<Vec<_>>(), ["A", "B"]);
            assert_eq!(section.defects()[0].kind(), DefectKind::HeaderSectionLimit);
            assert_eq!(section.body_offset(), body);
            let whole = HeaderSection::read(&content, &Limits::default()).unwrap();
            assert_eq!((whole.fields().count(), whole.body_offset()), (3, body));
        }
    }

    #[test]
    fn the_first_of_a_name_wins_and_all_keep_their_order() {
        let section = HeaderSection::parse(b"Subject: a\nSUBJECT: b\nTo: c\n\n");
        assert_eq!(section.first("subject").unwrap().text(), "a");
        assert_eq!(section.all("Subject").map(|field| field.text()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(section.first("cc"), None);
    }

    proptest! {
        #[test]
        fn any_octets_give_the_same_from_memory_and_from_a_source(message in "[AB: \t\r\n>FromDate]{0,80}", limit in 1_usize..100) {
            let limits = Limits { header_section: limit, ..Limits::default() };
            let in_memory = Content::from(message.clone().into_bytes());
            let unseen = Content::new(Arc::new(Unseen(message.clone().into_bytes())), Some(0..message.len() as u64));
            let a = HeaderSection::read(&in_memory, &limits).unwrap();
            let b = HeaderSection::read(&unseen, &limits).unwrap();
            prop_assert_eq!(a.body_offset(), b.body_offset());
            prop_assert!(a.body_offset() <= message.len() as u64);
            prop_assert!(a.fields().eq(b.fields()));
        }

        #[test]
        fn fields_that_were_written_are_read(values in proptest::collection::vec("[!-~][ -~]{0,20}[!-~]", 0..8)) {
            let message: String = values.iter().map(|value| format!("X-Field: {value}\r\n")).collect();
            let message = format!("{message}\r\nbody");
            let section = HeaderSection::parse(message.as_bytes());
            let read: Vec<String> = section.fields().map(|field| field.raw_text()).collect();
            prop_assert_eq!(read, values);
        }
    }
}
