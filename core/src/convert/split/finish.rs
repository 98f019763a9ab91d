use super::{
    merge::{Merged, Piece},
    places::{Places, receipt_in, remove_folder},
    plan::{Pass, Split, SplitRange, check_destination},
    run::{Receipt, is_there, local, receipt, run_on},
    source::{SourceId, SplitSource},
};
use crate::{
    convert::{
        ConvertOptions, FILES, ITEM_LOG, REPORT, Report, SyncPaths, TABLE,
        report::SyncReport,
        sync::{Lock, RunNote, UNFINISHED, beside, refused, with_suffix, write_whole},
        to_path::write_page_on,
    },
    disk::{At, Disk},
    error::{Error, ErrorKind, Result},
    hex::hex,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    borrow::Cow,
    collections::HashSet,
    fs::{self, File},
    io::{self, BufReader, BufWriter, Write},
    ops::ControlFlow,
    path::Path,
};

/// Shares that an error names one by one.
const MOST_NAMED: usize = 10;

/// What says that all is complete.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Success {
    plan: String,
    splits: usize,
}

/// Makes one result of all shares of a conversion to `destination`: puts what they wrote to its place, and writes one item log, one
/// list of files and one report beside it, in the order of the sources. Lines and sums are those of one run; only places differ.
///
/// What of a source could not be shared after all is read again here, as a whole: messages that reach over a border in a way that
/// only what is long before decides, and a store with damage in it. One that was cut off is done again; where all is done, this gives
/// the report.
///
/// # Errors
/// [`ErrorKind::Options`] when a receipt is missing or is of another plan, and which; [`ErrorKind::Destination`] when something of
/// others stands there, or it cannot be written.
pub fn finish(destination: &Path, splits: &[Split], receipts: &[Receipt]) -> Result<Report> {
    finish_of(destination, splits, receipts, &mut local)
}

/// The same with sources that `open` gives.
///
/// # Errors
/// The same.
pub fn finish_of(
    destination: &Path,
    splits: &[Split],
    receipts: &[Receipt],
    open: &mut dyn FnMut(&SourceId) -> Result<SplitSource>,
) -> Result<Report> {
    let Some(first) = splits.first() else {
        return Err(Error::new(ErrorKind::Options, "the plan has no splits: plan again"));
    };
    if splits.iter().any(|split| split.pass == Pass::Survey) {
        let message = "the splits of this plan only look at the items: have `split decide` make the splits that convert, then run and finish those";
        return Err(Error::new(ErrorKind::Options, message));
    }
    let options = first.options()?;
    let disk = Disk::of_run(options.archive.fsync, options.archive.mode);
    let places = Places::new(destination);
    let success = Success { plan: plan_id(splits), splits: splits.len() };
    if let Some(report) = complete(&places, &success)? {
        // One that was cut off behind its end has not said so.
        let (lock, note, _) = Lock::take(destination, &disk)?;
        if note.is_some_and(|note| note.settings == success.plan) {
            clear_all(&places, splits, &disk)?;
            lock.complete();
        }
        return Ok(report);
    }
    check_receipts(splits, |_| true, receipts)?;
    let sources: Vec<_> = splits.iter().flat_map(|split| split.sources.iter().cloned()).collect();
    check_destination(&places, &sources, options.page.as_deref())?;
    let (lock, note) = Lock::take_for(destination, &disk, &success.plan, &options)?;
    let finishing = Finishing { disk: &disk, places: &places, options: &options, note };
    let report = finishing.run(splits, open, &success)?;
    lock.complete();
    Ok(report)
}

/// The receipts of the shares in `splits` that are done.
///
/// # Errors
/// When one cannot be read.
pub fn receipts_at(destination: &Path, splits: &[Split]) -> Result<Vec<Receipt>> {
    let places = Places::new(destination);
    let receipts = splits.iter().map(|split| receipt(&places, &split.id).transpose());
    receipts.flatten().collect()
}

/// The report, where all was completed before.
fn complete(places: &Places, success: &Success) -> Result<Option<Report>> {
    let path = places.success();
    let in_file = |error: Error, path: &Path| error.in_file(path.to_string_lossy());
    let Ok(file) = File::open(&path) else { return Ok(None) };
    let found: Option<Success> = serde_json::from_reader(BufReader::new(file)).ok();
    if found.as_ref() != Some(success) {
        let message = "another plan was completed there already: choose another destination, or undo that one";
        return Err(in_file(Error::new(ErrorKind::Destination, message), &path));
    }
    let path = beside(places.destination(), REPORT);
    let file = File::open(&path).map_err(|error| in_file(error.into(), &path))?;
    let report = serde_json::from_reader(BufReader::new(file));
    let no_report = |error| Error::new(ErrorKind::Malformed, "is not the report of a conversion").because(error);
    report.map(Some).map_err(|error| in_file(no_report(error), &path))
}

/// What a plan is known by.
fn plan_id(splits: &[Split]) -> String {
    let mut digest = Sha256::new();
    splits.iter().for_each(|split| digest.update(&split.id));
    hex(&digest.finalize())
}

