//! One view: what is read of it, and the parts that make it up.

mod follow;

use super::build::Build;
use super::hold::Hold;
use super::layout::{Kind, Layout};
use super::options::ViewOptions;
use super::order::Order;
use super::render;
use crate::clock::{Millis, Timestamp};
use crate::selector::{Selector, SelectorError};
use crate::store::{Budget, CapacityError, Progress, RowId, RowRef, Store};
use crate::table::Column;

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
    /// Rows that wait in it are flagged likewise.
    hold: Hold,
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
            hold: Hold::default(),
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
        self.hold.is_on = true;
    }

    /// Lets the order follow again; call [`super::Views::work`].
    pub fn release(&mut self) {
        self.hold.is_on = false;
    }

    /// Moves, arrivals and departures that wait for [`View::release`].
    #[must_use]
    pub fn pending(&self) -> usize {
        self.hold.pending()
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
        let ghost = self.hold.ghosts().find(|(_, row)| row.key() == key);
        ghost.and_then(|(id, _)| self.order.position(id))
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

    /// Calls `show` for the rows of positions `first..last`, as far as there are, and says of each whether it is gone from
    /// the store.
    pub(super) fn each<'s>(
        &'s self,
        store: &'s Store,
        first: usize,
        last: usize,
        mut show: impl FnMut(Option<RowRef<'s>>, bool, &Layout),
    ) -> Option<()> {
        let layout = self.current(store).filter(|_| store.is_settled())?;
        for id in self.order.from(first).take(last.saturating_sub(first)) {
            let ghost = self.hold.ghost(id);
            let removed = ghost.is_some();
            show(ghost.or_else(|| store.row(id)), removed, layout);
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
        let shown = self.each(store, first, last, |row, removed, layout| {
            match row {
                Some(row) => render::push_row(&row, removed, layout, kind, now, out),
                None => out.push_str("null"),
            }
            out.push('\n');
        });
        shown.is_some()
    }

    /// How long after `now` a time in the rows `first..last` next changes its text, or their order has to be looked at again;
    /// `None`: never, as long as rows stay.
    #[must_use]
    pub fn next_tick(
        &self,
        store: &Store,
        first: usize,
        last: usize,
        now: Timestamp,
    ) -> Option<Millis> {
        let mut soonest = self.stands(store, now);
        self.each(store, first, last, |row, _, layout| {
            let tick = row.and_then(|row| render::next_tick(&row, layout, now));
            soonest = match (soonest, tick) {
                (Some(a), Some(b)) => Some(std::cmp::min(a, b)),
                (a, b) => a.or(b),
            };
        })?;
        soonest
    }

    /// See [`Layout::stands`]. A held order stands.
    fn stands(&self, store: &Store, now: Timestamp) -> Option<Millis> {
        let layout = self.current(store).filter(|_| !self.hold.is_on)?;
        layout.stands(now)
    }

    /// The layout of the order, if it fits the store's columns.
    fn current(&self, store: &Store) -> Option<&Layout> {
        let layout = self.layout.as_ref()?;
        (layout.epoch == store.columns_epoch() && store.has_snapshot()).then_some(layout)
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
        self.hold.forget(budget);
        self.layout = None;
        self.build_is_bulk = false;
    }
}
