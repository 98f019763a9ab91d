//! MBOX in all its forms: mboxo, mboxrd, mboxcl, mboxcl2 and MMDF, and a plain message in a file of its own.
//!
//! One forward scan finds the lines that part messages; a message is the octets between, and nothing of it is copied
//! before it is written. No standard says which lines starting with `From ` part messages (RFC 4155 describes one
//! dialect); `docs/mbox.md` in the repository lists the rules that are followed here.
//!
//! ```
//! use mailferry::read::{ItemReader, ReadOptions, mbox::MboxReader};
//! use std::sync::Arc;
//!
//! let octets = b"From a@example.org Mon Jan  1 00:00:00 2024\nSubject: one\n\nHi\n>From here\n\n".to_vec();
//! let mut reader = MboxReader::open(Arc::new(octets), "Inbox.mbox", &ReadOptions::default())?;
//! let item = reader.next_item()?.unwrap();
//! let message = item.message().unwrap();
//! assert_eq!(message.content().to_vec(1024)?, b"Subject: one\n\nHi\nFrom here\n");
//! assert_eq!(item.folder.path.to_string(), "Inbox");
//! assert!(reader.next_item()?.is_none());
//! # Ok::<(), mailferry::Error>(())
//! ```

mod break_off;
mod buffer;
mod eudora;
mod from_line;
mod lines;
mod mime_guard;
mod reader;
mod scan;
mod separator;
mod window;

pub use reader::MboxReader;
pub(super) use scan::separators_within;

use super::{FormatInfo, Holds, Request};
use crate::word::words;

pub(super) const FORMAT: FormatInfo = FormatInfo {
    extensions: reader::EXTENSIONS,
    media_types: &["application/mbox"],
    archived: &["mbox", "mbx"],
    doubtful_extensions: &["mbs", "mail", "txt"],
    holds: Holds::Folder,
    known_by_octets: false,
    ..FormatInfo::new(
        "mbox",
        "MBOX in all its forms (mboxrd, mboxo, mboxcl, mboxcl2, MMDF)",
        reader::detect,
        |Request { name, source, options }| Ok(Box::new(MboxReader::open(source, &name, &options)?)),
    )
};

words! {
    /// How quoted From_ lines (`>From `) in the bodies of messages are unquoted.
    #[derive(Default)]
    pub enum Unquoting: "a rule for quoted From_ lines" {
        /// As [`Unquoting::Mboxrd`], but a message whose `Content-Length` separates it from the next is left unchanged if it
        /// has unquoted `From ` lines (mboxcl2); so are those of MMDF and a plain message.
        #[default]
        Auto = "auto",
        /// Every `^>+From ` loses one `>`.
        Mboxrd = "rd" | "mboxrd",
        /// Every `^>From ` loses its `>`; a line with more of them stays.
        Mboxo = "o" | "mboxo",
        /// All lines stay.
        Raw = "raw",
    }
}
