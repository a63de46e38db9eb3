//! Every recorded watch stream decodes to what the server meant, and every part of one to nothing wrong.

#![cfg(not(target_arch = "wasm32"))]

mod common;

use std::borrow::Cow;

use common::{Exchange, all_recorded, recorded};
use kube_watchlist::event::{self, Event, Format, Meta, Objects, Row, decode, rfc3339};
use kube_watchlist::json::ErrorKind;
use kube_watchlist::status::Status;
use kube_watchlist::table::{Cells, Columns};
use serde_json::{Value, json};

/// One line that says what an event is: type, form, version, namespace and name, and what else it brings.
fn tell(event: &Event<'_>) -> String {
    match event {
        Event::Added(objects) => tell_objects("ADDED", objects),
        Event::Modified(objects) => tell_objects("MODIFIED", objects),
        Event::Deleted(objects) => tell_objects("DELETED", objects),
        Event::Bookmark(bookmark) => {
            let version = bookmark.resource_version.as_deref().unwrap_or("-");
            let end = if bookmark.initial_events_end {
                " end"
            } else {
                ""
            };
            format!(
                "BOOKMARK {:?} {version}{end}{}",
                bookmark.format,
                columns(bookmark.columns)
            )
        }
        Event::Error(status) => {
            let status = Status::parse(status).unwrap();
            format!("ERROR {} {}", status.code, status.reason)
        }
    }
}

fn tell_objects(kind: &str, objects: &Objects<'_>) -> String {
    let row = objects.first.as_ref().expect("a row");
    assert_eq!(objects.rest, [], "servers send one row an event");
    let version = objects.resource_version.as_deref().unwrap_or("-");
    let Meta {
        namespace, name, ..
    } = &row.meta;
    format!(
        "{kind} {:?} {version} {namespace}/{name}{}",
        objects.format,
        columns(objects.columns)
    )
}

fn columns(raw: Option<&[u8]>) -> String {
    raw.map(|raw| format!(" {} columns", Columns::parse(raw).unwrap().0.len()))
        .unwrap_or_default()
}

fn told(exchange: &Exchange) -> Vec<String> {
    exchange
        .frames()
        .map(|frame| tell(&decode(frame).unwrap()))
        .collect()
}

#[test]
fn a_table_stream() {
    let expected = [
        "ADDED Table 3122 shop/web-0 9 columns",
        "ADDED Table 3123 shop/web-1",
        "ADDED Table 3124 shop/web-2",
        "BOOKMARK Table 3141 end",
        "MODIFIED Table 3142 shop/web-0",
        "BOOKMARK Table 3142",
        "ADDED Table 3143 shop/tmp-a",
        "MODIFIED Table 3144 shop/tmp-a",
        "DELETED Table 3145 shop/tmp-a",
        "BOOKMARK Table 3145",
    ];
    assert_eq!(told(&recorded("1.37", "pods-watchlist-table")), expected);
}

#[test]
fn plain_objects_where_tables_were_asked_for() {
    let expected = [
        "ADDED Object 71 shop/web-0",
        "ADDED Object 72 shop/web-1",
        "ADDED Object 73 shop/web-2",
        "BOOKMARK Object 89 end",
        "MODIFIED Object 90 shop/web-0",
        "ADDED Object 91 shop/tmp-a",
        "MODIFIED Object 92 shop/tmp-a",
        "DELETED Object 93 shop/tmp-a",
        "BOOKMARK Object 93",
    ];
    assert_eq!(told(&recorded("1.32", "pods-watchlist-table")), expected);
}

#[test]
fn metadata() {
    let expected = [
        "ADDED Metadata 3157 shop/web-0",
        "ADDED Metadata 3123 shop/web-1",
        "ADDED Metadata 3124 shop/web-2",
        "BOOKMARK Metadata 3160 end",
        "MODIFIED Metadata 3161 shop/web-0",
        "ADDED Metadata 3162 shop/tmp-e",
        "MODIFIED Metadata 3163 shop/tmp-e",
        "DELETED Metadata 3164 shop/tmp-e",
        "BOOKMARK Metadata 3164",
    ];
    assert_eq!(told(&recorded("1.37", "pods-watchlist-metadata")), expected);
}

