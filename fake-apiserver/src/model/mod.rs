//! An API server without I/O.
//!
//! [`ApiServer::handle`] takes a request and the time, and says what is answered; a [`Watch`]
//! then gives its events whenever it is asked. Nothing here sleeps or reads a clock, so a
//! simulator drives it in virtual time as well as a web server does in ours.

pub mod base64;
mod discovery;
mod history;
mod list;
mod negotiate;
pub mod object;
mod options;
pub mod pod;
mod printers;
mod profile;
mod render;
mod request;
mod resource;
mod selector;
mod status;
mod watch;

use std::sync::Arc;

pub use history::{Change, History};
pub use list::ListBody;
pub use negotiate::{Form, Include, MetaVersion};
pub use object::Object;
pub use profile::{PROFILES, Profile, UnknownProfile, WatchList};
pub use render::{ADDED_COLUMN, ListMeta, Rendering};
pub use request::{Request, parse_query, percent_decode};
pub use resource::{Resource, ResourceId};
pub use status::Refusal;
pub use watch::{Batch, Watch};

use crate::random::Random;
use crate::time::{SECOND, Time};
use list::Token;
use negotiate::Verb;
use options::ListOptions;
use request::{ResourcePath, Target};
use selector::Selector;

/// A server waits so long for a version that it has not yet reached.
const FRESHNESS_WAIT: i64 = 3 * SECOND;

/// An API server: a history of objects and the way in which a version of Kubernetes serves it.
#[derive(Debug)]
pub struct ApiServer {
    /// Which version it behaves as.
    pub profile: Profile,
    /// The storage.
    pub history: History,
    /// How often the storage was restored; watches from before end.
    restores: u64,
    random: Random,
}

/// An answer.
#[derive(Debug)]
pub enum Reply {
    /// A whole answer.
    Whole(Head, Vec<u8>),
    /// A list, written piece by piece.
    List(Head, ListBody),
    /// A stream of events.
    Watch(Head, Box<Watch>),
    /// The server waits: ask again when something changed, at this time at the latest.
    NotYet(Time),
}

impl Reply {
    fn head_mut(&mut self) -> Option<&mut Head> {
        match self {
            Self::Whole(head, _) | Self::List(head, _) | Self::Watch(head, _) => Some(head),
            Self::NotYet(_) => None,
        }
    }
}

/// The head of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The HTTP status code.
    pub status: u16,
    /// Header fields, without those that say how long the body is.
    pub headers: Vec<(&'static str, String)>,
}

impl Head {
    fn new(status: u16, content_type: &str) -> Self {
        Self {
            status,
            headers: vec![
                ("cache-control", "no-cache, private".to_owned()),
                ("content-type", content_type.to_owned()),
            ],
        }
    }

    /// The value of a header field, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// What a fault changes in the way a request is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tampering {
    /// The version asked for is taken as one that the server has not reached.
    pub version_is_future: bool,
    /// Columns are others than the resource has.
    pub changed_columns: bool,
}

impl ApiServer {
    /// A server over a storage that has been loaded.
    #[must_use]
    pub fn new(profile: Profile, history: History, seed: u64) -> Self {
        Self {
            profile,
            history,
            restores: 0,
            random: Random::new(seed),
        }
    }

    /// Goes back to an earlier revision, as after an etcd restore: watches end. `false` where the
    /// revision is no longer remembered.
    pub fn restore(&mut self, revision: u64) -> bool {
        let restored = self.history.restore(revision);
        self.restores += u64::from(restored);
        restored
    }

    /// Ends all watches, as a restart does.
    pub fn end_watches(&mut self) {
        self.restores += 1;
    }

    /// Answers a request that came at `arrived`, now.
    pub fn handle(&mut self, request: &Request, arrived: Time, now: Time) -> Reply {
        self.handle_tampered(request, Tampering::default(), arrived, now)
    }

