//! A tracer config for what logs contain.
//!
//! A pod is to be accounted for by the highest of its owners that SimKube can track: of a kind that it knows, or of one whose
//! pod templates are found, since parts of it have the containers that its pods have. Where there is none, the pod is
//! tracked by itself. Pods of DaemonSets are in no trace.

mod fitting;
mod kinds;
mod placing;
mod templates;
mod wording;
mod yaml;

use std::collections::BTreeMap;

use fitting::Fitting;
use kinds::Kinds;
use placing::Placing;

use crate::config::{TracerConfig, TrackedObject, known_pod_template_path};
use crate::filter::Filters;
use crate::model::{GroupKind, Gvk, Timestamp};
use crate::owners::OwnerGraph;
use crate::store::History;
use wording::{general, notes};

/// More paths are hardly those of templates.
const MOST_PATHS: usize = 32;

/// What a config is made from.
pub struct Logs<'a> {
    /// What happened.
    pub history: &'a History,
    /// Who owns whom.
    pub graph: &'a OwnerGraph,
    /// Of which objects the config is made.
    pub filters: &'a Filters,
    /// What is tracked anyway.
    pub given: &'a TracerConfig,
    /// How many records there are.
    pub records: u64,
    /// From when to when they run.
    pub span: Option<(Timestamp, Timestamp)>,
}

/// A config, and what is to be said of it.
pub struct Proposal {
    entries: BTreeMap<Gvk, Entry>,
    /// What is said at the beginning, a line each.
    head: Vec<String>,
    /// How many things could not be told.
    doubts: usize,
}

/// How a kind is tracked.
struct Entry {
    tracked: TrackedObject,
    notes: Vec<String>,
}

impl Proposal {
    /// The config for what logs contain.
    pub fn new(logs: &Logs<'_>) -> Self {
        let kinds = Kinds::new(logs.history, logs.given);
        let placing = Placing::new(logs, kinds);
        let mut entries: BTreeMap<Gvk, Entry> = BTreeMap::new();
        for (gvk, tracked) in logs.given.iter() {
            entries.insert(gvk.clone(), Entry { tracked: tracked.clone(), notes: vec!["given".to_owned()] });
        }
        for (kind, count) in &placing.counts {
            let Some(gvk) = placing.kinds.chosen(kind) else { continue };
            let fitting = placing.fittings.get(kind);
            let tracked = tracked(gvk, fitting, count.owned);
            let entry = entries.entry(gvk.clone()).or_insert(Entry { tracked, notes: Vec::new() });
            entry.notes.extend(notes(kind, &entry.tracked, &placing));
        }
        let (general, doubts) = general(&placing);
        let head = std::iter::once(wording::of_what(logs)).chain(general).collect();
        let doubtful = |fitting: &Fitting| fitting.is_doubtful() || fitting.paths.is_empty();
        let doubts = doubts + placing.fittings.values().filter(|fitting| doubtful(fitting)).count();
        Proposal { entries, head, doubts }
    }

    /// Whether nothing is tracked.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many things could not be told; its comments say which.
    pub fn doubts(&self) -> usize {
        self.doubts
    }
}

/// `owned`: whether one of the kind that something owns is tracked by itself.
fn tracked(gvk: &Gvk, fitting: Option<&Fitting>, owned: bool) -> TrackedObject {
    let pod_spec_template_paths = match (known_pod_template_path(gvk), fitting) {
        (Some(path), _) => vec![path.to_owned()],
        (None, Some(fitting)) => fitting.best_paths(MOST_PATHS),
        (None, None) => Vec::new(),
    };
    let skip_owned = is_mostly_owned(&gvk.group_kind()) && !owned;
    TrackedObject { pod_spec_template_paths, track_lifecycle: true, skip_owned }
}

/// Whether objects of a kind mostly belong to another one, and are meant only where nothing owns them.
fn is_mostly_owned(kind: &GroupKind) -> bool {
    kind.is("apps", "ReplicaSet") || kind.is("batch", "Job") || kind.is("", "Pod")
}
