use crate::{
    Outcome, SOME_FAILED,
    args::Check,
    interrupt::Interrupt,
    terminal::{json, plain},
};
use mailferry::{
    pst::check::{CheckReport, Severity, check},
    source::FileSource,
};
use serde_json::Value;
use std::{
    io::{self, BufWriter, Write},
    process::ExitCode,
    sync::Arc,
};

/// Findings of a rule that are printed; a JSON object has more of them.
const OF_A_RULE: usize = 10;

pub(crate) fn run(arguments: &Check) -> Outcome {
    let interrupt = Interrupt::catch();
    let name = arguments.file.display().to_string();
    let source = FileSource::open(&arguments.file)?;
    let report = check(Arc::new(source), &interrupt.stop()).map_err(|error| error.in_file(name.clone()))?;
    let mut out = BufWriter::new(io::stdout().lock());
    if arguments.json {
        let mut object = serde_json::json!({ "file": name });
        if let (Some(object), Value::Object(rest)) = (object.as_object_mut(), serde_json::to_value(&report)?) {
            object.extend(rest);
        }
        writeln!(out, "{}", json(&object, true)?)?;
    } else {
        print(&mut out, &name, &report)?;
    }
    out.flush()?;
    Ok(if report.rules.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(SOME_FAILED) })
}

fn print(out: &mut dyn Write, name: &str, report: &CheckReport) -> io::Result<()> {
    for severity in [Severity::Error, Severity::Warning] {
        for rule in report.rules.iter().filter(|rule| rule.severity == severity) {
            let findings: Vec<_> = report.findings.iter().filter(|finding| finding.rule == rule.rule).collect();
            let Some(first) = findings.first() else { continue };
            let shown = findings.len().min(OF_A_RULE);
            let word = if severity == Severity::Error { "Error" } else { "Warning" };
            writeln!(out, "{word} {}: {} ({})", rule.rule, first.meaning, first.section)?;
            for finding in findings.iter().take(shown) {
                writeln!(out, "  {}: {}", finding.place, plain(&finding.found))?;
            }
            let more = rule.count.saturating_sub(shown as u64);
            if more > 0 {
                writeln!(out, "  and {more} more")?;
            }
        }
    }
    let CheckReport { layout, folders, messages, blocks, errors, warnings, .. } = report;
    let name = plain(name);
    writeln!(
        out,
        "{name}: {layout}, {folders} folders, {messages} messages, {blocks} blocks: {errors} errors, {warnings} warnings"
    )?;
    match report.advice {
        Some(advice) => writeln!(out, "{advice}"),
        None => Ok(()),
    }
}
