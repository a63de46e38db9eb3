//! The surface that `js/src/watch.ts` calls. Nothing is decided here.

use std::rc::Rc;

use kube_watchlist::reflector::Command;
use kube_watchlist::view::{FeedId, View, ViewId};
use wasm_bindgen::prelude::*;

use crate::config::{ViewConfig, WatchConfig};
use crate::host::Host;
use crate::status::Memory;
use crate::watch::Watch;
use crate::{head, slice, status};

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
    /// A watch that rests until [`start`](Self::start).
    #[must_use]
    #[wasm_bindgen(constructor)]
    pub fn new(host: Host, config: WatchConfig) -> WatchCore {
        Self(Watch::new(host, config))
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

    /// Has the views follow the rows, for a slice. `false`: more is left; the host is told when to call again.
    #[must_use]
    pub fn refresh(&self) -> bool {
        self.0.refresh()
    }

    /// Opens a view and names it.
    ///
    /// # Errors
    /// The label selector is none.
    #[wasm_bindgen(js_name = openView)]
    pub fn open_view(&self, config: ViewConfig) -> Result<u32, JsError> {
        self.0.with(|pump| Ok(pump.views().0.open(config.0)?.0))
    }

    /// Shows something else; the view is as it was until that is ready.
    ///
    /// # Errors
    /// The label selector is none.
    #[wasm_bindgen(js_name = updateView)]
    pub fn update_view(&self, view: u32, config: ViewConfig) -> Result<(), JsError> {
        self.0
            .with(|pump| match pump.views().0.get_mut(ViewId(view)) {
                Some(view) => Ok(view.update(config.0)?),
                None => Ok(()),
            })
    }

    /// Closes a view.
    #[wasm_bindgen(js_name = closeView)]
    pub fn close_view(&self, view: u32) {
        self.0.with(|pump| pump.views().0.close(ViewId(view)));
    }

    /// Freezes the order of a view.
    pub fn hold(&self, view: u32) {
        self.0
            .with(|pump| pump.views().0.get_mut(ViewId(view)).map(View::hold));
    }

    /// Lets the order of a view follow again.
    pub fn release(&self, view: u32) {
        self.0
            .with(|pump| pump.views().0.get_mut(ViewId(view)).map(View::release));
    }

    /// What a view says besides its rows, as JSON; `undefined` while it cannot be read.
    #[must_use]
    #[wasm_bindgen(js_name = viewHead)]
    pub fn view_head(&self, view: u32) -> Option<String> {
        self.0.with(|pump| {
            let (views, store) = pump.views();
            head::json(views.get(ViewId(view))?, store)
        })
    }

    /// Rows of a view, a line of JSON each; `undefined` while it cannot be read.
    #[must_use]
    #[wasm_bindgen(js_name = viewRows)]
    pub fn view_rows(&self, view: u32, first: u32, last: u32) -> Option<String> {
        let window = (index(first), index(last));
        let mut rows = String::new();
        let is_ready = self
            .0
            .with(|pump| pump.window(ViewId(view), window, slice::now(), &mut rows));
        // The timer may have to ring earlier: for a time that changes its text.
        self.0.run();
        is_ready.then_some(rows)
    }

    /// Where a row stands in a view, or -1.
    #[must_use]
    #[wasm_bindgen(js_name = indexOf)]
    pub fn index_of(&self, view: u32, key: &str) -> i32 {
        self.0.with(|pump| {
            let (views, store) = pump.views();
            let index = views
                .get(ViewId(view))
                .and_then(|view| view.index_of(store, key));
            index
                .and_then(|index| i32::try_from(index).ok())
                .unwrap_or(-1)
        })
    }

    /// Opens a feed of changes and names it.
    #[must_use]
    #[wasm_bindgen(js_name = openFeed)]
    pub fn open_feed(&self) -> u32 {
        self.0.with(|pump| pump.views().0.open_feed().0)
    }

    /// The next batch of a feed with at most `rows` rows, as JSON; `undefined` where there is none.
    ///
    /// # Errors
    /// The feed does not fit under the cap on memory.
    #[wasm_bindgen(js_name = nextBatch)]
    pub fn next_batch(&self, feed: u32, rows: u32) -> Result<Option<String>, JsError> {
        let mut batch = String::new();
        let some = self
            .0
            .with(|pump| pump.batch(FeedId(feed), index(rows), slice::now(), &mut batch))?;
        Ok(some.then_some(batch))
    }

    /// Closes a feed.
    #[wasm_bindgen(js_name = closeFeed)]
    pub fn close_feed(&self, feed: u32) {
        self.0.with(|pump| pump.views().0.close_feed(FeedId(feed)));
    }

    /// The status, as JSON.
    #[must_use]
    pub fn status(&self) -> String {
        let now = slice::now();
        self.0
            .with(|pump| status::json(&pump.status(now), memory(pump.held_bytes())))
    }
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// How much of the instance's linear memory a watch holds.
fn memory(held: usize) -> Memory {
    Memory {
        held: held as u64,
        linear: linear_bytes(),
    }
}

#[cfg(target_arch = "wasm32")]
fn linear_bytes() -> u64 {
    core::arch::wasm32::memory_size::<0>() as u64 * 65_536
}

#[cfg(not(target_arch = "wasm32"))]
fn linear_bytes() -> u64 {
    0
}
