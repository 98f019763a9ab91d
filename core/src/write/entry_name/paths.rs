mod standing;

pub(crate) use standing::StandingFolder;

use super::{
    ItemName, NameTemplate, extension,
    fingerprints::Fingerprints,
    segment::{self, Room, folded_hash, numbered, segment},
};
use crate::model::{FolderPath, Item};
use std::{collections::HashMap, num::NonZeroU32};

/// UTF-16 units of a path relative to the destination.
const PATH: usize = 180;
/// Of these, units that folders leave to the file: `/`, date, digest, a number against clashes, the extension.
const FILE: usize = 42;
/// Units of a shard's name with its `/`.
const SHARD: usize = 6;
/// Units of a folder's name below which its items go to the folder around it.
const LEAST_SEGMENT: usize = 4;
/// A file name, whatever its stem: file systems take 255.
const FILE_OCTETS: usize = 250;
/// Numbers that are tried before the next is remembered: in a mailbox that was joined with itself, everything clashes once.
const TRIED: u32 = 16;

/// Gives every folder and file of one archive a path of its own.
///
/// Folders make a tree as they are met. What is taken is remembered in some seven octets a path.
pub(crate) struct Paths {
    nodes: Vec<Node>,
    recent: Option<(FolderPath, usize)>,
    taken: Fingerprints,
    /// For what has clashed often, the number to try next.
    next_number: HashMap<u64, u32>,
    shard: Option<NonZeroU32>,
}

struct Node {
    parent: usize,
    directory: Directory,
    children: HashMap<String, usize>,
    /// Asked for, even if it stays empty.
    kept: bool,
    files: u64,
    /// The shard that is being filled.
    shard: Directory,
}

/// What a file is put into, with what each of its files asks of it.
#[derive(Clone)]
struct Directory {
    path: String,
    hash: u64,
    /// For a file's name.
    room: Room,
}

impl Directory {
    fn new(path: String) -> Self {
        let around = if path.is_empty() { 0 } else { segment::units(&path) + 1 };
        let room = Room { units: PATH.saturating_sub(around), octets: FILE_OCTETS };
        Self { hash: folded_hash(0, &path), path, room }
    }
}

impl Paths {
    pub(crate) fn new(shard: Option<NonZeroU32>) -> Self {
        Self {
            nodes: vec![Node::new(0, String::new())],
            recent: None,
            taken: Fingerprints::default(),
            next_number: HashMap::new(),
            shard,
        }
    }

    /// Remembers that `folder` is to be there even if it stays empty.
    pub(crate) fn keep(&mut self, folder: &FolderPath) {
        let node = self.node(folder);
        if let Some(node) = self.nodes.get_mut(node) {
            node.kept = true;
        }
    }

    /// The paths of kept folders that nothing was put in.
    pub(crate) fn empty_folders(&self) -> Vec<&str> {
        let mut filled = vec![false; self.nodes.len()];
        for (i, node) in self.nodes.iter().enumerate().rev() {
            let there = node.kept || node.files > 0 || filled.get(i).is_some_and(|filled| *filled);
            if let Some(parent) = filled.get_mut(node.parent) {
                *parent |= there && i > 0;
            }
        }
        let nodes = self.nodes.iter().zip(filled).skip(1);
        let empty = nodes.filter(|(node, filled)| node.kept && node.files == 0 && !filled);
        empty.map(|(node, _)| &*node.directory.path).collect()
    }

    /// A new path for an item in `folder`, parted by `/`.
    pub(crate) fn file(
        &mut self,
        folder: &FolderPath,
        template: &NameTemplate,
        item: &Item,
        name: &ItemName,
        digest: &str,
    ) -> String {
        let extension = extension(&item.kind);
        let node = self.node(folder);
        let Directory { path, hash, room } = self.next_directory(node);
        let stem = template.stem(item, name, digest, room.units.saturating_sub(extension.len()));
        let file = self.claim(hash, format!("{stem}{extension}"), |number| numbered(&stem, number, extension, room));
        join(&path, &file)
    }

    /// A new path for a file that holds many items of `folder`, and has its name.
    pub(crate) fn collection(&mut self, folder: &FolderPath, extension: &str) -> String {
        let node = self.node(folder);
        let Directory { path, hash, room } = self.directory(node);
        let stem = path.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("Items");
        let file = self.claim(hash, format!("{stem}{extension}"), |number| numbered(stem, number, extension, room));
        join(&path, &file)
    }

