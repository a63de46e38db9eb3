//! What the machine does to get from one state to the next: requests, waits, publication, rest.

use super::buffer::EventBuffer;
use super::decode::{self, Signature};
use super::exchange::{Exchange, Reading};
use super::input::{ExchangeId, Output};
use super::page::PageContent;
use super::state::{
    Beside, HEAD_LIMIT, LIST_LIMIT, Listing, Live, PAGE_LIMIT, Proof, Resuming, State, Then,
};
use super::status::{Mode, Reason};
use super::{Attempt, Committing, Published, Reflector, Streaks};
use crate::clock::{Millis, Now, Timestamp};
use crate::request::Request;
use crate::strategy::Step;

/// A server may take this long over a stream before it ends it, in seconds; jittered, so that the watches of one page, and the
/// pages of one company, do not come back in one moment.
const TIMEOUT_SECONDS: (u64, u64) = (240, 300);
/// Between two LISTs where a resource cannot be watched, in milliseconds.
const POLL: (u64, u64) = (25_000, 35_000);
/// Pages in a row without anything new: the server leads in a circle.
const BARREN_PAGES: u32 = 3;

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
        self.attempt = Some(Attempt {
            started: now.monotonic,
            begun: false,
            signature: None,
            dropped: 0,
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
            buffer: EventBuffer::new(self.config.limit_bytes),
            buffered: None,
            total: None,
        }));
    }

    /// Asks for the changes since what is published, now.
    fn resume(&mut self, proof: Proof, now: Now) {
        let Some(stream) = self.send_watch(self.published_version(), now) else {
            return self.take_snapshot(now);
        };
        let deadline = now.monotonic + HEAD_LIMIT;
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
            self.backlog.forget(exchange.id);
            self.outputs.push_back(Output::Abort {
                exchange: exchange.id,
            });
        }
        if self.attempt.take().is_some_and(|attempt| attempt.begun) {
            self.store.discard();
            self.busy = true;
        }
        self.account.stale_since.get_or_insert(now.wall);
    }

    /// If the stream served for a stable period, what happened before it no longer counts.
    pub(super) fn settle_streaks(&mut self, now: Now) {
        if self.backoff.stops(now.monotonic) {
            self.streaks = Streaks::default();
        }
    }

    // --- requests ---

    fn send(&mut self, mut request: Request, timeout: Millis, now: Now) -> ExchangeId {
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
        self.outputs.push_back(Output::Send { exchange, request });
        exchange
    }

    /// `None` without a version to start from.
    fn send_watch(&mut self, version: Option<String>, now: Now) -> Option<ExchangeId> {
        let timeout = self.stream_timeout();
        let request = Request::watch(&self.config.resource, &version?, timeout, self.plan.range);
        Some(self.send(request, timeout, now))
    }

    /// Asks whether the server has reached the published version.
    pub(super) fn send_probe(&mut self, now: Now) {
        let Some(version) = self.published_version() else {
            return;
        };
        let request = if self.probe_by_stream {
            Request::probe_stream(&self.config.resource, &version, self.plan.range)
        } else {
            Request::probe(&self.config.resource, &version)
        };
        let probe = self.send(request, HEAD_LIMIT, now);
        if let State::Resuming(resuming) = &mut self.state {
            resuming.probe = Some(probe);
        }
    }

    /// Opens the WATCH beside a LIST as soon as the first page has told its version.
    pub(super) fn open_beside(&mut self, now: Now) {
        let State::Listing(listing) = &self.state else {
            return;
        };
        if listing.beside != Beside::NotYet {
            return;
        }
        let Some(watch) = self.send_watch(listing.version.clone(), now) else {
            return;
        };
        if let State::Listing(listing) = &mut self.state {
            listing.beside = Beside::Open(watch);
        }
    }

    pub(super) fn abort(&mut self, exchange: ExchangeId) {
        if self.exchanges.take(exchange).is_some() {
            self.backlog.forget(exchange);
            self.outputs.push_back(Output::Abort { exchange });
        }
    }

    fn stream_timeout(&mut self) -> Millis {
        let (shortest, longest) = TIMEOUT_SECONDS;
        Millis::from_secs(self.backoff.random().between(shortest, longest))
    }

    fn published_version(&self) -> Option<String> {
        self.published.as_ref()?.version.clone()
    }

    // --- snapshots ---

    /// The first head of an attempt has come: its rows have a place from now on.
    pub(super) fn begin_attempt(&mut self) {
        if let Some(attempt) = &mut self.attempt
            && !attempt.begun
        {
            attempt.begun = true;
            self.store.begin();
        }
    }

    /// The end bookmark has come.
    pub(super) fn snapshot_is_whole(
        &mut self,
        stream: ExchangeId,
        version: Option<String>,
        now: Now,
    ) {
        let signature = self.stream_signature(stream);
        match signature {
            Some(signature) => self.commit(signature, version, Some(stream)),
            None => self.columns_changed(now),
        }
    }

    /// A page has come to its end.
    pub(super) fn page_ended(&mut self, page: PageContent, now: Now) {
        if let Some(refusal) = page.refusal() {
            return self.page_is_unusable(refusal, now);
        }
        if page.full.is_some() {
            return self.full(now);
        }
        let namespaced = self.config.resource.namespace.is_empty();
        let (Some(signature), Some(attempt), State::Listing(listing)) = (
            page.signature(namespaced),
            &mut self.attempt,
            &mut self.state,
        ) else {
            return self.columns_changed(now);
        };
        if attempt
            .signature
            .as_ref()
            .is_some_and(|known| !known.fits(&signature))
        {
            return self.columns_changed(now);
        }
        attempt.signature.get_or_insert(signature);
        attempt.dropped = attempt.dropped.saturating_add(page.dropped);
        self.account.dropped_frames = self.account.dropped_frames.saturating_add(page.dropped);
        if listing.pages > 0 && page.version.is_some() && page.version != listing.version {
            return self.pages_disagree(now);
        }
        listing.pages = listing.pages.saturating_add(1);
        listing.barren = if page.new_keys > 0 {
            0
        } else {
            listing.barren.saturating_add(1)
        };
        match page.continue_token {
            None => self.list_is_whole(now),
            Some(token)
                if listing.token.as_ref() == Some(&token) || listing.barren >= BARREN_PAGES =>
            {
                self.page_is_unusable(PageContent::circle(), now);
            }
            Some(token) => {
                let request = Request::list(&self.config.resource, Some(&token));
                listing.token = Some(token);
                listing.idle = now.monotonic + PAGE_LIMIT;
                let page = self.send(request, LIST_LIMIT, now);
                if let State::Listing(listing) = &mut self.state {
                    listing.page = page;
                }
            }
        }
    }

    /// The last page is whole: what the WATCH beside it brought goes on top, and all is published in one step.
    fn list_is_whole(&mut self, now: Now) {
        let State::Listing(listing) = &mut self.state else {
            return;
        };
        let buffered = std::mem::take(&mut listing.buffered);
        let version = buffered.or_else(|| listing.version.clone());
        let stream = match listing.beside {
            Beside::Open(stream) => Some(stream),
            Beside::NotYet | Beside::Ended | Beside::None => None,
        };
        let events = listing.buffer.take();
        for event in events {
            if decode::stage_kept(&event, &mut self.store, now.wall).is_err() {
                return self.full(now);
            }
        }
        let beside = stream.and_then(|stream| self.stream_signature(stream));
        let Some(signature) = self
            .attempt
            .as_ref()
            .and_then(|attempt| attempt.signature.clone())
        else {
            return self.columns_changed(now);
        };
        if beside.is_some_and(|beside| !beside.fits(&signature)) {
            return self.columns_changed(now);
        }
        if version.is_none() && self.plan.mode == Mode::ListWatch {
            let reason = Reason::new(
                "no-resource-version",
                "the list carries no version from which changes could be watched",
            );
            self.memory.learn(Step::Poll, reason, now.monotonic);
            self.plan = self.memory.plan(now.monotonic);
        }
        self.commit(signature, version, stream);
    }

    fn stream_signature(&self, stream: ExchangeId) -> Option<Signature> {
        match &self.exchanges.get(stream)?.reading {
            Reading::Stream(stream) => stream.signature().cloned(),
            Reading::Head | Reading::Refusal { .. } | Reading::Page(_) => None,
        }
    }

    fn commit(
        &mut self,
        signature: Signature,
        version: Option<String>,
        stream: Option<ExchangeId>,
    ) {
        let Some(attempt) = self.attempt.take() else {
            return;
        };
        self.store.commit(signature.columns.clone());
        self.busy = true;
        let published = Published {
            signature,
            version,
            dropped: attempt.dropped,
        };
        self.committing = Some(Committing {
            started: attempt.started,
            published,
        });
        self.state = State::Publishing { stream };
    }

    /// The store has done what it was asked to; if that was a commit, readers see the new rows from now on.
    pub(super) fn committed(&mut self, now: Now) {
        let Some(committing) = self.committing.take() else {
            return;
        };
        self.published = Some(committing.published);
        let counts = self.store.last_commit();
        self.outputs.push_back(Output::Publish(counts));
        self.account.last_snapshot = Some(counts);
        self.account.sync_duration = Some(now.monotonic - committing.started);
        let State::Publishing { stream } = self.state else {
            return;
        };
        self.account.stale_since = None;
        self.account.error = None;
        self.streaks.early_ends = 0;
        self.streaks.refreshed = false;
        self.state_incompleteness();
        if self.plan.mode == Mode::Poll {
            let (shortest, longest) = POLL;
            let pause = Millis(self.backoff.random().between(shortest, longest));
            self.backoff.reset();
            self.streaks = Streaks::default();
            self.state = State::Polling {
                until: now.monotonic + pause,
            };
            return;
        }
        let answered = |stream| {
            let exchange = self.exchanges.get(stream)?;
            Some(matches!(exchange.reading, Reading::Stream(_)))
        };
        match stream.map(|stream| (stream, answered(stream))) {
            Some((stream, Some(true))) => self.go_live(stream, now),
            Some((stream, Some(false))) => {
                let deadline = now.monotonic + HEAD_LIMIT;
                let proof = Proof::Head;
                self.account.stale_since = Some(now.wall);
                self.state = State::Resuming(Resuming {
                    stream,
                    probe: None,
                    proof,
                    deadline,
                });
            }
            Some((_, None)) | None => {
                self.account.stale_since = Some(now.wall);
                self.resume(Proof::Head, now);
            }
        }
    }

    // --- live ---

    /// The stream is known to continue what is published.
    pub(super) fn go_live(&mut self, stream: ExchangeId, now: Now) {
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
            heard: now,
            last_bookmark: None,
            interval: None,
        });
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
            self.go_live(stream, now);
        }
    }

    /// Rows that may lack something are never shown without saying so.
    pub(super) fn state_incompleteness(&mut self) {
        let dropped = self
            .published
            .as_ref()
            .map_or(0, |published| published.dropped);
        if dropped > 0 {
            self.account.error = Some(Reason::new(
                "incomplete",
                format!("{dropped} documents could not be read: the table may lack what they told"),
            ));
        }
    }
}
