use crate::{Item, failure::thrown, options::Sources};
use mailferry::read::{Access, ItemPlace, Opened, ReadOptions};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

/// Finds items again that were met, without going through all that lies before them.
#[wasm_bindgen]
pub struct Index {
    sources: Sources,
    options: ReadOptions,
    access: Access,
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
        let place = ItemPlace::new(source, ordinal, offset, length);
        let found = self.access.item(place, || self.sources.unopened(&self.options)).map_err(|error| thrown(&error))?;
        Ok(found.map(|item| Item::new(item, source)))
    }
}

impl Index {
    pub(crate) fn new(sources: Sources, options: ReadOptions, opened: Vec<Option<Opened>>) -> Self {
        Self { sources, access: Access::new(options.clone(), opened), options }
    }
}
