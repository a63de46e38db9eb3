//! One watch: pumps until nothing is left to do, and does what the pump asks for.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use futures::future::AbortHandle;
use kube_watchlist::clock::Instant;
use kube_watchlist::reflector::{Command, ExchangeId};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{AbortController, RequestCredentials};

use crate::body::Bytes;
use crate::config::WatchConfig;
use crate::exchange;
use crate::host::Host;
use crate::inbox::Arrival;
use crate::pump::{Notice, Pump, Step};
use crate::slice;

/// The longest time between two looks at the clock, in milliseconds: a timer may stand still while the machine sleeps, as the
/// clock below it does, and would ring that much too late.
const LOOK: u64 = 5_000;

/// An exchange under way.
struct Exchange {
    id: ExchangeId,
    controller: AbortController,
    task: AbortHandle,
}

/// One resource that is watched.
pub(crate) struct Watch {
    pub(crate) host: Host,
    pub(crate) credentials: Option<RequestCredentials>,
    pump: RefCell<Pump<Bytes>>,
    exchanges: RefCell<Vec<Exchange>>,
    /// Readers that wait for room in the inbox.
    readers: RefCell<Vec<Waker>>,
    /// The pump is running further up the stack.
    running: Cell<bool>,
    /// The pump goes on in a later task.
    parked: Cell<bool>,
    /// When the timer rings.
    armed: Cell<Option<Instant>>,
}

impl Watch {
    pub(crate) fn new(host: Host, config: WatchConfig) -> Rc<Self> {
        Rc::new(Self {
            host,
            credentials: config.credentials,
            pump: RefCell::new(Pump::new(config.core)),
            exchanges: RefCell::new(Vec::new()),
            readers: RefCell::new(Vec::new()),
            running: Cell::new(false),
            parked: Cell::new(false),
            armed: Cell::new(None),
        })
    }

    /// Reads from the core. No JavaScript may run in `read`.
    pub(crate) fn with<T>(&self, read: impl FnOnce(&mut Pump<Bytes>) -> T) -> T {
        read(&mut self.pump.borrow_mut())
    }

    pub(crate) fn command(self: &Rc<Self>, command: Command) {
        self.with(|pump| pump.command(command));
        // At once, though it may be a parked pump's turn later: whoever closes wants the connection gone.
        self.slice();
    }

    pub(crate) fn wake(self: &Rc<Self>) {
        self.armed.set(None);
        self.with(Pump::wake);
        self.run();
    }

    pub(crate) fn arrive(self: &Rc<Self>, exchange: ExchangeId, arrival: Arrival<Bytes>) {
        self.with(|pump| pump.arrive(exchange, arrival));
        self.run();
    }

    /// Waits until the inbox has room for another chunk.
    pub(crate) async fn room(&self) {
        poll_fn(|context| {
            if self.pump.borrow().has_room() {
                Poll::Ready(())
            } else {
                self.readers.borrow_mut().push(context.waker().clone());
                Poll::Pending
            }
        })
        .await;
    }

    /// Has the views follow the rows for a slice; whether they are done. If not, the pump goes on and tells when they are.
    pub(crate) fn refresh(self: &Rc<Self>) -> bool {
        self.begin_slice();
        loop {
            if self.with(|pump| pump.follow(slice::now())) {
                return true;
            }
            if slice::is_used_up() {
                self.run();
                return false;
            }
        }
    }

    /// Works for a slice, unless a later task does that already.
    pub(crate) fn run(self: &Rc<Self>) {
        if !self.parked.get() {
            self.slice();
        }
    }

    /// Works until nothing is left, or until the slice is used up.
    ///
    /// A call from within (a host function that calls back) returns at once: the loop further up sees what it left.
    fn slice(self: &Rc<Self>) {
        if self.running.replace(true) {
            return;
        }
        self.begin_slice();
        loop {
            let step = self.with(|pump| pump.step(slice::now()));
            match step {
                Step::Again => {}
                Step::Send(id, request) => {
                    // A host that cannot make a controller is a dead page; the watchdog of the core ends the exchange.
                    if let Ok(controller) = self.host.controller() {
                        let task = exchange::start(self, id, *request, controller.clone());
                        self.exchanges.borrow_mut().push(Exchange {
                            id,
                            controller,
                            task,
                        });
                    }
                }
                Step::Abort(id) => self.abort(id),
                Step::Sleep(until) => {
                    self.arm(until);
                    break;
                }
            }
            if slice::is_used_up() {
                self.park();
                break;
            }
        }
        self.running.set(false);
        self.wake_readers();
        let notice = self.with(Pump::take_notice);
        if notice != Notice::default() {
            // Nothing can be done about a host that fails here; the next notice tells it again.
            let _ = self.host.changed(notice.bits());
        }
    }

    /// Forgets an exchange that came to its end.
    pub(crate) fn finished(&self, id: ExchangeId) {
        if let Some(exchange) = self.remove(id) {
            let _ = self.host.finished(&exchange.controller);
        }
    }

    fn abort(&self, id: ExchangeId) {
        if let Some(exchange) = self.remove(id) {
            exchange.task.abort();
            // Without a reason: what a caller's code makes of one is not known.
            exchange.controller.abort();
            let _ = self.host.finished(&exchange.controller);
        }
    }

    fn remove(&self, id: ExchangeId) -> Option<Exchange> {
        let mut exchanges = self.exchanges.borrow_mut();
        let index = exchanges.iter().position(|exchange| exchange.id == id)?;
        Some(exchanges.swap_remove(index))
    }

    /// Begins a slice. In the first one of a task a turn is asked for, which tells when the task is over.
    fn begin_slice(self: &Rc<Self>) {
        if slice::begin() {
            let watch = Rc::clone(self);
            spawn_local(async move { watch.turn().await });
        }
    }

    /// Lets the page have its turn.
    pub(crate) async fn turn(&self) {
        if let Ok(turn) = self.host.turn() {
            let _ = JsFuture::from(turn).await;
        }
        slice::in_a_new_task();
    }

    /// Goes on in a later task.
    fn park(self: &Rc<Self>) {
        if self.parked.replace(true) {
            return;
        }
        let watch = Rc::clone(self);
        spawn_local(async move {
            watch.turn().await;
            watch.parked.set(false);
            watch.run();
        });
    }

    fn arm(&self, until: Option<Instant>) {
        if self.armed.replace(until) == until {
            return;
        }
        let delay = match until {
            // Below 2^53: exact.
            #[allow(clippy::cast_precision_loss)]
            Some(until) => (until - slice::now().monotonic).0.min(LOOK) as f64,
            None => -1.0,
        };
        let _ = self.host.arm(delay);
    }

    fn wake_readers(&self) {
        if self.pump.borrow().has_room() {
            for reader in self.readers.take() {
                reader.wake();
            }
        }
    }
}
