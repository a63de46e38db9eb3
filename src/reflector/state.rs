//! The states of the machine, each with its own fields only, and what can be said of a state without acting.
//!
//! ```text
//! Idle ── Start ──► Connecting ─► Streaming ─┐                    (a streaming list)
//!                   Listing ◄──┐ pages       ├─► Publishing ─► Live ─► Resuming ─► Live …
//!                      └───────┘─────────────┘        └──────► Polling ─► Listing …
//! any of them ── failure ──► Waiting ─► Connecting | Listing | Resuming
//!             ── refusal ──► Auth | Failed | Paused            (at rest, until a command)
//!             ── Close ────► Closed
//! ```
//!
//! `docs/SPEC.md` has the whole table.

use super::buffer::EventBuffer;
use super::decode::Signature;
use super::input::ExchangeId;
use super::status::{Mode, Phase};
use crate::clock::{Instant, Millis, Now, Timestamp};

/// A head may take this long. The server waits up to 3 s until it is up to date, and proxies take their time.
pub(super) const HEAD_LIMIT: Millis = Millis::from_secs(30);
/// The head of a WATCH from a known version. There is nothing that a server would wait for before it answers.
pub(super) const RESUME_HEAD_LIMIT: Millis = Millis::from_secs(10);
/// Between two objects of a streaming list, before its end bookmark. The server waits up to 3 s before the first, and
/// Kubernetes up to 1.31 sends the bookmark some seconds late.
pub(super) const IDLE_LIMIT: Millis = Millis::from_secs(15);
/// Between two pieces of a page.
pub(super) const PAGE_LIMIT: Millis = Millis::from_secs(30);
/// A whole LIST.
pub(super) const LIST_LIMIT: Millis = Millis::from_secs(15 * 60);
/// A probe: the server answers within 3 s whether it has reached a version.
pub(super) const PROBE_LIMIT: Millis = Millis::from_secs(10);
/// After the time at which a server should have ended a stream.
pub(super) const MARGIN: Millis = Millis::from_secs(15);
/// Periodic bookmarks that are closer together or further apart are not taken for periodic.
const BOOKMARK_INTERVALS: (Millis, Millis) = (Millis::from_secs(20), Millis::from_secs(120));

/// Where the machine is.
#[derive(Debug)]
pub(super) enum State {
    /// Before the start.
    Idle,
    /// A streaming list was asked for.
    Connecting {
        exchange: ExchangeId,
        deadline: Instant,
    },
    /// Its objects arrive.
    Streaming {
        exchange: ExchangeId,
        idle: Instant,
        /// Objects have changed since: new ones are no part of the first state, and the end bookmark is due.
        moved: bool,
        overall: Instant,
    },
    /// Pages arrive, and the WATCH beside them runs.
    Listing(Box<Listing>),
    /// The snapshot is whole; the store is taking it over.
    Publishing {
        /// What is to bring the changes.
        stream: Option<ExchangeId>,
        /// When that was last known to continue the rows.
        heard: Now,
        /// What has to prove that it still does.
        proof: Proof,
    },
    /// A WATCH was asked for, and whether it continues what is published is not proven yet.
    Resuming(Resuming),
    /// Changes arrive.
    Live(Live),
    /// Rows are whole; the next LIST comes at `until`.
    Polling { until: Instant },
    /// Before another try.
    Waiting {
        until: Instant,
        retry_at: Timestamp,
        then: Then,
    },
    /// At rest: silent because somebody wants it so, or because columns do not stand still.
    Paused { then: Then },
    /// At rest: other credentials are needed.
    Auth { then: Then },
    /// At rest: trying again would change nothing.
    Failed,
    /// At rest for good.
    Closed,
}

/// How to go on after a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// Take a new snapshot.
    Snapshot,
    /// WATCH from the version that is published.
    Resume(Proof),
}

/// What proves that a WATCH continues what is published. Servers accept a version from the future and then say nothing, so
/// an accepted request alone proves it only where the server can hardly have been replaced in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// The head of the response.
    Head,
    /// An event, a bookmark, or the answer to a probe.
    Probe,
}

