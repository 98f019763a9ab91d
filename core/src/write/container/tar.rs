//! tar archives (POSIX.1-2024, pax interchange format) written to anything that takes octets, in one pass.

use super::{Container, Entry, Stopped, copy, not_completed, refused, zip::Volumes};
#[cfg(not(target_family = "wasm"))]
use crate::write::deflate::Spread;
use crate::{
    crc32::Crc32,
    error::{Error, ErrorKind, Result},
    write::{Lost, Rendered, TarNames, ZipLevel, deflate::Deflater, product::Tell},
};
use std::io;

const BLOCK: usize = 512;
/// The largest size that 11 octal digits tell; larger ones stand in an extended header.
const MAX_SIZE: u64 = 0o77_777_777_777;
const FILE: u8 = b'0';
const FOLDER: u8 = b'5';
/// A name, in GNU tar, for the entry that follows.
const LONG_NAME: u8 = b'L';
/// An extended header for the entry that follows.
const EXTENDED: u8 = b'x';
const FOLDER_MODE: u32 = 0o755;

/// One tar archive, perhaps compressed. The same entries give the same octets.
pub(crate) struct Tar<V> {
    volume: V,
    gzip: Option<Gzip>,
    names: TarNames,
    /// Whether the destination has refused octets, so that the archive can never be completed.
    broken: bool,
    /// What was broken, until it is told.
    lost: Option<Lost>,
    /// Whether it was completed.
    complete: bool,
}

/// A gzip member (RFC 1952) in the making.
struct Gzip {
    #[cfg(not(target_family = "wasm"))]
    level: ZipLevel,
    deflater: Box<Deflater>,
    /// What deflates in its place, on several threads, to the same; it is there from the first octet on.
    #[cfg(not(target_family = "wasm"))]
    spread: Option<Spread>,
    /// Whether there were octets.
    #[cfg(not(target_family = "wasm"))]
    begun: bool,
    crc32: Crc32,
    /// Octets so far, modulo 2³².
    size: u32,
}

impl<V: Volumes> Tar<V> {
    /// Begins the archive, so that a destination which cannot be written is known before the first item.
    pub(crate) fn begin(volume: V, gzip: Option<ZipLevel>, names: TarNames) -> Result<Self> {
        let gzip = gzip.map(|level| {
            let mut deflater = Box::new(Deflater::new(level));
            deflater.start();
            Gzip {
                #[cfg(not(target_family = "wasm"))]
                level,
                deflater,
                #[cfg(not(target_family = "wasm"))]
                spread: None,
                #[cfg(not(target_family = "wasm"))]
                begun: false,
                crc32: Crc32::default(),
                size: 0,
            }
        });
        let mut tar = Self { volume, gzip, names, broken: false, lost: None, complete: false };
        tar.volume.begin()?;
        if tar.gzip.is_some() {
            // No name, no time: they would make two archives of the same items differ.
            let unknown_system = 255;
            let header = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, unknown_system];
            tar.volume.write_all(&header).map_err(|error| tar.broken_by(error))?;
        }
        Ok(tar)
    }

    fn put(&mut self, octets: &[u8]) -> io::Result<()> {
        put(&mut self.volume, &mut self.gzip, octets)
    }

    fn broken_by(&mut self, error: io::Error) -> Error {
        let error = refused(error, &self.volume.path());
        self.broken(error)
    }

    /// Gives up the archive, with all that is in it.
    fn broken(&mut self, error: Error) -> Error {
        if !std::mem::replace(&mut self.broken, true) {
            let reason = Lost::because("the archive that it was put into", &error);
            self.lost = Some(Lost::All { reason });
            self.volume.discard();
        }
        error
    }

    fn headers(&mut self, kind: u8, entry: Entry<'_>, size: u64) -> Result<()> {
        let mut records = Vec::new();
        let mut octets = Vec::new();
        let name = match self.names {
            TarNames::Pax => Name::of(entry.path),
            TarNames::Gnu => Some(entry.path).filter(|path| path.len() <= NAME).map(Name::alone),
        };
        match self.names {
            _ if name.is_some() => {}
            TarNames::Pax => record(&mut records, "path", entry.path),
            TarNames::Gnu => {
                octets.extend(header(LONG_NAME, Name::alone("././@LongLink"), 0, entry.path.len() as u64 + 1, 0));
                octets.extend_from_slice(entry.path.as_bytes());
                octets.resize((octets.len() + 1).next_multiple_of(BLOCK), 0);
            }
        }
        if size > MAX_SIZE {
            record(&mut records, "size", &size.to_string());
        }
        let modified = entry.modified.map_or(0, |date| date.unix_seconds());
        let seconds = u64::try_from(modified).ok().filter(|seconds| *seconds <= MAX_SIZE);
        if seconds.is_none() {
            record(&mut records, "mtime", &modified.to_string());
        }
        if !records.is_empty() {
            octets.extend(header(EXTENDED, Name::alone("pax"), 0o644, records.len() as u64, 0));
            octets.append(&mut records);
            octets.resize(octets.len().next_multiple_of(BLOCK), 0);
        }
        // What an extended header tells is told here only as far as there is room.
        let name = name.unwrap_or_else(|| Name::start_of(entry.path));
        octets.extend(header(kind, name, entry.mode, size.min(MAX_SIZE), seconds.unwrap_or(0)));
        self.put(&octets).map_err(|error| self.broken_by(error))
    }
}

