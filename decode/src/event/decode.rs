//! From the bytes of one event, or of one element of a LIST, to its value.

use std::borrow::Cow;

use super::meta::{self, Aside, Before, Sent};
use super::{Bookmark, Event, Format, ListMeta, MAX_ROWS, Meta, Objects, Row};
use crate::json::{Cursor, Error, ErrorKind, Kind};
use crate::object;

/// Decodes one watch event: the whole of `frame` is one JSON document, white space around it allowed.
///
/// An ERROR event never fails for what its object says: it is handed over as it is. An object of kind Status is an [`Event::Error`] whatever the type of its event, for it can be no row.
///
/// # Errors
/// * [`Error::is_incomplete`]: `frame` ends inside the document.
/// * [`ErrorKind::TrailingBytes`]: something follows the document, for example a second one.
/// * [`ErrorKind::UnknownEventType`], [`ErrorKind::MissingField`] for `type` and `object`: the document is whole and
///   no watch event. They are judged last, so an incomplete document is never called so.
/// * Anything else: the document is no JSON, or a field that matters has a wrong type.
pub fn decode(frame: &[u8]) -> Result<Event<'_>, Error> {
    Decoder::default().decode(frame)
}

/// Decodes event after event, or element after element, quicker than [`decode`] and [`decode_object`] one by one, and with the same
/// results: it remembers (in at most 300 KiB) what the last object looked like, and what is the same in the next one is passed by
/// comparison.
#[derive(Debug, Default)]
pub struct Decoder {
    before: Before,
}

impl Decoder {
    /// See [`decode`].
    ///
    /// # Errors
    /// Those of [`decode`].
    pub fn decode<'a>(&mut self, frame: &'a [u8]) -> Result<Event<'a>, Error> {
        read_event(frame, &mut self.before)
    }

    /// See [`decode_object`].
    ///
    /// # Errors
    /// Those of [`decode_object`].
    pub fn decode_object<'a>(
        &mut self,
        element: &'a [u8],
        format: Format,
    ) -> Result<Row<'a>, Error> {
        read_element(element, format, &mut self.before)
    }
}

