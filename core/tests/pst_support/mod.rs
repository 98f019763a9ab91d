//! Stores made for tests: every kind of item and attachment, in any layout.
#![allow(dead_code, reason = "each test takes what it needs")]
#![allow(clippy::indexing_slicing, reason = "a test fails by panicking")]

use mailferry::{
    Result,
    mapi::{
        Attachment, AttachmentBody, CodePage, FileTime, Guid, MapiMessage, NamedProperties, Octets, PropertyBag,
        PropertyName, PropertyValue, pid,
    },
    read::{ItemReader, ReadOptions, pst::PstReader},
    source::Content,
    write::pst::{Layout, PstWriter, Scrambling},
};
use std::{fmt::Write as _, io::Cursor, ops::Range, sync::Arc};

pub(crate) const LAYOUTS: [Layout; 3] = [Layout::Ansi, Layout::Unicode, Layout::Unicode4k];
pub(crate) const SCRAMBLINGS: [Scrambling; 3] = [Scrambling::None, Scrambling::Permute, Scrambling::Cyclic];

pub(crate) type Writer = PstWriter<Cursor<Vec<u8>>>;

/// Text as the layout has it.
pub(crate) fn text(layout: Layout, text: &str) -> PropertyValue {
    match layout {
        Layout::Ansi => PropertyValue::String8(
            text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect::<Vec<_>>().into(),
        ),
        Layout::Unicode | Layout::Unicode4k => {
            PropertyValue::String(text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>().into())
        }
    }
}

/// Octets that are the same on every run and that no two blocks share.
pub(crate) fn octets(len: usize, seed: u32) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as u8
    };
    (0..len).map(|_| next()).collect()
}

pub(crate) fn mail(layout: Layout, subject: &str, body: &str) -> MapiMessage {
    let mut bag = PropertyBag::default();
    bag.insert(pid::MESSAGE_CLASS, text(layout, "IPM.Note"));
    bag.insert(pid::SUBJECT, text(layout, subject));
    bag.insert(0x1000, text(layout, body));
    bag.insert(pid::MESSAGE_FLAGS, PropertyValue::Integer32(1));
    bag.insert(pid::MESSAGE_DELIVERY_TIME, PropertyValue::Time(FileTime(132_000_000_000_000_000)));
    bag.insert(0x0C1A, text(layout, "Alice Example"));
    bag.insert(0x0C1E, text(layout, "SMTP"));
    bag.insert(0x0C1F, text(layout, "alice@example.com"));
    MapiMessage::new(bag)
}

pub(crate) fn recipient(layout: Layout, kind: i32, name: &str, address: &str) -> PropertyBag {
    let mut bag = PropertyBag::default();
    bag.insert(0x0C15, PropertyValue::Integer32(kind));
    bag.insert(0x0E0F, PropertyValue::Boolean(true));
    bag.insert(pid::DISPLAY_NAME, text(layout, name));
    bag.insert(0x3002, text(layout, "SMTP"));
    bag.insert(0x3003, text(layout, address));
    bag
}

pub(crate) fn attachment(layout: Layout, name: &str, method: i32, body: AttachmentBody) -> Attachment {
    let mut properties = PropertyBag::default();
    properties.insert(pid::ATTACH_LONG_FILENAME, text(layout, name));
    properties.insert(pid::ATTACH_METHOD, PropertyValue::Integer32(method));
    Attachment { properties, body, defects: Vec::new() }
}

/// A message in a message in a message…, each with a file beside it.
pub(crate) fn nested(layout: Layout, depth: usize) -> MapiMessage {
    let mut message = mail(layout, &format!("level {depth}"), "the innermost");
    for level in (0..depth).rev() {
        let mut outer = mail(layout, &format!("level {level}"), "around another");
        outer.attachments = Arc::new(vec![
            attachment(layout, "file.bin", 1, AttachmentBody::Data(octets(5000, level as u32).into())),
            attachment(layout, "message", 5, AttachmentBody::Message(Arc::new(message))),
        ]);
        message = outer;
    }
    message
}

