//! What an API server makes of an object and the body of a PATCH, for logs that keep the request and not the answer.
//!
//! [`Dialect::detect`] tells how a body is to be read, which no audit log says, and [`apply()`] does to an object that is known
//! what the server did to it. The write succeeded, or there is nothing to apply: what a server would refuse may be taken
//! here, and a patch that cannot be applied means that the object was another than the one that is known.
//!
//! What comes out is approximate. A server goes on after the patch: it fills in defaults, runs admission, counts
//! generations. None of that is done here.
//!
//! Depth is bounded: `serde_json` parses no text deeper than 128 levels, no dialect makes an object deeper than the object and
//! its patch but JSON Patch, and that one is held to the same depth. So recursion over values is safe here.

use serde_json::{Map, Value};

use crate::model::GroupKind;

mod dialect;
mod json_patch;
mod merge;
mod order;
mod schema;
mod scope;
mod server_side;
mod strategic;
#[cfg(test)]
mod tests;

pub use dialect::{Dialect, is_builtin_group};
pub use scope::{drop_metadata, keep_metadata};

/// Why a patch could not be applied to the object that is known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// An operation of a JSON Patch.
    #[error("operation {number} of the patch ({operation}): {reason}")]
    Operation {
        /// Which one, from 1.
        number: usize,
        /// The operation and its path, as `remove /spec/replicas`.
        operation: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A field of a patch that has the shape of an object.
    #[error("`{field}` of the patch: {reason}")]
    Field {
        /// The field; empty for the patch itself.
        field: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl PatchError {
    fn field(field: &str, reason: &'static str) -> Self {
        PatchError::Field { field: field.to_owned(), reason }
    }
}

/// Metadata that only the server writes: in a patch it is a precondition (`uid`, `resourceVersion`) or has no effect
/// (`rest.BeforeUpdate` and `ValidateObjectMetaUpdate` in Kubernetes put the old values back). Of `managedFields` a client
/// may write its own, and nothing here reads them.
const SET_BY_SERVER: [&str; 8] = [
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// The parts of metadata that are not written when they are empty.
const OMITTED_WHEN_EMPTY: [&str; 4] = ["annotations", "finalizers", "labels", "ownerReferences"];

/// Applies a patch to an object of a kind. On an error the object is as it was.
///
/// What only the server writes (`metadata.uid`, `metadata.generation` and the like) and the object's `apiVersion` and
/// `kind` stay what they are, or absent, whatever the patch says. Labels, annotations, finalizers and owners of which
/// nothing is left are absent too, as a server writes them.
pub fn apply(object: &mut Value, patch: &Value, dialect: Dialect, kind: &GroupKind) -> Result<(), PatchError> {
    let mut patched = object.clone();
    match dialect {
        Dialect::Json => json_patch::apply(&mut patched, patch)?,
        Dialect::Merge => merge::apply(&mut patched, patch),
        Dialect::Strategic => strategic::apply(&mut patched, patch, schema::of(kind))?,
        Dialect::Apply => server_side::apply(&mut patched, patch, schema::of(kind))?,
    }
    settle(object, &mut patched);
    *object = patched;
    Ok(())
}

/// The content of an object, all of it but `apiVersion`, `kind`, `metadata` and `status`, as a merge patch leaves it which is about
/// nothing else: from canonical text to canonical text. `None` where [`apply()`] has to do it.
pub fn merge_content(content: &[u8], patch: &Value) -> Option<Vec<u8>> {
    let patch = patch.as_object()?;
    if ["apiVersion", "kind", "metadata", "status"].iter().any(|name| patch.contains_key(*name)) {
        return None;
    }
    let mut out = Vec::with_capacity(content.len() + 64);
    merge::merge(content, patch, &mut out)?;
    Some(out)
}

/// Undoes what no patch can do, and writes metadata as a server does.
fn settle(before: &Value, after: &mut Value) {
    let Value::Object(after) = after else { return };
    keep(before.as_object(), after, &["apiVersion", "kind"]);
    let before = before.get("metadata").and_then(Value::as_object);
    if let Some(Value::Object(metadata)) = after.get_mut("metadata") {
        keep(before, metadata, &SET_BY_SERVER);
        for field in OMITTED_WHEN_EMPTY {
            let empty = match metadata.get(field) {
                Some(Value::Object(map)) => map.is_empty(),
                Some(Value::Array(list)) => list.is_empty(),
                _ => false,
            };
            if empty {
                metadata.remove(field);
            }
        }
    }
}

fn keep(before: Option<&Map<String, Value>>, after: &mut Map<String, Value>, fields: &[&str]) {
    for field in fields {
        match before.and_then(|before| before.get(*field)) {
            Some(value) => after.insert((*field).to_owned(), value.clone()),
            None => after.remove(*field),
        };
    }
}
