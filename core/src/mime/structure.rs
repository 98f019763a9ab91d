use super::{
    Disposition, Evidence, MediaType, TransferEncoding,
    header::{HeaderSection, line_len},
    is_field_line, message_ids,
    transfer_encoding::BodyReader,
    window::Window,
};
use crate::{
    defect::{Defect, DefectKind},
    error::{Error, ErrorKind, Result},
    limits::Limits,
    source::Content,
};
use memchr::memmem::Finder;
use std::ops::Range;

/// Octets of a part's header section that are asked for first.
const FIRST_READ: usize = 4 << 10;
/// How often the parts of one message may be looked for anew, with a boundary other than the one declared.
const MAX_GUESSES: usize = 8;

/// The entities of a message (RFC 2045 §2.4): the message itself, and the parts of its multiparts, found in one forward scan.
///
/// They are in the order of the message, each before its parts. A message inside a message is one entity: it has a
/// structure of its own.
#[derive(Clone, Debug, Default)]
pub struct Structure {
    entities: Vec<Entity>,
    defects: Vec<Defect>,
}

/// A message or body part: where it is, and what its header section says of its body.
#[derive(Clone, Debug)]
pub struct Entity {
    header: Range<u64>,
    body: Range<u64>,
    media_type: MediaType,
    disposition: Option<Disposition>,
    encoding: TransferEncoding,
    content_id: Option<String>,
    parent: Option<usize>,
    end: usize,
}

impl Entity {
    /// Makes text of a multipart without parts: whatever it is, it can be read.
    fn read_as_text(&mut self, why: &'static str) -> Defect {
        self.media_type = MediaType::of("text/plain");
        Defect::new(DefectKind::MissingBoundary, why).at(self.header.start)
    }

    /// The octets of its header section, and the blank line, in the message.
    pub fn header(&self) -> Range<u64> {
        self.header.clone()
    }

    /// The octets of its body in the message, encoded as they are.
    pub fn body(&self) -> Range<u64> {
        self.body.clone()
    }

    /// What its body is: as declared, or as RFC 2045 §5.2 and RFC 2046 §5.1.5 have it.
    pub fn media_type(&self) -> &MediaType {
        &self.media_type
    }

    /// How it is meant to be shown, where it says so.
    pub fn disposition(&self) -> Option<&Disposition> {
        self.disposition.as_ref()
    }

    /// How its body is encoded.
    pub fn encoding(&self) -> TransferEncoding {
        self.encoding
    }

    /// Its `Content-ID` without angle brackets (RFC 2045 §7).
    pub fn content_id(&self) -> Option<&str> {
        self.content_id.as_deref()
    }

    /// The name of the file in its body: the disposition's `filename`, else the media type's `name`.
    pub fn file_name(&self) -> Option<String> {
        self.file_name_by(&Evidence::default)
    }

    /// The same, raw 8-bit octets read by evidence.
    pub(crate) fn file_name_by(&self, evidence: &dyn Fn() -> Evidence) -> Option<String> {
        let disposition = self.disposition.as_ref().map(Disposition::parameters);
        let name = disposition.and_then(|parameters| parameters.text_by("filename", evidence));
        name.or_else(|| self.media_type.parameters().text_by("name", evidence)).filter(|name| !name.is_empty())
    }

    /// The multipart it is a part of, as its place in [`Structure::entities`].
    pub fn parent(&self) -> Option<usize> {
        self.parent
    }

    /// Its decoded body: a part of the message it was found in, or in memory where it is encoded.
    ///
    /// # Errors
    /// What the source says; [`ErrorKind::Limit`] where more than `limit` octets would be in memory.
    pub fn decoded(&self, message: &Content, limit: usize) -> Result<Content> {
        if self.encoding == TransferEncoding::Identity {
            return Ok(message.slice(self.body()));
        }
        let mut reader = self.reader(message);
        let mut octets = Vec::new();
        loop {
            let piece = reader.next_piece()?;
            if piece.is_empty() {
                return Ok(Content::from(octets));
            }
            if octets.len() + piece.len() > limit {
                let message = format!("an encoded part has more than the {limit} octets that are held in memory");
                return Err(Error::new(ErrorKind::Limit, message).non_fatal());
            }
            octets.extend_from_slice(piece);
        }
    }

