//! How a conversion is done, as plain data: declared once, the same in Rust, in JSON, and in what a report keeps.
//!
//! [`OPTIONS`] names each option as the command does and says what it decides. Everything that takes options by name (Python,
//! JavaScript) goes through [`ConvertOptions::from_names`], everything that goes on with a conversion through what
//! [`ConvertOptions::record`] keeps.

mod digest;
mod named;
mod recorded;
mod table;
mod value;

#[cfg(not(target_family = "wasm"))]
pub(super) use digest::{differing, digest};
#[cfg(not(target_family = "wasm"))]
pub(super) use recorded::{KeptMap, from_recorded, kept_map, scheme};
pub use recorded::{ReadArguments, SCHEME};
pub use table::{Decides, OPTIONS, OptionInfo};
pub(super) use value::one_or_several;

use super::{Selection, Tagging, Transform};
use crate::{platform::Target, read::ReadOptions, write::WriteOptions};
use serde::{Deserialize, Serialize};
use std::{num::NonZeroUsize, path::PathBuf};

/// How a conversion from paths to a path is done.
///
/// It is plain data, and the same in JSON; the name of an option there is that of the command, in camel case. What is a function
/// ([`ConvertOptions::transform`], [`Stop`](crate::Stop)) and the bounds of [`Limits`](crate::Limits) are not part of it.
///
/// ```
/// use mailferry::{convert::ConvertOptions, write::OutputForm};
///
/// let options: ConvertOptions = serde_json::from_str(r#"{"archive":{"as":"mbox"},"selection":{"skipTrash":true}}"#)?;
/// assert!(options.archive.form == OutputForm::Mbox && options.selection.skip_trash);
/// assert!(serde_json::from_str::<ConvertOptions>(r#"{"colour":"red"}"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ConvertOptions {
    /// How the sources are read.
    pub read: ReadOptions,
    /// Which items are converted. Where it asks for a sample or for duplicates, the sources are read once more before.
    pub selection: Selection,
    /// What changes them before anything else does: a function, and no option.
    #[serde(skip)]
    pub transform: Option<Transform>,
    /// How they are marked.
    pub tagging: Tagging,
    /// Where the items are to go: it sets the form and what else it cares for in [`ConvertOptions::archive`]. It travels by name.
    #[serde(with = "value::target")]
    pub target: Option<&'static Target>,
    /// What is written, and how.
    pub archive: WriteOptions,
    /// Threads that render items; the outcome does not depend on it.
    #[serde(rename = "jobs")]
    pub threads: NonZeroUsize,
    /// Whether a further sync compares all octets of what is at the destination with what was written there, and not
    /// only their number.
    pub check: bool,
    /// Whether the log lists the attachments of every message.
    pub attachments: bool,
    /// Whether the report is written as a table too ([`Report::write_csv`](super::Report::write_csv)).
    #[serde(rename = "csv")]
    pub table: bool,
    /// Where the report is written as a page too ([`Report::write_page`](super::Report::write_page)); a file that
    /// is there is replaced.
    #[serde(rename = "html", with = "value::path")]
    pub page: Option<PathBuf>,
    /// The command line of the conversion, which the report shows.
    #[serde(skip)]
    pub arguments: Option<Vec<String>>,
    /// What reads the command line in the reports of older versions, which told their options by nothing else: a function, and no
    /// option.
    #[serde(skip)]
    pub older: Option<ReadArguments>,
}

impl ConvertOptions {
    /// The same, with what the target asks for.
    #[cfg(not(target_family = "wasm"))]
    pub(super) fn for_target(&self) -> Self {
        let mut options = self.clone();
        options.target.iter().for_each(|target| target.configure(&mut options.archive));
        options
    }
}

impl Default for ConvertOptions {
    fn default() -> Self {
        Self {
            read: ReadOptions::default(),
            selection: Selection::default(),
            transform: None,
            tagging: Tagging::default(),
            target: None,
            archive: WriteOptions::default(),
            threads: NonZeroUsize::MIN,
            check: false,
            attachments: false,
            table: false,
            page: None,
            arguments: None,
            older: None,
        }
    }
}

#[cfg(test)]
mod tests;
