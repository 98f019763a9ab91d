use super::{contact, element::Element, event, message, place::Place, task, xml::Items};
use crate::{
    defect::{Defect, DefectKind},
    error::{Error, ErrorKind, Result},
    mapi::{Translated, Translation},
    model::{Folder, Item, Origin},
    order,
    read::{
        ItemReader, ReadOptions,
        archive::ZipIndex,
        message_object::{translated_item, unless_stopped},
    },
    source::Source,
};
use std::{fmt, sync::Arc};

/// Folders that are known.
const FOLDERS: usize = 1 << 16;
/// Files that are named of those that are left out.
const NAMED: usize = 16;
/// What the categories look like: which item has which stands in the items.
const CATEGORIES: &str = "Categories.xml";

/// Reads the items of an archive of Outlook for Mac, in the order of its entries.
pub struct OlmReader {
    name: Arc<str>,
    len: u64,
    archive: ZipIndex,
    translation: Translation,
    several_accounts: bool,
    /// The file in hand.
    file: Option<File>,
    /// As the entries tell them.
    folders: Vec<Folder>,
    ordinal: u64,
    /// Whether it was told which files nothing refers to.
    rest_told: bool,
    defects: Vec<Defect>,
}

struct File {
    name: Arc<str>,
    folder: Folder,
    source: Source,
    items: Items,
}

impl File {
    /// What was wrong with it beside its items.
    fn take_defects(&mut self) -> Vec<Defect> {
        let defects = self.items.take_defects().into_iter().chain(self.source.take_defects());
        defects.map(|defect| Defect::new(defect.kind(), format!("{}: {}", self.name, defect.detail()))).collect()
    }
}

impl OlmReader {
    /// Opens a source; `name` is what the user calls it.
    ///
    /// # Errors
    /// [`Malformed`](ErrorKind::Malformed) when it is no ZIP archive, or has no list of entries, [`Io`](ErrorKind::Io) when it cannot be
    /// read.
    pub fn open(source: Source, name: &str, options: &ReadOptions) -> Result<Self> {
        let mut archive = ZipIndex::open(name, &source, &options.limits)?;
        let (mut first, mut several_accounts) = (None, false);
        archive.survey(&mut |entry| {
            if let Some(place) = Place::of(entry).filter(|place| place.is_mail && place.file.is_some()) {
                let first: &Option<String> = first.get_or_insert_with(|| place.account.map(str::to_owned));
                several_accounts |= first.as_deref() != place.account;
            }
        })?;
        Ok(Self {
            name: name.into(),
            len: source.len(),
            archive,
            translation: options.translation(),
            several_accounts,
            file: None,
            folders: Vec::new(),
            ordinal: 0,
            rest_told: false,
            defects: Vec::new(),
        })
    }

    /// Opens the next file with items in it; whether there was one.
    fn next_file(&mut self) -> Result<bool> {
        while let Some((entry, at)) = self.archive.next_entry()? {
            let Some(place) = Place::of(&entry).filter(|place| !place.is_attachment) else { continue };
            let folder = place.folder(self.several_accounts);
            match place.file {
                None if place.is_mail && !folder.path.names().is_empty() && self.folders.len() < FOLDERS => {
                    self.folders.push(folder);
                }
                Some(file) if is_xml(file) => {
                    let name: Arc<str> = format!("{}!{entry}", self.name).into();
                    let source = self.archive.source_at(at).map_err(|e| e.in_file(&*name))?;
                    let items = Items::new(source.clone(), self.translation.limits.text);
                    self.file = Some(File { name, folder, source, items });
                    return Ok(true);
                }
                _ => {}
            }
        }
        if !std::mem::replace(&mut self.rest_told, true) {
            self.tell_rest()?;
        }
        Ok(false)
    }

    /// Tells which files of the archive were not read because nothing refers to them.
    fn tell_rest(&mut self) -> Result<()> {
        let (mut attachments, mut others) = (Rest::default(), Rest::default());
        self.archive.each_untaken(&mut |entry, len| match Place::of(entry) {
            _ if entry == CATEGORIES => {}
            Some(place) if place.is_attachment => attachments.add(entry, len),
            _ => others.add(entry, len),
        })?;
        self.defects.extend(attachments.defect(DefectKind::Attachment, "attachments that no item names were left out"));
        self.defects.extend(others.defect(DefectKind::Structure, "files that are not part of an item were left out"));
        Ok(())
    }