    /// Reads its decoded body from the message it was found in.
    pub fn reader(&self, message: &Content) -> BodyReader {
        BodyReader::new(message.slice(self.body()), self.encoding)
    }
}

impl Structure {
    /// Finds the entities of a message.
    ///
    /// Missing, wrong and unclosed boundaries are tolerated, with a defect. What is nested deeper than
    /// [`Limits::nesting`] is one entity; after [`Limits::entities`] no more are found.
    ///
    /// # Errors
    /// Errors of the source.
    pub fn read(message: &Content, limits: &Limits) -> Result<Self> {
        let header = HeaderSection::read(message, limits)?;
        let mut scan = Scan::new(message, limits, header.line_end());
        let body = header.body_offset();
        let root = scan.entity(&header, 0..body, &MediaType::of("text/plain"), None);
        scan.structure.defects.extend_from_slice(header.defects());
        scan.begin(root, body);
        if !scan.open.is_empty() {
            scan.parts(body)?;
        }
        Ok(scan.structure)
    }

    /// The entities in the order of the message; the first is the message itself.
    pub fn entities(&self) -> &[Entity] {
        &self.entities
    }

    /// The parts of a multipart, by its place in [`Structure::entities`].
    pub fn parts(&self, multipart: usize) -> impl Iterator<Item = usize> {
        let end = self.entities.get(multipart).map_or(0, |entity| entity.end);
        let mut next = multipart + 1;
        std::iter::from_fn(move || {
            let part = (next < end).then_some(next)?;
            next = self.entities.get(part).map_or(end, |entity| entity.end).max(part + 1);
            Some(part)
        })
    }

    /// What was wrong and survived; offsets count from the start of the message.
    pub fn defects(&self) -> &[Defect] {
        &self.defects
    }
}

/// A multipart whose closing delimiter was not met yet.
struct Open {
    entity: usize,
    /// Empty where none is declared.
    boundary: Vec<u8>,
    /// Whether a delimiter was met.
    begun: bool,
    /// The first line that looks like the delimiter of a boundary not declared.
    guess: Option<(u64, Vec<u8>)>,
}

/// Whether there is nothing but white space; much of it is taken for text.
fn is_blank(window: &mut Window<'_>, at: Range<u64>) -> Result<bool> {
    let len = usize::try_from(at.end - at.start).unwrap_or(usize::MAX);
    if len > FIRST_READ {
        return Ok(false);
    }
    Ok(window.at(at.start, len)?.get(..len).is_some_and(|octets| octets.trim_ascii().is_empty()))
}

/// A line that separates parts (RFC 2046 §5.1.1).
struct Delimiter {
    /// Whose it is, as a place among the open multiparts.
    level: usize,
    closes: bool,
    /// The offset behind the line.
    end: u64,
}

struct Scan<'a> {
    window: Window<'a>,
    limits: &'a Limits,
    len: u64,
    line_end: u8,
    structure: Structure,
    open: Vec<Open>,
    /// The entity whose body is being passed over.
    leaf: Option<usize>,
    guesses: usize,
}

impl<'a> Scan<'a> {
    fn new(message: &'a Content, limits: &'a Limits, line_end: u8) -> Self {
        let (window, len) = (Window::new(message), message.len());
        let (structure, open) = (Structure::default(), Vec::new());
        Self { window, limits, len, line_end, structure, open, leaf: None, guesses: 0 }
    }

