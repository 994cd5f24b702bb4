//! What one record tells of an event: all that can be said of it without the others.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::resources::Resource;
use crate::decode::audit::{Audited, EventId, ObjectReference, Outcome};
use crate::model::Timestamp;

/// What the account takes from one record. It is made of that alone, so any thread can make it.
#[derive(Clone, Debug)]
pub struct Sighting {
    pub(super) id: u128,
    pub(super) at: Option<i64>,
    /// The server, where the carrier names it.
    pub(super) server: Option<String>,
    /// Where more is to be known of an event than that it was there.
    pub(super) request: Option<Box<Request>>,
}

/// A request that was to change something.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) resource: Resource,
    /// A number that resources seldom have in common: where this one may be found quickly.
    pub(super) slot: u32,
    pub(super) what: What,
    pub(super) shown: Shown,
    pub(super) received: Option<i64>,
    /// A hash of the name, 0 where the record has none.
    pub(super) name: u64,
    /// The resourceVersion that came of it, 0 where it is not known: only a body shows it.
    pub(super) version: u64,
    /// Whether it was this request that wrote `version`, and none before it.
    pub(super) wrote: bool,
}

/// Which kind of request an event tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    /// A write that makes or changes an object, and was done.
    Content,
    /// A deletion, or an eviction.
    Deletion,
    /// A write that is neither: a binding, a subresource that is not known.
    Aside,
    /// A dry run.
    DryRun,
    /// A refused request.
    Refused,
    /// A write of which nobody knows whether it was done.
    Unknown,
}

/// Subresources whose writes are writes of the object.
const OF_THE_OBJECT: [&str; 7] = ["", "status", "scale", "ephemeralcontainers", "resize", "finalize", "approval"];

impl What {
    /// All of them, in order.
    pub(super) const ALL: [What; 6] =
        [What::Content, What::Deletion, What::Aside, What::DryRun, What::Refused, What::Unknown];

    /// `None` for what changes nothing.
    pub(super) fn of(outcome: Outcome, verb: &str, subresource: &str) -> Option<Self> {
        Some(match (outcome, verb, subresource) {
            (Outcome::Nothing, ..) => return None,
            (Outcome::DryRun, ..) => What::DryRun,
            (Outcome::Refused, ..) => What::Refused,
            (Outcome::Unknown, ..) => What::Unknown,
            (Outcome::Written { .. }, "delete" | "deletecollection", _) => What::Deletion,
            (Outcome::Written { .. }, "create", "eviction") => What::Deletion,
            (Outcome::Written { .. }, "create" | "update" | "patch", sub) if OF_THE_OBJECT.contains(&sub) => {
                What::Content
            }
            (Outcome::Written { .. }, ..) => What::Aside,
        })
    }

    /// Whether the request was done.
    pub(super) fn is_done(self) -> bool {
        matches!(self, What::Content | What::Deletion | What::Aside)
    }
}

/// Which bodies a record has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    /// The request's.
    pub(super) request: bool,
    /// The result.
    pub(super) response: bool,
    /// One that was cut.
    pub(super) truncated: bool,
}

impl Shown {
    pub(super) fn any(self) -> bool {
        self.request || self.response || self.truncated
    }
}

impl Sighting {
    /// What a record tells. Takes the texts that it needs, and copies none.
    pub fn of(audited: Audited) -> Self {
        let Audited { id, at, received, server, verb, target, outcome, resource_version } = audited;
        let target = target.unwrap_or_default();
        let request = What::of(outcome, &verb, &target.subresource).map(|what| {
            let shown = match outcome {
                Outcome::Written { request, response, truncated } => Shown { request, response, truncated },
                _ => Shown::default(),
            };
            // What has no 64 bits is not of etcd.
            let version = resource_version.filter(|_| shown.any()).and_then(|version| u64::try_from(version).ok());
            let version = version.unwrap_or_default();
            Box::new(Request {
                what,
                shown,
                received: received.map(Timestamp::micros),
                // Names are only compared; the hash is the same in every run, since records are ordered by it.
                name: if target.name.is_empty() { 0 } else { hash(&target.name).max(1) },
                version,
                wrote: wrote(version, &verb, &target),
                slot: hash(&(&target.group, &target.resource, &target.subresource)) as u32,
                resource: Resource::from(target),
            })
        });
        Sighting {
            id: bits(id),
            at: at.or(received).map(Timestamp::micros),
            server: server.filter(|name| !name.is_empty()),
            request,
        }
    }
}

/// Whether a request that shows a version is the one that wrote it.
fn wrote(version: u64, verb: &str, target: &ObjectReference) -> bool {
    version != 0
        && match verb {
            "create" => target.subresource.is_empty(),
            "update" => target.resource_version.is_some_and(|named| named < u128::from(version)),
            _ => false,
        }
}

fn hash(it: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    it.hash(&mut hasher);
    hasher.finish()
}

/// The number that an id is. It is a keyed hash, so nothing is gained by hashing it once more.
fn bits(id: EventId) -> u128 {
    let mut bits = Bits(0);
    id.hash(&mut bits);
    bits.0
}

/// Keeps the number that it is given.
struct Bits(u128);

impl Hasher for Bits {
    fn write_u128(&mut self, number: u128) {
        self.0 = number;
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u128::from(*byte));
    }

    fn finish(&self) -> u64 {
        self.0 as u64
    }
}
