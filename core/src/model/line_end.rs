use crate::source::Content;
use std::io;

/// What ends the first line of a component or a card.
pub(super) fn line_end_of(content: &Content) -> io::Result<&'static str> {
    let first = start_of(content)?;
    let found = memchr::memchr2(b'\r', b'\n', &first).and_then(|at| first.get(at..));
    Ok(match found {
        Some([b'\n', ..]) => "\n",
        Some([b'\r', b'\n', ..]) | Some([b'\r']) | None => "\r\n",
        Some(_) => "\r",
    })
}

fn start_of(content: &Content) -> io::Result<Vec<u8>> {
    let mut first = Vec::new();
    content.slice(0..128).write_to(&mut first)?;
    Ok(first)
}

/// What is missing behind a component or a card, its line ends LF: the end of the last line, and an `END` line for each of `unclosed`.
pub(super) fn closing_of(content: &Content, unclosed: &[Vec<u8>]) -> io::Result<String> {
    let mut last = Vec::new();
    content.slice(content.len().saturating_sub(1)..content.len()).write_to(&mut last)?;
    let mut closing = String::new();
    if !matches!(last.as_slice(), b"\n" | b"\r") {
        closing.push('\n');
    }
    for name in unclosed {
        closing += &format!("END:{}\n", String::from_utf8_lossy(name));
    }
    Ok(closing)
}
