//! Watches and lists beyond what was recorded: in virtual time, by every profile.

mod common;

use common::{NOW, TABLE, ask, create, get, get_table, mutate, pod, profile, shop, shop_pods};
use fake_apiserver::model::{PROFILES, Reply, Request, ResourceId, Watch, WatchList};
use fake_apiserver::time::{HOUR, MINUTE, SECOND, Time};
use fake_apiserver::world::Cluster;
use serde_json::{Value, json};

const WATCH_LIST: &str =
    "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";

fn shop_of(name: &str) -> Cluster {
    let mut cluster = shop(profile(name));
    shop_pods(&mut cluster);
    cluster
}

fn open(cluster: &mut Cluster, target: &str, now: Time) -> Box<Watch> {
    match cluster
        .server
        .handle(&Request::get(target).accept(TABLE), now, now)
    {
        Reply::Watch(_, watch) => watch,
        other => panic!("no watch: {other:?}"),
    }
}

/// What a watch says at a time, as (type, name, resourceVersion).
fn said(watch: &mut Watch, cluster: &Cluster, now: Time) -> Vec<(String, String, String)> {
    let batch = watch.poll(&cluster.server, now, 1 << 20);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    common::events(&batch.bytes)
        .iter()
        .map(|event| {
            let name = text(&event["object"]["rows"][0]["cells"][0]);
            (
                text(&event["type"]),
                name,
                text(&event["object"]["metadata"]["resourceVersion"]),
            )
        })
        .collect()
}

fn kinds(said: &[(String, String, String)]) -> Vec<&str> {
    said.iter().map(|(kind, ..)| kind.as_str()).collect()
}

fn touch(cluster: &mut Cluster, name: &str, now: Time) -> u64 {
    mutate(cluster, "touch", "pods", "shop", name, &Value::Null, now)
}

#[test]
fn each_profile_answers_a_watch_list_in_its_way() {
    for profile in PROFILES {
        let mut cluster = shop_of(profile.name);
        let target = format!("/api/v1/namespaces/shop/pods?{WATCH_LIST}&timeoutSeconds=30");
        let answer = get_table(&mut cluster, &target);
        let field = || answer.json()["details"]["causes"][0]["field"].clone();
        match profile.watch_list {
            WatchList::Off => assert_eq!(
                (answer.head.status, field()),
                (422, json!("sendInitialEvents"))
            ),
            WatchList::RefusesMatch => {
                assert_eq!(
                    (answer.head.status, field()),
                    (422, json!("resourceVersionMatch"))
                );
                assert_eq!(
                    answer.json()["details"]["causes"].as_array().map(Vec::len),
                    Some(2)
                );
            }
            WatchList::On | WatchList::Ignored => {
                assert_eq!(answer.head.status, 200, "{}", profile.name);
                let events = answer.events();
                let is_table = events[0]["object"]["kind"] == "Table";
                assert_eq!(
                    is_table, !profile.refuses_table_watch_list,
                    "{}",
                    profile.name
                );
                let ends = String::from_utf8_lossy(&answer.body).contains("initial-events-end");
                assert_eq!(
                    ends,
                    profile.watch_list == WatchList::On,
                    "{}",
                    profile.name
                );
                assert_eq!(
                    events
                        .iter()
                        .filter(|event| event["type"] == "ADDED")
                        .count(),
                    3
                );
            }
        }
    }
}

#[test]
fn restarts_are_a_number_in_1_18() {
    let mut cluster = shop_of("1.18");
    let table = get_table(&mut cluster, "/api/v1/namespaces/shop/pods").json();
    assert_eq!(table["columnDefinitions"][3]["type"], "integer");
    assert_eq!(table["rows"][0]["cells"][3], 0);
}

#[test]
fn with_the_gate_on_a_legacy_watch_ends_its_list_with_a_bookmark() {
    for (name, ends) in [("1.37", true), ("1.31", false)] {
        let mut cluster = shop_of(name);
        let answer = get_table(
            &mut cluster,
            "/api/v1/pods?watch=1&allowWatchBookmarks=true&timeoutSeconds=9",
        );
        let found = String::from_utf8_lossy(&answer.body).contains("initial-events-end");
        assert_eq!(found, ends, "{name}");
    }
}

