//! Watch streams, cut into documents.

use kube_watchlist::frame::{FrameError, Framer, Verdict};

fn frames(pieces: &[&[u8]], limit: usize) -> Vec<Result<Vec<u8>, FrameError>> {
    let mut framer = Framer::new(limit);
    let mut out = Vec::new();
    for piece in pieces {
        framer.push(piece, &mut |frame| match frame {
            Ok(bytes) if serde_json::from_slice::<serde_json::Value>(bytes).is_err() => {
                Verdict::NotOne
            }
            frame => {
                out.push(frame.map(<[u8]>::to_vec));
                Verdict::Taken
            }
        });
    }
    framer.finish();
    out
}

#[test]
fn lines_and_no_lines() {
    for text in [
        "{\"a\":1}\n{\"b\":2}\n",
        "{\"a\":1}{\"b\":2}",
        "{\"a\":1}\n\n \r\n{\"b\":2}",
        "\u{feff}{\"a\":1} {\"b\":2}",
    ] {
        let want = vec![Ok(b"{\"a\":1}".to_vec()), Ok(b"{\"b\":2}".to_vec())];
        assert_eq!(frames(&[text.as_bytes()], 100), want, "{text:?}");
        let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
        assert_eq!(frames(&bytes, 100), want, "{text:?} byte by byte");
    }
}
