//! A watch: what it still has to send, and when.

use std::sync::Arc;

use super::ApiServer;
use super::history::Change;
use super::object::Object;
use super::render::Rendering;
use super::resource::ResourceId;
use super::selector::Selector;
use super::status::Refusal;
use crate::time::{SECOND, Time};

/// A bookmark comes this often on a cached resource.
const BOOKMARK_INTERVAL: i64 = 60 * SECOND;
/// One more comes so long before the timeout.
const LAST_BOOKMARK: i64 = 1_500;
/// The rows of the first gzip member of a large list: a member ends whenever the server's queue
/// is empty for a moment, which is a race; this is the outcome that breaks browsers.
const FIRST_FLUSH: usize = 7;

/// An open watch. The caller asks it for events whenever something changed, or at its deadline.
#[derive(Debug)]
pub struct Watch {
    rendering: Rendering,
    resource: ResourceId,
    namespace: String,
    selector: Selector,
    /// Objects of the initial list that are not yet sent, the next one last.
    initial: Vec<Arc<Object>>,
    sent: usize,
    /// The revision of the initial list; the end bookmark carries it.
    end_bookmark: Option<u64>,
    /// Changes up to this revision have been seen.
    position: u64,
    /// The revision asked for lies in the future: nothing is said before it is passed.
    silent_until: u64,
    columns_sent: bool,
    columns_change_at: Option<u64>,
    periodic: Option<Time>,
    last_bookmark: Option<Time>,
    deadline: Time,
    refusal: Option<Refusal>,
    restores: u64,
    ended: bool,
}

/// What [`Watch::poll`] gave.
#[derive(Debug, Default)]
pub struct Batch {
    /// The events, one a line.
    pub bytes: Vec<u8>,
    /// Where each event ends in `bytes`.
    pub ends: Vec<usize>,
    /// More is there at once.
    pub more: bool,
    /// The stream ends after these bytes.
    pub ended: bool,
}

/// How a watch begins.
pub(super) struct Start {
    pub(super) rendering: Rendering,
    pub(super) resource: ResourceId,
    pub(super) namespace: String,
    pub(super) selector: Selector,
    pub(super) initial: Vec<Arc<Object>>,
    pub(super) ends_with_bookmark: bool,
    pub(super) bookmarks: bool,
    pub(super) position: u64,
    pub(super) silent_until: u64,
    pub(super) timeout: i64,
}

impl Watch {
    pub(super) fn new(start: Start, server: &ApiServer, now: Time) -> Self {
        let deadline = now.plus(start.timeout);
        let bookmarks = start.bookmarks && start.resource.get().cached;
        let mut initial = start.initial;
        initial.reverse();
        Self {
            rendering: start.rendering,
            resource: start.resource,
            namespace: start.namespace,
            selector: start.selector,
            initial,
            sent: 0,
            end_bookmark: start.ends_with_bookmark.then_some(start.position),
            position: start.position,
            silent_until: start.silent_until,
            columns_sent: false,
            columns_change_at: None,
            periodic: bookmarks.then(|| now.plus(BOOKMARK_INTERVAL)),
            last_bookmark: bookmarks.then(|| deadline.minus(LAST_BOOKMARK)),
            deadline,
            refusal: None,
            restores: server.restores,
            ended: false,
        }
    }

    /// A watch that says why it is refused, and ends.
    pub(super) fn refused(mut self, refusal: Refusal) -> Self {
        self.refusal = Some(refusal);
        self
    }

    /// Whether the initial events end with a bookmark, which is what is compressed in 1.37.
    #[must_use]
    pub const fn is_watch_list(&self) -> bool {
        self.end_bookmark.is_some()
    }

    /// Leaves the end bookmark out, as servers do that ignore `sendInitialEvents`.
    pub fn drop_end_bookmark(&mut self) {
        self.end_bookmark = None;
    }

    /// Says nothing at all before `revision` has passed, as after an etcd restore.
    pub fn silence_until(&mut self, revision: u64) {
        self.silent_until = revision;
        self.initial.clear();
        self.end_bookmark = None;
    }

    /// Makes the server send other columns after `events` more events.
    pub fn change_columns_after(&mut self, events: u64) {
        self.columns_change_at = Some(events);
    }

    /// When [`Watch::poll`] is due even if nothing changes.
    #[must_use]
    pub fn next(&self) -> Time {
        let bookmarks = [self.periodic, self.last_bookmark].into_iter().flatten();
        bookmarks.fold(self.deadline, Time::min)
    }

