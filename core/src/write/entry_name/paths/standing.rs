//! Paths of an earlier run, so that those of the next go on from there.

use super::{Directory, Node, Paths, folded_hash};

/// A folder of an archive: what it is called in the source, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StandingFolder {
    pub(crate) names: Vec<String>,
    pub(crate) path: String,
    /// Files in it and in its shards.
    pub(crate) files: u64,
    /// The path of the shard that was filled last; empty where there is none.
    pub(crate) shard: String,
}

impl Paths {
    /// Every folder so far, each behind the one around it.
    pub(crate) fn folders(&self) -> Vec<StandingFolder> {
        let mut names: Vec<Vec<String>> = vec![Vec::new(); self.nodes.len()];
        for (at, node) in self.nodes.iter().enumerate() {
            let around = names.get(at).cloned().unwrap_or_default();
            // A folder without room for one more stands for those in it.
            for (name, child) in node.children.iter().filter(|(_, child)| **child > at) {
                if let Some(names) = names.get_mut(*child) {
                    names.clone_from(&around);
                    names.push(name.clone());
                }
            }
        }
        let folder = |(node, names): (&Node, Vec<String>)| StandingFolder {
            names,
            path: node.directory.path.clone(),
            files: node.files,
            shard: node.shard.path.clone(),
        };
        self.nodes.iter().zip(names).map(folder).collect()
    }

    /// Takes over a folder of an earlier run, the one around it first.
    pub(crate) fn adopt_folder(&mut self, folder: &StandingFolder) {
        let mut at = 0;
        for (depth, name) in folder.names.iter().enumerate() {
            let known = self.nodes.get(at).and_then(|node| node.children.get(name)).copied();
            at = match known {
                Some(child) => child,
                None if depth + 1 < folder.names.len() => return,
                None => {
                    self.claim_standing(&folder.path);
                    self.nodes.push(Node::new(at, folder.path.clone()));
                    let child = self.nodes.len() - 1;
                    if let Some(parent) = self.nodes.get_mut(at) {
                        parent.children.insert(name.clone(), child);
                    }
                    child
                }
            };
        }
        if let Some(node) = self.nodes.get_mut(at) {
            node.files = folder.files;
            node.shard = Directory::new(folder.shard.clone());
        }
        if !folder.shard.is_empty() {
            self.claim_standing(&folder.shard);
        }
    }

    /// Takes over the path of a file of an earlier run: no other gets it.
    pub(crate) fn adopt_file(&mut self, path: &str) {
        self.claim_standing(path);
    }

    fn claim_standing(&mut self, path: &str) {
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        self.taken.insert(folded_hash(folded_hash(0, directory), name));
        // A shard is taken with its first file.
        if let Some((around, shard)) = directory.rsplit_once('/') {
            self.taken.insert(folded_hash(folded_hash(0, around), shard));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::FolderPath,
        write::{ItemName, NameTemplate, entry_name::tests::mail},
    };
    use proptest::prelude::*;
    use std::num::NonZeroU32;

    fn file(paths: &mut Paths, (folder, subject): &(Vec<String>, String)) -> String {
        let name = ItemName { subject: Some(subject.clone()), ..ItemName::default() };
        paths.file(&FolderPath::new(folder.clone()), &NameTemplate::default(), &mail(1, ""), &name, "0123456789ab")
    }

    proptest! {
        #[test]
        fn paths_that_go_on_are_those_of_one_run(
            items in proptest::collection::vec((
                proptest::collection::vec("(/|[aAb]|\\PC){0,20}|[a-z ]{60,90}", 0..5), "[aA]{0,2}"
            ), 1..30),
            cut in 0..30_usize,
            shard in proptest::option::of(1..4_u32),
        ) {
            let shard = shard.and_then(NonZeroU32::new);
            let cut = cut.min(items.len());
            let mut whole = Paths::new(shard);
            let expected: Vec<_> = items.iter().map(|item| file(&mut whole, item)).collect();

            let mut first = Paths::new(shard);
            let mut got: Vec<_> = items[..cut].iter().map(|item| file(&mut first, item)).collect();
            let mut next = Paths::new(shard);
            first.folders().iter().for_each(|folder| next.adopt_folder(folder));
            got.iter().for_each(|path| next.adopt_file(path));
            got.extend(items[cut..].iter().map(|item| file(&mut next, item)));
            prop_assert_eq!(got, expected);
            prop_assert_eq!(next.folders(), whole.folders());
        }
    }
}
