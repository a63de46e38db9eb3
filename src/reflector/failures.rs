//! What goes wrong, and how the machine goes on. Every wait and every step down the ladder is decided here.

use super::decode::Stream;
use super::dropped::{Cause, because};
use super::exchange::{Exchange, Reading};
use super::input::{EndCause, Output};
use super::moves::Pace;
use super::page::PageContent;
use super::state::{Beside, MARGIN, Proof, Role, State, Then};
use super::status::Reason;
use super::{Reflector, version};
use crate::clock::{Millis, Now};
use crate::strategy::{Step, Verdict};

/// Streaming lists that end before their end bookmark, in a row, before LIST is tried instead.
const EARLY_ENDS: u32 = 2;
/// Streams that end at once and empty, in a row, before their version counts as expired: servers say nothing else of old
/// versions of resources that they do not cache (Events).
const SHORT_STREAMS: u32 = 3;
/// A stream that is shorter than this ended at once.
const SHORT: Millis = Millis::from_secs(5);
/// Failures of the server, in a row, before its version is given up with it.
const SERVER_ERRORS: u32 = 3;
/// Refusals, in a row, of what was allowed before, until they are believed: a server that starts refuses everything for a moment, in
/// the same words, before it has read its rules.
const FORBIDDEN: u32 = 3;
/// Changes of the columns, in a row, before the machine pauses.
const COLUMN_CHANGES: u32 = 2;
/// How much before its `timeoutSeconds` a server may end a stream and still be on time.
const PUNCTUAL: Millis = Millis::from_secs(5);

impl Reflector {
    /// A request was refused, or a stream ended with an ERROR event.
    pub(super) fn failed(&mut self, role: Role, verdict: Verdict, now: Now) {
        match (verdict, role) {
            (Verdict::Unauthorized(reason), _) => self.unauthorized(reason, now),
            (Verdict::SignIn(reason), _) => {
                let then = self.state.after_rest();
                self.rest(State::Auth { then }, Some(reason), now);
            }
            (Verdict::Refused(reason), Role::Probe)
                if reason.code == "forbidden" && !self.memory.probe_by_stream =>
            {
                self.memory.probe_by_stream = true;
                self.send_probe(now);
            }
            (
                Verdict::Refused(reason)
                | Verdict::StepDown(_, reason)
                | Verdict::Expired(reason)
                | Verdict::Transient { reason, .. },
                Role::Probe,
            ) => self.again(
                Then::Snapshot,
                Pace::AtOnceUnlessRepeated,
                Some(reason),
                now,
            ),
            (Verdict::Transient { .. }, Role::Beside) => self.beside_ended(Proof::Probe),
            (Verdict::StepDown(step, reason), Role::Beside) => {
                self.memory.learn(step, reason, now.monotonic);
                self.plan = self.memory.plan(now.monotonic);
                self.beside_ended(Proof::Probe);
            }
            (Verdict::StepDown(step, reason), Role::Snapshot | Role::Page | Role::Stream) => {
                self.step_down(step, reason, now);
            }
            (Verdict::Refused(reason), _) => self.refused(role, reason, now),
            (Verdict::Expired(reason), _) => {
                self.again(
                    Then::Snapshot,
                    Pace::AtOnceUnlessRepeated,
                    Some(reason),
                    now,
                );
            }
            (
                Verdict::Transient {
                    reason,
                    retry_after,
                    ..
                },
                Role::Snapshot | Role::Page,
            ) => {
                self.again(
                    Then::Snapshot,
                    Pace::Delayed(retry_after),
                    Some(reason),
                    now,
                );
            }
            (
                Verdict::Transient {
                    reason,
                    retry_after,
                    lost,
                },
                Role::Stream,
            ) => {
                self.settle_streaks(now);
                self.streaks.server_errors = self.streaks.server_errors.saturating_add(1);
                let given_up = lost || self.streaks.server_errors >= SERVER_ERRORS;
                let then = if given_up {
                    Then::Snapshot
                } else {
                    Then::Resume(Proof::Probe)
                };
                self.again(then, Pace::Delayed(retry_after), Some(reason), now);
            }
        }
    }

