//! Cells: what each kind shows in its columns, as `printers.go` of Kubernetes prints them with
//! the wide columns always on.

mod core;
mod custom;
mod pod;
mod workload;

use serde_json::Value;

use super::object::{Body, Object, display};
use super::render::{ADDED_COLUMN, Rendering};
use super::resource::ResourceId;
use crate::json;
use crate::time::Time;

const NONE: &str = "<none>";
const UNKNOWN: &str = "<unknown>";
const UNSET: &str = "<unset>";

/// Appends the column definitions.
pub(super) fn columns(out: &mut Vec<u8>, rendering: &Rendering) {
    let Rendering {
        resource,
        profile,
        changed_columns,
        ..
    } = rendering;
    out.push(b'[');
    for (at, column) in resource.columns.definitions().iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        if resource.plural == "pods" && column.name == "Restarts" && !profile.dates_restarts {
            out.extend_from_slice(br#"{"name":"Restarts","type":"integer","format":"","description":"The number of times the containers in this pod have been restarted.","priority":0}"#);
        } else {
            json::escape_html(out, &column.json);
        }
        if at == 0 && *changed_columns {
            out.extend_from_slice(b",{\"name\":");
            json::string(out, ADDED_COLUMN);
            out.extend_from_slice(br#","type":"string","format":"","description":"The failure zone of the object.","priority":0}"#);
        }
    }
    out.push(b']');
}

/// Appends the cells of an object.
pub(super) fn cells(out: &mut Vec<u8>, rendering: &Rendering, object: &Object, now: Time) {
    let mut cells = Cells {
        out,
        first: true,
        added: rendering.changed_columns,
    };
    cells.out.push(b'[');
    if let Body::Pod(body) = &object.body {
        pod::print(&mut cells, rendering, object, &pod::Summary::of(body), now);
    } else {
        let body = object.body_value();
        print(&mut cells, rendering, object, &body, now);
    }
    out.push(b']');
}

fn print(cells: &mut Cells<'_>, rendering: &Rendering, object: &Object, body: &Value, now: Time) {
    let resource = rendering.resource;
    if resource.custom {
        return custom::boat(cells, object, body, now);
    }
    match ResourceId::named(resource.plural) {
        Some(ResourceId::PODS) => {
            pod::print(cells, rendering, object, &pod::Summary::read(body), now);
        }
        Some(ResourceId::NODES) => core::node(cells, object, body, now),
        Some(ResourceId::NAMESPACES) => core::namespace(cells, object, body, now),
        Some(ResourceId::SERVICES) => core::service(cells, object, body, now),
        Some(ResourceId::CONFIG_MAPS) => core::config_map(cells, object, body, now),
        Some(ResourceId::SECRETS) => core::secret(cells, object, body, now),
        Some(ResourceId::EVENTS) => core::event(cells, object, body, now),
        Some(ResourceId::DEPLOYMENTS) => workload::deployment(cells, object, body, now),
        Some(ResourceId::REPLICA_SETS) => workload::replica_set(cells, object, body, now),
        Some(ResourceId::CRON_JOBS) => workload::cron_job(cells, object, body, now),
        Some(ResourceId::JOBS) => workload::job(cells, object, body, now),
        Some(ResourceId::CRDS) => core::crd(cells, object, body),
        _ => core::component_status(cells, object, body),
    }
}

/// Appends the cells of an empty object: the junk row of a bookmark.
pub(super) fn empty_cells(out: &mut Vec<u8>, rendering: &Rendering) {
    let mut cells = Cells {
        out,
        first: true,
        added: rendering.changed_columns,
    };
    cells.out.push(b'[');
    match ResourceId::named(rendering.resource.plural) {
        Some(ResourceId::PODS) => pod::print_empty(&mut cells, rendering),
        Some(ResourceId::NODES) => {
            cells.texts(&[
                "", "Unknown", NONE, UNKNOWN, "", NONE, NONE, UNKNOWN, UNKNOWN, UNKNOWN,
            ]);
        }
        Some(ResourceId::SERVICES) => {
            cells.texts(&["", "", NONE, UNKNOWN, NONE, UNKNOWN, NONE]);
        }
        Some(ResourceId::CONFIG_MAPS) => {
            cells.text("");
            cells.number(0);
            cells.text(UNKNOWN);
        }
        Some(ResourceId::SECRETS) => {
            cells.texts(&["", ""]);
            cells.number(0);
            cells.text(UNKNOWN);
        }
        Some(ResourceId::EVENTS) => {
            cells.texts(&[UNKNOWN, "", "", "", "", "", "", UNKNOWN]);
            cells.number(1);
            cells.text("");
        }
        Some(ResourceId::DEPLOYMENTS) => {
            cells.texts(&["", "0/0"]);
            cells.number(0);
            cells.number(0);
            cells.texts(&[UNKNOWN, "", "", ""]);
        }
        Some(ResourceId::REPLICA_SETS) => {
            cells.text("");
            (0..3).for_each(|_| cells.number(0));
            cells.texts(&[UNKNOWN, "", "", ""]);
        }
        Some(ResourceId::CRON_JOBS) => {
            cells.texts(&["", "", NONE, "False"]);
            cells.number(0);
            cells.texts(&[NONE, UNKNOWN, "", "", ""]);
        }
        Some(ResourceId::JOBS) => {
            cells.texts(&["", "Running", "0/1", "", UNKNOWN, "", "", ""]);
        }
        Some(ResourceId::CRDS) => {
            cells.texts(&["", "", "", "0001-01-01T00:00:00Z", "", "", ""]);
            cells.raw(b"false");
        }
        Some(ResourceId::BOATS) => {
            cells.text("");
            (1..rendering.resource.columns.definitions().len()).for_each(|_| cells.raw(b"null"));
        }
        _ => cells.texts(&["", "", UNKNOWN]),
    }
    out.push(b']');
}

/// Appends `conditions` of a row: pods that have ended say so.
pub(super) fn conditions(out: &mut Vec<u8>, rendering: &Rendering, object: &Object) {
    if rendering.resource.plural != "pods" {
        return;
    }
    let phase = object.field(rendering.resource, "status.phase");
    let message = match &*phase {
        "Succeeded" => "The pod has completed successfully.",
        "Failed" => "The pod failed.",
        _ => return,
    };
    out.extend_from_slice(b",\"conditions\":[{\"type\":\"Completed\",\"status\":\"True\"");
    json::member(out, "reason", &phase);
    json::member(out, "message", message);
    out.extend_from_slice(b"}]");
}

/// The cells of a row, one after another.
struct Cells<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
    /// The added column follows the first one.
    added: bool,
}

