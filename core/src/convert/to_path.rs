use super::{Conversion, Progress, Report};
use crate::{
    error::{Error, ErrorKind, Result},
    read::{Mailbox, ReadOptions},
    write::{EmlArchive, EmlOptions},
};
use std::{
    ffi::OsString,
    fs::File,
    io::Write,
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
    /// How the archive is written.
    pub archive: EmlOptions,
    /// Threads that render items; the outcome does not depend on it.
    pub threads: NonZeroUsize,
    /// Whether the log lists the attachments of every message.
    pub attachments: bool,
    /// What the report tells of the options, for whoever reads it later.
    pub told: Option<serde_json::Value>,
}

impl Default for ConvertOptions {
    fn default() -> Self {
        Self {
            read: ReadOptions::default(),
            archive: EmlOptions::default(),
            threads: NonZeroUsize::MIN,
            attachments: false,
            told: None,
        }
    }
}

/// Converts `sources` into an EML archive at `destination`: a ZIP archive if its extension is `zip`, else a folder.
///
/// The item log and the report stand beside it, as `<destination>.items.jsonl` and `<destination>.report.json`. `observe`
/// is asked after every item whether to go on; the archive is valid wherever it stops.
///
/// # Errors
/// When none of the sources can be opened: why the first cannot. [`ErrorKind::Destination`] when something is there already, or it cannot be written. What goes wrong later is told in
/// the report.
pub fn convert<P: Into<PathBuf>>(
    sources: impl IntoIterator<Item = P>,
    destination: &Path,
    options: &ConvertOptions,
    observe: &mut dyn FnMut(Progress<'_>) -> ControlFlow<()>,
) -> Result<Report> {
    let started = Instant::now();
    let mut mailbox = Mailbox::new(options.read.clone());
    for source in sources {
        mailbox.add_path(source);
    }
    mailbox.start()?;
    let archive = EmlArchive::create(destination, options.archive.clone())?;
    let log = create_beside(destination, ".items.jsonl")?;
    let report_file = create_beside(destination, ".report.json")?;
    let conversion = Conversion::new(mailbox, Box::new(archive), log)
        .with_threads(options.threads)
        .with_attachments(options.attachments);
    let mut report = conversion.run(observe)?;
    report.seconds = Some((started.elapsed().as_secs_f64() * 1000.0).round() / 1000.0);
    report.options.clone_from(&options.told);
    write_report(&report, report_file)
        .map_err(|error| Error::new(ErrorKind::Destination, "the report cannot be written").because(error))?;
    Ok(report)
}

/// The path of the file that stands beside `destination` and ends in `suffix`.
pub fn beside(destination: &Path, suffix: &str) -> PathBuf {
    // The components leave out a slash at the end.
    let mut path: OsString = destination.components().collect::<PathBuf>().into();
    path.push(suffix);
    path.into()
}

fn create_beside(destination: &Path, suffix: &str) -> Result<File> {
    let path = beside(destination, suffix);
    File::create_new(&path).map_err(|error| {
        let message = match error.kind() {
            std::io::ErrorKind::AlreadyExists => "is there already, from an earlier conversion: move it away first",
            _ => "cannot be created",
        };
        Error::new(ErrorKind::Destination, message).because(error).in_file(path.to_string_lossy())
    })
}

fn write_report(report: &Report, file: File) -> std::io::Result<()> {
    let mut file = std::io::BufWriter::new(file);
    serde_json::to_writer_pretty(&mut file, report)?;
    file.write_all(b"\n")?;
    file.flush()
}