#[test]
fn bookmarks_come_each_minute_and_before_the_timeout() {
    let mut cluster = shop_of("1.37");
    let target = format!("/api/v1/pods?{WATCH_LIST}&timeoutSeconds=150");
    let mut watch = open(&mut cluster, &target, NOW);
    assert_eq!(
        kinds(&said(&mut watch, &cluster, NOW)),
        ["ADDED", "ADDED", "ADDED", "BOOKMARK"]
    );
    let mut bookmarks = Vec::new();
    let mut now = NOW;
    loop {
        now = watch.next().max(now);
        let batch = watch.poll(&cluster.server, now, 1 << 20);
        if !batch.bytes.is_empty() {
            bookmarks.push(now.since(NOW));
        }
        if batch.ended {
            break;
        }
    }
    assert_eq!(bookmarks, [60 * SECOND, 120 * SECOND, 150 * SECOND - 1_500]);
    assert_eq!(now.since(NOW), 150 * SECOND);
}

#[test]
fn events_have_no_bookmarks_but_the_first() {
    let mut cluster = shop_of("1.37");
    let target = format!("/api/v1/namespaces/shop/events?{WATCH_LIST}&timeoutSeconds=150");
    let mut watch = open(&mut cluster, &target, NOW);
    assert_eq!(
        kinds(&said(&mut watch, &cluster, NOW)),
        ["ADDED", "BOOKMARK"]
    );
    assert_eq!(watch.next(), NOW.plus(150 * SECOND));
}

#[test]
fn a_watch_without_a_timeout_lasts_half_an_hour_at_least() {
    let mut cluster = shop_of("1.37");
    let watch = open(&mut cluster, "/api/v1/pods?watch=1", NOW);
    let lasts = watch.next().since(NOW);
    assert!((30 * MINUTE..=HOUR).contains(&lasts), "{lasts}");
}

#[test]
fn a_watch_from_a_version_tells_what_came_after_it() {
    let mut cluster = shop_of("1.37");
    let from = touch(&mut cluster, "web-0", NOW);
    let first = touch(&mut cluster, "web-1", NOW);
    create(&mut cluster, "pods", &pod("late"), NOW);
    mutate(
        &mut cluster,
        "delete",
        "pods",
        "shop",
        "web-2",
        &Value::Null,
        NOW,
    );
    let target =
        format!("/api/v1/namespaces/shop/pods?watch=1&resourceVersion={from}&timeoutSeconds=9");
    let mut watch = open(&mut cluster, &target, NOW);
    let wanted = [
        ("MODIFIED", "web-1", first),
        ("ADDED", "late", first + 1),
        ("DELETED", "web-2", first + 2),
    ];
    let wanted =
        wanted.map(|(kind, name, version)| (kind.to_owned(), name.to_owned(), version.to_string()));
    assert_eq!(said(&mut watch, &cluster, NOW), wanted);
    assert_eq!(said(&mut watch, &cluster, NOW), [], "nothing twice");
}

#[test]
fn leaving_a_selector_is_a_deletion_with_the_old_state() {
    let mut cluster = shop_of("1.37");
    create(
        &mut cluster,
        "pods",
        &json!({"metadata": {"name": "moving", "namespace": "shop"}, "spec": {"nodeName": "a"}, "status": {"phase": "Running"}}),
        NOW,
    );
    let target = "/api/v1/pods?watch=1&fieldSelector=spec.nodeName%3Da,status.phase%3DRunning&timeoutSeconds=9";
    let mut watch = open(&mut cluster, target, NOW);
    assert_eq!(kinds(&said(&mut watch, &cluster, NOW)), ["ADDED"]);
    let left = mutate(
        &mut cluster,
        "patch",
        "pods",
        "shop",
        "moving",
        &json!({"status": {"phase": "Succeeded"}}),
        NOW,
    );
    let batch = watch.poll(&cluster.server, NOW, 1 << 20);
    let event = &common::events(&batch.bytes)[0];
    assert_eq!(
        (
            &event["type"],
            &event["object"]["metadata"]["resourceVersion"]
        ),
        (&json!("DELETED"), &json!(left.to_string()))
    );
    assert_eq!(
        event["object"]["rows"][0]["cells"][2], "Running",
        "the old cells"
    );
    let uid = event["object"]["rows"][0]["object"]["metadata"]["uid"].clone();
    // Out of sight nothing is heard of it; then it comes back under the same uid.
    touch(&mut cluster, "moving", NOW);
    assert_eq!(said(&mut watch, &cluster, NOW), []);
    mutate(
        &mut cluster,
        "patch",
        "pods",
        "shop",
        "moving",
        &json!({"status": {"phase": "Running"}}),
        NOW,
    );
    let batch = watch.poll(&cluster.server, NOW, 1 << 20);
    let event = &common::events(&batch.bytes)[0];
    assert_eq!(
        (
            &event["type"],
            &event["object"]["rows"][0]["object"]["metadata"]["uid"]
        ),
        (&json!("ADDED"), &uid)
    );
}

