//! The front: faults, compression, CORS, credentials, control, the demo's files.

mod common;

use std::io::Read as _;
use std::net::SocketAddr;

use common::client::{Piece, get, send};
use common::{TABLE, events, read};
use fake_apiserver::http::{Fault, FaultKind, Options, Server};
use fake_apiserver::world::Settings;
use serde_json::{Value, json};

const PODS: &str = "/api/v1/pods?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=60";

fn settings() -> Settings {
    Settings {
        pods: 60,
        churn: 0.0,
        seed: 1,
    }
}

async fn start() -> Server {
    Server::start(Options {
        world: settings(),
        ..Options::default()
    })
    .await
    .expect("a free port")
}

async fn post(address: SocketAddr, path: &str, body: &Value) -> Value {
    let mut response = send(address, "POST", path, &[], &body.to_string())
        .await
        .expect("an answer");
    assert_eq!(response.status, 200, "{path} {body}");
    response.json().await
}

/// The error of a control request that fails.
async fn post_error(address: SocketAddr, path: &str, body: &str) -> u16 {
    send(address, "POST", path, &[], body)
        .await
        .expect("an answer")
        .status
}

fn fault(kind: FaultKind) -> Fault {
    Fault::new(kind)
}

#[tokio::test]
async fn a_watch_list_goes_live_and_tells_of_changes() {
    let server = start().await;
    let mut watch = get(server.address(), PODS, &[("accept", TABLE)]).await;
    assert_eq!(watch.status, 200);
    let initial = events(&watch.until_live().await);
    let last = initial.last().expect("a bookmark");
    assert_eq!(
        last["object"]["rows"][0]["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"],
        "true"
    );
    assert!(initial.len() > 60);

    let created =
        json!({"op": "create", "resource": "pods", "namespace": "catalog", "name": "new"});
    let applied = post(server.address(), "/_fake/mutate", &created).await;
    let Piece::Chunk(chunk) = watch.next().await else {
        panic!("no event")
    };
    let event = &events(&chunk)[0];
    assert_eq!(event["type"], "ADDED");
    assert_eq!(
        event["object"]["metadata"]["resourceVersion"],
        applied["resourceVersion"]
    );
    assert_eq!(
        event["object"]["rows"][0]["object"]["metadata"]["uid"],
        applied["uid"]
    );
}

#[tokio::test]
async fn a_watch_list_is_gzip_members_and_a_list_is_one() {
    let server = start().await;
    let headers = [("accept", TABLE), ("accept-encoding", "gzip, deflate, br")];
    let mut watch = get(server.address(), PODS, &headers).await;
    assert_eq!(watch.header("content-encoding"), Some("gzip"));
    assert_eq!(watch.header("vary"), Some("Accept-Encoding"));
    let (body, _) = watch.rest().await;
    let mut first = String::new();
    flate2::read::GzDecoder::new(&*body)
        .read_to_string(&mut first)
        .expect("a member");
    let mut all = String::new();
    flate2::read::MultiGzDecoder::new(&*body)
        .read_to_string(&mut all)
        .expect("members");
    assert_eq!(
        first.lines().count(),
        7,
        "a browser reads no more than this"
    );
    assert!(all.contains("initial-events-end") && !first.contains("initial-events-end"));

    // Range makes browsers ask for identity.
    let identity = [
        ("accept", TABLE),
        ("accept-encoding", "identity"),
        ("range", "bytes=0-"),
    ];
    let watch = get(server.address(), PODS, &identity).await;
    assert_eq!(
        (watch.status, watch.header("content-encoding")),
        (200, None)
    );

    let mut list = get(server.address(), "/api/v1/pods", &headers).await;
    assert_eq!(list.header("content-encoding"), Some("gzip"));
    let (body, end) = list.rest().await;
    assert_eq!(end, Piece::End);
    let mut decoder = flate2::bufread::GzDecoder::new(&*body);
    let mut text = String::new();
    decoder.read_to_string(&mut text).expect("gzip");
    assert!(decoder.into_inner().is_empty(), "a second member");
    assert_eq!(
        serde_json::from_str::<Value>(&text).expect("JSON")["kind"],
        "Table"
    );
}

