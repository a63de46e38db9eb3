//! Bodies of LISTs, cut into their parts.

mod common;
mod frame_reference;

use kube_watchlist::frame::{DEFAULT_FRAME_LIMIT, FrameError, List, ListFramer, Part};
use serde_json::Value;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Owned {
    Member(String, String),
    Item(String),
    Row(String),
    End,
    Error(FrameError),
}
use Owned::{End, Error, Item, Member, Row};

impl Owned {
    fn length(&self) -> usize {
        match self {
            Member(_, value) | Item(value) | Row(value) => value.len(),
            End | Error(_) => 0,
        }
    }
}

/// The parts of a page, and how many bytes of it were truncated and trailing.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Page {
    parts: Vec<Owned>,
    truncated: usize,
    trailing: u64,
}

fn page<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, limit: usize) -> Page {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut framer = ListFramer::new(limit);
    let mut parts = Vec::new();
    for piece in pieces {
        framer.push(piece, &mut |part| {
            parts.push(match part {
                Ok(Part::Member { key, value }) => Member(text(key), text(value)),
                Ok(Part::Element {
                    list: List::Items,
                    value,
                }) => Item(text(value)),
                Ok(Part::Element {
                    list: List::Rows,
                    value,
                }) => Row(text(value)),
                Ok(Part::End) => End,
                Err(error) => Error(error),
            });
        });
        // A buffer of a part and one of its key, the open brackets, and room that small buffers are given.
        assert!(
            framer.memory_bytes() <= 2 * limit + 4096,
            "{} bytes held",
            framer.memory_bytes()
        );
    }
    let truncated = framer.finish();
    let errors = parts.iter().filter(|part| matches!(part, Error(_))).count();
    assert_eq!(
        framer.dropped(),
        (errors + usize::from(truncated > 0)) as u64,
        "every loss is counted"
    );
    Page {
        parts,
        truncated,
        trailing: framer.trailing_bytes(),
    }
}

/// The page in one piece, which must be the same byte by byte.
fn parts_of(text: &str, limit: usize) -> Page {
    let whole = page([text.as_bytes()], limit);
    assert_eq!(whole, page(text.as_bytes().chunks(1), limit), "{text}");
    whole
}

fn member(key: &str, value: &str) -> Owned {
    Member(key.to_owned(), value.to_owned())
}

fn whole(parts: Vec<Owned>) -> Page {
    Page {
        parts,
        truncated: 0,
        trailing: 0,
    }
}

/// Puts a page together from its parts.
fn joined(parts: &[Owned]) -> Value {
    let mut object = serde_json::Map::new();
    let value = |text: &str| serde_json::from_str::<Value>(text).expect("a value");
    for part in parts {
        let (list, element) = match part {
            Member(key, text) => {
                object.insert(key.clone(), value(text));
                continue;
            }
            Item(text) => ("items", text),
            Row(text) => ("rows", text),
            End | Error(_) => continue,
        };
        let array = object
            .entry(list)
            .or_insert_with(|| Value::Array(Vec::new()));
        array.as_array_mut().expect("an array").push(value(element));
    }
    Value::Object(object)
}

/// As [`joined`] gives it: an empty list has no parts.
fn without_empty_lists(mut value: Value) -> Value {
    if let Some(object) = value.as_object_mut() {
        object.retain(|key, value| {
            !["items", "rows"].contains(&&key[..]) || *value != Value::Array(Vec::new())
        });
    }
    value
}

#[test]
fn every_cut_of_every_recorded_page_gives_the_same_parts() {
    let mut elements = 0;
    let mut pages = 0;
    for (version, name, exchange) in common::all_recorded() {
        let json = exchange.header("Content-Type") == Some("application/json");
        if !json || exchange.is_json_watch() || exchange.header("Content-Encoding").is_some() {
            continue;
        }
        let Ok(value) = serde_json::from_slice::<Value>(&exchange.body) else {
            continue;
        };
        pages += 1;
        let want = page([&exchange.body[..]], DEFAULT_FRAME_LIMIT);
        assert_eq!(want.parts.last(), Some(&End), "{version}/{name}");
        assert_eq!(
            joined(&want.parts),
            without_empty_lists(value),
            "{version}/{name}"
        );
        elements += want
            .parts
            .iter()
            .filter(|part| matches!(part, Item(_) | Row(_)))
            .count();
        assert_eq!(
            page(exchange.body.chunks(1), DEFAULT_FRAME_LIMIT),
            want,
            "{version}/{name} byte by byte"
        );
        for place in 0..=exchange.body.len() {
            let (before, after) = exchange.body.split_at(place);
            assert_eq!(
                page([before, after], DEFAULT_FRAME_LIMIT),
                want,
                "{version}/{name} cut at {place}"
            );
        }
    }
    assert!(
        pages > 40 && elements > 20,
        "{pages} pages, {elements} elements"
    );
}

