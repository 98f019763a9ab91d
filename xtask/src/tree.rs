//! What stands in a folder, and how that differs from what should.

use crate::Result;
use std::{collections::BTreeMap, fs, path::Path, time::UNIX_EPOCH};

/// Every file below a folder, by its path; folders end in `/`.
pub(crate) struct Tree(BTreeMap<String, File>);

#[derive(Clone, PartialEq, Eq)]
struct File {
    octets: Vec<u8>,
    /// The date, of a file that has that of its item.
    date: Option<u64>,
}

impl Tree {
    /// The name and the octets of every file, in the order of names.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let files = self.0.iter().filter(|(name, _)| !name.ends_with('/'));
        files.map(|(name, file)| (&**name, &*file.octets))
    }

    /// Whether a second run wrote a sync.
    pub(crate) fn is_synced(&self) -> bool {
        self.0.keys().any(|name| name.contains(".sync"))
    }
}

/// Reads all of a folder; the seconds that a run took are left out of its report.
pub(crate) fn read(folder: &Path) -> Result<Tree> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(&at)? {
            let path = entry?.path();
            let name = path.strip_prefix(folder)?.to_string_lossy().into_owned();
            if path.is_dir() {
                files.insert(format!("{name}/"), File { octets: Vec::new(), date: None });
                folders.push(path);
                continue;
            }
            let mut octets = fs::read(&path)?;
            if name.ends_with(".report.json")
                && let Ok(mut report) = serde_json::from_slice::<serde_json::Value>(&octets)
            {
                report["seconds"] = 0.into();
                octets = report.to_string().into_bytes();
            }
            let is_dated = name.ends_with(".eml") || name.contains("/cur/");
            let modified = fs::metadata(&path)?.modified()?.duration_since(UNIX_EPOCH)?.as_secs();
            files.insert(name, File { octets, date: is_dated.then_some(modified) });
        }
    }
    Ok(Tree(files))
}

/// What differs between two trees, of the mail only: neither logs, reports and what describes a bundle, nor
/// folders and the dates of files.
pub(crate) fn delivered(whole: &Tree, got: &Tree) -> Option<String> {
    let is_other = |name: &str| is_record(name) || is_description(name);
    difference(whole, got, |name, one, other| is_other(name) || one == other, is_record)
}

/// What of the mail of a tree is not there in another, or has other octets.
pub(crate) fn lost(whole: &Tree, got: &Tree) -> Option<String> {
    let known = got.0.iter().filter(|(name, _)| whole.0.contains_key(*name));
    let got = Tree(known.map(|(name, file)| (name.clone(), file.clone())).collect());
    delivered(whole, &got)
}

/// Which messages of a tree are not in another as often, by their octets: under which names does not matter.
pub(crate) fn messages(whole: &Tree, got: &Tree) -> Option<String> {
    let mut left: BTreeMap<&[u8], usize> = BTreeMap::new();
    for file in got.0.values().filter(|file| file.date.is_some()) {
        *left.entry(&file.octets).or_default() += 1;
    }
    for (name, file) in whole.0.iter().filter(|(_, file)| file.date.is_some()) {
        match left.get_mut(&*file.octets) {
            Some(count) if *count > 0 => *count -= 1,
            _ => return Some(format!("the message of {name} is missing")),
        }
    }
    let more: usize = left.values().sum();
    (more > 0).then(|| format!("{more} messages are there twice"))
}

/// What differs between two trees.
pub(crate) fn all(whole: &Tree, got: &Tree) -> Option<String> {
    for (name, file) in &whole.0 {
        if let Some(other) = got.0.get(name)
            && file.octets == other.octets
            && file.date != other.date
        {
            return Some(format!("{name} has another date"));
        }
    }
    difference(whole, got, |_, one, other| one == other, |_| false)
}

fn difference(
    whole: &Tree,
    got: &Tree,
    is_equal: impl Fn(&str, &[u8], &[u8]) -> bool,
    may_be_there_or_not: impl Fn(&str) -> bool,
) -> Option<String> {
    let missing = whole.0.keys().filter(|name| !got.0.contains_key(*name) && !may_be_there_or_not(name));
    let missing: Vec<_> = missing.map(|name| format!("{name} is missing")).collect();
    let more = got.0.keys().filter(|name| !whole.0.contains_key(*name) && !may_be_there_or_not(name));
    let more: Vec<_> = more.map(|name| format!("{name} is there")).collect();
    let other = whole.0.iter().filter_map(|(name, file)| {
        let other = got.0.get(name).filter(|other| !is_equal(name, &file.octets, &other.octets))?;
        Some(format!("{name} has other octets ({}, not {})", other.octets.len(), file.octets.len()))
    });
    let mut differences = [missing, more, other.collect()].concat();
    let count = differences.len();
    differences.truncate(2);
    match count {
        0 => None,
        1 | 2 => Some(differences.join("; ")),
        _ => Some(format!("{}; {} more", differences.join("; "), count - 2)),
    }
}

/// Whether a file tells of a run, beside what it delivered, or is a folder.
pub(crate) fn is_record(name: &str) -> bool {
    name.ends_with('/') || !name.contains('/') && (name.ends_with(".jsonl") || name.ends_with(".json"))
}

/// Whether a file of a bundle describes the others: their digests, and the sources as far as they could be told.
fn is_description(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    name.contains("/data/meta/") || file == "bag-info.txt" || file.ends_with("manifest-sha256.txt")
}
