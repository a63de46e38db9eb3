//! Writes that tests ask for: objects made, touched, changed and deleted by name.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::json as go;
use crate::model::object::{Body, Deletion, Meta, Object, SharedMeta, key};
use crate::model::template::Template;
use crate::model::{History, ResourceId};
use crate::time::{SECOND, Time};
use crate::world::Cluster;

/// A write.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Mutation {
    /// What is done.
    pub op: Operation,
    /// The plural name of the resource.
    pub resource: String,
    /// The namespace; left out for the cluster scope.
    #[serde(default)]
    pub namespace: String,
    /// The name of the object.
    pub name: String,
    /// For `create`: labels and the members after `metadata`; a small default where left out. For
    /// `patch`: merged into the object (RFC 7386).
    #[serde(default)]
    pub object: Value,
    /// For `create`: so many objects, named `NAME-0` and so on. 0 makes one, named `NAME`.
    #[serde(default)]
    pub count: usize,
}

/// What a [`Mutation`] does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// Makes objects.
    Create,
    /// Writes the object again with a label `touched`.
    Touch,
    /// Merges `object` into it.
    Patch,
    /// Sets its deletion timestamp.
    Terminate,
    /// Deletes it.
    Delete,
}

/// What came of a [`Mutation`].
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Applied {
    /// The revision of the last write.
    pub resource_version: String,
    /// The uid of the last object.
    pub uid: String,
}

/// Applies a mutation.
///
/// # Errors
///
/// A sentence, where the resource or the object does not exist, or exists already.
pub fn apply(cluster: &mut Cluster, mutation: &Mutation, now: Time) -> Result<Applied, String> {
    let resource = ResourceId::named(&mutation.resource)
        .ok_or_else(|| format!("no resource is called {}", mutation.resource))?;
    if mutation.op == Operation::Create {
        let names: Vec<String> = match mutation.count {
            0 => vec![mutation.name.clone()],
            count => (0..count)
                .map(|at| format!("{}-{at}", mutation.name))
                .collect(),
        };
        let mut uid = 0;
        for name in names {
            let object = create(cluster, resource, mutation, &name, now)?;
            uid = object.meta.uid;
            cluster.server.history.put(resource, object, now);
        }
        return Ok(applied(&cluster.server.history, uid));
    }
    let history = &mut cluster.server.history;
    let key = key(&mutation.namespace, &mutation.name);
    let current = history
        .get(resource, &key)
        .ok_or_else(|| format!("{key} does not exist"))?;
    let mut object = Object::clone(current);
    let uid = object.meta.uid;
    match mutation.op {
        Operation::Delete => drop(history.remove(resource, &key, now)),
        Operation::Terminate => {
            let at = now.plus(30 * SECOND);
            object.meta.deletion = Some(Deletion {
                at,
                grace_seconds: 30,
            });
            history.put(resource, object, now);
        }
        Operation::Touch => {
            let label = history.revision().to_string();
            set(
                &mut Arc::make_mut(&mut object.meta.shared).labels,
                "touched",
                &label.into(),
            );
            history.put(resource, object, now);
        }
        Operation::Patch | Operation::Create => {
            patch(&mut object, &mutation.object);
            history.put(resource, object, now);
        }
    }
    Ok(applied(history, uid))
}

fn applied(history: &History, uid: u128) -> Applied {
    Applied {
        resource_version: history.revision().to_string(),
        uid: crate::model::object::uuid(uid),
    }
}

