//! Bad input, end to end: from bytes through the machine and the store to the rows of a view.

mod sim;

use kube_watchlist::reflector::{Config, Mode, Phase};
use kube_watchlist::request::{Request, RequestKind};
use kube_watchlist::store::Progress;
use kube_watchlist::view::{ColumnChoice, ViewId, ViewOptions, Views};
use serde_json::{Value, json};
use sim::*;

/// A world and what a user sees of it.
struct Seen<S> {
    world: World<S>,
    views: Views,
    view: ViewId,
}

impl<S: Server> Seen<S> {
    fn start(server: S) -> Self {
        Self::start_with(config(), server)
    }

    fn start_with(config: Config, server: S) -> Self {
        let mut views = Views::new(&config.resource, usize::MAX);
        let options = ViewOptions {
            columns: ColumnChoice::Wide,
            ..ViewOptions::default()
        };
        let view = views.open(options).expect("no selector");
        Self {
            world: World::start_with(config, server),
            views,
            view,
        }
    }

    /// The cells of all rows, by name.
    fn cells(&mut self) -> Vec<Value> {
        let now = self.world.clock().wall;
        let store = self.world.machine.store_mut();
        while self.views.work(store, now, 100) == Progress::More {}
        let mut out = String::new();
        let store = self.world.machine.store();
        assert!(
            self.views
                .window(self.view, store, (0, 1000), now, &mut out)
        );
        let line = |line| serde_json::from_str::<Value>(line).expect("a line is JSON");
        out.lines().map(|text| line(text)["cells"].take()).collect()
    }

    fn message(&self) -> String {
        let error = self.world.status().error;
        error.map_or_else(String::new, |error| error.message)
    }
}

const TWO_COLUMNS: &str =
    r#"[{"name":"Name","type":"string","format":"name"},{"name":"Ready","type":"string"}]"#;

fn table(kind: &str, columns: &str, version: u64, rows: &str) -> String {
    format!(
        "{{\"type\":\"{kind}\",\"object\":{{\"kind\":\"Table\",\"metadata\":{{\"resourceVersion\":\"{version}\"}},\"columnDefinitions\":{columns},\"rows\":[{rows}]}}}}\n"
    )
}

