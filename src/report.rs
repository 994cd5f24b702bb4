//! The account: whatever could make a trace differ from what happened, counted by reason.
//!
//! Nothing is left out in silence. Every stage notes here what it had to pass over, to estimate or to conclude; at the end
//! a few lines on stderr say so, `--report` writes all of it as JSON, and `--strict` fails on what lies in the window.

mod audit;
mod reason;

pub use audit::{AuditAccount, ClockAccount, ResourceAccount, ServerAccount, Silence};
pub use reason::Reason;

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use crate::model::Timestamp;

/// How many different examples of a reason are kept; of objects of the trace whose content is uncertain, all.
const EXAMPLES: usize = 5;

/// One reason's count.
#[derive(Clone, Debug, Default)]
struct Tally {
    untimed: u64,
    by_second: BTreeMap<i64, u64>,
    /// At moments that no window asks for: how often, and the first and the last second.
    out_of_view: Option<(u64, i64, i64)>,
    /// What lasts, from one moment to another.
    by_span: BTreeMap<(Timestamp, Timestamp), u64>,
    examples: Vec<String>,
}

impl Tally {
    fn count(&self) -> u64 {
        let out_of_view = self.out_of_view.map_or(0, |(count, ..)| count);
        self.untimed + out_of_view + self.by_second.values().chain(self.by_span.values()).sum::<u64>()
    }

    /// What is not known to lie outside of `[from, to)`, in seconds.
    fn within(&self, (from, to): (i64, i64)) -> u64 {
        if from >= to {
            return self.untimed;
        }
        let moments = self.by_second.range(from..to).map(|(_, n)| n).sum::<u64>();
        let (start, end) = (Timestamp::from_seconds(from), Timestamp::from_seconds(to));
        let reaching = self.by_span.iter().filter(|((since, until), _)| *since < end && *until > start);
        self.untimed + moments + reaching.map(|(_, n)| n).sum::<u64>()
    }

    fn exemplify(&mut self, reason: Reason, about: impl FnOnce() -> String) {
        if reason.names_all() {
            self.examples.push(about());
        } else if self.examples.len() < EXAMPLES {
            let about = about();
            if !self.examples.contains(&about) {
                self.examples.push(about);
            }
        }
    }
}

/// The counts of a run.
#[derive(Clone, Debug, Default)]
pub struct Report {
    tallies: BTreeMap<Reason, Tally>,
    view: View,
}

/// Which moments a window can ask for: what is outside takes no memory, however long the log is.
#[derive(Clone, Copy, Debug)]
struct View {
    from: Timestamp,
    to: Timestamp,
}

impl Default for View {
    fn default() -> Self {
        View { from: Timestamp::MIN, to: Timestamp::MAX }
    }
}

/// One line of the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// The reason's name.
    pub reason: Reason,
    /// How often, over the whole log.
    pub count: u64,
    /// How often in the window, reaching into it, or at an unknown time.
    pub in_window: u64,
    /// What it means.
    pub meaning: &'static str,
    /// What can be done; empty where nothing can.
    pub advice: &'static str,
    /// The first few different ones, in the order of the input; of contents that are uncertain all.
    pub examples: Vec<String>,
}

impl Report {
    /// An account of which no window is asked for that reaches out of these moments.
    pub fn in_view(from: Option<Timestamp>, to: Option<Timestamp>) -> Self {
        let View { from: always, to: ever } = View::default();
        Report { view: View { from: from.unwrap_or(always), to: to.unwrap_or(ever) }, ..Report::default() }
    }

    /// Counts one; `about` is kept while examples are few.
    pub fn note(&mut self, reason: Reason, at: Option<Timestamp>, about: impl FnOnce() -> String) {
        let tally = self.tallies.entry(reason).or_default();
        match at {
            Some(at) if at < self.view.from || at > self.view.to => {
                let (count, first, last) = tally.out_of_view.unwrap_or((0, at.seconds(), at.seconds()));
                tally.out_of_view = Some((count + 1, first.min(at.seconds()), last.max(at.seconds())));
            }
            Some(at) => *tally.by_second.entry(at.seconds()).or_default() += 1,
            None => tally.untimed += 1,
        }
        tally.exemplify(reason, about);
    }

    /// Counts one that lasts: it is in every window that it reaches into. Without an end it reaches into all later ones.
    pub fn note_lasting(
        &mut self,
        reason: Reason,
        (from, until): (Timestamp, Option<Timestamp>),
        about: impl FnOnce() -> String,
    ) {
        let tally = self.tallies.entry(reason).or_default();
        *tally.by_span.entry((from, until.unwrap_or(Timestamp::MAX))).or_default() += 1;
        tally.exemplify(reason, about);
    }

    /// How often a reason was noted.
    pub fn count(&self, reason: Reason) -> u64 {
        self.tallies.get(&reason).map_or(0, Tally::count)
    }

