//! `metadata`, of objects and of tables.

use std::borrow::Cow;

use super::{ListMeta, Meta, rfc3339};
use crate::clock::Timestamp;
use crate::json::{Again, Cursor, Echo, Error, Kind};

/// [KEP-3157](https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/3157-watch-list): marks
/// the bookmark after which the initial events are complete.
const INITIAL_EVENTS_END: &[u8] = b"k8s.io/initial-events-end";

/// What stood in the objects before. They come in the order of their names, so neighbours are much alike.
#[derive(Debug, Default)]
pub(super) struct Before {
    pub(super) columns: Again,
    pub(super) labels: Again,
    pub(super) owners: Again,
    pub(super) finalizers: Again,
    pub(super) managed_fields: Echo,
    pub(super) spec: Echo,
    pub(super) status: Echo,
}

/// What one `metadata` says beside its [`Meta`].
#[derive(Clone, Copy, Default)]
pub(super) struct Aside<'a> {
    /// Whether the annotation is there and `"true"`; read only where it was asked for.
    pub(super) initial_events_end: bool,
    /// `name` and `namespace` as they were sent, quotes and escapes included.
    pub(super) sent: Sent<'a>,
}

/// Raw JSON strings, where present.
#[derive(Clone, Copy, Default)]
pub(super) struct Sent<'a> {
    pub(super) name: Option<&'a [u8]>,
    pub(super) namespace: Option<&'a [u8]>,
}

/// Reads an `ObjectMeta`, in place of what `meta` held: it is large, and would be copied on the way to where it belongs.
/// `annotations`: whether the end of the initial events is looked for.
pub(super) fn read<'a>(
    cursor: &mut Cursor<'a>,
    annotations: bool,
    before: &mut Before,
    meta: &mut Meta<'a>,
) -> Result<Aside<'a>, Error> {
    let mut aside = Aside::default();
    *meta = Meta::default();
    if cursor.next_null()? {
        return Ok(aside);
    }
    let Aside {
        initial_events_end,
        sent,
    } = &mut aside;
    cursor.next_object(|key, value| {
        match key {
            b"name" => (meta.name, sent.name) = text(value)?,
            b"namespace" => (meta.namespace, sent.namespace) = text(value)?,
            b"uid" => meta.uid = text(value)?.0,
            b"resourceVersion" => meta.resource_version = text(value)?.0,
            b"creationTimestamp" => meta.creation_timestamp = time(value)?,
            b"deletionTimestamp" => meta.deletion_timestamp = time(value)?,
            b"labels" => meta.labels = container(value, Kind::Object, &mut before.labels)?,
            b"ownerReferences" => meta.owners = container(value, Kind::Array, &mut before.owners)?,
            b"finalizers" => {
                meta.finalizers = container(value, Kind::Array, &mut before.finalizers)?;
            }
            b"managedFields" => value.skip_like(&mut before.managed_fields)?,
            b"annotations" if annotations => *initial_events_end = is_end(value)?,
            _ => value.skip()?,
        }
        Ok(())
    })?;
    Ok(aside)
}

/// Reads a `ListMeta`.
pub(super) fn read_list<'a>(cursor: &mut Cursor<'a>) -> Result<ListMeta<'a>, Error> {
    let mut meta = ListMeta::default();
    if cursor.next_null()? {
        return Ok(meta);
    }
    cursor.members(&mut |key, value| {
        match key {
            b"resourceVersion" => meta.resource_version = text(value)?.0,
            b"continue" => meta.continue_token = text(value)?.0,
            b"remainingItemCount" => meta.remaining_item_count = value.count()?,
            _ => value.skip()?,
        }
        Ok(())
    })?;
    Ok(meta)
}

/// A string and its raw form; empty and none for null.
pub(super) fn text<'a>(value: &mut Cursor<'a>) -> Result<(Cow<'a, str>, Option<&'a [u8]>), Error> {
    if value.next_null()? {
        return Ok((Cow::Borrowed(""), None));
    }
    let start = *value;
    let text = value.next_str()?;
    Ok((text, Some(start.until(value))))
}

/// A container of this kind, checked; none where it is null or empty.
pub(super) fn container<'a>(
    value: &mut Cursor<'a>,
    kind: Kind,
    again: &mut Again,
) -> Result<Option<&'a [u8]>, Error> {
    if value.next_null()? {
        return Ok(None);
    }
    let raw = value.slice_again(kind, again)?;
    Ok(Some(raw).filter(|raw| !is_empty(raw)))
}

/// Whether nothing but white space is between the brackets.
fn is_empty(raw: &[u8]) -> bool {
    match raw {
        [_, inner @ .., _] => inner.iter().all(u8::is_ascii_whitespace),
        _ => true,
    }
}

/// A time; none where the string is none.
fn time(value: &mut Cursor<'_>) -> Result<Option<Timestamp>, Error> {
    Ok(rfc3339::parse(&text(value)?.0))
}

/// Whether the annotations mark the end of the initial events. Only the string `true` counts, as in client-go.
fn is_end(value: &mut Cursor<'_>) -> Result<bool, Error> {
    let mut end = false;
    if value.next_null()? {
        return Ok(end);
    }
    value.members(&mut |key, value| {
        if key == INITIAL_EVENTS_END {
            end = text(value)?.0 == "true";
            return Ok(());
        }
        value.skip()
    })?;
    Ok(end)
}
