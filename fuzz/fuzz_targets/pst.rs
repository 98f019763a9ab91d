#![no_main]

use libfuzzer_sys::fuzz_target;
use mailferry::{
    mapi::{AttachmentBody, MapiMessage},
    read::{ItemReader, ReadOptions, pst::PstReader},
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
    let _ = mailferry::pst::check::check(Arc::new(octets.to_vec()), &mailferry::Stop::default());
    let mut options = ReadOptions::default();
    options.recover = true;
    options.hidden = true;
    let Ok(mut reader) = PstReader::open(Arc::new(octets.to_vec()), "fuzz.pst", &options) else { return };
    loop {
        match reader.next_message() {
            Ok(Some(stored)) => read(&stored.message),
            Ok(None) => break,
            Err(error) if error.is_fatal() => break,
            Err(_) => {}
        }
    }
    reader.take_defects();
});
