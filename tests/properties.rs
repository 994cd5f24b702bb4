//! What holds for every log: random ones, played by a cluster in small (`support/random.rs`).

#![allow(clippy::unwrap_used, reason = "clippy lets tests unwrap, but not the functions that they share")]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;
use support::cases::{Case, SANITIZE, export, key, laws, moment, parse, refer, shown};
use support::compare::Comparison;
use support::random::{Recording, START, recordings};
use support::wounds::wound;
use support::write;
use tracer::trace::{Event, Trace};

type State = BTreeMap<String, Value>;

/// Plays an event as SimKube's driver does. Tells of deletions of what is not there.
fn play(state: &mut State, event: &Event) -> Result<(), String> {
    state.extend(event.applied.iter().map(|object| key(&object.text())));
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
    #![proptest_config(laws(60))]

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
                let applied = event.applied.iter().filter(|object| key(&object.text()).1["metadata"]["namespace"] != "two");
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
        seen.extend(event.applied.iter().map(|object| key(&object.text()).0));
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
