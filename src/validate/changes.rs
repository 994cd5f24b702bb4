//! How an object changes over a trace.

use serde_json::{Value, json};

use super::finding::Name;
use super::{Place, Rule};
use crate::trace::{object_hash, pod_update};

/// A pod is given so many seconds to end, unless it says otherwise.
const GRACE: i64 = 30;

/// What is known of an object from the events so far.
#[derive(Debug, Default)]
pub(super) struct Before {
    /// The first event that applies it, and the last.
    applied: Option<(Place, Place)>,
    deleted: Option<i64>,
    /// The object hash of its last spec.
    hash: u64,
    /// The last spec of a pod, as text: trees take several times as much.
    pod: Option<Box<[u8]>>,
    /// The hash of the fields that cannot change.
    fixed: Option<u64>,
    /// Whether its controller removes it some time after its end.
    mortal: bool,
}

impl Before {
    /// Takes the next version of the object.
    pub fn apply(&mut self, place: Place, name: &Name, object: &Value, found: &mut dyn FnMut(Rule, String)) {
        let spec = object.get("spec");
        let is_pod = name.gvk.group_kind().is("", "Pod");
        let was_there = self.is_there();
        let fixed = object_hash(Some(&fixed_fields(name, spec.unwrap_or(&Value::Null))));
        if was_there && self.fixed.is_some_and(|before| before != fixed) {
            found(Rule::Immutable, String::new());
        }
        let before: Option<Value> = self.pod.as_ref().and_then(|text| serde_json::from_slice(text).ok());
        if let (true, Some(before), Some(spec)) = (was_there, &before, spec) {
            let update = pod_update(before, spec);
            if update.lossy {
                found(Rule::PodUpdate, differing(&update.spec, spec));
            }
        }
        if let (true, Some(deleted)) = (is_pod, self.deleted) {
            let grace = before.as_ref().and_then(|pod| pod.get("terminationGracePeriodSeconds"));
            let grace = grace.and_then(Value::as_i64).unwrap_or(GRACE);
            if place.1.saturating_sub(deleted) < grace {
                found(Rule::RecreatedSoon, format!("{} s after its deletion", place.1.saturating_sub(deleted)));
            }
        }
        self.applied = Some((self.applied.map_or(place, |(first, _)| first), place));
        self.deleted = None;
        self.hash = object_hash(spec);
        self.fixed = Some(fixed);
        self.pod = spec.filter(|_| is_pod).map(|spec| spec.to_string().into_bytes().into());
        let ttl = spec.and_then(|spec| spec.get("ttlSecondsAfterFinished"));
        self.mortal = name.gvk.group_kind().is("batch", "Job") && ttl.is_some_and(Value::is_number);
    }

    /// Takes its deletion, and gives whether its controller may have removed it before.
    pub fn delete(&mut self, (_, ts): Place) -> bool {
        self.deleted = Some(ts);
        self.mortal
    }

    /// Whether it is there.
    pub fn is_there(&self) -> bool {
        self.applied.is_some() && self.deleted.is_none()
    }

    /// The first event that applies it.
    pub fn first(&self) -> Place {
        self.applied.map_or((0, 0), |(first, _)| first)
    }

    /// The last event that applies it.
    pub fn last(&self) -> Place {
        self.applied.map_or((0, 0), |(_, last)| last)
    }

    /// The hash of its last spec.
    pub fn hash(&self) -> u64 {
        self.hash
    }
}

/// The fields of a spec that a server lets nobody change.
fn fixed_fields(name: &Name, spec: &Value) -> Value {
    let fields: &[&str] = match (&*name.gvk.group, &*name.gvk.kind) {
        ("apps", "Deployment" | "DaemonSet" | "ReplicaSet") => &["selector"],
        ("apps", "StatefulSet") => &["selector", "serviceName", "podManagementPolicy", "volumeClaimTemplates"],
        ("batch", "Job") => &["selector", "completionMode"],
        _ => &[],
    };
    json!(fields.iter().map(|field| spec.get(*field)).collect::<Vec<_>>())
}

/// The fields in which two specs differ.
pub(super) fn differing(one: &Value, other: &Value) -> String {
    let (Some(one), Some(other)) = (one.as_object(), other.as_object()) else { return "spec".to_owned() };
    let mut fields: Vec<&str> =
        one.iter().filter(|(key, value)| other.get(*key) != Some(value)).map(|(key, _)| key.as_str()).collect();
    fields.extend(other.keys().filter(|key| !one.contains_key(*key)).map(String::as_str));
    fields.sort_unstable();
    fields.iter().map(|field| format!("spec.{field}")).collect::<Vec<_>>().join(", ")
}
