//! The header of the file ([MS-PST] 2.2.2.6).

use crate::{
    error::{Error, ErrorKind, Location, Result},
    pst::{
        Variant, checksum,
        encoding::Encoding,
        le::{u16_at, u32_at, u64_at},
    },
    source::ReadAt,
};

/// Octets that every variant's header fits in.
const HEADER: usize = 564;

/// Where a page is and which identifier it must have (BREF, [MS-PST] 2.2.2.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PageRef {
    pub(crate) bid: u64,
    pub(crate) ib: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Header {
    pub(crate) variant: Variant,
    pub(crate) encoding: Encoding,
    /// Root of the node B-tree.
    pub(crate) nodes: PageRef,
    /// Root of the block B-tree.
    pub(crate) blocks: PageRef,
    /// The length that the file had when it was last written.
    pub(crate) file_end: u64,
    /// Whether its checksum is right.
    pub(crate) sound: bool,
    /// Whether it is that of a personal address book (PAB), which is laid out alike (wMagicClient "AB").
    pub(crate) is_address_book: bool,
}

impl Header {
    /// Reads the header at the start of `source`.
    pub(crate) fn read(source: &dyn ReadAt) -> Result<Self> {
        let mut octets = [0; HEADER];
        let have = usize::try_from(source.len()).unwrap_or(HEADER).min(HEADER);
        source.read_exact_at(0, octets.get_mut(..have).unwrap_or_default())?;
        if !octets.starts_with(b"!BDN") {
            return Err(Error::new(ErrorKind::UnknownFormat, "does not start with the octets of a PST or OST file")
                .at(Location::Byte(0)));
        }
        Self::parse(&octets).ok_or_else(|| {
            Error::new(ErrorKind::Malformed, "the header of the PST or OST file is cut short").at(Location::Byte(0))
        })?
    }

    fn parse(octets: &[u8]) -> Option<Result<Self>> {
        let variant = match u16_at(octets, 10)? {
            14 | 15 => Variant::Ansi,
            21..=35 => Variant::Unicode,
            36..=40 => Variant::Unicode4k,
            other => {
                return Some(Err(Error::new(ErrorKind::Unsupported, format!("PST version {other} is not known"))
                    .at(Location::Byte(10))));
            }
        };
        let (root, encoding, checked) = match variant {
            Variant::Ansi => (164, 461, 8..479),
            Variant::Unicode | Variant::Unicode4k => (180, 513, 8..524),
        };
        let word = |at: usize| match variant {
            Variant::Ansi => u32_at(octets, at).map(u64::from),
            Variant::Unicode | Variant::Unicode4k => u64_at(octets, at),
        };
        let size = variant.word();
        let file_end = word(root + 4)?;
        let first = root + 4 + 4 * size;
        let nodes = PageRef { bid: word(first)?, ib: word(first + size)? };
        let blocks = PageRef { bid: word(first + 2 * size)?, ib: word(first + 3 * size)? };
        let partial = octets.get(8..8 + 471).map(checksum::crc) == u32_at(octets, 4);
        let full = match variant {
            Variant::Ansi => true,
            Variant::Unicode | Variant::Unicode4k => octets.get(checked).map(checksum::crc) == u32_at(octets, 524),
        };
        let code = *octets.get(encoding)?;
        let known = Encoding::from_code(code);
        Some(Ok(Self {
            variant,
            encoding: known.unwrap_or(Encoding::Permute),
            nodes,
            blocks,
            file_end,
            sound: partial && full && known.is_some(),
            is_address_book: octets.get(8..10) == Some(b"AB"),
        }))
    }
}
