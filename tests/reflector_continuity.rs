//! Whether a stream continues the rows that are shown: what proves it, what refutes it, and since when rows may be old.

mod sim;

use kube_watchlist::reflector::{Command, EndCause, Mode, Phase};
use kube_watchlist::request::{Request, RequestKind};
use sim::*;

const SECOND: u64 = 1000;

/// The second page comes this late.
fn pages(request: &Request, late: u64) -> Answer {
    if query(request, "continue").is_none() {
        return list(page("20", "next", COLUMNS, &[row("a", 1)]));
    }
    let mut answer = list(page("20", "", COLUMNS, &[row("b", 2)]));
    for (after, _) in &mut answer {
        *after += late;
    }
    answer
}

/// LIST in two pages and WATCH by this script, the probes as they are asked.
fn list_watch(late: u64, watches: Vec<Answer>) -> impl FnMut(&Request) -> Answer {
    let mut watches = watches.into_iter();
    move |request| match request.kind {
        RequestKind::WatchList => no_watchlist(),
        RequestKind::List => pages(request, late),
        RequestKind::Watch => watches.next().unwrap_or_else(|| vec![ok()]),
        RequestKind::Probe => {
            let mut answer = list(page("30", "", COLUMNS, &[]));
            for (after, _) in &mut answer {
                *after += 500;
            }
            answer
        }
    }
}

/// When each WATCH went out, in milliseconds since the first request, and its version.
fn watches<S: Server>(world: &World<S>) -> Vec<(u64, String)> {
    let start = world.sent[0].at;
    world
        .sent
        .iter()
        .filter(|sent| sent.request.kind == RequestKind::Watch)
        .map(|sent| {
            let version = sent.query("resourceVersion").unwrap().to_owned();
            (sent.at - start, version)
        })
        .collect()
}

fn probes<S: Server>(world: &World<S>) -> usize {
    let is_probe = |sent: &&Sent| sent.request.kind == RequestKind::Probe;
    world.sent.iter().filter(is_probe).count()
}

fn wall(at: u64) -> i64 {
    WALL + i64::try_from(at).unwrap()
}

#[test]
fn a_watch_beside_a_list_in_other_columns_discards_both_even_when_it_has_ended() {
    let watch = || {
        vec![
            ok(),
            bytes(6, event_with("ADDED", OTHER_COLUMNS, "c", 21)),
            end(20),
        ]
    };
    let mut world = World::start(list_watch(SECOND, (0..9).map(|_| watch()).collect()));
    world.until_phase(Phase::Paused, 60_000);
    assert_eq!((world.error(), world.names().len()), ("columns-changed", 0));
    // The next WATCH has the columns of the LIST, but the event that is kept has not.
    let mut world = World::start(list_watch(
        SECOND,
        vec![
            watch(),
            vec![ok(), bytes(6, event("ADDED", "d", 22))],
            watch(),
            vec![ok(), bytes(6, event("ADDED", "d", 22))],
        ],
    ));
    world.until_phase(Phase::Paused, 60_000);
    assert_eq!((world.error(), world.names().len()), ("columns-changed", 0));
}

#[test]
fn a_watch_beside_a_slow_list_is_opened_again_at_once_but_never_in_a_loop() {
    // A proxy cuts streams after ten seconds; the last page takes 28. Then the server sends an event and hangs up.
    let event_then_end =
        |name: &str, version| vec![ok(), bytes(10, event("ADDED", name, version)), end(20)];
    let mut world = World::start(list_watch(
        28 * SECOND,
        vec![
            vec![ok(), end(10 * SECOND)],
            vec![ok(), broken(10 * SECOND)],
            event_then_end("d", 21),
            event_then_end("e", 22),
            vec![ok(), bytes(10, event("ADDED", "f", 23))],
        ],
    ));
    world.until_phase(Phase::Live, 40_000);
    world.pass(100);
    assert_eq!(world.names(), ["a", "b", "d", "e", "f"]);
    let sent = watches(&world);
    let versions: Vec<_> = sent.iter().map(|(_, version)| version.as_str()).collect();
    assert_eq!(versions, ["20", "20", "20", "21", "22"]);
    let times: Vec<_> = sent.iter().map(|(at, _)| at / SECOND).collect();
    assert_eq!(times, [0, 10, 20, 20, 28], "the second short one waits");
}

