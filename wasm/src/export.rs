//! The surface that `js/src/core.ts` calls. Nothing is decided here.

use std::rc::Rc;

use kube_watchlist::reflector::Command;
use wasm_bindgen::prelude::*;

use crate::config::WatchConfig;
use crate::host::Host;
use crate::watch::Watch;
use crate::{slice, status};

/// Tells where a panic happens, before it ends the instance. The place alone: a message may hold what a server sent.
#[wasm_bindgen(js_name = onPanic)]
pub fn on_panic(listener: js_sys::Function) {
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        let _ = listener.call1(&JsValue::UNDEFINED, &JsValue::from_str(&place));
    }));
}

/// One watch.
#[wasm_bindgen]
pub struct WatchCore(Rc<Watch>);

#[wasm_bindgen]
impl WatchCore {
    /// Opens a watch; it rests until [`start`](Self::start).
    ///
    /// # Errors
    /// The options are not what this version understands.
    #[wasm_bindgen(constructor)]
    pub fn new(host: Host, options: &str) -> Result<WatchCore, JsError> {
        let config = WatchConfig::parse(options).map_err(|message| JsError::new(&message))?;
        Ok(Self(Watch::new(host, config)))
    }

    /// Begins to sync.
    pub fn start(&self) {
        self.0.run();
    }

    /// The time that was asked for has come, or the page came back.
    pub fn wake(&self) {
        self.0.wake();
    }

    /// Tries again now.
    pub fn retry(&self) {
        self.0.command(Command::Retry);
    }

    /// Ends the connection and keeps the rows.
    pub fn pause(&self) {
        self.0.command(Command::Pause);
    }

    /// Goes on after a pause.
    pub fn resume(&self) {
        self.0.command(Command::Resume);
    }

    /// Ends the watch.
    pub fn close(&self) {
        self.0.command(Command::Close);
    }

    /// The status, as JSON.
    #[must_use]
    pub fn status(&self) -> String {
        let now = slice::now();
        self.0.with(|pump| {
            let sync = *pump.sync();
            let state = pump.reflector().status(now);
            status::json(&state, sync.took, sync.counts, memory_bytes())
        })
    }
}

/// Linear memory of the instance.
#[cfg(target_arch = "wasm32")]
fn memory_bytes() -> u64 {
    core::arch::wasm32::memory_size::<0>() as u64 * 65_536
}

#[cfg(not(target_arch = "wasm32"))]
fn memory_bytes() -> u64 {
    0
}
