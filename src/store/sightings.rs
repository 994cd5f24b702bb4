//! What was seen of an object, in order.
//!
//! The versions of one uid are ordered by resourceVersion, and each holds from the earliest moment by which it is proven to
//! have been written: the time of any record that shows it or a later one. So a late answer with an old body, a second
//! recorder or a clock that runs ahead cannot put an old state in the place of a newer one, nor lose one. What has no uid or
//! no decimal resourceVersion is ordered by time and then by input.

use super::Entry;
use super::dating::is_fresh;
use super::history::{First, Place};
use super::lives::time;
use crate::decode::{Change, Part, Telling};
use crate::model::{ResourceVersion, Timestamp};

/// A record of a living object at its place in time.
pub(super) struct Sighting {
    pub at: Timestamp,
    created_now: bool,
    pub entry: Entry,
    pub place: Option<Place>,
}

impl Sighting {
    /// What it tells as the first of its object.
    pub(super) fn tells(&self) -> First {
        match self.entry.change {
            _ if self.created_now => First::Created,
            Change::Modified | Change::Applied if self.entry.part != Part::Nothing => First::Written,
            _ => First::Seen,
        }
    }
}

pub(super) fn place(entry: &Entry) -> Option<Place> {
    let position = entry.position;
    entry.trace_event().map(|event| Place { source: position.source, event, operation: position.line })
}

/// Orders what was seen, drops what was seen twice, and gives each version the earliest time by which it is proven.
pub(super) fn ordered(entries: Vec<Entry>, deleted: Option<Timestamp>) -> Vec<Sighting> {
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
pub(super) fn rank(entry: &Entry) -> Option<(ResourceVersion, bool)> {
    let result = entry.resource_version.map(|version| (version, false));
    result.or(entry.base.map(|base| (base, true)))
}

fn sighting(entry: Entry) -> Sighting {
    Sighting { at: time(&entry), created_now: creates(&entry), place: place(&entry), entry }
}

/// Whether a record is of the creation of its object.
pub(super) fn creates(entry: &Entry) -> bool {
    match entry.change {
        Change::Created => true,
        Change::Added => is_fresh(entry, time(entry)),
        _ => false,
    }
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
    // Which of the two made the version the clocks may have wrong: it can have changed what either can.
    let part = first.entry.part.max(again.entry.part);
    let writer = first.entry.writer().or(again.entry.writer());
    let shows = |entry: &Entry| (matches!(entry.telling, Telling::Whole), entry.content.is_some());
    if shows(&first.entry) < shows(&again.entry) {
        first.entry = again.entry;
    }
    first.entry.part = part;
    first.entry.written_by(writer);
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
pub(super) fn birth(versions: &[Sighting], created: Option<Timestamp>) -> Timestamp {
    let first = &versions[0];
    match created {
        Some(created) if !first.created_now => created.min(first.at),
        _ => first.at,
    }
}
