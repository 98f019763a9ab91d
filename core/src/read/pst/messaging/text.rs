//! In which code page a store has its 8-bit text.

use crate::{
    defect::{Defect, DefectKind},
    mapi::{CodePage, Declared, Fallback, Sample, pid, undeclared},
    pst::{Variant, nid},
    read::pst::{
        ltp::PropertyContext,
        ndb::{Ndb, Node},
    },
};
use std::{collections::BTreeMap, sync::Arc};

/// Nodes that are looked at, the first of the store, and messages among them.
const NODES: usize = 4096;
const MESSAGES: usize = 64;
/// The same where text is in Unicode as a rule.
const MESSAGES_IN_UNICODE: usize = 16;

/// The code page for objects that do not say theirs, and what is to be told of it.
///
/// It is what the user says, else what the store says, else what most of its messages say, else what its text looks like. Nothing
/// damaged is searched for here: what cannot be read does not count.
pub(super) fn code_page(ndb: &Ndb, asked: Option<CodePage>) -> (Fallback, Option<Defect>) {
    let ndb = ndb.ahead();
    let found = match asked {
        Some(_) => None,
        None => of_store(&ndb),
    };
    let outcome = found.map_or_else(|| Survey::of(&ndb).outcome(asked), |page| (Fallback::settled(page), None));
    // It is told where the same is read in earnest.
    drop(ndb.defects.take());
    outcome
}

fn declared_by(context: &PropertyContext) -> Declared {
    Declared::by(|id| context.get(id).ok().flatten()?.integer())
}

fn of_store(ndb: &Arc<Ndb>) -> Option<CodePage> {
    let node = ndb.node(nid::MESSAGE_STORE).ok()??;
    declared_by(&PropertyContext::open(ndb, &node).ok()?).first()
}

/// What folders and messages tell.
#[derive(Default)]
struct Survey {
    /// 8-bit text that no code page is told for.
    undeclared: Sample,
    /// How many messages are in which code page by their own word.
    votes: BTreeMap<u32, usize>,
}

impl Survey {
    fn of(ndb: &Arc<Ndb>) -> Self {
        let mut survey = Self::default();
        let mut messages = if ndb.variant == Variant::Ansi { MESSAGES } else { MESSAGES_IN_UNICODE };
        let mut after = None;
        for _ in 0..NODES {
            let Ok(Some(node)) = ndb.next_node(after) else { break };
            after = Some(node.nid);
            match nid::kind(node.nid) {
                nid::NORMAL_FOLDER => survey.look_at(ndb, &node, &[pid::DISPLAY_NAME]),
                nid::NORMAL_MESSAGE if messages > 0 => {
                    messages -= 1;
                    survey.look_at(
                        ndb,
                        &node,
                        &[pid::SUBJECT, pid::SENDER_NAME, pid::DISPLAY_TO, pid::DISPLAY_NAME, pid::BODY],
                    );
                }
                _ => {}
            }
        }
        survey
    }

    fn look_at(&mut self, ndb: &Arc<Ndb>, node: &Node, texts: &[u16]) {
        let Ok(context) = PropertyContext::open(ndb, node) else { return };
        let mut sample = Sample::default();
        for text in texts {
            if let Ok(Some(value)) = context.get(*text) {
                sample.add(&value);
            }
        }
        if sample.is_empty() {
            return;
        }
        match declared_by(&context).fitting(&sample) {
            Some(page) => *self.votes.entry(page.0).or_default() += 1,
            None => self.undeclared.append(sample),
        }
    }

    fn outcome(self, asked: Option<CodePage>) -> (Fallback, Option<Defect>) {
        if self.undeclared.is_empty() {
            return (asked.map_or(Fallback::USUAL, Fallback::settled), None);
        }
        // That most messages are in the usual code page tells nothing: they may have come from anywhere.
        let others = self.votes.iter().filter(|(page, _)| **page != CodePage::WINDOWS_1252.0);
        let most = others.max_by_key(|(_, votes)| **votes).map(|(page, _)| CodePage(*page));
        let most = most.filter(|page| self.undeclared.fits(*page));
        let (page, why) = match (asked, most) {
            (Some(page), _) => (page, "as requested".to_owned()),
            (None, Some(page)) => (page, "as declared in its messages".to_owned()),
            (None, None) => {
                (self.undeclared.guess(), format!("which fits {} octets of it best", self.undeclared.len()))
            }
        };
        let defect = Defect::new(DefectKind::Charset, undeclared("the store", page, &why));
        (Fallback::settled(page), Some(defect))
    }
}
