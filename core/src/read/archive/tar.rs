//! tar: the ustar and pax interchange formats (POSIX.1-2024, pax) and the GNU extensions to them.

use super::{Budget, Entry, Found, Verdict, label};
use crate::{
    DateTime,
    crc32::Crc32,
    defect::{Defect, DefectKind},
    error::{Error, ErrorKind, Location, Result},
    model::Folder,
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
pub(crate) struct Tar {
    window: Window,
    budget: Budget,
    at: u64,
}

/// An entry and where its octets start.
struct Located {
    entry: Entry,
    kind: u8,
    sparse: bool,
    data: u64,
}

/// A header block.
struct Header([u8; BLOCK as usize]);

/// What the headers before an entry's own say of it.
#[derive(Default)]
struct Extended {
    name: Option<Vec<u8>>,
    size: Option<u64>,
    modified: Option<DateTime>,
    sparse: bool,
}

impl Tar {
    /// The archive in `source`, looked through for entries that tell of others where that costs little.
    ///
    /// # Errors
    /// What the source says.
    pub(in crate::read) fn open(source: Source, budget: Budget) -> Result<Self> {
        let is_plain = budget.group.source.as_ref().is_some_and(|packed| Arc::ptr_eq(packed, &source));
        let mut tar = Self { window: Window::new(source), budget, at: 0 };
        if is_plain {
            tar.survey();
        }
        Ok(tar)
    }

    /// Looks for entries that tell of others; what is wrong with the archive is told when its turn comes.
    fn survey(&mut self) {
        while let Ok(Some(Located { entry, data, .. })) = self.next_entry() {
            if Budget::is_note(&entry.name) {
                let end = data.saturating_add(entry.size).min(self.window.source().len());
                let source = Arc::new(Content::new(self.window.source().clone(), Some(data..end)));
                let _told_later = self.budget.note(&entry.name, source);
            }
        }
        self.at = 0;
        self.budget.entries = 0;
        self.budget.defects.clear();
    }

    /// What was wrong with the archive itself, since the last call.
    pub(in crate::read) fn take_defects(&mut self) -> Vec<Defect> {
        self.budget.take_defects()
    }

    /// The next entry, `None` at the end of the archive; directories are left out.
    pub(in crate::read) fn next_found(&mut self) -> Result<Option<Found>> {
        match self.next_entry()? {
            Some(located) => self.found(located).map(Some),
            None => Ok(None),
        }
    }

    /// The folders without an item, when all entries were met.
    pub(in crate::read) fn take_folders(&mut self) -> Vec<Folder> {
        self.budget.take_folders()
    }

    /// The path and the octets of the next file, whatever it is called.
    pub(super) fn next_file(&mut self) -> Result<Option<(String, Source)>> {
        let Some(Located { entry, data, .. }) = self.next_entry()? else { return Ok(None) };
        let octets = Content::new(self.window.source().clone(), Some(data..data.saturating_add(entry.size)));
        Ok(Some((entry.name, Arc::new(octets))))
    }

    /// What is wrong with the end of the archive, which is two blocks of zeros and nothing behind them, and with the octets of all.
    pub(super) fn flaw(&mut self, trailer: Option<[u8; 8]>) -> Option<Defect> {
        let source = self.window.source().clone();
        let mut end = vec![0xFF; 1 << 16];
        let at = self.at.min(source.len());
        let read = source.read_at(at, &mut end).unwrap_or(0);
        end.truncate(read);
        let is_whole = source.len().saturating_sub(at) >= 2 * BLOCK && end.iter().all(|octet| *octet == 0);
        let wrong =
            (!is_whole).then(|| Defect::new(DefectKind::Truncated, "the end of the tar archive is damaged").at(at));
        let wrong = wrong.or_else(|| {
            let mut crc32 = Crc32::default();
            let read = Content::from(source.clone()).for_each_chunk(|octets| {
                crc32.update(octets);
                Ok(())
            });
            let [a, b, c, d, len @ ..] = trailer?;
            #[expect(clippy::cast_possible_truncation, reason = "the size is told modulo 2³²")]
            let is_right =
                u32::from_le_bytes([a, b, c, d]) == crc32.value() && u32::from_le_bytes(len) == source.len() as u32;
            let message = "the checksum or the length behind the compressed octets does not match";
            (read.is_err() || !is_right).then(|| Defect::new(DefectKind::Checksum, message))
        });
        self.take_defects().into_iter().chain(source.take_defects()).chain(wrong).next()
    }

    fn next_entry(&mut self) -> Result<Option<Located>> {
        let archive = Arc::clone(&self.budget.archive);
        let mut extended = Extended::default();
        loop {
            let at = self.at;
            let Some(header) = self.next_header().map_err(|e| e.in_file(&*archive).at(Location::Byte(at)))? else {
                return Ok(None);
            };
            self.budget.entry()?;
            let data = at.saturating_add(BLOCK);
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
                    let modified = extended.modified.or_else(|| header.modified());
                    let entry =
                        Entry { name: label(&octets), size, modified, mode: header.mode(), defects: Vec::new() };
                    let sparse = std::mem::take(&mut extended).sparse || kind == b'S';
                    if kind != b'5' && !entry.name.ends_with('/') {
                        return Ok(Some(Located { entry, kind, sparse, data }));
                    }
                    self.budget.directory(&format!("{}/", entry.name));
                }
            }
        }
    }

    fn next_header(&mut self) -> Result<Option<Header>> {
        if self.at == u64::MAX {
            return Ok(None);
        }
        let Some(block) = self.window.array(self.at)? else {
            let len = self.window.source().len();
            if self.at != len {
                let detail = "the tar archive ends in the middle of an entry";
                self.budget.defects.push(Defect::new(DefectKind::Truncated, detail).at(len).cutting_short());
                self.at = u64::MAX;
            }
            return Ok(None);
        };
        if block.iter().all(|octet| *octet == 0) {
            return Ok(None);
        }
        let header = Header(block);
        if header.is_valid() {
            return Ok(Some(header));
        }
        self.at = u64::MAX;
        Err(Error::new(ErrorKind::Malformed, "the tar archive is damaged: a header is invalid, the rest is not read"))
    }

    fn found(&mut self, Located { mut entry, kind, sparse, data }: Located) -> Result<Found> {
        let verdict = self.budget.verdict(&entry);
        if let Verdict::Pass(why) = verdict {
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
            let detail = format!("the archive ends {} octets before the end of the file", end.saturating_sub(held));
            entry
                .defects
                .push(Defect::new(DefectKind::Truncated, detail).at(held.saturating_sub(data)).cutting_short());
        }
        let source = Arc::new(Content::new(self.window.source().clone(), Some(data..held)));
        self.budget.open(entry, verdict, source)
    }
}

