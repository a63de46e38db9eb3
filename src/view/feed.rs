//! What changed since a subscriber last asked, one change a key.

use super::json_text::push_string;
use super::layout::{Kind, Layout};
use super::options::{ColumnChoice, ViewOptions};
use super::render::push_row;
use crate::clock::Timestamp;
use crate::selector::Selector;
use crate::store::{Budget, CapacityError, ChangeKind, Chunked, RowId, Store, Texts};

/// The subscriber has the row.
const KNOWN: u8 = 1;
/// The row changed since.
const WAITING: u8 = 2;
/// What a removed key is counted as beside its text, in bytes.
const KEY_BYTES: usize = 32;

/// The changes of a table for one subscriber, at its own pace: however long it does not ask, the feed holds one change a key.
///
/// First comes the whole snapshot, in batches of kind `snapshot`, the last marked; then batches of kind `update`. A new
/// snapshot comes when the columns change: the first batch of kind `snapshot` after a last one takes the place of everything before. Cells
/// are those of all columns.
#[derive(Debug)]
pub struct ChangeFeed {
    /// By row.
    states: Chunked<u8>,
    /// Rows with `WAITING`.
    waiting: Vec<RowId>,
    /// Keys that the subscriber has and that are gone.
    removed: Texts,
    stage: Stage,
    layout: Option<Layout>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nothing was sent, or all of it is to be sent anew.
    Start,
    /// The snapshot is sent up to this row.
    Snapshot {
        next: u32,
    },
    Live,
}

impl ChangeFeed {
    pub(super) fn new() -> Self {
        Self {
            states: Chunked::default(),
            waiting: Vec::new(),
            removed: Texts::new(),
            stage: Stage::Start,
            layout: None,
        }
    }

    /// Gives back what it held.
    pub(super) fn free(mut self, budget: &mut Budget) {
        self.clear(budget);
    }

    pub(super) fn note(&mut self, id: RowId, kind: ChangeKind, store: &Store, budget: &mut Budget) {
        let scanned = match self.stage {
            Stage::Start => 0,
            Stage::Snapshot { next } => next,
            Stage::Live => u32::MAX,
        };
        // A snapshot in the making will come to the others. (One that is sent again has been told of some: they may go.)
        if id.0 >= scanned && kind != ChangeKind::Removed {
            return;
        }
        if self.try_note(id, kind, store, budget).is_err() {
            // No memory to remember changes: begin anew.
            self.clear(budget);
            self.stage = Stage::Start;
        }
    }

    /// See [`super::Views::next_batch`].
    pub(super) fn next_batch(
        &mut self,
        store: &Store,
        kind: &Kind,
        now: Timestamp,
        max_rows: usize,
        out: &mut String,
        budget: &mut Budget,
    ) -> Result<bool, CapacityError> {
        let epoch = store.columns_epoch();
        if self
            .layout
            .as_ref()
            .is_none_or(|layout| layout.epoch != epoch)
        {
            let options = ViewOptions {
                columns: ColumnChoice::Wide,
                ..ViewOptions::default()
            };
            self.layout = Some(Layout::new(
                &options,
                &Selector::default(),
                kind,
                store,
                now,
            ));
            self.stage = match self.stage {
                // What was sent of the broken-off snapshot is sent again, as changed.
                Stage::Snapshot { .. } => Stage::Snapshot { next: 0 },
                Stage::Start | Stage::Live => Stage::Start,
            };
        }
        if self.stage == Stage::Start {
            self.clear(budget);
            self.stage = Stage::Snapshot { next: 0 };
        }
        // From here on nothing can fail: what is taken off a list is sent.
        self.cover(store.id_bound(), budget)?;
        let Some(layout) = self.layout.take() else {
            return Ok(false);
        };
        let mut batch = Batch {
            layout: &layout,
            kind,
            now,
            left: max_rows,
            added: String::new(),
            changed: String::new(),
        };
        let written = match self.stage {
            Stage::Snapshot { next } => {
                let end = self.send_snapshot(next, store, &mut batch, budget);
                let is_last = end >= store.id_bound();
                self.stage = if is_last {
                    Stage::Live
                } else {
                    Stage::Snapshot { next: end }
                };
                batch.write("snapshot", &[], is_last, out);
                true
            }
            _ if self.waiting.is_empty() && self.removed.is_empty() => false,
            _ => {
                self.send_waiting(store, &mut batch, budget);
                let mut keys = Vec::new();
                while batch.left > 0
                    && let Some((key, _)) = self.removed.pop()
                {
                    batch.left -= 1;
                    budget.shrink(key.len() + KEY_BYTES);
                    keys.push(key);
                }
                let is_last = self.waiting.is_empty() && self.removed.is_empty();
                batch.write("update", &keys, is_last, out);
                true
            }
        };
        self.layout = Some(layout);
        Ok(written)
    }

