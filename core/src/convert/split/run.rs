use super::{
    places::{Places, receipt_in, remove_folder},
    plan::{Pass, Split, check_destination},
    source::{SourceId, SplitSource},
    survey::survey,
};
use crate::{
    convert::{
        ConvertOptions, Progress, Report,
        sync::{refused, write_whole},
        to_path::convert_on,
    },
    disk::{At, Disk},
    error::{Error, ErrorKind, Result},
    limits::Stop,
    read::{Lists, Mailbox, Part},
};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File},
    hash::{BuildHasher, RandomState},
    io::{self, BufReader, Write},
    ops::ControlFlow,
    path::Path,
};

/// What came of a share that is done.
#[non_exhaustive]
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Receipt {
    /// What the share is called.
    pub split: String,
    /// Which of the attempts at it was the first to be complete.
    pub attempt: String,
    /// Of a range of octets, where the first message starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<u64>,
    /// And where the one behind its last starts, or the source ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
    /// Whether damage was met, for which the whole source has to be searched.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub depends: bool,
    /// What became of its items.
    pub report: Report,
}

/// Does the share `split` of a conversion to `destination`, unless that is done, and gives what came of it.
///
/// It may be run again, and several times at once; one of them counts. One that was stopped or cut off leaves nothing but a folder
/// under `_tmp`, which [`finish`](super::finish) removes.
///
/// # Errors
/// [`ErrorKind::Options`] when a source has changed since, [`ErrorKind::Destination`] when the destination cannot be written: the share
/// is not done then. That an item cannot be read or written is told in the receipt.
pub fn run_split(split: &Split, destination: &Path) -> Result<Receipt> {
    run_split_of(split, destination, &mut local, &mut |_| ControlFlow::Continue(()))
}

/// The same with sources that `open` gives, and `observe` asked after every item whether to go on.
///
/// # Errors
/// The same; [`ErrorKind::Cancelled`] when it was stopped.
pub fn run_split_of(
    split: &Split,
    destination: &Path,
    open: &mut dyn FnMut(&SourceId) -> Result<SplitSource>,
    observe: &mut dyn FnMut(Progress<'_>) -> ControlFlow<()>,
) -> Result<Receipt> {
    let options = split.options()?;
    let disk = Disk::of_run(options.archive.fsync, options.archive.mode);
    run_on(&disk, split, options, destination, open, observe)
}

impl Split {
    /// The items that it reads, of sources that `open` gives, or what `lists` tell of them; `stop` may end the reading. Nothing is
    /// selected or written.
    ///
    /// Of a range of octets, the first message is the one that those shortly before it say: [`finish`](super::finish) alone knows
    /// whether one that is long before reaches over the border.
    ///
    /// # Errors
    /// When a source has changed since the shares were planned, or cannot be opened.
    pub fn mailbox(
        &self,
        open: &mut dyn FnMut(&SourceId) -> Result<SplitSource>,
        lists: Lists,
        stop: Stop,
    ) -> Result<Mailbox> {
        let mut options = self.options()?.read;
        options.limits.stop = stop;
        options.lists = lists;
        options.part = Some(Part::new(self.range.borders()));
        let mut mailbox = Mailbox::new(options);
        sources(self, open)?.into_iter().for_each(|source| mailbox.add(source.given));
        Ok(mailbox)
    }
}

/// A source at a path.
pub(super) fn local(id: &SourceId) -> Result<SplitSource> {
    SplitSource::at(Path::new(&id.uri))
}

/// The same by `disk`.
pub(super) fn run_on(
    disk: &Disk,
    split: &Split,
    options: ConvertOptions,
    destination: &Path,
    open: &mut dyn FnMut(&SourceId) -> Result<SplitSource>,
    observe: &mut dyn FnMut(Progress<'_>) -> ControlFlow<()>,
) -> Result<Receipt> {
    let places = Places::new(destination);
    if let Some(receipt) = receipt(&places, &split.id)? {
        return Ok(receipt);
    }
    if split.pass == Pass::Convert && split.decided.is_none() && options.selection.needs_survey() {
        let message =
            "the split does not know what was found in all the others: run the splits that `split decide` gives";
        return Err(Error::new(ErrorKind::Options, message));
    }
    check_destination(&places, &split.sources, options.page.as_deref())?;
    let sources = sources(split, open)?;
    let attempt = attempt();
    let folder = places.attempt(&split.id, &attempt);
    let made = disk.make_base(&folder);
    made.map_err(|error| refused(error, &folder))?;
    let done = Running { disk, split, places: &places, folder: &folder, attempt }.run(options, &sources, open, observe);
    if done.is_err() {
        // The reason to tell is the first; what stays here is removed at the end.
        let _leftover = remove_folder(&folder, disk);
    }
    done
}

/// The sources of a share, unchanged.
fn sources(split: &Split, open: &mut dyn FnMut(&SourceId) -> Result<SplitSource>) -> Result<Vec<SplitSource>> {
    let sources = split.sources.iter().map(|id| {
        let source = match split.range {
            super::SplitRange::Files { start, end } => SplitSource::of_files(Path::new(&id.uri), start, end),
            _ => open(id),
        }?;
        id.compare(&source.id)?;
        Ok(source)
    });
    sources.collect()
}

/// The receipt of a share, if it is done.
pub(super) fn receipt(places: &Places, id: &str) -> Result<Option<Receipt>> {
    let path = receipt_in(&places.done(id));
    let file = match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|error| Error::from(error).in_file(path.to_string_lossy()))?,
    };
    let receipt = serde_json::from_reader(BufReader::new(file)).map_err(|error| {
        let message = "is not the receipt of a split: remove its folder, and run the split again";
        Error::new(ErrorKind::Malformed, message).because(error).in_file(path.to_string_lossy())
    })?;
    Ok(Some(receipt))
}

