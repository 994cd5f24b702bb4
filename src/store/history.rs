//! What happened to every object, in order.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use super::ApiVersionId;
use super::entry::RareFacts;
use super::focus::{Focus, Spared};
use super::graves::Graves;
use crate::blobs::Blob;
use crate::decode::Facts;
use crate::decode::audit::Kinds;
use crate::fingerprint::{Fingerprints, Uid};
use crate::model::{GroupKind, Gvk, ObjectKey, ResourceVersion, SourceId, Timestamp};

/// An object in a history: its place in [`History::objects`].
pub type ObjectId = usize;

/// Every object of the logs with its versions, sorted by key and then by birth.
pub struct History {
    /// The objects.
    pub objects: Vec<Object>,
    /// The API versions that their bodies have.
    pub api_versions: Vec<String>,
    /// From when to when the changes run that were recorded without times.
    pub changes_estimated: Option<(Timestamp, Timestamp)>,
    /// When the last of the states was written that were recorded without times, as lists are.
    pub states_estimated: Option<Timestamp>,
    /// The kinds of resources.
    pub kinds: Kinds,
    /// The kinds that the log tells of, those too of which every object was forgotten.
    pub known_kinds: BTreeSet<GroupKind>,
    /// Objects by uid.
    pub by_uid: HashMap<Uid, ObjectId>,
    /// The key under which texts that are no UUIDs are uids.
    pub fingerprints: Fingerprints,
    /// For what span of time all of this is exact.
    pub focus: Focus,
    /// Objects that lived outside of the window only, and were forgotten.
    pub graves: Graves,
    /// What was spared of that.
    pub spared: Spared,
    /// What should have been spared too.
    pub doubts: Spared,
}

/// One object from its birth to its end: what bears one uid.
#[derive(Clone, Debug)]
pub struct Object {
    /// Kind, namespace, name.
    pub key: ObjectKey,
    /// Since when it counts as alive: its creation as the log saw it, else its `creationTimestamp`, else its first body.
    pub born: Timestamp,
    /// Its `creationTimestamp`.
    pub created: Option<Timestamp>,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// When it was last seen.
    pub last_seen: Timestamp,
    /// What the first record of it tells.
    pub first: First,
    /// What was seen of it, in order; never empty. The first counts from birth, whenever it was seen.
    pub versions: Vec<Version>,
    /// Whether the last version is what the deletion shows, since no other record has the content.
    pub told_by_end: bool,
    /// How it ended, if it did.
    pub end: Option<End>,
    /// What the last body, which came with the deletion, says of its course.
    pub end_facts: RareFacts,
    /// Who ended it, as [`Version::writer`].
    pub ended_by: Option<Blob>,
    /// Whether any record has its uid.
    pub has_uid: bool,
    /// Whether a trace tells of it: it was chosen for that trace, whatever is tracked.
    pub from_trace: bool,
}

/// What the first record of an object tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum First {
    /// That it was there.
    #[default]
    Seen,
    /// That it was changed.
    Written,
    /// That it was created.
    Created,
}

/// An object as it was from a time on.
#[derive(Clone, Debug)]
pub struct Version {
    /// Since when.
    pub at: Timestamp,
    /// Its resourceVersion.
    pub resource_version: Option<ResourceVersion>,
    /// What is kept of `metadata`.
    pub metadata: Blob,
    /// The latest known content: what the body holds beside `apiVersion`, `kind`, `metadata`, `status`.
    pub content: Option<Blob>,
    /// The API version of the content.
    pub api_version: ApiVersionId,
    /// The status that came with the content.
    pub status: Option<Blob>,
    /// What its status says of its course.
    pub facts: RareFacts,
    /// How well its content is known.
    pub quality: Quality,
    /// How well all of it is known, its status and metadata too; never better than the content.
    pub whole: Quality,
    /// Who made it, as [`Observation::writer`](crate::decode::Observation::writer), where that is kept.
    pub writer: Option<Blob>,
    /// In which event of a trace it stands, and where: the order that the trace gave.
    pub place: Option<Place>,
}

