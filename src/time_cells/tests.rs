use super::{
    Instanced, TimeRule, instant, next_change, parse_human_duration, render, rules,
    same_apart_from_time, span,
};
use crate::clock::{Millis, Timestamp};
use crate::table::{Column, Columns};

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
/// 2026-11-23T15:33:51Z, when the recorded objects were made.
const CREATED: Timestamp = Timestamp(1_795_448_031_000);
const RECEIVED: Timestamp = Timestamp(CREATED.0 + 2 * SECOND);

fn later(millis: i64) -> Timestamp {
    Timestamp(RECEIVED.0 + millis)
}

fn shown(rule: TimeRule, text: &str, now: Timestamp) -> Option<String> {
    let mut out = String::from(">");
    let is_time = render(rule, text, Some(CREATED), RECEIVED, now, &mut out);
    let appended = out.strip_prefix('>').expect("only appended to").to_owned();
    assert!(is_time || appended.is_empty());
    is_time.then_some(appended)
}

#[test]
fn an_age_is_exact_whatever_was_sent() {
    for sent in ["2s", "44s", "<invalid>", ""] {
        let age = |now| shown(TimeRule::Creation, sent, now).expect("a time");
        assert_eq!(age(RECEIVED), "2s");
        assert_eq!(age(later(HOUR)), "60m");
        assert_eq!(age(Timestamp(CREATED.0 - 5 * SECOND)), "<invalid>");
    }
    for sent in ["<unknown>", "2026-11-23T15:33:51Z", "yesterday"] {
        assert_eq!(shown(TimeRule::Creation, sent, RECEIVED), None);
    }
}

#[test]
fn an_age_without_metadata_is_read_from_its_text() {
    let mut out = String::new();
    assert!(render(
        TimeRule::Creation,
        "3m",
        None,
        RECEIVED,
        later(MINUTE),
        &mut out
    ));
    assert_eq!(out, "4m");
}

#[test]
fn a_duration_is_an_instant_with_a_precision() {
    let read = |text| instant(TimeRule::Since, text, Some(CREATED), RECEIVED);
    assert_eq!(
        read("15h"),
        Some(Instanced {
            at: later(-15 * HOUR),
            precision: Millis(3_600_000),
        })
    );
    assert_eq!(
        read("3m20s"),
        Some(Instanced {
            at: later(-200 * SECOND),
            precision: Millis(1000),
        })
    );
    for text in [
        "<none>",
        "<unknown>",
        "<invalid>",
        "",
        "5",
        "1/2",
        "5m ago",
        "3 (5m ago)",
    ] {
        assert_eq!(read(text), None, "{text}");
    }
}

#[test]
fn at_receipt_everything_is_as_sent_and_then_it_runs() {
    let cases = [
        (TimeRule::Since, "15h", HOUR, "16h"),
        (TimeRule::Since, "6y328d", 24 * HOUR, "6y329d"),
        (TimeRule::Since, "59s", HOUR, "60m"),
        (
            TimeRule::Bracket,
            "3 (5m ago)",
            MINUTE + SECOND,
            "3 (6m1s ago)",
        ),
        (
            TimeRule::Bracket,
            "Started (47h ago)",
            HOUR,
            "Started (2d ago)",
        ),
        (
            TimeRule::Bracket,
            "Odd (name) (5m ago)",
            MINUTE,
            "Odd (name) (6m ago)",
        ),
        (TimeRule::Ago, "119s ago", SECOND, "2m ago"),
    ];
    for (rule, sent, wait, then) in cases {
        assert_eq!(shown(rule, sent, RECEIVED).as_deref(), Some(sent));
        assert_eq!(shown(rule, sent, later(wait)).as_deref(), Some(then));
        // A clock that was set back.
        assert_eq!(shown(rule, sent, later(-HOUR)).as_deref(), Some(sent));
    }
}

