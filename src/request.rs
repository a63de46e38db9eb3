//! A request as a value. Nothing here sends it.

/// What a request is for; decides how its response is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequestKind {
    /// A streaming list: WATCH with `sendInitialEvents=true`.
    WatchList,
    /// A page of a LIST.
    List,
    /// A WATCH from a resourceVersion.
    Watch,
    /// A small LIST or WatchList that asks whether a resourceVersion has been reached.
    Probe,
}

/// A GET request to the API server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What it is for.
    pub kind: RequestKind,
    /// Absolute path below the server's base address, percent-encoded.
    pub path: String,
    /// Query parameters in order, not yet encoded.
    pub query: Vec<(&'static str, String)>,
    /// Headers of the protocol. Credentials are the driver's affair and are never in here.
    pub headers: Vec<(&'static str, String)>,
    /// The last answer was 401: ask the caller for a fresh token before sending.
    pub refresh_credentials: bool,
}
