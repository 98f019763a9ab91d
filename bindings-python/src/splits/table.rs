//! A table of items with the columns that were asked for: nothing is read of an item that none of them needs.

use crate::{
    error::{detached, options},
    index::Reader,
    source::Raised,
};
use arrow_array::{
    ArrayRef, RecordBatch, RecordBatchReader,
    builder::{
        ArrayBuilder, BinaryBuilder, Int64Builder, ListBuilder, StringBuilder, StructBuilder,
        TimestampMicrosecondBuilder,
    },
};
use arrow_schema::{ArrowError, DataType, Field, Fields, Schema, SchemaRef, TimeUnit, ffi::FFI_ArrowSchema};
use mailferry::{
    DateTime, Result,
    convert::{Place, Selection, Selector},
    mime::Address,
    model::{AttachmentView, CalendarObject, Item, Message, VCard},
    read::{Event, Lists, Mailbox},
};
use pyo3::{prelude::*, types::PyCapsule};
use sha2::{Digest, Sha256};
use std::sync::Arc;

const UTC: &str = "UTC";

/// Octets of texts in one batch.
const MOST_OCTETS: usize = 8 << 20;

/// A column.
pub(super) struct ColumnInfo {
    pub(super) name: &'static str,
    /// Whether it is there where none are named.
    pub(super) usual: bool,
    /// Which lists of folders tell what it has; none where items must be opened for it.
    listed: Lists,
    of: Of,
}

