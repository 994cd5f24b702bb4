//! The pod lifecycles of a window, under the owners that the replay knows.

use std::collections::BTreeMap;

use super::operations::Plan;
use super::tellings::{Life, Tellings};
use super::{Export, Membership, Window, certainty};
use crate::decode::OwnerLifecycles;
use crate::filter::Subject;
use crate::lifecycle::{course, first_running};
use crate::model::{Gvk, ObjectKey};
use crate::owners::Owner;
use crate::report::{Reason, Report};
use crate::store::{Object, ObjectId};
use crate::trace::{Lifecycle, PodLifecycles, PodSpecHashes};

/// All lifecycles that overlap the window, by owner and pod-spec hash.
pub(super) fn collect(
    export: &Export<'_>,
    membership: &Membership<'_>,
    plan: &Plan,
    window: Window,
    report: &mut Report,
) -> PodLifecycles {
    let owners = Owners { export, membership, plan, window };
    let mut hashes = PodSpecHashes::new(export.history.fingerprints);
    let mut told: BTreeMap<(Gvk, String), BTreeMap<u64, Tellings>> = BTreeMap::new();
    for (id, pod) in export.history.objects.iter().enumerate().filter(|(_, object)| object.key.kind.is("", "Pod")) {
        let Some(life) = life(pod) else { continue };
        let in_window = clip(&life, window).is_some();
        // One that lies outside may still be what a trace tells of with less: its beginning was cut, or its end not known.
        if !in_window && export.carried.is_empty() {
            continue;
        }
        let Some(owner) = owners.of_pod(id) else { continue };
        if carried(export, pod, &owner) {
            continue;
        }
        if in_window && !plan.exported.contains(&id) {
            certainty::note_hash(pod, window, report);
        }
        match first_running(pod).content.as_ref().and_then(|content| hashes.of(content)) {
            Some(hash) => told.entry(owner).or_default().entry(hash).or_default().log(life),
            None if !in_window => {}
            None => report.note(Reason::PodSpecUnreadable, Some(pod.born), || pod.key.to_string()),
        }
    }
    for carried in export.carried.iter().filter(|carried| owners.know(carried)) {
        let of_owner = told.entry((carried.gvk.clone(), carried.ns_name.clone())).or_default();
        of_owner.entry(carried.hash).or_default().trace(carried);
    }
    let mut lifecycles = PodLifecycles::new();
    for (owner, hashes) in told {
        for (hash, tellings) in hashes {
            let lives: Vec<Lifecycle> = tellings.merged().iter().filter_map(|life| clip(life, window)).collect();
            if !lives.is_empty() {
                lifecycles.entry(owner.clone()).or_default().insert(hash, lives);
            }
        }
    }
    lifecycles
}

/// A pod's life, as its log tells.
fn life(pod: &Object) -> Option<Life> {
    let course = course(pod);
    let started = course.started?;
    let lifecycle = match course.ended {
        Some(ended) => Lifecycle::Finished(started, ended),
        None => Lifecycle::Running(started),
    };
    Some(Life { lifecycle, cut: false, created: pod.created, name: pod.key.name.clone() })
}

/// A life in the window. One that began before it begins with it; an end after it stays, since the log knows it.
fn clip(life: &Life, window: Window) -> Option<Lifecycle> {
    match life.lifecycle {
        Lifecycle::Running(start) if start < window.to => Some(Lifecycle::Running(start.max(window.from))),
        Lifecycle::Finished(start, end) if start < window.to && end >= window.from => {
            Some(Lifecycle::Finished(start.max(window.from), end))
        }
        _ => None,
    }
}

/// Whether a trace tells all that is known of a pod, its lifecycle included: the status that came with the object is no
/// second one.
fn carried(export: &Export<'_>, pod: &Object, (gvk, ns_name): &(Gvk, String)) -> bool {
    let of_owner = |carried: &OwnerLifecycles| carried.gvk == *gvk && carried.ns_name == *ns_name;
    pod.versions.iter().all(|version| version.place.is_some()) && export.carried.iter().any(of_owner)
}

/// Tells under whom lifecycles are recorded.
struct Owners<'a> {
    export: &'a Export<'a>,
    membership: &'a Membership<'a>,
    plan: &'a Plan,
    window: Window,
}

impl Owners<'_> {
    /// The nearest object above a pod, the pod itself first, that is in the trace and whose lifecycles are tracked. Above it
    /// are its owners when it started, then those of other times: it may have been adopted since.
    ///
    /// Where there is none, an owner counts that was in the trace until it went before the window: pods outlive an owner that
    /// was deleted with `--cascade=orphan`.
    fn of_pod(&self, pod: ObjectId) -> Option<(Gvk, String)> {
        let (history, graph) = (self.export.history, self.export.graph);
        let at = first_running(&history.objects[pod]).at;
        let above = graph.ancestors_at(pod, at).into_iter().chain(graph.ancestors_ever(pod));
        let above = above.filter_map(|owner| if let Owner::Seen(id) = owner { Some(id) } else { None });
        let candidates: Vec<ObjectId> = std::iter::once(pod).chain(above).filter(|id| self.tracks(*id)).collect();
        let exported = candidates.iter().find(|id| self.plan.exported.contains(*id));
        let owner = exported.or_else(|| candidates.iter().find(|id| self.left_lives_behind(**id)))?;
        let object = &history.objects[*owner];
        Some((self.membership.gvk(object)?, object.key.ns_name()))
    }

    fn tracks(&self, id: ObjectId) -> bool {
        let gvk = self.membership.gvk(&self.export.history.objects[id]);
        gvk.is_some_and(|gvk| self.export.config.tracks_lifecycle(&gvk))
    }

    /// Whether an object was in the trace to its end, before the window. Not so when another one bears its name in the trace:
    /// the pods of the old one are none of the new one's.
    fn left_lives_behind(&self, id: ObjectId) -> bool {
        let object = &self.export.history.objects[id];
        let Some(end) = object.end.filter(|end| end.at.seconds() < self.window.from) else { return false };
        let gvk = self.membership.gvk(object);
        let replaced = gvk.is_some_and(|gvk| self.is_listed(&gvk, &object.key.ns_name()));
        !replaced && self.membership.stays(id).last().is_some_and(|stay| stay.until == Some(end.at))
    }

    fn is_listed(&self, gvk: &Gvk, ns_name: &str) -> bool {
        self.plan.index.get(gvk).is_some_and(|names| names.contains_key(ns_name))
    }

    /// Whether the owner of carried lifecycles is in the trace, or was until before the window. A trace that was cut there
    /// does not show it any more: then the filters alone decide.
    fn know(&self, carried: &OwnerLifecycles) -> bool {
        if self.is_listed(&carried.gvk, &carried.ns_name) {
            return true;
        }
        let Some((namespace, name)) = carried.ns_name.split_once('/') else { return false };
        let key = ObjectKey { kind: carried.gvk.group_kind(), namespace: namespace.to_owned(), name: name.to_owned() };
        let mut named = self.export.history.named(&key);
        if named.is_empty() {
            let subject = Subject { kind: &key.kind, namespace, name, labels: &BTreeMap::new() };
            return self.export.filters.keeps(&subject);
        }
        named.any(|id| self.left_lives_behind(id))
    }
}