    /// A new path in `around` for a file that is called `name`; a folder with up to eight octets more in its name fits
    /// beside it.
    pub(crate) fn named(&mut self, around: &FolderPath, name: &str, extension: &str) -> String {
        const BESIDE: usize = 8;
        let node = self.node(around);
        let Directory { path, hash, .. } = self.directory(node);
        let left = PATH.saturating_sub(segment::units(&path) + 1 + BESIDE + FILE / 2);
        let room = Room {
            units: Room::SEGMENT.units.min(left.max(LEAST_SEGMENT)).saturating_sub(BESIDE),
            octets: Room::SEGMENT.octets - BESIDE,
        };
        let stem = segment(name, room);
        let file = self.claim(hash, format!("{stem}{extension}"), |number| numbered(&stem, number, extension, room));
        join(&path, &file)
    }

    /// The path of a folder, which is kept.
    pub(crate) fn folder(&mut self, folder: &FolderPath) -> String {
        let node = self.node(folder);
        self.directory(node).path
    }

    /// The directory of the node, in which one more file is put.
    fn directory(&mut self, node: usize) -> Directory {
        let Some(node) = self.nodes.get_mut(node) else { return Directory::new(String::new()) };
        node.files += 1;
        node.directory.clone()
    }

    /// The directory that the next file of the node goes to: its own or, where they are asked for, a shard in it.
    fn next_directory(&mut self, node: usize) -> Directory {
        let file = self.nodes.get(node).map_or(0, |node| node.files);
        let directory = self.directory(node);
        let Some(shard) = self.shard.map(|n| u64::from(n.get())) else { return directory };
        if !file.is_multiple_of(shard) {
            return self.nodes.get(node).map_or(directory, |node| node.shard.clone());
        }
        let name = format!("{:05}", file / shard + 1);
        let name = self.claim(directory.hash, name.clone(), |number| numbered(&name, number, "", Room::SEGMENT));
        let shard = Directory::new(join(&directory.path, &name));
        if let Some(node) = self.nodes.get_mut(node) {
            node.shard = shard.clone();
        }
        shard
    }

    fn node(&mut self, folder: &FolderPath) -> usize {
        if let Some((recent, node)) = &self.recent
            && recent == folder
        {
            return *node;
        }
        let mut at = 0;
        for name in folder.names() {
            at = match self.nodes.get(at).and_then(|node| node.children.get(name)) {
                Some(child) => *child,
                None => self.new_child(at, name),
            };
        }
        self.recent = Some((folder.clone(), at));
        at
    }

    fn new_child(&mut self, parent: usize, name: &str) -> usize {
        let Directory { path: around, hash, .. } = match self.nodes.get(parent) {
            Some(node) => node.directory.clone(),
            None => Directory::new(String::new()),
        };
        let folders = PATH - FILE - if self.shard.is_some() { SHARD } else { 0 };
        let left = folders.saturating_sub(segment::units(&around) + 1);
        let room = Room { units: Room::SEGMENT.units.min(left / 2), ..Room::SEGMENT };
        let child = if room.units < LEAST_SEGMENT {
            parent
        } else {
            let segment = segment(name, room);
            let claimed = self.claim(hash, segment.clone(), |number| numbered(&segment, number, "", room));
            self.nodes.push(Node::new(parent, join(&around, &claimed)));
            self.nodes.len() - 1
        };
        if let Some(parent) = self.nodes.get_mut(parent) {
            parent.children.insert(name.to_owned(), child);
        }
        child
    }

    /// `name`, or the first of its numbered forms that is not taken in `parent` yet.
    fn claim(&mut self, parent: u64, name: String, numbered: impl Fn(u32) -> String) -> String {
        if self.taken.insert(folded_hash(parent, &name)) {
            return name;
        }
        // Names that differ only where a number would cut them share their numbers.
        let clash = folded_hash(parent, &numbered(2));
        let mut number = self.next_number.get(&clash).copied().unwrap_or(2);
        loop {
            let name = numbered(number);
            number = number.saturating_add(1);
            if self.taken.insert(folded_hash(parent, &name)) {
                if number > TRIED {
                    self.next_number.insert(clash, number);
                }
                return name;
            }
        }
    }
}

impl Node {
    fn new(parent: usize, path: String) -> Self {
        let (directory, shard) = (Directory::new(path), Directory::new(String::new()));
        Self { parent, directory, children: HashMap::new(), kept: false, files: 0, shard }
    }
}

