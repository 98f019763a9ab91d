use super::{Budget, Tar, Zip, is_tar, is_zip};
use crate::{
    defect::Defect,
    error::{Error, ErrorKind, Result},
    limits::Limits,
    source::{Compression, Source},
};

/// Octets behind those of a gzip member.
const TRAILER: usize = 8;

/// The files in a ZIP or tar archive as they are, whatever they are called.
pub(crate) enum ArchiveFiles {
    Zip(Zip),
    /// With what stands behind its octets where gzip compressed it: their CRC-32 and their number (RFC 1952 §2.3.1).
    Tar(Tar, Option<[u8; TRAILER]>),
}

impl ArchiveFiles {
    /// The files in `source`, which the user calls `name`.
    ///
    /// # Errors
    /// When it is no archive, or one without its list of entries.
    pub(crate) fn open(name: &str, source: Source) -> Result<Self> {
        let limits = Limits::default();
        let budget = Budget::new(name.into(), source.clone(), &limits);
        let compression = Compression::of(&start(&source)?);
        let mut trailer = None;
        if compression == Some(Compression::Gzip)
            && let Some(at) = source.len().checked_sub(TRAILER as u64)
        {
            source.read_exact_at(at, trailer.insert([0; TRAILER]))?;
        }
        let source = match compression {
            Some(compression) => compression.open(source, &limits).map_err(|error| error.in_file(name))?,
            None => source,
        };
        let head = start(&source)?;
        if is_zip(&head) {
            return Zip::open(&source, budget).map(Self::Zip);
        }
        // A tar archive of nothing is two blocks of zeroes.
        if is_tar(&head) || head.iter().all(|octet| *octet == 0) {
            return Tar::open(source, budget).map(|tar| Self::Tar(tar, trailer));
        }
        Err(Error::new(ErrorKind::Malformed, "is not an archive").in_file(name))
    }

    /// What is wrong with the archive around its files, when all were met.
    pub(crate) fn flaw(&mut self) -> Option<Defect> {
        match self {
            Self::Zip(zip) => zip.take_defects().into_iter().next(),
            Self::Tar(tar, trailer) => tar.flaw(*trailer),
        }
    }

    /// The path of the next file and its octets; `None` at the end.
    ///
    /// # Errors
    /// Not fatal when only this file cannot be read.
    pub(crate) fn next_file(&mut self) -> Result<Option<(String, Source)>> {
        match self {
            Self::Zip(zip) => zip.next_file(),
            Self::Tar(tar, _) => tar.next_file(),
        }
    }
}

fn start(source: &Source) -> Result<Vec<u8>> {
    let mut head = vec![0; 512];
    let read = source.read_at(0, &mut head)?;
    head.truncate(read);
    Ok(head)
}
