use super::{
    Gates, Preflight, Selector, Tagging, Transform,
    decision::{Decided, Place},
    in_order::{InOrder, Next},
    item_log::{ItemRecord, LogLine, Status, name},
    journal::{Journal, Lines, log_refused},
    report::{Fingerprint, Report, SourceReport},
};
use crate::{
    error::{Error, ErrorKind, Result},
    model::Item,
    platform::Target,
    read::{Closed, Event, Mailbox, Opened},
    write::{ItemName, ItemWriter, Lost, Product, Rendered, Renderer},
};
use std::{collections::BTreeSet, io::Write, num::NonZeroUsize, ops::ControlFlow};

/// Moves the items of a mailbox to a writer and reports the result of each.
pub struct Conversion<'w> {
    mailbox: Mailbox,
    writer: Box<dyn ItemWriter + 'w>,
    journal: Box<dyn Journal + 'w>,
    /// What takes the list of files, where the journal does not.
    files: Option<Box<dyn Write + Send + 'w>>,
    /// What every item passes through before it is rendered.
    gates: Gates,
    in_order: InOrder,
    attachments: bool,
    /// Happened behind the items on their way, and has to wait for them.
    next: Option<Event>,
    ended: bool,
    /// Items of the source in hand that were read or failed to be.
    ordinal: u64,
    /// Items that failed, in whose stead no other may be left out.
    failed: BTreeSet<Place>,
    report: Report,
    /// The line of the log that was written last.
    json: Vec<u8>,
}

/// Failed items that are remembered: a conversion in which more fail has to be done again anyway.
pub(super) const MOST_FAILED: usize = 1 << 20;

/// How far a conversion is.
#[non_exhaustive]
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// Octets of the sources that were read.
    pub position: u64,
    /// Octets of all sources; `None` where archives hide it.
    pub total: Option<u64>,
    /// What became of the items so far.
    pub report: &'a Report,
}

impl<'w> Conversion<'w> {
    /// A conversion of `mailbox` to `writer`, whose item log goes to `log`, one line at a time, each after its file.
    pub fn new(mailbox: Mailbox, writer: Box<dyn ItemWriter + 'w>, log: impl Write + Send + 'w) -> Self {
        Self::told_to(mailbox, writer, Lines(log))
    }

    /// The same, told to `journal`.
    pub(super) fn told_to(mailbox: Mailbox, writer: Box<dyn ItemWriter + 'w>, journal: impl Journal + 'w) -> Self {
        let in_order = InOrder::new(renderer(&*writer, &journal), NonZeroUsize::MIN, mailbox.stop().clone());
        Self {
            mailbox,
            writer,
            journal: Box::new(journal),
            files: None,
            gates: Gates::default(),
            in_order,
            attachments: false,
            next: None,
            ended: false,
            ordinal: 0,
            failed: BTreeSet::new(),
            report: Report::new(),
            json: Vec::new(),
        }
    }

    /// The same conversion with items rendered on `threads` threads. The outcome does not depend on their number.
    #[must_use]
    pub fn with_threads(mut self, threads: NonZeroUsize) -> Self {
        self.in_order = InOrder::new(renderer(&*self.writer, &*self.journal), threads, self.mailbox.stop().clone());
        self
    }

    /// The same conversion with the list of what was made next to the files of one item each ([`Product`](crate::write::Product)) written to `files`, a
    /// line at a time. [`Verification`](super::Verification) asks for it.
    #[must_use]
    pub fn with_files(mut self, files: impl Write + Send + 'w) -> Self {
        self.files = Some(Box::new(files));
        self
    }

    /// The same conversion with the attachments of every message listed in the log, for which it is read once more.
    #[must_use]
    pub fn with_attachments(mut self, listed: bool) -> Self {
        self.attachments = listed;
        self
    }

    /// The same conversion through `gates`, instead of those that it had.
    #[must_use]
    pub fn with_gates(mut self, gates: Gates) -> Self {
        self.gates = gates;
        self
    }

    /// The same conversion of what `selector` selects; the rest is skipped, each item with its reason.
    #[must_use]
    pub fn with_selector(mut self, selector: Selector) -> Self {
        self.gates.select(selector);
        self
    }

    /// The same conversion of what `transform` makes of the items, after they are selected as the source has them.
    #[must_use]
    pub fn with_transform(mut self, transform: Transform) -> Self {
        self.gates.transforms.push(transform);
        self
    }

