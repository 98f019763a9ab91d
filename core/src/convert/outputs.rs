//! What a run writes besides its items, compared with what it reads: no output may be a source, or another output.

use super::sync::{ADDRESS_MAP, FILES, GONE, ITEM_LOG, NOTE, REPORT, SyncPaths, TABLE, UNFINISHED, with_suffix};
use crate::write::BESIDE_STORE;
use crate::{
    error::{Error, ErrorKind, Result},
    limits::Exclusion,
    read::Given,
};
use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

/// Why what a run writes is not read by it.
pub(super) const THIS_DESTINATION: &str = "this destination";

/// A file or folder that a run writes or reads.
#[derive(Clone, Debug)]
pub(super) struct Named {
    /// What it is, for a person: "the item log".
    what: &'static str,
    path: PathBuf,
}

impl Named {
    pub(super) fn new(what: &'static str, path: PathBuf) -> Self {
        Self { what, path }
    }
}

impl std::fmt::Display for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.what, self.path.display())
    }
}

/// All that the sync at `paths` may write, the archive first; `page` is what it writes for people.
pub(super) fn outputs(paths: &SyncPaths, page: Option<&Path>) -> Vec<Named> {
    let mut outputs = vec![Named::new("the destination", paths.archive())];
    for (what, suffix) in [
        ("the item log", ITEM_LOG),
        ("the report", REPORT),
        ("the table", TABLE),
        ("the list of files", FILES),
        ("the list of items no longer in the sources", GONE),
    ] {
        outputs.push(Named::new(what, paths.beside(suffix)));
    }
    outputs.push(Named::new("the note of a running conversion", paths.first_beside(NOTE)));
    outputs.extend(page.map(|page| Named::new("the page", page.to_owned())));
    outputs
}

/// Makes sure that none of `outputs` is one of `sources`, lies around one, or is another output.
///
/// # Errors
/// [`ErrorKind::Destination`], which names both.
pub(super) fn check<'s>(outputs: &[Named], sources: impl Iterator<Item = &'s Path>, paths: &SyncPaths) -> Result<()> {
    let mut known = Known::default();
    for output in outputs {
        let with_unfinished = [output.clone(), Named::new(output.what, with_suffix(output.path.clone(), UNFINISHED))];
        for named in with_unfinished {
            if let Some(other) = known.add(&named) {
                return Err(same(output, &other));
            }
        }
    }
    for source in sources {
        let read = Named::new("a source", source.to_owned());
        let part = paths.is_archive() && source.file_name().is_some_and(|name| paths.is_part(&name.to_string_lossy()));
        if let Some(output) = known.find(&read) {
            return Err(same(&output, &read));
        }
        let beside = |folder: &Path| identity(&folder.join("x")).map(|path| path.parent().map(Path::to_owned));
        if part
            && beside(source.parent().unwrap_or(Path::new("")))
                == beside(paths.archive().parent().unwrap_or(Path::new("")))
        {
            return Err(same(&Named::new("a part of the destination", source.to_owned()), &read));
        }
        if let (Ok(source), Ok(destination)) = (fs::canonicalize(source), fs::canonicalize(paths.archive()))
            && !paths.is_archive()
            && source.starts_with(&destination)
        {
            let message = format!(
                "is inside the destination {}: choose a destination that contains no source",
                destination.display()
            );
            return Err(Error::new(ErrorKind::Destination, message).in_file(source.to_string_lossy()));
        }
    }
    Ok(())
}

pub(super) fn same(output: &Named, other: &Named) -> Error {
    let message = format!(
        "would be both {} and {}: nothing was written; choose another path for one of them",
        output.what, other.what
    );
    Error::new(ErrorKind::Destination, message).in_file(match output.path == other.path {
        true => output.path.to_string_lossy().into_owned(),
        false => format!("{} and {}", output.path.display(), other.path.display()),
    })
}

