use super::{
    Preflight,
    item_log::{LogLine, Status},
    outcome::Outcome,
};
use crate::{
    defect::{Defect, DefectKind},
    error::Result,
    hex::hex,
    read::Passed,
    source::{Content, Source},
    write::ReportTexts,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

/// Folders, and kinds of warnings, that are counted one by one; the rest is counted together.
const MOST_ROWS: usize = 10_000;
/// Ignored files and defects that are told one by one.
pub(super) const MOST_TOLD: usize = 1_000;
/// Octets of an extension at most.
const LONGEST_EXTENSION: usize = 16;
/// What rows beyond [`MOST_ROWS`] are counted under.
const OTHER: &str = "(other)";

/// What became of all items, in memory that does not grow with their number.
///
/// Serialised as one JSON object, with [`Report::outcome`] as its `outcome`.
#[non_exhaustive]
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, remote = "Self")]
pub struct Report {
    /// The version of this crate.
    pub version: Cow<'static, str>,
    /// Whether the conversion was stopped before its end.
    pub cancelled: bool,
    /// What stopped it before it was complete: the destination could no longer be written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Whether it was the destination that refused: then the next run does it again.
    #[serde(skip)]
    pub(super) refused: bool,
    /// All items.
    pub totals: Columns,
    /// By kind: mail, event, task, journal, contact.
    pub kinds: BTreeMap<Cow<'static, str>, Columns>,
    /// By folder, under its names joined by `/`.
    pub folders: BTreeMap<String, FolderReport>,
    /// By the year of their date, in UTC; items without a date are not counted.
    pub years: BTreeMap<i64, Columns>,
    /// How many items were skipped or failed for each reason.
    pub reasons: BTreeMap<String, u64>,
    /// How many items carry a warning of each kind.
    pub warnings: BTreeMap<String, u64>,
    /// What targets are likely to refuse or to spoil, of all items available.
    pub preflight: Preflight,
    /// Which of several runs into the same destination this was, where that is a path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sync: Option<SyncReport>,
    /// What was written, by name: the archives, or else the files that hold many items (mboxes, calendars, address books); the
    /// first thousand.
    pub files: Vec<WrittenFile>,
    /// The name of a part that turned out to be the only one.
    #[serde(skip)]
    pub(super) joined: Option<String>,
    /// Whether [`Report::files`] are archives.
    #[serde(skip)]
    pub(super) has_archives: bool,
    /// The sources, in order.
    pub sources: Vec<SourceReport>,
    /// Files at the destination that were changed since and are kept; the items were written under another name.
    #[serde(skip_serializing_if = "KeptReport::is_empty")]
    pub kept: KeptReport,
    /// Files in directories and archives that are not sources.
    #[serde(alias = "passed")]
    pub ignored: IgnoredReport,
    /// How long it took, where there is a clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// How the conversion was requested, as [`ConvertOptions::record`](super::ConvertOptions::record) keeps it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub options: Option<serde_json::Value>,
}

/// Counts that add up: `available = migrated + failed + skipped`.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Columns {
    /// Items in the sources.
    pub available: u64,
    /// Items that were written.
    pub migrated: u64,
    /// Items that could not be read or written.
    pub failed: u64,
    /// Items that were left out, as was asked.
    pub skipped: u64,
    /// Octets of the items written.
    pub bytes: u64,
}

/// One of several runs into the same destination.
#[non_exhaustive]
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SyncReport {
    /// Its number, from 1.
    pub number: u32,
    /// The form that it is written in, as `--as` names it.
    pub form: String,
    /// The digest of the options that decide the octets of an item; it is the same for all syncs of a destination.
    pub settings: String,
    /// Whether it made the folder that is the destination.
    pub folder_made: bool,
    /// Items at the destination that the sources hold with other octets: their new form was written next to the old one.
    pub changed: u64,
    /// Items that an earlier sync wrote and that are not at the destination any more as they were written: their files are
    /// missing, empty, of another size or, where all octets were compared, otherwise changed.
    #[serde(skip_serializing_if = "is_zero")]
    pub damaged: u64,
    /// The paths of the first of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub first_damaged: Vec<String>,
    /// How many of the damaged ones the sources still hold, so that they were written again.
    #[serde(skip_serializing_if = "is_zero")]
    pub rewritten: u64,
    /// Items at the destination that the sources of this run do not hold any more.
    pub gone: u64,
    /// The first of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub first_gone: Vec<GoneItem>,
}

