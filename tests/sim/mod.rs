//! A world in virtual time around the sync machine: a server that answers by script, a network, two clocks.
//!
//! Nothing sleeps. Time goes on only to the next arrival or deadline, so minutes take microseconds, and every run of a
//! schedule is the same.

#![allow(unreachable_pub, reason = "a module of test binaries has no outside")]
#![allow(
    dead_code,
    reason = "each test binary uses its own part of this helper"
)]

use std::collections::BTreeMap;

use kube_watchlist::clock::{Instant, Now, Timestamp};
use kube_watchlist::reflector::{
    Command, Config, EndCause, ExchangeId, Head, Input, Output, Phase, Reflector, Resource,
    SyncStatus,
};
use kube_watchlist::request::Request;

/// More requests than this without time passing is a spin.
const REQUESTS_AT_ONCE: usize = 8;
/// More slices of work than this without an end is one as well.
const SLICES: usize = 10_000;
/// The wall clock at the start: 2026-11-23T00:00:00Z.
pub const WALL: i64 = 1_795_392_000_000;

/// What arrives at the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    Head(u16, Headers),
    Bytes(Vec<u8>),
    End(EndCause),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    pub content_type: Option<&'static str>,
    pub content_encoding: Option<&'static str>,
    pub content_range: Option<&'static str>,
    pub retry_after: Option<&'static str>,
    pub opaque_redirect: bool,
}

/// An answer: arrivals, each after a time in milliseconds since the request.
pub type Answer = Vec<(u64, Arrival)>;

pub trait Server {
    /// Answers a request.
    fn answer(&mut self, exchange: ExchangeId, request: &Request, now: Now) -> Answer;
    /// When it wants to do something of its own accord.
    fn next_pulse(&self) -> Option<Instant> {
        None
    }
    /// Does it: arrivals for exchanges that are open.
    fn pulse(&mut self, _now: Now) -> Vec<(ExchangeId, Arrival)> {
        Vec::new()
    }
    /// The client hung up.
    fn aborted(&mut self, _exchange: ExchangeId) {}
}

impl<F: FnMut(&Request) -> Answer> Server for F {
    fn answer(&mut self, _exchange: ExchangeId, request: &Request, _now: Now) -> Answer {
        self(request)
    }
}

/// A request as it went out.
#[derive(Clone, Debug)]
pub struct Sent {
    pub at: u64,
    pub exchange: ExchangeId,
    pub request: Request,
}

impl Sent {
    pub fn query(&self, name: &str) -> Option<&str> {
        query(&self.request, name)
    }
}

pub fn query<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request
        .query
        .iter()
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.as_str())
}

pub struct World<S> {
    pub machine: Reflector,
    pub server: S,
    pub now: u64,
    pub sent: Vec<Sent>,
    /// Outputs that are for readers, in order.
    pub told: Vec<Output>,
    /// Each phase, and when it began.
    pub phases: Vec<(u64, Phase)>,
    /// Ticks come this much late.
    pub lateness: u64,
    arrivals: BTreeMap<(u64, u64), (ExchangeId, Arrival)>,
    open: Vec<ExchangeId>,
    /// The column definitions that each watch has sent.
    columns: BTreeMap<ExchangeId, String>,
    sequence: u64,
    deadline: Option<u64>,
    requests_now: usize,
}

pub fn config() -> Config {
    Config {
        resource: Resource {
            version: "v1".to_owned(),
            resource: "pods".to_owned(),
            ..Resource::default()
        },
        limit_bytes: 64 << 20,
        limit_frame: 1 << 20,
        seed: 7,
    }
}

impl<S: Server> World<S> {
    /// A world in which the machine has started.
    pub fn start(server: S) -> Self {
        Self::start_with(config(), server)
    }

    pub fn start_with(config: Config, server: S) -> Self {
        let mut world = Self::new(config, server);
        world.give(Input::Start);
        world
    }

    pub fn new(config: Config, server: S) -> Self {
        Self {
            machine: Reflector::new(config),
            server,
            now: 1_000_000,
            sent: Vec::new(),
            told: Vec::new(),
            phases: Vec::new(),
            lateness: 0,
            arrivals: BTreeMap::new(),
            open: Vec::new(),
            columns: BTreeMap::new(),
            sequence: 0,
            deadline: None,
            requests_now: 0,
        }
    }

