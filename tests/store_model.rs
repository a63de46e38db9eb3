//! The store against a plain model, under random orders of everything that can be done to it.
#![cfg(not(target_arch = "wasm32"))]

use std::borrow::Cow;
use std::collections::BTreeMap;

use kube_watchlist::clock::Timestamp;
use kube_watchlist::event::{Meta, Row};
use kube_watchlist::store::{ChangeKind, DiffCounts, Progress, Store};
use kube_watchlist::table::{Column, Columns};
use proptest::prelude::*;

/// An object as a server would send it. Few names and versions, so that they meet often.
#[derive(Clone, Debug)]
struct Object {
    uid: Option<u8>,
    namespace: u8,
    name: u8,
    version: u8,
    cell: u16,
    labels: u8,
}

impl Object {
    fn uid(&self) -> String {
        match self.uid {
            None => String::new(),
            Some(n) if n % 4 == 0 => format!("odd#uid/{n}"),
            Some(n) => format!("00000000-0000-4000-8000-0000000000{n:02x}"),
        }
    }

    fn namespace(&self) -> String {
        ["", "a", "b/%"][usize::from(self.namespace % 3)].to_owned()
    }

    fn name(&self) -> String {
        match self.uid {
            Some(n) => format!("pod-{n}"),
            None => format!("pod#{}", self.name % 3),
        }
    }

    fn cells(&self) -> String {
        format!("[\"{}\",{:?}]", self.name(), "x".repeat(self.cell.into()))
    }

    fn labels(&self) -> String {
        format!("{{\"app\":\"{}\"}}", self.labels % 4)
    }

    fn with_row<T>(&self, use_row: impl FnOnce(&Row<'_>) -> T) -> T {
        let (cells, labels) = (self.cells(), self.labels());
        let version = match self.version % 3 {
            0 => "17".to_owned(),
            1 => "v2".to_owned(),
            _ => "123456789".to_owned(),
        };
        use_row(&Row {
            cells: Cow::Borrowed(cells.as_bytes()),
            meta: Meta {
                name: self.name().into(),
                namespace: self.namespace().into(),
                uid: self.uid().into(),
                resource_version: version.into(),
                creation_timestamp: Some(Timestamp(1_700_000_000_000)),
                labels: Some(labels.as_bytes()),
                ..Meta::default()
            },
        })
    }
}

#[derive(Clone, Debug)]
enum Step {
    Apply(Object),
    Remove(Object),
    Begin,
    Stage(Object),
    StageModified(Object),
    StageRemove(Object),
    Commit,
    Discard,
    Work(usize),
    BeginDrain,
    EndDrain(usize),
}

fn object() -> impl Strategy<Value = Object> {
    (
        prop::option::weighted(0.7, 0_u8..12),
        0_u8..3,
        0_u8..3,
        0_u8..3,
        prop_oneof![8 => 0_u16..3, 1 => 0_u16..5000],
        any::<u8>(),
    )
        .prop_map(|(uid, namespace, name, version, cell, labels)| Object {
            uid,
            namespace,
            name,
            version,
            cell,
            labels,
        })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => object().prop_map(Step::Apply),
        3 => object().prop_map(Step::Remove),
        2 => Just(Step::Begin),
        12 => object().prop_map(Step::Stage),
        2 => object().prop_map(Step::StageModified),
        2 => object().prop_map(Step::StageRemove),
        2 => Just(Step::Commit),
        1 => Just(Step::Discard),
        3 => (1_usize..6).prop_map(Step::Work),
        2 => Just(Step::BeginDrain),
        3 => (0_usize..9).prop_map(Step::EndDrain),
    ]
}

type Rows = BTreeMap<String, (String, String, String)>;

#[derive(Default)]
struct Model {
    live: Rows,
    attempt: Option<Rows>,
    /// An attempt that is being published.
    committing: bool,
    /// What a reader that follows the drains believes.
    reader: Rows,
}

fn escape(text: &str) -> String {
    text.replace('%', "%25")
        .replace('/', "%2F")
        .replace('#', "%23")
}

