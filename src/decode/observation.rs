//! What one record says of one object.

use super::audit::event::EventId;
use super::pod::{JobFacts, PodFacts};
use crate::blobs::Blob;
use crate::fingerprint::Uid;
use crate::model::{ObjectKey, ResourceVersion, Timestamp};
use crate::patch::Dialect;

/// What a record says has become of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// It is there: new, or told again at the start of a watch.
    Added,
    /// It is new: the answer to its creation.
    Created,
    /// It has changed.
    Modified,
    /// It is there, as a list or another read says.
    Listed,
    /// It was shown without a word of what became of it.
    Bare,
    /// It stands in the starting state of a trace, or is applied in one of its events.
    Applied,
    /// Its deletion was asked for; whether it is gone, or waits for a finalizer or its containers, the record does not say.
    Leaving,
    /// The server knows of no such object any more.
    Absent,
    /// It is gone; the body is its last state.
    Deleted,
}

/// How a record tells of an object.
#[derive(Clone, Debug, Default)]
pub enum Telling {
    /// Its body is the object.
    #[default]
    Whole,
    /// Its body is what was asked for; what the server made of it is not in the log.
    Requested,
    /// Its body is the object's metadata, and nothing else of it.
    Metadata,
    /// It has a patch of the object, and not what came of it.
    Patch(Box<Patch>),
    /// It has no body.
    Nothing(Why),
}

/// Why a record of a write has no body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It was not logged.
    NotLogged,
    /// Nobody knows whether the write was done.
    OutcomeUnknown,
}

/// A change of an object of which the log shows the request alone.
#[derive(Clone, Debug)]
pub struct Patch {
    /// The JSON of the patch.
    pub text: Box<[u8]>,
    /// How it is to be read.
    pub dialect: Dialect,
    /// Whether what comes of it is certain: of some subresources the request says all there is to say.
    pub exact: bool,
}

/// Which part of an object a record can have changed; the more, the greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// None: it was read.
    Nothing,
    /// The node that it is bound to.
    Node,
    /// Its status, and its annotations perhaps.
    Status,
    /// Any of it.
    #[default]
    Whole,
}

/// One observation of an object.
#[derive(Clone, Debug)]
pub struct Observation {
    /// Kind, namespace, name. The kind is empty where an audit event names only a resource that is not built in; the name
    /// where the server was to generate it.
    pub key: ObjectKey,
    /// The resource, where an audit event names it: lower case, plural.
    pub resource: Option<String>,
    /// The API version of the body, without the group.
    pub version: String,
    /// The object's uid; a trace has none, nor have many requests.
    pub uid: Option<Uid>,
    /// `metadata.resourceVersion` where it is decimal and fits: versions of one object are ordered by it.
    pub resource_version: Option<ResourceVersion>,
    /// The version that a write was made upon, where it had to be that one.
    pub base: Option<ResourceVersion>,
    /// The recorder's time.
    pub at: Option<Timestamp>,
    /// The latest moment that the body itself proves, where the record has no time.
    pub evidence: Option<Timestamp>,
    /// Whether the body proves, by its `managedFields`, that nobody has written to the object since its creation.
    pub pristine: bool,
    /// `metadata.creationTimestamp`.
    pub created: Option<Timestamp>,
    /// What became of it.
    pub change: Change,
    /// Whether its deletion has begun and no grace period is left: only finalizers keep it.
    pub held: bool,
    /// Whether its content is needed.
    pub wanted: bool,
    /// How the record tells of it.
    pub telling: Telling,
    /// Which part of it can have changed.
    pub part: Part,
    /// The audit event that says so.
    pub event: Option<EventId>,
    /// The members of `metadata` that are kept.
    pub metadata: Blob,
    /// The body but for `apiVersion`, `kind`, `metadata` and `status`; `None` where it is not needed, or is
    /// not at the tracked version.
    pub content: Option<Blob>,
    /// The `status`, where it is wanted.
    pub status: Option<Blob>,
    /// Why its bodies cannot be kept, if they cannot: then it says no more than that the object is there.
    pub unkept: Option<Box<str>>,
    /// What its status says of its course.
    pub facts: Facts,
    /// The number of its event, where a trace tells of it.
    pub trace_event: Option<u64>,
    /// Who made the change, where an audit event tells and it is asked for: a JSON object with `user`, `agent`, `verb` and
    /// `subresource`.
    pub writer: Option<Blob>,
}

/// What a status says of an object's course; only of the kinds where that matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Facts {
    /// Nothing that matters.
    #[default]
    None,
    /// Of a pod.
    Pod(PodFacts),
    /// Of a Job.
    Job(JobFacts),
}

impl Facts {
    /// What holds after this was told, where earlier facts held before.
    #[must_use]
    pub fn over(self, earlier: Facts) -> Facts {
        match (self, earlier) {
            (Facts::Pod(later), Facts::Pod(earlier)) => Facts::Pod(later.over(earlier)),
            (Facts::None, earlier) => earlier,
            (later, _) => later,
        }
    }
}
