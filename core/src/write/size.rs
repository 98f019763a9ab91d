use serde::{Deserialize, Deserializer, de};

/// A number of octets, perhaps in KiB, MiB, GiB or TiB.
///
/// ```
/// use mailferry::write::size;
///
/// assert_eq!(size("480M"), Ok(480 << 20));
/// assert!(size("12X").is_err());
/// ```
///
/// # Errors
/// Why it is not a size, as text.
pub fn size(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &*text.get(digits.len()..).unwrap_or_default().to_ascii_uppercase() {
        "" | "B" => 0,
        "K" | "KB" | "KIB" => 10,
        "M" | "MB" | "MIB" => 20,
        "G" | "GB" | "GIB" => 30,
        "T" | "TB" | "TIB" => 40,
        unit => return Err(format!("{unit:?} is not a unit of size: use K, M, G or T")),
    };
    let number: u64 = digits.trim().parse().map_err(|_| format!("{text:?} is not a size; an example is 480M"))?;
    number
        .checked_shl(unit)
        .filter(|size| size >> unit == number && *size > 0)
        .ok_or_else(|| format!("{text:?} is not a possible size: it is zero or too large"))
}

/// A number of octets in JSON: a number, or text such as 480M.
#[derive(Deserialize)]
#[serde(untagged, expecting = "not a size: use a number of octets or a text such as \"480M\"")]
enum Given {
    Octets(u64),
    Text(String),
}

/// Reads a number of octets; none for nothing.
///
/// # Errors
/// For what is no number of octets.
pub(crate) fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    match Option::<Given>::deserialize(deserializer)? {
        None => Ok(None),
        Some(Given::Octets(octets)) => Ok(Some(octets)),
        Some(Given::Text(text)) => size(&text).map(Some).map_err(de::Error::custom),
    }
}

/// Reads the number of octets that no part reaches, which is one at least; none for nothing.
///
/// # Errors
/// For what is no such number.
pub(crate) fn part<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    match given(deserializer)? {
        Some(0) => Err(de::Error::custom("a part must have at least one byte")),
        given => Ok(given),
    }
}
