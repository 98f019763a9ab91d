#![no_main]

use libfuzzer_sys::fuzz_target;
use mailferry::{
    model::{Folder, FolderPath, Item, ItemKind, Message},
    source::Content,
    write::{EmlArchive, WriteOptions, ItemName, ItemWriter},
};

const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "com1", "lpt1"];

fuzz_target!(|text: &str| {
    let mut lines = text.lines();
    let subject = lines.next().map(str::to_owned);
    let message = Message::new(Content::from(b"Subject: x\n\n".to_vec()));
    let folder = Folder { path: FolderPath::new(lines), role: None };
    let item = Item::new(ItemKind::Message(message), folder, Default::default());
    let mut archive = EmlArchive::zip(std::io::sink(), WriteOptions::default());
    let rendered = archive.renderer().render(&item).expect("octets in memory");
    let name = ItemName { subject, ..ItemName::default() };
    for written in archive.write(&item, &name, rendered).expect("a sink takes everything") {
        let path = written.path;
        assert!(path.encode_utf16().count() <= 180, "{path:?} is too long");
        assert!(path.ends_with(".eml"));
        for segment in path.split('/') {
            assert!(!segment.is_empty() && segment != "." && segment != "..", "{path:?}");
            assert!(!segment.ends_with(['.', ' ']) && !segment.starts_with(['.', '~']), "{path:?}");
            assert!(!segment.contains(['<', '>', ':', '"', '\\', '|', '?', '*']), "{path:?}");
            assert!(!segment.chars().any(char::is_control), "{path:?}");
            let stem = segment.split('.').next().unwrap_or(segment).to_lowercase();
            assert!(!DEVICES.contains(&stem.trim_end()), "{path:?}");
        }
    }
    archive.finish().expect("a sink takes everything");
});
