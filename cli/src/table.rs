use crate::terminal;
use std::io::{self, Write};

/// Prints rows under a heading, the first column to the left and the others to the right, as wide as they need be.
pub(crate) fn print<const N: usize>(
    out: &mut (impl Write + ?Sized),
    heading: [&str; N],
    rows: &[[String; N]],
) -> io::Result<()> {
    let mut widths = heading.map(terminal::width);
    for row in rows {
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = (*widest).max(terminal::width(cell));
        }
    }
    print_row(out, &heading.map(str::to_owned), &widths)?;
    rows.iter().try_for_each(|row| print_row(out, row, &widths))
}

fn print_row<const N: usize>(
    out: &mut (impl Write + ?Sized),
    row: &[String; N],
    widths: &[usize; N],
) -> io::Result<()> {
    let mut line = String::new();
    for (i, (cell, widest)) in row.iter().zip(widths).enumerate() {
        let pad = " ".repeat(widest.saturating_sub(terminal::width(cell)));
        line += &if i == 0 { format!("{cell}{pad}") } else { format!("  {pad}{cell}") };
    }
    writeln!(out, "{}", line.trim_end())
}
