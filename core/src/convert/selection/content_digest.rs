//! What is compared of two items to know whether they are equal.

use super::Dedupe;
use crate::{
    content_line::{ContentLine, ContentLines},
    error::{Error, Result},
    mime::{Address, BodyReader, Mailbox},
    model::{Item, Message},
    order,
    source::Content,
};
use sha2::{Digest, Sha256};
use std::{
    io::{self, Read},
    sync::Arc,
};

/// Octets of a body part in memory at a time.
const BUFFER: usize = 64 << 10;

/// Header fields that a mailbox adds to a message, in lower case.
const ADDED: &[&str] = &[
    "content-length",
    "lines",
    "status",
    "x-account-key",
    "x-evolution",
    "x-evolution-source",
    "x-folder",
    "x-gmail-labels",
    "x-imap",
    "x-imapbase",
    "x-keywords",
    "x-label",
    "x-labels",
    "x-status",
    "x-uid",
    "x-uidl",
];
/// What the names of further such fields start with.
const ADDED_FAMILIES: &[&str] = &["x-gm-", "x-kmail-", "x-mozilla-"];

/// 128 bits of a SHA-256 over what two equal items have in common.
///
/// # Errors
/// What the source says.
pub(super) fn digest(item: &Item, dedupe: Dedupe) -> Result<[u32; 4]> {
    let mut sha256 = Sha256::new();
    part(&mut sha256, item.kind.as_str().as_bytes());
    match item.message() {
        Some(message) if dedupe == Dedupe::Loose => loose(message, &mut sha256)?,
        Some(message) => exact(message, &mut sha256)?,
        None if dedupe == Dedupe::Loose && calendar(item, &mut sha256)? => {}
        None => feed(&item.to_content()?, &mut sha256)?,
    }
    Ok(words(sha256))
}

/// 128 bits of a SHA-256 over texts.
pub(super) fn of_texts<'a>(texts: impl IntoIterator<Item = &'a String>) -> [u32; 4] {
    let mut sha256 = Sha256::new();
    texts.into_iter().for_each(|text| part(&mut sha256, text.as_bytes()));
    words(sha256)
}

fn words(sha256: Sha256) -> [u32; 4] {
    let digest = sha256.finalize();
    let mut words = [0; 4];
    for (word, octets) in words.iter_mut().zip(digest.chunks_exact(4)) {
        *word = octets.iter().fold(0, |word, octet| word << 8 | u32::from(*octet));
    }
    words
}

/// What a calendar object is known by, where it has a UID: that, and of each component RECURRENCE-ID and SEQUENCE.
fn calendar(item: &Item, sha256: &mut Sha256) -> Result<bool> {
    let Some(object) = item.calendar() else { return Ok(false) };
    let Some(uid) = object.uid().filter(|uid| !uid.is_empty()) else { return Ok(false) };
    part(sha256, uid.as_bytes());
    let mut known = Vec::new();
    for component in object.components() {
        let (mut recurrence_id, mut sequence, mut depth) = (Vec::new(), 0_u64, 0_usize);
        let mut lines = ContentLines::new(Arc::new(component.content()))?;
        while let Some(line) = lines.next_line()? {
            let Some(line) = ContentLine::parse(line.head) else { continue };
            depth += usize::from(line.is("BEGIN"));
            if depth == 1 && line.is("RECURRENCE-ID") {
                recurrence_id = line.value.trim_ascii().to_vec();
            } else if depth == 1 && line.is("SEQUENCE") {
                sequence = String::from_utf8_lossy(line.value).trim().parse().unwrap_or(0);
            }
            depth = depth.saturating_sub(usize::from(line.is("END")));
        }
        known.push((recurrence_id, sequence));
    }
    order::sort(&mut known);
    for (recurrence_id, sequence) in known {
        part(sha256, &recurrence_id);
        part(sha256, &sequence.to_be_bytes());
    }
    Ok(true)
}

/// The octets less the fields that a mailbox adds.
fn exact(message: &Message, sha256: &mut Sha256) -> Result<()> {
    let content = message.content();
    let mut from = 0;
    for field in message.header()?.fields().filter(|field| is_added(field.name())) {
        let range = field.range();
        feed(&content.slice(from..range.start), sha256)?;
        from = range.end;
    }
    feed(&content.slice(from..u64::MAX), sha256)
}

fn is_added(name: &str) -> bool {
    let starts = |family: &&str| name.get(..family.len()).is_some_and(|start| start.eq_ignore_ascii_case(family));
    ADDED.iter().any(|added| name.eq_ignore_ascii_case(added)) || ADDED_FAMILIES.iter().any(starts)
}

fn loose(message: &Message, sha256: &mut Sha256) -> Result<()> {
    part(sha256, message.message_id()?.unwrap_or_default().as_bytes());
    let header = message.header()?;
    let date = match message.date()? {
        Some(date) => date.unix_seconds().to_string(),
        None => header.first("Date").map(|field| field.text()).unwrap_or_default(),
    };
    part(sha256, date.as_bytes());
    let address = |mailbox: &Mailbox| mailbox.address.to_lowercase();
    let from: Vec<_> = message.from()?.iter().flat_map(Address::mailboxes).map(address).collect();
    part(sha256, from.join(",").as_bytes());
    let subject = message.subject()?.unwrap_or_default();
    part(sha256, subject.split_whitespace().collect::<Vec<_>>().join(" ").as_bytes());
    let entities = message.structure()?.entities();
    let mut is_parent = vec![false; entities.len()];
    for parent in entities.iter().filter_map(|entity| entity.parent()) {
        is_parent.get_mut(parent).into_iter().for_each(|is_parent| *is_parent = true);
    }
    for (entity, _) in entities.iter().zip(is_parent).filter(|(_, is_parent)| !is_parent) {
        let mut octets = Sha256::new();
        let reader = entity.reader(message.content());
        decoded(reader, entity.media_type().essence().starts_with("text/"), &mut octets)?;
        part(sha256, &octets.finalize());
    }
    Ok(())
}

/// Feeds the decoded octets; of text its words, each behind one space.
fn decoded(mut reader: BodyReader, is_text: bool, sha256: &mut Sha256) -> Result<()> {
    let mut buffer = vec![0; BUFFER];
    let mut words = Vec::new();
    let mut in_word = false;
    loop {
        let read = match reader.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) => buffer.get(..read).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        if !is_text {
            sha256.update(read);
            continue;
        }
        words.clear();
        for &octet in read {
            let is_space = octet.is_ascii_whitespace();
            if !is_space {
                words.extend((!in_word).then_some(b' '));
                words.push(octet);
            }
            in_word = !is_space;
        }
        sha256.update(&words);
    }
}

/// Feeds octets whose end is marked by their number.
fn part(sha256: &mut Sha256, octets: &[u8]) {
    sha256.update((octets.len() as u64).to_be_bytes());
    sha256.update(octets);
}

fn feed(content: &Content, sha256: &mut Sha256) -> Result<()> {
    content
        .for_each_chunk(|chunk| {
            sha256.update(chunk);
            Ok(())
        })
        .map_err(Error::from)
}
