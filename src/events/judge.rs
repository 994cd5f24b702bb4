//! What filters say of a line.
//!
//! A line is left out where they leave out all that it tells of. What it does not tell cannot be held against it: a deletion
//! by name has no labels. Of a resource that is not built in the kind is taken to be one that it may be named for.

use std::collections::BTreeMap;

use crate::decode::audit::Sweep;
use crate::decode::{Observation, Telling};
use crate::filter::{Filters, Subject};
use crate::model::GroupKind;

/// Filters, with those that cannot be asked left out.
pub(super) struct Judge {
    /// By [`Known::index`].
    by_known: Vec<Filters>,
    judges: bool,
    /// Whether it is by their namespaces alone that things are left out.
    by_namespace: bool,
}

/// What is known of something beside its namespace.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    kind: bool,
    name: bool,
    labels: bool,
}

impl Known {
    fn index(self) -> usize {
        usize::from(self.kind) | usize::from(self.name) << 1 | usize::from(self.labels) << 2
    }
}

/// Something that is judged; what is empty is not known.
struct Asked<'a> {
    kind: &'a GroupKind,
    resource: &'a str,
    namespace: &'a str,
    name: &'a str,
    labels: Option<&'a BTreeMap<String, String>>,
}

impl Judge {
    /// A judge by these filters.
    pub fn new(filters: &Filters) -> Self {
        let some = |i: usize| {
            let mut filters = filters.clone();
            if i & 1 == 0 {
                (filters.kinds, filters.exclude_kinds) = (Vec::new(), Vec::new());
            }
            if i & 3 != 3 {
                // A name may be one of a kind.
                filters.names = Vec::new();
            }
            if i & 4 == 0 {
                (filters.selectors, filters.exclude_selectors) = (Vec::new(), Vec::new());
            }
            filters
        };
        // Nothing else is asked where only namespaces are known.
        let by_namespace = *filters == some(0);
        Judge { by_known: (0..8).map(some).collect(), judges: !filters.is_empty(), by_namespace }
    }

    /// Whether anything is left out at all.
    pub fn judges(&self) -> bool {
        self.judges
    }

    /// Whether what is left out is not to be missed: what is in one namespace is owned by nothing in others.
    pub fn is_lossless(&self) -> bool {
        self.by_namespace
    }

    /// Whether an observation passes.
    pub fn keeps(&self, seen: &Observation) -> bool {
        let filters = &self.by_known[7];
        let asks_labels = !filters.selectors.is_empty() || !filters.exclude_selectors.is_empty();
        let labelled = matches!(seen.telling, Telling::Whole | Telling::Metadata | Telling::Requested);
        let labels = (labelled && asks_labels).then(|| seen.metadata.labels());
        let (key, resource) = (&seen.key, seen.resource.as_deref().unwrap_or_default());
        let (kind, namespace, name, labels) = (&key.kind, &*key.namespace, &*key.name, labels.as_ref());
        self.passes(&Asked { kind, resource, namespace, name, labels })
    }

    /// Whether the deletion of many objects passes.
    pub fn keeps_sweep(&self, sweep: &Sweep) -> bool {
        let Sweep { kind, resource, namespace, name, .. } = sweep;
        let name = name.as_deref().unwrap_or_default();
        self.passes(&Asked { kind, resource, namespace, name, labels: None })
    }

    /// Whether what is told of the watch of a kind passes.
    pub fn keeps_kind(&self, kind: &GroupKind) -> bool {
        self.passes(&Asked { kind, resource: "", namespace: "", name: "", labels: None })
    }

    fn passes(&self, asked: &Asked<'_>) -> bool {
        let Asked { kind, resource, namespace, name, labels } = *asked;
        let (is_known, none) = (!kind.kind.is_empty(), BTreeMap::new());
        let known = Known { kind: is_known || !resource.is_empty(), name: !name.is_empty(), labels: labels.is_some() };
        let filters = &self.by_known[known.index()];
        let subject = |kind| Subject { kind, namespace, name, labels: labels.unwrap_or(&none) };
        if is_known || resource.is_empty() {
            return filters.keeps(&subject(kind));
        }
        let kinds = named_for(&kind.group, resource);
        kinds.iter().any(|kind| filters.keeps(&subject(kind)))
            && !kinds.iter().any(|kind| filters.excludes(&subject(kind)))
    }
}

/// The kinds that a resource may be named for.
fn named_for(group: &str, resource: &str) -> Vec<GroupKind> {
    let stems = [
        Some(resource.to_owned()),
        resource.strip_suffix('s').map(str::to_owned),
        resource.strip_suffix("es").map(str::to_owned),
        resource.strip_suffix("ies").map(|stem| format!("{stem}y")),
    ];
    stems.into_iter().flatten().map(|kind| GroupKind::new(group, kind)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filters(kinds: &[&str], excluded: &[&str], names: &[&str], selectors: &[&str]) -> Judge {
        let all = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        let selectors = selectors.iter().map(|text| text.parse().unwrap()).collect();
        let names = names.iter().map(|text| text.parse().unwrap()).collect();
        let namespaces = vec!["shop".parse().unwrap()];
        let (kinds, exclude_kinds) = (all(kinds), all(excluded));
        Judge::new(&Filters { namespaces, kinds, exclude_kinds, names, selectors, ..Filters::default() })
    }

    fn passes(judge: &Judge, kind: &str, resource: &str, namespace: &str, name: &str) -> bool {
        let kind = GroupKind::new("lab.dev", kind);
        judge.passes(&Asked { kind: &kind, resource, namespace, name, labels: None })
    }

    #[test]
    fn what_is_not_told_is_not_held_against_a_line() {
        let judge = filters(&["gang"], &[], &["gang/web"], &["app=web"]);
        assert!(passes(&judge, "Gang", "gangs", "shop", "web"));
        assert!(!passes(&judge, "Gang", "gangs", "shop", "db"));
        assert!(!passes(&judge, "Gang", "gangs", "other", "web"));
        assert!(passes(&judge, "Gang", "gangs", "shop", ""), "a name that shows later");
        assert!(passes(&judge, "", "gangs", "shop", "web"), "a kind that another record shows");
        assert!(!passes(&judge, "", "policies", "shop", "web"));
        assert!(passes(&judge, "", "", "shop", ""), "the end of a namespace");
        assert!(!passes(&judge, "", "", "other", ""));
        assert!(passes(&judge, "", "", "", ""));
        assert!(judge.judges() && !Judge::new(&Filters::default()).judges());
    }

    #[test]
    fn a_resource_is_left_out_by_any_kind_that_it_may_be_named_for() {
        let judge = filters(&[], &["policy", "pod"], &[], &[]);
        assert!(!passes(&judge, "", "policies", "shop", "x"));
        assert!(!passes(&judge, "Pod", "pods", "shop", "x"));
        assert!(passes(&judge, "", "gangs", "shop", "x"));
        assert!(!judge.keeps_kind(&GroupKind::new("lab.dev", "Policy")));
        assert!(judge.keeps_kind(&GroupKind::new("lab.dev", "Gang")));
    }
}
