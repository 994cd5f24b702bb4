//! What the audit logs can tell and what they cannot.
//!
//! An audit log has what the policy of each API server kept, and every server writes its own. So the account says of each
//! tracked resource how much of its writes was recorded, with the rule of a policy that would have kept all of it; and of
//! the servers, which there are, where one's log is missing, and how far their clocks are apart.
//!
//! Everything here is the same whatever the order in which records are read, and however often a record is there: whatever
//! needs an order is decided in [`Coverage::finish`]. For that, something is kept of each event, in temporary files when it
//! is much: 16 bytes of each of which nothing is to be known but that it was there, 49 of each request that was to change
//! something. Memory is taken for a few megabytes of them, for the names of resources, servers and files, and for each
//! pause in a log.

mod clocks;
mod counted;
mod events;
mod links;
mod logs;
mod notes;
mod policy;
mod resources;
mod runs;
mod servers;
mod silence;
mod tally;
#[cfg(test)]
mod tests;

pub use crate::scratch::SpillError;

use std::cmp::Reverse;
use std::collections::BTreeSet;

use clocks::{Clocks, Difference, Mark};
use counted::Counted;
use events::Telling;
use links::Links;
use logs::Reading;
use resources::{Recorded, Resources};
use servers::Server;
use tally::Tally;

use crate::decode::audit::{Audited, Kinds};
use crate::model::{GroupKind, Timestamp};
use crate::report::{AuditAccount, ClockAccount, Reason, Report, ServerAccount, Silence};
use crate::scratch::{Room, Sorter};

/// The clocks of so many servers are compared, of those with the most events.
const COMPARED_CLOCKS: usize = 32;

/// What the audit events tell of the logs that they stand in.
pub struct Coverage {
    records: u64,
    logs: Reading,
    resources: Resources,
    counted: Sorter<Counted>,
    tellings: Sorter<Telling>,
    room: Room,
}

impl Default for Coverage {
    fn default() -> Self {
        Coverage::with_room(Room::default())
    }
}

/// What else is known at the end.
pub struct Known<'a> {
    /// The kinds that matter for this trace: the tracked ones, and pods.
    pub tracked: &'a BTreeSet<GroupKind>,
    /// The kinds of resources.
    pub kinds: &'a Kinds,
    /// The names of the sources.
    pub paths: &'a [String],
}

impl Coverage {
    /// `room`: for each of the things that are kept of many events.
    fn with_room(room: Room) -> Self {
        Coverage {
            records: 0,
            logs: Reading::default(),
            resources: Resources::default(),
            counted: Sorter::new(&room),
            tellings: Sorter::new(&room),
            room,
        }
    }

    /// Takes what one record tells. `source`: index of the input.
    ///
    /// # Errors
    /// A temporary file that cannot be written.
    pub fn take(&mut self, source: u32, audited: &Audited) -> Result<(), SpillError> {
        let Audited { id, at, ref server, ref write, .. } = *audited;
        self.records += 1;
        let log = self.logs.take(source, server.as_deref(), at);
        match write {
            None => self.counted.push(Counted::of(id.bits(), at, log)),
            Some(write) => {
                let resource = self.resources.index(&write.resource, write.slot);
                self.tellings.push(Telling::of((id.bits(), at, log), write, resource))
            }
        }
    }

    /// Takes what a record tells that is here without those that stood beside it: it tells of the request, and nothing of when its
    /// server was silent.
    ///
    /// # Errors
    /// As [`Coverage::take`].
    pub fn take_apart(&mut self, source: u32, audited: &Audited) -> Result<(), SpillError> {
        let Audited { id, at, ref server, ref write, .. } = *audited;
        let Some(write) = write else { return Ok(()) };
        self.records += 1;
        let log = self.logs.take(source, server.as_deref(), None);
        let resource = self.resources.index(&write.resource, write.slot);
        self.tellings.push(Telling::of((id.bits(), at, log), write, resource))
    }

