//! What is in a log, or in a trace, for whoever has to find the hour that is worth a replay.
//!
//! Everything is counted from what a command that exports would see too: the history of the objects, the [survey] of the
//! records, the account. Filters and the span of time bear on objects and what happened to them; records, levels and servers
//! are those of all that was read.
//!
//! [survey]: crate::survey

mod changes;
mod chart;
mod hours;
mod owners;
mod replay;
pub mod schema;
mod tally;
mod text;
mod words;
mod workload;

pub use schema::Inspection;
pub use text::{Look, write_text};

use std::cmp::Reverse;
use std::collections::BTreeSet;

use changes::Judge;
use hours::{Histogram, QUARTER};
use replay::TraceFacts;
use schema::{BusySpan, Input, Silent, TimedGap};
use tally::Tally;
use workload::Workload;

use crate::archive::Past;
use crate::config::TracerConfig;
use crate::filter::Filters;
use crate::input::{Source, Sources, stored};
use crate::model::{GroupKind, Timestamp};
use crate::report::{AuditAccount, Gap, Report, ResourceAccount, SourceSummary};
use crate::survey::{Form, Holding, Pause, Survey, Timeline};

pub use hours::Window;

/// So many of the busiest spans are named.
const BUSIEST: usize = 5;
/// What is shorter than a quarter of an hour is looked at in about so many parts.
const PARTS: usize = 10;
/// So many pauses are named.
const PAUSES: usize = 5;
/// A histogram in JSON has at most so many spans.
const SPANS: usize = 500;
/// A pause of so many microseconds is worth a word however long the log is.
const PAUSE: i64 = 600_000_000;

/// What was read, and what of it is looked at.
pub struct Subject<'a> {
    /// The inputs.
    pub sources: &'a Sources,
    /// What happened.
    pub past: &'a Past,
    /// What the audit logs can tell and what they cannot.
    pub audit: Option<&'a AuditAccount>,
    /// The account.
    pub report: &'a Report,
    /// What is tracked.
    pub config: &'a TracerConfig,
    /// What is looked at of the objects.
    pub filters: &'a Filters,
    /// From when to when the log runs; `None` where nothing in it has a time.
    pub log: Option<(Timestamp, Timestamp)>,
    /// What is looked at of it, in Unix seconds.
    pub window: Option<Window>,
}

/// Looks through all of it.
pub fn inspect(subject: &Subject<'_>) -> Inspection {
    let Subject { past: Past { archive, history, graph }, audit, .. } = *subject;
    let nothing = Survey::default();
    let survey = archive.survey.as_deref().unwrap_or(&nothing);
    let window = subject.window.unwrap_or_default();
    let span = (Timestamp::from_seconds(window.0), Timestamp::from_seconds(window.1));
    let judge = Judge::new(subject.filters);
    let tally = Tally::of(history, &judge, span);
    let trace = trace(subject, survey, &judge, span);
    let owners = if trace.is_some() { Vec::new() } else { owners::owners(history, graph, &judge, span) };
    Inspection {
        version: 1,
        log: subject.log.map(schema::span),
        window: subject.window.map(|_| schema::span(span)),
        records: archive.records,
        objects: tally.all.objects,
        changes: tally.all.changes,
        inputs: inputs(subject.sources, &archive.sources, survey),
        forms: schema::forms(survey),
        levels: schema::levels(survey),
        servers: audit.map(|audit| audit.servers.clone()).unwrap_or_default(),
        resources: audit.map(resources).unwrap_or_default(),
        kinds: schema::kinds(&tally, &tracked(subject.config)),
        namespaces: schema::namespaces(&tally),
        owners: owners.into_iter().map(schema::owner).collect(),
        histogram: schema::histogram(&Histogram::of(&tally.seconds, window, SPANS)),
        busiest: subject.window.map(|window| busiest(&tally, window)).unwrap_or_default(),
        pauses: subject.window.map(|window| pauses(&survey.timeline, window)).unwrap_or_default(),
        gaps: gaps(subject.report, window),
        trace,
        export: None,
        seconds: tally.seconds,
    }
}

fn tracked(config: &TracerConfig) -> BTreeSet<GroupKind> {
    config.iter().map(|(gvk, _)| gvk.group_kind()).collect()
}

