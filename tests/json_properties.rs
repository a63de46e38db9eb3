//! Properties of the cursor over random documents, with `serde_json` as the judge.

#![cfg(not(target_arch = "wasm32"))]

use kube_watchlist::json::simd::Structure;
use kube_watchlist::json::{Cursor, Error, ErrorKind, Kind};
use proptest::prelude::*;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

fn value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "[ -~]{0,40}",
        "[\\\\\"{}\\[\\],:]{0,12}",
        any::<String>(),
        Just(r#"k:{"name":"main"}"#.to_owned()),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(
            |number| serde_json::Number::from_f64(number).map_or(Value::Null, Value::Number)
        ),
        text.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((text.clone(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// Dense or pretty, with white space around it.
fn document() -> impl Strategy<Value = Vec<u8>> {
    (value(), any::<bool>(), "[ \t\r\n]{0,3}", "[ \t\r\n]{0,3}").prop_map(
        |(value, pretty, before, after)| {
            let text = if pretty {
                serde_json::to_string_pretty(&value)
            } else {
                serde_json::to_string(&value)
            };
            format!("{before}{}{after}", text.unwrap()).into_bytes()
        },
    )
}

/// A document with some bytes replaced, inserted or cut out; it stays text.
fn broken() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop::sample::select(br#"{}[]",:\ 0123456789-+.eEtruefalsn/bu"#.to_vec());
    let edits = prop::collection::vec((any::<prop::sample::Index>(), 0..3, byte), 1..4);
    (document(), edits).prop_map(|(mut bytes, edits)| {
        for (index, edit, byte) in edits {
            let at = index.index(bytes.len());
            match edit {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => drop(bytes.drain(..at.min(3))),
            }
            if bytes.is_empty() {
                bytes.push(byte);
            }
        }
        // serde_json checks UTF-8 only in what it keeps.
        String::from_utf8_lossy(&bytes).into_owned().into_bytes()
    })
}

fn slice(bytes: &[u8]) -> Result<(&[u8], usize), Error> {
    let mut cursor = Cursor::new(bytes);
    let slice = cursor.slice()?;
    Ok((slice, cursor.offset()))
}

fn skip(bytes: &[u8]) -> Result<usize, Error> {
    let mut cursor = Cursor::new(bytes);
    cursor.skip()?;
    Ok(cursor.offset())
}

/// Reads a whole document by the cursor's own methods.
fn read(cursor: &mut Cursor<'_>) -> Result<Value, Error> {
    Ok(match cursor.peek()? {
        Kind::Null => {
            assert!(cursor.next_null()?);
            Value::Null
        }
        Kind::Bool => cursor.next_bool()?.into(),
        Kind::Number => serde_json::from_str(cursor.next_number()?).unwrap(),
        Kind::String => cursor.next_str()?.into(),
        Kind::Array => {
            let mut elements = Vec::new();
            cursor.next_array(|element| {
                elements.push(read(element)?);
                Ok(())
            })?;
            elements.into()
        }
        Kind::Object => {
            let mut members = Map::new();
            cursor.next_object(|key, value| {
                members.insert(String::from_utf8(key.to_vec()).unwrap(), read(value)?);
                Ok(())
            })?;
            Value::Object(members)
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reads_what_serde_json_reads(document in document()) {
        let expected: Value = serde_json::from_slice(&document).unwrap();
        let mut cursor = Cursor::new(&document);
        prop_assert_eq!(read(&mut cursor).unwrap(), expected);
        prop_assert_eq!(cursor.finish(), Ok(()));
    }

    #[test]
    fn skips_what_it_parses_to_the_same_byte(document in document()) {
        let (slice, end) = slice(&document).unwrap();
        prop_assert_eq!(slice, document.trim_ascii());
        prop_assert_eq!(skip(&document), Ok(end));
    }

    #[test]
    fn accepts_what_serde_json_accepts(document in broken()) {
        let mut cursor = Cursor::new(&document);
        let ours = cursor.slice().map(drop).and_then(|()| cursor.finish());
        let theirs = serde_json::from_slice::<IgnoredAny>(&document);
        prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{:?} {:?} {}", ours, theirs, String::from_utf8_lossy(&document));
        // Skipping accepts at least that, and ends where parsing ends.
        if let Ok((_, end)) = slice(&document) {
            prop_assert_eq!(skip(&document), Ok(end));
        }
    }

    #[test]
    fn is_incomplete_where_serde_json_is(document in broken()) {
        let mut cursor = Cursor::new(&document);
        let ours = cursor.slice().map(drop).and_then(|()| cursor.finish());
        let theirs = serde_json::from_slice::<IgnoredAny>(&document);
        if let (Err(ours), Err(theirs)) = (ours, theirs) {
            // The other way round it calls a number that ends in its sign or point wrong, and we incomplete.
            prop_assert!(ours.is_incomplete() || !theirs.is_eof(), "{:?} {}", ours, String::from_utf8_lossy(&document));
            prop_assert_eq!(ours.is_incomplete(), ours.offset == document.len());
        }
    }

    #[test]
    fn prefixes_of_containers_are_incomplete(document in document(), cut in any::<prop::sample::Index>()) {
        let trimmed = document.trim_ascii();
        prop_assume!(matches!(trimmed[0], b'{' | b'['));
        let prefix = &trimmed[..cut.index(trimmed.len())];
        let incomplete = Error { kind: ErrorKind::Incomplete, offset: prefix.len() };
        prop_assert_eq!(slice(prefix), Err(incomplete));
        prop_assert_eq!(skip(prefix), Err(incomplete));
    }

    #[test]
    fn random_bytes_end_in_a_value_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok((slice, end)) = slice(&bytes) {
            prop_assert!(std::str::from_utf8(slice).is_ok());
            prop_assert_eq!(skip(&bytes), Ok(end));
        } else if let Err(error) = skip(&bytes) {
            prop_assert!(error.offset <= bytes.len());
        }
    }

    #[test]
    fn structure_ends_where_the_document_ends_whatever_the_cuts(
        document in document(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let trimmed = document.trim_ascii();
        prop_assume!(matches!(trimmed[0], b'{' | b'['));
        let stream = [trimmed, b" [1]"].concat();
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(stream.len())).collect();
        cuts.sort_unstable();
        cuts.push(stream.len());
        let mut structure = Structure::new();
        let mut from = 0;
        for cut in cuts {
            if let Some(end) = structure.feed(&stream[from..cut]) {
                prop_assert_eq!(from + end, trimmed.len());
                return Ok(());
            }
            from = cut;
        }
        prop_assert!(false, "the end was not found");
    }
}
