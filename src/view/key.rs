//! What a cell sorts by.
#![allow(
    missing_docs,
    unused_variables,
    clippy::unimplemented,
    clippy::must_use_candidate,
    clippy::needless_pass_by_value
)]

use core::cmp::Ordering;

use crate::clock::Timestamp;

/// What a cell sorts by; total order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellKey {}

impl CellKey {
    /// `raw`: the cell's JSON as stored (`None`: the row has no such cell). `instant`: what
    /// `time_cells::instant` says of the cell.
    pub fn new(raw: Option<&[u8]>, instant: Option<Timestamp>) -> Self {
        unimplemented!()
    }

    /// Never contradicts the full order: `a.prefix() < b.prefix()` implies `a < b`. Equal prefixes say nothing.
    pub fn prefix(&self) -> u64 {
        unimplemented!()
    }
}

impl PartialOrd for CellKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for CellKey {
    fn cmp(&self, other: &Self) -> Ordering {
        unimplemented!()
    }
}
