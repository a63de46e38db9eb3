//! Faults on request: what goes wrong between a client and an API server.

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::model::Request;

/// Something that goes wrong, for the requests that it matches.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// Given by the server.
    #[serde(default)]
    pub id: u64,
    /// What goes wrong.
    pub kind: FaultKind,
    /// For which requests; all requests to the API where this is left out.
    #[serde(default, rename = "match")]
    pub matches: Match,
    /// How often it still happens; for ever where this is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// After so many events (`cut`, `stall`, `gone`, `column-change`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<u64>,
    /// After so many bytes (`cut`, `stall`); chunks of so many bytes (`split`); so many bytes a
    /// second (`slow`, `slow-link`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// `Retry-After` in seconds (`too-many-requests`, `unavailable`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
    /// The user whom `forbidden` names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// `gone` comes as an ERROR event instead of an HTTP status.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_stream: bool,
}

/// The kinds of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// The connection breaks after some bytes or events, in the middle of a frame.
    Cut,
    /// Nothing more comes after some bytes or events, on an open connection.
    Stall,
    /// The initial events end without their bookmark.
    DropEndBookmark,
    /// 410, by status or in-stream.
    Gone,
    /// 429 with `Retry-After`: plain text, as priority and fairness answers.
    TooManyRequests,
    /// 401.
    Unauthorized,
    /// 403.
    Forbidden,
    /// The body comes in chunks of a few bytes.
    Split,
    /// The server was restored: the version asked for lies in its future.
    FutureResourceVersion,
    /// The body comes slowly.
    Slow,
    /// 200 with a login page.
    Html,
    /// 200, and the stream ends without a byte.
    EmptyClose,
    /// 503.
    Unavailable,
    /// No head ever comes.
    Hang,
    /// Other columns than before, at once or after some events.
    ColumnChange,
    /// Nothing passes while it is in force, and nothing breaks: streams that are open fall silent, requests get no
    /// answer. Then all that waited goes on.
    PulledCable,
    /// So many bytes a second for all answers together, those that are open included.
    SlowLink,
}

impl FaultKind {
    /// The name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::Stall => "stall",
            Self::DropEndBookmark => "drop-end-bookmark",
            Self::Gone => "gone",
            Self::TooManyRequests => "too-many-requests",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::Split => "split",
            Self::FutureResourceVersion => "future-resource-version",
            Self::Slow => "slow",
            Self::Html => "html",
            Self::EmptyClose => "empty-close",
            Self::Unavailable => "unavailable",
            Self::Hang => "hang",
            Self::ColumnChange => "column-change",
            Self::PulledCable => "pulled-cable",
            Self::SlowLink => "slow-link",
        }
    }

    /// It is of the line, and so meets what is open already; the others are met by a request, once.
    const fn is_of_line(self) -> bool {
        matches!(self, Self::PulledCable | Self::SlowLink)
    }
}

/// Which requests a fault is for: all conditions that are given must hold.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Match {
    /// `list`, `watchlist` (with `sendInitialEvents`), `watch` (without), `get` (of one object)
    /// or `discovery`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// A text that the path ends in, without the query (`/pods`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The request carries a continue token, or none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub continued: Option<bool>,
    /// The request carries a `Range`, or none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<bool>,
}

impl Fault {
    /// A fault of a kind for every request, until it is cleared.
    #[must_use]
    pub fn new(kind: FaultKind) -> Self {
        Self {
            id: 0,
            kind,
            matches: Match::default(),
            times: None,
            events: None,
            bytes: None,
            retry_after: None,
            user: None,
            in_stream: false,
        }
    }
}

impl Match {
    fn fits_path(&self, path: &str) -> bool {
        self.path.as_deref().is_none_or(|end| path.ends_with(end))
    }

    fn fits(&self, request: &Request, has_range: bool) -> bool {
        let wanted = |condition: Option<bool>, holds: bool| condition.is_none_or(|is| is == holds);
        self.request
            .as_deref()
            .is_none_or(|kind| kind == kind_of(request))
            && self.fits_path(&request.path)
            && wanted(self.continued, request.parameter("continue").is_some())
            && wanted(self.range, has_range)
    }
}

