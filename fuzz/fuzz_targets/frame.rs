//! Any bytes in any cut are framed as defined, in bounded memory. The last six bytes choose the limit and the cuts.
#![no_main]

#[path = "../../tests/frame_reference/mod.rs"]
mod frame_reference;

use frame_reference::{cut, framed, reference};
use kube_watchlist::frame::{DEFAULT_FRAME_LIMIT, Framer, Verdict};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((bytes, [limit, places @ ..])) = data.split_last_chunk::<6>() else {
        return;
    };
    let limit = match limit {
        0x80.. => DEFAULT_FRAME_LIMIT,
        small => usize::from(*small) * 16,
    };
    let places = places.map(|place| usize::from(place) * (bytes.len() / 256 + 1));
    // What is wrong in a line is noticed at its end.
    let bytes = &[bytes, b"\n"].concat()[..];
    let want = reference(bytes, limit);
    assert_eq!(framed([bytes], limit), want);
    assert_eq!(framed(cut(bytes, &places), limit), want);
    assert_eq!(framed(bytes.chunks(1), limit), want);

    // A consumer that judges as it likes changes no bound.
    let mut framer = Framer::new(limit);
    for piece in cut(bytes, &places) {
        framer.push(piece, &mut |frame| match frame {
            Ok(frame) if frame.len() % 3 == 0 => Verdict::NotOne,
            _ => Verdict::Taken,
        });
        assert!(framer.memory_bytes() <= limit.min(2 * bytes.len() + 64) + 4096);
    }
});
