//! The content lines of a component or a card while they are changed.

use crate::{
    content_line::{ContentLine, ContentLines, Marker, Parts, Property, fold},
    error::Result,
    limits::Limits,
    source::{Content, Source},
};
use std::{ops::Range, sync::Arc};

/// Octets of a physical line without its end (RFC 5545 §3.1, RFC 6350 §3.2).
const PHYSICAL: usize = 75;

/// Octets that are written from memory rather than as a range of the source.
const SHORT: u64 = 64 << 10;

/// What the name of a line starts with that is kept and says nothing to others.
pub(super) const APART: &str = "X-MAILFERRY-";

/// The lines of one component or card, each as it stands in the source or as it was changed, and cut into its parts once.
///
/// A line keeps its number whatever is changed; new lines stand before one that is there. Lines that are longer than the limit are
/// kept as ranges of the source, and nothing of them is changed.
pub(super) struct Draft {
    content: Content,
    /// All octets, where they are not too many.
    raw: Vec<u8>,
    lines: Vec<DraftLine>,
    is_changed: bool,
    was_open: bool,
}

/// What the lines end with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineEnd {
    CrLf,
    Lf,
    Cr,
    /// Some with one, some with another.
    Mixed,
}

struct DraftLine {
    range: Range<u64>,
    head: Head,
    /// Where the parts of what it is now are; `None` of what is no content line.
    parts: Option<Parts>,
    whole: bool,
    /// Components that are open where it stands, its own included: 1 for the lines of the outermost.
    depth: usize,
    /// Lines that were put before it.
    before: Vec<Vec<u8>>,
    state: State,
}

enum Head {
    /// In the octets of the draft.
    Raw(Range<usize>),
    Unfolded(Vec<u8>),
}

#[derive(PartialEq, Eq)]
enum State {
    Kept,
    Changed(Vec<u8>),
    Removed,
}

impl Draft {
    /// The lines of `content`; `None` where those that can be held are more than [`Limits::component`] octets.
    ///
    /// # Errors
    /// Errors of the source.
    pub(super) fn read(content: &Content) -> Result<Option<Self>> {
        let limit = Limits::default().component;
        let is_small = content.len() <= limit as u64;
        let raw = if is_small { content.to_vec(limit)? } else { Vec::new() };
        let mut lines = match is_small {
            true => ContentLines::over(raw.clone()),
            false => ContentLines::new(Arc::new(content.clone()) as Source)?,
        };
        if is_small {
            lines.hold_lines_of(limit);
        }
        let mut draft = Self { content: content.clone(), lines: Vec::new(), raw, is_changed: false, was_open: false };
        // Most lines are longer; more are made room for.
        draft.lines.reserve_exact((draft.raw.len() / 32).min(1 << 10));
        let (mut held, mut depth) = (0, 0_usize);
        let mut open: Vec<usize> = Vec::new();
        while let Some(line) = lines.next_line()? {
            let from = usize::try_from(line.start).unwrap_or(usize::MAX);
            let in_raw = from..from.saturating_add(line.head.len());
            let head = match draft.raw.get(in_raw.clone()) == Some(line.head) {
                true => Head::Raw(in_raw),
                false => {
                    held += line.head.len();
                    Head::Unfolded(line.head.to_vec())
                }
            };
            let parts = Parts::of(line.head);
            let marker = Marker::of_parts(line.head, parts);
            let is_end = match marker {
                Some(Marker::Begin(_)) => {
                    depth += 1;
                    open.push(draft.lines.len());
                    false
                }
                Some(Marker::End(_)) => {
                    open.pop();
                    true
                }
                None => false,
            };
            let (range, whole) = (line.start..line.end, line.whole);
            draft.lines.push(DraftLine { range, head, parts, whole, depth, before: Vec::new(), state: State::Kept });
            depth = depth.saturating_sub(usize::from(is_end));
            held += size_of::<DraftLine>();
            if held > limit * 2 {
                return Ok(None);
            }
        }
        // What was never closed is closed, so that lines can be put before its end.
        let unclosed: Vec<Vec<u8>> = open.into_iter().rev().filter_map(|number| draft.component_of(number)).collect();
        if !unclosed.is_empty() {
            (draft.was_open, draft.is_changed) = (true, true);
            // Its last line may have no end.
            if let Some(last) = draft.lines.len().checked_sub(1).filter(|last| draft.is_whole(*last)) {
                draft.refold(last);
            }
            let end = content.len();
            for (closed, name) in unclosed.into_iter().enumerate() {
                let text = [b"END:", &name[..]].concat();
                let (parts, state) = (Parts::of(&text), State::Changed(text));
                let head = Head::Unfolded(Vec::new());
                let depth = depth.saturating_sub(closed);
                draft.lines.push(DraftLine {
                    range: end..end,
                    head,
                    parts,
                    whole: true,
                    depth,
                    before: Vec::new(),
                    state,
                });
            }
        }
        Ok(Some(draft))
    }

