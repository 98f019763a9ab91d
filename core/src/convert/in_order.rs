//! Opening and rendering on several threads, with the outcome in the order of the items.

use super::decision::{Decided, Place};
#[cfg(not(target_family = "wasm"))]
use crate::crew::{Arriving, Crew, HELD, HELD_AS_READ, Held, LEAST, most_items};
use crate::{
    error::Result,
    limits::Stop,
    model::Item,
    read::{Open as _, Unopened},
    write::{Rendered, Renderer},
};
#[cfg(not(target_family = "wasm"))]
use std::sync::Arc;
use std::{collections::VecDeque, num::NonZeroUsize};

/// Octets of a window that small items lie in, which they hold.
#[cfg(not(target_family = "wasm"))]
const WINDOW: u64 = 256 << 10;

/// Opens and renders items, each while others are found and written, and gives them back in the order they came.
pub(super) struct InOrder {
    #[cfg(not(target_family = "wasm"))]
    renderer: Arc<Renderer>,
    #[cfg(target_family = "wasm")]
    renderer: Renderer,
    under_way: VecDeque<UnderWay>,
    /// Behind them: opened ahead of their turn, and yet to be decided upon.
    undecided: VecDeque<Undecided>,
    most_items: usize,
    /// The room that the item holds which was taken last, until it is written.
    #[cfg(not(target_family = "wasm"))]
    in_hand: Option<Held>,
    #[cfg(not(target_family = "wasm"))]
    crew: Option<Crew>,
}

enum UnderWay {
    /// Decided upon.
    Decided {
        decided: Box<Decided>,
        /// What it was opened from, ahead of its turn.
        unopened: Option<Unopened>,
        /// Where its rendering will arrive; `None` when it is rendered where it is taken.
        #[cfg(not(target_family = "wasm"))]
        rendered: Option<Arriving<Result<Rendered>>>,
    },
    /// Opened and rendered ahead of its turn.
    Ahead {
        unopened: Unopened,
        place: Place,
        #[cfg(not(target_family = "wasm"))]
        opened: Option<Arriving<Opened>>,
    },
}

/// An item that is opened ahead of its turn.
struct Undecided {
    unopened: Unopened,
    place: Place,
    #[cfg(not(target_family = "wasm"))]
    arrives: Option<Arriving<Result<Item>>>,
    item: Option<Result<Item>>,
}

/// What came of opening an item.
struct Opened {
    item: Result<Item>,
    /// Its rendering, where it could be opened.
    rendered: Option<Result<Rendered>>,
}

