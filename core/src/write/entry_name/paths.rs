use super::{
    ItemName, NameTemplate,
    segment::{self, Room, folded_hash, numbered, segment},
};
use crate::model::FolderPath;
use std::{
    collections::{HashMap, HashSet},
    num::NonZeroU32,
};

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

/// Gives every folder and file of one archive a path of its own.
///
/// Folders make a tree as they are met. What is taken is remembered as 8 octets a path.
pub(crate) struct Paths {
    nodes: Vec<Node>,
    recent: Option<(FolderPath, usize)>,
    taken: HashSet<u64>,
    /// For what has clashed, the number to try next.
    next_number: HashMap<u64, u32>,
    shard: Option<NonZeroU32>,
}

struct Node {
    parent: usize,
    path: String,
    children: HashMap<String, usize>,
    /// Asked for, even if it stays empty.
    kept: bool,
    files: u64,
    /// The path of the shard that is being filled.
    shard_path: String,
}

impl Paths {
    pub(crate) fn new(shard: Option<NonZeroU32>) -> Self {
        Self {
            nodes: vec![Node::new(0, String::new())],
            recent: None,
            taken: HashSet::new(),
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
        nodes.filter(|(node, filled)| node.kept && node.files == 0 && !filled).map(|(node, _)| &*node.path).collect()
    }

    /// A new path for an item in `folder`, parted by `/`.
    pub(crate) fn file(
        &mut self,
        folder: &FolderPath,
        template: &NameTemplate,
        name: &ItemName,
        digest: &str,
        ordinal: u64,
        extension: &str,
    ) -> String {
        let node = self.node(folder);
        let directory = self.directory(node);
        let around = if directory.is_empty() { 0 } else { segment::units(&directory) + 1 };
        let room = Room { units: PATH.saturating_sub(around), octets: FILE_OCTETS };
        let stem = template.stem(name, digest, ordinal, room.units.saturating_sub(extension.len()));
        let parent = folded_hash(0, &directory);
        let file = self.claim(parent, format!("{stem}{extension}"), |number| numbered(&stem, number, extension, room));
        join(&directory, &file)
    }

    /// The directory that the next file of the node goes to: its own or, where they are asked for, a shard in it.
    fn directory(&mut self, node: usize) -> String {
        let Some(Node { files, path, shard_path, .. }) = self.nodes.get_mut(node) else { return String::new() };
        let file = *files;
        *files += 1;
        let Some(shard) = self.shard.map(|n| u64::from(n.get())) else { return path.clone() };
        if !file.is_multiple_of(shard) {
            return shard_path.clone();
        }
        let path = path.clone();
        let name = format!("{:05}", file / shard + 1);
        let parent = folded_hash(0, &path);
        let name = self.claim(parent, name.clone(), |number| numbered(&name, number, "", Room::SEGMENT));
        let directory = join(&path, &name);
        if let Some(node) = self.nodes.get_mut(node) {
            node.shard_path.clone_from(&directory);
        }
        directory
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
        let around = self.nodes.get(parent).map_or_else(String::new, |node| node.path.clone());
        let folders = PATH - FILE - if self.shard.is_some() { SHARD } else { 0 };
        let left = folders.saturating_sub(segment::units(&around) + 1);
        let room = Room { units: Room::SEGMENT.units.min(left / 2), ..Room::SEGMENT };
        let child = if room.units < LEAST_SEGMENT {
            parent
        } else {
            let segment = segment(name, room);
            let claimed =
                self.claim(folded_hash(0, &around), segment.clone(), |number| numbered(&segment, number, "", room));
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
                self.next_number.insert(clash, number);
                return name;
            }
        }
    }
}

impl Node {
    fn new(parent: usize, path: String) -> Self {
        Self { parent, path, children: HashMap::new(), kept: false, files: 0, shard_path: String::new() }
    }
}

fn join(directory: &str, name: &str) -> String {
    if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") }
}
