//! `docs/SPEC.md` and the code point at each other, and neither points at nothing.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Files of the machine and of its tests.
fn sources() -> Vec<PathBuf> {
    let mut files = vec![
        "src/backoff.rs".into(),
        "src/request.rs".into(),
        "src/strategy.rs".into(),
    ];
    for (directory, prefix) in [
        ("src/reflector", ""),
        ("tests", "reflector_"),
        ("tests", "model_"),
    ] {
        for entry in fs::read_dir(root().join(directory)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if name.starts_with(prefix)
                && path.extension().is_some_and(|extension| extension == "rs")
            {
                files.push(path);
            }
        }
    }
    files
}

/// Functions that are marked as tests.
fn tests() -> BTreeSet<String> {
    let mut tests = BTreeSet::new();
    for file in sources() {
        let text = read(&file);
        let mut lines = text.lines().map(str::trim);
        while let Some(line) = lines.next() {
            if line == "#[test]"
                && let Some(rest) = lines.next().and_then(|line| line.strip_prefix("fn "))
            {
                tests.insert(rest.split('(').next().unwrap().to_owned());
            }
        }
    }
    tests
}

/// The words in backquotes that look like the name of a test: three words or more.
fn named(text: &str) -> BTreeSet<String> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| word.matches('_').count() >= 2)
        .filter(|word| {
            word.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        })
        .map(str::to_owned)
        .collect()
}

fn rows(spec: &str, kind: char) -> Vec<&str> {
    let is_row = |line: &&str| {
        let name = line
            .trim_start_matches("| ")
            .split(' ')
            .next()
            .unwrap_or_default();
        line.starts_with("| ")
            && name
                .strip_prefix(kind)
                .is_some_and(|number| !number.is_empty() && number.parse::<u32>().is_ok())
    };
    spec.lines().filter(is_row).collect()
}

#[test]
fn every_test_that_the_specification_names_exists() {
    let tests = tests();
    let unknown: Vec<_> = named(&read("docs/SPEC.md"))
        .difference(&tests)
        .cloned()
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn every_invariant_and_every_loop_back_names_its_test() {
    let spec = read("docs/SPEC.md");
    let tests = tests();
    for (kind, at_least) in [('I', 12), ('L', 12)] {
        let rows = rows(&spec, kind);
        assert!(rows.len() >= at_least, "{kind}: {} rows", rows.len());
        for row in rows {
            assert!(
                named(row).iter().any(|name| tests.contains(name)),
                "no test: {row}"
            );
        }
    }
}

#[test]
fn every_schedule_is_in_the_specification() {
    let spec = named(&read("docs/SPEC.md"));
    let files = ["schedules", "continuity", "bad_input"];
    let text: String = files
        .iter()
        .map(|name| read(format!("tests/reflector_{name}.rs")))
        .collect();
    let mut lines = text.lines();
    let mut missing = Vec::new();
    while let Some(line) = lines.next() {
        if line == "#[test]" {
            let name = lines
                .next()
                .unwrap()
                .trim_start_matches("fn ")
                .split('(')
                .next()
                .unwrap();
            if !spec.contains(name) {
                missing.push(name);
            }
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_code_of_a_reason_is_in_the_specification_and_the_other_way_round() {
    let spec = read("docs/SPEC.md");
    let table: BTreeSet<&str> = spec
        .lines()
        .skip_while(|line| *line != "## Codes")
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    let mut used = BTreeSet::new();
    for file in sources() {
        let text = read(&file);
        let text = text.split("#[cfg(test)]").next().unwrap();
        for call in ["Reason::new(", "reason("] {
            for rest in text.split(call).skip(1) {
                let rest = rest.trim_start();
                if let Some(code) = rest
                    .strip_prefix('"')
                    .and_then(|rest| rest.split('"').next())
                {
                    used.insert(code.to_owned());
                }
            }
        }
    }
    used.retain(|code| {
        code.bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
    });
    let used: BTreeSet<&str> = used.iter().map(String::as_str).collect();
    assert!(used.len() > 20, "{used:?}");
    assert_eq!(used, table);
}

#[test]
fn the_states_of_the_specification_are_those_of_the_code() {
    let code = read("src/reflector/state.rs");
    let body = code
        .split("pub(super) enum State {")
        .nth(1)
        .unwrap()
        .split("\n}")
        .next()
        .unwrap();
    let states: BTreeSet<&str> = body
        .lines()
        .filter_map(|line| line.strip_prefix("    "))
        .filter(|line| line.starts_with(|first: char| first.is_ascii_uppercase()))
        .map(|line| {
            line.split(|end: char| !end.is_ascii_alphanumeric())
                .next()
                .unwrap()
        })
        .collect();
    let spec = read("docs/SPEC.md");
    let section = spec
        .split("## States")
        .nth(1)
        .unwrap()
        .split("\n## ")
        .next()
        .unwrap();
    let told: BTreeSet<&str> = section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    assert_eq!(states, told);
}