    /// The same, with what a fault changes.
    pub fn handle_tampered(
        &mut self,
        request: &Request,
        tampering: Tampering,
        arrived: Time,
        now: Time,
    ) -> Reply {
        let mut reply = match self.answer(request, tampering, arrived, now) {
            Ok(reply) => reply,
            Err(refusal) => self.refuse(request, &refusal),
        };
        if request.path == "/api/v1/componentstatuses"
            && let Some(head) = reply.head_mut()
        {
            let warning = "299 - \"v1 ComponentStatus is deprecated in v1.19+\"";
            head.headers.push(("warning", warning.to_owned()));
        }
        reply
    }

    /// The answer that carries a refusal.
    #[must_use]
    pub fn refuse(&self, request: &Request, refusal: &Refusal) -> Reply {
        let mut head = Head::new(refusal.code, "application/json");
        if refusal.code == 403 {
            head.headers
                .push(("x-content-type-options", "nosniff".to_owned()));
        }
        if let Some(seconds) = refusal.retry_after {
            head.headers.push(("retry-after", seconds.to_string()));
        }
        let pretty = request.wants_pretty() || !negotiate::error_is_negotiable(&request.accept);
        let body = if pretty {
            refusal.pretty()
        } else {
            let mut body = Vec::new();
            refusal.write(&mut body);
            body.push(b'\n');
            body
        };
        Reply::Whole(head, body)
    }

    fn answer(
        &mut self,
        request: &Request,
        tampering: Tampering,
        arrived: Time,
        now: Time,
    ) -> Result<Reply, Refusal> {
        let path = match request::target(&request.path) {
            Target::Resource(path) => path,
            other => return discovery::answer(request, &other, &self.profile),
        };
        if !discovery::has_version(&path.group, &path.version) {
            return Ok(discovery::not_found());
        }
        let resource = ResourceId::find(&path.group, &path.version, &path.resource);
        let resource = resource.ok_or_else(Refusal::no_such_resource)?;
        let scoped = resource.get().namespaced || path.namespace.is_empty();
        if !path.subresource.is_empty() || !scoped {
            return Err(Refusal::no_such_resource());
        }
        if !matches!(request.method.as_str(), "GET" | "HEAD") {
            return Err(Refusal::method_not_allowed());
        }
        if path.name.is_empty() {
            self.collection(request, tampering, resource, &path, (arrived, now))
        } else {
            self.object(request, resource, &path, now)
        }
    }

    /// A single object.
    fn object(
        &self,
        request: &Request,
        resource: ResourceId,
        path: &ResourcePath,
        now: Time,
    ) -> Result<Reply, Refusal> {
        let options = ListOptions::default();
        let form = negotiate::negotiate(&request.accept, Verb::Get, &options, &self.profile)?;
        let form =
            negotiate::include(form, request.parameter("includeObject").unwrap_or_default())?;
        let definition = resource.get();
        let key = object::key(&path.namespace, &path.name);
        let Some(object) = self.history.get(resource, &key) else {
            return Err(Refusal::no_such_object(
                definition.plural,
                definition.group,
                &path.name,
            ));
        };
        let rendering = self.rendering(resource, form, false);
        let mut body = Vec::new();
        rendering.object(&mut body, object, object.meta.resource_version, true, now);
        body.push(b'\n');
        Ok(Reply::Whole(Head::new(200, "application/json"), body))
    }

    /// A LIST or a WATCH, checked in the order in which real servers check.
    fn collection(
        &mut self,
        request: &Request,
        tampering: Tampering,
        resource: ResourceId,
        path: &ResourcePath,
        (arrived, now): (Time, Time),
    ) -> Result<Reply, Refusal> {
        let profile = self.profile;
        let definition = resource.get();
        let decoded = ListOptions::decode(request, &profile);
        let negotiated = |options: &ListOptions| {
            let verb = if options.watch {
                Verb::Watch
            } else {
                Verb::List
            };
            negotiate::negotiate(&request.accept, verb, options, &profile)
        };
        if !profile.validates_first {
            // What cannot be decoded is negotiated as if it were a list.
            let fallback = ListOptions::default();
            negotiated(decoded.as_ref().unwrap_or(&fallback))?;
        }
        let options = decoded?;
        let selector = Selector::parse(&options.label_selector, &options.field_selector)?;
        options.validate(&profile)?;
        selector.check_fields(definition)?;
        let form = negotiated(&options)?;
        let question = Question {
            resource,
            path,
            options,
            selector,
            form,
            tampering,
            arrived,
            now,
        };
        if question.options.watch {
            if !definition.watchable {
                return Err(Refusal::watch_not_supported(definition.plural));
            }
            self.watch(question)
        } else {
            self.list(question)
        }
    }