    /// The first and the last moment of a reason; `None` where none is known.
    pub fn span(&self, reason: Reason) -> Option<(Timestamp, Timestamp)> {
        let tally = self.tallies.get(&reason)?;
        let second = Timestamp::from_seconds;
        let seconds = tally.by_second.first_key_value().zip(tally.by_second.last_key_value());
        let seconds = seconds.map(|((first, _), (last, _))| (second(*first), second(*last)));
        let out_of_view = tally.out_of_view.map(|(_, first, last)| (second(first), second(last)));
        let lasting = tally.by_span.keys().copied().reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        seconds.into_iter().chain(out_of_view).chain(lasting).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    /// The account for a window in Unix seconds.
    pub fn gaps(&self, window: (i64, i64)) -> Vec<Gap> {
        let gap = |(reason, tally): (&Reason, &Tally)| Gap {
            reason: *reason,
            count: tally.count(),
            in_window: tally.within(window),
            meaning: reason.describe(),
            advice: reason.advice(),
            examples: tally.examples.clone(),
        };
        self.tallies.iter().map(gap).collect()
    }
}

/// What the trace holds, for the closing summary.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Contents {
    /// Records read, of any kind.
    pub records: u64,
    /// Objects that the logs tell of.
    pub objects_seen: u64,
    /// Events written, the starting state included.
    pub events: u64,
    /// Objects in the starting state.
    pub start_objects: u64,
    /// Objects applied after the start.
    pub applied: u64,
    /// Objects deleted.
    pub deleted: u64,
    /// Different objects in the trace.
    pub objects: u64,
    /// Pod lifecycles.
    pub lifecycles: u64,
}

/// What one source gave.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SourceSummary {
    /// Its name, as given.
    pub path: String,
    /// Records read from it.
    pub records: u64,
    /// The first recorded time in it.
    pub first: Option<String>,
    /// The last recorded time in it.
    pub last: Option<String>,
}

/// The whole account, as `--report` writes it.
#[derive(Clone, Debug, Serialize)]
pub struct Account {
    /// Version of this schema: 1.
    pub version: u32,
    /// The window, in Unix seconds: `from` inclusive, `to` exclusive.
    pub window: Window,
    /// What was written.
    pub contents: Contents,
    /// What was read, source by source.
    pub sources: Vec<SourceSummary>,
    /// What audit logs can tell and what they cannot; absent when none was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit: Option<AuditAccount>,
    /// What may make the trace differ from what happened.
    pub gaps: Vec<Gap>,
}

/// A window in the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Window {
    /// First second.
    pub from: i64,
    /// The second after the last.
    pub to: i64,
}

impl Account {
    /// How many gaps lie in the window, but for harmless ones: what `--strict` fails on.
    pub fn gaps_in_window(&self) -> u64 {
        self.gaps.iter().filter(|gap| !gap.reason.is_harmless()).map(|gap| gap.in_window).sum()
    }

    /// The account as indented JSON.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_json(&self, mut out: impl Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut out, self)?;
        out.write_all(b"\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_window_asks_for_counts_and_takes_no_room() {
        let second = |at: i64| Some(Timestamp::from_seconds(at));
        let mut report = Report::in_view(second(10), second(20));
        for at in [5, 7, 10, 15, 20, 21, 90] {
            report.note(Reason::DryRunIgnored, second(at), String::new);
        }
        let tally = &report.tallies[&Reason::DryRunIgnored];
        assert_eq!((tally.by_second.len(), tally.count()), (3, 7));
        assert_eq!(report.gaps((10, 20))[0].in_window, 2);
        assert_eq!(report.span(Reason::DryRunIgnored), second(5).zip(second(90)));
    }

    #[test]
    fn the_window_takes_what_lies_in_it_and_what_has_no_time() {
        let mut report = Report::default();
        for at in [Some(9), Some(10), Some(19), Some(20), None] {
            report.note(Reason::TimeEstimated, at.map(Timestamp::from_seconds), || "x".to_owned());
        }
        let gaps = report.gaps((10, 20));
        assert_eq!((gaps[0].count, gaps[0].in_window), (5, 3));
    }

    #[test]
    fn no_example_is_there_twice() {
        let mut report = Report::default();
        for about in ["a", "a", "b", "a"] {
            report.note(Reason::DryRunIgnored, None, || about.to_owned());
        }
        let gaps = report.gaps((0, 1));
        assert_eq!((gaps[0].count, gaps[0].examples.as_slice()), (4, ["a".to_owned(), "b".to_owned()].as_slice()));
    }

    #[test]
    fn strict_fails_on_nothing_that_is_harmless() {
        let mut report = Report::default();
        Reason::ALL.into_iter().for_each(|reason| report.note(reason, None, String::new));
        let gaps = report.gaps((0, 1));
        let window = Window { from: 0, to: 1 };
        let account =
            Account { version: 1, window, contents: Contents::default(), sources: Vec::new(), audit: None, gaps };
        assert_eq!(account.gaps_in_window(), Reason::ALL.len() as u64 - 4);
    }

    #[test]
    fn all_lists_every_reason_once_in_order() {
        assert!(Reason::ALL.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(Reason::ALL.last().map(|r| *r as usize + 1), Some(Reason::ALL.len()));
    }
}
