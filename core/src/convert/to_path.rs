use super::{Conversion, Plan, Progress, Report, Selection, Selector, Tagging};
use crate::{
    error::{Error, ErrorKind, Result},
    read::{Mailbox, ReadOptions},
    target::Target,
    write::{self, WriteOptions},
};
use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, BufReader, BufWriter, Write},
    num::NonZeroUsize,
    ops::ControlFlow,
    path::{Path, PathBuf},
    time::Instant,
};

/// How a conversion from paths to a path is done.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct ConvertOptions {
    /// How the sources are read.
    pub read: ReadOptions,
    /// Which items are converted. Where it asks for a sample or for duplicates, the sources are read once more before.
    pub selection: Selection,
    /// How they are marked.
    pub tagging: Tagging,
    /// Where the items are to go: it sets the form and what else it cares for in [`ConvertOptions::archive`].
    pub target: Option<&'static Target>,
    /// What is written, and how.
    pub archive: WriteOptions,
    /// Threads that render items; the outcome does not depend on it.
    pub threads: NonZeroUsize,
    /// Whether the log lists the attachments of every message.
    pub attachments: bool,
    /// Whether the report is written as a table too ([`Report::write_csv`]).
    pub table: bool,
    /// Where the report is written as a page for people too ([`Report::write_page`]); a file that is there is replaced.
    pub page: Option<PathBuf>,
    /// What the report tells of the options, for whoever reads it later.
    pub told: Option<serde_json::Value>,
}

impl Default for ConvertOptions {
    fn default() -> Self {
        Self {
            read: ReadOptions::default(),
            selection: Selection::default(),
            tagging: Tagging::default(),
            target: None,
            archive: WriteOptions::default(),
            threads: NonZeroUsize::MIN,
            attachments: false,
            table: false,
            page: None,
            told: None,
        }
    }
}

