//! Whether what pods need is there when they come.

use std::collections::HashMap;

use serde_json::Value;

use super::Rule;
use super::finding::Name;
use crate::config::TracerConfig;
use crate::dependencies::{Dependency, Reference, Via, references};

/// Which objects that pods may need were applied, and whether they are still there.
#[derive(Default)]
pub(super) struct Present(HashMap<(Dependency, String), bool>);

impl Present {
    /// Takes an object that is applied.
    pub fn applied(&mut self, name: &Name) {
        self.set(name, true);
    }

    /// Takes one that is deleted.
    pub fn deleted(&mut self, name: &Name) {
        self.set(name, false);
    }

    fn set(&mut self, name: &Name, there: bool) {
        if let Some(kind) = Dependency::of(&name.gvk.group_kind()) {
            self.0.insert((kind, name.ns_name.clone()), there);
        }
    }

    /// What an object, or its pods, need and is not there.
    pub fn lacks(&self, name: &Name, config: &TracerConfig, object: &mut Value) -> Vec<(Rule, String)> {
        let mut lacks = Vec::new();
        for reference in references(config, &name.gvk, object) {
            let rule = self.rule(&reference, &name.ns_name);
            lacks.extend(rule.map(|rule| (rule, format!("{} {}", reference.kind.gvk().group_kind(), reference.name))));
        }
        // One thing that is named many times is lacking once.
        lacks.sort_unstable();
        lacks.dedup();
        lacks
    }

    /// The rule that a reference of an object breaks.
    fn rule(&self, reference: &Reference, ns_name: &str) -> Option<Rule> {
        if reference.is_everywhere() || reference.optional {
            return None;
        }
        if reference.via == Via::ClaimTemplate {
            return Some(Rule::ClaimUnbound);
        }
        let namespace = ns_name.split('/').next().unwrap_or_default();
        let key = reference.key(namespace);
        match self.0.get(&(reference.kind, key.ns_name())) {
            Some(true) if reference.kind == Dependency::PersistentVolumeClaim => Some(Rule::ClaimUnbound),
            Some(true) => None,
            Some(false) => Some(Rule::DependencyGone),
            None => Some(missing(reference)),
        }
    }
}

/// The rule that is broken by a reference to what is not there.
fn missing(reference: &Reference) -> Rule {
    match (reference.kind, reference.via) {
        (Dependency::ServiceAccount, _) => Rule::AccountMissing,
        (Dependency::PersistentVolumeClaim, _) => Rule::ClaimMissing,
        (Dependency::PriorityClass, _) => Rule::PriorityClassMissing,
        (Dependency::RuntimeClass, _) => Rule::RuntimeClassMissing,
        (Dependency::Secret, Via::PullSecret) => Rule::PullSecretMissing,
        (Dependency::Secret, Via::Environment) => Rule::SecretOfEnvironmentMissing,
        (Dependency::Secret, _) => Rule::SecretOfVolumeMissing,
        (Dependency::ConfigMap, Via::Environment) => Rule::ConfigMapOfEnvironmentMissing,
        (Dependency::ConfigMap, _) => Rule::ConfigMapOfVolumeMissing,
    }
}
