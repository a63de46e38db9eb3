//! The sync machine against the model of an API server, in every version that the model knows: its forms, its bookmarks, its
//! refusals and its history, over a network that cuts, stalls and loses.
//!
//! `reflector_random.rs` has a server of its own, which knows what the machine expects of one. This one was made by the
//! Kubernetes sources and is judged by recorded exchanges. A failure prints its profile and seed: `SEED=7 PROFILE=1.32`.

#![cfg(not(target_arch = "wasm32"))]

mod model;
mod sim;

use std::collections::BTreeMap;
use std::sync::Arc;

use fake_apiserver::model::object::uuid;
use fake_apiserver::model::{Object, PROFILES, Profile, ResourceId, WatchList};
use fake_apiserver::time::Time;
use kube_watchlist::event::Format;
use kube_watchlist::object;
use kube_watchlist::reflector::{Input, Mode, Output, Phase, Resource};
use kube_watchlist::table::Columns;
use model::Model;
use serde_json::Value;
use sim::{WALL, World, config};

/// So long a server misbehaves.
const MINUTES: u64 = 4;
/// So long it may take to be live again, by its own deadlines and longest pauses.
const PATIENCE: u64 = 15 * 60_000;

/// Lives of each profile.
const SEEDS: u64 = 5;
/// See [`Model::faults`].
const FAULTS: u64 = 12;
/// One of so many outputs is looked at.
const SAMPLE: usize = 40;

const RESOURCES: [(ResourceId, &str); 6] = [
    (ResourceId::PODS, ""),
    (ResourceId::EVENTS, ""),
    (ResourceId::DEPLOYMENTS, ""),
    (ResourceId::PODS, "catalog"),
    (ResourceId::JOBS, ""),
    (ResourceId::NODES, ""),
];

struct Run {
    world: World<Model>,
    namespace: &'static str,
    name: String,
    /// Outputs that were looked at.
    looked: usize,
    /// Whole comparisons of cells.
    compared: u64,
}

impl Run {
    fn new(profile: Profile, seed: u64, faults: u64) -> Self {
        let (id, namespace) = RESOURCES[usize::try_from(seed).unwrap() % RESOURCES.len()];
        let mut config = config();
        config.seed = seed;
        config.resource = Resource {
            group: id.get().group.to_owned(),
            version: id.get().version.to_owned(),
            resource: id.get().plural.to_owned(),
            namespace: namespace.to_owned(),
            ..Resource::default()
        };
        let mut world = World::new(
            config,
            Model::new(
                profile,
                id,
                seed + 1_000 * u64::from(profile.minor),
                1_000_000,
            ),
        );
        world.server.faults = faults;
        world.lateness = [0, 0, 700][usize::try_from(seed).unwrap() % 3];
        world.give(Input::Start);
        Self {
            world,
            namespace,
            name: format!("PROFILE={} SEED={seed} ({})", profile.name, id.get().plural),
            looked: 0,
            compared: 0,
        }
    }

    fn step(&mut self) {
        assert!(self.world.step(), "{}: nothing would ever come", self.name);
        self.check();
    }

    /// What is shown is what the server held at the version shown, and live is not said of anything else.
    fn check(&mut self) {
        let status = self.world.status();
        if status.phase == Phase::Live {
            assert_eq!(status.stale_since, None, "{}", self.name);
            assert!(
                !self.world.open().is_empty(),
                "{}: live without a stream",
                self.name
            );
        }
        assert!(
            !matches!(status.phase, Phase::Auth | Phase::Failed | Phase::Paused),
            "{}: {status:?}\nphases: {:?}",
            self.name,
            self.world.phases
        );
        let told = &self.world.told[self.looked..];
        let published = told.iter().any(|told| matches!(told, Output::Publish(_)));
        // Every snapshot, and some of the changes after it: whole comparisons cost more than all else.
        let sampled = self.world.told.len() / SAMPLE != self.looked / SAMPLE;
        self.looked = self.world.told.len();
        if self.world.server.restored || !(published || sampled) {
            // Versions of before a restore mean other states now.
            return;
        }
        match status.resource_version {
            Some(version) => {
                let version = version.parse().unwrap();
                assert!(
                    self.agrees_at(version),
                    "{}: other rows than at version {version}, at {}\n{:?}\nphases: {:?}",
                    self.name,
                    self.world.now,
                    self.world.status(),
                    self.world.phases,
                );
            }
            None => assert!(
                self.world.machine.store().is_empty(),
                "{}: rows of no version",
                self.name
            ),
        }
        if published && self.is_caught_up() {
            self.compare();
        }
    }