#[test]
fn events_are_selected_by_what_they_are_about() {
    let mut cluster = shop_of("1.37");
    let record = |cluster: &mut Cluster, name: &str, about: &str, uid: &str| {
        let involved = json!({"kind": "Pod", "namespace": "shop", "name": about, "uid": uid});
        create(
            cluster,
            "events",
            &json!({"metadata": {"name": name, "namespace": "shop"}, "involvedObject": involved}),
            NOW,
        );
    };
    record(&mut cluster, "of-it", "web-0", "u1");
    record(&mut cluster, "of-one-of-its-name", "web-0", "u0");
    record(&mut cluster, "of-another", "web-1", "u2");
    let fields = "involvedObject.kind%3DPod,involvedObject.namespace%3Dshop,involvedObject.name%3Dweb-0,involvedObject.uid%3Du1";
    let target = format!(
        "/api/v1/namespaces/shop/events?{WATCH_LIST}&fieldSelector={fields}&timeoutSeconds=9"
    );
    let mut watch = open(&mut cluster, &target, NOW);
    // The name is no column that is shown; the object of a row has it.
    let names = |watch: &mut Watch, cluster: &Cluster| -> Vec<Value> {
        let batch = watch.poll(&cluster.server, NOW, 1 << 20);
        let events = common::events(&batch.bytes);
        let added = events.iter().filter(|event| event["type"] == "ADDED");
        added
            .map(|event| event["object"]["rows"][0]["object"]["metadata"]["name"].clone())
            .collect()
    };
    assert_eq!(names(&mut watch, &cluster), ["of-it"]);
    record(&mut cluster, "of-another-later", "web-1", "u2");
    record(&mut cluster, "of-it-later", "web-0", "u1");
    assert_eq!(names(&mut watch, &cluster), ["of-it-later"]);
}

#[test]
fn a_recreated_object_has_another_uid() {
    let mut cluster = shop_of("1.37");
    let mut watch = open(
        &mut cluster,
        "/api/v1/pods?watch=1&resourceVersion=0&timeoutSeconds=9",
        NOW,
    );
    let uids = |watch: &mut Watch, cluster: &Cluster| -> Vec<(Value, Value)> {
        let batch = watch.poll(&cluster.server, NOW, 1 << 20);
        common::events(&batch.bytes)
            .iter()
            .map(|event| {
                (
                    event["type"].clone(),
                    event["object"]["rows"][0]["object"]["metadata"]["uid"].clone(),
                )
            })
            .collect()
    };
    let before = uids(&mut watch, &cluster);
    mutate(
        &mut cluster,
        "delete",
        "pods",
        "shop",
        "web-0",
        &Value::Null,
        NOW,
    );
    create(&mut cluster, "pods", &pod("web-0"), NOW);
    let after = uids(&mut watch, &cluster);
    assert_eq!(
        (&after[0].0, &after[1].0),
        (&json!("DELETED"), &json!("ADDED"))
    );
    assert_eq!(after[0].1, before[0].1);
    assert_ne!(after[1].1, before[0].1);
}

