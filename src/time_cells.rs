//! Times in cells: kept as instants, printed as kubectl would print them now.
#![allow(
    missing_docs,
    unused_variables,
    clippy::unimplemented,
    clippy::must_use_candidate,
    clippy::needless_pass_by_value
)]

use crate::clock::{Millis, Timestamp};
use crate::table::Column;

/// How the text of a column's cells runs with time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeRule {
    /// The object's age: from `metadata.creationTimestamp`.
    Creation,
    /// The whole cell is a duration since an instant: `5m`.
    Since,
    /// A count and the time since it last grew: `3 (5m ago)`.
    Bracket,
    /// A Job's Duration: runs until the cell at `status` (or, on servers without that column, at
    /// `completions`) says that the Job is complete. Resolve it for a row by [`TimeRule::in_row`].
    Running {
        status: Option<usize>,
        completions: Option<usize>,
    },
}

/// When what a cell speaks of happened, as far as its text tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instanced {
    /// The latest instant that the cell's text allows.
    pub at: Timestamp,
    /// The true instant is less than this before `at` (zero: exact).
    pub precision: Millis,
}

impl TimeRule {
    /// The rule for one row: `Running` becomes `Since`, or `None` where the Job is complete; others stay.
    /// `text(i)` is the decoded text of the row's cell `i` (index into the columns that `rules` was given).
    pub fn in_row<'a>(self, text: impl Fn(usize) -> Option<&'a str>) -> Option<TimeRule> {
        unimplemented!()
    }
}

/// One rule a column, in their order; `None`: the cells are shown as sent.
pub fn rules(group: &str, resource: &str, columns: &[Column]) -> Vec<Option<TimeRule>> {
    unimplemented!()
}

/// `rule`: as resolved by [`TimeRule::in_row`]. `received`: when the row came.
pub fn instant(
    rule: TimeRule,
    cell_text: &str,
    creation: Option<Timestamp>,
    received: Timestamp,
) -> Option<Instanced> {
    unimplemented!()
}

/// Appends what kubectl would print at `now`; false (nothing appended) where the cell is no time: show it as sent.
pub fn render(
    rule: TimeRule,
    cell_text: &str,
    creation: Option<Timestamp>,
    received: Timestamp,
    now: Timestamp,
    out: &mut String,
) -> bool {
    unimplemented!()
}

/// How long after `now` `render` first gives other text; `None`: never.
pub fn next_change(
    rule: TimeRule,
    cell_text: &str,
    creation: Option<Timestamp>,
    received: Timestamp,
    now: Timestamp,
) -> Option<Millis> {
    unimplemented!()
}

/// Whether two texts of one cell of rows with equal uid and resourceVersion differ in nothing but the running of time.
pub fn same_apart_from_time(a: &str, b: &str) -> bool {
    unimplemented!()
}