/// Without objects in the rows nothing identifies them, but versions and the end mark are there.
#[test]
fn rows_without_metadata() {
    let exchange = recorded("1.37", "pods-watchlist-table-include-none");
    let expected = [
        "ADDED Table 3142 / 9 columns",
        "ADDED Table 3123 /",
        "ADDED Table 3124 /",
        "BOOKMARK Table 3146 end",
        "MODIFIED Table 3147 /",
        "ADDED Table 3148 /",
        "MODIFIED Table 3150 /",
        "DELETED Table 3151 /",
        "BOOKMARK Table 3151",
    ];
    assert_eq!(told(&exchange), expected);
    let Event::Added(objects) = decode(exchange.frames().next().unwrap()).unwrap() else {
        panic!()
    };
    let row = objects.first.unwrap();
    assert_eq!(row.meta, Meta::default());
    assert_eq!(
        Cells::new(&row.cells).next().unwrap().as_str().unwrap(),
        "web-0"
    );
}

#[test]
fn columns_come_with_the_bookmark_of_an_empty_collection() {
    assert_eq!(
        told(&recorded("1.37", "pods-watchlist-table-empty")),
        ["BOOKMARK Table 3165 end 9 columns"]
    );
    assert_eq!(
        told(&recorded("1.32", "pods-watchlist-table-empty")),
        ["BOOKMARK Object 111 end"]
    );
}

#[test]
fn errors_in_the_stream() {
    let future = recorded("1.37", "pods-watchlist-future-rv");
    assert_eq!(told(&future), ["ERROR 504 Timeout"]);
    let Event::Error(status) = decode(future.frames().next().unwrap()).unwrap() else {
        panic!()
    };
    let status = Status::parse(status).unwrap();
    assert!(status.is_too_large_resource_version());
    assert_eq!(status.details.retry_after_seconds, 1);
    let old = recorded("1.37-rbac", "410-watch-after-restart");
    assert_eq!(told(&old), ["ERROR 410 Expired"]);
    let Event::Error(status) = decode(old.frames().next().unwrap()).unwrap() else {
        panic!()
    };
    assert!(Status::parse(status).unwrap().is_expired());
}

/// Cells, columns and metadata of a custom resource with a column of every type, and an object without any of them.
#[test]
fn cells_of_every_type() {
    let exchange = recorded("1.37", "boats-watchlist-table");
    for frame in exchange.frames() {
        if let Event::Added(objects) = decode(frame).unwrap() {
            let row = objects.first.unwrap();
            let expected = at(frame, "/object/rows/0/cells");
            let cells: Vec<Value> = Cells::new(&row.cells)
                .map(|cell| serde_json::from_slice(cell.raw()).unwrap())
                .collect();
            assert_eq!(Value::from(cells), expected);
        }
    }
}

fn at(frame: &[u8], pointer: &str) -> Value {
    let value: Value = serde_json::from_slice(frame).unwrap();
    value.pointer(pointer).cloned().unwrap_or_default()
}

/// The whole of every event of every stream, beside a decoder that knows nothing of laziness.
#[test]
fn every_event_agrees_with_serde_json() {
    let mut count = 0;
    for (version, name, exchange) in all_recorded()
        .iter()
        .filter(|(_, _, exchange)| exchange.is_json_watch())
    {
        for frame in exchange.frames() {
            let value: Value = serde_json::from_slice(frame).unwrap();
            agree(
                &decode(frame).unwrap(),
                &value,
                &format!("{version}/{name}"),
            );
            count += 1;
        }
    }
    assert!(count > 250, "{count} events");
}

fn agree(event: &Event<'_>, value: &Value, context: &str) {
    let object = &value["object"];
    match event {
        Event::Added(objects) => agree_objects(objects, value, "ADDED", context),
        Event::Modified(objects) => agree_objects(objects, value, "MODIFIED", context),
        Event::Deleted(objects) => agree_objects(objects, value, "DELETED", context),
        Event::Bookmark(bookmark) => {
            assert_eq!(value["type"], "BOOKMARK", "{context}");
            assert_eq!(
                bookmark.resource_version.as_deref(),
                object["metadata"]["resourceVersion"].as_str(),
                "{context}"
            );
            let ends = |meta: &Value| meta["annotations"]["k8s.io/initial-events-end"] == "true";
            let end = ends(&object["metadata"]) || ends(&object["rows"][0]["object"]["metadata"]);
            assert_eq!(bookmark.initial_events_end, end, "{context}");
            assert_eq!(
                bookmark.columns.is_some(),
                object["columnDefinitions"].is_array(),
                "{context}"
            );
        }
        Event::Error(status) => {
            let status = Status::parse(status).unwrap();
            assert_eq!(value["type"], "ERROR", "{context}");
            assert_eq!(
                u64::from(status.code),
                object["code"].as_u64().unwrap(),
                "{context}"
            );
            assert_eq!(
                status.message,
                object["message"].as_str().unwrap(),
                "{context}"
            );
        }
    }
}

