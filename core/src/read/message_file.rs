use super::{ItemReader, Request, detect::container, mbox, metadata};
use crate::{
    defect::{Defect, DefectKind},
    error::{Error, ErrorKind, Result},
    limits::Limits,
    model::{Folder, Item, ItemKind, Keywords, MboxOrigin, Message, Origin},
    source::{Content, Source, Window},
};
use std::{ops::Range, sync::Arc};

/// Octets of a From_ line before a message, at most.
const FROM_LINE: u16 = 4096;

/// Octets that show a container.
const CONTAINER: u16 = 16;

/// Octets that are looked at from the end at a time, for NULs that a crash left.
const TAIL: u64 = 4096;

/// Reads a file that holds one message, whatever it looks like.
pub(super) struct MessageFile {
    source: Source,
    name: Arc<str>,
    folder: Folder,
    limits: Limits,
    range: Range<u64>,
    read: bool,
    /// Whether its place tells its state, and what its header section has of Thunderbird's is old.
    state_elsewhere: bool,
    tells_separators: bool,
    defects: Vec<Defect>,
}

impl MessageFile {
    /// The message that `range` of the octets is.
    pub(super) fn open(request: Request, range: Range<u64>) -> Self {
        let Request { name, source, options } = request;
        let folder = metadata::folder_of_file(&name);
        Self {
            source,
            name,
            folder,
            limits: options.limits,
            range,
            read: false,
            state_elsewhere: false,
            tells_separators: false,
            defects: Vec::new(),
        }
    }

    /// The message that all octets are.
    pub(super) fn whole(request: Request) -> Self {
        let range = 0..request.source.len();
        Self::open(request, range)
    }

    /// The same of a message whose state is told by its name or what lies beside it: what other programs wrote into its header
    /// section hides it no more.
    pub(super) fn with_state_elsewhere(self) -> Self {
        Self { state_elsewhere: true, ..self }
    }

    /// The same, which tells of lines that would part messages in an mbox where a From_ line stands before it: it may be one
    /// under the wrong name.
    pub(super) fn telling_separators(self) -> Self {
        Self { tells_separators: true, ..self }
    }

    fn item(&mut self) -> Result<Item> {
        let Range { start, end } = self.range;
        if start >= end {
            return Err(Error::new(ErrorKind::Malformed, "is empty and contains no message").non_fatal());
        }
        if let Some(what) = container(&Window::new(self.source.clone()).octets(start, CONTAINER)?) {
            return Err(Error::new(ErrorKind::Unsupported, format!("is not a message but {what}")).non_fatal());
        }
        let from_line = self.leading_from_line()?;
        let message_start = start + from_line.len() as u64;
        let message_end = self.end_without_nuls(message_start)?;
        let ranges = Some(message_start..message_end);
        let message = Message::with_limits(Content::new(self.source.clone(), ranges), self.limits.clone());
        let mut separators = Vec::new();
        if self.tells_separators && !from_line.is_empty() {
            separators = mbox::separators_within(self.source.clone(), start, message_start)?;
        }
        let mbox = (!from_line.is_empty()).then(|| MboxOrigin { from_line, ..MboxOrigin::default() });
        let origin = Origin {
            source: self.name.clone(),
            ordinal: 1,
            offset: start,
            length: message_end - start,
            mbox,
            ..Origin::default()
        };
        let mut item = Item::new(ItemKind::Message(message.clone()), self.folder.clone(), origin);
        metadata::read_into(&mut item, &message, None)?;
        if self.state_elsewhere && std::mem::take(&mut item.expunged) {
            item.keywords.remove(Keywords::DELETED);
        }
        item.defects.extend(separators);
        Ok(item)
    }

    /// The From_ line that some programs leave before the message.
    fn leading_from_line(&self) -> Result<Vec<u8>> {
        let mut line = Window::new(self.source.clone()).octets(self.range.start, FROM_LINE)?;
        let mark = if line.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let blank = line.iter().skip(mark).take_while(|octet| matches!(octet, b'\r' | b'\n')).count();
        let rest = line.get(mark + blank..).unwrap_or_default();
        let end = memchr::memchr2(b'\n', b'\r', rest).filter(|_| rest.starts_with(b"From ")).map(|end| {
            let is_pair = rest.get(end..end + 2) == Some(b"\r\n");
            mark + blank + end + if is_pair { 2 } else { 1 }
        });
        line.truncate(end.unwrap_or(0));
        Ok(line)
    }

    /// Where the message ends before NULs that fill the rest of the file.
    fn end_without_nuls(&mut self, start: u64) -> Result<u64> {
        let mut end = self.range.end;
        let mut buffer = [0; TAIL as usize];
        while end > start {
            let from = end.saturating_sub(TAIL).max(start);
            let chunk = buffer.get_mut(..usize::try_from(end - from).unwrap_or(0)).unwrap_or_default();
            self.source.read_exact_at(from, chunk)?;
            match chunk.iter().rposition(|octet| *octet != 0) {
                Some(last) => {
                    end = from + last as u64 + 1;
                    break;
                }
                None => end = from,
            }
        }
        let nuls = self.range.end - end;
        if nuls > 0 {
            self.defects
                .push(Defect::new(DefectKind::NulTail, format!("{nuls} NUL octets at the end of the file")).at(end));
        }
        Ok(end)
    }
}

impl ItemReader for MessageFile {
    fn next_item(&mut self) -> Result<Option<Item>> {
        if std::mem::replace(&mut self.read, true) {
            return Ok(None);
        }
        self.item().map(Some)
    }

    fn position(&self) -> u64 {
        if self.read { self.source.len() } else { 0 }
    }

    fn take_defects(&mut self) -> Vec<Defect> {
        std::mem::take(&mut self.defects)
    }
}
