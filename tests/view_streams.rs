//! Tables recorded from real API servers, read through the whole core: as they came, and an hour later.

mod common;
mod sim;

use common::recorded;
use kube_watchlist::clock::Timestamp;
use kube_watchlist::reflector::{Input, Resource};
use kube_watchlist::request::{Request, RequestKind};
use kube_watchlist::store::Progress;
use kube_watchlist::table::Cells;
use kube_watchlist::time_cells::{human_duration, parse_human_duration};
use kube_watchlist::view::{ColumnChoice, ViewId, ViewOptions, Views};
use serde_json::Value;
use sim::*;

const HOUR: i64 = 3_600_000;

type Server = Box<dyn FnMut(&Request) -> Answer>;

/// A recorded table in a view of all its columns.
struct Table {
    world: World<Server>,
    views: Views,
    view: ViewId,
    /// When it came.
    received: Timestamp,
}

impl Table {
    fn read(file: &'static str, group: &str, resource: &str) -> Self {
        // Read at any time it tells when it was made; then it is read at that time.
        let first = Self::read_at(file, group, resource, Timestamp(WALL));
        let made = first.names().into_iter().map(|name| first.made(&name));
        let made = made.max().expect("a row");
        Self::read_at(file, group, resource, made)
    }

    fn read_at(file: &'static str, group: &str, resource: &str, received: Timestamp) -> Self {
        let mut config = config();
        config.resource = Resource {
            group: group.to_owned(),
            version: "v1".to_owned(),
            resource: resource.to_owned(),
            ..Resource::default()
        };
        let mut views = Views::new(&config.resource, usize::MAX);
        let answer: Server = Box::new(move |request: &Request| {
            assert_eq!(request.kind, RequestKind::WatchList);
            let body = recorded("1.37", file).body;
            vec![head(200), bytes(6, body)]
        });
        let mut world = World::new(config, answer);
        world.now = u64::try_from(received.0 - WALL).expect("recorded later");
        world.give(Input::Start);
        world.pass(100);
        let options = ViewOptions {
            columns: ColumnChoice::Wide,
            ..ViewOptions::default()
        };
        let view = views.open(options).expect("a good selector");
        while views.work(world.machine.store_mut(), received, 1000) == Progress::More {}
        Self {
            received: world.clock().wall,
            world,
            views,
            view,
        }
    }

    /// When a row was sent, by its age; when it was made, where it has none.
    fn made(&self, name: &str) -> Timestamp {
        let (created, sent) = self.row(name);
        let age = self.column("Age").and_then(|column| {
            let (age, _) = parse_human_duration(sent.get(column)?.as_str()?)?;
            i64::try_from(age.0).ok()
        });
        Timestamp(created.0 + age.unwrap_or_default())
    }

    fn names(&self) -> Vec<String> {
        self.world.names()
    }

    fn column(&self, name: &str) -> Option<usize> {
        let columns = &self.world.machine.store().columns().0;
        columns.iter().position(|column| column.name == name)
    }

    /// When an object was made, and the cells of its row as the server sent them.
    fn row(&self, name: &str) -> (Timestamp, Vec<Value>) {
        let store = self.world.machine.store();
        let mut rows = store.ids().filter_map(|id| store.row(id));
        let row = rows.find(|row| row.name == name).expect("the row");
        let cells = Cells::new(row.cells);
        let parse = |raw| serde_json::from_slice(raw).expect("a cell is JSON");
        let cells = cells.map(|cell| parse(cell.raw())).collect();
        (row.creation_timestamp.expect("a creation time"), cells)
    }

    /// A cell as the server sent it.
    fn sent(&self, name: &str, column: &str) -> Value {
        self.row(name).1[self.column(column).expect(column)].clone()
    }