fn read_event<'a>(frame: &'a [u8], before: &mut Before) -> Result<Event<'a>, Error> {
    let mut cursor = Cursor::new(frame);
    let mut kind = None;
    let mut object = None;
    let mut read_as = None;
    let mut body = Body::new();
    cursor.next_object(|key, value| {
        match key {
            b"type" => kind = read_type(value)?,
            b"object" if value.next_null()? => (object, read_as) = (None, None),
            b"object" => {
                object = Some(*value);
                read_as = match kind {
                    Some((kind, _)) if kind != Type::Unknown => {
                        body.read(kind, value, before)?;
                        Some(kind)
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
    if read_as != Some(kind) {
        body.read(kind, &mut object, before)?;
    }
    body.into_event(kind)
}

/// Decodes an element of a Table LIST's `rows`.
///
/// # Errors
/// As [`decode`], but for those about events.
pub fn decode_row(element: &[u8]) -> Result<Row<'_>, Error> {
    decode_object(element, Format::Table)
}

/// Decodes an element of a LIST, told by the list's kind what it is: a row of a Table as [`decode_row`] does, else an
/// object of `items` or its metadata, whose cells are those of [`object::columns`].
///
/// # Errors
/// As [`decode`], but for those about events.
pub fn decode_object(element: &[u8], format: Format) -> Result<Row<'_>, Error> {
    Decoder::default().decode_object(element, format)
}

fn read_element<'a>(
    element: &'a [u8],
    format: Format,
    before: &mut Before,
) -> Result<Row<'a>, Error> {
    let mut cursor = Cursor::new(element);
    let mut row = EMPTY;
    if format == Format::Table {
        read_row(&mut cursor, false, before, &mut row)?;
        cursor.finish()?;
        return Ok(row);
    }
    let aside = read_object_metadata(&mut cursor, false, before, &mut row.meta)?;
    cursor.finish()?;
    row.cells = generic_cells(aside.sent, element.len())?;
    Ok(row)
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

/// The object of an event, as it is read. All of it is read in place: rows are large, and each step on their way out would
/// copy them once more.
struct Body<'a> {
    /// What an ERROR event or an object of kind Status says; then nothing else counts.
    status: Option<&'a [u8]>,
    /// The object's own `metadata`.
    meta: Meta<'a>,
    aside: Aside<'a>,
    objects: Objects<'a>,
    /// Whether the first row's object says that the initial events end.
    initial_events_end: bool,
    /// Where it ends in the document; 0 before it is read.
    end: usize,
}

impl<'a> Body<'a> {
    fn new() -> Self {
        Self {
            status: None,
            meta: Meta::default(),
            aside: Aside::default(),
            objects: Objects {
                format: Format::Object,
                resource_version: None,
                columns: None,
                first: None,
                rest: Vec::new(),
            },
            initial_events_end: false,
            end: 0,
        }
    }

    /// Reads the object of an event of this type, in place of what may have been read before.
    fn read(
        &mut self,
        kind: Type,
        value: &mut Cursor<'a>,
        before: &mut Before,
    ) -> Result<(), Error> {
        let mut place = *value;
        if self.end > 0 {
            *self = Self::new();
        }
        if kind == Type::Error || !self.read_object(value, kind == Type::Bookmark, before)? {
            self.status = Some(place.slice()?);
            *value = place;
        }
        self.end = value.offset();
        Ok(())
    }

    /// Reads an object that may be anything; false where it is a Status.
    ///
    /// Objects of other kinds may have members named `rows` or `columnDefinitions` that hold anything, so these are read
    /// only where the object is known to be a Table, and skipped until then.
    fn read_object(
        &mut self,
        value: &mut Cursor<'a>,
        annotations: bool,
        before: &mut Before,
    ) -> Result<bool, Error> {
        let mut kind = Cow::Borrowed("");
        let mut columns = None;
        let mut rows = None;
        let mut skipped = false;
        value.next_object(|key, value| {
            match key {
                b"kind" => kind = meta::text(value)?.0,
                b"metadata" => {
                    self.aside = meta::read(value, annotations, before, &mut self.meta)?;
                }
                b"columnDefinitions" => {
                    columns = Some(*value);
                    if kind == "Table" {
                        self.objects.columns =
                            meta::container(value, Kind::Array, &mut before.columns)?;
                    } else {
                        skipped = true;
                        value.skip()?;
                    }
                }
                b"rows" => {
                    rows = Some(*value);
                    if kind == "Table" {
                        self.read_rows(value, annotations, before)?;
                    } else {
                        skipped = true;
                        value.skip()?;
                    }
                }
                b"spec" => value.skip_like(&mut before.spec)?,
                b"status" => value.skip_like(&mut before.status)?,
                _ => value.skip()?,
            }
            Ok(())
        })?;
        self.objects.format = match &*kind {
            "Status" => return Ok(false),
            "Table" => Format::Table,
            "PartialObjectMetadata" => Format::Metadata,
            _ => Format::Object,
        };
        if self.objects.format != Format::Table {
            // A kind that was said twice may have made it look like one.
            self.objects.columns = None;
            self.objects.first = None;
            self.initial_events_end = false;
            self.objects.rest.clear();
        } else if skipped {
            if let Some(mut columns) = columns {
                self.objects.columns =
                    meta::container(&mut columns, Kind::Array, &mut before.columns)?;
            }
            if let Some(mut rows) = rows {
                self.read_rows(&mut rows, annotations, before)?;
            }
        }
        Ok(true)
    }

    /// Reads `rows`, in place of what may have been read before.
    fn read_rows(
        &mut self,
        value: &mut Cursor<'a>,
        annotations: bool,
        before: &mut Before,
    ) -> Result<(), Error> {
        let Objects { first, rest, .. } = &mut self.objects;
        *first = None;
        rest.clear();
        self.initial_events_end = false;
        if value.next_null()? {
            return Ok(());
        }
        value.next_array(|value| {
            if first.is_none() {
                let row = first.insert(EMPTY);
                self.initial_events_end = read_row(value, annotations, before, row)?;
                return Ok(());
            }
            if rest.len().saturating_add(1) >= MAX_ROWS {
                return Err(value.error(ErrorKind::TooManyRows));
            }
            rest.try_reserve(1)
                .map_err(|_| value.error(ErrorKind::OutOfMemory))?;
            rest.push(EMPTY);
            match rest.last_mut() {
                Some(row) => read_row(value, annotations, before, row).map(drop),
                None => Ok(()),
            }
        })
    }

    fn into_event(mut self, kind: Type) -> Result<Event<'a>, Error> {
        if let Some(status) = self.status {
            return Ok(Event::Error(status));
        }
        let objects = &mut self.objects;
        let of_table = objects.format == Format::Table;
        objects.resource_version = Some(&self.meta.resource_version)
            .filter(|version| !version.is_empty())
            .cloned()
            .or_else(|| version_of(objects.first.as_ref()));
        if kind == Type::Bookmark {
            // The rows of a bookmark are made from an empty object: they are junk, but for two things in the first one.
            return Ok(Event::Bookmark(Bookmark {
                format: objects.format,
                resource_version: self.objects.resource_version,
                initial_events_end: self.aside.initial_events_end || self.initial_events_end,
                columns: self.objects.columns,
            }));
        }
        if !of_table {
            let cells = generic_cells(self.aside.sent, self.end)?;
            let meta = self.meta;
            objects.first = Some(Row { cells, meta });
        }
        Ok(match kind {
            Type::Modified => Event::Modified(self.objects),
            Type::Deleted => Event::Deleted(self.objects),
            _ => Event::Added(self.objects),
        })
    }
}

