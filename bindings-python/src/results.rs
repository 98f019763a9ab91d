//! What is told of conversions, as plain data.

use crate::document::{by_number, document, table};
use serde_json::Value;

document! {
    /// What became of all items of a conversion.
    Report {
        version,
        outcome,
        cancelled,
        error,
        totals,
        kinds,
        folders,
        years as by_number,
        reasons,
        warnings,
        preflight,
        sources,
        files,
        kept,
        ignored,
        seconds,
    }
}

document! {
    /// What mailboxes hold.
    Inspection {
        items,
        failed,
        deleted,
        expunged,
        bytes,
        earliest,
        latest,
        kinds,
        folders,
        years as by_number,
        warnings,
        preflight,
        largest,
        sources,
        problems,
        ignored,
    }
}

document! {
    /// What will become of mailboxes at a target.
    Plan {
        target,
        available,
        goes,
        kinds,
        refused,
        mapping,
        flagged,
        missing,
        left_out = "leftOut",
        problems,
        parts,
        estimate,
    }
}

document! {
    /// What differs between a destination and its logs.
    Verification {
        syncs,
        files,
        bytes,
        items,
        source_items = "sourceItems",
        gone,
        without_proof = "withoutProof",
        differences,
        found,
    }
}

document! {
    /// What was removed of a destination.
    Undoing {
        syncs,
        removed,
        missing,
        kept,
        without_proof = "withoutProof",
        list_file = "list",
        found,
    }
}

document! {
    /// What became of all mailboxes of a project.
    ProjectReport {
        cancelled,
        totals,
        mailboxes,
    }
}

const COLUMNS: [&str; 5] = ["available", "migrated", "failed", "skipped", "bytes"];

/// The number under `key`, as text.
fn count(row: &Value, key: &str) -> String {
    row.get(key).unwrap_or(&Value::Null).to_string()
}

fn rows<'v>(of: &'v Value, keys: &'v [&'v str]) -> impl Iterator<Item = Vec<String>> + 'v {
    of.as_object()
        .into_iter()
        .flatten()
        .map(move |(name, row)| std::iter::once(name.clone()).chain(keys.iter().map(|key| count(row, key))).collect())
}

fn listed(found: &Value) -> impl Iterator<Item = Vec<String>> {
    let text = |row: &Value, key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let found = found.as_array().into_iter().flatten();
    found.map(move |row| ["kind", "what", "detail"].map(|key| text(row, key)).to_vec())
}

impl Report {
    fn html(&self) -> String {
        let mut heading = vec!["folder"];
        heading.extend(COLUMNS);
        let all = std::iter::once("(all)".to_owned()).chain(COLUMNS.iter().map(|key| count(self.field("totals"), key)));
        table("Report", &heading, std::iter::once(all.collect()).chain(rows(self.field("folders"), &COLUMNS)))
    }

    fn text(&self) -> String {
        let columns = COLUMNS.map(|key| format!("{key}={}", count(self.field("totals"), key)));
        let outcome = self.field("outcome").get("state").and_then(Value::as_str).unwrap_or_default();
        format!("<Report {outcome} {}>", columns.join(" "))
    }
}

impl Inspection {
    fn html(&self) -> String {
        table("Inspection", &["folder", "items", "bytes"], rows(self.field("folders"), &["items", "bytes"]))
    }

    fn text(&self) -> String {
        format!(
            "<Inspection items={} bytes={} failed={}>",
            self.field("items"),
            self.field("bytes"),
            self.field("failed")
        )
    }
}

impl Plan {
    fn html(&self) -> String {
        table("Plan", &["kind", "items", "bytes"], rows(self.field("kinds"), &["items", "bytes"]))
    }

    fn text(&self) -> String {
        let items = |key: &str| count(self.field(key), "items");
        format!("<Plan goes={} available={}>", items("goes"), items("available"))
    }
}

impl Verification {
    fn html(&self) -> String {
        table("Differences", &["kind", "what", "detail"], listed(self.field("found")))
    }

    fn text(&self) -> String {
        format!("<Verification files={} differences={}>", self.field("files"), self.field("differences"))
    }
}

impl Undoing {
    fn html(&self) -> String {
        table("Kept", &["kind", "what", "detail"], listed(self.field("found")))
    }

    fn text(&self) -> String {
        format!("<Undoing removed={} kept={}>", self.field("removed"), self.field("kept"))
    }
}

impl ProjectReport {
    fn html(&self) -> String {
        let text = |row: &Value, key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let mailboxes = self.field("mailboxes").as_array().into_iter().flatten();
        let rows = mailboxes.map(|row| vec![text(row, "destination"), text(row, "state"), text(row, "error")]);
        table("Project", &["destination", "state", "error"], rows)
    }

    fn text(&self) -> String {
        let columns = COLUMNS.map(|key| format!("{key}={}", count(self.field("totals"), key)));
        let state = |row: &Value| row.get("state").and_then(Value::as_str).unwrap_or_default().to_owned();
        let mailboxes = self.field("mailboxes").as_array().into_iter().flatten().map(state);
        let (done, not): (Vec<_>, Vec<_>) = mailboxes.partition(|state| state == "done" || state == "done_before");
        format!("<ProjectReport mailboxes={} not_done={} {}>", done.len() + not.len(), not.len(), columns.join(" "))
    }
}
