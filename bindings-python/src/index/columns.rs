//! The columns of a table of items.

use arrow_array::{
    ArrayRef, RecordBatch,
    builder::{BooleanBuilder, Int64Builder, ListBuilder, StringBuilder, TimestampMicrosecondBuilder},
};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};
use mailferry::{
    DateTime, Result,
    mime::Address,
    model::{Attachment, CalendarObject, Item, ItemKind, VCard},
};
use sha2::{Digest, Sha256};
use std::{io, sync::Arc};

const UTC: &str = "UTC";

/// Names and types, in order; what needs more of an item than its header section comes last.
pub(super) fn schema(content: bool) -> SchemaRef {
    let text = |name| Field::new(name, DataType::Utf8, true);
    let number = |name| Field::new(name, DataType::Int64, true);
    let date = |name| Field::new(name, DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())), true);
    let texts = |name| Field::new(name, DataType::List(Arc::new(Field::new("item", DataType::Utf8, true))), true);
    let mut fields = vec![
        text("id"),
        text("source"),
        text("kind"),
        text("folder"),
        text("role"),
        texts("labels"),
        texts("keywords"),
        date("received"),
        date("date"),
        text("from_name"),
        text("from"),
        texts("to"),
        texts("cc"),
        text("subject"),
        text("message_id"),
        text("in_reply_to"),
        text("uid"),
        number("offset"),
        number("size"),
    ];
    if content {
        fields.extend([number("attachments"), number("attachment_bytes")]);
        fields.extend([Field::new("has_html", DataType::Boolean, true), text("sha256")]);
    }
    Arc::new(Schema::new(fields))
}

/// The rows of a batch so far.
#[derive(Default)]
pub(super) struct Columns {
    texts: [StringBuilder; 10],
    uids: StringBuilder,
    lists: [ListBuilder<StringBuilder>; 4],
    dates: [TimestampMicrosecondBuilder; 2],
    numbers: [Int64Builder; 2],
    content: Option<Content>,
    rows: usize,
    octets: usize,
}

/// What all of an item has to be read for.
#[derive(Default)]
struct Content {
    attachments: Int64Builder,
    attachment_bytes: Int64Builder,
    has_html: BooleanBuilder,
    sha256: StringBuilder,
}

/// What the header section of a message says.
#[derive(Default)]
struct Header {
    date: Option<DateTime>,
    from_name: Option<String>,
    from: Option<String>,
    to: Vec<String>,
    cc: Vec<String>,
    subject: Option<String>,
    message_id: Option<String>,
    in_reply_to: Option<String>,
}

impl Header {
    fn of(item: &Item) -> Result<Self> {
        let addresses = |list: Vec<Address>| {
            list.iter().flat_map(Address::mailboxes).map(|mailbox| mailbox.address.clone()).collect()
        };
        Ok(match &item.kind {
            ItemKind::Message(message) => {
                let from = message.from()?;
                let from = from.iter().flat_map(Address::mailboxes).next();
                Self {
                    date: message.date()?,
                    from_name: from.and_then(|from| from.name.clone()),
                    from: from.map(|from| from.address.clone()),
                    to: addresses(message.to()?),
                    cc: addresses(message.cc()?),
                    subject: message.subject()?,
                    message_id: message.message_id()?,
                    in_reply_to: message.in_reply_to()?.into_iter().next(),
                }
            }
            ItemKind::Calendar(object) => Self { subject: object.summary().map(str::to_owned), ..Self::default() },
            ItemKind::Contact(card) => Self { subject: card.name().map(str::to_owned), ..Self::default() },
            _ => Self::default(),
        })
    }
}

fn micros(date: DateTime) -> Option<i64> {
    date.unix_seconds().checked_mul(1_000_000)
}

fn number(octets: u64) -> i64 {
    i64::try_from(octets).unwrap_or(i64::MAX)
}

