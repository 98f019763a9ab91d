use super::{Translator, decoded::decoded, properties::Properties};
use crate::{defect::DefectKind, divide::divide, error::Result, mapi::pid, mime};
use encoding_rs::Encoding;

/// The code page of UTF-8.
const UTF_8: i32 = 65001;
/// Values of PidTagNativeBody ([MS-OXCMSG] 2.2.1.58.2).
const PLAIN: i32 = 1;
const HTML: i32 = 3;

impl Translator<'_> {
    /// The plain text and the HTML ([MS-OXCMAIL] 2.2.3.4); gives the HTML too.
    pub(super) fn bodies(&mut self, properties: &mut Properties) -> Result<Option<String>> {
        let plain = self.message.text()?;
        // Programs stumble over HTML without an octet.
        let html = self.message.html()?.filter(|html| !html.is_empty());
        if let Some(plain) = &plain {
            properties.text(pid::BODY, &with_crlf(plain));
            self.tell_of_nul(plain, "the text");
        }
        if let Some(html) = &html {
            let (octets, code_page) = match self.html_octets()? {
                Some(stored) => stored,
                None => (with_crlf(html).into_bytes(), UTF_8),
            };
            properties.binary(pid::HTML, octets);
            properties.integer(pid::INTERNET_CODEPAGE, code_page);
            properties.integer(pid::NATIVE_BODY, HTML);
        } else {
            if plain.is_none() {
                properties.text(pid::BODY, "");
            }
            properties.integer(pid::NATIVE_BODY, PLAIN);
        }
        Ok(html)
    }

    /// Plain text that programs search and show of a message that is kept as a whole.
    pub(super) fn searchable(&mut self, properties: &mut Properties) -> Result<()> {
        if let Some(plain) = self.message.text()? {
            properties.text(pid::BODY, &with_crlf(&plain));
        }
        Ok(())
    }

    /// The octets of the HTML as they came, with the code page they are in, where there is one piece of it and its charset has one.
    fn html_octets(&self) -> Result<Option<(Vec<u8>, i32)>> {
        let structure = self.message.structure()?;
        let parts = mime::BodyParts::of(structure);
        let [place] = parts.html.as_slice() else { return Ok(None) };
        let Some(entity) = structure.entities().get(*place) else { return Ok(None) };
        // What an opaque signature encloses stands with the rest.
        if parts.attachments.iter().filter_map(|place| structure.entities().get(*place)).any(mime::signed_data::may_be)
        {
            return Ok(None);
        }
        let (content, _) = decoded(entity, self.message.content())?;
        let Ok(octets) = content.to_vec(MOST) else { return Ok(None) };
        if octets.is_ascii() {
            // US-ASCII is UTF-8; escapes of ISO-2022 would be ASCII too.
            return Ok((!octets.contains(&0x1B)).then_some((octets, UTF_8)));
        }
        let label = mime::charset_of(entity, self.message.content(), &|| self.message.evidence())?;
        let encoding = label.and_then(|label| Encoding::for_label(label.trim().as_bytes()));
        let page = encoding.and_then(codepage::from_encoding).filter(|page| !matches!(page, 1200 | 1201));
        let (Some(encoding), Some(page)) = (encoding, page) else { return Ok(None) };
        let exact = encoding.decode_without_bom_handling_and_without_replacement(&octets).is_some();
        Ok(exact.then_some((octets, i32::from(page))))
    }

    /// Text of properties ends at a NUL for programs, so it is written without.
    pub(super) fn tell_of_nul(&mut self, text: &str, what: &str) {
        if text.contains('\0') {
            self.tell(DefectKind::Conversion, format!("NUL octets of {what} are left out: text in a store has none"));
        }
    }

    pub(super) fn tell_broken(&mut self, what: &str) {
        self.tell(DefectKind::TransferEncoding, format!("{what} has octets that are invalid in its transfer encoding"));
    }
}

/// Octets of an HTML body that are kept as they are.
const MOST: usize = 16 << 20;

fn with_crlf(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\n', rest.as_bytes()) {
        let (line, behind) = divide(rest, at);
        out.push_str(line.strip_suffix('\r').unwrap_or(line));
        out.push_str("\r\n");
        rest = behind.get(1..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}
