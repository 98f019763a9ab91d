//! Runs into the same destination, one after the other: what each left, and how the next goes on.
//!
//! A run into a destination is a *sync*, numbered from 1. Each leaves a log and a report of its own next to the destination.
//! One with a report is complete; the next adds what is new. One without is gone through again, and writes nothing twice.

mod begin;
mod clear;
mod earlier;
mod finish;
mod journal;
mod lock;
mod names;
mod note;
mod settings;
mod standing;

pub(super) use begin::Sync;
pub(super) use clear::clear;
pub(super) use earlier::Syncs;
pub(super) use finish::write_whole;
pub(super) use lock::Lock;
pub use names::{ADDRESS_MAP, FILES, GONE, ITEM_LOG, REPORT, SyncPaths, TABLE, beside};
pub(super) use names::{NOTE, UNFINISHED, refused, with_suffix};
pub(super) use note::RunNote;
pub use settings::recorded_options;
pub(super) use settings::{changes, forget};
