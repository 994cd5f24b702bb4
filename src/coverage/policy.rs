//! The rule of an audit policy that would have kept what is missing.
//!
//! Names of resources and their subresources are those of Kubernetes 1.34; custom resources may have `status` and `scale`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Resources, as group and name, with the subresources that the log has.
pub(super) type Lacking<'a> = BTreeMap<(&'a str, &'a str), BTreeSet<&'a str>>;

/// The subresources of the built-in resources whose writes say something of the object.
const SUBRESOURCES: [(&str, &str, &[&str]); 26] = [
    ("", "configmaps", &[]),
    ("", "endpoints", &[]),
    ("", "namespaces", &["finalize", "status"]),
    ("", "nodes", &["status"]),
    ("", "persistentvolumeclaims", &["status"]),
    ("", "persistentvolumes", &["status"]),
    ("", "pods", &["binding", "ephemeralcontainers", "eviction", "resize", "status"]),
    ("", "podtemplates", &[]),
    ("", "replicationcontrollers", &["scale", "status"]),
    ("", "secrets", &[]),
    ("", "serviceaccounts", &[]),
    ("", "services", &["status"]),
    ("apiextensions.k8s.io", "customresourcedefinitions", &["status"]),
    ("apps", "controllerrevisions", &[]),
    ("apps", "daemonsets", &["status"]),
    ("apps", "deployments", &["scale", "status"]),
    ("apps", "replicasets", &["scale", "status"]),
    ("apps", "statefulsets", &["scale", "status"]),
    ("autoscaling", "horizontalpodautoscalers", &["status"]),
    ("batch", "cronjobs", &["status"]),
    ("batch", "jobs", &["status"]),
    ("certificates.k8s.io", "certificatesigningrequests", &["approval", "status"]),
    ("networking.k8s.io", "ingresses", &["status"]),
    ("networking.k8s.io", "networkpolicies", &[]),
    ("policy", "poddisruptionbudgets", &["status"]),
    ("scheduling.k8s.io", "priorityclasses", &[]),
];

/// Groups of Kubernetes itself whose names look like those of custom resources, all but `.k8s.io`. Of their resources that are
/// not in the table, only subresources that were seen are named.
const BUILT_IN_GROUPS: [&str; 18] = [
    "admissionregistration",
    "apiextensions",
    "apiregistration",
    "authentication",
    "authorization",
    "certificates",
    "coordination",
    "discovery",
    "events",
    "flowcontrol.apiserver",
    "internal.apiserver",
    "networking",
    "node",
    "rbac.authorization",
    "resource",
    "scheduling",
    "storage",
    "storagemigration",
];

/// An item of the `rules` of an `audit.k8s.io/v1` Policy that records these resources' writes with their results; `None` when
/// nothing is lacking.
pub(super) fn rule(lacking: &Lacking<'_>) -> Option<String> {
    let mut groups: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for ((group, resource), seen) in lacking {
        // Names come from logs, and the rule is pasted into a server's configuration.
        if is_name(resource) && (group.is_empty() || is_name(group)) {
            groups.entry(group).or_default().extend(names(group, resource, seen));
        }
    }
    if groups.is_empty() {
        return None;
    }
    let mut rule = String::from(
        "- level: RequestResponse\n  omitStages: [\"RequestReceived\"]\n  \
         verbs: [\"create\", \"update\", \"patch\", \"delete\", \"deletecollection\"]\n  resources:\n",
    );
    for (group, names) in groups {
        let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
        let _ = write!(rule, "  - group: \"{group}\"\n    resources: [{}]\n", names.join(", "));
    }
    Some(rule)
}

