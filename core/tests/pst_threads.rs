//! What a store is converted to is the same on any number of threads, whatever is in it and whatever is wrong with it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod pst_support;

use mailferry::{
    convert::{Conversion, Selection, Selector},
    mapi::{AttachmentBody, MapiMessage, pid},
    read::{Mailbox, ReadOptions},
    source::Content,
    write::{
        EmlArchive, WriteOptions, ZipLevel,
        pst::{Layout, Scrambling},
    },
};
use pst_support::{LAYOUTS, Writer, attachment, attachments, every_type, mail, nested, octets, text};
use std::{
    io::{self, Cursor, Write},
    num::NonZeroUsize,
    ops::ControlFlow,
    sync::{Arc, Mutex},
};

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A message of another class.
fn of_class(layout: Layout, class: &str, subject: &str) -> MapiMessage {
    let mut message = mail(layout, subject, "body");
    message.properties.insert(pid::MESSAGE_CLASS, text(layout, class));
    message
}

/// Mail of all kinds among appointments, contacts, tasks, notes and journal entries, in several folders.
fn store(layout: Layout) -> Vec<u8> {
    let mut pst = Writer::new(Cursor::new(Vec::new()), layout, Scrambling::Permute).unwrap();
    let inbox = pst.add_folder(Writer::MAILBOX, "Inbox", "IPF.Note");
    let inner = pst.add_folder(inbox, "Inner", "IPF.Note");
    for (i, class) in
        ["Appointment", "Contact", "Task", "StickyNote", "Activity", "DistList", "Note", "Unknown"].iter().enumerate()
    {
        pst.add_message(inbox, &of_class(layout, &format!("IPM.{class}"), &format!("{class} {i}"))).unwrap();
        pst.add_message(inbox, &mail(layout, &format!("mail {i}"), &"long body ".repeat(500 * i))).unwrap();
    }
    pst.add_message(inbox, &attachments(layout, 30_000)).unwrap();
    pst.add_message(inner, &nested(layout, 3)).unwrap();
    pst.add_message(inner, &every_type(layout)).unwrap();
    for i in 0..40 {
        pst.add_message(inner, &mail(layout, &format!("number {i}"), "short")).unwrap();
    }
    pst.finish().unwrap().into_inner()
}

/// The archive, the log and the report, and how many items were migrated.
fn converted(octets: &[u8], threads: usize, selection: &Selection) -> (Vec<u8>, String, String, u64) {
    let mut mailbox = Mailbox::new(ReadOptions::default());
    mailbox.add_source("in.pst", Arc::new(octets.to_vec()));
    let (zip, log) = (Shared::default(), Shared::default());
    let mut options = WriteOptions::default();
    options.zip_level = ZipLevel::Store;
    let report = Conversion::new(mailbox, Box::new(EmlArchive::zip(zip.clone(), options)), log.clone())
        .with_selector(Selector::new(selection).unwrap())
        .with_threads(NonZeroUsize::new(threads).unwrap())
        .run(&mut |_| ControlFlow::Continue(()));
    let (zip, log) = (zip.0.lock().unwrap().clone(), String::from_utf8(log.0.lock().unwrap().clone()).unwrap());
    (zip, log, serde_json::to_string(&report).unwrap(), report.totals.migrated)
}

fn same_on_any_number(octets: &[u8], selection: &Selection, what: &str) -> u64 {
    let (zip, log, report, migrated) = converted(octets, 1, selection);
    for threads in [2, 4] {
        let (zip_there, log_there, report_there, _) = converted(octets, threads, selection);
        for (line, line_there) in log.lines().zip(log_there.lines()) {
            assert_eq!(line, line_there, "{what} on {threads} threads");
        }
        assert_eq!(log.lines().count(), log_there.lines().count(), "{what} on {threads} threads");
        assert_eq!(report, report_there, "{what} on {threads} threads");
        assert!(zip == zip_there, "{what} on {threads} threads");
    }
    migrated
}

#[test]
fn of_every_kind_of_item() {
    for layout in LAYOUTS {
        let octets = store(layout);
        assert_eq!(same_on_any_number(&octets, &Selection::default(), &format!("{layout:?}")), 59);
        let mut selection = Selection::default();
        selection.subject = vec!["number".into()];
        assert_eq!(same_on_any_number(&octets, &selection, &format!("{layout:?}, selected")), 40);
    }
}

/// Attachments are read when their item is written, which is not too late to tell what is wrong with them.
#[test]
fn what_is_wrong_with_an_attachment_stands_in_the_line_of_its_item() {
    let layout = Layout::Unicode;
    let mut pst = Writer::new(Cursor::new(Vec::new()), layout, Scrambling::None).unwrap();
    let inbox = pst.add_folder(Writer::MAILBOX, "Inbox", "IPF.Note");
    for (i, seed) in (1..=30).enumerate() {
        let mut message = mail(layout, &format!("mail {i}"), "see attachment");
        let data = AttachmentBody::Data(Content::from(octets(20_000, seed)));
        message.attachments = Arc::new(vec![attachment(layout, "a.bin", 1, data)]);
        pst.add_message(inbox, &message).unwrap();
    }
    let mut store = pst.finish().unwrap().into_inner();
    let attached = octets(20_000, 20);
    let at = store.windows(100).position(|window| window == &attached[..100]).unwrap();
    store[at + 50] ^= 1;
    assert_eq!(same_on_any_number(&store, &Selection::default(), "a wrong checksum"), 30);
    let (_, log, report, _) = converted(&store, 2, &Selection::default());
    let told: Vec<_> = log.lines().filter(|line| line.contains("\"warnings\"")).collect();
    assert!(told.len() == 1 && told[0].contains("mail 19") && told[0].contains("wrong checksum"), "{told:?}");
    assert!(report.contains("\"warnings\":{\"checksum\":1}"), "{report}");
}

/// What is made of damage depends on what was read before it.
#[test]
fn of_broken_stores() {
    let mut state = 7_u64;
    let mut below = |end: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % end as u64) as usize
    };
    for layout in [Layout::Ansi, Layout::Unicode] {
        let whole = store(layout);
        for round in 0..60 {
            let mut broken = whole.clone();
            match round % 3 {
                0 => (0..=below(12)).for_each(|_| broken[1024 + below(whole.len() - 1024)] ^= 1 << below(8)),
                1 => {
                    let size = 64 << below(6);
                    let at = 1024 + below(whole.len() - size - 1024);
                    broken[at..at + size].fill(0);
                }
                _ => {
                    let (from, to) = (below(whole.len() / 512) * 512, below(whole.len() / 512 - 2) * 512 + 1024);
                    broken.copy_within(from..(from + 512).min(whole.len()), to.min(whole.len() - 512));
                }
            }
            same_on_any_number(&broken, &Selection::default(), &format!("{layout:?} {round}"));
        }
    }
}
