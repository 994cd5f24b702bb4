use serde_json::json;

use super::*;

mod strategic;

fn kind(text: &str) -> GroupKind {
    let (group, kind) = text.rsplit_once('/').unwrap_or(("", text));
    GroupKind::new(group, kind)
}

fn patched(dialect: Dialect, of: &str, before: &Value, patch: &Value) -> Result<Value, PatchError> {
    let mut object = before.clone();
    apply(&mut object, patch, dialect, &kind(of)).map(|()| object)
}

/// What is tried, the kind, the object before, the patch, and the object after.
type Row = (&'static str, &'static str, Value, Value, Value);

fn check(dialect: Dialect, rows: impl IntoIterator<Item = Row>) {
    for (what, of, before, patch, after) in rows {
        assert_eq!(patched(dialect, of, &before, &patch), Ok(after), "{what}: {before} with {patch}");
    }
}

/// A list of maps that have a name and nothing else.
fn named(names: &[&str]) -> Value {
    names.iter().map(|name| json!({ "name": name })).collect()
}

#[test]
fn what_a_server_refuses_is_an_error_and_changes_nothing() {
    let before = json!({"metadata": {"name": "p"}, "spec": {"volumes": named(&["a"]), "nodeName": "n"}});
    let refused = [
        json!([]),
        json!("text"),
        json!({"$patch": "merge"}),
        json!({"spec": {"$patch": 1}}),
        json!({"spec": {"$retainKeys": "volumes"}}),
        json!({"spec": {"$retainKeys": ["volumes"], "nodeName": "m"}}),
        json!({"spec": {"volumes": [1]}}),
        json!({"spec": {"volumes": [{"emptyDir": {}}]}}),
        json!({"spec": {"volumes": [{"$patch": "delete"}]}}),
        json!({"spec": {"volumes": [{"$patch": "merge", "name": "a"}]}}),
        json!({"spec": {"volumes": named(&["b"]), "$setElementOrder/volumes": named(&["a"])}}),
        json!({"spec": {"$setElementOrder/volumes": "a"}}),
        json!({"spec": {"$setElementOrder/volumes": ["a"]}}),
        json!({"spec": {"$setElementOrder/nodeName": ["a"]}}),
        json!({"spec": {"$deleteFromPrimitiveList/volumes": "a"}}),
    ];
    for patch in refused {
        let patch_first = json!({"metadata": {"labels": {"a": "1"}}});
        let patch = if patch.is_object() { merged(patch_first, patch) } else { patch };
        let mut object = before.clone();
        assert!(apply(&mut object, &patch, Dialect::Strategic, &kind("Pod")).is_err(), "{patch}");
        assert_eq!(object, before, "{patch}");
    }
    let mut object = before.clone();
    let patch = json!([{"op": "remove", "path": "/spec/volumes"}, {"op": "remove", "path": "/spec/volumes"}]);
    assert!(apply(&mut object, &patch, Dialect::Json, &kind("Pod")).is_err());
    assert_eq!(object, before);
}

fn merged(mut a: Value, b: Value) -> Value {
    a.as_object_mut().unwrap().extend(b.as_object().unwrap().clone());
    a
}

