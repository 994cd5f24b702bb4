//! The account: whatever could make a trace differ from what happened, counted by reason.
//!
//! Nothing is left out in silence. Every stage notes here what it had to pass over, to estimate or to conclude; at the end
//! a few lines on stderr say so, `--report` writes all of it as JSON, and `--strict` fails on what lies in the window.

mod audit;

pub use audit::{AuditAccount, ClockAccount, ResourceAccount, ServerAccount, Silence};

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use crate::model::Timestamp;

/// How many different examples of a reason are kept; of objects of the trace whose content is uncertain, all.
const EXAMPLES: usize = 5;

/// Why something in a trace may differ from what happened. The order is that of the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// A record could not be read and was skipped, as `--skip-invalid` says.
    RecordSkipped,
    /// The last record of a source is cut off: it was still being written.
    RecordCutOff,
    /// A record is larger than `--max-record` and was skipped.
    RecordTooLarge,
    /// A record was cut by what carried it: a collector, a cloud's log.
    RecordCutByCarrier,
    /// A line of the server's own log, or an audit line of the old text format, stands among the records.
    LineOfAnotherLog,
    /// A body is a Table or PartialObjectMetadata: no content.
    MetadataOnly,
    /// A body cannot be kept: nested too deep, numbers out of range, text that is no Unicode.
    BodyUnreadable,
    /// A status has not the types of the API; what it says of a pod's or Job's course is lost.
    StatusUnreadable,
    /// A recorder's time cannot be read.
    TimeUnreadable,
    /// A record has no time, and it was estimated from the objects.
    TimeEstimated,
    /// A watch broke off; what happened until its next initial set is unknown.
    WatchBroken,
    /// An object was missing when a watch started anew: when it went is unknown.
    GoneInGap,
    /// An object was recorded without a word of what became of it: its deletion may be missing.
    DeletionsUntold,
    /// A new object took an old one's name, whose deletion no log shows.
    ReplacedUnseen,
    /// An object of the trace was there before its first body, in the window: what it held until then is unknown.
    FirstSeenLate,
    /// An object of the trace has content that was put together from requests, without the server's answer.
    ContentApproximate,
    /// An object of the trace was changed, and what was changed is unknown.
    ContentStale,
    /// An object of a tracked kind is left out, since no record shows its content.
    ContentUnknown,
    /// A body of a tracked kind at another API version than the tracked one: it cannot be written.
    OtherVersion,
    /// A write was a dry run.
    DryRunIgnored,
    /// A write whose outcome the server itself did not know: a timeout, a broken connection, a panic.
    OutcomeUnknown,
    /// A creation was logged without a body: the object exists, its content is unknown until a later body.
    CreatedWithoutBody,
    /// An object was created under a name that the server made up and no record shows.
    NameUnknown,
    /// A write was logged without a body: what it changed is unknown.
    WrittenWithoutBody,
    /// A patch was logged without its result, and cannot be applied to what is known of the object.
    PatchWithoutBase,
    /// No record tells that an object is gone, but a request for its deletion or the end of its namespace does.
    DeletionConcluded,
    /// A record builds on a version of an object that none shows: writes are missing, as when one of several API
    /// servers' logs is.
    WritesUnseen,
    /// A resource of a kind that no body tells.
    KindUnknown,
    /// The writes of a tracked resource have no bodies: the audit policy keeps none.
    BodiesNotLogged,
    /// The log of an API server is silent for much longer than usual.
    ServerSilent,
    /// The clocks of two API servers differ; the order of one object's versions does not depend on them.
    ClocksDiffer,
    /// An object of a tracked kind is cluster-scoped: a replay cannot take it.
    ClusterScoped,
    /// An owner reference cannot be read.
    OwnerMalformed,
    /// An owner is known by reference only; whether it was in the cluster no log shows.
    OwnerUnseen,
    /// A missing owner was inferred from names and labels.
    OwnerInferred,
    /// A change of a pod that a plain update cannot make was left out.
    PodChangeUnwritable,
    /// A pod's spec could not be read, so its lifecycle has no hash and is missing.
    PodSpecUnreadable,
}

