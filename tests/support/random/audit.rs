//! The same cluster as its API servers log it: an audit event for every change, and much that changes nothing.

mod clerk;
mod noise;
pub mod owners;

use std::collections::BTreeMap;
use std::fmt;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{Recording, time};
use clerk::Clerk;

/// Numbers that choose how things are logged; when they are used up they begin anew.
pub struct Dice<'a> {
    bytes: &'a [u8],
    next: usize,
}

impl Dice<'_> {
    /// A number below `sides`; 0 is the plainest choice.
    pub fn roll(&mut self, sides: u8) -> u8 {
        let byte = self.bytes.get(self.next % self.bytes.len().max(1)).copied().unwrap_or(0);
        self.next += 1;
        byte % sides
    }
}

/// How a world is logged.
#[derive(Clone, Debug)]
pub struct Style {
    /// One API server, or two.
    pub servers: u8,
    /// With what changes nothing: reads, leases, what failed.
    pub noisy: bool,
    dice: Vec<u8>,
}

/// Any way to log a world.
pub fn styles() -> impl Strategy<Value = Style> {
    let dice = proptest::collection::vec(any::<u8>(), 0..200);
    (1..3_u8, any::<bool>(), dice).prop_map(|(servers, noisy, dice)| Style { servers, noisy, dice })
}

/// How much of a request is logged, as `level` names it.
pub const LEVELS: [&str; 3] = ["RequestResponse", "Request", "Metadata"];

/// An audit event.
#[derive(Clone)]
pub struct Record {
    /// Which server wrote it.
    pub server: u8,
    /// The time of its stage, in microseconds.
    pub at: i64,
    /// When the request came in.
    pub received: i64,
    /// Whether it changes nothing.
    pub noise: bool,
    /// Whether it shows what is there.
    pub read: bool,
    event: Map<String, Value>,
}

/// What the servers wrote, in the order of the stages' times.
#[derive(Clone)]
pub struct AuditLog {
    pub records: Vec<Record>,
}

impl Recording {
    /// Logs the world.
    pub fn audited(&self, style: &Style) -> AuditLog {
        let mut clerk = Clerk::new(style, Dice { bytes: &style.dice, next: 0 });
        let mut writes: Vec<_> = self.writes.iter().collect();
        writes.sort_by_key(|write| write.at);
        for write in writes {
            clerk.write(write);
            if style.noisy {
                clerk.noise(write);
            }
        }
        let mut records = clerk.records;
        records.sort_by_key(|record| record.at);
        AuditLog { records }
    }
}

impl Record {
    /// The line of the log.
    pub fn line(&self) -> String {
        let mut event = self.event.clone();
        event.insert("requestReceivedTimestamp".to_owned(), time(self.received).into());
        event.insert("stageTimestamp".to_owned(), time(self.at).into());
        Value::Object(event).to_string()
    }

    /// The same by a clock that is ahead by so many microseconds.
    pub fn skewed(mut self, by: i64) -> Self {
        self.at += by;
        self.received += by;
        self
    }

    /// The same as a policy of a lower level has it: see [`LEVELS`]. Without its body a deletion that is a dry run is none.
    pub fn lowered(mut self, level: usize) -> Self {
        let dry_deletion = self.event["verb"] == "delete"
            && self.event.get("requestObject").is_some_and(|o| o.get("dryRun").is_some());
        let level = if dry_deletion { level.min(1) } else { level };
        self.event.insert("level".to_owned(), LEVELS[level].into());
        ["responseObject", "requestObject"].iter().take(level).for_each(|body| drop(self.event.remove(*body)));
        self
    }

    /// The same without the `managedFields` of its bodies.
    pub fn without_managed_fields(mut self) -> Self {
        self.event.values_mut().for_each(strip);
        self
    }
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.remove("managedFields");
            members.values_mut().for_each(strip);
        }
        Value::Array(elements) => elements.iter_mut().for_each(strip),
        _ => {}
    }
}

impl AuditLog {
    /// Each server's file.
    pub fn files(&self) -> BTreeMap<String, Vec<String>> {
        let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for record in &self.records {
            files.entry(format!("audit-{}.log", record.server)).or_default().push(record.line());
        }
        files
    }

    /// All in one file.
    pub fn merged(&self) -> Vec<String> {
        self.records.iter().map(Record::line).collect()
    }

    /// With some records changed, or left out.
    pub fn map(&self, change: impl FnMut(Record) -> Option<Record>) -> Self {
        let mut records: Vec<Record> = self.records.iter().cloned().filter_map(change).collect();
        records.sort_by_key(|record| record.at);
        AuditLog { records }
    }
}

impl fmt::Debug for AuditLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.records.iter().try_for_each(|record| write!(f, "\n{} {}", record.server, record.line()))
    }
}

/// The list of what is there after a moment, in microseconds: `kubectl get -o json` of all kinds.
pub fn state(log: &Recording, at: i64) -> Value {
    let mut there: BTreeMap<&str, &Value> = BTreeMap::new();
    let mut writes: Vec<_> = log.writes.iter().filter(|write| write.at <= at).collect();
    writes.sort_by_key(|write| write.at);
    for write in writes {
        let uid = write.body["metadata"]["uid"].as_str().unwrap();
        there.insert(uid, &write.body);
        if write.gone {
            there.remove(uid);
        }
    }
    json!({"apiVersion": "v1", "kind": "List", "items": there.into_values().collect::<Vec<_>>()})
}
