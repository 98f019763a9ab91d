//! PST and OST: Outlook's stores ([MS-PST]), ANSI, Unicode, and Unicode with 4 KiB pages.
//!
//! Three layers, named as the standard names them: `ndb` reads pages and blocks, `ltp` tables and properties, `messaging` folders and
//! messages. The source is only ever read.
//!
//! ```
//! use mailferry::{Error, ErrorKind, read::{ReadOptions, pst::PstReader}};
//! use std::sync::Arc;
//!
//! let error = PstReader::open("no.pst", Arc::new(b"From here".to_vec()), &ReadOptions::default()).err().unwrap();
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
