//! A `Decoder` reads a document by what the one before it looked like; it must say of each what decoding it alone says, whatever the
//! order of its members, and however often each of them is there.
#![cfg(not(target_arch = "wasm32"))]

use kube_watchlist::event::{Decoder, Format, decode, decode_object};
use proptest::prelude::*;
use proptest::sample::select;

/// Values of which most fit most places.
fn scalar() -> impl Strategy<Value = String> {
    select(vec![
        "null",
        r#""""#,
        r#""a""#,
        r#""b""#,
        r#""\u0061""#,
        r#""é""#,
        r#""2026-11-26T10:00:00Z""#,
        r#""true""#,
        "7",
        "{}",
        "[]",
        r#"{"a":"b"}"#,
        r#"["a"]"#,
        r#"[{"k8s.io/initial-events-end":"true"}]"#,
    ])
    .prop_map(str::to_owned)
}

fn object(
    keys: &'static [&'static str],
    value: impl Strategy<Value = String> + 'static,
) -> impl Strategy<Value = String> {
    let member = (select(keys), value).prop_map(|(key, value)| format!("\"{key}\":{value}"));
    proptest::collection::vec(member, 0..6).prop_map(|members| format!("{{{}}}", members.join(",")))
}

fn metadata() -> impl Strategy<Value = String> {
    let fields = &[
        "name",
        "namespace",
        "uid",
        "resourceVersion",
        "creationTimestamp",
        "labels",
        "ownerReferences",
        "finalizers",
        "managedFields",
        "annotations",
        "generation",
    ];
    prop_oneof![4 => object(fields, scalar()), 1 => Just("null".to_owned())]
}

/// An object's members are of the right kind more often than not.
fn members(row: bool) -> BoxedStrategy<String> {
    let metadata = metadata().prop_map(|value| format!("\"metadata\":{value}"));
    let kind = select(vec![
        "Table",
        "Table",
        "Table",
        "Pod",
        "PartialObjectMetadata",
        "Status",
    ])
    .prop_map(|kind| format!("\"kind\":\"{kind}\""));
    let other = (
        select(vec![
            "spec",
            "status",
            "data",
            "apiVersion",
            "rows",
            "columnDefinitions",
        ]),
        scalar(),
    )
        .prop_map(|(key, value)| format!("\"{key}\":{value}"));
    let member = if row {
        prop_oneof![4 => metadata, 1 => kind, 1 => other].boxed()
    } else {
        let rows = proptest::collection::vec(element(), 0..3)
            .prop_map(|rows| format!("\"rows\":[{}]", rows.join(",")));
        prop_oneof![2 => metadata, 3 => kind, 1 => other, 3 => rows].boxed()
    };
    proptest::collection::vec(member, 0..5)
        .prop_map(|members| format!("{{{}}}", members.join(",")))
        .boxed()
}

fn element() -> impl Strategy<Value = String> {
    let cells = scalar().prop_map(|value| format!("\"cells\":{value}"));
    let object = members(true).prop_map(|value| format!("\"object\":{value}"));
    let other = scalar().prop_map(|value| format!("\"conditions\":{value}"));
    proptest::collection::vec(prop_oneof![2 => cells, 3 => object, 1 => other], 0..4)
        .prop_map(|members| format!("{{{}}}", members.join(",")))
}

fn event() -> impl Strategy<Value = String> {
    let kind = select(vec![
        "ADDED", "ADDED", "ADDED", "MODIFIED", "BOOKMARK", "ERROR",
    ])
    .prop_map(|kind| format!("\"type\":\"{kind}\""));
    let object = members(false).prop_map(|value| format!("\"object\":{value}"));
    (kind, object, any::<u8>()).prop_map(|(kind, object, order)| match order {
        0..16 => format!("{{{object},{kind}}}"),
        16..24 => format!("{{{kind},{object},{object}}}"),
        24..32 => format!("{{{kind},\"object\":null,{object}}}"),
        _ => format!("{{{kind},{object}}}"),
    })
}

/// A document, and others that differ from it in a few values or bytes: neighbours in a stream.
fn neighbours(document: impl Strategy<Value = String>) -> impl Strategy<Value = Vec<String>> {
    let changes = proptest::collection::vec((0..12_usize, 0..12_usize), 1..6);
    (document, changes).prop_map(|(document, changes)| {
        let values = [
            "null",
            r#""a""#,
            r#""b""#,
            r#""\u0061""#,
            r#""é""#,
            "7",
            "{}",
            "[]",
            r#"{"a":"b"}"#,
            r#"["a"]"#,
            "ADDED",
            "Table",
        ];
        let mut all = vec![document.clone()];
        for (from, to) in changes {
            all.push(document.replacen(values[from], values[to], 1));
            all.push(document.replace(values[from], values[to]));
            all.push(document.clone());
        }
        all
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn events(documents in neighbours(event())) {
        let mut decoder = Decoder::default();
        for document in &documents {
            let alone = decode(document.as_bytes());
            prop_assert_eq!(decoder.decode(document.as_bytes()), alone, "{}", document);
        }
    }

    #[test]
    fn elements(documents in neighbours(prop_oneof![element(), members(true)])) {
        for format in [Format::Table, Format::Metadata, Format::Object] {
            let mut decoder = Decoder::default();
            for document in &documents {
                let alone = decode_object(document.as_bytes(), format);
                prop_assert_eq!(decoder.decode_object(document.as_bytes(), format), alone, "{}", document);
            }
        }
    }
}
