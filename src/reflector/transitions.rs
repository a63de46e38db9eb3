//! The total table of the machine: every state against every input, cell by cell.

use super::exchange::Reading;
use super::input::{Command, EndCause, ExchangeId, Head, Input, Output};
use super::state::{Beside, State, Then};
use super::{Config, Reflector, Resource};
use crate::clock::{Instant, Now, Timestamp};

/// Where the machine is. `Listing` waits for the head of a page, `Page` for its body.
/// What happens, happens to the exchange that was asked for last: in `BesideAsked` and `Beside` the WATCH beside a LIST, in
/// `Probing` and `ProbeAnswered` the probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum In {
    Idle,
    Connecting,
    Streaming,
    Listing,
    Page,
    BesideAsked,
    Beside,
    Publishing,
    Resuming,
    Probing,
    ProbeAnswered,
    Live,
    Polling,
    /// Before a new snapshot.
    Waiting,
    /// Before a WATCH from the published version.
    WaitingToResume,
    Paused,
    Auth,
    Failed,
    Closed,
}

/// What happens, to the exchange that the state waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum On {
    Start,
    /// 200 with JSON.
    Accepted,
    /// 200 with HTML.
    WebPage,
    /// A refusal: head, Status and end.
    Unauthorized,
    Forbidden,
    Gone,
    Invalid,
    Throttled,
    ServerError,
    /// An ADDED event in the columns of the published rows.
    Row,
    /// The end bookmark.
    InitialEventsEnd,
    /// An ERROR event with code 410.
    Expired,
    /// An ADDED event in other columns.
    OtherColumns,
    /// The body of a LIST's only page, and its end.
    LastPage,
    Complete,
    Broken,
    Unreachable,
    /// A tick before the deadline.
    EarlyTick,
    /// A tick at the deadline.
    DueTick,
    /// A tick long after it, the first one.
    LateTick,
    Work,
    Retry,
    Pause,
    Resume,
    Close,
}

const STATES: [In; 19] = [
    In::Idle,
    In::Connecting,
    In::Streaming,
    In::Listing,
    In::Page,
    In::BesideAsked,
    In::Beside,
    In::Publishing,
    In::Resuming,
    In::Probing,
    In::ProbeAnswered,
    In::Live,
    In::Polling,
    In::Waiting,
    In::WaitingToResume,
    In::Paused,
    In::Auth,
    In::Failed,
    In::Closed,
];

const INPUTS: [On; 25] = [
    On::Start,
    On::Accepted,
    On::WebPage,
    On::Unauthorized,
    On::Forbidden,
    On::Gone,
    On::Invalid,
    On::Throttled,
    On::ServerError,
    On::Row,
    On::InitialEventsEnd,
    On::Expired,
    On::OtherColumns,
    On::LastPage,
    On::Complete,
    On::Broken,
    On::Unreachable,
    On::EarlyTick,
    On::DueTick,
    On::LateTick,
    On::Work,
    On::Retry,
    On::Pause,
    On::Resume,
    On::Close,
];

