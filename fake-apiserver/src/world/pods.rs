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

/// What follows from a step.
enum Follows {
    Nothing,
    /// Another step, so many milliseconds later.
    After(i64, PodStep),
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
            Body::Json(_) => Some(Follows::Nothing),
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
        if let Follows::After(delay, next) = follows {
            self.later(delay, Step::Pod(key, next));
        }
        history.put(ResourceId::PODS, pod, now);
    }

    /// Changes the pod's body; `None` where the step does not fit its state.
    fn change(&mut self, pod: &mut PodBody, step: &PodStep) -> Option<Follows> {
        use PodState as State;
        let (state, follows) = match (step, pod.state) {
            (PodStep::Schedule, State::Unscheduled) => {
                pod.node = Some(self.pick_node());
                pod.started = self.now;
                (State::Creating, self.follow(800, 3_000, PodStep::Start))
            }
            (PodStep::Start, State::Creating) => {
                pod.ip = Some(self.pod_ip());
                if pod.template.restart_policy == "Never" {
                    (State::Ready, self.follow(4_000, 60_000, PodStep::Succeed))
                } else {
                    (State::Starting, self.follow(1_500, 9_000, PodStep::Ready))
                }
            }
            (PodStep::Ready, State::Starting) => (State::Ready, Follows::Nothing),
            (PodStep::Fail(left), State::Ready | State::Starting) => (
                State::Error,
                self.follow(500, 1_500, PodStep::BackOff(*left)),
            ),
            (PodStep::BackOff(left), State::Error) => {
                // The wait doubles up to five minutes.
                let wait = ((10 * SECOND) << pod.restarts.min(5)).min(5 * MINUTE);
                (
                    State::CrashLoop,
                    Follows::After(wait, PodStep::Restart(*left)),
                )
            }
            (PodStep::Restart(left), State::CrashLoop | State::Error) => {
                pod.restarts += 1;
                pod.last_restart = Some(self.now);
                let follows = match left {
                    0 => self.follow(1_500, 6_000, PodStep::Ready),
                    left => self.follow(3_000, 20_000, PodStep::Fail(left - 1)),
                };
                (State::Starting, follows)
            }
            (PodStep::Succeed, State::Ready) => (State::Succeeded, Follows::Nothing),
            (PodStep::Delete, state) => (state, self.follow(1_000, 6_000, PodStep::Remove)),
            _ => return None,
        };
        if state != pod.state {
            pod.state = state;
            pod.changed = self.now;
        }
        Some(follows)
    }

    /// A step after a delay between two bounds in milliseconds.
    fn follow(&mut self, least: i64, most: i64, step: PodStep) -> Follows {
        Follows::After(self.random.between(least, most), step)
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
