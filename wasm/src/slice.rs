//! Clocks, and how long work may hold the main thread.

use std::cell::{Cell, RefCell};

use kube_watchlist::clock::Now;
use wasm_bindgen::prelude::*;

use crate::clock::Clock;

/// Work yields after this long, so that with the step under way it stays well below a frame.
const SLICE_MS: f64 = 6.0;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// Both clocks.
pub(crate) fn now() -> Now {
    let (steady, wall) = (performance_now(), js_sys::Date::now());
    CLOCK.with_borrow_mut(|clock| clock.read(steady, wall))
}

thread_local! {
    static CLOCK: RefCell<Clock> = const { RefCell::new(Clock::new()) };
    /// When work began in the present task, if it did. All watches of the instance share the main thread.
    static BEGAN: Cell<Option<f64>> = const { Cell::new(None) };
}

/// A task has just begun: the next slice is a whole one.
pub(crate) fn in_a_new_task() {
    BEGAN.set(None);
}

/// Whether the present task has held the page long enough, with our work and with what the browser did between.
pub(crate) fn is_used_up() -> bool {
    BEGAN
        .get()
        .is_some_and(|began| performance_now() - began >= SLICE_MS)
}

/// Begins a slice: a turn on the main thread, or what is left of it. Bytes that waited come in microtasks of one task, each of
/// which begins a slice, and some of them in a row would hold the page as one long one does.
///
/// Whether it is the first one of its task, as far as is known: then somebody has to say [`in_a_new_task`] in a later one.
pub(crate) fn begin() -> bool {
    let is_first = BEGAN.get().is_none();
    if is_first {
        BEGAN.set(Some(performance_now()));
    }
    is_first
}