#[test]
fn members_and_elements_come_as_they_complete() {
    let mut framer = ListFramer::default();
    let mut parts = 0;
    for (piece, want) in [
        ("{\"kind\":\"Po", 0),
        ("dList\"", 1),
        (",\"items\":[", 1),
        ("{\"a\":1", 1),
        ("}", 2),
        (",{}", 3),
        ("],\"n\":12", 3),
        (",", 4),
        ("\"t\":true", 4),
        ("}", 6),
    ] {
        framer.push(piece.as_bytes(), &mut |part| {
            part.expect("a part");
            parts += 1;
        });
        assert_eq!(parts, want, "after {piece}");
    }
}

#[test]
fn pages_in_all_their_forms() {
    for (text, want) in [
        ("{}", vec![End]),
        ("\u{feff} {\n}\n", vec![End]),
        ("{\"items\":null}", vec![member("items", "null"), End]),
        ("{\"items\":[]}", vec![End]),
        ("{\"rows\": [\n ] }", vec![End]),
        (
            "{\"rows\":[1 ,\"a]\",null,[],{\"rows\":[2]}]}",
            vec![
                Row("1".into()),
                Row("\"a]\"".into()),
                Row("null".into()),
                Row("[]".into()),
                Row("{\"rows\":[2]}".into()),
                End,
            ],
        ),
        (
            "{\"items\":[{}],\"kind\":\"L\",\"rows\":[{}],\"items\":[{}]}",
            vec![
                Item("{}".into()),
                member("kind", "\"L\""),
                Row("{}".into()),
                Item("{}".into()),
                End,
            ],
        ),
        // Names are what they mean, not how they are written.
        (
            "{\"\\u0069tems\":[1],\"\\ud834\\udd1e\\ud834\\n\":-1.5e+3}",
            vec![Item("1".into()), member("𝄞\u{fffd}\n", "-1.5e+3"), End],
        ),
        (
            "{\"\\\"\\\\\\/\\b\\f\\r\\t\\u00e9\\uD834x\\udd1e\":0}",
            vec![member("\"\\/\u{8}\u{c}\r\té\u{fffd}x\u{fffd}", "0"), End],
        ),
        (
            "{\"metadata\":{\"items\":[1]},\"columnDefinitions\":[1,2]}",
            vec![
                member("metadata", "{\"items\":[1]}"),
                member("columnDefinitions", "[1,2]"),
                End,
            ],
        ),
        (
            "{\n  \"kind\": \"List\",\n  \"items\": [\n    {\n      \"a\": 1\n    },\n    {}\n  ]\n}\n",
            vec![
                member("kind", "\"List\""),
                Item("{\n      \"a\": 1\n    }".into()),
                Item("{}".into()),
                End,
            ],
        ),
    ] {
        assert_eq!(parts_of(text, 1000), whole(want), "{text}");
    }
}

#[test]
fn a_truncated_page_has_no_end() {
    let text = "{\"kind\":\"L\",\"items\":[{\"a\":\"}\"},{\"b\":2}],\"metadata\":{}}";
    for cut in 0..text.len() {
        let page = parts_of(&text[..cut], 1000);
        assert!(!page.parts.contains(&End), "cut at {cut}");
        assert!(
            !page.parts.iter().any(|part| matches!(part, Error(_))),
            "cut at {cut}"
        );
    }
    let cut = text.find("2}").expect("it is there");
    assert_eq!(parts_of(&text[..cut], 1000).truncated, "{\"b\":".len());
    assert_eq!(parts_of(text, 1000).parts.last(), Some(&End));
}

#[test]
fn what_comes_behind_the_end_is_counted() {
    assert_eq!(parts_of("{}\n \r\n", 10), whole(vec![End]));
    assert_eq!(
        parts_of("{} {} x", 10),
        Page {
            parts: vec![End],
            truncated: 0,
            trailing: 3
        }
    );
}

#[test]
fn damage_ends_the_page() {
    for (text, offset) in [
        ("<html>", 0),
        ("[{}]", 0),
        ("{kind:1}", 1),
        ("{,}", 1),
        ("{\"a\" 1}", 5),
        ("{\"a\":}", 5),
        ("{\"a\":1,}", 7),
        ("{\"a\":1 2}", 7),
        ("{\"a\":1\"b\"}", 6),
        ("{\"a\":x}", 5),
        ("{\"items\":[,]}", 10),
        ("{\"items\":[1,]}", 12),
        ("{\"items\":[1 1]}", 12),
        ("{\"items\":[1}", 11),
        ("{\"ite\nms\":[]}", 5),
        ("{\"\\x\":[]}", 5),
        ("{\"\\u12\":[]}", 7),
        ("{\"a\":\"\u{1}\"}", 6),
        ("\u{fec0}{}", 0),
    ] {
        let page = parts_of(text, 1000);
        assert_eq!(
            page.parts.last(),
            Some(&Error(FrameError::NotJson { offset })),
            "{text}"
        );
        assert!(!page.parts.contains(&End), "{text}");
    }
}

