//! Folds, line ends, and the end of a card.

use super::Context;
use crate::{
    content_line::Marker,
    error::Result,
    limits::Limits,
    mend::{
        Notes,
        draft::{Draft, LineEnd},
    },
    source::Content,
};

/// Notes that a card that was never closed now is.
pub(super) fn close(draft: &mut Draft, is_unclosed: bool, notes: &mut Notes) {
    if !is_unclosed {
        return;
    }
    notes.mended("END added");
    // The draft closes it; what was its last line may have no line end.
    for number in draft.numbers().rev() {
        let is_end = matches!(Marker::of(draft.text(number)), Some(Marker::End(_)));
        if draft.is_whole(number) && !draft.text(number).is_empty() {
            draft.refold(number);
            if !is_end {
                break;
            }
        }
    }
}

/// Folds again what is folded after more than 75 octets or inside a character; line ends are to be CRLF.
pub(super) fn refold(draft: &mut Draft, context: &Context, notes: &mut Notes) {
    if draft.line_end() != LineEnd::CrLf {
        notes.mended("lines end with CRLF");
        draft.refold(0);
    }
    for number in draft.numbers() {
        // Soft line breaks of vCard 2.1 are no folds.
        let is_encoded =
            |text: &[u8]| text.windows(16).take(256).any(|word| word.eq_ignore_ascii_case(b"QUOTED-PRINTABLE"));
        if !draft.is_well_folded(number) && !(context.is_v2() && is_encoded(draft.text(number))) {
            notes.mended("lines folded anew");
            draft.refold(number);
        }
    }
}

/// The octets with CRLF, where the source has other line ends.
pub(super) fn with_crlf(content: Content, line_end: LineEnd) -> Result<Content> {
    let ended = match line_end {
        LineEnd::CrLf => return Ok(content),
        LineEnd::Lf | LineEnd::Mixed => b'\n',
        LineEnd::Cr => b'\r',
    };
    let limit = Limits::default().component.saturating_mul(2);
    if content.len() > limit as u64 {
        return Ok(content);
    }
    let octets = content.to_vec(limit)?;
    let mut out = Vec::with_capacity(octets.len() + octets.len() / 16);
    for line in octets.split_inclusive(|octet| *octet == ended) {
        let Some(line) = line.strip_suffix(&[ended]) else {
            out.extend_from_slice(line);
            continue;
        };
        let end = line.iter().rposition(|octet| *octet != b'\r').map_or(0, |last| last + 1);
        out.extend_from_slice(line.get(..end).unwrap_or_default());
        out.extend_from_slice(b"\r\n");
    }
    Ok(Content::from(out))
}
