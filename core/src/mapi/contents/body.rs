use super::decoding::{self, Decoded};
use crate::{
    Defect, DefectKind, Result,
    mapi::{CodePage, MapiMessage, Octets, PropertyValue, Translation, html_text, pid, rtf, values::Values},
    source::{Content, ReadAt, Source, Utf16},
};
use std::sync::Arc;

/// Octets of UTF-8 of a body that are held in memory where what is behind them can be read when it is wanted.
const HELD: usize = 4 << 20;
/// Octets of a body of mail that are held where it can only be read as a whole, and of what is made of rich text.
const WHOLE: usize = 8 << 20;

/// The bodies of a message.
#[derive(Debug, Default)]
pub(in crate::mapi) struct Bodies {
    pub(in crate::mapi) plain: Option<BodyText>,
    pub(in crate::mapi) html: Option<BodyText>,
    /// The rich text that the HTML was made from, where it is wanted too, or the HTML is not all of it.
    pub(in crate::mapi) rtf: Option<Content>,
}

/// A body in UTF-8.
#[derive(Debug)]
pub(in crate::mapi) struct BodyText {
    pub(in crate::mapi) start: String,
    /// What follows, where it is too long to be held.
    pub(in crate::mapi) rest: Option<Content>,
}

impl From<String> for BodyText {
    fn from(start: String) -> Self {
        Self { start, rest: None }
    }
}

/// The bodies of a message, in memory; what could not be carried over is told in `defects`.
pub(in crate::mapi) fn bodies(
    message: &MapiMessage,
    translation: &Translation,
    defects: &mut Vec<Defect>,
) -> (Option<String>, Option<String>) {
    let bodies = BodyReader { message, values: Values::of(message), translation, defects, is_mail: false }.bodies();
    (bodies.plain.map(|text| text.start), bodies.html.map(|text| text.start))
}

/// The same of mail: the rest of long ones is left where it is, and rich text may go with them.
pub(in crate::mapi) fn bodies_of_mail(
    message: &MapiMessage,
    translation: &Translation,
    defects: &mut Vec<Defect>,
) -> Bodies {
    BodyReader { message, values: Values::of(message), translation, defects, is_mail: true }.bodies()
}

struct BodyReader<'a> {
    message: &'a MapiMessage,
    values: Values<'a>,
    translation: &'a Translation,
    defects: &'a mut Vec<Defect>,
    is_mail: bool,
}

