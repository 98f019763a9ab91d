use crate::failure::{not_told, thrown};
use mailferry::{
    convert::{ItemRecord, Place},
    model::{self, MessageView},
};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

/// One item: what is known of it, and its octets, which are read when they are asked for.
#[wasm_bindgen]
pub struct Item {
    item: model::Item,
    source: u64,
}

/// Octets of an item that go into one array; a sink takes larger ones.
const MOST: usize = 256 << 20;

#[wasm_bindgen]
impl Item {
    /// The number of its source and its own in that, both from 1, as the log has it: `1:42`.
    pub fn id(&self) -> String {
        Place { source: self.source, ordinal: self.item.origin.ordinal }.to_string()
    }

    /// What is known of it, as a JSON object: the fields of the item log, and `defects`, `mbox`, `calendar` or `card`.
    ///
    /// # Errors
    /// When it has no JSON.
    pub fn record(&self) -> Result<String, JsValue> {
        let mut record = serde_json::to_value(ItemRecord::of(&self.item, self.source)).map_err(not_told)?;
        if let Some(fields) = record.as_object_mut() {
            fields.append(&mut details(&self.item));
        }
        Ok(record.to_string())
    }

    /// Its octets: an RFC 5322 message, an iCalendar object or a vCard.
    ///
    /// # Errors
    /// What the source says; `limit` for more than 256 MiB.
    pub fn octets(&self) -> Result<Vec<u8>, JsValue> {
        let content = self.item.to_content().map_err(|error| thrown(&error))?;
        content.to_vec(MOST).map_err(|error| thrown(&error))
    }

    /// A message as a person wants to see it, as a JSON object; nothing of another item.
    ///
    /// # Errors
    /// What the source says.
    pub fn view(&self) -> Result<Option<String>, JsValue> {
        let Some(message) = self.item.message() else { return Ok(None) };
        let view = MessageView::of(message).map_err(|error| thrown(&error))?;
        serde_json::to_string(&view).map(Some).map_err(not_told)
    }
}

impl Item {
    pub(crate) fn new(item: model::Item, source: u64) -> Self {
        Self { item, source }
    }
}

/// What the log does not tell of an item.
fn details(item: &model::Item) -> serde_json::Map<String, serde_json::Value> {
    let defects = item.defects.iter().map(|defect| {
        serde_json::json!({ "kind": defect.kind().as_str(), "message": defect.to_string(), "offset": defect.offset() })
    });
    let mut details = serde_json::Map::from_iter([("defects".to_owned(), defects.collect())]);
    if let Some(key) = &item.origin.key {
        details.insert("key".into(), (**key).into());
    }
    if let Some(mbox) = &item.origin.mbox {
        let mbox = serde_json::json!({
            "fromLine": String::from_utf8_lossy(&mbox.from_line),
            "separator": String::from_utf8_lossy(&mbox.separator),
            "unquotedLines": mbox.unquoted_lines,
        });
        details.insert("mbox".into(), mbox);
    }
    if let Some(object) = item.calendar() {
        let zones: Vec<_> = object.components().iter().flat_map(|component| component.zone_ids()).collect();
        let calendar = serde_json::json!({ "components": object.components().len(), "zones": zones });
        details.insert("calendar".into(), calendar);
    }
    if let Some(card) = item.card() {
        let version = card.version().map(|version| version.as_str());
        details.insert("card".into(), serde_json::json!({ "version": version, "group": card.is_group() }));
    }
    details
}
