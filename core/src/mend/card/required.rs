//! Properties that a card must have.

use super::{Context, Entry, Media, looks_like_uri};
use crate::{
    content_line::{ContentLine, Marker, Property, split_unescaped, unescape_text},
    mend::{Notes, draft::Draft},
    model::VCardVersion,
};

/// The version of the card; VERSION is added where it is missing, and put where RFC 6350 wants it.
pub(super) fn version(draft: &mut Draft, notes: &mut Notes) -> VCardVersion {
    let is_own = |number: &usize| draft.depth(*number) == 1;
    let found: Vec<usize> = draft
        .numbers()
        .filter(is_own)
        .filter(|number| draft.line(*number).is_some_and(|line| line.is("VERSION")))
        .collect();
    let said =
        |number: &usize| draft.line(*number).and_then(|line| version_of(String::from_utf8_lossy(line.value).trim()));
    let known = found.iter().find_map(|number| said(number).map(|(version, exact)| (*number, version, exact)));
    let first = draft
        .numbers()
        .find(|number| is_own(number) && Marker::of(draft.text(*number)).is_none())
        .unwrap_or_else(|| draft.end());
    let (kept, version) = match known {
        Some((number, version, exact)) => {
            if !exact {
                draft.replace(number, format!("VERSION:{}", version.as_str()).into_bytes());
                notes.mended("VERSION corrected");
            }
            (Some(number), version)
        }
        None => {
            let version = guess(draft);
            let line = format!("VERSION:{}", version.as_str()).into_bytes();
            match found.first() {
                Some(number) => {
                    let given = draft.line(*number).map(|line| String::from_utf8_lossy(line.value).trim().to_owned());
                    notes.flag(format!(
                        "VERSION:{} is not a version of vCard; read as {}",
                        given.unwrap_or_default(),
                        version.as_str()
                    ));
                    draft.replace(*number, line);
                    notes.mended("VERSION corrected");
                }
                None => {
                    draft.insert(first, line);
                    notes.mended("VERSION added");
                }
            }
            (found.first().copied(), version)
        }
    };
    for number in found.iter().filter(|number| Some(**number) != kept) {
        draft.remove(*number);
        notes.mended("repeated property removed: VERSION");
    }
    // RFC 6350 §6.7.9: right after BEGIN.
    if let Some(number) = kept.filter(|number| *number != first && version == VCardVersion::V4) {
        draft.remove(number);
        draft.insert(first, b"VERSION:4.0".to_vec());
        notes.mended("VERSION moved to the second line");
    }
    version
}

/// The version that the value means, and whether it is written so.
fn version_of(value: &str) -> Option<(VCardVersion, bool)> {
    if let Some(version) = VCardVersion::of(value) {
        return Some((version, true));
    }
    let version = match value.trim_start_matches(['v', 'V']).trim() {
        "2" | "2.0" | "2.1" | "2,1" | "2.1.0" => VCardVersion::V2_1,
        "3" | "3.0" | "3,0" | "3.0.0" | "3.1" => VCardVersion::V3,
        "4" | "4.0" | "4,0" | "4.0.0" | "4.1" => VCardVersion::V4,
        _ => return None,
    };
    Some((version, false))
}

/// The version whose grammar the lines follow.
fn guess(draft: &Draft) -> VCardVersion {
    let mut version = VCardVersion::V3;
    for number in draft.numbers().filter(|number| draft.depth(*number) == 1) {
        let Some(line) = draft.line(number) else { continue };
        let is_bare = |line: &ContentLine<'_>| line.parameters().any(|parameter| parameter.value.is_none());
        let encoding = line.parameter("ENCODING").and_then(|parameter| parameter.value).unwrap_or_default();
        let is_old = encoding.eq_ignore_ascii_case(b"QUOTED-PRINTABLE") || encoding.eq_ignore_ascii_case(b"BASE64");
        if is_bare(&line) || is_old {
            return VCardVersion::V2_1;
        }
        let text = String::from_utf8_lossy(line.value.get(..64.min(line.value.len())).unwrap_or_default()).into_owned();
        if line.parameter("PREF").is_some()
            || (line.is("PHOTO") && Media::of_uri(&format!("{text},")).is_some())
            || line.is("KIND")
        {
            version = VCardVersion::V4;
        }
    }
    version
}

