//! A mail with many large attachments out of an archive of Outlook for Mac is read in little memory: few of them are held inflated.
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
    zip.write_all(format!("<emails><email>{list}</email></emails>").as_bytes()).unwrap();
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
    let peak = peak();
    assert!(peak <= PEAK, "{peak} octets at the peak");
}

/// The most memory this process has had at a time, in octets.
fn peak() -> u64 {
    let status = io::read_to_string(File::open("/proc/self/status").unwrap()).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
}
