//! When things happened of which the log does not say when.
//!
//! A cluster's resourceVersions count the writes of its etcd, one counter for all objects. So they order the records of all
//! kinds and files, and a record without a time lies between its neighbours on that line: not before the latest moment that
//! it, or one before it, proves to have passed; not after the earliest moment by which it, or one after it, had happened.
//! Within those bounds the earliest is taken, since bodies tell whole seconds and most writes leave their second in the body.
//!
//! A deletion leaves nothing in the body. But controllers react to it at once (an owner's deletion has the garbage collector
//! delete what it owned), so where the next write that tells its time is near, that is taken.
//!
//! Taken over all inputs at once, so that the estimate does not depend on how records are spread over files. Versions that
//! get the same moment are a microsecond apart, in their order.

use std::cmp::Reverse;

use crate::model::{ResourceVersion, Timestamp};

/// How near, in microseconds, the next write must be to date a deletion.
const REACTION: i64 = 5_000_000;
/// At most so many microseconds are spent on keeping versions of one moment in order.
const SPREAD: usize = 400_000;

/// What one record tells of the time of its resourceVersion.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    /// The resourceVersion.
    pub resource_version: ResourceVersion,
    /// It was not written before this.
    pub not_before: Option<Timestamp>,
    /// It was written by then.
    pub not_after: Option<Timestamp>,
    /// It is a deletion, whose body tells of earlier writes only.
    pub deletion: bool,
}

/// Times along the line of resourceVersions.
pub struct Clock {
    versions: Vec<ResourceVersion>,
    /// The latest `not_before` up to here.
    floor: Vec<Timestamp>,
    /// Where this floor was reached.
    since: Vec<usize>,
    /// The floor at the next mark that tells its time and is no deletion.
    resumed: Vec<Timestamp>,
    /// The earliest `not_after` from here on.
    ceiling: Vec<Timestamp>,
}

impl Clock {
    /// A clock from what all records tell.
    pub fn new(mut marks: Vec<Mark>) -> Self {
        // Of several marks of one version the best comes first, so that the order of the input does not matter.
        marks.sort_unstable_by_key(|mark| (mark.resource_version, Reverse(mark.not_before)));
        let mut clock = Clock {
            versions: marks.iter().map(|mark| mark.resource_version).collect(),
            floor: Vec::with_capacity(marks.len()),
            since: Vec::with_capacity(marks.len()),
            resumed: vec![Timestamp::MAX; marks.len()],
            ceiling: vec![Timestamp::MAX; marks.len()],
        };
        let (mut latest, mut since) = (Timestamp::MIN, 0);
        for (i, mark) in marks.iter().enumerate() {
            if mark.not_before.is_some_and(|at| at > latest) {
                (latest, since) = (mark.not_before.unwrap_or(latest), i);
            }
            clock.floor.push(latest);
            clock.since.push(since);
        }
        let (mut earliest, mut resumed) = (Timestamp::MAX, Timestamp::MAX);
        for (i, mark) in marks.iter().enumerate().rev() {
            earliest = earliest.min(mark.not_after.unwrap_or(Timestamp::MAX));
            clock.ceiling[i] = earliest;
            clock.resumed[i] = resumed;
            if !mark.deletion && mark.not_before.is_some() {
                resumed = clock.floor[i];
            }
        }
        clock
    }

    /// The time of a write; `None` when nothing tells.
    pub fn at(&self, resource_version: ResourceVersion) -> Option<Timestamp> {
        self.estimate(resource_version, false)
    }

    /// The time of a deletion.
    pub fn deleted_at(&self, resource_version: ResourceVersion) -> Option<Timestamp> {
        self.estimate(resource_version, true)
    }

    fn estimate(&self, resource_version: ResourceVersion, deletion: bool) -> Option<Timestamp> {
        let first = self.versions.partition_point(|version| *version < resource_version);
        let last = self.versions.partition_point(|version| *version <= resource_version).checked_sub(1);
        let floor = last.map_or(Timestamp::MIN, |i| self.in_order(self.floor[i], self.since[i], first));
        let resumed = last.filter(|_| deletion).map_or(Timestamp::MAX, |i| self.resumed[i]);
        let near = resumed.micros().saturating_sub(floor.micros()) <= REACTION;
        let ceiling = self.ceiling.get(first).copied().unwrap_or(Timestamp::MAX);
        let at = match floor {
            Timestamp::MIN => ceiling,
            floor if near => floor.max(resumed.plus_micros(-1)).min(ceiling),
            floor => floor.min(ceiling),
        };
        (at != Timestamp::MAX).then_some(at)
    }

    fn in_order(&self, floor: Timestamp, since: usize, place: usize) -> Timestamp {
        floor.plus_micros(place.saturating_sub(since).min(SPREAD) as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(resource_version: ResourceVersion, not_before: i64, not_after: Option<i64>) -> Mark {
        let not_after = not_after.map(Timestamp::from_seconds);
        Mark { resource_version, not_before: Some(Timestamp::from_seconds(not_before)), not_after, deletion: false }
    }

    fn deletion(resource_version: ResourceVersion, not_before: i64) -> Mark {
        Mark { deletion: true, ..mark(resource_version, not_before, None) }
    }

    fn seconds(at: Option<Timestamp>) -> Option<i64> {
        at.map(Timestamp::seconds)
    }

    #[test]
    fn a_time_lies_between_its_neighbours() {
        let clock =
            Clock::new(vec![mark(30, 300, Some(301)), mark(10, 100, None), mark(20, 90, None), mark(25, 999, None)]);
        assert_eq!(seconds(clock.at(20)), Some(100), "not before an earlier version");
        assert_eq!(seconds(clock.at(25)), Some(301), "a clock that runs ahead is bounded by what came after");
        assert_eq!(seconds(clock.at(5)), Some(301), "nothing before it: only the bound is known");
        assert_eq!(Clock::new(Vec::new()).at(1), None);
    }

    #[test]
    fn versions_of_one_moment_stay_in_order() {
        let clock = Clock::new(vec![mark(1, 100, None), mark(2, 100, None), mark(3, 90, None), mark(4, 101, None)]);
        let times: Vec<i64> = (1..=4).filter_map(|version| clock.at(version)).map(Timestamp::micros).collect();
        assert_eq!(times, [100_000_000, 100_000_001, 100_000_002, 101_000_000]);
    }

    #[test]
    fn a_deletion_is_dated_by_what_follows_at_once() {
        let clock = Clock::new(vec![
            mark(1, 100, None),
            deletion(2, 50),
            deletion(3, 60),
            mark(4, 103, None),
            deletion(5, 50),
            mark(6, 200, None),
        ]);
        assert_eq!(seconds(clock.deleted_at(2)), Some(102), "just before the reaction");
        assert_eq!(seconds(clock.deleted_at(5)), Some(103), "nothing follows at once");
    }

    #[test]
    fn a_mark_without_a_time_is_no_reaction_to_a_deletion() {
        let timeless = Mark { resource_version: 4, not_before: None, not_after: None, deletion: false };
        for second in [mark(4, 103, None), timeless] {
            let first = if second.not_before.is_some() { timeless } else { mark(4, 103, None) };
            let clock = Clock::new(vec![mark(1, 100, None), deletion(2, 50), first, second]);
            assert_eq!(seconds(clock.deleted_at(2)), Some(102));
        }
        let clock = Clock::new(vec![
            mark(1, 100, None),
            deletion(2, 50),
            Mark { resource_version: 3, ..timeless },
            mark(4, 103, None),
        ]);
        assert_eq!(seconds(clock.deleted_at(2)), Some(102));
    }
}
