//! Label and field selectors.

use super::object::Object;
use super::resource::Resource;
use super::status::Refusal;

/// What a LIST or WATCH is limited to, besides its namespace.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selector {
    labels: Vec<LabelRequirement>,
    fields: Vec<FieldRequirement>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct LabelRequirement {
    key: String,
    operator: Operator,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Operator {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Absent,
    Greater(i64),
    Less(i64),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct FieldRequirement {
    path: String,
    value: String,
    equal: bool,
}

impl Selector {
    /// Reads both selectors; 400 for a label selector that is none.
    pub(crate) fn parse(labels: &str, fields: &str) -> Result<Self, Refusal> {
        Ok(Self {
            labels: parse_labels(labels)?,
            fields: parse_fields(fields)?,
        })
    }

    /// Checks that the resource knows each field.
    pub(crate) fn check_fields(&self, resource: &Resource) -> Result<(), Refusal> {
        for FieldRequirement { path, .. } in &self.fields {
            let named = matches!(path.as_str(), "metadata.name" | "metadata.namespace");
            if named || resource.selectable.contains(&path.as_str()) {
                continue;
            }
            // Kinds with fields of their own have their own words for a wrong one.
            return Err(Refusal::bad_request(match resource.plural {
                "pods" | "nodes" | "events" | "namespaces" | "secrets" | "services" | "jobs"
                | "replicasets" => {
                    format!("field label not supported: {path}")
                }
                _ => format!(
                    "{path:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
                ),
            }));
        }
        Ok(())
    }

    /// True where everything matches.
    pub(crate) fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    pub(crate) fn matches(&self, object: &Object, resource: &Resource) -> bool {
        self.labels
            .iter()
            .all(|requirement| requirement.matches(object))
            && self
                .fields
                .iter()
                .all(|FieldRequirement { path, value, equal }| {
                    (object.field(resource, path) == value.as_str()) == *equal
                })
    }
}

impl LabelRequirement {
    fn matches(&self, object: &Object) -> bool {
        let value = object.label(&self.key);
        let number = || value.and_then(|text| text.parse::<i64>().ok());
        match &self.operator {
            Operator::In(values) => value.is_some_and(|value| values.iter().any(|v| v == value)),
            // An object without the label is not in any set.
            Operator::NotIn(values) => value.is_none_or(|value| values.iter().all(|v| v != value)),
            Operator::Exists => value.is_some(),
            Operator::Absent => value.is_none(),
            Operator::Greater(bound) => number().is_some_and(|number| number > *bound),
            Operator::Less(bound) => number().is_some_and(|number| number < *bound),
        }
    }
}

fn parse_fields(text: &str) -> Result<Vec<FieldRequirement>, Refusal> {
    let terms = text.split(',').filter(|term| !term.is_empty());
    terms
        .map(|term| {
            let split = term
                .split_once("!=")
                .map(|(path, value)| (path, value, false))
                .or_else(|| {
                    term.split_once("==")
                        .map(|(path, value)| (path, value, true))
                })
                .or_else(|| {
                    term.split_once('=')
                        .map(|(path, value)| (path, value, true))
                });
            let (path, value, equal) = split.ok_or_else(|| {
                Refusal::bad_request(format!(
                    "invalid selector: '{text}'; can't understand '{term}'"
                ))
            })?;
            Ok(FieldRequirement {
                path: path.to_owned(),
                value: value.to_owned(),
                equal,
            })
        })
        .collect()
}

fn parse_labels(text: &str) -> Result<Vec<LabelRequirement>, Refusal> {
    let mut requirements = Vec::new();
    let mut depth = 0_usize;
    let separator = |character: char| {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        character == ',' && depth == 0
    };
    for term in text.split(separator) {
        let term = term.trim();
        if !term.is_empty() {
            requirements.push(parse_label(term).ok_or_else(|| {
                Refusal::bad_request(format!("unable to parse requirement: {}", fault(term)))
            })?);
        }
    }
    Ok(requirements)
}

fn parse_label(term: &str) -> Option<LabelRequirement> {
    let requirement = |key: &str, operator| {
        let key = key.trim();
        is_key(key).then(|| LabelRequirement {
            key: key.to_owned(),
            operator,
        })
    };
    let one = |value: &str| vec![value.trim().to_owned()];
    if let Some(key) = term.strip_prefix('!') {
        return requirement(key, Operator::Absent);
    }
    if let Some((key, value)) = term.split_once("!=") {
        return requirement(key, Operator::NotIn(one(value)));
    }
    if let Some((key, value)) = term.split_once("==").or_else(|| term.split_once('=')) {
        return requirement(key, Operator::In(one(value)));
    }
    if let Some((key, bound)) = term.split_once('>') {
        return requirement(key, Operator::Greater(bound.trim().parse().ok()?));
    }
    if let Some((key, bound)) = term.split_once('<') {
        return requirement(key, Operator::Less(bound.trim().parse().ok()?));
    }
    let Some((head, set)) = term.split_once('(') else {
        return requirement(term, Operator::Exists);
    };
    let values = set
        .strip_suffix(')')?
        .split(',')
        .map(|value| value.trim().to_owned())
        .collect();
    let (key, word) = head.trim().rsplit_once(char::is_whitespace)?;
    match word {
        "in" => requirement(key, Operator::In(values)),
        "notin" => requirement(key, Operator::NotIn(values)),
        _ => None,
    }
}

/// What real servers say of a term that [`parse_label`] cannot read.
fn fault(term: &str) -> String {
    let mut words = term.split_whitespace();
    let key = words.next().unwrap_or_default();
    let (operator, found) = (words.next(), words.next().unwrap_or_default());
    match operator {
        Some("in" | "notin") if !found.starts_with('(') => {
            return format!("found '{found}' expected: '('");
        }
        Some("in" | "notin") => return "found '', expected: ',' or ')'".to_owned(),
        Some(other) if is_key(key) && is_key(other) => {
            return format!("found '{other}', expected: in, notin, =, ==, !=, gt, lt");
        }
        _ => {}
    }
    if let Some((_, bound)) = term.split_once(['<', '>']) {
        let bound = bound.trim();
        return format!(
            "values[0]: Invalid value: \"{bound}\": for 'Gt', 'Lt' operators, the value must be an integer"
        );
    }
    let key = term.split(['=', '!', ' ']).next().unwrap_or_default();
    format!(
        "<nil>: Invalid value: \"{key}\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
    )
}

fn is_key(key: &str) -> bool {
    !key.is_empty()
        && key
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/'))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::object::{Body, Meta, SharedMeta};
    use crate::model::resource::ResourceId;
    use crate::time::Time;

    fn object(labels: &[(&str, &str)]) -> Object {
        let labels = labels
            .iter()
            .map(|(key, value)| ((*key).into(), (*value).into()))
            .collect();
        Object {
            meta: Meta {
                name: "web-0".into(),
                namespace: "shop".into(),
                uid: 1,
                resource_version: 1,
                generation: 0,
                created: Time(0),
                touched: Time(0),
                deletion: None,
                shared: Arc::new(SharedMeta {
                    labels,
                    ..SharedMeta::default()
                }),
            },
            body: Body::Json(
                r#","spec":{"nodeName":"node-1"},"status":{"phase":"Running"}"#.into(),
            ),
        }
    }

    #[test]
    fn label_selectors_select() {
        let web = object(&[("app", "web"), ("tier", "3")]);
        let pods = ResourceId::PODS.get();
        let cases = [
            ("app=web", true),
            ("app==web,tier", true),
            ("app!=web", false),
            ("zone!=a", true),
            ("!zone", true),
            ("!app", false),
            ("app in (api, web),tier notin (1,2)", true),
            ("app in (api)", false),
            ("tier>2", true),
            ("tier<3", false),
            ("", true),
        ];
        for (text, matches) in cases {
            let selector = Selector::parse(text, "").expect(text);
            assert_eq!(selector.matches(&web, pods), matches, "{text}");
        }
        assert_eq!(
            Selector::parse("app in web", "").expect_err("no set").code,
            400
        );
    }

    #[test]
    fn field_selectors_select_what_the_resource_knows() {
        let web = object(&[]);
        let pods = ResourceId::PODS.get();
        for (text, matches) in [
            ("metadata.name=web-0,metadata.namespace!=other", true),
            ("spec.nodeName=node-1", true),
            ("status.phase!=Running", false),
        ] {
            let selector = Selector::parse("", text).expect(text);
            assert!(selector.check_fields(pods).is_ok());
            assert_eq!(selector.matches(&web, pods), matches, "{text}");
        }
        let unknown = Selector::parse("", "spec.foo=x").expect("well-formed");
        let refusal = unknown.check_fields(pods).expect_err("unknown field");
        assert_eq!(refusal.message, "field label not supported: spec.foo");
    }

    #[test]
    fn what_cannot_be_read_is_named_as_real_servers_name_it() {
        for (term, words) in [
            ("a in b", "found 'b' expected: '('"),
            ("a in", "found '' expected: '('"),
            ("a in (x", "found '', expected: ',' or ')'"),
            ("a b", "found 'b', expected: in, notin, =, ==, !=, gt, lt"),
            (
                "a>b",
                "values[0]: Invalid value: \"b\": for 'Gt', 'Lt' operators, the value must be an integer",
            ),
        ] {
            let refusal = parse_labels(term).expect_err(term);
            assert_eq!(refusal.code, 400);
            assert_eq!(
                refusal.message,
                format!("unable to parse requirement: {words}")
            );
        }
        let refusal = parse_labels("ä=1").expect_err("no key");
        assert!(
            refusal
                .message
                .starts_with("unable to parse requirement: <nil>: Invalid value: \"ä\": name part")
        );
    }
}
