use serde_json::json;

use super::*;

fn gvk(text: &str) -> Gvk {
    text.parse().unwrap()
}

fn config(yaml: &str) -> TracerConfig {
    TracerConfig::read(yaml.as_bytes(), std::path::Path::new("tracer.yaml")).unwrap().config
}

/// Every reference in a few words, `?` where a pod does without it.
fn shown(kind: &str, object: &Value) -> Vec<String> {
    let show = |reference: &Reference| {
        let Reference { kind, name, via, optional, keys } = reference;
        format!("{kind:?} {name}{} {via:?} {keys:?}", if *optional { "?" } else { "" }).replace(" []", "")
    };
    references(&TracerConfig::default(), &gvk(kind), &mut object.clone()).iter().map(show).collect()
}

/// What is left of an object when no reference stays.
fn stripped(kind: &str, mut object: Value) -> Value {
    sift(&TracerConfig::default(), &gvk(kind), &mut object, &mut |_| false);
    object
}

/// A pod with every way to refer to something.
fn needy() -> Value {
    json!({
        "serviceAccount": "old", "serviceAccountName": "robot",
        "priorityClassName": "high", "priority": 7, "preemptionPolicy": "Never",
        "runtimeClassName": "gvisor", "overhead": {"cpu": "1"},
        "imagePullSecrets": [{"name": "pull"}, {}],
        "initContainers": [{"name": "i", "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s1", "key": "k"}}}]}],
        "containers": [{
            "name": "c",
            "env": [
                {"name": "A", "value": "1"},
                {"name": "B", "valueFrom": {"configMapKeyRef": {"name": "m1", "key": "k", "optional": true}}},
                {"name": "C", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            ],
            "envFrom": [{"configMapRef": {"name": "m2"}}, {"secretRef": {"name": "s2", "optional": false}}],
            "volumeMounts": [{"name": "a", "mountPath": "/a"}],
            "volumeDevices": [{"name": "d", "devicePath": "/d"}],
        }],
        "ephemeralContainers": [{"name": "e", "envFrom": [{"secretRef": {"name": "s3"}}]}],
        "volumes": [
            {"name": "a", "configMap": {"name": "m3", "items": [{"key": "k", "path": "p"}]}},
            {"name": "b", "secret": {"secretName": "s4", "optional": true}},
            {"name": "c", "projected": {"sources": [
                {"configMap": {"name": "m4"}}, {"secret": {"name": "s5"}}, {"serviceAccountToken": {"path": "token"}},
            ]}},
            {"name": "d", "persistentVolumeClaim": {"claimName": "data"}},
            {"name": "e", "ephemeral": {"volumeClaimTemplate": {"spec": {}}}},
            {"name": "f", "csi": {"driver": "x", "nodePublishSecretRef": {"name": "s6"}}},
            {"name": "g", "emptyDir": {}},
            {"name": "h", "projected": {"sources": [{"configMap": {"name": "m5"}}]}},
        ],
    })
}

#[test]
fn every_way_to_refer_to_something_is_seen() {
    let expected = [
        "ServiceAccount robot Account",
        "PriorityClass high Class",
        "RuntimeClass gvisor Class",
        "Secret pull PullSecret",
        "Secret s1 Environment [\"k\"]",
        "ConfigMap m1? Environment [\"k\"]",
        "ConfigMap m2 Environment",
        "Secret s2 Environment",
        "Secret s3 Environment",
        "ConfigMap m3 Volume [\"k\"]",
        "Secret s4? Volume",
        "ConfigMap m4 Projected",
        "Secret s5 Projected",
        "PersistentVolumeClaim data Volume",
        "PersistentVolumeClaim e ClaimTemplate",
        "Secret s6 Volume",
        "ConfigMap m5 Projected",
    ];
    assert_eq!(shown("v1.Pod", &json!({"spec": needy()})), expected);
    assert_eq!(shown("v1.Pod", &json!({"spec": {"serviceAccount": "old"}})), ["ServiceAccount old Account"]);
}

#[test]
fn templates_are_where_their_kind_has_them() {
    let pod = json!({"spec": {"serviceAccountName": "robot"}});
    for (kind, object) in [
        ("v1.Pod", pod.clone()),
        ("v1.PodTemplate", json!({"template": pod})),
        ("apps/v1.Deployment", json!({"spec": {"template": pod}})),
        ("apps/v1beta2.ReplicaSet", json!({"spec": {"template": pod}})),
        ("batch/v1.CronJob", json!({"spec": {"jobTemplate": {"spec": {"template": pod}}}})),
    ] {
        assert_eq!(shown(kind, &object), ["ServiceAccount robot Account"], "{kind}");
        assert_eq!(shown("v1.ConfigMap", &object).len(), 0, "{kind}");
    }
}

