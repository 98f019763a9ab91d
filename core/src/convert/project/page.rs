//! The report of a project as a page for people.

use super::{MailboxReport, MailboxState, ProjectReport};
use crate::convert::{
    Columns,
    page::{CSS, Number, Size, Text},
};
use crate::order;
use std::{
    io::{self, Write},
    path::Path,
};

const SCRIPT: &str = include_str!("page.js");

impl ProjectReport {
    /// Writes the report as one HTML page that needs nothing else: a row for each mailbox, those that are not complete first; a click
    /// on a heading sorts by its column. A row tells the whole migration, and beside it what the last run did; where a mailbox has a
    /// page of its own, the row leads there, relative to `folder`, in which this page will be. `name` is what it calls the project.
    ///
    /// All data is escaped, and nothing is loaded from anywhere.
    ///
    /// ```
    /// use mailferry::convert::ProjectReport;
    /// use std::path::Path;
    ///
    /// let mut page = Vec::new();
    /// ProjectReport::default().write_page("mailboxes.csv", Path::new(""), &mut page)?;
    /// assert!(page.starts_with(b"<!DOCTYPE html>"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// What `out` says.
    pub fn write_page(&self, name: &str, folder: &Path, mut out: impl Write) -> io::Result<()> {
        let out = &mut out;
        writeln!(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">")?;
        writeln!(
            out,
            "<meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"generator\" content=\"mailferry\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src \
             'unsafe-inline'\">\n<title>Migration project {}</title>\n<style>{CSS}</style>\n</head>\n<body>",
            Text(name)
        )?;
        writeln!(out, "<header><h1>Migration project</h1><p><code>{}</code></p>", Text(name))?;
        let complete = self.mailboxes.iter().filter(|mailbox| mailbox.state.is_complete()).count() as u64;
        let of = self.mailboxes.len() as u64;
        let (class, verdict) = match (self.cancelled, of) {
            (true, _) => ("bad", "Stopped before it was complete"),
            (false, 0) => ("bad", "No mailbox was migrated"),
            (false, of) if complete == of => ("good", "Complete: nothing failed"),
            (false, _) => ("bad", "Incomplete"),
        };
        writeln!(out, "<p class=\"verdict {class}\">{verdict}</p>")?;
        writeln!(out, "<p>{} of {} mailboxes are complete.</p></header>\n<main>", Number(complete), Number(of))?;
        self.write_cards(out)?;
        let sampled: u64 = self.mailboxes.iter().map(|mailbox| mailbox.sampled).sum();
        if sampled > 0 {
            writeln!(
                out,
                "<p>This is a pilot: {} of the skipped items were only left out because they are not part of its sample.</p>",
                Number(sampled)
            )?;
        }
        self.write_table(folder, sampled > 0, out)?;
        writeln!(out, "</main>\n<script>{SCRIPT}</script>\n</body>\n</html>")
    }

    fn write_cards(&self, out: &mut impl Write) -> io::Result<()> {
        let whole = self.mailboxes.iter().fold(Columns::default(), |sum, mailbox| sum + mailbox.whole);
        writeln!(out, "<dl class=\"cards\">")?;
        let cards = [
            ("available", "in the sources", whole.available),
            ("migrated", "at their destinations", whole.migrated),
            ("failed", "could not be migrated", whole.failed),
            ("skipped", "left out", whole.skipped),
        ];
        for (class, what, count) in cards {
            writeln!(
                out,
                "<div class=\"{class}\"><dt>{class}</dt><dd>{}<small>{what}</small></dd></div>",
                Number(count)
            )?;
        }
        writeln!(out, "</dl>\n<p class=\"soft\">available = migrated + failed + skipped · {}</p>", Size(whole.bytes))
    }

    fn write_table(&self, folder: &Path, is_pilot: bool, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "<div class=\"scroll\"><table id=\"mailboxes\"><thead><tr>")?;
        let headings = ["mailbox", "state", "available", "migrated", "failed", "skipped"]
            .into_iter()
            .chain(is_pilot.then_some("of these, not in the sample"))
            .chain(["size", "last run", "new", "failed then", "note"]);
        for heading in headings {
            writeln!(out, "<th scope=\"col\"><button type=\"button\">{heading}</button></th>")?;
        }
        writeln!(out, "</tr></thead><tbody>")?;
        let mut mailboxes: Vec<_> = self.mailboxes.iter().collect();
        order::sort_by_key(&mut mailboxes, |mailbox| (mailbox.state.is_complete(), mailbox.line));
        for mailbox in mailboxes {
            mailbox.write_row(folder, is_pilot, out)?;
        }
        writeln!(out, "</tbody></table></div>")
    }
}

