#![no_main]

use libfuzzer_sys::fuzz_target;
use mailferry::read::{
    ItemReader, ReadOptions,
    mbox::{MboxReader, Unquoting},
};
use std::sync::Arc;

fuzz_target!(|octets: &[u8]| {
    let mut options = ReadOptions::default();
    options.unquoting = Unquoting::Raw;
    let Ok(mut reader) = MboxReader::open(Arc::new(octets.to_vec()), "fuzz.mbox", &options) else { return };
    let mut file: Option<Vec<u8>> = None;
    while let Some(item) = reader.next_item().expect("octets in memory can be read") {
        let file = file.get_or_insert_with(|| octets[..item.origin.offset as usize].to_vec());
        let mbox = item.origin.mbox.as_ref().expect("what stood around it");
        file.extend(&mbox.from_line);
        let content = item.message().expect("a message").content().to_vec(octets.len());
        file.extend(content.expect("no longer than the file"));
        file.extend(&mbox.separator);
    }
    let file = file.unwrap_or_default();
    assert_eq!(file, octets[..file.len()], "put together again");
});