    /// The name of the component that a line begins.
    fn component_of(&self, number: usize) -> Option<Vec<u8>> {
        match self.marker(number) {
            Some(Marker::Begin(name)) => Some(name.to_vec()),
            _ => None,
        }
    }

    /// What the lines end with; CRLF where there is no whole line.
    fn find_line_end(&self) -> LineEnd {
        let mut found = None;
        for at in memchr::memchr2_iter(b'\r', b'\n', &self.raw) {
            let end = match (self.raw.get(at), self.raw.get(at + 1)) {
                (Some(b'\r'), Some(b'\n' | b'\r')) => continue,
                (Some(b'\r'), _) => LineEnd::Cr,
                _ if at > 0 && self.raw.get(at - 1) == Some(&b'\r') => LineEnd::CrLf,
                _ => LineEnd::Lf,
            };
            if *found.get_or_insert(end) != end {
                return LineEnd::Mixed;
            }
        }
        found.unwrap_or(LineEnd::CrLf)
    }

    /// The numbers of all lines, those that were removed included.
    pub(super) fn numbers(&self) -> Range<usize> {
        0..self.lines.len()
    }

    /// The unfolded octets of a line as it is now; nothing of one that was removed.
    pub(super) fn text(&self, number: usize) -> &[u8] {
        let Some(line) = self.lines.get(number) else { return b"" };
        match &line.state {
            State::Removed => b"",
            State::Changed(octets) => octets,
            State::Kept => self.head(line),
        }
    }

