use super::ProjectMailbox;
use crate::convert::{Columns, Outcome, Report, report::harmless};
use serde::{Deserialize, Serialize};
use std::{io, path::PathBuf};

/// What became of all mailboxes of a project.
#[non_exhaustive]
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ProjectReport {
    /// Whether it was stopped before it was complete.
    pub cancelled: bool,
    /// The items of all mailboxes, those that were completed before included.
    pub totals: Columns,
    /// The mailboxes, in the order of the table.
    pub mailboxes: Vec<MailboxReport>,
}

/// Defects of a mailbox that are told one by one.
const MOST_DEFECTS: usize = 100;

/// How a mailbox ended.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailboxState {
    /// Every item and every source came through.
    Done,
    /// An earlier run has completed it.
    DoneBefore,
    /// Some items or sources failed, or a source is cut short.
    Incomplete,
    /// None of its items is at its destination.
    NothingMigrated,
    /// It was stopped; what was migrated until then is complete and valid.
    Stopped,
    /// It could not be begun.
    Failed,
    /// It was not begun, because the project was stopped.
    NotStarted,
}

impl MailboxState {
    /// The stable name in the report.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::DoneBefore => "done_before",
            Self::Incomplete => "incomplete",
            Self::NothingMigrated => "nothing_migrated",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::NotStarted => "not_started",
        }
    }
}

/// What became of one mailbox of a project.
#[non_exhaustive]
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MailboxReport {
    /// The line of the table, from 1.
    pub line: u64,
    /// Its files.
    pub sources: Vec<PathBuf>,
    /// Where it went.
    pub destination: PathBuf,
    /// How it ended.
    pub state: MailboxState,
    /// The number of the sync into its destination.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync: Option<u32>,
    /// Its items.
    pub columns: Columns,
    /// Why it failed, or why it is not complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What was wrong with its sources and survived.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub defects: Vec<String>,
    /// How long it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
}

impl MailboxReport {
    pub(super) fn new(mailbox: &ProjectMailbox, state: MailboxState) -> Self {
        Self {
            line: mailbox.line,
            sources: mailbox.sources.clone(),
            destination: mailbox.destination.clone(),
            state,
            sync: None,
            columns: Columns::default(),
            error: None,
            defects: Vec::new(),
            seconds: None,
        }
    }

    /// A mailbox that could not be begun.
    pub(super) fn failed(mailbox: &ProjectMailbox, error: String) -> Self {
        Self { error: Some(error), ..Self::new(mailbox, MailboxState::Failed) }
    }

    /// One that an earlier run has completed.
    pub(super) fn done_before(mailbox: &ProjectMailbox, report: &Report) -> Self {
        let ended = Self::ended(mailbox, report);
        // What was lost then is lost still.
        let state = if ended.state == MailboxState::Done { MailboxState::DoneBefore } else { ended.state };
        Self { state, ..ended }
    }

    pub(super) fn ended(mailbox: &ProjectMailbox, report: &Report) -> Self {
        let outcome = report.outcome();
        let state = match &outcome {
            _ if report.cancelled => MailboxState::Stopped,
            Outcome::Complete => MailboxState::Done,
            Outcome::Incomplete(_) => MailboxState::Incomplete,
            Outcome::NothingMigrated(_) => MailboxState::NothingMigrated,
        };
        let defects = report
            .sources
            .iter()
            .flat_map(|source| source.defects.iter().map(|defect| format!("{}: {defect}", source.file)));
        Self {
            sync: report.sync.as_ref().map(|sync| sync.number),
            columns: report.totals,
            error: (!outcome.is_complete() && !report.cancelled).then(|| outcome.to_string()),
            defects: defects.take(MOST_DEFECTS).collect(),
            ..Self::new(mailbox, state)
        }
    }
}

impl ProjectReport {
    pub(super) fn of(mailboxes: Vec<MailboxReport>, cancelled: bool) -> Self {
        let totals = mailboxes.iter().fold(Columns::default(), |sum, mailbox| sum + mailbox.columns);
        Self { cancelled, totals, mailboxes }
    }

    /// Whether every mailbox came through.
    pub fn is_complete(&self) -> bool {
        let is_done = |mailbox: &MailboxReport| matches!(mailbox.state, MailboxState::Done | MailboxState::DoneBefore);
        !self.cancelled && self.mailboxes.iter().all(is_done)
    }

    /// Writes it as a table (RFC 4180, UTF-8) that a spreadsheet can open safely: a cell that it would take for a formula
    /// starts with an apostrophe.
    ///
    /// # Errors
    /// Errors of `out`.
    pub fn write_csv(&self, out: impl io::Write) -> io::Result<()> {
        let mut table = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        table.write_record([
            "line",
            "source",
            "destination",
            "state",
            "sync",
            "available",
            "migrated",
            "failed",
            "skipped",
            "bytes",
            "seconds",
            "error",
        ])?;
        for mailbox in &self.mailboxes {
            let sources: Vec<_> = mailbox.sources.iter().map(|source| source.to_string_lossy()).collect();
            let columns = &mailbox.columns;
            table.write_record([
                &mailbox.line.to_string(),
                &*harmless(&sources.join("|")),
                &*harmless(&mailbox.destination.to_string_lossy()),
                mailbox.state.as_str(),
                &mailbox.sync.map_or_else(String::new, |sync| sync.to_string()),
                &columns.available.to_string(),
                &columns.migrated.to_string(),
                &columns.failed.to_string(),
                &columns.skipped.to_string(),
                &columns.bytes.to_string(),
                &mailbox.seconds.map_or_else(String::new, |seconds| seconds.to_string()),
                &*harmless(mailbox.error.as_deref().unwrap_or_default()),
            ])?;
        }
        table.flush()
    }
}
