//! What differs between two traces.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::lifecycles::{self, ByHash, LifecycleDifference};
use super::order::{self, OrderDifference};
use super::recorded::{Recorded, Step};
use super::steps::{self, StepDifference};
use super::{Fields, Name};
use crate::trace::object_text;

pub use super::recorded::View;

/// What a trace holds, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The trace, as it was named.
    pub path: String,
    /// The second of the first event; `None` without any.
    pub from: Option<i64>,
    /// The second of the last event.
    pub to: Option<i64>,
    /// How many events there are.
    pub events: u64,
    /// How many objects were compared.
    pub objects: u64,
    /// How many lifecycles were compared.
    pub lifecycles: u64,
}

impl Summary {
    fn of(path: &str, trace: &Recorded) -> Self {
        let (from, to) = trace.span.unzip();
        let (objects, lifecycles) = (trace.objects.len() as u64, trace.lives());
        Summary { path: path.to_owned(), from, to, events: trace.events, objects, lifecycles }
    }
}

/// An object to which two traces do not do the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ObjectDifference {
    /// The object.
    #[serde(flatten)]
    pub name: Name,
    /// `A` or `B` where only that trace has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only_in: Option<char>,
    /// What only one does, or both do in different ways, in order.
    pub steps: Vec<StepDifference>,
}

/// An object whose hashes in two indexes say something else than its events do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IndexDifference {
    /// The object.
    #[serde(flatten)]
    pub name: Name,
    /// The hash in A, in decimal; `None` where A's index lacks it.
    pub a: Option<String>,
    /// The hash in B.
    pub b: Option<String>,
}

/// What differs between two traces.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// Version of this schema: 1.
    pub version: u32,
    /// `traces`.
    pub compared: &'static str,
    /// Whether nothing differs.
    pub same: bool,
    /// The one.
    pub a: Summary,
    /// The other.
    pub b: Summary,
    /// Which ends differ: `from`, `to`.
    pub span: Vec<&'static str>,
    /// Objects, by kind, namespace and name.
    pub objects: Vec<ObjectDifference>,
    /// Owners whose pods' lifecycles differ.
    pub lifecycles: Vec<LifecycleDifference>,
    /// Seconds in which the same is done in another order.
    pub order: Vec<OrderDifference>,
    /// Owners whose pods' lifecycles are the same and are dealt out in another order.
    pub deal: Vec<Name>,
    /// Objects that do not differ otherwise.
    pub index: Vec<IndexDifference>,
    /// What was tracked.
    pub config: Fields,
}

impl Comparison {
    /// Compares two traces as far as a view goes: first each with its name. Times within a tolerance, in seconds, are the same.
    pub fn of(
        (path_a, mut a): (&str, Recorded),
        (path_b, mut b): (&str, Recorded),
        view: &View,
        tolerance: i64,
    ) -> Self {
        Recorded::narrow(&mut a, &mut b, view);
        let objects = objects(&a, &b, tolerance);
        let differ: BTreeSet<&Name> = objects.iter().map(|object| &object.name).collect();
        let index = index(&a.index, &b.index, &differ);
        let (lifecycles, deal) = lives(&a, &b, tolerance);
        let (summary_a, summary_b) = (Summary::of(path_a, &a), Summary::of(path_b, &b));
        let config = Fields { before: object_text(&a.config), after: object_text(&b.config) };
        let mut comparison = Comparison {
            version: 1,
            compared: "traces",
            same: false,
            span: span(&summary_a, &summary_b, tolerance),
            a: summary_a,
            b: summary_b,
            objects,
            lifecycles,
            order: order::compare(&a.deeds, &b.deeds),
            deal,
            index,
            config,
        };
        comparison.same = comparison.objects.is_empty()
            && comparison.lifecycles.is_empty()
            && comparison.order.is_empty()
            && comparison.deal.is_empty()
            && comparison.index.is_empty()
            && comparison.span.is_empty()
            && comparison.config.before == comparison.config.after;
        comparison
    }
}

/// The ends at which the one is further than a tolerance from the other.
fn span(a: &Summary, b: &Summary, tolerance: i64) -> Vec<&'static str> {
    let apart = |a: Option<i64>, b: Option<i64>| match (a, b) {
        (Some(a), Some(b)) => a.abs_diff(b) > tolerance.unsigned_abs(),
        (a, b) => a != b,
    };
    let ends = [("from", apart(a.from, b.from)), ("to", apart(a.to, b.to))];
    ends.into_iter().filter(|(_, apart)| *apart).map(|(end, _)| end).collect()
}

fn objects(a: &Recorded, b: &Recorded, tolerance: i64) -> Vec<ObjectDifference> {
    let names: BTreeSet<_> = a.objects.keys().chain(b.objects.keys()).collect();
    let of = |trace: &'_ Recorded, name: &Name| -> Vec<Step> { trace.objects.get(name).cloned().unwrap_or_default() };
    let compared = names.into_iter().map(|name| {
        let (of_a, of_b) = (of(a, name), of(b, name));
        let only_in = match (of_a.is_empty(), of_b.is_empty()) {
            (_, true) => Some('A'),
            (true, _) => Some('B'),
            _ => None,
        };
        ObjectDifference { name: Name::clone(name), only_in, steps: steps::compare(&of_a, &of_b, tolerance) }
    });
    compared.filter(|object| !object.steps.is_empty()).collect()
}

/// Owners whose pods' lifecycles differ, and such of which only the order does.
fn lives(a: &Recorded, b: &Recorded, tolerance: i64) -> (Vec<LifecycleDifference>, Vec<Name>) {
    let none = ByHash::new();
    let owners: BTreeSet<&Name> = a.lifecycles.keys().chain(b.lifecycles.keys()).collect();
    let (mut differences, mut deal) = (Vec::new(), Vec::new());
    for owner in owners {
        let [a, b] = [a, b].map(|trace| trace.lifecycles.get(owner).unwrap_or(&none));
        match lifecycles::compare(owner, a, b, tolerance) {
            Some(difference) => differences.push(difference),
            None if !lifecycles::are_in_order(a, b, tolerance) => deal.push(owner.clone()),
            None => {}
        }
    }
    (differences, deal)
}

/// Of objects that differ in their events the hashes differ as a matter of course.
fn index(a: &BTreeMap<Name, u64>, b: &BTreeMap<Name, u64>, differ: &BTreeSet<&Name>) -> Vec<IndexDifference> {
    let names: BTreeSet<&Name> = a.keys().chain(b.keys()).filter(|name| !differ.contains(name)).collect();
    let hash = |index: &BTreeMap<Name, u64>, name: &Name| index.get(name).map(u64::to_string);
    let pairs = names.into_iter().map(|name| (name, hash(a, name), hash(b, name)));
    pairs.filter(|(_, a, b)| a != b).map(|(name, a, b)| IndexDifference { name: name.clone(), a, b }).collect()
}
