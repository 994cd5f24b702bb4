//! Whose the pods are.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::changes::Judge;
use super::tally::is_within;
use crate::model::{ObjectKey, Timestamp};
use crate::owners::{Owner, OwnerGraph};
use crate::store::{History, ObjectId};

/// So many owners above one another are looked through. There are five at most, but in logs that were made up.
const DEEPEST: usize = 32;

/// The pods of one owner: of the topmost one above them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pods {
    /// Kind and name; `None` for those that nothing owns.
    pub owner: Option<ObjectKey>,
    /// Whether any log shows the owner itself.
    pub seen: bool,
    /// How many there were.
    pub pods: u64,
    /// How many there were at one time, at most.
    pub at_once: u64,
}

/// The topmost owner of a pod, and whether a log shows it; `None` where nothing owns the pod.
type Top<'h> = Option<(&'h ObjectKey, bool)>;

/// The owners of the pods of a span of time, those with the most first.
pub fn owners(history: &History, graph: &OwnerGraph, judge: &Judge<'_>, span: (Timestamp, Timestamp)) -> Vec<Pods> {
    let mut lives: BTreeMap<Top<'_>, Vec<(Timestamp, Timestamp)>> = BTreeMap::new();
    let pods = history.objects.iter().enumerate().filter(|(_, object)| object.key.kind.is("", "Pod"));
    for (id, pod) in pods.filter(|(_, pod)| is_within(pod, span) && judge.keeps_within(pod, span)) {
        let until = pod.end.map_or(span.1, |end| end.at);
        let top = top(history, graph, id, pod.born.max(span.0));
        lives.entry(top).or_default().push((pod.born.max(span.0), until));
    }
    let mut found: Vec<Pods> = lives.into_iter().map(|(owner, lives)| pods_of(owner, lives)).collect();
    found.sort_by_key(|pods| Reverse((pods.pods, pods.at_once)));
    found
}

fn pods_of(owner: Top<'_>, lives: Vec<(Timestamp, Timestamp)>) -> Pods {
    let pods = lives.len() as u64;
    Pods {
        owner: owner.map(|(key, _)| key.clone()),
        seen: owner.is_none_or(|(_, seen)| seen),
        pods,
        at_once: at_once(lives.into_iter().map(|(since, until)| (since, Some(until), 1))).map_or(0, |(most, _)| most),
    }
}

/// The most of what there was at one time, and when that was first: of spans with a weight each. One that ends when another
/// begins is not there with it.
pub fn at_once(spans: impl IntoIterator<Item = (Timestamp, Option<Timestamp>, u64)>) -> Option<(u64, Timestamp)> {
    let mut steps: BTreeMap<Timestamp, (u64, u64)> = BTreeMap::new();
    for (since, until, weight) in spans {
        steps.entry(since).or_default().0 += weight;
        if let Some(until) = until {
            steps.entry(until).or_default().1 += weight;
        }
    }
    let mut now = 0_u64;
    let counts = steps.into_iter().map(|(at, (come, go))| {
        now = now.saturating_add(come).saturating_sub(go);
        (now, Reverse(at))
    });
    counts.max().map(|(most, Reverse(at))| (most, at))
}

/// The topmost owner of an object at a time, along the first of several. Of a circle the one that leads back.
fn top<'h>(history: &'h History, graph: &'h OwnerGraph, id: ObjectId, at: Timestamp) -> Top<'h> {
    let mut passed = BTreeSet::from([Owner::Seen(id)]);
    let mut top = None;
    let mut next = graph.owners_at(id, at).first().copied();
    while let Some(owner) = next.filter(|owner| passed.len() <= DEEPEST && passed.insert(*owner)) {
        top = Some(match owner {
            Owner::Seen(id) => (&history.objects[id].key, true),
            Owner::Unseen(unseen) => (&graph.unseen[unseen].key, false),
        });
        next = match owner {
            Owner::Seen(id) => graph.owners_at(id, at).first().copied(),
            Owner::Unseen(unseen) => graph.unseen[unseen].inferred.map(Owner::Seen),
        };
    }
    top
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_when_another_begins_is_not_there_with_it() {
        let at = Timestamp::from_seconds;
        let spans = [(at(1), Some(at(5)), 2), (at(5), Some(at(9)), 2), (at(6), None, 1), (at(7), Some(at(7)), 4)];
        assert_eq!(at_once(spans), Some((3, at(6))));
        assert_eq!(at_once([]), None);
    }
}