    pub fn clock(&self) -> Now {
        Now {
            monotonic: Instant(self.now),
            wall: Timestamp(WALL + i64::try_from(self.now).unwrap()),
        }
    }

    pub fn status(&self) -> SyncStatus {
        self.machine.status(self.clock())
    }

    pub fn phase(&self) -> Phase {
        self.status().phase
    }

    /// The code of the stated error.
    pub fn error(&self) -> &'static str {
        self.status().error.map_or("", |reason| reason.code)
    }

    /// The code of the reason for the fallback.
    pub fn fallback(&self) -> &'static str {
        self.status().fallback.map_or("", |reason| reason.code)
    }

    /// The first cells of the published rows, sorted.
    pub fn names(&self) -> Vec<String> {
        let store = self.machine.store();
        let mut names: Vec<String> = store
            .ids()
            .filter_map(|id| store.row(id))
            .map(|row| row.name.to_string())
            .collect();
        names.sort();
        names
    }

    /// All requests so far, a line each.
    pub fn requests(&self) -> String {
        let line = |sent: &Sent| {
            format!(
                "\n{} {:?} {:?}",
                sent.at, sent.request.kind, sent.request.query
            )
        };
        self.sent.iter().map(line).collect()
    }

    /// What the machine waits for; `None` at rest.
    pub fn deadline(&self) -> Option<u64> {
        self.deadline
    }

    pub fn open(&self) -> &[ExchangeId] {
        &self.open
    }

    /// Gives an input and drains the outputs, as the law says.
    pub fn give(&mut self, input: Input<'_>) {
        let now = self.clock();
        self.machine.handle(input, now);
        for _ in 0..SLICES {
            if !self.drain(now) {
                self.note_phase();
                return;
            }
            self.machine.handle(Input::Work, now);
        }
        panic!("work without an end: {:?}", self.machine);
    }

    pub fn command(&mut self, command: Command) {
        self.give(Input::Command(command));
    }

    /// Lets the time come to the next arrival, pulse or deadline and gives it; `false` where nothing would ever come.
    pub fn step(&mut self) -> bool {
        let arrival = self.arrivals.first_key_value().map(|(&(at, _), _)| at);
        let pulse = self.server.next_pulse().map(|at| at.0);
        let tick = self.deadline.map(|at| (at + self.lateness).max(self.now));
        let Some(next) = [arrival, pulse, tick].into_iter().flatten().min() else {
            return false;
        };
        if next > self.now {
            self.now = next;
            self.requests_now = 0;
        }
        if arrival == Some(next) {
            let (_, (exchange, arrival)) = self.arrivals.pop_first().unwrap();
            self.deliver(exchange, &arrival);
        } else if pulse == Some(next) {
            let now = self.clock();
            for (exchange, arrival) in self.server.pulse(now) {
                self.deliver(exchange, &arrival);
            }
        } else {
            self.give(Input::Tick);
        }
        true
    }

    /// Goes on until this holds; fails if it does not within these milliseconds.
    pub fn until(&mut self, what: &str, within: u64, mut holds: impl FnMut(&Self) -> bool) {
        let end = self.now + within;
        while !holds(self) {
            assert!(
                self.now <= end && self.step(),
                "not within {within} ms: {what}\n{:?}\nphases: {:?}\nrequests:{}",
                self.status(),
                self.phases,
                self.requests()
            );
        }
    }

    pub fn until_phase(&mut self, phase: Phase, within: u64) {
        self.until(&format!("{phase:?}"), within, |world| {
            world.phase() == phase
        });
    }

    /// Lets this much time pass.
    pub fn pass(&mut self, milliseconds: u64) {
        let end = self.now + milliseconds;
        loop {
            let arrival = self.arrivals.first_key_value().map(|(&(at, _), _)| at);
            let pulse = self.server.next_pulse().map(|at| at.0);
            let tick = self.deadline.map(|at| (at + self.lateness).max(self.now));
            match [arrival, pulse, tick].into_iter().flatten().min() {
                Some(next) if next <= end => assert!(self.step()),
                _ => break,
            }
        }
        self.now = end;
        self.requests_now = 0;
    }

    pub fn deliver(&mut self, exchange: ExchangeId, arrival: &Arrival) {
        if !self.open.contains(&exchange) {
            return;
        }
        match arrival {
            Arrival::Head(status, headers) => self.give(Input::Head {
                exchange,
                head: Head {
                    status: *status,
                    opaque_redirect: headers.opaque_redirect,
                    content_type: headers.content_type,
                    content_encoding: headers.content_encoding,
                    content_range: headers.content_range,
                    retry_after: headers.retry_after,
                },
            }),
            Arrival::Bytes(bytes) => {
                let sent = self.columns.get_mut(&exchange);
                let bytes = match (sent, std::str::from_utf8(bytes)) {
                    (Some(sent), Ok(text)) => columns_once(text, sent).into_bytes(),
                    _ => bytes.clone(),
                };
                self.give(Input::Bytes {
                    exchange,
                    bytes: &bytes,
                });
            }
            Arrival::End(cause) => {
                self.open.retain(|&id| id != exchange);
                self.give(Input::End {
                    exchange,
                    cause: *cause,
                });
            }
        }
    }

    /// Whether work is left.
    fn drain(&mut self, now: Now) -> bool {
        loop {
            match self.machine.poll_output() {
                Output::Send { exchange, request } => {
                    self.requests_now += 1;
                    assert!(
                        self.requests_now <= REQUESTS_AT_ONCE,
                        "spinning: {} requests without time passing:{}",
                        self.requests_now,
                        self.requests()
                    );
                    assert!(self.open.len() < 3, "too many exchanges in flight");
                    self.open.push(exchange);
                    if request.is_watch() {
                        self.columns.insert(exchange, String::new());
                    }
                    for (after, arrival) in self.server.answer(exchange, &request, now) {
                        self.sequence += 1;
                        self.arrivals
                            .insert((self.now + after, self.sequence), (exchange, arrival));
                    }
                    self.sent.push(Sent {
                        at: self.now,
                        exchange,
                        request,
                    });
                }
                Output::Abort { exchange } => {
                    self.open.retain(|&id| id != exchange);
                    self.arrivals.retain(|_, (id, _)| *id != exchange);
                    self.server.aborted(exchange);
                }
                output @ (Output::Publish(_) | Output::Changed | Output::Status) => {
                    self.told.push(output);
                }
                Output::More => return true,
                Output::Wait(deadline) => {
                    self.deadline = Some(deadline.0);
                    return false;
                }
                Output::Rest => {
                    self.deadline = None;
                    assert!(self.open.is_empty(), "at rest with exchanges in flight");
                    return false;
                }
            }
        }
    }

    fn note_phase(&mut self) {
        let phase = self.phase();
        if self.phases.last().is_none_or(|&(_, last)| last != phase) {
            self.phases.push((self.now, phase));
        }
    }
}

