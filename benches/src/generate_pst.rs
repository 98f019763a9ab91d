//! A PST like those of people who work with Outlook, the same for the same size.
//!
//! Every message has plain text and transport headers, 60 % HTML too; 25 % have one to three attachments of heavy-tailed sizes up to
//! 400 kB that cannot be compressed, a tenth of these a message with attachments of its own.

use crate::{Result, random::Random};
use mailferry::{
    mapi::{Attachment, AttachmentBody, FileTime, MapiMessage, PropertyBag, PropertyValue, pid},
    write::pst::{Layout, PstWriter, Scrambling},
};
use std::{fs::File, io::BufWriter, path::Path, sync::Arc};

type Writer = PstWriter<BufWriter<File>>;

/// Octets of a store to a message, on average.
const MESSAGE: u64 = 43_000;

/// Octets of the largest attachment, and of the noise that attachments are cut from.
const LARGEST: f64 = 400_000.0;
const NOISE: usize = 1 << 20;

/// Writes a store of about `size` octets.
pub(crate) fn to_file(path: &Path, size: u64) -> Result<()> {
    let out = BufWriter::with_capacity(1 << 20, File::create_new(path)?);
    let mut pst = Writer::new(out, Layout::Unicode, Scrambling::Permute)?;
    let names = ["Inbox", "Sent Items", "Archive", "Projekte ü"];
    let mut folders: Vec<_> = names.map(|name| pst.add_folder(Writer::MAILBOX, name, "IPF.Note")).into();
    folders.push(pst.add_folder(folders[2], "Deep", "IPF.Note"));
    let mut generator = Generator::new(1);
    for _ in 0..size / MESSAGE {
        let folder = folders[generator.random.pareto(1.5) as usize % folders.len()];
        let message = generator.message(0);
        pst.add_message(folder, &message)?;
    }
    pst.finish()?;
    Ok(())
}

/// Writes a store with one attachment of so many octets, none of which is held.
pub(crate) fn large_attachment(path: &Path, size: u64) -> Result<()> {
    let mut pst = Writer::new(BufWriter::new(File::create_new(path)?), Layout::Unicode, Scrambling::Permute)?;
    let inbox = pst.add_folder(Writer::MAILBOX, "Inbox", "IPF.Note");
    let mut message = Generator::new(1).message(3);
    let content = mailferry::source::Content::from(Arc::new(Pattern(size)) as mailferry::source::Source);
    message.attachments = Arc::new(vec![attachment("large.bin", 1, AttachmentBody::Data(content))]);
    pst.add_message(inbox, &message)?;
    pst.finish()?;
    Ok(())
}

/// Octets that follow from their place.
struct Pattern(u64);

impl mailferry::source::ReadAt for Pattern {
    fn len(&self) -> u64 {
        self.0
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> std::io::Result<usize> {
        let left = usize::try_from(self.0.saturating_sub(offset)).unwrap_or(usize::MAX).min(buf.len());
        for (place, octet) in (offset..).zip(buf.iter_mut().take(left)) {
            *octet = (place ^ place >> 9 ^ place >> 17) as u8;
        }
        Ok(left)
    }
}

struct Generator {
    random: Random,
    words: Vec<String>,
    noise: Vec<u8>,
}

impl Generator {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut words: Vec<String> = (0..3000)
            .map(|_| {
                let length = random.between(2, 10);
                (0..length).map(|_| char::from(*random.of(b"etaoinshrdlucmfwypvbgk"))).collect()
            })
            .collect();
        words.extend(["ééé", "日本語", "Grüße", "naïve"].map(str::to_owned));
        let noise = (0..NOISE).map(|_| random.next() as u8).collect();
        Self { random, words, noise }
    }

    fn text(&mut self, words: usize) -> String {
        let words: Vec<&str> = (0..words).map(|_| &**self.random.of(&self.words)).collect();
        words.join(" ")
    }

