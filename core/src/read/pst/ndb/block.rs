//! Blocks ([MS-PST] 2.2.2.8).

use super::{Ndb, btree::Found, page::BlockEntry};
use crate::{
    defect::{Defect, DefectKind},
    error::{Error, ErrorKind, Location, Result},
    pst::{
        Variant, checksum,
        encoding::Encoding,
        le::{u16_at, u32_at, u64_at},
    },
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};
use std::{
    mem,
    sync::{Arc, PoisonError},
};

/// A zlib stream that is there as a whole, as is the room for what it holds.
const WHOLE: u32 =
    inflate_flags::TINFL_FLAG_PARSE_ZLIB_HEADER | inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;

/// The data of a block, and whether it is what it should be.
pub(super) struct Read {
    pub(super) data: Arc<[u8]>,
    pub(super) sound: bool,
}

/// Whether a block holds the format's own structures, which are never scrambled, rather than data.
pub(crate) fn is_internal(bid: u64) -> bool {
    bid & 2 != 0
}

impl Ndb {
    /// Where the block `bid` is, if it is anywhere.
    pub(crate) fn block_entry(&self, bid: u64) -> Result<Option<BlockEntry>> {
        if let Some(salvaged) = self.salvaged_so_far().and_then(|salvage| salvage.proven_block(bid)) {
            return Ok(Some(salvaged));
        }
        let fits = |entry: &BlockEntry| {
            let size = self.variant.block_size(entry.stored.into()) as u64;
            entry.ib.checked_add(size).is_some_and(|end| end <= self.source.len())
        };
        match self.find_block(bid)? {
            Found::Entry(entry) if fits(&entry) => Ok(Some(entry)),
            // No block has this identifier: it stands for "none". Any other that is referred to was there once.
            Found::Nothing if bid & !1 == 0 => Ok(None),
            _ => Ok(self.salvage()?.block(bid).filter(fits)),
        }
    }

    /// The data of the block `bid`, unscrambled and inflated.
    ///
    /// # Errors
    /// Non-fatal, when there is no such block or its octets are another's.
    pub(crate) fn block(&self, bid: u64) -> Result<Arc<[u8]>> {
        let entry = self.block_entry(bid)?.ok_or_else(|| {
            Error::new(ErrorKind::Malformed, format!("block {bid:#x} is not in the file")).non_fatal()
        })?;
        self.block_at(entry)
    }

    /// The data of the block at this entry.
    pub(crate) fn block_at(&self, entry: BlockEntry) -> Result<Arc<[u8]>> {
        if let Some(data) = self.blocks_read.get(entry.bid) {
            return Ok(data);
        }
        let mut read = self.read_block(entry)?;
        if read.is_none()
            && let Some(other) = self.salvage()?.block(entry.bid)
            && other != entry
        {
            read = self.read_block(other)?;
        }
        let Read { data, sound } = read.ok_or_else(|| {
            Error::new(ErrorKind::Malformed, format!("block {:#x} has the data of another block", entry.bid))
                .at(Location::Byte(entry.ib))
                .non_fatal()
        })?;
        // Whoever reads what is damaged is to be told.
        if sound {
            self.blocks_read.insert(entry.bid, data.clone(), data.len());
        }
        Ok(data)
    }

    /// The data of a block, or `None` when what lies there is not that block.
    pub(super) fn read_block(&self, entry: BlockEntry) -> Result<Option<Read>> {
        let stored = usize::from(entry.stored);
        let size = self.variant.block_size(stored);
        if stored == 0 || entry.ib.checked_add(size as u64).is_none_or(|end| end > self.source.len()) {
            return Ok(None);
        }
        // Another thread that reads meanwhile finds no buffer here and makes its own.
        let mut buffer = mem::take(&mut *self.buffer.lock().unwrap_or_else(PoisonError::into_inner));
        if buffer.len() < size {
            buffer.resize(size, 0);
        }
        let octets = buffer.get_mut(..size).unwrap_or_default();
        let data = self.read_exact_at(entry.ib, octets).map(|()| {
            let sound = self.is_sound(entry, octets)?;
            let data = self.decoded(octets.get_mut(..stored).unwrap_or_default(), entry)?;
            Some(Read { data, sound })
        });
        *self.buffer.lock().unwrap_or_else(PoisonError::into_inner) = buffer;
        data
    }

    /// Whether the block that `octets` are with their trailer is sound; `None` where they are another's.
    fn is_sound(&self, entry: BlockEntry, octets: &[u8]) -> Option<bool> {
        let trailer = Trailer::parse(octets, self.variant);
        let crc = trailer.crc == checksum::crc(octets.get(..entry.stored.into()).unwrap_or_default());
        let own = trailer.bid & !1 == entry.bid
            || trailer.signature == checksum::signature(entry.ib, trailer_bid(entry.bid, trailer.bid));
        if !own && (crc || self.is_damaged()) {
            return None;
        }
        if !crc || !own {
            let what = format!("block {:#x} has a wrong checksum or identifier", entry.bid);
            self.defects.add(entry.ib, Defect::new(DefectKind::Checksum, what).at(entry.ib));
        }
        Some(crc && own)
    }

