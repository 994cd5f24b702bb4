//! What the objects come to: by kind, by namespace, by second.

use std::collections::BTreeMap;

use super::changes::{Changes, Judge, Step, steps};
use crate::model::{GroupKind, Timestamp};
use crate::store::{History, Object};

/// What there was of one kind, or in one namespace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// Objects that were there at any time.
    pub objects: u64,
    /// Those that were there at the start.
    pub at_start: u64,
    /// Those that were there at the end.
    pub at_end: u64,
    /// Pods among them.
    pub pods: u64,
    /// What happened to them.
    pub changes: Changes,
}

/// What happened in one second, or in any longer time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// Changes.
    pub changes: Changes,
    /// Pods created.
    pub pods: u64,
}

impl Moment {
    /// Takes what happened in another one.
    pub fn add(&mut self, other: Moment) {
        self.changes.add(other.changes);
        self.pods += other.pods;
    }
}

/// The sums over a span of time.
#[derive(Debug, Default)]
pub struct Tally {
    /// Of all.
    pub all: Sum,
    /// By kind.
    pub kinds: BTreeMap<GroupKind, Sum>,
    /// By namespace; what is cluster-scoped is under the empty one.
    pub namespaces: BTreeMap<String, Sum>,
    /// Changes by Unix seconds, where there are any.
    pub seconds: BTreeMap<i64, Moment>,
}

impl Tally {
    /// Sums up what happened in `[from, to)` to the objects that the judge keeps.
    pub fn of(history: &History, judge: &Judge<'_>, span: (Timestamp, Timestamp)) -> Self {
        let mut tally = Tally::default();
        for object in &history.objects {
            if is_within(object, span) && judge.keeps_within(object, span) {
                tally.take(object, judge, span);
            }
        }
        tally
    }

    fn take(&mut self, object: &Object, judge: &Judge<'_>, (from, to): (Timestamp, Timestamp)) {
        let is_pod = object.key.kind.is("", "Pod");
        let mut sum = Sum { objects: 1, pods: is_pod.into(), ..Sum::default() };
        for (at, step, version) in steps(object) {
            if (from..to).contains(&at) && judge.keeps(object, version) {
                sum.changes.count(step);
                let moment = self.seconds.entry(at.seconds()).or_default();
                moment.changes.count(step);
                moment.pods += u64::from(is_pod && step == Step::Created);
            }
        }
        sum.at_start = object.alive_at(from.plus_micros(-1)).into();
        sum.at_end = object.alive_at(to.plus_micros(-1)).into();
        let of_kind = self.kinds.entry(object.key.kind.clone()).or_default();
        let of_namespace = self.namespaces.entry(object.key.namespace.clone()).or_default();
        for of in [&mut self.all, of_kind, of_namespace] {
            of.add(sum);
        }
    }
}

impl Sum {
    fn add(&mut self, other: Sum) {
        self.objects += other.objects;
        self.at_start += other.at_start;
        self.at_end += other.at_end;
        self.pods += other.pods;
        self.changes.add(other.changes);
    }
}

/// Whether an object was there at any time in a span.
pub fn is_within(object: &Object, (from, to): (Timestamp, Timestamp)) -> bool {
    object.born < to && object.end.is_none_or(|end| end.at >= from)
}