/// What a column has of an item.
#[derive(Clone, Copy)]
enum Of {
    Text(fn(&Row<'_>) -> Result<Option<String>>),
    Texts(fn(&Row<'_>) -> Result<Vec<String>>),
    Number(fn(&Row<'_>) -> Option<u64>),
    Date(fn(&Row<'_>) -> Result<Option<DateTime>>),
    Octets(fn(&Row<'_>) -> Result<Vec<u8>>),
    Attachments,
}

/// An item, and which it is.
struct Row<'r> {
    item: &'r Item,
    source: u64,
}

impl Row<'_> {
    fn message(&self) -> Option<&Message> {
        self.item.message()
    }

    /// What of a message may be missing.
    fn of_message<T>(&self, of: impl FnOnce(&Message) -> Result<Option<T>>) -> Result<Option<T>> {
        self.message().map_or(Ok(None), of)
    }

    fn addresses(&self, of: impl FnOnce(&Message) -> Result<Vec<Address>>) -> Result<Vec<String>> {
        let list = self.message().map_or(Ok(Vec::new()), of)?;
        Ok(list.iter().flat_map(Address::mailboxes).map(|mailbox| mailbox.address.clone()).collect())
    }

    fn from<T>(&self, of: impl FnOnce(&mailferry::mime::Mailbox) -> Option<T>) -> Result<Option<T>> {
        let from = self.message().map_or(Ok(Vec::new()), Message::from)?;
        Ok(from.iter().flat_map(Address::mailboxes).next().and_then(of))
    }

    /// The message that its conversation began with, by what it says itself.
    fn thread(&self) -> Result<Option<String>> {
        self.of_message(|message| {
            let first = message.references()?.into_iter().next();
            let first =
                first.map_or_else(|| message.in_reply_to().map(|ids| ids.into_iter().next()), |id| Ok(Some(id)))?;
            first.map_or_else(|| message.message_id(), |id| Ok(Some(id)))
        })
    }

    fn sha256(&self) -> Result<String> {
        let mut digest = Sha256::new();
        self.item.to_content()?.for_each_chunk(|chunk| {
            digest.update(chunk);
            Ok(())
        })?;
        Ok(digest.finalize().iter().map(|octet| format!("{octet:02x}")).collect())
    }

    fn octets(&self) -> Result<Vec<u8>> {
        let mut octets = Vec::new();
        self.item.to_content()?.for_each_chunk(|chunk| {
            octets.extend_from_slice(chunk);
            Ok(())
        })?;
        Ok(octets)
    }

    fn attachments(&self) -> Result<Vec<AttachmentView>> {
        let Some(message) = self.message() else { return Ok(Vec::new()) };
        message.attachments()?.iter().map(AttachmentView::of).collect()
    }
}

const fn usual(name: &'static str, of: Of) -> ColumnInfo {
    ColumnInfo { name, usual: true, listed: Lists::Unused, of }
}

const fn asked_for(name: &'static str, of: Of) -> ColumnInfo {
    ColumnInfo { name, usual: false, listed: Lists::Unused, of }
}

/// The same column, which lists of folders tell too.
const fn listed(column: ColumnInfo) -> ColumnInfo {
    ColumnInfo { listed: Lists::Headers, ..column }
}

/// All columns, in order.
pub(super) const COLUMNS: &[ColumnInfo] = &[
    listed(asked_for("id", Of::Text(|row| Ok(Some(format!("{}:{}", row.source, row.item.origin.ordinal)))))),
    listed(asked_for("source", Of::Text(|row| Ok(Some(row.item.origin.source.to_string()))))),
    listed(usual("path", Of::Text(|row| Ok(Some(row.item.origin.source.to_string()))))),
    listed(usual("kind", Of::Text(|row| Ok(Some(row.item.kind.as_str().to_owned()))))),
    listed(usual("folder", Of::Text(|row| Ok(Some(row.item.folder.path.to_string()))))),
    listed(usual("role", Of::Text(|row| Ok(row.item.folder.role.map(|role| role.as_str().to_owned()))))),
    listed(usual("labels", Of::Texts(|row| Ok(row.item.labels.iter().map(|label| label.name.clone()).collect())))),
    ColumnInfo {
        listed: Lists::HeadersAndStates,
        ..usual("keywords", Of::Texts(|row| Ok(row.item.keywords.iter().map(str::to_owned).collect())))
    },
    listed(usual("received", Of::Date(|row| Ok(row.item.received.map(|received| received.at))))),
    listed(usual("date", Of::Date(|row| row.of_message(Message::date)))),
    listed(usual("from_name", Of::Text(|row| row.from(|from| from.name.clone())))),
    usual("from", Of::Text(|row| row.from(|from| Some(from.address.clone())))),
    usual("to", Of::Texts(|row| row.addresses(Message::to))),
    usual("cc", Of::Texts(|row| row.addresses(Message::cc))),
    listed(usual(
        "subject",
        Of::Text(|row| match row.message() {
            Some(message) => message.subject(),
            None => Ok(row
                .item
                .calendar()
                .and_then(CalendarObject::summary)
                .or(row.item.card().and_then(VCard::name))
                .map(str::to_owned)),
        }),
    )),
    usual("message_id", Of::Text(|row| row.of_message(Message::message_id))),
    usual("in_reply_to", Of::Texts(|row| row.message().map_or(Ok(Vec::new()), Message::in_reply_to))),
    usual("references", Of::Texts(|row| row.message().map_or(Ok(Vec::new()), Message::references))),
    usual("thread_id", Of::Text(|row| row.thread())),
    listed(usual(
        "uid",
        Of::Text(|row| {
            let uid = row.item.calendar().and_then(CalendarObject::uid).or(row.item.card().and_then(VCard::uid));
            Ok(uid.map(str::to_owned))
        }),
    )),
    usual("offset", Of::Number(|row| Some(row.item.origin.offset))),
    usual("size", Of::Number(|row| Some(row.item.size()))),
    usual("sha256", Of::Text(|row| row.sha256().map(Some))),
    usual("text", Of::Text(|row| row.of_message(Message::reading_text))),
    asked_for("text_reply", Of::Text(|row| row.of_message(Message::reply_text))),
    asked_for("html", Of::Text(|row| row.of_message(Message::html))),
    usual("attachments", Of::Attachments),
    asked_for("octets", Of::Octets(|row| row.octets())),
];

fn attachment_fields() -> Fields {
    Fields::from(vec![
        Field::new("name", DataType::Utf8, true),
        Field::new("media_type", DataType::Utf8, true),
        Field::new("size", DataType::Int64, true),
        Field::new("sha256", DataType::Utf8, true),
    ])
}

impl ColumnInfo {
    fn field(&self) -> Field {
        let list = |of: DataType| DataType::List(Arc::new(Field::new("item", of, true)));
        let of = match self.of {
            Of::Text(_) => DataType::Utf8,
            Of::Texts(_) => list(DataType::Utf8),
            Of::Number(_) => DataType::Int64,
            Of::Date(_) => DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())),
            Of::Octets(_) => DataType::Binary,
            Of::Attachments => list(DataType::Struct(attachment_fields())),
        };
        Field::new(self.name, of, true)
    }

    fn builder(&self) -> Builder {
        match self.of {
            Of::Text(_) => Builder::Text(StringBuilder::new()),
            Of::Texts(_) => Builder::Texts(ListBuilder::new(StringBuilder::new())),
            Of::Number(_) => Builder::Number(Int64Builder::new()),
            Of::Date(_) => Builder::Date(TimestampMicrosecondBuilder::new()),
            Of::Octets(_) => Builder::Octets(BinaryBuilder::new()),
            Of::Attachments => {
                let builders: Vec<Box<dyn ArrayBuilder>> = vec![
                    Box::new(StringBuilder::new()),
                    Box::new(StringBuilder::new()),
                    Box::new(Int64Builder::new()),
                    Box::new(StringBuilder::new()),
                ];
                Builder::Attachments(ListBuilder::new(StructBuilder::new(attachment_fields(), builders)))
            }
        }
    }
}

enum Builder {
    Text(StringBuilder),
    Texts(ListBuilder<StringBuilder>),
    Number(Int64Builder),
    Date(TimestampMicrosecondBuilder),
    Octets(BinaryBuilder),
    Attachments(ListBuilder<StructBuilder>),
}

/// What a column has of one item, until all of them are known.
enum Value {
    Text(Option<String>),
    Texts(Vec<String>),
    Number(Option<i64>),
    Octets(Vec<u8>),
    Attachments(Vec<AttachmentView>),
}

fn number(octets: u64) -> i64 {
    i64::try_from(octets).unwrap_or(i64::MAX)
}

impl Of {
    fn value(self, row: &Row<'_>) -> Result<Value> {
        Ok(match self {
            Self::Text(of) => Value::Text(of(row)?),
            Self::Texts(of) => Value::Texts(of(row)?),
            Self::Number(of) => Value::Number(of(row).map(number)),
            Self::Date(of) => Value::Number(of(row)?.and_then(|date| date.unix_seconds().checked_mul(1_000_000))),
            Self::Octets(of) => Value::Octets(of(row)?),
            Self::Attachments => Value::Attachments(row.attachments()?),
        })
    }
}

impl Builder {
    /// Adds a value, and gives its octets.
    fn add(&mut self, value: Value) -> usize {
        match (self, value) {
            (Self::Text(column), Value::Text(text)) => {
                column.append_option(text.as_deref());
                text.map_or(0, |text| text.len())
            }
            (Self::Texts(column), Value::Texts(texts)) => {
                let octets = texts.iter().map(String::len).sum();
                column.append_value(texts.iter().map(Some));
                octets
            }
            (Self::Number(column), Value::Number(number)) => {
                column.append_option(number);
                0
            }
            (Self::Date(column), Value::Number(micros)) => {
                column.append_option(micros);
                0
            }
            (Self::Octets(column), Value::Octets(octets)) => {
                column.append_value(&octets);
                octets.len()
            }
            (Self::Attachments(column), Value::Attachments(views)) => {
                for view in &views {
                    let row = column.values();
                    let texts = [(0, view.name.as_deref()), (1, Some(&*view.media_type)), (3, Some(&*view.sha256))];
                    for (at, text) in texts {
                        if let Some(texts) = row.field_builder::<StringBuilder>(at) {
                            texts.append_option(text);
                        }
                    }
                    if let Some(sizes) = row.field_builder::<Int64Builder>(2) {
                        sizes.append_value(number(view.size));
                    }
                    row.append(true);
                }
                column.append(true);
                views.len() * 100
            }
            _ => 0,
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(column) => Arc::new(column.finish()),
            Self::Texts(column) => Arc::new(column.finish()),
            Self::Number(column) => Arc::new(column.finish()),
            Self::Date(column) => Arc::new(column.finish().with_timezone(UTC)),
            Self::Octets(column) => Arc::new(column.finish()),
            Self::Attachments(column) => Arc::new(column.finish()),
        }
    }
}

fn chosen(py: Python<'_>, names: &[String]) -> PyResult<Vec<&'static ColumnInfo>> {
    let find = |name: &String| {
        let names = || COLUMNS.iter().map(|column| column.name).collect::<Vec<_>>().join(", ");
        let found = COLUMNS.iter().find(|column| column.name == name);
        found.ok_or_else(|| options(py, &format!("columns: there is no {name}; there are {}", names())))
    };
    names.iter().map(find).collect()
}

/// Whether lists of folders tell enough for these columns, none of which is unknown, of what is selected.
pub(crate) fn lists(names: &[String], selection: &Selection) -> Lists {
    let listed =
        COLUMNS.iter().filter(|column| names.iter().any(|name| name == column.name)).map(|column| column.listed);
    let is_told = listed.clone().all(|listed| listed != Lists::Unused) && selection.is_of_lists();
    match is_told {
        true if listed.clone().any(|listed| listed == Lists::HeadersAndStates) => Lists::HeadersAndStates,
        true => Lists::Headers,
        false => Lists::Unused,
    }
}

fn schema(columns: &[&ColumnInfo]) -> SchemaRef {
    Arc::new(Schema::new(columns.iter().map(|column| column.field()).collect::<Vec<_>>()))
}

pub(crate) fn schema_capsule<'py>(py: Python<'py>, names: &[String]) -> PyResult<Bound<'py, PyCapsule>> {
    let schema = FFI_ArrowSchema::try_from(&*schema(&chosen(py, names)?));
    let schema = schema.map_err(|wrong| crate::error::of_kind(py, "unsupported", &wrong.to_string(), None))?;
    PyCapsule::new_with_value(py, schema, c"arrow_schema")
}

/// Makes sure that there are columns of these names.
pub(crate) fn check(py: Python<'_>, names: &[String]) -> PyResult<()> {
    chosen(py, names).map(drop)
}

/// What the rows of a table are made of.
pub(crate) struct Items {
    pub(crate) mailbox: Mailbox,
    pub(crate) selector: Selector,
    /// Whether what cannot be read ends it, and is not left out.
    pub(crate) raises: bool,
}

pub(crate) fn reader(
    py: Python<'_>,
    items: Items,
    names: &[String],
    rows: usize,
    raised: Arc<Raised>,
) -> PyResult<Reader> {
    let columns = chosen(py, names)?;
    let schema = schema(&columns);
    let Items { mailbox, selector, raises } = items;
    Ok(Box::new(Rows {
        mailbox: Some(mailbox),
        selector,
        raises,
        columns,
        schema,
        rows: rows.max(1),
        source: 0,
        raised,
    }))
}

/// The rows of a table, a batch at a time.
struct Rows {
    mailbox: Option<Mailbox>,
    selector: Selector,
    raises: bool,
    columns: Vec<&'static ColumnInfo>,
    schema: SchemaRef,
    rows: usize,
    source: u64,
    raised: Arc<Raised>,
}

impl Rows {
    fn batch(&mut self) -> std::result::Result<Option<RecordBatch>, ArrowError> {
        let mut builders: Vec<Builder> = self.columns.iter().map(|column| column.builder()).collect();
        let (mut rows, mut octets) = (0, 0);
        while rows < self.rows && octets < MOST_OCTETS {
            if let Some(error) = self.raised.take() {
                return Err(ArrowError::ExternalError(Box::new(error)));
            }
            let Some(event) = self.mailbox.as_mut().and_then(Mailbox::next_event) else {
                self.mailbox = None;
                break;
            };
            let failed = match event {
                Event::Opened(_) => {
                    self.source += 1;
                    None
                }
                Event::Failed { error, within } => {
                    self.source += u64::from(!within);
                    Some(error)
                }
                Event::Item(mut item) => {
                    let place = Place { source: self.source, ordinal: item.origin.ordinal };
                    if self.selector.decide(&mut item, place).is_some() {
                        continue;
                    }
                    let row = Row { item: &item, source: self.source };
                    let values = self.columns.iter().map(|column| column.of.value(&row)).collect::<Result<Vec<_>>>();
                    values.map_or_else(Some, |values| {
                        let added = builders.iter_mut().zip(values).map(|(builder, value)| builder.add(value));
                        octets += added.sum::<usize>();
                        rows += 1;
                        None
                    })
                }
                _ => None,
            };
            // What cannot be read is no row; the report of a conversion tells of it.
            if let Some(error) = failed.filter(|_| self.raises && !self.raised.is_any()) {
                return Err(ArrowError::ExternalError(Box::new(error)));
            }
        }
        if let Some(error) = self.raised.take() {
            return Err(ArrowError::ExternalError(Box::new(error)));
        }
        if rows == 0 {
            return Ok(None);
        }
        RecordBatch::try_new(Arc::clone(&self.schema), builders.iter_mut().map(Builder::finish).collect()).map(Some)
    }
}

impl Iterator for Rows {
    type Item = std::result::Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = Python::attach(|py| detached(py, || self.batch()));
        let batch = batch.unwrap_or_else(|panicked| Err(ArrowError::ExternalError(Box::new(panicked))));
        if batch.is_err() {
            self.mailbox = None;
        }
        batch.transpose()
    }
}

impl RecordBatchReader for Rows {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}