/// Files and folders by what they are, whatever they are called.
#[derive(Default)]
pub(super) struct Known {
    by_path: HashMap<PathBuf, Named>,
    by_node: HashMap<(u64, u64), Named>,
}

impl Known {
    /// Adds it, unless it is there: then gives what it is the same as.
    pub(super) fn add(&mut self, named: &Named) -> Option<Named> {
        if let Some(other) = self.find(named) {
            return Some(other);
        }
        if let Some(path) = identity(&named.path) {
            self.by_path.insert(path, named.clone());
        }
        if let Some(node) = node(&named.path) {
            self.by_node.insert(node, named.clone());
        }
        None
    }

    /// What it is the same as.
    pub(super) fn find(&self, named: &Named) -> Option<Named> {
        let by_node = || self.by_node.get(&node(&named.path)?).cloned();
        by_node().or_else(|| self.by_path.get(&identity(&named.path)?).cloned())
    }
}

/// The path without links, and with the case of its last name folded: some file systems make no difference there.
fn identity(path: &Path) -> Option<PathBuf> {
    let path: PathBuf = path.components().collect();
    let whole = match fs::canonicalize(&path) {
        Ok(whole) => whole,
        // It is not there yet; perhaps neither are folders around it.
        Err(_) => {
            let absolute = std::path::absolute(&path).ok()?;
            let there = absolute.ancestors().skip(1).find_map(|around| Some((fs::canonicalize(around).ok()?, around)));
            let (canonical, around) = there?;
            canonical.join(absolute.strip_prefix(around).ok()?)
        }
    };
    let name = whole.file_name()?.to_string_lossy().to_lowercase();
    Some(whole.with_file_name(name))
}

/// What the file system knows it by, whatever its names are.
#[cfg(unix)]
fn node(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn node(_path: &Path) -> Option<(u64, u64)> {
    None
}

/// Makes sure that what stands at `page` may be replaced: it is a page of ours, or nothing.
///
/// # Errors
/// [`ErrorKind::Destination`] when it is something else.
pub(super) fn check_page(page: &Path) -> Result<()> {
    /// Octets of a page in which its title stands.
    const START: u64 = 1 << 10;
    let Ok(metadata) = fs::symlink_metadata(page) else { return Ok(()) };
    let mut start = Vec::new();
    let is_ours = metadata.is_file()
        && File::open(page).and_then(|file| io::copy(&mut file.take(START), &mut start)).is_ok()
        && (start.is_empty() || start.starts_with(b"<!DOCTYPE html>") && holds(&start, b"<title>Migration to "));
    if is_ours {
        return Ok(());
    }
    let message = "exists already and is not a report page, so it was not replaced: choose another path for the page";
    Err(Error::new(ErrorKind::Destination, message).in_file(page.to_string_lossy()))
}

fn holds(octets: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(octets, part).is_some()
}

/// What leaves out of a tree of sources all that runs into this destination have written there, and the page.
pub(super) fn exclusion(destination: &Path, page: Option<&Path>) -> Exclusion {
    let first = SyncPaths::new(destination, 1);
    let (archive, page) = (first.archive(), page.and_then(identity));
    let beside = first.beside("");
    let (Some(name), Some(folder)) =
        (beside.file_name().map(|name| name.to_string_lossy().into_owned()), identity(&beside))
    else {
        return Exclusion::default();
    };
    let folder = folder.parent().map(Path::to_owned);
    let stem = archive.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Exclusion::when(THIS_DESTINATION, move |path| {
        let of_page = || page.is_some() && identity(path) == page;
        let called = path.file_name().unwrap_or_default().to_string_lossy();
        let is_ours = || {
            let rest = called.strip_prefix(&*name);
            let of_sync = |rest: &str| {
                let number = rest.strip_prefix(".sync").or_else(|| rest.strip_prefix(".part"));
                number.is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit()))
            };
            rest.is_some_and(|rest| rest.is_empty() || is_beside(rest) || of_sync(rest))
                || first.is_archive() && called.strip_prefix(&*stem).is_some_and(of_sync)
        };
        let lies_there = || identity(path).and_then(|path| path.parent().map(Path::to_owned)) == folder;
        (is_ours() && lies_there()) || of_page()
    })
}

