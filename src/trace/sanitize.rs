//! What of a recorded object may stand in a trace.
//!
//! Two modes. [`Sanitize::Simkube`] removes what SimKube's own tracer removes (`sk-core/src/k8s/util.rs`), and nothing else.
//! [`Sanitize::Replay`] removes besides what an API server refuses when the object is created again, and what would keep it
//! from ending in a cluster without controllers of its own.
//!
//! Metadata is kept by a list of what may stay, in the shapes that Kubernetes gives it: SimKube reads it into a typed structure,
//! so one label that is a number would make the whole trace unreadable. Empty maps and lists there are dropped, so that
//! recorders that write `{}`, `null` or nothing agree. Nothing here fails: a part of the wrong shape is dropped from
//! the metadata and left alone elsewhere.

use serde_json::{Map, Value};

use crate::model::Gvk;

type Object = Map<String, Value>;

/// How much is taken out of an object before it is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sanitize {
    /// All that keeps an object from being created again in a simulation. The default.
    #[default]
    Replay,
    /// What SimKube's tracer removes, and no more: for comparing with its traces.
    Simkube,
}

/// Labels that the job controller generates for a Job, its template and its pods.
pub(crate) const JOB_LABELS: [&str; 4] =
    ["controller-uid", "job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"];

/// Annotations that are not written in either mode: what kubectl and the deployment controller keep there.
pub(super) const BOOKKEEPING_ANNOTATIONS: [&str; 2] =
    ["kubectl.kubernetes.io/last-applied-configuration", "deployment.kubernetes.io/revision"];

/// Annotations of a claim that tell where it was bound.
const BINDING_ANNOTATION_PREFIXES: [&str; 3] =
    ["pv.kubernetes.io/", "volume.kubernetes.io/", "volume.beta.kubernetes.io/"];

impl Sanitize {
    /// Reduces a whole recorded object of a kind, `metadata` and all, to what may be written.
    ///
    /// Sets `apiVersion` and `kind` too: items of a list come without. The `metadata` is a map afterwards, whatever it was.
    pub fn object(self, gvk: &Gvk, object: &mut Object) {
        object.insert("apiVersion".into(), Value::String(gvk.api_version()));
        object.insert("kind".into(), Value::String(gvk.kind.clone()));
        let metadata = match object.remove("metadata") {
            Some(Value::Object(metadata)) => self.metadata(metadata),
            _ => Map::new(),
        };
        object.insert("metadata".into(), Value::Object(metadata));
        if is_pod(gvk) {
            remove(object, "spec", &["nodeName"]);
        }
        if !self.keeps_status() {
            object.remove("status");
        }
        if self == Sanitize::Replay {
            make_creatable(gvk, object);
        }
    }

    /// Whether all of the content of a kind's objects may be written, whatever it is.
    pub fn keeps_content(self, gvk: &Gvk) -> bool {
        match (gvk.group.as_str(), gvk.kind.as_str()) {
            ("", "Pod") => false,
            ("batch", "Job") | ("", "Service" | "PersistentVolumeClaim") => self == Sanitize::Simkube,
            _ => true,
        }
    }

    /// Whether a status may be written.
    pub fn keeps_status(self) -> bool {
        self == Sanitize::Simkube
    }

    /// The metadata that may be written.
    fn metadata(self, metadata: Object) -> Object {
        let keep = |(key, value): (String, Value)| self.metadata_field(&key, value).map(|value| (key, value));
        metadata.into_iter().filter_map(keep).collect()
    }

    /// What may be written of one field of the metadata.
    fn metadata_field(self, key: &str, value: Value) -> Option<Value> {
        match (key, value) {
            ("finalizers" | "selfLink", _) if self == Sanitize::Replay => None,
            ("name" | "namespace" | "generateName" | "selfLink", value @ Value::String(_)) => Some(value),
            ("labels", Value::Object(labels)) => texts(labels),
            ("annotations", Value::Object(mut annotations)) => {
                BOOKKEEPING_ANNOTATIONS.iter().for_each(|name| drop(annotations.remove(*name)));
                texts(annotations)
            }
            ("ownerReferences", Value::Array(references)) => {
                list(references.into_iter().filter_map(owner_reference).collect())
            }
            ("finalizers", Value::Array(finalizers)) => list(finalizers.into_iter().filter(Value::is_string).collect()),
            _ => None,
        }
    }
}

