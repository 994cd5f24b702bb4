//! What a record tells, told again: the lines of `tracer events`, written and read.
//!
//! A line is one JSON object: `{"ts", "type", "object", "tracer"}`. It tells one observation, or what one audit event tells;
//! reading it gives the very items that decoding the record gave, in whatever order lines come, and whatever bodies are
//! asked for. The first three members are for everybody: a time, what became of an object, and the object. The last one,
//! `tracer`, holds what only other records would tell or what no object has; whoever does without it passes over it.
//!
//! | `type` | `object` | `tracer` has besides |
//! |---|---|---|
//! | `ADDED`, `MODIFIED`, `DELETED` | of a watch: the object | `run`, and of an `ADDED` `added` |
//! | the same | of an audit event: the object that the server answered with | `audit`: the event, without its answer |
//! | `AUDIT` | an audit event that has less: a patch, a deletion by name, metadata, a list | `old`: the object before, of a review |
//! | `LISTED` | an object of a list | `baseline`, if it is the state before the logs |
//! | `SHOWN` | an object without a word of what became of it | `run`, where it shows a deletion |
//! | `BOOKMARK` | the kind that is watched | `run`, and `set` for an initial set, or `end` for the end of what was read |
//! | `ERROR` | the Status that a watch broke off with | |
//! | `SPAN` | from when to when a source runs | |
//! | `SEEN`, `KIND` | that an object was there, or which kind a resource has, where a filter left out the line | `run`, `added` |
//! | `APPLIED`, `DELETED` | of a trace: the object | `event`: the number of its event |
//! | `END`, `LIFECYCLES`, `CONFIG` | of a trace: until when it lasts, how long pods ran, what is tracked | |
//!
//! Every `tracer` has the [`Provenance`]: `source` and `hash`, the name of what the record stood in and a hash of all that it
//! tells, `member` of an archive, `line`, and `part` where a record tells several lines. Records that nothing else puts in order are in that of the
//! input, so it goes along.
//!
//! `ts` is the recorder's time, or an audit event's of its stage; `null` where there is none. A time that RFC 3339 cannot
//! express is `null` too, and stands as `micros` in `tracer`.

mod event;
mod put;
mod read;
#[cfg(test)]
mod tests;
mod write;

use std::collections::BTreeSet;

use super::Interest;
use crate::fingerprint::Uid;
use crate::model::{GroupKind, ResourceVersion, Timestamp};

pub use read::Retold;
pub use write::{end_line, kind_line, seen_line, set_line, span_line};

const ADDED: &str = "ADDED";
const MODIFIED: &str = "MODIFIED";
const DELETED: &str = "DELETED";
const LISTED: &str = "LISTED";
const SHOWN: &str = "SHOWN";
const BOOKMARK: &str = "BOOKMARK";
const ERROR: &str = "ERROR";
const SPAN: &str = "SPAN";
const SEEN: &str = "SEEN";
const KIND: &str = "KIND";
const APPLIED: &str = "APPLIED";
const END: &str = "END";
const LIFECYCLES: &str = "LIFECYCLES";
const CONFIG: &str = "CONFIG";

/// How records are told again.
#[derive(Clone, Debug)]
pub struct Retelling {
    /// What is no noise here is told.
    pub noise_of: Interest,
}

/// A line to be written: what the items after it say, up to the next line.
#[derive(Clone, Debug)]
pub struct Line {
    /// `ts`.
    pub at: Option<Timestamp>,
    /// `type`.
    pub kind: String,
    /// `object`, as JSON.
    pub object: String,
    /// Of `tracer`, what goes beyond the provenance: members with a comma before each.
    pub tail: String,
    /// Where it was told first, if it is read from such lines: then that stays.
    pub told: Option<Box<Provenance>>,
}

/// Where a record stood that a line tells again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// The source.
    pub source: SourceName,
    /// Which member of the archive that the source is, from 1; 0 where it is none.
    pub member: u32,
    /// The line of its text, from 1, or the operation of a trace; 0 for what is told of the source.
    pub line: u64,
    /// Which of the lines of that record this is, from 0.
    pub part: u32,
    /// The run of the watch that told it.
    pub run: Option<u32>,
    /// The number of the initial set that it is of, if that was one.
    pub added: Option<u32>,
    /// Whether its time is none of the log's: a state before that, or the order within a trace.
    pub aside: bool,
}

/// What a source is called, far from where it lies.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceName {
    /// Whether it was stdin, which comes last.
    pub stdin: bool,
    /// Its path; empty for stdin.
    pub path: String,
    /// A hash of what it tells: other directories have files of the same name.
    pub hash: u64,
}

/// What is told of no record by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// An initial set of a watch.
    Set(Box<SetFacts>),
    /// A run of a watch was followed until then.
    RunEnd {
        /// The kind that is watched.
        kind: GroupKind,
        /// The run.
        run: u32,
        /// Until when.
        at: Option<Timestamp>,
    },
    /// The recorded times of a source.
    Span {
        /// The first.
        first: Timestamp,
        /// The last.
        last: Timestamp,
    },
    /// An object was there.
    Seen {
        /// Its uid.
        uid: Uid,
        /// When.
        at: Option<Timestamp>,
    },
    /// The kind of a resource.
    Kind {
        /// Group and kind.
        kind: GroupKind,
        /// The version that it was seen at.
        version: String,
        /// The resource.
        resource: String,
        /// Whether its contents are needed.
        needed: bool,
    },
}

/// An initial set of a watch, but for its members: those say themselves that they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetFacts {
    /// The kind that is watched.
    pub kind: GroupKind,
    /// The run of the watch.
    pub run: u32,
    /// Its number in that run.
    pub number: u32,
    /// When it began, where recorded.
    pub at: Option<Timestamp>,
    /// The latest resourceVersion that it shows.
    pub resource_version: Option<ResourceVersion>,
    /// The namespaces that it shows objects of.
    pub namespaces: BTreeSet<String>,
    /// Whether the run had begun before.
    pub anew: bool,
    /// Whether its source ended before the set did.
    pub cut_off: bool,
    /// Whether it stands at the start of its source.
    pub at_start: bool,
}
