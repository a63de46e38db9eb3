//! Views and feeds against a plain model, under random orders of changes, slices and reads.
#![cfg(not(target_arch = "wasm32"))]

use std::collections::{BTreeMap, BTreeSet};

use kube_watchlist::clock::Timestamp;
use kube_watchlist::event::{Meta, Row};
use kube_watchlist::reflector::Resource;
use kube_watchlist::store::{Progress, Store};
use kube_watchlist::table::{Column, Columns};
use kube_watchlist::time_cells::CREATION_DESCRIPTION;
use kube_watchlist::view::key::CellKey;
use kube_watchlist::view::{ColumnChoice, FeedId, Filter, Sort, ViewId, ViewOptions, Views};
use proptest::prelude::*;
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp(1_760_000_000_000);

#[derive(Clone, Debug, PartialEq)]
struct Pod {
    number: u8,
    version: u32,
    status: u8,
    restarts: u8,
    age: u8,
}

impl Pod {
    fn uid(&self) -> String {
        format!("00000000-0000-4000-8000-0000000000{:02x}", self.number)
    }

    fn name(&self) -> String {
        format!("web-{}", self.number)
    }

    fn namespace(&self) -> String {
        ["default", "kube-system", "shop"][usize::from(self.number) % 3].to_owned()
    }

    fn status(&self) -> &'static str {
        ["Running", "Pending", "CrashLoopBackOff"][usize::from(self.status) % 3]
    }

    fn labels(&self) -> String {
        format!("{{\"app\": \"a{}\"}}", self.number % 2)
    }

    fn created(&self) -> Timestamp {
        Timestamp(NOW.0 - i64::from(self.age) * 60_000)
    }

    fn cells(&self) -> String {
        let restarts = self.restarts % 4;
        json!([self.name(), self.status(), restarts, "0s", "10.0.0.1"]).to_string()
    }

    fn with_row<T>(&self, use_row: impl FnOnce(&Row<'_>) -> T) -> T {
        let (cells, labels) = (self.cells(), self.labels());
        use_row(&Row {
            cells: cells.as_bytes().into(),
            meta: Meta {
                name: self.name().into(),
                namespace: self.namespace().into(),
                uid: self.uid().into(),
                resource_version: self.version.to_string().into(),
                creation_timestamp: Some(self.created()),
                labels: Some(labels.as_bytes()),
                ..Meta::default()
            },
        })
    }
}

fn columns(renamed: bool) -> Columns {
    let column = |name: &str, priority, description: &str| Column {
        name: name.into(),
        kind: "string".into(),
        priority,
        description: description.into(),
        ..Column::default()
    };
    Columns(vec![
        column("Name", 0, ""),
        column(if renamed { "State" } else { "Status" }, 0, ""),
        column("Restarts", 0, ""),
        column("Age", 0, CREATION_DESCRIPTION),
        column("IP", 1, ""),
    ])
}

type Rows = BTreeMap<u8, Pod>;

#[derive(Clone, Debug)]
enum Step {
    Apply(Pod),
    Remove(u8),
    Snapshot { pods: Vec<Pod>, renamed: bool },
    CommitSlowly(usize),
    Work(usize),
    Update(usize, usize),
    Hold(usize),
    Release(usize),
    Read(usize),
}

