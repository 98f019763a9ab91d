//! The message store and what its folders are for ([MS-PST] 2.4.3).

use super::{directory::Known, names, text};
use crate::{
    defect::{Defect, DefectKind},
    error::Result,
    limits::Limits,
    mapi::{CodePage, Fallback, NamedProperties, PropertyValue, pid},
    model::Role,
    pst::{le::u32_at, nid},
    read::pst::{
        ltp::{PropertyContext, TableContext},
        ndb::Ndb,
    },
    source::Source,
};
use std::{collections::BTreeMap, sync::Arc};

/// Octets of a folder's name that are read.
pub(super) const NAME: usize = 4096;

/// Which of PidTagAdditionalRenEntryIds is the folder of unwanted mail ([MS-OXOSFLD] 2.2.4).
const JUNK: usize = 4;
/// PidTagArchiveFolderEntryId.
const ARCHIVE_ENTRY_ID: u16 = 0x35FF;
/// The server's identifier of a folder in an OST: its replica and a counter.
const FOLDER_ID: u16 = 0x67F4;
/// Counters of the local replica, which has the folders that every OST begins with. Seen in files, not published.
const LOCAL_DELETED_ITEMS: u8 = 0x0B;
const LOCAL_SENT_ITEMS: u8 = 0x0E;

/// What is known of the store as a whole.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) ndb: Arc<Ndb>,
    pub(crate) names: Arc<NamedProperties>,
    /// The code page of 8-bit strings where an object does not say.
    pub(crate) code_page: Fallback,
    /// Internet addresses that the messages of the store tell, once they were asked for.
    pub(super) known: Known,
    /// The folder that a mail client shows as the mailbox.
    pub(crate) ipm_subtree: Option<u32>,
    pub(crate) search_root: Option<u32>,
    pub(crate) roles: BTreeMap<u32, Role>,
    /// Roles of folders that are named by the server's identifiers (OST): their global counters.
    server_roles: BTreeMap<[u8; 6], Role>,
    /// Whether a password is set. It protects nothing in the file: it only asks other programs to ask for it.
    pub(crate) password: bool,
    pub(crate) defects: Vec<Defect>,
}

impl Store {
    /// Opens the store; `asked` is the code page that the user gives for 8-bit strings of none.
    pub(crate) fn open(source: Source, limits: Limits, asked: Option<CodePage>) -> Result<Self> {
        let ndb = Arc::new(Ndb::open(source, limits)?);
        let mut store = Self {
            names: Arc::default(),
            code_page: Fallback::USUAL,
            known: Known::default(),
            ipm_subtree: None,
            search_root: None,
            roles: BTreeMap::new(),
            server_roles: BTreeMap::new(),
            password: false,
            defects: Vec::new(),
            ndb,
        };
        match names::read(&store.ndb) {
            Ok((names, defect)) => {
                store.names = Arc::new(names);
                store.defects.extend(defect);
            }
            Err(e) if e.is_fatal() => return Err(e),
            Err(e) => store.defect("the names of properties are lost", &e),
        }
        match store.read_store() {
            Err(e) if e.is_fatal() => return Err(e),
            Err(e) => store.defect("the properties of the store are lost", &e),
            Ok(()) => {}
        }
        match store.read_special_folders() {
            Err(e) if e.is_fatal() => return Err(e),
            _ => {}
        }
        let (code_page, defect) = text::code_page(&store.ndb, asked);
        store.code_page = code_page;
        store.defects.extend(defect);
        Ok(store)
    }

    fn defect(&mut self, what: &str, e: &crate::Error) {
        self.defects.push(Defect::new(DefectKind::Structure, format!("{what}: {e}")));
    }

    fn read_store(&mut self) -> Result<()> {
        let Some(node) = self.ndb.node(nid::MESSAGE_STORE)? else { return Ok(()) };
        let store = PropertyContext::open(&self.ndb, &node)?;
        let folder = |id| store.get(id).ok().flatten().as_ref().and_then(entry_id_node);
        self.ipm_subtree = folder(pid::IPM_SUBTREE_ENTRY_ID);
        self.search_root = folder(pid::FINDER_ENTRY_ID);
        self.add_role(folder(pid::IPM_WASTEBASKET_ENTRY_ID), Role::Trash);
        self.add_role(folder(pid::IPM_SENT_MAIL_ENTRY_ID), Role::Sent);
        let password = store.get(pid::PST_PASSWORD).ok().flatten().and_then(|value| value.integer());
        self.password = password.is_some_and(|checksum| checksum != 0 && checksum != -1);
        Ok(())
    }

