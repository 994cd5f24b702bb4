//! The graph as trees, in which every node stands once in full.
//!
//! An owner graph is no forest: an object may have several owners, and logs can hold circles. Each node gets one home: it
//! stands there with all below it, and by name alone below its other owners. Home is the first owner, the controller; in a
//! circle one member is made the root. All of it is linear, and nothing recurses: chains in a log may be long.

use std::cmp::Ordering;

use super::narrow::Shown;
use super::ties::{NodeId, Ties};
use crate::model::{GroupKind, Timestamp};

/// Where a node stands in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Home {
    /// Not found yet, or not shown.
    Nowhere,
    /// By itself.
    Root,
    /// By itself, though something owns it: it is in a circle.
    CircleRoot,
    /// Below an owner.
    Below(NodeId),
}

/// The trees.
pub struct Forest<'a> {
    ties: &'a Ties<'a>,
    shown: &'a [bool],
    home: Vec<Home>,
    roots: Vec<NodeId>,
    /// How many nodes stand in full below each.
    sizes: Vec<usize>,
    /// Which must not be folded away.
    pinned: Vec<bool>,
}

/// One line of a drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// A node in full; what is below it follows.
    Whole(NodeId),
    /// A node that stands in full elsewhere.
    Again(NodeId),
    /// A node that stands in full above this line: a circle.
    Circle(NodeId),
    /// So many more of the kind of the row before, with so many below them.
    More {
        /// How many.
        count: usize,
        /// How many below them.
        below: usize,
    },
}

/// Where a row stands.
#[derive(Clone, Copy, Debug)]
pub struct Place<'p> {
    /// Below which node; `None` at the top.
    pub parent: Option<NodeId>,
    /// For each level from the top to its own: whether more follows there.
    pub trail: &'p [bool],
}

impl<'a> Forest<'a> {
    /// Plants the part of a graph that is shown.
    pub fn new(ties: &'a Ties<'a>, shown: &'a Shown) -> Self {
        let count = ties.count();
        let mut forest = Forest {
            ties,
            shown: &shown.nodes,
            home: vec![Home::Nowhere; count],
            roots: Vec::new(),
            sizes: vec![0; count],
            pinned: shown.named.clone(),
        };
        forest.plant_acyclic();
        forest.plant_circles();
        forest.measure();
        forest
    }

    /// From the top down, as far as everything above is known: first come all nodes that are not in a circle, nor below one.
    fn plant_acyclic(&mut self) {
        let shown = |node: &NodeId| self.shown[*node];
        let owners = |node: NodeId| self.ties.above(node).iter().filter(|edge| shown(&edge.owner));
        let mut missing: Vec<usize> = (0..self.ties.count()).map(|node| owners(node).count()).collect();
        let mut open: Vec<NodeId> = (0..self.ties.count()).filter(|node| shown(node) && missing[*node] == 0).collect();
        let mut settled = open.clone();
        while let Some(node) = open.pop() {
            for below in self.ties.below(node).iter().copied().filter(|node| shown(node)) {
                missing[below] -= 1;
                if missing[below] == 0 {
                    open.push(below);
                    settled.push(below);
                }
            }
        }
        for node in settled {
            self.home[node] = self.first_owner(node).map_or(Home::Root, Home::Below);
        }
    }

    /// Then what has an owner among those, and all below it; at last circles that nothing owns.
    fn plant_circles(&mut self) {
        let unplanted = |forest: &Self, node: NodeId| forest.shown[node] && forest.home[node] == Home::Nowhere;
        let entries: Vec<(NodeId, NodeId)> = (0..self.ties.count())
            .filter(|node| unplanted(self, *node))
            .filter_map(|node| {
                let planted = |owner: &NodeId| self.shown[*owner] && self.home[*owner] != Home::Nowhere;
                Some((node, self.ties.above(node).iter().map(|edge| edge.owner).find(planted)?))
            })
            .collect();
        for (node, owner) in &entries {
            self.home[*node] = Home::Below(*owner);
        }
        self.plant_below(entries.into_iter().map(|(node, _)| node).collect());
        let mut steps = vec![0; self.ties.count()];
        for start in 0..self.ties.count() {
            if unplanted(self, start) {
                let root = self.in_circle_above(start, &mut steps);
                self.home[root] = Home::CircleRoot;
                self.plant_below(vec![root]);
            }
        }
        let is_root = |node: &NodeId| matches!(self.home[*node], Home::Root | Home::CircleRoot);
        let mut roots: Vec<NodeId> = (0..self.ties.count()).filter(is_root).collect();
        roots.sort_by(|a, b| self.by_namespace(*a, *b));
        self.roots = roots;
    }

    fn plant_below(&mut self, mut open: Vec<NodeId>) {
        while let Some(node) = open.pop() {
            for below in self.ties.below(node) {
                if self.shown[*below] && self.home[*below] == Home::Nowhere {
                    self.home[*below] = Home::Below(node);
                    open.push(*below);
                }
            }
        }
    }

    /// Every node that has no home yet has an owner without: going up ends in a circle. The first of its members.
    fn in_circle_above(&self, start: NodeId, steps: &mut [usize]) -> NodeId {
        let mut path = Vec::new();
        let mut node = start;
        while steps[node] == 0 {
            path.push(node);
            steps[node] = path.len();
            node = self.first_owner(node).unwrap_or(node);
        }
        let circle = path.get(steps[node] - 1..).unwrap_or_default();
        circle.iter().copied().min_by(|a, b| self.by_namespace(*a, *b)).unwrap_or(node)
    }

