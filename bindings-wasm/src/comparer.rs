use crate::{
    failure::{not_told, thrown},
    first_pass::FirstPass,
    options::{self, Sources},
    port::SourcePort,
    verifier::{sync_log, taken},
};
use mailferry::{
    Error, ErrorKind,
    convert::{Comparison, ConvertOptions, Difference, Gates, Selector, SyncLog},
    read::Mailbox,
    write::WriteOptions,
};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

/// Holds the items of sources against the log of the conversion that took them.
#[wasm_bindgen]
pub struct Comparer {
    first_pass: FirstPass,
    waiting: Option<Waiting>,
    comparison: Option<Comparison>,
    differences: Vec<Difference>,
}

/// What a comparison is made of as soon as it is known what is selected.
struct Waiting {
    log: Option<SyncLog>,
    mailbox: Mailbox,
    options: ConvertOptions,
    archive: WriteOptions,
}

#[wasm_bindgen]
impl Comparer {
    /// Opens the first of the sources that can be opened. `options` is JSON, or empty: what the conversion was asked
    /// for, or what its report keeps of that.
    ///
    /// # Errors
    /// Why the first source cannot be opened, when none of them can; `options` for those that are not right.
    #[wasm_bindgen(constructor)]
    pub fn new(sources: Vec<SourcePort>, options: &str, log: SourcePort) -> Result<Self, JsValue> {
        Self::open(sources, options, log).map_err(|error| thrown(&error))
    }

    /// Goes on until `octets` more of the sources are behind, or some items; `false` when nothing is left.
    ///
    /// # Errors
    /// When the log cannot be read, or is none.
    pub fn step(&mut self, octets: f64) -> Result<bool, JsValue> {
        self.go_on(octets).map_err(|error| thrown(&error))
    }

    /// Tells what the sources have no more, and gives the report as a JSON object.
    ///
    /// # Errors
    /// When the log cannot be read any more, or it is not gone through or was finished.
    pub fn finish(&mut self) -> Result<String, JsValue> {
        let comparison = self.comparison.take().ok_or_else(|| thrown(&finished()))?;
        let report = comparison.finish(&mut |difference| self.differences.push(difference.clone()));
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

    /// Octets of the sources that lie behind.
    pub fn position(&self) -> f64 {
        let mailbox = self.first_pass.mailbox().map(Mailbox::position);
        let compared = || self.comparison.as_ref().map(|comparison| comparison.progress().position);
        mailbox.or_else(compared).unwrap_or_default() as f64
    }

    /// Items so far.
    pub fn items(&self) -> f64 {
        let items = self.comparison.as_ref().map(|comparison| comparison.progress().report.totals.available);
        items.unwrap_or_default() as f64
    }

    /// Whether the sources are gone through a first time, as the selection needs.
    pub fn surveying(&self) -> bool {
        self.first_pass.mailbox().is_some()
    }

    /// Octets of all sources; nothing where archives hide it.
    pub fn total(&self) -> Option<f64> {
        let of_waiting = || self.waiting.as_ref()?.mailbox.total();
        let total = self.comparison.as_ref().map_or_else(of_waiting, |comparison| comparison.progress().total);
        total.map(|total| total as f64)
    }
}

impl Comparer {
    fn open(sources: Vec<SourcePort>, json: &str, log: SourcePort) -> mailferry::Result<Self> {
        let (sources, asked) = (Sources::new(sources), options::read(json)?);
        let (archive, options) = (asked.archive(), asked.options);
        let mailbox = sources.mailbox(&options.read)?;
        let first_pass = FirstPass::new(&options.selection, sources.unopened(&options.read));
        let waiting = Waiting { log: sync_log(Some(log), None), mailbox, options, archive };
        Ok(Self { first_pass, waiting: Some(waiting), comparison: None, differences: Vec::new() })
    }

    fn go_on(&mut self, octets: f64) -> mailferry::Result<bool> {
        if !self.first_pass.is_over() {
            if let Some(selector) = self.first_pass.step(octets) {
                self.comparison = self.waiting.take().map(|waiting| waiting.begin(selector)).transpose()?;
            }
            return Ok(true);
        }
        let until = self.position() + octets;
        for _ in 0..1_024 {
            let comparison = self.comparison.as_mut().ok_or_else(finished)?;
            if !comparison.step(&mut |difference| self.differences.push(difference.clone()))? {
                return Ok(false);
            }
            if self.position() >= until {
                break;
            }
        }
        Ok(true)
    }
}

impl Waiting {
    fn begin(self, selector: Selector) -> mailferry::Result<Comparison> {
        let gates = Gates::new(selector, &self.options);
        let prepare = |conversion: mailferry::convert::Conversion<'static>| conversion.with_gates(gates);
        Comparison::new(self.log.into_iter().collect(), self.mailbox, &self.archive, prepare)
    }
}

fn finished() -> Error {
    Error::new(ErrorKind::Options, "the comparison is finished: start another one")
}
