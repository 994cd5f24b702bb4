//! What an audit event says of objects.

pub mod event;

pub use event::{AuditEvent, Level, ObjectReference, Stage};

use std::hash::{BuildHasher, RandomState};

use crate::model::{ResourceVersion, Timestamp};

/// What makes two audit events copies of one: rotated files overlap, and an aggregated API logs twice. Equal for events with
/// the same id, stage, verb, resource, namespace and path; names and bodies may be missing from one of two copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(u128);

/// Makes [`EventId`]s. Two keyed hashes, so that no log can be written to collide.
#[derive(Clone, Debug, Default)]
pub struct EventIds(RandomState, RandomState);

impl EventIds {
    /// The id of an event.
    pub fn of(&self, event: &AuditEvent<'_>) -> EventId {
        let target = event.target.as_ref().map(|t| (&t.group, &t.resource, &t.subresource, &t.namespace));
        let parts = (&*event.audit_id, event.stage, &*event.verb, target, &*event.uri);
        EventId((u128::from(self.0.hash_one(&parts)) << 64) | u128::from(self.1.hash_one(&parts)))
    }
}

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
    /// How much was recorded.
    pub level: Level,
    /// The verb.
    pub verb: String,
    /// What the request was about.
    pub target: Option<ObjectReference>,
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
