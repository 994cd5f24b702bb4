//! Which objects are in the trace, and when.
//!
//! An object is in the trace while it is alive, of a tracked kind, wanted by the user's filters, and not made by something
//! that the replay makes anyway: it has no ancestor that is in the trace, none that the user's filters took out, and no
//! DaemonSet above it. All of that is judged by the labels and references that it carries at the time, and by the whole
//! graph, whatever order the log shows things in.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use crate::config::TracerConfig;
use crate::filter::{Filters, Subject};
use crate::model::{GroupKind, Gvk, Timestamp};
use crate::owners::{Owner, OwnerGraph, labels};
use crate::store::blobs::BlobId;
use crate::store::{History, Object, ObjectId};

/// What decides who is in a trace.
pub struct Membership<'a> {
    history: &'a History,
    graph: &'a OwnerGraph,
    config: &'a TracerConfig,
    filters: &'a Filters,
    labels: RefCell<HashMap<BlobId, Rc<BTreeMap<String, String>>>>,
}

/// A span in which an object is in the trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stay {
    /// Since when.
    pub since: Timestamp,
    /// Until when; `None`: to the end of the log.
    pub until: Option<Timestamp>,
    /// It joins because its former owner is gone, and only after that deletion: before, the owner's controller would adopt
    /// it back.
    pub orphaned: bool,
}

impl<'a> Membership<'a> {
    /// Membership in traces of a history.
    pub fn new(history: &'a History, graph: &'a OwnerGraph, config: &'a TracerConfig, filters: &'a Filters) -> Self {
        Membership { history, graph, config, filters, labels: RefCell::default() }
    }

    /// The GVK under which an object stands in a trace: the tracked one of its kind; for what a trace tells of, that trace's.
    pub fn gvk(&self, object: &Object) -> Option<Gvk> {
        let version = object.versions.iter().find(|version| version.content.is_some())?;
        let gvk = self.history.gvk(object, version);
        (object.from_trace || self.config.get(&gvk).is_some()).then_some(gvk)
    }

    /// The spans in which an object is in the trace, whatever the window.
    pub fn stays(&self, id: ObjectId) -> Vec<Stay> {
        let object = &self.history.objects[id];
        let Some(gvk) = self.gvk(object) else { return Vec::new() };
        let mut stays: Vec<Stay> = Vec::new();
        let mut former: Vec<ObjectId> = Vec::new();
        for at in self.turning_points(id) {
            let blockers = self.blockers(id, at);
            if blockers.is_empty() {
                // An owner that keeps it out no more, but owns it still, has not orphaned it.
                let above = self.graph.ancestors_at(id, at);
                former.retain(|owner| !above.contains(&Owner::Seen(*owner)));
            }
            let orphaned = blockers.is_empty() && !former.is_empty();
            let waits = former.iter().any(|owner| self.history.objects[*owner].alive_at(at));
            let member = blockers.is_empty() && !(orphaned && waits) && self.qualifies(id, &gvk, at);
            if !blockers.is_empty() {
                former = blockers.into_iter().flatten().collect();
            }
            match stays.last_mut().filter(|stay| stay.until.is_none()) {
                Some(stay) if !member => stay.until = Some(at),
                None if member => {
                    stays.push(Stay { since: at, until: None, orphaned });
                    former.clear();
                }
                _ => {}
            }
        }
        if let (Some(stay), Some(end)) = (stays.last_mut(), object.end) {
            stay.until = Some(stay.until.unwrap_or(end.at).min(end.at));
        }
        stays.retain(|stay| stay.until.is_none_or(|until| stay.since < until));
        stays
    }

    /// The moments at which the judgement of an object can change, within its life.
    fn turning_points(&self, id: ObjectId) -> Vec<Timestamp> {
        let object = &self.history.objects[id];
        let mut points = BTreeSet::from([object.born]);
        let relabelled = |object: &Object| {
            let changes = object.versions.windows(2).filter(|pair| pair[0].metadata != pair[1].metadata);
            changes.map(|pair| pair[1].at).collect::<Vec<_>>()
        };
        points.extend(relabelled(object));
        for ancestor in self.graph.ancestors_ever(id) {
            if let Owner::Seen(ancestor) = ancestor {
                points.extend(self.graph.changes(ancestor));
                points.extend(self.history.objects[ancestor].end.map(|end| end.at));
                if !self.filters.exclude_selectors.is_empty() {
                    points.extend(relabelled(&self.history.objects[ancestor]));
                }
            }
        }
        points.into_iter().filter(|at| object.alive_at(*at)).collect()
    }

    fn qualifies(&self, id: ObjectId, gvk: &Gvk, at: Timestamp) -> bool {
        let object = &self.history.objects[id];
        let skipped = !object.from_trace && self.config.skips_owned(gvk) && !self.graph.owners_at(id, at).is_empty();
        !object.key.namespace.is_empty()
            && !skipped
            && self.filters.keeps(&self.subject(object, &self.labels_at(object, at)))
    }

    /// What above an object keeps it out of the trace: objects where they are known (`Some`), else `None`.
    fn blockers(&self, id: ObjectId, at: Timestamp) -> Vec<Option<ObjectId>> {
        let ancestors = self.graph.ancestors_at(id, at).into_iter();
        let blocking = |owner: Owner| match owner {
            Owner::Seen(ancestor) => {
                // In a cycle each is above the other: neither keeps the other out.
                let cycle = || self.graph.ancestors_at(ancestor, at).contains(&Owner::Seen(id));
                (self.blocks(ancestor, at) && !cycle()).then_some(Some(ancestor))
            }
            Owner::Unseen(unseen) => {
                let key = &self.graph.unseen[unseen].key;
                let none = BTreeMap::new();
                let subject = Subject { kind: &key.kind, namespace: &key.namespace, name: &key.name, labels: &none };
                (is_daemon_set(&key.kind) || self.filters.excludes(&subject)).then_some(None)
            }
        };
        ancestors.filter_map(blocking).collect()
    }

    /// Whether what is below an object stays out because of it.
    fn blocks(&self, id: ObjectId, at: Timestamp) -> bool {
        let object = &self.history.objects[id];
        let labels = self.labels_at(object, at);
        let subject = self.subject(object, &labels);
        if is_daemon_set(&object.key.kind) || self.filters.excludes(&subject) {
            return true;
        }
        // A tracked owner is either in the trace, or a filter took it out, or what is above it decides; except that one which
        // is left out for being owned by something untracked makes nothing in the replay.
        let skipped = |gvk: &Gvk| self.config.skips_owned(gvk) && !self.graph.owners_at(id, at).is_empty();
        !object.key.namespace.is_empty() && self.gvk(object).is_some_and(|gvk| !skipped(&gvk))
    }

    fn subject<'s>(&self, object: &'s Object, labels: &'s BTreeMap<String, String>) -> Subject<'s> {
        Subject { kind: &object.key.kind, namespace: &object.key.namespace, name: &object.key.name, labels }
    }

    fn labels_at(&self, object: &Object, at: Timestamp) -> Rc<BTreeMap<String, String>> {
        let metadata = object.version_at(at).metadata;
        let mut known = self.labels.borrow_mut();
        known.entry(metadata).or_insert_with(|| Rc::new(labels(self.history, metadata))).clone()
    }
}

/// Of any group: old references name `extensions`.
fn is_daemon_set(kind: &GroupKind) -> bool {
    kind.kind == "DaemonSet"
}
