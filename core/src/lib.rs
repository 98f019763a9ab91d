//! Reads MBOX, PST/OST, ICS and VCF into one item model and writes EML archives and import bundles, without losing anything.
//!
//! | format | reader | items |
//! |---|---|---|
//! | MBOX (mboxrd, mboxo, mboxcl, mboxcl2, MMDF) | [`read::mbox`] | messages |
//! | EML, EMLX, Maildir, and the trees in [`read::LAYOUTS`] | [`read::Inputs`] | messages |
//! | ICS, VCS | [`read::ics`] | calendar objects |
//! | VCF | [`read::vcf`] | contacts |
//! | PST, OST | [`read::pst`] | messages, calendar objects, contacts |
//! | MSG, OFT | [`read::msg`] | messages, calendar objects, contacts |
//! | OLM | [`read::olm`] | messages, calendar objects, contacts |
//!
//! gzip, ZIP, tar and UTF-16 around them are read directly. The common model is the standards themselves: an [`Item`]
//! is an RFC 5322 message, an iCalendar object or a vCard, and its octets pass through unchanged.
//!
//! Everything in one call, from paths to a path:
//!
//! ```no_run
//! use mailferry::convert::{ConvertOptions, convert};
//! use std::{ops::ControlFlow, path::Path};
//!
//! let go_on = &mut |_progress: mailferry::convert::Progress<'_>| ControlFlow::Continue(());
//! let report = convert(["All mail.mbox"], Path::new("archive.zip"), &ConvertOptions::default(), go_on)?;
//! println!("{} of {} items", report.totals.migrated, report.totals.available);
//! # Ok::<(), mailferry::Error>(())
//! ```
//!
//! Or item by item:
//!
//! ```
//! use mailferry::read::{Mailbox, ReadOptions};
//! use std::sync::Arc;
//!
//! let mut mailbox = Mailbox::new(ReadOptions::default());
//! mailbox.add_source("Inbox.mbox", Arc::new(b"From a\nSubject: =?utf-8?q?caf=C3=A9?=\n\nHi\n".to_vec()));
//! for item in mailbox {
//!     let item = item?;
//!     let subject = item.message().map(|message| message.subject()).transpose()?.flatten();
//!     assert_eq!(subject.as_deref(), Some("café"));
//! }
//! # Ok::<(), mailferry::Error>(())
//! ```
//!
//! # Features
//!
//! All are on by default; without any, the crate reads.
//!
//! | feature | what it adds |
//! |---|---|
//! | `write` | [`write`](mod@write), [`mend`] and [`platform`] |
//! | `convert` | [`convert`]; it asks for `write` |
//! | `outlook` | [`mapi`], [`pst`], [`read::pst`], [`read::msg`], [`read::olm`], [`read::tnef`]; with `write` also [`write::pst`](mod@write::pst) |
//!
//! [`Item`]: model::Item

// What is left out leaves helpers behind that only it called.
#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "files of a few octets"))]
#![cfg_attr(not(all(feature = "convert", feature = "outlook")), allow(dead_code, unused_imports))]

mod address_map;
#[cfg(feature = "outlook")]
mod cfb;
pub mod content_line;
#[cfg(feature = "convert")]
pub mod convert;
mod crc32;
#[cfg(all(feature = "write", not(target_family = "wasm")))]
mod crew;
mod date_time;
mod defect;
mod disk;
mod divide;
pub mod error;
mod hex;
mod limits;
#[cfg(feature = "outlook")]
pub mod mapi;
#[cfg(feature = "write")]
pub mod mend;
pub mod mime;
pub mod model;
mod order;
#[cfg(feature = "write")]
pub mod platform;
#[cfg(feature = "outlook")]
pub mod pst;
pub mod read;
pub mod source;
pub mod time_zone;
mod word;
#[cfg(feature = "write")]
pub mod write;

pub use date_time::DateTime;
pub use defect::{Defect, DefectKind};
pub use error::{Error, ErrorKind, Location, Result};
pub use limits::{Exclusion, Limits, Stop};
pub use word::Word;
