use std::collections::BTreeMap;

/// Fonts of a document that are kept: their numbers have 16 bits.
const MAX_FONTS: usize = 1 << 16;

/// The code pages of a document: of its header and of each font in its font table.
#[derive(Debug)]
pub(super) struct Fonts {
    header_code_page: u16,
    default_font: Option<i32>,
    defined: Option<i32>,
    code_pages: BTreeMap<i32, u16>,
}

impl Default for Fonts {
    fn default() -> Self {
        Self { header_code_page: 1252, default_font: None, defined: None, code_pages: BTreeMap::new() }
    }
}

impl Fonts {
    /// A word of the document's header: its character set, its default font.
    pub(super) fn set_header(&mut self, word: &[u8], parameter: Option<i32>) {
        match word {
            b"ansicpg" => {
                let code_page = parameter.and_then(|page| u16::try_from(page).ok()).filter(|page| *page != 0);
                self.header_code_page = code_page.unwrap_or(1252);
            }
            b"mac" => self.header_code_page = 10_000,
            b"pc" => self.header_code_page = 437,
            b"pca" => self.header_code_page = 850,
            b"deff" => self.default_font = parameter,
            _ => {}
        }
    }

    /// A word of the font table.
    pub(super) fn define(&mut self, word: &[u8], parameter: Option<i32>) {
        let code_page = match (word, parameter) {
            (b"f", _) => {
                self.defined = parameter;
                return;
            }
            (b"fcharset", Some(charset)) => code_page_of_charset(charset),
            (b"cpg", Some(page)) => u16::try_from(page).ok().filter(|page| *page != 0),
            _ => None,
        };
        if let (Some(font), Some(code_page)) = (self.defined, code_page)
            && self.code_pages.len() < MAX_FONTS
        {
            self.code_pages.insert(font, code_page);
        }
    }

    pub(super) fn code_page(&self, font: i32) -> u16 {
        self.code_pages.get(&font).copied().unwrap_or(self.header_code_page)
    }

    pub(super) fn default_code_page(&self) -> u16 {
        self.default_font.map_or(self.header_code_page, |font| self.code_page(font))
    }

    pub(super) fn header_code_page(&self) -> u16 {
        self.header_code_page
    }
}

/// The code page of a `\fcharset`; `None` for the default one and for those that have none.
fn code_page_of_charset(charset: i32) -> Option<u16> {
    Some(match charset {
        0 => 1252,
        77 => 10_000,
        78 => 10_001,
        79 => 10_003,
        80 => 10_008,
        81 => 10_002,
        83 => 10_005,
        84 => 10_004,
        85 => 10_006,
        86 => 10_081,
        87 => 10_021,
        88 => 10_029,
        89 => 10_007,
        128 => 932,
        129 => 949,
        130 => 1361,
        134 => 936,
        136 => 950,
        161 => 1253,
        162 => 1254,
        163 => 1258,
        177 => 1255,
        178..=180 => 1256,
        181 => 1255,
        186 => 1257,
        204 => 1251,
        222 => 874,
        238 => 1250,
        254 => 437,
        255 => 850,
        _ => return None,
    })
}
