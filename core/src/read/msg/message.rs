//! Messages, and what they are opened with ([MS-OXMSG] 2.2).

use super::{
    attachments::AttachmentTable,
    storage::{Object, Storage},
};
use crate::{
    cfb::{CompoundFile, Entry},
    defect::{Defect, DefectKind, Untold},
    error::Result,
    limits::Limits,
    mapi::{
        AddressMap, CodePage, Directory, Fallback, MapiMessage, NamedProperties, Nesting, PropertyBag, choose, pairs,
        pairs_of_contact,
    },
};
use std::sync::Arc;

/// Octets of an address that are read.
const ADDRESS: usize = 1024;

/// What messages are opened with.
#[derive(Clone, Debug)]
pub(super) struct Opening {
    pub(super) file: Arc<CompoundFile>,
    pub(super) limits: Limits,
    pub(super) names: Arc<NamedProperties>,
    /// The code page of 8-bit strings where a message does not say.
    code_page: Fallback,
    nesting: Nesting,
    /// What the outermost message tells of addresses.
    addresses: Option<Arc<Addresses>>,
}

impl Opening {
    pub(super) fn new(file: CompoundFile, limits: &Limits, code_page: Option<CodePage>) -> Self {
        Self {
            file: Arc::new(file),
            limits: limits.clone(),
            names: Arc::default(),
            code_page: code_page.map_or(Fallback::USUAL, Fallback::settled),
            nesting: Nesting::new(limits),
            addresses: None,
        }
    }

    /// Opens a message that is attached to another one.
    pub(super) fn embedded(&self, entry: &Entry) -> Result<MapiMessage> {
        self.nesting.enter()?;
        self.message(entry)
    }

    /// Opens the message in a storage.
    pub(super) fn message(&self, entry: &Entry) -> Result<MapiMessage> {
        let storage = Storage::list(&self.file, entry)?;
        let mut defects = Vec::new();
        let names = storage.names(&self.file, &mut defects)?.unwrap_or_else(|| self.names.clone());
        let properties = storage.bag(&self.file, Object::Message, &names, None, &mut defects)?;
        let recipients = self.recipients(&storage, &names, &mut defects)?;
        let choice = choose(&properties, &recipients, self.code_page, &mut defects);
        let code_page = if choice.is_sure { Fallback::settled(choice.page) } else { self.code_page };
        let addresses =
            self.addresses.clone().unwrap_or_else(|| Arc::new(Addresses::told_by(&properties, &recipients)));
        let inside = Self {
            names,
            code_page,
            nesting: self.nesting.inside(),
            addresses: Some(addresses.clone()),
            ..self.clone()
        };
        let attachments = Arc::new(AttachmentTable::new(storage.attachments, inside));
        let (code_page, directory) = (choice.page, Some(addresses as Arc<dyn Directory>));
        Ok(MapiMessage { properties, recipients, attachments, code_page, directory, defects })
    }

    fn recipients(
        &self,
        storage: &Storage,
        names: &Arc<NamedProperties>,
        defects: &mut Vec<Defect>,
    ) -> Result<Vec<PropertyBag>> {
        let (count, limit) = (storage.recipients.len(), self.limits.entities);
        if count > limit {
            let detail = format!("only the first {limit} of {count} recipients are read");
            defects.push(Defect::new(DefectKind::EntityLimit, detail));
        }
        let (mut recipients, mut untold) = (Vec::new(), Untold::default());
        for slot in storage.recipients.iter().take(limit) {
            let inside = Storage::list(&self.file, &slot.open(&self.file)?)?;
            recipients.push(inside.bag(&self.file, Object::Part, names, None, defects)?);
            untold.take(defects);
        }
        defects.extend(untold.defect("recipients"));
        Ok(recipients)
    }
}

/// Internet addresses that a message tells for addresses of Exchange.
#[derive(Debug)]
struct Addresses(AddressMap);

impl Addresses {
    fn told_by(properties: &PropertyBag, recipients: &[PropertyBag]) -> Self {
        let mut map = AddressMap::default();
        let text = |bag: &PropertyBag, id| bag.text(id, CodePage::WINDOWS_1252, ADDRESS);
        let of_contact = pairs_of_contact(properties.names(), |id| text(properties, id));
        let of_rows = [properties].into_iter().chain(recipients).flat_map(|bag| pairs(|id| text(bag, id)));
        for (exchange, internet) in of_rows.chain(of_contact) {
            if map.get(&exchange).is_none() && internet.contains('@') {
                map.insert(&exchange, &internet);
            }
        }
        Self(map)
    }
}

impl Directory for Addresses {
    fn internet_address(&self, exchange: &str) -> Option<String> {
        self.0.get(exchange).map(str::to_owned)
    }
}