fn put(volume: &mut impl Volumes, gzip: &mut Option<Gzip>, octets: &[u8]) -> io::Result<()> {
    let Some(gzip) = gzip else { return volume.write_all(octets) };
    gzip.crc32.update(octets);
    #[expect(clippy::cast_possible_truncation, reason = "the size is told modulo 2³² (RFC 1952 §2.3.1)")]
    let len = octets.len() as u32;
    gzip.size = gzip.size.wrapping_add(len);
    gzip.write(octets, |deflated| volume.write_all(deflated))
}

impl Gzip {
    /// Has the threads that `rendered` came from deflate, where there are some and nothing was deflated yet.
    #[cfg_attr(target_family = "wasm", expect(unused_variables, reason = "there is one thread"))]
    fn share(&mut self, rendered: &Rendered) {
        #[cfg(not(target_family = "wasm"))]
        if !self.begun {
            self.spread = rendered.spread(self.level);
        }
    }

    fn write(&mut self, octets: &[u8], out: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        #[cfg(not(target_family = "wasm"))]
        {
            self.begun = true;
        }
        #[cfg(not(target_family = "wasm"))]
        if let Some(spread) = &mut self.spread {
            return spread.write(octets, out);
        }
        self.deflater.write(octets, out)
    }

    fn finish(&mut self, out: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        #[cfg(not(target_family = "wasm"))]
        if let Some(mut spread) = self.spread.take() {
            return spread.finish(out);
        }
        self.deflater.finish(out)
    }
}

impl<V: Volumes> Container for Tar<V> {
    fn entry(&mut self, entry: Entry<'_>, rendered: &Rendered) -> Result<String> {
        self.gzip.iter_mut().for_each(|gzip| gzip.share(rendered));
        #[cfg(not(target_family = "wasm"))]
        self.volume.use_hands(rendered.hands());
        self.headers(FILE, entry, rendered.size())?;
        let (volume, gzip) = (&mut self.volume, &mut self.gzip);
        let mut left = rendered.size();
        let outcome = copy(rendered, false, |octets| {
            // A source that grew must not push what follows out of its place.
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(octets.len());
            left -= most as u64;
            put(volume, gzip, octets.get(..most).unwrap_or_default())
        });
        if let Err(Stopped::Destination(error)) = outcome {
            return Err(self.broken_by(error));
        }
        let zeros = [0; BLOCK];
        let padding = rendered.size().next_multiple_of(BLOCK as u64) - rendered.size();
        let mut missing = left + padding;
        while missing > 0 {
            let n = usize::try_from(missing).unwrap_or(BLOCK).min(BLOCK);
            self.put(zeros.get(..n).unwrap_or_default()).map_err(|error| self.broken_by(error))?;
            missing -= n as u64;
        }
        match outcome {
            Ok(()) => Ok(entry.path.to_owned()),
            Err(Stopped::Source(error) | Stopped::Destination(error)) => {
                let message = "cannot be read to its end; the rest of its file in the tar archive is zeros";
                Err(Error::new(ErrorKind::Io, message).because(error).in_file(entry.path).non_fatal())
            }
        }
    }

