//! Pods of the world: a few numbers each, and the rest shared by all pods of a `ReplicaSet`.

use std::borrow::Cow;
use std::net::Ipv4Addr;
use std::sync::Arc;

use super::object::{Object, display, quote};
use super::template::Template;
use crate::json;
use crate::time::{SECOND, Time};

/// What differs between the pods of one template.
#[derive(Clone, Debug)]
pub struct PodBody {
    /// What they have in common.
    pub template: Arc<PodTemplate>,
    /// The node, once the pod is scheduled.
    pub node: Option<Arc<NodeAddress>>,
    /// The pod's address, once it has one.
    pub ip: Option<Ipv4Addr>,
    /// Where it stands in its life.
    pub state: PodState,
    /// When the kubelet acknowledged it.
    pub started: Time,
    /// When `state` began.
    pub changed: Time,
    /// How often its first container was restarted.
    pub restarts: u32,
    /// When that happened last.
    pub last_restart: Option<Time>,
    /// The random suffix of its token volume.
    pub volume_suffix: [u8; 5],
}

/// What the pods of a template have in common.
#[derive(Debug)]
pub struct PodTemplate {
    /// The JSON of `spec`.
    pub spec: Template,
    /// The containers, in their order.
    pub containers: Vec<Container>,
    /// The quality-of-service class that follows from the resources.
    pub qos_class: &'static str,
    /// `Never` in the pods of a Job.
    pub restart_policy: &'static str,
}

/// A container of a template.
#[derive(Debug)]
pub struct Container {
    /// Its name.
    pub name: Box<str>,
    /// Its image.
    pub image: Box<str>,
    /// The digest under which the image was pulled.
    pub image_id: Box<str>,
}

/// A node as pods know it.
#[derive(Debug)]
pub struct NodeAddress {
    /// The node's name.
    pub name: Box<str>,
    /// The node's address.
    pub ip: Ipv4Addr,
}

/// Where a pod stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PodState {
    /// No node was found yet.
    Unscheduled,
    /// The kubelet prepares its containers.
    Creating,
    /// The containers run, the probes have not all answered.
    Starting,
    /// The containers run and are ready.
    Ready,
    /// The first container ended with an error and will be restarted.
    Error,
    /// It ends again and again.
    CrashLoop,
    /// The image cannot be pulled.
    ImagePullBackOff,
    /// All containers ended well.
    Succeeded,
    /// The pod was evicted from its node.
    Evicted,
}

impl PodState {
    /// `status.phase`.
    #[must_use]
    pub const fn phase(self) -> &'static str {
        match self {
            Self::Unscheduled | Self::Creating | Self::ImagePullBackOff => "Pending",
            Self::Starting | Self::Ready | Self::Error | Self::CrashLoop => "Running",
            Self::Succeeded => "Succeeded",
            Self::Evicted => "Failed",
        }
    }

    /// The reason that the Status column shows where it differs from the phase.
    #[must_use]
    pub const fn reason(self) -> Option<&'static str> {
        match self {
            Self::Creating => Some("ContainerCreating"),
            Self::Error => Some("Error"),
            Self::CrashLoop => Some("CrashLoopBackOff"),
            Self::ImagePullBackOff => Some("ImagePullBackOff"),
            Self::Succeeded => Some("Completed"),
            Self::Evicted => Some("Evicted"),
            Self::Unscheduled | Self::Starting | Self::Ready => None,
        }
    }
}

impl PodBody {
    /// The node's name; empty while the pod has none.
    #[must_use]
    pub fn node_name(&self) -> &str {
        self.node.as_ref().map_or("", |node| &node.name)
    }

    /// How many containers are ready.
    #[must_use]
    pub fn ready(&self) -> usize {
        match self.state {
            PodState::Ready => self.template.containers.len(),
            // Sidecars stay ready while the first container fails.
            PodState::Error | PodState::CrashLoop => self.template.containers.len() - 1,
            _ => 0,
        }
    }

