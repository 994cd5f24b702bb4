//! The lifecycles of an owner's pods in two traces.

use std::cmp::Ordering;
use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use super::Name;
use crate::trace::Lifecycle;

/// What differs in the lifecycles of one owner's pods.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LifecycleDifference {
    /// The owner.
    #[serde(flatten)]
    pub owner: Name,
    /// `A` or `B` where only that trace has any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only_in: Option<char>,
    /// Lifecycles that only A has.
    pub only_in_a: Vec<Lifecycle>,
    /// Lifecycles that only B has.
    pub only_in_b: Vec<Lifecycle>,
    /// Such that begin at one time and do not end so.
    pub changed: Vec<(Lifecycle, Lifecycle)>,
    /// The pod-spec hashes of both, where nothing but those differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hashes: Option<(Vec<String>, Vec<String>)>,
}

impl LifecycleDifference {
    fn is_none(&self) -> bool {
        let LifecycleDifference { owner: _, only_in: _, only_in_a, only_in_b, changed, hashes } = self;
        only_in_a.is_empty() && only_in_b.is_empty() && changed.is_empty() && hashes.is_none()
    }
}

pub(super) type ByHash = BTreeMap<u64, Vec<Lifecycle>>;

/// What differs; times within a tolerance in seconds are the same.
pub(super) fn compare(owner: &Name, a: &ByHash, b: &ByHash, tolerance: i64) -> Option<LifecycleDifference> {
    let (all_a, all_b) = (sorted(a), sorted(b));
    let only_in = match (all_a.is_empty(), all_b.is_empty()) {
        (false, true) => Some('A'),
        (true, false) => Some('B'),
        _ => None,
    };
    let mut difference = LifecycleDifference { owner: owner.clone(), only_in, ..LifecycleDifference::default() };
    let (only_a, only_b) = without_common(&all_a, &all_b);
    let (only_a, only_b, _) = matched(only_a, only_b, |a, b| are_near(*a, *b, tolerance));
    // Of what is left, that belongs together which begins together.
    let (only_a, only_b, changed) = matched(only_a, only_b, |a, b| starts_near(*a, *b, tolerance));
    (difference.only_in_a, difference.only_in_b, difference.changed) = (only_a, only_b, changed);
    if difference.is_none() && !a.keys().eq(b.keys()) {
        let texts = |of: &ByHash| of.keys().map(u64::to_string).collect();
        difference.hashes = Some((texts(a), texts(b)));
    }
    (!difference.is_none()).then_some(difference)
}

/// Whether a replay deals out in one order what does not differ otherwise.
pub(super) fn are_in_order(a: &ByHash, b: &ByHash, tolerance: i64) -> bool {
    let in_order = |(a, b): (&Vec<Lifecycle>, &Vec<Lifecycle>)| {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| are_near(*a, *b, tolerance))
    };
    a.values().zip(b.values()).all(in_order)
}

/// By start, then by end.
fn sorted(of_owner: &ByHash) -> Vec<Lifecycle> {
    let mut all: Vec<Lifecycle> = of_owner.values().flatten().copied().collect();
    all.sort_by_key(order);
    all
}

fn order(life: &Lifecycle) -> (Option<i64>, Option<i64>) {
    (start(*life), end(*life))
}

/// What is left of two sorted lists without what both have.
fn without_common(a: &[Lifecycle], b: &[Lifecycle]) -> (Vec<Lifecycle>, Vec<Lifecycle>) {
    let (mut only_a, mut only_b) = (Vec::new(), Vec::new());
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    loop {
        let comes_first = match (a.peek(), b.peek()) {
            (Some(a), Some(b)) => order(a).cmp(&order(b)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return (only_a, only_b),
        };
        match comes_first {
            Ordering::Less => only_a.extend(a.next()),
            Ordering::Greater => only_b.extend(b.next()),
            Ordering::Equal => drop((a.next(), b.next())),
        }
    }
}

fn start(life: Lifecycle) -> Option<i64> {
    match life {
        Lifecycle::Empty => None,
        Lifecycle::Running(start) | Lifecycle::Finished(start, _) => Some(start),
    }
}

fn end(life: Lifecycle) -> Option<i64> {
    if let Lifecycle::Finished(_, end) = life { Some(end) } else { None }
}

fn are_near(a: Lifecycle, b: Lifecycle, tolerance: i64) -> bool {
    starts_near(a, b, tolerance) && near(end(a), end(b), tolerance)
}

fn starts_near(a: Lifecycle, b: Lifecycle, tolerance: i64) -> bool {
    near(start(a), start(b), tolerance)
}

fn near(a: Option<i64>, b: Option<i64>, tolerance: i64) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => i64::try_from(a.abs_diff(b)).is_ok_and(|apart| apart <= tolerance),
        (a, b) => a == b,
    }
}

