//! The world: the same for a seed, of realistic size, consistent, and alive.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{NOW, TABLE, get, get_table};
use fake_apiserver::model::{Profile, ResourceId};
use fake_apiserver::time::{DAY, MINUTE, SECOND};
use fake_apiserver::world::{Cluster, Settings};
use serde_json::Value;

fn cluster(pods: usize, churn: f64, seed: u64) -> Cluster {
    Cluster::new(Profile::default(), Settings { pods, churn, seed }, NOW)
}

/// Every object of every resource, as the server writes it.
fn everything(cluster: &mut Cluster) -> Vec<u8> {
    let mut all = Vec::new();
    for id in ResourceId::all() {
        let resource = id.get();
        let root = if resource.group.is_empty() {
            "api"
        } else {
            "apis"
        };
        let path = format!("/{root}/{}/{}", resource.api_version(), resource.plural);
        all.extend(get(cluster, &path).body);
    }
    all
}

#[test]
fn a_seed_gives_one_world_however_it_is_asked_for() {
    // Rates whose interval is no whole number of milliseconds, and steps that fall between the writes.
    for rate in [7.0, 30.0, 50.0, 300.0] {
        let (mut one, mut other) = (cluster(60, rate, 7), cluster(60, rate, 7));
        let end = NOW.plus(10 * SECOND);
        one.advance(end);
        let mut now = NOW;
        for step in [1, 13, 37, 101, 7, 333].into_iter().cycle() {
            now = now.plus(step).min(end);
            other.advance(now);
            if now == end {
                break;
            }
        }
        let (one_is_at, other_is_at) = (
            one.server.history.revision(),
            other.server.history.revision(),
        );
        assert_eq!(one_is_at, other_is_at, "{rate} writes a second");
        assert!(
            everything(&mut one) == everything(&mut other),
            "other objects at {rate} writes a second"
        );
    }
    let (mut one, mut other) = (cluster(60, 0.0, 7), cluster(60, 0.0, 8));
    assert_ne!(everything(&mut one), everything(&mut other));
}

#[test]
fn what_is_compacted_depends_on_no_ticks() {
    let (mut one, mut other) = (cluster(20, 7.0, 7), cluster(20, 7.0, 7));
    let end = NOW.plus(11 * MINUTE);
    one.advance(end);
    for step in 1..=110 {
        other.advance(NOW.plus(step * 6_001).min(end));
    }
    let floor = |cluster: &Cluster| cluster.server.history.list_floor(ResourceId::PODS);
    assert_eq!(floor(&one), floor(&other));
}

#[test]
fn pods_have_the_size_of_real_ones() {
    let mut cluster = cluster(300, 0.0, 1);
    let target = "/api/v1/pods?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1";
    let table = get_table(&mut cluster, target);
    let lines = table.body.split_inclusive(|&byte| byte == b'\n');
    // The first event carries the columns; the pods of jobs have less in them.
    let sizes = |lines: Vec<&[u8]>| -> Vec<usize> {
        let running = |line: &&&[u8]| contains(line, b"ReplicaSet");
        lines
            .iter()
            .skip(1)
            .filter(running)
            .map(|line| line.len())
            .collect()
    };
    let tables = sizes(lines.collect());
    let whole = get(&mut cluster, target);
    let running = whole.body.split_inclusive(|&byte| byte == b'\n');
    let running = running.filter(|line| contains(line, b"\"phase\":\"Running\""));
    let objects = sizes(running.collect());
    assert!(tables.len() > 200 && objects.len() > 200);
    let within = |sizes: &[usize], low: usize, high: usize| {
        let fitting = sizes
            .iter()
            .filter(|size| (low..=high).contains(size))
            .count();
        assert!(
            fitting * 100 >= sizes.len() * 98,
            "{:?}..{:?}",
            sizes.iter().min(),
            sizes.iter().max()
        );
    };
    within(&tables, 2_500, 3_500);
    within(&objects, 9_000, 10_000);
}

fn contains(line: &[u8], wanted: &[u8]) -> bool {
    line.windows(wanted.len()).any(|window| window == wanted)
}

