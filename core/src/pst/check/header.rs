//! The header and its root ([MS-PST] 2.2.2.5, 2.2.2.6).

use super::{Check, findings::Place, rules::Rule};
use crate::pst::{
    Variant, checksum,
    le::{u16_at, u32_at},
    nid,
};

/// Where the fields of a layout stand.
struct Fields {
    counters: usize,
    free_maps: usize,
    sentinel: usize,
    next_block: usize,
    next_page: usize,
    unique: usize,
    reserved: &'static [(usize, usize)],
}

const ANSI: Fields = Fields {
    counters: 36,
    free_maps: 204,
    sentinel: 460,
    next_block: 24,
    next_page: 28,
    unique: 32,
    reserved: &[(201, 3), (462, 2)],
};

const UNICODE: Fields = Fields {
    counters: 44,
    free_maps: 256,
    sentinel: 512,
    next_block: 516,
    next_page: 32,
    unique: 40,
    reserved: &[(180, 4), (249, 3), (252, 4), (172, 4), (514, 2)],
};

/// The least value of the counter of a type of nodes ([MS-PST] 2.2.2.6, rgnid).
fn least(kind: u32) -> u32 {
    match kind {
        nid::SEARCH_FOLDER => 0x4000,
        nid::NORMAL_MESSAGE => 0x1_0000,
        nid::ASSOCIATED_MESSAGE => 0x8000,
        _ => 0x400,
    }
}

