//! What windows say: rows as text, times that tick, held orders, hostile content, and work in slices.

use kube_watchlist::clock::{Millis, Timestamp};
use kube_watchlist::event::{Meta, Row};
use kube_watchlist::object;
use kube_watchlist::reflector::Resource;
use kube_watchlist::store::{Progress, Store};
use kube_watchlist::table::{Column, Columns};
use kube_watchlist::time_cells::CREATION_DESCRIPTION;
use kube_watchlist::view::{ColumnChoice, Filter, Sort, View, ViewId, ViewOptions, Views};
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp(1_760_000_000_000);

fn columns(names: &[&str]) -> Columns {
    let column = |name: &&str| Column {
        name: (*name).to_owned(),
        kind: "string".to_owned(),
        priority: i32::from(*name == "IP"),
        description: if *name == "Age" {
            CREATION_DESCRIPTION.to_owned()
        } else {
            String::new()
        },
        ..Column::default()
    };
    Columns(names.iter().map(column).collect())
}

struct Table {
    store: Store,
    views: Views,
}

impl Table {
    fn new(names: &[&str]) -> Self {
        Self::of("apps", "deployments", names)
    }

    fn of(group: &str, resource: &str, names: &[&str]) -> Self {
        let resource = Resource {
            group: group.to_owned(),
            version: "v1".to_owned(),
            resource: resource.to_owned(),
            ..Resource::default()
        };
        let mut table = Self {
            store: Store::new(usize::MAX, 9),
            views: Views::new(&resource, usize::MAX),
        };
        table.store.begin();
        table.store.commit(columns(names));
        table.settle();
        table
    }

    fn apply(&mut self, name: &str, cells: &str) {
        self.apply_with(
            cells.as_bytes(),
            Meta {
                name: name.into(),
                ..Meta::default()
            },
        );
    }

    fn apply_with(&mut self, cells: &[u8], meta: Meta<'_>) {
        let row = Row {
            cells: cells.into(),
            meta,
        };
        self.store.apply(&row, NOW).expect("no cap");
    }

    fn remove(&mut self, name: &str) {
        assert!(self.store.remove(&Meta {
            name: name.into(),
            ..Meta::default()
        }));
    }

    fn settle(&mut self) {
        self.settle_at(NOW);
    }

    fn settle_at(&mut self, now: Timestamp) {
        while self.store.work(50) == Progress::More {}
        while self.views.work(&mut self.store, now, 50) == Progress::More {}
    }

    fn open(&mut self, options: ViewOptions) -> ViewId {
        let id = self.views.open(options).expect("a good selector");
        self.settle();
        id
    }

    fn lines(&self, view: ViewId, now: Timestamp) -> Vec<Value> {
        let mut out = String::new();
        assert!(
            self.views
                .window(view, &self.store, (0, 1000), now, &mut out)
        );
        let parse = |line| serde_json::from_str(line).expect("a line is JSON");
        out.lines().map(parse).collect()
    }

    fn names(&self, view: ViewId) -> Vec<String> {
        let lines = self.lines(view, NOW);
        lines
            .iter()
            .map(|line| line["meta"]["name"].as_str().expect("name").to_owned())
            .collect()
    }

    fn pending(&self, view: ViewId) -> usize {
        self.views.get(view).expect("open").pending()
    }
}

fn by(column: &str) -> ViewOptions {
    ViewOptions {
        sort: vec![Sort {
            column: column.to_owned(),
            descending: false,
        }],
        ..ViewOptions::default()
    }
}

