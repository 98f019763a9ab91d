#![no_main]

use libfuzzer_sys::fuzz_target;
use mailferry::{
    mapi::{AttachmentBody, MapiMessage},
    read::{ItemReader, ReadOptions, msg::MsgReader},
};
use std::sync::Arc;

fn read(message: &MapiMessage) {
    for (_, value) in message.properties.iter() {
        let _ = value.octets().map(|octets| octets.to_vec(1 << 20));
    }
    for i in 0..message.attachments.len().min(1000) {
        let Ok(attachment) = message.attachments.open(i) else { continue };
        match attachment.body {
            AttachmentBody::Data(content) | AttachmentBody::Ole(content) => {
                let _ = content.write_to(&mut std::io::sink());
            }
            AttachmentBody::Message(embedded) => drop(embedded.open().map(|message| read(&message))),
            AttachmentBody::None => {}
        }
    }
}

fuzz_target!(|octets: &[u8]| {
    let options = ReadOptions::default();
    let Ok(mut reader) = MsgReader::open(Arc::new(octets.to_vec()), "fuzz.msg", &options) else { return };
    if let Ok(message) = reader.message() {
        read(&message);
    }
    if let Ok(Some(item)) = reader.next_item() {
        let _ = item.to_content().map(|content| content.write_to(&mut std::io::sink()));
    }
    reader.take_defects();
});
