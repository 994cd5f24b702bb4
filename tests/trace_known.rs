//! The hashes and the sanitising, against what SimKube and a real API server said of a recorded cluster.

#![allow(clippy::unwrap_used, reason = "clippy lets tests unwrap, but not the functions that they share")]

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Map, Value};
use tracer::model::{Gvk, split_api_version};
use tracer::trace::{Sanitize, content, object_hash, pod_spec_hash, pod_update, read_all};

const MIB: u64 = 1 << 20;

fn fixture(name: &str) -> Vec<u8> {
    fs::read(format!("{}/fixtures/trace/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn lines(name: &str) -> Vec<Value> {
    let text = String::from_utf8(fixture(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn gvk(object: &Value) -> Gvk {
    let (group, version) = split_api_version(object["apiVersion"].as_str().unwrap()).unwrap();
    Gvk::new(group, version, object["kind"].as_str().unwrap())
}

fn ns_name(object: &Value) -> String {
    let part = |pointer| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    format!("{}/{}", part("/metadata/namespace"), part("/metadata/name"))
}

/// Every object that a trace of SimKube's applies has the hash of the spec that it was last applied with. (Its index lists
/// objects besides that its starting state lost.)
#[test]
fn object_hashes_are_those_of_simkube() {
    for (name, objects) in [("gangs-middle.sktrace", 29), ("roots-late.sktrace", 19)] {
        let trace = read_all::<Value>(fixture(name).as_slice(), MIB).unwrap();
        let mut last = BTreeMap::new();
        for text in trace.events.iter().flat_map(|event| &event.applied) {
            let object: Value = serde_json::from_slice(&text.text()).unwrap();
            last.insert((gvk(&object), ns_name(&object)), object_hash(object.get("spec")));
        }
        assert_eq!(last.len(), objects, "{name}");
        for ((gvk, object), hash) in last {
            assert_eq!(trace.index[&gvk][&object], hash, "{name}: {gvk} {object}");
        }
    }
}

/// Pods as a real API server served them, under the hashes that SimKube's traces have them under.
#[test]
fn pod_spec_hashes_are_those_of_simkube() {
    let cases = lines("pod_spec_hashes.jsonl");
    assert_eq!(cases.len(), 21);
    for case in cases {
        assert_eq!(pod_spec_hash(&case["spec"]).unwrap(), case["hash"].as_u64().unwrap(), "{}", case["pod"]);
    }
}

#[test]
fn what_is_written_of_recorded_objects() {
    for case in lines("sanitized.jsonl") {
        for (mode, expected) in [(Sanitize::Simkube, &case["simkube"]), (Sanitize::Replay, &case["replay"])] {
            let recorded = &case["recorded"];
            let mut object = recorded.as_object().unwrap().clone();
            mode.object(&gvk(recorded), &mut object);
            assert_eq!(&Value::Object(object.clone()), expected, "{mode:?} {}", recorded["metadata"]["name"]);
            let once = object.clone();
            mode.object(&gvk(recorded), &mut object);
            assert_eq!(object, once, "{mode:?} again");
        }
    }
}

/// A debugging container that was added to a pod is no content of a replay.
#[test]
fn an_ephemeral_container_is_no_update() {
    let cases = lines("sanitized.jsonl");
    let pod = cases.iter().find(|case| case["recorded"]["spec"]["ephemeralContainers"].is_array()).unwrap();
    let mut before = pod["recorded"].as_object().unwrap().clone();
    before["spec"].as_object_mut().unwrap().remove("ephemeralContainers");
    Sanitize::Replay.object(&gvk(&pod["recorded"]), &mut before);
    let update = pod_update(&before["spec"], &pod["replay"]["spec"]);
    assert_eq!((update.spec, update.lossy), (before["spec"].clone(), false));
}

#[test]
fn content_is_the_spec_or_all_the_rest() {
    let object = |text: &str| serde_json::from_str::<Map<String, Value>>(text).unwrap();
    let same = |a: &str, b: &str| content(&object(a)) == content(&object(b));
    assert!(same(
        r#"{"kind":"A","metadata":{"name":"x"},"spec":1,"status":1}"#,
        r#"{"metadata":{},"spec":1,"data":2}"#
    ));
    assert!(!same(r#"{"spec":1}"#, r#"{"spec":2}"#));
    assert!(!same(r#"{"spec":1}"#, r#"{"data":1}"#));
    assert!(same(r#"{"kind":"A","data":{"k":"v"},"status":1}"#, r#"{"spec":null,"data":{"k":"v"}}"#));
    assert!(!same(r#"{"data":{"k":"v"}}"#, r#"{"data":{"k":"w"}}"#));
}