    /// Makes an item of an element; `None` for one that is none.
    fn item(&mut self, element: &Element, at: u64) -> Result<Option<Item>> {
        let Some(file) = &mut self.file else { return Ok(None) };
        if element.name == "category" {
            self.defects.append(&mut file.take_defects());
            return Ok(None);
        }
        let (name, folder) = (file.name.clone(), file.folder.clone());
        let length = file.items.position().saturating_sub(at);
        let mut defects = file.items.take_defects();
        let most = self.translation.limits.entities;
        let mut message = match &*element.name {
            "email" => message::message(element, folder.role, &mut self.archive, most)?,
            "appointment" => event::event(element, &mut self.archive, most)?,
            "task" => task::task(element),
            "note" => task::note(element),
            "contact" => contact::contact(element),
            "group" => contact::group(element),
            other => {
                let what = format!("\"{other}\" is an unknown kind of item: it was skipped");
                return Err(Error::new(ErrorKind::Unsupported, what).in_file(&*name).non_fatal());
            }
        };
        self.ordinal += 1;
        message.defects.append(&mut defects);
        let origin = Origin { source: name, ordinal: self.ordinal, offset: at, length, ..Origin::default() };
        let archive = &mut self.archive;
        let item = translated_item(message, (folder, origin), &self.translation, |translated, defects| {
            match (translated, &*element.name) {
                (Translated::Calendar(calendar), "appointment") => event::add_to(calendar, element, defects),
                (Translated::Calendar(calendar), "task") => task::add_to(calendar, element, defects),
                (Translated::Card(card), "contact") => contact::add_to(card, element, archive, defects)?,
                (Translated::Card(card), "group") => contact::add_to_group(card, element),
                _ => {}
            }
            Ok(())
        });
        item.map(Some)
    }

    fn next(&mut self) -> Result<Option<Item>> {
        loop {
            let Some(file) = &mut self.file else {
                match self.next_file()? {
                    true => continue,
                    false => return Ok(None),
                }
            };
            let at = file.items.position();
            match file.items.next_item() {
                Ok(Some(element)) => {
                    if let Some(item) = self.item(&element, at).map_err(Error::non_fatal)? {
                        return Ok(Some(item));
                    }
                }
                Ok(None) => {
                    if let Some(said) = file.items.said.filter(|said| *said != file.items.read) {
                        let what = format!("{} says that it has {said} items, but has {}", file.name, file.items.read);
                        self.defects.push(Defect::new(DefectKind::Structure, what));
                    }
                    self.defects.append(&mut file.take_defects());
                    self.file = None;
                }
                Err(error) => {
                    let error = error.in_file(&*file.name).non_fatal();
                    self.defects.append(&mut file.take_defects());
                    if !file.items.goes_on {
                        self.file = None;
                    }
                    return Err(error);
                }
            }
        }
    }
}

/// Files that are left out.
#[derive(Default)]
struct Rest {
    count: u64,
    names: Vec<String>,
}

impl Rest {
    fn add(&mut self, name: &str, len: u64) {
        self.count += 1;
        if self.names.len() < NAMED {
            self.names.push(format!("{name} ({len} octets)"));
        }
    }

    fn defect(self, kind: DefectKind, what: &str) -> Option<Defect> {
        let Self { count, names } = self;
        let more = if count > names.len() as u64 { ", and others" } else { "" };
        (count > 0).then(|| Defect::new(kind, format!("{count} {what}: {}{more}", names.join(", "))))
    }
}

fn is_xml(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("xml"))
}

impl ItemReader for OlmReader {
    fn next_item(&mut self) -> Result<Option<Item>> {
        let next = self.next();
        unless_stopped(next, &self.translation.limits.stop)
    }

    fn position(&self) -> u64 {
        self.archive.position().min(self.len)
    }

    fn folders(&self) -> Vec<Folder> {
        let mut folders = self.folders.clone();
        order::sort(&mut folders);
        folders.dedup();
        folders
    }

    fn take_defects(&mut self) -> Vec<Defect> {
        std::mem::take(&mut self.defects)
    }
}

impl fmt::Debug for OlmReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OlmReader({}, {} items read)", self.name, self.ordinal)
    }
}
