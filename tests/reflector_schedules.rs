//! The sync machine against scripted servers in virtual time.

mod sim;

use kube_watchlist::reflector::{Command, Mode, Output, Phase};
use kube_watchlist::request::Request;
use kube_watchlist::request::RequestKind::{self, List, Watch, WatchList};
use sim::*;
use std::cell::Cell;

#[test]
fn a_streaming_list_is_published_in_one_step_and_goes_on_live() {
    let mut world = World::start(|_: &_| {
        vec![
            ok(),
            bytes(10, event("ADDED", "b", 5)),
            bytes(20, event("ADDED", "a", 3)),
            bytes(30, event("MODIFIED", "a", 6) + &event("DELETED", "b", 7)),
            bytes(40, end_bookmark(9)),
            bytes(50, event("ADDED", "c", 10)),
        ]
    });
    assert_eq!(world.phase(), Phase::Connecting);
    world.until("rows arrive", 100, |world| world.status().objects == 2);
    assert_eq!(
        (world.phase(), world.names().len()),
        (Phase::Syncing, 0),
        "nothing is shown yet"
    );
    world.until_phase(Phase::Live, 100);
    assert_eq!(world.names(), ["a"]);
    let status = world.status();
    assert_eq!(status.resource_version.as_deref(), Some("9"));
    assert_eq!(
        (status.mode, status.stale_since, status.error),
        (Mode::WatchList, None, None)
    );
    assert!(
        world
            .told
            .iter()
            .any(|output| matches!(output, Output::Publish(counts) if counts.added == 1))
    );
    world.pass(100);
    assert_eq!(world.names(), ["a", "c"]);
    assert_eq!(world.status().resource_version.as_deref(), Some("10"));
    assert_eq!(world.sent.len(), 1, "one stream brings all of it");
    let timeout: u64 = world.sent[0]
        .query("timeoutSeconds")
        .unwrap()
        .parse()
        .unwrap();
    assert!((240..=300).contains(&timeout));
    assert!(world.told.contains(&Output::Changed));
}

/// Answers LIST by pages, WATCH by an open stream, and whatever else by `otherwise`.
fn list_watch(otherwise: impl Fn() -> Answer) -> impl FnMut(&Request) -> Answer {
    move |request| match request.kind {
        RequestKind::WatchList => otherwise(),
        RequestKind::List if query(request, "continue").is_none() => {
            list(page("20", "next", COLUMNS, &[row("a", 1), row("b", 2)]))
        }
        RequestKind::List => {
            let mut answer = list(page("20", "", COLUMNS, &[row("c", 3)]));
            for (after, _) in &mut answer {
                *after += 1000;
            }
            answer
        }
        RequestKind::Watch => vec![
            ok(),
            bytes(10, event("ADDED", "d", 21)),
            bytes(20, event("MODIFIED", "a", 22) + &event("DELETED", "a", 23)),
            bytes(5000, event("ADDED", "e", 24)),
        ],
        RequestKind::Probe => list(page("24", "", COLUMNS, &[])),
    }
}

#[test]
fn a_server_without_streaming_lists_is_listed_and_watched_at_once() {
    let mut world = World::start(list_watch(no_watchlist));
    world.until_phase(Phase::Live, 3000);
    assert_eq!(
        world.names(),
        ["b", "c", "d"],
        "events beside the list are on top of it"
    );
    assert_eq!(world.status().mode, Mode::ListWatch);
    assert_eq!(world.fallback(), "watchlist-unsupported");
    assert_eq!(world.status().resource_version.as_deref(), Some("23"));
    let kinds: Vec<_> = world.sent.iter().map(|sent| sent.request.kind).collect();
    assert_eq!(
        kinds,
        [WatchList, List, Watch, List],
        "the watch opens at page 1"
    );
    assert_eq!(world.sent[2].query("resourceVersion"), Some("20"));
    assert_eq!(world.sent[2].query("sendInitialEvents"), None);
    assert_eq!(world.sent[3].query("continue"), Some("next"));
    assert_eq!(world.sent[3].query("resourceVersion"), None);
    for sent in &world.sent {
        assert_eq!(
            sent.request.has_range(),
            sent.request.is_watch(),
            "{sent:?}"
        );
    }
    world.pass(5000);
    assert_eq!(world.names(), ["b", "c", "d", "e"]);
}

#[test]
fn every_refusal_of_a_streaming_list_steps_down_with_its_reason() {
    let details = r#"{"causes":[{"message":"no","field":"resourceVersionMatch"}]}"#;
    let cases: Vec<(&str, Answer)> = vec![
        ("watchlist-unsupported", no_watchlist()),
        (
            "watchlist-unsupported",
            refusal(422, "Invalid", "forbidden for watch", details),
        ),
        (
            "not-acceptable",
            refusal(406, "NotAcceptable", "only these", "{}"),
        ),
        (
            "watchlist-unsupported",
            vec![
                ok(),
                bytes(
                    6,
                    error(
                        500,
                        "InternalError",
                        "the required storage feature RequestWatchProgress is disabled",
                    ),
                ),
            ],
        ),
        (
            "compressed",
            vec![(
                5,
                Arrival::Head(
                    200,
                    Headers {
                        content_type: Some("application/json"),
                        content_encoding: Some("gzip"),
                        ..Headers::default()
                    },
                ),
            )],
        ),
        ("no-bookmark", vec![ok(), bytes(10, event("ADDED", "x", 1))]),
        ("no-bookmark", vec![ok()]),
    ];
    for (code, answer) in cases {
        let mut world = World::start(list_watch(move || answer.clone()));
        world.until_phase(Phase::Live, 40_000);
        assert_eq!(world.fallback(), code);
        assert_eq!(
            world.names(),
            ["b", "c", "d"],
            "nothing of the given-up stream is left"
        );
    }
}