/// Makes sure that there is a receipt of every share that is wanted, and none of another plan.
pub(super) fn check_receipts(splits: &[Split], is_wanted: impl Fn(&Split) -> bool, receipts: &[Receipt]) -> Result<()> {
    let there: HashSet<&str> = receipts.iter().map(|receipt| &*receipt.split).collect();
    let planned: HashSet<&str> = splits.iter().map(|split| &*split.id).collect();
    let wanted = || splits.iter().filter(|split| is_wanted(split));
    let named = |names: Vec<String>| {
        let more = names.len().saturating_sub(MOST_NAMED);
        let first = names.iter().take(MOST_NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
        if more > 0 { format!("{first} and {more} more") } else { first }
    };
    let missing: Vec<_> = wanted().filter(|split| !there.contains(&*split.id)).map(Split::title).collect();
    if !missing.is_empty() {
        let message = format!(
            "{} of {} splits have no receipt: {}. Run them first",
            missing.len(),
            wanted().count(),
            named(missing)
        );
        return Err(Error::new(ErrorKind::Options, message));
    }
    let foreign: Vec<_> =
        receipts.iter().map(|receipt| &*receipt.split).filter(|id| !planned.contains(id)).map(str::to_owned).collect();
    if !foreign.is_empty() {
        let message = format!(
            "{} receipts are of another plan: {}. Give the plan that they are of, or leave them out",
            foreign.len(),
            named(foreign)
        );
        return Err(Error::new(ErrorKind::Options, message));
    }
    Ok(())
}

/// A share that is done.
pub(super) struct Done<'s> {
    pub(super) split: Cow<'s, Split>,
    pub(super) receipt: Receipt,
}

/// The shares, each of which must be done at this destination.
pub(super) fn all_done<'s>(places: &Places, splits: impl Iterator<Item = &'s Split>) -> Result<Vec<Done<'s>>> {
    let done = splits.map(|split| {
        let receipt = receipt(places, &split.id)?.ok_or_else(|| {
            let message = "the split is not done at this destination, although there is a receipt of it: run it here";
            Error::new(ErrorKind::Options, message).in_file(places.done(&split.id).to_string_lossy())
        })?;
        Ok(Done { split: Cow::Borrowed(split), receipt })
    });
    done.collect()
}

/// Reads sources as a whole that could not be shared after all.
pub(super) fn read_again<'s>(
    disk: &Disk,
    places: &Places,
    options: &ConvertOptions,
    done: Vec<Done<'s>>,
    open: &mut dyn FnMut(&SourceId) -> Result<SplitSource>,
) -> Result<Vec<Done<'s>>> {
    let mut all = Vec::new();
    let mut done = done.into_iter().peekable();
    while let Some(first) = done.next() {
        let mut of_source = vec![first];
        while let Some(next) = done.next_if(|next| next.split.range.goes_on()) {
            of_source.push(next);
        }
        let are_whole = of_source.iter().all(|done| !done.receipt.depends) && borders_meet(&of_source);
        let Some(first) = of_source.first().filter(|_| !are_whole) else {
            all.extend(of_source);
            continue;
        };
        let sources = first.split.sources.clone();
        if first.split.decided.is_some() {
            let message =
                "was read otherwise than in the first pass, so that what was decided then may be wrong: plan again";
            let name = sources.first().map_or("", |id| &*id.uri);
            return Err(Error::new(ErrorKind::Options, message).in_file(name));
        }
        let whole = first.split.whole(sources, options);
        let observe = &mut |_: crate::convert::Progress<'_>| ControlFlow::Continue(());
        let receipt = run_on(disk, &whole, whole.options()?, places.destination(), open, observe)?;
        all.push(Done { split: Cow::Owned(whole), receipt });
    }
    Ok(all)
}

struct Finishing<'f> {
    disk: &'f Disk,
    places: &'f Places,
    options: &'f ConvertOptions,
    /// What was noted when it was begun.
    note: RunNote,
}

