//! Owners that the store has forgotten.
//!
//! What lived outside of the window only is forgotten while the log is read. Should it have owned something that is in the
//! window, or is above something that is, the log has to be read again with it spared.

use std::collections::BTreeSet;

use super::{Owner, OwnerGraph};
use crate::fingerprint::Uid;
use crate::store::focus::Spared;
use crate::store::{History, ObjectId};

/// Which objects refer to what was forgotten.
#[derive(Default)]
pub(super) struct Missed {
    objects: Vec<(ObjectId, Uid)>,
    /// By the hashes of the keys.
    keys: Vec<(ObjectId, u64)>,
    /// Owners that no record shows.
    owners: BTreeSet<usize>,
}

impl Missed {
    /// An object refers to a forgotten one.
    pub fn object(&mut self, from: ObjectId, to: Uid) {
        self.objects.push((from, to));
    }

    /// An object refers to a name that a forgotten one had.
    pub fn key(&mut self, from: ObjectId, to: Option<u64>) {
        self.keys.extend(to.map(|to| (from, to)));
    }

    /// What is above an owner that no record shows may be told by what was forgotten.
    pub fn owner(&mut self, unseen: usize) {
        self.owners.insert(unseen);
    }

    /// What has to be spared: what is above anything in view.
    pub fn in_view(self, graph: &OwnerGraph, history: &History) -> Spared {
        let mut spared = Spared::default();
        if !self.objects.is_empty() || !self.keys.is_empty() || !self.owners.is_empty() {
            let in_view = in_view(graph, history);
            let seen = (0..in_view.len()).filter(|id| in_view[*id]);
            let owners = seen.flat_map(|id| graph.links[id].iter().flat_map(|link| &link.owners));
            let missed = owners.filter_map(|owner| match *owner {
                Owner::Unseen(unseen) if self.owners.contains(&unseen) => Some(graph.unseen[unseen].reference),
                _ => None,
            });
            spared.owners.extend(missed);
            spared.uids.extend(self.objects.into_iter().filter(|(from, _)| in_view[*from]).map(|(_, to)| to));
            spared.keys.extend(self.keys.into_iter().filter(|(from, _)| in_view[*from]).map(|(_, to)| to));
        }
        spared
    }
}

/// For each object whether it is there in the focus, or ever above something that is.
fn in_view(graph: &OwnerGraph, history: &History) -> Vec<bool> {
    let focus = &history.focus;
    let is_there = |id: &ObjectId| {
        let object = &history.objects[*id];
        !focus.is_after(object.born) && object.end.is_none_or(|end| !focus.is_before(end.at))
    };
    let mut open: Vec<ObjectId> = (0..history.objects.len()).filter(is_there).collect();
    let mut in_view = vec![false; history.objects.len()];
    open.iter().for_each(|id| in_view[*id] = true);
    while let Some(id) = open.pop() {
        for owner in graph.links[id].iter().flat_map(|link| &link.owners) {
            let above = match *owner {
                Owner::Seen(above) => Some(above),
                Owner::Unseen(unseen) => graph.unseen[unseen].inferred,
            };
            if let Some(above) = above.filter(|above| !std::mem::replace(&mut in_view[*above], true)) {
                open.push(above);
            }
        }
    }
    in_view
}
