//! Any bytes in any cut give the same parts, in bounded memory; and a page that serde_json reads is whole. The last six
//! bytes choose the limit and the cuts.
#![no_main]

#[path = "../../tests/frame_reference/mod.rs"]
mod frame_reference;

use frame_reference::cut;
use kube_watchlist::frame::{DEFAULT_FRAME_LIMIT, FrameError, List, ListFramer, Part};
use libfuzzer_sys::fuzz_target;

/// A part with its key, or none for the end.
type Owned = Result<Option<(Option<List>, Vec<u8>, Vec<u8>)>, FrameError>;

fn parts<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, limit: usize) -> (Vec<Owned>, usize, u64) {
    let mut framer = ListFramer::new(limit);
    let mut parts: Vec<Owned> = Vec::new();
    for piece in pieces {
        framer.push(piece, &mut |part| {
            parts.push(part.map(|part| match part {
                Part::Member { key, value } => Some((None, key.to_vec(), value.to_vec())),
                Part::Element { list, value } => Some((Some(list), Vec::new(), value.to_vec())),
                Part::End => None,
            }));
        });
        assert!(framer.memory_bytes() <= limit.saturating_mul(2).saturating_add(4096));
    }
    let truncated = framer.finish();
    (parts, truncated, framer.trailing_bytes())
}

fuzz_target!(|data: &[u8]| {
    let Some((bytes, [limit, places @ ..])) = data.split_last_chunk::<6>() else {
        return;
    };
    let limit = match limit {
        0x80.. => DEFAULT_FRAME_LIMIT,
        small => usize::from(*small) * 16,
    };
    let places = places.map(|place| usize::from(place) * (bytes.len() / 256 + 1));
    let whole = parts([bytes], limit);
    assert_eq!(parts(cut(bytes, &places), limit), whole);
    assert_eq!(parts(bytes.chunks(1), limit), whole);

    if let Ok(object) = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(bytes) {
        let (parts, truncated, trailing) = whole;
        assert_eq!((parts.last(), truncated, trailing), (Some(&Ok(None)), 0, 0));
        let read = |value: &[u8]| serde_json::from_slice::<serde_json::Value>(value).expect("a value");
        let mut last = serde_json::Map::new();
        for part in parts.iter().flatten().flatten() {
            match part {
                (None, key, value) => {
                    let key = std::str::from_utf8(key).expect("a key in UTF-8");
                    last.insert(key.to_owned(), read(value));
                }
                (Some(_), _, value) => drop(read(value)),
            }
        }
        // Without a limit in the way, every member is there, and the last of each name wins.
        if parts.iter().all(Result::is_ok) {
            for (key, value) in object {
                let is_list = ["items", "rows"].contains(&&key[..]) && value.is_array();
                assert!(is_list || last.get(&key) == Some(&value), "{key}");
            }
        }
    }
});
