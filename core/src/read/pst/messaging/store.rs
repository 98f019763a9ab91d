//! The message store and what its folders are for ([MS-PST] 2.4.3).

use super::names;
use crate::{
    defect::{Defect, DefectKind},
    error::Result,
    limits::Limits,
    mapi::{CodePage, NamedProperties, PropertyValue, pid},
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

/// What is known of the store as a whole.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) ndb: Arc<Ndb>,
    pub(crate) names: Arc<NamedProperties>,
    pub(crate) code_page: CodePage,
    /// The folder that a mail client shows as the mailbox.
    pub(crate) ipm_subtree: Option<u32>,
    pub(crate) search_root: Option<u32>,
    pub(crate) roles: BTreeMap<u32, Role>,
    /// Whether a password is set. It protects nothing in the file: it only asks other programs to ask for it.
    pub(crate) password: bool,
    pub(crate) defects: Vec<Defect>,
}

impl Store {
    pub(crate) fn open(source: Source, limits: Limits) -> Result<Self> {
        let ndb = Arc::new(Ndb::open(source, limits)?);
        let mut store = Self {
            names: Arc::default(),
            code_page: CodePage::WINDOWS_1252,
            ipm_subtree: None,
            search_root: None,
            roles: BTreeMap::new(),
            password: false,
            defects: Vec::new(),
            ndb,
        };
        match names::read(&store.ndb) {
            Ok(names) => store.names = Arc::new(names),
            Err(e) if e.is_fatal() => return Err(e),
            Err(e) => store.defect("the names of properties are lost", &e),
        }
        match store.read_store() {
            Err(e) if e.is_fatal() => return Err(e),
            Err(e) => store.defect("the properties of the store are lost", &e),
            Ok(()) => {}
        }
        if let Err(e) = store.read_receive_folders()
            && e.is_fatal()
        {
            return Err(e);
        }
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

    /// The inbox is where messages of the class `IPM` or of no class are received ([MS-PST] 2.4.1, NID_TYPE_RECEIVE_FOLDER_TABLE).
    fn read_receive_folders(&mut self) -> Result<()> {
        let Some(node) = self.ndb.node(nid::RECEIVE_FOLDERS)? else { return Ok(()) };
        let table = TableContext::open(&self.ndb, &node)?;
        for i in 0..table.room().min(64) {
            let Some(row) = table.row(i)? else { break };
            let class = table.get(&row, pid::MESSAGE_CLASS)?.and_then(|class| class.text(self.code_page, NAME));
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

    /// Learns from the root folder or the inbox, which name the other special folders ([MS-OXOSFLD] 2.2.2).
    pub(super) fn learn_roles(&mut self, folder: &PropertyContext) {
        let value = |id| folder.get(id).ok().flatten();
        self.add_role(value(pid::IPM_DRAFTS_ENTRY_ID).as_ref().and_then(entry_id_node), Role::Drafts);
        if let Some(value) = value(pid::ADDITIONAL_REN_ENTRY_IDS) {
            self.add_role(value.values().get(4).and_then(entry_id_node), Role::Junk);
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
