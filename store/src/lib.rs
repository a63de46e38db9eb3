//! Rows in compact linear memory, keyed, replaced atomically.
//!
//! A package of its own because Cargo sets optimisation levels by package and every row passes through here (figures: profiles in
//! the workspace's `Cargo.toml`). Users name `kube_watchlist`, which offers this as `kube_watchlist::store`.
//!
//! A [`Store`] holds the rows of one source: the published ones, which readers see, and beside them at most one
//! *attempt* at a new snapshot, which nobody sees until [`Store::commit`]. An attempt costs memory only for what differs:
//! a row that comes again as it was is one bit.
//!
//! A row is keyed by its uid. Where a server sends none, by namespace, name and its occurrence among the rows of that
//! name in the snapshot, so that duplicates are kept and never merged.
//!
//! # Readers
//!
//! Changes are collected, one a row, until a reader drains them: [`Store::begin_drain`], [`Store::changes`],
//! [`Store::end_drain`]. Removed rows stay readable and keep their [`RowId`] until then; a store that is never drained
//! never frees removed rows. `kube_watchlist::view::Views` does this for any number of views and feeds.
//!
//! # Slices
//!
//! [`Store::commit`], [`Store::discard`] and [`Store::end_drain`] touch many rows and go on in slices of a given `fuel`.
//! Live changes are not meant to come while [`Store::work`] has work left (the reflector works it off first); if one
//! does, that work is finished at once, in one piece, so that nothing is lost.

#![forbid(unsafe_code)]

mod arena;
mod attempt;
mod budget;
mod chunked;
mod drain;
mod hash;
mod heap;
mod index;
mod intern;
mod keys;
mod record;
mod row;
mod same;
mod slot;
mod texts;

use arena::Loc;
use attempt::Stage;
use heap::{Heap, Purpose};
use index::Index;
use intern::{Interner, Kind};
use record::{Identity, Parts, Version};
use slot::{END, Slot};

use kube_watchlist_decode::{clock, event, json, table};

use clock::Timestamp;
use event::{Meta, Row};
use table::Columns;

pub use budget::Budget;
pub use chunked::Chunked;
pub use drain::Changes;
pub use row::{RowCopy, RowRef};

/// Whether sliced work is done, or must be called again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Progress {
    /// Nothing is left.
    Done,
    /// The fuel was used up: call again.
    More,
}

/// A stable name of a row while it lives: index of its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId(pub u32);

/// The declared cap on memory was reached (or the allocator refused); nothing was stored, and the store can be used on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CapacityError {
    /// The declared cap in bytes.
    pub limit_bytes: usize,
}

impl std::fmt::Display for CapacityError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "the memory limit of {} bytes for rows is reached",
            self.limit_bytes
        )
    }
}

impl std::error::Error for CapacityError {}

/// What happened to a row since the last drain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It was there and is another now.
    Changed,
    /// It is gone; readable until the end of the drain.
    Removed,
}

/// How a new snapshot differs from the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct DiffCounts {
    /// Rows that were not there.
    pub added: u64,
    /// Rows that differ.
    pub changed: u64,
    /// Rows that are gone.
    pub removed: u64,
}

/// The rows of one source.
#[derive(Debug)]
pub struct Store {
    budget: Budget,
    hasher: KeyHasher,
    heap: Heap,
    interner: Interner,
    slots: Chunked<Slot>,
    /// First of the chain of free slots.
    vacant: u32,
    /// First of the chain of changes that no reader was told of.
    pending: u32,
    /// First of the chain of changes that readers are being told of.
    draining: u32,
    drain_open: bool,
    index: Index,
    columns: Columns,
    columns_epoch: u64,
    has_snapshot: bool,
    len: usize,
    staged_len: usize,
    stage: Stage,
    /// The attempt is known to have the columns of the published rows.
    same_columns: bool,
    last_commit: DiffCounts,
    scratch: Vec<u8>,
}

pub use hash::Hasher as KeyHasher;
pub use texts::Texts;

/// Ids of rows are below this; readers may give others a meaning of their own.
pub const MAX_ROWS: u32 = 1 << 30;

/// A scratch buffer that grew beyond this is let go.
const SCRATCH: usize = 64 * 1024;

