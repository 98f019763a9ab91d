//! Other crates, and this one as a library, each as a whole process.

use crate::{Result, bare};
use mailferry::{
    Limits,
    content_line::Component,
    model::ItemKind,
    platform::Target,
    read::{ItemReader, ReadOptions, ics::IcsReader, vcf::VcfReader},
    source::{FileSource, Source},
    write::{IcsCollection, VcfCollection, WriteOptions},
};
use std::{
    fmt::Display,
    fs::{self, File},
    io::{BufReader, BufWriter, Write},
    path::Path,
    sync::Arc,
};

/// Octets of a message in the mailboxes that are generated, on average.
const MEAN_MESSAGE: usize = 138_000;

/// Reads the file at `path` with the crate `name`, writes it to `out` where there is one, and prints what it found.
pub(crate) fn run(name: &str, path: &Path, out: Option<&Path>) -> Result<()> {
    let (items, octets) = match (name, out) {
        ("mail-parser", None) => mail_parser(path)?,
        ("mbox-reader", None) => mbox_reader(path)?,
        ("outlook-pst", None) => outlook_pst(path)?,
        ("mailferry-typed", None) => mailferry_typed(path)?,
        ("mailferry", Some(out)) => mailferry(path, out, &WriteOptions::default())?,
        ("mailferry-mended", Some(out)) => {
            let mut options = WriteOptions::default();
            Target::named("nextcloud")?.configure(&mut options);
            mailferry(path, out, &options)?
        }
        ("bare-file", Some(out)) => bare::file(path, out)?,
        ("bare-folder", Some(out)) => bare::folder(path, out, MEAN_MESSAGE)?,
        ("icalendar", Some(out)) => icalendar(path, out)?,
        ("calcard-ics", Some(out)) => calcard(path, out, |text| calcard::icalendar::ICalendar::parse(text))?,
        ("calcard-vcf", Some(out)) => calcard_cards(path, out)?,
        ("vcard_parser", Some(out)) => vcard_parser(path, out)?,
        _ => return Err(format!("no rival is called {name}, or it writes nothing").into()),
    };
    println!("{items} items, {octets} octets");
    Ok(())
}

fn mail_parser(path: &Path) -> Result<(u64, u64)> {
    let reader = BufReader::with_capacity(1 << 20, File::open(path)?);
    let (mut messages, mut octets) = (0, 0);
    for message in mail_parser::mailbox::mbox::MessageIterator::new(reader) {
        let message = message.map_err(|error| format!("{error:?}"))?;
        messages += 1;
        octets += message.contents().len() as u64;
    }
    Ok((messages, octets))
}

fn mbox_reader(path: &Path) -> Result<(u64, u64)> {
    let file = mbox_reader::MboxFile::from_file(path)?;
    let (mut messages, mut octets) = (0, 0);
    for entry in file.iter() {
        messages += 1;
        octets += entry.message().map_or(0, |message| message.len() as u64);
    }
    Ok((messages, octets))
}

/// Every message of every folder under the root, with all of its properties.
fn outlook_pst(path: &Path) -> Result<(u64, u64)> {
    let store = outlook_pst::open_store(path)?;
    let (mut messages, mut octets) = (0, 0);
    let mut folders = vec![store.properties().ipm_sub_tree_entry_id()?];
    while let Some(id) = folders.pop() {
        let folder = store.open_folder(&id)?;
        for row in folder.hierarchy_table().into_iter().flat_map(|table| table.rows_matrix()) {
            folders.push(store.properties().make_entry_id(u32::from(row.id()).into())?);
        }
        for row in folder.contents_table().into_iter().flat_map(|table| table.rows_matrix()) {
            let id = store.properties().make_entry_id(u32::from(row.id()).into())?;
            let message = store.open_message(&id, None)?;
            messages += 1;
            octets += u64::try_from(message.properties().message_size()?).unwrap_or_default();
        }
    }
    Ok((messages, octets))
}

