//! From octets to items: one reader a format, chosen by what the octets are.
//!
//! [`Inputs`] finds the sources in what the user named — a file, an archive, a directory — and [`Input::open`]
//! opens each with the reader of its format:
//!
//! ```
//! use mailferry::{ErrorKind, Limits, read::{Found, Inputs, ReadOptions}};
//! use std::sync::Arc;
//!
//! let octets = Arc::new(b"%PDF-1.7 is no mailbox".to_vec());
//! for found in Inputs::new("letter.pdf", octets, &Limits::default())? {
//!     match found? {
//!         Found::Input(input) => {
//!             let error = input.open(&ReadOptions::default()).err().unwrap();
//!             assert_eq!(error.kind(), ErrorKind::UnknownFormat);
//!         }
//!         Found::Passed(passed) => println!("{}: {}", passed.name, passed.why),
//!     }
//! }
//! # Ok::<(), mailferry::Error>(())
//! ```

mod access;
mod archive;
mod content_lines;
mod detect;
mod eml;
mod emlx;
mod formats;
mod hints;
pub mod ics;
mod input;
mod inputs;
mod lists;
mod mailbox;
mod maildir;
pub mod mbox;
mod message_file;
#[cfg(feature = "outlook")]
mod message_object;
mod metadata;
#[cfg(feature = "outlook")]
pub mod msg;
#[cfg(feature = "outlook")]
pub mod olm;
mod other_programs;
mod part;
#[cfg(feature = "outlook")]
pub mod pst;
mod recovered;
#[cfg(all(feature = "convert", not(target_family = "wasm")))]
mod shares;
mod takeout;
#[cfg(feature = "outlook")]
pub mod tnef;
mod tree;
mod unopened;
pub mod vcf;

pub use crate::address_map::AddressMap;
pub use access::{Access, ItemPlace};
pub(crate) use archive::ArchiveFiles;
pub use detect::{Head, Score, detect};
pub use formats::{FORMATS, FormatInfo, Holds, Look, ReadOptions, Request};
pub use input::Input;
pub use inputs::{Found, Inputs, Passed};
pub use lists::Lists;
pub use mailbox::{Closed, Event, Given, Mailbox, MakeReader, Opened};
pub use metadata::role_of_path;
pub(crate) use metadata::within_account;
#[cfg(all(feature = "convert", not(target_family = "wasm")))]
pub(crate) use part::{Borders, Part};
#[cfg(all(feature = "convert", not(target_family = "wasm")))]
pub(crate) use shares::{Shares, for_each_file};
pub use tree::{LAYOUTS, LayoutInfo};
pub(crate) use unopened::Open;
pub use unopened::Unopened;

use crate::{
    defect::Defect,
    error::Result,
    model::{Folder, Item},
};

/// Gives the items of one source, one at a time, in the order of the source and in constant memory.
pub trait ItemReader: Send {
    /// The next item, or `None` after the last.
    ///
    /// # Errors
    /// After an error that is not [fatal](crate::Error::is_fatal) the next call goes on behind the item that failed.
    fn next_item(&mut self) -> Result<Option<Item>>;

    /// The next item, which may be opened while others are found; `None` where those that were given have to be opened first, or there
    /// is no more: then [`next_item`](Self::next_item) goes on behind them.
    fn next_ahead(&mut self) -> Option<Unopened> {
        None
    }

    /// Whether what it read, or may read, depends on parts of the source beyond: damage has the whole of it searched.
    #[doc(hidden)]
    fn depends_on_rest(&self) -> bool {
        false
    }

    /// How many octets of the source lie behind, for progress.
    fn position(&self) -> u64;

    /// The folders met so far, those without an item included.
    fn folders(&self) -> Vec<Folder> {
        Vec::new()
    }

    /// What was wrong with the source itself rather than with an item, since the last call.
    fn take_defects(&mut self) -> Vec<Defect> {
        Vec::new()
    }
}
