//! Lines as such: their charset, folds, and what is no content line.

use crate::{
    content_line::{ContentLine, Marker, Property, RawParameter, decode_quoted_printable, decode_text, is_utf8},
    mend::{Notes, draft::Draft},
};

/// The name under which a whole line stands that is none; text, so that every reader takes it.
const LINE: &str = "X-MAILFERRY-LINE";

/// Whether an octet has no place in a line (RFC 5545 §3.1, CONTROL).
fn is_control(octet: u8) -> bool {
    matches!(octet, 0..=8 | 10..=31 | 127)
}

/// Brings lines to UTF-8, and folds them as they should be; what is no content line is set aside where that is asked for.
pub(super) fn mend_lines(draft: &mut Draft, set_aside: bool, notes: &mut Notes) {
    for number in draft.numbers() {
        if is_right(draft, number) {
            continue;
        }
        mend_line(draft, number, set_aside, notes);
        if !draft.is_well_folded(number) {
            draft.refold(number);
            notes.mended("lines folded after 75 octets");
        }
    }
}

/// Whether nothing is to be mended of a line as such: nearly always.
fn is_right(draft: &Draft, number: usize) -> bool {
    let Some(line) = draft.line(number) else { return false };
    let text = draft.text(number);
    let is_marked = match draft.marker(number) {
        Some(Marker::Begin(name)) => is_capital(text, b"BEGIN:", name),
        Some(Marker::End(name)) => is_capital(text, b"END:", name),
        None => true,
    };
    is_marked
        && line.group.is_none()
        && line.name.iter().all(|octet| octet.is_ascii_alphanumeric() || *octet == b'-')
        && is_plain(text)
        && line.parameters().all(|parameter| {
            Parameters::of_one(&parameter) == Parameters::Right && !is_declaration(parameter.name, parameter.value)
        })
        && draft.is_well_folded(number)
}

fn is_capital(text: &[u8], word: &[u8], name: &[u8]) -> bool {
    text.strip_prefix(word) == Some(name) && !name.iter().any(u8::is_ascii_lowercase)
}

/// Whether octets are printable ASCII or tabs.
fn is_plain(octets: &[u8]) -> bool {
    // Without a way out in the middle it is done by blocks.
    octets.chunks(64).all(|chunk| chunk.iter().fold(true, |plain, octet| plain & matches!(octet, 9 | 32..=126)))
}

fn mend_line(draft: &mut Draft, number: usize, set_aside: bool, notes: &mut Notes) {
    let text = draft.text(number);
    let Some(content) = draft.start_of(number) else {
        if text.trim_ascii().is_empty() {
            if draft.is_kept(number) {
                draft.remove(number);
                notes.mended("blank lines removed");
            }
        } else {
            notes.flag("a line without a colon");
            mend_stray(draft, number, set_aside, notes);
        }
        return;
    };
    if let Some(marker) = draft.marker(number) {
        let (word, name) = match marker {
            Marker::Begin(name) => (&b"BEGIN:"[..], name),
            Marker::End(name) => (&b"END:"[..], name),
        };
        let right = [word, &name.to_ascii_uppercase()].concat();
        if right != text {
            draft.replace(number, right);
            notes.mended("BEGIN and END written as the standard has them");
        }
        return;
    }
    let has_odd_name = |octet: &u8| !(octet.is_ascii_alphanumeric() || *octet == b'-');
    if content.name.iter().any(has_odd_name) || content.group.is_some() {
        notes.flag("the name of a property has characters that are not allowed");
        if set_aside && draft.is_whole(number) {
            return mend_stray(draft, number, set_aside, notes);
        }
    }
    let parameters = if content.parameters.is_empty() { Parameters::Right } else { Parameters::of(&content) };
    if parameters == Parameters::Wrong {
        notes.flag("a parameter is not NAME=VALUE");
        if set_aside && draft.is_whole(number) {
            let without = rebuilt_without_wrong(&content);
            let line = set_apart(text);
            draft.insert(number, line);
            draft.replace(number, without);
            notes.mended(format!("parameters left out that are not NAME=VALUE: the line kept as {LINE}"));
            return mend_line(draft, number, set_aside, notes);
        }
    }
    if parameters == Parameters::Spaced && draft.is_whole(number) {
        let trimmed = rebuilt_trimmed(&content);
        draft.replace(number, trimmed);
        notes.mended("spaces around parameters removed");
        return mend_line(draft, number, set_aside, notes);
    }
    let is_plain = is_plain(text);
    let is_declared = !content.parameters.is_empty() && has_charset_or_encoding(&content);
    if is_plain && !is_declared {
        return;
    }
    if !draft.is_whole(number) {
        if !is_utf8(text.get(..text.len().saturating_sub(3)).unwrap_or_default()) {
            notes.flag("a line that is too long to be converted to UTF-8");
        }
        return;
    }
    let mut changed = text.to_vec();
    if is_declared && let Some(plain) = undeclared(&content) {
        changed = plain;
        notes.mended("quoted-printable and charset undone");
    }
    if !is_utf8(&changed) {
        let (decoded, charset) = decode_text(&changed, None);
        notes.mended(format!("converted to UTF-8: {charset}"));
        changed = decoded.into_owned().into_bytes();
    }
    if changed.iter().any(|octet| is_control(*octet)) {
        changed.retain(|octet| !is_control(*octet));
        notes.mended("control characters removed");
    }
    if changed != draft.text(number) {
        draft.replace(number, changed);
    }
}

