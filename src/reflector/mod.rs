//! The sync machine: inputs in, outputs out, no I/O.
//!
//! [`Reflector`] keeps the rows of one resource in step with an API server. It sends nothing and reads no clock: what
//! happened goes in by [`Reflector::handle`], what to do comes out of [`Reflector::poll_output`].
//!
//! ```text
//! loop {
//!     reflector.handle(input, now);
//!     loop {
//!         match reflector.poll_output() {
//!             Output::Send { exchange, request } => // start a request; its Head, Bytes and End are inputs
//!             Output::Abort { exchange }         => // hang up
//!             Output::Publish(_) | Output::Changed | Output::Status => // tell the readers
//!             Output::More           => // give Input::Work, after a pause if the slice is used up
//!             Output::Wait(deadline) => // give Input::Tick then, or whatever comes before
//!             Output::Rest           => // nothing but a command goes on
//!         }
//!     }
//! }
//! ```
//!
//! **The law:** after every `handle`, `poll_output` is called until it returns `More`, `Wait` or `Rest`. There is no wait without
//! a deadline.
//!
//! `docs/SPEC.md` is this machine in words: what it assumes of servers, its states, its invariants with the tests that hold
//! them, and every place that can cause another request.

mod backlog;
mod buffer;
mod commands;
mod decode;
mod drive;
mod dropped;
mod exchange;
mod failures;
mod input;
mod moves;
mod page;
mod snapshot;
mod state;
mod status;
#[cfg(test)]
mod transitions;
mod version;

use std::collections::VecDeque;

pub use input::{Command, Config, EndCause, ExchangeId, Head, Input, Output};
pub use status::{Mode, Phase, Reason, SyncStatus};

use crate::backoff::Backoff;
use crate::clock::{Instant, Millis, Now, Timestamp};
pub use crate::request::Resource;
use crate::store::{DiffCounts, Store};
use crate::strategy::{Memory, Plan};
use backlog::Backlog;
use decode::Signature;
use dropped::Dropped;
use exchange::Exchanges;
use state::State;

/// Keeps the rows of one resource in step with an API server.
///
/// Three kinds of methods: [`handle`](Self::handle) takes in what happened, [`poll_output`](Self::poll_output) hands out what to
/// do, and the others look. See the [module](self) for their order.
#[derive(Debug)]
pub struct Reflector {
    config: Config,
    store: Store,
    state: State,
    exchanges: Exchanges,
    /// What cannot be read while the store works.
    backlog: Backlog,
    outbox: Outbox,
    /// A commit or a discard is under way in the store.
    busy: bool,
    /// Published rows changed in this input.
    changed: bool,

    memory: Memory,
    plan: Plan,
    backoff: Backoff,
    streaks: Streaks,
    /// The next request asks for fresh credentials.
    refresh_credentials: bool,
    grace: Option<Grace>,

    attempt: Option<Attempt>,
    committing: Option<Committing>,
    published: Option<Published>,

    account: Account,
    shown: Option<SyncStatus>,
}

/// What is to be done, and whether the driver has taken all of it.
#[derive(Debug)]
struct Outbox {
    queue: VecDeque<Output>,
    drained: bool,
}

/// A snapshot that is being taken.
#[derive(Debug)]
struct Attempt {
    started: Instant,
    /// The store holds rows of it.
    begun: bool,
    signature: Option<Signature>,
    dropped: Dropped,
}

/// A whole snapshot that the store is taking over.
#[derive(Debug)]
struct Committing {
    started: Instant,
    published: Published,
}

/// What the published rows are.
#[derive(Debug)]
struct Published {
    signature: Signature,
    /// The version that they show, where it is one that can be resumed from.
    version: Option<String>,
    /// When the rows were last known not to be old.
    heard: Timestamp,
    /// Documents that could not be read: the rows may lack something.
    dropped: Dropped,
}

/// What has happened in a row; a stable period ends all of it.
#[derive(Debug, Default)]
struct Streaks {
    /// Streaming lists that ended before their end bookmark.
    early_ends: u32,
    /// Streaming lists of which not even the head came.
    unanswered: u32,
    /// Attempts and streams given up because columns changed.
    column_changes: u32,
    /// Streams that ended at once and empty.
    short_streams: u32,
    /// Failures of the server that left the version in force.
    server_errors: u32,
    /// Refusals of what was allowed before.
    forbidden: u32,
    /// Fresh credentials were asked for.
    refreshed: bool,
}

/// After a late tick, waiting bytes are read before this deadline is judged.
#[derive(Clone, Copy, Debug)]
struct Grace {
    deadline: Instant,
    until: Instant,
}

