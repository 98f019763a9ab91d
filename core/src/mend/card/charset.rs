//! Text in other charsets than UTF-8, and encodings of vCard 2.1 in later versions.

use super::{Context, said};
use crate::{
    content_line::{ContentLine, Property, decode_quoted_printable, decode_text, is_utf8},
    defect::DefectKind,
    mend::{Notes, draft::Draft},
};
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, WINDOWS_1252};
use std::borrow::Cow;

/// The charset of the lines that are not UTF-8 and declare none.
pub(super) struct Charset(&'static Encoding);

impl Charset {
    /// What the octets of all such lines look like.
    pub(super) fn of(draft: &Draft) -> Self {
        let mut detector = None;
        for number in draft.numbers() {
            let text = draft.text(number);
            if draft.is_whole(number) && !is_utf8(text) && !declares_charset(text) {
                let detector = detector.get_or_insert_with(|| EncodingDetector::new(Iso2022JpDetection::Deny));
                let value = ContentLine::parse(text).map_or(text, |line| line.value);
                detector.feed(value, false);
                detector.feed(b"\n", false);
            }
        }
        Self(detector.map_or(WINDOWS_1252, |mut detector| {
            detector.feed(b"", true);
            detector.guess(None, Utf8Detection::Deny)
        }))
    }

    /// Octets as text.
    pub(super) fn text<'a>(&self, octets: &'a [u8]) -> Cow<'a, str> {
        match decode_text(octets, None) {
            (_, name) if name == WINDOWS_1252.name() => self.0.decode_without_bom_handling(octets).0,
            (text, _) => text,
        }
    }

    /// What a line says, and whether its octets were not UTF-8.
    pub(super) fn property(&self, line: &ContentLine<'_>, context: &Context, notes: &mut Notes) -> (Property, bool) {
        let octets = [line.parameters, line.value].concat();
        let is_group_utf8 = line.group.is_none_or(is_utf8) && is_utf8(line.name);
        if is_utf8(&octets) && is_group_utf8 {
            return (Property::from_line(line), false);
        }
        let declared = line.parameter("CHARSET").is_some();
        if declared {
            // vCard 2.1 may say so.
            let stays = context.is_v2();
            if !stays {
                notes.mended("written in UTF-8");
            }
            return (Property::from_line(line), !stays);
        }
        if line.parameters().any(|parameter| is_word(parameter.value.unwrap_or(parameter.name), "QUOTED-PRINTABLE")) {
            return (Property::from_line(line), true);
        }
        let mut head =
            [line.group.unwrap_or_default(), if line.group.is_some() { &b"."[..] } else { b"" }, line.name].concat();
        head.extend_from_slice(line.parameters);
        head.push(b':');
        head.extend_from_slice(line.value);
        let text = self.text(&head);
        if text.contains(char::REPLACEMENT_CHARACTER) {
            notes.flag_as(DefectKind::Charset, "octets that are not UTF-8 are replaced by U+FFFD");
        }
        notes.mended("written in UTF-8");
        let mut property = ContentLine::parse(text.as_bytes())
            .map_or_else(|| Property::from_line(line), |line| Property::from_line(&line));
        if context.is_v2() {
            property = property.with("CHARSET", "UTF-8");
        }
        (property, true)
    }
}

fn is_word(octets: &[u8], word: &str) -> bool {
    octets.trim_ascii().eq_ignore_ascii_case(word.as_bytes())
}

fn declares_charset(text: &[u8]) -> bool {
    ContentLine::parse(text).is_some_and(|line| line.parameter("CHARSET").is_some())
}

/// Takes back CHARSET and the encodings that RFC 2426 and RFC 6350 do not have; whether anything was changed.
pub(super) fn decode(property: &mut Property, line: &ContentLine<'_>, context: &Context, notes: &mut Notes) -> bool {
    if context.is_v2() {
        return false;
    }
    let mut is_changed = false;
    let charset = take(property, "CHARSET");
    if charset.is_some() {
        notes.mended("CHARSET removed");
        is_changed = true;
    }
    let encoding = said(property, "ENCODING").unwrap_or_default().to_ascii_lowercase();
    match &*encoding {
        "quoted-printable" => {
            let octets = decode_quoted_printable(line.value);
            let text = decode_text(&octets, charset.as_deref().map(str::as_bytes)).0;
            let text: String = text.replace("\r\n", "\n").replace('\r', "\n");
            property.value = text.trim_end_matches('\n').replace('\n', "\\n");
            take(property, "ENCODING");
            notes.mended(format!("quoted-printable decoded: {}", property.name));
            true
        }
        "8bit" | "7bit" => {
            take(property, "ENCODING");
            notes.mended(format!("ENCODING={} removed", encoding.to_ascii_uppercase()));
            true
        }
        _ => is_changed,
    }
}

/// Removes a parameter and gives its first value.
pub(super) fn take(property: &mut Property, name: &str) -> Option<String> {
    let found = property.parameters.iter().position(|parameter| parameter.name.eq_ignore_ascii_case(name))?;
    let taken = property.parameters.remove(found);
    Some(taken.values.into_iter().next().unwrap_or_default())
}
