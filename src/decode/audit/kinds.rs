//! Which kind a resource is.

use std::collections::BTreeMap;

use super::resources;
use crate::model::GroupKind;

/// The kinds of resources: those that bodies showed, and those that are built in.
#[derive(Debug, Default)]
pub struct Kinds {
    /// By group and resource. Nested, so that a lookup needs no key of its own.
    learned: BTreeMap<String, BTreeMap<String, String>>,
    /// Those of the core group, whose name is empty.
    core: BTreeMap<String, String>,
}

impl Kinds {
    /// Learns a resource's kind from a body. Should bodies disagree, the first by name is it: whatever the order of the input.
    pub fn learn(&mut self, kind: &GroupKind, resource: &str) {
        if self.learned(&kind.group, resource).is_none_or(|known| kind.kind.as_str() < known) {
            let group = match kind.group.is_empty() {
                true => &mut self.core,
                false => self.learned.entry(kind.group.clone()).or_default(),
            };
            group.insert(resource.to_owned(), kind.kind.clone());
        }
    }

    /// The kind that bodies showed.
    pub fn learned(&self, group: &str, resource: &str) -> Option<&str> {
        let group = if group.is_empty() { Some(&self.core) } else { self.learned.get(group) };
        group?.get(resource).map(String::as_str)
    }

    /// The kind: as bodies showed it, else a built-in one.
    pub fn of(&self, group: &str, resource: &str) -> Option<&str> {
        self.learned(group, resource).or_else(|| resources::kind_of(group, resource))
    }
}

/// Whether a resource has the name that a kind's usually has: lower case and plural, by the rule that Kubernetes itself
/// guesses with (apimachinery `meta.UnsafeGuessKindToResource`); a kind that is a plural may be its own.
pub fn is_named_for(resource: &str, kind: &str) -> bool {
    let singular = kind.to_ascii_lowercase();
    matches!(resource.strip_prefix(singular.as_str()), Some("" | "s" | "es"))
        || singular.strip_suffix('y').is_some_and(|stem| resource.strip_prefix(stem) == Some("ies"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_kinds_the_first_by_name_is_learned() {
        for order in [["Gang", "Group"], ["Group", "Gang"]] {
            let mut kinds = Kinds::default();
            order.iter().for_each(|kind| kinds.learn(&GroupKind::new("lab.dev", *kind), "gangs"));
            assert_eq!(kinds.of("lab.dev", "gangs"), Some("Gang"));
            assert_eq!((kinds.of("", "pods"), kinds.learned("", "pods")), (Some("Pod"), None));
        }
    }

    #[test]
    fn a_kind_is_known_by_the_name_of_its_resource() {
        for (kind, resource, expected) in [
            ("Gang", "gangs", true),
            ("Policy", "policies", true),
            ("Mesh", "meshes", true),
            ("Endpoints", "endpoints", true),
            ("Gang", "gangsters", false),
            ("Gang", "gan", false),
        ] {
            assert_eq!(is_named_for(resource, kind), expected, "{kind} {resource}");
        }
    }
}
