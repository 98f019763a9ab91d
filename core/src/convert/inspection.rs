use super::{
    Preflight,
    item_log::ItemRecord,
    report::{IgnoredReport, row},
};
use crate::{
    DateTime,
    model::{FolderPath, Item, Keywords},
    read::Event,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// What mailboxes hold: counts, octets, folders, dates, and the largest items. Nothing is written.
///
/// ```
/// use mailferry::{convert::Inspection, read::{Mailbox, ReadOptions}};
/// use std::sync::Arc;
///
/// let mut mailbox = Mailbox::new(ReadOptions::default());
/// mailbox.add_source("Inbox.mbox", Arc::new(b"From a\nSubject: one\n\nHi\n".to_vec()));
/// let mut inspection = Inspection::new(3);
/// while let Some(event) = mailbox.next_event() {
///     inspection.count(event);
/// }
/// assert_eq!((inspection.items, inspection.bytes), (1, 17));
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Inspection {
    /// Items that can be read.
    pub items: u64,
    /// Items, or rests of sources, that cannot.
    pub failed: u64,
    /// Items among them that are marked as deleted and still shown ([`Keywords::DELETED`]).
    pub deleted: u64,
    /// Items that are left out because their mail program no longer shows them ([`Item::expunged`]); no other figure counts them.
    pub expunged: u64,
    /// Octets of the items.
    pub bytes: u64,
    /// The earliest date of an item (RFC 3339).
    pub earliest: Option<String>,
    /// The latest date of an item (RFC 3339).
    pub latest: Option<String>,
    /// By kind.
    pub kinds: BTreeMap<String, Size>,
    /// By folder, under its names joined by `/`.
    pub folders: BTreeMap<String, Size>,
    /// The names of those folders with a name that contains a `/`, which is rare.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub slashed: BTreeMap<String, Vec<String>>,
    /// By the year of their date, in UTC.
    pub years: BTreeMap<i64, Size>,
    /// How many items carry a warning of each kind.
    pub warnings: BTreeMap<String, u64>,
    /// What targets are likely to refuse or to spoil.
    pub preflight: Preflight,
    /// The largest items, the largest first.
    pub largest: Vec<Largest>,
    /// The sources: their names and formats.
    pub sources: Vec<(String, &'static str)>,
    /// Sources that could not be opened.
    pub unopened: u64,
    /// What could not be opened or read, and what was wrong with sources.
    pub problems: Vec<String>,
    /// Sources that end too early: what should follow is missing. The positions are among the problems.
    pub cut_short: u64,
    /// Files in directories and archives that are not sources.
    pub ignored: IgnoredReport,
    /// How many sources there were so far, those that cannot be opened included.
    #[serde(skip)]
    source: u64,
    #[serde(skip)]
    most_largest: usize,
    #[serde(skip)]
    span: Option<(DateTime, DateTime)>,
}

/// How much there is of something.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Size {
    /// Items.
    pub items: u64,
    /// Their octets.
    pub bytes: u64,
}

/// A large item.
#[non_exhaustive]
#[derive(Clone, Debug, Serialize)]
pub struct Largest {
    /// Its octets.
    pub bytes: u64,
    /// The item.
    #[serde(flatten)]
    pub item: ItemRecord,
}

/// Problems that are told one by one.
const MOST_TOLD: usize = 1_000;

impl Inspection {
    /// An inspection that names the `largest` largest items.
    pub fn new(largest: usize) -> Self {
        Self { most_largest: largest, ..Self::default() }
    }

    /// Counts the events of a [`Mailbox`](crate::read::Mailbox).
    pub fn count(&mut self, event: Event) {
        self.count_examined(event, None);
    }

    /// The same with the [counts](Preflight::of) of an item that were made before, on any thread.
    pub fn count_examined(&mut self, event: Event, preflight: Option<Preflight>) {
        match event {
            Event::Item(item) => self.count_item(&item, preflight),
            Event::Opened(opened) => {
                self.source += 1;
                self.sources.push((opened.name.to_string(), opened.format));
            }
            Event::Failed { error, within } => {
                self.failed += u64::from(within);
                self.unopened += u64::from(!within);
                self.source += u64::from(!within);
                self.tell(error.to_string());
            }
            Event::Passed(passed) => self.ignored.tell(passed),
            Event::Closed(closed) => {
                for folder in &closed.folders {
                    self.folder(&folder.path);
                }
                let source = self.sources.last().map_or("", |(name, _)| name).to_owned();
                self.cut_short += u64::from(closed.cut_short.is_some());
                closed.cut_short.iter().for_each(|cut| self.tell(cut.clone()));
                let others = closed.defects.iter().filter(|defect| !defect.cuts_short());
                others.for_each(|defect| self.tell(format!("{source}: {defect}")));
            }
        }
    }

    /// The row of a folder.
    fn folder(&mut self, path: &FolderPath) -> &mut Size {
        let joined = path.to_string();
        if path.names().iter().any(|name| name.contains('/')) && !self.slashed.contains_key(&joined) {
            self.slashed.insert(joined.clone(), path.names().to_vec());
        }
        row(&mut self.folders, &joined)
    }

    fn count_item(&mut self, item: &Item, preflight: Option<Preflight>) {
        if item.expunged {
            self.expunged += 1;
            return;
        }
        let bytes = item.size();
        self.items += 1;
        self.deleted += u64::from(item.keywords.contains(Keywords::DELETED));
        self.bytes += bytes;
        self.folder(&item.folder.path).add(bytes);
        row(&mut self.kinds, item.kind.as_str()).add(bytes);
        if let Some(date) = item.received.map(|received| received.at) {
            self.years.entry(date.year()).or_default().add(bytes);
            let (earliest, latest) = self.span.map_or((date, date), |(first, last)| (first.min(date), last.max(date)));
            self.span = Some((earliest, latest));
            self.earliest = Some(earliest.to_string());
            self.latest = Some(latest.to_string());
        }
        for kind in super::report::kinds(&item.defects) {
            *row(&mut self.warnings, kind.as_str()) += 1;
        }
        self.preflight += preflight.unwrap_or_else(|| Preflight::of(item));
        let rank = self.largest.partition_point(|largest| largest.bytes >= bytes);
        if rank < self.most_largest {
            let item = ItemRecord::of(item, self.source);
            self.largest.insert(rank, Largest { bytes, item });
            self.largest.truncate(self.most_largest);
        }
    }

    fn tell(&mut self, problem: String) {
        if self.problems.len() < MOST_TOLD {
            self.problems.push(problem);
        }
    }
}

impl Size {
    pub(super) fn add(&mut self, bytes: u64) {
        self.items += 1;
        self.bytes += bytes;
    }
}