    /// The same conversion of items that `tagging` marks, after they are selected as the source has them.
    #[must_use]
    pub fn with_tagging(mut self, tagging: Tagging) -> Self {
        self.gates.tag(tagging);
        self
    }

    /// The same conversion less what `target` does not take, which is skipped, each item with its reason; what it may stumble
    /// over carries a warning.
    #[must_use]
    pub fn with_target(mut self, target: &'static Target) -> Self {
        self.gates.send_to(target);
        self
    }

    /// Continues until something was done that is in the report; `false` when there is nothing more to do.
    ///
    /// # Errors
    /// When the destination or the log cannot be written: then only [`Conversion::finish`] is left. [`ErrorKind::Cancelled`]
    /// when the [limits](crate::Stop) of the mailbox stopped it in the middle of an item: then [`Conversion::cancel`] is.
    pub fn step(&mut self) -> Result<bool> {
        loop {
            if self.in_order.is_full() || self.next.is_some() || self.ended {
                if self.take()? {
                    return Ok(true);
                }
                let Some(event) = self.next.take() else { return Ok(false) };
                self.note(event)?;
                return Ok(true);
            }
            // The sources are counted when all items of the one before are through.
            let source = self.report.sources.len() as u64;
            if self.in_order.opens_ahead() {
                if self.gates.is_empty() {
                    if let Some((ordinal, unopened)) = self.mailbox.next_ahead() {
                        self.in_order.push_ahead(unopened, Place { source, ordinal });
                        continue;
                    }
                } else if self.decide_ahead(source)? {
                    continue;
                }
                if self.in_order.has_unread() && self.take()? {
                    return Ok(true);
                }
            }
            match self.mailbox.next_event() {
                Some(Event::Item(item)) => {
                    let place = Place { source, ordinal: item.origin.ordinal };
                    self.in_order.push(self.gates.upon(*item, place), None);
                }
                Some(Event::Failed { .. }) if self.mailbox.stop().is_asked() => return Err(stopped()),
                Some(event) => self.next = Some(event),
                None => self.ended = true,
            }
        }
    }

    /// Decides upon an item that is opened ahead of its turn, where there is one that needs not wait for others to be taken.
    fn decide_ahead(&mut self, source: u64) -> Result<bool> {
        while !self.in_order.is_full_of_undecided()
            && let Some((ordinal, unopened)) = self.mailbox.next_ahead()
        {
            self.in_order.push_undecided(unopened, Place { source, ordinal });
        }
        let Some(Next { item, place, unopened }) = self.in_order.next_undecided() else { return Ok(false) };
        match item {
            Ok(item) => self.in_order.push(self.gates.upon(item, place), unopened),
            Err(_) if self.mailbox.stop().is_asked() => return Err(stopped()),
            Err(error) => self.next = Some(Event::Failed { error, within: true }),
        }
        Ok(true)
    }

    /// Takes what came of an item; `false` where none is on its way.
    fn take(&mut self) -> Result<bool> {
        let Some(outcome) = self.in_order.take() else { return Ok(false) };
        if matches!(outcome, Err(_) | Ok((_, Some(Err(_))))) && self.mailbox.stop().is_asked() {
            return Err(stopped());
        }
        match outcome {
            Ok((decided, rendered)) => {
                let committed = self.commit(&decided, rendered);
                drop(decided);
                self.in_order.give_back_room();
                committed?;
            }
            Err(error) => self.note(Event::Failed { error, within: true })?,
        }
        Ok(true)
    }

