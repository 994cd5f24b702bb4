//! What the audit logs can tell and what they cannot.
//!
//! An audit log has what the policy of each API server kept, and every server writes its own. So the account says of each
//! tracked resource how much of its writes was recorded, with the rule of a policy that would have kept all of it; and of
//! the servers, which there are, where one's log is missing, and how far their clocks are apart.
//!
//! Everything here is the same whatever the order in which records are read, and however often a record is there: whatever
//! needs an order is decided in [`Coverage::finish`]. For that, each event of which nothing is to be known but that it was
//! there costs 8 bytes, each request that was to change something 56.

mod clocks;
mod events;
mod logs;
mod policy;
mod resources;
mod runs;
mod servers;
mod silence;
#[cfg(test)]
mod sorted;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};

use clocks::Difference;
use events::{Events, NO_TIME, Telling, What};
use logs::Logs;
use resources::{Recorded, Resource};
use servers::Server;

use crate::decode::audit::{Audited, Kinds};
use crate::model::{GroupKind, Timestamp};
use crate::report::{AuditAccount, ClockAccount, Reason, Report, ServerAccount, Silence};

/// The clocks of so many servers are compared, of those with the most events.
const COMPARED_CLOCKS: usize = 32;

/// What the audit events tell of the logs that they stand in.
#[derive(Default)]
pub struct Coverage {
    records: u64,
    logs: Logs,
    resources: BTreeMap<Resource, u32>,
    tellings: Vec<Telling>,
    // Keyed, so that no log can be written to have events taken for copies.
    hasher: RandomState,
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
    /// Takes what one audit event tells of the log. `source`: index of the input.
    pub fn take(&mut self, source: u32, mut audited: Audited) {
        self.records += 1;
        let log = self.logs.index(source, audited.server.take());
        let at = audited.at.or(audited.received);
        if let Some(at) = at {
            self.logs.run(log, source, at.micros());
        }
        let id = self.hasher.hash_one(audited.id);
        let target = audited.target.take().unwrap_or_default();
        match What::of(audited.outcome, &audited.verb, &target.subresource) {
            None => self.logs.count(log, self.hasher.hash_one((id, at.map(Timestamp::micros)))),
            Some(what) => {
                let next = self.resources.len() as u32;
                let telling = Telling::of(&audited, &target, (id, log, what));
                let resource = *self.resources.entry(target.into()).or_insert(next);
                self.tellings.push(Telling { resource, ..telling });
            }
        }
    }

    /// All of it, once everything is read; `None` when there was no audit event. Notes dry runs, unknown outcomes, resources without bodies,
    /// silent servers and clocks that differ.
    pub fn finish(mut self, known: &Known<'_>, report: &mut Report) -> Option<AuditAccount> {
        if self.records == 0 {
            return None;
        }
        let resources = resources::by_index(self.resources);
        let Events { distinct, twins, mut links } = Events::of(self.tellings);
        links.extend(self.logs.links());
        let mut by_log = vec![0; self.logs.len()];
        distinct.iter().chain(&twins).for_each(|event| by_log[event.origin as usize] += 1);
        let servers = servers::servers(self.logs, &links, &by_log, known.paths);
        let recorded = Recorded::of(&distinct, &resources, known);
        note_each(What::DryRun, Reason::DryRunIgnored, &distinct, &resources, report);
        note_each(What::Unknown, Reason::OutcomeUnknown, &distinct, &resources, report);
        recorded.note(report);
        note_silences(&servers, report);
        let clocks = compare_clocks(&distinct, &servers, &resources, report);
        let events = servers.iter().map(|server| server.events).sum::<u64>() - twins.len() as u64;
        let number = |what| distinct.iter().filter(|event| event.what == what).count() as u64;
        Some(AuditAccount {
            events,
            copies: self.records - events,
            dry_runs: number(What::DryRun),
            refused: number(What::Refused),
            outcome_unknown: number(What::Unknown),
            policy: policy::rule(&recorded.lacking()),
            resources: recorded.tracked,
            untracked_writes: recorded.untracked.0,
            untracked_with_result: recorded.untracked.1,
            servers: servers.into_iter().map(server_account).collect(),
            clocks,
        })
    }
}

/// Notes every request of which a thing is to be known, in the order of time.
fn note_each(what: What, reason: Reason, events: &[Telling], resources: &[Resource], report: &mut Report) {
    let requests = events.iter().filter(|event| event.what == what);
    let mut requests: Vec<(i64, &Resource)> =
        requests.map(|event| (event.at, &resources[event.resource as usize])).collect();
    requests.sort_unstable();
    for (at, resource) in requests {
        let at = Some(at).filter(|at| *at != NO_TIME).map(Timestamp::from_micros);
        report.note(reason, at, || resource.to_string());
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

/// Compares the clocks of the servers with the most events.
fn compare_clocks(
    events: &[Telling],
    servers: &[Server],
    resources: &[Resource],
    report: &mut Report,
) -> Vec<ClockAccount> {
    let mut compared: Vec<&Server> = servers.iter().collect();
    compared.sort_by_key(|server| std::cmp::Reverse(server.events));
    compared.truncate(COMPARED_CLOCKS);
    compared.sort_by(|a, b| a.name.cmp(&b.name));
    let of_log = |(i, server): (usize, &&Server)| server.logs.iter().map(move |log| (*log, i)).collect::<Vec<_>>();
    let server_of: BTreeMap<u32, usize> = compared.iter().enumerate().flat_map(of_log).collect();
    let marks = events.iter().filter(|event| resources[event.resource as usize].resource != "events");
    let marks = marks.filter_map(|event| event.mark(*server_of.get(&event.origin)?)).collect();
    let account = |difference: Difference| {
        let name = |server: usize| compared[server].name.clone();
        if let Some(about) = difference.notable(name) {
            report.note(Reason::ClocksDiffer, None, || about);
        }
        let Difference { a, b, bounds } = difference;
        let (least, most) = bounds.unzip();
        ClockAccount { a: name(a), b: name(b), a_ahead_at_least_us: least, a_ahead_at_most_us: most }
    };
    clocks::differences(marks, compared.len()).into_iter().map(account).collect()
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
