//! Clocks, and how long work may hold the main thread.

use kube_watchlist::clock::{Instant, Now, Timestamp};
use wasm_bindgen::prelude::*;

/// Work yields after this long, so that with the step under way it stays well below a frame.
const SLICE_MS: f64 = 6.0;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// Both clocks.
pub(crate) fn now() -> Now {
    // A float cast saturates: no clock value can hurt.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    Now {
        monotonic: Instant(performance_now() as u64),
        wall: Timestamp(js_sys::Date::now() as i64),
    }
}

/// A turn on the main thread.
pub(crate) struct Slice {
    end: f64,
}

impl Slice {
    /// Begins one.
    pub(crate) fn begin() -> Self {
        Self {
            end: performance_now() + SLICE_MS,
        }
    }

    /// Whether it is time to give the page its turn.
    pub(crate) fn is_over(&self) -> bool {
        performance_now() >= self.end
    }
}
