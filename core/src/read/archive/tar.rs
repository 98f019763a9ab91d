//! tar: the ustar and pax interchange formats (POSIX.1-2024, pax) and the GNU extensions to them.

use super::{Budget, Entry, Found, label, why_passed};
use crate::{
    defect::{Defect, DefectKind},
    error::{Error, ErrorKind, Location, Result},
    source::{Content, Source, Window},
};
use std::sync::Arc;

const BLOCK: u64 = 512;
/// Octets of a long name or of extended header records that are read.
const EXTENDED_MAX: u16 = u16::MAX;

/// Whether `octets` start with a tar header: its checksum is right.
pub(in crate::read) fn is_tar(octets: &[u8]) -> bool {
    octets.first_chunk().is_some_and(|header| Header(*header).is_valid())
}

/// The entries of a tar archive.
pub(in crate::read) struct Tar {
    window: Window,
    budget: Budget,
    at: u64,
}

/// A header block.
struct Header([u8; BLOCK as usize]);

/// What the headers before an entry's own say of it.
#[derive(Default)]
struct Extended {
    name: Option<Vec<u8>>,
    size: Option<u64>,
    sparse: bool,
}

impl Tar {
    pub(in crate::read) fn new(source: Source, budget: Budget) -> Self {
        Self { window: Window::new(source), budget, at: 0 }
    }

    /// The next entry, `None` at the end of the archive; directories are left out.
    pub(in crate::read) fn next_found(&mut self) -> Result<Option<Found>> {
        let archive = Arc::clone(&self.budget.archive);
        let mut extended = Extended::default();
        loop {
            let at = self.at;
            let Some(header) = self.next_header().map_err(|e| e.in_file(&*archive).at(Location::Byte(at)))? else {
                return Ok(None);
            };
            self.budget.entry()?;
            let data = at + BLOCK;
            let own_size = header.size();
            let kind = header.kind();
            let size =
                if matches!(kind, b'L' | b'K' | b'x' | b'g') { own_size } else { extended.size.unwrap_or(own_size) };
            self.at = data.saturating_add(size.checked_next_multiple_of(BLOCK).unwrap_or(u64::MAX));
            let short = u16::try_from(size).unwrap_or(EXTENDED_MAX);
            match kind {
                b'L' => {
                    let mut name = self.window.octets(data, short)?;
                    name.truncate(memchr::memchr(0, &name).unwrap_or(name.len()));
                    extended.name = Some(name);
                }
                b'x' => extended.take_pax(&self.window.octets(data, short)?),
                b'K' | b'g' => {}
                _ => {
                    let octets = extended.name.take().unwrap_or_else(|| header.name());
                    let entry = Entry { name: label(&octets), size, defects: Vec::new() };
                    let sparse = std::mem::take(&mut extended).sparse || kind == b'S';
                    if kind != b'5' && !entry.name.ends_with('/') {
                        return self.found(entry, kind, sparse, data).map(Some);
                    }
                }
            }
        }
    }

    fn next_header(&mut self) -> Result<Option<Header>> {
        let Some(block) = self.window.array(self.at)? else { return Ok(None) };
        if block.iter().all(|octet| *octet == 0) {
            return Ok(None);
        }
        let header = Header(block);
        if header.is_valid() {
            return Ok(Some(header));
        }
        self.at = u64::MAX;
        Err(Error::new(ErrorKind::Malformed, "the tar archive is damaged: a header was expected, the rest is not read"))
    }

    fn found(&mut self, mut entry: Entry, kind: u8, sparse: bool, data: u64) -> Result<Found> {
        if let Some(why) = why_passed(&entry.name) {
            return Ok(self.budget.pass(&entry, why));
        }
        match kind {
            b'0' | 0 | b'7' | b'S' => {}
            b'1' | b'2' => return Ok(self.budget.pass(&entry, "is a link, not a file")),
            _ => return Ok(self.budget.pass(&entry, "is not a file")),
        }
        if sparse {
            let error = Error::new(ErrorKind::Unsupported, "is a sparse file in a tar archive: unpack it first");
            return Err(error.in_file(self.budget.name_of(&entry.name)).non_fatal());
        }
        let end = data.saturating_add(entry.size);
        let held = end.min(self.window.source().len());
        if held < end {
            let detail = format!("the archive ends {} octets before the end of the file", end - held);
            entry.defects.push(Defect::new(DefectKind::Truncated, detail).at(held - data.min(held)));
        }
        let source = Arc::new(Content::new(self.window.source().clone(), Some(data..held)));
        self.budget.open(entry, source)
    }
}

impl Header {
    fn field<const AT: usize, const LEN: usize>(&self) -> &[u8] {
        self.0.get(AT..AT + LEN).unwrap_or_default()
    }

    /// The sum of all octets, those of the checksum itself taken as blanks; some old programs took them as signed.
    fn is_valid(&self) -> bool {
        let told = octal(self.field::<148, 8>());
        let octet = |(i, octet): (usize, &u8)| if (148..156).contains(&i) { b' ' } else { *octet };
        let octets = || self.0.iter().enumerate().map(octet);
        let unsigned: u64 = octets().map(u64::from).sum();
        let signed: i64 = octets().map(|octet| i64::from(octet.cast_signed())).sum();
        told.is_some_and(|told| told == unsigned || i64::try_from(told) == Ok(signed))
    }

    fn kind(&self) -> u8 {
        self.field::<156, 1>().first().copied().unwrap_or(0)
    }

    /// The length of the data: octal, or in GNU tar 96 bits of binary after an octet 0x80.
    fn size(&self) -> u64 {
        let field = self.field::<124, 12>();
        match field {
            [0x80, rest @ ..] => rest.iter().fold(0_u64, |size, octet| {
                size.checked_mul(256).map_or(u64::MAX, |size| size.saturating_add(u64::from(*octet)))
            }),
            _ => octal(field).unwrap_or(0),
        }
    }

    fn name(&self) -> Vec<u8> {
        let text = |field: &[u8]| field.split(|octet| *octet == 0).next().unwrap_or_default().to_vec();
        let name = text(self.field::<0, 100>());
        let prefix = text(self.field::<345, 155>());
        // GNU tar keeps other things where ustar has the prefix, and ends its magic otherwise.
        if self.field::<257, 6>() != b"ustar\0" || prefix.is_empty() {
            return name;
        }
        [prefix, name].join(&b'/')
    }
}

impl Extended {
    /// Takes `path` and `size` from pax records, each `LENGTH KEY=VALUE\n`.
    fn take_pax(&mut self, mut records: &[u8]) {
        while let Some(blank) = memchr::memchr(b' ', records) {
            let len = records.get(..blank).and_then(|digits| str::from_utf8(digits).ok()?.parse::<usize>().ok());
            let Some((record, rest)) = len.and_then(|len| records.split_at_checked(len)) else { return };
            let Some(pair) = record.get(blank + 1..).and_then(|pair| pair.strip_suffix(b"\n")) else { return };
            let (key, value) = pair.split_at(memchr::memchr(b'=', pair).unwrap_or(pair.len()));
            let value = value.get(1..).unwrap_or_default();
            match key {
                b"path" => self.name = Some(value.to_vec()),
                b"size" => self.size = str::from_utf8(value).ok().and_then(|digits| digits.parse().ok()),
                _ => self.sparse |= key.starts_with(b"GNU.sparse."),
            }
            records = rest;
        }
    }
}

/// An octal number among blanks and NULs.
fn octal(field: &[u8]) -> Option<u64> {
    let digits = str::from_utf8(field).ok()?.trim_matches(['\0', ' ']);
    u64::from_str_radix(digits, 8).ok()
}
