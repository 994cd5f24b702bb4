//! A trace, and what it would start.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;

use super::schema::Name;
use super::workload::{Asked, Lives, Workload};
use crate::config::TracerConfig;
use crate::decode::OwnerLifecycles;
use crate::model::{GroupKind, Gvk, ObjectKey, Timestamp};
use crate::survey::Traces;

/// What is in a trace.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TraceFacts {
    /// The kinds that its config, or the one that was given, tracks.
    pub tracked: Vec<Gvk>,
    /// Its first second.
    pub from: Option<String>,
    /// The second of its last event.
    pub to: Option<String>,
    /// How long it is, in seconds.
    pub seconds: i64,
    /// Its events, the starting state included, and an empty one that ends it.
    pub events: u64,
    /// Objects in the starting state.
    pub at_start: u64,
    /// Objects applied later.
    pub applied: u64,
    /// Objects deleted.
    pub deleted: u64,
    /// The bytes of what is applied, as JSON.
    pub bytes: u64,
    /// The object that takes the most of them at one time.
    pub largest: Option<Largest>,
    /// Pods that its objects ask for.
    pub pods: Asked,
    /// When they ask for the most.
    pub peak: Option<String>,
    /// The same by kind.
    pub kinds: Vec<KindOfTrace>,
    /// Lifecycles of pods.
    pub lifecycles: Lives,
    /// Who owns pods, those with the most first.
    pub owners: Vec<OwnerOfTrace>,
}

/// The largest object of a trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Largest {
    /// Its name.
    pub object: Name,
    /// Its bytes, as JSON.
    pub bytes: u64,
}

/// What the objects of one kind of a trace ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KindOfTrace {
    /// API group, empty for the core group.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// Pods; null for a kind that does not tell: a schedule, one for each node, a custom resource.
    pub pods: Option<Asked>,
}

/// An owner of pods in a trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwnerOfTrace {
    /// The owner.
    pub owner: Name,
    /// How many pods it asks for, at most; null where its kind does not tell.
    pub pods: Option<u64>,
    /// How many lifecycles it has.
    pub lifecycles: u64,
}

/// What is in a trace that is the only input.
pub fn facts(traces: &Traces, workload: &Workload, carried: &[&OwnerLifecycles], config: &TracerConfig) -> TraceFacts {
    let Traces { events, at_start, applied, deleted, bytes, .. } = *traces;
    let second = |second: i64| Timestamp::from_seconds(second).to_string();
    let (from, to) = traces.seconds.unzip();
    let kind = |(kind, pods): (&GroupKind, &Option<Asked>)| KindOfTrace {
        group: kind.group.clone(),
        kind: kind.kind.clone(),
        pods: *pods,
    };
    TraceFacts {
        tracked: config.iter().map(|(gvk, _)| gvk.clone()).collect(),
        from: from.map(second),
        to: to.map(second),
        seconds: from.zip(to).map_or(0, |(from, to)| to.saturating_sub(from)),
        events,
        at_start,
        applied,
        deleted,
        bytes,
        largest: traces.largest.as_ref().map(|(bytes, Reverse(key))| Largest { object: key.into(), bytes: *bytes }),
        pods: workload.all,
        peak: workload.peak.map(|at| second(at.seconds())),
        kinds: workload.kinds.iter().map(kind).collect(),
        lifecycles: Lives::of(carried),
        owners: owners_of_trace(workload, carried),
    }
}

fn owners_of_trace(workload: &Workload, carried: &[&OwnerLifecycles]) -> Vec<OwnerOfTrace> {
    let mut owners: BTreeMap<Name, (Option<u64>, u64)> = BTreeMap::new();
    for (key, pods) in &workload.objects {
        owners.entry(key.into()).or_default().0 = Some(*pods);
    }
    for OwnerLifecycles { gvk, ns_name, lifecycles, .. } in carried {
        let (namespace, name) = ns_name.split_once('/').unwrap_or(("", ns_name));
        let key = ObjectKey { kind: gvk.group_kind(), namespace: namespace.to_owned(), name: name.to_owned() };
        owners.entry((&key).into()).or_default().1 += lifecycles.len() as u64;
    }
    let owner = |(owner, (pods, lifecycles)): (Name, (Option<u64>, u64))| OwnerOfTrace { owner, pods, lifecycles };
    let mut owners: Vec<OwnerOfTrace> = owners.into_iter().map(owner).collect();
    owners.sort_by_key(|owner| Reverse((owner.pods.unwrap_or(0).max(owner.lifecycles), owner.lifecycles)));
    owners
}
