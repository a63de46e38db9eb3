//! Attempts at a snapshot: staged beside the published rows, then published in one step or thrown away.

use super::arena::Loc;
use super::heap::Purpose;
use super::record::Identity;
use super::slot::Slot;
use super::{CapacityError, ChangeKind, DiffCounts, Progress, RowId, Store};
use crate::clock::Timestamp;
use crate::event::{Meta, Row};
use crate::table::Columns;

/// What has become of the attempt.
#[derive(Debug)]
pub(super) enum Stage {
    /// There is none.
    Idle,
    /// It takes rows.
    Open,
    /// It is becoming the published rows; slots before `cursor` are done.
    Committing {
        cursor: usize,
        columns: Columns,
        counts: DiffCounts,
    },
    /// It is being thrown away; slots before `cursor` are done.
    Discarding { cursor: usize },
}

impl Store {
    /// Starts an attempt. One that was open is thrown away, and work that was left is finished, in one piece: discard and
    /// work off before, to stay in slices.
    pub fn begin(&mut self) {
        self.discard();
        self.finish();
        self.heap.balance();
        self.stage = Stage::Open;
        self.same_columns = false;
    }

    /// Tells the columns of the attempt (and begins one if none is open). Rows that come before are compared with the published
    /// ones to the letter: what reads like a time may stand in another column.
    pub fn expect_columns(&mut self, columns: &Columns) {
        self.open();
        self.same_columns = self.columns == *columns;
    }

    /// Takes a row into the attempt (and begins one if none is open). A uid that is already in the attempt is replaced;
    /// a row without uid is one more of its namespace and name.
    ///
    /// # Errors
    ///
    /// The cap is reached; then the attempt is as it was before.
    pub fn stage(&mut self, row: &Row<'_>, received: Timestamp) -> Result<(), CapacityError> {
        self.open();
        let identity = Identity::of_uid(&row.meta.uid).unwrap_or_else(|| {
            Identity::Occurrence(self.count_occurrences(&row.meta, Slot::in_attempt))
        });
        self.stage_as(identity, row, received)
    }

    /// Takes a row into the attempt that replaces an earlier one: a MODIFIED event that came before the attempt was
    /// whole. As [`Store::stage`], but without uid the first row of that namespace and name is meant.
    ///
    /// # Errors
    ///
    /// As [`Store::stage`].
    pub fn stage_modified(
        &mut self,
        row: &Row<'_>,
        received: Timestamp,
    ) -> Result<(), CapacityError> {
        self.open();
        let identity = Identity::of_uid(&row.meta.uid).unwrap_or(Identity::Occurrence(0));
        self.stage_as(identity, row, received)
    }

    /// Takes a row out of the attempt; `false` where it is not in it. Without a uid, the last row of that namespace and
    /// name is meant.
    pub fn stage_remove(&mut self, meta: &Meta<'_>) -> bool {
        if !matches!(self.stage, Stage::Open) {
            return false;
        }
        let Some(id) = self.find_last(meta, Slot::in_attempt) else {
            return false;
        };
        self.leave_attempt(id);
        self.staged_len = self.staged_len.saturating_sub(1);
        true
    }

    /// Rows in the attempt so far.
    #[must_use]
    pub fn staged_len(&self) -> usize {
        self.staged_len
    }

    /// From here on the attempt becomes the published rows, by [`Store::work`]; readers wait for [`Store::is_settled`].
    /// Without an open attempt nothing happens.
    pub fn commit(&mut self, columns: Columns) {
        if matches!(self.stage, Stage::Open) {
            self.stage = Stage::Committing {
                cursor: 0,
                columns,
                counts: DiffCounts::default(),
            };
        }
    }

    /// Throws the attempt away, by [`Store::work`]. What is published never notices. A commit under way is not undone.
    pub fn discard(&mut self) {
        if matches!(self.stage, Stage::Open) {
            self.stage = Stage::Discarding { cursor: 0 };
            self.staged_len = 0;
        }
    }