fn join(directory: &str, name: &str) -> String {
    if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::mail, *};
    use crate::date_time::DateTime;
    use proptest::prelude::*;
    use std::collections::HashSet;

    const DIGEST: &str = "0123456789ab";

    fn name(subject: &str) -> ItemName {
        ItemName {
            subject: Some(subject.to_owned()),
            date: Some(DateTime::from_unix_seconds(0)),
            ..ItemName::default()
        }
    }

    fn file(paths: &mut Paths, folder: &[&str], subject: &str) -> String {
        let folder = FolderPath::new(folder.iter().copied());
        paths.file(&folder, &NameTemplate::default(), &mail(1, ""), &name(subject), DIGEST)
    }

    #[test]
    fn folders_that_clash_are_numbered_in_the_order_they_are_met() {
        let mut paths = Paths::new(None);
        let folder = |paths: &mut Paths, names: &[&str]| {
            file(paths, names, "x").rsplit_once('/').map(|(folder, _)| folder.to_owned()).unwrap()
        };
        assert_eq!(folder(&mut paths, &["Work", "a"]), "Work/a");
        assert_eq!(folder(&mut paths, &["WORK", "a"]), "WORK (2)/a");
        assert_eq!(folder(&mut paths, &["work"]), "work (3)");
        assert_eq!(folder(&mut paths, &["Work", "A"]), "Work/A (2)");
        assert_eq!(folder(&mut paths, &["Work", "a"]), "Work/a", "the same folder again");
        assert_eq!(folder(&mut paths, &["a/b"]), "a_b");
        assert_eq!(folder(&mut paths, &["a_b"]), "a_b (2)");
        assert_eq!(folder(&mut paths, &["a_b (2)"]), "a_b (2) (2)");
    }

    #[test]
    fn files_that_clash_are_numbered() {
        let mut paths = Paths::new(None);
        assert_eq!(file(&mut paths, &[], "x"), "19700101-000000Z_0123456789ab_x.eml");
        assert_eq!(file(&mut paths, &[], "X"), "19700101-000000Z_0123456789ab_X (2).eml");
        assert_eq!(file(&mut paths, &["f"], "x"), "f/19700101-000000Z_0123456789ab_x.eml");
    }

    #[test]
    fn a_file_does_not_clash_with_a_folder() {
        let mut paths = Paths::new(None);
        file(&mut paths, &["19700101-000000Z_0123456789ab_x.eml"], "y");
        assert_eq!(file(&mut paths, &[], "x"), "19700101-000000Z_0123456789ab_x (2).eml");
    }

    #[test]
    fn many_equal_items_take_linear_time() {
        let mut paths = Paths::new(None);
        for i in 1..=50_000 {
            let file = file(&mut paths, &["f"], "x");
            if i > 1 {
                assert!(file.ends_with(&format!(" ({i}).eml")), "{file}");
            }
        }
    }

    #[test]
    fn a_deep_folder_leaves_room_for_its_files() {
        let mut paths = Paths::new(None);
        let deep: Vec<String> = (0..1000).map(|i| format!("{i} {}", "long ".repeat(20))).collect();
        let deep: Vec<&str> = deep.iter().map(String::as_str).collect();
        let path = file(&mut paths, &deep, &"s".repeat(100));
        assert!(path.len() <= PATH, "{path}");
        assert!(path.contains("/19700101-000000Z_0123456789ab"), "{path}");
        assert!(path.starts_with(&file(&mut paths, &deep[..1], "x").split('/').next().unwrap().to_owned()));
    }

    #[test]
    fn shards_are_folders_with_so_many_files() {
        let mut paths = Paths::new(NonZeroU32::new(2));
        let folders: Vec<String> =
            (0..5).map(|i| file(&mut paths, &["f"], &i.to_string()).rsplit_once('/').unwrap().0.to_owned()).collect();
        assert_eq!(folders, ["f/00001", "f/00001", "f/00002", "f/00002", "f/00003"]);
    }

    #[test]
    fn only_folders_that_stayed_empty_are_told() {
        let mut paths = Paths::new(None);
        for folder in [&["a"][..], &["a", "b"], &["c", "d"], &["e"]] {
            paths.keep(&FolderPath::new(folder.iter().copied()));
        }
        file(&mut paths, &["e"], "x");
        file(&mut paths, &["c"], "x");
        assert_eq!(paths.empty_folders(), ["a/b", "c/d"]);
    }

    proptest! {
        #[test]
        fn every_path_is_new_short_and_inside(
            items in proptest::collection::vec((
                proptest::collection::vec("(\\.\\.|/|[aA]|\\PC){0,30}", 0..6), "([aA]|\\PC){0,70}"
            ), 1..20)
        ) {
            let run = || {
                let mut paths = Paths::new(NonZeroU32::new(3));
                items.iter().map(|(folder, subject)| {
                    let folder: Vec<&str> = folder.iter().map(String::as_str).collect();
                    file(&mut paths, &folder, subject)
                }).collect::<Vec<_>>()
            };
            let paths = run();
            let mut seen = HashSet::new();
            for path in &paths {
                prop_assert!(segment::units(path) <= PATH, "{}", path);
                prop_assert!(path.split('/').all(|s| !s.is_empty() && s != "." && s != ".." && s.len() <= 255));
                prop_assert!(!path.contains(['\\', '\0', ':']));
                prop_assert!(seen.insert(path.to_lowercase()), "{} twice", path);
            }
            prop_assert_eq!(paths, run());
        }
    }
}
