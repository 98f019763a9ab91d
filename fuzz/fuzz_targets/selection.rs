#![no_main]

use libfuzzer_sys::fuzz_target;
use mailferry::{
    convert::{Dedupe, FolderGlob, Place, Selection, Selector},
    read::{Event, Mailbox, ReadOptions},
};
use std::{ops::ControlFlow, sync::Arc};

fn mailbox(octets: &[u8]) -> Mailbox {
    let mut mailbox = Mailbox::new(ReadOptions::default());
    mailbox.add_source("a.mbox", Arc::new(octets.to_vec()));
    mailbox
}

/// How many items there are, and how many are selected.
fn selected(selection: &Selection, octets: &[u8]) -> (u64, u64) {
    let mut selector =
        Selector::surveying(selection, mailbox(octets), &mut |_| ControlFlow::Continue(())).expect("nobody stops it");
    let (mut all, mut taken) = (0, 0);
    let mut mailbox = mailbox(octets);
    while let Some(event) = mailbox.next_event() {
        let Event::Item(mut item) = event else { continue };
        let place = Place { source: 1, ordinal: item.origin.ordinal };
        all += 1;
        taken += u64::from(selector.decide(&mut item, place).is_none());
    }
    (all, taken)
}

fuzz_target!(|octets: &[u8]| {
    let mut pieces = octets.splitn(5, |octet| *octet == 0);
    let mut text = || String::from_utf8_lossy(pieces.next().unwrap_or_default()).into_owned();
    let (glob, folder, sought, dates) = (text(), text(), text(), text());
    let mail = pieces.next().unwrap_or_default();
    let names: Vec<&str> = folder.split('/').collect();
    assert!(FolderGlob::new("**").matches(&names));
    let _ = FolderGlob::new(&glob).matches(&names);
    let mut with = Selection::default();
    with.folders = vec![glob.clone()];
    let (all, taken) = selected(&with, mail);
    let mut without = Selection::default();
    without.skip_folders = vec![glob.clone()];
    // A mailbox also has what its program has deleted, which nobody selects.
    let (_, kept) = selected(&Selection::default(), mail);
    assert_eq!(selected(&without, mail), (all, kept - taken), "{glob:?} parts the folders in two");
    let mut several = Selection::default();
    several.labels = vec![glob];
    several.subject = vec![sought.clone()];
    several.from = vec![sought];
    if let Ok(given) = serde_json::from_str::<Selection>(&dates) {
        several.after = given.after;
        several.before = given.before;
        several.larger = given.larger;
        several.has_attachment = given.has_attachment;
    }
    if several.check().is_ok() {
        assert!(selected(&several, mail).1 <= all);
    }
    for dedupe in [Dedupe::Exact, Dedupe::Loose] {
        let mut once = Selection::default();
        once.dedupe = dedupe;
        once.sample = Some(3);
        let (_, taken) = selected(&once, mail);
        assert!(taken <= 3 && (taken > 0) == (all > 0), "{taken} of {all} by {dedupe:?}");
    }
});
