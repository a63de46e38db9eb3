//! From the bytes of one event, or of one element of a LIST, to its value.

use super::before::{Before, Document, Type};
use super::body::Body;
use super::row::{EMPTY, generic_cells, read_row, read_row_object};
use super::{Event, Format, ListMeta, Row, meta};
use crate::json::{Cursor, Error, ErrorKind};

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
/// results: it remembers (in at most 400 KiB) what the last object looked like, and what is the same in the next one is passed by
/// comparison.
#[derive(Debug, Default)]
pub struct Decoder {
    pub(super) before: Before,
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
    let mut body = Body::new();
    if let Some(kind) = body.read_alike(frame, before) {
        return body.into_event(kind);
    }
    read_event_by_keys(frame, before)
}

fn read_event_by_keys<'a>(frame: &'a [u8], before: &mut Before) -> Result<Event<'a>, Error> {
    let mut cursor = Cursor::new(frame);
    let mut kind = None;
    let mut object = None;
    let mut read_as = None;
    let mut body = Body::new();
    before.begin();
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
        before.shape.spoil();
        body.read(kind, &mut object, before)?;
    }
    if kind != Type::Bookmark && body.status.is_none() {
        let format = body.objects.format;
        let row = body.objects.first.is_some();
        before
            .shape
            .end(frame, Document::Event { kind, format, row });
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
/// object of `items` or its metadata, whose cells are those of [`object::columns`](crate::object::columns).
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
    let document = Document::Element(format);
    let (mut row, mut none) = (EMPTY, EMPTY);
    let Before { shape, values, .. } = before;
    let alike =
        shape.of() == Some(document) && shape.read(element, values, &mut row, &mut none).is_some();
    if !alike {
        row = EMPTY;
        before.begin();
        let mut cursor = Cursor::new(element);
        if format == Format::Table {
            read_row(&mut cursor, false, before, &mut row)?;
        } else {
            read_row_object(&mut cursor, false, before, &mut row)?;
        }
        cursor.finish()?;
        before.shape.end(element, document);
    }
    if format != Format::Table {
        row.cells = generic_cells(&row.meta, element.len())?;
    }
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
