//! From the bytes of one event, or of one element of a LIST, to its value.

use std::borrow::Cow;

use super::meta::{self, Metadata};
use super::{Bookmark, Event, Format, ListMeta, Objects, Row};
use crate::json::{Cursor, Error, ErrorKind, Kind};
use crate::object;
use crate::status::Status;

/// Decodes one watch event: the whole of `frame` is one JSON document, white space around it allowed.
///
/// An ERROR event never fails for what its object says: where that is no Status, the event carries an empty one. An
/// object of kind Status is an [`Event::Error`] whatever the type of its event, for it can be no row.
///
/// # Errors
/// * [`Error::is_incomplete`]: `frame` ends inside the document.
/// * [`ErrorKind::TrailingBytes`]: something follows the document, for example a second one.
/// * [`ErrorKind::UnknownEventType`], [`ErrorKind::MissingField`] for `type` and `object`: the document is whole and
///   no watch event. They are judged last, so an incomplete document is never called so.
/// * Anything else: the document is no JSON, or a field that matters has a wrong type.
pub fn decode(frame: &[u8]) -> Result<Event<'_>, Error> {
    let mut cursor = Cursor::new(frame);
    let mut kind = None;
    let mut object = None;
    let mut event = None;
    cursor.next_object(|key, value| {
        match key {
            b"type" => kind = read_type(value)?,
            b"object" if value.next_null()? => (object, event) = (None, None),
            b"object" => {
                object = Some(*value);
                event = match kind {
                    Some((kind, _)) if kind != Type::Unknown => {
                        Some((kind, read_event(kind, value)?))
                    }
                    _ => {
                        value.skip()?;
                        None
                    }
                };
            }
            _ => value.skip()?,
        }
        Ok(())
    })?;
    cursor.finish()?;
    let missing = |name| cursor.error(ErrorKind::MissingField(name));
    let (kind, place) = kind.ok_or_else(|| missing("type"))?;
    if kind == Type::Unknown {
        return Err(place.error(ErrorKind::UnknownEventType));
    }
    let mut object = object.ok_or_else(|| missing("object"))?;
    match event {
        Some((read_as, event)) if read_as == kind => Ok(event),
        _ => read_event(kind, &mut object),
    }
}

/// Decodes an element of a Table LIST's `rows`.
///
/// # Errors
/// As [`decode`], but for those about events.
pub fn decode_row(element: &[u8]) -> Result<Row<'_>, Error> {
    let mut cursor = Cursor::new(element);
    let (row, _) = read_row(&mut cursor, false)?;
    cursor.finish()?;
    Ok(row)
}

/// Decodes an element of a LIST, told by the list's kind what it is: a row of a Table as [`decode_row`] does, else an
/// object of `items` or its metadata, whose cells are those of [`object::columns`].
///
/// # Errors
/// As [`decode`], but for those about events.
pub fn decode_object(element: &[u8], format: Format) -> Result<Row<'_>, Error> {
    if format == Format::Table {
        return decode_row(element);
    }
    let mut cursor = Cursor::new(element);
    let metadata = read_object_metadata(&mut cursor, false)?;
    cursor.finish()?;
    generic_row(metadata, element.len())
}

/// Decodes the `metadata` of a LIST.
///
/// # Errors
/// As [`decode`], but for those about events.
pub fn decode_list_meta(bytes: &[u8]) -> Result<ListMeta<'_>, Error> {
    let mut cursor = Cursor::new(bytes);
    let meta = meta::read_list(&mut cursor)?;
    cursor.finish()?;
    Ok(meta)
}

/// The `type` of an event.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    Added,
    Modified,
    Deleted,
    Bookmark,
    Error,
    Unknown,
}

/// Reads a type and remembers its place; none for null.
fn read_type<'a>(value: &mut Cursor<'a>) -> Result<Option<(Type, Cursor<'a>)>, Error> {
    if value.next_null()? {
        return Ok(None);
    }
    let place = *value;
    let kind = match &*value.next_str()? {
        "ADDED" => Type::Added,
        "MODIFIED" => Type::Modified,
        "DELETED" => Type::Deleted,
        "BOOKMARK" => Type::Bookmark,
        "ERROR" => Type::Error,
        _ => Type::Unknown,
    };
    Ok(Some((kind, place)))
}

/// Reads the object of an event of this type.
fn read_event<'a>(kind: Type, value: &mut Cursor<'a>) -> Result<Event<'a>, Error> {
    if kind == Type::Error {
        return read_error(value);
    }
    let place = *value;
    let bookmark = kind == Type::Bookmark;
    let Some(body) = read_body(value, bookmark)? else {
        return read_error(&mut place.clone());
    };
    if bookmark {
        return Ok(Event::Bookmark(body.into_bookmark()));
    }
    let objects = body.into_objects(place.until(value).len())?;
    Ok(match kind {
        Type::Modified => Event::Modified(objects),
        Type::Deleted => Event::Deleted(objects),
        _ => Event::Added(objects),
    })
}

/// Reads the object of an ERROR event.
#[cold]
fn read_error<'a>(value: &mut Cursor<'a>) -> Result<Event<'a>, Error> {
    Ok(Event::Error(
        Status::parse(value.slice()?).unwrap_or_default(),
    ))
}

/// What the object of an event that is no Status says.
struct Body<'a> {
    format: Format,
    metadata: Metadata<'a>,
    table: Table<'a>,
}

/// The members that only a Table has.
#[derive(Default)]
struct Table<'a> {
    columns: Option<&'a [u8]>,
    first: Option<Row<'a>>,
    rest: Vec<Row<'a>>,
    /// Whether the first row's object says that the initial events end.
    initial_events_end: bool,
}