#[test]
fn what_is_no_running_time_is_left_as_sent() {
    for (rule, sent) in [
        (TimeRule::Bracket, "0"),
        (TimeRule::Bracket, "3 (often)"),
        (TimeRule::Bracket, "(5m ago)"),
        (TimeRule::Bracket, "3 (<unknown> ago)"),
        (TimeRule::Ago, "5m"),
        (TimeRule::Since, "5m ago"),
        (TimeRule::Fixed, "5m"),
        (
            TimeRule::Running {
                status: None,
                completions: None,
            },
            "5m",
        ),
    ] {
        assert_eq!(shown(rule, sent, later(HOUR)), None, "{sent}");
        assert_eq!(
            next_change(rule, sent, Some(CREATED), RECEIVED, RECEIVED),
            None
        );
    }
}

#[test]
fn the_next_change_is_when_the_text_changes() {
    for (rule, sent) in [
        (TimeRule::Creation, "2s"),
        (TimeRule::Since, "15h"),
        (TimeRule::Since, "9m59s"),
        (TimeRule::Bracket, "3 (5m ago)"),
        (TimeRule::Ago, "2d3h ago"),
    ] {
        for offset in [-HOUR, -1, 0, 1, 999, MINUTE, 7 * HOUR, 300 * HOUR] {
            let now = later(offset);
            let wait = next_change(rule, sent, Some(CREATED), RECEIVED, now).expect("it runs");
            let at = |millis| shown(rule, sent, Timestamp(now.0 + millis)).expect("a time");
            let wait = i64::try_from(wait.0).expect("in range");
            assert_eq!(at(wait - 1), at(0), "{sent} after {offset}");
            assert_ne!(at(wait), at(0), "{sent} after {offset}");
        }
    }
}

#[test]
fn clocks_at_their_ends_do_no_harm() {
    for received in [i64::MIN, 0, i64::MAX] {
        for now in [i64::MIN, 0, i64::MAX] {
            let (received, now) = (Timestamp(received), Timestamp(now));
            for creation in [None, Some(received), Some(now)] {
                for rule in [TimeRule::Creation, TimeRule::Since] {
                    let mut out = String::new();
                    let shown = render(rule, "9y", creation, received, now, &mut out);
                    assert_eq!(shown, !out.is_empty());
                    let _ = next_change(rule, "9y", creation, received, now);
                    let _ = span(rule, "9y", creation, received, now);
                }
            }
        }
    }
}

#[test]
fn spans_sort_running_and_finished_times_together() {
    let at = |rule, text, reference| span(rule, text, Some(CREATED), RECEIVED, reference);
    assert_eq!(at(TimeRule::Since, "5m", RECEIVED), Some(5 * MINUTE));
    assert_eq!(at(TimeRule::Since, "5m", later(HOUR)), Some(65 * MINUTE));
    assert_eq!(at(TimeRule::Fixed, "5m", later(HOUR)), Some(5 * MINUTE));
    assert_eq!(
        at(TimeRule::Bracket, "3 (5m ago)", RECEIVED),
        Some(5 * MINUTE)
    );
    assert_eq!(at(TimeRule::Creation, "9h", RECEIVED), Some(2 * SECOND));
    assert_eq!(at(TimeRule::Fixed, "<none>", RECEIVED), None);
    assert_eq!(at(TimeRule::Since, "<none>", RECEIVED), None);
}

#[test]
fn the_running_of_time_is_no_change() {
    for (a, b) in [
        ("2s", "44s"),
        ("15h", "2d3h"),
        ("<invalid>", "0s"),
        ("3 (5m ago)", "3 (6m ago)"),
        ("5m ago", "6m ago"),
        ("Running", "Running"),
    ] {
        assert!(
            same_apart_from_time(a, b) && same_apart_from_time(b, a),
            "{a} {b}"
        );
    }
    for (a, b) in [
        ("3 (5m ago)", "4 (5m ago)"),
        ("3", "3 (1s ago)"),
        ("<unknown>", "5m"),
        ("<none>", "5m"),
        ("5m", "5m ago"),
        ("Running", "Pending"),
        ("1", "2"),
    ] {
        assert!(
            !same_apart_from_time(a, b) && !same_apart_from_time(b, a),
            "{a} {b}"
        );
    }
}

