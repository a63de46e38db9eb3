//! The model of an API server in the world of the tests: requests of the machine are answered by it in virtual time, over a
//! network that cuts, delays and loses.

#![allow(unreachable_pub, reason = "a module of test binaries has no outside")]

use std::collections::BTreeMap;

use fake_apiserver::model::{self, Profile, Reply, ResourceId, Watch};
use fake_apiserver::time::Time;
use fake_apiserver::world::{Cluster, Settings};
use kube_watchlist::backoff::Random;
use kube_watchlist::clock::{Instant, Now};
use kube_watchlist::reflector::{EndCause, ExchangeId};
use kube_watchlist::request::{Request, RequestKind};

use crate::sim::{Answer, Arrival, Headers, Server, WALL, refusal, unreachable};

/// Pages of a LIST, about: small collections shall have some too.
const PAGES: usize = 6;

pub struct Model {
    pub cluster: Cluster,
    pub random: Random,
    /// Of a hundred answers, and of a hundred seconds of the server's life.
    pub faults: u64,
    pub resource: ResourceId,
    /// The storage went back, and the machine may not know it: see [`Model::restore`].
    pub restored: bool,
    /// What has happened, by its name.
    pub seen: BTreeMap<&'static str, u64>,
    churn: f64,
    exchanges: BTreeMap<ExchangeId, Exchange>,
    /// What is under way, by its time.
    network: BTreeMap<(u64, u64), (ExchangeId, Arrival)>,
    sequence: u64,
    next_life: u64,
}

struct Exchange {
    request: model::Request,
    arrived: Time,
    body: Body,
    /// Nothing more of it arrives before.
    ready: u64,
    sent: u64,
    fate: Option<Fate>,
    drops_end_bookmark: bool,
}

enum Body {
    /// The server waits for a version, until then at the latest.
    Waiting(Time),
    Watch(Box<Watch>),
    /// Nothing more comes.
    Over,
}

/// What befalls a body: after so many bytes, or at a time, whatever is first.
#[derive(Clone, Copy)]
struct Fate {
    bytes: u64,
    at: u64,
    how: How,
}

#[derive(Clone, Copy)]
enum How {
    Breaks,
    /// Ends as if all were well.
    Closes,
    FallsSilent,
}

fn wall(now: u64) -> Time {
    Time(WALL + i64::try_from(now).unwrap())
}

fn monotonic(time: Time) -> u64 {
    u64::try_from(time.0 - WALL).unwrap_or(0)
}

impl Model {
    /// A server with a small cluster that has lived for a minute by `now`.
    pub fn new(profile: Profile, resource: ResourceId, seed: u64, now: u64) -> Self {
        let mut random = Random::new(seed);
        let churn = [1, 3, 10][usize::try_from(random.between(0, 2)).unwrap()];
        let settings = Settings {
            pods: 30,
            churn: f64::from(churn),
            seed,
        };
        let mut cluster = Cluster::new(profile, settings, wall(now - 60_000));
        cluster.advance(wall(now));
        Self {
            cluster,
            random,
            faults: 0,
            resource,
            restored: false,
            seen: BTreeMap::new(),
            churn: f64::from(churn),
            exchanges: BTreeMap::new(),
            network: BTreeMap::new(),
            sequence: 0,
            next_life: now,
        }
    }

    pub fn revision(&self) -> u64 {
        self.cluster.server.history.revision()
    }

    /// Nothing is under way, and no faults happen from now on.
    pub fn calm(&mut self) {
        self.faults = 0;
        self.cluster.set_churn(0.0);
        self.cluster.server.end_watches();
        let mut ended = Vec::new();
        for (&exchange, open) in &mut self.exchanges {
            open.fate = None;
            if matches!(open.body, Body::Over) {
                ended.push(exchange);
            }
        }
        // Whoever waits on a stalled stream for its watchdog waits for minutes.
        for exchange in ended {
            self.send(exchange, 0, Arrival::End(EndCause::Broken));
        }
    }

    /// Lets the cluster go on after a restore.
    pub fn go_on(&mut self) {
        self.restored = false;
        self.cluster.set_churn(self.churn);
    }

    fn rolls(&mut self, per_mille: u64) -> bool {
        self.random.between(0, 999) < per_mille
    }

    fn note(&mut self, what: &'static str) {
        *self.seen.entry(what).or_default() += 1;
    }