impl Columns {
    pub(super) fn new(content: bool) -> Self {
        Self { content: content.then(Content::default), ..Self::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.rows
    }

    /// Octets of the texts, about.
    pub(super) fn octets(&self) -> usize {
        self.octets
    }

    /// Adds a row; nothing of it is left if it cannot be read.
    pub(super) fn add(&mut self, item: &Item, source: u64) -> Result<()> {
        let header = Header::of(item)?;
        let facts = match &self.content {
            Some(_) => Some(Facts::of(item)?),
            None => None,
        };
        let id = format!("{source}:{}", item.origin.ordinal);
        let folder = item.folder.path.to_string();
        let uid = item.calendar().and_then(CalendarObject::uid).or(item.card().and_then(VCard::uid));
        let texts = [
            Some(&*id),
            Some(&*item.origin.source),
            Some(item.kind.as_str()),
            Some(&*folder),
            item.folder.role.map(|role| role.as_str()),
            header.from_name.as_deref(),
            header.from.as_deref(),
            header.subject.as_deref(),
            header.message_id.as_deref(),
            header.in_reply_to.as_deref(),
        ];
        for (column, text) in self.texts.iter_mut().zip(texts) {
            column.append_option(text);
            self.octets += text.map_or(0, str::len);
        }
        self.uids.append_option(uid);
        let labels: Vec<&str> = item.labels.iter().map(|label| &*label.name).collect();
        let keywords: Vec<&str> = item.keywords.iter().collect();
        let to: Vec<&str> = header.to.iter().map(String::as_str).collect();
        let cc: Vec<&str> = header.cc.iter().map(String::as_str).collect();
        for (column, list) in self.lists.iter_mut().zip([labels, keywords, to, cc]) {
            self.octets += list.iter().map(|text| text.len()).sum::<usize>();
            column.append_value(list.into_iter().map(Some));
        }
        let dates = [item.received.map(|received| received.at), header.date];
        for (column, date) in self.dates.iter_mut().zip(dates) {
            column.append_option(date.and_then(micros));
        }
        for (column, octets) in self.numbers.iter_mut().zip([item.origin.offset, item.size()]) {
            column.append_value(number(octets));
        }
        if let (Some(content), Some(facts)) = (&mut self.content, facts) {
            content.add(&facts);
        }
        self.rows += 1;
        Ok(())
    }

    /// The rows as a batch.
    pub(super) fn into_batch(mut self, schema: &SchemaRef) -> std::result::Result<RecordBatch, ArrowError> {
        let [id, source, kind, folder, role, from_name, from, subject, message_id, in_reply_to] =
            self.texts.each_mut().map(|column| Arc::new(column.finish()) as ArrayRef);
        let uid = Arc::new(self.uids.finish()) as ArrayRef;
        let [labels, keywords, to, cc] = self.lists.each_mut().map(|column| Arc::new(column.finish()) as ArrayRef);
        let [received, date] =
            self.dates.each_mut().map(|column| Arc::new(column.finish().with_timezone(UTC)) as ArrayRef);
        let [offset, size] = self.numbers.each_mut().map(|column| Arc::new(column.finish()) as ArrayRef);
        let mut columns = vec![
            id,
            source,
            kind,
            folder,
            role,
            labels,
            keywords,
            received,
            date,
            from_name,
            from,
            to,
            cc,
            subject,
            message_id,
            in_reply_to,
            uid,
            offset,
            size,
        ];
        if let Some(mut content) = self.content {
            columns.push(Arc::new(content.attachments.finish()));
            columns.push(Arc::new(content.attachment_bytes.finish()));
            columns.push(Arc::new(content.has_html.finish()));
            columns.push(Arc::new(content.sha256.finish()));
        }
        RecordBatch::try_new(Arc::clone(schema), columns)
    }
}

/// What all of an item had to be read for.
struct Facts {
    attachments: Option<i64>,
    attachment_bytes: Option<i64>,
    has_html: Option<bool>,
    sha256: String,
}

impl Facts {
    fn of(item: &Item) -> Result<Self> {
        let mut digest = Sha256::new();
        item.to_content()?.for_each_chunk(|chunk| {
            digest.update(chunk);
            Ok(())
        })?;
        let sha256 = digest.finalize().iter().map(|octet| format!("{octet:02x}")).collect();
        let Some(message) = item.message() else {
            return Ok(Self { attachments: None, attachment_bytes: None, has_html: None, sha256 });
        };
        let attachments = message.attachments()?;
        Ok(Self {
            attachments: Some(number(attachments.len() as u64)),
            attachment_bytes: Some(number(decoded(&attachments)?)),
            has_html: Some(message.has_html()?),
            sha256,
        })
    }
}

/// Octets of all attachments, decoded.
fn decoded(attachments: &[Attachment<'_>]) -> Result<u64> {
    let mut octets = 0;
    for attachment in attachments {
        octets += io::copy(&mut attachment.reader(), &mut io::sink())?;
    }
    Ok(octets)
}

impl Content {
    fn add(&mut self, facts: &Facts) {
        self.attachments.append_option(facts.attachments);
        self.attachment_bytes.append_option(facts.attachment_bytes);
        self.has_html.append_option(facts.has_html);
        self.sha256.append_value(&facts.sha256);
    }
}