/// Values of every type, by number and by name.
pub(crate) fn every_type(layout: Layout) -> MapiMessage {
    let mut names = NamedProperties::default();
    names.insert(0x8000, PropertyName::Lid(Guid::PSETID_APPOINTMENT, 0x820D));
    names.insert(0x8001, PropertyName::Name(Guid::PS_PUBLIC_STRINGS, "Keywords".to_owned()));
    names.insert(0x8002, PropertyName::Lid(Guid::PSETID_TASK, 0x8104));
    let mut bag = PropertyBag::new(Arc::new(names));
    let several = |values: Vec<PropertyValue>| PropertyValue::Multiple(values);
    bag.insert(pid::MESSAGE_CLASS, text(layout, "IPM.Appointment"));
    bag.insert(pid::SUBJECT, text(layout, "Värde av varje slag"));
    bag.insert(0x6001, PropertyValue::Integer16(-2));
    bag.insert(0x6002, PropertyValue::Integer32(-3));
    bag.insert(0x6003, PropertyValue::Integer64(i64::MIN));
    bag.insert(0x6004, PropertyValue::Floating(-0.5));
    bag.insert(0x6005, PropertyValue::FloatingTime(43_831.25));
    bag.insert(0x6006, PropertyValue::Boolean(true));
    bag.insert(0x6007, PropertyValue::Guid(Guid::PSETID_MEETING));
    bag.insert(0x6008, PropertyValue::Binary(Octets::from(Vec::new())));
    bag.insert(0x6009, PropertyValue::Binary(octets(9000, 9).into()));
    bag.insert(0x6011, several(vec![PropertyValue::Integer16(1), PropertyValue::Integer16(-1)]));
    bag.insert(0x6012, several(vec![PropertyValue::Integer32(1), PropertyValue::Integer32(-1)]));
    bag.insert(0x6013, several(vec![PropertyValue::Time(FileTime(7)), PropertyValue::Time(FileTime(8))]));
    bag.insert(0x6014, several(vec![PropertyValue::Guid(Guid::PS_MAPI), PropertyValue::Guid(Guid::PSETID_LOG)]));
    bag.insert(
        0x6015,
        several(vec![PropertyValue::Binary(octets(3, 1).into()), PropertyValue::Binary(octets(9, 2).into())]),
    );
    bag.insert(0x8000, PropertyValue::Time(FileTime(132_000_000_000_000_000)));
    bag.insert(0x8001, several(vec![text(layout, "one"), text(layout, ""), text(layout, "three")]));
    bag.insert(0x8002, PropertyValue::Time(FileTime(132_000_000_000_000_001)));
    MapiMessage::new(bag)
}

/// A mail with an attachment of each method.
pub(crate) fn attachments(layout: Layout, large: usize) -> MapiMessage {
    let mut message = mail(layout, "attachments", "see there");
    message.recipients = (0..30)
        .map(|i| recipient(layout, i % 3 + 1, &format!("Person {i}"), &format!("person{i}@example.com")))
        .collect();
    message.attachments = Arc::new(vec![
        attachment(layout, "empty.txt", 1, AttachmentBody::None),
        attachment(layout, "small.bin", 1, AttachmentBody::Data(octets(100, 3).into())),
        attachment(layout, "large.bin", 1, AttachmentBody::Data(octets(large, 4).into())),
        attachment(layout, "object.ole", 6, AttachmentBody::Ole(octets(20_000, 5).into())),
    ]);
    message
}

/// A store with a bit of everything.
pub(crate) fn store(layout: Layout, scrambling: Scrambling) -> Vec<u8> {
    let mut pst = Writer::new(Cursor::new(Vec::new()), layout, scrambling).unwrap();
    let inbox = pst.add_folder(Writer::MAILBOX, "Inbox", "IPF.Note");
    let inner = pst.add_folder(inbox, "Ärenden/2024", "IPF.Note");
    let calendar = pst.add_folder(Writer::MAILBOX, "Calendar", "IPF.Appointment");
    pst.add_message(inbox, &mail(layout, "first", &"long body ".repeat(2000))).unwrap();
    pst.add_message(inbox, &attachments(layout, 100_000)).unwrap();
    pst.add_message(inner, &nested(layout, 3)).unwrap();
    for i in 0..40 {
        pst.add_message(inner, &mail(layout, &format!("number {i}"), "short")).unwrap();
    }
    pst.add_message(calendar, &every_type(layout)).unwrap();
    pst.add_associated(inbox, &mail(layout, "hidden", "settings")).unwrap();
    pst.add_orphan(inbox, &mail(layout, "orphan", "in no table")).unwrap();
    pst.finish().unwrap().into_inner()
}

/// Whether it tells of damage: nothing in these stores says in which code page their 8-bit text is, and that is told.
fn counts(defect: &mailferry::Defect) -> bool {
    defect.kind() != mailferry::DefectKind::Charset
}

/// All that is in a store, as text that can be compared: everything is read to its last octet.
pub(crate) fn dump(octets: Vec<u8>, options: &ReadOptions) -> Result<Dump> {
    let mut reader = PstReader::open(Arc::new(octets), "test.pst", options)?;
    let mut dump = Dump::default();
    loop {
        match reader.next_message() {
            Ok(Some(stored)) => {
                dump.messages += 1;
                let _ = writeln!(dump.text, "{}:", stored.folder.path);
                dump.message(&stored.message, 1);
            }
            Ok(None) => break,
            Err(e) if e.is_fatal() => return Err(e),
            Err(e) => {
                dump.errors += 1;
                assert!(dump.errors < 100_000, "{e}");
            }
        }
    }
    dump.folders = reader.folders().iter().map(|folder| folder.path.to_string()).collect();
    dump.told = reader.take_defects().iter().filter(|defect| counts(defect)).map(ToString::to_string).collect();
    dump.defects += dump.told.len();
    Ok(dump)
}

