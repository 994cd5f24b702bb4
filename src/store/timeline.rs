//! From what was seen of an object to its history.
//!
//! The versions of one uid are ordered by resourceVersion, and each holds from the earliest moment by which it is proven to
//! have been written: the time of any record that shows it or a later one. So a late answer with an old body, a second
//! recorder or a clock that runs ahead cannot put an old state in the place of a newer one, nor lose one. What has no uid or
//! no decimal resourceVersion is ordered by time and then by input.

use std::collections::{BTreeMap, HashMap};

use super::blobs::Blobs;
use super::dating::{EstimatedSpan, clock_of, estimate_times, is_fresh};
use super::endings::{self, Endings};
use super::history::Place;
use super::initial::{InitialSets, StreamId, UidId};
use super::lives::{CLOCKS_APART, lives, time};
use super::{End, EndCause, Entry, History, Object, resolve};
use crate::decode::audit::Sweep;
use crate::decode::{Change, Telling};
use crate::model::{ObjectKey, ResourceVersion, Timestamp};
use crate::report::Report;

/// Everything that was read.
pub(super) struct Read {
    pub blobs: Blobs,
    pub entries: HashMap<ObjectKey, Vec<Entry>>,
    pub uids: HashMap<String, UidId>,
    pub told: InitialSets,
    pub sweeps: Vec<Sweep>,
    pub kinds: BTreeMap<(String, String), String>,
}

/// An object in the making.
pub(super) struct Draft {
    pub uid: Option<UidId>,
    pub object: Object,
    pub last_seen: Timestamp,
    pub last_stream: Option<StreamId>,
    /// When each watch, or what is none, told of it first.
    pub told: BTreeMap<Option<StreamId>, Timestamp>,
    /// Versions that a record was made upon and none shows.
    pub unseen_versions: Vec<(Timestamp, ResourceVersion)>,
}

impl Read {
    /// Puts all of it in order.
    pub fn history(mut self, report: &mut Report) -> History {
        let clock = clock_of(self.entries.values().flatten(), &self.told.sets);
        let mut entries: Vec<(ObjectKey, Vec<Entry>)> = self.entries.drain().collect();
        entries.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let mut drafts = Vec::with_capacity(entries.len());
        let mut span = EstimatedSpan::new(&self.told.sets, &clock);
        for (key, mut seen) in entries {
            estimate_times(&mut seen, &clock, &key, &mut span, report);
            drafts.extend(incarnations(&key, seen, &mut self.blobs, report));
        }
        let endings = Endings { told: &self.told, clock: &clock, sweeps: &self.sweeps, blobs: &self.blobs };
        endings.conclude(&mut drafts, report);
        finish(self, drafts, &span)
    }
}

/// The objects that bore a name, in the order of their births.
fn incarnations(key: &ObjectKey, entries: Vec<Entry>, blobs: &mut Blobs, report: &mut Report) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = lives(entries).into_iter().map(|life| draft(key, life, blobs, report)).collect();
    drafts.sort_by_key(|draft| (draft.object.born, draft.object.versions[0].resource_version, draft.object.first_seen));
    in_turn(&mut drafts);
    drafts
}

/// Two objects never bear a name at one time. Where the clocks of two servers have it so, resourceVersions tell which was
/// first, and all of it was before the other.
fn in_turn(drafts: &mut [Draft]) {
    let version = |draft: &Draft| draft.object.versions[0].resource_version;
    let near = |a: &Draft, b: &Draft| b.object.born <= a.object.born.plus_micros(CLOCKS_APART);
    for i in 1..drafts.len() {
        let turned = |(a, b): (&Draft, &Draft)| near(a, b) && version(b).is_some() && version(b) < version(a);
        let mut i = i;
        while i > 0 && turned((&drafts[i - 1], &drafts[i])) {
            drafts.swap(i - 1, i);
            i -= 1;
        }
    }
    for i in (1..drafts.len()).rev() {
        let (earlier, later) = drafts.split_at_mut(i);
        let (Some(old), Some(new)) = (earlier.last_mut(), later.first()) else { continue };
        if new.object.born.plus_micros(CLOCKS_APART) >= old.last_seen {
            end_by(&mut old.object, new.object.born);
        }
    }
}