#[test]
fn the_watch_cache_forgets_after_a_while() {
    let mut cluster = shop_of("1.37");
    let from = touch(&mut cluster, "web-0", NOW);
    let target = format!("/api/v1/pods?watch=1&resourceVersion={from}&timeoutSeconds=9");
    // Within the window everything is there, however much it is.
    for at in 0..300 {
        touch(&mut cluster, "web-1", NOW.plus(at * 10));
    }
    assert_eq!(
        said(&mut open(&mut cluster, &target, NOW), &cluster, NOW).len(),
        300
    );
    // Later writes push the old ones out.
    for at in 0..300 {
        touch(&mut cluster, "web-1", NOW.plus(150 * SECOND + at));
    }
    let late = NOW.plus(160 * SECOND);
    let mut watch = open(&mut cluster, &target, late);
    let batch = watch.poll(&cluster.server, late, 1 << 20);
    let event = &common::events(&batch.bytes)[0];
    assert_eq!(
        (&event["type"], &event["object"]["code"], batch.ended),
        (&json!("ERROR"), &json!(410), true)
    );
    // A WatchList from there is answered in full.
    let target = format!("/api/v1/pods?{WATCH_LIST}&resourceVersion={from}&timeoutSeconds=9");
    let full = said(&mut open(&mut cluster, &target, late), &cluster, late);
    assert_eq!(kinds(&full), ["ADDED", "ADDED", "ADDED", "BOOKMARK"]);
}

#[test]
fn an_idle_cache_forgets_nothing() {
    let mut cluster = shop_of("1.37");
    let from = touch(&mut cluster, "web-0", NOW);
    let last = touch(&mut cluster, "web-1", NOW.plus(HOUR));
    let late = NOW.plus(HOUR + SECOND);
    let target = format!("/api/v1/pods?watch=1&resourceVersion={from}&timeoutSeconds=9");
    let heard = said(&mut open(&mut cluster, &target, late), &cluster, late);
    assert_eq!(
        heard.last().map(|(.., version)| version.clone()),
        Some(last.to_string())
    );
}

#[test]
fn a_version_of_the_future_is_waited_for() {
    let mut cluster = shop_of("1.37");
    let current = cluster.server.history.revision();
    let list = format!(
        "/api/v1/pods?resourceVersion={}&resourceVersionMatch=NotOlderThan",
        current + 1
    );
    let request = Request::get(&list);
    let Reply::NotYet(until) = cluster.server.handle(&request, NOW, NOW) else {
        panic!("it did not wait")
    };
    assert_eq!(until, NOW.plus(3 * SECOND));
    // The version comes in time.
    touch(&mut cluster, "web-0", NOW.plus(SECOND));
    assert!(matches!(
        cluster.server.handle(&request, NOW, NOW.plus(SECOND)),
        Reply::List(..)
    ));
    // It does not.
    let answer = get(
        &mut cluster,
        "/api/v1/pods?resourceVersion=9999999&resourceVersionMatch=NotOlderThan",
    );
    assert_eq!((answer.head.status, answer.waited), (504, 3 * SECOND));
    let watch = get(
        &mut cluster,
        &format!("/api/v1/pods?{WATCH_LIST}&resourceVersion=9999999&timeoutSeconds=9"),
    );
    assert_eq!(
        (watch.events()[0]["object"]["code"].clone(), watch.waited),
        (json!(504), 3 * SECOND)
    );
}

#[test]
fn a_plain_watch_from_the_future_is_silent_until_it_is_passed() {
    let mut cluster = shop_of("1.37");
    let current = cluster.server.history.revision();
    let target = format!(
        "/api/v1/pods?watch=1&allowWatchBookmarks=true&resourceVersion={}&timeoutSeconds=300",
        current + 2
    );
    let mut watch = open(&mut cluster, &target, NOW);
    touch(&mut cluster, "web-0", NOW);
    touch(&mut cluster, "web-0", NOW);
    assert_eq!(
        said(&mut watch, &cluster, NOW),
        [],
        "these are taken for old"
    );
    touch(&mut cluster, "web-0", NOW);
    assert_eq!(kinds(&said(&mut watch, &cluster, NOW)), ["MODIFIED"]);
}

