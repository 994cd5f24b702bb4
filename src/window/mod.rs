//! The trace of a window `[from, to)`, in whole seconds.
//!
//! Everything before the window is folded into its starting state; what happens in it becomes one event per second with
//! changes, two where one object is deleted and created again in a second, since SimKube's driver applies an event's objects
//! before it deletes any.

mod certainty;
mod kept_out;
mod lifecycles;
mod membership;
mod needs;
mod operations;
mod tellings;

pub use membership::{Membership, Stay};

use std::collections::BTreeSet;

use operations::{Action, Operation, Planner};

use crate::config::TracerConfig;
use crate::decode::OwnerLifecycles;
use crate::dependencies::Deps;
use crate::filter::Filters;
use crate::model::{Gvk, ObjectKey};
use crate::owners::OwnerGraph;
use crate::report::Report;
use crate::store::History;
use crate::store::history::Place;
use crate::trace::{Event, Sanitize, Trace};

/// A window, in Unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its first second.
    pub from: i64,
    /// The second after its last.
    pub to: i64,
    /// Whether the trace is to last until `to`: an empty event stands there then.
    pub closed: bool,
}

/// What a trace is made from.
pub struct Export<'a> {
    /// What happened.
    pub history: &'a History,
    /// Who owns whom.
    pub graph: &'a OwnerGraph,
    /// What is tracked.
    pub config: &'a TracerConfig,
    /// What the user wants of it.
    pub filters: &'a Filters,
    /// How objects are made fit for a replay.
    pub sanitize: Sanitize,
    /// What becomes of what pods need.
    pub deps: Deps,
    /// Lifecycles that traces among the inputs carry.
    pub carried: &'a [OwnerLifecycles],
}

impl Export<'_> {
    /// The trace of a window. What it has to leave out or to bend is noted.
    pub fn trace(&self, window: Window, report: &mut Report) -> Trace<TracerConfig> {
        let membership = Membership::new(self.history, self.graph, self.config, self.filters);
        let mut planner = Planner::new(self, &membership, window);
        for id in 0..self.history.objects.len() {
            planner.object(id, report);
        }
        let plan = planner.finish(report);
        let pod_lifecycles = lifecycles::collect(self, &membership, &plan, window, report);
        let mut events = vec![Event { ts: window.from, applied: plan.start, deleted: Vec::new() }];
        events.extend(pack(plan.operations, self.history));
        if window.closed {
            events.push(Event { ts: window.to, applied: Vec::new(), deleted: Vec::new() });
        }
        Trace { config: self.written_config(), events, index: plan.index, pod_lifecycles }
    }

    /// SimKube's driver looks for a ReplicaSet's pod template where there is none, and fails; a ReplicaSet of an untracked
    /// kind it applies as it is, and its pods run.
    fn written_config(&self) -> TracerConfig {
        match self.sanitize {
            Sanitize::Replay => self.config.without(&Gvk::new("apps", "v1", "ReplicaSet")),
            Sanitize::Simkube => self.config.clone(),
        }
    }
}

/// Groups operations, which are in order, into events.
fn pack(operations: Vec<Operation>, history: &History) -> Vec<Event> {
    let mut events: Vec<Event> = Vec::new();
    let mut deleted: BTreeSet<&ObjectKey> = BTreeSet::new();
    let mut before: Option<Option<Place>> = None;
    for operation in operations {
        let key = &history.objects[operation.object].key;
        let fits = events.last().is_some_and(|event| event.ts == operation.at.seconds())
            && !operation.must_follow_deletion(&deleted, key)
            && before.is_some_and(|before| same_event_of_a_trace(before, operation.place));
        if !fits {
            deleted.clear();
            events.push(Event { ts: operation.at.seconds(), applied: Vec::new(), deleted: Vec::new() });
        }
        before = Some(operation.place);
        let Some(event) = events.last_mut() else { continue };
        match operation.action {
            Action::Apply(object) => event.applied.push(object),
            Action::Delete(object) => {
                event.deleted.push(*object);
                deleted.insert(key);
            }
        }
    }
    events
}

/// Whether two operations may stand in one event: two events of one trace stay two.
fn same_event_of_a_trace(one: Option<Place>, other: Option<Place>) -> bool {
    match (one, other) {
        (Some(a), Some(b)) => a.source != b.source || a.event == b.event,
        _ => true,
    }
}
