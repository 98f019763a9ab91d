mod choice;
mod detector;
mod locale;

pub(crate) use choice::{Declared, Fallback, Sample, choose, is_utf_8, undeclared};
pub(crate) use detector::guess;

use crate::mime::decode_labelled;
use encoding_rs::Encoding;
use oem_cp::code_table::DECODING_TABLE_CP_MAP;

/// A Windows code page by its number, as `String8` values are encoded in it ([MS-UCODEREF] 2.2.1).
///
/// [MS-UCODEREF]: https://learn.microsoft.com/openspecs/windows_protocols/ms-ucoderef/
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CodePage(pub u32);

impl CodePage {
    /// Western European, the default where none is declared.
    pub const WINDOWS_1252: Self = Self(1252);
    /// UTF-8.
    pub const UTF_8: Self = Self(65001);

    /// UTF-16, little-endian.
    pub(crate) const UTF_16LE: Self = Self(1200);
    /// UTF-16, big-endian.
    pub(crate) const UTF_16BE: Self = Self(1201);

    /// The text of `octets` up to their first NUL, and whether some of them were not of this code page.
    ///
    /// An unknown code page is read as UTF-8 where that fits, else as 1252; what is not a character becomes U+FFFD.
    pub fn decode(self, octets: &[u8]) -> (String, bool) {
        if self.is_wide() {
            let (pairs, _) = octets.as_chunks::<2>();
            let end = pairs.iter().position(|pair| *pair == [0, 0]).map_or(octets.len(), |end| 2 * end);
            return self.decode_whole(octets.get(..end).unwrap_or(octets));
        }
        self.decode_whole(octets.split(|octet| *octet == 0).next().unwrap_or_default())
    }

    /// The text of all `octets`, and whether some of them were not of this code page.
    pub(crate) fn decode_whole(self, octets: &[u8]) -> (String, bool) {
        if let Some(label) = self.label() {
            return decode_labelled(label, octets);
        }
        if let Some(encoding) = self.encoding() {
            let (text, wrong) = encoding.decode_without_bom_handling(octets);
            return (text.into_owned(), wrong);
        }
        match (self.table(), std::str::from_utf8(octets)) {
            (Some(table), _) => {
                let text = table.decode_string_lossy(octets);
                let wrong = text.contains(char::REPLACEMENT_CHARACTER);
                (text, wrong)
            }
            (None, Ok(text)) => (text.to_owned(), false),
            (None, Err(_)) => (encoding_rs::WINDOWS_1252.decode_without_bom_handling(octets).0.into_owned(), true),
        }
    }

    /// Whether escapes switch between its letters: octets of ASCII mean others there.
    pub(crate) fn has_escapes(self) -> bool {
        matches!(self.0, 50_220..=50_229 | 52_936 | 65_000)
    }

    /// The longest start of some text that ends between two characters, where more of it follows; all of it where none does.
    pub(crate) fn whole_characters(self, octets: &[u8]) -> usize {
        let len = octets.len();
        if self.is_single_octet() {
            return len;
        }
        let found = match self.0 {
            12_000 | 12_001 => len & !3,
            1200 | 1201 => {
                let even = len & !1;
                let high = octets.get(if self.0 == 1200 { even.wrapping_sub(1) } else { even.wrapping_sub(2) });
                if high.is_some_and(|high| (0xD8..0xDC).contains(high)) { even - 2 } else { even }
            }
            // Escapes hold to the end of their line.
            _ if self.has_escapes() => memchr::memrchr(b'\n', octets).map_or(0, |at| at + 1),
            // No character of several octets has one of these in it.
            _ => octets.iter().rposition(|octet| *octet < 0x30).map_or(0, |at| at + 1),
        };
        if found > 0 {
            return found;
        }
        let ends_well = |len: &usize| {
            let text = self.decode_whole(octets.get(..*len).unwrap_or_default()).0;
            !text.is_empty() && !text.ends_with(char::REPLACEMENT_CHARACTER)
        };
        (len.saturating_sub(3)..=len).rev().find(ends_well).unwrap_or(len)
    }

