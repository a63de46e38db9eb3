//! Objects as the server keeps them: small, with everything shared that siblings have in common.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use super::pod::PodBody;
use super::resource::Resource;
use super::template::{Slot, Template};
use crate::json;
use crate::time::Time;

/// One version of an object.
#[derive(Clone, Debug)]
pub struct Object {
    /// What every object has.
    pub meta: Meta,
    /// What its kind has.
    pub body: Body,
}

/// The part of `metadata` that differs between siblings.
#[derive(Clone, Debug)]
pub struct Meta {
    /// The name.
    pub name: Box<str>,
    /// The namespace; empty for the cluster scope.
    pub namespace: Arc<str>,
    /// The uid as a number.
    pub uid: u128,
    /// The revision of the last write.
    pub resource_version: u64,
    /// Counts changes of the spec; 0 is not written.
    pub generation: u32,
    /// `creationTimestamp`.
    pub created: Time,
    /// When the object was last written.
    pub touched: Time,
    /// Set while it is going away.
    pub deletion: Option<Deletion>,
    /// The rest.
    pub shared: Arc<SharedMeta>,
}

/// When and how fast an object goes away.
#[derive(Clone, Copy, Debug)]
pub struct Deletion {
    /// `deletionTimestamp`.
    pub at: Time,
    /// `deletionGracePeriodSeconds`.
    pub grace_seconds: u32,
}

/// The part of `metadata` that the pods of a `ReplicaSet`, say, have in common.
#[derive(Clone, Debug, Default)]
pub struct SharedMeta {
    /// `generateName`.
    pub generate_name: Option<Box<str>>,
    /// Labels, sorted by key.
    pub labels: Vec<(Box<str>, Box<str>)>,
    /// Annotations, sorted by key.
    pub annotations: Vec<(Box<str>, Box<str>)>,
    /// Owners.
    pub owners: Vec<Owner>,
    /// Finalizers.
    pub finalizers: Vec<Box<str>>,
    /// The JSON array of `managedFields`; empty for none.
    pub managed_fields: Template,
}

/// An owner reference with `controller` and `blockOwnerDeletion` set.
#[derive(Clone, Debug)]
pub struct Owner {
    /// The owner's `apiVersion`.
    pub api_version: Box<str>,
    /// The owner's kind.
    pub kind: Box<str>,
    /// The owner's name.
    pub name: Box<str>,
    /// The owner's uid.
    pub uid: u128,
}

/// What follows the metadata.
#[derive(Clone, Debug)]
pub enum Body {
    /// A pod of the world, kept as numbers and shared texts.
    Pod(PodBody),
    /// Any other object: the JSON members after `metadata`, each with its leading comma.
    Json(Box<str>),
}

impl Object {
    /// The key under which the object is stored: `namespace/name`, or `name` in the cluster scope.
    #[must_use]
    pub fn key(&self) -> Box<str> {
        key(&self.meta.namespace, &self.meta.name)
    }

    /// The value of a label.
    #[must_use]
    pub fn label(&self, key: &str) -> Option<&str> {
        let labels = &self.meta.shared.labels;
        let at = labels
            .binary_search_by(|(candidate, _)| (**candidate).cmp(key))
            .ok()?;
        Some(&labels[at].1)
    }

    /// The members after `metadata` as a value: what printers and field selectors read.
    #[must_use]
    pub fn body_value(&self) -> Value {
        match &self.body {
            Body::Json(members) => members_value(members),
            Body::Pod(pod) => {
                let mut text = Vec::new();
                pod.write(&mut text, self);
                members_value(&String::from_utf8_lossy(&text))
            }
        }
    }