#[test]
fn pages_share_one_version_while_the_world_goes_on() {
    let mut cluster = shop_of("1.37");
    let page = |cluster: &mut Cluster, token: &str| {
        let target = format!("/api/v1/namespaces/shop/pods?limit=2{token}");
        get_table(cluster, &target).json()
    };
    let names = |page: &Value| -> Vec<Value> {
        page["rows"]
            .as_array()
            .expect("rows")
            .iter()
            .map(|row| row["cells"][0].clone())
            .collect()
    };
    let first = page(&mut cluster, "");
    assert_eq!(names(&first), ["web-0", "web-1"]);
    assert_eq!(first["metadata"]["remainingItemCount"], 1);
    mutate(
        &mut cluster,
        "delete",
        "pods",
        "shop",
        "web-2",
        &Value::Null,
        NOW,
    );
    create(&mut cluster, "pods", &pod("web-3"), NOW);
    let token = format!(
        "&continue={}",
        first["metadata"]["continue"].as_str().expect("a token")
    );
    let second = page(&mut cluster, &token);
    assert_eq!(names(&second), ["web-2"], "as it was");
    assert_eq!(
        second["metadata"]["resourceVersion"],
        first["metadata"]["resourceVersion"]
    );
    assert!(
        second["metadata"]["continue"].is_null()
            && second["metadata"]["remainingItemCount"].is_null()
    );

    cluster.server.history.compact();
    let expired = page(&mut cluster, &token);
    assert_eq!(
        (&expired["code"], &expired["reason"]),
        (&json!(410), &json!("Expired"))
    );
    let fresh = format!(
        "&continue={}",
        expired["metadata"]["continue"]
            .as_str()
            .expect("a fresh token")
    );
    let rest = page(&mut cluster, &fresh);
    assert_eq!(names(&rest), ["web-3"], "as it is");
    assert_ne!(
        rest["metadata"]["resourceVersion"],
        first["metadata"]["resourceVersion"]
    );
}

#[test]
fn etcd_is_compacted_every_five_minutes() {
    let mut cluster = shop_of("1.37");
    let first = get(&mut cluster, "/api/v1/namespaces/shop/pods?limit=2").json();
    let token = first["metadata"]["continue"]
        .as_str()
        .expect("a token")
        .to_owned();
    let status = |cluster: &mut Cluster, minutes: i64| {
        cluster.advance(NOW.plus(minutes * MINUTE));
        touch(cluster, "web-0", NOW.plus(minutes * MINUTE));
        get(
            cluster,
            &format!("/api/v1/namespaces/shop/pods?limit=2&continue={token}"),
        )
        .head
        .status
    };
    assert_eq!(status(&mut cluster, 4), 200);
    assert_eq!(
        status(&mut cluster, 6),
        200,
        "the interval's own version stays"
    );
    assert_eq!(status(&mut cluster, 11), 410);
}

#[test]
fn with_a_selector_nothing_is_said_of_what_remains() {
    let mut cluster = shop_of("1.37");
    let page = get(
        &mut cluster,
        "/api/v1/namespaces/shop/pods?limit=2&labelSelector=app%3Dweb",
    )
    .json();
    assert!(page["metadata"]["continue"].is_string());
    assert!(page["metadata"]["remainingItemCount"].is_null());
    let both = format!(
        "/api/v1/pods?continue={}&resourceVersion=5",
        page["metadata"]["continue"].as_str().expect("a token")
    );
    assert_eq!(get(&mut cluster, &both).head.status, 400);
}

#[test]
fn metadata_lists_and_single_objects_have_their_forms() {
    let mut cluster = shop_of("1.37");
    let list = Request::get("/api/v1/namespaces/shop/pods").accept(
        "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json",
    );
    let list = ask(&mut cluster, &list, |_, _| false).json();
    assert_eq!(
        (&list["kind"], &list["items"][0]["kind"]),
        (
            &json!("PartialObjectMetadataList"),
            &json!("PartialObjectMetadata")
        )
    );
    let single = get_table(&mut cluster, "/api/v1/namespaces/shop/pods/web-0").json();
    assert_eq!(
        (&single["kind"], single["rows"].as_array().map(Vec::len)),
        (&json!("Table"), Some(1))
    );
    let plain = get(&mut cluster, "/api/v1/namespaces/shop/pods").json();
    assert_eq!(
        (&plain["kind"], &plain["items"][0]["kind"]),
        (&json!("PodList"), &Value::Null)
    );
    let boats = get(&mut cluster, "/apis/harbor.example/v1/boats").json();
    assert_eq!(
        (&boats["kind"], &boats["items"][0]["kind"]),
        (&json!("BoatList"), &json!("Boat"))
    );
    let absent = get(
        &mut cluster,
        "/apis/apps/v1/namespaces/shop/deployments/nope",
    );
    assert_eq!(absent.head.status, 404);
    assert_eq!(
        absent.json()["message"],
        "deployments.apps \"nope\" not found"
    );
    let post = Request {
        method: "POST".to_owned(),
        ..Request::get("/api/v1/namespaces/shop/pods")
    };
    assert_eq!(ask(&mut cluster, &post, |_, _| false).head.status, 405);
}

