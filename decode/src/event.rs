//! Watch events and rows, borrowed from the bytes they were read from.
//!
//! [`decode()`] reads a watch event; [`decode_row`], [`decode_object`] and [`decode_list_meta`] read the parts of a
//! LIST. All of them pass over the bytes once, in the order in which servers write them, allocate nothing for a Table
//! row without escapes in its metadata, and skip what no table shows (`managedFields`, annotations, `spec`,
//! `status`) under the contract of [`json`](crate::json): bytes inside of what is skipped are not validated.
//!
//! What readers here decide where JSON leaves it open:
//!
//! * Keys come in any order. Where `type` or `kind` comes behind what depends on it, that is skipped and read when it
//!   is known.
//! * Of duplicate keys the last one wins, whole.
//! * `null` is the same as absent, everywhere.
//! * A known field of a wrong type is [`ErrorKind::Expected`](crate::json::ErrorKind::Expected): the event cannot be
//!   trusted. The exceptions are times, which become `None` where they are no RFC 3339, since an unknown age is no
//!   reason to lose a row.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::disallowed_methods
    )
)]

mod before;
mod body;
mod decode;
mod field;
mod meta;
pub mod rfc3339;
mod row;
mod shape;

use std::borrow::Cow;

pub use decode::{Decoder, decode, decode_list_meta, decode_object, decode_row};

use crate::clock::Timestamp;

/// More rows than this in one event are refused. Servers send one; all of them are held and applied in one go.
pub const MAX_ROWS: usize = 1024;

/// In what form an object came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// A row of a `meta.k8s.io` Table.
    Table,
    /// A `PartialObjectMetadata`, shown in generic columns.
    Metadata,
    /// A whole object, shown in generic columns.
    Object,
}

/// One watch event.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<'a> {
    /// An object appeared, or entered the selector: insert or replace it.
    Added(Objects<'a>),
    /// An object changed: insert or replace it.
    Modified(Objects<'a>),
    /// An object is gone, or left the selector: remove it.
    Deleted(Objects<'a>),
    /// A point to resume from; perhaps the end of the initial events.
    Bookmark(Bookmark<'a>),
    /// The server ends the stream with a reason: a `metav1.Status`, as raw JSON.
    Error(&'a [u8]),
}

/// What an ADDED, MODIFIED or DELETED event carries.
#[derive(Clone, Debug, PartialEq)]
pub struct Objects<'a> {
    /// Told from `object.kind`, per event.
    pub format: Format,
    /// The Table's own resourceVersion, else the object's.
    pub resource_version: Option<Cow<'a, str>>,
    /// The raw `columnDefinitions` array, where it is present, no null and not empty.
    pub columns: Option<&'a [u8]>,
    /// The first row (servers send exactly one).
    pub first: Option<Row<'a>>,
    /// Any further rows, at most [`MAX_ROWS`] with the first.
    pub rest: Vec<Row<'a>>,
}

/// What a BOOKMARK event carries. The junk row of a Table bookmark is not among it.
#[derive(Clone, Debug, PartialEq)]
pub struct Bookmark<'a> {
    /// Told from `object.kind`.
    pub format: Format,
    /// The point to resume from.
    pub resource_version: Option<Cow<'a, str>>,
    /// Whether `k8s.io/initial-events-end` is exactly `"true"`, at either of its two places.
    pub initial_events_end: bool,
    /// The raw `columnDefinitions` array, as in [`Objects::columns`].
    pub columns: Option<&'a [u8]>,
}

/// A row: the cells that are shown and the metadata that identify it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row<'a> {
    /// The raw JSON array of the cells, structure checked. Built here for objects that are no Table rows.
    pub cells: Cow<'a, [u8]>,
    /// The object's metadata.
    pub meta: Meta<'a>,
}

/// The part of `ObjectMeta` that a dashboard needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Meta<'a> {
    /// `metadata.name`; empty where missing.
    pub name: Cow<'a, str>,
    /// `metadata.namespace`; empty for cluster-scoped objects.
    pub namespace: Cow<'a, str>,
    /// `metadata.uid`; empty where the server sends none.
    pub uid: Cow<'a, str>,
    /// `metadata.resourceVersion`; empty where missing.
    pub resource_version: Cow<'a, str>,
    /// `metadata.creationTimestamp`.
    pub creation_timestamp: Option<Timestamp>,
    /// `metadata.deletionTimestamp`.
    pub deletion_timestamp: Option<Timestamp>,
    /// The raw JSON object `metadata.labels`, structure and UTF-8 checked; `None` where absent, null or `{}`.
    pub labels: Option<&'a [u8]>,
    /// The raw JSON array `metadata.ownerReferences`, checked likewise.
    pub owners: Option<&'a [u8]>,
    /// The raw JSON array `metadata.finalizers`, checked likewise.
    pub finalizers: Option<&'a [u8]>,
}

impl Meta<'_> {
    /// What an empty `metadata` says.
    pub(crate) const EMPTY: Self = Self {
        name: Cow::Borrowed(""),
        namespace: Cow::Borrowed(""),
        uid: Cow::Borrowed(""),
        resource_version: Cow::Borrowed(""),
        creation_timestamp: None,
        deletion_timestamp: None,
        labels: None,
        owners: None,
        finalizers: None,
    };
}

/// The `metadata` of a LIST.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListMeta<'a> {
    /// The version that all pages of the list show; empty where missing (some aggregated servers send none).
    pub resource_version: Cow<'a, str>,
    /// Asks for the next page; empty on the last one.
    pub continue_token: Cow<'a, str>,
    /// How many objects follow this page; servers send none with a selector.
    pub remaining_item_count: Option<u64>,
}
