//! Inputs, one by one: what each means in the state that the machine is in.

use super::backlog::Deferred;
use super::decode::{self, Batch, Continued, Outcome, Stream, Target};
use super::exchange::{Exchange, Reading};
use super::input::{EndCause, ExchangeId, Input};
use super::page::Page;
use super::state::{IDLE_LIMIT, MARGIN, PAGE_LIMIT, PROBE_LIMIT, Proof, Role, State};
use super::{Grace, Reflector};
use crate::clock::{Millis, Now};
use crate::request::RequestKind;
use crate::store::Progress;
use crate::strategy::{self, HeadVerdict};

/// Rows of the store's work in one slice.
const FUEL: usize = 2048;
/// Bytes of the backlog in one slice: well under a millisecond.
const SLICE: usize = 64 * 1024;
/// A tick that is later than this was held up, and so may have been the bytes that it would judge missing.
const LATE: Millis = Millis::from_secs(1);
/// What a held-up driver gets to hand over waiting bytes.
const GRACE: Millis = Millis::from_secs(2);

impl Reflector {
    pub(super) fn take_in(&mut self, input: Input<'_>, now: Now) {
        match input {
            Input::Start => {
                if matches!(self.state, State::Idle) {
                    self.take_snapshot(now);
                }
            }
            Input::Head { exchange, head } => {
                let Some(asked) = self.exchanges.get(exchange) else {
                    return;
                };
                let verdict = strategy::judge_head(asked.kind, asked.ranged, &head);
                if self.must_wait() {
                    self.defer(exchange, Deferred::Head(verdict), now);
                } else {
                    self.head(exchange, verdict, now);
                }
            }
            Input::Bytes { exchange, bytes } => {
                if self.must_wait() {
                    self.defer(exchange, Deferred::Bytes(bytes.to_vec()), now);
                } else {
                    self.bytes(exchange, bytes, now);
                }
            }
            Input::End { exchange, cause } => {
                if self.must_wait() {
                    self.defer(exchange, Deferred::End(cause), now);
                } else {
                    self.end(exchange, cause, now);
                }
            }
            Input::Tick => self.tick(now),
            Input::Work => self.work(now),
            Input::Command(command) => self.command(command, now),
        }
    }

    /// While the store works nothing may be read, and what comes then must not overtake what waits.
    fn must_wait(&self) -> bool {
        self.busy || !self.backlog.is_empty()
    }

    fn defer(&mut self, exchange: ExchangeId, deferred: Deferred, now: Now) {
        if self.exchanges.get(exchange).is_none() {
            return;
        }
        self.backlog.push(exchange, deferred);
        while self.backlog.is_full() {
            self.work(now);
        }
    }

    fn work(&mut self, now: Now) {
        if self.busy {
            if self.store.work(FUEL) == Progress::Done {
                self.busy = false;
                self.committed(now);
            }
            return;
        }
        let mut budget = SLICE;
        while let Some((exchange, deferred)) = self.backlog.pop() {
            match deferred {
                Deferred::Head(verdict) => self.head(exchange, verdict, now),
                Deferred::Bytes(bytes) => {
                    budget = budget.saturating_sub(bytes.len());
                    self.bytes(exchange, &bytes, now);
                }
                Deferred::Document(document) => {
                    budget = budget.saturating_sub(document.len());
                    self.document(exchange, &document, now);
                }
                Deferred::End(cause) => self.end(exchange, cause, now),
            }
            if self.busy || budget == 0 {
                return;
            }
        }
    }

    fn head(&mut self, id: ExchangeId, verdict: HeadVerdict, now: Now) {
        let Some(role) = self.state.role(id) else {
            return;
        };
        let Some(mut exchange) = self.exchanges.take(id) else {
            return;
        };
        if !matches!(exchange.reading, Reading::Head) {
            self.exchanges.put(exchange);
            return;
        }
        match verdict {
            HeadVerdict::Accepted => {
                let limit = self.config.limit_frame;
                exchange.reading = if exchange.watch {
                    let namespaced = self.config.resource.namespace.is_empty();
                    Reading::Stream(Box::new(Stream::new(limit, namespaced)))
                } else {
                    Reading::Page(Box::new(Page::new(limit)))
                };
                let ends = exchange.sent + exchange.timeout;
                self.exchanges.put(exchange);
                self.accepted(id, role, ends, now);
            }
            HeadVerdict::ReadBody { code, retry_after } => {
                exchange.reading = Reading::Refusal {
                    code,
                    retry_after,
                    body: Vec::new(),
                };
                self.exchanges.put(exchange);
            }
            HeadVerdict::Judged(verdict) => {
                self.exchanges.put(exchange);
                self.abort(id);
                self.failed(role, verdict, now);
            }
        }
    }

