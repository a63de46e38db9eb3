//! The object of a watch event.

use std::borrow::Cow;

use super::before::{Before, Document, Type, once};
use super::field::{self, Field};
use super::row::{EMPTY, generic_cells, read_row};
use super::{Bookmark, Event, Format, MAX_ROWS, Objects, Row, meta};
use crate::json::{Cursor, Error, ErrorKind, Kind};

/// The object of an event, as it is read. All of it is read in place: rows are large, and each step on their way out would
/// copy them once more.
pub(super) struct Body<'a> {
    /// What an ERROR event or an object of kind Status says; then nothing else counts.
    pub(super) status: Option<&'a [u8]>,
    /// The object's own `metadata`, and its cells where it is a row itself.
    own: Row<'a>,
    pub(super) objects: Objects<'a>,
    /// Whether the object or its first row says that the initial events end.
    initial_events_end: (bool, bool),
    /// Where it ends in the document; 0 before it is read.
    end: usize,
}

impl<'a> Body<'a> {
    pub(super) fn new() -> Self {
        Self {
            status: None,
            own: EMPTY,
            objects: Objects {
                format: Format::Object,
                resource_version: None,
                columns: None,
                first: None,
                rest: Vec::new(),
            },
            initial_events_end: (false, false),
            end: 0,
        }
    }

    /// Reads an event that looks like the one before; none where it does not.
    pub(super) fn read_alike(&mut self, frame: &'a [u8], before: &mut Before) -> Option<Type> {
        let Before { shape, values, .. } = before;
        let Document::Event { kind, format, row } = shape.of()? else {
            return None;
        };
        self.objects.format = format;
        self.end = frame.len();
        let first = self.objects.first.insert(EMPTY);
        shape.read(frame, values, &mut self.own, first)?;
        if !row {
            self.objects.first = None;
        }
        Some(kind)
    }

    /// Reads the object of an event of this type, in place of what may have been read before.
    pub(super) fn read(
        &mut self,
        kind: Type,
        value: &mut Cursor<'a>,
        before: &mut Before,
    ) -> Result<(), Error> {
        let mut place = *value;
        if self.end > 0 {
            before.shape.spoil();
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
                b"kind" => kind = value.text()?,
                b"apiVersion" => value.skip()?,
                b"metadata" => {
                    before.once(once::METADATA);
                    self.initial_events_end.0 =
                        meta::read(value, annotations, before, &mut self.own)?;
                }
                b"columnDefinitions" => {
                    columns = Some(*value);
                    if kind == "Table" {
                        self.read_columns(value, before)?;
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
                _ => before.read(Field::of_object(key), value, &mut self.own)?,
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
            self.initial_events_end.1 = false;
            self.objects.rest.clear();
        } else if skipped {
            before.shape.spoil();
            if let Some(mut columns) = columns {
                self.read_columns(&mut columns, before)?;
            }
            if let Some(mut rows) = rows {
                self.read_rows(&mut rows, annotations, before)?;
            }
        }
        Ok(true)
    }

    /// Reads `columnDefinitions`, in place of what may have been read before.
    fn read_columns(&mut self, value: &mut Cursor<'a>, before: &mut Before) -> Result<(), Error> {
        let columns = field::container(value, Kind::Array, &mut before.values.columns)?;
        if columns.is_some() {
            // Servers send them once a stream, so they are no part of what documents look like.
            before.shape.spoil();
        }
        self.objects.columns = columns;
        Ok(())
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
        self.initial_events_end.1 = false;
        if value.next_null()? {
            return Ok(());
        }
        before.in_row = true;
        value.next_array(|value| {
            before.once(once::ROW);
            if first.is_none() {
                let row = first.insert(EMPTY);
                self.initial_events_end.1 = read_row(value, annotations, before, row)?;
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
        })?;
        before.in_row = false;
        Ok(())
    }

    pub(super) fn into_event(mut self, kind: Type) -> Result<Event<'a>, Error> {
        if let Some(status) = self.status {
            return Ok(Event::Error(status));
        }
        let objects = &mut self.objects;
        let of_table = objects.format == Format::Table;
        objects.resource_version = Some(&self.own.meta.resource_version)
            .filter(|version| !version.is_empty())
            .cloned()
            .or_else(|| version_of(objects.first.as_ref()));
        if kind == Type::Bookmark {
            let (own, of_row) = self.initial_events_end;
            // The rows of a bookmark are made from an empty object: they are junk, but for two things in the first one.
            return Ok(Event::Bookmark(Bookmark {
                format: objects.format,
                resource_version: self.objects.resource_version,
                initial_events_end: own || of_row,
                columns: self.objects.columns,
            }));
        }
        if !of_table {
            self.own.cells = generic_cells(&self.own.meta, self.end)?;
            objects.first = Some(self.own);
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
