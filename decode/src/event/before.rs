//! What a decoder remembers of the documents before.

use super::field::{Field, Values};
use super::shape::Shape;
use super::{Format, Row};
use crate::json::{Cursor, Error};

/// What is known of the documents before.
#[derive(Debug, Default)]
pub(super) struct Before {
    pub(super) values: Values,
    pub(super) shape: Shape,
    /// What is being read belongs to the row of a Table.
    pub(super) in_row: bool,
    /// Objects of which a document may have one, in what has been read of it.
    seen: u8,
    /// Documents that were read by their keys.
    #[cfg(test)]
    pub(super) by_keys: usize,
}

/// What a document is, and how it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Document {
    Event {
        kind: Type,
        format: Format,
        row: bool,
    },
    Element(Format),
}

/// The `type` of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Added,
    Modified,
    Deleted,
    Bookmark,
    Error,
    Unknown,
}

/// Of these a document may have one each: another one takes the place of the first, which no [`Shape`] tells.
pub(super) mod once {
    pub(in super::super) const METADATA: u8 = 1;
    pub(in super::super) const ROW: u8 = 1 << 1;
    pub(in super::super) const ROW_OBJECT: u8 = 1 << 2;
    pub(in super::super) const ROW_METADATA: u8 = 1 << 3;
}

impl Before {
    /// A document is read by its keys.
    pub(super) fn begin(&mut self) {
        self.shape.begin();
        self.in_row = false;
        self.seen = 0;
        #[cfg(test)]
        (self.by_keys += 1);
    }

    /// Reads a field that was found by its key.
    pub(super) fn read<'a>(
        &mut self,
        field: Field,
        value: &mut Cursor<'a>,
        row: &mut Row<'a>,
    ) -> Result<(), Error> {
        let start = value.offset();
        field.read(value, &mut self.values, row)?;
        self.shape.note(field, self.in_row, (start, value.offset()));
        Ok(())
    }

    /// Something was found of which a document may have one.
    pub(super) fn once(&mut self, what: u8) {
        if self.seen & what != 0 {
            self.shape.spoil();
        }
        self.seen |= what;
    }
}