#[test]
fn objects_are_consistent_before_and_after_a_while() {
    let mut cluster = cluster(150, 40.0, 3);
    check(&mut cluster);
    let before = get(&mut cluster, "/api/v1/pods").json()["items"]
        .as_array()
        .expect("items")
        .len();
    cluster.advance(NOW.plus(3 * MINUTE));
    check(&mut cluster);
    let after = get(&mut cluster, "/api/v1/pods").json()["items"]
        .as_array()
        .expect("items")
        .len();
    assert!(
        after.abs_diff(before) < before / 4,
        "{before} pods became {after}"
    );
}

/// Names follow owners, namespaces and nodes exist, versions and uids are unique.
fn check(cluster: &mut Cluster) {
    let list = |cluster: &mut Cluster, path: &str| -> Vec<Value> {
        get(cluster, path).json()["items"]
            .as_array()
            .expect("items")
            .clone()
    };
    let name = |object: &Value| {
        object["metadata"]["name"]
            .as_str()
            .expect("a name")
            .to_owned()
    };
    let namespaces: BTreeSet<String> = list(cluster, "/api/v1/namespaces")
        .iter()
        .map(name)
        .collect();
    let nodes: BTreeSet<String> = list(cluster, "/api/v1/nodes").iter().map(name).collect();
    let pods = list(cluster, "/api/v1/pods");
    let sets = list(cluster, "/apis/apps/v1/replicasets");
    let deployments = list(cluster, "/apis/apps/v1/deployments");
    let jobs = list(cluster, "/apis/batch/v1/jobs");
    let cron_jobs = list(cluster, "/apis/batch/v1/cronjobs");
    let mut uids = BTreeMap::new();
    for object in [&pods, &sets, &deployments, &jobs, &cron_jobs]
        .into_iter()
        .flatten()
    {
        let metadata = &object["metadata"];
        let uid = metadata["uid"].as_str().expect("a uid");
        assert!(
            uids.insert(uid.to_owned(), name(object)).is_none(),
            "{uid} twice"
        );
        assert!(namespaces.contains(metadata["namespace"].as_str().expect("a namespace")));
        assert!(
            metadata["managedFields"]
                .as_array()
                .is_some_and(|fields| !fields.is_empty())
        );
    }
    for (owned, owners) in [
        (&pods, [&sets, &jobs]),
        (&sets, [&deployments, &deployments]),
        (&jobs, [&cron_jobs, &cron_jobs]),
    ] {
        for object in owned {
            let owner = &object["metadata"]["ownerReferences"][0];
            let owner_name = owner["name"].as_str().expect("an owner");
            assert!(
                name(object).starts_with(&format!("{owner_name}-")),
                "{} of {owner_name}",
                name(object)
            );
            let found = owners
                .iter()
                .copied()
                .flatten()
                .any(|candidate| candidate["metadata"]["uid"] == owner["uid"]);
            assert!(found, "{} has no owner {owner_name}", name(object));
        }
    }
    for pod in &pods {
        match pod["spec"]["nodeName"].as_str() {
            Some(node) => assert!(nodes.contains(node), "{node}"),
            None => assert_eq!(pod["status"]["phase"], "Pending"),
        }
    }
}