#[test]
fn what_refuses_a_range_is_asked_once_more_without_it() {
    let partial = Headers {
        content_type: Some("application/json"),
        content_range: Some("bytes 0-9/100"),
        ..Headers::default()
    };
    let cases: Vec<Answer> = vec![
        vec![(5, Arrival::Head(206, partial))],
        refusal(416, "", "", "{}"),
        vec![head(416), end(6)],
        vec![head(400), bytes(6, "<h1>Bad Request</h1>"), end(7)],
        vec![head(403), bytes(6, "blocked by rule 958291"), end(7)],
    ];
    for answer in cases {
        let mut world = World::start(list_watch(move || answer.clone()));
        world.until_phase(Phase::Live, 3000);
        assert_eq!(world.fallback(), "range-refused");
        assert!(
            world.sent[1..].iter().all(|sent| !sent.request.has_range()),
            "{:?}",
            world.sent
        );
    }
    // A part that is the whole is as good as a 200.
    let whole = Headers {
        content_type: Some("application/json"),
        content_range: Some("bytes 0-99/100"),
        ..Headers::default()
    };
    let mut world = World::start(move |_: &_| {
        vec![
            (5, Arrival::Head(206, whole.clone())),
            bytes(10, end_bookmark(3)),
        ]
    });
    world.until_phase(Phase::Live, 100);
    assert_eq!(world.status().mode, Mode::WatchList);
}

#[test]
fn a_verdict_is_forgotten_after_a_while() {
    let mut upgraded = false;
    let mut world = World::start(move |request: &Request| match request.kind {
        RequestKind::WatchList if upgraded => snapshot(&["new"], 50),
        RequestKind::WatchList => {
            upgraded = true;
            no_watchlist()
        }
        RequestKind::List => list(page("20", "", COLUMNS, &[row("a", 1)])),
        // Each stream lives 40 minutes, then its version is too old.
        RequestKind::Watch => {
            let beat = |minute: u64| bytes(minute * 60_000, bookmark(20 + minute));
            let mut answer = vec![ok()];
            answer.extend((1..40).map(beat));
            answer.push(bytes(40 * 60_000, error(410, "Expired", "too old")));
            answer
        }
        RequestKind::Probe => list(page("20", "", COLUMNS, &[])),
    });
    world.until_phase(Phase::Live, 1000);
    assert_eq!(world.fallback(), "watchlist-unsupported");
    world.until("the server is asked again", 41 * 60_000, |world| {
        world.names() == ["new"]
    });
    assert_eq!(
        (world.status().mode, world.fallback()),
        (Mode::WatchList, "")
    );
}

#[test]
fn a_gone_version_brings_a_new_snapshot_while_old_rows_stay() {
    let mut first = true;
    let mut world = World::start(move |_: &_| {
        if std::mem::take(&mut first) {
            let mut answer = snapshot(&["a", "b"], 9);
            answer.push(bytes(
                30_000,
                error(410, "Expired", "too old resource version"),
            ));
            answer
        } else {
            let mut answer = snapshot(&["b", "c"], 30);
            answer[1].0 = 3000;
            answer
        }
    });
    world.until_phase(Phase::Live, 100);
    world.until_phase(Phase::Syncing, 31_000);
    let lost_at = world.clock().wall;
    world.pass(500);
    let status = world.status();
    assert_eq!(world.names(), ["a", "b"], "readable");
    assert!(
        status
            .stale_since
            .is_some_and(|since| lost_at.0 - since.0 <= 10),
        "{status:?}"
    );
    assert_eq!(world.error(), "gone");
    world.until_phase(Phase::Live, 3000);
    assert_eq!(world.names(), ["b", "c"]);
    assert_eq!((world.error(), world.status().stale_since), ("", None));
    let counts = world.status().last_snapshot.unwrap();
    assert_eq!((counts.added, counts.removed), (1, 1));
}

#[test]
fn a_clean_end_in_time_is_followed_from_the_last_version() {
    let mut world = World::start(|request: &Request| match request.kind {
        RequestKind::WatchList => {
            let timeout: u64 = query(request, "timeoutSeconds").unwrap().parse().unwrap();
            let mut answer = snapshot(&["a"], 9);
            answer.push(bytes(60_000, bookmark(12)));
            answer.extend((2..5).map(|minute| bytes(minute * 60_000, bookmark(12))));
            answer.retain(|&(at, _)| at < timeout * 1000);
            // As a server says before it ends a stream.
            answer.push(bytes((timeout - 2) * 1000, bookmark(12)));
            answer.push(end(timeout * 1000));
            answer
        }
        RequestKind::Watch => vec![ok(), bytes(2000, event("MODIFIED", "a", 13))],
        _ => panic!("{request:?}"),
    });
    world.until_phase(Phase::Live, 100);
    world.until_phase(Phase::Resuming, 301_000);
    let resumed_at = world.now;
    world.until_phase(Phase::Live, 100);
    assert!(
        world.now - resumed_at < 20,
        "the head of an accepted WATCH is enough"
    );
    assert_eq!(world.sent.len(), 2);
    assert_eq!(
        world.sent[1].query("resourceVersion"),
        Some("12"),
        "bookmarks move the version on"
    );
    assert_eq!(world.sent[1].at, resumed_at, "at once");
    assert_eq!(world.status().stale_since, None);
}

