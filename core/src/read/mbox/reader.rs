use super::{
    break_off::BreakOff,
    eudora,
    from_line::{FromLine, MAX_FROM_LINE},
    lines::{LineEnd, is_known_field},
    scan::{Extent, Scan, first_separator},
    separator::Separators,
    window::Window,
};
use crate::{
    DateTime,
    defect::{Defect, DefectKind},
    error::{Error, ErrorKind, Location, Result},
    limits::Limits,
    model::{Folder, Item, ItemKind, MboxOrigin, MboxQuoting, Message, Origin},
    read::{Head, ItemReader, ReadOptions, Score, metadata, part::Part},
    source::Source,
};
use memchr::memmem::Finder;
use std::{ops::Range, sync::Arc};

/// Octets read at a time. Larger windows are slower: they fall out of the processor's cache.
const WINDOW: usize = 256 << 10;

const MMDF: &[u8] = b"\x01\x01\x01\x01";

/// Extensions of the files that are read here.
pub(in crate::read) const EXTENSIONS: &[&str] = &["mbox", "mbx", "mmdf"];

/// Reads the messages of an mbox, in the order of the file.
pub struct MboxReader {
    window: Window,
    layout: Layout,
    name: Arc<str>,
    folder: Folder,
    limits: Limits,
    /// Where the next message starts, its From_ line included.
    at: u64,
    ordinal: u64,
    defects: Vec<Defect>,
    /// Told with the first message: it was found behind octets that belong to none.
    leading: Option<Defect>,
    /// Where others read the rest.
    part: Option<Part>,
}

/// How the file parts its messages.
enum Layout {
    FromLines(Scan),
    Mmdf(LineEnd),
    /// The whole file is one message.
    Single,
}

/// Where the parts of one message are.
struct Located {
    /// The From_ line, or what stands in its place.
    from_line: Range<u64>,
    /// The octets of the message, its quoting included.
    stored: Range<u64>,
    separator: Range<u64>,
    body: u64,
    date: Option<DateTime>,
    quoting: Option<MboxQuoting>,
    quotes: Vec<u64>,
    bare_from_lines: Vec<u64>,
    defects: Vec<Defect>,
}

impl MboxReader {
    /// Opens the mbox `source`; `name` is the source of its items, and names their folder.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownFormat`] when it holds nothing that starts a message; [`ErrorKind::Io`] when it cannot be read.
    pub fn open(source: Source, name: &str, options: &ReadOptions) -> Result<Self> {
        Self::open_with_window(source, name, options, WINDOW)
    }

    /// As [`MboxReader::open`], reading `window` octets at a time. The items are the same whatever its size.
    ///
    /// # Errors
    /// As [`MboxReader::open`].
    pub fn open_with_window(source: Source, name: &str, options: &ReadOptions, window: usize) -> Result<Self> {
        let mut window = Window::new(source, window);
        let head = window.octets(0, 64 << 10)?.into_owned();
        let line_end = LineEnd::of(&head);
        let start = skip_blank(&head);
        let first = head.get(start..).unwrap_or_default();
        let mut leading = None;
        let mut at = start as u64;
        let layout = if window.end() == 0 || at == window.end() {
            at = window.end();
            Layout::Single
        } else if first.starts_with(MMDF) {
            Layout::Mmdf(line_end)
        } else if is_known_field(line_end.first_line(first)) {
            at = 0;
            Layout::Single
        } else {
            let part = options.part.as_ref().and_then(Part::octets);
            let found = first_separator(&mut window, line_end, at)?
                .ok_or_else(|| Error::new(ErrorKind::UnknownFormat, "is not an mbox: no line starts a message"))?;
            if found > at {
                let detail = format!("{} octets before the first message do not belong to a message", found - at);
                leading = Some(Defect::new(DefectKind::LeadingGarbage, detail).at(at));
            }
            at = found;
            let separators = Separators::of_file(&window, line_end, at)?;
            let mut scan = Scan::new(separators, options.unquoting, &options.limits);
            if let Some(octets) = part {
                let begin = scan.begin_behind(&mut window, found, octets, &options.limits)?;
                at = begin.unwrap_or(window.end().max(octets.end));
                leading = leading.filter(|_| at == found);
            }
            Layout::FromLines(scan)
        };
        let folder = metadata::folder_of_file(name);
        let limits = options.limits.clone();
        let name = name.into();
        let part = options.part.clone().filter(|part| part.octets().is_some());
        Ok(Self { window, layout, name, folder, limits, at, ordinal: 0, defects: Vec::new(), leading, part })
    }

