//! What goes into the machine and what comes out.

use crate::clock::Instant;
use crate::frame::DEFAULT_FRAME_LIMIT;
use crate::request::{Request, Resource};
use crate::store::DiffCounts;

/// What to watch, and within which bounds.
#[derive(Clone, Debug)]
pub struct Config {
    /// What to watch.
    pub resource: Resource,
    /// Cap on the memory of the rows, in bytes. Where it is reached the machine stops with a stated error.
    pub limit_bytes: usize,
    /// Largest JSON document, in bytes; one above it is skipped, counted and stated.
    pub limit_frame: usize,
    /// Randomness: for the jitter of pauses and for the hash of keys.
    pub seed: u64,
}

impl Config {
    /// With the default bounds: 512 MiB of rows, documents of 16 MiB.
    #[must_use]
    pub fn new(resource: Resource, seed: u64) -> Self {
        Self {
            resource,
            limit_bytes: 512 * 1024 * 1024,
            limit_frame: DEFAULT_FRAME_LIMIT,
            seed,
        }
    }
}

/// One request and its response. Inputs for an exchange that has ended or was aborted are ignored, so they may still be under
/// way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExchangeId(pub u32);

/// The head of a response, as far as a browser shows it. `None`: absent, or hidden by CORS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head<'a> {
    /// The HTTP status code.
    pub status: u16,
    /// `redirect: 'manual'` met a redirect.
    pub opaque_redirect: bool,
    /// `Content-Type`.
    pub content_type: Option<&'a str>,
    /// `Content-Encoding`; cross-origin pages never see it.
    pub content_encoding: Option<&'a str>,
    /// `Content-Range`.
    pub content_range: Option<&'a str>,
    /// `Retry-After`.
    pub retry_after: Option<&'a str>,
}

/// How an exchange ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndCause {
    /// The body ended as HTTP says it should.
    Complete,
    /// The connection broke after the head.
    Broken,
    /// No response head came: refused, DNS, CORS, offline.
    Unreachable,
}

/// What the user wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Do not wait any longer: try now. In a resting phase: start again.
    Retry,
    /// Hang up and keep the rows.
    Pause,
    /// Go on after a pause.
    Resume,
    /// Hang up for good.
    Close,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input<'a> {
    /// Begin. Means nothing the second time.
    Start,
    /// The head of a response came.
    Head {
        /// Of which exchange.
        exchange: ExchangeId,
        /// The head.
        head: Head<'a>,
    },
    /// Bytes of a body came. All of them are decoded before this returns, so a driver that must not block hands over large
    /// chunks in pieces (64 KiB decode in well under a millisecond) and looks at its clock between them.
    Bytes {
        /// Of which exchange.
        exchange: ExchangeId,
        /// After decompression.
        bytes: &'a [u8],
    },
    /// An exchange ended. Nothing follows for it.
    End {
        /// Which exchange.
        exchange: ExchangeId,
        /// How.
        cause: EndCause,
    },
    /// A deadline may have passed. May come arbitrarily late; then give waiting bytes first.
    Tick,
    /// Go on with what said [`Output::More`].
    Work,
    /// The user wants something.
    Command(Command),
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send a request and report what becomes of it under this name.
    Send {
        /// The name.
        exchange: ExchangeId,
        /// What to send.
        request: Request,
    },
    /// Hang up. Nothing that still comes for it matters.
    Abort {
        /// Which exchange.
        exchange: ExchangeId,
    },
    /// A whole snapshot took the place of the last one.
    Publish(DiffCounts),
    /// Published rows changed: drain the changes from the store.
    Changed,
    /// The status changed: read [`Reflector::status`](super::Reflector::status).
    Status,
    /// Work is left: yield if the slice is used up, then give [`Input::Work`]. Other inputs may come before it.
    More,
    /// All drained. Give [`Input::Tick`] at this time at the latest.
    Wait(Instant),
    /// All drained, and nothing to wait for: before the start, and in the phases auth, paused, failed and closed.
    Rest,
}
