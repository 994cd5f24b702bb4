//! What stands in a trace for an object whose content is unknown, or nobody's business.

use serde_json::{Map, Value, json};

use super::Dependency;
use crate::model::ObjectKey;

/// An object with keys without values: enough for the pods that need it to run.
pub fn stub<'k>(kind: Dependency, key: &ObjectKey, keys: impl IntoIterator<Item = &'k str>) -> Map<String, Value> {
    let mut object = Map::new();
    let metadata = json!({"name": key.name, "namespace": key.namespace});
    object.insert("apiVersion".to_owned(), kind.gvk().api_version().into());
    object.insert("kind".to_owned(), kind.gvk().kind.into());
    object.insert("metadata".to_owned(), metadata);
    let data: Map<String, Value> =
        keys.into_iter().filter(|key| is_key(key)).map(|key| (key.to_owned(), "".into())).collect();
    if kind != Dependency::ServiceAccount && !data.is_empty() {
        object.insert("data".to_owned(), data.into());
    }
    object
}

/// Leaves of a Secret its keys, and of its metadata the names: annotations too may hold what is in it. Its type goes, since a
/// server checks the values of some types.
pub fn empty_secret(key: &ObjectKey, secret: &Map<String, Value>) -> Map<String, Value> {
    let data = ["data", "stringData"].into_iter().filter_map(|field| secret.get(field)).filter_map(Value::as_object);
    stub(Dependency::Secret, key, data.flat_map(Map::keys).map(String::as_str))
}

/// Whether a server takes it as a key of a config map or secret.
fn is_key(key: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !key.is_empty() && key.len() <= 253 && key.bytes().all(allowed) && key != "." && !key.starts_with("..")
}
