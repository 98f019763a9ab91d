use super::{Input, MOST_MEMORY};
use crate::{
    defect::{Defect, DefectKind},
    error::{Error, ErrorKind, Result},
    source::inflated::End,
};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder, errors::FrameDecoderError};
use std::io::{self, Read};

const FRAME: u32 = 0xfd2f_b528;
/// Magic number and length of a skippable frame (RFC 8878 §3.1.2).
const SKIPPABLE: std::ops::RangeInclusive<u32> = 0x184d_2a50..=0x184d_2a5f;

/// The frames of a Zstandard file. The decoder below knows one frame and compares no checksums.
pub(super) struct Decoder {
    frame: FrameDecoder,
    in_frame: bool,
    /// Whether a frame has ended.
    whole: bool,
}

impl Decoder {
    pub(super) fn new() -> Self {
        let mut frame = FrameDecoder::new();
        frame.set_max_window_size(MOST_MEMORY);
        Self { frame, in_frame: false, whole: false }
    }

    /// Goes to the data of the next frame.
    fn next_frame(&mut self, input: &mut Input) -> Result<Option<End>> {
        let at = input.at;
        let Some(magic) = input.window.array::<4>(at)?.map(u32::from_le_bytes) else {
            return Ok(Some(match self.whole {
                true => input.ends_here("Zstandard"),
                false => End::CutOff,
            }));
        };
        if SKIPPABLE.contains(&magic) {
            let Some(length) = input.window.array::<4>(at.saturating_add(4))?.map(u32::from_le_bytes) else {
                return Ok(Some(End::CutOff));
            };
            input.take(8 + u64::from(length));
            self.whole = true;
            return Ok((input.at > input.len()).then_some(End::CutOff));
        }
        if magic != FRAME {
            return Ok(Some(match self.whole {
                true => input.ends_here("Zstandard"),
                false => End::Corrupt(at),
            }));
        }
        let mut reader = Reader::new(input);
        let begun = self.frame.init(&mut reader);
        let ended = reader.finish()?;
        match begun {
            Ok(()) => {
                self.in_frame = true;
                Ok(None)
            }
            Err(FrameDecoderError::WindowSizeTooBig { requested, .. }) => {
                let message = format!(
                    "is Zstandard data that asks for {requested} octets of memory, more than {MOST_MEMORY}: decompress it first"
                );
                Err(Error::new(ErrorKind::Limit, message))
            }
            Err(FrameDecoderError::DictNotProvided { dict_id }) => {
                let message =
                    format!("is Zstandard data that needs dictionary {dict_id}: decompress it with that first");
                Err(Error::new(ErrorKind::Unsupported, message))
            }
            Err(_) if ended => Ok(Some(End::CutOff)),
            Err(_) => Ok(Some(End::Corrupt(at))),
        }
    }

    /// Gives what the decoder holds back of a frame that breaks off: an empty last block ends it.
    fn rescue(&mut self, out: &mut Vec<u8>) {
        const LAST_BLOCK_AND_CHECKSUM: &[u8] = &[1, 0, 0, 0, 0, 0, 0];
        if self.frame.decode_blocks(LAST_BLOCK_AND_CHECKSUM, BlockDecodingStrategy::UptoBlocks(1)).is_ok() {
            out.extend(self.frame.collect().unwrap_or_default());
        }
    }
}

impl super::Decoder for Decoder {
    fn step(&mut self, input: &mut Input, out: &mut Vec<u8>) -> Result<Option<End>> {
        if !self.in_frame {
            return self.next_frame(input);
        }
        let mut reader = Reader::new(input);
        let decoded = self.frame.decode_blocks(&mut reader, BlockDecodingStrategy::UptoBlocks(1));
        let ended = reader.finish()?;
        if decoded.is_err() {
            self.rescue(out);
            return Ok(Some(if ended { End::CutOff } else { End::Corrupt(input.at) }));
        }
        self.frame.collect_to_writer(&mut *out)?;
        if self.frame.is_finished() {
            (self.in_frame, self.whole) = (false, true);
            let checksum = self.frame.get_checksum_from_data();
            if checksum.is_some() && checksum != self.frame.get_calculated_checksum() {
                let detail = "the checksum of the Zstandard data does not match: some octets are wrong";
                input.tell(Defect::new(DefectKind::Damaged, detail).at(input.at));
            }
        }
        Ok(None)
    }
}

/// Reads on from where the input is, and remembers what stopped it.
struct Reader<'i> {
    input: &'i mut Input,
    failed: Option<io::Error>,
    /// Whether more was wanted than there is.
    ended: bool,
}

impl<'i> Reader<'i> {
    fn new(input: &'i mut Input) -> Self {
        Self { input, failed: None, ended: false }
    }

    /// Whether the input ended; or why it could not be read.
    fn finish(self) -> io::Result<bool> {
        self.failed.map_or(Ok(self.ended), Err)
    }
}

impl Read for Reader<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let octets = match self.input.rest() {
            Ok(octets) => octets,
            Err(error) => {
                self.failed = Some(error);
                return Err(io::Error::other("the source cannot be read"));
            }
        };
        let n = octets.len().min(buf.len());
        self.ended |= octets.is_empty() && !buf.is_empty();
        if let (Some(to), Some(from)) = (buf.get_mut(..n), octets.get(..n)) {
            to.copy_from_slice(from);
        }
        self.input.take(n as u64);
        Ok(n)
    }
}