    /// Goes over the body of the outermost multipart, from its start.
    fn parts(&mut self, body: u64) -> Result<()> {
        let needle = [self.line_end, b'-', b'-'];
        let finder = Finder::new(&needle);
        let mut at = body;
        let mut line = self.starts_delimiter(at)?.then_some(at);
        loop {
            let start = match line.take() {
                Some(start) => start,
                None => match self.window.find(&finder, at.saturating_sub(1))? {
                    Some(found) => found + 1,
                    None => self.len,
                },
            };
            if start < self.len {
                let Some(delimiter) = self.delimiter(start)? else {
                    self.consider(start)?;
                    if self.adopt_guess() {
                        line = Some(start);
                    }
                    at = start + 2;
                    continue;
                };
                if let Some(again) = self.leave(delimiter.level + 1, start)? {
                    (at, line) = (again, Some(again));
                    continue;
                }
                at = delimiter.end;
                if delimiter.closes {
                    self.close(start)?;
                    if self.open.is_empty() {
                        return Ok(());
                    }
                } else if !self.part(delimiter.end, &mut at)? {
                    return Ok(());
                }
                line = self.starts_delimiter(at)?.then_some(at);
            } else if let Some(again) = self.leave(0, self.len)? {
                (at, line) = (again, Some(again));
            } else {
                return Ok(());
            }
        }
    }

    fn starts_delimiter(&mut self, at: u64) -> Result<bool> {
        Ok(self.window.at(at, 2)?.starts_with(b"--"))
    }

    /// The delimiter in the line at `start`, of the innermost multipart whose it can be.
    fn delimiter(&mut self, start: u64) -> Result<Option<Delimiter>> {
        let longest = self.open.iter().map(|open| open.boundary.len()).max().unwrap_or(0);
        let (line_end, open) = (self.line_end, &self.open);
        let octets = self.window.at(start, longest + FIRST_READ)?;
        let line = octets.get(..line_len(octets, line_end)).unwrap_or_default();
        let Some(text) = line.trim_ascii_end().strip_prefix(b"--") else { return Ok(None) };
        let found = open.iter().enumerate().rev().find_map(|(level, open)| {
            let behind = text.strip_prefix(open.boundary.as_slice()).filter(|_| !open.boundary.is_empty())?;
            matches!(behind, b"" | b"--").then_some((level, behind == b"--"))
        });
        // Text behind a delimiter belongs to its line (RFC 2046 §5.1.1 has none there): after white space, or after the
        // dashes that close. A longer word is another boundary, or text.
        let found = found.or_else(|| {
            open.iter().enumerate().rev().find_map(|(level, open)| {
                let behind = text.strip_prefix(open.boundary.as_slice()).filter(|_| !open.boundary.is_empty())?;
                let closes = behind.starts_with(b"--");
                let ends = closes || matches!(behind.first(), Some(b' ' | b'\t'));
                ends.then_some((level, closes))
            })
        });
        Ok(found.map(|(level, closes)| Delimiter { level, closes, end: start + line.len() as u64 }))
    }

    /// Notes a line as the first delimiter of a multipart whose own has not come yet.
    fn consider(&mut self, start: u64) -> Result<()> {
        let Some(open) = self.open.last_mut().filter(|open| !open.begun && open.guess.is_none()) else { return Ok(()) };
        let octets = self.window.at(start, FIRST_READ)?;
        let (line, next) = octets.split_at_checked(line_len(octets, self.line_end)).unwrap_or_default();
        let boundary = line.trim_ascii_end().strip_prefix(b"--").unwrap_or_default();
        let content_field =
            next.get(..8).is_some_and(|name| name.eq_ignore_ascii_case(b"content-")) && is_field_line(next);
        if content_field && !boundary.is_empty() {
            open.guess = Some((start, boundary.to_vec()));
        }
        Ok(())
    }

