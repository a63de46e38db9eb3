//! The sync machine against scripted servers in virtual time.

mod sim;

use kube_watchlist::reflector::{Command, Mode, Output, Phase};
use kube_watchlist::request::RequestKind;
use sim::*;

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