fn cells_of(name: &str, cells: &str) -> String {
    format!(r#"{{"cells":[{cells}],"object":{{"metadata":{{"name":"{name}","uid":"u-{name}"}}}}}}"#)
}

fn good(name: &str, version: u64) -> String {
    let cells = format!(r#""{name}","1/1""#);
    table("ADDED", TWO_COLUMNS, version, &cells_of(name, &cells))
}

fn end_of_list(version: u64) -> String {
    let row = r#"{"cells":["",""],"object":{"metadata":{"annotations":{"k8s.io/initial-events-end":"true"}}}}"#;
    table("BOOKMARK", TWO_COLUMNS, version, row)
}

/// Name, bytes in the middle of a stream, how many documents they cost, what is said of the last one, and the cells that
/// they bring.
type Case = (&'static str, Vec<u8>, u64, &'static str, Option<Value>);

fn bad_bytes() -> Vec<Case> {
    let lost = |what, text: &str, said| (what, text.as_bytes().to_vec(), 1, said, None);
    let huge = cells_of("huge", &format!(r#""{}""#, "x".repeat(2 << 20)));
    // In what is skipped, and in what is read.
    let brackets = |depth| "[".repeat(depth) + &"]".repeat(depth);
    let deep = format!(
        "{{\"type\":\"ADDED\",\"object\":{{\"kind\":\"Table\",\"deep\":{}}}}}\n",
        brackets(100_000)
    );
    let deep_cell = table("ADDED", "null", 6, &cells_of("deep", &brackets(10_100)));
    vec![
        (
            "arbitrary bytes",
            b"\x00\xff\xfe\x80]}{\"\r\x1b[2J\n".to_vec(),
            1,
            "no JSON document at byte",
            None,
        ),
        lost(
            "a web page",
            "<!DOCTYPE html>\n<html>\n<script>{}</script>\n</html>\n",
            "no JSON document at byte",
        ),
        lost(
            "wrong brackets",
            "{\"type\":\"ADDED\",\"object\":{\"rows\":[}}\n",
            "at byte",
        ),
        lost(
            "wrong JSON",
            "{\"type\":\"ADDED\",\"object\":{\"kind\" \"Table\"}}\n",
            "expected a colon at byte 33",
        ),
        lost(
            "rows of a wrong kind",
            "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Table\",\"rows\":3}}\n",
            "expected an array at byte 48",
        ),
        lost(
            "a type of a wrong kind",
            "{\"type\":5}\n",
            "expected a string at byte 8",
        ),
        lost(
            "an unknown type",
            "{\"type\":\"PURGED\",\"object\":{}}\n",
            "unknown event type at byte 8",
        ),
        lost(
            "no object",
            "{\"type\":\"ADDED\"}\n",
            "missing field `object`",
        ),
        lost(
            "a version of a wrong kind",
            "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Table\",\"metadata\":{\"resourceVersion\":7}}}\n",
            "expected a string at byte",
        ),
        lost(
            "too long",
            &table("ADDED", "null", 6, &huge),
            "a document is longer than 1048576 bytes",
        ),
        lost(
            "a cell that is too deep",
            &deep_cell,
            "nested too deep at byte",
        ),
        ("deep in what is skipped", deep.into_bytes(), 0, "", None),
        (
            "a row without metadata",
            table("ADDED", "null", 6, r#"{"cells":["bare","0/1"]}"#).into_bytes(),
            0,
            "",
            Some(json!(["bare", "0/1"])),
        ),
        (
            "fewer cells than columns",
            table("ADDED", "null", 6, &cells_of("few", r#""few""#)).into_bytes(),
            0,
            "",
            Some(json!(["few", null])),
        ),
        (
            "more cells than columns",
            table(
                "ADDED",
                "null",
                6,
                &cells_of("many", r#""many","1/1",{},[]"#),
            )
            .into_bytes(),
            0,
            "",
            Some(json!(["many", "1/1"])),
        ),
    ]
}

#[test]
fn bad_input_in_a_good_stream_is_stated_and_the_stream_goes_on() {
    for in_snapshot in [true, false] {
        for (what, bad, dropped, said, brings) in bad_bytes() {
            let (at, end_at) = if in_snapshot { (20, 40) } else { (2000, 15) };
            let input = bad.clone();
            let mut seen = Seen::start(move |request: &Request| {
                assert_eq!(request.kind, RequestKind::WatchList);
                let mut answer = vec![
                    ok(),
                    bytes(10, good("a", 5)),
                    bytes(end_at, end_of_list(7)),
                    bytes(at, input.clone()),
                    bytes(at + 10, good("z", 8)),
                ];
                answer.sort_by_key(|&(at, _)| at);
                answer
            });
            seen.world.pass(3000);
            let (a, z) = (json!(["a", "1/1"]), json!(["z", "1/1"]));
            let mut rows = seen.cells();
            rows.sort_by_key(Value::to_string);
            let mut expected: Vec<_> = [Some(a), brings, Some(z)].into_iter().flatten().collect();
            expected.sort_by_key(Value::to_string);
            assert_eq!(rows, expected, "{what}");
            let status = seen.world.status();
            assert_eq!(
                (status.phase, status.dropped_frames),
                (Phase::Live, dropped),
                "{what}"
            );
            let code = if dropped > 0 { "incomplete" } else { "" };
            assert_eq!(seen.world.error(), code, "{what}");
            assert!(seen.message().contains(said), "{what}: {}", seen.message());
            assert_eq!(seen.world.sent.len(), 1, "{what}: the stream goes on");
        }
    }
}

#[test]
fn bad_elements_in_a_good_page_are_stated_and_the_page_goes_on() {
    let huge = cells_of("huge", &format!(r#""{}""#, "x".repeat(2 << 20)));
    for (bad, said) in [
        ("5", "expected an object at byte 0"),
        (r#"{"cells":{}}"#, "expected an array at byte 9"),
        (
            r#"{"cells":[],"object":[]}"#,
            "expected an object at byte 21",
        ),
        (&huge, "a document is longer than 1048576 bytes"),
    ] {
        let rows = [row("a", 1), bad.to_owned(), row("z", 2)];
        let text = page("20", "", COLUMNS, &rows);
        let mut seen = Seen::start(move |request: &Request| match request.kind {
            RequestKind::WatchList => no_watchlist(),
            RequestKind::List => list(text.clone()),
            _ => vec![ok()],
        });
        seen.world.until_phase(Phase::Live, 1000);
        assert_eq!(seen.cells(), [json!(["a"]), json!(["z"])]);
        assert_eq!(seen.world.error(), "incomplete");
        assert!(seen.message().contains(said), "{}", seen.message());
    }
}

#[test]
fn an_object_of_twenty_megabytes_is_named_with_the_limit() {
    let mut defaults = config();
    defaults.limit_frame = Config::new(defaults.resource.clone(), 1).limit_frame;
    let mut seen = Seen::start_with(defaults, |_: &_| {
        let huge = cells_of("huge", &format!(r#""{}""#, "x".repeat(20 << 20)));
        vec![
            ok(),
            bytes(10, good("a", 5) + &end_of_list(7)),
            bytes(1000, table("ADDED", "null", 8, &huge)),
            bytes(1001, good("z", 9)),
        ]
    });
    seen.world.pass(2000);
    assert_eq!(seen.cells().len(), 2);
    assert_eq!(
        seen.message(),
        "a document could not be read: the table may lack what it told (a document is longer than 16777216 bytes)"
    );
}

#[test]
fn thousands_of_columns_are_a_table_like_any_other() {
    let columns: Vec<_> = (0..3000).map(|n| format!(r#"{{"name":"c{n}"}}"#)).collect();
    let columns = format!("[{}]", columns.join(","));
    let mut first = true;
    let mut seen = Seen::start(move |_: &_| {
        let wide = table(
            "ADDED",
            &columns,
            8,
            &cells_of("w", &vec!["1"; 3000].join(",")),
        );
        if std::mem::take(&mut first) {
            // In the middle of a stream they are other columns: a new snapshot.
            return vec![
                ok(),
                bytes(10, good("a", 5) + &end_of_list(7)),
                bytes(1000, wide),
            ];
        }
        let end = end_of_list(9).replace(TWO_COLUMNS, "null");
        vec![
            ok(),
            bytes(10, wide + &end),
            bytes(100, table("ADDED", "null", 10, &cells_of("z", "1"))),
        ]
    });
    seen.world.pass(2000);
    assert_eq!((seen.world.phase(), seen.world.error()), (Phase::Live, ""));
    let rows = seen.cells();
    let lengths: Vec<_> = rows
        .iter()
        .map(|row| row.as_array().unwrap().len())
        .collect();
    assert_eq!(lengths, [3000, 3000]);
}

#[test]
fn a_web_page_that_is_labelled_json_is_no_list() {
    let html = "<!DOCTYPE html>\n<html><body>Sign in</body></html>\n";
    let mut seen = Seen::start(move |_: &_| vec![ok(), bytes(10, html), end(11)]);
    seen.world.until_phase(Phase::Failed, 60_000);
    assert_eq!(seen.world.error(), "not-a-list");
    assert!(
        seen.message().ends_with("(no JSON document at byte 0)"),
        "{}",
        seen.message()
    );
    let sent = seen.world.sent.len();
    assert!(sent <= 3, "{sent} requests");
    // What ends with a page of a proxy's is not whole: it is asked for again, with the reason.
    let mut seen = Seen::start(move |request: &Request| {
        if request.kind == RequestKind::WatchList {
            no_watchlist()
        } else {
            let text = format!("{}{html}", &page("7", "", COLUMNS, &[row("a", 1)])[..150]);
            vec![ok(), bytes(10, text), end(11)]
        }
    });
    seen.world
        .until("the reason", 1000, |world| world.error() == "truncated");
    assert!(seen.world.status().next_retry_at.is_some());
}

#[test]
fn columns_that_were_lost_cost_the_stream_and_nothing_else() {
    let huge = || event("ADDED", &"x".repeat(2 << 20), 1);
    // The first event of a streaming list, which told the columns. Beside it there are other rows, or none.
    for others in [event("ADDED", "b", 2), String::new()] {
        let mut seen = Seen::start(move |request: &Request| match request.kind {
            RequestKind::WatchList => vec![ok(), bytes(10, huge() + &others + &end_bookmark(9))],
            RequestKind::List => list(page("9", "", COLUMNS, &[row("b", 2)])),
            _ => vec![ok(), bytes(100, event("ADDED", "c", 10))],
        });
        seen.world.until_phase(Phase::Live, 1000);
        seen.world.pass(1000);
        assert_eq!(seen.cells(), [json!(["b"]), json!(["c"])]);
        let status = seen.world.status();
        assert_eq!(
            (status.mode, seen.world.fallback()),
            (Mode::ListWatch, "no-columns")
        );
        let message = status.fallback.unwrap().message;
        assert!(message.contains("longer than 1048576 bytes"), "{message}");
    }
    // Of a WATCH that is to continue: a new snapshot.
    let mut snapshots = 0;
    let mut seen = Seen::start(move |request: &Request| match request.kind {
        RequestKind::WatchList => {
            snapshots += 1;
            let mut answer = snapshot(if snapshots == 1 { &["a"] } else { &["b"] }, 9);
            answer.push(broken(60_000));
            answer.truncate(if snapshots == 1 { 3 } else { 2 });
            answer
        }
        _ => vec![ok(), bytes(10, huge() + &event("MODIFIED", "a", 11))],
    });
    seen.world.until_phase(Phase::Resuming, 61_000);
    seen.world
        .until("a new snapshot", 5000, |world| world.names() == ["b"]);
    assert_eq!(seen.world.status().mode, Mode::WatchList);
    // Of a WATCH beside a LIST: both again.
    let mut watches = 0;
    let mut seen = Seen::start(move |request: &Request| match request.kind {
        RequestKind::WatchList => no_watchlist(),
        RequestKind::List if query(request, "continue").is_none() => {
            list(page("9", "next", COLUMNS, &[row("a", 1)]))
        }
        RequestKind::List => {
            let mut answer = list(page("9", "", COLUMNS, &[row("b", 2)]));
            answer[0].0 = 1000;
            answer[1].0 = 1010;
            answer[2].0 = 1011;
            answer
        }
        RequestKind::Watch => {
            watches += 1;
            let lost = if watches == 1 { huge() } else { String::new() };
            vec![ok(), bytes(10, lost + &event("ADDED", "c", 11))]
        }
        RequestKind::Probe => panic!("{request:?}"),
    });
    seen.world.until_phase(Phase::Live, 5000);
    assert_eq!(seen.cells(), [json!(["a"]), json!(["b"]), json!(["c"])]);
    // Where there are none at all, nothing helps.
    let mut seen = Seen::start(|request: &Request| match request.kind {
        RequestKind::WatchList => vec![ok(), bytes(10, event_with("ADDED", "null", "a", 1))],
        _ => list(page("9", "", "null", &[row("b", 2)])),
    });
    seen.world.until_phase(Phase::Failed, 1000);
    assert_eq!(
        (seen.world.error(), seen.world.sent.len()),
        ("no-columns", 3)
    );
    assert!(seen.world.names().is_empty());
}

#[test]
fn columns_that_cannot_be_read_are_a_stated_failure() {
    let many = format!("[{}]", vec![r#"{"name":"c"}"#; 5000].join(","));
    for (columns, said) in [
        (many.as_str(), "too many columns at byte"),
        (
            r#"[{"name":"Name"},{"name":5}]"#,
            "invalid column definition at byte 17",
        ),
    ] {
        for streams in [true, false] {
            let columns = columns.to_owned();
            let mut seen = Seen::start(move |request: &Request| match request.kind {
                RequestKind::WatchList if streams => {
                    vec![ok(), bytes(10, event_with("ADDED", &columns, "a", 1))]
                }
                RequestKind::WatchList => no_watchlist(),
                RequestKind::List => list(page("9", "", &columns, &[row("b", 2)])),
                _ => vec![ok()],
            });
            seen.world.until_phase(Phase::Failed, 1000);
            assert_eq!(seen.world.error(), "bad-columns");
            assert!(seen.message().contains(said), "{}", seen.message());
            seen.world.pass(600_000);
            assert!(seen.world.sent.len() <= 3, "{}", seen.world.requests());
        }
    }
    // A list whose own metadata cannot be read is no list.
    let mut seen = Seen::start(|request: &Request| match request.kind {
        RequestKind::WatchList => no_watchlist(),
        _ => list(page("9", "", COLUMNS, &[]).replace(r#""9""#, "9")),
    });
    seen.world.until_phase(Phase::Failed, 1000);
    assert_eq!(seen.world.error(), "not-a-list");
    assert!(
        seen.message().contains("expected a string at byte"),
        "{}",
        seen.message()
    );
}

#[test]
fn objects_without_uid_are_not_merged_beside_a_list() {
    let bare = |name: &str, cell: &str| {
        format!(r#"{{"cells":["{cell}"],"object":{{"metadata":{{"name":"{name}"}}}}}}"#)
    };
    let mut seen = Seen::start(move |request: &Request| match request.kind {
        RequestKind::WatchList => no_watchlist(),
        RequestKind::List if query(request, "continue").is_none() => {
            list(page("9", "next", COLUMNS, &[bare("p", "listed")]))
        }
        RequestKind::List => {
            let mut answer = list(page("9", "", COLUMNS, &[]));
            answer[0].0 = 1000;
            answer[1].0 = 1010;
            answer[2].0 = 1011;
            answer
        }
        _ => {
            let events = table("ADDED", COLUMNS, 10, &bare("p", "added"))
                + &table("ADDED", "null", 11, &bare("p", "again"))
                + &table("ADDED", "null", 12, &bare("q", "gone"))
                + &table("DELETED", "null", 13, &bare("q", "gone"));
            vec![ok(), bytes(10, events)]
        }
    });
    seen.world.until_phase(Phase::Live, 5000);
    let mut rows = seen.cells();
    rows.sort_by_key(Value::to_string);
    assert_eq!(
        rows,
        [json!(["added"]), json!(["again"]), json!(["listed"])]
    );
}

#[test]
fn plain_objects_on_a_streaming_list_come_with_a_reason() {
    let plain = r#"{"type":"ADDED","object":{"kind":"Pod","metadata":{"name":"a","uid":"u","resourceVersion":"3"}}}
{"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"9","annotations":{"k8s.io/initial-events-end":"true"}}}}
"#;
    let mut seen = Seen::start(move |_: &_| {
        vec![
            ok(),
            bytes(10, plain),
            bytes(30_000, error(410, "Expired", "m")),
        ]
    });
    seen.world.until_phase(Phase::Live, 1000);
    let status = seen.world.status();
    assert_eq!(
        (status.mode, seen.world.fallback()),
        (Mode::WatchList, "no-tables")
    );
}
