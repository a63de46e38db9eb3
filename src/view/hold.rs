//! What a view remembers while its order is held.

use std::collections::{BTreeMap, BTreeSet};

use super::order::GHOSTS;
use crate::store::{Budget, CapacityError, RowCopy, RowId, RowRef};

/// What a waiting row is counted as, in bytes.
const WAITING_BYTES: usize = 16;

/// Rows that wait for the release, and rows that are gone and still shown.
#[derive(Debug, Default)]
pub(super) struct Hold {
    pub(super) is_on: bool,
    waiting: BTreeSet<RowId>,
    ghosts: BTreeMap<RowId, RowCopy>,
}

impl Hold {
    /// Moves, arrivals and departures that wait.
    pub(super) fn pending(&self) -> usize {
        self.waiting.len().saturating_add(self.ghosts.len())
    }

    pub(super) fn waits(&self, id: RowId) -> bool {
        self.waiting.contains(&id)
    }

    pub(super) fn waiting(&self) -> impl ExactSizeIterator<Item = RowId> + '_ {
        self.waiting.iter().copied()
    }

    pub(super) fn wait(&mut self, id: RowId, budget: &mut Budget) -> Result<(), CapacityError> {
        if !self.waits(id) {
            budget.grow(WAITING_BYTES)?;
            self.waiting.insert(id);
        }
        Ok(())
    }

    pub(super) fn wait_no_more(&mut self, id: RowId, budget: &mut Budget) {
        if self.waiting.remove(&id) {
            budget.shrink(WAITING_BYTES);
        }
    }

    pub(super) fn ghost(&self, id: RowId) -> Option<RowRef<'_>> {
        self.ghosts.get(&id).map(RowCopy::as_row)
    }

    pub(super) fn ghosts(&self) -> impl Iterator<Item = (RowId, RowRef<'_>)> {
        self.ghosts.iter().map(|(&id, copy)| (id, copy.as_row()))
    }

    /// Keeps a copy; the id that stands for it, or `None` where there is no memory for it.
    pub(super) fn add_ghost(&mut self, row: &RowRef<'_>, budget: &mut Budget) -> Option<RowId> {
        let copy = row.to_copy();
        budget.grow(copy.bytes()).ok()?;
        let last = self.ghosts.last_key_value();
        let id = RowId(last.map_or(GHOSTS, |(last, _)| last.0.saturating_add(1)));
        self.ghosts.insert(id, copy);
        Some(id)
    }

    /// Forgets all of it, and stays as it is, held or not.
    pub(super) fn forget(&mut self, budget: &mut Budget) {
        budget.shrink(self.waiting.len().saturating_mul(WAITING_BYTES));
        self.waiting.clear();
        for copy in std::mem::take(&mut self.ghosts).into_values() {
            budget.shrink(copy.bytes());
        }
    }
}
