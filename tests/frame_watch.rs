//! Watch streams, cut into documents.

use std::collections::HashSet;

mod common;
mod frame_reference;

use frame_reference::{Frame, Framed, framed, reference};
use kube_watchlist::frame::{DEFAULT_FRAME_LIMIT, DEPTH_LIMIT, FrameError, Framer, Verdict};

#[allow(
    clippy::unnecessary_wraps,
    reason = "compared with frames, which may be errors"
)]
fn document(text: &str) -> Frame {
    Ok(text.as_bytes().to_vec())
}

/// Frames of the text: whole, byte by byte and by the definition, which must agree.
fn frames_of(text: impl AsRef<[u8]>, limit: usize) -> Framed {
    let bytes = text.as_ref();
    let whole = framed([bytes], limit);
    assert_eq!(
        whole,
        reference(bytes, limit),
        "{:?}",
        String::from_utf8_lossy(bytes)
    );
    assert_eq!(
        whole,
        framed(bytes.chunks(1), limit),
        "{:?}",
        String::from_utf8_lossy(bytes)
    );
    whole
}

fn watches() -> Vec<(String, Vec<u8>)> {
    let watches: Vec<_> = common::all_recorded()
        .into_iter()
        .filter(|(_, _, exchange)| exchange.is_json_watch())
        .map(|(version, name, exchange)| (format!("{version}/{name}"), exchange.body))
        .collect();
    assert!(
        watches.len() > 40,
        "{} recorded watch streams",
        watches.len()
    );
    watches
}

#[test]
fn every_recorded_stream_in_one_piece_gives_its_lines() {
    for (name, body) in watches() {
        let lines: Vec<Frame> = body
            .split(|&byte| byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| Ok(line.to_vec()))
            .collect();
        assert_eq!(
            framed([&body[..]], DEFAULT_FRAME_LIMIT),
            Framed {
                frames: lines,
                tail: 0
            },
            "{name}"
        );
    }
}

#[test]
fn every_cut_of_every_recorded_stream_gives_the_same_frames() {
    for (name, body) in watches() {
        let whole = framed([&body[..]], DEFAULT_FRAME_LIMIT);
        assert_eq!(
            framed(body.chunks(1), DEFAULT_FRAME_LIMIT),
            whole,
            "{name} byte by byte"
        );
    }
    // What comes long before and after a line makes no difference to a cut inside of it.
    let lines: HashSet<Vec<u8>> = watches()
        .iter()
        .flat_map(|(_, body)| body.split_inclusive(|&byte| byte == b'\n'))
        .map(<[u8]>::to_vec)
        .collect();
    assert!(lines.len() > 300, "{} lines", lines.len());
    for line in lines {
        let next = b"{\"next\":1}\n";
        let bytes = [&line[..], next].concat();
        for place in 0..=bytes.len() {
            let mut framer = Framer::default();
            let mut wanted = [line.trim_ascii_end(), next.trim_ascii_end()].into_iter();
            for piece in [&bytes[..place], &bytes[place..]] {
                framer.push(piece, &mut |frame| {
                    assert_eq!(frame.ok(), wanted.next(), "cut at {place}");
                    Verdict::Taken
                });
            }
            assert_eq!(
                (framer.finish(), wanted.next()),
                (0, None),
                "cut at {place}"
            );
        }
    }
}

#[test]
fn every_pair_of_cuts_of_small_frames_gives_the_same_frames() {
    let text = "{\"type\":\"ADDED\",\"object\":{\"s\":\"\\\"}\\\\ü𝄞\",\"a\":[1,{}]}}\r\n{\"b\":[]}{\"c\":2}\n \n{\n \"d\": {}\n}";
    let bytes = text.as_bytes();
    let want = frames_of(bytes, 1000);
    assert_eq!(want.frames.len(), 4);
    for first in 0..=bytes.len() {
        for second in first..=bytes.len() {
            let pieces = [&bytes[..first], &bytes[first..second], &bytes[second..]];
            assert_eq!(framed(pieces, 1000), want, "cut at {first} and {second}");
        }
    }
}