#[tokio::test]
async fn after_the_bookmark_each_change_is_a_gzip_member_of_its_own() {
    let server = start().await;
    let headers = [("accept", TABLE), ("accept-encoding", "gzip")];
    let mut watch = get(server.address(), PODS, &headers).await;
    // The first members: the snapshot, until the server has nothing more to say.
    assert_eq!(watch.rest().await.1, Piece::Silence);
    for (op, kind) in [
        ("create", "ADDED"),
        ("touch", "MODIFIED"),
        ("delete", "DELETED"),
    ] {
        let change = json!({"op": op, "resource": "pods", "namespace": "catalog", "name": "new"});
        post(server.address(), "/_fake/mutate", &change).await;
        let Piece::Chunk(chunk) = watch.next().await else {
            panic!("no event of {op}")
        };
        let mut member = flate2::bufread::GzDecoder::new(&*chunk);
        let mut text = Vec::new();
        member.read_to_end(&mut text).expect("a whole member");
        assert!(member.into_inner().is_empty(), "nothing behind it");
        let told = events(&text);
        assert_eq!((told.len(), &told[0]["type"]), (1, &json!(kind)));
    }
}

#[tokio::test]
async fn a_table_includes_what_is_asked_for() {
    let server = start().await;
    let kinds = [
        ("None", Value::Null),
        ("Metadata", json!("PartialObjectMetadata")),
        ("Object", json!("Pod")),
    ];
    for (include, kind) in kinds {
        let target = format!("/api/v1/pods?limit=2&includeObject={include}");
        let list = get(server.address(), &target, &[("accept", TABLE)])
            .await
            .json()
            .await;
        let rows = list["rows"].as_array().expect("rows");
        assert_eq!((&list["kind"], rows.len()), (&json!("Table"), 2));
        for row in rows {
            assert_eq!(row["object"]["kind"], kind, "{include}");
            assert_eq!(row["object"].is_null(), include == "None");
            assert_eq!(row["object"]["spec"].is_object(), include == "Object");
            assert_eq!(
                row["object"]["metadata"]["name"].is_string(),
                include != "None"
            );
        }
    }
    // On a watch, where it is the default.
    let explicit = format!("{PODS}&includeObject=Metadata");
    let mut bodies = Vec::new();
    for target in [PODS, &explicit] {
        let mut watch = get(server.address(), target, &[("accept", TABLE)]).await;
        bodies.push(events(&watch.until_live().await));
    }
    assert_eq!(bodies[0].len(), bodies[1].len());
    for (one, other) in bodies[0].iter().zip(&bodies[1]) {
        let (one, other) = (
            &one["object"]["rows"][0]["object"],
            &other["object"]["rows"][0]["object"],
        );
        assert_eq!(
            (&one["kind"], one),
            (&json!("PartialObjectMetadata"), other)
        );
    }
}

#[tokio::test]
async fn cut_breaks_in_the_middle_of_a_frame() {
    let server = start().await;
    server.add_fault(Fault {
        events: Some(3),
        times: Some(1),
        ..fault(FaultKind::Cut)
    });
    let (body, end) = get(server.address(), PODS, &[("accept", TABLE)])
        .await
        .rest()
        .await;
    assert_eq!(end, Piece::Broken);
    let lines: Vec<&[u8]> = body.split(|&byte| byte == b'\n').collect();
    assert_eq!(lines.len(), 4);
    assert!(
        serde_json::from_slice::<Value>(lines[3]).is_err(),
        "the last frame is not whole"
    );
    // Once was enough.
    get(server.address(), PODS, &[("accept", TABLE)])
        .await
        .until_live()
        .await;

    server.add_fault(Fault {
        bytes: Some(1_000),
        ..fault(FaultKind::Cut)
    });
    let (body, end) = get(server.address(), "/api/v1/pods", &[])
        .await
        .rest()
        .await;
    assert_eq!((body.len(), end), (1_000, Piece::Broken));
}

