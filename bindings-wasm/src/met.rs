//! What became of every source that was met: what a page tells a person of the files that were given.

use crate::failure::told;
use mailferry::read::{Event, Opened};
use serde_json::{Map, Value, json};

/// Problems that are told one by one.
const MOST_TOLD: usize = 1_000;

/// The sources so far, those that cannot be opened included.
#[derive(Default)]
pub(crate) struct Met {
    opened: Vec<Option<Opened>>,
    /// What was wrong, each with its source and its kind.
    told: Vec<Value>,
}

impl Met {
    /// The number of the source in hand, from 1.
    pub(crate) fn source(&self) -> u64 {
        self.opened.len() as u64
    }

    /// Takes note of what is no item.
    pub(crate) fn tell(&mut self, event: &Event) {
        match event {
            Event::Opened(opened) => self.opened.push(Some(opened.clone())),
            Event::Failed { error, within } => {
                let what = match (within, error.is_fatal()) {
                    (false, _) => "unopened",
                    (true, true) => "rest",
                    (true, false) => "item",
                };
                let path = error.path().map(str::to_owned);
                let source = if *within { self.name().or(path) } else { path };
                let mut problem = told(error);
                if let Some(fields) = problem.as_object_mut() {
                    fields.insert("what".into(), what.into());
                    fields.insert("source".into(), source.into());
                }
                if !within {
                    self.opened.push(None);
                }
                self.add(problem);
            }
            Event::Closed(closed) => {
                let source = self.name();
                for defect in &closed.defects {
                    let what = if defect.cuts_short() { "cut_short" } else { "defect" };
                    self.add(json!({ "what": what, "kind": defect.kind().as_str(), "message": defect.to_string(), "source": source }));
                }
            }
            _ => {}
        }
    }

    /// As fields of an inspection.
    pub(crate) fn told(&self) -> Map<String, Value> {
        let met = self.opened.iter().map(|opened| opened.as_ref().map(|opened| opened.name.to_string()));
        Map::from_iter([("told".to_owned(), self.told.clone().into()), ("met".to_owned(), met.collect())])
    }

    /// The sources in their order; nothing for one that cannot be opened.
    pub(crate) fn into_opened(self) -> Vec<Option<Opened>> {
        self.opened
    }

    fn name(&self) -> Option<String> {
        self.opened.last()?.as_ref().map(|opened| opened.name.to_string())
    }

    fn add(&mut self, problem: Value) {
        if self.told.len() < MOST_TOLD {
            self.told.push(problem);
        }
    }
}
