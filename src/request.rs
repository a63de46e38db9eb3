//! A request as a value. Nothing here sends it.

use crate::clock::Millis;

/// Tables where the server makes them, else plain JSON. The second half matters: without it a server that makes no Table for
/// a stream answers 406 where it could have sent objects.
const ACCEPT: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

/// Whole objects, never Tables.
const ACCEPT_OBJECTS: &str = "application/json";

/// Objects a page of a LIST (500, as in client-go's pager).
pub const PAGE: u32 = 500;

/// A name that no object has: the API server takes no upper-case letters in names of almost all resources. If one has it all
/// the same, the answer is one row longer and proves as much.
const ABSENT: &str = "metadata.name=NO-SUCH-OBJECT";

/// What to watch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resource {
    /// API group; empty for the core group.
    pub group: String,
    /// API version, for example `v1`.
    pub version: String,
    /// Plural name, for example `pods`.
    pub resource: String,
    /// Empty: all namespaces, or a cluster-scoped resource.
    pub namespace: String,
    /// Kubernetes label selector; empty for none.
    pub label_selector: String,
    /// Kubernetes field selector; empty for none.
    pub field_selector: String,
}

impl Resource {
    /// The collection's absolute path below the server's base address, percent-encoded.
    #[must_use]
    pub fn path(&self) -> String {
        let mut path = String::from("/api");
        if !self.group.is_empty() {
            path.push('s');
            push_segment(&mut path, &self.group);
        }
        push_segment(&mut path, &self.version);
        if !self.namespace.is_empty() {
            path.push_str("/namespaces");
            push_segment(&mut path, &self.namespace);
        }
        push_segment(&mut path, &self.resource);
        path
    }
}

/// What a request is for; decides how its response is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequestKind {
    /// A streaming list: WATCH with `sendInitialEvents=true`.
    WatchList,
    /// A page of a LIST.
    List,
    /// A WATCH from a resourceVersion.
    Watch,
    /// A small LIST or `WatchList` that asks whether a resourceVersion has been reached.
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

impl Request {
    /// A streaming list (KEP-3157) of the most recent state: all of it, a bookmark that says so, then changes.
    ///
    /// `range`: see [`Request::watch`].
    #[must_use]
    pub fn watch_list(resource: &Resource, timeout: Millis, range: bool) -> Self {
        let mut request = Self::new(RequestKind::WatchList, resource);
        request.ask_for_initial_events();
        request.ask_to_watch(timeout, range);
        request.select(resource);
        request
    }

    /// Changes since a resourceVersion.
    ///
    /// `timeout`: after this the server ends the stream. `range`: send `Range: bytes=0-`, which the server ignores and which
    /// makes browsers ask for no compression; without it Kubernetes 1.37 falls silent in every browser, since they read only
    /// the first of its gzip members.
    #[must_use]
    pub fn watch(
        resource: &Resource,
        resource_version: &str,
        timeout: Millis,
        range: bool,
    ) -> Self {
        let mut request = Self::new(RequestKind::Watch, resource);
        request.query.push(("watch", "true".to_owned()));
        request
            .query
            .push(("resourceVersion", resource_version.to_owned()));
        request.ask_to_watch(timeout, range);
        request.select(resource);
        request
    }

    /// The same for objects without a Table. Kubernetes 1.32 makes no Tables of a streaming list, but does of a WATCH: what is
    /// to go on from plain objects has to ask for them.
    #[must_use]
    pub fn of_objects(mut self) -> Self {
        for (name, value) in &mut self.headers {
            if *name == "Accept" {
                ACCEPT_OBJECTS.clone_into(value);
            }
        }
        self
    }

    /// A page of the most recent state. `continue_token`: of the page before; none asks for the first page.
    #[must_use]
    pub fn list(resource: &Resource, continue_token: Option<&str>) -> Self {
        let mut request = Self::new(RequestKind::List, resource);
        request.query.push(("limit", PAGE.to_string()));
        if let Some(token) = continue_token {
            request.query.push(("continue", token.to_owned()));
        }
        request.select(resource);
        request
    }

