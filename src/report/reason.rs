//! The reasons of the account, in words.

use serde::Serialize;

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
    /// An object is shown with a status, or with more, that no record shows as it was.
    StatusUncertain,
    /// An object has content that no record shows: it cannot be in a trace.
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
    /// Something that pods of the trace need is not in it: in a simulation they are refused, or never run.
    DependencyMissing,
    /// Something that pods need is in the trace as a stub: no record shows its content.
    DependencyStub,
    /// Something that pods need is in the trace earlier than it was created, since they were there first.
    DependencyEarly,
    /// A reference to what cannot come along, or was not to, was taken out of a pod or a template.
    ReferenceRemoved,
}

impl Reason {
    /// Every reason, in the order of the account.
    pub const ALL: [Reason; 42] = [
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
        Reason::StatusUncertain,
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
        Reason::DependencyMissing,
        Reason::DependencyStub,
        Reason::DependencyEarly,
        Reason::ReferenceRemoved,
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
            Reason::StatusUncertain => "objects whose status no record shows as it was",
            Reason::ContentUnknown => "objects whose content no record shows: a trace leaves them out",
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
            Reason::DependencyMissing => "objects that pods need and the trace does not contain",
            Reason::DependencyStub => "objects that pods need, written as stubs since no record shows them",
            Reason::DependencyEarly => {
                "objects that pods need, written before their creation since the pods were first"
            }
            Reason::ReferenceRemoved => "references taken out of pods and their templates",
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
            | Reason::ContentStale
            | Reason::StatusUncertain => "audit writes at level RequestResponse",
            Reason::PatchWithoutBase => "a --baseline from before the log would tell what was there",
            Reason::WritesUnseen => "give the logs of all API servers, without gaps",
            Reason::ServerSilent => "look for a log file that is missing",
            Reason::ContentUnknown => "add a list or a watch that shows them, or a --baseline",
            Reason::DependencyMissing => "--deps include brings them along, --deps strip takes out what refers to them",
            Reason::DependencyStub => "record ServiceAccounts and ConfigMaps as well",
            _ => "",
        }
    }

    /// Whether the trace is right all the same: worth knowing, and nothing for `--strict` to fail on.
    pub fn is_harmless(self) -> bool {
        matches!(
            self,
            Reason::LineOfAnotherLog | Reason::DryRunIgnored | Reason::ClocksDiffer | Reason::DependencyMissing
        )
    }
}

impl Reason {
    /// Whether everything that is counted is named: what in the trace is not as any record shows it.
    pub(super) fn names_all(self) -> bool {
        matches!(
            self,
            Reason::ContentApproximate
                | Reason::ContentStale
                | Reason::StatusUncertain
                | Reason::ContentUnknown
                | Reason::DependencyMissing
                | Reason::DependencyStub
        )
    }
}
