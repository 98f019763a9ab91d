use super::{Selection, Selector, selector::Looked};
use crate::{
    convert::{Place, ReadAhead},
    read::{Event, Mailbox},
};
use std::{num::NonZeroUsize, sync::Arc};

/// The first pass over the sources that a selection [may need](Selection::needs_survey), an item at a time, so that between two
/// of them others have their turn.
///
/// ```
/// use mailferry::{convert::{Dedupe, Selection, Survey}, read::{Mailbox, ReadOptions}};
///
/// let mut selection = Selection::default();
/// selection.dedupe = Dedupe::Exact;
/// let mut survey = Survey::new(&selection, Mailbox::new(ReadOptions::default()));
/// while survey.step() {}
/// let selector = survey.finish();
/// # let _ = selector;
/// ```
pub struct Survey {
    selector: Selector,
    /// Nothing, where nothing has to be looked at.
    mailbox: Option<ReadAhead<Option<Looked>>>,
    source: u64,
}

impl Survey {
    /// Of a mailbox with the same sources and options as the one whose items will be selected.
    pub fn new(selection: &Selection, mailbox: Mailbox) -> Self {
        Self::on_threads(selection, mailbox, NonZeroUsize::MIN)
    }

    /// The same on `threads` threads. What it finds does not depend on their number.
    pub fn on_threads(selection: &Selection, mailbox: Mailbox, threads: NonZeroUsize) -> Self {
        let mailbox = selection.needs_survey().then(|| {
            let selector = Arc::new(Selector::compiled(selection));
            // Alone it is looked at only where no folder leaves it out.
            let is_alone = threads.get() == 1;
            ReadAhead::new(mailbox, threads, move |item| (!is_alone).then(|| selector.look(item)))
        });
        Self { selector: Selector::compiled(selection), mailbox, source: 0 }
    }

    /// Looks at what comes next; `false` where nothing is left to look at. What cannot be read is skipped: it will fail again.
    pub fn step(&mut self) -> bool {
        let Some((event, looked)) = self.mailbox.as_mut().and_then(ReadAhead::next_event) else { return false };
        match event {
            Event::Opened(_) | Event::Failed { within: false, .. } => self.source += 1,
            Event::Item(item) => {
                let place = Place { source: self.source, ordinal: item.origin.ordinal };
                self.selector.look_at(&item, place, looked.flatten());
            }
            _ => {}
        }
        true
    }

    /// What is being looked at, if anything must be.
    pub fn mailbox(&self) -> Option<&Mailbox> {
        self.mailbox.as_ref().map(ReadAhead::mailbox)
    }

    /// Applies the selection. It knows only the items read so far.
    pub fn finish(mut self) -> Selector {
        self.selector.end_of_first_pass();
        self.selector
    }
}
