use std::collections::HashSet;
use twox_hash::XxHash3_64;

/// What earlier runs have written, by the names that the log has and the digests of octets: only that may be written over.
#[derive(Default)]
pub(crate) struct Ours {
    files: HashSet<u64>,
    archives: HashSet<u64>,
}

impl Ours {
    /// Notes a file of these octets; several may have been written to one path.
    pub(crate) fn add(&mut self, path: &str, digest: &str) {
        self.files.insert(key(path, digest));
    }

    /// Notes an archive, or a part of one.
    pub(crate) fn add_archive(&mut self, name: &str) {
        self.archives.insert(key(name, ""));
    }

    /// Whether a file of these octets, told by any of their digests, was written to this path.
    pub(super) fn has(&self, path: &str, digests: &[String]) -> bool {
        digests.iter().any(|digest| self.files.contains(&key(path, digest)))
    }

    /// Whether an archive of this name was begun.
    pub(super) fn has_archive(&self, name: &str) -> bool {
        self.archives.contains(&key(name, ""))
    }
}

fn key(path: &str, digest: &str) -> u64 {
    XxHash3_64::oneshot_with_seed(XxHash3_64::oneshot(digest.as_bytes()), path.as_bytes())
}