#[test]
fn a_line_is_the_row_that_the_package_promises() {
    let mut table = Table::new(&["Name", "Ready", "Age", "IP"]);
    let meta = Meta {
        name: "web/ä".into(),
        namespace: "shop".into(),
        uid: "0a1b2c3d-0000-4000-8000-0123456789ab".into(),
        resource_version: "42".into(),
        creation_timestamp: Some(Timestamp(NOW.0 - 300_000)),
        deletion_timestamp: Some(NOW),
        labels: Some(b"{\n  \"app\": \"web\"\n}"),
        owners: Some(br#"[{"kind":"X"}]"#),
        finalizers: None,
    };
    table.apply_with(
        br#"["web/\u00e4",["1/1", 2],"3m","10.0.0.1","more","than columns"]"#,
        meta,
    );
    let default = table.open(ViewOptions::default());
    let names = ["IP", "Nothing", "Name"].map(str::to_owned).to_vec();
    let picked = table.open(ViewOptions {
        columns: ColumnChoice::Names(names),
        ..by("Nothing")
    });
    let row = json!({
        "key": "0a1b2c3d-0000-4000-8000-0123456789ab",
        "source": 0,
        "path": "/apis/apps/v1/namespaces/shop/deployments/web%2F%C3%A4",
        "cells": ["web/ä", ["1/1", 2], "5m"],
        "meta": {
            "name": "web/ä",
            "namespace": "shop",
            "uid": "0a1b2c3d-0000-4000-8000-0123456789ab",
            "resourceVersion": "42",
            "creationTimestamp": "2025-10-09T08:48:20Z",
            "deletionTimestamp": "2025-10-09T08:53:20Z",
            "labels": {"app": "web"},
            "owners": [{"kind": "X"}],
            "finalizers": [],
        },
    });
    assert_eq!(table.lines(default, NOW), [row]);
    assert_eq!(
        table.lines(picked, NOW)[0]["cells"],
        json!(["10.0.0.1", "web/ä"])
    );
}

#[test]
fn times_tick_and_the_next_tick_is_known() {
    let mut table = Table::new(&["Name", "Age"]);
    let meta = Meta {
        name: "a".into(),
        creation_timestamp: Some(Timestamp(NOW.0 - 59_000)),
        ..Meta::default()
    };
    table.apply_with(br#"["a","59s"]"#, meta);
    let view = table.open(ViewOptions::default());
    let mut now = NOW;
    let mut last = table.lines(view, now)[0]["cells"][1].clone();
    assert_eq!(last, "59s");
    for _ in 0..100 {
        let tick = table
            .views
            .get(view)
            .expect("open")
            .next_tick(&table.store, 0, 10, now);
        let Some(Millis(tick)) = tick else {
            panic!("an age ticks for ever")
        };
        let tick = i64::try_from(tick).expect("soon");
        assert!(tick > 0);
        assert_eq!(
            table.lines(view, Timestamp(now.0 + tick - 1))[0]["cells"][1],
            last,
            "too late"
        );
        now = Timestamp(now.0 + tick);
        let next = table.lines(view, now)[0]["cells"][1].clone();
        assert_ne!(next, last, "too early");
        last = next;
    }
    let view = table.views.get(view).expect("open");
    assert_eq!(view.next_tick(&table.store, 1, 10, now), None);
}

#[test]
fn what_still_runs_overtakes_what_is_over() {
    const MINUTE: u64 = 60_000;
    let mut table = Table::of("batch", "jobs", &["Name", "Status", "Duration"]);
    table.apply("new", r#"["new","Running","60s"]"#);
    table.apply("long", r#"["long","Running","30m"]"#);
    table.apply("done", r#"["done","Complete","60m"]"#);
    let view = table.open(by("Duration"));
    assert_eq!(table.names(view), ["new", "long", "done"]);
    let wait = |table: &Table, now| {
        let view = table.views.get(view).expect("open");
        view.next_tick(&table.store, 0, 0, now).map(|tick| tick.0)
    };
    // Nobody looks at a row, so nothing but the order can ask for the time.
    let mut orders = vec![(0, table.names(view))];
    let mut now = NOW;
    while now.0 < NOW.0 + 7_200_000 {
        let tick = wait(&table, now).expect("an order in which jobs run");
        assert!((1..=MINUTE).contains(&tick), "{tick}");
        now = Timestamp(now.0 + i64::try_from(tick).expect("soon"));
        table.settle_at(now);
        let names = table.names(view);
        if orders.last().is_none_or(|(_, last)| *last != names) {
            orders.push(((now.0 - NOW.0) / 60_000, names));
        }
    }
    let names = |names: [&str; 3]| names.map(str::to_owned).to_vec();
    let overtaken = [
        (0, names(["new", "long", "done"])),
        // They are equal, and the name decides.
        (30, names(["new", "done", "long"])),
        (59, names(["done", "new", "long"])),
    ];
    assert_eq!(orders, overtaken);

    table.views.get_mut(view).expect("open").hold();
    now = Timestamp(now.0 + 7_200_000);
    assert_eq!(wait(&table, now), None, "a held order stands");
    let ids: Vec<_> = table.store.ids().collect();
    table.settle_at(now);
    assert_eq!(table.store.ids().collect::<Vec<_>>(), ids);
    table.views.get_mut(view).expect("open").release();
    assert_eq!(wait(&table, now), Some(0));
    table.settle_at(now);
    assert_eq!(wait(&table, now), Some(MINUTE));
}

#[test]
fn an_order_in_which_nothing_runs_stands_for_ever() {
    let mut table = Table::of("batch", "jobs", &["Name", "Status", "Duration"]);
    table.apply("long", r#"["long","Running","30m"]"#);
    for column in ["Name", "Status"] {
        let view = table.open(by(column));
        let view = table.views.get(view).expect("open");
        let later = Timestamp(NOW.0 + 86_400_000);
        assert_eq!(view.next_tick(&table.store, 0, 0, later), None, "{column}");
    }
}

#[test]
fn rows_with_more_or_fewer_cells_than_columns_are_shown_and_sorted_by_those_that_fit() {
    let mut table = Table::new(&["Name", "Rank", "Age"]);
    let created = |seconds: i64| Meta {
        creation_timestamp: Some(Timestamp(NOW.0 - seconds * 1000)),
        ..Meta::default()
    };
    for (name, cells, age) in [
        ("long", r#"["long",2,"5s",{"more":1},"than"]"#, 5),
        ("even", r#"["even",1,"9s"]"#, 9),
        ("short", r#"["short"]"#, 7),
        ("none", "[]", 3),
    ] {
        let meta = Meta {
            name: name.into(),
            ..created(age)
        };
        table.apply_with(cells.as_bytes(), meta);
    }
    let columns = ColumnChoice::Wide;
    let view = table.open(ViewOptions {
        columns,
        ..by("Rank")
    });
    let cells = |table: &Table, view| -> Vec<Value> {
        let lines = table.lines(view, NOW);
        lines.iter().map(|line| line["cells"].clone()).collect()
    };
    // What is not there is null and comes first; an age follows from the metadata all the same.
    let expected = [
        json!([null, null, "3s"]),
        json!(["short", null, "7s"]),
        json!(["even", 1, "9s"]),
        json!(["long", 2, "5s"]),
    ];
    assert_eq!(cells(&table, view), expected);
    let by_age = table.open(by("Age"));
    assert_eq!(table.names(by_age), ["none", "long", "short", "even"]);
    // Cells beyond the columns are not found either.
    let found = table.open(ViewOptions {
        filter: Filter {
            text: "than".to_owned(),
            ..Filter::default()
        },
        ..ViewOptions::default()
    });
    assert_eq!(table.names(found), [""; 0]);
    // A row that grows and one that shrinks move.
    table.apply("short", r#"["short",3,"7s","more"]"#);
    table.apply("long", r#"["long"]"#);
    table.settle();
    assert_eq!(table.names(view), ["long", "none", "even", "short"]);
}

#[test]
fn objects_without_a_namespace_are_shown_without_its_column() {
    let shown = |namespace: &'static str, choice: ColumnChoice| {
        let mut table = Table::new(&[]);
        table.store.begin();
        table.store.commit(object::columns(true));
        let meta = Meta {
            name: "a".into(),
            namespace: namespace.into(),
            ..Meta::default()
        };
        table.settle();
        table.apply_with(format!(r#"["a","{namespace}",null]"#).as_bytes(), meta);
        let view = table.open(ViewOptions {
            columns: choice,
            ..ViewOptions::default()
        });
        let view = table.views.get(view).expect("open");
        let names = view.columns(&table.store).into_iter();
        names.map(|column| column.name.clone()).collect::<Vec<_>>()
    };
    let all = ["Name", "Namespace", "Age"];
    assert_eq!(shown("", ColumnChoice::Default), ["Name", "Age"]);
    assert_eq!(shown("", ColumnChoice::Wide), all);
    assert_eq!(shown("shop", ColumnChoice::Default), all);
}

#[test]
fn hostile_content_cannot_break_a_line() {
    let mut table = Table::new(&["Name", "Status"]);
    let cells: [&[u8]; 8] = [
        b"[\"a\nb\",\"x\"]",
        b"[\"\xff\",\"x\"]",
        b"[1,",
        b"not json at all",
        b"",
        b"[{\"a\":[}],1]",
        b"[\"x\"]\n,{\"key\":\"injected\"}",
        b"[null,1e99]",
    ];
    for (number, cells) in cells.into_iter().enumerate() {
        let name = format!("\"}}],\\\n\u{2028}\u{0}{number}");
        let meta = Meta {
            name: name.as_str().into(),
            namespace: "../\n".into(),
            uid: format!("#\"{number}\n").into(),
            resource_version: "\"\\".into(),
            creation_timestamp: Some(Timestamp(i64::MIN)),
            labels: Some(b"{\"a\":}"),
            owners: Some(b"{}"),
            finalizers: Some(b"]\xff"),
            ..Meta::default()
        };
        table.apply_with(cells, meta);
    }
    let view = table.open(by("Status"));
    let lines = table.lines(view, NOW);
    assert_eq!(lines.len(), cells.len());
    for line in lines {
        assert_eq!(line["cells"].as_array().map(Vec::len), Some(2));
        assert_eq!(
            (&line["meta"]["labels"], &line["meta"]["owners"]),
            (&json!({}), &json!([]))
        );
        let key = line["key"].as_str().expect("text");
        let there = table
            .views
            .get(view)
            .and_then(|view| view.index_of(&table.store, key));
        assert!(there.is_some(), "{key}");
    }
}

#[test]
fn a_held_order_stands_still_until_it_is_released() {
    let mut table = Table::new(&["Name", "Rank"]);
    for (name, rank) in [("a", 1), ("b", 2), ("c", 3), ("d", 4)] {
        table.apply(name, &format!("[\"{name}\",{rank}]"));
    }
    let view = table.open(by("Rank"));
    table.views.get_mut(view).expect("open").hold();
    // One moves, one is new, one goes and is forgotten by the store, one changes and stays.
    table.apply("a", "[\"a\",9]");
    table.apply("n", "[\"n\",0]");
    table.remove("c");
    table.apply("d", "[\"d\",5]");
    table.settle();
    // The freed place in the store goes to another.
    table.apply("m", "[\"m\",7]");
    table.settle();
    assert_eq!(table.names(view), ["a", "b", "c", "d"]);
    let lines = table.lines(view, NOW);
    let ranks: Vec<i64> = lines
        .iter()
        .filter_map(|line| line["cells"][1].as_i64())
        .collect();
    assert_eq!(ranks, [9, 2, 3, 5]);
    let removed: Vec<bool> = lines
        .iter()
        .map(|line| line["removed"] == Value::Bool(true))
        .collect();
    assert_eq!(removed, [false, false, true, false]);
    assert_eq!(table.pending(view), 4);
    let at = |table: &Table, key| {
        table
            .views
            .get(view)
            .and_then(|v| v.index_of(&table.store, key))
    };
    assert_eq!((at(&table, "/c#0"), at(&table, "/n#0")), (Some(2), None));
    // What came while the order was held and went again leaves no trace, and what moved back waits no more.
    table.remove("m");
    table.apply("a", "[\"a\",1]");
    table.settle();
    assert_eq!(table.pending(view), 2);
    table.views.get_mut(view).expect("open").release();
    table.settle();
    assert_eq!(table.names(view), ["n", "a", "b", "d"]);
    assert_eq!(table.pending(view), 0);
}

#[test]
fn the_old_order_is_read_until_the_new_one_is_there() {
    let mut table = Table::new(&["Name", "Rank"]);
    for number in 0..3000 {
        table.apply(
            &format!("n{number:04}"),
            &format!("[\"n{number:04}\",{}]", 3000 - number),
        );
    }
    let view = table.open(ViewOptions::default());
    let first = |table: &Table| table.names(view).first().cloned();
    assert_eq!(first(&table).as_deref(), Some("n0000"));
    table
        .views
        .get_mut(view)
        .expect("open")
        .update(by("Rank"))
        .expect("good");
    let mut slices = 0;
    while table.views.work(&mut table.store, NOW, 500) == Progress::More {
        slices += 1;
        if slices == 3 {
            // Changes are followed meanwhile.
            table.remove("n0000");
        }
        let first = first(&table);
        if slices > 8 && slices < 20 {
            assert_eq!(first.as_deref(), Some("n0001"), "after {slices} slices");
        }
        let count = table.views.get(view).expect("open").count();
        assert!(count >= 2999, "{count}");
    }
    assert!(slices > 20, "{slices} slices");
    assert_eq!(first(&table).as_deref(), Some("n2999"));
    assert_eq!(table.names(view).len(), 1000);
}

#[test]
fn changes_between_the_slices_of_earlier_ones_leave_the_order_right() {
    const ROWS: u32 = 600;
    let mut table = Table::new(&["Name", "Rank", "Weight"]);
    let mut state = 1_u32;
    let mut random = |below: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % below
    };
    // Ranks that only whole cells tell apart, and weights that the first bytes of a sort key do.
    let mut ranks = vec![[0, 0]; ROWS as usize];
    let view = table.open(by("Rank"));
    for round in 0..1500 {
        for _ in 0..random(60) {
            let row = random(ROWS);
            let rank = [random(1000), random(1000)];
            ranks[row as usize] = rank;
            let cells = format!(
                "[\"n{row:03}\",\"long-equal-beginning-{:04}\",{}]",
                rank[0], rank[1]
            );
            table.apply(&format!("n{row:03}"), &cells);
        }
        // Seldom enough to finish, so that the next changes meet a half-done order.
        let _ = table
            .views
            .work(&mut table.store, NOW, random(1500) as usize);
        let column = random(2) as usize;
        if round % 25 == 0 {
            let options = by(["Rank", "Weight"][column]);
            table
                .views
                .get_mut(view)
                .expect("open")
                .update(options)
                .expect("good");
        }
        if round % 25 == 24 {
            table.settle();
            let options = table.views.get(view).expect("open").options().clone();
            let column = usize::from(options == by("Weight")) + 1;
            let lines = table.lines(view, NOW);
            let shown = |line: &Value| {
                let text = line["cells"][column].to_string();
                let number = text
                    .trim_matches('"')
                    .trim_start_matches("long-equal-beginning-");
                number.parse::<u32>().ok()
            };
            assert!(lines.is_sorted_by_key(shown), "round {round}");
            for line in &lines {
                let name = line["meta"]["name"].as_str().expect("name");
                let row: usize = name.trim_start_matches('n').parse().expect("number");
                assert_eq!(shown(line), Some(ranks[row][column - 1]));
            }
        }
    }
}

#[test]
fn no_window_shows_half_a_commit_or_cells_under_other_columns() {
    let mut table = Table::new(&["Name"]);
    table.apply("a", "[\"a\"]");
    let view = table.open(ViewOptions::default());
    table.store.begin();
    let row = Row {
        cells: b"[1,\"b\"]"[..].into(),
        meta: Meta {
            name: "b".into(),
            ..Meta::default()
        },
    };
    table.store.stage(&row, NOW).expect("room");
    assert_eq!(table.names(view), ["a"]);
    table.store.commit(columns(&["Rank", "Name"]));
    let mut out = String::new();
    assert!(
        !table
            .views
            .window(view, &table.store, (0, 10), NOW, &mut out)
    );
    assert_eq!(table.views.work(&mut table.store, NOW, 100), Progress::Done);
    while table.store.work(1) == Progress::More {}
    // Settled, but the order is still that of the old columns.
    assert!(
        !table
            .views
            .window(view, &table.store, (0, 10), NOW, &mut out)
    );
    assert_eq!(out, "");
    table.settle();
    assert_eq!(table.lines(view, NOW)[0]["cells"], json!([1, "b"]));
}

#[test]
fn a_bad_selector_is_refused_and_changes_nothing() {
    let mut table = Table::new(&["Name"]);
    table.apply("a", "[\"a\"]");
    let bad = || ViewOptions {
        filter: Filter {
            label_selector: "a in (".to_owned(),
            ..Filter::default()
        },
        ..ViewOptions::default()
    };
    assert!(table.views.open(bad()).is_err());
    let view = table.open(ViewOptions::default());
    assert!(
        table
            .views
            .get_mut(view)
            .expect("open")
            .update(bad())
            .is_err()
    );
    table.settle();
    assert_eq!(table.names(view), ["a"]);
}

#[test]
fn a_view_over_the_cap_says_so_and_others_go_on() {
    let resource = Resource {
        version: "v1".to_owned(),
        resource: "pods".to_owned(),
        ..Resource::default()
    };
    let mut table = Table::new(&["Name"]);
    // One order of these rows fits, two do not.
    table.views = Views::new(&resource, 512 * 1024);
    for number in 0..10_000 {
        table.apply(&format!("n{number:05}"), "[1]");
    }
    let first = table.open(ViewOptions::default());
    let second = table.open(by("Name"));
    let error = |table: &Table, view| {
        table
            .views
            .get(view)
            .and_then(View::error)
            .map(|error| error.limit_bytes)
    };
    assert_eq!(
        (error(&table, first), error(&table, second)),
        (None, Some(512 * 1024))
    );
    assert!(
        !table
            .views
            .get(second)
            .expect("open")
            .is_ready(&table.store)
    );
    assert_eq!(table.names(first).len(), 1000);
    table.apply("a", "[1]");
    table.settle();
    assert_eq!(table.names(first)[0], "a");
    // With the first one closed there is room; an update tries again.
    table.views.close(first);
    let view = table.views.get_mut(second).expect("open");
    view.update(ViewOptions::default()).expect("good");
    table.settle();
    assert_eq!(error(&table, second), None);
    assert_eq!(table.names(second)[0], "a");
}

#[test]
fn a_feed_that_is_asked_before_the_views_followed_the_first_snapshot_has_nothing_to_say() {
    for names in [&["a", "b"][..], &[]] {
        let mut table = Table {
            store: Store::new(usize::MAX, 9),
            views: Views::new(&Resource::default(), usize::MAX),
        };
        let feed = table.views.open_feed();
        table.store.begin();
        for name in names {
            let meta = Meta {
                name: (*name).into(),
                ..Meta::default()
            };
            let cells = b"[1]"[..].into();
            let staged = table.store.stage(&Row { cells, meta }, NOW);
            staged.expect("room");
        }
        table.store.commit(columns(&["Rank"]));
        while table.store.work(50) == Progress::More {}
        let mut out = String::new();
        let mut ask = |table: &mut Table| {
            out.clear();
            let some = table
                .views
                .next_batch(feed, &table.store, NOW, 10, &mut out);
            some.expect("no cap").then(|| out.clone())
        };
        assert_eq!(ask(&mut table), None);
        table.settle();
        let batch = ask(&mut table).expect("the snapshot");
        assert_eq!(batch.matches("\"key\"").count(), names.len());
        assert!(batch.contains("\"last\":true"));
        assert_eq!(ask(&mut table), None);
    }
}

#[test]
fn a_hundred_thousand_rows_in_slices() {
    let mut table = Table::new(&["Name", "Rank"]);
    let view = table.open(by("Rank"));
    let feed = table.views.open_feed();
    table.store.begin();
    for number in 0..100_000_u32 {
        let cells = format!(
            "[\"n{number}\",{}]",
            number.wrapping_mul(2_654_435_761) % 1000
        );
        let meta = Meta {
            name: format!("n{number}").into(),
            ..Meta::default()
        };
        let row = Row {
            cells: cells.as_bytes().into(),
            meta,
        };
        table.store.stage(&row, NOW).expect("room");
    }
    table.store.commit(columns(&["Name", "Rank"]));
    let mut slices = 0;
    while table.store.work(5000) == Progress::More {}
    while table.views.work(&mut table.store, NOW, 5000) == Progress::More {
        slices += 1;
    }
    assert!(slices > 100, "{slices} slices");
    let lines = table.lines(view, NOW);
    assert!(lines.is_sorted_by_key(|line| line["cells"][1].as_i64()));
    assert_eq!(table.views.get(view).map(View::count), Some(100_000));
    let mut out = String::new();
    let mut rows = 0;
    while table
        .views
        .next_batch(feed, &table.store, NOW, 5000, &mut out)
        .expect("no cap")
    {
        rows += out.matches("\"key\"").count();
        out.clear();
    }
    assert_eq!(rows, 100_000);
}