// --- what servers say ---

/// 200 with JSON.
pub fn ok() -> (u64, Arrival) {
    head(200)
}

pub fn head(status: u16) -> (u64, Arrival) {
    (
        5,
        Arrival::Head(
            status,
            Headers {
                content_type: Some("application/json"),
                ..Headers::default()
            },
        ),
    )
}

pub fn bytes(after: u64, text: impl Into<Vec<u8>>) -> (u64, Arrival) {
    (after, Arrival::Bytes(text.into()))
}

pub fn end(after: u64) -> (u64, Arrival) {
    (after, Arrival::End(EndCause::Complete))
}

pub fn broken(after: u64) -> (u64, Arrival) {
    (after, Arrival::End(EndCause::Broken))
}

pub fn unreachable() -> Answer {
    vec![(5, Arrival::End(EndCause::Unreachable))]
}

/// A refusal with a Status.
pub fn refusal(code: u16, reason: &str, message: &str, details: &str) -> Answer {
    vec![
        head(code),
        bytes(6, status(code, reason, message, details)),
        end(7),
    ]
}

pub fn status(code: u16, reason: &str, message: &str, details: &str) -> String {
    format!(
        r#"{{"kind":"Status","apiVersion":"v1","metadata":{{}},"status":"Failure","message":"{message}","reason":"{reason}","details":{details},"code":{code}}}"#
    )
}

