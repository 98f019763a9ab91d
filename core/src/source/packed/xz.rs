use super::{Input, MOST_MEMORY, STEP};
use crate::{
    error::{Error, ErrorKind, Result},
    source::inflated::End,
};
use lzma_rust2::{Action, Status, XzStream};
use std::io;

const MAGIC: &[u8] = b"\xfd7zXZ\0";

/// The streams of an xz file, with the padding between them. Checksums of blocks and of the index are compared on the way.
pub(super) struct Decoder {
    stream: XzStream,
}

impl Decoder {
    pub(super) fn new() -> Self {
        Self { stream: stream() }
    }
}

fn stream() -> XzStream {
    XzStream::new_mem_limit(false, u32::try_from(MOST_MEMORY >> 10).unwrap_or(u32::MAX))
}

impl super::Decoder for Decoder {
    fn step(&mut self, input: &mut Input, out: &mut Vec<u8>) -> Result<Option<End>> {
        let (before_in, before_out) = (self.stream.total_in(), self.stream.total_out());
        let rest = input.rest()?;
        let nothing_left = rest.is_empty();
        let action = if nothing_left { Action::Finish } else { Action::Run };
        let filled = out.len();
        out.resize(filled.saturating_add(STEP), 0);
        let result = self.stream.process(rest, out.get_mut(filled..).unwrap_or_default(), action);
        // What came before an error counts, too.
        let written = usize::try_from(self.stream.total_out().saturating_sub(before_out)).unwrap_or(STEP);
        out.truncate(filled.saturating_add(written));
        let taken = self.stream.total_in().saturating_sub(before_in);
        input.take(taken);
        match result.map(|result| result.status) {
            Ok(Status::StreamEnd) => {
                skip_padding(input)?;
                if !input.starts_with(MAGIC)? {
                    return Ok(Some(input.ends_here("xz")));
                }
                self.stream = stream();
                Ok(None)
            }
            Ok(Status::Ok) if nothing_left && taken == 0 && written == 0 => Ok(Some(End::CutOff)),
            Ok(Status::Ok) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::OutOfMemory => {
                let message =
                    format!("is xz data that asks for more than {MOST_MEMORY} octets of memory: decompress it first");
                Err(Error::new(ErrorKind::Limit, message))
            }
            Err(error) if error.kind() == io::ErrorKind::Unsupported => {
                let message = "is xz data with an unknown filter or check: decompress it first";
                Err(Error::new(ErrorKind::Unsupported, message).because(error))
            }
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof || input.is_at_end() => Ok(Some(End::CutOff)),
            Err(_) => Ok(Some(End::Corrupt(input.at))),
        }
    }
}

/// Goes over the NULs behind a stream.
fn skip_padding(input: &mut Input) -> io::Result<()> {
    loop {
        let rest = input.rest()?;
        let nuls = rest.iter().take_while(|octet| **octet == 0).count();
        let all = nuls == rest.len();
        input.take(nuls as u64);
        if !all || nuls == 0 {
            return Ok(());
        }
    }
}
