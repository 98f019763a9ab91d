use super::{Bounded, Limit, Target, Then};
use crate::{
    defect::{Defect, DefectKind},
    model::{Item, ItemKind},
};

/// Whether a target accepts an item.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Why it is rejected.
    pub refusal: Option<Refusal>,
    /// What the target may reject.
    pub flags: Vec<Defect>,
}

/// Why a target rejects an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The stable name in the item log.
    pub reason: &'static str,
    /// The same as text.
    pub because: &'static str,
}

impl Target {
    /// Whether the target accepts `item`.
    pub fn verdict(&'static self, item: &Item) -> Verdict {
        let kind = item.kind.as_str();
        if !self.kinds.iter().any(|taken| taken == kind) {
            let because = self.lacks.get(kind).map_or(unlike(kind), String::as_str);
            return Verdict { refusal: Some(Refusal { reason: lacking(kind), because }), flags: Vec::new() };
        }
        let mut verdict = Verdict::default();
        for limit in self.limits.iter().filter(|limit| limit.is_exceeded_by(item)) {
            match limit.then {
                Then::Refuse => {
                    verdict.refusal.get_or_insert(Refusal { reason: "over_target_limit", because: &limit.because });
                }
                Then::Flag => verdict.flags.push(Defect::new(DefectKind::TargetLimit, &*limit.because)),
            }
        }
        verdict
    }
}

/// Why a target does not accept what it says nothing of.
fn unlike(kind: &str) -> &'static str {
    match kind {
        "freebusy" => "the target does not store when people are free or busy",
        "component" => "what is neither an event, a task nor a journal entry is no item of a calendar",
        _ => "the target does not accept this kind",
    }
}

fn lacking(kind: &str) -> &'static str {
    match kind {
        "mail" => "target_takes_no_mail",
        "event" => "target_takes_no_events",
        "task" => "target_takes_no_tasks",
        "journal" => "target_takes_no_journals",
        "freebusy" => "target_takes_no_freebusy",
        "component" => "target_takes_no_other_components",
        _ => "target_takes_no_contacts",
    }
}

impl Limit {
    /// Whether one item alone is beyond the limit.
    pub fn is_exceeded_by(&self, item: &Item) -> bool {
        let octets = match (self.of, &item.kind) {
            (Bounded::Message, ItemKind::Message(_))
            | (Bounded::Event, ItemKind::Calendar(_))
            | (Bounded::Contact, ItemKind::Contact(_)) => item.size(),
            (Bounded::Photo, ItemKind::Contact(card)) => card.photo_len(),
            _ => return false,
        };
        self.octets.is_some_and(|most| octets > most)
    }
}