#[test]
fn documents_need_no_lines_of_their_own() {
    let texts = [
        "{\"a\":1}\n{\"b\":2}\n",
        "{\"a\":1}{\"b\":2}",
        "{\"a\":1}\n\n \r\n{\"b\":2}",
        "\u{feff}{\"a\":1} {\"b\":2}\n",
        "\t {\"a\":1}\n\u{20}{\"b\":2}",
    ];
    for text in texts {
        let want = Framed {
            frames: vec![document("{\"a\":1}"), document("{\"b\":2}")],
            tail: 0,
        };
        assert_eq!(frames_of(text, 100), want, "{text:?}");
    }
}

#[test]
fn a_document_is_delivered_with_its_last_byte() {
    let mut framer = Framer::default();
    let mut count = 0;
    framer.push(b"{\"a\":{", &mut |_| unreachable!("not complete"));
    framer.push(b"}}", &mut |frame| {
        assert_eq!(frame, Ok(&b"{\"a\":{}}"[..]));
        count += 1;
        Verdict::Taken
    });
    assert_eq!(count, 1);
    framer.push(b"\n", &mut |_| unreachable!("a blank line"));
    assert_eq!(framer.finish(), 0);
}

#[test]
fn a_line_is_offered_once_and_borrowed() {
    let bytes = b"{\"a\":1}\n{\"b\":2}\n".to_vec();
    let mut offered = Vec::new();
    Framer::default().push(&bytes, &mut |frame| {
        let frame = frame.expect("a document");
        assert!(bytes.as_ptr_range().contains(&frame.as_ptr()), "no copy");
        offered.push(frame.len());
        Verdict::Taken
    });
    assert_eq!(offered, [7, 7]);
}

#[test]
fn after_a_line_that_is_not_one_document_lines_are_not_tried() {
    let mut offered: Vec<String> = Vec::new();
    Framer::default().push(b"{\"a\":1}{\"b\":2}\n{\"c\":3}{\"d\":4}\n", &mut |frame| {
        let frame = frame.expect("a document");
        offered.push(String::from_utf8_lossy(frame).into_owned());
        if frame.len() > 7 {
            Verdict::NotOne
        } else {
            Verdict::Taken
        }
    });
    assert_eq!(
        offered,
        [
            "{\"a\":1}{\"b\":2}",
            "{\"a\":1}",
            "{\"b\":2}",
            "{\"c\":3}",
            "{\"d\":4}"
        ]
    );
}

#[test]
fn a_document_that_is_refused_all_the_same_is_an_error_in_every_cut() {
    // Whole by its structure, but no JSON: a consumer that refuses it hears of it once more, as an error.
    let text = "{\"a\":1}\n {\"b\":tru}\n{\"c\":3}{\"d\" 4}\n";
    let read = |pieces: &[&[u8]]| {
        let mut framer = Framer::default();
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
        assert_eq!((framer.finish(), framer.dropped()), (0, 2));
        out
    };
    let not_json = |offset| Err(FrameError::NotJson { offset });
    let want = vec![
        document("{\"a\":1}"),
        not_json(9),
        document("{\"c\":3}"),
        not_json(26),
    ];
    for place in 0..=text.len() {
        let (before, after) = text.as_bytes().split_at(place);
        assert_eq!(read(&[before, after]), want, "cut at {place}");
    }
}

#[test]
fn a_truncated_tail_is_dropped_and_counted() {
    let text = "{\"a\":1}\n{\"b\":\"…";
    for cut in 9..text.len() {
        let framed = frames_of(&text.as_bytes()[..cut], 100);
        assert_eq!(
            framed,
            Framed {
                frames: vec![document("{\"a\":1}")],
                tail: cut - 8
            }
        );
    }
    // The framer then takes another stream.
    let mut framer = Framer::default();
    framer.push(b"{\"torn", &mut |_| unreachable!("not complete"));
    assert_eq!(framer.finish(), 6);
    let mut count = 0;
    framer.push(b"\xEF\xBB\xBF{}\n", &mut |frame| {
        assert_eq!(frame, Ok(&b"{}"[..]));
        count += 1;
        Verdict::Taken
    });
    assert_eq!((framer.finish(), count, framer.dropped()), (0, 1, 1));
}