#[test]
fn a_stream_that_ends_in_time_without_a_last_word_has_to_be_proven() {
    let mut world = World::start(|request: &Request| match request.kind {
        RequestKind::WatchList => {
            let timeout: u64 = query(request, "timeoutSeconds").unwrap().parse().unwrap();
            let mut answer = snapshot(&["a"], 9);
            answer.extend((1..4).map(|minute| bytes(minute * 60_000, bookmark(12))));
            // A restore of the storage ends streams too, at any moment.
            answer.push(end(timeout * 1000));
            answer
        }
        RequestKind::Watch => vec![ok()],
        RequestKind::Probe => list(page("20", "", COLUMNS, &[])),
        RequestKind::List => panic!("{request:?}"),
    });
    world.until_phase(Phase::Live, 100);
    world.until_phase(Phase::Resuming, 301_000);
    world.until_phase(Phase::Live, 100);
    let kinds: Vec<_> = world.sent.iter().map(|sent| sent.request.kind).collect();
    assert_eq!(kinds, [WatchList, Watch, RequestKind::Probe]);
}

/// A snapshot at version 9, broken after a minute; then what the others say.
fn broken_then(
    watch: impl Fn() -> Answer,
    probe: impl Fn() -> Answer,
) -> impl FnMut(&Request) -> Answer {
    let mut snapshots = 0;
    move |request| match request.kind {
        RequestKind::WatchList if query(request, "resourceVersion").is_some() => probe(),
        RequestKind::WatchList => {
            snapshots += 1;
            let mut answer = if snapshots == 1 {
                snapshot(&["a"], 9)
            } else {
                snapshot(&["b"], 4)
            };
            if snapshots == 1 {
                answer.push(broken(60_000));
            }
            answer
        }
        RequestKind::Watch => watch(),
        RequestKind::Probe => probe(),
        RequestKind::List => panic!("{request:?}"),
    }
}

#[test]
fn after_an_unclean_end_nothing_is_live_before_the_probe_says_so() {
    let mut world = World::start(broken_then(
        || vec![ok()],
        || {
            let mut answer = list(page("9", "", COLUMNS, &[]));
            for (after, _) in &mut answer {
                *after += 500;
            }
            answer
        },
    ));
    world.until_phase(Phase::Live, 100);
    world.until_phase(Phase::Resuming, 61_000);
    world.until("the probe is out", 2000, |world| world.sent.len() == 3);
    assert_eq!(
        world.phase(),
        Phase::Resuming,
        "an accepted WATCH proves nothing"
    );
    assert_eq!(world.sent[2].request.kind, RequestKind::Probe);
    assert_eq!(world.sent[2].query("resourceVersion"), Some("9"));
    let since = world.status().stale_since;
    assert!(since.is_some());
    world.until_phase(Phase::Live, 600);
    assert_eq!(
        (world.names(), world.status().stale_since),
        (vec!["a".to_owned()], None)
    );
}

#[test]
fn an_event_or_a_bookmark_proves_a_resumed_stream_as_well() {
    for text in [event("ADDED", "n", 10), bookmark(10)] {
        let mut world = World::start(broken_then(
            move || vec![ok(), bytes(20, text.clone())],
            || vec![(9000, Arrival::Head(200, Headers::default()))],
        ));
        world.until_phase(Phase::Resuming, 61_000);
        world.until_phase(Phase::Live, 1000);
        assert_eq!(world.open().len(), 1, "the probe is hung up");
    }
}

#[test]
fn a_version_from_the_future_is_found_out() {
    let too_large = r#"{"causes":[{"reason":"ResourceVersionTooLarge","message":"Too large resource version"}],"retryAfterSeconds":1}"#;
    let mut world = World::start(broken_then(
        || vec![ok()],
        || {
            refusal(
                504,
                "Timeout",
                "Timeout: Too large resource version: 9, current: 4",
                too_large,
            )
        },
    ));
    world.until_phase(Phase::Resuming, 61_000);
    world.until("a new snapshot", 5000, |world| world.names() == ["b"]);
    assert!(
        !world.phases[3..]
            .iter()
            .any(|&(at, phase)| phase == Phase::Live && at < world.now)
    );
    assert_eq!(world.status().resource_version.as_deref(), Some("4"));
    // The same where the server's bookmark goes back.
    let mut world = World::start(broken_then(|| vec![ok(), bytes(9, bookmark(4))], Vec::new));
    world.until_phase(Phase::Resuming, 61_000);
    world.until("a new snapshot", 5000, |world| world.names() == ["b"]);
}

#[test]
fn who_may_watch_but_not_list_probes_by_a_stream() {
    let mut world = World::start(|request: &Request| match request.kind {
        RequestKind::WatchList => {
            let mut answer = snapshot(&["a"], 9);
            answer.push(broken(60_000));
            answer
        }
        RequestKind::Watch => vec![ok()],
        RequestKind::Probe if request.is_watch() => vec![ok(), bytes(10, end_bookmark(9))],
        RequestKind::Probe => refusal(403, "Forbidden", "cannot list", "{}"),
        RequestKind::List => panic!("{request:?}"),
    });
    world.until_phase(Phase::Resuming, 61_000);
    world.until_phase(Phase::Live, 2000);
    assert_eq!(world.names(), ["a"]);
    assert_eq!(world.open().len(), 1);
}

#[test]
fn after_the_server_could_not_be_reached_only_a_new_snapshot_will_do() {
    let mut world = World::start(broken_then(unreachable, || panic!("no probe")));
    world.until_phase(Phase::Resuming, 61_000);
    world.until_phase(Phase::Stale, 2000);
    assert_eq!(world.error(), "unreachable");
    assert!(world.status().next_retry_at.is_some());
    world.until("a new snapshot", 60_000, |world| world.names() == ["b"]);
    let counts = world.status().last_snapshot.unwrap();
    assert_eq!((counts.added, counts.removed), (1, 1), "by diff");
}

