//! What a store holds: little a row, no more after ten snapshots than after one, and never more than declared.

use kube_watchlist::clock::Timestamp;
use kube_watchlist::event::{Meta, Row};
use kube_watchlist::store::{CapacityError, ChangeKind, Progress, Store};
use kube_watchlist::table::{Column, Columns};

const RECEIVED: Timestamp = Timestamp(1_760_000_000_000);

/// A pod as API servers send it as a Table row with metadata; three belong to one `ReplicaSet`.
fn pod<T>(number: u32, version: u32, padding: usize, use_row: impl FnOnce(&Row<'_>) -> T) -> T {
    let set = number / 3;
    let name = format!(
        "checkout-service-{:08x}-{number:05x}",
        set.wrapping_mul(0x9E37_79B9)
    );
    let cells = format!(
        r#"["{name}","1/1","Running","2 (3d4h ago)","12d","10.244.{}.{}","worker-pool-a-{:02}","<none>","{}"]"#,
        number / 250 % 250,
        number % 250,
        number % 40,
        if padding == 0 {
            "<none>".to_owned()
        } else {
            "p".repeat(padding)
        },
    );
    let labels = format!(
        r#"{{"app.kubernetes.io/instance":"checkout","app.kubernetes.io/name":"checkout-service","pod-template-hash":"{:08x}","team":"payments"}}"#,
        set.wrapping_mul(0x9E37_79B9)
    );
    let owners = format!(
        r#"[{{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"checkout-service-{set:08x}","uid":"0a1b2c3d-0000-4000-8000-{set:012x}","controller":true,"blockOwnerDeletion":true}}]"#
    );
    use_row(&Row {
        cells: cells.as_bytes().into(),
        meta: Meta {
            name: name.as_str().into(),
            namespace: format!("team-{}", number % 20).into(),
            uid: format!("8c5a1f7e-3b2d-4e6f-9a0b-{number:012x}").into(),
            resource_version: (90_000_000 + u64::from(version)).to_string().into(),
            creation_timestamp: Some(Timestamp(1_759_000_000_000 + i64::from(number) * 1000)),
            labels: Some(labels.as_bytes()),
            owners: Some(owners.as_bytes()),
            ..Meta::default()
        },
    })
}

fn drain(store: &mut Store) {
    // The first ends a drain that was open.
    for _ in 0..2 {
        while store.end_drain(1000) == Progress::More {}
        store.begin_drain();
    }
    while store.end_drain(1000) == Progress::More {}
}

fn snapshot(store: &mut Store, numbers: impl Iterator<Item = u32>, version: u32, padding: usize) {
    store.begin();
    for number in numbers {
        pod(number, version, padding, |row| store.stage(row, RECEIVED)).expect("room");
    }
    store.commit(Columns::default());
    while store.work(1000) == Progress::More {}
}

#[test]
fn a_pod_takes_at_most_350_bytes() {
    const ROWS: u32 = 30_000;
    let mut store = Store::new(usize::MAX, 5);
    let mut sent = 0;
    store.begin();
    for number in 0..ROWS {
        pod(number, 1, 0, |row| {
            sent += row.cells.len() + row.meta.labels.map_or(0, <[u8]>::len);
            sent += row.meta.owners.map_or(0, <[u8]>::len) + row.meta.name.len() + 36;
            store.stage(row, RECEIVED).expect("room");
        });
    }
    store.commit(Columns::default());
    while store.work(1000) == Progress::More {}
    let each = store.memory_bytes() / ROWS as usize;
    assert!(
        each <= 350,
        "{each} bytes a row; the JSON alone {}",
        sent / ROWS as usize
    );
}

#[test]
fn ten_snapshots_leave_memory_where_one_left_it() {
    const ROWS: u32 = 2_000;
    type Numbers = fn(u32) -> std::ops::Range<u32>;
    type Way = (&'static str, Numbers, fn(u32) -> u32, fn(u32) -> usize);
    let same: Numbers = |_| 0..ROWS;
    let moving: Numbers = |round| round * 280..round * 280 + ROWS;
    // Equal rows; every row another version; other lengths too; other pods too.
    let ways: [Way; 4] = [
        ("equal", same, |_| 1, |_| 0),
        ("new versions", same, |round| round, |_| 0),
        (
            "new lengths",
            same,
            |round| round,
            |round| (round as usize * 37) % 90 + 1,
        ),
        (
            "new pods",
            moving,
            |round| round,
            |round| (round as usize * 37) % 90 + 1,
        ),
    ];
    for (name, numbers, version, padding) in ways {
        let mut store = Store::new(usize::MAX, 5);
        let mut after_one = 0;
        for round in 1..=11 {
            snapshot(&mut store, numbers(round), version(round), padding(round));
            drain(&mut store);
            // Live churn between snapshots.
            for number in numbers(round).step_by(7) {
                let change = pod(number, 100 + round, 11, |row| store.apply(row, RECEIVED));
                change.expect("room");
            }
            for number in numbers(round).step_by(11) {
                assert!(pod(number, 0, 0, |row| store.remove(&row.meta)));
            }
            drain(&mut store);
            if round == 1 {
                after_one = store.memory_bytes();
            }
        }
        let now = store.memory_bytes();
        // Where lengths differ, later rows may be a fifth longer than the first.
        let part = if padding(1) > 0 { 4 } else { 32 };
        let allowed = after_one / part + 128 * 1024;
        assert!(
            now <= after_one + allowed,
            "{name}: {after_one} bytes after one, {now} after ten more"
        );
        snapshot(&mut store, 0..0, 0, 0);
        drain(&mut store);
        // What stays are slots and tables of the index, ready for the next rows.
        let empty = store.memory_bytes();
        assert!(
            empty < now / 2,
            "{name}: {empty} of {now} bytes stay for no rows"
        );
    }
}

#[test]
fn an_equal_snapshot_costs_nothing_while_it_comes() {
    let mut store = Store::new(usize::MAX, 5);
    snapshot(&mut store, 0..5000, 1, 0);
    drain(&mut store);
    let before = store.memory_bytes();
    store.begin();
    store.expect_columns(&Columns::default());
    for number in 0..5000 {
        pod(number, 1, 0, |row| {
            store.stage(row, Timestamp(RECEIVED.0 + 60_000))
        })
        .expect("room");
    }
    assert_eq!(store.staged_len(), 5000);
    assert_eq!(store.memory_bytes(), before);
    store.commit(Columns::default());
    while store.work(1000) == Progress::More {}
    assert_eq!(
        store.last_commit(),
        kube_watchlist::store::DiffCounts::default()
    );
    // The older receipt stays with the older text.
    let id = store.ids().next().expect("a row");
    assert_eq!(store.row(id).expect("there").received, RECEIVED);
}

#[test]
fn under_columns_that_are_not_known_to_be_the_same_no_time_is_taken_for_another() {
    let columns = |name: &str| {
        Columns(vec![Column {
            name: name.to_owned(),
            ..Column::default()
        }])
    };
    let later = Timestamp(RECEIVED.0 + 60_000);
    for expected in [None, Some("Finished"), Some("Started")] {
        let mut store = Store::new(usize::MAX, 5);
        pod(1, 1, 0, |row| store.stage(row, RECEIVED)).expect("room");
        store.commit(columns("Started"));
        while store.work(1000) == Progress::More {}
        store.begin();
        if let Some(name) = expected {
            store.expect_columns(&columns(name));
        }
        // The same version, in the same words: "3d4h" was said a minute later, perhaps of something else.
        pod(1, 1, 0, |row| store.stage(row, later)).expect("room");
        store.commit(columns(expected.unwrap_or("Finished")));
        while store.work(1000) == Progress::More {}
        let id = store.ids().next().expect("a row");
        let is_same = expected == Some("Started");
        assert_eq!(
            store.row(id).expect("there").received,
            if is_same { RECEIVED } else { later },
            "{expected:?}"
        );
    }
}

#[test]
fn at_the_cap_nothing_is_lost_and_the_store_goes_on() {
    const LIMIT: usize = 1024 * 1024;
    let mut store = Store::new(LIMIT, 5);
    snapshot(&mut store, 0..1000, 1, 0);
    drain(&mut store);
    let error = CapacityError { limit_bytes: LIMIT };
    // A live row too many, again and again.
    let mut stored = 1000;
    loop {
        match pod(stored, 1, 0, |row| store.apply(row, RECEIVED)) {
            Ok(()) => stored += 1,
            Err(full) => {
                assert_eq!(full, error);
                break;
            }
        }
    }
    assert!((2000..20_000).contains(&stored), "{stored} rows");
    for number in stored..stored + 100 {
        assert_eq!(
            pod(number, 1, 0, |row| store.apply(row, RECEIVED)),
            Err(error)
        );
    }
    // A change that does not fit leaves the row as it was.
    assert_eq!(
        pod(7, 2, 2_000_000, |row| store.apply(row, RECEIVED)),
        Err(error)
    );
    assert_eq!(store.len(), stored as usize);
    assert!(
        store.memory_bytes() <= LIMIT + 128 * 1024,
        "{}",
        store.memory_bytes()
    );
    // A snapshot that does not fit beside the rows is refused and can be thrown away; the rows stay.
    store.begin();
    let staged = (0..stored).try_for_each(|n| pod(n, 3, 5, |row| store.stage(row, RECEIVED)));
    assert_eq!(staged, Err(error));
    store.discard();
    while store.work(100) == Progress::More {}
    assert_eq!(store.staged_len(), 0);
    let read: usize = store.ids().filter(|&id| store.row(id).is_some()).count();
    assert_eq!(read, stored as usize);
    // What is removed makes room.
    for number in 0..500 {
        assert!(pod(number, 1, 0, |row| store.remove(&row.meta)));
    }
    drain(&mut store);
    for number in 0..400 {
        assert_eq!(
            pod(number, 4, 0, |row| store.apply(row, RECEIVED)),
            Ok(()),
            "{number} {} {stored}",
            store.memory_bytes()
        );
    }
}

#[test]
fn work_goes_in_slices() {
    const ROWS: u32 = 10_000;
    let mut store = Store::new(usize::MAX, 5);
    let slices = |work: &mut dyn FnMut() -> Progress| {
        let mut calls = 1;
        while work() == Progress::More {
            calls += 1;
        }
        calls
    };
    store.begin();
    for number in 0..ROWS {
        pod(number, 1, 0, |row| store.stage(row, RECEIVED)).expect("room");
    }
    store.commit(Columns::default());
    assert_eq!(slices(&mut || store.work(100)), 100);
    store.begin_drain();
    assert_eq!(store.changes().count(), ROWS as usize);
    assert!(store.changes().all(|(_, kind)| kind == ChangeKind::Added));
    assert_eq!(slices(&mut || store.end_drain(100)), 100);
    store.begin();
    for number in 0..ROWS {
        pod(number, 2, 0, |row| store.stage(row, RECEIVED)).expect("room");
    }
    store.discard();
    assert_eq!(slices(&mut || store.work(100)), 100);
    assert_eq!(store.len(), ROWS as usize);
}

#[test]
fn very_many_rows_without_name_and_uid_are_kept_in_time() {
    let mut store = Store::new(usize::MAX, 5);
    let row = Row {
        cells: b"[1]"[..].into(),
        meta: Meta::default(),
    };
    store.begin();
    for _ in 0..20_000 {
        store.stage(&row, RECEIVED).expect("room");
    }
    store.commit(Columns::default());
    while store.work(1000) == Progress::More {}
    assert_eq!(store.len(), 20_000);
    assert!(store.find("/#19999").is_some());
    for left in (19_000..20_000).rev() {
        assert!(store.remove(&row.meta));
        assert_eq!(store.len(), left);
    }
}

#[test]
fn a_row_larger_than_any_segment_is_kept_and_given_back() {
    let mut store = Store::new(usize::MAX, 5);
    pod(1, 1, 0, |row| store.apply(row, RECEIVED)).expect("room");
    drain(&mut store);
    let before = store.memory_bytes();
    for padding in [65_000, 65_200, 65_300, 65_536, 5_000_000] {
        pod(2, 1, padding, |row| {
            store.apply(row, RECEIVED).expect("room");
            let id = store.find(&row.meta.uid).expect("there");
            assert_eq!(store.row(id).expect("there").cells, &*row.cells);
        });
        assert!(pod(2, 1, 0, |row| store.remove(&row.meta)));
        drain(&mut store);
        assert!(store.memory_bytes() <= before + 2 * 65_536, "{padding}");
    }
}
