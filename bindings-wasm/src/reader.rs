use crate::{
    Item,
    failure::{not_told, thrown, told},
    first_pass::FirstPass,
    options::{self, Sources},
    port::SourcePort,
};
use mailferry::{
    convert::{ItemRecord, Place, Selector},
    read::{Event, Mailbox},
};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

/// The items of any number of sources, one after the other.
#[wasm_bindgen]
pub struct Reader {
    mailbox: Mailbox,
    first_pass: FirstPass,
    selector: Option<Selector>,
    /// The number of the source in hand, those that cannot be opened included.
    source: u64,
    /// What cannot be read, and what was wrong with sources, since it was last asked for.
    problems: Vec<serde_json::Value>,
}

/// Problems that are told; more are not kept until somebody asks.
const MOST_TOLD: usize = 1_000;

#[wasm_bindgen]
impl Reader {
    /// Opens the first of the sources that can be opened. `options` is JSON, or empty.
    ///
    /// # Errors
    /// Why the first source cannot be opened, when none of them can; `options` for those that are not right.
    #[wasm_bindgen(constructor)]
    pub fn new(sources: Vec<SourcePort>, options: &str) -> Result<Self, JsValue> {
        Self::open(sources, options).map_err(|error| thrown(&error))
    }

    /// Goes on with the first pass until `octets` more of the sources are behind; `false` when the items can be asked for.
    pub fn survey(&mut self, octets: f64) -> bool {
        if !self.first_pass.is_over() {
            self.selector = self.first_pass.step(octets);
        }
        !self.first_pass.is_over()
    }

    /// The next item; nothing after the last.
    #[wasm_bindgen(js_name = nextItem)]
    pub fn next_item(&mut self) -> Option<Item> {
        self.next().map(|item| Item::new(item, self.source))
    }

    /// What is known of the next items, at most `most`, as a JSON array; an empty one after the last.
    ///
    /// # Errors
    /// When one has no JSON.
    #[wasm_bindgen(js_name = nextRecords)]
    pub fn next_records(&mut self, most: u32) -> Result<String, JsValue> {
        let mut records = Vec::new();
        for _ in 0..most {
            let Some(item) = self.next() else { break };
            records.push(ItemRecord::of(&item, self.source));
        }
        serde_json::to_string(&records).map_err(not_told)
    }

    /// What cannot be read, and what was wrong with sources, since the last call: a JSON array.
    #[wasm_bindgen(js_name = takeProblems)]
    pub fn take_problems(&mut self) -> String {
        serde_json::Value::from(std::mem::take(&mut self.problems)).to_string()
    }

    /// Octets of the sources that lie behind.
    pub fn position(&self) -> f64 {
        self.first_pass.mailbox().unwrap_or(&self.mailbox).position() as f64
    }

    /// Octets of all sources; nothing where archives hide it.
    pub fn total(&self) -> Option<f64> {
        self.mailbox.total().map(|total| total as f64)
    }
}

impl Reader {
    fn open(sources: Vec<SourcePort>, json: &str) -> mailferry::Result<Self> {
        let (sources, options) = (Sources::new(sources), options::reading(json)?);
        let mailbox = sources.mailbox(&options.read)?;
        let first_pass = FirstPass::new(&options.selection, sources.unopened(&options.read));
        Ok(Self { mailbox, first_pass, selector: None, source: 0, problems: Vec::new() })
    }

    fn next(&mut self) -> Option<mailferry::model::Item> {
        loop {
            match self.mailbox.next_event()? {
                Event::Item(mut item) => {
                    let place = Place { source: self.source, ordinal: item.origin.ordinal };
                    if self.selector.as_mut().is_none_or(|selector| selector.decide(&mut item, place).is_none()) {
                        return Some(*item);
                    }
                }
                Event::Opened(_) => self.source += 1,
                Event::Failed { error, within } => {
                    self.source += u64::from(!within);
                    self.tell(told(&error));
                }
                Event::Closed(closed) => {
                    for defect in closed.defects {
                        let kind = defect.kind().as_str();
                        self.tell(serde_json::json!({ "kind": kind, "message": defect.to_string(), "fatal": false }));
                    }
                }
                _ => {}
            }
        }
    }

    fn tell(&mut self, problem: serde_json::Value) {
        if self.problems.len() < MOST_TOLD {
            self.problems.push(problem);
        }
    }
}
