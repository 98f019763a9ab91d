//! What the reader and the writer of PST and OST both hold true of the file format ([MS-PST]), and [`check`], which holds a file against
//! it.
//!
//! [MS-PST]: https://learn.microsoft.com/openspecs/office_file_formats/ms-pst/
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

pub mod check;
pub(crate) mod checksum;
pub(crate) mod encoding;
pub(crate) mod le;
pub(crate) mod nid;
mod variant;

pub(crate) use variant::Variant;
