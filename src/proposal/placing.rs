//! Which pod is accounted for by what.

use std::collections::{BTreeMap, BTreeSet};

use super::Logs;
use super::fitting::Fitting;
use super::kinds::Kinds;
use super::templates::leads;
use crate::model::{GroupKind, Timestamp};
use crate::owners::{Judgements, Moment, NodeId, Ties};
use crate::store::{Object, ObjectId};

/// So many owners of an object are looked at, the nearest first: chains in a log may have any length.
const NEAREST: usize = 64;

/// What is tracked, and what for.
pub(super) struct Placing<'a> {
    logs: &'a Logs<'a>,
    ties: Ties<'a>,
    judgements: Judgements,
    pub kinds: Kinds,
    /// What was found of the templates of kinds that SimKube does not know.
    pub fittings: BTreeMap<GroupKind, Fitting>,
    /// Objects and pods, by the kind that accounts for them.
    pub counts: BTreeMap<GroupKind, Count>,
    /// DaemonSets and their pods.
    pub daemon_sets: (BTreeSet<NodeId>, u64),
    /// Pods that are tracked by themselves though something owns them, by the kind at the top and why that is not tracked.
    pub alone: BTreeMap<(GroupKind, Untracked), u64>,
    /// Pods that belong to a node.
    pub of_nodes: u64,
    /// Pods of which no log shows the content, so that a trace cannot hold them.
    pub unknown: u64,
}

/// What accounts for pods.
#[derive(Debug, Default)]
pub(super) struct Count {
    /// Objects that nothing tracked is above, now and then.
    pub objects: u64,
    /// Of these, objects that something tracked owned at other times; their pods count with that.
    pub orphans: u64,
    pub pods: u64,
    /// Whether one of them has an owner all the same.
    pub owned: bool,
    /// Of each path, in how many objects it leads nowhere.
    pub lacking: BTreeMap<String, u64>,
}

/// Why an owner of pods is not tracked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Untracked {
    Unseen,
    ClusterScoped,
    NoContent,
    NoTemplate,
}

impl<'a> Placing<'a> {
    pub fn new(logs: &'a Logs<'a>, kinds: Kinds) -> Self {
        let ties = Ties::new(logs.history, logs.graph, Moment::Ever);
        let judgements = Judgements::new(&ties, logs.filters);
        let mut placing = Placing {
            logs,
            ties,
            judgements,
            kinds,
            fittings: BTreeMap::new(),
            counts: BTreeMap::new(),
            daemon_sets: Default::default(),
            alone: BTreeMap::new(),
            of_nodes: 0,
            unknown: 0,
        };
        placing.fit();
        placing.place_pods();
        placing.count_objects();
        placing
    }

    /// Compares what may hold templates with the pods below it.
    fn fit(&mut self) {
        let mut below: BTreeMap<NodeId, Vec<&Object>> = BTreeMap::new();
        for (pod, object) in self.pods() {
            let above = self.above(pod);
            if above.iter().any(|node| self.is_daemon_set(*node)) {
                continue;
            }
            for node in above.into_iter().filter(|node| self.may_hold_templates(*node)) {
                below.entry(node).or_default().push(object);
            }
        }
        let mut fittings: BTreeMap<GroupKind, Fitting> = BTreeMap::new();
        for (node, pods) in below {
            let Some(object) = self.ties.object(node) else { continue };
            fittings.entry(object.key.kind.clone()).or_default().add(object, &pods);
        }
        self.fittings = fittings;
    }

    fn may_hold_templates(&self, node: NodeId) -> bool {
        let kind = &self.ties.key(node).kind;
        let writable = self.ties.object(node).is_some_and(|object| self.kinds.can_write(self.logs.history, object));
        writable && !self.kinds.knows_paths(kind)
    }

    fn place_pods(&mut self) {
        let pods: Vec<NodeId> = self.pods().map(|(pod, _)| pod).collect();
        for pod in pods {
            let above = self.above(pod);
            if let Some(set) = above.iter().find(|node| self.is_daemon_set(**node)) {
                self.daemon_sets.0.insert(*set);
                self.daemon_sets.1 += 1;
                continue;
            }
            match above.iter().rev().find(|node| self.is_tracked(**node)) {
                Some(root) if self.judgements.keeps[*root] => self.count(*root).pods += 1,
                Some(_) => {}
                None if !self.judgements.keeps[pod] => {}
                None if !self.is_tracked(pod) => self.unknown += 1,
                None => self.place_alone(pod, &above),
            }
        }
    }

