//! Stub until the branch comes.
use crate::model::GroupKind;
use serde_json::Value;
/// How a PATCH body is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// JSON patch.
    Json,
    /// Merge patch.
    Merge,
    /// Strategic merge patch.
    Strategic,
    /// Apply.
    Apply,
}
impl Dialect {
    /// Detects.
    pub fn detect(_patch: &Value, _uri: &str, _group: &str) -> Dialect {
        Dialect::Strategic
    }
}
/// Error.
#[derive(Debug)]
pub struct PatchError;
impl std::fmt::Display for PatchError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("patch")
    }
}
/// Applies.
pub fn apply(_object: &mut Value, _patch: &Value, _dialect: Dialect, _kind: &GroupKind) -> Result<(), PatchError> {
    Ok(())
}
/// Whether.
pub fn is_builtin_group(group: &str) -> bool {
    !group.contains('.') || group.ends_with(".k8s.io")
}
