//! Events, each once, however often the logs tell of it.
//!
//! Only records of requests that were to change something are kept until the end, in 56 bytes each, since an archive holds
//! millions. What is a copy of what is decided when all are there: so it does not matter in which order files are read.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::clocks::Mark;
use crate::decode::audit::{Audited, ObjectReference, Outcome, TWINS_APART};
use crate::model::Timestamp;

/// In the place of a time that is not known.
pub(super) const NO_TIME: i64 = i64::MIN;

/// With how many events of one id and one moment a record is compared. More there are only in logs that were made up.
const COMPARED: usize = 64;

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

    fn is_done(self) -> bool {
        matches!(self, What::Content | What::Deletion | What::Aside)
    }
}

/// What one record tells of an event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Telling {
    /// Equal for what may be one event.
    pub(super) id: u64,
    /// The stage's time in microseconds, or [`NO_TIME`].
    pub(super) at: i64,
    /// When the request came in, likewise.
    pub(super) received: i64,
    /// A hash of the name, 0 where the record has none.
    pub(super) name: u64,
    /// The resourceVersion that came of it, 0 where it is not known.
    pub(super) version: u64,
    /// Index of the resource.
    pub(super) resource: u32,
    /// Index of the log.
    pub(super) origin: u32,
    /// What it was.
    pub(super) what: What,
    /// Whether the request's body is there.
    pub(super) request: bool,
    /// Whether the result is there.
    pub(super) response: bool,
    /// Whether a body was cut.
    pub(super) truncated: bool,
    /// Whether it was this request that wrote `version`, and none before it.
    pub(super) wrote: bool,
}

impl Telling {
    /// What a record tells of its event, from a hash of the event's id, the index of the log, and what it was. Which resource
    /// it is about is for the caller to fill in.
    pub(super) fn of(audited: &Audited, target: &ObjectReference<'_>, (id, origin, what): (u64, u32, What)) -> Self {
        // What has no 64 bits is not of etcd.
        let version = audited.resource_version.and_then(|version| u64::try_from(version).ok()).unwrap_or_default();
        let older = target.resource_version.is_some_and(|named| named < u128::from(version));
        let (request, response, truncated) = match audited.outcome {
            Outcome::Written { request, response, truncated } => (request, response, truncated),
            _ => (false, false, false),
        };
        let micros = |time: Option<Timestamp>| time.map_or(NO_TIME, Timestamp::micros);
        Telling {
            id,
            at: micros(audited.at.or(audited.received)),
            received: micros(audited.received),
            name: hash_name(&target.name),
            version,
            resource: 0,
            origin,
            what,
            request,
            response,
            truncated,
            wrote: version != 0
                && match audited.verb.as_str() {
                    "create" => target.subresource.is_empty(),
                    "update" => older,
                    _ => false,
                },
        }
    }

    /// What it proves of the clock of its server, if anything.
    pub(super) fn mark(&self, server: usize) -> Option<Mark> {
        let Telling { version, received, at, wrote, .. } = *self;
        // Where the two times are one, the carrier tells only one of them, and it may be either.
        let proves = self.what == What::Content && version != 0 && received != NO_TIME && received < at;
        proves.then_some(Mark { version, server, received, at, wrote })
    }

    /// The order in which records of one id are compared. It tells all records apart that count differently, so that the order
    /// of the input is of no consequence; those that say more come first.
    fn rank(&self) -> impl Ord + use<> {
        let identity = (self.id, self.at, self.received == NO_TIME, self.received, self.name == 0, self.name);
        (identity, self.what, !self.response, !self.request, self.truncated, !self.wrote, self.version)
    }

    /// Whether a record of the same id may be a copy: the same times and name, as far as both tell them.
    fn is_copy_of(&self, other: &Self) -> bool {
        let received = self.received == other.received || self.received == NO_TIME || other.received == NO_TIME;
        let name = self.name == other.name || self.name == 0 || other.name == 0;
        self.id == other.id && self.at == other.at && received && name
    }

    /// Takes from a copy what it tells besides: carriers leave out different things.
    fn learn(&mut self, copy: &Self) {
        self.what = self.what.min(copy.what);
        self.request |= copy.request;
        self.response |= copy.response;
        self.truncated |= copy.truncated;
        self.wrote = if self.version == 0 { copy.wrote } else { self.wrote };
        self.version = if self.version == 0 { copy.version } else { self.version };
    }

    fn has_bodies(&self) -> bool {
        self.request || self.response || self.truncated
    }
}

/// Names are only compared; the hash is the same in every run, since records are ordered by it.
fn hash_name(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    if name.is_empty() { 0 } else { hasher.finish().max(1) }
}

/// What the records come to.
#[derive(Default)]
pub(super) struct Events {
    /// Every event once.
    pub(super) distinct: Vec<Telling>,
    /// Of requests that an aggregated API logged twice, the records without bodies: events of another server's log.
    pub(super) twins: Vec<Telling>,
    /// Logs that hold copies of one record: they are of one server.
    pub(super) links: Vec<(u32, u32)>,
}

impl Events {
    /// Tells the events from the records of them.
    pub(super) fn of(mut tellings: Vec<Telling>) -> Self {
        tellings.sort_unstable_by_key(Telling::rank);
        let mut events = Events::default();
        for moment in tellings.chunk_by(|x, y| x.id == y.id && x.at == y.at) {
            events.take_copies(moment);
        }
        events.part_twins();
        events.links.sort_unstable();
        events.links.dedup();
        events
    }

    /// Takes the records of one id and one moment.
    fn take_copies(&mut self, moment: &[Telling]) {
        let first = self.distinct.len();
        for telling in moment {
            let known = &mut self.distinct[first..];
            let compared = known.len().min(COMPARED);
            let original = known[..compared].iter().position(|event| telling.is_copy_of(event));
            let original = original.or_else(|| known.len().checked_sub(1).filter(|&i| telling.is_copy_of(&known[i])));
            match original.map(|i| &mut known[i]) {
                Some(event) => {
                    if event.origin != telling.origin {
                        self.links.push((event.origin.min(telling.origin), event.origin.max(telling.origin)));
                    }
                    event.learn(telling);
                }
                None => self.distinct.push(*telling),
            }
        }
    }

    /// Sets aside the records without bodies beside which another log has the same request with bodies. Each is paired with
    /// one: a client may send one id again and again.
    fn part_twins(&mut self) {
        let mut twins: Vec<usize> = Vec::new();
        let mut start = 0;
        for same in self.distinct.chunk_by(|x, y| x.id == y.id) {
            let first = start;
            start += same.len();
            if same.len() == 1 {
                continue;
            }
            let (bare, full): (Vec<usize>, Vec<usize>) =
                (0..same.len()).filter(|&i| same[i].what.is_done()).partition(|&i| !same[i].has_bodies());
            let mut full = full.into_iter().peekable();
            for i in bare {
                let apart = |j: usize| same[j].at.saturating_sub(same[i].at);
                while full.next_if(|&j| apart(j) < -TWINS_APART).is_some() {}
                if full.next_if(|&j| apart(j) <= TWINS_APART).is_some() {
                    twins.push(first + i);
                }
            }
        }
        let mut twins = twins.into_iter().peekable();
        let mut i = 0;
        let aside = &mut self.twins;
        self.distinct.retain(|event| {
            let is_twin = twins.next_if_eq(&i).is_some();
            i += 1;
            if is_twin {
                aside.push(*event);
            }
            !is_twin
        });
    }
}
