//! One request and its response, from the core's request value to the last byte of the body.

use std::rc::Rc;

use futures::future::{AbortHandle, abortable};
use gloo_net::http::{Headers, QueryParams, Response};
use kube_watchlist::reflector::{EndCause, ExchangeId};
use kube_watchlist::request::{Request, RequestKind};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    AbortController, AbortSignal, RequestCache, RequestInit, RequestRedirect, ResponseType,
};

use crate::body::Body;
use crate::inbox::{Arrival, OwnedHead};
use crate::pump::{unauthorized, unreachable};
use crate::slice;
use crate::watch::Watch;

/// Starts an exchange. The handle ends it without a word; the controller is for what runs in JavaScript.
pub(crate) fn start(
    watch: &Rc<Watch>,
    id: ExchangeId,
    request: Request,
    controller: AbortController,
) -> AbortHandle {
    let watch = Rc::clone(watch);
    let (task, handle) = abortable(async move {
        exchange(&watch, id, &request, &controller.signal()).await;
        watch.finished(id);
    });
    spawn_local(async move {
        let _ = task.await;
    });
    handle
}

async fn exchange(watch: &Rc<Watch>, id: ExchangeId, request: &Request, signal: &AbortSignal) {
    let headers = match headers(watch, request, signal).await {
        Ok(headers) => headers,
        // Without a fresh token the answer is known.
        Err(_) if request.refresh_credentials => {
            watch.arrive(id, unauthorized());
            watch.arrive(id, Arrival::End(EndCause::Complete));
            return;
        }
        Err(_) => return watch.arrive(id, unreachable()),
    };
    match send(watch, request, headers, signal).await {
        Ok(response) => {
            watch.arrive(id, Arrival::Head(head(&response)));
            let cause = read(watch, id, &response, signal).await;
            watch.arrive(id, Arrival::End(cause));
        }
        Err(_) => watch.arrive(id, unreachable()),
    }
}

/// The caller's headers, then the protocol's, which win.
async fn headers(
    watch: &Watch,
    request: &Request,
    signal: &AbortSignal,
) -> Result<Headers, JsValue> {
    let given = watch.host.headers(
        kind(request.kind),
        &request.path,
        request.refresh_credentials,
        signal,
    )?;
    let headers = Headers::from_raw(JsFuture::from(given).await?.unchecked_into());
    for (name, value) in &request.headers {
        headers.set(name, value);
    }
    Ok(headers)
}

async fn send(
    watch: &Watch,
    request: &Request,
    headers: Headers,
    signal: &AbortSignal,
) -> Result<Response, JsValue> {
    let query = QueryParams::new();
    for (name, value) in &request.query {
        query.append(name, value);
    }
    let url = format!("{}{}?{query}", watch.host.base_url()?, request.path);

    let init = RequestInit::new();
    init.set_method("GET");
    init.set_headers_headers(&headers.into_raw());
    // What a browser keeps of a response is on its disk, Secrets too.
    init.set_cache(RequestCache::NoStore);
    // A login page is not data, and following to one looks like a refused connection.
    init.set_redirect(RequestRedirect::Manual);
    init.set_signal(Some(signal));
    if let Some(credentials) = watch.credentials {
        init.set_credentials(credentials);
    }
    let response = JsFuture::from(watch.host.fetch(&url, &init)?).await?;
    Ok(Response::from(
        response.unchecked_into::<web_sys::Response>(),
    ))
}

fn head(response: &Response) -> OwnedHead {
    let headers = response.headers();
    OwnedHead {
        status: response.status(),
        opaque_redirect: response.type_() == ResponseType::Opaqueredirect,
        content_type: headers.get("content-type"),
        content_encoding: headers.get("content-encoding"),
        content_range: headers.get("content-range"),
        retry_after: headers.get("retry-after"),
    }
}

/// Reads the body to its end.
async fn read(
    watch: &Rc<Watch>,
    id: ExchangeId,
    response: &Response,
    signal: &AbortSignal,
) -> EndCause {
    let Some(stream) = response.body() else {
        return EndCause::Complete;
    };
    let Some(body) = Body::open(&stream) else {
        return EndCause::Broken;
    };
    // A host that cannot is a dead page.
    let _ = watch.host.reading(body.reader(), signal);
    loop {
        watch.room().await;
        match body.next().await {
            Ok(bytes) => watch.arrive(id, Arrival::Chunk(bytes)),
            Err(cause) => return cause,
        }
        // What waits in the browser would come in this very task, chunk after chunk.
        if slice::is_used_up() {
            watch.turn().await;
        }
    }
}

/// The kind of a request, as `RequestInfo` in `types.ts` spells it.
fn kind(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::WatchList => "watchlist",
        RequestKind::List => "list",
        RequestKind::Watch => "watch",
        RequestKind::Probe => "probe",
    }
}
