//! What is wrong with one object, whatever came before it.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::finding::Name;
use super::{Rule, gvk};
use crate::config::TracerConfig;
use crate::dependencies::pod_specs;
use crate::trace::sanitize::JOB_LABELS;

type Found<'f> = &'f mut dyn FnMut(Rule, String);

const MIRROR: &str = "kubernetes.io/config.mirror";

/// The name of an applied object; an error says why SimKube does not take it for one.
pub(super) fn name(object: &Value) -> Result<Name, String> {
    let text = |field: &str| object.get(field).and_then(Value::as_str);
    let start = || object.to_string().chars().take(80).collect::<String>();
    let (Some(api_version), Some(kind)) = (text("apiVersion"), text("kind")) else {
        return Err(format!("no apiVersion or no kind: {}", start()));
    };
    let gvk = gvk(api_version, kind).ok_or_else(|| format!("apiVersion {api_version:?}, kind {kind:?}"))?;
    let metadata = object.get("metadata").unwrap_or(&Value::Null);
    let metadata = ObjectMeta::deserialize(metadata).map_err(|error| format!("{kind} with bad metadata: {error}"))?;
    let name = metadata.name.filter(|name| !name.is_empty()).ok_or_else(|| format!("{kind} without a name"))?;
    Ok(Name { gvk, ns_name: format!("{}/{name}", metadata.namespace.unwrap_or_default()) })
}

/// Finds what SimKube's driver or a server would not take of a new object.
pub(super) fn check(name: &Name, object: &Value, config: &TracerConfig, found: Found<'_>) {
    if name.ns_name.starts_with('/') {
        found(Rule::ClusterScoped, String::new());
    }
    if object.get("status").is_some() {
        found(Rule::Status, String::new());
    }
    let empty = Map::new();
    let metadata = object.get("metadata").and_then(Value::as_object).unwrap_or(&empty);
    check_metadata(metadata, found);
    let spec = object.get("spec").and_then(Value::as_object).unwrap_or(&empty);
    match (&*name.gvk.group, &*name.gvk.kind) {
        ("batch", "Job") => job(metadata, spec, found),
        ("", "Service") => service(spec, found),
        ("", "PersistentVolumeClaim") if is_set(spec, "volumeName") => {
            found(Rule::ClaimBound, "spec.volumeName".into())
        }
        ("", "Pod") => pod(metadata, spec, found),
        ("apps", "ReplicaSet") if config.get(&name.gvk).is_some() => found(Rule::ReplicaSetTracked, String::new()),
        _ => {}
    }
    let is_pod = name.gvk.group_kind().is("", "Pod");
    let mut object = object.clone();
    for spec in pod_specs(config, &name.gvk, &mut object) {
        if !is_pod && is_set(spec, "nodeName") {
            found(Rule::NodeNameOfTemplate, "nodeName".into());
        }
        priority(spec, found);
    }
}

fn check_metadata(metadata: &Map<String, Value>, found: Found<'_>) {
    let set = |fields: &[&str]| -> String {
        let set = fields.iter().filter(|field| is_set(metadata, field)).map(|field| format!("metadata.{field}"));
        set.collect::<Vec<_>>().join(", ")
    };
    for (rule, fields) in [
        (Rule::ServerMetadata, &["managedFields", "resourceVersion", "uid"][..]),
        (
            Rule::IgnoredMetadata,
            &["creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generation", "selfLink"],
        ),
        (Rule::Finalizers, &["finalizers"]),
    ] {
        let fields = set(fields);
        if !fields.is_empty() {
            found(rule, fields);
        }
    }
}

/// Whether a field says anything.
fn is_set(object: &Map<String, Value>, field: &str) -> bool {
    match object.get(field) {
        None | Some(Value::Null) => false,
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(elements)) => !elements.is_empty(),
        Some(_) => true,
    }
}

fn job(metadata: &Map<String, Value>, spec: &Map<String, Value>, found: Found<'_>) {
    if spec.get("manualSelector") == Some(&Value::Bool(true)) {
        return;
    }
    let mut generated = Vec::new();
    if is_set(spec, "selector") {
        generated.push("spec.selector".to_owned());
    }
    let template = spec.get("template").and_then(|template| template.get("metadata"));
    for (place, metadata) in
        [("metadata", Some(metadata)), ("spec.template.metadata", template.and_then(Value::as_object))]
    {
        let labels = metadata.and_then(|metadata| metadata.get("labels"));
        let set = JOB_LABELS.iter().any(|label| labels.is_some_and(|labels| labels.get(label).is_some()));
        generated.extend(set.then(|| format!("{place}.labels")));
    }
    if !generated.is_empty() {
        found(Rule::JobGenerated, generated.join(", "));
    }
}

fn service(spec: &Map<String, Value>, found: Found<'_>) {
    let assigned = |address: &Value| address.as_str().is_some_and(|text| !text.is_empty() && text != "None");
    let mut fields = Vec::new();
    if spec.get("clusterIP").is_some_and(assigned) {
        fields.push("spec.clusterIP");
    }
    let addresses = spec.get("clusterIPs").and_then(Value::as_array);
    if addresses.is_some_and(|addresses| addresses.iter().any(assigned)) {
        fields.push("spec.clusterIPs");
    }
    if is_set(spec, "healthCheckNodePort") {
        fields.push("spec.healthCheckNodePort");
    }
    let ports = spec.get("ports").and_then(Value::as_array);
    if ports.is_some_and(|ports| ports.iter().any(|port| port.get("nodePort").is_some())) {
        fields.push("spec.ports[].nodePort");
    }
    if !fields.is_empty() {
        found(Rule::ServiceAddress, fields.join(", "));
    }
}

fn pod(metadata: &Map<String, Value>, spec: &Map<String, Value>, found: Found<'_>) {
    let mirror = metadata.get("annotations").and_then(|annotations| annotations.get(MIRROR)).is_some();
    match spec.get("nodeName").and_then(Value::as_str).filter(|node| !node.is_empty()) {
        Some(node) => found(Rule::NodeName, node.to_owned()),
        None if mirror => found(Rule::MirrorPod, String::new()),
        None => {}
    }
    if is_set(spec, "ephemeralContainers") {
        found(Rule::EphemeralContainers, String::new());
    }
}

/// What a server works out from the class of a pod must not be there without one, or be what it works out itself.
fn priority(spec: &Map<String, Value>, found: Found<'_>) {
    if is_set(spec, "priorityClassName") {
        return;
    }
    if let Some(number) = spec.get("priority").and_then(Value::as_i64).filter(|number| *number != 0) {
        found(Rule::PriorityNumber, format!("priority {number}"));
    }
    if spec.get("preemptionPolicy").and_then(Value::as_str) == Some("Never") {
        found(Rule::PriorityNumber, "preemptionPolicy Never".to_owned());
    }
}