/// An item at the destination that its source does not hold any more.
#[non_exhaustive]
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct GoneItem {
    /// The sync that wrote it.
    pub sync: u32,
    /// Its number in that sync.
    pub id: String,
    /// The names of its folder, joined by `/`.
    pub folder: String,
    /// Its subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Where it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// What became of the items of one folder.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FolderReport {
    /// What it is for (RFC 8621 §2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Cow<'static, str>>,
    /// Its items.
    #[serde(flatten)]
    pub columns: Columns,
}

/// What became of one source.
#[non_exhaustive]
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceReport {
    /// Its name, as it was given.
    pub file: String,
    /// The name of its format; empty when it could not be opened.
    pub format: Cow<'static, str>,
    /// Distinguishes it from another file of the same name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<Fingerprint>,
    /// Its items.
    pub items: u64,
    /// What was wrong with the source itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub defects: Vec<String>,
    /// Why it, or the rest of it, could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Where it ends too early, if it does: what should follow is missing.
    #[serde(rename = "cutShort", skip_serializing_if = "Option::is_none")]
    pub cut_short: Option<String>,
}

/// Distinguishes a source from others without reading all of it.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fingerprint {
    /// Its length in octets.
    pub bytes: u64,
    /// The SHA-256 of its first and last MiB, one after the other; of all octets when there are no more than two.
    pub sha256_of_ends: String,
}

/// A file that was written.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WrittenFile {
    /// Its name: of an archive, without the folder that it is in; of another file, its path in the destination.
    pub name: String,
    /// Its octets.
    pub bytes: u64,
    /// The XXH3-64 of the octets of an archive, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub xxh3: Option<String>,
}

/// Files at the destination that were changed since and are kept.
#[non_exhaustive]
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct KeptReport {
    /// How many there are.
    pub count: u64,
    /// The first of them.
    pub files: Vec<KeptFile>,
}

/// A file at the destination that was changed since and is kept.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeptFile {
    /// Its path, relative to the destination.
    pub path: String,
    /// The path of what was written instead of it.
    pub instead: String,
}

impl KeptReport {
    fn is_empty(&self) -> bool {
        self.count == 0
    }
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Serialize for Report {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        /// The fields of a report, and what they amount to.
        #[derive(Serialize)]
        struct Document<'r> {
            outcome: Outcome,
            #[serde(flatten, serialize_with = "fields")]
            report: &'r Report,
        }

        #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands in a reference to the field")]
        fn fields<S: serde::Serializer>(report: &&Report, serializer: S) -> std::result::Result<S::Ok, S::Error> {
            Report::serialize(report, serializer)
        }

        Document { outcome: self.outcome(), report: self }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Report {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }
}

/// Files in directories and entries of archives that are not sources.
#[non_exhaustive]
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct IgnoredReport {
    /// How many there are.
    pub count: u64,
    /// The first thousand of them.
    pub entries: Vec<IgnoredEntry>,
    /// The others by their extension, in lower case; empty for names without one.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub others: BTreeMap<String, u64>,
}

/// A file that is not a source.
#[non_exhaustive]
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IgnoredEntry {
    /// Its name: `archive.zip!Takeout/archive_browser.html`.
    pub name: String,
    /// Its length in octets.
    pub bytes: u64,
    /// Why it was ignored.
    pub why: Cow<'static, str>,
}

impl IgnoredReport {
    pub(super) fn tell(&mut self, Passed { name, size, why, .. }: Passed) {
        self.tell_entry(&IgnoredEntry { name: name.to_string(), bytes: size, why });
    }

    pub(super) fn tell_entry(&mut self, entry: &IgnoredEntry) {
        self.count += 1;
        if self.entries.len() < MOST_TOLD {
            self.entries.push(entry.clone());
            return;
        }
        let name = &entry.name;
        let last = name.rsplit(['/', '\\', '!']).next().unwrap_or_default();
        let extension = last.rsplit_once('.').map_or("", |(_, extension)| extension);
        let extension = if extension.len() <= LONGEST_EXTENSION { extension.to_lowercase() } else { String::new() };
        *row(&mut self.others, &extension) += 1;
    }
}

impl std::ops::Add for Columns {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            available: self.available + other.available,
            migrated: self.migrated + other.migrated,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
            bytes: self.bytes + other.bytes,
        }
    }
}

