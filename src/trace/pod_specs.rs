//! The hashes of many pods' specs.
//!
//! The hash goes through a typed spec, which costs more than all else that is done with a pod. But the pods of a template differ
//! in nothing that it tells: each has a node, and a token volume of a name of its own. So these are levelled in the text, and
//! of equal texts the hash is computed once.

use std::collections::HashMap;

use serde_json::Value;

use super::hash::{TOKEN_VOLUME_PREFIX, pod_spec_hash};
use crate::blobs::Blob;
use crate::fingerprint::{ByFingerprint, Fingerprints};
use crate::json::compose::{merge, verbatim};
use crate::json::{self, Raw};

/// The hashes of pods' specs, see [`pod_spec_hash`].
pub struct PodSpecHashes {
    fingerprints: Fingerprints,
    /// By the levelled text.
    known: HashMap<u128, Option<u64>, ByFingerprint>,
    levelled: Vec<u8>,
}

impl PodSpecHashes {
    /// None yet; texts are known by these fingerprints.
    pub fn new(fingerprints: Fingerprints) -> Self {
        PodSpecHashes { fingerprints, known: HashMap::default(), levelled: Vec::new() }
    }

    /// The hash of the spec in a pod's content; `None` when it has none, or one that is no pod's spec.
    pub fn of(&mut self, content: &Blob) -> Option<u64> {
        let spec = content.at(&["spec"])?;
        self.levelled.clear();
        if level(spec, &mut self.levelled).is_none() {
            return hash(spec.get().as_bytes());
        }
        let fingerprint = self.fingerprints.of(&self.levelled);
        *self.known.entry(fingerprint).or_insert_with(|| hash(&self.levelled))
    }
}

fn hash(spec: &[u8]) -> Option<u64> {
    let spec: Value = serde_json::from_slice(spec).ok()?;
    pod_spec_hash(&spec).ok()
}

/// Appends a spec of the same hash, or as unfit for one, which pods of one template have in common: strings that count for
/// nothing are left out or made the same, and nothing else is touched.
fn level(spec: Raw<'_>, out: &mut Vec<u8>) -> Option<()> {
    let member = |key: &str, value: Raw<'_>, out: &mut Vec<u8>| match key {
        "nodeName" if value.get().starts_with('"') => None,
        "volumes" => elements(value, out, named),
        "containers" | "initContainers" => elements(value, out, container),
        _ => verbatim(value, out),
    };
    merge(spec, &[], member, out)
}

fn container(container: Raw<'_>, out: &mut Vec<u8>) -> Option<()> {
    let member = |key: &str, value: Raw<'_>, out: &mut Vec<u8>| match key {
        "volumeMounts" => elements(value, out, named),
        _ => verbatim(value, out),
    };
    members(container, out, member)
}

/// A volume or a mount of one.
fn named(volume: Raw<'_>, out: &mut Vec<u8>) -> Option<()> {
    let is_token =
        |name: Raw<'_>| name.get().strip_prefix('"').is_some_and(|name| name.starts_with(TOKEN_VOLUME_PREFIX));
    members(volume, out, |key, value, out| {
        if key == "name" && is_token(value) {
            out.push(b'"');
            out.extend_from_slice(TOKEN_VOLUME_PREFIX.as_bytes());
            out.push(b'"');
            return Some(());
        }
        verbatim(value, out)
    })
}

/// The members of a map; anything else stays.
fn members<'t>(
    value: Raw<'t>,
    out: &mut Vec<u8>,
    member: impl FnMut(&str, Raw<'t>, &mut Vec<u8>) -> Option<()>,
) -> Option<()> {
    if value.get().starts_with('{') { merge(value, &[], member, out) } else { verbatim(value, out) }
}