#[test]
fn a_silent_stream_is_never_called_live() {
    let mut answer = snapshot(&["a"], 9);
    answer.extend((1..=3).map(|beat| bytes(beat * 30_000, bookmark(9 + beat))));
    let mut first = Some(answer);
    let mut world = World::start(move |request: &Request| match request.kind {
        RequestKind::WatchList => first.take().unwrap_or_else(|| snapshot(&["a"], 9)),
        RequestKind::Watch => vec![ok()],
        _ => list(page("12", "", COLUMNS, &[])),
    });
    world.until_phase(Phase::Live, 100);
    world.pass(90_000);
    let heard = world.status().last_event_at.unwrap();
    world.pass(74_500);
    assert_eq!(world.phase(), Phase::Live);
    // 2.5 intervals after the last bookmark.
    world.until("the verdict", 1500, |world| {
        world.phase() == Phase::Resuming
    });
    assert_eq!(
        world.status().stale_since,
        Some(heard),
        "since the last sign of life"
    );
    // A page that sleeps: no tick comes, and the status is true all the same.
    let mut world = World::start(|_: &_| snapshot(&["a"], 9));
    world.until_phase(Phase::Live, 100);
    world.now += 400_000;
    assert_eq!(world.phase(), Phase::Stale);
    assert!(world.status().stale_since.is_some());
}

#[test]
fn a_late_tick_lets_waiting_bytes_be_read_first() {
    let mut world = World::start(|_: &_| vec![ok(), bytes(10, event("ADDED", "a", 1))]);
    world.pass(100);
    assert_eq!(world.phase(), Phase::Syncing);
    // The page slept for a minute; the bookmark lies in the socket.
    world.now += 60_000;
    world.give(kube_watchlist::reflector::Input::Tick);
    assert_eq!(world.phase(), Phase::Syncing, "a grace, not a verdict");
    let exchange = world.open()[0];
    world.deliver(exchange, &Arrival::Bytes(end_bookmark(9).into_bytes()));
    assert_eq!((world.phase(), world.sent.len()), (Phase::Live, 1));
    // Without bytes the verdict follows.
    let mut world = World::start(list_watch(|| vec![ok()]));
    world.lateness = 60_000;
    world.until("a fallback", 200_000, |world| {
        world.fallback() == "no-bookmark"
    });
}

#[test]
fn credentials_are_refreshed_once_and_then_somebody_must_sign_in() {
    let mut signed_in = false;
    let mut world = World::start(move |request: &Request| {
        if request.refresh_credentials && signed_in {
            return snapshot(&["a"], 9);
        }
        signed_in |= request.refresh_credentials;
        refusal(401, "Unauthorized", "Unauthorized", "{}")
    });
    world.until_phase(Phase::Auth, 100);
    assert_eq!(world.sent.len(), 2);
    assert!(
        !world.sent[0].request.refresh_credentials && world.sent[1].request.refresh_credentials
    );
    assert_eq!(world.error(), "unauthorized");
    world.pass(3_600_000);
    assert_eq!(world.sent.len(), 2, "silence");
    world.command(Command::Retry);
    world.until_phase(Phase::Live, 100);
}

#[test]
fn redirects_and_web_pages_ask_to_sign_in() {
    let redirect = Headers {
        opaque_redirect: true,
        ..Headers::default()
    };
    let html = Headers {
        content_type: Some("text/html; charset=utf-8"),
        ..Headers::default()
    };
    for (code, answer) in [
        ("redirected", vec![(5, Arrival::Head(0, redirect))]),
        (
            "redirected",
            vec![(5, Arrival::Head(302, Headers::default()))],
        ),
        (
            "auth-proxy",
            vec![(5, Arrival::Head(200, html)), bytes(6, "<html>"), end(7)],
        ),
    ] {
        let mut world = World::start(move |_: &_| answer.clone());
        world.until_phase(Phase::Auth, 100);
        assert_eq!((world.error(), world.sent.len()), (code, 1));
    }
    let text = Headers {
        content_type: Some("text/plain"),
        ..Headers::default()
    };
    let mut world = World::start(move |_: &_| vec![(5, Arrival::Head(200, text.clone()))]);
    world.until_phase(Phase::Failed, 100);
    assert_eq!(world.error(), "not-json");
}

#[test]
fn forbidden_and_missing_resources_fail_with_the_servers_own_sentence() {
    for (http, code) in [(403, "forbidden"), (404, "not-found"), (400, "refused")] {
        let mut world =
            World::start(move |_: &_| refusal(http, "R", "in the server's words", "{}"));
        world.until_phase(Phase::Failed, 100);
        let error = world.status().error.unwrap();
        assert_eq!(
            (error.code, error.message.as_str()),
            (code, "in the server's words")
        );
        assert_eq!(error.http_status, Some(http));
        world.pass(3_600_000);
        assert_eq!(world.sent.len(), 1);
    }
}

