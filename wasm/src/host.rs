//! What the JavaScript side gives to a watch. `js/src/host.ts` implements it.

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use web_sys::{AbortController, AbortSignal, RequestInit};

#[wasm_bindgen]
extern "C" {
    /// The page's side of one watch. It wraps what the caller gave: whatever that throws, returns or rejects with,
    /// arrives here as a promise that settles.
    #[derive(Clone)]
    pub type Host;

    /// The address that paths are appended to, without a slash at its end.
    #[wasm_bindgen(method, catch, js_name = baseUrl)]
    pub(crate) fn base_url(this: &Host) -> Result<String, JsValue>;

    /// The caller's headers and `Authorization`, as a `Headers` object without the protocol's own.
    #[wasm_bindgen(method, catch)]
    pub(crate) fn headers(
        this: &Host,
        kind: &str,
        path: &str,
        refresh: bool,
        signal: &AbortSignal,
    ) -> Result<Promise, JsValue>;

    /// Sends a request through the caller's `fetch`; resolves to a `Response`.
    #[wasm_bindgen(method, catch)]
    pub(crate) fn fetch(this: &Host, url: &str, init: &RequestInit) -> Result<Promise, JsValue>;

    /// Has the page cancel what this reader reads when the signal is aborted.
    #[wasm_bindgen(method, catch)]
    pub(crate) fn reading(
        this: &Host,
        reader: &JsValue,
        signal: &AbortSignal,
    ) -> Result<(), JsValue>;

    /// A controller that the page remembers, to abort what runs should this instance die.
    #[wasm_bindgen(method, catch)]
    pub(crate) fn controller(this: &Host) -> Result<AbortController, JsValue>;

    /// The exchange of this controller is over.
    #[wasm_bindgen(method, catch)]
    pub(crate) fn finished(this: &Host, controller: &AbortController) -> Result<(), JsValue>;

    /// Resolves in a later task, after the page has had its turn.
    #[wasm_bindgen(method, catch)]
    pub(crate) fn turn(this: &Host) -> Result<Promise, JsValue>;

    /// Asks for `WatchCore.wake()` in `delay` milliseconds, in place of what was asked before; negative: not at all.
    #[wasm_bindgen(method, catch)]
    pub(crate) fn arm(this: &Host, delay: f64) -> Result<(), JsValue>;

    /// Something changed: the bits of [`Notice`](crate::pump::Notice).
    #[wasm_bindgen(method, catch)]
    pub(crate) fn changed(this: &Host, notice: u32) -> Result<(), JsValue>;
}