    /// Asks by a LIST of nothing whether the server has reached a resourceVersion: 200 where it has, 504 where it has not.
    #[must_use]
    pub fn probe(resource: &Resource, resource_version: &str) -> Self {
        let mut request = Self::new(RequestKind::Probe, resource);
        request
            .query
            .push(("resourceVersion", resource_version.to_owned()));
        request
            .query
            .push(("resourceVersionMatch", "NotOlderThan".to_owned()));
        request.query.push(("fieldSelector", ABSENT.to_owned()));
        request
    }

    /// As [`Request::probe`], by a streaming list, for those who may watch but not list: the end bookmark, or an ERROR event
    /// with code 504.
    #[must_use]
    pub fn probe_stream(resource: &Resource, resource_version: &str, range: bool) -> Self {
        let mut request = Self::new(RequestKind::Probe, resource);
        request
            .query
            .push(("resourceVersion", resource_version.to_owned()));
        request.ask_for_initial_events();
        request.ask_to_watch(Millis::from_secs(10), range);
        request.query.push(("fieldSelector", ABSENT.to_owned()));
        request
    }

    /// Whether a stream of events answers it, not one document.
    #[must_use]
    pub fn is_watch(&self) -> bool {
        self.query.iter().any(|&(name, _)| name == "watch")
    }

    /// Whether it is sent with `Range: bytes=0-`.
    #[must_use]
    pub fn has_range(&self) -> bool {
        self.headers.iter().any(|&(name, _)| name == "Range")
    }

    fn new(kind: RequestKind, resource: &Resource) -> Self {
        Self {
            kind,
            path: resource.path(),
            query: Vec::new(),
            headers: vec![("Accept", ACCEPT.to_owned())],
            refresh_credentials: false,
        }
    }

    /// `resourceVersionMatch` is required beside `sendInitialEvents`; without bookmarks the end would never be marked.
    fn ask_for_initial_events(&mut self) {
        self.query.push(("watch", "true".to_owned()));
        self.query.push(("sendInitialEvents", "true".to_owned()));
        self.query
            .push(("resourceVersionMatch", "NotOlderThan".to_owned()));
    }

    fn ask_to_watch(&mut self, timeout: Millis, range: bool) {
        let seconds = timeout.0.div_ceil(1000);
        self.query.push(("allowWatchBookmarks", "true".to_owned()));
        self.query.push(("timeoutSeconds", seconds.to_string()));
        if range {
            self.headers.push(("Range", "bytes=0-".to_owned()));
        }
    }

    fn select(&mut self, resource: &Resource) {
        if !resource.label_selector.is_empty() {
            self.query
                .push(("labelSelector", resource.label_selector.clone()));
        }
        if !resource.field_selector.is_empty() {
            self.query
                .push(("fieldSelector", resource.field_selector.clone()));
        }
    }
}

