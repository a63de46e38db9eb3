//! Which columns run with time. One table, each line with its source.

use crate::json;
use crate::table::Column;

/// How the text of a column's cells runs with time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeRule {
    /// The object's age, exactly: from `metadata.creationTimestamp`.
    Creation,
    /// The whole cell is the time since an instant: `5m`.
    Since,
    /// The time since an instant and a word: `5m ago`.
    Ago,
    /// Something and, in brackets, the time since an instant: `3 (5m ago)`.
    Bracket,
    /// A span that does not run (how long a finished Job took): shown as sent, sorted as a span.
    Fixed,
    /// `Since` or `Fixed`, by another cell of the row. Ask [`TimeRule::in_row`] which; unresolved
    /// it is no time.
    Running {
        /// Index of the column that says whether the Job is `Complete`.
        status: Option<usize>,
        /// Index of the column `succeeded/wanted`, for servers before 1.31, which have no `status`.
        completions: Option<usize>,
    },
}

/// The beginning of `metadata.creationTimestamp`'s description in the API (`ObjectMeta.SwaggerDoc`, k8s.io/apimachinery
/// pkg/apis/meta/v1). A built-in column with this description is the object's age (or its date, which no rule changes).
pub const CREATION_DESCRIPTION: &str =
    "CreationTimestamp is a timestamp representing the server time when this object was created.";

/// Columns of built-in resources whose text is computed from a time when it is sent: every call of
/// `HumanDuration` or `translate…TimestampSince` in k8s.io/kubernetes v1.37.2 `pkg/printers/internalversion/printers.go`,
/// except ages, which [`rules`] knows by their description. The name behind each line is the function there.
/// Left as sent: an Eviction's "Responder Expected Finish", which counts down, then up.
const BUILT_IN: &[(&str, &str, &str, TimeRule)] = &[
    // printPod: when the last container restarted.
    ("", "pods", "Restarts", TimeRule::Bracket),
    // printEvent: core and events.k8s.io share one printer.
    ("", "events", "Last Seen", TimeRule::Since),
    ("", "events", "First Seen", TimeRule::Since),
    ("events.k8s.io", "events", "Last Seen", TimeRule::Since),
    ("events.k8s.io", "events", "First Seen", TimeRule::Since),
    // printCronJob
    ("batch", "cronjobs", "Last Schedule", TimeRule::Since),
    // printJob: since startTime; completionTime, once set, ends it. Indices are filled in by `rules`.
    (
        "batch",
        "jobs",
        "Duration",
        TimeRule::Running {
            status: None,
            completions: None,
        },
    ),
    // printCertificateSigningRequest: spec.expirationSeconds, a wish and no clock.
    (
        "certificates.k8s.io",
        "certificatesigningrequests",
        "RequestedDuration",
        TimeRule::Fixed,
    ),
    // printResourcePoolStatusRequest
    (
        "resource.k8s.io",
        "resourcepoolstatusrequests",
        "Completed",
        TimeRule::Since,
    ),
    // printDeviceTaint
    (
        "resource.k8s.io",
        "devicetaintrules",
        "TimeAdded",
        TimeRule::Since,
    ),
    // printEviction: `Started (5m ago)`, `5m ago`.
    (
        "lifecycle.k8s.io",
        "evictions",
        "Responder Status",
        TimeRule::Bracket,
    ),
    (
        "lifecycle.k8s.io",
        "evictions",
        "Responder Heartbeat",
        TimeRule::Ago,
    ),
];

/// The rule of every column, in their order; `None`: its cells are shown as sent.
///
/// `group` is empty for the core group. Besides built-in resources it knows
/// * ages, by description: a column *named* Age can be anything (a custom resource's may come from `.spec.built`), and a
///   column with another name can be an age;
/// * every `date` column of a custom resource (k8s.io/apiextensions-apiserver pkg/registry/customresource/tableconvertor
///   prints those by `HumanDuration`). Dates that are sent as RFC 3339 are no durations and stay as they are.
#[must_use]
pub fn rules(group: &str, resource: &str, columns: &[Column]) -> Vec<Option<TimeRule>> {
    let position = |name: &str| columns.iter().position(|column| column.name == name);
    columns
        .iter()
        .map(|column| {
            let built_in = BUILT_IN
                .iter()
                .find(|line| (line.0, line.1, line.2) == (group, resource, column.name.as_str()))
                .map(|line| line.3);
            match built_in {
                Some(TimeRule::Running { .. }) => Some(TimeRule::Running {
                    status: position("Status"),
                    completions: position("Completions"),
                }),
                Some(rule) => Some(rule),
                None if is_age(&column.description) => Some(TimeRule::Creation),
                None if column.kind == "date" => Some(TimeRule::Since),
                None => None,
            }
        })
        .collect()
}