#[test]
fn after_a_watch_beside_a_list_was_lost_nothing_is_live_before_a_proof() {
    let silent = || vec![ok()];
    for (what, watches) in [
        ("broken", vec![vec![ok(), broken(20)], silent()]),
        ("cut", vec![vec![ok(), end(20)], silent()]),
        ("unreachable", vec![unreachable(), silent()]),
        (
            "unavailable",
            vec![refusal(503, "ServiceUnavailable", "m", "{}"), silent()],
        ),
        ("reopened", vec![vec![ok(), broken(6 * SECOND)], silent()]),
    ] {
        let mut world = World::start(list_watch(20 * SECOND, watches));
        world.until("rows", 30_000, |world| world.names().len() == 2);
        world.until("the probe", 1000, |world| probes(world) == 1);
        assert_eq!(world.phase(), Phase::Resuming, "{what}");
        assert!(world.status().stale_since.is_some(), "{what}");
        world.until_phase(Phase::Live, 1000);
        let early = world
            .phases
            .iter()
            .filter(|(_, phase)| *phase == Phase::Live);
        assert_eq!(early.count(), 1, "{what}: {:?}", world.phases);
    }
    // What comes from another life of the server is not put on top of the list.
    let mut world = World::start(list_watch(
        20 * SECOND,
        vec![
            vec![ok(), bytes(10, event("ADDED", "d", 25)), broken(6 * SECOND)],
            vec![ok(), bytes(10, event("ADDED", "ghost", 22))],
        ],
    ));
    world.until("the verdict", 10_000, |world| world.error() == "gone");
    world.until_phase(Phase::Live, 60_000);
    assert_eq!(world.names(), ["a", "b"]);
}

#[test]
fn a_watch_beside_a_list_that_is_overdue_is_not_live_at_its_end() {
    // The page trickles for 400 s, the WATCH beside it was to end after 300 s at the latest.
    let text = page("20", "", COLUMNS, &[row("b", 2)]);
    let (first, rest) = text.split_at(1);
    let mut slow = vec![ok(), bytes(10, first)];
    slow.extend((1..20).map(|step| bytes(step * 20 * SECOND, " ")));
    slow.push(bytes(400 * SECOND, rest));
    slow.push(end(400 * SECOND + 1));
    let mut others = list_watch(0, Vec::new());
    let mut world = World::start(move |request: &Request| {
        if query(request, "continue").is_some() {
            return slow.clone();
        }
        others(request)
    });
    world.until("the watch", 1000, |world| watches(world).len() == 1);
    let asked = world.now;
    world.until("rows", 410_000, |world| world.names().len() == 2);
    assert_ne!(world.phase(), Phase::Live);
    let since = world.status().stale_since.unwrap();
    assert!(
        (wall(asked)..=wall(asked + 10)).contains(&since.0),
        "since the stream last told something: {since:?}"
    );
    world.until_phase(Phase::Live, 20_000);
    assert_eq!(probes(&world), 1);
}

