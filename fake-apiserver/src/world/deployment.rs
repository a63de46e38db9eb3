//! Deployments and their replica sets.

use serde_json::{Value, json};

use super::World;
use super::apps::kind_of;
use super::build::{json_body, managed};
use super::template::{PodKind, pod_spec};
use crate::model::object::{Object, Owner, key};
use crate::model::{History, ResourceId};
use crate::time::Time;

/// So many old replica sets are kept.
pub(super) const REVISION_HISTORY: usize = 3;

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
    /// Replica sets of earlier versions, the oldest first.
    pub(super) old_sets: Vec<String>,
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
            old_sets: Vec::new(),
            busy: false,
        };
        if version > 1 {
            let (old, _) = this.new_replica_set(world, created, 0);
            this.old_sets.push(old.meta.name.to_string());
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
            "revisionHistoryLimit": REVISION_HISTORY,
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