/// The table. A missing cell does not compile.
#[expect(
    clippy::too_many_lines,
    clippy::match_same_arms,
    reason = "a table has a line for each of its cells"
)]
fn expected(state: In, input: On) -> In {
    use In::{
        Auth, Beside, BesideAsked, Closed, Connecting, Failed, Idle, Listing, Live, Page, Paused,
        Polling, ProbeAnswered, Probing, Publishing, Resuming, Streaming, Waiting, WaitingToResume,
    };
    match (state, input) {
        // Before the start only Start, Pause and Close mean anything.
        (Idle, On::Start) => Connecting,
        (Idle, On::Pause) => Paused,
        (Idle, On::Close) => Closed,
        (
            Idle,
            On::Accepted
            | On::WebPage
            | On::Unauthorized
            | On::Forbidden
            | On::Gone
            | On::Invalid
            | On::Throttled
            | On::ServerError
            | On::Row
            | On::InitialEventsEnd
            | On::Expired
            | On::OtherColumns
            | On::LastPage
            | On::Complete
            | On::Broken
            | On::Unreachable
            | On::EarlyTick
            | On::DueTick
            | On::LateTick
            | On::Work
            | On::Retry
            | On::Resume,
        ) => Idle,

        // A streaming list was asked for.
        (Connecting, On::Accepted) => Streaming,
        (Connecting, On::WebPage) => Auth,
        // Fresh credentials, at once.
        (Connecting, On::Unauthorized) => Connecting,
        (Connecting, On::Forbidden) => Failed,
        // The first time at once.
        (Connecting, On::Gone) => Connecting,
        (Connecting, On::Invalid) => Listing,
        (
            Connecting,
            On::Throttled
            | On::ServerError
            | On::LastPage
            | On::Complete
            | On::Broken
            | On::Unreachable
            | On::DueTick,
        ) => Waiting,
        (Connecting, On::Pause) => Paused,
        (Connecting, On::Close) => Closed,
        // Bytes before the head are of no exchange that we know.
        (
            Connecting,
            On::Start
            | On::Row
            | On::InitialEventsEnd
            | On::Expired
            | On::OtherColumns
            | On::EarlyTick
            | On::LateTick
            | On::Work
            | On::Retry
            | On::Resume,
        ) => Connecting,

        // Its objects arrive.
        (Streaming, On::Row | On::OtherColumns) => Streaming,
        (Streaming, On::InitialEventsEnd) => Publishing,
        (Streaming, On::Expired) => Connecting,
        (Streaming, On::DueTick) => Listing,
        // A second head counts for nothing; what ends the exchange does.
        (
            Streaming,
            On::Unauthorized
            | On::Forbidden
            | On::Gone
            | On::Invalid
            | On::Throttled
            | On::ServerError
            | On::LastPage
            | On::Complete
            | On::Broken
            | On::Unreachable,
        ) => Waiting,
        (Streaming, On::Pause) => Paused,
        (Streaming, On::Close) => Closed,
        (
            Streaming,
            On::Start
            | On::Accepted
            | On::WebPage
            | On::EarlyTick
            | On::LateTick
            | On::Work
            | On::Retry
            | On::Resume,
        ) => Streaming,

        // A page was asked for.
        (Listing, On::Accepted) => Page,
        (Listing, On::WebPage) => Auth,
        (Listing, On::Unauthorized) => Listing,
        (Listing, On::Forbidden) => Failed,
        // Both again.
        (Listing, On::Gone) => Listing,
        // A LIST asks for nothing that a server need not know.
        (Listing, On::Invalid) => Failed,
        (
            Listing,
            On::Throttled
            | On::ServerError
            | On::LastPage
            | On::Complete
            | On::Broken
            | On::Unreachable
            | On::DueTick,
        ) => Waiting,
        (Listing, On::Pause) => Paused,
        (Listing, On::Close) => Closed,
        (
            Listing,
            On::Start
            | On::Row
            | On::InitialEventsEnd
            | On::Expired
            | On::OtherColumns
            | On::EarlyTick
            | On::LateTick
            | On::Work
            | On::Retry
            | On::Resume,
        ) => Listing,

        // Its body arrives.
        (Page, On::LastPage) => Publishing,
        // Watch events are no list.
        (Page, On::Row | On::InitialEventsEnd | On::Expired | On::OtherColumns) => Page,
        // A second head counts for nothing, and a Status is no list either.
        (
            Page,
            On::Unauthorized
            | On::Forbidden
            | On::Gone
            | On::Invalid
            | On::Throttled
            | On::ServerError,
        ) => Failed,
        (Page, On::Complete | On::Broken | On::Unreachable | On::DueTick) => Waiting,
        (Page, On::Pause) => Paused,
        (Page, On::Close) => Closed,
        (
            Page,
            On::Start
            | On::Accepted
            | On::WebPage
            | On::EarlyTick
            | On::LateTick
            | On::Work
            | On::Retry
            | On::Resume,
        ) => Page,

        // Beside it a WATCH was asked for. The list goes on without it, but not from a version that is gone.
        (BesideAsked, On::Accepted) => Beside,
        (BesideAsked, On::WebPage) => Auth,
        (BesideAsked, On::Unauthorized | On::Gone) => Listing,
        (BesideAsked, On::Forbidden | On::Invalid) => Failed,
        (
            BesideAsked,
            On::Throttled
            | On::ServerError
            | On::LastPage
            | On::Complete
            | On::Broken
            | On::Unreachable,
        ) => Page,
        (BesideAsked, On::DueTick) => Waiting,
        (BesideAsked, On::Pause) => Paused,
        (BesideAsked, On::Close) => Closed,
        (
            BesideAsked,
            On::Start
            | On::Row
            | On::InitialEventsEnd
            | On::Expired
            | On::OtherColumns
            | On::EarlyTick
            | On::LateTick
            | On::Work
            | On::Retry
            | On::Resume,
        ) => BesideAsked,

        // Its events are kept; whether their columns fit is judged with the last page.
        (Beside, On::Row | On::InitialEventsEnd | On::OtherColumns) => Beside,
        (Beside, On::Expired) => Listing,
        // A second head counts for nothing; what ends the exchange does.
        (
            Beside,
            On::Unauthorized
            | On::Forbidden
            | On::Gone
            | On::Invalid
            | On::Throttled
            | On::ServerError
            | On::LastPage
            | On::Complete
            | On::Broken
            | On::Unreachable,
        ) => Page,
        (Beside, On::DueTick) => Waiting,
        (Beside, On::Pause) => Paused,
        (Beside, On::Close) => Closed,
        (
            Beside,
            On::Start
            | On::Accepted
            | On::WebPage
            | On::EarlyTick
            | On::LateTick
            | On::Work
            | On::Retry
            | On::Resume,
        ) => Beside,

        // The store works: whatever comes for the stream waits, and is read when it is done.
        (Publishing, On::Work) => Live,
        (Publishing, On::Pause) => Paused,
        (Publishing, On::Close) => Closed,
        (
            Publishing,
            On::Start
            | On::Accepted
            | On::WebPage
            | On::Unauthorized
            | On::Forbidden
            | On::Gone
            | On::Invalid
            | On::Throttled
            | On::ServerError
            | On::Row
            | On::InitialEventsEnd
            | On::Expired
            | On::OtherColumns
            | On::LastPage
            | On::Complete
            | On::Broken
            | On::Unreachable
            | On::EarlyTick
            | On::DueTick
            | On::LateTick
            | On::Retry
            | On::Resume,
        ) => Publishing,

        // A WATCH was asked for after an unclean end: its head alone proves nothing.
        (Resuming, On::Accepted) => Probing,
        (Resuming, On::WebPage) => Auth,
        (Resuming, On::Unauthorized) => Resuming,
        // It was allowed before: a server that starts says no to everything for a moment.
        (Resuming, On::Forbidden) => WaitingToResume,
        (Resuming, On::Invalid) => Failed,
        (Resuming, On::Throttled | On::ServerError) => WaitingToResume,
        // A failure came just before it, so this is paced. Who cannot be reached may be another when it can.
        (
            Resuming,
            On::Gone | On::LastPage | On::Complete | On::Broken | On::Unreachable | On::DueTick,
        ) => Waiting,
        (Resuming, On::Pause) => Paused,
        (Resuming, On::Close) => Closed,
        // Whoever asks for another try does not believe in this one.
        (Resuming, On::Retry) => Connecting,
        (
            Resuming,
            On::Start
            | On::Row
            | On::InitialEventsEnd
            | On::Expired
            | On::OtherColumns
            | On::EarlyTick
            | On::LateTick
            | On::Work
            | On::Resume,
        ) => Resuming,

        // The probe was asked for. It may be asked for once more, as a stream.
        (Probing, On::Accepted) => ProbeAnswered,
        (Probing, On::WebPage) => Auth,
        (Probing, On::Unauthorized) => Resuming,
        (Probing, On::Forbidden) => Probing,
        // Whatever else refuses it: the version is given up.
        (
            Probing,
            On::Gone
            | On::Invalid
            | On::Throttled
            | On::ServerError
            | On::LastPage
            | On::Complete
            | On::Broken
            | On::Unreachable
            | On::DueTick,
        ) => Waiting,
        (Probing, On::Retry) => Connecting,
        (Probing, On::Pause) => Paused,
        (Probing, On::Close) => Closed,
        (
            Probing,
            On::Start
            | On::Row
            | On::InitialEventsEnd
            | On::Expired
            | On::OtherColumns
            | On::EarlyTick
            | On::LateTick
            | On::Work
            | On::Resume,
        ) => Probing,

        // A list that is whole proves it, and nothing else does.
        (ProbeAnswered, On::LastPage) => Live,
        (
            ProbeAnswered,
            On::Unauthorized
            | On::Forbidden
            | On::Gone
            | On::Invalid
            | On::Throttled
            | On::ServerError
            | On::Complete
            | On::Broken
            | On::Unreachable
            | On::DueTick,
        ) => Waiting,
        (ProbeAnswered, On::Pause) => Paused,
        (ProbeAnswered, On::Close) => Closed,
        (
            ProbeAnswered,
            On::Start
            | On::Accepted
            | On::WebPage
            | On::Row
            | On::InitialEventsEnd
            | On::Expired
            | On::OtherColumns
            | On::EarlyTick
            | On::LateTick
            | On::Work
            | On::Retry
            | On::Resume,
        ) => ProbeAnswered,

        // Changes arrive.
        (Live, On::Row | On::InitialEventsEnd) => Live,
        (Live, On::Expired | On::OtherColumns) => Connecting,
        // Ended sooner than asked for, cleanly: at once the first time.
        (
            Live,
            On::Unauthorized
            | On::Forbidden
            | On::Gone
            | On::Invalid
            | On::Throttled
            | On::ServerError
            | On::LastPage
            | On::Complete,
        ) => Resuming,
        (Live, On::Broken | On::Unreachable | On::DueTick) => WaitingToResume,
        (Live, On::Pause) => Paused,
        (Live, On::Close) => Closed,
        (
            Live,
            On::Start
            | On::Accepted
            | On::WebPage
            | On::EarlyTick
            | On::LateTick
            | On::Work
            | On::Retry
            | On::Resume,
        ) => Live,

        // Nothing is under way. A late tick is as good as any.
        (Polling, On::DueTick | On::LateTick | On::Retry) => Listing,
        (Polling, On::Pause) => Paused,
        (Polling, On::Close) => Closed,
        (
            Polling,
            On::Start
            | On::Accepted
            | On::WebPage
            | On::Unauthorized
            | On::Forbidden
            | On::Gone
            | On::Invalid
            | On::Throttled
            | On::ServerError
            | On::Row
            | On::InitialEventsEnd
            | On::Expired
            | On::OtherColumns
            | On::LastPage
            | On::Complete
            | On::Broken
            | On::Unreachable
            | On::EarlyTick
            | On::Work
            | On::Resume,
        ) => Polling,
        (Waiting, On::DueTick | On::LateTick | On::Retry) => Connecting,
        (Waiting, On::Pause) => Paused,
        (Waiting, On::Close) => Closed,
        (
            Waiting,
            On::Start
            | On::Accepted
            | On::WebPage
            | On::Unauthorized
            | On::Forbidden
            | On::Gone
            | On::Invalid
            | On::Throttled
            | On::ServerError
            | On::Row
            | On::InitialEventsEnd
            | On::Expired
            | On::OtherColumns
            | On::LastPage
            | On::Complete
            | On::Broken
            | On::Unreachable
            | On::EarlyTick
            | On::Work
            | On::Resume,
        ) => Waiting,
        (WaitingToResume, On::DueTick | On::LateTick | On::Retry) => Resuming,
        (WaitingToResume, On::Pause) => Paused,
        (WaitingToResume, On::Close) => Closed,
        (
            WaitingToResume,
            On::Start
            | On::Accepted
            | On::WebPage
            | On::Unauthorized
            | On::Forbidden
            | On::Gone
            | On::Invalid
            | On::Throttled
            | On::ServerError
            | On::Row
            | On::InitialEventsEnd
            | On::Expired
            | On::OtherColumns
            | On::LastPage
            | On::Complete
            | On::Broken
            | On::Unreachable
            | On::EarlyTick
            | On::Work
            | On::Resume,
        ) => WaitingToResume,

        // At rest: only commands. The pause was made while live, so it ends by resuming.
        (Paused, On::Retry | On::Resume) => Resuming,
        (Paused, On::Close) => Closed,
        (
            Paused,
            On::Start
            | On::Accepted
            | On::WebPage
            | On::Unauthorized
            | On::Forbidden
            | On::Gone
            | On::Invalid
            | On::Throttled
            | On::ServerError
            | On::Row
            | On::InitialEventsEnd
            | On::Expired
            | On::OtherColumns
            | On::LastPage
            | On::Complete
            | On::Broken
            | On::Unreachable
            | On::EarlyTick
            | On::DueTick
            | On::LateTick
            | On::Work
            | On::Pause,
        ) => Paused,
        (Auth, On::Retry) => Connecting,
        (Auth, On::Close) => Closed,
        (
            Auth,
            On::Start
            | On::Accepted
            | On::WebPage
            | On::Unauthorized
            | On::Forbidden
            | On::Gone
            | On::Invalid
            | On::Throttled
            | On::ServerError
            | On::Row
            | On::InitialEventsEnd
            | On::Expired
            | On::OtherColumns
            | On::LastPage
            | On::Complete
            | On::Broken
            | On::Unreachable
            | On::EarlyTick
            | On::DueTick
            | On::LateTick
            | On::Work
            | On::Pause
            | On::Resume,
        ) => Auth,
        (Failed, On::Retry) => Connecting,
        (Failed, On::Close) => Closed,
        (
            Failed,
            On::Start
            | On::Accepted
            | On::WebPage
            | On::Unauthorized
            | On::Forbidden
            | On::Gone
            | On::Invalid
            | On::Throttled
            | On::ServerError
            | On::Row
            | On::InitialEventsEnd
            | On::Expired
            | On::OtherColumns
            | On::LastPage
            | On::Complete
            | On::Broken
            | On::Unreachable
            | On::EarlyTick
            | On::DueTick
            | On::LateTick
            | On::Work
            | On::Pause
            | On::Resume,
        ) => Failed,
        (
            Closed,
            On::Start
            | On::Accepted
            | On::WebPage
            | On::Unauthorized
            | On::Forbidden
            | On::Gone
            | On::Invalid
            | On::Throttled
            | On::ServerError
            | On::Row
            | On::InitialEventsEnd
            | On::Expired
            | On::OtherColumns
            | On::LastPage
            | On::Complete
            | On::Broken
            | On::Unreachable
            | On::EarlyTick
            | On::DueTick
            | On::LateTick
            | On::Work
            | On::Retry
            | On::Pause
            | On::Resume
            | On::Close,
        ) => Closed,
    }
}