impl BodyReader<'_> {
    /// Plain text and HTML; RTF gives what the others lack ([MS-OXBBODY] 2.1.3).
    fn bodies(&mut self) -> Bodies {
        let mut bodies = Bodies {
            plain: self.body(pid::BODY, "the plain text body"),
            html: self.body(pid::HTML, "the HTML body"),
            rtf: None,
        };
        if bodies.html.is_none() {
            let use_of_rtf = self.use_of_rtf(bodies.plain.is_some());
            self.add_rtf(&mut bodies, use_of_rtf);
        }
        bodies
    }

    fn body(&mut self, id: u16, what: &str) -> Option<BodyText> {
        if let Some(long) = self.long(id, what) {
            return Some(long);
        }
        let limit = self.translation.limits.text.min(self.most());
        let mut text = if id == pid::BODY { self.plain(limit) } else { self.html(limit) };
        let len = self.values.octets(id).map_or(0, Octets::len);
        let mut is_cut = len > limit as u64;
        // What is no mail has its text several times in memory.
        if let Some(text) = text.as_mut().filter(|text| !self.is_mail && text.len() > limit) {
            text.truncate(text.floor_char_boundary(limit));
            is_cut = true;
        }
        if is_cut {
            let detail = format!("{what} has {len} octets and was cut at {limit}");
            self.defects.push(Defect::new(DefectKind::Truncated, detail));
        }
        text.map(BodyText::from)
    }

    /// How much of a body is held.
    fn most(&self) -> usize {
        if self.is_mail { WHOLE } else { HELD }
    }

    /// The start of a long body, and the rest of it, which is not held.
    fn long(&mut self, id: u16, what: &str) -> Option<BodyText> {
        let value = self.values.get(id).filter(|_| self.is_mail)?;
        let octets = value.octets().filter(|octets| octets.len() > HELD as u64)?;
        // Octets that cannot be read as text that is not held are read as text that is.
        let (text, mut remarks) = match value {
            PropertyValue::String(_) => (utf_8_of(octets).ok()?, Vec::new()),
            value => {
                let octets =
                    without_zeros(octets, matches!(value, PropertyValue::String8(_)) && id == pid::BODY).ok()?;
                let of_message = self.message.code_page;
                let declared = match value {
                    PropertyValue::Binary(_) => {
                        self.values.integer(pid::INTERNET_CODEPAGE).and_then(|page| u32::try_from(page).ok())
                    }
                    _ => None,
                };
                let decode = |start: &[u8]| match id {
                    pid::BODY => decoding::plain(start, of_message),
                    _ => decoding::html(start, declared.map(CodePage), of_message),
                };
                let lying = decoding::lying(&octets, decode).ok()??;
                (lying.text, lying.remark.into_iter().collect())
            }
        };
        let start = text.slice(0..HELD as u64).to_vec(HELD).ok()?;
        let len = match std::str::from_utf8(&start) {
            Ok(start) => start.len(),
            // A character that goes on in the rest.
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => return None,
        };
        let rest = text.slice(len as u64..u64::MAX);
        let mut start = String::from_utf8(start.get(..len)?.to_vec()).ok()?;
        let told = text.take_defects();
        self.defects.extend(told);
        let told =
            remarks.drain(..).map(|remark: String| Defect::new(DefectKind::Charset, format!("{what}: {remark}")));
        self.defects.extend(told);
        let rest = match start.find('\0') {
            Some(end) if id == pid::BODY || matches!(value, PropertyValue::String(_)) => {
                start.truncate(end);
                None
            }
            _ => Some(rest).filter(|rest| !rest.is_empty()),
        };
        Some(BodyText { start, rest }).filter(|text| text.rest.is_some() || !text.start.trim().is_empty())
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
                    let what = "the plain text body: invalid characters were replaced by U+FFFD";
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
        let defect = decoded.remark().map(|remark| Defect::new(DefectKind::Charset, format!("{what}: {remark}")));
        self.defects.extend(defect);
        decoded.text
    }

    /// What rich text is worth beside a plain body, or without one: PidTagNativeBody decides, else PidTagRtfInSync ([MS-OXBBODY] 2.1.3.1).
    fn use_of_rtf(&self, has_plain: bool) -> UseOfRtf {
        const PLAIN: i64 = 1;
        const RTF: i64 = 2;
        const HTML: i64 = 3;
        let is_stale = matches!(self.values.get(pid::RTF_IN_SYNC), Some(PropertyValue::Boolean(false)));
        match self.values.integer(pid::NATIVE_BODY) {
            _ if !has_plain => UseOfRtf::Body,
            Some(PLAIN) => UseOfRtf::Stale,
            Some(RTF) => UseOfRtf::Body,
            // The HTML itself is missing: it may stand in the rich text ([MS-OXRTFEX]).
            Some(HTML) if is_stale => UseOfRtf::OnlyHtml,
            _ if is_stale => UseOfRtf::Stale,
            _ => UseOfRtf::Body,
        }
    }

    fn add_rtf(&mut self, bodies: &mut Bodies, use_of_rtf: UseOfRtf) {
        let Some(compressed) = self.values.octets(pid::RTF_COMPRESSED) else { return };
        let limit = self.translation.limits.text;
        let rtf = rtf::decompressed(&compressed.content(), limit, self.defects);
        let most = self.most();
        let read = rtf.and_then(|rtf| Ok((rtf::read_content(&rtf, most)?, rtf)));
        let (read, rtf) = match read {
            Ok(read) => read,
            Err(error) => {
                self.defects.push(Defect::new(DefectKind::Property, format!("rich text body: {error}")));
                return;
            }
        };
        let rtf::Read { body, wrong, is_cut } = read;
        if wrong > 0 {
            let what = format!(
                "the rich text body: {wrong} characters are invalid in its code page and were replaced by U+FFFD"
            );
            self.defects.push(Defect::new(DefectKind::Charset, what));
        }
        let is_html = matches!(body, rtf::Body::Html(_));
        if use_of_rtf == UseOfRtf::Stale || use_of_rtf == UseOfRtf::OnlyHtml && !is_html {
            self.leave_out(body, rtf, bodies);
            return;
        }
        let keeps_rtf = self.translation.keep_rtf && self.is_mail;
        match body {
            rtf::Body::Html(html) => {
                bodies.html = Some(html).filter(|html| !html.trim().is_empty()).map(BodyText::from)
            }
            rtf::Body::Text(text) if bodies.plain.is_none() => {
                bodies.plain = Some(text).filter(|text| !text.trim().is_empty()).map(BodyText::from);
            }
            rtf::Body::Text(_) => return,
            rtf::Body::Readable(html) if !rtf::is_blank(&html) => {
                bodies.html = Some(BodyText::from(html));
                bodies.rtf = Some(rtf.clone()).filter(|_| keeps_rtf);
            }
            rtf::Body::Readable(_) => {}
        }
        if is_cut {
            let rest = if self.is_mail { "the RTF is attached as body.rtf" } else { "the rest of it is left out" };
            let detail = format!("the text of the rich text body was cut behind {most} octets: {rest}");
            self.defects.push(Defect::new(DefectKind::Truncated, detail));
            bodies.rtf = Some(rtf).filter(|_| self.is_mail);
        }
    }

    /// Leaves out rich text that is not what the plain text says; that is told where they differ.
    fn leave_out(&mut self, body: rtf::Body, rtf: Content, bodies: &mut Bodies) {
        let text = match body {
            rtf::Body::Html(html) | rtf::Body::Readable(html) => html_text::plain_text(&html),
            rtf::Body::Text(text) => text,
        };
        let plain = bodies.plain.as_ref().map(|plain| plain.start.as_str()).unwrap_or_default();
        if text.trim().is_empty() || same_words(&text, plain) {
            return;
        }
        let is_kept = self.translation.keep_rtf && self.is_mail;
        let kept = if is_kept { "is attached only" } else { "is left out" };
        let detail = format!("the rich text body is older than the plain text, as the store says: it {kept}");
        self.defects.push(Defect::new(DefectKind::Conversion, detail));
        bodies.rtf = Some(rtf).filter(|_| is_kept);
    }
}