/// How well the content of a version is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quality {
    /// A record shows it.
    #[default]
    Exact,
    /// It was put together from what was asked for; the server may have made something else of it.
    Approximate,
    /// It was changed, and no record shows how: the content is that of before, or of after.
    Stale,
}

/// A place in a trace that is read as input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The source that is the trace.
    pub source: SourceId,
    /// Number of the event.
    pub event: u64,
    /// Number of the operation, over all events.
    pub operation: u64,
}

/// The end of an object.
#[derive(Clone, Copy, Debug)]
pub struct End {
    /// When; concluded ends are by then at the latest.
    pub at: Timestamp,
    /// Its resourceVersion, where the log saw the deletion.
    pub resource_version: Option<ResourceVersion>,
    /// How it is known.
    pub cause: EndCause,
    /// The place in a trace that tells of it.
    pub place: Option<Place>,
}

/// How the end of an object is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndCause {
    /// A record tells of it.
    Deleted,
    /// It was missing when a watch started anew.
    GoneInGap,
    /// Another object had its name.
    Replaced,
    /// A request for its deletion, or the end of its namespace, and that it was not seen again.
    Concluded,
}

impl Object {
    /// Whether it is there at a moment.
    pub fn alive_at(&self, at: Timestamp) -> bool {
        self.born <= at && self.end.is_none_or(|end| at < end.at)
    }

    /// The version that holds at a moment; the first one before that.
    pub fn version_at(&self, at: Timestamp) -> &Version {
        let later = self.versions.partition_point(|version| version.at <= at);
        &self.versions[later.saturating_sub(1)]
    }

    /// The facts of all observations in order, the deletion's included, with the times when they were seen.
    pub fn facts(&self) -> impl Iterator<Item = (Timestamp, Facts)> {
        let last = self.end.iter().map(|end| (end.at, self.end_facts.get()));
        self.versions.iter().map(|version| (version.at.max(self.first_seen), version.facts.get())).chain(last)
    }
}

impl History {
    /// The group, version and kind of an object's body.
    pub fn gvk(&self, object: &Object, version: &Version) -> Gvk {
        let kind = &object.key.kind;
        Gvk::new(kind.group.clone(), self.api_versions[usize::from(version.api_version)].clone(), kind.kind.clone())
    }

    /// The object that has a uid.
    pub fn with_uid(&self, uid: &str) -> Option<ObjectId> {
        self.by_uid.get(&self.fingerprints.uid(uid)).copied()
    }

    /// The objects that bore a name one after the other, in the order of their births; an empty range if none did.
    pub fn named(&self, key: &ObjectKey) -> Range<ObjectId> {
        let first = self.objects.partition_point(|object| object.key < *key);
        let after = self.objects[first..].partition_point(|object| object.key == *key);
        first..first + after
    }

    /// The objects by the names that they bore.
    pub fn by_key(&self) -> impl Iterator<Item = (&ObjectKey, Range<ObjectId>)> {
        let mut next = 0;
        self.objects.chunk_by(|a, b| a.key == b.key).map(move |named| {
            let first = next;
            next += named.len();
            (&named[0].key, first..next)
        })
    }

    /// The object that bore a name at a moment; else the last one born before it, else the first one.
    pub fn named_at(&self, key: &ObjectKey, at: Timestamp) -> Option<ObjectId> {
        let range = self.named(key);
        let born_by_then = range.clone().take_while(|id| self.objects[*id].born <= at).last();
        born_by_then.or_else(|| (!range.is_empty()).then_some(range.start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_history_holds_of_an_object_is_small() {
        assert!(size_of::<Object>() <= 272, "{}", size_of::<Object>());
    }

    #[test]
    fn what_a_history_holds_of_a_version_is_small() {
        assert!(size_of::<Version>() <= 128, "{}", size_of::<Version>());
    }
}
