use crate::{Item, failure::thrown, options::Sources};
use mailferry::{
    Result, model,
    read::{Event, Mailbox, Opened, ReadOptions},
    source::Content,
};
use std::sync::Arc;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

/// Finds items again that were met, without going through all that lies before them.
#[wasm_bindgen]
pub struct Index {
    sources: Sources,
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

#[wasm_bindgen]
impl Index {
    /// The item of this number in the source of this number, which lies at `offset`, `length` octets long; nothing where it is not
    /// there.
    ///
    /// # Errors
    /// What the source says.
    pub fn item(
        &mut self,
        source: f64,
        ordinal: f64,
        offset: f64,
        length: f64,
    ) -> std::result::Result<Option<Item>, JsValue> {
        let [source, ordinal, offset, length] = [source, ordinal, offset, length].map(|number| number as u64);
        let found = self.find(source, ordinal, offset, length).map_err(|error| thrown(&error))?;
        Ok(found.map(|mut item| {
            item.origin.ordinal = ordinal;
            Item::new(item, source)
        }))
    }
}

impl Index {
    pub(crate) fn new(sources: Sources, options: ReadOptions, opened: Vec<Option<Opened>>) -> Self {
        Self { sources, options, opened, walk: None }
    }

    fn find(&mut self, source: u64, ordinal: u64, offset: u64, length: u64) -> Result<Option<model::Item>> {
        let at = usize::try_from(source.saturating_sub(1)).unwrap_or(usize::MAX);
        let Some(Some(opened)) = self.opened.get(at) else { return Ok(None) };
        let whole = opened.source.clone();
        if let Some(whole) = whole.clone().filter(|_| opened.format == "mbox") {
            let message = Content::new(whole, std::iter::once(offset..offset.saturating_add(length)));
            let mut mailbox = Mailbox::new(self.options.clone());
            mailbox.add_source(&opened.name, Arc::new(message));
            return Walk { mailbox, only: None, source: 0, ordinal: 0 }.to(1, 1);
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
            (None, None) => Walk { mailbox: self.sources.unopened(&self.options), only, source: 0, ordinal: 0 },
        };
        let found = walk.to(source, ordinal)?;
        self.walk = Some(walk);
        Ok(found)
    }
}

impl Walk {
    fn to(&mut self, source: u64, ordinal: u64) -> Result<Option<model::Item>> {
        loop {
            if self.source == source {
                self.mailbox.pass_over(ordinal);
            }
            match self.mailbox.next_event() {
                Some(Event::Opened(_) | Event::Failed { within: false, .. }) => {
                    (self.source, self.ordinal) = (self.source + 1, 0)
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
