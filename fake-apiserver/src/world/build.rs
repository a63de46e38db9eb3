//! The objects of a cluster as it stands when the server starts.

use std::net::Ipv4Addr;
use std::sync::Arc;

use serde_json::{Value, json};

use super::World;
use super::apps::{build_cron_job, build_deployment, service_body};
use super::fields::{entry, field_set};
use super::names::{BOATS, CHORES, TEAMS, ZONES};
use super::node::{Node, node_body};
use super::template::PodKind;
use crate::json as go;
use crate::model::object::{Body, Meta, Object, SharedMeta};
use crate::model::pod::{NodeAddress, PodBody, PodState};
use crate::model::template::Template;
use crate::model::{History, ResourceId};
use crate::time::{DAY, HOUR, MINUTE, Time};

/// The system's own namespaces.
const SYSTEM: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];
/// Events that are recorded when the server starts.
const EVENTS: usize = 2_000;

/// Fills the storage with a cluster of about `pods` pods.
pub(super) fn build(world: &mut World, history: &mut History, pods: usize) {
    let teams = (pods / 400 + 4).min(TEAMS.len());
    build_nodes(world, history, (pods / 60).clamp(3, 2_000));
    for namespace in SYSTEM.iter().chain(&TEAMS[..teams]) {
        build_namespace(world, history, namespace);
    }
    let chores = (pods / 250).clamp(2, teams * CHORES.len());
    for at in 0..chores {
        let (chore, schedule) = CHORES[at / teams];
        build_cron_job(world, history, TEAMS[at % teams], chore, schedule);
    }
    let mut at = 0;
    while history.len(ResourceId::PODS) < pods {
        let left = pods - history.len(ResourceId::PODS);
        build_deployment(world, history, TEAMS[at % teams], at / teams, left, pods);
        at += 1;
    }
    for (at, boat) in BOATS.iter().enumerate() {
        build_boat(world, history, TEAMS[at % teams], boat);
    }
    build_crd(world, history);
    build_components(world, history);
    for _ in 0..EVENTS.min(pods) {
        let at = world.now.minus(world.random.between(0, HOUR - MINUTE));
        if let Some(event) = world.random_pod_event(history, at) {
            history.load(ResourceId::EVENTS, event);
        }
    }
}

impl World {
    /// An object whose body is JSON.
    pub(super) fn object(
        &mut self,
        namespace: &str,
        name: &str,
        created: Time,
        shared: SharedMeta,
        body: &Value,
    ) -> Object {
        Object {
            meta: Meta {
                name: name.into(),
                namespace: self.intern(namespace),
                uid: self.random.uuid(),
                resource_version: 0,
                generation: u32::from(body.get("spec").is_some()),
                created,
                touched: created,
                deletion: None,
                shared: Arc::new(shared),
            },
            body: json_body(body),
        }
    }

    /// A pod of a kind, before any node has it.
    pub(super) fn pod(&mut self, namespace: &str, kind: &PodKind, created: Time) -> Object {
        let prefix = kind.shared.generate_name.as_deref().unwrap_or_default();
        let name = format!("{prefix}{}", self.random.suffix(5));
        let mut volume_suffix = [0; 5];
        for (place, letter) in volume_suffix.iter_mut().zip(self.random.suffix(5).bytes()) {
            *place = letter;
        }
        Object {
            meta: Meta {
                name: name.into(),
                namespace: self.intern(namespace),
                uid: self.random.uuid(),
                resource_version: 0,
                generation: 1,
                created,
                touched: created,
                deletion: None,
                shared: Arc::clone(&kind.shared),
            },
            body: Body::Pod(PodBody {
                template: Arc::clone(&kind.template),
                node: None,
                ip: None,
                state: PodState::Unscheduled,
                started: created,
                changed: created,
                restarts: 0,
                last_restart: None,
                volume_suffix,
            }),
        }
    }

    /// An address from the range of pods.
    pub(super) fn pod_ip(&mut self) -> Ipv4Addr {
        let bits = self.random.bits().to_be_bytes();
        Ipv4Addr::new(10, 64 + bits[0] % 64, bits[1], 1 + bits[2] % 254)
    }

    /// An age between minutes and months, young ones more often.
    pub(super) fn age(&mut self) -> i64 {
        let scale = *self
            .random
            .pick(&[HOUR, DAY, DAY, 7 * DAY, 30 * DAY, 120 * DAY]);
        self.random.between(MINUTE, scale)
    }
}

/// The members after `metadata`.
pub(super) fn json_body(body: &Value) -> Body {
    let mut text = Vec::new();
    for (key, value) in body.as_object().into_iter().flatten() {
        text.push(b',');
        go::string(&mut text, key);
        text.push(b':');
        go::value(&mut text, value);
    }
    Body::Json(String::from_utf8_lossy(&text).into())
}

/// Metadata of an object that `manager` wrote, with everything in `body` as its own.
pub(super) fn managed(
    manager: &str,
    api_version: &str,
    labels: &[(&str, &str)],
    body: &Value,
) -> SharedMeta {
    let mut labels: Vec<(Box<str>, Box<str>)> = labels
        .iter()
        .map(|(key, value)| ((*key).into(), (*value).into()))
        .collect();
    labels.sort();
    let mut owned = body.clone();
    let status = owned.as_object_mut().and_then(|map| map.remove("status"));
    let mut entries = vec![entry(
        manager,
        api_version,
        "@created@",
        &field_set(&owned),
        None,
    )];
    if let Some(status) = status {
        let fields = field_set(&json!({"status": status}));
        entries.push(entry(
            "kube-controller-manager",
            api_version,
            "@touched@",
            &fields,
            Some("status"),
        ));
    }
    let managed_fields = Template::new(&format!("[{}]", entries.join(",")));
    SharedMeta {
        labels,
        managed_fields,
        ..SharedMeta::default()
    }
}

