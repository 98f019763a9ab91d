//! Where the items of a mailbox lie, as a file: who opens the mailbox with it has any item at once.

use crate::{
    error::{of_kind, options, raised},
    folder::Counts,
    mailbox::Opening,
    restore::{FolderState, folder_of},
};
use mailferry::{
    Error, ErrorKind, Location,
    convert::Fingerprint,
    model::{self, Folder, Role},
    read::{Given, ItemPlace},
    source::{FileSource, Source},
};
use pyo3::{
    prelude::*,
    types::{PyBytes, PyDict},
};
use serde::{Deserialize, Serialize};
use std::{collections::HashMap, sync::Arc};

/// The form of the file, which other versions of this package must know.
const FORM: &str = "mailferry index 1";
/// What every such file starts with.
const BEGINNING: &str = "{\"form\":\"mailferry index";
/// Numbers of a row.
const NUMBERS: usize = 6;

/// What the first line of the file says.
#[derive(PartialEq, Serialize, Deserialize)]
struct Heading {
    form: String,
    sources: Vec<Known>,
    /// The options that decide which items there are.
    options: String,
    items: usize,
    /// Their names, and what they are for.
    folders: Vec<FolderState>,
}

/// By what a source is known again.
#[derive(PartialEq, Serialize, Deserialize)]
struct Known {
    name: String,
    fingerprint: Fingerprint,
}

/// An item: where it is, its octets and the number of its folder.
struct Row {
    place: ItemPlace,
    size: u64,
    folder: usize,
}

/// All items of a mailbox.
pub(crate) struct Places {
    heading: Heading,
    rows: Vec<Row>,
    folders: HashMap<Vec<String>, usize>,
}

impl Places {
    /// None yet, of the sources of `opening`.
    pub(crate) fn new(py: Python<'_>, opening: &Opening) -> PyResult<Self> {
        let heading = Heading {
            form: FORM.to_owned(),
            sources: known(py, opening)?,
            options: given(py, opening)?,
            items: 0,
            folders: Vec::new(),
        };
        Ok(Self { heading, rows: Vec::new(), folders: HashMap::new() })
    }

    pub(crate) fn add(&mut self, item: &model::Item, source: u64) {
        let names = item.folder.path.names();
        let folder = self.folders.get(names).copied().unwrap_or_else(|| {
            self.heading.folders.push((names.to_vec(), item.folder.role.map(|role| role.as_str().to_owned())));
            self.folders.insert(names.to_vec(), self.heading.folders.len() - 1);
            self.heading.folders.len() - 1
        });
        self.rows.push(Row { place: ItemPlace::of(item, source), size: item.size(), folder });
        self.heading.items = self.rows.len();
    }

    /// How many items there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The place of the item of this number, from 0.
    pub(crate) fn at(&self, number: usize) -> Option<ItemPlace> {
        self.rows.get(number).map(|row| row.place)
    }

    /// The place of the item of this source and ordinal.
    pub(crate) fn of(&self, place: (u64, u64)) -> Option<ItemPlace> {
        let at = self.rows.binary_search_by_key(&place, |row| (row.place.source, row.place.ordinal));
        self.rows.get(at.ok()?).map(|row| row.place)
    }

    /// The folder of the item at a place.
    pub(crate) fn folder(&self, place: ItemPlace) -> Option<Folder> {
        let at = self.rows.binary_search_by_key(&place, |row| row.place).ok()?;
        Some(folder_of(self.heading.folders.get(self.rows.get(at)?.folder)?.clone()))
    }

