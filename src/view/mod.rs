//! Sorted, filtered order over a store, and windows of rows.
//!
//! [`Views`] holds all views and change feeds of one table and follows its store. A [`View`] keeps an order of row ids and
//! nothing of their content: rows become text for the window that is looked at, when it is looked at.
//!
//! After each batch of changes call [`Views::work`] until it is done, in slices; then read windows. A view that is being
//! ordered anew shows its old order until the new one is there, in one step.

mod build;
mod feed;
mod hold;
mod json_text;
pub mod key;
mod layout;
mod number;
mod options;
mod order;
mod render;
mod single;
mod views;

pub use feed::ChangeFeed;
pub use options::{ColumnChoice, Filter, Sort, ViewOptions};
pub use single::View;
pub use views::{FeedId, ViewId, Views};
