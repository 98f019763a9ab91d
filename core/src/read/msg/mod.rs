//! MSG and OFT: one message object of Outlook in a compound file ([MS-OXMSG]).
//!
//! It is the object that a store has, and translated by the same rules: mail, an appointment, a task, a contact, a note or a list,
//! with what is attached to it.
//!
//! ```
//! use mailferry::{Error, ErrorKind, read::{ReadOptions, msg::MsgReader}};
//! use std::sync::Arc;
//!
//! let error = MsgReader::open(Arc::new(b"From here".to_vec()), "no.msg", &ReadOptions::default()).err().unwrap();
//! assert_eq!(error.kind(), ErrorKind::UnknownFormat);
//! # Ok::<(), Error>(())
//! ```
//!
//! [MS-OXMSG]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxmsg/

mod attachments;
mod message;
mod reader;
mod storage;

pub use reader::MsgReader;

use super::{FormatInfo, Head, Holds, Request, Score};
use crate::{
    cfb::{CompoundFile, SIGNATURE},
    error::Result,
    source::Source,
};

pub(super) const FORMAT: FormatInfo = FormatInfo {
    extensions: &["msg", "oft"],
    media_types: &["application/vnd.ms-outlook"],
    archived: &["msg", "oft"],
    holds: Holds::Message,
    // Other messages and lists of texts are called .msg, too, and other programs write compound files.
    known_by_name: false,
    look: Some(look),
    ..FormatInfo::new("msg", "Outlook messages and templates (MSG, OFT)", score, |Request { name, source, options }| {
        Ok(Box::new(MsgReader::open(source, &name, &options)?))
    })
};

/// Its directory tells what a compound file is, at a closer look. Where that is damaged, its own name speaks for it; names of what is in
/// messages may be those of one in a document.
fn score(head: &Head<'_>) -> Score {
    match head.octets {
        octets if !octets.starts_with(SIGNATURE) => Score::No,
        _ if head.has_extension(FORMAT.extensions) => Score::Certain,
        octets if has_names(octets) => Score::Possible,
        _ => Score::No,
    }
}

/// Whether one of the names that only messages have stands in the octets, as compound files write them.
fn has_names(octets: &[u8]) -> bool {
    ["__substg1.0_", "__properties_version1.0", "__nameid_version1.0"].iter().any(|name| {
        let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        memchr::memmem::find(octets, &name).is_some()
    })
}

/// Looks into a compound file, wherever its directory lies.
fn look(source: &Source, start: &[u8]) -> Result<bool> {
    if !start.starts_with(SIGNATURE) {
        return Ok(false);
    }
    match CompoundFile::open(source.clone()).and_then(|file| storage::is_message(&file)) {
        Err(e) if e.kind() == crate::ErrorKind::Io => Err(e),
        found => Ok(found.unwrap_or(false)),
    }
}
