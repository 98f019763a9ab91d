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
    aside: Vec<Defect>,
}

impl DefectLog {
    /// Adds a defect, unless one of the same place was added before.
    pub(crate) fn add(&self, place: u64, defect: Defect) {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if log.told.len() < PLACES && log.told.insert(place) && log.waiting.len() < WAITING {
            log.waiting.push(defect);
        }
    }

    /// Sets the defects that nobody took aside: they are not of what is read next.
    pub(crate) fn set_aside(&self) {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut waiting = mem::take(&mut log.waiting);
        log.aside.append(&mut waiting);
    }

    /// All defects that nobody took.
    pub(crate) fn take_all(&self) -> Vec<Defect> {
        self.set_aside();
        mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner).aside)
    }

    /// The defects since the last call, less those that were set aside.
    pub(crate) fn take(&self) -> Vec<Defect> {
        mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner).waiting)
    }
}
