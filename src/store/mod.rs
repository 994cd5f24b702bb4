//! Observations in, the history of every object out.
//!
//! The store takes observations in any order, from any number of files, and holds for each object what was seen of it. When
//! all is read, [`Store::into_history`] puts them in order. That order comes from the observations alone (resourceVersions,
//! times), not from the order in which they arrived, so the result is the same however records are spread over inputs.
//!
//! Bodies are [blobs](crate::blobs); times that no record tells come from the [clock]; what an interrupted watch tells of
//! objects that went away comes from [initial sets](initial); [`history`] is the result.

mod admission;
pub mod clock;
mod dating;
mod draft;
mod endings;
mod entry;
pub mod focus;
mod fold;
mod folded;
pub(crate) mod folding;
pub(crate) mod graves;
pub mod history;
pub mod initial;
mod lives;
mod naming;
mod resolve;
mod retold;
mod sightings;
mod sweeps;
mod timeline;
mod told;

pub use history::{End, EndCause, First, History, Object, ObjectId, Quality, Version};

use std::collections::{HashMap, hash_map};
use std::sync::Arc;

pub(crate) use entry::Entry;
pub use entry::RareFacts;

use entry::Rare;
use focus::{Focus, Spared};
use folding::{Folding, Records};
use initial::{Step, StreamId, Streams};
use naming::Unnamed;
use sweeps::Sweeps;
use told::Told;

use crate::blobs::Blobs;
use crate::decode::audit::Sweep;
use crate::decode::{Change, Observation, Telling};
use crate::fingerprint::Uid;
use crate::model::{GroupKind, ObjectKey, Position, ResourceVersion, Timestamp};
use crate::report::{Reason, Report};
use crate::scratch::SpillError;

/// Everything that was seen, as far as the window can tell.
pub struct Store {
    blobs: Arc<Blobs>,
    entries: HashMap<ObjectKey, Records>,
    folding: Folding,
    /// What has no full name yet.
    unnamed: Unnamed,
    sweeps: Sweeps,
    api_versions: Vec<String>,
    streams: Streams,
    /// When objects were told of of which no record is here.
    seen_apart: HashMap<Uid, Told>,
}

/// A number for an API version without its group, such as `v1`: [`History::api_versions`].
pub type ApiVersionId = u16;

impl Default for Store {
    /// One that forgets nothing.
    fn default() -> Self {
        Store::new(Arc::default(), Focus::none(), Spared::default())
    }
}

impl Store {
    /// An empty store of objects whose bodies are kept there.
    pub fn sharing(blobs: Arc<Blobs>) -> Self {
        Store::new(blobs, Focus::none(), Spared::default())
    }

    /// An empty store that forgets what the focus does not need, but for what is spared. Where that comes of an earlier
    /// reading the bodies have to be the same too: they hold the key of the hashes.
    pub fn new(blobs: Arc<Blobs>, focus: Focus, spared: Spared) -> Self {
        Store {
            folding: Folding::new(focus, spared, blobs.fingerprints()),
            blobs,
            entries: HashMap::new(),
            unnamed: Unnamed::default(),
            sweeps: Sweeps::default(),
            api_versions: Vec::new(),
            streams: Streams::default(),
            seen_apart: HashMap::new(),
        }
    }

    /// Takes one observation. What cannot be kept is noted.
    pub fn observe(&mut self, position: Position, seen: Observation, report: &mut Report) {
        let uid = seen.uid;
        let of_watch = seen.event.is_none();
        let told = matches!(seen.change, Change::Added | Change::Modified | Change::Deleted);
        let stream = (of_watch && told).then(|| {
            let step = Step {
                source: position.source,
                kind: &seen.key.kind,
                at: seen.at,
                resource_version: seen.resource_version,
            };
            self.streams.object(step, seen.change, uid, &seen.key.namespace)
        });
        self.seen(position, seen, stream, report);
    }

    /// Takes one observation that is told by this run of a watch, if by any.
    fn seen(&mut self, position: Position, seen: Observation, stream: Option<StreamId>, report: &mut Report) {
        let uid = seen.uid;
        if let Some(error) = seen.unkept {
            return report.note(Reason::BodyUnreadable, seen.at, || format!("{}: {error}", seen.key));
        }
        let entry = Entry {
            at: seen.at,
            pristine: seen.pristine,
            created: seen.created,
            resource_version: seen.resource_version,
            base: seen.base,
            uid,
            api_version: self.api_version(&seen.version),
            stream,
            change: seen.change,
            held: seen.held,
            wanted: seen.wanted,
            rare: Rare::of(&seen),
            telling: seen.telling,
            part: seen.part,
            event: seen.event,
            position,
            metadata: seen.metadata,
            content: seen.content,
            status: seen.status,
            facts: seen.facts.into(),
        };
        self.unnamed.learn(&seen.key.kind, seen.resource.as_deref(), seen.wanted);
        if seen.key.kind.kind.is_empty() || seen.key.name.is_empty() {
            let is_named_later = seen.key.name.is_empty() && !matches!(entry.telling, Telling::Nothing(_));
            if is_named_later {
                self.folding.give_up("a creation whose name shows only later");
            }
            self.unnamed.keep(seen.key, seen.resource.unwrap_or_default(), entry);
        } else {
            self.keep(seen.key, entry, report);
        }
    }

