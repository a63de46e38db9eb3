//! The sync machine against a server with a history, which does everything wrong that servers and networks do, at random.
//!
//! After every step: the rows shown are exactly what the server held at the version shown, and the number of requests stays
//! within bounds. When the faults stop, the machine is live again and agrees with the server. A failure prints its seed.

mod sim;

use std::collections::BTreeMap;

use kube_watchlist::backoff::Random;
use kube_watchlist::clock::{Instant, Now};
use kube_watchlist::reflector::{Command, EndCause, ExchangeId, Phase};
use kube_watchlist::request::{Request, RequestKind};
use sim::*;

/// Versions from here on, so that all have as many digits.
const FIRST: u64 = 1000;
const PAGE: usize = 3;

struct Chaos {
    random: Random,
    /// State after each version: names, and the version of each object.
    history: BTreeMap<u64, BTreeMap<String, u64>>,
    changes: BTreeMap<u64, (&'static str, String)>,
    version: u64,
    /// Older versions are gone.
    compacted: u64,
    streams: BTreeMap<ExchangeId, Stream>,
    next: u64,
    /// Of a hundred answers.
    faults: u64,
    supports: Support,
    /// The last body was cut off: nothing may follow it.
    was_cut: bool,
}

struct Stream {
    sent_up_to: u64,
    ends: u64,
    next_bookmark: u64,
    silent: bool,
    /// The column definitions that it has sent.
    columns: String,
    /// When the answer to the request is through.
    ready: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Support {
    WatchList,
    ListWatch,
}

impl Chaos {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let supports = if random.between(0, 2) == 0 {
            Support::ListWatch
        } else {
            Support::WatchList
        };
        let mut chaos = Self {
            random,
            history: BTreeMap::from([(FIRST, BTreeMap::new())]),
            changes: BTreeMap::new(),
            version: FIRST,
            compacted: FIRST,
            streams: BTreeMap::new(),
            next: 0,
            faults: 25,
            supports,
            was_cut: false,
        };
        for _ in 0..10 {
            chaos.change();
        }
        chaos
    }

    fn state(&self) -> &BTreeMap<String, u64> {
        &self.history[&self.version]
    }

    fn change(&mut self) {
        let mut state = self.state().clone();
        let name = format!("n{}", self.random.between(0, 12));
        self.version += 1;
        let kind = if !state.contains_key(&name) {
            "ADDED"
        } else if self.random.between(0, 1) == 0 {
            "DELETED"
        } else {
            "MODIFIED"
        };
        if kind == "DELETED" {
            state.remove(&name);
        } else {
            state.insert(name.clone(), self.version);
        }
        self.history.insert(self.version, state);
        self.changes.insert(self.version, (kind, name));
    }

    fn rolls(&mut self) -> bool {
        self.random.between(0, 99) < self.faults
    }

    /// Cuts a body into pieces, and perhaps off.
    fn pieces(&mut self, start: u64, body: &str, ends: bool) -> Answer {
        let mut answer = vec![(start, head(200).1)];
        let mut at = start;
        // Of a stream; a page has them once anyway.
        let body = columns_once(body, &mut String::new());
        let mut rest = body.as_bytes();
        let cut_at = if self.rolls() {
            Some(self.random.between(0, rest.len() as u64))
        } else {
            None
        };
        if let Some(cut) = cut_at {
            rest = &rest[..usize::try_from(cut).unwrap()];
        }
        while !rest.is_empty() {
            let length = self.random.between(1, 400).min(rest.len() as u64);
            let (piece, tail) = rest.split_at(usize::try_from(length).unwrap());
            at += self.random.between(0, 30);
            answer.push(bytes(at, piece));
            rest = tail;
        }
        self.was_cut = cut_at.is_some();
        match cut_at {
            // A cut stream may also just fall silent.
            Some(_) if self.random.between(0, 3) == 0 => {}
            Some(_) if self.random.between(0, 1) == 0 => answer.push(end(at + 1)),
            Some(_) => answer.push(broken(at + 1)),
            None if ends => answer.push(end(at + 1)),
            None => {}
        }
        answer
    }