    /// Reads the data of the first of `blocks`, and of those behind it that lie behind it in the file too, straight into `out`, past
    /// the cache, and gives its length: 0 where there is no room for the first with its trailer, or where it needs more than
    /// unscrambling.
    pub(super) fn read_blocks_into(&self, blocks: impl Iterator<Item = BlockEntry>, out: &mut [u8]) -> Result<usize> {
        let mut run = Vec::new();
        let (mut start, mut room) = (None, 0_usize);
        for entry in blocks {
            let size = self.variant.block_size(entry.stored.into());
            let follows = start.is_none_or(|start: u64| start.checked_add(room as u64) == Some(entry.ib));
            let ends_inside = entry.ib.checked_add(size as u64).is_some_and(|end| end <= self.source.len());
            let is_plain = entry.stored > 0 && !self.is_compressed(entry);
            let needed = room.saturating_add(size);
            if !follows || !ends_inside || !is_plain || needed > out.len() || self.blocks_read.get(entry.bid).is_some()
            {
                break;
            }
            start.get_or_insert(entry.ib);
            room = needed;
            run.push((entry, size));
        }
        let Some(start) = start else { return Ok(0) };
        self.read_exact_at(start, out.get_mut(..room).unwrap_or_default())?;
        let (mut at, mut filled) = (0_usize, 0_usize);
        for (entry, size) in run {
            let end = at.saturating_add(size);
            let Some(octets) = out.get_mut(at..end).filter(|octets| self.is_sound(entry, octets).is_some()) else {
                break;
            };
            let data = octets.get_mut(..entry.stored.into()).unwrap_or_default();
            if !is_internal(entry.bid) {
                self.encoding.decode(data, entry.bid);
            }
            let len = data.len();
            // Over the trailers of those before it.
            out.copy_within(at..at.saturating_add(len), filled);
            at = end;
            filled = filled.saturating_add(len);
        }
        Ok(filled)
    }

    fn is_compressed(&self, entry: BlockEntry) -> bool {
        self.variant == Variant::Unicode4k && entry.size != entry.stored
    }

    fn decoded(&self, octets: &mut [u8], entry: BlockEntry) -> Option<Arc<[u8]>> {
        let scrambled = !is_internal(entry.bid) && self.encoding != Encoding::Plain;
        if !self.is_compressed(entry) {
            if scrambled {
                self.encoding.decode(octets, entry.bid);
            }
            return Some(Arc::from(&*octets));
        }
        let inflated = inflate(octets, entry.size.into());
        if inflated.is_some() || !scrambled {
            return inflated;
        }
        self.encoding.decode(octets, entry.bid);
        inflate(octets, entry.size.into())
    }
}

/// What the trailer's signature is made with: the identifier of the entry, with the low bit that the trailer shows.
fn trailer_bid(entry: u64, trailer: u64) -> u64 {
    entry | (trailer & 1)
}

/// The end of a block ([MS-PST] 2.2.2.8.1).
pub(super) struct Trailer {
    pub(super) size: u16,
    pub(super) signature: u16,
    pub(super) crc: u32,
    pub(super) bid: u64,
    /// Octets once inflated, in the variant that compresses.
    pub(super) inflated: u16,
}

impl Trailer {
    /// The trailer at the end of `octets`.
    pub(super) fn parse(octets: &[u8], variant: Variant) -> Self {
        let (_, trailer) = octets.split_at(octets.len().saturating_sub(variant.block_trailer()));
        let word = |at| u32_at(trailer, at).unwrap_or(0);
        let size = u16_at(trailer, 0).unwrap_or(0);
        let (crc, bid) = match variant {
            Variant::Ansi => (word(8), word(4).into()),
            Variant::Unicode | Variant::Unicode4k => (word(4), u64_at(trailer, 8).unwrap_or(0)),
        };
        let inflated = match variant {
            Variant::Unicode4k => u16_at(trailer, 18).unwrap_or(0),
            Variant::Ansi | Variant::Unicode => size,
        };
        Self { size, signature: u16_at(trailer, 2).unwrap_or(0), crc, bid, inflated }
    }
}

/// Exactly `size` octets out of a zlib stream (RFC 1950); what is missing at its end is filled with NUL.
fn inflate(octets: &[u8], size: usize) -> Option<Arc<[u8]>> {
    let mut inflated = vec![0; size];
    let mut decoder = Box::new(DecompressorOxide::new());
    let (_, _, there) = decompress(&mut decoder, octets, &mut inflated, 0, WHOLE);
    (there > 0).then(|| inflated.into())
}