/// Brings a line that is no content line to UTF-8, and makes a property of it where it would have the whole object refused.
fn mend_stray(draft: &mut Draft, number: usize, set_aside: bool, notes: &mut Notes) {
    if !draft.is_whole(number) {
        return;
    }
    let text = draft.text(number);
    if set_aside {
        let line = set_apart(text);
        draft.replace(number, line);
        notes.mended(format!("a line that is none kept as {LINE}"));
    } else if !is_utf8(text) {
        let (decoded, charset) = decode_text(text, None);
        let decoded = decoded.into_owned().into_bytes();
        draft.replace(number, decoded);
        notes.mended(format!("converted to UTF-8: {charset}"));
    }
}

/// A line as the text of a property.
fn set_apart(line: &[u8]) -> Vec<u8> {
    let text: String = decode_text(line, None).0.chars().filter(|character| !character.is_control()).collect();
    Property::text(LINE, text.trim()).to_string().into_bytes()
}

/// How the parameters of a line are written (RFC 5545 §3.1).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parameters {
    Right,
    /// With white space around names or quoted values.
    Spaced,
    Wrong,
}

impl Parameters {
    fn of(line: &ContentLine<'_>) -> Self {
        let mut found = Self::Right;
        for parameter in line.parameters() {
            match Self::of_one(&parameter) {
                Self::Wrong => return Self::Wrong,
                Self::Spaced => found = Self::Spaced,
                Self::Right => {}
            }
        }
        found
    }

    fn of_one(parameter: &RawParameter<'_>) -> Self {
        let is_name = |octet: &u8| octet.is_ascii_alphanumeric() || *octet == b'-';
        let Some(value) = parameter.value.filter(|_| !parameter.name.is_empty()) else { return Self::Wrong };
        let trimmed = value.trim_ascii();
        let quotes = memchr::memchr_iter(b'"', trimmed).count();
        let is_value = !parameter.name.eq_ignore_ascii_case(b"VALUE") || trimmed.iter().all(is_name);
        if !parameter.name.iter().all(is_name) || !quotes.is_multiple_of(2) || !is_value {
            return Self::Wrong;
        }
        if quotes > 0 && trimmed.len() != value.len() { Self::Spaced } else { Self::Right }
    }
}

/// The line with the parameters that are some.
fn rebuilt_without_wrong(line: &ContentLine<'_>) -> Vec<u8> {
    let mut octets = line.name.to_vec();
    for parameter in line.parameters().filter(|parameter| Parameters::of_one(parameter) != Parameters::Wrong) {
        octets.push(b';');
        octets.extend_from_slice(parameter.name);
        octets.push(b'=');
        octets.extend_from_slice(parameter.value.unwrap_or_default());
    }
    octets.push(b':');
    octets.extend_from_slice(line.value);
    octets
}

fn rebuilt_trimmed(line: &ContentLine<'_>) -> Vec<u8> {
    let mut octets = line.name.to_vec();
    for parameter in line.parameters() {
        octets.push(b';');
        octets.extend_from_slice(parameter.name);
        octets.push(b'=');
        octets.extend_from_slice(parameter.value.unwrap_or_default().trim_ascii());
    }
    octets.push(b':');
    octets.extend_from_slice(line.value);
    octets
}

/// Whether the line declares a charset, or that it is quoted-printable, as vCalendar 1.0 does.
fn has_charset_or_encoding(line: &ContentLine<'_>) -> bool {
    line.parameters().any(|parameter| is_declaration(parameter.name, parameter.value))
}

fn is_declaration(name: &[u8], value: Option<&[u8]>) -> bool {
    name.eq_ignore_ascii_case(b"CHARSET")
        || value.unwrap_or(name).eq_ignore_ascii_case(b"QUOTED-PRINTABLE")
        || (name.eq_ignore_ascii_case(b"ENCODING")
            && value.is_some_and(|value| value.eq_ignore_ascii_case(b"8BIT") || value.eq_ignore_ascii_case(b"7BIT")))
}

/// The line in UTF-8 without declarations; line ends in its value are escaped, all else of it stays.
fn undeclared(line: &ContentLine<'_>) -> Option<Vec<u8>> {
    let value = line.decoded_value().replace("\r\n", "\n").replace(['\r', '\n'], "\\n");
    let mut octets = line.name.to_vec();
    for parameter in line.parameters().filter(|parameter| !is_declaration(parameter.name, parameter.value)) {
        octets.push(b';');
        octets.extend_from_slice(parameter.name);
        if let Some(value) = parameter.value {
            octets.push(b'=');
            octets.extend_from_slice(value);
        }
    }
    octets.push(b':');
    octets.extend_from_slice(value.as_bytes());
    Some(octets)
}

/// The value of a line of vCalendar 1.0 as text.
pub(super) fn plain_text(line: &ContentLine<'_>) -> String {
    let is_encoded = line
        .parameters()
        .any(|parameter| parameter.value.unwrap_or(parameter.name).eq_ignore_ascii_case(b"QUOTED-PRINTABLE"));
    let charset = line.parameter("CHARSET").and_then(|parameter| parameter.value);
    match is_encoded {
        true => decode_text(&decode_quoted_printable(line.value), charset).0.into_owned(),
        false => decode_text(line.value, charset).0.into_owned(),
    }
}
