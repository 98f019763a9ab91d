use mailferry::{Error, ErrorKind, Location};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    type Object;

    #[wasm_bindgen(js_namespace = JSON, js_name = parse)]
    fn parse(json: &str) -> Object;
}

/// What is thrown: an object of `kind`, `message`, `path`, `location` and `fatal`, of which the façade makes an `Error`.
pub(crate) fn thrown(error: &Error) -> JsValue {
    parse(&told(error).to_string()).into()
}

/// The same as JSON.
pub(crate) fn told(error: &Error) -> serde_json::Value {
    let location = error.location().map(|location| match location {
        Location::Byte(offset) => serde_json::json!({ "byte": offset }),
        Location::Node(node) => serde_json::json!({ "node": node }),
        _ => serde_json::Value::Null,
    });
    serde_json::json!({
        "kind": error.kind().as_str(),
        "message": error.to_string(),
        "path": error.path(),
        "location": location,
        "fatal": error.is_fatal(),
    })
}

/// What is thrown when something of ours has no JSON.
pub(crate) fn not_told(error: serde_json::Error) -> JsValue {
    thrown(&Error::new(ErrorKind::Io, "cannot be written as JSON").because(error))
}
