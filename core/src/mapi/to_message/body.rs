use super::{
    Translator,
    decoding::{self, Decoded},
};
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
        let mut bodies = Bodies { plain: self.plain(limit), html: self.html(limit), rtf: None };
        if bodies.html.is_none() {
            self.add_rtf(&mut bodies, limit);
        }
        bodies
    }

    fn plain(&mut self, limit: usize) -> Option<String> {
        let text = match self.values.get(pid::BODY)? {
            PropertyValue::String8(octets) => {
                let decoded = decoding::plain(&octets.start(limit).ok()?, self.message.code_page);
                self.tell("the plain text body", decoded)
            }
            value => {
                let text = value.text(self.message.code_page, limit)?;
                if text.contains(char::REPLACEMENT_CHARACTER) {
                    let what = "the plain text body: some of it is no text: U+FFFD stands there";
                    self.defects.push(Defect::new(DefectKind::Charset, what));
                }
                text
            }
        };
        Some(text).filter(|text| !text.trim().is_empty())
    }

    fn html(&mut self, limit: usize) -> Option<String> {
        let html = match self.values.get(pid::HTML)? {
            PropertyValue::Binary(octets) => {
                let code_page = self.values.integer(pid::INTERNET_CODEPAGE).and_then(|page| u32::try_from(page).ok());
                let decoded =
                    decoding::html(&octets.start(limit).ok()?, code_page.map(CodePage), self.message.code_page);
                self.tell("the HTML body", decoded)
            }
            PropertyValue::String8(octets) => {
                let decoded = decoding::html(&octets.start(limit).ok()?, None, self.message.code_page);
                self.tell("the HTML body", decoded)
            }
            value => value.text(self.message.code_page, limit)?,
        };
        Some(html).filter(|html| !html.trim().is_empty())
    }

    fn tell(&mut self, what: &str, decoded: Decoded) -> String {
        let told = decoded.told.map(|told| Defect::new(DefectKind::Charset, format!("{what}: {told}")));
        self.defects.extend(told);
        decoded.text
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
        let (body, wrong) = rtf::read_told(&rtf);
        if wrong > 0 {
            let what =
                format!("the rich text body: in {wrong} places it is no text in its code page: U+FFFD stands there");
            self.defects.push(Defect::new(DefectKind::Charset, what));
        }
        match body {
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
