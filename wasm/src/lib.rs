//! The browser driver of `kube-watchlist`: it carries bytes, time and the caller's wishes to the core, and the core's
//! requests and changes to the page. What could be decided without a browser is decided in the core.
//!
//! ```text
//! Host (JavaScript) ── fetch, headers, token, timer, "something changed"
//!   │
//! Watch ── one resource: pumps until nothing is left to do, then sleeps until a byte, a timer or a command
//!   ├─ exchange ── one request and its response, read chunk by chunk (body) into the inbox
//!   └─ pump ────── inbox → reflector → views, one step at a time, without any JavaScript
//! ```
//!
//! **Re-entrance.** JavaScript that is called from here may call back at once: a listener may close the watch, a
//! caller's `fetch` may open another. So no borrow of a `RefCell` is alive while JavaScript runs: `pump` returns what
//! is to be done as a value, and `watch` does it after the borrow has ended.
//!
//! **Traps.** A panic, a stack overflow or memory that ran out leaves an instance in no state to go on with. Nothing here
//! tries to: the JavaScript side sees every entry into the module and starts a new instance.

mod body;
mod clock;
mod config;
mod exchange;
mod export;
mod head;
mod host;
mod inbox;
mod json;
mod pump;
mod slice;
mod status;
mod watch;

/// Half the size of the default allocator; rows lie in segments of their own, so few pieces are asked of it.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

pub use config::{ViewConfig, WatchConfig};
pub use export::{WatchCore, on_panic};
pub use host::Host;
