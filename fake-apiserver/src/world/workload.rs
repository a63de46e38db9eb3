//! Deployments, cron jobs and nodes: what owns pods, and what bears them.

use std::net::Ipv4Addr;
use std::sync::Arc;

use serde_json::{Value, json};

use super::World;
use super::build::{finished_pod, json_body, kind_of, managed};
use super::template::{PodKind, pod_spec};
use crate::model::object::{Meta, Object, Owner, SharedMeta, key};
use crate::model::pod::NodeAddress;
use crate::model::{History, ResourceId};
use crate::time::{DAY, MINUTE, SECOND, Time};

/// A node as the world knows it.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) address: Arc<NodeAddress>,
    pub(super) drained: bool,
    pub(super) control_plane: bool,
}

/// A deployment and the replica set that is current.
#[derive(Debug)]
pub(super) struct Deployment {
    pub(super) team: &'static str,
    pub(super) name: String,
    pub(super) uid: u128,
    pub(super) replicas: usize,
    pub(super) version: usize,
    pub(super) replica_set: String,
    pub(super) kind: PodKind,
    /// A rollout runs: no second one is started.
    pub(super) busy: bool,
}

impl Deployment {
    /// Loads the deployment, an old replica set and the current one.
    pub(super) fn build(
        world: &mut World,
        history: &mut History,
        team: &'static str,
        name: &str,
        replicas: usize,
        created: Time,
    ) -> Self {
        let version = 1 + world.random.below(40);
        let body = deployment_body(team, name, version, replicas, replicas, replicas);
        let labels = [("app.kubernetes.io/name", name), ("team", team)];
        let mut shared = managed("kubectl-client-side-apply", "apps/v1", &labels, &body);
        shared.annotations.push(revision(version));
        let mut object = world.object(team, name, created, shared, &body);
        object.meta.generation = u32::try_from(version).unwrap_or(1);
        let uid = object.meta.uid;
        history.load(ResourceId::DEPLOYMENTS, object);
        let mut this = Self {
            team,
            name: name.to_owned(),
            uid,
            replicas,
            version: version.saturating_sub(1),
            replica_set: String::new(),
            kind: PodKind::empty(),
            busy: false,
        };
        if version > 1 {
            let (old, _) = this.new_replica_set(world, created, 0);
            history.load(ResourceId::REPLICA_SETS, old);
        }
        this.version = version;
        let (current, kind) = this.new_replica_set(world, created, replicas);
        this.replica_set = current.meta.name.to_string();
        this.kind = kind;
        history.load(ResourceId::REPLICA_SETS, current);
        this
    }

    /// A replica set of the present version, and the kind of its pods.
    pub(super) fn new_replica_set(
        &self,
        world: &mut World,
        created: Time,
        replicas: usize,
    ) -> (Object, PodKind) {
        let hash = world.random.suffix(10);
        let name = format!("{}-{hash}", self.name);
        let body = self.replica_set_body(&hash, replicas, replicas);
        let labels = [
            ("app.kubernetes.io/name", self.name.as_str()),
            ("pod-template-hash", hash.as_str()),
            ("team", self.team),
        ];
        let mut shared = managed("kube-controller-manager", "apps/v1", &labels, &body);
        shared.annotations.push(revision(self.version));
        shared
            .owners
            .push(owner("apps/v1", "Deployment", &self.name, self.uid));
        let object = world.object(self.team, &name, created, shared, &body);
        let owner = owner("apps/v1", "ReplicaSet", &name, object.meta.uid);
        let image = image(self.team, &self.name, self.version);
        let labels = [("pod-template-hash", hash.as_str())];
        let kind = kind_of(world, &self.name, self.team, &image, owner, &labels, false);
        (object, kind)
    }