#[test]
fn the_stream_goes_on_behind_what_is_no_document() {
    let not_json = |offset| Err(FrameError::NotJson { offset });
    let a = || document("{\"a\":1}");
    for (text, want) in [
        // Bytes that begin no document, and any further such lines with them.
        ("<html>\n<body>\n{\"a\":1}\n", vec![not_json(0), a()]),
        (
            "{\"a\":1}\n}\n]\n17\n{\"a\":1}",
            vec![a(), not_json(8), a()],
        ),
        ("{\"a\":1} x\n{\"a\":1}", vec![a(), not_json(8), a()]),
        // Brackets that do not match.
        ("{\"b\":[1}\n{\"a\":1}\n", vec![not_json(7), a()]),
        ("{\"b\":{]}\n{\"a\":1}\n", vec![not_json(6), a()]),
        // A control byte in a string, also behind a backslash.
        ("{\"b\":\"\t\"}\n{\"a\":1}\n", vec![not_json(6), a()]),
        ("{\"b\":\"\\\u{1}\"}\n{\"a\":1}\n", vec![not_json(7), a()]),
        // Torn documents: the line behind them is a document of its own.
        ("{\"b\":\"tor\n{\"a\":1}\n", vec![not_json(9), a()]),
        ("{\"b\":{\"c\":1\n{\"a\":1}\n", vec![not_json(12), a()]),
        ("{\"b\":[1,2\n  {\"a\":1}\n", vec![not_json(12), a()]),
        ("{\"b\":1,\n{\"a\":1}\n", vec![not_json(8), a()]),
        ("{\"b\"\n{\"a\":1}{\"a\":1}", vec![not_json(5), a(), a()]),
        // On the same line it is lost with them.
        (
            "{\"b\":{\"c\":1 {\"b\":1}\n{\"a\":1}\n",
            vec![not_json(12), a()],
        ),
        // Half a byte order mark.
        ("\u{fec0}{}\n{\"a\":1}\n", vec![not_json(0), a()]),
    ] {
        assert_eq!(
            frames_of(text, 100),
            Framed {
                frames: want,
                tail: 0
            },
            "{text:?}"
        );
    }
}

#[test]
fn a_document_over_the_limit_is_one_error_and_not_held() {
    let large = format!("{{\"large\":[\"{}\"]}}", "x".repeat(5000));
    let fits = format!("{{\"fits\":\"{}\"}}", "x".repeat(1000 - 11));
    assert_eq!(fits.len(), 1000);
    for between in ["\n", "", "\n\n  "] {
        let text = [&fits[..], &large, &fits, &large, &large, &fits].join(between);
        let error = || Err(FrameError::TooLarge { limit: 1000 });
        let fits = || document(&fits);
        let want = vec![fits(), error(), fits(), error(), error(), fits()];
        assert_eq!(
            frames_of(&text, 1000),
            Framed {
                frames: want,
                tail: 0
            },
            "{between:?}"
        );
    }
    // One byte less of a limit and nothing fits.
    assert_eq!(
        frames_of(&fits, 999).frames,
        [Err(FrameError::TooLarge { limit: 999 })]
    );
    // A truncated tail over the limit has been told of already.
    assert_eq!(
        frames_of(&large[..3000], 1000),
        Framed {
            frames: vec![Err(FrameError::TooLarge { limit: 1000 })],
            tail: 0
        }
    );
}

#[test]
fn twenty_mebibytes_are_skipped_in_bounded_memory() {
    let limit = DEFAULT_FRAME_LIMIT;
    let mut framer = Framer::new(limit);
    let mut out = Vec::new();
    let filler = vec![b'x'; 64 * 1024];
    let mut most = 0;
    let mut push = |piece: &[u8]| {
        framer.push(piece, &mut |frame| {
            out.push(frame.map(<[u8]>::len));
            Verdict::Taken
        });
        most = most.max(framer.memory_bytes());
        framer.memory_bytes()
    };
    push(b"{\"type\":\"ADDED\",\"object\":\"");
    for _ in 0..320 {
        push(&filler);
    }
    push(b"\"}\n{\"type\"");
    let after = push(b":\"DELETED\"}\n");
    assert_eq!(out, [Err(FrameError::TooLarge { limit }), Ok(18)]);
    assert!(most <= limit + 4096, "{most} bytes held");
    assert!(after <= 512 * 1024, "{after} bytes held after it");
}