/// A machine, its clock, and the exchange that was asked for last.
struct Bench {
    machine: Reflector,
    now: u64,
    last: ExchangeId,
}

const COLUMNS: &str =
    r#"[{"name":"Name","type":"string","format":"name","description":"","priority":0}]"#;

impl Bench {
    fn new() -> Self {
        let resource = Resource {
            version: "v1".to_owned(),
            resource: "pods".to_owned(),
            ..Resource::default()
        };
        Self {
            machine: Reflector::new(Config::new(resource, 1)),
            now: 0,
            last: ExchangeId(0),
        }
    }

    fn give(&mut self, input: Input<'_>) {
        let wall = Timestamp(i64::try_from(self.now).unwrap());
        self.machine.handle(
            input,
            Now {
                monotonic: Instant(self.now),
                wall,
            },
        );
        loop {
            match self.machine.poll_output() {
                Output::Send { exchange, .. } => self.last = exchange,
                Output::More | Output::Wait(_) | Output::Rest => return,
                Output::Abort { .. } | Output::Publish(_) | Output::Changed | Output::Status => {}
            }
        }
    }

    fn head(&mut self, status: u16, content_type: &str) {
        let head = Head {
            status,
            content_type: Some(content_type),
            ..Head::default()
        };
        self.give(Input::Head {
            exchange: self.last,
            head,
        });
    }

