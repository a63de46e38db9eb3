//! Events that no recorded server sends: keys in any order, wrong kinds, hostile sizes.

use kube_watchlist::clock::Timestamp;
use kube_watchlist::event::{
    self, Bookmark, Event, Format, MAX_ROWS, Meta, Objects, Row, decode, rfc3339,
};
use kube_watchlist::json::{Error, ErrorKind, Kind};
use kube_watchlist::object;
use kube_watchlist::status::Status;
use kube_watchlist::table::{Cells, Columns};

fn objects<'a>(event: &'a Event<'_>) -> &'a Objects<'a> {
    match event {
        Event::Added(objects) | Event::Modified(objects) | Event::Deleted(objects) => objects,
        other => panic!("{other:?}"),
    }
}

fn row<'a>(event: &'a Event<'_>) -> &'a Row<'a> {
    objects(event).first.as_ref().expect("a row")
}

fn bookmark(event: Event<'_>) -> Bookmark<'_> {
    match event {
        Event::Bookmark(bookmark) => bookmark,
        other => panic!("{other:?}"),
    }
}

fn event(json: &str) -> Event<'_> {
    decode(json.as_bytes()).unwrap_or_else(|error| panic!("{error}: {json}"))
}

/// As the machine reads it: empty where it is none.
fn status_of(raw: &[u8]) -> Status {
    Status::parse(raw).unwrap_or_default()
}

fn error(json: &str) -> Error {
    decode(json.as_bytes()).expect_err(json)
}

/// All orders of these members, as objects.
fn orders(members: &[&str]) -> Vec<String> {
    fn permute(left: &[&str], done: &[&str], all: &mut Vec<String>) {
        if left.is_empty() {
            all.push(format!("{{{}}}", done.join(",")));
        }
        for (index, member) in left.iter().enumerate() {
            let others = [&left[..index], &left[index + 1..]].concat();
            permute(&others, &[done, &[*member]].concat(), all);
        }
    }
    let mut all = Vec::new();
    permute(members, &[], &mut all);
    all
}

