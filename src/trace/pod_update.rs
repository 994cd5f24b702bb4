//! What a later version of a pod may say in a trace.
//!
//! A replay can only update pods, and an API server refuses all but a few changes (`ValidatePodUpdate` in Kubernetes'
//! `pkg/apis/core/validation`; the rest goes through subresources such as `resize`, which a replay does not use). So a later
//! spec is not written as recorded: what may change is laid over what was written before. What is written for a pod is a
//! chain in which every step is a valid update of the one before, whatever was recorded.

use serde_json::{Map, Value};

/// What is to be written of a later version of a pod.
#[derive(Clone, Debug, PartialEq)]
pub struct PodUpdate {
    /// The spec to write. Equal to the previous one when nothing is left of the change, which then is no event.
    pub spec: Value,
    /// Whether `spec` differs from what was recorded: something else changed, now or earlier, that cannot be written.
    pub lossy: bool,
}

/// Lays over the spec that was written last what a plain update may change in it:
///
/// - the images of containers and init containers, matched by name;
/// - `activeDeadlineSeconds`: it may be set, or lowered;
/// - `terminationGracePeriodSeconds`: from a negative number to 1, that is all that a server takes;
/// - tolerations: they may be added. A server would take another `tolerationSeconds` too, but that is no addition;
/// - scheduling gates: they may be removed, and a pod that kept one would never run.
///
/// Both specs are sanitised ones. A spec that is no map is not written at all: the previous one stays.
pub fn pod_update(previous: &Value, next: &Value) -> PodUpdate {
    let mut spec = previous.clone();
    if let (Value::Object(spec), Value::Object(next)) = (&mut spec, next) {
        for list in ["containers", "initContainers"] {
            lay_images(spec, next, list);
        }
        lay_seconds(spec, next, "activeDeadlineSeconds", may_set_deadline);
        lay_seconds(spec, next, "terminationGracePeriodSeconds", |old, new| old.is_some_and(|old| old < 0) && new == 1);
        lay_tolerations(spec, next);
        lay_gates(spec, next);
    }
    let lossy = spec != *next;
    PodUpdate { spec, lossy }
}

/// A deadline is an `int32` of seconds in the API; unset may become any, any may become less.
fn may_set_deadline(old: Option<i64>, new: i64) -> bool {
    (0..=i64::from(i32::MAX)).contains(&new) && old.is_none_or(|old| new <= old)
}

fn lay_images(spec: &mut Map<String, Value>, next: &Map<String, Value>, list: &str) {
    let (Some(Value::Array(old)), Some(Value::Array(new))) = (spec.get_mut(list), next.get(list)) else { return };
    for container in old.iter_mut().filter_map(Value::as_object_mut) {
        let Some(name @ Value::String(_)) = container.get("name") else { continue };
        let image = new.iter().rev().find(|other| other.get("name") == Some(name)).and_then(|other| other.get("image"));
        if let Some(image @ Value::String(_)) = image {
            container.insert("image".into(), image.clone());
        }
    }
}

fn lay_seconds(
    spec: &mut Map<String, Value>,
    next: &Map<String, Value>,
    key: &str,
    may: impl Fn(Option<i64>, i64) -> bool,
) {
    let old = spec.get(key).filter(|value| !value.is_null());
    let Some(new) = next.get(key).and_then(Value::as_i64) else { return };
    // An old value that is no integer is none that a server ever accepted: nothing is said of what may follow it.
    let allowed = match old {
        None => may(None, new),
        Some(old) => old.as_i64().is_some_and(|old| may(Some(old), new)),
    };
    if allowed {
        spec.insert(key.into(), new.into());
    }
}

fn lay_tolerations(spec: &mut Map<String, Value>, next: &Map<String, Value>) {
    let Some(Value::Array(new)) = next.get("tolerations") else { return };
    let only_added = match spec.get("tolerations") {
        None | Some(Value::Null) => true,
        Some(Value::Array(old)) => old.iter().all(|toleration| new.contains(toleration)),
        Some(_) => false,
    };
    if only_added && !new.is_empty() {
        spec.insert("tolerations".into(), Value::Array(new.clone()));
    }
}