    #[cfg(not(target_family = "wasm"))]
    fn home(&self) -> Option<super::Home> {
        self.volume.home()
    }

    fn add_folder(&mut self, path: &str) -> Result<()> {
        let path = format!("{path}/");
        self.headers(FOLDER, Entry { mode: FOLDER_MODE, ..Entry::file(&path, None) }, 0)
    }

    fn take_lost(&mut self) -> Option<Lost> {
        if !self.complete {
            self.broken(not_completed());
        }
        self.lost.take()
    }

    fn finish(&mut self, tell: &mut Tell<'_>) -> Result<()> {
        if self.broken {
            let message = "the archive could not be completed: free some space, and run the same conversion again";
            return Err(Error::new(ErrorKind::Destination, message).in_file(self.volume.path()));
        }
        if std::mem::replace(&mut self.complete, true) {
            return Ok(());
        }
        // Two blocks of zeros end an archive.
        let mut ended = self.put(&[0; 2 * BLOCK]);
        if let Some(mut gzip) = self.gzip.take() {
            let volume = &mut self.volume;
            ended = ended.and_then(|()| gzip.finish(|deflated| volume.write_all(deflated)));
            ended = ended.and_then(|()| volume.write_all(&gzip.crc32.value().to_le_bytes()));
            ended = ended.and_then(|()| volume.write_all(&gzip.size.to_le_bytes()));
        }
        ended.map_err(|error| self.broken_by(error))?;
        let written = self.volume.written().and_then(|product| product.map_or(Ok(()), tell));
        written.and_then(|()| self.volume.complete()).map_err(|error| self.broken(error))
    }
}

/// A path as a ustar header has it: at most 155 octets, a slash, and at most 100.
struct Name<'a> {
    prefix: &'a str,
    name: &'a str,
}

const NAME: usize = 100;
const PREFIX: usize = 155;

impl<'a> Name<'a> {
    fn alone(name: &'a str) -> Self {
        Self { prefix: "", name }
    }

    /// The path, if it is ASCII, of which alone every reader knows the charset, and there is room.
    fn of(path: &'a str) -> Option<Self> {
        if !path.is_ascii() {
            return None;
        }
        if path.len() <= NAME {
            return Some(Self::alone(path));
        }
        let cuts = path.match_indices('/').map(|(at, _)| at);
        let at = cuts.rev().find(|at| (1..=PREFIX).contains(at))?;
        let (prefix, name) = (path.get(..at)?, path.get(at + 1..)?);
        (1..=NAME).contains(&name.len()).then_some(Self { prefix, name })
    }

    /// As much of the end of the path as there is room for, for readers that know no extended headers.
    fn start_of(path: &'a str) -> Self {
        let mut at = path.len().saturating_sub(NAME);
        while !path.is_char_boundary(at) {
            at += 1;
        }
        Self::alone(path.get(at..).unwrap_or_default().trim_start_matches('/'))
    }
}

fn header(kind: u8, name: Name<'_>, mode: u32, size: u64, modified: u64) -> [u8; BLOCK] {
    let mut header = [0; BLOCK];
    let mut field = |at: usize, octets: &[u8]| {
        for (to, from) in header.iter_mut().skip(at).zip(octets) {
            *to = *from;
        }
    };
    field(0, name.name.as_bytes());
    field(100, format!("{mode:07o}").as_bytes());
    field(108, b"0000000"); // user
    field(116, b"0000000"); // group
    field(124, format!("{size:011o}").as_bytes());
    field(136, format!("{modified:011o}").as_bytes());
    field(148, b"        "); // the checksum, for its own purpose taken as blanks
    field(156, &[kind]);
    field(257, b"ustar\x0000");
    field(329, b"0000000"); // major and minor number of a device
    field(337, b"0000000");
    field(345, name.prefix.as_bytes());
    let checksum: u32 = header.iter().map(|octet| u32::from(*octet)).sum();
    for (to, from) in header.iter_mut().skip(148).zip(format!("{checksum:06o}\0 ").bytes()) {
        *to = from;
    }
    header
}

