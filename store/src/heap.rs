//! Where records live: two arenas, so that a snapshot that replaces most rows gives back what the last one took.
//!
//! In one arena the rows of an attempt would fill the holes between published rows, and when those go, half-empty segments
//! stay for good. So an attempt writes into the arena that holds less, and live changes fill holes in either.

use super::CapacityError;
use super::arena::{Arena, Loc};
use super::budget::Budget;

/// The bit of a [`Loc`] that tells the arena.
const SIDE: u32 = 1 << 31;

#[derive(Debug)]
pub(super) struct Heap {
    sides: [Arena; 2],
    /// The second one is for attempts.
    swapped: bool,
}

/// For what a record is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To be published by a commit.
    Attempt,
    /// To be published at once, while an attempt is open or not.
    Live { beside_attempt: bool },
}

impl Heap {
    pub(super) fn new() -> Self {
        Self {
            sides: [Arena::new(), Arena::new()],
            swapped: false,
        }
    }

    /// Chooses the arenas again, between attempts.
    pub(super) fn balance(&mut self) {
        let [first, second] = &self.sides;
        self.swapped = first.held() < second.held();
    }

    pub(super) fn bytes(&self, at: Loc) -> &[u8] {
        let [first, second] = &self.sides;
        let arena = if at.0 & SIDE == 0 { first } else { second };
        arena.bytes(Loc(at.0 & !SIDE))
    }

    /// A new record that holds `data`.
    pub(super) fn store(
        &mut self,
        data: &[u8],
        purpose: Purpose,
        budget: &mut Budget,
    ) -> Result<Loc, CapacityError> {
        let (main_bit, other_bit) = if self.swapped { (SIDE, 0) } else { (0, SIDE) };
        let [first, second] = &mut self.sides;
        let (main, other) = if self.swapped {
            (second, first)
        } else {
            (first, second)
        };
        if purpose == Purpose::Attempt {
            let Loc(at) = other.store(data, budget)?;
            return Ok(Loc(at | other_bit));
        }
        let beside_attempt = Purpose::Live {
            beside_attempt: true,
        } == purpose;
        if !beside_attempt && !main.has_room(data.len()) && other.has_room(data.len()) {
            let Loc(at) = other.store(data, budget)?;
            return Ok(Loc(at | other_bit));
        }
        let Loc(at) = main.store(data, budget)?;
        Ok(Loc(at | main_bit))
    }

    /// Gives a record back.
    pub(super) fn release(&mut self, at: Loc, budget: &mut Budget) {
        let [first, second] = &mut self.sides;
        let arena = if at.0 & SIDE == 0 { first } else { second };
        arena.release(Loc(at.0 & !SIDE), budget);
    }
}
