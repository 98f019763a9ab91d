//! Messages and their recipients ([MS-PST] 2.4.5).

use super::{
    Check, DEPTH,
    context::{BINARY, Properties, STRING, Value, text},
    findings::Place,
    folders::shown,
    ids::{
        ADDRESS_TYPE, BODY, CLIENT_SUBMIT_TIME, CREATION_TIME, DISPLAY_BCC, DISPLAY_CC, DISPLAY_NAME, DISPLAY_TO,
        EMAIL_ADDRESS, ENTRY_ID, HTML, INTERNET_CODE_PAGE, LAST_MODIFICATION_TIME, MESSAGE_CLASS,
        MESSAGE_DELIVERY_TIME, MESSAGE_FLAGS, MESSAGE_SIZE, MESSAGE_STATUS, NATIVE_BODY, RECIPIENT_TYPE,
        RTF_COMPRESSED, SEARCH_KEY, SUBJECT,
    },
    nodes::RECIPIENT_COLUMNS,
    rules::Rule,
    table::{LOOKED_AT, Row, Table},
};
use crate::{
    error::Result,
    pst::{
        checksum,
        le::{u16_at, u32_at},
        nid,
    },
};
use std::collections::HashMap;

const HAS_ATTACHMENTS: u32 = 0x10;
const UNMODIFIED: u64 = 0x2;
/// 1925 to 2080.
const TIMES: std::ops::RangeInclusive<u64> = 0x0153_B281_E0FB_4000..=0x0217_E6A8_D9C1_0000;

/// Columns that say nothing of the object, or what is made of it in other ways.
const OF_ROWS: [u16; 14] =
    [0x67F2, 0x67F3, 0x0E30, 0x0E33, 0x0E34, 0x0E38, 0x0E3C, 0x0E3D, 0x67F1, 0x0E17, 0x65C6, 0x0057, 0x0058, 0x0E2A];
/// Columns of which the row has a value where the message has one.
const FILLED: [u16; 19] = [
    0x0017, 0x001A, 0x0036, 0x0037, 0x0042, 0x0E03, 0x0E04, 0x0E06, 0x0E07, 0x0E08, 0x0E17, 0x0039, 0x0070, 0x0071,
    0x1097, 0x3008, 0x65C6, 0x0057, 0x0058,
];
/// Columns of which the message has a value where the row has one.
const FROM_MESSAGE: [u16; 9] = [0x001A, 0x0037, 0x0039, 0x0042, 0x0070, 0x0E06, 0x0E07, 0x0E08, 0x3008];

/// Units of text, or octets, from which on a row may have less of it: programs cut them at 255.
const CUT: usize = 250;
/// Octets that are compared, and of RTF_COMPRESSED that is checked.
const COMPARED: usize = 64 << 10;
const RTF_CHECKED: usize = 16 << 20;
/// A row may be behind by this much where a message got attachments: Outlook leaves that.
const BEHIND: u64 = 1024;
/// Units from which on a text may list less than all recipients, and octets of their names that are held: more than these.
const SHOWN: usize = CUT - 20;
const LISTED: usize = 4096;

/// The identifier of one-off entry identifiers ([MS-OXCDATA] 2.2.5.1).
const ONE_OFF: [u8; 16] =
    [0x81, 0x2B, 0x1F, 0xA4, 0xBE, 0xA3, 0x10, 0x19, 0x9D, 0x6E, 0x00, 0xDD, 0x01, 0x0F, 0x54, 0x02];

/// What kind of message it is.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    pub(super) is_hidden: bool,
    pub(super) depth: usize,
}

