//! What the events come to, each of which is told once.

use std::sync::Arc;

use super::clocks::Mark;
use super::events::{Account, Telling};
use super::notes::{Matter, Notes};
use super::resources::Writes;
use crate::decode::audit::{Resource, What};
use crate::scratch::{Room, Sorter, SpillError};

/// Counts, and what must be put in another order before it is of use.
pub(super) struct Tally<'a> {
    resources: &'a [Arc<Resource>],
    /// Of each resource.
    pub(super) writes: Vec<Writes>,
    /// How many events each log has. What several logs of a server have is counted for one of them.
    pub(super) by_log: Vec<u64>,
    /// How many events are another server's record of a request that counts already.
    pub(super) twins: u64,
    pub(super) dry_runs: u64,
    pub(super) refused: u64,
    pub(super) unknown: u64,
    pub(super) notes: Notes<'a>,
    /// What the writes prove of the clocks of their servers.
    pub(super) marks: Sorter<Mark>,
}

impl<'a> Tally<'a> {
    /// Nothing is counted yet. `resources`: by index; `logs`: how many there are.
    pub(super) fn new(resources: &'a [Arc<Resource>], logs: usize, room: &Room) -> Self {
        Tally {
            resources,
            writes: vec![Writes::default(); resources.len()],
            by_log: vec![0; logs],
            twins: 0,
            dry_runs: 0,
            refused: 0,
            unknown: 0,
            notes: Notes::new(resources, room),
            marks: Sorter::new(room),
        }
    }
}

impl Account for Tally<'_> {
    fn event(&mut self, event: &Telling) -> Result<(), SpillError> {
        self.by_log[event.log as usize] += 1;
        self.writes[event.resource as usize].count(event.what, event.shown);
        match event.what {
            What::Content | What::Deletion | What::Aside => {}
            What::Refused => self.refused += 1,
            What::DryRun => {
                self.dry_runs += 1;
                self.notes.add(Matter::DryRun, event.at, event.resource)?;
            }
            What::Unknown => {
                self.unknown += 1;
                self.notes.add(Matter::Unknown, event.at, event.resource)?;
            }
        }
        // The server of a single log is compared with none. Events often have an etcd of their own.
        if self.by_log.len() > 1 && self.resources[event.resource as usize].resource != "events" {
            event.mark().map_or(Ok(()), |mark| self.marks.push(mark))?;
        }
        Ok(())
    }

    fn is_twin(&mut self, event: &Telling) {
        self.twins += 1;
        self.writes[event.resource as usize].uncount(event.what);
    }
}
