//! Reading mail: header sections, encoded words, addresses, dates, bodies (RFC 5322, RFC 2045–2049, RFC 2231).
//!
//! ```
//! use mailferry::mime::{HeaderSection, addresses};
//!
//! let header = HeaderSection::parse(b"Subject: =?utf-8?B?4pyT?= done\r\nTo: Ann <ann@example.org>\r\n\r\nHello");
//! assert_eq!(header.first("subject").unwrap().text(), "✓ done");
//! assert_eq!(addresses(header.first("to").unwrap().value())[0].mailboxes()[0].address, "ann@example.org");
//! assert_eq!(header.body_offset(), 61);
//! ```
//!
//! All of it is this crate's own. No parser at hand reads real mail well enough to build on: of the 187 hard cases in
//! `fixtures/mime`, made from the standards and from what mailers do, `mail-parser` 1.0.1 reads 130 and Python's `email` 141,
//! and what a message says must come out of bounded memory and a bounded stack, from a message that is not in memory. To work
//! around that list would have been a parser beside the parser. `mail-parser` remains a rival in `benches`.

mod address;
mod base64;
mod body_parts;
mod charset;
pub mod compose;
mod date;
mod enclosed;
mod encoded_word;
mod evidence;
mod field_name;
pub(crate) mod grammar;
mod header;
mod labelled;
mod media_type;
mod month;
mod parameter;
mod quoted_printable;
mod readable;
pub(crate) mod signed_data;
mod structure;
mod text;
mod token;
mod transfer_encoding;
mod uuencode;
mod window;

pub use address::{Address, Mailbox, addresses, message_ids};
pub use body_parts::BodyParts;
pub use date::parse_date;
pub(crate) use enclosed::EnclosedFile;
pub use encoded_word::decode_text;
pub(crate) use encoded_word::{decisions as encoded_word_decisions, openings as encoded_word_openings};
pub(crate) use evidence::{Evidence, read as read_by_evidence};
pub use field_name::{is_field_line, is_known_field_name};
pub use header::{Field, Fields, HeaderSection};
pub(crate) use labelled::decode_labelled;
pub use media_type::{Disposition, MediaType};
pub use parameter::Parameters;
pub(crate) use readable::{own_part, text_of_html};
pub use structure::{Entity, Structure};
pub use text::text;
pub(crate) use text::{charset_of, text_without};
pub use transfer_encoding::{BodyReader, TransferEncoding};
