//! The report as a page for people.

mod chart;
mod text;

use super::{Columns, Outcome, Report, Status};
use crate::order;
use crate::platform::{Language, Target};
use serde::Deserialize;
use std::{
    borrow::Cow,
    collections::BTreeMap,
    io::{self, BufRead, Read, Write},
};
pub(super) use text::{Number, Size, Text};

/// Failed and skipped items of one reason that the page lists.
const MOST_OF_REASON: u64 = 2_000;
/// Such items of all reasons.
const MOST_ITEMS: u64 = 20_000;
/// Octets of rows that wait for others.
const MOST_WAITING: usize = 8 << 20;
/// Folders that have a row, and a bar.
const MOST_FOLDERS: usize = 1_000;
const MOST_BARS: usize = 20;
/// Years that have a bar.
const MOST_YEARS: usize = 28;
/// Octets of one line of the log.
const MOST_LINE: u64 = 16 << 20;

pub(super) const CSS: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

impl Report {
    /// Writes the report as one HTML page that needs nothing else: the columns, charts by folder, kind and year, sizes, and
    /// the failed and skipped items of `log`, which can be searched. `name` is what the page calls the destination, and
    /// `log_name` where it says that all lines are.
    ///
    /// The log is read once, a line at a time. Of each reason the page lists 2,000 items at most, and 20,000 in all, and says
    /// so; all data is escaped, and nothing is loaded from anywhere.
    ///
    /// ```
    /// use mailferry::convert::Report;
    ///
    /// let mut page = Vec::new();
    /// Report::default().write_page("archive.zip", "archive.zip.items.jsonl", std::io::empty(), &mut page)?;
    /// assert!(page.starts_with(b"<!DOCTYPE html>"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// What `log` or `out` says. A line of the log that is none is skipped.
    pub fn write_page(&self, name: &str, log_name: &str, log: impl BufRead, mut out: impl Write) -> io::Result<()> {
        let out = &mut out;
        self.write_head(name, out)?;
        self.write_figures(out)?;
        self.write_items(log_name, log, out)?;
        self.write_tables(out)?;
        self.write_guide(out)?;
        writeln!(
            out,
            "</main><footer><p class=\"soft\">mailferry {}. Every item, the migrated ones too, has a line in <code>{}</code>.</p></footer>",
            Text(&self.version),
            Text(log_name)
        )?;
        writeln!(out, "<script>{SCRIPT}</script>\n</body>\n</html>")
    }

