//! From items to files: EML archives and the containers they are put in.
//!
//! ```
//! use mailferry::{
//!     model::{Folder, FolderPath, Item, ItemKind, Message},
//!     source::Content,
//!     write::{EmlArchive, WriteOptions, ItemName, ItemWriter},
//! };
//!
//! let mut archive = EmlArchive::zip(std::io::sink(), WriteOptions::default());
//! let renderer = archive.renderer();
//!
//! let message = Message::new(Content::from(b"Subject: Hi\n\nHello\n".to_vec()));
//! let inbox = Folder { path: FolderPath::new(["Inbox"]), role: None };
//! let item = Item::new(ItemKind::Message(message), inbox, Default::default());
//! let name = ItemName { subject: Some("Hi".into()), ..ItemName::default() };
//! let written = archive.write(&item, &name, renderer.render(&item)?)?;
//! assert_eq!(written[0].path, "Inbox/00000000-000000Z_35f23cfe25bd_Hi.eml");
//! archive.finish()?;
//! # Ok::<(), mailferry::Error>(())
//! ```

mod bundle;
mod collection;
mod container;
mod deflate;
mod deflated;
mod ediscovery;
mod eml_archive;
mod entry_name;
mod files;
mod form;
mod frames;
mod growing;
mod maildir;
mod mbox;
mod octets;
mod options;
mod pool;
mod product;
mod proton;
#[cfg(feature = "outlook")]
pub mod pst;
mod render;
pub(crate) mod size;
mod spool;

pub use crate::disk::{Fsync, Mode};
pub use crate::model::Fidelity;
pub use bundle::{BUNDLE_LAYOUT, BUNDLE_PROFILE};
pub(crate) use collection::written_version;
pub use collection::{
    CardGroups, Collections, Grouping, IcsCollection, IcsOptions, VcfCollection, VcfOptions, WRITTEN_VERSIONS,
};
#[cfg(not(target_family = "wasm"))]
pub(crate) use container::BESIDE_STORE;
pub(crate) use container::advice;
pub use eml_archive::EmlArchive;
pub use entry_name::{ItemName, NameTemplate, file_name};
#[cfg(not(target_family = "wasm"))]
pub use form::create;
pub use form::{OutputForm, Packaging, create_with, stream};
pub use mbox::{FromLines, MboxOptions, MboxTree, Quoting, StateFields};
pub use octets::Eol;
pub(crate) use options::INBOX;
pub use options::{FolderRules, Placement, Scrambling, TarNames, WriteOptions};
pub use product::{Lost, Product, Standing};
pub(crate) use render::file_digests;
pub use render::{Checksums, Rendered, Renderer, ZipLevel};
pub use size::size;
#[cfg(not(target_family = "wasm"))]
pub(crate) use {
    container::{KEPT, Ours, UNFINISHED, linked, refused},
    form::reopen,
    render::Known,
};

use crate::{
    error::Result,
    model::{Folder, Item},
};

/// Takes items, one at a time, in the order of their source.
///
/// The work is divided so that it can be spread over threads: [`Renderer::render`] does what costs processor time, in any
/// order; [`ItemWriter::write`] gives names and moves octets, in order, so that names and octets are always the same.
///
/// It can be implemented outside of this crate; three methods do it, the others have defaults that do nothing. What goes to a
/// [`Conversion`](crate::convert::Conversion) need not be files:
///
/// ```
/// use mailferry::{
///     Result,
///     model::{Folder, Item},
///     write::{ItemName, ItemWriter, Product, Rendered, Renderer, Written},
/// };
///
/// /// Keeps nothing, and knows how much it was.
/// #[derive(Default)]
/// struct Counter {
///     octets: u64,
/// }
///
/// impl ItemWriter for Counter {
///     fn renderer(&self) -> Renderer {
///         Renderer::default()
///     }
///
///     fn write(&mut self, item: &Item, _name: &ItemName, rendered: Rendered) -> Result<Vec<Written>> {
///         rendered.for_each_chunk(|chunk| {
///             self.octets += chunk.len() as u64;
///             Ok(())
///         })?;
///         Ok(vec![Written { path: rendered.name_digest().to_owned(), folder: item.folder.clone() }])
///     }
///
///     fn folder(&mut self, _folder: &Folder) -> Result<()> {
///         Ok(())
///     }
///
///     fn finish_telling(&mut self, _tell: &mut dyn FnMut(Product) -> Result<()>) -> Result<()> {
///         Ok(())
///     }
/// }
/// # Ok::<(), mailferry::Error>(())
/// ```
///
/// `examples/count.rs` shows one at work.
pub trait ItemWriter: Send {
    /// What renders items for this writer; clone it for every thread.
    fn renderer(&self) -> Renderer;

