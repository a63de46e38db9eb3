//! One view: its order, how it follows changes, and what is read of it.

use std::collections::{BTreeMap, BTreeSet};

use super::build::{Build, is_before};
use super::layout::{Kind, Layout};
use super::options::ViewOptions;
use super::order::{Entry, GHOSTS, Order};
use super::render;
use crate::clock::{Millis, Timestamp};
use crate::selector::{Selector, SelectorError};
use crate::store::{Budget, CapacityError, Progress, RowCopy, RowId, RowRef, Store};
use crate::table::Column;

/// More changes than this, and than a quarter of the rows: ordering anew is cheaper than one by one.
const BULK: usize = 4096;
/// What moving one row costs, in comparisons.
const MOVE: usize = 24;
/// What a waiting row is counted as, in bytes.
const WAITING_BYTES: usize = 16;

/// A sorted, filtered table of rows. Made by [`super::Views::open`].
#[derive(Debug)]
pub struct View {
    options: ViewOptions,
    selector: Selector,
    /// How the order is; `None` until the first one is built.
    layout: Option<Layout>,
    order: Order,
    build: Option<Build>,
    /// The build takes the place of single changes: the store must not let go of removed rows before it is done.
    build_is_bulk: bool,
    /// Options changed since the order or the build was begun.
    is_outdated: bool,
    /// Changed rows that have not found their new place. The order flags them; they are passed over in comparisons.
    queue: Vec<RowId>,
    held: bool,
    /// Changed rows that wait for the release; flagged likewise.
    waiting: BTreeSet<RowId>,
    /// Rows that are gone and still shown until the release.
    ghosts: BTreeMap<RowId, RowCopy>,
    version: u64,
    full: Option<CapacityError>,
}

impl View {
    pub(super) fn new(options: ViewOptions) -> Result<Self, SelectorError> {
        Ok(Self {
            selector: Layout::check(&options)?,
            options,
            layout: None,
            order: Order::default(),
            build: None,
            build_is_bulk: false,
            is_outdated: false,
            queue: Vec::new(),
            held: false,
            waiting: BTreeSet::new(),
            ghosts: BTreeMap::new(),
            version: 0,
            full: None,
        })
    }

    /// What it shows.
    #[must_use]
    pub fn options(&self) -> &ViewOptions {
        &self.options
    }

    /// Shows something else. The old order can be read on until the new one is there; call [`super::Views::work`].
    ///
    /// # Errors
    ///
    /// The label selector cannot be read; then the view is as it was.
    pub fn update(&mut self, options: ViewOptions) -> Result<(), SelectorError> {
        if self.options == options && self.full.is_none() {
            return Ok(());
        }
        self.selector = Layout::check(&options)?;
        self.options = options;
        self.is_outdated = true;
        self.full = None;
        Ok(())
    }

    /// Freezes the order until [`View::release`]: cells go on changing, rows keep their positions. A row that is removed
    /// stays where it is with its last cells, a new one waits, and so does one that would move or no longer passes the filter.
    pub fn hold(&mut self) {
        self.held = true;
    }

    /// Lets the order follow again; call [`super::Views::work`].
    pub fn release(&mut self) {
        self.held = false;
    }

    /// Moves, arrivals and departures that wait for [`View::release`].
    #[must_use]
    pub fn pending(&self) -> usize {
        self.waiting.len().saturating_add(self.ghosts.len())
    }

    /// Grows with every change of what could be read here.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Rows that pass the filter.
    #[must_use]
    pub fn count(&self) -> usize {
        self.order.len()
    }

    /// Rows in the table, before the filter.
    #[must_use]
    pub fn total(&self, store: &Store) -> usize {
        store.len()
    }

    /// Why the view shows nothing: its order does not fit under the declared cap. [`View::update`] tries again.
    #[must_use]
    pub fn error(&self) -> Option<CapacityError> {
        self.full
    }

    /// Whether rows can be read: a snapshot was published, an order of its rows is there, and no commit is under way.
    #[must_use]
    pub fn is_ready(&self, store: &Store) -> bool {
        store.is_settled() && self.current(store).is_some()
    }

