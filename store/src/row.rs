//! Reading rows.

use std::cmp::Ordering;
use std::fmt::Write as _;

use super::keys::push_key;
use super::record::{Identity, Parts, Version, push_uuid};
use super::{RowId, Store};
use crate::clock::Timestamp;

/// A stored row, read in place.
#[derive(Clone, Copy, Debug)]
pub struct RowRef<'a> {
    /// `metadata.name`.
    pub name: &'a str,
    /// `metadata.namespace`; empty for cluster-scoped objects.
    pub namespace: &'a str,
    /// `metadata.creationTimestamp`.
    pub creation_timestamp: Option<Timestamp>,
    /// `metadata.deletionTimestamp`.
    pub deletion_timestamp: Option<Timestamp>,
    /// Raw JSON of `metadata.labels`, as it was received.
    pub labels: Option<&'a [u8]>,
    /// Raw JSON of `metadata.ownerReferences`.
    pub owners: Option<&'a [u8]>,
    /// Raw JSON of `metadata.finalizers`.
    pub finalizers: Option<&'a [u8]>,
    /// The raw JSON array of the cells.
    pub cells: &'a [u8],
    /// When these cells were received: a duration among them counts from here.
    pub received: Timestamp,
    identity: Identity<'a>,
    version: Version<'a>,
}

impl RowRef<'_> {
    /// The key as text: the uid, else `namespace/name#occurrence` (`%`, `/` and `#` escaped as in URLs). Unique in the
    /// store, and stable while the object lives.
    #[must_use]
    pub fn key(&self) -> String {
        let mut key = String::new();
        self.push_key(&mut key);
        key
    }

    /// Appends [`RowRef::key`] to `out`.
    pub fn push_key(&self, out: &mut String) {
        push_key(self.identity, self.namespace, self.name, out);
    }

    /// Appends `metadata.uid` to `out`; nothing where the server sent none.
    pub fn push_uid(&self, out: &mut String) {
        match self.identity {
            Identity::Uuid(uuid) => push_uuid(uuid, out),
            Identity::Text(uid) => out.push_str(std::str::from_utf8(uid).unwrap_or_default()),
            Identity::Occurrence(_) => {}
        }
    }

    /// Appends `metadata.resourceVersion` to `out`.
    pub fn push_resource_version(&self, out: &mut String) {
        // Writing to a String cannot fail.
        let _ = match self.version {
            Version::Number(number) => write!(out, "{number}"),
            Version::Text(text) => write!(out, "{}", std::str::from_utf8(text).unwrap_or_default()),
        };
    }

    /// A copy that outlives the store's own.
    #[must_use]
    pub fn to_copy(&self) -> RowCopy {
        let mut uid = String::new();
        self.push_uid(&mut uid);
        let mut version = String::new();
        self.push_resource_version(&mut version);
        let occurrence = match self.identity {
            Identity::Occurrence(n) => n,
            _ => 0,
        };
        RowCopy {
            name: self.name.into(),
            namespace: self.namespace.into(),
            uid: uid.into(),
            version: version.into(),
            occurrence,
            creation_timestamp: self.creation_timestamp,
            deletion_timestamp: self.deletion_timestamp,
            labels: self.labels.map(Into::into),
            owners: self.owners.map(Into::into),
            finalizers: self.finalizers.map(Into::into),
            cells: self.cells.into(),
            received: self.received,
        }
    }
}

/// A row that was copied out of a store.
#[derive(Clone, Debug)]
pub struct RowCopy {
    name: Box<str>,
    namespace: Box<str>,
    uid: Box<str>,
    version: Box<str>,
    occurrence: u32,
    creation_timestamp: Option<Timestamp>,
    deletion_timestamp: Option<Timestamp>,
    labels: Option<Box<[u8]>>,
    owners: Option<Box<[u8]>>,
    finalizers: Option<Box<[u8]>>,
    cells: Box<[u8]>,
    received: Timestamp,
}

impl RowCopy {
    /// About what it holds, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let raw = |part: &Option<Box<[u8]>>| part.as_ref().map_or(0, |part| part.len());
        size_of::<Self>()
            + self.name.len()
            + self.namespace.len()
            + self.uid.len()
            + self.version.len()
            + raw(&self.labels)
            + raw(&self.owners)
            + raw(&self.finalizers)
            + self.cells.len()
    }

    /// The row, to read.
    #[must_use]
    pub fn as_row(&self) -> RowRef<'_> {
        RowRef {
            name: &self.name,
            namespace: &self.namespace,
            creation_timestamp: self.creation_timestamp,
            deletion_timestamp: self.deletion_timestamp,
            labels: self.labels.as_deref(),
            owners: self.owners.as_deref(),
            finalizers: self.finalizers.as_deref(),
            cells: &self.cells,
            received: self.received,
            identity: Identity::of_uid(&self.uid).unwrap_or(Identity::Occurrence(self.occurrence)),
            version: Version::of(&self.version),
        }
    }
}

impl Store {
    /// A row: published, or removed and not yet let go of by [`Store::end_drain`].
    #[must_use]
    pub fn row(&self, id: RowId) -> Option<RowRef<'_>> {
        self.parts(id).map(|parts| self.resolve(parts))
    }

    /// Whether the row is published.
    #[must_use]
    pub fn is_live(&self, id: RowId) -> bool {
        self.slot(id).is_some_and(super::slot::Slot::is_live)
    }

    /// The published rows, in no particular order.
    pub fn ids(&self) -> impl Iterator<Item = RowId> + '_ {
        (0..self.id_bound())
            .map(RowId)
            .filter(|&id| self.is_live(id))
    }

    /// A total order of rows: by namespace, name and key.
    #[must_use]
    pub fn compare_keys(&self, a: RowId, b: RowId) -> Ordering {
        let (Some(row_a), Some(row_b)) = (self.parts(a), self.parts(b)) else {
            return a.cmp(&b);
        };
        let namespace = |at: Option<_>| at.map_or(&[][..], |at| self.interner.bytes(at));
        // Equal namespaces are kept once: most comparisons need not read them.
        let by_namespace = if row_a.namespace == row_b.namespace {
            Ordering::Equal
        } else {
            namespace(row_a.namespace).cmp(namespace(row_b.namespace))
        };
        let by_name = by_namespace.then_with(|| row_a.name.cmp(row_b.name));
        by_name.then_with(|| match (row_a.identity, row_b.identity) {
            (Identity::Occurrence(a), Identity::Occurrence(b)) => a.cmp(&b),
            (Identity::Uuid(a), Identity::Uuid(b)) => a.cmp(&b),
            _ => self.resolve(row_a).key().cmp(&self.resolve(row_b).key()),
        })
    }

    /// Ids below this may be rows: for going through all of them in slices.
    #[must_use]
    pub fn id_bound(&self) -> u32 {
        u32::try_from(self.slots.len()).unwrap_or(u32::MAX)
    }

    fn resolve<'a>(&'a self, parts: Parts<'a>) -> RowRef<'a> {
        let shared = |at| self.interner.bytes(at);
        let text = |bytes| std::str::from_utf8(bytes).unwrap_or_default();
        RowRef {
            name: text(parts.name),
            namespace: parts.namespace.map_or("", |at| text(shared(at))),
            creation_timestamp: parts.created,
            deletion_timestamp: parts.deleted,
            labels: parts.labels.map(shared),
            owners: parts.owners.map(shared),
            finalizers: parts.finalizers.map(shared),
            cells: parts.cells,
            received: parts.received,
            identity: parts.identity,
            version: parts.version,
        }
    }
}
