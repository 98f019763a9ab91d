//! The options that a destination was written with, and whether those of a further run are the same.

use super::{
    earlier::Syncs,
    finish::write_whole,
    names::{ADDRESS_MAP, beside, refused},
    note::RunNote,
};
use crate::{
    address_map::AddressMap,
    convert::{
        ConvertOptions, Decides, ReadArguments, Report, SCHEME,
        options::{KeptMap, differing, digest, from_recorded, kept_map, scheme},
    },
    disk::{At, Disk},
    error::{Error, ErrorKind, Result},
    hex::hex,
    read::Given,
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{
    fs::File,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

/// Octets of an address map that are read back.
const MOST: u64 = 1 << 30;

/// The options that `destination` was written with, as in the report of its first run, or the run that was cut off there.
/// `older` reads the records of older versions.
///
/// # Errors
/// [`ErrorKind::Options`] when they are not told, or cannot be read back: nothing is taken for a default.
pub fn recorded_options(destination: &Path, older: Option<ReadArguments>) -> Result<ConvertOptions> {
    let complete = Syncs::at(destination)?.0;
    let record = match complete.into_iter().next() {
        Some((_, report)) => report.options,
        None => match RunNote::at(destination) {
            Some(note) => note.options,
            None => {
                let message = "nothing was converted to it: there is no report beside it";
                return Err(Error::new(ErrorKind::Destination, message).in_file(destination.to_string_lossy()));
            }
        },
    };
    let read = before(destination, record.as_ref(), older)?;
    read.map(|(_, options)| options).ok_or_else(|| not_told(destination))
}

/// The options that a run kept, and the sources where it told them by its command line only; `None` where it told nothing.
fn before(
    destination: &Path,
    record: Option<&Value>,
    older: Option<ReadArguments>,
) -> Result<Option<(Vec<PathBuf>, ConvertOptions)>> {
    let Some(record) = record else { return Ok(None) };
    let named = |error: Error| error.in_file(destination.to_string_lossy());
    if scheme(Some(record)).is_some() {
        let options = from_recorded(record, &mut |kept| load(destination, kept)).map_err(named)?;
        return Ok(Some((Vec::new(), options)));
    }
    let words = record.get("arguments").and_then(Value::as_array);
    let Some(words) = words else { return Ok(None) };
    let Some(older) = older else {
        let message = "was written by an older version, which recorded its options only as a command line: use the \
             command `mailferry`";
        return Err(named(Error::new(ErrorKind::Options, message)));
    };
    let words: Vec<_> = words.iter().filter_map(|word| word.as_str().map(str::to_owned)).collect();
    let read = older(&words).map_err(|error| {
        let message = format!("the options that it was written with cannot be read: {error}");
        named(Error::new(ErrorKind::Options, message))
    })?;
    Ok(Some(read))
}

fn not_told(destination: &Path) -> Error {
    let message = "its report does not contain the options that it was written with, as an older version left them out: nothing can \
                   be compared with it. Verify it without sources, or convert to another destination";
    Error::new(ErrorKind::Options, message).in_file(destination.to_string_lossy())
}

/// The names of options that decide octets and are others than those of the run that `report` is of; `None` where it does not
/// tell its options.
pub(in crate::convert) fn changes(
    destination: &Path,
    report: &Report,
    options: &ConvertOptions,
) -> Result<Option<Vec<String>>> {
    let record = report.options.as_ref();
    let is_known = report.sync.as_ref().is_some_and(|sync| sync.settings == octets(options));
    if is_known && scheme(record) == Some(SCHEME) {
        return Ok(Some(Vec::new()));
    }
    let Some((_, mut before)) = before(destination, record, options.older)? else { return Ok(None) };
    let mut other = options.clone();
    // That there was a transform is told, and not what it did.
    let transformed = record.is_some_and(|record| record.get("transform").is_some());
    before.transform = None;
    let is_other_transform = other.transform.take().is_some() != transformed;
    let mut names = differing(&before.for_target(), &other, &[Decides::Octets]);
    names.extend(is_other_transform.then(|| "the transform".to_owned()));
    if names.is_empty() && scheme(record).is_some() {
        // The profile of the target is another one in this version.
        names.push("--target".to_owned());
    }
    Ok(Some(names))
}

/// Makes sure that a further run into `destination` has the options that decide octets in common with the last.
pub(super) fn check_further(destination: &Path, last: &Report, options: &ConvertOptions) -> Result<()> {
    let changes = changes(destination, last, options)?.ok_or_else(|| not_told(destination))?;
    if changes.is_empty() {
        return Ok(());
    }
    let message = format!(
        "was written in another form, or with other line ends, checksums, ways of reading, or changes to items ({}): convert \
         with the same again, or to another destination",
        changes.join(", ")
    );
    Err(Error::new(ErrorKind::Options, message).in_file(destination.to_string_lossy()))
}

/// Makes sure that a run that was cut off is gone through again with the same sources and options.
pub(super) fn check_resumed(
    destination: &Path,
    note: &RunNote,
    sources: &[Given],
    options: &ConvertOptions,
) -> Result<()> {
    let now = settings(sources, options);
    let is_same = match scheme(note.options.as_ref()) {
        Some(_) => note.settings == now,
        None => before(destination, note.options.as_ref(), options.older)?.is_some_and(|(sources, before)| {
            let sources: Vec<Given> = sources.into_iter().map(Given::from).collect();
            settings(&sources, &before.for_target()) == now
        }),
    };
    if is_same {
        return Ok(());
    }
    let how = note.options.as_ref().and_then(|recorded| recorded.get("arguments")?.as_array()).map(|arguments| {
        let words: Vec<_> = arguments.iter().filter_map(|word| word.as_str()).collect();
        format!(" (mailferry {})", words.join(" "))
    });
    let message = format!(
        "has an interrupted run that was begun with other sources or options{}: resume it with those, or remove what \
         it wrote with `mailferry undo --since {}`",
        how.unwrap_or_default(),
        note.sync
    );
    Err(Error::new(ErrorKind::Options, message).in_file(destination.to_string_lossy()))
}

/// The digest of all that decides what comes out of a run.
pub(super) fn settings(sources: &[Given], options: &ConvertOptions) -> String {
    let sources: Vec<_> = sources.iter().map(|source| format!("{source:?}")).collect();
    digest(options, &[Decides::Octets, Decides::Places], &sources)
}

/// The digest of what decides the octets of an item: only where it is equal can those of two syncs be compared.
pub(super) fn octets(options: &ConvertOptions) -> String {
    digest(options, &[Decides::Octets], &[])
}

/// The address map of the options as it will be kept beside the destination, and its octets; `None` where there is none.
pub(super) fn address_map(destination: &Path, options: &ConvertOptions) -> Result<Option<(KeptMap, Vec<u8>)>> {
    let map = &options.read.addresses;
    if map.is_empty() {
        return Ok(None);
    }
    let mut octets = Vec::new();
    map.write(&mut octets).map_err(|error| Error::new(ErrorKind::Options, format!("address-map: {error}")))?;
    let file = beside(destination, ADDRESS_MAP);
    let file = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Some((KeptMap { file, sha256: hex(&Sha256::digest(&octets)) }, octets)))
}

/// Keeps the address map beside the destination, unless it is there.
pub(super) fn keep(destination: &Path, kept: &KeptMap, octets: &[u8], disk: &Disk) -> Result<()> {
    if load(destination, kept).is_ok() {
        return Ok(());
    }
    write_whole(&beside(destination, ADDRESS_MAP), disk, |file| file.write_all(octets))
}

/// Reads the address map that is kept beside the destination.
fn load(destination: &Path, kept: &KeptMap) -> Result<AddressMap> {
    let path = beside(destination, ADDRESS_MAP);
    let named = |message: &str| {
        Error::new(ErrorKind::Options, format!("address-map: {message}")).in_file(path.to_string_lossy())
    };
    let mut octets = Vec::new();
    let read = File::open(&path).and_then(|file| io::copy(&mut file.take(MOST), &mut octets));
    read.map_err(|error| named("the file that keeps it cannot be read").because(error))?;
    if hex(&Sha256::digest(&octets)) != kept.sha256 {
        return Err(named("the file that keeps it was changed since it was written: its SHA-256 differs"));
    }
    Ok(AddressMap::read(&*octets)?)
}

/// Removes the address map that was kept beside the destination, if it is still as it was written.
pub(in crate::convert) fn forget(destination: &Path, record: Option<&Value>) -> Result<()> {
    let Some(kept) = record.and_then(kept_map) else { return Ok(()) };
    let path = beside(destination, ADDRESS_MAP);
    if load(destination, &kept).is_ok()
        && let Err(error) = Disk::default().remove(At::beside(&path))
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(refused(error, &path));
    }
    Ok(())
}
