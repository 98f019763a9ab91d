use super::Translator;
use crate::{
    Defect, DefectKind,
    mapi::{CodePage, PropertyValue, pid, rtf},
};

/// The bodies of a message.
#[derive(Debug, Default)]
pub(in crate::mapi) struct Bodies {
    pub(in crate::mapi) plain: Option<String>,
    pub(in crate::mapi) html: Option<String>,
    /// The rich text that the HTML was made from, where it is wanted too.
    pub(in crate::mapi) rtf: Option<Vec<u8>>,
}

impl Translator<'_> {
    /// Plain text and HTML; RTF gives what the others lack ([MS-OXBBODY] 2.1.3).
    pub(super) fn bodies(&mut self) -> Bodies {
        let limit = self.translation.limits.text;
        for id in [pid::BODY, pid::HTML] {
            if self.values.octets(id).is_some_and(|octets| octets.len() > limit as u64) {
                self.defects.push(Defect::new(DefectKind::Truncated, format!("a body was cut at {limit} octets")));
            }
        }
        let mut bodies = Bodies { plain: self.values.long_text(pid::BODY, limit), html: self.html(limit), rtf: None };
        if bodies.html.is_none() {
            self.add_rtf(&mut bodies, limit);
        }
        bodies
    }

    fn html(&mut self, limit: usize) -> Option<String> {
        let html = match self.values.get(pid::HTML)? {
            PropertyValue::Binary(octets) => {
                let octets = octets.start(limit).ok()?;
                let code_page = self.values.integer(pid::INTERNET_CODEPAGE).and_then(|page| u32::try_from(page).ok());
                decode_html(&octets, code_page.map(CodePage), self.message.code_page)
            }
            value => value.text(self.message.code_page, limit)?,
        };
        Some(html).filter(|html| !html.trim().is_empty())
    }

    fn add_rtf(&mut self, bodies: &mut Bodies, limit: usize) {
        let Some(compressed) = self.values.octets(pid::RTF_COMPRESSED) else { return };
        let rtf = compressed.to_vec(limit).and_then(|value| rtf::decompress(&value, limit, &mut self.defects));
        let rtf = match rtf {
            Ok(rtf) => rtf,
            Err(error) => {
                self.defects.push(Defect::new(DefectKind::Property, format!("rich text body: {error}")));
                return;
            }
        };
        match rtf::read_body(&rtf) {
            rtf::Body::Html(html) => bodies.html = Some(html).filter(|html| !html.trim().is_empty()),
            rtf::Body::Text(text) if bodies.plain.is_none() => {
                bodies.plain = Some(text).filter(|text| !text.trim().is_empty());
            }
            rtf::Body::Readable(html) if !rtf::is_blank(&html) => {
                bodies.html = Some(html);
                bodies.rtf = Some(rtf).filter(|_| self.translation.keep_rtf);
            }
            _ => {}
        }
    }
}

/// The HTML in the code page that it is said to be in, unless its octets say better.
fn decode_html(octets: &[u8], declared: Option<CodePage>, of_message: CodePage) -> String {
    if let Some(utf8) = octets.strip_prefix(b"\xEF\xBB\xBF") {
        return CodePage::UTF_8.decode(utf8).0;
    }
    if let Some(utf16) = octets.strip_prefix(b"\xFF\xFE") {
        let pairs = utf16.chunks_exact(2).map(|pair| pair.try_into().map_or(0, u16::from_le_bytes));
        return char::decode_utf16(pairs).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    }
    let declared = declared.unwrap_or(of_message);
    // Any octets are text in a code page of single octets: UTF-8 that happens to be valid is UTF-8.
    let says_nothing = matches!(declared.0, 0 | 1250..=1258 | 20_127 | 28_591..=28_605);
    let utf8 = std::str::from_utf8(octets).map(|utf8| utf8.trim_end_matches('\0'));
    match utf8.map(|utf8| (utf8, says_nothing)) {
        Ok((utf8, true)) => utf8.to_owned(),
        _ => match (declared.decode(octets), utf8) {
            ((_, true), Ok(utf8)) => utf8.to_owned(),
            ((text, _), _) => text,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_is_decoded_as_its_octets_are() {
        let of = |octets: &[u8], page: u32| decode_html(octets, Some(CodePage(page)), CodePage::WINDOWS_1252);
        assert_eq!(of(b"\xe9", 1252), "é");
        assert_eq!(of("é".as_bytes(), 1252), "é");
        assert_eq!(of("é".as_bytes(), 65_001), "é");
        assert_eq!(of(b"\xd6\xd0", 936), "中");
        assert_eq!(of(b"\xEF\xBB\xBFx", 1252), "x");
        assert_eq!(of(b"\xFF\xFEx\0", 1252), "x");
    }
}
