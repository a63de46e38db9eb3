//! Columns of a table and their signature.

use serde::Deserialize;

/// A column as the server defines it (`meta.k8s.io/v1` `TableColumnDefinition`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Column {
    /// The heading.
    pub name: String,
    /// An OpenAPI type: `string`, `integer`, `number`, `boolean`, `date`. Cells need not obey it.
    #[serde(rename = "type")]
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
