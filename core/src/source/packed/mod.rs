//! Files that are compressed as a whole: gzip, bzip2, xz and Zstandard, known by their first octets.
//!
//! Gzip data is read at any place from restarts ([`Inflated`]). The other three have none that would be cheap to keep: they are
//! decompressed once, forward, and lie in memory up to 1 MiB and beyond that in a temporary file without a name, which goes away with
//! the process whatever happens. Where there are no files (WebAssembly) they lie in memory, 256 MiB at most.

mod bzip2;
mod xz;
mod zstd;

use super::{Inflated, ReadAt, Source, expands_too_far, expansion_limit, inflated::End, window::Window};
use crate::{
    defect::{Defect, DefectKind},
    error::{Error, ErrorKind, Result},
    limits::Limits,
};
#[cfg(not(target_family = "wasm"))]
use std::io::Write as _;
use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

/// Octets of decoder tables and dictionary that compressed data may ask for.
const MOST_MEMORY: u64 = 128 << 20;
/// Decompressed octets that are held in memory rather than in a file.
#[cfg(not(target_family = "wasm"))]
const IN_MEMORY: usize = 1 << 20;
/// Decompressed octets where there are no files.
#[cfg(target_family = "wasm")]
const IN_MEMORY: usize = 256 << 20;
/// Octets that are decompressed at a time.
const STEP: usize = 64 << 10;
/// Defects told of one file.
const MOST_DEFECTS: usize = 16;

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    /// RFC 1952.
    Gzip,
    /// bzip2, of one stream or many.
    Bzip2,
    /// The .xz file format 1.2.1.
    Xz,
    /// RFC 8878, of one frame or many, skippable ones among them.
    Zstd,
}

/// Octets that show how a file is compressed.
pub(crate) const SIGNATURE: u16 = 10;

impl Compression {
    /// How the file is compressed that starts with `octets`.
    pub(crate) fn of(octets: &[u8]) -> Option<Self> {
        /// What a bzip2 stream holds: a block, or nothing at all.
        const BLOCKS: [&[u8]; 2] = [b"1AY&SY", b"\x17\x72\x45\x38\x50\x90"];
        match octets {
            octets if super::is_gzip(octets) => Some(Self::Gzip),
            [b'B', b'Z', b'h', b'1'..=b'9', block @ ..] => {
                BLOCKS.iter().any(|start| block.starts_with(start)).then_some(Self::Bzip2)
            }
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            _ => None,
        }
    }

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::Zstd => "Zstandard",
        }
    }

    /// The first `most` octets that the compressed `source` holds, or as many as there are or can be read.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when it cannot be read, [`ErrorKind::Limit`] when it asks for too much memory.
    pub(crate) fn head(self, source: Source, most: usize) -> Result<Vec<u8>> {
        let mut octets = match self {
            Self::Gzip => Inflated::gzip_head(source)?,
            _ => {
                let (mut octets, mut unpacking) = (Vec::new(), Unpacking::new(self, source));
                while octets.len() < most && unpacking.step(&mut octets)?.is_none() {}
                octets
            }
        };
        octets.truncate(most);
        Ok(octets)
    }

    /// The octets that the compressed `source` holds. What can be had of cut or damaged data can be read, and
    /// [`ReadAt::take_defects`] says what is wrong.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] when it expands beyond `limits` or asks for too much memory; [`ErrorKind::Io`] when it cannot be read, or
    /// there is no room for what it holds; [`ErrorKind::Malformed`] when there is no whole header.
    pub(crate) fn open(self, source: Source, limits: &Limits) -> Result<Source> {
        match self {
            Self::Gzip => Ok(Arc::new(Inflated::gzip(source, limits)?)),
            _ => Ok(Arc::new(Unpacked::of(self, source, limits)?)),
        }
    }
}

/// Decompresses forward.
trait Decoder {
    /// Adds some octets to `out`, or comes to the end.
    fn step(&mut self, compressed: &mut Input, out: &mut Vec<u8>) -> Result<Option<End>>;
}

/// Compressed octets and how far they were taken.
struct Input {
    window: Window,
    at: u64,
    defects: Vec<Defect>,
    /// The decompressed octets so far.
    out: u64,
}

impl Input {
    fn len(&self) -> u64 {
        self.window.source().len()
    }

    /// The octets from where it is; none at the end.
    fn rest(&mut self) -> io::Result<&[u8]> {
        self.window.at(self.at)
    }

    /// Goes on behind the next `octets`.
    fn take(&mut self, octets: u64) {
        self.at = self.at.saturating_add(octets);
    }

    fn is_at_end(&self) -> bool {
        self.at >= self.len()
    }

    /// Whether `octets` come next.
    fn starts_with(&mut self, octets: &[u8]) -> io::Result<bool> {
        let n = u16::try_from(octets.len()).unwrap_or(u16::MAX);
        Ok(self.window.octets(self.at, n)? == octets)
    }

