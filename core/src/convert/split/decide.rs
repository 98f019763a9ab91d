//! What the shares of a first pass found out, made into what the shares of the conversion have to know.

use super::{
    finish::{Done, all_done, check_receipts, read_again},
    merge::goes_on,
    places::Places,
    plan::{Pass, Split},
    run::{Receipt, local},
    source::{SourceId, SplitSource},
    survey::{keys_in, sets_in},
};
use crate::{
    convert::selection::{Found, Merger},
    disk::Disk,
    error::{Error, ErrorKind, Result},
    order,
};
use std::{fs::File, io::BufReader, path::Path};

/// Why a share is larger than was asked for of which the first pass found that it cannot be cut.
const NOT_CUT: &str = "what starts its messages, or what its damage left, is decided by all of it";

/// The splits of a conversion to `destination`, of a plan whose [first pass](Pass::Survey) is done: each knows what was decided upon its
/// items. Splits that need nothing are given as they are; so is a plan that has no first pass.
///
/// All of it is held in some 40 octets an item. Asked again it gives the same.
///
/// # Errors
/// [`ErrorKind::Options`] when a receipt is missing or is of another plan, and which.
pub fn decide_splits(destination: &Path, splits: &[Split], receipts: &[Receipt]) -> Result<Vec<Split>> {
    decide_splits_of(destination, splits, receipts, &mut local)
}

/// The same with sources that `open` gives, which are read where one could not be shared after all.
///
/// # Errors
/// The same.
pub fn decide_splits_of(
    destination: &Path,
    splits: &[Split],
    receipts: &[Receipt],
    open: &mut dyn FnMut(&SourceId) -> Result<SplitSource>,
) -> Result<Vec<Split>> {
    let looking = splits.iter().filter(|split| split.pass == Pass::Survey);
    let Some(first) = looking.clone().next() else { return Ok(splits.to_vec()) };
    let options = first.options()?;
    let disk = Disk::of_run(options.archive.fsync, options.archive.mode);
    let places = Places::new(destination);
    check_receipts(splits, |split| split.pass == Pass::Survey, receipts)?;
    let done = read_again(&disk, &places, &options, all_done(&places, looking)?, open)?;
    let found = Finds { places: &places, done: &done };
    let mut merger = Merger::new(&options.selection);
    found.for_each(&mut |_, found| merger.add(found))?;
    merger.end_of_first_pass();
    let mut decided: Vec<Split> = splits.iter().filter(|split| split.pass != Pass::Survey).cloned().collect();
    found.for_each(&mut |Done { split, .. }, found| {
        let known = merger.decide(found)?;
        let is_read_again = matches!(split, std::borrow::Cow::Owned(_));
        let mut split = split.clone().into_owned().in_pass(Pass::Convert, Some(known), &options);
        if is_read_again {
            split.because = Some(NOT_CUT.to_owned());
        }
        decided.push(split);
        Ok(())
    })?;
    order::sort_by_key(&mut decided, |split| split.number);
    (1..).zip(&mut decided).for_each(|(number, split)| split.number = number);
    Ok(decided)
}

/// What is done with each share and what it found out.
type EachFound<'e> = dyn FnMut(&Done<'_>, Found<BufReader<File>>) -> Result<()> + 'e;

/// What all shares found out, in their order.
struct Finds<'f> {
    places: &'f Places,
    done: &'f [Done<'f>],
}

impl Finds<'_> {
    fn for_each(&self, f: &mut EachFound<'_>) -> Result<()> {
        // Sources before, and items of the last of them.
        let (mut sources, mut items) = (0_u64, 0_u64);
        let mut before = None;
        for done in self.done {
            let of_share = &done.receipt.report.sources;
            let goes_on = goes_on(&done.split, before, of_share.first());
            let folder = self.places.done(&done.split.id);
            let [keys, sets] = [keys_in(&folder), sets_in(&folder)];
            let unread = |error: std::io::Error, path: &Path| Error::from(error).in_file(path.to_string_lossy());
            let octets = File::open(&keys).map_err(|error| unread(error, &keys))?;
            let labels = File::open(&sets).map(BufReader::new).map_err(|error| unread(error, &sets))?;
            let is_whole = octets.metadata().is_ok_and(|metadata| metadata.len() % 24 == 0);
            if !is_whole {
                let message = "is cut off: remove its folder, and run the split again";
                return Err(Error::new(ErrorKind::Malformed, message).in_file(keys.to_string_lossy()));
            }
            let base = sources - u64::from(goes_on);
            f(done, Found::new(BufReader::new(octets), labels, base, if goes_on { items } else { 0 })?)?;
            let of_last = of_share.last().map_or(0, |source| source.items);
            items = match of_share.len() {
                0 => items,
                1 if goes_on => items + of_last,
                _ => of_last,
            };
            sources = base + of_share.len() as u64;
            before = of_share.last().or(before);
        }
        Ok(())
    }
}
