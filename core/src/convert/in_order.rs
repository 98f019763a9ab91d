//! Opening and rendering on several threads, with the outcome in the order of the items.

use super::decision::{Decided, Place};
#[cfg(not(target_family = "wasm"))]
use super::threads::{Held, Threads};
use crate::{
    error::Result,
    limits::Stop,
    model::Item,
    read::{Open as _, Unopened},
    write::{Rendered, Renderer},
};
#[cfg(not(target_family = "wasm"))]
use std::sync::mpsc::Receiver;
use std::{collections::VecDeque, num::NonZeroUsize};

/// Items on their way for each thread.
const ITEMS_PER_THREAD: usize = 4;

/// Opens and renders items, each while others are found and written, and gives them back in the order they came.
pub(super) struct InOrder {
    renderer: Renderer,
    under_way: VecDeque<UnderWay>,
    most_items: usize,
    #[cfg(not(target_family = "wasm"))]
    threads: Option<Threads>,
}

enum UnderWay {
    /// Decided upon.
    Decided {
        decided: Box<Decided>,
        /// Where its rendering will arrive; `None` when it is rendered where it is taken.
        #[cfg(not(target_family = "wasm"))]
        rendered: Option<Receiver<(Result<Rendered>, Held)>>,
    },
    /// Opened and rendered ahead of its turn.
    Ahead {
        unopened: Unopened,
        place: Place,
        #[cfg(not(target_family = "wasm"))]
        opened: Option<Receiver<(Opened, Held)>>,
    },
}

/// What came of opening an item.
pub(super) struct Opened {
    item: Result<Item>,
    /// Its rendering, where it could be opened.
    rendered: Option<Result<Rendered>>,
}

impl Opened {
    pub(super) fn rendered_by(renderer: &Renderer, item: Result<Item>) -> Self {
        let rendered = item.as_ref().ok().map(|item| renderer.render(item));
        let item = item.map(|mut item| {
            item.add_late_defects();
            item
        });
        Self { item, rendered }
    }
}

/// An item that was decided upon, and its rendering unless it is left out; or why it could not be opened.
pub(super) type Outcome = Result<(Box<Decided>, Option<Result<Rendered>>)>;

impl InOrder {
    /// Opens and renders on `threads` threads, of which the caller's is one while it waits; on the caller's alone where others are
    /// not to be had.
    ///
    /// `stop` is asked on the caller's thread too while that waits: there may be nowhere else that it learns of it.
    #[cfg_attr(target_family = "wasm", expect(unused_variables, reason = "nothing is waited for"))]
    pub(super) fn new(renderer: Renderer, threads: NonZeroUsize, stop: Stop) -> Self {
        Self {
            most_items: if threads.get() == 1 { 1 } else { threads.get().saturating_mul(ITEMS_PER_THREAD) },
            under_way: VecDeque::new(),
            #[cfg(not(target_family = "wasm"))]
            threads: (threads.get() > 1).then(|| Threads::start(&renderer, threads, stop)).flatten(),
            renderer,
        }
    }

    /// Whether the next item has to wait until one was taken.
    pub(super) fn is_full(&self) -> bool {
        #[cfg(not(target_family = "wasm"))]
        let no_room = self.threads.as_ref().is_some_and(Threads::are_full);
        #[cfg(target_family = "wasm")]
        let no_room = false;
        self.under_way.len() >= self.most_items || (no_room && !self.under_way.is_empty())
    }

    /// Whether there is any use in items that are not open yet.
    pub(super) fn opens_ahead(&self) -> bool {
        #[cfg(not(target_family = "wasm"))]
        return self.threads.is_some();
        #[cfg(target_family = "wasm")]
        false
    }

    /// Whether there are items on their way of which a store may still be read: what is found then decides what it has besides.
    pub(super) fn has_unread(&self) -> bool {
        self.under_way.iter().any(|under_way| match under_way {
            UnderWay::Decided { decided, .. } => decided.item.origin.node.is_some(),
            UnderWay::Ahead { .. } => true,
        })
    }

    /// Sends an item on its way; one that is left out only waits for its turn.
    pub(super) fn push(&mut self, decided: Decided) {
        self.under_way.push_back(UnderWay::Decided {
            #[cfg(not(target_family = "wasm"))]
            rendered: match &decided.skip {
                Some(_) => None,
                None => self.threads.as_ref().map(|threads| threads.render(&decided.item)),
            },
            decided: Box::new(decided),
        });
    }

    /// Sends an item on its way that is still to be opened, and upon which nothing is to be decided.
    pub(super) fn push_ahead(&mut self, unopened: Unopened, place: Place) {
        self.under_way.push_back(UnderWay::Ahead {
            #[cfg(not(target_family = "wasm"))]
            opened: self.threads.as_ref().map(|threads| threads.open(&unopened)),
            unopened,
            place,
        });
    }

    /// What came of the item that was pushed first of those on their way.
    pub(super) fn take(&mut self) -> Option<Outcome> {
        Some(match self.under_way.pop_front()? {
            UnderWay::Decided {
                mut decided,
                #[cfg(not(target_family = "wasm"))]
                rendered,
            } => {
                #[cfg(not(target_family = "wasm"))]
                let rendered = rendered.and_then(|arrives| self.threads.as_ref()?.wait(&arrives));
                #[cfg(target_family = "wasm")]
                let rendered = None;
                let is_wanted = decided.skip.is_none();
                let rendered = rendered.or_else(|| is_wanted.then(|| self.renderer.render(&decided.item)));
                decided.item.add_late_defects();
                Ok((decided, rendered))
            }
            UnderWay::Ahead {
                unopened,
                place,
                #[cfg(not(target_family = "wasm"))]
                opened,
            } => {
                #[cfg(not(target_family = "wasm"))]
                let opened = opened.and_then(|arrives| self.threads.as_ref()?.wait(&arrives));
                #[cfg(target_family = "wasm")]
                let opened = None;
                let counts = unopened.take_turn();
                let in_turn = || Opened::rendered_by(&self.renderer, unopened.in_turn());
                let Opened { item, rendered } = opened.filter(|_| counts).unwrap_or_else(in_turn);
                item.map(|item| (Box::new(Decided::unchanged(item, place)), rendered))
            }
        })
    }
}
