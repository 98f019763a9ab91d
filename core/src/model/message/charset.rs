//! What is decided on charsets, and what is told of a message.

use super::{Inside, Message, get_or_read};
use crate::{
    defect::{Defect, DefectKind},
    error::Result,
    mime::{self, Evidence, Field, encoded_word_decisions, read_by_evidence},
};
use std::borrow::Cow;

/// Different defects of one message that are told.
const MAX_DEFECTS: usize = 100;

impl Message {
    /// What is wrong with it, its header section and its texts, and what was decided in reading them; all of it is read for it.
    ///
    /// # Errors
    /// Errors of the source.
    pub fn all_defects(&self) -> Result<Vec<Defect>> {
        let mut all = Vec::new();
        let mut tell = |defect: Defect| {
            if all.len() < MAX_DEFECTS && !all.contains(&defect) {
                all.push(defect);
            }
        };
        let (structure, parts) = self.parsed()?;
        let header = self.header()?;
        header.defects().iter().chain(structure.defects()).cloned().for_each(&mut tell);
        for field in header.fields() {
            self.charset_defects(&field).into_iter().for_each(&mut tell);
        }
        for &place in parts.text.iter().chain(&parts.html) {
            if let Some(entity) = structure.entities().get(place) {
                self.text_of(place, entity)?.1.into_iter().for_each(&mut tell);
            }
        }
        for (place, inside) in self.inside()? {
            let at = structure.entities().get(*place).map_or(0, |entity| entity.header().start);
            let Inside::Signed(message, complete) = inside else { continue };
            let said = if *complete { "" } else { ", and it is cut off" };
            let detail =
                format!("the message inside an S/MIME signature is shown; the signature was not verified{said}");
            tell(Defect::new(DefectKind::Signature, detail).at(at));
            // Offsets in what was encoded tell nothing.
            let inner = message.all_defects()?.into_iter();
            inner.for_each(|defect| tell(Defect::new(defect.kind(), defect.detail().to_owned())));
        }
        Ok(all)
    }

    /// What was decided on the charset of its subject, once that was asked for.
    pub(crate) fn subject_defects(&self) -> &[Defect] {
        self.parsed.of_subject.get().map(Vec::as_slice).unwrap_or_default()
    }

    /// What was decided on the charset of a header field: of raw 8-bit octets, and of encoded words that are not in theirs.
    pub(super) fn charset_defects(&self, field: &Field<'_>) -> Vec<Defect> {
        let mut defects = Vec::new();
        let mut tell = |detail: String| defects.push(Defect::new(DefectKind::Charset, detail).at(field.offset()));
        let (value, used) = self.in_utf_8(field.value());
        if let Some(used) = used {
            tell(format!("8-bit octets without a declared charset in {} were read as {used}", field.name()));
        }
        if memchr::memmem::find(&value, b"=?").is_some() {
            for (label, used) in encoded_word_decisions(&value) {
                tell(format!(
                    "an encoded word in {} that is not in the declared charset {label} was read as {used}",
                    field.name()
                ));
            }
        }
        defects
    }

    /// The value of a header field with its raw 8-bit octets in UTF-8, and the charset they were in where that is another.
    pub(super) fn in_utf_8<'v>(&self, value: &'v [u8]) -> (Cow<'v, [u8]>, Option<Cow<'static, str>>) {
        if value.is_ascii() {
            return (Cow::Borrowed(value), None);
        }
        let reading = read_by_evidence(b"", value, &|| self.evidence_of_header());
        match reading.used {
            Some(used) if used != "utf-8" => (Cow::Owned(reading.text.into_owned().into_bytes()), Some(used)),
            _ => (Cow::Borrowed(value), None),
        }
    }

    /// What the message says of charsets, for its texts.
    pub(crate) fn evidence(&self) -> Evidence {
        let read = || Ok(Evidence::of(self.header()?, self.structure()?));
        get_or_read(&self.parsed.evidence, read).cloned().unwrap_or_default()
    }

    /// What the message says of charsets, for its raw header fields: that of its text before all others, or of all of them.
    pub(super) fn evidence_of_header(&self) -> Evidence {
        let read = || {
            let evidence = self.evidence();
            let (structure, parts) = self.parsed()?;
            for entity in parts.text.iter().chain(&parts.html).filter_map(|&place| structure.entities().get(place)) {
                if let Some(label) = mime::charset_of(entity, &self.content, &|| evidence.clone())?
                    && Evidence::is_telling(label.as_bytes())
                {
                    return Ok(evidence.led_by(label.as_bytes()));
                }
            }
            let values = self.header()?.fields().map(|field| field.value());
            let raw: Vec<&[u8]> = values.filter(|value| std::str::from_utf8(value).is_err()).collect();
            let used = read_by_evidence(b"", &raw.join(&b'\n'), &|| evidence.clone()).used.unwrap_or_default();
            Ok(evidence.led_by(used.as_bytes()))
        };
        get_or_read(&self.parsed.evidence_of_header, read).cloned().unwrap_or_default()
    }
}
