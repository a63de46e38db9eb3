//! What a view says besides its rows, as JSON text, in the words of `js/src/types.ts`.

use kube_watchlist::store::Store;
use kube_watchlist::table::Column;
use kube_watchlist::view::View;

use crate::json;

/// Counts, columns and what is wrong; `None` while the view cannot be read.
pub(crate) fn json(view: &View, store: &Store) -> Option<String> {
    let error = view.error();
    if error.is_none() && !view.is_ready(store) {
        return None;
    }
    let mut out = String::new();
    json::object(&mut out, |object| {
        object.count("count", view.count() as u64);
        object.count("total", view.total(store) as u64);
        object.count("pending", view.pending() as u64);
        object.member("columns", |out| {
            json::array(out, view.columns(store), column);
        });
        if let Some(error) = error {
            object.member("error", |out| {
                json::object(out, |object| {
                    object.text("code", "memory-limit");
                    object.text("message", &error.to_string());
                });
            });
        }
    });
    Some(out)
}

fn column(column: &Column, out: &mut String) {
    json::object(out, |object| {
        object.text("name", &column.name);
        object.text("type", &column.kind);
        object.text("format", &column.format);
        object.text("description", &column.description);
        object.number("priority", column.priority.into());
    });
}
