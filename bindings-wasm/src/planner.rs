use crate::{
    failure::{not_told, thrown},
    first_pass::FirstPass,
    options::{self, Sources},
    port::SourcePort,
};
use mailferry::{
    Error, ErrorKind,
    convert::{ConvertOptions, Gates, Plan},
    platform::Target,
    read::Mailbox,
};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

/// Finds what will go to a target, and what will not.
#[wasm_bindgen]
pub struct Planner {
    mailbox: Mailbox,
    first_pass: FirstPass,
    plan: Option<Plan>,
    options: ConvertOptions,
}

#[wasm_bindgen]
impl Planner {
    /// Opens the first of the sources that can be opened. `options` is JSON, or empty; without another target
    /// it is `generic`.
    ///
    /// # Errors
    /// Why the first source cannot be opened, when none of them can; `options` for those that are not right.
    #[wasm_bindgen(constructor)]
    pub fn new(sources: Vec<SourcePort>, options: &str) -> Result<Self, JsValue> {
        Self::open(sources, options).map_err(|error| thrown(&error))
    }

    /// Goes on until `octets` more of the sources are behind, or some items; `false` when nothing is left.
    pub fn step(&mut self, octets: f64) -> bool {
        if !self.first_pass.is_over() {
            if let Some(selector) = self.first_pass.step(octets) {
                self.plan = self.plan.take().map(|plan| plan.with_gates(Gates::new(selector, &self.options)));
            }
            return true;
        }
        let until = self.position() + octets;
        for _ in 0..1_024 {
            let Some(event) = self.mailbox.next_event() else { return false };
            if let Some(plan) = &mut self.plan {
                plan.count(event);
            }
            if self.position() >= until {
                break;
            }
        }
        true
    }

    /// What was found, as a JSON object.
    ///
    /// # Errors
    /// When it was asked for before.
    pub fn finish(&mut self) -> Result<String, JsValue> {
        let asked_before = || thrown(&Error::new(ErrorKind::Options, "the plan was already taken: start another one"));
        let plan = self.plan.take().ok_or_else(asked_before)?;
        serde_json::to_string(&plan.finish()).map_err(not_told)
    }

    /// Items so far.
    pub fn items(&self) -> f64 {
        self.plan.as_ref().map_or(0, |plan| plan.available.items) as f64
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

impl Planner {
    fn open(sources: Vec<SourcePort>, json: &str) -> mailferry::Result<Self> {
        let options = options::read(json)?.options;
        let target = options.target.map_or_else(|| Target::named("generic"), Ok)?;
        let sources = Sources::new(sources);
        let mailbox = sources.mailbox(&options.read)?;
        let first_pass = FirstPass::new(&options.selection, sources.unopened(&options.read));
        let plan = Plan::new(target, &options.archive);
        Ok(Self { mailbox, first_pass, plan: Some(plan), options })
    }
}
