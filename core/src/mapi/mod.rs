//! MAPI: what PST, OST, MSG and TNEF have in common — properties, messages, recipients, attachments ([MS-OXCDATA], [MS-OXCMSG]).
//!
//! A reader of one of those formats fills a [`MapiMessage`]; the translation to mail, calendar objects and cards asks it.
//!
//! ```
//! use mailferry::mapi::{CodePage, Octets, PropertyBag, PropertyValue, pid};
//!
//! let mut bag = PropertyBag::default();
//! bag.insert(pid::SUBJECT, PropertyValue::String8(Octets::from(b"Caf\xe9".to_vec())));
//! assert_eq!(bag.text(pid::SUBJECT, CodePage::WINDOWS_1252, 1 << 16).as_deref(), Some("Café"));
//! ```
//!
//! [MS-OXCDATA]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxcdata/
//! [MS-OXCMSG]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxcmsg/

mod address_book;
mod bag;
mod code_page;
mod contents;
mod conversation;
mod entry_id;
mod from_message;
mod guid;
mod html_text;
mod listed;
mod message;
pub mod pid;
mod property;
pub mod rtf;
mod state;
mod stored;
#[cfg(test)]
mod support;
pub mod tnef;
mod to_calendar;
mod to_card;
mod to_message;
mod translation;
mod values;

pub use crate::address_map::AddressMap;
pub use address_book::Directory;
pub(crate) use address_book::{pairs, pairs_of_contact};
pub use bag::{NamedProperties, PropertyBag, PropertyName};
pub use code_page::CodePage;
pub(crate) use code_page::{Declared, Fallback, Sample, choose, undeclared};
pub(crate) use conversation::conversation_id;
pub(crate) use entry_id::{one_off, to_flat_list};
pub(crate) use from_message::{Known, from_message};
pub use guid::Guid;
pub(crate) use listed::{HEADERS as LISTED_HEADERS, STATES as LISTED_STATES, listed_header};
pub(crate) use message::Nesting;
pub use message::{Attachment, AttachmentBody, Attachments, EmbeddedMessage, MapiMessage};
pub use property::{FileTime, Octets, PropertyTag, PropertyType, PropertyValue};
pub use state::{keywords, received};
pub(crate) use stored::{MAX_ARRAY, fixed, fixed_array, fixed_size};
pub use translation::{Translated, Translation, translate};
pub(crate) use values::{MAX_TEXT, first_units};

use translation::translate_embedded;
