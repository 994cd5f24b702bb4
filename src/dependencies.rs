//! What a pod needs beside itself: accounts, config maps, secrets, claims and classes that its template names.
//!
//! A simulation cluster is empty. A pod whose account or class is missing is refused there, one whose claim is unbound stays
//! pending, and one that lacks a config map or a secret never starts. This room knows where objects say what they need, in pods
//! and in the templates of pods, and takes it out of them where it cannot be had.

mod pod;
mod stub;
mod templates;

use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde_json::Value;

use crate::config::TracerConfig;
use crate::model::{GroupKind, Gvk, ObjectKey};

pub use stub::{empty_secret, stub};
pub use templates::pod_specs;

/// What becomes of references to other objects in a trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Deps {
    /// They stay as recorded.
    #[default]
    Keep,
    /// What they name joins the trace; where it cannot, they are taken out.
    Include,
    /// They are taken out.
    Strip,
}

impl Deps {
    /// Whether a reference stays where it is. What every cluster has by itself is no reason to change a template; but the
    /// account `default` is the same unnamed, and SimKube's validator takes it for missing.
    pub fn keeps(self, reference: &Reference) -> bool {
        match self {
            Deps::Keep => true,
            Deps::Include => reference.kind.can_come_along() || reference.is_everywhere(),
            Deps::Strip => reference.kind != Dependency::ServiceAccount && reference.is_everywhere(),
        }
    }
}

/// The kinds of what pods need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // the names say it
pub enum Dependency {
    ServiceAccount,
    ConfigMap,
    Secret,
    PersistentVolumeClaim,
    PriorityClass,
    RuntimeClass,
}

impl Dependency {
    /// All of them.
    pub const ALL: [Dependency; 6] = [
        Dependency::ServiceAccount,
        Dependency::ConfigMap,
        Dependency::Secret,
        Dependency::PersistentVolumeClaim,
        Dependency::PriorityClass,
        Dependency::RuntimeClass,
    ];

    /// The kinds that can join a trace: of one namespace, and of use as soon as they are there.
    pub const COMING_ALONG: [Dependency; 3] = [Dependency::ServiceAccount, Dependency::ConfigMap, Dependency::Secret];

    /// Its group, version and kind.
    pub fn gvk(self) -> Gvk {
        match self {
            Dependency::ServiceAccount => Gvk::new("", "v1", "ServiceAccount"),
            Dependency::ConfigMap => Gvk::new("", "v1", "ConfigMap"),
            Dependency::Secret => Gvk::new("", "v1", "Secret"),
            Dependency::PersistentVolumeClaim => Gvk::new("", "v1", "PersistentVolumeClaim"),
            Dependency::PriorityClass => Gvk::new("scheduling.k8s.io", "v1", "PriorityClass"),
            Dependency::RuntimeClass => Gvk::new("node.k8s.io", "v1", "RuntimeClass"),
        }
    }

    /// The dependency that a kind is.
    pub fn of(kind: &GroupKind) -> Option<Dependency> {
        Self::ALL.into_iter().find(|dependency| dependency.gvk().group_kind() == *kind)
    }

    /// Whether it can join a trace.
    pub fn can_come_along(self) -> bool {
        Self::COMING_ALONG.contains(&self)
    }

    /// Whether it has a namespace.
    pub fn is_namespaced(self) -> bool {
        !matches!(self, Dependency::PriorityClass | Dependency::RuntimeClass)
    }
}

/// In what part of an object a reference stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Via {
    /// The account that a pod runs under.
    Account,
    /// The secrets that images are pulled with.
    PullSecret,
    /// The environment of a container.
    Environment,
    /// A volume.
    Volume,
    /// One of the sources of a projected volume.
    Projected,
    /// The claim that is made for each pod: of a StatefulSet, or an ephemeral volume.
    ClaimTemplate,
    /// A pod's class.
    Class,
}

/// What a pod or its template needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// What it is.
    pub kind: Dependency,
    /// Its name. It is in the namespace of whoever needs it, or in none.
    pub name: String,
    /// Where it is needed.
    pub via: Via,
    /// Whether a pod does without it.
    pub optional: bool,
    /// The keys of it that must be there.
    pub keys: Vec<String>,
}

impl Reference {
    /// A reference to all of something, which must be there.
    fn to(kind: Dependency, name: &str, via: Via) -> Self {
        Reference { kind, name: name.to_owned(), via, optional: false, keys: Vec::new() }
    }

    /// Whether every cluster has it by itself, in every namespace.
    pub fn is_everywhere(&self) -> bool {
        match self.kind {
            Dependency::ServiceAccount => self.name == "default",
            Dependency::ConfigMap => self.name == "kube-root-ca.crt",
            Dependency::PriorityClass => matches!(&*self.name, "system-node-critical" | "system-cluster-critical"),
            _ => false,
        }
    }

    /// What it names, for an object of a namespace.
    pub fn key(&self, namespace: &str) -> ObjectKey {
        let namespace = if self.kind.is_namespaced() { namespace } else { "" };
        ObjectKey { kind: self.kind.gvk().group_kind(), namespace: namespace.to_owned(), name: self.name.clone() }
    }
}

/// Shows every reference of an object, in the order of its text, and takes out those that `keeps` does not want. Of a config
/// it needs where the pod templates of custom resources are.
///
/// What is taken out leaves a valid pod: a volume becomes an empty directory, so that its mounts stay; with a priority class go
/// the numbers that came of it.
pub fn sift(config: &TracerConfig, gvk: &Gvk, object: &mut Value, keeps: &mut dyn FnMut(&Reference) -> bool) {
    templates::claim_templates(gvk, object, keeps);
    for spec in pod_specs(config, gvk, object) {
        pod::sift(spec, keeps);
    }
}

/// Whether an object may refer to anything, by the canonical texts of its content and status: it may where its kind has pods
/// and the name of a field stands in one of them in which references do.
pub fn may_refer(config: &TracerConfig, gvk: &Gvk, text: &[u8]) -> bool {
    templates::has_pods(config, gvk) && FIELDS.iter().any(|field| field.find(text).is_some())
}

/// Parts of the names of fields: every reference stands in a field of one of these, or is told by one. Values that have them in
/// them do no harm.
static FIELDS: LazyLock<[Finder<'static>; 6]> = LazyLock::new(|| {
    let fields = ["\"serviceAccount", "ClassName\"", "\"configMap", "ecret", "olumeClaim", "\"ephemeral\""];
    fields.map(Finder::new)
});

/// The references of an object, which stays as it is.
pub fn references(config: &TracerConfig, gvk: &Gvk, object: &mut Value) -> Vec<Reference> {
    let mut references = Vec::new();
    sift(config, gvk, object, &mut |reference| {
        references.push(reference.clone());
        true
    });
    references
}

#[cfg(test)]
mod tests;
