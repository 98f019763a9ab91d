//! OLM: the archives of Outlook for Mac, ZIP archives of XML and attachments.
//!
//! What a message, an event, a contact says is put into the form of a message object, as stores have them, and translated by the
//! same rules.
//!
//! ```
//! use mailferry::{Error, ErrorKind, read::{ReadOptions, olm::OlmReader}};
//! use std::sync::Arc;
//!
//! let error = OlmReader::open(Arc::new(b"From here".to_vec()), "no.olm", &ReadOptions::default()).err().unwrap();
//! assert_eq!(error.kind(), ErrorKind::Malformed);
//! # Ok::<(), Error>(())
//! ```

mod contact;
mod element;
mod event;
mod fields;
mod long_text;
mod markup;
mod message;
mod place;
mod reader;
mod recurrence;
mod task;
mod xml;
mod zone;

pub use reader::OlmReader;

use super::{
    FormatInfo, Head, Request, Score,
    archive::{ZipIndex, is_zip},
};
use crate::{error::Result, source::Source};

pub(super) const FORMAT: FormatInfo = FormatInfo {
    extensions: &["olm"],
    look: Some(look),
    ..FormatInfo::new("olm", "Archives of Outlook for Mac (OLM)", score, |Request { name, source, options }| {
        Ok(Box::new(OlmReader::open(source, &name, &options)?))
    })
};

fn score(head: &Head<'_>) -> Score {
    if is_zip(head.octets) && head.has_extension(FORMAT.extensions) { Score::Certain } else { Score::No }
}

/// A ZIP archive of any name is one by the names of its entries; only where the first could be one, all are looked at.
fn look(source: &Source, start: &[u8]) -> Result<bool> {
    const LOCAL_HEADER: usize = 30;
    let first = start.get(LOCAL_HEADER..).unwrap_or_default();
    let may_be = ["Categories.xml", "Local/", "Accounts/"].iter().any(|name| first.starts_with(name.as_bytes()));
    if !is_zip(start) || !may_be {
        return Ok(false);
    }
    match ZipIndex::has_name(source, &place::is_of_outlook_for_mac) {
        Err(e) if e.kind() == crate::ErrorKind::Io => Err(e),
        found => Ok(found.unwrap_or(false)),
    }
}
