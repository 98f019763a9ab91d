//! Properties that a card has at most once.

use super::{Context, Entry, said};
use crate::{content_line::Parameter, mend::Notes};
use std::collections::{BTreeMap, HashSet};

const ONCE: [&str; 13] = [
    "N",
    "FN",
    "BDAY",
    "ANNIVERSARY",
    "DEATHDATE",
    "BIRTHPLACE",
    "DEATHPLACE",
    "GENDER",
    "KIND",
    "REV",
    "UID",
    "PRODID",
    "X-ADDRESSBOOKSERVER-KIND",
];

/// Keeps the first of those, and the others as `X-`; of RFC 6350, variants of one in other languages get an ALTID.
pub(super) fn limit(entries: &mut [Entry], context: &Context, notes: &mut Notes) {
    let mut found: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, entry) in entries.iter().enumerate().filter(|(_, entry)| !entry.is_removed) {
        let name = ONCE.iter().find(|name| name.eq_ignore_ascii_case(&entry.property.name));
        // RFC 6350 §6.2.1 has FN once or more.
        if let Some(name) = name.filter(|name| **name != "FN" || !context.is_v4()) {
            found.entry(name).or_default().push(at);
        }
    }
    for (name, places) in found.into_iter().filter(|(_, places)| places.len() > 1) {
        let altid = |at: &usize| entries.get(*at).and_then(|entry| said(&entry.property, "ALTID")).map(str::to_owned);
        let altids: Vec<_> = places.iter().map(altid).collect();
        let is_one = altids.first().is_some_and(|first| first.is_some() && altids.iter().all(|altid| altid == first));
        if context.is_v4() && is_one {
            continue;
        }
        let mut languages = HashSet::new();
        let differs = |at: &usize| {
            let language = entries.get(*at).and_then(|entry| said(&entry.property, "LANGUAGE"));
            languages.insert(language.map(str::to_ascii_lowercase))
        };
        if context.is_v4() && places.iter().all(differs) && altids.iter().all(Option::is_none) {
            for at in &places {
                if let Some(entry) = entries.get_mut(*at) {
                    entry
                        .property
                        .parameters
                        .push(Parameter { name: "ALTID".to_owned(), values: vec!["1".to_owned()] });
                    entry.is_changed = true;
                }
            }
            notes.mended(format!("ALTID added: {name}"));
            continue;
        }
        let value = |at: usize| entries.get(at).map(|entry| entry.property.value.trim().to_owned()).unwrap_or_default();
        let has_text = |at: usize| !value(at).replace(';', "").is_empty();
        let kept = places.iter().copied().find(|at| has_text(*at)).or(places.first().copied());
        let Some(kept) = kept else { continue };
        let kept_value = value(kept);
        let others: Vec<_> = places
            .iter()
            .copied()
            .filter(|at| *at != kept)
            .map(|at| (at, has_text(at) && value(at) != kept_value))
            .collect();
        for (at, is_other) in others {
            let Some(entry) = entries.get_mut(at) else { continue };
            if is_other {
                let name = if name.starts_with("X-") { format!("{name}-OTHER") } else { format!("X-{name}") };
                notes.mended(format!("only the first is kept, the others as {name}"));
                entry.property.name = name;
                entry.is_changed = true;
            } else {
                notes.mended(format!("repeated property removed: {name}"));
                entry.is_removed = true;
            }
        }
    }
}
