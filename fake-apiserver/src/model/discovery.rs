//! `/version`, `/api` and `/apis`: what the server says of itself.

use serde_json::{Value, json};

use super::negotiate::wants_aggregated_discovery;
use super::profile::Profile;
use super::request::{Request, Target};
use super::resource::{RESOURCES, Resource};
use super::status::indent;
use super::{Head, Reply};
use crate::json as go;

/// True where the group has the version, with or without resources of ours.
pub(super) fn has_version(group: &str, version: &str) -> bool {
    RESOURCES
        .iter()
        .any(|resource| (resource.group, resource.version) == (group, version))
}

/// 404 for what no handler serves: plain text.
pub(super) fn not_found() -> Reply {
    Reply::Whole(
        Head::new(404, "text/plain; charset=utf-8"),
        b"404 page not found\n".to_vec(),
    )
}

pub(super) fn answer(request: &Request, target: &Target, profile: &Profile) -> Reply {
    let aggregated = profile
        .aggregated_discovery
        .filter(|version| wants_aggregated_discovery(&request.accept, version));
    let value = match target {
        Target::Version => return version(profile),
        Target::Health => {
            return Reply::Whole(Head::new(200, "text/plain; charset=utf-8"), b"ok".to_vec());
        }
        Target::Core | Target::Groups if aggregated.is_some() => {
            return aggregate(*target == Target::Core, profile);
        }
        Target::Core => json!({
            "kind": "APIVersions",
            "versions": ["v1"],
            "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1:443"}],
        }),
        Target::Groups => {
            let groups: Vec<Value> = groups()
                .filter(|name| !name.is_empty())
                .map(group)
                .collect();
            json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
        }
        Target::Group(name) if groups().any(|known| known == name && !name.is_empty()) => {
            let mut value = group(name);
            value["kind"] = "APIGroup".into();
            value["apiVersion"] = "v1".into();
            value
        }
        Target::GroupVersion(group, version) if has_version(group, version) => {
            resource_list(group, version)
        }
        _ => return not_found(),
    };
    let mut body = Vec::new();
    if request.wants_pretty() {
        go::pretty(&mut body, &value);
    } else {
        go::value(&mut body, &value);
    }
    body.push(b'\n');
    Reply::Whole(Head::new(200, "application/json"), body)
}

fn version(profile: &Profile) -> Reply {
    let mut line = b"{".to_vec();
    go::member(&mut line, "major", "1");
    go::member(&mut line, "minor", &profile.minor.to_string());
    if profile.minor >= 33 {
        go::member(&mut line, "emulationMajor", "1");
        go::member(&mut line, "emulationMinor", &profile.minor.to_string());
        go::member(&mut line, "minCompatibilityMajor", "1");
        go::member(
            &mut line,
            "minCompatibilityMinor",
            &(profile.minor - 1).to_string(),
        );
    }
    for (key, text) in [
        ("gitVersion", profile.git_version),
        ("gitCommit", "$Format:%H$"),
        ("gitTreeState", ""),
        ("buildDate", "1970-01-01T00:00:00Z"),
        ("goVersion", "go1.26.8"),
        ("compiler", "gc"),
        ("platform", "linux/amd64"),
    ] {
        go::member(&mut line, key, text);
    }
    line.push(b'}');
    Reply::Whole(Head::new(200, "application/json"), indent(&line))
}

/// The groups in the order of their resources.
fn groups() -> impl Iterator<Item = &'static str> {
    let mut names: Vec<&'static str> = RESOURCES.iter().map(|resource| resource.group).collect();
    names.dedup();
    names.into_iter()
}

fn group(name: &str) -> Value {
    let version = json!({"groupVersion": format!("{name}/v1"), "version": "v1"});
    json!({"name": name, "versions": [version], "preferredVersion": version})
}

fn verbs(resource: &Resource) -> Vec<&'static str> {
    let all = ["get", "list", "watch"];
    all.into_iter()
        .filter(|verb| *verb != "watch" || resource.watchable)
        .collect()
}

fn of_version<'a>(
    group: &'a str,
    version: &'a str,
) -> impl Iterator<Item = &'static Resource> + 'a {
    let belongs =
        move |resource: &&Resource| (resource.group, resource.version) == (group, version);
    RESOURCES.iter().filter(belongs)
}

fn resource_list(group: &str, version: &str) -> Value {
    let resources: Vec<Value> = of_version(group, version)
        .map(|resource| {
            let mut entry = json!({
                "name": resource.plural,
                "singularName": resource.singular,
                "namespaced": resource.namespaced,
                "kind": resource.kind,
                "verbs": verbs(resource),
            });
            if !resource.short_names.is_empty() {
                entry["shortNames"] = resource.short_names.into();
            }
            if resource.in_all {
                entry["categories"] = json!(["all"]);
            }
            entry
        })
        .collect();
    let group_version = if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    };
    json!({
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": group_version,
        "resources": resources,
    })
}

/// `APIGroupDiscoveryList`: all resources at once.
fn aggregate(core: bool, profile: &Profile) -> Reply {
    let version = profile.aggregated_discovery.unwrap_or("v2");
    let mut out = b"{\"kind\":\"APIGroupDiscoveryList\"".to_vec();
    go::member(
        &mut out,
        "apiVersion",
        &format!("apidiscovery.k8s.io/{version}"),
    );
    out.extend_from_slice(b",\"metadata\":{},\"items\":[");
    for (at, group) in groups().filter(|name| name.is_empty() == core).enumerate() {
        out.extend_from_slice(if at == 0 { b"{" } else { b",{" });
        go::key(&mut out, "metadata");
        out.push(b'{');
        if !group.is_empty() {
            go::member(&mut out, "name", group);
        }
        if profile.writes_null_creation {
            go::key(&mut out, "creationTimestamp");
            out.extend_from_slice(b"null");
        }
        out.extend_from_slice(b"},\"versions\":[{\"version\":\"v1\",\"resources\":[");
        for (at, resource) in of_version(group, "v1").enumerate() {
            out.extend_from_slice(if at == 0 { b"{" } else { b",{" });
            aggregated_resource(&mut out, resource);
            out.push(b'}');
        }
        out.extend_from_slice(b"],\"freshness\":\"Current\"}]}");
    }
    out.extend_from_slice(b"]}\n");
    let media =
        format!("application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList");
    let mut head = Head::new(200, &media);
    "public".clone_into(&mut head.headers[0].1);
    head.headers.push(("vary", "Accept".to_owned()));
    Reply::Whole(head, out)
}

fn aggregated_resource(out: &mut Vec<u8>, resource: &Resource) {
    go::member(out, "resource", resource.plural);
    // Only custom resources say which group their kind is of.
    let (group, version) = if resource.custom {
        (resource.group, resource.version)
    } else {
        ("", "")
    };
    go::key(out, "responseKind");
    out.push(b'{');
    go::member(out, "group", group);
    go::member(out, "version", version);
    go::member(out, "kind", resource.kind);
    out.push(b'}');
    go::member(
        out,
        "scope",
        if resource.namespaced {
            "Namespaced"
        } else {
            "Cluster"
        },
    );
    go::member(out, "singularResource", resource.singular);
    go::key(out, "verbs");
    go::value(out, &verbs(resource).into());
    if !resource.short_names.is_empty() {
        go::key(out, "shortNames");
        go::value(out, &resource.short_names.into());
    }
    if resource.in_all {
        out.extend_from_slice(b",\"categories\":[\"all\"]");
    }
}