impl Store {
    /// The hash of its keys, for others that index by text.
    #[must_use]
    pub fn hasher(&self) -> KeyHasher {
        self.hasher
    }

    /// An empty store. `limit_bytes` caps all memory that it holds; `seed` is of the key hash (any random number, so
    /// that no server can choose names that collide).
    #[must_use]
    pub fn new(limit_bytes: usize, seed: u64) -> Self {
        Self {
            budget: Budget::new(limit_bytes),
            hasher: KeyHasher::new(seed),
            heap: Heap::new(),
            interner: Interner::new(),
            slots: Chunked::default(),
            vacant: END,
            pending: END,
            draining: END,
            drain_open: false,
            index: Index::new(),
            columns: Columns::default(),
            columns_epoch: 0,
            has_snapshot: false,
            len: 0,
            staged_len: 0,
            stage: Stage::Idle,
            same_columns: false,
            last_commit: DiffCounts::default(),
            scratch: Vec::new(),
        }
    }

    /// Inserts a published row or replaces it. A row that is already there with equal uid, resourceVersion and cells (but
    /// for the passing of time in them) is left alone. Without a uid, the first row of that namespace and name is meant.
    ///
    /// # Errors
    ///
    /// The cap is reached; then the row is as it was before.
    pub fn apply(&mut self, row: &Row<'_>, received: Timestamp) -> Result<(), CapacityError> {
        self.finish();
        let identity = Identity::of_uid(&row.meta.uid).unwrap_or(Identity::Occurrence(0));
        let (hash, known) = self.locate(identity, &row.meta);
        let beside_attempt = matches!(self.stage, Stage::Open);
        let purpose = Purpose::Live { beside_attempt };
        if let Some(id) = known {
            if self.is_live(id) && self.is_same(id, row, true) {
                return Ok(());
            }
            let record = self.write(row, identity, received, purpose)?;
            self.replace(id, record);
            return Ok(());
        }
        self.reserve_slot(hash)?;
        let record = self.write(row, identity, received, purpose)?;
        let id = self.add_slot(hash);
        self.replace(id, record);
        Ok(())
    }

    /// Removes a published row; `false` where it is not there. Without a uid, the last row of that namespace and name is
    /// meant.
    pub fn remove(&mut self, meta: &Meta<'_>) -> bool {
        self.finish();
        let Some(id) = self.find_last(meta, Slot::is_live) else {
            return false;
        };
        self.unpublish(id);
        true
    }

    /// The columns of the published rows.
    #[must_use]
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Grows whenever [`Store::columns`] changes: what was derived from them must be derived again.
    #[must_use]
    pub fn columns_epoch(&self) -> u64 {
        self.columns_epoch
    }

    /// Whether anything was ever published: before, no rows means that none are known.
    #[must_use]
    pub fn has_snapshot(&self) -> bool {
        self.has_snapshot
    }

