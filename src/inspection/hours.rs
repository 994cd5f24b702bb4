//! When it happened: a histogram, and the spans with the most in them.

use std::collections::BTreeMap;

use super::tally::Moment;

/// The lengths of the spans that time is cut into, in seconds.
pub const LENGTHS: [i64; 26] = [
    1, 2, 3, 5, 10, 15, 20, 30, 60, 120, 180, 300, 600, 900, 1_200, 1_800, 3_600, 7_200, 10_800, 14_400, 21_600,
    28_800, 43_200, 86_400, 172_800, 604_800,
];
/// The span that `tracer inspect` looks for.
pub const QUARTER: i64 = 900;

/// A span in Unix seconds, its end exclusive.
pub type Window = (i64, i64);

/// What happened in equal spans of time, one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// How long each is, in seconds.
    pub length: i64,
    /// When the first one begins: a multiple of the length.
    pub from: i64,
    /// What happened in each.
    pub spans: Vec<Moment>,
}

impl Histogram {
    /// Of a window, in at most so many spans, of a length that people count in. The first and the last may reach out of it.
    pub fn of(seconds: &BTreeMap<i64, Moment>, window: Window, most: usize) -> Self {
        let length = length_for(window, most);
        let from = floor(window.0, length);
        let number = spans(window, length);
        let mut spans = vec![Moment::default(); usize::try_from(number).unwrap_or(most).min(most.max(1))];
        for (second, moment) in seconds {
            let index = usize::try_from((second - from) / length).ok();
            index.and_then(|index| spans.get_mut(index)).into_iter().for_each(|span| span.add(*moment));
        }
        Histogram { length, from, spans }
    }
}

/// The shortest length of which a window has no more than so many spans.
pub fn length_for(window: Window, most: usize) -> i64 {
    let most = i64::try_from(most.max(1)).unwrap_or(i64::MAX);
    let fits = |length: &i64| spans(window, *length) <= most;
    LENGTHS.into_iter().find(fits).unwrap_or_else(|| {
        // Beyond weeks by as many of them as it takes.
        let longest = LENGTHS[LENGTHS.len() - 1];
        let times = 1 + spans(window, longest) / most;
        (0..2).map(|more| longest.saturating_mul(times + more)).find(fits).unwrap_or(i64::MAX)
    })
}

/// So many spans of a length, counted from multiples of it, a window reaches into.
fn spans((from, to): Window, length: i64) -> i64 {
    let last = to.saturating_sub(1).max(from).div_euclid(length);
    last.saturating_sub(from.div_euclid(length)).saturating_add(1)
}

/// The last multiple of a length.
pub fn floor(second: i64, length: i64) -> i64 {
    second.div_euclid(length).saturating_mul(length)
}

/// A span, and what happened in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy {
    /// The span.
    pub window: Window,
    /// What happened.
    pub moment: Moment,
}

/// The spans of a length in which the most happened, none overlapping another, the busiest first. They begin at multiples of
/// a fifteenth of the length, and of such with equal changes the latest counts: it begins with what is in it.
pub fn busiest(seconds: &BTreeMap<i64, Moment>, window: Window, length: i64, most: usize) -> Vec<Busy> {
    let step = (length / 15).max(1);
    let mut steps: BTreeMap<i64, Moment> = BTreeMap::new();
    for (second, moment) in seconds {
        steps.entry(floor(*second, step)).or_default().add(*moment);
    }
    let first = floor(window.0, step);
    let mut starts: BTreeMap<i64, Moment> = BTreeMap::new();
    for (at, moment) in &steps {
        let reach = (0..length / step).map(|back| at - back * step).take_while(|start| *start >= first);
        reach.for_each(|start| starts.entry(start).or_default().add(*moment));
    }
    let mut found: Vec<Busy> = Vec::new();
    while found.len() < most {
        let free = |start: i64| found.iter().all(|busy| (busy.window.0 - start).abs() >= length);
        let candidates = starts.iter().filter(|(start, _)| free(**start));
        let best = candidates.max_by_key(|(start, moment)| (moment.changes.all(), **start));
        let Some((start, _)) = best else { break };
        // Another's changes are no part of it, nor what lies before the window.
        let inside = (start.max(&window.0), start.saturating_add(length).min(window.1));
        let mut moment = Moment::default();
        seconds.range(*inside.0..inside.1).for_each(|(_, one)| moment.add(*one));
        found.push(Busy { window: (*inside.0, inside.1), moment });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspection::changes::Changes;

    fn moment(changed: u64) -> Moment {
        Moment { changes: Changes { changed, ..Changes::default() }, pods: 0 }
    }

    fn seconds(of: &[(i64, u64)]) -> BTreeMap<i64, Moment> {
        of.iter().map(|(second, changed)| (*second, moment(*changed))).collect()
    }

    #[test]
    fn lengths_are_those_that_people_count_in() {
        for (window, most, expected) in [
            ((0, 60), 60, 1),
            ((0, 61), 60, 2),
            ((59, 61), 1, 120),
            ((0, 3_600), 70, 60),
            ((0, 86_400), 70, 1_800),
            ((0, 30 * 86_400), 70, 43_200),
            ((0, 604_800 * 100), 70, 1_209_600),
        ] {
            let length = length_for(window, most);
            assert_eq!(length, expected, "{window:?}");
            assert!(spans(window, length) <= most as i64, "{window:?} {length}");
        }
    }

    #[test]
    fn a_histogram_has_every_change_once() {
        let histogram = Histogram::of(&seconds(&[(1_003, 1), (1_004, 2), (1_061, 4)]), (1_003, 1_062), 30);
        assert_eq!((histogram.length, histogram.from, histogram.spans.len()), (2, 1_002, 30));
        let found: Vec<(usize, u64)> = histogram
            .spans
            .iter()
            .enumerate()
            .map(|(i, m)| (i, m.changes.changed))
            .filter(|(_, changed)| *changed > 0)
            .collect();
        assert_eq!(found, [(0, 1), (1, 2), (29, 4)]);
    }

    #[test]
    fn the_busiest_begins_with_what_is_in_it() {
        let day = seconds(&[(36_000, 5), (36_100, 7), (40_000, 11), (70_000, 3)]);
        let busy = busiest(&day, (30_000, 80_000), QUARTER, 5);
        let shown: Vec<(Window, u64)> = busy.iter().map(|busy| (busy.window, busy.moment.changes.all())).collect();
        assert_eq!(shown, [((36_000, 36_900), 12), ((39_960, 40_860), 11), ((69_960, 70_860), 3)]);
    }

    #[test]
    fn the_busiest_lies_in_the_window() {
        let busy = busiest(&seconds(&[(100, 1), (101, 1)]), (100, 130), QUARTER, 5);
        assert_eq!(busy, [Busy { window: (100, 130), moment: moment(2) }]);
    }
}