#[test]
fn templates_of_custom_resources_are_where_the_config_says() {
    let config = config(
        "trackedObjects: {x/v1.Gang: {podSpecTemplatePaths: [/spec/roles/*/template, /spec/map/*/t, /spec/roles/0/template, /none]}}",
    );
    let pod = |name: &str| json!({"spec": {"serviceAccountName": name}});
    let mut gang = json!({"spec": {
        "roles": [{"template": pod("a")}, 7, {"template": pod("b")}],
        "map": {"x": {"t": pod("c")}, "y": null},
    }});
    let of = |references: Vec<Reference>| references.into_iter().map(|reference| reference.name).collect::<Vec<_>>();
    assert_eq!(of(references(&config, &gvk("x/v1.Gang"), &mut gang)), ["c", "a", "b"]);
    assert!(references(&config, &gvk("x/v2.Gang"), &mut gang).is_empty());
}

#[test]
fn what_is_left_is_a_valid_pod() {
    let expected = json!({
        "initContainers": [{"name": "i"}],
        "containers": [{
            "name": "c",
            "env": [{"name": "A", "value": "1"}, {"name": "C", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
            "volumeMounts": [{"name": "a", "mountPath": "/a"}],
        }],
        "ephemeralContainers": [{"name": "e"}],
        "imagePullSecrets": [{}],
        "volumes": [
            {"name": "a", "emptyDir": {}},
            {"name": "b", "emptyDir": {}},
            {"name": "c", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}},
            {"name": "d", "emptyDir": {}},
            {"name": "e", "emptyDir": {}},
            {"name": "f", "emptyDir": {}},
            {"name": "g", "emptyDir": {}},
            {"name": "h", "emptyDir": {}},
        ],
    });
    assert_eq!(stripped("v1.Pod", json!({"spec": needy()})), json!({"spec": expected}));
    assert!(shown("v1.Pod", &json!({"spec": expected})).is_empty());
}

#[test]
fn a_pod_without_a_class_keeps_its_numbers() {
    let pod = json!({"spec": {"priority": 0, "preemptionPolicy": "PreemptLowerPriority", "containers": [{"name": "c", "env": []}]}});
    assert_eq!(stripped("v1.Pod", pod.clone()), pod);
}

#[test]
fn claims_of_a_stateful_set_become_empty_directories() {
    let claim = |name: &str| json!({"metadata": {"name": name}, "spec": {}});
    let mut set = json!({"spec": {"volumeClaimTemplates": [claim("data"), claim("logs")], "template": {"spec": {
        "containers": [{"name": "c", "volumeDevices": [{"name": "data"}]}],
        "volumes": [{"name": "data", "hostPath": {}}, {"name": "x", "emptyDir": {}}],
    }}}});
    assert_eq!(
        shown("apps/v1.StatefulSet", &set),
        ["PersistentVolumeClaim data ClaimTemplate", "PersistentVolumeClaim logs ClaimTemplate"]
    );
    let empty = |name: &str| json!({"name": name, "emptyDir": {}});
    assert_eq!(
        stripped("apps/v1.StatefulSet", set.clone()),
        json!({"spec": {"template": {"spec": {"containers": [{"name": "c"}], "volumes": [empty("x"), empty("data"), empty("logs")]}}}})
    );
    sift(&TracerConfig::default(), &gvk("apps/v1.StatefulSet"), &mut set, &mut |reference| reference.name == "logs");
    assert_eq!(set["spec"]["volumeClaimTemplates"], json!([claim("logs")]));
}

#[test]
fn what_every_cluster_has_stays() {
    let of = |kind, name: &str| Reference::to(kind, name, Via::Volume);
    for (reference, include, strip) in [
        (of(Dependency::ConfigMap, "kube-root-ca.crt"), true, true),
        (of(Dependency::ConfigMap, "other"), true, false),
        (of(Dependency::ServiceAccount, "default"), true, false),
        (of(Dependency::Secret, "default"), true, false),
        (of(Dependency::PriorityClass, "system-node-critical"), true, true),
        (of(Dependency::PriorityClass, "high"), false, false),
        (of(Dependency::PersistentVolumeClaim, "data"), false, false),
    ] {
        let kept = [Deps::Keep, Deps::Include, Deps::Strip].map(|deps| deps.keeps(&reference));
        assert_eq!(kept, [true, include, strip], "{reference:?}");
    }
}

#[test]
fn a_secret_keeps_nothing_but_its_keys() {
    let key = ObjectKey { kind: GroupKind::new("", "Secret"), namespace: "n".into(), name: "s".into() };
    let secret = json!({
        "metadata": {"name": "s", "annotations": {"copy": "hunter2"}, "labels": {"a": "b"}}, "type": "kubernetes.io/tls",
        "data": {"tls.key": "aHVudGVyMg==", "..": "x", "no good": "x"}, "stringData": {"plain": "hunter2"},
    });
    let stub = Value::Object(empty_secret(&key, secret.as_object().unwrap()));
    assert_eq!(
        stub,
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "n"},
            "data": {"tls.key": "", "plain": ""}})
    );
}

