//! Which part of a graph the user wants to see.

use std::collections::BTreeMap;

use super::ties::{Moment, NodeId, Ties};
use crate::filter::{Filters, Subject};
use crate::model::{GroupKind, ObjectKey};
use crate::store::Object;

/// What the user wants to see.
pub struct Wish<'a> {
    /// What passes these, and all above it. What one of them leaves out takes with it what it owns.
    pub filters: &'a Filters,
    /// Only the trees that hold objects of these keys.
    pub object: Option<&'a dyn Fn(&ObjectKey) -> bool>,
    /// Of which kinds an object is shown that owns nothing and that nothing owns.
    pub alone: &'a dyn Fn(&GroupKind) -> bool,
}

/// What of a graph is shown.
pub struct Shown {
    /// Which nodes.
    pub nodes: Vec<bool>,
    /// Which of them were asked for by name.
    pub named: Vec<bool>,
    /// How many are not, since they own nothing and nothing owns them.
    pub alone: BTreeMap<GroupKind, u64>,
}

impl Shown {
    /// The part of a graph that is wished for.
    pub fn new(ties: &Ties<'_>, wish: &Wish<'_>) -> Self {
        let judgements = Judgements::new(ties, wish.filters);
        let mut nodes = judgements.keeps;
        ties.with_above(&mut nodes);
        let is_named = |node: NodeId| wish.object.is_some_and(|object| nodes[node] && object(ties.key(node)));
        let named: Vec<bool> = (0..ties.count()).map(is_named).collect();
        if wish.object.is_some() {
            let mut within = named.clone();
            ties.with_above(&mut within);
            ties.with_below(&mut within);
            nodes.iter_mut().zip(within).for_each(|(shown, within)| *shown &= within);
        }
        let mut alone = BTreeMap::new();
        for (node, shown) in nodes.iter_mut().enumerate().filter(|(node, shown)| **shown && !named[*node]) {
            let kind = &ties.key(node).kind;
            let is_alone = ties.above(node).is_empty() && ties.below(node).is_empty() && !ties.owns_itself(node);
            if is_alone && !(wish.alone)(kind) {
                *shown = false;
                *alone.entry(kind.clone()).or_default() += 1;
            }
        }
        Shown { nodes, named, alone }
    }
}

/// What filters say of each node.
pub struct Judgements {
    /// Whether it is there, passes, and is not left out.
    pub keeps: Vec<bool>,
    /// Whether it is left out, or something above it is.
    pub out: Vec<bool>,
}

impl Judgements {
    /// Of the nodes of a graph.
    pub fn new(ties: &Ties<'_>, filters: &Filters) -> Self {
        let mut keeps = vec![false; ties.count()];
        let mut out = vec![false; ties.count()];
        for node in (0..ties.count()).filter(|node| ties.is_present(*node)) {
            (keeps[node], out[node]) = match ties.object(node) {
                Some(object) => judge(object, filters, ties.moment()),
                // Of an owner that no log shows nothing but the name is known.
                None => (false, filters.excludes(&subject(ties.key(node), &BTreeMap::new()))),
            };
            keeps[node] &= ties.is_there(node);
        }
        ties.with_below(&mut out);
        keeps.iter_mut().zip(&out).for_each(|(keeps, out)| *keeps &= !out);
        Judgements { keeps, out }
    }
}

/// Whether an object passes filters, and whether it is left out by one. Over its life: whether it ever passes, and whether it
/// is always left out.
fn judge(object: &Object, filters: &Filters, moment: Moment) -> (bool, bool) {
    let with = |labels: &BTreeMap<String, String>| {
        let subject = subject(&object.key, labels);
        (filters.keeps(&subject), filters.excludes(&subject))
    };
    if filters.selectors.is_empty() && filters.exclude_selectors.is_empty() {
        return with(&BTreeMap::new());
    }
    let Moment::Ever = moment else {
        let Moment::At(at) = moment else { return (false, false) };
        return with(&object.version_at(at).metadata.labels());
    };
    let mut metadata: Vec<_> = object.versions.iter().map(|version| &version.metadata).collect();
    metadata.dedup();
    let judged = metadata.into_iter().map(|metadata| with(&metadata.labels()));
    judged.fold((false, true), |(ever, always), (keeps, excludes)| (ever || keeps, always && excludes))
}

fn subject<'s>(key: &'s ObjectKey, labels: &'s BTreeMap<String, String>) -> Subject<'s> {
    Subject { kind: &key.kind, namespace: &key.namespace, name: &key.name, labels }
}