#[tokio::test]
async fn stall_says_nothing_more() {
    let server = start().await;
    server.add_fault(Fault {
        events: Some(2),
        ..fault(FaultKind::Stall)
    });
    let (body, end) = get(server.address(), PODS, &[("accept", TABLE)])
        .await
        .rest()
        .await;
    assert_eq!((events(&body).len(), end), (2, Piece::Silence));
}

#[tokio::test]
async fn a_pulled_cable_is_silence_on_all_that_is_open_and_all_that_is_asked() {
    let server = start().await;
    let address = server.address();
    let mut watch = get(address, PODS, &[("accept", TABLE)]).await;
    watch.until_live().await;
    let added = post(address, "/_fake/faults", &json!({"kind": "pulled-cable"})).await;
    let created = json!({"op": "create", "resource": "pods", "namespace": "catalog", "name": "new", "count": 2});
    post(address, "/_fake/mutate", &created).await;
    assert_eq!(watch.next().await, Piece::Silence);
    // Not even the end of the stream passes.
    server.with_cluster(|cluster| cluster.server.end_watches());
    assert_eq!(watch.next().await, Piece::Silence);
    let waiting = tokio::spawn(async move {
        send(address, "GET", "/api/v1/namespaces", &[], "")
            .await
            .expect("an answer")
            .status
    });
    let refused = get(address, "/_connection", &[]).await;
    assert_eq!(refused.status, 200, "what is no API can be reached");
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert!(!waiting.is_finished());
    let held: Vec<_> = server
        .requests()
        .iter()
        .map(|entry| (entry.status, entry.fault))
        .collect();
    assert_eq!(held, [(200, None), (0, Some("pulled-cable"))]);

    let path = format!("/_fake/faults?id={}", added["id"]);
    assert_eq!(
        send(address, "DELETE", &path, &[], "")
            .await
            .expect("an answer")
            .status,
        200
    );
    let (body, end) = watch.rest().await;
    let names: Vec<_> = events(&body)
        .iter()
        .filter(|event| event["type"] == "ADDED")
        .map(|event| event["object"]["rows"][0]["object"]["metadata"]["name"].clone())
        .collect();
    assert_eq!(
        (names.len(), end),
        (2, Piece::End),
        "what was written meanwhile, and the end: {names:?}"
    );
    assert_eq!(waiting.await.expect("an answer"), 200);
}

#[tokio::test]
async fn a_slow_link_is_shared_by_what_is_open() {
    let server = start().await;
    let mut watch = get(server.address(), PODS, &[("accept", TABLE)]).await;
    watch.until_live().await;
    server.add_fault(Fault {
        bytes: Some(20_000),
        ..fault(FaultKind::SlowLink)
    });
    let created = json!({"op": "create", "resource": "pods", "namespace": "catalog", "name": "new", "count": 40});
    let before = tokio::time::Instant::now();
    post(server.address(), "/_fake/mutate", &created).await;
    let mut other = get(server.address(), PODS, &[("accept", TABLE)]).await;
    let mut bytes = [0, 0];
    while bytes.iter().any(|so_far| *so_far < 6_000) {
        for (stream, so_far) in [&mut watch, &mut other].into_iter().zip(&mut bytes) {
            if *so_far >= 6_000 {
                continue;
            }
            let Piece::Chunk(chunk) = stream.next().await else {
                panic!("no chunk")
            };
            assert!(chunk.len() <= 1_000, "twenty pieces a second");
            *so_far += chunk.len();
        }
    }
    let took = before.elapsed().as_millis();
    assert!(took >= 580, "12,000 bytes at 20,000 a second in {took} ms");
    let before = tokio::time::Instant::now();
    server.clear_faults();
    other.until_live().await;
    assert!(before.elapsed().as_millis() < 500, "it is fast again");
}

