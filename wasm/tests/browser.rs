//! The driver in a real browser, over a real `fetch`. `tests/browser/run.mjs` starts the API server and runs this.
#![cfg(target_arch = "wasm32")]

use js_sys::{Function, Promise};
use kube_watchlist_wasm::{Host, ViewConfig, WatchConfig, WatchCore};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// Where the API server listens; told when the tests are compiled, since a page has no environment.
const API: &str = match option_env!("KUBE_WATCHLIST_TEST_API") {
    Some(address) => address,
    None => panic!("run tests/browser/run.mjs"),
};

#[wasm_bindgen(inline_js = r#"
export class TestHost {
  constructor(base, fetch = (url, init) => globalThis.fetch(url, init)) {
    Object.assign(this, { base, send: fetch, notices: 0, requests: [], kinds: [], controllers: [], over: 0, listener: () => {} })
  }
  baseUrl() { return this.base }
  // None of a caller's own: across origins each would need the server's leave.
  async headers(kind, path, refresh, signal) { this.kinds.push(kind); return new Headers() }
  async fetch(url, init) { this.requests.push({ url, ...init }); return this.send(url, init) }
  controller() { const controller = new AbortController(); this.controllers.push(controller); return controller }
  finished() { this.over += 1 }
  reading(reader, signal) { signal.addEventListener('abort', () => reader.cancel().catch(() => {})) }
  turn() { return new Promise((resolve) => { const { port1, port2 } = new MessageChannel(); port1.onmessage = () => { port1.close(); resolve() }; port2.postMessage(0) }) }
  arm(delay) { clearTimeout(this.timer); if (delay >= 0) this.timer = setTimeout(() => this.core?.wake(), delay) }
  changed(notice) { this.notices |= notice; this.listener(notice) }
}
export const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
export const evaluate = (text, host) => Function('host', `return (${text})`)(host)
"#)]
extern "C" {
    #[wasm_bindgen(extends = Host)]
    type TestHost;
    #[wasm_bindgen(constructor)]
    fn new(base: &str) -> TestHost;
    #[wasm_bindgen(constructor)]
    fn over(base: &str, fetch: &Function) -> TestHost;
    #[wasm_bindgen(method, getter)]
    fn notices(this: &TestHost) -> u32;
    #[wasm_bindgen(method, setter)]
    fn set_listener(this: &TestHost, listener: &Function);

    fn later(ms: u32) -> Promise;
    fn evaluate(text: &str, host: &TestHost) -> JsValue;
}

const SNAPSHOT: u32 = 1 << 2;

/// A watch of the pods of all namespaces.
fn open(host: &TestHost) -> WatchCore {
    let [group, version, resource, namespace] = ["", "v1", "pods", ""].map(str::to_owned);
    WatchCore::new(
        AsRef::<JsValue>::as_ref(host).clone().unchecked_into(),
        WatchConfig::new(group, version, resource, namespace),
    )
}

/// Waits for what has to come within ten seconds.
async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..1_000 {
        if holds() {
            return;
        }
        let _ = JsFuture::from(later(10)).await;
    }
    panic!("never: {what}");
}

async fn snapshot(host: &TestHost, core: &WatchCore) {
    for _ in 0..2_000 {
        if host.notices() & SNAPSHOT != 0 {
            return;
        }
        let _ = JsFuture::from(later(10)).await;
    }
    panic!("no snapshot: {}", core.status());
}

fn ask(text: &str, host: &TestHost) -> String {
    evaluate(text, host).as_string().unwrap_or_default()
}

