//! The graph as JSON. Nothing is folded.
//!
//! Version 1 of its schema stands in the README; fields are added, and never change their meaning.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use crate::model::{GroupKind, Timestamp};
use crate::owners::{Edge, Forest, Moment, NodeId, Row, Ties};

/// The whole document.
#[derive(Serialize)]
pub(super) struct Graph<'a> {
    version: u32,
    /// The moment, or null for the whole log.
    at: Option<String>,
    nodes: Vec<Node<'a>>,
    edges: Vec<Tie>,
    /// How many objects own nothing and have no owner, by kind, and are not among the nodes.
    alone: BTreeMap<String, u64>,
}

#[derive(Serialize)]
struct Node<'a> {
    id: usize,
    group: &'a str,
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
    /// Whether a log shows it: `object`, or `reference`.
    known: &'static str,
    /// Whether it is there at the moment.
    there: bool,
    /// Whether it stands at the top of a tree.
    root: bool,
    since: Option<String>,
    until: Option<String>,
}

#[derive(Serialize)]
struct Tie {
    owner: usize,
    owned: usize,
    inferred: bool,
    /// Whether it leads back to what is above its owner.
    circle: bool,
    since: Option<String>,
    until: Option<String>,
}

impl<'a> Graph<'a> {
    pub fn new(ties: &'a Ties<'a>, forest: &Forest<'_>, alone: &BTreeMap<GroupKind, u64>) -> Self {
        let mut graph = Graph {
            version: 1,
            at: if let Moment::At(at) = ties.moment() { Some(at.to_string()) } else { None },
            nodes: Vec::new(),
            edges: Vec::new(),
            alone: alone.iter().map(|(kind, count)| (kind.to_string(), *count)).collect(),
        };
        let mut numbers: HashMap<NodeId, usize> = HashMap::new();
        let mut edges: Vec<(NodeId, NodeId, bool)> = Vec::new();
        let walked = forest.walk::<std::convert::Infallible>(None, &mut |row, place| {
            let (node, circle) = match row {
                Row::Whole(node) => {
                    numbers.insert(node, graph.nodes.len());
                    graph.nodes.push(node_of(ties, node, graph.nodes.len(), place.parent.is_none()));
                    edges.extend(ties.owns_itself(node).then_some((node, node, true)));
                    (node, false)
                }
                Row::Again(node) => (node, false),
                Row::Circle(node) => (node, true),
                Row::More { .. } => return Ok(()),
            };
            edges.extend(place.parent.map(|owner| (owner, node, circle)));
            Ok(())
        });
        match walked {
            Ok(()) => {}
            Err(never) => match never {},
        }
        let number = |node: NodeId| numbers.get(&node).copied().unwrap_or_default();
        let tie = |(owner, owned, circle): (NodeId, NodeId, bool)| {
            let always = Edge { owner, inferred: false, since: None, until: None };
            let edge = ties.above(owned).iter().find(|edge| edge.owner == owner).unwrap_or(&always);
            let (since, until) = (edge.since.map(text), edge.until.map(text));
            Tie { owner: number(owner), owned: number(owned), inferred: edge.inferred, circle, since, until }
        };
        graph.edges = edges.into_iter().map(tie).collect();
        graph
    }
}

fn node_of<'a>(ties: &Ties<'a>, node: NodeId, id: usize, root: bool) -> Node<'a> {
    let (key, object) = (ties.key(node), ties.object(node));
    Node {
        id,
        group: &key.kind.group,
        kind: &key.kind.kind,
        namespace: &key.namespace,
        name: &key.name,
        known: if object.is_some() { "object" } else { "reference" },
        there: ties.is_there(node),
        root,
        since: object.map(|object| text(object.born)),
        until: object.and_then(|object| object.end).map(|end| text(end.at)),
    }
}

fn text(at: Timestamp) -> String {
    at.to_string()
}
