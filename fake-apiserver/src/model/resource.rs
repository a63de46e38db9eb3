//! The resources that the server has, with their columns.

use std::sync::LazyLock;

/// A resource of the API.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Resource {
    /// The API group; empty for the core group.
    pub group: &'static str,
    /// The version of the group.
    pub version: &'static str,
    /// The name in paths.
    pub plural: &'static str,
    /// The name of one.
    pub singular: &'static str,
    /// The kind of its objects.
    pub kind: &'static str,
    /// Objects stand in namespaces.
    pub namespaced: bool,
    /// What kubectl calls it for short.
    pub short_names: &'static [&'static str],
    /// It is in `kubectl get all`.
    pub in_all: bool,
    /// A watch is served.
    pub watchable: bool,
    /// The watch cache stands before it. Events have none: no periodic bookmarks.
    pub cached: bool,
    /// It is defined by a `CustomResourceDefinition`: keys of its objects are sorted.
    pub custom: bool,
    /// The fields that a field selector may name, besides the object's name and namespace.
    pub selectable: &'static [&'static str],
    /// What follows the metadata in a BOOKMARK of plain objects, as Go writes an empty object.
    pub empty_body: &'static str,
    /// The definitions of its columns.
    pub columns: &'static Columns,
}

/// An index into `RESOURCES`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceId(pub usize);

/// The resources by the place of their definition below.
#[allow(missing_docs, reason = "the names say which resource each is")]
impl ResourceId {
    pub const PODS: Self = Self(0);
    pub const NODES: Self = Self(1);
    pub const NAMESPACES: Self = Self(2);
    pub const SERVICES: Self = Self(3);
    pub const CONFIG_MAPS: Self = Self(4);
    pub const SECRETS: Self = Self(5);
    pub const EVENTS: Self = Self(6);
    pub const COMPONENT_STATUSES: Self = Self(7);
    pub const DEPLOYMENTS: Self = Self(8);
    pub const REPLICA_SETS: Self = Self(9);
    pub const CRON_JOBS: Self = Self(10);
    pub const JOBS: Self = Self(11);
    pub const CRDS: Self = Self(12);
    pub const BOATS: Self = Self(13);

    /// The resource itself.
    #[must_use]
    pub fn get(self) -> &'static Resource {
        &RESOURCES[self.0]
    }

    /// All resources.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..RESOURCES.len()).map(Self)
    }

    /// The resource of a path; `None` where the server has none.
    #[must_use]
    pub fn find(group: &str, version: &str, plural: &str) -> Option<Self> {
        Self::all().find(|id| {
            let resource = id.get();
            (resource.group, resource.version, resource.plural) == (group, version, plural)
        })
    }

    /// The resource of a name without group, as tests write it.
    #[must_use]
    pub fn named(plural: &str) -> Option<Self> {
        Self::all().find(|id| id.get().plural == plural)
    }
}

impl Resource {
    /// `v1`, `apps/v1`.
    #[must_use]
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_owned()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }
}

/// The column definitions of a resource as the JSON array that a Table carries.
#[derive(Debug)]
pub struct Columns {
    lines: &'static str,
    json: LazyLock<Vec<ColumnText>>,
}

/// One column definition.
#[derive(Clone, Debug)]
pub struct ColumnText {
    /// The definition's JSON.
    pub json: String,
    /// Its name.
    pub name: String,
}

impl Columns {
    /// The definitions in their order.
    pub fn definitions(&self) -> &[ColumnText] {
        &self.json
    }

    /// The file's text, as recorded from a real server.
    pub const fn recorded(&self) -> &'static str {
        self.lines
    }
}

fn parse_columns(lines: &str) -> Vec<ColumnText> {
    let columns: Vec<_> = lines
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| {
            let json = line.trim_end_matches(',').to_owned();
            let definition: serde_json::Value =
                serde_json::from_str(&json).expect("column files hold one definition a line");
            let name = definition["name"].as_str().unwrap_or_default().to_owned();
            ColumnText { json, name }
        })
        .collect();
    // A formatter may have spread the definitions over more lines: better no server than one without columns.
    assert!(
        !columns.is_empty(),
        "column files hold one definition a line"
    );
    columns
}

macro_rules! columns {
    ($file:literal) => {{
        const LINES: &str = include_str!(concat!("columns/", $file, ".json"));
        static COLUMNS: Columns = Columns {
            lines: LINES,
            json: LazyLock::new(|| parse_columns(LINES)),
        };
        &COLUMNS
    }};
}

