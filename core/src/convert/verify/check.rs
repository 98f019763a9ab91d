use super::{
    Difference, Found, VerifyReport,
    expected::{Expected, attachments_key, digest_key},
};
use crate::{
    convert::keys::Key,
    error::{Error, ErrorKind, Result},
    limits::Stop,
    model::{AttachmentView, Message},
    read::{Event, Mailbox, ReadOptions},
    source::{Content, Source},
    write::file_digests,
};
use std::sync::Arc;

/// Holds one file against the logs; where it is in no archive, it is told with `label` before its path.
pub(in crate::convert) fn check_file(
    archive: Option<&str>,
    label: &str,
    path: &str,
    source: Source,
    expected: &mut Expected,
    report: &mut VerifyReport,
    found: &mut Found<'_>,
) {
    let named = || archive.map_or_else(|| format!("{label}{path}"), |archive| format!("{archive}!{path}"));
    let files = expected.meet(archive, path);
    if expected.is_kept(path) {
        return;
    }
    if files.is_empty() {
        if !expected.passes(path) {
            found(Difference::new("unknown_file", named(), "is not listed in the log"));
        }
        return;
    }
    if expected.is_unmanifested(&files, path) {
        found(Difference::new("unknown_file", named(), "is not listed in the manifest of its bag"));
    }
    report.files += 1;
    report.bytes += source.len();
    let len = source.len();
    let (by_manifest, recorded): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| file.by_manifest);
    let content = Content::from(source);
    let fits = recorded.iter().find(|file| file.size.is_none_or(|size| size == len));
    if fits.is_none()
        && let Some(size) = recorded.iter().find_map(|file| file.size)
    {
        let detail = format!("has {len} octets, the log says {size}");
        expected.look_into(path, &content);
        return found(Difference::new("changed", named(), detail));
    }
    let digests = match file_digests(&content) {
        Ok(digests) => digests,
        Err(error) => return found(Difference::new("unreadable", named(), format!("cannot be read: {error}"))),
    };
    let keys = digests.map(|digest| digest_key(&digest));
    let is_equal = |digest: Key| keys.contains(&digest);
    let is_known = recorded.iter().any(|file| file.digest.is_none_or(is_equal)) || recorded.is_empty();
    if !is_known {
        expected.look_into(path, &content);
        return found(Difference::new("changed", named(), "was changed since it was written"));
    }
    if !by_manifest.iter().filter_map(|file| file.digest).all(is_equal) {
        return found(Difference::new("changed", named(), "does not match the checksum in the manifest of its bag"));
    }
    if let Err(detail) = parse(path, &content, expected.is_pim(archive, path)) {
        return found(Difference::new("unreadable", named(), detail));
    }
    if let Some(listed) = fits.and_then(|file| file.attachments)
        && attachments(content).is_ok_and(|views| attachments_key(&views) != listed)
    {
        found(Difference::new("attachments", named(), "has attachments that differ from those in the log"));
    }
}

/// Reads a file as what its name says that it is.
fn parse(path: &str, content: &Content, is_pim: bool) -> std::result::Result<(), String> {
    let cannot = |error: crate::Error| format!("cannot be read in its format: {error}");
    match path.rsplit('.').next() {
        Some("eml") => Message::new(content.clone()).structure().map(drop).map_err(cannot),
        Some("ics" | "vcf") if is_pim => {
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
            if items > 0 { Ok(()) } else { Err("contains no item".into()) }
        }
        _ => Ok(()),
    }
}

fn attachments(content: Content) -> Result<Vec<AttachmentView>> {
    Message::new(content).attachments()?.iter().map(AttachmentView::of).collect()
}

/// Whether what could not be read was not to be.
pub(in crate::convert) fn go_on(stop: &Stop) -> Result<()> {
    match stop.is_asked() {
        true => Err(Error::new(ErrorKind::Cancelled, "stopped before everything was read")),
        false => Ok(()),
    }
}
