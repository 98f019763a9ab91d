use super::Entry;
use crate::{
    date_time::DateTime,
    error::{Error, ErrorKind, Result},
    write::Rendered,
};

/// The largest values of the fields that were there before ZIP64; this one says that the value is elsewhere (§4.4.1.4).
const MAX_32: u64 = u32::MAX as u64;
const MAX_16: u64 = u16::MAX as u64;

const VERSION: u16 = 20;
const VERSION_ZIP64: u16 = 45;
/// The host whose file attributes follow: Unix (§4.4.2).
const UNIX: u16 = 3 << 8;
/// The name is UTF-8 (§4.4.4, bit 11).
const UTF_8: u16 = 1 << 11;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
const ZIP64: u16 = 0x0001;
/// Info-ZIP's "extended timestamp": seconds since 1970 in UTC.
const EXTENDED_TIMESTAMP: u16 = 0x5455;
const REGULAR_FILE: u32 = 0o100_000 << 16;
/// A directory of Unix, and of MS-DOS.
const DIRECTORY: u32 = 0o040_755 << 16 | 0x10;

/// What the headers of one entry say.
pub(super) struct Record<'a> {
    path: &'a str,
    method: u16,
    crc32: u32,
    size: u64,
    /// Octets that stand in the archive.
    pub(super) stored_size: u64,
    modified: Option<DateTime>,
    attributes: u32,
}

impl<'a> Record<'a> {
    pub(super) fn file(entry: Entry<'a>, rendered: &Rendered) -> Result<Self> {
        let Entry { path, modified, mode, .. } = entry;
        let Some(crc32) = rendered.crc32() else {
            return Err(Error::new(ErrorKind::Options, "the item was rendered for a folder, not for a ZIP archive"));
        };
        let (method, stored_size) = match rendered.deflated_size() {
            Some(size) => (DEFLATED, size),
            None => (STORED, rendered.size()),
        };
        Ok(Self {
            path,
            method,
            crc32,
            size: rendered.size(),
            stored_size,
            modified,
            attributes: REGULAR_FILE | mode << 16,
        })
    }

    pub(super) fn folder(path: &'a str) -> Self {
        Self { path, method: STORED, crc32: 0, size: 0, stored_size: 0, modified: None, attributes: DIRECTORY }
    }

    /// The local file header (§4.3.7).
    pub(super) fn local(&self) -> Vec<u8> {
        let mut header = Vec::new();
        let mut extra = self.timestamp();
        if self.large() {
            field(&mut extra, ZIP64, &[self.size, self.stored_size]);
        }
        header.extend_from_slice(b"PK\x03\x04");
        self.common(&mut header, self.large(), &extra);
        header.extend_from_slice(self.path.as_bytes());
        header.extend_from_slice(&extra);
        header
    }

    /// The central directory file header (§4.3.12) of an entry at `offset`.
    pub(super) fn central(&self, offset: u64) -> Vec<u8> {
        let mut header = Vec::new();
        let mut extra = self.timestamp();
        let mut large: Vec<u64> = Vec::new();
        if self.large() {
            large.extend([self.size, self.stored_size]);
        }
        if offset >= MAX_32 {
            large.push(offset);
        }
        let zip64 = !large.is_empty();
        if zip64 {
            field(&mut extra, ZIP64, &large);
        }
        header.extend_from_slice(b"PK\x01\x02");
        put_16(&mut header, UNIX | if zip64 { VERSION_ZIP64 } else { VERSION });
        self.common(&mut header, zip64, &extra);
        put_16(&mut header, 0); // comment
        put_16(&mut header, 0); // disk
        put_16(&mut header, 0); // internal attributes
        put_32(&mut header, self.attributes);
        put_32(&mut header, low_32(offset));
        header.extend_from_slice(self.path.as_bytes());
        header.extend_from_slice(&extra);
        header
    }

    pub(super) fn central_len(&self, offset: u64) -> u64 {
        self.central(offset).len() as u64
    }

    /// The fields that both headers share, from the version needed to the length of the extra field.
    fn common(&self, header: &mut Vec<u8>, zip64: bool, extra: &[u8]) {
        let (time, date) = self.modified.map_or(DOS_EPOCH, dos_time);
        put_16(header, if zip64 { VERSION_ZIP64 } else { VERSION });
        put_16(header, UTF_8);
        put_16(header, self.method);
        put_16(header, time);
        put_16(header, date);
        put_32(header, self.crc32);
        put_32(header, if self.large() { u32::MAX } else { low_32(self.stored_size) });
        put_32(header, if self.large() { u32::MAX } else { low_32(self.size) });
        put_16(header, low_16(self.path.len() as u64));
        put_16(header, low_16(extra.len() as u64));
    }

    /// Whether a size needs ZIP64; the local header must then have both (§4.5.3).
    fn large(&self) -> bool {
        self.size >= MAX_32 || self.stored_size >= MAX_32
    }

