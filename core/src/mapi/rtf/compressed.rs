use crate::{Defect, DefectKind, Error, ErrorKind, Result, crc32::crc32};

/// Octets of the header: COMPSIZE, RAWSIZE, COMPTYPE, CRC ([MS-OXRTFCP] 2.1.3.1.1).
const HEADER: usize = 16;
const COMPRESSED: &[u8] = b"LZFu";
const UNCOMPRESSED: &[u8] = b"MELA";

/// What the dictionary holds before the first octet ([MS-OXRTFCP] 2.1.3.1.4).
const INITIAL: &[u8; 207] = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \
\\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\
\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

/// Octets of the dictionary, a ring.
const DICTIONARY: usize = 4096;

/// The RTF inside the value of `PidTagRtfCompressed`, compressed or not ([MS-OXRTFCP]).
///
/// Stops at `limit` octets of RTF. A wrong checksum, a wrong size or a missing end is reported in `defects`, and what could be
/// read is given.
///
/// # Errors
/// [`ErrorKind::Malformed`] when it is not compressed RTF at all.
///
/// ```
/// use mailferry::mapi::rtf;
///
/// let example = [
///     0x2d, 0x00, 0x00, 0x00, 0x2b, 0x00, 0x00, 0x00, 0x4c, 0x5a, 0x46, 0x75, 0xf1, 0xc5, 0xc7, 0xa7, 0x03, 0x00, 0x0a,
///     0x00, 0x72, 0x63, 0x70, 0x67, 0x31, 0x32, 0x35, 0x42, 0x32, 0x0a, 0xf3, 0x20, 0x68, 0x65, 0x6c, 0x09, 0x00, 0x20,
///     0x62, 0x77, 0x05, 0xb0, 0x6c, 0x64, 0x7d, 0x0a, 0x80, 0x0f, 0xa0,
/// ];
/// let mut defects = Vec::new();
/// let rtf = rtf::decompress(&example, 1 << 20, &mut defects)?;
/// assert_eq!(rtf, b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n");
/// assert!(defects.is_empty());
/// # Ok::<(), mailferry::Error>(())
/// ```
pub fn decompress(value: &[u8], limit: usize, defects: &mut Vec<Defect>) -> Result<Vec<u8>> {
    let too_short = || Error::new(ErrorKind::Malformed, "compressed RTF without a whole header").non_fatal();
    let (header, contents) = value.split_at_checked(HEADER).ok_or_else(too_short)?;
    let (comp_size, raw_size) = (u32_at(header, 0), u32_at(header, 4));
    let (kind, crc) = (header.get(8..12).unwrap_or_default(), u32_at(header, 12));
    // COMPSIZE counts itself out but the other three fields of the header in.
    let claimed = usize::try_from(comp_size).unwrap_or(usize::MAX).saturating_sub(HEADER - 4);
    let contents = contents.get(..claimed).unwrap_or(contents);
    let raw_size = usize::try_from(raw_size).unwrap_or(usize::MAX);
    match kind {
        UNCOMPRESSED => {
            let wanted = raw_size.min(limit);
            // Some writers count the header into RAWSIZE, so only COMPSIZE tells what is missing.
            if contents.len() < claimed {
                defects.push(Defect::new(DefectKind::Truncated, "RTF shorter than its header says"));
            }
            Ok(contents.get(..wanted).unwrap_or(contents).to_vec())
        }
        COMPRESSED => {
            if contents.len() < claimed {
                defects.push(Defect::new(DefectKind::Truncated, "compressed RTF shorter than its header says"));
            } else if without_complements(contents) != crc {
                defects.push(Defect::new(DefectKind::Checksum, "the checksum of the compressed RTF is wrong"));
            }
            let rtf = expand(contents, limit);
            if rtf.len() == limit {
                defects.push(Defect::new(DefectKind::Truncated, format!("RTF cut at {limit} octets")));
            } else if rtf.len() != raw_size && rtf.len() + 1 != raw_size {
                let found = rtf.len();
                let detail = format!("RTF of {found} octets where its header says {raw_size}");
                defects.push(Defect::new(DefectKind::Property, detail));
            }
            Ok(rtf)
        }
        _ => Err(Error::new(ErrorKind::Malformed, "compressed RTF of an unknown kind").non_fatal()),
    }
}

/// Follows the runs of literals and references until the end mark, the end of `contents` or `limit`.
fn expand(contents: &[u8], limit: usize) -> Vec<u8> {
    let mut dictionary = [0_u8; DICTIONARY];
    for (to, from) in dictionary.iter_mut().zip(INITIAL) {
        *to = *from;
    }
    let mut write = INITIAL.len();
    let mut rtf = Vec::new();
    let mut octets = contents.iter().copied();
    while let Some(control) = octets.next() {
        for bit in 0..8 {
            let is_reference = control >> bit & 1 == 1;
            let (from, length) = if is_reference {
                let (Some(high), Some(low)) = (octets.next(), octets.next()) else { return rtf };
                let reference = usize::from(u16::from_be_bytes([high, low]));
                let (from, length) = (reference >> 4, (reference & 15) + 2);
                if from == write {
                    return rtf;
                }
                (from, length)
            } else {
                let Some(literal) = octets.next() else { return rtf };
                if let Some(slot) = dictionary.get_mut(write) {
                    *slot = literal;
                }
                (write, 1)
            };
            for step in 0..length {
                let Some(&octet) = dictionary.get((from + step) % DICTIONARY) else { return rtf };
                if rtf.len() == limit {
                    return rtf;
                }
                rtf.push(octet);
                if let Some(slot) = dictionary.get_mut(write) {
                    *slot = octet;
                }
                write = (write + 1) % DICTIONARY;
            }
        }
    }
    rtf
}

