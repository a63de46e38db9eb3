//! What is known of a row beside its record: where it stands between snapshots, attempts and readers.

use super::ChangeKind;
use super::arena::Loc;

/// Ends a chain of slots.
pub(super) const END: u32 = u32::MAX;

/// One row's place. Its index is the row's [`super::RowId`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    /// The published record; kept after a removal until readers are done with it.
    pub(super) record: Loc,
    /// The record of the attempt, where it differs.
    pub(super) staged: Loc,
    pub(super) hash: u32,
    /// The next slot of the chain that this one is in: free slots, pending changes, or changes being drained.
    pub(super) next: u32,
    state: u16,
}

const LIVE: u16 = 1;
const SEEN: u16 = 1 << 1;
const STAGED: u16 = 1 << 2;
const PENDING: u32 = 4;
const DRAINING: u32 = 8;

/// What happened to a row since readers were last told, as they must see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(super) enum Net {
    Nothing = 0,
    Added = 1,
    Changed = 2,
    Removed = 3,
    /// Came and went without any reader knowing it.
    Vanished = 4,
}

impl Net {
    fn of(bits: u16) -> Self {
        match bits & 7 {
            1 => Self::Added,
            2 => Self::Changed,
            3 => Self::Removed,
            4 => Self::Vanished,
            _ => Self::Nothing,
        }
    }

    /// This and then that, in one.
    fn then(self, change: ChangeKind) -> Self {
        match (self, change) {
            (Self::Nothing | Self::Vanished, ChangeKind::Added)
            | (Self::Added, ChangeKind::Changed) => Self::Added,
            (Self::Added | Self::Vanished, ChangeKind::Removed) => Self::Vanished,
            (_, ChangeKind::Removed) => Self::Removed,
            // Removed and added again is a change to those who know the row.
            _ => Self::Changed,
        }
    }

    pub(super) fn kind(self) -> Option<ChangeKind> {
        match self {
            Self::Added => Some(ChangeKind::Added),
            Self::Changed => Some(ChangeKind::Changed),
            Self::Removed => Some(ChangeKind::Removed),
            Self::Nothing | Self::Vanished => None,
        }
    }
}

impl Slot {
    pub(super) fn vacant(next: u32) -> Self {
        Self {
            record: Loc::NONE,
            staged: Loc::NONE,
            hash: 0,
            next,
            state: 0,
        }
    }

    pub(super) fn new(hash: u32) -> Self {
        Self {
            hash,
            ..Self::vacant(END)
        }
    }

    /// Part of the published rows.
    pub(super) fn is_live(self) -> bool {
        self.state & LIVE != 0
    }

    /// In the attempt, with the published record.
    pub(super) fn is_seen(self) -> bool {
        self.state & SEEN != 0
    }

    /// In the attempt, with a record of its own.
    pub(super) fn is_staged(self) -> bool {
        self.state & STAGED != 0
    }

    pub(super) fn in_attempt(self) -> bool {
        self.state & (SEEN | STAGED) != 0
    }

    /// Whether anybody still needs the slot.
    pub(super) fn is_free(self) -> bool {
        self.state == 0
    }

    pub(super) fn set_live(&mut self, live: bool) {
        self.set(LIVE, live);
    }

    pub(super) fn set_seen(&mut self, seen: bool) {
        self.set(SEEN, seen);
    }

    pub(super) fn set_staged(&mut self, staged: bool) {
        self.set(STAGED, staged);
    }

    /// Not yet handed to readers.
    pub(super) fn pending(self) -> Net {
        Net::of(self.state >> PENDING)
    }

    /// Being handed to readers.
    pub(super) fn draining(self) -> Net {
        Net::of(self.state >> DRAINING)
    }

    /// Notes a change; true if the slot must be put into the chain of pending changes (where it is being
    /// drained, that happens when the drain is over).
    pub(super) fn note(&mut self, change: ChangeKind) -> bool {
        let before = self.pending();
        self.set_net(PENDING, before.then(change));
        before == Net::Nothing && self.draining() == Net::Nothing
    }

    /// What is pending becomes what is drained.
    pub(super) fn start_drain(&mut self) {
        self.set_net(DRAINING, self.pending());
        self.set_net(PENDING, Net::Nothing);
    }

    /// Readers are done; true if changes came in the meantime.
    pub(super) fn finish_drain(&mut self) -> bool {
        self.set_net(DRAINING, Net::Nothing);
        self.pending() != Net::Nothing
    }

    fn set(&mut self, bit: u16, on: bool) {
        if on {
            self.state |= bit;
        } else {
            self.state &= !bit;
        }
    }

    fn set_net(&mut self, shift: u32, net: Net) {
        self.state = (self.state & !(7 << shift)) | ((net as u16) << shift);
    }
}
