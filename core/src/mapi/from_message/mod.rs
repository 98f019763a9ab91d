//! Mail into a message object: the mirror of [`to_message`](super::to_message) ([MS-OXCMAIL] 2.2).

mod attachments;
mod body;
mod class;
mod decoded;
mod header;
mod properties;
#[cfg(test)]
mod tests;

use super::{Attachment, MapiMessage};
use crate::{
    date_time::DateTime,
    defect::{Defect, DefectKind},
    error::Result,
    model::{Keywords, Message},
};
use class::Class;
use properties::Properties;
use std::sync::Arc;

/// Messages in one another that become message objects; what is deeper is attached as its octets.
const DEPTH: usize = 48;

/// What a mailbox knows of a message beside the message itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    pub(crate) keywords: Keywords,
    pub(crate) received: Option<DateTime>,
    /// Labels, which become categories.
    pub(crate) labels: Vec<String>,
}

/// The message as a message object; what could not be carried over is told in `defects`.
///
/// Bodies are in memory, attachments stay where they are until they are read.
///
/// # Errors
/// What the source of the message says.
pub(crate) fn from_message(message: &Message, known: &Known, defects: &mut Vec<Defect>) -> Result<MapiMessage> {
    Translator { message, known, defects, depth: 0 }.message()
}

/// One message on its way.
struct Translator<'a> {
    message: &'a Message,
    known: &'a Known,
    defects: &'a mut Vec<Defect>,
    depth: usize,
}

impl Translator<'_> {
    fn message(mut self) -> Result<MapiMessage> {
        let mut properties = Properties::default();
        let class = Class::of(self.message)?;
        properties.text(super::pid::MESSAGE_CLASS, class.name());
        let recipients = self.header(&mut properties)?;
        self.state(&mut properties);
        let attachments = match class.opaque() {
            Some(opaque) => {
                self.searchable(&mut properties)?;
                vec![self.opaque(opaque)?]
            }
            None => {
                let html = self.bodies(&mut properties)?;
                self.attached(html.as_deref())?
            }
        };
        let mut message = MapiMessage::new(properties.finish());
        message.recipients = recipients;
        message.attachments = Arc::new(attachments);
        Ok(message)
    }

    /// A message in this one.
    fn embedded(&mut self, message: &Message) -> Result<Option<MapiMessage>> {
        if self.depth + 1 >= DEPTH {
            let detail = format!("messages in one another at more than {DEPTH} levels: the rest is attached as a file");
            self.tell(DefectKind::NestingLimit, detail);
            return Ok(None);
        }
        let known = Known { keywords: seen(), ..Known::default() };
        let Self { defects, depth, .. } = self;
        Translator { message, known: &known, defects, depth: *depth + 1 }.message().map(Some)
    }

    fn tell(&mut self, kind: DefectKind, detail: impl Into<String>) {
        self.tell_defect(Defect::new(kind, detail.into()));
    }

    fn tell_defect(&mut self, defect: Defect) {
        const MOST: usize = 100;
        if self.defects.len() < MOST && !self.defects.contains(&defect) {
            self.defects.push(defect);
        }
    }
}

/// A message in a message is one that was read.
fn seen() -> Keywords {
    let mut keywords = Keywords::default();
    keywords.insert(Keywords::SEEN);
    keywords
}

/// The attachments of a message: message objects in it are made already.
type Attached = Vec<Attachment>;
