//! Stories: what several objects go through together.

use std::cmp::Ordering;
use std::sync::Arc;

use super::World;
use super::build::json_body;
use super::cron::JobRun;
use super::deployment::{Deployment, REVISION_HISTORY};
use super::node::node_body;
use super::pods::{PodStep, pods_of};
use crate::model::object::{Body, Object, key};
use crate::model::pod::PodState;
use crate::model::{History, ResourceId};
use crate::time::SECOND;

/// A step of a story: at most one write.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Something happens to a pod.
    Pod(Box<str>, PodStep),
    /// Something that happened to a pod is recorded.
    Record(Box<str>, PodStep),
    /// A deployment replaces its pods: `made` of them are new.
    Rollout {
        deployment: usize,
        old: String,
        made: usize,
    },
    /// A deployment forgets its oldest replica set.
    Prune { deployment: usize },
    /// A deployment's status says how far it is.
    Progress { deployment: usize, updated: usize },
    /// A replica set makes up for a pod that was evicted.
    Replace { deployment: usize },
    /// A node is emptied: these pods are left.
    Drain { node: usize, left: Vec<Box<str>> },
    /// A cron job's job goes on.
    Job { cron_job: usize, job: Box<JobRun> },
}

impl World {
    /// Begins a story by its first write.
    pub(super) fn begin_story(&mut self, history: &mut History) {
        let deployment = self.random.below(self.deployments.len());
        match self.random.below(100) {
            0..8 => self.begin_rollout(history, deployment),
            8..10 => self.begin_drain(history),
            10..16 => self.begin_job(history),
            16..45 => {
                let running = |pod: &crate::model::pod::PodBody| pod.state == PodState::Ready;
                if let Some(pod) = self.find_pod(history, deployment, running) {
                    let more = u32::try_from(self.random.below(4)).unwrap_or(0);
                    self.pod_step(history, pod, PodStep::Fail(more));
                }
            }
            45..60 => {
                let looping = |pod: &crate::model::pod::PodBody| pod.state == PodState::CrashLoop;
                if let Some(pod) = self.find_pod(history, deployment, looping) {
                    self.pod_step(history, pod, PodStep::Restart(2));
                }
            }
            60..85 => {
                // A pod is deleted by hand, and its replica set makes up for it.
                if let Some(pod) = self.find_pod(history, deployment, |_| true) {
                    self.pod_step(history, pod, PodStep::Delete);
                    let delay = self.random.between(100, 900);
                    self.later(delay, Step::Replace { deployment });
                }
            }
            _ => {
                if let Some(pod) = self.find_pod(history, deployment, |_| true) {
                    self.record(history, &pod, &PodStep::Ready);
                }
            }
        }
    }

    pub(super) fn run(&mut self, history: &mut History, step: Step) {
        match step {
            Step::Pod(pod, step) => self.pod_step(history, pod, step),
            Step::Record(pod, step) => self.record(history, &pod, &step),
            Step::Rollout {
                deployment,
                old,
                made,
            } => self.roll_out(history, deployment, old, made),
            Step::Replace { deployment } => {
                self.make_pod(history, deployment);
            }
            Step::Prune { deployment } => {
                let Deployment { team, old_sets, .. } = &mut self.deployments[deployment];
                if old_sets.len() > REVISION_HISTORY {
                    let oldest = key(team, &old_sets.remove(0));
                    history.remove(ResourceId::REPLICA_SETS, &oldest, self.now);
                }
            }
            Step::Progress {
                deployment,
                updated,
            } => {
                let Deployment { replicas, .. } = &self.deployments[deployment];
                let ready = replicas.saturating_sub(1);
                let progress = self.deployments[deployment].with_counts(history, updated, ready);
                if let Some(object) = progress {
                    history.put(ResourceId::DEPLOYMENTS, object, self.now);
                }
            }
            Step::Drain { node, left } => self.drain(history, node, left),
            Step::Job { cron_job, job } => self.run_job(history, cron_job, *job),
        }
    }

    fn begin_rollout(&mut self, history: &mut History, at: usize) {
        if std::mem::replace(&mut self.deployments[at].busy, true) {
            return;
        }
        self.deployments[at].version += 1;
        let now = self.now;
        // The world lends itself to the deployment for a moment: both are needed at once.
        let mut rolling = self.deployments.swap_remove(at);
        let (object, kind) = rolling.new_replica_set(self, now, rolling.replicas);
        let old = std::mem::replace(&mut rolling.replica_set, object.meta.name.to_string());
        rolling.kind = kind;
        self.deployments.push(rolling);
        let last = self.deployments.len() - 1;
        self.deployments.swap(at, last);
        history.put(ResourceId::REPLICA_SETS, object, now);
        self.later(
            500,
            Step::Rollout {
                deployment: at,
                old,
                made: 0,
            },
        );
    }

