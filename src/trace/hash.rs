//! The two hashes of a trace: of an object's `spec`, and of a pod's spec.
//!
//! Both must be what SimKube computes, bit for bit: its driver looks up the lifecycles of a custom resource's pods by the hash
//! that it computes itself. The rules are those of SimKube's `sk-core/src/jsonutils/hash.rs` (the walk) and
//! `sk-core/src/k8s/pod_ext.rs` (the stable form of a pod's spec). The tests hold known answers: hashes from traces that
//! SimKube itself wrote (`fixtures/trace/pod_spec_hashes.jsonl`, and the indexes of the traces beside it).

use k8s_openapi::api::core::v1::{Container, PodSpec};
use serde::Deserialize;
use serde_json::{Number, Value};

use super::sip::Sip13;
use crate::json::tokens::{Token, Tokens};

/// Volumes of this prefix are put into every pod by the admission of service accounts, each with a name of its own.
pub(super) const TOKEN_VOLUME_PREFIX: &str = "kube-api-access";

/// Why a pod's spec has no hash: it is not what Kubernetes calls a pod's spec.
#[derive(Debug, thiserror::Error)]
#[error("not a pod's spec: {0}")]
pub struct PodSpecError(#[from] serde_json::Error);

/// The hash that the index of a trace holds: of the object's `spec`, of `null` where it has none.
pub fn object_hash(spec: Option<&Value>) -> u64 {
    let mut hasher = Sip13::new();
    walk(spec.unwrap_or(&Value::Null), &mut hasher);
    hasher.finish()
}

/// As [`object_hash`], of the canonical text of a value. `None` where a tree must tell: of what is no such text, and of one with
/// fractions, which serde_json may read a little differently from what it wrote.
pub(super) fn text_hash(text: &str) -> Option<u64> {
    let mut hasher = Sip13::new();
    for token in Tokens::of(text) {
        match token {
            Token::Open { .. } | Token::Close => {}
            Token::Key(text) | Token::String(text) => hasher.str(&text.read()?),
            Token::Scalar("null") => hasher.u64(0),
            Token::Scalar("true") => hasher.bool(true),
            Token::Scalar("false") => hasher.bool(false),
            Token::Scalar(number) => match number.parse() {
                Ok(unsigned) => hasher.u64(unsigned),
                Err(_) => hasher.u64(number.parse::<i64>().ok()?.cast_unsigned()),
            },
        }
    }
    Some(hasher.finish())
}

/// The hash that the pod lifecycles of a trace are grouped by: of the pod's spec in its stable form, which is the same for
/// all pods of one template.
///
/// The spec goes through the typed `PodSpec` of Kubernetes 1.30, whatever served it: SimKube compares that form, in which
/// newer fields are not there.
///
/// # Errors
///
/// When a field has another type than Kubernetes gives it.
pub fn pod_spec_hash(spec: &Value) -> Result<u64, PodSpecError> {
    let stable = stable_pod_spec(PodSpec::deserialize(spec)?);
    Ok(object_hash(Some(&serde_json::to_value(stable)?)))
}

/// What is left of a pod's spec without what admission and the scheduler put there.
fn stable_pod_spec(mut spec: PodSpec) -> PodSpec {
    let volumes = spec.volumes.get_or_insert_default();
    volumes.retain(|volume| !volume.name.starts_with(TOKEN_VOLUME_PREFIX));
    for container in &mut spec.containers {
        drop_token_mounts(container);
        container.ports = None;
    }
    // Their ports stay: SimKube forgets them.
    spec.init_containers.iter_mut().flatten().for_each(drop_token_mounts);
    spec.node_name = None;
    spec.service_account = None;
    spec.service_account_name = None;
    spec
}

fn drop_token_mounts(container: &mut Container) {
    let mounts = container.volume_mounts.get_or_insert_default();
    mounts.retain(|mount| !mount.name.starts_with(TOKEN_VOLUME_PREFIX));
}

/// Feeds a value: scalars by themselves, arrays and objects as the sequence of what they contain, objects in the order of
/// their keys. Depth is bounded by what made the value: serde_json and [`super::read()`] both stop at 128 levels.
fn walk(value: &Value, hasher: &mut Sip13) {
    match value {
        // `None`: a discriminant.
        Value::Null => hasher.u64(0),
        Value::Bool(flag) => hasher.bool(*flag),
        Value::Number(number) => hasher.u64(bits(number)),
        Value::String(text) => hasher.str(text),
        Value::Array(elements) => elements.iter().for_each(|element| walk(element, hasher)),
        Value::Object(members) => {
            // Sorted here too, lest a dependency that turns on serde_json's `preserve_order` change hashes.
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(key, _)| *key);
            for (key, member) in members {
                hasher.str(key);
                walk(member, hasher);
            }
        }
    }
}

