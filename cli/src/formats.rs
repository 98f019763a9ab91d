use crate::{Outcome, args, table};
use mailferry::read::{FORMATS, LAYOUTS};
use std::{
    io::{self, Write},
    process::ExitCode,
};

pub(crate) fn run(arguments: &args::Formats) -> Outcome {
    let mut out = io::stdout().lock();
    if arguments.json {
        let formats: Vec<_> = FORMATS
            .iter()
            .map(|format| {
                serde_json::json!({
                    "name": format.name,
                    "title": format.title,
                    "extensions": format.extensions,
                    "mediaTypes": format.media_types,
                })
            })
            .collect();
        writeln!(out, "{}", crate::terminal::json(&formats, true)?)?;
    } else {
        let rows: Vec<_> = FORMATS
            .iter()
            .map(|format| [format.name.to_owned(), format.extensions.join(" "), format.title.to_owned()])
            .collect();
        table::print(&mut out, ["Format", "extensions", "title"], &rows)?;
        let rows: Vec<_> = LAYOUTS.iter().map(|layout| [layout.name.to_owned(), layout.title.to_owned()]).collect();
        writeln!(out)?;
        table::print(&mut out, ["Directory or archive", "title"], &rows)?;
    }
    Ok(ExitCode::SUCCESS)
}
