//! Reading ahead on several threads, with the events in their order.

#[cfg(not(target_family = "wasm"))]
use crate::crew::{self, Arriving, Crew, Held, LEAST, most_items};
use crate::{
    error::Result,
    model::Item,
    read::{Event, Mailbox, Open as _, Unopened},
};
use std::{collections::VecDeque, num::NonZeroUsize, sync::Arc};

/// Octets of an item that is not composed which may be held.
#[cfg(not(target_family = "wasm"))]
const HELD: u64 = 512 << 10;

/// The events of a [`Mailbox`] in their order, each item with what was found out about it. Items of stores are opened, and all items
/// examined, on several threads; what comes out does not depend on their number.
///
/// ```
/// use mailferry::{convert::ReadAhead, read::{Event, Mailbox, ReadOptions}};
/// use std::{num::NonZeroUsize, sync::Arc};
///
/// let octets = b"From ann@example.org Mon Jan  1 10:00:00 2024\nSubject: one\n\nHi\n\n\
///     From ann@example.org Mon Jan  1 10:00:00 2024\n\nHi\n";
/// let mut mailbox = Mailbox::new(ReadOptions::default());
/// mailbox.add_source("Inbox.mbox", Arc::new(octets.to_vec()));
/// let threads = NonZeroUsize::new(2).unwrap_or(NonZeroUsize::MIN);
/// let mut ahead = ReadAhead::new(mailbox, threads, |item| item.size());
/// let mut sizes = Vec::new();
/// while let Some((event, size)) = ahead.next_event() {
///     assert_eq!(matches!(event, Event::Item(_)), size.is_some());
///     sizes.extend(size);
/// }
/// assert_eq!(sizes, [17, 4]);
/// ```
pub struct ReadAhead<T> {
    mailbox: Mailbox,
    examine: Arc<dyn Fn(&Item) -> T + Send + Sync>,
    under_way: VecDeque<UnderWay<T>>,
    /// Happened behind the items on their way.
    next: Option<Event>,
    ended: bool,
    #[cfg(not(target_family = "wasm"))]
    most_items: usize,
    #[cfg(not(target_family = "wasm"))]
    crew: Option<Crew>,
}

/// There are no threads that anything could arrive from.
#[cfg(target_family = "wasm")]
type Arriving<T> = std::marker::PhantomData<T>;

enum UnderWay<T> {
    Item {
        item: Box<Item>,
        examined: Option<Arriving<T>>,
    },
    /// To be opened ahead of its turn.
    Ahead {
        unopened: Unopened,
        opened: Option<Arriving<(Result<Item>, Option<T>)>>,
    },
}

