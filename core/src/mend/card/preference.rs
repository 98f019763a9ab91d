//! Which of several properties is preferred: PREF from 1 to 100 in RFC 6350, one TYPE in RFC 2426.

use super::{Context, Entry, charset::take, said};
use crate::{
    content_line::{Parameter, Property},
    mend::Notes,
};
use std::collections::HashMap;

/// Writes preferences as the version has them, their order kept.
pub(super) fn order(entries: &mut [Entry], context: &Context, notes: &mut Notes) {
    if context.is_v4() {
        for entry in entries.iter_mut().filter(|entry| has_pref_type(&entry.property)) {
            remove_pref_type(&mut entry.property);
            if said(&entry.property, "PREF").is_none() {
                entry.property.parameters.push(parameter("PREF", "1"));
            }
            entry.is_changed = true;
            notes.mended(format!("TYPE=pref written as PREF: {}", entry.property.name));
        }
        for entry in entries.iter_mut() {
            let Some(number) = said(&entry.property, "PREF").map(str::to_owned) else { continue };
            let valid = number.trim().parse::<u32>().ok().map(|number| number.clamp(1, 100).to_string());
            match valid {
                Some(valid) if valid == number => {}
                Some(valid) => {
                    take(&mut entry.property, "PREF");
                    entry.property.parameters.push(parameter("PREF", &valid));
                    entry.is_changed = true;
                    notes.mended(format!("PREF brought to 1 to 100: {}", entry.property.name));
                }
                None => notes.flag(format!("PREF is not a number: {}", entry.property.name)),
            }
        }
    } else if context.is_v3() {
        let number = |property: &Property| said(property, "PREF").and_then(|value| value.trim().parse::<u8>().ok());
        let mut best: HashMap<String, (u8, usize)> = HashMap::new();
        for (at, entry) in entries.iter().enumerate() {
            let Some(found) = number(&entry.property) else { continue };
            let best = best.entry(entry.property.name.to_ascii_uppercase()).or_insert((found, at));
            if found < best.0 {
                *best = (found, at);
            }
        }
        for (at, entry) in entries.iter_mut().enumerate() {
            let Some(found) = number(&entry.property) else { continue };
            let name = entry.property.name.to_ascii_uppercase();
            take(&mut entry.property, "PREF");
            let is_best = best.get(&name).is_some_and(|(_, best)| *best == at);
            if is_best && !has_pref_type(&entry.property) {
                add_type(&mut entry.property, "pref");
            }
            if !is_best || found != 1 {
                entry.property.parameters.push(parameter("X-PREF", &found.to_string()));
            }
            entry.is_changed = true;
            notes.mended(format!("PREF written as TYPE=pref: {name}"));
        }
    }
}

fn parameter(name: &str, value: &str) -> Parameter {
    Parameter { name: name.to_owned(), values: vec![value.to_owned()] }
}

fn is_type(parameter: &Parameter) -> bool {
    parameter.name.eq_ignore_ascii_case("TYPE")
}

fn has_pref_type(property: &Property) -> bool {
    let is_pref = |value: &String| value.split(',').any(|word| word.trim().eq_ignore_ascii_case("pref"));
    property.parameters.iter().any(|parameter| is_type(parameter) && parameter.values.iter().any(is_pref))
}

fn remove_pref_type(property: &mut Property) {
    for parameter in property.parameters.iter_mut().filter(|parameter| is_type(parameter)) {
        let values = parameter.values.iter().flat_map(|value| value.split(','));
        parameter.values = values
            .filter(|word| !word.trim().eq_ignore_ascii_case("pref"))
            .map(|word| word.trim().to_owned())
            .collect();
    }
    property.parameters.retain(|parameter| !is_type(parameter) || !parameter.values.is_empty());
}

fn add_type(property: &mut Property, value: &str) {
    match property.parameters.iter_mut().find(|parameter| is_type(parameter)) {
        Some(types) => types.values.push(value.to_owned()),
        None => property.parameters.push(parameter("TYPE", value)),
    }
}
