//! Nodes: what bears pods.

use std::net::Ipv4Addr;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::model::pod::NodeAddress;

/// A node as the world knows it.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) address: Arc<NodeAddress>,
    pub(super) drained: bool,
    pub(super) control_plane: bool,
}

/// The body of a node.
pub(super) fn node_body(name: &str, ip: Ipv4Addr, cordoned: bool, control_plane: bool) -> Value {
    let condition = |kind: &str, holds: bool, reason: &str| json!({"type": kind, "status": if holds { "True" } else { "False" }, "reason": reason});
    let mut spec =
        json!({"podCIDR": "10.64.0.0/24", "providerID": format!("example://eu-central-1/{name}")});
    if cordoned {
        spec["unschedulable"] = true.into();
        spec["taints"] =
            json!([{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}]);
    } else if control_plane {
        spec["taints"] =
            json!([{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}]);
    }
    let size = json!({"cpu": "16", "ephemeral-storage": "203056560Ki", "memory": "65840788Ki", "pods": "110"});
    json!({
        "spec": spec,
        "status": {
            "capacity": size,
            "allocatable": size,
            "conditions": [
                condition("MemoryPressure", false, "KubeletHasSufficientMemory"),
                condition("DiskPressure", false, "KubeletHasNoDiskPressure"),
                condition("PIDPressure", false, "KubeletHasSufficientPID"),
                condition("Ready", true, "KubeletReady"),
            ],
            "addresses": [
                {"type": "InternalIP", "address": ip.to_string()},
                {"type": "Hostname", "address": name},
            ],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": {
                "machineID": "ec2d8c2c2a6b4f0f9d0f9e3a1c0b8a77",
                "kernelVersion": "6.12.48+deb13-cloud-amd64",
                "osImage": "Debian GNU/Linux 13 (trixie)",
                "containerRuntimeVersion": "containerd://2.1.4",
                "kubeletVersion": "v1.37.2",
                "kubeProxyVersion": "",
                "operatingSystem": "linux",
                "architecture": "amd64",
            },
        },
    })
}
