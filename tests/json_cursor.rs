//! The cursor: what it reads, what it refuses, and at which byte.

use std::borrow::Cow;

use kube_watchlist::json::{Cursor, Error, ErrorKind, Kind, MAX_DEPTH};

fn slice(document: &[u8]) -> Result<&[u8], Error> {
    let mut cursor = Cursor::new(document);
    let bytes = cursor.slice()?;
    cursor.finish()?;
    Ok(bytes)
}

fn skip(document: &[u8]) -> Result<usize, Error> {
    let mut cursor = Cursor::new(document);
    cursor.skip()?;
    let end = cursor.offset();
    cursor.finish()?;
    Ok(end)
}

fn text(document: &str) -> Cow<'_, str> {
    Cursor::new(document.as_bytes()).next_str().unwrap()
}

/// Every way to be wrong, with the byte that is.
#[test]
fn malformed_documents_are_refused_at_their_byte() {
    use ErrorKind::*;
    let cases: &[(&[u8], ErrorKind, usize)] = &[
        (b"", Incomplete, 0),
        (b"  \n", Incomplete, 3),
        (b"?", ExpectedValue, 0),
        (b"  ,", ExpectedValue, 2),
        (b"]", ExpectedValue, 0),
        (b"[1,]", ExpectedValue, 3),
        (b"[,1]", ExpectedValue, 1),
        (b"{\"a\":}", ExpectedValue, 5),
        (b"{,}", ExpectedKey, 1),
        (b"{\"a\":1,}", ExpectedKey, 7),
        (b"{a:1}", ExpectedKey, 1),
        (b"{1:1}", ExpectedKey, 1),
        (b"{\"a\" 1}", ExpectedColon, 5),
        (b"{\"a\"}", ExpectedColon, 4),
        (b"{\"a\":1 \"b\":2}", ExpectedCommaOrClose, 7),
        (b"[1 2]", ExpectedCommaOrClose, 3),
        (b"[1}", MismatchedBracket, 2),
        (b"{\"a\":1]", MismatchedBracket, 6),
        (b"[[1}]", MismatchedBracket, 3),
        (b"tru", Incomplete, 3),
        (b"trux", InvalidLiteral, 3),
        (b"falze", InvalidLiteral, 3),
        (b"nil", InvalidLiteral, 1),
        (b"[nul]", InvalidLiteral, 4),
        (b"-", Incomplete, 1),
        (b"-a", InvalidNumber, 1),
        (b"01", InvalidNumber, 1),
        (b"-00", InvalidNumber, 2),
        (b"1.", Incomplete, 2),
        (b"1.e5", InvalidNumber, 2),
        (b"1e", Incomplete, 2),
        (b"1e+", Incomplete, 3),
        (b"[1e+]", InvalidNumber, 4),
        (b".5", ExpectedValue, 0),
        (b"+5", ExpectedValue, 0),
        (b"\"a", Incomplete, 2),
        (b"\"a\\", Incomplete, 3),
        (b"\"\\u12", Incomplete, 5),
        (b"\"\\x\"", InvalidEscape, 2),
        (b"\"abc\\u12g4\"", InvalidEscape, 8),
        (b"\"a\nb\"", ControlCharacter, 2),
        (b"\"a\x00b\"", ControlCharacter, 2),
        (b"{\"a\tb\":1}", ControlCharacter, 3),
        (b"\"a\xffb\"", InvalidUtf8, 2),
        (b"[\"ok\",\"\xe2\x82\"]", InvalidUtf8, 7),
        (b"\"\\n\xc0\xaf\"", InvalidUtf8, 3),
        (b"{} {}", TrailingBytes, 3),
        (b"1 ,", TrailingBytes, 2),
    ];
    for &(document, kind, offset) in cases {
        let error = slice(document).expect_err(&String::from_utf8_lossy(document));
        assert_eq!(
            error,
            Error { kind, offset },
            "{}",
            String::from_utf8_lossy(document)
        );
        assert_eq!(error.is_incomplete(), kind == Incomplete);
        assert!(
            error.to_string().ends_with(&format!("at byte {offset}")),
            "{error}"
        );
    }
}

