//! What holds of a world that API servers log: random ones, played by a cluster in small (`support/random/audit.rs`).

#![allow(clippy::unwrap_used, reason = "clippy lets tests unwrap, but not the functions that they share")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path;

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;
use support::cases::{self, Case, SANITIZE, key, laws, moment, parse, refer, shown};
use support::random::audit::owners::{adrift, moved};
use support::random::audit::{AuditLog, LEVELS, Record, state, styles};
use support::random::{Recording, START, whole_recordings};
use support::wounds::wound;
use support::{gaps, write};
use tracer::trace::{Deleted, Lifecycle, Trace};

/// Ways to keep less than all.
const FILTERS: [&[&str]; 5] = [&[], &["--exclude-ns=two"], &["-l", "app!=x1"], &["--exclude-kind=pod"], &["-n", "one"]];

/// A window between two fractions of a log.
fn window(log: &Recording, cuts: [u8; 2]) -> (i64, i64) {
    (moment(log, cuts[0].min(cuts[1])), moment(log, cuts[0].max(cuts[1])) + 1)
}

/// One that begins before the log and ends after it.
fn all_of(log: &Recording) -> (i64, i64) {
    (START - 5, log.end + 5)
}

fn export(case: &Case, audit: &AuditLog, more: &[&str]) -> Vec<u8> {
    case.export(refer(&audit.files()), more)
}

/// What a run wrote, and its account without the sources.
#[derive(PartialEq)]
struct Told {
    trace: Vec<u8>,
    account: Value,
}

impl Told {
    /// Of the files of a directory.
    fn of(case: &Case, dir: &path::Path, more: &[&str]) -> Self {
        let report = case.dir.path().join(".report");
        let args = case.args.iter().map(String::as_str).chain(more.iter().copied());
        let args = args.chain(["--report", report.to_str().unwrap(), dir.to_str().unwrap()]).collect::<Vec<_>>();
        let trace = cases::export(case.dir.path(), &args).unwrap();
        let mut account: Value = serde_json::from_slice(&fs::read(report).unwrap()).unwrap();
        account.as_object_mut().unwrap().remove("sources");
        // Servers are told, and named, by their files.
        if let Some(audit) = account.get_mut("audit").and_then(Value::as_object_mut) {
            audit.retain(|name, _| name != "servers" && name != "clocks");
        }
        Told { trace, account }
    }

    fn of_lines(case: &Case, files: &[(&str, &[String])], more: &[&str]) -> Self {
        let dir = tempfile::tempdir_in(case.dir.path()).unwrap();
        files.iter().for_each(|(name, lines)| drop(write(dir.path(), name, lines.join("\n"))));
        Told::of(case, dir.path(), more)
    }

    fn of_log(case: &Case, audit: &AuditLog) -> Self {
        Told::of_lines(case, &refer(&audit.files()).collect::<Vec<_>>(), &[])
    }

    /// The account without how many records were read.
    fn uncounted(mut self) -> Self {
        self.account["contents"].as_object_mut().unwrap().remove("records");
        if let Some(audit) = self.account.get_mut("audit").and_then(Value::as_object_mut) {
            audit.remove("copies");
        }
        self
    }

    fn show(&self) -> String {
        format!("{}{}", shown(&self.trace), self.account)
    }
}

/// Lowers the level of each event by the next number.
fn lowered(audit: &AuditLog, levels: &[u8]) -> AuditLog {
    let mut levels = levels.iter().cycle();
    audit.map(|record| Some(record.lowered(usize::from(*levels.next().unwrap()) % LEVELS.len())))
}

/// What an object was, and since when.
type Course = Vec<(i64, Value)>;

