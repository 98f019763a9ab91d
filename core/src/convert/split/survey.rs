//! The first pass of one share: its items are looked at, and what all must be known by is kept.

use crate::{
    convert::{
        ConvertOptions, Fingerprint, Place, Progress, ReadAhead, Report, SourceReport, same_uid::SameUid,
        selection::KeyWriter, sync::refused, to_path::mailbox_of,
    },
    disk::{At, Disk},
    error::{Error, ErrorKind, Result},
    read::{Event, Given, Opened},
};
use std::{
    io::{self, BufWriter, Write},
    ops::ControlFlow,
    path::{Path, PathBuf},
};

/// In the folder of a share, 24 octets of each item.
pub(super) fn keys_in(folder: &Path) -> PathBuf {
    folder.join("keys")
}

/// In the folder of a share, the sets of labels of its items.
pub(super) fn sets_in(folder: &Path) -> PathBuf {
    folder.join("labels.jsonl")
}

/// Looks at all items of the sources, and writes to `folder` what they are known by. The report tells the sources, and how many items
/// each has.
pub(super) fn survey(
    disk: &Disk,
    given: Vec<Given>,
    folder: &Path,
    options: &ConvertOptions,
    observe: &mut dyn FnMut(Progress<'_>) -> ControlFlow<()>,
) -> Result<Report> {
    options.selection.check()?;
    let options = options.for_target();
    let mends = options.archive.collections.ics.mend;
    let [keys, sets] = [keys_in(folder), sets_in(folder)];
    let create =
        |path: &Path| disk.create_anew(At::beside(path)).map(BufWriter::new).map_err(|error| refused(error, path));
    let (mut keys_out, mut sets_out) = (create(&keys)?, create(&sets)?);
    let unwritten = |error: io::Error| refused(error, &keys);
    let mut report = Report::new();
    let examine = KeyWriter::examiner(&options.selection);
    let mut mailbox = ReadAhead::new(mailbox_of(&given, &options.read), options.threads, examine);
    let mut writer = KeyWriter::new(&options.selection, &mut keys_out, &mut sets_out);
    let stopped = || Error::new(ErrorKind::Cancelled, "stopped before the split was done");
    while let Some((event, examined)) = mailbox.next_event() {
        match event {
            Event::Opened(opened) => {
                let uids = if mends { SameUid::of_file(&opened, &options.read) } else { Default::default() };
                let Opened { name, format, source } = opened;
                let fingerprint = source.and_then(|source| Fingerprint::of(&source).ok());
                let file = name.to_string();
                report.sources.push(SourceReport {
                    file,
                    format: format.into(),
                    fingerprint,
                    ..SourceReport::default()
                });
                let number = report.sources.len() as u64;
                let mut uids: Vec<u64> = uids.into_iter().collect();
                uids.sort_unstable();
                uids.into_iter().try_for_each(|uid| writer.add_uid(number, uid)).map_err(unwritten)?;
            }
            Event::Failed { .. } if mailbox.mailbox().stop().is_asked() => return Err(stopped()),
            Event::Failed { error, within: false } => {
                let file = error.path().unwrap_or_default().to_owned();
                report.sources.push(SourceReport { file, error: Some(error.to_string()), ..SourceReport::default() });
            }
            Event::Failed { within: true, .. } => {
                report.sources.last_mut().into_iter().for_each(|source| source.items += 1)
            }
            Event::Item(item) => {
                let place = Place { source: report.sources.len() as u64, ordinal: item.origin.ordinal };
                report.sources.last_mut().into_iter().for_each(|source| source.items += 1);
                writer.add(&item, place, examined.flatten()).map_err(unwritten)?;
                let (position, total) = (mailbox.mailbox().position(), mailbox.mailbox().total());
                if observe(Progress { position, total, report: &report }).is_break() {
                    return Err(stopped());
                }
            }
            _ => {}
        }
    }
    drop(writer);
    for (out, path) in [(&mut keys_out, &keys), (&mut sets_out, &sets)] {
        out.flush().and_then(|()| out.get_ref().sync()).map_err(|error| refused(error, path))?;
    }
    Ok(report)
}