type Matched = (Vec<Lifecycle>, Vec<Lifecycle>, Vec<(Lifecycle, Lifecycle)>);

/// Takes pairs that fit out of two sorted lists; gives what is left of each, and the pairs. Each of the one list takes the first
/// of the other that fits it, among the next few: no more than these begin near one another in any log worth looking at.
fn matched(a: Vec<Lifecycle>, b: Vec<Lifecycle>, fit: impl Fn(&Lifecycle, &Lifecycle) -> bool) -> Matched {
    const AHEAD: usize = 64;
    let (mut only_a, mut only_b, mut pairs) = (Vec::new(), Vec::new(), Vec::new());
    let mut waiting: VecDeque<Lifecycle> = b.into();
    for life in a {
        // What begins earlier and does not fit will fit nothing that comes later.
        while let Some(first) = waiting.front().copied()
            && start(first) < start(life)
            && !fit(&life, &first)
        {
            only_b.extend(waiting.pop_front());
        }
        match waiting.iter().take(AHEAD).position(|other| fit(&life, other)) {
            Some(at) => pairs.extend(waiting.remove(at).map(|other| (life, other))),
            None => only_a.push(life),
        }
    }
    only_b.extend(waiting);
    (only_a, only_b, pairs)
}

#[cfg(test)]
mod tests {
    use super::Lifecycle::{Finished, Running};
    use super::*;

    fn compared(a: &[Lifecycle], b: &[Lifecycle], tolerance: i64) -> Option<Matched> {
        let of = |lives: &[Lifecycle]| ByHash::from([(1, lives.to_vec())]);
        let difference = compare(&Name::default(), &of(a), &of(b), tolerance)?;
        assert!(difference.hashes.is_none());
        Some((difference.only_in_a, difference.only_in_b, difference.changed))
    }

    #[test]
    fn lifecycles_are_the_same_by_start_and_end() {
        let of = [Running(5), Finished(5, 9), Finished(6, 8)];
        assert_eq!(compared(&of, &of, 0), None);
        assert_eq!(compared(&of, &[Running(6), Finished(5, 8), Finished(7, 8)], 1), None);
        let (before, after) = (Finished(5, 9), Finished(5, 12));
        assert_eq!(compared(&[before], &[after], 0), Some((vec![], vec![], vec![(before, after)])));
        assert_eq!(compared(&[before], &[Running(5)], 9), Some((vec![], vec![], vec![(before, Running(5))])));
        assert_eq!(compared(&[before], &[Finished(6, 9)], 0), Some((vec![before], vec![Finished(6, 9)], vec![])));
        assert_eq!(compared(&[Running(1), before], &[before], 0), Some((vec![Running(1)], vec![], vec![])));
        assert_eq!(compared(&[before], &[Running(1), before], 0), Some((vec![], vec![Running(1)], vec![])));
    }

    #[test]
    fn of_many_that_begin_at_once_those_are_told_that_differ() {
        let lives = |count: i64| (0..count).map(|i| Finished(5, 6 + i)).collect::<Vec<_>>();
        let many = lives(1000);
        assert_eq!(compared(&many[..10], &many[..10], 0), None);
        let (only_a, only_b, changed) = compared(&many[300..], &many, 0).unwrap();
        assert_eq!((only_a.len(), only_b.len(), changed.len()), (0, 300, 0));
        let later: Vec<_> = (0..1000).map(|i| Finished(6, 7 + i)).collect();
        assert_eq!(compared(&many, &later, 1), None);
    }

    #[test]
    fn the_order_of_the_deal_and_the_specs_count() {
        let (a, b) = (Finished(5, 9), Finished(6, 9));
        let of = |hash, lives: &[Lifecycle]| ByHash::from([(hash, lives.to_vec())]);
        let compared = |one: &ByHash, other: &ByHash| compare(&Name::default(), one, other, 0);
        assert_eq!(compared(&of(1, &[a, b]), &of(1, &[b, a])), None);
        assert!(
            !are_in_order(&of(1, &[a, b]), &of(1, &[b, a]), 0) && are_in_order(&of(1, &[a, b]), &of(1, &[a, b]), 0)
        );
        let hashes = compared(&of(1, &[a]), &of(2, &[a])).unwrap().hashes.unwrap();
        assert_eq!(hashes, (vec!["1".to_owned()], vec!["2".to_owned()]));
        assert_eq!(compared(&of(1, &[a]), &ByHash::new()).unwrap().only_in, Some('A'));
    }
}
