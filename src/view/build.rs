//! Ordering a whole store anew, in slices.
//!
//! Rows are scanned, filtered and put into short sorted runs, runs are merged, the last one becomes an order. Rows that change
//! meanwhile are dropped wherever they are met: their keys no longer fit where they stand. They come back one by one when
//! the order is done.

use std::collections::VecDeque;

use super::layout::Layout;
use super::order::{Entry, Order};
use crate::store::{Budget, CapacityError, Progress, RowId, Store};

/// Rows that are scanned in one go.
const BLOCK: u32 = 256;

/// An order under construction.
#[derive(Debug)]
pub(super) struct Build {
    pub(super) layout: Layout,
    /// Rows of which a change was told since it began: by row, and in a list.
    touched: Vec<u64>,
    again: Vec<RowId>,
    stage: Stage,
    runs: VecDeque<Vec<Entry>>,
}

#[derive(Debug)]
enum Stage {
    Scan {
        next: u32,
    },
    Merge(Option<Merge>),
    Fill {
        run: Vec<Entry>,
        next: usize,
        order: Order,
    },
}

#[derive(Debug)]
struct Merge {
    left: Vec<Entry>,
    right: Vec<Entry>,
    next_left: usize,
    next_right: usize,
    merged: Vec<Entry>,
}

/// What is finished: the order, its layout, and the rows that must be looked at again.
#[derive(Debug)]
pub(super) struct Built {
    pub(super) layout: Layout,
    pub(super) order: Order,
    pub(super) again: Vec<RowId>,
}

impl Build {
    pub(super) fn new(layout: Layout) -> Self {
        Self {
            layout,
            touched: Vec::new(),
            again: Vec::new(),
            stage: Stage::Scan { next: 0 },
            runs: VecDeque::new(),
        }
    }

    /// Notes a row that changed, or is gone.
    pub(super) fn touch(&mut self, id: RowId, budget: &mut Budget) -> Result<(), CapacityError> {
        let word = id.0 as usize / 64;
        if self.touched.len() <= word {
            budget.reserve_to(&mut self.touched, word + 1)?;
            self.touched.resize(word + 1, 0);
        }
        if let Some(word) = self.touched.get_mut(word) {
            let bit = 1 << (id.0 % 64);
            if *word & bit == 0 {
                budget.reserve(&mut self.again)?;
                self.again.push(id);
                *word |= bit;
            }
        }
        Ok(())
    }

    /// Gives back what it held.
    pub(super) fn free(self, budget: &mut Budget) {
        budget.release(&self.touched);
        budget.release(&self.again);
        for run in &self.runs {
            budget.release(run);
        }
        match self.stage {
            Stage::Scan { .. } | Stage::Merge(None) => {}
            Stage::Merge(Some(merge)) => {
                budget.release(&merge.left);
                budget.release(&merge.right);
                budget.release(&merge.merged);
            }
            Stage::Fill { run, order, .. } => {
                budget.release(&run);
                order.free(budget);
            }
        }
    }

    /// Goes on for about `fuel` rows or comparisons, which it takes from it.
    pub(super) fn work(
        &mut self,
        store: &Store,
        fuel: &mut usize,
        budget: &mut Budget,
    ) -> Result<Progress, CapacityError> {
        while *fuel > 0 {
            match &mut self.stage {
                Stage::Scan { next } => {
                    let first = *next;
                    let end = store.id_bound().min(first.saturating_add(BLOCK));
                    *next = end;
                    if end == first {
                        self.stage = Stage::Merge(None);
                        continue;
                    }
                    *fuel = fuel.saturating_sub((end - first) as usize);
                    self.scan(first..end, store, fuel, budget)?;
                }
                Stage::Merge(merge) => {
                    if let Some(merge) = merge {
                        if merge.work(&self.layout, &self.touched, store, fuel) == Progress::More {
                            continue;
                        }
                        budget.release(&merge.left);
                        budget.release(&merge.right);
                        let merged = std::mem::take(&mut merge.merged);
                        self.runs.push_back(merged);
                    }
                    let left = self.runs.pop_front().unwrap_or_default();
                    if let Some(right) = self.runs.pop_front() {
                        self.stage = Stage::Merge(Some(Merge::new(left, right, budget)?));
                    } else {
                        self.stage = Stage::Fill {
                            run: left,
                            next: 0,
                            order: Order::default(),
                        };
                    }
                }
                Stage::Fill { run, next, order } => {
                    let mut taken = 0;
                    let rest = run.get(*next..).unwrap_or_default().iter().copied();
                    let mut stable = rest
                        .inspect(|_| taken += 1)
                        .filter(|entry| is_stable(entry.id, &self.touched, store));
                    let progress = order.append(&mut stable, budget)?;
                    *next += taken;
                    *fuel = fuel.saturating_sub(taken);
                    if progress == Progress::Done {
                        order.cover(store.id_bound(), budget)?;
                        return Ok(Progress::Done);
                    }
                }
            }
        }
        Ok(Progress::More)
    }