impl Check {
    /// A message of a folder, and its row there.
    pub(super) fn message(&self, node: u32, row: Option<(&Table<'_>, &Row<'_, '_>)>) -> Result<()> {
        self.messages.set(self.messages.get().saturating_add(1));
        let place = Place::node(node);
        let Some(entry) = self.file.node_entry(node)? else { return Ok(()) };
        let Some(properties) = self.properties(&place, entry.data, entry.subnodes)? else { return Ok(()) };
        let kind = Kind { is_hidden: nid::kind(node) == nid::ASSOCIATED_MESSAGE, depth: 0 };
        if !kind.is_hidden {
            self.message_size(&place, &properties, entry.data, entry.subnodes)?;
        }
        self.message_properties(&place, &properties, kind)?;
        let attachments = self.parts(&place, &properties, kind)?;
        if let Some((table, row)) = row {
            self.mirror_row(&place, table, row, &properties, kind, attachments)?;
        }
        properties.heap.tell_unnamed();
        Ok(())
    }

    /// Holds the size that a message states against what its data and its subnodes have.
    pub(super) fn message_size(
        &self,
        place: &Place,
        properties: &Properties<'_>,
        data: u64,
        subnodes: u64,
    ) -> Result<()> {
        let Some(stated) = properties.number(MESSAGE_SIZE).filter(|_| self.is_recent()) else { return Ok(()) };
        let Some(size) = self.node_size(data, subnodes, 0)? else {
            self.add(Rule::Unreadable, place, || "its subnodes are too many or too deep to add up its size".to_owned());
            return Ok(());
        };
        if u64::from(stated) != size.min(u32::MAX.into()) {
            self.add(Rule::MessageSize, &place.of(MESSAGE_SIZE), || {
                format!("the stated size is {stated} bytes, and the blocks have {size}")
            });
        }
        Ok(())
    }

    fn mirror_row(
        &self,
        place: &Place,
        table: &Table<'_>,
        row: &Row<'_, '_>,
        properties: &Properties<'_>,
        kind: Kind,
        attachments: u64,
    ) -> Result<()> {
        if self.file.is_cache {
            return Ok(());
        }
        for tag in table.column_tags() {
            let id = (tag >> 16) as u16;
            let in_row = row.value(tag)?;
            let property = properties.find(id);
            let Some(in_row) = in_row else {
                let is_asked = self.is_recent() && !kind.is_hidden && FILLED.contains(&id);
                let has_some = match property {
                    Some(property) if is_asked => properties.size(property)? > 0,
                    _ => is_asked && id == MESSAGE_STATUS,
                };
                if has_some {
                    self.add(Rule::ContentsCell, &place.of(id), || {
                        "the row has no value, and the message has one".to_owned()
                    });
                }
                continue;
            };
            if OF_ROWS.contains(&id) {
                continue;
            }
            let Some(property) = property else {
                let is_nothing = matches!(&in_row, Value::Number(0))
                    || matches!(&in_row, Value::Octets(octets) if octets.is_empty());
                if self.is_recent() && !kind.is_hidden && FROM_MESSAGE.contains(&id) && !is_nothing {
                    self.add(Rule::ContentsMirror, &place.of(id), || {
                        format!("the row has {}, the message nothing", shown(Some(&in_row)))
                    });
                }
                continue;
            };
            let Some(of_message) = properties.value(property, COMPARED)? else { continue };
            if property.kind != tag as u16 && self.is_recent() {
                self.add(Rule::ContentsMirror, &place.of(id), || {
                    format!("the column is of the type {:#x}, the property of {:#x}", tag & 0xFFFF, property.kind)
                });
                continue;
            }
            let is_same = match (&in_row, &of_message) {
                (Value::Number(row), Value::Number(message)) if id == MESSAGE_FLAGS => {
                    row & !UNMODIFIED == message & !UNMODIFIED
                }
                (Value::Number(row), Value::Number(message)) if id == MESSAGE_SIZE => {
                    let is_behind = attachments > 0
                        && message.checked_sub(*row).is_some_and(|behind| behind > 0 && behind < BEHIND);
                    row == message || is_behind || !self.is_recent() || kind.is_hidden
                }
                (Value::Octets(row), Value::Octets(message)) => {
                    is_whole_or_cut(row, message, property.kind) || property.kind != tag as u16
                }
                (row, message) => row == message,
            };
            if !is_same {
                self.add(Rule::ContentsMirror, &place.of(id), || {
                    format!("the row has {}, the message {}", shown(Some(&in_row)), shown(Some(&of_message)))
                });
            }
        }
        Ok(())
    }

    pub(super) fn message_properties(&self, place: &Place, properties: &Properties<'_>, kind: Kind) -> Result<()> {
        let is_own = kind.depth == 0;
        if is_own && !self.file.is_cache {
            for id in [MESSAGE_CLASS, MESSAGE_FLAGS, MESSAGE_SIZE, CREATION_TIME, LAST_MODIFICATION_TIME, SEARCH_KEY] {
                let is_asked = match id {
                    MESSAGE_CLASS | MESSAGE_FLAGS => true,
                    LAST_MODIFICATION_TIME => !kind.is_hidden && self.is_recent(),
                    _ => !kind.is_hidden,
                };
                if is_asked && !properties.has(id) {
                    self.add(Rule::MessageProperty, &place.of(id), || "the property is missing".to_owned());
                }
            }
        }
        if let Some(key) = properties.octets(SEARCH_KEY, 64)?.filter(|_| is_own) {
            let is_wrong =
                key.iter().all(|octet| *octet == 0) || (key.len() != 16 && self.is_recent() && !kind.is_hidden);
            if is_wrong {
                self.add(Rule::MessageKey, &place.of(SEARCH_KEY), || format!("the search key is {key:02x?}"));
            }
        }
        if let Some(property) = properties.find(SUBJECT) {
            let octets = properties.octets(SUBJECT, COMPARED)?.unwrap_or_default();
            let units: Vec<char> = text(property.kind, &octets).chars().collect();
            if let [mark, length, rest @ ..] = &*units
                && *mark == '\u{1}'
                && (*length as usize).saturating_sub(1) > rest.len()
            {
                self.add(Rule::MessageSubject, &place.of(SUBJECT), || {
                    let length = (*length as usize).saturating_sub(1);
                    format!("the prefix has {length} characters, and {} are there", rest.len())
                });
            } else if *units == ['\u{1}'] {
                self.add(Rule::MessageSubject, &place.of(SUBJECT), || {
                    "the mark of the prefix has no length".to_owned()
                });
            }
        }
        for id in [CLIENT_SUBMIT_TIME, MESSAGE_DELIVERY_TIME, CREATION_TIME, LAST_MODIFICATION_TIME] {
            let Some(property) = properties.find(id) else { continue };
            if let Some(Value::Number(time)) = properties.value(property, 8)?
                && time != 0
                && !TIMES.contains(&time)
            {
                self.add(Rule::MessageTime, &place.of(id), || {
                    format!("the time is {time:#x}, in steps of 100 nanoseconds from 1601 on")
                });
            }
        }
        let body = match properties.number(NATIVE_BODY) {
            Some(1) => Some(BODY),
            Some(2) => Some(RTF_COMPRESSED),
            Some(3) => Some(HTML),
            _ => None,
        };
        if let Some(body) = body.filter(|body| !properties.has(*body)) {
            self.add(Rule::MessageBody, &place.of(NATIVE_BODY), || {
                format!("it names the body {body:#06x}, which was not found")
            });
        }
        if properties.find(HTML).is_some_and(|html| html.kind == BINARY) && !properties.has(INTERNET_CODE_PAGE) {
            self.add(Rule::MessageBody, &place.of(HTML), || "there is no code page for it".to_owned());
        }
        self.rtf(place, properties)
    }

    fn rtf(&self, place: &Place, properties: &Properties<'_>) -> Result<()> {
        let Some(property) = properties.find(RTF_COMPRESSED) else { return Ok(()) };
        let size = properties.size(property)?;
        if size == 0 {
            return Ok(());
        }
        let octets = properties.octets(RTF_COMPRESSED, RTF_CHECKED)?.unwrap_or_default();
        let word = |at: usize| u32_at(&octets, at).unwrap_or(0);
        let (packed, kind, crc) = (u64::from(word(0)).saturating_add(4), word(8), word(12));
        let add = |found: &dyn Fn() -> String| self.add(Rule::MessageRtf, &place.of(RTF_COMPRESSED), found);
        const COMPRESSED: u32 = 0x7546_5A4C;
        const UNCOMPRESSED: u32 = 0x414C_454D;
        if octets.len() < 16 || !matches!(kind, COMPRESSED | UNCOMPRESSED) {
            add(&|| format!("{size} bytes of the type {kind:#010x}"));
        } else if packed > size || packed < 16 {
            add(&|| format!("COMPSIZE tells of {packed} bytes, and {size} are there"));
        } else if kind == COMPRESSED
            && let Some(body) = octets.get(16..packed as usize)
            && checksum::crc(body) != crc
        {
            add(&|| "the checksum does not match the compressed text".to_owned());
        }
        Ok(())
    }

    /// The recipients and the attachments of a message; gives how many attachments there are.
    pub(super) fn parts(&self, place: &Place, properties: &Properties<'_>, kind: Kind) -> Result<u64> {
        let subnodes = &properties.heap.subnodes;
        match subnodes.named(nid::RECIPIENT_TABLE) {
            Some(table) => {
                let below = place.below(nid::RECIPIENT_TABLE);
                if let Some(table) = self.table(&below, table.data, table.below)? {
                    self.recipients(place, properties, &table, kind)?;
                }
            }
            None if !kind.is_hidden && !self.file.is_cache => {
                for id in [DISPLAY_TO, DISPLAY_CC, DISPLAY_BCC] {
                    if properties.text(id)?.is_some_and(|text| text.chars().any(|c| c != ' ' && c != '\0')) {
                        self.add(Rule::RecipientTable, place, || {
                            format!("there is no table of recipients, and the property {id:#06x} names some")
                        });
                    }
                }
            }
            None => {}
        }
        let attachments = self.attachments(place, properties, kind)?;
        if let Some(flags) = properties.number(MESSAGE_FLAGS)
            && (flags & HAS_ATTACHMENTS != 0) != (attachments > 0)
            && !kind.is_hidden
            && !self.file.is_cache
            && (attachments > 0 || self.is_recent())
        {
            self.add(Rule::MessageFlags, &place.of(MESSAGE_FLAGS), || {
                format!("the flags are {flags:#x}, and there are {attachments} attachments")
            });
        }
        Ok(attachments)
    }

    fn recipients(&self, message: &Place, properties: &Properties<'_>, table: &Table<'_>, kind: Kind) -> Result<()> {
        self.require_columns(table, &[&RECIPIENT_COLUMNS]);
        // The names of To, Cc and Bcc, as far as they are needed to tell whether the texts list them.
        let mut listed: HashMap<u64, String> = HashMap::new();
        let mut count = 0_usize;
        let is_strict = self.is_recent() && kind.depth == 0 && !kind.is_hidden;
        table.each_row(&mut |id, row| {
            let place = &table.heap.place.in_row(id);
            count = count.saturating_add(1);
            match row.number_of(RECIPIENT_TYPE)? {
                Some(of) if of & 0xF <= 3 => {
                    let names = listed.entry(of & 0xF).or_default();
                    if names.len() < LISTED {
                        names.push_str(&bare(&row.text_of(DISPLAY_NAME)?.unwrap_or_default()));
                    }
                }
                Some(of) => self.add(Rule::RecipientType, place, || format!("the type is {of:#x}")),
                None => self.add(Rule::RecipientType, place, || "the property is missing".to_owned()),
            }
            for id in [DISPLAY_NAME, ADDRESS_TYPE, EMAIL_ADDRESS, SEARCH_KEY] {
                if is_strict && row.of(id)?.is_none() {
                    self.add(Rule::RecipientProperty, &place.of(id), || "the property is missing".to_owned());
                }
            }
            if let Some(entry) = row.octets_of(ENTRY_ID)? {
                self.recipient_entry(&place.of(ENTRY_ID), &entry);
            }
            Ok(())
        })?;
        table.heap.tell_unnamed();
        if kind.is_hidden || self.file.is_cache {
            return Ok(());
        }
        for (id, of) in [(DISPLAY_TO, 1), (DISPLAY_CC, 2), (DISPLAY_BCC, 3)] {
            let names = listed.get(&of);
            let add = |found: &dyn Fn() -> String| self.add(Rule::RecipientShown, &message.of(id), found);
            let Some(shown) = properties.text(id)? else {
                if names.is_some() && is_strict && of != 3 {
                    add(&|| "the property is missing, and the table has recipients of this kind".to_owned());
                }
                continue;
            };
            if shown.is_empty() && self.is_recent() {
                add(&|| "the property is empty instead of missing".to_owned());
            }
            let (shown, names) = (bare(&shown), names.map_or("", String::as_str));
            if shown != names && shown.encode_utf16().count() < SHOWN {
                add(&|| format!("the text lists \"{:.40}\", and the table \"{:.40}\"", shown, names));
            }
        }
        Ok(())
    }

    fn recipient_entry(&self, place: &Place, entry: &[u8]) {
        let is_one_off = entry.get(4..20) == Some(&ONE_OFF);
        if entry.len() < if is_one_off { 30 } else { 20 } {
            self.add(Rule::RecipientEntry, place, || {
                format!("the entry identifier has {} bytes, which are too few", entry.len())
            });
            return;
        }
        if !is_one_off {
            return;
        }
        const UNICODE: u16 = 0x8000;
        let (version, flags) = (u16_at(entry, 20).unwrap_or(0), u16_at(entry, 22).unwrap_or(0));
        let texts = entry.get(24..).unwrap_or_default();
        let count = match flags & UNICODE != 0 {
            true => texts.chunks_exact(2).filter(|unit| *unit == [0, 0]).count(),
            false => texts.iter().filter(|octet| **octet == 0).count(),
        };
        // Of what is longer the end was not read.
        let count = if entry.len() < LOOKED_AT { count } else { count.max(3) };
        if version != 0 || count < 3 || entry.get(..4) != Some(&[0; 4]) {
            self.add(Rule::RecipientEntry, place, || {
                format!("it is of version {version} and has {count} texts instead of 3")
            });
        }
    }

    /// Whether messages in one another are followed further.
    pub(super) fn goes_on(depth: usize) -> bool {
        depth < DEPTH
    }
}

/// The text of recipients without what stands between them.
fn bare(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, ' ' | ';' | '\0')).collect()
}

/// Whether a row has a value as its object has it, or the start of it that tables keep.
fn is_whole_or_cut(row: &[u8], object: &[u8], kind: u16) -> bool {
    let least = if kind == STRING { 2 * CUT } else { CUT };
    row == object || (row.len() >= least && object.starts_with(row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_cut_at_units_of_its_encoding() {
        let octets = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let (long, other) = (octets(&"ä".repeat(300)), octets(&"b".repeat(300)));
        for (kept, is_sound) in [(300, true), (255, true), (254, true), (200, false), (127, false), (0, false)] {
            assert_eq!(is_whole_or_cut(&long[..2 * kept], &long, STRING), is_sound, "{kept}");
            assert!(!is_whole_or_cut(&other[..2 * kept.max(1)], &long, STRING));
        }
        // A character of two units counts as two.
        let faces = octets(&"\u{1F600}".repeat(200));
        assert!(is_whole_or_cut(&faces[..2 * 254], &faces, STRING));
        assert!(!is_whole_or_cut(&faces[..2 * 128], &faces, STRING));
        assert!(is_whole_or_cut(&[7; 255], &[7; 300], BINARY));
        assert!(!is_whole_or_cut(&[7; 127], &[7; 300], BINARY));
    }
}
