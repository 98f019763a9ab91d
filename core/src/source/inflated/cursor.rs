use super::{
    BLOCK, Framing, RING,
    gzip::{self, TRAILER},
    start_of,
};
use crate::{
    crc32::Crc32,
    defect::{Defect, DefectKind},
    source::{Source, window::Window},
};
use miniz_oxide::inflate::{
    TINFLStatus,
    core::{DecompressorOxide, decompress, inflate_flags::TINFL_FLAG_HAS_MORE_INPUT},
};
use std::io;

/// How far back a deflate match may reach (RFC 1951 §2).
const WINDOW: usize = 32 << 10;

/// A place from which inflating can begin: the decoder's state and the octets that it may refer back to.
pub(super) struct Restart {
    pub(super) out: u64,
    next_in: u64,
    decoder: Box<DecompressorOxide>,
    window: Vec<u8>,
}

/// How a compressed stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::source) enum End {
    /// As it should.
    Complete,
    /// The compressed octets end too early.
    CutOff,
    /// The octet at this place of the compressed octets cannot be.
    Corrupt(u64),
}

/// Inflates forward, block by block; the block in hand and the window before it lie in one ring.
pub(super) struct Cursor {
    compressed: Window,
    framing: Framing,
    decoder: Box<DecompressorOxide>,
    ring: Vec<u8>,
    next_in: u64,
    /// Octets given so far.
    pub(super) out: u64,
    pub(super) end: Option<End>,
    check: Option<MemberCheck>,
    /// When it was last used, on the clock of its owner.
    pub(super) used: u64,
}

/// What a gzip member's trailer is compared with.
#[derive(Default)]
struct MemberCheck {
    crc: Crc32,
    start: u64,
    defects: Vec<Defect>,
}

/// Defects told of one stream; a file of a million damaged members says it often enough.
const MEMBER_DEFECTS: usize = 16;

impl Cursor {
    /// A cursor before the first octet.
    pub(super) fn at_start(source: Source, framing: Framing) -> io::Result<Self> {
        let mut compressed = Window::new(source);
        let (next_in, end) = match framing {
            Framing::Raw => (0, None),
            Framing::Gzip => match gzip::data_start(&mut compressed, 0)? {
                Some(start) => (start, None),
                None => (0, Some(End::CutOff)),
            },
        };
        let decoder = Box::new(DecompressorOxide::new());
        Ok(Self { compressed, framing, decoder, ring: vec![0; RING], next_in, out: 0, end, check: None, used: 0 })
    }

    /// A cursor at `restart`.
    pub(super) fn at_restart(source: Source, framing: Framing, restart: &Restart) -> Self {
        let mut ring = vec![0; RING.saturating_sub(restart.window.len())];
        ring.extend_from_slice(&restart.window);
        Self {
            compressed: Window::new(source),
            framing,
            decoder: restart.decoder.clone(),
            ring,
            next_in: restart.next_in,
            out: restart.out,
            end: None,
            check: None,
            used: 0,
        }
    }

    /// The same cursor, comparing what each gzip member holds with what its trailer says.
    pub(super) fn checked(self) -> Self {
        Self { check: Some(MemberCheck::default()), ..self }
    }

    /// This place, when it is at a block's edge.
    pub(super) fn restart(&self) -> Option<Restart> {
        if self.end.is_some() || !self.out.is_multiple_of(BLOCK) {
            return None;
        }
        let window = self.ring.get(RING - WINDOW..)?.to_vec();
        Some(Restart { out: self.out, next_in: self.next_in, decoder: self.decoder.clone(), window })
    }

    /// The index of the block that is inflated next.
    pub(super) fn next_block(&self) -> u64 {
        self.out / BLOCK
    }

    /// Inflates to the end of the block in hand or of the stream, and gives what there is of that block.
    pub(super) fn fill_block(&mut self) -> io::Result<&[u8]> {
        let block = self.next_block();
        while self.end.is_none() && self.next_block() == block {
            self.inflate_some()?;
        }
        let len = usize::try_from(self.out.saturating_sub(start_of(block))).unwrap_or(RING);
        Ok(self.ring.get(..len).unwrap_or_default())
    }

    fn inflate_some(&mut self) -> io::Result<()> {
        let pos = usize::try_from(self.out % BLOCK).unwrap_or(0);
        let len = self.compressed.source().len();
        let input = self.compressed.at(self.next_in)?;
        let more = if self.next_in.saturating_add(input.len() as u64) < len { TINFL_FLAG_HAS_MORE_INPUT } else { 0 };
        let (status, consumed, written) = decompress(&mut self.decoder, input, &mut self.ring, pos, more);
        self.next_in = self.next_in.saturating_add(consumed as u64);
        self.out = self.out.saturating_add(written as u64);
        if let Some(check) = &mut self.check {
            check.crc.update(self.ring.get(pos..pos.saturating_add(written)).unwrap_or_default());
        }
        match status {
            TINFLStatus::HasMoreOutput | TINFLStatus::NeedsMoreInput => {}
            TINFLStatus::Done => self.next_member()?,
            TINFLStatus::FailedCannotMakeProgress => self.end = Some(End::CutOff),
            _ => self.end = Some(End::Corrupt(self.next_in)),
        }
        Ok(())
    }

    /// Goes from the end of one deflate stream to the next.
    fn next_member(&mut self) -> io::Result<()> {
        if self.framing == Framing::Raw {
            self.end = Some(End::Complete);
            return Ok(());
        }
        let trailer = self.compressed.array(self.next_in)?.map(u64::from_le_bytes);
        if let Some(check) = &mut self.check {
            check.member_end(trailer, self.out, self.next_in);
        }
        if trailer.is_none() {
            self.end = Some(End::CutOff);
            return Ok(());
        }
        let after = self.next_in.saturating_add(TRAILER);
        match gzip::data_start(&mut self.compressed, after)? {
            Some(start) => {
                self.next_in = start;
                self.decoder.init();
            }
            None => {
                let junk = self.compressed.source().len().saturating_sub(after);
                if let (Some(check), 1..) = (&mut self.check, junk) {
                    let detail = format!("{junk} octets after the end of the gzip data");
                    check.defects.push(Defect::new(DefectKind::TrailingGarbage, detail).at(after));
                }
                self.end = Some(End::Complete);
            }
        }
        Ok(())
    }

    /// What the check found.
    pub(super) fn into_defects(self) -> Vec<Defect> {
        self.check.map(|check| check.defects).unwrap_or_default()
    }
}

impl MemberCheck {
    fn member_end(&mut self, trailer: Option<u64>, out: u64, at: u64) {
        let crc = std::mem::take(&mut self.crc).value();
        let len = out.saturating_sub(std::mem::replace(&mut self.start, out));
        let found = u64::from(crc) | (len & u64::from(u32::MAX)) << 32;
        if trailer.is_some_and(|recorded| recorded != found) && self.defects.len() < MEMBER_DEFECTS {
            let detail = "the checksum or length of the gzip data does not match: some octets are wrong";
            self.defects.push(Defect::new(DefectKind::Damaged, detail).at(at));
        }
    }
}