impl Reason {
    /// Every reason, in the order of the account.
    pub const ALL: [Reason; 37] = [
        Reason::RecordSkipped,
        Reason::RecordCutOff,
        Reason::RecordTooLarge,
        Reason::RecordCutByCarrier,
        Reason::LineOfAnotherLog,
        Reason::MetadataOnly,
        Reason::BodyUnreadable,
        Reason::StatusUnreadable,
        Reason::TimeUnreadable,
        Reason::TimeEstimated,
        Reason::WatchBroken,
        Reason::GoneInGap,
        Reason::DeletionsUntold,
        Reason::ReplacedUnseen,
        Reason::FirstSeenLate,
        Reason::ContentApproximate,
        Reason::ContentStale,
        Reason::ContentUnknown,
        Reason::OtherVersion,
        Reason::DryRunIgnored,
        Reason::OutcomeUnknown,
        Reason::CreatedWithoutBody,
        Reason::NameUnknown,
        Reason::WrittenWithoutBody,
        Reason::PatchWithoutBase,
        Reason::DeletionConcluded,
        Reason::WritesUnseen,
        Reason::KindUnknown,
        Reason::BodiesNotLogged,
        Reason::ServerSilent,
        Reason::ClocksDiffer,
        Reason::ClusterScoped,
        Reason::OwnerMalformed,
        Reason::OwnerUnseen,
        Reason::OwnerInferred,
        Reason::PodChangeUnwritable,
        Reason::PodSpecUnreadable,
    ];

    /// What it is that is counted.
    pub fn describe(self) -> &'static str {
        match self {
            Reason::RecordSkipped => "unreadable records skipped",
            Reason::RecordCutOff => "records cut off at the end of a source",
            Reason::RecordTooLarge => "records over --max-record skipped",
            Reason::RecordCutByCarrier => "records cut by what carried them",
            Reason::LineOfAnotherLog => "lines of another log passed over",
            Reason::MetadataOnly => "bodies without content (Table or PartialObjectMetadata)",
            Reason::BodyUnreadable => "bodies that cannot be kept",
            Reason::StatusUnreadable => "statuses that cannot be read",
            Reason::TimeUnreadable => "times that cannot be read",
            Reason::TimeEstimated => "times estimated from the objects",
            Reason::WatchBroken => "watches broken off",
            Reason::GoneInGap => "objects gone while nobody watched",
            Reason::DeletionsUntold => "records of objects without events, among which a deletion does not show",
            Reason::ReplacedUnseen => "objects replaced by another of their name, their deletion unseen",
            Reason::FirstSeenLate => "objects that were there before their first body, with unknown content",
            Reason::ContentApproximate => "objects with content put together from requests",
            Reason::ContentStale => "objects whose content was changed in ways no record shows",
            Reason::ContentUnknown => "objects left out, since no record shows their content",
            Reason::OtherVersion => "bodies at another API version than the tracked one",
            Reason::DryRunIgnored => "dry runs ignored",
            Reason::OutcomeUnknown => "writes whose outcome nobody knows",
            Reason::CreatedWithoutBody => "creations logged without a body",
            Reason::NameUnknown => "objects created under names that no record shows",
            Reason::WrittenWithoutBody => "changes logged without a body",
            Reason::PatchWithoutBase => "patches without a result that cannot be applied to what is known",
            Reason::DeletionConcluded => "deletions concluded from requests",
            Reason::WritesUnseen => "versions of objects that no record shows",
            Reason::KindUnknown => "records of resources whose kind no body tells",
            Reason::BodiesNotLogged => "tracked resources whose bodies were not logged by policy",
            Reason::ServerSilent => "spans in which a server's log is silent",
            Reason::ClocksDiffer => "pairs of servers whose clocks differ",
            Reason::ClusterScoped => "cluster-scoped objects left out",
            Reason::OwnerMalformed => "owner references that cannot be read",
            Reason::OwnerUnseen => "owners known by reference only",
            Reason::OwnerInferred => "owners inferred from names and labels",
            Reason::PodChangeUnwritable => "pod changes left out, since no plain update can make them",
            Reason::PodSpecUnreadable => "pods whose spec cannot be read, without a lifecycle",
        }
    }

    /// What can be done about it; empty where nothing can.
    pub fn advice(self) -> &'static str {
        match self {
            Reason::RecordTooLarge => "raise --max-record",
            Reason::MetadataOnly => "record whole objects: watch without a Table or metadata-only Accept header",
            Reason::TimeUnreadable => "name the field of the time with --time-field",
            Reason::TimeEstimated => "record the time of receipt beside each event, as \"ts\"",
            Reason::WatchBroken | Reason::GoneInGap => "a second recorder that watched on would fill it",
            Reason::DeletionsUntold => "record with kubectl get --watch --output-watch-events",
            Reason::FirstSeenLate => "a --baseline from before the window would tell",
            Reason::OtherVersion => "track the version that was recorded, in --config",
            Reason::OwnerUnseen => "record the owners' kinds as well",
            Reason::OwnerInferred => "record ReplicaSets and Jobs as well, or turn this off with --no-infer",
            Reason::RecordCutByCarrier => "raise the collector's limit, or take the API server's own files",
            Reason::CreatedWithoutBody
            | Reason::NameUnknown
            | Reason::WrittenWithoutBody
            | Reason::KindUnknown
            | Reason::BodiesNotLogged
            | Reason::ContentApproximate
            | Reason::ContentStale => "audit writes at level RequestResponse",
            Reason::PatchWithoutBase => "a --baseline from before the log would tell what was there",
            Reason::WritesUnseen => "give the logs of all API servers, without gaps",
            Reason::ServerSilent => "look for a log file that is missing",
            Reason::ContentUnknown => "add a list or a watch that shows them, or a --baseline",
            _ => "",
        }
    }

    /// Whether the trace is right all the same: worth knowing, and nothing for `--strict` to fail on.
    pub fn is_harmless(self) -> bool {
        matches!(self, Reason::LineOfAnotherLog | Reason::DryRunIgnored | Reason::ClocksDiffer)
    }
}