fn pod() -> impl Strategy<Value = Pod> {
    (0_u8..40, 0_u8..3, 0_u8..4, 0_u8..200).prop_map(|(number, status, restarts, age)| Pod {
        number,
        version: 0,
        status,
        restarts,
        age,
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => pod().prop_map(Step::Apply),
        5 => (0_u8..40).prop_map(Step::Remove),
        1 => (prop::collection::vec(pod(), 0..40), prop::bool::weighted(0.2))
            .prop_map(|(pods, renamed)| Step::Snapshot { pods, renamed }),
        1 => (1_usize..20).prop_map(Step::CommitSlowly),
        6 => (1_usize..400).prop_map(Step::Work),
        1 => (0_usize..3, 0_usize..OPTIONS).prop_map(|(view, options)| Step::Update(view, options)),
        1 => (0_usize..3).prop_map(Step::Hold),
        1 => (0_usize..3).prop_map(Step::Release),
        2 => (1_usize..9).prop_map(Step::Read),
    ]
}

const OPTIONS: usize = 8;

fn options(number: usize) -> ViewOptions {
    let sort = |column: &str, descending| Sort {
        column: column.into(),
        descending,
    };
    match number {
        0 => ViewOptions::default(),
        1 => ViewOptions {
            sort: vec![sort("Status", false)],
            ..ViewOptions::default()
        },
        2 => ViewOptions {
            sort: vec![sort("Age", true)],
            columns: ColumnChoice::Wide,
            ..ViewOptions::default()
        },
        3 => ViewOptions {
            sort: vec![
                sort("Restarts", true),
                sort("Nothing", false),
                sort("Name", true),
            ],
            ..ViewOptions::default()
        },
        4 => ViewOptions {
            filter: Filter {
                text: "CRASH".into(),
                ..Filter::default()
            },
            ..ViewOptions::default()
        },
        5 => ViewOptions {
            filter: Filter {
                namespaces: vec!["shop".into(), "default".into()],
                label_selector: "app=a1".into(),
                ..Filter::default()
            },
            ..ViewOptions::default()
        },
        6 => ViewOptions {
            filter: Filter {
                columns: vec![
                    ("Status".into(), vec!["Pending".into(), "Running".into()]),
                    ("Restarts".into(), vec!["0".into(), "3".into()]),
                    ("Nothing".into(), vec!["x".into()]),
                ],
                ..Filter::default()
            },
            ..ViewOptions::default()
        },
        _ => ViewOptions {
            columns: ColumnChoice::Names(vec!["IP".into(), "Nothing".into(), "Name".into()]),
            sort: vec![sort("Name", false)],
            ..ViewOptions::default()
        },
    }
}

/// Names of the rows that a view must show, in order.
fn expected(rows: &Rows, options: &ViewOptions, renamed: bool) -> Vec<String> {
    let column = |name: &str| {
        columns(renamed)
            .0
            .iter()
            .position(|column| column.name == name)
    };
    let cell = |pod: &Pod, index: usize| -> String {
        let cells: Vec<Value> = serde_json::from_str(&pod.cells()).expect("JSON");
        cells[index].to_string()
    };
    let plain = |pod: &Pod, index| cell(pod, index).trim_matches('"').to_owned();
    let filter = &options.filter;
    let mut pods: Vec<&Pod> = rows
        .values()
        .filter(|pod| filter.namespaces.is_empty() || filter.namespaces.contains(&pod.namespace()))
        .filter(|pod| filter.label_selector.is_empty() || pod.number % 2 == 1)
        .filter(|pod| {
            filter.text.is_empty()
                || pod
                    .status()
                    .to_lowercase()
                    .contains(&filter.text.to_lowercase())
        })
        .filter(|pod| {
            filter.columns.iter().all(|(name, allowed)| {
                column(name).is_none_or(|index| allowed.contains(&plain(pod, index)))
            })
        })
        .collect();
    pods.sort_by(|a, b| {
        let mut order = std::cmp::Ordering::Equal;
        for sort in &options.sort {
            let Some(index) = column(&sort.column) else {
                continue;
            };
            let next = if sort.column == "Age" {
                b.created().cmp(&a.created())
            } else {
                let key = |pod| CellKey::new(Some(cell(pod, index).as_bytes()), None);
                key(a).cmp(&key(b))
            };
            order = order.then(if sort.descending {
                next.reverse()
            } else {
                next
            });
        }
        order
            .then_with(|| a.namespace().cmp(&b.namespace()))
            .then_with(|| a.name().cmp(&b.name()))
    });
    pods.iter().map(|pod| pod.name()).collect()
}

struct World {
    store: Store,
    views: Views,
    ids: Vec<(ViewId, bool)>,
    feed: FeedId,
    rows: Rows,
    renamed: bool,
    versions: u32,
    /// What the subscriber of the feed has, and whether a snapshot is coming in.
    reader: BTreeMap<String, Value>,
    in_snapshot: bool,
}

impl World {
    fn new() -> Self {
        let resource = Resource {
            version: "v1".into(),
            resource: "pods".into(),
            ..Resource::default()
        };
        let mut views = Views::new(&resource, usize::MAX);
        let ids = (0..3)
            .map(|number| (views.open(options(number)).expect("no selector"), false))
            .collect();
        let feed = views.open_feed();
        let mut world = Self {
            store: Store::new(usize::MAX, 3),
            views,
            ids,
            feed,
            rows: Rows::new(),
            renamed: false,
            reader: BTreeMap::new(),
            in_snapshot: false,
            versions: 0,
        };
        world.check_always();
        world.snapshot(&[], false);
        world
    }

    /// The pod with its resourceVersion: a new one, unless it is as it was.
    fn versioned(&mut self, known: &Rows, pod: &Pod) -> Pod {
        self.versions += 1;
        let mut pod = pod.clone();
        pod.version = self.versions;
        if let Some(known) = known.get(&pod.number) {
            let version = known.version;
            let same = Pod {
                version,
                ..pod.clone()
            };
            if same == *known {
                return same;
            }
        }
        pod
    }

    fn snapshot(&mut self, pods: &[Pod], renamed: bool) {
        self.store.begin();
        let known = std::mem::take(&mut self.rows);
        for pod in pods {
            let pod = self.versioned(&known, pod);
            pod.with_row(|row| self.store.stage(row, NOW))
                .expect("no cap");
            self.rows.insert(pod.number, pod.clone());
        }
        self.renamed = renamed;
        self.store.commit(columns(renamed));
    }

    /// Works everything off, with this much fuel at a time.
    fn settle(&mut self, fuel: usize) {
        for _ in 0..1_000_000 {
            if self.store.work(fuel) == Progress::Done
                && self.views.work(&mut self.store, NOW, fuel) == Progress::Done
            {
                return;
            }
        }
        panic!("the work never ends");
    }

    fn lines(&self, id: ViewId) -> Option<Vec<Value>> {
        let mut out = String::new();
        let window = (0, usize::MAX);
        if !self.views.window(id, &self.store, window, NOW, &mut out) {
            assert!(out.is_empty());
            return None;
        }
        let parse = |line| serde_json::from_str(line).expect("a line is JSON");
        Some(out.lines().map(parse).collect())
    }

    /// What holds at every moment.
    fn check_always(&self) {
        for &(id, _) in &self.ids {
            let view = self.views.get(id).expect("open");
            let Some(lines) = self.lines(id) else {
                assert!(!view.is_ready(&self.store));
                continue;
            };
            assert_eq!(lines.len(), view.count());
            let keys: BTreeSet<String> = lines.iter().map(|line| line["key"].to_string()).collect();
            assert_eq!(
                keys.len(),
                lines.len(),
                "a row stands twice, or cannot be read"
            );
            let width = view.columns(&self.store).len();
            assert!(
                lines
                    .iter()
                    .all(|line| line["cells"].as_array().expect("cells").len() == width)
            );
        }
    }

    /// What holds when everything is worked off.
    fn check_settled(&mut self) {
        for &(id, held) in &self.ids {
            let view = self.views.get(id).expect("open");
            if held {
                continue;
            }
            let lines = self.lines(id).unwrap_or_default();
            let names = lines
                .iter()
                .map(|line| line["meta"]["name"].as_str().expect("name").to_owned());
            let names: Vec<String> = names.collect();
            assert_eq!(
                names,
                expected(&self.rows, view.options(), self.renamed),
                "{:?}",
                view.options()
            );
            assert_eq!(view.pending(), 0);
            for (position, line) in lines.iter().enumerate() {
                let key = line["key"].as_str().expect("key");
                assert_eq!(view.index_of(&self.store, key), Some(position));
                let number = self
                    .rows
                    .values()
                    .find(|pod| pod.uid() == key)
                    .expect("known");
                assert_eq!(line["meta"]["resourceVersion"], number.version.to_string());
            }
        }
    }

    /// Reads one batch; whether there was one.
    fn read(&mut self, max_rows: usize) -> bool {
        let mut out = String::new();
        let next = self
            .views
            .next_batch(self.feed, &self.store, NOW, max_rows, &mut out);
        if !next.expect("no cap") {
            return false;
        }
        let batch: Value = serde_json::from_str(&out).expect("a batch is JSON");
        let list = |name: &str| batch[name].as_array().expect("a list").clone();
        let is_last = batch["last"].as_bool().expect("last");
        if batch["kind"] == "snapshot" {
            if !self.in_snapshot {
                self.reader.clear();
            }
            self.in_snapshot = !is_last;
        }
        let size = list("added").len() + list("changed").len() + list("removed").len();
        assert!(size <= max_rows);
        for row in list("added") {
            let key = row["key"].as_str().expect("key").to_owned();
            assert!(self.reader.insert(key, row).is_none(), "added, but known");
        }
        for row in list("changed") {
            let key = row["key"].as_str().expect("key").to_owned();
            assert!(
                self.reader.insert(key, row).is_some(),
                "changed, but not known"
            );
        }
        for key in list("removed") {
            let key = key.as_str().expect("key");
            assert!(self.reader.remove(key).is_some(), "removed, but not known");
        }
        true
    }

    fn run(&mut self, step: &Step) {
        match step {
            Step::Apply(pod) => {
                let pod = self.versioned(&self.rows.clone(), pod);
                self.rows.insert(pod.number, pod.clone());
                pod.with_row(|row| self.store.apply(row, NOW))
                    .expect("no cap");
            }
            Step::Remove(number) => {
                let pod = Pod {
                    number: *number,
                    version: 0,
                    status: 0,
                    restarts: 0,
                    age: 0,
                };
                let known = self.rows.remove(number).is_some();
                assert_eq!(pod.with_row(|row| self.store.remove(&row.meta)), known);
            }
            Step::Snapshot { pods, renamed } => self.snapshot(pods, *renamed),
            Step::CommitSlowly(fuel) => {
                let _ = self.store.work(*fuel);
            }
            Step::Work(fuel) => {
                let _ = self.views.work(&mut self.store, NOW, *fuel);
            }
            Step::Update(view, number) => {
                let view = self.views.get_mut(self.ids[*view].0).expect("open");
                view.update(options(*number)).expect("a good selector");
            }
            Step::Hold(view) => {
                self.ids[*view].1 = true;
                self.views.get_mut(self.ids[*view].0).expect("open").hold();
            }
            Step::Release(view) => {
                self.ids[*view].1 = false;
                self.views
                    .get_mut(self.ids[*view].0)
                    .expect("open")
                    .release();
            }
            Step::Read(max_rows) => {
                self.read(*max_rows);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, max_shrink_iters: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn views_and_feeds_agree_with_the_model(
        steps in prop::collection::vec(step(), 1..150),
        fuel in 1_usize..500,
    ) {
        let mut world = World::new();
        for (index, step) in steps.iter().enumerate() {
            world.run(step);
            if index % 3 == 0 {
                world.check_always();
            }
            if index % 16 == 15 {
                world.settle(fuel);
                world.check_always();
                world.check_settled();
            }
        }
        for view in 0..3 {
            world.run(&Step::Release(view));
        }
        world.settle(fuel);
        world.check_settled();
        while world.read(7) {}
        let keys: BTreeSet<String> = world.reader.keys().cloned().collect();
        let live: BTreeSet<String> = world.rows.values().map(Pod::uid).collect();
        prop_assert_eq!(keys, live);
        for pod in world.rows.values() {
            let version = &world.reader[&pod.uid()]["meta"]["resourceVersion"];
            prop_assert_eq!(version, &json!(pod.version.to_string()));
        }
        // Everything is given back.
        let World { store, mut views, ids, feed, .. } = world;
        drop(store);
        for (id, _) in ids {
            views.close(id);
        }
        views.close_feed(feed);
        prop_assert_eq!(views.memory_bytes(), 0);
    }
}
