//! From the start of a message to its end.

use super::{
    Unquoting,
    from_line::MAX_FROM_LINE,
    lines::LineEnd,
    mime_guard::{Lookahead, OpenMultipart, declared_boundary},
    separator::{Looks, Separators},
    window::Window,
};
use crate::{
    defect::{Defect, DefectKind},
    error::Result,
    limits::Limits,
    mime::HeaderSection,
    model::MboxQuoting,
    source::Source,
};
use memchr::memmem::Finder;
use std::{ops::Range, sync::LazyLock};

static FROM: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"From "));

/// Where the first line of a file that parts messages is, at or after `at`.
pub(super) fn first_separator(window: &mut Window, line_end: LineEnd, mut at: u64) -> Result<Option<u64>> {
    let start = at;
    while let Some(found) = window.find(&FROM, at, at)? {
        at = found + 1;
        if found == start || line_end.starts_line(window, found)? {
            let after_blank = found == start || line_end.blank_line_before(window, found, 0)? > 0;
            let separators = Separators::of_file(window, line_end, found)?;
            if separators.look(window, found, after_blank)? == Looks::Separator {
                return Ok(Some(found));
            }
        }
    }
    Ok(None)
}

/// Where a line that separates messages is, from `at` on and before `end`, by its look alone.
fn next_separator(window: &mut Window, separators: Separators, mut at: u64, end: u64) -> Result<Option<u64>> {
    while let Some(found) = window.find(&FROM, at, at)?.filter(|found| *found < end) {
        at = found + 1;
        if separators.line_end.starts_line(window, found)? {
            let after_blank = separators.line_end.blank_line_before(window, found, 0)? > 0;
            if separators.look(window, found, after_blank)? == Looks::Separator {
                return Ok(Some(found));
            }
        }
    }
    Ok(None)
}

/// What to tell of lines behind `at` that would part messages, if `source`, whose From_ line is at `first`, were an mbox.
pub(in crate::read) fn separators_within(source: Source, first: u64, at: u64) -> Result<Vec<Defect>> {
    let size = usize::try_from(source.len()).unwrap_or(usize::MAX).min(SEARCHED);
    let mut window = Window::new(source, size);
    let head = window.octets(first, size)?.into_owned();
    let line_end = LineEnd::of(&head);
    let separators = Separators::of_file(&window, line_end, first)?;
    let (mut defects, mut more, mut at) = (Vec::new(), 0_u64, at);
    while let Some(found) = window.find(&FROM, at, at)? {
        at = found + 1;
        if line_end.starts_line(&window, found)? {
            let after_blank = line_end.blank_line_before(&window, found, 0)? > 0;
            match separators.look(&window, found, after_blank)? {
                Looks::Separator if defects.len() < MOST_DOUBTFUL => {
                    let detail = "the file was read as one message because of its name, but this line looks like \
                         the start of another: if it is an mbox, rename it to .mbox";
                    defects.push(Defect::new(DefectKind::DoubtfulSeparator, detail).at(found));
                }
                Looks::Separator => more += 1,
                _ => {}
            }
        }
    }
    if more > 0 {
        let detail = format!("{more} more such lines in this message");
        defects.push(Defect::new(DefectKind::DoubtfulSeparator, detail));
    }
    Ok(defects)
}

/// Octets before a border in which the messages are looked at that may reach over it.
const LOOKED_BACK: u64 = if cfg!(test) { 64 } else { 8 << 20 };

/// Octets searched at a time.
const SEARCHED: usize = 64 << 10;

/// A message as it lies in the file.
#[derive(Debug, Default)]
pub(super) struct Extent {
    /// Where the body starts: behind the first blank line.
    pub(super) body: u64,
    /// Where the next From_ line starts, or the file ends.
    pub(super) end: u64,
    /// Offsets of `>`s to be left out.
    pub(super) quotes: Vec<u64>,
    /// Offsets of body lines that start with `From ` and part nothing.
    pub(super) bare_from_lines: Vec<u64>,
    /// More quoted or bare lines than are remembered.
    pub(super) too_many_lines: bool,
    /// Whether `Content-Length` parted it from the next, against the look of its lines.
    pub(super) by_content_length: bool,
    /// The value of a `Content-Length` that lands on nothing.
    pub(super) wrong_content_length: Option<u64>,
    /// Lines that look like separators of other files, as many as are told of, and whether each was taken for one.
    pub(super) doubtful: Vec<(u64, bool)>,
    /// Such lines beyond those.
    pub(super) more_doubtful: u64,
}

/// Doubtful lines of one message that are told one by one.
const MOST_DOUBTFUL: usize = 8;

/// Scans one file, a message at a time.
pub(super) struct Scan {
    pub(super) separators: Separators,
    pub(super) unquoting: Unquoting,
    lookahead: Lookahead,
    /// Octets that may still be read ahead to check a `Content-Length`; they grow with what was scanned.
    peeks: u64,
}

