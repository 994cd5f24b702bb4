//! What holds of the stream of events: whatever is made of a log is made of its stream, however that is put together.

#![allow(clippy::unwrap_used, reason = "clippy lets tests unwrap, but not the functions that they share")]

mod support;

use std::collections::BTreeMap;
use std::fs;

use proptest::prelude::*;
use proptest::sample::Index;
use support::cases::{self, Case, SANITIZE, laws, moment, refer, shown};
use support::random::audit::{AuditLog, LEVELS, state, styles};
use support::random::{Recording, recordings, whole_recordings};
use support::wounds::wound;
use support::write;
use tracer::cli::{self, Invocation};
use tracer::cmd::{ExitStatus, export};
use tracer::model::Timestamp;
use tracer::store::focus::Focus;

type Files = BTreeMap<String, Vec<String>>;

/// How a stream is put together.
#[derive(Clone, Debug)]
struct Way {
    /// Where each file is cut, if files may be.
    cuts: Vec<Index>,
    /// By these numbers lines are put into another order.
    order: Vec<u64>,
}

fn ways() -> impl Strategy<Value = Way> {
    let (cuts, order) = (prop::collection::vec(any::<Index>(), 0..3), prop::collection::vec(any::<u64>(), 1..40));
    (cuts, order).prop_map(|(cuts, order)| Way { cuts, order })
}

/// Each file, or each piece of one, by itself.
fn shards(files: &Files, cuts: &[Index]) -> Vec<(String, Vec<String>)> {
    let mut shards = Vec::new();
    for (name, lines) in files {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(lines.len() + 1)).collect();
        cuts.extend([0, lines.len()]);
        cuts.sort_unstable();
        for (i, cut) in cuts.windows(2).enumerate() {
            shards.push((format!("{name}.{i}"), lines[cut[0]..cut[1]].to_vec()));
        }
    }
    shards
}

/// The lines of `tracer events` of some files.
fn events<'f>(case: &Case, files: impl IntoIterator<Item = (&'f str, &'f [String])>, more: &[&str]) -> Vec<String> {
    let dir = tempfile::tempdir_in(case.dir.path()).unwrap();
    files.into_iter().for_each(|(name, lines)| drop(write(dir.path(), name, lines.join("\n"))));
    let bytes = cases::events(case.dir.path(), &[more, &[dir.path().to_str().unwrap()]].concat()).unwrap();
    String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
}

