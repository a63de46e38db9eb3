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