impl Columns {
    fn count(&mut self, line: &LogLine) {
        self.available += 1;
        match line.status {
            Status::Migrated => self.migrated += 1,
            Status::Failed => self.failed += 1,
            Status::Skipped => self.skipped += 1,
        }
        if line.status == Status::Migrated {
            self.bytes = self.bytes.saturating_add(octets(line));
        }
    }

    /// Takes an item that was counted as migrated for one that failed.
    fn fail(&mut self, line: &LogLine) {
        self.migrated = self.migrated.saturating_sub(1);
        self.failed += 1;
        self.bytes = self.bytes.saturating_sub(octets(line));
    }
}

/// Octets of an item in all its copies.
fn octets(line: &LogLine) -> u64 {
    line.item.size.unwrap_or(0).saturating_mul(1 + line.copies.len() as u64)
}

impl Report {
    pub(super) fn new() -> Self {
        Self { version: env!("CARGO_PKG_VERSION").into(), ..Self::default() }
    }

    pub(super) fn count(&mut self, line: &LogLine, year: Option<i64>) {
        self.totals.count(line);
        self.kinds.entry(line.item.kind.clone()).or_default().count(line);
        if let Some(year) = year {
            self.years.entry(year).or_default().count(line);
        }
        let folder = row(&mut self.folders, &line.item.folder);
        folder.role = folder.role.take().or_else(|| line.item.role.clone());
        folder.columns.count(line);
        if let Some(reason) = &line.reason {
            let reason = reason.split(':').next().unwrap_or(reason);
            *row(&mut self.reasons, reason) += 1;
        }
        // As the log tells them: what was found wrong while the item was read, and what was lost while it was rendered.
        let told = line.item.warnings.iter().filter_map(|warning| DefectKind::named(warning.split([':', ' ']).next()?));
        for kind in told.collect::<BTreeSet<_>>() {
            *row(&mut self.warnings, kind.as_str()) += 1;
        }
        if let Some(source) = self.sources.last_mut() {
            source.items += 1;
        }
    }

    /// Takes the item of a line, which was counted as migrated, for one that failed.
    pub(super) fn fail(&mut self, line: &LogLine, reason: &str) {
        self.totals.fail(line);
        self.kinds.entry(line.item.kind.clone()).or_default().fail(line);
        let year = line.item.received_at.as_deref().and_then(|date| date.split_at_checked(4)?.0.parse().ok());
        if let Some(year) = year.and_then(|year: i64| self.years.get_mut(&year)) {
            year.fail(line);
        }
        row(&mut self.folders, &line.item.folder).columns.fail(line);
        *row(&mut self.reasons, reason.split(':').next().unwrap_or(reason)) += 1;
    }

    /// Takes an item, which was counted as skipped by its line `before`, for one that failed.
    #[cfg(not(target_family = "wasm"))]
    pub(super) fn fail_skipped(&mut self, before: &LogLine, line: &LogLine) {
        let fail = |columns: &mut Columns| {
            columns.skipped = columns.skipped.saturating_sub(1);
            columns.failed += 1;
        };
        fail(&mut self.totals);
        fail(self.kinds.entry(line.item.kind.clone()).or_default());
        let year = line.item.received_at.as_deref().and_then(|date| date.split_at_checked(4)?.0.parse().ok());
        year.and_then(|year: i64| self.years.get_mut(&year)).into_iter().for_each(fail);
        fail(&mut row(&mut self.folders, &line.item.folder).columns);
        let name = |line: &LogLine| {
            let reason = line.reason.as_deref().unwrap_or_default();
            reason.split(':').next().unwrap_or(reason).to_owned()
        };
        let (was, is) = (name(before), name(line));
        if let Some(items) = self.reasons.get_mut(&was) {
            *items = items.saturating_sub(1);
        }
        self.reasons.retain(|_, items| *items > 0);
        *row(&mut self.reasons, &is) += 1;
    }

    /// Takes all items that were counted as migrated for ones that failed: nothing that was written stands.
    pub(super) fn fail_all(&mut self, reason: &str) {
        let lost = self.totals.migrated;
        let all = [&mut self.totals]
            .into_iter()
            .chain(self.kinds.values_mut())
            .chain(self.years.values_mut())
            .chain(self.folders.values_mut().map(|folder| &mut folder.columns));
        for columns in all {
            columns.failed += std::mem::take(&mut columns.migrated);
            columns.bytes = 0;
        }
        if lost > 0 {
            *row(&mut self.reasons, reason.split(':').next().unwrap_or(reason)) += lost;
        }
    }

