//! What happened to one object, step by step.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use serde::Serialize;

use crate::blobs::Blob;
use crate::filter::{Filters, Subject};
use crate::model::{Gvk, ObjectKey, Timestamp};
use crate::store::{First, History, Object, Version};

/// A change of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It came.
    Created,
    /// It was changed.
    Changed,
    /// It went.
    Deleted,
}

/// How many changes of objects there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// Objects that came.
    pub created: u64,
    /// Changes of objects, their status too.
    pub changed: u64,
    /// Objects that went.
    pub deleted: u64,
}

impl Changes {
    /// All of them.
    pub fn all(&self) -> u64 {
        self.created + self.changed + self.deleted
    }

    /// Counts one.
    pub fn count(&mut self, step: Step) {
        match step {
            Step::Created => self.created += 1,
            Step::Changed => self.changed += 1,
            Step::Deleted => self.deleted += 1,
        }
    }

    /// Counts others too.
    pub fn add(&mut self, other: Changes) {
        self.created += other.created;
        self.changed += other.changed;
        self.deleted += other.deleted;
    }
}

/// The steps of an object in the order of time, each with the version by which it is judged. What a list or a read shows is a
/// step only where it is another version than the one before.
pub fn steps(object: &Object) -> Vec<(Timestamp, Step, &Version)> {
    let (first, later) = match object.versions.split_first() {
        Some(versions) => versions,
        None => return Vec::new(),
    };
    let mut steps = Vec::with_capacity(object.versions.len() + 1);
    let came = match first.place {
        // The starting state of a trace was there before, and what it only deletes too.
        Some(place) => place.event > 0 && object.first != First::Seen,
        None => object.first == First::Created || object.created == Some(object.born),
    };
    if came {
        steps.push((object.born, Step::Created, first));
    }
    if first.place.is_none() && object.first == First::Written {
        steps.push((object.first_seen, Step::Changed, first));
    }
    let last = later.len().saturating_sub(usize::from(object.told_by_end));
    steps.extend(later[..last].iter().map(|version| (version.at, Step::Changed, version)));
    steps.extend(object.end.map(|end| (end.at, Step::Deleted, object.versions.last().unwrap_or(first))));
    steps
}

/// Whether filters keep an object as it is at a time.
pub struct Judge<'a> {
    filters: &'a Filters,
    by_labels: bool,
    labels: RefCell<HashMap<Blob, Rc<BTreeMap<String, String>>>>,
}

impl<'a> Judge<'a> {
    /// By these filters.
    pub fn new(filters: &'a Filters) -> Self {
        let by_labels = !(filters.selectors.is_empty() && filters.exclude_selectors.is_empty());
        Judge { filters, by_labels, labels: RefCell::default() }
    }

    /// Whether they keep an object in this version.
    pub fn keeps(&self, object: &Object, version: &Version) -> bool {
        let labels = if self.by_labels { self.labels(&version.metadata) } else { Rc::default() };
        let key = &object.key;
        self.filters.keeps(&Subject { kind: &key.kind, namespace: &key.namespace, name: &key.name, labels: &labels })
    }

    /// Whether they keep an object at any time in a span.
    pub fn keeps_within(&self, object: &Object, (from, to): (Timestamp, Timestamp)) -> bool {
        let inside = object.versions.iter().filter(|version| (from..to).contains(&version.at));
        let mut held = std::iter::once(object.version_at(from)).chain(inside.take_while(|_| self.by_labels));
        held.any(|version| self.keeps(object, version))
    }

    /// Whether they keep an owner of pods, as far as anything tells what it is like.
    pub fn keeps_owner(&self, history: &History, gvk: &Gvk, ns_name: &str) -> bool {
        let (namespace, name) = ns_name.split_once('/').unwrap_or(("", ns_name));
        let key = ObjectKey { kind: gvk.group_kind(), namespace: namespace.to_owned(), name: name.to_owned() };
        let named = history.named(&key);
        if named.is_empty() {
            let labels = BTreeMap::new();
            return self.filters.keeps(&Subject { kind: &key.kind, namespace, name, labels: &labels });
        }
        let versions = |object: &Object| object.versions.iter().any(|version| self.keeps(object, version));
        history.objects[named].iter().any(versions)
    }

    fn labels(&self, metadata: &Blob) -> Rc<BTreeMap<String, String>> {
        let mut known = self.labels.borrow_mut();
        known.entry(metadata.clone()).or_insert_with(|| Rc::new(metadata.labels())).clone()
    }
}