    /// The server's own word. Where there are rows, access was allowed before.
    fn refused(&mut self, role: Role, reason: Reason, now: Now) {
        if reason.code == "forbidden" && self.published.is_some() {
            self.settle_streaks(now);
            self.streaks.forbidden = self.streaks.forbidden.saturating_add(1);
            if self.streaks.forbidden < FORBIDDEN {
                let then = match role {
                    Role::Stream => Then::Resume(Proof::Probe),
                    _ => Then::Snapshot,
                };
                return self.again(then, Pace::Delayed(None), Some(reason), now);
            }
        }
        self.rest(State::Failed, Some(reason), now);
    }

    /// Fresh credentials once; if those are refused as well, somebody has to sign in.
    fn unauthorized(&mut self, reason: Reason, now: Now) {
        let then = self.state.after_rest();
        if self.streaks.refreshed {
            return self.rest(State::Auth { then }, Some(reason), now);
        }
        self.refresh_credentials = true;
        // The next request differs by its credentials, and the streak lets it happen once.
        self.again(then, Pace::AtOnce, Some(reason), now);
        self.streaks.refreshed = true;
    }

    /// Takes the snapshot another way.
    fn step_down(&mut self, step: Step, reason: Reason, now: Now) {
        self.memory.learn(step, reason.clone(), now.monotonic);
        let next = self.memory.plan(now.monotonic);
        if (next.mode, next.range) == (self.plan.mode, self.plan.range) {
            return self.rest(State::Failed, Some(reason), now);
        }
        // The next request differs: each step down is taken once while it is remembered.
        self.again(Then::Snapshot, Pace::AtOnce, None, now);
    }

    /// No head came.
    pub(super) fn unreachable(&mut self, role: Role, message: &str, now: Now) {
        let verdict = Verdict::Transient {
            reason: Reason::new("unreachable", message),
            retry_after: None,
            lost: true,
        };
        self.failed(role, verdict, now);
    }

    /// A stream of events has ended, its body with it.
    pub(super) fn stream_ended(
        &mut self,
        role: Role,
        exchange: &Exchange,
        cause: EndCause,
        now: Now,
    ) {
        let events = match &exchange.reading {
            Reading::Stream(stream) => Stream::events(stream),
            Reading::Head | Reading::Refusal { .. } | Reading::Page(_) => 0,
        };
        let lived = now.monotonic - exchange.sent;
        // One that is noticed late may have ended at any time, and one without the bookmark that a server sends two seconds
        // before its end may have been cut by what made the server another one.
        let last_bookmark = match &self.state {
            State::Live(live) => live.last_bookmark,
            _ => None,
        };
        let on_time = cause == EndCause::Complete
            && lived.0.saturating_add(PUNCTUAL.0) >= exchange.timeout.0
            && lived.0 <= exchange.timeout.0.saturating_add(MARGIN.0)
            && last_bookmark.is_some_and(|last| now.monotonic - last <= PUNCTUAL);
        let proof = if on_time { Proof::Head } else { Proof::Probe };
        match role {
            Role::Snapshot => self.ended_early("the stream ended before the list was whole", now),
            Role::Beside => self.beside_stream_ended(events, lived, proof, now),
            Role::Probe | Role::Page => {
                let reason = Reason::new(
                    "unconfirmed",
                    "the server did not say whether it is up to date",
                );
                self.again(Then::Snapshot, Pace::Delayed(None), Some(reason), now);
            }
            Role::Stream => self.followed_stream_ended(events, lived, cause, proof, now),
        }
    }

