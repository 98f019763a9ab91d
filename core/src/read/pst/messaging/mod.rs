//! The messaging layer: the store, its folders, their messages ([MS-PST] 2.4).
//!
//! [MS-PST]: https://learn.microsoft.com/openspecs/office_file_formats/ms-pst/

mod attachments;
mod directory;
mod listed;
mod message;
mod names;
mod orphaned;
mod parents;
mod seen;
mod store;
mod text;
mod walk;

pub(crate) use listed::{Listed, Place};
pub(crate) use store::Store;
pub(crate) use walk::{Found, Walk, Wanted};