    /// Takes the guess as the boundary of a multipart that declares none.
    fn adopt_guess(&mut self) -> bool {
        let Some(open) = self.open.last_mut().filter(|open| open.boundary.is_empty()) else { return false };
        match open.guess.take() {
            Some((_, boundary)) => {
                open.boundary = boundary;
                true
            }
            None => false,
        }
    }

    /// Ends the multiparts nested deeper than `levels`, none of which was closed, at the line at `start`.
    ///
    /// Where one of them met no delimiter of its own, but a line that looks like one, gives the offset to go on from with that.
    fn leave(&mut self, levels: usize, start: u64) -> Result<Option<u64>> {
        while self.open.len() > levels {
            if let Some(open) = self.open.last_mut()
                && !open.begun
                && self.guesses < MAX_GUESSES
                && let Some((offset, boundary)) = open.guess.take()
            {
                let defect = Defect::new(
                    DefectKind::MissingBoundary,
                    "the declared boundary does not occur: another one was used",
                );
                self.structure.defects.push(defect.at(offset));
                self.guesses += 1;
                open.boundary = boundary;
                return Ok(Some(offset));
            }
            let end = self.end_of_body(start)?;
            self.end_leaf(end);
            let Some(open) = self.open.pop() else { break };
            let count = self.structure.entities.len();
            if let Some(entity) = self.structure.entities.get_mut(open.entity) {
                entity.body.end = end.max(entity.body.start);
                entity.end = count;
                let defect = match open.begun {
                    true => Defect::new(DefectKind::UnclosedMultipart, "").at(entity.header.start),
                    false => entity.read_as_text("no delimiter: read as text"),
                };
                self.structure.defects.push(defect);
            }
        }
        let end = self.end_of_body(start)?;
        self.end_leaf(end);
        Ok(None)
    }