#[test]
fn what_was_allowed_before_is_asked_for_again_before_a_403_is_believed() {
    let forbidden = || refusal(403, "Forbidden", "in the server's words", "{}");
    // A server that starts: it has not read its rules yet.
    let refusals = Cell::new(2);
    let mut world = World::start(broken_then(
        move || {
            if refusals.get() == 0 {
                return vec![ok(), bytes(10, event("MODIFIED", "a", 10))];
            }
            refusals.set(refusals.get() - 1);
            forbidden()
        },
        // The event proves it before an answer does.
        Vec::new,
    ));
    world.until_phase(Phase::Live, 100);
    world.until("a refusal", 61_000, |world| {
        world
            .status()
            .error
            .is_some_and(|error| error.code == "forbidden")
    });
    let status = world.status();
    assert_eq!(status.error.unwrap().message, "in the server's words");
    assert!(status.stale_since.is_some() && status.next_retry_at.is_some());
    world.until_phase(Phase::Live, 20_000);
    assert!(
        world
            .phases
            .iter()
            .all(|&(_, phase)| phase != Phase::Failed)
    );

    // One whose rules have changed.
    let mut world = World::start(broken_then(forbidden, || panic!("nothing to prove")));
    world.until_phase(Phase::Live, 100);
    world.until_phase(Phase::Failed, 90_000);
    let watches = world
        .sent
        .iter()
        .filter(|sent| sent.request.kind == Watch)
        .count();
    assert_eq!(watches, 3);
    assert_eq!(world.names(), ["a"]);
    assert!(world.status().stale_since.is_some());
    let sent = world.sent.len();
    world.pass(3_600_000);
    assert_eq!(world.sent.len(), sent);
}

#[test]
fn what_cannot_be_watched_is_polled() {
    let mut polls = 0_u64;
    let mut world = World::start(move |request: &Request| match request.kind {
        RequestKind::WatchList => refusal(405, "MethodNotAllowed", "watch is not supported", "{}"),
        RequestKind::List => {
            polls += 1;
            list(page("", "", COLUMNS, &[row(&format!("n{polls}"), polls)]))
        }
        _ => panic!("{request:?}"),
    });
    world.until_phase(Phase::Polling, 100);
    assert_eq!(
        (world.status().mode, world.fallback()),
        (Mode::Poll, "watch-unsupported")
    );
    assert_eq!(world.names(), ["n1"]);
    world.pass(36_000);
    assert_eq!(world.names(), ["n2"]);
    assert!(
        world
            .phases
            .iter()
            .skip(3)
            .all(|&(_, phase)| phase == Phase::Polling),
        "{:?}",
        world.phases
    );
    world.pass(600_000);
    assert!(
        (15..=26).contains(&world.sent.len()),
        "{} requests",
        world.sent.len()
    );
}

#[test]
fn retry_after_is_honoured() {
    let details = r#"{"retryAfterSeconds":40}"#;
    let asked = Headers {
        retry_after: Some("40"),
        ..Headers::default()
    };
    for answer in [
        refusal(
            429,
            "TooManyRequests",
            "storage is (re)initializing",
            details,
        ),
        refusal(503, "ServiceUnavailable", "shutting down", details),
        vec![
            (5, Arrival::Head(429, asked)),
            bytes(6, "Too many requests, please try again later."),
            end(7),
        ],
    ] {
        let mut answer = Some(answer);
        let mut world =
            World::start(move |_: &_| answer.take().unwrap_or_else(|| snapshot(&["a"], 9)));
        world.pass(39_000);
        assert_eq!((world.sent.len(), world.phase()), (1, Phase::Connecting));
        assert!(world.status().next_retry_at.is_some());
        assert_eq!(world.status().mode, Mode::WatchList);
        world.until_phase(Phase::Live, 2000);
    }
}

#[test]
fn streams_that_end_before_the_bookmark_step_down_after_the_second() {
    let mut world = World::start(list_watch(|| {
        vec![ok(), bytes(10, event("ADDED", "ghost", 1)), end(20)]
    }));
    world.until_phase(Phase::Live, 20_000);
    let kinds: Vec<_> = world.sent.iter().map(|sent| sent.request.kind).collect();
    assert_eq!(kinds[..3], [WatchList, WatchList, List]);
    assert!(world.sent[1].at - world.sent[0].at >= 100, "with a delay");
    assert_eq!(world.fallback(), "ended-early");
    assert_eq!(world.names(), ["b", "c", "d"]);
}

#[test]
fn modifications_do_not_keep_a_streaming_list_waiting_for_ever() {
    let mut world = World::start(list_watch(|| {
        let mut answer = vec![ok(), bytes(10, event("ADDED", "a", 1))];
        answer.extend(
            (1..100).map(|second| bytes(second * 1000, event("MODIFIED", "a", second + 1))),
        );
        answer
    }));
    world.until("a fallback", 17_000, |world| {
        world.fallback() == "no-bookmark"
    });
    // Nor do new objects once something has changed: a server that knows no streaming lists (1.18) sends the first state, then what
    // happens, and in a living cluster something always does.
    let mut world = World::start(list_watch(|| {
        let mut answer = vec![ok(), bytes(10, event("ADDED", "a", 1))];
        for second in 1..100 {
            let (kind, name) = if second % 2 == 1 {
                ("MODIFIED", "a".to_owned())
            } else {
                ("ADDED", format!("n{second}"))
            };
            answer.push(bytes(second * 1000, event(kind, &name, second + 1)));
        }
        answer
    }));
    world.until("a fallback", 17_000, |world| {
        world.fallback() == "no-bookmark"
    });
    // Before that they restart the idle limit.
    let mut world = World::start(list_watch(|| {
        let mut answer = vec![ok()];
        for step in 1..10 {
            answer.push(bytes(
                step * 14_000,
                event("ADDED", &format!("n{step}"), step),
            ));
        }
        answer.push(bytes(130_000, end_bookmark(20)));
        answer
    }));
    world.until_phase(Phase::Live, 131_000);
    assert_eq!(world.status().mode, Mode::WatchList);
}

