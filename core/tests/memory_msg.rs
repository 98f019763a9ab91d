//! A message of two gigabytes is read in little memory, whether its attachment lies in one piece or in four million.
//!
//! One test only, in a program of its own, so that the peak is its alone.
#![cfg(all(target_os = "linux", feature = "outlook"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod msg_support;

use mailferry::{
    mapi::{Attachment, AttachmentBody, MapiMessage, PropertyBag, PropertyValue, pid},
    read::{ItemReader, ReadOptions, msg::MsgReader},
};
use msg_support::large::{Large, SECTOR, peak};
use std::{io, sync::Arc};

const PEAK: u64 = 64 << 20;
/// Sectors of the attachment.
const SECTORS: u64 = 4 << 20;

fn large(scattered: bool) -> Large {
    let mut properties = PropertyBag::default();
    properties.insert(pid::SUBJECT, PropertyValue::String8(b"large".to_vec().into()));
    let mut of_attachment = PropertyBag::default();
    of_attachment.insert(pid::ATTACH_METHOD, PropertyValue::Integer32(1));
    let body = AttachmentBody::Data(vec![0; 5000].into());
    let attachment = Attachment { properties: of_attachment, body, defects: Vec::new() };
    let message = MapiMessage { attachments: Arc::new(vec![attachment]), ..MapiMessage::new(properties) };
    Large::new(&message, "__substg1.0_37010102", (SECTORS, scattered), |at| (at >> 9) as u8)
}

#[test]
fn two_gigabytes_are_read_in_little_memory() {
    for scattered in [false, true] {
        let mut reader = MsgReader::open(Arc::new(large(scattered)), "large.msg", &ReadOptions::default()).unwrap();
        let item = reader.next_item().unwrap().unwrap();
        assert!(item.defects.is_empty(), "{:?}", item.defects);
        let content = item.message().unwrap().content();
        assert!(content.len() > SECTORS * SECTOR / 3 * 4);
        // Some of it, as reading all takes its time.
        for at in [0, content.len() / 2, content.len() - (1 << 20)] {
            content.slice(at..at + (1 << 20)).write_to(&mut io::sink()).unwrap();
        }
        let peak = peak();
        assert!(peak <= PEAK, "{peak} octets at the peak, scattered: {scattered}");
    }
}