    /// The replica set of a name with other counts.
    pub(super) fn replica_set_with(
        &self,
        history: &History,
        name: &str,
        replicas: usize,
        ready: usize,
    ) -> Option<Object> {
        let current = history.get(ResourceId::REPLICA_SETS, &key(self.team, name))?;
        let hash = current.label("pod-template-hash")?;
        let mut object = Object::clone(current);
        object.meta.generation += 1;
        object.body = json_body(&self.replica_set_body(hash, replicas, ready));
        Some(object)
    }

    /// The deployment itself with other counts.
    pub(super) fn with_counts(
        &self,
        history: &History,
        updated: usize,
        ready: usize,
    ) -> Option<Object> {
        let current = history.get(ResourceId::DEPLOYMENTS, &key(self.team, &self.name))?;
        let mut object = Object::clone(current);
        let body = deployment_body(
            self.team,
            &self.name,
            self.version,
            self.replicas,
            updated,
            ready,
        );
        object.body = json_body(&body);
        Some(object)
    }

    fn replica_set_body(&self, hash: &str, replicas: usize, ready: usize) -> Value {
        let labels = json!({
            "app.kubernetes.io/name": self.name,
            "pod-template-hash": hash,
            "team": self.team,
        });
        let spec = pod_spec(
            &self.name,
            self.team,
            &image(self.team, &self.name, self.version),
            false,
        );
        json!({
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": {"app.kubernetes.io/name": self.name, "pod-template-hash": hash}},
                "template": {"metadata": {"labels": labels}, "spec": spec},
            },
            "status": {
                "replicas": replicas,
                "fullyLabeledReplicas": replicas,
                "readyReplicas": ready,
                "availableReplicas": ready,
                "observedGeneration": 1,
            },
        })
    }
}

fn deployment_body(
    team: &str,
    name: &str,
    version: usize,
    replicas: usize,
    updated: usize,
    ready: usize,
) -> Value {
    let labels = json!({"app.kubernetes.io/name": name, "team": team});
    let spec = pod_spec(name, team, &image(team, name, version), false);
    let done = ready >= replicas;
    json!({
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app.kubernetes.io/name": name}},
            "template": {"metadata": {"labels": labels}, "spec": spec},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}},
            "revisionHistoryLimit": 10,
            "progressDeadlineSeconds": 600,
        },
        "status": {
            "observedGeneration": version,
            "replicas": replicas,
            "updatedReplicas": updated,
            "readyReplicas": ready,
            "availableReplicas": ready,
            "conditions": [
                {"type": "Available", "status": if done { "True" } else { "False" }, "reason": "MinimumReplicasAvailable", "message": "Deployment has minimum availability."},
                {"type": "Progressing", "status": "True", "reason": if done { "NewReplicaSetAvailable" } else { "ReplicaSetUpdated" }, "message": format!("Deployment \"{name}\" is progressing.")},
            ],
        },
    })
}

/// The image of a version.
pub(super) fn image(team: &str, app: &str, version: usize) -> String {
    format!("registry.example/{team}/{app}:1.{version}.0")
}

fn revision(version: usize) -> (Box<str>, Box<str>) {
    (
        "deployment.kubernetes.io/revision".into(),
        version.to_string().into(),
    )
}

/// A controller's owner reference.
pub(super) fn owner(api_version: &str, kind: &str, name: &str, uid: u128) -> Owner {
    Owner {
        api_version: api_version.into(),
        kind: kind.into(),
        name: name.into(),
        uid,
    }
}

/// A cron job and the jobs that it keeps.
#[derive(Debug)]
pub(super) struct CronJob {
    pub(super) team: &'static str,
    pub(super) name: String,
    pub(super) uid: u128,
    pub(super) schedule: &'static str,
    /// Finished jobs with their pods, the oldest first.
    pub(super) finished: Vec<(String, String)>,
    pub(super) busy: bool,
}

/// A job that was started, and the kind of its pod.
pub(super) struct StartedJob {
    pub(super) object: Object,
    pub(super) kind: PodKind,
}

