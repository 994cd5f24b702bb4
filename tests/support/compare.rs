//! Two traces, object by object.
//!
//! Objects are compared as sequences of what was applied and deleted: contents without status, repeats dropped, times to the
//! second or within a tolerance. Then lifecycles, pod-spec hashes, and the hashes of the objects that both indexes list.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Map, Value};
use tracer::trace::{Lifecycle, Trace};

/// How two traces are compared.
#[derive(Clone, Copy, Default)]
pub struct Comparison {
    /// How many seconds times may differ.
    pub tolerance: i64,
    /// Both are first made so that an API server takes their objects again, as `export` does by default: what is written by
    /// default can be held against what SimKube wrote.
    pub replay: bool,
}

/// What came of a comparison.
#[derive(Debug, Default)]
pub struct Differences {
    /// One line for each difference.
    pub lines: Vec<String>,
    /// How much was compared.
    pub compared: usize,
}

impl Differences {
    /// `3 of 40 differ`
    pub fn summary(&self) -> String {
        format!("{} of {} differ", self.lines.len(), self.compared)
    }

    fn note(&mut self, line: Option<String>) {
        self.compared += 1;
        self.lines.extend(line);
    }
}

/// When, `A` or `D`, and the content.
type Step = (i64, char, String);
type Lives = BTreeMap<String, BTreeMap<String, Vec<String>>>;

impl Comparison {
    /// What differs between two traces, as `A` and `B`.
    pub fn of<C, D>(self, a: &Trace<C>, b: &Trace<D>) -> Differences {
        let mut out = Differences::default();
        self.objects(&self.sequences(a), &self.sequences(b), &mut out);
        let (lives_a, lives_b) = (lives(a), lives(b));
        let equal = self.lifecycles(&lives_a, &lives_b, &mut out);
        for owner in equal {
            let (p, q) = (lives_a[&owner].keys(), lives_b[&owner].keys());
            let differ = !p.clone().eq(q.clone());
            out.note(differ.then(|| format!("pod-spec hashes: {owner}: {} | {}", list(p), list(q))));
        }
        if !self.replay {
            let hashes = |t: &BTreeMap<_, BTreeMap<String, u64>>| -> BTreeMap<String, u64> {
                t.iter()
                    .flat_map(|(gvk, names)| names.iter().map(move |(name, hash)| (format!("{gvk} {name}"), *hash)))
                    .collect()
            };
            let (a, b) = (hashes(&a.index), hashes(&b.index));
            for (name, hash) in &a {
                let Some(other) = b.get(name) else { continue };
                out.note((hash != other).then(|| format!("object hash: {name}: {hash} | {other}")));
            }
        }
        out
    }

    fn objects(self, a: &BTreeMap<String, Vec<Step>>, b: &BTreeMap<String, Vec<Step>>, out: &mut Differences) {
        let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
        for key in keys {
            let line = match (a.get(key), b.get(key)) {
                (Some(a), Some(b)) => {
                    let same = a.iter().map(|s| (s.1, &s.2)).eq(b.iter().map(|s| (s.1, &s.2)));
                    let near = a.iter().zip(b).all(|(a, b)| (a.0 - b.0).abs() <= self.tolerance);
                    let class = if !same { Some("content") } else { (!near).then_some("times") };
                    class.map(|class| format!("{class}: {key}: {}  |  {}", show(a), show(b)))
                }
                (Some(a), None) => Some(format!("only in A: {key}: {}", show(a))),
                (None, b) => Some(format!("only in B: {key}: {}", show(b.map_or(&[][..], |b| b)))),
            };
            out.note(line);
        }
    }

    /// Gives the owners that both have, and with the same lifecycles.
    fn lifecycles(self, a: &Lives, b: &Lives, out: &mut Differences) -> Vec<String> {
        let all = |lives: Option<&BTreeMap<String, Vec<String>>>| -> Vec<String> {
            let mut all: Vec<String> = lives.into_iter().flat_map(BTreeMap::values).flatten().cloned().collect();
            all.sort();
            all
        };
        let owners: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
        let mut equal = Vec::new();
        for owner in owners {
            let (p, q) = (all(a.get(owner)), all(b.get(owner)));
            let same = p.len() == q.len() && p.iter().zip(&q).all(|(p, q)| self.near(p, q));
            let first = |lives: &[String]| list(lives.iter().take(4));
            let line = || format!("lifecycles: {owner}: {} | {}: {} | {}", p.len(), q.len(), first(&p), first(&q));
            out.note((!same).then(line));
            if same && a.contains_key(owner) && b.contains_key(owner) {
                equal.push(owner.clone());
            }
        }
        equal
    }

    fn near(self, a: &str, b: &str) -> bool {
        let parts = |life: &str| -> (String, Vec<i64>) {
            let numbers = life.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect();
            (life.chars().filter(char::is_ascii_alphabetic).collect(), numbers)
        };
        let (a, b) = (parts(a), parts(b));
        a.0 == b.0 && a.1.iter().zip(&b.1).all(|(a, b)| (a - b).abs() <= self.tolerance)
    }