    /// What the receive folders, the root folder and the inbox tell of other folders.
    fn read_special_folders(&mut self) -> Result<()> {
        self.read_receive_folders()?;
        let inbox = self.roles.iter().find(|(_, role)| **role == Role::Inbox).map(|(nid, _)| *nid);
        for nid in [Some(nid::ROOT_FOLDER), inbox].into_iter().flatten() {
            let Some(node) = self.ndb.node(nid)? else { continue };
            if self.ipm_subtree.is_none() && Some(nid) == inbox {
                // An OST does not name the folder that is shown as the mailbox; the inbox is in it.
                self.ipm_subtree = Some(node.parent).filter(|parent| nid::kind(*parent) == nid::NORMAL_FOLDER);
            }
            self.learn_roles(&PropertyContext::open(&self.ndb, &node)?);
        }
        Ok(())
    }

    /// The inbox is where messages of the class `IPM` or of no class are received ([MS-PST] 2.4.1, NID_TYPE_RECEIVE_FOLDER_TABLE).
    fn read_receive_folders(&mut self) -> Result<()> {
        let Some(node) = self.ndb.node(nid::RECEIVE_FOLDERS)? else { return Ok(()) };
        let table = TableContext::open(&self.ndb, &node)?;
        for i in 0..table.room().min(64) {
            let Some(row) = table.row(i)? else { break };
            let class = table.get(&row, pid::MESSAGE_CLASS)?.and_then(|class| class.text(self.code_page.page, NAME));
            if class.is_none_or(|class| class.is_empty() || class.eq_ignore_ascii_case("IPM")) {
                let (bag, _) = table.bag(&row, &self.names, DefectKind::Structure);
                let folder = bag.iter().find_map(|(id, value)| match (id, value) {
                    (_, PropertyValue::Integer32(value)) if nid::kind(*value as u32) == nid::NORMAL_FOLDER => {
                        Some(*value as u32)
                    }
                    (_, PropertyValue::Binary(_)) => entry_id_node(value),
                    _ => None,
                });
                self.add_role(folder, Role::Inbox);
            }
        }
        Ok(())
    }

    /// Learns from the root folder or the inbox, which name other special folders ([MS-OXOSFLD] 2.2.2, 2.2.3).
    fn learn_roles(&mut self, folder: &PropertyContext) {
        let value = |id| folder.get(id).ok().flatten();
        let additional = value(pid::ADDITIONAL_REN_ENTRY_IDS);
        let junk = additional.as_ref().and_then(|value| value.values().get(JUNK));
        let drafts = value(pid::IPM_DRAFTS_ENTRY_ID);
        let archive = value(ARCHIVE_ENTRY_ID);
        for (value, role) in [(drafts.as_ref(), Role::Drafts), (junk, Role::Junk), (archive.as_ref(), Role::Archive)] {
            let Some(value) = value else { continue };
            self.add_role(entry_id_node(value), role);
            if let Some(counter) = entry_id_counter(value) {
                self.server_roles.entry(counter).or_insert(role);
            }
        }
    }

    /// Gives a folder of an OST its role by the server's identifier of it.
    pub(super) fn recognise(&mut self, nid: u32, folder: &PropertyContext) {
        let Some(PropertyValue::Integer64(identifier)) = folder.get(FOLDER_ID).ok().flatten() else { return };
        let [replica_low, replica_high, counter @ ..] = identifier.to_le_bytes();
        let role = match ([replica_low, replica_high], counter) {
            ([0, 0], [0, 0, 0, 0, 0, LOCAL_DELETED_ITEMS]) => Some(Role::Trash),
            ([0, 0], [0, 0, 0, 0, 0, LOCAL_SENT_ITEMS]) => Some(Role::Sent),
            ([0, 0], _) => None,
            _ => self.server_roles.get(&counter).copied(),
        };
        if let Some(role) = role {
            self.add_role(Some(nid), role);
        }
    }

    fn add_role(&mut self, nid: Option<u32>, role: Role) {
        if let Some(nid) = nid {
            self.roles.entry(nid).or_insert(role);
        }
    }
}

/// The node that an entry identifier of this store names ([MS-PST] 2.4.3.2).
fn entry_id_node(value: &PropertyValue) -> Option<u32> {
    let octets = value.octets()?;
    if octets.len() != 24 {
        return None;
    }
    u32_at(&octets.first(24).ok()?, 20)
}

/// The counter in the entry identifier of a server's folder ([MS-OXCDATA] 2.2.4.1).
fn entry_id_counter(value: &PropertyValue) -> Option<[u8; 6]> {
    let octets = value.octets()?.first(47).ok()?;
    (octets.len() == 46).then(|| octets.get(38..44)?.try_into().ok()).flatten()
}
