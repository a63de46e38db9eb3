//! Clocks, and how long work may hold the main thread.

use std::cell::Cell;

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

/// What begins within so many milliseconds of the end of a slice may be in the same task: bytes that waited come in microtasks,
/// one after the other, and a frame follows on a turn.
const SAME_TASK_MS: f64 = 0.5;

thread_local! {
    /// When the last slice began and when it was last looked at: all watches of the instance share the main thread.
    static LAST: Cell<(f64, f64)> = const { Cell::new((f64::MIN, f64::MIN)) };
}

/// A task has just begun: the next slice is a whole one.
pub(crate) fn in_a_new_task() {
    LAST.set((f64::MIN, f64::MIN));
}

/// A turn on the main thread.
pub(crate) struct Slice {
    start: f64,
}

impl Slice {
    /// Begins one, or goes on with what is left of the one before where that may have been in this task: some of them in a row
    /// would hold the page as one long one does.
    pub(crate) fn begin() -> Self {
        let now = performance_now();
        let (start, end) = LAST.get();
        Self {
            start: if now - end < SAME_TASK_MS { start } else { now },
        }
    }

    /// Whether it is time to give the page its turn.
    pub(crate) fn is_over(&self) -> bool {
        let now = performance_now();
        LAST.set((self.start, now));
        now - self.start >= SLICE_MS
    }
}