    /// The value of a field that a field selector names.
    #[must_use]
    pub fn field(&self, resource: &Resource, path: &str) -> Cow<'_, str> {
        match path {
            "metadata.name" => return Cow::Borrowed(&self.meta.name),
            "metadata.namespace" => return Cow::Borrowed(&self.meta.namespace),
            _ => {}
        }
        if let Body::Pod(pod) = &self.body
            && let Some(text) = pod.field(path)
        {
            return text;
        }
        let body = self.body_value();
        let found = match (resource.plural, path) {
            ("events", "source") => body.pointer("/source/component"),
            _ => body.pointer(&format!("/{}", path.replace('.', "/"))),
        };
        Cow::Owned(match found {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Null) | None => match (resource.plural, path) {
                ("nodes", "spec.unschedulable") => "false".to_owned(),
                ("replicasets", "status.replicas") | ("jobs", "status.successful") => {
                    "0".to_owned()
                }
                _ => String::new(),
            },
            Some(other) => other.to_string(),
        })
    }

    /// Appends the whole object with the given resourceVersion.
    pub fn write(&self, out: &mut Vec<u8>, resource: &Resource, resource_version: u64) {
        out.extend_from_slice(b"{");
        write_type(out, resource);
        json::key(out, "metadata");
        self.write_meta(out, resource_version, resource.custom);
        match &self.body {
            Body::Pod(pod) => pod.write(out, self),
            Body::Json(members) => out.extend_from_slice(members.as_bytes()),
        }
        out.push(b'}');
    }

    /// Appends `metadata` with the given resourceVersion. Objects of custom resources have their
    /// keys sorted, all others have the order of Go's `ObjectMeta`.
    pub fn write_meta(&self, out: &mut Vec<u8>, resource_version: u64, sorted: bool) {
        let order: &[&str] = if sorted {
            &[
                "annotations",
                "creationTimestamp",
                "deletionGracePeriodSeconds",
                "deletionTimestamp",
                "finalizers",
                "generateName",
                "generation",
                "labels",
                "managedFields",
                "name",
                "namespace",
                "ownerReferences",
                "resourceVersion",
                "uid",
            ]
        } else {
            &[
                "name",
                "generateName",
                "namespace",
                "uid",
                "resourceVersion",
                "generation",
                "creationTimestamp",
                "deletionTimestamp",
                "deletionGracePeriodSeconds",
                "labels",
                "annotations",
                "ownerReferences",
                "finalizers",
                "managedFields",
            ]
        };
        out.push(b'{');
        for field in order {
            self.write_meta_field(out, field, resource_version);
        }
        out.push(b'}');
    }

    fn write_meta_field(&self, out: &mut Vec<u8>, field: &str, resource_version: u64) {
        let Meta {
            name,
            namespace,
            uid,
            generation,
            created,
            deletion,
            shared,
            ..
        } = &self.meta;
        match field {
            "name" => json::member(out, field, name),
            "generateName" => {
                if let Some(prefix) = &shared.generate_name {
                    json::member(out, field, prefix);
                }
            }
            "namespace" if !namespace.is_empty() => json::member(out, field, namespace),
            "uid" => {
                json::key(out, field);
                quote(out, uuid(*uid));
            }
            "resourceVersion" => {
                json::key(out, field);
                quote(out, resource_version);
            }
            "generation" if *generation > 0 => {
                json::key(out, field);
                display(out, generation);
            }
            "creationTimestamp" => {
                json::key(out, field);
                quote(out, created);
            }
            "deletionTimestamp" | "deletionGracePeriodSeconds" => {
                let Some(deletion) = deletion else { return };
                json::key(out, field);
                if field == "deletionTimestamp" {
                    quote(out, deletion.at);
                } else {
                    display(out, deletion.grace_seconds);
                }
            }
            "labels" => write_map(out, field, &shared.labels),
            "annotations" => write_map(out, field, &shared.annotations),
            "ownerReferences" => write_owners(out, &shared.owners),
            "finalizers" if !shared.finalizers.is_empty() => {
                json::key(out, field);
                out.push(b'[');
                for (at, finalizer) in shared.finalizers.iter().enumerate() {
                    if at > 0 {
                        out.push(b',');
                    }
                    json::string(out, finalizer);
                }
                out.push(b']');
            }
            "managedFields" if !shared.managed_fields.is_empty() => {
                json::key(out, field);
                shared
                    .managed_fields
                    .write(out, |out, slot| self.fill(out, slot));
            }
            _ => {}
        }
    }

    /// Writes what stands in a slot.
    pub(crate) fn fill(&self, out: &mut Vec<u8>, slot: Slot) {
        match (slot, &self.body) {
            (Slot::Created, _) => display(out, self.meta.created),
            (Slot::Touched, _) => display(out, self.meta.touched),
            (Slot::Name, _) => out.extend_from_slice(self.meta.name.as_bytes()),
            (Slot::Node, Body::Pod(pod)) => {
                if let Some(node) = &pod.node {
                    out.extend_from_slice(b"\"nodeName\":");
                    json::string(out, &node.name);
                    out.push(b',');
                }
            }
            (Slot::Suffix, Body::Pod(pod)) => out.extend_from_slice(&pod.volume_suffix),
            (Slot::Node | Slot::Suffix, Body::Json(_)) => {}
        }
    }
}

/// Appends `"kind":…,"apiVersion":…`; custom resources have them in the order of the alphabet.
pub(crate) fn write_type(out: &mut Vec<u8>, resource: &Resource) {
    if resource.custom {
        json::member(out, "apiVersion", &resource.api_version());
        json::member(out, "kind", resource.kind);
    } else {
        json::member(out, "kind", resource.kind);
        json::member(out, "apiVersion", &resource.api_version());
    }
}

fn write_map(out: &mut Vec<u8>, field: &str, map: &[(Box<str>, Box<str>)]) {
    if map.is_empty() {
        return;
    }
    json::key(out, field);
    out.push(b'{');
    for (at, (key, value)) in map.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        json::string(out, key);
        out.push(b':');
        json::string(out, value);
    }
    out.push(b'}');
}

fn write_owners(out: &mut Vec<u8>, owners: &[Owner]) {
    if owners.is_empty() {
        return;
    }
    json::key(out, "ownerReferences");
    out.push(b'[');
    for (at, owner) in owners.iter().enumerate() {
        out.extend_from_slice(if at == 0 { b"{" } else { b",{" });
        json::member(out, "apiVersion", &owner.api_version);
        json::member(out, "kind", &owner.kind);
        json::member(out, "name", &owner.name);
        json::key(out, "uid");
        quote(out, uuid(owner.uid));
        out.extend_from_slice(b",\"controller\":true,\"blockOwnerDeletion\":true}");
    }
    out.push(b']');
}

/// Appends what `value` displays.
pub(crate) fn display(out: &mut Vec<u8>, value: impl std::fmt::Display) {
    use std::io::Write as _;
    let written = write!(out, "{value}");
    debug_assert!(written.is_ok(), "writing to memory does not fail");
}

/// Appends what `value` displays, between quotes; it must need no escaping.
pub(crate) fn quote(out: &mut Vec<u8>, value: impl std::fmt::Display) {
    out.push(b'"');
    display(out, value);
    out.push(b'"');
}

/// A uid in its usual form.
#[must_use]
pub fn uuid(uid: u128) -> String {
    let hex = format!("{uid:032x}");
    [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ]
    .join("-")
}

/// The key of an object in its collection.
#[must_use]
pub fn key(namespace: &str, name: &str) -> Box<str> {
    if namespace.is_empty() {
        name.into()
    } else {
        format!("{namespace}/{name}").into()
    }
}

fn members_value(members: &str) -> Value {
    // No members make an empty object.
    let object = format!("{{{}}}", members.trim_start_matches(','));
    serde_json::from_str(&object).unwrap_or(Value::Null)
}
