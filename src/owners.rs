//! Who owns whom.
//!
//! Nodes are the objects of a history, edges the `ownerReferences` that an object carries at a time: matched by uid, or by
//! kind and name where there is no uid to match. An owner that no log shows is a node known by reference only; where the
//! link above such a one is a well-known one it is inferred, since people record Deployments and Pods and nothing between
//! them.

mod forest;
mod infer;
mod missed;
mod narrow;
mod order;
mod ties;
pub use forest::{Forest, Place, Row};
pub use narrow::{Judgements, Shown, Wish};
pub use order::TopDown;
pub use ties::{Edge, Moment, NodeId, Ties};

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use missed::Missed;
use serde::Deserialize;

use crate::blobs::Blob;
use crate::json;
use crate::model::{GroupKind, ObjectKey, Timestamp, split_api_version};
use crate::report::{Reason, Report};
use crate::store::focus::Spared;
use crate::store::folding::hash_of_reference;
use crate::store::{History, Object, ObjectId};

/// A node of the graph, as an owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Owner {
    /// An object that the logs show.
    Seen(ObjectId),
    /// An owner known by reference only: its place in [`OwnerGraph::unseen`].
    Unseen(usize),
}

/// An owner that no log shows.
#[derive(Clone, Debug)]
pub struct UnseenOwner {
    /// Its kind and name; the namespace is that of what it owns.
    pub key: ObjectKey,
    /// Its own owner, where that one is inferred.
    pub inferred: Option<ObjectId>,
    /// The hash of the reference.
    reference: u64,
}

/// The owners that an object has from a time on.
#[derive(Clone, Debug)]
struct Link {
    since: Timestamp,
    owners: Vec<Owner>,
}

/// The owner graph of a history.
pub struct OwnerGraph {
    /// For each object, its owners over time; the first link holds from birth. Empty for one that never has any.
    links: Vec<Vec<Link>>,
    /// Owners known by reference only.
    pub unseen: Vec<UnseenOwner>,
    /// What the store should not have forgotten, since it may own what it kept.
    pub doubts: Spared,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OwnerReference {
    api_version: String,
    kind: String,
    name: String,
    #[serde(default)]
    uid: String,
    #[serde(default)]
    controller: Option<bool>,
}

impl OwnerGraph {
    /// Builds the graph; `infer` turns the inference of well-known missing links on.
    pub fn new(history: &History, infer: bool, report: &mut Report) -> Self {
        let mut builder = Builder {
            history,
            references: HashMap::new(),
            by_reference: BTreeMap::new(),
            unseen: Vec::new(),
            missed: Missed::default(),
        };
        let links = (0..history.objects.len()).map(|id| builder.links(id, report)).collect();
        let mut graph = OwnerGraph { links, unseen: builder.unseen, doubts: Spared::default() };
        if infer {
            infer::missing_links(&mut graph, &mut builder.missed, history, report);
        }
        graph.doubts = builder.missed.in_view(&graph, history);
        graph.note_unseen(history, report);
        graph
    }

    /// The direct owners of an object at a moment, its controller first.
    pub fn owners_at(&self, id: ObjectId, at: Timestamp) -> &[Owner] {
        let links = &self.links[id];
        let later = links.partition_point(|link| link.since <= at);
        links.get(later.saturating_sub(1)).map_or(&[], |link| &link.owners)
    }

    /// Everything above an object at a moment, nearest first; each once, the object itself never: cycles and
    /// self-references are harmless.
    pub fn ancestors_at(&self, id: ObjectId, at: Timestamp) -> Vec<Owner> {
        self.above(id, |id| self.owners_at(id, at).to_vec())
    }

    /// Everything that is above an object at any time.
    pub fn ancestors_ever(&self, id: ObjectId) -> Vec<Owner> {
        self.above(id, |id| self.links[id].iter().flat_map(|link| link.owners.iter().copied()).collect())
    }

    /// The owners of an object over time; the first link holds from birth.
    pub fn links(&self, id: ObjectId) -> impl Iterator<Item = (Timestamp, &[Owner])> {
        self.links[id].iter().map(|link| (link.since, link.owners.as_slice()))
    }

    fn above(&self, id: ObjectId, owners: impl Fn(ObjectId) -> Vec<Owner>) -> Vec<Owner> {
        let start = Owner::Seen(id);
        let mut seen = HashSet::from([start]);
        let mut found = Vec::new();
        let mut queue = VecDeque::from([start]);
        while let Some(node) = queue.pop_front() {
            let above = match node {
                Owner::Seen(id) => owners(id),
                Owner::Unseen(_) => self.object_of(node).map(Owner::Seen).into_iter().collect(),
            };
            for owner in above {
                if seen.insert(owner) {
                    found.push(owner);
                    queue.push_back(owner);
                }
            }
        }
        found
    }

    /// Owners that no log shows matter where the log keeps the content of what they own, as long as that is there.
    fn note_unseen(&self, history: &History, report: &mut Report) {
        let mut owned: BTreeMap<usize, Owned<'_>> = BTreeMap::new();
        let mut order = Vec::new();
        for (object, links) in history.objects.iter().zip(&self.links) {
            let kept = object.versions.iter().any(|version| version.content.is_some());
            for owner in links.iter().filter(|_| kept).flat_map(|link| &link.owners) {
                let Owner::Unseen(unseen) = *owner else { continue };
                if self.unseen[unseen].inferred.is_some() {
                    continue;
                }
                let new = Owned::of(object);
                owned.entry(unseen).and_modify(|known| known.join(&new)).or_insert_with(|| {
                    order.push(unseen);
                    new
                });
            }
        }
        for unseen in order {
            let Owned { first, since, until } = &owned[&unseen];
            let about = || format!("{} (owner of {})", self.unseen[unseen].key, first.key);
            report.note_lasting(Reason::OwnerUnseen, (*since, *until), about);
        }
    }
}

/// What an owner has, as far as the account names it.
struct Owned<'a> {
    first: &'a Object,
    since: Timestamp,
    /// `None` while one of it is there.
    until: Option<Timestamp>,
}

