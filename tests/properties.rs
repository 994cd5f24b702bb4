//! What holds for every log: random ones, played by a cluster in small (`support/random.rs`).

#![allow(clippy::unwrap_used, reason = "clippy lets tests unwrap, but not the functions that they share")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;
use support::compare::Comparison;
use support::random::{Recording, START, recordings};
use support::wounds::wound;
use support::{scratch, write};
use tracer::cmd::{self, ExitStatus};
use tracer::trace::{Event, Trace, read_all};
use tracer::{cli, trace};

const SANITIZE: [&str; 2] = ["simkube", "replay"];
/// Config maps and DaemonSets are tracked here, and Jobs whoever owns them.
const CONFIG: &str = "trackedObjects:
  apps/v1.Deployment: {trackLifecycle: true}
  apps/v1.DaemonSet: {}
  batch/v1.Job: {trackLifecycle: true, skipOwned: true}
  batch/v1.CronJob: {trackLifecycle: true}
  v1.ConfigMap: {podSpecTemplatePaths: [/none]}
  v1.Pod: {trackLifecycle: true}
";

/// How many logs each property is tried on; `PROPTEST_CASES` sets another number.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(60)
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 3_000, ..ProptestConfig::default() }
}

/// Runs `tracer export` in this process: what it writes, or why it fails.
fn export(dir: &Path, args: &[&str]) -> Result<Vec<u8>, String> {
    let out = dir.join(".out");
    let out_arg = out.to_str().unwrap();
    let invocation = cli::parse([&["tracer", "export", "-q", "-o", out_arg], args].concat()).unwrap();
    let messages = invocation.messages();
    match cmd::run(invocation, &messages) {
        Ok(ExitStatus::Success) => Ok(fs::read(&out).unwrap()),
        Ok(status) => Err(format!("{status:?}")),
        Err(error) => Err(format!("{error:#}")),
    }
}

/// A log in files, and how it is exported.
struct Case {
    dir: tempfile::TempDir,
    args: Vec<String>,
}

impl Case {
    fn new(tracked: bool, sanitize: &str, window: (i64, i64)) -> Self {
        let dir = scratch();
        let mut args = vec![format!("--sanitize={sanitize}")];
        args.extend([format!("--from={}", window.0), format!("--to={}", window.1)]);
        if tracked {
            let config = write(dir.path(), ".config.yaml", CONFIG);
            args.push(format!("--config={}", config.display()));
        }
        Case { dir, args }
    }

    /// Exports these files, with further arguments.
    fn try_export<'f>(
        &self,
        files: impl IntoIterator<Item = (&'f str, &'f [String])>,
        more: &[&str],
    ) -> Result<Vec<u8>, String> {
        let dir = tempfile::tempdir_in(self.dir.path()).unwrap();
        for (name, lines) in files {
            write(dir.path(), name, lines.join("\n"));
        }
        let args: Vec<&str> = self.args.iter().map(String::as_str).collect();
        export(self.dir.path(), &[&args, more, &[dir.path().to_str().unwrap()]].concat())
    }

    fn export<'f>(&self, files: impl IntoIterator<Item = (&'f str, &'f [String])>, more: &[&str]) -> Vec<u8> {
        self.try_export(files, more).unwrap()
    }

    fn log(&self, log: &Recording, more: &[&str]) -> Vec<u8> {
        self.export(refer(&log.files(true)), more)
    }

    /// Exports a trace.
    fn again(&self, trace: &[u8], more: &[&str]) -> Vec<u8> {
        let path = write(self.dir.path(), ".again.sktrace", trace);
        let args = self.args.iter().map(String::as_str).filter(|arg| !arg.starts_with("--config"));
        let args: Vec<&str> = args.chain(more.iter().copied()).chain([path.to_str().unwrap()]).collect();
        export(self.dir.path(), &args).unwrap()
    }
}

fn refer(files: &BTreeMap<String, Vec<String>>) -> impl Iterator<Item = (&str, &[String])> {
    files.iter().map(|(name, lines)| (name.as_str(), lines.as_slice()))
}

fn parse(bytes: &[u8]) -> Trace<Value> {
    read_all(bytes, 1 << 20).unwrap()
}

/// A moment of a log, from a fraction of its length.
fn moment(log: &Recording, fraction: u8) -> i64 {
    START + (log.end - START) * i64::from(fraction) / 255
}