    fn sequences<C>(self, trace: &Trace<C>) -> BTreeMap<String, Vec<Step>> {
        let mut sequences: BTreeMap<String, Vec<Step>> = BTreeMap::new();
        let mut specs: BTreeMap<String, Value> = BTreeMap::new();
        for event in &trace.events {
            for object in &event.applied {
                let mut object = object.tree();
                let key = key_of(&object);
                if self.replay {
                    retakeable(&mut object);
                    if object["kind"] == "Pod" {
                        let spec = specs.get(&key).map_or(object["spec"].clone(), |old| mutable(old, &object["spec"]));
                        object.insert("spec".to_owned(), spec.clone());
                        specs.insert(key.clone(), spec);
                    }
                }
                let body = body(object);
                let steps = sequences.entry(key).or_default();
                if steps.last().is_none_or(|last| last.1 != 'A' || last.2 != body) {
                    steps.push((event.ts, 'A', body));
                }
            }
            for gone in &event.deleted {
                let key = format!("{}.{} {}/{}", gone.api_version, gone.kind, gone.namespace, gone.name);
                specs.remove(&key);
                sequences.entry(key).or_default().push((event.ts, 'D', String::new()));
            }
        }
        sequences.values_mut().for_each(|steps| deletions_first(steps));
        sequences
    }
}

/// In one event what is applied comes first: the deletion of a former object with the same `ts` belongs before.
fn deletions_first(steps: &mut [Step]) {
    for i in 1..steps.len().saturating_sub(1) {
        let (now, next) = (&steps[i], &steps[i + 1]);
        if now.0 == next.0 && now.1 == 'A' && next.1 == 'D' && steps[i - 1].1 == 'A' {
            steps.swap(i, i + 1);
        }
    }
}

fn key_of(object: &Map<String, Value>) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let metadata = &object["metadata"];
    let namespace = text(&metadata["namespace"]);
    format!("{}.{} {namespace}/{}", text(&object["apiVersion"]), text(&object["kind"]), text(&metadata["name"]))
}

/// An object without status, and without what is empty in its metadata.
fn body(mut object: Map<String, Value>) -> String {
    object.remove("status");
    if let Some(Value::Object(metadata)) = object.get_mut("metadata") {
        metadata.retain(|_, value| !is_empty(value));
    }
    Value::Object(object).to_string()
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

const JOB_LABELS: [&str; 4] =
    ["controller-uid", "batch.kubernetes.io/controller-uid", "job-name", "batch.kubernetes.io/job-name"];

/// Removes what an API server refuses, or what would hang, when the object is created again.
fn retakeable(object: &mut Map<String, Value>) {
    for field in ["finalizers", "selfLink"] {
        object["metadata"].as_object_mut().and_then(|metadata| metadata.remove(field));
    }
    let kind = object["kind"].clone();
    let Some(Value::Object(spec)) = object.get_mut("spec") else { return };
    if kind == "Job" && spec.get("manualSelector") != Some(&Value::Bool(true)) {
        spec.remove("selector");
        if let Some(metadata) = spec.get_mut("template").and_then(|template| template.get_mut("metadata")) {
            without_job_labels(metadata);
        }
        without_job_labels(&mut object["metadata"]);
    } else if kind == "Pod" {
        spec.remove("ephemeralContainers");
        spec.retain(|key, value| !(matches!(&**key, "serviceAccount" | "serviceAccountName") && *value == "default"));
    }
}

fn without_job_labels(metadata: &mut Value) {
    let Some(metadata) = metadata.as_object_mut() else { return };
    let Some(Value::Object(labels)) = metadata.get_mut("labels") else { return };
    JOB_LABELS.iter().for_each(|label| drop(labels.remove(*label)));
    if labels.is_empty() {
        metadata.remove("labels");
    }
}

/// The old pod spec with what a plain update may change of it.
fn mutable(old: &Value, new: &Value) -> Value {
    let mut out = old.clone();
    for list in ["containers", "initContainers"] {
        for container in out[list].as_array_mut().into_iter().flatten() {
            let same_name = |other: &&Value| other["name"] == container["name"];
            if let Some(other) = new[list].as_array().and_then(|others| others.iter().find(same_name)) {
                container["image"] = other["image"].clone();
            }
        }
        if out[list].is_null() {
            out.as_object_mut().map(|spec| spec.remove(list));
        }
    }
    for field in ["activeDeadlineSeconds", "terminationGracePeriodSeconds"] {
        if let Some(value) = new.get(field) {
            out[field] = value.clone();
        }
    }
    if let Some(Value::Array(tolerations)) = new.get("tolerations") {
        let old = out.get("tolerations").and_then(Value::as_array);
        if old.is_none_or(|old| old.iter().all(|toleration| tolerations.contains(toleration)))
            && !tolerations.is_empty()
        {
            out["tolerations"] = tolerations.clone().into();
        }
    }
    out
}

fn lives<C>(trace: &Trace<C>) -> Lives {
    let life = |life: &Lifecycle| match life {
        Lifecycle::Empty => r#""Empty""#.to_owned(),
        Lifecycle::Running(start) => format!(r#"{{"Running": {start}}}"#),
        Lifecycle::Finished(start, end) => format!(r#"{{"Finished": [{start}, {end}]}}"#),
    };
    let of_owner = |hashes: &BTreeMap<u64, Vec<Lifecycle>>| {
        hashes.iter().map(|(hash, lives)| (hash.to_string(), lives.iter().map(life).collect())).collect()
    };
    trace.pod_lifecycles.iter().map(|((gvk, name), hashes)| (format!("{gvk}|{name}"), of_owner(hashes))).collect()
}

fn show(steps: &[Step]) -> String {
    let mut out = String::new();
    for (i, (ts, what, _)) in steps.iter().enumerate() {
        let space = if i > 0 { " " } else { "" };
        write!(out, "{space}{what}@{ts}").expect("a string can be written");
    }
    out
}

fn list<'a>(texts: impl Iterator<Item = &'a String>) -> String {
    let quoted: Vec<String> = texts.map(|text| format!("'{text}'")).collect();
    format!("[{}]", quoted.join(", "))
}
