//! Byte strings that many rows share, kept once.
//!
//! The pods of one `ReplicaSet` have the same namespace, owners and (nearly always) labels; kept once, they cost a row
//! four bytes each.

use super::CapacityError;
use super::arena::{Arena, Loc};
use super::budget::Budget;
use super::hash::Hasher;
use super::index::Index;
use crate::json::simd::same;

/// Uses and hash stand before the bytes, then the length.
const HEADER: usize = 12;

/// The shared byte strings, counted by use. They have an arena of their own: they outlive the records of a snapshot, and among
/// those they would keep whole segments from being given back.
#[derive(Debug)]
pub(super) struct Interner {
    index: Index,
    arena: Arena,
    /// What was acquired last, by kind: rows come in the order of their names, so neighbours share nearly everything, and a
    /// comparison is cheaper than a hash and a search.
    recent: [Loc; KINDS],
}

/// What a text is. Only a hint where to look first.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Namespace,
    Labels,
    Owners,
    Finalizers,
}

const KINDS: usize = 4;

impl Interner {
    pub(super) fn new() -> Self {
        Self {
            index: Index::new(),
            arena: Arena::new(),
            recent: [Loc::NONE; KINDS],
        }
    }

    /// Keeps `text`, once more; [`Interner::release`] lets go of it.
    pub(super) fn acquire(
        &mut self,
        kind: Kind,
        text: &[u8],
        hasher: Hasher,
        budget: &mut Budget,
    ) -> Result<Loc, CapacityError> {
        let recent = self.recent[kind as usize];
        if recent != Loc::NONE && same(bytes(&self.arena, recent), text) {
            return self.once_more(recent, budget);
        }
        let at = self.find_or_add(text, hasher, budget)?;
        self.recent[kind as usize] = at;
        Ok(at)
    }

    fn once_more(&mut self, at: Loc, budget: &Budget) -> Result<Loc, CapacityError> {
        let uses = uses(&self.arena, at)
            .checked_add(1)
            .ok_or(budget.exhausted())?;
        set_uses(&mut self.arena, at, uses);
        Ok(at)
    }

    fn find_or_add(
        &mut self,
        text: &[u8],
        hasher: Hasher,
        budget: &mut Budget,
    ) -> Result<Loc, CapacityError> {
        let arena = &mut self.arena;
        let hash = hasher.hash(&[text]);
        let known = self.index.find(hash, |at| {
            hash_at(arena, Loc(at)) == hash && same(bytes(arena, Loc(at)), text)
        });
        if let Some(at) = known {
            return self.once_more(Loc(at), budget);
        }
        let length = u32::try_from(text.len()).map_err(|_| budget.exhausted())?;
        self.index
            .reserve(hash, budget, &|at| hash_at(arena, Loc(at)))?;
        let at = arena.allocate(text.len().saturating_add(HEADER), budget)?;
        let place = arena.bytes_mut(at);
        put(place, 0, &1_u32.to_le_bytes());
        put(place, 4, &hash.to_le_bytes());
        put(place, 8, &length.to_le_bytes());
        put(place, HEADER, text);
        self.index.insert(hash, at.0, &|at| hash_at(arena, Loc(at)));
        Ok(at)
    }

    /// Lets go of one use; the last one frees the bytes.
    pub(super) fn release(&mut self, at: Loc, budget: &mut Budget) {
        let arena = &mut self.arena;
        let left = uses(arena, at).saturating_sub(1);
        if left > 0 {
            set_uses(arena, at, left);
            return;
        }
        self.index.remove(hash_at(arena, at), at.0);
        arena.release(at, budget);
        for recent in &mut self.recent {
            if *recent == at {
                *recent = Loc::NONE;
            }
        }
    }

    /// The bytes that are kept at `at`.
    pub(super) fn bytes(&self, at: Loc) -> &[u8] {
        bytes(&self.arena, at)
    }
}

#[inline]
fn bytes(arena: &Arena, at: Loc) -> &[u8] {
    let block = arena.bytes(at);
    let length = number(block, 8) as usize;
    block
        .get(HEADER..)
        .and_then(|rest| rest.get(..length))
        .unwrap_or_default()
}

fn uses(arena: &Arena, at: Loc) -> u32 {
    number(arena.bytes(at), 0)
}

fn set_uses(arena: &mut Arena, at: Loc, uses: u32) {
    put(arena.bytes_mut(at), 0, &uses.to_le_bytes());
}

fn hash_at(arena: &Arena, at: Loc) -> u32 {
    number(arena.bytes(at), 4)
}

fn number(block: &[u8], offset: usize) -> u32 {
    block
        .get(offset..)
        .and_then(|rest| rest.first_chunk().copied())
        .map_or(0, u32::from_le_bytes)
}

fn put(block: &mut [u8], offset: usize, data: &[u8]) {
    if let Some(place) = block
        .get_mut(offset..)
        .and_then(|b| b.get_mut(..data.len()))
    {
        place.copy_from_slice(data);
    }
}
