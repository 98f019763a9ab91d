//! The parts of a `.partial.emlx` that Apple Mail keeps in files of their own, put back where they belong.
//!
//! Such a part has a header section with `X-Apple-Content-Length` and no body. Its octets lie, as they travelled, beside the
//! message in `NUMBER.PART.emlxpart`, or decoded in `../Attachments/NUMBER/PART/` under the name of the file. `PART` counts as
//! IMAP does (RFC 3501 §6.4.5): `2`, `1.2`.

use super::PARTIAL;
use crate::{
    defect::{Defect, DefectKind},
    error::{Error, ErrorKind, Result},
    limits::Limits,
    mime::{
        Entity, HeaderSection, Structure, TransferEncoding,
        compose::{in_base64, in_quoted_printable},
    },
    model::{Item, ItemKind, Message},
    read::hints::Beside,
    source::{Content, FileSource, Source, Stoppable},
};
use memchr::memchr_iter;
use std::{
    fs, io,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The field that stands in for a body: the octets it has with CRLF line ends.
const LENGTH: &str = "X-Apple-Content-Length";

/// Names that are told.
const MOST: usize = 8;

/// Where the parts of one message lie.
#[derive(Clone, Debug)]
pub(in crate::read) struct PartFiles {
    /// The directory of the message.
    directory: PathBuf,
    number: String,
    limits: Limits,
}

/// The octets of a part.
enum Part {
    /// As they travelled.
    Encoded(Source),
    Decoded(Source),
}

impl PartFiles {
    /// Those of the message at `path`, if its name says that it has any.
    pub(in crate::read) fn of(path: &Path, limits: &Limits) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let (number, ending) = name.split_at_checked(name.len().checked_sub(PARTIAL.len())?)?;
        ending.eq_ignore_ascii_case(PARTIAL).then(|| Self {
            directory: path.parent().map(Path::to_owned).unwrap_or_default(),
            number: number.to_owned(),
            limits: limits.clone(),
        })
    }
}

impl Beside for PartFiles {
    fn put_back(&self, item: &mut Item) {
        let Some(message) = item.message().cloned() else { return };
        let mut joint = Joint::of(self);
        let walked = joint.walk(message.content(), "", 0);
        if let Err(error) = walked {
            let detail = format!("its attachments were not restored: {error}");
            item.defects.push(Defect::new(DefectKind::Attachment, detail));
            return;
        }
        if joint.put_back.is_empty() && joint.lacking.is_empty() && joint.unreadable.is_empty() {
            return;
        }
        // What the message is without was told before it was known.
        item.defects.retain(|defect| defect.kind() != DefectKind::Attachment);
        if !joint.put_back.is_empty() {
            let detail = format!("restored from separate files: {}", list(&joint.put_back));
            item.defects.push(Defect::new(DefectKind::Rewritten, detail));
            item.kind = ItemKind::Message(Message::with_limits(Content::join(joint.pieces), self.limits.clone()));
            item.note_change();
        }
        for (names, kind, what) in [
            (joint.lacking, DefectKind::Attachment, "should be in separate files, which were not found"),
            (joint.unreadable, DefectKind::Attachment, "are in separate files that cannot be read"),
            (joint.shortened, DefectKind::Truncated, "restored from files that have fewer octets than stated"),
        ] {
            if !names.is_empty() {
                item.defects.push(Defect::new(kind, format!("{what}: {}", list(&names))));
            }
        }
    }
}

impl PartFiles {
    /// The part that is counted as `part`.
    fn find(&self, part: &str) -> Result<Option<Part>> {
        let encoded = self.directory.join(format!("{}.{part}.emlxpart", self.number));
        if is_file(&encoded) {
            return Ok(Some(Part::Encoded(self.open(&encoded)?)));
        }
        let directory = self.directory.join("..").join("Attachments").join(&self.number).join(part);
        let names = match fs::read_dir(&directory) {
            Ok(names) => names,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let mut files = names.filter_map(|name| name.ok().map(|name| name.path())).filter(|path| {
            is_file(path) && path.file_name().is_some_and(|name| !name.to_string_lossy().starts_with('.'))
        });
        // Of several it is not known which one it is.
        match (files.next(), files.next()) {
            (Some(only), None) => Ok(Some(Part::Decoded(self.open(&only)?))),
            _ => Ok(None),
        }
    }

    fn open(&self, path: &Path) -> Result<Source> {
        Ok(Stoppable::over(Arc::new(FileSource::open(path)?), &self.limits.stop))
    }
}

/// Whether it is a file and no link to one.
fn is_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file())
}

fn list(names: &[String]) -> String {
    let mut list = names.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", ");
    if names.len() > MOST {
        list.push_str(&format!(" and {} more", names.len() - MOST));
    }
    list
}

/// A message in the making.
struct Joint<'a> {
    files: &'a PartFiles,
    pieces: Vec<Content>,
    put_back: Vec<String>,
    lacking: Vec<String>,
    unreadable: Vec<String>,
    shortened: Vec<String>,
}

impl<'a> Joint<'a> {
    fn of(files: &'a PartFiles) -> Self {
        let names = Vec::new;
        Self { files, pieces: Vec::new(), put_back: names(), lacking: names(), unreadable: names(), shortened: names() }
    }