    /// What the folders hold.
    pub(crate) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for row in &self.rows {
            if let Some(folder) = self.heading.folders.get(row.folder) {
                counts.add_of(&folder.0, || folder_of(folder.clone()).role.map(Role::as_str), row.size);
            }
        }
        counts
    }

    /// Writes the file, beside its name first. What is there is replaced only if it is an index too: no source ever is.
    pub(crate) fn save(&self, py: Python<'_>, path: &Bound<'_, PyAny>) -> PyResult<()> {
        let mut text = serde_json::to_string(&self.heading).map_err(|error| options(py, &error.to_string()))?;
        text.push('\n');
        for Row { place, size, folder } in &self.rows {
            let ItemPlace { source, ordinal, offset, length, .. } = place;
            text.push_str(&format!("{source} {ordinal} {offset} {length} {size} {folder}\n"));
        }
        let os = py.import("os")?;
        let path: String = os.getattr("fsdecode")?.call1((path,))?.extract()?;
        let of_path = os.getattr("path")?;
        if of_path.call_method1("lexists", (&path,))?.extract()? && !is_index(py, &path)? {
            let message = format!("{path}: exists already, and is no index: choose another name");
            return Err(options(py, &message));
        }
        // It tells of mail: the temporary file is for its owner alone, and so is what it becomes.
        let keywords = PyDict::new(py);
        keywords.set_item("dir", of_path.call_method1("dirname", (of_path.call_method1("abspath", (&path,))?,))?)?;
        keywords.set_item("prefix", ".mailferry-index-")?;
        let (file, beside): (i64, String) =
            py.import("tempfile")?.getattr("mkstemp")?.call((), Some(&keywords))?.extract()?;
        let file = os.call_method1("fdopen", (file, "wb"))?;
        let written = file.call_method1("write", (PyBytes::new(py, text.as_bytes()),));
        let closed = file.call_method0("close");
        let saved = written.and(closed).and_then(|_| os.call_method1("replace", (&beside, &path)));
        saved.map(drop).inspect_err(|_| {
            let _leftover = os.call_method1("unlink", (&beside,));
        })
    }

    /// Reads the file, which must be of the sources and options of `opening`.
    pub(crate) fn read(py: Python<'_>, path: &Bound<'_, PyAny>, opening: &Opening) -> PyResult<Self> {
        let file = py.import("builtins")?.getattr("open")?.call1((path, "rb"))?;
        let octets = file.call_method0("read");
        file.call_method0("close")?;
        let octets = octets?.cast_into::<PyBytes>()?;
        let name: String = py.import("os")?.getattr("fsdecode")?.call1((path,))?.extract()?;
        let places = Self::parse(octets.as_bytes()).map_err(|at| {
            let error = Error::new(
                ErrorKind::Malformed,
                format!(
                    "{name}: not an index that this version wrote, or not all of it: make it anew with save_index()"
                ),
            );
            raised(py, &error.at(Location::Byte(at)))
        })?;
        let Heading { sources, options: with, .. } = &places.heading;
        if *with != given(py, opening)? {
            let message = format!(
                "{name}: this index was made with the options {with}, which decide which items there are: open it with the same, or make it anew with save_index()"
            );
            return Err(options(py, &message));
        }
        let now = known(py, opening)?;
        if now.len() != sources.len() {
            let message = format!(
                "{name}: this index was made for another number of sources ({} instead of {}): make it anew with save_index()",
                sources.len(),
                now.len()
            );
            return Err(options(py, &message));
        }
        match sources.iter().zip(&now).find(|(then, now)| then.fingerprint != now.fingerprint) {
            Some((_, changed)) => Err(options(
                py,
                &format!("{}: changed since the index {name} was made: make it anew with save_index()", changed.name),
            )),
            None => Ok(places),
        }
    }

    /// The index in these octets, or the place of what is wrong.
    fn parse(octets: &[u8]) -> Result<Self, u64> {
        let end = octets.iter().position(|octet| *octet == b'\n').ok_or(0_u64)?;
        let heading: Heading = serde_json::from_slice(octets.get(..end).unwrap_or_default()).map_err(|_| 0_u64)?;
        if heading.form != FORM {
            return Err(0);
        }
        let (mut rows, mut at): (Vec<Row>, _) = (Vec::new(), end + 1);
        for line in octets.get(at..).unwrap_or_default().split_inclusive(|octet| *octet == b'\n') {
            let wrong = at as u64;
            let line = std::str::from_utf8(line).ok().and_then(|line| line.strip_suffix('\n')).ok_or(wrong)?;
            let numbers: Vec<u64> = line.split(' ').map(str::parse).collect::<Result<_, _>>().map_err(|_| wrong)?;
            let Ok([source, ordinal, offset, length, size, folder]) = <[u64; NUMBERS]>::try_from(numbers) else {
                return Err(wrong);
            };
            let place = ItemPlace::new(source, ordinal, offset, length);
            let folder = usize::try_from(folder).ok().filter(|folder| *folder < heading.folders.len()).ok_or(wrong)?;
            let follows = rows.last().is_none_or(|last| (last.place.source, last.place.ordinal) < (source, ordinal));
            if !follows {
                return Err(wrong);
            }
            rows.push(Row { place, size, folder });
            at += line.len() + 1;
        }
        let is_whole = rows.len() == heading.items;
        if is_whole { Ok(Self { heading, rows, folders: HashMap::new() }) } else { Err(at as u64) }
    }
}

/// Whether a regular file starts as an index does.
fn is_index(py: Python<'_>, path: &str) -> PyResult<bool> {
    if !py.import("os.path")?.call_method1("isfile", (path,))?.extract::<bool>()? {
        return Ok(false);
    }
    let file = py.import("builtins")?.getattr("open")?.call1((path, "rb"))?;
    let start = file.call_method1("read", (BEGINNING.len(),));
    file.call_method0("close")?;
    Ok(start?.cast_into::<PyBytes>()?.as_bytes() == BEGINNING.as_bytes())
}

/// By what the sources of `opening` are known again.
fn known(py: Python<'_>, opening: &Opening) -> PyResult<Vec<Known>> {
    let known = |given: Given| {
        let (name, source) = match given {
            Given::Path(path) if path.is_dir() => Err(path.display().to_string()),
            Given::Path(path) => {
                let name = path.display().to_string();
                let source = FileSource::open(&path).map_err(|error| raised(py, &error))?;
                Ok((name, Arc::new(source) as Source))
            }
            Given::Source(name, source) => Ok((name.to_string(), source)),
            Given::Items(name, _) => Err(name.to_string()),
        }
        .map_err(|name| {
            let message = format!("{name}: only files have an index, not folders and iterators: give the files in it");
            of_kind(py, ErrorKind::Unsupported.as_str(), &message, None)
        })?;
        let fingerprint = crate::error::detached(py, || Fingerprint::of(&source))?;
        let fingerprint = fingerprint.map_err(|error| opening.sources.raised_of(py, &error))?;
        Ok(Known { name, fingerprint })
    };
    opening.sources.all().map(known).collect()
}

/// The options of `opening` as text.
fn given(py: Python<'_>, opening: &Opening) -> PyResult<String> {
    let keywords = PyDict::new(py);
    keywords.set_item("sort_keys", true)?;
    keywords.set_item("default", py.get_type::<pyo3::types::PyString>())?;
    py.import("json")?.getattr("dumps")?.call((opening.given.bind(py),), Some(&keywords))?.extract()
}
