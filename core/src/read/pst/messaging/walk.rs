//! From folder to folder and message to message ([MS-PST] 2.4.4).

use super::{Listed, Place, Store, orphaned::Orphaned, parents::Parents, seen::Seen, store::NAME};
use crate::{
    defect::{Defect, DefectKind},
    error::{Error, ErrorKind, Result},
    mapi::{CodePage, Declared, Fallback, LISTED_HEADERS, LISTED_STATES, PropertyBag, PropertyValue, Sample, pid},
    model::{Folder, FolderPath},
    pst::nid,
    read::{
        Lists,
        pst::ltp::{Column, Cursor, PropertyContext, TableContext},
        recovered,
    },
};
use std::collections::BTreeMap;

/// Folders inside one another that are followed.
const DEPTH: usize = 256;
/// Folders of one folder.
const CHILDREN: usize = 1 << 20;

/// Folders whose own code pages are kept.
const FOLDER_CODE_PAGES: usize = 1 << 16;

/// Octets that nodes take at most of which none is the neighbour of another, to be told apart.
const SEEN: usize = 64;

/// Which messages are wanted beside those that a mail client shows.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted {
    /// Those associated with folders: views, rules, settings.
    pub(crate) hidden: bool,
    /// Those that no folder lists.
    pub(crate) lost: bool,
    /// What is taken from the lists of folders, so that messages need not be opened for it.
    pub(crate) lists: Lists,
}

/// A message that was found.
#[derive(Debug)]
pub(crate) enum Found {
    /// To be opened, unless what the list of its folder has of it is enough.
    Listed(Listed, Option<PropertyBag>),
    /// Open.
    Open(Box<Place>),
}

/// Goes through all messages of a store, folder by folder.
#[derive(Debug)]
pub(crate) struct Walk {
    store: Store,
    wanted: Wanted,
    /// Folders still to be visited, the next one last.
    waiting: Vec<(u32, FolderPath)>,
    folders: Vec<Folder>,
    seen_folders: Seen,
    seen_messages: Seen,
    /// Octets of the names of folders that may still be held; `None` once there were more.
    names_left: Option<usize>,
    /// Whether it was told that there are more nodes than are kept.
    cut_told: bool,
    here: Option<Here>,
    /// The code page of 8-bit strings in the folder at hand, where a message does not say.
    code_page: Fallback,
    /// The same of folders that say it themselves.
    code_pages: BTreeMap<u32, CodePage>,
    stage: Stage,
    /// Whether damage was met before anything was looked for beside what folders list.
    pub(crate) is_damaged: bool,
    parents: Option<Parents>,
    /// Messages whose nodes are lost.
    orphaned: Option<Orphaned>,
    /// Rows of all lists together that may still be read: no more than the file has room for, lest many folders share one list.
    rows_left: u64,
    pub(crate) defects: Vec<Defect>,
}

/// How far the walk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// From the root folder down.
    Listed,
    /// Folders that no folder lists; up to this node they were looked at.
    LostFolders(Option<u32>),
    /// Messages that no folder lists; up to this node they were looked at.
    LostMessages(Option<u32>),
    /// Messages that no node leads to.
    Orphaned,
    Done,
}

/// The folder whose messages come next.
#[derive(Debug)]
struct Here {
    folder: Folder,
    nid: u32,
    table: Table,
    associated: bool,
}

/// Where the messages of a folder are listed.
#[derive(Debug)]
enum Table {
    /// With the columns of what is taken from it, if it has them all.
    Index(Box<TableContext>, Cursor, Option<Vec<Column>>),
    /// The table is lost: the nodes that name the folder as their parent, after this one.
    Nodes(Option<u32>),
}

