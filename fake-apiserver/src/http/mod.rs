//! The model behind a socket on the loopback interface.

mod answer;
mod control;
mod fault;
mod line;
mod log;
mod stream;
mod www;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::model::Profile;
use crate::time::Time;
use crate::world::{Cluster, Settings};

pub use fault::{Fault, FaultKind, Match};
pub use log::Entry;

/// The world is advanced this often.
const TICK: Duration = Duration::from_millis(20);

/// How a server is started.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The port; 0 takes a free one.
    pub port: u16,
    /// How the server behaves.
    pub profile: Profile,
    /// The cluster behind it.
    pub world: Settings,
    /// A directory that is served beside the API.
    pub www: Option<PathBuf>,
    /// An origin that may read answers, or `*` for every origin.
    pub cors: Option<String>,
    /// The bearer token that requests must carry.
    pub token: Option<String>,
}

/// A running server; it stops when this is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    tasks: Vec<JoinHandle<()>>,
}

/// What all requests share.
#[derive(Debug)]
struct Shared {
    cluster: Mutex<Cluster>,
    faults: Mutex<fault::Faults>,
    log: Mutex<log::Log>,
    /// When a slow link has carried all that was given to it.
    link_free: Mutex<Option<Instant>>,
    /// Rises with every change that a watch may want to see.
    changes: watch::Sender<u64>,
    www: Option<PathBuf>,
    cors: Option<String>,
    token: Option<String>,
}

impl Shared {
    fn cluster(&self) -> MutexGuard<'_, Cluster> {
        lock(&self.cluster)
    }

    /// Wakes every watch.
    fn notify(&self) {
        self.changes
            .send_modify(|count| *count = count.wrapping_add(1));
    }
}

/// A panic in one request must not take the others down.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Server {
    /// Starts a server on 127.0.0.1. Call it from within a tokio runtime.
    ///
    /// # Errors
    ///
    /// Where the port is taken.
    pub async fn start(options: Options) -> io::Result<Self> {
        let cluster = Cluster::new(options.profile, options.world, Time::wall());
        Self::start_with(cluster, options).await
    }

    /// The same with a cluster that the caller has made; `options.world` and `options.profile`
    /// are not looked at.
    ///
    /// # Errors
    ///
    /// Where the port is taken.
    pub async fn start_with(cluster: Cluster, options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            cluster: Mutex::new(cluster),
            faults: Mutex::default(),
            log: Mutex::default(),
            link_free: Mutex::default(),
            changes: watch::Sender::new(0),
            www: options.www,
            cors: options.cors,
            token: options.token,
        });
        let app = Router::new()
            .fallback(answer::handle)
            .with_state(Arc::clone(&shared));
        let serve = tokio::spawn(async move {
            // An error here is the listener's end; there is nobody to tell.
            drop(axum::serve(listener, app).await);
        });
        let live = tokio::spawn(live(Arc::clone(&shared)));
        Ok(Self {
            address,
            shared,
            tasks: vec![serve, live],
        })
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Reads or changes the cluster; watches are woken afterwards.
    pub fn with_cluster<T>(&self, change: impl FnOnce(&mut Cluster) -> T) -> T {
        let result = change(&mut self.shared.cluster());
        self.shared.notify();
        result
    }

    /// Adds a fault, after those that are there.
    pub fn add_fault(&self, fault: Fault) {
        lock(&self.shared.faults).add(fault);
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        lock(&self.shared.faults).clear();
    }

    /// What was asked so far.
    #[must_use]
    pub fn requests(&self) -> Vec<Entry> {
        lock(&self.shared.log).entries()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Lets the world live, and wakes the watches when it did.
async fn live(shared: Arc<Shared>) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let changed = shared.cluster().advance(Time::wall());
        if changed {
            shared.notify();
        }
    }
}