#[test]
fn an_end_in_time_that_is_noticed_hours_later_proves_nothing() {
    let mut world = World::start(|request: &Request| match request.kind {
        RequestKind::WatchList => snapshot(&["a"], 9),
        RequestKind::Watch => vec![ok()],
        _ => {
            let mut answer = list(page("9", "", COLUMNS, &[]));
            answer[0].0 = 500;
            answer[1].0 = 510;
            answer[2].0 = 520;
            answer
        }
    });
    world.until_phase(Phase::Live, 100);
    let heard = world.status().last_event_at;
    // The machine sleeps; the server ends the stream as it was asked to.
    world.now += 3 * 3600 * SECOND;
    let exchange = world.open()[0];
    world.deliver(exchange, &Arrival::End(EndCause::Complete));
    assert_eq!(world.status().stale_since, heard);
    world.until("the probe", 1000, |world| probes(world) == 1);
    assert_eq!(world.phase(), Phase::Resuming);
    world.until_phase(Phase::Live, 1000);
}

#[test]
fn rows_of_another_life_of_the_server_are_never_shown() {
    let mut snapshots = 0;
    let mut world = World::start(move |request: &Request| match request.kind {
        RequestKind::WatchList => {
            snapshots += 1;
            if snapshots > 1 {
                return snapshot(&["b"], 5);
            }
            let mut answer = snapshot(&["a"], 9);
            answer.push(broken(60 * SECOND));
            answer
        }
        RequestKind::Watch => vec![
            ok(),
            bytes(9, event("ADDED", "ghost", 4) + &event("DELETED", "a", 12)),
        ],
        _ => Vec::new(),
    });
    world.until_phase(Phase::Resuming, 61_000);
    while world.names() != ["b"] {
        assert_eq!(world.names(), ["a"]);
        assert!(world.step());
        assert!(
            world.phase() != Phase::Live || world.names() == ["b"],
            "{:?}",
            world.phases
        );
    }
}

#[test]
fn stale_since_is_when_rows_were_last_known_to_be_true() {
    // A stream: since the last bookmark before the connection broke.
    let mut world = World::start(|request: &Request| match request.kind {
        RequestKind::WatchList => {
            let mut answer = snapshot(&["a"], 9);
            answer.push(bytes(30 * SECOND, bookmark(9)));
            answer.push(broken(70 * SECOND));
            answer
        }
        _ => unreachable(),
    });
    let start = world.now;
    world.until_phase(Phase::Resuming, 71_000);
    let since = world.status().stale_since.unwrap();
    assert_eq!(since.0, wall(start + 30 * SECOND));

    // Polls: since the last one that came, whether another failed or none was made.
    let mut lists = 0;
    let mut world = World::start(move |request: &Request| match request.kind {
        RequestKind::List => {
            lists += 1;
            if lists > 1 {
                return unreachable();
            }
            list(page("", "", COLUMNS, &[row("a", 1)]))
        }
        _ => refusal(405, "MethodNotAllowed", "m", "{}"),
    });
    world.until_phase(Phase::Polling, 100);
    assert_eq!(world.status().stale_since, None);
    let polled = wall(world.now) - 20..=wall(world.now);
    let awake = world.now;
    world.now += 60 * SECOND;
    assert_eq!(world.phase(), Phase::Stale, "no poll was made");
    assert!(polled.contains(&world.status().stale_since.unwrap().0));
    world.now = awake;
    world.until_phase(Phase::Stale, 36_000);
    assert_eq!(world.error(), "unreachable");
    assert!(polled.contains(&world.status().stale_since.unwrap().0));

    // One that was asked for and says nothing.
    let mut lists = 0;
    let mut world = World::start(move |request: &Request| match request.kind {
        RequestKind::List => {
            lists += 1;
            if lists > 1 {
                return vec![ok()];
            }
            list(page("", "", COLUMNS, &[row("a", 1)]))
        }
        _ => refusal(405, "MethodNotAllowed", "m", "{}"),
    });
    world.until_phase(Phase::Polling, 100);
    let polled = wall(world.now) - 20..=wall(world.now);
    world.until("the next poll", 36_000, |world| world.sent.len() > 2);
    let asked = world.now;
    assert_eq!(world.phase(), Phase::Polling);
    world.until_phase(Phase::Stale, 16_000);
    assert!(world.now - asked >= 15 * SECOND - 20);
    assert!(polled.contains(&world.status().stale_since.unwrap().0));
}