#[tokio::test]
async fn the_end_bookmark_can_be_dropped() {
    let server = start().await;
    server.add_fault(fault(FaultKind::DropEndBookmark));
    let (body, end) = get(server.address(), PODS, &[("accept", TABLE)])
        .await
        .rest()
        .await;
    assert_eq!(end, Piece::Silence);
    let events = events(&body);
    assert!(events.len() >= 60 && events.iter().all(|event| event["type"] == "ADDED"));
}

#[tokio::test]
async fn gone_comes_in_both_forms() {
    let server = start().await;
    server.add_fault(Fault {
        in_stream: true,
        events: Some(1),
        times: Some(1),
        ..fault(FaultKind::Gone)
    });
    let (body, end) = get(server.address(), PODS, &[("accept", TABLE)])
        .await
        .rest()
        .await;
    let events = events(&body);
    assert_eq!((events.len(), end), (2, Piece::End));
    assert_eq!(
        (&events[1]["type"], &events[1]["object"]["code"]),
        (&json!("ERROR"), &json!(410))
    );
    server.add_fault(fault(FaultKind::Gone));
    let mut gone = get(server.address(), PODS, &[("accept", TABLE)]).await;
    assert_eq!(gone.status, 410);
    assert_eq!(gone.json().await["reason"], "Expired");
}

#[tokio::test]
async fn refusals_carry_the_recorded_bodies() {
    let server = start().await;
    for (file, user) in [
        ("1.37-rbac/rbac-nobody-watchlist.http", "nobody"),
        ("1.37-rbac/rbac-nobody-list.http", "nobody"),
        ("1.37-rbac/rbac-nobody-all-namespaces.http", "nobody"),
        ("1.37-rbac/rbac-lister-watchlist.http", "lister"),
        ("1.37-rbac/rbac-watcher-list.http", "watcher"),
    ] {
        server.clear_faults();
        server.add_fault(Fault {
            user: Some(user.to_owned()),
            ..fault(FaultKind::Forbidden)
        });
        compare(&server, file).await;
    }
    server.clear_faults();
    server.add_fault(fault(FaultKind::Unauthorized));
    for file in ["1.37/401.http", "1.37-rbac/401-bad-token.http"] {
        compare(&server, file).await;
    }
}

/// Status, body and headers as recorded.
async fn compare(server: &Server, file: &str) {
    let recorded = read(file);
    let accept = recorded.request.accept.clone();
    let mut response = get(server.address(), &recorded.target, &[("accept", &accept)]).await;
    assert_eq!(response.status, recorded.status, "{file}");
    for (name, value) in &recorded.headers {
        if !name.starts_with("x-kubernetes-pf") {
            assert_eq!(
                response.header(name),
                Some(value.as_str()),
                "{file}: {name}"
            );
        }
    }
    let (body, _) = response.rest().await;
    assert_eq!(
        String::from_utf8_lossy(&body),
        String::from_utf8_lossy(&recorded.body),
        "{file}"
    );
}

