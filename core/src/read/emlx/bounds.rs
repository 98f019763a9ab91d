//! Where the message of an EMLX ends: by the length that the first line tells, checked against where the property list starts.

use crate::{
    defect::{Defect, DefectKind},
    error::Result,
    source::Source,
};
use memchr::memmem;

/// Octets at the end of the file in which a property list is looked for.
const TAIL: u64 = 1 << 20;
/// Octets between the start of a property list and its first element: the XML declaration and the document type.
const PROLOGUE: usize = 512;
/// Octets read at a time.
const STEP: usize = 64 << 10;

const ELEMENT: &[u8] = b"<plist";

/// Where the message that starts at `start` ends, `length` octets behind it if that is true; else what is wrong with it.
///
/// The property list is the last thing in the file. Whatever stands before it is of the message, so that nothing is cut off.
pub(super) fn end_of_message(source: &Source, start: u64, length: u64) -> Result<(u64, Option<Defect>)> {
    let claim = start.saturating_add(length);
    let len = source.len();
    if claim < len {
        let octets = octets(source, claim, STEP)?;
        // Of several it is the last one: the message may have one in its text.
        let is_only = memmem::find_iter(&octets, ELEMENT).take(2).count() < 2 && len - claim <= STEP as u64;
        if is_only && starts_property_list(&octets) {
            return Ok((claim, None));
        }
    }
    if let Some(end) = last_property_list(source, start)? {
        let detail = format!(
            "the first line says {length} octets, but the property list starts after {}: the message was read up to there",
            end - start
        );
        return Ok((end, (end != claim).then(|| Defect::new(DefectKind::Damaged, detail).at(claim.min(len)))));
    }
    if claim > len {
        let detail = format!("the first line says {length} octets, but the file has {}", len - start.min(len));
        return Ok((len, Some(Defect::new(DefectKind::Truncated, detail).at(len))));
    }
    if is_blank(source, claim)? {
        return Ok((claim, None));
    }
    let detail = format!(
        "the first line says {length} octets, but no property list follows: the {} octets after them were read as part of the message",
        len - claim
    );
    Ok((len, Some(Defect::new(DefectKind::Damaged, detail).at(claim))))
}

fn starts_property_list(octets: &[u8]) -> bool {
    let is_xml = octets.starts_with(b"<?xml") || octets.starts_with(b"<!DOCTYPE plist") || octets.starts_with(ELEMENT);
    octets.starts_with(b"bplist") || (is_xml && memmem::find(octets, ELEMENT).is_some())
}

/// Where the property list starts that the file ends with.
fn last_property_list(source: &Source, start: u64) -> Result<Option<u64>> {
    let from = source.len().saturating_sub(TAIL).max(start);
    let tail = octets(source, from, usize::try_from(TAIL).unwrap_or(usize::MAX))?;
    let text_end = tail.iter().rposition(|octet| !is_filler(*octet)).map_or(0, |last| last + 1);
    let text = tail.get(..text_end).unwrap_or_default();
    let Some(element) = memmem::rfind(text, ELEMENT).filter(|_| text.ends_with(b"</plist>")) else { return Ok(None) };
    let start = before(text, element, b"<!DOCTYPE plist", b">");
    let start = before(text, start, b"<?xml", b"?>");
    Ok(Some(from + start as u64))
}

/// Where what `opens` so and `closes` so starts, if it stands before `at`, white space aside; else `at`.
fn before(text: &[u8], at: usize, opens: &[u8], closes: &[u8]) -> usize {
    let near = at.saturating_sub(PROLOGUE);
    let above = text.get(near..at).unwrap_or_default().trim_ascii_end();
    let Some(inside) = above.strip_suffix(closes) else { return at };
    let start = memmem::rfind(inside, opens)
        .filter(|start| inside.get(*start..).is_some_and(|inside| memmem::find(inside, closes).is_none()));
    start.map_or(at, |start| near + start)
}

/// Whether nothing but white space and NULs stand from `at` on.
fn is_blank(source: &Source, mut at: u64) -> Result<bool> {
    while at < source.len() {
        let some = octets(source, at, STEP)?;
        if !some.iter().all(|octet| is_filler(*octet)) {
            return Ok(false);
        }
        at += some.len() as u64;
    }
    Ok(true)
}

fn is_filler(octet: u8) -> bool {
    octet == 0 || octet.is_ascii_whitespace()
}

/// Up to `most` octets from `at` on.
fn octets(source: &Source, at: u64, most: usize) -> Result<Vec<u8>> {
    let left = usize::try_from(source.len().saturating_sub(at)).unwrap_or(usize::MAX);
    let mut octets = vec![0; left.min(most)];
    source.read_exact_at(at, &mut octets)?;
    Ok(octets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    const LIST: &str =
        "<?xml version=\"1.0\"?>\n<!DOCTYPE plist PUBLIC \"x\" \"y\">\n<plist version=\"1.0\">\n<dict/>\n</plist>\n";

    /// The octets taken for the message, and the kind of what is wrong.
    fn read(message: &str, length: usize, rest: &str) -> (String, Option<DefectKind>) {
        let octets = format!("00\n{message}{rest}").into_bytes();
        let source: Source = Arc::new(octets.clone());
        let (end, defect) = end_of_message(&source, 3, length as u64).unwrap();
        let message = String::from_utf8(octets[3..end as usize].to_vec()).unwrap();
        (message, defect.map(|defect| defect.kind()))
    }

    #[test]
    fn a_message_goes_to_the_property_list_whatever_its_length_says() {
        let inside = format!("Subject: a\n\n{LIST}\n\u{e9} end");
        for message in ["Subject: a\n\nlast line\n", "Subject: a\n\nno line end", "Subject: a\r\n\r\nx\r\n", &inside] {
            // Each of the forms that it may start with.
            for list in [LIST, &LIST[22..], &LIST[LIST.find("<plist").unwrap()..], &format!("{LIST}\0\0\n")] {
                assert_eq!(read(message, message.len(), list), (message.into(), None), "{list}");
                for length in [0, 1, 12, message.len() - 1, message.len() + 1, message.len() + 60, 1 << 40] {
                    assert_eq!(
                        read(message, length, list),
                        (message.into(), Some(DefectKind::Damaged)),
                        "{length} {list}"
                    );
                }
            }
        }
    }

    #[test]
    fn without_a_property_list_nothing_is_cut_off() {
        let message = "Subject: a\n\nlast line\n";
        assert_eq!(read(message, message.len(), ""), (message.into(), None));
        assert_eq!(read(message, message.len(), "\n\0\0"), (message.into(), None));
        assert_eq!(read(message, message.len(), "bplist00\u{1}"), (message.into(), None));
        assert_eq!(read(message, 9, ""), (message.into(), Some(DefectKind::Damaged)));
        assert_eq!(read(message, 999, ""), (message.into(), Some(DefectKind::Truncated)));
        assert_eq!(read("", 5, ""), (String::new(), Some(DefectKind::Truncated)));
    }
}
