//! Compound files ([MS-CFB]): storages and streams in one file, as Outlook's messages have them. Read, and composed for what is taken
//! out of one.
//!
//! Nothing of the file is held but the places of its allocation tables: a link of a chain is read where it is followed. What the
//! tables say is bounded by the length of the file: a sector belongs to one stream, an entry of the directory to one storage.
//!
//! [MS-CFB]: https://learn.microsoft.com/openspecs/windows_protocols/ms-cfb/

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

mod claims;
mod compose;
mod directory;
mod file;
mod header;
mod pages;
mod sectors;

pub(crate) use compose::{Composed, Inside, compose};
pub(crate) use directory::{Entry, EntryKind};
pub(crate) use file::{CompoundFile, Stream};

/// The first octets of every compound file ([MS-CFB] 2.2).
pub(crate) const SIGNATURE: &[u8; 8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// Octets of the header, whatever the size of sectors.
const HEADER: usize = 512;
/// Sector numbers of the allocation table that the header holds.
const IN_HEADER: usize = 109;
/// Octets of an entry of the directory.
const ENTRY: u64 = 128;
/// The largest number of a sector; above it stand marks ([MS-CFB] 2.1).
const MAX_SECTOR: u32 = 0xFFFF_FFFA;
const DIFAT_SECTOR: u32 = 0xFFFF_FFFC;
const FAT_SECTOR: u32 = 0xFFFF_FFFD;
const END_OF_CHAIN: u32 = 0xFFFF_FFFE;
const FREE: u32 = 0xFFFF_FFFF;
/// The number of an entry that stands for none.
const NO_ENTRY: u32 = 0xFFFF_FFFF;