impl<T: Send + 'static> ReadAhead<T> {
    /// Reads `mailbox` on `threads` threads, of which the caller's is one, and calls `examine` with each item on any of them.
    #[cfg_attr(target_family = "wasm", expect(unused_variables, reason = "there is one thread"))]
    pub fn new(mailbox: Mailbox, threads: NonZeroUsize, examine: impl Fn(&Item) -> T + Send + Sync + 'static) -> Self {
        Self {
            examine: Arc::new(examine),
            under_way: VecDeque::new(),
            next: None,
            ended: false,
            #[cfg(not(target_family = "wasm"))]
            most_items: most_items(threads),
            #[cfg(not(target_family = "wasm"))]
            crew: (threads.get() > 1).then(|| Crew::start(threads, crew::HELD, mailbox.stop().clone())).flatten(),
            mailbox,
        }
    }

    /// What is read; it is ahead of the events that were given.
    pub fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    /// What happens next, and what was found out about an item; `None` when all sources are done with.
    pub fn next_event(&mut self) -> Option<(Event, Option<T>)> {
        loop {
            if self.is_full() || self.next.is_some() || self.ended {
                return self.take().or_else(|| self.next.take().map(|event| (event, None)));
            }
            if self.is_ahead() {
                if let Some((_, unopened)) = self.mailbox.next_ahead() {
                    self.push_ahead(unopened);
                    continue;
                }
                if self.has_unread() {
                    return self.take();
                }
            }
            match self.mailbox.next_event() {
                Some(Event::Item(item)) => self.push(item),
                Some(event) => self.next = Some(event),
                None => self.ended = true,
            }
        }
    }

    fn is_ahead(&self) -> bool {
        #[cfg(not(target_family = "wasm"))]
        return self.crew.is_some();
        #[cfg(target_family = "wasm")]
        false
    }

    /// Whether the next item has to wait until one was taken.
    fn is_full(&self) -> bool {
        #[cfg(not(target_family = "wasm"))]
        if let Some(crew) = &self.crew {
            return self.under_way.len() >= self.most_items || (!self.under_way.is_empty() && crew.are_full());
        }
        !self.under_way.is_empty()
    }

    /// Whether there are items on their way of which a store may still be read: what is found then decides what it has besides.
    fn has_unread(&self) -> bool {
        self.under_way.iter().any(|under_way| match under_way {
            UnderWay::Item { item, .. } => item.origin.node.is_some(),
            UnderWay::Ahead { .. } => true,
        })
    }

    fn push(&mut self, item: Box<Item>) {
        self.under_way.push_back(UnderWay::Item {
            #[cfg(not(target_family = "wasm"))]
            examined: self.crew.as_ref().map(|crew| {
                let (item, examine) = (item.clone(), Arc::clone(&self.examine));
                crew.job(item.holds(LEAST).max(LEAST), may_hold(&item), move |_held| examine(&item))
            }),
            #[cfg(target_family = "wasm")]
            examined: None,
            item,
        });
    }

    fn push_ahead(&mut self, unopened: Unopened) {
        self.under_way.push_back(UnderWay::Ahead {
            #[cfg(not(target_family = "wasm"))]
            opened: self.crew.as_ref().map(|crew| {
                let (unopened, examine) = (unopened.clone(), Arc::clone(&self.examine));
                crew.unmeasured_job(move |held: &mut Held| {
                    let item = unopened.ahead();
                    drop(unopened);
                    held.hold(item.as_ref().map_or(0, may_hold));
                    let examined = item.as_ref().ok().map(|item| examine(item));
                    (item, examined)
                })
            }),
            #[cfg(target_family = "wasm")]
            opened: None,
            unopened,
        });
    }

    fn take(&mut self) -> Option<(Event, Option<T>)> {
        match self.under_way.pop_front()? {
            UnderWay::Item { item, examined } => {
                #[cfg(not(target_family = "wasm"))]
                let examined = examined.and_then(|arrives| self.crew.as_ref()?.wait(&arrives));
                #[cfg(target_family = "wasm")]
                let examined = examined.and_then(|_never| None);
                let examined = examined.unwrap_or_else(|| (self.examine)(&item));
                Some((Event::Item(item), Some(examined)))
            }
            UnderWay::Ahead { unopened, opened } => {
                #[cfg(not(target_family = "wasm"))]
                let opened = opened.and_then(|arrives| self.crew.as_ref()?.wait(&arrives));
                #[cfg(target_family = "wasm")]
                let opened = opened.and_then(|_never| None);
                let counts = unopened.take_turn();
                let (item, examined) = opened.filter(|_| counts).unwrap_or_else(|| {
                    let item = unopened.in_turn();
                    let examined = item.as_ref().ok().map(|item| (self.examine)(item));
                    (item, examined)
                });
                Some(match item {
                    Ok(item) => (Event::Item(Box::new(item)), examined),
                    Err(error) => (Event::Failed { error, within: true }, None),
                })
            }
        }
    }
}

/// Octets that are held for an item while it is examined.
#[cfg(not(target_family = "wasm"))]
fn may_hold(item: &Item) -> u64 {
    item.holds(HELD).max(LEAST)
}

impl<T> std::fmt::Debug for ReadAhead<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ReadAhead({} items under way)", self.under_way.len())
    }
}
