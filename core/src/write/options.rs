use super::{Checksums, Collections, Eol, NameTemplate, OutputForm, ZipLevel};
use std::num::NonZeroU32;

/// Which folders an item with several labels is written to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Placement {
    /// Its primary folder only.
    #[default]
    Primary,
    /// The folder of every label that is one.
    Every,
}

/// How items are written.
#[non_exhaustive]
#[derive(Clone, Debug, Default)]
pub struct WriteOptions {
    /// The form they are written in.
    pub form: OutputForm,
    /// The line ends of what is written.
    pub eol: Eol,
    /// The digest of what is written.
    pub checksums: Checksums,
    /// Where an item with several labels goes.
    pub placement: Placement,
    /// How files are named.
    pub names: NameTemplate,
    /// How many files a folder takes before they go to numbered folders in it; no bound where there is none.
    pub shard: Option<NonZeroU32>,
    /// How calendar objects and cards are put into files, and what is changed in them.
    pub collections: Collections,
    /// How hard a ZIP or gzip archive is compressed.
    pub zip_level: ZipLevel,
    /// Octets that no part of a ZIP archive reaches; one part of any size where there is none.
    pub zip_split: Option<u64>,
}