    /// Says that what is left belongs to nothing, if anything is.
    fn ends_here(&mut self, what: &str) -> End {
        let left = self.len().saturating_sub(self.at);
        if left > 0 {
            let detail = format!("{left} octets after the end of the {what} data");
            self.tell(Defect::new(DefectKind::TrailingGarbage, detail).at(self.at));
        }
        End::Complete
    }

    fn tell(&mut self, defect: Defect) {
        if self.defects.len() < MOST_DEFECTS {
            self.defects.push(defect);
        }
    }
}

/// A file on its way.
struct Unpacking {
    input: Input,
    decoder: Box<dyn Decoder>,
}

impl Unpacking {
    fn new(compression: Compression, source: Source) -> Self {
        let input = Input { window: Window::new(source), at: 0, defects: Vec::new(), out: 0 };
        let decoder: Box<dyn Decoder> = match compression {
            Compression::Xz => Box::new(xz::Decoder::new()),
            Compression::Zstd => Box::new(zstd::Decoder::new()),
            Compression::Bzip2 | Compression::Gzip => Box::new(bzip2::Decoder::new()),
        };
        Self { input, decoder }
    }

    fn step(&mut self, out: &mut Vec<u8>) -> Result<Option<End>> {
        let before = out.len();
        let end = self.decoder.step(&mut self.input, out)?;
        self.input.out = self.input.out.saturating_add(out.len().saturating_sub(before) as u64);
        Ok(end)
    }
}

/// What a compressed file holds.
struct Unpacked {
    held: Held,
    compressed: Source,
    defects: Mutex<Vec<Defect>>,
}

enum Held {
    Memory(Vec<u8>),
    #[cfg(not(target_family = "wasm"))]
    File(super::FileSource),
}

impl Unpacked {
    fn of(compression: Compression, compressed: Source, limits: &Limits) -> Result<Self> {
        let most = expansion_limit(compressed.len(), limits);
        let mut unpacking = Unpacking::new(compression, compressed.clone());
        let mut octets = Vec::new();
        #[cfg(not(target_family = "wasm"))]
        let mut file: Option<std::fs::File> = None;
        let end = loop {
            let end = unpacking.step(&mut octets)?;
            if unpacking.input.out > most {
                return Err(expands_too_far(most));
            }
            #[cfg(not(target_family = "wasm"))]
            if octets.len() > IN_MEMORY || (file.is_some() && octets.len() > STEP) {
                spill(&mut file, &mut octets)?;
            }
            #[cfg(target_family = "wasm")]
            if octets.len() > IN_MEMORY {
                let message = format!(
                    "expands to more than {IN_MEMORY} octets of {} data: decompress it first",
                    compression.name()
                );
                return Err(Error::new(ErrorKind::Limit, message));
            }
            if let Some(end) = end {
                break end;
            }
        };
        if unpacking.input.out == 0 && end != End::Complete {
            let message = format!("is {} data that cannot be read: it is cut off or damaged", compression.name());
            return Err(Error::new(ErrorKind::Malformed, message));
        }
        #[cfg(not(target_family = "wasm"))]
        let held = match file {
            Some(_) => {
                spill(&mut file, &mut octets)?;
                match file {
                    Some(file) => Held::File(super::FileSource::unnamed(file, unpacking.input.out)),
                    None => Held::Memory(octets),
                }
            }
            None => Held::Memory(octets),
        };
        #[cfg(target_family = "wasm")]
        let held = Held::Memory(octets);
        let mut defects = unpacking.input.defects;
        defects.extend(end.defect(compressed.len()));
        Ok(Self { held, compressed, defects: Mutex::new(defects) })
    }

    fn source(&self) -> &dyn ReadAt {
        match &self.held {
            Held::Memory(octets) => octets,
            #[cfg(not(target_family = "wasm"))]
            Held::File(file) => file,
        }
    }
}

/// Moves what is in memory to the temporary file.
#[cfg(not(target_family = "wasm"))]
fn spill(file: &mut Option<std::fs::File>, octets: &mut Vec<u8>) -> Result<()> {
    let failed = |cause: io::Error| {
        let place = std::env::temp_dir();
        let message = format!(
            "its contents do not fit into a temporary file in {}: free some space there, choose another folder \
             (TMPDIR), or decompress it first",
            place.display()
        );
        Error::new(ErrorKind::Io, message).because(cause)
    };
    let to = match file {
        Some(file) => file,
        None => file.insert(tempfile::tempfile().map_err(failed)?),
    };
    to.write_all(octets).map_err(failed)?;
    octets.clear();
    Ok(())
}

impl ReadAt for Unpacked {
    fn len(&self) -> u64 {
        self.source().len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        self.source().read_at(offset, buf)
    }

    fn as_slice(&self) -> Option<&[u8]> {
        self.source().as_slice()
    }

    fn take_defects(&self) -> Vec<Defect> {
        let mut defects = self.compressed.take_defects();
        defects.append(&mut self.defects.lock().unwrap_or_else(PoisonError::into_inner));
        defects
    }
}

#[cfg(test)]
mod tests;
