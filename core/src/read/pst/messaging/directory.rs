//! Which internet addresses the messages of a store tell for addresses of Exchange.

use crate::{
    error::Result,
    mapi::{AddressMap, CodePage, Directory, NamedProperties, PropertyValue, pairs, pairs_of_contact},
    pst::nid,
    read::pst::{
        ltp::{PropertyContext, TableContext},
        ndb::{Ndb, Node},
    },
};
use std::sync::{Arc, OnceLock};

/// Octets of an address that are read, and addresses that are kept.
const ADDRESS: usize = 1024;
const ADDRESSES: usize = 1 << 16;

/// The addresses that all messages of a store tell: collected when a message first asks for one that it does not know.
#[derive(Debug)]
pub(super) struct StoreDirectory {
    ndb: Arc<Ndb>,
    names: Arc<NamedProperties>,
    known: Known,
}

/// What was collected, for all readers of the store.
pub(super) type Known = Arc<OnceLock<AddressMap>>;

impl StoreDirectory {
    pub(super) fn new(ndb: &Arc<Ndb>, names: &Arc<NamedProperties>, known: &Known) -> Self {
        Self { ndb: ndb.clone(), names: names.clone(), known: known.clone() }
    }

    fn collect(&self) -> AddressMap {
        let ndb = self.ndb.apart();
        let mut known = Collected { names: &self.names, map: AddressMap::default(), left: ADDRESSES };
        let mut after = None;
        while let Ok(Some(node)) = ndb.next_node(after) {
            after = Some(node.nid);
            if known.left == 0 || ndb.limits.stop.is_asked() {
                break;
            }
            if nid::kind(node.nid) == nid::NORMAL_MESSAGE {
                // What is damaged is told where the message itself is read.
                let _ = known.add_message(&ndb, &node);
            }
        }
        drop(ndb.defects.take());
        known.map
    }
}

impl Directory for StoreDirectory {
    fn internet_address(&self, exchange: &str) -> Option<String> {
        if self.known.get().is_none() && self.ndb.needs_turn().is_err() {
            // What is read ahead of its turn begins anew then.
            return None;
        }
        self.known.get_or_init(|| self.collect()).get(exchange).map(str::to_owned)
    }
}

struct Collected<'a> {
    names: &'a NamedProperties,
    map: AddressMap,
    left: usize,
}

impl Collected<'_> {
    fn add_message(&mut self, ndb: &Arc<Ndb>, node: &Node) -> Result<()> {
        let context = PropertyContext::open(ndb, node)?;
        let text = |id| text(context.get(id).ok().flatten());
        self.add(pairs(text));
        self.add(pairs_of_contact(self.names, text));
        let Some(node) = context.heap().subnodes().get(nid::RECIPIENT_TABLE)? else { return Ok(()) };
        let table = TableContext::open(ndb, &node)?;
        for i in 0..table.room().min(ndb.limits.entities as u64) {
            let Some(row) = table.row(i)? else { break };
            self.add(pairs(|id| self::text(table.get(&row, id).ok().flatten())));
        }
        Ok(())
    }

    fn add(&mut self, pairs: Vec<(String, String)>) {
        for (exchange, internet) in pairs {
            if self.left > 0 && self.map.get(&exchange).is_none() && internet.contains('@') {
                self.left -= 1;
                self.map.insert(&exchange, &internet);
            }
        }
    }
}

fn text(value: Option<PropertyValue>) -> Option<String> {
    value?.text(CodePage::WINDOWS_1252, ADDRESS)
}