    fn write_head(&self, name: &str, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">")?;
        writeln!(
            out,
            "<meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"generator\" content=\"mailferry\">"
        )?;
        writeln!(
            out,
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">"
        )?;
        writeln!(out, "<title>Migration to {}</title>\n<style>{CSS}</style>\n</head>\n<body>", Text(name))?;
        writeln!(out, "<header><h1>Migration report</h1><p>To <code>{}</code></p>", Text(name))?;
        let outcome = self.outcome();
        let (class, verdict) = match &outcome {
            Outcome::Complete => ("good", "Complete: nothing failed"),
            _ if self.cancelled || self.error.is_some() => ("bad", "Stopped before it was complete"),
            Outcome::NothingMigrated(_) => ("bad", "Nothing was migrated"),
            Outcome::Incomplete(_) => ("bad", "Incomplete"),
        };
        writeln!(out, "<p class=\"verdict {class}\">{verdict}</p>")?;
        outcome.reasons().iter().try_for_each(|reason| writeln!(out, "<p>{}</p>", Text(&reason.to_string())))?;
        writeln!(out, "</header>\n<main>\n<dl class=\"cards\">")?;
        let Columns { available, migrated, failed, skipped, bytes } = self.totals;
        let share = |part: u64| match available {
            0 => String::new(),
            _ => format!("{:.1} %", part as f64 * 100.0 / available as f64),
        };
        let cards = [
            ("available", "in the sources", available, String::new()),
            ("migrated", "written", migrated, format!("{}, {}", share(migrated), Size(bytes))),
            ("failed", "could not be migrated", failed, share(failed)),
            ("skipped", "left out; the reasons are below", skipped, share(skipped)),
        ];
        for (class, what, count, more) in cards {
            writeln!(
                out,
                "<div class=\"{class}\"><dt>{class}</dt><dd>{}<small>{what}</small><small>{more}</small></dd></div>",
                Number(count)
            )?;
        }
        writeln!(out, "</dl>\n<p class=\"soft\">available = migrated + failed + skipped")?;
        if let Some(seconds) = self.seconds {
            writeln!(out, " · {seconds:.1} s")?;
        }
        writeln!(out, "</p>")
    }

    /// How to import what was written, where it was written for a target.
    fn write_guide(&self, out: &mut impl Write) -> io::Result<()> {
        let name = self.options.as_ref().and_then(|options| options.get("target")?.as_str());
        let Some(target) = name.and_then(|name| Target::named(name).ok()) else { return Ok(()) };
        let Some(guide) = &target.guide else { return Ok(()) };
        for language in Language::ALL {
            let heading = match language {
                Language::English => "How to import it",
                Language::French => "Comment l’importer",
            };
            let open = if *language == Language::English { " open" } else { "" };
            writeln!(
                out,
                "<details class=\"guide\" lang=\"{language}\"{open}><summary><h2>{heading}: {}</h2></summary>",
                Text(&target.title)
            )?;
            for (at, (heading, advice)) in guide.chapters(*language).into_iter().enumerate() {
                if advice.is_empty() {
                    continue;
                }
                let list = if at == 0 { "ol" } else { "ul" };
                writeln!(out, "<h3>{}</h3><{list}>", Text(heading))?;
                for advice in advice {
                    write!(out, "<li>{}", Text(advice.text(*language)))?;
                    if let Some(origin) = advice.origin(*language) {
                        write!(out, "<br><small class=\"soft\">{}</small>", Text(&origin))?;
                    }
                    writeln!(out, "</li>")?;
                }
                writeln!(out, "</{list}>")?;
            }
            writeln!(out, "</details>")?;
        }
        Ok(())
    }

    fn write_figures(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "<section aria-labelledby=\"figures\"><h2 id=\"figures\">At a glance</h2>")?;
        writeln!(
            out,
            "<p class=\"key\"><span><i class=\"migrated\"></i>migrated</span><span><i class=\"failed\"></i>failed</span><span><i class=\"skipped\"></i>skipped</span></p><div class=\"charts\">"
        )?;
        let (earlier, years) = self.years_shown();
        if !years.is_empty() {
            let caption = if earlier { "Items by year, the latest" } else { "Items by year" };
            chart::upright(out, caption, &years)?;
        }
        let mut folders: Vec<_> =
            self.folders.iter().map(|(name, folder)| (shown(name).to_owned(), folder.columns)).collect();
        order::sort_by_key(&mut folders, |(_, columns)| std::cmp::Reverse(columns.available));
        if let Some(rest) = folders.get(MOST_BARS..).filter(|rest| !rest.is_empty()) {
            let sum = rest.iter().fold(Columns::default(), |sum, (_, columns)| sum + *columns);
            let others = (format!("({} others)", rest.len()), sum);
            folders.truncate(MOST_BARS);
            folders.push(others);
        }
        chart::lying(out, "Items by folder", &folders)?;
        let kinds: Vec<_> = self.kinds.iter().map(|(kind, columns)| (kind.to_string(), *columns)).collect();
        chart::lying(out, "Items by kind", &kinds)?;
        writeln!(out, "</div></section>")
    }

    /// The years that have a bar, and whether there are earlier ones.
    fn years_shown(&self) -> (bool, Vec<(String, Columns)>) {
        let passed = self.years.len().saturating_sub(MOST_YEARS);
        let years = self.years.iter().skip(passed).map(|(year, columns)| (year.to_string(), *columns));
        (passed > 0, years.collect())
    }

    fn write_tables(&self, out: &mut impl Write) -> io::Result<()> {
        let rows = self.folders.iter().take(MOST_FOLDERS).map(|(name, folder)| {
            let role = folder.role.as_ref().map(|role| format!(" ({role})")).unwrap_or_default();
            (shown(name).to_owned() + &role, folder.columns)
        });
        let rest = self.folders.values().skip(MOST_FOLDERS).map(|folder| folder.columns).reduce(|sum, more| sum + more);
        let rest = rest.map(|columns| ("(all other folders)".to_owned(), columns));
        self.write_table("Folders", "Folder", rows.chain(rest), out)?;
        self.write_table("Kinds", "Kind", self.kinds.iter().map(|(kind, columns)| (kind.to_string(), *columns)), out)?;
        let dated = self.years.values().fold(Columns::default(), |sum, columns| sum + *columns);
        let undated = self.totals.available.saturating_sub(dated.available);
        self.write_table(
            "Years",
            "Year, in UTC",
            self.years.iter().map(|(year, columns)| (year.to_string(), *columns)),
            out,
        )?;
        if undated > 0 {
            writeln!(out, "<p class=\"soft\">{} items have no date.</p>", Number(undated))?;
        }
        counted("Warnings", "of migrated items; they are in the log", &self.warnings, out)?;
        writeln!(
            out,
            "<section aria-labelledby=\"sources\"><h2 id=\"sources\">Sources</h2><div class=\"scroll\"><table><thead><tr><th scope=\"col\">Source</th><th scope=\"col\">Format</th><th scope=\"col\" class=\"n\">Items</th><th scope=\"col\" class=\"n\">Size</th><th scope=\"col\">What was wrong with it</th></tr></thead><tbody>"
        )?;
        for source in self.sources.iter().take(MOST_FOLDERS) {
            let size = source.fingerprint.as_ref().map(|fingerprint| Size(fingerprint.bytes).to_string());
            write!(
                out,
                "<tr><td><bdi>{}</bdi></td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td>",
                Text(&source.file),
                Text(&source.format),
                Number(source.items),
                size.unwrap_or_default()
            )?;
            if let Some(place) = &source.cut_short {
                write!(out, "<p><strong>cut short</strong>: {}</p>", Text(place))?;
            }
            for wrong in source.error.iter().chain(source.defects.iter().take(10)) {
                write!(out, "<p>{}</p>", Text(wrong))?;
            }
            if source.defects.len() > 10 {
                write!(out, "<p>… and {} more in the report</p>", source.defects.len() - 10)?;
            }
            writeln!(out, "</td></tr>")?;
        }
        writeln!(out, "</tbody></table></div>")?;
        if self.sources.len() > MOST_FOLDERS {
            writeln!(
                out,
                "<p class=\"soft\">… and {} more sources.</p>",
                Number((self.sources.len() - MOST_FOLDERS) as u64)
            )?;
        }
        writeln!(out, "</section>")
    }

    fn write_table(
        &self,
        title: &str,
        heading: &str,
        rows: impl Iterator<Item = (String, Columns)>,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let mut rows = rows.peekable();
        if rows.peek().is_none() {
            return Ok(());
        }
        writeln!(
            out,
            "<section><h2>{title}</h2><div class=\"scroll\"><table><thead><tr><th scope=\"col\">{heading}</th><th scope=\"col\" class=\"n\">available</th><th scope=\"col\" class=\"n\">migrated</th><th scope=\"col\" class=\"n\">failed</th><th scope=\"col\" class=\"n\">skipped</th><th scope=\"col\" class=\"n\">size</th></tr></thead><tbody>"
        )?;
        let mut row = |name: &str, columns: &Columns| {
            let Columns { available, migrated, failed, skipped, bytes } = columns;
            write!(out, "<tr><th scope=\"row\"><bdi>{}</bdi></th>", Text(name))?;
            for count in [available, migrated, failed, skipped] {
                write!(out, "<td class=\"n\">{}</td>", Number(*count))?;
            }
            writeln!(out, "<td class=\"n\">{}</td></tr>", Size(*bytes))
        };
        rows.try_for_each(|(name, columns)| row(&name, &columns))?;
        writeln!(out, "</tbody></table></div></section>")
    }

    fn write_items(&self, log_name: &str, log: impl BufRead, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "<section aria-labelledby=\"left\"><h2 id=\"left\">Failed and skipped items</h2>")?;
        if self.reasons.is_empty() {
            return writeln!(out, "<p>None.</p></section>");
        }
        counted("Reasons", "of items that failed or were skipped", &self.reasons, out)?;
        let hidden = self.reasons.values().any(|count| *count > MOST_OF_REASON)
            || self.reasons.values().sum::<u64>() > MOST_ITEMS;
        if hidden {
            writeln!(
                out,
                "<p>The first {} items of each reason are listed, and of those that failed and of those that were skipped at most {}; every one is in <code>{}</code>.</p>",
                Number(MOST_OF_REASON),
                Number(MOST_ITEMS),
                Text(log_name)
            )?;
        }
        write!(
            out,
            "<div class=\"find\" role=\"search\" hidden><label>Search<input id=\"words\" type=\"search\" placeholder=\"words of a subject, folder, reason, id …\"></label><label>Reason<select id=\"status\"><option value=\"\">all</option>"
        )?;
        for reason in self.reasons.keys() {
            write!(out, "<option>{}</option>", Text(reason))?;
        }
        writeln!(out, "</select></label><output id=\"found\" aria-live=\"polite\"></output></div>")?;
        writeln!(
            out,
            "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">Item</th><th scope=\"col\">Status</th><th scope=\"col\">Why</th><th scope=\"col\">Kind</th><th scope=\"col\">Date</th><th scope=\"col\">Folder</th><th scope=\"col\">Subject</th><th scope=\"col\" class=\"n\">Size</th></tr></thead><tbody id=\"items\">"
        )?;
        write_rows(log, out)?;
        writeln!(out, "</tbody></table></div></section>")
    }
}

