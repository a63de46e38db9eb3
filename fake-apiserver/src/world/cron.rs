//! Cron jobs and the jobs that they start.

use serde_json::{Value, json};

use super::World;
use super::apps::{finished_pod, kind_of};
use super::build::{json_body, managed};
use super::deployment::{image, owner};
use super::pods::PodStep;
use super::story::Step;
use super::template::{PodKind, pod_spec};
use crate::model::object::{Body, Meta, Object, SharedMeta, key};
use crate::model::pod::PodState;
use crate::model::{History, ResourceId};
use crate::time::{MINUTE, SECOND, Time};

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

/// A job between its start and its end.
#[derive(Clone, Debug)]
pub(super) struct JobRun {
    name: String,
    pod: Option<Box<str>>,
    started: Time,
    stage: JobStage,
    kind: PodKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum JobStage {
    Announce,
    MakePod,
    Run,
    Forget,
    ForgetPod,
    Settle,
}

impl World {
    pub(super) fn begin_job(&mut self, history: &mut History) {
        let at = self.random.below(self.cron_jobs.len());
        if self.cron_jobs.is_empty() || std::mem::replace(&mut self.cron_jobs[at].busy, true) {
            return;
        }
        let now = self.now;
        let cron_job = self.cron_jobs.swap_remove(at);
        let StartedJob { object, kind } = cron_job.start_job(self, now);
        self.cron_jobs.push(cron_job);
        let last = self.cron_jobs.len() - 1;
        self.cron_jobs.swap(at, last);
        let name = object.meta.name.to_string();
        history.put(ResourceId::JOBS, object, now);
        let job = JobRun {
            name,
            pod: None,
            started: now,
            stage: JobStage::Announce,
            kind,
        };
        self.later(
            50,
            Step::Job {
                cron_job: at,
                job: Box::new(job),
            },
        );
    }

    pub(super) fn run_job(&mut self, history: &mut History, at: usize, mut job: JobRun) {
        let team = self.cron_jobs[at].team;
        let now = self.now;
        let job_key = key(team, &job.name);
        let mut delay = 100;
        job.stage = match job.stage {
            JobStage::Announce => {
                let active = history
                    .get(ResourceId::JOBS, &job_key)
                    .map(|job| job.meta.clone());
                let announced = self.cron_jobs[at].with_active(history, now, active.as_ref());
                if let Some(cron_job) = announced {
                    history.put(ResourceId::CRON_JOBS, cron_job, now);
                }
                JobStage::MakePod
            }
            JobStage::MakePod => {
                let pod = self.pod(team, &job.kind, now);
                job.pod = Some(pod.key());
                self.later(300, Step::Pod(pod.key(), PodStep::Schedule));
                history.put(ResourceId::PODS, pod, now);
                delay = SECOND;
                JobStage::Run
            }
            JobStage::Run => {
                let pod = job
                    .pod
                    .as_ref()
                    .and_then(|pod| history.get(ResourceId::PODS, pod));
                let ended = pod.is_none_or(
                    |pod| matches!(&pod.body, Body::Pod(body) if body.state == PodState::Succeeded),
                );
                if ended {
                    self.end_job(history, at, &job, &job_key);
                    JobStage::Settle
                } else {
                    delay = SECOND;
                    JobStage::Run
                }
            }
            JobStage::Settle => {
                self.cron_jobs[at].busy = false;
                let settled = self.cron_jobs[at].with_active(history, job.started, None);
                if let Some(cron_job) = settled {
                    history.put(ResourceId::CRON_JOBS, cron_job, now);
                }
                JobStage::Forget
            }
            JobStage::Forget => {
                // Three finished jobs are kept; the garbage collector takes the pod after its job.
                if self.cron_jobs[at].finished.len() <= 3 {
                    return;
                }
                let (oldest, pod) = self.cron_jobs[at].finished.remove(0);
                job.pod = Some(key(team, &pod));
                history.remove(ResourceId::JOBS, &key(team, &oldest), now);
                JobStage::ForgetPod
            }
            JobStage::ForgetPod => {
                if let Some(pod) = &job.pod {
                    history.remove(ResourceId::PODS, pod, now);
                }
                return;
            }
        };
        self.later(
            delay,
            Step::Job {
                cron_job: at,
                job: Box::new(job),
            },
        );
    }

    fn end_job(&mut self, history: &mut History, at: usize, job: &JobRun, job_key: &str) {
        let Some(current) = history.get(ResourceId::JOBS, job_key) else {
            return;
        };
        let ended = self.cron_jobs[at].completed(Object::clone(current), job.started, self.now);
        let pod = job.pod.as_deref().and_then(|pod| pod.split_once('/'));
        let pod = pod.map(|(_, name)| name.to_owned()).unwrap_or_default();
        self.cron_jobs[at].finished.push((job.name.clone(), pod));
        history.put(ResourceId::JOBS, ended, self.now);
    }
}