#[derive(Debug, Default)]
pub(crate) struct Dump {
    pub(crate) text: String,
    pub(crate) messages: usize,
    pub(crate) attachments: usize,
    pub(crate) errors: usize,
    pub(crate) defects: usize,
    pub(crate) folders: Vec<String>,
    /// The defects of the store as a whole.
    pub(crate) told: Vec<String>,
}

impl Dump {
    pub(crate) fn message(&mut self, message: &MapiMessage, depth: usize) {
        self.defects += message.defects.iter().filter(|defect| counts(defect)).count();
        self.bag(&message.properties, depth);
        for recipient in &message.recipients {
            self.line(depth, "recipient");
            self.bag(recipient, depth + 1);
        }
        for i in 0..message.attachments.len() {
            let attachment = match message.attachments.open(i) {
                Ok(attachment) => attachment,
                Err(_) => {
                    self.errors += 1;
                    continue;
                }
            };
            self.attachments += 1;
            self.defects += attachment.defects.len();
            self.line(depth, "attachment");
            self.bag(&attachment.properties, depth + 1);
            match attachment.body {
                AttachmentBody::Data(content) => self.content(depth + 1, "data", &content),
                AttachmentBody::Ole(content) => self.content(depth + 1, "ole", &content),
                AttachmentBody::Message(embedded) => match embedded.open() {
                    Ok(message) => self.message(&message, depth + 1),
                    Err(_) => self.errors += 1,
                },
                AttachmentBody::None => {}
            }
        }
    }

    fn bag(&mut self, bag: &PropertyBag, depth: usize) {
        for (id, value) in bag.iter().filter(|(id, _)| !matches!(id, 0x67F2 | 0x67F3)) {
            let name = bag.names().name(id).map_or(format!("{id:04x}"), |name| format!("{name:?}"));
            let value = self.value(value);
            self.line(depth, &format!("{name} = {value}"));
        }
    }

    fn value(&mut self, value: &PropertyValue) -> String {
        match value {
            PropertyValue::String8(octets) | PropertyValue::String(octets) | PropertyValue::Binary(octets) => {
                match octets.to_vec(64 << 20) {
                    Ok(octets) => digest(&octets),
                    Err(_) => {
                        self.errors += 1;
                        "lost".to_owned()
                    }
                }
            }
            PropertyValue::Multiple(values) => {
                values.iter().map(|value| self.value(value)).collect::<Vec<_>>().join(", ")
            }
            other => format!("{other:?}"),
        }
    }

    fn content(&mut self, depth: usize, what: &str, content: &Content) {
        let mut state = Digest::default();
        let read = content.for_each_chunk(|chunk| {
            state.add(chunk);
            Ok(())
        });
        self.errors += usize::from(read.is_err());
        self.line(depth, &format!("{what} {} octets {:016x}", content.len(), state.0));
    }

    fn line(&mut self, depth: usize, line: &str) {
        let _ = writeln!(self.text, "{:depth$}{line}", "", depth = depth * 2);
    }
}

/// FNV-1a, to compare by.
struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Digest {
    fn add(&mut self, octets: &[u8]) {
        for octet in octets {
            self.0 = (self.0 ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

fn digest(octets: &[u8]) -> String {
    if octets.len() <= 60 {
        return octets.escape_ascii().to_string();
    }
    let mut digest = Digest::default();
    digest.add(octets);
    format!("{} octets {:016x}", octets.len(), digest.0)
}

/// The code page that the fixtures are in.
pub(crate) const CODE_PAGE: CodePage = CodePage::WINDOWS_1252;

/// Types of pages ([MS-PST] 2.2.2.7.1).
pub(crate) const BLOCK_PAGES: u8 = 0x80;
pub(crate) const NODE_PAGES: u8 = 0x81;

/// Where the pages of a B-tree are, and the level of each.
pub(crate) fn tree_pages(store: &[u8], layout: Layout, kind: u8) -> Vec<(Range<usize>, u8)> {
    let (size, body, level) = match layout {
        Layout::Ansi => (512, 500, 499),
        Layout::Unicode => (512, 496, 491),
        Layout::Unicode4k => (4096, 4072, 4061),
    };
    let pages = (0..store.len() / size).map(|i| i * size..(i + 1) * size);
    pages
        .filter(|page| page.start > 0 && store[page.start + body..page.start + body + 2] == [kind, kind])
        .map(|page| (page.clone(), store[page.start + level]))
        .collect()
}

/// Fills the leaves of a B-tree with NUL, and says how many there were.
pub(crate) fn without_leaves(store: &mut [u8], layout: Layout, kind: u8) -> usize {
    let leaves: Vec<_> = tree_pages(store, layout, kind).into_iter().filter(|(_, level)| *level == 0).collect();
    leaves.iter().for_each(|(page, _)| store[page.clone()].fill(0));
    leaves.len()
}
