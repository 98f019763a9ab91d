use super::{Event, Mailbox, Opened, ReadOptions};
use crate::{error::Result, model::Item, source::Content};
use std::sync::Arc;

/// Where an item was met.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ItemPlace {
    /// The number of its source, from 1, those counted that cannot be opened.
    pub source: u64,
    /// [`Origin::ordinal`](crate::model::Origin::ordinal).
    pub ordinal: u64,
    /// [`Origin::offset`](crate::model::Origin::offset).
    pub offset: u64,
    /// [`Origin::length`](crate::model::Origin::length).
    pub length: u64,
}

impl ItemPlace {
    /// The place of an item of the source of this number.
    pub fn of(item: &Item, source: u64) -> Self {
        let origin = &item.origin;
        Self { source, ordinal: origin.ordinal, offset: origin.offset, length: origin.length }
    }

    /// A place by its numbers.
    pub fn new(source: u64, ordinal: u64, offset: u64, length: u64) -> Self {
        Self { source, ordinal, offset, length }
    }
}

/// Finds items again that were met, without going through all that lies before them: a message of an mbox is read where it lies, one of a
/// store is come to by the tables of its folders. What lies in files of its own is walked to.
///
/// ```
/// use mailferry::read::{Access, Event, ItemPlace, Mailbox, ReadOptions};
/// use std::sync::Arc;
///
/// let made = || {
///     let mut mailbox = Mailbox::new(ReadOptions::default());
///     mailbox.add_source("a.mbox", Arc::new(b"From a\nSubject: one\n\nHi\n\nFrom a\nSubject: two\n\nHi\n".to_vec()));
///     mailbox
/// };
/// let place = made().filter_map(Result::ok).map(|item| ItemPlace::of(&item, 1)).nth(1).unwrap();
/// let mut access = Access::new(ReadOptions::default(), Access::sources(made()));
/// let item = access.item(place, made)?.unwrap();
/// assert_eq!(item.message().unwrap().subject()?.as_deref(), Some("two"));
/// # Ok::<(), mailferry::Error>(())
/// ```
pub struct Access {
    options: ReadOptions,
    /// By their numbers; nothing for a source that cannot be opened.
    opened: Vec<Option<Opened>>,
    /// Where the last one was found that had to be looked for.
    walk: Option<Walk>,
}

/// A mailbox that is gone through, forwards alone.
struct Walk {
    mailbox: Mailbox,
    /// The source that is all of it; nothing where it is all sources.
    only: Option<u64>,
    source: u64,
    ordinal: u64,
}

impl Access {
    /// Access to the items of these sources; those that cannot be opened are nothing.
    pub fn new(options: ReadOptions, opened: Vec<Option<Opened>>) -> Self {
        Self { options, opened, walk: None }
    }

    /// All sources of a mailbox, whose items are not read.
    pub fn sources(mut mailbox: Mailbox) -> Vec<Option<Opened>> {
        let mut sources = Vec::new();
        while let Some(event) = mailbox.next_event() {
            match event {
                Event::Opened(opened) => sources.push(Some(opened)),
                Event::Failed { within: false, .. } => sources.push(None),
                _ => {}
            }
            mailbox.leave_source();
        }
        sources
    }

    /// The item at a place; `None` where it is not there. `all` makes a mailbox of all sources, where there is no shorter way.
    ///
    /// # Errors
    /// What the source says.
    pub fn item(&mut self, place: ItemPlace, all: impl FnOnce() -> Mailbox) -> Result<Option<Item>> {
        let ItemPlace { source, ordinal, offset, length } = place;
        let at = usize::try_from(source.saturating_sub(1)).unwrap_or(usize::MAX);
        let Some(Some(opened)) = self.opened.get(at) else { return Ok(None) };
        let whole = opened.source.clone();
        if let Some(whole) = whole.clone().filter(|_| opened.format == "mbox") {
            let message = Content::new(whole, std::iter::once(offset..offset.saturating_add(length)));
            let mut mailbox = Mailbox::new(self.options.clone());
            mailbox.add_source(&opened.name, Arc::new(message));
            let found = Walk { mailbox, only: None, source: 0, ordinal: 0 }.to(1, 1)?;
            return Ok(found.map(|mut item| {
                (item.origin.ordinal, item.origin.offset) = (ordinal, offset);
                item
            }));
        }
        // Messages in files of their own share the archive that they are in, which is gone through from its start.
        let is_whole = !matches!(opened.format, "eml" | "emlx" | "maildir" | "msg");
        let only = Some(source).filter(|_| is_whole && whole.is_some());
        let is_behind = |walk: &Walk| walk.only == only && (walk.source, walk.ordinal) < (source, ordinal);
        let mut walk = match (self.walk.take().filter(is_behind), whole.filter(|_| is_whole)) {
            (Some(walk), _) => walk,
            (None, Some(whole)) => {
                let mut mailbox = Mailbox::new(self.options.clone());
                mailbox.add_source(&opened.name, whole);
                Walk { mailbox, only, source: source.saturating_sub(1), ordinal: 0 }
            }
            (None, None) => Walk { mailbox: all(), only, source: 0, ordinal: 0 },
        };
        let found = walk.to(source, ordinal)?;
        self.walk = Some(walk);
        Ok(found)
    }
}

impl Walk {
    fn to(&mut self, source: u64, ordinal: u64) -> Result<Option<Item>> {
        loop {
            if self.source == source {
                self.mailbox.pass_over(ordinal);
            }
            match self.mailbox.next_event() {
                Some(Event::Opened(_) | Event::Failed { within: false, .. }) => {
                    (self.source, self.ordinal) = (self.source + 1, 0);
                }
                Some(Event::Item(item)) => {
                    self.ordinal = item.origin.ordinal;
                    if (self.source, self.ordinal) == (source, ordinal) {
                        return Ok(Some(*item));
                    }
                }
                Some(_) => {}
                None => return Ok(None),
            }
            if (self.source, self.ordinal) > (source, ordinal) {
                return Ok(None);
            }
        }
    }
}
