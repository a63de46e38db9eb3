//! Telling readers what changed, one change a row, and freeing what they have let go of.

use super::slot::{END, Net};
use super::{ChangeKind, Progress, RowId, Store};

/// The changes of a drain: an iterator, see [`Store::changes`].
#[derive(Clone, Debug)]
pub struct Changes<'a> {
    store: &'a Store,
    next: u32,
}

impl Iterator for Changes<'_> {
    type Item = (RowId, ChangeKind);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let slot = self.store.slots.get(self.next as usize)?;
            let id = RowId(self.next);
            self.next = slot.next;
            if let Some(kind) = slot.draining().kind() {
                return Some((id, kind));
            }
        }
    }
}

impl Store {
    /// Opens a drain: what changed since the last one is handed out by [`Store::changes`]. While it is open, further
    /// changes are collected for the next. Does nothing while one is open.
    pub fn begin_drain(&mut self) {
        if self.drain_open {
            return;
        }
        self.drain_open = true;
        self.draining = std::mem::replace(&mut self.pending, END);
        let mut at = self.draining;
        while let Some(slot) = self.slots.get_mut(at as usize) {
            slot.start_drain();
            at = slot.next;
        }
    }

    /// Every change since the drain before the open one, one a row, in no particular order. Removed rows can be read until
    /// [`Store::end_drain`] is done. Empty where no drain is open.
    #[must_use]
    pub fn changes(&self) -> Changes<'_> {
        Changes {
            store: self,
            next: self.draining,
        }
    }

    /// The changes that come after this one, which [`Store::changes`] of the open drain gave.
    #[must_use]
    pub fn changes_after(&self, id: RowId) -> Changes<'_> {
        Changes {
            store: self,
            next: self.slot(id).map_or(END, |slot| slot.next),
        }
    }

    /// Ends the drain, about `fuel` rows at a time: removed rows go, and their ids may be given to others.
    pub fn end_drain(&mut self, fuel: usize) -> Progress {
        for _ in 0..fuel {
            let id = RowId(self.draining);
            let Some(slot) = self.slot_mut(id) else {
                break;
            };
            let next = slot.next;
            let changed_again = slot.finish_drain();
            self.draining = next;
            if changed_again {
                self.chain(id);
            } else {
                self.free_if_unused(id);
            }
        }
        if self.draining == END {
            self.drain_open = false;
            Progress::Done
        } else {
            Progress::More
        }
    }

    /// Whether changes wait that no drain has handed out.
    #[must_use]
    pub fn has_changes(&self) -> bool {
        self.pending != END
    }

    /// Whether the row changed since the open drain began: what was derived from it before may be wrong.
    #[must_use]
    pub fn changed_since_drain(&self, id: RowId) -> bool {
        self.slot(id)
            .is_some_and(|slot| slot.pending().kind().is_some())
    }

    /// Whether the row is published and readers know it, or are being told of it. One that is newer may go again without
    /// anybody being told.
    #[must_use]
    pub fn is_announced(&self, id: RowId) -> bool {
        self.slot(id)
            .is_some_and(|slot| slot.is_live() && slot.pending() != Net::Added)
    }

    pub(super) fn note(&mut self, id: RowId, change: ChangeKind) {
        if self.slot_mut(id).is_some_and(|slot| slot.note(change)) {
            self.chain(id);
        }
    }

    fn chain(&mut self, id: RowId) {
        let pending = std::mem::replace(&mut self.pending, id.0);
        if let Some(slot) = self.slot_mut(id) {
            slot.next = pending;
        }
    }
}
