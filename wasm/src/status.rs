//! The status of a watch as JSON text, in the words of `js/src/types.ts`.

use kube_watchlist::clock::{Millis, Timestamp};
use kube_watchlist::event::Format;
use kube_watchlist::reflector::{Mode, Phase, Reason, SyncStatus};
use kube_watchlist::store::DiffCounts;
use serde::Serialize;

/// A phase as the page spells it.
#[must_use]
pub fn phase(phase: Phase) -> &'static str {
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
pub fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::WatchList => "watchlist",
        Mode::ListWatch => "list+watch",
        Mode::Poll => "poll",
    }
}

/// A format as the page spells it.
#[must_use]
pub fn format(format: Format) -> &'static str {
    match format {
        Format::Table => "table",
        Format::Metadata => "metadata",
        Format::Object => "object",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StatusJson<'a> {
    phase: &'static str,
    mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fallback_reason: Option<ReasonJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ReasonJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_version: Option<&'a str>,
    progress: ProgressJson,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_event_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stale_since: Option<i64>,
    reconnects: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_retry_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sync_duration_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_snapshot: Option<CountsJson>,
    memory_bytes: u64,
}

#[derive(Serialize)]
struct ProgressJson {
    objects: u64,
    bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
}

#[derive(Serialize)]
struct CountsJson {
    added: u64,
    changed: u64,
    removed: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReasonJson<'a> {
    code: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kubernetes: Option<KubernetesJson<'a>>,
}

#[derive(Serialize)]
struct KubernetesJson<'a> {
    reason: &'a str,
    message: &'a str,
    details: DetailsJson<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DetailsJson<'a> {
    causes: Vec<CauseJson<'a>>,
    #[serde(skip_serializing_if = "is_zero")]
    retry_after_seconds: u32,
}

#[derive(Serialize)]
struct CauseJson<'a> {
    reason: &'a str,
    message: &'a str,
    field: &'a str,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // The signature that serde asks for.
fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn reason(reason: &Reason) -> ReasonJson<'_> {
    ReasonJson {
        code: reason.code,
        message: &reason.message,
        http_status: reason.http_status,
        kubernetes: reason.status.as_ref().map(|status| KubernetesJson {
            reason: &status.reason,
            message: &status.message,
            details: DetailsJson {
                causes: status
                    .details
                    .causes
                    .iter()
                    .map(|cause| CauseJson {
                        reason: &cause.reason,
                        message: &cause.message,
                        field: &cause.field,
                    })
                    .collect(),
                retry_after_seconds: status.details.retry_after_seconds,
            },
        }),
    }
}

/// The status as the page reads it.
#[must_use]
pub fn json(
    status: &SyncStatus,
    took: Option<Millis>,
    counts: Option<DiffCounts>,
    memory_bytes: u64,
) -> String {
    let time = |time: Timestamp| time.0;
    let json = StatusJson {
        phase: phase(status.phase),
        mode: mode(status.mode),
        format: status.format.map(format),
        fallback_reason: status.fallback.as_ref().map(reason),
        error: status.error.as_ref().map(reason),
        resource_version: status.resource_version.as_deref(),
        progress: ProgressJson {
            objects: status.objects,
            bytes: status.bytes,
            total: status.total,
        },
        last_event_at: status.last_event_at.map(time),
        stale_since: status.stale_since.map(time),
        reconnects: status.reconnects,
        next_retry_at: status.next_retry_at.map(time),
        sync_duration_ms: took.map(|took| took.0),
        last_snapshot: counts.map(|counts| CountsJson {
            added: counts.added,
            changed: counts.changed,
            removed: counts.removed,
        }),
        memory_bytes,
    };
    // Text and numbers alone: there is nothing here that could fail to be written.
    serde_json::to_string(&json).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use kube_watchlist::status::{Cause, Details, Status};

    use super::*;

    const TYPES: &str = include_str!("../../js/src/types.ts");

    /// The words of a union type in `types.ts`.
    fn union(name: &str) -> BTreeSet<&'static str> {
        let start = format!("export type {name} =");
        let rest = TYPES.split_once(&start).expect("types.ts has the type").1;
        let end = rest
            .find("\n\n")
            .into_iter()
            .chain(rest.find("\nexport"))
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
            stale_since: Some(Timestamp(5)),
            reconnects: 6,
            next_retry_at: Some(Timestamp(7)),
            dropped_frames: 0,
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
        let counts = DiffCounts {
            added: 1,
            changed: 2,
            removed: 3,
        };
        let json = parse(&json(&full(), Some(Millis(900)), Some(counts), 65_536));
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
            stale_since: None,
            reconnects: 0,
            next_retry_at: None,
            dropped_frames: 0,
        };
        let json = parse(&json(&quiet, None, None, 0));
        let said = ["phase", "mode", "progress", "reconnects", "memoryBytes"];
        assert_eq!(keys(&json), said.into_iter().collect());
        assert_eq!(
            keys(&json["progress"]),
            ["objects", "bytes"].into_iter().collect()
        );
    }
}
