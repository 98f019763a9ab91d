use crate::{
    Defect, DefectKind, Error, ErrorKind, Result,
    crc32::crc32,
    source::{Content, ReadAt, Recode, Recoded, Source},
};
use std::sync::Arc;

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

/// Octets of a value that is expanded in memory.
const HELD: u64 = 1 << 20;

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
    let (header, contents) = value.split_at_checked(HEADER).unwrap_or((value, &[]));
    let header = Header::read(header)?;
    let claimed = usize::try_from(header.claimed).unwrap_or(usize::MAX);
    let contents = contents.get(..claimed).unwrap_or(contents);
    header.tell_missing(contents.len() as u64, || Ok(without_complements(contents)), defects)?;
    if !header.is_compressed {
        let wanted = usize::try_from(header.raw).unwrap_or(usize::MAX).min(limit);
        return Ok(contents.get(..wanted).unwrap_or(contents).to_vec());
    }
    let mut rtf = Vec::new();
    Expansion::default().expand(contents, true, limit, &mut rtf);
    header.tell_size(rtf.len() as u64, limit, defects);
    Ok(rtf)
}

/// The same of a value that may be too long to be held: it is expanded where it is read.
pub(in crate::mapi) fn decompressed(value: &Content, limit: usize, defects: &mut Vec<Defect>) -> Result<Content> {
    if value.len() <= HELD {
        return Ok(Content::from(decompress(&value.to_vec(limit)?, limit, defects)?));
    }
    let header = Header::read(&value.slice(0..HEADER as u64).to_vec(HEADER)?)?;
    let contents = value.slice(HEADER as u64..header.claimed.saturating_add(HEADER as u64));
    let crc = || {
        let mut crc = u32::MAX;
        contents.for_each_chunk(|octets| {
            crc = crc32(crc, octets);
            Ok(())
        })?;
        Ok(!crc)
    };
    header.tell_missing(contents.len(), crc, defects)?;
    if !header.is_compressed {
        return Ok(contents.slice(0..header.raw.min(limit as u64)));
    }
    // Nine octets make eight at least: more are not needed.
    let needed = (limit as u64).saturating_add(limit as u64 / 8).saturating_add(2 * Expansion::RUN as u64);
    let rtf = Recoded::open(Arc::new(contents.slice(0..needed)), 0, Runs, |_| {})?;
    header.tell_size(rtf.len().min(limit as u64), limit, defects);
    Ok(Content::from(Arc::new(rtf) as Source).slice(0..limit as u64))
}

/// What a value says of itself.
struct Header {
    is_compressed: bool,
    /// Octets behind it.
    claimed: u64,
    /// Octets of RTF.
    raw: u64,
    crc: u32,
}

impl Header {
    fn read(octets: &[u8]) -> Result<Self> {
        let malformed = |what| Err(Error::new(ErrorKind::Malformed, what).non_fatal());
        if octets.len() < HEADER {
            return malformed("compressed RTF without a whole header");
        }
        let is_compressed = match octets.get(8..12).unwrap_or_default() {
            COMPRESSED => true,
            UNCOMPRESSED => false,
            _ => return malformed("compressed RTF of an unknown kind"),
        };
        // COMPSIZE counts itself out but the other three fields of the header in.
        let claimed = u64::from(u32_at(octets, 0)).saturating_sub(HEADER as u64 - 4);
        Ok(Self { is_compressed, claimed, raw: u32_at(octets, 4).into(), crc: u32_at(octets, 12) })
    }

    /// Tells what is missing, or damaged by its checksum.
    fn tell_missing(&self, found: u64, crc: impl FnOnce() -> Result<u32>, defects: &mut Vec<Defect>) -> Result<()> {
        let what = if self.is_compressed { "compressed RTF" } else { "RTF" };
        // Some writers count the header into RAWSIZE, so only COMPSIZE tells what is missing.
        if found < self.claimed {
            defects.push(Defect::new(DefectKind::Truncated, format!("{what} shorter than its header says")));
        } else if self.is_compressed && crc()? != self.crc {
            defects.push(Defect::new(DefectKind::Checksum, "the checksum of the compressed RTF is wrong"));
        }
        Ok(())
    }

    /// Tells of a size that is not the one that was found.
    fn tell_size(&self, found: u64, limit: usize, defects: &mut Vec<Defect>) {
        if found == limit as u64 {
            defects.push(Defect::new(DefectKind::Truncated, format!("RTF cut at {limit} octets")));
        } else if found != self.raw && found + 1 != self.raw {
            let detail = format!("RTF of {found} octets where its header says {}", self.raw);
            defects.push(Defect::new(DefectKind::Property, detail));
        }
    }
}

