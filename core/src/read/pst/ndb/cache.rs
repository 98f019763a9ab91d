use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Mutex, PoisonError},
};

/// The most recently used octets, in bounded memory.
///
/// Two generations: what is used moves to the young one; when that is full it becomes the old one, and the old one goes.
pub(crate) struct Cache {
    generations: Mutex<Generations>,
    /// Octets that one generation may hold.
    budget: usize,
}

#[derive(Default)]
struct Generations {
    young: HashMap<u64, Arc<[u8]>>,
    old: HashMap<u64, Arc<[u8]>>,
    /// Octets in the young generation.
    held: usize,
}

impl Cache {
    /// A cache that holds at most about `budget` octets.
    pub(crate) fn new(budget: usize) -> Self {
        Self { generations: Mutex::default(), budget: budget / 2 }
    }

    pub(crate) fn get(&self, key: u64) -> Option<Arc<[u8]>> {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = generations.young.get(&key) {
            return Some(found.clone());
        }
        let found = generations.old.remove(&key)?;
        generations.insert(key, found.clone(), self.budget);
        Some(found)
    }

    pub(crate) fn insert(&self, key: u64, octets: Arc<[u8]>) {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner).insert(key, octets, self.budget);
    }
}

impl Generations {
    fn insert(&mut self, key: u64, octets: Arc<[u8]>, budget: usize) {
        self.held += octets.len();
        if self.held > budget {
            self.held = octets.len();
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(key, octets);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_memory_is_bounded() {
        let cache = Cache::new(8);
        for key in 0..100 {
            cache.insert(key, Arc::from(&[key as u8][..]));
            assert!(cache.get(0).is_some(), "0 is used again and again");
        }
        assert!(cache.get(50).is_none());
        let generations = cache.generations.lock().unwrap();
        assert!(generations.young.len() + generations.old.len() <= 8);
    }
}
