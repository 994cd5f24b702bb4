//! The pod lifecycles of a window, under the owners that the replay knows.

use std::collections::BTreeMap;

use super::operations::Plan;
use super::{Export, Membership, Window};
use crate::decode::OwnerLifecycles;
use crate::filter::Subject;
use crate::lifecycle::{course, first_running};
use crate::model::{Gvk, ObjectKey, Timestamp};
use crate::owners::Owner;
use crate::report::{Reason, Report};
use crate::store::{Object, ObjectId};
use crate::trace::{Lifecycle, PodLifecycles, pod_spec_hash};

/// One lifecycle with what orders it: pods that start together go in the order of their creation, then of their names.
struct Life {
    order: (i64, Option<Timestamp>, String),
    lifecycle: Lifecycle,
}

impl OwnerLifecycles {
    /// Whether the owner is this object.
    pub(super) fn is_of(&self, object: &Object) -> bool {
        self.gvk.group_kind() == object.key.kind && self.ns_name == object.key.ns_name()
    }

    /// Those of one that was born in a second; earlier ones are of a former object of its name. Watches may be late by a second.
    pub(super) fn since(&self, born: i64) -> impl Iterator<Item = &Lifecycle> {
        let started = move |lifecycle: &&Lifecycle| match lifecycle {
            Lifecycle::Running(start) | Lifecycle::Finished(start, _) => start.saturating_add(1) >= born,
            Lifecycle::Empty => true,
        };
        self.lifecycles.iter().filter(started)
    }
}

/// All lifecycles that overlap the window, by owner and pod-spec hash.
pub(super) fn collect(
    export: &Export<'_>,
    membership: &Membership<'_>,
    plan: &Plan,
    window: Window,
    report: &mut Report,
) -> PodLifecycles {
    let mut lives: BTreeMap<(Gvk, String), BTreeMap<u64, Vec<Life>>> = BTreeMap::new();
    for carried in export.carried {
        if stays_known(export, membership, plan, carried, window) {
            let of_owner = lives.entry((carried.gvk.clone(), carried.ns_name.clone())).or_default();
            let carried_lives = carried.lifecycles.iter().filter_map(|lifecycle| carry(lifecycle, window));
            of_owner.entry(carried.hash).or_default().extend(carried_lives);
        }
    }
    for (id, pod) in export.history.objects.iter().enumerate().filter(|(_, object)| object.key.kind.is("", "Pod")) {
        let Some(life) = life(pod, window) else { continue };
        let Some(owner) = owner(export, membership, plan, id, window) else { continue };
        if carried(export, pod, &owner) {
            continue;
        }
        match hash(export, pod) {
            Some(hash) => lives.entry(owner).or_default().entry(hash).or_default().push(life),
            None => report.note(Reason::PodSpecUnreadable, Some(pod.born), || pod.key.to_string()),
        }
    }
    lives
        .into_iter()
        .map(|(owner, hashes)| (owner, in_order(hashes)))
        .filter(|(_, hashes)| !hashes.is_empty())
        .collect()
}

fn in_order(hashes: BTreeMap<u64, Vec<Life>>) -> BTreeMap<u64, Vec<Lifecycle>> {
    let sorted = hashes.into_iter().filter(|(_, lives)| !lives.is_empty()).map(|(hash, mut lives)| {
        lives.sort_by(|a, b| a.order.cmp(&b.order));
        (hash, lives.into_iter().map(|life| life.lifecycle).collect())
    });
    sorted.collect()
}

