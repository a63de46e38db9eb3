//! Refusals: `metav1.Status` bodies with the words of real servers.

use serde_json::{Map, Value, json};

use crate::json;

/// A refusal, before it is written as an HTTP response or as an ERROR event.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The HTTP status code, also in the body.
    pub code: u16,
    /// `reason` of the Status; empty where real servers leave it out.
    pub reason: &'static str,
    /// `message` of the Status.
    pub message: String,
    /// `details` of the Status.
    pub details: Option<Value>,
    /// `metadata.continue`: a fresh token, beside 410.
    pub fresh_continue: Option<String>,
    /// The `Retry-After` header, in seconds.
    pub retry_after: Option<u32>,
}

impl Refusal {
    /// A refusal without details.
    pub fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            code,
            reason,
            message,
            details: None,
            fresh_continue: None,
            retry_after: None,
        }
    }

    fn with_details(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }

    /// 400, with whatever could not be understood.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// 401.
    #[must_use]
    pub fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized")
    }

    /// 403 in the words of RBAC. `namespace` is empty for the whole cluster.
    #[must_use]
    pub fn forbidden(user: &str, verb: &str, resource: &str, group: &str, namespace: &str) -> Self {
        let place = if namespace.is_empty() {
            "at the cluster scope".to_owned()
        } else {
            format!("in the namespace \"{namespace}\"")
        };
        let qualified = qualified(resource, group);
        let message = format!(
            "{qualified} is forbidden: User \"{user}\" cannot {verb} resource \"{resource}\" in API group \"{group}\" {place}"
        );
        let mut details = Map::new();
        if !group.is_empty() {
            details.insert("group".to_owned(), group.into());
        }
        details.insert("kind".to_owned(), resource.into());
        Self::new(403, "Forbidden", message).with_details(Value::Object(details))
    }

    /// 404 for a path under a group and version that exist.
    #[must_use]
    pub fn no_such_resource() -> Self {
        Self::new(
            404,
            "NotFound",
            "the server could not find the requested resource",
        )
        .with_details(json!({}))
    }

    /// 404 for an object.
    #[must_use]
    pub fn no_such_object(resource: &str, group: &str, name: &str) -> Self {
        let message = format!("{} \"{name}\" not found", qualified(resource, group));
        let mut details = Map::new();
        details.insert("name".to_owned(), name.into());
        if !group.is_empty() {
            details.insert("group".to_owned(), group.into());
        }
        details.insert("kind".to_owned(), resource.into());
        Self::new(404, "NotFound", message).with_details(Value::Object(details))
    }

    /// 409 for an object that is there already.
    #[must_use]
    pub fn already_exists(resource: &str, group: &str, name: &str) -> Self {
        let message = format!("{} \"{name}\" already exists", qualified(resource, group));
        Self::new(409, "AlreadyExists", message)
            .with_details(json!({"name": name, "kind": resource}))
    }

    /// 405 for a watch of what cannot be watched.
    #[must_use]
    pub fn watch_not_supported(resource: &str) -> Self {
        let message = format!("watch is not supported on resources of kind \"{resource}\"");
        Self::new(405, "MethodNotAllowed", message).with_details(json!({"kind": resource}))
    }

    /// 405 for a method that a path has not.
    #[must_use]
    pub fn method_not_allowed() -> Self {
        Self::new(
            405,
            "MethodNotAllowed",
            "the server does not allow this method on the requested resource",
        )
        .with_details(json!({}))
    }

    /// 406, naming what would be accepted.
    #[must_use]
    pub fn not_acceptable(types: &str) -> Self {
        let message = format!("only the following media types are accepted: {types}");
        Self::new(406, "NotAcceptable", message)
    }

    /// 410 in-stream, for a watch from before the watch cache's oldest event.
    #[must_use]
    pub fn too_old(asked: u64, oldest: u64) -> Self {
        Self::new(
            410,
            "Expired",
            format!("too old resource version: {asked} ({oldest})"),
        )
    }

    /// 410 for a continue token of a compacted version, with a token to go on with.
    #[must_use]
    pub fn continue_expired(fresh: String) -> Self {
        let mut refusal = Self::new(
            410,
            "Expired",
            "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.",
        );
        refusal.fresh_continue = Some(fresh);
        refusal
    }

    /// 410 for a LIST of exactly a compacted version.
    #[must_use]
    pub fn version_expired() -> Self {
        Self::new(
            410,
            "Expired",
            "The resourceVersion for the provided list is too old.",
        )
    }

    /// 422 by field: the validation of `ListOptions`.
    #[must_use]
    pub fn invalid_list_options(causes: &[Cause]) -> Self {
        let lines: Vec<String> = causes
            .iter()
            .map(|cause| format!("{}: {}", cause.field, cause.message))
            .collect();
        let list = match lines.as_slice() {
            [one] => one.clone(),
            several => format!("[{}]", several.join(", ")),
        };
        let causes: Vec<Value> = causes
            .iter()
            .map(|cause| json!({"reason": cause.reason, "message": cause.message, "field": cause.field}))
            .collect();
        Self::new(
            422,
            "Invalid",
            format!("ListOptions.meta.k8s.io \"\" is invalid: {list}"),
        )
        .with_details(json!({"group": "meta.k8s.io", "kind": "ListOptions", "causes": causes}))
    }

    /// 429 of priority and fairness is plain text; this one, as JSON, is a cache that is not ready.
    #[must_use]
    pub fn not_ready(seconds: u32) -> Self {
        let mut refusal = Self::new(429, "TooManyRequests", "storage is (re)initializing")
            .with_details(json!({"retryAfterSeconds": seconds}));
        refusal.retry_after = Some(seconds);
        refusal
    }

    /// 500 for a watch whose resourceVersion is no number, and before 1.33 for a LIST from the watch
    /// cache. Real servers give neither reason nor
    /// details here.
    #[must_use]
    pub fn watch_version_is_no_number(text: &str) -> Self {
        Self::new(500, "", no_number(text))
    }

    /// 400 for a LIST whose resourceVersion is no number.
    #[must_use]
    pub fn list_version_is_no_number(text: &str) -> Self {
        Self::bad_request(format!("invalid resource version: {}", no_number(text)))
    }

    /// 503.
    #[must_use]
    pub fn unavailable(seconds: u32) -> Self {
        let mut refusal = Self::new(503, "ServiceUnavailable", "apiserver is shutting down")
            .with_details(json!({"retryAfterSeconds": seconds}));
        refusal.retry_after = Some(seconds);
        refusal
    }

    /// 504 for a version that the server has not reached in three seconds.
    #[must_use]
    pub fn version_too_large(asked: u64, current: u64) -> Self {
        let message = format!("Timeout: Too large resource version: {asked}, current: {current}");
        let mut refusal = Self::new(504, "Timeout", message).with_details(json!({
            "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
            "retryAfterSeconds": 1,
        }));
        refusal.retry_after = Some(1);
        refusal
    }

    /// Appends the Status on one line, its fields in the order in which servers write them.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{");
        if let Some(token) = &self.fresh_continue {
            json::member(out, "continue", token);
        }
        out.extend_from_slice(b"},\"status\":\"Failure\",\"message\":");
        json::string(out, &self.message);
        if !self.reason.is_empty() {
            json::member(out, "reason", self.reason);
        }
        if let Some(details) = &self.details {
            json::key(out, "details");
            write_details(out, details);
        }
        json::key(out, "code");
        out.extend_from_slice(self.code.to_string().as_bytes());
        out.push(b'}');
    }

    /// The Status over several lines, as it is written for browsers, curl and Wget.
    #[must_use]
    pub fn pretty(&self) -> Vec<u8> {
        let mut line = Vec::new();
        self.write(&mut line);
        indent(&line)
    }
}

