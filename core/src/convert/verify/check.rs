use super::{
    Difference, Found, VerifyReport,
    expected::{Expected, File, attachments_key, digest_key},
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

/// Holds one file against the logs.
#[cfg(not(target_family = "wasm"))]
pub(in crate::convert) fn check_file(
    path: &str,
    source: Source,
    expected: &mut Expected,
    report: &mut VerifyReport,
    found: &mut Found<'_>,
) {
    if let Some(check) = Check::begin(None, "", path, source, expected, report, found) {
        let verdict = check.read();
        check.conclude(verdict, expected, found);
    }
}

/// A file that is held against the logs: what these say of it is known, its octets are yet to be read, which may be done on any thread.
pub(super) struct Check {
    named: String,
    path: String,
    content: Content,
    recorded: Vec<File>,
    by_manifest: Vec<File>,
    is_pim: bool,
}

/// What is wrong with a file.
pub(super) struct Flaw {
    kind: &'static str,
    detail: String,
    /// Whether it is to be looked for the items of a file of many.
    is_changed: bool,
}

impl Check {
    /// Meets a file; where it is in no archive, it is told with `label` before its path. `None` where nothing is to be read of it.
    pub(super) fn begin(
        archive: Option<&str>,
        label: &str,
        path: &str,
        source: Source,
        expected: &mut Expected,
        report: &mut VerifyReport,
        found: &mut Found<'_>,
    ) -> Option<Self> {
        let named = || archive.map_or_else(|| format!("{label}{path}"), |archive| format!("{archive}!{path}"));
        let files = expected.meet(archive, path);
        if expected.is_kept(path) {
            return None;
        }
        if files.is_empty() {
            if !expected.passes(path) {
                found(Difference::new("unknown_file", named(), "is not listed in the log"));
            }
            return None;
        }
        if expected.is_unmanifested(&files, path) {
            found(Difference::new("unknown_file", named(), "is not listed in the manifest of its bag"));
        }
        report.files += 1;
        report.bytes += source.len();
        let (by_manifest, recorded): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| file.by_manifest);
        let is_pim = expected.is_pim(archive, path);
        Some(Self {
            named: named(),
            path: path.to_owned(),
            content: Content::from(source),
            recorded,
            by_manifest,
            is_pim,
        })
    }

    /// Octets that are held before it is read.
    #[cfg(not(target_family = "wasm"))]
    pub(super) const WAITING: u64 = 16 << 10;

    /// Octets that are held while it is read.
    #[cfg(not(target_family = "wasm"))]
    pub(super) fn may_hold(&self) -> u64 {
        const HELD: u64 = 512 << 10;
        self.content.len().min(HELD)
    }

    /// Reads the file; what is wrong with it, if anything is.
    pub(super) fn read(&self) -> Option<Flaw> {
        let flaw = |kind, detail: String| Some(Flaw { kind, detail, is_changed: false });
        let changed = |detail: String| Some(Flaw { kind: "changed", detail, is_changed: true });
        let Self { path, content, recorded, by_manifest, .. } = self;
        let len = content.len();
        let fits = recorded.iter().find(|file| file.size.is_none_or(|size| size == len));
        if fits.is_none()
            && let Some(size) = recorded.iter().find_map(|file| file.size)
        {
            return changed(format!("has {len} octets, the log says {size}"));
        }
        let digests = match file_digests(content) {
            Ok(digests) => digests,
            Err(error) => return flaw("unreadable", format!("cannot be read: {error}")),
        };
        let keys = digests.map(|digest| digest_key(&digest));
        let is_equal = |digest: Key| keys.contains(&digest);
        if !recorded.is_empty() && !recorded.iter().any(|file| file.digest.is_none_or(is_equal)) {
            return changed("was changed since it was written".to_owned());
        }
        if !by_manifest.iter().filter_map(|file| file.digest).all(is_equal) {
            return flaw("changed", "does not match the checksum in the manifest of its bag".to_owned());
        }
        if let Err(detail) = parse(path, content, self.is_pim) {
            return flaw("unreadable", detail);
        }
        let listed = fits.and_then(|file| file.attachments)?;
        let differ = attachments(content.clone()).is_ok_and(|views| attachments_key(&views) != listed);
        if differ { flaw("attachments", "has attachments that differ from those in the log".to_owned()) } else { None }
    }

    /// Tells what is wrong.
    pub(super) fn conclude(&self, flaw: Option<Flaw>, expected: &mut Expected, found: &mut Found<'_>) {
        let Some(Flaw { kind, detail, is_changed }) = flaw else { return };
        if is_changed {
            expected.look_into(&self.path, &self.content);
        }
        found(Difference::new(kind, self.named.clone(), detail));
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