    fn accepted(&mut self, id: ExchangeId, role: Role, ends: crate::clock::Instant, now: Now) {
        match (&mut self.state, role) {
            (_, Role::Snapshot) => {
                self.begin_attempt();
                let idle = now.monotonic + IDLE_LIMIT;
                self.state = State::Streaming {
                    exchange: id,
                    idle,
                    moved: false,
                    overall: ends + MARGIN,
                };
            }
            (State::Listing(listing), Role::Page) => {
                listing.idle = now.monotonic + PAGE_LIMIT;
                self.begin_attempt();
            }
            (State::Listing(listing), Role::Beside) => listing.heard = now,
            (State::Resuming(resuming), Role::Stream) => match resuming.proof {
                Proof::Head => self.go_live(id, now, now),
                Proof::Probe => {
                    resuming.deadline = now.monotonic + PROBE_LIMIT;
                    self.send_probe(now);
                }
            },
            _ => {}
        }
    }

    fn bytes(&mut self, id: ExchangeId, bytes: &[u8], now: Now) {
        let Some(role) = self.state.role(id) else {
            return;
        };
        let Some(mut exchange) = self.exchanges.take(id) else {
            return;
        };
        self.account.bytes = self.account.bytes.saturating_add(bytes.len() as u64);
        let mut batch = None;
        match &mut exchange.reading {
            Reading::Head => {}
            Reading::Refusal { body, .. } => Reading::read_refusal(body, bytes),
            Reading::Page(page) => self.read_page(page, role, bytes, now),
            Reading::Stream(stream) => {
                batch = self
                    .target(role)
                    .map(|target| stream.read(bytes, target, now.wall));
            }
        }
        let reads_page = matches!(exchange.reading, Reading::Page(_));
        self.put_back(exchange, batch, role, now);
        if reads_page && role == Role::Page {
            self.open_beside(now);
        }
    }

    fn document(&mut self, id: ExchangeId, document: &[u8], now: Now) {
        let Some(role) = self.state.role(id) else {
            return;
        };
        let Some(mut exchange) = self.exchanges.take(id) else {
            return;
        };
        let mut batch = None;
        if let Reading::Stream(stream) = &mut exchange.reading {
            batch = self
                .target(role)
                .map(|target| stream.read_later(document, target, now.wall));
        }
        self.put_back(exchange, batch, role, now);
    }

    fn put_back(&mut self, exchange: Exchange, batch: Option<Batch>, role: Role, now: Now) {
        let id = exchange.id;
        self.exchanges.put(exchange);
        if let Some(batch) = batch {
            self.received(id, role, batch, now);
        }
    }

