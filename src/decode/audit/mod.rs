//! What an audit event says of objects.

mod audited;
mod deletions;
mod effect;
pub mod event;
pub(super) mod idle;
pub(super) mod kinds;
mod request;
pub mod resources;
mod writes;

pub(crate) use audited::Asked;
pub use audited::{Audited, Idle, Outcome, Resource, Shown, Sweep, What, Write, qualified};
pub use event::{AuditEvent, EventId, Level, ObjectReference, Stage};
pub use kinds::{Kinds, is_named_for};

use super::{Decoder, Item};

/// By how much, in microseconds, the clocks of two servers may differ.
pub const CLOCKS_APART: i64 = 1_000_000;

/// How far apart, in microseconds, the two servers of an aggregated API note one request.
pub const TWINS_APART: i64 = 1_000_000;

/// What an event says: of objects, and of the log itself.
pub(super) fn read(event: &AuditEvent<'_>, decoder: &Decoder) -> Vec<Item> {
    let id = EventId::of(event, &decoder.blobs.fingerprints());
    let effect = effect::of(event, id, decoder);
    let version = |item: &Item| match item {
        Item::Observed(seen) => seen.resource_version.filter(|_| seen.event.is_some()),
        _ => None,
    };
    let written = matches!(effect.outcome, Outcome::Written { .. }) && event.verb != "deletecollection";
    let audited = Audited::of(Asked {
        id,
        at: event.at,
        received: event.received,
        server: event.server.as_deref(),
        level: event.level,
        stage: event.stage,
        verb: &event.verb,
        target: event.target.as_ref(),
        outcome: effect.outcome,
        resource_version: effect.items.iter().find_map(version).filter(|_| written),
    });
    let mut items = effect.items;
    items.push(Item::Audited(audited));
    items
}
