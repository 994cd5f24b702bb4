//! When a log has events: stretches without a longer pause.

use std::collections::BTreeMap;

/// Pauses of up to so many microseconds are not looked at: it keeps a busy log of any length in a few numbers.
pub(super) const PAUSE: i64 = 5_000_000;

/// The stretches of a log, first to last moment in microseconds: no pause within them is longer than [`PAUSE`], all between
/// them are. The same whatever the order in which moments are added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Runs(BTreeMap<i64, i64>);

/// Runs to which moments are added. As those of a log come nearly in order, the stretch that grows is kept apart.
#[derive(Debug, Default)]
pub(super) struct Growing {
    stretch: Option<(i64, i64)>,
    others: Runs,
}

impl Growing {
    /// Adds one moment.
    pub(super) fn add(&mut self, at: i64) {
        match &mut self.stretch {
            Some((from, to)) if at.saturating_sub(*to) <= PAUSE && from.saturating_sub(at) <= PAUSE => {
                (*from, *to) = (at.min(*from), at.max(*to));
            }
            other => {
                if let Some((from, to)) = other.replace((at, at)) {
                    self.others.add_run(from, to);
                }
            }
        }
    }

    /// All of them.
    pub(super) fn finish(mut self) -> Runs {
        if let Some((from, to)) = self.stretch {
            self.others.add_run(from, to);
        }
        self.others
    }
}

impl Runs {
    fn add_run(&mut self, mut from: i64, mut to: i64) {
        if let Some((&start, &end)) = self.0.range(..=from).next_back() {
            if to <= end {
                return;
            }
            if from.saturating_sub(end) <= PAUSE {
                from = start;
            }
        }
        while let Some((&start, &end)) =
            self.0.range(from..).next().filter(|(start, _)| start.saturating_sub(to) <= PAUSE)
        {
            to = to.max(end);
            self.0.remove(&start);
        }
        self.0.insert(from, to);
    }

    /// Adds all of another log.
    pub(super) fn merge(&mut self, other: &Runs) {
        for (&from, &to) in &other.0 {
            self.add_run(from, to);
        }
    }

    /// The first and last moment.
    pub(super) fn span(&self) -> Option<(i64, i64)> {
        Some((*self.0.first_key_value()?.0, *self.0.last_key_value()?.1))
    }

    /// How long the stretches are together.
    pub(super) fn busy(&self) -> i64 {
        self.0.iter().fold(0, |sum: i64, (from, to)| sum.saturating_add(to.saturating_sub(*from)))
    }

    /// The pauses between them, in order.
    pub(super) fn pauses(&self) -> Vec<(i64, i64)> {
        self.0.values().copied().zip(self.0.keys().copied().skip(1)).collect()
    }
}

#[cfg(test)]
impl FromIterator<i64> for Runs {
    fn from_iter<I: IntoIterator<Item = i64>>(moments: I) -> Self {
        let mut growing = Growing::default();
        moments.into_iter().for_each(|at| growing.add(at));
        growing.finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the definition says, from all moments at once.
    fn by_definition(mut moments: Vec<i64>) -> Runs {
        moments.sort_unstable();
        let runs = moments.chunk_by(|a, b| b - a <= PAUSE);
        Runs(runs.map(|run| (run[0], run[run.len() - 1])).collect())
    }

    #[test]
    fn the_ends_of_time_do_no_harm() {
        let runs: Runs = [i64::MAX, i64::MIN, 0, i64::MAX, i64::MIN + 1].into_iter().collect();
        assert_eq!(runs.span(), Some((i64::MIN, i64::MAX)));
        assert_eq!(runs.pauses().len(), 2);
        assert_eq!(runs.busy(), 1);
    }

    proptest! {
        #[test]
        fn the_order_of_moments_is_of_no_consequence(
            moments in prop::collection::vec(0i64..200_000_000, 0..80),
            cut in 0usize..80,
        ) {
            let runs: Runs = moments.iter().copied().collect();
            prop_assert_eq!(&runs, &by_definition(moments.clone()));
            let (left, right) = moments.split_at(cut.min(moments.len()));
            let mut merged = by_definition(left.to_vec());
            merged.merge(&by_definition(right.to_vec()));
            prop_assert_eq!(runs, merged);
        }
    }
}
