//! `managedFields`: the set of fields that a manager owns, derived from the object itself.

use serde_json::{Map, Value, json};

/// The keys by which lists are merged, by the list's name.
const LIST_KEYS: &[(&str, &[&str])] = &[
    ("containers", &["name"]),
    ("initContainers", &["name"]),
    ("env", &["name"]),
    ("ports", &["containerPort", "protocol"]),
    ("volumeMounts", &["mountPath"]),
    ("volumes", &["name"]),
    ("conditions", &["type"]),
    ("podIPs", &["ip"]),
    ("hostIPs", &["ip"]),
    ("ownerReferences", &["uid"]),
];

/// Structures that are owned as a whole.
const ATOMIC: &[&str] = &[
    "fieldRef",
    "secretKeyRef",
    "matchLabels",
    "resourceFieldRef",
];
/// The roots of an object: their entries have no dot of their own.
const ROOTS: &[&str] = &["metadata", "spec", "status"];

/// The `fieldsV1` of a value: every field that it sets.
pub(super) fn field_set(value: &Value) -> Value {
    let mut set = Map::new();
    for (name, child) in value.as_object().into_iter().flatten() {
        set.insert(format!("f:{name}"), field(name, child));
    }
    Value::Object(set)
}

fn field(name: &str, value: &Value) -> Value {
    match value {
        Value::Object(_) if ROOTS.contains(&name) => field_set(value),
        Value::Object(map) if !map.is_empty() && !ATOMIC.contains(&name) => {
            with_dot(field_set(value))
        }
        Value::Array(items) => {
            let keys = LIST_KEYS.iter().find(|(list, _)| *list == name);
            let Some((_, keys)) = keys else {
                return json!({});
            };
            let mut set = Map::new();
            for item in items {
                let key: Map<String, Value> = keys
                    .iter()
                    .filter_map(|key| Some(((*key).to_owned(), item.get(*key)?.clone())))
                    .collect();
                set.insert(
                    format!("k:{}", Value::Object(key)),
                    with_dot(field_set(item)),
                );
            }
            with_dot(Value::Object(set))
        }
        _ => json!({}),
    }
}

fn with_dot(mut set: Value) -> Value {
    if let Some(map) = set.as_object_mut() {
        map.insert(".".to_owned(), json!({}));
    }
    set
}

/// An entry of `managedFields`; `time` may be a slot.
pub(super) fn entry(
    manager: &str,
    api_version: &str,
    time: &str,
    fields: &Value,
    subresource: Option<&str>,
) -> String {
    let mut out = Vec::new();
    out.push(b'{');
    crate::json::member(&mut out, "manager", manager);
    crate::json::member(&mut out, "operation", "Update");
    crate::json::member(&mut out, "apiVersion", api_version);
    crate::json::member(&mut out, "time", time);
    crate::json::member(&mut out, "fieldsType", "FieldsV1");
    crate::json::key(&mut out, "fieldsV1");
    crate::json::value(&mut out, fields);
    if let Some(subresource) = subresource {
        crate::json::member(&mut out, "subresource", subresource);
    }
    out.push(b'}');
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_owned_by_their_keys() {
        let set =
            field_set(&json!({"containers": [{"name": "main", "image": "nginx"}], "args": ["a"]}));
        let wanted = json!({
            "f:args": {},
            "f:containers": {
                ".": {},
                "k:{\"name\":\"main\"}": {".": {}, "f:image": {}, "f:name": {}},
            },
        });
        assert_eq!(set, wanted);
    }
}
