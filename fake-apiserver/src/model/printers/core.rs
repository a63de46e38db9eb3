//! The cells of the core group and of custom resource definitions.

use serde_json::Value;

use super::{Cells, NONE, UNKNOWN, items, join, labels, number, or, since, text, time};
use crate::model::object::Object;
use crate::time::Time;

pub(super) fn node(cells: &mut Cells<'_>, object: &Object, body: &Value, now: Time) {
    let mut status = match items(body, "/status/conditions").find(|c| text(c, "/type") == "Ready") {
        Some(ready) if text(ready, "/status") == "True" => "Ready".to_owned(),
        Some(_) => "NotReady".to_owned(),
        None => "Unknown".to_owned(),
    };
    if body.pointer("/spec/unschedulable") == Some(&Value::Bool(true)) {
        status.push_str(",SchedulingDisabled");
    }
    let roles = object.meta.shared.labels.iter().filter_map(|(key, value)| {
        let role = key.strip_prefix("node-role.kubernetes.io/");
        role.or_else(|| (**key == *"kubernetes.io/role").then_some(&**value))
    });
    let roles = join(roles.filter(|role| !role.is_empty()));
    let address = |kind: &str| {
        let found = items(body, "/status/addresses").find(|a| text(a, "/type") == kind);
        found.map_or(NONE, |address| text(address, "/address"))
    };
    let info = |field: &str| text(body, &format!("/status/nodeInfo/{field}"));
    let kernel = match (info("kernelVersion"), info("architecture")) {
        ("", _) => UNKNOWN.to_owned(),
        (kernel, "") => kernel.to_owned(),
        (kernel, architecture) => format!("{kernel} ({architecture})"),
    };
    cells.texts(&[&object.meta.name, &status, or(&roles, NONE)]);
    cells.age(object, now);
    cells.texts(&[
        info("kubeletVersion"),
        address("InternalIP"),
        address("ExternalIP"),
        or(info("osImage"), UNKNOWN),
        &kernel,
        or(info("containerRuntimeVersion"), UNKNOWN),
    ]);
}

pub(super) fn namespace(cells: &mut Cells<'_>, object: &Object, body: &Value, now: Time) {
    cells.texts(&[&object.meta.name, text(body, "/status/phase")]);
    cells.age(object, now);
}

pub(super) fn service(cells: &mut Cells<'_>, object: &Object, body: &Value, now: Time) {
    let kind = text(body, "/spec/type");
    let ports: Vec<String> = items(body, "/spec/ports")
        .map(|port| {
            let (number, protocol) = (number(port, "/port"), text(port, "/protocol"));
            match super::number(port, "/nodePort") {
                0 => format!("{number}/{protocol}"),
                node => format!("{number}:{node}/{protocol}"),
            }
        })
        .collect();
    let ingress = join(
        items(body, "/status/loadBalancer/ingress")
            .map(|ingress| or(text(ingress, "/ip"), text(ingress, "/hostname"))),
    );
    let external = match kind {
        "ExternalName" => text(body, "/spec/externalName"),
        "LoadBalancer" => or(&ingress, "<pending>"),
        "" => UNKNOWN,
        _ => NONE,
    };
    let ports = ports.join(",");
    cells.texts(&[
        &object.meta.name,
        kind,
        or(text(body, "/spec/clusterIP"), NONE),
        external,
        or(&ports, NONE),
    ]);
    cells.age(object, now);
    cells.text(&labels(body.pointer("/spec/selector")));
}

pub(super) fn config_map(cells: &mut Cells<'_>, object: &Object, body: &Value, now: Time) {
    cells.text(&object.meta.name);
    cells.number(entries(body, "/data") + entries(body, "/binaryData"));
    cells.age(object, now);
}

pub(super) fn secret(cells: &mut Cells<'_>, object: &Object, body: &Value, now: Time) {
    cells.texts(&[&object.meta.name, text(body, "/type")]);
    cells.number(entries(body, "/data"));
    cells.age(object, now);
}

fn entries(body: &Value, pointer: &str) -> i64 {
    let map = body.pointer(pointer).and_then(Value::as_object);
    map.map_or(0, |map| i64::try_from(map.len()).unwrap_or(i64::MAX))
}

pub(super) fn event(cells: &mut Cells<'_>, object: &Object, body: &Value, now: Time) {
    let first = time(body, "/firstTimestamp").or_else(|| time(body, "/eventTime"));
    let last = time(body, "/series/lastObservedTime")
        .or_else(|| time(body, "/lastTimestamp"))
        .or(first);
    let involved = {
        let (kind, name) = (
            text(body, "/involvedObject/kind"),
            text(body, "/involvedObject/name"),
        );
        if name.is_empty() {
            kind.to_lowercase()
        } else {
            format!("{}/{name}", kind.to_lowercase())
        }
    };
    let source = match (text(body, "/source/component"), text(body, "/source/host")) {
        ("", _) => text(body, "/reportingComponent").to_owned(),
        (component, "") => component.to_owned(),
        (component, host) => format!("{component}, {host}"),
    };
    let count = number(body, "/series/count").max(number(body, "/count"));
    cells.texts(&[
        &since(last, now),
        text(body, "/type"),
        text(body, "/reason"),
        &involved,
        text(body, "/involvedObject/fieldPath"),
        &source,
        text(body, "/message").trim(),
        &since(first, now),
    ]);
    cells.number(count.max(1));
    cells.text(&object.meta.name);
}

pub(super) fn crd(cells: &mut Cells<'_>, object: &Object, body: &Value) {
    let versions = items(body, "/spec/versions").map(|version| {
        let name = text(version, "/name");
        let stored = version.get("storage") == Some(&Value::Bool(true));
        if stored {
            format!("{name}(storage)")
        } else {
            name.to_owned()
        }
    });
    let versions: Vec<String> = versions.collect();
    let established = items(body, "/status/conditions")
        .any(|c| text(c, "/type") == "Established" && text(c, "/status") == "True");
    cells.texts(&[
        &object.meta.name,
        text(body, "/spec/scope"),
        &versions.join(","),
        &object.meta.created.to_string(),
        text(body, "/spec/group"),
        text(body, "/spec/names/kind"),
        &join(items(body, "/spec/names/shortNames").filter_map(Value::as_str)),
    ]);
    cells.raw(if established { b"true" } else { b"false" });
}

pub(super) fn component_status(cells: &mut Cells<'_>, object: &Object, body: &Value) {
    let healthy = items(body, "/conditions").find(|c| text(c, "/type") == "Healthy");
    let status = match healthy.map(|condition| text(condition, "/status")) {
        Some("True") => "Healthy",
        Some("False") => "Unhealthy",
        _ => "Unknown",
    };
    let field = |name| healthy.map_or("", |condition| text(condition, name));
    cells.texts(&[
        &object.meta.name,
        status,
        field("/message"),
        field("/error"),
    ]);
}