    /// The events that are due, at most about `limit` bytes of them.
    pub fn poll(&mut self, server: &ApiServer, now: Time, limit: usize) -> Batch {
        let mut batch = Batch::default();
        if self.ended {
            batch.ended = true;
            return batch;
        }
        if let Some(refusal) = self.refusal.take() {
            self.event(&mut batch, "ERROR", |_, out| refusal.write(out));
            return self.end(batch);
        }
        if self.restores != server.restores {
            // Storage that went back takes the connections to it down.
            return self.end(batch);
        }
        self.send_initial(&mut batch, now, limit);
        if !self.initial.is_empty() {
            batch.more = true;
            return batch;
        }
        if let Some(revision) = self.end_bookmark.take() {
            self.bookmark(&mut batch, revision, true);
        }
        self.send_changes(&mut batch, server, now, limit);
        if batch.more || self.ended {
            return batch;
        }
        self.send_bookmarks(&mut batch, server, now);
        if now >= self.deadline {
            return self.end(batch);
        }
        batch
    }

    fn end(&mut self, mut batch: Batch) -> Batch {
        self.ended = true;
        batch.ended = true;
        batch
    }

    fn send_initial(&mut self, batch: &mut Batch, now: Time, limit: usize) {
        while let Some(object) = self.initial.pop() {
            self.object(batch, "ADDED", &object, object.meta.resource_version, now);
            let flushed = self.sent == FIRST_FLUSH && !self.initial.is_empty();
            if flushed || batch.bytes.len() >= limit {
                return;
            }
        }
    }

    fn send_changes(&mut self, batch: &mut Batch, server: &ApiServer, now: Time, limit: usize) {
        let Some(changes) = server.history.changes_after(self.resource, self.position) else {
            // A reader this slow has missed events: real servers close its stream, and say nothing of why.
            self.ended = true;
            batch.ended = true;
            return;
        };
        for change in changes {
            if batch.bytes.len() >= limit {
                batch.more = true;
                return;
            }
            self.position = change.revision;
            if change.revision > self.silent_until {
                self.change(batch, change, now);
            }
        }
        self.position = self.position.max(server.history.revision());
    }

    /// A change as the selector sees it: entering is ADDED, leaving is DELETED with the old state
    /// under the new revision.
    fn change(&mut self, batch: &mut Batch, change: &Change, now: Time) {
        let selected = |object: &&Arc<Object>| {
            (self.namespace.is_empty() || *object.meta.namespace == *self.namespace)
                && self.selector.matches(object, self.rendering.resource)
        };
        let before = change.before.as_ref().filter(selected);
        let after = change.after.as_ref().filter(selected);
        match (before, after) {
            (None, Some(object)) => self.object(batch, "ADDED", object, change.revision, now),
            (Some(_), Some(object)) => self.object(batch, "MODIFIED", object, change.revision, now),
            (Some(object), None) => self.object(batch, "DELETED", object, change.revision, now),
            (None, None) => {}
        }
    }

    fn send_bookmarks(&mut self, batch: &mut Batch, server: &ApiServer, now: Time) {
        let mut due = false;
        if self.last_bookmark.is_some_and(|at| now >= at) {
            self.last_bookmark = None;
            due = true;
        }
        if self.periodic.is_some_and(|at| now >= at) {
            self.periodic = Some(now.plus(BOOKMARK_INTERVAL));
            due = true;
        }
        let revision = server.history.revision();
        if due && revision >= self.silent_until {
            self.bookmark(batch, revision, false);
        }
    }

    fn object(
        &mut self,
        batch: &mut Batch,
        kind: &str,
        object: &Object,
        resource_version: u64,
        now: Time,
    ) {
        self.event(batch, kind, |watch, out| {
            let columns = watch.takes_columns();
            watch
                .rendering
                .object(out, object, resource_version, columns, now);
        });
        self.sent += 1;
    }

    fn bookmark(&mut self, batch: &mut Batch, revision: u64, ends: bool) {
        self.event(batch, "BOOKMARK", |watch, out| {
            let columns = watch.takes_columns();
            watch.rendering.bookmark(out, revision, ends, columns);
        });
    }

    /// The first event of a stream carries the columns, whatever its type.
    fn takes_columns(&mut self) -> bool {
        match &mut self.columns_change_at {
            Some(0) => {
                self.columns_change_at = None;
                self.rendering.changed_columns = !self.rendering.changed_columns;
                self.columns_sent = false;
            }
            Some(left) => *left -= 1,
            None => {}
        }
        !std::mem::replace(&mut self.columns_sent, true)
    }

    fn event(
        &mut self,
        batch: &mut Batch,
        kind: &str,
        object: impl FnOnce(&mut Self, &mut Vec<u8>),
    ) {
        batch.bytes.extend_from_slice(b"{\"type\":\"");
        batch.bytes.extend_from_slice(kind.as_bytes());
        batch.bytes.extend_from_slice(b"\",\"object\":");
        object(self, &mut batch.bytes);
        batch.bytes.extend_from_slice(b"}\n");
        batch.ends.push(batch.bytes.len());
    }
}