/// The members that are strings, if there are any.
fn texts(mut members: Object) -> Option<Value> {
    members.retain(|_, value| value.is_string());
    (!members.is_empty()).then_some(Value::Object(members))
}

/// A list, unless it is empty.
fn list(elements: Vec<Value>) -> Option<Value> {
    (!elements.is_empty()).then_some(Value::Array(elements))
}

/// An owner reference with the fields that Kubernetes gives it; `None` when it is no map.
fn owner_reference(reference: Value) -> Option<Value> {
    let Value::Object(mut fields) = reference else { return None };
    fields.retain(|key, value| match key.as_str() {
        "apiVersion" | "kind" | "name" | "uid" => value.is_string(),
        "controller" | "blockOwnerDeletion" => value.is_boolean(),
        _ => false,
    });
    Some(Value::Object(fields))
}

fn is_pod(gvk: &Gvk) -> bool {
    gvk.group.is_empty() && gvk.kind == "Pod"
}

/// Removes what an API server refuses in a new object, or generates for it.
fn make_creatable(gvk: &Gvk, object: &mut Object) {
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("batch", "Job") => job(object),
        ("", "Pod") => pod(object),
        ("", "Service") => service(object),
        ("", "PersistentVolumeClaim") => claim(object),
        _ => {}
    }
}

/// The selector and the labels that go with it are generated, unless the user chose them.
fn job(object: &mut Object) {
    if child(object, "spec").and_then(|spec| spec.get("manualSelector")) == Some(&Value::Bool(true)) {
        return;
    }
    remove(object, "spec", &["selector"]);
    let template = child(object, "spec").and_then(|spec| child(spec, "template"));
    if let Some(metadata) = template.and_then(|template| child(template, "metadata")) {
        remove_and_tidy(metadata, "labels", |label| JOB_LABELS.contains(&label));
    }
    if let Some(metadata) = child(object, "metadata") {
        remove_and_tidy(metadata, "labels", |label| JOB_LABELS.contains(&label));
    }
}

/// Ephemeral containers cannot be in a new pod; `default` accounts are there without being named, and SimKube's validator
/// takes them for missing.
fn pod(object: &mut Object) {
    remove(object, "spec", &["ephemeralContainers"]);
    if let Some(spec) = child(object, "spec") {
        spec.retain(|key, value| {
            !(matches!(key.as_str(), "serviceAccount" | "serviceAccountName") && value == "default")
        });
    }
}

/// Addresses and node ports belong to the recorded cluster; `None` as an address is the user's choice.
fn service(object: &mut Object) {
    let Some(spec) = child(object, "spec") else { return };
    spec.retain(|key, value| match key.as_str() {
        "clusterIP" => value == "None",
        "clusterIPs" => value.get(0).is_some_and(|first| first == "None"),
        "healthCheckNodePort" => false,
        _ => true,
    });
    if let Some(Value::Array(ports)) = spec.get_mut("ports") {
        ports.iter_mut().filter_map(Value::as_object_mut).for_each(|port| drop(port.remove("nodePort")));
    }
}

/// The volume that a claim is bound to does not exist in a simulation.
fn claim(object: &mut Object) {
    remove(object, "spec", &["volumeName"]);
    if let Some(metadata) = child(object, "metadata") {
        remove_and_tidy(metadata, "annotations", |name| {
            BINDING_ANNOTATION_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        });
    }
}

fn child<'a>(object: &'a mut Object, key: &str) -> Option<&'a mut Object> {
    object.get_mut(key)?.as_object_mut()
}