    fn followed_stream_ended(
        &mut self,
        events: u64,
        lived: Millis,
        cause: EndCause,
        proof: Proof,
        now: Now,
    ) {
        if proof == Proof::Probe {
            // What was lost with the end, and when, is not known.
            self.doubt(now);
        }
        self.settle_streaks(now);
        let short = events == 0 && lived < SHORT;
        self.streaks.short_streams = if short {
            self.streaks.short_streams.saturating_add(1)
        } else {
            0
        };
        if self.streaks.short_streams >= SHORT_STREAMS {
            self.streaks.short_streams = 0;
            let reason = Reason::new(
                "gone",
                "the stream keeps ending at once: its version is too old",
            );
            return self.again(Then::Snapshot, Pace::Delayed(None), Some(reason), now);
        }
        if self
            .published
            .as_ref()
            .is_none_or(|published| published.version.is_none())
        {
            return self.again(Then::Snapshot, Pace::Delayed(None), None, now);
        }
        match (cause, proof) {
            // The stream lived for minutes, so this is one request in as many.
            (_, Proof::Head) => {
                self.again(Then::Resume(Proof::Head), Pace::AtOnce, None, now);
            }
            (EndCause::Complete, Proof::Probe) => {
                self.again(
                    Then::Resume(Proof::Probe),
                    Pace::AtOnceUnlessRepeated,
                    None,
                    now,
                );
            }
            (EndCause::Broken | EndCause::Unreachable, Proof::Probe) => {
                let reason = Reason::new("disconnected", "the connection broke");
                self.again(
                    Then::Resume(Proof::Probe),
                    Pace::Delayed(None),
                    Some(reason),
                    now,
                );
            }
        }
    }

    /// A streaming list that ended before its end bookmark.
    fn ended_early(&mut self, message: &str, now: Now) {
        self.streaks.early_ends = self.streaks.early_ends.saturating_add(1);
        let reason = Reason::new("ended-early", message);
        if self.streaks.early_ends >= EARLY_ENDS {
            self.streaks.early_ends = 0;
            self.memory
                .learn(Step::ListWatch, reason.clone(), now.monotonic);
        }
        self.again(Then::Snapshot, Pace::Delayed(None), Some(reason), now);
    }

    /// The WATCH beside a LIST is over; another one follows the LIST, from where this one ended.
    fn beside_ended(&mut self, proof: Proof) {
        if let State::Listing(listing) = &mut self.state {
            listing.beside = Beside::Ended;
            if proof == Proof::Probe {
                listing.proof = proof;
            }
        }
    }

    /// A WATCH beside a LIST served and has ended. After the last page its version may be too old, so another one continues it
    /// at once; where it was short, once a page.
    fn beside_stream_ended(&mut self, events: u64, lived: Millis, proof: Proof, now: Now) {
        self.beside_ended(proof);
        let State::Listing(listing) = &mut self.state else {
            return;
        };
        if lived >= SHORT || events > 0 && !std::mem::replace(&mut listing.reopened, true) {
            listing.beside = Beside::NotYet;
            self.open_beside(now);
        }
    }

    /// A page that cannot be used.
    pub(super) fn page_is_unusable(&mut self, verdict: Verdict, now: Now) {
        self.failed(Role::Page, verdict, now);
    }

    /// Two pages of one list showed two versions: they are no snapshot of one moment.
    pub(super) fn pages_disagree(&mut self, now: Now) {
        let reason = Reason::new(
            "inconsistent-pages",
            "the pages of the list show different moments",
        );
        self.again(
            Then::Snapshot,
            Pace::AtOnceUnlessRepeated,
            Some(reason),
            now,
        );
    }

    /// Columns, or the form of the rows, are not those of what came before.
    pub(super) fn columns_changed(&mut self, now: Now) {
        let reason = Reason::new(
            "columns-changed",
            "the columns changed, as they do while servers of two versions answer",
        );
        self.columns_differ(reason, now);
    }

