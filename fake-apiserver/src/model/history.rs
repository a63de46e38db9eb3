//! What the server's storage remembers: every collection as it is, and how it came to be so.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use super::object::Object;
use super::resource::{RESOURCES, ResourceId};
use crate::time::{MINUTE, SECOND, Time};

/// The watch cache keeps events at least this long (`eventFreshDuration` is 75 s; the buffer is
/// doubled when it is full, which real servers were seen to stretch to about 100 s).
const WATCH_WINDOW: i64 = 100 * SECOND;
/// The watch cache keeps at least so many events, however old (its lowest capacity).
const WATCH_EVENTS: usize = 100;
/// etcd is compacted this often.
const COMPACTION_INTERVAL: i64 = 5 * MINUTE;
/// No collection remembers more changes than this, unless another limit is set.
const LOG_LIMIT: usize = 200_000;

/// One write.
#[derive(Clone, Debug)]
pub struct Change {
    /// The revision that the write made.
    pub revision: u64,
    /// When it was made.
    pub at: Time,
    /// The object before it; `None` for a creation.
    pub before: Option<Arc<Object>>,
    /// The object after it; `None` for a deletion.
    pub after: Option<Arc<Object>>,
}

/// The objects of one resource and the writes that are remembered.
#[derive(Debug, Default)]
struct Collection {
    objects: BTreeMap<Box<str>, Arc<Object>>,
    log: VecDeque<Change>,
    /// A watch may start at this revision or a later one.
    watch_floor: u64,
    /// Changes up to this revision have left the log.
    forgotten: u64,
}

/// All collections under one sequence of revisions.
#[derive(Debug)]
pub struct History {
    collections: Vec<Collection>,
    revision: u64,
    compacted: u64,
    /// The revision that the next periodic compaction compacts to, and when it comes.
    next_compaction: Option<(u64, Time)>,
    log_limit: usize,
}

impl Default for History {
    fn default() -> Self {
        Self::new()
    }
}

impl History {
    /// An empty storage at revision 1.
    #[must_use]
    pub fn new() -> Self {
        let collections = RESOURCES.iter().map(|_| Collection::default()).collect();
        Self {
            collections,
            revision: 1,
            compacted: 0,
            next_compaction: None,
            log_limit: LOG_LIMIT,
        }
    }

    /// Lets every collection remember at most so many changes from now on. A watch that is further behind has missed
    /// events and ends.
    pub fn limit_log(&mut self, changes: usize) {
        self.log_limit = changes;
    }

    /// The revision of the last write to any collection.
    #[must_use]
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// The lowest revision at which a LIST of the resource can still be answered exactly.
    #[must_use]
    pub fn list_floor(&self, resource: ResourceId) -> u64 {
        self.compacted.max(self.collections[resource.0].forgotten)
    }

    /// The lowest revision from which a watch of the resource can start.
    #[must_use]
    pub fn watch_floor(&self, resource: ResourceId) -> u64 {
        self.collections[resource.0].watch_floor
    }

    /// An object as it is.
    #[must_use]
    pub fn get(&self, resource: ResourceId, key: &str) -> Option<&Arc<Object>> {
        self.collections[resource.0].objects.get(key)
    }

    /// The number of objects.
    #[must_use]
    pub fn len(&self, resource: ResourceId) -> usize {
        self.collections[resource.0].objects.len()
    }