fn agree_objects(objects: &Objects<'_>, value: &Value, kind: &str, context: &str) {
    let object = &value["object"];
    assert_eq!(value["type"], kind, "{context}");
    assert_eq!(
        objects.resource_version.as_deref(),
        object["metadata"]["resourceVersion"].as_str(),
        "{context}"
    );
    let raw: Option<Value> = objects
        .columns
        .map(|raw| serde_json::from_slice(raw).unwrap());
    assert_eq!(
        raw.unwrap_or_default(),
        object["columnDefinitions"],
        "{context}"
    );
    let row = objects.first.as_ref().unwrap();
    let cells: Value = serde_json::from_slice(&row.cells).unwrap();
    if object["kind"] == "Table" {
        assert_eq!(objects.format, Format::Table, "{context}");
        assert_eq!(cells, object["rows"][0]["cells"], "{context}");
        agree_meta(&row.meta, &object["rows"][0]["object"]["metadata"], context);
    } else {
        let metadata = &object["metadata"];
        let is_metadata = object["kind"] == "PartialObjectMetadata";
        assert_eq!(
            objects.format,
            if is_metadata {
                Format::Metadata
            } else {
                Format::Object
            },
            "{context}"
        );
        let generic = ["name", "namespace"].map(|key| metadata[key].clone());
        assert_eq!(cells, json!([generic[0], generic[1], null]), "{context}");
        agree_meta(&row.meta, metadata, context);
    }
}

fn agree_meta(meta: &Meta<'_>, value: &Value, context: &str) {
    let text = |key: &str| value[key].as_str().unwrap_or_default();
    let time = |key: &str| {
        value[key]
            .as_str()
            .map(|text| rfc3339::parse(text).unwrap())
    };
    let raw =
        |raw: Option<&[u8]>| raw.map_or(Value::Null, |raw| serde_json::from_slice(raw).unwrap());
    assert_eq!(meta.name, text("name"), "{context}");
    assert_eq!(meta.namespace, text("namespace"), "{context}");
    assert_eq!(meta.uid, text("uid"), "{context}");
    assert_eq!(meta.resource_version, text("resourceVersion"), "{context}");
    assert_eq!(
        meta.creation_timestamp,
        time("creationTimestamp"),
        "{context}"
    );
    assert_eq!(
        meta.deletion_timestamp,
        time("deletionTimestamp"),
        "{context}"
    );
    assert_eq!(raw(meta.labels), value["labels"], "{context}");
    assert_eq!(raw(meta.owners), value["ownerReferences"], "{context}");
    assert_eq!(raw(meta.finalizers), value["finalizers"], "{context}");
    for text in [
        &meta.name,
        &meta.namespace,
        &meta.uid,
        &meta.resource_version,
    ] {
        assert!(
            matches!(text, Cow::Borrowed(_)) || text.is_empty(),
            "nothing is copied: {context}"
        );
    }
}

/// A frame that is cut anywhere waits for more, and two in one are told.
#[test]
fn every_prefix_of_every_frame_is_incomplete() {
    let mut prefixes = 0;
    for (version, name, exchange) in all_recorded()
        .iter()
        .filter(|(_, _, exchange)| exchange.is_json_watch())
    {
        for (index, frame) in exchange.frames().enumerate() {
            // Every cut of the first frame of a stream; of the others, which are like it, some.
            for length in (0..frame.len()).step_by(if index < 1 { 1 } else { 29 }) {
                let error = decode(&frame[..length]).expect_err("a prefix is no event");
                assert!(
                    error.is_incomplete(),
                    "{version}/{name}: {error} of {length}"
                );
                assert_eq!(error.offset, length, "{version}/{name}");
                prefixes += 1;
            }
            let twice = [frame, b"\n", frame].concat();
            let error = decode(&twice).unwrap_err();
            assert_eq!(
                (error.kind, error.offset),
                (ErrorKind::TrailingBytes, frame.len() + 1),
                "{version}/{name}"
            );
        }
    }
    assert!(prefixes > 50_000, "{prefixes} prefixes");
}