#[test]
fn malformed_specs_are_no_reason_to_panic() {
    for odd in [json!(null), json!(1), json!("x"), json!([]), json!([1, null, {}, []])] {
        let fields = ["serviceAccountName", "containers", "volumes", "imagePullSecrets", "priorityClassName"];
        let mut spec: serde_json::Map<String, Value> =
            fields.iter().map(|field| ((*field).to_owned(), odd.clone())).collect();
        spec.insert("initContainers".into(), json!([{"env": odd, "envFrom": odd}, {"env": [{"valueFrom": odd}]}]));
        spec.insert("volumes".into(), json!([{"projected": odd, "secret": odd}, {"projected": {"sources": odd}}, odd]));
        for object in [odd.clone(), json!({"spec": odd}), json!({"spec": spec})] {
            for kind in ["v1.Pod", "apps/v1.StatefulSet"] {
                let object = if kind == "v1.Pod" {
                    object.clone()
                } else {
                    json!({"spec": {"template": object, "volumeClaimTemplates": odd}})
                };
                stripped(kind, object.clone());
                shown(kind, &object);
            }
        }
    }
}

#[test]
fn what_refers_to_anything_may_refer() {
    let config = TracerConfig::default();
    let may = |kind: &str, object: &Value| may_refer(&config, &gvk(kind), object.to_string().as_bytes());
    for (field, value) in needy().as_object().unwrap() {
        let parts = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        for part in parts {
            let part = if value.is_array() { json!([part]) } else { part };
            let object = json!({"spec": {field: part}});
            assert!(shown("v1.Pod", &object).is_empty() || may("v1.Pod", &object), "{object}");
        }
    }
    let account = json!({"spec": {"serviceAccountName": "robot"}});
    let plain = json!({"spec": {"containers": [{"name": "c", "image": "app"}], "volumes": [{"emptyDir": {}}]}});
    assert!(may("v1.Pod", &account) && !may("lab.example.dev/v1.Gang", &account) && !may("v1.Pod", &plain));
}

proptest::proptest! {
    /// A spec of any of the fields in which references stand, however they stand in each other.
    #[test]
    fn nothing_refers_without_being_seen_to(picks in proptest::collection::vec((0usize..30, 0usize..30, 0usize..3), 0..12)) {
        let names = ["containers", "env", "envFrom", "valueFrom", "configMapKeyRef", "secretKeyRef", "configMapRef", "secretRef",
            "volumes", "projected", "sources", "configMap", "secret", "persistentVolumeClaim", "azureFile", "csi", "ephemeral",
            "nodePublishSecretRef", "imagePullSecrets", "serviceAccount", "serviceAccountName", "priorityClassName",
            "runtimeClassName", "volumeClaimTemplates", "secretName", "claimName", "metadata", "name", "spec", "template"];
        let mut value = json!({"name": "x", "secretName": "x", "claimName": "x"});
        for (name, beside, form) in picks {
            value = match form {
                0 => json!({names[name]: value, "name": "x", names[beside]: "x"}),
                1 => json!({names[name]: [value], "name": "x", names[beside]: "x"}),
                _ => json!({names[name]: [value.clone()], names[beside]: value}),
            };
        }
        for kind in ["v1.Pod", "apps/v1.StatefulSet"] {
            let object = json!({"spec": {"template": {"spec": value}, "volumeClaimTemplates": value[names[0]], "volumes": value["volumes"]}});
            let refers = !shown(kind, &object).is_empty();
            proptest::prop_assert!(!refers || may_refer(&TracerConfig::default(), &gvk(kind), object.to_string().as_bytes()));
        }
    }
}