    /// The objects of a namespace (empty: of all) whose keys come after `after`, in key order.
    pub fn iter<'a>(
        &'a self,
        resource: ResourceId,
        namespace: &str,
        after: &str,
    ) -> impl Iterator<Item = &'a Arc<Object>> + use<'a> {
        let prefix = if namespace.is_empty() {
            String::new()
        } else {
            format!("{namespace}/")
        };
        let lower = if after.is_empty() || *after < *prefix {
            Bound::Included(prefix.clone().into_boxed_str())
        } else {
            Bound::Excluded(after.into())
        };
        let range = self.collections[resource.0]
            .objects
            .range::<Box<str>, _>((lower, Bound::Unbounded));
        range
            .take_while(move |(key, _)| key.starts_with(&prefix))
            .map(|(_, object)| object)
    }

    /// The same collection as it was at `revision`, which must not be compacted.
    #[must_use]
    pub fn at_revision(
        &self,
        resource: ResourceId,
        namespace: &str,
        after: &str,
        revision: u64,
    ) -> Vec<Arc<Object>> {
        let prefix = if namespace.is_empty() {
            String::new()
        } else {
            format!("{namespace}/")
        };
        let mut undone: BTreeMap<Box<str>, Option<Arc<Object>>> = BTreeMap::new();
        for change in self.collections[resource.0].log.iter().rev() {
            if change.revision <= revision {
                break;
            }
            let Some(object) = change.before.as_ref().or(change.after.as_ref()) else {
                continue;
            };
            let key = object.key();
            if key.starts_with(&prefix) && *key > *after {
                undone.insert(key, change.before.clone());
            }
        }
        if undone.is_empty() {
            return self.iter(resource, namespace, after).cloned().collect();
        }
        let now = self.iter(resource, namespace, after);
        let mut then: BTreeMap<Box<str>, Arc<Object>> = now
            .map(|object| (object.key(), Arc::clone(object)))
            .collect();
        for (key, before) in undone {
            match before {
                Some(object) => drop(then.insert(key, object)),
                None => drop(then.remove(&key)),
            }
        }
        then.into_values().collect()
    }

    /// The remembered changes of a resource after `revision`, oldest first; `None` where some of
    /// them are forgotten.
    #[must_use]
    pub fn changes_after(
        &self,
        resource: ResourceId,
        revision: u64,
    ) -> Option<impl Iterator<Item = &Change>> {
        let Collection { log, forgotten, .. } = &self.collections[resource.0];
        let from = log.partition_point(|change| change.revision <= revision);
        (revision >= *forgotten).then(|| log.range(from..))
    }

    /// Creates or replaces an object under a new revision, which it returns.
    pub fn put(&mut self, resource: ResourceId, mut object: Object, now: Time) -> u64 {
        self.revision += 1;
        object.meta.resource_version = self.revision;
        object.meta.touched = now;
        let object = Arc::new(object);
        let collection = &mut self.collections[resource.0];
        let before = collection.objects.insert(object.key(), Arc::clone(&object));
        self.remember(resource, now, before, Some(object));
        self.revision
    }

    /// Deletes an object under a new revision, which it returns; `None` where there was none.
    pub fn remove(&mut self, resource: ResourceId, key: &str, now: Time) -> Option<u64> {
        let before = self.collections[resource.0].objects.remove(key)?;
        self.revision += 1;
        self.remember(resource, now, Some(before), None);
        Some(self.revision)
    }

    /// Puts an object of the time before the server's start: no watch can see it come.
    pub fn load(&mut self, resource: ResourceId, mut object: Object) -> u64 {
        self.revision += 1;
        object.meta.resource_version = self.revision;
        let collection = &mut self.collections[resource.0];
        collection.objects.insert(object.key(), Arc::new(object));
        self.revision
    }

    /// Ends the loading: the server has started, and its watch caches begin here.
    pub fn start(&mut self, now: Time) {
        self.compact();
        for collection in &mut self.collections {
            collection.log.clear();
            collection.forgotten = self.revision;
        }
        self.next_compaction = Some((self.revision, now.plus(COMPACTION_INTERVAL)));
    }

    /// Forgets how things came to be: continue tokens expire, and no watch starts before now.
    /// Watches that are open go on.
    pub fn compact(&mut self) {
        self.compacted = self.revision;
        for collection in &mut self.collections {
            collection.watch_floor = self.revision;
        }
    }

    /// Compacts where the interval has passed, to the revision of the interval before.
    pub fn tick(&mut self, now: Time) {
        while let Some((revision, due)) = self.next_compaction
            && now >= due
        {
            self.compacted = self.compacted.max(revision);
            self.next_compaction = Some((self.revision, due.plus(COMPACTION_INTERVAL)));
        }
    }

    /// Goes back to an earlier revision, as an etcd restored from a backup does; `false` where it
    /// is no longer remembered. The watch caches begin anew at that revision.
    pub fn restore(&mut self, revision: u64) -> bool {
        let remembered = |collection: &Collection| collection.forgotten <= revision;
        if revision > self.revision || !self.collections.iter().all(remembered) {
            return false;
        }
        for collection in &mut self.collections {
            while let Some(change) = collection.log.pop_back_if(|last| last.revision > revision) {
                let Some(object) = change.before.as_ref().or(change.after.as_ref()) else {
                    continue;
                };
                let key = object.key();
                match change.before {
                    Some(before) => drop(collection.objects.insert(key, before)),
                    None => drop(collection.objects.remove(&key)),
                }
            }
        }
        self.revision = revision;
        self.compact();
        true
    }

    fn remember(
        &mut self,
        resource: ResourceId,
        now: Time,
        before: Option<Arc<Object>>,
        after: Option<Arc<Object>>,
    ) {
        let Collection {
            log,
            watch_floor,
            forgotten,
            ..
        } = &mut self.collections[resource.0];
        log.push_back(Change {
            revision: self.revision,
            at: now,
            before,
            after,
        });
        while log.len() > self.log_limit
            && let Some(oldest) = log.pop_front()
        {
            *forgotten = oldest.revision;
            // A watch from before would miss this change, and say nothing of it.
            *watch_floor = (*watch_floor).max(oldest.revision);
        }
        // The window's start is searched from its last place on: it only ever moves forward.
        let from = log.partition_point(|change| change.revision <= *watch_floor);
        let spare = log.len().saturating_sub(WATCH_EVENTS);
        let old = |change: &&Change| now.since(change.at) > WATCH_WINDOW;
        if let Some(last) = log.range(from..spare.max(from)).take_while(old).last() {
            *watch_floor = last.revision;
        }
    }
}
