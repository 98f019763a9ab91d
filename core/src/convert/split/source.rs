//! What a source is known by.

use crate::{
    error::{Error, ErrorKind, Result},
    hex::hex,
    limits::Limits,
    read::{Given, for_each_file},
    source::Source,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    fs::{self, Metadata},
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

/// What a source is known by: where one of them differs it is another, or was changed.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SourceId {
    /// Its path as it was given, or its address.
    pub uri: String,
    /// Its octets; of a directory those of the files in it that are read.
    pub size: u64,
    /// What changes with it: when it was changed, in seconds since 1970; an ETag; of a directory a digest of the names in it, and of the
    /// sizes and times of the files in it that are read.
    pub version: String,
}

/// A source, and what it is known by.
#[derive(Clone, Debug)]
pub struct SplitSource {
    /// What it is known by.
    pub id: SourceId,
    /// The source itself.
    pub given: Given,
}

impl SplitSource {
    /// Octets from anywhere: `uri` names them, `version` changes whenever they do.
    pub fn new(uri: impl Into<String>, source: Source, version: impl Into<String>) -> Self {
        let (uri, size) = (uri.into(), source.len());
        let given = Given::Source(uri.as_str().into(), source);
        Self { id: SourceId { uri, size, version: version.into() }, given }
    }

    /// The file, archive or directory at `path`.
    ///
    /// # Errors
    /// When it is not there, or its path is not in UTF-8.
    pub fn at(path: &Path) -> Result<Self> {
        Self::of_files(path, 0, None)
    }

    /// The same; of a directory, of the files in it those with these numbers.
    pub(super) fn of_files(path: &Path, first: u64, end: Option<u64>) -> Result<Self> {
        let Some(uri) = path.to_str().map(str::to_owned) else {
            let message = "has a name that is not in UTF-8, so it cannot be told to other processes: rename it";
            return Err(Error::new(ErrorKind::Options, message).in_file(path.to_string_lossy()));
        };
        let metadata = metadata(path)?;
        let (size, version) = match metadata.is_dir() {
            true => version_of_files(path, first, end)?,
            false => (metadata.len(), modified(&metadata)),
        };
        Ok(Self { id: SourceId { uri, size, version }, given: Given::Path(path.to_owned()) })
    }

    /// The path of a directory, if it is one.
    pub(super) fn directory(&self) -> Option<&PathBuf> {
        match &self.given {
            Given::Path(path) if path.is_dir() => Some(path),
            _ => None,
        }
    }
}

impl SourceId {
    /// Makes sure that `now` is what it was.
    ///
    /// # Errors
    /// [`ErrorKind::Options`], with what both are known by.
    pub(super) fn compare(&self, now: &Self) -> Result<()> {
        if self == now {
            return Ok(());
        }
        let tell = |id: &Self| format!("{} bytes, version {}", id.size, id.version);
        let message = format!(
            "has changed since the splits were planned: it had {}, now it has {}. Plan again; splits of sources that are \
             unchanged stay done",
            tell(self),
            tell(now)
        );
        Err(Error::new(ErrorKind::Options, message).in_file(&*self.uri))
    }
}

fn metadata(path: &Path) -> Result<Metadata> {
    let cannot = |error| Error::new(ErrorKind::Io, "cannot be opened for reading").because(error);
    fs::metadata(path).map_err(|error| cannot(error).in_file(path.to_string_lossy()))
}

/// When it was changed last.
fn modified(metadata: &Metadata) -> String {
    let Ok(modified) = metadata.modified() else { return "unknown".into() };
    match modified.duration_since(UNIX_EPOCH) {
        Ok(since) => format!("{}.{:09}", since.as_secs(), since.subsec_nanos()),
        Err(before) => format!("-{}.{:09}", before.duration().as_secs(), before.duration().subsec_nanos()),
    }
}

/// What is known of some of the files of a directory.
struct OfFiles {
    size: u64,
    /// Of their sizes and times.
    digest: Sha256,
}

impl OfFiles {
    fn new() -> Self {
        Self { size: 0, digest: Sha256::new() }
    }

    fn add(&mut self, path: &Path) {
        // What a link points to is not read.
        if let Ok(metadata) = fs::symlink_metadata(path) {
            self.size = self.size.saturating_add(metadata.len());
            self.digest.update(format!("{} {}\n", metadata.len(), modified(&metadata)));
        }
    }

    /// Their octets, and what changes with them and with the names of all.
    fn version(self, names: &Sha256) -> (u64, String) {
        let mut all = names.clone();
        all.update(self.digest.finalize());
        (self.size, format!("sha256:{}", hex(&all.finalize())))
    }
}

fn add_name(names: &mut Sha256, root: &Path, path: &Path) {
    names.update(path.strip_prefix(root).unwrap_or(path).as_os_str().as_encoded_bytes());
    names.update([0]);
}

/// What the files with these numbers are known by.
fn version_of_files(root: &Path, first: u64, end: Option<u64>) -> Result<(u64, String)> {
    let (mut number, mut names, mut files) = (0_u64, Sha256::new(), OfFiles::new());
    for_each_file(root, &Limits::default(), &mut |path| {
        add_name(&mut names, root, path);
        if number >= first && end.is_none_or(|end| number < end) {
            files.add(path);
        }
        number += 1;
        Ok(())
    })?;
    Ok(files.version(&names))
}

/// The files of the directory `uri` in shares of about `target_size` octets: the number of the first of each, and what they are known by.
pub(super) fn shares_of_files(root: &Path, uri: &str, target_size: u64) -> Result<Vec<(u64, SourceId)>> {
    let (mut number, mut names) = (0_u64, Sha256::new());
    let mut shares = vec![(0, OfFiles::new())];
    for_each_file(root, &Limits::default(), &mut |path| {
        add_name(&mut names, root, path);
        let octets = fs::symlink_metadata(path).map_or(0, |metadata| metadata.len());
        if shares.last().is_some_and(|(_, last)| last.size > 0 && last.size.saturating_add(octets) > target_size) {
            shares.push((number, OfFiles::new()));
        }
        if let Some((_, last)) = shares.last_mut() {
            last.add(path);
        }
        number += 1;
        Ok(())
    })?;
    let known = |(first, files): (u64, OfFiles)| {
        let (size, version) = files.version(&names);
        (first, SourceId { uri: uri.to_owned(), size, version })
    };
    Ok(shares.into_iter().map(known).collect())
}
