//! The status of a watch as JSON text, in the words of `js/src/types.ts`.

use kube_watchlist::event::Format;
use kube_watchlist::reflector::{Mode, Phase, Reason, SyncStatus};
use kube_watchlist::status::Status;

use crate::json::{self, Object, object};

/// A phase as the page spells it.
#[must_use]
pub(crate) fn phase(phase: Phase) -> &'static str {
    match phase {
        // Before `Start` there is nothing to tell apart for a person.
        Phase::Idle | Phase::Connecting => "connecting",
        Phase::Syncing => "syncing",
        Phase::Live => "live",
        Phase::Resuming => "resuming",
        Phase::Stale => "stale",
        Phase::Polling => "polling",
        Phase::Paused => "paused",
        Phase::Auth => "auth",
        Phase::Failed => "failed",
        Phase::Closed => "closed",
    }
}

/// A mode as the page spells it.
#[must_use]
pub(crate) fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::WatchList => "watchlist",
        Mode::ListWatch => "list+watch",
        Mode::Poll => "poll",
    }
}

/// A format as the page spells it.
#[must_use]
pub(crate) fn format(format: Format) -> &'static str {
    match format {
        Format::Table => "table",
        Format::Metadata => "metadata",
        Format::Object => "object",
    }
}

/// What there is of memory, in bytes.
#[derive(Clone, Copy)]
pub(crate) struct Memory {
    /// What the rows and views of the watch hold.
    pub(crate) held: u64,
    /// Linear memory of the instance, which never shrinks.
    pub(crate) linear: u64,
}

/// The status as the page reads it.
#[must_use]
pub(crate) fn json(status: &SyncStatus, memory: Memory) -> String {
    let mut out = String::new();
    object(&mut out, |object| write(object, status, memory));
    out
}

fn write(object: &mut Object<'_>, status: &SyncStatus, memory: Memory) {
    object.text("phase", phase(status.phase));
    object.text("mode", mode(status.mode));
    if let Some(form) = status.format {
        object.text("format", format(form));
    }
    for (name, stated) in [
        ("fallbackReason", &status.fallback),
        ("error", &status.error),
    ] {
        if let Some(stated) = stated {
            object.member(name, |out| reason(out, stated));
        }
    }
    if let Some(version) = &status.resource_version {
        object.text("resourceVersion", version);
    }
    object.member("progress", |out| {
        json::object(out, |object| {
            object.count("objects", status.objects);
            object.count("bytes", status.bytes);
            if let Some(total) = status.total {
                object.count("total", total);
            }
        });
    });
    for (name, time) in [
        ("lastEventAt", status.last_event_at),
        ("staleSince", status.stale_since),
        ("nextRetryAt", status.next_retry_at),
    ] {
        if let Some(time) = time {
            object.number(name, time.0);
        }
    }
    object.count("events", status.events);
    object.count("reconnects", status.reconnects.into());
    object.count("droppedFrames", status.dropped_frames);
    if let Some(took) = status.sync_duration {
        object.count("syncDurationMs", took.0);
    }
    if let Some(counts) = status.last_snapshot {
        object.member("lastSnapshot", |out| {
            json::object(out, |object| {
                object.count("added", counts.added);
                object.count("changed", counts.changed);
                object.count("removed", counts.removed);
            });
        });
    }
    object.count("heldBytes", memory.held);
    object.count("memoryBytes", memory.linear);
}

fn reason(out: &mut String, reason: &Reason) {
    json::object(out, |object| {
        object.text("code", reason.code);
        object.text("message", &reason.message);
        if let Some(status) = reason.http_status {
            object.count("httpStatus", status.into());
        }
        if let Some(status) = &reason.status {
            object.member("kubernetes", |out| kubernetes(out, status));
        }
    });
}

