//! The loop from sources to a writer, its item log and its report.
//!
//! Every item of the sources ends as migrated, skipped or failed, each with a line in the log:
//!
//! ```
//! use mailferry::{
//!     convert::Conversion,
//!     read::{Mailbox, ReadOptions},
//!     write::{EmlArchive, WriteOptions},
//! };
//! use std::{ops::ControlFlow, sync::Arc};
//!
//! let mut mailbox = Mailbox::new(ReadOptions::default());
//! mailbox.add_source("Inbox.mbox", Arc::new(b"From a\nSubject: one\n\nHi\n".to_vec()));
//! let archive = EmlArchive::zip(std::io::sink(), WriteOptions::default());
//!
//! let mut log = Vec::new();
//! let conversion = Conversion::new(mailbox, Box::new(archive), &mut log);
//! let report = conversion.run(&mut |_progress| ControlFlow::Continue(()));
//! assert_eq!(report.totals.migrated, 1);
//! assert!(String::from_utf8_lossy(&log).contains(r#""subject":"one""#));
//! ```

mod card_identities;
mod conversion;
mod decision;
mod gates;
mod in_order;
mod inspection;
mod item_log;
mod journal;
mod keys;
mod log_reader;
mod mend_gate;
mod misplaced_gate;
mod moves;
mod options;
mod outcome;
#[cfg(not(target_family = "wasm"))]
mod outputs;
mod page;
mod plan;
#[cfg(all(test, not(target_family = "wasm")))]
mod power_loss;
mod preflight;
#[cfg(not(target_family = "wasm"))]
mod project;
mod read_ahead;
mod report;
mod same_uid;
mod selection;
#[cfg(not(target_family = "wasm"))]
mod split;
#[cfg(not(target_family = "wasm"))]
mod sync;
mod tagging;
mod target_gate;
#[cfg(not(target_family = "wasm"))]
mod to_path;
mod transform;
#[cfg(not(target_family = "wasm"))]
mod undo;
mod verify;

pub use conversion::{Conversion, Progress};
pub use decision::{Place, Skip};
pub use gates::Gates;
pub use inspection::{Inspection, Largest, Size};
pub use item_log::{ItemRecord, LogLine, RecordSource, Status};
pub use log_reader::SyncLog;
pub use options::{ConvertOptions, Decides, OPTIONS, OptionInfo, ReadArguments, SCHEME};
pub use outcome::{Outcome, Shortfall};
pub use plan::{Estimate, Flagged, Mapped, Missing, Plan, Refused};
pub use preflight::Preflight;
pub use read_ahead::ReadAhead;
pub use report::{
    Columns, Fingerprint, FolderReport, GoneItem, IgnoredEntry, IgnoredReport, KeptFile, KeptReport, Report,
    SourceReport, SyncReport, WrittenFile,
};
pub use selection::{Dedupe, FolderGlob, Kind, Selection, Selector, Survey};
#[cfg(not(target_family = "wasm"))]
pub use sync::{ADDRESS_MAP, FILES, GONE, ITEM_LOG, REPORT, SyncPaths, TABLE, beside, recorded_options};
#[cfg(not(target_family = "wasm"))]
use sync::{RunNote, Syncs};
pub use tagging::Tagging;
#[cfg(not(target_family = "wasm"))]
pub use to_path::{convert, plan, write_page};
pub use transform::Transform;
pub use verify::{Comparison, Difference, Verification, VerifyReport};
#[cfg(not(target_family = "wasm"))]
pub use {
    project::{
        MailboxReport, MailboxState, OMM_HEADER, OmmAccount, OmmTable, Password, Project, ProjectMailbox,
        ProjectOptions, ProjectReport, ProjectRow, check_project_files, run_project,
    },
    split::{
        Pass, Receipt, SPLITS, SourceId, Split, SplitRange, SplitSource, decide_splits, decide_splits_of, finish,
        finish_of, plan_splits, plan_splits_of, receipts_at, run_split, run_split_of,
    },
    undo::{UndoReport, undo},
    verify::{verify, verify_observed},
};