    /// The result of the run: every surface reports only this.
    pub fn outcome(&self) -> Outcome {
        Outcome::of(self)
    }

    /// Whether [the outcome](Self::outcome) is [`Outcome::Complete`].
    pub fn is_complete(&self) -> bool {
        self.outcome().is_complete()
    }

    /// Notes a file that was written; what is in an archive is told by the archive.
    pub(super) fn tell_file(&mut self, name: &str, bytes: u64, is_archive: bool, xxh3: Option<String>) {
        if is_archive && !self.has_archives {
            self.has_archives = true;
            self.files.clear();
        }
        if is_archive == self.has_archives && self.files.len() < MOST_TOLD {
            self.files.push(WrittenFile { name: name.to_owned(), bytes, xxh3 });
        }
    }

    /// Notes a file of others that stays.
    pub(super) fn keep(&mut self, path: &str, instead: &str) {
        self.kept.count += 1;
        if self.kept.files.len() < MOST_TOLD {
            self.kept.files.push(KeptFile { path: path.to_owned(), instead: instead.to_owned() });
        }
    }

    /// Writes the columns by kind and by folder as a table (RFC 4180, UTF-8) that a spreadsheet can open safely: a cell that
    /// it would take for a formula starts with an apostrophe.
    ///
    /// # Errors
    /// Errors of `out`.
    pub fn write_csv(&self, out: impl std::io::Write) -> std::io::Result<()> {
        let mut table = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        table.write_record(["by", "name", "role", "available", "migrated", "failed", "skipped", "bytes"])?;
        let mut row = |by: &str, name: &str, role: &str, columns: &Columns| {
            let Columns { available, migrated, failed, skipped, bytes } = columns;
            let counts = [available, migrated, failed, skipped, bytes].map(u64::to_string);
            let cells = [by, &harmless(name), role].map(str::to_owned);
            table.write_record(cells.into_iter().chain(counts))
        };
        row("all", "", "", &self.totals)?;
        for (kind, columns) in &self.kinds {
            row("kind", kind, "", columns)?;
        }
        for (name, folder) in &self.folders {
            row("folder", name, folder.role.as_deref().unwrap_or_default(), &folder.columns)?;
        }
        table.flush()
    }

    /// The report so far, for a form that carries it.
    pub(super) fn texts(&self) -> std::io::Result<ReportTexts> {
        let (json, mut csv) = (serde_json::to_vec(self)?, Vec::new());
        self.write_csv(&mut csv)?;
        Ok(ReportTexts { json, csv, complete: self.is_complete() && self.totals.skipped == 0 })
    }
}

impl SourceReport {
    pub(super) fn tell(&mut self, defects: &[Defect]) {
        let room = MOST_TOLD.saturating_sub(self.defects.len());
        self.defects.extend(defects.iter().take(room).map(ToString::to_string));
    }
}

impl Fingerprint {
    /// Reads the ends of `source`.
    ///
    /// # Errors
    /// What the source says.
    pub fn of(source: &Source) -> Result<Self> {
        const END: u64 = 1 << 20;
        let bytes = source.len();
        let mut digest = Sha256::new();
        let all = Content::from(source.clone());
        for end in [0..END.min(bytes), END.max(bytes.saturating_sub(END))..bytes] {
            all.slice(end).for_each_chunk(|octets| {
                digest.update(octets);
                Ok(())
            })?;
        }
        Ok(Self { bytes, sha256_of_ends: hex(&digest.finalize()) })
    }
}

/// Text that no spreadsheet takes for a formula.
pub(super) fn harmless(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}").into() } else { text.into() }
}

/// The kinds of `defects`, each once.
pub(super) fn kinds(defects: &[Defect]) -> BTreeSet<DefectKind> {
    defects.iter().map(Defect::kind).collect()
}

/// The row of `name`, or the one for all others when there are too many.
pub(super) fn row<'a, T: Default>(rows: &'a mut BTreeMap<String, T>, name: &str) -> &'a mut T {
    let name = if rows.len() < MOST_ROWS || rows.contains_key(name) { name } else { OTHER };
    rows.entry(name.to_owned()).or_default()
}