fn create(
    cluster: &mut Cluster,
    resource: ResourceId,
    mutation: &Mutation,
    name: &str,
    now: Time,
) -> Result<Object, String> {
    let key = key(&mutation.namespace, name);
    if resource.get().namespaced == mutation.namespace.is_empty() {
        return Err(format!(
            "{} needs a namespace exactly where it has one",
            mutation.resource
        ));
    }
    if cluster.server.history.get(resource, &key).is_some() {
        return Err(format!("{key} exists already"));
    }
    let version = resource.get().api_version();
    let managed = format!(
        "[{{\"manager\":\"unknown\",\"operation\":\"Update\",\"apiVersion\":\"{version}\",\"time\":\"@touched@\",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":{{\"f:metadata\":{{}}}}}}]"
    );
    let shared = SharedMeta {
        managed_fields: Template::new(&managed),
        ..SharedMeta::default()
    };
    let mut object = Object {
        meta: Meta {
            name: name.into(),
            namespace: mutation.namespace.as_str().into(),
            uid: cluster.random().uuid(),
            resource_version: 0,
            generation: u32::from(mutation.object.get("spec").is_some()),
            created: now,
            touched: now,
            deletion: None,
            shared: Arc::new(shared),
        },
        body: if has_body(&mutation.object) {
            Body::Json(members(&mutation.object).into())
        } else {
            Body::Json(default_body(resource).into())
        },
    };
    patch_metadata(&mut object, &mutation.object);
    Ok(object)
}

/// True where the object has more than metadata.
fn has_body(object: &Value) -> bool {
    let members = object.as_object().into_iter().flatten();
    members
        .into_iter()
        .any(|(name, _)| !matches!(name.as_str(), "metadata" | "kind" | "apiVersion"))
}

/// What an object has of which only the name is given.
const fn default_body(resource: ResourceId) -> &'static str {
    match resource {
        ResourceId::PODS => {
            r#","spec":{"containers":[{"name":"main","image":"nginx:1.27","resources":{}}],"restartPolicy":"Always"},"status":{"phase":"Pending","qosClass":"BestEffort"}"#
        }
        ResourceId::CONFIG_MAPS => r#","data":{"k":"v"}"#,
        ResourceId::SECRETS => r#","data":{"k":"dg=="},"type":"Opaque""#,
        ResourceId::NAMESPACES => {
            r#","spec":{"finalizers":["kubernetes"]},"status":{"phase":"Active"}"#
        }
        _ => r#","spec":{}"#,
    }
}

/// Merges a patch into the object: its labels, and everything after the metadata.
fn patch(object: &mut Object, patch: &Value) {
    patch_metadata(object, patch);
    if !has_body(patch) {
        return;
    }
    let mut body = object.body_value();
    merge(&mut body, patch);
    object.body = Body::Json(members(&body).into());
}

/// Sets labels, annotations and finalizers; a label that is null goes.
fn patch_metadata(object: &mut Object, patch: &Value) {
    let metadata = &patch["metadata"];
    for (key, value) in metadata["labels"].as_object().into_iter().flatten() {
        let shared = Arc::make_mut(&mut object.meta.shared);
        set(&mut shared.labels, key, value);
    }
    for (key, value) in metadata["annotations"].as_object().into_iter().flatten() {
        let shared = Arc::make_mut(&mut object.meta.shared);
        set(&mut shared.annotations, key, value);
    }
    if let Some(finalizers) = metadata["finalizers"].as_array() {
        let names = finalizers.iter().filter_map(Value::as_str).map(Into::into);
        Arc::make_mut(&mut object.meta.shared).finalizers = names.collect();
    }
}

/// Sets an entry of a sorted map, or removes it.
fn set(map: &mut Vec<(Box<str>, Box<str>)>, key: &str, value: &Value) {
    map.retain(|(known, _)| **known != *key);
    if let Some(text) = value.as_str() {
        map.push((key.into(), text.into()));
        map.sort();
    }
}

/// The members after `metadata`, each with its leading comma.
fn members(object: &Value) -> String {
    let mut text = Vec::new();
    for (name, value) in object.as_object().into_iter().flatten() {
        if !matches!(name.as_str(), "metadata" | "kind" | "apiVersion") {
            text.push(b',');
            go::string(&mut text, name);
            text.push(b':');
            go::value(&mut text, value);
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// RFC 7386: null removes, objects merge, everything else replaces.
fn merge(target: &mut Value, patch: &Value) {
    let Some(members) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    for (name, value) in members {
        if value.is_null() {
            drop(target.as_object_mut().map(|map| map.remove(name)));
        } else {
            merge(&mut target[name.as_str()], value);
        }
    }
}
