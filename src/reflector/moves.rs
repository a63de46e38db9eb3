//! What the machine does to get from one state to the next: requests, waits, rest.

use super::buffer::EventBuffer;
use super::dropped::{Dropped, because};
use super::exchange::{Exchange, Reading};
use super::input::{ExchangeId, Output};
use super::state::{
    Beside, HEAD_LIMIT, LIST_LIMIT, Listing, Live, PAGE_LIMIT, Proof, RESUME_HEAD_LIMIT, Resuming,
    State, Then,
};
use super::status::{Mode, Reason};
use super::{Attempt, Reflector, Streaks};
use crate::clock::{Millis, Now, Timestamp};
use crate::event::Format;
use crate::request::Request;

/// A server may take this long over a stream before it ends it, in seconds; jittered, so that the watches of one page, and the
/// pages of one company, do not come back in one moment.
const TIMEOUT_SECONDS: (u64, u64) = (240, 300);

/// Streaming lists without an answer, in a row, before LIST is tried once in their place.
const UNANSWERED: u32 = 2;

/// How soon the next request follows a failure.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pace {
    /// At once. Only for what cannot repeat by itself; each use says why.
    AtOnce,
    /// At once the first time, with a delay when it comes again before a stable period.
    AtOnceUnlessRepeated,
    /// With a delay, not shorter than what the server asked for.
    Delayed(Option<Millis>),
}

impl Reflector {
    // --- going on ---

    /// Takes a new snapshot, now.
    pub(super) fn take_snapshot(&mut self, now: Now) {
        self.plan = self.memory.plan(now.monotonic);
        if self.plan.mode == Mode::WatchList && self.streaks.unanswered == UNANSWERED {
            // Something may keep heads back until a body ends. Silence teaches nothing, so this is tried once.
            self.streaks.unanswered = UNANSWERED.saturating_add(1);
            self.plan.mode = Mode::ListWatch;
            self.plan.fallback = Some(Reason::new(
                "unreachable",
                "streaming lists were not answered",
            ));
        }
        self.attempt = Some(Attempt {
            started: now.monotonic,
            begun: false,
            signature: None,
            dropped: Dropped::default(),
        });
        self.account.bytes = 0;
        if self.plan.mode == Mode::WatchList {
            let timeout = self.stream_timeout();
            let request = Request::watch_list(&self.config.resource, timeout, self.plan.range);
            let exchange = self.send(request, timeout, now);
            self.state = State::Connecting {
                exchange,
                deadline: now.monotonic + HEAD_LIMIT,
            };
            return;
        }
        let page = self.send(Request::list(&self.config.resource, None), LIST_LIMIT, now);
        let beside = if self.plan.mode == Mode::Poll {
            Beside::None
        } else {
            Beside::NotYet
        };
        self.state = State::Listing(Box::new(Listing {
            page,
            idle: now.monotonic + PAGE_LIMIT,
            overall: now.monotonic + LIST_LIMIT,
            pages: 0,
            barren: 0,
            token: None,
            version: None,
            beside,
            buffer: EventBuffer::new(self.config.limit_bytes, self.store.hasher()),
            buffered: None,
            signature: None,
            heard: now,
            proof: Proof::Head,
            reopened: false,
            total: None,
        }));
    }

    /// Asks for the changes since what is published, now.
    pub(super) fn resume(&mut self, proof: Proof, now: Now) {
        let Some(stream) = self.send_watch(self.published_version(), now) else {
            return self.take_snapshot(now);
        };
        let deadline = now.monotonic + RESUME_HEAD_LIMIT;
        self.state = State::Resuming(Resuming {
            stream,
            probe: None,
            proof,
            deadline,
        });
    }

    /// Goes on after a wait or a rest.
    pub(super) fn go_on(&mut self, then: Then, now: Now) {
        match then {
            Then::Snapshot => self.take_snapshot(now),
            Then::Resume(proof) => self.resume(proof, now),
        }
    }

    /// Gives up what is under way and tries again.
    pub(super) fn again(&mut self, then: Then, pace: Pace, reason: Option<Reason>, now: Now) {
        self.leave(now);
        if reason.is_some() {
            self.account.error = reason;
        }
        self.account.reconnects = self.account.reconnects.saturating_add(1);
        let delay = match pace {
            Pace::AtOnce => None,
            Pace::AtOnceUnlessRepeated => self.backoff.next_delay_unless_first(),
            Pace::Delayed(at_least) => {
                let delay = self.backoff.next_delay();
                Some(at_least.map_or(delay, |asked| delay.max(asked)))
            }
        };
        let Some(delay) = delay else {
            return self.go_on(then, now);
        };
        let wall = i64::try_from(delay.0).unwrap_or(i64::MAX);
        self.state = State::Waiting {
            until: now.monotonic + delay,
            retry_at: Timestamp(now.wall.0.saturating_add(wall)),
            then,
        };
    }

    /// Gives up what is under way and rests.
    pub(super) fn rest(&mut self, state: State, reason: Option<Reason>, now: Now) {
        self.leave(now);
        self.account.error = reason;
        self.state = state;
    }

