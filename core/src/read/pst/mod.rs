//! PST and OST: Outlook's stores ([MS-PST]), ANSI, Unicode, and Unicode with 4 KiB pages.
//!
//! Three layers, named as the standard names them: `ndb` reads pages and blocks, `ltp` tables and properties, `messaging` folders and
//! messages. The source is only ever read.
//!
//! ```
//! use mailferry::{Error, ErrorKind, read::{ReadOptions, pst::PstReader}};
//! use std::sync::Arc;
//!
//! let error = PstReader::open(Arc::new(b"From here".to_vec()), "no.pst", &ReadOptions::default()).err().unwrap();
//! assert_eq!(error.kind(), ErrorKind::UnknownFormat);
//! # Ok::<(), Error>(())
//! ```
//!
//! [MS-PST]: https://learn.microsoft.com/openspecs/office_file_formats/ms-pst/

mod ltp;
mod messaging;
mod ndb;
mod reader;

pub use reader::{PstReader, StoredMessage};

use super::{FormatInfo, Head, Request, Score};

pub(super) const FORMAT: FormatInfo = FormatInfo {
    extensions: &["pst", "ost"],
    media_types: &["application/vnd.ms-outlook-pst"],
    // dwMagic ([MS-PST] 2.2.2.6).
    signature: b"!BDN",
    ..FormatInfo::new("pst", "Outlook PST and OST", score, |Request { name, source, options }| {
        Ok(Box::new(PstReader::open(source, &name, &options)?))
    })
};

/// The signature decides. Where it is destroyed, the name and octets that are no text leave the search for what is left.
fn score(head: &Head<'_>) -> Score {
    match head.octets {
        octets if FORMAT.has_signature(octets) => Score::Certain,
        octets if head.has_extension(FORMAT.extensions) && octets.contains(&0) => Score::Possible,
        _ => Score::No,
    }
}
