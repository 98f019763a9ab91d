//! Options by their names, as other languages give them.

use super::{ConvertOptions, OptionInfo};
use crate::error::{Error, ErrorKind, Result};
use serde::Deserialize;
use serde_json::{Map, Value};

impl ConvertOptions {
    /// The options of these names, in kebab, camel or snake case, as [`OPTIONS`](super::OPTIONS) has them. `select` takes a
    /// [`Selection`](crate::convert::Selection) as a whole, `tagging` a [`Tagging`](crate::convert::Tagging). What is null was not
    /// given.
    ///
    /// ```
    /// use mailferry::{convert::ConvertOptions, read::tnef::TnefParts};
    ///
    /// let given = serde_json::json!({ "tnef": "decode", "select": { "skipTrash": true }, "larger": "1K" });
    /// let options = ConvertOptions::from_names(given.as_object().unwrap())?;
    /// assert_eq!((options.read.tnef, options.selection.larger), (TnefParts::Decode, Some(1024)));
    /// let error = ConvertOptions::from_names(serde_json::json!({ "eol": "cr" }).as_object().unwrap()).unwrap_err();
    /// assert_eq!(error.to_string(), "eol: \"cr\" is not a line end: choose one of keep, crlf, lf");
    /// # Ok::<(), mailferry::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Options`] for a name that is none, one that was given twice, and a value that does not do, each with the name.
    pub fn from_names(given: &Map<String, Value>) -> Result<Self> {
        let mut all = Map::new();
        for (name, value) in given {
            put(&mut all, name, value)?;
        }
        let options = Self::deserialize(Value::Object(all)).map_err(|error| {
            // Which one it was: the first that cannot be read alone.
            let wrong = given.iter().find_map(|(name, value)| {
                let mut one = Map::new();
                put(&mut one, name, value).ok()?;
                Some((name, Self::deserialize(Value::Object(one)).err()?))
            });
            let message = wrong.map_or_else(|| error.to_string(), |(name, error)| format!("{name}: {error}"));
            Error::new(ErrorKind::Options, message)
        })?;
        options.selection.check()?;
        Ok(options)
    }
}

/// Puts the value of an option where it stands in the JSON of all.
fn put(all: &mut Map<String, Value>, name: &str, value: &Value) -> Result<()> {
    if value.is_null() {
        return Ok(());
    }
    let group = match name {
        "select" | "selection" => Some("selection"),
        "tag" | "tagging" => Some("tagging"),
        _ => None,
    };
    if let Some(group) = group {
        let Value::Object(fields) = value else {
            return Err(Error::new(ErrorKind::Options, format!("{name}: is not an object")));
        };
        return fields.iter().try_for_each(|(field, value)| set(all, &format!("{group}/{field}"), name, value));
    }
    let option = OptionInfo::named(name).filter(|option| !option.places.is_empty());
    let option = option.ok_or_else(|| Error::new(ErrorKind::Options, format!("unknown option {name}")))?;
    option.places.iter().try_for_each(|place| set(all, place, name, value))
}

/// Puts `value` to its place, whose names are separated by `/`.
fn set(all: &mut Map<String, Value>, place: &str, name: &str, value: &Value) -> Result<()> {
    if super::recorded::put(all, place, value.clone()) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Options, format!("{name}: was given twice, possibly in two spellings")))
}
