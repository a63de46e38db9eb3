//! Events: what controllers and kubelets record of pods.

use serde_json::json;

use super::World;
use super::build::managed;
use super::pods::PodStep;
use crate::model::object::{Body, Object, uuid};
use crate::model::{History, ResourceId};
use crate::time::{HOUR, Time};

/// So many records are kept at most.
const RECORDS: usize = 5_000;

/// How long a record is kept (`--event-ttl`).
const EVENT_LIFE: i64 = HOUR;

/// What a record says.
struct Record {
    kind: &'static str,
    reason: &'static str,
    source: &'static str,
    /// `spec.containers{NAME}` stands in the involved object.
    of_container: bool,
    message: String,
    count: usize,
}

impl World {
    /// Records something that happened to a pod; the oldest record goes where there are too many.
    pub(super) fn record(&mut self, history: &mut History, pod: &str, step: &PodStep) {
        let oldest = self
            .records
            .front()
            .and_then(|key| history.get(ResourceId::EVENTS, key));
        let expired = oldest.is_some_and(|event| self.now.since(event.meta.created) > EVENT_LIFE);
        if expired || self.records.len() > RECORDS {
            if let Some(key) = self.records.pop_front() {
                history.remove(ResourceId::EVENTS, &key, self.now);
            }
            return;
        }
        let Some(pod) = history.get(ResourceId::PODS, pod) else {
            return;
        };
        let record = record_of(pod, step);
        let pod = Object::clone(pod);
        let event = self.event(&pod, &record, self.now);
        self.records.push_back(event.key());
        history.put(ResourceId::EVENTS, event, self.now);
    }

    /// A record of a random pod's past.
    pub(super) fn random_pod_event(&mut self, history: &History, at: Time) -> Option<Object> {
        let deployment = self.random.below(self.deployments.len());
        let pod = self.find_pod(history, deployment, |_| true)?;
        let pod = Object::clone(history.get(ResourceId::PODS, &pod)?);
        let steps = [
            PodStep::Schedule,
            PodStep::Start,
            PodStep::Ready,
            PodStep::BackOff(0),
        ];
        let record = record_of(&pod, self.random.pick(&steps));
        let event = self.event(&pod, &record, at);
        self.records.push_back(event.key());
        Some(event)
    }

    fn event(&mut self, pod: &Object, record: &Record, at: Time) -> Object {
        let mut involved = json!({
            "kind": "Pod",
            "namespace": &*pod.meta.namespace,
            "name": &*pod.meta.name,
            "uid": uuid(pod.meta.uid),
            "apiVersion": "v1",
            "resourceVersion": pod.meta.resource_version.to_string(),
        });
        let (mut host, mut container) = ("", "");
        if let Body::Pod(body) = &pod.body {
            host = body.node_name();
            container = body
                .template
                .containers
                .first()
                .map_or("", |container| &container.name);
        }
        if record.of_container {
            involved["fieldPath"] = format!("spec.containers{{{container}}}").into();
        }
        let mut source = json!({"component": record.source});
        if record.source == "kubelet" {
            source["host"] = host.into();
        }
        let first = if record.count > 1 {
            at.minus(37 * 60 * 1_000)
        } else {
            at
        };
        let body = json!({
            "involvedObject": involved,
            "reason": record.reason,
            "message": record.message,
            "source": source,
            "firstTimestamp": first.to_string(),
            "lastTimestamp": at.to_string(),
            "count": record.count,
            "type": record.kind,
            "eventTime": null,
            "reportingComponent": record.source,
            "reportingInstance": host,
        });
        let name = format!("{}.{:016x}", pod.meta.name, self.random.bits());
        let shared = managed(record.source, "v1", &[], &body);
        self.object(&pod.meta.namespace, &name, first, shared, &body)
    }
}

fn record_of(pod: &Object, step: &PodStep) -> Record {
    let (mut node, mut container, mut image) = ("", "", "");
    let mut restarts = 0;
    if let Body::Pod(body) = &pod.body {
        node = body.node_name();
        if let Some(first) = body.template.containers.first() {
            (container, image) = (&first.name, &first.image);
        }
        restarts = body.restarts as usize;
    }
    let (namespace, name) = (&pod.meta.namespace, &pod.meta.name);
    let kubelet = |reason, message: String| Record {
        kind: "Normal",
        reason,
        source: "kubelet",
        of_container: true,
        message,
        count: 1,
    };
    match step {
        PodStep::Schedule => Record {
            kind: "Normal",
            reason: "Scheduled",
            source: "default-scheduler",
            of_container: false,
            message: format!("Successfully assigned {namespace}/{name} to {node}"),
            count: 1,
        },
        PodStep::Start => kubelet("Started", format!("Started container {container}")),
        PodStep::Delete => kubelet("Killing", format!("Stopping container {container}")),
        PodStep::Fail(_) | PodStep::BackOff(_) => Record {
            kind: "Warning",
            reason: "BackOff",
            count: restarts.max(1),
            ..kubelet(
                "BackOff",
                format!(
                    "Back-off restarting failed container {container} in pod {name}_{namespace}"
                ),
            )
        },
        _ => kubelet(
            "Pulled",
            format!(
                "Container image \"{image}\" already present on machine and can be accessed by the pod"
            ),
        ),
    }
}