/// A resource and its subresources.
fn names(group: &str, resource: &str, seen: &BTreeSet<&str>) -> Vec<String> {
    let built_in = SUBRESOURCES.iter().find(|known| (known.0, known.1) == (group, resource));
    let mut subresources: BTreeSet<&str> = match built_in {
        Some((.., subresources)) => subresources.iter().copied().collect(),
        None => seen.iter().copied().filter(|name| is_name(name)).collect(),
    };
    // Groups of custom resources are domain names.
    let of_kubernetes = |name: &str| BUILT_IN_GROUPS.contains(&name);
    if built_in.is_none() && group.contains('.') && !group.strip_suffix(".k8s.io").is_some_and(of_kubernetes) {
        subresources.extend(["scale", "status"]);
    }
    let whole = std::iter::once(resource.to_owned());
    whole.chain(subresources.into_iter().map(|sub| format!("{resource}/{sub}"))).collect()
}

/// Whether a text is a name as groups and resources have: it needs no quotes to be escaped.
fn is_name(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
    !text.is_empty() && text.len() <= 253 && text.bytes().all(inner)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn parsed(lacking: &[(&str, &str, &[&str])]) -> Option<Value> {
        let lacking =
            lacking.iter().map(|(group, resource, seen)| ((*group, *resource), seen.iter().copied().collect()));
        let rule = rule(&lacking.collect())?;
        Some(serde_yaml::from_str(&format!("apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n{rule}")).unwrap())
    }

    #[test]
    fn the_rule_is_an_item_of_a_policy() {
        let policy = parsed(&[
            ("", "pods", &["", "status"]),
            ("apps", "deployments", &[""]),
            ("apps", "statefulsets", &["scale"]),
            ("lab.example.dev", "gangs", &[""]),
        ]);
        let pods = ["pods", "pods/binding", "pods/ephemeralcontainers", "pods/eviction", "pods/resize", "pods/status"];
        let apps = [
            "deployments",
            "deployments/scale",
            "deployments/status",
            "statefulsets",
            "statefulsets/scale",
            "statefulsets/status",
        ];
        assert_eq!(
            policy.unwrap()["rules"],
            json!([{
                "level": "RequestResponse",
                "omitStages": ["RequestReceived"],
                "verbs": ["create", "update", "patch", "delete", "deletecollection"],
                "resources": [
                    {"group": "", "resources": pods},
                    {"group": "apps", "resources": apps},
                    {"group": "lab.example.dev", "resources": ["gangs", "gangs/scale", "gangs/status"]},
                ],
            }])
        );
    }

    #[test]
    fn only_custom_resources_are_thought_to_have_subresources_that_were_not_seen() {
        let policy = parsed(&[
            ("gateway.networking.k8s.io", "gateways", &[""]),
            ("networking.k8s.io", "servicecidrs", &["status"]),
            ("rbac.authorization.k8s.io", "roles", &[""]),
        ]);
        assert_eq!(
            policy.unwrap()["rules"][0]["resources"],
            json!([
                {"group": "gateway.networking.k8s.io", "resources": ["gateways", "gateways/scale", "gateways/status"]},
                {"group": "networking.k8s.io", "resources": ["servicecidrs", "servicecidrs/status"]},
                {"group": "rbac.authorization.k8s.io", "resources": ["roles"]},
            ])
        );
    }

    #[test]
    fn names_that_are_none_do_not_get_into_it() {
        assert_eq!(parsed(&[]), None);
        assert_eq!(parsed(&[("", "x\"]\n- level: None", &[])]), None);
        let policy =
            parsed(&[("a.b", "things", &["", "sub", "X: y"]), ("a\n", "things", &[]), ("old", "things", &["null"])]);
        assert_eq!(
            policy.unwrap()["rules"][0]["resources"],
            json!([
                {"group": "a.b", "resources": ["things", "things/scale", "things/status", "things/sub"]},
                {"group": "old", "resources": ["things", "things/null"]},
            ])
        );
    }

    #[test]
    fn the_table_is_sorted_and_has_everything_once() {
        assert!(SUBRESOURCES.windows(2).all(|pair| (pair[0].0, pair[0].1) < (pair[1].0, pair[1].1)));
        assert!(SUBRESOURCES.iter().all(|(.., subs)| subs.is_sorted()));
    }
}
