//! The sync machine: inputs in, outputs out, no I/O.
#![allow(
    missing_docs,
    unused_variables,
    dead_code,
    clippy::unimplemented,
    clippy::must_use_candidate,
    clippy::needless_pass_by_value,
    clippy::struct_excessive_bools
)]

use crate::clock::{Instant, Now, Timestamp};
use crate::event::Format;
use crate::request::Request;
use crate::store::{DiffCounts, Store};

/// What to watch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resource {
    /// Empty for the core group.
    pub group: String,
    pub version: String,
    /// Plural name, for example `pods`.
    pub resource: String,
    /// Empty: all namespaces, or a cluster-scoped resource.
    pub namespace: String,
    pub label_selector: String,
    pub field_selector: String,
}

#[derive(Clone, Debug)]
pub struct Config {
    pub resource: Resource,
    /// Cap on memory in bytes.
    pub limit_bytes: usize,
    /// Largest frame in bytes (default 16 MiB).
    pub limit_frame: usize,
    /// Randomness: jitter and the key hash.
    pub seed: u64,
}

/// One request and its response; inputs for an exchange that was aborted are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ExchangeId(pub u32);

/// The head of a response, as far as a browser shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head<'a> {
    pub status: u16,
    /// `redirect: 'manual'` met a redirect.
    pub opaque_redirect: bool,
    pub content_type: Option<&'a str>,
    pub content_encoding: Option<&'a str>,
    pub content_range: Option<&'a str>,
    pub retry_after: Option<&'a str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndCause {
    /// The body ended as HTTP says it should.
    Complete,
    /// The connection broke after the head.
    Broken,
    /// No response head came: refused, DNS, CORS, offline.
    Unreachable,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    Retry,
    Pause,
    Resume,
    Close,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input<'a> {
    Start,
    Head {
        exchange: ExchangeId,
        head: Head<'a>,
    },
    Bytes {
        exchange: ExchangeId,
        bytes: &'a [u8],
    },
    End {
        exchange: ExchangeId,
        cause: EndCause,
    },
    /// A deadline may have passed (arbitrarily late).
    Tick,
    /// Go on with what said `More`.
    Work,
    Command(Command),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    Send {
        exchange: ExchangeId,
        request: Request,
    },
    Abort {
        exchange: ExchangeId,
    },
    /// A whole snapshot took the place of the last one.
    Publish(DiffCounts),
    /// Live rows changed (drain them from the store).
    Changed,
    /// The status changed: read `Reflector::status`.
    Status,
    /// Work is left: yield if the slice is used up, then give `Input::Work`. Other inputs may come before it.
    More,
    /// All drained; give `Tick` at this time at the latest.
    Wait(Instant),
    /// All drained; a resting phase (auth, paused, failed, closed): only a command goes on.
    Rest,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    Idle,
    Connecting,
    Syncing,
    Live,
    Resuming,
    Stale,
    Polling,
    Paused,
    Auth,
    Failed,
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    WatchList,
    ListWatch,
    Poll,
}

/// A stated reason: `code` is stable API, `message` is for people (the server's own sentence where it sent one).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    pub code: &'static str,
    pub message: String,
    pub http_status: Option<u16>,
    pub status: Option<crate::status::Status>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncStatus {
    pub phase: Phase,
    pub mode: Mode,
    pub format: Option<Format>,
    pub fallback: Option<Reason>,
    pub error: Option<Reason>,
    pub resource_version: Option<String>,
    pub objects: u64,
    pub bytes: u64,
    pub total: Option<u64>,
    pub last_event_at: Option<Timestamp>,
    pub stale_since: Option<Timestamp>,
    pub reconnects: u32,
    pub next_retry_at: Option<Timestamp>,
    pub dropped_frames: u64,
}

#[derive(Debug)]
pub struct Reflector {
    store: Store,
}

impl Reflector {
    pub fn new(config: Config) -> Self {
        unimplemented!()
    }
    pub fn handle(&mut self, input: Input<'_>, now: Now) {
        unimplemented!()
    }
    /// After every `handle`, call until it returns `More`, `Wait` or `Rest`.
    pub fn poll_output(&mut self) -> Output {
        unimplemented!()
    }
    pub fn status(&self, now: Now) -> SyncStatus {
        unimplemented!()
    }
    pub fn store(&self) -> &Store {
        &self.store
    }
    pub fn store_mut(&mut self) -> &mut Store {
        &mut self.store
    }
}
