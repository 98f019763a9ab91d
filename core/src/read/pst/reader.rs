use super::{
    messaging::{Found as FoundIn, Listed, Place, Store, Walk, Wanted},
    ndb::Ndb,
};
use crate::{
    defect::{Defect, DefectKind},
    error::{Error, Result},
    mapi::{CodePage, MapiMessage, Translation, keywords, listed_header, pid, received},
    model::{Fidelity, Folder, Item, ItemKind, Message, Origin},
    pst::nid,
    read::{ItemReader, Lists, Open, ReadOptions, Unopened, message_object::translated_item},
    source::Source,
};
use std::{fmt, mem, sync::Arc};

/// Reads the items of a PST or OST, folder by folder, in each in the order of their nodes.
pub struct PstReader {
    name: Arc<str>,
    walk: Walk,
    translation: Arc<Translation>,
    lists: Lists,
    ordinal: u64,
    /// Messages that the store has, by the nodes that it lists.
    expected: u64,
    /// Whether it was told that the store has a password.
    password_told: bool,
    /// Whether it was told that nothing was found.
    nothing_told: bool,
}

/// A message of a PST or OST as MAPI has it, in its place.
#[derive(Debug)]
pub struct StoredMessage {
    /// The folder it is in.
    pub folder: Folder,
    /// Where in the file it came from: the offset is that of its node's data.
    pub origin: Origin,
    /// Its node ([MS-PST] 2.2.2.1).
    ///
    /// [MS-PST]: https://learn.microsoft.com/openspecs/office_file_formats/ms-pst/
    pub node: u32,
    /// The message.
    pub message: MapiMessage,
}

impl PstReader {
    /// Opens a source; `name` is what the user calls it.
    ///
    /// # Errors
    /// [`UnknownFormat`](crate::ErrorKind::UnknownFormat) when it is neither PST nor OST, [`Io`](crate::ErrorKind::Io) when it cannot be
    /// read. Damage is survived.
    pub fn open(source: Source, name: &str, options: &ReadOptions) -> Result<Self> {
        let store = Store::open(source, options.limits.clone(), options.code_page.map(CodePage))?;
        let wanted = Wanted { hidden: options.hidden, lost: options.recover, lists: options.lists };
        let is_wanted = |node| match nid::kind(node) {
            nid::ASSOCIATED_MESSAGE => options.hidden,
            kind => kind == nid::NORMAL_MESSAGE,
        };
        let expected = store.ndb.count_nodes(is_wanted);
        Ok(Self {
            name: name.into(),
            walk: Walk::new(store, wanted),
            translation: Arc::new(options.translation()),
            lists: options.lists,
            ordinal: 0,
            expected,
            password_told: false,
            nothing_told: false,
        })
    }

    /// Whether a password is set on the store. It protects nothing in the file.
    pub fn has_password(&self) -> bool {
        self.walk.store().password
    }

    /// The next message as MAPI has it, or `None` after the last.
    ///
    /// # Errors
    /// As [`ItemReader::next_item`].
    pub fn next_message(&mut self) -> Result<Option<StoredMessage>> {
        Ok(self.next_place()?.map(|place| StoredMessage::new(place, &self.name, self.ordinal)))
    }

    fn next_place(&mut self) -> Result<Option<Place>> {
        let place = self.walk.next()?;
        self.count(place.is_some())?;
        Ok(place)
    }

    /// The next message by what the list of its folder tells of it, or opened where that is not enough.
    fn next_by_lists(&mut self) -> Result<Option<Item>> {
        let place = match self.walk.find()? {
            Some(FoundIn::Listed(listed, properties)) => {
                let row = properties.map(MapiMessage::new);
                if let Some((row, header)) = row.and_then(|row| listed_header(&row).map(|header| (row, header))) {
                    self.count(true)?;
                    return Ok(Some(self.of_row(listed, &row, header)));
                }
                Some(listed.open(self.walk.store().ndb.apart())?)
            }
            Some(FoundIn::Open(place)) => Some(*place),
            None => None,
        };
        self.count(place.is_some())?;
        let item = place.map(|place| place.translated(&self.name, self.ordinal, &self.translation));
        item.transpose().map_err(Error::non_fatal)
    }

    /// A mail by its row in the list of its folder.
    fn of_row(&self, listed: Listed, row: &MapiMessage, header: Vec<u8>) -> Item {
        let (folder, node) = listed.into_place();
        let kind = ItemKind::Message(Message::with_limits(header.into(), self.translation.limits.clone()));
        let origin = Origin { source: self.name.clone(), ordinal: self.ordinal, node: Some(node), ..Origin::default() };
        let (keywords, received) = (keywords(&row.properties), received(&row.properties));
        Item { keywords, received, provenance: Fidelity::Synthesized, ..Item::new(kind, folder, origin) }
    }

