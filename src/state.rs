//! The objects that are there at an instant, whole: `apiVersion`, `kind`, `metadata`, and the rest with the status.
//!
//! A history knows an object by its versions. Here the one that holds at the instant is picked; the JSON of it is put together
//! only when it is asked for, so that a state of a million objects costs no more than their places.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::filter::{Filters, Subject};
use crate::model::{GroupKind, Gvk, ObjectKey, Timestamp};
use crate::report::{Reason, Report};
use crate::store::{EndCause, History, Object, Quality, Version};

/// What is there at an instant, by kind, and within a kind in the order of an API server's store.
pub struct State<'h> {
    /// The instant.
    pub at: Timestamp,
    /// The objects.
    pub objects: Vec<Present<'h>>,
}

/// An object that is there, as it is then.
#[derive(Clone, Copy)]
pub struct Present<'h> {
    history: &'h History,
    /// The object.
    pub object: &'h Object,
    /// The version that holds.
    pub version: &'h Version,
}

impl<'h> State<'h> {
    /// What is there at an instant of that which `is_wanted` and the filters keep. Labels are those of the instant.
    pub fn of(history: &'h History, at: Timestamp, filters: &Filters, is_wanted: impl Fn(&ObjectKey) -> bool) -> Self {
        let there = history.objects.iter().filter(|object| object.alive_at(at) && is_wanted(&object.key));
        let present = there.map(|object| Present { history, object, version: object.version_at(at) });
        let mut objects: Vec<Present<'h>> = present.filter(|present| present.passes(filters)).collect();
        objects.sort_by(|a, b| in_order(&a.object.key, &b.object.key));
        State { at, objects }
    }

    /// The objects of a kind.
    pub fn of_kind(&self, kind: &GroupKind) -> &[Present<'h>] {
        let start = self.objects.partition_point(|present| present.object.key.kind < *kind);
        let count = self.objects[start..].partition_point(|present| present.object.key.kind == *kind);
        &self.objects[start..start + count]
    }

    /// Notes what of it no record shows as it was, once for each object.
    pub fn note(&self, report: &mut Report) {
        for present in &self.objects {
            if let Some(reason) = present.doubt(self.at) {
                report.note(reason, Some(self.at), || present.object.key.to_string());
            }
        }
    }
}

/// By kind, then as keys of a store sort, which are paths: `a-b/x` comes before `a/x`.
fn in_order(a: &ObjectKey, b: &ObjectKey) -> Ordering {
    let path = |key: &'_ ObjectKey| key.namespace.bytes().chain([b'/']).chain(key.name.bytes()).collect::<Vec<u8>>();
    let by_path = || if a.namespace == b.namespace { a.name.cmp(&b.name) } else { path(a).cmp(&path(b)) };
    a.kind.cmp(&b.kind).then_with(by_path)
}

impl Present<'_> {
    fn passes(&self, filters: &Filters) -> bool {
        let ObjectKey { kind, namespace, name } = &self.object.key;
        let labels = if filters.look_at_labels() { self.labels() } else { BTreeMap::new() };
        filters.keeps(&Subject { kind, namespace, name, labels: &labels })
    }

    /// Its labels.
    pub fn labels(&self) -> BTreeMap<String, String> {
        self.version.metadata.labels()
    }

    /// The object.
    pub fn whole(&self) -> Value {
        whole(self.history, self.object, self.version)
    }

    /// Why it may have been another than [`whole`](Self::whole), if no record shows it so.
    fn doubt(&self, at: Timestamp) -> Option<Reason> {
        match (self.version.quality, self.version.whole) {
            _ if self.version.content.is_none() => Some(Reason::ContentUnknown),
            (Quality::Stale, _) => Some(Reason::ContentStale),
            (Quality::Approximate, _) => Some(Reason::ContentApproximate),
            (_, Quality::Stale | Quality::Approximate) => Some(Reason::StatusUncertain),
            _ if self.object.first_seen > at => Some(Reason::FirstSeenLate),
            _ if self.object.last_seen < at => self.object.end.and_then(|end| unseen(end.cause)),
            _ => None,
        }
    }
}

/// Whether an object may have gone before the end that is known.
fn unseen(cause: EndCause) -> Option<Reason> {
    match cause {
        EndCause::GoneInGap => Some(Reason::GoneInGap),
        EndCause::Replaced => Some(Reason::ReplacedUnseen),
        EndCause::Deleted | EndCause::Concluded => None,
    }
}

/// An object as a server shows it, at one of its versions.
pub fn whole(history: &History, object: &Object, version: &Version) -> Value {
    let mut whole = version.content.as_ref().map(|content| content.object()).unwrap_or_default();
    let gvk = history.gvk(object, version);
    if !gvk.version.is_empty() {
        whole.insert("apiVersion".to_owned(), gvk.api_version().into());
    }
    let Gvk { kind, .. } = gvk;
    whole.insert("kind".to_owned(), kind.into());
    whole.insert("metadata".to_owned(), Value::Object(metadata(object, version)));
    if let Some(status) = &version.status {
        whole.insert("status".to_owned(), Value::Object(status.object()));
    }
    Value::Object(whole)
}

fn metadata(object: &Object, version: &Version) -> Map<String, Value> {
    const VERSION: &str = "resourceVersion";
    let mut metadata = version.metadata.object();
    let ObjectKey { namespace, name, .. } = &object.key;
    metadata.entry("name").or_insert_with(|| name.as_str().into());
    if !namespace.is_empty() {
        metadata.entry("namespace").or_insert_with(|| namespace.as_str().into());
    }
    let is_number = |value: &Value| value.as_str().is_some_and(|text| text.parse::<u128>().is_ok());
    match version.resource_version {
        Some(number) => drop(metadata.insert(VERSION.to_owned(), number.to_string().into())),
        // It is that of another version: the record of this one did not tell its own.
        None if metadata.get(VERSION).is_some_and(is_number) => drop(metadata.remove(VERSION)),
        None => {}
    }
    metadata
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_as_the_keys_of_a_store() {
        let key = |path: &str| {
            let (namespace, name) = path.split_once('/').unwrap();
            ObjectKey { kind: GroupKind::new("", "Pod"), namespace: namespace.into(), name: name.into() }
        };
        let sorted = ["a-b/x", "a/a", "a/a-1", "a/b", "b/a"];
        for pair in sorted.windows(2) {
            assert_eq!(in_order(&key(pair[0]), &key(pair[1])), Ordering::Less, "{pair:?}");
        }
    }
}
