//! Which part of a patch is for an object's metadata.

use serde_json::Value;

/// Leaves of a patch what is for the metadata: of an object whose content is not known nothing else can be applied.
pub fn keep_metadata(patch: &mut Value) {
    match patch {
        Value::Array(operations) => operations.retain(|operation| path(operation).is_some_and(is_of_metadata)),
        Value::Object(members) => members.retain(|name, _| name == "metadata"),
        _ => {}
    }
}

/// Takes from a patch what is for the metadata, and says whether anything is left.
pub fn drop_metadata(patch: &mut Value) -> bool {
    match patch {
        Value::Array(operations) => {
            operations.retain(|operation| path(operation).is_some_and(|path| !is_of_metadata(path)));
            !operations.is_empty()
        }
        Value::Object(members) => {
            members.retain(|name, _| !matches!(name.as_str(), "metadata" | "apiVersion" | "kind"));
            !members.is_empty()
        }
        _ => false,
    }
}

fn path(operation: &Value) -> Option<&str> {
    operation.get("path").and_then(Value::as_str)
}

fn is_of_metadata(path: &str) -> bool {
    path.strip_prefix("/metadata").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_part_of_a_patch_is_for_the_metadata_or_for_the_rest() {
        let operations = json!([
            {"op": "remove", "path": "/metadata/finalizers"}, {"op": "add", "path": "/spec/x", "value": 1}, {"op": "test"},
        ]);
        let merge = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"labels": null}, "spec": {"x": 1}});
        for (patch, kept, rest) in [
            (&operations, json!([operations[0]]), json!([operations[1]])),
            (&merge, json!({"metadata": merge["metadata"]}), json!({"spec": merge["spec"]})),
        ] {
            let (mut of_metadata, mut of_rest) = (patch.clone(), patch.clone());
            keep_metadata(&mut of_metadata);
            assert_eq!(of_metadata, kept);
            assert!(drop_metadata(&mut of_rest));
            assert_eq!(of_rest, rest);
            assert!(!drop_metadata(&mut of_metadata));
        }
        assert!(!is_of_metadata("/metadatas"));
    }
}