#[test]
fn a_few_minutes_have_every_kind_of_story() {
    let mut cluster = cluster(200, 20.0, 5);
    let mut statuses = BTreeMap::new();
    let (mut drained, mut jobs, mut restarts, mut events) =
        (0, BTreeSet::new(), 0, BTreeSet::new());
    let sets = cluster.server.history.len(ResourceId::REPLICA_SETS);
    for step in 1..=16 {
        cluster.advance(NOW.plus(step * 20 * SECOND));
        let cells = |cluster: &mut Cluster, path: &str| -> Vec<Vec<Value>> {
            let table = get_table(cluster, path).json();
            let rows = table["rows"].as_array().expect("rows").clone();
            rows.iter()
                .map(|row| row["cells"].as_array().expect("cells").clone())
                .collect()
        };
        for pod in cells(&mut cluster, "/api/v1/pods") {
            *statuses
                .entry(pod[2].as_str().expect("a status").to_owned())
                .or_insert(0) += 1;
            restarts += usize::from(pod[3].as_str().is_some_and(|text| text.ends_with(" ago)")));
        }
        drained += cells(&mut cluster, "/api/v1/nodes")
            .iter()
            .filter(|node| node[1] == "Ready,SchedulingDisabled")
            .count();
        jobs.extend(
            cells(&mut cluster, "/apis/batch/v1/jobs")
                .iter()
                .map(|job| job[0].to_string()),
        );
        events.extend(
            cells(&mut cluster, "/api/v1/events")
                .iter()
                .map(|event| event[2].to_string()),
        );
    }
    for status in [
        "Running",
        "Pending",
        "ContainerCreating",
        "Terminating",
        "CrashLoopBackOff",
        "Error",
        "Completed",
    ] {
        assert!(
            statuses.contains_key(status),
            "no pod was {status}: {statuses:?}"
        );
    }
    assert!(
        restarts > 0 && drained > 0 && events.len() >= 4,
        "{restarts} {drained} {events:?}"
    );
    assert!(jobs.len() > 10, "{jobs:?}");
    assert!(
        cluster.server.history.len(ResourceId::REPLICA_SETS) > sets,
        "nothing was rolled out"
    );
}

#[test]
fn ages_run_from_seconds_to_months() {
    let mut cluster = cluster(600, 20.0, 1);
    cluster.advance(NOW.plus(MINUTE));
    let pods = get(&mut cluster, "/api/v1/pods").json();
    let ages: Vec<i64> = pods["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|pod| {
            let created = pod["metadata"]["creationTimestamp"]
                .as_str()
                .expect("a time");
            NOW.plus(MINUTE)
                .since(fake_apiserver::time::Time::parse(created).expect("RFC 3339"))
        })
        .collect();
    assert!(ages.iter().any(|age| *age < MINUTE) && ages.iter().any(|age| *age > 60 * DAY));
    assert!(ages.iter().all(|age| *age >= 0));
}

#[test]
fn a_rate_is_kept() {
    let mut cluster = cluster(300, 25.0, 2);
    let before = cluster.server.history.revision();
    cluster.advance(NOW.plus(40 * SECOND));
    assert_eq!(cluster.server.history.revision() - before, 1_000);
    cluster.set_churn(0.0);
    assert!(!cluster.advance(NOW.plus(80 * SECOND)));
}

#[test]
fn nothing_piles_up() {
    let mut cluster = cluster(60, 60.0, 1);
    let sets = |cluster: &Cluster| cluster.server.history.len(ResourceId::REPLICA_SETS);
    let pods = |cluster: &Cluster| cluster.server.history.len(ResourceId::PODS);
    // Far from its start the world has as much of everything as it will ever have.
    cluster.advance(NOW.plus(5 * MINUTE));
    let (sets_then, pods_then) = (sets(&cluster), pods(&cluster));
    cluster.advance(NOW.plus(10 * MINUTE));
    assert!(
        sets(&cluster) < sets_then * 5 / 4,
        "{sets_then} {}",
        sets(&cluster)
    );
    assert!(
        pods(&cluster) < pods_then * 5 / 4,
        "{pods_then} {}",
        pods(&cluster)
    );
}

#[test]
fn a_secret_is_there_to_be_looked_for() {
    let mut cluster = cluster(100, 0.0, 1);
    let secrets = get(&mut cluster, "/api/v1/secrets").json();
    let encoded = secrets["items"][0]["data"]["url"]
        .as_str()
        .expect("a value")
        .to_owned();
    let url = fake_apiserver::model::base64::decode(&encoded).expect("base64");
    assert!(url.starts_with(b"postgres://"));
    let table = fake_apiserver::model::Request::get("/api/v1/secrets").accept(TABLE);
    let answer = common::ask(&mut cluster, &table, |_, _| false);
    assert!(
        !String::from_utf8_lossy(&answer.body).contains(&encoded),
        "Tables hold no values"
    );
}