/// A cause of a 422.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// `FieldValueForbidden` or `FieldValueNotSupported`.
    pub reason: &'static str,
    /// What is wrong with it.
    pub message: String,
    /// The parameter.
    pub field: &'static str,
}

/// Details have their own order: name, group, kind, causes, retryAfterSeconds.
fn write_details(out: &mut Vec<u8>, details: &Value) {
    out.push(b'{');
    for name in ["name", "group", "kind", "causes", "retryAfterSeconds"] {
        let Some(value) = details.get(name) else {
            continue;
        };
        json::key(out, name);
        let Some(causes) = value.as_array() else {
            json::value(out, value);
            continue;
        };
        out.push(b'[');
        for (at, cause) in causes.iter().enumerate() {
            out.extend_from_slice(if at == 0 { b"{" } else { b",{" });
            for name in ["reason", "message", "field"] {
                if let Some(text) = cause.get(name).and_then(Value::as_str) {
                    json::member(out, name, text);
                }
            }
            out.push(b'}');
        }
        out.push(b']');
    }
    out.push(b'}');
}

/// Breaks a line of JSON into several, two spaces a level, keeping the order of its fields.
pub(crate) fn indent(line: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(line.len() * 2);
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (at, &byte) in line.iter().enumerate() {
        if in_string {
            out.push(byte);
            in_string = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            continue;
        }
        let empty = |open: u8| at > 0 && line[at - 1] == open;
        match byte {
            b'{' | b'[' => {
                out.push(byte);
                depth += 1;
                if !matches!(line.get(at + 1), Some(b'}' | b']')) {
                    new_line(&mut out, depth);
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if !empty(b'{') && !empty(b'[') {
                    new_line(&mut out, depth);
                }
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                new_line(&mut out, depth);
            }
            b':' => out.extend_from_slice(b": "),
            _ => {
                in_string = byte == b'"';
                out.push(byte);
            }
        }
    }
    out
}

fn new_line(out: &mut Vec<u8>, depth: usize) {
    out.push(b'\n');
    out.resize(out.len() + depth * 2, b' ');
}

fn qualified(resource: &str, group: &str) -> String {
    if group.is_empty() {
        resource.to_owned()
    } else {
        format!("{resource}.{group}")
    }
}

fn no_number(text: &str) -> String {
    format!(
        "resourceVersion: Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: invalid syntax"
    )
}