fn version_of<'a>(row: Option<&Row<'a>>) -> Option<Cow<'a, str>> {
    row.map(|row| row.meta.resource_version.clone())
        .filter(|version| !version.is_empty())
}

/// A row of which nothing has been read.
const EMPTY: Row<'static> = Row {
    cells: Cow::Borrowed(b"[]"),
    meta: Meta::EMPTY,
};

/// Reads a row of a table into an empty one; says whether its object says that the initial events end.
fn read_row<'a>(
    value: &mut Cursor<'a>,
    annotations: bool,
    before: &mut Before,
    row: &mut Row<'a>,
) -> Result<bool, Error> {
    let mut end = false;
    value.next_object(|key, value| {
        match key {
            b"cells" => {
                let cells = if value.next_null()? {
                    b"[]"
                } else {
                    value.array()?
                };
                row.cells = Cow::Borrowed(cells);
            }
            b"object" => {
                let aside = read_object_metadata(value, annotations, before, &mut row.meta)?;
                end = aside.initial_events_end;
            }
            _ => value.skip()?,
        }
        Ok(())
    })?;
    Ok(end)
}

/// Reads the `metadata` of an object, whatever its kind; empty for null (`includeObject=None`).
fn read_object_metadata<'a>(
    value: &mut Cursor<'a>,
    annotations: bool,
    before: &mut Before,
    meta: &mut Meta<'a>,
) -> Result<Aside<'a>, Error> {
    let mut aside = Aside::default();
    *meta = Meta::default();
    if value.next_null()? {
        return Ok(aside);
    }
    value.next_object(|key, value| {
        match key {
            b"metadata" => aside = meta::read(value, annotations, before, meta)?,
            b"spec" => value.skip_like(&mut before.spec)?,
            b"status" => value.skip_like(&mut before.status)?,
            _ => value.skip()?,
        }
        Ok(())
    })?;
    Ok(aside)
}

/// Cells in generic columns. `end` places the error where memory is refused.
fn generic_cells(sent: Sent<'_>, end: usize) -> Result<Cow<'_, [u8]>, Error> {
    let cells = object::cells(sent.name, sent.namespace);
    let cells = cells.map_err(|_| Error::new(ErrorKind::OutOfMemory, end))?;
    Ok(Cow::Owned(cells))
}
