//! `/_fake/…`: what tests and the demo's fault menu steer the server with; and `/_connection`, by which the page knows it.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::fault::Fault;
use super::{Shared, lock};
use crate::model::object::uuid;
use crate::model::{PROFILES, Profile, Request, ResourceId, parse_query};
use crate::mutate::{self, Mutation};
use crate::time::Time;

type Answer = Result<Value, (StatusCode, String)>;

/// Answers a control request. Only requests to a loopback name are answered, and from pages of a
/// loopback name, so that no other site steers the server through a visitor's browser.
pub(super) fn answer(
    shared: &Shared,
    method: &Method,
    path: &str,
    query: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Response<Body> {
    let answer = if is_local(headers) {
        route(shared, method, path, query, body)
    } else {
        Err((
            StatusCode::FORBIDDEN,
            "only for 127.0.0.1 and localhost".to_owned(),
        ))
    };
    let (status, value) = match answer {
        Ok(value) => (StatusCode::OK, value),
        Err((status, error)) => (status, json!({"error": error})),
    };
    let mut response = Response::new(Body::from(value.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn is_local(headers: &HeaderMap) -> bool {
    let text = |name| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap_or_default())
    };
    let is_loopback = |authority: &str| {
        let name = authority
            .rsplit_once(':')
            .map_or(authority, |(name, _)| name);
        matches!(name, "127.0.0.1" | "localhost")
    };
    let origin = text(header::ORIGIN);
    text(header::HOST).is_some_and(is_loopback)
        && origin.is_none_or(|origin| origin.strip_prefix("http://").is_some_and(is_loopback))
}

fn route(shared: &Shared, method: &Method, path: &str, query: &str, body: &[u8]) -> Answer {
    match (method.as_str(), path.trim_start_matches("/_fake/")) {
        ("GET", "faults") => Ok(json!(lock(&shared.faults).list())),
        ("POST", "faults") => {
            let fault: Fault = read(body)?;
            Ok(json!({"id": lock(&shared.faults).add(fault)}))
        }
        ("DELETE", "faults") => {
            let id = parse_query(query).into_iter().find(|(key, _)| key == "id");
            match id {
                None => lock(&shared.faults).clear(),
                Some((_, id)) => {
                    let removed = id.parse().is_ok_and(|id| lock(&shared.faults).remove(id));
                    if !removed {
                        return Err((StatusCode::NOT_FOUND, "no such fault".to_owned()));
                    }
                }
            }
            Ok(json!({}))
        }
        ("GET", "profile") => {
            let all: Vec<&str> = PROFILES.iter().map(|profile| profile.name).collect();
            Ok(json!({"profile": shared.cluster().server.profile.name, "profiles": all}))
        }
        ("POST", "profile") => switch_profile(shared, &read::<ProfileName>(body)?.profile),
        // Where the proxy names a cluster. One question for both, since an answer of 404 is an error in a page's console.
        ("GET", "/_connection") => {
            Ok(json!({"fake": true, "profile": shared.cluster().server.profile.name}))
        }
        ("GET", "churn") => Ok(json!({"perSecond": shared.cluster().churn()})),
        ("POST", "churn") => {
            let Churn { per_second } = read(body)?;
            shared.cluster().set_churn(per_second);
            Ok(json!({"perSecond": per_second}))
        }
        ("GET", "state") => state(shared, query),
        ("GET", "requests") => Ok(json!(lock(&shared.log).entries())),
        ("DELETE", "requests") => {
            lock(&shared.log).clear();
            Ok(json!({}))
        }
        ("POST", "mutate") => {
            let mutation: Mutation = read(body)?;
            let applied = mutate::apply(&mut shared.cluster(), &mutation, Time::wall());
            shared.notify();
            let applied = applied.map_err(|error| (StatusCode::UNPROCESSABLE_ENTITY, error))?;
            Ok(json!(applied))
        }
        ("POST", "compact") => {
            let mut cluster = shared.cluster();
            cluster.server.history.compact();
            Ok(revision(cluster.server.history.revision()))
        }
        ("POST", "restart") => {
            let mut cluster = shared.cluster();
            cluster.server.end_watches();
            cluster.server.history.compact();
            drop(cluster);
            shared.notify();
            Ok(json!({}))
        }
        ("POST", "restore") => {
            let Restore { resource_version } = read(body)?;
            let mut cluster = shared.cluster();
            let asked = resource_version.parse().ok();
            let restored = asked.is_some_and(|asked| cluster.server.restore(asked));
            let now = cluster.server.history.revision();
            drop(cluster);
            shared.notify();
            if restored {
                Ok(revision(now))
            } else {
                Err((
                    StatusCode::CONFLICT,
                    "this revision is not remembered".to_owned(),
                ))
            }
        }
        _ => Err((
            StatusCode::NOT_FOUND,
            format!("no such control: {method} {path}"),
        )),
    }
}

#[derive(Deserialize)]
struct ProfileName {
    profile: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Churn {
    per_second: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Restore {
    resource_version: String,
}

fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, (StatusCode, String)> {
    serde_json::from_slice(body).map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))
}

fn revision(revision: u64) -> Value {
    json!({"resourceVersion": revision.to_string()})
}

/// Another version from now on; open watches end, as when a load balancer moves.
fn switch_profile(shared: &Shared, name: &str) -> Answer {
    let profile: Profile = name
        .parse()
        .map_err(|unknown| (StatusCode::BAD_REQUEST, format!("{unknown}")))?;
    let mut cluster = shared.cluster();
    cluster.server.profile = profile;
    cluster.server.end_watches();
    drop(cluster);
    shared.notify();
    Ok(json!({"profile": profile.name}))
}

/// The truth: the rows of a collection as a Table shows them at this moment, under the columns that it has at this moment.
fn state(shared: &Shared, query: &str) -> Answer {
    let parameters = parse_query(query);
    let of = |name: &str| {
        let found = parameters.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let now = Time::wall();
    let cluster = shared.cluster();
    let target = Request::get(&of("path"));
    let Some((resource, namespace)) = collection(&target.path) else {
        return Err((StatusCode::NOT_FOUND, "path names no collection".to_owned()));
    };
    let changed_columns = lock(&shared.faults).change_columns(&target.path);
    let (rendering, objects) = cluster.server.rows(resource, &namespace, changed_columns);
    let rows: Vec<Value> = objects
        .iter()
        .map(|object| {
            let mut cells = Vec::new();
            rendering.cells(&mut cells, object, now);
            json!({
                "name": &*object.meta.name,
                "namespace": &*object.meta.namespace,
                "uid": uuid(object.meta.uid),
                "resourceVersion": object.meta.resource_version.to_string(),
                "cells": serde_json::from_slice::<Value>(&cells).unwrap_or(Value::Null),
            })
        })
        .collect();
    let mut definitions = Vec::new();
    rendering.columns(&mut definitions);
    let definitions: Vec<Value> = serde_json::from_slice(&definitions).unwrap_or_default();
    let columns: Vec<&Value> = definitions.iter().map(|column| &column["name"]).collect();
    Ok(json!({
        "resourceVersion": cluster.server.history.revision().to_string(),
        "columns": columns,
        "columnDefinitions": definitions,
        "rows": rows,
    }))
}

/// The collection of a path (`/api/v1/namespaces/shop/pods`).
fn collection(path: &str) -> Option<(ResourceId, String)> {
    let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let (group, version, rest) = match segments.as_slice() {
        ["api", version, rest @ ..] => ("", *version, rest),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return None,
    };
    let (namespace, plural) = match rest {
        ["namespaces", namespace, plural] => (*namespace, *plural),
        [plural] => ("", *plural),
        _ => return None,
    };
    Some((
        ResourceId::find(group, version, plural)?,
        namespace.to_owned(),
    ))
}
