//! What the machine says of itself.

use crate::clock::{Millis, Timestamp};
use crate::event::Format;
use crate::status::Status;
use crate::store::DiffCounts;

/// Where the machine is, as a user needs to know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Before the start.
    Idle,
    /// No rows yet, and none arriving: asking, or waiting before asking again (then `error` says why).
    Connecting,
    /// A snapshot is arriving. Rows of the last one stay readable; `stale_since` says since when they are old.
    Syncing,
    /// Rows are whole and follow the server.
    Live,
    /// Rows are whole; the stream behind them was lost, and the way back to it is not yet proven.
    Resuming,
    /// Rows are old, and a new snapshot is to be taken.
    Stale,
    /// Rows are whole and are taken anew from time to time, since the server streams no changes.
    Polling,
    /// Silent until [`Command::Resume`](super::Command::Resume).
    Paused,
    /// The server wants other credentials. Silent until [`Command::Retry`](super::Command::Retry).
    Auth,
    /// Trying again would change nothing. Silent until [`Command::Retry`](super::Command::Retry).
    Failed,
    /// Over.
    Closed,
}

/// How data come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// One stream brings the snapshot and the changes.
    WatchList,
    /// Pages bring the snapshot, a stream the changes.
    ListWatch,
    /// Pages bring the snapshot, again and again.
    Poll,
}

/// A stated reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Stable: programs may look at it.
    pub code: &'static str,
    /// For people: the server's own sentence where it sent one.
    pub message: String,
    /// The HTTP status, where one came.
    pub http_status: Option<u16>,
    /// All that the server said.
    pub status: Option<Status>,
}

impl Reason {
    /// A reason of our own.
    #[must_use]
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            http_status: None,
            status: None,
        }
    }
}

/// A truthful account of the machine at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncStatus {
    /// Where the machine is.
    pub phase: Phase,
    /// How data come.
    pub mode: Mode,
    /// In which form the published rows came, or else those that are arriving.
    pub format: Option<Format>,
    /// Why it is not the best mode or the best form.
    pub fallback: Option<Reason>,
    /// What went wrong last, until it is mended. Beside phase `Live` it means that the table may lack something (code
    /// `incomplete`).
    pub error: Option<Reason>,
    /// The version that the published rows show.
    pub resource_version: Option<String>,
    /// Objects that have arrived of the snapshot under way; otherwise the published rows.
    pub objects: u64,
    /// Bytes of the snapshot under way; otherwise of the last one and the stream since.
    pub bytes: u64,
    /// Objects expected of the snapshot under way, where the server told.
    pub total: Option<u64>,
    /// When the last event came.
    pub last_event_at: Option<Timestamp>,
    /// Watch events that came since the start, bookmarks among them.
    pub events: u64,
    /// Since when the published rows may be old; `None` while they are known not to be, and where there are none.
    pub stale_since: Option<Timestamp>,
    /// How many times a stream or a snapshot had to be asked for again.
    pub reconnects: u32,
    /// When the next request goes out, if the machine waits for that.
    pub next_retry_at: Option<Timestamp>,
    /// Documents that could not be read, and tails that were cut off, since the start.
    pub dropped_frames: u64,
    /// How long the last snapshot took, from its first request to its publication.
    pub sync_duration: Option<Millis>,
    /// What the last snapshot changed against the one before it.
    pub last_snapshot: Option<DiffCounts>,
}
