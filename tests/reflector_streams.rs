//! Recorded exchanges with real API servers, driven through the whole machine.

mod common;
mod sim;

use std::fmt::Write as _;

use common::{Exchange, recorded};
use kube_watchlist::event::Format;
use kube_watchlist::reflector::{EndCause, Mode, Output, Phase};
use kube_watchlist::request::{Request, RequestKind};
use sim::*;

/// The recorded answer, its body cut into pieces of this length.
fn answer(exchange: &Exchange, piece: usize, ends: bool) -> Answer {
    let mut answer = vec![head(exchange.status)];
    for (at, bytes) in (10..).zip(exchange.body.chunks(piece)) {
        answer.push((at, Arrival::Bytes(bytes.to_vec())));
    }
    if ends {
        let at = answer.last().unwrap().0 + 1;
        answer.push((at, Arrival::End(EndCause::Complete)));
    }
    answer
}

/// A world in which the server answers each kind of request with a recorded exchange and then stays silent.
fn replay(
    version: &'static str,
    watch_list: &'static str,
    piece: usize,
) -> World<impl FnMut(&Request) -> Answer> {
    let mut config = config();
    "shop".clone_into(&mut config.resource.namespace);
    World::start_with(config, move |request: &Request| match request.kind {
        RequestKind::WatchList => {
            let exchange = recorded(version, watch_list);
            answer(&exchange, piece, exchange.status != 200)
        }
        RequestKind::List => answer(&recorded("1.37", "pods-list-table"), piece, true),
        RequestKind::Watch => vec![ok()],
        RequestKind::Probe => Vec::new(),
    })
}

#[test]
fn a_recorded_streaming_list_is_live_at_its_end_whatever_the_cuts() {
    for piece in [1, 7, 100, 4096, 1 << 20] {
        let mut world = replay("1.37", "pods-watchlist-table", piece);
        world.until_phase(Phase::Live, 60_000);
        assert_eq!(
            world.names(),
            ["web-0", "web-1", "web-2"],
            "pieces of {piece}"
        );
        world.pass(60_000);
        assert_eq!(
            world.names(),
            ["web-0", "web-1", "web-2"],
            "a pod came and went"
        );
        let status = world.status();
        assert_eq!(status.resource_version.as_deref(), Some("3145"));
        assert_eq!(
            (status.format, status.mode),
            (Some(Format::Table), Mode::WatchList)
        );
        assert_eq!((status.error, status.dropped_frames), (None, 0));
        assert_eq!(status.events, 10, "bookmarks count");
        assert!(world.machine.store().columns().0.len() >= 9);
    }
}