/// Whether this is behind the name of a destination in that of a file beside it.
fn is_beside(rest: &str) -> bool {
    let rest = rest.strip_suffix(UNFINISHED).unwrap_or(rest);
    [ADDRESS_MAP, ITEM_LOG, REPORT, TABLE, FILES, GONE, NOTE, BESIDE_STORE, ""].contains(&rest)
        || rest.starts_with(".undo")
}

/// The paths among what was given.
pub(super) fn paths_of(sources: &[Given]) -> impl Iterator<Item = &Path> {
    sources.iter().filter_map(|source| match source {
        Given::Path(path) => Some(path.as_path()),
        Given::Source(..) | Given::Items(..) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(destination: &Path, page: Option<&Path>, source: &Path) -> Option<String> {
        let paths = SyncPaths::new(destination, 1);
        check(&outputs(&paths, page), [source].into_iter(), &paths).err().map(|error| error.to_string())
    }

    #[test]
    fn an_output_is_no_source_and_no_other_output_whatever_it_is_called() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        fs::write(at("in.mbox"), "x").unwrap();
        fs::create_dir(at("out")).unwrap();
        fs::write(at("out/old.mbox"), "x").unwrap();
        assert_eq!(refused(&at("new"), Some(&at("new.html")), &at("in.mbox")), None);
        for (destination, page) in [
            (at("in.mbox"), None),
            (at("new"), Some(at("in.mbox"))),
            (at("new"), Some(at("IN.mbox"))),
            (at("new"), Some(at("out/../in.mbox"))),
            (at("new"), Some(at("new"))),
            (at("new.zip"), Some(at("new.zip.items.jsonl"))),
            (at("new.zip"), Some(at("new.zip.report.json"))),
            (at("new.zip"), Some(at("new.zip.report.json.unfinished"))),
            (at("new.zip"), Some(at("NEW.zip"))),
        ] {
            let message = refused(&destination, page.as_deref(), &at("in.mbox")).unwrap_or_default();
            assert!(message.contains("would be both"), "{destination:?} {page:?}: {message}");
        }
        let message = refused(&at("out"), None, &at("out/old.mbox")).unwrap();
        assert!(message.contains("is inside the destination"), "{message}");
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(at("in.mbox"), at("link")).unwrap();
            fs::hard_link(at("in.mbox"), at("hard")).unwrap();
            for page in ["link", "hard"] {
                assert!(refused(&at("new"), Some(&at(page)), &at("in.mbox")).is_some(), "{page}");
            }
        }
    }

    #[test]
    fn only_pages_of_ours_are_replaced() {
        let root = tempfile::tempdir().unwrap();
        let page = root.path().join("p.html");
        assert!(check_page(&page).is_ok());
        fs::write(&page, "<!DOCTYPE html><title>Mine</title>").unwrap();
        assert!(check_page(&page).is_err());
        let mut ours = Vec::new();
        crate::convert::Report::default().write_page("x", "x.items.jsonl", std::io::empty(), &mut ours).unwrap();
        fs::write(&page, ours).unwrap();
        assert!(check_page(&page).is_ok());
    }

    #[test]
    fn a_tree_is_read_without_what_is_written_into_it() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        let zip = exclusion(&at("o.zip"), Some(&at("p.html")));
        for name in
            ["o.zip", "o.zip.items.jsonl", "o.zip.sync002.report.json", "o.sync002.zip", "o.part001.zip", "p.html"]
        {
            assert_eq!(zip.of(&at(name)), Some(THIS_DESTINATION), "{name}");
        }
        for name in ["other.zip", "o.zip.mbox", "o.mbox", "sub/o.zip", "o.synced.zip"] {
            assert_eq!(zip.of(&at(name)), None, "{name}");
        }
    }
}