impl Walk {
    pub(crate) fn new(mut store: Store, wanted: Wanted) -> Self {
        let defects = std::mem::take(&mut store.defects);
        // A hostile store shall find no more room here than a search of the whole file does.
        let share = store.ndb.limits.salvage / 4;
        let code_page = store.code_page;
        let mut seen_folders = Seen::new(share / SEEN);
        seen_folders.insert(nid::ROOT_FOLDER);
        Self {
            rows_left: store.ndb.len(),
            parents: None,
            orphaned: None,
            store,
            wanted,
            waiting: vec![(nid::ROOT_FOLDER, FolderPath::default())],
            folders: Vec::new(),
            seen_folders,
            seen_messages: Seen::new(share / SEEN),
            names_left: Some(share),
            cut_told: false,
            here: None,
            code_page,
            code_pages: BTreeMap::new(),
            stage: Stage::Listed,
            is_damaged: false,
            defects,
        }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn folders(&self) -> &[Folder] {
        &self.folders
    }

    /// Why a store without a message is none at all: neither was a folder found, nor the list of them ([MS-PST] 2.4.1).
    pub(crate) fn why_nothing(&self) -> Option<Error> {
        let root = || self.table(nid::with_kind(nid::ROOT_FOLDER, nid::HIERARCHY_TABLE));
        // Where what no folder lists would be put is no find.
        let has_folders = self.folders.iter().any(|folder| folder.path != recovered::folder().path);
        if has_folders || !self.is_damaged && matches!(root(), Ok(Some(_))) {
            return None;
        }
        let more = if self.wanted.lost || self.is_damaged {
            ""
        } else {
            "; with recovery (--recover) the whole file is searched"
        };
        let what = format!(
            "nothing was found in the store, neither a folder nor a message: it is damaged, cut short or overwritten{more}. Take another \
             copy of it, or repair one with Outlook's Inbox Repair Tool (scanpst.exe)"
        );
        Some(Error::new(ErrorKind::Malformed, what))
    }

    /// The next message, or `None` after the last. After an error that is not fatal the next call goes on behind it.
    pub(crate) fn next(&mut self) -> Result<Option<Place>> {
        Ok(match self.find()? {
            Some(Found::Listed(listed, _)) => Some(listed.open(self.store.ndb.apart())?),
            Some(Found::Open(place)) => Some(*place),
            None => None,
        })
    }

    /// The same, not opened where a folder lists it.
    pub(crate) fn find(&mut self) -> Result<Option<Found>> {
        loop {
            match self.next_listed()? {
                Some((folder, nid, row)) => {
                    if !self.see_message(nid) {
                        continue;
                    }
                    let properties = row.and_then(|row| self.row(nid, row));
                    let listed = Listed::new(folder, nid, &self.store, self.code_page);
                    return Ok(Some(Found::Listed(listed, properties)));
                }
                None => match self.waiting.pop() {
                    Some((nid, path)) => self.enter(nid, path)?,
                    None => match self.next_lost()? {
                        Some((folder, nid)) => match self.open(folder, nid) {
                            // Of what was deleted long ago some is overwritten: that is no item any more.
                            Err(e) if !e.is_fatal() && !self.store.ndb.is_live(nid) => {}
                            opened => return opened.map(|place| Some(Found::Open(Box::new(place)))),
                        },
                        None if self.stage == Stage::Orphaned => {
                            return Ok(self.next_orphaned()?.map(|place| Found::Open(Box::new(place))));
                        }
                        None if self.stage == Stage::Done => return Ok(None),
                        None => {}
                    },
                },
            }
        }
    }

    /// Notes a message; `false` when it was met before.
    fn see_message(&mut self, nid: u32) -> bool {
        let was_full = self.seen_messages.is_full;
        let is_new = self.seen_messages.insert(nid);
        if self.seen_messages.is_full && !was_full {
            self.defects.push(too_many("messages"));
        }
        is_new
    }

    /// The next message, where nothing has to be read to find it: only then it does not matter whether those before it were opened.
    pub(crate) fn next_ahead(&mut self) -> Option<Listed> {
        loop {
            let Here { folder, table: Table::Index(table, cursor, _), .. } = self.here.as_mut()? else { return None };
            if self.rows_left == 0 || !cursor.is_within_list() {
                return None;
            }
            let (nid, _) = table.next_indexed(cursor).ok()??;
            let folder = folder.clone();
            self.rows_left -= 1;
            if self.see_message(nid) {
                return Some(Listed::new(folder, nid, &self.store, self.code_page));
            }
        }
    }

    /// What the list of the folder at hand tells in this row of the message `nid`, where the message is there and nothing is damaged.
    fn row(&self, nid: u32, row: u32) -> Option<PropertyBag> {
        let Some(Here { table: Table::Index(table, _, Some(columns)), .. }) = &self.here else { return None };
        if self.store.ndb.is_damaged() || self.store.ndb.node(nid).ok()?.is_none() {
            return None;
        }
        let row = table.row(row.into()).ok()?.filter(|row| table.identifier(row) == Some(nid))?;
        table.cells(&row, columns)
    }

    fn open(&self, folder: Folder, nid: u32) -> Result<Place> {
        Listed::new(folder, nid, &self.store, self.code_page).open(self.store.ndb.apart())
    }

    /// The next message that the folder at hand lists, and in which row.
    fn next_listed(&mut self) -> Result<Option<(Folder, u32, Option<u32>)>> {
        loop {
            let Some(here) = &mut self.here else { return Ok(None) };
            match &mut here.table {
                Table::Index(table, cursor, _) => match table.next_indexed(cursor) {
                    Ok(Some(_)) if self.rows_left == 0 => {
                        let what = "the lists of messages have more rows than the file has room for";
                        self.defects.push(Defect::new(DefectKind::Structure, what));
                    }
                    Ok(Some((nid, row))) => {
                        self.rows_left -= 1;
                        return Ok(Some((here.folder.clone(), nid, Some(row))));
                    }
                    Ok(None) => {}
                    Err(e) if e.is_fatal() => return Err(e),
                    Err(e) => {
                        self.defects.push(lost_list(&here.folder, &e));
                        here.table = Table::Nodes(None);
                        continue;
                    }
                },
                Table::Nodes(after) => {
                    let kind = if here.associated { nid::ASSOCIATED_MESSAGE } else { nid::NORMAL_MESSAGE };
                    let (parent, above, folder) = (here.nid, *after, here.folder.clone());
                    let next = self.parents()?.of(parent, kind, above).next();
                    if let (Some(nid), Some(here)) = (next, &mut self.here) {
                        here.table = Table::Nodes(next);
                        return Ok(Some((folder, nid, None)));
                    }
                }
            }
            let Some(here) = &self.here else { return Ok(None) };
            if here.associated || !self.wanted.hidden {
                self.here = None;
            } else {
                let (folder, nid) = (here.folder.clone(), here.nid);
                self.here = Some(self.list(folder, nid, true)?);
            }
        }
    }

    /// Visits a folder: learns its name, its messages and the folders in it.
    fn enter(&mut self, nid: u32, path: FolderPath) -> Result<()> {
        let folder = Folder { role: self.store.roles.get(&nid).copied(), path };
        let shown = ![Some(nid::ROOT_FOLDER), self.store.ipm_subtree, self.store.search_root].contains(&Some(nid));
        if shown && (self.wanted.hidden || !self.is_of_program(nid, &folder.path)) {
            self.folders.push(folder.clone());
        }
        let mut children = Vec::new();
        for child in self.children(nid)? {
            if nid::kind(child) == nid::NORMAL_FOLDER
                && folder.path.names().len() < DEPTH
                && self.seen_folders.insert(child)
            {
                let path = self.child_path(child, &folder.path)?;
                if self.has_room_for(&path) {
                    children.push((child, path));
                }
            } else if nid::kind(child) == nid::SEARCH_FOLDER && self.seen_folders.insert(child) {
                self.pass_search_folder(child)?;
            }
        }
        self.waiting.extend(children.into_iter().rev());
        self.here = Some(self.list(folder, nid, false)?);
        Ok(())
    }

    /// Whether the folder is one that a program keeps for itself, by its name or because it says that it is hidden, or one in it: what is
    /// in it is read, but an empty one is nothing to keep.
    fn is_of_program(&mut self, nid: u32, path: &FolderPath) -> bool {
        let is_in_such = path.names().iter().any(|name| OF_PROGRAMS.contains(&&**name));
        let is_hidden = |store: &Store| {
            let node = store.ndb.node(nid).ok()??;
            let folder = PropertyContext::open(&store.ndb, &node).ok()?;
            match folder.get(pid::ATTRIBUTE_HIDDEN).ok()?? {
                PropertyValue::Boolean(hidden) => Some(hidden),
                _ => None,
            }
        };
        is_in_such || is_hidden(&self.store) == Some(true)
    }

    /// Whether one folder more can be held.
    fn has_room_for(&mut self, path: &FolderPath) -> bool {
        let names =
            path.names().iter().map(|name| name.len() + size_of::<String>()).sum::<usize>() + size_of::<Folder>();
        let Some(left) = self.names_left else { return false };
        self.names_left = left.checked_sub(names);
        if self.names_left.is_none() {
            self.defects.push(too_many("folders"));
        }
        self.names_left.is_some()
    }

    /// Tells of a search folder: what it shows stands in the folders that it searches.
    fn pass_search_folder(&mut self, nid: u32) -> Result<()> {
        let name = match self.folder_name(nid) {
            Ok(name) => name,
            Err(e) if e.is_fatal() => return Err(e),
            Err(_) => None,
        };
        let name = name.unwrap_or_else(|| format!("{nid:#x}"));
        let what = format!("\"{name}\" is a search folder and was skipped: its items are in other folders");
        self.defects.push(Defect::new(DefectKind::SearchFolder, what));
        Ok(())
    }

    /// Starts on the messages that a folder lists, or on those associated with it.
    fn list(&mut self, folder: Folder, nid: u32, associated: bool) -> Result<Here> {
        self.code_page = self.code_pages.get(&nid).copied().map_or(self.store.code_page, Fallback::settled);
        let kind = if associated { nid::ASSOCIATED_CONTENTS_TABLE } else { nid::CONTENTS_TABLE };
        let table = match self.table(nid::with_kind(nid, kind)) {
            Ok(Some(table)) => match table.index() {
                Some(cursor) => {
                    let columns = self.columns(&table);
                    Table::Index(Box::new(table), cursor, columns)
                }
                None => Table::Nodes(None),
            },
            Ok(None) => Table::Nodes(None),
            Err(e) if e.is_fatal() => return Err(e),
            Err(e) => {
                self.defects.push(lost_list(&folder, &e));
                Table::Nodes(None)
            }
        };
        Ok(Here { folder, nid, table, associated })
    }

    /// The columns of what is taken from the list of a folder.
    fn columns(&self, table: &TableContext) -> Option<Vec<Column>> {
        match self.wanted.lists {
            Lists::Unused => None,
            Lists::Headers => table.columns(LISTED_HEADERS),
            Lists::HeadersAndStates => table.columns(&[LISTED_HEADERS, LISTED_STATES].concat()),
        }
    }

    fn table(&self, nid: u32) -> Result<Option<TableContext>> {
        match self.store.ndb.node(nid)? {
            Some(node) => TableContext::open(&self.store.ndb, &node).map(Some),
            None => Ok(None),
        }
    }

    /// The folders in a folder: by its table, or else by their own word.
    fn children(&mut self, nid: u32) -> Result<Vec<u32>> {
        let listed = self
            .table(nid::with_kind(nid, nid::HIERARCHY_TABLE))
            .and_then(|table| table.map(|table| table.identifiers(CHILDREN)).transpose());
        match listed {
            Ok(Some(children)) => return Ok(children),
            Ok(None) => {}
            Err(e) if e.is_fatal() => return Err(e),
            Err(e) => {
                let what = format!("the list of folders in folder {nid:#x} is lost: {e}");
                self.defects.push(Defect::new(DefectKind::Structure, what));
            }
        }
        Ok(self.parents()?.of(nid, nid::NORMAL_FOLDER, None).take(CHILDREN).collect())
    }

    /// What the nodes themselves say of their folders; listed once, and once more when damage is found.
    fn parents(&mut self) -> Result<&Parents> {
        let parents = match self.parents.take() {
            Some(parents) if parents.damaged == self.store.ndb.is_damaged() => parents,
            _ => Parents::list(&self.store.ndb)?,
        };
        if parents.is_cut && !std::mem::replace(&mut self.cut_told, true) {
            self.defects.push(too_many("nodes"));
        }
        Ok(self.parents.insert(parents))
    }

    /// The path of a folder: the mailbox itself has no name.
    fn child_path(&mut self, nid: u32, parent: &FolderPath) -> Result<FolderPath> {
        if Some(nid) == self.store.ipm_subtree {
            return Ok(FolderPath::default());
        }
        let name = match self.folder_name(nid) {
            Ok(name) => name,
            Err(e) if e.is_fatal() => return Err(e),
            Err(e) => {
                let what = format!("the name of folder {nid:#x} is lost: {e}");
                self.defects.push(Defect::new(DefectKind::Structure, what));
                None
            }
        };
        let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| format!("Folder {nid:x}"));
        if self.store.ipm_subtree.is_none() && name == "IPM_SUBTREE" {
            self.store.ipm_subtree = Some(nid);
            return Ok(FolderPath::default());
        }
        Ok(FolderPath::new(parent.names().iter().cloned().chain([name])))
    }

