//! Reads MBOX, PST/OST, ICS and VCF into one item model and writes EML archives and import bundles.

pub mod content_line;
pub mod convert;
mod date_time;
mod defect;
pub mod error;
mod limits;
pub mod mapi;
pub mod mime;
pub mod model;
mod pst;
pub mod read;
pub mod source;
pub mod time_zone;
pub mod write;

pub use date_time::DateTime;
pub use defect::{Defect, DefectKind};
pub use error::{Error, ErrorKind, Location, Result};
pub use limits::Limits;