/// How far runs of literals and references were followed.
#[derive(Clone, Copy)]
struct Expansion {
    dictionary: [u8; DICTIONARY],
    write: usize,
    /// The end mark was met, or the limit.
    is_over: bool,
}

impl Default for Expansion {
    fn default() -> Self {
        let mut dictionary = [0_u8; DICTIONARY];
        for (to, from) in dictionary.iter_mut().zip(INITIAL) {
            *to = *from;
        }
        Self { dictionary, write: INITIAL.len(), is_over: false }
    }
}

impl Expansion {
    /// Octets that a control octet and its run have at most.
    const RUN: usize = 17;

    /// Follows whole runs until the end mark, the end of `contents` or `limit`; how many octets of `contents` that took.
    fn expand(&mut self, contents: &[u8], is_last: bool, limit: usize, rtf: &mut Vec<u8>) -> usize {
        let mut octets = contents.iter().copied();
        while !self.is_over && (is_last || octets.len() >= Self::RUN) {
            let Some(control) = octets.next() else { break };
            self.is_over = self.run(control, &mut octets, limit, rtf).is_none();
        }
        contents.len() - octets.len()
    }

    /// Follows one run; `None` at the end mark, at the end of `octets` or at `limit`.
    fn run(
        &mut self,
        control: u8,
        octets: &mut impl Iterator<Item = u8>,
        limit: usize,
        rtf: &mut Vec<u8>,
    ) -> Option<()> {
        for bit in 0..8 {
            let is_reference = control >> bit & 1 == 1;
            let (from, length) = if is_reference {
                let reference = usize::from(u16::from_be_bytes([octets.next()?, octets.next()?]));
                (Some(reference >> 4).filter(|from| *from != self.write)?, (reference & 15) + 2)
            } else {
                *self.dictionary.get_mut(self.write)? = octets.next()?;
                (self.write, 1)
            };
            for step in 0..length {
                let octet = *self.dictionary.get((from + step) % DICTIONARY)?;
                if rtf.len() == limit {
                    return None;
                }
                rtf.push(octet);
                *self.dictionary.get_mut(self.write)? = octet;
                self.write = (self.write + 1) % DICTIONARY;
            }
        }
        Some(())
    }
}

/// Runs that are followed where they are read.
struct Runs;

impl Recode for Runs {
    type State = Expansion;
    // A state has a dictionary in it.
    const MARKS: usize = 256;

    fn recode(&self, octets: &[u8], is_last: bool, state: &mut Expansion, out: &mut Vec<u8>) -> usize {
        state.expand(octets, is_last, usize::MAX, out)
    }
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

    #[test]
    fn what_is_expanded_where_it_is_read_is_the_same() {
        let of = |value: &[u8], limit| {
            let (mut held, mut lying) = (Vec::new(), Vec::new());
            let whole = decompress(value, limit, &mut held).unwrap();
            let content = decompressed(&Content::from(value.to_vec()), limit, &mut lying).unwrap();
            assert!(content.to_vec(usize::MAX).unwrap() == whole, "{limit}");
            assert_eq!(held, lying);
            (whole.len(), held.len())
        };
        // Literals only, so that runs end anywhere in a piece, and references to all of the dictionary.
        let mut contents: Vec<u8> = Vec::new();
        for i in 0..150_000_u32 {
            match i % 3 {
                0 => contents.extend([0b0000_0000, 1, 2, 3, 4, 5, 6, 7, (i / 7) as u8]),
                1 => contents.extend([0b1000_0000, 9, 9, (i / 3) as u8, 9, 9, 9, 9, (i % 251) as u8, 0x3F]),
                // Both octets of the reference are even where the dictionary is written, which would end it: so is none here.
                _ => contents.extend([0b0000_0001, 0xFF, 0xF0 | (i % 16) as u8, 7, 7, 7, 7, 7, 7, (i / 5) as u8]),
            }
        }
        let (len, crc) = (contents.len() as u32 + 12, without_complements(&contents));
        let header = [&len.to_le_bytes()[..], &[0; 4], COMPRESSED, &crc.to_le_bytes()].concat();
        let value = [header, contents].concat();
        assert!(value.len() as u64 > HELD);
        for limit in [usize::MAX, 1_000_000, 70_000, 1] {
            let (len, defects) = of(&value, limit);
            assert!(len > 0 && defects == 1, "{len} {defects}");
        }
        of(&value[..value.len() - 5], usize::MAX);
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
