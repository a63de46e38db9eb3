//! Which input comes next, and what is to be done about each output. No JavaScript runs in here.

use std::collections::VecDeque;

use kube_watchlist::clock::{Instant, Now};
use kube_watchlist::reflector::{
    Command, Config, EndCause, ExchangeId, Input, Output, Phase, Reflector, SyncStatus,
};
use kube_watchlist::request::Request;
use kube_watchlist::store::{CapacityError, Progress, Store};
use kube_watchlist::view::{FeedId, ViewId, Views};

use crate::inbox::{Arrival, Chunk, Inbox, OwnedHead, Taken};

/// Rows or comparisons in one step of the views' work: about a millisecond.
const FUEL: usize = 512;
/// What orders and feeds may hold, as a part of what the rows may.
const VIEWS_SHARE: usize = 4;

/// Chunks are copied into linear memory in pieces of this size: one buffer, whatever the browser hands out. Each piece tears a
/// document, which then is followed byte by byte; at a gigabyte a second a piece takes a quarter of a millisecond.
const PIECE: usize = 256 << 10;

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
#[allow(clippy::struct_excessive_bools)] // Each says of another thing whether it waits; any of them may at once.
pub(crate) struct Pump<C> {
    reflector: Reflector,
    views: Views,
    inbox: Inbox<C>,
    commands: VecDeque<Command>,
    started: bool,
    /// Outputs may be waiting in the reflector.
    drain: bool,
    /// The reflector has work left.
    work: bool,
    /// The views have work left.
    following: bool,
    /// The views had their turn: while the inbox has work too, neither may starve.
    views_had_turn: bool,
    /// A snapshot was published since the views were last drawn.
    unshown: bool,
    /// The version of the rows when the views were last done.
    shown: Option<String>,
    /// When a text in a window that was read changes by the passing of time.
    text_changes: Option<Instant>,
    /// Somebody woke the watch: the clock may have moved on.
    woken: bool,
    deadline: Option<Instant>,
    notice: Notice,
    piece: Vec<u8>,
}

impl<C: Chunk> Pump<C> {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            views: Views::new(&config.resource, config.limit_bytes / VIEWS_SHARE),
            reflector: Reflector::new(config),
            inbox: Inbox::new(),
            commands: VecDeque::new(),
            started: false,
            drain: false,
            work: false,
            following: false,
            views_had_turn: false,
            unshown: false,
            shown: None,
            text_changes: None,
            woken: false,
            deadline: None,
            notice: Notice::default(),
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

    /// The status as it is for who looks at views: up to date is what they show, not what was published behind them.
    pub(crate) fn status(&self, now: Now) -> SyncStatus {
        let mut status = self.reflector.status(now);
        if self.views.is_empty() {
            return status;
        }
        // A frame may be too short for the views, and events come between frames.
        status.resource_version.clone_from(&self.shown);
        if self.unshown && matches!(status.phase, Phase::Live | Phase::Polling) {
            status.phase = Phase::Syncing;
        }
        status
    }

    /// What the rows, and the orders of the views, hold in bytes.
    pub(crate) fn held_bytes(&self) -> usize {
        self.reflector
            .store()
            .memory_bytes()
            .saturating_add(self.views.memory_bytes())
    }

    /// The views, with the rows they show.
    pub(crate) fn views(&mut self) -> (&mut Views, &Store) {
        (&mut self.views, self.reflector.store())
    }

    /// Has the views follow the rows for a step; whether they are done. Then draw them, and tell the status after that.
    pub(crate) fn follow(&mut self, now: Now) -> bool {
        let done = self.work_views(now);
        if done && std::mem::take(&mut self.unshown) {
            self.notice.add(Notice::STATUS);
        }
        // While a snapshot is taken over nothing can be drawn.
        if done && self.reflector.store().is_settled() {
            self.shown = self.reflector.resource_version().map(str::to_owned);
        }
        done
    }

    /// Appends the rows of a window, a line of JSON each; `false` where the view cannot be read now. When a time in them
    /// changes its text, it is told.
    pub(crate) fn window(
        &mut self,
        view: ViewId,
        window: (usize, usize),
        now: Now,
        out: &mut String,
    ) -> bool {
        let store = self.reflector.store();
        if !self.views.window(view, store, window, now.wall, out) {
            return false;
        }
        let (first, last) = window;
        let tick = self
            .views
            .get(view)
            .and_then(|view| view.next_tick(store, first, last, now.wall));
        let at = tick.map(|tick| now.monotonic + tick);
        self.text_changes = [self.text_changes, at].into_iter().flatten().min();
        true
    }