#[test]
fn memory_stays_bounded_for_any_bytes() {
    let nested = "{\"a\":".repeat(10_000);
    let brackets = "{\"a\":[".to_owned() + &"[".repeat(50_000);
    let string = "{\"".to_owned() + &"a".repeat(50_000);
    let escapes = "{\"".to_owned() + &"\\".repeat(50_000);
    for text in [nested, brackets, string, escapes] {
        for size in [1, 7, 1000, 100_000] {
            let mut framer = Framer::new(1000);
            for piece in text.as_bytes().chunks(size) {
                framer.push(piece, &mut |_| Verdict::Taken);
                assert!(
                    framer.memory_bytes() <= 1000 + 4096,
                    "{}",
                    framer.memory_bytes()
                );
            }
        }
    }
}

#[test]
fn nesting_is_followed_to_its_limit() {
    let nested = |depth: usize| {
        // The document itself is one bracket.
        format!(
            "{{\"a\":{}{}}}",
            "[".repeat(depth - 1),
            "]".repeat(depth - 1)
        )
    };
    let (ten_thousand, most, more) = (nested(10_000), nested(DEPTH_LIMIT), nested(DEPTH_LIMIT + 1));
    // What is too deep is skipped to its end, and no further: no newline follows.
    let text = format!("{ten_thousand}\n{most}\n{more}{{}}\n");
    let structural = format!("{{\n}}{text}");
    let offset = |text: &str| text.find(&more).expect("it is there") + 4 + DEPTH_LIMIT + 1 - 1;
    let too_deep = |text: &str| {
        Err(FrameError::TooDeep {
            offset: offset(text) as u64,
        })
    };
    let want = vec![
        document(&ten_thousand),
        document(&most),
        too_deep(&text),
        document("{}"),
    ];
    assert_eq!(frames_of(&text, 1 << 20).frames, want);
    assert_eq!(
        frames_of(&structural, 1 << 20).frames[3],
        too_deep(&structural)
    );
}

#[test]
fn a_torn_line_is_offered_as_a_whole_one_would_be() {
    // Whole by its structure, refused by this consumer in any other form than as a line of its own.
    let text = "{\"a\" {}}\n{\"b\":1}\n";
    for place in 0..=text.len() {
        let (before, after) = text.as_bytes().split_at(place);
        let mut framer = Framer::default();
        let mut offered = Vec::new();
        for piece in [before, after] {
            framer.push(piece, &mut |frame| {
                offered.push(frame.map(<[u8]>::to_vec));
                Verdict::Taken
            });
        }
        let want = [document("{\"a\" {}}"), document("{\"b\":1}")];
        assert_eq!(
            (&offered[..], framer.finish()),
            (&want[..], 0),
            "cut at {place}"
        );
    }
}

