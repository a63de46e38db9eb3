//! Discovery: each entry is that of a real server, for the resources that there are.

mod common;

use common::{ask, get, profile, read, shop};
use fake_apiserver::model::Request;
use serde_json::{Value, json};

/// What a read-only server with fewer resources says differently.
fn entries(list: &Value) -> Vec<(Value, Vec<Value>)> {
    let groups = list["items"].as_array().expect("items");
    groups
        .iter()
        .flat_map(|group| {
            let name = group["metadata"]["name"].clone();
            let versions = group["versions"].as_array().expect("versions").clone();
            versions.into_iter().map(move |version| {
                assert_eq!(version["freshness"], "Current");
                let resources = version["resources"].as_array().expect("resources").iter();
                let resources = resources.map(|resource| {
                    let mut resource = resource.clone();
                    let members = resource.as_object_mut().expect("an object");
                    members.remove("verbs");
                    members.remove("subresources");
                    // Only `all` is of use to a dashboard.
                    if members.get("categories") != Some(&json!(["all"])) {
                        members.remove("categories");
                    }
                    resource
                });
                (name.clone(), resources.collect())
            })
        })
        .collect()
}

#[test]
fn aggregated_entries_are_those_of_real_servers() {
    for (directory, name) in [("1.37", "1.37"), ("1.32", "1.32")] {
        for file in ["api-aggregated", "apis-aggregated"] {
            let recorded = read(&format!("{directory}/{file}.http"));
            let mut cluster = shop(profile(name));
            let answer = ask(&mut cluster, &recorded.request, |_, _| false);
            for field in ["content-type", "cache-control", "vary"] {
                let theirs = recorded.headers.iter().find(|(key, _)| key == field);
                assert_eq!(
                    answer.head.header(field),
                    theirs.map(|(_, value)| value.as_str())
                );
            }
            let theirs: Value = serde_json::from_slice(&recorded.body).expect("JSON");
            let theirs = entries(&theirs);
            let ours = entries(&answer.json());
            assert!(!ours.is_empty());
            for (group, resources) in ours {
                for resource in resources {
                    let found = theirs
                        .iter()
                        .any(|(name, all)| *name == group && all.contains(&resource));
                    assert!(found, "{group} {resource}");
                }
            }
        }
    }
}

#[test]
fn older_servers_list_their_groups_one_by_one() {
    let accept =
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
    let mut cluster = shop(profile("1.26"));
    let groups = ask(
        &mut cluster,
        &Request::get("/apis").accept(accept),
        |_, _| false,
    )
    .json();
    assert_eq!(groups["kind"], "APIGroupList");
    let names: Vec<&Value> = groups["groups"]
        .as_array()
        .expect("groups")
        .iter()
        .map(|group| &group["name"])
        .collect();
    assert_eq!(
        names,
        ["apps", "batch", "apiextensions.k8s.io", "harbor.example"]
    );
    let core = get(&mut cluster, "/api").json();
    assert_eq!(
        (&core["kind"], &core["versions"]),
        (&json!("APIVersions"), &json!(["v1"]))
    );
    let batch = get(&mut cluster, "/apis/batch/v1").json();
    assert_eq!(
        (&batch["groupVersion"], &batch["resources"][0]["name"]),
        (&json!("batch/v1"), &json!("cronjobs"))
    );
    assert_eq!(
        batch["resources"][0]["verbs"],
        json!(["get", "list", "watch"])
    );
    for path in [
        "/apis/none",
        "/apis/apps/v2",
        "/apis/none/v1/things",
        "/nothing",
    ] {
        let answer = get(&mut cluster, path);
        assert_eq!(
            (answer.head.status, &*answer.body),
            (404, &b"404 page not found\n"[..]),
            "{path}"
        );
    }
}