/// Puts all that is known of an object before a moment.
fn end_by(object: &mut Object, at: Timestamp) {
    if let Some(end) = &mut object.end {
        end.at = end.at.min(at);
    }
    let mut bound = at;
    for version in object.versions.iter_mut().rev() {
        bound = bound.plus_micros(-1);
        version.at = version.at.min(bound);
        bound = version.at;
    }
    object.born = object.born.min(object.versions[0].at);
    object.first_seen = object.first_seen.min(at);
}

/// One object from all that was seen of it.
fn draft(key: &ObjectKey, entries: Vec<Entry>, blobs: &mut Blobs, report: &mut Report) -> Draft {
    let uid = entries.iter().find_map(|entry| entry.uid);
    let seen = entries.iter().filter(|entry| entry.change != Change::Absent);
    let last = seen.max_by_key(|entry| (time(entry), entry.resource_version));
    let (last_seen, last_stream) = last.map(|entry| (time(entry), entry.stream)).unwrap_or_default();
    let mut told = BTreeMap::new();
    for entry in &entries {
        told.entry(entry.stream)
            .and_modify(|first: &mut Timestamp| *first = time(entry).min(*first))
            .or_insert(time(entry));
    }
    let unseen_versions = endings::unseen_versions(&entries);
    let created = entries.iter().filter_map(|entry| entry.created).min();
    let (asked, entries): (Vec<Entry>, Vec<Entry>) =
        entries.into_iter().partition(|entry| matches!(entry.change, Change::Leaving | Change::Absent));
    let (deletions, mut living): (Vec<Entry>, Vec<Entry>) =
        entries.into_iter().partition(|entry| entry.change == Change::Deleted);
    let deletion = deletions.iter().min_by_key(|entry| (time(entry), entry.position));
    if let Some(deletion) = deletion
        && living.iter().all(|entry| entry.content.is_none())
        && !matches!(deletion.telling, Telling::Nothing(_))
    {
        living.push(Entry { change: Change::Modified, ..deletion.clone() });
    }
    let sightings = ordered(living, deletion.map(time));
    let first_seen = sightings[0].at;
    let born = birth(&sightings, created);
    let last_version = sightings.last().map_or(born, |sighting| sighting.at);
    let told_end = deletion.map(|entry| End {
        at: time(entry).max(last_version.plus_micros(1)),
        resource_version: entry.resource_version,
        cause: EndCause::Deleted,
        facts: entry.facts,
        place: place(entry),
    });
    let left = endings::left(&asked, &sightings);
    let mut versions = resolve::versions(key, sightings, blobs, report);
    versions[0].at = born;
    let from_trace = versions.iter().any(|version| version.place.is_some());
    let end = told_end.or_else(|| left.and_then(|left| left.end(key, &versions, blobs, report)));
    let object =
        Object { key: key.clone(), born, created, first_seen, versions, end, has_uid: uid.is_some(), from_trace };
    Draft { uid, object, last_seen, last_stream, told, unseen_versions }
}

/// A record of a living object at its place in time.
pub(super) struct Sighting {
    pub at: Timestamp,
    created_now: bool,
    pub entry: Entry,
    pub place: Option<Place>,
}

fn place(entry: &Entry) -> Option<Place> {
    let Entry { position, trace_event, .. } = entry;
    trace_event.map(|event| Place { source: position.source, event, operation: position.line })
}

/// Orders what was seen, drops what was seen twice, and gives each version the earliest time by which it is proven.
fn ordered(entries: Vec<Entry>, deleted: Option<Timestamp>) -> Vec<Sighting> {
    let (mut numbered, others): (Vec<Entry>, Vec<Entry>) = entries.into_iter().partition(|entry| rank(entry).is_some());
    numbered.sort_by_key(|entry| (rank(entry), time(entry), entry.position));
    let mut sightings: Vec<Sighting> = Vec::with_capacity(numbered.len() + others.len());
    for entry in numbered {
        let version = entry.resource_version;
        match sightings.last_mut() {
            Some(last) if version.is_some() && last.entry.resource_version == version => same_version(last, entry),
            _ => sightings.push(sighting(entry)),
        }
    }
    let mut bound = deleted.unwrap_or(Timestamp::MAX);
    for sighting in sightings.iter_mut().rev() {
        sighting.at = sighting.at.min(bound);
        bound = sighting.at;
    }
    let others = in_place(others.into_iter().map(sighting).collect(), &sightings);
    let mut sightings = merge_by_time(sightings, others);
    for i in 1..sightings.len() {
        // A recorder with whole seconds gives several versions one time: they stay apart, and in order.
        sightings[i].at = sightings[i].at.max(sightings[i - 1].at.plus_micros(1));
    }
    sightings
}

