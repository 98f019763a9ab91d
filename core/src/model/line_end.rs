use crate::source::{Content, ReadAt as _};
use std::io;

/// What ends the first line of a component or a card.
pub(super) fn line_end_of(content: &Content) -> io::Result<&'static str> {
    let mut first = [0; 128];
    let len = usize::try_from(content.len()).unwrap_or(first.len()).min(first.len());
    let first = first.get_mut(..len).unwrap_or_default();
    content.read_exact_at(0, first)?;
    let found = memchr::memchr2(b'\r', b'\n', first).and_then(|at| first.get(at..));
    Ok(match found {
        Some([b'\n', ..]) => "\n",
        Some([b'\r', b'\n', ..]) | Some([b'\r']) | None => "\r\n",
        Some(_) => "\r",
    })
}

/// What is missing behind a component or a card, its line ends LF: the end of the last line, and an `END` line for each of `unclosed`.
pub(super) fn closing_of(content: &Content, unclosed: &[Vec<u8>]) -> io::Result<String> {
    let mut last = [0];
    if let Some(at) = content.len().checked_sub(1) {
        content.read_exact_at(at, &mut last)?;
    }
    let mut closing = String::new();
    if !matches!(last, [b'\n' | b'\r']) {
        closing.push('\n');
    }
    for name in unclosed {
        closing += &format!("END:{}\n", String::from_utf8_lossy(name));
    }
    Ok(closing)
}