fn lay_gates(spec: &mut Map<String, Value>, next: &Map<String, Value>) {
    const GATES: &str = "schedulingGates";
    let left = next.get(GATES).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let Some(Value::Array(gates)) = spec.get_mut(GATES) else { return };
    gates.retain(|gate| left.contains(gate));
    if gates.is_empty() {
        spec.remove(GATES);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with(extra: Value) -> Value {
        let mut spec = json!({"containers": [{"name": "a", "image": "a:1"}, {"name": "b", "image": "b:1"}]});
        spec.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        spec
    }

    /// Each row: previous, next, what is written, whether something is lost.
    #[test]
    fn only_what_a_plain_update_may_change_is_written() {
        let toleration = |key: &str, seconds: i64| json!({"key": key, "tolerationSeconds": seconds});
        let two = |a: Value, b: Value| with(json!({"tolerations": [a, b]}));
        let one = |a: Value| with(json!({"tolerations": [a]}));
        let deadline = |seconds: Value| with(json!({"activeDeadlineSeconds": seconds}));
        let grace = |seconds: Value| with(json!({"terminationGracePeriodSeconds": seconds}));
        let images =
            |a: &str, b: &str| with(json!({"containers": [{"name": "a", "image": a}, {"name": "b", "image": b}]}));
        let inits = |image: &str| with(json!({"initContainers": [{"name": "i", "image": image}]}));
        let sized = |image: &str, cpu: &str| {
            with(json!({"containers": [{"name": "a", "image": image, "resources": {"requests": {"cpu": cpu}}}]}))
        };
        let gates = |names: &[&str]| {
            let gates: Vec<Value> = names.iter().map(|name| json!({ "name": name })).collect();
            with(json!({ "schedulingGates": gates }))
        };
        let plain = || with(json!({}));
        let rows = [
            (gates(&["a", "b"]), gates(&["b"]), gates(&["b"]), false),
            (gates(&["a"]), plain(), plain(), false),
            (plain(), gates(&["a"]), plain(), true),
            (plain(), plain(), plain(), false),
            (images("a:1", "b:1"), images("a:2", "b:1"), images("a:2", "b:1"), false),
            (inits("i:1"), inits("i:2"), inits("i:2"), false),
            // Matched by name; a container that is new is not written.
            (
                plain(),
                with(json!({"containers": [{"name": "b", "image": "b:2"}, {"name": "c", "image": "c:1"}]})),
                images("a:1", "b:2"),
                true,
            ),
            (sized("a:1", "1"), sized("a:2", "2"), sized("a:2", "1"), true),
            (plain(), deadline(json!(9)), deadline(json!(9)), false),
            (deadline(Value::Null), deadline(json!(9)), deadline(json!(9)), false),
            (deadline(json!(9)), deadline(json!(5)), deadline(json!(5)), false),
            (deadline(json!(9)), deadline(json!(10)), deadline(json!(9)), true),
            (deadline(json!(9)), plain(), deadline(json!(9)), true),
            (plain(), deadline(json!(-1)), plain(), true),
            (plain(), deadline(json!(1i64 << 31)), plain(), true),
            (plain(), deadline(json!("9")), plain(), true),
            (grace(json!(-1)), grace(json!(1)), grace(json!(1)), false),
            (grace(json!(30)), grace(json!(1)), grace(json!(30)), true),
            (plain(), grace(json!(1)), plain(), true),
            (plain(), one(toleration("x", 1)), one(toleration("x", 1)), false),
            (
                one(toleration("x", 1)),
                two(toleration("y", 1), toleration("x", 1)),
                two(toleration("y", 1), toleration("x", 1)),
                false,
            ),
            (
                two(toleration("x", 1), toleration("y", 1)),
                one(toleration("x", 1)),
                two(toleration("x", 1), toleration("y", 1)),
                true,
            ),
            (one(toleration("x", 1)), one(toleration("x", 2)), one(toleration("x", 1)), true),
            (one(toleration("x", 1)), plain(), one(toleration("x", 1)), true),
            (plain(), with(json!({"hostname": "h"})), plain(), true),
        ];
        for (row, (previous, next, spec, lossy)) in rows.into_iter().enumerate() {
            assert_eq!(pod_update(&previous, &next), PodUpdate { spec, lossy }, "row {row}");
        }
    }

    #[test]
    fn malformed_specs_leave_the_previous_one() {
        let good = with(json!({"tolerations": [{"key": "x"}]}));
        let odd = [
            json!(null),
            json!("spec"),
            json!({"containers": "x", "tolerations": {}}),
            json!({"containers": [1, {"name": 2}, {"name": "a", "image": 3}], "activeDeadlineSeconds": [], "tolerations": 1}),
        ];
        for odd in odd {
            assert_eq!(pod_update(&good, &odd), PodUpdate { spec: good.clone(), lossy: true }, "{odd}");
            let back = pod_update(&odd, &good);
            assert!(back.lossy, "{odd}");
        }
    }
}
