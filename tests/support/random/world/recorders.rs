//! Those who watch the cluster: one recorder for each kind.

use serde_json::{Value, json};

use super::super::Event;
use super::{ROOTS, World, latency};

impl World {
    /// The recorders start.
    pub fn record(&mut self) {
        self.recording = true;
        // What was created a moment before a watch begins counts from when the watch tells of it.
        self.now += 3_000_000;
        // The garbage collector has caught up: nobody is owned by what no log shows.
        for i in (0..self.things.len()).chain(0..self.things.len()) {
            if self.things[i].owner.is_some_and(|owner| self.things[owner].gone.is_some()) {
                self.things[i].gone = Some(self.now);
            }
        }
        for thing in self.things.iter_mut().filter(|thing| thing.gone.is_some()) {
            thing.seen = i64::MAX;
        }
        for kind in ROOTS.map(|root| root.1).into_iter().chain(["ReplicaSet"]) {
            self.initial_set(kind);
        }
    }

    fn initial_set(&mut self, kind: &'static str) {
        let mut there: Vec<usize> =
            (0..self.things.len()).filter(|i| self.things[*i].kind == kind && self.things[*i].gone.is_none()).collect();
        there.sort_by_key(|i| (self.things[*i].namespace.clone(), self.things[*i].name.clone()));
        for i in there {
            self.now += 1;
            self.tell(kind, json!({"type": "ADDED", "object": self.body(i)}));
        }
        let api_version = ROOTS.iter().find(|root| root.1 == kind).map_or("apps/v1", |root| root.0);
        let annotations = json!({"k8s.io/initial-events-end": "true"});
        let metadata = json!({"resourceVersion": self.version.to_string(), "annotations": annotations});
        self.now += 1;
        self.tell(
            kind,
            json!({"type": "BOOKMARK", "object": {"apiVersion": api_version, "kind": kind, "metadata": metadata}}),
        );
        self.watched.insert(kind);
    }

    /// A watch breaks off; the next time it begins anew.
    pub(super) fn break_off(&mut self, kind: &'static str) {
        if !self.recording {
            return;
        }
        if self.broken.remove(kind) {
            return self.initial_set(kind);
        }
        let status = json!({"apiVersion": "v1", "kind": "Status", "code": 410, "message": "too old resource version"});
        self.tell(kind, json!({"type": "ERROR", "object": status}));
        self.broken.insert(kind);
    }

    pub(super) fn tell(&mut self, kind: &'static str, event: Value) {
        let Value::Object(event) = event else { return };
        let file = format!("{}s.jsonl", kind.to_lowercase());
        self.events.push(Event { file, at: self.now + latency(kind), event });
    }
}