#[derive(Debug)]
pub(super) struct Listing {
    /// The page that is under way.
    pub(super) page: ExchangeId,
    pub(super) idle: Instant,
    pub(super) overall: Instant,
    /// Pages that are whole.
    pub(super) pages: u32,
    /// Pages in a row that brought nothing new.
    pub(super) barren: u32,
    /// What asked for the page under way.
    pub(super) token: Option<String>,
    /// The version of the first page.
    pub(super) version: Option<String>,
    pub(super) beside: Beside,
    pub(super) buffer: EventBuffer,
    /// The version after the last event in `buffer`.
    pub(super) buffered: Option<String>,
    /// The signature of the events in `buffer`. It outlives the WATCH that brought them.
    pub(super) signature: Option<Signature>,
    /// When a WATCH beside it last told something; before that, when the LIST was asked for.
    pub(super) heard: Now,
    /// What has to prove that the WATCH beside it continues the rows: more than its head once one ended uncleanly.
    pub(super) proof: Proof,
    /// Since the last page a WATCH that ended at once was opened again.
    pub(super) reopened: bool,
    pub(super) total: Option<u64>,
}

/// The WATCH beside a LIST, which starts at the version of the first page. Opened only after the last page, it would come
/// too late on a slow link: by then the server may have forgotten that version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beside {
    /// The version is not known yet.
    NotYet,
    Open(ExchangeId),
    /// It was open and ended at once, or was refused; another continues from its last event when the LIST is whole.
    Ended,
    /// There is none.
    None,
}

#[derive(Debug)]
pub(super) struct Resuming {
    pub(super) stream: ExchangeId,
    pub(super) probe: Option<ExchangeId>,
    pub(super) proof: Proof,
    pub(super) deadline: Instant,
}

#[derive(Debug)]
pub(super) struct Live {
    pub(super) stream: ExchangeId,
    /// When the server is to end the stream.
    pub(super) ends: Instant,
    /// When the last event came; before that, when the stream was last known to continue the rows.
    pub(super) heard: Instant,
    pub(super) last_bookmark: Option<Instant>,
    /// Between two periodic bookmarks, once seen.
    pub(super) interval: Option<Millis>,
}

impl Live {
    /// Takes note of events.
    pub(super) fn hear(&mut self, bookmarks: u64, now: Instant) {
        self.heard = now;
        if bookmarks == 0 {
            return;
        }
        if let Some(last) = self.last_bookmark {
            let interval = now - last;
            let (shortest, longest) = BOOKMARK_INTERVALS;
            if (shortest..=longest).contains(&interval) {
                self.interval = Some(interval);
            }
        }
        self.last_bookmark = Some(now);
    }

    /// From here on the stream counts as dead: 2.5 bookmark intervals after the last event where periodic bookmarks were seen;
    /// in any case a margin after the time at which the server should have ended it, or after the last event beyond that.
    pub(super) fn deadline(&self) -> Instant {
        let overdue = (self.ends + MARGIN).max(self.heard + MARGIN);
        match self.interval {
            Some(interval) => overdue.min(self.heard + Millis(interval.0.saturating_mul(5) / 2)),
            None => overdue,
        }
    }
}

/// What an exchange is to the state that the machine is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The streaming list.
    Snapshot,
    /// A page of the LIST.
    Page,
    /// The WATCH beside the LIST.
    Beside,
    /// The stream that published rows follow, or are to follow again.
    Stream,
    /// The question whether a version has been reached.
    Probe,
}

