//! The graph as it stands at a moment, or as it ever was: which objects there are, and who of them owns whom.

use std::collections::HashMap;
use std::ops::Range;

use super::{Owner, OwnerGraph};
use crate::model::{ObjectKey, Timestamp};
use crate::store::{History, Object, ObjectId};

/// A node: first come the objects of the history, by their numbers, then the owners that no log shows.
pub type NodeId = usize;

/// When the graph is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// As it is then.
    At(Timestamp),
    /// All that ever was.
    Ever,
}

/// That a node is owned by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// By which.
    pub owner: NodeId,
    /// Whether no reference says so, but names and labels.
    pub inferred: bool,
    /// Since when, where it is not from birth on.
    pub since: Option<Timestamp>,
    /// Until when, where it is not to the end.
    pub until: Option<Timestamp>,
}

/// Nodes and edges at a moment.
pub struct Ties<'a> {
    history: &'a History,
    graph: &'a OwnerGraph,
    moment: Moment,
    /// Which nodes are there at the moment; of owners that no log shows none is known to be.
    there: Vec<bool>,
    /// Which nodes are there, or above one that is.
    present: Vec<bool>,
    above: Vec<Vec<Edge>>,
    /// What each node owns, one behind the other.
    owned: Vec<NodeId>,
    /// Where in `owned` each node's begins; and an end.
    starts: Vec<usize>,
    /// Which own themselves.
    own_themselves: Vec<bool>,
}

impl<'a> Ties<'a> {
    /// Of a graph. An owner that is gone, or not there yet, stays as long as something refers to it.
    pub fn new(history: &'a History, graph: &'a OwnerGraph, moment: Moment) -> Self {
        let count = history.objects.len() + graph.unseen.len();
        let is_there = |object: &Object| match moment {
            Moment::At(at) => object.alive_at(at),
            Moment::Ever => true,
        };
        let mut there: Vec<bool> = history.objects.iter().map(is_there).collect();
        there.resize(count, false);
        let mut ties = Ties {
            history,
            graph,
            moment,
            present: there.clone(),
            there,
            above: vec![Vec::new(); count],
            owned: Vec::new(),
            starts: vec![0; count + 1],
            own_themselves: vec![false; count],
        };
        ties.climb();
        ties.index();
        ties
    }

    /// From what is there to all that is above it.
    fn climb(&mut self) {
        let mut open: Vec<NodeId> = (0..self.count()).filter(|node| self.there[*node]).collect();
        while let Some(node) = open.pop() {
            let mut edges = self.edges(node);
            let all = edges.len();
            edges.retain(|edge| edge.owner != node);
            self.own_themselves[node] = edges.len() < all;
            for edge in &edges {
                if !std::mem::replace(&mut self.present[edge.owner], true) {
                    open.push(edge.owner);
                }
            }
            self.above[node] = edges;
        }
    }