    /// All of it, once everything is read; `None` when there was no audit event. Notes dry runs, unknown outcomes, resources
    /// without bodies, silent servers and clocks that differ.
    ///
    /// # Errors
    /// A temporary file that cannot be written or read.
    pub fn finish(self, known: &Known<'_>, report: &mut Report) -> Result<Option<AuditAccount>, SpillError> {
        if self.records == 0 {
            return Ok(None);
        }
        let (logs, resources) = (self.logs.finish(), self.resources.by_index());
        let mut links = Links::default();
        let mut tally = Tally::new(&resources, logs.origins.len(), &self.room);
        counted::count(self.counted.sorted()?, &mut links, &mut tally.by_log)?;
        events::tell(self.tellings.sorted()?, &mut links, &mut tally)?;
        let servers = servers::servers(&logs, &mut links, &tally.by_log, known.paths);
        let recorded = Recorded::of(&resources, &tally.writes, known);
        tally.notes.tell(report)?;
        recorded.note(report);
        note_silences(&servers, report);
        let clocks = compare_clocks(tally.marks, &servers, tally.by_log.len(), report)?;
        let events = servers.iter().map(|server| server.events).sum::<u64>() - tally.twins;
        Ok(Some(AuditAccount {
            events,
            copies: self.records - events,
            dry_runs: tally.dry_runs,
            refused: tally.refused,
            outcome_unknown: tally.unknown,
            policy: policy::rule(&recorded.lacking()),
            resources: recorded.tracked,
            others: recorded.others,
            untracked_writes: recorded.untracked.0,
            untracked_with_result: recorded.untracked.1,
            servers: servers.into_iter().map(server_account).collect(),
            clocks,
        }))
    }
}

/// Notes the silences.
fn note_silences(servers: &[Server], report: &mut Report) {
    for server in servers {
        for (from, to) in &server.silences {
            let (from, to) = (Timestamp::from_micros(*from), Timestamp::from_micros(*to));
            let about = || format!("server {}: silent from {from} to {to}", server.name);
            report.note_lasting(Reason::ServerSilent, (from, Some(to)), about);
        }
    }
}

/// Compares the clocks of the servers with the most events. `logs`: how many there are.
fn compare_clocks(
    marks: Sorter<Mark>,
    servers: &[Server],
    logs: usize,
    report: &mut Report,
) -> Result<Vec<ClockAccount>, SpillError> {
    let mut compared: Vec<&Server> = servers.iter().collect();
    compared.sort_by_key(|server| Reverse(server.events));
    compared.truncate(COMPARED_CLOCKS);
    compared.sort_by(|a, b| a.name.cmp(&b.name));
    let mut server_of: Vec<Option<usize>> = vec![None; logs];
    for (i, server) in compared.iter().enumerate() {
        server.logs.iter().for_each(|log| server_of[*log as usize] = Some(i));
    }
    let mut clocks = Clocks::new(compared.len());
    for mark in marks.sorted()? {
        let mark = mark?;
        server_of[mark.log as usize].into_iter().for_each(|server| clocks.take(&mark, server));
    }
    let account = |difference: Difference| {
        let name = |server: usize| compared[server].name.clone();
        if let Some(about) = difference.notable(name) {
            report.note(Reason::ClocksDiffer, None, || about);
        }
        let Difference { a, b, bounds } = difference;
        let (least, most) = bounds.unzip();
        ClockAccount { a: name(a), b: name(b), a_ahead_at_least_us: least, a_ahead_at_most_us: most }
    };
    Ok(clocks.differences().into_iter().map(account).collect())
}

fn server_account(server: Server) -> ServerAccount {
    let text = |micros: i64| Timestamp::from_micros(micros).to_string();
    ServerAccount {
        name: server.name,
        files: server.files.len() as u64,
        events: server.events,
        first: server.span.map(|span| text(span.0)),
        last: server.span.map(|span| text(span.1)),
        silences: server.silences.iter().map(|(from, to)| Silence { from: text(*from), to: text(*to) }).collect(),
    }
}
