//! What an inspection tells, as JSON: version 1.
//!
//! The README and the help describe every field; a test compares them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use serde::Serialize;

use super::changes::Changes;
use super::hours::{Busy, Histogram, Window};
use super::owners::Pods;
use super::replay::TraceFacts;
use super::tally::{Moment, Sum, Tally};
use crate::decode::audit::Level;
use crate::model::{GroupKind, ObjectKey, Timestamp};
use crate::report::{Gap, ResourceAccount, ServerAccount};
use crate::survey::{Fate, Form, Pause, Survey};

/// What is in a log, or in a trace.
#[derive(Clone, Debug, Serialize)]
pub struct Inspection {
    /// Version of this schema: 1.
    pub version: u32,
    /// From when to when the log runs; null where nothing in it has a time.
    pub log: Option<Span>,
    /// What is looked at of it, in whole seconds, the end exclusive; null where that is unknown.
    pub window: Option<Span>,
    /// Records read, of any kind.
    pub records: u64,
    /// Objects that were there in the window and that the filters keep.
    pub objects: u64,
    /// What happened to them in the window.
    pub changes: Changes,
    /// The inputs, in the order in which they are read.
    pub inputs: Vec<Input>,
    /// What the records are, and what became of them.
    pub forms: Vec<FormCount>,
    /// Audit events by level.
    pub levels: Vec<LevelCount>,
    /// API servers, as in `--report`.
    pub servers: Vec<ServerAccount>,
    /// What was recorded of the writes of each resource, as in `--report`; the busiest first.
    pub resources: Vec<ResourceAccount>,
    /// Kinds of objects, those with the most changes first.
    pub kinds: Vec<KindCount>,
    /// Namespaces, those with the most changes first.
    pub namespaces: Vec<NamespaceCount>,
    /// The topmost owners of pods, those with the most first; of a trace see `trace.owners`.
    pub owners: Vec<OwnerCount>,
    /// Changes over time.
    pub histogram: Bars,
    /// The spans with the most changes, the busiest first.
    pub busiest: Vec<BusySpan>,
    /// The longest spans without any record, in the order of time.
    pub pauses: Vec<Silent>,
    /// What may make a trace differ from what happened, as in `--report`.
    pub gaps: Vec<TimedGap>,
    /// Where the only input is a trace: what it would start.
    pub trace: Option<TraceFacts>,
    /// A command that exports the busiest quarter of an hour, for a shell; null where nothing has a time.
    pub export: Option<String>,
    /// What happened in each second; for the chart of a text.
    #[serde(skip)]
    pub(super) seconds: BTreeMap<i64, Moment>,
}

impl Inspection {
    /// It as indented JSON.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_json(&self, mut out: impl Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut out, self)?;
        out.write_all(b"\n")
    }
}

/// A span of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// Its first moment.
    pub from: String,
    /// Its last moment, or the one after it.
    pub to: String,
}

pub(super) fn span((from, to): (Timestamp, Timestamp)) -> Span {
    Span { from: from.to_string(), to: to.to_string() }
}

/// One input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Input {
    /// Its name, as given.
    pub path: String,
    /// What it holds: `audit`, `watch`, `list`, `object`, `trace`, `other`.
    pub formats: Vec<&'static str>,
    /// Its size as stored; null for a pipe.
    pub bytes: Option<u64>,
    /// `gzip`, `zstd`, `bzip2` or `xz`; null where there is none, and for a pipe.
    pub compression: Option<&'static str>,
    /// Whether it is a tar archive.
    pub archive: bool,
    /// How many members were read of it.
    pub members: u64,
    /// Records read from it.
    pub records: u64,
    /// The first recorded time in it.
    pub first: Option<String>,
    /// The last recorded time in it.
    pub last: Option<String>,
}

/// Records of one form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FormCount {
    /// As in `inputs[].formats`.
    pub format: Form,
    /// How many; of lists and arrays what is in them.
    pub records: u64,
    /// What became of them.
    pub fates: Vec<FateCount>,
}

/// What became of some records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FateCount {
    /// Its name.
    pub fate: Fate,
    /// How many.
    pub records: u64,
}

pub(super) fn forms(survey: &Survey) -> Vec<FormCount> {
    let of = |form: Form| {
        let fates = survey.fates.iter().filter(|((of, _), _)| *of == form);
        let fates: Vec<FateCount> =
            fates.map(|((_, fate), records)| FateCount { fate: *fate, records: *records }).collect();
        FormCount { format: form, records: fates.iter().map(|fate| fate.records).sum(), fates }
    };
    Form::ALL.into_iter().map(of).filter(|count| count.records > 0).collect()
}

/// Audit events of one level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LevelCount {
    /// `Metadata` (which is also what is of no known level), `Request` or `RequestResponse`.
    pub level: &'static str,
    /// All of them.
    pub events: u64,
    /// Those of a stage before the answer.
    pub early: u64,
    /// Requests that were to change something.
    pub writes: u64,
}

pub(super) fn levels(survey: &Survey) -> Vec<LevelCount> {
    let level = |(level, of): (&Level, &crate::survey::OfLevel)| LevelCount {
        level: match level {
            Level::Metadata => "Metadata",
            Level::Request => "Request",
            Level::RequestResponse => "RequestResponse",
        },
        events: of.events,
        early: of.early,
        writes: of.writes,
    };
    survey.levels.iter().map(level).collect()
}