    /// Where the events of a stream with this role go; `None` where that place does not exist.
    fn target(&mut self, role: Role) -> Option<Target<'_>> {
        match (role, &mut self.state) {
            (Role::Snapshot, _) => Some(Target::Attempt(&mut self.store)),
            (Role::Beside, State::Listing(listing)) => {
                let rows = self.store.memory_bytes();
                listing
                    .buffer
                    .set_limit(self.config.limit_bytes.saturating_sub(rows));
                let continued = Continued {
                    signature: listing.signature.as_ref(),
                    floor: (listing.proof == Proof::Probe)
                        .then(|| listing.buffered.as_deref().or(listing.version.as_deref()))
                        .flatten(),
                };
                Some(Target::Buffer(&mut listing.buffer, continued))
            }
            (Role::Stream, state) => {
                let published = self.published.as_ref()?;
                let continued = Continued {
                    signature: Some(&published.signature),
                    floor: matches!(state, State::Resuming(_))
                        .then_some(published.version.as_deref())
                        .flatten(),
                };
                Some(Target::Published(&mut self.store, continued))
            }
            (Role::Probe, _) => Some(Target::Probe),
            (Role::Page | Role::Beside, _) => None,
        }
    }

    fn read_page(&mut self, page: &mut Page, role: Role, bytes: &[u8], now: Now) {
        let attempt = (role == Role::Page).then_some(&mut self.store);
        page.read(bytes, attempt, now.wall);
        if let (State::Listing(listing), Role::Page) = (&mut self.state, role) {
            listing.idle = now.monotonic + PAGE_LIMIT;
            if listing.pages == 0 {
                listing.version.clone_from(&page.content.version);
            }
            let known = page
                .content
                .rows
                .saturating_add(page.content.remaining.unwrap_or(0));
            if listing.pages == 0 && page.content.remaining.is_some() {
                listing.total = Some(known);
            }
        }
    }

    /// What a piece of a stream brought.
    fn received(&mut self, id: ExchangeId, role: Role, batch: Batch, now: Now) {
        let dropped_frames = &mut self.account.dropped_frames;
        *dropped_frames = dropped_frames.saturating_add(batch.dropped.count);
        let is_error = !matches!(batch.outcome, None | Some(Outcome::InitialEventsEnd));
        let events = batch.events.saturating_sub(u64::from(is_error));
        if events > 0 && role != Role::Probe {
            self.account.last_event_at = Some(now.wall);
        }
        match (role, &mut self.state) {
            (Role::Snapshot, State::Streaming { idle, moved, .. }) => {
                // Anything else may come for ever without getting nearer to the end; so may new objects, once the first state is sent.
                if batch.new_keys > 0 && !*moved {
                    *idle = now.monotonic + IDLE_LIMIT;
                }
                *moved |= batch.moved;
                if let Some(attempt) = &mut self.attempt {
                    attempt.dropped.add(batch.dropped);
                }
            }
            (Role::Beside, State::Listing(listing)) => {
                if batch.version.is_some() {
                    listing.buffered.clone_from(&batch.version);
                }
                if listing.signature.is_none() {
                    listing.signature = self.exchanges.signature(id).cloned();
                }
                if events > 0 {
                    listing.heard = now;
                    listing.proof = Proof::Head;
                }
                if let Some(attempt) = &mut self.attempt {
                    attempt.dropped.add(batch.dropped);
                }
            }
            (Role::Stream, _) => self.followed(id, &batch, events, now),
            _ => {}
        }
        if self.state.role(id) != Some(role) {
            return;
        }
        match batch.outcome {
            None => {}
            Some(Outcome::InitialEventsEnd) if role == Role::Probe => self.proven(now),
            Some(Outcome::InitialEventsEnd) => {
                self.backlog.push_front(id, batch.later);
                self.snapshot_is_whole(id, batch.version, now);
            }
            Some(Outcome::Error(status)) => {
                let kind = self
                    .exchanges
                    .get(id)
                    .map_or(RequestKind::Watch, |exchange| exchange.kind);
                self.abort(id);
                let verdict = strategy::judge_refusal(kind, false, status.code, Some(status), None);
                self.failed(role, verdict, now);
            }
            Some(Outcome::OtherSignature) => self.columns_changed(now),
            Some(Outcome::NoColumns(cause)) => self.columns_missing(role, cause, now),
            Some(Outcome::BadColumns(error)) => {
                let reason = decode::bad_columns(error);
                self.rest(State::Failed, Some(reason), now);
            }
            Some(Outcome::WentBack) => self.went_back(now),
            Some(Outcome::Full) => self.full(now),
        }
    }

    /// Events for the published rows.
    fn followed(&mut self, id: ExchangeId, batch: &Batch, events: u64, now: Now) {
        self.changed |= batch.rows_changed;
        if let Some(published) = &mut self.published {
            published.dropped.add(batch.dropped);
            if batch.version.is_some() {
                published.version.clone_from(&batch.version);
            }
            if events > 0 {
                published.heard = now.wall;
            }
        }
        match &mut self.state {
            State::Live(live) if events > 0 => live.hear(batch.bookmarks, now.monotonic),
            State::Resuming(_) if events > 0 => self.go_live(id, now, now),
            _ => {}
        }
        if batch.dropped.count > 0 {
            self.state_incompleteness();
        }
    }

    pub(super) fn end(&mut self, id: ExchangeId, cause: EndCause, now: Now) {
        let role = self.state.role(id);
        let Some(mut exchange) = self.exchanges.take(id) else {
            return;
        };
        let Some(role) = role else { return };
        match &mut exchange.reading {
            Reading::Head => self.unreachable(role, "the server cannot be reached", now),
            Reading::Refusal {
                code,
                retry_after,
                body,
            } => {
                let status = crate::status::Status::parse(body);
                let verdict = strategy::judge_refusal(
                    exchange.kind,
                    exchange.ranged,
                    *code,
                    status,
                    *retry_after,
                );
                self.failed(role, verdict, now);
            }
            Reading::Page(page) => {
                let content = std::mem::take(&mut page.content);
                if role == Role::Probe {
                    self.probed(&content, now);
                } else {
                    self.page_ended(content, now);
                }
            }
            Reading::Stream(stream) => {
                if stream.finish() {
                    self.account.dropped_frames = self.account.dropped_frames.saturating_add(1);
                }
                self.stream_ended(role, &exchange, cause, now);
            }
        }
    }

    fn tick(&mut self, now: Now) {
        if self.must_wait() {
            return;
        }
        let (Some(deadline), Some(judged)) = (self.state.deadline(), self.deadline()) else {
            return;
        };
        if now.monotonic < judged {
            return;
        }
        let held_up = now.monotonic - deadline > LATE;
        let had_grace = self.grace.is_some_and(|grace| grace.deadline == deadline);
        if held_up && !had_grace && self.state.deadline_is_judgement() {
            self.grace = Some(Grace {
                deadline,
                until: now.monotonic + GRACE,
            });
            return;
        }
        self.grace = None;
        self.overdue(now);
    }
}
