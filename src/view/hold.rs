//! What a view remembers while its order is held.

use super::order::GHOSTS;
use crate::store::{Budget, CapacityError, Chunked, RowCopy, RowId, RowRef};

/// Rows that wait for the release, and rows that are gone and still shown.
#[derive(Debug, Default)]
pub(super) struct Hold {
    pub(super) is_on: bool,
    /// By row, a bit each: those that wait.
    waiting: Chunked<u8>,
    waiting_len: usize,
    /// The first one has the id [`GHOSTS`], the others follow.
    ghosts: Vec<RowCopy>,
}

impl Hold {
    /// Moves, arrivals and departures that wait.
    pub(super) fn pending(&self) -> usize {
        self.waiting_len.saturating_add(self.ghosts.len())
    }

    pub(super) fn waits(&self, id: RowId) -> bool {
        let (place, bit) = place(id);
        self.waiting.get(place).is_some_and(|bits| bits & bit != 0)
    }

    pub(super) fn waiting_len(&self) -> usize {
        self.waiting_len
    }

    pub(super) fn waiting(&self) -> impl Iterator<Item = RowId> + '_ {
        // Without one that waits there is nothing to look through.
        let places = if self.waiting_len > 0 {
            self.waiting.len()
        } else {
            0
        };
        let ids = 0..u32::try_from(places.saturating_mul(8)).unwrap_or(GHOSTS);
        ids.map(RowId).filter(|&id| self.waits(id))
    }

    pub(super) fn wait(&mut self, id: RowId, budget: &mut Budget) -> Result<(), CapacityError> {
        let (place, bit) = place(id);
        while self.waiting.len() <= place {
            self.waiting.push(0, budget)?;
        }
        if let Some(bits) = self.waiting.get_mut(place)
            && *bits & bit == 0
        {
            *bits |= bit;
            self.waiting_len += 1;
        }
        Ok(())
    }

    pub(super) fn wait_no_more(&mut self, id: RowId) {
        let (place, bit) = place(id);
        if let Some(bits) = self.waiting.get_mut(place)
            && *bits & bit != 0
        {
            *bits &= !bit;
            self.waiting_len -= 1;
        }
    }

    pub(super) fn ghost(&self, id: RowId) -> Option<RowRef<'_>> {
        let index = id.0.checked_sub(GHOSTS)?;
        self.ghosts.get(index as usize).map(RowCopy::as_row)
    }

    pub(super) fn ghosts(&self) -> impl Iterator<Item = (RowId, RowRef<'_>)> {
        let ids = (GHOSTS..).map(RowId);
        ids.zip(self.ghosts.iter().map(RowCopy::as_row))
    }

    /// Keeps a copy; the id that stands for it, or `None` where there is no memory for it.
    pub(super) fn add_ghost(&mut self, row: &RowRef<'_>, budget: &mut Budget) -> Option<RowId> {
        let copy = row.to_copy();
        let id = GHOSTS.checked_add(u32::try_from(self.ghosts.len()).ok()?)?;
        budget.reserve(&mut self.ghosts).ok()?;
        budget.grow(copy.bytes()).ok()?;
        self.ghosts.push(copy);
        Some(RowId(id))
    }

    /// Forgets all of it, and stays as it is, held or not.
    pub(super) fn forget(&mut self, budget: &mut Budget) {
        std::mem::take(&mut self.waiting).free(budget);
        self.waiting_len = 0;
        budget.release(&self.ghosts);
        for copy in std::mem::take(&mut self.ghosts) {
            budget.shrink(copy.bytes());
        }
    }
}

/// The byte of a row and its bit in it.
fn place(id: RowId) -> (usize, u8) {
    ((id.0 / 8) as usize, 1 << (id.0 % 8))
}
