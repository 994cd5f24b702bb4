//! The order of the graph: owners before what they own.
//!
//! Whether an object stands in a trace follows from what is above it, so objects are judged from the top down, each once. Logs
//! can hold circles, which no API server lets work: their members share a number, and do not count as above each other.

use super::{Owner, OwnerGraph};
use crate::store::ObjectId;

/// The objects of a history from the top down.
pub struct TopDown {
    /// Every object, after everything that owns it at any time.
    pub order: Vec<ObjectId>,
    /// For each object the number of its circle; one that is in none is alone in its own.
    pub circle: Vec<usize>,
}

const UNVISITED: usize = usize::MAX;

/// Tarjan's algorithm for strongly connected components, with a stack of its own: chains in a log may be long.
struct Search<'a> {
    graph: &'a OwnerGraph,
    /// The number of each object in the order of the visits.
    number: Vec<usize>,
    /// The lowest number that is reachable and open.
    low: Vec<usize>,
    /// Visited, and not yet in a circle.
    open: Vec<ObjectId>,
    result: TopDown,
}

/// An object that is being visited: its owners, and how many of them have been.
struct Visit {
    id: ObjectId,
    owners: Vec<ObjectId>,
    done: usize,
}

impl OwnerGraph {
    /// The objects from the top down.
    pub fn top_down(&self) -> TopDown {
        let count = self.links.len();
        let result = TopDown { order: Vec::with_capacity(count), circle: vec![UNVISITED; count] };
        let (number, low) = (vec![UNVISITED; count], vec![0; count]);
        let mut search = Search { graph: self, number, low, open: Vec::new(), result };
        let mut visited = 0;
        for id in 0..count {
            if search.number[id] == UNVISITED {
                search.from(id, &mut visited);
            }
        }
        search.result
    }

    /// The objects that own one directly at any time; those behind an owner that no log shows too.
    fn owning_objects(&self, id: ObjectId) -> Vec<ObjectId> {
        let owners = self.links[id].iter().flat_map(|link| &link.owners);
        let mut objects: Vec<ObjectId> = owners.filter_map(|owner| self.object_of(*owner)).collect();
        objects.sort_unstable();
        objects.dedup();
        objects
    }

    /// The object that an owner is; of one that no log shows, the one that is inferred above it.
    pub fn object_of(&self, owner: Owner) -> Option<ObjectId> {
        match owner {
            Owner::Seen(id) => Some(id),
            Owner::Unseen(unseen) => self.unseen[unseen].inferred,
        }
    }
}

impl Search<'_> {
    fn from(&mut self, root: ObjectId, visited: &mut usize) {
        let mut visits = vec![self.begin(root, visited)];
        while let Some(visit) = visits.last_mut() {
            let id = visit.id;
            if let Some(owner) = visit.owners.get(visit.done).copied() {
                visit.done += 1;
                if self.number[owner] == UNVISITED {
                    visits.push(self.begin(owner, visited));
                } else if self.result.circle[owner] == UNVISITED {
                    self.low[id] = self.low[id].min(self.number[owner]);
                }
                continue;
            }
            visits.pop();
            if let Some(below) = visits.last() {
                self.low[below.id] = self.low[below.id].min(self.low[id]);
            }
            if self.low[id] == self.number[id] {
                self.close(id);
            }
        }
    }

    fn begin(&mut self, id: ObjectId, visited: &mut usize) -> Visit {
        self.number[id] = *visited;
        self.low[id] = *visited;
        *visited += 1;
        self.open.push(id);
        Visit { id, owners: self.graph.owning_objects(id), done: 0 }
    }

    fn close(&mut self, first: ObjectId) {
        while let Some(member) = self.open.pop() {
            self.result.circle[member] = self.number[first];
            self.result.order.push(member);
            if member == first {
                break;
            }
        }
    }
}