/// A trace in lines, for messages.
fn shown(bytes: &[u8]) -> String {
    let mut out = Vec::new();
    trace::write(trace::Format::Jsonl, &parse(bytes), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn key(object: &[u8]) -> (String, Value) {
    let object: Value = serde_json::from_slice(object).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (namespace, name) = (text(&object["metadata"]["namespace"]), text(&object["metadata"]["name"]));
    (format!("{}.{} {namespace}/{name}", text(&object["apiVersion"]), text(&object["kind"])), object)
}

type State = BTreeMap<String, Value>;

/// Plays an event as SimKube's driver does. Tells of deletions of what is not there.
fn play(state: &mut State, event: &Event) -> Result<(), String> {
    state.extend(event.applied.iter().map(|object| key(object)));
    for gone in &event.deleted {
        let key = format!("{}.{} {}/{}", gone.api_version, gone.kind, gone.namespace, gone.name);
        state.remove(&key).ok_or_else(|| format!("{key} is deleted at {}, and is not there", event.ts))?;
    }
    Ok(())
}

fn end_state(trace: &Trace<Value>) -> State {
    let mut state = State::new();
    trace.events.iter().for_each(|event| play(&mut state, event).unwrap());
    state
}

/// What of a state is over before a second, and would run again.
fn over(log: &Recording, key: &str, second: i64) -> bool {
    log.things.iter().any(|thing| thing.key() == key && thing.over.is_some_and(|over| over < second))
}

proptest! {
    #![proptest_config(config(cases()))]

    #[test]
    fn a_window_begins_where_the_one_before_it_ends(
        log in recordings(40, true), cuts in any::<[u8; 3]>(), tracked in any::<bool>(),
    ) {
        let mut cuts = cuts.map(|cut| moment(&log, cut));
        cuts.sort_unstable();
        let [a, b, c] = [cuts[0], cuts[1].max(cuts[0] + 1), cuts[2].max(cuts[0] + 1).max(cuts[1] + 1) + 1];
        let first = parse(&Case::new(tracked, "simkube", (a, b)).log(&log, &[]));
        let second = parse(&Case::new(tracked, "simkube", (b, c)).log(&log, &[]));
        let mut end = end_state(&first);
        let mut start = State::new();
        play(&mut start, &second.events[0]).unwrap();
        end.retain(|key, _| start.contains_key(key) || !over(&log, key, b));
        prop_assert_eq!(end, start, "{} {} {}", a, b, c);
    }

    #[test]
    fn a_trace_exported_again_is_the_same_trace(
        log in recordings(40, false), cuts in any::<[u8; 2]>(), tracked in any::<bool>(), sanitize in 0..2_usize,
    ) {
        let (a, b) = (moment(&log, cuts[0].min(cuts[1])), moment(&log, cuts[0].max(cuts[1])) + 1);
        let case = Case::new(tracked, SANITIZE[sanitize], (a, b));
        let trace = case.log(&log, &[]);
        let again = case.again(&trace, &[]);
        prop_assert!(trace == again, "from {a} to {b}, {}:\n{}\n{}", SANITIZE[sanitize], shown(&trace), shown(&again));
    }

    /// But for what a trace does not tell: that a Job is over, and which of an owner and its namesakes a lifecycle is of.
    #[test]
    fn a_window_of_a_trace_is_that_window_of_the_log(
        log in recordings(40, false), cuts in any::<[u8; 3]>(), tracked in any::<bool>(),
    ) {
        let mut cuts = cuts.map(|cut| moment(&log, cut));
        cuts.sort_unstable();
        let [a, b, c] = [cuts[0], cuts[1], cuts[2] + 1];
        let whole = Case::new(tracked, "simkube", (a, c)).log(&log, &[]);
        let case = Case::new(tracked, "simkube", (b, c));
        let (first, later) = (case.log(&log, &[]), case.again(&whole, &[]));
        let mut lines = Comparison::default().of(&parse(&first), &parse(&later)).lines;
        lines.retain(|line| !line.contains("batch/v1.Job") && !line.starts_with("lifecycles"));
        prop_assert!(lines.is_empty(), "{lines:#?} from {a}, {b} to {c}:\n{}\n{}", shown(&first), shown(&later));
    }

    #[test]
    fn leaving_out_a_namespace_first_or_later_is_the_same(
        log in recordings(40, false), cuts in any::<[u8; 2]>(), tracked in any::<bool>(), sanitize in 0..2_usize,
    ) {
        let (a, b) = (moment(&log, cuts[0].min(cuts[1])), moment(&log, cuts[0].max(cuts[1])) + 1);
        let case = Case::new(tracked, SANITIZE[sanitize], (a, b));
        let exclude = ["--exclude-ns=two"];
        let all = case.log(&log, &[]);
        let (first, later) = (case.log(&log, &exclude), case.again(&all, &exclude));
        let message = || format!("from {a} to {b}:\n{}\nlater:\n{}", shown(&first), shown(&later));
        let (all, parsed, parsed_later) = (parse(&all), parse(&first), parse(&later));
        let differences = Comparison::default().of(&parsed, &parsed_later);
        prop_assert!(differences.lines.is_empty(), "{:#?}\n{}", differences.lines, message());
        // Where an object of the namespace went and came back in a second, what else happened then stays in two events.
        if all.events.windows(2).all(|two| two[0].ts < two[1].ts) {
            prop_assert!(first == later, "{}", message());
            let kept = |event: &Event| {
                let applied = event.applied.iter().filter(|object| key(object).1["metadata"]["namespace"] != "two");
                let deleted = event.deleted.iter().filter(|gone| gone.namespace != "two");
                Event { ts: event.ts, applied: applied.cloned().collect(), deleted: deleted.cloned().collect() }
            };
            let mut events: Vec<Event> = all.events.iter().map(kept).collect();
            let empty = |event: &Event| event.applied.is_empty() && event.deleted.is_empty();
            let last = events.len() - 1;
            let mut place = 0..;
            events.retain(|event| matches!(place.next(), Some(i) if i == 0 || i == last) || !empty(event));
            prop_assert_eq!(&events, &parsed.events);
        }
    }

    #[test]
    fn however_the_log_is_spread_over_files(
        log in recordings(30, false), cuts in any::<[u8; 2]>(), (tracked, timed) in any::<(bool, bool)>(),
        cut in any::<Cut>(),
    ) {
        spread(&log, timed, cuts, tracked, Some(cut))?;
    }

    #[test]
    fn however_a_log_with_gaps_is_spread_over_files(
        log in recordings(30, true), cuts in any::<[u8; 2]>(), tracked in any::<bool>(),
    ) {
        spread(&log, true, cuts, tracked, None)?;
    }

    #[test]
    fn every_trace_replays(
        log in recordings(40, false), cuts in any::<[u8; 2]>(), tracked in any::<bool>(), sanitize in 0..2_usize,
    ) {
        let (a, b) = (moment(&log, cuts[0].min(cuts[1])), moment(&log, cuts[0].max(cuts[1])) + 1);
        let bytes = Case::new(tracked, SANITIZE[sanitize], (a, b)).log(&log, &[]);
        let trace = parse(&bytes);
        let checked = replays(&trace, &log, tracked, (a, b));
        prop_assert!(checked.is_ok(), "{} from {a} to {b}:\n{}", checked.unwrap_err(), shown(&bytes));
    }

    #[test]
    fn no_log_crashes_it(
        log in recordings(20, true), timed in any::<bool>(), sanitize in 0..2_usize,
        wounds in prop::collection::vec(any::<(Index, Index, u8)>(), 1..8),
    ) {
        let mut lines: Vec<Vec<u8>> = log.merged(timed).into_iter().map(String::into_bytes).collect();
        for (line, place, how) in &wounds {
            wound(line.get_mut(&mut lines), place, *how);
        }
        let text = lines.join(&b'\n');
        let case = Case::new(true, SANITIZE[sanitize], (START, log.end));
        let path = write(case.dir.path(), ".wounded", &text);
        let args = case.args.iter().map(String::as_str).chain(["--skip-invalid", path.to_str().unwrap()]);
        let ended = export(case.dir.path(), &args.collect::<Vec<_>>());
        prop_assert!(ended.is_ok(), "{}\n{}", ended.unwrap_err(), String::from_utf8_lossy(&text));
    }
}

type Cut = (Index, Index);

/// Any order of the files, any number of threads, all in one file; a file cut in two, and that one file cut in two.
fn spread(log: &Recording, timed: bool, cuts: [u8; 2], tracked: bool, cut: Option<Cut>) -> Result<(), TestCaseError> {
    let (a, b) = (moment(log, cuts[0].min(cuts[1])), moment(log, cuts[0].max(cuts[1])) + 1);
    let case = Case::new(tracked, "simkube", (a, b));
    let files = log.files(timed);
    let expected = case.export(refer(&files), &["-j1"]);
    let same = |what: &str, got: Vec<u8>| {
        prop_assert!(got == expected, "{what}, from {a} to {b}:\n{}\nexpected:\n{}", shown(&got), shown(&expected));
        Ok(())
    };
    same("three threads", case.export(refer(&files), &["-j3"]))?;
    let renamed: BTreeMap<String, Vec<String>> =
        files.iter().map(|(name, lines)| (name.chars().rev().collect(), lines.clone())).collect();
    same("another order of files", case.export(refer(&renamed), &[]))?;
    let merged = log.merged(timed);
    same("all in one file", case.export([("all", merged.as_slice())], &[]))?;
    let Some(cut) = cut else { return Ok(()) };
    let (name, lines) = cut.0.get(&files.iter().collect::<Vec<_>>()).to_owned();
    let (head, tail) = lines.split_at(cut.1.index(lines.len()));
    let others = files.iter().filter(|other| other.0 != name).map(|(name, lines)| (name.as_str(), lines.as_slice()));
    let (head_name, tail_name) = (format!("a-{name}"), format!("b-{name}"));
    let in_two = others.chain([(head_name.as_str(), head), (tail_name.as_str(), tail)]);
    same(&format!("{name} cut after line {}", head.len()), case.export(in_two, &[]))?;
    let (head, tail) = merged.split_at(cut.1.index(merged.len()));
    same(&format!("all in one file, cut after {}", head.len()), case.export([("a-all", head), ("b-all", tail)], &[]))
}

/// What a replay needs of a trace, and what the log proves of it.
fn replays(trace: &Trace<Value>, log: &Recording, tracked: bool, (from, to): (i64, i64)) -> Result<(), String> {
    let ensure = |truth: bool, what: &dyn Fn() -> String| if truth { Ok(()) } else { Err(what()) };
    let (mut state, mut seen) = (State::new(), BTreeSet::new());
    let mut ts = from;
    for event in &trace.events {
        ensure(event.ts >= ts, &|| format!("time goes back at {}", event.ts))?;
        ts = event.ts;
        seen.extend(event.applied.iter().map(|object| key(object).0));
        play(&mut state, event)?;
        for (key, object) in &state {
            ensure(!object["metadata"]["namespace"].as_str().unwrap_or_default().is_empty(), &|| {
                format!("{key} has no namespace")
            })?;
            for owner in object["metadata"]["ownerReferences"].as_array().into_iter().flatten() {
                let text = |field: &str| owner[field].as_str().unwrap().to_owned();
                let namespace = object["metadata"]["namespace"].as_str().unwrap();
                let owner = format!("{}.{} {namespace}/{}", text("apiVersion"), text("kind"), text("name"));
                ensure(!state.contains_key(&owner), &|| format!("{key} is there with its owner at {ts}"))?;
            }
        }
    }
    ensure(trace.events[0].ts == from && ts == to, &|| format!("it lasts from {} to {ts}", trace.events[0].ts))?;
    let indexed: BTreeSet<String> = trace
        .index
        .iter()
        .flat_map(|(gvk, names)| names.keys().map(move |name| format!("{}.{} {name}", gvk.api_version(), gvk.kind)))
        .collect();
    ensure(indexed == seen, &|| format!("the index lists {indexed:?}, the events {seen:?}"))?;
    let roots: &[&str] = match tracked {
        true => &["Deployment", "DaemonSet", "CronJob", "ConfigMap"],
        false => &["Deployment", "StatefulSet", "CronJob"],
    };
    let is_root = |key: &String| roots.iter().any(|kind| key.contains(&format!(".{kind} ")));
    let end = to * 1_000_000;
    let there = log.things.iter().filter(|thing| thing.seen < end && thing.gone.is_none_or(|gone| gone >= end));
    let expected: BTreeSet<String> = there.map(|thing| thing.key()).filter(is_root).collect();
    let got: BTreeSet<String> = state.into_keys().filter(is_root).collect();
    ensure(got == expected, &|| format!("at its end there are {got:?}, not {expected:?}"))
}