impl CronJob {
    pub(super) fn build(
        world: &mut World,
        history: &mut History,
        team: &'static str,
        name: &str,
        schedule: &'static str,
        created: Time,
    ) -> Self {
        let last = world.now.minus(world.random.between(MINUTE, 30 * MINUTE));
        let body = cron_job_body(team, name, schedule, last, None);
        let labels = [("app.kubernetes.io/name", name), ("team", team)];
        let shared = managed("kubectl-client-side-apply", "batch/v1", &labels, &body);
        let object = world.object(team, name, created, shared, &body);
        let uid = object.meta.uid;
        history.load(ResourceId::CRON_JOBS, object);
        Self {
            team,
            name: name.to_owned(),
            uid,
            schedule,
            finished: Vec::new(),
            busy: false,
        }
    }

    /// A job that starts at `at`; its name carries the minute, as the controller names them.
    pub(super) fn start_job(&self, world: &mut World, at: Time) -> StartedJob {
        let mut name = format!("{}-{}", self.name, at.0 / MINUTE);
        while self.finished.iter().any(|(job, _)| *job == name) {
            name.push_str(&world.random.suffix(1));
        }
        let body = job_body(self.team, &self.name, &name, at, None);
        let labels = [
            ("batch.kubernetes.io/job-name", name.as_str()),
            ("job-name", name.as_str()),
        ];
        let mut shared: SharedMeta = managed("kube-controller-manager", "batch/v1", &labels, &body);
        shared
            .owners
            .push(owner("batch/v1", "CronJob", &self.name, self.uid));
        let object = world.object(self.team, &name, at, shared, &body);
        let image = image(self.team, &self.name, 1);
        let owner = owner("batch/v1", "Job", &name, object.meta.uid);
        let labels = [("batch.kubernetes.io/job-name", name.as_str())];
        let kind = kind_of(world, &self.name, self.team, &image, owner, &labels, true);
        StartedJob { object, kind }
    }

    /// A job after its end.
    pub(super) fn completed(&self, mut job: Object, started: Time, ended: Time) -> Object {
        job.body = json_body(&job_body(
            self.team,
            &self.name,
            &job.meta.name,
            started,
            Some(ended),
        ));
        job
    }

    pub(super) fn load_finished_job(&mut self, world: &mut World, history: &mut History, at: Time) {
        let StartedJob { object, kind } = self.start_job(world, at);
        let ended = at.plus(world.random.between(5 * SECOND, 4 * MINUTE));
        let pod = finished_pod(world, self.team, &kind, at, ended);
        self.finished
            .push((object.meta.name.to_string(), pod.meta.name.to_string()));
        history.load(ResourceId::JOBS, self.completed(object, at, ended));
        history.load(ResourceId::PODS, pod);
    }

    /// The cron job itself, with a job that runs or none.
    pub(super) fn with_active(
        &self,
        history: &History,
        last: Time,
        active: Option<&Meta>,
    ) -> Option<Object> {
        let current = history.get(ResourceId::CRON_JOBS, &key(self.team, &self.name))?;
        let mut object = Object::clone(current);
        object.body = json_body(&cron_job_body(
            self.team,
            &self.name,
            self.schedule,
            last,
            active,
        ));
        Some(object)
    }
}

fn cron_job_body(
    team: &str,
    name: &str,
    schedule: &str,
    last: Time,
    active: Option<&Meta>,
) -> Value {
    let active: Vec<Value> = active
        .map(|job| {
            json!({
                "kind": "Job", "namespace": team, "name": job.name,
                "uid": crate::model::object::uuid(job.uid), "apiVersion": "batch/v1",
            })
        })
        .into_iter()
        .collect();
    let mut body = json!({
        "spec": {
            "schedule": schedule,
            "concurrencyPolicy": "Forbid",
            "suspend": name.len() % 7 == 3,
            "jobTemplate": {"spec": {"template": {"spec": pod_spec(name, team, &image(team, name, 1), true)}}},
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 1,
        },
        "status": {"lastScheduleTime": last.to_string(), "lastSuccessfulTime": last.to_string()},
    });
    if !active.is_empty() {
        body["status"]["active"] = active.into();
    }
    body
}

