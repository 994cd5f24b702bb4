//! Which records of a name are of the same object.
//!
//! A uid says so. Requests often have none: they are of the object that bore the name at their time. Where no record of a name
//! has a uid, a deletion or another creation ends one life and begins the next.

use std::collections::BTreeMap;

use super::Entry;
use super::initial::UidId;
use crate::decode::{Change, Telling, Why};
use crate::model::Timestamp;

/// How long after an object's end, in microseconds, a request may be told that went before it.
const LATE: i64 = 2_000_000;
/// How far apart, in microseconds, the two logs of an aggregated API note one request.
pub(super) const TWIN: i64 = 1_000_000;
/// How far apart, in microseconds, the clocks of two servers may be: one writes to what the other created.
const SKEW: i64 = 1_000_000;

/// The records of one object.
struct Life {
    entries: Vec<Entry>,
    start: Timestamp,
    end: Timestamp,
    created: bool,
}

/// The objects that bore a name, each with what was seen of it.
pub(super) fn lives(entries: Vec<Entry>) -> Vec<Vec<Entry>> {
    let mut by_uid: BTreeMap<UidId, Vec<Entry>> = BTreeMap::new();
    let mut anonymous = Vec::new();
    for entry in without_copies(entries) {
        match entry.uid {
            Some(uid) => by_uid.entry(uid).or_default().push(entry),
            None => anonymous.push(entry),
        }
    }
    anonymous.sort_by_key(|entry| (time(entry), entry.position));
    let mut lives: Vec<Life> = by_uid.into_values().map(Life::of).collect();
    lives.sort_by_key(|life| (life.start, life.end, life.entries[0].resource_version, life.entries[0].position));
    let mut homeless = Vec::new();
    for entry in anonymous {
        match home(&lives, &entry) {
            Some(home) => lives[home].take(entry),
            None => homeless.push(entry),
        }
    }
    lives.into_iter().map(|life| life.entries).chain(split(homeless)).filter(|life| shows_an_object(life)).collect()
}

pub(super) fn time(entry: &Entry) -> Timestamp {
    entry.at.unwrap_or_default()
}

/// Requests and deletions by themselves show no object, nor does what may not have been done.
fn shows_an_object(life: &[Entry]) -> bool {
    life.iter().any(|entry| match (entry.change, &entry.telling) {
        (Change::Leaving | Change::Absent, _) | (_, Telling::Nothing(Why::OutcomeUnknown)) => false,
        (Change::Deleted, telling) => !matches!(telling, Telling::Nothing(_)),
        _ => true,
    })
}

/// Of the copies of one audit event the one that tells most stays. The first log of an aggregated API has no bodies.
fn without_copies(entries: Vec<Entry>) -> Vec<Entry> {
    if entries.iter().all(|entry| entry.event.is_none()) {
        return entries;
    }
    let says = |entry: &Entry| match entry.telling {
        Telling::Whole => 0,
        Telling::Metadata => 1,
        Telling::Patch(_) | Telling::Requested => 2,
        Telling::Nothing(_) => 3,
    };
    let mut numbered: Vec<(usize, Entry)> = entries.into_iter().enumerate().collect();
    numbered.sort_by_key(|(_, entry)| {
        let empty = matches!(entry.telling, Telling::Nothing(_));
        (entry.event, entry.change, empty, time(entry), says(entry), entry.position)
    });
    numbered.dedup_by(|(_, again), (_, first)| {
        // One event may tell of an object's metadata and of what was asked for.
        let same = again.event.is_some() && again.event == first.event && again.change == first.change;
        let twin = matches!(again.telling, Telling::Nothing(_)) && apart(again, first) <= TWIN;
        same && (twin || (time(again) == time(first) && says(again) == says(first)))
    });
    numbered.sort_by_key(|(number, _)| *number);
    numbered.into_iter().map(|(_, entry)| entry).collect()
}

pub(super) fn apart(a: &Entry, b: &Entry) -> i64 {
    time(a).micros().saturating_sub(time(b).micros()).saturating_abs()
}

impl Life {
    fn of(entries: Vec<Entry>) -> Self {
        let starts = entries.iter().map(|e| e.created.map_or(time(e), |created| created.min(time(e))));
        let ends = entries.iter().filter(|e| e.change == Change::Deleted).map(time);
        let (start, end) = (starts.min().unwrap_or_default(), ends.min().unwrap_or(Timestamp::MAX));
        let created = entries.iter().any(|entry| entry.change == Change::Created);
        Life { start, end, created, entries }
    }

    fn take(&mut self, entry: Entry) {
        self.start = self.start.min(time(&entry));
        self.created |= entry.change == Change::Created;
        if entry.change == Change::Deleted {
            self.end = self.end.min(time(&entry));
        }
        self.entries.push(entry);
    }
}

/// So many lives around a moment are looked at: the lives of one name follow one another.
const NEAR: usize = 8;

/// The object that bore the name when a record without uid was written: the one that was there; else, unless the record is
/// of a deletion, the next one, of which it is the first word; else the one that had just gone; else the one that another
/// server's clock has created a little later.
fn home(lives: &[Life], entry: &Entry) -> Option<usize> {
    let (at, creates) = (time(entry), entry.change == Change::Created);
    let fits = |life: &Life| !creates || !life.created;
    let there = |life: &Life| life.start <= at && at <= life.end && fits(life);
    let later = lives.partition_point(|life| life.start <= at);
    let near = later.saturating_sub(NEAR)..lives.len().min(later + 1);
    let all = || near.clone().map(|i| (i, &lives[i]));
    if let Some((home, _)) = all().filter(|(_, life)| there(life)).min_by_key(|(_, life)| life.end) {
        return Some(home);
    }
    let ends = matches!(entry.change, Change::Deleted | Change::Leaving | Change::Absent);
    let next = all().filter(|(_, life)| !ends && life.start >= at).min_by_key(|(_, life)| life.start);
    if let Some((home, _)) = next.filter(|(_, life)| !life.created) {
        return Some(home);
    }
    let gone = all().filter(|(_, life)| !creates && life.end <= at && at <= life.end.plus_micros(LATE));
    let soon = next.filter(|(_, life)| !creates && life.start <= at.plus_micros(SKEW));
    gone.max_by_key(|(_, life)| life.end).or(soon).map(|(home, _)| home)
}

/// Records of which none has a uid, cut into lives.
fn split(entries: Vec<Entry>) -> Vec<Vec<Entry>> {
    let mut lives: Vec<Vec<Entry>> = Vec::new();
    let mut open = false;
    for entry in entries {
        let deleted = entry.change == Change::Deleted;
        let first = |life: &Vec<Entry>| {
            entry.change != Change::Created || (life[0].change != Change::Created && apart(&life[0], &entry) <= SKEW)
        };
        match lives.last_mut() {
            Some(life) if open && first(life) => life.push(entry),
            // A deletion of what is gone already says nothing new.
            Some(_) if deleted => {}
            _ => lives.push(vec![entry]),
        }
        open = !deleted;
    }
    lives
}