    /// What is below follows from what is above.
    fn index(&mut self) {
        let mut starts = vec![0; self.count() + 1];
        for edge in self.above.iter().flatten() {
            starts[edge.owner + 1] += 1;
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let mut next = starts.clone();
        self.owned = vec![0; starts.last().copied().unwrap_or_default()];
        for (node, edges) in self.above.iter().enumerate() {
            for edge in edges {
                self.owned[next[edge.owner]] = node;
                next[edge.owner] += 1;
            }
        }
        self.starts = starts;
    }

    fn edges(&self, node: NodeId) -> Vec<Edge> {
        let always = |owner, inferred| Edge { owner, inferred, since: None, until: None };
        match (self.object_id(node), self.moment) {
            (None, _) => {
                let inferred = self.graph.unseen[node - self.history.objects.len()].inferred;
                inferred.map(|id| always(id, true)).into_iter().collect()
            }
            (Some(id), Moment::At(at)) => {
                let mut edges = Merged::default();
                self.graph.owners_at(id, at).iter().for_each(|owner| edges.add(always(self.node(*owner), false)));
                edges.edges
            }
            (Some(id), Moment::Ever) => self.edges_ever(id),
        }
    }

    /// The present owners first, then former ones.
    fn edges_ever(&self, id: ObjectId) -> Vec<Edge> {
        let links: Vec<(Timestamp, &[Owner])> = self.graph.links(id).collect();
        let mut edges = Merged::default();
        for (i, (since, owners)) in links.iter().enumerate().rev() {
            let until = links.get(i + 1).map(|(next, _)| *next);
            let since = (i > 0).then_some(*since);
            for owner in *owners {
                edges.add(Edge { owner: self.node(*owner), inferred: false, since, until });
            }
        }
        edges.edges
    }

    /// The node that an owner is.
    pub fn node(&self, owner: Owner) -> NodeId {
        match owner {
            Owner::Seen(id) => id,
            Owner::Unseen(unseen) => self.history.objects.len() + unseen,
        }
    }

    fn object_id(&self, node: NodeId) -> Option<ObjectId> {
        (node < self.history.objects.len()).then_some(node)
    }

    /// How many nodes there are, present or not.
    pub fn count(&self) -> usize {
        self.there.len()
    }

    /// When the graph is looked at.
    pub fn moment(&self) -> Moment {
        self.moment
    }

    /// The object that a node is; `None`: it is known by reference only.
    pub fn object(&self, node: NodeId) -> Option<&'a Object> {
        self.history.objects.get(node)
    }

    /// Kind and name of a node.
    pub fn key(&self, node: NodeId) -> &'a ObjectKey {
        match self.object(node) {
            Some(object) => &object.key,
            None => &self.graph.unseen[node - self.history.objects.len()].key,
        }
    }

    /// Whether an object is there at the moment.
    pub fn is_there(&self, node: NodeId) -> bool {
        self.there[node]
    }

    /// Whether a node is there, or above one that is.
    pub fn is_present(&self, node: NodeId) -> bool {
        self.present[node]
    }

    /// Whether an object owns itself.
    pub fn owns_itself(&self, node: NodeId) -> bool {
        self.own_themselves[node]
    }

    /// What owns a node, itself aside: the present controller first.
    pub fn above(&self, node: NodeId) -> &[Edge] {
        &self.above[node]
    }

    /// What a node owns, itself aside.
    pub fn below(&self, node: NodeId) -> &[NodeId] {
        let Range { start, end } = self.starts[node]..self.starts[node + 1];
        &self.owned[start..end]
    }

    /// Adds to a set of nodes all that is above one of them.
    pub fn with_above(&self, set: &mut [bool]) {
        self.spread(set, |node, reach| self.above[node].iter().for_each(|edge| reach(edge.owner)));
    }

    /// Adds to a set of nodes all that is below one of them.
    pub fn with_below(&self, set: &mut [bool]) {
        self.spread(set, |node, reach| self.below(node).iter().for_each(|node| reach(*node)));
    }

    fn spread(&self, set: &mut [bool], neighbours: impl Fn(NodeId, &mut dyn FnMut(NodeId))) {
        let mut open: Vec<NodeId> = (0..set.len()).filter(|node| set[*node]).collect();
        while let Some(node) = open.pop() {
            neighbours(node, &mut |other| {
                if !std::mem::replace(&mut set[other], true) {
                    open.push(other);
                }
            });
        }
    }
}

/// Edges to different owners.
#[derive(Default)]
struct Merged {
    edges: Vec<Edge>,
    places: HashMap<NodeId, usize>,
}

impl Merged {
    /// Adds one that is not later than the others.
    fn add(&mut self, edge: Edge) {
        let place = *self.places.entry(edge.owner).or_insert(self.edges.len());
        match self.edges.get_mut(place) {
            Some(known) => known.since = edge.since,
            None => self.edges.push(edge),
        }
    }
}
