//! Calls that were made, and what a loss of power leaves of them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use super::{Disk, Fsync};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

/// A call that changes something, or makes sure of it. Files are known by their numbers while they are open.
#[derive(Clone, Debug)]
pub(crate) enum Call {
    Folder(PathBuf),
    /// A file was opened, perhaps made.
    Open {
        number: usize,
        path: PathBuf,
        is_new: bool,
    },
    Write(usize, u64, Vec<u8>),
    Cut(usize, u64),
    Rename(PathBuf, PathBuf),
    Remove(PathBuf),
    RemoveFolder(PathBuf),
    SyncFile(PathBuf),
    SyncFolder,
    SyncAll,
}

impl Call {
    pub(crate) fn is_sync(&self) -> bool {
        matches!(self, Self::SyncFile(_) | Self::SyncFolder | Self::SyncAll)
    }
}

/// The calls of a run, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record(Arc<Mutex<Vec<Call>>>);

impl Record {
    /// What records here; `whole` tells that file systems are synced at once.
    pub(crate) fn disk(&self, fsync: Fsync, whole: bool) -> Disk {
        Disk::recorded(fsync, whole, 8, self.clone())
    }

    /// The same with batches of the usual size.
    pub(crate) fn usual_disk(&self, fsync: Fsync, whole: bool) -> Disk {
        Disk::recorded(fsync, whole, 1_000, self.clone())
    }

    pub(super) fn push(&self, call: Call) {
        self.0.lock().unwrap().push(call);
    }

    pub(super) fn open(&self, path: PathBuf, is_new: bool) -> usize {
        let mut calls = self.0.lock().unwrap();
        let number = calls.len();
        calls.push(Call::Open { number, path, is_new });
        number
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.0.lock().unwrap().clone()
    }
}

/// What becomes of octets that were written and not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// None of them is there.
    Dropped,
    /// The file is as long as it was, and they are zeros.
    Zeroed,
    /// The first half is there, and of the rest nothing.
    Torn,
    /// One of these for each file.
    Mixed(u64),
}

impl Loss {
    fn of(self, inode: usize) -> Option<Self> {
        match self {
            Self::Mixed(seed) => {
                let noise = (inode as u64 + 1).wrapping_mul(seed | 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
                [Some(Self::Dropped), Some(Self::Zeroed), Some(Self::Torn), None][(noise % 4) as usize]
            }
            one => Some(one),
        }
    }
}

/// Files by number, and which names they have.
#[derive(Clone, Default)]
struct Files {
    names: BTreeMap<PathBuf, usize>,
    folders: BTreeSet<PathBuf>,
    octets: Vec<Vec<u8>>,
    /// What was synced of each.
    safe: Vec<Vec<u8>>,
}

impl Files {
    fn apply(&mut self, call: &Call, open: &mut BTreeMap<usize, usize>) {
        match call {
            Call::Folder(path) => drop(self.folders.insert(path.clone())),
            Call::Open { number, path, is_new } => {
                let inode = match self.names.get(path).filter(|_| !is_new) {
                    Some(inode) => *inode,
                    None => {
                        self.octets.push(Vec::new());
                        self.safe.push(Vec::new());
                        self.octets.len() - 1
                    }
                };
                self.names.insert(path.clone(), inode);
                open.insert(*number, inode);
            }
            Call::Write(number, at, octets) => {
                let file = &mut self.octets[open[number]];
                let (start, end) = (*at as usize, *at as usize + octets.len());
                file.resize(file.len().max(end), 0);
                file[start..end].copy_from_slice(octets);
            }
            Call::Cut(number, len) => self.octets[open[number]].resize(*len as usize, 0),
            Call::Rename(from, to) => {
                let inode = self.names.remove(from).unwrap();
                self.names.insert(to.clone(), inode);
            }
            Call::Remove(path) => drop(self.names.remove(path)),
            Call::RemoveFolder(path) => {
                self.folders.retain(|folder| !folder.starts_with(path));
                self.names.retain(|name, _| !name.starts_with(path));
            }
            Call::SyncFile(path) => {
                if let Some(inode) = self.names.get(path) {
                    self.safe[*inode] = self.octets[*inode].clone();
                }
            }
            Call::SyncFolder => {}
            Call::SyncAll => self.safe = self.octets.clone(),
        }
    }
}

/// Puts under `root` what stands at `of` after the first calls, of which the last names that were not synced are `kept` or not, and
/// octets that were not synced are lost so. Names are lost from the last on, as file systems with a journal keep their order.
pub(crate) fn after_power_loss(calls: &[Call], of: &Path, root: &Path, loss: Loss, kept: bool) {
    let last = calls.iter().rposition(|call| matches!(call, Call::SyncAll | Call::SyncFolder));
    let mut open = BTreeMap::new();
    let mut files = Files::default();
    let mut safe_names = (BTreeMap::new(), BTreeSet::new());
    for (at, call) in calls.iter().enumerate() {
        files.apply(call, &mut open);
        if Some(at) == last {
            safe_names = (files.names.clone(), files.folders.clone());
        }
    }
    let (names, folders) = if kept { (files.names, files.folders) } else { safe_names };
    for folder in &folders {
        if let Ok(folder) = folder.strip_prefix(of) {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
    }
    for (name, inode) in names {
        let Ok(name) = name.strip_prefix(of) else { continue };
        let (octets, safe) = (&files.octets[inode], &files.safe[inode]);
        let mut left = octets.clone();
        if octets != safe {
            match loss.of(inode) {
                Some(Loss::Dropped) => left = safe.clone(),
                Some(Loss::Zeroed) => {
                    let same = octets.iter().zip(safe).take_while(|(one, other)| one == other).count();
                    left[same..].fill(0);
                }
                Some(Loss::Torn) => {
                    let same = octets.iter().zip(safe).take_while(|(one, other)| one == other).count();
                    left.truncate(same + (octets.len() - same) / 2);
                }
                _ => {}
            }
        }
        let to = root.join(name);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::write(to, left).unwrap();
    }
}