    /// Keeps a record, and forgets others that are not needed.
    fn keep(&mut self, key: ObjectKey, entry: Entry, report: &mut Report) {
        if entry.at.is_none() {
            self.folding.give_up("a record without a time");
        } else if entry.trace_event().is_some() {
            self.folding.give_up("a trace among the inputs");
        }
        if !self.folding.admits(&key, &entry) {
            return;
        }
        let mut place = match self.entries.entry(key) {
            hash_map::Entry::Occupied(place) => place,
            hash_map::Entry::Vacant(place) if self.folding.takes_absence(place.key(), &entry) => return,
            hash_map::Entry::Vacant(place) => place.insert_entry(Records::default()),
        };
        place.get_mut().push(entry);
        if self.folding.is_due(place.get()) {
            let mut records = std::mem::take(place.get_mut());
            self.folding.fold(place.key(), &mut records, &self.blobs, report);
            if records.entries.is_empty() {
                place.remove();
            } else {
                *place.get_mut() = records;
            }
        }
    }

    /// How many records are held, and how many were looked through to tell which of them are needed.
    pub fn effort(&self) -> (usize, u64) {
        (self.entries.values().map(|records| records.entries.len()).sum(), self.folding.looked_at)
    }

    /// What should not have been forgotten, as far as that is known before all is read.
    pub fn doubts(&self) -> &Spared {
        &self.folding.doubts
    }

    /// Whether there is no use in reading any further: it has to be read again, or what is remembered cannot be trusted.
    pub(crate) fn is_spent(&self) -> bool {
        self.folding.doubts.all().is_some() || !self.folding.graves.is_sound()
    }

    /// Whether what is remembered of the forgotten can be trusted.
    ///
    /// # Errors
    /// It cannot: the disk failed.
    pub(crate) fn sound(&mut self) -> Result<(), SpillError> {
        self.folding.graves.sound()
    }

    /// Takes that lifecycles are carried, or anything else that is told of objects by their names alone.
    pub fn forget_nothing(&mut self, why: &'static str) {
        self.folding.give_up(why);
    }

    /// Takes a deletion of many objects at once.
    pub fn swept(&mut self, sweep: Sweep) {
        self.sweeps.take(sweep);
    }

    /// Takes a bookmark of a watch.
    pub fn bookmark(
        &mut self,
        position: Position,
        kind: &GroupKind,
        resource_version: Option<ResourceVersion>,
        initial_end: bool,
        at: Option<Timestamp>,
    ) {
        if at.is_none() {
            self.folding.give_up("a bookmark without a time");
        }
        self.streams.bookmark(Step { source: position.source, kind, at, resource_version }, initial_end);
    }

    /// Takes the end of a watch by an error: its source's streams begin anew.
    pub fn watch_broken(&mut self, position: Position) {
        self.streams.broken(position.source);
    }

    /// Whether nothing was seen.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.folding.graves.count() == 0
    }

    /// Puts all in order.
    pub fn into_history(self, report: &mut Report) -> History {
        let Store { blobs, mut entries, folding, mut unnamed, sweeps, api_versions, streams, seen_apart } = self;
        unnamed.settle(&mut entries, report);
        let sweeps = sweeps.complete(&unnamed);
        let (watched, told, kinds) = (streams.kinds(), streams.finish(), unnamed.into_kinds());
        let read = timeline::Read { blobs, entries, folding, told, seen_apart, sweeps, kinds, watched };
        let mut history = read.history(report);
        history.api_versions = api_versions;
        history
    }

    /// There are a handful of versions in a cluster; a log that makes up more than 65,535 of them shares the last number.
    fn api_version(&mut self, version: &str) -> ApiVersionId {
        if let Some(known) = self.api_versions.iter().position(|known| known == version) {
            return known as ApiVersionId;
        }
        if self.api_versions.len() < usize::from(ApiVersionId::MAX) {
            self.api_versions.push(version.to_owned());
        }
        (self.api_versions.len() - 1) as ApiVersionId
    }
}