#[tokio::test]
async fn other_answers_stand_in_for_the_server() {
    let server = start().await;
    let cases = [
        (FaultKind::TooManyRequests, 429, "text/plain; charset=utf-8"),
        (FaultKind::Unavailable, 503, "application/json"),
        (FaultKind::Html, 200, "text/html; charset=utf-8"),
        (FaultKind::EmptyClose, 200, "application/json"),
    ];
    for (kind, status, media) in cases {
        server.clear_faults();
        server.add_fault(Fault {
            retry_after: Some(7),
            ..fault(kind)
        });
        let mut response = get(server.address(), PODS, &[("accept", TABLE)]).await;
        assert_eq!(
            (response.status, response.header("content-type")),
            (status, Some(media))
        );
        let retries = matches!(kind, FaultKind::TooManyRequests | FaultKind::Unavailable);
        assert_eq!(response.header("retry-after"), retries.then_some("7"));
        let (body, end) = response.rest().await;
        assert_eq!(
            (body.is_empty(), end),
            (kind == FaultKind::EmptyClose, Piece::End)
        );
    }
    server.clear_faults();
    server.add_fault(fault(FaultKind::Hang));
    let answer = send(server.address(), "GET", "/version", &[], "");
    let waited = tokio::time::timeout(std::time::Duration::from_millis(300), answer).await;
    assert!(waited.is_err(), "no head comes");
}

#[tokio::test]
async fn bodies_can_come_in_small_or_slow_pieces() {
    let server = start().await;
    let whole = get(server.address(), "/api/v1/namespaces", &[])
        .await
        .rest()
        .await
        .0;
    server.add_fault(Fault {
        bytes: Some(10),
        ..fault(FaultKind::Split)
    });
    let mut response = get(server.address(), "/api/v1/namespaces", &[]).await;
    let Piece::Chunk(first) = response.next().await else {
        panic!("no chunk")
    };
    assert_eq!(first.len(), 10);
    let (rest, end) = response.rest().await;
    assert_eq!(([first, rest].concat(), end), (whole, Piece::End));

    server.clear_faults();
    server.add_fault(Fault {
        bytes: Some(2_000),
        ..fault(FaultKind::Slow)
    });
    let before = tokio::time::Instant::now();
    let mut response = get(server.address(), "/api/v1/namespaces", &[]).await;
    let mut bytes = 0;
    while bytes < 600 {
        let Piece::Chunk(chunk) = response.next().await else {
            panic!("no chunk")
        };
        bytes += chunk.len();
    }
    assert!(
        before.elapsed().as_millis() >= 200,
        "600 bytes at 2,000 a second"
    );
}

#[tokio::test]
async fn a_version_can_lie_in_the_future() {
    let server = start().await;
    server.add_fault(fault(FaultKind::FutureResourceVersion));
    let watch =
        "/api/v1/pods?watch=1&allowWatchBookmarks=true&resourceVersion=5000&timeoutSeconds=60";
    let (body, end) = get(server.address(), watch, &[("accept", TABLE)])
        .await
        .rest()
        .await;
    assert_eq!((body.len(), end), (0, Piece::Silence));
    let list = "/api/v1/pods?resourceVersion=5&resourceVersionMatch=NotOlderThan&limit=1";
    assert_eq!(get(server.address(), list, &[]).await.status, 504);
}

#[tokio::test]
async fn columns_can_change_in_a_stream() {
    let server = start().await;
    server.add_fault(Fault {
        events: Some(2),
        ..fault(FaultKind::ColumnChange)
    });
    let body = get(server.address(), PODS, &[("accept", TABLE)])
        .await
        .until_live()
        .await;
    let events = events(&body);
    let columns = |at: usize| {
        events[at]["object"]["columnDefinitions"]
            .as_array()
            .map(Vec::len)
    };
    let cells = |at: usize| {
        events[at]["object"]["rows"][0]["cells"]
            .as_array()
            .map(Vec::len)
    };
    assert_eq!(
        (columns(0), columns(1), columns(2), columns(3)),
        (Some(9), None, Some(10), None)
    );
    assert_eq!(
        (cells(1), cells(2), cells(3)),
        (Some(9), Some(10), Some(10))
    );
    assert_eq!(events[2]["object"]["columnDefinitions"][1]["name"], "Zone");
}