    /// Published rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no row is published.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// All memory held, in bytes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        let fixed = 2 * Index::BASE_BYTES + self.scratch.capacity();
        self.budget.used().saturating_add(fixed)
    }

    /// Puts a new record into its place and tells readers.
    fn replace(&mut self, id: RowId, record: Loc) {
        self.has_snapshot = true;
        let Some(slot) = self.slot_mut(id) else {
            return;
        };
        let old = std::mem::replace(&mut slot.record, record);
        let was_live = slot.is_live();
        slot.set_live(true);
        let keep = slot.is_seen();
        if keep {
            // The attempt goes on with what it saw.
            slot.set_seen(false);
            slot.set_staged(true);
            slot.staged = old;
        }
        if !keep {
            self.release_record(old);
        }
        if was_live {
            self.note(id, ChangeKind::Changed);
        } else {
            self.len += 1;
            self.note(id, ChangeKind::Added);
        }
    }

    /// Takes a row out of the published ones and tells readers.
    fn unpublish(&mut self, id: RowId) {
        if let Some(slot) = self.slot_mut(id) {
            slot.set_live(false);
            self.len = self.len.saturating_sub(1);
            self.note(id, ChangeKind::Removed);
        }
    }

    /// Whether the published row says the same. Under the same columns, two receipts of one version of an object differ at most in
    /// how long ago something was; under others, and for objects without uid or version, cells must be equal and say nothing
    /// of time.
    fn is_same(&self, id: RowId, row: &Row<'_>, same_columns: bool) -> bool {
        let Some(parts) = self.parts(id) else {
            return false;
        };
        let version = Version::of(&row.meta.resource_version);
        if parts.version != version {
            return false;
        }
        if same_columns && !version.is_empty() && !row.meta.uid.is_empty() {
            return same::same_but_for_time(parts.cells, &row.cells);
        }
        let shared = |part: Option<Loc>| part.map(|at| self.interner.bytes(at));
        parts.cells == &*row.cells
            && !same::mentions_time(parts.cells)
            && parts.created == row.meta.creation_timestamp
            && parts.deleted == row.meta.deletion_timestamp
            && shared(parts.labels) == row.meta.labels
            && shared(parts.owners) == row.meta.owners
            && shared(parts.finalizers) == row.meta.finalizers
    }

    /// Writes a record of the row.
    fn write(
        &mut self,
        row: &Row<'_>,
        identity: Identity<'_>,
        received: Timestamp,
        purpose: Purpose,
    ) -> Result<Loc, CapacityError> {
        let meta = &row.meta;
        let namespace = Some(meta.namespace.as_bytes()).filter(|text| !text.is_empty());
        let mut shared = [None; 4];
        let texts = [
            (Kind::Namespace, namespace),
            (Kind::Labels, meta.labels),
            (Kind::Owners, meta.owners),
            (Kind::Finalizers, meta.finalizers),
        ];
        for (place, (kind, text)) in shared.iter_mut().zip(texts) {
            let Some(text) = text else { continue };
            match self
                .interner
                .acquire(kind, text, self.hasher, &mut self.budget)
            {
                Ok(at) => *place = Some(at),
                Err(error) => {
                    self.release_shared(shared);
                    return Err(error);
                }
            }
        }
        let [namespace, labels, owners, finalizers] = shared;
        let parts = Parts {
            received,
            identity,
            namespace,
            labels,
            owners,
            finalizers,
            created: meta.creation_timestamp,
            deleted: meta.deletion_timestamp,
            version: Version::of(&meta.resource_version),
            name: meta.name.as_bytes(),
            cells: &row.cells,
        };
        let stored = self.write_parts(&parts, purpose);
        if stored.is_err() {
            self.release_shared(shared);
        }
        stored
    }

    fn write_parts(&mut self, parts: &Parts<'_>, purpose: Purpose) -> Result<Loc, CapacityError> {
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        let bound = parts.encoded_bound();
        // A large copy counts while it is made; a small one stays for the next row and is always there.
        let large = bound.saturating_sub(SCRATCH);
        self.budget.grow(large)?;
        let room = scratch.try_reserve(bound);
        self.budget.shrink(large);
        if room.is_err() {
            return Err(self.budget.exhausted());
        }
        parts.encode(&mut scratch);
        let stored = self.heap.store(&scratch, purpose, &mut self.budget);
        if scratch.capacity() <= SCRATCH {
            self.scratch = scratch;
        }
        stored
    }

    /// Frees a record and lets go of what it shares.
    fn release_record(&mut self, at: Loc) {
        if at == Loc::NONE {
            return;
        }
        if let Some(parts) = Parts::decode(self.heap.bytes(at)) {
            let shared = [
                parts.namespace,
                parts.labels,
                parts.owners,
                parts.finalizers,
            ];
            self.release_shared(shared);
        }
        self.heap.release(at, &mut self.budget);
    }

    fn release_shared(&mut self, shared: [Option<Loc>; 4]) {
        for at in shared.into_iter().flatten() {
            self.interner.release(at, &mut self.budget);
        }
    }

    fn parts(&self, id: RowId) -> Option<Parts<'_>> {
        let record = self.slot(id)?.record;
        if record == Loc::NONE {
            return None;
        }
        Parts::decode(self.heap.bytes(record))
    }

    fn slot(&self, id: RowId) -> Option<Slot> {
        self.slots.get(id.0 as usize).copied()
    }

    fn slot_mut(&mut self, id: RowId) -> Option<&mut Slot> {
        self.slots.get_mut(id.0 as usize)
    }
}
