//! How the body of a PATCH is to be read.

use serde_json::{Map, Value};

use crate::uri::parameter;

/// The groups whose types are compiled into Kubernetes' own servers: only those know merge keys. The names cannot be told
/// by their look, `*.k8s.io` is also what many custom resources use.
const BUILTIN_GROUPS: [&str; 23] = [
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "extensions",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
];

/// The migration of stored versions is built in since Kubernetes 1.30, and was a custom resource of the same group before:
/// what was sent to either has no merge keys but those of conditions, so it counts as built in.
const STORAGE_MIGRATION: &str = "storagemigration.k8s.io";

/// Whether a group is one of Kubernetes' own, whose types have strategic merge keys.
pub fn is_builtin_group(group: &str) -> bool {
    BUILTIN_GROUPS.binary_search(&group).is_ok() || group == STORAGE_MIGRATION
}

/// How a PATCH body is to be read. The request's Content-Type says it, which the audit log does not record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `application/json-patch+json`: a list of operations (RFC 6902).
    Json,
    /// `application/merge-patch+json` (RFC 7386).
    Merge,
    /// `application/strategic-merge-patch+json`: a merge patch in which some lists are merged by key. Built-in types only.
    Strategic,
    /// `application/apply-patch+yaml`: server-side apply, what its manager wants of the object.
    Apply,
}

impl Dialect {
    /// Tells the dialect of a body by the request's URI and the resource's API group. The first that fits:
    ///
    /// 1. A list is a JSON Patch.
    /// 2. A `force` parameter is allowed with server-side apply only (`ValidatePatchOptions` in apimachinery).
    /// 3. A directive (`$patch`, `$retainKeys`, `$setElementOrder/…`, `$deleteFromPrimitiveList/…`) at any depth is what
    ///    only strategic merge has.
    /// 4. `apiVersion` and `kind` together with a `fieldManager` parameter, all of which server-side apply demands, are an
    ///    apply. Patches of the other dialects are differences, and these two never differ. This goes before the next rule:
    ///    custom resources are applied as well.
    /// 5. Custom resources know no strategic merge: a merge patch.
    /// 6. Else strategic, which is what kubectl and the control plane send.
    ///
    /// A merge patch to a built-in resource is taken for a strategic one, which differs only in lists that have a merge key.
    pub fn detect(patch: &Value, uri: &str, group: &str) -> Dialect {
        if patch.is_array() {
            return Dialect::Json;
        }
        let names_kind = ["apiVersion", "kind"].iter().all(|key| patch.get(key).is_some_and(Value::is_string));
        if parameter(uri, "force").is_some() {
            Dialect::Apply
        } else if has_directive(patch) {
            Dialect::Strategic
        } else if names_kind && parameter(uri, "fieldManager").is_some() {
            Dialect::Apply
        } else if is_builtin_group(group) {
            Dialect::Strategic
        } else {
            Dialect::Merge
        }
    }
}

fn has_directive(patch: &Value) -> bool {
    let in_map = |map: &Map<String, Value>| map.iter().any(|(key, value)| is_directive(key) || has_directive(value));
    match patch {
        Value::Object(map) => in_map(map),
        Value::Array(list) => list.iter().any(has_directive),
        _ => false,
    }
}

/// What is to be done to a map, or to the map that stands in a list.
pub(super) const PATCH: &str = "$patch";
/// The keys of a map that stay; all others go.
pub(super) const RETAIN_KEYS: &str = "$retainKeys";
/// Before the name of a list: the order of its elements.
pub(super) const SET_ELEMENT_ORDER: &str = "$setElementOrder/";
/// Before the name of a list of scalars: what is to be taken from it.
pub(super) const DELETE_FROM_PRIMITIVE_LIST: &str = "$deleteFromPrimitiveList/";

/// Whether a key of a map says how to merge, and is no field.
pub(super) fn is_directive(key: &str) -> bool {
    key == PATCH
        || key == RETAIN_KEYS
        || key.starts_with(SET_ELEMENT_ORDER)
        || key.starts_with(DELETE_FROM_PRIMITIVE_LIST)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Each row: body, URI, group, dialect.
    #[test]
    fn bodies_are_told_apart() {
        use Dialect::{Apply, Json, Merge, Strategic};
        let typed = || json!({"apiVersion": "v1", "kind": "Pod", "spec": {}});
        let rows = [
            (json!([]), "/api/v1/x?force=true", "", Json),
            (json!([{"op": "remove", "path": "/a"}]), "/x", "example.com", Json),
            (typed(), "/x?fieldManager=ci&force=false", "", Apply),
            (json!({}), "/x?force=", "example.com", Apply),
            (typed(), "/x?fieldManager=ci", "", Apply),
            (typed(), "/x?pretty=true&fieldManager=ci", "example.com", Apply),
            (typed(), "/x?fieldManagerX=ci", "", Strategic),
            (typed(), "/x", "example.com", Merge),
            (json!({"spec": {}}), "/x?fieldManager=kubectl-edit", "apps", Strategic),
            (json!({"spec": {}}), "/x?fieldManager=kubectl-edit", "example.com", Merge),
            (json!({"spec": {}}), "/x?reinforce=1", "gateway.networking.k8s.io", Merge),
            (json!({"a": [{"b": {"$patch": "delete"}}]}), "/x", "example.com", Strategic),
            (json!({"a": {"$retainKeys": []}}), "/x?fieldManager=a", "apps", Strategic),
            (json!({"$setElementOrder/a": []}), "/x", "apps", Strategic),
            (json!({"$deleteFromPrimitiveList/a": []}), "/x", "example.com", Strategic),
            (json!({"a": "$patch"}), "/x", "example.com", Merge),
            (json!(null), "", "", Strategic),
            (json!("text"), "force=true", "x", Merge),
        ];
        for (row, (patch, uri, group, dialect)) in rows.into_iter().enumerate() {
            assert_eq!(Dialect::detect(&patch, uri, group), dialect, "row {row}: {patch}");
        }
    }

    #[test]
    fn groups_of_kubernetes_are_known_by_name() {
        assert!(BUILTIN_GROUPS.is_sorted());
        for group in ["", "apps", "batch", "policy", "networking.k8s.io", "storagemigration.k8s.io"] {
            assert!(is_builtin_group(group), "{group}");
        }
        for group in ["metrics.k8s.io", "gateway.networking.k8s.io", "apps.openshift.io", "v1", "example.com"] {
            assert!(!is_builtin_group(group), "{group}");
        }
    }
}