#[test]
fn server_side_apply() {
    let pod = |spec: Value| json!({ "spec": spec });
    let port = |port: i32, protocol: &str, name: &str| json!({"port": port, "protocol": protocol, "name": name});
    let rows = [
        (
            "nothing goes, what is applied comes",
            "Pod",
            pod(
                json!({"nodeName": "n", "volumes": named(&["a", "b"]), "containers": [{"name": "c", "image": "c:1", "args": ["x"]}]}),
            ),
            pod(json!({"volumes": named(&["c", "b"]), "containers": [{"name": "c", "image": "c:2"}]})),
            pod(
                json!({"nodeName": "n", "volumes": named(&["a", "c", "b"]), "containers": [{"name": "c", "image": "c:2", "args": ["x"]}]}),
            ),
        ),
        (
            "ports by number and protocol",
            "Service",
            pod(json!({"ports": [port(53, "TCP", "t"), port(53, "UDP", "u")]})),
            pod(json!({"ports": [port(53, "UDP", "udp"), {"port": 53, "name": "tcp"}]})),
            pod(json!({"ports": [port(53, "UDP", "udp"), port(53, "TCP", "tcp")]})),
        ),
        (
            "containers' ports too",
            "Pod",
            pod(
                json!({"containers": [{"name": "c", "ports": [{"containerPort": 1, "protocol": "UDP"}, {"containerPort": 1}]}]}),
            ),
            pod(
                json!({"containers": [{"name": "c", "ports": [{"containerPort": 1, "protocol": "TCP", "name": "x"}]}]}),
            ),
            pod(
                json!({"containers": [{"name": "c", "ports": [{"containerPort": 1, "protocol": "UDP"}, {"containerPort": 1, "protocol": "TCP", "name": "x"}]}]}),
            ),
        ),
        (
            "lists and maps that are atomic",
            "Pod",
            pod(json!({"tolerations": [1], "nodeSelector": {"a": "1"}, "securityContext": {"runAsUser": 1}})),
            pod(json!({"tolerations": [2], "nodeSelector": {"b": "1"}, "securityContext": {"runAsGroup": 1}})),
            pod(
                json!({"tolerations": [2], "nodeSelector": {"b": "1"}, "securityContext": {"runAsUser": 1, "runAsGroup": 1}}),
            ),
        ),
        (
            "an owner is replaced, finalizers are united",
            "apps/Deployment",
            json!({"metadata": {"ownerReferences": [{"uid": "u", "controller": true}], "finalizers": ["a", "b"]}}),
            json!({"metadata": {"ownerReferences": [{"uid": "u", "name": "o"}], "finalizers": ["c", "b"]}}),
            json!({"metadata": {"ownerReferences": [{"uid": "u", "name": "o"}], "finalizers": ["a", "c", "b"]}}),
        ),
        (
            "nulls",
            "Pod",
            pod(
                json!({"nodeName": "n", "volumes": named(&["a"]), "nodeSelector": {"a": "1"}, "securityContext": {"runAsUser": 1}}),
            ),
            pod(
                json!({"nodeName": null, "volumes": null, "nodeSelector": null, "securityContext": null, "hostname": null, "affinity": {"x": null}}),
            ),
            pod(json!({"volumes": named(&["a"]), "securityContext": {"runAsUser": 1}, "affinity": {}})),
        ),
        (
            "what is the server's stays",
            "apps/Deployment",
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d", "creationTimestamp": "then"}}),
            json!({"apiVersion": "apps/v1beta1", "kind": "Deployment", "metadata": {"name": "d", "creationTimestamp": null,
                "uid": "u", "managedFields": []}, "status": {}}),
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d", "creationTimestamp": "then"}, "status": {}}),
        ),
        (
            "a custom resource: maps are merged, lists replaced",
            "example.com/Widget",
            json!({"metadata": {"finalizers": ["a"]}, "spec": {"a": {"b": 1}, "containers": named(&["a"])}}),
            json!({"metadata": {"finalizers": ["b"]}, "spec": {"a": {"c": 1}, "containers": named(&["b"])}}),
            json!({"metadata": {"finalizers": ["a", "b"]}, "spec": {"a": {"b": 1, "c": 1}, "containers": named(&["b"])}}),
        ),
    ];
    check(Dialect::Apply, rows);
    let refused = [
        json!([]),
        json!({"spec": {"volumes": [1]}}),
        json!({"spec": {"volumes": [{}]}}),
        json!({"spec": {"volumes": named(&["b", "b"])}}),
    ];
    for patch in refused {
        let before = json!({"spec": {"volumes": named(&["a"])}});
        assert!(patched(Dialect::Apply, "Pod", &before, &patch).is_err(), "{patch}");
    }
}

#[test]
fn long_lists_are_merged_in_no_time() {
    let list =
        |from: usize| -> Value { (from..from + 30_000).map(|n| json!({"name": n.to_string(), "x": from})).collect() };
    let pod = |from: usize| json!({"spec": {"volumes": list(from)}, "metadata": {"finalizers": (from..from + 30_000).collect::<Vec<_>>()}});
    let mut ordered = pod(15_000);
    ordered["spec"]["$setElementOrder/volumes"] = list(15_000);
    let gone: Value = (0..30_000).map(|n| json!({"name": n.to_string(), "$patch": "delete"})).collect();
    let delete = json!({"spec": {"volumes": gone}, "metadata": {"$deleteFromPrimitiveList/finalizers": (0..30_000).collect::<Vec<_>>()}});
    for (dialect, patch, left) in [
        (Dialect::Strategic, pod(15_000), 45_000),
        (Dialect::Strategic, ordered, 45_000),
        (Dialect::Strategic, delete, 0),
        (Dialect::Apply, pod(15_000), 45_000),
    ] {
        let object = patched(dialect, "Pod", &pod(0), &patch).unwrap();
        assert_eq!(object["spec"]["volumes"].as_array().unwrap().len(), left);
        assert_eq!(object["metadata"].get("finalizers").map_or(0, |list| list.as_array().unwrap().len()), left);
    }
}
