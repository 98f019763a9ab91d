use super::{Store, directory::Known, message::Opening};
use crate::{
    error::{Error, ErrorKind, Result},
    mapi::{Fallback, MapiMessage, NamedProperties},
    model::Folder,
    read::pst::ndb::{Ndb, Node, at_node},
};
use std::sync::Arc;

/// A message that was found, to be opened.
#[derive(Debug)]
pub(crate) struct Listed {
    folder: Folder,
    nid: u32,
    ndb: Arc<Ndb>,
    names: Arc<NamedProperties>,
    code_page: Fallback,
    known: Known,
}

/// A message in its place.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) folder: Folder,
    pub(crate) node: Node,
    /// Where in the file its data starts.
    pub(crate) offset: u64,
    pub(crate) message: MapiMessage,
    /// What reads it, and tells what is wrong with what is still to be read.
    pub(crate) ndb: Arc<Ndb>,
}

impl Listed {
    pub(super) fn new(folder: Folder, nid: u32, store: &Store, code_page: Fallback) -> Self {
        Self { folder, nid, ndb: store.ndb.clone(), names: store.names.clone(), code_page, known: store.known.clone() }
    }

    /// What finds it, for readers of its own.
    pub(crate) fn ndb(&self) -> &Ndb {
        &self.ndb
    }

    /// Its folder and its node.
    pub(crate) fn into_place(self) -> (Folder, u32) {
        (self.folder, self.nid)
    }

    /// Opens it with a reader of its own.
    pub(crate) fn open(&self, ndb: Arc<Ndb>) -> Result<Place> {
        let node = ndb.node_somewhere(self.nid)?.ok_or_else(|| {
            let what = format!("a message of the folder \"{}\" is not in the file", self.folder.path);
            Error::new(ErrorKind::Malformed, what).at(at_node(self.nid)).non_fatal()
        })?;
        self.open_node(node, ndb)
    }

    /// Opens it where its node is known.
    pub(super) fn open_node(&self, node: Node, ndb: Arc<Ndb>) -> Result<Place> {
        let opening = Opening::new(&ndb, &self.names, self.code_page, &self.known);
        let mut message = opening.message(&node).map_err(|e| e.at(at_node(self.nid)))?;
        let offset = ndb.location(&node);
        message.defects.append(&mut ndb.defects.take());
        Ok(Place { folder: self.folder.clone(), node, offset, message, ndb })
    }
}
