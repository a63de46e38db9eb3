//! The ladder of strategies: what a response means, and what is remembered of a server.

use crate::clock::{Instant, Millis};
use crate::json;
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
        status if head.opaque_redirect || (300..=399).contains(&status) => {
            Verdict::SignIn(Reason {
                http_status: (status > 0).then_some(status),
                ..Reason::new(
                    "redirected",
                    "the server redirects elsewhere, as it does to sign in",
                )
            })
        }
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
    let text = head.content_type.map(str::to_ascii_lowercase);
    let media_type = text.as_deref().and_then(|value| value.split(';').next());
    match media_type.map(str::trim) {
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
    Refusal {
        kind,
        ranged,
        code,
        status,
        retry_after,
    }
    .judge()
}

struct Refusal {
    kind: RequestKind,
    ranged: bool,
    code: u16,
    status: Option<Status>,
    retry_after: Option<Millis>,
}

impl Refusal {
    fn judge(&self) -> Verdict {
        let status = self.status.as_ref();
        if self.code == 410 || status.is_some_and(Status::is_expired) {
            return Verdict::Expired(self.reason("gone", "the version is too old"));
        }
        if status.is_some_and(Status::is_too_large_resource_version) {
            let reason = self.reason(
                "too-large-resource-version",
                "the version is not reached yet",
            );
            return match self.kind {
                RequestKind::Probe | RequestKind::Watch => Verdict::Expired(reason),
                RequestKind::WatchList | RequestKind::List => self.transient(reason, false),
            };
        }
        match self.code {
            400..=499 => self.of_request(),
            _ => self.of_server(),
        }
    }

    /// 4xx: something is wrong with the request.
    fn of_request(&self) -> Verdict {
        let watches = matches!(self.kind, RequestKind::WatchList | RequestKind::Watch);
        let streams_list = self.kind == RequestKind::WatchList;
        let for_version = self.rejects_version();
        match self.code {
            401 => {
                Verdict::Unauthorized(self.reason("unauthorized", "the credentials were refused"))
            }
            // From the flow control it is plain text.
            429 => self.transient(
                self.reason("throttled", "the server asks to slow down"),
                false,
            ),
            code if self.ranged && (code == 416 || self.status.is_none()) => Verdict::StepDown(
                Step::WithoutRange,
                self.reason(
                    "range-refused",
                    "something before the API server refuses the request, perhaps for its Range",
                ),
            ),
            403 => Verdict::Refused(self.reason("forbidden", "access is forbidden")),
            404 => Verdict::Refused(self.reason("not-found", "there is no such resource")),
            405 if watches => Verdict::StepDown(
                Step::Poll,
                self.reason("watch-unsupported", "the resource cannot be watched"),
            ),
            406 if streams_list => Verdict::StepDown(
                Step::ListWatch,
                self.reason("not-acceptable", "no streaming list in this form"),
            ),
            422 if streams_list && !for_version => Verdict::StepDown(
                Step::ListWatch,
                self.reason("watchlist-unsupported", "the server does not stream lists"),
            ),
            422 if !streams_list && for_version => self.bad_version(),
            _ => Verdict::Refused(self.reason("refused", "the server refused the request")),
        }
    }

    /// 5xx, or an ERROR event without a code: something is wrong with the server.
    fn of_server(&self) -> Verdict {
        let message = self
            .status
            .as_ref()
            .map_or("", |status| status.message.as_str());
        let stream_fails = self
            .status
            .as_ref()
            .is_some_and(Status::is_request_watch_progress_disabled);
        // An ERROR event was sent by an API server, Status or not.
        let lost = self.status.is_none() && self.code > 0;
        match (self.code, self.kind) {
            (500, RequestKind::WatchList) if stream_fails => Verdict::StepDown(
                Step::ListWatch,
                self.reason(
                    "watchlist-unsupported",
                    "the server's storage does not stream lists",
                ),
            ),
            // For a version that is no number all servers answer 500, with nothing but a message.
            (500, RequestKind::Watch | RequestKind::Probe)
                if message.starts_with("resourceVersion: Invalid value") =>
            {
                self.bad_version()
            }
            (502..=504, _) => self.transient(
                self.reason("unavailable", "the server is not available"),
                lost,
            ),
            _ => self.transient(self.reason("server-error", "the server failed"), lost),
        }
    }

