//! Where a server's log should have events and has none.
//!
//! A server that has nothing to do is silent too, so a pause must stand out by itself. It is measured with the server's
//! *usual* pause: the longest in its files that does not stand out.
//!
//! - Within a file, a pause stands out when it is longer than a minute and ten times the next shorter one; then all that are
//!   longer do too.
//! - Between two files of a server, and after its last record, where a missing file would show, when it is longer than half a
//!   minute and four times the usual pause.
//! - And, wherever it is, when the server would have written 20 records in it at its usual pace.
//!
//! A server of fewer than 100 events has no pace. Where more than three pauses stand out, and they are together longer than
//! the rest, they are the usual thing: a cluster that works by the hour.

use super::runs::{PAUSE, Runs};

/// Within a file, a pause of this length may stand out, in microseconds; and this many times the next shorter one.
const WITHIN: (i64, i64) = (60_000_000, 10);

/// Between files, a pause of this length may stand out, in microseconds; and this many times the usual one.
const BETWEEN: (i64, i64) = (30_000_000, 4);

/// Without so many events, there is no pace.
const EVENTS: u64 = 100;

/// So many events are missed in a pause that stands out.
const MISSED: i128 = 20;

/// So many pauses that stand out are believed in any case.
const FEW: usize = 3;

/// A span in microseconds.
pub(super) type Span = (i64, i64);

fn length((from, to): Span) -> i64 {
    to.saturating_sub(from)
}

/// How a server's log runs.
pub(super) struct Pace {
    events: u64,
    /// The longest pause that is usual.
    usual: i64,
    /// How long the log is without the pauses that stand out.
    busy: i64,
    /// The pauses that stand out, in order.
    pub(super) silences: Vec<Span>,
}

impl Pace {
    /// Looks at a server's log: the runs of each of its files, and how many events it has.
    pub(super) fn of(files: &[&Runs], events: u64) -> Self {
        let mut log = Runs::default();
        files.iter().for_each(|file| log.merge(file));
        let (mut within, mut between) = part(log.pauses(), files);
        let mut pace = Pace { events, usual: PAUSE, busy: log.busy(), silences: Vec::new() };
        within.sort_unstable_by_key(|pause| length(*pause));
        let usual = within.iter().take_while(|pause| pace.take_usual(**pause)).count();
        between.retain(|pause| {
            let silent = pace.is_long(*pause);
            pace.busy = pace.busy.saturating_add(if silent { 0 } else { length(*pause) });
            silent
        });
        let standing_out = within[usual..].iter().chain(&between);
        let mut silences: Vec<Span> = standing_out.copied().filter(|pause| pace.misses(*pause)).collect();
        silences.sort_unstable();
        let silent = silences.iter().fold(0, |sum: i64, pause| sum.saturating_add(length(*pause)));
        if silences.len() <= FEW || silent <= pace.busy {
            pace.silences = silences;
        }
        pace
    }

    /// Takes the next longer pause within a file, unless it stands out.
    fn take_usual(&mut self, pause: Span) -> bool {
        let (floor, times) = WITHIN;
        if length(pause) > floor.max(self.usual.saturating_mul(times)) {
            return false;
        }
        self.usual = self.usual.max(length(pause));
        self.busy = self.busy.saturating_add(length(pause));
        true
    }

    fn is_long(&self, pause: Span) -> bool {
        let (floor, times) = BETWEEN;
        length(pause) > floor.max(self.usual.saturating_mul(times))
    }

    /// Whether many events would have been written in it.
    fn misses(&self, pause: Span) -> bool {
        self.events >= EVENTS && i128::from(self.events) * i128::from(length(pause)) >= MISSED * i128::from(self.busy)
    }

    /// Whether a span after the last record, in which other servers went on, stands out.
    pub(super) fn is_silence_after(&self, span: Span) -> bool {
        self.is_long(span) && self.misses(span)
    }
}

