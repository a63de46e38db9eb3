//! The ladder of strategies: what a response means, and what is remembered of a server.

use crate::clock::{Instant, Millis};
use crate::reflector::{Head, Mode, Reason};
use crate::request::RequestKind;
use crate::status::Status;

/// How long a verdict on a server is believed. Verdicts can be reversed: servers are upgraded, and behind one address
/// there may be two of different versions.
pub const MEMORY: Millis = Millis::from_secs(30 * 60);

/// No server's `Retry-After` is honoured beyond this; a machine that a proxy told to wait a year would be hung.
const RETRY_AFTER_CAP: Millis = Millis::from_secs(10 * 60);

/// What a response means for the request that it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The server will not do it this way; another way may work.
    StepDown(Step, Reason),
    /// The credentials were refused: fresh ones may do.
    Unauthorized(Reason),
    /// Somebody has to sign in.
    SignIn(Reason),
    /// Asking again would change nothing.
    Refused(Reason),
    /// The resourceVersion or continue token is of no use: take a new snapshot.
    Expired(Reason),
    /// Ask again later.
    Transient {
        /// What went wrong.
        reason: Reason,
        /// How long the server asks to wait.
        retry_after: Option<Millis>,
        /// No API server answered. It may be another one when it does, so a resourceVersion from before proves nothing.
        lost: bool,
    },
}

/// A step down the ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// LIST and WATCH in place of a streaming list.
    ListWatch,
    /// No `Range` header, and so no streaming list, which may come compressed without it.
    WithoutRange,
    /// LIST alone.
    Poll,
}

/// What the head of a response says by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeadVerdict {
    /// The body is what was asked for.
    Accepted,
    /// A refusal: its body says more ([`judge_refusal`]).
    ReadBody {
        /// The HTTP status code.
        code: u16,
        /// How long the server asks to wait.
        retry_after: Option<Millis>,
    },
    /// The body does not matter.
    Judged(Verdict),
}

/// Judges the head of a response to a request of this kind, sent with or without `Range`.
#[must_use]
pub fn judge_head(kind: RequestKind, ranged: bool, head: &Head<'_>) -> HeadVerdict {
    let verdict = match head.status {
        _ if head.opaque_redirect => Verdict::SignIn(Reason::new(
            "redirected",
            "the server redirects elsewhere, as it does to sign in",
        )),
        300..=399 => Verdict::SignIn(Reason {
            http_status: Some(head.status),
            ..Reason::new(
                "redirected",
                "the server redirects elsewhere, as it does to sign in",
            )
        }),
        206 if ranged && !is_whole(head.content_range) => Verdict::StepDown(
            Step::WithoutRange,
            Reason {
                http_status: Some(206),
                ..Reason::new(
                    "range-refused",
                    "the server took Range for a request of a part",
                )
            },
        ),
        200..=205 | 207..=299 => return judge_body(kind, head),
        206 if is_whole(head.content_range) => return judge_body(kind, head),
        code => {
            let retry_after = head.retry_after.and_then(parse_retry_after);
            return HeadVerdict::ReadBody { code, retry_after };
        }
    };
    HeadVerdict::Judged(verdict)
}

/// Judges the head of a success by what it says of the body.
fn judge_body(kind: RequestKind, head: &Head<'_>) -> HeadVerdict {
    let media_type = head.content_type.map(|value| {
        value
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase()
    });
    match media_type.as_deref() {
        None => {}
        Some("text/html" | "application/xhtml+xml") => {
            return HeadVerdict::Judged(Verdict::SignIn(Reason {
                http_status: Some(head.status),
                ..Reason::new(
                    "auth-proxy",
                    "a web page came in place of data: a proxy in front of the server asks to sign in, \
                     or the address is not that of an API server",
                )
            }));
        }
        Some(other) if other == "application/json" || other.ends_with("+json") => {}
        Some(_) => {
            return HeadVerdict::Judged(Verdict::Refused(Reason {
                http_status: Some(head.status),
                ..Reason::new(
                    "not-json",
                    "the answer is no JSON: the address is not that of an API server",
                )
            }));
        }
    }
    let compressed = head.content_encoding.is_some_and(|encoding| {
        !encoding.trim().is_empty() && !encoding.trim().eq_ignore_ascii_case("identity")
    });
    if compressed && kind == RequestKind::WatchList {
        return HeadVerdict::Judged(Verdict::StepDown(
            Step::ListWatch,
            Reason::new(
                "compressed",
                "the streaming list came compressed, and browsers read only its first part",
            ),
        ));
    }
    HeadVerdict::Accepted
}

