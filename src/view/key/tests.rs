use core::cmp::Ordering;

use super::{CellKey, TEXT_LIMIT};

fn raw(json: &str) -> CellKey {
    CellKey::new(Some(json.as_bytes()), None)
}

fn text(text: &str) -> CellKey {
    CellKey::from_text(text, None)
}

/// In ascending order, over all kinds; equal ones share a line.
fn ascending() -> Vec<Vec<CellKey>> {
    vec![
        vec![
            CellKey::new(None, None),
            raw("null"),
            raw(""),
            raw("\"\""),
            raw("\"\\u003cnone\\u003e\""),
            text("<unknown>"),
            text("<unset>"),
        ],
        vec![raw("false")],
        vec![raw("true"), raw(" true ")],
        vec![CellKey::from_text("<invalid>", Some(-5000))],
        vec![CellKey::new(Some(b"\"5m\""), Some(300_000))],
        vec![CellKey::from_text("6y328d", Some(i64::MAX))],
        vec![raw("-12.5"), text("-12.5")],
        vec![raw("0"), text("0"), text("0%")],
        vec![text("0/1")],
        vec![text("0/3")],
        vec![text("50m"), text("50m"), raw("0.05")],
        vec![text("1/1"), text("1/1 of 3")],
        vec![text("2"), raw("2"), raw("2.0e0")],
        vec![CellKey::from_text("2 (5m ago)", Some(300_000))],
        vec![CellKey::from_text("2 (6m ago)", Some(360_000))],
        vec![text("3"), text("3 (<unknown> ago)")],
        vec![text("10%")],
        vec![text("90%/80%")],
        vec![text("100%")],
        vec![text("250Mi")],
        vec![text("1.5Gi")],
        vec![raw("1e400")],
        vec![text("10.0.0.9")],
        vec![text("10.0.0.10")],
        vec![text("Pending")],
        vec![
            text("running"),
            raw("\"Running\""),
            raw("\"Runn\\u0069ng\""),
        ],
        vec![text("v1.9.3")],
        vec![text("v1.30.2"), text("V1.030.2")],
        vec![text("web")],
        vec![text("web-2"), text("web-02")],
        vec![text("web-2a")],
        vec![text("web-10")],
        vec![text("Web-10-x")],
        vec![text("web-99999999999999999999999999998")],
        vec![text("web-99999999999999999999999999999")],
        vec![text("web-x")],
        vec![text("é")],
        vec![raw("[1]")],
        vec![raw("nonsense")],
        vec![raw("{\"a\":1}")],
    ]
}

#[test]
fn kinds_and_values_are_in_the_stated_order() {
    let lines = ascending();
    for (rank, line) in lines.iter().enumerate() {
        for (other_rank, other_line) in lines.iter().enumerate() {
            for key in line {
                for other in other_line {
                    let expected = rank.cmp(&other_rank);
                    assert_eq!(key.cmp(other), expected, "{key:?} {other:?}");
                    if key.prefix() < other.prefix() {
                        assert_eq!(expected, Ordering::Less, "{key:?} {other:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn prefixes_tell_most_cells_apart() {
    for (a, b) in [
        (text("apple"), text("banana")),
        (text("web-2"), text("web-3")),
        (raw("1"), raw("2")),
        (raw("999999"), raw("1000000")),
        (text("250Mi"), text("251Mi")),
        (
            CellKey::from_text("5m", Some(300_000)),
            CellKey::from_text("6m", Some(360_000)),
        ),
    ] {
        assert!(a.prefix() < b.prefix(), "{a:?} {b:?}");
    }
}

#[test]
fn a_time_needs_a_span_to_be_one() {
    let (minutes, seconds) = ("2m", "90s");
    assert!(CellKey::from_text(seconds, Some(90_000)) < CellKey::from_text(minutes, Some(120_000)));
    // Without one it is the quantity 0.002, and 90s is text.
    assert!(text(minutes) < raw("1") && raw("1") < text(seconds));
}

#[test]
fn keys_are_bounded() {
    let digits = "1".repeat(100_000);
    for long in [
        "a".repeat(100_000),
        format!("a{digits}"),
        "a1".repeat(50_000),
    ] {
        let key = text(&long);
        let super::Kind::Text(kept) = &key.0 else {
            panic!("a text: {key:?}");
        };
        assert_eq!(kept.len(), TEXT_LIMIT);
    }
    let digits = "1".repeat(1000);
    assert!(text(&format!("a{digits}")) < text(&format!("a{digits}1")));
    assert!(text(&format!("a{}", "9".repeat(254))) < text(&format!("a{}", "1".repeat(255))));
}

#[test]
fn any_bytes_have_a_key() {
    for bytes in [
        &b"\""[..],
        b"\"\\ud800\"",
        b"\"\xff\"",
        b"\xff",
        b"-",
        b"{",
        b"1.2.3",
        b"tru",
        b"\"a\"x",
        b"\0",
    ] {
        let key = CellKey::new(Some(bytes), None);
        assert_eq!(key.cmp(&key), Ordering::Equal);
        assert!(key > text("text"), "{bytes:?} {key:?}");
    }
}
