use super::METADATA;
use crate::error::{Error, ErrorKind, Result};
use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

/// Names held at a time; of a directory with more the next ones are looked for when these are used up.
pub(super) const HELD: usize = 1 << 17;

/// What a name in a directory leads to; a symbolic link is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Directory,
    File,
    Link,
    Other,
}

/// The names in a directory, in the order of their octets.
///
/// Of a directory with more than `most` names that many are held, and it is listed again for the next ones: memory is
/// bounded, and time grows with the number of names times the number of listings.
pub(super) struct Listing {
    path: PathBuf,
    most: usize,
    held: BTreeMap<OsString, Kind>,
    /// The last name of all that were held.
    behind: Option<OsString>,
    more: bool,
    /// Names of files that tell of others and have no fixed name.
    notes: Vec<OsString>,
}

/// Such names that are held.
const MOST_NOTES: usize = 64;

impl Listing {
    pub(super) fn new(path: PathBuf, most: usize) -> Self {
        Self { path, most: most.max(1), held: BTreeMap::new(), behind: None, more: true, notes: Vec::new() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// How many names are held.
    pub(super) fn held(&self) -> usize {
        self.held.len()
    }

    /// The names of files that tell of others, once they are known: behind the first of all names.
    pub(super) fn take_notes(&mut self) -> Vec<OsString> {
        std::mem::take(&mut self.notes)
    }

    /// The next name.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when the directory cannot be listed; the listing ends there.
    pub(super) fn next(&mut self) -> Result<Option<(OsString, Kind)>> {
        if self.held.is_empty() && std::mem::take(&mut self.more) {
            self.list().map_err(|e| {
                self.held.clear();
                let message = "is a directory that cannot be listed: its contents are not read";
                Error::new(ErrorKind::Io, message).because(e).in_file(self.path.to_string_lossy()).non_fatal()
            })?;
        }
        Ok(self.held.pop_first())
    }

    fn list(&mut self) -> std::io::Result<()> {
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let name = entry.file_name();
            let is_first_time = self.behind.is_none() && self.notes.len() < MOST_NOTES;
            if is_first_time && name.as_encoded_bytes().ends_with(METADATA.as_bytes()) && entry.file_type()?.is_file() {
                self.notes.push(name.clone());
            }
            if self.behind.as_ref().is_some_and(|behind| name <= *behind) {
                continue;
            }
            if self.held.len() >= self.most && self.held.last_key_value().is_some_and(|(last, _)| name > *last) {
                self.more = true;
                continue;
            }
            self.held.insert(name, kind(entry.file_type()?));
            if self.held.len() > self.most {
                self.held.pop_last();
                self.more = true;
            }
        }
        self.behind = self.held.last_key_value().map(|(last, _)| last.clone());
        Ok(())
    }
}

fn kind(file_type: fs::FileType) -> Kind {
    match file_type {
        link if link.is_symlink() => Kind::Link,
        directory if directory.is_dir() => Kind::Directory,
        file if file.is_file() => Kind::File,
        _ => Kind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_in_their_order_however_few_are_held() {
        let directory = tempfile::tempdir().unwrap();
        let mut names: Vec<String> = (0..50).map(|n| format!("{}", n * 37 % 50)).collect();
        for name in &names {
            fs::write(directory.path().join(name), b"").unwrap();
        }
        names.sort();
        for most in [1, 2, 7, 49, 50, 51, HELD] {
            let mut listing = Listing::new(directory.path().to_owned(), most);
            let mut found = Vec::new();
            while let Some((name, kind)) = listing.next().unwrap() {
                assert!(listing.held() <= most);
                assert_eq!(kind, Kind::File);
                found.push(name.into_string().unwrap());
            }
            assert_eq!(found, names, "{most}");
        }
    }

    #[test]
    fn a_directory_that_is_gone_is_an_error_once() {
        let mut listing = Listing::new("no-such-directory".into(), HELD);
        let error = listing.next().unwrap_err();
        assert!(!error.is_fatal() && error.path() == Some("no-such-directory"), "{error}");
        assert!(listing.next().unwrap().is_none());
    }
}