    /// Writes one item and tells where it went: one place, or one for each label where that was asked for.
    ///
    /// # Errors
    /// Not [fatal](crate::Error::is_fatal) when only this item cannot be written; nothing of it is left then.
    fn write(&mut self, item: &Item, name: &ItemName, rendered: Rendered) -> Result<Vec<Written>>;

    /// Keeps `folder`, even if no item is in it.
    ///
    /// # Errors
    /// As [`ItemWriter::write`].
    fn folder(&mut self, folder: &Folder) -> Result<()>;

    /// Whether its folders are of mail alone, so that calendars and address books need none.
    fn has_folders_of_mail(&self) -> bool {
        false
    }

    /// Takes a line of the item log with its line end, where the form carries the log itself.
    ///
    /// # Errors
    /// As [`ItemWriter::finish`].
    fn log_line(&mut self, _line: &[u8]) -> Result<()> {
        Ok(())
    }

    /// Whether the form carries a report, and [`ItemWriter::report`] is to be called before the end.
    fn wants_report(&self) -> bool {
        false
    }

    /// Takes the report.
    fn report(&mut self, _report: ReportTexts) {}

    /// What was made since the last call beside the files that hold one item each: files of many items that are complete.
    fn take_products(&mut self) -> Vec<Product> {
        Vec::new()
    }

    /// What came to nothing after its items were told as written; asked when all is ended.
    fn take_lost(&mut self) -> Vec<Lost> {
        Vec::new()
    }

    /// Whether it can go on where an earlier run into the same destination ended: then [`ItemWriter::adopt`] tells it what
    /// that run left.
    fn goes_on(&self) -> bool {
        false
    }

    /// Takes over what an earlier run left, so that nothing gets its path and a folder keeps it.
    fn adopt(&mut self, _standing: Standing<'_>) {}

    /// Completes what was begun, so that it is valid though the source may have been left half-way. What is made thereby goes
    /// to `tell`: in a folder before it has its name there, so that nothing stands under a name that is not known.
    ///
    /// # Errors
    /// [`ErrorKind::Destination`](crate::ErrorKind::Destination) when the destination refuses; what `tell` says.
    fn finish_telling(&mut self, tell: &mut dyn FnMut(Product) -> Result<()>) -> Result<()>;

    /// The same where nobody wants to know.
    ///
    /// # Errors
    /// As [`ItemWriter::finish_telling`].
    fn finish(&mut self) -> Result<()> {
        self.finish_telling(&mut |_| Ok(()))
    }
}

/// The report of a conversion, as a form carries it.
#[derive(Clone, Debug, Default)]
pub struct ReportTexts {
    /// The report in JSON.
    pub json: Vec<u8>,
    /// Its table in CSV.
    pub csv: Vec<u8>,
    /// Whether all items of the sources were written.
    pub complete: bool,
}

/// Where an item was written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The path relative to the destination, separated by `/`; `X.part001.zip!path` in a split archive.
    pub path: String,
    /// The folder of the source that it represents.
    pub folder: Folder,
}
