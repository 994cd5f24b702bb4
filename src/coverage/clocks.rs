//! How far the clocks of API servers are apart, proved by resourceVersions.
//!
//! All servers of a cluster write to one etcd, which numbers the writes: of two, the one with the smaller resourceVersion came
//! first, whatever the clocks say. Let `o` be how far a server's clock is ahead of the true time. A request that wrote version
//! `v` was received before the write: at `received - o` or later. A record that shows version `v` was complete after it: the
//! write was at `at - o` or earlier. So where A received a request that wrote `v`, and B shows `w` ≥ `v`, then
//! `received(A) - o(A) ≤ at(B) - o(B)`: A is ahead of B by `received(A) - at(B)` at least. The greatest such number bounds the
//! difference from below, and the same with A and B exchanged from above.
//!
//! That a record shows a version proves the upper end alone: an update that changes nothing, and one that removes the last
//! finalizer of an object, answer with the version of an earlier write. The request *wrote* the version if it created the
//! object, or if it was an update that named an older version, as the server makes sure that nothing came in between.
//!
//! Events, which often have an etcd of their own, are left out. A server whose own records contradict each other so (other
//! resources with an etcd of their own; a clock that was set back) proves nothing; nor do two servers of which only one end
//! is bounded: the versions of an aggregated API's server may all be smaller than those of the cluster.

use crate::scratch::{Bytes, Fixed, Record};

/// What one write proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark {
    /// The version that it shows.
    pub(super) version: u64,
    /// Index of the log.
    pub(super) log: u32,
    /// When the request came in, in microseconds of that server's clock.
    pub(super) received: i64,
    /// When the answer was complete, likewise.
    pub(super) at: i64,
    /// Whether this request wrote the version.
    pub(super) wrote: bool,
}

impl Record for Mark {
    // A second one proves nothing more.
    const ONCE: bool = true;
}

impl Fixed for Mark {
    const SIZE: usize = 3 * 8 + 4 + 1;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend(self.version.to_le_bytes());
        out.extend(self.log.to_le_bytes());
        out.extend(self.received.to_le_bytes());
        out.extend(self.at.to_le_bytes());
        out.push(self.wrote.into());
    }

    fn get(bytes: &mut Bytes<'_>) -> Self {
        let (version, log) = (u64::from_le_bytes(bytes.next()), u32::from_le_bytes(bytes.next()));
        let (received, at) = (i64::from_le_bytes(bytes.next()), i64::from_le_bytes(bytes.next()));
        Mark { version, log, received, at, wrote: bytes.next() != [0] }
    }
}

/// How far `a` is ahead of `b`, in microseconds: at least `bounds.0`, at most `bounds.1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) a: usize,
    pub(super) b: usize,
    pub(super) bounds: Option<(i64, i64)>,
}

/// A difference of fewer microseconds is not worth a word: a trace counts seconds, and clocks that are kept in step differ by
/// milliseconds.
const NOTABLE: i64 = 10_000;

impl Difference {
    /// The difference in words, when it is proved to be notable.
    pub(super) fn notable(&self, name: impl Fn(usize) -> String) -> Option<String> {
        let (least, most) = self.apart()?;
        let (a, b) = (name(self.a), name(self.b));
        let ahead = if least > 0 { &a } else { &b };
        Some(format!("{a} and {b}: {ahead} is ahead by at least {} s (at most {} s)", seconds(least), seconds(most)))
    }

    /// The least and the most by which the clocks are apart, when that is notable: positive when `a` is ahead. Bounds that
    /// cross (the difference changed) count when they agree in which clock is ahead.
    fn apart(&self) -> Option<(i64, i64)> {
        let (lower, upper) = self.bounds?;
        let (low, high) = (lower.min(upper), lower.max(upper));
        if low >= NOTABLE { Some((low, high)) } else { (high <= -NOTABLE).then_some((high, low)) }
    }
}

/// Microseconds as seconds without their sign.
fn seconds(micros: i64) -> String {
    format!("{:.3}", micros.unsigned_abs() as f64 / 1e6)
}

/// Takes the marks of servers in the order of their versions, and bounds how far their clocks are apart.
pub(super) struct Clocks {
    /// By how much each server is ahead of each, at least.
    ahead: Vec<Vec<Option<i64>>>,
    /// Of each server, when it received the latest of the requests whose versions have been passed.
    latest: Vec<Option<i64>>,
    version: u64,
    /// Of each server, when it first showed `version`.
    shown: Vec<Option<i64>>,
}

impl Clocks {
    /// Those of so many servers.
    pub(super) fn new(servers: usize) -> Self {
        let none = vec![None; servers];
        Clocks { ahead: vec![none.clone(); servers], latest: none.clone(), version: 0, shown: none }
    }

    /// Takes the next mark, of this server.
    pub(super) fn take(&mut self, mark: &Mark, server: usize) {
        if self.version != mark.version {
            self.pass();
            self.version = mark.version;
        }
        if mark.wrote {
            self.latest[server] = self.latest[server].max(Some(mark.received));
        }
        self.shown[server] = Some(self.shown[server].map_or(mark.at, |at| at.min(mark.at)));
    }

    /// Compares what showed a version with all that wrote it or older ones.
    fn pass(&mut self) {
        for (server, at) in self.shown.iter_mut().enumerate() {
            let Some(at) = at.take() else { continue };
            for (ahead, received) in self.ahead.iter_mut().zip(&self.latest) {
                let least = received.map(|received| received.saturating_sub(at));
                ahead[server] = ahead[server].max(least);
            }
        }
    }

