//! What parsing accepts, skipping accepts too and ends at the same byte; its prefixes are incomplete to both; and a
//! value is found to end where it ends in any cut of the input.
#![no_main]

use kube_watchlist::json::simd::Structure;
use kube_watchlist::json::{Cursor, Error};
use libfuzzer_sys::fuzz_target;

fn parse(bytes: &[u8]) -> Result<usize, Error> {
    let mut cursor = Cursor::new(bytes);
    cursor.slice()?;
    Ok(cursor.offset())
}

fn skip(bytes: &[u8]) -> Result<usize, Error> {
    let mut cursor = Cursor::new(bytes);
    cursor.skip()?;
    Ok(cursor.offset())
}

/// Where the object or array at the start ends, its bytes fed in pieces of this size.
fn feed(bytes: &[u8], size: usize) -> Option<usize> {
    let mut structure = Structure::new();
    let mut before = 0;
    for piece in bytes.chunks(size) {
        if let Some(end) = structure.feed(piece) {
            return Some(before + end);
        }
        before += piece.len();
    }
    None
}

fuzz_target!(|bytes: &[u8]| {
    let (parsed, skipped) = (parse(bytes), skip(bytes));
    for error in [parsed, skipped].into_iter().filter_map(Result::err) {
        assert!(error.offset <= bytes.len(), "{error:?}");
    }
    if let Ok(end) = parsed {
        assert_eq!(skipped, Ok(end));
        assert_eq!(parse(&bytes[..end]), Ok(end), "a value is whole without what follows it");
        if matches!(bytes[end - 1], b'}' | b']' | b'"') {
            for cut in [end / 3, end / 2, end - 1] {
                for result in [parse(&bytes[..cut]), skip(&bytes[..cut])] {
                    assert!(result.is_err_and(|error| error.is_incomplete()), "cut at {cut}: {result:?}");
                }
            }
        }
    }
    if let Some(b'{' | b'[') = bytes.first() {
        let fed = feed(bytes, bytes.len());
        assert_eq!(fed, skipped.ok());
        for size in [1, 7, 63, 64, 65] {
            assert_eq!(feed(bytes, size), fed, "by {size}");
        }
    }
});
