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

mod address;
mod base64;
mod charset;
pub mod compose;
mod date;
mod encoded_word;
mod field_name;
mod header;
mod token;

pub use address::{Address, Mailbox, addresses, message_ids};
pub use date::parse_date;
pub use encoded_word::decode_text;
pub use field_name::{is_field_line, is_known_field_name};
pub use header::{Field, Fields, HeaderSection};