fn build_nodes(world: &mut World, history: &mut History, count: usize) {
    for at in 0..count {
        let [high, low] = u16::try_from(at + 10).unwrap_or(u16::MAX).to_be_bytes();
        let ip = Ipv4Addr::new(10, 0, high, low);
        let pool = if at % 5 == 4 { "memory" } else { "general" };
        let name = format!("node-{pool}-{}-{}", world.random.suffix(6), at);
        let zone = ZONES[at % ZONES.len()];
        let control_plane = at < if count < 9 { 1 } else { 3 };
        let body = node_body(&name, ip, false, control_plane);
        let mut labels = vec![
            ("beta.kubernetes.io/arch", "amd64"),
            ("kubernetes.io/arch", "amd64"),
            ("kubernetes.io/hostname", name.as_str()),
            ("kubernetes.io/os", "linux"),
            ("node.kubernetes.io/pool", pool),
            ("topology.kubernetes.io/zone", zone),
        ];
        if control_plane {
            labels.push(("node-role.kubernetes.io/control-plane", ""));
        }
        let shared = managed("kubelet", "v1", &labels, &body);
        let created = world
            .now
            .minus(200 * DAY + world.random.between(0, 60 * DAY));
        let object = world.object("", &name, created, shared, &body);
        world.nodes.push(Node {
            address: Arc::new(NodeAddress {
                name: name.as_str().into(),
                ip,
            }),
            drained: control_plane,
            control_plane,
        });
        history.load(ResourceId::NODES, object);
    }
}

fn build_namespace(world: &mut World, history: &mut History, name: &str) {
    let created = world
        .now
        .minus(300 * DAY - world.random.between(0, 200 * DAY));
    let labels = [("kubernetes.io/metadata.name", name)];
    let body = json!({"spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}});
    let shared = managed("kubectl-create", "v1", &labels, &body);
    let object = world.object("", name, created, shared, &body);
    history.load(ResourceId::NAMESPACES, object);
    let body = json!({"data": {"ca.crt": "-----BEGIN CERTIFICATE-----\nMIIDBTCCAe2gAwIBAgIIEXAMPLEwDQYJ\n-----END CERTIFICATE-----\n"}});
    let shared = managed("kube-controller-manager", "v1", &[], &body);
    let object = world.object(name, "kube-root-ca.crt", created, shared, &body);
    history.load(ResourceId::CONFIG_MAPS, object);
    if name == "default" {
        let body = service_body("10.96.0.1", None, 443);
        let labels = [("component", "apiserver"), ("provider", "kubernetes")];
        let shared = managed("kube-apiserver", "v1", &labels, &body);
        let object = world.object(name, "kubernetes", created, shared, &body);
        history.load(ResourceId::SERVICES, object);
    }
}

fn build_boat(world: &mut World, history: &mut History, namespace: &str, name: &str) {
    let created = world.now.minus(world.age());
    let body = if name == "hulk" {
        // None of its fields: every cell but the name is null.
        json!({"spec": {}})
    } else {
        let length = f64::from(100 + u32::try_from(world.random.below(300)).unwrap_or(0)) / 10.0;
        let launched = world.now.minus(world.random.between(DAY, 4_000 * DAY));
        json!({"spec": {
            "afloat": world.random.percent(80),
            "crew": world.random.below(60),
            "launched": launched.to_string(),
            "length": length,
            "notes": format!("fast\nand \"loud\" <b>{name}</b> ⚓"),
        }})
    };
    let shared = managed("kubectl-create", "harbor.example/v1", &[], &body);
    let boat = world.object(namespace, name, created, shared, &body);
    history.load(ResourceId::BOATS, boat);
}

fn build_crd(world: &mut World, history: &mut History) {
    let columns = json!([
        {"name": "Length", "type": "number", "jsonPath": ".spec.length"},
        {"name": "Crew", "type": "integer", "jsonPath": ".spec.crew"},
        {"name": "Afloat", "type": "boolean", "jsonPath": ".spec.afloat"},
        {"name": "Launched", "type": "date", "jsonPath": ".spec.launched"},
        {"name": "Notes", "type": "string", "jsonPath": ".spec.notes", "priority": 1, "description": "free text"},
    ]);
    let names = json!({"plural": "boats", "singular": "boat", "shortNames": ["bt"], "kind": "Boat", "listKind": "BoatList"});
    let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
    let condition = |kind: &str, reason: &str| json!({"type": kind, "status": "True", "reason": reason, "lastTransitionTime": "2026-01-01T00:00:00Z"});
    let body = json!({
        "spec": {
            "group": "harbor.example",
            "names": names,
            "scope": "Namespaced",
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": schema, "additionalPrinterColumns": columns}],
            "conversion": {"strategy": "None"},
        },
        "status": {
            "conditions": [condition("NamesAccepted", "NoConflicts"), condition("Established", "InitialNamesAccepted")],
            "acceptedNames": names,
            "storedVersions": ["v1"],
        },
    });
    let created = world.now.minus(150 * DAY);
    let shared = managed("kubectl-create", "apiextensions.k8s.io/v1", &[], &body);
    let crd = world.object("", "boats.harbor.example", created, shared, &body);
    history.load(ResourceId::CRDS, crd);
}

fn build_components(world: &mut World, history: &mut History) {
    for name in ["controller-manager", "scheduler", "etcd-0"] {
        let body = json!({"conditions": [{"type": "Healthy", "status": "True", "message": "ok"}]});
        let object = world.object("", name, world.now, SharedMeta::default(), &body);
        history.load(ResourceId::COMPONENT_STATUSES, object);
    }
}