/// Pretty-printing a frame changes nothing that is read from it.
#[test]
fn white_space_changes_nothing() {
    for (version, name, exchange) in all_recorded()
        .iter()
        .filter(|(_, _, exchange)| exchange.is_json_watch())
    {
        for frame in exchange.frames() {
            let value: Value = serde_json::from_slice(frame).unwrap();
            // Keys come out sorted, so `object` before `type` and `columnDefinitions` before `kind`.
            let pretty = serde_json::to_vec_pretty(&value).unwrap();
            agree(
                &decode(&pretty).unwrap(),
                &value,
                &format!("{version}/{name}"),
            );
            let dense = serde_json::to_vec(&value).unwrap();
            agree(
                &decode(&dense).unwrap(),
                &value,
                &format!("{version}/{name}"),
            );
        }
    }
}

/// The rows and items of every recorded LIST.
#[test]
fn lists() {
    let mut rows = 0;
    for (version, name, exchange) in all_recorded() {
        let context = format!("{version}/{name}");
        let Ok(list) = serde_json::from_slice::<Value>(&exchange.body) else {
            continue;
        };
        for (key, format) in [("rows", Format::Table), ("items", Format::Object)] {
            if !list["metadata"]["resourceVersion"].is_string() {
                continue;
            }
            for element in list[key].as_array().into_iter().flatten() {
                let bytes = serde_json::to_vec(element).unwrap();
                let row: Row<'_> = event::decode_object(&bytes, format).unwrap();
                let metadata = if format == Format::Table {
                    &element["object"]["metadata"]
                } else {
                    &element["metadata"]
                };
                agree_meta(&row.meta, metadata, &context);
                if format == Format::Table {
                    assert_eq!(event::decode_row(&bytes).unwrap(), row, "{context}");
                    assert_eq!(
                        serde_json::from_slice::<Value>(&row.cells).unwrap(),
                        element["cells"],
                        "{context}"
                    );
                }
                rows += 1;
            }
            let bytes = serde_json::to_vec(&list["metadata"]).unwrap();
            let meta = event::decode_list_meta(&bytes).unwrap();
            assert_eq!(
                meta.resource_version,
                list["metadata"]["resourceVersion"].as_str().unwrap(),
                "{context}"
            );
            assert_eq!(
                meta.continue_token,
                list["metadata"]["continue"].as_str().unwrap_or_default(),
                "{context}"
            );
            assert_eq!(
                meta.remaining_item_count,
                list["metadata"]["remainingItemCount"].as_u64(),
                "{context}"
            );
        }
    }
    assert!(rows > 20, "{rows} rows");
}

/// Every refusal is a Status, whatever its HTTP status says, and nothing else is.
#[test]
fn refusals() {
    let mut count = 0;
    for (version, name, exchange) in all_recorded() {
        let value: Value = serde_json::from_slice(&exchange.body).unwrap_or_default();
        let status = Status::parse(&exchange.body);
        assert_eq!(
            status.is_some(),
            value["kind"] == "Status",
            "{version}/{name}"
        );
        if let Some(status) = status {
            assert_eq!(status.code, exchange.status, "{version}/{name}");
            count += 1;
        }
    }
    assert!(count > 40, "{count} refusals");
    let parse = |version, name| Status::parse(&recorded(version, name).body).unwrap();
    assert!(parse("1.37", "422-no-match").rejects_field("resourceVersionMatch"));
    assert!(parse("1.37-watchlist-off", "422-no-match").rejects_field("sendInitialEvents"));
    assert!(parse("1.37-rbac", "410-continue").is_expired());
    assert!(parse("1.37", "pods-list-future-rv").is_too_large_resource_version());
}

/// What was remembered of one event must never be seen in the next.
#[test]
fn a_decoder_says_of_every_event_what_decoding_it_alone_says() {
    let mut decoder = event::Decoder::default();
    for (version, name, exchange) in all_recorded() {
        if !exchange.is_json_watch() {
            continue;
        }
        for frame in exchange.frames() {
            let alone = event::decode(frame);
            assert_eq!(decoder.decode(frame), alone, "{version} {name}");
            for at in (0..frame.len()).step_by(13) {
                let mut damaged = frame.to_vec();
                damaged[at] = br#""\{}[],:x"#[at % 9];
                let alone = event::decode(&damaged);
                assert_eq!(decoder.decode(&damaged), alone, "{version} {name} {at}");
            }
            assert_eq!(decoder.decode(frame), alone, "{version} {name}");
        }
    }
}
