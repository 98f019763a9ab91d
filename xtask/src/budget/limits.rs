//! The limits, which stand in one file and are raised by hand, with a reason.

use crate::{Result, root};
use serde_json::Value;
use std::{fs, process::Command};

/// From the root of the workspace.
pub(crate) const FILE: &str = "xtask/budget/limits.json";

/// A reason is a sentence, not a word.
const SHORTEST_REASON: usize = 20;

/// What something may cost at most.
pub(crate) struct Limit {
    pub(crate) name: String,
    pub(crate) unit: String,
    first: u64,
    /// In percent.
    tolerance: f64,
    raised: Vec<Raise>,
}

struct Raise {
    to: u64,
    because: String,
}

impl Limit {
    #[cfg(test)]
    pub(crate) fn new(name: &str, first: u64, tolerance: f64) -> Self {
        Self { name: name.to_owned(), unit: String::new(), first, tolerance, raised: Vec::new() }
    }

    /// What it was raised to last.
    pub(crate) fn in_force(&self) -> u64 {
        self.raised.last().map_or(self.first, |raise| raise.to)
    }

    /// What is measured may be so much.
    pub(crate) fn most(&self) -> u64 {
        self.in_force() + self.margin()
    }

    /// Less is so much less that the limit holds nothing any more.
    pub(crate) fn least(&self) -> u64 {
        self.in_force() - self.margin().min(self.in_force())
    }

    fn margin(&self) -> u64 {
        (self.in_force() as f64 * self.tolerance / 100.0) as u64
    }
}

/// Reads the limits; one that was raised without a reason is refused.
pub(crate) fn read() -> Result<Vec<Limit>> {
    let limits = parse(&fs::read_to_string(root().join(FILE))?)?;
    let committed = Command::new("git").args(["show", &format!("HEAD:{FILE}")]).current_dir(root()).output();
    if let Ok(committed) = committed
        && committed.status.success()
        && let Ok(before) = parse(&String::from_utf8_lossy(&committed.stdout))
    {
        against(&before, &limits)?;
    }
    Ok(limits)
}

fn parse(text: &str) -> Result<Vec<Limit>> {
    let file: Value = serde_json::from_str(text)?;
    let entries = file["limits"].as_object().ok_or("no limits")?;
    entries.iter().map(|(name, entry)| limit(name, entry)).collect()
}

fn limit(name: &str, entry: &Value) -> Result<Limit> {
    let missing = |key: &str| format!("{FILE}: {name}: \"{key}\" is missing");
    let mut limit = Limit {
        name: name.to_owned(),
        unit: entry["unit"].as_str().ok_or_else(|| missing("unit"))?.to_owned(),
        first: entry["limit"].as_u64().ok_or_else(|| missing("limit"))?,
        tolerance: entry["tolerance"].as_f64().unwrap_or_default(),
        raised: Vec::new(),
    };
    for raise in entry["raised"].as_array().map(Vec::as_slice).unwrap_or_default() {
        let to = raise["to"].as_u64().ok_or_else(|| missing("to"))?;
        let because = raise["because"].as_str().unwrap_or_default().trim().to_owned();
        if because.len() < SHORTEST_REASON {
            return Err(format!("{FILE}: {name} was raised to {to} without a reason: say it in \"because\"").into());
        }
        limit.raised.push(Raise { to, because });
    }
    Ok(limit)
}

/// Refuses limits that are higher than those before, without a further reason; one of 0 was not set yet.
fn against(before: &[Limit], now: &[Limit]) -> Result<()> {
    for limit in now {
        let Some(old) = before.iter().find(|old| old.name == limit.name) else { continue };
        let has_reason =
            limit.raised.last().is_some_and(|last| old.raised.iter().all(|one| one.because != last.because));
        if old.in_force() > 0 && limit.most() > old.most() && !has_reason {
            return Err(format!(
                "{FILE}: {} was raised from {} to {} without a reason: add a line to \"raised\", {{\"to\": …, \"because\": \"…\"}}",
                limit.name,
                old.in_force(),
                limit.in_force()
            )
            .into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(limit: u64, tolerance: f64, raised: &str) -> String {
        format!(
            r#"{{"limits": {{"wasm": {{"unit": "octets", "limit": {limit}, "tolerance": {tolerance}, "raised": [{raised}]}}}}}}"#
        )
    }

    #[test]
    fn a_limit_is_raised_with_a_reason_only() {
        let reason = r#"{"to": 120, "because": "it reads one more format"}"#;
        let before = parse(&file(100, 0.0, "")).unwrap();
        let is_taken = |text: String| parse(&text).is_ok_and(|now| against(&before, &now).is_ok());
        assert!(is_taken(file(100, 0.0, "")));
        assert!(is_taken(file(90, 0.0, "")), "lowered");
        assert!(is_taken(file(100, 0.0, reason)));
        assert!(!is_taken(file(101, 0.0, "")));
        assert!(!is_taken(file(100, 1.0, "")), "by its tolerance");
        assert!(!is_taken(file(100, 0.0, r#"{"to": 120}"#)));
        assert!(!is_taken(file(100, 0.0, r#"{"to": 120, "because": "  so  "}"#)));
        let raised = parse(&file(100, 0.0, reason)).unwrap();
        let higher = parse(&file(100, 0.0, &reason.replace("120", "130"))).unwrap();
        assert!(against(&raised, &higher).is_err(), "the reason is that of before");
        assert_eq!(raised.first().map(Limit::in_force), Some(120));
    }

    #[test]
    fn the_limits_that_are_checked_in_can_be_read() {
        assert!(!read().unwrap().is_empty());
    }
}
