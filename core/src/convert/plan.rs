//! What will go to a target, and what will not: found before anything is written.

use super::{
    Gates, Preflight,
    decision::{Gate as _, Place},
    inspection::Size,
    mend_gate::MendGate,
    report::row,
};
use crate::{
    defect::DefectKind,
    error::Result,
    mime,
    model::{Item, Message},
    platform::{Bounded, Refusal, Target, Then},
    read::{Event, ReadOptions},
    write::{Placement, WriteOptions},
};
use serde::Serialize;
use std::collections::BTreeMap;

/// A preview of what a target accepts of some mailboxes, what it rejects, and why; nothing is written.
///
/// ```
/// use mailferry::{convert::Plan, read::{Mailbox, ReadOptions}, platform::Target, write::WriteOptions};
/// use std::sync::Arc;
///
/// let mut mailbox = Mailbox::new(ReadOptions::default());
/// mailbox.add_source("Inbox.mbox", Arc::new(b"From a\nSubject: one\n\nHi\n".to_vec()));
/// let mut plan = Plan::new(Target::named("nextcloud")?, &WriteOptions::default());
/// while let Some(event) = mailbox.next_event() {
///     plan.count(event);
/// }
/// let plan = plan.finish();
/// assert_eq!((plan.goes.items, plan.refused["target_takes_no_mail"].size.items), (0, 1));
/// # Ok::<(), mailferry::Error>(())
/// ```
#[non_exhaustive]
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The name of the target.
    pub target: String,
    /// Items that can be read: those that go, those that the target refuses, those that are not selected.
    pub available: Size,
    /// What will go.
    pub goes: Size,
    /// The same by kind.
    pub kinds: BTreeMap<String, Size>,
    /// What the target does not take, by reason.
    pub refused: BTreeMap<String, Refused>,
    /// What is not selected, by reason.
    pub left_out: BTreeMap<String, Size>,
    /// What is mended for the target, by what is.
    pub mended: BTreeMap<String, Flagged>,
    /// What is beyond a limit, or not as the target needs it, and goes all the same, by why.
    pub flagged: BTreeMap<String, Flagged>,
    /// What an importing program may miss in messages that go.
    pub missing: Missing,
    /// What calendars and address books are likely to refuse.
    pub preflight: Preflight,
    /// Folders of the source.
    pub folders: u64,
    /// The length of the longest path of a folder, in UTF-16 units.
    pub longest_folder: u64,
    /// Folders whose names are too long to be kept whole.
    pub shortened_folders: u64,
    /// About how many ZIP archives, where they are split; as many as it takes where nothing can be compressed.
    pub parts: Option<u64>,
    /// About how much room it takes and how long it takes.
    pub estimate: Estimate,
    /// Items or sources that cannot be read.
    pub failed: u64,
    /// Why, the first of them.
    pub problems: Vec<String>,
    #[serde(skip)]
    profile: &'static Target,
    #[serde(skip)]
    split: Option<u64>,
    /// Octets of the part that is being filled.
    #[serde(skip)]
    part: u64,
    #[serde(skip)]
    placement: Placement,
    #[serde(skip)]
    gates: Gates,
    #[serde(skip)]
    mend: Option<MendGate>,
    #[serde(skip)]
    sources: u64,
    /// Octets of mail by folder.
    #[serde(skip)]
    boxes: BTreeMap<String, u64>,
}

/// What a target does not take.
#[non_exhaustive]
#[derive(Clone, Debug, Default, Serialize)]
pub struct Refused {
    /// How much.
    #[serde(flatten)]
    pub size: Size,
    /// Why, as text.
    pub because: String,
}

/// What is beyond a limit, or is mended.
#[non_exhaustive]
#[derive(Clone, Debug, Default, Serialize)]
pub struct Flagged {
    /// How much.
    #[serde(flatten)]
    pub size: Size,
    /// Which items, the first of them, as the log numbers them.
    pub first: Vec<String>,
}

/// What messages lack.
#[non_exhaustive]
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Missing {
    /// Messages without a `From`.
    pub from: u64,
    /// Messages without a `Date`.
    pub date: u64,
    /// Messages whose `Date` is invalid.
    pub unparsable_date: u64,
    /// Messages without a `Message-ID`.
    pub message_id: u64,
    /// Messages with no date of arrival anywhere.
    pub arrival: u64,
}