#[test]
fn objects_as_deep_as_servers_allow_survive_every_cut() {
    let deep = format!(
        "{}{}",
        "{\"d\":".repeat(9_999),
        "{}".to_owned() + &"}".repeat(9_999)
    );
    let event = format!("{{\"type\":\"ADDED\",\"object\":{{\"kind\":\"X\",\"spec\":{deep}}}}}\n");
    let decoded = |pieces: &[&[u8]]| {
        let mut framer = Framer::default();
        let mut events = 0;
        for piece in pieces {
            framer.push(piece, &mut |frame| {
                assert!(kube_watchlist::event::decode(frame.expect("a document")).is_ok());
                events += 1;
                Verdict::Taken
            });
        }
        events
    };
    assert_eq!(decoded(&[event.as_bytes()]), 1);
    for place in (0..event.len()).step_by(997) {
        let (before, after) = event.as_bytes().split_at(place);
        assert_eq!(decoded(&[before, after]), 1, "cut at {place}");
    }
    let structural: Vec<u8> = [b"{}{}\n", event.as_bytes()].concat();
    assert_eq!(framed(structural.chunks(1000), 1 << 20).frames.len(), 3);
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use proptest::prelude::*;

    use super::frame_reference::cut;
    use super::*;

    /// JSON values as text, loosely formatted.
    fn value() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            Just("-1.5e3".to_owned()),
            Just("{}".to_owned()),
            Just("[ ]".to_owned()),
            "[ -~éß𝄞]{0,12}".prop_map(|text| serde_json::to_string(&text).expect("a string")),
            Just("\"\\\\\\\"\\u007b\"".to_owned()),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4)
                    .prop_map(|values| format!("[{}]", values.join(", "))),
                object(inner),
            ]
        })
    }

    fn object(inner: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
        (
            proptest::collection::vec((r#""[a-z\{\}]{0,3}""#, inner), 0..4),
            any::<bool>(),
        )
            .prop_map(|(members, pretty)| {
                let members: Vec<_> = members
                    .iter()
                    .map(|(key, value)| format!("{key}: {value}"))
                    .collect();
                if pretty {
                    format!("{{\n  {}\n}}", members.join(",\n  "))
                } else {
                    format!("{{{}}}", members.join(","))
                }
            })
    }

    /// Streams of whole documents with anything allowed between them.
    fn stream() -> impl Strategy<Value = (Vec<String>, String)> {
        let between =
            prop_oneof![4 => Just("\n"), 1 => Just(""), 1 => Just("\n\n"), 1 => Just(" \r\n\t")];
        proptest::collection::vec((object(value()), between), 0..8).prop_map(|documents| {
            let text = documents
                .iter()
                .flat_map(|(document, between)| [document.as_str(), between])
                .collect();
            (
                documents
                    .into_iter()
                    .map(|(document, _)| document)
                    .collect(),
                text,
            )
        })
    }

    /// Bytes that are mostly structure, so that they go wrong in interesting ways.
    fn structure() -> impl Strategy<Value = Vec<u8>> {
        let tokens: &[&[u8]] = &[
            b"{",
            b"}",
            b"[",
            b"]",
            b"\"",
            b"\\",
            b"\n",
            b"\n{",
            b"}\n",
            b":",
            b",",
            b" ",
            b"1",
            b"\x01",
            b"\"a\":",
            b"{\"a\":1}\n",
            b"\xEF\xBB\xBF",
            b"\xEF",
        ];
        let token = proptest::sample::select(tokens);
        proptest::collection::vec(token, 0..60).prop_map(|tokens| tokens.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn documents_survive_any_cut((documents, text) in stream(), places in proptest::collection::vec(any::<usize>(), 0..12)) {
            let want: Vec<Frame> = documents.iter().map(|text| document(text)).collect();
            prop_assert_eq!(framed(cut(text.as_bytes(), &places), 1 << 20), Framed { frames: want, tail: 0 });
        }

        #[test]
        fn any_structure_in_any_cut_is_framed_as_defined(
            mut bytes in structure(),
            places in proptest::collection::vec(any::<usize>(), 0..12),
            limit in 1..40usize,
        ) {
            // What is wrong in a line is noticed at its end.
            bytes.push(b'\n');
            let want = reference(&bytes, limit);
            prop_assert_eq!(framed([&bytes[..]], limit), want.clone());
            prop_assert_eq!(framed(bytes.chunks(1), limit), want.clone());
            prop_assert_eq!(framed(cut(&bytes, &places), limit), want);
        }

        #[test]
        fn damage_to_a_recorded_stream_is_framed_as_defined(at in any::<usize>(), byte in any::<u8>(), places in proptest::collection::vec(any::<usize>(), 0..6)) {
            let mut bytes = common::recorded("1.37", "pods-watchlist-selector").body;
            let index = at % bytes.len();
            bytes[index] = byte;
            let want = reference(&bytes, 4000);
            prop_assert_eq!(framed([&bytes[..]], 4000), want.clone());
            prop_assert_eq!(framed(cut(&bytes, &places), 4000), want);
        }
    }
}
