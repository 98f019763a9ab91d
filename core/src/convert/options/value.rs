//! How values of options stand in JSON.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

/// Reads a list, or the one entry of it.
pub(in crate::convert) fn one_or_several<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let list = match Value::deserialize(deserializer)? {
        Value::Array(list) => list,
        one => vec![one],
    };
    list.into_iter().map(T::deserialize).collect::<Result<_, _>>().map_err(serde::de::Error::custom)
}

/// A target by its name.
pub(super) mod target {
    use crate::platform::Target;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    pub(in super::super) fn serialize<S: Serializer>(
        target: &Option<&'static Target>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        target.map(|target| &target.name).serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<&'static Target>, D::Error> {
        let name = Option::<String>::deserialize(deserializer)?;
        name.map(|name| Target::named(&name)).transpose().map_err(de::Error::custom)
    }
}

/// A path as text, whatever its octets are.
pub(super) mod path {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::path::PathBuf;

    pub(in super::super) fn serialize<S: Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
        path.as_ref().map(|path| path.to_string_lossy()).serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<PathBuf>, D::Error> {
        Ok(Option::<String>::deserialize(deserializer)?.map(PathBuf::from))
    }
}
