use serde_json::{Value, json};

use super::{Dialect, check, named, patched};

#[test]
fn what_kubectl_sends() {
    let template = |spec: Value| json!({"spec": {"template": {"spec": spec}}});
    let images =
        |a: &str, b: &str| json!([{"name": "a", "image": a, "env": [{"name": "X"}]}, {"name": "b", "image": b}]);
    let rows = [
        (
            "set image",
            "apps/Deployment",
            template(json!({"containers": images("a:1", "b:1"), "dnsPolicy": "None"})),
            template(
                json!({"$setElementOrder/containers": named(&["a", "b"]), "containers": [{"name": "b", "image": "b:2"}]}),
            ),
            template(json!({"containers": images("a:1", "b:2"), "dnsPolicy": "None"})),
        ),
        (
            "scale",
            "apps/StatefulSet",
            json!({"spec": {"replicas": 1, "serviceName": "s"}}),
            json!({"spec": {"replicas": 3}}),
            json!({"spec": {"replicas": 3, "serviceName": "s"}}),
        ),
        (
            "rollout restart",
            "apps/DaemonSet",
            json!({"spec": {"template": {"metadata": {"labels": {"a": "1"}}}}}),
            json!({"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}}}),
            json!({"spec": {"template": {"metadata": {"labels": {"a": "1"}, "annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}}}),
        ),
        (
            "cordon",
            "Node",
            json!({"spec": {"podCIDR": "10.0.0.0/24"}}),
            json!({"spec": {"unschedulable": true}}),
            json!({"spec": {"podCIDR": "10.0.0.0/24", "unschedulable": true}}),
        ),
        (
            "taint: taints have no merge key",
            "Node",
            json!({"spec": {"taints": [{"key": "a", "effect": "NoSchedule"}]}}),
            json!({"spec": {"taints": [{"key": "b", "effect": "NoExecute"}]}}),
            json!({"spec": {"taints": [{"key": "b", "effect": "NoExecute"}]}}),
        ),
        (
            "edit: another kind of volume",
            "Pod",
            json!({"spec": {"volumes": [{"name": "v", "emptyDir": {}}, {"name": "w", "hostPath": {"path": "/w"}}]}}),
            json!({"spec": {"$setElementOrder/volumes": named(&["v", "w"]), "volumes": [
                {"name": "v", "$retainKeys": ["name", "configMap"], "configMap": {"name": "c"}, "emptyDir": null}]}}),
            json!({"spec": {"volumes": [{"name": "v", "configMap": {"name": "c"}}, {"name": "w", "hostPath": {"path": "/w"}}]}}),
        ),
        (
            "apply: another strategy",
            "apps/Deployment",
            json!({"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}}),
            json!({"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}),
            json!({"spec": {"strategy": {"type": "Recreate"}}}),
        ),
        (
            "label with a minus, of the last one",
            "apps/Deployment",
            json!({"metadata": {"name": "d", "labels": {"a": "1"}}}),
            json!({"metadata": {"labels": {"a": null}}}),
            json!({"metadata": {"name": "d"}}),
        ),
        (
            "an empty patch of what is not there",
            "Pod",
            json!({"spec": {}}),
            json!({"metadata": {"labels": null}, "spec": {"$setElementOrder/volumes": [], "$deleteFromPrimitiveList/x": ["a"]}}),
            json!({"metadata": {}, "spec": {}}),
        ),
    ];
    check(Dialect::Strategic, rows);
}

#[test]
fn what_the_control_plane_sends() {
    let conditions =
        |ready: &str| json!([{"type": "Initialized", "status": "True"}, {"type": "Ready", "status": ready}]);
    let owner = |uid: &str| json!({"uid": uid, "kind": "ReplicaSet", "name": uid});
    let finalizers = |names: &[&str]| json!({"metadata": {"finalizers": names}});
    let rows = [
        (
            "kubelet: status",
            "Pod",
            json!({"metadata": {"name": "p"}, "status": {"phase": "Pending", "conditions": conditions("False")}}),
            json!({"metadata": {"uid": "u"}, "status": {"$setElementOrder/conditions": [{"type": "Initialized"}, {"type": "Ready"}],
                "conditions": [{"type": "Ready", "status": "True"}], "phase": "Running", "podIPs": [{"ip": "10.0.0.1"}]}}),
            json!({"metadata": {"name": "p"}, "status": {"phase": "Running", "conditions": conditions("True"), "podIPs": [{"ip": "10.0.0.1"}]}}),
        ),
        (
            "garbage collector: an owner less",
            "Pod",
            json!({"metadata": {"ownerReferences": [owner("u"), owner("v")]}}),
            json!({"metadata": {"uid": "p", "ownerReferences": [{"$patch": "delete", "uid": "u"}]}}),
            json!({"metadata": {"ownerReferences": [owner("v")]}}),
        ),
        (
            "garbage collector: the last owner",
            "Pod",
            json!({"metadata": {"uid": "p", "ownerReferences": [owner("u")]}}),
            json!({"metadata": {"uid": "q", "ownerReferences": [{"$patch": "delete", "uid": "u"}]}}),
            json!({"metadata": {"uid": "p"}}),
        ),
        (
            "job controller: a finalizer less",
            "Pod",
            finalizers(&["a", "batch.kubernetes.io/job-tracking"]),
            json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["batch.kubernetes.io/job-tracking"]}}),
            finalizers(&["a"]),
        ),
        ("a finalizer more", "Pod", finalizers(&["b", "a"]), finalizers(&["c", "a"]), finalizers(&["c", "b", "a"])),
        (
            "finalizers in another order, one more and one less",
            "Pod",
            finalizers(&["a", "b", "c"]),
            json!({"metadata": {"$setElementOrder/finalizers": ["c", "d", "a"], "$deleteFromPrimitiveList/finalizers": ["b"],
                "finalizers": ["d"]}}),
            finalizers(&["c", "d", "a"]),
        ),
        (
            "nodes' addresses and ranges",
            "Node",
            json!({"spec": {"podCIDRs": ["a"]}, "status": {"addresses": [{"type": "InternalIP", "address": "1"}]}}),
            json!({"spec": {"podCIDRs": ["b"]}, "status": {"addresses": [{"type": "Hostname", "address": "n"}]}}),
            json!({"spec": {"podCIDRs": ["b", "a"]}, "status": {"addresses": [
                {"type": "Hostname", "address": "n"}, {"type": "InternalIP", "address": "1"}]}}),
        ),
    ];
    check(Dialect::Strategic, rows);
}

#[test]
fn lists_merge_where_the_type_says_so() {
    let pod = |spec: Value| json!({ "spec": spec });
    let cron = |spec: Value| json!({"spec": {"jobTemplate": {"spec": {"template": {"spec": spec}}}}});
    let one = |list: &str, key: &str| json!({list: [{key: "a", "x": 1}]});
    let other = |list: &str, key: &str| json!({list: [{key: "b"}]});
    let both = |list: &str, key: &str| json!({list: [{key: "b"}, {key: "a", "x": 1}]});
    let fields = [
        ("containers", "name"),
        ("initContainers", "name"),
        ("ephemeralContainers", "name"),
        ("volumes", "name"),
        ("imagePullSecrets", "name"),
        ("hostAliases", "ip"),
        ("topologySpreadConstraints", "topologyKey"),
        ("schedulingGates", "name"),
        ("resourceClaims", "name"),
    ];
    for (list, key) in fields {
        let rows = [
            ("pod", "Pod", pod(one(list, key)), pod(other(list, key)), pod(both(list, key))),
            ("cron job", "batch/CronJob", cron(one(list, key)), cron(other(list, key)), cron(both(list, key))),
            ("another kind", "Widget", pod(one(list, key)), pod(other(list, key)), pod(other(list, key))),
        ];
        check(Dialect::Strategic, rows);
    }
    for (list, key) in
        [("env", "name"), ("ports", "containerPort"), ("volumeMounts", "mountPath"), ("volumeDevices", "devicePath")]
    {
        let inside = |mut fields: Value| {
            fields["name"] = json!("c");
            pod(json!({ "containers": [fields] }))
        };
        check(
            Dialect::Strategic,
            [(list, "Pod", inside(one(list, key)), inside(other(list, key)), inside(both(list, key)))],
        );
    }
    let replaced = [
        ("Pod", pod(json!({"tolerations": [{"key": "a"}]})), pod(json!({"tolerations": [{"key": "b"}]}))),
        (
            "Pod",
            json!({"status": {"containerStatuses": named(&["a"])}}),
            json!({"status": {"containerStatuses": named(&["b"])}}),
        ),
        ("ServiceAccount", json!({"imagePullSecrets": named(&["a"])}), json!({"imagePullSecrets": named(&["b"])})),
        ("policy/PodDisruptionBudget", pod(json!({"selector": {"a": 1}})), pod(json!({"selector": {"b": 1}}))),
        ("apps/Deployment", pod(json!({"containers": named(&["a"])})), pod(json!({"containers": named(&["b"])}))),
    ];
    check(Dialect::Strategic, replaced.map(|(of, before, patch)| ("replaced", of, before, patch.clone(), patch)));
}

/// The order of a list: before, what is deleted, what is patched, the order that is told if any, and after.
#[test]
fn the_order_of_merged_lists() {
    type Names = &'static [&'static str];
    let rows: [(Names, Names, Names, Option<Names>, Names); 9] = [
        // What is new stands before what only the server has.
        (&["a", "b"], &[], &["c"], None, &["c", "a", "b"]),
        // What the patch names stands in its order; what the server had before it goes before.
        (&["a", "b", "c", "d"], &[], &["d", "b"], None, &["a", "c", "d", "b"]),
        (&["a", "b", "c"], &[], &["b", "x", "a"], None, &["b", "x", "a", "c"]),
        (&["a", "b", "c"], &["a"], &["x"], None, &["x", "b", "c"]),
        (&["a", "b", "c"], &[], &[], Some(&["c", "a", "b"]), &["c", "a", "b"]),
        // Of the order that is told, what is there.
        (&["a", "s", "b"], &[], &["x"], Some(&["b", "x", "a", "gone"]), &["s", "b", "x", "a"]),
        (&["a", "b"], &["b"], &[], Some(&["a"]), &["a"]),
        // The first that is added takes the place of the one that is deleted in what the server takes for its order.
        (&["c", "b", "d"], &["b"], &["e", "a"], Some(&["e", "a", "b", "c"]), &["d", "e", "a", "c"]),
        (&[], &[], &["a", "b"], Some(&["b", "a", "c"]), &[]),
    ];
    for (before, gone, new, order, after) in rows {
        let mut list: Vec<Value> = new.iter().map(|name| json!({ "name": name })).collect();
        list.extend(gone.iter().map(|name| json!({"name": name, "$patch": "delete"})));
        let mut patch = json!({"spec": {"containers": list}});
        if let Some(order) = order {
            patch["spec"]["$setElementOrder/containers"] = named(order);
        }
        let before = json!({"spec": {"containers": named(before)}});
        match patched(Dialect::Strategic, "Pod", &before, &patch) {
            Ok(object) => assert_eq!(object["spec"]["containers"], named(after), "{before} with {patch}"),
            // The elements stand in another order than the one told.
            Err(_) => assert!(after.is_empty(), "{before} with {patch}"),
        }
    }
}

#[test]
fn directives() {
    let pod = |spec: Value| json!({ "spec": spec });
    let rows = [
        (
            "replace a map",
            json!({"a": 1, "b": {"c": 1}}),
            json!({"$patch": "replace", "b": {"d": null}}),
            json!({"b": {}}),
        ),
        ("empty a map", json!({"a": {"b": 1}}), json!({"a": {"$patch": "delete", "c": 1}}), json!({"a": {}})),
        (
            "delete what is not there",
            json!({}),
            json!({"a": {"$patch": "delete"}, "b": [{"$patch": "delete"}]}),
            json!({"b": []}),
        ),
        (
            "replace a merged list",
            json!({"volumes": named(&["a"])}),
            json!({"volumes": [{"$patch": "replace"}, {"name": "b"}]}),
            json!({"volumes": named(&["b"])}),
        ),
        (
            "empty a merged list",
            json!({"volumes": named(&["a"])}),
            json!({"volumes": [{"$patch": "replace"}]}),
            json!({"volumes": []}),
        ),
        (
            "replace a list that is not merged",
            json!({"tolerations": [1]}),
            json!({"tolerations": [{"$patch": "replace"}, {"key": "a"}]}),
            json!({"tolerations": [{"key": "a"}]}),
        ),
        (
            "delete all with the key",
            json!({"volumes": named(&["a", "b", "a"])}),
            json!({"volumes": [{"$patch": "delete", "name": "a"}]}),
            json!({"volumes": named(&["b"])}),
        ),
        (
            "merge with the first of the key",
            json!({"volumes": [{"name": "a"}, {"name": "a", "x": 1}]}),
            json!({"volumes": [{"name": "a", "y": 1}]}),
            json!({"volumes": [{"name": "a", "y": 1}, {"name": "a", "x": 1}]}),
        ),
        (
            "a new list, directives and all",
            json!({}),
            json!({"$setElementOrder/containers": named(&["b", "a"]), "containers": [{"name": "b", "$retainKeys": ["name"],
                "$setElementOrder/env": named(&["x"]), "env": [{"name": "x", "value": null}, {"$patch": "delete", "name": "y"}]}, {"name": "a"}]}),
            json!({"containers": [{"name": "b", "env": [{"name": "x"}]}, {"name": "a"}]}),
        ),
        (
            "a map where a string stood",
            json!({"a": "text"}),
            json!({"a": {"b": null, "$retainKeys": [], "c": 1}}),
            json!({"a": {"c": 1}}),
        ),
        (
            "a list where a map stood",
            json!({"volumes": {"x": 1}}),
            json!({"volumes": named(&["a"])}),
            json!({"volumes": named(&["a"])}),
        ),
        (
            "delete from what is no list",
            json!({"a": "text"}),
            json!({"$deleteFromPrimitiveList/a": ["text"]}),
            json!({"a": "text"}),
        ),
    ];
    check(
        Dialect::Strategic,
        rows.map(|(what, before, patch, after)| (what, "Pod", pod(before), pod(patch), pod(after))),
    );
}
