use crate::{
    convert::{keys::Key, log_reader::RecordedLine},
    model::ItemKind,
    read::{Event, Mailbox, ReadOptions},
    source::Content,
    write::file_digests,
};
use std::{collections::HashSet, sync::Arc};

/// The items that can be found in a file of many which is not as it was written.
pub(super) struct Remains {
    /// Of the octets of messages; each also of those without the line end that they may have got behind them.
    digests: HashSet<Key>,
    /// Of calendar objects and cards, whose octets depend on what stands around them.
    uids: HashSet<Key>,
}

impl Remains {
    pub(super) fn read(path: &str, content: &Content) -> Self {
        let mut remains = Self { digests: HashSet::new(), uids: HashSet::new() };
        let mut mailbox = Mailbox::new(ReadOptions::default());
        mailbox.add_source(path, Arc::new(content.clone()));
        while let Some(event) = mailbox.next_event() {
            let Event::Item(item) = event else { continue };
            match &item.kind {
                ItemKind::Message(message) => {
                    let content = message.content();
                    for less in 0..=2 {
                        let end = content.len().saturating_sub(less);
                        let digests = file_digests(&content.slice(0..end)).into_iter().flatten();
                        remains.digests.extend(digests.map(|digest| key(&digest)));
                    }
                }
                ItemKind::Calendar(object) => remains.uids.extend(object.uid().map(key)),
                ItemKind::Contact(card) => remains.uids.extend(card.uid().map(key)),
            }
        }
        remains
    }

    /// Whether an item is there, as far as that can be said.
    pub(super) fn has(&self, line: &RecordedLine<'_>, path: &str) -> bool {
        if path.ends_with(".ics") || path.ends_with(".vcf") {
            return line.uid.as_deref().is_none_or(|uid| self.uids.contains(&key(uid)));
        }
        line.digest().is_none_or(|digest| self.digests.contains(&key(digest)))
    }
}

fn key(text: &str) -> Key {
    Key::of([text.as_bytes()])
}