    /// Whether it is a code page that can be read.
    pub(crate) fn is_known(self) -> bool {
        self.label().is_some() || self.encoding().is_some() || self.table().is_some()
    }

    /// Whether its characters are units of two octets.
    pub(crate) fn is_wide(self) -> bool {
        matches!(self.0, 1200 | 1201)
    }

    /// Whether each of its characters is one octet: any octets are text in it.
    pub(crate) fn is_single_octet(self) -> bool {
        self.label().is_none() && self.encoding().map_or(self.table().is_some(), Encoding::is_single_byte)
    }

    /// Whether it says nothing of octets beyond ASCII: none, and US-ASCII.
    pub(crate) fn says_nothing(self) -> bool {
        matches!(self.0, 0 | 20_127)
    }

    /// What mail calls the charset, for those that need more than a table or a decoder of browsers.
    fn label(self) -> Option<&'static [u8]> {
        Some(match self.0 {
            1200 => b"utf-16le",
            1201 => b"utf-16be",
            12_000 => b"utf-32le",
            12_001 => b"utf-32be",
            50_220..=50_222 => b"iso-2022-jp",
            50_225 => b"iso-2022-kr",
            50_227 | 50_229 => b"iso-2022-cn",
            52_936 => b"hz-gb-2312",
            65_000 => b"utf-7",
            _ => return None,
        })
    }

    fn table(self) -> Option<&'static oem_cp::code_table_type::TableType> {
        u16::try_from(self.0).ok().and_then(|number| DECODING_TABLE_CP_MAP.get(&number))
    }

    pub(super) fn encoding(self) -> Option<&'static Encoding> {
        match self.0 {
            // Where ASCII or nothing is declared and octets beyond it are found, the world means 1252.
            0 | 20_127 | 28_591 => Some(encoding_rs::WINDOWS_1252),
            20_949 | 51_949 | 10_003 => Some(encoding_rs::EUC_KR),
            20_936 | 51_936 | 10_008 => Some(encoding_rs::GBK),
            10_001 => Some(encoding_rs::SHIFT_JIS),
            10_002 => Some(encoding_rs::BIG5),
            20_932 | 51_932 => Some(encoding_rs::EUC_JP),
            number => codepage::to_encoding_no_replacement(u16::try_from(number).ok()?),
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
    fn text_is_parted_between_characters() {
        for (page, text) in [
            (1251, "Привет"),
            (932, "日本、テスト アイウ"),
            (932, "ｱ日本語テ"),
            (936, "己所不欲"),
            (54_936, "己所😀不欲"),
            (950, "中文字"),
            (949, "한국어"),
            (65_001, "Grüße 日本 😀😀"),
            (65_001, "日本語"),
            (1200, "a😀😀b"),
            (1201, "a😀😀b"),
            (12_000, "a😀b"),
        ] {
            let octets: Vec<u8> = match page {
                1200 => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
                1201 => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
                12_000 => text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect(),
                _ => CodePage(page).encoding().unwrap().encode(text).0.into_owned(),
            };
            for end in 4..octets.len() {
                let len = CodePage(page).whole_characters(&octets[..end]);
                assert!(len > 0 && len <= end, "{page}: {len} of {end}");
                let parted = [&octets[..len], &octets[len..]].map(|part| CodePage(page).decode_whole(part).0).concat();
                assert_eq!(parted, text, "{page}: {len} of {end}");
            }
        }
        assert_eq!(CodePage(50_220).whole_characters(b"\x1b$B$\"\x1b(B\n\x1b$B$"), 9);
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
            (b"G\0r\0\xfc\0", 1200, "Grü"),
            (b"\0G\0r\0\xfc", 1201, "Grü"),
            (b"Gr+APwA3w-", 65_000, "Grüß"),
            (b"\x1b$)C\x0eGQ19>n\x0f", 50_225, "한국어"),
            (b"~{<:Ky2;~}", 52_936, "己所不"),
            (b"\xb4\xa4", 51_932, "瓦"),
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
