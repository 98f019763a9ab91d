//! What of the options is not at its default, and digests of it.

use super::{ConvertOptions, Decides, OPTIONS};
use serde_json::Value;
use std::collections::BTreeMap;

/// The options that `is_asked` for and that are not at their defaults, by their places.
///
/// As defaults are left out, an option that is added later changes nothing of what is known without it.
pub(super) fn changed(options: &ConvertOptions, is_asked: impl Fn(Decides) -> bool) -> BTreeMap<&'static str, Value> {
    let json = |options: &ConvertOptions| serde_json::to_value(options).unwrap_or_default();
    let (all, defaults) = (json(options), json(&ConvertOptions::default()));
    let at = |json: &Value, place: &str| {
        place.split('/').try_fold(json, |json, name| json.get(name)).cloned().unwrap_or_default()
    };
    let places = OPTIONS.iter().filter(|option| is_asked(option.decides)).flat_map(|option| option.places);
    let values = places.map(|place| (*place, at(&all, place)));
    values.filter(|(place, value)| *value != at(&defaults, place)).collect()
}

#[cfg(not(target_family = "wasm"))]
pub(in crate::convert) use deciding::{differing, digest};

#[cfg(not(target_family = "wasm"))]
mod deciding {
    use super::*;
    use crate::{convert::SCHEME, hex::hex};
    use sha2::{Digest, Sha256};

    /// The digest of the options that decide any of `what`, and of `more`: canonical JSON, its keys in order, with the version of
    /// the scheme in it.
    pub(in crate::convert) fn digest(options: &ConvertOptions, what: &[Decides], more: &[String]) -> String {
        let mut json = serde_json::json!([SCHEME, deciding(options, what).into_iter().collect::<Vec<_>>(), more]);
        // Whatever features of serde_json the other crates of a build ask for.
        json.sort_all_objects();
        hex(&Sha256::digest(json.to_string().as_bytes()))
    }

    /// The names of the options that decide any of `what` and are not the same in both, as they are given on a command line.
    pub(in crate::convert) fn differing(one: &ConvertOptions, other: &ConvertOptions, what: &[Decides]) -> Vec<String> {
        let (one, other) = (deciding(one, what), deciding(other, what));
        let is_other = |place: &&str| one.get(*place) != other.get(*place);
        let named = |option: &super::super::OptionInfo| match option.name {
            Some(name) => format!("--{name}"),
            None => "--target".to_owned(),
        };
        let options = OPTIONS.iter().filter(|option| option.places.iter().any(&is_other));
        let mut names: Vec<_> = options.map(named).collect();
        names.extend(is_other(&TRANSFORM).then(|| "the transform".to_owned()));
        names.dedup();
        names
    }

    const TRANSFORM: &str = "transform";

    fn deciding(options: &ConvertOptions, what: &[Decides]) -> BTreeMap<&'static str, Value> {
        let mut deciding = changed(options, |decides| what.contains(&decides));
        // What a function does cannot be told, but that there is one.
        if options.transform.is_some() && what.contains(&Decides::Octets) {
            deciding.insert(TRANSFORM, true.into());
        }
        deciding
    }
}
