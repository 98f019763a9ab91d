#![no_main]

use libfuzzer_sys::fuzz_target;
use mailferry::read::{ItemReader, ReadOptions, olm::OlmReader};
use std::sync::Arc;

/// A ZIP archive with the octets as the one entry, stored: what is mutated is the XML, and not what holds it.
fn archive(octets: &[u8]) -> Vec<u8> {
    const NAME: &[u8] = b"Local/com.microsoft.__Messages/Inbox/message_00000.xml";
    let crc = octets.iter().fold(!0_u32, |crc, octet| {
        (0..8).fold(crc ^ u32::from(*octet), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    });
    let len = (octets.len() as u32).to_le_bytes();
    let entry = [&[20, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], &(!crc).to_le_bytes(), &len, &len, &[NAME.len() as u8, 0, 0, 0]].concat();
    let local = [b"PK\x03\x04", &entry[..], NAME, octets].concat();
    let record = [b"PK\x01\x02\x14\0", &entry[..], &[0; 14], NAME].concat();
    let at = |n: usize| (n as u32).to_le_bytes();
    let end = [b"PK\x05\x06\0\0\0\0\x01\0\x01\0", &at(record.len())[..], &at(local.len()), &[0, 0]].concat();
    [local, record, end].concat()
}

fuzz_target!(|octets: &[u8]| {
    for octets in [archive(octets), octets.to_vec()] {
        let Ok(mut reader) = OlmReader::open(Arc::new(octets), "fuzz.olm", &ReadOptions::default()) else { continue };
        loop {
            match reader.next_item() {
                Ok(Some(item)) => drop(item.to_content().map(|content| content.write_to(&mut std::io::sink()))),
                Ok(None) => break,
                Err(error) if error.is_fatal() => break,
                Err(_) => {}
            }
        }
        reader.take_defects();
    }
});
