//! The kernels against their scalar twin: every length, every alignment, every cut.

use super::{Structure, native, scalar};

/// A small generator of numbers, the same on every machine (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap()
    }

    fn pick(&mut self, from: &[u8]) -> u8 {
        from[self.next() % from.len()]
    }
}

/// Longer than two blocks and a vector.
const LENGTH: usize = 150;

#[test]
fn searches_agree_for_every_byte_place_length_and_alignment() {
    for filler in [b'a', 0xff, b' ', b'!'] {
        for start in [0, 1, 2, 7, 8, 15, 16] {
            for length in (0..LENGTH).step_by(if filler == b'a' { 1 } else { 17 }) {
                for at in (0..length)
                    .step_by(3)
                    .chain([length.saturating_sub(1), LENGTH])
                {
                    for byte in [b'"', b'\\', b'\n', 0, 0x1f, 0x7f, 0x80, 0xa2, 0xdc] {
                        let mut buffer = vec![filler; start + LENGTH + 1];
                        buffer[start + at] = byte;
                        // What lies outside must not be seen.
                        buffer[start + length..].fill(b'"');
                        buffer[..start].fill(b'\n');
                        let bytes = &buffer[start..start + length];
                        assert_eq!(native::find_newline(bytes), scalar::find_newline(bytes));
                        assert_eq!(native::find_special(bytes), scalar::find_special(bytes));
                        assert_eq!(native::find_unplain(bytes), scalar::find_unplain(bytes));
                        assert_eq!(native::find_quote(bytes), scalar::find_quote(bytes));
                    }
                }
            }
        }
    }
}

#[test]
fn equal_bytes_are_the_same_and_no_others() {
    let buffer: Vec<u8> = (0..=u8::MAX).collect();
    for start in 0..20 {
        for length in 0..LENGTH {
            let one = &buffer[start..start + length];
            let again = one.to_vec();
            assert!(super::same(one, &again));
            assert!(!super::same(one, &buffer[start..=start + length]));
            for at in 0..length {
                let mut other = one.to_vec();
                other[at] ^= 0x80;
                assert!(!super::same(one, &other), "{length} {at}");
                assert!(!scalar::same(one, &other), "{length} {at}");
            }
        }
    }
}

#[test]
fn every_byte_is_told_apart() {
    for byte in 0..=u8::MAX {
        let bytes = [byte; 16];
        assert_eq!(native::find_newline(&bytes).is_some(), byte == b'\n');
        assert_eq!(
            native::find_special(&bytes) == 0,
            byte < 0x20 || byte == b'"' || byte == b'\\'
        );
        assert_eq!(
            native::find_quote(&bytes) == 0,
            byte == b'"' || byte == b'\\'
        );
        // Only the four brackets are brackets, wherever they stand in a block.
        for at in 1..LENGTH {
            let mut document = [b' '; LENGTH];
            document[0] = b'{';
            document[at] = byte;
            assert_eq!(
                fed(native::feed, &document),
                fed(scalar::feed, &document),
                "{byte:#x} at {at}"
            );
        }
    }
}

type Feed = fn(&mut Structure, &[u8]) -> Option<usize>;

/// The outcome and the state after feeding all at once.
fn fed(feed: Feed, bytes: &[u8]) -> (Option<usize>, Structure) {
    let mut state = Structure::new();
    let outcome = feed(&mut state, bytes);
    (outcome, state)
}

/// The outcome of feeding in pieces; the end counts from the start.
fn fed_in_pieces(feed: Feed, bytes: &[u8], cuts: &[usize]) -> Option<usize> {
    let mut state = Structure::new();
    let mut from = 0;
    for &cut in cuts.iter().chain([&bytes.len()]) {
        match feed(&mut state, &bytes[from..cut]) {
            Some(end) => return Some(from + end),
            None => from = cut,
        }
    }
    None
}