/// A `next_*` method before a value of another kind says what it wanted and where.
#[test]
fn wrong_kinds_are_refused_at_their_byte() {
    let values = ["null", "true", "-1.5", r#""s""#, "[1]", r#"{"k":1}"#];
    let kinds = [
        Kind::Null,
        Kind::Bool,
        Kind::Number,
        Kind::String,
        Kind::Array,
        Kind::Object,
    ];
    for (value, found) in values.into_iter().zip(kinds) {
        let spaced = format!("  {value} ");
        let cursor = Cursor::new(spaced.as_bytes());
        assert_eq!(cursor.clone().peek(), Ok(found));
        assert_eq!(cursor.clone().next_null(), Ok(found == Kind::Null));
        let outcomes = [
            (Kind::Bool, cursor.clone().next_bool().map(drop)),
            (Kind::Number, cursor.clone().next_number().map(drop)),
            (Kind::String, cursor.clone().next_str().map(drop)),
            (Kind::Array, cursor.clone().next_array(Cursor::skip)),
            (
                Kind::Object,
                cursor.clone().next_object(|_, value| value.skip()),
            ),
        ];
        for (kind, outcome) in outcomes {
            let error = Error {
                kind: ErrorKind::Expected(kind),
                offset: 2,
            };
            assert_eq!(
                outcome,
                if kind == found { Ok(()) } else { Err(error) },
                "{kind} at {value}"
            );
        }
    }
}

#[test]
fn scalars_are_read_as_they_stand() {
    for number in [
        "0",
        "-0",
        "10",
        "1.5",
        "-1.25e-7",
        "9E+99",
        "123456789012345678901234567890",
    ] {
        assert_eq!(
            Cursor::new(format!(" {number}]").as_bytes()).next_number(),
            Ok(number)
        );
    }
    assert_eq!(Cursor::new(b"true").next_bool(), Ok(true));
    assert_eq!(Cursor::new(b"false").next_bool(), Ok(false));
}

#[test]
fn strings_without_escapes_are_borrowed() {
    for document in [r#""""#, r#""web-0""#, r#""grün 🚢""#] {
        let text = text(document);
        assert!(matches!(text, Cow::Borrowed(_)), "{document}");
        assert_eq!(text, document.trim_matches('"'));
    }
}

#[test]
fn escapes_are_resolved() {
    assert_eq!(text(r#""\"\\\/\b\f\n\r\t""#), "\"\\/\u{8}\u{c}\n\r\t");
    assert_eq!(text(r#""\u003cnone\u003E""#), "<none>");
    assert_eq!(text(r#""x\u0000y\u00e9z\u20AC""#), "x\0yéz€");
    assert_eq!(text(r#""\ud83d\udea2 \uD83D\uDEA2!""#), "🚢 🚢!");
    assert_eq!(text(r#""\\u0041""#), r"\u0041");
    // Longer than a vector, with escapes at both ends of it.
    let long = "abcdefghijklmno";
    assert_eq!(
        text(&format!(r#""\t{long}\n{long}\\{long}""#)),
        format!("\t{long}\n{long}\\{long}")
    );
}

/// As Go does: each half that is alone becomes one replacement character, and nothing after it is lost.
#[test]
fn lone_surrogates_become_replacement_characters() {
    assert_eq!(text(r#""\ud83d""#), "\u{fffd}");
    assert_eq!(text(r#""\udea2x""#), "\u{fffd}x");
    assert_eq!(text(r#""\ud83dA""#), "\u{fffd}A");
    assert_eq!(text(r#""\ud83d\u0041""#), "\u{fffd}A");
    assert_eq!(text(r#""\ud83d\ud83d\udea2""#), "\u{fffd}🚢");
    assert_eq!(text(r#""\ud83d\n""#), "\u{fffd}\n");
    assert_eq!(text(r#""\udea2\ud83d""#), "\u{fffd}\u{fffd}");
}

#[test]
fn keys_reach_the_visitor_unescaped_in_order_and_repeated() {
    let document = br#"{ "name" : 1, "n\u0061me":2,"":3, "name":4, "a\"b":5 }"#;
    let mut seen = Vec::new();
    let mut cursor = Cursor::new(document);
    cursor
        .next_object(|key, value| {
            seen.push((
                String::from_utf8(key.to_vec()).unwrap(),
                value.next_number()?,
            ));
            Ok(())
        })
        .unwrap();
    cursor.finish().unwrap();
    let seen: Vec<_> = seen
        .iter()
        .map(|(key, value)| (key.as_str(), *value))
        .collect();
    assert_eq!(
        seen,
        [
            ("name", "1"),
            ("name", "2"),
            ("", "3"),
            ("name", "4"),
            ("a\"b", "5")
        ]
    );
}

/// The contract: what is skipped is scanned for structure and for nothing else.
#[test]
fn skipping_looks_at_structure_alone() {
    for garbage in [
        &b"{garbage}"[..],
        b"[1 2,,:]",
        b"{\"a\nb\":\"\x01\xff\\q\\u12\"}",
        b"[\"}\",'x']",
        b"{]",
        b"[{]}",
    ] {
        assert_eq!(
            skip(garbage),
            Ok(garbage.len()),
            "{}",
            String::from_utf8_lossy(garbage)
        );
        assert!(slice(garbage).is_err());
    }
    // A skipped string is no container, but the same holds inside it.
    assert_eq!(skip(b"\"\x01\xff\\q\""), Ok(6));
    let cases: &[(&[u8], ErrorKind, usize)] = &[
        (b"[[]", ErrorKind::Incomplete, 3),
        (b"{\"a\":\"}", ErrorKind::Incomplete, 7),
        (b"{\"a\":\"\\\"}", ErrorKind::Incomplete, 9),
        (b"\"abc", ErrorKind::Incomplete, 4),
        (b"\"abc\\", ErrorKind::Incomplete, 5),
        (b"\"abc\\\"", ErrorKind::Incomplete, 6),
        (b"nope", ErrorKind::InvalidLiteral, 1),
        (b"-x", ErrorKind::InvalidNumber, 1),
        (b"}", ErrorKind::ExpectedValue, 0),
    ];
    for &(document, kind, offset) in cases {
        assert_eq!(
            skip(document),
            Err(Error { kind, offset }),
            "{}",
            String::from_utf8_lossy(document)
        );
    }
}

#[test]
fn nesting_is_limited_and_never_recursive() {
    let limit = usize::try_from(MAX_DEPTH).unwrap();
    for (open, close) in [("[", "]"), (r#"{"k":"#, "}")] {
        // The innermost value is a number, since `{"k":}` is none.
        let nested = |depth: usize| [&*open.repeat(depth), "1", &*close.repeat(depth)].concat();
        let fits = nested(limit);
        assert_eq!(slice(fits.as_bytes()).unwrap().len(), fits.len());
        assert_eq!(skip(fits.as_bytes()), Ok(fits.len()));
        let error = Error {
            kind: ErrorKind::TooDeep,
            offset: limit * open.len(),
        };
        for depth in [limit + 1, limit * 10, 1_000_000] {
            let deep = nested(depth);
            assert_eq!(slice(deep.as_bytes()), Err(error));
            assert_eq!(skip(deep.as_bytes()), Ok(deep.len()));
        }
    }
}

#[test]
fn a_slice_has_no_white_space_around_it() {
    let mut cursor = Cursor::new(b" \t[ 1 , 2 ]\r\n");
    assert_eq!(cursor.slice(), Ok(&b"[ 1 , 2 ]"[..]));
    assert_eq!(cursor.offset(), 11);
    assert_eq!(cursor.finish(), Ok(()));
}