fn shuffled(mut lines: Vec<String>, order: &[u64]) -> Vec<String> {
    let mut keyed: Vec<(u64, String)> = lines
        .drain(..)
        .zip(order.iter().copied().cycle().zip(0..))
        .map(|(line, (key, i))| {
            let mixed: u64 = (key ^ (i as u64)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            (mixed.rotate_left(17), line)
        })
        .collect();
    keyed.sort();
    keyed.into_iter().map(|(_, line)| line).collect()
}

/// The same watches by recorders that begin another file when a watch breaks off.
fn restarted(files: &Files) -> Files {
    let mut restarted = Files::new();
    for (name, lines) in files {
        for (i, lines) in lines.split_inclusive(|line| line.contains(r#""type":"ERROR""#)).enumerate() {
            restarted.insert(format!("{i}-{name}"), lines.to_vec());
        }
    }
    restarted
}

/// The window of a case, or that of the whole log.
fn case(log: &Recording, tracked: bool, sanitize: usize, cuts: Option<[u8; 2]>) -> Case {
    let window = cuts.map(|cuts| (moment(log, cuts[0].min(cuts[1])), moment(log, cuts[0].max(cuts[1])) + 1));
    let mut case = Case::new(tracked, SANITIZE[sanitize], window.unwrap_or((0, 1)));
    if window.is_none() {
        case.args.retain(|arg| !arg.starts_with("--from") && !arg.starts_with("--to"));
    }
    case
}

fn lowered(audit: &AuditLog, levels: &[u8]) -> AuditLog {
    let mut levels = levels.iter().cycle();
    audit.map(|record| Some(record.lowered(usize::from(*levels.next().unwrap()) % LEVELS.len())))
}

/// Exports a log and its streams: that of all, that of the parts in any order, and that of the stream itself.
fn retold(case: &Case, files: &Files, way: &Way, cut: bool) -> Result<(), TestCaseError> {
    let expected = case.try_export(refer(files), &[]);
    let same = |what: &str, lines: &[String]| {
        let got = case.try_export([("events", lines)], &[]);
        let show = |trace: &Result<Vec<u8>, String>| trace.as_ref().map_or_else(Clone::clone, |trace| shown(trace));
        prop_assert!(
            got == expected,
            "{what} {:?}\n{}\nexpected\n{}\n{}\nof\n{}",
            case.args,
            show(&got),
            show(&expected),
            lines.join("\n"),
            files.values().flatten().cloned().collect::<Vec<_>>().join("\n")
        );
        Ok(())
    };
    let whole = events(case, refer(files), &[]);
    same("all at once", &whole)?;
    let again = shuffled(whole.clone(), &way.order);
    same("in another order", &again)?;
    prop_assert_eq!(&events(case, [("again", again.as_slice())], &[]), &whole, "told once more");
    let cuts: &[Index] = if cut { &way.cuts } else { &[] };
    let parts = shards(files, cuts).into_iter();
    let parts: Vec<String> = parts.flat_map(|(name, lines)| events(case, [(&*name, &*lines)], &[])).collect();
    same("in parts", &shuffled(parts, &way.order))
}

/// Exports a file, forgetting all that may be forgotten.
fn eager(case: &Case, focus: Focus, path: &str) -> Vec<u8> {
    let out = case.dir.path().join(".eager");
    let args = case.args.iter().map(String::as_str).chain(["-q", "-o", out.to_str().unwrap(), path]);
    let invocation = cli::parse(["tracer", "export"].into_iter().chain(args)).unwrap();
    let messages = invocation.messages();
    let Invocation::Export(options) = invocation else { panic!("it is an export") };
    assert_eq!(export::run_with_focus(*options, focus, &messages).unwrap(), ExitStatus::Success);
    fs::read(out).unwrap()
}

proptest! {
    #![proptest_config(laws(30))]

    #[test]
    fn what_is_made_of_audit_logs_is_made_of_their_events(
        log in whole_recordings(30), style in styles(), way in ways(), cuts in any::<Option<[u8; 2]>>(),
        (tracked, sanitize) in (any::<bool>(), 0..2_usize), levels in prop::collection::vec(0..3_u8, 1..20),
    ) {
        let audit = lowered(&log.audited(&style), &levels);
        retold(&case(&log, tracked, sanitize, cuts), &audit.files(), &way, true)?;
    }

    #[test]
    fn what_is_made_of_watch_logs_is_made_of_their_events(
        log in recordings(30, true), way in ways(), cuts in any::<Option<[u8; 2]>>(), timed in any::<bool>(),
        (tracked, sanitize) in (any::<bool>(), 0..2_usize), one in any::<bool>(),
    ) {
        let files = if one { Files::from([("all".to_owned(), log.merged(timed))]) } else { log.files(timed) };
        retold(&case(&log, tracked, sanitize, cuts), &files, &way, false)?;
    }

    #[test]
    fn what_is_made_of_both_is_made_of_their_events(
        log in whole_recordings(30), style in styles(), way in ways(), cuts in any::<Option<[u8; 2]>>(),
        (tracked, sanitize) in (any::<bool>(), 0..2_usize), levels in prop::collection::vec(0..3_u8, 1..20),
        timed in any::<bool>(),
    ) {
        let mut files = lowered(&log.audited(&style), &levels).files();
        files.extend(log.files(timed));
        retold(&case(&log, tracked, sanitize, cuts), &files, &way, false)?;
    }

    /// Some of the logs may stay as they are.
    #[test]
    fn a_stream_and_a_log_are_one_input(
        log in whole_recordings(30), style in styles(), way in ways(), tracked in any::<bool>(),
        levels in prop::collection::vec(0..3_u8, 1..20),
    ) {
        let case = case(&log, tracked, 0, None);
        let (audits, watches) = (lowered(&log.audited(&style), &levels).files(), log.files(true));
        let expected = case.export(refer(&audits).chain(refer(&watches)), &[]);
        let stream = shuffled(events(&case, refer(&audits), &[]), &way.order);
        let got = case.export(refer(&watches).chain([("events", stream.as_slice())]), &[]);
        prop_assert!(got == expected, "{}\nexpected\n{}", shown(&got), shown(&expected));
    }

    #[test]
    fn namespaces_may_be_left_out_first_or_later(
        log in recordings(30, true), style in styles(), way in ways(), cuts in any::<Option<[u8; 2]>>(),
        (tracked, timed) in any::<(bool, bool)>(), kind in 0..4_u8, filter in 0..3_usize,
    ) {
        let filter = [&["--exclude-ns=two"][..], &["-n", "one"], &["-n", "t*", "--exclude-ns=three"]][filter];
        let case = case(&log, tracked, 0, cuts);
        let mut files = if kind > 0 { restarted(&log.files(timed)) } else { Files::new() };
        if kind < 2 {
            files.extend(log.audited(&style).files());
        }
        let expected = case.try_export(refer(&files), filter);
        let all = shuffled(events(&case, refer(&files), &[]), &way.order);
        let fewer = shuffled(events(&case, refer(&files), filter), &way.order);
        prop_assert!(fewer.len() <= all.len());
        for (what, lines) in [("later", all), ("first", fewer)] {
            let got = case.try_export([("events", lines.as_slice())], filter);
            let show = |trace: &Result<Vec<u8>, String>| trace.as_ref().map_or_else(Clone::clone, |trace| shown(trace));
            prop_assert!(got == expected, "{what} {:?} {filter:?}\n{}\nexpected\n{}\n{}", case.args, show(&got), show(&expected), lines.join("\n"));
        }
    }

    /// What a window cannot need is forgotten of a stream too.
    #[test]
    fn what_is_forgotten_of_a_stream_is_not_missed(
        log in recordings(30, true), style in styles(), way in ways(), cuts in any::<[u8; 2]>(), audits in any::<bool>(),
        levels in prop::collection::vec(0..3_u8, 1..20),
    ) {
        let case = case(&log, true, 0, Some(cuts));
        let files = if audits { lowered(&log.audited(&style), &levels).files() } else { log.files(true) };
        let expected = case.export(refer(&files), &[]);
        let stream = shuffled(events(&case, refer(&files), &[]), &way.order);
        let path = write(case.dir.path(), "x.jsonl", stream.join("\n"));
        let [from, to] = [cuts[0].min(cuts[1]), cuts[0].max(cuts[1])].map(|cut| moment(&log, cut));
        let at = |second: i64| Some(Timestamp::from_seconds(second));
        for margin in [2_000_000, 20_000_000] {
            let got = eager(&case, Focus::new(at(from), at(to + 1), margin).eager(), path.to_str().unwrap());
            prop_assert!(got == expected, "{}\nexpected\n{}\n{}", shown(&got), shown(&expected), stream.join("\n"));
        }
    }

    #[test]
    fn a_baseline_goes_along(
        log in whole_recordings(30), style in styles(), way in ways(), cuts in any::<[u8; 3]>(), tracked in any::<bool>(),
        dated in any::<bool>(),
    ) {
        let case = case(&log, tracked, 0, None);
        let taken = moment(&log, cuts[0]);
        let list = write(case.dir.path(), ".list", state(&log, taken * 1_000_000).to_string());
        let (list, at) = (format!("--baseline={}", list.display()), format!("--baseline-at={taken}"));
        let more = [list.as_str(), at.as_str()];
        let more = &more[..1 + usize::from(dated)];
        let files = log.audited(&style).map(|record| (record.at > taken * 1_000_000).then_some(record)).files();
        let expected = case.try_export(refer(&files), more);
        let stream = shuffled(events(&case, refer(&files), more), &way.order);
        prop_assert_eq!(&case.try_export([("events", stream.as_slice())], &[]), &expected);
    }

    #[test]
    fn what_is_made_of_a_trace_is_made_of_its_events(
        log in recordings(30, false), way in ways(), cuts in any::<[u8; 4]>(), sanitize in 0..2_usize,
    ) {
        let [a, b, c, d] = cuts;
        let trace = case(&log, true, sanitize, Some([a, b])).log(&log, &[]);
        let later = case(&log, true, sanitize, Some([c, d]));
        let path = write(later.dir.path(), "x.sktrace", &trace);
        let path = path.to_str().unwrap();
        let args: Vec<&str> = later.args.iter().map(String::as_str).collect();
        let unbounded = args.iter().copied().filter(|arg| !arg.starts_with("--from") && !arg.starts_with("--to"));
        for config in [args.clone(), unbounded.collect()] {
            let expected = cases::export(later.dir.path(), &[&config[..], &[path]].concat()).unwrap();
            let lines = cases::events(later.dir.path(), &[path]).unwrap();
            let lines: Vec<String> = String::from_utf8(lines).unwrap().lines().map(str::to_owned).collect();
            let stream = write(later.dir.path(), "x.jsonl", shuffled(lines, &way.order).join("\n"));
            let got = cases::export(later.dir.path(), &[&config[..], &[stream.to_str().unwrap()]].concat()).unwrap();
            prop_assert!(got == expected, "{config:?}\n{}\nexpected\n{}", shown(&got), shown(&expected));
        }
    }

    #[test]
    fn no_stream_crashes_it(
        log in recordings(15, true), style in styles(), timed in any::<bool>(),
        wounds in prop::collection::vec(any::<(Index, Index, u8)>(), 1..8),
    ) {
        let case = case(&log, true, 0, None);
        let mut files = log.files(timed);
        files.extend(log.audited(&style).files());
        let lines = events(&case, refer(&files), &[]);
        prop_assume!(!lines.is_empty());
        let mut lines: Vec<Vec<u8>> = lines.into_iter().map(String::into_bytes).collect();
        for (line, place, how) in &wounds {
            wound(line.get_mut(&mut lines), place, *how);
        }
        let path = write(case.dir.path(), ".wounded", lines.join(&b'\n'));
        let path = path.to_str().unwrap();
        let window = ["--from=0", "--to=2000000"];
        for ended in [
            cases::export(case.dir.path(), &[&window[..], &["--skip-invalid", path]].concat()),
            cases::events(case.dir.path(), &["--skip-invalid", path]),
        ] {
            prop_assert!(ended.is_ok(), "{}\n{}", ended.unwrap_err(), String::from_utf8_lossy(&fs::read(path).unwrap()));
        }
    }
}