    fn fault(&mut self) -> Answer {
        match self.random.between(0, 11) {
            0 => unreachable(),
            1 => refusal(
                429,
                "TooManyRequests",
                "slow down",
                r#"{"retryAfterSeconds":2}"#,
            ),
            2 => refusal(500, "InternalError", "etcd", "{}"),
            3 => vec![head(503), bytes(6, "upstream"), end(7)],
            4 => refusal(410, "Expired", "too old", "{}"),
            5 => vec![ok(), bytes(6, error(410, "Expired", "too old"))],
            6 => vec![ok(), end(6)],
            7 => vec![ok(), broken(6)],
            8 => refusal(
                504,
                "Timeout",
                "Timeout: Too large resource version: 1, current: 0",
                "{}",
            ),
            9 => refusal(401, "Unauthorized", "Unauthorized", "{}"),
            10 => list(page("", "", COLUMNS, &[])[..40].to_owned()),
            // Nothing at all.
            _ => Vec::new(),
        }
    }

    fn events(&self, after: u64, up_to: u64) -> String {
        self.changes
            .iter()
            .filter(|&(&version, _)| version > after && version <= up_to)
            .map(|(version, (kind, name))| marked(&event(kind, name, *version), name, *version))
            .collect()
    }

    fn open(&mut self, exchange: ExchangeId, request: &Request, answer: &Answer, now: Now) {
        let timeout: u64 = query(request, "timeoutSeconds").unwrap().parse().unwrap();
        let told = answer
            .iter()
            .any(|(_, arrival)| matches!(arrival, Arrival::Bytes(_)));
        let stream = Stream {
            sent_up_to: self.version,
            ends: now.monotonic.0 + timeout * 1000,
            next_bookmark: now.monotonic.0 + 60_000,
            silent: false,
            columns: if told { COLUMNS } else { "" }.to_owned(),
            ready: now.monotonic.0 + answer.iter().map(|(after, _)| *after).max().unwrap_or(0),
        };
        self.streams.insert(exchange, stream);
    }
}

impl Server for Chaos {
    fn answer(&mut self, exchange: ExchangeId, request: &Request, now: Now) -> Answer {
        if self.rolls() {
            return self.fault();
        }
        let delay = self.random.between(1, 40);
        match request.kind {
            RequestKind::WatchList if self.supports == Support::ListWatch => no_watchlist(),
            RequestKind::WatchList => {
                let rows: String = self
                    .state()
                    .iter()
                    .map(|(name, &version)| marked(&event("ADDED", name, version), name, version))
                    .collect();
                let answer = self.pieces(delay, &(rows + &end_bookmark(self.version)), false);
                if !self.was_cut {
                    self.open(exchange, request, &answer, now);
                }
                answer
            }
            RequestKind::Watch => {
                let from: u64 = query(request, "resourceVersion").unwrap().parse().unwrap();
                if from < self.compacted {
                    return vec![ok(), bytes(6, error(410, "Expired", "too old"))];
                }
                let answer = self.pieces(delay, &self.events(from, self.version), false);
                if !self.was_cut {
                    self.open(exchange, request, &answer, now);
                }
                answer
            }
            RequestKind::List => {
                let (version, start) = match query(request, "continue") {
                    None => (self.version, 0),
                    Some(token) => {
                        let (version, start) = token.split_once('-').unwrap();
                        (version.parse().unwrap(), start.parse().unwrap())
                    }
                };
                if version < self.compacted {
                    return refusal(410, "Expired", "continue is too old", "{}");
                }
                let state = &self.history[&version];
                let rows: Vec<_> = state
                    .iter()
                    .skip(start)
                    .take(PAGE)
                    .map(|(name, &version)| marked(&row(name, version), name, version))
                    .collect();
                let next = start + PAGE;
                let token = if next < state.len() {
                    format!("{version}-{next}")
                } else {
                    String::new()
                };
                let body = page(&version.to_string(), &token, COLUMNS, &rows);
                self.pieces(delay, &body, true)
            }
            RequestKind::Probe => self.pieces(
                delay,
                &page(&self.version.to_string(), "", COLUMNS, &[]),
                true,
            ),
        }
    }