/// Judges a refusal: an HTTP status of 400 and above with its body, or an ERROR event in a stream (`ranged: false`: a stream
/// that runs was not refused for its headers).
#[must_use]
pub fn judge_refusal(
    kind: RequestKind,
    ranged: bool,
    code: u16,
    status: Option<Status>,
    retry_after: Option<Millis>,
) -> Verdict {
    let is_status = status.is_some();
    let said = status.clone().unwrap_or_default();
    let retry_after = retry_after
        .into_iter()
        .chain(
            (said.details.retry_after_seconds > 0)
                .then(|| Millis::from_secs(u64::from(said.details.retry_after_seconds))),
        )
        .max()
        .map(|wait| wait.min(RETRY_AFTER_CAP));
    let reason = |id: &'static str, otherwise: &str| Reason {
        code: id,
        message: if said.message.is_empty() {
            otherwise.to_owned()
        } else {
            said.message.clone()
        },
        http_status: (code > 0).then_some(code),
        status: status.clone(),
    };
    let transient = |reason: Reason, lost: bool| Verdict::Transient {
        reason,
        retry_after,
        lost,
    };

    if said.is_expired() || code == 410 {
        return Verdict::Expired(reason("gone", "the version is too old"));
    }
    if said.is_too_large_resource_version() {
        let reason = reason(
            "too-large-resource-version",
            "the version is not reached yet",
        );
        return match kind {
            RequestKind::Probe | RequestKind::Watch => Verdict::Expired(reason),
            RequestKind::WatchList | RequestKind::List => transient(reason, false),
        };
    }
    match code {
        401 => Verdict::Unauthorized(reason("unauthorized", "the credentials were refused")),
        416 if ranged => Verdict::StepDown(
            Step::WithoutRange,
            reason("range-refused", "the server refuses Range"),
        ),
        429 => transient(reason("throttled", "the server asks to slow down"), false),
        400..=499 if ranged && !is_status => Verdict::StepDown(
            Step::WithoutRange,
            reason(
                "range-refused",
                "something before the API server refuses the request, perhaps for its Range",
            ),
        ),
        403 => Verdict::Refused(reason("forbidden", "access is forbidden")),
        404 => Verdict::Refused(reason("not-found", "there is no such resource")),
        405 if matches!(kind, RequestKind::WatchList | RequestKind::Watch) => Verdict::StepDown(
            Step::Poll,
            reason("watch-unsupported", "the resource cannot be watched"),
        ),
        406 if kind == RequestKind::WatchList => Verdict::StepDown(
            Step::ListWatch,
            reason("not-acceptable", "no streaming list in this form"),
        ),
        422 if said.rejects_field("resourceVersion") && kind != RequestKind::WatchList => {
            Verdict::Expired(reason(
                "invalid-resource-version",
                "the version is of another server",
            ))
        }
        422 if kind == RequestKind::WatchList && !said.rejects_field("resourceVersion") => {
            Verdict::StepDown(
                Step::ListWatch,
                reason("watchlist-unsupported", "the server does not stream lists"),
            )
        }
        400..=499 => Verdict::Refused(reason("refused", "the server refused the request")),
        500 if said.is_request_watch_progress_disabled() => match kind {
            RequestKind::WatchList => Verdict::StepDown(
                Step::ListWatch,
                reason(
                    "watchlist-unsupported",
                    "the server's storage does not stream lists",
                ),
            ),
            _ => Verdict::Expired(reason("server-error", "the server failed")),
        },
        // For a resourceVersion that is no number all servers answer 500, with nothing but a message.
        500 if said.message.starts_with("resourceVersion: Invalid value")
            && matches!(kind, RequestKind::Watch | RequestKind::Probe) =>
        {
            Verdict::Expired(reason(
                "invalid-resource-version",
                "the version is of another server",
            ))
        }
        503 => transient(
            reason("unavailable", "the server is not available"),
            !is_status,
        ),
        502 | 504 => transient(
            reason("unavailable", "the server did not answer in time"),
            !is_status,
        ),
        _ => transient(
            reason("server-error", "the server failed"),
            !is_status && code > 0,
        ),
    }
}

/// Whether a `Content-Range` says that the part is the whole: `bytes 0-(n-1)/n`.
fn is_whole(content_range: Option<&str>) -> bool {
    let whole = |value: &str| {
        let (part, total) = value.trim().strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = part.split_once('-')?;
        let (first, last, total) = (
            first.parse::<u64>().ok()?,
            last.parse::<u64>().ok()?,
            total.parse::<u64>().ok()?,
        );
        Some(first == 0 && last.checked_add(1)? == total)
    };
    content_range.and_then(whole).unwrap_or(false)
}

/// Seconds only: servers of this API send no dates, and a date needs a clock that agrees with theirs.
fn parse_retry_after(value: &str) -> Option<Millis> {
    Some(Millis::from_secs(value.trim().parse().ok()?).min(RETRY_AFTER_CAP))
}

/// How the next snapshot is to be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Which way.
    pub mode: Mode,
    /// Whether watches carry `Range`.
    pub range: bool,
    /// Why not the best way.
    pub fallback: Option<Reason>,
}

/// What is remembered of a server (for one resource), each verdict for [`MEMORY`].
#[derive(Clone, Debug, Default)]
pub struct Memory {
    list_watch: Option<Learned>,
    without_range: Option<Learned>,
    poll: Option<Learned>,
}

#[derive(Clone, Debug)]
struct Learned {
    reason: Reason,
    until: Instant,
}

impl Memory {
    /// Keeps a verdict; a later one for the same step replaces it.
    pub fn learn(&mut self, step: Step, reason: Reason, now: Instant) {
        let place = match step {
            Step::ListWatch => &mut self.list_watch,
            Step::WithoutRange => &mut self.without_range,
            Step::Poll => &mut self.poll,
        };
        *place = Some(Learned {
            reason,
            until: now + MEMORY,
        });
    }

    /// The best way that is not known to fail.
    #[must_use]
    pub fn plan(&self, now: Instant) -> Plan {
        let believed = |learned: &Option<Learned>| {
            learned
                .as_ref()
                .filter(|learned| now < learned.until)
                .map(|learned| learned.reason.clone())
        };
        let without_range = believed(&self.without_range);
        let range = without_range.is_none();
        let poll = believed(&self.poll);
        let list_watch = believed(&self.list_watch);
        let mode = if poll.is_some() {
            Mode::Poll
        } else if list_watch.is_some() || !range {
            Mode::ListWatch
        } else {
            Mode::WatchList
        };
        Plan {
            mode,
            range,
            fallback: poll.or(list_watch).or(without_range),
        }
    }
}
