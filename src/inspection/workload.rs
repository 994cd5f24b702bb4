//! How many pods the objects of a trace ask for, and how long its pods lived.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::changes::Judge;
use super::owners::at_once;
use super::tally::is_within;
use crate::decode::OwnerLifecycles;
use crate::model::{GroupKind, ObjectKey, Timestamp};
use crate::store::{History, Object, Version};
use crate::trace::Lifecycle;

/// How many pods objects ask for, at the start and at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// In the starting state.
    pub at_start: u64,
    /// At one time, at most.
    pub at_most: u64,
}

/// What the objects of a trace ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workload {
    /// All of them.
    pub all: Asked,
    /// When they asked for the most.
    pub peak: Option<Timestamp>,
    /// By kind; `None` for a kind of which nobody can tell how many pods it makes.
    pub kinds: BTreeMap<GroupKind, Option<Asked>>,
    /// The objects that ask for any at some time, with the most that they ask for.
    pub objects: BTreeMap<ObjectKey, u64>,
}

/// A span in which an object asks for so many pods.
type Ask = (Timestamp, Option<Timestamp>, u64);

impl Workload {
    /// Of the objects of a trace that a judge keeps, in a span of time.
    pub fn of(history: &History, judge: &Judge<'_>, span: (Timestamp, Timestamp)) -> Self {
        let begin = span.0;
        let mut workload = Workload::default();
        let mut kinds: BTreeMap<&GroupKind, Vec<Ask>> = BTreeMap::new();
        let kept = |object: &&Object| is_within(object, span) && judge.keeps_within(object, span);
        for object in history.objects.iter().filter(kept) {
            let Some(mut asks) = asks(object) else {
                workload.kinds.insert(object.key.kind.clone(), None);
                continue;
            };
            asks.retain(|(since, until, _)| *since < span.1 && until.is_none_or(|until| until >= begin));
            let most = asks.iter().map(|ask| ask.2).max().unwrap_or(0);
            if most > 0 {
                let known = workload.objects.entry(object.key.clone()).or_default();
                *known = most.max(*known);
            }
            kinds.entry(&object.key.kind).or_default().extend(asks);
        }
        let all = kinds.values().flatten().copied();
        let (at_most, peak) = at_once(all.clone()).unzip();
        workload.all = Asked { at_start: at_start(all, begin), at_most: at_most.unwrap_or(0) };
        workload.peak = peak.filter(|_| workload.all.at_most > 0).map(|at| at.max(begin));
        for (kind, asks) in kinds {
            let at_most = at_once(asks.iter().copied()).map_or(0, |(most, _)| most);
            let asked = Asked { at_start: at_start(asks.into_iter(), begin), at_most };
            workload.kinds.insert(kind.clone(), Some(asked));
        }
        workload
    }
}

fn at_start(asks: impl Iterator<Item = Ask>, begin: Timestamp) -> u64 {
    let there = asks.filter(|(since, until, _)| *since < begin && until.is_none_or(|until| until >= begin));
    there.fold(0, |sum, (_, _, pods)| sum.saturating_add(pods))
}

/// When an object asks for how many pods; `None` where its kind does not tell.
fn asks(object: &Object) -> Option<Vec<Ask>> {
    let since = object.versions.iter();
    let until = object.versions.iter().skip(1).map(|next| Some(next.at)).chain([object.end.map(|end| end.at)]);
    since.zip(until).map(|(version, until)| Some((version.at, until, pods(&object.key.kind, version)?))).collect()
}

/// How many pods an object makes that is not left to a schedule; `None` where its kind does not tell.
fn pods(kind: &GroupKind, version: &Version) -> Option<u64> {
    let content = || version.content.as_ref().map(|content| content.object()).unwrap_or_default();
    let number = |spec: &Value, name: &str| spec.get(name).and_then(Value::as_u64);
    let spec = || content().remove("spec").unwrap_or_default();
    match (kind.group.as_str(), kind.kind.as_str()) {
        ("", "Pod") => Some(1),
        ("apps", "Deployment" | "ReplicaSet" | "StatefulSet") | ("", "ReplicationController") => {
            Some(number(&spec(), "replicas").unwrap_or(1))
        }
        ("batch", "Job") => {
            let spec = spec();
            let suspended = spec.get("suspend") == Some(&Value::Bool(true));
            let parallel = number(&spec, "parallelism").unwrap_or(1);
            Some(if suspended { 0 } else { parallel.min(number(&spec, "completions").unwrap_or(parallel)) })
        }
        ("", "ConfigMap" | "Secret" | "ServiceAccount" | "Service" | "PersistentVolumeClaim") => Some(0),
        _ => None,
    }
}

/// What lifecycles a trace carries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Lives {
    /// All of them.
    pub all: u64,
    /// Those that have an end.
    pub finished: u64,
    /// The shortest, the median and the longest of those, in seconds.
    pub seconds: Option<[i64; 3]>,
}

impl Lives {
    /// Of these.
    pub fn of(carried: &[&OwnerLifecycles]) -> Self {
        let lives = || carried.iter().flat_map(|carried| &carried.lifecycles);
        let length = |life: &Lifecycle| match life {
            Lifecycle::Finished(start, end) => Some(end.saturating_sub(*start)),
            Lifecycle::Running(_) | Lifecycle::Empty => None,
        };
        let mut lengths: Vec<i64> = lives().filter_map(length).collect();
        lengths.sort_unstable();
        let at = |index: usize| lengths.get(index).copied();
        let seconds = at(0).zip(at(lengths.len() / 2)).zip(lengths.last().copied());
        Lives {
            all: lives().count() as u64,
            finished: lengths.len() as u64,
            seconds: seconds.map(|((shortest, median), longest)| [shortest, median, longest]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Gvk, SourceId};

    #[test]
    fn lives_are_told_by_their_lengths() {
        let carried = |lifecycles: &[Lifecycle]| OwnerLifecycles {
            source: SourceId::default(),
            begins: None,
            gvk: Gvk::new("apps", "v1", "Deployment"),
            ns_name: "shop/web".to_owned(),
            hash: 1,
            lifecycles: lifecycles.to_vec(),
        };
        let some = carried(&[Lifecycle::Finished(10, 12), Lifecycle::Running(3), Lifecycle::Empty]);
        let others = carried(&[Lifecycle::Finished(10, 40), Lifecycle::Finished(0, 5)]);
        assert_eq!(Lives::of(&[&some, &others]), Lives { all: 5, finished: 3, seconds: Some([2, 5, 30]) });
        assert_eq!(Lives::of(&[]).seconds, None);
    }
}
