//! The cells of the custom resource, one column of every type.

use serde_json::Value;

use super::{Cells, text};
use crate::model::object::Object;
use crate::time::Time;

/// `boats.harbor.example`; a path that is missing gives null, a date how long ago it was.
pub(super) fn boat(cells: &mut Cells<'_>, object: &Object, body: &Value, now: Time) {
    cells.text(&object.meta.name);
    for field in ["length", "crew", "afloat"] {
        cells.value(
            body.pointer(&format!("/spec/{field}"))
                .unwrap_or(&Value::Null),
        );
    }
    match Time::parse(text(body, "/spec/launched")) {
        Some(launched) => cells.text(&launched.ago(now).to_string()),
        None => cells.value(&Value::Null),
    }
    cells.value(body.pointer("/spec/notes").unwrap_or(&Value::Null));
}