/// About what a conversion takes.
#[non_exhaustive]
#[derive(Clone, Debug, Default, Serialize)]
pub struct Estimate {
    /// Octets that the destination will have at most.
    pub bytes: u64,
    /// Seconds, at [`Plan::RATE`] octets in a second.
    pub seconds: u64,
}

/// Items that are named for each limit, and problems that are told.
const FIRST: usize = 10;
/// UTF-16 units of the path of a folder that are kept.
const FOLDER_UNITS: u64 = 138;
/// Octets that every file takes in an archive beside its own.
const ENTRY: u64 = 300;

impl Plan {
    /// Octets that are taken to be converted in a second, on the safe side: one core did some 100 million with mail in a
    /// deflated ZIP archive (`benches/README.md`).
    pub const RATE: u64 = 60_000_000;

    /// A plan for `target`, written as `options` say.
    pub fn new(target: &'static Target, options: &WriteOptions) -> Self {
        let mut options = options.clone();
        target.configure(&mut options);
        Self {
            target: target.name.clone(),
            available: Size::default(),
            goes: Size::default(),
            kinds: BTreeMap::new(),
            refused: BTreeMap::new(),
            left_out: BTreeMap::new(),
            mended: BTreeMap::new(),
            flagged: BTreeMap::new(),
            missing: Missing::default(),
            preflight: Preflight::default(),
            folders: 0,
            longest_folder: 0,
            shortened_folders: 0,
            parts: options.zip_split.map(|_| 1),
            estimate: Estimate::default(),
            failed: 0,
            problems: Vec::new(),
            profile: target,
            split: options.zip_split,
            part: 0,
            placement: options.placement,
            gates: Gates::default(),
            mend: MendGate::new(&options.collections, &ReadOptions::default()),
            sources: 0,
            boxes: BTreeMap::new(),
        }
    }

    /// The same plan for what passes `gates`, whose target is that of the plan.
    #[must_use]
    pub fn with_gates(mut self, gates: Gates) -> Self {
        // What the target refuses is told apart from what is not selected.
        self.gates = Gates { target: None, mend: None, ..gates };
        self
    }

    /// Counts the events of a [`Mailbox`](crate::read::Mailbox).
    pub fn count(&mut self, event: Event) {
        match event {
            Event::Item(item) => self.item(*item),
            Event::Opened(opened) => {
                self.sources += 1;
                self.mend.iter_mut().for_each(|mend| mend.open(&opened));
            }
            Event::Failed { error, within } => {
                self.failed += 1;
                self.sources += u64::from(!within);
                self.tell(error.to_string());
            }
            Event::Passed(_) => {}
            Event::Closed(closed) => {
                for mut folder in closed.folders {
                    if self.gates.keeps(&mut folder) {
                        self.folder(&folder.path.to_string());
                    }
                }
            }
        }
    }

    fn item(&mut self, mut item: Item) {
        let place = Place { source: self.sources, ordinal: item.origin.ordinal };
        let bytes = item.size();
        self.available.add(bytes);
        if let Some(skip) = self.gates.decide(&mut item, place) {
            self.left_out.entry(skip.reason.to_owned()).or_default().add(bytes);
            return;
        }
        let not_mendable = self.mend.as_mut().and_then(|mend| mend.decide(&mut item, place));
        if let Some(skip) = not_mendable.as_ref().filter(|skip| skip.duplicate_of.is_some()) {
            self.left_out.entry(skip.reason.to_owned()).or_default().add(bytes);
            return;
        }
        let mut verdict = self.profile.verdict(&item);
        verdict.refusal =
            verdict.refusal.or(not_mendable.map(|skip| Refusal { reason: skip.reason, because: skip.reason }));
        if let Some(refusal) = verdict.refusal {
            let refused = self.refused.entry(refusal.reason.to_owned()).or_default();
            refused.size.add(bytes);
            refusal.because.clone_into(&mut refused.because);
            return;
        }
        let of_mending = |kind| matches!(kind, DefectKind::NotMended | DefectKind::TimeZone);
        let flags = verdict.flags.iter().chain(item.defects.iter().filter(|defect| of_mending(defect.kind())));
        for flag in flags {
            count(&mut self.flagged, flag.detail(), bytes, place);
        }
        for mended in &item.mended {
            // What stands behind a colon is the instance: the name of a zone.
            count(&mut self.mended, mended.split(": ").next().unwrap_or(mended), bytes, place);
        }
        self.goes.add(bytes);
        self.kinds.entry(item.kind.as_str().to_owned()).or_default().add(bytes);
        self.preflight += Preflight::of(&item);
        let written = item.size();
        for folder in self.placement.folders(&item) {
            self.file(written + ENTRY);
            let folder = folder.path.to_string();
            self.folder(&folder);
            if item.message().is_some() {
                *row(&mut self.boxes, &folder) += written;
            }
        }
        self.missing.arrival += u64::from(item.received.is_none() && item.message().is_some());
        if let Some(message) = item.message()
            && let Err(error) = self.message(message)
        {
            self.failed += 1;
            self.tell(error.to_string());
        }
    }

