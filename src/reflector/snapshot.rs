//! How a snapshot becomes whole and is published.

use super::decode::{self, Signature};
use super::exchange::Reading;
use super::input::{ExchangeId, Output};
use super::page::PageContent;
use super::state::{
    Beside, LIST_LIMIT, PAGE_LIMIT, PROBE_LIMIT, Proof, RESUME_HEAD_LIMIT, Resuming, Role, State,
};
use super::status::{Mode, Reason};
use super::{Committing, Published, Reflector, Streaks};
use crate::clock::{Millis, Now};
use crate::event::Format;
use crate::request::Request;
use crate::strategy::Step;
use crate::table::Columns;

/// Between two LISTs where a resource cannot be watched, in milliseconds.
const POLL: (u64, u64) = (25_000, 35_000);
/// Pages in a row without anything new: the server leads in a circle.
const BARREN_PAGES: u32 = 3;

impl Reflector {
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
        // None: an empty Table of unknown columns. The first row will bring some, and with them a new snapshot.
        let signature = self.exchanges.signature(stream).cloned();
        let signature = signature.unwrap_or_else(|| Signature::table(Columns::default()));
        let publishing = State::Publishing {
            stream: Some(stream),
            heard: now,
            proof: Proof::Head,
        };
        self.commit(signature, version, publishing);
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
        let Some(signature) = page.signature(namespaced) else {
            return self.columns_missing(Role::Page, page.dropped.cause, now);
        };
        let (Some(attempt), State::Listing(listing)) = (&mut self.attempt, &mut self.state) else {
            return;
        };
        if attempt
            .signature
            .as_ref()
            .is_some_and(|known| !known.fits(&signature))
        {
            return self.columns_changed(now);
        }
        attempt.signature.get_or_insert(signature);
        attempt.dropped.add(page.dropped);
        let dropped_frames = &mut self.account.dropped_frames;
        *dropped_frames = dropped_frames.saturating_add(page.dropped.count);
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
                listing.reopened = false;
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
        let publishing = State::Publishing {
            stream,
            heard: listing.heard,
            proof: listing.proof,
        };
        let Some(signature) = self
            .attempt
            .as_ref()
            .and_then(|attempt| attempt.signature.clone())
        else {
            return self.columns_changed(now);
        };
        let beside = listing.signature.as_ref();
        if beside.is_some_and(|beside| !beside.fits(&signature)) {
            return self.columns_changed(now);
        }
        for event in listing.buffer.take() {
            if decode::stage_kept(&event, &mut self.store, now.wall).is_err() {
                return self.full(now);
            }
        }
        if version.is_none() && self.plan.mode == Mode::ListWatch {
            let reason = Reason::new(
                "no-resource-version",
                "the list carries no version from which changes could be watched",
            );
            self.memory.learn(Step::Poll, reason, now.monotonic);
            self.plan = self.memory.plan(now.monotonic);
        }
        self.commit(signature, version, publishing);
    }

    fn commit(&mut self, signature: Signature, version: Option<String>, publishing: State) {
        let Some(attempt) = self.attempt.take() else {
            return;
        };
        if signature.format != Format::Table && self.plan.mode == Mode::WatchList {
            self.plan.fallback = Some(Reason::new(
                "no-tables",
                "the server sends no Tables on a streaming list",
            ));
        }
        self.store.commit(signature.columns.clone());
        self.busy = true;
        let State::Publishing { heard, .. } = publishing else {
            return;
        };
        let published = Published {
            signature,
            version,
            heard: heard.wall,
            dropped: attempt.dropped,
        };
        self.committing = Some(Committing {
            started: attempt.started,
            published,
        });
        self.state = publishing;
    }

    /// The store has done what it was asked to; if that was a commit, readers see the new rows from now on.
    pub(super) fn committed(&mut self, now: Now) {
        let Some(committing) = self.committing.take() else {
            return;
        };
        self.published = Some(committing.published);
        let counts = self.store.last_commit();
        self.outbox.queue.push_back(Output::Publish(counts));
        self.account.last_snapshot = Some(counts);
        self.account.sync_duration = Some(now.monotonic - committing.started);
        let State::Publishing {
            stream,
            heard,
            proof,
        } = self.state
        else {
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
        let reading = stream.and_then(|stream| self.exchanges.get(stream));
        let answered = reading.map(|exchange| matches!(exchange.reading, Reading::Stream(_)));
        match (stream, answered) {
            (Some(stream), Some(true)) if proof == Proof::Head => self.go_live(stream, heard, now),
            (Some(stream), Some(answered)) => {
                let limit = if answered {
                    PROBE_LIMIT
                } else {
                    RESUME_HEAD_LIMIT
                };
                self.account.stale_since = Some(heard.wall);
                self.state = State::Resuming(Resuming {
                    stream,
                    probe: None,
                    proof,
                    deadline: now.monotonic + limit,
                });
                if answered {
                    self.send_probe(now);
                }
            }
            (Some(_), None) | (None, _) => {
                self.account.stale_since = Some(heard.wall);
                self.resume(proof, now);
            }
        }
    }
}