    fn locate(&mut self) -> Result<Option<Located>> {
        let end = self.window.end();
        let border = self.part.as_ref().and_then(Part::octets).map_or(end, |octets| octets.end);
        if self.at >= end.min(border) {
            return Ok(None);
        }
        let located = match &mut self.layout {
            Layout::FromLines(scan) => locate_behind_from_line(&mut self.window, scan, self.at, &self.limits).map(Some),
            Layout::Mmdf(line_end) => locate_between_mmdf_lines(&mut self.window, *line_end, self.at),
            Layout::Single => locate_whole_file(&mut self.window, self.at).map(Some),
        };
        if self.window.end() < end {
            let detail = format!("{} NUL octets at the end of the file", end - self.window.end());
            self.defects.push(Defect::new(DefectKind::NulTail, detail).at(self.window.end()));
        }
        located
    }

    /// Tells the last message, and the file, if it breaks off there.
    fn tell_break(&mut self, item: &mut Item) -> Result<()> {
        let end = self.window.source().len();
        if !matches!(self.layout, Layout::FromLines(_)) || self.at < end {
            return Ok(());
        }
        let tail = self.window.octets(end.saturating_sub(4), 4)?.into_owned();
        if let Some(found) = BreakOff::of(item, &tail, end)? {
            item.defects.push(found.of_item);
            self.defects.extend(found.of_source);
        }
        Ok(())
    }

    /// The octets of a From_ line or of a separator.
    fn line(&self, range: &Range<u64>) -> Result<Vec<u8>> {
        let n = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
        Ok(self.window.octets(range.start, n)?.into_owned())
    }

    fn item(&mut self, located: Located) -> Result<Item> {
        let Located { from_line, stored, separator, body, date, quoting, quotes, bare_from_lines, mut defects } =
            located;
        let in_message = |offset: u64| {
            let before = quotes.partition_point(|quote| *quote < offset) as u64;
            offset - stored.start - before
        };
        let mbox = MboxOrigin {
            from_line: self.line(&from_line)?,
            separator: self.line(&separator)?,
            quoting,
            body_offset: body.saturating_sub(stored.start),
            unquoted_lines: quotes.len() as u64,
            bare_from_lines: bare_from_lines.iter().map(|line| in_message(*line)).collect(),
        };
        let mut ranges = Vec::new();
        let mut start = stored.start;
        for quote in quotes {
            ranges.push(start..quote);
            start = quote + 1;
        }
        ranges.push(start..stored.end);
        let message = Message::with_limits(self.window.content(&ranges), self.limits.clone());
        defects.extend(self.leading.take());
        self.ordinal += 1;
        let origin = Origin {
            source: self.name.clone(),
            ordinal: self.ordinal,
            offset: from_line.start,
            length: separator.end - from_line.start,
            mbox: Some(mbox),
            ..Origin::default()
        };
        let mut item = Item { defects, ..Item::new(ItemKind::Message(message.clone()), self.folder.clone(), origin) };
        metadata::read_into(&mut item, &message, date)?;
        if item.origin.mbox.as_ref().is_some_and(|mbox| mbox.from_line.starts_with(eudora::FROM_LINE)) {
            item.defects.extend(eudora::missing_files(message.header()?, message.content())?);
        }
        Ok(item)
    }
}

impl ItemReader for MboxReader {
    fn next_item(&mut self) -> Result<Option<Item>> {
        let start = self.at;
        let result = self.locate().and_then(|located| match located {
            Some(located) => {
                self.at = located.separator.end;
                self.part.iter().for_each(|part| {
                    part.note(|met| {
                        met.first.get_or_insert(start);
                        // Behind the last text there may be NUL octets.
                        met.next = Some(if self.at < self.window.end() { self.at } else { self.window.source().len() });
                    });
                });
                let mut item = self.item(located)?;
                self.tell_break(&mut item)?;
                Ok(Some(item))
            }
            None => Ok(None),
        });
        if result.as_ref().is_err() || matches!(result, Ok(None)) {
            self.at = self.window.end();
        }
        result.map_err(|error| error.at(Location::Byte(start)))
    }

    fn position(&self) -> u64 {
        self.at
    }

    fn folders(&self) -> Vec<Folder> {
        // A mailbox whose messages all went to the folders of their labels has no folder of its own.
        if self.ordinal == 0 && self.part.is_none() { vec![self.folder.clone()] } else { Vec::new() }
    }

    fn take_defects(&mut self) -> Vec<Defect> {
        std::mem::take(&mut self.defects)
    }
}

impl Located {
    /// A message that is not quoted.
    fn verbatim(from_line: Range<u64>, stored: Range<u64>, separator: Range<u64>) -> Self {
        Self {
            body: stored.start,
            from_line,
            stored,
            separator,
            date: None,
            quoting: None,
            quotes: Vec::new(),
            bare_from_lines: Vec::new(),
            defects: Vec::new(),
        }
    }
}

