//! What differs between two instants of a log.
//!
//! An object is compared as a server would have shown it, but for what says when and how often it was written rather than what it
//! is (`resourceVersion`, `generation`, `uid`, `creationTimestamp`, `managedFields`, kubectl's copy of what was last applied), and
//! for its `status` unless that is asked for.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::{Fields, Text, tidy};
use crate::filter::{Filters, Subject};
use crate::model::{GroupKind, ObjectKey, Timestamp};
use crate::store::{History, ObjectId, Version};
use crate::trace::object_text;

/// What changes with every write, or is of the one object that has it.
const NOISE: [&str; 6] = ["creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid"];
/// An annotation that repeats what changed besides.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What is compared.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// Whether the `status` of objects is compared too.
    pub with_status: bool,
    /// Which objects: those that pass at one of the instants.
    pub filters: Filters,
    /// Which kinds; `None` for all.
    pub kinds: Option<BTreeSet<GroupKind>>,
}

/// What became of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It is there only at the later instant.
    Came,
    /// It is there only at the earlier one.
    Went,
    /// It is there at both, and not the same.
    Changed,
    /// Another has its name.
    Replaced,
}

/// An object that is not the same at both instants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ObjectDifference {
    /// As kubectl qualifies it: `Deployment.apps`.
    #[serde(serialize_with = "as_text")]
    pub kind: GroupKind,
    /// Empty for a cluster-scoped object.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What became of it.
    pub change: Change,
    /// When it came, went or was replaced; when it was changed last.
    #[serde(serialize_with = "as_text")]
    pub at: Timestamp,
    /// Whether no record shows its content at one of the instants: then more may differ.
    pub content_unknown: bool,
    /// What differs, where it is there at both.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(rename = "changes")]
    pub fields: Option<Fields>,
}

/// What differs between two instants.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// Version of this schema: 1.
    pub version: u32,
    /// `instants`.
    pub compared: &'static str,
    /// Whether nothing differs.
    pub same: bool,
    /// The earlier instant.
    #[serde(serialize_with = "as_text")]
    pub from: Timestamp,
    /// The later one.
    #[serde(serialize_with = "as_text")]
    pub to: Timestamp,
    /// How many objects there are at the earlier one.
    pub objects_then: u64,
    /// How many at the later one.
    pub objects_after: u64,
    /// How many came and went in between.
    pub in_between: u64,
    /// How many differ and are left out: Leases and Events, which differ all the time, unless kinds were chosen.
    pub left_out: u64,
    /// The objects, by kind, namespace and name.
    pub objects: Vec<ObjectDifference>,
}

fn as_text<S: Serializer>(value: &impl std::fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// An object as it is at an instant.
#[derive(Clone, Copy)]
struct State<'h> {
    id: ObjectId,
    version: &'h Version,
}

impl Comparison {
    /// Compares two instants as far as a view goes.
    pub fn of(history: &History, from: Timestamp, to: Timestamp, view: &View) -> Self {
        let mut comparison = Comparison {
            version: 1,
            compared: "instants",
            same: true,
            from,
            to,
            objects_then: 0,
            objects_after: 0,
            in_between: 0,
            left_out: 0,
            objects: Vec::new(),
        };
        for (key, ids) in history.by_key() {
            let state = |at: Timestamp| {
                let id = ids.clone().rev().find(|id| history.objects[*id].alive_at(at))?;
                Some(State { id, version: history.objects[id].version_at(at) })
            };
            let (before, after) = (state(from), state(to));
            if !view.keeps(history, key, [before, after]) {
                continue;
            }
            let passed_by = |id: &ObjectId| {
                let object = &history.objects[*id];
                object.born > from && object.end.is_some_and(|end| end.at <= to)
            };
            comparison.objects_then += u64::from(before.is_some());
            comparison.objects_after += u64::from(after.is_some());
            comparison.in_between += ids.clone().filter(passed_by).count() as u64;
            let Some(difference) = compare(history, key, before, after, view) else { continue };
            if view.is_noise(&key.kind) {
                comparison.left_out += 1;
            } else {
                comparison.objects.push(difference);
            }
        }
        comparison.same = comparison.objects.is_empty();
        comparison
    }
}

impl View {
    fn keeps(&self, history: &History, key: &ObjectKey, states: [Option<State<'_>>; 2]) -> bool {
        if self.kinds.as_ref().is_some_and(|kinds| !kinds.contains(&key.kind)) {
            return false;
        }
        let keeps = |labels: &BTreeMap<String, String>| {
            let subject = Subject { kind: &key.kind, namespace: &key.namespace, name: &key.name, labels };
            self.filters.keeps(&subject)
        };
        // What is there at neither instant is judged as it was last seen.
        let last = || history.named(key).last().and_then(|id| history.objects[id].versions.last());
        let mut seen: Vec<&Version> = states.into_iter().flatten().map(|state| state.version).collect();
        if seen.is_empty() {
            seen.extend(last());
        }
        seen.into_iter().any(|version| keeps(&version.metadata.labels()))
    }

    fn is_noise(&self, kind: &GroupKind) -> bool {
        let noise = [("coordination.k8s.io", "Lease"), ("", "Event"), ("events.k8s.io", "Event")];
        let chosen = !self.filters.kinds.is_empty() || self.kinds.is_some();
        !chosen && noise.into_iter().any(|(group, name)| kind.is(group, name))
    }
}

fn compare(
    history: &History,
    key: &ObjectKey,
    before: Option<State<'_>>,
    after: Option<State<'_>>,
    view: &View,
) -> Option<ObjectDifference> {
    let object = |state: State<'_>| &history.objects[state.id];
    let (change, at, fields) = match (before, after) {
        (None, None) => return None,
        (None, Some(after)) => (Change::Came, object(after).born, None),
        (Some(before), None) => (Change::Went, object(before).end.map_or(Timestamp::MAX, |end| end.at), None),
        (Some(before), Some(after)) if std::ptr::eq(before.version, after.version) => return None,
        (Some(before), Some(after)) => {
            let text = |state| text(history, key, state, view.with_status);
            let fields = Fields { before: text(before), after: text(after) };
            match before.id == after.id {
                true if fields.before == fields.after => return None,
                true => (Change::Changed, after.version.at, Some(fields)),
                false => (Change::Replaced, object(after).born, Some(fields)),
            }
        }
    };
    let content_unknown = before.into_iter().chain(after).any(|state| state.version.content.is_none());
    let ObjectKey { kind, namespace, name } = key.clone();
    Some(ObjectDifference { kind, namespace, name, change, at, content_unknown, fields })
}

/// What is compared of an object.
fn text(history: &History, key: &ObjectKey, state: State<'_>, with_status: bool) -> Text {
    let version = state.version;
    let mut metadata = version.metadata.object();
    NOISE.iter().for_each(|field| drop(metadata.remove(*field)));
    if let Some(Value::Object(annotations)) = metadata.get_mut("annotations") {
        annotations.remove(LAST_APPLIED);
    }
    tidy(&mut metadata);
    let mut object: Map<String, Value> = version.content.as_ref().map(|content| content.object()).unwrap_or_default();
    if let Some(status) = version.status.as_ref().filter(|_| with_status) {
        object.insert("status".to_owned(), Value::Object(status.object()));
    }
    if version.content.is_some() {
        let gvk = history.gvk(&history.objects[state.id], version);
        object.insert("apiVersion".to_owned(), gvk.api_version().into());
    }
    object.insert("kind".to_owned(), key.kind.kind.clone().into());
    object.insert("metadata".to_owned(), Value::Object(metadata));
    object_text(&Value::Object(object))
}
