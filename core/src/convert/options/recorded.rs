//! What a report keeps of the options, for whoever goes on: to verify, to resume, to sync again.

use super::{ConvertOptions, OPTIONS};
use crate::{
    address_map::AddressMap,
    error::{Error, ErrorKind, Result},
};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::path::PathBuf;

/// The version of how options are kept, and of how digests are made of them. A report without one is of an older version, which
/// told its options by the command line only.
pub const SCHEME: u64 = 1;

/// What reads the command line of a conversion: its sources and its options. It is called with what an older version recorded.
pub type ReadArguments = fn(&[String]) -> Result<(Vec<PathBuf>, ConvertOptions)>;

const ADDRESS_MAP: &str = "read/addressMap";
const CREATED: &str = "archive/created";

/// The file that keeps an address map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::convert) struct KeptMap {
    /// Its name, beside the destination.
    pub(in crate::convert) file: String,
    pub(in crate::convert) sha256: String,
}

impl ConvertOptions {
    /// What a report keeps of them: those that are not at their defaults, the version of the scheme, and the command line where
    /// there is one. [`ConvertOptions::from_record`] reads it.
    pub fn record(&self) -> Value {
        self.recorded(None)
    }

    /// The same, with an address map as the file that keeps it.
    pub(in crate::convert) fn recorded(&self, map: Option<&KeptMap>) -> Value {
        let mut all = Map::new();
        all.insert("scheme".into(), SCHEME.into());
        if let Some(arguments) = &self.arguments {
            all.insert("arguments".into(), arguments.iter().map(String::as_str).collect());
        }
        if self.transform.is_some() {
            all.insert("transform".into(), true.into());
        }
        for (place, value) in super::digest::changed(self, |_| true) {
            // When a run was made is no option of one that goes on.
            if place == CREATED {
                continue;
            }
            let value = match map {
                Some(KeptMap { file, sha256 }) if place == ADDRESS_MAP => {
                    serde_json::json!({ "file": file, "sha256": sha256 })
                }
                _ => value,
            };
            put(&mut all, place, value);
        }
        Value::Object(all)
    }

    /// The options that [`ConvertOptions::record`] kept. What a transform did is not among them.
    ///
    /// ```
    /// use mailferry::{convert::ConvertOptions, write::Eol};
    ///
    /// let mut options = ConvertOptions::default();
    /// options.archive.eol = Eol::Crlf;
    /// let record = options.record();
    /// assert_eq!(record, serde_json::json!({ "scheme": 1, "archive": { "eol": "crlf" } }));
    /// assert_eq!(ConvertOptions::from_record(&record)?.archive.eol, Eol::Crlf);
    /// # Ok::<(), mailferry::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Options`] for what cannot be read back, with the name of the option: nothing is taken for a default.
    pub fn from_record(record: &Value) -> Result<Self> {
        from_recorded(record, &mut |kept| {
            let message = format!("address-map: was not found: it is kept in the file {}", kept.file);
            Err(Error::new(ErrorKind::Options, message))
        })
    }
}

/// The version of the scheme of what is kept; `None` for that of an older version.
pub(in crate::convert) fn scheme(record: Option<&Value>) -> Option<u64> {
    record?.get("scheme")?.as_u64()
}

/// The file that keeps the address map.
pub(in crate::convert) fn kept_map(record: &Value) -> Option<KeptMap> {
    let map = record.pointer("/read/addressMap")?.as_object()?;
    let text = |key: &str| map.get(key)?.as_str().map(str::to_owned);
    Some(KeptMap { file: text("file")?, sha256: text("sha256")? })
}

/// The options that were kept, with the address map that `load` gives.
pub(in crate::convert) fn from_recorded(
    record: &Value,
    load: &mut dyn FnMut(&KeptMap) -> Result<AddressMap>,
) -> Result<ConvertOptions> {
    let refused = |message: String| Error::new(ErrorKind::Options, message);
    match scheme(Some(record)) {
        Some(SCHEME) => {}
        Some(newer) => {
            let message =
                format!("its options were kept by a newer version of mailferry (scheme {newer}): use that one");
            return Err(refused(message));
        }
        None => return Err(refused("does not contain the options that it was written with".into())),
    }
    let Value::Object(mut all) = record.clone() else {
        return Err(refused("its options are not a JSON object".into()));
    };
    ["scheme", "arguments", "transform"].into_iter().for_each(|key| drop(all.remove(key)));
    let map = match kept_map(record) {
        Some(kept) => {
            if let Some(read) = all.get_mut("read").and_then(Value::as_object_mut) {
                read.remove("addressMap");
            }
            Some(load(&kept)?)
        }
        None => None,
    };
    let mut options = ConvertOptions::deserialize(Value::Object(all.clone())).map_err(|error| {
        let alone = |place: &&str| {
            let value = all.get(place.split('/').next()?)?;
            let value = place.split('/').skip(1).try_fold(value, |value, key| value.get(key))?;
            let mut one = Map::new();
            put(&mut one, place, value.clone());
            Some(ConvertOptions::deserialize(Value::Object(one)).err()?.to_string())
        };
        let wrong = OPTIONS.iter().find_map(|option| {
            let error = option.places.iter().find_map(alone)?;
            Some(format!("{}: {error}", option.name.or(option.places.first().copied())?))
        });
        refused(format!("the options that it was written with cannot be read: {}", wrong.unwrap_or(error.to_string())))
    })?;
    if let Some(map) = map {
        options.read.addresses = map;
    }
    Ok(options)
}

/// Puts `value` to its place in an object, whose names are separated by `/`; `false` where something is there already.
pub(super) fn put(all: &mut Map<String, Value>, place: &str, value: Value) -> bool {
    let Some((name, rest)) = place.split_once('/') else {
        let is_free = !all.contains_key(place);
        all.insert(place.into(), value);
        return is_free;
    };
    let below = all.entry(name).or_insert_with(|| Value::Object(Map::new()));
    below.as_object_mut().is_some_and(|below| put(below, rest, value))
}