/// FN and N where they are missing, made of each other or of what else tells the name.
pub(super) fn names(entries: &mut [Entry], context: &Context, notes: &mut Notes) -> Vec<Property> {
    let mut added = Vec::new();
    let find =
        |entries: &[Entry], name: &str| entries.iter().position(|entry| !entry.is_removed && entry.property.is(name));
    let text = |entries: &[Entry], name: &str| {
        let at = |entry: &&Entry| !entry.is_removed && entry.property.is(name);
        let found = entries.iter().filter(at).map(|entry| entry.property.value.trim()).find(|value| has_text(value));
        found.map(str::to_owned)
    };
    let mut full = text(entries, "FN");
    // N is all that vCard 2.1 requires (§2.4.2).
    if full.is_none() && !context.is_v2() {
        let made = full_name(|name| text(entries, name)).unwrap_or_else(|| {
            notes.flag("FN is missing, and nothing tells the name: written as Unknown");
            "Unknown".to_owned()
        });
        match find(entries, "FN").and_then(|at| entries.get_mut(at)) {
            Some(entry) => {
                entry.property.value.clone_from(&made);
                entry.is_changed = true;
            }
            None => added.push(Property::new("FN", made.clone())),
        }
        notes.mended("FN added");
        full = Some(made);
    }
    let is_person = !["KIND", "X-ADDRESSBOOKSERVER-KIND"]
        .iter()
        .filter_map(|name| text(entries, name))
        .any(|kind| !kind.eq_ignore_ascii_case("individual"));
    let present = find(entries, "N");
    let is_empty = |at: usize| entries.get(at).is_some_and(|entry| entry.property.value.trim().is_empty());
    if context.is_v4() || present.is_some_and(|at| !is_empty(at)) {
        return added;
    }
    if let Some(full) = full.or_else(|| full_name(|name| text(entries, name))) {
        let value = structured_name(&full, is_person);
        match present.and_then(|at| entries.get_mut(at)) {
            Some(entry) => {
                entry.property.value = value;
                entry.is_changed = true;
            }
            None => added.push(Property::new("N", value)),
        }
        notes.mended("N added");
    } else if context.is_v2() {
        notes.flag("N is missing, and nothing tells the name");
    }
    added
}

fn has_text(value: &str) -> bool {
    value.chars().any(|c| !c.is_whitespace() && c != ';' && c != '\\')
}

/// What FN would be, escaped, by the first of N, ORG, NICKNAME, EMAIL, TEL … that the card has.
pub(crate) fn full_name(text: impl Fn(&str) -> Option<String>) -> Option<String> {
    let of_name = text("N").map(|value| {
        let parts: Vec<_> = split_unescaped(&value, ';').map(|part| spaced(part.trim())).collect();
        let said = [3, 1, 2, 0, 4].into_iter().filter_map(|i| parts.get(i)).filter(|part| !part.is_empty());
        said.map(String::as_str).collect::<Vec<_>>().join(" ")
    });
    let of_organization = || {
        let value = text("ORG")?;
        split_unescaped(&value, ';').map(str::trim).find(|part| !part.is_empty()).map(str::to_owned)
    };
    let others = || ["NICKNAME", "EMAIL", "TEL", "IMPP", "URL"].iter().find_map(|name| text(name));
    of_name.filter(|name| has_text(name)).or_else(of_organization).or_else(others)
}

/// The values of a part of N, separated by spaces.
fn spaced(part: &str) -> String {
    split_unescaped(part, ',').map(str::trim).collect::<Vec<_>>().join(" ")
}

/// What N would be by a full name: the last word is that of the family, where it is a person's.
pub(crate) fn structured_name(full: &str, is_person: bool) -> String {
    let words: Vec<_> = full.trim().rsplitn(2, ' ').collect();
    let is_address = full.contains('@') || looks_like_uri(full);
    match *words {
        [family, given] if is_person && !is_address && !unescape_text(full).contains(',') => {
            format!("{family};{given};;;")
        }
        _ => format!("{full};;;;"),
    }
}