#[test]
fn what_each_recorded_server_says_to_a_streaming_list_is_understood() {
    // (server, exchange, phase, code of the error, code of the fallback)
    let cases = [
        ("1.37", "pods-watchlist-table-empty", Phase::Live, "", ""),
        (
            "1.37",
            "pods-watchlist-object",
            Phase::Live,
            "",
            "no-tables",
        ),
        (
            "1.37",
            "pods-watchlist-metadata",
            Phase::Live,
            "",
            "no-tables",
        ),
        ("1.37", "boats-watchlist-table", Phase::Live, "", ""),
        ("1.37", "events-watchlist-table", Phase::Live, "", ""),
        ("1.37", "configmaps-watchlist-table", Phase::Live, "", ""),
        (
            "1.37",
            "pods-watchlist-table-include-object",
            Phase::Live,
            "",
            "",
        ),
        ("1.37", "pod-single-absent-watchlist", Phase::Live, "", ""),
        ("1.32", "pods-watchlist-table", Phase::Live, "", "no-tables"),
        (
            "1.37-watchlist-off",
            "pods-watchlist-table",
            Phase::Live,
            "",
            "watchlist-unsupported",
        ),
        (
            "1.37-watchlist-off",
            "pods-watchlist-browser-ua-422",
            Phase::Live,
            "",
            "watchlist-unsupported",
        ),
        (
            "1.32",
            "406-table-protobuf",
            Phase::Live,
            "",
            "not-acceptable",
        ),
        ("1.37", "401", Phase::Auth, "unauthorized", ""),
        ("1.37", "404-resource", Phase::Failed, "not-found", ""),
        (
            "1.37-rbac",
            "rbac-lister-watchlist",
            Phase::Failed,
            "forbidden",
            "",
        ),
        ("1.37", "405-watch", Phase::Polling, "", "watch-unsupported"),
        ("1.37", "400-field-selector", Phase::Failed, "refused", ""),
    ];
    let mut wrong = String::new();
    for (version, name, phase, error, fallback) in cases {
        let mut world = replay(version, name, 4096);
        world.pass(5000);
        let found = (world.phase(), world.error(), world.fallback());
        if found != (phase, error, fallback) {
            writeln!(wrong, "{version} {name}: {found:?}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_server_that_sends_plain_objects_fills_generic_columns() {
    let mut world = replay("1.32", "pods-watchlist-table", 4096);
    world.until_phase(Phase::Live, 5000);
    assert_eq!(world.status().format, Some(Format::Object));
    let columns: Vec<_> = world
        .machine
        .store()
        .columns()
        .0
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    assert_eq!(columns, ["Name", "Namespace", "Age"]);
    assert_eq!(world.names(), ["web-0", "web-1", "web-2"]);
}

#[test]
fn recorded_pages_and_an_expired_token() {
    let mut tries = 0;
    let mut world = World::start(move |request: &Request| match request.kind {
        RequestKind::WatchList => answer(
            &recorded("1.37-watchlist-off", "pods-watchlist-table"),
            4096,
            true,
        ),
        RequestKind::List if query(request, "continue").is_none() => {
            answer(&recorded("1.37", "configmaps-list-table-page1"), 100, true)
        }
        RequestKind::List => {
            tries += 1;
            if tries == 1 {
                return answer(&recorded("1.37-rbac", "410-continue"), 4096, true);
            }
            // The third page was not recorded: the second one is made the last.
            let mut page = recorded("1.37", "configmaps-list-table-page2");
            let text = String::from_utf8(page.body).unwrap();
            let (before, token) = text.split_once("\"continue\":\"").unwrap();
            let (_, after) = token.split_once('"').unwrap();
            page.body = format!("{before}\"continue\":\"\"{}", &after).into_bytes();
            answer(&page, 100, true)
        }
        RequestKind::Watch => vec![ok()],
        RequestKind::Probe => Vec::new(),
    });
    world.until_phase(Phase::Live, 5000);
    assert!(world.names().len() >= 3, "{:?}", world.names());
    let publications = world
        .told
        .iter()
        .filter(|output| matches!(output, Output::Publish(_)))
        .count();
    assert_eq!(publications, 1, "nothing of the first try was shown");
}

#[test]
fn a_recorded_restart_of_the_server_ends_in_a_new_snapshot() {
    let mut snapshots = 0;
    let mut world = World::start(move |request: &Request| match request.kind {
        RequestKind::WatchList => {
            snapshots += 1;
            let mut answer = answer(&recorded("1.37", "pods-watchlist-table"), 4096, false);
            if snapshots == 1 {
                answer.push(broken(60_000));
            }
            answer
        }
        RequestKind::Watch => answer(
            &recorded("1.37-rbac", "410-watch-after-restart"),
            4096,
            true,
        ),
        RequestKind::Probe | RequestKind::List => Vec::new(),
    });
    world.until_phase(Phase::Live, 5000);
    world.until_phase(Phase::Resuming, 61_000);
    world.until("the verdict", 5000, |world| world.error() == "gone");
    assert_eq!(world.names().len(), 3, "old rows stay readable");
    world.until_phase(Phase::Live, 5000);
}
