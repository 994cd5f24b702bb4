//! What filters say of a line.
//!
//! A line is left out where they leave out all that it tells of. What it does not tell cannot be held against it: a deletion
//! by name has no labels, and a resource that is not built in may have any kind.

use std::collections::BTreeMap;

use crate::decode::audit::Sweep;
use crate::decode::{Observation, Telling};
use crate::filter::{Filters, Subject};

/// Filters, with those that cannot be asked left out.
pub(super) struct Judge {
    /// By [`index`].
    by_known: Vec<Filters>,
    judges: bool,
}

/// What is known of something beside its namespace.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    kind: bool,
    name: bool,
    labels: bool,
}

fn index(known: Known) -> usize {
    usize::from(known.kind) | usize::from(known.name) << 1 | usize::from(known.labels) << 2
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
        Judge { by_known: (0..8).map(some).collect(), judges: !filters.is_empty() }
    }

    /// Whether anything is left out at all.
    pub fn judges(&self) -> bool {
        self.judges
    }

    /// Whether an observation passes.
    pub fn keeps(&self, seen: &Observation) -> bool {
        let labelled = matches!(seen.telling, Telling::Whole | Telling::Metadata | Telling::Requested);
        let known = Known { kind: !seen.key.kind.kind.is_empty(), name: !seen.key.name.is_empty(), labels: labelled };
        let filters = &self.by_known[index(known)];
        let of_labels = !filters.selectors.is_empty() || !filters.exclude_selectors.is_empty();
        let labels = if of_labels { seen.metadata.labels() } else { BTreeMap::new() };
        let key = &seen.key;
        filters.keeps(&Subject { kind: &key.kind, namespace: &key.namespace, name: &key.name, labels: &labels })
    }

    /// Whether the deletion of many objects passes.
    pub fn keeps_sweep(&self, sweep: &Sweep) -> bool {
        let Sweep { kind, namespace, name, .. } = sweep;
        let known = Known { kind: !kind.kind.is_empty(), name: name.is_some(), labels: false };
        let name = name.as_deref().unwrap_or_default();
        self.by_known[index(known)].keeps(&Subject { kind, namespace, name, labels: &BTreeMap::new() })
    }
}
