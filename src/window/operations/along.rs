//! What pods need comes along, where the user wants it so: with the life that the log knows, else as a stub at the start, and
//! before what needs it. SimKube's validator wants it there, and a server may refuse pods without.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use super::body::{Form, tree};
use super::{Action, Body, Planner, Start};
use crate::dependencies::{Dependency, Deps, stub};
use crate::filter::Subject;
use crate::model::{ObjectKey, Timestamp};
use crate::report::{Reason, Report};
use crate::store::{ObjectId, Version};
use crate::trace::{self, object_hash};
use crate::window::Stay;
use crate::window::needs::{Need, References};

impl Planner<'_> {
    /// Plans what the objects planned so far need, and counts what they lack and what was taken out of them. Gives the stubs
    /// of the starting state.
    pub(super) fn bring_along(&mut self, report: &mut Report) -> Vec<trace::Object> {
        let start = Timestamp::from_seconds(self.window.from);
        self.needs.note_removed(start, report);
        let needed = self.needs.take();
        let mut stubs = Vec::new();
        if self.export.deps == Deps::Include {
            for ((kind, key), need) in needed.iter().filter(|((kind, _), _)| kind.can_come_along()) {
                stubs.extend(self.bring(*kind, key, need, report));
            }
            self.put_before(&needed, report);
        }
        for ((kind, key), need) in &needed {
            if need.required && !self.is_listed(*kind, key) {
                report.note(Reason::DependencyMissing, Some(start.max(need.since)), || key.to_string());
            }
        }
        stubs
    }

    fn is_listed(&self, kind: Dependency, key: &ObjectKey) -> bool {
        self.plan.index.get(&kind.gvk()).is_some_and(|names| names.contains_key(&key.ns_name()))
    }

    /// Plans one thing that others need, unless it is in the trace anyhow or the user left it out; gives its stub where no log
    /// knows it.
    fn bring(&mut self, kind: Dependency, key: &ObjectKey, need: &Need, report: &mut Report) -> Option<trace::Object> {
        if self.is_listed(kind, key) || self.is_left_out(key, need.since) {
            return None;
        }
        let start = Timestamp::from_seconds(self.window.from);
        let there_then = |end: Timestamp| end > need.since.max(start);
        let lives: Vec<ObjectId> = self.export.history.named(key).collect();
        for id in lives {
            let object = &self.export.history.objects[id];
            if object.end.is_none_or(|end| there_then(end.at)) {
                self.bring_life(kind, id, need, report);
            }
        }
        if self.is_listed(kind, key) || !need.required {
            return None;
        }
        report.note(Reason::DependencyStub, Some(start.max(need.since)), || key.to_string());
        let stub = stub(kind, key, need.keys.iter().map(String::as_str));
        self.plan.index.entry(kind.gvk()).or_default().insert(key.ns_name(), object_hash(None));
        Some(trace::Object::of(&stub))
    }

    /// Plans an object of the log that others need.
    fn bring_life(&mut self, kind: Dependency, id: ObjectId, need: &Need, report: &mut Report) {
        let (export, gvk) = (self.export, kind.gvk());
        let object = &export.history.objects[id];
        let body = |version: &Version| {
            let (mut whole, _) = tree(export, &gvk, object, version);
            // Its owner is another one in a simulation, if it is there at all: garbage would be made of what it owned.
            if let Some(metadata) = whole.get_mut("metadata").and_then(Value::as_object_mut) {
                metadata.remove("ownerReferences");
            }
            // Of one whose content no record shows the keys are there that are needed.
            if version.content.is_none() {
                whole = stub(kind, &object.key, need.keys.iter().map(String::as_str));
            }
            Body { object: Form::Tree(whole), references: References::default() }
        };
        let stay = Stay { since: object.born, until: object.end.map(|end| end.at), orphaned: false };
        self.stay(id, &gvk, stay, &body, report);
        self.note_certainty(id, report);
        let unknown =
            kind != Dependency::ServiceAccount && object.versions.iter().all(|version| version.content.is_none());
        if unknown && self.plan.exported.contains(&id) {
            let since = need.since.max(Timestamp::from_seconds(self.window.from));
            report.note(Reason::DependencyStub, Some(since), || object.key.to_string());
        }
    }

    /// Whether the user does not want it, by its labels at a moment. What the user asked for does not tell: it is asked for by
    /// what needs it.
    fn is_left_out(&self, key: &ObjectKey, at: Timestamp) -> bool {
        let history = self.export.history;
        let known = history.named_at(key, at.max(Timestamp::from_seconds(self.window.from)));
        let labels = known.map(|id| history.objects[id].version_at(at).metadata.labels()).unwrap_or_default();
        let subject = Subject { kind: &key.kind, namespace: &key.namespace, name: &key.name, labels: &labels };
        self.export.filters.excludes(&subject)
    }

    /// Has everything that others need come before them, if need be before its time.
    fn put_before(&mut self, needed: &BTreeMap<(Dependency, ObjectKey), Need>, report: &mut Report) {
        let objects = &self.export.history.objects;
        let need_of = |id: ObjectId| {
            let key = &objects[id].key;
            Dependency::of(&key.kind).and_then(|kind| needed.get(&(kind, key.clone())))
        };
        let mut there: HashSet<&ObjectKey> = HashSet::new();
        for start in &mut self.start {
            let id = start.id;
            start.needed = need_of(id).is_some();
            there.extend(start.needed.then_some(&objects[id].key));
        }
        self.plan.operations.sort_by_key(super::Operation::order);
        let mut operations = Vec::with_capacity(self.plan.operations.len());
        for mut operation in std::mem::take(&mut self.plan.operations) {
            let object = &objects[operation.object];
            let (need, Action::Apply(text)) = (need_of(operation.object), &operation.action) else {
                operations.push(operation);
                continue;
            };
            let first = need.filter(|_| there.insert(&object.key));
            // Later ones stay in turn: after the deletion of the one before.
            operation.needed = first.is_some();
            let Some(need) = first.filter(|need| need.since < operation.at) else {
                operations.push(operation);
                continue;
            };
            let since = need.since.max(Timestamp::from_seconds(self.window.from));
            if since.seconds() < operation.at.seconds() {
                report.note(Reason::DependencyEarly, Some(since), || object.key.to_string());
            }
            if need.since == Timestamp::MIN {
                self.start.push(Start { needed: true, id: operation.object, place: None, object: text.clone() });
            } else {
                (operation.at, operation.place) = (need.since, None);
                operations.push(operation);
            }
        }
        self.plan.operations = operations;
    }
}
