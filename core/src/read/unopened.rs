use crate::{error::Result, model::Item};
use std::{fmt, sync::Arc};

/// An item that was found and is yet to be opened, which may be done on any thread while others are found.
#[derive(Clone)]
pub struct Unopened(Arc<dyn Open>);

/// How an item is opened.
pub(crate) trait Open: Send + Sync {
    /// Opens it while items before it may be open too. What it gives counts only if [`Open::take_turn`] says so.
    #[cfg_attr(target_family = "wasm", allow(dead_code, reason = "there are no threads"))]
    fn ahead(&self) -> Result<Item>;

    /// Whether what was read of it ahead would be read now too, as far as can be told before its turn.
    #[cfg_attr(target_family = "wasm", allow(dead_code, reason = "there are no threads"))]
    fn stands(&self) -> bool;

    /// Called when all items before it are through; tells whether everything that was read of it ahead, its octets included, is what
    /// it would be if it were read now.
    fn take_turn(&self) -> bool;

    /// Opens it after [`Open::take_turn`].
    fn in_turn(&self) -> Result<Item>;
}

impl Unopened {
    pub(crate) fn new(open: impl Open + 'static) -> Self {
        Self(Arc::new(open))
    }

    /// The same item with `then` done to what comes of opening it.
    pub(crate) fn then(self, then: impl Fn(Result<Item>) -> Result<Item> + Send + Sync + 'static) -> Self {
        Self::new(Then { unopened: self, then })
    }
}

impl Open for Unopened {
    fn ahead(&self) -> Result<Item> {
        self.0.ahead()
    }

    fn stands(&self) -> bool {
        self.0.stands()
    }

    fn take_turn(&self) -> bool {
        self.0.take_turn()
    }

    fn in_turn(&self) -> Result<Item> {
        self.0.in_turn()
    }
}

struct Then<F> {
    unopened: Unopened,
    then: F,
}

impl<F: Fn(Result<Item>) -> Result<Item> + Send + Sync> Open for Then<F> {
    fn ahead(&self) -> Result<Item> {
        (self.then)(self.unopened.ahead())
    }

    fn stands(&self) -> bool {
        self.unopened.stands()
    }

    fn take_turn(&self) -> bool {
        self.unopened.take_turn()
    }

    fn in_turn(&self) -> Result<Item> {
        (self.then)(self.unopened.in_turn())
    }
}

impl fmt::Debug for Unopened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unopened")
    }
}
