use std::borrow::Cow;

/// Octets of a folded line without its line end (RFC 5545 §3.1, RFC 6350 §3.2).
const FOLDED_OCTETS: usize = 75;

/// Appends a content line to `out`, folded after at most 75 octets and never inside a UTF-8 sequence, with CRLF at its end.
///
/// `line` must hold no line end of its own.
///
/// ```
/// use mailferry::content_line::{fold, unfold};
///
/// let line = format!("SUMMARY:{}", "é".repeat(80));
/// let mut folded = Vec::new();
/// fold(line.as_bytes(), &mut folded);
/// assert!(folded.split(|&octet| octet == b'\n').all(|line| line.len() <= 76));
/// assert_eq!(unfold(&folded).strip_suffix(b"\r\n"), Some(line.as_bytes()));
/// ```
pub fn fold(line: &[u8], out: &mut Vec<u8>) {
    let mut rest = line;
    let mut room = FOLDED_OCTETS;
    while rest.len() > room {
        let (piece, after) = rest.split_at(character_boundary(rest, room));
        out.extend_from_slice(piece);
        out.extend_from_slice(b"\r\n ");
        rest = after;
        room = FOLDED_OCTETS - 1;
    }
    out.extend_from_slice(rest);
    out.extend_from_slice(b"\r\n");
}

/// The last position up to `at` that is not inside a UTF-8 sequence; `at` where the octets are no UTF-8.
fn character_boundary(octets: &[u8], at: usize) -> usize {
    (at.saturating_sub(3)..=at)
        .rev()
        .find(|&position| octets.get(position).is_none_or(|octet| octet & 0b1100_0000 != 0b1000_0000))
        .unwrap_or(at)
}

/// Takes out every line end that a space or a tab follows, with that one space or tab: CRLF, LF or CR.
///
/// Works on octets, so that a fold inside a UTF-8 sequence is healed. Borrows where nothing is folded.
pub fn unfold(octets: &[u8]) -> Cow<'_, [u8]> {
    let mut unfolded = Vec::new();
    let mut kept = 0;
    let mut at = 0;
    while let Some(found) = octets.get(at..).and_then(|rest| memchr::memchr2(b'\r', b'\n', rest)) {
        let line_end = at + found;
        let after = match octets.get(line_end..) {
            Some([b'\r', b'\n', ..]) => line_end + 2,
            _ => line_end + 1,
        };
        at = after;
        if matches!(octets.get(after), Some(b' ' | b'\t')) {
            unfolded.extend_from_slice(octets.get(kept..line_end).unwrap_or_default());
            kept = after + 1;
            at = kept;
        }
    }
    if kept == 0 {
        return Cow::Borrowed(octets);
    }
    unfolded.extend_from_slice(octets.get(kept..).unwrap_or_default());
    Cow::Owned(unfolded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_of_75_octets_is_not_folded() {
        let mut out = Vec::new();
        fold(&[b'x'; 75], &mut out);
        assert_eq!(out.len(), 77);
        out.clear();
        fold(&[b'x'; 76], &mut out);
        assert_eq!(out, [&[b'x'; 75][..], b"\r\n x\r\n"].concat());
    }

    #[test]
    fn folds_in_the_middle_of_a_character_are_healed() {
        assert_eq!(unfold(b"N:\xc3\r\n \xa9\n\tx\r y"), "N:éxy".as_bytes());
    }

    #[test]
    fn line_ends_between_lines_stay() {
        assert_eq!(unfold(b"A:1\r\nB:2\r\n"), &b"A:1\r\nB:2\r\n"[..]);
    }

    proptest! {
        #[test]
        fn unfolding_undoes_folding(line in proptest::collection::vec(any::<u8>().prop_filter("line end", |o| !b"\r\n".contains(o)), 0..400)) {
            let mut folded = Vec::new();
            fold(&line, &mut folded);
            let unfolded = unfold(&folded);
            prop_assert_eq!(unfolded.strip_suffix(b"\r\n"), Some(&line[..]));
        }

        #[test]
        fn folded_text_is_utf8_line_by_line(text in "[^\r\n]{0,200}") {
            let mut folded = Vec::new();
            fold(text.as_bytes(), &mut folded);
            for line in folded.split(|&octet| octet == b'\n') {
                prop_assert!(line.len() <= 76);
                prop_assert!(std::str::from_utf8(line).is_ok());
            }
        }
    }
}
