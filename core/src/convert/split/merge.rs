//! The logs, lists and reports of shares made into one, as one run would have written them.

use super::plan::Split;
use crate::{
    convert::{
        LogLine, Place, Selector, SourceReport, Status,
        conversion::{MOST_FAILED, lost_with},
        journal::log_refused,
        log_reader::SyncLog,
        report::{MOST_TOLD, Report, WrittenFile, row},
        selection::Decided,
        sync::SyncPaths,
    },
    error::{Error, ErrorKind, Result},
    write::Product,
};
use std::{collections::BTreeSet, io::Write, path::PathBuf};

/// A share that is done, and where what it wrote goes.
pub(super) struct Piece<'p> {
    pub(super) split: &'p Split,
    pub(super) report: &'p Report,
    /// What it was written to.
    pub(super) mail: PathBuf,
    /// The name of what it wrote in the end.
    pub(super) part: String,
    pub(super) is_zip: bool,
}

impl Piece<'_> {
    /// The path of something that it wrote, as the log of all has it.
    fn path(&self, path: &str) -> String {
        let border = if self.is_zip { '!' } else { '/' };
        format!("{}{border}{path}", self.part)
    }
}

/// What was counted of the pieces before.
#[derive(Default)]
pub(super) struct Merged {
    pub(super) report: Report,
    /// Files in all.
    files: u64,
    /// Items that failed, in whose stead no other may be left out.
    failed: BTreeSet<Place>,
}

impl Merged {
    pub(super) fn new() -> Self {
        Self { report: Report::new(), ..Self::default() }
    }

    /// Adds a piece behind those before: its lines go to `log`, its list of files to `list`.
    pub(super) fn add(&mut self, piece: &Piece<'_>, log: &mut dyn Write, list: &mut dyn Write) -> Result<()> {
        let goes_on = goes_on(piece.split, self.report.sources.last(), piece.report.sources.first());
        let decisions = piece.split.decided.as_ref().map(Decided::decisions).transpose()?;
        let sources = self.report.sources.len() as u64 - u64::from(goes_on);
        let items = self.report.sources.last().filter(|_| goes_on).map_or(0, |source| source.items);
        let of_piece = SyncLog::at(&SyncPaths::new(&piece.mail, 1))?;
        let mut wrote_archive = false;
        // Whether folders that hold nothing are all that a part has.
        let (mut has_folders, mut holds) = (false, false);
        of_piece.for_each_product(|product| {
            let product = match product {
                Product::Collection { path, size, sha256, xxh3 } => {
                    Product::Collection { path: piece.path(&path), size, sha256, xxh3 }
                }
                Product::Index { path, digest } => Product::Index { path: piece.path(&path), digest },
                Product::Mailbox { path, names, messages } => {
                    Product::Mailbox { path: piece.path(&path).trim_end_matches('/').into(), names, messages }
                }
                Product::Archive { size, xxh3, .. } => {
                    wrote_archive = true;
                    Product::Archive { path: piece.part.clone(), size, xxh3, part: None }
                }
                Product::Kept { path, instead } => Product::Kept { path: piece.path(&path), instead },
                // Those that hold something are known by that.
                Product::Folder { path, names, files, shard } if files == 0 && !path.is_empty() => {
                    has_folders = true;
                    Product::Folder { path: piece.path(&path), names, files, shard }
                }
                Product::Folder { path, files, .. } => {
                    self.files += if path.is_empty() { files } else { 0 };
                    holds |= files > 0;
                    return Ok(());
                }
            };
            write_line(list, &product)
        })?;
        if has_folders && !holds && !piece.is_zip {
            write_line(list, &folder(piece.part.clone()))?;
        }
        self.add_report(piece, goes_on, wrote_archive);
        of_piece.for_each_line(|_, octets| {
            let mut line: LogLine = serde_json::from_slice(octets).map_err(|error| {
                Error::new(ErrorKind::Malformed, "has a line that mailferry did not write: run the split again")
                    .because(error)
            })?;
            let of_all = |place: Place| {
                let before = if place.source == 1 { items } else { 0 };
                Place { source: place.source + sources, ordinal: place.ordinal + before }
            };
            let place = |id: &str| Some(of_all(place_of(id)?).to_string());
            let own = place_of(&line.item.id);
            if line.item.id.starts_with("1:") {
                line.item.source.ordinal += items;
            }
            line.item.id = place(&line.item.id).unwrap_or(line.item.id);
            line.duplicate_of = line.duplicate_of.map(|id| place(&id).unwrap_or(id));
            let kept = own.zip(decisions.as_ref()).and_then(|(own, decisions)| decisions.kept(own));
            if let Some(kept) = kept.filter(|_| line.reason.as_deref() == Some(Selector::DUPLICATE)) {
                if self.failed.contains(&kept) {
                    let before = line.clone();
                    line.failed(&lost_with(&kept));
                    self.report.fail_skipped(&before, &line);
                } else {
                    line.duplicate_of = Some(kept.to_string());
                }
            }
            if decisions.is_some()
                && line.status == Status::Failed
                && self.failed.len() < MOST_FAILED
                && let Some(own) = own
            {
                self.failed.insert(of_all(own));
            }
            line.path = line.path.map(|path| piece.path(&path));
            line.copies.iter_mut().for_each(|path| *path = piece.path(path));
            write_line(log, &line)
        })
    }

