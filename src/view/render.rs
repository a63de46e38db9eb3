//! A row as one line of JSON.

use super::json_text::{push_raw, push_segment, push_string, push_time};
use super::layout::{Kind, Layout};
use crate::clock::{Millis, Timestamp};
use crate::store::RowRef;
use crate::table::CellRef;
use crate::time_cells;

/// Appends the row as `Row` of the JavaScript package (and no line end): equal text means that nothing changed.
///
/// Cells are those of the shown columns; times among them are as of `now`; missing ones are null. What was stored and is no
/// JSON after all is null, or left out of the metadata. `removed`: the row is gone, and shown while the order is held.
pub(super) fn push_row(
    row: &RowRef<'_>,
    removed: bool,
    layout: &Layout,
    kind: &Kind,
    now: Timestamp,
    out: &mut String,
) {
    let mut scratch = String::new();
    row.push_key(&mut scratch);
    out.push_str("{\"key\":");
    push_string(&scratch, out);
    out.push_str(",\"source\":0,\"path\":\"");
    push_path(row, kind, out);
    out.push_str("\",\"cells\":[");
    let cells = layout.cells(row);
    for (position, &index) in layout.shown.iter().enumerate() {
        if position > 0 {
            out.push(',');
        }
        push_cell(row, layout, &cells, index, now, &mut scratch, out);
    }
    out.push_str("],\"meta\":{\"name\":");
    push_string(row.name, out);
    out.push_str(",\"namespace\":");
    push_string(row.namespace, out);
    out.push_str(",\"uid\":");
    scratch.clear();
    row.push_uid(&mut scratch);
    push_string(&scratch, out);
    out.push_str(",\"resourceVersion\":");
    scratch.clear();
    row.push_resource_version(&mut scratch);
    push_string(&scratch, out);
    if let Some(created) = row.creation_timestamp {
        out.push_str(",\"creationTimestamp\":");
        push_time(created, out);
    }
    if let Some(deleted) = row.deletion_timestamp {
        out.push_str(",\"deletionTimestamp\":");
        push_time(deleted, out);
    }
    out.push_str(",\"labels\":");
    push_container(row.labels, "{}", out);
    out.push_str(",\"owners\":");
    push_container(row.owners, "[]", out);
    out.push_str(",\"finalizers\":");
    push_container(row.finalizers, "[]", out);
    out.push_str(if removed { "},\"removed\":true}" } else { "}}" });
}

/// How long after `now` the row's line first changes by the passing of time; `None`: never.
pub(super) fn next_tick(row: &RowRef<'_>, layout: &Layout, now: Timestamp) -> Option<Millis> {
    let cells = layout.cells(row);
    let ticks = layout.shown.iter().filter_map(|&index| {
        let rule = layout.rule(index, &cells)?;
        let text = cells
            .get(index)
            .and_then(CellRef::as_str)
            .unwrap_or_default();
        time_cells::next_change(rule, &text, row.creation_timestamp, row.received, now)
    });
    ticks.min()
}

fn push_cell(
    row: &RowRef<'_>,
    layout: &Layout,
    cells: &[CellRef<'_>],
    index: usize,
    now: Timestamp,
    scratch: &mut String,
    out: &mut String,
) {
    let cell = cells.get(index);
    if let Some(rule) = layout.rule(index, cells) {
        let text = cell.and_then(CellRef::as_str).unwrap_or_default();
        scratch.clear();
        let created = row.creation_timestamp;
        if time_cells::render(rule, &text, created, row.received, now, scratch) {
            push_string(scratch, out);
            return;
        }
    }
    if !cell.is_some_and(|cell| push_raw(cell.raw(), out)) {
        out.push_str("null");
    }
}

/// Raw metadata, or the empty container where there is none or it is of another kind.
fn push_container(raw: Option<&[u8]>, empty: &str, out: &mut String) {
    let opens = |raw: &[u8]| raw.trim_ascii_start().first() == empty.as_bytes().first();
    if !raw.is_some_and(|raw| opens(raw) && push_raw(raw, out)) {
        out.push_str(empty);
    }
}

fn push_path(row: &RowRef<'_>, kind: &Kind, out: &mut String) {
    if kind.group.is_empty() {
        out.push_str("/api/");
    } else {
        out.push_str("/apis/");
        push_segment(&kind.group, out);
        out.push('/');
    }
    push_segment(&kind.version, out);
    if !row.namespace.is_empty() {
        out.push_str("/namespaces/");
        push_segment(row.namespace, out);
    }
    out.push('/');
    push_segment(&kind.resource, out);
    out.push('/');
    push_segment(row.name, out);
}
