use super::ProjectMailbox;
use crate::convert::{Columns, LogLine, Outcome, Report, Selector, Syncs, report::harmless};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, io, path::PathBuf};

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    #[default]
    NotStarted,
}

impl MailboxState {
    /// Whether every item and every source came through, now or before.
    pub fn is_complete(self) -> bool {
        matches!(self, Self::Done | Self::DoneBefore)
    }

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
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct MailboxReport {
    /// The line of the table, from 1.
    pub line: u64,
    /// What the table calls it: its columns `name`, `mailbox` and `email`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its files.
    pub sources: Vec<PathBuf>,
    /// Where it went.
    pub destination: PathBuf,
    /// How it ended.
    pub state: MailboxState,
    /// The number of the sync into its destination.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync: Option<u32>,
    /// Its items, as the last run counts them: what was there already is skipped.
    pub columns: Columns,
    /// Its items over all runs: what was there already is migrated.
    #[serde(default)]
    pub whole: Columns,
    /// How many of the skipped ones were only left out because they are not part of the sample.
    #[serde(default)]
    pub sampled: u64,
    /// The page of its report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<PathBuf>,
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
            name: mailbox.name.clone(),
            sources: mailbox.sources.clone(),
            destination: mailbox.destination.clone(),
            state,
            ..Self::default()
        }
    }

    /// What a person calls it: its name, else where it goes, else its line.
    pub fn title(&self) -> Cow<'_, str> {
        match &self.name {
            Some(name) => name.into(),
            None if self.destination.as_os_str().is_empty() => format!("line {}", self.line).into(),
            None => self.destination.to_string_lossy(),
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
        let of = |reason: &str| report.reasons.get(reason).copied().unwrap_or_default();
        let there = of(LogLine::ALREADY_MIGRATED).min(report.totals.skipped);
        let earlier = Syncs::at(&mailbox.destination).map(|syncs| syncs.0).unwrap_or_default();
        let bytes = earlier.iter().map(|(_, report)| report.totals.bytes).fold(0, u64::saturating_add);
        let whole = Columns {
            migrated: report.totals.migrated + there,
            skipped: report.totals.skipped - there,
            bytes: bytes.max(report.totals.bytes),
            ..report.totals
        };
        let page = mailbox.options.as_ref().ok().and_then(|options| options.page.clone());
        Self {
            whole,
            sampled: of(Selector::NOT_IN_SAMPLE),
            page: page.filter(|page| page.is_file()),
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

    /// What stands at the destinations of `mailboxes`, by the reports that their last runs have left there.
    pub fn of_destinations(mailboxes: &[ProjectMailbox]) -> Self {
        let last = |mailbox: &ProjectMailbox| {
            let last = Syncs::at(&mailbox.destination).map(|mut syncs| syncs.0.pop());
            match last {
                _ if mailbox.destination.as_os_str().is_empty() => MailboxReport::failed(
                    mailbox,
                    mailbox.options.as_ref().err().map(ToString::to_string).unwrap_or_default(),
                ),
                Ok(Some((_, report))) => MailboxReport::ended(mailbox, &report),
                Ok(None) => MailboxReport::new(mailbox, MailboxState::NotStarted),
                Err(error) => MailboxReport::failed(mailbox, error.to_string()),
            }
        };
        Self::of(mailboxes.iter().map(last).collect(), false)
    }

    /// Whether every mailbox came through.
    pub fn is_complete(&self) -> bool {
        !self.cancelled && self.mailboxes.iter().all(|mailbox| mailbox.state.is_complete())
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
            "name",
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
                &*harmless(mailbox.name.as_deref().unwrap_or_default()),
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