/// What kind of request it is, as [`Match::request`] names it.
pub(super) fn kind_of(request: &Request) -> &'static str {
    let set = |name| {
        request
            .parameter(name)
            .is_some_and(|value| !matches!(value, "0" | "false"))
    };
    let segments: Vec<&str> = request
        .path
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    // What follows the group and version; a namespace before it does not count.
    let (["api", _, rest @ ..] | ["apis", _, _, rest @ ..]) = segments.as_slice() else {
        return "discovery";
    };
    let rest = match rest {
        ["namespaces", _, rest @ ..] if !rest.is_empty() => rest,
        rest => rest,
    };
    match rest.len() {
        0 => "discovery",
        1 if set("watch") && set("sendInitialEvents") => "watchlist",
        1 if set("watch") => "watch",
        1 => "list",
        _ => "get",
    }
}

/// The faults in force.
#[derive(Debug, Default)]
pub(super) struct Faults {
    in_force: Vec<Fault>,
    last: u64,
    /// Rises with every change: a line waits for the end of its fault.
    changes: watch::Sender<u64>,
}

impl Faults {
    pub(super) fn add(&mut self, mut fault: Fault) -> u64 {
        self.last += 1;
        fault.id = self.last;
        self.in_force.push(fault);
        self.changed();
        self.last
    }

    pub(super) fn list(&self) -> &[Fault] {
        &self.in_force
    }

    pub(super) fn clear(&mut self) {
        self.in_force.clear();
        self.changed();
    }

    /// Removes one fault; false where there is none of this id.
    pub(super) fn remove(&mut self, id: u64) -> bool {
        let before = self.in_force.len();
        self.in_force.retain(|fault| fault.id != id);
        self.changed();
        self.in_force.len() != before
    }

    /// Tells when faults come and go.
    pub(super) fn subscribe(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// The fault of a kind that is of the line and in force for a request.
    pub(super) fn of_line(
        &self,
        kind: FaultKind,
        request: &Request,
        has_range: bool,
    ) -> Option<&Fault> {
        self.in_force
            .iter()
            .find(|fault| fault.kind == kind && fault.matches.fits(request, has_range))
    }

    /// Whether answers for this path begin with other columns now. A change in the middle of a stream is that stream's
    /// alone: who asks again is answered as before.
    pub(super) fn change_columns(&self, path: &str) -> bool {
        self.in_force.iter().any(|fault| {
            fault.kind == FaultKind::ColumnChange
                && fault.events.is_none()
                && fault.matches.fits_path(path)
        })
    }

    /// The first fault that a request meets; one that has happened often enough is gone then.
    pub(super) fn meet(&mut self, request: &Request, has_range: bool) -> Option<Fault> {
        let at = self
            .in_force
            .iter()
            .position(|fault| !fault.kind.is_of_line() && fault.matches.fits(request, has_range))?;
        let fault = &mut self.in_force[at];
        match &mut fault.times {
            Some(0 | 1) => Some(self.in_force.remove(at)),
            Some(left) => {
                *left -= 1;
                Some(fault.clone())
            }
            None => Some(fault.clone()),
        }
    }

    fn changed(&self) {
        self.changes
            .send_modify(|count| *count = count.wrapping_add(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_told_apart() {
        for (target, kind) in [
            ("/version", "discovery"),
            ("/apis/apps/v1", "discovery"),
            ("/api/v1/pods?limit=500", "list"),
            ("/api/v1/namespaces", "list"),
            ("/api/v1/namespaces/shop", "get"),
            ("/api/v1/namespaces/shop/pods?watch=1", "watch"),
            (
                "/apis/apps/v1/deployments?watch=true&sendInitialEvents=true",
                "watchlist",
            ),
            ("/api/v1/namespaces/shop/pods/web-0", "get"),
        ] {
            assert_eq!(kind_of(&Request::get(target)), kind, "{target}");
        }
    }

    #[test]
    fn a_fault_happens_as_often_as_it_says() {
        let mut faults = Faults::default();
        let mut fault = Fault::new(FaultKind::Cut);
        fault.times = Some(2);
        fault.matches.request = Some("watch".to_owned());
        faults.add(fault);
        let watch = Request::get("/api/v1/pods?watch=1");
        assert!(faults.meet(&Request::get("/api/v1/pods"), false).is_none());
        assert!(faults.meet(&watch, false).is_some());
        assert!(faults.meet(&watch, false).is_some());
        assert!(faults.meet(&watch, false).is_none());
    }
    #[test]
    fn a_request_meets_no_fault_of_the_line() {
        let mut faults = Faults::default();
        faults.add(Fault::new(FaultKind::PulledCable));
        let pods = Request::get("/api/v1/pods");
        assert!(faults.meet(&pods, false).is_none());
        let in_force = |kind| faults.of_line(kind, &pods, false).is_some();
        assert!(in_force(FaultKind::PulledCable));
        assert!(!in_force(FaultKind::SlowLink));
    }
}
