//! What is compared of two cards to know whether they are of the same person and say the same.

use super::content_digest;
use crate::{
    content_line::{ContentLines, split_unescaped, unescape_text},
    error::Result,
    model::VCard,
    source::Source,
};
use std::{collections::BTreeSet, sync::Arc};

/// Digests of which one equal to that of another card makes the two equal: of UID and REV, and of the name with all addresses and
/// telephone numbers; nothing where the card has neither.
///
/// # Errors
/// What the source says.
pub(super) fn loose(card: &VCard) -> Result<Vec<[u32; 4]>> {
    let source: Source = Arc::new(card.content());
    let mut lines = ContentLines::new(source)?;
    let (mut revision, mut depth) = (None, 0_usize);
    let (mut mail, mut telephones, mut places) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    while let Some(line) = lines.next_line()? {
        let Some(line) = crate::content_line::ContentLine::parse(line.head).filter(|_| line.whole) else { continue };
        depth += usize::from(line.is("BEGIN"));
        depth = depth.saturating_sub(usize::from(line.is("END")));
        if depth != 1 {
            continue;
        }
        if line.is("REV") {
            revision = Some(only(&line.decoded_value(), |c| c.is_ascii_alphanumeric()));
        } else if line.is("EMAIL") {
            mail.insert(unescape_text(line.decoded_value().trim()).to_lowercase());
        } else if line.is("TEL") {
            telephones.insert(only(&line.decoded_value(), |c| c.is_ascii_digit()));
        } else if line.is("ADR") {
            let value = line.decoded_value();
            let parts = split_unescaped(&value, ';').map(|part| only(&part.to_lowercase(), char::is_alphanumeric));
            places.insert(parts.collect::<Vec<_>>().join(";").trim_matches(';').to_owned());
        }
    }
    for values in [&mut mail, &mut telephones, &mut places] {
        values.remove("");
    }
    let mut digests = Vec::new();
    if let (Some(uid), Some(revision)) = (card.uid().filter(|uid| !uid.is_empty()), revision) {
        digests.push(content_digest::of_texts([&"uid".to_owned(), &uid.to_owned(), &revision]));
    }
    let name = card.name().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    if !name.is_empty() && (!mail.is_empty() || !telephones.is_empty() || !places.is_empty()) {
        let joined = [mail, telephones, places].map(|values| values.into_iter().collect::<Vec<_>>().join("\n"));
        digests.push(content_digest::of_texts([&name].into_iter().chain(&joined)));
    }
    Ok(digests)
}

fn only(text: &str, is_kept: impl Fn(char) -> bool) -> String {
    text.chars().filter(|c| is_kept(*c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn equal(a: &str, b: &str) -> bool {
        let digests = |lines: &str| {
            loose(&VCard::parse(Arc::new(format!("BEGIN:VCARD\n{lines}\nEND:VCARD\n").into_bytes())).unwrap()).unwrap()
        };
        let others = digests(b);
        digests(a).iter().any(|digest| others.contains(digest))
    }

    #[test]
    fn cards_of_one_person_are_equal() {
        for (a, b, is) in [
            ("UID:1\nREV:2020-01-01T00:00:00Z\nFN:A", "UID:1\nREV:20200101T000000Z\nFN:Ann", true),
            ("UID:1\nREV:2020-01-01T00:00:00Z\nFN:A", "UID:1\nREV:2021-01-01T00:00:00Z\nFN:A", false),
            ("UID:1\nFN:A", "UID:1\nFN:B", false),
            ("FN:Ann Doe\nTEL:+1 555 0100", "N:Doe;Ann\nTEL;HOME:+1-555-0100\nNOTE:x", true),
            ("FN:Ann Doe\nTEL:+1 555 0100", "FN:Ann Doe\nTEL:+1 555 0101", false),
            ("FN:Ann Doe\nEMAIL:ANN@example.org\nTEL:1", "FN:ann  doe\nEMAIL;TYPE=work:ann@example.org\nTEL:1", true),
            ("FN:Ann Doe\nEMAIL:ann@example.org", "FN:Ann Doe\nEMAIL:ann@example.org\nTEL:1", false),
            ("FN:Ann Doe\nADR:;;1 Way;Town;;;", "FN:Ann Doe\nADR;TYPE=home:;;1 way;town;;;", true),
            ("FN:Ann Doe", "FN:Ann Doe", false),
        ] {
            assert_eq!(equal(a, b), is, "{a} and {b}");
        }
    }
}
