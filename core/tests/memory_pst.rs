//! A large attachment, and a folder of many messages, are read in little memory.
//!
//! One test only, in a program of its own, so that the peak is its alone.
#![allow(clippy::disallowed_methods, reason = "files of a few octets")]
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod pst_support;

use mailferry::{
    mapi::AttachmentBody,
    read::{ItemReader, ReadOptions, pst::PstReader},
    source::{Content, FileSource, ReadAt, Source},
    write::pst::{Layout, PstWriter, Scrambling},
};
use pst_support::{attachment, mail};
use std::{fs::File, io, sync::Arc};

const LARGE: u64 = 400_000_000;
const MESSAGES: usize = 3_000;
const PEAK: u64 = 64 << 20;

/// Octets that are nowhere until they are read.
struct Counting(u64);

impl ReadAt for Counting {
    fn len(&self) -> u64 {
        self.0
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let n = usize::try_from(self.0 - offset).unwrap().min(buf.len());
        for (i, octet) in buf[..n].iter_mut().enumerate() {
            *octet = ((offset + i as u64) / 8_176) as u8;
        }
        Ok(n)
    }
}

#[test]
fn a_large_attachment_is_read_in_little_memory() {
    let path = tempfile::Builder::new().tempfile_in(env!("CARGO_TARGET_TMPDIR")).unwrap().into_temp_path();
    let file = io::BufWriter::new(File::create(&path).unwrap());
    let mut pst = PstWriter::new(file, Layout::Unicode, Scrambling::Permute).unwrap();
    let folder = pst.add_folder(PstWriter::<File>::MAILBOX, "Large", "IPF.Note");
    let source: Source = Arc::new(Counting(LARGE));
    let mut message = mail(Layout::Unicode, "large", "see attachment");
    let body = AttachmentBody::Data(Content::from(source));
    message.attachments = Arc::new(vec![attachment(Layout::Unicode, "large.bin", 1, body)]);
    pst.add_message(folder, &message).unwrap();
    for i in 0..MESSAGES {
        pst.add_message(folder, &mail(Layout::Unicode, &format!("{i}"), "short")).unwrap();
    }
    pst.finish().unwrap();

    let source = Arc::new(FileSource::open(&path).unwrap());
    let mut reader = PstReader::open(source, "large.pst", &ReadOptions::default()).unwrap();
    let mut items = 0;
    let mut octets = 0;
    while let Some(item) = reader.next_item().unwrap() {
        octets += item.message().unwrap().content().write_to(&mut io::sink()).unwrap();
        items += 1;
    }
    assert_eq!(items, MESSAGES + 1);
    // In base64, with a line end after each 76 characters.
    assert!(octets > LARGE / 3 * 4);
    let peak = peak();
    assert!(peak <= PEAK, "{peak} octets at the peak");
}

/// The most memory this process has had at a time, in octets.
fn peak() -> u64 {
    let status = io::read_to_string(File::open("/proc/self/status").unwrap()).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
}
