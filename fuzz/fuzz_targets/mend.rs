#![no_main]

use libfuzzer_sys::fuzz_target;
use mailferry::{
    mend::{IcsOptions, YearlessDates},
    model::{ItemKind, VCardVersion},
    read::{ItemReader, ReadOptions, ics::IcsReader, vcf::VcfReader},
    write::{CardGroups, IcsCollection, VcfCollection, VcfOptions},
};
use std::sync::Arc;

/// Room for what is added: zones, UIDs, line ends.
fn room(octets: usize) -> usize {
    (64 << 20) + 64 * octets
}

/// A calendar rewritten, and how many objects went in.
fn calendar(octets: &[u8], options: &IcsOptions) -> Option<(u64, Vec<u8>)> {
    let mut reader = IcsReader::open(Arc::new(octets.to_vec()), "a.ics", &ReadOptions::default()).ok()?;
    let mut collection = IcsCollection::new(options.clone());
    while let Ok(Some(item)) = reader.next_item() {
        if let ItemKind::Calendar(object) = &item.kind {
            collection.add(object).expect("octets in memory");
        }
    }
    let objects = collection.objects();
    Some((
        objects,
        collection.finish().expect("octets in memory").to_vec(room(octets.len())).expect("no more than was added"),
    ))
}

fn cards(octets: &[u8], options: &VcfOptions) -> Option<(u64, Vec<u8>)> {
    let mut reader = VcfReader::open(Arc::new(octets.to_vec()), "a.vcf", &ReadOptions::default()).ok()?;
    let mut collection = VcfCollection::new(options.clone());
    while let Ok(Some(item)) = reader.next_item() {
        if let ItemKind::Contact(card) = &item.kind {
            drop(collection.add(card).expect("octets in memory"));
        }
    }
    let cards = collection.cards();
    Some((
        cards,
        collection.finish().expect("octets in memory").to_vec(room(octets.len())).expect("no more than was added"),
    ))
}

fuzz_target!(|octets: &[u8]| {
    let [how, octets @ ..] = octets else { return };
    let bit = |place: u8| how >> place & 1 == 1;
    if bit(0) {
        let mut options = IcsOptions::default();
        options.mend = bit(1);
        options.strip_scheduling = bit(2);
        options.iana_zones = bit(3);
        options.complete_zones = bit(4);
        options.display_alarms = bit(5);
        options.refold = bit(6);
        let Some((objects, once)) = calendar(octets, &options) else { return };
        if objects > 0 {
            let (again, _) = calendar(&once, &options).expect("what was written can be read");
            assert!(again >= 1, "objects are gone");
        }
    } else {
        let mut options = VcfOptions::default();
        options.mend = bit(1);
        options.version = bit(2).then_some(if bit(3) { VCardVersion::V4 } else { VCardVersion::V3 });
        options.add_uid = bit(4);
        options.yearless = if bit(5) { YearlessDates::Hyphens } else { YearlessDates::Apple };
        options.groups = [CardGroups::Keep, CardGroups::Categories, CardGroups::Cards][usize::from(how >> 6) % 3];
        let Some((written, once)) = cards(octets, &options) else { return };
        if written > 0 && options.groups == CardGroups::Keep {
            let (again, _) = cards(&once, &options).expect("what was written can be read");
            assert!(again >= 1, "cards are gone");
        }
    }
});