    fn list(&self, question: Question<'_>) -> Result<Reply, Refusal> {
        let Question {
            resource,
            path,
            options,
            selector,
            form,
            ..
        } = &question;
        let current = self.history.revision();
        let namespace = path.namespace.as_str();
        let mut revision = current;
        let mut after = String::new();
        if options.continue_token.is_empty() {
            if !options.version.is_empty() {
                let asked = options.version.parse::<u64>();
                let asked =
                    asked.map_err(|_| Refusal::list_version_is_no_number(&options.version))?;
                if let Some(wait) = self.wait(&question, asked)? {
                    return Ok(wait);
                }
                // Without a match, a limit makes a number mean exactly that version.
                let exact = options.version_match == "Exact"
                    || options.version_match.is_empty() && options.limit > 0;
                if exact && asked > 0 {
                    if asked < self.history.list_floor(*resource) {
                        return Err(Refusal::version_expired());
                    }
                    revision = asked;
                }
            }
        } else {
            if !matches!(options.version.as_str(), "" | "0") {
                return Err(Refusal::bad_request(
                    "specifying resource version is not allowed when using continue",
                ));
            }
            let token = Token::decode(&options.continue_token).ok_or_else(|| {
                Refusal::bad_request(
                    "continue key is not valid: encoded start key or version is unknown",
                )
            })?;
            after = prefixed(namespace, &token.start);
            if let Ok(pinned) = u64::try_from(token.revision) {
                if pinned < self.history.list_floor(*resource) {
                    let fresh = Token {
                        revision: -1,
                        start: token.start,
                    };
                    return Err(Refusal::continue_expired(fresh.encode()));
                }
                if pinned > current {
                    return Err(Refusal::version_too_large(pinned, current));
                }
                revision = pinned;
            }
        }
        let form = negotiate::include(*form, &options.include_object)?;
        let mut objects = if revision == current {
            self.history
                .iter(*resource, namespace, &after)
                .cloned()
                .collect()
        } else {
            self.history
                .at_revision(*resource, namespace, &after, revision)
        };
        objects.retain(|object| selector.matches(object, resource.get()));
        let limit = usize::try_from(options.limit).unwrap_or(usize::MAX);
        let mut meta = ListMeta {
            resource_version: revision,
            ..ListMeta::default()
        };
        if limit > 0 && objects.len() > limit {
            let remaining = objects.len() - limit;
            objects.truncate(limit);
            let start = objects.last().map(|last| last.key()).unwrap_or_default();
            let start = start
                .strip_prefix(&prefixed(namespace, ""))
                .unwrap_or(&start);
            // Pages of a cache write the key with a slash before it.
            let start = format!("/{start}");
            let revision = i64::try_from(revision).unwrap_or(i64::MAX);
            meta.continue_token = Some(Token { revision, start }.encode());
            // The count is only known where nothing is selected.
            meta.remaining = selector.is_empty().then_some(remaining);
        }
        let rendering = self.rendering(*resource, form, question.tampering.changed_columns);
        let body = ListBody::new(rendering, meta, objects, question.now);
        Ok(Reply::List(Head::new(200, "application/json"), body))
    }