/// Whether the owner of carried lifecycles is in the trace, or was until before the window (see [`owner`]). A trace that was
/// cut there does not show it any more: then the filters alone decide.
fn stays_known(
    export: &Export<'_>,
    membership: &Membership<'_>,
    plan: &Plan,
    carried: &OwnerLifecycles,
    window: Window,
) -> bool {
    if plan.index.get(&carried.gvk).is_some_and(|names| names.contains_key(&carried.ns_name)) {
        return true;
    }
    let Some((namespace, name)) = carried.ns_name.split_once('/') else { return false };
    let key = ObjectKey { kind: carried.gvk.group_kind(), namespace: namespace.to_owned(), name: name.to_owned() };
    let named = export.history.named(&key);
    if named.is_empty() {
        let subject = Subject { kind: &key.kind, namespace, name, labels: &BTreeMap::new() };
        return export.filters.keeps(&subject);
    }
    named.into_iter().any(|id| membership.stays(id).iter().any(|stay| stay.since.seconds() < window.to))
}

/// Whether a trace tells all that is known of a pod, its lifecycle included: the status that came with the object is no
/// second one.
fn carried(export: &Export<'_>, pod: &Object, (gvk, ns_name): &(Gvk, String)) -> bool {
    let of_owner = |carried: &OwnerLifecycles| carried.gvk == *gvk && carried.ns_name == *ns_name;
    pod.versions.iter().all(|version| version.place.is_some()) && export.carried.iter().any(of_owner)
}

/// A pod's life in the window. One that began before it begins with it; an end after it stays, since the log knows it.
fn life(pod: &Object, window: Window) -> Option<Life> {
    let course = course(pod);
    let started = course.started?;
    let lifecycle = match course.ended {
        Some(ended) => Lifecycle::Finished(started, ended),
        None => Lifecycle::Running(started),
    };
    let order = (started, pod.created, pod.key.name.clone());
    clip(&lifecycle, window).map(|lifecycle| Life { order, lifecycle })
}

fn carry(lifecycle: &Lifecycle, window: Window) -> Option<Life> {
    let started = match lifecycle {
        Lifecycle::Running(started) | Lifecycle::Finished(started, _) => *started,
        Lifecycle::Empty => return None,
    };
    clip(lifecycle, window).map(|lifecycle| Life { order: (started, None, String::new()), lifecycle })
}

fn clip(lifecycle: &Lifecycle, window: Window) -> Option<Lifecycle> {
    match *lifecycle {
        Lifecycle::Running(start) if start < window.to => Some(Lifecycle::Running(start.max(window.from))),
        Lifecycle::Finished(start, end) if start < window.to && end >= window.from => {
            Some(Lifecycle::Finished(start.max(window.from), end))
        }
        _ => None,
    }
}

/// The nearest object above a pod, the pod itself first, that is in the trace and whose lifecycles are tracked.
///
/// An owner that was in the trace until before the window counts as well: pods outlive an owner that was deleted with
/// `--cascade=orphan`. Not so when another object bears its name by then: the pods of the old one are none of the new one's.
fn owner(
    export: &Export<'_>,
    membership: &Membership<'_>,
    plan: &Plan,
    pod: ObjectId,
    window: Window,
) -> Option<(Gvk, String)> {
    let history = export.history;
    let at = first_running(&history.objects[pod]).at;
    let above = export.graph.ancestors_at(pod, at).into_iter().filter_map(|owner| match owner {
        Owner::Seen(id) => Some(id),
        Owner::Unseen(_) => None,
    });
    let named = |id: ObjectId| {
        let object = &history.objects[id];
        let gvk = membership.gvk(object).filter(|gvk| export.config.tracks_lifecycle(gvk))?;
        let ns_name = object.key.ns_name();
        let replaced = || plan.index.get(&gvk).is_some_and(|names| names.contains_key(&ns_name));
        let was_there = || membership.stays(id).iter().any(|stay| stay.since.seconds() < window.to);
        (plan.exported.contains(&id) || (!replaced() && was_there())).then_some((gvk, ns_name))
    };
    std::iter::once(pod).chain(above).find_map(named)
}

fn hash(export: &Export<'_>, pod: &Object) -> Option<u64> {
    let content = first_running(pod).content?;
    pod_spec_hash(export.history.blobs.object(content).get("spec")?).ok()
}
