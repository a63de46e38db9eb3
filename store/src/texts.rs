//! A map from texts to bytes, in the one hash table of the house.

use super::CapacityError;
use super::budget::Budget;
use super::hash::Hasher;
use super::index::Index;

/// Entries in no order that matters. Whoever uses it counts their memory.
#[derive(Debug)]
pub struct Texts {
    index: Index,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    hash: u32,
    key: String,
    value: Vec<u8>,
}

impl Default for Texts {
    fn default() -> Self {
        Self::new()
    }
}

impl Texts {
    /// An empty map.
    #[must_use]
    pub fn new() -> Self {
        Self {
            index: Index::new(),
            entries: Vec::new(),
        }
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// `hasher`: always the same one.
    #[must_use]
    pub fn get(&self, key: &str, hasher: Hasher) -> Option<&[u8]> {
        let at = self.find(key, hash(key, hasher))?;
        Some(&self.entries.get(at as usize)?.value)
    }

    /// Adds an entry, or replaces its value.
    ///
    /// # Errors
    /// The allocator refuses, or there are 2³² entries: nothing has changed.
    pub fn insert(
        &mut self,
        key: String,
        value: Vec<u8>,
        hasher: Hasher,
    ) -> Result<(), CapacityError> {
        let hash = hash(&key, hasher);
        if let Some(at) = self.find(&key, hash) {
            if let Some(entry) = self.entries.get_mut(at as usize) {
                entry.value = value;
            }
            return Ok(());
        }
        let mut budget = Budget::new(usize::MAX);
        budget.reserve(&mut self.entries)?;
        let at = u32::try_from(self.entries.len()).map_err(|_| budget.exhausted())?;
        let entries = &self.entries;
        let hash_of = |at: u32| entries.get(at as usize).map_or(0, |entry| entry.hash);
        self.index.reserve(hash, &mut budget, &hash_of)?;
        self.index.insert(hash, at, &hash_of);
        self.entries.push(Entry { hash, key, value });
        Ok(())
    }

    /// Takes an entry out; whether it was there.
    pub fn remove(&mut self, key: &str, hasher: Hasher) -> bool {
        let hash = hash(key, hasher);
        let Some(at) = self.find(key, hash) else {
            return false;
        };
        // The last entry moves into its place.
        self.index.remove(hash, at);
        let Some(last) = self.entries.pop() else {
            return false;
        };
        if let Some(place) = self.entries.get_mut(at as usize) {
            let moved = last.hash;
            *place = last;
            let entries = &self.entries;
            let from = u32::try_from(entries.len()).unwrap_or(u32::MAX);
            self.index.remove(moved, from);
            self.index.insert(moved, at, &|at| {
                entries.get(at as usize).map_or(0, |entry| entry.hash)
            });
        }
        true
    }

    /// Takes any entry out.
    pub fn pop(&mut self) -> Option<(String, Vec<u8>)> {
        let entry = self.entries.pop()?;
        let at = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        self.index.remove(entry.hash, at);
        Some((entry.key, entry.value))
    }

    fn find(&self, key: &str, hash: u32) -> Option<u32> {
        self.index.find(hash, |at| {
            let entry = self.entries.get(at as usize);
            entry.is_some_and(|entry| entry.key == key)
        })
    }
}

fn hash(key: &str, hasher: Hasher) -> u32 {
    hasher.hash(&[key.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn agrees_with_a_map_of_the_standard_library() {
        let hasher = Hasher::new(7);
        let (mut texts, mut model) = (Texts::new(), BTreeMap::new());
        for step in 0_u32..20_000 {
            let random = step.wrapping_mul(0x9E37_79B1).rotate_left(11);
            let key = (random % 997).to_string();
            let value = step.to_le_bytes().to_vec();
            if random & 0x1_0000 == 0 {
                texts.insert(key.clone(), value.clone(), hasher).unwrap();
                model.insert(key, value);
            } else if random & 0x6_0000 == 0 {
                let (key, value) = texts.pop().unwrap_or_default();
                assert_eq!(model.remove(&key).unwrap_or_default(), value);
            } else {
                assert_eq!(texts.remove(&key, hasher), model.remove(&key).is_some());
            }
            assert_eq!(texts.is_empty(), model.is_empty());
        }
        assert!(model.len() > 100);
        for (key, value) in &model {
            assert_eq!(texts.get(key, hasher), Some(&value[..]));
        }
        let mut left = std::iter::from_fn(|| texts.pop()).collect::<Vec<_>>();
        left.sort();
        assert_eq!(left, model.into_iter().collect::<Vec<_>>());
    }
}