/// The place of a record among an object's versions: a write of which the log does not have the result, but upon which
/// version it was made, comes next after that one, whatever another server's clock said.
fn rank(entry: &Entry) -> Option<(ResourceVersion, bool)> {
    let result = entry.resource_version.map(|version| (version, false));
    result.or(entry.base.map(|base| (base, true)))
}

fn sighting(entry: Entry) -> Sighting {
    let at = time(&entry);
    let created_now = match entry.change {
        Change::Created => true,
        Change::Added => is_fresh(&entry, at),
        _ => false,
    };
    Sighting { at, created_now, place: place(&entry), entry }
}

/// Orders what no resourceVersion places by time, but for what another server's clock cannot be right about: nothing was
/// written before the creation.
fn in_place(mut others: Vec<Sighting>, numbered: &[Sighting]) -> Vec<Sighting> {
    let created = |sighting: &&Sighting| sighting.entry.change == Change::Created;
    let creation = others.iter().chain(numbered.first()).filter(created).map(|sighting| sighting.at).min();
    for other in &mut others {
        other.at = creation.map_or(other.at, |creation| creation.max(other.at));
    }
    others.sort_by_key(|other| (other.at, other.entry.change != Change::Created, other.entry.position));
    others
}

/// The same version was seen again: the body and the earliest time stay.
fn same_version(first: &mut Sighting, again: Entry) {
    let again = sighting(again);
    first.at = first.at.min(again.at);
    first.created_now |= again.created_now;
    first.place = first.place.or(again.place);
    let shows = |entry: &Entry| (matches!(entry.telling, Telling::Whole), entry.content.is_some());
    if shows(&first.entry) < shows(&again.entry) {
        let part = first.entry.part;
        first.entry = Entry { part, ..again.entry };
    }
}

fn merge_by_time(numbered: Vec<Sighting>, others: Vec<Sighting>) -> Vec<Sighting> {
    let mut merged = Vec::with_capacity(numbered.len() + others.len());
    let mut others = others.into_iter().peekable();
    for sighting in numbered {
        let before = |other: &Sighting| {
            other.at < sighting.at || (other.at == sighting.at && other.entry.change == Change::Created)
        };
        while let Some(other) = others.next_if(before) {
            merged.push(other);
        }
        merged.push(sighting);
    }
    merged.extend(others);
    merged
}

/// Since when an object counts as alive. A creation that the log saw counts from then; whatever else is seen first was
/// there before, and has been since its `creationTimestamp`.
fn birth(versions: &[Sighting], created: Option<Timestamp>) -> Timestamp {
    let first = &versions[0];
    match created {
        Some(created) if !first.created_now => created.min(first.at),
        _ => first.at,
    }
}

fn finish(read: Read, drafts: Vec<Draft>, span: &EstimatedSpan) -> History {
    let mut names: Vec<Option<String>> = vec![None; read.uids.len()];
    read.uids.into_iter().for_each(|(name, id)| names[id as usize] = Some(name));
    let mut history = History {
        objects: Vec::with_capacity(drafts.len()),
        blobs: read.blobs,
        api_versions: Vec::new(),
        changes_estimated: span.changes,
        states_estimated: span.states,
        kinds: read.kinds,
        by_uid: HashMap::new(),
        by_key: BTreeMap::new(),
    };
    for (id, draft) in drafts.into_iter().enumerate() {
        if let Some(name) = draft.uid.and_then(|uid| names[uid as usize].take()) {
            history.by_uid.insert(name, id);
        }
        let range = history.by_key.entry(draft.object.key.clone()).or_insert(id..id);
        range.end = id + 1;
        history.objects.push(draft.object);
    }
    history
}