#[test]
fn keys_in_any_order() {
    let rows = orders(&[
        r#""cells":["web-0",1]"#,
        r#""object":{"metadata":{"uid":"u","name":"web-0"},"kind":"PartialObjectMetadata"}"#,
        r#""conditions":[]"#,
    ]);
    let mut count = 0;
    for row in rows {
        let members = [
            r#""kind":"Table""#,
            r#""metadata":{"resourceVersion":"7"}"#,
            r#""columnDefinitions":[{"name":"Name"}]"#,
            &format!(r#""rows":[{row}]"#),
        ];
        for object in orders(&members) {
            for json in orders(&[r#""type":"MODIFIED""#, &format!(r#""object":{object}"#)]) {
                let event = event(&json);
                assert!(matches!(event, Event::Modified(_)), "{json}");
                let meta = Meta {
                    name: "web-0".into(),
                    uid: "u".into(),
                    ..Meta::default()
                };
                let expected = Objects {
                    format: Format::Table,
                    resource_version: Some("7".into()),
                    columns: Some(br#"[{"name":"Name"}]"#),
                    first: Some(Row {
                        cells: br#"["web-0",1]"#.into(),
                        meta,
                    }),
                    rest: Vec::new(),
                };
                assert_eq!(objects(&event), &expected, "{json}");
                count += 1;
            }
        }
    }
    assert_eq!(count, 6 * 24 * 2);
}

#[test]
fn escaped_keys_and_values_are_the_same() {
    let plain = event(
        r#"{"type":"ADDED","object":{"kind":"Table","rows":[{"object":{"metadata":{"name":"n"}}}]}}"#,
    );
    let escaped = r#"{"\u0074ype":"ADD\u0045D","obj\u0065ct":{"k\u0069nd":"T\u0061ble","r\u006fws":[{"\u006fbject":{"metadat\u0061":{"n\u0061me":"\u006e"}}}]}}"#;
    assert_eq!(event(escaped), plain);
}

#[test]
fn of_duplicate_keys_the_last_one_wins_whole() {
    let json = r#"{"type":"ERROR","type":"ADDED","object":{"kind":"Status"},"object":{"kind":"Pod","kind":"Table",
        "metadata":{"resourceVersion":"1"},"rows":[{"cells":[1]}],"rows":[{"cells":[2],"cells":[3],
        "object":{"metadata":{"name":"a","uid":"u"},"metadata":{"name":"b","name":"c"}}}],"metadata":{"selfLink":""}}}"#;
    let event = event(json);
    let objects = objects(&event);
    assert_eq!(
        (objects.format, &objects.resource_version),
        (Format::Table, &None)
    );
    assert_eq!(
        (
            row(&event).meta.name.as_ref(),
            row(&event).meta.uid.as_ref()
        ),
        ("c", "")
    );
    assert_eq!(row(&event).cells.as_ref(), b"[3]");
    assert_eq!(objects.rest, []);
}

/// What was read as a Table's counts for nothing in what turns out to be none.
#[test]
fn a_kind_that_changes_its_mind() {
    let table = r#""kind":"Table","columnDefinitions":[{}],"rows":[{"cells":[1],"object":{"metadata":{"resourceVersion":"7",
        "annotations":{"k8s.io/initial-events-end":"true"}}}},{"cells":[2]}]"#;
    let object = format!(r#""object":{{{table},"kind":"Pod","metadata":{{"name":"p"}}}}"#);
    let json = format!(r#"{{"type":"ADDED",{object}}}"#);
    let event_of_pod = event(&json);
    let pod = objects(&event_of_pod);
    assert_eq!(
        (pod.format, pod.columns, &pod.resource_version, &pod.rest),
        (Format::Object, None, &None, &vec![])
    );
    assert_eq!(row(&event_of_pod).meta.name, "p");
    assert_eq!(
        bookmark(event(&format!(r#"{{"type":"BOOKMARK",{object}}}"#))),
        Bookmark {
            format: Format::Object,
            resource_version: None,
            initial_events_end: false,
            columns: None,
        }
    );
    let status = r#""object":{"kind":"Status","code":410}"#;
    let json = format!(r#"{{"type":"ADDED",{status},{object}}}"#);
    assert_eq!(event(&json), event_of_pod);
}

/// The object was read as one type of event and turns out to belong to another.
#[test]
fn a_type_that_changes_its_mind() {
    let object =
        r#""object":{"kind":"Status","reason":"Expired","code":410,"metadata":{"name":5}}"#;
    let json = format!(r#"{{"type":"FUTURE",{object},"type":"ERROR"}}"#);
    let Event::Error(status) = event(&json) else {
        panic!()
    };
    let status = status_of(status);
    assert_eq!((status.code, status.reason.as_str()), (410, "Expired"));
    let pod = r#""object":{"kind":"Pod","metadata":{"annotations":{"k8s.io/initial-events-end":"true"}}}"#;
    assert!(
        bookmark(event(&format!(
            r#"{{"type":"ADDED",{pod},"type":"BOOKMARK"}}"#
        )))
        .initial_events_end
    );
    assert!(matches!(
        event(&format!(r#"{{"type":"BOOKMARK",{pod},"type":"DELETED"}}"#)),
        Event::Deleted(_)
    ));
}

#[test]
fn null_is_the_same_as_absent() {
    let json = r#"{"type":"ADDED","object":{"kind":"Table","metadata":null,"columnDefinitions":null,"rows":[
        {"cells":null,"object":{"metadata":null}},{"object":null},{"object":{"metadata":{"name":null,"namespace":null,"uid":null,
        "resourceVersion":null,"creationTimestamp":null,"deletionTimestamp":null,"labels":null,"ownerReferences":null,"finalizers":null}}}]}}"#;
    let event = event(json);
    let Objects {
        resource_version,
        columns,
        first,
        rest,
        ..
    } = objects(&event);
    assert_eq!((resource_version, columns), (&None, &None));
    let empty = Row {
        cells: b"[]".into(),
        meta: Meta::default(),
    };
    assert_eq!(first.as_ref(), Some(&empty));
    assert_eq!(rest, &[empty.clone(), empty]);
    let rows_null = decode(br#"{"type":"ADDED","object":{"kind":"Table","rows":null}}"#).unwrap();
    assert_eq!(objects(&rows_null).first, None);
}

#[test]
fn empty_containers_are_absent_too() {
    let json = r#"{"type":"ADDED","object":{"kind":"Table","columnDefinitions":[ ],"rows":[{"object":{"metadata":{"labels":{ },"ownerReferences":[],"finalizers":[]}}}]}}"#;
    let event = event(json);
    assert_eq!(objects(&event).columns, None);
    assert_eq!(row(&event).meta, Meta::default());
}

#[test]
fn the_end_of_the_initial_events() {
    let table = |metadata: &str, row: &str| {
        format!(
            r#"{{"type":"BOOKMARK","object":{{"kind":"Table","metadata":{{"resourceVersion":"9"{metadata}}},"rows":[{row}]}}}}"#
        )
    };
    let row = |annotations: &str| {
        format!(
            r#"{{"cells":["","0/0"],"object":{{"metadata":{{"resourceVersion":"8","annotations":{annotations}}}}}}}"#
        )
    };
    let end = r#"{"a":"b","k8s.io/initial-events-end":"true"}"#;
    let ends = |json: &str| bookmark(event(json)).initial_events_end;
    assert!(ends(&table("", &row(end))));
    assert!(ends(&table(&format!(r#","annotations":{end}"#), "")));
    assert!(ends(&table(
        "",
        &row(r#"{"k8s.io\/initial-events-end":"tru\u0065"}"#)
    )));
    // Only that value, only that key, only there.
    for other in [
        "null",
        "{}",
        r#"{"k8s.io/initial-events-end":"false"}"#,
        r#"{"k8s.io/initial-events-end":"True"}"#,
        r#"{"k8s.io/initial-events-end":""}"#,
        r#"{"k8s.io/initial-events-end":null}"#,
        r#"{"initial-events-end":"true"}"#,
        r#"{"k8s.io/initial-events-end":"true","k8s.io/initial-events-end":"no"}"#,
    ] {
        assert!(!ends(&table("", &row(other))), "{other}");
    }
    assert!(
        !ends(&table("", &[row("{}"), row(end)].join(","))),
        "only the first row counts"
    );
    let pod = r#"{"type":"BOOKMARK","object":{"kind":"Pod","rows":[ROW],"metadata":{"resourceVersion":"9"}}}"#;
    let pod = pod.replace("ROW", &row(end));
    assert!(!ends(&pod), "only a Table has rows");
    assert_eq!(bookmark(event(&pod)).format, Format::Object);
}

/// The row of a bookmark is made of nothing: of it only the version and the end mark are read.
#[test]
fn the_row_of_a_bookmark_is_no_row() {
    let json = r#"{"type":"BOOKMARK","object":{"kind":"Table","metadata":{},"columnDefinitions":[{}],"rows":[{"cells":["","0/0"],
        "object":{"metadata":{"resourceVersion":"8","creationTimestamp":null}}}]}}"#;
    let expected = Bookmark {
        format: Format::Table,
        resource_version: Some("8".into()),
        initial_events_end: false,
        columns: Some(b"[{}]"),
    };
    assert_eq!(bookmark(event(json)), expected);
}

#[test]
fn errors_carry_what_is_known() {
    for (object, code, reason) in [
        (
            r#"{"kind":"Status","code":410,"reason":"Expired"}"#,
            410,
            "Expired",
        ),
        (r#"{"code":410,"reason":"Gone"}"#, 0, ""),
        (r#"{"kind":"Pod","metadata":{"name":7}}"#, 0, ""),
        (r#""gone""#, 0, ""),
        ("[]", 0, ""),
    ] {
        for json in orders(&[r#""type":"ERROR""#, &format!(r#""object":{object}"#)]) {
            let Event::Error(status) = event(&json) else {
                panic!("{json}")
            };
            let status = status_of(status);
            assert_eq!(
                (status.code, status.reason.as_str()),
                (code, reason),
                "{json}"
            );
        }
    }
    // A Status is no object to show, whatever the event says.
    let json = r#"{"type":"ADDED","object":{"kind":"Status","code":500}}"#;
    assert!(matches!(event(json), Event::Error(status) if status_of(status).code == 500));
}

/// Whole documents that are no events, and events with wrong fields: what and where.
#[test]
fn wrong_events_are_refused_at_their_byte() {
    use ErrorKind::*;
    let missing = r#"{"type":"ADDED"}"#;
    let cases: &[(&str, ErrorKind, usize)] = &[
        ("[]", Expected(Kind::Object), 0),
        ("<html>", ExpectedValue, 0),
        ("{}", MissingField("type"), 2),
        (r#"{"type":null,"object":{}} "#, MissingField("type"), 25),
        (missing, MissingField("object"), missing.len()),
        (
            r#"{"type":"ADDED","object":null}"#,
            MissingField("object"),
            30,
        ),
        (r#"{"type":"SYNCED","object":{}}"#, UnknownEventType, 8),
        (r#"{"object":5,"type": ""}"#, UnknownEventType, 20),
        (r#"{"type":7,"object":{}}"#, Expected(Kind::String), 8),
        (
            r#"{"type":"ADDED","object":"x"}"#,
            Expected(Kind::Object),
            25,
        ),
        (
            r#"{"type":"ADDED","object":{"kind":1}}"#,
            Expected(Kind::String),
            33,
        ),
        (
            r#"{"type":"ADDED","object":{"kind":"Table","rows":{}}}"#,
            Expected(Kind::Array),
            48,
        ),
        (
            r#"{"type":"ADDED","object":{"rows":{},"kind":"Table"}}"#,
            Expected(Kind::Array),
            33,
        ),
        (
            r#"{"type":"ADDED","object":{"kind":"Table","rows":[1]}}"#,
            Expected(Kind::Object),
            49,
        ),
        (
            r#"{"type":"ADDED","object":{"kind":"Table","columnDefinitions":5}}"#,
            Expected(Kind::Array),
            61,
        ),
        (
            r#"{"type":"ADDED","object":{"kind":"Table","rows":[{"cells":{}}]}}"#,
            Expected(Kind::Array),
            58,
        ),
        (
            r#"{"type":"ADDED","object":{"metadata":[]}}"#,
            Expected(Kind::Object),
            37,
        ),
        (
            r#"{"type":"ADDED","object":{"metadata":{"uid":{}}}}"#,
            Expected(Kind::String),
            44,
        ),
        (
            r#"{"type":"ADDED","object":{"metadata":{"labels":[]}}}"#,
            Expected(Kind::Object),
            47,
        ),
        (
            r#"{"type":"ADDED","object":{"metadata":{"labels":{"a":}}}}"#,
            ExpectedValue,
            52,
        ),
        (
            r#"{"type":"ADDED","object":{"metadata":{"creationTimestamp":5}}}"#,
            Expected(Kind::String),
            58,
        ),
        (r#"{"type":"ADDED","object":{}}{"#, TrailingBytes, 28),
        (
            r#"{"type":"ADDED","object":{"metadata":{"labels":{"a":[1}}}}}"#,
            MismatchedBracket,
            54,
        ),
    ];
    for &(json, kind, offset) in cases {
        assert_eq!(error(json), Error { kind, offset }, "{json}");
    }
    let utf8 = b"{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"labels\":{\"a\":\"\xff\"}}}}";
    assert_eq!(
        decode(utf8),
        Err(Error {
            kind: InvalidUtf8,
            offset: 53
        })
    );
}

/// Members named like a Table's mean nothing in other objects, whatever they hold.
#[test]
fn other_kinds_may_have_rows_and_columns() {
    let members = [
        r#""kind":"Sheet""#,
        r#""rows":5"#,
        r#""columnDefinitions":{"a":[]}"#,
        r#""metadata":{"name":"s"}"#,
    ];
    for object in orders(&members) {
        let json = format!(r#"{{"type":"ADDED","object":{object}}}"#);
        let event = event(&json);
        assert_eq!(
            (objects(&event).format, objects(&event).columns),
            (Format::Object, None),
            "{json}"
        );
        assert_eq!(row(&event).meta.name, "s", "{json}");
    }
}

#[test]
fn generic_cells_match_the_generic_columns() {
    let json = r#"{"kind":"Pod","metadata":{"creationTimestamp":"2026-11-23T15:33:54Z","name":"a\u003cb","namespace":"n"}}"#;
    for format in [Format::Object, Format::Metadata] {
        let row = event::decode_object(json.as_bytes(), format).unwrap();
        // The age is told by the metadata, so that it ticks.
        assert_eq!(row.cells.as_ref(), br#"["a<b","n",null]"#);
        assert_eq!(
            row.meta.creation_timestamp,
            rfc3339::parse("2026-11-23T15:33:54Z")
        );
        assert_eq!(row.meta.name, "a<b");
        assert_eq!(
            Cells::new(&row.cells).count(),
            object::columns(true).0.len()
        );
    }
    let bare = event::decode_object(b"{}", Format::Object).unwrap();
    assert_eq!(bare.cells.as_ref(), b"[null,null,null]");
}

/// A time that is none is unknown; it does not cost the row.
#[test]
fn malformed_times_are_unknown() {
    let json = r#"{"metadata":{"name":"n","creationTimestamp":"soon","deletionTimestamp":"2026-11-23T15:33:54.5+01:00"}}"#;
    let row = event::decode_object(json.as_bytes(), Format::Object).unwrap();
    assert_eq!(row.meta.creation_timestamp, None);
    assert_eq!(
        row.meta.deletion_timestamp,
        Some(Timestamp(1_795_444_434_500))
    );
    assert_eq!(row.cells.as_ref(), br#"["n",null,null]"#);
}

#[test]
fn list_metadata() {
    let meta = |json: &'static str| event::decode_list_meta(json.as_bytes());
    let page = meta(
        r#"{"resourceVersion":"5","continue":"t\u006f","remainingItemCount":3,"selfLink":{}}"#,
    )
    .unwrap();
    assert_eq!(
        (
            page.resource_version.as_ref(),
            page.continue_token.as_ref(),
            page.remaining_item_count
        ),
        ("5", "to", Some(3))
    );
    assert_eq!(meta("{}"), meta("null"));
    assert_eq!(
        meta(r#"{"remainingItemCount":-3}"#)
            .unwrap()
            .remaining_item_count,
        None
    );
    assert_eq!(
        meta("[]"),
        Err(Error {
            kind: ErrorKind::Expected(Kind::Object),
            offset: 0
        })
    );
    assert!(meta("{").unwrap_err().is_incomplete());
    assert_eq!(
        meta("{}{}"),
        Err(Error {
            kind: ErrorKind::TrailingBytes,
            offset: 2
        })
    );
}

#[test]
fn elements_end_where_they_end() {
    assert!(
        event::decode_row(b"{\"cells\":[")
            .unwrap_err()
            .is_incomplete()
    );
    assert_eq!(
        event::decode_row(b"{},"),
        Err(Error {
            kind: ErrorKind::TrailingBytes,
            offset: 2
        })
    );
    assert_eq!(
        event::decode_object(b"{},", Format::Object),
        Err(Error {
            kind: ErrorKind::TrailingBytes,
            offset: 2
        })
    );
}

#[test]
fn hostile_sizes() {
    let in_event = |object: &str| format!(r#"{{"type":"ADDED","object":{object}}}"#);
    // An object of 20 MiB, nearly all of it skipped.
    let big = in_event(&format!(
        r#"{{"kind":"ConfigMap","data":{{"k":"{}"}},"metadata":{{"name":"big"}}}}"#,
        "x".repeat(20 << 20)
    ));
    assert_eq!(row(&event(&big)).meta.name, "big");
    // 3,000 columns; fewer and more cells than columns.
    let columns = vec![r#"{"name":"c"}"#; 3000].join(",");
    for cells in [0, 1, 2999, 3001, 10_000] {
        let json = in_event(&format!(
            r#"{{"kind":"Table","columnDefinitions":[{columns}],"rows":[{{"cells":[{}]}}]}}"#,
            vec!["1"; cells].join(",")
        ));
        let event = event(&json);
        assert_eq!(
            Columns::parse(objects(&event).columns.unwrap())
                .unwrap()
                .0
                .len(),
            3000
        );
        assert_eq!(Cells::new(&row(&event).cells).count(), cells);
    }
    // Nesting, where it is skipped and where it is read.
    for (prefix, suffix, limited) in [
        ("\"spec\":", "", false),
        ("\"metadata\":{\"labels\":{\"a\":", "}}", true),
    ] {
        for depth in [10_000, 10_020, 200_000] {
            let fits = !limited || depth == 10_000;
            let json = in_event(&format!(
                "{{{prefix}{}{}{suffix}}}",
                "[".repeat(depth),
                "]".repeat(depth)
            ));
            match decode(json.as_bytes()) {
                Ok(_) => assert!(fits, "{depth}"),
                Err(error) => assert!(
                    !fits && error.kind == ErrorKind::TooDeep,
                    "{depth}: {error}"
                ),
            }
        }
    }
    // Many rows in one event: servers send one.
    let table = |rows: usize| {
        let rows = vec![r#"{"cells":[1]}"#; rows].join(",");
        in_event(&format!(r#"{{"kind":"Table","rows":[{rows}]}}"#))
    };
    assert_eq!(objects(&event(&table(MAX_ROWS))).rest.len(), MAX_ROWS - 1);
    for rows in [MAX_ROWS + 1, 50_000] {
        let error = decode(table(rows).as_bytes()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::TooManyRows);
    }
}