    /// How much is below each node, from the bottom up, and what is pinned.
    fn measure(&mut self) {
        let mut order = self.roots.clone();
        let mut next = 0;
        while let Some(node) = order.get(next).copied() {
            next += 1;
            order.extend(self.ties.below(node).iter().filter(|below| self.home[**below] == Home::Below(node)));
        }
        for node in order.into_iter().rev() {
            if let Home::Below(owner) = self.home[node] {
                self.sizes[owner] += self.sizes[node] + 1;
                self.pinned[owner] |= self.pinned[node];
            }
        }
    }

    fn first_owner(&self, node: NodeId) -> Option<NodeId> {
        self.ties.above(node).iter().map(|edge| edge.owner).find(|owner| self.shown[*owner])
    }

    fn by_namespace(&self, a: NodeId, b: NodeId) -> Ordering {
        let order = |node: NodeId| (&self.ties.key(node).namespace, self.order(node));
        order(a).cmp(&order(b))
    }

    /// Kinds together, then by age.
    fn order(&self, node: NodeId) -> (&'a GroupKind, Timestamp, &'a str, NodeId) {
        let born = self.ties.object(node).map_or(Timestamp::MIN, |object| object.born);
        let key = self.ties.key(node);
        (&key.kind, born, &key.name, node)
    }

    /// The nodes that stand at the top.
    pub fn roots(&self) -> &[NodeId] {
        &self.roots
    }

    /// Whether a node stands at the top for no other reason than that a circle needs a beginning.
    pub fn begins_circle(&self, node: NodeId) -> bool {
        self.home[node] == Home::CircleRoot
    }

    /// Below which node one stands in full; `None`: at the top.
    pub fn home(&self, node: NodeId) -> Option<NodeId> {
        if let Home::Below(owner) = self.home[node] { Some(owner) } else { None }
    }

    /// The owners of a node that are shown, but for the one below which it stands in full.
    pub fn other_owners(&self, node: NodeId) -> impl Iterator<Item = NodeId> {
        let home = self.home[node];
        let owners = self.ties.above(node).iter().map(|edge| edge.owner);
        owners.filter(move |owner| self.shown[*owner] && home != Home::Below(*owner))
    }

    /// Visits every row from top to bottom. Of more than `fold` nodes of one kind below one owner the rest is told by its
    /// number; so is the rest of the roots of one kind in one namespace that own nothing.
    ///
    /// # Errors
    /// Of the visitor.
    pub fn walk<E>(
        &self,
        fold: Option<usize>,
        visit: &mut dyn FnMut(Row, Place<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut on_path = vec![false; self.ties.count()];
        let mut frames = vec![Frame::new(None, self.top_rows(fold))];
        let mut trail = vec![false];
        while let Some(frame) = frames.last_mut() {
            let Some(row) = frame.rows.next() else {
                trail.pop();
                frame.parent.into_iter().for_each(|node| on_path[node] = false);
                frames.pop();
                continue;
            };
            if let Some(more) = trail.last_mut() {
                *more = frame.rows.len() > 0;
            }
            let row = match row {
                Row::Again(node) if on_path[node] => Row::Circle(node),
                row => row,
            };
            visit(row, Place { parent: frame.parent, trail: &trail })?;
            if let Row::Whole(node) = row {
                on_path[node] = true;
                frames.push(Frame::new(Some(node), self.rows_below(node, fold)));
                trail.push(false);
            }
        }
        Ok(())
    }

    fn top_rows(&self, fold: Option<usize>) -> Vec<Row> {
        let same = |a: &NodeId, b: &NodeId| {
            let (a, b) = (self.ties.key(*a), self.ties.key(*b));
            a.namespace == b.namespace && a.kind == b.kind
        };
        let mut rows = Vec::new();
        for group in self.roots.chunk_by(same) {
            let (lone, trees): (Vec<NodeId>, Vec<NodeId>) =
                group.iter().partition(|node| self.ties.below(**node).is_empty());
            rows.extend(trees.into_iter().map(Row::Whole));
            self.fold(&lone, fold, Row::Whole, &mut rows);
        }
        rows
    }

    fn rows_below(&self, owner: NodeId, fold: Option<usize>) -> Vec<Row> {
        let below = self.ties.below(owner).iter().copied().filter(|node| self.shown[*node]);
        let mut below: Vec<NodeId> = below.collect();
        below.sort_by(|a, b| self.order(*a).cmp(&self.order(*b)));
        let at_home = |node: NodeId| self.home[node] == Home::Below(owner);
        let row = |node: NodeId| if at_home(node) { Row::Whole(node) } else { Row::Again(node) };
        let mut rows = Vec::with_capacity(below.len());
        for group in below.chunk_by(|a, b| self.ties.key(*a).kind == self.ties.key(*b).kind) {
            self.fold(group, fold, row, &mut rows);
        }
        rows
    }

    /// The first nodes of a group, those that are pinned, and the number of the others. One more line is no more than its number.
    fn fold(&self, group: &[NodeId], fold: Option<usize>, row: impl Fn(NodeId) -> Row, rows: &mut Vec<Row>) {
        let most = fold.filter(|most| group.len() > most + 1).unwrap_or(group.len());
        let (mut count, mut below) = (0, 0);
        for (i, node) in group.iter().enumerate() {
            if i < most || self.pinned[*node] {
                rows.push(row(*node));
                continue;
            }
            count += 1;
            if let Row::Whole(node) = row(*node) {
                below += self.sizes[node];
            }
        }
        if count > 0 {
            rows.push(Row::More { count, below });
        }
    }
}

/// The rows below a node that are still to come.
struct Frame {
    parent: Option<NodeId>,
    rows: std::vec::IntoIter<Row>,
}

impl Frame {
    fn new(parent: Option<NodeId>, rows: Vec<Row>) -> Self {
        Frame { parent, rows: rows.into_iter() }
    }
}
