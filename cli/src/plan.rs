use crate::{
    Outcome, SOME_FAILED, args,
    interrupt::Interrupt,
    project, table,
    terminal::{complain, plain},
};
use indicatif::HumanBytes;
use mailferry::{
    Error, ErrorKind,
    convert::{ConvertOptions, Flagged, Mapped, Place, Plan, ProjectMailbox, Selector, Size, plan},
    model::Role,
    platform::Target,
    read::{Event, Mailbox},
};
use std::{
    collections::BTreeMap,
    io::{self, Write},
    ops::ControlFlow,
    path::Path,
    process::ExitCode,
};

pub(crate) fn run(arguments: &args::Plan) -> Outcome {
    let interrupt = Interrupt::catch();
    if let [path] = &*arguments.source.sources
        && project::is_project(path)
    {
        return project(path, arguments.pilot, arguments.json);
    }
    let target = arguments.target.ok_or("--target NAME is needed: see `mailferry targets` for the platforms")?;
    let mut options = ConvertOptions::default();
    options.read = arguments.source.reading.options();
    options.selection = arguments.selecting.selection();
    options.tagging = arguments.tagging.tagging();
    options.archive.zip_split = arguments.split;
    options.archive.placement = arguments.labels;
    options.archive.keep_folder_names = arguments.tagging.keep_folder_names;
    options.target = Some(target);
    let plan = plan(&arguments.source.sources, target, &options, &mut |_, _| match interrupt.is_asked() {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    })?;
    let mut out = io::stdout().lock();
    if arguments.json {
        writeln!(out, "{}", crate::terminal::json(&plan, true)?)?;
    } else {
        print(&mut out, &plan, target)?;
    }
    if plan.failed > 0 {
        complain(format!("{} items or sources cannot be read", plan.failed));
    }
    Ok(if plan.is_clear() { ExitCode::SUCCESS } else { ExitCode::from(SOME_FAILED) })
}

/// The same for each mailbox of the table at `path`, with the options of its row.
pub(crate) fn project(path: &Path, pilot: bool, json: bool) -> Outcome {
    let interrupt = Interrupt::catch();
    let mut observe = |_, _| if interrupt.is_asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    project::each(path, pilot, json, |out, mailbox| {
        let options = mailbox.options.as_ref().map_err(ToString::to_string)?;
        let Some(target) = options.target else {
            let (items, bytes) = count(mailbox, options, &mut || observe(0, None))?;
            if !json {
                writeln!(
                    out,
                    "{items} items, {}, all of which can be written: the row has no target",
                    HumanBytes(bytes)
                )?;
            }
            return Ok((serde_json::json!({ "goes": { "items": items, "bytes": bytes } }), true));
        };
        let plan = plan(&mailbox.sources, target, options, &mut observe)?;
        if !json {
            print(out, &plan, target)?;
        }
        Ok((serde_json::to_value(&plan)?, plan.is_clear()))
    })
}

/// The items that are selected, and their octets.
fn count(
    mailbox: &ProjectMailbox,
    options: &ConvertOptions,
    observe: &mut dyn FnMut() -> ControlFlow<()>,
) -> mailferry::Result<(u64, u64)> {
    let all = || {
        let mut all = Mailbox::new(options.read.clone());
        mailbox.sources.iter().for_each(|source| all.add_path(source));
        all
    };
    let mut items = all();
    items.start()?;
    let mut selector = Selector::surveying(&options.selection, all(), &mut |_| observe())?;
    let (mut source, mut count, mut bytes) = (0, 0, 0_u64);
    while let Some(event) = items.next_event() {
        match event {
            Event::Opened(_) => source += 1,
            Event::Failed { error, .. } => return Err(error),
            Event::Item(mut item) => {
                let place = Place { source, ordinal: item.origin.ordinal };
                if selector.decide(&mut item, place).is_none() {
                    count += 1;
                    bytes = bytes.saturating_add(item.size());
                }
            }
            _ => {}
        }
        if observe().is_break() {
            return Err(Error::new(ErrorKind::Cancelled, "stopped before everything was read"));
        }
    }
    Ok((count, bytes))
}

/// Folders that the table has.
const MOST_FOLDERS: usize = 60;

/// Where each folder goes, those that change their names or are joined first.
fn print_mapping(out: &mut dyn Write, plan: &Plan) -> io::Result<()> {
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

fn print(out: &mut dyn Write, plan: &Plan, target: &Target) -> io::Result<()> {
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
    if !plan.mended.is_empty() {
        writeln!(out, "\nTo be mended")?;
        print_flagged(out, &plan.mended)?;
    }
    let missing = &plan.missing;
    let notes = [
        (missing.from, "messages without From"),
        (missing.date, "messages without Date"),
        (missing.unparsable_date, "messages with an invalid Date"),
        (missing.message_id, "messages without Message-ID"),
        (missing.arrival, "messages without a date of arrival"),
        (plan.shortened_folders, "folders whose names will be shortened"),
    ];
    let notes = notes.into_iter().chain(plan.preflight.counts()).filter(|(count, _)| *count > 0);
    let notes: Vec<_> = notes.collect();
    if !plan.flagged.is_empty() || !notes.is_empty() {
        writeln!(out, "\nTo check")?;
        print_flagged(out, &plan.flagged)?;
        notes.iter().try_for_each(|(count, what)| writeln!(out, "{count} × {what}"))?;
    }
    plan.problems.iter().try_for_each(|problem| writeln!(out, "{}", plain(problem)))?;
    writeln!(out)?;
    if let Some(parts) = plan.parts {
        writeln!(out, "Parts: at most about {parts}")?;
    }
    writeln!(out, "Space: at most {}", HumanBytes(plan.estimate.bytes))?;
    writeln!(out, "Time: about {} s", plan.estimate.seconds.max(1))
}

/// How many items, of what, and which first.
fn print_flagged(out: &mut dyn Write, rows: &BTreeMap<String, Flagged>) -> io::Result<()> {
    for (what, flagged) in rows {
        writeln!(out, "{} × {}", flagged.size.items, plain(what))?;
        if !flagged.first.is_empty() {
            writeln!(out, "    items {}", flagged.first.join(" "))?;
        }
    }
    Ok(())
}
