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
/// Why it is none, for a person.
pub fn size(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &*text.get(digits.len()..).unwrap_or_default().to_ascii_uppercase() {
        "" | "B" => 0,
        "K" | "KB" | "KIB" => 10,
        "M" | "MB" | "MIB" => 20,
        "G" | "GB" | "GIB" => 30,
        "T" | "TB" | "TIB" => 40,
        unit => return Err(format!("{unit:?} is no unit of size; K, M, G and T are")),
    };
    let number: u64 = digits.trim().parse().map_err(|_| format!("{text:?} is no size; 480M is one"))?;
    number
        .checked_shl(unit)
        .filter(|size| size >> unit == number && *size > 0)
        .ok_or_else(|| format!("{text:?} is no size that can be reached"))
}
