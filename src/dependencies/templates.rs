//! Where the pods of an object are described.

use serde_json::{Map, Value, json};

use super::{Dependency, Reference, Via};
use crate::config::TracerConfig;
use crate::model::Gvk;

/// The pod templates of the built-in kinds, whatever their version. SimKube's config has another one for ReplicaSets, where
/// nothing is.
const BUILT_IN: [(&str, &str, &str); 11] = [
    ("", "Pod", ""),
    ("", "PodTemplate", "/template"),
    ("", "ReplicationController", "/spec/template"),
    ("apps", "DaemonSet", "/spec/template"),
    ("apps", "Deployment", "/spec/template"),
    ("apps", "ReplicaSet", "/spec/template"),
    ("apps", "StatefulSet", "/spec/template"),
    ("batch", "CronJob", "/spec/jobTemplate/spec/template"),
    ("batch", "Job", "/spec/template"),
    ("extensions", "Deployment", "/spec/template"),
    ("extensions", "ReplicaSet", "/spec/template"),
];

/// The specs of the pods that an object is or makes.
pub fn pod_specs<'o>(config: &TracerConfig, gvk: &Gvk, object: &'o mut Value) -> Vec<&'o mut Map<String, Value>> {
    let specs = at_paths(object, &paths(config, gvk)).into_iter().filter_map(|template| template.get_mut("spec"));
    specs.filter_map(Value::as_object_mut).collect()
}

/// Whether an object of a kind is a pod or makes any.
pub(super) fn has_pods(config: &TracerConfig, gvk: &Gvk) -> bool {
    !paths(config, gvk).is_empty()
}

/// Where the pod templates of a kind stand.
fn paths<'c>(config: &'c TracerConfig, gvk: &Gvk) -> Vec<&'c str> {
    let built_in = BUILT_IN.iter().find(|(group, kind, _)| gvk.group == *group && gvk.kind == *kind);
    match (built_in, config.pod_template_paths(gvk)) {
        (Some((_, _, path)), _) => vec![path],
        (None, Some(paths)) => paths.iter().map(String::as_str).collect(),
        (None, None) => Vec::new(),
    }
}

/// What stands at JSON pointers in which `*` is every element, each place once, in the order of the text.
fn at_paths<'v>(root: &'v mut Value, paths: &[&str]) -> Vec<&'v mut Value> {
    let mut segments: Vec<Vec<String>> = paths.iter().filter_map(|path| pointer(path)).collect();
    segments.sort();
    segments.dedup();
    let mut found = Vec::new();
    // Paths that share a beginning are followed together: a place can be lent out once only.
    let mut open: Vec<(&'v mut Value, Vec<&[String]>)> = vec![(root, segments.iter().map(Vec::as_slice).collect())];
    while let Some((value, rests)) = open.pop() {
        if rests.iter().any(|rest| rest.is_empty()) {
            found.push(value);
            continue;
        }
        let below = |key: &str| -> Vec<&[String]> {
            let leads = rests.iter().filter(|rest| rest[0] == key || rest[0] == "*");
            leads.map(|rest| &rest[1..]).collect()
        };
        let children: Vec<(&'v mut Value, Vec<&[String]>)> = match value {
            Value::Object(members) => members.iter_mut().map(|(key, member)| (member, below(key))).collect(),
            Value::Array(elements) => {
                elements.iter_mut().enumerate().map(|(i, element)| (element, below(&i.to_string()))).collect()
            }
            _ => Vec::new(),
        };
        open.extend(children.into_iter().rev().filter(|(_, rests)| !rests.is_empty()));
    }
    found
}

/// The segments of a JSON pointer; `None` when it is none.
fn pointer(path: &str) -> Option<Vec<String>> {
    if path.is_empty() {
        return Some(Vec::new());
    }
    let rest = path.strip_prefix('/')?;
    Some(rest.split('/').map(|segment| segment.replace("~1", "/").replace("~0", "~")).collect())
}

/// Shows the claims that a StatefulSet makes for its pods. Those that are not to be kept become empty directories of its
/// template: the controller too puts the claim of a name in the place of a volume of that name.
pub(super) fn claim_templates(gvk: &Gvk, object: &mut Value, keeps: &mut dyn FnMut(&Reference) -> bool) {
    if !gvk.group_kind().is("apps", "StatefulSet") {
        return;
    }
    let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) else { return };
    let Some(Value::Array(claims)) = spec.get_mut("volumeClaimTemplates") else { return };
    let name = |claim: &Value| claim.pointer("/metadata/name").and_then(Value::as_str).map(str::to_owned);
    let mut emptied = Vec::new();
    claims.retain(|claim| {
        let Some(name) = name(claim) else { return true };
        let keep = keeps(&Reference::to(Dependency::PersistentVolumeClaim, &name, Via::ClaimTemplate));
        if !keep {
            emptied.push(name);
        }
        keep
    });
    if emptied.is_empty() {
        return;
    }
    if claims.is_empty() {
        spec.remove("volumeClaimTemplates");
    }
    let template = spec.get_mut("template").and_then(|template| template.get_mut("spec"));
    let Some(template) = template.and_then(Value::as_object_mut) else { return };
    let volumes = template.entry("volumes").or_insert_with(|| json!([]));
    if let Value::Array(volumes) = volumes {
        volumes.retain(|volume| !emptied.iter().any(|name| volume.get("name").is_some_and(|other| other == name)));
        volumes.extend(emptied.iter().map(|name| json!({"name": name, "emptyDir": {}})));
    }
    super::pod::detach_devices(template, &emptied);
}
