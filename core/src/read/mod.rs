//! From octets to items: one reader a format, chosen by what the octets are.

pub mod mbox;

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
