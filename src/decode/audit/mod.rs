//! What an audit event says of objects.

mod deletions;
mod effect;
pub mod event;
mod request;
pub mod resources;
mod uri;
mod writes;

pub use event::{AuditEvent, Level, ObjectReference, Stage};

use std::hash::{BuildHasher, RandomState};

use super::Item;
use crate::decode::interest::Interest;
use crate::filter::Selector;
use crate::model::{GroupKind, ResourceVersion, Timestamp};

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
        EventId((u128::from(self.0.hash_one(parts)) << 64) | u128::from(self.1.hash_one(parts)))
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
    /// With which labels.
    pub labels: Option<Selector>,
    /// The grace period that was asked for, in seconds.
    pub grace: Option<i64>,
    /// The namespace itself ended: nothing is left in it, of any kind.
    pub with_namespace: bool,
}

/// What an event says: of objects, and of the log itself.
pub(super) fn read(event: &AuditEvent<'_>, ids: &EventIds, interest: &Interest) -> Vec<Item> {
    let id = ids.of(event);
    let effect = effect::of(event, id, interest);
    let version = |item: &Item| match item {
        Item::Observed(seen) => seen.resource_version.filter(|_| seen.event.is_some()),
        _ => None,
    };
    let written = matches!(effect.outcome, Outcome::Written { .. }) && event.verb != "deletecollection";
    let audited = Audited {
        id,
        at: event.at,
        received: event.received,
        server: event.server.as_deref().map(str::to_owned),
        level: event.level,
        verb: event.verb.clone().into_owned(),
        target: event.target.clone(),
        outcome: effect.outcome,
        resource_version: effect.items.iter().find_map(version).filter(|_| written),
    };
    std::iter::once(Item::Audited(Box::new(audited))).chain(effect.items).collect()
}