fn locate_behind_from_line(window: &mut Window, scan: &mut Scan, at: u64, limits: &Limits) -> Result<Located> {
    let line_end = scan.separators.line_end;
    let (line, next) = line_end.line(window, at, MAX_FROM_LINE + 1)?;
    let start = next.unwrap_or(window.end());
    let mut extent = scan.message(window, at, start, limits)?;
    if extent.end == window.end() {
        window.cut_nul_tail(start);
        extent.end = window.end();
    }
    let quoting = extent.quoting(scan.unquoting);
    let blank = line_end.blank_line_before(window, extent.end, start)?;
    let mut located = Located::verbatim(at..start, start..extent.end - blank, extent.end - blank..extent.end);
    located.body = extent.body.min(located.stored.end);
    located.date = match FromLine::parse(&line) {
        // Programs that knew no date wrote the epoch.
        FromLine::Dated(date) if date.unix_seconds() != 0 => Some(date),
        _ => None,
    };
    located.defects = extent_defects(&extent);
    located.quoting = quoting;
    located.quotes = extent.quotes;
    located.bare_from_lines = extent.bare_from_lines;
    Ok(located)
}

fn extent_defects(extent: &Extent) -> Vec<Defect> {
    let mut defects = Vec::new();
    if let Some(length) = extent.wrong_content_length {
        let detail = format!("Content-Length {length} does not end at a separator line and was ignored");
        defects.push(Defect::new(DefectKind::WrongContentLength, detail).at(extent.body));
    }
    if extent.too_many_lines {
        let detail = "too many quoted lines: all were left unchanged";
        defects.push(Defect::new(DefectKind::QuotedLinesLimit, detail).at(extent.body));
    }
    for (line, parts) in &extent.doubtful {
        let detail = match parts {
            true => {
                "a line \"From \" without a date, unlike those before it, was read as the start of the next message"
            }
            false => "a line \"From \" without a date, unlike those before it, was read as text of this message",
        };
        defects.push(Defect::new(DefectKind::DoubtfulSeparator, detail).at(*line));
    }
    if extent.more_doubtful > 0 {
        let detail = format!("{} more such lines in this message", extent.more_doubtful);
        defects.push(Defect::new(DefectKind::DoubtfulSeparator, detail));
    }
    defects
}

/// How sure it is that a source is an mbox.
pub(in crate::read) fn detect(head: &Head<'_>) -> Score {
    let line_end = LineEnd::of(head.octets);
    let start = skip_blank(head.octets);
    let first = head.octets.get(start..).unwrap_or_default();
    let mut window = Window::new(Arc::new(head.octets.to_vec()), WINDOW);
    if first.starts_with(MMDF) {
        return Score::Certain;
    }
    match first_separator(&mut window, line_end, start as u64) {
        Ok(Some(at)) if at == start as u64 => Score::Certain,
        Ok(Some(_)) => Score::Possible,
        _ if head.has_extension(EXTENSIONS) => Score::Possible,
        _ => Score::No,
    }
}

/// MMDF: a line of four ^A before and after each message, perhaps a From_ line behind the first.
fn locate_between_mmdf_lines(window: &mut Window, line_end: LineEnd, at: u64) -> Result<Option<Located>> {
    let (line, next) = line_end.line(window, at, MMDF.len() + 2)?;
    let mut start = if line == MMDF { next.unwrap_or(window.end()) } else { at };
    let only_blank = window.end() - start < 64 && window.octets(start, 64)?.trim_ascii().is_empty();
    if only_blank {
        return Ok(None);
    }
    let mut date = None;
    let (line, next) = line_end.line(window, start, MAX_FROM_LINE + 1)?;
    if line.starts_with(b"From ")
        && let Some(next) = next
    {
        if let FromLine::Dated(dated) = FromLine::parse(&line) {
            date = Some(dated);
        }
        start = next;
    }
    let marker = Finder::new(MMDF);
    let mut search = start;
    let (end, after) = loop {
        let Some(found) = window.find(&marker, search, at)? else {
            window.cut_nul_tail(start);
            break (window.end(), window.end());
        };
        let (line, next) = line_end.line(window, found, MMDF.len() + 2)?;
        if line == MMDF && line_end.starts_line(window, found)? {
            break (found, next.unwrap_or(window.end()));
        }
        search = found + 1;
    };
    let mut located = Located::verbatim(at..start, start..end, end..after);
    located.date = date;
    if end == after {
        located.defects.push(Defect::new(DefectKind::Truncated, "the closing ^A^A^A^A line is missing").at(end));
    }
    Ok(Some(located))
}

/// The file as one message.
fn locate_whole_file(window: &mut Window, at: u64) -> Result<Located> {
    if window.before(window.end())? == Some(0) {
        window.read_through(at)?;
        window.cut_nul_tail(at);
    }
    let end = window.end();
    Ok(Located::verbatim(at..at, at..end, end..end))
}

/// The length of the byte-order mark and blank lines that `head` starts with.
fn skip_blank(head: &[u8]) -> usize {
    let mark = if head.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let blank = head.iter().skip(mark).take_while(|octet| matches!(octet, b'\r' | b'\n')).count();
    mark + blank
}
