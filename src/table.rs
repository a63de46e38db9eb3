//! Columns of a table and their signature; cells of a row.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};

use crate::json::{Cursor, Error, ErrorKind, Kind};

/// More columns than this are refused. The largest known tables have some thirty.
pub const MAX_COLUMNS: usize = 4096;

/// A column as the server defines it (`meta.k8s.io/v1` `TableColumnDefinition`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Column {
    /// The heading.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// An OpenAPI type: `string`, `integer`, `number`, `boolean`, `date`. Cells need not obey it.
    #[serde(rename = "type", deserialize_with = "or_default")]
    pub kind: String,
    /// An OpenAPI format; `name` marks the column of the primary identifier.
    #[serde(deserialize_with = "or_default")]
    pub format: String,
    /// For people; differs between server versions and is no part of the signature.
    #[serde(deserialize_with = "or_default")]
    pub description: String,
    /// 0 is always shown; anything higher is shown by `-o wide`.
    #[serde(deserialize_with = "or_default")]
    pub priority: i32,
}

/// The columns of one snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns(pub Vec<Column>);

impl Columns {
    /// Reads a raw `columnDefinitions` array, as [`Objects::columns`](crate::event::Objects::columns) holds it.
    ///
    /// # Errors
    /// With offsets into `raw`:
    /// * [`ErrorKind::TooManyColumns`]: more than [`MAX_COLUMNS`].
    /// * [`ErrorKind::InvalidColumn`]: an element is no object, or has a field of a wrong type.
    /// * Anything that is wrong with the JSON.
    pub fn parse(raw: &[u8]) -> Result<Self, Error> {
        let mut cursor = Cursor::new(raw);
        let mut columns = Vec::new();
        cursor.next_array(|element| {
            element.peek()?;
            let place = *element;
            if columns.len() >= MAX_COLUMNS {
                return Err(place.error(ErrorKind::TooManyColumns));
            }
            let column = serde_json::from_slice(element.slice()?);
            let column = column.map_err(|_| place.error(ErrorKind::InvalidColumn))?;
            columns
                .try_reserve(1)
                .map_err(|_| place.error(ErrorKind::OutOfMemory))?;
            columns.push(column);
            Ok(())
        })?;
        cursor.finish()?;
        Ok(Self(columns))
    }

    /// Whether cells made for these columns fit those: name, type, format, priority and order agree. Descriptions do
    /// not count, since they differ between versions of servers that send the same cells.
    #[must_use]
    pub fn same_signature(&self, other: &Self) -> bool {
        self.0.len() == other.0.len()
            && self
                .0
                .iter()
                .zip(&other.0)
                .all(|(one, other)| one.signature() == other.signature())
    }
}

impl Column {
    fn signature(&self) -> (&str, &str, &str, i32) {
        (&self.name, &self.kind, &self.format, self.priority)
    }
}

/// A field that is null counts as absent.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// The cells of a row, in order: an iterator over the elements of [`Row::cells`](crate::event::Row::cells).
///
/// There may be fewer or more of them than columns. Over bytes that are no JSON array it ends where they break.
#[derive(Clone, Debug)]
pub struct Cells<'a> {
    cursor: Option<Cursor<'a>>,
    first: bool,
}

impl<'a> Cells<'a> {
    /// The cells of this raw JSON array.
    #[must_use]
    pub fn new(raw: &'a [u8]) -> Self {
        Self {
            cursor: Some(Cursor::new(raw)),
            first: true,
        }
    }
}

impl<'a> Iterator for Cells<'a> {
    type Item = CellRef<'a>;

    fn next(&mut self) -> Option<CellRef<'a>> {
        let mut cursor = self.cursor.take()?;
        let first = core::mem::take(&mut self.first);
        let cell = if first {
            cursor.first_element()
        } else {
            cursor.later_element()
        }
        .ok()??;
        self.cursor = Some(cursor);
        Some(CellRef { raw: cell })
    }
}

/// One cell: any JSON value, whatever type its column declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellRef<'a> {
    raw: &'a [u8],
}

impl<'a> CellRef<'a> {
    /// The JSON text of the cell.
    #[must_use]
    pub const fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// The cell's text where it is a string, unescaped.
    #[must_use]
    pub fn as_str(&self) -> Option<Cow<'a, str>> {
        Cursor::new(self.raw).next_str().ok()
    }

    /// The cell's value where it is a number, rounded to the nearest double. Always finite.
    #[must_use]
    pub fn as_number(&self) -> Option<f64> {
        let number = Cursor::new(self.raw).next_number().ok()?.parse().ok()?;
        f64::is_finite(number).then_some(number)
    }

    /// The cell's value where it is a boolean.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        Cursor::new(self.raw).next_bool().ok()
    }

    /// Whether the cell is `null`: CRD columns whose path is missing are.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.kind() == Some(Kind::Null)
    }

    /// The kind of the cell's value; none only for bytes that are no JSON.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        Cursor::new(self.raw).peek().ok()
    }
}
