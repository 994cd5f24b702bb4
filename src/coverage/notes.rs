//! Requests of which the report is to know, in the order of time.

use std::sync::Arc;

use super::events::NO_TIME;
use crate::decode::audit::Resource;
use crate::model::Timestamp;
use crate::report::{Reason, Report};
use crate::scratch::{Bytes, Fixed, Record, Room, Sorter, SpillError};

/// What the report is to know of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Matter {
    /// It was a dry run.
    DryRun,
    /// Nobody knows whether it was done.
    Unknown,
}

/// One request. They are noted by time, and those of one time by resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Note {
    matter: Matter,
    at: i64,
    /// The place of its resource in the order of names.
    rank: u32,
}

impl Record for Note {
    // Two requests may have all of it in common.
    const ONCE: bool = false;
}

impl Fixed for Note {
    const SIZE: usize = 1 + 8 + 4;

    fn put(&self, out: &mut Vec<u8>) {
        out.push((self.matter == Matter::Unknown).into());
        out.extend(self.at.to_le_bytes());
        out.extend(self.rank.to_le_bytes());
    }

    fn get(bytes: &mut Bytes<'_>) -> Self {
        let matter = if bytes.next() == [0] { Matter::DryRun } else { Matter::Unknown };
        Note { matter, at: i64::from_le_bytes(bytes.next()), rank: u32::from_le_bytes(bytes.next()) }
    }
}

/// The requests.
pub(super) struct Notes<'a> {
    /// The resources in the order of their names.
    names: Vec<&'a Resource>,
    /// Of each resource, its place in that order.
    ranks: Vec<u32>,
    notes: Sorter<Note>,
}

impl<'a> Notes<'a> {
    /// None yet. `resources`: by the index that requests are given with.
    pub(super) fn new(resources: &'a [Arc<Resource>], room: &Room) -> Self {
        let mut order: Vec<usize> = (0..resources.len()).collect();
        order.sort_unstable_by_key(|index| &resources[*index]);
        let mut ranks = vec![0; resources.len()];
        (0..).zip(&order).for_each(|(rank, index)| ranks[*index] = rank);
        let names = order.into_iter().map(|index| &*resources[index]).collect();
        Notes { names, ranks, notes: Sorter::new(room) }
    }

    /// Takes a request.
    pub(super) fn add(&mut self, matter: Matter, at: i64, resource: u32) -> Result<(), SpillError> {
        self.notes.push(Note { matter, at, rank: self.ranks[resource as usize] })
    }

    /// Tells them.
    pub(super) fn tell(self, report: &mut Report) -> Result<(), SpillError> {
        for note in self.notes.sorted()? {
            let Note { matter, at, rank } = note?;
            let reason = match matter {
                Matter::DryRun => Reason::DryRunIgnored,
                Matter::Unknown => Reason::OutcomeUnknown,
            };
            let at = Some(at).filter(|at| *at != NO_TIME).map(Timestamp::from_micros);
            report.note(reason, at, || self.names[rank as usize].to_string());
        }
        Ok(())
    }
}
