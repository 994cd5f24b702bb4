//! When there were records, in bounded memory.

use std::collections::BTreeMap;

use crate::model::Timestamp;

/// So many stretches of time are told apart at most. Where there are more they become twice as long.
const STRETCHES: usize = 16_384;
/// The shortest stretch, in microseconds.
const SHORTEST: i64 = 1_000_000;

/// Moments, by stretches of time of one length, each from a multiple of it. Of each stretch the first and the last moment are
/// known to the microsecond. The length depends on the moments alone, not on their order, and only on those stretches that
/// have any: one wrong time costs nothing.
#[derive(Clone, Debug)]
pub struct Timeline {
    length: i64,
    stretches: BTreeMap<i64, Stretch>,
    /// The stretch of the last moment, apart: the next one is mostly of it too.
    current: Option<(i64, Stretch)>,
    most: usize,
}

#[derive(Clone, Copy, Debug)]
struct Stretch {
    count: u64,
    first: i64,
    last: i64,
}

impl Stretch {
    fn and(self, other: Stretch) -> Stretch {
        Stretch { count: self.count + other.count, first: self.first.min(other.first), last: self.last.max(other.last) }
    }
}

/// A span without a single record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    /// The record before it.
    pub from: Timestamp,
    /// The record after it.
    pub to: Timestamp,
}

impl Pause {
    /// How long it is, in microseconds.
    pub fn micros(&self) -> i64 {
        self.to.micros().saturating_sub(self.from.micros())
    }
}

impl Default for Timeline {
    fn default() -> Self {
        Timeline::of_at_most(STRETCHES)
    }
}

impl Timeline {
    fn of_at_most(most: usize) -> Self {
        Timeline { length: SHORTEST, stretches: BTreeMap::new(), current: None, most }
    }

    /// Adds a moment.
    pub fn add(&mut self, at: Timestamp) {
        let at = at.micros();
        let number = at.div_euclid(self.length);
        let moment = Stretch { count: 1, first: at, last: at };
        match &mut self.current {
            Some((current, stretch)) if *current == number => *stretch = stretch.and(moment),
            current => {
                if let Some((number, stretch)) = current.replace((number, moment)) {
                    self.put(number, stretch);
                }
            }
        }
    }

    fn put(&mut self, number: i64, stretch: Stretch) {
        self.stretches.entry(number).and_modify(|known| *known = known.and(stretch)).or_insert(stretch);
        while self.stretches.len() > self.most && self.length < i64::MAX {
            self.length = self.length.saturating_mul(2);
            for (_, stretch) in std::mem::take(&mut self.stretches) {
                let number = stretch.first.div_euclid(self.length);
                self.stretches.entry(number).and_modify(|known| *known = known.and(stretch)).or_insert(stretch);
            }
            // What is apart has a number of the old length.
            if let Some((number, stretch)) = &mut self.current {
                *number = stretch.first.div_euclid(self.length);
            }
        }
    }

    /// How many moments there are.
    pub fn records(&self) -> u64 {
        self.stretches.values().chain(self.current.iter().map(|(_, stretch)| stretch)).map(|s| s.count).sum()
    }

    /// All pauses of at least so many microseconds, in order. Shorter ones than a stretch may be missing.
    pub fn pauses(&self, least: i64) -> Vec<Pause> {
        let mut whole = self.clone();
        if let Some((number, stretch)) = whole.current.take() {
            whole.put(number, stretch);
        }
        let next = whole.stretches.values().skip(1);
        let pause = |(before, after): (&Stretch, &Stretch)| Pause {
            from: Timestamp::from_micros(before.last),
            to: Timestamp::from_micros(after.first),
        };
        whole.stretches.values().zip(next).map(pause).filter(|pause| pause.micros() >= least).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn timeline(most: usize, seconds: &[i64]) -> Timeline {
        let mut timeline = Timeline::of_at_most(most);
        seconds.iter().for_each(|second| timeline.add(Timestamp::from_seconds(*second)));
        timeline
    }

    fn pauses(timeline: &Timeline, least: i64) -> Vec<(i64, i64)> {
        timeline.pauses(least * 1_000_000).iter().map(|pause| (pause.from.seconds(), pause.to.seconds())).collect()
    }

    #[test]
    fn pauses_are_known_to_the_moment() {
        let log = timeline(100, &[1, 2, 3, 50, 51, 200, 52]);
        assert_eq!(pauses(&log, 10), [(3, 50), (52, 200)]);
        assert_eq!(pauses(&log, 100), [(52, 200)]);
        assert_eq!(log.records(), 7);
    }

    #[test]
    fn one_wrong_time_takes_nothing_from_the_others() {
        let mut seconds: Vec<i64> = (1_000..1_050).collect();
        seconds.extend([0, i64::MAX / 2_000_000, 1_080]);
        assert_eq!(pauses(&timeline(100, &seconds), 30)[..2], [(0, 1_000), (1_049, 1_080)]);
    }

    #[test]
    fn the_ends_of_time_do_no_harm() {
        let mut log = timeline(2, &[0, 10, 20]);
        [Timestamp::MIN, Timestamp::MAX, Timestamp::from_micros(-1)].into_iter().for_each(|at| log.add(at));
        assert_eq!(log.records(), 6);
        log.pauses(0);
    }

    proptest! {
        #[test]
        fn the_order_of_moments_is_of_no_consequence(
            seconds in prop::collection::vec(0i64..5_000, 1..200),
            most in 1usize..40,
        ) {
            let forth = timeline(most, &seconds);
            let back: Vec<i64> = seconds.iter().rev().copied().collect();
            prop_assert_eq!(forth.pauses(0), timeline(most, &back).pauses(0));
            prop_assert_eq!(forth.records(), seconds.len() as u64);
            prop_assert!(forth.stretches.len() <= most);
        }
    }
}
