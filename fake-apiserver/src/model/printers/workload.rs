//! The cells of deployments, replica sets, jobs and cron jobs.

use serde_json::Value;

use super::{Cells, NONE, UNSET, items, join, number, since, text, time};
use crate::model::object::Object;
use crate::time::Time;

pub(super) fn deployment(cells: &mut Cells<'_>, object: &Object, body: &Value, now: Time) {
    let ready = number(body, "/status/readyReplicas");
    let desired = number(body, "/spec/replicas");
    cells.texts(&[&object.meta.name, &format!("{ready}/{desired}")]);
    cells.number(number(body, "/status/updatedReplicas"));
    cells.number(number(body, "/status/availableReplicas"));
    cells.age(object, now);
    containers(cells, body, "/spec/template/spec");
    cells.text(&selector(body));
}

pub(super) fn replica_set(cells: &mut Cells<'_>, object: &Object, body: &Value, now: Time) {
    cells.text(&object.meta.name);
    cells.number(number(body, "/spec/replicas"));
    cells.number(number(body, "/status/replicas"));
    cells.number(number(body, "/status/readyReplicas"));
    cells.age(object, now);
    containers(cells, body, "/spec/template/spec");
    cells.text(&selector(body));
}

pub(super) fn job(cells: &mut Cells<'_>, object: &Object, body: &Value, now: Time) {
    let holds = |kind: &str| {
        items(body, "/status/conditions")
            .any(|c| text(c, "/type") == kind && text(c, "/status") == "True")
    };
    let status = [
        ("Complete", "Complete"),
        ("Failed", "Failed"),
        ("Suspended", "Suspended"),
        ("FailureTarget", "FailureTarget"),
        ("SuccessCriteriaMet", "SuccessCriteriaMet"),
    ];
    let status = status
        .iter()
        .find(|(kind, _)| holds(kind))
        .map(|(_, status)| *status);
    let status = match status {
        Some(status) => status,
        None if object.meta.deletion.is_some() => "Terminating",
        None => "Running",
    };
    let completions = match body.pointer("/spec/completions").and_then(Value::as_i64) {
        Some(wanted) => format!("{}/{wanted}", number(body, "/status/succeeded")),
        None => match number(body, "/spec/parallelism") {
            parallel @ 2.. => format!("{}/1 of {parallel}", number(body, "/status/succeeded")),
            _ => format!("{}/1", number(body, "/status/succeeded")),
        },
    };
    let started = time(body, "/status/startTime");
    let ended = time(body, "/status/completionTime");
    let duration = started.map_or_else(String::new, |started| {
        started.ago(ended.unwrap_or(now)).to_string()
    });
    cells.texts(&[&object.meta.name, status, &completions, &duration]);
    cells.age(object, now);
    containers(cells, body, "/spec/template/spec");
    cells.text(&selector(body));
}

pub(super) fn cron_job(cells: &mut Cells<'_>, object: &Object, body: &Value, now: Time) {
    let last = time(body, "/status/lastScheduleTime");
    let last = last.map_or_else(|| NONE.to_owned(), |last| since(Some(last), now));
    let zone = text(body, "/spec/timeZone");
    let suspended = match body.pointer("/spec/suspend").and_then(Value::as_bool) {
        Some(true) => "True",
        Some(false) => "False",
        None => UNSET,
    };
    cells.texts(&[
        &object.meta.name,
        text(body, "/spec/schedule"),
        super::or(zone, NONE),
        suspended,
    ]);
    let active = items(body, "/status/active").count();
    cells.number(i64::try_from(active).unwrap_or(i64::MAX));
    cells.text(&last);
    cells.age(object, now);
    containers(cells, body, "/spec/jobTemplate/spec/template/spec");
    cells.text(NONE);
}

/// Names and images of the containers of a template.
fn containers(cells: &mut Cells<'_>, body: &Value, spec: &str) {
    let pointer = format!("{spec}/containers");
    let column = |field| join(items(body, &pointer).map(|container| text(container, field)));
    cells.texts(&[&column("/name"), &column("/image")]);
}

/// A selector by labels alone, as `metav1.FormatLabelSelector` writes it.
fn selector(body: &Value) -> String {
    super::labels(body.pointer("/spec/selector/matchLabels"))
}