#[test]
fn short_empty_streams_count_as_an_expired_version() {
    let mut snapshots = 0;
    let mut world = World::start(move |request: &Request| match request.kind {
        RequestKind::WatchList => {
            snapshots += 1;
            let mut answer = snapshot(if snapshots == 1 { &["a"] } else { &["b"] }, 9);
            if snapshots == 1 {
                answer.push(end(60_000));
            }
            answer
        }
        RequestKind::Watch => vec![ok(), end(10)],
        _ => list(page("9", "", COLUMNS, &[])),
    });
    world.until_phase(Phase::Live, 100);
    world.until("a new snapshot", 120_000, |world| world.names() == ["b"]);
    let watches = world
        .sent
        .iter()
        .filter(|sent| sent.request.kind == RequestKind::Watch)
        .count();
    assert_eq!(watches, 3);
}

#[test]
fn an_expired_continue_token_starts_list_and_watch_again() {
    let mut lists = 0;
    let mut world = World::start(move |request: &Request| match request.kind {
        RequestKind::WatchList => no_watchlist(),
        RequestKind::List if query(request, "continue").is_some() => refusal(
            410,
            "Expired",
            "The provided continue parameter is too old",
            "{}",
        ),
        RequestKind::List => {
            lists += 1;
            let token = if lists < 4 { "next" } else { "" };
            list(page(
                &format!("{lists}0"),
                token,
                COLUMNS,
                &[row("a", lists)],
            ))
        }
        RequestKind::Watch => vec![ok()],
        RequestKind::Probe => panic!(),
    });
    world.until_phase(Phase::Live, 30_000);
    let watched: Vec<_> = world
        .sent
        .iter()
        .filter(|sent| sent.request.kind == RequestKind::Watch)
        .map(|sent| (sent.at, sent.query("resourceVersion").unwrap().to_owned()))
        .collect();
    let versions: Vec<_> = watched
        .iter()
        .map(|(_, version)| version.as_str())
        .collect();
    assert_eq!(versions, ["10", "20", "30", "40"], "both again");
    assert!(watched[1].0 - watched[0].0 < 100, "the first time at once");
    assert!(watched[3].0 - watched[1].0 >= 200, "then with a delay");
    assert!(world.status().reconnects >= 3);
    assert_eq!(world.status().resource_version.as_deref(), Some("40"));
}

#[test]
fn other_columns_take_a_new_snapshot_and_twice_in_a_row_pause() {
    // In a live stream.
    let mut snapshots = 0;
    let mut world = World::start(move |_: &_| {
        snapshots += 1;
        if snapshots == 1 {
            let mut answer = snapshot(&["a"], 9);
            answer.push(bytes(30_000, event_with("ADDED", OTHER_COLUMNS, "x", 10)));
            return answer;
        }
        vec![
            ok(),
            bytes(10, event_with("ADDED", OTHER_COLUMNS, "x", 10)),
            bytes(3000, end_bookmark(11)),
        ]
    });
    world.until_phase(Phase::Syncing, 100);
    world.until_phase(Phase::Live, 100);
    world.until_phase(Phase::Syncing, 31_000);
    assert_eq!(
        world.names(),
        ["a"],
        "no row under columns that are not its own"
    );
    assert_eq!(world.machine.store().columns().0.len(), 1);
    // The end bookmark has one column, the rows have two: that is a change again.
    world.until_phase(Phase::Paused, 4000);
    assert_eq!(
        (world.error(), world.names()),
        ("columns-changed", vec!["a".to_owned()])
    );
    world.pass(600_000);
    assert_eq!(world.sent.len(), 2);
    world.command(Command::Retry);
    assert_eq!(world.sent.len(), 3);

    // On a later page.
    let mut world = World::start(|request: &Request| match request.kind {
        RequestKind::WatchList => no_watchlist(),
        RequestKind::List if query(request, "continue").is_some() => {
            list(page("7", "", OTHER_COLUMNS, &[row("b", 2)]))
        }
        RequestKind::List => list(page("7", "next", COLUMNS, &[row("a", 1)])),
        _ => vec![ok()],
    });
    world.until_phase(Phase::Paused, 10_000);
    assert_eq!((world.error(), world.names().len()), ("columns-changed", 0));
}

#[test]
fn plain_objects_are_shown_in_generic_columns_and_never_mixed_with_tables() {
    let plain = |name: &str, version: u64| {
        format!(
            "{{\"type\":\"ADDED\",\"object\":{{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{{\"name\":\"{name}\",\"namespace\":\"n\",\"uid\":\"u-{name}\",\"resourceVersion\":\"{version}\"}}}}}}\n"
        )
    };
    let end = "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"9\",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}}}}\n";
    let mut first = true;
    let mut world = World::start(move |_: &_| {
        if std::mem::take(&mut first) {
            return vec![
                ok(),
                bytes(10, plain("a", 1) + end),
                bytes(30_000, event("ADDED", "b", 10)),
            ];
        }
        snapshot(&["a", "b"], 10)
    });
    world.until_phase(Phase::Live, 100);
    assert_eq!(
        world.status().format,
        Some(kube_watchlist::event::Format::Object)
    );
    let columns: Vec<_> = world
        .machine
        .store()
        .columns()
        .0
        .iter()
        .map(|column| column.name.clone())
        .collect();
    assert_eq!(columns, ["Name", "Namespace", "Age"]);
    world.until("a Table", 31_000, |world| world.names() == ["a", "b"]);
    assert_eq!(world.machine.store().columns().0.len(), 1);
    assert_eq!(
        world.status().format,
        Some(kube_watchlist::event::Format::Table)
    );
}

