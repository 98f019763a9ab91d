use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// A Windows code page by its number, as `String8` values are encoded in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CodePage(pub u32);

impl CodePage {
    /// Western European, the usual one where none is told.
    pub const WINDOWS_1252: Self = Self(1252);
    /// UTF-8.
    pub const UTF_8: Self = Self(65001);

    /// The text of `octets` up to their first NUL, and whether some of them were not of this code page.
    pub fn decode(self, octets: &[u8]) -> (String, bool) {
        let octets = octets.split(|octet| *octet == 0).next().unwrap_or_default();
        let (text, wrong) = self.encoding().decode_without_bom_handling(octets);
        (text.into_owned(), wrong)
    }

    fn encoding(self) -> &'static Encoding {
        match u16::try_from(self.0) {
            Ok(65001) => UTF_8,
            Ok(number) => codepage::to_encoding(number).unwrap_or(WINDOWS_1252),
            Err(_) => WINDOWS_1252,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_up_to_the_first_nul() {
        assert_eq!(CodePage(932).decode(b"\x93\xfa\x96\x7b\0rest"), ("日本".to_owned(), false));
        assert_eq!(CodePage::UTF_8.decode("ü".as_bytes()), ("ü".to_owned(), false));
    }
}