    /// The shown columns; none until [`View::is_ready`].
    #[must_use]
    pub fn columns<'a>(&self, store: &'a Store) -> Vec<&'a Column> {
        let Some(layout) = self.current(store).filter(|_| store.is_settled()) else {
            return Vec::new();
        };
        let columns = &store.columns().0;
        layout
            .shown
            .iter()
            .filter_map(|&index| columns.get(index))
            .collect()
    }

    /// Where the row with this key stands.
    #[must_use]
    pub fn index_of(&self, store: &Store, key: &str) -> Option<usize> {
        if let Some(id) = store.find(key).filter(|&id| self.order.contains(id)) {
            return self.order.position(id);
        }
        let ghost = self
            .ghosts
            .iter()
            .find(|(_, ghost)| ghost.as_row().key() == key);
        ghost.and_then(|(&id, _)| self.order.position(id))
    }

    /// Whether removed rows are needed no more.
    pub(super) fn lets_go(&self) -> bool {
        self.full.is_some()
            || self.queue.is_empty() && !(self.build.is_some() && self.build_is_bulk)
    }

    /// Takes note of a change.
    pub(super) fn note(&mut self, id: RowId, budget: &mut Budget) {
        if self.full.is_some() {
            return;
        }
        self.version += 1;
        let noted = self.try_note(id, budget);
        self.survive(noted, budget);
    }

    /// Follows what was noted, for about `fuel` rows or comparisons, which it takes from it.
    pub(super) fn work(
        &mut self,
        store: &Store,
        kind: &Kind,
        now: Timestamp,
        fuel: &mut usize,
        budget: &mut Budget,
    ) -> Progress {
        if self.full.is_some() {
            return Progress::Done;
        }
        let result = self.try_work(store, kind, now, fuel, budget);
        self.survive(result, budget).unwrap_or(Progress::Done)
    }

    /// Gives back what it held.
    pub(super) fn free(mut self, budget: &mut Budget) {
        self.clear(budget);
    }

    /// Calls `show` for the rows of positions `first..last`, as far as there are.
    pub(super) fn each<'s>(
        &'s self,
        store: &'s Store,
        first: usize,
        last: usize,
        mut show: impl FnMut(Option<RowRef<'s>>, &Layout),
    ) -> Option<()> {
        let layout = self.current(store).filter(|_| store.is_settled())?;
        for id in self.order.from(first).take(last.saturating_sub(first)) {
            let ghost = self.ghosts.get(&id).map(RowCopy::as_row);
            show(ghost.or_else(|| store.row(id)), layout);
        }
        Some(())
    }

    /// See [`super::Views::window`].
    pub(super) fn window(
        &self,
        store: &Store,
        kind: &Kind,
        (first, last): (usize, usize),
        now: Timestamp,
        out: &mut String,
    ) -> bool {
        let shown = self.each(store, first, last, |row, layout| {
            match row {
                Some(row) => render::push_row(&row, layout, kind, now, out),
                None => out.push_str("null"),
            }
            out.push('\n');
        });
        shown.is_some()
    }

    /// How long after `now` a time in the rows `first..last` next changes its text; `None`: never, as long as rows stay.
    #[must_use]
    pub fn next_tick(
        &self,
        store: &Store,
        first: usize,
        last: usize,
        now: Timestamp,
    ) -> Option<Millis> {
        let mut soonest = None;
        self.each(store, first, last, |row, layout| {
            let tick = row.and_then(|row| render::next_tick(&row, layout, now));
            soonest = match (soonest, tick) {
                (Some(a), Some(b)) => Some(std::cmp::min(a, b)),
                (a, b) => a.or(b),
            };
        })?;
        soonest
    }

    /// The layout of the order, if it fits the store's columns.
    fn current(&self, store: &Store) -> Option<&Layout> {
        let layout = self.layout.as_ref()?;
        (layout.epoch == store.columns_epoch() && store.has_snapshot()).then_some(layout)
    }

    fn try_note(&mut self, id: RowId, budget: &mut Budget) -> Result<(), CapacityError> {
        if let Some(build) = &mut self.build {
            build.touch(id, budget)?;
        }
        self.enqueue(id, budget)
    }

    fn enqueue(&mut self, id: RowId, budget: &mut Budget) -> Result<(), CapacityError> {
        self.order.cover(id.0.saturating_add(1), budget)?;
        // A flagged row is queued or waits. One that waits may be gone now: look again.
        if !self.order.flag(id) || self.waiting.contains(&id) {
            budget.reserve(&mut self.queue)?;
            self.queue.push(id);
            self.order.set_flag(id, true);
        }
        Ok(())
    }

    fn try_work(
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
        if self.is_outdated || unfit || bulk && !self.build_is_bulk && !self.held {
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
        let Some(build) = self.build.take() else {
            return Ok(());
        };
        let built = build.finish(budget);
        std::mem::replace(&mut self.order, built.order).free(budget);
        self.layout = Some(built.layout);
        self.forget_held(budget);
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
        if !self.held {
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
            *fuel = fuel.saturating_sub(MOVE);
            self.version += 1;
            result = if self.held {
                self.settle_held(id, &layout, store, budget)
            } else {
                self.settle(id, &layout, store, budget)
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
        budget: &mut Budget,
    ) -> Result<(), CapacityError> {
        self.order.remove(id);
        self.order.set_flag(id, false);
        let Some(row) = announced(store, id).filter(|row| layout.passes(row)) else {
            return Ok(());
        };
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
                Some(row) if layout.passes(&row) => self.wait(id, budget),
                _ => {
                    self.wait_no_more(id, budget);
                    Ok(())
                }
            };
        }
        let Some(row) = row else {
            self.wait_no_more(id, budget);
            self.become_ghost(id, store, budget);
            return Ok(());
        };
        let entry = Entry {
            prefix: layout.prefix(&row),
            id,
        };
        let neighbours = self
            .order
            .neighbours(id, |other| self.is_comparable(other.id, store));
        let fits = layout.passes(&row)
            && neighbours.is_some_and(|(before, after)| {
                before.is_none_or(|before| is_before(before, entry, layout, store))
                    && after.is_none_or(|after| is_before(entry, after, layout, store))
            });
        if !fits {
            return self.wait(id, budget);
        }
        self.order.set_prefix(entry);
        self.wait_no_more(id, budget);
        Ok(())
    }

    fn wait(&mut self, id: RowId, budget: &mut Budget) -> Result<(), CapacityError> {
        if !self.waiting.contains(&id) {
            budget.grow(WAITING_BYTES)?;
            self.waiting.insert(id);
        }
        Ok(())
    }

    fn wait_no_more(&mut self, id: RowId, budget: &mut Budget) {
        if self.waiting.remove(&id) {
            budget.shrink(WAITING_BYTES);
        }
        self.order.set_flag(id, false);
    }

    /// A row that is gone stays where it is: a copy takes its place. Where there is no memory for that, it goes.
    fn become_ghost(&mut self, id: RowId, store: &Store, budget: &mut Budget) {
        let ghost = self
            .ghosts
            .last_key_value()
            .map_or(GHOSTS, |(last, _)| last.0 + 1);
        let copy = store.row(id).map(|row| row.to_copy());
        match copy.filter(|copy| budget.grow(copy.bytes()).is_ok()) {
            Some(copy) => {
                self.ghosts.insert(RowId(ghost), copy);
                self.order.replace(id, RowId(ghost));
            }
            None => {
                self.order.remove(id);
            }
        }
    }

    /// The order follows again: ghosts go, and what waited is looked at.
    fn resume(&mut self, budget: &mut Budget) -> Result<(), CapacityError> {
        let total = self.queue.len().saturating_add(self.waiting.len());
        budget.reserve_to(&mut self.queue, total)?;
        self.queue.extend(&self.waiting);
        self.version += u64::from(!self.ghosts.is_empty());
        for &id in self.ghosts.keys() {
            self.order.remove(id);
        }
        self.forget_held(budget);
        Ok(())
    }

    fn forget_held(&mut self, budget: &mut Budget) {
        budget.shrink(self.waiting.len().saturating_mul(WAITING_BYTES));
        self.waiting.clear();
        for copy in std::mem::take(&mut self.ghosts).into_values() {
            budget.shrink(copy.bytes());
        }
    }

    /// Whether a row stands where its content says.
    fn is_comparable(&self, id: RowId, store: &Store) -> bool {
        id.0 < GHOSTS && !self.order.flag(id) && !store.changed_since_drain(id)
    }

    /// Where the cap is reached, the view lets go of everything and says so.
    fn survive<T>(&mut self, result: Result<T, CapacityError>, budget: &mut Budget) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.clear(budget);
                self.full = Some(error);
                self.version += 1;
                None
            }
        }
    }

    fn clear(&mut self, budget: &mut Budget) {
        std::mem::take(&mut self.order).free(budget);
        if let Some(build) = self.build.take() {
            build.free(budget);
        }
        budget.release(&self.queue);
        self.queue = Vec::new();
        self.forget_held(budget);
        self.layout = None;
        self.build_is_bulk = false;
    }
}

fn announced(store: &Store, id: RowId) -> Option<RowRef<'_>> {
    store.row(id).filter(|_| store.is_announced(id))
}