proptest! {
    #![proptest_config(laws(40))]

    #[test]
    fn the_audit_logs_give_the_trace_that_the_watches_give(
        log in whole_recordings(40), style in styles(), cuts in any::<[u8; 2]>(), tracked in any::<bool>(),
        sanitize in 0..2_usize, filter in 0..FILTERS.len(),
    ) {
        let case = Case::new(tracked, SANITIZE[sanitize], window(&log, cuts));
        let audit = log.audited(&style);
        let (watched, audited) = (case.log(&log, FILTERS[filter]), export(&case, &audit, FILTERS[filter]));
        let message = || format!("{:?} {:?}\n{}\naudited:\n{}\n{audit:?}", case.args, FILTERS[filter], shown(&watched), shown(&audited));
        prop_assert!(watched == audited, "{}", message());
    }

    #[test]
    fn however_the_audit_logs_are_spread_over_files(
        log in whole_recordings(30), style in styles(), cuts in any::<[u8; 2]>(), tracked in any::<bool>(),
        levels in prop::collection::vec(0..3_u8, 1..20), cut in any::<(Index, Index, u8)>(),
    ) {
        let case = Case::new(tracked, "simkube", window(&log, cuts));
        let audit = lowered(&log.audited(&style), &levels);
        spread(&case, &audit, cut)?;
    }

    #[test]
    fn the_watches_and_the_audit_logs_together_tell_no_more(
        log in whole_recordings(40), style in styles(), cuts in any::<[u8; 2]>(), tracked in any::<bool>(),
        sanitize in 0..2_usize,
    ) {
        let case = Case::new(tracked, SANITIZE[sanitize], window(&log, cuts));
        let audit = log.audited(&style);
        let watched = case.log(&log, &[]);
        let (watches, audits) = (log.files(true), audit.files());
        let both = case.export(refer(&watches).chain(refer(&audits)), &[]);
        prop_assert!(watched == both, "{:?}\n{}\nboth:\n{}\n{audit:?}", case.args, shown(&watched), shown(&both));
    }

    /// But for what joins the trace by the deletion of its former owner: the clock tells with which of its contents.
    #[test]
    fn a_clock_that_is_wrong_moves_times_and_nothing_else(
        log in whole_recordings(40), style in styles(), skew in -900_000..900_001_i64, tracked in any::<bool>(),
    ) {
        let case = Case::new(tracked, "simkube", all_of(&log));
        let audit = log.audited(&style);
        let skewed = audit.map(|record| Some(if record.server == 1 { record.skewed(skew) } else { record }));
        let (right, wrong) = (export(&case, &audit, &[]), export(&case, &skewed, &[]));
        let [(a, a_lives), (b, b_lives)] = [&right, &wrong].map(|trace| paths(&parse(trace), true));
        let moved = moved(&log);
        let alike = |((key, a), b): ((&String, &Course), &Course)| {
            let same = a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.1 == b.1 && (a.0 - b.0).abs() <= 1);
            same || (moved.contains(key) && a.last().map(|a| &a.1) == b.last().map(|b| &b.1))
        };
        let differs: Vec<_> = a.iter().zip(b.values()).filter(|both| !alike(*both)).map(|both| both.0.0).collect();
        let same = a.keys().eq(b.keys()) && differs.is_empty();
        // A pod that runs until it is deleted ends then.
        let near = |(a, b): (&Vec<Life>, &Vec<Life>)| {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && (a.1 - b.1).abs() <= 1)
        };
        let same = same && a_lives.keys().eq(b_lives.keys()) && a_lives.values().zip(b_lives.values()).all(near);
        prop_assert!(same, "{differs:?} by {skew}\n{}\n{}\n{skewed:?}", shown(&right), shown(&wrong));
    }

    /// At lower levels a read may show what no write does.
    #[test]
    fn what_changes_nothing_changes_no_trace(
        log in whole_recordings(40), style in styles(), cuts in any::<[u8; 2]>(), tracked in any::<bool>(),
        levels in prop::collection::vec(0..3_u8, 1..20), lower in any::<bool>(),
    ) {
        let case = Case::new(tracked, "replay", window(&log, cuts));
        let audit = log.audited(&style);
        let audit = if lower { lowered(&audit, &levels) } else { audit };
        let bare = audit.map(|record| (!record.noise || (lower && record.read)).then(|| record.without_managed_fields()));
        let (with, without) = (export(&case, &audit, &[]), export(&case, &bare, &[]));
        prop_assert!(with == without, "{:?}\n{}\nwithout:\n{}\n{audit:?}", case.args, shown(&with), shown(&without));
    }

    #[test]
    fn what_lower_levels_leave_open_is_named(
        log in whole_recordings(40), style in styles(), tracked in any::<bool>(), sanitize in 0..2_usize,
        levels in prop::collection::vec(0..3_u8, 1..20),
    ) {
        let case = Case::new(tracked, SANITIZE[sanitize], all_of(&log));
        let audit = log.audited(&style);
        let low = lowered(&audit, &levels);
        let (full, low_told) = (export(&case, &audit, &[]), Told::of_log(&case, &low));
        let checked = honest(&log, &full, &low_told);
        prop_assert!(checked.is_ok(), "{}\n{}\nlowered:\n{}\n{low:?}", checked.unwrap_err(), shown(&full), low_told.show());
    }

    /// But for metadata, which a trace has as they were when the content changed last, and for what owners were there before.
    #[test]
    fn a_baseline_stands_for_the_log_before_it(
        log in whole_recordings(40), style in styles(), cuts in any::<[u8; 3]>(), (tracked, dated) in any::<(bool, bool)>(),
    ) {
        let mut cuts = cuts.map(|cut| moment(&log, cut));
        cuts.sort_unstable();
        let (taken, window) = (cuts[0], (cuts[1] + 1, cuts[2] + 2));
        let case = Case::new(tracked, "simkube", window);
        let audit = log.audited(&style);
        // A late answer may show what the list has no more.
        let then = taken * 1_000_000;
        let is_later = |record: &Record| record.at > then && (!record.read || record.received > then);
        let later = audit.map(|record| is_later(&record).then_some(record));
        let list = write(case.dir.path(), ".list", state(&log, then).to_string());
        let (list, at) = (format!("--baseline={}", list.display()), format!("--baseline-at={taken}"));
        let more = [list.as_str(), at.as_str()];
        let (whole, based) = (export(&case, &audit, &[]), export(&case, &later, &more[..1 + usize::from(dated)]));
        let adrift = adrift(&log, then);
        let [a, b] = [&whole, &based].map(|trace| {
            let (mut objects, mut lives) = paths(&parse(trace), false);
            objects.retain(|key, _| !adrift.contains(key));
            lives.retain(|key, _| !adrift.contains(key));
            (objects, lives)
        });
        prop_assert!(a == b, "taken at {taken}, {:?}\n{}\nbased:\n{}\n{later:?}\n{}", case.args, shown(&whole), shown(&based), state(&log, then));
    }

    #[test]
    fn no_audit_log_crashes_it(
        log in whole_recordings(20), style in styles(), sanitize in 0..2_usize,
        levels in prop::collection::vec(0..3_u8, 1..20),
        wounds in prop::collection::vec(any::<(Index, Index, u8)>(), 1..8),
    ) {
        let audit = lowered(&log.audited(&style), &levels);
        let mut lines: Vec<Vec<u8>> = audit.merged().into_iter().map(String::into_bytes).collect();
        prop_assume!(!lines.is_empty());
        for (line, place, how) in &wounds {
            wound(line.get_mut(&mut lines), place, *how);
        }
        let text = lines.join(&b'\n');
        let case = Case::new(true, SANITIZE[sanitize], all_of(&log));
        let path = write(case.dir.path(), ".wounded", &text);
        let args = case.args.iter().map(String::as_str).chain(["--skip-invalid", path.to_str().unwrap()]);
        let ended = cases::export(case.dir.path(), &args.collect::<Vec<_>>());
        prop_assert!(ended.is_ok(), "{}\n{}", ended.unwrap_err(), String::from_utf8_lossy(&text));
    }
}

