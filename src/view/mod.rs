//! Sorted, filtered order over a store, and windows of rows.
pub mod key;
mod number;
