use super::{Input, STEP};
use crate::{error::Result, source::inflated::End};
use bzip2::{Decompress, Error, Status};

const MAGIC: &[u8] = b"BZh";

/// The streams of a bzip2 file, one behind the other, each of which carries its own checksums.
pub(super) struct Decoder {
    stream: Decompress,
    /// Whether a stream has ended.
    whole: bool,
}

impl Decoder {
    pub(super) fn new() -> Self {
        Self { stream: Decompress::new(false), whole: false }
    }
}

impl super::Decoder for Decoder {
    fn step(&mut self, input: &mut Input, out: &mut Vec<u8>) -> Result<Option<End>> {
        let (before_in, before_out) = (self.stream.total_in(), self.stream.total_out());
        let rest = input.rest()?;
        let nothing_left = rest.is_empty();
        let filled = out.len();
        out.resize(filled.saturating_add(STEP), 0);
        let status = self.stream.decompress(rest, out.get_mut(filled..).unwrap_or_default());
        let written = usize::try_from(self.stream.total_out().saturating_sub(before_out)).unwrap_or(STEP);
        out.truncate(filled.saturating_add(written));
        let taken = self.stream.total_in().saturating_sub(before_in);
        input.take(taken);
        Ok(match status {
            Ok(Status::StreamEnd) => {
                self.whole = true;
                if !input.starts_with(MAGIC)? {
                    return Ok(Some(input.ends_here("bzip2")));
                }
                self.stream = Decompress::new(false);
                None
            }
            Ok(_) if nothing_left && taken == 0 && written == 0 => Some(End::CutOff),
            Ok(_) => None,
            Err(Error::DataMagic) if self.whole && self.stream.total_out() == 0 => Some(input.ends_here("bzip2")),
            Err(_) => Some(End::Corrupt(input.at)),
        })
    }
}