/// What is told and has no other home.
#[derive(Debug, Default)]
struct Account {
    error: Option<Reason>,
    stale_since: Option<Timestamp>,
    last_event_at: Option<Timestamp>,
    events: u64,
    bytes: u64,
    reconnects: u32,
    dropped_frames: u64,
    sync_duration: Option<Millis>,
    last_snapshot: Option<DiffCounts>,
}

impl Reflector {
    /// A machine at rest, before [`Input::Start`].
    #[must_use]
    pub fn new(config: Config) -> Self {
        let memory = Memory::default();
        let plan = memory.plan(Instant::default());
        Self {
            store: Store::new(config.limit_bytes, config.seed),
            state: State::Idle,
            exchanges: Exchanges::default(),
            backlog: Backlog::default(),
            outbox: Outbox {
                queue: VecDeque::new(),
                drained: true,
            },
            busy: false,
            changed: false,
            memory,
            plan,
            backoff: Backoff::new(config.seed),
            streaks: Streaks::default(),
            refresh_credentials: false,
            grace: None,
            attempt: None,
            committing: None,
            published: None,
            account: Account::default(),
            shown: None,
            config,
        }
    }

    /// Takes in what happened, and when. Then drain [`Self::poll_output`].
    pub fn handle(&mut self, input: Input<'_>, now: Now) {
        debug_assert!(
            self.outbox.drained,
            "poll_output was not drained after the last input"
        );
        self.outbox.drained = false;
        self.take_in(input, now);
        if std::mem::take(&mut self.changed) {
            self.outbox.queue.push_back(Output::Changed);
        }
        let status = self.status(now);
        if self.shown.as_ref() != Some(&status) {
            self.shown = Some(status);
            self.outbox.queue.push_back(Output::Status);
        }
    }

    /// The next thing to do. After every [`Self::handle`], to be called until it returns [`Output::More`], [`Output::Wait`] or
    /// [`Output::Rest`].
    pub fn poll_output(&mut self) -> Output {
        if let Some(output) = self.outbox.queue.pop_front() {
            return output;
        }
        self.outbox.drained = true;
        if self.busy || !self.backlog.is_empty() {
            return Output::More;
        }
        if let Some(deadline) = self.deadline() {
            return Output::Wait(deadline);
        }
        debug_assert!(
            self.state.is_rest(),
            "a wait without a deadline: {:?}",
            self.state
        );
        Output::Rest
    }

    /// A truthful account of the machine at this moment: what is overdue by `now` is told so, tick or no tick.
    #[must_use]
    pub fn status(&self, now: Now) -> SyncStatus {
        let account = &self.account;
        let published = self.published.as_ref();
        let fresh = account.stale_since.is_none();
        let phase = self
            .state
            .phase(self.plan.mode, published.is_some(), fresh, now.monotonic);
        let arriving = self.attempt.as_ref().filter(|attempt| attempt.begun);
        let objects = match arriving {
            Some(_) => self.store.staged_len(),
            None if self.store.is_settled() => self.store.len(),
            None => self
                .shown
                .as_ref()
                .map_or(0, |shown| usize::try_from(shown.objects).unwrap_or(0)),
        };
        let signature = published
            .map(|published| &published.signature)
            .or_else(|| self.attempt.as_ref()?.signature.as_ref());
        SyncStatus {
            phase,
            mode: self.plan.mode,
            format: signature.map(|signature| signature.format),
            fallback: self.plan.fallback.clone(),
            error: account.error.clone(),
            resource_version: self.resource_version().map(str::to_owned),
            objects: objects as u64,
            bytes: account.bytes,
            total: match &self.state {
                State::Listing(listing) => listing.total,
                _ => None,
            },
            last_event_at: account.last_event_at,
            events: account.events,
            stale_since: published.and_then(|published| {
                let overdue = phase == Phase::Stale;
                account
                    .stale_since
                    .or_else(|| overdue.then_some(published.heard))
            }),
            reconnects: account.reconnects,
            next_retry_at: match &self.state {
                State::Waiting { retry_at, .. } => Some(*retry_at),
                _ => None,
            },
            dropped_frames: account.dropped_frames,
            sync_duration: account.sync_duration,
            last_snapshot: account.last_snapshot,
        }
    }

    /// The version that the rows show, as in the status.
    #[must_use]
    pub fn resource_version(&self) -> Option<&str> {
        self.published.as_ref()?.version.as_deref()
    }

    /// The rows.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The rows, to drain their changes.
    pub fn store_mut(&mut self) -> &mut Store {
        &mut self.store
    }

    /// When the present state has to end, or the grace after that.
    fn deadline(&self) -> Option<Instant> {
        let deadline = self.state.deadline()?;
        match self.grace {
            Some(grace) if grace.deadline == deadline => Some(grace.until.max(deadline)),
            _ => Some(deadline),
        }
    }
}
