//! The words that every other module speaks: moments, kinds, objects, places in the input.
//!
//! Nothing here knows of files, formats or commands, and this module imports no sibling.

mod timestamp;

pub use timestamp::Timestamp;

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A group, version and kind. Written as SimKube writes it: `apps/v1.Deployment`, the core group as `v1.Pod`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gvk {
    /// API group, empty for the core group.
    pub group: String,
    /// API version within the group.
    pub version: String,
    /// Kind, in CamelCase.
    pub kind: String,
}

impl Gvk {
    /// A GVK from its three parts.
    pub fn new(group: impl Into<String>, version: impl Into<String>, kind: impl Into<String>) -> Self {
        Gvk { group: group.into(), version: version.into(), kind: kind.into() }
    }

    /// The `apiVersion` of an object of this kind.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// The group and kind, which name a kind whatever version it is seen at.
    pub fn group_kind(&self) -> GroupKind {
        GroupKind { group: self.group.clone(), kind: self.kind.clone() }
    }
}

/// Splits an `apiVersion` into group and version; `None` when it has empty parts or more than one slash.
pub fn split_api_version(api_version: &str) -> Option<(&str, &str)> {
    let (group, version) = match api_version.split_once('/') {
        Some(("", _)) => return None,
        Some(parts) => parts,
        None => ("", api_version),
    };
    (!version.is_empty() && !version.contains('/')).then_some((group, version))
}

impl fmt::Display for Gvk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.group.is_empty() {
            write!(f, "{}/", self.group)?;
        }
        write!(f, "{}.{}", self.version, self.kind)
    }
}

/// Whether two texts are the same. Empty ones are not looked at: they may stand nowhere, and glibc's `memcmp` takes a hundred
/// times longer over such on processors with AVX-512.
#[inline]
pub fn same_text(a: &str, b: &str) -> bool {
    a.len() == b.len() && (a.is_empty() || a == b)
}

/// Why a text is no GVK.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not of the form group/version.Kind (the core group: version.Kind)")]
pub struct ParseGvkError(String);

impl FromStr for Gvk {
    type Err = ParseGvkError;

    /// Takes `group/version.Kind`, `version.Kind` and, as older SimKube wrote it, `/version.Kind`.
    fn from_str(text: &str) -> Result<Self, ParseGvkError> {
        let error = || ParseGvkError(text.to_owned());
        let (group, rest) = text.split_once('/').unwrap_or(("", text));
        let (version, kind) = rest.split_once('.').ok_or_else(error)?;
        let well_formed =
            !version.is_empty() && !kind.is_empty() && !kind.contains(['.', '/']) && !version.contains('/');
        if well_formed { Ok(Gvk::new(group, version, kind)) } else { Err(error()) }
    }
}

impl Serialize for Gvk {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Gvk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A kind without its version: the same object is served at several versions.
#[derive(Clone, Debug, Eq, Hash)]
#[allow(clippy::derived_hash_with_manual_eq, reason = "it compares as the derived one does, only faster")]
pub struct GroupKind {
    /// API group, empty for the core group.
    pub group: String,
    /// Kind, in CamelCase.
    pub kind: String,
}

impl PartialEq for GroupKind {
    fn eq(&self, other: &Self) -> bool {
        same_text(&self.kind, &other.kind) && same_text(&self.group, &other.group)
    }
}

impl Ord for GroupKind {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_group = if self.group.is_empty() || other.group.is_empty() {
            self.group.len().cmp(&other.group.len())
        } else {
            self.group.cmp(&other.group)
        };
        by_group.then_with(|| self.kind.cmp(&other.kind))
    }
}

impl PartialOrd for GroupKind {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl GroupKind {
    /// A kind of a group.
    pub fn new(group: impl Into<String>, kind: impl Into<String>) -> Self {
        GroupKind { group: group.into(), kind: kind.into() }
    }

    /// Whether this is the given kind of the given group.
    pub fn is(&self, group: &str, kind: &str) -> bool {
        same_text(&self.kind, kind) && same_text(&self.group, group)
    }
}

impl fmt::Display for GroupKind {
    /// As kubectl qualifies kinds: `Deployment.apps`, `Pod`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)?;
        if self.group.is_empty() { Ok(()) } else { write!(f, ".{}", self.group) }
    }
}

/// What names an object at one time: kind, namespace and name. Two objects may bear it one after the other, with different
/// uids.
#[derive(Clone, Debug, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::derived_hash_with_manual_eq, reason = "it compares as the derived one does, only faster")]
pub struct ObjectKey {
    /// Group and kind.
    pub kind: GroupKind,
    /// Namespace, empty for a cluster-scoped object.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl PartialEq for ObjectKey {
    fn eq(&self, other: &Self) -> bool {
        same_text(&self.name, &other.name) && same_text(&self.namespace, &other.namespace) && self.kind == other.kind
    }
}

impl ObjectKey {
    /// `namespace/name`, as the index and the lifecycles of a trace write it.
    pub fn ns_name(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.kind)?;
        if !self.namespace.is_empty() {
            write!(f, "{}/", self.namespace)?;
        }
        f.write_str(&self.name)
    }
}

/// A `metadata.resourceVersion` that is decimal, as those of etcd are: later versions of an object have greater ones. Kubernetes
/// lets clients compare them so where they are decimal, of whatever length (KEP-5504); 38 digits are taken here, far more than
/// etcd's 63 bits.
pub type ResourceVersion = u128;

/// What one recording, or one trace, stands in: a file, stdin, or a member of an archive.
///
/// Its order is the order of input: files in the order of their paths, members as they follow one another in their archive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId {
    /// Index of the file in the order in which files are read.
    pub index: u32,
    /// Which member of the archive that the file is, from 1; 0 where the file is none.
    pub member: u32,
}

impl SourceId {
    /// Of a file by its index; if it is an archive, its first member comes next.
    pub const fn of_file(index: u32) -> Self {
        SourceId { index, member: 0 }
    }
}

/// A place in the input: which source, which line of its decompressed text (counted from 1), or which event of a trace.
///
/// Its order is the order of input: sources, then lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The source.
    pub source: SourceId,
    /// Line, from 1.
    pub line: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gvks_are_written_and_read_as_simkube_does() {
        for (text, group) in [("apps/v1.Deployment", "apps"), ("v1.Pod", ""), ("/v1.Pod", "")] {
            let gvk: Gvk = text.parse().unwrap();
            assert_eq!(gvk.group, group);
            assert_eq!(gvk.to_string(), text.trim_start_matches('/'));
        }
        for bad in ["", "Pod", "v1.", ".Pod", "a/b/v1.Pod", "v1.Pod.x"] {
            assert!(bad.parse::<Gvk>().is_err(), "{bad}");
        }
    }

    #[test]
    fn api_versions_split() {
        assert_eq!(split_api_version("apps/v1"), Some(("apps", "v1")));
        assert_eq!(split_api_version("v1"), Some(("", "v1")));
        for bad in ["", "/v1", "a/b/c", "apps/"] {
            assert_eq!(split_api_version(bad), None, "{bad}");
        }
    }
}