    fn bytes(&mut self, text: &str) {
        self.give(Input::Bytes {
            exchange: self.last,
            bytes: text.as_bytes(),
        });
    }

    fn end(&mut self, cause: EndCause) {
        self.give(Input::End {
            exchange: self.last,
            cause,
        });
    }

    fn refuse(&mut self, code: u16, cause: &str) {
        let exchange = self.last;
        self.head(code, "application/json");
        let body = format!(
            r#"{{"kind":"Status","message":"m","code":{code},"details":{{"causes":[{{"field":"{cause}"}}]}}}}"#
        );
        self.give(Input::Bytes {
            exchange,
            bytes: body.as_bytes(),
        });
        self.give(Input::End {
            exchange,
            cause: EndCause::Complete,
        });
    }

    fn event(&mut self, kind: &str, columns: &str, annotations: &str) {
        let text = format!(
            r#"{{"type":"{kind}","object":{{"kind":"Table","metadata":{{"resourceVersion":"9"}},"columnDefinitions":{columns},"rows":[{{"cells":["a"],"object":{{"metadata":{{"name":"a","uid":"u"{annotations}}}}}}}]}}}}"#
        );
        self.bytes(&text);
    }

    fn command(&mut self, command: Command) {
        self.give(Input::Command(command));
    }