/// Any number of threads, order of the files, rotation, copies; all in one file, compressed, in an archive.
fn spread(case: &Case, audit: &AuditLog, cut: (Index, Index, u8)) -> Result<(), TestCaseError> {
    let files = audit.files();
    let all: Vec<(&str, &[String])> = refer(&files).collect();
    let expected = Told::of_lines(case, &all, &["-j1"]);
    let same = |what: &str, got: Told| {
        prop_assert!(
            got == expected,
            "{what}, {:?}:\n{}\nexpected:\n{}\n{audit:?}",
            case.args,
            got.show(),
            expected.show()
        );
        Ok(())
    };
    same("two threads", Told::of_lines(case, &all, &["-j2"]))?;
    same("five threads", Told::of_lines(case, &all, &["-j5"]))?;
    let merged = audit.merged();
    same("all in one file", Told::of_lines(case, &[("all", &merged)], &[]))?;
    let one_after_the_other = files.values().rev().flatten().cloned().collect::<Vec<_>>();
    same("one file after the other", Told::of_lines(case, &[("all", &one_after_the_other)], &[]))?;
    let Some((name, lines)) = (!all.is_empty()).then(|| *cut.0.get(&all)) else { return Ok(()) };
    let others = || all.iter().copied().filter(|other| other.0 != name);
    let at = cut.1.index(lines.len());
    let (head, tail) = lines.split_at(at);
    let rotated = others().chain([("z-old", head), ("a-new", tail)]).collect::<Vec<_>>();
    same("rotated, and the new part first", Told::of_lines(case, &rotated, &[]))?;
    let again = &lines[at.saturating_sub(usize::from(cut.2 % 8))..];
    let copied = others().chain([("a-old", head), ("z-new", again)]).collect::<Vec<_>>();
    let copied = Told::of_lines(case, &copied, &[]).uncounted();
    let dir = tempfile::tempdir_in(case.dir.path()).unwrap();
    let mut archive = tar::Builder::new(fs::File::create(dir.path().join("x")).unwrap());
    for (name, lines) in &all {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(lines.join("\n").as_bytes()).unwrap();
        let bytes = gz.finish().unwrap();
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, format!("logs/{name}.gz"), bytes.as_slice()).unwrap();
    }
    archive.into_inner().unwrap().flush().unwrap();
    same("compressed and in an archive", Told::of(case, dir.path(), &[]))?;
    let expected = Told { trace: expected.trace.clone(), account: expected.account.clone() }.uncounted();
    let message = || format!("{:?}:\n{}\nexpected:\n{}\n{audit:?}", case.args, copied.show(), expected.show());
    prop_assert!(copied == expected, "copied from {name} before {at}: {}", message());
    Ok(())
}

