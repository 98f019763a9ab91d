//! What a check finds: bounded lists, whole counts.

use super::rules::Rule;
use serde::Serialize;
use std::{cell::RefCell, collections::BTreeMap, fmt};

/// Findings of one rule that are kept, and of all rules; the rest are counted.
const OF_A_RULE: usize = 100;
const OF_ALL: usize = 2000;

/// How bad a finding is.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Programs may refuse the store, repair it, or show less than it holds.
    Error,
    /// Readers live with it; Outlook does not write it.
    Warning,
}

/// Where something was found; only what is known is filled in.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Place {
    /// An offset in octets from the start of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// The identifier of a block or a page (BID).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block: Option<u64>,
    /// A node (NID), and from there on the subnodes that lead to the place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<u32>,
    /// The row of a table (dwRowID).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<u32>,
    /// A property or a column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub property: Option<u16>,
}

impl Place {
    pub(super) fn at(offset: u64) -> Self {
        Self { offset: Some(offset), ..Self::default() }
    }

    pub(super) fn node(nid: u32) -> Self {
        Self { nodes: vec![nid], ..Self::default() }
    }

    pub(super) fn with_block(mut self, bid: u64) -> Self {
        self.block = Some(bid);
        self
    }

    pub(super) fn below(&self, nid: u32) -> Self {
        let mut place = self.clone();
        place.nodes.push(nid);
        place
    }

    pub(super) fn in_row(&self, row: u32) -> Self {
        Self { row: Some(row), ..self.clone() }
    }

    pub(super) fn of(&self, property: u16) -> Self {
        Self { property: Some(property), ..self.clone() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        for (depth, nid) in self.nodes.iter().enumerate() {
            parts.push(format!("{} {nid:#x}", if depth == 0 { "node" } else { "subnode" }));
        }
        parts.extend(self.row.map(|row| format!("row {row:#x}")));
        parts.extend(self.property.map(|property| format!("property {property:#06x}")));
        parts.extend(self.block.map(|bid| format!("block {bid:#x}")));
        parts.extend(self.offset.map(|offset| format!("byte {offset}")));
        match parts.is_empty() {
            true => f.write_str("the file"),
            false => f.write_str(&parts.join(", ")),
        }
    }
}

/// One thing that is not as it should be.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The name of the rule that is broken.
    pub rule: &'static str,
    /// Where.
    pub place: Place,
    /// What was found there.
    pub found: String,
    /// What the rule says.
    pub meaning: &'static str,
    /// The standard and the section in which it stands.
    pub section: &'static str,
}

/// How often a rule is broken in all.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RuleCount {
    /// The name of the rule.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// How often.
    pub count: u64,
}

/// What a check found.
#[non_exhaustive]
#[derive(Clone, Debug, Serialize)]
pub struct CheckReport {
    /// The layout of the store: `Unicode`, `ANSI`, or `Unicode 4K`.
    pub layout: &'static str,
    /// Errors in all, those that are not listed among them.
    pub errors: u64,
    /// Warnings in all.
    pub warnings: u64,
    /// Folders, messages and blocks that were looked at.
    pub folders: u64,
    /// Messages, the hidden ones of folders among them.
    pub messages: u64,
    /// Blocks in the block B-tree.
    pub blocks: u64,
    /// The first findings of each rule.
    pub findings: Vec<Finding>,
    /// How often each rule is broken, of those that are.
    pub rules: Vec<RuleCount>,
    /// What to do about it; nothing where nothing was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<&'static str>,
}

/// What to do about findings.
pub(super) fn advice(errors: u64, warnings: u64) -> Option<&'static str> {
    match (errors, warnings) {
        (0, 0) => None,
        (0, _) => Some("Warnings only: Outlook opens such files. There is nothing to do unless Outlook complains."),
        _ => Some(
            "Errors: Outlook may refuse this file, or repair it. Make a copy first. Then repair the copy with scanpst.exe (the Inbox Repair \
             Tool of Outlook), or write a new file out of this one, which keeps all that can be read: \
             mailferry convert FILE --as pst --to NEW.pst",
        ),
    }
}

/// Findings as they come.
#[derive(Default)]
pub(super) struct Findings {
    kept: RefCell<Vec<Finding>>,
    counts: RefCell<BTreeMap<Rule, u64>>,
}

impl Findings {
    pub(super) fn add(&self, rule: Rule, place: &Place, found: impl FnOnce() -> String) {
        let mut counts = self.counts.borrow_mut();
        let count = counts.entry(rule).or_default();
        *count = count.saturating_add(1);
        let mut kept = self.kept.borrow_mut();
        // Each rule has its first ones, however many there are of others.
        if *count > OF_A_RULE as u64 || (kept.len() >= OF_ALL && *count > 1) {
            return;
        }
        let line = rule.line();
        kept.push(Finding {
            severity: line.severity,
            rule: line.name,
            place: place.clone(),
            found: found(),
            meaning: line.meaning,
            section: line.section,
        });
    }

    /// The findings, errors first, and how many there are of each rule.
    pub(super) fn finish(self) -> (Vec<Finding>, Vec<RuleCount>) {
        let mut kept = self.kept.into_inner();
        kept.sort_by_key(|finding| finding.severity);
        let of = |(rule, count): (Rule, u64)| {
            let line = rule.line();
            RuleCount { rule: line.name, severity: line.severity, count }
        };
        (kept, self.counts.into_inner().into_iter().map(of).collect())
    }
}
