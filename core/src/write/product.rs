use crate::{
    error::{Error, Result},
    hex::hex,
};
use serde::{Deserialize, Serialize};

/// What a writer made beside the files that hold one item each; a line of the list of files.
///
/// ```
/// use mailferry::write::Product;
///
/// let line = r#"{"is":"folder","path":"a_b","names":["a/b"],"files":3}"#;
/// let product: Product = serde_json::from_str(line)?;
/// assert_eq!(product.path(), "a_b");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "lowercase")]
pub enum Product {
    /// A folder.
    Folder {
        /// Its path relative to the destination, parted by `/`; empty for the destination itself.
        path: String,
        /// Its names in the source, outermost first.
        names: Vec<String>,
        /// Files in it, and in its numbered folders.
        files: u64,
        /// The path of the numbered folder that was filled last.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        shard: String,
    },
    /// A folder of mail that the form has a place of its own for.
    Mailbox {
        /// The directory of a Maildir; empty for the one at the top, and in forms where folders are told in a file.
        path: String,
        /// Its names in the source, outermost first.
        names: Vec<String>,
        /// Messages that were written to it so far.
        #[serde(default)]
        messages: u64,
    },
    /// A file of the form itself that grows with every sync, as a list of folders or keywords.
    Index {
        /// Its path.
        path: String,
        /// The digest of its octets, in hexadecimal.
        digest: String,
    },
    /// A file that holds many items, or none: one that goes with them.
    Collection {
        /// Its path as the item log has it.
        path: String,
        /// Its octets.
        size: u64,
        /// The SHA-256 of its octets, in hexadecimal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sha256: Option<String>,
        /// In its stead, where no SHA-256 was asked for, the XXH3-64 that the item log has too.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        xxh3: Option<String>,
    },
    /// An archive, or a part of one, that is complete.
    Archive {
        /// Its name, without the folder that it stands in.
        path: String,
        /// Its octets.
        size: u64,
        /// The XXH3-64 of its octets, in hexadecimal, made while they were written: that of every octet around the files, each of
        /// which has a digest of its own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        xxh3: Option<String>,
        /// The name of a part that lines have which were written before it was known that it is the only one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        part: Option<String>,
    },
    /// A file of others that stays, because nothing says that it was written by a conversion and not changed since.
    Kept {
        /// Its path.
        path: String,
        /// The path of what was written instead of it.
        instead: String,
    },
}

/// What takes what is made, before it has its name.
pub(super) type Tell<'t> = dyn FnMut(Product) -> Result<()> + 't;

impl Product {
    /// A file of these digests that holds more than one item, or goes with them.
    pub(super) fn collection(path: String, size: u64, (sha256, xxh3): (Option<[u8; 32]>, Option<u64>)) -> Self {
        let (sha256, xxh3) = (sha256.map(|digest| hex(&digest)), xxh3.map(|digest| format!("{digest:016x}")));
        Self::Collection { path, size, sha256, xxh3 }
    }

    /// Where it is.
    pub fn path(&self) -> &str {
        match self {
            Self::Folder { path, .. }
            | Self::Mailbox { path, .. }
            | Self::Index { path, .. }
            | Self::Collection { path, .. }
            | Self::Archive { path, .. }
            | Self::Kept { path, .. } => path,
        }
    }
}

/// What came to nothing after items were told as written to it.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// A file of many items.
    File {
        /// Its path, as the lines of its items have it.
        path: String,
        /// Why.
        reason: String,
    },
    /// A part of an archive.
    Part {
        /// Its name, as the paths of its items start.
        name: String,
        /// Why.
        reason: String,
    },
    /// All that was written: the archive, or what makes a whole of its files.
    All {
        /// Why.
        reason: String,
    },
}

impl Lost {
    /// The reason of items that were put into `what`, as the item log has it.
    pub(super) fn because(what: &str, error: &Error) -> String {
        format!("{}: {what} could not be completed: {error}", error.kind().as_str())
    }

    /// Why, as the item log has it: `destination: what happened`.
    pub fn reason(&self) -> &str {
        match self {
            Self::File { reason, .. } | Self::Part { reason, .. } | Self::All { reason } => reason,
        }
    }
}

/// What an earlier run has left, for a writer that goes on from there.
#[non_exhaustive]
#[derive(Clone, Copy, Debug)]
pub enum Standing<'a> {
    /// A folder, told behind the one around it, as [`Product::Folder`].
    Folder {
        /// Its names in the source.
        names: &'a [String],
        /// Its path.
        path: &'a str,
        /// Files in it.
        files: u64,
        /// Its numbered folder that was filled last.
        shard: &'a str,
    },
    /// A folder of mail, as [`Product::Mailbox`].
    Mailbox {
        /// Its names in the source.
        names: &'a [String],
        /// Its path.
        path: &'a str,
        /// Messages in it.
        messages: u64,
    },
    /// The path of a file.
    File(&'a str),
}