    fn place_alone(&mut self, pod: NodeId, above: &[NodeId]) {
        let Some(top) = above.last().copied() else {
            self.count(pod).pods += 1;
            return;
        };
        let of_nodes = above.iter().all(|node| self.ties.key(*node).kind.is("", "Node"));
        if of_nodes {
            self.of_nodes += 1;
            return;
        }
        self.count(pod).pods += 1;
        let why = match self.ties.object(top) {
            None => Untracked::Unseen,
            Some(object) if object.key.namespace.is_empty() => Untracked::ClusterScoped,
            Some(object) if !self.kinds.can_write(self.logs.history, object) => Untracked::NoContent,
            Some(_) => Untracked::NoTemplate,
        };
        *self.alone.entry((self.ties.key(top).kind.clone(), why)).or_default() += 1;
    }

    /// Counts what stands in a trace by itself, at least for a time.
    fn count_objects(&mut self) {
        for id in 0..self.logs.history.objects.len() {
            if !self.judgements.keeps[id] || !self.is_tracked(id) {
                continue;
            }
            let free: Vec<bool> = self.times(id).into_iter().filter_map(|at| self.is_free(id, at)).collect();
            if free.is_empty() {
                continue;
            }
            let lacking = self.lacking(id);
            let is_orphan = self.above(id).iter().any(|node| self.is_tracked(*node));
            let count = self.count(id);
            count.objects += 1;
            count.orphans += u64::from(is_orphan);
            count.owned |= free.contains(&true);
            lacking.into_iter().for_each(|path| *count.lacking.entry(path).or_default() += 1);
        }
    }

    /// When the owners of an object change.
    fn times(&self, id: ObjectId) -> Vec<Timestamp> {
        let times: Vec<Timestamp> = self.logs.graph.links(id).map(|(since, _)| since).collect();
        if times.is_empty() { vec![self.logs.history.objects[id].born] } else { times }
    }

    /// Whether an object has owners though nothing above it keeps it out of a trace at a time; `None`: something does.
    fn is_free(&self, id: ObjectId, at: Timestamp) -> Option<bool> {
        let owners = |node: NodeId| -> Vec<NodeId> {
            if self.ties.object(node).is_none() {
                return self.ties.above(node).iter().map(|edge| edge.owner).collect();
            }
            self.logs.graph.owners_at(node, at).iter().map(|owner| self.ties.node(*owner)).collect()
        };
        let above = climb(id, owners);
        let kept_out = above.iter().any(|node| self.is_daemon_set(*node) || self.is_tracked(*node));
        let of_nodes = above.iter().all(|node| self.ties.key(*node).kind.is("", "Node"));
        (!kept_out && (above.is_empty() || !of_nodes)).then_some(!above.is_empty())
    }

    /// The paths of its kind that lead nowhere in an object.
    fn lacking(&self, id: ObjectId) -> Vec<String> {
        let object = &self.logs.history.objects[id];
        let Some(fitting) = self.fittings.get(&object.key.kind) else { return Vec::new() };
        let last = object.versions.iter().rev().find_map(|version| version.content.as_ref());
        let Some(content) = last.map(|content| content.object()) else { return Vec::new() };
        fitting.paths.keys().filter(|path| !leads(&content, path)).cloned().collect()
    }

    /// Whether an object would stand in a trace, if nothing is above it.
    fn is_tracked(&self, node: NodeId) -> bool {
        let Some(object) = self.ties.object(node) else { return false };
        let kind = &object.key.kind;
        let has_paths = self.kinds.knows_paths(kind) || self.fittings.get(kind).is_some_and(|f| !f.paths.is_empty());
        has_paths && !self.is_daemon_set(node) && self.kinds.can_write(self.logs.history, object)
    }

    fn is_daemon_set(&self, node: NodeId) -> bool {
        self.ties.key(node).kind.kind == "DaemonSet"
    }

    fn count(&mut self, node: NodeId) -> &mut Count {
        self.counts.entry(self.ties.key(node).kind.clone()).or_default()
    }

    /// The pods that no filter leaves out.
    fn pods(&self) -> impl Iterator<Item = (NodeId, &'a Object)> {
        let objects = self.logs.history.objects.iter().enumerate();
        objects.filter(|(id, object)| object.key.kind.is("", "Pod") && !self.judgements.out[*id])
    }

    /// What is above a node at any time, the nearest first.
    fn above(&self, node: NodeId) -> Vec<NodeId> {
        climb(node, |node| self.ties.above(node).iter().map(|edge| edge.owner).collect())
    }
}

/// What is above a node, the nearest first, itself never.
fn climb(start: NodeId, owners: impl Fn(NodeId) -> Vec<NodeId>) -> Vec<NodeId> {
    let mut found: Vec<NodeId> = vec![start];
    let mut next = 0;
    while let Some(node) = found.get(next).copied() {
        next += 1;
        for owner in owners(node) {
            if found.len() <= NEAREST && !found.contains(&owner) {
                found.push(owner);
            }
        }
    }
    found.remove(0);
    found
}