    /// Appends the next batch of a feed; `false` where there is none.
    pub(crate) fn batch(
        &mut self,
        feed: FeedId,
        rows: usize,
        now: Now,
        out: &mut String,
    ) -> Result<bool, CapacityError> {
        let store = self.reflector.store();
        self.views.next_batch(feed, store, now.wall, rows, out)
    }

    /// What changed since the last call.
    pub(crate) fn take_notice(&mut self) -> Notice {
        std::mem::take(&mut self.notice)
    }

    /// One step: an output of the reflector, else its next input, else sleep.
    pub(crate) fn step(&mut self, now: Now) -> Step {
        if self.drain {
            return self.output();
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
        if self.following && !std::mem::take(&mut self.views_had_turn) {
            self.views_had_turn = true;
            // Not by `follow`: nobody draws them now, and before somebody does they may fall behind again.
            if self.work_views(now) {
                self.notice.add(Notice::ROWS);
            }
            return Step::Again;
        }
        if let Some((exchange, taken)) = self.inbox.take(&mut self.piece) {
            return self.arrived(exchange, &taken, now);
        }
        if self.following {
            return Step::Again;
        }
        self.tick(now)
    }

    fn work_views(&mut self, now: Now) -> bool {
        let progress = self.views.work(self.reflector.store_mut(), now.wall, FUEL);
        self.following = progress == Progress::More;
        !self.following
    }

    fn input(&mut self, input: Input<'_>, now: Now) -> Step {
        self.reflector.handle(input, now);
        self.drain = true;
        // The first of its outputs in the same step: a snapshot that is published is known from here on.
        self.output()
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
        self.output()
    }

    /// Gives a tick where one is due, and tells of texts that change. All that waited has been read by now.
    fn tick(&mut self, now: Now) -> Step {
        if self.text_changes.is_some_and(|at| now.monotonic >= at) {
            self.text_changes = None;
            self.notice.add(Notice::ROWS);
        }
        let woken = std::mem::take(&mut self.woken);
        match self.deadline {
            Some(deadline) if woken || now.monotonic >= deadline => self.input(Input::Tick, now),
            deadline => Step::Sleep([deadline, self.text_changes].into_iter().flatten().min()),
        }
    }

    fn output(&mut self) -> Step {
        match self.reflector.poll_output() {
            Output::Send { exchange, request } => Step::Send(exchange, Box::new(request)),
            Output::Abort { exchange } => {
                self.inbox.forget(exchange);
                Step::Abort(exchange)
            }
            Output::Publish(_) => {
                self.unshown = true;
                self.notice.add(Notice::SNAPSHOT);
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

#[cfg(test)]
mod tests {
    use kube_watchlist::clock::{Instant, Timestamp};
    use kube_watchlist::reflector::{Phase, Resource};
    use kube_watchlist::view::ViewOptions;

    use super::*;

    const STREAM: &[u8] = include_bytes!("../../tests/streams/1.37/pods-watchlist-table.http");

    /// The body of the recorded exchange.
    fn body() -> Vec<u8> {
        let head = |from: &[u8]| {
            from.windows(4)
                .position(|at| at == b"\r\n\r\n")
                .expect("a head")
                + 4
        };
        let response = &STREAM[head(STREAM)..];
        response[head(response)..].to_vec()
    }

    /// A minute after the youngest recorded pod was made.
    fn at(milliseconds: u64) -> Now {
        let wall = i64::try_from(milliseconds).expect("soon");
        Now {
            monotonic: Instant(milliseconds),
            wall: Timestamp(1_795_448_094_000 + wall),
        }
    }

    fn pump() -> Pump<Vec<u8>> {
        Pump::new(Config {
            resource: Resource {
                version: "v1".into(),
                resource: "pods".into(),
                namespace: "shop".into(),
                ..Resource::default()
            },
            limit_bytes: 1 << 26,
            limit_frame: 1 << 20,
            seed: 7,
        })
    }

    /// Steps until sleep: what was asked for, and until when.
    fn drive(pump: &mut Pump<Vec<u8>>, now: Now) -> (Vec<Step>, Option<Instant>) {
        let mut asked = Vec::new();
        for _ in 0..10_000 {
            match pump.step(now) {
                Step::Again => {}
                Step::Sleep(until) => return (asked, until),
                step => asked.push(step),
            }
        }
        panic!("never sleeps");
    }

    fn ok() -> Arrival<Vec<u8>> {
        Arrival::Head(OwnedHead {
            status: 200,
            content_type: Some("application/json".into()),
            ..OwnedHead::default()
        })
    }

    /// A pump that is live on the recorded stream, and its exchange.
    fn live() -> (Pump<Vec<u8>>, ExchangeId) {
        let mut pump = pump();
        let (asked, until) = drive(&mut pump, at(0));
        assert!(until.is_some());
        let [Step::Send(exchange, _)] = asked[..] else {
            panic!("one request, not {asked:?}");
        };
        pump.arrive(exchange, ok());
        pump.arrive(exchange, Arrival::Chunk(body()));
        drive(&mut pump, at(10));
        assert_eq!(pump.status(at(10)).phase, Phase::Live);
        (pump, exchange)
    }

    #[test]
    fn a_stream_becomes_rows_and_tells_of_each_kind_of_change() {
        let (mut pump, _) = live();
        let notice = pump.take_notice();
        assert_eq!(
            notice.bits() & Notice::SNAPSHOT.bits(),
            Notice::SNAPSHOT.bits()
        );
        assert_eq!(notice.bits() & Notice::STATUS.bits(), Notice::STATUS.bits());
        assert_eq!(pump.take_notice(), Notice::default());
        assert!(!pump.reflector.store().is_empty());
    }

    #[test]
    fn it_always_wakes_by_itself() {
        let (mut pump, _) = live();
        let (asked, until) = drive(&mut pump, at(20));
        assert!(asked.is_empty());
        assert!(until.expect("a deadline") > at(20).monotonic);
    }

    #[test]
    fn bytes_that_wait_are_read_before_a_late_deadline_is_judged() {
        let (mut pump, exchange) = live();
        let deadline = drive(&mut pump, at(20)).1.expect("a deadline");
        let late = at(deadline.0 + 60_000);
        let bookmark = br#"{"type":"BOOKMARK","object":{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{"resourceVersion":"9999"},"columnDefinitions":null,"rows":[]}}"#;
        let mut line = bookmark.to_vec();
        line.push(b'\n');
        pump.wake();
        pump.arrive(exchange, Arrival::Chunk(line));
        let (asked, _) = drive(&mut pump, late);
        assert!(
            asked.is_empty(),
            "hung up on a stream that had something to say: {asked:?}"
        );
        assert_eq!(pump.status(late).phase, Phase::Live);
    }

    #[test]
    fn what_waits_of_an_aborted_exchange_is_dropped() {
        let (mut pump, exchange) = live();
        pump.command(Command::Pause);
        pump.arrive(exchange, Arrival::Chunk(body()));
        let (asked, until) = drive(&mut pump, at(30));
        assert_eq!(asked, [Step::Abort(exchange)]);
        assert_eq!(until, None);
        assert!(pump.has_room());
        assert_eq!(pump.status(at(30)).phase, Phase::Paused);
    }

    #[test]
    fn a_window_is_read_and_its_times_are_told_when_they_change() {
        let (mut pump, _) = live();
        let view = pump
            .views()
            .0
            .open(ViewOptions::default())
            .expect("options");
        while !pump.follow(at(20)) {}
        let mut rows = String::new();
        assert!(pump.window(view, (0, 10), at(20), &mut rows));
        assert!(rows.lines().count() > 0);
        let change = drive(&mut pump, at(20)).1.expect("a time to wake");
        pump.take_notice();
        let now = at(change.0);
        drive(&mut pump, now);
        assert_eq!(
            pump.take_notice().bits() & Notice::ROWS.bits(),
            Notice::ROWS.bits()
        );
        let mut later = String::new();
        assert!(pump.window(view, (0, 10), now, &mut later));
        assert_ne!(rows, later);
    }

    /// A streaming list of so many pods, in an order that is none by name.
    fn pods(count: u32) -> Vec<u8> {
        use std::fmt::Write as _;
        let mut stream = String::new();
        let columns =
            r#"[{"name":"Name","type":"string","format":"name","description":"","priority":0}]"#;
        for pod in 0..count {
            let columns = if pod == 0 { columns } else { "null" };
            let name = pod.reverse_bits();
            let _ = writeln!(
                stream,
                r#"{{"type":"ADDED","object":{{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{{"resourceVersion":"1"}},"columnDefinitions":{columns},"rows":[{{"cells":["p{name}"],"object":{{"metadata":{{"name":"p{name}","namespace":"shop","uid":"u{pod}","resourceVersion":"1"}}}}}}]}}}}"#
            );
        }
        stream.push_str(r#"{"type":"BOOKMARK","object":{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{"resourceVersion":"2"},"columnDefinitions":null,"rows":[{"cells":[],"object":{"metadata":{"resourceVersion":"2","annotations":{"k8s.io/initial-events-end":"true"}}}}]}}"#);
        stream.push('\n');
        stream.into_bytes()
    }

    #[test]
    fn it_is_not_live_before_the_views_show_what_was_published() {
        const PODS: u32 = 20_000;
        let mut pump = pump();
        let view = pump
            .views()
            .0
            .open(ViewOptions::default())
            .expect("options");
        let (asked, _) = drive(&mut pump, at(0));
        let [Step::Send(exchange, _)] = asked[..] else {
            panic!("one request, not {asked:?}");
        };
        pump.arrive(exchange, ok());
        pump.arrive(exchange, Arrival::Chunk(pods(PODS)));
        let is_published =
            |pump: &mut Pump<Vec<u8>>| pump.take_notice().bits() & Notice::SNAPSHOT.bits() != 0;
        while !is_published(&mut pump) {
            pump.step(at(10));
            assert_ne!(pump.status(at(10)).phase, Phase::Live);
        }
        // Steps in which there was nothing to see.
        let mut blind = 0;
        loop {
            assert_eq!(pump.reflector.status(at(20)).phase, Phase::Live);
            assert_eq!(pump.status(at(20)).phase, Phase::Syncing);
            if !pump.window(view, (0, 10), at(20), &mut String::new()) {
                blind += 1;
            }
            if pump.follow(at(20)) {
                break;
            }
        }
        assert!(blind > 20, "{blind} steps are no test");
        assert_eq!(pump.status(at(20)).phase, Phase::Live);
        let mut rows = String::new();
        assert!(pump.window(view, (0, PODS as usize), at(20), &mut rows));
        assert_eq!(rows.lines().count(), PODS as usize);
        assert_eq!(
            pump.take_notice().bits() & Notice::STATUS.bits(),
            Notice::STATUS.bits()
        );
    }

    #[test]
    fn what_the_pump_has_put_in_order_is_live_once_it_is_drawn() {
        let mut pump = pump();
        pump.views()
            .0
            .open(ViewOptions::default())
            .expect("options");
        let (asked, _) = drive(&mut pump, at(0));
        let [Step::Send(exchange, _)] = asked[..] else {
            panic!("one request, not {asked:?}");
        };
        pump.arrive(exchange, ok());
        pump.arrive(exchange, Arrival::Chunk(pods(2_000)));
        drive(&mut pump, at(10));
        assert!(!pump.follow(at(10)), "too few rows for two steps");
        drive(&mut pump, at(20));
        assert!(!pump.following);
        // More may have come by the time somebody draws.
        assert_eq!(pump.status(at(20)).phase, Phase::Syncing);
        assert!(pump.follow(at(30)));
        assert_eq!(pump.status(at(30)).phase, Phase::Live);
    }

    #[test]
    fn the_version_is_that_of_the_rows_in_the_views() {
        let (mut pump, exchange) = live();
        pump.views()
            .0
            .open(ViewOptions::default())
            .expect("options");
        while !pump.follow(at(10)) {}
        let version = |pump: &Pump<Vec<u8>>| pump.status(at(20)).resource_version;
        let before = version(&pump).expect("a version");
        let event = br#"{"type":"MODIFIED","object":{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{"resourceVersion":"99999"},"columnDefinitions":null,"rows":[{"cells":["new"],"object":{"metadata":{"name":"new","namespace":"shop","uid":"u","resourceVersion":"99999"}}}]}}"#;
        pump.arrive(exchange, Arrival::Chunk([event.as_slice(), b"\n"].concat()));
        drive(&mut pump, at(20));
        let rows = pump.reflector.status(at(20)).resource_version;
        assert_eq!(rows.as_deref(), Some("99999"));
        assert_eq!(version(&pump), Some(before), "nobody drew them yet");
        assert_eq!(pump.status(at(20)).phase, Phase::Live);
        while !pump.follow(at(30)) {}
        assert_eq!(version(&pump), rows);
    }

    #[test]
    fn without_views_it_is_live_at_once() {
        let (mut pump, _) = live();
        assert!(pump.unshown);
        assert_eq!(pump.status(at(10)).phase, Phase::Live);
        pump.views().0.open_feed();
        assert_eq!(pump.status(at(10)).phase, Phase::Syncing);
        while !pump.follow(at(10)) {}
        assert_eq!(pump.status(at(10)).phase, Phase::Live);
    }

    #[test]
    fn views_and_stream_take_turns() {
        let (mut pump, exchange) = live();
        pump.following = true;
        pump.views_had_turn = false;
        for _ in 0..4 {
            pump.arrive(exchange, Arrival::Chunk(b"\n".to_vec()));
        }
        // First the views, then the inbox: neither waits for the other to be done.
        let read = |pump: &Pump<Vec<u8>>| pump.status(at(20)).bytes;
        let before = read(&pump);
        assert_eq!(pump.step(at(20)), Step::Again);
        assert_eq!(read(&pump), before);
        pump.following = true;
        assert_eq!(pump.step(at(20)), Step::Again);
        assert_eq!(read(&pump), before + 1, "the inbox had its turn");
    }
}
