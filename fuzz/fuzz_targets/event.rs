//! Any bytes end in an event, a row or an error whose offset is inside of them; what was decoded can be read; and a `Decoder` says
//! of line after line what decoding each alone says.
#![no_main]

use kube_watchlist::event::{Decoder, Event, Format, Objects, decode, decode_list_meta, decode_object, decode_row};
use kube_watchlist::json::{Cursor, Error};
use kube_watchlist::status::Status;
use libfuzzer_sys::fuzz_target;

fn checked<T>(decoded: Result<T, Error>, bytes: &[u8]) -> Option<T> {
    decoded.inspect_err(|error| assert!(error.offset as usize <= bytes.len(), "{error:?}")).ok()
}

/// Raw parts are promised to be JSON of the right kind.
fn is_json(bytes: Option<&[u8]>, open: u8) {
    let Some(bytes) = bytes else { return };
    assert_eq!(bytes.first(), Some(&open));
    let mut cursor = Cursor::new(bytes);
    cursor.skip().expect("one value");
    cursor.finish().expect("nothing behind it");
}

fuzz_target!(|bytes: &[u8]| {
    match checked(decode(bytes), bytes) {
        Some(Event::Added(objects) | Event::Modified(objects) | Event::Deleted(objects)) => {
            let Objects { columns, first, rest, .. } = &objects;
            is_json(*columns, b'[');
            for row in first.iter().chain(rest) {
                is_json(Some(&row.cells), b'[');
                is_json(row.meta.labels, b'{');
                is_json(row.meta.owners, b'[');
                is_json(row.meta.finalizers, b'[');
            }
        }
        Some(Event::Bookmark(bookmark)) => is_json(bookmark.columns, b'['),
        Some(Event::Error(status)) => {
            let _ = Status::parse(status);
        }
        None => {}
    }
    checked(decode_row(bytes), bytes);
    for format in [Format::Table, Format::Metadata, Format::Object] {
        checked(decode_object(bytes, format), bytes);
    }
    checked(decode_list_meta(bytes), bytes);
    // Line after line, as on a stream: what was remembered of one is never seen in the next.
    let (mut stream, mut list, mut both) = (Decoder::default(), Decoder::default(), Decoder::default());
    for line in bytes.split(|byte| *byte == b'\n') {
        let event = decode(line);
        assert_eq!(stream.decode(line), event);
        assert_eq!(both.decode(line), event);
        let object = decode_object(line, Format::Object);
        assert_eq!(list.decode_object(line, Format::Object), object);
        assert_eq!(both.decode_object(line, Format::Object), object);
    }
});
