//! The framing of gzip (RFC 1952 §2.3): members of header, deflate data, CRC-32 and length.

use crate::source::window::Window;
use std::io;

const RESERVED: u8 = 0b1110_0000;
const FHCRC: u8 = 1 << 1;
const FEXTRA: u8 = 1 << 2;
const FNAME: u8 = 1 << 3;
const FCOMMENT: u8 = 1 << 4;

/// Octets of a member's trailer: CRC-32 and length modulo 2³².
pub(super) const TRAILER: u64 = 8;

/// Whether `octets` start like a gzip member: its magic number and the only compression method there is.
pub(crate) fn is_gzip(octets: &[u8]) -> bool {
    matches!(octets, [0x1f, 0x8b, 8, flags, ..] if flags & RESERVED == 0)
}

/// Where the deflate data of the member at `start` begins; `None` when no whole header is there.
pub(super) fn data_start(compressed: &mut Window, start: u64) -> io::Result<Option<u64>> {
    let Some(fixed) = compressed.array::<10>(start)? else { return Ok(None) };
    let [_, _, _, flags, ..] = fixed;
    if !is_gzip(&fixed) {
        return Ok(None);
    }
    let mut at = start.saturating_add(fixed.len() as u64);
    if flags & FEXTRA != 0 {
        let Some(len) = compressed.array(at)? else { return Ok(None) };
        at = at.saturating_add(2 + u64::from(u16::from_le_bytes(len)));
    }
    for field in [FNAME, FCOMMENT] {
        if flags & field != 0 {
            match after_nul(compressed, at)? {
                Some(next) => at = next,
                None => return Ok(None),
            }
        }
    }
    if flags & FHCRC != 0 {
        at = at.saturating_add(2);
    }
    Ok((at <= compressed.source().len()).then_some(at))
}

fn after_nul(compressed: &mut Window, mut at: u64) -> io::Result<Option<u64>> {
    loop {
        let octets = compressed.at(at)?;
        if octets.is_empty() {
            return Ok(None);
        }
        match memchr::memchr(0, octets) {
            Some(nul) => return Ok(Some(at.saturating_add(nul as u64).saturating_add(1))),
            None => at = at.saturating_add(octets.len() as u64),
        }
    }
}