    /// Goes on with a commit or a discard for about `fuel` rows.
    pub fn work(&mut self, fuel: usize) -> Progress {
        match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Committing {
                cursor,
                columns,
                mut counts,
            } => {
                let end = self.slots.len().min(cursor.saturating_add(fuel));
                for index in cursor..end {
                    self.commit_slot(index, &mut counts);
                }
                if end < self.slots.len() {
                    self.stage = Stage::Committing {
                        cursor: end,
                        columns,
                        counts,
                    };
                    return Progress::More;
                }
                if self.columns != columns {
                    self.columns = columns;
                    self.columns_epoch += 1;
                }
                self.has_snapshot = true;
                self.heap.balance();
                self.last_commit = counts;
                self.staged_len = 0;
                Progress::Done
            }
            Stage::Discarding { cursor } => {
                let end = self.slots.len().min(cursor.saturating_add(fuel));
                for index in cursor..end {
                    if let Ok(index) = u32::try_from(index) {
                        self.leave_attempt(RowId(index));
                    }
                }
                if end < self.slots.len() {
                    self.stage = Stage::Discarding { cursor: end };
                    return Progress::More;
                }
                Progress::Done
            }
            stage @ (Stage::Idle | Stage::Open) => {
                self.stage = stage;
                Progress::Done
            }
        }
    }

    /// No commit is under way: rows and columns belong together and may be read.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        !matches!(self.stage, Stage::Committing { .. })
    }

    /// What the last finished commit changed.
    #[must_use]
    pub fn last_commit(&self) -> DiffCounts {
        self.last_commit
    }

    /// Finishes work that was left.
    pub(super) fn finish(&mut self) {
        while self.work(usize::MAX) == Progress::More {}
    }

    /// An attempt must be open before anything is looked up: finishing older work moves rows.
    fn open(&mut self) {
        if !matches!(self.stage, Stage::Open) {
            self.begin();
        }
    }

    fn stage_as(
        &mut self,
        identity: Identity<'_>,
        row: &Row<'_>,
        received: Timestamp,
    ) -> Result<(), CapacityError> {
        let (hash, known) = self.locate(identity, &row.meta);
        if let Some(id) = known
            && self.is_live(id)
            && self.is_same(id, row, self.same_columns)
        {
            let Some(slot) = self.slot_mut(id) else {
                return Ok(());
            };
            let is_new = !slot.in_attempt();
            let staged = std::mem::replace(&mut slot.staged, Loc::NONE);
            slot.set_staged(false);
            slot.set_seen(true);
            self.release_record(staged);
            self.staged_len += usize::from(is_new);
            return Ok(());
        }
        if known.is_none() {
            self.reserve_slot(hash)?;
        }
        let record = self.write(row, identity, received, Purpose::Attempt)?;
        let id = known.unwrap_or_else(|| self.add_slot(hash));
        let Some(slot) = self.slot_mut(id) else {
            return Ok(());
        };
        let is_new = !slot.in_attempt();
        let staged = std::mem::replace(&mut slot.staged, record);
        slot.set_seen(false);
        slot.set_staged(true);
        self.release_record(staged);
        self.staged_len += usize::from(is_new);
        Ok(())
    }

    /// Takes a slot out of the attempt, and frees it if it was there for that alone.
    fn leave_attempt(&mut self, id: RowId) {
        let Some(slot) = self.slot_mut(id).filter(|slot| slot.in_attempt()) else {
            return;
        };
        slot.set_seen(false);
        slot.set_staged(false);
        let staged = std::mem::replace(&mut slot.staged, Loc::NONE);
        self.release_record(staged);
        self.free_if_unused(id);
    }

    fn commit_slot(&mut self, index: usize, counts: &mut DiffCounts) {
        let Some((id, slot)) = u32::try_from(index)
            .ok()
            .map(RowId)
            .and_then(|id| Some((id, self.slots.get_mut(index)?)))
        else {
            return;
        };
        let was_live = slot.is_live();
        if !slot.in_attempt() {
            if was_live {
                counts.removed += 1;
                self.unpublish(id);
            }
            return;
        }
        let is_staged = slot.is_staged();
        slot.set_seen(false);
        slot.set_staged(false);
        slot.set_live(true);
        if is_staged {
            let staged = std::mem::replace(&mut slot.staged, Loc::NONE);
            let old = std::mem::replace(&mut slot.record, staged);
            self.release_record(old);
        }
        if !was_live {
            counts.added += 1;
            self.len += 1;
            self.note(id, ChangeKind::Added);
        } else if is_staged {
            counts.changed += 1;
            self.note(id, ChangeKind::Changed);
        }
    }
}
