//! Which kind a built-in resource is.
//!
//! An audit event names the resource (`deployments`), an object its kind (`Deployment`). Where no body tells, this table does,
//! for what Kubernetes itself serves (kubernetes `api/openapi-spec`, 1.9 to 1.34). The group `extensions`, of old, served some of
//! these as well; there they are kinds of their own here, as their bodies say.

/// Groups, and their resources with the kinds.
const GROUPS: &[(&str, &[(&str, &str)])] = &[
    (
        "",
        &[
            ("configmaps", "ConfigMap"),
            ("endpoints", "Endpoints"),
            ("events", "Event"),
            ("limitranges", "LimitRange"),
            ("namespaces", "Namespace"),
            ("nodes", "Node"),
            ("persistentvolumeclaims", "PersistentVolumeClaim"),
            ("persistentvolumes", "PersistentVolume"),
            ("pods", "Pod"),
            ("podtemplates", "PodTemplate"),
            ("replicationcontrollers", "ReplicationController"),
            ("resourcequotas", "ResourceQuota"),
            ("secrets", "Secret"),
            ("serviceaccounts", "ServiceAccount"),
            ("services", "Service"),
        ],
    ),
    (
        "apps",
        &[
            ("controllerrevisions", "ControllerRevision"),
            ("daemonsets", "DaemonSet"),
            ("deployments", "Deployment"),
            ("replicasets", "ReplicaSet"),
            ("statefulsets", "StatefulSet"),
        ],
    ),
    ("autoscaling", &[("horizontalpodautoscalers", "HorizontalPodAutoscaler")]),
    ("batch", &[("cronjobs", "CronJob"), ("jobs", "Job")]),
    ("certificates.k8s.io", &[("certificatesigningrequests", "CertificateSigningRequest")]),
    ("coordination.k8s.io", &[("leases", "Lease")]),
    ("discovery.k8s.io", &[("endpointslices", "EndpointSlice")]),
    ("events.k8s.io", &[("events", "Event")]),
    (
        "extensions",
        &[
            ("daemonsets", "DaemonSet"),
            ("deployments", "Deployment"),
            ("ingresses", "Ingress"),
            ("networkpolicies", "NetworkPolicy"),
            ("replicasets", "ReplicaSet"),
        ],
    ),
    (
        "networking.k8s.io",
        &[("ingressclasses", "IngressClass"), ("ingresses", "Ingress"), ("networkpolicies", "NetworkPolicy")],
    ),
    ("node.k8s.io", &[("runtimeclasses", "RuntimeClass")]),
    ("policy", &[("poddisruptionbudgets", "PodDisruptionBudget")]),
    (
        "rbac.authorization.k8s.io",
        &[
            ("clusterrolebindings", "ClusterRoleBinding"),
            ("clusterroles", "ClusterRole"),
            ("rolebindings", "RoleBinding"),
            ("roles", "Role"),
        ],
    ),
    (
        "resource.k8s.io",
        &[
            ("deviceclasses", "DeviceClass"),
            ("resourceclaims", "ResourceClaim"),
            ("resourceclaimtemplates", "ResourceClaimTemplate"),
            ("resourceslices", "ResourceSlice"),
        ],
    ),
    ("scheduling.k8s.io", &[("priorityclasses", "PriorityClass")]),
    ("storage.k8s.io", &[("storageclasses", "StorageClass"), ("volumeattachments", "VolumeAttachment")]),
];

/// The kind of a built-in resource.
pub fn kind_of(group: &str, resource: &str) -> Option<&'static str> {
    let (_, resources) = GROUPS.iter().find(|(name, _)| *name == group)?;
    resources.iter().find(|(name, _)| *name == resource).map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_says_each_thing_once() {
        assert!(GROUPS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (group, resources) in GROUPS {
            assert!(resources.windows(2).all(|pair| pair[0].0 < pair[1].0), "{group}");
        }
    }

    #[test]
    fn what_is_not_built_in_has_no_kind_here() {
        assert_eq!(kind_of("apps", "deployments"), Some("Deployment"));
        assert_eq!(kind_of("lab.example.dev", "gangs"), None);
        assert_eq!(kind_of("apps", "pods"), None);
    }
}
