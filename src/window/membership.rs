//! Which objects are in the trace, and when.
//!
//! An object is in the trace while it is alive, of a tracked kind, wanted by the user's filters, and not made by something
//! that the replay makes anyway: it has no ancestor that is in the trace, none that the user's filters took out, and no
//! DaemonSet above it. All of that is judged by the labels and references that it carries at the time, and by the whole
//! graph, whatever order the log shows things in.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use super::kept_out::{Above, Spans, State};
use crate::blobs::Blob;
use crate::config::TracerConfig;
use crate::filter::{Filters, Subject};
use crate::model::{GroupKind, Gvk, Timestamp};
use crate::owners::{Owner, OwnerGraph};
use crate::store::{History, Object, ObjectId};

/// Who is in the trace, and when.
pub struct Membership<'a> {
    judge: Judge<'a>,
    /// For each object, when it is kept out by what is above it.
    kept_out: Vec<Spans>,
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
        let judge = Judge { history, graph, config, filters, labels: RefCell::default() };
        let kept_out = from_the_top(&judge);
        Membership { judge, kept_out }
    }

    /// The GVK under which an object stands in a trace: the tracked one of its kind; for what a trace tells of, that trace's.
    pub fn gvk(&self, object: &Object) -> Option<Gvk> {
        self.judge.gvk(object)
    }

    /// The spans in which an object is in the trace, whatever the window.
    pub fn stays(&self, id: ObjectId) -> Vec<Stay> {
        let object = &self.judge.history.objects[id];
        let Some(gvk) = self.gvk(object) else { return Vec::new() };
        let mut stays: Vec<Stay> = Vec::new();
        for at in self.turning_points(id) {
            let state = self.kept_out[id].at(at);
            let member = state != State::KeptOut && self.judge.wants(id, &gvk, at);
            match stays.last_mut().filter(|stay| stay.until.is_none()) {
                Some(stay) if !member => stay.until = Some(at),
                None if member => stays.push(Stay { since: at, until: None, orphaned: state == State::Released }),
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
        let object = &self.judge.history.objects[id];
        let mut points = self.judge.own_changes(id);
        points.extend(self.kept_out[id].changes().iter().map(|(at, _)| *at));
        points.into_iter().filter(|at| object.alive_at(*at)).collect()
    }
}

/// Judges the objects from the top down.
fn from_the_top(judge: &Judge<'_>) -> Vec<Spans> {
    let top_down = judge.graph.top_down();
    let barred_for_ever = Spans::always(State::KeptOut);
    let hidden: Vec<bool> = (0..judge.graph.unseen.len()).map(|unseen| judge.bars_unseen(unseen)).collect();
    let mut kept_out = vec![Spans::always(State::Free); judge.history.objects.len()];
    let mut bars: Vec<Option<Spans>> = vec![None; kept_out.len()];
    for id in top_down.order {
        let links: Vec<(Timestamp, &[Owner])> = judge.graph.links(id).collect();
        if !links.is_empty() {
            let of_owner = |owner: Owner| match owner {
                Owner::Unseen(unseen) if hidden[unseen] => Some(&barred_for_ever),
                owner => {
                    let above = judge.graph.object_of(owner)?;
                    // In a circle each is above the other: neither keeps the other out.
                    bars[above].as_ref().filter(|_| top_down.circle[above] != top_down.circle[id])
                }
            };
            let above = Above { history: judge.history, graph: judge.graph, bars: &of_owner };
            kept_out[id] = above.spans(&links);
        }
        let own = judge.bars_over_time(id);
        let quiet = own.is_always_free() && kept_out[id].is_always_free();
        bars[id] = (!quiet).then(|| kept_out[id].or(&own));
    }
    kept_out
}

/// What decides about one object.
struct Judge<'a> {
    history: &'a History,
    graph: &'a OwnerGraph,
    config: &'a TracerConfig,
    filters: &'a Filters,
    labels: RefCell<HashMap<Blob, Rc<BTreeMap<String, String>>>>,
}

impl Judge<'_> {
    fn gvk(&self, object: &Object) -> Option<Gvk> {
        let version = object.versions.iter().find(|version| version.content.is_some())?;
        let gvk = self.history.gvk(object, version);
        (object.from_trace || self.config.get(&gvk).is_some()).then_some(gvk)
    }

    /// Whether an object would be in the trace but for what is above it.
    fn wants(&self, id: ObjectId, gvk: &Gvk, at: Timestamp) -> bool {
        let object = &self.history.objects[id];
        let labels = self.labels_at(object, at);
        !object.key.namespace.is_empty()
            && !self.is_skipped(id, gvk, at)
            && self.filters.keeps(&subject(object, &labels))
    }

    /// Whether it is left out since anything owns it, as its kind's config says.
    fn is_skipped(&self, id: ObjectId, gvk: &Gvk, at: Timestamp) -> bool {
        let object = &self.history.objects[id];
        !object.from_trace && self.config.skips_owned(gvk) && !self.graph.owners_at(id, at).is_empty()
    }

    /// When an object bars what is below it from the trace by itself.
    fn bars_over_time(&self, id: ObjectId) -> Spans {
        let object = &self.history.objects[id];
        let gvk = self.gvk(object).filter(|_| !object.key.namespace.is_empty());
        let mut spans = Spans::always(State::Free);
        for (i, at) in self.own_changes(id).into_iter().enumerate() {
            // A tracked owner is in the trace, or a filter took it out, or what is above it decides; except that one which is
            // left out for being owned by something untracked makes nothing in the replay.
            let tracked = gvk.as_ref().is_some_and(|gvk| !self.is_skipped(id, gvk, at));
            let labels = self.labels_at(object, at);
            let barring =
                tracked || is_daemon_set(&object.key.kind) || self.filters.excludes(&subject(object, &labels));
            // What holds at birth has held before: an owner may be told of a moment later than what it owns.
            let since = if i == 0 { Timestamp::MIN } else { at };
            spans.set(since, if barring { State::KeptOut } else { State::Free });
        }
        spans
    }

    fn bars_unseen(&self, unseen: usize) -> bool {
        let key = &self.graph.unseen[unseen].key;
        let none = BTreeMap::new();
        let subject = Subject { kind: &key.kind, namespace: &key.namespace, name: &key.name, labels: &none };
        is_daemon_set(&key.kind) || self.filters.excludes(&subject)
    }

    /// When the metadata of an object change, and its birth.
    fn own_changes(&self, id: ObjectId) -> BTreeSet<Timestamp> {
        let object = &self.history.objects[id];
        let changed = object.versions.windows(2).filter(|pair| pair[0].metadata != pair[1].metadata);
        std::iter::once(object.born).chain(changed.map(|pair| pair[1].at)).collect()
    }

    /// The labels of an object, if a filter looks at labels at all.
    fn labels_at(&self, object: &Object, at: Timestamp) -> Rc<BTreeMap<String, String>> {
        if !self.filters.look_at_labels() {
            return Rc::default();
        }
        let metadata = &object.version_at(at).metadata;
        let mut known = self.labels.borrow_mut();
        known.entry(metadata.clone()).or_insert_with(|| Rc::new(metadata.labels())).clone()
    }
}

fn subject<'s>(object: &'s Object, labels: &'s BTreeMap<String, String>) -> Subject<'s> {
    Subject { kind: &object.key.kind, namespace: &object.key.namespace, name: &object.key.name, labels }
}

/// Of any group: old references name `extensions`.
fn is_daemon_set(kind: &GroupKind) -> bool {
    kind.kind == "DaemonSet"
}