/// Removes members of a member that is a map.
fn remove(object: &mut Object, key: &str, members: &[&str]) {
    if let Some(object) = child(object, key) {
        members.iter().for_each(|member| drop(object.remove(*member)));
    }
}

/// Removes members of a member that is a map, and that itself when nothing is left.
fn remove_and_tidy(object: &mut Object, key: &str, unwanted: impl Fn(&str) -> bool) {
    if let Some(members) = child(object, key) {
        members.retain(|member, _| !unwanted(member));
        if members.is_empty() {
            object.remove(key);
        }
    }
}

/// What of an object counts when its versions are compared: a version with the same content is no change.
#[derive(Debug, PartialEq)]
pub enum Content<'a> {
    /// The `spec`.
    Spec(&'a Value),
    /// Of a kind without one: all but `apiVersion`, `kind`, `metadata` and `status`, in the order of the keys.
    Rest(Vec<(&'a str, &'a Value)>),
}

/// The content of an object. A `spec` that is `null` is none.
pub fn content(object: &Object) -> Content<'_> {
    match object.get("spec") {
        Some(spec) if !spec.is_null() => Content::Spec(spec),
        _ => {
            let counts = |key: &str| !matches!(key, "apiVersion" | "kind" | "metadata" | "status" | "spec");
            Content::Rest(
                object.iter().filter(|(key, _)| counts(key)).map(|(key, value)| (key.as_str(), value)).collect(),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sanitized(mode: Sanitize, gvk: &str, object: Value) -> Value {
        let mut object = object.as_object().unwrap().clone();
        mode.object(&gvk.parse().unwrap(), &mut object);
        Value::Object(object)
    }

    fn spec(gvk: &str, spec: Value) -> Value {
        sanitized(Sanitize::Replay, gvk, json!({"spec": spec}))["spec"].clone()
    }

    fn metadata(mode: Sanitize, gvk: &str, metadata: Value) -> Value {
        sanitized(mode, gvk, json!({"metadata": metadata}))["metadata"].clone()
    }

    #[test]
    fn addresses_of_services_go_and_headless_ones_stay_headless() {
        let node_port = json!({"type": "NodePort", "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "healthCheckNodePort": 3,
            "ports": [{"port": 80, "nodePort": 30000}, {"port": 81}, 7]});
        assert_eq!(
            spec("v1.Service", node_port),
            json!({"type": "NodePort", "ports": [{"port": 80}, {"port": 81}, 7]})
        );
        let headless = json!({"clusterIP": "None", "clusterIPs": ["None"]});
        assert_eq!(spec("v1.Service", headless.clone()), headless);
        let other = json!({"clusterIP": "10.0.0.1"});
        assert_eq!(spec("serving.knative.dev/v1.Service", other.clone()), other, "another group's kind");
    }

    #[test]
    fn a_job_keeps_the_selector_that_its_user_chose() {
        let labels = json!({"a": "b", "controller-uid": "u", "job-name": "j", "batch.kubernetes.io/controller-uid": "u",
            "batch.kubernetes.io/job-name": "j"});
        let job = |manual: Value| {
            json!({"metadata": {"labels": labels}, "spec": {"manualSelector": manual, "selector": {},
                "template": {"metadata": {"labels": labels}}}})
        };
        let manual = sanitized(Sanitize::Replay, "batch/v1.Job", job(json!(true)));
        assert_eq!((&manual["spec"], &manual["metadata"]), (&job(json!(true))["spec"], &json!({"labels": labels})));
        for manual in [json!(false), json!(null), json!("true")] {
            let generated = sanitized(Sanitize::Replay, "batch/v1.Job", job(manual.clone()));
            let template = json!({"metadata": {"labels": {"a": "b"}}});
            assert_eq!(generated["spec"], json!({"manualSelector": manual, "template": template}));
            assert_eq!(generated["metadata"], template["metadata"]);
        }
    }

    #[test]
    fn pods_lose_what_is_assigned_and_what_is_default() {
        let pod =
            json!({"nodeName": "n", "serviceAccount": "default", "serviceAccountName": "x", "ephemeralContainers": []});
        assert_eq!(spec("v1.Pod", pod.clone()), json!({"serviceAccountName": "x"}));
        let simkube = sanitized(Sanitize::Simkube, "v1.Pod", json!({"spec": pod, "status": {}}));
        assert_eq!(simkube["status"], json!({}));
        assert_eq!(simkube["spec"].as_object().unwrap().len(), 3);
    }

    #[test]
    fn claims_are_not_bound() {
        let claim = json!({"metadata": {"annotations": {"pv.kubernetes.io/x": "1", "volume.kubernetes.io/y": "1",
            "volume.beta.kubernetes.io/z": "1", "mine": "1"}}, "spec": {"volumeName": "v", "volumeMode": "Block"}});
        let expected = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"annotations": {"mine": "1"}},
            "spec": {"volumeMode": "Block"}});
        assert_eq!(sanitized(Sanitize::Replay, "v1.PersistentVolumeClaim", claim), expected);
    }

    #[test]
    fn recorders_that_write_empty_metadata_agree_with_those_that_do_not() {
        let plain = json!({"name": "x"});
        let padded = json!({"name": "x", "namespace": null, "labels": {}, "ownerReferences": [],
            "finalizers": [], "generateName": null, "creationTimestamp": null, "somethingNew": 1,
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "deployment.kubernetes.io/revision": "1"}});
        for mode in [Sanitize::Replay, Sanitize::Simkube] {
            assert_eq!(metadata(mode, "apps/v1.Deployment", padded.clone()), plain);
        }
    }

    #[test]
    fn what_stays_of_the_metadata() {
        let kept = json!({"name": "x", "namespace": "n", "generateName": "g", "labels": {"a": "b"}, "annotations": {"c": "d"},
            "ownerReferences": [{"apiVersion": "v1", "kind": "A", "name": "a", "uid": "u", "controller": true,
                "blockOwnerDeletion": false}]});
        let mut full = kept.clone();
        full["finalizers"] = json!(["f"]);
        full["selfLink"] = json!("/x");
        assert_eq!(metadata(Sanitize::Replay, "v1.Pod", full.clone()), kept);
        assert_eq!(metadata(Sanitize::Simkube, "v1.Pod", full.clone()), full);
    }

    #[test]
    fn shapes_that_simkube_could_not_read_are_dropped_from_the_metadata() {
        let odd = json!({"name": 3, "labels": {"a": 1, "b": "c"}, "annotations": "x", "finalizers": [1, "f"],
            "ownerReferences": ["x", {"kind": 1, "name": "a", "controller": "yes", "extra": {}}]});
        let expected = json!({"labels": {"b": "c"}, "finalizers": ["f"], "ownerReferences": [{"name": "a"}]});
        assert_eq!(metadata(Sanitize::Simkube, "v1.Pod", odd), expected);
    }

    #[test]
    fn malformed_objects_are_no_reason_to_panic() {
        let values = [
            json!(null),
            json!(1),
            json!("x"),
            json!([1, {}]),
            json!({"template": 1, "ports": 1, "clusterIPs": {}}),
            json!({"template": {"metadata": {"labels": "x"}}, "ports": ["x"], "clusterIPs": []}),
        ];
        let kinds = ["v1.Pod", "batch/v1.Job", "v1.Service", "v1.PersistentVolumeClaim", "apps/v1.Deployment"];
        for (value, kind) in values.iter().flat_map(|value| kinds.map(|kind| (value, kind))) {
            for mode in [Sanitize::Replay, Sanitize::Simkube] {
                let object = sanitized(mode, kind, json!({"metadata": value, "spec": value, "status": value}));
                assert!(object["metadata"].is_object());
                sanitized(mode, kind, json!({}));
            }
        }
    }
}
