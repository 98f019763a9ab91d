use encoding_rs::Encoding;
use oem_cp::code_table::DECODING_TABLE_CP_MAP;

/// A Windows code page by its number, as `String8` values are encoded in it ([MS-UCODEREF] 2.2.1).
///
/// [MS-UCODEREF]: https://learn.microsoft.com/openspecs/windows_protocols/ms-ucoderef/
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CodePage(pub u32);

impl CodePage {
    /// Western European, the usual one where none is told.
    pub const WINDOWS_1252: Self = Self(1252);
    /// UTF-8.
    pub const UTF_8: Self = Self(65001);

    /// The text of `octets` up to their first NUL, and whether some of them were not of this code page.
    ///
    /// An unknown code page is read as UTF-8 where that fits, else as 1252; what is no character becomes U+FFFD.
    pub fn decode(self, octets: &[u8]) -> (String, bool) {
        let octets = octets.split(|octet| *octet == 0).next().unwrap_or_default();
        if let Some(encoding) = self.encoding() {
            let (text, wrong) = encoding.decode_without_bom_handling(octets);
            return (text.into_owned(), wrong);
        }
        let table = u16::try_from(self.0).ok().and_then(|number| DECODING_TABLE_CP_MAP.get(&number));
        match (table, std::str::from_utf8(octets)) {
            (Some(table), _) => (table.decode_string_lossy(octets), false),
            (None, Ok(text)) => (text.to_owned(), false),
            (None, Err(_)) => (encoding_rs::WINDOWS_1252.decode_without_bom_handling(octets).0.into_owned(), true),
        }
    }

    pub(super) fn encoding(self) -> Option<&'static Encoding> {
        match self.0 {
            // Where ASCII or nothing is declared and octets beyond it are found, the world means 1252.
            0 | 20_127 | 28_591 => Some(encoding_rs::WINDOWS_1252),
            1361 | 20_949 | 51_949 => Some(encoding_rs::EUC_KR),
            20_936 | 51_936 | 52_936 => Some(encoding_rs::GBK),
            50_220..=50_222 => Some(encoding_rs::ISO_2022_JP),
            51_932 => Some(encoding_rs::EUC_JP),
            number => codepage::to_encoding(u16::try_from(number).ok()?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decodes_up_to_the_first_nul() {
        assert_eq!(CodePage(932).decode(b"\x93\xfa\x96\x7b\0rest"), ("日本".to_owned(), false));
        assert_eq!(CodePage::UTF_8.decode("ü".as_bytes()), ("ü".to_owned(), false));
    }

    #[test]
    fn knows_the_code_pages_of_real_mailboxes() {
        for (octets, code_page, text) in [
            (&b"\xcf\xf0\xe8"[..], 1251, "При"),
            (b"\xb1\xb9", 28_592, "ąš"),
            (b"\xa4\xa4", 950, "中"),
            (b"\xd6\xd0", 936, "中"),
            (b"\xb0\xa1", 949, "가"),
            (b"\x1b$B$\"\x1b(B", 50_220, "あ"),
            (b"\x80", 20_127, "€"),
            (b"\x81", 437, "ü"),
            (b"caf\x82", 850, "café"),
            (b"\xc3\xa9", 99_999, "é"),
            (b"\xe9", 99_999, "é"),
        ] {
            assert_eq!(CodePage(code_page).decode(octets).0, text, "code page {code_page}");
        }
    }

    proptest! {
        #[test]
        fn any_octets_in_any_code_page_are_some_text(octets: Vec<u8>, code_page in 0_u32..70_000) {
            let _ = CodePage(code_page).decode(&octets);
        }
    }
}