    /// Counts a message, or says after the last why there was none.
    fn count(&mut self, was_found: bool) -> Result<()> {
        self.ordinal += u64::from(was_found);
        if !was_found && self.ordinal == 0 && !mem::replace(&mut self.nothing_told, true) {
            if let Some(error) = self.walk.why_nothing() {
                return Err(error);
            }
            if self.walk.is_damaged {
                let what = "the store is damaged, and no message was found in it, although there may have been some";
                self.walk.defects.push(Defect::new(DefectKind::Structure, what));
            }
        }
        Ok(())
    }
}

impl StoredMessage {
    fn new(place: Place, source: &Arc<str>, ordinal: u64) -> Self {
        let Place { folder, node, offset, message, .. } = place;
        let length = message.properties.integer(pid::MESSAGE_SIZE).and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
        let node = node.nid;
        let source = source.clone();
        let origin = Origin { source, ordinal, offset, length, node: Some(node), ..Origin::default() };
        Self { folder, origin, node, message }
    }
}

impl Place {
    /// The message in the form of its standard.
    fn translated(self, source: &Arc<str>, ordinal: u64, translation: &Translation) -> Result<Item> {
        let ndb = self.ndb.clone();
        let StoredMessage { folder, origin, message, .. } = StoredMessage::new(self, source, ordinal);
        translated_item(message, (folder, origin), translation, |_, defects| {
            defects.append(&mut ndb.defects.take());
            Ok(())
        })
    }
}

/// A message that was found, and what is needed to make an item of it on any thread.
struct Found {
    listed: Listed,
    ahead: Arc<Ndb>,
    name: Arc<str>,
    ordinal: u64,
    translation: Arc<Translation>,
}

impl Found {
    fn open(&self, ndb: Arc<Ndb>) -> Result<Item> {
        let place = self.listed.open(ndb)?;
        place.translated(&self.name, self.ordinal, &self.translation).map_err(Error::non_fatal)
    }
}

impl Open for Found {
    fn ahead(&self) -> Result<Item> {
        self.open(self.ahead.clone())
    }

    fn stands(&self) -> bool {
        self.ahead.stands()
    }

    fn take_turn(&self) -> bool {
        self.ahead.take_turn()
    }

    fn in_turn(&self) -> Result<Item> {
        self.open(self.listed.ndb().apart())
    }
}

impl ItemReader for PstReader {
    fn next_item(&mut self) -> Result<Option<Item>> {
        if self.lists != Lists::Unused {
            return self.next_by_lists();
        }
        let Some(place) = self.next_place()? else { return Ok(None) };
        place.translated(&self.name, self.ordinal, &self.translation).map(Some).map_err(Error::non_fatal)
    }

    fn next_ahead(&mut self) -> Option<Unopened> {
        let listed = self.walk.next_ahead()?;
        self.ordinal += 1;
        let (name, translation) = (self.name.clone(), self.translation.clone());
        let ahead = listed.ndb().ahead();
        Some(Unopened::new(Found { listed, ahead, name, ordinal: self.ordinal, translation }))
    }

    fn depends_on_rest(&self) -> bool {
        self.walk.is_damaged || self.walk.store().ndb.is_damaged()
    }

    fn position(&self) -> u64 {
        // Messages are spread over the file, so that how many of them are behind is how far it is.
        let part = u128::from(self.ordinal) * u128::from(self.walk.store().ndb.len());
        let behind = part / u128::from(self.expected.max(self.ordinal).max(1));
        u64::try_from(behind).unwrap_or(u64::MAX)
    }

    fn folders(&self) -> Vec<Folder> {
        self.walk.folders().to_vec()
    }

    fn take_defects(&mut self) -> Vec<Defect> {
        let mut defects = mem::take(&mut self.walk.defects);
        let ndb = &self.walk.store().ndb;
        defects.append(&mut ndb.of_file.take());
        defects.append(&mut ndb.defects.take());
        if self.has_password() && !mem::replace(&mut self.password_told, true) {
            let what = "the store has a password, which was not needed: it does not protect the data in the file";
            defects.push(Defect::new(DefectKind::Password, what));
        }
        defects
    }
}

impl fmt::Debug for PstReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PstReader({}, {} messages read)", self.name, self.ordinal)
    }
}
