//! The texts of a message.

use super::{Inside, Message};
use crate::{
    defect::Defect,
    error::Result,
    mime::{self, EnclosedFile, Entity, Structure},
    order,
};
use std::ops::Range;

impl Message {
    /// The plain text, its parts one after the other; `None` where there is none.
    ///
    /// Files that are in it, as uuencode has them, are left out: they are [attachments](Self::attachments). What an opaque
    /// S/MIME message (`signed-data`) encloses is read as if it were not signed: no signature is verified.
    ///
    /// # Errors
    /// Errors of the source.
    pub fn text(&self) -> Result<Option<String>> {
        let (structure, parts) = self.parsed()?;
        self.joined(structure, &parts.text, Self::text)
    }

    /// The text for search and analysis: the plain text or, where there is none, what a person reads of the HTML: without tags,
    /// styles and what is hidden; `None` where there is neither.
    ///
    /// ```
    /// use mailferry::model::Message;
    ///
    /// let octets = b"Content-Type: text/html\n\n<style>b{}</style><p>Caf&eacute; <b>at noon</b></p>\n".to_vec();
    /// assert_eq!(Message::new(octets.into()).reading_text()?.as_deref(), Some("Caf\u{e9} at noon"));
    /// # Ok::<(), mailferry::Error>(())
    /// ```
    ///
    /// # Errors
    /// Errors of the source.
    pub fn reading_text(&self) -> Result<Option<String>> {
        match self.text()?.filter(|text| !text.trim().is_empty()) {
            Some(text) => Ok(Some(text)),
            None => Ok(self.html()?.map(|html| mime::text_of_html(&html))),
        }
    }

    /// What of [`Message::reading_text`] its writer wrote: without what is quoted, the line that says whose it is, and the
    /// signature. That is a guess by how mail programs write them.
    ///
    /// # Errors
    /// Errors of the source.
    pub fn reply_text(&self) -> Result<Option<String>> {
        Ok(self.reading_text()?.map(|text| mime::own_part(&text)))
    }

    /// The HTML, its parts one after the other; `None` where there is none.
    ///
    /// # Errors
    /// Errors of the source.
    pub fn html(&self) -> Result<Option<String>> {
        let (structure, parts) = self.parsed()?;
        self.joined(structure, &parts.html, Self::html)
    }

    /// Whether there is HTML for a person to read.
    ///
    /// # Errors
    /// Errors of the source.
    pub fn has_html(&self) -> Result<bool> {
        if !self.parsed()?.1.html.is_empty() {
            return Ok(true);
        }
        for (_, inside) in self.inside()? {
            if let Inside::Signed(message, _) = inside
                && message.has_html()?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The text of an entity without the files that stand in it.
    pub(super) fn text_of(&self, place: usize, entity: &Entity) -> Result<(String, Vec<Defect>)> {
        let inside = self.inside()?;
        let found = inside.binary_search_by_key(&place, |(of, _)| *of).ok().and_then(|at| inside.get(at));
        let files = match found {
            Some((_, Inside::Files(files))) => Some(files.as_slice()),
            _ => None,
        };
        let left_out: Vec<Range<u64>> = files.unwrap_or_default().iter().map(EnclosedFile::range).collect();
        mime::text_without(entity, &self.content, &self.parsed.limits, &left_out, &|| self.evidence())
    }

    /// The texts at these places one after the other, and between them what `of_signed` gives of a message that is signed.
    fn joined(
        &self,
        structure: &Structure,
        places: &[usize],
        of_signed: fn(&Self) -> Result<Option<String>>,
    ) -> Result<Option<String>> {
        let signed = self.inside()?.iter().filter_map(|(place, inside)| match inside {
            Inside::Signed(message, _) => Some((*place, Some(message))),
            Inside::Files(_) => None,
        });
        let mut places: Vec<_> = signed.chain(places.iter().map(|&place| (place, None))).collect();
        order::sort_by_key(&mut places, |(place, _)| *place);
        let mut joined: Option<String> = None;
        for (place, signed) in places {
            let text = match (signed, structure.entities().get(place)) {
                (Some(message), _) => of_signed(message)?,
                (None, Some(entity)) => Some(self.text_of(place, entity)?.0),
                (None, None) => None,
            };
            let Some(text) = text else { continue };
            match &mut joined {
                None => joined = Some(text),
                Some(joined) => {
                    if !joined.is_empty() && !joined.ends_with('\n') {
                        joined.push('\n');
                    }
                    joined.push_str(&text);
                }
            }
            if joined.as_ref().is_some_and(|joined| joined.len() >= self.parsed.limits.text) {
                break;
            }
        }
        Ok(joined)
    }
}
