//! Patches: what servers made of recorded ones, and what holds for every patch.

#![allow(clippy::unwrap_used, reason = "clippy lets tests unwrap, but not the functions that they share")]

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tracer::model::GroupKind;
use tracer::patch::{Dialect, apply};

/// A patch that a server was sent, the object before, and what it answered. Trimmed to what matters.
#[derive(Deserialize)]
struct Recorded {
    what: String,
    kind: String,
    group: String,
    uri: String,
    base: Value,
    patch: Value,
    expected: Value,
}

#[test]
fn recorded_patches_do_what_the_server_did() {
    let lines = include_str!("../fixtures/audit/patches.jsonl").lines();
    let recorded: Vec<Recorded> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    let dialects: Vec<Dialect> = recorded.iter().map(|r| Dialect::detect(&r.patch, &r.uri, &r.group)).collect();
    for dialect in [Dialect::Json, Dialect::Merge, Dialect::Strategic, Dialect::Apply] {
        assert!(dialects.contains(&dialect), "none is {dialect:?}");
    }
    for (recorded, dialect) in recorded.into_iter().zip(dialects) {
        let mut object = recorded.base;
        apply(&mut object, &recorded.patch, dialect, &GroupKind::new(recorded.group, recorded.kind)).unwrap();
        assert_eq!(object, recorded.expected, "{} ({dialect:?})", recorded.what);
    }
}

/// Each property is tried on 400 patches; `PROPTEST_CASES` sets another number.
fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(400);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

const DIALECTS: [Dialect; 4] = [Dialect::Json, Dialect::Merge, Dialect::Strategic, Dialect::Apply];
const FIELDS: [&str; 18] = [
    "a",
    "b",
    "metadata",
    "labels",
    "finalizers",
    "ownerReferences",
    "uid",
    "spec",
    "containers",
    "env",
    "ports",
    "containerPort",
    "name",
    "volumes",
    "nodeSelector",
    "status",
    "conditions",
    "type",
];
const DIRECTIVES: [&str; 8] = [
    "$patch",
    "$retainKeys",
    "$setElementOrder/containers",
    "$setElementOrder/env",
    "$setElementOrder/finalizers",
    "$deleteFromPrimitiveList/finalizers",
    "$deleteFromPrimitiveList/containers",
    "$setElementOrder/",
];
const TEXTS: [&str; 6] = ["a", "b", "c", "delete", "replace", "merge"];

fn pod() -> GroupKind {
    GroupKind::new("", "Pod")
}

/// Any value with keys of these.
fn values(keys: Vec<&'static str>) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..3i64).prop_map(Value::from),
        prop::sample::select(TEXTS.to_vec()).prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        let key = prop::sample::select(keys.clone()).prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::btree_map(key, inner, 0..5).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

fn objects() -> impl Strategy<Value = Value> {
    values(FIELDS.to_vec())
}

fn anything() -> impl Strategy<Value = Value> {
    values([FIELDS.as_slice(), &DIRECTIVES].concat())
}

/// A path that some object has, or may not have.
fn pointers() -> impl Strategy<Value = String> {
    let tokens = [&FIELDS[..], &["0", "1", "-", "-1", "01", "x~1y"]].concat();
    prop::collection::vec(prop::sample::select(tokens), 0..4)
        .prop_map(|tokens| tokens.iter().map(|token| format!("/{token}")).collect())
}

fn operations() -> impl Strategy<Value = Value> {
    let name = prop::sample::select(vec!["add", "remove", "replace", "move", "copy", "test"]);
    let operation = (name, pointers(), pointers(), objects())
        .prop_map(|(op, path, from, value)| json!({"op": op, "path": path, "from": from, "value": value}));
    prop::collection::vec(operation, 0..5).prop_map(Value::Array)
}

fn has_directive(value: &Value) -> bool {
    match value {
        Value::Array(list) => list.iter().any(has_directive),
        Value::Object(map) => map.iter().any(|(key, value)| key.starts_with('$') || has_directive(value)),
        _ => false,
    }
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Array(list) => list.iter().map(without_nulls).collect(),
        Value::Object(map) => {
            let kept = map.iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(key, value)| (key.clone(), without_nulls(value))).collect())
        }
        scalar => scalar.clone(),
    }
}

/// The merge patch that makes one value of another.
fn difference(from: &Value, to: &Value) -> Value {
    let (Value::Object(from), Value::Object(to)) = (from, to) else { return to.clone() };
    let gone = from.keys().filter(|key| !to.contains_key(*key)).map(|key| (key.clone(), Value::Null));
    let changed = to.iter().filter(|(key, value)| from.get(*key) != Some(value));
    let changed =
        changed.map(|(key, value)| (key.clone(), from.get(key).map_or(value.clone(), |f| difference(f, value))));
    gone.chain(changed).collect()
}

/// Some of these, each at most once, in any order.
fn some(names: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::subsequence(names, 0..=names.len()).prop_shuffle()
}

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

