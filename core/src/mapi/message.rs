use super::{CodePage, Directory, PropertyBag};
use crate::{
    defect::Defect,
    error::{Error, ErrorKind, Result},
    limits::Limits,
    source::Content,
};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// A message object as its store holds it: mail, appointment, contact, task or anything else, by its message class.
///
/// Owned and `Send`; what is large stays in the source until it is read.
#[derive(Clone, Debug)]
pub struct MapiMessage {
    /// Its own properties; the bag knows the named ones ([`PropertyBag::lid`], [`PropertyBag::name`]).
    pub properties: PropertyBag,
    /// The rows of its recipient table, in order.
    pub recipients: Vec<PropertyBag>,
    /// Its attachments, opened one at a time.
    pub attachments: Arc<dyn Attachments>,
    /// What `String8` values are encoded in: by its own word (PidTagMessageCodepage, PidTagInternetCodepage, PidTagMessageLocaleId), else by
    /// that of its store, else by their looks.
    ///
    /// PidTagInternetCodepage, for the HTML body, is among the properties.
    pub code_page: CodePage,
    /// Where addresses are looked up that it does not have itself: the store that it came from.
    pub directory: Option<Arc<dyn Directory>>,
    /// What was wrong with it and survived.
    pub defects: Vec<Defect>,
}

impl MapiMessage {
    /// A message with these properties, without recipients and attachments.
    pub fn new(properties: PropertyBag) -> Self {
        Self {
            properties,
            recipients: Vec::new(),
            attachments: Arc::new(()),
            code_page: CodePage::WINDOWS_1252,
            directory: None,
            defects: Vec::new(),
        }
    }
}

/// The attachments of one message.
pub trait Attachments: Send + Sync + fmt::Debug {
    /// Their number.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The attachment at `index`, counted from 0.
    ///
    /// # Errors
    /// Non-fatal, when this attachment cannot be read at all or `index` is out of range.
    fn open(&self, index: usize) -> Result<Attachment>;
}

/// No attachments.
impl Attachments for () {
    fn len(&self) -> usize {
        0
    }

    fn open(&self, _: usize) -> Result<Attachment> {
        Err(crate::Error::new(crate::ErrorKind::Malformed, "the message has no attachment").non_fatal())
    }
}

/// Attachments that are in memory.
impl Attachments for Vec<Attachment> {
    fn len(&self) -> usize {
        self.len()
    }

    fn open(&self, index: usize) -> Result<Attachment> {
        match self.get(index) {
            Some(attachment) => Ok(attachment.clone()),
            None => ().open(index),
        }
    }
}

/// One attachment ([MS-OXCMSG] 2.2.2).
///
/// [MS-OXCMSG]: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxcmsg/
#[derive(Clone, Debug)]
pub struct Attachment {
    /// Its properties, PidTagAttachMethod and names among them; its data is in [`Attachment::body`] instead.
    pub properties: PropertyBag,
    /// What is attached.
    pub body: AttachmentBody,
    /// What was wrong with it and survived.
    pub defects: Vec<Defect>,
}

/// What is attached.
#[derive(Clone, Debug)]
pub enum AttachmentBody {
    /// Nothing: it is empty, only referred to (PidTagAttachLongPathname), or lost (then a defect says so).
    None,
    /// Octets (afByValue).
    Data(Content),
    /// An OLE object's storage or stream (afStorage).
    Ole(Content),
    /// A message (afEmbeddedMessage).
    Message(Arc<dyn EmbeddedMessage>),
}

/// A message that is attached to another one, read when it is opened.
pub trait EmbeddedMessage: Send + Sync + fmt::Debug {
    /// The message.
    ///
    /// # Errors
    /// Non-fatal, when it cannot be read at all or is nested deeper than [`Limits::nesting`](crate::Limits::nesting).
    fn open(&self) -> Result<MapiMessage>;
}

/// A message that is in memory.
impl EmbeddedMessage for MapiMessage {
    fn open(&self) -> Result<MapiMessage> {
        Ok(self.clone())
    }
}

/// How far messages may be attached into one another, and how many of them below the outermost one.
#[derive(Clone, Debug)]
pub(crate) struct Nesting {
    around: usize,
    most: usize,
    left: Arc<AtomicUsize>,
}

impl Nesting {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { around: 0, most: limits.nesting, left: Arc::new(AtomicUsize::new(limits.entities)) }
    }

    /// The same for what is attached to the message at hand.
    pub(crate) fn inside(&self) -> Self {
        Self { around: self.around + 1, ..self.clone() }
    }

    /// Asks for one more message.
    ///
    /// # Errors
    /// Non-fatal, when it is nested too deeply, or when there were too many.
    pub(crate) fn enter(&self) -> Result<()> {
        let refuse = |what| Err(Error::new(ErrorKind::Limit, what).non_fatal());
        if self.around > self.most {
            return refuse("messages are attached to one another too deeply: the inner ones are not read");
        }
        let one_less = |left: usize| left.checked_sub(1);
        if self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_err() {
            return refuse("too many messages are attached to one another: the rest are not read");
        }
        Ok(())
    }
}
