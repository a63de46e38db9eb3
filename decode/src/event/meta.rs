//! `metadata`, of objects and of lists.

use super::before::Before;
use super::field::Field;
use super::{ListMeta, Meta, Row};
use crate::json::{Cursor, Error};

/// [KEP-3157](https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/3157-watch-list): marks
/// the bookmark after which the initial events are complete.
const INITIAL_EVENTS_END: &[u8] = b"k8s.io/initial-events-end";

/// Reads an `ObjectMeta`, in place of what `row` held of one: it is large, and would be copied on the way to where it belongs.
/// `annotations`: whether the end of the initial events is looked for; then it is told whether it is there.
pub(super) fn read<'a>(
    cursor: &mut Cursor<'a>,
    annotations: bool,
    before: &mut Before,
    row: &mut Row<'a>,
) -> Result<bool, Error> {
    let mut end = false;
    row.meta = Meta::default();
    if cursor.next_null()? {
        return Ok(end);
    }
    cursor.next_object(|key, value| {
        if annotations && key == b"annotations" {
            end = is_end(value)?;
            return Ok(());
        }
        before.read(Field::of_metadata(key), value, row)
    })?;
    Ok(end)
}

/// Reads a `ListMeta`.
pub(super) fn read_list<'a>(cursor: &mut Cursor<'a>) -> Result<ListMeta<'a>, Error> {
    let mut meta = ListMeta::default();
    if cursor.next_null()? {
        return Ok(meta);
    }
    cursor.members(&mut |key, value| {
        match key {
            b"resourceVersion" => meta.resource_version = value.text()?,
            b"continue" => meta.continue_token = value.text()?,
            b"remainingItemCount" => meta.remaining_item_count = value.count()?,
            _ => value.skip()?,
        }
        Ok(())
    })?;
    Ok(meta)
}

/// Whether the annotations mark the end of the initial events. Only the string `true` counts, as in client-go.
fn is_end(value: &mut Cursor<'_>) -> Result<bool, Error> {
    let mut end = false;
    if value.next_null()? {
        return Ok(end);
    }
    value.members(&mut |key, value| {
        if key == INITIAL_EVENTS_END {
            end = value.text()? == "true";
            return Ok(());
        }
        value.skip()
    })?;
    Ok(end)
}