    /// Whether keys and versions of the rows are those of the server at a version.
    fn agrees_at(&self, version: u64) -> bool {
        let server = &self.world.server;
        let history = &server.cluster.server.history;
        let objects = history.at_revision(server.resource, self.namespace, "", version);
        versions(&objects) == self.versions()
    }

    fn versions(&self) -> BTreeMap<String, u64> {
        let store = self.world.machine.store();
        let rows = store.ids().filter_map(|id| store.row(id));
        rows.map(|row| {
            let mut version = String::new();
            row.push_resource_version(&mut version);
            (row.key(), version.parse().unwrap())
        })
        .collect()
    }

    /// Live, and nothing has changed since the version shown.
    fn is_caught_up(&self) -> bool {
        let status = self.world.status();
        let server = &self.world.server;
        let shown = status
            .resource_version
            .and_then(|version| version.parse().ok());
        status.phase == Phase::Live
            && shown.is_some_and(|shown| {
                let history = &server.cluster.server.history;
                let later = history.changes_after(server.resource, shown);
                shown <= history.revision() && later.is_some_and(|mut later| later.next().is_none())
            })
    }

    /// Compares everything with the server's own state: columns, keys, versions and cells.
    fn compare(&mut self) {
        self.compared += 1;
        let server = &self.world.server;
        let now = Time(WALL + i64::try_from(self.world.now).unwrap());
        let (rendering, objects) =
            server
                .cluster
                .server
                .rows(server.resource, self.namespace, false);
        let store = self.world.machine.store();
        let is_table = self.world.status().format == Some(Format::Table);
        let columns = if is_table {
            let mut definitions = Vec::new();
            rendering.columns(&mut definitions);
            Columns::parse(&definitions).unwrap()
        } else {
            object::columns(self.namespace.is_empty())
        };
        assert_eq!(store.columns(), &columns, "{}", self.name);
        assert_eq!(self.versions(), versions(&objects), "{}", self.name);
        let mut rows: BTreeMap<String, Value> = store
            .ids()
            .filter_map(|id| store.row(id))
            .map(|row| (row.key(), serde_json::from_slice(row.cells).unwrap()))
            .collect();
        for object in &objects {
            let shown = rows.remove(&uuid(object.meta.uid)).unwrap();
            let cells = if is_table {
                let mut cells = Vec::new();
                rendering.cells(&mut cells, object, now);
                serde_json::from_slice(&cells).unwrap()
            } else {
                generic(object)
            };
            assert_eq!(
                timeless(shown, &columns),
                timeless(cells, &columns),
                "{}: {}",
                self.name,
                object.meta.name
            );
        }
    }

    /// The last ones.
    fn requests(&self) -> String {
        let all = self.world.requests();
        let lines: Vec<&str> = all.lines().collect();
        lines[lines.len().saturating_sub(12)..].join("\n")
    }

    /// Goes on until the machine has caught up with a server that stands still, and compares.
    fn settle(&mut self) {
        let end = self.world.now + PATIENCE;
        while !(self.is_caught_up() && self.agrees_at(self.world.server.revision())) {
            assert!(
                self.world.now < end,
                "{}: never caught up with {}\n{:?}\nphases: {:?}\nrequests: {}",
                self.name,
                self.world.server.revision(),
                self.world.status(),
                self.world.phases,
                self.requests()
            );
            self.step();
        }
        self.compare();
    }
}

fn versions(objects: &[Arc<Object>]) -> BTreeMap<String, u64> {
    let version = |object: &Arc<Object>| (uuid(object.meta.uid), object.meta.resource_version);
    objects.iter().map(version).collect()
}

/// The cells of an object that came without a Table.
fn generic(object: &Object) -> Value {
    let namespace = Some(&*object.meta.namespace).filter(|name| !name.is_empty());
    serde_json::json!([&*object.meta.name, namespace, null])
}