impl Header {
    fn field<const AT: usize, const LEN: usize>(&self) -> &[u8] {
        self.0.get(AT..).and_then(|rest| rest.get(..LEN)).unwrap_or_default()
    }

    /// The sum of all octets, those of the checksum itself taken as blanks; some old programs took them as signed.
    fn is_valid(&self) -> bool {
        let recorded = octal(self.field::<148, 8>());
        let octet = |(i, octet): (usize, &u8)| if (148..156).contains(&i) { b' ' } else { *octet };
        let octets = || self.0.iter().enumerate().map(octet);
        let unsigned: u64 = octets().map(u64::from).sum();
        let signed: i64 = octets().map(|octet| i64::from(octet.cast_signed())).sum();
        recorded.is_some_and(|recorded| recorded == unsigned || i64::try_from(recorded) == Ok(signed))
    }

    fn kind(&self) -> u8 {
        self.field::<156, 1>().first().copied().unwrap_or(0)
    }

    /// The length of the data.
    fn size(&self) -> u64 {
        number(self.field::<124, 12>()).unwrap_or(0)
    }

    fn modified(&self) -> Option<DateTime> {
        number(self.field::<136, 12>()).and_then(|seconds| i64::try_from(seconds).ok()).map(DateTime::from_unix_seconds)
    }

    fn mode(&self) -> Option<u32> {
        octal(self.field::<100, 8>()).and_then(|mode| u32::try_from(mode).ok())
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
    /// Takes `path`, `mtime` and `size` from pax records, each `LENGTH KEY=VALUE\n`.
    fn take_pax(&mut self, mut records: &[u8]) {
        while let Some(blank) = memchr::memchr(b' ', records) {
            let len = records.get(..blank).and_then(|digits| str::from_utf8(digits).ok()?.parse::<usize>().ok());
            let Some((record, rest)) = len.and_then(|len| records.split_at_checked(len)) else { return };
            let Some(pair) = record.get(blank.saturating_add(1)..).and_then(|pair| pair.strip_suffix(b"\n")) else {
                return;
            };
            let (key, value) = pair.split_at(memchr::memchr(b'=', pair).unwrap_or(pair.len()));
            let value = value.get(1..).unwrap_or_default();
            match key {
                b"path" => self.name = Some(value.to_vec()),
                b"mtime" => {
                    let whole = str::from_utf8(value).ok().and_then(|text| text.split('.').next()?.parse().ok());
                    self.modified = whole.map(DateTime::from_unix_seconds);
                }
                b"size" => self.size = str::from_utf8(value).ok().and_then(|digits| digits.parse().ok()),
                _ => self.sparse |= key.starts_with(b"GNU.sparse."),
            }
            records = rest;
        }
    }
}

/// A number: octal, or in GNU tar 88 bits of binary after an octet 0x80.
fn number(field: &[u8]) -> Option<u64> {
    match field {
        [0x80, rest @ ..] => Some(rest.iter().fold(0_u64, |number, octet| {
            number.checked_mul(256).map_or(u64::MAX, |number| number.saturating_add(u64::from(*octet)))
        })),
        _ => octal(field),
    }
}

/// An octal number among blanks and NULs.
fn octal(field: &[u8]) -> Option<u64> {
    let digits = str::from_utf8(field).ok()?.trim_matches(['\0', ' ']);
    u64::from_str_radix(digits, 8).ok()
}
