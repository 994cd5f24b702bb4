mod room;

use std::io::BufRead;

use proptest::prelude::*;

use super::*;
use crate::decode::audit::{Asked, AuditEvent, Audited, EventId, Level, ObjectReference, Outcome, Stage};
use crate::decode::{Decoder, Item};
use crate::fingerprint::Fingerprints;
use crate::model::{Position, SourceId};
use crate::report::ResourceAccount;

const FULL: Outcome = Outcome::Written { request: true, response: true, truncated: false };
const REQUEST: Outcome = Outcome::Written { request: true, response: false, truncated: false };
const BARE: Outcome = Outcome::Written { request: false, response: false, truncated: false };
const CUT: Outcome = Outcome::Written { request: true, response: false, truncated: true };

/// A record: id, moment in milliseconds, verb, `resource.group/subresource`, name, outcome.
#[derive(Clone, Debug)]
struct Told {
    id: String,
    at: i64,
    received: bool,
    verb: &'static str,
    resource: &'static str,
    name: &'static str,
    server: Option<&'static str>,
    outcome: Outcome,
}

fn told(id: &str, at: i64, verb: &'static str, resource: &'static str, outcome: Outcome) -> Told {
    Told { id: id.to_owned(), at, received: true, verb, resource, name: "x", server: None, outcome }
}

fn reference(resource: &str, name: &str) -> ObjectReference<'static> {
    let (whole, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let (resource, group) = whole.split_once('.').unwrap_or((whole, ""));
    let own = |text: &str| text.to_owned().into();
    ObjectReference {
        group: own(group),
        resource: own(resource),
        subresource: own(subresource),
        name: own(name),
        ..ObjectReference::default()
    }
}

impl Told {
    fn audited(&self, ids: &Fingerprints) -> Audited {
        self.audited_with(ids, |asked| asked)
    }