    fn try_note(
        &mut self,
        id: RowId,
        kind: ChangeKind,
        store: &Store,
        budget: &mut Budget,
    ) -> Result<(), CapacityError> {
        self.cover(id.0.saturating_add(1), budget)?;
        let state = self.states.get(id.0 as usize).copied().unwrap_or(0);
        if kind == ChangeKind::Removed {
            if state & KNOWN != 0
                && let Some(row) = store.row(id)
            {
                let key = row.key();
                let bytes = key.len() + KEY_BYTES;
                budget.grow(bytes)?;
                let kept = self.removed.insert(key, Vec::new(), store.hasher());
                kept.inspect_err(|_| budget.shrink(bytes))?;
            }
            self.set(id, state & !KNOWN);
        } else if state & WAITING == 0 {
            budget.reserve(&mut self.waiting)?;
            self.waiting.push(id);
            self.set(id, state | WAITING);
        }
        Ok(())
    }

    /// Sends rows from `next` on; the row to go on with.
    fn send_snapshot(
        &mut self,
        next: u32,
        store: &Store,
        batch: &mut Batch<'_>,
        budget: &mut Budget,
    ) -> u32 {
        let mut next = next;
        // Rows that are not there cost something too.
        let mut steps = batch.left.saturating_mul(64);
        while batch.left > 0 && steps > 0 && next < store.id_bound() {
            self.send(RowId(next), store, batch, budget);
            next += 1;
            steps -= 1;
        }
        next
    }

    fn send_waiting(&mut self, store: &Store, batch: &mut Batch<'_>, budget: &mut Budget) {
        while batch.left > 0
            && let Some(id) = self.waiting.pop()
        {
            let state = self.states.get(id.0 as usize).copied().unwrap_or(0);
            self.set(id, state & !WAITING);
            self.send(id, store, batch, budget);
        }
    }

    fn send(&mut self, id: RowId, store: &Store, batch: &mut Batch<'_>, budget: &mut Budget) {
        let Some(row) = store.row(id).filter(|_| store.is_announced(id)) else {
            return;
        };
        let state = self.states.get(id.0 as usize).copied().unwrap_or(0);
        // A key that went and came back is a change to those who have it.
        let key = row.key();
        let came_back = self.removed.remove(&key, store.hasher());
        if came_back {
            budget.shrink(key.len() + KEY_BYTES);
        }
        let is_known = came_back || state & KNOWN != 0;
        self.set(id, state | KNOWN);
        batch.left -= 1;
        let list = if is_known {
            &mut batch.changed
        } else {
            &mut batch.added
        };
        if !list.is_empty() {
            list.push(',');
        }
        push_row(&row, false, batch.layout, batch.kind, batch.now, list);
    }

    fn cover(&mut self, bound: u32, budget: &mut Budget) -> Result<(), CapacityError> {
        while self.states.len() < bound as usize {
            self.states.push(0, budget)?;
        }
        Ok(())
    }

    fn set(&mut self, id: RowId, state: u8) {
        if let Some(place) = self.states.get_mut(id.0 as usize) {
            *place = state;
        }
    }

    fn clear(&mut self, budget: &mut Budget) {
        std::mem::take(&mut self.states).free(budget);
        budget.release(&self.waiting);
        self.waiting = Vec::new();
        while let Some((key, _)) = self.removed.pop() {
            budget.shrink(key.len() + KEY_BYTES);
        }
    }
}

/// A batch that is being written.
struct Batch<'a> {
    layout: &'a Layout,
    kind: &'a Kind,
    now: Timestamp,
    left: usize,
    added: String,
    changed: String,
}

impl Batch<'_> {
    fn write(&self, kind: &str, removed: &[String], is_last: bool, out: &mut String) {
        out.push_str("{\"kind\":");
        push_string(kind, out);
        out.push_str(",\"added\":[");
        out.push_str(&self.added);
        out.push_str("],\"changed\":[");
        out.push_str(&self.changed);
        out.push_str("],\"removed\":[");
        for (index, key) in removed.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            push_string(key, out);
        }
        out.push_str("],\"last\":");
        out.push_str(if is_last { "true" } else { "false" });
        out.push('}');
    }
}