impl Opened {
    fn rendered_by(renderer: &Renderer, item: Result<Item>) -> Self {
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

/// An item whose turn it is to be decided upon.
pub(super) struct Next {
    pub(super) item: Result<Item>,
    pub(super) place: Place,
    /// What it was opened from, unless it was opened in its turn.
    pub(super) unopened: Option<Unopened>,
}

impl InOrder {
    /// Opens and renders on `threads` threads, of which the caller's is one while it waits; on the caller's alone where others are
    /// not to be had.
    ///
    /// `stop` is asked on the caller's thread too while that waits: there may be nowhere else that it learns of it.
    #[cfg_attr(target_family = "wasm", expect(unused_variables, reason = "nothing is waited for"))]
    pub(super) fn new(renderer: Renderer, threads: NonZeroUsize, stop: Stop) -> Self {
        #[cfg(not(target_family = "wasm"))]
        let held = if renderer.holds_as_read() { HELD_AS_READ } else { HELD };
        #[cfg(not(target_family = "wasm"))]
        let crew = (threads.get() > 1).then(|| Crew::start(threads, held, stop)).flatten();
        Self {
            #[cfg(not(target_family = "wasm"))]
            most_items: if threads.get() == 1 { 1 } else { most_items(threads) },
            #[cfg(target_family = "wasm")]
            most_items: 1,
            under_way: VecDeque::new(),
            undecided: VecDeque::new(),
            #[cfg(not(target_family = "wasm"))]
            renderer: Arc::new(match &crew {
                Some(crew) => renderer.with_hands(crew.hands()),
                None => renderer,
            }),
            #[cfg(target_family = "wasm")]
            renderer,
            #[cfg(not(target_family = "wasm"))]
            in_hand: None,
            #[cfg(not(target_family = "wasm"))]
            crew,
        }
    }

    /// Whether there is no room for the octets of one more item.
    fn has_no_room(&self) -> bool {
        #[cfg(not(target_family = "wasm"))]
        return self.crew.as_ref().is_some_and(Crew::are_full);
        #[cfg(target_family = "wasm")]
        false
    }

    /// Whether the next item has to wait until one was taken.
    pub(super) fn is_full(&self) -> bool {
        self.under_way.len() >= self.most_items || (!self.under_way.is_empty() && self.has_no_room())
    }

    /// Whether there is any use in items that are not open yet.
    pub(super) fn opens_ahead(&self) -> bool {
        #[cfg(not(target_family = "wasm"))]
        return self.crew.is_some();
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

    /// Sends an item on its way; one that is left out only waits for its turn. `unopened` is what it was opened from ahead of its turn.
    pub(super) fn push(&mut self, decided: Decided, unopened: Option<Unopened>) {
        self.under_way.push_back(UnderWay::Decided {
            #[cfg(not(target_family = "wasm"))]
            rendered: match &decided.skip {
                Some(_) => None,
                // Nothing is gained by giving away what takes less time than giving it away.
                None if self.renderer.is_quick(&decided.item) => None,
                None => self.crew.as_ref().map(|crew| {
                    let (renderer, item) = (Arc::clone(&self.renderer), Box::new(decided.item.clone()));
                    crew.job(item.holds(LEAST).max(LEAST), renderer.may_hold(&item), move |held| {
                        let rendered = renderer.render(&item);
                        parse_header(&item);
                        hold(held, &item, &rendered);
                        rendered
                    })
                }),
            },
            decided: Box::new(decided),
            unopened,
        });
    }

    /// Sends an item on its way that is still to be opened, and upon which nothing is to be decided.
    pub(super) fn push_ahead(&mut self, unopened: Unopened, place: Place) {
        self.under_way.push_back(UnderWay::Ahead {
            #[cfg(not(target_family = "wasm"))]
            opened: self.crew.as_ref().map(|crew| {
                let (renderer, unopened) = (Arc::clone(&self.renderer), unopened.clone());
                crew.unmeasured_job(move |held| {
                    let item = unopened.ahead();
                    drop(unopened);
                    held.hold(item.as_ref().map_or(0, |item| renderer.may_hold(item)));
                    item.iter().for_each(parse_header);
                    let opened = Opened::rendered_by(&renderer, item);
                    if let (Ok(item), Some(rendered)) = (&opened.item, &opened.rendered) {
                        hold(held, item, rendered);
                    }
                    opened
                })
            }),
            unopened,
            place,
        });
    }

    /// Whether no more items should be opened that are yet to be decided upon.
    pub(super) fn is_full_of_undecided(&self) -> bool {
        self.undecided.len() >= self.most_items || (!self.undecided.is_empty() && self.has_no_room())
    }

    /// Has an item opened ahead of its turn, which [`Self::next_undecided`] gives then.
    pub(super) fn push_undecided(&mut self, unopened: Unopened, place: Place) {
        self.undecided.push_back(Undecided {
            #[cfg(not(target_family = "wasm"))]
            arrives: self.crew.as_ref().map(|crew| {
                let unopened = unopened.clone();
                crew.unmeasured_job(move |held| {
                    let item = unopened.ahead();
                    held.hold(item.as_ref().map_or(0, Item::size));
                    item.iter().for_each(parse_header);
                    item
                })
            }),
            unopened,
            place,
            item: None,
        });
    }

    /// The next item to be decided upon; `None` where those on their way have to be taken first, since what is found when they are
    /// rendered decides what it is.
    pub(super) fn next_undecided(&mut self) -> Option<Next> {
        let is_first = !self.has_unread();
        let first = self.undecided.front_mut()?;
        #[cfg(not(target_family = "wasm"))]
        if let Some(arrives) = first.arrives.take() {
            first.item = self.crew.as_ref().and_then(|crew| crew.wait(&arrives));
        }
        let stands = matches!(first.item, Some(Ok(_))) && first.unopened.stands();
        if !stands && !is_first {
            return None;
        }
        let Undecided { unopened, place, item, .. } = self.undecided.pop_front()?;
        match item {
            Some(item) if stands => Some(Next { item, place, unopened: Some(unopened) }),
            item => {
                let counts = unopened.take_turn();
                let item = item.filter(|_| counts).unwrap_or_else(|| unopened.in_turn());
                Some(Next { item, place, unopened: None })
            }
        }
    }

    /// Gives back the room of the item that was taken last, which is written.
    pub(super) fn give_back_room(&mut self) {
        #[cfg(not(target_family = "wasm"))]
        drop(self.in_hand.take());
    }

    /// Waits for what comes of an item.
    #[cfg(not(target_family = "wasm"))]
    fn wait<T>(&mut self, arrives: Option<Arriving<T>>) -> Option<T> {
        let (arrived, held) = self.crew.as_ref()?.wait_with_room(&arrives?)?;
        self.in_hand = Some(held);
        Some(arrived)
    }

    /// What came of the item that was pushed first of those on their way.
    pub(super) fn take(&mut self) -> Option<Outcome> {
        Some(match self.under_way.pop_front()? {
            UnderWay::Decided {
                mut decided,
                unopened,
                #[cfg(not(target_family = "wasm"))]
                rendered,
            } => {
                #[cfg(not(target_family = "wasm"))]
                let rendered = self.wait(rendered);
                #[cfg(target_family = "wasm")]
                let rendered = None;
                let counts = unopened.is_none_or(|unopened| unopened.take_turn());
                let is_wanted = decided.skip.is_none();
                let rendered =
                    rendered.filter(|_| counts).or_else(|| is_wanted.then(|| self.renderer.render(&decided.item)));
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
                let opened = self.wait(opened);
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

/// Parses what names and log will ask for, which the item keeps; whether that is possible is found where they ask.
#[cfg(not(target_family = "wasm"))]
fn parse_header(item: &Item) {
    let _kept = item.message().map(crate::model::Message::header);
}

/// From now on no more is held than what came of an item, and the item.
#[cfg(not(target_family = "wasm"))]
fn hold(held: &mut Held, item: &Item, rendered: &Result<Rendered>) {
    let rendered = rendered.as_ref().map_or(0, Rendered::holds);
    held.hold_at_most(rendered.saturating_add(item.size().clamp(LEAST, WINDOW)));
}