    /// Hangs up everywhere, throws a partial snapshot away, and marks the published rows stale.
    fn leave(&mut self, now: Now) {
        self.settle_streaks(now);
        for exchange in self.exchanges.take_all() {
            self.outbox.queue.push_back(Output::Abort {
                exchange: exchange.id,
            });
        }
        if self.attempt.take().is_some_and(|attempt| attempt.begun) {
            self.store.discard();
            self.busy = true;
        }
        // A stream that served until now kept the rows true until now.
        let serves = matches!(&self.state, State::Live(live) if now.monotonic < live.deadline());
        if serves {
            self.account.stale_since.get_or_insert(now.wall);
        } else {
            self.doubt(now);
        }
    }

    /// The rows may be old since they were last known not to be.
    pub(super) fn doubt(&mut self, now: Now) {
        let heard = self.published.as_ref().map(|published| published.heard);
        self.account
            .stale_since
            .get_or_insert(heard.unwrap_or(now.wall));
    }

    /// If the stream served for a stable period, what happened before it no longer counts.
    pub(super) fn settle_streaks(&mut self, now: Now) {
        if self.backoff.stops(now.monotonic) {
            self.streaks = Streaks::default();
        }
    }

    // --- requests ---

    pub(super) fn send(&mut self, mut request: Request, timeout: Millis, now: Now) -> ExchangeId {
        request.refresh_credentials = std::mem::take(&mut self.refresh_credentials);
        let exchange = self.exchanges.new_id();
        self.exchanges.put(Exchange {
            id: exchange,
            kind: request.kind,
            ranged: request.has_range(),
            watch: request.is_watch(),
            sent: now.monotonic,
            timeout,
            reading: Reading::Head,
        });
        self.outbox
            .queue
            .push_back(Output::Send { exchange, request });
        exchange
    }

    /// `None` without a version to start from.
    fn send_watch(&mut self, version: Option<String>, now: Now) -> Option<ExchangeId> {
        let timeout = self.stream_timeout();
        let mut request =
            Request::watch(&self.config.resource, &version?, timeout, self.plan.range);
        // Beside a LIST the published rows do not matter: it brings its own.
        let followed = self.published.as_ref().filter(|_| self.attempt.is_none());
        if followed.is_some_and(|published| published.signature.format == Format::Object) {
            request = request.of_objects();
        }
        Some(self.send(request, timeout, now))
    }

    /// Asks whether the server has reached the published version.
    pub(super) fn send_probe(&mut self, now: Now) {
        let Some(version) = self.published_version() else {
            return;
        };
        let request = if self.memory.probe_by_stream {
            Request::probe_stream(&self.config.resource, &version, self.plan.range)
        } else {
            Request::probe(&self.config.resource, &version)
        };
        let probe = self.send(request, HEAD_LIMIT, now);
        if let State::Resuming(resuming) = &mut self.state {
            resuming.probe = Some(probe);
        }
    }

    /// Opens the WATCH beside a LIST as soon as the first page has told its version, or the next one where one has ended.
    pub(super) fn open_beside(&mut self, now: Now) {
        let State::Listing(listing) = &self.state else {
            return;
        };
        if listing.beside != Beside::NotYet {
            return;
        }
        let version = listing.buffered.clone().or_else(|| listing.version.clone());
        let Some(watch) = self.send_watch(version, now) else {
            return;
        };
        if let State::Listing(listing) = &mut self.state {
            listing.beside = Beside::Open(watch);
        }
    }

    pub(super) fn abort(&mut self, exchange: ExchangeId) {
        if self.exchanges.take(exchange).is_some() {
            self.outbox.queue.push_back(Output::Abort { exchange });
        }
    }

    fn stream_timeout(&mut self) -> Millis {
        let (shortest, longest) = TIMEOUT_SECONDS;
        Millis::from_secs(self.backoff.random().between(shortest, longest))
    }

    fn published_version(&self) -> Option<String> {
        self.published.as_ref()?.version.clone()
    }

    // --- live ---

    /// The stream is known to continue what is published; `heard`: when that was known last.
    pub(super) fn go_live(&mut self, stream: ExchangeId, heard: Now, now: Now) {
        if let State::Resuming(Resuming {
            probe: Some(probe), ..
        }) = self.state
        {
            self.abort(probe);
        }
        let Some(exchange) = self.exchanges.get(stream) else {
            return;
        };
        self.state = State::Live(Live {
            stream,
            ends: exchange.sent + exchange.timeout,
            heard: heard.monotonic,
            last_bookmark: None,
            interval: None,
        });
        if let Some(published) = &mut self.published {
            published.heard = heard.wall;
        }
        self.backoff.serves(now.monotonic);
        self.streaks.refreshed = false;
        self.account.stale_since = None;
        self.account.error = None;
        self.state_incompleteness();
    }

    /// The probe says that the server has reached the published version.
    pub(super) fn proven(&mut self, now: Now) {
        if let State::Resuming(resuming) = &self.state {
            let stream = resuming.stream;
            self.go_live(stream, now, now);
        }
    }

    /// Rows that may lack something are never shown without saying so.
    pub(super) fn state_incompleteness(&mut self) {
        let dropped = self.published.as_ref().map(|published| published.dropped);
        let Some((count, cause)) = dropped.and_then(|it| Some((it.count, it.cause?))) else {
            return;
        };
        let sentence = match count {
            1 => "a document could not be read: the table may lack what it told".to_owned(),
            _ => format!("{count} documents could not be read: the table may lack what they told"),
        };
        self.account.error = Some(Reason::new("incomplete", because(&sentence, Some(cause))));
    }
}