/// The octets of a text without the zeros that may end it, or up to the first.
fn without_zeros(octets: &Octets, ends_at_first: bool) -> Result<Content> {
    let content = octets.content();
    if ends_at_first {
        let (mut at, mut end) = (0_u64, None);
        content.for_each_chunk(|chunk| {
            let zero = memchr::memchr(0, chunk).filter(|_| end.is_none());
            end = end.or(zero.map(|zero| at + zero as u64));
            at += chunk.len() as u64;
            Ok(())
        })?;
        return Ok(content.slice(0..end.unwrap_or(u64::MAX)));
    }
    const TAIL: u64 = 4 << 10;
    let tail = content.slice(content.len().saturating_sub(TAIL)..u64::MAX).to_vec(TAIL as usize)?;
    let zeros = tail.iter().rev().take_while(|octet| **octet == 0).count() as u64;
    Ok(content.slice(0..content.len().saturating_sub(zeros)))
}

/// Text in UTF-16 as UTF-8, read when it is wanted; without the zeros that may end it.
fn utf_8_of(octets: &Octets) -> Result<Content> {
    let content = octets.content();
    let from = content.len().saturating_sub(4) & !1;
    let zeros = content.slice(from..u64::MAX).to_vec(8)?.iter().rev().take_while(|octet| **octet == 0).count() & !1;
    let text = content.slice(0..content.len().saturating_sub(zeros as u64));
    Ok(Content::from(Arc::new(Utf16::little_endian(Arc::new(text) as Source)?) as Source))
}

