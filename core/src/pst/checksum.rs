//! The checksum and the signature of pages and blocks ([MS-PST] 5.3, 5.5).

use crate::crc32::crc32;

/// The CRC-32 of `octets` as this format has it: from 0, and not inverted at the end.
pub(crate) fn crc(octets: &[u8]) -> u32 {
    !crc32(u32::MAX, octets)
}

/// The signature of what has the identifier `bid` and lies at the offset `ib`.
pub(crate) fn signature(ib: u64, bid: u64) -> u16 {
    let mixed = (ib ^ bid) as u32;
    ((mixed >> 16) ^ mixed) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_starts_from_nought() {
        assert_eq!(crc(b""), 0);
        assert_eq!(crc(&[0; 64]), 0);
        assert_eq!(crc(b"\x01"), 0x7707_3096);
    }
}
