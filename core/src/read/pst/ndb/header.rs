//! The header of the file ([MS-PST] 2.2.2.6).

use super::page::{Page, Tree};
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

/// The version of stores whose data may be protected with Windows Information Protection, and the code of the encryption of those that are
/// ([MS-PST] 2.2.2.6, wVer and bCryptMethod).
const INFORMATION_PROTECTION: u16 = 37;
const PROTECTED: u8 = 0x10;
const WHY_PROTECTED: &str = "the data of the store is protected with Windows Information Protection (version 37) and cannot be read without \
    the keys of its owner: open it in Outlook on a computer of that organization, and export it into a new PST without protection";

/// The highest version that is known.
const NEWEST: u16 = INFORMATION_PROTECTION;

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
        Self::parse(&octets, source).ok_or_else(|| {
            Error::new(ErrorKind::Malformed, "the header of the PST or OST file is cut short").at(Location::Byte(0))
        })?
    }

    fn parse(octets: &[u8], source: &dyn ReadAt) -> Option<Result<Self>> {
        let partial = octets.get(8..8 + 471).map(checksum::crc) == u32_at(octets, 4);
        let version = u16_at(octets, 10)?;
        let is_shielded = version == INFORMATION_PROTECTION;
        let variant = match version {
            14 | 15 => Variant::Ansi,
            21..=35 => Variant::Unicode,
            36 => Variant::Unicode4k,
            INFORMATION_PROTECTION => by_page_trailers(octets, source),
            other => return Some(Err(unknown_version(other, partial))),
        };
        let (root, encoding, checked) = match variant {
            Variant::Ansi => (168, 461, 8..479),
            Variant::Unicode | Variant::Unicode4k => (184, 513, 8..524),
        };
        // The ROOT behind its four reserved octets ([MS-PST] 2.2.2.5); of the free space only the maps have to say.
        let mut root = variant.words(octets.get(root..)?);
        let file_end = root.next()?;
        let mut trees = root.skip(3);
        let nodes = PageRef { bid: trees.next()?, ib: trees.next()? };
        let blocks = PageRef { bid: trees.next()?, ib: trees.next()? };
        let full = match variant {
            Variant::Ansi => true,
            Variant::Unicode | Variant::Unicode4k => octets.get(checked).map(checksum::crc) == u32_at(octets, 524),
        };
        let code = *octets.get(encoding)?;
        if code == PROTECTED && (is_shielded || partial) {
            return Some(Err(Error::new(ErrorKind::Unsupported, WHY_PROTECTED).at(Location::Byte(encoding as u64))));
        }
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

/// The version does not tell the size of the pages: that is the one under which the root of a tree proves itself.
fn by_page_trailers(octets: &[u8], source: &dyn ReadAt) -> Variant {
    const NODES_AT: usize = 180 + 44;
    const BLOCKS_AT: usize = NODES_AT + 16;
    let proves_itself = |variant: Variant, (tree, at): (Tree, usize)| {
        let mut page = vec![0; variant.page_size()];
        let ib =
            u64_at(octets, at).filter(|ib| ib.checked_add(page.len() as u64).is_some_and(|end| end <= source.len()))?;
        source.read_exact_at(ib, &mut page).ok()?;
        Page::parse(page.into(), variant, tree).filter(|page| page.sound)
    };
    let roots = [(Tree::Nodes, NODES_AT), (Tree::Blocks, BLOCKS_AT)];
    let is_4k = roots.into_iter().any(|root| proves_itself(Variant::Unicode4k, root).is_some());
    let is_512 = roots.into_iter().any(|root| proves_itself(Variant::Unicode, root).is_some());
    if is_4k && !is_512 { Variant::Unicode4k } else { Variant::Unicode }
}

/// A version that is not known; where the checksum of the header is wrong, it is the number that is damaged.
fn unknown_version(version: u16, is_sound: bool) -> Error {
    let what = match is_sound && version > NEWEST {
        true => (
            ErrorKind::Unsupported,
            format!(
                "the store is of version {version}, and the newest known one is {NEWEST}: export it from Outlook into a new PST, or look \
                 for a newer mailferry"
            ),
        ),
        false => (ErrorKind::Malformed, format!("the header of the store is damaged: {version} is not a version")),
    };
    Error::new(what.0, what.1).at(Location::Byte(10))
}