/// The refusal of servers that stream no lists.
pub fn no_watchlist() -> Answer {
    let causes = r#"{"causes":[{"reason":"FieldValueForbidden","message":"no","field":"sendInitialEvents"}]}"#;
    refusal(422, "Invalid", "sendInitialEvents is forbidden", causes)
}

pub const COLUMNS: &str =
    r#"[{"name":"Name","type":"string","format":"name","description":"d","priority":0}]"#;
pub const OTHER_COLUMNS: &str = r#"[{"name":"Name","type":"string","format":"name","description":"d","priority":0},{"name":"Extra","type":"string","format":"","description":"d","priority":1}]"#;

/// The element of a Table's rows.
pub fn row(name: &str, version: u64) -> String {
    format!(
        r#"{{"cells":["{name}"],"object":{{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{{"name":"{name}","uid":"u-{name}","resourceVersion":"{version}"}}}}}}"#
    )
}

/// Events as real servers send them: with column definitions on the first one of a stream alone. Other ones than were
/// `sent` stay.
pub fn columns_once(text: &str, sent: &mut String) -> String {
    let mut parts = text.split("\"columnDefinitions\":");
    let mut out = parts.next().unwrap().to_owned();
    for part in parts {
        let (columns, rest) = match part.find("],\"rows\"") {
            Some(end) => part.split_at(end + 1),
            None => ("", part),
        };
        out.push_str("\"columnDefinitions\":");
        if !columns.is_empty() && columns == sent {
            out.push_str("null");
        } else {
            if !columns.is_empty() {
                columns.clone_into(sent);
            }
            out.push_str(columns);
        }
        out.push_str(rest);
    }
    out
}

/// A watch event of a Table row, with these column definitions (`"null"`: none).
pub fn event_with(kind: &str, columns: &str, name: &str, version: u64) -> String {
    format!(
        "{{\"type\":\"{kind}\",\"object\":{{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":{{\"resourceVersion\":\"{version}\"}},\"columnDefinitions\":{columns},\"rows\":[{}]}}}}\n",
        row(name, version)
    )
}

pub fn event(kind: &str, name: &str, version: u64) -> String {
    event_with(kind, COLUMNS, name, version)
}

fn bookmark_with(version: u64, annotations: &str) -> String {
    format!(
        "{{\"type\":\"BOOKMARK\",\"object\":{{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":{{\"resourceVersion\":\"{version}\"}},\"columnDefinitions\":{COLUMNS},\"rows\":[{{\"cells\":[\"\"],\"object\":{{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/v1\",\"metadata\":{{\"resourceVersion\":\"{version}\"{annotations}}}}}}}]}}}}\n"
    )
}

pub fn bookmark(version: u64) -> String {
    bookmark_with(version, "")
}

pub fn end_bookmark(version: u64) -> String {
    bookmark_with(
        version,
        r#","annotations":{"k8s.io/initial-events-end":"true"}"#,
    )
}

pub fn error(code: u16, reason: &str, message: &str) -> String {
    format!(
        "{{\"type\":\"ERROR\",\"object\":{}}}\n",
        status(code, reason, message, "{}")
    )
}

/// A page of a LIST as a Table.
pub fn page(version: &str, continue_token: &str, columns: &str, rows: &[String]) -> String {
    format!(
        r#"{{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{{"resourceVersion":"{version}","continue":"{continue_token}"}},"columnDefinitions":{columns},"rows":[{}]}}"#,
        rows.join(",")
    )
}

/// A whole page as an answer.
pub fn list(text: String) -> Answer {
    vec![ok(), bytes(10, text), end(11)]
}

/// A streaming list of these names, whole at this version, which stays open.
pub fn snapshot(names: &[&str], version: u64) -> Answer {
    let mut text = String::new();
    for (index, name) in names.iter().enumerate() {
        text.push_str(&event("ADDED", name, index as u64 + 1));
    }
    text.push_str(&end_bookmark(version));
    vec![ok(), bytes(10, text)]
}

pub fn is_watch_list(request: &Request) -> bool {
    query(request, "sendInitialEvents").is_some() && query(request, "resourceVersion").is_none()
}
