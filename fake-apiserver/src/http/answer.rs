//! From an HTTP request to an HTTP answer: credentials, faults, the model, CORS.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{
    HeaderMap, HeaderName, HeaderValue, Request as HttpRequest, Response, StatusCode, header,
};

use super::fault::{Fault, FaultKind};
use super::line::Line;
use super::log::Entry;
use super::stream::{Source, body};
use super::{Shared, control, lock, www};
use crate::model::{Head, Refusal, Reply, Request, Tampering, parse_query};
use crate::time::Time;

/// Real servers compress answers from this size on.
const COMPRESSED_FROM: usize = 128 * 1_024;
/// No body of a request is longer.
const BODY_LIMIT: usize = 3 << 20;

/// Answers everything.
pub(super) async fn handle(
    State(shared): State<Arc<Shared>>,
    request: HttpRequest<Body>,
) -> Response<Body> {
    let (parts, request_body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    if path.starts_with("/_fake/") || path == "/_connection" {
        let bytes = to_bytes(request_body, BODY_LIMIT).await.unwrap_or_default();
        return control::answer(
            &shared,
            &parts.method,
            &path,
            &query,
            &parts.headers,
            &bytes,
        );
    }
    let of_api = ["/api", "/apis", "/version", "/healthz", "/livez", "/readyz"]
        .iter()
        .any(|root| {
            path.strip_prefix(root)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
    if !of_api && let Some(root) = &shared.www {
        return www::file(root, &path).await;
    }
    let origin = text(&parts.headers, &header::ORIGIN).to_owned();
    if parts.method == "OPTIONS" && !origin.is_empty() {
        return with_cors(&shared, &origin, preflight(&parts.headers));
    }
    let request = Request {
        method: parts.method.as_str().to_owned(),
        path,
        query: parse_query(&query),
        accept: text(&parts.headers, &header::ACCEPT).to_owned(),
        accept_encoding: text(&parts.headers, &header::ACCEPT_ENCODING).to_owned(),
        user_agent: text(&parts.headers, &header::USER_AGENT).to_owned(),
        body: to_bytes(request_body, BODY_LIMIT)
            .await
            .unwrap_or_default()
            .to_vec(),
    };
    let id = lock(&shared.log).push(entry(&request, query, &parts.headers));
    let has_range = parts.headers.contains_key(header::RANGE);
    let mut line = Line::new(Arc::clone(&shared), request.clone(), has_range);
    let pulled = line.is_pulled().then_some(FaultKind::PulledCable.name());
    lock(&shared.log).answered(id, 0, pulled);
    line.plugged().await;
    let fault = lock(&shared.faults).meet(&request, has_range);
    let name = fault.as_ref().map(|fault| fault.kind.name());
    let name = name.or(pulled);
    lock(&shared.log).answered(id, 0, name);
    let authorized = shared.token.as_ref().is_none_or(|token| {
        text(&parts.headers, &header::AUTHORIZATION).strip_prefix("Bearer ") == Some(token)
    });
    let response = if authorized {
        answer(&shared, &request, fault, line).await
    } else {
        refused(&shared, &request, &Refusal::unauthorized())
    };
    lock(&shared.log).answered(id, response.status().as_u16(), name);
    with_cors(&shared, &origin, response)
}

/// The answer of the model, or of a fault before it.
async fn answer(
    shared: &Arc<Shared>,
    request: &Request,
    fault: Option<Fault>,
    line: Line,
) -> Response<Body> {
    if let Some(fault) = &fault
        && let Some(response) = before_the_model(shared, request, fault).await
    {
        return response;
    }
    let kind = fault.as_ref().map(|fault| fault.kind);
    let at_once = fault.as_ref().is_some_and(|fault| fault.events.is_none());
    let tampering = Tampering {
        version_is_future: kind == Some(FaultKind::FutureResourceVersion),
        changed_columns: kind == Some(FaultKind::ColumnChange) && at_once,
    };
    let arrived = Time::wall();
    let mut changes = shared.changes.subscribe();
    let reply = loop {
        changes.borrow_and_update();
        let now = Time::wall();
        let reply = shared
            .cluster()
            .server
            .handle_tampered(request, tampering, arrived, now);
        let Reply::NotYet(until) = reply else {
            break reply;
        };
        let left = u64::try_from(until.since(now)).unwrap_or(0) + 1;
        tokio::select! {
            _ = changes.changed() => {}
            () = tokio::time::sleep(Duration::from_millis(left)) => {}
        }
    };
    if request.method == "HEAD" {
        return head_only(&reply);
    }
    respond(shared, request, reply, fault, line)
}

fn respond(
    shared: &Arc<Shared>,
    request: &Request,
    reply: Reply,
    fault: Option<Fault>,
    line: Line,
) -> Response<Body> {
    let gzip = request.takes_gzip();
    match reply {
        Reply::Watch(mut head, mut watch) => {
            // Before a fault drops the bookmark by which the watch is known.
            let gzip = gzip
                && watch.is_watch_list()
                && shared.cluster().server.profile.compresses_watch_list;
            match &fault {
                Some(Fault {
                    kind: FaultKind::DropEndBookmark,
                    ..
                }) => watch.drop_end_bookmark(),
                Some(Fault {
                    kind: FaultKind::ColumnChange,
                    events: Some(events),
                    ..
                }) => {
                    watch.change_columns_after(*events);
                }
                _ => {}
            }
            if gzip {
                compressed(&mut head);
            }
            response(&head, body(Source::Watch { watch, gzip }, fault, line))
        }
        Reply::List(mut head, mut list) => {
            let first = list.next_piece(COMPRESSED_FROM);
            let source = match first {
                Some(first) if gzip && first.len() >= COMPRESSED_FROM => {
                    compressed(&mut head);
                    Source::compressed_list(list, first)
                }
                first => Source::List {
                    list,
                    first,
                    gzip: None,
                },
            };
            response(&head, body(source, fault, line))
        }
        Reply::Whole(head, bytes) if fault.is_some() => {
            response(&head, body(Source::Whole(Some(bytes)), fault, line))
        }
        Reply::Whole(head, bytes) => response(&head, Body::from(bytes)),
        Reply::NotYet(_) => refused(shared, request, &Refusal::unavailable(1)),
    }
}

/// Faults that answer in the model's place.
async fn before_the_model(
    shared: &Arc<Shared>,
    request: &Request,
    fault: &Fault,
) -> Option<Response<Body>> {
    let seconds = fault.retry_after.unwrap_or(1);
    let refusal = match fault.kind {
        FaultKind::Hang => std::future::pending().await,
        FaultKind::Unauthorized => Refusal::unauthorized(),
        FaultKind::Forbidden => forbidden(request, fault.user.as_deref().unwrap_or("viewer")),
        FaultKind::Unavailable => Refusal::unavailable(seconds),
        FaultKind::Gone if !fault.in_stream => Refusal::version_expired(),
        FaultKind::TooManyRequests => {
            let mut response =
                Response::new(Body::from("Too many requests, please try again later.\n"));
            *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
            let headers = response.headers_mut();
            headers.insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("text/plain; charset=utf-8"),
            );
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            return Some(response);
        }
        FaultKind::Html => {
            let page = "<!doctype html><title>Sign in</title><h1>Sign in</h1><form method=\"post\"><input name=\"user\"></form>\n";
            let mut response = Response::new(Body::from(page));
            let html = HeaderValue::from_static("text/html; charset=utf-8");
            response.headers_mut().insert(header::CONTENT_TYPE, html);
            return Some(response);
        }
        FaultKind::EmptyClose => {
            let mut response = Response::new(Body::empty());
            let json = HeaderValue::from_static("application/json");
            response.headers_mut().insert(header::CONTENT_TYPE, json);
            return Some(response);
        }
        _ => return None,
    };
    Some(refused(shared, request, &refusal))
}

/// 403 in the words of RBAC for what was asked.
fn forbidden(request: &Request, user: &str) -> Refusal {
    let segments: Vec<&str> = request
        .path
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    let (group, rest) = match segments.as_slice() {
        ["apis", group, _, rest @ ..] => (*group, rest),
        ["api", _, rest @ ..] => ("", rest),
        _ => ("", &[][..]),
    };
    let (namespace, rest) = match rest {
        ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (*namespace, rest),
        rest => ("", rest),
    };
    let resource = rest.first().copied().unwrap_or_default();
    let watch = request
        .parameter("watch")
        .is_some_and(|value| !matches!(value, "0" | "false"));
    let verb = match (rest.len(), watch) {
        (2.., _) => "get",
        (_, true) => "watch",
        _ => "list",
    };
    Refusal::forbidden(user, verb, resource, group, namespace)
}

fn refused(shared: &Shared, request: &Request, refusal: &Refusal) -> Response<Body> {
    match shared.cluster().server.refuse(request, refusal) {
        Reply::Whole(head, bytes) => response(&head, Body::from(bytes)),
        other => head_only(&other),
    }
}

fn compressed(head: &mut Head) {
    head.headers.push(("content-encoding", "gzip".to_owned()));
    head.headers.push(("vary", "Accept-Encoding".to_owned()));
}

fn response(head: &Head, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(head.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in &head.headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            response
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
    }
    response
}

fn head_only(reply: &Reply) -> Response<Body> {
    match reply {
        Reply::Whole(head, _) | Reply::List(head, _) | Reply::Watch(head, _) => {
            response(head, Body::empty())
        }
        Reply::NotYet(_) => Response::new(Body::empty()),
    }
}

/// What kube-apiserver's CORS filter answers a preflight with.
fn preflight(asked: &HeaderMap) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    if asked.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
        let headers = response.headers_mut();
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static("POST, GET, OPTIONS, PUT, DELETE, PATCH"),
        );
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static(
                "Content-Type, Content-Length, Accept-Encoding, X-CSRF-Token, Authorization, X-Requested-With, If-Modified-Since",
            ),
        );
    }
    response
}

fn with_cors(shared: &Shared, origin: &str, mut response: Response<Body>) -> Response<Body> {
    let allowed = shared
        .cors
        .as_ref()
        .is_some_and(|cors| cors == "*" || cors == origin);
    if allowed
        && !origin.is_empty()
        && let Ok(origin) = HeaderValue::from_str(origin)
    {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
            HeaderValue::from_static("true"),
        );
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("Date"),
        );
    }
    response
}

fn entry(request: &Request, query: String, headers: &HeaderMap) -> Entry {
    let headers = headers.iter().map(|(name, value)| {
        let secret = matches!(name.as_str(), "authorization" | "cookie");
        let value = if secret {
            "present"
        } else {
            value.to_str().unwrap_or_default()
        };
        (name.as_str().to_owned(), value.to_owned())
    });
    Entry {
        id: 0,
        time: Time::wall().0,
        method: request.method.clone(),
        path: request.path.clone(),
        query,
        headers: headers.collect(),
        status: 0,
        fault: None,
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}
