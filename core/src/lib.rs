//! Reads MBOX, PST/OST, ICS and VCF into one item model and writes EML archives and import bundles.

pub mod convert;
pub mod error;
mod limits;
pub mod mime;
pub mod model;
pub mod read;
pub mod source;
pub mod write;

pub use error::{Error, ErrorKind, Location, Result};
pub use limits::Limits;
