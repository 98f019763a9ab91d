use crate::{
    failure::{not_told, thrown},
    port::{JsSink, SinkPort},
};
use mailferry::{
    Error, ErrorKind,
    convert::{ItemRecord, Place},
    mime::{Address, Field, Mailbox},
    model::{self, Message, MessageView},
};
use std::io::{self, BufWriter, Write};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

/// One item: what is known of it, and its octets, which are read when they are asked for.
#[wasm_bindgen]
pub struct Item {
    item: model::Item,
    source: u64,
}

/// Octets of an item that go into one array; a sink takes larger ones.
const MOST: usize = 256 << 20;

#[wasm_bindgen]
impl Item {
    /// The number of its source and its own in that, both from 1, as the log has it: `1:42`.
    pub fn id(&self) -> String {
        Place { source: self.source, ordinal: self.item.origin.ordinal }.to_string()
    }

    /// What is known of it, as a JSON object: the fields of the item log, and `defects`, `mbox`, `calendar` or `card`.
    ///
    /// # Errors
    /// When it has no JSON.
    pub fn record(&self) -> Result<String, JsValue> {
        let mut record = serde_json::to_value(ItemRecord::of(&self.item, self.source)).map_err(not_told)?;
        if let Some(fields) = record.as_object_mut() {
            fields.append(&mut details(&self.item));
        }
        Ok(record.to_string())
    }

    /// Its octets: an RFC 5322 message, an iCalendar object or a vCard.
    ///
    /// # Errors
    /// What the source says; `limit` for more than 256 MiB.
    pub fn octets(&self) -> Result<Vec<u8>, JsValue> {
        let content = self.item.to_content().map_err(|error| thrown(&error))?;
        content.to_vec(MOST).map_err(|error| thrown(&error))
    }

    /// A message as a person wants to see it, as a JSON object; nothing of another item.
    ///
    /// # Errors
    /// What the source says.
    pub fn view(&self) -> Result<Option<String>, JsValue> {
        let Some(message) = self.item.message() else { return Ok(None) };
        let view = MessageView::of(message).map_err(|error| thrown(&error))?;
        let mut view = serde_json::to_value(&view).map_err(not_told)?;
        if let Some(fields) = view.as_object_mut() {
            fields.append(&mut more_of(message).map_err(|error| thrown(&error))?);
        }
        Ok(Some(view.to_string()))
    }

    /// Hands the decoded octets of the attachment of this number, from 0, to a sink.
    ///
    /// # Errors
    /// What the source or the sink says; `options` where there is no such attachment.
    pub fn attachment(&self, number: u32, sink: SinkPort) -> Result<(), JsValue> {
        let none = || Error::new(ErrorKind::Options, format!("there is no attachment {number}"));
        let copied = || -> mailferry::Result<()> {
            let attachments = self.item.message().ok_or_else(none)?.attachments()?;
            let attachment = attachments.get(number as usize).ok_or_else(none)?;
            let mut sink = BufWriter::with_capacity(1 << 20, JsSink::new(sink));
            io::copy(&mut attachment.reader(), &mut sink)?;
            Ok(sink.flush()?)
        };
        copied().map_err(|error| thrown(&error))
    }
}

impl Item {
    pub(crate) fn new(item: model::Item, source: u64) -> Self {
        Self { item, source }
    }
}

/// What a view for display leaves out: further people, and all fields of the header section in their order.
fn more_of(message: &Message) -> mailferry::Result<serde_json::Map<String, serde_json::Value>> {
    let people = |addresses: Vec<Address>| -> serde_json::Value {
        let one = |mailbox: &Mailbox| serde_json::json!({ "name": mailbox.name, "address": mailbox.address });
        addresses.iter().flat_map(Address::mailboxes).map(one).collect()
    };
    let header = message.header()?;
    let field = |field: Field<'_>| {
        serde_json::json!([String::from_utf8_lossy(field.name().as_bytes()), message.field_text(&field)])
    };
    Ok(serde_json::Map::from_iter([
        ("bcc".to_owned(), people(message.bcc()?)),
        ("sender".to_owned(), people(message.sender()?)),
        ("replyTo".to_owned(), people(message.reply_to()?)),
        ("headers".to_owned(), header.fields().map(field).collect()),
    ]))
}

/// What the log does not tell of an item.
fn details(item: &model::Item) -> serde_json::Map<String, serde_json::Value> {
    let defects = item.defects.iter().map(|defect| {
        serde_json::json!({ "kind": defect.kind().as_str(), "message": defect.to_string(), "offset": defect.offset() })
    });
    let mut details = serde_json::Map::from_iter([("defects".to_owned(), defects.collect())]);
    if let Some(key) = &item.origin.key {
        details.insert("key".into(), (**key).into());
    }
    if let Some(mbox) = &item.origin.mbox {
        let mbox = serde_json::json!({
            "fromLine": String::from_utf8_lossy(&mbox.from_line),
            "separator": String::from_utf8_lossy(&mbox.separator),
            "unquotedLines": mbox.unquoted_lines,
        });
        details.insert("mbox".into(), mbox);
    }
    if let Some(object) = item.calendar() {
        let zones: Vec<_> = object.components().iter().flat_map(|component| component.zone_ids()).collect();
        let calendar = serde_json::json!({ "components": object.components().len(), "zones": zones });
        details.insert("calendar".into(), calendar);
    }
    if let Some(card) = item.card() {
        let version = card.version().map(|version| version.as_str());
        details.insert("card".into(), serde_json::json!({ "version": version, "group": card.is_group() }));
    }
    details
}