#[test]
fn a_cable_that_was_pulled_is_noticed_by_the_head_that_does_not_come() {
    let mut snapshots = 0;
    let mut world = World::start(move |request: &Request| match request.kind {
        RequestKind::WatchList => {
            snapshots += 1;
            if snapshots > 1 {
                return snapshot(&["b"], 30);
            }
            let mut answer = snapshot(&["a"], 9);
            answer.push(broken(60 * SECOND));
            answer
        }
        _ => Vec::new(),
    });
    world.until_phase(Phase::Resuming, 61_000);
    world.until("a new snapshot", 14_000, |world| world.names() == ["b"]);
    assert!(world.now - world.sent[1].at >= 10 * SECOND);
}

#[test]
fn silence_teaches_nothing_about_a_server() {
    // Pulled for five minutes. A LIST is tried once, in case that something keeps heads back.
    let mut world = World::start(|_: &_| Vec::new());
    world.pass(300 * SECOND);
    let kinds: Vec<_> = world.sent.iter().map(|sent| sent.request.kind).collect();
    assert!(kinds.len() >= 5, "{kinds:?}");
    let lists = kinds.iter().filter(|kind| **kind == RequestKind::List);
    assert_eq!((lists.count(), kinds[2]), (1, RequestKind::List));
    assert_eq!((world.error(), world.fallback()), ("unreachable", ""));

    // What answers the LIST but held back the heads before it is asked for a streaming list again the next time.
    let mut asked = 0;
    let mut world = World::start(move |request: &Request| match request.kind {
        RequestKind::WatchList => {
            asked += 1;
            if asked > 2 {
                snapshot(&["b"], 40)
            } else {
                Vec::new()
            }
        }
        RequestKind::Watch => {
            vec![ok(), bytes(30 * SECOND, error(410, "Expired", "too old"))]
        }
        _ => list(page("20", "", COLUMNS, &[row("a", 1)])),
    });
    world.until_phase(Phase::Live, 70_000);
    assert_eq!(
        (world.status().mode, world.fallback()),
        (Mode::ListWatch, "unreachable")
    );
    world.until("a streaming list", 31_000, |world| world.names() == ["b"]);
    assert_eq!(
        (world.status().mode, world.fallback()),
        (Mode::WatchList, "")
    );
}

#[test]
fn a_retry_hangs_up_on_what_was_not_answered() {
    // Before the first rows: by a streaming list, and by a list.
    for refuses in [false, true] {
        let mut world = World::start(move |request: &Request| {
            if refuses && request.kind == RequestKind::WatchList {
                return no_watchlist();
            }
            Vec::new()
        });
        world.pass(SECOND);
        let sent = world.sent.len();
        world.command(Command::Retry);
        assert_eq!((world.sent.len(), world.open().len()), (sent + 1, 1));
        assert_eq!(
            world.sent[sent].request.kind,
            world.sent[sent - 1].request.kind
        );
    }
    // While a WATCH is to continue: a fresh snapshot.
    let mut snapshots = 0;
    let mut world = World::start(move |request: &Request| match request.kind {
        RequestKind::WatchList => {
            snapshots += 1;
            let mut answer = snapshot(if snapshots == 1 { &["a"] } else { &["b"] }, 9);
            answer.push(broken(60 * SECOND));
            answer
        }
        _ => Vec::new(),
    });
    world.until_phase(Phase::Resuming, 61_000);
    world.until("the watch", 1000, |world| world.sent.len() == 2);
    world.command(Command::Retry);
    world.until("a new snapshot", 100, |world| world.names() == ["b"]);
    // What answers is left alone.
    let sent = world.sent.len();
    world.command(Command::Retry);
    assert_eq!((world.sent.len(), world.phase()), (sent, Phase::Live));
}
