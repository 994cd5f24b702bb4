//! Gives a time to what was recorded without one.

use std::collections::HashSet;

use super::Entry;
use super::clock::{Clock, Mark};
use super::initial::InitialSet;
use crate::decode::Change;
use crate::fingerprint::Uid;
use crate::model::{ObjectKey, Timestamp};
use crate::report::{Reason, Report};

/// How long after its `creationTimestamp` an ADDED may come and still be its creation, in microseconds: that time is cut to
/// the second, and events are late by little. What comes later was there before.
const CREATION_LAG: i64 = 2_000_000;

pub(super) fn clock_of<'a>(entries: impl Iterator<Item = &'a Entry>, sets: &[InitialSet]) -> Clock {
    let mark = |entry: &Entry| {
        let resource_version = entry.resource_version?;
        let (not_before, not_after) = match entry.at {
            Some(at) => (is_fresh(entry, at).then_some(at), Some(at)),
            // Nobody has written to it since its creation, so this version is from that very second.
            None if entry.pristine && entry.change == Change::Added => {
                (entry.created.map(within_second), entry.created.map(|created| created.plus_micros(999_999)))
            }
            None => (entry.evidence().map(within_second), None),
        };
        Some(Mark { resource_version, not_before, not_after, deletion: entry.change == Change::Deleted })
    };
    let sets = sets.iter().filter_map(|set| {
        Some(Mark { resource_version: set.resource_version?, not_before: None, not_after: set.at, deletion: false })
    });
    let mut marks: Vec<Mark> = entries.filter_map(mark).chain(sets).collect();
    marks.sort_unstable_by_key(|mark| mark.resource_version);
    // A write that changes nothing is answered with the version that was there: only the first record of a version tells
    // when it was written.
    for same in marks.chunk_by_mut(|a, b| a.resource_version == b.resource_version) {
        let told = |mark: &Mark| mark.not_before.filter(|at| mark.not_after == Some(*at));
        let first = same.iter().filter_map(told).min();
        same.iter_mut().filter(|mark| told(mark).is_some()).for_each(|mark| mark.not_before = first);
    }
    Clock::new(marks)
}

/// The middle of the second that a body tells: the best guess for what was cut off.
fn within_second(at: Timestamp) -> Timestamp {
    if at.micros() % 1_000_000 == 0 { at.plus_micros(500_000) } else { at }
}

/// Whether a record came when its version was written. What a watch tells at its start is older.
pub(super) fn is_fresh(entry: &Entry, at: Timestamp) -> bool {
    match entry.change {
        Change::Created | Change::Modified | Change::Deleted => true,
        Change::Added => entry.created.is_some_and(|created| at <= created.plus_micros(CREATION_LAG)),
        Change::Listed | Change::Bare | Change::Applied | Change::Leaving | Change::Absent => false,
    }
}

/// From when to when a log runs that has no times of its own.
///
/// What a watch tells at its start is older than the watch, so the log begins with the state of its initial set, or with the
/// first change.
pub(super) struct EstimatedSpan {
    initial: HashSet<Uid>,
    pub changes: Option<(Timestamp, Timestamp)>,
    pub states: Option<Timestamp>,
}

impl EstimatedSpan {
    pub fn new(sets: &[InitialSet], clock: &Clock) -> Self {
        let untimed = || sets.iter().filter(|set| set.at.is_none());
        let begin = |set: &InitialSet| set.resource_version.and_then(|version| clock.at(version));
        let initial = untimed().flat_map(|set| set.members.iter().copied()).collect();
        let changes = untimed().filter_map(begin).min().map(|begin| (begin, begin));
        EstimatedSpan { initial, changes, states: None }
    }

    fn entry(&mut self, entry: &Entry, at: Timestamp) {
        let state = match entry.change {
            Change::Added => entry.uid.is_some_and(|uid| self.initial.contains(&uid)),
            Change::Listed | Change::Bare => true,
            _ => false,
        };
        if state {
            self.states = self.states.max(Some(at));
        } else {
            self.changes = Some(self.changes.map_or((at, at), |(first, last)| (first.min(at), last.max(at))));
        }
    }
}

/// Gives every entry a time.
pub(super) fn estimate_times(
    entries: &mut [Entry],
    clock: &Clock,
    key: &ObjectKey,
    span: &mut EstimatedSpan,
    report: &mut Report,
) {
    for entry in entries.iter_mut().filter(|entry| entry.at.is_none()) {
        let by_clock = entry.resource_version.and_then(|version| match entry.change {
            Change::Deleted => clock.deleted_at(version),
            _ => clock.at(version),
        });
        let at = by_clock.or(entry.evidence()).or(entry.created);
        report.note(Reason::TimeEstimated, at, || key.to_string());
        if let Some(at) = at {
            span.entry(entry, at);
        }
        entry.at = Some(at.unwrap_or_default());
    }
}
