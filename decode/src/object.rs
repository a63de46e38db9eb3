//! Metadata and plain objects, shown in generic columns.
//!
//! Where no Table comes, every row has three cells: name and namespace, `null` where there is none,
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

/// The cells of a row as a JSON array; a name or namespace that is missing is `null`, as the age always is.
pub(crate) fn cells(name: &str, namespace: &str) -> Result<Vec<u8>, TryReserveError> {
    const AGE: &[u8] = b"null]";
    let texts = [name, namespace];
    let mut cells = Vec::new();
    // The bracket and the age; a text in quotes, or `null`, and a comma for each.
    let size = texts
        .iter()
        .fold(AGE.len().saturating_add(1), |size, text| {
            let escapes = text.bytes().filter(|byte| is_escaped(*byte)).count();
            size.saturating_add(text.len().max(2))
                .saturating_add(escapes.saturating_mul(ESCAPE.len().saturating_add(1)))
                .saturating_add(3)
        });
    cells.try_reserve_exact(size)?;
    cells.push(b'[');
    for text in texts {
        push(&mut cells, text);
        cells.push(b',');
    }
    cells.extend_from_slice(AGE);
    Ok(cells)
}

/// Appends a JSON string; `null` for none.
fn push(cells: &mut Vec<u8>, text: &str) {
    if text.is_empty() {
        cells.extend_from_slice(b"null");
        return;
    }
    cells.push(b'"');
    for byte in text.bytes() {
        if is_escaped(byte) {
            cells.extend_from_slice(ESCAPE);
            cells.extend(
                [byte >> 4, byte & 15]
                    .map(|digit| HEX.get(usize::from(digit)).copied().unwrap_or(b'0')),
            );
        } else {
            cells.push(byte);
        }
    }
    cells.push(b'"');
}

/// Before the two digits of a byte that JSON strings hold in escaped form alone.
const ESCAPE: &[u8] = b"\\u00";
const HEX: &[u8; 16] = b"0123456789abcdef";

const fn is_escaped(byte: u8) -> bool {
    matches!(byte, 0..0x20 | b'"' | b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_json_of_the_size_reserved() {
        for (name, json) in [
            ("web-0", &br#"["web-0",null,null]"#[..]),
            (
                "\u{1f}\"é\\",
                "[\"\\u001f\\u0022é\\u005c\",null,null]".as_bytes(),
            ),
        ] {
            let cells = cells(name, "").unwrap();
            assert_eq!(cells, json);
            // Made in one piece.
            assert_eq!(cells.capacity(), cells.len());
        }
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
