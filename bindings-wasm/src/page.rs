use crate::{
    failure::thrown,
    paged::Paged,
    port::{JsSource, SourcePort},
};
use mailferry::{Error, ErrorKind, Result, convert::Report, source::Content};
use std::{io::BufReader, sync::Arc};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

/// The report of a conversion, in JSON, as one HTML page with what failed and was left out by its log; `name` is what the
/// page calls the archive.
///
/// # Errors
/// `options` when it is no report, `io` when the log cannot be read.
#[wasm_bindgen(js_name = reportPage)]
pub fn report_page(report: &str, log: SourcePort, name: &str) -> std::result::Result<String, JsValue> {
    write(report, log, name).map_err(|error| thrown(&error))
}

fn write(report: &str, log: SourcePort, name: &str) -> Result<String> {
    let report: Report = serde_json::from_slice(report.as_bytes())
        .map_err(|error| Error::new(ErrorKind::Options, "is not the report of a conversion").because(error))?;
    let (log_name, log) = JsSource::new(log);
    let log = Content::from(Arc::new(Paged::new(log)) as mailferry::source::Source);
    let mut page = Vec::new();
    let lines = BufReader::new(log.reader());
    report.write_page(name, &log_name, lines, &mut page).map_err(|error| Error::from(error).in_file(log_name))?;
    String::from_utf8(page).map_err(|error| Error::new(ErrorKind::Io, "is no text").because(error))
}