fn kubernetes(out: &mut String, status: &Status) {
    json::object(out, |object| {
        object.text("reason", &status.reason);
        object.text("message", &status.message);
        object.member("details", |out| {
            json::object(out, |object| {
                object.member("causes", |out| {
                    json::array(out, &status.details.causes, |cause, out| {
                        json::object(out, |object| {
                            object.text("reason", &cause.reason);
                            object.text("message", &cause.message);
                            object.text("field", &cause.field);
                        });
                    });
                });
                if status.details.retry_after_seconds > 0 {
                    object.count(
                        "retryAfterSeconds",
                        status.details.retry_after_seconds.into(),
                    );
                }
            });
        });
    });
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use kube_watchlist::clock::{Millis, Timestamp};
    use kube_watchlist::status::{Cause, Details};
    use kube_watchlist::store::DiffCounts;

    use super::*;

    const TYPES: &str = include_str!("../../js/src/types.ts");

    /// The words of a union type in `types.ts`.
    fn union(name: &str) -> BTreeSet<&'static str> {
        let start = format!("export type {name} =");
        let rest = TYPES.split_once(&start).expect("types.ts has the type").1;
        let end = ["\n\n", "\nexport", "\n/**"]
            .iter()
            .filter_map(|after| rest.find(after))
            .min()
            .expect("it ends");
        rest[..end].split('\'').skip(1).step_by(2).collect()
    }

    /// The members of an interface in `types.ts`, one level deep.
    fn members(name: &str) -> BTreeSet<&'static str> {
        let start = format!("export interface {name} {{\n");
        let rest = TYPES
            .split_once(&start)
            .expect("types.ts has the interface")
            .1;
        let body = rest.split_once("\n}").expect("it ends").0;
        body.lines()
            .filter_map(|line| line.strip_prefix("  readonly "))
            .filter_map(|line| line.split_once(':'))
            .map(|(name, _)| name.trim_end_matches('?'))
            .collect()
    }

    fn keys(value: &serde_json::Value) -> BTreeSet<&str> {
        value
            .as_object()
            .expect("an object")
            .keys()
            .map(String::as_str)
            .collect()
    }

    /// A status that says everything that can be said.
    fn full() -> SyncStatus {
        let said = Reason {
            code: "forbidden",
            message: "pods is forbidden".into(),
            http_status: Some(403),
            status: Some(Status {
                code: 403,
                reason: "Forbidden".into(),
                message: "pods is forbidden".into(),
                details: Details {
                    causes: vec![Cause {
                        reason: "r".into(),
                        message: "m".into(),
                        field: "f".into(),
                    }],
                    retry_after_seconds: 5,
                },
            }),
        };
        SyncStatus {
            phase: Phase::Failed,
            mode: Mode::ListWatch,
            format: Some(Format::Table),
            fallback: Some(said.clone()),
            error: Some(said),
            resource_version: Some("7".into()),
            objects: 1,
            bytes: 2,
            total: Some(3),
            last_event_at: Some(Timestamp(4)),
            events: 9,
            stale_since: Some(Timestamp(5)),
            reconnects: 6,
            next_retry_at: Some(Timestamp(7)),
            dropped_frames: 8,
            sync_duration: Some(Millis(900)),
            last_snapshot: Some(DiffCounts {
                added: 1,
                changed: 2,
                removed: 3,
            }),
        }
    }

    fn parse(text: &str) -> serde_json::Value {
        serde_json::from_str(text).expect("valid JSON")
    }

    #[test]
    fn the_words_are_those_of_the_page() {
        use Phase::{
            Auth, Closed, Connecting, Failed, Idle, Live, Paused, Polling, Resuming, Stale, Syncing,
        };
        let phases = [
            Idle, Connecting, Syncing, Live, Resuming, Stale, Polling, Paused, Auth, Failed, Closed,
        ];
        assert_eq!(
            phases.map(phase).into_iter().collect::<BTreeSet<_>>(),
            union("Phase")
        );
        let modes = [Mode::WatchList, Mode::ListWatch, Mode::Poll];
        assert_eq!(
            modes.map(mode).into_iter().collect::<BTreeSet<_>>(),
            union("Mode")
        );
        let formats = [Format::Table, Format::Metadata, Format::Object];
        assert_eq!(
            formats.map(format).into_iter().collect::<BTreeSet<_>>(),
            union("Format")
        );
    }

    #[test]
    fn the_members_are_those_of_the_page() {
        let memory = Memory {
            held: 4_096,
            linear: 65_536,
        };
        let json = parse(&json(&full(), memory));
        assert_eq!(keys(&json), members("WatchStatus"));
        assert_eq!(keys(&json["progress"]), members("Progress"));
        assert_eq!(keys(&json["error"]), members("Reason"));
        assert_eq!(
            keys(&json["error"]["kubernetes"]),
            members("KubernetesReason")
        );
        assert_eq!(
            json["error"]["kubernetes"]["details"]["retryAfterSeconds"],
            5
        );
        assert_eq!(json["lastSnapshot"]["removed"], 3);
        assert_eq!(json["syncDurationMs"], 900);
        assert_eq!(json["heldBytes"], 4_096);
        assert_eq!(json["memoryBytes"], 65_536);
    }

    #[test]
    fn what_is_not_known_is_not_said() {
        let quiet = SyncStatus {
            phase: Phase::Idle,
            mode: Mode::WatchList,
            format: None,
            fallback: None,
            error: None,
            resource_version: None,
            objects: 0,
            bytes: 0,
            total: None,
            last_event_at: None,
            events: 0,
            stale_since: None,
            reconnects: 0,
            next_retry_at: None,
            dropped_frames: 0,
            sync_duration: None,
            last_snapshot: None,
        };
        let none = Memory { held: 0, linear: 0 };
        let json = parse(&json(&quiet, none));
        let said = [
            "phase",
            "mode",
            "progress",
            "events",
            "reconnects",
            "droppedFrames",
            "heldBytes",
            "memoryBytes",
        ];
        assert_eq!(keys(&json), said.into_iter().collect());
        assert_eq!(
            keys(&json["progress"]),
            ["objects", "bytes"].into_iter().collect()
        );
    }
}