#[test]
fn a_restore_goes_back_and_ends_the_watches() {
    let mut cluster = shop_of("1.37");
    let before = touch(&mut cluster, "web-0", NOW);
    create(&mut cluster, "pods", &pod("lost"), NOW);
    mutate(
        &mut cluster,
        "delete",
        "pods",
        "shop",
        "web-1",
        &Value::Null,
        NOW,
    );
    let mut watch = open(
        &mut cluster,
        "/api/v1/pods?watch=1&resourceVersion=0&timeoutSeconds=9",
        NOW,
    );
    said(&mut watch, &cluster, NOW);
    assert!(cluster.server.restore(before));
    assert!(watch.poll(&cluster.server, NOW, 1 << 20).ended);
    assert_eq!(cluster.server.history.revision(), before);
    let names: Vec<String> = cluster
        .server
        .history
        .iter(ResourceId::PODS, "shop", "")
        .map(|pod| pod.meta.name.to_string())
        .collect();
    assert_eq!(names, ["web-0", "web-1", "web-2"]);
    assert!(
        !cluster.server.restore(before + 1),
        "the future is not remembered"
    );
}

#[test]
fn what_is_behind_comes_in_pieces() {
    let mut cluster = shop_of("1.37");
    let mut watch = open(&mut cluster, "/api/v1/pods?watch=1&timeoutSeconds=300", NOW);
    said(&mut watch, &cluster, NOW);
    for _ in 0..50 {
        touch(&mut cluster, "web-0", NOW);
    }
    let mut pieces = 0;
    loop {
        let batch = watch.poll(&cluster.server, NOW, 2_000);
        pieces += 1;
        if !batch.more {
            break;
        }
    }
    assert!(pieces > 10, "{pieces}");
}

#[test]
fn a_slow_reader_loses_its_stream_and_nothing_else() {
    let mut cluster = shop_of("1.37");
    cluster.server.history.limit_log(5);
    let mut slow = open(&mut cluster, "/api/v1/pods?watch=1&timeoutSeconds=300", NOW);
    let mut quick = open(&mut cluster, "/api/v1/pods?watch=1&timeoutSeconds=300", NOW);
    said(&mut slow, &cluster, NOW);
    said(&mut quick, &cluster, NOW);
    let seen = cluster.server.history.revision();
    for _ in 0..5 {
        touch(&mut cluster, "web-0", NOW);
    }
    assert_eq!(said(&mut quick, &cluster, NOW).len(), 5, "five fit");
    touch(&mut cluster, "web-0", NOW);
    // The cacher closes the channel of a watcher that does not keep up: the body ends as it should, between two
    // events, with no word of why.
    let batch = slow.poll(&cluster.server, NOW, 1 << 20);
    assert_eq!((batch.ended, batch.bytes.len()), (true, 0));
    assert!(slow.poll(&cluster.server, NOW, 1 << 20).ended);
    assert_eq!(said(&mut quick, &cluster, NOW).len(), 1);
    // To go on from where it was is too late; from the next version it is not.
    let target = |from: u64| format!("/api/v1/pods?watch=1&resourceVersion={from}");
    let answer = get_table(&mut cluster, &target(seen));
    assert_eq!(answer.events()[0]["object"]["code"], 410);
    let mut resumed = open(&mut cluster, &target(seen + 1), NOW);
    assert_eq!(said(&mut resumed, &cluster, NOW).len(), 5);
}
