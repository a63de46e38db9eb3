//! The cells of pods.

use serde_json::Value;

use super::{Cells, NONE, UNKNOWN, items, number, or, text, time};
use crate::model::object::{Object, quote};
use crate::model::pod::PodBody;
use crate::model::render::Rendering;
use crate::time::Time;

/// What the columns need to know of a pod.
pub(super) struct Summary {
    ready: usize,
    containers: usize,
    status: String,
    restarts: i64,
    last_restart: Option<Time>,
    ip: String,
    node: String,
    nominated: String,
    /// Gates that hold and gates that there are.
    gates: Option<(usize, usize)>,
}

impl Summary {
    /// Of a pod of the world.
    pub(super) fn of(pod: &PodBody) -> Self {
        Self {
            ready: pod.ready(),
            containers: pod.template.containers.len(),
            status: pod.state.reason().unwrap_or(pod.state.phase()).to_owned(),
            restarts: i64::from(pod.restarts),
            last_restart: pod.last_restart,
            ip: pod.ip.map_or_else(String::new, |ip| ip.to_string()),
            node: pod.node_name().to_owned(),
            nominated: String::new(),
            gates: None,
        }
    }

    /// Of a pod that is kept as JSON.
    pub(super) fn read(body: &Value) -> Self {
        let mut status = or(text(body, "/status/reason"), text(body, "/status/phase")).to_owned();
        let (mut ready, mut restarts, mut last_restart) = (0, 0, None::<Time>);
        let mut running = false;
        for container in items(body, "/status/containerStatuses")
            .collect::<Vec<_>>()
            .iter()
            .rev()
        {
            restarts += number(container, "/restartCount");
            last_restart = last_restart.max(time(container, "/lastState/terminated/finishedAt"));
            let waiting = text(container, "/state/waiting/reason");
            let terminated = container.pointer("/state/terminated");
            if !waiting.is_empty() {
                waiting.clone_into(&mut status);
            } else if let Some(terminated) = terminated {
                status = match (text(terminated, "/reason"), number(terminated, "/signal")) {
                    ("", 0) => format!("ExitCode:{}", number(terminated, "/exitCode")),
                    ("", signal) => format!("Signal:{signal}"),
                    (reason, _) => reason.to_owned(),
                };
            } else if container.get("ready") == Some(&Value::Bool(true)) {
                running |= container.pointer("/state/running").is_some();
                ready += 1;
            }
        }
        if status == "Completed" && running {
            let holds = |condition: &Value| {
                text(condition, "/type") == "Ready" && text(condition, "/status") == "True"
            };
            let is_ready = items(body, "/status/conditions").any(holds);
            (if is_ready { "Running" } else { "NotReady" }).clone_into(&mut status);
        }
        let gates: Vec<&str> = items(body, "/spec/readinessGates")
            .map(|gate| text(gate, "/conditionType"))
            .collect();
        let holding = gates
            .iter()
            .filter(|gate| {
                items(body, "/status/conditions").any(|condition| {
                    text(condition, "/type") == **gate && text(condition, "/status") == "True"
                })
            })
            .count();
        Self {
            ready,
            containers: items(body, "/spec/containers").count(),
            status,
            restarts,
            last_restart,
            ip: text(body, "/status/podIP").to_owned(),
            node: text(body, "/spec/nodeName").to_owned(),
            nominated: text(body, "/status/nominatedNodeName").to_owned(),
            gates: (!gates.is_empty()).then_some((holding, gates.len())),
        }
    }
}

pub(super) fn print(
    cells: &mut Cells<'_>,
    rendering: &Rendering,
    object: &Object,
    pod: &Summary,
    now: Time,
) {
    cells.text(&object.meta.name);
    cells.next();
    quote(cells.out, format_args!("{}/{}", pod.ready, pod.containers));
    let ended = matches!(pod.status.as_str(), "Completed" | "Evicted" | "Error");
    cells.text(match object.meta.deletion {
        // A pod that has ended keeps saying so since 1.34's printer; a node that is lost does too.
        Some(_) if pod.status == "NodeLost" => "Unknown",
        Some(_) if !ended || pod.status == "Error" => "Terminating",
        _ => &pod.status,
    });
    if !rendering.profile.dates_restarts {
        cells.number(pod.restarts);
    } else if let Some(last) = pod.last_restart.filter(|_| pod.restarts > 0) {
        cells.next();
        quote(
            cells.out,
            format_args!("{} ({} ago)", pod.restarts, last.ago(now)),
        );
    } else {
        cells.next();
        quote(cells.out, pod.restarts);
    }
    cells.age(object, now);
    cells.text(or(&pod.ip, NONE));
    cells.text(or(&pod.node, NONE));
    cells.text(or(&pod.nominated, NONE));
    match pod.gates {
        None => cells.text(NONE),
        Some((holding, all)) => {
            cells.next();
            quote(cells.out, format_args!("{holding}/{all}"));
        }
    }
}

pub(super) fn print_empty(cells: &mut Cells<'_>, rendering: &Rendering) {
    cells.texts(&["", "0/0", ""]);
    if rendering.profile.dates_restarts {
        cells.text("0");
    } else {
        cells.number(0);
    }
    cells.texts(&[UNKNOWN, NONE, NONE, NONE, NONE]);
}
