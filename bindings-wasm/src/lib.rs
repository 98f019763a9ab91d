//! mailferry for JavaScript: each class converts its arguments, calls the core, and converts what it gives.
//!
//! Nobody calls this directly: `npm/mailferry.js` wraps it into `open`, `list`, `inspect` and `convert`. What crosses over are
//! octets, numbers and JSON. Nothing here waits: the caller calls one step after the other, and between two of them lets
//! its sink drain, tells its progress, and looks whether it is to stop.

mod comparer;
mod converter;
mod failure;
mod first_pass;
mod index;
mod inspector;
mod item;
mod met;
mod options;
mod page;
mod paged;
mod planner;
mod port;
mod reader;
mod verifier;

pub use comparer::Comparer;
pub use converter::Converter;
pub use index::Index;
pub use inspector::Inspector;
pub use item::Item;
pub use page::report_page;
pub use planner::Planner;
pub use reader::Reader;
pub use verifier::Verifier;

use mailferry::{convert::OPTIONS, platform::Target, read::FORMATS};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

/// The version of the core.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").into()
}

/// The formats that can be read, as a JSON array of their names, titles, extensions and media types.
#[wasm_bindgen]
pub fn formats() -> String {
    let formats = FORMATS.iter().map(|format| {
        serde_json::json!({
            "name": format.name,
            "title": format.title,
            "extensions": format.extensions,
            "mediaTypes": format.media_types,
        })
    });
    serde_json::Value::from_iter(formats).to_string()
}

/// The options that have names, as a JSON array: their names in kebab case, what each decides, and the words that it may be.
#[wasm_bindgen]
pub fn options() -> String {
    let named = OPTIONS.iter().filter_map(|option| {
        let decides = option.decides.as_str();
        Some(serde_json::json!({ "name": option.name?, "decides": decides, "words": option.words }))
    });
    serde_json::Value::from_iter(named).to_string()
}

/// The targets that items can be written for, as a JSON array: what each takes, its limits, and how it is imported.
///
/// # Errors
/// When they have no JSON.
#[wasm_bindgen]
pub fn targets() -> Result<String, JsValue> {
    serde_json::to_string(Target::all()).map_err(failure::not_told)
}