/// A list of maps with a merge key, as a client makes it: of each element one thing is asked for, and the order is told of all.
fn keyed_list(field: &'static str, key: &'static str, patch: bool) -> impl Strategy<Value = Map<String, Value>> {
    let element = (0..if patch { 5 } else { 3 }, 0..3i64);
    (some(&NAMES), prop::collection::vec(element, NAMES.len()), any::<bool>()).prop_map(
        move |(names, what, ordered)| {
            let element = |(name, (what, n)): (&&str, &(i32, i64))| match what {
                0 => json!({key: name}),
                1 => json!({key: name, "x": n}),
                2 => json!({key: name, "env": [{"name": "A", "value": n}, {"name": "B"}]}),
                3 => json!({key: name, "$patch": "delete"}),
                _ => json!({key: name, "y": n, "$retainKeys": [key, "y"]}),
            };
            let list: Vec<Value> = names.iter().zip(&what).map(element).collect();
            let mut out = Map::new();
            if patch && ordered {
                let stays = list.iter().filter(|element| element.get("$patch").is_none());
                let order = stays.map(|element| json!({key: element[key]})).collect();
                out.insert(format!("$setElementOrder/{field}"), order);
            }
            out.insert(field.to_owned(), Value::Array(list));
            out
        },
    )
}

fn pods(patch: bool) -> impl Strategy<Value = Value> {
    let finalizers = (some(&NAMES), 0..=NAMES.len(), any::<bool>()).prop_map(move |(names, split, ordered)| {
        let (here, gone) = names.split_at(split.min(names.len()));
        match patch {
            true if ordered => json!({"finalizers": here, "$setElementOrder/finalizers": here,
                "$deleteFromPrimitiveList/finalizers": gone}),
            true => json!({"finalizers": here, "$deleteFromPrimitiveList/finalizers": gone}),
            false => json!({"finalizers": here}),
        }
    });
    let owners = keyed_list("ownerReferences", "uid", patch);
    let spec = (keyed_list("containers", "name", patch), keyed_list("volumes", "name", patch), 0..4i64);
    let conditions = keyed_list("conditions", "type", patch);
    (finalizers, owners, spec, conditions).prop_map(|(mut metadata, owners, (containers, volumes, n), status)| {
        metadata.as_object_mut().unwrap().extend(owners);
        let spec: Map<String, Value> = containers.into_iter().chain(volumes).collect();
        let mut pod = json!({"metadata": metadata, "spec": spec, "status": status});
        match n {
            0 => pod["spec"]["nodeName"] = Value::Null,
            1 => pod["spec"] = Value::Null,
            _ => pod["spec"]["tolerations"] = json!([n]),
        }
        pod
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_patch_panics_and_none_that_fails_changes_anything(object in objects(), patch in anything(), json in operations()) {
        for (patch, dialect) in DIALECTS.iter().map(|dialect| (&patch, *dialect)).chain([(&json, Dialect::Json)]) {
            let mut patched = object.clone();
            if apply(&mut patched, patch, dialect, &pod()).is_err() {
                prop_assert_eq!(&patched, &object, "{:?}", dialect);
            }
            Dialect::detect(patch, "/x?fieldManager=a", "apps");
        }
    }

    #[test]
    fn the_difference_of_two_values_makes_one_of_the_other(from in objects(), to in objects()) {
        let kind = GroupKind::new("example.com", "Widget");
        // Below the top, where nothing is settled as a server settles it; and nulls cannot be patched in.
        let wrap = |value: &Value| without_nulls(&json!({ "spec": value }));
        let (from, to) = (wrap(&from), wrap(&to));
        let mut patched = from.clone();
        apply(&mut patched, &difference(&from, &to), Dialect::Merge, &kind).unwrap();
        prop_assert_eq!(patched, to);
    }

    #[test]
    fn no_directive_is_left(object in objects(), patch in anything(), pod_before in pods(false), pod_patch in pods(true)) {
        for (before, patch) in [(&object, &patch), (&pod_before, &patch), (&pod_before, &pod_patch), (&object, &pod_patch)] {
            let mut patched = before.clone();
            if apply(&mut patched, patch, Dialect::Strategic, &pod()).is_ok() {
                prop_assert!(!has_directive(&patched), "{}", patched);
            }
        }
    }

    /// Holds for patches that ask one thing of each element of a list, and whose lists stand in the order that they tell.
    #[test]
    fn a_strategic_patch_that_was_applied_changes_nothing(before in pods(false), patch in pods(true)) {
        let mut once = before;
        apply(&mut once, &patch, Dialect::Strategic, &pod()).unwrap();
        let mut twice = once.clone();
        apply(&mut twice, &patch, Dialect::Strategic, &pod()).unwrap();
        prop_assert_eq!(twice, once);
    }

    #[test]
    fn what_was_applied_is_there_and_applying_it_again_changes_nothing(before in pods(false), patch in pods(false)) {
        let mut once = before;
        apply(&mut once, &patch, Dialect::Apply, &pod()).unwrap();
        for element in patch["spec"]["containers"].as_array().into_iter().flatten() {
            let containers = once["spec"]["containers"].as_array().unwrap();
            prop_assert_eq!(containers.iter().filter(|c| c["name"] == element["name"]).count(), 1);
        }
        let mut twice = once.clone();
        apply(&mut twice, &patch, Dialect::Apply, &pod()).unwrap();
        prop_assert_eq!(twice, once);
    }
}
