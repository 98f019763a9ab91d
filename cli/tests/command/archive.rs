//! What a conversion leaves behind, and what must hold of it whatever was converted.

use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
    time::SystemTime,
};
use zip::ZipArchive;

pub(crate) struct Archive {
    dest: PathBuf,
    /// The item log.
    pub(crate) log: Vec<Value>,
    pub(crate) report: Value,
    /// Every file, under the name that the log has for it.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
}

/// What two conversions of the same have in common.
#[derive(PartialEq)]
pub(crate) struct Outcome {
    log: Vec<u8>,
    /// Names, octets, and dates where they are told.
    files: Vec<(String, Vec<u8>, Option<SystemTime>)>,
    report: Value,
}

pub(crate) fn beside(dest: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", dest.display()))
}

/// The lines of an item log, each a whole JSON object.
pub(crate) fn log(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'), "the last line is whole");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Octets of the components of a calendar, which is what an object in a file of many takes; all of any other file.
fn own(octets: &[u8]) -> usize {
    let find = |needle: &[u8]| octets.windows(needle.len()).position(|window| window == needle);
    let begin = ["BEGIN:VEVENT", "BEGIN:VTODO", "BEGIN:VJOURNAL"].iter().filter_map(|name| find(name.as_bytes())).min();
    begin.zip(find(b"END:VCALENDAR")).map_or(octets.len(), |(begin, end)| end - begin)
}

impl Archive {
    pub(crate) fn at(dest: &Path) -> Self {
        let log = log(&beside(dest, ".items.jsonl"));
        let report = serde_json::from_str(&fs::read_to_string(beside(dest, ".report.json")).unwrap()).unwrap();
        Self { dest: dest.to_owned(), log, report, files: files(dest) }
    }

    /// Holds the archive to its own words: the columns add up, and every line of the log tells of a file that is there.
    #[track_caller]
    pub(crate) fn check(&self) -> &Self {
        self.check_columns();
        self.check_log();
        self
    }

    #[track_caller]
    fn check_columns(&self) {
        let totals = Columns::of(&self.report["totals"]);
        let mut kinds = Columns::default();
        for columns in self.report["kinds"].as_object().unwrap().values() {
            kinds.add(&Columns::of(columns));
        }
        let mut folders = Columns::default();
        for columns in self.report["folders"].as_object().unwrap().values() {
            folders.add(&Columns::of(columns));
        }
        assert_eq!(totals, kinds, "kinds add up to the totals");
        assert_eq!(totals, folders, "folders add up to the totals");
        let mut lines = Columns::default();
        for line in &self.log {
            lines.add(&Columns::of_line(line));
        }
        assert_eq!(totals, lines, "lines of the log add up to the totals");
        let by_source: u64 =
            self.report["sources"].as_array().unwrap().iter().map(|source| source["items"].as_u64().unwrap()).sum();
        assert_eq!(totals.available, by_source, "sources add up to the totals");
    }

    #[track_caller]
    fn check_log(&self) {
        let mut told = BTreeSet::new();
        let mut before = (0, 0);
        for line in &self.log {
            let id = line["id"].as_str().unwrap();
            let (source, ordinal) = id.split_once(':').unwrap();
            let place: (u64, u64) = (source.parse().unwrap(), ordinal.parse().unwrap());
            assert!(place > before, "{id} stands behind {before:?}");
            assert_eq!(place.1, if place.0 == before.0 { before.1 + 1 } else { 1 }, "{id}: no item is left out");
            assert_eq!(line["source"]["ordinal"], place.1);
            before = place;
            if line["status"] != "migrated" {
                assert!(line["reason"].is_string() && line.get("path").is_none(), "{line}");
                continue;
            }
            let copies = line["copies"].as_array().into_iter().flatten();
            for path in std::iter::once(&line["path"]).chain(copies) {
                let path = path.as_str().unwrap();
                let octets = self.files.get(path).unwrap_or_else(|| panic!("{path} of {id} is not there"));
                assert!(
                    [octets.len(), own(octets)].iter().any(|size| line["size"] == *size),
                    "{path}: {}",
                    line["size"]
                );
                if let Some(told) = line.get("sha256") {
                    assert_eq!(*told, sha256(octets), "{path}");
                }
                assert!(told.insert(path), "{path} is told twice");
            }
        }
        let there: BTreeSet<_> = self.files.keys().map(String::as_str).collect();
        assert_eq!(there, told, "every file is told");
    }

    /// The values of `key`, a line after the other.
    pub(crate) fn column(&self, key: &str) -> Vec<&str> {
        self.log.iter().map(|line| line[key].as_str().unwrap_or_default()).collect()
    }

    pub(crate) fn line(&self, subject: &str) -> &Value {
        self.log.iter().find(|line| line["subject"] == subject).unwrap()
    }

    pub(crate) fn octets(&self, subject: &str) -> &[u8] {
        &self.files[self.line(subject)["path"].as_str().unwrap()]
    }

    /// All that must be the same when the same is converted again: the octets of all files, and their dates.
    pub(crate) fn outcome(&self) -> Outcome {
        let log = fs::read(beside(&self.dest, ".items.jsonl")).unwrap();
        let mut report = self.report.clone();
        for key in ["seconds", "options"] {
            report.as_object_mut().unwrap().remove(key).unwrap();
        }
        let parent = self.dest.parent().unwrap();
        let mut files = Vec::new();
        let stem = self.dest.file_stem().unwrap().to_str().unwrap();
        for name in crate::run::names(parent) {
            let path = parent.join(&name);
            if path.is_dir() && path == self.dest {
                for line in self.log.iter().filter(|line| line["status"] == "migrated") {
                    let name = line["path"].as_str().unwrap();
                    let modified = fs::metadata(path.join(name)).unwrap().modified().unwrap();
                    // A file has the date of its item, if that has one.
                    let modified = line.get("receivedAt").map(|_| modified);
                    files.push((name.to_owned(), self.files[name].clone(), modified));
                }
            } else if name.starts_with(stem) && name.ends_with(".zip") {
                files.push((name, fs::read(path).unwrap(), None));
            }
        }
        Outcome { log, files, report }
    }
}

pub(crate) fn sha256(octets: &[u8]) -> String {
    Sha256::digest(octets).iter().map(|octet| format!("{octet:02x}")).collect()
}

fn files(dest: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    if dest.is_dir() {
        files_below(dest, "", &mut files);
    } else if dest.is_file() {
        files_in(dest, "", &mut files);
    } else {
        let parts = format!("{}.part", dest.file_stem().unwrap().to_str().unwrap());
        let parent = dest.parent().unwrap();
        for name in crate::run::names(parent) {
            if name.starts_with(&parts) && name.ends_with(".zip") {
                files_in(&parent.join(&name), &format!("{name}!"), &mut files);
            }
        }
    }
    files
}

fn files_below(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    for name in crate::run::names(folder) {
        let path = folder.join(&name);
        if path.is_dir() {
            files_below(&path, &format!("{prefix}{name}/"), files);
        } else {
            files.insert(format!("{prefix}{name}"), fs::read(path).unwrap());
        }
    }
}

fn files_in(zip: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    let mut archive = ZipArchive::new(File::open(zip).unwrap()).unwrap();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).unwrap();
        if entry.is_dir() {
            continue;
        }
        let name = format!("{prefix}{}", entry.name().unwrap());
        let mut octets = Vec::new();
        entry.read_to_end(&mut octets).unwrap();
        assert!(files.insert(name, octets).is_none(), "the same name twice");
    }
}

#[derive(Debug, Default, PartialEq)]
struct Columns {
    available: u64,
    migrated: u64,
    failed: u64,
    skipped: u64,
    bytes: u64,
}

impl Columns {
    #[track_caller]
    fn of(value: &Value) -> Self {
        let column = |name: &str| value[name].as_u64().unwrap();
        let columns = Self {
            available: column("available"),
            migrated: column("migrated"),
            failed: column("failed"),
            skipped: column("skipped"),
            bytes: column("bytes"),
        };
        assert_eq!(columns.available, columns.migrated + columns.failed + columns.skipped, "{value}");
        columns
    }

    fn of_line(line: &Value) -> Self {
        let is = |status: &str| u64::from(line["status"] == status);
        let places = 1 + line["copies"].as_array().map_or(0, |copies| copies.len() as u64);
        Self {
            available: 1,
            migrated: is("migrated"),
            failed: is("failed"),
            skipped: is("skipped"),
            bytes: is("migrated") * places * line["size"].as_u64().unwrap_or(0),
        }
    }

    fn add(&mut self, other: &Self) {
        self.available += other.available;
        self.migrated += other.migrated;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.bytes += other.bytes;
    }
}