    fn rejects_version(&self) -> bool {
        self.status
            .as_ref()
            .is_some_and(|status| status.rejects_field("resourceVersion"))
    }

    fn bad_version(&self) -> Verdict {
        Verdict::Expired(self.reason(
            "invalid-resource-version",
            "the version is of another server",
        ))
    }

    fn transient(&self, reason: Reason, lost: bool) -> Verdict {
        let said = self
            .status
            .as_ref()
            .map(|status| status.details.retry_after_seconds);
        let said = said
            .filter(|&seconds| seconds > 0)
            .map(|seconds| Millis::from_secs(seconds.into()));
        let retry_after = self
            .retry_after
            .max(said)
            .map(|wait| wait.min(RETRY_AFTER_CAP));
        Verdict::Transient {
            reason,
            retry_after,
            lost,
        }
    }

    /// In the server's own sentence, where there is one.
    fn reason(&self, code: &'static str, otherwise: &str) -> Reason {
        let said = self.status.as_ref().map(|status| status.message.as_str());
        Reason {
            code,
            message: said
                .filter(|message| !message.is_empty())
                .unwrap_or(otherwise)
                .to_owned(),
            http_status: (self.code > 0).then_some(self.code),
            status: self.status.clone(),
        }
    }
}

/// Whether a `Content-Range` says that the part is the whole: `bytes 0-(n-1)/n`.
fn is_whole(content_range: Option<&str>) -> bool {
    let whole = |value: &str| {
        let (last, total) = value.trim().strip_prefix("bytes 0-")?.split_once('/')?;
        Some(json::whole(last)?.checked_add(1)? == json::whole(total)?)
    };
    content_range.and_then(whole).unwrap_or(false)
}

