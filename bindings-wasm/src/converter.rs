use crate::{
    failure::{not_told, thrown},
    first_pass::FirstPass,
    options::{self, Sources},
    port::{JsSink, SinkPort, SourcePort},
};
use mailferry::{
    Error, ErrorKind,
    convert::{Conversion, ConvertOptions, Gates, Selector},
    write,
};
use std::io::BufWriter;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

/// Moves the items of sources into an archive that a sink takes.
#[wasm_bindgen]
pub struct Converter {
    first_pass: FirstPass,
    conversion: Option<Conversion<'static>>,
    options: ConvertOptions,
}

/// Octets that a sink is handed at a time.
const CHUNK: usize = 1 << 20;
/// Octets of the log that its sink is handed at a time.
const LOG_CHUNK: usize = 64 << 10;

#[wasm_bindgen]
impl Converter {
    /// Opens the first of the sources that can be opened, and makes ready to write. `options` is JSON, or empty.
    /// Where the archive has a `name`, without its ending, the sink is told when it begins, and so with each part. `log` takes the item log, `files` the list of files
    /// of many items and those beside them.
    ///
    /// # Errors
    /// Why the first source cannot be opened, when none of them can; `options` for those that are not right.
    #[wasm_bindgen(constructor)]
    pub fn new(
        sources: Vec<SourcePort>,
        options: &str,
        sink: SinkPort,
        log: SinkPort,
        files: SinkPort,
        name: Option<String>,
    ) -> Result<Self, JsValue> {
        Self::open(sources, options, [sink, log, files], name).map_err(|error| thrown(&error))
    }

    /// Goes on until `octets` more of the sources are behind, or some items; `false` when nothing is left.
    ///
    /// # Errors
    /// When a sink refuses: then only [`Converter::finish`] is left.
    pub fn step(&mut self, octets: f64) -> Result<bool, JsValue> {
        if !self.first_pass.is_over() {
            if let Some(selector) = self.first_pass.step(octets) {
                self.begin(selector);
            }
            return Ok(true);
        }
        let conversion = self.conversion.as_mut().ok_or_else(|| thrown(&finished()))?;
        let until = conversion.progress().position as f64 + octets;
        for _ in 0..1_024 {
            if !conversion.step().map_err(|error| thrown(&error))? {
                return Ok(false);
            }
            if conversion.progress().position as f64 >= until {
                break;
            }
        }
        Ok(true)
    }

    /// Completes the archive, wherever the sources were left, and gives the report as a JSON object; it says whether the
    /// conversion was `cancelled`.
    ///
    /// # Errors
    /// When a sink refuses.
    pub fn finish(&mut self, cancelled: bool) -> Result<String, JsValue> {
        let conversion = self.conversion.take().ok_or_else(|| thrown(&finished()))?;
        let report = if cancelled { conversion.cancel() } else { conversion.finish() };
        let mut report = report.map_err(|error| thrown(&error))?;
        report.options = Some(self.options.record());
        serde_json::to_string(&report).map_err(not_told)
    }

    /// Items so far: available, migrated, failed, skipped.
    pub fn items(&self) -> Vec<f64> {
        let Some(conversion) = &self.conversion else { return Vec::new() };
        let totals = conversion.progress().report.totals;
        [totals.available, totals.migrated, totals.failed, totals.skipped].map(|count| count as f64).to_vec()
    }

    /// Octets of the sources that lie behind.
    pub fn position(&self) -> f64 {
        match self.first_pass.mailbox() {
            Some(mailbox) => mailbox.position() as f64,
            None => self.conversion.as_ref().map_or(0, |conversion| conversion.progress().position) as f64,
        }
    }

    /// Whether the sources are gone through a first time, as the selection needs.
    pub fn surveying(&self) -> bool {
        self.first_pass.mailbox().is_some()
    }

    /// Octets of all sources; nothing where archives hide it.
    pub fn total(&self) -> Option<f64> {
        self.conversion.as_ref()?.progress().total.map(|total| total as f64)
    }
}

impl Converter {
    fn open(
        sources: Vec<SourcePort>,
        json: &str,
        [sink, log, files]: [SinkPort; 3],
        name: Option<String>,
    ) -> mailferry::Result<Self> {
        let (sources, asked) = (Sources::new(sources), options::read(json)?);
        let options = &asked.options;
        let mailbox = sources.mailbox(&options.read)?;
        let first_pass = FirstPass::new(&options.selection, sources.unopened(&options.read));
        let writer = match name {
            Some(name) => {
                let mut open = JsSink::named(sink);
                let open = move |name: &str| Ok(BufWriter::with_capacity(CHUNK, open(name)?));
                write::create_with(&asked.file_name(&name), open, asked.archive())?
            }
            None if options.archive.zip_split.is_some() => return Err(one_sink()),
            None => {
                let sink = BufWriter::with_capacity(CHUNK, JsSink::new(sink));
                write::stream(sink, asked.packaging, asked.archive())?
            }
        };
        let [log, files] = [log, files].map(|sink| BufWriter::with_capacity(LOG_CHUNK, JsSink::new(sink)));
        let conversion = Conversion::new(mailbox, writer, log).with_files(files).with_attachments(options.attachments);
        Ok(Self { first_pass, conversion: Some(conversion), options: asked.options })
    }

    fn begin(&mut self, selector: Selector) {
        let gates = Gates::new(selector, &self.options);
        self.conversion = self.conversion.take().map(|conversion| conversion.with_gates(gates));
    }
}

fn finished() -> Error {
    Error::new(ErrorKind::Options, "the conversion is finished: start another one")
}

fn one_sink() -> Error {
    let message =
        "an archive in parts needs a sink for each part: give a function that is called with the name of each";
    Error::new(ErrorKind::Options, message)
}
