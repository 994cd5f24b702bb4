//! A trace without what can be taken out of it, or put right, at no loss: nothing of it would have come of a replay.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

use super::finding::Name;
use super::{gvk, no_config, object};
use crate::config::TracerConfig;
use crate::dependencies::pod_specs;
use crate::model::Gvk;
use crate::trace::{Event, Index, Object, Sanitize, Trace, object_hash, pod_update};

/// Puts a trace right: takes out what servers set, ignore or refuse; changes of pods that no update can make; deletions of
/// what is not there; what one event applies twice; ReplicaSets from the config; and makes the index anew.
/// What is wrong besides stays.
pub fn fix(trace: &mut Trace<Value>) {
    if let Some(tracked) = trace.config.get_mut("trackedObjects").and_then(Value::as_object_mut) {
        tracked.remove(&Gvk::new("apps", "v1", "ReplicaSet").to_string());
    }
    let config = serde_json::from_value(trace.config.clone()).unwrap_or_else(|_| no_config());
    let mut fixer = Fixer { config, written: HashMap::new() };
    trace.events.iter_mut().for_each(|event| fixer.event(event));
    let mut index = Index::new();
    for (name, written) in fixer.written.into_iter().collect::<BTreeMap<_, _>>() {
        index.entry(name.gvk).or_default().insert(name.ns_name, written.hash);
    }
    trace.index = index;
}

struct Fixer {
    config: TracerConfig,
    written: HashMap<Name, Written>,
}

/// What was written last of an object.
#[derive(Default)]
struct Written {
    there: bool,
    hash: u64,
    /// Of a pod.
    spec: Option<Value>,
}

impl Fixer {
    fn event(&mut self, event: &mut Event) {
        let mut last: HashMap<Name, Object> = HashMap::new();
        let mut applied: Vec<Object> = Vec::with_capacity(event.applied.len());
        for object in event.applied.drain(..) {
            let tree = Value::Object(object.tree());
            let Ok(name) = object::name(&tree) else {
                applied.push(object);
                continue;
            };
            let Some(object) = self.applied(&name, tree) else { continue };
            if last.get(&name) != Some(&object) {
                last.insert(name, object.clone());
                applied.push(object);
            }
        }
        event.applied = applied;
        event.deleted.retain(|deleted| {
            let Some(gvk) = gvk(&deleted.api_version, &deleted.kind) else { return true };
            let name = Name { gvk, ns_name: format!("{}/{}", deleted.namespace, deleted.name) };
            self.written.get_mut(&name).is_some_and(|written| std::mem::replace(&mut written.there, false))
        });
    }

    /// An object as it is to be written; nothing where nothing is left of a change.
    fn applied(&mut self, name: &Name, mut object: Value) -> Option<Object> {
        if let Value::Object(members) = &mut object {
            Sanitize::Replay.object(&name.gvk, members);
        }
        pod_specs(&self.config, &name.gvk, &mut object).into_iter().for_each(without_numbers);
        let written = self.written.entry(name.clone()).or_default();
        let is_pod = name.gvk.group_kind().is("", "Pod");
        if let (true, true, Some(before), Some(spec)) = (is_pod, written.there, &written.spec, object.get("spec")) {
            let update = pod_update(before, spec);
            if update.lossy && update.spec == *before {
                return None;
            }
            object["spec"] = update.spec;
        }
        let spec = object.get("spec");
        *written = Written { there: true, hash: object_hash(spec), spec: spec.filter(|_| is_pod).cloned() };
        object.as_object().map(Object::of)
    }
}

/// Without the numbers that come of a class, where there is none.
fn without_numbers(spec: &mut Map<String, Value>) {
    if spec.get("priorityClassName").and_then(Value::as_str).is_none_or(str::is_empty) {
        if spec.get("priority").and_then(Value::as_i64).is_some_and(|number| number != 0) {
            spec.remove("priority");
        }
        if spec.get("preemptionPolicy").and_then(Value::as_str) == Some("Never") {
            spec.remove("preemptionPolicy");
        }
    }
}