/// Reads an object that may be anything; none where it is a Status.
///
/// Objects of other kinds may have members named `rows` or `columnDefinitions` that hold anything, so these are read
/// only where the object is known to be a Table, and skipped until then.
fn read_body<'a>(value: &mut Cursor<'a>, annotations: bool) -> Result<Option<Body<'a>>, Error> {
    let mut kind = Cow::Borrowed("");
    let mut metadata = Metadata::default();
    let mut table = Table::default();
    let mut columns = None;
    let mut rows = None;
    let mut skipped = false;
    value.next_object(|key, value| {
        match key {
            b"kind" => kind = meta::text(value)?.0,
            b"metadata" => metadata = meta::read(value, annotations)?,
            b"columnDefinitions" => {
                columns = Some(*value);
                if kind == "Table" {
                    table.columns = meta::container(value, Kind::Array)?;
                } else {
                    skipped = true;
                    value.skip()?;
                }
            }
            b"rows" => {
                rows = Some(*value);
                if kind == "Table" {
                    table.read_rows(value, annotations)?;
                } else {
                    skipped = true;
                    value.skip()?;
                }
            }
            _ => value.skip()?,
        }
        Ok(())
    })?;
    let format = match &*kind {
        "Status" => return Ok(None),
        "Table" => Format::Table,
        "PartialObjectMetadata" => Format::Metadata,
        _ => Format::Object,
    };
    if format == Format::Table && skipped {
        if let Some(mut columns) = columns {
            table.columns = meta::container(&mut columns, Kind::Array)?;
        }
        if let Some(mut rows) = rows {
            table.read_rows(&mut rows, annotations)?;
        }
    }
    Ok(Some(Body {
        format,
        metadata,
        table,
    }))
}

impl<'a> Table<'a> {
    /// Reads `rows`, in place of what may have been read before.
    fn read_rows(&mut self, value: &mut Cursor<'a>, annotations: bool) -> Result<(), Error> {
        self.first = None;
        self.rest.clear();
        self.initial_events_end = false;
        if value.next_null()? {
            return Ok(());
        }
        value.next_array(|value| {
            let place = *value;
            let (row, end) = read_row(value, annotations)?;
            if self.first.is_none() {
                self.initial_events_end = end;
                self.first = Some(row);
            } else {
                self.rest
                    .try_reserve(1)
                    .map_err(|_| place.error(ErrorKind::OutOfMemory))?;
                self.rest.push(row);
            }
            Ok(())
        })
    }
}

impl<'a> Body<'a> {
    fn into_objects(self, size: usize) -> Result<Objects<'a>, Error> {
        let Self {
            format,
            metadata,
            table,
        } = self;
        let own =
            Some(metadata.meta.resource_version.clone()).filter(|version| !version.is_empty());
        if format == Format::Table {
            let Table {
                columns,
                first,
                rest,
                ..
            } = table;
            let resource_version = own.or_else(|| version_of(first.as_ref()));
            return Ok(Objects {
                format,
                resource_version,
                columns,
                first,
                rest,
            });
        }
        let first = Some(generic_row(metadata, size)?);
        Ok(Objects {
            format,
            resource_version: own,
            columns: None,
            first,
            rest: Vec::new(),
        })
    }

    /// The rows of a bookmark are made from an empty object: they are junk, but for two things in the first one.
    fn into_bookmark(self) -> Bookmark<'a> {
        let Self {
            format,
            metadata,
            table,
        } = self;
        let own = Some(metadata.meta.resource_version).filter(|version| !version.is_empty());
        let of_table = format == Format::Table;
        Bookmark {
            format,
            resource_version: own.or_else(|| version_of(table.first.as_ref().filter(|_| of_table))),
            initial_events_end: metadata.initial_events_end
                || (of_table && table.initial_events_end),
            columns: table.columns.filter(|_| of_table),
        }
    }
}

fn version_of<'a>(row: Option<&Row<'a>>) -> Option<Cow<'a, str>> {
    row.map(|row| row.meta.resource_version.clone())
        .filter(|version| !version.is_empty())
}

/// Reads a row of a table, and whether its object says that the initial events end.
fn read_row<'a>(value: &mut Cursor<'a>, annotations: bool) -> Result<(Row<'a>, bool), Error> {
    let mut cells: &[u8] = b"[]";
    let mut metadata = Metadata::default();
    value.next_object(|key, value| {
        match key {
            b"cells" => cells = meta::container(value, Kind::Array)?.unwrap_or(b"[]"),
            b"object" => metadata = read_object_metadata(value, annotations)?,
            _ => value.skip()?,
        }
        Ok(())
    })?;
    let Metadata {
        meta,
        initial_events_end,
        ..
    } = metadata;
    Ok((
        Row {
            cells: Cow::Borrowed(cells),
            meta,
        },
        initial_events_end,
    ))
}

/// Reads the `metadata` of an object, whatever its kind; empty for null (`includeObject=None`).
fn read_object_metadata<'a>(
    value: &mut Cursor<'a>,
    annotations: bool,
) -> Result<Metadata<'a>, Error> {
    let mut metadata = Metadata::default();
    if value.next_null()? {
        return Ok(metadata);
    }
    value.next_object(|key, value| {
        match key {
            b"metadata" => metadata = meta::read(value, annotations)?,
            _ => value.skip()?,
        }
        Ok(())
    })?;
    Ok(metadata)
}

/// A row in generic columns. `size` places the error where memory is refused.
fn generic_row(metadata: Metadata<'_>, size: usize) -> Result<Row<'_>, Error> {
    let Metadata { meta, sent, .. } = metadata;
    let cells = object::cells(sent.name, sent.namespace);
    let cells = cells.map_err(|_| Error::new(ErrorKind::OutOfMemory, size))?;
    Ok(Row {
        cells: Cow::Owned(cells),
        meta,
    })
}
