use crate::{
    failure::{not_told, thrown},
    first_pass::FirstPass,
    index::Index,
    met::Met,
    options::{self, Sources},
    port::SourcePort,
};
use mailferry::{
    convert::{Inspection, ItemRecord, Place, Selector},
    model::Item,
    read::{Event, Mailbox, ReadOptions},
};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

/// Counts what sources hold.
#[wasm_bindgen]
pub struct Inspector {
    mailbox: Mailbox,
    first_pass: FirstPass,
    selector: Option<Selector>,
    inspection: Inspection,
    /// What was met, source by source.
    met: Met,
    /// The lines of a list of all items, since they were last asked for; nothing where nobody wants one.
    lines: Option<Vec<serde_json::Value>>,
    /// What an index is made of.
    sources: Sources,
    options: ReadOptions,
}

#[wasm_bindgen]
impl Inspector {
    /// Opens the first of the sources that can be opened; `largest` is how many of the largest items are named, and
    /// `listed` whether every item is to be listed.
    ///
    /// # Errors
    /// Why the first source cannot be opened, when none of them can; `options` for those that are not right.
    #[wasm_bindgen(constructor)]
    pub fn new(sources: Vec<SourcePort>, options: &str, largest: u32, listed: bool) -> Result<Self, JsValue> {
        Self::open(sources, options, largest as usize, listed).map_err(|error| thrown(&error))
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
                Event::Item(item) => {
                    let place = Place { source: self.met.source(), ordinal: item.origin.ordinal };
                    is_selected = self.selector.as_mut().is_none_or(|selector| selector.decide(item, place).is_none())
                        || item.expunged;
                    if let Some(lines) = self.lines.as_mut().filter(|_| is_selected && !item.expunged) {
                        lines.push(line(item, place));
                    }
                }
                other => self.met.tell(other),
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
        let mut inspection = serde_json::to_value(&self.inspection).map_err(not_told)?;
        if let Some(fields) = inspection.as_object_mut() {
            fields.append(&mut self.met.told());
        }
        Ok(inspection.to_string())
    }

    /// The lines of the list of all items since the last call, as a JSON array.
    #[wasm_bindgen(js_name = takeLines)]
    pub fn take_lines(&mut self) -> String {
        serde_json::Value::from(self.lines.as_mut().map(std::mem::take).unwrap_or_default()).to_string()
    }

    /// What finds the items that were met again.
    pub fn index(self) -> Index {
        Index::new(self.sources, self.options, self.met.into_opened())
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
    fn open(sources: Vec<SourcePort>, json: &str, largest: usize, listed: bool) -> mailferry::Result<Self> {
        let (sources, options) = (Sources::new(sources), options::reading(json)?);
        let mailbox = sources.mailbox(&options.read)?;
        let first_pass = FirstPass::new(&options.selection, sources.unopened(&options.read));
        Ok(Self {
            mailbox,
            first_pass,
            selector: None,
            inspection: Inspection::new(largest),
            met: Met::default(),
            lines: listed.then(Vec::new),
            sources,
            options: options.read,
        })
    }
}

/// Characters of a text in a list.
const MOST_TEXT: usize = 300;

/// An item in a list: its id, kind, folder, date, subject, author, recipients, octets, its place in its source, and what its folder
/// is for.
fn line(item: &Item, place: Place) -> serde_json::Value {
    let record = ItemRecord::of(item, place.source);
    let message = item.message();
    let of_field = |name: &str| {
        let message = message?;
        Some(short(message.field_text(&message.header().ok()?.first(name)?)))
    };
    let direct = record.source.offset.min(1 << 53);
    serde_json::json!([
        record.id,
        record.kind,
        record.folder,
        record.received_at.or(record.start),
        record.subject.map(short),
        of_field("From"),
        of_field("To"),
        record.size,
        direct,
        record.source.length,
        record.role,
    ])
}

fn short(text: String) -> String {
    match text.char_indices().nth(MOST_TEXT) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text,
    }
}
