use std::collections::HashMap;

use super::{Selector, SelectorError};

fn selects(selector: &str, labels: &[(&str, &str)]) -> bool {
    let selector = Selector::parse(selector).expect("a selector");
    selector.matches(|key| labels.iter().find(|l| l.0 == key).map(|l| l.1))
}

/// Selectors and what Go's own parser and matcher made of them.
#[test]
fn agrees_with_kubernetes() {
    let vectors = include_str!("../../tests/vectors/label-selector.tsv");
    let mut sets: Vec<&str> = Vec::new();
    let (mut parsed, mut refused) = (0, 0);
    for line in vectors.lines().filter(|line| !line.starts_with('#')) {
        let (selector, expected) = line.split_once('\t').expect("two columns");
        if selector == "labels" {
            sets.push(expected);
            continue;
        }
        let text: String = serde_json::from_str(selector).expect("a JSON string");
        let found = match Selector::parse(&text) {
            Err(error) => {
                assert!(error.offset <= text.len(), "{text:?}: {error}");
                refused += 1;
                "error".to_owned()
            }
            Ok(selector) => {
                parsed += 1;
                let selected = sets.iter().map(|set| {
                    let labels: HashMap<String, String> =
                        serde_json::from_str(set).expect("labels");
                    let selected = selector.matches(|key| labels.get(key).map(String::as_str));
                    assert_eq!(selector.matches_raw(Some(set.as_bytes())), selected);
                    if selected { '1' } else { '0' }
                });
                selected.collect()
            }
        };
        assert_eq!(found, expected, "{text:?}");
    }
    assert!(
        parsed > 300 && refused > 300,
        "{parsed} parsed, {refused} refused"
    );
}

/// Examples of kubernetes.io/docs/concepts/overview/working-with-objects/labels.
#[test]
fn examples_of_the_documentation() {
    let frontend = [("environment", "production"), ("tier", "frontend")];
    let backend = [
        ("environment", "qa"),
        ("tier", "backend"),
        ("partition", "a"),
    ];
    for (selector, expected) in [
        ("environment = production", [true, false]),
        ("tier != frontend", [false, true]),
        ("environment=production,tier!=frontend", [false, false]),
        ("environment in (production, qa)", [true, true]),
        ("tier notin (frontend, backend)", [false, false]),
        ("partition", [false, true]),
        ("!partition", [true, false]),
        ("partition,environment notin (qa)", [false, false]),
        (
            "partition in (customerA, customerB),environment!=qa",
            [false, false],
        ),
        ("environment,environment notin (frontend)", [true, true]),
    ] {
        let found = [selects(selector, &frontend), selects(selector, &backend)];
        assert_eq!(found, expected, "{selector}");
    }
}

#[test]
fn the_empty_selector_selects_everything() {
    let selector = Selector::parse(" \t").expect("a selector");
    assert!(selector.is_empty() && selector == Selector::default());
    assert!(selector.matches(|_| None) && selector.matches_raw(None));
    assert!(!Selector::parse("a").expect("a selector").is_empty());
}

#[test]
fn errors_name_their_place() {
    let offset = |text| Selector::parse(text).map_err(|error| error.offset);
    assert_eq!(offset("env tier"), Err(4));
    assert_eq!(offset("env=prod,"), Err(9));
    assert_eq!(offset("env in prod"), Err(7));
    assert_eq!(offset("env in (prod"), Err(12));
    assert_eq!(offset("env, -x"), Err(5));
    assert_eq!(offset("env=ok, x = b\u{e9}"), Err(12));
    assert_eq!(offset("size > big"), Err(7));
    let error = Selector::parse("a b").expect_err("no selector");
    assert_eq!(
        error.to_string(),
        "expected '=', '==', '!=', 'in', 'notin', '<' or '>' at offset 2"
    );
}

#[test]
fn raw_labels() -> Result<(), SelectorError> {
    let web = Selector::parse("app=web")?;
    assert!(web.matches_raw(Some(br#"{"app":"web"}"#)));
    assert!(web.matches_raw(Some(br#" { "x" : "y" , "app" : "web" } "#)));
    assert!(
        web.matches_raw(Some(br#"{"\u0061pp":"w\u0065b"}"#)),
        "escapes"
    );
    assert!(
        web.matches_raw(Some(br#"{"app":"db","app":"web"}"#)),
        "the last one counts"
    );
    assert!(!web.matches_raw(Some(br#"{"app":"web","app":"db"}"#)));
    assert!(!web.matches_raw(Some(b"{}")) && !web.matches_raw(None));
    let broken: [&[u8]; 7] = [
        b"",
        b"null",
        b"[]",
        b"{\"app\":\"web\"",
        b"{\"app\":1}",
        b"{\"app\":\"web\"}x",
        b"\xff",
    ];
    let not_web = Selector::parse("app!=web")?;
    for labels in broken {
        assert!(!web.matches_raw(Some(labels)), "{labels:?}");
        assert!(not_web.matches_raw(Some(labels)), "{labels:?}");
    }
    Ok(())
}