    /// Ends the innermost multipart by its closing delimiter.
    fn close(&mut self, start: u64) -> Result<()> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let count = self.structure.entities.len();
        if let Some(entity) = self.structure.entities.get_mut(open.entity) {
            entity.body.end = start.max(entity.body.start);
            entity.end = count;
            // What stands before the first part is no text, unless there is none.
            if open.begun || is_blank(&mut self.window, entity.body.clone())? {
                return Ok(());
            }
            self.structure.defects.push(entity.read_as_text("no part: read as text"));
            let end = self.end_of_body(start)?;
            self.leaf = Some(open.entity);
            self.end_leaf(end);
        }
        Ok(())
    }

    fn end_leaf(&mut self, end: u64) {
        if let Some(entity) = self.leaf.take().and_then(|leaf| self.structure.entities.get_mut(leaf)) {
            entity.body.end = end.max(entity.body.start);
        }
    }

    /// The end of what stands before the line at `start`: the line end between belongs to the delimiter.
    fn end_of_body(&mut self, start: u64) -> Result<u64> {
        if start == self.len {
            return Ok(start);
        }
        let from = start.saturating_sub(2);
        let near = self.window.at(from, 2)?;
        Ok(match near.get(..usize::try_from(start - from).unwrap_or_default()).unwrap_or_default() {
            b"\r\n" => start - 2,
            [.., b'\n' | b'\r'] => start - 1,
            _ => start,
        })
    }

    /// Reads the header section of the part at `start`; `false` where there are too many parts.
    fn part(&mut self, start: u64, body: &mut u64) -> Result<bool> {
        let Some(multipart) = self.open.last_mut() else { return Ok(false) };
        multipart.begun = true;
        let multipart = multipart.entity;
        if self.structure.entities.len() >= self.limits.entities {
            self.structure.defects.push(Defect::new(DefectKind::EntityLimit, "the rest is not parsed").at(start));
            self.leave_all();
            return Ok(false);
        }
        let digest =
            self.structure.entities.get(multipart).is_some_and(|e| e.media_type.essence() == "multipart/digest");
        let default = MediaType::of(if digest { "message/rfc822" } else { "text/plain" });
        let len = self.header_len(start)?;
        let octets = self.window.at(start, len)?.get(..len).unwrap_or_default().to_vec();
        let header = HeaderSection::parse_part(&octets, self.line_end);
        if len == self.limits.header_section && !header.is_complete() {
            let defect = Defect::new(DefectKind::HeaderSectionLimit, "the rest was read as the body");
            self.structure.defects.push(defect.at(start + len as u64));
        }
        *body = start + header.body_offset();
        let entity = self.entity(&header, start..*body, &default, Some(multipart));
        self.begin(entity, *body);
        Ok(true)
    }

    /// The length of the header section at `start`, its blank line included.
    fn header_len(&mut self, start: u64) -> Result<usize> {
        let mut wanted = FIRST_READ;
        loop {
            let bounded = wanted.min(self.limits.header_section);
            let line_end = self.line_end;
            let octets = self.window.at(start, bounded)?;
            let whole = start + octets.len() as u64 == self.len && octets.len() <= bounded;
            let octets = octets.get(..bounded).unwrap_or(octets);
            let header = HeaderSection::parse_part(octets, line_end);
            if header.is_complete() || whole || bounded < wanted {
                return Ok(usize::try_from(header.body_offset()).unwrap_or(octets.len()));
            }
            wanted *= 4;
        }
    }

    /// Adds an entity and gives its place.
    fn entity(&mut self, header: &HeaderSection, at: Range<u64>, default: &MediaType, parent: Option<usize>) -> usize {
        let defects = &mut self.structure.defects;
        let mut media_type = default.clone();
        if let Some(field) = header.first("Content-Type") {
            let (declared, well_formed) = MediaType::parse(field.value());
            media_type = declared;
            if !well_formed {
                let defect = Defect::new(DefectKind::HeaderField, "invalid Content-Type");
                defects.push(defect.at(at.start + field.offset()));
            }
        }
        let encoding = header
            .first("Content-Transfer-Encoding")
            .map_or(Some(TransferEncoding::Identity), |field| TransferEncoding::parse(&field.unfolded()));
        if encoding.is_none() {
            defects.push(Defect::new(DefectKind::TransferEncoding, "unknown transfer encoding").at(at.start));
        }
        let content_id = header.first("Content-ID").and_then(|field| {
            let value = field.unfolded();
            message_ids(&value).into_iter().next().or_else(|| Some(field.raw_text()).filter(|id| !id.is_empty()))
        });
        let place = self.structure.entities.len();
        self.structure.entities.push(Entity {
            body: at.end..self.len,
            header: at,
            media_type,
            disposition: header.first("Content-Disposition").map(|field| Disposition::parse(field.value())),
            encoding: encoding.unwrap_or_default(),
            content_id,
            parent,
            end: place + 1,
        });
        place
    }

    /// Begins the body of an entity: a multipart is opened, anything else is passed over.
    fn begin(&mut self, place: usize, body: u64) {
        let Some(entity) = self.structure.entities.get_mut(place) else { return };
        entity.body.start = body;
        if !entity.media_type.is_multipart() {
            self.leaf = Some(place);
            return;
        }
        if self.open.len() >= self.limits.nesting {
            self.structure.defects.push(Defect::new(DefectKind::NestingLimit, "the rest is one part").at(body));
            entity.media_type = MediaType::of("application/octet-stream");
            self.leaf = Some(place);
            return;
        }
        let boundary = entity.media_type.parameters().octets("boundary").unwrap_or_default().trim_ascii_end().to_vec();
        self.open.push(Open { entity: place, boundary, begun: false, guess: None });
    }

    /// Ends everything that is open at the end of the message.
    fn leave_all(&mut self) {
        let count = self.structure.entities.len();
        for open in self.open.drain(..) {
            if let Some(entity) = self.structure.entities.get_mut(open.entity) {
                entity.end = count;
            }
        }
    }
}
