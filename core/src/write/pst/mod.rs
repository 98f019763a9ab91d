//! Writes PST files ([MS-PST]) out of MAPI messages, in any of the three layouts.
//!
//! ```
//! use mailferry::{
//!     mapi::{MapiMessage, PropertyBag, PropertyValue, pid},
//!     read::{ReadOptions, pst::PstReader},
//!     write::pst::{Layout, PstWriter, Scrambling},
//! };
//! use std::{io::Cursor, sync::Arc};
//!
//! let mut properties = PropertyBag::default();
//! properties.insert(pid::MESSAGE_CLASS, PropertyValue::String8(b"IPM.Note".to_vec().into()));
//! properties.insert(pid::SUBJECT, PropertyValue::String8(b"Hello".to_vec().into()));
//!
//! let mut pst = PstWriter::new(Cursor::new(Vec::new()), Layout::Unicode, Scrambling::Permute)?.completing();
//! let inbox = pst.add_folder(PstWriter::<Cursor<Vec<u8>>>::MAILBOX, "Inbox", "IPF.Note");
//! pst.add_message(inbox, &MapiMessage::new(properties))?;
//! let octets = pst.finish()?.into_inner();
//!
//! let mut reader = PstReader::open(Arc::new(octets), "new.pst", &ReadOptions::default())?;
//! let stored = reader.next_message()?.unwrap();
//! assert_eq!(stored.folder.path.to_string(), "Inbox");
//! # Ok::<(), mailferry::Error>(())
//! ```
//!
//! [MS-PST]: https://learn.microsoft.com/openspecs/office_file_formats/ms-pst/

mod columns;
mod context;
mod file;
mod heap;
mod message;
mod names;
mod spill;
mod store;
mod tree;
mod value;
mod whole;
mod writer;

pub use super::Scrambling;
pub use store::{FolderId, Layout, PstWriter};
pub(super) use writer::StoreWriter;