#[tokio::test]
async fn faults_are_listed_matched_and_cleared() {
    let server = start().await;
    let address = server.address();
    let cut =
        json!({"kind": "unavailable", "match": {"request": "list", "path": "/pods"}, "times": 2});
    let id = post(address, "/_fake/faults", &cut).await["id"].clone();
    assert_eq!(get(address, "/api/v1/nodes", &[]).await.status, 200);
    assert_eq!(get(address, "/api/v1/pods", &[]).await.status, 503);
    let listed = get(address, "/_fake/faults", &[]).await.json().await;
    assert_eq!((&listed[0]["id"], &listed[0]["times"]), (&id, &json!(1)));
    assert_eq!(get(address, "/api/v1/pods", &[]).await.status, 503);
    assert_eq!(get(address, "/api/v1/pods", &[]).await.status, 200);
    post(address, "/_fake/faults", &json!({"kind": "html"})).await;
    assert!(
        send(address, "DELETE", "/_fake/faults", &[], "")
            .await
            .is_some()
    );
    assert_eq!(
        get(address, "/_fake/faults", &[]).await.json().await,
        json!([])
    );
    assert_eq!(
        post_error(address, "/_fake/faults", r#"{"kind":"earthquake"}"#).await,
        400
    );
    assert_eq!(
        post_error(address, "/_fake/faults", r#"{"kind":"cut","evnts":1}"#).await,
        400
    );
}

#[tokio::test]
async fn the_profile_is_switched_while_watches_are_open() {
    let server = start().await;
    let mut watch = get(server.address(), PODS, &[("accept", TABLE)]).await;
    assert_eq!(watch.rest().await.1, Piece::Silence);
    post(
        server.address(),
        "/_fake/profile",
        &json!({"profile": "1.26"}),
    )
    .await;
    assert_eq!(watch.rest().await.1, Piece::End);
    let mut refused = get(server.address(), PODS, &[("accept", TABLE)]).await;
    assert_eq!(refused.status, 422);
    assert_eq!(
        refused.json().await["details"]["causes"][0]["field"],
        "resourceVersionMatch"
    );
    assert_eq!(
        post_error(server.address(), "/_fake/profile", r#"{"profile":"2.0"}"#).await,
        400
    );
}

#[tokio::test]
async fn state_is_the_truth() {
    let server = start().await;
    let state = get(server.address(), "/_fake/state?path=/api/v1/pods", &[])
        .await
        .json()
        .await;
    let list = get(server.address(), "/api/v1/pods", &[("accept", TABLE)])
        .await
        .json()
        .await;
    let rows = state["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), list["rows"].as_array().expect("rows").len());
    assert_eq!(
        state["resourceVersion"],
        list["metadata"]["resourceVersion"]
    );
    for (ours, theirs) in rows.iter().zip(list["rows"].as_array().expect("rows")) {
        let metadata = &theirs["object"]["metadata"];
        assert_eq!(
            (&ours["uid"], &ours["name"]),
            (&metadata["uid"], &metadata["name"])
        );
        assert_eq!(ours["cells"][2], theirs["cells"][2]);
    }
}

#[tokio::test]
async fn state_has_the_columns_that_are_served() {
    let server = start().await;
    let state = async |path: &str| {
        let target = format!("/_fake/state?path={path}");
        get(server.address(), &target, &[]).await.json().await
    };
    let list = async |path: &str| {
        get(server.address(), path, &[("accept", TABLE)])
            .await
            .json()
            .await
    };
    let before = state("/api/v1/pods").await;
    // What changes in the middle of a stream changes there alone.
    server.add_fault(Fault {
        events: Some(2),
        ..fault(FaultKind::ColumnChange)
    });
    let during = state("/api/v1/pods").await;
    assert_eq!(before["columnDefinitions"], during["columnDefinitions"]);
    server.clear_faults();
    let mut changed = fault(FaultKind::ColumnChange);
    changed.matches.path = Some("/pods".to_owned());
    server.add_fault(changed);
    let after = state("/api/v1/pods").await;
    assert_eq!(
        (&before["columns"][1], &after["columns"][1]),
        (&json!("Ready"), &json!("Zone"))
    );
    for path in ["/api/v1/pods", "/api/v1/nodes"] {
        let (state, list) = (state(path).await, list(path).await);
        assert_eq!(
            state["columnDefinitions"], list["columnDefinitions"],
            "{path}"
        );
        let columns = state["columns"].as_array().expect("names").len();
        assert_eq!(
            state["rows"][0]["cells"].as_array().map(Vec::len),
            Some(columns)
        );
        let wide = |column: &Value| column["priority"] == 1;
        let definitions = state["columnDefinitions"].as_array().expect("definitions");
        assert!(definitions.iter().any(wide) && !definitions.iter().all(wide));
    }
}

#[tokio::test]
async fn the_log_keeps_what_was_asked_but_no_credentials() {
    let options = Options {
        world: settings(),
        token: Some("s3cret".to_owned()),
        ..Options::default()
    };
    let server = Server::start(options).await.expect("a free port");
    let wrong = get(
        server.address(),
        "/api/v1/pods?limit=5",
        &[("authorization", "Bearer nope")],
    )
    .await;
    assert_eq!(wrong.status, 401);
    let headers = [("authorization", "Bearer s3cret"), ("range", "bytes=0-")];
    assert_eq!(
        get(server.address(), "/api/v1/pods?limit=5", &headers)
            .await
            .status,
        200
    );
    let mut log = get(server.address(), "/_fake/requests", &[]).await;
    let (body, _) = log.rest().await;
    assert!(!String::from_utf8_lossy(&body).contains("s3cret"));
    let entries: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(
        (&entries[0]["status"], &entries[1]["status"]),
        (&json!(401), &json!(200))
    );
    assert_eq!(entries[1]["query"], "limit=5");
    let sent = entries[1]["headers"].as_array().expect("headers");
    assert!(sent.contains(&json!(["range", "bytes=0-"])));
    assert!(sent.contains(&json!(["authorization", "present"])));
}

#[tokio::test]
async fn compaction_restart_and_restore_are_had_on_request() {
    let server = start().await;
    let address = server.address();
    let mutation =
        |op: &str| json!({"op": op, "resource": "pods", "namespace": "catalog", "name": "new"});
    let before =
        post(address, "/_fake/mutate", &mutation("create")).await["resourceVersion"].clone();
    let after = post(address, "/_fake/mutate", &mutation("touch")).await["resourceVersion"].clone();
    assert_ne!(before, after);
    let mut watch = get(address, PODS, &[("accept", TABLE)]).await;
    watch.until_live().await;
    let restored = post(
        address,
        "/_fake/restore",
        &json!({"resourceVersion": before}),
    )
    .await;
    assert_eq!(restored["resourceVersion"], before);
    assert_eq!(watch.rest().await.1, Piece::End);
    let future = format!(
        "/api/v1/pods?watch=1&resourceVersion={}&timeoutSeconds=9",
        after.as_str().expect("text")
    );
    assert_eq!(
        get(address, &future, &[]).await.rest().await,
        (Vec::new(), Piece::Silence)
    );
    post(address, "/_fake/mutate", &mutation("touch")).await;
    post(address, "/_fake/compact", &json!({})).await;
    let old = format!(
        "/api/v1/pods?watch=1&resourceVersion={}",
        before.as_str().expect("text")
    );
    let (body, end) = get(address, &old, &[]).await.rest().await;
    assert_eq!(
        (&events(&body)[0]["object"]["code"], end),
        (&json!(410), Piece::End)
    );
}

#[tokio::test]
async fn churn_starts_and_stops_on_request() {
    let server = start().await;
    let revision = || server.with_cluster(|cluster| cluster.server.history.revision());
    let before = revision();
    post(server.address(), "/_fake/churn", &json!({"perSecond": 400})).await;
    tokio::time::sleep(std::time::Duration::from_millis(400)).await;
    post(server.address(), "/_fake/churn", &json!({"perSecond": 0})).await;
    let made = revision() - before;
    assert!((40..=400).contains(&made), "{made} writes in 0.4 s");
    tokio::time::sleep(std::time::Duration::from_millis(60)).await;
    assert_eq!(revision() - before, made);
}

#[tokio::test]
async fn control_is_for_loopback_names_alone() {
    let server = start().await;
    for (host, status) in [
        ("localhost:1", 200),
        ("127.0.0.1", 200),
        ("evil.example", 403),
        ("127.0.0.1.evil.example:80", 403),
    ] {
        let answer = get(server.address(), "/_fake/faults", &[("host", host)]).await;
        assert_eq!(answer.status, status, "{host}");
    }
    for (origin, status) in [
        ("http://localhost:5173", 200),
        ("http://evil.example", 403),
        ("null", 403),
    ] {
        let answer = get(server.address(), "/_fake/faults", &[("origin", origin)]).await;
        assert_eq!(answer.status, status, "{origin}");
    }
    let unknown = get(server.address(), "/_fake/nothing", &[]).await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test]
async fn cors_is_that_of_a_real_server() {
    let origin = "http://localhost:5173";
    let options = Options {
        world: settings(),
        cors: Some(origin.to_owned()),
        ..Options::default()
    };
    let server = Server::start(options).await.expect("a free port");
    let allowed = get(server.address(), "/version", &[("origin", origin)]).await;
    assert_eq!(allowed.header("access-control-allow-origin"), Some(origin));
    assert_eq!(
        allowed.header("access-control-expose-headers"),
        Some("Date")
    );
    let other = get(
        server.address(),
        "/version",
        &[("origin", "http://other.example")],
    )
    .await;
    assert_eq!(other.header("access-control-allow-origin"), None);
    let asked = [
        ("origin", origin),
        ("access-control-request-method", "GET"),
        ("access-control-request-headers", "authorization"),
    ];
    let preflight = send(server.address(), "OPTIONS", "/api/v1/pods", &asked, "")
        .await
        .expect("an answer");
    assert_eq!(preflight.status, 204);
    assert!(
        preflight
            .header("access-control-allow-headers")
            .is_some_and(|names| names.contains("Authorization"))
    );
}

#[tokio::test]
async fn the_demo_is_served_on_the_same_origin() {
    let www = std::env::temp_dir().join(format!("fake-apiserver-www-{}", std::process::id()));
    std::fs::create_dir_all(www.join("pkg")).expect("a directory");
    std::fs::write(www.join("index.html"), "<!doctype html>").expect("a file");
    std::fs::write(www.join("pkg/core.wasm"), b"\0asm").expect("a file");
    let options = Options {
        world: settings(),
        www: Some(www.clone()),
        ..Options::default()
    };
    let server = Server::start(options).await.expect("a free port");
    let mut page = get(server.address(), "/", &[]).await;
    assert_eq!(
        (page.status, page.header("content-type")),
        (200, Some("text/html; charset=utf-8"))
    );
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(page.rest().await.0, b"<!doctype html>");
    let wasm = get(server.address(), "/pkg/core.wasm", &[]).await;
    assert_eq!(
        (wasm.status, wasm.header("content-type")),
        (200, Some("application/wasm"))
    );
    for path in ["/../Cargo.toml", "/%2e%2e/%2e%2e/etc/passwd", "/nothing"] {
        assert_eq!(get(server.address(), path, &[]).await.status, 404, "{path}");
    }
    assert_eq!(get(server.address(), "/version", &[]).await.status, 200);
    let connection = get(server.address(), "/_connection", &[])
        .await
        .json()
        .await;
    assert_eq!(connection, json!({"fake": true, "profile": "1.37"}));
    std::fs::remove_dir_all(www).expect("it was there");
}
