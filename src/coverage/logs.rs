//! The logs as they were read: which file, which server where the carrier names it, and when they have events.

use std::collections::HashMap;
use std::sync::Arc;

use super::runs::{Growing, Runs};

/// A log whose records are of one server: a file, or, over all files, what a carrier says is of one server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Origin {
    /// The server's name, where the carrier says it.
    Named(Arc<str>),
    /// The index of a file, where it does not.
    File(u32),
}

/// All logs, as they are read.
#[derive(Default)]
pub(super) struct Reading {
    /// By index.
    origins: Vec<Origin>,
    named: HashMap<Arc<str>, u32>,
    files: HashMap<u32, u32>,
    /// What a file has of a log, in the order in which they came.
    parts: Vec<Part>,
    /// Which part it is, by log and file.
    indices: HashMap<(u32, u32), u32>,
    /// The parts that the last records stood in: the next one mostly does, too.
    recent: [usize; RECENT],
    /// Which of those is the next to be forgotten.
    oldest: usize,
}

/// So many parts are looked through before the index of all: a carrier mixes the logs of a few servers.
const RECENT: usize = 8;

/// The part of a log that stands in a file.
struct Part {
    log: u32,
    source: u32,
    runs: Growing,
}

impl Reading {
    /// Takes a record, of a server and a time if they are known; returns the index of its log.
    pub(super) fn take(&mut self, source: u32, server: Option<&str>, at: Option<i64>) -> u32 {
        let recent = self.recent.into_iter().find(|&part| self.is_of(part, source, server));
        let part = recent.unwrap_or_else(|| self.find(source, server));
        let part = &mut self.parts[part];
        if let Some(at) = at {
            part.runs.add(at);
        }
        part.log
    }

    fn is_of(&self, part: usize, source: u32, server: Option<&str>) -> bool {
        let Some(part) = self.parts.get(part).filter(|part| part.source == source) else { return false };
        match (&self.origins[part.log as usize], server) {
            (Origin::Named(name), Some(server)) => **name == *server,
            (Origin::File(_), None) => true,
            _ => false,
        }
    }

    /// Index of the part in a file of a server's log.
    fn find(&mut self, source: u32, server: Option<&str>) -> usize {
        let next = self.origins.len() as u32;
        let log = match server {
            None => *self.files.entry(source).or_insert(next),
            Some(server) => self.named.get(server).copied().unwrap_or(next),
        };
        if log == next {
            let origin = server.map_or(Origin::File(source), |server| Origin::Named(server.into()));
            if let Origin::Named(name) = &origin {
                self.named.insert(Arc::clone(name), log);
            }
            self.origins.push(origin);
        }
        let next = self.parts.len() as u32;
        let part = *self.indices.entry((log, source)).or_insert(next);
        if part == next {
            self.parts.push(Part { log, source, runs: Growing::default() });
        }
        self.recent[self.oldest] = part as usize;
        self.oldest = (self.oldest + 1) % RECENT;
        part as usize
    }

    /// All of them, once everything is read.
    pub(super) fn finish(self) -> Logs {
        let runs = self.parts.into_iter().map(|part| (part.log, part.source, part.runs.finish()));
        Logs { origins: self.origins, runs: runs.filter(|(.., runs)| runs.span().is_some()).collect() }
    }
}

/// All logs.
#[derive(Default)]
pub(super) struct Logs {
    /// The origins by index.
    pub(super) origins: Vec<Origin>,
    /// The log, the file and the runs of all that has times.
    pub(super) runs: Vec<(u32, u32, Runs)>,
}