/// What is known, while a message is scanned, about where it ends.
struct Under {
    start: u64,
    body: u64,
    /// Where it ends by its `Content-Length`, until that is found wrong.
    declared_end: Option<u64>,
    /// The same, once it was found right: no line before it parts anything.
    trusted_end: Option<u64>,
    multipart: Option<OpenMultipart>,
}

impl Scan {
    pub(super) fn new(separators: Separators, unquoting: Unquoting, limits: &Limits) -> Self {
        Self { separators, unquoting, lookahead: Lookahead::default(), peeks: limits.multipart_lookahead }
    }

    /// Where the first message at or behind `border` starts, if one does before `end`; the first of the file is at `first`.
    ///
    /// The messages shortly before say so: a line in the border's vicinity may be text of one of them. One that starts still
    /// earlier is not asked, so whoever reads on from here has to compare it with where the reader of what is before ended.
    pub(super) fn begin_behind(
        &mut self,
        window: &mut Window,
        first: u64,
        octets: &Range<u64>,
        limits: &Limits,
    ) -> Result<Option<u64>> {
        let Range { start: border, end } = *octets;
        let start = if border <= first {
            Some(first)
        } else {
            let from = border.saturating_sub(LOOKED_BACK);
            match from <= first {
                true => Some(first),
                false => next_separator(window, self.separators, from, end)?,
            }
        };
        let Some(mut at) = start else { return Ok(None) };
        // As if all before had been scanned, and nothing looked up in it.
        self.peeks = self.peeks.saturating_add(2 * at.saturating_sub(first));
        while at < border {
            let (_, next) = self.separators.line_end.line(window, at, MAX_FROM_LINE + 1)?;
            at = self.message(window, at, next.unwrap_or(window.end()), limits)?.end;
        }
        Ok((at < end && at < window.end()).then_some(at))
    }

    /// The message whose first octet is at `start`; `keep` is the start of its From_ line.
    pub(super) fn message(&mut self, window: &mut Window, keep: u64, start: u64, limits: &Limits) -> Result<Extent> {
        let body = self.body(window, keep, start)?;
        let mut under = Under::read(window, start, body, limits)?;
        let declared_end = under.declared_end;
        let mut extent = Extent { body, ..Extent::default() };
        let mut at = start;
        extent.end = loop {
            let Some(from) = window.find(&FROM, at, keep)? else { break window.end() };
            at = from + 1;
            match self.line_start(window, from, start)? {
                None => {}
                Some(line) if line < from => extent.quote(line, from, self.unquoting, limits),
                Some(line) if self.parts(window, line, &mut under, &mut extent, limits)? => break line,
                Some(line) => extent.bare(line, limits),
            }
        };
        extent.by_content_length = under.trusted_end.is_some();
        extent.wrong_content_length = declared_end
            .filter(|end| under.trusted_end.is_none() && !lands_near(*end, extent.end))
            .and_then(|end| end.checked_sub(body));
        self.peeks = self.peeks.saturating_add(2 * (extent.end - start));
        Ok(extent)
    }

    /// Whether the line at `line`, which starts with `From `, parts the message from the next.
    fn parts(
        &mut self,
        window: &Window,
        line: u64,
        under: &mut Under,
        extent: &mut Extent,
        limits: &Limits,
    ) -> Result<bool> {
        if under.trusted_end.is_some_and(|end| line < end) {
            return Ok(false);
        }
        let line_end = self.separators.line_end;
        let after_blank = under.trusted_end.is_some() || line_end.blank_line_before(window, line, under.start)? > 0;
        match self.separators.look(window, line, after_blank)? {
            Looks::Text => return Ok(false),
            Looks::Separator => {}
            Looks::Doubtful => {
                let is_end = under.declared_end.or(under.trusted_end).is_some_and(|end| lands_near(end, line));
                let parts = is_end || self.separators.heads_a_message(window, line)?;
                extent.doubt(line, parts);
                if !parts {
                    return Ok(false);
                }
            }
        }
        if under.trusted_end.is_some() {
            return Ok(true);
        }
        if let Some(end) = under.declared_end.take().filter(|end| *end > line)
            && self.lands_on_separator(window, line, end)?
        {
            under.trusted_end = Some(end);
            return Ok(false);
        }
        match &mut under.multipart {
            Some(multipart) if line > under.body => Ok(multipart.is_closed_before(window, line_end, line)?
                || !self.lookahead.closes(multipart, window, line_end, line, limits.multipart_lookahead)?),
            _ => Ok(true),
        }
    }

