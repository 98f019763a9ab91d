use crate::defect::Defect;
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
    told: HashSet<u64>,
    waiting: Vec<Defect>,
}

impl DefectLog {
    /// Adds a defect, unless one of the same place was added before.
    pub(crate) fn add(&self, place: u64, defect: Defect) {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if log.told.len() < PLACES && log.told.insert(place) && log.waiting.len() < WAITING {
            log.waiting.push(defect);
        }
    }

    /// The defects since the last call.
    pub(crate) fn take(&self) -> Vec<Defect> {
        mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner).waiting)
    }
}
