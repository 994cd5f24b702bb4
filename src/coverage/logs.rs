//! The logs as they were read: which file, which server where the carrier names it, and when they have events.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::iter::Copied;
use std::slice::Iter;

use super::runs::Runs;

/// A log whose records are of one server: a file, or, over all files, what a carrier says is of one server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    /// The server's name, where the carrier says it.
    Named(String),
    /// The index of a file, where it does not.
    File(u32),
}

/// All logs.
#[derive(Default)]
pub(super) struct Logs {
    indices: BTreeMap<Origin, u32>,
    /// Of each origin, hashes of the events of which nothing more is to be known, to count them once.
    others: Vec<Vec<u64>>,
    /// When an origin has events in a file.
    runs: BTreeMap<(u32, u32), Runs>,
}

impl Logs {
    /// The index of the log that a record stands in.
    pub(super) fn index(&mut self, source: u32, server: Option<String>) -> u32 {
        let origin = match server {
            Some(name) if !name.is_empty() => Origin::Named(name),
            _ => Origin::File(source),
        };
        let next = self.others.len() as u32;
        let index = *self.indices.entry(origin).or_insert(next);
        if index == next {
            self.others.push(Vec::new());
        }
        index
    }

    /// An event was at a moment.
    pub(super) fn run(&mut self, log: u32, source: u32, at: i64) {
        self.runs.entry((log, source)).or_default().add(at);
    }

    /// Counts an event of which nothing more is to be known.
    pub(super) fn count(&mut self, log: u32, event: u64) {
        self.others[log as usize].push(event);
    }

    /// How many logs there are.
    pub(super) fn len(&self) -> usize {
        self.others.len()
    }

    /// The origins by index.
    pub(super) fn origins(&self) -> Vec<&Origin> {
        let mut origins: Vec<(u32, &Origin)> = self.indices.iter().map(|(origin, index)| (*index, origin)).collect();
        origins.sort_unstable();
        origins.into_iter().map(|(_, origin)| origin).collect()
    }

    /// The log, the file and the runs of all that was read.
    pub(super) fn runs(&self) -> impl Iterator<Item = (u32, u32, &Runs)> {
        self.runs.iter().map(|((log, source), runs)| (*log, *source, runs))
    }

    /// Pairs of logs that hold copies of one event of those that were only counted.
    pub(super) fn links(&mut self) -> BTreeSet<(u32, u32)> {
        for events in &mut self.others {
            events.sort_unstable();
            events.dedup();
        }
        let mut rest: Vec<_> = self.others.iter().map(|events| events.iter().copied()).collect();
        let next = |(log, events): (u32, &mut Copied<Iter<'_, u64>>)| events.next().map(|event| Reverse((event, log)));
        let mut heads: BinaryHeap<_> = (0..).zip(&mut rest).filter_map(next).collect();
        let mut links = BTreeSet::new();
        let mut last: Option<(u64, u32)> = None;
        while let Some(Reverse((event, log))) = heads.pop() {
            links.extend(last.filter(|(other, _)| *other == event).map(|(_, other)| (other, log)));
            last = Some((event, log));
            heads.extend(next((log, &mut rest[log as usize])));
        }
        links
    }

    /// How many of the events that were only counted are of these logs, each once.
    pub(super) fn counted(&mut self, logs: &[u32]) -> u64 {
        let mut events: Vec<u64> = Vec::new();
        for log in logs {
            events.append(&mut self.others[*log as usize]);
        }
        events.sort_unstable();
        events.dedup();
        events.len() as u64
    }
}