    /// A line cut into its parts; `None` for one that cannot be, or that is too long to be changed.
    pub(super) fn line(&self, number: usize) -> Option<ContentLine<'_>> {
        self.start_of(number).filter(|_| self.is_whole(number))
    }

    /// The same of one that is too long too: as much of it as is held.
    pub(super) fn start_of(&self, number: usize) -> Option<ContentLine<'_>> {
        let line = self.lines.get(number).filter(|line| line.state != State::Removed)?;
        line.parts?.line(self.text(number))
    }

    /// What stands before the parameters and the value of a line, without white space around it.
    pub(super) fn name(&self, number: usize) -> &[u8] {
        let text = self.text(number);
        let known = self.lines.get(number).and_then(|line| line.parts).map(Parts::name_end);
        let end = known.or_else(|| text.iter().position(|octet| matches!(octet, b':' | b';'))).unwrap_or(0);
        text.get(..end).unwrap_or_default().trim_ascii()
    }

    /// What a line is for the nesting of components.
    pub(super) fn marker(&self, number: usize) -> Option<Marker<'_>> {
        let line = self.lines.get(number).filter(|line| line.state != State::Removed)?;
        Marker::of_parts(self.text(number), line.parts)
    }

    /// The same, decoded.
    pub(super) fn property(&self, number: usize) -> Option<Property> {
        self.line(number).map(|line| Property::from_line(&line))
    }

    /// Whether all of a line is held.
    pub(super) fn is_whole(&self, number: usize) -> bool {
        self.lines.get(number).is_some_and(|line| line.whole)
    }

    /// How many components are open where a line stands, its own included.
    pub(super) fn depth(&self, number: usize) -> usize {
        self.lines.get(number).map_or(0, |line| line.depth)
    }

    /// The number of the line that closes the outermost component.
    pub(super) fn end(&self) -> usize {
        let is_end = |number: &usize| self.depth(*number) == 1 && matches!(self.marker(*number), Some(Marker::End(_)));
        self.numbers().rev().find(is_end).unwrap_or(self.lines.len())
    }

    /// Whether a line is there, as it was or changed.
    pub(super) fn is_kept(&self, number: usize) -> bool {
        self.lines.get(number).is_some_and(|line| line.state != State::Removed)
    }

    /// Writes `text` instead of a line.
    pub(super) fn replace(&mut self, number: usize, text: Vec<u8>) {
        if let Some(line) = self.lines.get_mut(number) {
            line.parts = Parts::of(&text);
            line.state = State::Changed(text);
            self.is_changed = true;
        }
    }

    /// Keeps a line under a name that says nothing to others.
    pub(super) fn set_apart(&mut self, number: usize) {
        let kept = [APART.as_bytes(), self.text(number)].concat();
        self.replace(number, kept);
    }

    /// Leaves a line out.
    pub(super) fn remove(&mut self, number: usize) {
        if let Some(line) = self.lines.get_mut(number) {
            line.state = State::Removed;
            self.is_changed = true;
        }
    }

    /// Puts a line before another; lines that were put there stay before it.
    pub(super) fn insert(&mut self, number: usize, text: Vec<u8>) {
        if let Some(line) = self.lines.get_mut(number) {
            line.before.push(text);
            self.is_changed = true;
        }
    }

    /// Whether a component in it was never closed, and is now.
    pub(super) fn was_open(&self) -> bool {
        self.was_open
    }

    /// Whether a line was left out.
    pub(super) fn is_removed(&self, number: usize) -> bool {
        self.lines.get(number).is_some_and(|line| line.state == State::Removed)
    }

    /// Whether anything was changed.
    pub(super) fn is_changed(&self) -> bool {
        self.is_changed
    }

    /// The lines that are not as they were, and those that they are now; `None` of what is no content line.
    pub(super) fn changes(&self) -> impl Iterator<Item = Option<ContentLine<'_>>> {
        self.lines.iter().flat_map(|line| {
            let was = (line.state != State::Kept).then(|| self.head(line));
            let is = match &line.state {
                State::Changed(text) => Some(&**text),
                State::Kept | State::Removed => None,
            };
            let new = line.before.iter().map(Vec::as_slice);
            new.chain(was).chain(is).map(ContentLine::parse)
        })
    }

    /// The unfolded octets of a line as it was.
    fn head<'a>(&'a self, line: &'a DraftLine) -> &'a [u8] {
        match &line.head {
            Head::Unfolded(octets) => octets,
            Head::Raw(range) => self.raw.get(range.clone()).unwrap_or_default(),
        }
    }

    /// Whether the octets of a line, as they stand in the source, are folded as they should be: after at most 75 octets, and inside no
    /// UTF-8 sequence. Of one that is too long to be held nothing is known.
    pub(super) fn is_well_folded(&self, number: usize) -> bool {
        let Some(line) = self.lines.get(number) else { return true };
        match (&line.state, &line.head) {
            (State::Kept, Head::Raw(range)) => range.len() <= PHYSICAL,
            (State::Kept, Head::Unfolded(_)) if line.whole => {
                let bounds = usize::try_from(line.range.start).ok().zip(usize::try_from(line.range.end).ok());
                let raw = bounds.and_then(|(from, to)| self.raw.get(from..to)).unwrap_or_default();
                let first = raw.get(..memchr::memchr(b'\n', raw).unwrap_or(raw.len())).unwrap_or_default();
                // Some fold before the colon, which some readers do not take.
                let is_one = self.text(number).len() <= PHYSICAL && memchr::memchr(b':', first).is_none();
                !is_one && are_short_and_whole(raw)
            }
            _ => true,
        }
    }

    /// Writes a line as it is, folded anew.
    pub(super) fn refold(&mut self, number: usize) {
        let text = self.text(number).to_vec();
        self.replace(number, text);
    }

    /// The octets as they are now.
    pub(super) fn finish(self) -> Content {
        let line_end = match self.find_line_end() {
            LineEnd::Lf => "\n",
            LineEnd::Cr => "\r",
            LineEnd::CrLf | LineEnd::Mixed => "\r\n",
        };
        let mut parts = Vec::new();
        // What is made is hardly longer than what is there, unless much of that is kept as ranges.
        let mut made = Vec::new();
        made.reserve_exact(self.raw.len().min(SHORT as usize) * 5 / 4);
        let mut kept = 0..0;
        let write = |text: &[u8], made: &mut Vec<u8>| {
            let from = made.len();
            fold(text, made);
            if line_end != "\r\n" {
                let folded = made.split_off(from);
                for piece in folded.split_inclusive(|octet| *octet == b'\n') {
                    made.extend_from_slice(piece.strip_suffix(b"\r\n").unwrap_or(piece));
                    made.extend_from_slice(line_end.as_bytes());
                }
            }
        };
        for line in self.lines {
            line.before.iter().for_each(|text| {
                if !kept.is_empty() {
                    flush(&self.content, &self.raw, std::mem::take(&mut kept), &mut made, &mut parts);
                }
                write(text, &mut made);
            });
            match &line.state {
                State::Kept if kept.end == line.range.start && !kept.is_empty() => kept.end = line.range.end,
                State::Kept => {
                    flush(&self.content, &self.raw, std::mem::take(&mut kept), &mut made, &mut parts);
                    kept = line.range.clone();
                }
                State::Changed(text) => {
                    flush(&self.content, &self.raw, std::mem::take(&mut kept), &mut made, &mut parts);
                    write(text, &mut made);
                }
                State::Removed => {}
            }
        }
        flush(&self.content, &self.raw, kept, &mut made, &mut parts);
        if !made.is_empty() {
            parts.push(Content::from(made));
        }
        Content::join(parts)
    }
}