/// What a row tells of a line of the log.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    folder: Cow<'a, str>,
    status: Status,
    reason: Option<String>,
    duplicate_of: Option<String>,
    received_at: Option<String>,
    subject: Option<String>,
    size: Option<u64>,
}

/// The rows of the items of the log that failed, and then of those that were skipped, as many as are listed.
fn write_rows(mut log: impl BufRead, out: &mut impl Write) -> io::Result<()> {
    let mut listed: BTreeMap<String, u64> = BTreeMap::new();
    let (mut failed, mut skipped) = (0, 0);
    let mut skipped_rows = Vec::new();
    let mut line = Vec::new();
    while failed < MOST_ITEMS {
        line.clear();
        if log.by_ref().take(MOST_LINE).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        // Most lines are of migrated items, and need not be understood.
        if memchr::memmem::find(&line, br#""status":"migrated""#).is_some() {
            continue;
        }
        let Ok(item) = serde_json::from_slice::<Row<'_>>(&line) else { continue };
        if item.status == Status::Migrated {
            continue;
        }
        let why = item.reason.unwrap_or_default();
        let reason = why.split(':').next().unwrap_or_default();
        let count = listed.entry(reason.to_owned()).or_default();
        *count += 1;
        if *count > MOST_OF_REASON {
            continue;
        }
        let class = if item.status == Status::Failed { "failed" } else { "skipped" };
        let out: &mut dyn Write = match item.status {
            Status::Failed => {
                failed += 1;
                out
            }
            // They wait for those that failed, however many of them come first.
            _ if skipped < MOST_ITEMS && skipped_rows.len() < MOST_WAITING => {
                skipped += 1;
                &mut skipped_rows
            }
            _ => continue,
        };
        let kept = item.duplicate_of.map(|id| format!(" of {id}")).unwrap_or_default();
        let date = item.received_at.as_deref().and_then(|date| date.get(..10)).unwrap_or("");
        let size = item.size.map(|size| Size(size).to_string()).unwrap_or_default();
        writeln!(
            out,
            "<tr data-reason=\"{}\"><td class=\"id\">{}</td><td class=\"{class}\">{class}</td><td>{}{}</td><td>{}</td><td class=\"date\">{}</td><td><bdi>{}</bdi></td><td><bdi>{}</bdi></td><td class=\"n\">{size}</td></tr>",
            Text(reason),
            Text(&item.id),
            Text(&why),
            Text(&kept),
            Text(&item.kind),
            Text(date),
            Text(&item.folder),
            Text(item.subject.as_deref().unwrap_or("")),
        )?;
    }
    out.write_all(&skipped_rows)
}

/// A table of counts, the largest first.
fn counted(title: &str, of_what: &str, counts: &BTreeMap<String, u64>, out: &mut impl Write) -> io::Result<()> {
    if counts.is_empty() {
        return Ok(());
    }
    let mut counts: Vec<_> = counts.iter().collect();
    order::sort_by_key(&mut counts, |(_, count)| std::cmp::Reverse(**count));
    writeln!(
        out,
        "<section><h3>{title}</h3><p class=\"soft\">{of_what}</p><table><thead><tr><th scope=\"col\">Name</th><th scope=\"col\" class=\"n\">items</th></tr></thead><tbody>"
    )?;
    for (name, count) in counts {
        writeln!(out, "<tr><th scope=\"row\">{}</th><td class=\"n\">{}</td></tr>", Text(name), Number(*count))?;
    }
    writeln!(out, "</tbody></table></section>")
}

/// What stands for the folder without a name.
fn shown(folder: &str) -> &str {
    if folder.is_empty() { "(no folder)" } else { folder }
}
