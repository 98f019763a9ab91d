use super::{Attachment, DefectView, Message};
use crate::{
    error::Result,
    hex::hex,
    mime::{Address, Mailbox},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::{self, Read};

/// Octets of an attachment in memory at a time.
const BUFFER: usize = 64 << 10;

/// A message for display or for programs: a JSON object when serialised.
///
/// ```
/// use mailferry::model::{Message, MessageView};
///
/// let message = Message::new(b"From: Ann <ann@example.org>\nDate: Mon, 1 Jan 2024 10:00:00 +0100\n\nHello\n".to_vec().into());
/// let view = MessageView::of(&message)?;
/// assert_eq!(view.date.as_deref(), Some("2024-01-01T10:00:00+01:00"));
/// assert_eq!(view.from[0].name.as_deref(), Some("Ann"));
/// # Ok::<(), mailferry::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageView {
    /// The subject, decoded.
    pub subject: Option<String>,
    /// The authors.
    pub from: Vec<MailboxView>,
    /// The recipients; a group is given as its members.
    pub to: Vec<MailboxView>,
    /// Those who have a copy.
    pub cc: Vec<MailboxView>,
    /// The date it was written, as RFC 3339.
    pub date: Option<String>,
    /// The message identifier, without angle brackets.
    pub message_id: Option<String>,
    /// The plain text.
    pub text: Option<String>,
    /// The HTML.
    pub html: Option<String>,
    /// The files, pictures and messages.
    pub attachments: Vec<AttachmentView>,
    /// What is wrong with it and was survived, and what was decided in reading it.
    pub defects: Vec<DefectView>,
}

/// A name and an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MailboxView {
    /// The display name, decoded.
    pub name: Option<String>,
    /// The address.
    pub address: String,
}

/// What an attachment is, without its octets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachmentView {
    /// The file name, decoded.
    pub name: Option<String>,
    /// The media type, as `type/subtype`.
    #[serde(rename = "type")]
    pub media_type: String,
    /// Octets, decoded.
    pub size: u64,
    /// The SHA-256 of the decoded octets, in hexadecimal.
    pub sha256: String,
    /// The content identifier, without angle brackets.
    pub cid: Option<String>,
}

impl MessageView {
    /// Reads the whole message once more for its attachments.
    ///
    /// # Errors
    /// Errors of the source.
    pub fn of(message: &Message) -> Result<Self> {
        Ok(Self {
            subject: message.subject()?,
            from: mailboxes(&message.from()?),
            to: mailboxes(&message.to()?),
            cc: mailboxes(&message.cc()?),
            date: message.date()?.map(|date| date.to_string()),
            message_id: message.message_id()?,
            text: message.text()?,
            html: message.html()?,
            attachments: message.attachments()?.iter().map(AttachmentView::of).collect::<Result<_>>()?,
            defects: message.all_defects()?.iter().map(DefectView::of).collect(),
        })
    }
}

fn mailboxes(addresses: &[Address]) -> Vec<MailboxView> {
    let view = |mailbox: &Mailbox| MailboxView { name: mailbox.name.clone(), address: mailbox.address.clone() };
    addresses.iter().flat_map(Address::mailboxes).map(view).collect()
}

impl AttachmentView {
    /// Reads the attachment once, for its size and digest.
    ///
    /// # Errors
    /// Errors of the source.
    pub fn of(attachment: &Attachment<'_>) -> Result<Self> {
        let mut reader = attachment.reader();
        let mut digest = Sha256::new();
        let mut size = 0;
        let mut buffer = vec![0; BUFFER];
        loop {
            let read = match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            digest.update(buffer.get(..read).unwrap_or_default());
            size += read as u64;
        }
        Ok(Self {
            name: attachment.file_name(),
            media_type: attachment.media_type().to_owned(),
            size,
            sha256: hex(&digest.finalize()),
            cid: attachment.content_id().map(str::to_owned),
        })
    }
}
