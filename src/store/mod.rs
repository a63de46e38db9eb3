//! Rows in compact linear memory, keyed, replaced atomically.
#![allow(
    missing_docs,
    unused_variables,
    clippy::unimplemented,
    clippy::missing_errors_doc,
    clippy::must_use_candidate
)]

use crate::clock::Timestamp;
use crate::event::{Meta, Row};
use crate::table::Columns;

/// Whether sliced work is done, or must be called again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Progress {
    Done,
    More,
}

/// A stable name of a row while it lives: index of its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId(pub u32);

/// The declared cap on memory was reached; nothing was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CapacityError {
    pub limit_bytes: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    Added,
    Changed,
    Removed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct DiffCounts {
    pub added: u64,
    pub changed: u64,
    pub removed: u64,
}

#[derive(Debug)]
pub struct Store {
    limit_bytes: usize,
}

impl Store {
    /// `limit_bytes`: cap on all memory that the store holds. `seed`: of the key hash.
    pub fn new(limit_bytes: usize, seed: u64) -> Self {
        Self { limit_bytes }
    }

    // --- live: change published rows at once ---
    /// Insert or replace. Coalesced by key until `drain_changes`.
    pub fn apply(&mut self, row: &Row<'_>, received: Timestamp) -> Result<(), CapacityError> {
        unimplemented!()
    }
    /// Remove; unknown keys are ignored (`false`).
    pub fn remove(&mut self, meta: &Meta<'_>) -> bool {
        unimplemented!()
    }

    // --- a snapshot attempt: cannot change what is published ---
    /// Starts an attempt. An unfinished one before it must have been discarded (and worked off).
    pub fn begin(&mut self) {
        unimplemented!()
    }
    pub fn stage(&mut self, row: &Row<'_>, received: Timestamp) -> Result<(), CapacityError> {
        unimplemented!()
    }
    pub fn stage_remove(&mut self, meta: &Meta<'_>) -> bool {
        unimplemented!()
    }
    /// Rows in the attempt so far.
    pub fn staged_len(&self) -> usize {
        unimplemented!()
    }
    /// From here on the attempt becomes the published rows, by `work`; readers wait for `is_settled`.
    pub fn commit(&mut self, columns: Columns) {
        unimplemented!()
    }
    /// Throws the attempt away, by `work`.
    pub fn discard(&mut self) {
        unimplemented!()
    }
    /// Goes on with a commit or a discard for about `fuel` rows.
    pub fn work(&mut self, fuel: usize) -> Progress {
        unimplemented!()
    }
    /// No commit is under way: rows and columns belong together and may be read.
    pub fn is_settled(&self) -> bool {
        unimplemented!()
    }
    /// What the last finished commit changed.
    pub fn last_commit(&self) -> DiffCounts {
        unimplemented!()
    }

    // --- reading ---
    pub fn columns(&self) -> &Columns {
        unimplemented!()
    }
    pub fn len(&self) -> usize {
        unimplemented!()
    }
    pub fn is_empty(&self) -> bool {
        unimplemented!()
    }
    /// All memory held, in bytes.
    pub fn memory_bytes(&self) -> usize {
        unimplemented!()
    }
    /// Hands out every change since the last drain, one a key; removed rows stay readable until `end_drain`.
    /// `None`: so much changed that readers had better start anew.
    pub fn changes(&self) -> Option<Vec<(RowId, ChangeKind)>> {
        unimplemented!()
    }
    pub fn end_drain(&mut self) {
        unimplemented!()
    }
}
