//! Random but plausible logs: a cluster in small, played step by step and watched by one recorder for each kind.
//!
//! A log is made from a list of steps, each a few numbers that choose what happens to which object, so that a failing one can
//! be shrunk to the steps that matter.

pub mod audit;
mod world;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use proptest::prelude::*;
use serde_json::{Map, Value};
use tracer::model::Timestamp;
use world::World;

/// Before this second nothing is.
pub const START: i64 = 1_000_000;

/// What happens, to whom, how, and how much later than the step before.
type Step = (u8, u8, u8, u8);

/// One event of a watch.
#[derive(Clone)]
pub struct Event {
    /// The file of its watch.
    pub file: String,
    /// When it was recorded, in microseconds.
    pub at: i64,
    /// `type` and `object`.
    event: Map<String, Value>,
}

/// A change that was stored, as the API server knows it.
#[derive(Clone)]
pub struct Write {
    /// When watchers were told of it, in microseconds.
    pub at: i64,
    /// Whether it removed the object.
    pub gone: bool,
    /// The object before.
    pub before: Option<Value>,
    /// The object after; of one that is gone as it was, at the version of its removal.
    pub body: Value,
}

/// A whole log, and what is true of the cluster that it tells of.
#[derive(Clone)]
pub struct Recording {
    /// In the order of their times.
    pub events: Vec<Event>,
    /// What happened, in that order for each kind.
    pub writes: Vec<Write>,
    /// The last second.
    pub end: i64,
    /// Every object that the log could show.
    pub things: Vec<Thing>,
}

/// An object.
#[derive(Clone)]
pub struct Thing {
    pub api_version: &'static str,
    pub kind: &'static str,
    pub namespace: String,
    pub name: String,
    uid: String,
    labels: BTreeMap<&'static str, String>,
    owner: Option<usize>,
    content: (&'static str, Value),
    status: Value,
    version: u64,
    created: i64,
    written: i64,
    finalizers: Vec<&'static str>,
    /// The grace period of its deletion, once that has begun.
    grace: Option<i64>,
    /// As it was stored last.
    stored: Option<Value>,
    /// When watchers were told of it first.
    pub seen: i64,
    /// When it was deleted.
    pub gone: Option<i64>,
    /// The second from which on a pod or Job is over.
    pub over: Option<i64>,
}

impl Thing {
    /// `apiVersion.kind namespace/name`
    pub fn key(&self) -> String {
        format!("{}.{} {}/{}", self.api_version, self.kind, self.namespace, self.name)
    }
}

/// Logs of up to so many steps; with `gaps` some watches break off and begin anew.
pub fn recordings(steps: usize, gaps: bool) -> impl Strategy<Value = Recording> {
    recordings_since(0..8, steps, gaps)
}

/// Logs of up to so many steps, recorded from the very beginning and without gaps.
pub fn whole_recordings(steps: usize) -> impl Strategy<Value = Recording> {
    recordings_since(0..1, steps, false)
}

/// Logs that begin after a number of steps.
fn recordings_since(before: Range<usize>, steps: usize, gaps: bool) -> impl Strategy<Value = Recording> {
    let step = (any::<u8>(), any::<u8>(), any::<u8>(), any::<u8>());
    (before, proptest::collection::vec(step, 1..steps)).prop_map(move |(before, steps)| {
        let mut world = World::new(gaps);
        for (i, step) in steps.iter().enumerate() {
            if i == before {
                world.record();
            }
            world.step(*step);
        }
        if !world.recording {
            world.record();
        }
        world.finish()
    })
}

impl Recording {
    /// The files by name: one for each kind.
    pub fn files(&self, timed: bool) -> BTreeMap<String, Vec<String>> {
        let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for event in &self.events {
            files.entry(event.file.clone()).or_default().push(event.line(timed));
        }
        files
    }

    /// All events in one file, in the order of their times.
    pub fn merged(&self, timed: bool) -> Vec<String> {
        self.events.iter().map(|event| event.line(timed)).collect()
    }
}

impl Event {
    fn line(&self, timed: bool) -> String {
        let mut event = self.event.clone();
        if timed {
            event.insert("ts".to_owned(), time(self.at).into());
        }
        Value::Object(event).to_string()
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.events.iter().try_for_each(|event| write!(f, "\n{}", event.line(true)))
    }
}

fn time(micros: i64) -> String {
    Timestamp::from_micros(micros).to_string()
}
