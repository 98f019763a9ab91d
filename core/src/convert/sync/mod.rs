//! Runs into the same destination, one after the other: what each left, and how the next goes on.
//!
//! A run into a destination is a *sync*, numbered from 1. Each leaves a log and a report of its own next to the destination.
//! One with a report is complete; the next adds what is new. One without is gone through again, and writes nothing twice.

mod begun;
mod clear;
mod journal;
mod names;
mod run;
mod settings;
mod standing;

pub(super) use begun::{Begun, Lock};
pub(super) use clear::clear;
pub use names::{ADDRESS_MAP, FILES, GONE, ITEM_LOG, REPORT, SyncPaths, TABLE, beside};
pub(super) use names::{BEGUN, UNFINISHED, refused, with_suffix};
pub(super) use run::{Sync, Syncs, write_whole};
pub use settings::recorded_options;
pub(super) use settings::{changes, forget};