    /// Takes over a message whose parts are counted from `above` on.
    fn walk(&mut self, message: &Content, above: &str, depth: usize) -> Result<()> {
        let limits = &self.files.limits;
        let structure = Structure::read(message, limits)?;
        let mut numbers: Vec<(String, usize)> = Vec::new();
        let mut at = 0;
        for entity in structure.entities() {
            let number = match entity.parent().and_then(|parent| numbers.get_mut(parent)) {
                Some((parent, parts)) => {
                    *parts += 1;
                    counted(parent, *parts)
                }
                None => above.to_owned(),
            };
            let is_multipart = entity.media_type().is_multipart();
            let leaf = if entity.parent().is_none() && !is_multipart { counted(above, 1) } else { number.clone() };
            numbers.push((number, 0));
            let is_message = entity.media_type().is_message() && entity.encoding() == TransferEncoding::Identity;
            if is_multipart {
                continue;
            }
            if is_bare(entity) {
                at = self.part(message, at, entity, &leaf)?;
            } else if is_message && depth < limits.nesting {
                self.pieces.push(message.slice(at..entity.body().start));
                self.walk(&message.slice(entity.body()), &leaf, depth + 1)?;
                at = entity.body().end;
            }
        }
        self.pieces.push(message.slice(at..u64::MAX));
        Ok(())
    }

    /// Puts back the body of `entity` if it lies in a file of its own; everything before it from `at` on is taken over then.
    /// Gives how far the message is taken over.
    fn part(&mut self, message: &Content, at: u64, entity: &Entity, number: &str) -> Result<u64> {
        let (header, body) = (entity.header(), entity.body());
        let most = self.files.limits.header_section;
        let end = header.end.min(header.start.saturating_add(most as u64));
        let octets = message.slice(header.start..end).to_vec(most)?;
        let Some((line, length)) = length_field(&octets) else { return Ok(at) };
        let line_end = if octets.ends_with(b"\r\n") { "\r\n" } else { "\n" };
        let found = self.files.find(number).and_then(|part| self.octets(part, entity, length, line_end));
        let part = match found {
            Ok(Some(part)) => part,
            Ok(None) => {
                self.lacking.push(name_of(entity));
                return Ok(at);
            }
            Err(error) => {
                self.unreadable.push(format!("{} ({error})", name_of(entity)));
                return Ok(at);
            }
        };
        self.put_back.push(name_of(entity));
        let rest = octets.get(line.end..).unwrap_or_default();
        self.pieces.push(message.slice(at..header.start + line.start as u64));
        self.pieces.push(message.slice(header.start + line.end as u64..header.end));
        let separator = || Content::from(line_end.as_bytes().to_vec());
        let has_blank_line =
            [b"\n", b"\r\n".as_slice()].contains(&rest) || rest.ends_with(b"\n\n") || rest.ends_with(b"\n\r\n");
        if !has_blank_line {
            self.pieces.push(separator());
        }
        self.pieces.push(part);
        if message.slice(body.end..body.end + 2).to_vec(2)?.starts_with(b"--") {
            self.pieces.push(separator());
        }
        Ok(body.end)
    }

    /// The octets of a part as they stand in the message.
    fn octets(
        &mut self,
        part: Option<Part>,
        entity: &Entity,
        length: Option<u64>,
        line_end: &'static str,
    ) -> Result<Option<Content>> {
        let content = match part {
            None => return Ok(None),
            Some(Part::Encoded(source)) => {
                let content = Content::from(source);
                // More of them are no rarity, and nothing is lost then.
                if length.is_some_and(|length| with_crlf(&content).is_ok_and(|have| have < length)) {
                    self.shortened.push(name_of(entity));
                }
                return Ok(Some(content));
            }
            Some(Part::Decoded(source)) => Content::from(source),
        };
        Ok(Some(match entity.encoding() {
            TransferEncoding::Base64 => {
                Content::join([in_base64(content, line_end), Content::from(line_end.as_bytes().to_vec())])
            }
            TransferEncoding::QuotedPrintable => {
                Content::from(in_quoted_printable(&content.to_vec(self.files.limits.text)?))
            }
            TransferEncoding::Identity => content,
            TransferEncoding::Uuencode => {
                return Err(Error::new(ErrorKind::Unsupported, "nothing is written in x-uuencode"));
            }
        }))
    }
}

/// Whether it has no body, but for a line end.
fn is_bare(entity: &Entity) -> bool {
    let body = entity.body();
    body.end - body.start <= 2
}

fn name_of(entity: &Entity) -> String {
    entity.file_name().unwrap_or_else(|| format!("one of type {}", entity.media_type().essence()))
}

/// `1` and 2 as `1.2`.
fn counted(above: &str, part: usize) -> String {
    if above.is_empty() { part.to_string() } else { format!("{above}.{part}") }
}

/// Where the line of the field stands that Apple Mail adds for the body it has taken away, and the length that it tells.
fn length_field(header: &[u8]) -> Option<(Range<usize>, Option<u64>)> {
    let section = HeaderSection::parse(header);
    let field = section.first(LENGTH)?;
    let start = usize::try_from(field.offset()).ok()?;
    let len = memchr_iter(b'\n', header.get(start..)?).next()? + 1;
    Some((start..start + len, str::from_utf8(field.value()).ok().and_then(|length| length.trim().parse().ok())))
}

/// The length of `content` if its lines ended in CRLF, which they do not as Apple Mail keeps it.
fn with_crlf(content: &Content) -> io::Result<u64> {
    let (mut added, mut last) = (0, 0);
    content.for_each_chunk(|chunk| {
        for end in memchr_iter(b'\n', chunk) {
            let before = end.checked_sub(1).map_or(last, |before| chunk.get(before).copied().unwrap_or(0));
            added += u64::from(before != b'\r');
        }
        last = chunk.last().copied().unwrap_or(last);
        Ok(())
    })?;
    Ok(content.len() + added)
}
