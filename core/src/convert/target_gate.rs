use super::decision::{Gate, Place, Skip};
use crate::{model::Item, platform::Target};

/// Leaves out what a target does not take, and warns of what it may stumble over.
pub(super) struct TargetGate(pub(super) &'static Target);

impl Gate for TargetGate {
    fn decide(&mut self, item: &mut Item, _place: Place) -> Option<Skip> {
        let verdict = self.0.verdict(item);
        item.defects.extend(verdict.flags);
        verdict.refusal.map(|refusal| Skip::because(refusal.reason))
    }
}