    /// The cells of a row as they are shown so long after they came.
    fn shown_row(&self, name: &str, after: i64) -> Vec<Value> {
        let now = Timestamp(self.received.0 + after);
        let (store, mut lines) = (self.world.machine.store(), String::new());
        assert!(
            self.views
                .window(self.view, store, (0, 1000), now, &mut lines)
        );
        let mut rows = lines
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("a line is JSON"));
        let row = rows.find(|row| row["meta"]["name"] == name);
        let cells = row.expect("the row")["cells"].clone();
        cells.as_array().expect("cells").clone()
    }

    fn shown(&self, name: &str, column: &str, after: i64) -> Value {
        self.shown_row(name, after)[self.column(column).expect(column)].clone()
    }

    /// Only these columns and the age are read differently an hour after they came; all are as sent before that.
    fn runs_in_nothing_but(&self, running: &[&str]) {
        for name in self.names() {
            let (created, sent) = self.row(&name);
            assert_eq!(sent.len(), self.shown_row(&name, 0).len());
            let later = Timestamp(self.received.0 + HOUR);
            let columns = &self.world.machine.store().columns().0;
            for (index, column) in columns
                .iter()
                .map(|column| column.name.as_str())
                .enumerate()
            {
                let (now, then) = (
                    self.shown(&name, column, 0),
                    self.shown(&name, column, HOUR),
                );
                if column == "Age" {
                    assert_eq!(then, human_duration(created, later).to_string(), "{name}");
                    continue;
                }
                assert_eq!(now, sent[index], "{name}: {column}");
                if !running.contains(&column) {
                    assert_eq!(then, sent[index], "{name}: {column}");
                }
            }
        }
    }
}

#[test]
fn an_hour_later_restarts_are_as_long_ago_as_the_server_prints_them_then() {
    let pods = Table::read("pods-watchlist-table-restarts", "", "pods");
    pods.runs_in_nothing_but(&["Restarts"]);
    // The second pod restarted an hour before the first: the server itself says what is to be read.
    assert_eq!(pods.shown("web-0", "Restarts", 0), "3 (5m20s ago)");
    assert_eq!(
        pods.shown("web-0", "Restarts", HOUR),
        pods.sent("web-1", "Restarts")
    );
    assert_eq!(pods.sent("web-1", "Restarts"), "3 (65m ago)");
    assert_eq!(pods.shown("web-2", "Restarts", HOUR), "0");
    assert_eq!(pods.shown("web-2", "Age", HOUR), "60m");
}

#[test]
fn an_hour_later_a_schedule_is_as_long_ago_as_the_server_prints_it_then() {
    let jobs = Table::read("cronjobs-watchlist-table", "batch", "cronjobs");
    jobs.runs_in_nothing_but(&["Last Schedule"]);
    assert_eq!(jobs.shown("nightly", "Last Schedule", 0), "15h");
    assert_eq!(
        jobs.shown("nightly", "Last Schedule", HOUR),
        jobs.sent("nightly-older", "Last Schedule")
    );
    assert_eq!(jobs.sent("nightly-older", "Last Schedule"), "16h");
    assert_eq!(jobs.shown("nightly", "Age", HOUR), "60m");
}

#[test]
fn an_hour_later_events_were_seen_an_hour_earlier() {
    let events = Table::read("events-watchlist-table", "", "events");
    events.runs_in_nothing_but(&["Last Seen", "First Seen"]);
    for column in ["Last Seen", "First Seen"] {
        assert_eq!(events.shown("web-0.1", column, 0), "15h");
        assert_eq!(events.shown("web-0.1", column, HOUR), "16h");
    }
}

#[test]
fn an_hour_later_other_tables_differ_in_ages_and_dates() {
    let boats = Table::read("boats-watchlist-table", "harbor.example", "boats");
    boats.runs_in_nothing_but(&[]);
    let (_, sent) = boats.row("argo");
    assert_eq!(boats.shown_row("argo", HOUR), sent, "coarse: the same day");
    assert_eq!(boats.shown("argo", "Launched", 24 * HOUR), "6y329d");
    for (file, group, resource) in [
        ("pods-watchlist-table", "", "pods"),
        ("deployments-watchlist-table", "apps", "deployments"),
        ("nodes-watchlist-table", "", "nodes"),
    ] {
        let table = Table::read(file, group, resource);
        table.runs_in_nothing_but(&[]);
        let name = &table.names()[0];
        assert_eq!(table.shown(name, "Age", HOUR), "60m", "{file}");
    }
}