impl MailboxReport {
    fn write_row(&self, folder: &Path, is_pilot: bool, out: &mut impl Write) -> io::Result<()> {
        let destination = self.destination.to_string_lossy();
        let title = self.title();
        write!(out, "<tr><th scope=\"row\">")?;
        match self.page.as_ref().and_then(|page| reference(page, folder)) {
            Some(to) => write!(out, "<a href=\"{}\">{}</a>", Text(&to), Text(&title))?,
            None => write!(out, "{}", Text(&title))?,
        }
        if *title != *destination {
            write!(out, "<br><small class=\"soft\">{}</small>", Text(&destination))?;
        }
        let class = if self.state.is_complete() { "done" } else { "failed" };
        write!(out, "</th><td class=\"{class}\">{}</td>", self.state.title())?;
        let whole = self.whole;
        let figures = [
            Some(whole.available),
            Some(whole.migrated),
            Some(whole.failed),
            Some(whole.skipped),
            is_pilot.then_some(self.sampled),
        ];
        for figure in figures.into_iter().flatten() {
            write!(out, "<td class=\"n\" data-sort=\"{figure}\">{}</td>", Number(figure))?;
        }
        write!(out, "<td class=\"n\" data-sort=\"{}\">{}</td>", whole.bytes, Size(whole.bytes))?;
        let sync = self.sync.unwrap_or_default();
        let last = self.sync.map_or_else(String::new, |sync| format!("run {sync}"));
        write!(out, "<td class=\"n\" data-sort=\"{sync}\">{last}</td>")?;
        for figure in [self.columns.migrated, self.columns.failed] {
            write!(out, "<td class=\"n\" data-sort=\"{figure}\">{}</td>", Number(figure))?;
        }
        let notes: Vec<_> = self.error.iter().chain(self.defects.iter().take(3)).map(String::as_str).collect();
        writeln!(out, "<td>{}</td></tr>", Text(&notes.join(" · ")))
    }
}

impl MailboxState {
    /// What a person is told.
    fn title(self) -> &'static str {
        match self {
            Self::Done => "complete",
            Self::DoneBefore => "complete (earlier run)",
            Self::Incomplete => "incomplete",
            Self::NothingMigrated => "nothing migrated",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::NotStarted => "not started",
        }
    }
}

/// A path as a reference from a page in `folder` (RFC 3986); nothing where it lies elsewhere and is not absolute.
fn reference(path: &Path, folder: &Path) -> Option<String> {
    let (path, is_relative) = match path.strip_prefix(folder) {
        Ok(below) => (below, true),
        Err(_) => (path, !path.is_absolute()),
    };
    let path = path.to_str()?.replace('\\', "/");
    let mut escaped = String::from(if is_relative { "./" } else { "file://" });
    if !is_relative && !path.starts_with('/') {
        escaped.push('/');
    }
    for octet in path.bytes() {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' | b':' => {
                escaped.push(octet.into())
            }
            _ => escaped.push_str(&format!("%{octet:02X}")),
        }
    }
    Some(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_complete_comes_first_and_nothing_is_markup() {
        let mailbox = |line, name: &str, state| {
            let whole = Columns { available: 3, migrated: 2, failed: 0, skipped: 1, bytes: 10 };
            let (name, page) = (Some(name.to_owned()), Some("/p/a b/<x>.report.html".into()));
            MailboxReport { line, name, state, whole, sampled: 1, page, ..MailboxReport::default() }
        };
        let mailboxes = vec![mailbox(2, "<b>ann", MailboxState::Done), mailbox(3, "bob", MailboxState::Incomplete)];
        let report = ProjectReport { mailboxes, ..ProjectReport::default() };
        let mut page = Vec::new();
        report.write_page("p.csv", Path::new("/p"), &mut page).unwrap();
        let page = String::from_utf8(page).unwrap();
        assert!(
            page.find(">bob<").unwrap() < page.find("&lt;b>ann").unwrap_or_else(|| page.find("&lt;b&gt;ann").unwrap())
        );
        assert!(page.contains("href=\"./a%20b/%3Cx%3E.report.html\""), "{page}");
        assert!(
            page.contains("1 of 2 mailboxes are complete")
                && page.contains("2 of the skipped items were only left out")
        );
        assert!(page.contains("verdict bad") && !page.contains("<b>"));
    }

    #[test]
    fn pages_are_referred_to_from_where_the_page_is() {
        for (path, folder, expected) in [
            ("out/a.html", "", "./out/a.html"),
            ("/p/out/é.html", "/p", "./out/%C3%A9.html"),
            ("/q/a#b.html", "/p", "file:///q/a%23b.html"),
            ("javascript:x", "", "./javascript:x"),
        ] {
            assert_eq!(reference(Path::new(path), Path::new(folder)).as_deref(), Some(expected));
        }
    }
}
