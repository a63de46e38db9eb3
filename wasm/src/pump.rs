//! Which input comes next, and what is to be done about each output. No JavaScript runs in here.

use std::collections::VecDeque;

use kube_watchlist::clock::{Instant, Millis, Now};
use kube_watchlist::reflector::{Command, Config, EndCause, ExchangeId, Input, Output, Reflector};
use kube_watchlist::request::{Request, RequestKind};
use kube_watchlist::store::DiffCounts;

use crate::inbox::{Arrival, Chunk, Inbox, OwnedHead, Taken};

/// Chunks are copied into linear memory in pieces of this size: one buffer, whatever the browser hands out.
const PIECE: usize = 64 << 10;
/// A tick that comes later than this came to a page that was asleep.
const LATE: Millis = Millis(1_000);
/// How long bytes that piled up while the page was asleep have to come in before a deadline is judged.
const GRACE: Millis = Millis(100);

/// What changed since it was last asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Notice(u32);

impl Notice {
    /// The status.
    pub(crate) const STATUS: Self = Self(1);
    /// Rows, or the text of a time in them.
    pub(crate) const ROWS: Self = Self(1 << 1);
    /// A whole snapshot was published.
    pub(crate) const SNAPSHOT: Self = Self(1 << 2);

    pub(crate) fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    pub(crate) fn bits(self) -> u32 {
        self.0
    }
}

/// What is to be done outside, after one step.
#[derive(Debug, PartialEq)]
pub(crate) enum Step {
    /// Nothing; take the next step.
    Again,
    /// Send a request.
    Send(ExchangeId, Box<Request>),
    /// Abort an exchange and drop what waits of it.
    Abort(ExchangeId),
    /// Nothing is left to do until something arrives or this time comes.
    Sleep(Option<Instant>),
}

/// The core of one watch and everything that waits for it.
pub(crate) struct Pump<C> {
    reflector: Reflector,
    inbox: Inbox<C>,
    commands: VecDeque<Command>,
    started: bool,
    /// Outputs may be waiting in the reflector.
    drain: bool,
    /// The reflector has work left.
    work: bool,
    /// Somebody woke the watch: the clock may have moved on.
    woken: bool,
    deadline: Option<Instant>,
    /// Set while a late tick waits for bytes.
    grace: Option<Instant>,
    notice: Notice,
    sync: SyncClock,
    piece: Vec<u8>,
}

