//! Every recorded watch stream decodes to what the server meant.

mod common;

use common::{all_recorded, recorded};
use kube_watchlist::event::{Event, Format, Objects, decode};

/// Types, formats, names and versions of a stream, an event a line.
fn told(body: &[u8]) -> Vec<String> {
    body.split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| tell(&decode(line).unwrap()))
        .collect()
}

fn tell(event: &Event<'_>) -> String {
    match event {
        Event::Added(objects) => tell_objects("ADDED", objects),
        Event::Modified(objects) => tell_objects("MODIFIED", objects),
        Event::Deleted(objects) => tell_objects("DELETED", objects),
        Event::Bookmark(bookmark) => format!(
            "BOOKMARK {:?} {}{}{}",
            bookmark.format,
            bookmark.resource_version.as_deref().unwrap_or("-"),
            if bookmark.initial_events_end {
                " end"
            } else {
                ""
            },
            if bookmark.columns.is_some() {
                " columns"
            } else {
                ""
            },
        ),
        Event::Error(status) => format!("ERROR {} {}", status.code, status.reason),
    }
}

fn tell_objects(kind: &str, objects: &Objects<'_>) -> String {
    let row = objects.first.as_ref().expect("a row");
    assert_eq!(objects.rest, []);
    format!(
        "{kind} {:?} {} {}/{}{}",
        objects.format,
        objects.resource_version.as_deref().unwrap_or("-"),
        row.meta.namespace,
        row.meta.name,
        if objects.columns.is_some() {
            " columns"
        } else {
            ""
        },
    )
}

#[test]
fn print_all() {
    for (version, name, exchange) in all_recorded() {
        if exchange.is_json_watch() {
            println!("== {version} {name}\n{}", told(&exchange.body).join("\n"));
        }
    }
    let _ = recorded("1.37", "version");
    let _ = Format::Table;
}
