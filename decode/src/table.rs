//! Columns of a table and their signature; cells of a row.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::disallowed_methods
    )
)]

use std::borrow::Cow;

use crate::json::{Cursor, Error, ErrorKind, Kind};

/// More columns than this are refused. The largest known tables have some thirty.
pub const MAX_COLUMNS: usize = 4096;

/// A column as the server defines it (`meta.k8s.io/v1` `TableColumnDefinition`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    /// The heading.
    pub name: String,
    /// An OpenAPI type: `string`, `integer`, `number`, `boolean`, `date`. Cells need not obey it.
    pub kind: String,
    /// An OpenAPI format; `name` marks the column of the primary identifier.
    pub format: String,
    /// For people; differs between server versions and is no part of the signature.
    pub description: String,
    /// 0 is always shown; anything higher is shown by `-o wide`.
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
            let column = Column::read(&mut Cursor::new(element.slice()?));
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
    fn read(element: &mut Cursor<'_>) -> Result<Self, Error> {
        let mut column = Self::default();
        element.members(&mut |key, value| {
            match key {
                b"name" => text(value, &mut column.name)?,
                b"type" => text(value, &mut column.kind)?,
                b"format" => text(value, &mut column.format)?,
                b"description" => text(value, &mut column.description)?,
                b"priority" => {
                    let place = *value;
                    column.priority = i32::try_from(value.integer()?)
                        .map_err(|_| place.error(ErrorKind::InvalidNumber))?;
                }
                _ => value.skip()?,
            }
            Ok(())
        })?;
        Ok(column)
    }

    fn signature(&self) -> (&str, &str, &str, i32) {
        (&self.name, &self.kind, &self.format, self.priority)
    }
}

fn text(value: &mut Cursor<'_>, into: &mut String) -> Result<(), Error> {
    *into = value.text()?.into_owned();
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[u8] = br#"[{"name":"Name","type":"string","format":"name","description":"who","priority":0},
        {"name":"Node","type":"string","format":"","description":null,"priority":1}, {"name":"Bare"}]"#;

    #[test]
    fn reads_columns() {
        let columns = Columns::parse(COLUMNS).unwrap().0;
        assert_eq!(columns.len(), 3);
        assert_eq!(
            (columns[0].name.as_str(), columns[0].format.as_str()),
            ("Name", "name")
        );
        assert_eq!(
            (columns[1].description.as_str(), columns[1].priority),
            ("", 1)
        );
        assert_eq!(
            columns[2],
            Column {
                name: "Bare".to_owned(),
                ..Column::default()
            }
        );
    }

    #[test]
    fn signature_is_everything_but_the_description() {
        let columns = Columns::parse(COLUMNS).unwrap();
        let mut other = columns.clone();
        other.0[0].description = "something else".to_owned();
        assert!(columns.same_signature(&other));
        let changes: [fn(&mut Vec<Column>); 6] = [
            |columns| columns[0].name.push('x'),
            |columns| columns[0].kind.push('x'),
            |columns| columns[0].format.push('x'),
            |columns| columns[0].priority = 1,
            |columns| columns.swap(0, 1),
            |columns| drop(columns.pop()),
        ];
        for (index, change) in changes.into_iter().enumerate() {
            let mut other = columns.clone();
            change(&mut other.0);
            assert!(!columns.same_signature(&other), "change {index}");
            assert!(!other.same_signature(&columns), "change {index}");
        }
    }

    #[test]
    fn refuses_what_is_no_columns() {
        let error = |raw: &str| Columns::parse(raw.as_bytes()).unwrap_err();
        assert_eq!(error("{}"), Error::new(ErrorKind::Expected(Kind::Array), 0));
        assert_eq!(error("[{}, 5]"), Error::new(ErrorKind::InvalidColumn, 5));
        assert_eq!(
            error(r#"[{"priority":"high"}]"#),
            Error::new(ErrorKind::InvalidColumn, 1)
        );
        assert_eq!(error("[{},}]"), Error::new(ErrorKind::ExpectedValue, 4));
        assert_eq!(error("[{}] []"), Error::new(ErrorKind::TrailingBytes, 5));
        assert!(error("[{}").is_incomplete());
    }

    #[test]
    fn three_thousand_columns_and_no_more_than_the_limit() {
        let columns = |count: usize| format!("[{}]", vec![r#"{"name":"c"}"#; count].join(","));
        assert_eq!(
            Columns::parse(columns(3000).as_bytes()).unwrap().0.len(),
            3000
        );
        assert_eq!(
            Columns::parse(columns(MAX_COLUMNS).as_bytes())
                .unwrap()
                .0
                .len(),
            MAX_COLUMNS
        );
        let error = Columns::parse(columns(MAX_COLUMNS + 1).as_bytes()).unwrap_err();
        assert_eq!(
            error,
            Error::new(ErrorKind::TooManyColumns, 1 + 13 * MAX_COLUMNS)
        );
    }

    #[test]
    fn cells_are_any_json() {
        let raw = br#" [ "a\u003cb", 1.5e1 ,-7,true,false,null,[1,[2]],{"k":"]"} ] "#;
        let cells: Vec<_> = Cells::new(raw).collect();
        let texts: Vec<_> = cells
            .iter()
            .map(|cell| std::str::from_utf8(cell.raw()).unwrap())
            .collect();
        assert_eq!(
            texts,
            [
                r#""a\u003cb""#,
                "1.5e1",
                "-7",
                "true",
                "false",
                "null",
                "[1,[2]]",
                r#"{"k":"]"}"#
            ]
        );
        assert_eq!(cells[0].as_str().unwrap(), "a<b");
        assert_eq!(
            (cells[1].as_number(), cells[2].as_number()),
            (Some(15.0), Some(-7.0))
        );
        assert_eq!(
            (cells[3].as_bool(), cells[4].as_bool()),
            (Some(true), Some(false))
        );
        assert!(cells[5].is_null() && !cells[6].is_null());
        assert_eq!(cells[7].kind(), Some(Kind::Object));
        for cell in &cells[1..] {
            assert_eq!(cell.as_str(), None);
        }
        assert_eq!(cells[0].as_number(), None);
        assert_eq!(Cells::new(b"[1e999]").next().unwrap().as_number(), None);
    }

    #[test]
    fn cells_end_where_the_json_breaks() {
        let count = |raw: &[u8]| Cells::new(raw).count();
        assert_eq!(
            (count(b"[]"), count(b""), count(b"{}"), count(b"nonsense")),
            (0, 0, 0, 0)
        );
        assert_eq!(
            (
                count(b"[1,2"),
                count(b"[1,,2]"),
                count(b"[1 2]"),
                count(b"[1}")
            ),
            (2, 1, 1, 1)
        );
    }
}
