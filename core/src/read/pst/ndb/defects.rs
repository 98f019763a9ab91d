use crate::defect::Defect;
use crate::order;
use std::{
    collections::HashSet,
    mem,
    sync::{Mutex, PoisonError},
};

/// Places that are remembered so that each is told once.
const PLACES: usize = 1 << 14;
/// Defects that wait to be taken.
const WAITING: usize = 1 << 10;

/// What was found wrong while pages and blocks were read, until somebody takes it.
#[derive(Default)]
pub(crate) struct DefectLog(Mutex<Log>);

#[derive(Default)]
struct Log {
    seen: HashSet<u64>,
    /// By their places.
    waiting: Vec<(u64, Defect)>,
}

impl DefectLog {
    /// Adds a defect, unless one of the same place was added before.
    pub(crate) fn add(&self, place: u64, defect: Defect) {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if log.seen.len() < PLACES && log.seen.insert(place) && log.waiting.len() < WAITING {
            log.waiting.push((place, defect));
        }
    }

    /// Adds what `other` holds.
    pub(super) fn join(&self, other: &Self) {
        let waiting = mem::take(&mut other.0.lock().unwrap_or_else(PoisonError::into_inner).waiting);
        waiting.into_iter().for_each(|(place, defect)| self.add(place, defect));
    }

    /// The defects since the last call, in the order of their places, whichever thread met them first.
    pub(crate) fn take(&self) -> Vec<Defect> {
        let mut waiting = mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner).waiting);
        order::sort_by_key(&mut waiting, |(place, _)| *place);
        waiting.into_iter().map(|(_, defect)| defect).collect()
    }
}