    fn next_pulse(&self) -> Option<Instant> {
        Some(Instant(self.next))
    }

    fn pulse(&mut self, now: Now) -> Vec<(ExchangeId, Arrival)> {
        self.next = now.monotonic.0 + self.random.between(50, 20_000);
        for _ in 0..self.random.between(0, 3) {
            self.change();
        }
        if self.random.between(0, 9) == 0 {
            self.compacted = self.compacted.max(self.version.saturating_sub(20));
        }
        let mut streams = std::mem::take(&mut self.streams);
        let mut arrivals = Vec::new();
        for (&exchange, stream) in &mut streams {
            if stream.silent || stream.ready >= now.monotonic.0 {
                continue;
            }
            let text = self.events(stream.sent_up_to, self.version);
            stream.sent_up_to = self.version;
            if !text.is_empty() {
                let text = columns_once(&text, &mut stream.columns);
                arrivals.push((exchange, Arrival::Bytes(text.into_bytes())));
            }
            if stream.next_bookmark <= now.monotonic.0 {
                stream.next_bookmark = now.monotonic.0 + 60_000;
                let text = columns_once(&bookmark(self.version), &mut stream.columns);
                arrivals.push((exchange, Arrival::Bytes(text.into_bytes())));
            }
            if stream.ends <= now.monotonic.0 {
                arrivals.push((exchange, Arrival::End(EndCause::Complete)));
                stream.silent = true;
            } else if self.rolls() && self.random.between(0, 4) == 0 {
                match self.random.between(0, 3) {
                    0 => arrivals.push((exchange, Arrival::End(EndCause::Complete))),
                    1 => arrivals.push((exchange, Arrival::End(EndCause::Broken))),
                    2 => arrivals.push((
                        exchange,
                        Arrival::Bytes(error(410, "Expired", "too old").into_bytes()),
                    )),
                    _ => stream.silent = true,
                }
            }
        }
        self.streams = streams;
        arrivals
    }

