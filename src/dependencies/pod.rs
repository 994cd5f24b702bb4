//! What the spec of a pod refers to.

use serde_json::{Map, Value, json};

use super::{Dependency, Reference, Via};

type Object = Map<String, Value>;
type Keeps<'k> = &'k mut dyn FnMut(&Reference) -> bool;

const CONTAINERS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

/// Shows every reference of a pod's spec, and takes out those that are not to be kept.
pub(super) fn sift(spec: &mut Object, keeps: Keeps<'_>) {
    account(spec, keeps);
    class(spec, "priorityClassName", Dependency::PriorityClass, &["priority", "preemptionPolicy"], keeps);
    // What the class adds to a pod's requests is put there at its creation, and refused without the class.
    class(spec, "runtimeClassName", Dependency::RuntimeClass, &["overhead"], keeps);
    retain(spec, "imagePullSecrets", &mut |secret| match text(secret, "name") {
        Some(name) => keeps(&Reference::to(Dependency::Secret, name, Via::PullSecret)),
        None => true,
    });
    for list in CONTAINERS {
        for container in objects(spec, list) {
            retain(container, "env", &mut |variable| variable_keeps(variable, keeps));
            retain(container, "envFrom", &mut |source| source_keeps(source, keeps));
        }
    }
    let mut emptied = Vec::new();
    for volume in objects(spec, "volumes") {
        if !volume_keeps(volume, keeps) {
            volume.retain(|key, _| key == "name");
            volume.insert("emptyDir".to_owned(), json!({}));
            emptied.extend(text_of(volume, "name").map(str::to_owned));
        }
    }
    detach_devices(spec, &emptied);
}

/// An empty directory is no block device: a pod that takes it for one is refused.
pub(super) fn detach_devices(spec: &mut Object, emptied: &[String]) {
    if emptied.is_empty() {
        return;
    }
    for list in CONTAINERS {
        for container in objects(spec, list) {
            retain(container, "volumeDevices", &mut |device| {
                text(device, "name").is_none_or(|name| !emptied.iter().any(|emptied| emptied == name))
            });
        }
    }
}

/// The account has an older name too, which counts where the other is not there.
fn account(spec: &mut Object, keeps: Keeps<'_>) {
    let Some(name) = text_of(spec, "serviceAccountName").or(text_of(spec, "serviceAccount")) else { return };
    if !keeps(&Reference::to(Dependency::ServiceAccount, name, Via::Account)) {
        spec.remove("serviceAccountName");
        spec.remove("serviceAccount");
    }
}

/// `with`: what a server puts into a pod because of its class, and refuses without it.
fn class(spec: &mut Object, field: &str, kind: Dependency, with: &[&str], keeps: Keeps<'_>) {
    let Some(name) = text_of(spec, field) else { return };
    if !keeps(&Reference::to(kind, name, Via::Class)) {
        spec.remove(field);
        with.iter().for_each(|field| drop(spec.remove(*field)));
    }
}

fn variable_keeps(variable: &Value, keeps: Keeps<'_>) -> bool {
    let refs = [("configMapKeyRef", Dependency::ConfigMap), ("secretKeyRef", Dependency::Secret)];
    refs.into_iter().all(|(field, kind)| {
        let reference = variable.get("valueFrom").and_then(|from| from.get(field));
        let keys = reference.and_then(|reference| text(reference, "key")).map(str::to_owned);
        named(reference, "name", kind, Via::Environment, keys.into_iter().collect()).is_none_or(|it| keeps(&it))
    })
}

fn source_keeps(source: &Value, keeps: Keeps<'_>) -> bool {
    let refs = [("configMapRef", Dependency::ConfigMap), ("secretRef", Dependency::Secret)];
    refs.into_iter().all(|(field, kind)| {
        named(source.get(field), "name", kind, Via::Environment, Vec::new()).is_none_or(|it| keeps(&it))
    })
}

/// Whether a volume stays as it is. Of a projected one some sources may stay.
fn volume_keeps(volume: &mut Object, keeps: Keeps<'_>) -> bool {
    let mut empty = false;
    if let Some(projected) = volume.get_mut("projected").and_then(Value::as_object_mut) {
        let sources = |projected: &Object| projected.get("sources").and_then(Value::as_array).map_or(0, Vec::len);
        let before = sources(projected);
        retain(projected, "sources", &mut |source| projection_keeps(source, keeps));
        empty = before > 0 && sources(projected) == 0;
    }
    let claim_of_its_own = volume.get("ephemeral").is_some_and(Value::is_object);
    let claim = claim_of_its_own.then(|| text_of(volume, "name")).flatten();
    let claim = claim.map(|name| Reference::to(Dependency::PersistentVolumeClaim, name, Via::ClaimTemplate));
    let plain = [
        ("configMap", "name", Dependency::ConfigMap),
        ("secret", "secretName", Dependency::Secret),
        ("persistentVolumeClaim", "claimName", Dependency::PersistentVolumeClaim),
        ("azureFile", "secretName", Dependency::Secret),
    ];
    let mut references: Vec<Reference> = Vec::new();
    for (source, name, kind) in plain {
        let source = volume.get(source);
        references.extend(named(source, name, kind, Via::Volume, item_keys(source)));
    }
    // Of other kinds of volumes: ceph, iSCSI, flex, drivers and the like.
    for source in volume.values().filter(|source| source.is_object()) {
        for secret in ["secretRef", "nodePublishSecretRef"] {
            references.extend(named(source.get(secret), "name", Dependency::Secret, Via::Volume, Vec::new()));
        }
    }
    // All of them are shown, also when the first one goes.
    let kept = claim.iter().chain(&references).filter(|reference| keeps(reference)).count();
    !empty && kept == references.len() + usize::from(claim.is_some())
}

fn projection_keeps(source: &Value, keeps: Keeps<'_>) -> bool {
    let refs = [("configMap", Dependency::ConfigMap), ("secret", Dependency::Secret)];
    refs.into_iter().all(|(field, kind)| {
        let source = source.get(field);
        named(source, "name", kind, Via::Projected, item_keys(source)).is_none_or(|it| keeps(&it))
    })
}

/// The reference that a part of a spec is, if it names anything.
fn named(part: Option<&Value>, name: &str, kind: Dependency, via: Via, keys: Vec<String>) -> Option<Reference> {
    let part = part?;
    let optional = part.get("optional") == Some(&Value::Bool(true));
    Some(Reference { optional, keys, ..Reference::to(kind, text(part, name)?, via) })
}

/// The keys that are mounted one by one.
fn item_keys(source: Option<&Value>) -> Vec<String> {
    let items = source.and_then(|source| source.get("items")).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(|item| text(item, "key")).map(str::to_owned).collect()
}

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.as_object().and_then(|object| text_of(object, key))
}

/// A member that is a text, and not an empty one, which is as good as none.
fn text_of<'v>(object: &'v Object, key: &str) -> Option<&'v str> {
    object.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// The elements of a list that are maps.
fn objects<'v>(object: &'v mut Object, list: &str) -> impl Iterator<Item = &'v mut Object> {
    object.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_object_mut)
}

/// Removes elements of a list, and that itself when it loses its last one.
fn retain(object: &mut Object, list: &str, keeps: &mut dyn FnMut(&Value) -> bool) {
    let Some(Value::Array(elements)) = object.get_mut(list) else { return };
    let before = elements.len();
    elements.retain(|element| keeps(element));
    if elements.is_empty() && before > 0 {
        object.remove(list);
    }
}
