use super::CodePage;

/// The ANSI code page of Windows in a locale, by its identifier ([MS-LCID] 2.2); none where Windows has Unicode only.
pub(super) fn ansi_page(locale: u32) -> Option<CodePage> {
    // Sort order and reserved bits do not matter.
    let locale = locale & 0xFFFF;
    let number = match locale {
        0 => return None,
        // Traditional Chinese: Taiwan, Hong Kong, Macao, and the script by itself.
        0x0404 | 0x0C04 | 0x1404 | 0x7C04 => 950,
        // Serbian and Bosnian in Cyrillic; Azeri and Uzbek likewise.
        0x0C1A | 0x1C1A | 0x201A | 0x281A | 0x301A | 0x6C1A | 0x641A | 0x082C | 0x742C | 0x0843 | 0x7843 => 1251,
        _ => match locale & 0x3FF {
            0x01 | 0x20 | 0x29 | 0x59 | 0x80 | 0x8C => 1256,
            0x02 | 0x19 | 0x22 | 0x23 | 0x28 | 0x2F | 0x3F | 0x40 | 0x44 | 0x50 | 0x6D | 0x85 => 1251,
            0x04 => 936,
            0x05 | 0x0E | 0x15 | 0x18 | 0x1A | 0x1B | 0x1C | 0x24 | 0x42 => 1250,
            0x08 => 1253,
            0x0D => 1255,
            0x11 => 932,
            0x12 => 949,
            0x1E => 874,
            0x1F | 0x2C | 0x43 => 1254,
            0x25..=0x27 => 1257,
            0x2A => 1258,
            // Languages of India, Armenia, Georgia and others that Windows never had an ANSI code page for.
            0x2B | 0x37 | 0x39 | 0x3A | 0x45..=0x4F | 0x51 | 0x53..=0x55 | 0x57 | 0x5B | 0x5E | 0x61 | 0x63 | 0x65 => {
                return None;
            }
            _ => 1252,
        },
    };
    Some(CodePage(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locales_have_the_pages_of_windows() {
        for (locale, page) in [
            (0x0411, Some(932)),
            (0x0415, Some(1250)),
            (0x0419, Some(1251)),
            (0x0404, Some(950)),
            (0x0804, Some(936)),
            (0x0412, Some(949)),
            (0x041F, Some(1254)),
            (0x0408, Some(1253)),
            (0x040D, Some(1255)),
            (0x0401, Some(1256)),
            (0x0427, Some(1257)),
            (0x042A, Some(1258)),
            (0x041E, Some(874)),
            (0x0407, Some(1252)),
            (0x0409, Some(1252)),
            (0x081A, Some(1250)),
            (0x0C1A, Some(1251)),
            (0x0002_0804, Some(936)),
            (0x0439, None),
            (0, None),
        ] {
            assert_eq!(ansi_page(locale), page.map(CodePage), "{locale:#x}");
        }
    }
}
