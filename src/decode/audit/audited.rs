//! What an audit event says beside single objects.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::event::{EventId, Level, ObjectReference, Stage};
use crate::model::{GroupKind, ResourceVersion, Timestamp, same_text};

/// What one audit event tells of the log itself, for the account: all that can be said of it without the others.
#[derive(Clone, Debug)]
pub struct Audited {
    /// Which event it is.
    pub id: EventId,
    /// Its time, in microseconds since the epoch: that of its stage, else that of the request.
    pub at: Option<i64>,
    /// The API server, where the carrier names it.
    pub server: Option<Box<str>>,
    /// Where more is to be known of an event than that it was there.
    pub write: Option<Box<Write>>,
    /// How much of it the policy had recorded.
    pub level: Level,
    /// Where there is no `write`: what it was.
    pub idle: Idle,
}

/// What an event is that changes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Idle {
    /// Of a stage before the answer.
    Early,
    /// A read.
    Read,
    /// A request about nothing that an object would show.
    #[default]
    Other,
}

impl Idle {
    /// What an event of this stage and verb is.
    pub(crate) fn of(stage: Stage, verb: &str) -> Self {
        match (stage, verb) {
            (Stage::Early, _) => Idle::Early,
            (_, "get" | "list" | "watch") => Idle::Read,
            _ => Idle::Other,
        }
    }
}

/// A request that was to change something.
#[derive(Clone, Debug)]
pub struct Write {
    /// What it was about.
    pub resource: Resource,
    /// A number that resources seldom have in common: where this one may be found quickly.
    pub slot: u32,
    /// Which kind of request it was.
    pub what: What,
    /// Which bodies the record has.
    pub shown: Shown,
    /// When it came in, in microseconds since the epoch.
    pub received: Option<i64>,
    /// A hash of the name, 0 where the record has none.
    pub name: u64,
    /// The resourceVersion that came of it, 0 where it is not known: only a body shows it.
    pub version: u64,
    /// Whether it was this request that wrote `version`, and none before it.
    pub wrote: bool,
}

/// A resource or subresource: group, resource, subresource.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Resource {
    /// API group, empty for the core group.
    pub group: String,
    /// The resource: lower case, plural.
    pub resource: String,
    /// The subresource; empty for the resource itself.
    pub subresource: String,
}

impl Resource {
    /// Whether it is the same one.
    pub fn is(&self, other: &Self) -> bool {
        same_text(&self.resource, &other.resource)
            && same_text(&self.subresource, &other.subresource)
            && same_text(&self.group, &other.group)
    }
}

impl From<&ObjectReference<'_>> for Resource {
    fn from(target: &ObjectReference<'_>) -> Self {
        let ObjectReference { group, resource, subresource, .. } = target;
        let owned = |text: &str| text.to_owned();
        Resource { group: owned(group), resource: owned(resource), subresource: owned(subresource) }
    }
}

impl fmt::Display for Resource {
    /// `deployments.apps/scale`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&qualified(&self.group, &self.resource))?;
        if self.subresource.is_empty() { Ok(()) } else { write!(f, "/{}", self.subresource) }
    }
}

/// `deployments.apps`, as kubectl qualifies resources.
pub fn qualified(group: &str, resource: &str) -> String {
    if group.is_empty() { resource.to_owned() } else { format!("{resource}.{group}") }
}

/// Which kind of request an event tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
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
const OF_THE_OBJECT: [&str; 6] = ["status", "scale", "ephemeralcontainers", "resize", "finalize", "approval"];

impl What {
    /// All of them, in order.
    pub(crate) const ALL: [What; 6] =
        [What::Content, What::Deletion, What::Aside, What::DryRun, What::Refused, What::Unknown];