/// The elements of a list; anything else stays.
fn elements(value: Raw<'_>, out: &mut Vec<u8>, element: fn(Raw<'_>, &mut Vec<u8>) -> Option<()>) -> Option<()> {
    let Ok(elements) = json::elements(value) else { return verbatim(value, out) };
    out.push(b'[');
    for (i, value) in elements.into_iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        element(value, out)?;
    }
    out.push(b']');
    Some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::blobs::Blobs;
    use crate::json::tests::any_json;

    /// Holds the hashes of specs against those that each has by itself. Gives how many had to be computed.
    fn check(specs: &[Value]) -> usize {
        let blobs = Blobs::default();
        let mut hashes = PodSpecHashes::new(blobs.fingerprints());
        for spec in specs {
            let content = blobs.intern_value(&json!({"spec": spec})).unwrap();
            let by_itself = content.object().get("spec").and_then(|spec| pod_spec_hash(spec).ok());
            assert_eq!(hashes.of(&content), by_itself, "{spec}");
        }
        hashes.known.len()
    }

    #[test]
    fn pods_of_a_template_are_hashed_once() {
        let pod = |node: &str, token: &str, image: &str| {
            let mounts = json!([{"name": format!("kube-api-access-{token}"), "mountPath": "/x"}, {"name": "data", "mountPath": "/y"}]);
            json!({
                "nodeName": node, "serviceAccountName": "robot",
                "volumes": [{"name": format!("kube-api-access-{token}"), "projected": {"sources": []}}, {"name": "data"}],
                "containers": [{"name": "c", "image": image, "volumeMounts": mounts}],
                "initContainers": [{"name": "i", "volumeMounts": mounts}],
            })
        };
        assert_eq!(
            check(&[pod("a", "abcde", "x"), pod("b", "fghij", "x"), pod("b", "fghij", "y"), pod("a", "1", "y")]),
            2
        );
    }

    #[test]
    fn what_looks_like_a_token_is_one_only_where_tokens_are() {
        let env = |value: &str| {
            json!({"containers": [{"name": value, "env": [{"name": value, "value": value}],
                "volumeMounts": [{"name": "x", "mountPath": value}]}], "volumes": [{"name": "x", "secret": {"secretName": value}}]})
        };
        assert_eq!(check(&[env("kube-api-access-a"), env("kube-api-access-b")]), 2);
    }

    #[test]
    fn what_is_no_spec_has_no_hash() {
        let nodes =
            [json!("a"), json!(1), json!(null), json!({})].map(|node| json!({"containers": [], "nodeName": node}));
        let volumes = [
            json!([]),
            json!([1]),
            json!({}),
            json!(null),
            json!([{"name": 1}]),
            json!([{"name": "kube-api-access", "x": 1}]),
            json!([{"name": "kube-api-access-x", "secret": 1}]),
        ]
        .map(|volumes| json!({"containers": [], "volumes": volumes}));
        let containers = [
            json!([]),
            json!([1]),
            json!({}),
            json!([{"name": "c", "volumeMounts": {}}]),
            json!([{"name": "c", "volumeMounts": [1]}]),
        ]
        .map(|containers| json!({"containers": containers}));
        check(&[&nodes[..], &volumes, &containers, &[json!(null), json!("x"), json!([])]].concat());
    }

    proptest! {
        #[test]
        fn the_hashes_are_those_of_each_by_itself(
            values in prop::collection::vec((0usize..9, any_json(), prop::option::of("kube-api-acces[s-]{0,3}[ab\"]{0,2}")), 1..20),
        ) {
            let fields = ["nodeName", "volumes", "containers", "initContainers", "volumeMounts", "name", "hostname", "image", "x"];
            let specs: Vec<Value> = values.into_iter().map(|(field, value, name)| {
                let name = name.map_or(value, Value::from);
                let named = json!([{"name": name, "mountPath": "/x"}]);
                json!({
                    "containers": [{"name": "c", "volumeMounts": named, fields[field]: name}], "volumes": [{"name": name}],
                    fields[(field + 2) % 9]: named, fields[field]: name,
                })
            }).collect();
            check(&specs);
        }
    }
}