#[test]
fn a_part_of_any_depth_is_framed() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let page = format!("{{\"a\":{deep},\"items\":[{deep},1]}}");
    let parts = parts_of(&page, 1 << 20).parts;
    let lengths: Vec<usize> = parts.iter().map(Owned::length).collect();
    assert_eq!(lengths, [deep.len(), deep.len(), 1, 0]);
}

#[test]
fn the_limit_applies_to_each_part() {
    let large = format!("{{\"large\":\"{}\"}}", "x".repeat(5000));
    let fits = format!("\"{}\"", "x".repeat(98));
    let error = || Error(FrameError::TooLarge { limit: 100 });
    let text = format!(
        "{{\"a\":{large},\"b\":{fits},\"items\":[{fits},{large},{fits},{large}],\"{large_key}\":{{}},\"{large_key}\":[1],\"c\":1}}",
        large_key = "k".repeat(99)
    );
    let want = vec![
        error(),
        member("b", &fits),
        Item(fits.clone()),
        error(),
        Item(fits.clone()),
        error(),
        error(),
        error(),
        member("c", "1"),
        End,
    ];
    assert_eq!(parts_of(&text, 100), whole(want));
    // Elements of a list need not fit together: that is the point.
    let many = format!("{{\"rows\":[{}]}}", [&fits[..]; 1000].join(","));
    assert_eq!(parts_of(&many, 100).parts.len(), 1001);
}

#[test]
fn a_list_of_twenty_mebibytes_takes_the_memory_of_one_element() {
    let element = format!("{{\"a\":\"{}\"}},", "x".repeat(1000));
    let block = element.repeat(1024);
    let mut framer = ListFramer::default();
    let mut elements = 0;
    let mut most = 0;
    let mut push = |piece: &[u8]| {
        framer.push(piece, &mut |part| {
            elements += usize::from(matches!(part, Ok(Part::Element { .. })));
        });
        most = most.max(framer.memory_bytes());
    };
    push(b"{\"items\":[");
    for _ in 0..20 {
        push(block.as_bytes());
        push(&element.as_bytes()[..500]);
        push(&element.as_bytes()[500..]);
    }
    push(b"{}]}");
    assert_eq!(elements, 20 * 1025 + 1);
    assert!(most < 8 * 1024, "{most} bytes held");
}

#[test]
fn a_framer_takes_one_page_after_another() {
    let mut framer = ListFramer::default();
    for _ in 0..2 {
        let mut parts = 0;
        framer.push(b"{\"items\":[{\"a\"", &mut |_| parts += 1);
        assert_eq!((framer.finish(), parts), (4, 0));
        framer.push(b"{\"kind\":1}", &mut |part| {
            part.expect("a part");
            parts += 1;
        });
        assert_eq!((framer.finish(), parts), (0, 2));
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use proptest::prelude::*;

    use super::frame_reference::cut;
    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[ -~é𝄞\n]{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                proptest::collection::btree_map("[a-z\"{]{0,2}", inner, 0..3)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn pages_survive_any_cut(
            members in proptest::collection::btree_map("items|rows|kind|[a-zé\"]{0,3}", value(), 0..5),
            pretty in any::<bool>(),
            places in proptest::collection::vec(any::<usize>(), 0..12),
        ) {
            let value = Value::Object(members.into_iter().collect());
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.expect("JSON");
            let page = page(cut(text.as_bytes(), &places), 1 << 20);
            prop_assert_eq!(page.parts.last(), Some(&End));
            prop_assert_eq!(joined(&page.parts), without_empty_lists(value));
        }

        #[test]
        fn damaged_pages_are_the_same_in_any_cut(
            damage in proptest::collection::vec((any::<usize>(), prop_oneof![any::<u8>(), proptest::sample::select(&b"{}[]\",:\\"[..])]), 0..4),
            limit in 1..2000usize,
            places in proptest::collection::vec(any::<usize>(), 0..6),
        ) {
            let mut bytes = common::recorded("1.37", "pods-list-table").body;
            for (at, byte) in damage {
                let index = at % bytes.len();
                bytes[index] = byte;
            }
            let want = page([&bytes[..]], limit);
            prop_assert_eq!(page(bytes.chunks(1), limit), want.clone());
            prop_assert_eq!(page(cut(&bytes, &places), limit), want);
        }
    }
}
