//! JSON documents to events, columns and cells: the layer that touches every byte.
//!
//! A package of its own because Cargo sets optimisation levels by package, and one wasm module holds two: this one is
//! compiled for speed, all else for size (figures: profiles in the workspace's `Cargo.toml`). Users name `kube_watchlist`, which offers these modules under
//! its own paths.

pub mod clock;
pub mod event;
pub mod json;
pub mod object;
pub mod table;
