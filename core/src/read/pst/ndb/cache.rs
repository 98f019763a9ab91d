use std::{
    collections::HashMap,
    mem,
    sync::{Mutex, PoisonError},
};

/// What was used most recently, in bounded memory.
///
/// Two generations: what is used moves to the young one; when that is full it becomes the old one, and the old one goes.
pub(crate) struct Cache<T> {
    generations: Mutex<Generations<T>>,
    /// Octets that one generation may hold.
    budget: usize,
}

struct Generations<T> {
    young: HashMap<u64, (T, usize)>,
    old: HashMap<u64, (T, usize)>,
    /// Octets in the young generation.
    held: usize,
}

impl<T: Clone> Cache<T> {
    /// A cache that holds at most about `budget` octets.
    pub(crate) fn new(budget: usize) -> Self {
        let generations = Generations { young: HashMap::new(), old: HashMap::new(), held: 0 };
        Self { generations: Mutex::new(generations), budget: budget / 2 }
    }

    pub(crate) fn get(&self, key: u64) -> Option<T> {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((found, _)) = generations.young.get(&key) {
            return Some(found.clone());
        }
        let (found, octets) = generations.old.remove(&key)?;
        generations.insert(key, found.clone(), octets, self.budget);
        Some(found)
    }

    /// Keeps `thing`, which holds so many octets.
    pub(crate) fn insert(&self, key: u64, thing: T, octets: usize) {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner).insert(key, thing, octets, self.budget);
    }
}

impl<T> Generations<T> {
    fn insert(&mut self, key: u64, thing: T, octets: usize, budget: usize) {
        self.held = self.held.saturating_add(octets);
        if self.held > budget {
            self.held = octets;
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(key, (thing, octets));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_memory_is_bounded() {
        let cache = Cache::new(8);
        for key in 0..100 {
            cache.insert(key, key, 1);
            assert!(cache.get(0).is_some(), "0 is used again and again");
        }
        assert!(cache.get(50).is_none());
        let generations = cache.generations.lock().unwrap();
        assert!(generations.young.len() + generations.old.len() <= 8);
    }
}