/// Every resource of the server; [`ResourceId`] names their places.
pub(super) static RESOURCES: &[Resource] = &[
    Resource {
        short_names: &["po"],
        in_all: true,
        selectable: &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "status.phase",
            "status.podIP",
            "status.nominatedNodeName",
        ],
        empty_body: r#","spec":{"containers":null},"status":{}"#,
        ..core("pods", "pod", "Pod", columns!("pods"))
    },
    Resource {
        namespaced: false,
        short_names: &["no"],
        selectable: &["spec.unschedulable"],
        empty_body: r#","spec":{},"status":{"daemonEndpoints":{"kubeletEndpoint":{"Port":0}},"nodeInfo":{"machineID":"","systemUUID":"","bootID":"","kernelVersion":"","osImage":"","containerRuntimeVersion":"","kubeletVersion":"","kubeProxyVersion":"","operatingSystem":"","architecture":""}}"#,
        ..core("nodes", "node", "Node", columns!("nodes"))
    },
    Resource {
        namespaced: false,
        short_names: &["ns"],
        selectable: &["status.phase"],
        empty_body: r#","spec":{},"status":{}"#,
        ..core(
            "namespaces",
            "namespace",
            "Namespace",
            columns!("namespaces"),
        )
    },
    Resource {
        short_names: &["svc"],
        in_all: true,
        selectable: &["spec.clusterIP", "spec.type"],
        empty_body: r#","spec":{},"status":{"loadBalancer":{}}"#,
        ..core("services", "service", "Service", columns!("services"))
    },
    Resource {
        short_names: &["cm"],
        ..core(
            "configmaps",
            "configmap",
            "ConfigMap",
            columns!("configmaps"),
        )
    },
    Resource {
        selectable: &["type"],
        ..core("secrets", "secret", "Secret", columns!("secrets"))
    },
    Resource {
        short_names: &["ev"],
        cached: false,
        selectable: &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
        empty_body: r#","involvedObject":{},"source":{},"firstTimestamp":null,"lastTimestamp":null,"eventTime":null,"reportingComponent":"","reportingInstance":"""#,
        ..core("events", "event", "Event", columns!("events"))
    },
    Resource {
        namespaced: false,
        short_names: &["cs"],
        watchable: false,
        ..core(
            "componentstatuses",
            "componentstatus",
            "ComponentStatus",
            columns!("componentstatuses"),
        )
    },
    Resource {
        group: "apps",
        short_names: &["deploy"],
        in_all: true,
        empty_body: r#","spec":{"replicas":0,"selector":null,"template":{"metadata":{},"spec":{"containers":null}},"strategy":{}},"status":{}"#,
        ..core(
            "deployments",
            "deployment",
            "Deployment",
            columns!("deployments"),
        )
    },
    Resource {
        group: "apps",
        short_names: &["rs"],
        in_all: true,
        selectable: &["status.replicas"],
        empty_body: r#","spec":{"replicas":0,"selector":null,"template":{"metadata":{},"spec":{"containers":null}}},"status":{"replicas":0}"#,
        ..core(
            "replicasets",
            "replicaset",
            "ReplicaSet",
            columns!("replicasets"),
        )
    },
    Resource {
        group: "batch",
        short_names: &["cj"],
        in_all: true,
        empty_body: r#","spec":{"schedule":"","concurrencyPolicy":"","suspend":null,"jobTemplate":{"metadata":{},"spec":{"template":{"metadata":{},"spec":{"containers":null}}}},"successfulJobsHistoryLimit":null,"failedJobsHistoryLimit":null},"status":{}"#,
        ..core("cronjobs", "cronjob", "CronJob", columns!("cronjobs"))
    },
    Resource {
        group: "batch",
        in_all: true,
        selectable: &["status.successful"],
        empty_body: r#","spec":{"template":{"metadata":{},"spec":{"containers":null}}},"status":{}"#,
        ..core("jobs", "job", "Job", columns!("jobs"))
    },
    Resource {
        group: "apiextensions.k8s.io",
        namespaced: false,
        short_names: &["crd", "crds"],
        empty_body: r#","spec":{"group":"","names":{"plural":"","kind":""},"scope":"","versions":null},"status":{"conditions":null,"acceptedNames":{"plural":"","kind":""},"storedVersions":null}"#,
        ..core(
            "customresourcedefinitions",
            "customresourcedefinition",
            "CustomResourceDefinition",
            columns!("customresourcedefinitions"),
        )
    },
    Resource {
        group: "harbor.example",
        short_names: &["bt"],
        custom: true,
        ..core("boats", "boat", "Boat", columns!("boats"))
    },
];

const fn core(
    plural: &'static str,
    singular: &'static str,
    kind: &'static str,
    columns: &'static Columns,
) -> Resource {
    Resource {
        group: "",
        version: "v1",
        plural,
        singular,
        kind,
        namespaced: true,
        short_names: &[],
        in_all: false,
        watchable: true,
        cached: true,
        custom: false,
        selectable: &[],
        empty_body: "",
        columns,
    }
}
