//! A trace as a tree that any serialiser can write, one object at a time.

use std::collections::BTreeMap;
use std::fmt;

use serde::ser::{Error as _, Serialize, SerializeStruct, Serializer};
use serde_json::Value;

use super::{Deleted, Event, Index, Lifecycle, Object, PodLifecycles, Trace, VERSION};

/// What separates kind and name where a key must be a string. No kind and no name contains it.
const KEY_SEPARATOR: char = '|';

impl<C: Serialize> Serialize for Trace<C> {
    /// The fields in SimKube's order.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut trace = serializer.serialize_struct("Trace", 5)?;
        trace.serialize_field("version", &VERSION)?;
        trace.serialize_field("config", &self.config)?;
        trace.serialize_field("events", &self.events)?;
        trace.serialize_field("index", &self.index)?;
        trace.serialize_field("pod_lifecycles", &Lifecycles(&self.pod_lifecycles))?;
        trace.end()
    }
}

/// The first line of the lines format.
pub(super) struct Head<'a, C>(pub(super) &'a C);

impl<C: Serialize> Serialize for Head<'_, C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut head = serializer.serialize_struct("Head", 2)?;
        head.serialize_field("version", &VERSION)?;
        head.serialize_field("config", self.0)?;
        head.end()
    }
}

/// The last line of the lines format.
pub(super) struct Tail<'a>(pub(super) &'a Index, pub(super) &'a PodLifecycles);

impl Serialize for Tail<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tail = serializer.serialize_struct("Tail", 2)?;
        tail.serialize_field("index", self.0)?;
        tail.serialize_field("pod_lifecycles", &Lifecycles(self.1))?;
        tail.end()
    }
}

/// The lifecycles, keyed by an array of kind and name, or by one string in formats that people read.
pub(super) struct Lifecycles<'a>(pub(super) &'a PodLifecycles);

impl Serialize for Lifecycles<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_map(
                self.0.iter().map(|((gvk, name), pods)| (format!("{gvk}{KEY_SEPARATOR}{name}"), Pods(pods))),
            )
        } else {
            serializer.collect_map(self.0.iter().map(|(owner, pods)| (owner, Pods(pods))))
        }
    }
}

/// The lifecycles of one owner; hashes that are keys are strings in formats that people read.
struct Pods<'a>(&'a BTreeMap<u64, Vec<Lifecycle>>);

impl Serialize for Pods<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_map(self.0.iter().map(|(hash, lifecycles)| (hash.to_string(), lifecycles)))
        } else {
            serializer.collect_map(self.0)
        }
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut event = serializer.serialize_struct("Event", 3)?;
        event.serialize_field("ts", &self.ts)?;
        event.serialize_field("applied_objs", &Objects(self))?;
        event.serialize_field("deleted_objs", &self.deleted)?;
        event.end()
    }
}

struct Objects<'a>(&'a Event);

impl Serialize for Objects<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.applied.iter().map(AsTree))
    }
}

/// An object, parsed when its turn comes.
struct AsTree<'a>(&'a Object);

impl Serialize for AsTree<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        tree(&self.0.text()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

/// The tree of an object's text.
pub(super) fn tree(text: &[u8]) -> Result<Value, Unreadable<'_>> {
    serde_json::from_slice(text).map_err(|error| Unreadable(text, error))
}

/// An object's text that is no JSON: a defect of the program, said with enough of the text to find it.
pub(super) struct Unreadable<'a>(&'a [u8], serde_json::Error);

impl fmt::Display for Unreadable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = String::from_utf8_lossy(&self.0[..self.0.len().min(80)]);
        write!(f, "an object of the trace is no JSON: {}: {start}", self.1)
    }
}

impl Serialize for Deleted {
    /// A deleted object is written as an object with names and nothing else.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Deleted", 3)?;
        object.serialize_field("apiVersion", &self.api_version)?;
        object.serialize_field("kind", &self.kind)?;
        object.serialize_field("metadata", &Names(self))?;
        object.end()
    }
}

struct Names<'a>(&'a Deleted);

impl Serialize for Names<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let namespaced = !self.0.namespace.is_empty();
        let mut names = serializer.serialize_struct("Names", 1 + usize::from(namespaced))?;
        names.serialize_field("name", &self.0.name)?;
        if namespaced {
            names.serialize_field("namespace", &self.0.namespace)?;
        }
        names.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifecycles_are_serde_enums() {
        let text = |lifecycle: Lifecycle| serde_json::to_string(&lifecycle).unwrap();
        assert_eq!(text(Lifecycle::Empty), r#""Empty""#);
        assert_eq!(text(Lifecycle::Running(5)), r#"{"Running":5}"#);
        assert_eq!(text(Lifecycle::Finished(5, 7)), r#"{"Finished":[5,7]}"#);
    }
}
