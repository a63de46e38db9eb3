//! A live, consistent table of any Kubernetes resource: the core, without I/O.

#![forbid(unsafe_code)]

pub mod backoff;
pub mod frame;
pub mod reflector;
pub mod request;
pub mod selector;
pub mod status;
pub mod strategy;
pub mod time_cells;
pub mod view;

pub use kube_watchlist_decode::{clock, event, json, object, table};
pub use kube_watchlist_store as store;