/// Cells without what passes in them: times are those of the receipt.
fn timeless(cells: Value, columns: &Columns) -> Vec<Value> {
    let Value::Array(cells) = cells else {
        panic!("no cells: {cells}")
    };
    assert_eq!(cells.len(), columns.0.len());
    let cells = cells.into_iter().zip(&columns.0);
    cells
        .map(|(cell, column)| match (column.name.as_str(), &cell) {
            ("Age" | "Last Seen" | "First Seen" | "Duration" | "Last Schedule", _) => Value::Null,
            ("Restarts", Value::String(text)) => text.split(" (").next().into(),
            _ => cell,
        })
        .collect()
}

/// A life of faults, and what the machine comes to after it.
fn run(profile: Profile, seed: u64) -> Run {
    let mut run = Run::new(profile, seed, FAULTS);
    let end = run.world.now + MINUTES * 60_000;
    while run.world.now < end {
        run.step();
        if run.world.server.restored {
            run.settle();
            run.world.server.go_on();
        }
    }
    run.world.server.calm();
    run.settle();
    let minutes = (run.world.now - 1_000_000) / 60_000;
    let requests = run.world.sent.len() as u64;
    assert!(
        requests <= minutes * 60,
        "{}: {requests} requests in {minutes} minutes",
        run.name
    );
    run
}

/// All seeds of a profile.
fn runs(name: &str) {
    let variable = |name| std::env::var(name).ok();
    let number = |name| variable(name)?.parse::<u64>().ok();
    if variable("PROFILE").is_some_and(|only| only != name) {
        return;
    }
    let seeds = match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SEEDS").unwrap_or(SEEDS),
    };
    let all = seeds.clone().count() as u64 >= SEEDS;
    let profile: Profile = name.parse().unwrap();
    let mut seen: BTreeMap<&str, u64> = BTreeMap::new();
    let mut compared = 0;
    for seed in seeds {
        let run = run(profile, seed);
        compared += run.compared;
        for (what, count) in run.world.server.seen {
            *seen.entry(what).or_default() += count;
        }
    }
    println!("{name}: {compared} comparisons, {seen:?}");
    assert!(compared >= 1);
    if all {
        for what in ["refusal", "compaction", "restart", "restore"] {
            assert!(seen.contains_key(what), "{name}: no {what} in {seen:?}");
        }
        let ends = ["break", "close", "stall"].map(|how| seen.get(how).copied().unwrap_or(0));
        assert!(ends.iter().sum::<u64>() >= 3, "{name}: {seen:?}");
    }
}

#[test]
fn a_server_of_1_37_is_followed_through_every_fault() {
    runs("1.37");
}

#[test]
fn a_server_of_1_37_without_streaming_lists_is_followed_through_every_fault() {
    runs("1.37-watchlist-off");
}

#[test]
fn a_server_of_1_34_is_followed_through_every_fault() {
    runs("1.34");
}

#[test]
fn a_server_of_1_33_is_followed_through_every_fault() {
    runs("1.33");
}

#[test]
fn a_server_of_1_32_is_followed_through_every_fault() {
    runs("1.32");
}

#[test]
fn a_server_of_1_31_is_followed_through_every_fault() {
    runs("1.31");
}

#[test]
fn a_server_of_1_26_is_followed_through_every_fault() {
    runs("1.26");
}

#[test]
fn a_server_of_1_18_is_followed_through_every_fault() {
    runs("1.18");
}

#[test]
fn without_faults_each_profile_is_followed_in_its_best_way() {
    for &profile in PROFILES {
        let mut run = Run::new(profile, 0, 0);
        // A server that ignores the parameters is found out by the bookmark that does not come.
        run.world.until_phase(Phase::Live, 60_000);
        let end = run.world.now + 7 * 60_000;
        while run.world.now < end {
            run.step();
        }
        run.world.server.calm();
        run.settle();
        let status = run.world.status();
        let streams = profile.watch_list == WatchList::On;
        let mode = if streams {
            Mode::WatchList
        } else {
            Mode::ListWatch
        };
        assert_eq!(status.mode, mode, "{}", run.name);
        let code = status.fallback.as_ref().map(|reason| reason.code);
        let as_wanted = match (streams, !profile.refuses_table_watch_list) {
            (true, true) => code.is_none(),
            (true, false) => code == Some("no-tables"),
            (false, _) => code.is_some(),
        };
        assert!(as_wanted, "{}: {:?}", run.name, status.fallback);
        let publications = run
            .world
            .told
            .iter()
            .filter(|told| matches!(told, Output::Publish(_)));
        assert_eq!(
            publications.count(),
            1,
            "{}: {:?}",
            run.name,
            run.world.phases
        );
    }
}