    /// What happens to a server in its life.
    fn live(&mut self, now: u64) {
        self.next_life = now + self.random.between(20, 1_500);
        self.cluster.advance(wall(now));
        if self.faults == 0 || self.restored {
            return;
        }
        if self.rolls(self.faults) {
            self.note("compaction");
            self.cluster.server.history.compact();
        }
        if self.rolls(self.faults / 3) {
            self.note("restart");
            self.cluster.server.history.compact();
            self.cluster.server.end_watches();
        }
        if self.rolls(self.faults / 3) {
            self.restore();
        }
    }

    /// The storage goes back. Nothing is written before the machine has found that out: once the server has overtaken the
    /// version that a client holds, nothing tells (S6 of docs/SPEC.md).
    fn restore(&mut self) {
        let back = self.random.between(1, 40);
        let revision = self.revision().saturating_sub(back);
        if self.cluster.server.restore(revision) {
            self.note("restore");
            // Its servers were stopped for that, which may look like the end of a stream in its time.
            let how = if self.rolls(500) {
                How::Closes
            } else {
                How::Breaks
            };
            for open in self.exchanges.values_mut() {
                open.fate = Some(Fate {
                    bytes: 0,
                    at: 0,
                    how,
                });
            }
            self.restored = true;
            self.cluster.set_churn(0.0);
        }
    }

    /// An answer that is none of the server's.
    fn fault(&mut self) -> Answer {
        self.note("refusal");
        match self.random.between(0, 5) {
            0 => unreachable(),
            1 => refusal(
                429,
                "TooManyRequests",
                "slow down",
                r#"{"retryAfterSeconds":2}"#,
            ),
            2 => refusal(500, "InternalError", "etcd", "{}"),
            3 => refusal(503, "ServiceUnavailable", "starting", "{}"),
            4 => refusal(410, "Expired", "too old", "{}"),
            // Nothing at all.
            _ => Vec::new(),
        }
    }

    fn fate(&mut self, is_watch: bool, now: u64) -> Option<Fate> {
        let how = match self.random.between(0, 2) {
            0 => How::Breaks,
            1 => How::Closes,
            _ => How::FallsSilent,
        };
        // Half of them while the snapshot comes, the others in the minutes after it.
        let early = self.random.between(0, 1) == 0;
        let bytes = self.random.between(0, 90_000);
        let later = now + self.random.between(1, 60_000);
        self.rolls(self.faults * if is_watch { 45 } else { 2 })
            .then_some(Fate {
                bytes: if early { bytes } else { u64::MAX },
                at: if early { u64::MAX } else { later },
                how,
            })
    }

    /// Asks the model; what it says goes on its way.
    fn ask(&mut self, exchange: ExchangeId, now: u64) {
        let open = self.exchanges.get_mut(&exchange).unwrap();
        let server = &mut self.cluster.server;
        let (head, body) = match server.handle(&open.request, open.arrived, wall(now)) {
            Reply::NotYet(until) => {
                open.body = Body::Waiting(until);
                return;
            }
            Reply::Whole(head, bytes) => (head, Some(bytes)),
            Reply::List(head, mut list) => {
                let mut bytes = Vec::new();
                while let Some(piece) = list.next_piece(1 << 20) {
                    bytes.extend(piece);
                }
                (head, Some(bytes))
            }
            Reply::Watch(head, mut watch) => {
                if open.drops_end_bookmark {
                    watch.drop_end_bookmark();
                }
                open.body = Body::Watch(watch);
                (head, None)
            }
        };
        let headers = Headers {
            content_type: Some(match head.header("content-type") {
                Some("application/json") => "application/json",
                _ => "text/plain",
            }),
            ..Headers::default()
        };
        self.send(exchange, 5, Arrival::Head(head.status, headers));
        match body {
            Some(bytes) => self.send_bytes(exchange, &bytes, true, now),
            None => self.poll(exchange, now),
        }
    }

    fn poll(&mut self, exchange: ExchangeId, now: u64) {
        loop {
            let limit = usize::try_from(self.random.between(200, 30_000)).unwrap();
            let open = self.exchanges.get_mut(&exchange).unwrap();
            let Body::Watch(watch) = &mut open.body else {
                return;
            };
            let batch = watch.poll(&self.cluster.server, wall(now), limit);
            self.send_bytes(exchange, &batch.bytes, batch.ended, now);
            if batch.ended || !batch.more {
                return;
            }
        }
    }