    /// The result, after [`Build::work`] is done. The memory of its parts stays counted.
    pub(super) fn finish(self, budget: &mut Budget) -> Built {
        budget.release(&self.touched);
        let order = match self.stage {
            Stage::Fill { run, order, .. } => {
                budget.release(&run);
                order
            }
            _ => Order::default(),
        };
        Built {
            layout: self.layout,
            order,
            again: self.again,
        }
    }

    /// A sorted run of the rows of a few ids that pass. Nothing changes while this runs, so all of them can be compared.
    fn scan(
        &mut self,
        ids: std::ops::Range<u32>,
        store: &Store,
        fuel: &mut usize,
        budget: &mut Budget,
    ) -> Result<(), CapacityError> {
        // At most a block, so not counted.
        let mut run: Vec<Entry> = Vec::new();
        for id in ids.map(RowId) {
            if !store.is_live(id) || !is_stable(id, &self.touched, store) {
                continue;
            }
            let Some(row) = store.row(id).filter(|row| self.layout.passes(row)) else {
                continue;
            };
            let entry = Entry {
                prefix: self.layout.prefix(&row),
                id,
            };
            let at = run.partition_point(|&other| {
                *fuel = fuel.saturating_sub(1);
                is_before(other, entry, &self.layout, store)
            });
            run.insert(at, entry);
        }
        if !run.is_empty() {
            let mut exact = Vec::new();
            budget.reserve_to(&mut exact, run.len())?;
            exact.extend_from_slice(&run);
            self.runs.push_back(exact);
        }
        Ok(())
    }
}

impl Merge {
    fn new(
        left: Vec<Entry>,
        right: Vec<Entry>,
        budget: &mut Budget,
    ) -> Result<Self, CapacityError> {
        let mut merged = Vec::new();
        if let Err(error) = budget.reserve_to(&mut merged, left.len() + right.len()) {
            budget.release(&left);
            budget.release(&right);
            return Err(error);
        }
        Ok(Self {
            left,
            right,
            next_left: 0,
            next_right: 0,
            merged,
        })
    }

    fn work(
        &mut self,
        layout: &Layout,
        touched: &[u64],
        store: &Store,
        fuel: &mut usize,
    ) -> Progress {
        while *fuel > 0 {
            *fuel -= 1;
            let left = self.left.get(self.next_left).copied();
            let right = self.right.get(self.next_right).copied();
            if left.is_some_and(|entry| !is_stable(entry.id, touched, store)) {
                self.next_left += 1;
                continue;
            }
            if right.is_some_and(|entry| !is_stable(entry.id, touched, store)) {
                self.next_right += 1;
                continue;
            }
            let (entry, next) = match (left, right) {
                (None, None) => return Progress::Done,
                (Some(left), Some(right)) if is_before(right, left, layout, store) => {
                    (right, &mut self.next_right)
                }
                (None, Some(right)) => (right, &mut self.next_right),
                (Some(left), _) => (left, &mut self.next_left),
            };
            *next += 1;
            self.merged.push(entry);
        }
        Progress::More
    }
}

/// Whether the row is as it was when it was scanned.
fn is_stable(id: RowId, touched: &[u64], store: &Store) -> bool {
    let word = touched.get(id.0 as usize / 64).copied().unwrap_or(0);
    word & (1 << (id.0 % 64)) == 0 && !store.changed_since_drain(id)
}

/// Whether `a` stands before `b`.
pub(super) fn is_before(a: Entry, b: Entry, layout: &Layout, store: &Store) -> bool {
    if a.prefix != b.prefix {
        return a.prefix < b.prefix;
    }
    layout.compare(store, a.id, b.id).is_lt()
}
