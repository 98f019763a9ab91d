use caseless::Caseless;
use unicode_normalization::UnicodeNormalization;

/// Text by which two spellings compare that differ in case or composition alone (Unicode §3.13, D145).
pub(in crate::convert) fn fold(text: &str) -> String {
    match text.is_ascii() {
        true => text.to_ascii_lowercase(),
        false => text.nfd().default_case_fold().nfc().collect(),
    }
}