    /// How far it is.
    pub fn progress(&self) -> Progress<'_> {
        Progress { position: self.mailbox.position(), total: self.mailbox.total(), report: &self.report }
    }

    /// Takes every step, asking `observe` between two of them whether to continue, and finishes.
    ///
    /// What stops it, and what it cannot complete, is in [`Report::error`].
    pub fn run(mut self, observe: &mut dyn FnMut(Progress<'_>) -> ControlFlow<()>) -> Report {
        let stopped = loop {
            match self.step() {
                Ok(false) => break None,
                Ok(true) if observe(self.progress()).is_continue() => {}
                Ok(true) => {
                    self.report.cancelled = true;
                    break None;
                }
                Err(error) if error.kind() == ErrorKind::Cancelled => {
                    self.report.cancelled = true;
                    break None;
                }
                Err(error) => break Some(error),
            }
        };
        // What was completed before it stopped is worth having.
        let not_completed = self.complete().err();
        let mut reasons: Vec<_> = stopped.iter().chain(&not_completed).map(ToString::to_string).collect();
        reasons.dedup();
        let is_refusal = |error: &Error| error.kind() == ErrorKind::Destination;
        self.report.refused = stopped.iter().chain(&not_completed).any(is_refusal);
        self.report.error = (!reasons.is_empty()).then(|| reasons.join("; "));
        self.report
    }

    /// Completes the destination, wherever the sources were left.
    ///
    /// # Errors
    /// When the destination or the log cannot be written.
    pub fn finish(mut self) -> Result<Report> {
        self.complete()?;
        Ok(self.report)
    }

    /// The same, and the report says that it was stopped before it was complete.
    ///
    /// # Errors
    /// When the destination or the log cannot be written.
    pub fn cancel(mut self) -> Result<Report> {
        self.report.cancelled = true;
        self.finish()
    }

    fn complete(&mut self) -> Result<()> {
        if self.writer.wants_report() {
            let texts = self.report.texts().map_err(log_refused)?;
            self.writer.report(texts);
        }
        // What was migrated so far is completed, which may have to read it once more.
        let stop = self.mailbox.stop().clone();
        stop.wait();
        let listed = self.tell_products();
        let Self { writer, journal, files, report, .. } = &mut *self;
        let finished = writer.finish_telling(&mut |product| tell(&mut **journal, files, report, &product));
        let counted = self.count_lost().and_then(|()| match self.report.joined.take() {
            Some(part) => self.journal.join(&part),
            None => Ok(()),
        });
        self.report.cancelled |= stop.was_asked();
        finished.and(listed).and(counted)?;
        self.files.as_mut().map_or(Ok(()), Write::flush).map_err(log_refused)?;
        self.journal.flush()
    }

    /// Takes items of what came to nothing for failed ones.
    fn count_lost(&mut self) -> Result<()> {
        let lost = self.writer.take_lost();
        if lost.is_empty() {
            return Ok(());
        }
        let all = lost.iter().find(|lost| matches!(lost, Lost::All { .. }));
        all.iter().for_each(|lost| self.report.fail_all(lost.reason()));
        self.journal.lose(&lost, &mut |line, reason| {
            if all.is_none() {
                self.report.fail(line, reason);
            }
        })
    }

    fn commit(&mut self, decided: &Decided, rendered: Option<Result<Rendered>>) -> Result<()> {
        let item = &decided.item;
        self.ordinal = item.origin.ordinal;
        let name = name(item);
        let mut line = LogLine::new(ItemRecord::named(item, decided.place.source, name.clone()));
        line.sync = self.journal.sync();
        if let Some(in_source) = &decided.in_source {
            line.tell_source(item, in_source);
        }
        let fatal = match rendered {
            Some(rendered) => {
                self.report.preflight += Preflight::of(item);
                self.write(decided, &name, rendered, &mut line)?
            }
            None => {
                self.list_attachments(item, &mut line);
                match decided.skip.as_ref().and_then(|skip| skip.duplicate_of).filter(|kept| self.failed.contains(kept))
                {
                    Some(kept) => line.failed(&lost_with(&kept)),
                    None => decided.skip.iter().for_each(|skip| line.skipped(skip)),
                }
                self.journal.expect(&line)?;
                None
            }
        };
        if line.status == Status::Failed && !self.gates.is_empty() && self.failed.len() < MOST_FAILED {
            self.failed.insert(decided.place);
        }
        self.report.count(&line, item.received.map(|received| received.at.year()));
        let outcome = self.write_line(&line).and_then(|()| self.tell_products());
        fatal.map_or(outcome, Err)
    }

    /// Writes an item, unless an earlier sync has, and notes in its line what came of it; what it gives ends the conversion.
    fn write(
        &mut self,
        decided: &Decided,
        name: &ItemName,
        rendered: Result<Rendered>,
        line: &mut LogLine,
    ) -> Result<Option<Error>> {
        let item = &decided.item;
        let rendered = rendered.inspect(|rendered| line.rendered(item, rendered));
        if rendered.is_ok() && self.journal.has(line) {
            line.already_migrated();
            self.journal.expect(line)?;
            return Ok(None);
        }
        self.list_attachments(item, line);
        self.journal.expect(line)?;
        let written = rendered.and_then(|rendered| self.writer.write(item, name, rendered));
        Ok(match written {
            Ok(written) => {
                line.migrated(written);
                None
            }
            Err(error) if !error.is_fatal() && self.mailbox.stop().is_asked() => return Err(stopped()),
            Err(error) => {
                line.failed(&error);
                error.is_fatal().then_some(error)
            }
        })
    }

    fn list_attachments(&self, item: &Item, line: &mut LogLine) {
        if self.attachments {
            line.item.list_attachments(item);
        }
    }

    fn note(&mut self, event: Event) -> Result<()> {
        match event {
            Event::Item(_) => {}
            Event::Opened(opened) => {
                self.gates.open(&opened);
                let Opened { name, format, source } = opened;
                self.ordinal = 0;
                let fingerprint = source.and_then(|source| Fingerprint::of(&source).ok());
                let file = name.to_string();
                self.report.sources.push(SourceReport {
                    file,
                    format: format.into(),
                    fingerprint,
                    ..SourceReport::default()
                });
            }
            Event::Failed { error, within: false } => {
                let file = error.path().unwrap_or_default().to_owned();
                let error = Some(error.to_string());
                self.report.sources.push(SourceReport { file, error, ..SourceReport::default() });
            }
            Event::Failed { error, within: true } => {
                self.ordinal += 1;
                let source = self.report.sources.len() as u64;
                if let Some(report) = self.report.sources.last_mut() {
                    report.error = error.is_fatal().then(|| error.to_string());
                    let mut line = LogLine::new(ItemRecord::unreadable(&report.file, source, self.ordinal, &error));
                    line.sync = self.journal.sync();
                    line.failed(&error);
                    self.journal.expect(&line)?;
                    self.report.count(&line, None);
                    self.write_line(&line)?;
                }
            }
            Event::Passed(passed) => self.report.ignored.tell(passed),
            Event::Closed(Closed { folders, defects, cut_short }) => {
                let is_of_mail =
                    self.report.sources.last().is_none_or(|source| !matches!(&*source.format, "ics" | "vcf"));
                let is_wanted = is_of_mail || !self.writer.has_folders_of_mail();
                for mut folder in folders {
                    if self.gates.keeps(&mut folder) && is_wanted {
                        self.writer.folder(&folder)?;
                    }
                }
                if let Some(source) = self.report.sources.last_mut() {
                    source.tell(&defects);
                    source.cut_short = source.cut_short.take().or(cut_short);
                }
            }
        }
        Ok(())
    }

    fn write_line(&mut self, line: &LogLine) -> Result<()> {
        self.json.clear();
        serde_json::to_writer(&mut self.json, line)
            .map_err(|error| Error::new(ErrorKind::Destination, "an item has no line in the log").because(error))?;
        self.json.push(b'\n');
        self.journal.line(line, &self.json)?;
        self.writer.log_line(&self.json)
    }

    fn tell_products(&mut self) -> Result<()> {
        let Self { writer, journal, files, report, .. } = self;
        writer.take_products().iter().try_for_each(|product| tell(&mut **journal, files, report, product))
    }
}

