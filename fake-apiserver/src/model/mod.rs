//! An API server without I/O.
//!
//! [`ApiServer::handle`] takes a request and the time, and says what is answered; a [`Watch`]
//! then gives its events whenever it is asked. Nothing here sleeps or reads a clock, so a
//! simulator drives it in virtual time as well as a web server does in ours.

pub mod base64;
mod collection;
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
pub mod template;
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
use crate::time::Time;
use negotiate::Verb;
use options::ListOptions;
use request::{ResourcePath, Target};

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
    List(Head, Box<ListBody>),
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
            other => return Ok(discovery::answer(request, &other, &self.profile)),
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

    fn rendering(&self, resource: ResourceId, form: Form, changed_columns: bool) -> Rendering {
        Rendering {
            resource: resource.get(),
            form,
            profile: self.profile,
            changed_columns,
        }
    }

    /// The rows of a collection as Tables show them now, for tests to compare with. `changed_columns`: as a fault of
    /// that name lets them be.
    #[must_use]
    pub fn rows(
        &self,
        resource: ResourceId,
        namespace: &str,
        changed_columns: bool,
    ) -> (Rendering, Vec<Arc<Object>>) {
        let form = Form::Table(MetaVersion::V1, Include::None);
        let objects = self
            .history
            .iter(resource, namespace, "")
            .cloned()
            .collect();
        (self.rendering(resource, form, changed_columns), objects)
    }
}
