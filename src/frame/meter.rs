//! Counts the bytes that framing looks at or copies, for the tests that hold it to linear work.

use std::cell::Cell;

thread_local! {
    static WORK: Cell<usize> = const { Cell::new(0) };
}

/// These bytes were looked at or copied.
pub(super) fn count(bytes: usize) {
    WORK.set(WORK.get() + bytes);
}

/// All bytes since the last call on this thread.
pub(super) fn take() -> usize {
    WORK.replace(0)
}

mod tests {
    use super::super::{FrameError, Framer, ListFramer, Verdict};
    use super::take;

    /// Bytes looked at or copied for each byte of a stream in pieces of this size, as the framer and the consumer go
    /// (`NotOne`: a stream that is framed by structure).
    fn watch(stream: &[u8], size: usize, verdict: Verdict) -> f64 {
        let mut framer = Framer::new(LIMIT);
        take();
        for piece in stream.chunks(size) {
            framer.push(piece, &mut |_| verdict);
        }
        ratio(take(), stream)
    }

    fn list(body: &[u8], size: usize) -> f64 {
        let mut framer = ListFramer::new(LIMIT);
        take();
        for piece in body.chunks(size) {
            framer.push(piece, &mut |_| {});
        }
        ratio(take(), body)
    }

    #[allow(
        clippy::cast_precision_loss,
        reason = "far below the limits of a float"
    )]
    fn ratio(work: usize, bytes: &[u8]) -> f64 {
        work as f64 / bytes.len() as f64
    }

    const LIMIT: usize = 1 << 20;
    const SIZES: [usize; 6] = [1, 2, 7, 100, 4096, 1 << 20];

    fn streams() -> Vec<(&'static str, String)> {
        let event = format!(
            "{{\"a\":{{\"b\":[\"\\\"{}\",{{ }},\n[ ]]}}}}",
            "x".repeat(1000)
        );
        let line = event.replace('\n', "");
        vec![
            ("lines", format!("{line}\n").repeat(200)),
            ("no lines", line.repeat(200)),
            ("many small documents without lines", "{}".repeat(50_000)),
            ("pretty-printed", event.repeat(200)),
            (
                "one large document",
                format!("{{\"a\":\"{}\"}}", "x".repeat(200_000)),
            ),
            (
                "over the limit",
                format!("{{\"a\":\"{}\"}}\n", "x".repeat(LIMIT * 2)),
            ),
            (
                "one string after another",
                format!("{{\"a\":[{}\"\"]}}", "\"\",".repeat(50_000)),
            ),
            (
                "escapes",
                format!("{{\"a\":\"{}\"}}", "\\\\".repeat(100_000)),
            ),
            (
                "nested",
                format!("{}{}", "{\"a\":".repeat(10_000), "}".repeat(10_000)),
            ),
            (
                "blanks in brackets",
                format!("{{\"a\":[{}]}}", "[ \n],".repeat(20_000)),
            ),
            ("only blanks", " \n".repeat(50_000)),
            (
                "a wide gap",
                format!("{{\"a\":{}{{}}}}", " ".repeat(100_000)),
            ),
            ("no JSON", "x".repeat(100_000)),
            ("no JSON, in lines", "x\n".repeat(50_000)),
            ("closed too often", "}".repeat(100_000)),
            ("torn lines", "{\"a\":\n".repeat(20_000)),
            ("opened only", "{".repeat(100_000)),
        ]
    }

    #[test]
    fn work_is_linear_whatever_the_cuts() {
        for (name, stream) in streams() {
            for size in SIZES {
                for verdict in [Verdict::Taken, Verdict::NotOne] {
                    // A line search, its structure, a copy, its growth; where it turns out to be none, the structure, a copy
                    // and the look back over blanks.
                    let work = watch(stream.as_bytes(), size, verdict);
                    assert!(
                        work < 9.0,
                        "{name} by {size}, {verdict:?}: {work} times its length"
                    );
                }
                let body = format!(
                    "{{\"items\":[{}]}}",
                    stream.trim_end().replace("}\n{", "},{")
                );
                let work = list(body.as_bytes(), size);
                assert!(
                    work < 6.0,
                    "{name} in a list by {size}: {work} times its length"
                );
            }
        }
    }

    #[test]
    fn lines_that_are_whole_in_a_piece_are_looked_at_once() {
        let (_, stream) = &streams()[0];
        let work = watch(stream.as_bytes(), usize::MAX, Verdict::Taken);
        // And its first byte, to see that it is not blank.
        assert!(work < 1.01, "{work} times its length");
    }

    #[test]
    fn a_document_over_the_limit_is_not_copied_once_it_is_over() {
        let mut framer = Framer::new(1000);
        take();
        let mut errors = 0;
        framer.push(b"{\"a\":\"", &mut |_| Verdict::Taken);
        for _ in 0..100 {
            framer.push(&[b'x'; 1000], &mut |frame| {
                assert_eq!(frame, Err(FrameError::TooLarge { limit: 1000 }));
                errors += 1;
                Verdict::Taken
            });
        }
        assert_eq!(errors, 1);
        // Each piece is looked at once, but for the first, in which it turns out that this is no line.
        assert!(take() < 104 * 1000);
    }
}