#[test]
fn the_cap_on_memory_is_an_error_and_keeps_the_last_snapshot() {
    let mut snapshots = 0;
    let mut small = config();
    small.limit_bytes = 300_000;
    let mut world = World::start_with(small, move |_: &_| {
        snapshots += 1;
        if snapshots == 1 {
            let mut answer = snapshot(&["a"], 9);
            answer.push(bytes(1000, error(410, "Expired", "too old")));
            return answer;
        }
        let many: String = (0..20_000)
            .map(|n| event("ADDED", &format!("{n:0200}"), n))
            .collect();
        vec![ok(), bytes(10, many + &end_bookmark(99))]
    });
    world.until_phase(Phase::Failed, 30_000);
    assert_eq!(
        (world.error(), world.names()),
        ("capacity", vec!["a".to_owned()])
    );
    assert_eq!(
        world.machine.store().staged_len(),
        0,
        "the attempt is let go"
    );
    assert!(world.status().stale_since.is_some());
}

#[test]
fn unreadable_documents_are_counted_and_never_silent() {
    let bad = "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Table\",\"rows\":3}}\n";
    let mut world = World::start(move |_: &_| {
        let text = event("ADDED", "a", 1) + bad + &end_bookmark(9);
        vec![
            ok(),
            bytes(10, text),
            bytes(10_000, bad),
            bytes(20_000, event("ADDED", "b", 10)),
        ]
    });
    world.until_phase(Phase::Live, 100);
    assert_eq!(
        (world.status().dropped_frames, world.error()),
        (1, "incomplete")
    );
    world.pass(25_000);
    assert_eq!(world.status().dropped_frames, 2);
    assert_eq!((world.phase(), world.error()), (Phase::Live, "incomplete"));
    assert_eq!(world.names(), ["a", "b"], "the stream goes on");
    // A document over the limit.
    let mut world = World::start(|_: &_| {
        let huge = event("ADDED", &"x".repeat(2 << 20), 2);
        vec![
            ok(),
            bytes(10, event("ADDED", "a", 1) + &huge + &end_bookmark(9)),
        ]
    });
    world.until_phase(Phase::Live, 100);
    assert_eq!(
        (world.error(), world.names()),
        ("incomplete", vec!["a".to_owned()])
    );
}

#[test]
fn failures_back_off_and_a_short_success_does_not_reset_the_pace() {
    let mut world = World::start(|request: &Request| match request.kind {
        RequestKind::WatchList => {
            let mut answer = snapshot(&["a"], 9);
            answer.push(broken(1000));
            answer
        }
        RequestKind::Watch => vec![ok(), bytes(10, event("MODIFIED", "a", 10)), broken(1000)],
        _ => list(page("10", "", COLUMNS, &[])),
    });
    world.pass(10 * 60_000);
    assert!(
        world.sent.len() < 150,
        "{} requests in ten minutes",
        world.sent.len()
    );
    let mut world = World::start(|_: &_| unreachable());
    world.pass(10 * 60_000);
    assert!(
        (15..80).contains(&world.sent.len()),
        "{} requests",
        world.sent.len()
    );
}

#[test]
fn commands_hang_up_and_go_on_at_any_moment() {
    for moment in [0, 5, 10, 15, 60, 30_000] {
        let mut world = World::start(|request: &Request| match request.kind {
            RequestKind::WatchList => snapshot(&["a"], 9),
            RequestKind::Watch => vec![ok()],
            _ => list(page("9", "", COLUMNS, &[])),
        });
        world.pass(moment);
        world.command(Command::Pause);
        assert_eq!((world.phase(), world.open().len()), (Phase::Paused, 0));
        let sent = world.sent.len();
        world.pass(3_600_000);
        assert_eq!(world.sent.len(), sent, "silence");
        world.command(Command::Resume);
        world.until_phase(Phase::Live, 1000);
        assert_eq!(world.names(), ["a"]);
        world.command(Command::Close);
        assert_eq!((world.phase(), world.open().len()), (Phase::Closed, 0));
        for command in [
            Command::Retry,
            Command::Resume,
            Command::Pause,
            Command::Close,
        ] {
            world.command(command);
            assert_eq!(world.phase(), Phase::Closed);
        }
        assert_eq!(world.names(), ["a"], "rows stay readable");
    }
}

#[test]
fn a_retry_does_not_wait() {
    let mut world = World::start(|_: &_| unreachable());
    world.pass(60_000);
    let sent = world.sent.len();
    world.until("a wait", 60_000, |world| {
        world.status().next_retry_at.is_some()
    });
    world.command(Command::Retry);
    assert!(world.sent.len() > sent);
}

#[test]
fn no_event_is_lost_while_the_store_works() {
    use kube_watchlist::reflector::{Input, Reflector};
    let mut machine = Reflector::new(config());
    let world = World::new(config(), |_: &_| Vec::new());
    let now = world.clock();
    let step = |machine: &mut Reflector, input: Input<'_>| {
        machine.handle(input, now);
        loop {
            match machine.poll_output() {
                Output::More => return true,
                Output::Wait(_) | Output::Rest => return false,
                _ => {}
            }
        }
    };
    let exchange = kube_watchlist::reflector::ExchangeId(1);
    step(&mut machine, Input::Start);
    let head = kube_watchlist::reflector::Head {
        status: 200,
        ..Default::default()
    };
    step(&mut machine, Input::Head { exchange, head });
    let mut text: String = (0..5000)
        .map(|n| event("ADDED", &format!("n{n}"), n + 1))
        .collect();
    text += &end_bookmark(6000);
    text += &event("DELETED", "n0", 6001);
    let tail = event("ADDED", "late", 6002);
    let (cut, rest) = tail.split_at(40);
    text += cut;
    let more = step(
        &mut machine,
        Input::Bytes {
            exchange,
            bytes: text.as_bytes(),
        },
    );
    assert!(more, "5,000 rows are no work for one slice");
    assert_ne!(machine.status(now).phase, Phase::Live);
    step(
        &mut machine,
        Input::Bytes {
            exchange,
            bytes: rest.as_bytes(),
        },
    );
    step(
        &mut machine,
        Input::Bytes {
            exchange,
            bytes: event("DELETED", "n1", 6003).as_bytes(),
        },
    );
    step(&mut machine, Input::Tick);
    for _ in 0..100 {
        if !step(&mut machine, Input::Work) {
            break;
        }
    }
    let status = machine.status(now);
    assert_eq!((status.phase, status.objects), (Phase::Live, 4999));
    assert_eq!(status.resource_version.as_deref(), Some("6003"));
}