/// Tells of what was made.
fn tell(
    journal: &mut (dyn Journal + '_),
    files: &mut Option<Box<dyn Write + Send + '_>>,
    report: &mut Report,
    product: &Product,
) -> Result<()> {
    match product {
        Product::Kept { path, instead } => report.keep(path, instead),
        Product::Archive { path, size, xxh3, part } => {
            report.joined.clone_from(part);
            report.tell_file(path, *size, true, xxh3.clone());
        }
        Product::Collection { path, size, .. } => report.tell_file(path, *size, false, None),
        Product::Folder { .. } | Product::Mailbox { .. } | Product::Index { .. } => {}
    }
    journal.product(product)?;
    let Some(files) = files else { return Ok(()) };
    let mut json = serde_json::to_vec(product).map_err(|error| log_refused(error.into()))?;
    json.push(b'\n');
    files.write_all(&json).map_err(log_refused)
}

fn stopped() -> Error {
    Error::new(ErrorKind::Cancelled, "stopped in the middle of an item")
}

/// The renderer of `writer`, which spares itself what `journal` knows.
fn renderer(writer: &(dyn ItemWriter + '_), journal: &(impl Journal + ?Sized)) -> Renderer {
    #[cfg(not(target_family = "wasm"))]
    return writer.renderer().with_known(journal.known());
    #[cfg(target_family = "wasm")]
    {
        let _knows_nothing = journal;
        writer.renderer()
    }
}

pub(super) fn lost_with(kept: &Place) -> Error {
    let message = format!("it is a duplicate of item {kept}, which was to be kept instead but failed: convert again");
    Error::new(ErrorKind::Destination, message).non_fatal()
}
