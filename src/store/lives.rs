//! Which records of a name are of the same object.
//!
//! A uid says so. Requests often have none: they are of the object that bore the name at their time. Where no record of a name
//! has a uid, a deletion or another creation ends one life and begins the next.

use std::collections::HashMap;

use super::Entry;
use crate::decode::audit::{CLOCKS_APART, TWINS_APART};
use crate::decode::{Change, Telling, Why};
use crate::fingerprint::Uid;
use crate::model::Timestamp;

/// How long after an object's end, in microseconds, a request may be told that went before it.
pub(super) const LATE: i64 = 2_000_000;

/// The records of one object.
struct Life {
    entries: Vec<Entry>,
    start: Timestamp,
    /// The first record, where `start` may be the time that the object itself tells.
    first: Timestamp,
    end: Timestamp,
    /// Its `creationTimestamp`.
    stamp: Option<Timestamp>,
    /// Whether its creation was seen.
    created: bool,
}

/// The objects that bore a name, each with what was seen of it.
pub(super) fn lives(entries: Vec<Entry>) -> Vec<Vec<Entry>> {
    // In the order in which they were seen first: that of uids may differ from run to run.
    let mut by_uid: Vec<Vec<Entry>> = Vec::new();
    let mut places: HashMap<Uid, usize> = HashMap::new();
    let mut anonymous = Vec::new();
    for entry in without_copies(entries) {
        match entry.uid {
            Some(uid) => {
                let place = *places.entry(uid).or_insert(by_uid.len());
                by_uid.resize_with(by_uid.len().max(place + 1), Vec::new);
                by_uid[place].push(entry);
            }
            None => anonymous.push(entry),
        }
    }
    anonymous.sort_by_key(|entry| (time(entry), entry.position));
    let mut lives: Vec<Life> = by_uid.into_iter().map(Life::of).collect();
    lives.sort_by_key(|life| (life.start, life.end, life.entries[0].resource_version, life.entries[0].position));
    let (creations, others): (Vec<Entry>, Vec<Entry>) =
        anonymous.into_iter().partition(|entry| entry.change == Change::Created);
    begin(&mut lives, creations);
    let mut homeless = Vec::new();
    for entry in others {
        match home(&lives, &entry) {
            Some(home) => lives[home].take(entry),
            None => homeless.push(entry),
        }
    }
    lives
        .into_iter()
        .map(|life| life.entries)
        .chain(split(homeless))
        .filter(|life| life.iter().any(shows_an_object))
        .collect()
}

pub(super) fn time(entry: &Entry) -> Timestamp {
    entry.at.unwrap_or_default()
}

/// Requests and deletions by themselves show no object, nor does what may not have been done.
pub(super) fn shows_an_object(entry: &Entry) -> bool {
    match (entry.change, &entry.telling) {
        (Change::Leaving | Change::Absent, _) | (_, Telling::Nothing(Why::OutcomeUnknown)) => false,
        (Change::Deleted, telling) => !matches!(telling, Telling::Nothing(_)),
        _ => true,
    }
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
        let twin = matches!(again.telling, Telling::Nothing(_)) && apart(again, first) <= TWINS_APART;
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
        let ends = entries.iter().filter(|e| e.change == Change::Deleted).map(time);
        let end = ends.min().unwrap_or(Timestamp::MAX);
        let first = entries.iter().map(time).min().unwrap_or_default();
        let stamp = entries.iter().filter_map(|entry| entry.created).min();
        let created = entries.iter().any(|entry| entry.change == Change::Created);
        // The time that it tells itself is cut to the second, in which another object may have borne the name.
        let start = stamp.filter(|stamp| !created && *stamp < first).unwrap_or(first);
        Life { start, first, end, stamp, created, entries }
    }

    /// Whether it can have been created then.
    fn can_begin(&self, at: Timestamp) -> bool {
        !self.created && self.stamp.is_none_or(|stamp| stamp <= at.plus_micros(CLOCKS_APART))
    }

    fn take(&mut self, entry: Entry) {
        self.first = self.first.min(time(&entry));
        self.start = if entry.change == Change::Created { self.first } else { self.start.min(self.first) };
        self.created |= entry.change == Change::Created;
        if entry.change == Change::Deleted {
            self.end = self.end.min(time(&entry));
        }
        self.entries.push(entry);
    }
}