/// The reader of a calendar or an address book.
fn reader(path: &Path) -> Result<Box<dyn ItemReader>> {
    let source: Source = Arc::new(FileSource::open(path)?);
    let (name, options) = (path.to_string_lossy(), ReadOptions::default());
    Ok(match path.extension().is_some_and(|extension| extension == "vcf") {
        true => Box::new(VcfReader::open(source, &name, &options)?),
        false => Box::new(IcsReader::open(source, &name, &options)?),
    })
}

fn mailferry(path: &Path, out: &Path, options: &WriteOptions) -> Result<(u64, u64)> {
    let mut reader = reader(path)?;
    let mut calendars = IcsCollection::new(options.collections.ics.clone());
    let mut cards = VcfCollection::new(options.collections.vcf.clone());
    let mut items = 0;
    while let Some(item) = reader.next_item()? {
        items += 1;
        match &item.kind {
            ItemKind::Calendar(object) => calendars.add(object)?,
            ItemKind::Contact(card) => drop(cards.add(card)?),
            _ => {}
        }
    }
    let content = if cards.is_empty() { calendars.finish()? } else { cards.finish()? };
    let mut file = File::create(out)?;
    content.for_each_chunk(|octets| file.write_all(octets))?;
    Ok((items, content.len()))
}

/// Decodes every property of every component: text, charset, parameters.
fn mailferry_typed(path: &Path) -> Result<(u64, u64)> {
    let mut reader = reader(path)?;
    let limits = Limits::default();
    let (mut items, mut octets) = (0, 0);
    let mut decoded = |content: mailferry::source::Content| -> Result<()> {
        let component = Component::parse(Arc::new(content.to_vec(1 << 30)?), &limits)?;
        octets += component.properties.iter().map(|property| property.to_text().len() as u64).sum::<u64>();
        Ok(())
    };
    while let Some(item) = reader.next_item()? {
        items += 1;
        match &item.kind {
            ItemKind::Calendar(object) => {
                object.components().iter().try_for_each(|component| decoded(component.content()))?;
            }
            ItemKind::Contact(card) => decoded(card.content())?,
            _ => {}
        }
    }
    Ok((items, octets))
}

fn icalendar(path: &Path, out: &Path) -> Result<(u64, u64)> {
    let calendar: icalendar::Calendar = fs::read_to_string(path)?.parse()?;
    let text = calendar.to_string();
    fs::write(out, &text)?;
    Ok((calendar.components.len() as u64, text.len() as u64))
}

fn calcard<T: Display, E: std::fmt::Debug>(
    path: &Path,
    out: &Path,
    parse: impl FnOnce(&str) -> std::result::Result<T, E>,
) -> Result<(u64, u64)> {
    let parsed = parse(&fs::read_to_string(path)?).map_err(|error| format!("{error:?}"))?;
    let text = parsed.to_string();
    fs::write(out, &text)?;
    Ok((1, text.len() as u64))
}

fn calcard_cards(path: &Path, out: &Path) -> Result<(u64, u64)> {
    let text = fs::read_to_string(path)?;
    let mut parser = calcard::Parser::new(&text);
    let mut out = BufWriter::new(File::create(out)?);
    let (mut cards, mut octets) = (0, 0);
    loop {
        match parser.entry() {
            calcard::Entry::VCard(card) => {
                let text = card.to_string();
                cards += 1;
                octets += text.len() as u64;
                out.write_all(text.as_bytes())?;
            }
            calcard::Entry::Eof => break,
            _ => {}
        }
    }
    out.flush()?;
    Ok((cards, octets))
}

/// It reads vCard 4.0 alone, so that it is given what is none with another VERSION.
fn vcard_parser(path: &Path, out: &Path) -> Result<(u64, u64)> {
    let text = fs::read_to_string(path)?.replace("VERSION:3.0", "VERSION:4.0");
    let cards = vcard_parser::parse_vcards(&text).map_err(|error| format!("{error:?}"))?;
    let text: String = cards.iter().map(vcard_parser::vcard::Vcard::export).collect();
    fs::write(out, &text)?;
    Ok((cards.len() as u64, text.len() as u64))
}
