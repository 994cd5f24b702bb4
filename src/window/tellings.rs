//! Pod lifecycles that several inputs tell of.
//!
//! A log tells of pods by their uid, so each once. A trace tells of lives without names, and one that began before the trace
//! begins with it. Traces of neighbouring windows, or a trace and its log, tell of the same pods: what can be the same life is
//! taken for one, and is told as fully as any of them tells it.

use std::collections::BTreeMap;

use crate::decode::OwnerLifecycles;
use crate::model::{SourceId, Timestamp};
use crate::trace::Lifecycle;

/// The life of one pod.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Life {
    pub lifecycle: Lifecycle,
    /// Its beginning is that of the trace which tells of it: it may have begun earlier.
    pub cut: bool,
    /// When the pod was created, where a log tells.
    pub created: Option<Timestamp>,
    /// The pod's name, where a log tells.
    pub name: String,
}

impl Life {
    fn start(&self) -> i64 {
        match self.lifecycle {
            Lifecycle::Running(start) | Lifecycle::Finished(start, _) => start,
            Lifecycle::Empty => i64::MAX,
        }
    }

    fn end(&self) -> Option<i64> {
        if let Lifecycle::Finished(_, end) = self.lifecycle { Some(end) } else { None }
    }

    /// Whether the two can be one: where one was cut the other may have begun earlier, if it was not over by then; where one
    /// still runs the other may know the end.
    fn can_be(&self, other: &Life) -> bool {
        let continues = |cut: &Life, whole: &Life| {
            cut.cut && whole.start() <= cut.start() && whole.end().is_none_or(|end| end >= cut.start())
        };
        let starts = self.start() == other.start() || continues(self, other) || continues(other, self);
        let ends = self.end().is_none() || other.end().is_none() || self.end() == other.end();
        starts && ends
    }

    fn join(&mut self, other: Life) {
        let start = self.start().min(other.start());
        self.cut &= other.cut;
        self.lifecycle = match self.end().or(other.end()) {
            Some(end) => Lifecycle::Finished(start, end),
            None => Lifecycle::Running(start),
        };
    }
}

/// What each input tells of the pods of one owner and one spec.
#[derive(Debug, Default)]
pub(super) struct Tellings {
    of_logs: Vec<Life>,
    of_traces: BTreeMap<SourceId, Vec<Life>>,
}

impl Tellings {
    /// Adds what the logs tell of one pod.
    pub fn log(&mut self, life: Life) {
        self.of_logs.push(life);
    }

    /// Adds what a trace tells.
    pub fn trace(&mut self, carried: &OwnerLifecycles) {
        let begins = carried.begins;
        let lives = carried.lifecycles.iter().filter(|lifecycle| **lifecycle != Lifecycle::Empty).map(|lifecycle| {
            let life = Life { lifecycle: *lifecycle, cut: false, created: None, name: String::new() };
            Life { cut: begins == Some(life.start()), ..life }
        });
        self.of_traces.entry(carried.source).or_default().extend(lives);
    }

    /// Every life once, in the order of a replay: by start, then by the creation of the pods, then by name; what a trace tells,
    /// in its order.
    pub fn merged(self) -> Vec<Life> {
        let mut all = self.of_logs;
        for told in self.of_traces.into_values() {
            merge(&mut all, told);
        }
        all.sort_by(|a, b| (a.start(), a.created, &a.name).cmp(&(b.start(), b.created, &b.name)));
        all
    }
}

/// Adds to what is known what one more input tells. A life is the same as at most one other; those that are told alike are
/// matched first.
fn merge(known: &mut Vec<Life>, told: Vec<Life>) {
    let mut free: BTreeMap<Lifecycle, Vec<usize>> = BTreeMap::new();
    for (i, life) in known.iter().enumerate().rev() {
        free.entry(life.lifecycle).or_default().push(i);
    }
    let mut matched = vec![false; known.len()];
    let mut left = Vec::new();
    for life in told {
        match free.get_mut(&life.lifecycle).and_then(Vec::pop) {
            Some(i) => {
                matched[i] = true;
                known[i].cut &= life.cut;
            }
            None => left.push(life),
        }
    }
    for life in left {
        let mut candidates = (0..matched.len()).filter(|i| !matched[*i]);
        match candidates.find(|i| known[*i].can_be(&life)) {
            Some(i) => {
                matched[i] = true;
                known[i].join(life);
            }
            None => known.push(life),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(begins: i64, lifecycles: &[Lifecycle]) -> OwnerLifecycles {
        OwnerLifecycles {
            source: SourceId::of_file(begins as u32),
            begins: Some(begins),
            gvk: "batch/v1.Job".parse().unwrap(),
            ns_name: "shop/run".to_owned(),
            hash: 1,
            lifecycles: lifecycles.to_vec(),
        }
    }

    fn merged(tellings: &[OwnerLifecycles]) -> Vec<Lifecycle> {
        let mut all = Tellings::default();
        tellings.iter().for_each(|carried| all.trace(carried));
        all.merged().into_iter().map(|life| life.lifecycle).collect()
    }

    use Lifecycle::{Finished, Running};

    #[test]
    fn a_life_that_two_windows_show_is_one() {
        let first = told(10, &[Finished(21, 39), Running(22), Finished(21, 25)]);
        let second = told(30, &[Finished(30, 39), Finished(30, 44), Finished(31, 40)]);
        let expected = [Finished(21, 39), Finished(21, 25), Finished(22, 44), Finished(31, 40)];
        assert_eq!(merged(&[first, second]), expected);
    }

    #[test]
    fn pods_that_lived_alike_stay_as_many_as_one_trace_tells() {
        let three = [Finished(21, 39), Finished(21, 39), Finished(21, 39)];
        assert_eq!(merged(&[told(10, &three), told(11, &three[..2])]), three);
    }

    #[test]
    fn what_was_over_before_the_cut_is_another_life() {
        assert_eq!(merged(&[told(10, &[Finished(12, 20)]), told(30, &[Running(30)])]), [Finished(12, 20), Running(30)]);
    }
}
