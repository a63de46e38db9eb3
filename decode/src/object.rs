//! Metadata and plain objects, shown in generic columns.
//!
//! Where no Table comes, every row has three cells: name and namespace as they were sent, `null` where they were not,
//! and no text for the age, which is told by the object's creation time. The columns are always these three, too, so that rows and columns agree whatever a stream
//! brings; whether the namespace is worth its place is said by its priority.

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

use std::collections::TryReserveError;

use crate::table::{Column, Columns};

/// The columns of rows that are no Table rows: Name, Namespace, Age.
///
/// `namespaced`: whether objects of several namespaces are shown. Otherwise Namespace is a wide column (priority 1).
///
/// Age has no text of its own: its description says that it is one in the way in which CRDs say it, so whatever makes
/// ages tick finds it and tells it by the metadata.
#[must_use]
pub fn columns(namespaced: bool) -> Columns {
    let column = |name: &str, kind: &str, format: &str, description: &str| Column {
        name: name.to_owned(),
        kind: kind.to_owned(),
        format: format.to_owned(),
        description: description.to_owned(),
        priority: 0,
    };
    let mut namespace = column(
        "Namespace",
        "string",
        "",
        "The namespace of the object: .metadata.namespace",
    );
    namespace.priority = i32::from(!namespaced);
    Columns(vec![
        column(
            "Name",
            "string",
            "name",
            "The name of the object: .metadata.name",
        ),
        namespace,
        column(
            "Age",
            "date",
            "",
            "When the object was created: .metadata.creationTimestamp",
        ),
    ])
}

/// The cells of a row as a JSON array. Name and namespace are JSON already; the one that is missing is `null`, as the
/// age always is.
pub(crate) fn cells(
    name: Option<&[u8]>,
    namespace: Option<&[u8]>,
) -> Result<Vec<u8>, TryReserveError> {
    let values = [name, namespace, None].map(|value| value.unwrap_or(b"null"));
    let mut cells = Vec::new();
    // A separator or bracket for each value, and one bracket more.
    let size = values.iter().fold(1_usize, |size, value| {
        size.saturating_add(value.len()).saturating_add(1)
    });
    cells.try_reserve_exact(size)?;
    let mut separator = b'[';
    for value in values {
        cells.push(separator);
        cells.extend_from_slice(value);
        separator = b',';
    }
    cells.push(b']');
    Ok(cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_json_of_the_size_reserved() {
        let cells = cells(Some(br#""web-0""#), None).unwrap();
        assert_eq!(cells, br#"["web-0",null,null]"#);
        assert_eq!(cells.capacity(), cells.len());
    }

    #[test]
    fn columns_match_the_cells() {
        for namespaced in [true, false] {
            let columns = columns(namespaced).0;
            let names: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
            assert_eq!(names, ["Name", "Namespace", "Age"]);
            let shown: Vec<_> = columns.iter().map(|column| column.priority == 0).collect();
            assert_eq!(shown, [true, namespaced, true]);
            assert_eq!(columns[0].format, "name");
            assert_eq!(columns[2].kind, "date");
            assert!(
                columns[2]
                    .description
                    .ends_with(".metadata.creationTimestamp")
            );
        }
    }
}