impl Check {
    fn fields(&self) -> &'static Fields {
        if self.file.variant == Variant::Ansi { &ANSI } else { &UNICODE }
    }

    /// What only the header says.
    pub(super) fn header(&self) {
        let (header, fields) = (&self.file.header, self.fields());
        let octet = |at: usize| header.get(at).copied().unwrap_or(0);
        if !header.starts_with(b"!BDN") {
            self.add(Rule::HeaderMagic, &Place::at(0), || "the first four bytes are not !BDN".to_owned());
        }
        let client_version = u16_at(header, 12).unwrap_or(0);
        let client = header.get(8..10).unwrap_or_default();
        if client != b"SM" && !(client == b"SO" && client_version == 12) {
            self.add(Rule::HeaderMagic, &Place::at(8), || format!("wMagicClient is {client:02x?}"));
        }
        let version = u16_at(header, 10).unwrap_or(0);
        if !matches!(version, 14 | 15 | 23 | 36 | 37) {
            self.add(Rule::HeaderVersion, &Place::at(10), || format!("wVer is {version}; it is read as if it were 23"));
        }
        if !matches!(client_version, 12 | 19) {
            self.add(Rule::HeaderVersion, &Place::at(12), || format!("wVerClient is {client_version}"));
        }
        if (octet(14), octet(15)) != (1, 1) {
            self.add(Rule::HeaderPlatform, &Place::at(14), || {
                format!("they are {} and {} instead of 1 and 1", octet(14), octet(15))
            });
        }
        let crc = |name: &str, len: usize, at: usize| {
            let computed = header.get(8..).and_then(|header| header.get(..len)).map(checksum::crc).unwrap_or(0);
            let stored = u32_at(header, at).unwrap_or(0);
            if computed != stored {
                self.add(Rule::HeaderCrc, &Place::at(at as u64), || {
                    format!("{name} is {stored:#010x}, and {computed:#010x} was computed")
                });
            }
        };
        crc("dwCRCPartial", 471, 4);
        if self.file.variant != Variant::Ansi {
            crc("dwCRCFull", 516, 524);
        }
        if octet(fields.sentinel) != 0x80 {
            let found = octet(fields.sentinel);
            self.add(Rule::HeaderSentinel, &Place::at(fields.sentinel as u64), || {
                format!("it is {found:#04x} instead of 0x80")
            });
        }
        let at_code = fields.sentinel.saturating_add(1);
        let code = octet(at_code);
        if code > 2 {
            self.add(Rule::HeaderEncoding, &Place::at(at_code as u64), || format!("the encoding {code} is unknown"));
        }
        if u32_at(header, fields.unique) == Some(0) {
            self.add(Rule::HeaderUnique, &Place::at(fields.unique as u64), || "dwUnique is 0".to_owned());
        }
        for (at, len) in fields.reserved {
            let octets = header.get(*at..at.saturating_add(*len)).unwrap_or_default();
            if octets.iter().any(|octet| *octet != 0) {
                self.add(Rule::HeaderReserved, &Place::at(*at as u64), || format!("the bytes are {octets:02x?}"));
            }
        }
        let word = self.file.variant.word();
        let next = super::file::word_at(header, fields.next_block, word).unwrap_or(0);
        if next & 3 != 0 {
            self.add(Rule::HeaderNextBid, &Place::at(fields.next_block as u64), || format!("bidNextB is {next:#x}"));
        }
        for (kind, at) in (0..32).zip((fields.counters..).step_by(4)) {
            let counter = u32_at(header, at).unwrap_or(0);
            if counter < least(kind) && kind != 0 && is_known(kind) {
                let place = Place::at(at as u64);
                self.add(Rule::HeaderCounters, &place, || {
                    format!("that of type {kind:#x} is {counter:#x}, below its start value")
                });
            }
        }
        self.root();
    }

    fn root(&self) {
        let file = &self.file;
        let end = file.root_word(0);
        if end != file.len {
            self.add(Rule::RootEnd, &Place::at(file.root_place(0)), || {
                format!("ibFileEof is {end}, and the file has {} bytes", file.len)
            });
        }
        let valid = self.maps_valid();
        let is_early = file.variant == Variant::Ansi && valid < 2;
        if file.len.checked_sub(file.first_map()).is_none_or(|rest| !rest.is_multiple_of(file.section())) && !is_early {
            self.add(Rule::RootEnd, &Place::at(file.len), || {
                format!("the file has {} bytes: the range of its last allocation map is not whole", file.len)
            });
        }
        // Outlook before 2007 wrote 1.
        if valid != 2 && !(valid == 1 && self.has_old_maps.get()) {
            self.add(Rule::RootValid, &Place::at(file.root_place(8)), || format!("fAMapValid is {valid} instead of 2"));
        }
    }

    /// fAMapValid.
    pub(super) fn maps_valid(&self) -> u8 {
        usize::try_from(self.file.root_place(8)).ok().and_then(|at| self.file.header.get(at)).copied().unwrap_or(0)
    }

    /// The octets of rgbFM and of rgbFP.
    pub(super) fn free_maps(&self) -> (usize, &[u8], &[u8]) {
        let at = self.fields().free_maps;
        let maps = self.file.header.get(at..).unwrap_or_default();
        (at, maps.get(..128).unwrap_or_default(), maps.get(128..256).unwrap_or_default())
    }

    /// The counters against what is in use: the highest index of each type of nodes, and the highest identifiers of blocks and pages.
    pub(super) fn counters(&self, highest: &[u32; 32], block: u64, page: u64) {
        let (header, fields) = (&self.file.header, self.fields());
        let place = |kind: u32| (kind as usize).saturating_mul(4).saturating_add(fields.counters);
        let counter = |kind: u32| u32_at(header, place(kind)).unwrap_or(0);
        for (kind, index) in (0..).zip(highest) {
            // Tables have the index of their folder, and the parts of search folders that of theirs.
            let shared = match kind {
                1 => continue,
                0x0D..=0x0F => counter(nid::NORMAL_FOLDER).max(counter(nid::SEARCH_FOLDER)),
                6 | 7 => counter(nid::SEARCH_FOLDER),
                0x0A | 0x10 | 0x13 => counter(kind).max(counter(nid::SEARCH_FOLDER)),
                _ => counter(kind),
            };
            if *index > counter(kind).max(shared) {
                self.add(Rule::HeaderCounters, &Place::at(place(kind) as u64), || {
                    format!("that of type {kind:#x} is {:#x}, and a node has the index {index:#x}", counter(kind))
                });
            }
        }
        let word = self.file.variant.word();
        for (name, at, used) in [("bidNextB", fields.next_block, block), ("bidNextP", fields.next_page, page)] {
            let next = super::file::word_at(header, at, word).unwrap_or(0);
            if used >= next {
                self.add(Rule::HeaderNextBid, &Place::at(at as u64), || {
                    format!("{name} is {next:#x}, and {used:#x} is in use")
                });
            }
        }
    }

    /// How many blocks wait to be freed, as the header says.
    pub(super) fn waiting(&self) -> Option<u32> {
        if self.file.variant == Variant::Ansi { None } else { u32_at(&self.file.header, 176) }
    }
}

/// Whether the type of a node is a known one.
pub(super) fn is_known(kind: u32) -> bool {
    matches!(kind, 0..=0x13 | 0x16..=0x18 | 0x1F)
}
