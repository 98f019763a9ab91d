use crate::{
    convert::SyncLog,
    error::{Error, ErrorKind, Result},
    read::ArchiveFiles,
    source::{Content, Source},
};
use std::{
    collections::HashMap,
    io::{self, BufRead, BufReader, Read},
};

/// The files of a bag (RFC 8493) that tell of the others, and the log of an import bundle.
pub(in crate::convert) struct Bag {
    /// The folder that the bag is in its archive, with a slash behind it.
    base: String,
    /// The manifest of the payload, and that of the other files.
    manifests: Vec<Content>,
    items: Option<Content>,
}

const DECLARATION: &str = "bagit.txt";
const MANIFESTS: [&str; 2] = ["manifest-sha256.txt", TAG_MANIFEST];
const TAG_MANIFEST: &str = "tagmanifest-sha256.txt";
const ITEM_LOG: &str = "data/meta/items.jsonl";
/// Octets of a line of a manifest that are held.
const MOST_LINE: u64 = 64 << 10;

impl Bag {
    /// The bag whose files `open` gives by their names.
    pub(super) fn of(base: &str, mut open: impl FnMut(&str) -> Option<Source>) -> Option<Self> {
        open(&format!("{base}{DECLARATION}"))?;
        let manifests = MANIFESTS.iter().filter_map(|name| open(&format!("{base}{name}"))).map(Content::from).collect();
        let items = open(&format!("{base}{ITEM_LOG}")).map(Content::from);
        Some(Self { base: base.to_owned(), manifests, items })
    }

    /// The bag in an archive, if there is one: the archive itself, or a folder at its top (§4).
    pub(super) fn in_archive(mut files: ArchiveFiles) -> Result<Option<Self>> {
        let mut met: HashMap<String, Source> = HashMap::new();
        loop {
            match files.next_file() {
                Ok(Some((path, source))) => {
                    let within = path.split_once('/').map_or("", |(_, within)| within);
                    let tells = |name: &str| name == DECLARATION || name == ITEM_LOG || MANIFESTS.contains(&name);
                    if tells(&path) || tells(within) {
                        met.insert(path, source);
                    }
                }
                Ok(None) => break,
                Err(error) if error.is_fatal() => break,
                Err(_) => {}
            }
        }
        let base = met.keys().find_map(|path| path.strip_suffix(DECLARATION)).map(str::to_owned);
        Ok(base.and_then(|base| Self::of(&base, |path| met.get(path).cloned())))
    }

    /// The log that an import bundle carries.
    pub(super) fn log(&self) -> Option<SyncLog> {
        self.items.clone().map(|items| SyncLog::new(1, items))
    }

    /// The path of the one file that is in no manifest.
    pub(super) fn tag_manifest(&self) -> String {
        format!("{}{TAG_MANIFEST}", self.base)
    }

    /// Calls `f` with the path and the SHA-256 in hexadecimal of every line of the manifests (§2.1.3).
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`] when a line is none.
    pub(super) fn for_each_line(&self, mut f: impl FnMut(&str, &str) -> Result<()>) -> Result<()> {
        for manifest in &self.manifests {
            let mut lines = BufReader::new(manifest.reader());
            let mut line = Vec::new();
            loop {
                line.clear();
                lines.by_ref().take(MOST_LINE).read_until(b'\n', &mut line).map_err(unread)?;
                if line.is_empty() {
                    break;
                }
                let text = String::from_utf8_lossy(line.trim_ascii_end());
                let Some((digest, path)) = text
                    .split_once([' ', '\t'])
                    .filter(|(digest, _)| digest.bytes().all(|octet| octet.is_ascii_hexdigit()))
                else {
                    let message = format!("has an invalid line in the manifest of its bag: {text:?}");
                    return Err(Error::new(ErrorKind::Malformed, message));
                };
                let path = path.trim_start_matches([' ', '\t']);
                let path = path.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%");
                f(&format!("{}{path}", self.base), &digest.to_ascii_lowercase())?;
            }
        }
        Ok(())
    }
}

fn unread(error: io::Error) -> Error {
    Error::new(ErrorKind::Io, "the manifest of the bag cannot be read").because(error)
}