impl Cells<'_> {
    fn next(&mut self) {
        if self.first {
            self.first = false;
            return;
        }
        if self.added {
            self.added = false;
            self.out.extend_from_slice(b",\"zone-a\"");
        }
        self.out.push(b',');
    }

    fn text(&mut self, text: &str) {
        self.next();
        json::string(self.out, text);
    }

    fn texts(&mut self, texts: &[&str]) {
        for text in texts {
            self.text(text);
        }
    }

    fn number(&mut self, number: i64) {
        self.next();
        display(self.out, number);
    }

    fn raw(&mut self, json: &[u8]) {
        self.next();
        self.out.extend_from_slice(json);
    }

    fn value(&mut self, value: &Value) {
        self.next();
        json::value(self.out, value);
    }

    fn age(&mut self, object: &Object, now: Time) {
        self.next();
        super::object::quote(self.out, object.meta.created.ago(now));
    }
}

/// A text of the body; empty where there is none.
fn text<'a>(body: &'a Value, pointer: &str) -> &'a str {
    body.pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn number(body: &Value, pointer: &str) -> i64 {
    body.pointer(pointer).and_then(Value::as_i64).unwrap_or(0)
}

fn items<'a>(body: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    body.pointer(pointer)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn time(body: &Value, pointer: &str) -> Option<Time> {
    Time::parse(text(body, pointer))
}

/// How long ago, or `<unknown>`.
fn since(time: Option<Time>, now: Time) -> String {
    time.map_or_else(|| UNKNOWN.to_owned(), |time| time.ago(now).to_string())
}

/// A map as `a=b,c=d`, or `<none>`.
fn labels(map: Option<&Value>) -> String {
    let pairs: Vec<String> = map
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    if pairs.is_empty() {
        NONE.to_owned()
    } else {
        pairs.join(",")
    }
}

fn or<'a>(text: &'a str, other: &'a str) -> &'a str {
    if text.is_empty() { other } else { text }
}

fn join<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    texts.collect::<Vec<_>>().join(",")
}