impl Reason {
    /// Whether everything that is counted is named: what in the trace is not as any record shows it.
    fn names_all(self) -> bool {
        matches!(self, Reason::ContentApproximate | Reason::ContentStale | Reason::ContentUnknown)
    }
}

/// One reason's count.
#[derive(Clone, Debug, Default)]
struct Tally {
    untimed: u64,
    by_second: BTreeMap<i64, u64>,
    examples: Vec<String>,
}

impl Tally {
    fn count(&self) -> u64 {
        self.untimed + self.by_second.values().sum::<u64>()
    }

    /// What is not known to lie outside of `[from, to)`, in seconds.
    fn within(&self, (from, to): (i64, i64)) -> u64 {
        self.untimed + if from < to { self.by_second.range(from..to).map(|(_, n)| n).sum() } else { 0 }
    }
}

/// The counts of a run.
#[derive(Clone, Debug, Default)]
pub struct Report {
    tallies: BTreeMap<Reason, Tally>,
}

/// One line of the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// The reason's name.
    pub reason: Reason,
    /// How often, over the whole log.
    pub count: u64,
    /// How often in the window, or at an unknown time.
    pub in_window: u64,
    /// What it means.
    pub meaning: &'static str,
    /// What can be done; empty where nothing can.
    pub advice: &'static str,
    /// The first few different ones, in the order of the input; of contents that are uncertain all.
    pub examples: Vec<String>,
}

impl Report {
    /// Counts one; `about` is kept while examples are few.
    pub fn note(&mut self, reason: Reason, at: Option<Timestamp>, about: impl FnOnce() -> String) {
        let tally = self.tallies.entry(reason).or_default();
        match at {
            Some(at) => *tally.by_second.entry(at.seconds()).or_default() += 1,
            None => tally.untimed += 1,
        }
        if reason.names_all() {
            tally.examples.push(about());
        } else if tally.examples.len() < EXAMPLES {
            let about = about();
            if !tally.examples.contains(&about) {
                tally.examples.push(about);
            }
        }
    }