    /// Where the body starts: behind the first blank line, or at a line that starts with `From ` if that comes first.
    fn body(&self, window: &mut Window, keep: u64, start: u64) -> Result<u64> {
        let line_end = self.separators.line_end;
        let octet = [line_end.octet()];
        let newline = Finder::new(&octet);
        let mut line = start;
        loop {
            let head = window.octets(line, 5)?;
            if matches!(&*head, [b'\r', b'\n', ..]) && octet == *b"\n" {
                return Ok(line + 2);
            }
            if head.first() == octet.first() {
                return Ok(line + 1);
            }
            if *head == *b"From " {
                return Ok(line);
            }
            match window.find(&newline, line, keep)? {
                Some(end) => line = end + 1,
                None => return Ok(window.end()),
            }
        }
    }

    /// Where the line of the `From ` at `found` starts, if only `>`s stand before it.
    fn line_start(&self, window: &Window, found: u64, floor: u64) -> Result<Option<u64>> {
        let mut at = found;
        while at > floor {
            let step = usize::try_from(at - floor).unwrap_or(usize::MAX).min(256);
            let octets = window.octets(at - step as u64, step)?;
            match octets.iter().rposition(|octet| *octet != b'>') {
                Some(last) => {
                    let line = at - step as u64 + last as u64 + 1;
                    let starts = octets.get(last) == Some(&self.separators.line_end.octet());
                    return Ok(starts.then_some(line));
                }
                None => at -= step as u64,
            }
        }
        Ok(Some(floor))
    }

    /// Whether a message that ends at `end` is followed by nothing, or by a valid separator.
    fn lands_on_separator(&mut self, window: &Window, from: u64, end: u64) -> Result<bool> {
        if end > window.end() || end - from > self.peeks {
            return Ok(false);
        }
        self.peeks -= end - from;
        let mut at = end;
        // The line end of the body may or may not be counted, and a blank line may follow.
        for _ in 0..2 {
            let line_end = match *window.octets(at, 2)? {
                [b'\r', b'\n'] => 2,
                [b'\r' | b'\n', ..] => 1,
                _ => 0,
            };
            at += line_end;
        }
        if at >= window.end() {
            return Ok(true);
        }
        let is_from = *window.octets(at, 5)? == *b"From ";
        Ok(is_from
            && self.separators.line_end.starts_line(window, at)?
            && self.separators.look(window, at, true)? != Looks::Text)
    }
}

impl Extent {
    fn quote(&mut self, line: u64, from: u64, unquoting: Unquoting, limits: &Limits) {
        let loses_one = match unquoting {
            Unquoting::Auto | Unquoting::Mboxrd => true,
            Unquoting::Mboxo => from - line == 1,
            Unquoting::Raw => false,
        };
        if loses_one && line >= self.body {
            self.too_many_lines |= self.quotes.len() >= limits.quoted_lines;
            if !self.too_many_lines {
                self.quotes.push(line);
            }
        }
    }

    fn doubt(&mut self, line: u64, parts: bool) {
        match self.doubtful.len() < MOST_DOUBTFUL {
            true => self.doubtful.push((line, parts)),
            false => self.more_doubtful += 1,
        }
    }

    fn bare(&mut self, line: u64, limits: &Limits) {
        if line >= self.body {
            self.too_many_lines |= self.bare_from_lines.len() >= limits.quoted_lines;
            if !self.too_many_lines {
                self.bare_from_lines.push(line);
            }
        }
    }

    /// The rule by which lines lose a `>`, and those lines forgotten where none does.
    pub(super) fn quoting(&mut self, unquoting: Unquoting) -> Option<MboxQuoting> {
        let mboxcl2 = unquoting == Unquoting::Auto && self.by_content_length && !self.bare_from_lines.is_empty();
        if self.quotes.is_empty() || self.too_many_lines || mboxcl2 {
            self.quotes.clear();
            self.bare_from_lines.clear();
            return None;
        }
        Some(if unquoting == Unquoting::Mboxo { MboxQuoting::Mboxo } else { MboxQuoting::Mboxrd })
    }
}

impl Under {
    fn read(window: &Window, start: u64, body: u64, limits: &Limits) -> Result<Self> {
        let n = usize::try_from(body - start).unwrap_or(usize::MAX).min(limits.header_section);
        let octets = window.octets(start, n)?;
        let header = HeaderSection::parse(&octets);
        let length = header
            .first("Content-Length")
            .and_then(|field| std::str::from_utf8(&field.unfolded()).ok()?.trim().parse::<u64>().ok());
        let boundary = header.first("Content-Type").and_then(|field| declared_boundary(&field.unfolded()));
        Ok(Self {
            start,
            body,
            declared_end: length.and_then(|length| body.checked_add(length)),
            trusted_end: None,
            multipart: boundary.map(|boundary| OpenMultipart::new(&boundary, body)),
        })
    }
}

/// Whether a message that ends by its `Content-Length` at `declared` ends at `end`, blank line and line end aside.
fn lands_near(declared: u64, end: u64) -> bool {
    declared <= end && end - declared <= 4
}