/// Whether each physical line has at most 75 octets, and none behind the first begins inside a UTF-8 sequence.
fn are_short_and_whole(raw: &[u8]) -> bool {
    let mut from = 0;
    memchr::memchr_iter(b'\n', raw).chain([raw.len()]).all(|to| {
        let piece = raw.get(from..to).unwrap_or_default();
        let piece = piece.strip_suffix(b"\r").unwrap_or(piece);
        let starts_inside = from > 0 && matches!(piece.get(1), Some(0x80..=0xbf));
        from = to + 1;
        piece.len() <= PHYSICAL && !starts_inside
    })
}

/// Writes what was kept: short pieces by their octets, long ones as ranges of the source.
fn flush(content: &Content, raw: &[u8], kept: Range<u64>, made: &mut Vec<u8>, parts: &mut Vec<Content>) {
    if kept.is_empty() {
        return;
    }
    let bounds = usize::try_from(kept.start).ok().zip(usize::try_from(kept.end).ok());
    match bounds.and_then(|(from, to)| raw.get(from..to)).filter(|_| kept.end - kept.start < SHORT) {
        Some(octets) => made.extend_from_slice(octets),
        None => {
            if !made.is_empty() {
                parts.push(Content::from(std::mem::take(made)));
            }
            parts.push(content.slice(kept));
        }
    }
}

/// The line without the parameters of these names, and with others: `;NAME=VALUE`. All else of it stays.
pub(super) fn rebuilt(line: &ContentLine<'_>, gone: &[&str], add: &[u8]) -> Vec<u8> {
    let group = line.group.map_or(0, |group| group.len() + 1);
    let len = group + line.name.len() + add.len() + line.parameters.len() + 1 + line.value.len();
    let mut octets = Vec::new();
    octets.reserve_exact(len);
    if let Some(group) = line.group {
        octets.extend_from_slice(group);
        octets.push(b'.');
    }
    octets.extend_from_slice(line.name);
    octets.extend_from_slice(add);
    if gone.is_empty() {
        octets.extend_from_slice(line.parameters);
    }
    for parameter in line.parameters().filter(|_| !gone.is_empty()) {
        if gone.iter().any(|name| parameter.name.eq_ignore_ascii_case(name.as_bytes())) {
            continue;
        }
        octets.push(b';');
        octets.extend_from_slice(parameter.name);
        if let Some(value) = parameter.value {
            octets.push(b'=');
            octets.extend_from_slice(value);
        }
    }
    octets.push(b':');
    octets.extend_from_slice(line.value);
    octets
}