    fn input(&mut self, input: On) {
        let deadline = self
            .machine
            .state
            .deadline()
            .map_or(self.now, |deadline| deadline.0);
        match input {
            On::Start => self.give(Input::Start),
            On::Accepted => self.head(200, "application/json"),
            On::WebPage => self.head(200, "text/html"),
            On::Unauthorized => self.refuse(401, ""),
            On::Forbidden => self.refuse(403, ""),
            On::Gone => self.refuse(410, ""),
            On::Invalid => self.refuse(422, "sendInitialEvents"),
            On::Throttled => self.refuse(429, ""),
            On::ServerError => self.refuse(500, ""),
            On::Row => self.event("ADDED", COLUMNS, ""),
            On::InitialEventsEnd => self.event(
                "BOOKMARK",
                COLUMNS,
                r#","annotations":{"k8s.io/initial-events-end":"true"}"#,
            ),
            On::Expired => {
                self.bytes(
                    r#"{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}}"#,
                );
            }
            On::OtherColumns => self.event("ADDED", r#"[{"name":"Other"}]"#, ""),
            On::LastPage => {
                let page = self.last;
                self.bytes(&format!(
                    r#"{{"kind":"Table","metadata":{{"resourceVersion":"9"}},"columnDefinitions":{COLUMNS},"rows":[]}}"#
                ));
                self.give(Input::End {
                    exchange: page,
                    cause: EndCause::Complete,
                });
            }
            On::Complete => self.end(EndCause::Complete),
            On::Broken => self.end(EndCause::Broken),
            On::Unreachable => self.end(EndCause::Unreachable),
            On::EarlyTick => self.give(Input::Tick),
            On::DueTick => {
                self.now = deadline;
                self.give(Input::Tick);
            }
            On::LateTick => {
                self.now = deadline + 60_000;
                self.give(Input::Tick);
            }
            On::Work => self.give(Input::Work),
            On::Retry => self.command(Command::Retry),
            On::Pause => self.command(Command::Pause),
            On::Resume => self.command(Command::Resume),
            On::Close => self.command(Command::Close),
        }
    }

    /// A machine in this state, by the shortest way there.
    fn reach(state: In) -> Self {
        let way: &[On] = match state {
            In::Idle => &[],
            // To Polling there is more, below.
            In::Connecting | In::Polling => &[On::Start],
            In::Streaming => &[On::Start, On::Accepted],
            In::Listing => &[On::Start, On::Invalid],
            In::Page | In::BesideAsked | In::Beside => &[On::Start, On::Invalid, On::Accepted],
            In::Publishing => &[On::Start, On::Accepted, On::InitialEventsEnd],
            In::Live => &[On::Start, On::Accepted, On::InitialEventsEnd, On::Work],
            In::WaitingToResume => &[
                On::Start,
                On::Accepted,
                On::InitialEventsEnd,
                On::Work,
                On::Broken,
            ],
            In::Resuming | In::Probing | In::ProbeAnswered => &[
                On::Start,
                On::Accepted,
                On::InitialEventsEnd,
                On::Work,
                On::Broken,
                On::DueTick,
            ],
            In::Waiting => &[On::Start, On::Broken],
            In::Paused => &[
                On::Start,
                On::Accepted,
                On::InitialEventsEnd,
                On::Work,
                On::Pause,
            ],
            In::Auth => &[On::Start, On::WebPage],
            In::Failed => &[On::Start, On::Forbidden],
            In::Closed => &[On::Close],
        };
        let mut bench = Self::new();
        for &input in way {
            bench.input(input);
        }
        if matches!(state, In::BesideAsked | In::Beside) {
            // The first page has told its version and is not whole.
            bench.bytes(&format!(
                r#"{{"kind":"Table","metadata":{{"resourceVersion":"9"}},"columnDefinitions":{COLUMNS},"#
            ));
        }
        if matches!(state, In::Beside | In::Probing | In::ProbeAnswered) {
            bench.input(On::Accepted);
        }
        if state == In::ProbeAnswered {
            bench.input(On::Accepted);
        }
        if state == In::Polling {
            bench.refuse(405, "");
            bench.input(On::Accepted);
            bench.input(On::LastPage);
            bench.input(On::Work);
        }
        bench
    }

    fn is_answered(&self, exchange: ExchangeId) -> bool {
        let exchange = self.machine.exchanges.get(exchange);
        !exchange.is_some_and(|exchange| matches!(exchange.reading, Reading::Head))
    }

    fn place(&self) -> In {
        match &self.machine.state {
            State::Idle => In::Idle,
            State::Connecting { .. } => In::Connecting,
            State::Streaming { .. } => In::Streaming,
            State::Listing(listing) if let Beside::Open(watch) = listing.beside => {
                if self.is_answered(watch) {
                    In::Beside
                } else {
                    In::BesideAsked
                }
            }
            State::Listing(_)
                if self
                    .machine
                    .attempt
                    .as_ref()
                    .is_some_and(|attempt| attempt.begun) =>
            {
                In::Page
            }
            State::Listing(_) => In::Listing,
            State::Publishing { .. } => In::Publishing,
            State::Resuming(resuming) => match resuming.probe {
                None => In::Resuming,
                Some(probe) if self.is_answered(probe) => In::ProbeAnswered,
                Some(_) => In::Probing,
            },
            State::Live(_) => In::Live,
            State::Polling { .. } => In::Polling,
            State::Waiting {
                then: Then::Snapshot,
                ..
            } => In::Waiting,
            State::Waiting {
                then: Then::Resume(_),
                ..
            } => In::WaitingToResume,
            State::Paused { .. } => In::Paused,
            State::Auth { .. } => In::Auth,
            State::Failed => In::Failed,
            State::Closed => In::Closed,
        }
    }
}

#[test]
fn every_cell_of_the_table_holds() {
    let mut wrong = Vec::new();
    for state in STATES {
        for input in INPUTS {
            let mut bench = Bench::reach(state);
            assert_eq!(bench.place(), state, "the way there");
            bench.input(input);
            let (expected, found) = (expected(state, input), bench.place());
            if found != expected {
                wrong.push(format!(
                    "{state:?} on {input:?}: {found:?}, expected {expected:?}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_state_waits_with_a_deadline_or_rests() {
    for state in STATES {
        let bench = Bench::reach(state);
        let state = &bench.machine.state;
        let works = matches!(state, State::Publishing { .. });
        assert_eq!(
            state.deadline().is_none(),
            state.is_rest() || works,
            "{state:?}"
        );
    }
}