    /// `None` for what changes nothing.
    fn of(outcome: Outcome, verb: &str, subresource: &str) -> Option<Self> {
        Some(match (outcome, verb, subresource) {
            (Outcome::Nothing, ..) => return None,
            (Outcome::DryRun, ..) => What::DryRun,
            (Outcome::Refused, ..) => What::Refused,
            (Outcome::Unknown, ..) => What::Unknown,
            (Outcome::Written { .. }, "delete" | "deletecollection", _) => What::Deletion,
            (Outcome::Written { .. }, "create", "eviction") => What::Deletion,
            (Outcome::Written { .. }, "create" | "update" | "patch", sub)
                if sub.is_empty() || OF_THE_OBJECT.contains(&sub) =>
            {
                What::Content
            }
            (Outcome::Written { .. }, ..) => What::Aside,
        })
    }

    /// Whether the request was done.
    pub(crate) fn is_done(self) -> bool {
        matches!(self, What::Content | What::Deletion | What::Aside)
    }
}

/// Which bodies a record has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// The request's.
    pub request: bool,
    /// The result.
    pub response: bool,
    /// One that was cut.
    pub truncated: bool,
}

impl Shown {
    pub(crate) fn any(self) -> bool {
        self.request || self.response || self.truncated
    }
}

/// A request, and what became of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'e> {
    pub id: EventId,
    pub at: Option<Timestamp>,
    pub received: Option<Timestamp>,
    pub server: Option<&'e str>,
    pub level: Level,
    pub stage: Stage,
    pub verb: &'e str,
    pub target: Option<&'e ObjectReference<'e>>,
    pub outcome: Outcome,
    /// The resourceVersion of the result of a write, where the log shows it.
    pub resource_version: Option<ResourceVersion>,
}

impl Audited {
    /// What an event tells.
    pub(crate) fn of(asked: Asked<'_>) -> Self {
        let Asked { id, at, received, server, level, outcome, .. } = asked;
        let subresource = asked.target.map_or("", |target| &target.subresource);
        let write = What::of(outcome, asked.verb, subresource).map(|what| Box::new(Write::of(&asked, what)));
        let server = server.filter(|name| !name.is_empty()).map(Into::into);
        let idle = Idle::of(asked.stage, asked.verb);
        Audited { id, at: at.or(received).map(Timestamp::micros), server, write, level, idle }
    }
}

impl Write {
    fn of(asked: &Asked<'_>, what: What) -> Self {
        let nowhere = ObjectReference::default();
        let target = asked.target.unwrap_or(&nowhere);
        let shown = match asked.outcome {
            Outcome::Written { request, response, truncated } => Shown { request, response, truncated },
            _ => Shown::default(),
        };
        // What has no 64 bits is not of etcd.
        let version = asked.resource_version.filter(|_| shown.any()).and_then(|version| u64::try_from(version).ok());
        let version = version.unwrap_or_default();
        Write {
            what,
            shown,
            received: asked.received.map(Timestamp::micros),
            // Names are only compared; the hash is the same in every run, since records are ordered by it.
            name: if target.name.is_empty() { 0 } else { hash(&target.name).max(1) },
            version,
            wrote: wrote(version, asked.verb, target),
            slot: slot([&target.group, &target.resource, &target.subresource]),
            resource: Resource::from(target),
        }
    }
}

/// Whether a request that shows a version is the one that wrote it.
fn wrote(version: u64, verb: &str, target: &ObjectReference<'_>) -> bool {
    version != 0
        && match verb {
            "create" => target.subresource.is_empty(),
            "update" => target.resource_version.is_some_and(|named| named < u128::from(version)),
            _ => false,
        }
}

/// Of a resource by its names; quickly, since nothing goes wrong where two have one.
fn slot(names: [&str; 3]) -> u32 {
    let add = |slot: u32, byte: u8| slot.wrapping_mul(31).wrapping_add(u32::from(byte));
    names.into_iter().fold(0, |slot, name| name.bytes().fold(slot, add))
}

fn hash(it: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    it.hash(&mut hasher);
    hasher.finish()
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
