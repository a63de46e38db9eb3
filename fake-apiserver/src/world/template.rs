//! Pod templates: what the pods of a `ReplicaSet` have in common, texts and all.

use std::sync::Arc;

use serde_json::{Value, json};

use super::fields::{entry, field_set};
use crate::json as go;
use crate::model::object::{Owner, SharedMeta};
use crate::model::pod::{Container, PodTemplate};
use crate::model::template::Template;
use crate::random::Random;

/// Everything that the pods of one owner share.
#[derive(Clone, Debug)]
pub(super) struct PodKind {
    pub(super) template: Arc<PodTemplate>,
    pub(super) shared: Arc<SharedMeta>,
}

impl PodKind {
    /// The kind of no pods.
    pub(super) fn empty() -> Self {
        let template = PodTemplate {
            spec: Template::default(),
            containers: Vec::new(),
            qos_class: "BestEffort",
            restart_policy: "Always",
        };
        Self {
            template: Arc::new(template),
            shared: Arc::new(SharedMeta::default()),
        }
    }
}

/// What a template is made for.
pub(super) struct Purpose<'a> {
    pub(super) app: &'a str,
    pub(super) team: &'a str,
    pub(super) image: &'a str,
    pub(super) owner: Owner,
    /// Labels besides `app.kubernetes.io/name` and `team`, sorted.
    pub(super) labels: &'a [(&'a str, &'a str)],
    /// The pods run to their end.
    pub(super) job: bool,
}

/// The containers of a template as an owner's spec shows them.
pub(super) fn containers(app: &str, team: &str, image: &str, job: bool) -> Value {
    let mut main = json!({
        "name": app,
        "image": image,
        "args": [
            format!("--config=/etc/{app}/config.yaml"),
            "--listen=:8080",
            "--metrics-listen=:9090",
            "--shutdown-grace-period=25s",
            "--tracing-endpoint=http://otel-collector.observability.svc.cluster.local:4317",
            format!("--tracing-attributes=service.name={app},service.namespace={team},deployment.environment=production"),
            "--database-url-file=/var/run/secrets/database/url",
            "--database-pool-size=20",
            "--database-statement-timeout=5s",
            "--cache-address=redis-master.data-platform.svc.cluster.local:6379",
            "--feature-flags-address=flagd.data-platform.svc.cluster.local:8013",
            "--events-brokers=kafka-0.kafka.data-platform.svc.cluster.local:9092,kafka-1.kafka.data-platform.svc.cluster.local:9092,kafka-2.kafka.data-platform.svc.cluster.local:9092",
            format!("--events-group={team}-{app}-production"),
            "--http-client-timeout=3s",
            "--http-client-retries=2",
            "--circuit-breaker-threshold=0.5",
            "--allowed-origins=https://www.example.com,https://shop.example.com,https://admin.example.com,https://partners.example.com",
            "--trusted-proxies=10.0.0.0/8,172.16.0.0/12,192.168.0.0/16",
            "--log-format=json",
            "--log-level=info",
        ],
        "env": [
            {"name": "JAVA_TOOL_OPTIONS", "value": "-XX:MaxRAMPercentage=75 -XX:+UseG1GC -XX:+ExitOnOutOfMemoryError -XX:+HeapDumpOnOutOfMemoryError -XX:HeapDumpPath=/tmp/heap.hprof -Djava.security.egd=file:/dev/./urandom -Dfile.encoding=UTF-8 -Duser.timezone=UTC"},
        ],
        "resources": {"limits": {"memory": "512Mi"}, "requests": {"cpu": "100m", "memory": "256Mi"}},
        "volumeMounts": [
            {"name": "config", "readOnly": true, "mountPath": format!("/etc/{app}")},
        ],
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
    });
    if job {
        return json!([main]);
    }
    let probe = |path: &str, period: u32| {
        json!({
            "httpGet": {"path": path, "port": "http", "scheme": "HTTP"},
            "timeoutSeconds": 1, "periodSeconds": period, "successThreshold": 1, "failureThreshold": 3,
        })
    };
    main["ports"] = json!([
        {"name": "http", "containerPort": 8080, "protocol": "TCP"},
    ]);
    main["readinessProbe"] = probe("/readyz", 5);
    let sidecar = json!({
        "name": "log-shipper",
        "image": "registry.example/platform/fluent-bit:3.2.4",
        "args": [
            "--config=/fluent-bit/etc/fluent-bit.conf",
            "--parser=/fluent-bit/etc/parsers.conf",
            "--flush=5",
            format!("--tag=kube.{team}.{app}.*"),
            "--output=http://log-gateway.observability.svc.cluster.local:9880/ingest?format=json_lines&compress=gzip",
        ],
        "resources": {},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
    });
    json!([main, sidecar])
}

/// The spec of a pod template as its owner shows it: without node and token.
pub(super) fn pod_spec(app: &str, team: &str, image: &str, job: bool) -> Value {
    json!({
        "volumes": [
            {"name": "config", "configMap": {"name": format!("{app}-config"), "defaultMode": 420}},
        ],
        "containers": containers(app, team, image, job),
        "restartPolicy": if job { "Never" } else { "Always" },
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "serviceAccountName": app,
        "securityContext": {"fsGroup": 65532},
        "schedulerName": "default-scheduler",
    })
}