impl<C: Chunk> Pump<C> {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            reflector: Reflector::new(config),
            inbox: Inbox::new(),
            commands: VecDeque::new(),
            started: false,
            drain: false,
            work: false,
            woken: false,
            deadline: None,
            grace: None,
            notice: Notice::default(),
            sync: SyncClock::default(),
            piece: vec![0; PIECE],
        }
    }

    pub(crate) fn command(&mut self, command: Command) {
        self.commands.push_back(command);
    }

    pub(crate) fn arrive(&mut self, exchange: ExchangeId, arrival: Arrival<C>) {
        self.inbox.push(exchange, arrival);
    }

    /// Time may have passed: a timer rang, or the page became visible or reachable again.
    pub(crate) fn wake(&mut self) {
        self.woken = true;
    }

    /// Whether reading may go on.
    pub(crate) fn has_room(&self) -> bool {
        self.inbox.has_room()
    }

    pub(crate) fn reflector(&self) -> &Reflector {
        &self.reflector
    }

    pub(crate) fn sync(&self) -> &SyncClock {
        &self.sync
    }

    /// What changed since the last call.
    pub(crate) fn take_notice(&mut self) -> Notice {
        std::mem::take(&mut self.notice)
    }

    /// One step: an output of the reflector, else its next input, else sleep.
    pub(crate) fn step(&mut self, now: Now) -> Step {
        if self.drain {
            return self.output(now);
        }
        if !self.started {
            self.started = true;
            return self.input(Input::Start, now);
        }
        if let Some(command) = self.commands.pop_front() {
            return self.input(Input::Command(command), now);
        }
        if self.work {
            return self.input(Input::Work, now);
        }
        if let Some((exchange, taken)) = self.inbox.take(&mut self.piece) {
            return self.arrived(exchange, &taken, now);
        }
        self.tick(now)
    }

    fn input(&mut self, input: Input<'_>, now: Now) -> Step {
        self.reflector.handle(input, now);
        self.drain = true;
        Step::Again
    }

    fn arrived(&mut self, exchange: ExchangeId, taken: &Taken, now: Now) -> Step {
        let input = match taken {
            Taken::Head(head) => Input::Head {
                exchange,
                head: head.borrow(),
            },
            Taken::Piece(length) => match self.piece.get(..*length) {
                Some(bytes) if !bytes.is_empty() => Input::Bytes { exchange, bytes },
                _ => return Step::Again,
            },
            Taken::End(cause) => Input::End {
                exchange,
                cause: *cause,
            },
        };
        // Not by `input`: the bytes are borrowed from `self`.
        self.reflector.handle(input, now);
        self.drain = true;
        Step::Again
    }

    /// Gives a tick where one is due. All that waited has been read by now.
    fn tick(&mut self, now: Now) -> Step {
        let woken = std::mem::take(&mut self.woken);
        let Some(deadline) = self.deadline else {
            return Step::Sleep(None);
        };
        if now.monotonic < deadline && !woken {
            return Step::Sleep(Some(deadline));
        }
        // The page slept: bytes may be in the browser that no task could hand over yet. A short wait, once.
        if now.monotonic - deadline > LATE {
            let until = *self.grace.get_or_insert(now.monotonic + GRACE);
            if now.monotonic < until {
                return Step::Sleep(Some(until));
            }
        }
        self.grace = None;
        self.input(Input::Tick, now)
    }

    fn output(&mut self, now: Now) -> Step {
        match self.reflector.poll_output() {
            Output::Send { exchange, request } => {
                self.sync.sent(request.kind, now.monotonic);
                Step::Send(exchange, Box::new(request))
            }
            Output::Abort { exchange } => {
                self.inbox.forget(exchange);
                Step::Abort(exchange)
            }
            Output::Publish(counts) => {
                self.sync.published(counts, now.monotonic);
                self.notice.add(Notice::SNAPSHOT);
                self.notice.add(Notice::STATUS);
                Step::Again
            }
            Output::Changed => {
                self.notice.add(Notice::ROWS);
                Step::Again
            }
            Output::Status => {
                self.notice.add(Notice::STATUS);
                Step::Again
            }
            Output::More => self.drained(true, self.deadline),
            Output::Wait(deadline) => self.drained(false, Some(deadline)),
            Output::Rest => self.drained(false, None),
        }
    }

    fn drained(&mut self, work: bool, deadline: Option<Instant>) -> Step {
        self.drain = false;
        self.work = work;
        self.deadline = deadline;
        Step::Again
    }
}

/// How long snapshots take, from the first request to publication.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SyncClock {
    since: Option<Instant>,
    /// Of the last whole snapshot.
    pub(crate) took: Option<Millis>,
    /// What the last whole snapshot changed.
    pub(crate) counts: Option<DiffCounts>,
}

impl SyncClock {
    fn sent(&mut self, kind: RequestKind, now: Instant) {
        if matches!(kind, RequestKind::WatchList | RequestKind::List) {
            self.since.get_or_insert(now);
        }
    }

    fn published(&mut self, counts: DiffCounts, now: Instant) {
        self.took = self.since.take().map(|since| now - since);
        self.counts = Some(counts);
    }
}

/// An exchange that never got an answer.
pub(crate) fn unreachable<C>() -> Arrival<C> {
    Arrival::End(EndCause::Unreachable)
}

/// The answer of a server that would have been asked with a token that could not be renewed.
pub(crate) fn unauthorized<C>() -> Arrival<C> {
    Arrival::Head(OwnedHead {
        status: 401,
        ..OwnedHead::default()
    })
}
