//! What a trace says of its objects beside the events: the index, and the lifecycles of pods.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Rule;
use super::changes::Before;
use super::finding::{Findings, Name};
use crate::config::TracerConfig;
use crate::model::Gvk;
use crate::trace::Lifecycle;

/// The index, and the owners of lifecycles.
#[derive(Default)]
pub(super) struct Tables {
    index: BTreeMap<Name, u64>,
    owners: BTreeSet<Name>,
}

impl Tables {
    /// Takes an entry of the index.
    pub fn indexed(&mut self, gvk: &Gvk, ns_name: &str, hash: u64) {
        self.index.insert(Name { gvk: gvk.clone(), ns_name: ns_name.to_owned() }, hash);
    }

    /// Takes the lifecycles of an owner's pods of one spec.
    pub fn lives(&mut self, (gvk, ns_name): &(Gvk, String), lives: &[Lifecycle], findings: &mut Findings) {
        let owner = Name { gvk: gvk.clone(), ns_name: ns_name.clone() };
        let start = |life: &Lifecycle| match life {
            Lifecycle::Empty => None,
            Lifecycle::Running(start) | Lifecycle::Finished(start, _) => Some(*start),
        };
        for life in lives {
            if let Lifecycle::Finished(start, end) = life
                && end < start
            {
                findings.add(Rule::LifecycleTimes, None, Some(&owner), format!("{start} to {end}"));
            }
        }
        let starts: Vec<i64> = lives.iter().filter_map(start).collect();
        if !starts.is_sorted() {
            findings.add(Rule::LifecycleOrder, None, Some(&owner), "");
        }
        self.owners.insert(owner);
    }

    /// Holds all of it against the objects that were applied.
    pub fn finish(&self, config: &TracerConfig, objects: &HashMap<Name, Before>, findings: &mut Findings) {
        let applied: BTreeMap<&Name, &Before> = objects.iter().collect();
        for (name, object) in &applied {
            match self.index.get(name) {
                None => findings.add(Rule::IndexMissing, Some(object.first()), Some(name), ""),
                Some(hash) if *hash != object.hash() => {
                    let detail = format!("{hash} for {}", object.hash());
                    findings.add(Rule::IndexHash, Some(object.last()), Some(name), detail);
                }
                Some(_) => {}
            }
        }
        for name in self.index.keys().filter(|name| !applied.contains_key(name)) {
            findings.add(Rule::IndexUnknown, None, Some(name), "");
        }
        for owner in &self.owners {
            if !applied.contains_key(owner) {
                findings.add(Rule::LifecycleOwner, None, Some(owner), "");
            }
            if !config.tracks_lifecycle(&owner.gvk) {
                findings.add(Rule::LifecycleUntracked, None, Some(owner), "");
            }
        }
    }
}
