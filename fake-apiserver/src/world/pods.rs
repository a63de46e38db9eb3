//! What happens to single pods.

use std::sync::Arc;

use super::World;
use super::story::Step;
use crate::model::object::{Body, Deletion, Object};
use crate::model::pod::{PodBody, PodState};
use crate::model::{History, ResourceId};
use crate::time::{MINUTE, SECOND};

/// Something that happens to a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PodStep {
    /// The scheduler finds a node.
    Schedule,
    /// The containers start.
    Start,
    /// The probes answer.
    Ready,
    /// The first container ends with an error; so many more failures will follow.
    Fail(u32),
    /// The kubelet waits before it restarts the container.
    BackOff(u32),
    /// The container starts again.
    Restart(u32),
    /// All containers end well.
    Succeed,
    /// Somebody deletes the pod.
    Delete,
    /// The pod is gone.
    Remove,
}

impl World {
    /// Does something to a pod, and queues what follows from it.
    pub(super) fn pod_step(&mut self, history: &mut History, key: Box<str>, step: PodStep) {
        let Some(current) = history.get(ResourceId::PODS, &key) else {
            return;
        };
        if step == PodStep::Remove {
            history.remove(ResourceId::PODS, &key, self.now);
            return;
        }
        // A pod that goes away does nothing else any more.
        if current.meta.deletion.is_some() {
            return;
        }
        let mut pod = Object::clone(current);
        let now = self.now;
        let follows = match &mut pod.body {
            Body::Pod(body) => self.change(body, &step),
            Body::Json(_) => Some(None),
        };
        let Some(follows) = follows else { return };
        if step == PodStep::Delete {
            pod.meta.generation += 1;
            pod.meta.deletion = Some(Deletion {
                at: now.plus(30 * SECOND),
                grace_seconds: 30,
            });
        }
        if self.random.percent(30) {
            self.later(SECOND, Step::Record(key.clone(), step));
        }
        if let Some((delay, next)) = follows {
            self.later(delay, Step::Pod(key, next));
        }
        history.put(ResourceId::PODS, pod, now);
    }

    /// Changes the pod's body; `None` where the step does not fit its state.
    fn change(&mut self, pod: &mut PodBody, step: &PodStep) -> Option<Option<(i64, PodStep)>> {
        use PodState as State;
        let (state, follows) = match (step, pod.state) {
            (PodStep::Schedule, State::Unscheduled) => {
                pod.node = Some(self.pick_node());
                pod.started = self.now;
                (
                    State::Creating,
                    Some((self.random.between(800, 3_000), PodStep::Start)),
                )
            }
            (PodStep::Start, State::Creating) => {
                pod.ip = Some(self.pod_ip());
                let job = pod.template.restart_policy == "Never";
                let follows = if job {
                    (self.random.between(4_000, 60_000), PodStep::Succeed)
                } else {
                    (self.random.between(1_500, 9_000), PodStep::Ready)
                };
                (
                    if job { State::Ready } else { State::Starting },
                    Some(follows),
                )
            }
            (PodStep::Ready, State::Starting) => (State::Ready, None),
            (PodStep::Fail(left), State::Ready | State::Starting) => (
                State::Error,
                Some((self.random.between(500, 1_500), PodStep::BackOff(*left))),
            ),
            (PodStep::BackOff(left), State::Error) => {
                // The wait doubles up to five minutes.
                let wait = (10 * SECOND) << pod.restarts.min(5);
                (
                    State::CrashLoop,
                    Some((wait.min(5 * MINUTE), PodStep::Restart(*left))),
                )
            }
            (PodStep::Restart(left), State::CrashLoop | State::Error) => {
                pod.restarts += 1;
                pod.last_restart = Some(self.now);
                let follows = match left {
                    0 => (self.random.between(1_500, 6_000), PodStep::Ready),
                    left => (self.random.between(3_000, 20_000), PodStep::Fail(left - 1)),
                };
                (State::Starting, Some(follows))
            }
            (PodStep::Succeed, State::Ready) => (State::Succeeded, None),
            (PodStep::Delete, state) => (
                state,
                Some((self.random.between(1_000, 6_000), PodStep::Remove)),
            ),
            _ => return None,
        };
        if state != pod.state {
            pod.state = state;
            pod.changed = self.now;
        }
        Some(follows)
    }

    /// A pod of the deployment's current replica set that `fits`.
    pub(super) fn find_pod(
        &mut self,
        history: &History,
        deployment: usize,
        fits: impl Fn(&PodBody) -> bool,
    ) -> Option<Box<str>> {
        let replica_set = self.deployments[deployment].replica_set.clone();
        let team = self.deployments[deployment].team;
        let pods: Vec<&Arc<Object>> = pods_of(history, team, &replica_set)
            .filter(|pod| pod.meta.deletion.is_none())
            .filter(|pod| matches!(&pod.body, Body::Pod(body) if fits(body)))
            .collect();
        if pods.is_empty() {
            None
        } else {
            Some(self.random.pick(&pods).key())
        }
    }
}

/// The pods whose names begin with the name of a replica set.
pub(super) fn pods_of<'a>(
    history: &'a History,
    team: &str,
    replica_set: &str,
) -> impl Iterator<Item = &'a Arc<Object>> + use<'a> {
    let prefix = format!("{replica_set}-");
    let from = format!("{team}/{prefix}");
    history
        .iter(ResourceId::PODS, team, &from)
        .take_while(move |pod| pod.meta.name.starts_with(&prefix))
}
