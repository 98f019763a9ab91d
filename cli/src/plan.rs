use crate::{
    Outcome, SOME_FAILED, args,
    interrupt::Interrupt,
    table,
    terminal::{complain, plain},
};
use indicatif::HumanBytes;
use mailferry::{
    convert::{ConvertOptions, Mapped, Plan, Size, plan},
    model::Role,
    platform::Target,
};
use std::{
    io::{self, Write},
    ops::ControlFlow,
    process::ExitCode,
};

pub(crate) fn run(arguments: &args::Plan) -> Outcome {
    let interrupt = Interrupt::catch();
    let mut options = ConvertOptions::default();
    options.read = arguments.source.reading.options();
    options.selection = arguments.selecting.selection();
    options.tagging = arguments.tagging.tagging();
    options.archive.zip_split = arguments.split;
    options.archive.placement = arguments.labels;
    options.archive.keep_folder_names = arguments.tagging.keep_folder_names;
    options.target = Some(arguments.target);
    let plan = plan(&arguments.source.sources, arguments.target, &options, &mut || match interrupt.is_asked() {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    })?;
    let mut out = io::stdout().lock();
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&plan)?)?;
    } else {
        print(&mut out, &plan, arguments.target)?;
    }
    if plan.failed > 0 {
        complain(format!("{} items or sources cannot be read", plan.failed));
    }
    Ok(if plan.is_clear() { ExitCode::SUCCESS } else { ExitCode::from(SOME_FAILED) })
}

/// Folders that the table has.
const MOST_FOLDERS: usize = 60;

/// Where each folder goes, those that change their names or are joined first.
fn print_mapping(out: &mut impl Write, plan: &Plan) -> io::Result<()> {
    if plan.mapping.is_empty() {
        return Ok(());
    }
    let (moved, stay): (Vec<_>, Vec<_>) = plan.mapping.iter().partition(|mapped| mapped.folder != mapped.target);
    let row = |mapped: &&Mapped| {
        let role = mapped.role.map_or("", Role::as_str);
        [plain(&mapped.folder), role.to_owned(), mapped.size.items.to_string(), plain(&mapped.target)]
    };
    let rows: Vec<_> = moved.iter().chain(&stay).take(MOST_FOLDERS).map(row).collect();
    writeln!(out)?;
    table::print(out, ["Folder", "role", "items", "goes to"], &rows)?;
    if plan.mapping.len() > MOST_FOLDERS {
        writeln!(out, "… and {} more, all of them with --json", plan.mapping.len() - MOST_FOLDERS)?;
    }
    Ok(())
}

fn print(out: &mut impl Write, plan: &Plan, target: &Target) -> io::Result<()> {
    writeln!(out, "{} items, {}, to {}", plan.available.items, HumanBytes(plan.available.bytes), target.title)?;
    writeln!(out)?;
    let row = |name: &str, size: &Size| [name.to_owned(), size.items.to_string(), HumanBytes(size.bytes).to_string()];
    let mut rows: Vec<_> = plan.kinds.iter().map(|(kind, size)| row(kind, size)).collect();
    rows.push(row("All", &plan.goes));
    table::print(out, ["Accepted", "items", "size"], &rows)?;
    print_mapping(out, plan)?;
    if !plan.refused.is_empty() {
        writeln!(out, "\nRejected")?;
        for refused in plan.refused.values() {
            let Size { items, bytes, .. } = refused.size;
            writeln!(out, "{items} items, {}: {}", HumanBytes(bytes), refused.because)?;
        }
    }
    if !plan.left_out.is_empty() {
        writeln!(out, "\nNot selected")?;
        for (reason, size) in &plan.left_out {
            writeln!(out, "{} items, {}: {reason}", size.items, HumanBytes(size.bytes))?;
        }
    }
    let missing = &plan.missing;
    let told = [
        (missing.from, "messages without From"),
        (missing.date, "messages without Date"),
        (missing.unparsable_date, "messages with an invalid Date"),
        (missing.message_id, "messages without Message-ID"),
        (missing.arrival, "messages without a date of arrival"),
        (plan.shortened_folders, "folders whose names will be shortened"),
    ];
    let told = told.into_iter().chain(plan.preflight.told()).filter(|(count, _)| *count > 0);
    let told: Vec<_> = told.collect();
    if !plan.flagged.is_empty() || !told.is_empty() {
        writeln!(out, "\nTo check")?;
        for (because, flagged) in &plan.flagged {
            writeln!(out, "{} × {because}", flagged.size.items)?;
            if !flagged.first.is_empty() {
                writeln!(out, "    items {}", flagged.first.join(" "))?;
            }
        }
        told.iter().try_for_each(|(count, what)| writeln!(out, "{count} × {what}"))?;
    }
    plan.problems.iter().try_for_each(|problem| writeln!(out, "{}", plain(problem)))?;
    writeln!(out)?;
    if let Some(parts) = plan.parts {
        writeln!(out, "Parts: at most about {parts}")?;
    }
    writeln!(out, "Space: at most {}", HumanBytes(plan.estimate.bytes))?;
    writeln!(out, "Time: about {} s", plan.estimate.seconds.max(1))
}