    fn watch(&mut self, question: Question<'_>) -> Result<Reply, Refusal> {
        let (resource, now) = (question.resource, question.now);
        let current = self.history.revision();
        let options = &question.options;
        let version = options.version.as_str();
        let asked = if version.is_empty() {
            Ok(0)
        } else {
            version.parse::<u64>()
        };
        let asked = asked.map_err(|_| Refusal::watch_version_is_no_number(version))?;
        let streams_list = options.send_initial_events == Some(true);
        let mut refusal = None;
        if streams_list {
            match self.wait(&question, asked) {
                Ok(None) => {}
                Ok(Some(wait)) => return Ok(wait),
                Err(too_large) => refusal = Some(too_large),
            }
        }
        let form = negotiate::include(question.form, &options.include_object)?;
        // Without the parameter, "" and "0" begin with everything there is.
        let initial = streams_list || options.send_initial_events.is_none() && asked == 0;
        let floor = self.history.watch_floor(resource);
        let from_version = !initial && asked > 0 && !question.tampering.version_is_future;
        if from_version && asked < floor {
            refusal = Some(Refusal::too_old(asked, floor + 1));
        }
        let timeout = options.timeout.map_or_else(
            || self.random.between(1_800 * SECOND, 3_600 * SECOND),
            |seconds| {
                i64::try_from(seconds)
                    .unwrap_or(i64::MAX)
                    .saturating_mul(SECOND)
            },
        );
        let definition = resource.get();
        let objects = self.history.iter(resource, &question.path.namespace, "");
        let objects = objects.filter(|object| question.selector.matches(object, definition));
        let start = watch::Start {
            rendering: self.rendering(resource, form, question.tampering.changed_columns),
            resource,
            namespace: question.path.namespace.clone(),
            initial: if initial {
                objects.cloned().collect()
            } else {
                Vec::new()
            },
            ends_with_bookmark: options.is_watch_list(),
            bookmarks: options.allow_bookmarks,
            position: if from_version {
                asked.min(current)
            } else {
                current
            },
            silent_until: match (from_version, question.tampering.version_is_future) {
                (_, true) => u64::MAX,
                (true, _) if asked > current => asked,
                _ => 0,
            },
            selector: question.selector,
            timeout,
        };
        let mut watch = Watch::new(start, self, now);
        if let Some(refusal) = refusal {
            watch = watch.refused(refusal);
        }
        Ok(Reply::Watch(
            Head::new(200, "application/json"),
            Box::new(watch),
        ))
    }

    /// Waits for a version of the future, and gives up after three seconds.
    fn wait(&self, question: &Question<'_>, asked: u64) -> Result<Option<Reply>, Refusal> {
        let current = self.history.revision();
        if asked <= current && !question.tampering.version_is_future {
            return Ok(None);
        }
        let until = question.arrived.plus(FRESHNESS_WAIT);
        if question.now < until {
            return Ok(Some(Reply::NotYet(until)));
        }
        Err(Refusal::version_too_large(asked, current))
    }

    fn rendering(&self, resource: ResourceId, form: Form, changed_columns: bool) -> Rendering {
        Rendering {
            resource: resource.get(),
            form,
            profile: self.profile,
            changed_columns,
        }
    }

    /// The rows of a collection as Tables show them now, for tests to compare with.
    #[must_use]
    pub fn rows(&self, resource: ResourceId, namespace: &str) -> (Rendering, Vec<Arc<Object>>) {
        let form = Form::Table(MetaVersion::V1, Include::None);
        let objects = self
            .history
            .iter(resource, namespace, "")
            .cloned()
            .collect();
        (self.rendering(resource, form, false), objects)
    }
}

/// Everything that a LIST or WATCH asks.
struct Question<'a> {
    resource: ResourceId,
    path: &'a ResourcePath,
    options: ListOptions,
    selector: Selector,
    form: Form,
    tampering: Tampering,
    arrived: Time,
    now: Time,
}

fn prefixed(namespace: &str, start: &str) -> String {
    if namespace.is_empty() {
        start.to_owned()
    } else {
        format!("{namespace}/{start}")
    }
}
