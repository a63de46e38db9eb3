//! How a view's order follows the store: row by row, or anew.

use super::View;
use crate::clock::{Millis, Timestamp};
use crate::store::{Budget, CapacityError, Progress, RowId, RowRef, Store};
use crate::view::build::{Build, is_before};
use crate::view::layout::{Kind, Layout};
use crate::view::order::{Entry, GHOSTS};

/// More changes than this, and than a quarter of the rows: ordering anew is cheaper than one by one.
const BULK: usize = 4096;
/// What moving a row costs beside what leaving it does, in comparisons.
const MOVE: usize = 20;

impl View {
    pub(super) fn try_note(&mut self, id: RowId, budget: &mut Budget) -> Result<(), CapacityError> {
        if let Some(build) = &mut self.build {
            build.touch(id, budget)?;
        }
        self.enqueue(id, budget)
    }

    fn enqueue(&mut self, id: RowId, budget: &mut Budget) -> Result<(), CapacityError> {
        self.order.cover(id.0.saturating_add(1), budget)?;
        // A flagged row is queued or waits. One that waits may be gone now: look again.
        if !self.order.flag(id) || self.hold.waits(id) {
            budget.reserve(&mut self.queue)?;
            self.queue.push(id);
            self.order.set_flag(id, true);
        }
        Ok(())
    }

    pub(super) fn try_work(
        &mut self,
        store: &Store,
        kind: &Kind,
        now: Timestamp,
        fuel: &mut usize,
        budget: &mut Budget,
    ) -> Result<Progress, CapacityError> {
        if !store.has_snapshot() {
            return Ok(Progress::Done);
        }
        let fits = |layout: &Layout| layout.epoch == store.columns_epoch();
        let bulk = self.queue.len() > BULK && self.queue.len() > self.order.len() / 4;
        let unfit = match &self.build {
            Some(build) => !fits(&build.layout),
            None => self.current(store).is_none(),
        };
        // Rows whose spans run overtake others without any change.
        let expired = self.build.is_none() && self.stands(store, now) == Some(Millis(0));
        if self.is_outdated || unfit || expired || bulk && !self.build_is_bulk && !self.hold.is_on {
            if let Some(build) = self.build.take() {
                build.free(budget);
            }
            let layout = Layout::new(&self.options, &self.selector, kind, store, now);
            self.is_outdated = false;
            self.build_is_bulk = bulk || self.current(store).is_none();
            self.build = Some(Build::new(layout));
        }
        if !self.build_is_bulk {
            self.follow(store, fuel, budget)?;
        }
        if let Some(build) = &mut self.build {
            if build.work(store, fuel, budget)? == Progress::More {
                return Ok(Progress::More);
            }
            self.take_over(budget)?;
        }
        Ok(if self.queue.is_empty() {
            Progress::Done
        } else {
            Progress::More
        })
    }

    /// The build becomes the order.
    fn take_over(&mut self, budget: &mut Budget) -> Result<(), CapacityError> {
        let Some(finished) = self.build.take() else {
            return Ok(());
        };
        let built = finished.finish(budget);
        std::mem::replace(&mut self.order, built.order).free(budget);
        self.layout = Some(built.layout);
        self.hold.forget(budget);
        self.build_is_bulk = false;
        self.version += 1;
        // All others were ordered as they are.
        budget.release(&self.queue);
        self.queue = Vec::new();
        let enqueued = built
            .again
            .iter()
            .try_for_each(|&id| self.enqueue(id, budget));
        budget.release(&built.again);
        enqueued
    }

    /// Finds the queued rows their places.
    fn follow(
        &mut self,
        store: &Store,
        fuel: &mut usize,
        budget: &mut Budget,
    ) -> Result<(), CapacityError> {
        if !self.hold.is_on {
            self.resume(budget)?;
        }
        let Some(layout) = self.layout.take() else {
            return Ok(());
        };
        let mut result = Ok(());
        while *fuel > 0 && result.is_ok() {
            let Some(id) = self.queue.pop() else {
                break;
            };
            *fuel = fuel.saturating_sub(4);
            self.version += 1;
            result = if self.hold.is_on {
                self.settle_held(id, &layout, store, budget)
            } else {
                self.settle(id, &layout, store, fuel, budget)
            };
        }
        self.layout = Some(layout);
        result
    }