/// Seconds only: servers of this API send no dates, and a date needs a clock that agrees with theirs.
fn parse_retry_after(value: &str) -> Option<Millis> {
    Some(Millis::from_secs(json::whole(value.trim())?).min(RETRY_AFTER_CAP))
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
    /// The user may watch but not list, so a probe has to be a stream.
    pub(crate) probe_by_stream: bool,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn head(status: u16) -> Head<'static> {
        Head {
            status,
            content_type: Some("application/json"),
            ..Head::default()
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "as it is taken")]
    fn status(code: u16, message: &str) -> Option<Status> {
        Some(Status {
            code,
            message: message.to_owned(),
            ..Status::default()
        })
    }

    fn code_of(verdict: &Verdict) -> &'static str {
        match verdict {
            Verdict::StepDown(_, reason)
            | Verdict::Unauthorized(reason)
            | Verdict::SignIn(reason)
            | Verdict::Refused(reason)
            | Verdict::Expired(reason)
            | Verdict::Transient { reason, .. } => reason.code,
        }
    }

    #[test]
    fn json_of_any_spelling_is_accepted_and_nothing_else() {
        for (content_type, accepted) in [
            (None, true),
            (Some("application/json"), true),
            (Some("Application/JSON; charset=utf-8"), true),
            (Some("application/json;as=Table;v=v1;g=meta.k8s.io"), true),
            (Some("application/problem+json"), true),
            (Some("text/html"), false),
            (Some("text/plain"), false),
            (
                Some("application/vnd.kubernetes.protobuf;stream=watch"),
                false,
            ),
        ] {
            let head = Head {
                content_type,
                ..head(200)
            };
            let verdict = judge_head(RequestKind::Watch, true, &head);
            assert_eq!(
                verdict == HeadVerdict::Accepted,
                accepted,
                "{content_type:?}"
            );
        }
    }

    #[test]
    fn compression_matters_on_streaming_lists_alone() {
        for (kind, encoding, accepted) in [
            (RequestKind::WatchList, "gzip", false),
            (RequestKind::WatchList, "br", false),
            (RequestKind::WatchList, "identity", true),
            (RequestKind::WatchList, "", true),
            (RequestKind::List, "gzip", true),
            (RequestKind::Watch, "gzip", true),
        ] {
            let head = Head {
                content_encoding: Some(encoding),
                ..head(200)
            };
            let verdict = judge_head(kind, true, &head);
            assert_eq!(
                verdict == HeadVerdict::Accepted,
                accepted,
                "{kind:?} {encoding}"
            );
        }
    }

    #[test]
    fn only_a_range_that_is_the_whole_is_the_whole() {
        for (range, whole) in [
            ("bytes 0-9/10", true),
            ("bytes 0-8/10", false),
            ("bytes 1-9/10", false),
            ("bytes 0-9/*", false),
            ("bytes 0-18446744073709551615/18446744073709551615", false),
            ("items 0-9/10", false),
            ("", false),
        ] {
            assert_eq!(is_whole(Some(range)), whole, "{range}");
        }
        assert!(!is_whole(None), "hidden by CORS");
    }

    #[test]
    fn waits_are_the_longer_of_two_and_bounded() {
        let mut asked = Status {
            code: 429,
            ..Status::default()
        };
        asked.details.retry_after_seconds = 7;
        let wait = |status: Option<Status>, header| match judge_refusal(
            RequestKind::List,
            false,
            429,
            status,
            header,
        ) {
            Verdict::Transient { retry_after, .. } => retry_after,
            other => panic!("{other:?}"),
        };
        assert_eq!(wait(None, None), None);
        assert_eq!(wait(Some(asked.clone()), None), Some(Millis(7000)));
        assert_eq!(
            wait(Some(asked.clone()), Some(Millis(2000))),
            Some(Millis(7000))
        );
        asked.details.retry_after_seconds = u32::MAX;
        assert_eq!(wait(Some(asked), None), Some(RETRY_AFTER_CAP));
        assert_eq!(parse_retry_after(" 3 "), Some(Millis(3000)));
        assert_eq!(parse_retry_after("99999999999999"), Some(RETRY_AFTER_CAP));
        assert_eq!(parse_retry_after("Mon, 23 Nov 2026 00:00:00 GMT"), None);
    }

    #[test]
    fn a_version_of_another_server_is_given_up() {
        let message = "resourceVersion: Invalid value: \"abc\": strconv.ParseUint: parsing";
        for kind in [RequestKind::Watch, RequestKind::Probe] {
            let verdict = judge_refusal(kind, true, 500, status(500, message), None);
            assert!(matches!(verdict, Verdict::Expired(_)), "{verdict:?}");
        }
        let other = judge_refusal(RequestKind::Watch, true, 500, status(500, "etcd"), None);
        assert!(
            matches!(other, Verdict::Transient { lost: false, .. }),
            "{other:?}"
        );
    }

    #[test]
    fn who_is_no_api_server_is_told_apart() {
        let refused = |code, status| judge_refusal(RequestKind::Watch, true, code, status, None);
        assert!(matches!(
            refused(503, None),
            Verdict::Transient { lost: true, .. }
        ));
        assert!(matches!(
            refused(503, status(503, "m")),
            Verdict::Transient { lost: false, .. }
        ));
        assert_eq!(code_of(&refused(404, None)), "range-refused");
        assert_eq!(code_of(&refused(404, status(404, "m"))), "not-found");
        let listed = judge_refusal(RequestKind::List, false, 404, None, None);
        assert_eq!(
            code_of(&listed),
            "not-found",
            "the second time, without a Range"
        );
    }

    #[test]
    fn a_plan_is_the_best_way_that_is_not_known_to_fail() {
        let mut memory = Memory::default();
        let plan = |memory: &Memory, now| {
            let plan = memory.plan(Instant(now));
            (
                plan.mode,
                plan.range,
                plan.fallback.map_or("", |reason| reason.code),
            )
        };
        assert_eq!(plan(&memory, 0), (Mode::WatchList, true, ""));
        memory.learn(Step::WithoutRange, Reason::new("r", ""), Instant(0));
        assert_eq!(plan(&memory, 1), (Mode::ListWatch, false, "r"));
        memory.learn(Step::ListWatch, Reason::new("l", ""), Instant(10));
        memory.learn(Step::Poll, Reason::new("p", ""), Instant(5));
        assert_eq!(plan(&memory, 11), (Mode::Poll, false, "p"));
        assert_eq!(
            plan(&memory, MEMORY.0),
            (Mode::Poll, true, "p"),
            "each verdict has its own time"
        );
        assert_eq!(plan(&memory, MEMORY.0 + 5), (Mode::ListWatch, true, "l"));
        assert_eq!(plan(&memory, MEMORY.0 + 10), (Mode::WatchList, true, ""));
    }
}