impl State {
    /// When this state has to end. None only at rest, and while the store works (then there is work, not a wait).
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Idle
            | Self::Publishing { .. }
            | Self::Paused { .. }
            | Self::Auth { .. }
            | Self::Failed
            | Self::Closed => None,
            Self::Connecting { deadline, .. } => Some(*deadline),
            Self::Streaming { idle, overall, .. } => Some(*idle.min(overall)),
            Self::Listing(listing) => Some(listing.idle.min(listing.overall)),
            Self::Resuming(resuming) => Some(resuming.deadline),
            Self::Live(live) => Some(live.deadline()),
            Self::Polling { until } | Self::Waiting { until, .. } => Some(*until),
        }
    }

    /// Whether passing the deadline means that something failed to come. Then it may just not have been read yet.
    pub(super) fn deadline_is_judgement(&self) -> bool {
        !matches!(self, Self::Polling { .. } | Self::Waiting { .. })
    }

    /// Whether only a command leads out of this state.
    pub(super) fn is_rest(&self) -> bool {
        matches!(
            self,
            Self::Idle | Self::Paused { .. } | Self::Auth { .. } | Self::Failed | Self::Closed
        )
    }

    /// What this exchange is here; `None` for one that has no part any more.
    pub(super) fn role(&self, exchange: ExchangeId) -> Option<Role> {
        let roles = match self {
            Self::Connecting { exchange, .. } | Self::Streaming { exchange, .. } => {
                [Some((*exchange, Role::Snapshot)), None]
            }
            Self::Listing(listing) => {
                let beside = match listing.beside {
                    Beside::Open(watch) => Some((watch, Role::Beside)),
                    Beside::NotYet | Beside::Ended | Beside::None => None,
                };
                [Some((listing.page, Role::Page)), beside]
            }
            Self::Publishing { stream, .. } => [stream.map(|stream| (stream, Role::Stream)), None],
            Self::Resuming(resuming) => [
                Some((resuming.stream, Role::Stream)),
                resuming.probe.map(|probe| (probe, Role::Probe)),
            ],
            Self::Live(live) => [Some((live.stream, Role::Stream)), None],
            Self::Idle
            | Self::Polling { .. }
            | Self::Waiting { .. }
            | Self::Paused { .. }
            | Self::Auth { .. }
            | Self::Failed
            | Self::Closed => [None, None],
        };
        roles
            .into_iter()
            .flatten()
            .find(|&(id, _)| id == exchange)
            .map(|(_, role)| role)
    }

    /// How to go on from here after a pause or a sign-in.
    pub(super) fn after_rest(&self) -> Then {
        match self {
            Self::Live(_)
            | Self::Resuming(_)
            | Self::Waiting {
                then: Then::Resume(_),
                ..
            }
            | Self::Paused {
                then: Then::Resume(_),
            }
            | Self::Auth {
                then: Then::Resume(_),
            } => Then::Resume(Proof::Probe),
            Self::Idle
            | Self::Connecting { .. }
            | Self::Streaming { .. }
            | Self::Listing(_)
            | Self::Publishing { .. }
            | Self::Polling { .. }
            | Self::Waiting {
                then: Then::Snapshot,
                ..
            }
            | Self::Paused {
                then: Then::Snapshot,
            }
            | Self::Auth {
                then: Then::Snapshot,
            }
            | Self::Failed
            | Self::Closed => Then::Snapshot,
        }
    }

    /// The phase to show. `published`: there are rows to look at. `fresh`: nothing has put them in doubt.
    pub(super) fn phase(&self, mode: Mode, published: bool, fresh: bool, now: Instant) -> Phase {
        let polls = mode == Mode::Poll && published && fresh;
        let overdue = |late: Millis| {
            self.deadline()
                .is_some_and(|deadline| now >= deadline + late)
        };
        match self {
            Self::Idle => Phase::Idle,
            // Nothing has come for as long as a poll may be late.
            Self::Listing(listing) if polls && now + PAGE_LIMIT >= listing.idle + MARGIN => {
                Phase::Stale
            }
            Self::Listing(_) | Self::Publishing { .. } if polls => Phase::Polling,
            Self::Streaming { .. } | Self::Listing(_) | Self::Publishing { .. } => Phase::Syncing,
            Self::Connecting { .. }
            | Self::Waiting {
                then: Then::Snapshot,
                ..
            } if published => Phase::Stale,
            Self::Connecting { .. }
            | Self::Waiting {
                then: Then::Snapshot,
                ..
            } => Phase::Connecting,
            Self::Waiting {
                then: Then::Resume(_),
                ..
            }
            | Self::Resuming(_) => Phase::Resuming,
            Self::Live(_) if overdue(Millis(0)) => Phase::Stale,
            Self::Live(_) => Phase::Live,
            Self::Polling { .. } if overdue(MARGIN) => Phase::Stale,
            Self::Polling { .. } => Phase::Polling,
            Self::Paused { .. } => Phase::Paused,
            Self::Auth { .. } => Phase::Auth,
            Self::Failed => Phase::Failed,
            Self::Closed => Phase::Closed,
        }
    }
}
