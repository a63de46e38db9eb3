//! A live, consistent table of any Kubernetes resource: the core, without I/O.

pub mod backoff;
pub mod clock;
pub mod event;
pub mod frame;
pub mod json;
pub mod object;
pub mod reflector;
pub mod request;
pub mod selector;
pub mod status;
pub mod store;
pub mod strategy;
pub mod table;
pub mod time_cells;
pub mod view;
