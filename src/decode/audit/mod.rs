//! What an audit event says of objects.

mod audited;
mod deletions;
mod effect;
pub mod event;
mod request;
pub mod resources;
mod uri;
mod writes;

pub use audited::{Audited, Outcome, Sweep};
pub use event::{AuditEvent, EventId, EventIds, Level, ObjectReference, Stage};

use super::Item;
use crate::decode::interest::Interest;

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