/// The template and the shared metadata for a purpose.
pub(super) fn pod_kind(purpose: &Purpose<'_>, random: &mut Random) -> PodKind {
    let Purpose {
        app,
        team,
        image,
        job,
        ..
    } = *purpose;
    let owned = pod_spec(app, team, image, job);
    let spec = live_spec(owned.clone(), app);
    let mut text = Vec::new();
    go::value(&mut text, &spec);
    // A pod without a node has no such member at all.
    let text = String::from_utf8_lossy(&text).replace("\"nodeName\":\"@node@\",", "@node@");
    let containers = items(&spec, "containers")
        .map(|container| Container {
            name: text_of(container, "name").into(),
            image: text_of(container, "image").into(),
            image_id: format!(
                "{}@sha256:{:016x}{:016x}{:016x}{:016x}",
                text_of(container, "image")
                    .split(':')
                    .next()
                    .unwrap_or_default(),
                random.bits(),
                random.bits(),
                random.bits(),
                random.bits(),
            )
            .into(),
        })
        .collect();
    PodKind {
        template: Arc::new(PodTemplate {
            spec: Template::new(&text),
            containers,
            qos_class: "Burstable",
            restart_policy: if job { "Never" } else { "Always" },
        }),
        shared: Arc::new(shared_meta(purpose, &owned)),
    }
}

/// What scheduler and admission add to the owner's spec.
fn live_spec(mut spec: Value, app: &str) -> Value {
    let token = "kube-api-access-@suffix@";
    let mount = json!({"name": token, "readOnly": true, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"});
    for container in spec["containers"].as_array_mut().into_iter().flatten() {
        if let Some(mounts) = container["volumeMounts"].as_array_mut() {
            mounts.push(mount.clone());
        }
    }
    if let Some(volumes) = spec["volumes"].as_array_mut() {
        volumes.push(json!({
            "name": token,
            "projected": {
                "sources": [
                    {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                    {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
                    {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}},
                ],
                "defaultMode": 420,
            },
        }));
    }
    let tolerate = |key: &str| json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300});
    spec["tolerations"] = json!([
        {"key": "dedicated", "operator": "Equal", "value": "general", "effect": "NoSchedule"},
        {"key": "node.example/spot", "operator": "Exists", "effect": "NoSchedule"},
        tolerate("node.kubernetes.io/not-ready"),
        tolerate("node.kubernetes.io/unreachable"),
    ]);
    // Added by an admission webhook, which is recorded as no manager of its own.
    spec["affinity"] = json!({
        "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{
            "matchExpressions": [
                {"key": "node.kubernetes.io/pool", "operator": "In", "values": ["general", "memory"]},
                {"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64", "arm64"]},
                {"key": "node.example/decommissioned", "operator": "DoesNotExist"},
            ],
        }]}},
        "podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{
            "weight": 100,
            "podAffinityTerm": {
                "labelSelector": {"matchLabels": {"app.kubernetes.io/name": app}},
                "topologyKey": "kubernetes.io/hostname",
            },
        }]},
    });
    spec["serviceAccount"] = app.into();
    spec["nodeName"] = "@node@".into();
    spec["priority"] = 0.into();
    spec["enableServiceLinks"] = true.into();
    spec["preemptionPolicy"] = "PreemptLowerPriority".into();
    spec["topologySpreadConstraints"] = json!([{
        "maxSkew": 1,
        "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": {"app.kubernetes.io/name": app}},
    }]);
    spec
}

fn shared_meta(purpose: &Purpose<'_>, spec: &Value) -> SharedMeta {
    let Purpose {
        app, team, owner, ..
    } = purpose;
    let mut labels: Vec<(Box<str>, Box<str>)> = vec![
        ("app.kubernetes.io/name".into(), (*app).into()),
        ("team".into(), (*team).into()),
    ];
    labels.extend(
        purpose
            .labels
            .iter()
            .map(|(key, value)| ((*key).into(), (*value).into())),
    );
    labels.sort();
    let annotations: Vec<(Box<str>, Box<str>)> =
        vec![("prometheus.io/scrape".into(), "true".into())];
    let names = |pairs: &[(Box<str>, Box<str>)]| -> Value {
        pairs
            .iter()
            .map(|(key, _)| (key.to_string(), Value::from("")))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let created = json!({
        "metadata": {
            "generateName": "",
            "labels": names(&labels),
            "annotations": names(&annotations),
            "ownerReferences": [{"uid": crate::model::object::uuid(owner.uid)}],
        },
        "spec": spec,
    });
    let managed_fields = format!(
        "[{},{}]",
        entry(
            "kube-controller-manager",
            "v1",
            "@created@",
            &field_set(&created),
            None
        ),
        entry(
            "kubelet",
            "v1",
            "@touched@",
            &status_fields(),
            Some("status")
        ),
    );
    SharedMeta {
        generate_name: Some(format!("{}-", owner.name).into()),
        labels,
        annotations,
        owners: vec![owner.clone()],
        finalizers: Vec::new(),
        managed_fields: Template::new(&managed_fields),
    }
}

fn status_fields() -> Value {
    let condition = |kind: &str| json!({"type": kind, "lastProbeTime": 0, "lastTransitionTime": 0, "status": 0});
    field_set(&json!({
        "status": {
            "conditions": [
                condition("ContainersReady"), condition("Initialized"),
                condition("PodReadyToStartContainers"), condition("Ready"),
            ],
            "containerStatuses": [],
            "hostIP": 0,
            "phase": 0,
            "podIP": 0,
            "startTime": 0,
        },
    }))
}

fn items<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value
        .get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn text_of<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