    fn settle(
        &mut self,
        id: RowId,
        layout: &Layout,
        store: &Store,
        fuel: &mut usize,
        budget: &mut Budget,
    ) -> Result<(), CapacityError> {
        let row = announced(store, id).filter(|row| layout.passes(row));
        // Most changes move nothing.
        if let Some(row) = &row
            && self.stays(id, row, layout, store)
        {
            return Ok(());
        }
        self.order.remove(id);
        self.order.set_flag(id, false);
        let Some(row) = row else {
            return Ok(());
        };
        *fuel = fuel.saturating_sub(MOVE);
        let entry = Entry {
            prefix: layout.prefix(&row),
            id,
        };
        let gap = self.order.gap(|other| {
            self.is_comparable(other.id, store)
                .then(|| is_before(other, entry, layout, store))
        });
        self.order.insert(gap, entry, budget)
    }

    fn settle_held(
        &mut self,
        id: RowId,
        layout: &Layout,
        store: &Store,
        budget: &mut Budget,
    ) -> Result<(), CapacityError> {
        let row = announced(store, id);
        if !self.order.contains(id) {
            return match row {
                Some(row) if layout.passes(&row) => self.hold.wait(id, budget),
                _ => {
                    self.wait_no_more(id);
                    Ok(())
                }
            };
        }
        let Some(row) = row else {
            self.wait_no_more(id);
            self.become_ghost(id, store, budget);
            return Ok(());
        };
        if !(layout.passes(&row) && self.stays(id, &row, layout, store)) {
            return self.hold.wait(id, budget);
        }
        self.hold.wait_no_more(id);
        Ok(())
    }

    /// Whether a row is right where it stands; then it is flagged no more.
    fn stays(&mut self, id: RowId, row: &RowRef<'_>, layout: &Layout, store: &Store) -> bool {
        let entry = Entry {
            prefix: layout.prefix(row),
            id,
        };
        let neighbours = self
            .order
            .neighbours(id, |other| self.is_comparable(other.id, store));
        let stays = neighbours.is_some_and(|(before, after)| {
            before.is_none_or(|before| is_before(before, entry, layout, store))
                && after.is_none_or(|after| is_before(entry, after, layout, store))
        });
        if stays {
            self.order.set_prefix(entry);
            self.order.set_flag(id, false);
        }
        stays
    }

    fn wait_no_more(&mut self, id: RowId) {
        self.hold.wait_no_more(id);
        self.order.set_flag(id, false);
    }

    /// A row that is gone stays where it is: a copy takes its place. Where there is no memory for that, it goes.
    fn become_ghost(&mut self, id: RowId, store: &Store, budget: &mut Budget) {
        let row = store.row(id);
        match row.and_then(|row| self.hold.add_ghost(&row, budget)) {
            Some(ghost) => self.order.replace(id, ghost),
            None => {
                self.order.remove(id);
            }
        }
    }

    /// The order follows again: ghosts go, and what waited is looked at.
    fn resume(&mut self, budget: &mut Budget) -> Result<(), CapacityError> {
        let total = self.queue.len().saturating_add(self.hold.waiting_len());
        budget.reserve_to(&mut self.queue, total)?;
        self.queue.extend(self.hold.waiting());
        for (ghost, _) in self.hold.ghosts() {
            self.version += 1;
            self.order.remove(ghost);
        }
        self.hold.forget(budget);
        Ok(())
    }

    /// Whether a row stands where its content says.
    fn is_comparable(&self, id: RowId, store: &Store) -> bool {
        id.0 < GHOSTS && !self.order.flag(id) && !store.changed_since_drain(id)
    }
}

fn announced(store: &Store, id: RowId) -> Option<RowRef<'_>> {
    store.row(id).filter(|_| store.is_announced(id))
}
