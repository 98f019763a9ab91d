//! What the lists of a store's folders tell of its messages is what the messages themselves say.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod pst_support;

use mailferry::{
    mapi::{FileTime, MapiMessage, PropertyValue, pid},
    model::{Item, Message},
    read::{Event, Lists, Mailbox, ReadOptions},
    write::pst::{Layout, Scrambling},
};
use pst_support::{LAYOUTS, Writer, every_type, mail, text};
use std::{io::Cursor, sync::Arc};

/// What of an item lists tell, and whether it was opened.
fn told(item: &Item) -> (String, bool) {
    let of = |of: fn(&Message) -> Option<String>| item.message().and_then(of);
    let subject = of(|message| message.subject().unwrap());
    let from = of(|message| {
        let from = message.from().unwrap();
        from.iter().flat_map(mailferry::mime::Address::mailboxes).next().and_then(|from| from.name.clone())
    });
    let date = of(|message| message.date().unwrap().map(|date| date.to_string()));
    let keywords: Vec<_> = item.keywords.iter().collect();
    let place = (item.kind.as_str(), item.folder.path.to_string(), item.folder.role, item.origin.ordinal);
    let received = item.received.map(|received| (received.at.to_string(), received.source.as_str()));
    let is_opened = item.message().is_none_or(|message| message.header().unwrap().first("MIME-Version").is_some());
    (format!("{place:?} {received:?} {keywords:?} {subject:?} {from:?} {date:?}"), is_opened)
}

fn items(store: &[u8], options: &ReadOptions) -> (Vec<String>, usize) {
    let mut mailbox = Mailbox::new(options.clone());
    mailbox.add_source("a.pst", Arc::new(store.to_vec()));
    let (mut items, mut opened) = (Vec::new(), 0);
    while let Some(event) = mailbox.next_event() {
        match event {
            Event::Item(item) => {
                let (told, is_opened) = told(&item);
                items.push(told);
                opened += usize::from(is_opened);
            }
            Event::Failed { error, .. } => items.push(error.to_string()),
            _ => {}
        }
    }
    (items, opened)
}

/// The items of both ways are the same; how many are opened for what lists tell.
fn opened(store: &[u8], lists: Lists) -> (usize, usize) {
    let mut options = ReadOptions::default();
    let (all, every) = items(store, &options);
    assert_eq!(all.len(), every, "an item that was opened is not known as one");
    options.lists = lists;
    let (listed, opened) = items(store, &options);
    // Without states they may be those that the list knows.
    assert_eq!(listed, all, "{lists:?}");
    (all.len(), opened)
}

fn from(layout: Layout, subject: &str, name: &str) -> MapiMessage {
    let mut message = mail(layout, subject, "body");
    let properties = &mut message.properties;
    properties.insert(pid::SENT_REPRESENTING_NAME, text(layout, name));
    properties.insert(0x0064, text(layout, "SMTP"));
    properties.insert(0x0065, text(layout, "zoe@example.com"));
    properties.insert(pid::CLIENT_SUBMIT_TIME, PropertyValue::Time(FileTime(131_999_990_000_000_000)));
    message
}

fn store(layout: Layout) -> Vec<u8> {
    let mut pst = Writer::new(Cursor::new(Vec::new()), layout, Scrambling::Permute).unwrap();
    let inbox = pst.add_folder(Writer::MAILBOX, "Inbox", "IPF.Note");
    let inner = pst.add_folder(inbox, "Inner", "IPF.Note");
    for number in 0..500 {
        pst.add_message(inbox, &from(layout, &format!("number  {number}"), "Doe, Zoe")).unwrap();
    }
    for (subject, name) in [("Grüße", "Zoë"), ("\u{1}\u{5}Re: one", "'zoe@example.com'"), ("two", "\"Zoe\" (x)")] {
        pst.add_message(inner, &from(layout, subject, name)).unwrap();
    }
    // What the list does not tell enough of.
    pst.add_message(inner, &mail(layout, "of nobody", "body")).unwrap();
    pst.add_message(inner, &from(layout, "", "Zoe")).unwrap();
    pst.add_message(inner, &every_type(layout)).unwrap();
    pst.finish().unwrap().into_inner()
}

#[test]
fn rows_tell_what_messages_say() {
    for layout in LAYOUTS {
        // In 8 bits one more is read for its code page.
        let (all, opened) = opened(&store(layout), Lists::Headers);
        assert_eq!((all, opened), (506, if layout == Layout::Ansi { 4 } else { 3 }), "{layout:?}");
    }
}

#[test]
fn where_lists_lack_a_column_messages_are_opened() {
    let (all, opened) = opened(&store(Layout::Unicode), Lists::HeadersAndStates);
    assert_eq!(all, opened);
}

#[test]
fn what_is_damaged_ends_like_a_store_that_is_opened() {
    let sound = store(Layout::Unicode);
    let mut options = ReadOptions::default();
    options.lists = Lists::Headers;
    for place in (0..sound.len()).step_by(sound.len() / 20) {
        let mut octets = sound.clone();
        let end = octets.len().min(place + 64);
        octets[place..end].fill(0xA5);
        let mut mailbox = Mailbox::new(options.clone());
        mailbox.add_source("a.pst", Arc::new(octets));
        let items = std::iter::from_fn(|| mailbox.next_event()).filter(|event| matches!(event, Event::Item(_))).count();
        assert!(items <= 506 + 1, "{items} at {place}");
    }
}