#[wasm_bindgen_test]
async fn a_snapshot_arrives_and_stays_live() {
    let host = TestHost::new(API);
    let core = open(&host);
    let view = core.open_view(ViewConfig::new()).unwrap_or_default();
    core.start();
    snapshot(&host, &core).await;
    let is_live = || core.status().contains(r#""phase":"live""#);
    assert!(
        !is_live(),
        "before a view shows the rows: {}",
        core.status()
    );
    until("a settled view", || core.refresh()).await;
    assert!(is_live(), "{}", core.status());
    let rows = core.view_rows(view, 0, 10).expect("a view that is ready");
    assert_eq!(rows.lines().count(), 10, "{rows}");
    assert!(rows.lines().all(|row| row.starts_with('{')), "{rows}");
    core.close();
}

#[wasm_bindgen_test]
async fn a_request_is_as_the_contract_says() {
    let host = TestHost::new(API);
    let core = open(&host);
    core.start();
    snapshot(&host, &core).await;
    let shape = "[host.requests[0]].map(r => [r.method, r.cache, r.redirect, r.signal === host.controllers[0].signal, \
        r.headers.get('range'), host.kinds[0]].join())[0]";
    assert_eq!(
        ask(shape, &host),
        "GET,no-store,manual,true,bytes=0-,watchlist"
    );
    assert!(ask("host.requests[0].url", &host).starts_with(&format!("{API}/api/v1/pods?")));
    core.close();
}

#[wasm_bindgen_test]
async fn closing_hangs_up() {
    let host = TestHost::new(API);
    let core = open(&host);
    core.start();
    snapshot(&host, &core).await;
    core.close();
    assert!(
        core.status().contains(r#""phase":"closed""#),
        "{}",
        core.status()
    );
    assert_eq!(
        ask(
            "String(host.controllers.every(c => c.signal.aborted) && host.over)",
            &host
        ),
        "1"
    );
}

#[wasm_bindgen_test]
async fn closing_from_within_a_notification_is_allowed() {
    let host = TestHost::new(API);
    let core = std::rc::Rc::new(open(&host));
    let inner = std::rc::Rc::clone(&core);
    let listener = Closure::<dyn FnMut()>::new(move || inner.close());
    host.set_listener(listener.as_ref().unchecked_ref());
    core.start();
    until("the end", || core.status().contains(r#""phase":"closed""#)).await;
}

/// Whatever a caller's `fetch` does, the status says that it failed, and never that it is live.
#[wasm_bindgen_test]
async fn a_fetch_that_fails_in_any_way_is_a_stated_retry() {
    for fetch in [
        "() => { throw 'no error object' }",
        "async () => { throw undefined }",
        "() => Promise.reject(new DOMException('x', 'AbortError'))",
        // A body that breaks, one of the wrong type, one that somebody read already.
        "async () => new Response(new ReadableStream({ pull() { throw 'broken' } }))",
        "async () => new Response(new ReadableStream({ start(c) { c.enqueue('text') } }))",
        "async () => { const r = new Response('x'); r.body.getReader(); return r }",
    ] {
        let sender = Function::new_with_args("url, init", &format!("return ({fetch})(url, init)"));
        let host = TestHost::over(API, &sender);
        let core = open(&host);
        core.start();
        until(fetch, || core.status().contains(r#""error":"#)).await;
        assert!(
            !core.status().contains(r#""phase":"live""#),
            "{fetch}: {}",
            core.status()
        );
        core.close();
    }
}

/// A page that gets 30,000 rows in one piece still answers: it gets its turns between slices of ours. How long one takes is judged by CPU
/// time, in tests/client/smooth.test.mjs; a clock on the wall would judge the machine.
#[wasm_bindgen_test]
async fn work_yields_to_the_page() {
    let in_one_piece = "return (async () => {
        const reader = (await fetch(url, init)).body.getReader()
        const parts = []
        for (let tail = ''; !tail.includes('initial-events-end'); ) {
          const { value } = await reader.read()
          parts.push(value)
          tail = (tail + new TextDecoder().decode(value)).slice(-10_000)
        }
        const whole = new Uint8Array(await new Blob(parts).arrayBuffer())
        globalThis.turns = 0
        const beat = () => { globalThis.turns += 1; setTimeout(beat) }
        beat()
        const headers = { 'Content-Type': 'application/json' }
        return new Response(new ReadableStream({ start(body) { body.enqueue(whole) } }), { headers })
      })()";
    let host = TestHost::over(API, &Function::new_with_args("url, init", in_one_piece));
    let core = open(&host);
    core.start();
    snapshot(&host, &core).await;
    let turns = evaluate("globalThis.turns", &host);
    let turns = turns.as_f64().expect("a number");
    // Without slices there is one. A hundred megabytes in slices of 6 ms are a dozen on a machine that reads a gigabyte a second, and
    // more on a slower one.
    assert!(turns > 5.0, "the page got {turns} turns");
    core.close();
}
