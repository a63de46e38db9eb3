//! Recorded exchanges with real servers, and a cluster that holds what those held.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses its own part of this"
)]

#[cfg(feature = "http")]
pub mod client;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use fake_apiserver::model::{Head, Profile, Reply, Request, parse_query};
use fake_apiserver::mutate::{self, Mutation};
use fake_apiserver::time::Time;
use fake_apiserver::world::Cluster;
use serde_json::{Value, json};

/// When every test begins.
pub const NOW: Time = Time(1_795_448_000_000);

/// A recorded exchange.
pub struct Exchange {
    pub file: String,
    pub target: String,
    pub request: Request,
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

pub fn streams() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/streams")
}

pub fn read(file: &str) -> Exchange {
    let bytes = std::fs::read(streams().join(file)).expect(file);
    let split = |from: usize| {
        let found = bytes[from..]
            .windows(4)
            .position(|four| four == b"\r\n\r\n");
        from + found.expect("a head ends in an empty line")
    };
    let request_end = split(0);
    let head_end = split(request_end + 4);
    let text = |from: usize, to: usize| String::from_utf8_lossy(&bytes[from..to]).into_owned();
    let fields = |head: &str| -> Vec<(String, String)> {
        let lines = head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(": "));
        lines
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect()
    };
    let request_head = text(0, request_end);
    let response_head = text(request_end + 4, head_end);
    let target = request_head
        .split(' ')
        .nth(1)
        .expect("a request line")
        .to_owned();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let mut request = Request {
        method: "GET".to_owned(),
        path: path.to_owned(),
        query: parse_query(query),
        ..Request::default()
    };
    for (name, value) in fields(&request_head) {
        match name.as_str() {
            "accept" => request.accept = value,
            "accept-encoding" => request.accept_encoding = value,
            "user-agent" => request.user_agent = value,
            _ => {}
        }
    }
    let headers = fields(&response_head);
    let mut body = bytes[head_end + 4..].to_vec();
    if headers
        .iter()
        .any(|(name, value)| name == "content-encoding" && value == "gzip")
    {
        let mut plain = Vec::new();
        flate2::read::MultiGzDecoder::new(&*body)
            .read_to_end(&mut plain)
            .expect("gzip");
        body = plain;
    }
    Exchange {
        file: file.to_owned(),
        status: response_head
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .expect("a status"),
        target,
        request,
        headers,
        body,
    }
}

/// The files of a directory of recorded exchanges.
pub fn files(directory: &str) -> Vec<String> {
    let entries = std::fs::read_dir(streams().join(directory)).expect(directory);
    let mut files: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("readable")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .map(|name| format!("{directory}/{name}"))
        .collect();
    files.sort();
    files
}

/// The lines of a stream.
pub fn events(body: &[u8]) -> Vec<Value> {
    let lines = body
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty());
    lines
        .map(|line| serde_json::from_slice(line).expect("a whole event"))
        .collect()
}

pub fn profile(name: &str) -> Profile {
    name.parse().expect(name)
}

/// What the recorded servers held, without pods.
pub fn shop(profile: Profile) -> Cluster {
    let mut cluster = Cluster::empty(profile, NOW);
    for resource in [
        "namespaces",
        "nodes",
        "services",
        "configmaps",
        "deployments",
        "events",
        "boats",
        "crds",
    ] {
        // 1.32 refuses Tables, so its streams hold whole objects.
        let recorded = read(&format!("1.32/{resource}-watchlist-table.http"));
        let resource = if resource == "crds" {
            "customresourcedefinitions"
        } else {
            resource
        };
        for event in events(&recorded.body)
            .iter()
            .filter(|event| event["type"] == "ADDED")
        {
            create(&mut cluster, resource, &event["object"], NOW);
        }
    }
    let component = json!({"metadata": {"name": "etcd-0"}, "conditions": []});
    create(&mut cluster, "componentstatuses", &component, NOW);
    cluster
}

/// The three pods as they were when the servers were fresh.
pub fn shop_pods(cluster: &mut Cluster) {
    for at in 0..3 {
        create(cluster, "pods", &pod(&format!("web-{at}")), NOW);
    }
}

pub fn pod(name: &str) -> Value {
    let recorded = read("1.37/pods-watchlist-object.http");
    let mut pod = events(&recorded.body)[1]["object"].clone();
    pod["metadata"] = json!({"name": name, "namespace": "shop", "labels": {"app": "web"}});
    pod
}

pub fn create(cluster: &mut Cluster, resource: &str, object: &Value, now: Time) {
    let text = |name: &str| {
        object["metadata"][name]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    mutate(
        cluster,
        "create",
        resource,
        &text("namespace"),
        &text("name"),
        object,
        now,
    );
}

pub fn mutate(
    cluster: &mut Cluster,
    op: &str,
    resource: &str,
    namespace: &str,
    name: &str,
    object: &Value,
    now: Time,
) -> u64 {
    let mutation: Mutation = serde_json::from_value(json!({
        "op": op, "resource": resource, "namespace": namespace, "name": name, "object": object,
    }))
    .expect("a mutation");
    let applied = mutate::apply(cluster, &mutation, now).expect(name);
    applied.resource_version.parse().expect("a number")
}

/// What a request came to, in virtual time.
pub struct Answer {
    pub head: Head,
    pub body: Vec<u8>,
    /// Milliseconds until the head came.
    pub waited: i64,
}

impl Answer {
    pub fn events(&self) -> Vec<Value> {
        events(&self.body)
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

/// Asks, waits in virtual time where the server does, and lets `change` run beside a watch: it is
/// called once the initial events are sent, then every 10 ms, until it says no.
pub fn ask(
    cluster: &mut Cluster,
    request: &Request,
    mut change: impl FnMut(&mut Cluster, Time) -> bool,
) -> Answer {
    let mut now = NOW;
    let reply = loop {
        match cluster.server.handle(request, NOW, now) {
            Reply::NotYet(until) => now = until,
            reply => break reply,
        }
    };
    let waited = now.since(NOW);
    let mut body = Vec::new();
    match reply {
        Reply::Whole(head, body) => Answer { head, body, waited },
        Reply::List(head, mut list) => {
            // Small pieces, so that every place between two of them is tried.
            while let Some(piece) = list.next_piece(700) {
                body.extend(piece);
            }
            Answer { head, body, waited }
        }
        Reply::Watch(head, mut watch) => loop {
            let batch = watch.poll(&cluster.server, now, 1_000);
            body.extend(&batch.bytes);
            if batch.ended {
                return Answer { head, body, waited };
            }
            if batch.more {
                continue;
            }
            if change(cluster, now) {
                now = now.plus(10);
            } else {
                now = watch.next().max(now);
            }
        },
        Reply::NotYet(_) => unreachable!("left above"),
    }
}

pub fn get(cluster: &mut Cluster, target: &str) -> Answer {
    ask(cluster, &Request::get(target), |_, _| false)
}

/// A Table, or plain objects where there is none.
pub const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

pub fn get_table(cluster: &mut Cluster, target: &str) -> Answer {
    ask(cluster, &Request::get(target).accept(TABLE), |_, _| false)
}