/// What becomes of rich text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum UseOfRtf {
    /// It is the body, in a form of its own.
    Body,
    /// It is the body if it was made from HTML.
    OnlyHtml,
    /// It is not what the message says now.
    Stale,
}

/// Whether two texts have the same letters and digits.
fn same_words(a: &str, b: &str) -> bool {
    let words = |text| str::chars(text).filter(|c| c.is_alphanumeric());
    words(a).eq(words(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapi::{
        Octets, Translation,
        support::{message, text},
    };

    /// The plain text and the HTML that are written, the kinds of the defects, and whether the rich text is kept beside them.
    fn written(
        rtf: &[u8],
        properties: &[(u16, PropertyValue)],
    ) -> (Option<String>, Option<String>, Vec<DefectKind>, bool) {
        let compressed =
            [&(rtf.len() as u32 + 12).to_le_bytes()[..], &(rtf.len() as u32).to_le_bytes(), b"MELA\0\0\0\0", rtf]
                .concat();
        let of_rtf = (pid::RTF_COMPRESSED, PropertyValue::Binary(Octets::from(compressed)));
        let message = message(properties.iter().cloned().chain([of_rtf]));
        let translation = Translation { keep_rtf: true, ..Translation::default() };
        let mut defects = Vec::new();
        let bodies = bodies_of_mail(&message, &translation, &mut defects);
        let kinds = defects.iter().map(Defect::kind).collect();
        let text = |body: Option<BodyText>| body.map(|body| body.start);
        (text(bodies.plain), text(bodies.html), kinds, bodies.rtf.is_some())
    }

    #[test]
    fn rich_text_that_is_out_of_date_replaces_nothing() {
        let (genuine, of_html): (&[u8], &[u8]) =
            (br"{\rtf1\ansi{\b old} words}", br"{\rtf1\ansi\fromhtml1{\*\htmltag <p>}old words{\*\htmltag </p>}}");
        let plain = |words: &str| (pid::BODY, text(words));
        let in_sync = |is: bool| (pid::RTF_IN_SYNC, PropertyValue::Boolean(is));
        let native = |body: i32| (pid::NATIVE_BODY, PropertyValue::Integer32(body));
        let html = (pid::HTML, PropertyValue::Binary(Octets::from(b"<b>new</b>".to_vec())));
        for (rtf, properties, is_html, is_told) in [
            (genuine, vec![plain("new"), in_sync(false)], false, true),
            (genuine, vec![plain("old words"), in_sync(false)], false, false),
            (of_html, vec![plain("new"), in_sync(false)], false, true),
            (genuine, vec![plain("new"), in_sync(false), native(1)], false, true),
            (genuine, vec![plain("new"), in_sync(true), native(1)], false, true),
            (genuine, vec![plain("new"), native(1)], false, true),
            (genuine, vec![plain("new"), in_sync(false), native(2)], true, false),
            (of_html, vec![plain("new"), in_sync(false), native(3)], true, false),
            (genuine, vec![plain("new"), in_sync(false), native(3)], false, true),
            (genuine, vec![plain("new"), in_sync(true)], true, false),
            (genuine, vec![plain("new")], true, false),
            (genuine, vec![in_sync(false)], true, false),
            (of_html, vec![in_sync(false), native(1)], true, false),
        ] {
            let (kept, written, kinds, has_rtf) = written(rtf, &properties);
            assert_eq!(written.is_some(), is_html, "{properties:?}");
            assert_eq!(kinds, if is_told { vec![DefectKind::Conversion] } else { vec![] }, "{properties:?}");
            assert!(!is_told || has_rtf, "{properties:?}");
            assert_eq!(kept.is_some(), properties.iter().any(|(id, _)| *id == pid::BODY));
        }
        let (_, written, kinds, _) = written(genuine, &[plain("new"), in_sync(false), html]);
        assert_eq!((written.as_deref(), kinds), (Some("<b>new</b>"), vec![]));
    }
}
