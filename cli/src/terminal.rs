//! What may be sent to a terminal, and what becomes of it there.

use std::{
    fmt::Display,
    io::{self, Write},
};

/// Text of a mailbox for a terminal: characters that could steer it, or turn the order of others, are shown and not sent.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || is_bidi_control(c) { '\u{fffd}' } else { c }).collect()
}

/// Whether `c` is a control of the bidirectional algorithm (UAX #9, 2), by which text can pose as other text.
fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `value` in JSON, a character that a terminal obeys, or that makes text pose as other text, as its number.
pub(crate) fn json(value: &(impl serde::Serialize + ?Sized), pretty: bool) -> serde_json::Result<String> {
    let text = if pretty { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) }?;
    let is_obeyed = |c: char| (c.is_control() && !c.is_ascii_control()) || c == '\u{7f}' || is_bidi_control(c);
    if !text.contains(is_obeyed) {
        return Ok(text);
    }
    let mut escaped = String::new();
    for c in text.chars() {
        match is_obeyed(c) {
            true => escaped.push_str(&format!("\\u{:04x}", u32::from(c))),
            false => escaped.push(c),
        }
    }
    Ok(escaped)
}

/// Columns of a terminal that `text` takes.
pub(crate) fn width(text: &str) -> usize {
    console::measure_text_width(text)
}

/// Tells what went wrong, on standard error.
pub(crate) fn complain(what: impl Display) {
    // Where nobody listens there is nobody to tell.
    let _unheard = writeln!(io::stderr(), "mailferry: {}", plain(&what.to_string()));
}

/// Whether the reader of what is printed went away, as `head` does: nothing to complain about.
pub(crate) fn is_closed_pipe(error: &(dyn std::error::Error + 'static)) -> bool {
    let io = error.downcast_ref::<io::Error>().map(io::Error::kind);
    let json = error.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
    io.or(json) == Some(io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn what_could_steer_a_terminal_is_not_sent() {
        assert_eq!(
            plain("a\u{1b}[2Jb\u{9b}2Jc\u{7}\r\n\u{7f}"),
            "a\u{fffd}[2Jb\u{fffd}2Jc\u{fffd}\u{fffd}\u{fffd}\u{fffd}"
        );
        assert_eq!(plain("gnp.\u{202e}exe"), "gnp.\u{fffd}exe");
        assert_eq!(plain("Grüße, 東京 👩\u{200d}💻"), "Grüße, 東京 👩\u{200d}💻");
    }

    #[test]
    fn json_holds_no_character_that_a_terminal_obeys_and_is_read_back_as_it_was() {
        for text in ["\u{9b}31mred", "a\u{202e}b", "\u{2066}x\u{2069}", "\u{7f}\u{85}", "\u{1b}[2J", "Grüße 中文 😀"]
        {
            for pretty in [false, true] {
                let json = super::json(&serde_json::json!({ text: [text] }), pretty).unwrap();
                assert!(!json.chars().any(|c| c != '\n' && (c.is_control() || super::is_bidi_control(c))), "{json:?}");
                assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap()[text][0], text);
            }
        }
        assert_eq!(super::json("Grüße", false).unwrap(), "\"Grüße\"");
    }
}