/// Parts pauses within a file from those between files.
fn part(pauses: Vec<Span>, files: &[&Runs]) -> (Vec<Span>, Vec<Span>) {
    let mut spans: Vec<Span> = files.iter().filter_map(|file| file.span()).collect();
    spans.sort_unstable();
    let mut files = spans.into_iter().peekable();
    let mut reach = i64::MIN;
    pauses.into_iter().partition(|(from, to)| {
        while let Some((_, end)) = files.next_if(|(start, _)| start <= from) {
            reach = reach.max(end);
        }
        reach >= *to
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    /// A file with an event every `step` seconds of a span.
    fn file(from: i64, to: i64, step: i64) -> Runs {
        (from..=to).step_by(step as usize).map(|second| second * SECOND).collect()
    }

    fn silences(files: &[Runs], events: u64) -> Vec<(i64, i64)> {
        let pace = Pace::of(&files.iter().collect::<Vec<_>>(), events);
        pace.silences.iter().map(|(from, to)| (from / SECOND, to / SECOND)).collect()
    }

    fn joined(files: &[Runs]) -> Runs {
        let mut all = Runs::default();
        files.iter().for_each(|file| all.merge(file));
        all
    }

    #[test]
    fn a_missing_file_shows_between_the_files_around_it() {
        let files = [file(0, 100, 1), file(140, 300, 1)];
        assert_eq!(silences(&files, 260), [(100, 140)]);
        assert_eq!(silences(&files, 99), [], "too few events to have a pace");
        assert_eq!(silences(&[file(0, 100, 1), file(125, 300, 1)], 260), [], "half a minute is nothing");
    }

    #[test]
    fn within_a_file_a_pause_must_be_longer() {
        assert_eq!(silences(&[joined(&[file(0, 100, 1), file(140, 300, 1)])], 260), []);
        assert_eq!(silences(&[joined(&[file(0, 100, 1), file(170, 300, 1)])], 260), [(100, 170)]);
    }

    #[test]
    fn what_is_usual_is_no_silence() {
        assert_eq!(silences(&[file(0, 20_000, 50), file(20_190, 40_000, 50)], 800), [], "less than four times");
        assert_eq!(
            silences(&[file(0, 20_000, 50), file(20_210, 40_000, 50)], 800),
            [],
            "four records are missing, not 20"
        );
        assert_eq!(silences(&[file(0, 20_000, 50), file(22_000, 40_000, 50)], 800), [(20_000, 22_000)]);
    }

    #[test]
    fn two_missing_files_do_not_hide_each_other() {
        let files = [file(0, 100, 1), file(160, 300, 1), file(360, 500, 1)];
        assert_eq!(silences(&files, 380), [(100, 160), (300, 360)]);
        let one = joined(&[file(0, 100, 1), file(200, 300, 1), file(400, 500, 1)]);
        assert_eq!(silences(&[one], 300), [(100, 200), (300, 400)]);
    }

    #[test]
    fn a_log_that_runs_once_an_hour_is_not_silent_in_between() {
        let bursts: Vec<Runs> = (0..24).map(|hour| file(hour * 3600, hour * 3600 + 60, 1)).collect();
        assert_eq!(silences(&[joined(&bursts)], 1464), []);
        assert_eq!(silences(&bursts, 1464), []);
    }

    #[test]
    fn a_copy_of_a_file_changes_nothing() {
        let files = [file(0, 100, 1), file(140, 300, 1)];
        assert_eq!(silences(&[files[0].clone(), files[1].clone(), files[0].clone()], 260), [(100, 140)]);
    }

    #[test]
    fn the_ends_of_time_do_no_harm() {
        let mut runs = file(0, 200, 1);
        runs.merge(&[i64::MIN + 1, i64::MAX].into_iter().collect());
        let pace = Pace::of(&[&runs], 200);
        assert_eq!(pace.silences.len(), 2);
        assert!(pace.is_silence_after((0, i64::MAX)));
    }
}
