use super::le::{u32_at, u64_at};

/// The three layouts of the file ([MS-PST] 2.2.2.6, wVer).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variant {
    /// 32-bit identifiers and offsets, wVer 14 and 15.
    Ansi,
    /// 64-bit identifiers and offsets, wVer 21 to 35.
    Unicode,
    /// As Unicode, but pages of 4,096 octets and blocks of 64 KiB that may be compressed, wVer 36 (Outlook 2013, OST). Stores of wVer 37
    /// are of either layout.
    Unicode4k,
}

impl Variant {
    /// Octets of a page.
    pub(crate) const fn page_size(self) -> usize {
        match self {
            Self::Ansi | Self::Unicode => 512,
            Self::Unicode4k => 4096,
        }
    }

    /// Octets of a page before its trailer, which are those that its checksum covers.
    pub(crate) const fn page_body(self) -> usize {
        match self {
            Self::Ansi => 500,
            Self::Unicode => 496,
            Self::Unicode4k => 4072,
        }
    }

    /// Octets for the entries of a B-tree page.
    pub(crate) const fn page_entries(self) -> usize {
        match self {
            Self::Ansi => 496,
            Self::Unicode => 488,
            Self::Unicode4k => 4056,
        }
    }

    /// Octets of an identifier (BID) or an offset (IB) in the file.
    pub(crate) const fn word(self) -> usize {
        match self {
            Self::Ansi => 4,
            Self::Unicode | Self::Unicode4k => 8,
        }
    }

    /// The identifiers or offsets that `octets` are, one behind the other.
    pub(crate) fn words(self, octets: &[u8]) -> impl Iterator<Item = u64> {
        octets.chunks_exact(self.word()).map_while(move |word| match self {
            Self::Ansi => u32_at(word, 0).map(u64::from),
            Self::Unicode | Self::Unicode4k => u64_at(word, 0),
        })
    }

    /// Octets of a block's trailer.
    pub(crate) const fn block_trailer(self) -> usize {
        match self {
            Self::Ansi => 12,
            Self::Unicode => 16,
            Self::Unicode4k => 24,
        }
    }

    /// What the offset and the size of a block are a multiple of.
    pub(crate) const fn block_slot(self) -> usize {
        match self {
            Self::Ansi | Self::Unicode => 64,
            Self::Unicode4k => 512,
        }
    }

    /// The most octets of data in one block.
    pub(crate) const fn block_data(self) -> usize {
        match self {
            Self::Ansi => 8180,
            Self::Unicode => 8176,
            Self::Unicode4k => 65512,
        }
    }

    /// Octets that a block with `data` octets takes in the file, padding and trailer included.
    pub(crate) const fn block_size(self, data: usize) -> usize {
        match data.saturating_add(self.block_trailer()).checked_next_multiple_of(self.block_slot()) {
            Some(size) => size,
            None => usize::MAX,
        }
    }
}
