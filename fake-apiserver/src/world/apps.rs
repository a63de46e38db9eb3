//! What a team runs: deployments with their services, configuration and credentials, and cron jobs.

use serde_json::{Value, json};

use super::World;
use super::build::managed;
use super::cron::CronJob;
use super::deployment::Deployment;
use super::names::{PARTS, SUBJECTS};
use super::template::{PodKind, Purpose, pod_kind};
use crate::model::object::{Body, Object, Owner};
use crate::model::pod::PodState;
use crate::model::{History, ResourceId};
use crate::time::{DAY, HOUR, MINUTE, SECOND, Time};

/// A deployment with its service, configuration, credentials, replica sets and pods.
pub(super) fn build_deployment(
    world: &mut World,
    history: &mut History,
    team: &'static str,
    at: usize,
    left: usize,
    pods: usize,
) {
    // Every combination once, so that names are unique in a namespace.
    let subject = SUBJECTS[(at + team.len()) % SUBJECTS.len()];
    let part = PARTS[at / SUBJECTS.len() % PARTS.len()];
    let generation = at / (SUBJECTS.len() * PARTS.len());
    let app = match generation {
        0 => format!("{subject}-{part}"),
        more => format!("{subject}-{part}-v{}", more + 1),
    };
    let most = (pods / 40).clamp(3, 60);
    // Most deployments are small.
    let most = if world.random.percent(70) {
        most.div_ceil(4)
    } else {
        most
    };
    let replicas = (1 + world.random.below(most)).min(left);
    let age = world.age();
    let created = world.now.minus(age + world.random.between(HOUR, 40 * DAY));
    build_app_objects(world, history, team, &app, created);
    let deployment = Deployment::build(world, history, team, &app, replicas, created);
    for at in 0..replicas {
        let pod_age = world.random.between(age / 2, age).max(MINUTE);
        let created = world.now.minus(pod_age);
        let mut pod = world.pod(team, &deployment.kind, created);
        settle(world, &mut pod, at);
        history.load(ResourceId::PODS, pod);
    }
    world.deployments.push(deployment);
}

/// Gives a pod that has lived for a while its node, its address and its state.
fn settle(world: &mut World, pod: &mut Object, at: usize) {
    let created = pod.meta.created;
    let node = world.pick_node();
    let ip = world.pod_ip();
    let fate = world.random.below(1_000);
    let recent = world
        .now
        .minus(world.random.between(10 * SECOND, 5 * MINUTE))
        .max(created);
    let Body::Pod(body) = &mut pod.body else {
        return;
    };
    body.started = created.plus(SECOND);
    body.changed = created.plus(12 * SECOND);
    body.node = Some(node);
    body.ip = Some(ip);
    body.state = PodState::Ready;
    match fate {
        0..6 => {
            body.state = PodState::CrashLoop;
            body.restarts = 5 + u32::try_from(at % 7).unwrap_or(0) * 11;
            body.last_restart = Some(recent);
            body.changed = recent;
        }
        6..9 => {
            body.state = PodState::Unscheduled;
            (body.node, body.ip) = (None, None);
        }
        9..11 => {
            body.state = PodState::ImagePullBackOff;
            body.ip = None;
        }
        11..13 => {
            body.state = PodState::Evicted;
            body.ip = None;
        }
        13..60 => {
            body.restarts = u32::try_from(1 + at % 4).unwrap_or(1);
            let lived = world.now.since(created);
            body.last_restart = Some(created.plus(lived / 3 * 2));
        }
        _ => {}
    }
    pod.meta.touched = body.changed;
}

fn build_app_objects(
    world: &mut World,
    history: &mut History,
    team: &str,
    app: &str,
    created: Time,
) {
    let labels = [("app.kubernetes.io/name", app), ("team", team)];
    let cluster_ip = {
        let bits = world.random.bits().to_be_bytes();
        format!("10.{}.{}.{}", 96 + bits[0] % 16, bits[1], 1 + bits[2] % 254)
    };
    let body = service_body(&cluster_ip, Some(app), 80);
    let shared = managed("kubectl-client-side-apply", "v1", &labels, &body);
    let service = world.object(team, app, created, shared, &body);
    history.load(ResourceId::SERVICES, service);

    let body = json!({"data": {
        "config.yaml": format!("service: {app}\nlisten: :8080\nfeatures:\n  - tracing\n  - retries\n"),
        "limits.yaml": "rate: 100\nburst: 200\n",
    }});
    let shared = managed("kubectl-client-side-apply", "v1", &labels, &body);
    let config = world.object(team, &format!("{app}-config"), created, shared, &body);
    history.load(ResourceId::CONFIG_MAPS, config);

    let password = world.random.suffix(20);
    let url = format!("postgres://{app}:{password}@db.{team}.svc:5432/{app}");
    let encoded = crate::model::base64::encode(url.as_bytes(), crate::model::base64::STANDARD);
    let body = json!({"data": {"url": encoded}, "type": "Opaque"});
    let shared = managed("external-secrets", "v1", &labels, &body);
    let secret = world.object(team, &format!("{app}-credentials"), created, shared, &body);
    history.load(ResourceId::SECRETS, secret);
}

pub(super) fn build_cron_job(
    world: &mut World,
    history: &mut History,
    team: &'static str,
    chore: &'static str,
    schedule: &'static str,
) {
    let name = format!("{team}-{chore}");
    let created = world.now.minus(world.random.between(20 * DAY, 200 * DAY));
    let mut cron_job = CronJob::build(world, history, team, &name, schedule, created);
    for ago in [3, 2, 1] {
        let at = world
            .now
            .minus(ago * world.random.between(5 * MINUTE, 4 * HOUR));
        cron_job.load_finished_job(world, history, at);
    }
    world.cron_jobs.push(cron_job);
}

/// The pod of a job that ended well.
pub(super) fn finished_pod(
    world: &mut World,
    team: &str,
    kind: &PodKind,
    started: Time,
    ended: Time,
) -> Object {
    let mut pod = world.pod(team, kind, started);
    let node = world.pick_node();
    let ip = world.pod_ip();
    if let Body::Pod(body) = &mut pod.body {
        body.node = Some(node);
        body.ip = Some(ip);
        body.state = PodState::Succeeded;
        body.started = started;
        body.changed = ended;
    }
    pod.meta.touched = ended;
    pod
}

/// The kind of the pods of an owner.
pub(super) fn kind_of(
    world: &mut World,
    app: &str,
    team: &str,
    image: &str,
    owner: Owner,
    labels: &[(&str, &str)],
    job: bool,
) -> PodKind {
    pod_kind(
        &Purpose {
            app,
            team,
            image,
            owner,
            labels,
            job,
        },
        &mut world.random,
    )
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