/// So many lives around a moment are looked at: the lives of one name follow one another.
const NEAR: usize = 8;

/// The lives around a moment.
fn near(lives: &[Life], at: Timestamp) -> impl Iterator<Item = (usize, &Life)> + Clone {
    let later = lives.partition_point(|life| life.start <= at);
    lives.iter().enumerate().take(later + NEAR).skip(later.saturating_sub(NEAR))
}

/// Gives creations without uid to the objects that they began: each to the next that is seen, the last of them first, since
/// what an earlier one made is gone by then. One of which nothing more is seen is a life of its own. Each life ends by the next.
fn begin(lives: &mut Vec<Life>, creations: Vec<Entry>) {
    let mut rest = Vec::new();
    for creation in creations.into_iter().rev() {
        match next(lives, &creation) {
            Some(begun) => lives[begun].take(creation),
            None => rest.push(creation),
        }
    }
    let mut more = Vec::new();
    for creation in rest.into_iter().rev() {
        match just_seen(lives, &creation) {
            Some(begun) => lives[begun].take(creation),
            None => more.push(Life::of(vec![creation])),
        }
    }
    lives.extend(more);
    lives.sort_by_key(|life| (life.start, life.end, life.entries[0].resource_version, life.entries[0].position));
    for i in 1..lives.len() {
        if lives[i - 1].first < lives[i].first {
            lives[i - 1].end = lives[i - 1].end.min(lives[i].first);
        }
    }
}

/// The object that is seen next after a creation, if its own was not.
fn next(lives: &[Life], creation: &Entry) -> Option<usize> {
    let at = time(creation);
    let later = near(lives, at).filter(|(_, life)| life.first >= at);
    let next = later.min_by_key(|(_, life)| life.first).filter(|(_, life)| life.can_begin(at));
    next.map(|(next, _)| next)
}

/// The object that was seen just before its creation, by another server's clock.
fn just_seen(lives: &[Life], creation: &Entry) -> Option<usize> {
    let at = time(creation);
    let just = |life: &Life| life.first < at && at <= life.first.plus_micros(CLOCKS_APART) && life.can_begin(at);
    near(lives, at).filter(|(_, life)| just(life)).max_by_key(|(_, life)| life.first).map(|(seen, _)| seen)
}

/// The object that bore the name when a record without uid was written: the one that was there; else, unless the record is
/// of a deletion, the next one, of which it is the first word; else the one that had just gone; else the one that another
/// server's clock has created a little later.
fn home(lives: &[Life], entry: &Entry) -> Option<usize> {
    let at = time(entry);
    let all = near(lives, at);
    let there = |life: &Life| life.start <= at && at <= life.end;
    if let Some((home, _)) = all.clone().filter(|(_, life)| there(life)).min_by_key(|(_, life)| life.end) {
        return Some(home);
    }
    let ends = matches!(entry.change, Change::Deleted | Change::Leaving | Change::Absent);
    let next = all.clone().filter(|(_, life)| !ends && life.start >= at).min_by_key(|(_, life)| life.start);
    if let Some((home, _)) = next.filter(|(_, life)| !life.created) {
        return Some(home);
    }
    let gone = all.filter(|(_, life)| life.end <= at && at <= life.end.plus_micros(LATE));
    let soon = next.filter(|(_, life)| life.start <= at.plus_micros(CLOCKS_APART));
    gone.max_by_key(|(_, life)| life.end).or(soon).map(|(home, _)| home)
}

/// Records of which none has a uid nor is a creation, cut into lives.
fn split(entries: Vec<Entry>) -> Vec<Vec<Entry>> {
    let mut lives: Vec<Vec<Entry>> = Vec::new();
    let mut open = false;
    for entry in entries {
        let deleted = entry.change == Change::Deleted;
        match lives.last_mut() {
            Some(life) if open => life.push(entry),
            // A deletion of what is gone already says nothing new.
            Some(_) if deleted => {}
            _ => lives.push(vec![entry]),
        }
        open = !deleted;
    }
    lives
}
