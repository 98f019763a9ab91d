use super::{Content, ReadAt};
use crate::defect::Defect;
use std::io;

/// Several contents read as one, in order: what is written around an attachment, and the attachment.
#[derive(Debug)]
pub(super) struct Joined {
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    start: u64,
    content: Content,
}

impl Part {
    fn end(&self) -> u64 {
        self.start.saturating_add(self.content.len())
    }
}

impl Joined {
    pub(super) fn new(contents: impl IntoIterator<Item = Content>) -> Self {
        let mut start = 0;
        let parts = contents
            .into_iter()
            .map(|content| {
                let part = Part { start, content };
                start = part.end();
                part
            })
            .collect();
        Self { parts }
    }
}

impl ReadAt for Joined {
    fn len(&self) -> u64 {
        self.parts.last().map_or(0, Part::end)
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let after = self.parts.partition_point(|part| part.start <= offset);
        let Some(part) = after.checked_sub(1).and_then(|i| self.parts.get(i)) else { return Ok(0) };
        part.content.read_at(offset.saturating_sub(part.start), buf)
    }

    fn take_defects(&self) -> Vec<Defect> {
        self.parts.iter().flat_map(|part| part.content.take_defects()).collect()
    }
}