/// A name that no other attempt has.
fn attempt() -> String {
    let random = RandomState::new().hash_one(std::process::id());
    format!("{:x}-{random:016x}", std::process::id())
}

/// An attempt at a share.
struct Running<'r> {
    disk: &'r Disk,
    split: &'r Split,
    places: &'r Places,
    folder: &'r Path,
    attempt: String,
}

impl Running<'_> {
    fn run(
        self,
        mut options: ConvertOptions,
        sources: &[SplitSource],
        open: &mut dyn FnMut(&SourceId) -> Result<SplitSource>,
        observe: &mut dyn FnMut(Progress<'_>) -> ControlFlow<()>,
    ) -> Result<Receipt> {
        // They are made of all shares.
        (options.page, options.table, options.arguments) = (None, false, None);
        let part = Part::new(self.split.range.borders());
        options.read.part = Some(part.clone());
        let given = sources.iter().map(|source| source.given.clone()).collect();
        let report = match self.split.pass {
            Pass::Survey => survey(self.disk, given, self.folder, &options, observe)?,
            Pass::Convert => {
                let mail = self.places.mail(self.folder);
                convert_on(self.disk, given, &mail, &options, self.split.decided.as_ref(), observe)?
            }
        };
        if report.cancelled {
            return Err(Error::new(ErrorKind::Cancelled, "stopped before the split was done"));
        }
        if let Some(error) = &report.error {
            let message = format!("split {} could not be completed: {error}", self.split.title());
            return Err(Error::new(ErrorKind::Destination, message));
        }
        // What was read is what was planned.
        self::sources(self.split, open)?;
        let met = part.met();
        let receipt = Receipt {
            split: self.split.id.clone(),
            attempt: self.attempt.clone(),
            first: met.first,
            next: met.next,
            depends: met.depends,
            report,
        };
        self.commit(receipt)
    }

    /// Gives the folder its name with the receipt in it, unless another attempt has it.
    fn commit(&self, receipt: Receipt) -> Result<Receipt> {
        let Self { disk, split, places, folder, .. } = self;
        write_whole(&receipt_in(folder), disk, |file| {
            serde_json::to_writer(&mut *file, &receipt)?;
            file.write_all(b"\n")
        })?;
        disk.sync().map_err(|error| refused(error, folder))?;
        let done = places.done(&split.id);
        if let Err(error) = disk.rename(At::beside(folder), At::beside(&done)) {
            // A folder with something in it has the name.
            return match self::receipt(places, &split.id)? {
                Some(first) => {
                    remove_folder(folder, disk)?;
                    Ok(first)
                }
                None => Err(refused(error, &done)),
            };
        }
        disk.sync_name(At::beside(&done)).map_err(|error| refused(error, &done))?;
        Ok(receipt)
    }
}

/// Whether anything stands at a path.
pub(super) fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}
