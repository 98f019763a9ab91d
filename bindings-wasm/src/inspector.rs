use crate::{
    failure::{not_told, thrown},
    first_pass::FirstPass,
    options::{self, Sources},
    port::SourcePort,
};
use mailferry::{
    convert::{Inspection, Place, Selector},
    read::{Event, Mailbox},
};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

/// Counts what sources hold.
#[wasm_bindgen]
pub struct Inspector {
    mailbox: Mailbox,
    first_pass: FirstPass,
    selector: Option<Selector>,
    source: u64,
    inspection: Inspection,
}

#[wasm_bindgen]
impl Inspector {
    /// Opens the first of the sources that can be opened; `largest` is how many of the largest items are named.
    ///
    /// # Errors
    /// Why the first source cannot be opened, when none of them can; `options` for those that are not right.
    #[wasm_bindgen(constructor)]
    pub fn new(sources: Vec<SourcePort>, options: &str, largest: u32) -> Result<Self, JsValue> {
        Self::open(sources, options, largest as usize).map_err(|error| thrown(&error))
    }

    /// Goes on until `octets` of the sources are behind, or some thousand items; `false` when nothing is left.
    pub fn step(&mut self, octets: f64) -> bool {
        if !self.first_pass.is_over() {
            self.selector = self.first_pass.step(octets);
            return true;
        }
        let until = self.position() + octets;
        for _ in 0..1_024 {
            let Some(mut event) = self.mailbox.next_event() else { return false };
            let mut is_selected = true;
            match &mut event {
                Event::Opened(_) | Event::Failed { within: false, .. } => self.source += 1,
                Event::Item(item) => {
                    let place = Place { source: self.source, ordinal: item.origin.ordinal };
                    is_selected = self.selector.as_mut().is_none_or(|selector| selector.decide(item, place).is_none())
                        || item.expunged;
                }
                _ => {}
            }
            if is_selected {
                self.inspection.count(event);
            }
            if self.position() >= until {
                break;
            }
        }
        true
    }

    /// What was counted so far, as a JSON object.
    ///
    /// # Errors
    /// When it has no JSON.
    pub fn inspection(&self) -> Result<String, JsValue> {
        serde_json::to_string(&self.inspection).map_err(not_told)
    }

    /// Items counted so far.
    pub fn items(&self) -> f64 {
        self.inspection.items as f64
    }

    /// Octets of the sources that lie behind.
    pub fn position(&self) -> f64 {
        self.first_pass.mailbox().unwrap_or(&self.mailbox).position() as f64
    }

    /// Whether the sources are gone through a first time, as the selection needs.
    pub fn surveying(&self) -> bool {
        self.first_pass.mailbox().is_some()
    }

    /// Octets of all sources; nothing where archives hide it.
    pub fn total(&self) -> Option<f64> {
        self.mailbox.total().map(|total| total as f64)
    }
}

impl Inspector {
    fn open(sources: Vec<SourcePort>, json: &str, largest: usize) -> mailferry::Result<Self> {
        let (sources, options) = (Sources::new(sources), options::reading(json)?);
        let mailbox = sources.mailbox(&options.read)?;
        let first_pass = FirstPass::new(&options.selection, sources.unopened(&options.read));
        Ok(Self { mailbox, first_pass, selector: None, source: 0, inspection: Inspection::new(largest) })
    }
}