fn key(object: &Object, occurrence: usize) -> String {
    let uid = object.uid();
    if uid.is_empty() {
        let (namespace, name) = (escape(&object.namespace()), escape(&object.name()));
        format!("{namespace}/{name}#{occurrence}")
    } else if uid.contains('#') {
        format!("#{uid}")
    } else {
        uid
    }
}

fn occurrences(rows: &Rows, object: &Object) -> usize {
    (0..1000)
        .take_while(|&n| rows.contains_key(&key(object, n)))
        .count()
}

fn insert(rows: &mut Rows, object: &Object, occurrence: usize) {
    let version = object.with_row(|row| row.meta.resource_version.to_string());
    let (key, cells) = (key(object, occurrence), object.cells());
    // One version of an object with a uid has one content, whatever else this random object says.
    if let Some(known) = rows.get(&key)
        && known.0 == version
        && known.1 == cells
        && object.uid.is_some()
    {
        return;
    }
    rows.insert(key, (version, cells, object.labels()));
}

fn remove(rows: &mut Rows, object: &Object) -> bool {
    let occurrence = match object.uid {
        Some(_) => 0,
        None => occurrences(rows, object).saturating_sub(1),
    };
    rows.remove(&key(object, occurrence)).is_some()
}

impl Model {
    fn publish(&mut self) {
        if self.committing {
            self.committing = false;
            self.live = self.attempt.take().unwrap_or_default();
        }
    }

    fn stage(&mut self, object: &Object, modified: bool) {
        self.publish();
        let attempt = self.attempt.get_or_insert_default();
        let occurrence = match object.uid {
            None if !modified => occurrences(attempt, object),
            _ => 0,
        };
        // A row that is published with the same version and cells is taken from there.
        let key = key(object, occurrence);
        let version = object.with_row(|row| row.meta.resource_version.to_string());
        attempt.remove(&key);
        if object.uid.is_some()
            && let Some(live) = self.live.get(&key)
            && live.0 == version
            && live.1 == object.cells()
        {
            attempt.insert(key, live.clone());
        } else {
            insert(attempt, object, occurrence);
        }
    }
}

fn read(store: &Store) -> Rows {
    store
        .ids()
        .map(|id| {
            let row = store.row(id).expect("a published row can be read");
            let mut version = String::new();
            row.push_resource_version(&mut version);
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
            let content = (
                version,
                text(row.cells),
                text(row.labels.unwrap_or_default()),
            );
            assert_eq!(store.find(&row.key()), Some(id));
            (row.key(), content)
        })
        .collect()
}

/// Drains everything, as a reader that keeps its own copy by the changes alone.
fn follow(store: &mut Store, reader: &mut Rows) {
    let current = read(store);
    store.begin_drain();
    for (id, kind) in store.changes() {
        let row = store.row(id).expect("readable until the end of the drain");
        let key = row.key();
        let known = reader.contains_key(&key);
        match kind {
            ChangeKind::Removed => {
                assert!(known, "{key} removed, but never told of");
                reader.remove(&key);
            }
            ChangeKind::Added => assert!(!known, "{key} added twice"),
            ChangeKind::Changed => assert!(known, "{key} changed, but never told of"),
        }
        if let Some(row) = current.get(&key) {
            reader.insert(key, row.clone());
        }
    }
}

