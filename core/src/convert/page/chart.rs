use super::text::{Number, Text};
use crate::convert::Columns;
use std::io::{self, Write};

/// The drawing's own units; the page scales it.
const WIDTH: u64 = 640;
const BAR: u64 = 18;
const ROW: u64 = 26;
/// Where names end and bars start, and where bars end and numbers start.
const NAMES: u64 = 200;
const END: u64 = 560;
/// Characters of a name beside a bar: its end, by which folders of one folder differ.
const NAME: usize = 21;
/// The height of upright bars.
const HEIGHT: u64 = 180;

/// The columns in the order they are stacked.
fn stacked(columns: &Columns) -> [(&'static str, u64); 3] {
    [("migrated", columns.migrated), ("failed", columns.failed), ("skipped", columns.skipped)]
}

/// The part of `length` that `count` of `most` is; something for something.
fn scaled(count: u64, most: u64, length: u64) -> u64 {
    let scaled = u128::from(count) * u128::from(length) / u128::from(most.max(1));
    u64::try_from(scaled).unwrap_or(length).max(u64::from(count > 0))
}

/// Lying bars, a row each, as long as their items are many.
pub(super) fn lying(out: &mut impl Write, caption: &str, rows: &[(String, Columns)]) -> io::Result<()> {
    let most = rows.iter().map(|(_, columns)| columns.available).max().unwrap_or(0);
    let height = rows.len() as u64 * ROW + 4;
    writeln!(
        out,
        r#"<figure><figcaption>{caption}</figcaption><svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{caption}; the table below has the numbers">"#
    )?;
    for (number, (name, columns)) in (0..).zip(rows) {
        let y = number * ROW + 4;
        let text = y + 14;
        let short: String = match name.chars().count().checked_sub(NAME) {
            Some(beyond @ 1..) => ['…'].into_iter().chain(name.chars().skip(beyond + 1)).collect(),
            _ => name.clone(),
        };
        write!(
            out,
            r#"<g><title>{}: {}</title><text x="{}" y="{text}" text-anchor="end">{}</text>"#,
            Text(name),
            summary(columns),
            NAMES - 8,
            Text(&short)
        )?;
        let mut x = NAMES;
        for (class, count) in stacked(columns).into_iter().filter(|(_, count)| *count > 0) {
            let width = scaled(count, most, END - NAMES);
            write!(out, r#"<rect class="{class}" x="{x}" y="{y}" width="{width}" height="{BAR}"/>"#)?;
            x += width;
        }
        writeln!(out, r#"<text class="soft" x="{}" y="{text}">{}</text></g>"#, x + 6, Number(columns.available))?;
    }
    writeln!(out, "</svg></figure>")
}

/// Upright bars side by side.
pub(super) fn upright(out: &mut impl Write, caption: &str, bars: &[(String, Columns)]) -> io::Result<()> {
    let most = bars.iter().map(|(_, columns)| columns.available).max().unwrap_or(0);
    let step = ((WIDTH * 2 - 20) / (bars.len() as u64).max(1)).min(120);
    let width = (step * 7 / 10).max(1);
    let (canvas, foot) = (WIDTH * 2, HEIGHT + 20);
    let height = foot + 24;
    writeln!(
        out,
        r#"<figure class="wide"><figcaption>{caption}</figcaption><svg viewBox="0 0 {canvas} {height}" role="img" aria-label="{caption}; the table below has the numbers">"#
    )?;
    for (number, (name, columns)) in (0..).zip(bars) {
        let x = 10 + number * step;
        let middle = x + width / 2;
        write!(out, "<g><title>{}: {}</title>", Text(name), summary(columns))?;
        let mut y = foot;
        for (class, count) in stacked(columns).into_iter().filter(|(_, count)| *count > 0) {
            let tall = scaled(count, most, HEIGHT);
            y = y.saturating_sub(tall);
            write!(out, r#"<rect class="{class}" x="{x}" y="{y}" width="{width}" height="{tall}"/>"#)?;
        }
        if step >= 44 {
            write!(
                out,
                r#"<text class="soft" x="{middle}" y="{}" text-anchor="middle">{}</text>"#,
                y.saturating_sub(4),
                Number(columns.available)
            )?;
        }
        writeln!(out, r#"<text x="{middle}" y="{}" text-anchor="middle">{}</text></g>"#, foot + 16, Text(name))?;
    }
    writeln!(out, "</svg></figure>")
}

fn summary(columns: &Columns) -> String {
    let [migrated, failed, skipped] = stacked(columns).map(|(_, count)| Number(count));
    format!("{migrated} migrated, {failed} failed, {skipped} skipped")
}