/// Whether the trace of a log of lower levels says nothing that did not happen, or names it.
fn honest(log: &Recording, full: &[u8], low: &Told) -> Result<(), String> {
    let accounted = low.account["gaps"].as_array().is_some_and(|gaps| !gaps.is_empty());
    if full != low.trace && !accounted {
        return Err("it differs, and the account is empty".to_owned());
    }
    let named = |key: &str| {
        // What was created without a body has the content of the next one.
        let reasons = ["content-approximate", "content-stale", "first-seen-late", "created-without-body"];
        let gaps = low.account["gaps"].as_array().into_iter().flatten();
        let mut examples = gaps
            .filter(|gap| reasons.iter().any(|reason| gap["reason"] == *reason))
            .flat_map(|gap| gap["examples"].as_array().unwrap());
        examples.any(|example| example.as_str().is_some_and(|example| example == key))
    };
    let (full, trace) = (parse(full), parse(&low.trace));
    for event in &trace.events {
        for object in &event.applied {
            let (key, object) = key(&object.text());
            let mut there = log.writes.iter().filter(|write| self::key(write.body.to_string().as_bytes()).0 == key);
            let had = |body: &Value| ["spec", "data"].iter().all(|content| holds(&body[content], &object[content]));
            if !there.any(|write| had(&write.body)) && !named(&name(&object)) {
                return Err(format!("{key} never was so: {object}"));
            }
        }
        for gone in &event.deleted {
            let key = key_of(gone);
            let deletions = |trace: &Trace<Value>| {
                let until = trace.events.iter().filter(|other| other.ts <= event.ts).flat_map(|other| &other.deleted);
                until.filter(|other| key_of(other) == key).count()
            };
            // What is owned by an object of unknown content stands for itself, and goes when it went.
            let went = log.writes.iter().filter(|write| write.gone && write.at / 1_000_000 <= event.ts);
            let went = went.filter(|write| self::key(write.body.to_string().as_bytes()).0 == key).count();
            // Not held where several objects bore the name: without uids in the log it is a guess which of them a record is of,
            // and one may be told as two. The account says then that an end was concluded.
            let bearers = log.writes.iter().filter(|write| write.before.is_none());
            let bearers = bearers.filter(|write| self::key(write.body.to_string().as_bytes()).0 == key).count();
            // Nor of generated names, which pods of one template may have exchanged.
            let generated = gone.name.contains("z000");
            let guessed = ["deletion-concluded", "replaced-unseen"].iter().any(|reason| gaps(&low.account, reason) > 0);
            if deletions(&trace) > deletions(&full).max(went) && !(bearers > 1 && guessed) && !generated {
                return Err(format!("{key} was not deleted by {}", event.ts));
            }
        }
    }
    Ok(())
}

