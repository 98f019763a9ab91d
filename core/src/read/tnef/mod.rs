//! TNEF: `winmail.dat` as a source of its own, and inside of mail ([MS-OXTNEF]).
//!
//! ```
//! use mailferry::read::{ItemReader, ReadOptions, tnef::TnefReader};
//! use std::sync::Arc;
//!
//! let subject = [&[0x78, 0x9F, 0x3E, 0x22, 1, 0, 1, 4, 0x80, 1, 0, 3, 0, 0, 0][..], b"Hi\0", &[0xB1, 0]].concat();
//! let mut reader = TnefReader::open(Arc::new(subject), "winmail.dat", &ReadOptions::default())?;
//! let item = reader.next_item()?.unwrap();
//! assert_eq!(item.message().unwrap().subject()?.as_deref(), Some("Hi"));
//! # Ok::<(), mailferry::Error>(())
//! ```
//!
//! [MS-OXTNEF]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxtnef/
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

mod reader;

pub use reader::TnefReader;

use super::{FormatInfo, Head, ReadOptions, Request, Score};
use crate::{
    error::Result,
    mapi::tnef::decode_in_mail,
    model::{Item, ItemKind, Message},
    word::words,
};

words! {
    /// How TNEF parts (`winmail.dat`) in mail are handled.
    #[derive(Default)]
    pub enum TnefParts: "a way to handle winmail.dat" {
        /// They stay unchanged: the mail keeps its octets.
        #[default]
        Keep = "keep",
        /// They are replaced by their contents; the mail is rewritten there, and only there.
        Decode = "decode",
    }
}

pub(super) const FORMAT: FormatInfo = FormatInfo {
    extensions: &["tnef"],
    media_types: &["application/ms-tnef", "application/vnd.ms-tnef"],
    signature: &[0x78, 0x9F, 0x3E, 0x22],
    ..FormatInfo::new("tnef", "TNEF (winmail.dat)", score, |Request { name, source, options }| {
        Ok(Box::new(TnefReader::open(source, &name, &options)?))
    })
};

fn score(head: &Head<'_>) -> Score {
    if FORMAT.has_signature(head.octets) { Score::Certain } else { Score::No }
}

/// Does to the mail of an item what the options ask for.
pub(super) fn decode_parts(item: &mut Item, options: &ReadOptions) -> Result<()> {
    if options.tnef == TnefParts::Decode
        && let ItemKind::Message(message) = &item.kind
        && let Some(decoded) = decode_in_mail(message, &options.translation(), &mut item.defects)?
    {
        item.kind = ItemKind::Message(Message::with_limits(decoded, options.limits.clone()));
        item.note_change();
    }
    Ok(())
}