    fn folder_name(&mut self, nid: u32) -> Result<Option<String>> {
        let Some(node) = self.store.ndb.node(nid)? else { return Ok(None) };
        let folder = PropertyContext::open(&self.store.ndb, &node)?;
        self.store.recognise(nid, &folder);
        let Some(name) = folder.get(pid::DISPLAY_NAME)? else { return Ok(None) };
        let mut sample = Sample::default();
        sample.add(&name);
        let declared = Declared::by(|id| folder.get(id).ok().flatten()?.integer());
        let page = declared.fitting(&sample);
        if let Some(page) = page
            && self.code_pages.len() < FOLDER_CODE_PAGES
        {
            self.code_pages.insert(nid, page);
        }
        Ok(name.text(page.unwrap_or(self.store.code_page.page), NAME))
    }

    /// The next folder or message that no folder lists. Folders only where something was found damaged.
    fn next_lost(&mut self) -> Result<Option<(Folder, u32)>> {
        match self.stage {
            Stage::Listed if self.wanted.lost || self.store.ndb.is_damaged() => {
                self.is_damaged = self.store.ndb.is_damaged();
                if self.wanted.lost {
                    self.store.ndb.search()?;
                }
                self.stage = Stage::LostFolders(None);
            }
            Stage::Listed => self.stage = Stage::Done,
            Stage::LostFolders(after) => match self.store.ndb.next_node(after)? {
                None => self.stage = Stage::LostMessages(None),
                Some(node) => {
                    self.stage = Stage::LostFolders(Some(node.nid));
                    if nid::kind(node.nid) == nid::NORMAL_FOLDER
                        && node.nid != nid::ROOT_FOLDER
                        && self.seen_folders.insert(node.nid)
                    {
                        let path = self.child_path(node.nid, &recovered::folder().path)?;
                        if self.has_room_for(&path) {
                            self.waiting.push((node.nid, path));
                        }
                    }
                }
            },
            Stage::LostMessages(after) => match self.store.ndb.next_node(after)? {
                None if self.store.ndb.lacks_nodes() => self.stage = Stage::Orphaned,
                None => self.stage = Stage::Done,
                Some(node) => {
                    self.stage = Stage::LostMessages(Some(node.nid));
                    if nid::kind(node.nid) == nid::NORMAL_MESSAGE && node.data != 0 && self.see_message(node.nid) {
                        return Ok(Some((self.recovered(), node.nid)));
                    }
                }
            },
            Stage::Orphaned | Stage::Done => {}
        }
        Ok(None)
    }

