//! What properties of calendars and cards say, as text for programs.

use crate::content_line::{Property, split_unescaped, unescape_text};

/// The value as text.
pub(super) fn plain(property: &Property) -> String {
    unescape_text(property.decoded_value().trim()).into_owned()
}

/// What stands between the separators, without what is empty.
pub(super) fn pieces(value: &str, separator: char) -> Vec<String> {
    let pieces = split_unescaped(value, separator).map(|piece| unescape_text(piece.trim()).into_owned());
    pieces.filter(|piece| !piece.is_empty()).collect()
}

/// What stands behind a scheme with its colon, in whatever case; all of it where it has another.
pub(super) fn without_scheme<'v>(value: &'v str, scheme: &str) -> &'v str {
    let start = value.get(..scheme.len()).filter(|start| start.eq_ignore_ascii_case(scheme));
    start.and_then(|start| value.get(start.len()..)).unwrap_or(value)
}
