//! An API server for the demo, the tests and the benchmarks of kube-watchlist.
//!
//! * [`model`] is the server without I/O: history, Tables, watches, refusals, version profiles.
//! * [`world`] fills it with a cluster that looks and lives like a real one.
//! * `http` puts both behind a socket, with faults on request; it is a feature of its own, so that simulators need no runtime.

#[cfg(feature = "http")]
pub mod http;
pub mod json;
pub mod model;
pub mod mutate;
pub mod random;
pub mod time;
pub mod world;
