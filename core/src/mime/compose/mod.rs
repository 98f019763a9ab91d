//! Composing messages: a tree of entities (RFC 2045, RFC 2046) whose octets are encoded where they are read.
//!
//! What is composed is a [`Content`](crate::source::Content) of known length like any other: attachments of any size stay
//! where they are until their base64 is read. The same tree gives the same octets every time.
//!
//! ```
//! use mailferry::{mime::compose::{Entity, HeaderWriter}, source::Content};
//!
//! let mut header = HeaderWriter::default();
//! header.text("Subject", "Photo");
//! let photo = Entity::octets("image/png", Content::from(vec![0x89, b'P', b'N', b'G'])).attached(Some("photo.png"));
//! let message = Entity::multipart("mixed", vec![Entity::text("plain", "See the photo.\r\n"), photo]);
//! let octets = message.compose(header).to_vec(1 << 16)?;
//! assert!(octets.starts_with(b"Subject: Photo\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed;"));
//! # Ok::<(), mailferry::Error>(())
//! ```

mod append;
mod base64;
mod encoded_word;
mod entity;
mod header_writer;
mod quoted_printable;

pub use append::append_text;
#[cfg(not(target_family = "wasm"))]
pub(crate) use base64::in_base64;
pub(crate) use base64::to_base64;
pub(crate) use encoded_word::encoded_words;
pub use entity::Entity;
pub use header_writer::HeaderWriter;
#[cfg(not(target_family = "wasm"))]
pub(crate) use quoted_printable::encode as in_quoted_printable;