impl Finishing<'_> {
    fn run(
        &self,
        splits: &[Split],
        open: &mut dyn FnMut(&SourceId) -> Result<SplitSource>,
        success: &Success,
    ) -> Result<Report> {
        let Self { disk, places, .. } = self;
        let done = all_done(places, splits.iter())?;
        let done = read_again(disk, places, self.options, done, open)?;
        let pieces: Vec<_> = (1..).zip(&done).map(|(number, done)| self.piece(done, number)).collect();
        // What was made of it before all is complete is whole, but no part of a result yet.
        pieces.iter().try_for_each(|piece| self.put(piece))?;
        let report = self.merge(&pieces)?;
        write_whole(&places.success(), disk, |file| {
            serde_json::to_writer(&mut *file, success)?;
            file.write_all(b"\n")
        })?;
        disk.sync_name(At::beside(&places.success())).map_err(|error| refused(error, &places.success()))?;
        clear_all(places, splits.iter().chain(done.iter().map(|done| &*done.split)), disk)?;
        Ok(report)
    }

    fn piece<'d>(&self, done: &'d Done<'_>, number: usize) -> Piece<'d> {
        Piece {
            split: &done.split,
            report: &done.receipt.report,
            mail: self.places.mail(&self.places.done(&done.split.id)),
            part: self.places.part(number),
            is_zip: self.places.is_zip(),
        }
    }

    /// Puts what a share wrote to its place, unless it is there.
    fn put(&self, piece: &Piece<'_>) -> Result<()> {
        let Self { disk, places, .. } = self;
        let to = places.place_of_part(&piece.part);
        if !is_there(&piece.mail) {
            return Ok(());
        }
        let is_empty = || fs::read_dir(&piece.mail).is_ok_and(|mut entries| entries.next().is_none());
        if !places.is_zip() && is_empty() {
            return disk.remove_folder(At::beside(&piece.mail)).map_err(|error| refused(error, &piece.mail));
        }
        let has_items = piece.report.totals.migrated > 0;
        if places.is_zip() && !has_items && piece.report.files.len() <= 1 {
            return disk.remove(At::beside(&piece.mail)).map_err(|error| refused(error, &piece.mail));
        }
        if is_there(&to) {
            let message = "exists already, and is not from these splits: move it away, or choose another destination";
            return Err(Error::new(ErrorKind::Destination, message).in_file(to.to_string_lossy()));
        }
        disk.rename(At::beside(&piece.mail), At::beside(&to)).map_err(|error| refused(error, &to))
    }

    /// Writes the log, the list of files, and the report.
    fn merge(&self, pieces: &[Piece<'_>]) -> Result<Report> {
        let Self { disk, places, options, note } = self;
        let paths = SyncPaths::new(places.destination(), 1);
        let (log, files) = (paths.beside(ITEM_LOG), paths.beside(FILES));
        let mut merged = Merged::new();
        let unfinished = with_suffix(files.clone(), UNFINISHED);
        let list = disk.create_anew(At::beside(&unfinished)).map_err(|error| refused(error, &unfinished))?;
        let mut list = BufWriter::new(list);
        write_whole(&log, disk, |file| {
            let added = pieces.iter().try_for_each(|piece| merged.add(piece, file, &mut list));
            added.map_err(io::Error::other)
        })?;
        if !places.is_zip() {
            merged.finish(&mut list)?;
        }
        let written = list.flush().and_then(|()| list.get_ref().sync());
        drop(list);
        let named = written.and_then(|()| disk.rename(At::beside(&unfinished), At::beside(&files)));
        named.map_err(|error| refused(error, &files))?;
        let mut report = merged.report;
        let sync = pieces.iter().find_map(|piece| piece.report.sync.as_ref());
        report.sync = Some(SyncReport {
            number: 1,
            settings: sync.map(|sync| sync.settings.clone()).unwrap_or_default(),
            form: options.archive.form.to_string(),
            folder_made: note.folder_made,
            ..SyncReport::default()
        });
        report.options.clone_from(&note.options);
        if options.table {
            write_whole(&paths.beside(TABLE), disk, |file| report.write_csv(file))?;
        }
        disk.sync().map_err(|error| refused(error, places.destination()))?;
        let path = paths.beside(REPORT);
        write_whole(&path, disk, |file| {
            serde_json::to_writer_pretty(&mut *file, &report)?;
            file.write_all(b"\n")
        })?;
        disk.sync_name(At::beside(&path)).map_err(|error| refused(error, &path))?;
        if let Some(page) = &options.page {
            write_page_on(disk, places.destination(), page)?;
        }
        Ok(report)
    }
}

/// Removes all of the shares that is in the logs of all now, and what was left under way.
fn clear_all<'s>(places: &Places, splits: impl IntoIterator<Item = &'s Split>, disk: &Disk) -> Result<()> {
    splits.into_iter().try_for_each(|split| clear(&places.done(&split.id), disk))?;
    remove_folder(&places.under_way(), disk)
}

/// Removes all of a share but its receipt, which says that it is done.
fn clear(folder: &Path, disk: &Disk) -> Result<()> {
    let receipt = receipt_in(folder);
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path == receipt {
            continue;
        }
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let removed = if is_folder { disk.remove_tree(At::beside(&path)) } else { disk.remove(At::beside(&path)) };
        removed.map_err(|error| refused(error, &path))?;
    }
    Ok(())
}

/// Whether every share of an mbox begins where the one before it ended, so that all borders are where one run has them.
fn borders_meet(done: &[Done<'_>]) -> bool {
    let mut behind = None;
    for Done { split, receipt } in done {
        let SplitRange::Octets { end, .. } = split.range else { return true };
        match (behind, receipt.first) {
            (Some(behind), Some(first)) if first != behind => return false,
            // Its messages are all of the share before.
            (Some(behind), None) if behind < end => return false,
            _ => behind = receipt.next.or(behind),
        }
    }
    true
}
