use super::charset;

/// The text of `octets` in the charset that mail calls `label`, and whether some of them were not of it.
pub(crate) fn decode_labelled(label: &[u8], octets: &[u8]) -> (String, bool) {
    let decoded = charset::decode(label, octets);
    (decoded.text.into_owned(), !decoded.exact)
}