    fn timestamp(&self) -> Vec<u8> {
        let mut extra = Vec::new();
        if let Some(seconds) = self.modified.and_then(|date| i32::try_from(date.unix_seconds()).ok()) {
            put_16(&mut extra, EXTENDED_TIMESTAMP);
            put_16(&mut extra, 5);
            extra.push(1); // the modification time is there
            extra.extend_from_slice(&seconds.to_le_bytes());
        }
        extra
    }
}

/// The end of an archive: with the ZIP64 records (§4.3.14, §4.3.15) only where a value needs them, then §4.3.16.
pub(super) fn end(entries: u64, size: u64, offset: u64) -> Vec<u8> {
    let mut end = Vec::new();
    if entries >= MAX_16 || size >= MAX_32 || offset >= MAX_32 {
        end.extend_from_slice(b"PK\x06\x06");
        put_64(&mut end, 44); // what follows of this record
        put_16(&mut end, UNIX | VERSION_ZIP64);
        put_16(&mut end, VERSION_ZIP64);
        put_32(&mut end, 0); // this disk
        put_32(&mut end, 0); // the disk of the directory
        for value in [entries, entries, size, offset] {
            put_64(&mut end, value);
        }
        end.extend_from_slice(b"PK\x06\x07");
        put_32(&mut end, 0); // the disk of the record above
        put_64(&mut end, offset + size);
        put_32(&mut end, 1); // disks
    }
    end.extend_from_slice(b"PK\x05\x06");
    put_32(&mut end, 0); // this disk, the disk of the directory
    put_16(&mut end, low_16(entries));
    put_16(&mut end, low_16(entries));
    put_32(&mut end, low_32(size));
    put_32(&mut end, low_32(offset));
    put_16(&mut end, 0); // comment
    end
}

/// 1980-01-01 00:00:00, the first that MS-DOS knows.
const DOS_EPOCH: (u16, u16) = (0, 1 << 5 | 1);
/// 2107-12-31 23:59:58, the last.
const DOS_LAST: (u16, u16) = (23 << 11 | 59 << 5 | 29, 127 << 9 | 12 << 5 | 31);

/// Time and date as MS-DOS packs them (§4.4.6), in UTC.
fn dos_time(date: DateTime) -> (u16, u16) {
    let civil = date.to_compact_utc();
    let number = |range: std::ops::Range<usize>| civil.get(range).and_then(|digits| digits.parse::<u16>().ok());
    match date.year() {
        ..1980 => DOS_EPOCH,
        2108.. => DOS_LAST,
        _ => {
            let [year, month, day, hour, minute, second] =
                [0..4, 4..6, 6..8, 9..11, 11..13, 13..15].map(|range| number(range).unwrap_or(0));
            ((hour << 11) | (minute << 5) | (second / 2), ((year - 1980) << 9) | (month << 5) | day)
        }
    }
}

fn field(extra: &mut Vec<u8>, id: u16, values: &[u64]) {
    put_16(extra, id);
    put_16(extra, low_16(8 * values.len() as u64));
    for value in values {
        put_64(extra, *value);
    }
}

fn low_16(value: u64) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}

fn low_32(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

fn put_16(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(&value.to_le_bytes());
}

fn put_32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_le_bytes());
}

fn put_64(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(&value.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(modified: Option<DateTime>) -> Record<'static> {
        Record { modified, ..Record::folder("f/") }
    }

    #[test]
    fn dates_that_ms_dos_does_not_know_become_its_first_or_last() {
        let date = |year| DateTime::from_civil(year, 2, 29, 13, 14, 15, Some(0)).unwrap();
        assert_eq!(dos_time(date(2024)), ((13 << 11) | (14 << 5) | 7, (44 << 9) | (2 << 5) | 29));
        assert_eq!(dos_time(date(1976)), DOS_EPOCH);
        assert_eq!(dos_time(date(2400)), DOS_LAST);
    }

    #[test]
    fn the_timestamp_is_signed_and_left_out_where_it_does_not_fit() {
        let stamp = |seconds| record(Some(DateTime::from_unix_seconds(seconds))).timestamp();
        assert_eq!(stamp(-2), b"UT\x05\x00\x01\xfe\xff\xff\xff");
        assert_eq!(stamp(i64::from(i32::MAX) + 1), b"");
        assert_eq!(record(None).timestamp(), b"");
    }

    #[test]
    fn zip64_begins_where_a_field_is_full() {
        let record = |size| Record { size, stored_size: size, ..Record::folder("f") };
        let (small, large) = (record(MAX_32 - 1), record(MAX_32));
        assert_eq!(small.local().len(), 30 + 1);
        assert_eq!(large.local().len(), 30 + 1 + 4 + 16);
        assert_eq!(small.central_len(MAX_32 - 1), 46 + 1);
        assert_eq!(small.central_len(MAX_32), 46 + 1 + 4 + 8);
        assert_eq!(large.central_len(MAX_32), 46 + 1 + 4 + 24);
        assert_eq!(end(MAX_16 - 1, MAX_32 - 1, MAX_32 - 1).len(), 22);
        for end in [end(MAX_16, 0, 0), end(0, MAX_32, 0), end(0, 0, MAX_32)] {
            assert_eq!(end.len(), 56 + 20 + 22);
        }
    }
}