impl<'a> Owned<'a> {
    fn of(object: &'a Object) -> Self {
        Owned { first: object, since: object.born, until: object.end.map(|end| end.at) }
    }

    fn join(&mut self, other: &Owned<'_>) {
        self.since = self.since.min(other.since);
        self.until = self.until.zip(other.until).map(|(a, b)| a.max(b));
    }
}

struct Builder<'a> {
    history: &'a History,
    references: HashMap<Blob, Arc<[OwnerReference]>>,
    by_reference: BTreeMap<(ObjectKey, String), usize>,
    unseen: Vec<UnseenOwner>,
    missed: Missed,
}

impl Builder<'_> {
    fn links(&mut self, id: ObjectId, report: &mut Report) -> Vec<Link> {
        let object = &self.history.objects[id];
        let mut links: Vec<Link> = Vec::new();
        let mut before: Option<Arc<[OwnerReference]>> = None;
        for version in &object.versions {
            let references = self.references_of(&version.metadata, object, version.at, report);
            if before.as_ref().is_some_and(|before| **before == *references) {
                continue;
            }
            if before.is_some() || !references.is_empty() {
                let owners = references.iter().map(|r| self.resolve(id, r, version.at)).collect();
                if links.is_empty() && version.at > object.born {
                    links.push(Link { since: object.born, owners: Vec::new() });
                }
                links.push(Link { since: version.at, owners });
            }
            before = Some(references);
        }
        links
    }

    fn references_of(
        &mut self,
        metadata: &Blob,
        object: &Object,
        at: Timestamp,
        report: &mut Report,
    ) -> Arc<[OwnerReference]> {
        if let Some(known) = self.references.get(metadata) {
            return known.clone();
        }
        let mut references = Vec::new();
        let (listed, malformed) = match metadata.at(&["ownerReferences"]).map(json::elements) {
            Some(Ok(listed)) => (listed, false),
            other => (Vec::new(), other.is_some()),
        };
        let read = listed.into_iter().map(|raw| serde_json::from_str::<json::Object<OwnerReference>>(raw.get()));
        let good = |r: &OwnerReference| {
            split_api_version(&r.api_version).is_some() && !r.kind.is_empty() && !r.name.is_empty()
        };
        let mut bad = usize::from(malformed);
        for reference in read {
            match reference {
                Ok(json::Object(reference)) if good(&reference) => references.push(reference),
                _ => bad += 1,
            }
        }
        for _ in 0..bad {
            report.note(Reason::OwnerMalformed, Some(at), || object.key.to_string());
        }
        references.sort_by_key(|reference| reference.controller != Some(true));
        let references: Arc<[OwnerReference]> = references.into();
        self.references.insert(metadata.clone(), references.clone());
        references
    }

    fn resolve(&mut self, id: ObjectId, reference: &OwnerReference, at: Timestamp) -> Owner {
        let object = &self.history.objects[id];
        if let Some(owner) = self.history.with_uid(&reference.uid) {
            return Owner::Seen(owner);
        }
        let graves = &self.history.graves;
        let uid = self.history.fingerprints.uid(&reference.uid);
        if graves.holds(uid) {
            self.missed.object(id, uid);
        }
        let (group, _) = split_api_version(&reference.api_version).unwrap_or_default();
        let kind = GroupKind::new(group, reference.kind.clone());
        let key = |namespace: &str| ObjectKey {
            kind: kind.clone(),
            namespace: namespace.to_owned(),
            name: reference.name.clone(),
        };
        for namespace in [object.key.namespace.as_str(), ""] {
            // Without a uid the name has to do; so it has for what a log shows below objects of which no record has one: those
            // of a trace, and those that an audit log shows by their requests.
            // What stands beside its owner's name in a trace is not owned by that one, or it would not stand there.
            let key = key(namespace);
            let named = self.history.named_at(&key, at);
            if reference.uid.is_empty() || named.is_some() {
                self.missed.key(id, graves.of_key(&key));
            }
            let of_trace = |id: ObjectId| self.history.objects[id].from_trace && !object.from_trace;
            let of_request = |id: ObjectId| {
                let owner = &self.history.objects[id];
                !owner.has_uid && !owner.from_trace && owner.alive_at(object.born)
            };
            if let Some(owner) = named.filter(|id| reference.uid.is_empty() || of_trace(*id) || of_request(*id)) {
                return Owner::Seen(owner);
            }
        }
        let key = key(&object.key.namespace);
        let unseen = &mut self.unseen;
        let place = self.by_reference.entry((key.clone(), reference.uid.clone())).or_insert_with(|| {
            let hashed = (&*reference.kind, &*reference.name, &*reference.uid);
            let hash = hash_of_reference(hashed, &object.key.namespace, self.history.fingerprints);
            unseen.push(UnseenOwner { key, inferred: None, reference: hash });
            unseen.len() - 1
        });
        Owner::Unseen(*place)
    }
}