    fn aborted(&mut self, exchange: ExchangeId) {
        self.streams.remove(&exchange);
    }
}

/// The cell of a row tells of which version it is, as the row's resourceVersion does.
fn marked(text: &str, name: &str, version: u64) -> String {
    text.replace(
        &format!(r#""cells":["{name}"]"#),
        &format!(r#""cells":["{name}@{version}"]"#),
    )
}

/// The resourceVersion and the cells of each name, as they are to be shown.
fn shown(state: &BTreeMap<String, u64>) -> BTreeMap<String, (String, String)> {
    let row = |(name, version): (&String, &u64)| {
        let cells = format!(r#"["{name}@{version}"]"#);
        (name.clone(), (version.to_string(), cells))
    };
    state.iter().map(row).collect()
}

/// The same of the rows that are shown.
fn rows(world: &World<Chaos>) -> BTreeMap<String, (String, String)> {
    let store = world.machine.store();
    let row = |id| {
        let row = store.row(id)?;
        let mut version = String::new();
        row.push_resource_version(&mut version);
        let cells = String::from_utf8(row.cells.to_vec()).unwrap();
        Some((row.name.to_owned(), (version, cells)))
    };
    store.ids().filter_map(row).collect()
}

/// I1, I2, I4: what is shown is what the server held at the version shown.
fn check(seed: u64, world: &World<Chaos>) {
    let status = world.status();
    let rows = rows(world);
    match &status.resource_version {
        Some(version) => {
            let version: u64 = version.parse().unwrap();
            assert_eq!(
                rows,
                shown(&world.server.history[&version]),
                "seed {seed}: version {version} at {}: {:?}{}",
                world.now,
                world.phases,
                world.requests()
            );
        }
        None => assert!(rows.is_empty(), "seed {seed}: rows of no version"),
    }
    if status.phase == Phase::Live {
        assert_eq!(status.stale_since, None, "seed {seed}");
        assert_eq!(world.open().len(), 1, "seed {seed}: live without a stream");
        let event = status
            .last_event_at
            .map_or(0, |at| at.0.saturating_sub(WALL).unsigned_abs());
        let since = world.phases.last().map_or(0, |&(at, _)| at);
        let quiet = world.now - event.max(since);
        assert!(
            quiet < 330_000,
            "seed {seed}: live and silent for {quiet} ms"
        );
    }
    let rests = matches!(status.phase, Phase::Auth | Phase::Paused | Phase::Failed);
    match world.deadline() {
        None => assert!(rests, "seed {seed}: a wait for nothing"),
        // No wait is longer than that for a whole LIST.
        Some(deadline) => assert!(!rests && deadline <= world.now + 16 * 60_000, "seed {seed}"),
    }
    if status.stale_since.is_some() {
        assert_ne!(status.phase, Phase::Live, "seed {seed}");
    }
}

/// Somebody presses buttons, and signs in sooner or later.
fn command(world: &mut World<Chaos>) {
    let resting = matches!(world.phase(), Phase::Auth | Phase::Paused | Phase::Failed);
    let command = match world
        .server
        .random
        .between(0, if resting { 5 } else { 400 })
    {
        0 => Command::Retry,
        1 => Command::Pause,
        2 => Command::Resume,
        _ => return,
    };
    world.command(command);
}

fn run(seed: u64) -> World<Chaos> {
    let mut config = config();
    config.seed = seed;
    let mut world = World::new(config, Chaos::new(seed));
    world.server.next = world.now;
    world.lateness = [0, 0, 0, 900, 60_000][usize::try_from(seed % 5).unwrap()];
    world.give(kube_watchlist::reflector::Input::Start);
    let start = world.now;
    while world.now < start + 20 * 60_000 {
        assert!(world.step());
        command(&mut world);
        check(seed, &world);
    }
    let minutes = (world.now - start) / 60_000;
    assert!(
        world.sent.len() as u64 <= minutes * 60,
        "seed {seed}: {} requests in {minutes} minutes",
        world.sent.len()
    );
    world.server.faults = 0;
    world.command(Command::Resume);
    world.command(Command::Retry);
    for stream in world.server.streams.values_mut() {
        stream.silent = true;
    }
    let calm = world.now;
    while world.now < calm + 15 * 60_000 {
        assert!(world.step());
        check(seed, &world);
    }
    // Between two pulses nothing is under way.
    world.pass(0);
    for _ in 0..2000 {
        if world.phase() == Phase::Live
            && world.status().resource_version == Some(world.server.version.to_string())
        {
            return world;
        }
        assert!(world.step());
        check(seed, &world);
    }
    panic!(
        "seed {seed}: not live after the faults: {:?} {:?}",
        world.status(),
        world.phases
    );
}

#[test]
fn whatever_happens_rows_are_a_whole_snapshot_of_the_version_shown() {
    let number = |name| std::env::var(name).ok()?.parse::<u64>().ok();
    let seeds = match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SEEDS").unwrap_or(150),
    };
    let mut lives = 0;
    let mut requests = 0;
    let count = seeds.end - seeds.start;
    for seed in seeds {
        let world = run(seed);
        lives += world
            .phases
            .iter()
            .filter(|(_, phase)| *phase == Phase::Live)
            .count() as u64;
        requests += world.sent.len() as u64;
    }
    // Chaos that never lets anything happen would prove nothing.
    assert!(
        count < 10 || (lives > 5 * count && requests > 20 * count),
        "{lives} {requests}"
    );
}