/// Converts `sources` into the form that the options ask for at `destination`, whose name tells the
/// [`Packaging`](crate::write::Packaging).
///
/// The item log and the report stand beside it, as [`ITEM_LOG`], [`REPORT`] and perhaps [`TABLE`] say. `observe` is asked
/// after every item whether to go on; the archive is valid wherever it stops.
///
/// # Errors
/// Only when it cannot start, and then nothing was written: when none of the sources can be opened, why the first cannot;
/// [`ErrorKind::Destination`] when something is at the destination or beside it already, or it cannot be written. What goes
/// wrong later is told in the report. [`ErrorKind::Cancelled`] when it is stopped in a first pass over the sources.
pub fn convert<P: Into<PathBuf>>(
    sources: impl IntoIterator<Item = P>,
    destination: &Path,
    options: &ConvertOptions,
    observe: &mut dyn FnMut(Progress<'_>) -> ControlFlow<()>,
) -> Result<Report> {
    let started = Instant::now();
    let sources: Vec<PathBuf> = sources.into_iter().map(Into::into).collect();
    let mut archive = options.archive.clone();
    if let Some(target) = options.target {
        let name = destination.file_name().unwrap_or_default().to_string_lossy();
        target.check_destination(&name)?;
        target.configure(&mut archive);
    }
    let mut mailbox = mailbox_of(&sources, &options.read);
    mailbox.start()?;
    for suffix in [ITEM_LOG, REPORT, TABLE] {
        refuse_earlier(&beside(destination, suffix))?;
    }
    let nothing_yet = Report::default();
    let selector = Selector::surveying(&options.selection, mailbox_of(&sources, &options.read), &mut |mailbox| {
        observe(Progress { position: mailbox.position(), total: mailbox.total(), report: &nothing_yet })
    })?;
    let log_path = beside(destination, ITEM_LOG);
    let log = WholeLines::create(&log_path)?;
    let writer = write::create(destination, archive).inspect_err(|_| {
        // The log is empty and of no use; the error to tell is the first.
        let _leftover = fs::remove_file(&log_path);
    })?;
    let mut conversion =
        Conversion::new(mailbox, writer, log).with_selector(selector).with_tagging(options.tagging.clone());
    if let Some(target) = options.target {
        conversion = conversion.with_target(target);
    }
    let conversion = conversion.with_threads(options.threads).with_attachments(options.attachments);
    let mut report = conversion.run(observe);
    report.seconds = Some((started.elapsed().as_secs_f64() * 1000.0).round() / 1000.0);
    report.options.clone_from(&options.told);
    let mut written = write_beside(destination, REPORT, |file| {
        serde_json::to_writer_pretty(&mut *file, &report)?;
        file.write_all(b"\n")
    });
    if options.table {
        written = written.and(write_beside(destination, TABLE, |file| report.write_csv(file)));
    }
    if let Some(page) = &options.page {
        written = written.and(write_page(destination, page));
    }
    if let Err(error) = written {
        report.error.get_or_insert_with(|| error.to_string());
    }
    Ok(report)
}

/// Writes the report of the conversion to `destination` as a page for people to `page`, from the report and the item log
/// that stand beside it.
///
/// # Errors
/// [`ErrorKind::Io`] when they cannot be read, [`ErrorKind::Malformed`] when the report is none,
/// [`ErrorKind::Destination`] when the page cannot be written.
pub fn write_page(destination: &Path, page: &Path) -> Result<()> {
    let open = |suffix| {
        let path = beside(destination, suffix);
        let unread = |error: io::Error| Error::from(error).in_file(path.to_string_lossy());
        File::open(&path).map(BufReader::new).map_err(unread)
    };
    let report: Report = serde_json::from_reader(open(REPORT)?).map_err(|error| {
        let path = beside(destination, REPORT);
        Error::new(ErrorKind::Malformed, "is no report of a conversion").because(error).in_file(path.to_string_lossy())
    })?;
    let log = open(ITEM_LOG)?;
    let log_path = beside(destination, ITEM_LOG);
    let name = |path: &Path| path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let names = [name(beside(destination, "").as_path()), name(&log_path)];
    replace(page, |file| {
        let [name, log_name] = &names;
        report.write_page(name, log_name, log, file)
    })
}

/// What will become of `sources` at `target`, read as [`convert`] reads them. Nothing is written.
///
/// # Errors
/// When none of the sources can be opened, why the first cannot; [`ErrorKind::Cancelled`] when `observe` stops it.
pub fn plan<P: Into<PathBuf>>(
    sources: impl IntoIterator<Item = P>,
    target: &'static Target,
    options: &ConvertOptions,
    observe: &mut dyn FnMut() -> ControlFlow<()>,
) -> Result<Plan> {
    let sources: Vec<PathBuf> = sources.into_iter().map(Into::into).collect();
    let mut mailbox = mailbox_of(&sources, &options.read);
    mailbox.start()?;
    let selector =
        Selector::surveying(&options.selection, mailbox_of(&sources, &options.read), &mut |_mailbox| observe())?;
    let mut plan = Plan::new(target, &options.archive).with_selector(selector);
    while let Some(event) = mailbox.next_event() {
        plan.count(event);
        if observe().is_break() {
            return Err(Error::new(ErrorKind::Cancelled, "stopped before all was read"));
        }
    }
    Ok(plan.finish())
}

fn mailbox_of(sources: &[PathBuf], options: &ReadOptions) -> Mailbox {
    let mut mailbox = Mailbox::new(options.clone());
    sources.iter().for_each(|source| mailbox.add_path(source));
    mailbox
}

/// What the name of the item log has behind that of the destination.
pub const ITEM_LOG: &str = ".items.jsonl";
/// What the name of the report has behind that of the destination.
pub const REPORT: &str = ".report.json";
/// What the name of the report as a table has behind that of the destination.
pub const TABLE: &str = ".report.csv";
/// What the names of all three have behind them until they are complete.
const UNFINISHED: &str = ".unfinished";

/// The path of the file that stands beside `destination` and ends in `suffix`.
pub fn beside(destination: &Path, suffix: &str) -> PathBuf {
    // The components leave out a slash at the end.
    let path: PathBuf = destination.components().collect();
    // What is beside "." or ".." has to know its real name.
    let path = if path.file_name().is_none() { fs::canonicalize(&path).unwrap_or(path) } else { path };
    with_suffix(path, suffix)
}

fn with_suffix(path: PathBuf, suffix: &str) -> PathBuf {
    let mut path: OsString = path.into();
    path.push(suffix);
    path.into()
}

fn refuse_earlier(path: &Path) -> Result<()> {
    if fs::symlink_metadata(path).is_err() {
        return Ok(());
    }
    let message = "is there already, from an earlier conversion: move it away, or choose another destination";
    Err(Error::new(ErrorKind::Destination, message).in_file(path.to_string_lossy()))
}

fn refused(error: io::Error, path: &Path) -> Error {
    let message = "cannot be written: choose a destination that you may write to and that has room";
    Error::new(ErrorKind::Destination, message).because(error).in_file(path.to_string_lossy())
}

/// Writes the file beside `destination` that ends in `suffix`; it has its name only when it is complete.
fn write_beside(
    destination: &Path,
    suffix: &str,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<()> {
    replace(&beside(destination, suffix), write)
}

/// Writes a file that has its name only when it is complete.
fn replace(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> Result<()> {
    let unfinished = with_suffix(path.to_owned(), UNFINISHED);
    let written = File::create(&unfinished).and_then(|file| {
        let mut file = BufWriter::new(file);
        write(&mut file)?;
        file.flush()?;
        fs::rename(&unfinished, path)
    });
    written.map_err(|error| {
        // Whether this succeeds or not, the error to tell is the first.
        let _leftover = fs::remove_file(&unfinished);
        refused(error, path)
    })
}

/// A file that ends with a whole line, though the disk was full in the middle of one.
struct WholeLines {
    file: File,
    len: u64,
}

impl WholeLines {
    fn create(path: &Path) -> Result<Self> {
        let folder = path.parent().unwrap_or(Path::new(""));
        fs::create_dir_all(folder).map_err(|error| refused(error, folder))?;
        let file = File::create_new(path).map_err(|error| refused(error, path))?;
        Ok(Self { file, len: 0 })
    }
}

impl Write for WholeLines {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        if let Err(error) = self.file.write_all(lines) {
            // If even this is refused, the last line is cut off, and its reader will say so.
            let _cut_off = self.file.set_len(self.len);
            return Err(error);
        }
        self.len += lines.len() as u64;
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