fn key_of(gone: &Deleted) -> String {
    format!("{}.{} {}/{}", gone.api_version, gone.kind, gone.namespace, gone.name)
}

/// As the account names an object.
fn name(object: &Value) -> String {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let group = text("/apiVersion").split_once('/').map(|(group, _)| format!(".{group}")).unwrap_or_default();
    format!("{}{group} {}/{}", text("/kind"), text("/metadata/namespace"), text("/metadata/name"))
}

/// Whether a content holds all of what was left of one.
fn holds(whole: &Value, left: &Value) -> bool {
    match (whole, left) {
        (Value::Object(whole), Value::Object(left)) => {
            left.iter().all(|(key, left)| whole.get(key).is_some_and(|whole| holds(whole, left)))
        }
        (Value::Array(whole), Value::Array(left)) => {
            whole.len() == left.len() && whole.iter().zip(left).all(|(whole, left)| holds(whole, left))
        }
        (whole, left) => left.is_null() || whole == left,
    }
}

type Paths = (BTreeMap<String, Course>, BTreeMap<String, Vec<Life>>);

/// What becomes of each object: its contents, with or without metadata, and its deletions, with their times; and the lifecycles.
fn paths(trace: &Trace<Value>, with_metadata: bool) -> Paths {
    let mut objects: BTreeMap<String, Course> = BTreeMap::new();
    for event in &trace.events {
        for object in &event.applied {
            let (key, mut object) = key(&object.text());
            let left_out = if with_metadata { &["status"][..] } else { &["status", "metadata"] };
            left_out.iter().for_each(|member| drop(object.as_object_mut().unwrap().remove(*member)));
            objects.entry(key).or_default().push((event.ts, object));
        }
        for gone in &event.deleted {
            objects.entry(key_of(gone)).or_default().push((event.ts, Value::Null));
        }
    }
    let lives = |hashes: &BTreeMap<u64, Vec<Lifecycle>>| {
        let mut lives: Vec<Life> = hashes.values().flatten().map(life).collect();
        lives.sort_unstable();
        lives
    };
    let lives = trace
        .pod_lifecycles
        .iter()
        .map(|((gvk, name), hashes)| (format!("{}.{} {name}", gvk.api_version(), gvk.kind), lives(hashes)));
    (objects, lives.collect())
}

/// From when to when.
type Life = (i64, i64);

fn life(life: &Lifecycle) -> Life {
    match *life {
        Lifecycle::Empty => (0, 0),
        Lifecycle::Running(start) => (start, i64::MAX / 2),
        Lifecycle::Finished(start, end) => (start, end),
    }
}
