//! vCard files of all versions (RFC 6350, RFC 2426, vCard 2.1): an item is a card.
//!
//! ```
//! use mailferry::read::{ItemReader, ReadOptions, vcf::VcfReader};
//! use std::sync::Arc;
//!
//! let octets = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann\r\nEND:VCARD\r\nBEGIN:VCARD\r\nVERSION:4.0\r\nFN:Bob\r\nEND:VCARD\r\n";
//! let mut reader = VcfReader::open(Arc::new(octets.to_vec()), "people.vcf", &ReadOptions::default())?;
//! let mut names = Vec::new();
//! while let Some(item) = reader.next_item()? {
//!     names.extend(item.card().and_then(|card| card.name()).map(str::to_owned));
//! }
//! assert_eq!(names, ["Ann", "Bob"]);
//! # Ok::<(), mailferry::Error>(())
//! ```

mod reader;

pub use reader::VcfReader;

use super::{FormatInfo, Request, content_lines};

pub(super) const FORMAT: FormatInfo = FormatInfo {
    extensions: &["vcf", "vcard", "contact"],
    media_types: &["text/vcard", "text/x-vcard", "text/directory"],
    archived: &["vcf", "vcard"],
    ..FormatInfo::new(
        "vcf",
        "vCard (VCF)",
        |head| content_lines::score(head, &[b"VCARD"]),
        |Request { name, source, options }| Ok(Box::new(VcfReader::open(source, &name, &options)?)),
    )
};