/// Whether a description says that the column shows `metadata.creationTimestamp`: the API's own words, or the path
/// that the API server appends where the author of a custom resource described nothing. A path that only ends so
/// (`.spec.template.metadata.creationTimestamp`) is another object's.
fn is_age(description: &str) -> bool {
    description.starts_with(CREATION_DESCRIPTION)
        || description.split_whitespace().next_back() == Some(".metadata.creationTimestamp")
}

impl TimeRule {
    /// The rule for one row: [`TimeRule::Running`] becomes `Since` or `Fixed`, all others stay.
    ///
    /// `text(i)` is the decoded text of the row's cell `i`, by the index of the columns that [`rules`] was given.
    ///
    /// A Job that failed goes on running here as it does in kubectl: completionTime is set on success only. On servers
    /// before 1.31, `1/1 of 3` counts as complete, though the last pods of such a work queue may still be ending.
    #[must_use]
    pub fn in_row<'a>(self, text: impl Fn(usize) -> Option<&'a str>) -> TimeRule {
        let Self::Running {
            status,
            completions,
        } = self
        else {
            return self;
        };
        let complete = match (status.and_then(&text), completions.and_then(&text)) {
            (Some(status), _) => status == "Complete",
            (None, Some(completions)) => is_complete(completions),
            (None, None) => true,
        };
        if complete { Self::Fixed } else { Self::Since }
    }
}

/// Whether `succeeded/wanted`, perhaps followed by ` of N`, has reached its goal.
fn is_complete(completions: &str) -> bool {
    let mut numbers = completions.split(['/', ' ']).map(json::whole);
    match (numbers.next(), numbers.next()) {
        (Some(Some(succeeded)), Some(Some(wanted))) => succeeded >= wanted,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::{CREATION_DESCRIPTION, TimeRule, rules};
    use crate::table::Column;

    fn column(name: &str, kind: &str, description: &str) -> Column {
        Column {
            name: name.to_owned(),
            kind: kind.to_owned(),
            description: description.to_owned(),
            ..Column::default()
        }
    }

    fn rule(group: &str, resource: &str, column: Column) -> Option<TimeRule> {
        rules(group, resource, &[column]).remove(0)
    }

    #[test]
    fn an_age_is_told_by_its_description_alone() {
        let path =
            "Custom resource definition column (in JSONPath format): .metadata.creationTimestamp";
        let other = "Custom resource definition column (in JSONPath format): .spec.built";
        let nested = "Custom resource definition column (in JSONPath format): .spec.metadata.creationTimestamp";
        let boats = |column| rule("harbor.example", "boats", column);
        assert_eq!(boats(column("Age", "date", path)), Some(TimeRule::Creation));
        assert_eq!(
            boats(column("Born", "date", path)),
            Some(TimeRule::Creation)
        );
        assert_eq!(boats(column("Age", "date", other)), Some(TimeRule::Since));
        assert_eq!(boats(column("Age", "date", nested)), Some(TimeRule::Since));
        assert_eq!(boats(column("Age", "string", other)), None);
        assert_eq!(boats(column("Age", "integer", "")), None);
        let built_in = column("Age", "string", CREATION_DESCRIPTION);
        assert_eq!(rule("", "pods", built_in), Some(TimeRule::Creation));
    }

    #[test]
    fn names_count_only_in_their_resource() {
        let restarts = || column("Restarts", "string", "");
        assert_eq!(rule("", "pods", restarts()), Some(TimeRule::Bracket));
        assert_eq!(rule("harbor.example", "pods", restarts()), None);
        assert_eq!(rule("", "nodes", restarts()), None);
    }

    #[test]
    fn a_job_runs_until_it_is_complete() {
        let columns =
            ["Name", "Status", "Completions", "Duration"].map(|n| column(n, "string", ""));
        let new = rules("batch", "jobs", &columns)[3].expect("a rule");
        let new = |status, completions| {
            let row = ["job", status, completions, "5m"];
            new.in_row(|i| row.get(i).copied())
        };
        assert_eq!(new("Complete", "1/1"), TimeRule::Fixed);
        assert_eq!(new("Running", "0/1"), TimeRule::Since);
        assert_eq!(new("Failed", "0/1"), TimeRule::Since);
        assert_eq!(new("Complete", "3/10"), TimeRule::Fixed);
        assert_eq!(new("SuccessCriteriaMet", "10/10"), TimeRule::Since);

        let columns = ["Name", "Completions", "Duration"].map(|n| column(n, "string", ""));
        let old = rules("batch", "jobs", &columns)[2].expect("a rule");
        let old = |completions| {
            let row = ["job", completions, "5m"];
            old.in_row(|i| row.get(i).copied())
        };
        assert_eq!(old("1/1"), TimeRule::Fixed);
        assert_eq!(old("10/9"), TimeRule::Fixed);
        assert_eq!(old("9/10"), TimeRule::Since);
        assert_eq!(old("0/1 of 3"), TimeRule::Since);
        assert_eq!(old("1/1 of 3"), TimeRule::Fixed);
        assert_eq!(old("nonsense"), TimeRule::Fixed);
    }
}
