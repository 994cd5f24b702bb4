//! Whether SimKube replays a trace: the rules on which its reader, its driver or its validator would break, and what an API
//! server would refuse.
//!
//! A trace is read once, event by event; of each object a few words are kept, of a pod its last spec.

mod changes;
mod dependencies;
mod finding;
mod fix;
mod object;
mod rule;
mod tables;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::ops::ControlFlow;

use serde_json::{Value, json};

pub use finding::{Checked, Finding, Place};
pub use fix::fix;
pub use rule::{Remedy, Rule, Severity};

use changes::Before;
use dependencies::Present;
use finding::{Findings, Name};
use tables::Tables;

use crate::config::TracerConfig;
use crate::model::{Gvk, split_api_version};
use crate::trace::{self, Event, Object, Part, ReadError, Trace};

/// Reads a trace and holds it against all rules. That it cannot be read, or not to its end, is a finding too: only a reader
/// that fails is an error. `max_value` bounds the bytes of one object.
///
/// # Errors
/// Those of the reader.
pub fn check(reader: impl Read, max_value: u64) -> std::io::Result<Checked> {
    let mut checker = Checker::new();
    let read = trace::read(reader, max_value, |part: Part<Value>| {
        checker.part(part);
        ControlFlow::<()>::Continue(())
    });
    match read {
        Ok(_) => Ok(checker.finish(true)),
        Err(ReadError::Io { source, .. }) => Err(source),
        Err(error) => {
            checker.findings.add(Rule::Unreadable, None, None, error.to_string());
            Ok(checker.finish(false))
        }
    }
}

/// Holds a trace that was read against all rules.
pub fn check_trace(trace: &Trace<Value>) -> Checked {
    let mut checker = Checker::new();
    checker.part(Part::Config(trace.config.clone()));
    trace.events.iter().for_each(|event| checker.event(event));
    for (gvk, names) in &trace.index {
        names.iter().for_each(|(name, hash)| checker.tables.indexed(gvk, name, *hash));
    }
    for (owner, hashes) in &trace.pod_lifecycles {
        hashes.values().for_each(|lives| checker.tables.lives(owner, lives, &mut checker.findings));
    }
    checker.finish(true)
}

/// What is known at some event of a trace.
struct Checker {
    findings: Findings,
    config: TracerConfig,
    /// Objects that were applied.
    before: HashMap<Name, Before>,
    present: Present,
    tables: Tables,
    events: u64,
    last: Option<i64>,
}

impl Checker {
    fn new() -> Self {
        Checker {
            findings: Findings::default(),
            config: no_config(),
            before: HashMap::new(),
            present: Present::default(),
            tables: Tables::default(),
            events: 0,
            last: None,
        }
    }

    fn part(&mut self, part: Part<Value>) {
        match part {
            Part::Config(config) => self.config(config),
            Part::Event(event) => self.event(&event),
            Part::Indexed { gvk, name, hash } => self.tables.indexed(&gvk, &name, hash),
            Part::Lifecycles { owner, lifecycles, .. } => self.tables.lives(&owner, &lifecycles, &mut self.findings),
        }
    }

    fn config(&mut self, config: Value) {
        match serde_json::from_value::<TracerConfig>(config) {
            Ok(config) => self.config = config,
            Err(error) => self.findings.add(Rule::BadConfig, None, None, error.to_string()),
        }
        if let Err(problem) = self.config.check_versions() {
            self.findings.add(Rule::TwoVersions, None, None, problem.to_string());
        }
    }

    fn event(&mut self, event: &Event) {
        let place = (self.events, event.ts);
        if let Some(last) = self.last.filter(|last| event.ts < *last) {
            self.findings.add(Rule::TimeGoesBack, Some(place), None, format!("{} s back", last.abs_diff(event.ts)));
        }
        self.last = Some(event.ts);
        self.events += 1;
        // Each with whether it was there before, and what was applied last.
        let mut applied: BTreeMap<Name, (bool, &Object)> = BTreeMap::new();
        for object in &event.applied {
            let Some((name, was_there)) = self.applied(place, object) else { continue };
            match applied.entry(name) {
                Entry::Occupied(mut entry) => {
                    if entry.get().1 == object {
                        self.findings.add(Rule::AppliedTwice, Some(place), Some(entry.key()), "");
                    }
                    entry.get_mut().1 = object;
                }
                Entry::Vacant(entry) => drop(entry.insert((was_there, object))),
            }
        }
        for deleted in &event.deleted {
            let Some(gvk) = gvk(&deleted.api_version, &deleted.kind) else {
                let detail = format!("{} {} to be deleted", deleted.api_version, deleted.kind);
                self.findings.add(Rule::Malformed, Some(place), None, detail);
                continue;
            };
            let name = Name { gvk, ns_name: format!("{}/{}", deleted.namespace, deleted.name) };
            if applied.get(&name).is_some_and(|(was_there, _)| *was_there) {
                self.findings.add(Rule::AppliedAndDeleted, Some(place), Some(&name), "");
            }
            self.deleted(place, &name);
        }
    }

    /// Takes an applied object, and gives its name if it has one, and whether it was there.
    fn applied(&mut self, place: Place, object: &Object) -> Option<(Name, bool)> {
        let mut object = Value::Object(object.tree());
        let name = match object::name(&object) {
            Ok(name) => name,
            Err(problem) => {
                self.findings.add(Rule::Malformed, Some(place), None, problem);
                return None;
            }
        };
        object::check(&name, &object, &self.config, &mut |rule, detail| {
            self.findings.add(rule, Some(place), Some(&name), detail);
        });
        let before = self.before.entry(name.clone()).or_default();
        let was_there = before.is_there();
        before.apply(place, &name, &object, &mut |rule, detail| {
            self.findings.add(rule, Some(place), Some(&name), detail);
        });
        self.present.applied(&name);
        let needs = self.present.lacks(&name, &self.config, &mut object);
        for (rule, detail) in needs {
            self.findings.add(rule, Some(place), Some(&name), detail);
        }
        Some((name, was_there))
    }

    fn deleted(&mut self, place: Place, name: &Name) {
        if name.ns_name.starts_with('/') {
            self.findings.add(Rule::ClusterScoped, Some(place), Some(name), "");
        }
        self.present.deleted(name);
        let before = self.before.get_mut(name);
        let Some(before) = before.filter(|before| before.is_there()) else {
            return self.findings.add(Rule::DeletedUnknown, Some(place), Some(name), "");
        };
        if before.delete(place) {
            self.findings.add(Rule::DeletedByController, Some(place), Some(name), "");
        }
    }

    fn finish(mut self, whole: bool) -> Checked {
        if whole && self.events == 0 {
            self.findings.add(Rule::NoEvents, None, None, "");
        }
        if whole {
            self.tables.finish(&self.config, &self.before, &mut self.findings);
        }
        Checked { events: self.events, objects: self.before.len() as u64, findings: self.findings.finish() }
    }
}

/// A config that tracks nothing, for traces whose own cannot be used.
fn no_config() -> TracerConfig {
    serde_json::from_value(json!({"trackedObjects": {}})).unwrap_or_default()
}

fn gvk(api_version: &str, kind: &str) -> Option<Gvk> {
    let (group, version) = split_api_version(api_version)?;
    (!kind.is_empty()).then(|| Gvk::new(group, version, kind))
}

#[cfg(test)]
mod tests;
