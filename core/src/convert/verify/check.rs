use super::{
    Difference, Expected, Found, VerifyReport,
    expected::{attachments_key, digest_key},
};
use crate::{
    convert::sync::SyncPaths,
    error::{Error, ErrorKind, Result},
    hex::hex,
    limits::Stop,
    model::{AttachmentView, Message},
    read::{ArchiveFiles, Event, Mailbox, ReadOptions},
    source::{Content, FileSource, Source, Stoppable},
    write::NAMED_BY,
};
use sha2::{Digest, Sha256};
use std::{fs, hash::Hasher as _, io, path::PathBuf, sync::Arc};
use twox_hash::XxHash3_64;

/// Holds one file against the logs.
pub(in crate::convert) fn check_file(
    archive: Option<&str>,
    path: &str,
    source: Source,
    expected: &mut Expected,
    report: &mut VerifyReport,
    found: &mut Found<'_>,
) {
    let named = || archive.map_or_else(|| path.to_owned(), |archive| format!("{archive}!{path}"));
    let files = expected.meet(archive, path);
    if files.is_empty() {
        return found(Difference::new("unknown_file", named(), "is named by no line of the log"));
    }
    report.files += 1;
    report.bytes += source.len();
    let len = source.len();
    let fits = files.iter().find(|file| file.size.is_none_or(|size| size == len));
    let Some(file) = fits else {
        let told =
            format!("has {len} octets where the log says {}", files.iter().find_map(|file| file.size).unwrap_or(0));
        return found(Difference::new("changed", named(), told));
    };
    let content = Content::from(source);
    let digests = match file_digests(&content) {
        Ok(digests) => digests,
        Err(error) => return found(Difference::new("unreadable", named(), format!("cannot be read: {error}"))),
    };
    let is_equal = |digest: &str| files.iter().any(|file| file.digest == Some(digest_key(digest)));
    if file.digest.is_some() && !digests.iter().any(|digest| is_equal(digest)) {
        return found(Difference::new("changed", named(), "has other octets than were written"));
    }
    if let Err(told) = parse(path, &content) {
        return found(Difference::new("unreadable", named(), told));
    }
    if let Some(listed) = file.attachments
        && attachments(content).is_ok_and(|views| attachments_key(&views) != listed)
    {
        found(Difference::new("attachments", named(), "has other attachments than the log lists"));
    }
}

/// Both digests that a log may have.
pub(in crate::convert) fn file_digests(content: &Content) -> io::Result<[String; 2]> {
    let (mut sha256, mut xxh3, mut at) = (Sha256::new(), XxHash3_64::new(), 0);
    content.for_each_chunk(|octets| {
        sha256.update(octets);
        let left = usize::try_from(NAMED_BY.saturating_sub(at)).unwrap_or(usize::MAX);
        xxh3.write(octets.get(..left).unwrap_or(octets));
        at += octets.len() as u64;
        Ok(())
    })?;
    if at > NAMED_BY {
        xxh3.write(&at.to_le_bytes());
    }
    Ok([hex(&sha256.finalize()), format!("{:016x}", xxh3.finish())])
}

/// Reads a file as what its name says that it is.
fn parse(path: &str, content: &Content) -> std::result::Result<(), String> {
    let cannot = |error: crate::Error| format!("cannot be read as what it is: {error}");
    match path.rsplit('.').next() {
        Some("eml") => Message::new(content.clone()).structure().map(drop).map_err(cannot),
        Some("ics" | "vcf") => {
            let mut mailbox = Mailbox::new(ReadOptions::default());
            mailbox.add_source(path, Arc::new(content.clone()));
            let mut items = 0;
            while let Some(event) = mailbox.next_event() {
                match event {
                    Event::Failed { error, .. } => return Err(cannot(error)),
                    Event::Item(_) => items += 1,
                    _ => {}
                }
            }
            if items > 0 { Ok(()) } else { Err("holds no item".into()) }
        }
        _ => Ok(()),
    }
}

fn attachments(content: Content) -> Result<Vec<AttachmentView>> {
    Message::new(content).attachments()?.iter().map(AttachmentView::of).collect()
}

/// Holds the archive of a sync, or its parts, against the logs.
pub(in crate::convert) fn check_archive(
    paths: &SyncPaths,
    stop: &Stop,
    expected: &mut Expected,
    report: &mut VerifyReport,
    found: &mut Found<'_>,
) -> Result<()> {
    for archive in archives(paths)? {
        let name = archive.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let source = Stoppable::over(Arc::new(FileSource::open(&archive)?), stop);
        let mut files = match ArchiveFiles::open(&name, source) {
            Ok(files) => files,
            Err(error) => {
                go_on(stop)?;
                found(Difference::new("unreadable", name, error.to_string()));
                continue;
            }
        };
        loop {
            go_on(stop)?;
            match files.next_file() {
                Ok(None) => break,
                Ok(Some((path, source))) => check_file(Some(&name), &path, source, expected, report, found),
                Err(error) => {
                    found(Difference::new("unreadable", &*name, error.to_string()));
                    if error.is_fatal() {
                        break;
                    }
                }
            }
        }
    }
    Ok(())
}

/// Whether what could not be read was not to be.
pub(super) fn go_on(stop: &Stop) -> Result<()> {
    match stop.is_asked() {
        true => Err(Error::new(ErrorKind::Cancelled, "stopped before all was read")),
        false => Ok(()),
    }
}

/// The files that an archive of a sync consists of, as far as they are there.
pub(in crate::convert) fn archives(paths: &SyncPaths) -> Result<Vec<PathBuf>> {
    let mut archives = paths.parts()?;
    let whole = paths.archive();
    if fs::symlink_metadata(&whole).is_ok() {
        archives.push(whole);
    }
    Ok(archives)
}