fn run(steps: &[Step]) {
    let mut store = Store::new(usize::MAX, 42);
    let mut model = Model::default();
    for (index, step) in steps.iter().enumerate() {
        let received = Timestamp(i64::try_from(index).expect("small"));
        match step {
            Step::Apply(object) => {
                model.publish();
                insert(&mut model.live, object, 0);
                object
                    .with_row(|row| store.apply(row, received))
                    .expect("no cap");
            }
            Step::Remove(object) => {
                model.publish();
                let there = object.with_row(|row| store.remove(&row.meta));
                assert_eq!(there, remove(&mut model.live, object));
            }
            Step::Begin => {
                model.publish();
                model.attempt = Some(Rows::new());
                store.begin();
            }
            Step::Stage(object) => {
                model.stage(object, false);
                store.expect_columns(&Columns::default());
                object
                    .with_row(|row| store.stage(row, received))
                    .expect("no cap");
            }
            Step::StageModified(object) => {
                model.stage(object, true);
                store.expect_columns(&Columns::default());
                object
                    .with_row(|row| store.stage_modified(row, received))
                    .expect("no cap");
            }
            Step::StageRemove(object) => {
                let there = object.with_row(|row| store.stage_remove(&row.meta));
                let known = !model.committing
                    && model
                        .attempt
                        .as_mut()
                        .is_some_and(|rows| remove(rows, object));
                assert_eq!(there, known);
            }
            Step::Commit => {
                model.committing |= model.attempt.is_some();
                store.commit(Columns::default());
            }
            Step::Discard => {
                if !model.committing {
                    model.attempt = None;
                }
                store.discard();
            }
            Step::Work(fuel) => {
                if store.work(*fuel) == Progress::Done {
                    model.publish();
                }
            }
            Step::BeginDrain => {
                while store.end_drain(usize::MAX) == Progress::More {}
                if store.is_settled() {
                    follow(&mut store, &mut model.reader);
                    assert_eq!(model.reader, model.live);
                }
            }
            Step::EndDrain(fuel) => {
                let _ = store.end_drain(*fuel);
            }
        }
        if store.is_settled() {
            assert_eq!(read(&store), model.live, "after step {index}: {step:?}");
            assert_eq!(store.len(), model.live.len());
        }
        if !model.committing {
            let staged = model.attempt.as_ref().map_or(0, BTreeMap::len);
            assert_eq!(store.staged_len(), staged, "after step {index}: {step:?}");
        }
    }
    // At last everything goes, and what is held no longer depends on what was.
    store.begin();
    store.commit(Columns::default());
    while store.work(3) == Progress::More {}
    for _ in 0..2 {
        while store.end_drain(3) == Progress::More {}
        store.begin_drain();
    }
    while store.end_drain(3) == Progress::More {}
    assert!(store.is_empty());
    assert_eq!(store.ids().count(), 0);
    assert!(
        store.memory_bytes() < 400 * 1024,
        "{} bytes for no row",
        store.memory_bytes()
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_store_agrees_with_the_model(steps in prop::collection::vec(step(), 1..120)) {
        run(&steps);
    }
}

#[test]
fn a_commit_counts_what_it_changes_and_brings_its_columns() {
    let object = |n, cell| Object {
        uid: Some(n),
        namespace: 1,
        name: 0,
        version: 0,
        cell,
        labels: 0,
    };
    let mut store = Store::new(usize::MAX, 1);
    let columns = |name: &str| {
        Columns(vec![Column {
            name: name.into(),
            ..Column::default()
        }])
    };
    let snapshot = |store: &mut Store, objects: &[Object], columns| {
        store.begin();
        for object in objects {
            object
                .with_row(|row| store.stage(row, Timestamp(0)))
                .expect("no cap");
        }
        store.commit(columns);
        assert!(!store.is_settled());
        while store.work(1) == Progress::More {}
        assert!(store.is_settled());
        store.last_commit()
    };
    let first = snapshot(
        &mut store,
        &[object(1, 1), object(2, 1), object(3, 1)],
        columns("A"),
    );
    assert_eq!(
        first,
        DiffCounts {
            added: 3,
            changed: 0,
            removed: 0
        }
    );
    let epoch = store.columns_epoch();
    let again = snapshot(
        &mut store,
        &[object(1, 1), object(2, 2), object(5, 1)],
        columns("A"),
    );
    assert_eq!(
        again,
        DiffCounts {
            added: 1,
            changed: 1,
            removed: 1
        }
    );
    assert_eq!(store.columns_epoch(), epoch);
    let same = snapshot(
        &mut store,
        &[object(5, 1), object(1, 1), object(2, 2)],
        columns("B"),
    );
    assert_eq!(same, DiffCounts::default());
    assert_eq!(store.columns(), &columns("B"));
    assert_ne!(store.columns_epoch(), epoch);
}
