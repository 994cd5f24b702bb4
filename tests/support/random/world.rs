//! The cluster in small.

mod recorders;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tracer::model::Timestamp;

use super::{Event, Recording, START, Step, Thing, Write};

fn whole(micros: i64) -> String {
    Timestamp::from_seconds(micros / 1_000_000).to_string()
}

/// A cluster, its recorders, and what they wrote.
#[derive(Default)]
pub struct World {
    now: i64,
    version: u64,
    things: Vec<Thing>,
    events: Vec<Event>,
    writes: Vec<Write>,
    pub recording: bool,
    gaps: bool,
    broken: BTreeSet<&'static str>,
    watched: BTreeSet<&'static str>,
}

/// The kinds that nothing has to own: `apiVersion`, kind, the field of its content.
const ROOTS: [(&str, &str, &str); 8] = [
    ("apps/v1", "Deployment", "spec"),
    ("apps/v1", "StatefulSet", "spec"),
    ("batch/v1", "CronJob", "spec"),
    ("v1", "ConfigMap", "data"),
    ("batch/v1", "Job", "spec"),
    ("v1", "Pod", "spec"),
    ("apps/v1", "DaemonSet", "spec"),
    ("v1", "Node", "spec"),
];

impl World {
    /// An empty one; with `gaps` its watches break off now and then.
    pub fn new(gaps: bool) -> Self {
        World { now: START * 1_000_000, gaps, ..World::default() }
    }

    pub fn step(&mut self, (what, whom, how, later): Step) {
        let later = i64::from(later);
        self.now += match later % 4 {
            0 => 1 + later,
            1 => later * 1_500,
            2 => later * 7_000,
            _ => later * 60_000,
        };
        let alive: Vec<usize> = (0..self.things.len()).filter(|i| self.things[*i].gone.is_none()).collect();
        let target = alive.get(usize::from(whom) % alive.len().max(1)).copied();
        match (what % 20, target) {
            (0..=4, _) | (_, None) => self.root(whom, how),
            (5..=8, Some(i)) => self.child(i, how),
            (9..=10, Some(i)) => self.update(i, how),
            (11..=13, Some(i)) => self.progress(i, how),
            (14, Some(i)) => {
                self.things[i].labels.insert("tier", format!("t{}", how % 3));
                self.write("MODIFIED", i);
            }
            (15..=16, Some(i)) => self.delete(i, how),
            (17, Some(i)) => self.replace(i, how),
            (18, Some(i)) => self.adopt(i, how),
            (_, Some(i)) if self.gaps => self.break_off(self.things[i].kind),
            (_, Some(i)) => self.update(i, how),
        }
    }

