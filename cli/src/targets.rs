use crate::{Outcome, args, table};
use indicatif::HumanBytes;
use mailferry::platform::{Guide, Language, Limit, Target};
use std::{
    io::{self, Write},
    process::ExitCode,
};

pub(crate) fn run(arguments: &args::Targets) -> Outcome {
    let mut out = io::stdout().lock();
    match (arguments.json, arguments.target) {
        (true, Some(target)) => writeln!(out, "{}", crate::terminal::json(&[target], true)?)?,
        (true, None) => writeln!(out, "{}", crate::terminal::json(Target::all(), true)?)?,
        (false, Some(target)) => print(&mut out, target, arguments.lang)?,
        (false, None) => {
            let rows: Vec<_> = Target::all()
                .iter()
                .map(|target| [target.name.clone(), target.kinds.join(" "), target.form.clone(), target.title.clone()])
                .collect();
            table::print(&mut out, ["Target", "accepts", "as", "title"], &rows)?;
            writeln!(out, "\n`mailferry targets NAME` shows its limits, how to import there, and how that is known.")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print(out: &mut impl Write, target: &Target, language: Language) -> io::Result<()> {
    writeln!(out, "{}: {}", target.name, target.title)?;
    writeln!(out, "accepts {} as {}", target.kinds.join(", "), target.form)?;
    let packages: Vec<_> = target.packaging.iter().map(|package| package.describe()).collect();
    writeln!(out, "destination: {}", packages.join(", or "))?;
    for (kind, because) in &target.lacks {
        writeln!(out, "not {kind}: {because}")?;
    }
    for limit in &target.limits {
        writeln!(out, "limit: {}", limit_text(limit))?;
    }
    for document in &target.documents {
        writeln!(out, "adds {}", document.path)?;
    }
    if let Some(guide) = &target.guide {
        print_guide(out, guide, language)?;
    }
    writeln!(out, "\nHow this is known")?;
    for knowledge in &target.knowledge {
        writeln!(out, "- {} ({})", knowledge.claim, knowledge.status.as_str())?;
        if !knowledge.source.is_empty() {
            writeln!(out, "  {}", knowledge.source)?;
        }
    }
    Ok(())
}

fn print_guide(out: &mut impl Write, guide: &Guide, language: Language) -> io::Result<()> {
    for (at, (heading, advice)) in guide.chapters(language).into_iter().enumerate() {
        if advice.is_empty() {
            continue;
        }
        writeln!(out, "\n{heading}")?;
        for (number, advice) in (1..).zip(advice) {
            match at {
                0 => writeln!(out, "{number}. {}", advice.text(language))?,
                _ => writeln!(out, "- {}", advice.text(language))?,
            }
            advice.origin(language).map_or(Ok(()), |origin| writeln!(out, "   {origin}"))?;
        }
    }
    Ok(())
}

fn limit_text(limit: &Limit) -> String {
    let most = match (limit.octets, limit.items) {
        (Some(octets), _) => HumanBytes(octets).to_string(),
        (None, Some(items)) => items.to_string(),
        (None, None) => String::new(),
    };
    format!("{} ({most})", limit.because)
}