    /// The fields that selectors ask for often; `None` for the others.
    pub(crate) fn field(&self, path: &str) -> Option<Cow<'_, str>> {
        match path {
            "spec.nodeName" => Some(Cow::Borrowed(self.node_name())),
            "status.phase" => Some(Cow::Borrowed(self.state.phase())),
            "status.podIP" => Some(
                self.ip
                    .map_or(Cow::Borrowed(""), |ip| Cow::Owned(ip.to_string())),
            ),
            _ => None,
        }
    }

    /// Appends `,"spec":…,"status":…`.
    pub(crate) fn write(&self, out: &mut Vec<u8>, object: &Object) {
        json::key(out, "spec");
        self.template
            .spec
            .write(out, |out, slot| object.fill(out, slot));
        json::key(out, "status");
        out.push(b'{');
        json::member(out, "phase", self.state.phase());
        if self.state == PodState::Evicted {
            json::member(out, "message", "The node was low on resource: memory.");
            json::member(out, "reason", "Evicted");
        } else {
            self.write_conditions(out, object.meta.created);
        }
        if let Some(node) = &self.node {
            json::key(out, "hostIP");
            quote(out, node.ip);
            json::key(out, "hostIPs");
            out.extend_from_slice(b"[{\"ip\":");
            quote(out, node.ip);
            out.extend_from_slice(b"}]");
        }
        if let Some(ip) = self.ip {
            json::key(out, "podIP");
            quote(out, ip);
            json::key(out, "podIPs");
            out.extend_from_slice(b"[{\"ip\":");
            quote(out, ip);
            out.extend_from_slice(b"}]");
        }
        if self.node.is_some() {
            json::key(out, "startTime");
            quote(out, self.started);
            if self.state != PodState::Evicted {
                self.write_containers(out, object);
            }
        }
        json::member(out, "qosClass", self.template.qos_class);
        out.push(b'}');
    }

    fn write_conditions(&self, out: &mut Vec<u8>, created: Time) {
        let ready = self.state == PodState::Ready;
        let done = self.state == PodState::Succeeded;
        let unready = if done {
            ",\"reason\":\"PodCompleted\""
        } else {
            ",\"reason\":\"ContainersNotReady\",\"message\":\"containers with unready status\""
        };
        json::key(out, "conditions");
        out.push(b'[');
        let mut condition = |kind: &str, holds: bool, since: Time, why: &str| {
            if out.last() != Some(&b'[') {
                out.push(b',');
            }
            out.extend_from_slice(b"{\"type\":");
            quote(out, kind);
            out.extend_from_slice(b",\"observedGeneration\":1,\"status\":");
            quote(out, if holds { "True" } else { "False" });
            out.extend_from_slice(b",\"lastProbeTime\":null,\"lastTransitionTime\":");
            quote(out, since);
            if !holds {
                out.extend_from_slice(why.as_bytes());
            }
            out.push(b'}');
        };
        if self.node.is_some() {
            let sandboxed = self.ip.is_some() && !done;
            condition(
                "PodReadyToStartContainers",
                sandboxed,
                self.started.plus(2 * SECOND),
                "",
            );
            condition("Initialized", true, self.started, "");
            condition("Ready", ready, self.changed, unready);
            condition("ContainersReady", ready, self.changed, unready);
            condition("PodScheduled", true, created, "");
        } else {
            let why = ",\"reason\":\"Unschedulable\",\"message\":\"0/12 nodes are available: 12 Insufficient cpu. preemption: 0/12 nodes are available: 12 No preemption victims found for incoming pod.\"";
            condition("PodScheduled", false, created, why);
        }
        out.push(b']');
    }

    fn write_containers(&self, out: &mut Vec<u8>, object: &Object) {
        json::key(out, "containerStatuses");
        out.push(b'[');
        for (at, container) in self.template.containers.iter().enumerate() {
            out.extend_from_slice(if at == 0 { b"{" } else { b",{" });
            json::member(out, "name", &container.name);
            json::key(out, "state");
            self.write_state(out, at, object);
            json::key(out, "lastState");
            out.push(b'{');
            if at == 0
                && let Some(last) = self.last_restart
            {
                json::key(out, "terminated");
                self.write_terminated(out, last, 1, "Error", object);
            }
            out.push(b'}');
            let ready = at >= self.template.containers.len() - self.ready();
            let running = ready || self.state == PodState::Starting;
            json::key(out, "ready");
            display(out, ready);
            json::key(out, "restartCount");
            display(out, if at == 0 { self.restarts } else { 0 });
            json::member(out, "image", &container.image);
            let pulled = self.ip.is_some();
            json::member(
                out,
                "imageID",
                if pulled { &container.image_id } else { "" },
            );
            if pulled {
                json::key(out, "containerID");
                self.write_container_id(out, at, object);
            }
            json::key(out, "started");
            display(out, running);
            out.push(b'}');
        }
        out.push(b']');
    }

    fn write_state(&self, out: &mut Vec<u8>, at: usize, object: &Object) {
        out.push(b'{');
        match self.state {
            PodState::Creating => json::key(out, "waiting"),
            PodState::CrashLoop | PodState::ImagePullBackOff if at == 0 => {
                json::key(out, "waiting");
            }
            PodState::Error if at == 0 => {
                json::key(out, "terminated");
                self.write_terminated(out, self.changed, 1, "Error", object);
            }
            PodState::Succeeded => {
                json::key(out, "terminated");
                self.write_terminated(out, self.changed, 0, "Completed", object);
            }
            _ => {
                json::key(out, "running");
                out.extend_from_slice(b"{\"startedAt\":");
                let restarted = if at == 0 { self.last_restart } else { None };
                quote(
                    out,
                    restarted.unwrap_or_else(|| self.started.plus(3 * SECOND)),
                );
                out.push(b'}');
            }
        }
        if out.ends_with(b"\"waiting\":") {
            out.push(b'{');
            if self.state == PodState::CrashLoop {
                json::key(out, "message");
                let name = &self.template.containers[0].name;
                let pod = &object.meta.name;
                let text = format!(
                    "back-off 5m0s restarting failed container={name} pod={pod}_{}",
                    object.meta.namespace
                );
                json::string(out, &text);
            }
            json::member(
                out,
                "reason",
                self.state.reason().unwrap_or("PodInitializing"),
            );
            out.push(b'}');
        }
        out.push(b'}');
    }

    fn write_terminated(
        &self,
        out: &mut Vec<u8>,
        at: Time,
        code: i32,
        reason: &str,
        object: &Object,
    ) {
        out.extend_from_slice(b"{\"exitCode\":");
        display(out, code);
        json::member(out, "reason", reason);
        json::key(out, "startedAt");
        quote(out, at.minus(23 * SECOND).max(self.started));
        json::key(out, "finishedAt");
        quote(out, at);
        json::key(out, "containerID");
        self.write_container_id(out, 0, object);
        out.push(b'}');
    }

    /// An id that follows from the pod, the container and its restarts: 64 hexadecimal digits.
    fn write_container_id(&self, out: &mut Vec<u8>, at: usize, object: &Object) {
        let restarts = if at == 0 { u64::from(self.restarts) } else { 0 };
        #[allow(
            clippy::cast_possible_truncation,
            reason = "half of a uid is random enough"
        )]
        let low = object.meta.uid as u64;
        let mut random = crate::random::Random::new(low ^ (restarts << 8) ^ at as u64);
        out.extend_from_slice(b"\"containerd://");
        for _ in 0..4 {
            display(out, format_args!("{:016x}", random.bits()));
        }
        out.push(b'"');
    }
}