/// Objects of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KindCount {
    /// Its API group, empty for the core group.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// Whether the config tracks it.
    pub tracked: bool,
    /// Objects that were there at any time.
    pub objects: u64,
    /// Those that were there when the window began.
    pub at_start: u64,
    /// Those that were there when it ended.
    pub at_end: u64,
    /// What happened to them.
    #[serde(flatten)]
    pub changes: Changes,
}

pub(super) fn kinds(tally: &Tally, tracked: &BTreeSet<GroupKind>) -> Vec<KindCount> {
    let kind = |(kind, sum): (&GroupKind, &Sum)| KindCount {
        group: kind.group.clone(),
        kind: kind.kind.clone(),
        tracked: tracked.contains(kind),
        objects: sum.objects,
        at_start: sum.at_start,
        at_end: sum.at_end,
        changes: sum.changes,
    };
    let mut kinds: Vec<KindCount> = tally.kinds.iter().map(kind).collect();
    kinds.sort_by_key(|kind| Reverse((kind.changes.all(), kind.objects)));
    kinds
}

/// What is in one namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NamespaceCount {
    /// Its name; empty for what is cluster-scoped.
    pub namespace: String,
    /// Objects that were there at any time.
    pub objects: u64,
    /// Pods among them.
    pub pods: u64,
    /// What happened to them.
    #[serde(flatten)]
    pub changes: Changes,
}

pub(super) fn namespaces(tally: &Tally) -> Vec<NamespaceCount> {
    let namespace = |(name, sum): (&String, &Sum)| NamespaceCount {
        namespace: name.clone(),
        objects: sum.objects,
        pods: sum.pods,
        changes: sum.changes,
    };
    let mut namespaces: Vec<NamespaceCount> = tally.namespaces.iter().map(namespace).collect();
    namespaces.sort_by_key(|namespace| Reverse((namespace.changes.all(), namespace.objects)));
    namespaces
}

/// The pods of one owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwnerCount {
    /// The owner; null for pods that nothing owns.
    pub owner: Option<Name>,
    /// Whether any log shows the owner itself, and not only references to it.
    pub seen: bool,
    /// Pods that were there at any time.
    pub pods: u64,
    /// How many were there at one time, at most.
    pub at_once: u64,
}

/// The name of an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Name {
    /// API group, empty for the core group.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// The namespace, empty for what is cluster-scoped.
    pub namespace: String,
    /// The name.
    pub name: String,
}

impl From<&ObjectKey> for Name {
    fn from(key: &ObjectKey) -> Self {
        let ObjectKey { kind: GroupKind { group, kind }, namespace, name } = key.clone();
        Name { group, kind, namespace, name }
    }
}

impl Name {
    /// As messages name an object: `Deployment.apps shop/web`.
    pub fn shown(&self) -> String {
        let kind = GroupKind::new(self.group.clone(), self.kind.clone());
        ObjectKey { kind, namespace: self.namespace.clone(), name: self.name.clone() }.to_string()
    }
}

pub(super) fn owner(pods: Pods) -> OwnerCount {
    OwnerCount { owner: pods.owner.as_ref().map(Name::from), seen: pods.seen, pods: pods.pods, at_once: pods.at_once }
}

/// A histogram.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bars {
    /// How long each span is.
    pub seconds: i64,
    /// The spans in which anything happened, in order.
    pub spans: Vec<Bar>,
}

/// One span of a histogram.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bar {
    /// Its first second.
    pub from: String,
    /// What happened.
    #[serde(flatten)]
    pub changes: Changes,
    /// Pods created.
    pub pods: u64,
}

pub(super) fn histogram(histogram: &Histogram) -> Bars {
    let Histogram { length, from, spans } = histogram;
    let begins = |index: usize| Timestamp::from_seconds(from.saturating_add(length.saturating_mul(index as i64)));
    let bar = |(index, moment): (usize, &Moment)| Bar {
        from: begins(index).to_string(),
        changes: moment.changes,
        pods: moment.pods,
    };
    let spans = spans.iter().enumerate().filter(|(_, moment)| moment.changes.all() > 0).map(bar).collect();
    Bars { seconds: *length, spans }
}

/// A busy span.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BusySpan {
    /// Its first second.
    pub from: String,
    /// The second after its last.
    pub to: String,
    /// What happened.
    #[serde(flatten)]
    pub changes: Changes,
    /// Pods created.
    pub pods: u64,
    /// The span in Unix seconds.
    #[serde(skip)]
    pub window: Window,
}

pub(super) fn busy(busy: Busy) -> BusySpan {
    let Span { from, to } = span((Timestamp::from_seconds(busy.window.0), Timestamp::from_seconds(busy.window.1)));
    BusySpan { from, to, changes: busy.moment.changes, pods: busy.moment.pods, window: busy.window }
}

/// A span without any record.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Silent {
    /// The last record before it.
    pub from: String,
    /// The first record after it.
    pub to: String,
    /// How long it is.
    pub seconds: f64,
}

pub(super) fn silent(pause: Pause) -> Silent {
    let Span { from, to } = span((pause.from, pause.to));
    Silent { from, to, seconds: pause.micros() as f64 / 1e6 }
}

/// A reason of the account, and when it was noted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TimedGap {
    /// What `--report` says of it.
    #[serde(flatten)]
    pub gap: Gap,
    /// The first time at which it was noted, to the second; null where none is known.
    pub first: Option<String>,
    /// The last one; null also where it lasts.
    pub last: Option<String>,
}
