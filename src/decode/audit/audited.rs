//! What an audit event says beside single objects.

use super::event::{EventId, ObjectReference};
use crate::model::{GroupKind, ResourceVersion, Timestamp};

/// What one audit event tells of the log itself, for the account.
#[derive(Clone, Debug)]
pub struct Audited {
    /// Which event it is.
    pub id: EventId,
    /// The stage's time.
    pub at: Option<Timestamp>,
    /// When the request came in.
    pub received: Option<Timestamp>,
    /// The API server, where the carrier names it.
    pub server: Option<String>,
    /// The verb.
    pub verb: String,
    /// What the request was about.
    pub target: Option<ObjectReference<'static>>,
    /// What became of the request.
    pub outcome: Outcome,
    /// The resourceVersion of the result of a write, where the log shows it.
    pub resource_version: Option<ResourceVersion>,
}

/// What became of a request, as far as the log is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing that an object would show: a read, an early stage, a subresource that changes nothing, no resource at all.
    Nothing,
    /// A dry run.
    DryRun,
    /// The server refused it.
    Refused,
    /// A write of which nobody knows whether it was done.
    Unknown,
    /// It was done. A deletion needs no bodies to be understood.
    Written {
        /// Whether the request's body is there.
        request: bool,
        /// Whether the object that came of it is there, whole or its metadata.
        response: bool,
        /// Whether a body was cut because it was too large.
        truncated: bool,
    },
}

/// A deletion of many objects at once, of which the log does not say which they were.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// When.
    pub at: Option<Timestamp>,
    /// Of which kind: empty where an event names only a resource that is not built in, and when a namespace ended.
    pub kind: GroupKind,
    /// Of which resource.
    pub resource: String,
    /// In which namespace; empty for all, or for what is cluster-scoped.
    pub namespace: String,
    /// Of which name, if of one.
    pub name: Option<String>,
    /// With which labels: a selector that can be read.
    pub labels: Option<String>,
    /// The grace period that was asked for, in seconds.
    pub grace: Option<i64>,
    /// The namespace itself ended: nothing is left in it, of any kind.
    pub with_namespace: bool,
}
