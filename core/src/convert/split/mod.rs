//! A conversion shared among many processes, on one machine or on many: what each of them does, and how it becomes one.
//!
//! [`plan_splits`] says who reads what, [`run_split`] does one share of it, [`finish`] makes one result of all. What a share is and what
//! came of it are plain JSON ([`Split`], [`Receipt`]), so that any scheduler can carry them. It may run a share as often as it likes:
//!
//! - A share is written to a folder of its own, and gets its name by one rename, with its receipt in it. The first has it; whoever comes
//!   later, or again, gives that one's receipt and takes its own work back.
//! - What a share is called is a digest of its sources, of what it reads of them and of the options, so that what was done is known.
//! - A source that is not as it was when the shares were planned is refused.
//! - [`finish`] wants the receipt of every share. It puts what they wrote to its place, writes one item log and one report, and says last
//!   of all that it is complete.
//! - What depends on all items (samples, duplicates, calendar objects of one UID) is decided between two passes: the shares of the first
//!   look at the items and keep 24 octets of each, and [`decide_splits`] makes of that the shares that convert.
//!
//! ```
//! use mailferry::convert::{ConvertOptions, finish, plan_splits, run_split};
//! use std::fs;
//!
//! let folder = tempfile::tempdir()?;
//! let (mbox, mail) = (folder.path().join("Inbox.mbox"), folder.path().join("mail"));
//! let message = "From a@example.org Mon Jan  1 00:00:00 2024\nSubject: one\n\nHi\n\n";
//! fs::write(&mbox, message.repeat(100))?;
//!
//! let splits = plan_splits([&mbox], &ConvertOptions::default(), 2_000)?;
//! assert_eq!(splits.len(), 4);
//! let receipts = splits.iter().map(|split| run_split(split, &mail)).collect::<Result<Vec<_>, _>>()?;
//! let report = finish(&mail, &splits, &receipts)?;
//! assert_eq!((report.totals.migrated, report.sources.len()), (100, 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod decide;
mod finish;
mod merge;
mod places;
mod plan;
mod run;
mod source;
mod survey;

pub use decide::{decide_splits, decide_splits_of};
pub use finish::{finish, finish_of, receipts_at};
pub use places::SPLITS;
pub(super) use places::forget;
pub use plan::{Pass, Split, SplitRange, plan_splits, plan_splits_of};
pub use run::{Receipt, run_split, run_split_of};
pub use source::{SourceId, SplitSource};

#[cfg(test)]
mod tests;
