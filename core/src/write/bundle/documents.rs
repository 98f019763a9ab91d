use super::{super::ReportTexts, BUNDLE_LAYOUT, BUNDLE_PROFILE};
use crate::{
    date_time::DateTime,
    error::{Error, ErrorKind, Result},
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// When it is not told when the bundle is made, it is made at the epoch.
fn date_text(created: Option<DateTime>) -> String {
    created.unwrap_or(DateTime::from_unix_seconds(0)).to_string()
}

fn generator() -> String {
    format!("mailferry {}", env!("CARGO_PKG_VERSION"))
}

/// `meta/manifest.json`: what the bundle is, and the report of the conversion that made it.
pub(super) fn manifest(report: &ReportTexts, created: Option<DateTime>) -> Result<Vec<u8>> {
    let report: Value = if report.json.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&report.json).map_err(|error| refused().because(error))?
    };
    pretty(&json!({
        "profile": BUNDLE_PROFILE,
        "layout": BUNDLE_LAYOUT,
        "generator": generator(),
        "created": date_text(created),
        "report": report,
    }))
}

/// `archive.json`, as the layout has it.
pub(super) fn archive(
    data_types: &BTreeSet<&'static str>,
    complete: bool,
    created: Option<DateTime>,
) -> Result<Vec<u8>> {
    let created = date_text(created);
    let types: Vec<String> = data_types.iter().map(|name| name.to_uppercase()).collect();
    let id = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, format!("{BUNDLE_PROFILE} {created} {types:?}").as_bytes());
    pretty(&json!({
        "archive": {
            "id": id.to_string(),
            "name": "Import bundle",
            "timestamp": created,
            "version": BUNDLE_LAYOUT,
            "generator": generator(),
        },
        "dataset": {
            "extent": if complete { "FULL" } else { "PARTIAL" },
            "datatypes": types,
            "languagetag": "und",
            "timezone": "Etc/UTC",
        },
        "datasource": {},
    }))
}

fn pretty(value: &Value) -> Result<Vec<u8>> {
    let mut octets = serde_json::to_vec_pretty(value).map_err(|error| refused().because(error))?;
    octets.push(b'\n');
    Ok(octets)
}

fn refused() -> Error {
    Error::new(ErrorKind::Destination, "the description of the bundle cannot be written as JSON")
}