fn u32_at(octets: &[u8], at: usize) -> u32 {
    let bytes = octets.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(0, u32::from_le_bytes)
}

/// CRC-32 without the usual complements before and after ([MS-OXRTFCP] 2.1.3.2).
fn without_complements(octets: &[u8]) -> u32 {
    !crc32(u32::MAX, octets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A compressor that looks for the longest match the plain way: slow, short, and surely right.
    fn compress(rtf: &[u8]) -> Vec<u8> {
        let mut ring = INITIAL.to_vec();
        ring.resize(DICTIONARY, 0);
        let (mut write, mut end) = (INITIAL.len(), INITIAL.len());
        let mut contents = Vec::new();
        let mut at = 0;
        loop {
            let (mut control, mut run, mut done) = (0_u8, Vec::new(), false);
            for bit in 0..8 {
                if at == rtf.len() {
                    control |= 1 << bit;
                    run.extend(((write << 4) as u16).to_be_bytes());
                    done = true;
                    break;
                }
                let (mut best, mut length) = (0, 0);
                for from in (0..end).filter(|from| *from != write) {
                    let same = (0..17.min(rtf.len() - at)).take_while(|i| {
                        let p = (from + i) % DICTIONARY;
                        p != write && p < end && ring[p] == rtf[at + i]
                    });
                    let n = same.count();
                    if n > length {
                        (best, length) = (from, n);
                    }
                }
                let taken = if length >= 2 {
                    control |= 1 << bit;
                    run.extend(((best << 4 | (length - 2)) as u16).to_be_bytes());
                    length
                } else {
                    run.push(rtf[at]);
                    1
                };
                for _ in 0..taken {
                    ring[write] = rtf[at];
                    write = (write + 1) % DICTIONARY;
                    end = (end + 1).min(DICTIONARY);
                    at += 1;
                }
            }
            contents.push(control);
            contents.extend(run);
            if done {
                break;
            }
        }
        let mut value = ((contents.len() + 12) as u32).to_le_bytes().to_vec();
        value.extend((rtf.len() as u32).to_le_bytes());
        value.extend(COMPRESSED);
        value.extend(without_complements(&contents).to_le_bytes());
        value.extend(contents);
        value
    }

    /// [MS-OXRTFCP] 3.2.2: a reference that reads what it is writing.
    #[test]
    fn a_reference_may_overlap_the_write_position() {
        let example = [
            0x1a, 0, 0, 0, 0x1c, 0, 0, 0, 0x4c, 0x5a, 0x46, 0x75, 0xe2, 0xd4, 0x4b, 0x51, 0x41, 0x00, 0x04, 0x20, 0x57,
            0x58, 0x59, 0x5a, 0x0d, 0x6e, 0x7d, 0x01, 0x0e, 0xb0,
        ];
        let mut defects = Vec::new();
        assert_eq!(decompress(&example, 1000, &mut defects).unwrap(), b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}");
        assert_eq!(defects, []);
    }

    #[test]
    fn uncompressed_rtf_is_copied() {
        let mut value = b"\x12\0\0\0\x06\0\0\0MELA\0\0\0\0".to_vec();
        value.extend(b"{\\rtf}");
        assert_eq!(decompress(&value, 1000, &mut Vec::new()).unwrap(), b"{\\rtf}");
    }

    #[test]
    fn a_wrong_checksum_is_a_defect_and_the_text_survives() {
        let mut value = compress(b"{\\rtf1 hello}");
        value[12] ^= 1;
        let mut defects = Vec::new();
        assert_eq!(decompress(&value, 1000, &mut defects).unwrap(), b"{\\rtf1 hello}");
        assert_eq!(defects.iter().map(Defect::kind).collect::<Vec<_>>(), [DefectKind::Checksum]);
    }

    #[test]
    fn the_limit_holds() {
        let value = compress(&[b'a'; 5000]);
        let mut defects = Vec::new();
        assert_eq!(decompress(&value, 100, &mut defects).unwrap().len(), 100);
        assert_eq!(defects.len(), 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_was_compressed_comes_back(rtf in proptest::collection::vec(97_u8..101, 0..600)) {
            let mut defects = Vec::new();
            prop_assert_eq!(decompress(&compress(&rtf), 10_000, &mut defects).unwrap(), rtf);
            prop_assert!(defects.is_empty(), "{:?}", defects);
        }

        #[test]
        fn arbitrary_octets_never_panic(mut value in proptest::collection::vec(any::<u8>(), 0..300), real in any::<bool>()) {
            if real && value.len() > 12 {
                value[8..12].copy_from_slice(COMPRESSED);
            }
            let _ = decompress(&value, 1000, &mut Vec::new());
        }
    }
}