/// Appends a path segment, with everything but unreserved characters (RFC 3986, 2.3) percent-encoded. A segment of dots alone
/// is encoded as well: browsers would resolve it, `%2e` or not, so it becomes a name that no server has.
fn push_segment(path: &mut String, segment: &str) {
    path.push('/');
    if segment.bytes().all(|byte| byte == b'.') {
        path.push_str("%00");
        return;
    }
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            path.push(char::from(byte));
        } else {
            path.push('%');
            for nibble in [byte >> 4, byte & 15] {
                path.extend(
                    char::from_digit(u32::from(nibble), 16).map(|digit| digit.to_ascii_uppercase()),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pods() -> Resource {
        Resource {
            version: "v1".to_owned(),
            resource: "pods".to_owned(),
            namespace: "shop".to_owned(),
            ..Resource::default()
        }
    }

    fn query(request: &Request) -> String {
        let pairs: Vec<_> = request
            .query
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("&")
    }

    #[test]
    fn a_streaming_list_has_exactly_the_parameters_of_the_protocol() {
        let request = Request::watch_list(&pods(), Millis::from_secs(270), true);
        assert_eq!(request.path, "/api/v1/namespaces/shop/pods");
        assert_eq!(
            query(&request),
            "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan\
             &allowWatchBookmarks=true&timeoutSeconds=270"
        );
        assert_eq!(
            request.headers,
            [
                ("Accept", ACCEPT.to_owned()),
                ("Range", "bytes=0-".to_owned())
            ]
        );
        assert!(request.is_watch() && request.has_range() && !request.refresh_credentials);
    }

    #[test]
    fn a_watch_never_sends_initial_events() {
        let request = Request::watch(&pods(), "42", Millis(240_500), false);
        assert_eq!(
            query(&request),
            "watch=true&resourceVersion=42&allowWatchBookmarks=true&timeoutSeconds=241"
        );
        assert!(!request.has_range());
    }

    #[test]
    fn of_objects_differs_in_the_accepted_form_alone() {
        let tables = Request::watch(&pods(), "42", Millis(1000), true);
        let objects = tables.clone().of_objects();
        assert_eq!(
            objects.headers,
            [
                ("Accept", "application/json".to_owned()),
                ("Range", "bytes=0-".to_owned())
            ]
        );
        assert_eq!((objects.kind, objects.query), (tables.kind, tables.query));
    }

    #[test]
    fn a_range_is_sent_on_watches_and_on_nothing_else() {
        assert!(Request::watch(&pods(), "1", Millis(1), true).has_range());
        assert!(Request::probe_stream(&pods(), "1", true).has_range());
        assert!(!Request::list(&pods(), None).has_range());
        assert!(!Request::probe(&pods(), "1").has_range());
    }

    #[test]
    fn pages_carry_the_token_and_no_resource_version() {
        assert_eq!(query(&Request::list(&pods(), None)), "limit=500");
        assert_eq!(
            query(&Request::list(&pods(), Some("t=&"))),
            "limit=500&continue=t=&"
        );
    }

    #[test]
    fn probes_ask_for_an_object_that_is_not_there() {
        assert_eq!(
            query(&Request::probe(&pods(), "7")),
            "resourceVersion=7&resourceVersionMatch=NotOlderThan&fieldSelector=metadata.name=NO-SUCH-OBJECT"
        );
        let stream = query(&Request::probe_stream(&pods(), "7", false));
        assert!(
            stream.contains("sendInitialEvents=true") && stream.contains(ABSENT),
            "{stream}"
        );
    }

    #[test]
    fn selectors_go_with_lists_and_watches() {
        let resource = Resource {
            label_selector: "app in (a,b)".to_owned(),
            field_selector: "spec.nodeName=n".to_owned(),
            ..pods()
        };
        let tail = "&labelSelector=app in (a,b)&fieldSelector=spec.nodeName=n";
        assert!(query(&Request::watch_list(&resource, Millis(1), true)).ends_with(tail));
        assert!(query(&Request::watch(&resource, "1", Millis(1), true)).ends_with(tail));
        assert!(query(&Request::list(&resource, None)).ends_with(tail));
    }

    #[test]
    fn names_cannot_leave_their_place_in_the_path() {
        let resource = Resource {
            group: "apps".to_owned(),
            version: "v1".to_owned(),
            resource: "a/../b?c#d é".to_owned(),
            namespace: "..".to_owned(),
            ..Resource::default()
        };
        assert_eq!(
            resource.path(),
            "/apis/apps/v1/namespaces/%00/a%2F..%2Fb%3Fc%23d%20%C3%A9"
        );
        let cluster = Resource {
            namespace: String::new(),
            ..pods()
        };
        assert_eq!(cluster.path(), "/api/v1/pods");
    }
}
