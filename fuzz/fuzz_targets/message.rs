#![no_main]

use libfuzzer_sys::fuzz_target;
use mailferry::{model::Message, source::Content};

fuzz_target!(|octets: &[u8]| {
    let message = Message::new(Content::from(octets.to_vec()));
    let _ = message.subject();
    let _ = (message.from(), message.sender(), message.reply_to(), message.to(), message.cc(), message.bcc());
    let _ = (message.date(), message.message_id(), message.in_reply_to(), message.references());
    let _ = (message.text(), message.html(), message.defects());
    let Ok(structure) = message.structure() else { return };
    for entity in structure.entities() {
        let _ = entity.file_name();
        let decoded = entity.decoded(message.content(), 16 << 20);
        if let Ok(decoded) = decoded {
            assert!(decoded.len() <= 2 * octets.len() as u64 + 16, "decoding does not multiply");
        }
        assert!(entity.body().end <= octets.len() as u64);
    }
    let _ = message.attachments().map(|attachments| attachments.len());
});