    fn add_report(&mut self, piece: &Piece<'_>, goes_on: bool, wrote_archive: bool) {
        let (all, one) = (&mut self.report, piece.report);
        all.totals = all.totals + one.totals;
        for (kind, columns) in &one.kinds {
            let of_all = all.kinds.entry(kind.clone()).or_default();
            *of_all = *of_all + *columns;
        }
        for (year, columns) in &one.years {
            let of_all = all.years.entry(*year).or_default();
            *of_all = *of_all + *columns;
        }
        for (name, folder) in &one.folders {
            let of_all = row(&mut all.folders, name);
            of_all.role = of_all.role.take().or_else(|| folder.role.clone());
            of_all.columns = of_all.columns + folder.columns;
        }
        one.reasons.iter().for_each(|(reason, items)| *row(&mut all.reasons, reason) += items);
        one.warnings.iter().for_each(|(kind, items)| *row(&mut all.warnings, kind) += items);
        all.preflight += one.preflight;
        all.seconds = Some(all.seconds.unwrap_or(0.0) + one.seconds.unwrap_or(0.0));
        for file in &one.files {
            if all.files.len() < MOST_TOLD {
                let name = if wrote_archive { piece.part.clone() } else { piece.path(&file.name) };
                all.files.push(WrittenFile { name, ..file.clone() });
            }
        }
        all.has_archives |= wrote_archive;
        let mut sources = one.sources.iter();
        if goes_on && let (Some(source), Some(more)) = (all.sources.last_mut(), sources.next()) {
            go_on(source, more);
        }
        all.sources.extend(sources.cloned());
        for entry in &one.ignored.entries {
            all.ignored.tell_entry(entry);
        }
        for (extension, files) in &one.ignored.others {
            *row(&mut all.ignored.others, extension) += files;
            all.ignored.count += files;
        }
    }

    /// Tells of the destination itself.
    pub(super) fn finish(&self, list: &mut dyn Write) -> Result<()> {
        write_line(list, &folder(String::new()))
    }
}

/// Whether the first source of a share is the last of those before.
pub(super) fn goes_on(split: &Split, before: Option<&SourceReport>, first: Option<&SourceReport>) -> bool {
    split.range.goes_on()
        && before.zip(first).is_some_and(|(before, first)| {
            before.file == first.file && before.format == first.format && before.fingerprint == first.fingerprint
        })
}

/// Adds what became of more of a source.
fn go_on(source: &mut SourceReport, more: &SourceReport) {
    source.items += more.items;
    for defect in &more.defects {
        // Whoever reads a part of a store tells what is wrong with the whole of it.
        if source.defects.len() < MOST_TOLD && !source.defects.contains(defect) {
            source.defects.push(defect.clone());
        }
    }
    source.error = source.error.take().or_else(|| more.error.clone());
    source.cut_short = source.cut_short.take().or_else(|| more.cut_short.clone());
}

fn folder(path: String) -> Product {
    Product::Folder { path, names: Vec::new(), files: 0, shard: String::new() }
}

fn place_of(id: &str) -> Option<Place> {
    let (source, ordinal) = id.split_once(':')?;
    Some(Place { source: source.parse().ok()?, ordinal: ordinal.parse().ok()? })
}

fn write_line(out: &mut dyn Write, line: &impl serde::Serialize) -> Result<()> {
    let mut json = serde_json::to_vec(line).map_err(|error| log_refused(error.into()))?;
    json.push(b'\n');
    out.write_all(&json).map_err(log_refused)
}