macro_rules! recorded {
    ($file:literal) => {
        include_str!(concat!(
            "../../tests/streams/1.37/",
            $file,
            "-watchlist-table.http"
        ))
    };
}

/// What runs in a recorded table, as (column, sent, shown an hour later).
fn an_hour_later(stream: &str, group: &str, resource: &str) -> Vec<[String; 3]> {
    let mut columns: Vec<Column> = Vec::new();
    let mut ran = Vec::new();
    for line in stream.lines().filter(|line| line.starts_with('{')) {
        let event: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let table = &event["object"];
        if !table["columnDefinitions"].is_null() {
            let raw = table["columnDefinitions"].to_string();
            columns = Columns::parse(raw.as_bytes()).expect("columns").0;
        }
        if event["type"] == "BOOKMARK" {
            continue;
        }
        let rules = rules(group, resource, &columns);
        let row = &table["rows"][0];
        let cells = row["cells"].as_array().expect("cells");
        let second: i64 = row["object"]["metadata"]["creationTimestamp"]
            .as_str()
            .and_then(|created| created.strip_prefix("2026-11-23T15:33:"))
            .and_then(|rest| rest.strip_suffix('Z')?.parse().ok())
            .expect("the minute in which all was made");
        let creation = Some(Timestamp(CREATED.0 + (second - 51) * SECOND));
        assert_eq!((columns.len(), columns.len()), (cells.len(), rules.len()));
        for ((column, rule), cell) in columns.iter().zip(rules).zip(cells) {
            let sent = cell.as_str().unwrap_or_default();
            let Some(rule) = rule.map(|rule| rule.in_row(|i| cells.get(i)?.as_str())) else {
                // Nothing that looks like a time is without a rule.
                assert_eq!(parse_human_duration(sent), None, "{}", column.name);
                continue;
            };
            let mut then = String::new();
            if render(rule, sent, creation, RECEIVED, later(HOUR), &mut then) {
                ran.push([column.name.clone(), sent.to_owned(), then]);
            }
        }
    }
    ran
}

#[test]
fn recorded_streams_read_an_hour_later() {
    let pods = an_hour_later(recorded!("pods"), "", "pods");
    assert_eq!(pods.len(), 7, "four added, two modified, one deleted");
    for [column, _, then] in &pods {
        assert_eq!(column, "Age");
        assert!(
            then == "60m" || then == "59m",
            "made {then} ago, second 51 or 54"
        );
    }
    assert_eq!(
        an_hour_later(recorded!("events"), "", "events"),
        [["Last Seen", "15h", "16h"], ["First Seen", "15h", "16h"]]
    );
    for (stream, group, resource) in [
        (recorded!("deployments"), "apps", "deployments"),
        (recorded!("nodes"), "", "nodes"),
        (recorded!("services"), "", "services"),
        (recorded!("configmaps"), "", "configmaps"),
    ] {
        let ran = an_hour_later(stream, group, resource);
        assert!(!ran.is_empty(), "{resource}");
        for [column, _, then] in &ran {
            assert_eq!(
                [column.as_str(), then.as_str()],
                ["Age", "60m"],
                "{resource}"
            );
        }
    }
    // A date column of a custom resource is coarse; an hour later it is the same day.
    assert_eq!(
        an_hour_later(recorded!("boats"), "harbor.example", "boats"),
        [["Launched", "6y328d", "6y328d"]]
    );
    // Created At has an age's description and a date's cell.
    let crds = an_hour_later(
        recorded!("crds"),
        "apiextensions.k8s.io",
        "customresourcedefinitions",
    );
    assert!(crds.is_empty(), "{crds:?}");
}
