//! Rows: those of a Table, and objects that are rows themselves.

use std::borrow::Cow;

use super::before::{Before, once};
use super::field::Field;
use super::{Meta, Row, meta};
use crate::json::{Cursor, Error, ErrorKind};
use crate::object;

/// A row of which nothing has been read.
pub(super) const EMPTY: Row<'static> = Row {
    cells: Cow::Borrowed(b"[]"),
    meta: Meta::EMPTY,
};

/// Reads a row of a table into an empty one; says whether its object says that the initial events end.
pub(super) fn read_row<'a>(
    value: &mut Cursor<'a>,
    annotations: bool,
    before: &mut Before,
    row: &mut Row<'a>,
) -> Result<bool, Error> {
    let mut end = false;
    value.next_object(|key, value| {
        match key {
            b"cells" => before.read(Field::Cells, value, row)?,
            b"object" => {
                before.once(once::ROW_OBJECT);
                end = read_row_object(value, annotations, before, row)?;
            }
            _ => value.skip()?,
        }
        Ok(())
    })?;
    Ok(end)
}

/// Reads the object of a row, whatever its kind; empty for null (`includeObject=None`).
pub(super) fn read_row_object<'a>(
    value: &mut Cursor<'a>,
    annotations: bool,
    before: &mut Before,
    row: &mut Row<'a>,
) -> Result<bool, Error> {
    let mut end = false;
    row.meta = Meta::default();
    if value.next_null()? {
        return Ok(end);
    }
    value.next_object(|key, value| {
        match key {
            b"metadata" => {
                before.once(once::ROW_METADATA);
                end = meta::read(value, annotations, before, row)?;
            }
            b"kind" | b"apiVersion" => value.skip()?,
            _ => before.read(Field::of_object(key), value, row)?,
        }
        Ok(())
    })?;
    Ok(end)
}

/// Cells in generic columns. `end` places the error where memory is refused.
pub(super) fn generic_cells<'a>(meta: &Meta<'_>, end: usize) -> Result<Cow<'a, [u8]>, Error> {
    let cells = object::cells(&meta.name, &meta.namespace);
    let cells = cells.map_err(|_| Error::new(ErrorKind::OutOfMemory, end))?;
    Ok(Cow::Owned(cells))
}
