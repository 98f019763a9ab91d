use super::{Selection, Selector};
use crate::{
    convert::Place,
    read::{Event, Mailbox},
};

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
    mailbox: Option<Mailbox>,
    source: u64,
}

impl Survey {
    /// Of a mailbox with the same sources and options as the one whose items will be selected.
    pub fn new(selection: &Selection, mailbox: Mailbox) -> Self {
        let mailbox = selection.needs_survey().then_some(mailbox);
        Self { selector: Selector::compiled(selection), mailbox, source: 0 }
    }

    /// Looks at what comes next; `false` where nothing is left to look at. What cannot be read is skipped: it will fail again.
    pub fn step(&mut self) -> bool {
        let Some(event) = self.mailbox.as_mut().and_then(Mailbox::next_event) else { return false };
        match event {
            Event::Opened(_) | Event::Failed { within: false, .. } => self.source += 1,
            Event::Item(item) => {
                self.selector.look_at(&item, Place { source: self.source, ordinal: item.origin.ordinal });
            }
            _ => {}
        }
        true
    }

    /// What is being looked at, if anything must be.
    pub fn mailbox(&self) -> Option<&Mailbox> {
        self.mailbox.as_ref()
    }

    /// Applies the selection. It knows only the items read so far.
    pub fn finish(mut self) -> Selector {
        self.selector.end_of_first_pass();
        self.selector
    }
}