/// What serde_json's `Number` feeds to a hasher: the integer, or the bits of the float, both zeros as one.
fn bits(number: &Number) -> u64 {
    if let Some(unsigned) = number.as_u64() {
        return unsigned;
    }
    if let Some(signed) = number.as_i64() {
        return signed.cast_unsigned();
    }
    match number.as_f64() {
        Some(float) if float != 0.0 => float.to_bits(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::hash_map::DefaultHasher;
    use std::hash::{Hash, Hasher};

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn std_hash(value: impl Hash) -> u64 {
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        hasher.finish()
    }

    #[test]
    fn scalars_hash_as_std_and_serde_json_hash_them() {
        for number in [json!(0), json!(7), json!(-7), json!(u64::MAX), json!(i64::MIN), json!(1.5), json!(-0.0)] {
            assert_eq!(object_hash(Some(&number)), std_hash(number.as_number().unwrap()), "{number}");
        }
        assert_eq!(object_hash(Some(&json!(true))), std_hash(true));
        assert_eq!(object_hash(Some(&json!("grüße"))), std_hash("grüße"));
        assert_eq!(object_hash(None), std_hash(None::<()>));
    }

    #[test]
    fn an_object_without_spec_has_the_hash_of_null() {
        assert_eq!(object_hash(None), object_hash(Some(&Value::Null)));
    }

    #[test]
    fn members_are_walked_in_the_order_of_keys() {
        let expected = std_hash(("a", 1u64, "b", true));
        assert_eq!(object_hash(Some(&json!({"b": true, "a": 1}))), expected);
        assert_eq!(object_hash(Some(&json!([{"a": 1}, {"b": [true]}]))), expected, "brackets are not fed");
    }

    proptest! {
        #[test]
        fn of_a_text_it_is_that_of_the_tree(value in crate::json::tests::any_json()) {
            let text = value.to_string();
            let tree: Value = serde_json::from_str(&text).unwrap();
            if let Some(hash) = text_hash(&text) {
                prop_assert_eq!(hash, object_hash(Some(&tree)));
            } else {
                prop_assert!(text.contains('.') || text.contains('e'), "there are fractions in it");
            }
        }
    }

    #[test]
    fn a_spec_of_another_shape_is_an_error() {
        for spec in [json!(null), json!("x"), json!([]), json!({"containers": 3}), json!({"containers": [{"name": 1}]})]
        {
            assert!(pod_spec_hash(&spec).is_err(), "{spec}");
        }
    }

    #[test]
    fn what_admission_and_the_scheduler_add_changes_nothing() {
        let mounts = |name: &str| json!([{"name": name, "mountPath": "/x"}]);
        let plain = json!({"containers": [{"name": "c"}], "initContainers": [{"name": "i"}]});
        let full = json!({
            "nodeName": "n", "serviceAccount": "s", "serviceAccountName": "s", "fieldOfTomorrow": 1,
            "volumes": [{"name": "kube-api-access-x", "emptyDir": {}}],
            "containers": [{"name": "c", "ports": [{"containerPort": 1}], "volumeMounts": mounts("kube-api-access-x")}],
            "initContainers": [{"name": "i", "volumeMounts": mounts("kube-api-access-x")}],
        });
        let hash = |spec: &Value| pod_spec_hash(spec).unwrap();
        assert_eq!(hash(&plain), hash(&full));
        let other = json!({"containers": [{"name": "c", "volumeMounts": mounts("data")}]});
        assert_ne!(hash(&plain), hash(&other));
    }
}