#[test]
fn a_list_that_leads_in_a_circle_is_given_up() {
    for circle in [true, false] {
        let mut pages = 0_u64;
        let mut world = World::start(move |request: &Request| match request.kind {
            RequestKind::WatchList => no_watchlist(),
            RequestKind::List => {
                pages += 1;
                let token = if circle {
                    "same".to_owned()
                } else {
                    format!("t{pages}")
                };
                list(page("7", &token, COLUMNS, &[row("a", 1)]))
            }
            _ => vec![ok()],
        });
        world.until("a reason", 1000, |world| world.error() == "endless-list");
        assert_eq!(world.names().len(), 0);
        world.pass(600_000);
        assert!(
            world.sent.len() < 300,
            "{} requests in ten minutes",
            world.sent.len()
        );
    }
}

#[test]
fn a_watch_that_ends_beside_its_list_is_continued_after_it() {
    let mut watches = 0;
    let mut listed = list_watch(no_watchlist);
    let mut world = World::start(move |request: &Request| match request.kind {
        RequestKind::Watch => {
            watches += 1;
            if watches == 1 {
                return vec![ok(), bytes(10, event("ADDED", "d", 21)), end(20)];
            }
            vec![ok(), bytes(10, event("ADDED", "e", 22))]
        }
        _ => listed(request),
    });
    world.until_phase(Phase::Live, 3000);
    world.pass(100);
    assert_eq!(world.names(), ["a", "b", "c", "d", "e"]);
    let from: Vec<_> = world
        .sent
        .iter()
        .filter(|sent| sent.request.kind == RequestKind::Watch)
        .map(|sent| sent.query("resourceVersion").unwrap())
        .collect();
    assert_eq!(from, ["20", "21"], "from the last event that was kept");
}

#[test]
fn what_waits_for_the_store_is_bounded() {
    use kube_watchlist::reflector::{ExchangeId, Head, Input, Reflector};
    let mut machine = Reflector::new(config());
    let now = World::new(config(), |_: &_| Vec::new()).clock();
    let step = |machine: &mut Reflector, input: Input<'_>| {
        machine.handle(input, now);
        while !matches!(
            machine.poll_output(),
            Output::More | Output::Wait(_) | Output::Rest
        ) {}
    };
    let exchange = ExchangeId(1);
    step(&mut machine, Input::Start);
    let head = Head {
        status: 200,
        ..Head::default()
    };
    step(&mut machine, Input::Head { exchange, head });
    let rows: String = (0..10_000)
        .map(|n| event("ADDED", &format!("n{n}"), n + 1))
        .collect();
    let whole = rows + &end_bookmark(20_000);
    step(
        &mut machine,
        Input::Bytes {
            exchange,
            bytes: whole.as_bytes(),
        },
    );
    assert_ne!(machine.status(now).phase, Phase::Live, "the store has work");
    // No work is given: a driver that only reads must not fill the memory, nor lose anything.
    let mut version = 20_000;
    let mut given = 0;
    while given < 12 << 20 {
        version += 1;
        let text = event("MODIFIED", "n0", version).repeat(200);
        given += text.len();
        step(
            &mut machine,
            Input::Bytes {
                exchange,
                bytes: text.as_bytes(),
            },
        );
    }
    let status = machine.status(now);
    assert_eq!(status.phase, Phase::Live, "the work was finished in one go");
    assert!(status.resource_version.as_deref() > Some("20000"));
    for _ in 0..1000 {
        step(&mut machine, Input::Work);
    }
    assert_eq!(
        machine.status(now).resource_version,
        Some(version.to_string())
    );
}

#[test]
fn a_watch_beside_a_list_in_other_columns_discards_both() {
    let mut world = World::start(|request: &Request| match request.kind {
        RequestKind::WatchList => no_watchlist(),
        RequestKind::List if query(request, "continue").is_some() => {
            let mut answer = list(page("7", "", COLUMNS, &[row("b", 2)]));
            for (after, _) in &mut answer {
                *after += 100;
            }
            answer
        }
        RequestKind::List => list(page("7", "next", COLUMNS, &[row("a", 1)])),
        _ => vec![ok(), bytes(6, event_with("ADDED", OTHER_COLUMNS, "c", 8))],
    });
    world.until_phase(Phase::Paused, 10_000);
    assert_eq!((world.error(), world.names().len()), ("columns-changed", 0));
}

#[test]
fn events_beside_a_list_count_into_the_cap() {
    let mut small = config();
    small.limit_bytes = 400_000;
    let mut world = World::start_with(small, |request: &Request| match request.kind {
        RequestKind::WatchList => no_watchlist(),
        RequestKind::List if query(request, "continue").is_some() => Vec::new(),
        RequestKind::List => list(page("7", "next", COLUMNS, &[row("a", 1)])),
        _ => {
            let many: String = (0..5000)
                .map(|n| event("ADDED", &format!("c{n}"), n + 8))
                .collect();
            vec![ok(), bytes(6, many)]
        }
    });
    world.until_phase(Phase::Failed, 10_000);
    assert_eq!(world.error(), "capacity");
}