    /// The differences of all pairs.
    pub(super) fn differences(mut self) -> Vec<Difference> {
        self.pass();
        let ahead = self.ahead;
        let of_pair = |a: usize, b: usize| {
            let sound = [a, b].iter().all(|&server| ahead[server][server].is_none_or(|least| least <= 0));
            let proved = ahead[a][b].zip(ahead[b][a]).filter(|_| sound);
            Difference { a, b, bounds: proved.map(|(least, behind)| (least, behind.saturating_neg())) }
        };
        let servers = ahead.len();
        (0..servers).flat_map(|a| (a + 1..servers).map(move |b| (a, b))).map(|(a, b)| of_pair(a, b)).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A mark of the server whose log has this index.
    fn mark(version: u64, log: u32, received: i64, at: i64, wrote: bool) -> Mark {
        Mark { version, log, received, at, wrote }
    }

    fn differences(mut marks: Vec<Mark>, servers: usize) -> Vec<Difference> {
        marks.sort_unstable();
        let mut clocks = Clocks::new(servers);
        marks.iter().for_each(|mark| clocks.take(mark, mark.log as usize));
        clocks.differences()
    }

    fn bounds(marks: &[Mark]) -> Option<(i64, i64)> {
        differences(marks.to_vec(), 2)[0].bounds
    }

    #[test]
    fn writes_in_turn_bound_the_difference_from_both_sides() {
        // B's clock is 700 behind: it receives version 2 at true time 200 and writes 500 before A's first record.
        let marks = [mark(1, 0, 100, 110, true), mark(2, 1, 200 - 700, 210 - 700, true), mark(3, 0, 300, 310, true)];
        assert_eq!(bounds(&marks), Some((100 - (210 - 700), 310 - (200 - 700))));
    }

    #[test]
    fn a_request_that_changed_nothing_is_no_lower_bound() {
        // A shows version 1 long after B wrote 2: it did not write it then.
        let marks = [mark(1, 0, 5_000, 5_010, false), mark(2, 1, 200, 210, true), mark(3, 0, 300, 310, true)];
        assert_eq!(bounds(&marks), None, "nothing bounds the one side");
        let known = [&marks[..], &[mark(4, 1, 400, 410, true)]].concat();
        assert_eq!(bounds(&known), Some((300 - 410, 310 - 200)));
    }

    #[test]
    fn versions_of_two_counts_prove_nothing() {
        // An aggregated API's own count, all below the cluster's.
        let apart: Vec<Mark> = (0..50)
            .flat_map(|i| {
                [mark(1 + i, 0, 1_000 * i as i64, 1_000 * i as i64 + 5, true), mark(9_000 + i, 1, 10, 20, true)]
            })
            .collect();
        assert_eq!(bounds(&apart), None);
        // One server that writes by two counts contradicts itself.
        let mixed = [
            mark(1, 0, 500, 510, true),
            mark(100, 0, 100, 110, true),
            mark(50, 1, 300, 310, true),
            mark(101, 0, 600, 610, true),
        ];
        assert_eq!(bounds(&mixed), None);
    }

    #[test]
    fn small_differences_and_such_of_unknown_direction_are_not_notable() {
        let notable = |lower, upper| Difference { a: 0, b: 1, bounds: Some((lower, upper)) }.apart();
        assert_eq!(notable(-4_043, 4_363), None);
        assert_eq!(notable(2_000, 9_000), None);
        assert_eq!(notable(410_000, 470_000), Some((410_000, 470_000)));
        assert_eq!(notable(-470_000, -410_000), Some((-410_000, -470_000)));
        assert_eq!(notable(50_000, 40_000), Some((40_000, 50_000)), "it changed, but A was ahead throughout");
        assert_eq!(notable(50_000, -40_000), None);
        let behind = Difference { a: 0, b: 1, bounds: Some((-470_000, -41_000)) };
        let words = behind.notable(|server| ["A", "B"][server].to_owned());
        assert_eq!(words.as_deref(), Some("A and B: B is ahead by at least 0.041 s (at most 0.470 s)"));
    }

    #[test]
    fn the_ends_of_time_do_no_harm() {
        let marks = [
            mark(1, 0, i64::MAX, i64::MIN, true),
            mark(2, 1, i64::MIN, i64::MIN, true),
            mark(3, 0, i64::MIN, i64::MAX, true),
        ];
        differences(marks.to_vec(), 2);
    }

    proptest! {
        /// Writes at true times, by servers whose clocks are off, with no-ops that show old versions.
        #[test]
        fn the_true_difference_lies_within_the_bounds(
            offsets in prop::array::uniform3(-2_000_000i64..2_000_000),
            writes in prop::collection::vec((0u32..3, 1i64..50_000, 0i64..20_000, 0i64..20_000, any::<bool>()), 1..60),
        ) {
            let mut now = 0;
            let mut marks = Vec::new();
            for (version, (server, step, before, after, no_op)) in writes.into_iter().enumerate() {
                now += step;
                let clock = |server: u32, time: i64| time + offsets[server as usize];
                let version = version as u64 + 1;
                marks.push(mark(version, server, clock(server, now - before), clock(server, now + after), true));
                if no_op {
                    let other = (server + 1) % 3;
                    let later = clock(other, now + 30_000);
                    marks.push(mark(version, other, later, later, false));
                }
            }
            for Difference { a, b, bounds } in differences(marks, 3) {
                let Some((lower, upper)) = bounds else { continue };
                let truth = offsets[a] - offsets[b];
                prop_assert!(lower <= truth && truth <= upper, "{lower} {truth} {upper}");
            }
        }
    }
}