    fn roll_out(&mut self, history: &mut History, at: usize, old: String, made: usize) {
        let replicas = self.deployments[at].replicas;
        let team = self.deployments[at].team;
        let staying = |pod: &&Arc<Object>| pod.meta.deletion.is_none();
        let delay = match made.cmp(&replicas) {
            Ordering::Less => {
                // One new pod, and one old one that goes when it is ready.
                self.make_pod(history, at);
                let pods = pods_of(history, team, &old).filter(staying);
                let old_pods: Vec<Box<str>> = pods.map(|pod| pod.key()).collect();
                if !old_pods.is_empty() {
                    let pod = self.random.pick(&old_pods).clone();
                    let delay = self.random.between(6_000, 14_000);
                    self.later(delay, Step::Pod(pod, PodStep::Delete));
                }
                if made.is_multiple_of(4) {
                    let updated = made + 1;
                    self.later(
                        400,
                        Step::Progress {
                            deployment: at,
                            updated,
                        },
                    );
                }
                self.random.between(700, 4_000)
            }
            Ordering::Equal => {
                if let Some(scaled) = self.deployments[at].replica_set_with(history, &old, 0, 0) {
                    history.put(ResourceId::REPLICA_SETS, scaled, self.now);
                }
                // Old pods that are still there go now.
                let pods = pods_of(history, team, &old).filter(staying);
                let left: Vec<Box<str>> = pods.map(|pod| pod.key()).collect();
                for pod in left {
                    self.later(15 * SECOND, Step::Pod(pod, PodStep::Delete));
                }
                2 * SECOND
            }
            Ordering::Greater => {
                self.deployments[at].busy = false;
                self.deployments[at].old_sets.push(old);
                // By then the last of the old pods has gone.
                self.later(25 * SECOND, Step::Prune { deployment: at });
                let done = self.deployments[at].with_counts(history, replicas, replicas);
                if let Some(deployment) = done {
                    history.put(ResourceId::DEPLOYMENTS, deployment, self.now);
                }
                return;
            }
        };
        self.later(
            delay,
            Step::Rollout {
                deployment: at,
                old,
                made: made + 1,
            },
        );
    }

    /// A new pod of the deployment's current replica set.
    fn make_pod(&mut self, history: &mut History, deployment: usize) {
        let team = self.deployments[deployment].team;
        let kind = self.deployments[deployment].kind.clone();
        let now = self.now;
        let pod = self.pod(team, &kind, now);
        let delay = self.random.between(100, 700);
        self.later(delay, Step::Pod(pod.key(), PodStep::Schedule));
        history.put(ResourceId::PODS, pod, now);
    }

    fn begin_drain(&mut self, history: &mut History) {
        let at = self.random.below(self.nodes.len());
        // Half of the workers at least go on taking pods; the control plane takes none anyway.
        let workers = self.nodes.iter().filter(|node| !node.control_plane).count();
        let drained = self
            .nodes
            .iter()
            .filter(|node| node.drained && !node.control_plane)
            .count();
        if self.nodes[at].drained || (drained + 1) * 2 > workers {
            return;
        }
        self.nodes[at].drained = true;
        let name = self.nodes[at].address.name.clone();
        let on_node = |pod: &&Arc<Object>| {
            matches!(&pod.body, Body::Pod(body) if body.node_name() == &*name)
                && pod.meta.deletion.is_none()
        };
        let left = history
            .iter(ResourceId::PODS, "", "")
            .filter(on_node)
            .map(|pod| pod.key());
        let left: Vec<Box<str>> = left.collect();
        self.write_node(history, at, true);
        self.later(2 * SECOND, Step::Drain { node: at, left });
    }

    fn drain(&mut self, history: &mut History, node: usize, mut left: Vec<Box<str>>) {
        let Some(pod) = left.pop() else {
            self.nodes[node].drained = false;
            self.write_node(history, node, false);
            return;
        };
        let owner = history
            .get(ResourceId::PODS, &pod)
            .and_then(|pod| pod.meta.shared.owners.first())
            .map(|owner| owner.name.clone());
        let deployment = owner.and_then(|owner| {
            self.deployments
                .iter()
                .position(|deployment| *deployment.replica_set == *owner)
        });
        // A pod that goes away already is being made up for.
        let staying = history
            .get(ResourceId::PODS, &pod)
            .is_some_and(|pod| pod.meta.deletion.is_none());
        if let Some(deployment) = deployment.filter(|_| staying) {
            self.later(SECOND, Step::Replace { deployment });
            self.pod_step(history, pod, PodStep::Delete);
        }
        let delay = self.random.between(200, 1_500);
        self.later(delay, Step::Drain { node, left });
    }

    fn write_node(&mut self, history: &mut History, at: usize, cordoned: bool) {
        let node = &self.nodes[at];
        let Some(current) = history.get(ResourceId::NODES, &node.address.name) else {
            return;
        };
        let mut object = Object::clone(current);
        let body = node_body(
            &node.address.name,
            node.address.ip,
            cordoned,
            node.control_plane,
        );
        object.body = json_body(&body);
        history.put(ResourceId::NODES, object, self.now);
    }
}