    /// The next message that no node leads to.
    fn next_orphaned(&mut self) -> Result<Option<Place>> {
        let mut orphaned = match self.orphaned.take() {
            Some(orphaned) => orphaned,
            None => Orphaned::new(&self.store.ndb, self.store.code_page.page)?,
        };
        let found = orphaned.next_message(self.wanted.hidden)?;
        self.orphaned = Some(orphaned);
        let Some((node, mut defects)) = found else {
            self.stage = Stage::Done;
            return Ok(None);
        };
        let folder = self.recovered();
        let mut place =
            Listed::new(folder, node.nid, &self.store, self.store.code_page).open_node(node, self.store.ndb.apart())?;
        place.message.defects.append(&mut defects);
        Ok(Some(place))
    }

    /// The folder of what no folder lists.
    fn recovered(&mut self) -> Folder {
        let folder = recovered::folder();
        if self.folders.last() != Some(&folder) {
            self.folders.push(folder.clone());
        }
        folder
    }
}

/// Folders that Outlook, Exchange and what syncs with them keep for themselves, and that no mail program shows.
const OF_PROGRAMS: [&str; 14] = [
    "~MAPISP(Internal)",
    "Yammer Root",
    "Conversation Action Settings",
    "Quick Step Settings",
    "ExternalContacts",
    "PersonMetadata",
    "Social Activity Notifications",
    "EventCheckPoints",
    "GraphFilesAndWorkingSetSearchFolder",
    "Freebusy Data",
    "Spooler Queue",
    "Common Views",
    "IPM_COMMON_VIEWS",
    "IPM_VIEWS",
];

fn too_many(what: &str) -> Defect {
    let what = format!("the store has more {what} than are kept: some are not found");
    Defect::new(DefectKind::Structure, what)
}

fn lost_list(folder: &Folder, e: &Error) -> Defect {
    Defect::new(
        DefectKind::Structure,
        format!("the list of messages of the folder \"{}\" is lost in part: {e}", folder.path),
    )
}