/// What a trace would start, if it is the only input.
fn trace(
    subject: &Subject<'_>,
    survey: &Survey,
    judge: &Judge<'_>,
    span: (Timestamp, Timestamp),
) -> Option<TraceFacts> {
    let Past { archive, history, .. } = subject.past;
    let forms = || survey.sources.iter().flat_map(|source| source.forms.keys());
    let alone = archive.sources.len() == 1 && survey.traces.events > 0 && forms().all(|form| *form == Form::Trace);
    alone.then(|| {
        let workload = Workload::of(history, judge, span);
        let carried =
            archive.carried.iter().filter(|carried| judge.keeps_owner(history, &carried.gvk, &carried.ns_name));
        replay::facts(&survey.traces, &workload, &carried.collect::<Vec<_>>(), subject.config)
    })
}

fn inputs(sources: &Sources, summaries: &[SourceSummary], survey: &Survey) -> Vec<Input> {
    let nothing = Holding::default();
    let input = |(index, (source, summary)): (usize, (&Source, &SourceSummary))| {
        let holding = survey.sources.get(index).unwrap_or(&nothing);
        let stored = match source {
            Source::File(path) => stored(path),
            Source::Stdin => None,
        };
        Input {
            path: summary.path.clone(),
            formats: holding.forms.keys().map(|form| form.name()).collect(),
            bytes: stored.map(|stored| stored.bytes),
            compression: stored.and_then(|stored| stored.compression),
            archive: stored.is_some_and(|stored| stored.is_archive) || holding.members > 0,
            members: u64::from(holding.members),
            records: summary.records,
            first: summary.first.clone(),
            last: summary.last.clone(),
        }
    };
    sources.iter().zip(summaries).enumerate().map(input).collect()
}

/// Of all resources, those with the most writes first.
fn resources(audit: &AuditAccount) -> Vec<ResourceAccount> {
    let mut all: Vec<ResourceAccount> = audit.resources.iter().chain(&audit.others).cloned().collect();
    all.sort_by(|a, b| {
        let name = |of: &ResourceAccount| (of.group.clone(), of.resource.clone(), of.subresource.clone());
        (b.writes + b.deletions).cmp(&(a.writes + a.deletions)).then_with(|| name(a).cmp(&name(b)))
    });
    all
}

/// The busiest quarters of an hour; of what is shorter the busiest parts.
fn busiest(tally: &Tally, window: Window) -> Vec<BusySpan> {
    let whole = window.1.saturating_sub(window.0);
    let length = if whole > QUARTER { QUARTER } else { hours::length_for((0, whole), PARTS) };
    hours::busiest(&tally.seconds, window, length, BUSIEST).into_iter().map(schema::busy).collect()
}

/// The longest pauses that stand out, in the order of time.
fn pauses(timeline: &Timeline, (from, to): Window) -> Vec<Silent> {
    let (from, to) = (Timestamp::from_seconds(from), Timestamp::from_seconds(to));
    let whole = to.micros().saturating_sub(from.micros());
    let least = (whole / 20).clamp(1_000_000, PAUSE);
    let inside = |pause: Pause| Pause { from: pause.from.max(from), to: pause.to.min(to) };
    let mut pauses: Vec<Pause> = timeline.pauses(least).into_iter().map(inside).collect();
    pauses.retain(|pause| pause.micros() >= least);
    pauses.sort_by_key(|pause| (Reverse(pause.micros()), pause.from));
    pauses.truncate(PAUSES);
    pauses.sort_by_key(|pause| pause.from);
    pauses.into_iter().map(schema::silent).collect()
}

/// The account for the window, with the times of what has any.
fn gaps(report: &Report, window: Window) -> Vec<TimedGap> {
    let timed = |gap: Gap| {
        let (first, last) = report.span(gap.reason).map(|(first, last)| (first.to_string(), last)).unzip();
        let last = last.filter(|last| *last != Timestamp::MAX).map(|last| last.to_string());
        TimedGap { gap, first, last }
    };
    report.gaps(window).into_iter().map(timed).collect()
}

/// What an export would be of: the busiest quarter of an hour, or the whole window if it is shorter.
pub fn quarter(inspection: &Inspection, window: Window) -> Window {
    let whole = window.1.saturating_sub(window.0) <= QUARTER;
    inspection.busiest.first().filter(|_| !whole).map_or(window, |busy| busy.window)
}
