use super::{
    contact, event, message,
    place::Place,
    task,
    xml::{Element, Items},
};
use crate::{
    defect::{Defect, DefectKind},
    error::{Error, ErrorKind, Result},
    mapi::{MapiMessage, Translated, Translation, keywords, received, translate},
    model::{Fidelity, Folder, Item, Origin},
    read::{ItemReader, ReadOptions, archive::ZipIndex},
    source::Source,
};
use std::{collections::BTreeSet, fmt, sync::Arc};

/// Accounts that are told apart, and folders that are known.
const ACCOUNTS: usize = 2;
const FOLDERS: usize = 1 << 16;

/// Reads the items of an archive of Outlook for Mac, in the order of its entries.
pub struct OlmReader {
    name: Arc<str>,
    len: u64,
    archive: ZipIndex,
    translation: Translation,
    several_accounts: bool,
    /// The file in hand.
    file: Option<File>,
    folders: BTreeSet<Folder>,
    ordinal: u64,
    defects: Vec<Defect>,
}

struct File {
    name: Arc<str>,
    folder: Folder,
    items: Items,
}

impl OlmReader {
    /// Opens a source; `name` is what the user calls it.
    ///
    /// # Errors
    /// [`Malformed`](ErrorKind::Malformed) when it is no ZIP archive, or has no list of entries, [`Io`](ErrorKind::Io) when it cannot be
    /// read.
    pub fn open(source: Source, name: &str, options: &ReadOptions) -> Result<Self> {
        let mut archive = ZipIndex::open(name, &source, &options.limits)?;
        let mut accounts = BTreeSet::new();
        archive.survey(|entry| {
            if accounts.len() < ACCOUNTS
                && let Some(place) = Place::of(entry).filter(|place| place.is_mail && place.file.is_some())
            {
                accounts.insert(place.account.map(str::to_owned));
            }
        })?;
        Ok(Self {
            name: name.into(),
            len: source.len(),
            archive,
            translation: options.translation(),
            several_accounts: accounts.len() > 1,
            file: None,
            folders: BTreeSet::new(),
            ordinal: 0,
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
                    self.folders.insert(folder);
                }
                Some(file) if is_xml(file) => {
                    let name: Arc<str> = format!("{}!{entry}", self.name).into();
                    let source = self.archive.source_at(at).map_err(|e| e.in_file(&*name))?;
                    self.file = Some(File { name, folder, items: Items::new(source, self.translation.limits.text) });
                    return Ok(true);
                }
                _ => {}
            }
        }
        Ok(false)
    }

    /// Makes an item of an element; `None` for one that is none.
    fn item(&mut self, element: &Element, at: u64) -> Result<Option<Item>> {
        let Some(File { name, folder, items }) = &self.file else { return Ok(None) };
        let (name, folder, length) = (name.clone(), folder.clone(), items.position().saturating_sub(at));
        let most = self.translation.limits.entities;
        let message = match &*element.name {
            "email" => message::message(element, folder.role, &mut self.archive, most),
            "appointment" => event::event(element, &mut self.archive, most),
            "task" => task::task(element),
            "note" => task::note(element),
            "contact" => contact::contact(element),
            "group" => contact::group(element),
            "category" => return Ok(None),
            other => {
                let what = format!("\"{other}\" is an item of a kind that is not known");
                return Err(Error::new(ErrorKind::Unsupported, what).in_file(&*name).non_fatal());
            }
        };
        self.ordinal += 1;
        let origin = Origin { source: name, ordinal: self.ordinal, offset: at, length, ..Origin::default() };
        self.translated(&message, element, folder, origin).map(Some).map_err(Error::non_fatal)
    }

    fn translated(&self, message: &MapiMessage, element: &Element, folder: Folder, origin: Origin) -> Result<Item> {
        let mut defects = Vec::new();
        let mut translated = translate(message, &self.translation, &mut defects);
        match &mut translated {
            Translated::Calendar(calendar) if element.name == "appointment" => {
                event::add_to(calendar, element, &mut defects);
            }
            Translated::Calendar(calendar) if element.name == "task" => task::add_to(calendar, element, &mut defects),
            Translated::Card(card) if element.name == "contact" => contact::add_to(card, element),
            _ => {}
        }
        let kind = translated.into_kind(&self.translation.limits)?;
        let (keywords, received) = (keywords(&message.properties), received(&message.properties));
        Ok(Item { keywords, received, defects, provenance: Fidelity::Synthesized, ..Item::new(kind, folder, origin) })
    }
}

fn is_xml(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("xml"))
}

impl ItemReader for OlmReader {
    fn next_item(&mut self) -> Result<Option<Item>> {
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
                    if let Some(item) = self.item(&element, at)? {
                        return Ok(Some(item));
                    }
                }
                Ok(None) => {
                    if let Some(said) = file.items.said.filter(|said| *said != file.items.read) {
                        let what = format!("{} says that it has {said} items, but has {}", file.name, file.items.read);
                        self.defects.push(Defect::new(DefectKind::Structure, what));
                    }
                    self.file = None;
                }
                Err(error) => {
                    let error = error.in_file(&*file.name).non_fatal();
                    self.file = None;
                    return Err(error);
                }
            }
        }
    }

    fn position(&self) -> u64 {
        self.archive.position().min(self.len)
    }

    fn folders(&self) -> Vec<Folder> {
        self.folders.iter().cloned().collect()
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
