//! In which order two traces do what both do in one second: a replay creates objects in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use super::Name;

/// That an object is applied, or deleted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Deed {
    pub name: Arc<Name>,
    pub applies: bool,
}

/// Something done to an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Operation {
    /// Whether it is applied, or deleted.
    pub applies: bool,
    /// The object.
    #[serde(flatten)]
    pub name: Name,
}

/// A second in which two traces do the same in another order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OrderDifference {
    /// Unix seconds.
    pub ts: i64,
    /// How many operations both have in that second.
    pub operations: usize,
    /// The first that are not the same, counted from 1.
    pub position: usize,
    /// What A does there.
    pub a: Operation,
    /// What B does there.
    pub b: Operation,
}

type Deeds = BTreeMap<i64, Vec<Deed>>;

/// Of what both do in a second, whether they do it in one order.
pub(super) fn compare(a: &Deeds, b: &Deeds) -> Vec<OrderDifference> {
    let in_both = a.iter().filter_map(|(ts, of_a)| Some((*ts, of_a, b.get(ts)?)));
    in_both.filter_map(|(ts, a, b)| in_second(ts, a, b)).collect()
}

fn in_second(ts: i64, a: &[Deed], b: &[Deed]) -> Option<OrderDifference> {
    let (of_a, of_b): (BTreeSet<&Deed>, BTreeSet<&Deed>) = (a.iter().collect(), b.iter().collect());
    let shared = |deeds: &'_ [Deed]| -> Vec<Deed> {
        deeds.iter().filter(|deed| of_a.contains(deed) && of_b.contains(deed)).cloned().collect()
    };
    let (a, b) = (shared(a), shared(b));
    let at = a.iter().zip(&b).position(|(a, b)| a != b)?;
    // Where one does a thing more often, that is a difference of the object.
    if a.len() != b.len() {
        return None;
    }
    let operation = |deed: &Deed| Operation { applies: deed.applies, name: Name::clone(&deed.name) };
    Some(OrderDifference { ts, operations: a.len(), position: at + 1, a: operation(&a[at]), b: operation(&b[at]) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deeds(names: &str) -> Deeds {
        let deed = |word: &str| {
            let (mark, name) = word.split_at(1);
            Deed { name: Arc::new(Name { name: name.to_owned(), ..Name::default() }), applies: mark == "+" }
        };
        Deeds::from([(7, names.split_whitespace().map(deed).collect())])
    }

    #[test]
    fn only_what_both_do_has_an_order() {
        for (a, b, expected) in [
            ("+a +b", "+a +b", None),
            ("+a +b", "+b +a", Some(1)),
            ("+a +x +b", "+a +b +y", None),
            ("+a +x +b -c", "+a -c +b", Some(2)),
            ("+a +b +a", "+b +a", None),
        ] {
            let found = compare(&deeds(a), &deeds(b));
            assert_eq!(found.first().map(|difference| difference.position), expected, "{a} | {b}");
        }
    }
}
