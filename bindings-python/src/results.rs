//! What is told of conversions, as plain data.

use crate::{
    document::{by_number, document, table},
    error::{PROJECT, of_kind, raised},
};
use mailferry::convert::{REPORT, SyncPaths};
use pyo3::{prelude::*, types::PyDict};
use serde_json::Value;
use std::path::Path;

document! {
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
    ProjectReport {
        cancelled,
        totals,
        mailboxes,
    }
    with {
        #[doc = stub!("ProjectReport.failed")]
        #[getter]
        fn failed<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
            crate::document::to_python(py, &Value::Array(self.incomplete().cloned().collect()))
        }

        #[doc = stub!("ProjectReport.reports")]
        #[getter]
        #[expect(clippy::disallowed_methods, reason = "our own report, whose path the project tells")]
        fn reports<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
            let reports = PyDict::new(py);
            for row in self.rows() {
                let Some(destination) = row.get("destination").and_then(Value::as_str) else { continue };
                let sync = row.get("sync").and_then(Value::as_u64).and_then(|sync| u32::try_from(sync).ok());
                let path = SyncPaths::new(Path::new(destination), sync.unwrap_or(1)).beside(REPORT);
                match std::fs::read(&path) {
                    Ok(octets) => {
                        let named = |wrong: serde_json::Error| of_kind(py, "malformed", &format!("{}: {wrong}", path.display()), None);
                        reports.set_item(destination, Report { json: serde_json::from_slice(&octets).map_err(named)? })?;
                    }
                    // It could not be begun.
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                    Err(error) => return Err(raised(py, &mailferry::Error::from(error).in_file(path.to_string_lossy()))),
                }
            }
            Ok(reports)
        }

        #[doc = stub!("ProjectReport.raise_for_failures")]
        fn raise_for_failures(slf: &Bound<'_, Self>) -> PyResult<()> {
            let this = slf.get();
            let failed: Vec<String> = this.incomplete().map(one_line).collect();
            if failed.is_empty() {
                return Ok(());
            }
            let more = failed.len().saturating_sub(MOST_NAMED);
            let more = if more > 0 { format!("; and {more} more") } else { String::new() };
            let named = failed.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join("; ");
            let all = this.rows().count();
            let message = format!("{} of {all} mailboxes are not complete: {named}{more}", failed.len());
            let error = of_kind(slf.py(), PROJECT, &message, None);
            error.value(slf.py()).setattr("report", slf)?;
            Err(error)
        }
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
    /// Whether everything came through.
    pub(crate) fn is_complete(&self) -> bool {
        self.field("outcome").get("state").and_then(Value::as_str) == Some("complete")
    }

    /// What it amounts to, for a log.
    pub(crate) fn summary(&self) -> String {
        self.text().trim_matches(['<', '>']).to_owned()
    }

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

/// Mailboxes that a message names.
const MOST_NAMED: usize = 5;

/// A mailbox in a few words.
fn one_line(row: &Value) -> String {
    let text = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default();
    let why = if text("error").is_empty() { String::new() } else { format!(": {}", text("error")) };
    format!("{} ({}{why})", text("destination"), text("state"))
}

impl ProjectReport {
    fn rows(&self) -> impl Iterator<Item = &Value> {
        self.field("mailboxes").as_array().into_iter().flatten()
    }

    /// The mailboxes that are not complete.
    fn incomplete(&self) -> impl Iterator<Item = &Value> {
        let is_complete =
            |row: &Value| matches!(row.get("state").and_then(Value::as_str), Some("done" | "done_before"));
        self.rows().filter(move |row| !is_complete(row))
    }

    fn html(&self) -> String {
        let text = |row: &Value, key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let mailboxes = self.field("mailboxes").as_array().into_iter().flatten();
        let rows = mailboxes.map(|row| vec![text(row, "destination"), text(row, "state"), text(row, "error")]);
        table("Project", &["destination", "state", "error"], rows)
    }

    fn text(&self) -> String {
        let columns = COLUMNS.map(|key| format!("{key}={}", count(self.field("totals"), key)));
        let first = self.incomplete().next().map(|row| format!(": {}", one_line(row))).unwrap_or_default();
        let (all, failed) = (self.rows().count(), self.incomplete().count());
        format!("<ProjectReport mailboxes={all} {} not_done={failed}{first}>", columns.join(" "))
    }
}