    /// How often a reason was noted.
    pub fn count(&self, reason: Reason) -> u64 {
        self.tallies.get(&reason).map_or(0, Tally::count)
    }

    /// The account for a window in Unix seconds.
    pub fn gaps(&self, window: (i64, i64)) -> Vec<Gap> {
        let gap = |(reason, tally): (&Reason, &Tally)| Gap {
            reason: *reason,
            count: tally.count(),
            in_window: tally.within(window),
            meaning: reason.describe(),
            advice: reason.advice(),
            examples: tally.examples.clone(),
        };
        self.tallies.iter().map(gap).collect()
    }
}

/// What the trace holds, for the closing summary.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Contents {
    /// Records read, of any kind.
    pub records: u64,
    /// Objects that the logs tell of.
    pub objects_seen: u64,
    /// Events written, the starting state included.
    pub events: u64,
    /// Objects in the starting state.
    pub start_objects: u64,
    /// Objects applied after the start.
    pub applied: u64,
    /// Objects deleted.
    pub deleted: u64,
    /// Different objects in the trace.
    pub objects: u64,
    /// Pod lifecycles.
    pub lifecycles: u64,
}

/// What one source gave.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SourceSummary {
    /// Its name, as given.
    pub path: String,
    /// Records read from it.
    pub records: u64,
    /// The first recorded time in it.
    pub first: Option<String>,
    /// The last recorded time in it.
    pub last: Option<String>,
}

/// The whole account, as `--report` writes it.
#[derive(Clone, Debug, Serialize)]
pub struct Account {
    /// Version of this schema: 1.
    pub version: u32,
    /// The window, in Unix seconds: `from` inclusive, `to` exclusive.
    pub window: Window,
    /// What was written.
    pub contents: Contents,
    /// What was read, source by source.
    pub sources: Vec<SourceSummary>,
    /// What audit logs can tell and what they cannot; absent when none was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit: Option<AuditAccount>,
    /// What may make the trace differ from what happened.
    pub gaps: Vec<Gap>,
}

/// A window in the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Window {
    /// First second.
    pub from: i64,
    /// The second after the last.
    pub to: i64,
}

impl Account {
    /// How many gaps lie in the window, but for harmless ones: what `--strict` fails on.
    pub fn gaps_in_window(&self) -> u64 {
        self.gaps.iter().filter(|gap| !gap.reason.is_harmless()).map(|gap| gap.in_window).sum()
    }

    /// The account as indented JSON.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_json(&self, mut out: impl Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut out, self)?;
        out.write_all(b"\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_takes_what_lies_in_it_and_what_has_no_time() {
        let mut report = Report::default();
        for at in [Some(9), Some(10), Some(19), Some(20), None] {
            report.note(Reason::TimeEstimated, at.map(Timestamp::from_seconds), || "x".to_owned());
        }
        let gaps = report.gaps((10, 20));
        assert_eq!((gaps[0].count, gaps[0].in_window), (5, 3));
    }

    #[test]
    fn no_example_is_there_twice() {
        let mut report = Report::default();
        for about in ["a", "a", "b", "a"] {
            report.note(Reason::DryRunIgnored, None, || about.to_owned());
        }
        let gaps = report.gaps((0, 1));
        assert_eq!((gaps[0].count, gaps[0].examples.as_slice()), (4, ["a".to_owned(), "b".to_owned()].as_slice()));
    }

    #[test]
    fn strict_fails_on_nothing_that_is_harmless() {
        let mut report = Report::default();
        Reason::ALL.into_iter().for_each(|reason| report.note(reason, None, String::new));
        let gaps = report.gaps((0, 1));
        let window = Window { from: 0, to: 1 };
        let account =
            Account { version: 1, window, contents: Contents::default(), sources: Vec::new(), audit: None, gaps };
        assert_eq!(account.gaps_in_window(), Reason::ALL.len() as u64 - 3);
    }

    #[test]
    fn all_lists_every_reason_once_in_order() {
        assert!(Reason::ALL.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(Reason::ALL.last().map(|r| *r as usize + 1), Some(Reason::ALL.len()));
    }
}