#[test]
fn structure_agrees_on_random_bytes_that_are_mostly_structure() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let alphabets: [&[u8]; 6] = [
        b"{}",
        b"{}{}\"a,: ",
        b"{}[]",
        br#"{}[]"\a"#,
        br#"{}{}{}{}"\\,:abcdefgh"#,
        br#"\"\\\{"#,
    ];
    let (mut ended, mut open) = (0, 0);
    for round in 0..40_000 {
        let alphabet = alphabets[round % alphabets.len()];
        let length = 1 + random.next() % 300;
        let mut bytes: Vec<u8> = (0..length).map(|_| random.pick(alphabet)).collect();
        // Start deep, so that documents do not end at once.
        let opened = random.next() % 12;
        bytes.splice(
            ..0,
            (0..opened).map(|_| {
                if alphabet.contains(&b'[') {
                    random.pick(b"{[")
                } else {
                    b'{'
                }
            }),
        );
        bytes.insert(0, random.pick(b"{["));
        let (outcome, state) = fed(native::feed, &bytes);
        let (expected, twin) = fed(scalar::feed, &bytes);
        let shown = || String::from_utf8_lossy(&bytes).into_owned();
        assert_eq!(outcome, expected, "{}", shown());
        if outcome.is_none() {
            assert_eq!(state, twin, "{}", shown());
        }
        ended += usize::from(outcome.is_some());
        open += usize::from(outcome.is_none());
        let mut cuts: Vec<usize> = (0..random.next() % 5)
            .map(|_| random.next() % (bytes.len() + 1))
            .collect();
        cuts.sort_unstable();
        assert_eq!(
            fed_in_pieces(native::feed, &bytes, &cuts),
            expected,
            "{cuts:?} {}",
            shown()
        );
        assert_eq!(
            fed_in_pieces(scalar::feed, &bytes, &cuts),
            expected,
            "{cuts:?} {}",
            shown()
        );
    }
    // The inputs try what they are meant to try.
    assert!(ended > 2_000 && open > 2_000, "{ended} ended, {open} open");
}

#[test]
fn structure_agrees_at_every_cut_of_a_real_shape() {
    let document = br#"{"managedFields":[{"fieldsV1":{"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:containers":
        {"k:{\"name\":\"ma\\\\in\"}":{".":{},"f:image":{},"f:ports":[[],[{}],"]}"]}}}}}],"text":"}\\\"}]"}"#;
    let all = [document.as_slice(), b" {}"].concat();
    for first in 0..document.len() {
        assert_eq!(
            fed_in_pieces(native::feed, &all, &[first]),
            Some(document.len()),
            "{first}"
        );
        let second = (first * 7 + 3) % document.len();
        let cuts = [first.min(second), first.max(second)];
        assert_eq!(
            fed_in_pieces(native::feed, &all, &cuts),
            Some(document.len()),
            "{cuts:?}"
        );
    }
    let every: Vec<usize> = (1..all.len()).collect();
    assert_eq!(
        fed_in_pieces(native::feed, &all, &every),
        Some(document.len())
    );
}

#[test]
fn blocks_are_alike_where_only_text_differs() {
    let one = vec![b'a'; 4 * super::BLOCK + 9];
    for at in 0..one.len() {
        for byte in 0..=u8::MAX {
            let mut other = one.clone();
            other[at] = byte;
            let alike = native::alike(&one, &other);
            assert_eq!(alike, scalar::alike(&one, &other));
            assert_eq!(alike, native::alike(&other, &one));
            let structure = br#""\\{}[]"#.contains(&byte) && at < 4 * super::BLOCK;
            let due = if structure { at / super::BLOCK } else { 4 };
            assert_eq!(alike, due * super::BLOCK, "{byte} at {at}");
        }
    }
    assert_eq!(native::alike(&one, &one[..100]), super::BLOCK);
}

#[test]
fn runs_of_backslashes_of_every_length_at_every_place() {
    for padding in 0..130 {
        for run in 0..8 {
            let text = format!(r#"{{{}"{}"}}"}}"#, " ".repeat(padding), "\\".repeat(run));
            let native = fed(native::feed, text.as_bytes());
            assert_eq!(native, fed(scalar::feed, text.as_bytes()), "{text}");
        }
    }
}

#[test]
fn a_scanner_is_new_after_a_document() {
    let mut structure = Structure::new();
    let two = br#"{"a":["]"]}["\"}"] "#;
    assert_eq!(structure.feed(two), Some(11));
    assert_eq!(structure, Structure::new());
    assert_eq!(structure.feed(&two[11..]), Some(7));
    assert_eq!(structure.depth(), 0);
    assert_eq!(structure.feed(b""), None);
    assert_eq!(structure, Structure::new());
}

#[test]
fn any_depth_is_followed() {
    for (open, close) in [("{", "}"), ("[", "]"), ("{[", "]}"), ("{{[", "]}}")] {
        for times in [1, 31, 63, 64, 65, 100_000] {
            let document = [open.repeat(times), close.repeat(times)].concat();
            let end = document.len();
            assert_eq!(Structure::new().feed(document.as_bytes()), Some(end));
            assert_eq!(Structure::new().feed(&document.as_bytes()[..end - 1]), None);
        }
    }
}

#[test]
fn whichever_kind_closes_which() {
    for (document, end) in [
        ("{] ", Some(2)),
        ("[}{}", Some(2)),
        (r#"{"a":[}] "#, Some(8)),
        ("{{{[[]}", None),
        (r#"{"a":{"b":"]"]"#, None),
    ] {
        assert_eq!(Structure::new().feed(document.as_bytes()), end);
    }
}
