//! A hash index in shards, so that no single growth step takes long.

use hashbrown::HashTable;

use super::CapacityError;
use super::budget::Budget;

/// 256 shards: at a million entries one holds 4,000, and a rehash of one stays far under a millisecond.
const SHARDS: usize = 256;

/// Shards with fewer buckets than this grow to four times as many, larger ones to twice: they are small for long, and each step moves
/// all that is in one.
const SMALL: usize = 64;

/// Maps 32-bit hashes to 32-bit values; what a value stands for, the caller knows.
#[derive(Debug)]
pub(super) struct Index {
    shards: Vec<HashTable<u32>>,
}

impl Index {
    pub(super) fn new() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| HashTable::new()).collect(),
        }
    }

    /// Bytes of an empty index, which no budget counts.
    pub(super) const BASE_BYTES: usize = SHARDS * size_of::<HashTable<u32>>();

    pub(super) fn find(&self, hash: u32, mut eq: impl FnMut(u32) -> bool) -> Option<u32> {
        self.shards
            .get(shard(hash))?
            .find(spread(hash), |&value| eq(value))
            .copied()
    }

    /// Room for one more entry with this hash. `hash_of` tells the hash of a value already in.
    pub(super) fn reserve(
        &mut self,
        hash: u32,
        budget: &mut Budget,
        hash_of: &dyn Fn(u32) -> u32,
    ) -> Result<(), CapacityError> {
        let Some(table) = self.shards.get_mut(shard(hash)) else {
            return Ok(());
        };
        if table.len() < table.capacity() {
            return Ok(());
        }
        // A bucket is a value and a control byte, and a group of control bytes stands at the end.
        let before = table.allocation_size();
        let buckets = table.num_buckets().max(4);
        // Asked for room for so many more, a table gets as many buckets; asked for one more, it doubles or tidies up.
        let (growth, additional) = if buckets < SMALL {
            (4, table.len() * 3 + 1)
        } else {
            (2, 1)
        };
        let estimate = (buckets * growth * (size_of::<u32>() + 1) + 32).saturating_sub(before);
        budget.grow(estimate)?;
        let reserved = table.try_reserve(additional, rehash(hash_of));
        budget.shrink(estimate);
        if reserved.is_err() {
            return Err(budget.exhausted());
        }
        budget.grow(table.allocation_size().saturating_sub(before))
    }

    /// Adds an entry, in the room that [`Index::reserve`] made.
    pub(super) fn insert(&mut self, hash: u32, value: u32, hash_of: &dyn Fn(u32) -> u32) {
        if let Some(table) = self.shards.get_mut(shard(hash)) {
            table.insert_unique(spread(hash), value, rehash(hash_of));
        }
    }

    pub(super) fn remove(&mut self, hash: u32, value: u32) {
        if let Some(table) = self.shards.get_mut(shard(hash))
            && let Ok(entry) = table.find_entry(spread(hash), |&other| other == value)
        {
            entry.remove();
        }
    }
}

/// The one type of closure that tables are given to rehash by: each type is another copy of their code.
fn rehash(hash_of: &dyn Fn(u32) -> u32) -> impl Fn(&u32) -> u64 {
    |&value| spread(hash_of(value))
}

/// The top byte picks the shard.
fn shard(hash: u32) -> usize {
    (hash >> 24) as usize
}

/// Spreads a hash over 64 bits: within a shard the top byte is the same for all, and a table
/// takes its tag from the top bits of a machine word.
fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}
