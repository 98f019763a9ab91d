//! What bodies enclose beside MIME: uuencoded files in texts, and messages inside of opaque signatures.

use super::{Attachment, Message, Parsed, get_or_read};
use crate::{
    error::Result,
    mime::{EnclosedFile, signed_data},
    order,
    source::Content,
};
use std::sync::Arc;

/// Signed messages inside of one another that are opened: a triple wrapping (RFC 2634 §1.1) has two.
const MAX_SIGNED: usize = 3;

/// What the body of an entity encloses beside MIME.
#[derive(Debug)]
pub(super) enum Inside {
    /// The files in a text.
    Files(Vec<EnclosedFile>),
    /// The message that an opaque signature signs, and whether it is there to its end.
    Signed(Message, bool),
}

impl Message {
    /// Its files, pictures and messages, in order; among them files that are in a text, as uuencode has them, and those of
    /// the message that an opaque S/MIME message encloses, in place of that.
    ///
    /// # Errors
    /// Errors of the source.
    pub fn attachments(&self) -> Result<Vec<Attachment<'_>>> {
        let (structure, parts) = self.parsed()?;
        let inside = self.inside()?;
        let is_inside = |place: &usize| inside.binary_search_by_key(place, |(of, _)| *of).is_ok();
        let mut places: Vec<(usize, Option<&Inside>)> =
            inside.iter().map(|(place, inside)| (*place, Some(inside))).collect();
        places.extend(parts.attachments.iter().filter(|place| !is_inside(place)).map(|&place| (place, None)));
        order::sort_by_key(&mut places, |(place, _)| *place);
        let mut attachments = Vec::new();
        for (place, inside) in places {
            let Some(entity) = structure.entities().get(place) else { continue };
            match inside {
                Some(Inside::Signed(message, _)) => attachments.extend(message.attachments()?),
                Some(Inside::Files(files)) => {
                    attachments.extend(files.iter().map(|file| Attachment { message: self, entity, file: Some(file) }));
                }
                None => attachments.push(Attachment { message: self, entity, file: None }),
            }
        }
        Ok(attachments)
    }

    /// What bodies enclose beside MIME, by the places of their entities.
    pub(super) fn inside(&self) -> Result<&[(usize, Inside)]> {
        let all = get_or_read(&self.parsed.inside, || {
            let (structure, parts) = self.parsed()?;
            let limits = &self.parsed.limits;
            let mut found = Vec::new();
            let mut files_left = limits.entities;
            for &place in &parts.text {
                let Some(entity) = structure.entities().get(place) else { continue };
                let files = EnclosedFile::all(entity, &self.content, files_left)?;
                files_left -= files.len();
                if !files.is_empty() {
                    found.push((place, Inside::Files(files)));
                }
            }
            let mut room = limits.text;
            for &place in parts.attachments.iter().filter(|_| self.parsed.depth < MAX_SIGNED) {
                let Some(entity) = structure.entities().get(place) else { continue };
                if signed_data::may_be(entity)
                    && let Some(enclosed) = signed_data::enclosed(entity, &self.content, room)?
                {
                    room -= enclosed.octets.len();
                    let content = Content::from(enclosed.octets);
                    let parsed = Parsed { limits: limits.clone(), depth: self.parsed.depth + 1, ..Parsed::default() };
                    let message = Self { content, parsed: Arc::new(parsed) };
                    found.push((place, Inside::Signed(message, enclosed.complete)));
                }
            }
            order::sort_by_key(&mut found, |(place, _)| *place);
            Ok(found)
        })?;
        Ok(all)
    }
}
