//! Mail out of an archive of Outlook for Mac is read in little memory: few of many large attachments are held inflated, and a large body is
//! read when it is written.
//!
//! One test only, in a program of its own, so that the peak is its alone.
#![cfg(all(target_os = "linux", feature = "outlook"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use mailferry::read::{ItemReader, ReadOptions, olm::OlmReader};
use std::{
    fs::File,
    io::{self, Cursor, Write},
    sync::Arc,
};
use zip::{ZipWriter, write::SimpleFileOptions};

const PEAK: u64 = 64 << 20;
const MANY: usize = 80;
const LEN: usize = 3 << 20;
/// More than is read of an item that is held.
const BODY: usize = 80 << 20;
const LINE: &str = "Gr\u{fc}\u{df}e &amp; mehr von allem\r\n";
const LINE_OF_HTML: &str = "&lt;p&gt;Gr&#252;&#223;e &amp;amp; mehr&lt;/p&gt;\n";

fn archive() -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let mut list = String::new();
    let folder = "Local/com.microsoft.__Messages/Inbox";
    for i in 0..MANY {
        let name = format!("{folder}/com.microsoft.__Attachments/{i}.bin");
        zip.start_file(&*name, SimpleFileOptions::default()).unwrap();
        let portion: Vec<u8> = (0..4096_usize).map(|n| ((n * 31 + i) * n / 7) as u8).collect();
        for _ in 0..LEN / portion.len() {
            zip.write_all(&portion).unwrap();
        }
        list.push_str(&format!("<messageAttachment OPFAttachmentName='{i}.bin' OPFAttachmentURL='{name}'/>"));
    }
    zip.start_file(format!("{folder}/message_00000.xml"), SimpleFileOptions::default()).unwrap();
    let list = format!("<OPFMessageCopyAttachmentList>{list}</OPFMessageCopyAttachmentList>");
    zip.write_all(format!("<emails><email>{list}</email>").as_bytes()).unwrap();
    for _ in 0..2 {
        zip.write_all(b"<email>").unwrap();
        for (name, line) in [("Body", LINE), ("HTMLBody", LINE_OF_HTML)] {
            zip.write_all(format!("<OPFMessageCopy{name}>").as_bytes()).unwrap();
            for _ in 0..BODY / line.len() {
                zip.write_all(line.as_bytes()).unwrap();
            }
            zip.write_all(format!("</OPFMessageCopy{name}>").as_bytes()).unwrap();
        }
        zip.write_all(b"<OPFMessageCopySubject>large &amp; late</OPFMessageCopySubject></email>").unwrap();
    }
    zip.write_all(b"</emails>").unwrap();
    zip.finish().unwrap().into_inner()
}

#[test]
fn many_attachments_are_read_in_little_memory() {
    let mut reader = OlmReader::open(Arc::new(archive()), "a.olm", &ReadOptions::default()).unwrap();
    let item = reader.next_item().unwrap().unwrap();
    assert!(item.defects.is_empty(), "{:?}", item.defects);
    let content = item.message().unwrap().content();
    assert!(content.len() > (MANY * LEN / 3 * 4) as u64);
    content.write_to(&mut io::sink()).unwrap();
    for _ in 0..2 {
        let item = reader.next_item().unwrap().unwrap();
        assert!(item.defects.is_empty(), "{:?}", item.defects);
        let message = item.message().unwrap();
        assert_eq!(message.subject().unwrap().as_deref(), Some("large & late"));
        // Of each line: base64 of CRLF for LF, and of what the references stand for.
        let plain = BODY / LINE.len() * "Gr\u{fc}\u{df}e & mehr von allem\r\n".len();
        let html = BODY / LINE_OF_HTML.len() * "<p>Gr\u{fc}\u{df}e &amp; mehr</p>\r\n".len();
        let wanted = (plain + html) as u64 / 57 * 78;
        let len = message.content().write_to(&mut io::sink()).unwrap();
        assert!((wanted..wanted + 2000).contains(&len), "{len} octets, {wanted} wanted");
    }
    assert!(reader.next_item().unwrap().is_none());
    let peak = peak();
    assert!(peak <= PEAK, "{peak} octets at the peak");
}

/// The most memory this process has had at a time, in octets.
fn peak() -> u64 {
    let status = io::read_to_string(File::open("/proc/self/status").unwrap()).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
}