fn job_body(team: &str, cron_job: &str, name: &str, started: Time, ended: Option<Time>) -> Value {
    let mut body = json!({
        "spec": {
            "parallelism": 1,
            "completions": 1,
            "backoffLimit": 6,
            "selector": {"matchLabels": {"batch.kubernetes.io/job-name": name}},
            "template": {"spec": pod_spec(cron_job, team, &image(team, cron_job, 1), true)},
            "completionMode": "NonIndexed",
        },
        "status": {"startTime": started.to_string(), "active": 1, "ready": 1},
    });
    if let Some(ended) = ended {
        body["status"] = json!({
            "conditions": [{"type": "Complete", "status": "True", "lastTransitionTime": ended.to_string(), "reason": "CompletionsReached", "message": "Reached expected number of succeeded pods"}],
            "startTime": started.to_string(),
            "completionTime": ended.to_string(),
            "succeeded": 1,
            "ready": 0,
        });
    }
    body
}

/// The body of a node.
pub(super) fn node_body(name: &str, ip: Ipv4Addr, cordoned: bool, control_plane: bool) -> Value {
    let condition = |kind: &str, holds: bool, reason: &str| json!({"type": kind, "status": if holds { "True" } else { "False" }, "reason": reason});
    let mut spec =
        json!({"podCIDR": "10.64.0.0/24", "providerID": format!("example://eu-central-1/{name}")});
    if cordoned {
        spec["unschedulable"] = true.into();
        spec["taints"] =
            json!([{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}]);
    } else if control_plane {
        spec["taints"] =
            json!([{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}]);
    }
    let size = json!({"cpu": "16", "ephemeral-storage": "203056560Ki", "memory": "65840788Ki", "pods": "110"});
    json!({
        "spec": spec,
        "status": {
            "capacity": size,
            "allocatable": size,
            "conditions": [
                condition("MemoryPressure", false, "KubeletHasSufficientMemory"),
                condition("DiskPressure", false, "KubeletHasNoDiskPressure"),
                condition("PIDPressure", false, "KubeletHasSufficientPID"),
                condition("Ready", true, "KubeletReady"),
            ],
            "addresses": [
                {"type": "InternalIP", "address": ip.to_string()},
                {"type": "Hostname", "address": name},
            ],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": {
                "machineID": "ec2d8c2c2a6b4f0f9d0f9e3a1c0b8a77",
                "kernelVersion": "6.12.48+deb13-cloud-amd64",
                "osImage": "Debian GNU/Linux 13 (trixie)",
                "containerRuntimeVersion": "containerd://2.1.4",
                "kubeletVersion": "v1.37.2",
                "kubeProxyVersion": "",
                "operatingSystem": "linux",
                "architecture": "amd64",
            },
        },
    })
}

/// The body of a service; without an application it selects nothing.
pub(super) fn service_body(cluster_ip: &str, app: Option<&str>, port: u16) -> Value {
    let mut spec = json!({
        "ports": [{"name": "http", "protocol": "TCP", "port": port, "targetPort": "http"}],
        "clusterIP": cluster_ip,
        "clusterIPs": [cluster_ip],
        "type": "ClusterIP",
        "sessionAffinity": "None",
        "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "SingleStack",
        "internalTrafficPolicy": "Cluster",
    });
    if let Some(app) = app {
        spec["selector"] = json!({"app.kubernetes.io/name": app});
    }
    json!({"spec": spec, "status": {"loadBalancer": {}}})
}

/// How long a record of something that happened is kept.
pub(super) const EVENT_LIFE: i64 = DAY / 24;