    /// A file of so many octets in the archive, its own and those that tell of it.
    fn file(&mut self, octets: u64) {
        self.estimate.bytes += octets;
        let (Some(split), Some(parts)) = (self.split, &mut self.parts) else { return };
        if self.part > 0 && self.part + octets > split {
            *parts += 1;
            self.part = 0;
        }
        self.part += octets;
    }

    fn message(&mut self, message: &Message) -> Result<()> {
        let header = message.header()?;
        self.missing.from += u64::from(header.first("From").is_none());
        self.missing.message_id += u64::from(header.first("Message-ID").is_none());
        match header.first("Date") {
            None => self.missing.date += 1,
            Some(date) => self.missing.unparsable_date += u64::from(mime::parse_date(date.value()).is_none()),
        }
        Ok(())
    }

    fn folder(&mut self, path: &str) {
        let before = self.boxes.len();
        row(&mut self.boxes, path);
        if self.boxes.len() == before {
            return;
        }
        let units = path.encode_utf16().count() as u64;
        self.folders += 1;
        self.longest_folder = self.longest_folder.max(units);
        self.shortened_folders += u64::from(units > FOLDER_UNITS || path.split('/').any(|name| name.len() > 120));
    }

    fn tell(&mut self, problem: String) {
        if self.problems.len() < FIRST {
            self.problems.push(problem);
        }
    }

    /// The final plan: limits of the whole, parts, and estimates.
    #[must_use]
    pub fn finish(mut self) -> Self {
        let of = |kinds: &[&str]| -> Size {
            let sizes = kinds.iter().filter_map(|kind| self.kinds.get(*kind));
            sizes.fold(Size::default(), |sum, size| Size {
                items: sum.items + size.items,
                bytes: sum.bytes + size.bytes,
            })
        };
        let (mail, events, contacts) = (of(&["mail"]), of(&["event", "task", "journal"]), of(&["contact"]));
        let mbox = self.boxes.values().copied().max().unwrap_or(0);
        let mut beyond = Vec::new();
        for limit in self.profile.limits.iter().filter(|limit| limit.then == Then::Flag) {
            let size = match limit.of {
                Bounded::Mailbox => mail,
                Bounded::Mbox => Size { items: 1, bytes: mbox },
                Bounded::Contacts => contacts,
                Bounded::Events => events,
                _ => continue,
            };
            if limit.octets.is_some_and(|most| size.bytes > most) || limit.items.is_some_and(|most| size.items > most) {
                beyond.push((limit.because.clone(), size));
            }
        }
        for (because, size) in beyond {
            row(&mut self.flagged, &because).size = size;
        }
        self.estimate.seconds = self.goes.bytes.div_ceil(Self::RATE);
        self
    }

    /// Whether all that was selected goes, within all limits.
    pub fn is_clear(&self) -> bool {
        self.refused.is_empty() && self.flagged.is_empty() && self.failed == 0
    }
}

/// Counts one item in the row of `why`.
fn count(rows: &mut BTreeMap<String, Flagged>, why: &str, bytes: u64, place: Place) {
    let flagged = row(rows, why);
    flagged.size.add(bytes);
    if flagged.first.len() < FIRST {
        flagged.first.push(place.to_string());
    }
}