    fn create(
        &mut self,
        (api_version, kind, field): (&'static str, &'static str, &'static str),
        namespace: &str,
        name: String,
    ) -> usize {
        let spec = match kind {
            "ConfigMap" => json!({"key": "0"}),
            "Node" => json!({}),
            "Pod" => pod_spec(0),
            "CronJob" => json!({"schedule": "* * * * *", "jobTemplate": {"spec": {"template": {"spec": pod_spec(0)}}}}),
            _ => json!({"replicas": 1, "template": {"spec": pod_spec(0)}}),
        };
        let count = self.things.len();
        self.things.push(Thing {
            api_version,
            kind,
            namespace: if kind == "Node" { String::new() } else { namespace.to_owned() },
            name,
            uid: format!("uid-{count}"),
            labels: BTreeMap::from([("app", format!("x{}", count % 3))]),
            owner: None,
            content: (field, spec),
            status: Value::Null,
            version: 0,
            created: self.now,
            written: self.now,
            finalizers: Vec::new(),
            grace: None,
            stored: None,
            seen: 0,
            gone: None,
            over: None,
        });
        count
    }

    fn named(&self, kind: &str, namespace: &str, name: &str) -> Option<usize> {
        let same = |t: &Thing| t.gone.is_none() && t.kind == kind && t.namespace == namespace && t.name == name;
        self.things.iter().position(same)
    }

    fn root(&mut self, whom: u8, how: u8) {
        let root = ROOTS[usize::from(whom) % ROOTS.len()];
        let namespace = if root.1 == "Node" { "" } else { ["one", "two", "three"][usize::from(how / 4) % 3] };
        let name = ["a", "b"][usize::from(how) % 2].to_owned();
        match self.named(root.1, namespace, &name) {
            Some(i) => self.update(i, how),
            None => {
                let i = self.create(root, namespace, name);
                self.write("ADDED", i);
            }
        }
    }

    fn child(&mut self, owner: usize, how: u8) {
        let Thing { kind, namespace, name, .. } = &self.things[owner];
        let namespace = if *kind == "Node" { "one".to_owned() } else { namespace.clone() };
        let (child, name) = match *kind {
            "Deployment" => (("apps/v1", "ReplicaSet", "spec"), format!("{name}-5c{}", how % 3)),
            "CronJob" => (("batch/v1", "Job", "spec"), format!("{name}-280{}", how % 5)),
            "StatefulSet" => (("v1", "Pod", "spec"), format!("{name}-{}", how % 2)),
            "ReplicaSet" | "Job" | "DaemonSet" | "Node" => (("v1", "Pod", "spec"), format!("{name}-z000{}", how % 4)),
            _ => return self.update(owner, how),
        };
        match self.named(child.1, &namespace, &name) {
            Some(i) => self.update(i, how),
            None => {
                let hash = name.rsplit('-').next().filter(|_| child.1 == "ReplicaSet").map(str::to_owned);
                let hash = hash.or_else(|| self.things[owner].labels.get("pod-template-hash").cloned());
                let i = self.create(child, &namespace, name);
                self.things[i].owner = Some(owner);
                self.things[i].labels.extend(hash.map(|hash| ("pod-template-hash", hash)));
                if self.things[owner].kind == "Job" {
                    self.things[i].finalizers.push("batch.kubernetes.io/job-tracking");
                }
                self.write("ADDED", i);
            }
        }
    }

    fn update(&mut self, i: usize, how: u8) {
        let thing = &mut self.things[i];
        match (thing.kind, &mut thing.content.1) {
            ("ConfigMap", data) => *data = json!({"key": (how % 4).to_string()}),
            ("Pod", spec) => {
                let node = spec["nodeName"].take();
                *spec = pod_spec(how);
                if !node.is_null() {
                    spec["nodeName"] = node;
                }
            }
            ("Job" | "CronJob", spec) => spec["suspend"] = how.is_multiple_of(2).into(),
            (_, spec) => spec["replicas"] = (how % 4).into(),
        }
        self.write("MODIFIED", i);
    }

    /// What the scheduler, kubelets and the job controller write.
    fn progress(&mut self, i: usize, how: u8) {
        if self.things[i].kind == "Pod" && self.things[i].content.1["nodeName"].is_null() && how % 8 < 5 {
            self.things[i].content.1["nodeName"] = format!("node-{}", how % 2).into();
            self.write("MODIFIED", i);
            self.now += i64::from(how) * 3_000;
        }
        let now = whole(self.now);
        let second = self.now / 1_000_000;
        let thing = &mut self.things[i];
        let started = thing.status.pointer("/containerStatuses/0/state/running/startedAt").cloned();
        let exit =
            |started: &Value| json!({"terminated": {"startedAt": started, "finishedAt": now, "exitCode": how % 2}});
        let status = |phase: &str, state: Value, last: Value| json!({"phase": phase, "containerStatuses": [{"name": "main", "state": state, "lastState": last}]});
        thing.status = match (thing.kind, started) {
            ("Pod" | "Job", _) if thing.over.is_some() => return,
            ("Pod", None) => status("Running", json!({"running": {"startedAt": now}}), Value::Null),
            ("Pod", Some(started)) => match how % 4 {
                0 => status("Running", json!({"running": {"startedAt": now}}), exit(&started)),
                1 => status("Running", exit(&started), Value::Null),
                _ => {
                    thing.over = Some(second);
                    status(["Succeeded", "Failed"][usize::from(how % 2)], exit(&started), Value::Null)
                }
            },
            ("Job", _) if how.is_multiple_of(2) => {
                thing.over = Some(second);
                json!({"conditions": [{"type": "Complete", "status": "True", "lastTransitionTime": now}]})
            }
            ("ConfigMap" | "Node", _) => return,
            (_, _) => json!({"observed": how}),
        };
        self.write("MODIFIED", i);
    }

    fn children(&self, i: usize) -> Vec<usize> {
        (0..self.things.len()).filter(|c| self.things[*c].owner == Some(i) && self.things[*c].gone.is_none()).collect()
    }

    fn delete(&mut self, i: usize, how: u8) {
        match how % 4 {
            // In the background: the garbage collector follows.
            0 => {
                self.remove(i, how);
                self.collect(i, how);
            }
            // In the foreground: the owner goes last.
            1 => {
                self.things[i].finalizers.push("foregroundDeletion");
                if self.things[i].kind != "Pod" {
                    self.begin_deletion(i, 0);
                }
                self.collect(i, how);
                self.remove(i, how);
            }
            // `--cascade=orphan`
            2 => {
                for child in self.children(i) {
                    self.now += 1 + i64::from(how) * 20;
                    self.things[child].owner = None;
                    self.write("MODIFIED", child);
                }
                self.remove(i, how);
            }
            // The garbage collector is late.
            _ => self.remove(i, how),
        }
    }

    fn collect(&mut self, i: usize, how: u8) {
        for child in self.children(i) {
            self.now += 1 + i64::from(how) * 200;
            self.remove(child, how);
            self.collect(child, how);
        }
    }

    fn remove(&mut self, i: usize, how: u8) {
        let is_pod = self.things[i].kind == "Pod";
        if is_pod {
            // Nothing is restarted any more.
            if let Some(finished) = self.things[i].status.pointer("/containerStatuses/0/state/terminated/finishedAt") {
                let finished = finished.as_str().and_then(Timestamp::parse_rfc3339).map(Timestamp::seconds);
                self.things[i].over = self.things[i].over.or(finished);
            }
            if how % 8 > 3 {
                self.begin_deletion(i, 30);
                self.now += i64::from(how) * 5_000;
            }
        }
        // What has a finalizer stays until that is taken away.
        if !self.things[i].finalizers.is_empty() && self.things[i].grace != Some(0) {
            self.begin_deletion(i, 0);
            self.now += i64::from(how) * 300;
        }
        // A pod's grace is over before it goes, whoever deletes it.
        self.things[i].grace = self.things[i].grace.or(is_pod.then_some(0));
        self.write("DELETED", i);
    }

    fn begin_deletion(&mut self, i: usize, grace: i64) {
        self.things[i].grace = Some(grace);
        self.write("MODIFIED", i);
    }

    /// Deleted and created again under the same name.
    fn replace(&mut self, i: usize, how: u8) {
        self.delete(i, how);
        self.now += 1 + i64::from(how) * 2_000;
        let Thing { api_version, kind, namespace, name, content, owner, .. } = self.things[i].clone();
        let owner = owner.filter(|owner| self.things[*owner].gone.is_none());
        let new = self.create((api_version, kind, content.0), &namespace, name);
        self.things[new].owner = owner;
        self.write("ADDED", new);
    }

    /// An owner that finds a pod or ReplicaSet without one makes it its own.
    fn adopt(&mut self, i: usize, how: u8) {
        let owner_kind = match self.things[i].kind {
            "Pod" => "ReplicaSet",
            "ReplicaSet" => "Deployment",
            _ => return self.update(i, how),
        };
        let namespace = &self.things[i].namespace;
        let owner =
            self.things.iter().position(|t| t.gone.is_none() && t.kind == owner_kind && t.namespace == *namespace);
        if self.things[i].owner.is_none() && owner.is_some() {
            self.things[i].owner = owner;
            self.write("MODIFIED", i);
        }
    }

    fn write(&mut self, change: &str, i: usize) {
        self.version += 1;
        self.now += 1;
        let at = self.now + latency(self.things[i].kind);
        let thing = &mut self.things[i];
        thing.version = self.version;
        thing.written = if change == "DELETED" { thing.written } else { self.now };
        thing.seen = match change {
            // What was there before the recording counts from its `creationTimestamp`.
            "ADDED" if !self.recording => thing.created / 1_000_000 * 1_000_000,
            "ADDED" => at,
            _ => thing.seen,
        };
        thing.gone = (change == "DELETED").then_some(at);
        let kind = thing.kind;
        let body = self.body(i);
        let before = self.things[i].stored.replace(body.clone());
        self.writes.push(Write { at, gone: change == "DELETED", before, body: body.clone() });
        if self.recording && !self.broken.contains(kind) {
            self.tell(kind, json!({"type": change, "object": body}));
        }
    }

    fn body(&self, i: usize) -> Value {
        let thing = &self.things[i];
        let mut metadata = json!({
            "name": thing.name, "uid": thing.uid, "resourceVersion": thing.version.to_string(),
            "creationTimestamp": whole(thing.created), "labels": thing.labels,
            "managedFields": [{"manager": "m", "operation": "Update", "time": whole(thing.written)}],
        });
        if !thing.namespace.is_empty() {
            metadata["namespace"] = thing.namespace.as_str().into();
        }
        if let Some(grace) = thing.grace {
            metadata["deletionTimestamp"] = whole(thing.written + grace * 1_000_000).into();
            metadata["deletionGracePeriodSeconds"] = grace.into();
        }
        if !thing.finalizers.is_empty() {
            metadata["finalizers"] = json!(thing.finalizers);
        }
        if let Some((prefix, _)) = thing.name.split_once("z000") {
            metadata["generateName"] = prefix.into();
        }
        if let Some(owner) = thing.owner {
            let owner = &self.things[owner];
            metadata["ownerReferences"] = json!([{
                "apiVersion": owner.api_version, "kind": owner.kind, "name": owner.name, "uid": owner.uid,
                "controller": true,
            }]);
        }
        let mut body = json!({"apiVersion": thing.api_version, "kind": thing.kind, "metadata": metadata});
        body[thing.content.0] = thing.content.1.clone();
        if !thing.status.is_null() {
            body["status"] = thing.status.clone();
        }
        body
    }

    pub fn finish(mut self) -> Recording {
        self.events.sort_by_key(|event| event.at);
        let end = (self.now + 1_000_000) / 1_000_000 + 1;
        Recording { events: self.events, writes: self.writes, end, things: self.things }
    }
}

/// Watches are late by little, each by its own.
fn latency(kind: &str) -> i64 {
    [0, 1_300, 4_000][kind.len() % 3]
}

fn pod_spec(how: u8) -> Value {
    let mut spec =
        json!({"containers": [{"name": "main", "image": format!("app:{}", how % 3)}], "restartPolicy": "Always"});
    if how % 5 == 4 {
        spec["hostname"] = "changed".into();
    }
    spec
}