    fn message(&mut self, depth: u32) -> MapiMessage {
        let subject = self.words_between(2, 10);
        let lines = (self.random.pareto(1.1) * 8.0) as usize % 250 + 2;
        let lines: Vec<String> = (0..lines).map(|_| self.words_between(5, 15)).collect();
        let time = PropertyValue::Time(FileTime(130_645_440_000_000_000 + self.random.next() % 2_800_000_000_000_000));
        let (topic, custom, id) = (self.text(4), self.text(3), self.random.next());
        let headers = format!(
            "Received: from a.example.com by b.example.com; Mon, 1 Jan 2018 00:00:00 +0000\r\nFrom: Alice \
             <alice@example.com>\r\nTo: Bob <bob@example.com>\r\nSubject: {topic}\r\nX-Custom: {custom}\r\nMessage-ID: \
             <{id:x}@example.com>\r\n\r\n"
        );
        let mut bag = PropertyBag::default();
        let mut add = |id, value| bag.insert(id, value);
        for (id, text) in [
            (pid::MESSAGE_CLASS, "IPM.Note"),
            (pid::SUBJECT, &subject),
            (pid::CONVERSATION_TOPIC, &subject),
            (pid::TRANSPORT_MESSAGE_HEADERS, &headers),
            (pid::BODY, &lines.join("\r\n")),
            (pid::DISPLAY_TO, "Bob; Carol"),
        ] {
            add(id, string(text));
        }
        for (name, kind, address) in [(0x0C1A, 0x0C1E, 0x0C1F), (0x0042, 0x0064, 0x0065)] {
            add(name, string("Alice Example"));
            add(kind, string("SMTP"));
            add(address, string("alice@example.com"));
        }
        for id in [pid::CLIENT_SUBMIT_TIME, pid::MESSAGE_DELIVERY_TIME, pid::CREATION_TIME, pid::LAST_MODIFICATION_TIME]
        {
            add(id, time.clone());
        }
        for (id, value) in
            [(pid::MESSAGE_FLAGS, 1), (pid::IMPORTANCE, 1), (pid::PRIORITY, 0), (pid::INTERNET_CODEPAGE, 65_001)]
        {
            add(id, PropertyValue::Integer32(value));
        }
        let key: Vec<u8> = (0..16).map(|_| self.random.next() as u8).collect();
        add(pid::SEARCH_KEY, PropertyValue::Binary(key.into()));
        if self.random.below(10) < 6 {
            let paragraphs: Vec<String> = lines.iter().map(|line| format!("<p>{line}</p>")).collect();
            let html = format!("<html><head><meta charset=utf-8></head><body>{}</body></html>", paragraphs.concat());
            add(pid::HTML, PropertyValue::Binary(html.into_bytes().into()));
        }
        let mut message = MapiMessage::new(bag);
        let copies = self.random.below(4);
        let copies = (0..copies).map(|i| (2, format!("c{i}")));
        let people = [(1, "Bob".to_owned()), (1, "Carol".to_owned())].into_iter().chain(copies);
        message.recipients = people.map(|(kind, name)| recipient(kind, &name)).collect();
        if self.random.below(4) == 0 {
            message.attachments = Arc::new(self.attachments(depth));
        }
        message
    }

    fn words_between(&mut self, least: usize, end: usize) -> String {
        let words = self.random.between(least, end);
        self.text(words)
    }

    fn attachments(&mut self, depth: u32) -> Vec<Attachment> {
        let files = self.random.between(1, 4);
        let mut attachments: Vec<Attachment> = (0..files)
            .map(|i| {
                let size = self.random.log_normal(10.6).min(LARGEST) as usize + 1;
                let from = self.random.below(NOISE - size);
                let octets = self.noise[from..from + size].to_vec();
                attachment(
                    &format!("file {i} – {}.bin", self.random.below(999)),
                    1,
                    AttachmentBody::Data(octets.into()),
                )
            })
            .collect();
        if depth < 3 && self.random.below(10) == 0 {
            let inner = self.message(depth + 1);
            attachments.push(attachment("forwarded", 5, AttachmentBody::Message(Arc::new(inner))));
        }
        attachments
    }
}

fn attachment(name: &str, method: i32, body: AttachmentBody) -> Attachment {
    let mut properties = PropertyBag::default();
    properties.insert(pid::ATTACH_LONG_FILENAME, string(name));
    properties.insert(pid::ATTACH_MIME_TAG, string("application/octet-stream"));
    properties.insert(pid::ATTACH_METHOD, PropertyValue::Integer32(method));
    Attachment { properties, body, defects: Vec::new() }
}

fn recipient(kind: i32, name: &str) -> PropertyBag {
    let mut bag = PropertyBag::default();
    let address = format!("{}@example.com", name.to_lowercase());
    bag.insert(pid::RECIPIENT_TYPE, PropertyValue::Integer32(kind));
    bag.insert(pid::ADDRESS_TYPE, string("SMTP"));
    bag.insert(pid::DISPLAY_NAME, string(name));
    bag.insert(pid::EMAIL_ADDRESS, string(&address));
    bag.insert(pid::SMTP_ADDRESS, string(&address));
    bag
}

fn string(text: &str) -> PropertyValue {
    PropertyValue::String(text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>().into())
}
