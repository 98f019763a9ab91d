use crate::{
    failure::{not_told, thrown},
    options::Sources,
    paged::Paged,
    port::{JsSource, SourcePort},
};
use mailferry::{
    Error, ErrorKind, Stop,
    convert::{Difference, SyncLog, Verification},
    source::{Content, Source},
};
use std::sync::Arc;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

/// Holds an archive, or its parts, against the log of the conversion that wrote it.
#[wasm_bindgen]
pub struct Verifier {
    verification: Option<Verification>,
    differences: Vec<Difference>,
}

#[wasm_bindgen]
impl Verifier {
    /// Reads the log. An import bundle needs none; the list of files is needed for files of many items.
    ///
    /// # Errors
    /// When the log cannot be read, is none, or is needed.
    #[wasm_bindgen(constructor)]
    pub fn new(archives: Vec<SourcePort>, log: Option<SourcePort>, files: Option<SourcePort>) -> Result<Self, JsValue> {
        let verification = Verification::new(sync_log(log, files), Sources::new(archives).named(), &Stop::default());
        Ok(Self { verification: Some(verification.map_err(|error| thrown(&error))?), differences: Vec::new() })
    }

    /// Reads files until they had `octets`, or some hundred; `false` when nothing is left.
    ///
    /// # Errors
    /// When it is finished.
    pub fn step(&mut self, octets: f64) -> Result<bool, JsValue> {
        let until = self.position() + octets;
        for _ in 0..256 {
            let verification = self.verification.as_mut().ok_or_else(|| thrown(&finished()))?;
            let mut found = |difference: &Difference| self.differences.push(difference.clone());
            if !verification.step(&mut found).map_err(|error| thrown(&error))? {
                return Ok(false);
            }
            if self.position() >= until {
                break;
            }
        }
        Ok(true)
    }

    /// Tells what was not met, and gives the report as a JSON object.
    ///
    /// # Errors
    /// When the log cannot be read any more, or it is finished.
    pub fn finish(&mut self) -> Result<String, JsValue> {
        let verification = self.verification.take().ok_or_else(|| thrown(&finished()))?;
        let report = verification.finish(&mut |difference| self.differences.push(difference.clone()));
        serde_json::to_string(&report.map_err(|error| thrown(&error))?).map_err(not_told)
    }

    /// The differences since the last call: a JSON array.
    ///
    /// # Errors
    /// When they have no JSON.
    #[wasm_bindgen(js_name = takeDifferences)]
    pub fn take_differences(&mut self) -> Result<String, JsValue> {
        taken(&mut self.differences)
    }

    /// Octets of the files that were read.
    pub fn position(&self) -> f64 {
        self.verification.as_ref().map_or(0, |verification| verification.report().bytes) as f64
    }

    /// Files that were read.
    pub fn items(&self) -> f64 {
        self.verification.as_ref().map_or(0, |verification| verification.report().files) as f64
    }
}

/// The log of a conversion and its list of files, as far as they are given.
pub(crate) fn sync_log(log: Option<SourcePort>, files: Option<SourcePort>) -> Option<SyncLog> {
    let sync = SyncLog::new(1, content(log?));
    // Of the forms that no later sync goes on with nothing is listed, so that an empty list says nothing.
    Some(match files.map(content).filter(|files| !files.is_empty()) {
        Some(files) => sync.with_files(files),
        None => sync,
    })
}

fn content(port: SourcePort) -> Content {
    let (_name, source) = JsSource::new(port);
    Content::from(Arc::new(Paged::new(source)) as Source)
}

/// Differences as a JSON array, which are not told again.
pub(crate) fn taken(told: &mut Vec<Difference>) -> Result<String, JsValue> {
    serde_json::to_string(&std::mem::take(told)).map_err(not_told)
}

fn finished() -> Error {
    Error::new(ErrorKind::Options, "the verification is finished: start another one")
}