/// Adds `LENGTH KEY=VALUE\n`; the length counts its own digits.
fn record(records: &mut Vec<u8>, key: &str, value: &str) {
    let rest = key.len() + value.len() + 3;
    let mut len = rest + 1;
    while rest + len.to_string().len() != len {
        len = rest + len.to_string().len();
    }
    records.extend_from_slice(format!("{len} {key}={value}\n").as_bytes());
}

#[cfg(test)]
mod tests {
    use super::{super::zip::Stream, *};
    use crate::{date_time::DateTime, source::Content, write::Renderer};
    use proptest::prelude::*;
    use std::{
        io::{Cursor, Read, Write},
        sync::{Arc, Mutex},
    };

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(octets);
            Ok(octets.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn archive(entries: &[(String, Vec<u8>, i64, u32)], gzip: Option<ZipLevel>, names: TarNames) -> Vec<u8> {
        let shared = Shared::default();
        let mut tar = Tar::begin(Stream::new(shared.clone()), gzip, names).unwrap();
        for (path, octets, seconds, mode) in entries {
            let rendered = Renderer::default().render_octets(Content::from(octets.clone())).unwrap();
            let modified = Some(DateTime::from_unix_seconds(*seconds));
            tar.entry(Entry { mode: *mode, ..Entry::file(path, modified) }, &rendered).unwrap();
        }
        tar.add_folder("empty").unwrap();
        tar.finish(&mut |_| Ok(())).unwrap();
        drop(tar);
        std::mem::take(&mut *shared.0.lock().unwrap())
    }

    proptest! {
        #[test]
        fn the_tar_crate_reads_back_what_was_written(
            entries in proptest::collection::vec((
                "([a-zé]{1,90}/){0,4}[a-zé]{1,120}\\.eml",
                proptest::collection::vec(any::<u8>(), 0..1_100),
                0..4_000_000_000_i64,
                prop_oneof![Just(0o644_u32), Just(0o444)],
            ), 0..6),
            compressed: bool,
            gnu: bool,
        ) {
            let (level, names) = (compressed.then_some(ZipLevel::Fast), if gnu { TarNames::Gnu } else { TarNames::Pax });
            let octets = archive(&entries, level, names);
            prop_assert_eq!(&octets, &archive(&entries, level, names), "always the same");
            let reader: Box<dyn Read> = match compressed {
                true => Box::new(flate2::read::GzDecoder::new(Cursor::new(octets))),
                false => Box::new(Cursor::new(octets)),
            };
            let mut archive = tar::Archive::new(reader);
            let mut found = archive.entries().unwrap();
            for (path, octets, seconds, mode) in entries {
                let mut entry = found.next().unwrap().unwrap();
                prop_assert_eq!(String::from_utf8(entry.path_bytes().into_owned()).unwrap(), path);
                prop_assert_eq!(entry.header().mtime().unwrap(), u64::try_from(seconds).unwrap());
                prop_assert_eq!(entry.header().mode().unwrap(), mode);
                let mut read = Vec::new();
                io::copy(&mut entry, &mut read).unwrap();
                prop_assert_eq!(read, octets);
            }
            let empty = found.next().unwrap().unwrap();
            prop_assert!(empty.header().entry_type().is_dir() && empty.path().unwrap().ends_with("empty"));
            prop_assert!(found.next().is_none());
        }
    }

    #[test]
    fn a_date_before_1970_stands_in_an_extended_header() {
        let octets = archive(&[("x".into(), b"y".to_vec(), -5, 0o644)], None, TarNames::Pax);
        assert!(octets.windows(12).any(|window| window == b"12 mtime=-5\n"));
    }

    #[test]
    fn the_length_of_a_record_counts_itself() {
        for (value, expected) in [("a", "9 path=a\n"), (&"b".repeat(90) as &str, ""), (&"c".repeat(989), "")] {
            let mut records = Vec::new();
            record(&mut records, "path", value);
            let text = String::from_utf8(records).unwrap();
            assert_eq!(text.split(' ').next().unwrap().parse::<usize>().unwrap(), text.len());
            assert!(expected.is_empty() || text == expected, "{text}");
        }
    }
}
