//! LIST and WATCH: what is checked in which order, and what is answered.

use super::list::Token;
use super::negotiate::{self, Form, Verb};
use super::options::ListOptions;
use super::request::ResourcePath;
use super::selector::Selector;
use super::{
    ApiServer, Head, ListBody, ListMeta, Refusal, Reply, Request, ResourceId, Tampering, Watch,
    watch,
};
use crate::time::{SECOND, Time};

/// A server waits so long for a version that it has not yet reached.
const FRESHNESS_WAIT: i64 = 3 * SECOND;

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

impl ApiServer {
    /// A LIST or a WATCH, checked in the order in which real servers check.
    pub(super) fn collection(
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
            self.list(&question)
        }
    }

    fn list(&self, question: &Question<'_>) -> Result<Reply, Refusal> {
        let Question {
            resource,
            path,
            options,
            selector,
            form,
            ..
        } = question;
        let current = self.history.revision();
        let namespace = path.namespace.as_str();
        let mut revision = current;
        let mut after = String::new();
        if options.continue_token.is_empty() {
            if !options.version.is_empty() {
                let asked = options.version.parse::<u64>().map_err(|_| {
                    // Before 1.33 what the watch cache answers was not checked beforehand.
                    let from_cache = options.limit == 0 && options.version_match != "Exact";
                    if self.profile.minor < 33 && from_cache && resource.get().cached {
                        Refusal::watch_version_is_no_number(&options.version)
                    } else {
                        Refusal::list_version_is_no_number(&options.version)
                    }
                })?;
                if let Some(wait) = self.wait(question, asked)? {
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
            let token = Token::decode(&options.continue_token).map_err(|wrong| {
                Refusal::bad_request(format!(
                    "invalid continue token: continue key is not valid: {wrong}"
                ))
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
        Ok(Reply::List(
            Head::new(200, "application/json"),
            Box::new(body),
        ))
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
}