    fn audited_with(&self, ids: &Fingerprints, change: impl FnOnce(Asked<'_>) -> Asked<'_>) -> Audited {
        let target = reference(self.resource, self.name);
        let event = AuditEvent {
            level: Level::Metadata,
            audit_id: self.id.as_str().into(),
            stage: Stage::ResponseComplete,
            verb: self.verb.into(),
            uri: "".into(),
            user: "".into(),
            asked_by: None,
            target: Some(target.clone()),
            code: None,
            status: None,
            message: None,
            removed_uid: None,
            request: None,
            response: None,
            parts: None,
            before: None,
            received: None,
            at: None,
            truncated: false,
            dry_run: false,
            server: None,
        };
        let at = Timestamp::from_micros(self.at * 1_000);
        Audited::of(change(Asked {
            id: EventId::of(&event, ids),
            at: Some(at),
            received: self.received.then_some(at.plus_micros(-500)),
            server: self.server,
            level: Level::default(),
            stage: Stage::ResponseComplete,
            verb: self.verb,
            target: Some(&target),
            outcome: self.outcome,
            resource_version: None,
        }))
    }
}

const PATHS: [&str; 4] = ["a/audit.log.1", "a/audit.log", "b/audit.log", "b/copy"];

fn finish(coverage: Coverage, paths: &[&str]) -> (AuditAccount, Report) {
    let mut report = Report::default();
    let tracked = [("", "Pod"), ("apps", "Deployment"), ("lab.example.dev", "Gang")];
    let tracked = tracked.map(|(group, kind)| GroupKind::new(group, kind)).into_iter().collect();
    let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
    let known = Known { tracked: &tracked, kinds: &Kinds::default(), paths: &paths };
    (coverage.finish(&known, &mut report).unwrap().unwrap(), report)
}

fn account(records: &[(u32, Told)]) -> (AuditAccount, Report) {
    account_within(Room::default(), records)
}

fn account_within(room: Room, records: &[(u32, Told)]) -> (AuditAccount, Report) {
    let ids = Fingerprints::default();
    let mut coverage = Coverage::with_room(room);
    records.iter().for_each(|(source, told)| coverage.take(*source, &told.audited(&ids)).unwrap());
    finish(coverage, &PATHS)
}

/// The tracked resources as `name: with result, request only, truncated, without bodies; deletions`.
fn resources(records: &[Told]) -> Vec<String> {
    let records: Vec<_> = records.iter().map(|told| (0, told.clone())).collect();
    let show = |r: &ResourceAccount| {
        assert_eq!(r.writes, r.with_result + r.request_only + r.truncated + r.without_bodies);
        let sub = if r.subresource.is_empty() { String::new() } else { format!("/{}", r.subresource) };
        let numbers = [r.with_result, r.request_only, r.truncated, r.without_bodies].map(|n| n.to_string()).join(" ");
        format!("{}{sub}: {numbers}; {}", r.resource, r.deletions)
    };
    account(&records).0.resources.iter().map(show).collect()
}

#[test]
fn without_audit_events_there_is_nothing_to_say() {
    let known = Known { tracked: &BTreeSet::new(), kinds: &Kinds::default(), paths: &[] };
    assert_eq!(Coverage::default().finish(&known, &mut Report::default()).unwrap(), None);
}

#[test]
fn writes_are_counted_by_what_was_recorded_of_them() {
    let records = [
        told("1", 1, "create", "deployments.apps", FULL),
        told("2", 2, "update", "deployments.apps", REQUEST),
        told("3", 3, "patch", "deployments.apps", CUT),
        told("4", 4, "patch", "deployments.apps/scale", BARE),
        told("5", 5, "delete", "deployments.apps", BARE),
        told("6", 6, "create", "pods/eviction", FULL),
        told("7", 7, "create", "pods/binding", REQUEST),
        told("8", 8, "patch", "pods/status", REQUEST),
        told("9", 9, "update", "leases.coordination.k8s.io", BARE),
        told("10", 10, "get", "pods", Outcome::Nothing),
        told("11", 11, "create", "pods", Outcome::Refused),
        told("12", 12, "create", "pods", Outcome::Unknown),
    ];
    assert_eq!(
        resources(&records),
        [
            "pods/eviction: 0 0 0 0; 1",
            "pods/status: 0 1 0 0; 0",
            "deployments: 1 1 1 0; 1",
            "deployments/scale: 0 0 0 1; 0"
        ]
    );
    let (account, _) = account(&records.map(|told| (0, told)));
    assert_eq!((account.events, account.refused, account.outcome_unknown), (12, 1, 1));
    assert_eq!((account.untracked_writes, account.untracked_with_result), (1, 0));
    assert_eq!(account.writes(), (5, 1));
    assert_eq!(account.resources[2].percent_with_result, Some(33.3));
}

#[test]
fn a_copy_counts_once_and_its_bodies_are_kept() {
    let full = told("1", 1, "create", "pods", FULL);
    let nameless = Told { name: "", received: false, outcome: BARE, ..full.clone() };
    assert_eq!(resources(&[full.clone(), full.clone(), nameless]), ["pods: 1 0 0 0; 0"]);
    let other = Told { name: "y", ..full.clone() };
    assert_eq!(resources(&[full.clone(), other]), ["pods: 2 0 0 0; 0"], "another object");
    let later = Told { at: 2, ..full.clone() };
    assert_eq!(resources(&[full, later]), ["pods: 2 0 0 0; 0"], "a client that sends one id twice");
}

#[test]
fn files_that_overlap_in_nothing_but_reads_count_them_once() {
    let get = |id: &str, at: i64| told(id, at, "get", "pods", Outcome::Nothing);
    let old = [(2, get("1", 0)), (2, get("2", 9_000)), (2, get("3", 9_100))];
    let new = [(3, get("2", 9_000)), (3, get("3", 9_100)), (3, get("4", 20_000))];
    let (account, _) = account(&[old, new].concat());
    assert_eq!((account.events, account.copies, account.servers.len()), (4, 2, 1));
}

#[test]
fn of_the_two_logs_of_an_aggregated_api_the_one_with_bodies_counts() {
    let records = [
        (0, told("1", 5_000, "create", "gangs.lab.example.dev", BARE)),
        (2, told("1", 4_990, "create", "gangs.lab.example.dev", REQUEST)),
        (0, told("1", 9_000, "create", "gangs.lab.example.dev", BARE)),
    ];
    let (account, _) = account(&records);
    let gangs = &account.resources[0];
    assert_eq!((gangs.writes, gangs.request_only, gangs.without_bodies), (2, 1, 1));
    assert_eq!((account.events, account.copies), (2, 1));
    let events: Vec<u64> = account.servers.iter().map(|server| server.events).collect();
    assert_eq!(events, [2, 1], "each of the two servers wrote its own");
}

#[test]
fn resources_without_any_body_are_named_once() {
    let many = (0..12).map(|i| {
        (
            0,
            told(
                &i.to_string(),
                i,
                "patch",
                ["gangs.lab.example.dev", "gangs.lab.example.dev/status"][i as usize % 2],
                BARE,
            ),
        )
    });
    let records: Vec<_> = many.chain([(0, told("x", 20, "update", "deployments.apps", CUT))]).collect();
    let (account, report) = account(&records);
    let gaps = report.gaps((0, 10));
    assert_eq!((gaps[0].reason, gaps[0].in_window), (Reason::BodiesNotLogged, 1));
    assert_eq!(gaps[0].examples, ["gangs.lab.example.dev: 12 writes, none with a body"]);
    let policy = account.policy.unwrap();
    assert!(policy.contains(r#"["gangs", "gangs/scale", "gangs/status"]"#), "{policy}");
    assert!(!policy.contains("apps"), "no policy keeps what is too large: {policy}");
}

#[test]
fn nothing_lacks_when_all_results_are_there() {
    let (account, report) =
        account(&[(0, told("1", 1, "create", "pods", FULL)), (0, told("2", 1, "delete", "pods", BARE))]);
    assert_eq!((account.policy, report.gaps((0, 10))), (None, vec![]));
}

#[test]
fn dry_runs_are_noted_at_their_time_and_harm_nothing() {
    let dry = told("1", 5_000, "patch", "deployments.apps/scale", Outcome::DryRun);
    let late = told("2", 15_000, "create", "pods", Outcome::DryRun);
    let (account, report) = account(&[(0, late), (0, dry.clone()), (1, dry)]);
    assert_eq!(account.dry_runs, 2);
    let gaps = report.gaps((0, 10));
    assert_eq!((gaps[0].count, gaps[0].in_window), (2, 1));
    assert_eq!(gaps[0].examples, ["deployments.apps/scale", "pods"]);
    assert!(gaps[0].reason.is_harmless());
}

#[test]
fn a_silence_that_reaches_into_the_window_is_in_it() {
    for (from, to, inside) in [(-900, -100, 0), (-900, 5, 1), (5, 900, 1), (-900, 900, 1), (10, 900, 0), (-900, 0, 0)] {
        let silent = (-2_000..=from)
            .chain(to..2_000)
            .map(|second| (0, told(&second.to_string(), second * 1_000, "get", "pods", Outcome::Nothing)));
        let (account, report) = account(&silent.collect::<Vec<_>>());
        let gaps = report.gaps((0, 10));
        assert_eq!((gaps[0].count, gaps[0].in_window), (1, inside), "{from} {to}");
        assert_eq!(account.servers[0].silences.len(), 1);
    }
}

#[test]
fn hostile_values_do_no_harm() {
    let ids = Fingerprints::default();
    let mut coverage = Coverage::default();
    for at in [i64::MIN, i64::MIN + 1, -1, 0, i64::MAX] {
        let at = Some(Timestamp::from_micros(at));
        for (received, version) in [(at, u128::MAX), (None, 1), (Some(Timestamp::MAX), u128::from(u64::MAX))] {
            let told = told("1", 0, "create", "pods", FULL);
            let resource_version = Some(version);
            for (source, at) in [(7, at), (8, None)] {
                let audited = told.audited_with(&ids, |asked| Asked { at, received, resource_version, ..asked });
                coverage.take(source, &audited).unwrap();
            }
        }
    }
    finish(coverage, &[]);
}

fn any_told() -> impl Strategy<Value = (u32, Told)> {
    let outcome =
        prop::sample::select(vec![FULL, REQUEST, BARE, CUT, Outcome::Nothing, Outcome::DryRun, Outcome::Refused]);
    let verb = prop::sample::select(vec!["create", "patch", "delete"]);
    let resource = prop::sample::select(vec!["pods", "pods/status", "gangs.lab.example.dev"]);
    let name = prop::sample::select(vec!["", "x", "y"]);
    let server = prop::sample::select(vec![None, None, Some("s1"), Some("s2")]);
    let place = (0u32..3, server, prop::sample::select(vec![1, 2, 300, 1_500, 60_000, 90_000]), any::<bool>());
    (place, prop::sample::select(vec!["1", "2"]), verb, resource, name, outcome).prop_map(
        |((source, server, at, received), id, verb, resource, name, outcome)| {
            (source, Told { id: id.to_owned(), at, received, verb, resource, name, server, outcome })
        },
    )
}

proptest! {
    /// Neither the order of the files, nor that records are there twice, nor in which file they are when the carrier says of
    /// which server.
    #[test]
    fn the_order_and_copies_of_records_are_of_no_consequence(
        records in prop::collection::vec(any_told(), 1..30),
        shuffled in any::<prop::sample::Index>().prop_perturb(|_, rng| rng),
        again in prop::collection::vec((any::<prop::sample::Index>(), 0u32..3), 0..8),
    ) {
        let mut rng = shuffled;
        let mut more = records.clone();
        for (index, elsewhere) in again {
            let (source, told) = index.get(&records).clone();
            more.push((if told.server.is_some() { elsewhere } else { source }, told));
        }
        for i in (1..more.len()).rev() {
            more.swap(i, rng.next_u32() as usize % (i + 1));
        }
        let (mut once, once_report) = account(&records);
        let (mut twice, twice_report) = account(&more);
        prop_assert_eq!(more.len() as u64 - twice.copies, twice.events);
        // A file may be named by its directory until the directory holds something of another server.
        for account in [&mut once, &mut twice] {
            account.copies = 0;
            account.clocks.clear();
            for server in &mut account.servers {
                server.files = 0;
                if server.name.contains('/') || PATHS.iter().any(|path| path.starts_with(&server.name)) {
                    server.name.clear();
                }
            }
            account.servers.sort_by_key(|server| format!("{server:?}"));
        }
        prop_assert_eq!(once, twice);
        prop_assert_eq!(once_report.gaps((0, 10)), twice_report.gaps((0, 10)));
    }
}

const LAB: [&str; 4] = [
    "audit-a/audit-2026-11-23T15-26-05.525.log.gz",
    "audit-a/audit-2026-11-23T15-26-51.525.log.gz",
    "audit-a/audit.log.gz",
    "audit-b/audit.log.gz",
];

/// The account of recorded logs of two servers, the clock of B set by so many milliseconds.
fn lab(files: &[&str], b_ahead: i64) -> (AuditAccount, Report) {
    let decoder = Decoder::default();
    let mut coverage = Coverage::default();
    for (source, name) in files.iter().enumerate() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/lab/audit").join(name);
        let file = std::io::BufReader::new(flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()));
        for line in file.lines() {
            let line = line.unwrap();
            let decoded = decoder.line(Position { source: SourceId::of_file(source as u32), line: 1 }, &line).unwrap();
            let audited = decoded.items.into_iter().find_map(|item| match item {
                Item::Audited(audited) => Some(audited),
                _ => None,
            });
            let mut audited = audited.unwrap();
            let ahead = if name.starts_with("audit-b") { b_ahead * 1_000 } else { 0 };
            let moved = |time: Option<i64>| time.map(|time| time + ahead);
            audited.at = moved(audited.at);
            if let Some(write) = &mut audited.write {
                write.received = moved(write.received);
            }
            coverage.take(source as u32, &audited).unwrap();
        }
    }
    finish(coverage, files)
}

fn examples(report: &Report, reason: Reason) -> Vec<String> {
    report.gaps((0, 1)).into_iter().find(|gap| gap.reason == reason).map(|gap| gap.examples).unwrap_or_default()
}

#[test]
fn two_servers_of_a_lab_agree_in_their_clocks() {
    let (account, report) = lab(&LAB, 0);
    let servers: Vec<_> =
        account.servers.iter().map(|s| (s.name.as_str(), s.files, s.events, s.silences.len())).collect();
    assert_eq!(servers, [("audit-a", 3, 1742, 0), ("audit-b/audit.log.gz", 1, 2943, 0)]);
    assert_eq!((account.events, account.copies), (4685, 0));
    let clocks = &account.clocks[0];
    assert_eq!((clocks.a_ahead_at_least_us, clocks.a_ahead_at_most_us), (Some(-4043), Some(4363)));
    assert_eq!(report.count(Reason::ClocksDiffer), 0);
    assert_eq!(report.count(Reason::ServerSilent), 0);
    assert_eq!(account.writes(), (525, 525));
    assert_eq!(account.policy, None);
}

#[test]
fn a_clock_that_is_behind_is_found() {
    let (account, report) = lab(&LAB, -700);
    let clocks = &account.clocks[0];
    assert_eq!((clocks.a_ahead_at_least_us, clocks.a_ahead_at_most_us), (Some(695_957), Some(704_363)));
    let about = examples(&report, Reason::ClocksDiffer);
    assert_eq!(about, ["audit-a and audit-b/audit.log.gz: audit-a is ahead by at least 0.696 s (at most 0.704 s)"]);
}

#[test]
fn a_missing_file_is_a_silence_and_a_copied_one_is_not() {
    let (account, report) = lab(&[LAB[0], LAB[2], LAB[3]], 0);
    assert_eq!(account.servers[0].silences.len(), 1);
    assert_eq!(report.count(Reason::ServerSilent), 1);
    let about = &examples(&report, Reason::ServerSilent)[0];
    assert!(
        about.starts_with("server audit-a: silent from 2026-11-23T15:26:05.521105Z to 2026-11-23T15:26:51.524202Z"),
        "{about}"
    );
    let (whole, _) = lab(&LAB, 0);
    let (copied, report) = lab(&[LAB[0], LAB[1], LAB[1], LAB[2], LAB[3]], 0);
    assert_eq!((copied.events, copied.copies), (whole.events, 538));
    assert_eq!((copied.resources, copied.clocks), (whole.resources, whole.clocks));
    assert_eq!(report.count(Reason::ServerSilent), 0);
}