    /// Sends bytes in pieces, or what its fate lets through.
    fn send_bytes(&mut self, exchange: ExchangeId, bytes: &[u8], ends: bool, now: u64) {
        let open = self.exchanges.get_mut(&exchange).unwrap();
        let mut struck = None;
        let mut rest = bytes;
        if let Some(fate) = open.fate {
            let left = fate.bytes.saturating_sub(open.sent);
            let within = usize::try_from(left)
                .ok()
                .filter(|&left| left <= bytes.len());
            if within.is_some() || now >= fate.at {
                struck = Some(fate.how);
                let until = bytes.len() as u64;
                let cut = within
                    .unwrap_or_else(|| usize::try_from(self.random.between(0, until)).unwrap());
                rest = &bytes[..cut];
            }
        }
        open.sent += rest.len() as u64;
        if struck.is_some() || ends {
            open.body = Body::Over;
        }
        while !rest.is_empty() {
            let length = self.random.between(1, 9_000).min(rest.len() as u64);
            let (piece, tail) = rest.split_at(usize::try_from(length).unwrap());
            let delay = self.random.between(0, 8);
            self.send(exchange, delay, Arrival::Bytes(piece.to_vec()));
            rest = tail;
        }
        match struck {
            None if ends => self.send(exchange, 1, Arrival::End(EndCause::Complete)),
            None => {}
            Some(How::Breaks) => {
                self.note("break");
                self.send(exchange, 1, Arrival::End(EndCause::Broken));
            }
            Some(How::Closes) => {
                self.note("close");
                self.send(exchange, 1, Arrival::End(EndCause::Complete));
            }
            Some(How::FallsSilent) => self.note("stall"),
        }
    }

    /// Sends what arrives so many milliseconds after all that was sent before.
    fn send(&mut self, exchange: ExchangeId, delay: u64, arrival: Arrival) {
        let open = self.exchanges.get_mut(&exchange).unwrap();
        open.ready += delay;
        self.sequence += 1;
        self.network
            .insert((open.ready, self.sequence), (exchange, arrival));
    }
}

impl Server for Model {
    fn answer(&mut self, exchange: ExchangeId, request: &Request, now: Now) -> Answer {
        let now = now.monotonic.0;
        // A snapshot by pages is many requests: each of them fails more rarely.
        let is_watch = request.is_watch();
        if self.rolls(self.faults * if is_watch { 10 } else { 2 }) {
            return self.fault();
        }
        let mut asked = model::Request::get(&request.path);
        let page = self.cluster.server.history.len(self.resource) / PAGES + 3;
        asked.query = request
            .query
            .iter()
            .map(|(name, value)| match *name {
                "limit" => ((*name).to_owned(), page.to_string()),
                _ => ((*name).to_owned(), value.clone()),
            })
            .collect();
        for (name, value) in &request.headers {
            if *name == "Accept" {
                asked = asked.accept(value);
            }
        }
        let fate = self.fate(is_watch, now);
        let is_list = request.kind == RequestKind::WatchList;
        let drops_end_bookmark = is_list && self.rolls(self.faults * 8);
        if drops_end_bookmark {
            self.note("dropped bookmark");
        }
        let open = Exchange {
            request: asked,
            arrived: wall(now),
            body: Body::Over,
            ready: now,
            sent: 0,
            fate,
            drops_end_bookmark,
        };
        self.exchanges.insert(exchange, open);
        self.ask(exchange, now);
        Vec::new()
    }

    fn next_pulse(&self) -> Option<Instant> {
        let network = self.network.keys().next().map(|&(at, _)| at);
        let servers = self.exchanges.values().filter_map(|open| match &open.body {
            Body::Waiting(until) => Some(monotonic(*until)),
            Body::Watch(watch) => {
                let fate = open.fate.map_or(u64::MAX, |fate| fate.at);
                Some(monotonic(watch.next()).min(fate))
            }
            Body::Over => None,
        });
        let next = servers.chain(network).fold(self.next_life, u64::min);
        Some(Instant(next))
    }

    fn pulse(&mut self, now: Now) -> Vec<(ExchangeId, Arrival)> {
        let now = now.monotonic.0;
        let lived = now >= self.next_life;
        if lived {
            self.live(now);
        }
        let exchanges: Vec<ExchangeId> = self.exchanges.keys().copied().collect();
        for exchange in exchanges {
            let open = &self.exchanges[&exchange];
            match &open.body {
                Body::Waiting(until) if lived || wall(now) >= *until => self.ask(exchange, now),
                Body::Watch(watch)
                    if lived
                        || wall(now) >= watch.next()
                        || open.fate.is_some_and(|fate| now >= fate.at) =>
                {
                    self.poll(exchange, now);
                }
                _ => {}
            }
        }
        let later = self.network.split_off(&(now + 1, 0));
        let arrived = std::mem::replace(&mut self.network, later);
        arrived.into_values().collect()
    }

    fn aborted(&mut self, exchange: ExchangeId) {
        self.exchanges.remove(&exchange);
        self.network.retain(|_, (id, _)| *id != exchange);
    }
}