    /// Rows came and it is not known under which columns.
    pub(super) fn columns_missing(&mut self, role: Role, cause: Option<Cause>, now: Now) {
        let message = because("rows came without their columns", cause);
        let reason = Reason::new("no-columns", message);
        match role {
            Role::Snapshot | Role::Page => self.step_down(Step::ListWatch, reason, now),
            Role::Beside | Role::Stream | Role::Probe => self.columns_differ(reason, now),
        }
    }

    /// A new snapshot; the second time in a row a pause.
    fn columns_differ(&mut self, reason: Reason, now: Now) {
        self.settle_streaks(now);
        self.streaks.column_changes = self.streaks.column_changes.saturating_add(1);
        if self.streaks.column_changes >= COLUMN_CHANGES {
            self.streaks.column_changes = 0;
            let then = Then::Snapshot;
            return self.rest(State::Paused { then }, Some(reason), now);
        }
        self.again(
            Then::Snapshot,
            Pace::AtOnceUnlessRepeated,
            Some(reason),
            now,
        );
    }

    /// The cap on memory was reached. What was published before stays.
    pub(super) fn full(&mut self, now: Now) {
        let limit = self.config.limit_bytes;
        let message =
            format!("the rows need more than {limit} bytes, or more memory than there is");
        let reason = Reason::new("capacity", message);
        self.rest(State::Failed, Some(reason), now);
    }

    /// The answer to a probe by LIST.
    pub(super) fn probed(&mut self, page: &PageContent, now: Now) {
        let published = self.published.as_ref();
        let ours = published.and_then(|published| published.version.as_deref());
        let behind = version::is_older(page.version.as_deref(), ours);
        if page.refusal().is_none() && !behind {
            return self.proven(now);
        }
        let reason = Reason::new(
            "unconfirmed",
            "the server does not know the version that was shown",
        );
        self.again(
            Then::Snapshot,
            Pace::AtOnceUnlessRepeated,
            Some(reason),
            now,
        );
    }

    /// A server whose version went back is not the one that was followed.
    pub(super) fn went_back(&mut self, now: Now) {
        let reason = Reason::new("gone", "the server's version went back");
        self.again(
            Then::Snapshot,
            Pace::AtOnceUnlessRepeated,
            Some(reason),
            now,
        );
    }

    /// The deadline of the present state has passed.
    pub(super) fn overdue(&mut self, now: Now) {
        if let Some(id) = self.exchanges.refused() {
            // The head said no; what the body would add did not come in time.
            self.outbox.queue.push_back(Output::Abort { exchange: id });
            return self.end(id, EndCause::Broken, now);
        }
        match &self.state {
            State::Idle
            | State::Publishing { .. }
            | State::Paused { .. }
            | State::Auth { .. }
            | State::Failed
            | State::Closed => {}
            State::Connecting { .. } => {
                self.streaks.unanswered = self.streaks.unanswered.saturating_add(1);
                self.unreachable(Role::Snapshot, "the server does not answer", now);
            }
            State::Streaming { .. } => {
                let reason = Reason::new(
                    "no-bookmark",
                    "the streaming list did not come to its end in time",
                );
                self.step_down(Step::ListWatch, reason, now);
            }
            State::Listing(_) => {
                let reason = Reason::new("timeout", "the list did not come in time");
                self.again(Then::Snapshot, Pace::Delayed(None), Some(reason), now);
            }
            State::Resuming(_) => {
                let reason = Reason::new("unconfirmed", "the server did not answer in time");
                self.again(Then::Snapshot, Pace::Delayed(None), Some(reason), now);
            }
            State::Live(_) => {
                let reason = Reason::new(
                    "silent",
                    "nothing came for longer than a stream may be silent",
                );
                self.again(
                    Then::Resume(Proof::Probe),
                    Pace::Delayed(None),
                    Some(reason),
                    now,
                );
            }
            State::Polling { .. } => self.take_snapshot(now),
            State::Waiting { then, .. } => {
                let then = *then;
                self.go_on(then, now);
            }
        }
    }
}
