/// Prints rows under a heading, the first column to the left and the others to the right, as wide as they need be.
pub(crate) fn print<const N: usize>(heading: [&str; N], rows: &[[String; N]]) {
    let mut widths = heading.map(width);
    for row in rows {
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = (*widest).max(width(cell));
        }
    }
    print_row(&heading.map(str::to_owned), &widths);
    for row in rows {
        print_row(row, &widths);
    }
}

fn print_row<const N: usize>(row: &[String; N], widths: &[usize; N]) {
    let mut line = String::new();
    for (i, (cell, widest)) in row.iter().zip(widths).enumerate() {
        let pad = " ".repeat(widest.saturating_sub(width(cell)));
        line += &if i == 0 { format!("{cell}{pad}") } else { format!("  {pad}{cell}") };
    }
    println!("{}", line.trim_end());
}

/// Columns of a terminal that `text` takes.
fn width(text: &str) -> usize {
    console::measure_text_width(text)
}

/// Text of a mailbox for a terminal: control characters, which could steer it, are shown and not sent.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
