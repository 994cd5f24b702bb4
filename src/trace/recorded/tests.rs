use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::blobs::Blobs;
use crate::json::tests::any_json;

const KINDS: [&str; 9] = [
    "v1.Pod",
    "batch/v1.Job",
    "batch/v1.CronJob",
    "v1.Service",
    "v1.PersistentVolumeClaim",
    "v1.ConfigMap",
    "apps/v1.Deployment",
    "apps/v1.ReplicaSet",
    "lab.example.dev/v1.Gang",
];

/// The object by its text, if it has one, and by a tree.
fn both(
    sanitize: Sanitize,
    kind: &str,
    name: &str,
    [metadata, content, status]: [&Value; 3],
) -> (Option<String>, String) {
    let (blobs, gvk) = (Blobs::default(), kind.parse().unwrap());
    let blob = |value: &Value| value.is_object().then(|| blobs.intern_value(value).unwrap());
    let (metadata, content, status) = (blob(metadata).unwrap_or(blobs.empty()), blob(content), blob(status));
    let recorded = Recorded {
        gvk: &gvk,
        name,
        namespace: "n",
        metadata: &metadata,
        content: content.as_ref(),
        status: status.as_ref(),
    };
    let object = recorded.object(sanitize, &Types::of(&gvk));
    let (tree, mut appended) = (recorded.tree(sanitize), Vec::new());
    if let Some((object, hash)) = &object {
        object.append(&mut appended);
        assert_eq!(object.text(), appended);
        assert_eq!(*object, Object::of(&tree));
        assert_eq!(*hash, object_hash(tree.get("spec")));
        assert_eq!(object.tree(), tree);
    }
    (object.map(|(object, _)| String::from_utf8(object.text().into_owned()).unwrap()), Value::Object(tree).to_string())
}

fn check(sanitize: Sanitize, kind: &str, name: &str, parts: [&Value; 3]) -> bool {
    let (text, tree) = both(sanitize, kind, name, parts);
    if let Some(text) = &text {
        assert_eq!(text, &tree, "{kind}");
    }
    text.is_some()
}

#[test]
fn contents_that_stay_are_shared_and_others_are_not() {
    let (none, spec) = (json!({}), json!({"spec": {"replicas": 1, "a": "1.5"}, "zone": 1, "a": 2}));
    let shared = |sanitize, kind: &str, content: &Value| check(sanitize, kind, "x", [&none, content, &json!({"e": 1})]);
    for kind in KINDS {
        assert_eq!(shared(Sanitize::Simkube, kind, &spec), kind != "v1.Pod", "{kind}");
        let special = ["v1.Pod", "batch/v1.Job", "v1.Service", "v1.PersistentVolumeClaim"].contains(&kind);
        assert_eq!(shared(Sanitize::Replay, kind, &spec), !special, "{kind}");
    }
    for content in [json!({"spec": 1.5}), json!({"a": [-0.0]}), json!({"kind": "x"}), json!({"status": {}})] {
        assert!(!shared(Sanitize::Replay, "apps/v1.Deployment", &content), "{content}");
    }
}

#[test]
fn metadata_of_any_shape_is_what_it_is_as_a_tree() {
    let odd = [
        json!({"name": 3, "labels": {"a": 1, "b": "c", "\"\n": "\\"}, "annotations": "x", "finalizers": [1, "f"],
            "ownerReferences": ["x", {"kind": 1, "name": "a", "controller": "yes", "extra": {}}, {}], "selfLink": "s"}),
        json!({"labels": {"a": 1}, "ownerReferences": [1, "x"], "finalizers": [], "generateName": [], "uid": "u", "A": 1}),
        json!({"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "z": "1",
            "deployment.kubernetes.io/revision": "1"}, "zzz": {}}),
        json!({"annotations": {"deployment.kubernetes.io/revision": "1"}, "labels": {}, "namespace": {}}),
        json!({"ownerReferences": {"kind": "x"}, "labels": ["x"], "finalizers": {"a": "b"}, "selfLink": 1}),
    ];
    for (metadata, name) in odd.iter().flat_map(|metadata| ["x", "\"\u{1}\\", ""].map(|name| (metadata, name))) {
        for sanitize in [Sanitize::Replay, Sanitize::Simkube] {
            assert!(check(sanitize, "apps/v1.Deployment", name, [metadata, &json!({}), &json!(null)]), "{metadata}");
        }
    }
}

/// Members of metadata and of bodies under the names that matter, of the right shapes and of any.
fn members(names: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let text = "[a\"\\\\é\n]{0,6}";
    let name = prop_oneof![3 => prop::sample::select(names).prop_map(str::to_owned), 1 => text];
    let texts = || prop::collection::vec((name.clone(), text.prop_map(Value::from)), 0..4);
    let map = texts().prop_map(|members| Value::Object(members.into_iter().collect()));
    let value = prop_oneof![
        map.clone(),
        any_json(),
        text.prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        prop::collection::vec(map, 0..3).prop_map(Value::from),
    ];
    let value = prop_oneof![
        value.clone(),
        prop::collection::vec((name.clone(), value.clone()), 0..5)
            .prop_map(|members| Value::Object(members.into_iter().collect())),
        prop::collection::vec(value, 0..3).prop_map(Value::from),
    ];
    prop::collection::vec((name, value), 0..6).prop_map(|members| Value::Object(members.into_iter().collect()))
}

const OF_METADATA: &[&str] = &[
    "name",
    "namespace",
    "generateName",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "selfLink",
    "uid",
    "kind",
    "apiVersion",
    "controller",
    "blockOwnerDeletion",
    "deployment.kubernetes.io/revision",
    "kubectl.kubernetes.io/last-applied-configuration",
];

const OF_CONTENT: &[&str] = &[
    "spec",
    "data",
    "template",
    "selector",
    "kind",
    "status",
    "metadata",
    "labels",
    "nodeName",
    "manualSelector",
    "ports",
];

proptest! {
    #[test]
    fn texts_and_trees_agree(
        metadata in members(OF_METADATA),
        content in members(OF_CONTENT),
        status in prop_oneof![Just(Value::Null), any_json()],
        kind in prop::sample::select(&KINDS[..]),
        simkube in any::<bool>(),
        name in "[a\"\\\\é\n]{0,6}",
    ) {
        let sanitize = if simkube { Sanitize::Simkube } else { Sanitize::Replay };
        check(sanitize, kind, &name, [&metadata, &content, &status]);
    }

    #[test]
    fn contents_are_compared_as_trees_are(a in members(OF_CONTENT), b in members(OF_CONTENT), one in any::<bool>()) {
        let (blobs, gvk): (_, Gvk) = (Blobs::default(), "apps/v1.Deployment".parse().unwrap());
        let mut b = b;
        if let (true, Some(spec)) = (one, a.get("spec")) {
            b["spec"] = spec.clone();
        }
        let [a, b] = [a, b].map(|content| blobs.intern_value(&content).unwrap());
        let of = |content: &Blob| {
            let metadata = blobs.empty();
            let recorded = Recorded { gvk: &gvk, name: "x", namespace: "n", metadata: &metadata, content: Some(content), status: None };
            (recorded.object(Sanitize::Replay, &Types::of(&gvk)), recorded.tree(Sanitize::Replay))
        };
        let ((a, a_tree), (b, b_tree)) = (of(&a), of(&b));
        if let (Some((a, _)), Some((b, _))) = (a, b) {
            let same = crate::trace::content(&a_tree) == crate::trace::content(&b_tree);
            prop_assert_eq!(a.has_content_of(&b), Some(same));
        }
    }
}
